/* What follows from the order of numbers: sort, argsort, the median, quantiles. The order is a call of calls.def that gives whole
 * numbers; what is sorted is read by them, so that derivatives go back to where each number stood. */
#include "frontend/meaning/reduce.h"

#include <math.h>

/* The places of a vector's elements in order. Whole numbers are compared as f64. */
static Value *order_of(Elab *e, Value *v, Span span) {
	Ex *body = value_body(e, v);
	Value *keys = elab_with_body(e, v, S_REAL, v->scalar == S_REAL ? body : ex_convert(e, body, IR_F64));
	Var *outer[IR_MAX_RANK];
	uint32_t count = emit_outer_vars(e, keys->body, v->vars, 1, 1, outer);
	IrValue given = emit_whole(e, keys, outer, count, 0, span), order;
	emit_call(e, IR_CALL_order, &given, &order, span);
	Value *places = value_from_whole(e, order, S_INT, 1, v->dims, outer, count);
	places->body->low = 0;
	if (v->dims[0] != DIM_X)
		places->body->high = v->dims[0] - 1;
	return places;
}

static Value *sorted(Elab *e, Value *v, Span span) {
	v = value_reusable(e, v, 0, span);
	Value *places = order_of(e, v, span);
	return elab_with_body(e, places, v->scalar, value_at(e, v, &places->body));
}

/* How many elements a vector has. */
static Ex *size_of(Elab *e, const Value *v) {
	return v->dims[0] == DIM_X ? ex_dim(e) : ex_int(e, v->dims[0]);
}

/* Whether coordinates of x can be put in order; false with a diagnostic. Of several tensors, one after the other can. */
static bool has_order(Elab *e, bool over_x, Span span) {
	e->coupled = e->coupled || over_x;
	return !over_x || !e->tensor || elab_knows_axes(e, span);
}

/* A vector of numbers; NULL with a diagnostic. */
static Value *numbers(Elab *e, const Builtin *b, Value *v, const AstExpr *x) {
	v = elab_vector(e, b, v, x);
	if (v && !has_order(e, value_x_axis(v) >= 0, x->span))
		return NULL;
	if (v && v->scalar == S_BOOL)
		return value_convert(e, v, S_INT);
	return v && v->scalar == S_LITERAL ? value_convert(e, v, S_REAL) : v;
}

Value *elab_call_sort(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	Value *v = numbers(e, b, args[0], x);
	return v ? sorted(e, v, x->span) : value_bad(e);
}

Value *elab_call_argsort(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	Value *v = numbers(e, b, args[0], x);
	return v ? order_of(e, v, x->span) : value_bad(e);
}

/* ---- the middle ---- */

static Ex *element(Elab *e, Value *v, Ex *place) {
	return value_at(e, v, &place);
}

/* (a + b) / 2, and a where both are one element */
static Ex *between(Elab *e, Value *sorted, Ex *low, Ex *high) {
	Ex *a = element(e, sorted, low);
	if (ex_same(low, high))
		return a;
	Ex *b = element(e, sorted, high), *half = ex_real(e, 0.5);
	Ex *mean = ex_op(e, IR_add, ex_op(e, IR_mul, half, a, NULL), ex_op(e, IR_mul, half, b, NULL), NULL);
	return ex_op(e, IR_where, ex_op(e, IR_eq, low, high, NULL), a, mean);
}

/* All points of the domain as one vector; those that its conditions leave out are at the end, as infinities. NULL with a
 * diagnostic. */
static Value *vector_of_points(Elab *e, const Domain *d, Ex *body, Span span) {
	Value points = {.kind = VALUE_ARRAY, .scalar = S_REAL, .body = body};
	int64_t count = 1;
	for (uint32_t i = 0; i < d->count; i++) {
		Var *var = d->vars[i];
		if (!has_order(e, var->coord, span))
			return NULL;
		count *= var->extent == DIM_X ? 1 : var->extent;
		points.vars[points.rank] = var;
		points.dims[points.rank++] = var->extent;
	}
	if (points.rank > IR_USER_RANK) {
		diag_error(e->session, 208, span, "a median reaches over at most %d indices", IR_USER_RANK);
		return NULL;
	}
	Ex *outside = ex_real(e, INFINITY);
	for (uint32_t i = 0; i < d->conds.count; i++)
		points.body = ex_op(e, IR_where, ex_plain(e, IR_ge, d->conds.data[i], ex_int(e, 0)), points.body, outside);
	if (d->filter)
		points.body = ex_op(e, IR_where, d->filter, points.body, outside);
	Value *all = arena_copy(e->arena, &points, sizeof points);
	if (points.rank == 1)
		return all;
	return elab_reshape(e, all, 1, &count, span);
}

Value *elab_median(Elab *e, const Domain *d, Value *shape, Ex *body, Span span) {
	Value *points = vector_of_points(e, d, body, span);
	if (!points || value_is_bad(points))
		return value_bad(e);
	Value *order = value_materialize(e, sorted(e, points, span), 0, span);
	Ex *count = elab_point_count(e, d, shape, span), *one = ex_int(e, 1), *two = ex_int(e, 2);
	count = ex_op(e, IR_to_int, count, NULL, NULL);
	Ex *low = ex_op(e, IR_idiv, ex_op(e, IR_sub, count, one, NULL), two, NULL);
	Ex *high = ex_op(e, IR_idiv, count, two, NULL);
	Ex *none = ex_real(e, NAN);
	if (d->conds.count || d->filter) { /* there may be no points */
		Ex *last = ex_op(e, IR_sub, size_of(e, order), one, NULL);
		low = ex_op(e, IR_max, ex_op(e, IR_min, low, last, NULL), ex_int(e, 0), NULL);
		high = ex_op(e, IR_min, high, last, NULL);
	}
	Ex *middle = between(e, order, low, high);
	Ex *largest = elab_reduce_plain(e, IR_PUT_MAX, d, shape, body, ex_real(e, -INFINITY), span)->body;
	largest = ex_op(e, IR_stop_gradient, largest, NULL, NULL);
	Ex *fine =
		ex_op(e, IR_and, ex_op(e, IR_eq, largest, largest, NULL), ex_op(e, IR_gt, count, ex_int(e, 0), NULL), NULL);
	return elab_with_body(e, shape, S_REAL, ex_op(e, IR_where, fine, middle, none));
}

/* ---- quantiles ---- */

/* a + t (b - a), from the end that is nearer, so that it passes neither; in the middle the mean that the median is. */
static Ex *on_line(Elab *e, Ex *a, Ex *b, Ex *t) {
	Ex *half = ex_real(e, 0.5), *difference = ex_op(e, IR_sub, b, a, NULL);
	Ex *rest = ex_op(e, IR_sub, ex_real(e, 1), t, NULL);
	Ex *from_a = ex_op(e, IR_add, a, ex_op(e, IR_mul, t, difference, NULL), NULL);
	Ex *from_b = ex_op(e, IR_sub, b, ex_op(e, IR_mul, rest, difference, NULL), NULL);
	Ex *near = ex_op(e, IR_where, ex_op(e, IR_lt, t, half, NULL), from_a, from_b);
	near = ex_op(e, IR_where, ex_op(e, IR_eq, t, half, NULL), ex_blend(e, a, b, t), near);
	return ex_on_line(e, a, b, t, near);
}

/* On the line between the elements at floor(h) and behind it, h = q (n - 1). */
Value *elab_call_quantile(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	Value *v = numbers(e, b, args[0], x);
	if (!v)
		return value_bad(e);
	if (args[1]->rank) {
		diag_error(e->session, 214, x->call.args.data[1].value->span, "one number was expected, not %s",
		           value_type_text(e, args[1]));
		return value_bad(e);
	}
	double known;
	if (value_known_real(args[1], &known) && !(known >= 0 && known <= 1)) {
		Diag *diag =
			diag_error(e->session, 253, x->call.args.data[1].value->span, "a share of %g is not from 0 to 1", known);
		diag_help(e->session, diag, "the median is at 0.5, the largest element at 1");
		return value_bad(e);
	}
	v = value_materialize(e, sorted(e, value_convert(e, v, S_REAL), x->span), 0, x->span);
	Ex *zero = ex_int(e, 0), *last = ex_op(e, IR_sub, size_of(e, v), ex_int(e, 1), NULL);
	Ex *q = ex_convert(e, value_body(e, args[1]), e->real);
	Ex *h = ex_op(e, IR_mul, q, ex_convert(e, last, e->real), NULL);
	Ex *below = ex_op(e, IR_floor, h, NULL, NULL), *part = ex_op(e, IR_sub, h, below, NULL);
	Ex *low = ex_op(e, IR_to_int, below, NULL, NULL);
	low = ex_op(e, IR_max, zero, ex_op(e, IR_min, low, last, NULL), NULL);
	Ex *high = ex_op(e, IR_min, ex_op(e, IR_add, low, ex_int(e, 1), NULL), last, NULL);
	Ex *a = element(e, v, low), *c = element(e, v, high);
	/* Where the size of x is open, nothing says here that there is a last one. */
	Ex *end = ex_substitute(e, value_body(e, v), v->vars, &last, 1, true);
	Ex *on = on_line(e, a, c, part);
	Ex *fine = ex_op(e, IR_and, ex_op(e, IR_ge, q, ex_real(e, 0), NULL), ex_op(e, IR_le, q, ex_real(e, 1), NULL), NULL);
	fine = ex_op(e, IR_and, fine, ex_op(e, IR_eq, end, end, NULL), NULL);
	return value_scalar(e, S_REAL, ex_op(e, IR_where, fine, on, ex_real(e, NAN)));
}
