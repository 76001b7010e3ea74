/* text: the text form read back; what ir_print prints gives the same function. */
#ifndef GRADUS_IR_TEXT_H
#define GRADUS_IR_TEXT_H

#include "ir/ir.h"

/* Parses functions into `module`; on error adds a diagnostic (E0900) and returns false. */
bool ir_parse(IrModule *module, uint32_t source);

#endif
