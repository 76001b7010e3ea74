/* Derivatives of the rows of calls.def, as ops over arguments and results, so that every order exists. dX: a tangent, X~: a
 * cotangent; ' transposes. "lower" keeps what is on and below the diagonal, "half" also halves the diagonal. */
#include "autodiff/matrix.h"

#include <math.h>

static AdFactor plain(IrValue value) {
	return (AdFactor){value, false};
}

static AdFactor transposed(IrValue value) {
	return (AdFactor){value, true};
}

/* The lower triangle, with `factor` times the diagonal and 0 above it. */
static IrValue lower(const AdMatrices *a, IrValue value, IrDim n, double factor) {
	AdMatrixOp o = ad_matrix_op(a, n, n);
	uint32_t element = ad_matrix_element(&o, value, false);
	uint32_t on = ir_op2(&o.f, IR_mul, ir_real(&o.f, a->real, factor), element);
	return ad_matrix_end(&o, ad_matrix_where(&o, element, on, ir_real(&o.f, a->real, 0)));
}

/* X with L X = B or L' X = B */
static IrValue solve(const AdMatrices *a, IrCallee callee, IrValue l, IrValue b) {
	return ad_matrix_call(a, callee, (IrValue[]){l, b});
}

/* X with X L' = B (or X L = B): the rows of B by themselves */
static IrValue solve_rows(const AdMatrices *a, IrCallee callee, IrValue l, IrValue b) {
	IrValue x = solve(a, callee, l, ad_matrix_transpose(a, b, a->n, a->n));
	return ad_matrix_transpose(a, x, a->n, a->n);
}

/* ---- cholesky ---- */

/* dL = L half(L^-1 dA L'^-1), where dA is symmetric by its lower triangle */
IrValue ad_push_cholesky(const AdMatrices *a, const IrValue *tangents) {
	IrValue l = a->outs[0];
	AdMatrixOp o = ad_matrix_op(a, a->n, a->n);
	uint32_t here = ad_matrix_element(&o, tangents[0], false), there = ad_matrix_element(&o, tangents[0], true);
	IrValue symmetric = ad_matrix_end(&o, ad_matrix_where(&o, here, here, there));
	IrValue left = solve(a, IR_CALL_solve_lower, l, symmetric);
	IrValue both = solve_rows(a, IR_CALL_solve_lower, l, left);
	return ad_matrix_product(a, plain(l), plain(lower(a, both, a->n, 0.5)), a->n, a->n, a->n, false);
}

void ad_pull_cholesky(const AdMatrices *a, IrValue cotangent, IrValue *cotangents) {
	cotangents[0] = ad_matrix_call(a, IR_CALL_cholesky_pull, (IrValue[]){a->outs[0], cotangent});
}

/* ---- cholesky_pull: A~ is lower(2 M) with the diagonal of M, where M is the symmetric part of L'^-1 half(L' L~) L^-1 ---- */

/* M, of A~ */
static IrValue symmetric_half(const AdMatrices *a, IrValue value) {
	AdMatrixOp o = ad_matrix_op(a, a->n, a->n);
	uint32_t here = ad_matrix_element(&o, value, false), there = ad_matrix_element(&o, value, true);
	uint32_t half = ir_real(&o.f, a->real, 0.5);
	uint32_t below = ir_op2(&o.f, IR_mul, half, here), above = ir_op2(&o.f, IR_mul, half, there);
	return ad_matrix_end(&o, ad_matrix_where(&o, below, here, above));
}

/* X + X' below the diagonal, X on it */
static IrValue lower_sum(const AdMatrices *a, IrValue value) {
	AdMatrixOp o = ad_matrix_op(a, a->n, a->n);
	uint32_t here = ad_matrix_element(&o, value, false), there = ad_matrix_element(&o, value, true);
	uint32_t below = ir_op2(&o.f, IR_add, here, there);
	return ad_matrix_end(&o, ad_matrix_where(&o, below, here, ir_real(&o.f, a->real, 0)));
}

/* dM = sym(L'^-1 half(dL' L~) L^-1) - (W' M + M W) with W = dL L^-1; and what dL~ gives as L~ does */
IrValue ad_push_cholesky_pull(const AdMatrices *a, const IrValue *tangents) {
	IrValue l = a->args[0], moved = 0;
	if (tangents[0]) {
		IrValue dl = lower(a, tangents[0], a->n, 1), given = lower(a, a->args[1], a->n, 1);
		IrValue inner = ad_matrix_product(a, transposed(dl), plain(given), a->n, a->n, a->n, false);
		IrValue left = solve(a, IR_CALL_solve_lower_transposed, l, lower(a, inner, a->n, 0.5));
		IrValue first = solve_rows(a, IR_CALL_solve_lower_transposed, l, left);
		IrValue w = solve_rows(a, IR_CALL_solve_lower_transposed, l, dl), m = symmetric_half(a, a->outs[0]);
		IrValue mw = ad_matrix_product(a, plain(m), plain(w), a->n, a->n, a->n, false);
		IrValue less = ad_matrix_minus(a, ad_matrix_minus(a, first, mw, a->n, a->n), mw, a->n, a->n);
		moved = lower_sum(a, less);
	}
	if (!tangents[1])
		return moved;
	IrValue straight = ad_matrix_call(a, IR_CALL_cholesky_pull, (IrValue[]){l, tangents[1]});
	return moved ? ir_add_values(a->b, moved, straight) : straight;
}

/* V = L^-1 H L'^-1, H symmetric by its lower triangle, as A~~; L~~ = L half(V); L~ = L~ half(V)' - 2 M H L'^-1, both lower */
void ad_pull_cholesky_pull(const AdMatrices *a, IrValue cotangent, IrValue *cotangents) {
	IrValue l = a->args[0];
	AdMatrixOp o = ad_matrix_op(a, a->n, a->n);
	uint32_t here = ad_matrix_element(&o, cotangent, false), there = ad_matrix_element(&o, cotangent, true);
	IrValue h = ad_matrix_end(&o, ad_matrix_where(&o, here, here, there));
	IrValue v = solve_rows(a, IR_CALL_solve_lower, l, solve(a, IR_CALL_solve_lower, l, h));
	IrValue half = lower(a, v, a->n, 0.5), given = lower(a, a->args[1], a->n, 1);
	cotangents[1] = ad_matrix_product(a, plain(l), plain(half), a->n, a->n, a->n, false);
	IrValue first = ad_matrix_product(a, plain(given), transposed(half), a->n, a->n, a->n, false);
	IrValue mh = ad_matrix_product(a, plain(symmetric_half(a, a->outs[0])), plain(h), a->n, a->n, a->n, false);
	IrValue second = solve_rows(a, IR_CALL_solve_lower, l, mh);
	IrValue less = ad_matrix_minus(a, ad_matrix_minus(a, first, second, a->n, a->n), second, a->n, a->n);
	cotangents[0] = lower(a, less, a->n, 1);
}

/* ---- lu: L and U of F; P A has row p[i] of A in row i ----
 *
 * U = D V' with the pivots D, so that V is lower with ones on its diagonal. Nothing is divided by what it is multiplied with
 * later: the determinant and what it is derived by may be out of range where its derivatives are not. */

/* value / u[j, j]. By a pivot of 0 a 0 stays 0, with a derivative that is infinite. */
static uint32_t by_pivot(AdMatrixOp *o, uint32_t value, uint32_t column) {
	IrAt at = ir_at_index(o->a->b->func->module, column, 1);
	uint32_t pivot = ad_matrix_read(o, o->a->outs[0], at, at), zero = ir_real(&o->f, o->a->real, 0);
	uint32_t none = ir_op2(&o->f, IR_mulz, value, ir_real(&o->f, o->a->real, INFINITY));
	return ir_op3(&o->f, IR_where, ir_op2(&o->f, IR_eq, pivot, zero), none, ir_op2(&o->f, IR_div, value, pivot));
}

static IrValue lower_factor(const AdMatrices *a) {
	AdMatrixOp o = ad_matrix_op(a, a->n, a->n);
	uint32_t below = ad_matrix_element(&o, a->outs[0], false);
	uint32_t one = ir_real(&o.f, a->real, 1), zero = ir_real(&o.f, a->real, 0);
	return ad_matrix_end(&o, ad_matrix_where(&o, below, one, zero));
}

/* V */
static IrValue upper_factor(const AdMatrices *a) {
	AdMatrixOp o = ad_matrix_op(a, a->n, a->n);
	uint32_t below = by_pivot(&o, ad_matrix_element(&o, a->outs[0], true), o.j);
	uint32_t one = ir_real(&o.f, a->real, 1), zero = ir_real(&o.f, a->real, 0);
	return ad_matrix_end(&o, ad_matrix_where(&o, below, one, zero));
}

/* Below the diagonal one matrix, its columns divided by the pivots; the other elsewhere. */
static IrValue packed(const AdMatrices *a, IrValue below, IrValue rest) {
	AdMatrixOp o = ad_matrix_op(a, a->n, a->n);
	uint32_t first = by_pivot(&o, ad_matrix_element(&o, below, false), o.j);
	uint32_t second = ad_matrix_element(&o, rest, false);
	return ad_matrix_end(&o, ad_matrix_where(&o, first, second, second));
}

/* What is strictly below the diagonal (below), or on it and above. */
static IrValue triangle(const AdMatrices *a, IrValue value, bool below) {
	AdMatrixOp o = ad_matrix_op(a, a->n, a->n);
	uint32_t element = ad_matrix_element(&o, value, false), zero = ir_real(&o.f, a->real, 0);
	return ad_matrix_end(&o, below ? ad_matrix_where(&o, element, zero, zero)
	                               : ad_matrix_where(&o, zero, element, element));
}

/* p[i] of an op over (i, j), as a position. */
static IrAt row_of(AdMatrixOp *o, IrValue p) {
	IrAt at[IR_MAX_RANK];
	IrModule *module = o->a->b->func->module;
	bool lacks = o->a->lanes && !ir_type(o->a->b->func, p).lanes;
	uint32_t count = 0;
	for (int k = lacks; k < o->lead_count; k++)
		at[count++] = o->lead[k];
	at[count] = ir_at_index(module, o->i, 1);
	return ir_at_node(module, ir_read(&o->f, p, at, false), 1);
}

/* N = L^-1 P dA V'^-1; dL = L (N below the diagonal) D^-1, dU = (N elsewhere) V' */
IrValue ad_push_lu(const AdMatrices *a, const IrValue *tangents) {
	IrModule *module = a->b->func->module;
	AdMatrixOp o = ad_matrix_op(a, a->n, a->n);
	IrAt row = row_of(&o, a->outs[1]);
	IrValue moved = ad_matrix_end(&o, ad_matrix_read(&o, tangents[0], row, ir_at_index(module, o.j, 1)));
	IrValue l = lower_factor(a), v = upper_factor(a);
	IrValue n = solve_rows(a, IR_CALL_solve_lower, v, solve(a, IR_CALL_solve_lower, l, moved));
	IrValue below = ad_matrix_product(a, plain(l), plain(triangle(a, n, true)), a->n, a->n, a->n, false);
	IrValue rest = ad_matrix_product(a, plain(triangle(a, n, false)), transposed(v), a->n, a->n, a->n, false);
	return packed(a, below, rest);
}

/* R = L'^-1 (L' L~ D^-1 below the diagonal, U~ V elsewhere) V^-1; row p[i] of A~ is row i of R */
void ad_pull_lu(const AdMatrices *a, IrValue cotangent, IrValue *cotangents) {
	IrModule *module = a->b->func->module;
	IrValue l = lower_factor(a), v = upper_factor(a);
	IrValue below = ad_matrix_product(a, transposed(l), plain(triangle(a, cotangent, true)), a->n, a->n, a->n, false);
	IrValue rest = ad_matrix_product(a, plain(triangle(a, cotangent, false)), plain(v), a->n, a->n, a->n, false);
	IrValue left = solve(a, IR_CALL_solve_lower_transposed, l, packed(a, below, rest));
	IrValue r = solve_rows(a, IR_CALL_solve_lower_transposed, v, left);
	AdMatrixOp o = ad_matrix_op(a, a->n, a->n);
	IrAt at[IR_MAX_RANK];
	uint32_t element = ad_matrix_element(&o, r, false);
	for (int k = 0; k < o.lead_count; k++)
		at[k] = o.lead[k];
	at[o.lead_count] = row_of(&o, a->outs[1]);
	at[o.lead_count + 1] = ir_at_index(module, o.j, 1);
	cotangents[0] = ir_put(&o.f, IR_PUT_SUM, element, ir_type(a->b->func, r), at, 0, false);
	ir_for_end(&o.f);
}

/* ---- triangular systems ---- */

/* L dX = dB - dL X, and the same transposed */
static IrValue push_solve_lower(const AdMatrices *a, const IrValue *tangents, IrCallee callee, bool turned) {
	IrValue moved = 0;
	if (tangents[0]) {
		AdFactor dl = {lower(a, tangents[0], a->n, 1), turned};
		moved = ad_matrix_product(a, dl, plain(a->outs[0]), a->n, a->n, a->m, false);
	}
	return solve(a, callee, a->args[0], ad_matrix_minus(a, tangents[1], moved, a->n, a->m));
}

IrValue ad_push_solve_lower(const AdMatrices *a, const IrValue *tangents) {
	return push_solve_lower(a, tangents, IR_CALL_solve_lower, false);
}

IrValue ad_push_solve_lower_transposed(const AdMatrices *a, const IrValue *tangents) {
	return push_solve_lower(a, tangents, IR_CALL_solve_lower_transposed, true);
}

/* L' B~ = X~, L~ = -lower(B~ X') */
void ad_pull_solve_lower(const AdMatrices *a, IrValue cotangent, IrValue *cotangents) {
	IrValue b = cotangents[1] = solve(a, IR_CALL_solve_lower_transposed, a->args[0], cotangent);
	IrValue all = ad_matrix_product(a, plain(b), transposed(a->outs[0]), a->n, a->m, a->n, true);
	cotangents[0] = lower(a, all, a->n, 1);
}

/* L B~ = X~, L~ = -lower(X B~') */
void ad_pull_solve_lower_transposed(const AdMatrices *a, IrValue cotangent, IrValue *cotangents) {
	IrValue b = cotangents[1] = solve(a, IR_CALL_solve_lower, a->args[0], cotangent);
	IrValue all = ad_matrix_product(a, plain(a->outs[0]), transposed(b), a->n, a->m, a->n, true);
	cotangents[0] = lower(a, all, a->n, 1);
}

/* ---- systems by the factors of lu: arguments are A, F, p, B; what F and p move by follows from A ---- */

static IrValue solve_by(const AdMatrices *a, IrCallee callee, IrValue b) {
	return ad_matrix_call(a, callee, (IrValue[]){a->args[0], a->args[1], a->args[2], b});
}

/* A dX = dB - dA X, and the same transposed */
static IrValue push_lu_solve(const AdMatrices *a, const IrValue *tangents, IrCallee callee, bool turned) {
	IrValue moved = 0;
	if (tangents[0]) {
		AdFactor da = {tangents[0], turned};
		moved = ad_matrix_product(a, da, plain(a->outs[0]), a->n, a->n, a->m, false);
	}
	return solve_by(a, callee, ad_matrix_minus(a, tangents[3], moved, a->n, a->m));
}

IrValue ad_push_lu_solve(const AdMatrices *a, const IrValue *tangents) {
	return push_lu_solve(a, tangents, IR_CALL_lu_solve, false);
}

IrValue ad_push_lu_solve_transposed(const AdMatrices *a, const IrValue *tangents) {
	return push_lu_solve(a, tangents, IR_CALL_lu_solve_transposed, true);
}

/* A' B~ = X~, A~ = -B~ X' */
void ad_pull_lu_solve(const AdMatrices *a, IrValue cotangent, IrValue *cotangents) {
	IrValue b = cotangents[3] = solve_by(a, IR_CALL_lu_solve_transposed, cotangent);
	cotangents[0] = ad_matrix_product(a, plain(b), transposed(a->outs[0]), a->n, a->m, a->n, true);
}

/* A B~ = X~, A~ = -X B~' */
void ad_pull_lu_solve_transposed(const AdMatrices *a, IrValue cotangent, IrValue *cotangents) {
	IrValue b = cotangents[3] = solve_by(a, IR_CALL_lu_solve, cotangent);
	cotangents[0] = ad_matrix_product(a, plain(a->outs[0]), transposed(b), a->n, a->m, a->n, true);
}

/* ---- order: whole numbers, which nothing moves ---- */

IrValue ad_push_order(const AdMatrices *a, const IrValue *tangents) {
	(void)a, (void)tangents;
	base_panic("autodiff", "an order has no tangent");
}

void ad_pull_order(const AdMatrices *a, IrValue cotangent, IrValue *cotangents) {
	(void)a, (void)cotangent, (void)cotangents;
	base_panic("autodiff", "an order has no cotangent");
}
