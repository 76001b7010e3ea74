/* Rules that look at the axes of x: made for one shape of a tensor after the other, then put together.
 *
 *     x = [W: 4 x 3 | b: 3 | V: 4 x 3]      shapes: 4 x 3 (2 tensors), 3 (1 tensor)
 *
 *     step for 4 x 3      (x: [2, 12], g: [2, 12], f, ..., states: [2, ...]) -> x: [2, 12], states
 *     step for 3          (x: [3], g: [3], f, ..., states) -> x: [3], states
 *     step                (x: [27], g: [27], f, ..., states of both) -> x: [27], states of both
 *
 * A shape is elaborated once, however many tensors have it: what differs between these has an axis over them in front (`lane`).
 * Values that are combined over all tensors are results of the steps for shapes (shares) and parameters of them (sums), and
 * the whole step runs what leads to one share after the other. */
#include "frontend/decl/rule.h"

#include <string.h>

/* ---- what is asked ---- */

bool rule_may_know_more(RuleElab *r) {
	if (r->symbolic || r->decl->joint || r->by_shape)
		return false;
	r->more_axes = true;
	return true;
}

void rule_ask_axes(RuleElab *r, Span span) {
	Elab *e = &r->e;
	const char *name = session_text(e->session, r->decl->name.name);
	if (rule_may_know_more(r) || diag_say_again(e->session, r->said_axes))
		return;
	if (r->by_shape) {
		r->said_axes =
			diag_error(e->session, 265, span,
		               "what `%s` learns is the same for all tensors, so it cannot depend on the axes of x", name);
		return;
	}
	r->said_axes = diag_error(
		e->session, 396, span,
		"`%s` looks at the axes of x here, so it is made for tensors of known shapes, and none are known", name);
	diag_help(e->session, r->said_axes, "say which objective it is for, as in --on OBJECTIVE");
}

Var *const *rule_leading(RuleElab *r, uint32_t *count) {
	Elab *e = &r->e;
	Var *const *leading = r->shape ? &e->lane : &e->tensor;
	*count = *leading ? 1 : 0;
	return leading;
}

/* One more value that all tensors share; false with a diagnostic. */
static bool add_share(RuleElab *r, IrValue value, RuleShare share) {
	Elab *e = &r->e;
	if (e->builder->block != &r->out->step->body) {
		Diag *diag =
			diag_error(e->session, 397, share.span, "in a rule that looks at the axes of x, %s outside of loops",
		               share.evaluation ? "evaluations stand" : "what is combined over tensors stands");
		diag_help(e->session, diag, "do it before the loop, or behind it with what the loop has made");
		return false;
	}
	share.type = ir_type(e->builder->func, value);
	vec_push(e->arena, &r->shares, value);
	vec_push(e->arena, &r->shared, share);
	return true;
}

static IrValue add_sum(RuleElab *r, const char *name, IrType type) {
	return ir_param_as(r->out->step, IR_ROLE_SUM, arena_printf(r->e.arena, "%s%u", name, (unsigned)r->shared.count),
	                   type);
}

Value *rule_over_shapes(RuleElab *r, IrCombine combine, bool mean, Value *v, Span span) {
	Elab *e = &r->e;
	Ex *body = value_body(e, v);
	Value *share = v;
	if (e->lane) {
		if (!ex_has(body, e->lane)) { /* every tensor counts */
			Ex *lane = ex_convert(e, ex_var(e, e->lane), e->real);
			body = ex_op(e, IR_add, body, ex_op(e, IR_mul, lane, ex_real(e, 0), NULL), NULL);
		}
		share = emit_reduce(e, combine, v, body, &e->lane, 1, NULL, 0, span);
	}
	IrValue value = emit_whole(e, share, NULL, 0, 0, span);
	if (!add_share(r, value, (RuleShare){.combine = combine, .mean = mean, .span = span}))
		return value_bad(e);
	return value_read(e, add_sum(r, "all", ir_type(e->builder->func, value)), S_REAL, v->rank, v->dims);
}

bool rule_share_place(RuleElab *r, IrValue at, Span span, IrValue *f, IrValue *g) {
	if (!add_share(r, at, (RuleShare){.evaluation = true, .span = span}))
		return false;
	*f = add_sum(r, "f", ir_scalar_type(r->e.real));
	*g = add_sum(r, "g", ir_type(r->e.builder->func, at));
	return true;
}

/* ---- the shapes ---- */

typedef VEC(RuleShape) Shapes;

static Shapes find_shapes(const RuleElab *r) {
	Shapes shapes = {0};
	const FeTarget *target = r->target;
	int64_t place = 0;
	uint32_t count = target->types ? target->type_count : target->count;
	for (uint32_t i = 0; i < count; i++) {
		IrType type = target->types ? target->types[i] : ir_tensor_type(r->e.real, 1, &target->sizes[i]);
		type.scalar = r->e.real;
		uint32_t k = 0;
		while (k < shapes.count && !ir_type_equal(shapes.data[k].type, type))
			k++;
		if (k == shapes.count)
			vec_push(r->e.arena, &shapes, ((RuleShape){.type = type, .n = ir_type_elements(type, NULL)}));
		RuleShape *shape = &shapes.data[k];
		shape->count++;
		vec_push(r->e.arena, &shape->places, place);
		vec_push(r->e.arena, &shape->numbers, i);
		place += shape->n;
	}
	return shapes;
}

/* "5x3": behind the names of states, where there are several shapes. */
static const char *shape_suffix(Arena *arena, IrType type) {
	Text text = text_new(arena);
	text_printf(&text, type.rank ? "_" : "_scalar");
	for (int i = 0; i < type.rank; i++)
		text_printf(&text, "%s%lld", i ? "x" : "", (long long)type.dims[i]);
	return text_cstr(&text);
}

/* ---- putting them together ---- */

/* Neighbours in x are copied at once: so many tensors from number `first` of the shape on. */
static uint32_t neighbours(const RuleShape *shape, uint32_t first) {
	uint32_t count = 1;
	while (first + count < shape->count &&
	       shape->places.data[first + count] == shape->places.data[first] + count * shape->n)
		count++;
	return count;
}

/* One op between x: [N] and the tensors of a shape: [count, n], for tensors first .. first + count - 1. */
static IrValue copy_tensors(Elab *e, const RuleShape *shape, uint32_t first, uint32_t count, IrValue from, bool out,
                            IrType type, IrValue into) {
	IrForBuilder f = ir_for_begin(e->builder);
	uint32_t axes = 0;
	if (shape->count > 1)
		ir_for_index(&f, session_name(e->session, "s"), count), axes++;
	ir_for_index(&f, session_name(e->session, "c"), shape->n), axes++;
	IrAt c = ir_at_index(e->module, axes - 1, 1), tensors[2],
		 flat = ir_at_add(e->module, c, ir_at_const(shape->places.data[first]));
	if (shape->count > 1) {
		IrAt s = ir_at_index(e->module, 0, 1);
		flat = ir_at_add(e->module, flat, ir_at_scale(e->module, s, shape->n));
		tensors[0] = ir_at_add(e->module, s, ir_at_const(first));
	}
	tensors[axes - 1] = c;
	uint32_t node = ir_read(&f, from, out ? tensors : &flat, false);
	e->builder->name = session_name(e->session, "x");
	IrValue made = ir_put(&f, IR_PUT_NONE, node, type, out ? &flat : tensors, into, false);
	ir_for_end(&f);
	return made;
}

/* The tensors of a shape out of a flat vector. */
static IrValue take_tensors(Elab *e, const RuleShape *shape, IrValue flat) {
	const IrDim dims[] = {shape->count, shape->n};
	if (ir_type(e->builder->func, flat).dims[0] == shape->n)
		return flat;
	IrType type = shape->count > 1 ? ir_tensor_type(e->real, 2, dims) : ir_tensor_type(e->real, 1, dims + 1);
	uint32_t first = 0, count = neighbours(shape, 0);
	IrValue out = count == shape->count ? 0 : ir_fill(e->builder, type, 0);
	for (; first < shape->count; first += count) {
		count = neighbours(shape, first);
		out = copy_tensors(e, shape, first, count, flat, false, type, out);
	}
	return out;
}

/* Puts the tensors of a shape into a flat vector. */
static IrValue put_tensors(Elab *e, const RuleShape *shape, IrValue tensors, IrType type, IrValue into) {
	for (uint32_t first = 0, count; first < shape->count; first += count) {
		count = neighbours(shape, first);
		into = copy_tensors(e, shape, first, count, tensors, true, type, into);
	}
	return into;
}

/* One shape, whose tensors are x as they lie there. */
static bool is_all(const Shapes *shapes) {
	return shapes->count == 1 && neighbours(&shapes->data[0], 0) == shapes->data[0].count;
}

/* What the whole function is given, by role. */
typedef struct Whole {
	IrByRole given;
	IrValue x, g;
	IrValue *states;
	IrValue *sums, *f; /* per share: what it is combined to, or g: [N] and f of an evaluation */
} Whole;

/* Parameters like those of the function for a shape, but for x, g and states. */
static void add_params(Elab *e, const IrFunc *like, IrFunc *func, IrRole role, Whole *w) {
	IrRange range = ir_params_of(like, role);
	IrValue *values = ARENA_ARRAY(e->arena, IrValue, range.count + 1);
	for (uint32_t i = 0; i < range.count; i++) {
		const IrParam *p = &like->params.data[range.first + i];
		values[i] = ir_param_as(func, role, session_text(e->session, p->name), ir_type(like, p->value));
	}
	ir_give(&w->given, role, values, range.count);
}

/* The function for a shape, inlined: its results by number. shares: so many are combined, what the others are does not matter. */
static IrValue *run_shape(Elab *e, const RuleShape *shape, const IrFunc *func, Whole *w, uint32_t shares) {
	IrValue *x = ARENA_ARRAY(e->arena, IrValue, 2), *args = ARENA_ARRAY(e->arena, IrValue, func->params.count + 1);
	IrValue *results = ARENA_ARRAY(e->arena, IrValue, func->results.count + 1);
	VEC(IrValue) sums = {0};
	x[0] = take_tensors(e, shape, w->x);
	x[1] = w->g ? take_tensors(e, shape, w->g) : 0;
	for (uint32_t k = 0; k < shape->shared.count && func == shape->step; k++) {
		const RuleShare *share = &shape->shared.data[k];
		IrValue sum = k >= shares         ? ir_fill(e->builder, share->type, 0)
		              : share->evaluation ? take_tensors(e, shape, w->sums[k])
		                                  : w->sums[k];
		if (share->evaluation) {
			IrValue f = k < shares ? w->f[k] : ir_fill(e->builder, ir_scalar_type(e->real), 0);
			vec_push(e->arena, &sums, f);
		}
		vec_push(e->arena, &sums, sum);
	}
	ir_give(&w->given, IR_ROLE_X, &x[0], 1);
	ir_give(&w->given, IR_ROLE_G, &x[1], 1);
	ir_give(&w->given, IR_ROLE_STATE, w->states ? w->states + shape->first_state : NULL, w->states ? shape->states : 0);
	ir_give(&w->given, IR_ROLE_SUM, sums.data, sums.count);
	ir_arguments(func, &w->given, sizeof *args, args);
	ir_inline(e->builder, func, args, results);
	return results;
}

/* a + b, the larger one, or a divided by how many tensors there are. */
static IrValue combined(Elab *e, IrCombine combine, IrValue a, IrValue b) {
	IrType type = ir_type(e->builder->func, a);
	if (combine == IR_PUT_SUM)
		return ir_add_values(e->builder, a, b);
	IrForBuilder f = ir_for_begin(e->builder);
	IrAt at[IR_MAX_RANK];
	for (int i = 0; i < type.rank; i++) {
		ir_for_index(&f, 0, type.dims[i]);
		at[i] = ir_at_index(e->module, (uint32_t)i, 1);
	}
	uint32_t node = ir_op2(&f, IR_max, ir_read(&f, a, at, false), ir_read(&f, b, at, false));
	IrValue out = ir_put(&f, IR_PUT_NONE, node, type, at, 0, false);
	ir_for_end(&f);
	return out;
}

static IrValue divided(Elab *e, IrValue a, double by) {
	IrType type = ir_type(e->builder->func, a);
	IrForBuilder f = ir_for_begin(e->builder);
	IrAt at[IR_MAX_RANK];
	for (int i = 0; i < type.rank; i++) {
		ir_for_index(&f, 0, type.dims[i]);
		at[i] = ir_at_index(e->module, (uint32_t)i, 1);
	}
	uint32_t node = ir_op2(&f, IR_div, ir_read(&f, a, at, false), ir_real(&f, type.scalar, by));
	IrValue out = ir_put(&f, IR_PUT_NONE, node, type, at, 0, false);
	ir_for_end(&f);
	return out;
}

static IrFunc *begin_whole(RuleElab *r, IrBuilder *builder, const char *name, const IrFunc *like, Whole *w) {
	Elab *e = &r->e;
	IrFunc *func =
		ir_func_new(e->module, arena_printf(e->arena, "%s_%s", session_text(e->session, r->decl->name.name), name));
	*builder = ir_builder(func);
	builder->span = r->decl->name.span;
	e->builder = builder;
	int64_t size = 0;
	for (uint32_t i = 0; i < r->target->count; i++)
		size += r->target->sizes[i];
	IrType type = ir_tensor_type(e->real, 1, &size);
	*w = (Whole){.x = ir_param_as(func, IR_ROLE_X, "x", type)};
	ir_by_role(&w->given);
	if (ir_params_of(like, IR_ROLE_G).count)
		w->g = ir_param_as(func, IR_ROLE_G, "g", type);
	static const IrRole as_they_are[] = {IR_ROLE_F,    IR_ROLE_T,        IR_ROLE_HORIZON, IR_ROLE_HYPER,
	                                     IR_ROLE_SEED, IR_ROLE_INSTANCE, IR_ROLE_THETA};
	for (size_t i = 0; i < sizeof as_they_are / sizeof *as_they_are; i++)
		add_params(e, like, func, as_they_are[i], w);
	return func;
}

static void join_init(RuleElab *r, Shapes *shapes) {
	Elab *e = &r->e;
	FeRule *o = r->out;
	Whole w;
	IrBuilder builder;
	o->init = begin_whole(r, &builder, "init", shapes->data[0].init, &w);
	uint32_t at = 0;
	for (uint32_t k = 0; k < shapes->count; k++) {
		const RuleShape *shape = &shapes->data[k];
		const IrValue *results = run_shape(e, shape, shape->init, &w, 0);
		for (uint32_t i = 0; i < shape->states; i++)
			ir_result_as(o->init, IR_ROLE_STATE, session_text(e->session, o->states.data[at++].name), results[i]);
	}
}

/* What all tensors share as number `s`, from those before. */
static void combine_share(Elab *e, const Shapes *shapes, Whole *w, uint32_t s, uint32_t tensors) {
	const RuleShare *share = &shapes->data[0].shared.data[s];
	IrType type = ir_type(e->builder->func, w->x);
	IrValue all = share->evaluation && !is_all(shapes) ? ir_fill(e->builder, type, 0) : 0;
	for (uint32_t k = 0; k < shapes->count; k++) {
		const RuleShape *shape = &shapes->data[k];
		const IrValue *results = run_shape(e, shape, shape->step, w, s);
		IrValue value = results[ir_results_of(shape->step, IR_ROLE_SHARE).first + s];
		if (share->evaluation)
			all =
				ir_type_equal(ir_type(e->builder->func, value), type) ? value : put_tensors(e, shape, value, type, all);
		else
			all = k ? combined(e, share->combine, all, value) : value;
	}
	w->sums[s] = share->mean ? divided(e, all, tensors) : all;
	if (share->evaluation) {
		const IrOp *op = ir_evaluation(e->builder, all, 0);
		w->f[s] = op->evaluate.f;
		w->sums[s] = op->evaluate.g;
	}
}

static void join_step(RuleElab *r, Shapes *shapes) {
	Elab *e = &r->e;
	FeRule *o = r->out;
	Whole w;
	IrBuilder builder;
	o->step = begin_whole(r, &builder, "step", shapes->data[0].step, &w);
	w.states = ARENA_ARRAY(e->arena, IrValue, o->states.count + 1);
	for (uint32_t i = 0; i < o->states.count; i++)
		w.states[i] = ir_param_as(o->step, IR_ROLE_STATE, session_text(e->session, o->states.data[i].name),
		                          o->states.data[i].type);
	uint32_t sums = shapes->data[0].shared.count, tensors = 0;
	w.sums = ARENA_ARRAY(e->arena, IrValue, sums + 1);
	w.f = ARENA_ARRAY(e->arena, IrValue, sums + 1);
	for (uint32_t k = 0; k < shapes->count; k++)
		tensors += shapes->data[k].count;
	for (uint32_t s = 0; s < sums; s++)
		combine_share(e, shapes, &w, s, tensors);
	IrType type = ir_type(o->step, w.x);
	IrValue x = is_all(shapes) ? 0 : ir_fill(e->builder, type, 0);
	VEC(IrValue) states = {0};
	for (uint32_t k = 0; k < shapes->count; k++) {
		const RuleShape *shape = &shapes->data[k];
		const IrValue *results = run_shape(e, shape, shape->step, &w, sums);
		IrValue moved = results[ir_result_at(shape->step, IR_ROLE_X)];
		x = ir_type_equal(ir_type(o->step, moved), type) ? moved : put_tensors(e, shape, moved, type, x);
		for (uint32_t i = 0; i < shape->states; i++)
			vec_push(e->arena, &states, results[ir_results_of(shape->step, IR_ROLE_STATE).first + i]);
	}
	ir_result_as(o->step, IR_ROLE_X, "x", x);
	for (uint32_t i = 0; i < states.count; i++)
		ir_result_as(o->step, IR_ROLE_STATE, session_text(e->session, o->states.data[i].name), states.data[i]);
}

/* ---- one shape after the other ---- */

/* Tensors of all shapes meet at the same places: a condition on the shape of x may differ between them. */
static void check_shared(RuleElab *r, const Shapes *shapes) {
	Session *session = r->e.session;
	for (uint32_t k = 1; k < shapes->count; k++) {
		const RuleShape *a = &shapes->data[0], *b = &shapes->data[k];
		uint32_t most = a->shared.count > b->shared.count ? a->shared.count : b->shared.count;
		for (uint32_t i = 0; i < most; i++) {
			const RuleShare *p = i < a->shared.count ? &a->shared.data[i] : NULL,
							*q = i < b->shared.count ? &b->shared.data[i] : NULL;
			bool same = p && q && p->span.start == q->span.start && p->span.file == q->span.file;
			if (same && (p->evaluation || ir_type_equal(p->type, q->type)))
				continue;
			Diag *diag = diag_error(
				session, 264, p ? p->span : q->span,
				same ? "this is of another shape for tensors of another shape, so it cannot be combined"
					 : "what is combined over tensors may not stand under a condition that differs between them");
			diag_note(session, diag, "tensors of %s and of %s are not alike here",
			          value_dims_text(&r->e, a->type.dims, a->type.rank),
			          value_dims_text(&r->e, b->type.dims, b->type.rank));
			return;
		}
	}
}

/* The same mistake at the same place, in whatever words. */
static bool is_said(const Diags *said, const Diag *x) {
	Span p = x->labels.data[0].span;
	for (uint32_t i = 0; i < said->count; i++) {
		Span q = said->data[i]->labels.data[0].span;
		if (x->code == said->data[i]->code && p.file == q.file && p.start == q.start)
			return true;
	}
	return false;
}

static bool is_among(const Diags *wrong, const Diag *x) {
	for (uint32_t i = 0; i < wrong->count; i++)
		if (diag_is_same(x, wrong->data[i]))
			return true;
	return false;
}

/* What is wrong, once for all shapes (true: something is); what is not wrong with all of them, with the shape at which it was found. */
static bool say_wrong(RuleElab *r, const RuleShape *shapes, const Diags *wrong, uint32_t count) {
	Session *session = r->e.session;
	Diags said = {0};
	for (uint32_t k = 0; k < count; k++) {
		const IrType *type = &shapes[k].type;
		for (uint32_t i = 0; i < wrong[k].count; i++) {
			Diag *x = wrong[k].data[i];
			bool always = true;
			if (is_said(&said, x))
				continue;
			for (uint32_t other = 0; other < count && always; other++)
				always = is_among(&wrong[other], x);
			if (!always) {
				diag_note(session, x, "where x is %s, a tensor of rank %d",
				          type->rank ? value_dims_text(&r->e, type->dims, type->rank) : "one number", type->rank);
				if (!x->help && (x->code == 208 || x->code == 222 || x->code == 206))
					diag_help(session, x,
					          "a condition tells, `if rank(x) == 2 { ... } else { ... }`; a `joint optimizer` sees all "
					          "parameters as one vector");
			}
			vec_push(session->arena, &said, x);
		}
	}
	diag_say(session, &said);
	return said.count > 0;
}

void rule_build_by_shape(RuleElab *r) {
	Elab *e = &r->e;
	FeRule *o = r->out;
	Shapes shapes = find_shapes(r);
	Diags *wrong = ARENA_ARRAY(e->arena, Diags, shapes.count + 1);
	VEC(FeSlot) states = {0};
	for (uint32_t k = 0; k < shapes.count; k++) {
		RuleShape *shape = &shapes.data[k];
		DiagMark mark = diag_mark(e->session);
		r->shape = shape;
		o->states.count = o->state_each.count = 0;
		rule_build_init(r);
		rule_build_step(r);
		wrong[k] = diag_take_back(e->session, mark);
		shape->init = o->init;
		shape->step = o->step;
		shape->first_state = states.count;
		shape->states = o->states.count;
		for (uint32_t i = 0; i < r->shared.count; i++)
			vec_push(e->arena, &shape->shared, r->shared.data[i]);
		for (uint32_t i = 0; i < o->states.count; i++) {
			FeSlot slot = o->states.data[i];
			if (shapes.count > 1)
				slot.name = session_name(e->session, arena_printf(e->arena, "%s%s", session_text(e->session, slot.name),
				                                                  shape_suffix(e->arena, shape->type)));
			vec_push(e->arena, &states, slot);
		}
	}
	r->shape = NULL;
	e->by_shape = false;
	bool is_wrong = say_wrong(r, shapes.data, wrong, shapes.count);
	o->states.count = o->state_each.count = 0;
	for (uint32_t i = 0; i < states.count; i++) {
		vec_push(e->arena, &o->states, states.data[i]);
		vec_push(e->arena, &o->state_each, false);
	}
	o->by_shape = true;
	o->elementwise = false;
	o->collectives = 0;
	if (!is_wrong)
		check_shared(r, &shapes);
	if (!e->lowering)
		return;
	join_init(r, &shapes);
	join_step(r, &shapes);
}
