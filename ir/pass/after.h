/* after: what passes promise, checked after them: the last column of the table in pass.c. Private to ir/pass. */
#ifndef GRADUS_IR_AFTER_H
#define GRADUS_IR_AFTER_H

#include "ir/ir.h"

/* Nothing is dead, or computed twice in a place. */
const char *pass_after_simplify(const IrFunc *before, const IrFunc *func);
/* No operation could leave its loop. */
const char *pass_after_invariant(const IrFunc *before, const IrFunc *func);
/* Only primitive operations are left. */
const char *pass_after_expand_math(const IrFunc *before, const IrFunc *func);
/* What is not dead costs no more FLOPs than before, as ir_cost counts them (with PASS_SYMBOL for every symbol). Nothing is said of
 * functions with conditions: passes weigh whole domains, and ir_cost counts live points. */
const char *pass_after_no_costlier(const IrFunc *before, const IrFunc *func);

#endif
