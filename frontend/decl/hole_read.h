/* Private to hole*.c and rule_hole.c: what a `discover` says. */
#ifndef GRADUS_HOLE_READ_H
#define GRADUS_HOLE_READ_H

#include "frontend/decl/rule.h"

/* The options as written, the others as they are by themselves; no operands yet. false with diagnostics. */
bool hole_read_options(RuleElab *r, const AstExpr *x, FeHole *hole);
/* An operand and its value, which is real. NULL with diagnostics. */
Value *hole_read_operand(RuleElab *r, const AstExpr *x, FeOperand *out);

/* hole_degree.c: the degrees of the operands in the scale of the objective, by what the statements of the rule compute. */
void hole_find_degrees(RuleElab *r, const AstExpr *x, FeHole *hole);
/* The same: the rate of the rule, and whether it stands in front of the hole. After the operands. */
void hole_find_rate(RuleElab *r, FeHole *hole);

#endif
