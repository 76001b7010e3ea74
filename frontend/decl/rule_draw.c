/* `let e ~ normal(0, 1)`: what the step of a rule draws.
 *
 *     let e ~ D           a number for each coordinate of x, in `each` for this one
 *     let e : real ~ D    one for each tensor; `let e : [3] ~ D` three, and so on
 *
 * The key is that of a problem (seed, instance), the step, the name, and the number of the element: of what is drawn for each coordinate
 * the coordinate's among all of x, so that tensors draw what one vector would. What is drawn for a tensor has the tensor's number in
 * the key, what is drawn in loops that of the turn. Whether a rule draws is found while it is typed, which
 * is then done again. */
#include "frontend/decl/rule.h"

static Ex *number_param(RuleElab *r, IrRole role, const char *name) {
	return ex_read(&r->e, ir_param_as(r->out->step, role, name, ir_scalar_type(IR_I64)), NULL, 0, false);
}

/* A number of each tensor of the shape. */
static Ex *of_lane(RuleElab *r, const char *name, const int64_t *numbers) {
	Elab *e = &r->e;
	IrDim count = r->shape->count;
	if (!e->lane)
		return ex_int(e, numbers[0]);
	e->builder->name = session_name(e->session, name);
	IrValue table = emit_table(e, ir_tensor_type(IR_I64, 1, &count), NULL, numbers);
	Ex *at = ex_var(e, e->lane);
	return ex_read(e, table, &at, 1, false);
}

void rule_begin_draws(RuleElab *r, Ex *step) {
	Elab *e = &r->e;
	Ex *zero = ex_int(e, 0);
	r->drawn.count = 0;
	r->step_key = (DrawKey){.seed = zero, .instance = zero, .step = step, .first = zero, .tensor = zero};
	if (!r->draws)
		return;
	r->step_key.seed = number_param(r, IR_ROLE_SEED, "seed");
	r->step_key.instance = number_param(r, IR_ROLE_INSTANCE, "instance");
	if (r->decl->joint)
		return;
	if (r->shape) {
		r->step_key.first = of_lane(r, "places", r->shape->places.data);
		r->step_key.tensor = of_lane(r, "numbers", r->shape->numbers.data);
	} else if (r->symbolic) {
		r->step_key.first = number_param(r, IR_ROLE_FIRST, "first");
		r->step_key.tensor = number_param(r, IR_ROLE_TENSOR, "tensor");
	} else if (e->tensor)
		r->step_key.tensor = ex_var(e, e->tensor);
}

/* Of nested loops, the turns of the inner ones one after the other. */
static Ex *number_of_turn(Elab *e) {
	Ex *turn = ex_int(e, 0);
	for (uint32_t i = 0; i < e->turns.count; i++) {
		const OpenTurn *open = &e->turns.data[i];
		turn = ex_add_int(e, ex_op(e, IR_mul, turn, ex_int(e, open->most), NULL), open->counter);
	}
	return turn;
}

/* What stands in front of the name in the key. Of statements in one rule that draw under one name, in different blocks, the second has
 * "2:" there, and so on. */
static const char *within(RuleElab *r, const AstStmt *s) {
	unsigned number = 1;
	const AstStmt *found = NULL;
	for (uint32_t i = 0; i < r->drawn.count && found != s; i++) {
		const Drawn *d = &r->drawn.data[i];
		if (d->appliers != r->appliers || d->statement->declare.names.data[0].name != s->declare.names.data[0].name)
			continue;
		found = d->statement;
		number += found != s;
	}
	if (found != s)
		vec_push(r->e.arena, &r->drawn, ((Drawn){s, r->appliers}));
	return number > 1 ? arena_printf(r->e.arena, "%s%u:", r->appliers, number) : r->appliers;
}

/* An order of coordinates goes over all of them, of which a rule sees a tensor. */
static bool orders_tensors(RuleElab *r, const AstDeclare *d, const Value *v) {
	const Distribution *found =
		d->draw->kind == AST_CALL ? distribution_find(session_text(r->e.session, d->draw->call.callee.name)) : NULL;
	if (!found || found->id != DISTRIBUTION_permutation || r->decl->joint || value_is_bad(v) ||
	    (value_x_axis(v) < 0 && !r->e.coord))
		return false;
	Diag *diag = diag_error(r->e.session, 297, d->draw->span,
	                        "`permutation` puts all coordinates of x into one order, but this rule sees one tensor");
	diag_help(r->e.session, diag,
	          "draw it in a `joint optimizer`, or state a size: `let order : int[5] ~ permutation(5)`");
	return true;
}

void rule_draw(RuleElab *r, const AstStmt *s) {
	Elab *e = &r->e;
	const AstDeclare *d = &s->declare;
	AstName name = d->names.data[0];
	Value *v = value_bad(e);
	DrawKey key = r->step_key;
	key.within = within(r, s);
	key.turn = number_of_turn(e);
	if (!r->draws) { /* typed with numbers in the place of the key; again, if nothing is wrong */
		r->draws = r->more_ints = true;
		typing_set_draws(e->typing, r->call->decl);
	}
	if (d->names.count > 1)
		diag_error(e->session, 221, d->draw->span, "%u names for one draw", (unsigned)d->names.count);
	else
		v = elab_draw(e, d, key);
	if (orders_tensors(r, d, v))
		v = value_bad(e);
	if (!value_is_bad(v))
		v = value_materialize(e, v, name.name, s->span);
	for (uint32_t i = 0; i < d->names.count; i++) {
		Binding *b = scope_add_name(e, d->names.data[i], v);
		b->scalar = v->scalar;
	}
}
