/* The choices of a rule. While a search is under way each is a hyperparameter, the number of the alternative, by which the step picks what it
 * has computed of all of them: so one compiled function serves every combination. Elsewhere a choice that nobody made is its first
 * alternative. */
#include "frontend/decl/rule.h"
#include "frontend/syntax/choose.h"

/* ---- which there are ---- */

bool rule_chooses(const RuleElab *r, const AstDecl *decl) {
	return ast_choices(r->e.session, decl, r->e.arena).count > 0;
}

void rule_collect_choices(RuleElab *r, const AstDecl *decl) {
	for (uint32_t i = 0; i < r->out->choices.count; i++)
		if (r->out->choices.data[i].decl == decl)
			return;
	AstChoices found = ast_choices(r->e.session, decl, r->e.arena);
	for (uint32_t i = 0; i < found.count; i++) {
		FeChoice one = {.decl = decl,
		                .expr = found.data[i].expr,
		                .name = found.data[i].name,
		                .number = i,
		                .count = found.data[i].expr->elements.count};
		vec_push(r->e.arena, &r->out->choices, one);
	}
}

static const char *hyper_name(const RuleElab *r, uint32_t choice) {
	return arena_printf(r->e.arena, "choice_%s", r->out->choices.data[choice].name);
}

void rule_bind_choices(RuleElab *r, IrFunc *func) {
	Elab *e = &r->e;
	bool open = r->searching || !e->lowering;
	r->choices.count = 0;
	for (uint32_t i = 0; i < r->out->choices.count && func; i++) {
		IrValue param =
			open ? ir_param_as(func, IR_ROLE_HYPER, hyper_name(r, i), ir_scalar_type(e->real)) : 0;
		Value *v = open ? value_scalar(e, S_REAL, ex_read(e, param, NULL, 0, false)) : value_real(e, 0);
		vec_push(e->arena, &r->choices, v);
	}
}

void rule_finish_choices(RuleElab *r) {
	Elab *e = &r->e;
	for (uint32_t i = 0; r->searching && i < r->out->choices.count; i++) {
		FeHyper hyper = {.name = session_name(e->session, hyper_name(r, i)), .given = true};
		vec_push(e->arena, &r->out->hypers, hyper);
	}
}

/* ---- picking ---- */

/* The hyperparameter that picks; NULL with a diagnostic. */
static Value *pick_of(RuleElab *r, const AstExpr *x) {
	Elab *e = &r->e;
	for (uint32_t i = 0; i < r->choices.count; i++)
		if (r->out->choices.data[i].expr == x)
			return r->choices.data[i];
	bool function = e->calls->decl->kind == AST_FN;
	const char *where = function           ? "in a function"
	                    : r->choices.count ? "outside of the body of an optimizer"
	                                       : "where a learned number starts, or in a default";
	Diag *diag = diag_error(e->session, 336, x->span, "`choose` cannot stand %s", where);
	diag_help(e->session, diag,
	          function ? "choose in the rule, and hand over what was chosen"
	                   : "choose in the body of the rule: `let u = choose { a, b }`");
	return NULL;
}

/* The last one, unless the pick says another. */
static Value *pick(RuleElab *r, Value *which, Value *const *values, uint32_t count, const AstExpr *x) {
	Elab *e = &r->e;
	Value *v = values[count - 1];
	for (uint32_t k = count - 1; k-- > 0;) {
		Value *pair[2] = {which, value_real(e, k)};
		Value *is = elab_apply(e, IR_eq, S_REAL, S_BOOL, pair, 2, x->span, x);
		v = elab_select(e, is, values[k], v, x);
	}
	return v;
}

static bool two_at_least(Elab *e, const AstExpr *x) {
	if (x->elements.count > 1)
		return true;
	Diag *diag = diag_error(e->session, 337, x->span, "a choice of one alternative is none");
	diag_help(e->session, diag, "write `%s`, or what else there is to choose",
	          ast_alternative(e->session, x, 0, e->arena));
	return false;
}

/* Numbers, or truth values, of one shape; one number will do for an array. */
static bool alike(Elab *e, Value *const *values, const AstExpr *x) {
	uint32_t shaped = 0;
	for (uint32_t i = 0; i < x->elements.count; i++)
		shaped = values[shaped]->rank == 0 && values[i]->rank > 0 ? i : shaped;
	for (uint32_t i = 0; i < x->elements.count; i++) {
		const Value *a = values[i], *b = values[a->rank ? shaped : 0];
		bool types = (a->scalar == S_BOOL) == (values[0]->scalar == S_BOOL);
		if (types && (a->rank == 0 || value_same_shape(a, b)))
			continue;
		uint32_t other = types ? shaped : 0;
		Diag *diag = diag_error(e->session, 337, x->elements.data[i]->span,
		                        "the alternatives of a choice are alike, but this is %s", value_type_text(e, a));
		diag_label(e->session, diag, x->elements.data[other]->span, "%s", value_type_text(e, values[other]));
		return false;
	}
	return true;
}

Value *rule_choose(RuleElab *r, const AstExpr *x) {
	Elab *e = &r->e;
	uint32_t count = x->elements.count;
	Value *which = count ? pick_of(r, x) : NULL;
	if (!which || !two_at_least(e, x))
		return value_bad(e);
	Value **values = ARENA_ARRAY(e->arena, Value *, count);
	bool ok = true;
	for (uint32_t i = 0; i < count; i++) {
		values[i] = elab_expr(e, x->elements.data[i]);
		ok = elab_need_array(e, values[i], x->elements.data[i]) && ok;
	}
	return ok && alike(e, values, x) ? pick(r, which, values, count, x) : value_bad(e);
}

/* ---- rules ---- */

static AstStmt *applies_one(RuleElab *r, const AstStmt *s, uint32_t number) {
	AstStmt *one = arena_copy(r->e.arena, s, sizeof *s);
	one->apply = s->apply->elements.data[number];
	return one;
}

/* How many of the alternatives are made: of those that nobody chose, the first. */
static uint32_t made(const RuleElab *r, const AstStmt *s) {
	bool all = r->searching || !r->e.lowering;
	return all ? s->apply->elements.count : s->apply->elements.count > 0;
}

void rule_init_chosen(RuleElab *r, const AstStmt *s, const char *prefix) {
	for (uint32_t i = 0; i < made(r, s); i++)
		rule_init_applied(r, applies_one(r, s, i), prefix);
}

void rule_chosen_changes(RuleElab *r, const AstStmt *s, Bindings *out) {
	for (uint32_t i = 0; i < made(r, s); i++)
		rule_applied(r, applies_one(r, s, i), out);
}

void rule_apply_chosen(RuleElab *r, const AstStmt *s) {
	Elab *e = &r->e;
	const AstExpr *x = s->apply;
	uint32_t count = made(r, s);
	Value *which = count ? pick_of(r, x) : NULL;
	Binding *at = scope_find(e, resolve_decl(e->program, e->calls->decl)->rule[RULE_X]);
	if (!which || !two_at_least(e, x) || !at)
		return;
	Value **after = ARENA_ARRAY(e->arena, Value *, count), *before = at->value;
	for (uint32_t i = 0; i < count; i++) {
		at->value = before;
		rule_apply(r, applies_one(r, s, i));
		after[i] = at->value;
	}
	at->value = value_reusable(e, pick(r, which, after, count, x), at->symbol->name, x->span);
}
