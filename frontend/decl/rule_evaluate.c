/* value(y) and gradient(y): the objective at another place than x. One op gives both; what is asked at one place twice is one
 * evaluation by the time that the rule is linked (ir_link), and what nobody reads is not computed. */
#include "frontend/decl/rule.h"

/* Why an evaluation may not stand here; NULL: it may. */
static const char *misplaced(const RuleElab *r) {
	if (r->e.coord)
		return "is of all coordinates: it may not stand inside `each`";
	if (r->e.arms && !r->decl->joint)
		return "is of all tensors: it may not stand under a condition that may differ between them";
	return NULL;
}

/* y as a place of the shape of x; NULL with a diagnostic. */
static Value *like_x(Elab *e, const char *name, Value *y, Span span) {
	Value shape = {.kind = VALUE_ARRAY, .rank = 1, .dims = {DIM_X}};
	Value *folded = y->kind == VALUE_ARRAY ? elab_folded(e, y, &shape, span) : NULL;
	y = folded ? folded : y;
	if (y->kind != VALUE_ARRAY || y->rank > 1 || (y->rank == 1 && y->dims[0] != DIM_X)) {
		Diag *diag = diag_error(e->session, 281, span, "`%s` needs a place, of the shape of x, but this is %s", name,
		                        value_type_text(e, y));
		diag_help(e->session, diag, "as in `%s(x - lr * g)`", name);
		return NULL;
	}
	return elab_broadcast(e, value_convert(e, y, S_REAL), &shape);
}

/* y as the flat vector at which the objective is evaluated, with the axis over tensors of one shape in front, if there is any; 0 with a diagnostic. */
static IrValue flat_place(Elab *e, const char *name, Value *y, Span span) {
	y = like_x(e, name, y, span);
	if (!y)
		return 0;
	Var *outer[IR_MAX_RANK];
	uint32_t count = emit_outer_vars(e, value_body(e, y), y->vars, 1, 1, outer);
	if (count > 1 || (count == 1 && outer[0] != e->lane)) {
		Diag *diag = diag_error(e->session, 281, span, "`%s` may not stand under an index: this depends on `%s`", name,
		                        session_text(e->session, outer[outer[0] == e->lane]->name));
		diag_help(e->session, diag, "a loop evaluates at one place after the other: `for k in 0..5 { ... }`");
		return 0;
	}
	return emit_whole(e, y, &e->lane, e->lane ? 1 : 0, 0, span);
}

/* That all conditions around hold, which evaluations are counted by; 0: there is none, or one that differs between elements or
 * between tensors. */
static IrValue counts_when(RuleElab *r, Span span) {
	Elab *e = &r->e;
	Ex *all = NULL;
	if (!r->decl->joint)
		return 0;
	for (uint32_t i = 0; i < e->holds.count; i++)
		all = all ? ex_op(e, IR_and, all, e->holds.data[i], NULL) : e->holds.data[i];
	if (!all || (all->free && all->free->count))
		return 0;
	return emit_whole(e, value_scalar(e, S_BOOL, all), NULL, 0, 0, span);
}

Value *rule_evaluate(RuleElab *r, const Builtin *b, Value *y, Span span) {
	Elab *e = &r->e;
	const char *wrong = misplaced(r);
	if (wrong)
		diag_error(e->session, 281, span, "`%s` %s", b->name, wrong);
	IrValue at = wrong || value_is_bad(y) ? 0 : flat_place(e, b->name, y, span), f, g;
	if (!at)
		return value_bad(e);
	e->coupled = true;
	r->out->evaluates = true;
	if (!r->shape)
		emit_evaluate(e, at, counts_when(r, span), &f, &g);
	else if (!rule_share_place(r, at, span, &f, &g))
		return value_bad(e);
	return b->id == BUILTIN_gradient ? rule_like_x(r, g) : value_scalar(e, S_REAL, ex_read(e, f, NULL, 0, false));
}
