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

/* A name for a state that no other has: two branches may have states of one name. */
static const char *slot_name(RuleElab *r, const char *prefix, Name name) {
	const char *text = arena_printf(r->e.arena, "%s%s", prefix, session_text(r->e.session, name)), *out = text;
	for (unsigned number = 2, taken = 1; taken;) {
		taken = 0;
		for (uint32_t i = 0; i < r->out->states.count; i++)
			taken |= strcmp(session_text(r->e.session, r->out->states.data[i].name), out) == 0;
		if (taken)
			out = arena_printf(r->e.arena, "%s_%u", text, number++);
	}
	return out;
}

static void init_state(RuleElab *r, const AstStmt *s, const char *prefix, bool in_block) {
	Elab *e = &r->e;
	FeRule *o = r->out;
	if (s->declare.names.count == 0 || r->learning)
		return;
	AstName name = s->declare.names.data[0];
	bool each = false;
	uint32_t count;
	Var *const *leading = rule_leading(r, &count);
	Value *v = state_start(r, s, &each);
	const char *text = slot_name(r, prefix, name.name);
	FeSlot slot = {.name = session_name(e->session, text), .span = name.span};
	if (!value_is_bad(v)) {
		IrValue value = emit_whole(e, v, leading, count, slot.name, s->span);
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
	vec_push(e->arena, &r->in_blocks, in_block ? s : NULL);
}

/* ---- states in blocks: of branches that are taken by what is known at instantiation, and of `each` ---- */

static bool has_states(const AstBlock *block);

static bool has_states_inside(const AstStmt *s) {
	return (s->kind == AST_WHEN && (has_states(&s->when.yes) || has_states(&s->when.no))) ||
	       (s->kind == AST_EACH && has_states(&s->each.body)) || (s->kind == AST_FOR && has_states(&s->loop.body)) ||
	       (s->kind == AST_WHILE && has_states(&s->repeat.body));
}

static bool has_states(const AstBlock *block) {
	for (uint32_t i = 0; i < block->count; i++) {
		const AstStmt *s = block->data[i];
		if (s->kind == AST_STATE || s->kind == AST_APPLY || has_states_inside(s))
			return true;
	}
	return false;
}

/* An expression of the step, where it can be known before; NULL: it cannot. What is wrong with it, the step says: here it is bad. */
static Value *known_before(RuleElab *r, const AstExpr *x) {
	Elab *e = &r->e;
	if (!x || rule_known_later(e, x))
		return NULL;
	DiagMark mark = diag_mark(e->session);
	Diag *said_axes = r->said_axes;
	e->place = ++e->places;
	Value *v = elab_expr(e, x);
	diag_take_back(e->session, mark);
	r->said_axes = said_axes;
	return value_is_bad(v) || (v->kind == VALUE_ARRAY && value_known_throughout(v)) ? v : NULL;
}

static void init_block(RuleElab *r, const AstBlock *block, const char *prefix, bool in_block);

/* Either branch may be taken; and what is learned is the same for all shapes of x. wrong: the condition is, so nobody knows what it says of
 * its branches. */
static void init_either(RuleElab *r, const AstStmt *s, const char *prefix, bool wrong) {
	uint32_t facts = r->e.facts.count;
	if (wrong)
		proof_assume_spoiled(&r->e);
	init_block(r, &s->when.yes, prefix, true);
	init_block(r, &s->when.no, prefix, true);
	r->e.facts.count = facts;
}

static void init_block(RuleElab *r, const AstBlock *block, const char *prefix, bool in_block) {
	ScopeMark scope = scope_mark(&r->e);
	bool lets = in_block; /* conditions and states may speak of them */
	for (uint32_t i = 0; i < block->count; i++)
		lets = lets || has_states_inside(block->data[i]);
	for (uint32_t i = 0; i < block->count; i++) {
		const AstStmt *s = block->data[i];
		Value *v;
		switch (s->kind) {
		case AST_STATE:
			if (in_block)
				init_state(r, s, prefix, true);
			break;
		case AST_APPLY: rule_init_applied(r, s, prefix); break;
		case AST_EACH:
			if (has_states(&s->each.body))
				init_block(r, &s->each.body, prefix, true);
			break;
		case AST_WHEN:
			v = has_states_inside(s) ? known_before(r, s->when.condition) : NULL;
			if (v && !value_is_bad(v) && value_known(v) && v->scalar == S_BOOL)
				init_block(r, v->body->integer ? &s->when.yes : &s->when.no, prefix, true);
			else if (has_states_inside(s))
				init_either(r, s, prefix, v != NULL);
			break;
		case AST_FOR:
			if (has_states(&s->loop.body))
				init_block(r, &s->loop.body, prefix, true);
			break;
		case AST_WHILE:
			if (has_states(&s->repeat.body))
				init_block(r, &s->repeat.body, prefix, true);
			break;
		case AST_LET: /* conditions may speak of it */
			v = lets && s->declare.names.count == 1 && !s->declare.has_head && s->declare.type.span.file == 0 &&
			            !s->declare.draw
			        ? known_before(r, s->declare.value)
			        : NULL;
			if (v)
				scope_add_name(&r->e, s->declare.names.data[0], v);
			break;
		default: break;
		}
	}
	scope_back(&r->e, scope);
}

void rule_init_states(RuleElab *r, const AstDecl *decl, const char *prefix) {
	for (uint32_t i = 0; i < decl->body.count; i++)
		if (decl->body.data[i]->kind == AST_STATE)
			init_state(r, decl->body.data[i], prefix, false);
	if (!prefix[0] && !r->learning)
		r->own_states = r->out->states.count;
	init_block(r, &decl->body, prefix, false);
}

void rule_meet_state(RuleElab *r, const AstStmt *s) {
	Elab *e = &r->e;
	uint32_t at = r->next_state;
	if (s->declare.names.count == 0 || (e->arms > r->arms && rule_may_know_more(r)))
		return;
	if (e->loops.count > r->loops || e->written != r->written) { /* reported when it was read */
		scope_add_name(e, s->declare.names.data[0], value_bad(e));
		return;
	}
	if (!r->asked.in_step || e->arms > r->arms || at >= r->bound.count || r->in_blocks.data[at] != s) {
		Diag *diag = diag_error(e->session, 392, s->keyword,
		                        "`state` under a condition that is not known when the rule is instantiated");
		diag_help(e->session, diag,
		          "it stands directly in the rule, in `each`, or under a condition on hyperparameters "
		          "that are whole numbers or truth values, on `rank(x)` or on sizes");
		scope_add_name(e, s->declare.names.data[0], value_bad(e));
		return;
	}
	const Binding *kept = r->bound.data[r->next_state++];
	Binding *b = scope_add_name(e, s->declare.names.data[0], kept->value);
	b->scalar = kept->scalar;
	b->indices_around = kept->indices_around;
	b->coord = NULL;
	r->bound.data[at] = b;
}

void rule_build_init(RuleElab *r) {
	Elab *e = &r->e;
	FeRule *o = r->out;
	IrBuilder builder;
	r->states.count = r->in_blocks.count = r->applied = r->places.count = 0;
	rule_begin_function(r, &builder, "init", &o->init);
	IrValue x = ir_param_as(o->init, IR_ROLE_X, "x", rule_x_type(r));
	rule_bind_hypers(r, o->init);
	rule_begin_tensors(r);
	rule_bind_learned(r, o->init);
	scope_add(e, r->names->rule[RULE_X], rule_like_x(r, x));
	rule_init_states(r, r->decl, "");
}
