/* The states of a rule and what they start from: init. */
#include "frontend/decl/rule.h"

#include <string.h>

/* The value that a state starts from, in its full shape: like x, per coordinate, or as typed. */
static Value *state_start(RuleElab *r, const AstStmt *s, bool *each) {
	Elab *e = &r->e;
	const AstDeclare *d = &s->declare;
	Value shape = {.kind = VALUE_ARRAY};
	*each = true;
	Value *v;
	if (d->type.each) {
		AstDeclare plain = *d;
		plain.type.span.file = 0;
		v = elab_headed(e, &plain, d->names.data[0].name);
		shape.dims[0] = DIM_X;
		if (!elab_dims(e, &d->type, shape.dims, &shape.rank, 1))
			return value_bad(e);
		if (v->kind == VALUE_ARRAY && v->rank && v->rank == shape.rank - 1 && !value_is_bad(v)) {
			Value *all = value_array(e, v->scalar, shape.rank, shape.dims, s->span);
			Ex *at[IR_MAX_RANK];
			for (int i = 1; i < shape.rank; i++)
				at[i - 1] = ex_var(e, all->vars[i]);
			if (memcmp(v->dims, shape.dims + 1, sizeof(int64_t) * (size_t)v->rank) == 0) {
				all->body = value_at(e, v, at);
				v = all;
			}
		}
	} else {
		v = elab_headed(e, d, d->names.data[0].name);
		if (d->type.span.file == 0 && !d->has_head && v->kind == VALUE_ARRAY && v->rank == 0) {
			shape.rank = 1;
			shape.dims[0] = DIM_X;
		} else {
			shape.rank = v->rank;
			memcpy(shape.dims, v->dims, sizeof v->dims);
		}
		*each = shape.rank > 0 && shape.dims[0] == DIM_X;
	}
	if (value_is_bad(v))
		return v;
	if (v->kind != VALUE_ARRAY) {
		diag_error(e->session, 249, s->span, "a state is made of numbers, not %s", value_type_text(e, v));
		return value_bad(e);
	}
	if (v->scalar == S_LITERAL)
		v = value_convert(e, v, S_REAL);
	v = elab_broadcast(e, v, &shape);
	if (value_same_shape(v, &shape))
		return v;
	diag_error(e->session, 236, d->value->span, "`%s` is declared %s, but this is %s",
	           session_text(e->session, d->names.data[0].name), value_dims_text(e, shape.dims, shape.rank),
	           value_dims_text(e, v->dims, v->rank));
	return value_bad(e);
}

void rule_init_states(RuleElab *r, const AstDecl *decl, const char *prefix) {
	Elab *e = &r->e;
	FeRule *o = r->out;
	for (uint32_t i = 0; i < decl->body.count; i++) {
		const AstStmt *s = decl->body.data[i];
		if (s->kind != AST_STATE || s->declare.names.count == 0)
			continue;
		AstName name = s->declare.names.data[0];
		bool each = false;
		Value *v = state_start(r, s, &each);
		const char *text = arena_printf(e->arena, "%s%s", prefix, session_text(e->session, name.name));
		FeSlot slot = {.name = session_name(e->session, text), .span = name.span};
		if (!value_is_bad(v)) {
			IrValue value = emit_whole(e, v, &e->tensor, e->tensor ? 1 : 0, slot.name, s->span);
			slot.type = ir_type(o->init, value);
			bool known = true;
			for (int k = 0; k < slot.type.rank; k++)
				known = known && slot.type.dims[k] >= 0;
			slot.count = known ? ir_type_elements(slot.type, NULL) : 0;
			ir_result_as(o->init, IR_ROLE_STATE, text, value);
		}
		vec_push(e->arena, &o->states, slot);
		vec_push(e->arena, &o->state_each, each);
		vec_push(e->arena, &r->states, v);
	}
	if (!prefix[0])
		r->own_states = o->states.count;
	for (uint32_t i = 0; i < decl->body.count; i++)
		if (decl->body.data[i]->kind == AST_APPLY)
			rule_init_applied(r, decl->body.data[i], prefix);
}

void rule_build_init(RuleElab *r) {
	Elab *e = &r->e;
	FeRule *o = r->out;
	IrBuilder builder;
	rule_begin_function(r, &builder, "init", &o->init);
	IrValue x = ir_param_as(o->init, IR_ROLE_X, "x", rule_x_type(r));
	rule_bind_hypers(r, o->init);
	rule_begin_tensors(r);
	rule_bind_learned(r, o->init);
	scope_add(e, r->names->rule[RULE_X], rule_like_x(r, x));
	rule_init_states(r, r->decl, "");
}
