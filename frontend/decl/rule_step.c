/* The step of a rule. */
#include "frontend/decl/rule.h"

static Value *scalar_param(RuleElab *r, IrRole role, const char *name, IrScalar type) {
	Elab *e = &r->e;
	return value_scalar(e, type == IR_I64 ? S_INT : S_REAL,
	                    ex_read(e, ir_param_as(r->out->step, role, name, ir_scalar_type(type)), NULL, 0, false));
}

/* One value per tensor, combined over all of them. */
Value *rule_over_tensors(RuleElab *r, const Builtin *b, Value *v, Span span) {
	Elab *e = &r->e;
	const char *name = b->name;
	IrCombine combine = b->id == BUILTIN_all_max ? IR_PUT_MAX : IR_PUT_SUM;
	bool mean = b->id == BUILTIN_all_mean;
	if (e->coord || e->arms) {
		Diag *diag = diag_error(e->session, 264, span, "`%s` may not stand %s", name,
		                        e->coord ? "inside `each`" : "under a condition that may differ between tensors");
		diag_help(e->session, diag, "compute it before, under a name: `let n = %s(...)`", name);
		return value_bad(e);
	}
	for (int i = 0; i < v->rank; i++) {
		if (v->dims[i] != DIM_X)
			continue;
		Diag *diag = diag_error(e->session, 264, span,
		                        "`%s` combines one value per tensor, but this has one per coordinate", name);
		diag_help(e->session, diag, "reduce it first, as in `%s(sum(...))`", name);
		return value_bad(e);
	}
	e->coupled = true;
	v = value_reusable(e, value_convert(e, v, S_REAL), 0, span);
	if (r->shape)
		return rule_over_shapes(r, combine, mean, v, span);
	if (r->symbolic && !r->decl->joint) {
		if (v->rank || e->builder->block != &r->out->step->body) {
			Diag *diag =
				diag_error(e->session, 397, span,
			               "for tensors of any size this version has `%s` of one number only, outside of loops", name);
			if (v->rank)
				diag_help(e->session, diag, "this is %s: combine its elements one by one, as in `%s(v[0])`",
				          value_type_text(e, v), name);
			else
				diag_help(e->session, diag, "combine before the loop, or what the loop has made behind it");
			return value_bad(e);
		}
		Value *share[2] = {v, value_real(e, 1)}, *total[2];
		for (int i = 0; i < (mean ? 2 : 1); i++) {
			IrValue value = emit_whole(e, share[i], NULL, 0, 0, span);
			vec_push(e->arena, &r->shares, value);
			vec_push(e->module->arena, &r->out->largest, combine == IR_PUT_MAX);
			const char *param = arena_printf(e->arena, "all%u", (unsigned)r->shares.count);
			total[i] = scalar_param(r, IR_ROLE_SUM, param, e->real);
		}
		return mean ? elab_apply(e, IR_div, S_REAL, S_REAL, total, 2, span, NULL) : total[0];
	}
	if (!e->tensor)
		return v;
	Var *other = ex_var_new(e, e->tensor->name, e->tensors, span);
	other->tensor = true;
	Ex *to = ex_var(e, other);
	Ex *body = ex_substitute(e, value_body(e, v), &e->tensor, &to, 1, false);
	Value *sum = emit_reduce(e, combine, v, body, &other, 1, NULL, 0, span);
	Value *parts[2] = {sum, value_real(e, (double)e->tensors)};
	return mean ? elab_apply(e, IR_div, S_REAL, S_REAL, parts, 2, span, NULL) : sum;
}

/* What a state of the rule itself is called; NULL: one of a rule that it applies, which is bound there. */
static const Symbol *slot_symbol(const RuleElab *r, uint32_t state) {
	for (uint32_t i = 0; i < r->decl->body.count && state < r->own_states; i++) {
		const AstStmt *s = r->decl->body.data[i];
		if (s->kind == AST_STATE && s->declare.names.count && state-- == 0)
			return symbol_at(r->program, s->declare.names.data[0].id);
	}
	return NULL;
}

/* The states as parameters; true if all of them have one entry per coordinate. */
static bool bind_states(RuleElab *r) {
	Elab *e = &r->e;
	FeRule *o = r->out;
	r->bound.count = 0;
	bool all_each = true;
	for (uint32_t i = 0; i < o->states.count; i++) {
		const FeSlot *slot = &o->states.data[i];
		const Value *start = r->states.data[i];
		Value *v = value_bad(e);
		if (start->kind == VALUE_ARRAY) {
			IrType type = slot->type;
			for (int k = 0; k < type.rank; k++)
				type.dims[k] = type.dims[k] < 0 ? e->n : type.dims[k];
			IrValue param = ir_param_as(o->step, IR_ROLE_STATE, session_text(e->session, slot->name), type);
			uint32_t count;
			Var *const *leading = rule_leading(r, &count);
			v = value_from_whole(e, param, start->scalar, start->rank, start->dims, leading, count);
		}
		all_each = all_each && o->state_each.data[i];
		Binding *b = scope_add(e, slot_symbol(r, i), v);
		b->scalar = start->scalar;
		if (!b->symbol) { /* of a rule that is applied: for messages, and for names of what is carried */
			Symbol *symbol = ARENA_NEW(e->arena, Symbol);
			*symbol = (Symbol){.kind = SYMBOL_STATE, .name = slot->name, .span = slot->span};
			b->symbol = symbol;
		}
		vec_push(e->arena, &r->bound, b);
	}
	return all_each;
}

/* x, the states, and the shares of what is combined over tensors. */
static void add_results(RuleElab *r, const Binding *bound_x) {
	Elab *e = &r->e;
	FeRule *o = r->out;
	if (!value_is_bad(bound_x->value))
		ir_result_as(
			o->step, IR_ROLE_X, "x",
			emit_whole(e, bound_x->value, &e->lane, e->lane ? 1 : 0, bound_x->symbol->name, r->decl->name.span));
	uint32_t count;
	Var *const *leading = rule_leading(r, &count);
	for (uint32_t i = 0; i < r->bound.count; i++) {
		Value *v = r->bound.data[i]->value;
		const FeSlot *slot = &o->states.data[i];
		if (!value_is_bad(v))
			ir_result_as(o->step, IR_ROLE_STATE, session_text(e->session, slot->name),
			             emit_whole(e, v, leading, count, slot->name, slot->span));
	}
	for (uint32_t i = 0; i < r->shares.count; i++)
		ir_result_as(o->step, IR_ROLE_SHARE, arena_printf(e->arena, "share%u", (unsigned)i + 1), r->shares.data[i]);
}

void rule_build_step(RuleElab *r) {
	Elab *e = &r->e;
	FeRule *o = r->out;
	IrBuilder builder;
	rule_begin_function(r, &builder, "step", &o->step);
	IrValue x = r->x = ir_param_as(o->step, IR_ROLE_X, "x", rule_x_type(r)),
			g = ir_param_as(o->step, IR_ROLE_G, "g", rule_x_type(r));
	Value *f = scalar_param(r, IR_ROLE_F, "f", e->real), *t = scalar_param(r, IR_ROLE_T, "t", IR_I64),
		  *horizon = scalar_param(r, IR_ROLE_HORIZON, "horizon", IR_I64);
	t->body->low = horizon->body->low = 1;
	t->body->high = horizon->body->high = EX_MOST_ELEMENTS;
	rule_bind_hypers(r, o->step);
	rule_begin_tensors(r);
	rule_bind_learned(r, o->step);
	Symbol *const *names = r->names->rule;
	Binding *bound_x = scope_add(e, names[RULE_X], rule_like_x(r, x));
	bound_x->scalar = S_REAL;
	Binding *bound_g = scope_add(e, names[RULE_G], rule_like_x(r, g));
	Binding *bound_f = scope_add(e, names[RULE_F], f);
	r->g = g;
	r->f = f->body->value;
	scope_add(e, names[RULE_T], t);
	Binding *bound_horizon = scope_add(e, names[RULE_HORIZON], horizon);
	if (r->names->reads_residuals)
		scope_add(e, names[RULE_RESIDUALS], rule_residuals(r, r->decl->name.span));
	bool all_each = bind_states(r);
	r->shares.count = r->shared.count = 0;
	r->asked.in_step = true;
	r->next_state = r->own_states;
	for (uint32_t i = 0; i < r->decl->body.count; i++) {
		const AstStmt *s = r->decl->body.data[i];
		if (s->kind != AST_LEARN && s->kind != AST_STATE)
			elab_stmt(e, s);
	}
	r->asked.in_step = false;
	add_results(r, bound_x);
	o->collectives = r->shares.count;
	o->reads_f |= bound_f->used;
	o->reads_g |= bound_g->used;
	o->reads_horizon |= bound_horizon->used;
	o->elementwise = !e->coupled && all_each && !r->decl->joint;
}
