/* Linear algebra: what calls.def computes, as functions of the language, and those that are plain index expressions. A matrix under
 * indices of the notation is one for each of them: these become axes in front. */
#include <math.h>

#include "frontend/meaning/elab.h"

/* ---- what the arguments have to be ---- */

static const AstExpr *argument(const AstExpr *x, uint32_t number) {
	return x->call.args.data[number].value;
}

/* Coordinates of x as an axis: they are one vector; of several tensors, one after the other. */
static bool is_vector_of_x(Elab *e, const Value *v, Span span) {
	if (value_x_axis(v) < 0)
		return true;
	e->coupled = true;
	return !e->tensor || elab_knows_axes(e, span);
}

/* A matrix of as many rows as columns, as reals; NULL with a diagnostic. */
static Value *square(Elab *e, const Builtin *b, Value *v, const AstExpr *at) {
	if (v->rank == 1)
		v = elab_by_axes(e, v, at->span); /* what is like x, with its axes */
	if (value_is_bad(v))
		return NULL;
	if (v->rank == 2 && v->dims[0] == v->dims[1])
		return is_vector_of_x(e, v, at->span) ? value_convert(e, v, S_REAL) : NULL;
	Diag *diag = diag_error(e->session, 285, at->span, "`%s` needs a matrix with as many rows as columns, not %s",
	                        b->name, value_type_text(e, v));
	if (v->rank == 2 && v->dims[0] != v->dims[1])
		diag_help(e->session, diag, "`A @ transpose(A)` and `transpose(A) @ A` are square");
	return NULL;
}

/* One right-hand side or several, with as many rows as `matrix`; NULL with a diagnostic. */
static Value *right_side(Elab *e, const Builtin *b, const Value *matrix, Value *v, const AstExpr *x) {
	if (matrix->dims[0] != DIM_X)
		v = elab_by_axes(e, v, argument(x, 1)->span);
	if (value_is_bad(v))
		return NULL;
	if (v->rank < 1 || v->rank > 2 || v->dims[0] != matrix->dims[0]) {
		Diag *diag = diag_error(e->session, 285, argument(x, 1)->span,
		                        "`%s` needs a vector or matrix with as many rows as the matrix before it, not %s",
		                        b->name, value_type_text(e, v));
		diag_label(e->session, diag, argument(x, 0)->span, "%s", value_dims_text(e, matrix->dims, matrix->rank));
		return NULL;
	}
	return value_convert(e, v, S_REAL);
}

/* A vector as a matrix of one column. */
static Value *column(Elab *e, Value *v, Span span) {
	int64_t dims[2] = {v->dims[0], 1};
	Value *matrix = value_array(e, S_REAL, 2, dims, span);
	Ex *row = ex_var(e, matrix->vars[0]);
	matrix->body = value_at(e, v, &row);
	return matrix;
}

/* Column 0 of a matrix, as a vector. */
static Value *first_column(Elab *e, Value *v, Span span) {
	Value *first = value_array(e, S_REAL, 1, v->dims, span);
	Ex *at[2] = {ex_var(e, first->vars[0]), ex_int(e, 0)};
	first->body = value_at(e, v, at);
	return first;
}

/* ---- calls ---- */

/* Matrices of the program as values of the IR, with the same indices in front. */
typedef struct Matrices {
	Elab *e;
	Span span;
	Var *outer[IR_MAX_RANK];
	uint32_t outer_count;
} Matrices;

static Matrices matrices(Elab *e, Value *const *values, uint32_t count, Span span) {
	Matrices m = {.e = e, .span = span};
	const VarSet *free = NULL;
	Var *own[2 * IR_MAX_ARGS];
	uint32_t own_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		free = ex_vars_union(e, free, value_body(e, values[i])->free);
		for (int k = 0; k < values[i]->rank; k++)
			own[own_count++] = values[i]->vars[k];
	}
	const Ex all = {.free = free};
	m.outer_count = emit_outer_vars(e, &all, own, own_count, 2, m.outer);
	return m;
}

static IrValue whole(const Matrices *m, Value *v) {
	return emit_whole(m->e, v, m->outer, m->outer_count, 0, m->span);
}

/* A result of a call, as a value of the program. */
static Value *result(const Matrices *m, IrValue value, int rank, const int64_t *dims) {
	return value_from_whole(m->e, value, S_REAL, rank, dims, m->outer, m->outer_count);
}

Value *elab_call_cholesky(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	Value *a = square(e, b, args[0], argument(x, 0));
	if (!a)
		return value_bad(e);
	const Matrices m = matrices(e, &a, 1, x->span);
	IrValue given = whole(&m, a), l;
	emit_call(e, IR_CALL_cholesky, &given, &l, x->span);
	return result(&m, l, 2, a->dims);
}

static Value *triangular(Elab *e, const Builtin *b, IrCallee callee, Value **args, const AstExpr *x) {
	Value *l = square(e, b, args[0], argument(x, 0));
	Value *right = l ? right_side(e, b, l, args[1], x) : NULL;
	if (!right)
		return value_bad(e);
	bool one = right->rank == 1;
	Value *both[2] = {l, one ? column(e, right, x->span) : right};
	const Matrices m = matrices(e, both, 2, x->span);
	IrValue given[2] = {whole(&m, l), whole(&m, both[1])}, out;
	emit_call(e, callee, given, &out, x->span);
	Value *solution = result(&m, out, 2, both[1]->dims);
	return one ? first_column(e, solution, x->span) : solution;
}

Value *elab_call_triangular_solve(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	return triangular(e, b, IR_CALL_solve_lower, args, x);
}

Value *elab_call_triangular_solve_transposed(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	return triangular(e, b, IR_CALL_solve_lower_transposed, args, x);
}

/* A X = B by the factors of A. */
static Value *solved(Elab *e, Value *a, Value *right, Span span) {
	Value *both[2] = {a, right};
	const Matrices m = matrices(e, both, 2, span);
	IrValue given[4] = {whole(&m, a)}, factors[IR_CALL_RESULTS], out;
	emit_call(e, IR_CALL_lu, given, factors, span);
	given[1] = factors[0];
	given[2] = factors[1];
	given[3] = whole(&m, right);
	emit_call(e, IR_CALL_lu_solve, given, &out, span);
	return result(&m, out, 2, right->dims);
}

Value *elab_call_solve(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	Value *a = square(e, b, args[0], argument(x, 0));
	Value *right = a ? right_side(e, b, a, args[1], x) : NULL;
	if (!right)
		return value_bad(e);
	bool one = right->rank == 1;
	Value *solution = solved(e, a, one ? column(e, right, x->span) : right, x->span);
	return one ? first_column(e, solution, x->span) : solution;
}

Value *elab_call_inverse(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	Value *a = square(e, b, args[0], argument(x, 0));
	if (!a)
		return value_bad(e);
	Value *one = value_array(e, S_REAL, 2, a->dims, x->span);
	one->body = ex_op(e, IR_where, ex_op(e, IR_eq, ex_var(e, one->vars[0]), ex_var(e, one->vars[1]), NULL),
	                  ex_real(e, 1), ex_real(e, 0));
	return solved(e, a, one, x->span);
}

/* The diagonal of a square matrix. */
static Value *diagonal(Elab *e, Value *v, Span span) {
	Value *d = value_array(e, v->scalar, 1, v->dims, span);
	Ex *at[2] = {ex_var(e, d->vars[0]), ex_var(e, d->vars[0])};
	d->body = value_at(e, v, at);
	return d;
}

/* The pivots of the factors of a matrix, whose product is its determinant but for the sign. */
static Value *pivots(Elab *e, Value *a, Value **sign, Span span) {
	const Matrices m = matrices(e, &a, 1, span);
	IrValue given = whole(&m, a), factors[IR_CALL_RESULTS];
	emit_call(e, IR_CALL_lu, &given, factors, span);
	*sign = result(&m, factors[2], 0, NULL);
	return diagonal(e, result(&m, factors[0], 2, a->dims), span);
}

Value *elab_call_logdet(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	Value *a = square(e, b, args[0], argument(x, 0)), *sign;
	if (!a)
		return value_bad(e);
	Value *size = pivots(e, a, &sign, x->span);
	size = elab_apply(e, IR_abs, S_REAL, S_REAL, &size, 1, x->span, NULL);
	size = elab_apply(e, IR_log, S_REAL, S_REAL, &size, 1, x->span, NULL);
	return elab_reduce_sum(e, size, x->span);
}

static Value *apply1(Elab *e, IrOpcode opcode, Value *v, Span span) {
	return elab_apply(e, opcode, S_REAL, S_REAL, &v, 1, span, NULL);
}

static Value *apply2(Elab *e, IrOpcode opcode, Scalar from, Scalar to, Value *a, Value *b, Span span) {
	Value *both[2] = {a, b};
	return elab_apply(e, opcode, from, to, both, 2, span, NULL);
}

/* 0 < |v| < inf */
static Value *is_in_range(Elab *e, Value *v, Span span) {
	Value *size = apply1(e, IR_abs, v, span), *zero = value_scalar(e, S_REAL, ex_real(e, 0));
	Value *below = apply2(e, IR_lt, S_REAL, S_BOOL, size, value_scalar(e, S_REAL, ex_real(e, (double)INFINITY)), span);
	return apply2(e, IR_and, S_BOOL, S_BOOL, apply2(e, IR_lt, S_REAL, S_BOOL, zero, size, span), below, span);
}

/* Their product by their logarithms, where `product` has left the range of numbers on the way and this has not. */
static Value *product_in_range(Elab *e, Value *each, Value *product, const AstExpr *x) {
	Span span = x->span;
	Value *signs = elab_reduce_all(e, AST_REDUCE_PROD, apply1(e, IR_sign, each, span), span);
	Value *logs = elab_reduce_sum(e, apply1(e, IR_log, apply1(e, IR_abs, each, span), span), span);
	Value *other = apply2(e, IR_mul, S_REAL, S_REAL, signs, apply1(e, IR_exp, logs, span), span);
	Value *is_nan = apply2(e, IR_ne, S_REAL, S_BOOL, product, product, span), *left = is_in_range(e, product, span);
	Value *better = apply2(e, IR_or, S_BOOL, S_BOOL, is_in_range(e, other, span), is_nan, span);
	left = elab_apply(e, IR_not, S_BOOL, S_BOOL, &left, 1, span, NULL);
	return elab_select(e, apply2(e, IR_and, S_BOOL, S_BOOL, better, left, span), other, product, x);
}

/* The product of the pivots; of two, there is nothing on the way. */
Value *elab_call_det(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	Value *a = square(e, b, args[0], argument(x, 0)), *sign;
	if (!a)
		return value_bad(e);
	Value *each = pivots(e, a, &sign, x->span);
	Value *product = elab_reduce_all(e, AST_REDUCE_PROD, each, x->span);
	if (value_is_bad(product))
		return product;
	if (a->dims[0] < 0 || a->dims[0] > 2)
		product = product_in_range(e, each, product, x);
	return apply2(e, IR_mul, S_REAL, S_REAL, product, sign, x->span);
}

/* ---- index expressions ---- */

Value *elab_call_outer(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	Value *one[2];
	int64_t dims[2];
	for (uint32_t i = 0; i < 2; i++) {
		if (args[i]->rank != 1) {
			diag_error(e->session, 285, argument(x, i)->span, "`%s` needs vectors, not %s", b->name,
			           value_type_text(e, args[i]));
			return value_bad(e);
		}
		if (!is_vector_of_x(e, args[i], argument(x, i)->span))
			return value_bad(e);
		one[i] = value_reusable(e, value_convert(e, args[i], S_REAL), 0, argument(x, i)->span);
		dims[i] = args[i]->dims[0];
	}
	if (!elab_fits(e, x->span, dims, 2))
		return value_bad(e);
	Value *v = value_array(e, S_REAL, 2, dims, x->span);
	Ex *i = ex_var(e, v->vars[0]), *j = ex_var(e, v->vars[1]);
	v->body = ex_op(e, IR_mul, value_at(e, one[0], &i), value_at(e, one[1], &j), NULL);
	return v;
}

Value *elab_call_diag(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	if (args[0]->rank == 2) {
		Value *a = square(e, b, args[0], argument(x, 0));
		return a ? diagonal(e, a, x->span) : value_bad(e);
	}
	if (args[0]->rank != 1) {
		diag_error(e->session, 285, argument(x, 0)->span, "`%s` needs a vector or a square matrix, not %s", b->name,
		           value_type_text(e, args[0]));
		return value_bad(e);
	}
	int64_t dims[2] = {args[0]->dims[0], args[0]->dims[0]};
	if (!is_vector_of_x(e, args[0], argument(x, 0)->span) || !elab_fits(e, x->span, dims, 2))
		return value_bad(e);
	Value *on = value_reusable(e, value_convert(e, args[0], S_REAL), 0, x->span);
	Value *v = value_array(e, S_REAL, 2, dims, x->span);
	Ex *i = ex_var(e, v->vars[0]), *j = ex_var(e, v->vars[1]);
	v->body = ex_op(e, IR_where, ex_op(e, IR_eq, i, j, NULL), value_at(e, on, &i), ex_real(e, 0));
	return v;
}

Value *elab_call_trace(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	Value *a = square(e, b, args[0], argument(x, 0));
	return a ? elab_reduce_sum(e, diagonal(e, a, x->span), x->span) : value_bad(e);
}
