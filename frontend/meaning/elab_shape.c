/* Functions on shapes: sizes, filled arrays, stacks, reshapes. */
#include "frontend/meaning/elab.h"

#include <string.h>

/* ---- stacks ---- */

static Value *zero_array(Elab *e, Scalar scalar, int rank, const int64_t *dims, Span span) {
	Value *v = value_array(e, scalar, rank, dims, span);
	v->body = scalar == S_REAL ? ex_real(e, 0) : ex_int(e, 0);
	return v;
}

Value *elab_make_stack(Elab *e, Value **parts, uint32_t count, const AstExpr *x) {
	for (uint32_t i = 0; i < count; i++) {
		if (value_is_bad(parts[i]))
			return parts[i];
		if (parts[i]->kind != VALUE_ARRAY) {
			diag_error(e->session, 219, x->span, "%s cannot stand in an array", value_type_text(e, parts[i]));
			return value_bad(e);
		}
		if (value_same_shape(parts[0], parts[i]))
			continue;
		Diag *diag = diag_error(e->session, 229, x->span, "the elements of an array have one shape");
		const AstExpr *a = x->kind == AST_ARRAY ? x->elements.data[0] : x->call.args.data[0].value;
		const AstExpr *b = x->kind == AST_ARRAY ? x->elements.data[i] : x->call.args.data[i].value;
		diag_label(e->session, diag, a->span, "%s", value_dims_text(e, parts[0]->dims, parts[0]->rank));
		diag_label(e->session, diag, b->span, "%s", value_dims_text(e, parts[i]->dims, parts[i]->rank));
		diag_help(e->session, diag, "`concat` joins arrays end to end");
		return value_bad(e);
	}
	if (count == 0 || parts[0]->rank == IR_USER_RANK) {
		if (count == 0)
			diag_error(e->session, 229, x->span, "an array needs elements");
		else
			diag_error(e->session, 208, x->span, "an array has at most %d axes", IR_USER_RANK);
		return value_bad(e);
	}
	Scalar s;
	elab_unify(e, parts, count, &s);
	int64_t dims[IR_MAX_RANK] = {count};
	memcpy(dims + 1, parts[0]->dims, sizeof(int64_t) * (size_t)parts[0]->rank);
	Value *v = value_array(e, s, parts[0]->rank + 1, dims, x->span);
	for (uint32_t i = 0; i < count; i++)
		vec_push(e->arena, &v->parts, value_convert(e, parts[i], s));
	e->builder->span = x->span;
	return v;
}

/* All axes but the first agree, and the first is known; false with a diagnostic. *total: its extent in all. */
static bool fits_end_to_end(Elab *e, Value **args, const AstExpr *x, int64_t *total) {
	for (uint32_t i = 0; i < x->call.args.count; i++) {
		const Value *a = args[i];
		bool fits = a->rank == args[0]->rank && a->rank > 0;
		for (int k = 1; k < a->rank && fits; k++)
			fits = a->dims[k] == args[0]->dims[k];
		if (!fits) {
			Diag *diag =
				diag_error(e->session, 228, x->span, "`concat` joins arrays that agree in all axes but the first");
			diag_label(e->session, diag, x->call.args.data[0].value->span, "%s",
			           value_dims_text(e, args[0]->dims, args[0]->rank));
			diag_label(e->session, diag, x->call.args.data[i].value->span, "%s", value_dims_text(e, a->dims, a->rank));
			if (a->rank == 0 || args[0]->rank == 0)
				diag_help(e->session, diag, "a number becomes an array of one element in brackets: `[a]`");
			return false;
		}
		if (a->dims[0] == DIM_X && (e->n < 0 || e->tensor)) {
			diag_error(e->session, 265, x->call.args.data[i].value->span, "the size of this array is not known here");
			return false;
		}
		e->coupled = e->coupled || a->dims[0] == DIM_X;
		*total += emit_dim(e, a->dims[0]);
	}
	return true;
}

/* Few parts of stacks are one stack; NULL: they are many, or something else. */
static Value *join_stacks(Elab *e, Value **args, const AstExpr *x, int64_t total) {
	uint32_t count = x->call.args.count, n = 0;
	bool stacks = total <= ELAB_MOST_PARTS;
	for (uint32_t i = 0; i < count; i++)
		stacks = stacks && args[i]->parts.count;
	if (!stacks)
		return NULL;
	Value **parts = ARENA_ARRAY(e->arena, Value *, total);
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < args[i]->parts.count; k++)
			parts[n++] = args[i]->parts.data[k];
	return elab_make_stack(e, parts, n, x);
}

/* Zeros, then every piece added into its place: the adjoint of `sum into` costs nothing. */
static Value *join_arrays(Elab *e, Value **args, const AstExpr *x, Scalar s, int64_t total) {
	uint32_t count = x->call.args.count;
	int64_t dims[IR_MAX_RANK];
	int rank = args[0]->rank;
	memcpy(dims, args[0]->dims, sizeof dims);
	dims[0] = total;
	Value *zero = zero_array(e, s, rank, dims, x->span);
	Ex all = {0};
	Var **own = ARENA_ARRAY(e->arena, Var *, count * (uint32_t)rank + 1), *outer[IR_MAX_RANK];
	uint32_t own_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		all.free = ex_vars_union(e, all.free, value_body(e, args[i])->free);
		for (int k = 0; k < rank; k++)
			own[own_count++] = args[i]->vars[k];
	}
	uint32_t outer_count = emit_outer_vars(e, &all, own, own_count, rank, outer);
	IrValue into = emit_whole(e, zero, outer, outer_count, 0, x->span);
	IrType type = ir_type(e->builder->func, into);
	int64_t offset = 0;
	for (uint32_t i = 0; i < count; i++) {
		Emit m = emit_begin(e, x->span);
		IrAt at[IR_MAX_RANK];
		for (uint32_t o = 0; o < outer_count; o++)
			emit_var(e, &m, outer[o]);
		for (int k = 0; k < rank; k++)
			emit_var(e, &m, args[i]->vars[k]);
		for (uint32_t k = 0; k < m.count; k++)
			at[k] = ir_at_index(e->module, k, 1);
		at[outer_count] = ir_at_add(e->module, at[outer_count], ir_at_const(offset));
		uint32_t node = emit_ex(e, &m, value_ex(e, args[i], value_ir_scalar(e, s)));
		into = emit_put(e, &m, IR_PUT_SUM, node, type, at, into, false);
		offset += emit_dim(e, args[i]->dims[0]);
	}
	Ex *at[IR_MAX_RANK];
	for (uint32_t o = 0; o < outer_count; o++)
		at[o] = ex_var(e, outer[o]);
	for (int k = 0; k < rank; k++)
		at[outer_count + (uint32_t)k] = ex_var(e, zero->vars[k]);
	zero->body = ex_read(e, into, at, outer_count + (uint32_t)rank, false);
	return zero;
}

Value *elab_call_concat(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b;
	Scalar s;
	int64_t total = 0;
	elab_unify(e, args, x->call.args.count, &s);
	if (s == S_LITERAL)
		s = S_REAL;
	for (uint32_t i = 0; i < x->call.args.count; i++) {
		args[i] = elab_by_axes(e, args[i], x->call.args.data[i].value->span);
		if (value_is_bad(args[i]))
			return args[i];
	}
	if (!fits_end_to_end(e, args, x, &total))
		return value_bad(e);
	if (s == S_BOOL) {
		diag_error(e->session, 210, x->span, "`concat` joins numbers");
		return value_bad(e);
	}
	Value *stack = join_stacks(e, args, x, total);
	return stack ? stack : join_arrays(e, args, x, s, total);
}

/* ---- sizes ---- */

static Value *size_of_x(Elab *e) {
	Ex *body;
	if (e->tensor) {
		Ex *at = ex_var(e, e->tensor);
		body = ex_read(e, e->sizes, &at, 1, false);
		body->low = 1;
		body->high = EX_MOST_ELEMENTS;
	} else
		body = ex_dim(e);
	Value *v = value_scalar(e, S_INT, body);
	v->is_size_x = true;
	return v;
}

Value *elab_call_size(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b, (void)args;
	const AstExpr *arg = x->call.args.data[0].value;
	Var *coord = e->coord;
	e->coord = NULL; /* x itself, also inside `each` */
	Value *v = elab_expr(e, arg);
	e->coord = coord;
	if (value_is_bad(v) || v->kind != VALUE_ARRAY)
		return value_bad(e);
	if (x->call.args.count == 2) {
		int64_t axis;
		if (!elab_static_int(e, x->call.args.data[1].value, "an axis", &axis))
			return value_bad(e);
		if (elab_is_like_x(v) && !elab_knows_axes(e, x->span))
			return value_bad(e);
		int64_t dims[IR_MAX_RANK];
		memcpy(dims, v->dims, sizeof dims);
		int rank = elab_unfolded_dims(e, dims, v->rank);
		if (axis < 0 || axis >= rank) {
			if (!proof_never_here(e))
				diag_error(e->session, 208, x->call.args.data[1].value->span, "axis %lld of %s", (long long)axis,
				           value_type_text(e, elab_unfolded(e, v)));
			return value_bad(e);
		}
		return dims[axis] == DIM_X ? size_of_x(e) : value_int(e, dims[axis]);
	}
	int64_t count = 1;
	bool like_x = false;
	for (int i = 0; i < v->rank; i++)
		if (v->dims[i] == DIM_X)
			like_x = true;
		else
			count *= v->dims[i];
	if (!like_x)
		return value_int(e, count);
	Value *n = size_of_x(e);
	if (count != 1) {
		n->body = ex_op(e, IR_mul, n->body, ex_int(e, count), NULL);
		n->is_size_x = false;
	}
	return n;
}

/* ---- reshape, transpose, flip, cumsum ---- */

/* All elements in one row, of `count`. An array of several axes is computed: one op over the old axes that writes to an affine place. */
static Value *flatten(Elab *e, Value *v, int64_t count, Span span) {
	Value *flat = value_array(e, v->scalar, 1, &count, span);
	if (v->rank == 1) {
		Ex *at = ex_var(e, flat->vars[0]);
		flat->body = value_at(e, v, &at);
		return flat;
	}
	Ex *body = value_body(e, v);
	Var *outer[IR_MAX_RANK];
	uint32_t outer_count = emit_outer_vars(e, body, v->vars, (uint32_t)v->rank, 1, outer);
	Emit m = emit_begin(e, span);
	IrType type = {.scalar = body->type};
	IrAt at[IR_MAX_RANK];
	Ex *back[IR_MAX_RANK];
	for (uint32_t o = 0; o < outer_count; o++) {
		emit_var(e, &m, outer[o]);
		at[o] = ir_at_index(e->module, o, 1);
		back[o] = ex_var(e, outer[o]);
		type.dims[type.rank++] = outer[o]->tensor ? e->tensors : emit_dim(e, outer[o]->extent);
	}
	at[outer_count] = emit_place(e, &m, v);
	back[outer_count] = ex_var(e, flat->vars[0]);
	type.dims[type.rank++] = count;
	uint32_t node = emit_ex(e, &m, body);
	IrValue out = emit_put(e, &m, IR_PUT_NONE, node, type, at, 0, false);
	flat->body = ex_read(e, out, back, type.rank, false);
	return flat;
}

static int64_t element_count(const Elab *e, const int64_t *dims, int rank) {
	int64_t count = 1;
	for (int i = 0; i < rank; i++)
		count *= emit_dim(e, dims[i]);
	return count;
}

Value *elab_reshape(Elab *e, Value *v, int rank, const int64_t *dims, Span span) {
	int64_t before = element_count(e, v->dims, v->rank), after = element_count(e, dims, rank);
	if (before < 0 || before != after) {
		diag_error(e->session, 227, span, "%s has %lld elements, but %s has %lld", value_dims_text(e, v->dims, v->rank),
		           (long long)before, value_dims_text(e, dims, rank), (long long)after);
		return value_bad(e);
	}
	Value *flat = flatten(e, value_reusable(e, v, 0, span), before, span);
	if (rank == 1) {
		flat->dims[0] = dims[0];
		return flat;
	}
	Value *r = value_array(e, v->scalar, rank, dims, span);
	Ex *place = value_place(e, r);
	r->body = value_at(e, flat, &place);
	return r;
}

Value *elab_call_transpose(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b;
	Value *v = elab_by_axes(e, args[0], x->span);
	if (value_is_bad(v))
		return v;
	Value *t = ARENA_NEW(e->arena, Value);
	*t = *v;
	t->body = value_body(e, v);
	t->parts.count = 0;
	for (int i = 0; i < v->rank; i++) {
		t->dims[i] = v->dims[v->rank - 1 - i];
		t->vars[i] = v->vars[v->rank - 1 - i];
	}
	return t;
}

/* What runs along the first axis needs one of known extent. */
static bool has_first_axis(Elab *e, const Builtin *b, const Value *v, Span span) {
	if (value_is_bad(v) || (v->rank && v->dims[0] != DIM_X))
		return !value_is_bad(v);
	bool joint = v->rank && !e->tensor; /* whose coordinates have an order */
	if (joint && e->n >= 0) {
		e->coupled = true;
		return true;
	}
	if (joint)
		diag_error(e->session, 265, span, "the size of x is not known here, so `%s` has nothing to go along", b->name);
	else
		diag_error(e->session, 208, span, "`%s` needs an array whose first extent is known", b->name);
	return false;
}

Value *elab_call_flip(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	Value *v = elab_along_axes(e, args[0], x->span);
	if (!has_first_axis(e, b, v, x->span))
		return value_bad(e);
	Value *f = value_array(e, v->scalar, v->rank, v->dims, x->span);
	Ex *at[IR_MAX_RANK];
	for (int i = 0; i < v->rank; i++)
		at[i] = ex_var(e, f->vars[i]);
	at[0] = ex_op(e, IR_sub, ex_int(e, emit_dim(e, v->dims[0]) - 1), at[0], NULL);
	f->body = value_at(e, v, at);
	return f;
}

/* Elements so far, along the first axis: c[i] combines v[j], or what is made of it, for j <= i. */
typedef struct SoFar {
	Value *c;
	Var *j;
	Ex *term; /* v[j] */
} SoFar;

static SoFar begin_so_far(Elab *e, Value *v, Span span) {
	SoFar s = {.c = value_array(e, v->scalar, v->rank, v->dims, span)};
	s.j = ex_var_new(e, session_name(e->session, "j"), v->dims[0], span);
	Ex *at[IR_MAX_RANK];
	at[0] = ex_var(e, s.j);
	for (int i = 1; i < v->rank; i++)
		at[i] = ex_var(e, s.c->vars[i]);
	s.term = value_at(e, v, at);
	return s;
}

static Value *combined(Elab *e, const SoFar *s, IrCombine combine, Ex *term, Span span) {
	Ex *cond = ex_op(e, IR_sub, ex_var(e, s->c->vars[0]), ex_var(e, s->j), NULL);
	Var *j = s->j;
	return emit_reduce(e, combine, s->c, term, &j, 1, &cond, 1, span);
}

Value *elab_call_cumsum(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	Span span = x->span;
	Value *v = elab_along_axes(e, args[0], span);
	if (!has_first_axis(e, b, v, span))
		return value_bad(e);
	Scalar to = v->scalar == S_LITERAL ? S_REAL : v->scalar == S_BOOL ? S_INT : v->scalar;
	v = value_reusable(e, value_convert(e, v, to), 0, span);
	SoFar s = begin_so_far(e, v, span);
	Value *sums = combined(e, &s, IR_PUT_SUM, s.term, span);
	if (v->scalar == S_INT && !ex_whole_sum_fits(s.term, (double)emit_dim(e, v->dims[0]))) {
		Ex *size = combined(e, &s, IR_PUT_SUM, ex_whole_size(e, IR_PUT_SUM, s.term), span)->body;
		sums->body = ex_whole_if_small(e, size, sums->body);
	}
	return sums;
}

Value *elab_call_cumprod(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	Value *v = elab_along_axes(e, args[0], x->span);
	if (!has_first_axis(e, b, v, x->span))
		return value_bad(e);
	v = value_reusable(e, value_convert(e, v, S_REAL), 0, x->span);
	SoFar s = begin_so_far(e, v, x->span);
	return combined(e, &s, IR_PUT_PROD, s.term, x->span);
}

/* ---- lengths, products of vectors ---- */

/* norm and rms as s sqrt(sum (a / s)^2), with s a power of two close to the largest |a|: squares neither overflow nor
 * vanish, no digit changes otherwise, and s is a constant to the differentiator. The derivative of sqrt is 0 at 0, and so
 * is that of the norm. */
static Value *root_of_squares(Elab *e, AstReduction mean_or_sum, Value *v, const AstExpr *x) {
	Span span = x->span;
	v = value_reusable(e, value_convert(e, v, S_REAL), 0, x->call.args.data[0].value->span);
	Value *size = elab_apply(e, IR_abs, S_REAL, S_REAL, &v, 1, span, NULL);
	Value *largest = elab_reduce_all(e, AST_REDUCE_MAX, size, span);
	if (value_is_bad(largest))
		return largest;
	Value *scale = elab_apply(e, IR_binade, S_REAL, S_REAL, &largest, 1, span, NULL);
	scale = value_reusable(e, scale, 0, span);
	Value *inverse = elab_apply(e, IR_div, S_REAL, S_REAL, (Value *[]){value_real(e, 1), scale}, 2, span, NULL);
	inverse = value_reusable(e, inverse, 0, span);
	Value *scaled = elab_apply(e, IR_scaled, S_REAL, S_REAL, (Value *[]){v, inverse}, 2, span, NULL);
	Value *square = elab_apply(e, IR_mul, S_REAL, S_REAL, (Value *[]){scaled, scaled}, 2, span, NULL);
	Value *r = elab_reduce_all(e, mean_or_sum, square, span);
	Value *root = elab_apply(e, IR_sqrt, S_REAL, S_REAL, &r, 1, span, NULL);
	return elab_apply(e, IR_mul, S_REAL, S_REAL, (Value *[]){root, scale}, 2, span, NULL);
}

Value *elab_call_norm(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b;
	return root_of_squares(e, AST_REDUCE_SUM, args[0], x);
}

Value *elab_call_rms(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b;
	return root_of_squares(e, AST_REDUCE_MEAN, args[0], x);
}

Value *elab_call_dot(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b;
	Value *product = elab_apply(e, IR_mul, S_REAL, S_REAL, args, 2, x->span, x);
	return value_is_bad(product) ? product : elab_reduce_sum(e, product, x->span);
}

/* ---- filled arrays ---- */

/* The arguments from number `first` on, as extents; shape(a) stands for all of a. */
static bool extents(Elab *e, const AstExpr *x, uint32_t first, int64_t *dims, int *rank) {
	*rank = 0;
	for (uint32_t i = first; i < x->call.args.count; i++) {
		int64_t more[IR_MAX_RANK];
		int count = 1;
		const AstExpr *arg = x->call.args.data[i].value;
		if (elab_is_shape(e, arg) ? !elab_shape_of(e, arg, more, &count) : !elab_dimension(e, arg, more))
			return false;
		if (*rank + count > IR_USER_RANK) {
			diag_error(e->session, 208, x->span, "an array has at most %d axes", IR_USER_RANK);
			return false;
		}
		memcpy(dims + *rank, more, sizeof *dims * (size_t)count);
		*rank += count;
	}
	return true;
}

static Value *filled(Elab *e, double number, const AstExpr *x) {
	int64_t dims[IR_MAX_RANK];
	int rank;
	if (!extents(e, x, 0, dims, &rank) || !elab_fits(e, x->span, dims, rank))
		return value_bad(e);
	Value *v = value_array(e, S_REAL, rank, dims, x->span);
	v->body = ex_real(e, number);
	return v;
}

Value *elab_call_zeros(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b, (void)args;
	return filled(e, 0, x);
}

Value *elab_call_ones(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b, (void)args;
	return filled(e, 1, x);
}

/* shape(a) may be several. */
static bool one_extent(Elab *e, const AstExpr *x, int rank) {
	bool one = rank == 1 && !elab_is_shape(e, x->call.args.data[0].value);
	if (!one)
		diag_error(e->session, 208, x->span, "one extent was expected, not a shape");
	return one;
}

Value *elab_call_eye(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b, (void)args;
	int64_t dims[IR_MAX_RANK];
	int rank;
	if (!extents(e, x, 0, dims, &rank) || !one_extent(e, x, rank))
		return value_bad(e);
	dims[1] = dims[0];
	if (!elab_fits(e, x->span, dims, 2))
		return value_bad(e);
	Value *v = value_array(e, S_REAL, 2, dims, x->span);
	v->body = ex_op(e, IR_where, ex_op(e, IR_eq, ex_var(e, v->vars[0]), ex_var(e, v->vars[1]), NULL), ex_real(e, 1),
	                ex_real(e, 0));
	return v;
}

Value *elab_call_iota(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b, (void)args;
	int64_t dims[IR_MAX_RANK];
	int rank;
	if (!extents(e, x, 0, dims, &rank) || !one_extent(e, x, rank) || !elab_fits(e, x->span, dims, 1))
		return value_bad(e);
	Value *v = value_array(e, S_INT, 1, dims, x->span);
	v->body = ex_var(e, v->vars[0]);
	return v;
}

/* ---- the others ---- */

Value *elab_call_reshape(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b;
	int64_t dims[IR_MAX_RANK];
	int rank;
	Value *v = args[0];
	if (v->rank == 1 && elab_is_like_x(v) && !elab_knows_axes(e, x->span))
		return value_bad(e);
	if (!extents(e, x, 1, dims, &rank))
		return value_bad(e);
	return elab_reshape(e, v->rank == 1 ? v : elab_unfolded(e, v), rank, dims, x->span);
}

Value *elab_call_stack(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b;
	return elab_make_stack(e, args, x->call.args.count, x);
}

Value *elab_call_like(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b;
	if (args[0]->rank) {
		diag_error(e->session, 214, x->span, "`like(e, x)` repeats one number in the shape of x");
		return value_bad(e);
	}
	return elab_broadcast(e, args[0], args[1]);
}
