/* math_read: the definitions of math.def, read when first needed and put into bodies. Private to ir/. */
#ifndef GRADUS_IR_MATH_READ_H
#define GRADUS_IR_MATH_READ_H

#include "ir/ir.h"

typedef struct IrMath IrMath;

/* Definitions are read lazily and kept for as long as `arena`; one IrMath serves one run of the pass. */
IrMath *ir_math_new(Arena *arena);
/* Adds the nodes that compute the row `opcode` (not primitive, not powi) on `args` to the body that is being built;
 * `fused`: mad may become fma, and entries marked `fused` are chosen. Panics where math.def has no fitting entry. */
uint32_t ir_math_row(IrMath *math, IrForBuilder *f, IrOpcode opcode, const uint32_t *args, bool fused);
/* The same for any entry of one result, by name: helpers, too. */
uint32_t ir_math_entry(IrMath *math, IrForBuilder *f, const char *name, const uint32_t *args, int count, bool fused);

#endif
