/* value(y) and gradient(y): the objective at another place than x. One op gives both; what is asked at one place twice is one
 * evaluation by the time that the rule is linked (ir_link), and what nobody reads is not computed. */
#include "frontend/decl/rule.h"

/* Whether an evaluation may stand here; false with a diagnostic. of: what comes behind its name. */
static bool is_placed(const RuleElab *r, const char *name, const char *of, Span span) {
	Session *session = r->e.session;
	if (r->e.coord) {
		diag_error(session, 281, span, "`%s`%s is of all coordinates: it may not stand inside `each`", name, of);
		return false;
	}
	if (!r->e.arms || r->decl->joint)
		return true;
	Diag *diag = diag_error(session, 281, span,
	                        "`%s`%s is of all tensors: it may not stand under a condition that is not known when the "
	                        "rule is instantiated",
	                        name, of);
	diag_help(session, diag,
	          "evaluate before the condition, and use what comes of it under it; a `joint optimizer` sees all "
	          "parameters as one vector, and may");
	return false;
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
	bool placed = is_placed(r, b->name, "", span);
	IrValue at = !placed || value_is_bad(y) ? 0 : flat_place(e, b->name, y, span), f, g;
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

bool fe_updates(Session *session, const FeRule *rule, Span span) {
	if (!rule->evaluates)
		return true;
	Diag *diag =
		diag_error(session, 281, span, "`%s` evaluates at places of its own, so it cannot be what `update` moves by",
	               session_text(session, rule->decl->name.name));
	diag_help(session, diag,
	          "the gradient of a score is estimated once a step; take a rule that needs no more, as `adam`");
	return false;
}

/* ---- derivatives ---- */

bool rule_derives(RuleElab *r, const Builtin *b, IrValue *when, Span span) {
	if (!is_placed(r, b->name, " of what the objective is evaluated for", span))
		return false;
	r->e.coupled = r->out->evaluates = r->out->derives = true;
	*when = counts_when(r, span);
	return true;
}

static bool reads(const Binding *b, IrValue value) {
	return b && b->value && b->value->kind == VALUE_ARRAY && b->value->body && b->value->body->kind == EX_READ &&
	       b->value->body->value == value;
}

static void bind_varied(RuleElab *r, int at, Binding *b, Value *value) {
	Varied *v = &r->varied;
	v->bound[at] = b;
	v->value[at] = b->value;
	v->used[at] = b->used;
	b->value = value;
}

static void end_varied(Varied *v) {
	for (int k = 0; k < 3; k++) {
		if (!v->bound[k])
			continue;
		v->bound[k]->value = v->value[k];
		v->bound[k]->used = v->used[k];
		v->bound[k] = NULL;
	}
}

/* f or g, if that is all that is differentiated: value(x) or gradient(x), as long as x is where the step starts. */
static void vary_given(RuleElab *r, const Symbol *of, IrValue at) {
	Binding *bound = scope_find(&r->e, of);
	IrValue f, g;
	bool is_f = reads(bound, r->f);
	if (!is_f && !reads(bound, r->g))
		return;
	emit_evaluate(&r->e, at, 0, &f, &g);
	r->out->evaluates = true;
	bind_varied(r, 1, bound, is_f ? value_scalar(&r->e, S_REAL, ex_read(&r->e, f, NULL, 0, false)) : rule_like_x(r, g));
}

/* In a rule, what a derivative by x is of is a function of x as it is written: `grad(dot(gradient(x), p), x)` is a product with the
 * Hessian, whatever p was computed from. So x is a variable of its own while that is read, and residuals are those at this x. */
void rule_vary(RuleElab *r, const Symbol *x, const AstExpr *of, bool varies) {
	Elab *e = &r->e;
	if (!varies) {
		if (--r->varied.depth == 0)
			end_varied(&r->varied);
		return;
	}
	Binding *b = scope_find(e, x);
	if (r->varied.depth++ || !b || !b->value || b->value->kind != VALUE_ARRAY || e->coord)
		return;
	if (r->shape) {
		Diag *diag = diag_error(e->session, 281, of->span,
		                        "in a rule that looks at the axes of x nothing is differentiated by x");
		diag_help(e->session, diag, "a rule that takes x as a vector may: leave the axes out");
	}
	bool at_start = reads(b, r->x);
	Value *own = value_of_its_own(e, b->value, x);
	bind_varied(r, 0, b, own);
	r->varied.used[0] = true;
	if (!at_start)
		return;
	const Symbol *symbol = of->kind == AST_NAME ? symbol_at(e->program, of->id) : NULL;
	if (symbol && symbol->kind == SYMBOL_STEP)
		vary_given(r, symbol, own->body->value);
	Binding *residuals = scope_find(e, resolve_decl(r->program, x->decl)->rule[RULE_RESIDUALS]);
	if (!residuals || !residuals->value || residuals->value->kind != VALUE_ARRAY)
		return;
	int64_t count = residuals->value->dims[0];
	bind_varied(r, 2, residuals, value_read(e, emit_residuals(e, own->body->value, count), S_REAL, 1, &count));
}

/* ---- residuals ---- */

bool fe_reads_residuals(FeProgram *program, const AstDecl *rule) {
	return resolve_decl(program, rule)->reads_residuals;
}

/* How many; where no objective is known, a number that nothing else is. 0: none, and reported. */
static int64_t residual_count(RuleElab *r, Span span) {
	enum { SOME = 11 };
	const FeObjective *objective = r->target->objective;
	if (!objective)
		return r->e.n > 0 ? 2 * r->e.n + 1 : SOME;
	if (objective->residuals)
		return objective->residuals;
	Session *session = r->e.session;
	Diag *diag =
		diag_error(session, 295, span, "`%s` reads residuals, and the objective `%s` does not say what they are",
	               session_text(session, r->decl->name.name), session_text(session, objective->decl->name.name));
	diag_label(session, diag, objective->decl->name.span, "it says so with `residuals r`");
	return 0;
}

Value *rule_residuals(RuleElab *r, Span span) {
	Elab *e = &r->e;
	if (r->residuals)
		return r->residuals;
	if (!r->decl->joint) {
		Diag *diag = diag_error(e->session, 295, span, "residuals depend on all parameters at once");
		diag_help(e->session, diag, "declare it as `joint optimizer %s`", session_text(e->session, r->decl->name.name));
		return value_bad(e);
	}
	int64_t count = residual_count(r, span);
	if (!count)
		return value_bad(e);
	e->coupled = r->out->evaluates = r->out->derives = true;
	return r->residuals = value_read(e, emit_residuals(e, r->x, count), S_REAL, 1, &count);
}
