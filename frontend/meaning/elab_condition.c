/* Conditions: `if` in expressions and in statements. What a condition says is a fact in the arm that it chooses. */
#include "frontend/meaning/elab.h"

/* ---- in expressions ---- */

Value *elab_select(Elab *e, Value *cond, Value *yes, Value *no, const AstExpr *x) {
	if (value_is_bad(cond) || value_is_bad(yes) || value_is_bad(no))
		return value_bad(e);
	Value *arms[2] = {yes, no}, *args[3] = {cond, yes, no};
	Scalar s;
	if (!elab_unify(e, arms, 2, &s) && s == S_BOOL)
		s = S_INT;
	return elab_apply(e, IR_where, s, s, args, 3, x ? x->span : (Span){0}, x);
}

typedef struct ArmMark {
	uint32_t facts, holds;
} ArmMark;

/* said: the condition as it was written; cond: the same as it is computed. */
static ArmMark enter_arm(Elab *e, const Ex *said, Ex *cond, bool truth) {
	ArmMark mark = {e->facts.count, e->holds.count};
	proof_assume(e, said, truth);
	vec_push(e->arena, &e->holds, truth ? cond : ex_op(e, IR_not, cond, NULL, NULL));
	e->arms++;
	return mark;
}

static void leave_arm(Elab *e, ArmMark mark) {
	e->arms--;
	e->facts.count = mark.facts;
	e->holds.count = mark.holds;
}

static Value *arm_value(Elab *e, const AstExpr *x, Ex *cond, bool truth) {
	ArmMark mark = enter_arm(e, cond, cond, truth);
	Value *v = elab_expr(e, x);
	leave_arm(e, mark);
	return v;
}

Value *elab_if(Elab *e, const AstExpr *x) {
	bool saved = e->want_int;
	e->want_int = false;
	Value *cond = elab_need_bool(e, elab_expr(e, x->choice.condition), x->choice.condition);
	e->want_int = saved;
	if (value_is_bad(cond) &&
	    e->alone) /* an arm may be right only because of the condition, so nothing is said of it */
		return cond;
	if (value_is_bad(cond)) {
		uint32_t facts = e->facts.count;
		proof_assume_spoiled(e);
		elab_expr(e, x->choice.yes);
		elab_expr(e, x->choice.no);
		e->facts.count = facts;
		return cond;
	}
	if (cond->rank) {
		Diag *diag = diag_error(e->session, 214, x->choice.condition->span,
		                        "the condition of `if` is one truth value, not %s", value_type_text(e, cond));
		diag_help(e->session, diag, "`where(c, a, b)` chooses element by element");
		return value_bad(e);
	}
	if (value_known(cond))
		return elab_expr(e, cond->body->integer ? x->choice.yes : x->choice.no);
	Value *yes = arm_value(e, x->choice.yes, cond->body, true);
	Value *no = arm_value(e, x->choice.no, cond->body, false);
	if (!elab_need_array(e, yes, x->choice.yes) || !elab_need_array(e, no, x->choice.no))
		return value_bad(e);
	return elab_select(e, cond, yes, no, x);
}

/* ---- in statements ---- */

static void applied_in(Elab *e, const AstBlock *block, Bindings *out) {
	for (uint32_t i = 0; i < block->count; i++) {
		const AstStmt *s = block->data[i];
		switch (s->kind) {
		case AST_APPLY: e->rule->applied(e->rule->self, s, out); break;
		case AST_EACH: applied_in(e, &s->each.body, out); break;
		case AST_FOR: applied_in(e, &s->loop.body, out); break;
		case AST_WHILE: applied_in(e, &s->repeat.body, out); break;
		case AST_WHEN:
			applied_in(e, &s->when.yes, out);
			applied_in(e, &s->when.no, out);
			break;
		default: break;
		}
	}
}

void elab_assigned_outside(Elab *e, const AstBlock *block, Bindings *out) {
	Assigned assigned = symbol_assigned_in(e->program, e->arena, block);
	uint64_t epoch = ++*e->epoch;
	for (uint32_t i = 0; i < out->count; i++)
		out->data[i]->epoch = epoch;
	for (uint32_t i = 0; i < assigned.count; i++) {
		Binding *b = symbol_may_change(assigned.data[i]) ? scope_find(e, assigned.data[i]) : NULL;
		if (!b || !b->value || value_is_bad(b->value) || b->epoch == epoch)
			continue;
		b->epoch = epoch;
		vec_push(e->arena, out, b);
	}
	Bindings applied = {0};
	if (e->rule && e->rule->in_step)
		applied_in(e, block, &applied);
	for (uint32_t i = 0; i < applied.count; i++) {
		Binding *b = applied.data[i];
		if (!b->value || value_is_bad(b->value) || b->epoch == epoch)
			continue;
		b->epoch = epoch;
		vec_push(e->arena, out, b);
	}
}

void elab_skip(Elab *e, const AstBlock *block) {
	Bindings assigned = {0};
	elab_assigned_outside(e, block, &assigned);
	for (uint32_t i = 0; i < assigned.count; i++)
		if (assigned.data[i]->symbol->kind == SYMBOL_VAR)
			assigned.data[i]->value = value_bad(e);
	e->may_have_returned = e->may_have_returned || ast_returns(block);
}

static void block_arm(Elab *e, const void *block) {
	elab_scoped_block(e, block);
}

/* Whether a condition follows from the size of x, among other things. */
static bool mentions_size(const Elab *e, const Ex *x) {
	if (x->size > EX_LARGE || x->kind == EX_DIM || (x->kind == EX_READ && e->tensor && x->value == e->sizes))
		return true;
	bool found = false;
	for (int i = 0; x->kind == EX_OP && i < ir_op_info[x->opcode].arity && !found; i++)
		found = mentions_size(e, x->args[i]);
	return found;
}

static void run_arm(Elab *e, const Ex *said, Ex *cond, bool truth, Arm *arm, const void *context) {
	ArmMark mark = enter_arm(e, said, cond, truth);
	bool sized = e->rule && mentions_size(e, said);
	e->sized_arms += sized;
	if (arm)
		arm(e, context);
	e->sized_arms -= sized;
	leave_arm(e, mark);
}

/* `yes` where the condition holds, `no` elsewhere. */
static Value *chosen(Elab *e, Value *cond, Value *yes, Value *no, Span span) {
	int axis = e->coord && !value_is_bad(no) ? value_x_axis(no) : -1;
	Value *c = cond;
	if (axis >= 0 && e->each_count && elab_differs(e, cond->body)) {
		Value like = {.kind = VALUE_ARRAY, .scalar = S_BOOL, .rank = 1, .dims = {DIM_X}};
		Value *all = elab_for_all(e, cond, &like, span);
		c = value_array(e, S_BOOL, yes->rank, yes->dims, span);
		Ex *own = ex_var(e, c->vars[axis]);
		c->body = value_at(e, all, &own);
	} else if (axis >= 0 && ex_has(cond->body, e->coord)) {
		/* Element by element: the condition at the coordinate of each. */
		Ex *to = ex_var(e, yes->vars[axis]);
		c = value_array(e, S_BOOL, yes->rank, yes->dims, span);
		Ex *body = ex_substitute(e, cond->body, &e->coord, &to, 1, false);
		Var *from = yes->vars[axis];
		Ex *own = ex_var(e, c->vars[axis]);
		c->body = ex_substitute(e, body, &from, &own, 1, false);
	}
	return elab_select(e, c, yes, no, NULL);
}

void elab_choose(Elab *e, const Choice *c) {
	const Bindings *changed = c->changed;
	Ex *said =
		c->said; /* a condition that was computed is a value; what it says is known from how it was written alone */
	Value *cond = value_reusable(e, c->cond, 0, c->cond_span);
	Value **before = ARENA_ARRAY(e->arena, Value *, changed->count);
	Value **after = ARENA_ARRAY(e->arena, Value *, changed->count);
	for (uint32_t i = 0; i < changed->count; i++)
		before[i] = changed->data[i]->value;
	Value *returned = e->returned;
	run_arm(e, said, cond->body, true, c->yes, c->yes_context);
	for (uint32_t i = 0; i < changed->count; i++) {
		after[i] = changed->data[i]->value;
		changed->data[i]->value = before[i];
	}
	run_arm(e, said, cond->body, false, c->no, c->no_context);
	if (e->returned != returned) {
		elab_needs_known(e, said);
		Diag *diag = diag_error(e->session, 225, c->span,
		                        "`return` under a condition that is not known when the program is instantiated");
		diag_help(e->session, diag, "assign to a `var` in both branches, and return it at the end");
		elab_note_not_known(e, diag);
	}
	for (uint32_t i = 0; i < changed->count; i++) {
		Binding *b = changed->data[i];
		if (after[i] == b->value)
			continue;
		if (elab_varies_inside(e, b, cond->body, c->cond_span)) {
			b->value = value_bad(e);
			continue;
		}
		b->value = value_reusable(e, chosen(e, cond, after[i], b->value, c->span), b->symbol->name, c->span);
		if (b->symbol->differentiates)
			b->value = value_of_its_own(e, b->value, b->symbol);
	}
}

Value *elab_truth(Elab *e, const AstExpr *condition, const char *what) {
	Value *cond = elab_scalar(e, condition, what);
	if (value_is_bad(cond) || cond->scalar == S_BOOL)
		return cond;
	diag_error(e->session, 210, condition->span, "a condition was expected, found %s", value_type_text(e, cond));
	return value_bad(e);
}

void elab_branches(Elab *e, Value *cond, Ex *said, Span cond_span, Span span, const AstBlock *yes, const AstBlock *no) {
	if (value_is_bad(cond)) { /* which branch would be checked is not known */
		elab_skip(e, yes);
		if (no)
			elab_skip(e, no);
		return;
	}
	if (value_known(cond)) {
		const AstBlock *known = cond->body->integer ? yes : no;
		if (known)
			elab_scoped_block(e, known);
		return;
	}
	Bindings changed = {0};
	elab_assigned_outside(e, yes, &changed);
	if (no)
		elab_assigned_outside(e, no, &changed);
	elab_choose(e, &(Choice){.cond = cond,
	                         .said = said,
	                         .cond_span = cond_span,
	                         .span = span,
	                         .changed = &changed,
	                         .yes = block_arm,
	                         .no = no ? block_arm : NULL,
	                         .yes_context = yes,
	                         .no_context = no});
}

void elab_when(Elab *e, const AstStmt *s, const AstExpr *condition, const AstBlock *yes, const AstBlock *no) {
	Value *cond = elab_truth(e, condition, "the condition of `if`");
	elab_branches(e, cond, value_is_bad(cond) ? NULL : cond->body, condition->span, s->span, yes, no);
}
