/* marks: what stands for "no number" on purpose, and tells of which place in a program: a real number that is NaN, a whole number that is
 * out of their range. Only evaluation that looks for the place of a failure reads them; all else sees NaN, or no number. */
#ifndef GRADUS_IR_MARKS_H
#define GRADUS_IR_MARKS_H

#include "ir/ir.h"

/* place: of session_place. */
double ir_mark_real(uint32_t place);
int64_t ir_mark_whole(uint32_t place);
/* Whether a constant is a mark, and of what. */
bool ir_mark_of(const IrNode *constant, uint32_t *place);

#endif
