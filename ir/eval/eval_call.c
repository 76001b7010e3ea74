/* Calls, as they are defined: plain loops, one rounding for each operation, in the order that strict code keeps. What a callee
 * computes is the sum at the head of its function; terms are subtracted one by one, in the order of the loop. */
#include "ir/eval/plan.h"

#include <math.h>

static double rounded(const EvalCall *c, double a) {
	return c->type == IR_F32 ? (double)(float)a : a;
}

/* s - a b */
static double minus(const EvalCall *c, double s, double a, double b) {
	return rounded(c, s - rounded(c, a * b));
}

/* s / pivot, where a pivot of 0 makes NaN */
static double divide(const EvalCall *c, double s, double pivot) {
	return rounded(c, s / (pivot == 0 ? (double)NAN : pivot));
}

/* L[i, j] = (A[i, j] - sum of L[i, k] L[j, k]) / L[j, j], or its root */
static void eval_call_cholesky(const EvalCall *c) {
	int64_t n = c->n;
	const IrNumber *a = c->args[0];
	IrNumber *l = c->outs[0];
	for (int64_t i = 0; i < n; i++) {
		for (int64_t j = 0; j <= i; j++) {
			double s = a[i * n + j].real;
			for (int64_t k = 0; k < j; k++)
				s = minus(c, s, l[i * n + k].real, l[j * n + k].real);
			if (j < i)
				l[i * n + j].real = rounded(c, s / l[j * n + j].real);
			else
				l[i * n + j].real = s > 0 ? rounded(c, sqrt(s)) : (double)NAN;
		}
		for (int64_t j = i + 1; j < n; j++)
			l[i * n + j].real = 0;
	}
}

/* From the last column on (Murray 2016, arXiv:1602.07527): of row j before the diagonal and of the rows below it, what column j of L took
 * away is given back. */
static void eval_call_cholesky_pull(const EvalCall *c) {
	int64_t n = c->n;
	const IrNumber *l = c->args[0];
	IrNumber *x = c->outs[0];
	for (int64_t i = 0; i < n; i++)
		for (int64_t j = 0; j < n; j++)
			x[i * n + j].real = j <= i ? c->args[1][i * n + j].real : 0;
	for (int64_t j = n; j-- > 0;) {
		double d = l[j * n + j].real, s = x[j * n + j].real;
		for (int64_t i = j + 1; i < n; i++) {
			x[i * n + j].real = rounded(c, x[i * n + j].real / d);
			s = minus(c, s, x[i * n + j].real, l[i * n + j].real);
		}
		s = rounded(c, s / d);
		for (int64_t k = 0; k < j; k++)
			x[j * n + k].real = minus(c, x[j * n + k].real, s, l[j * n + k].real);
		for (int64_t i = j + 1; i < n; i++)
			for (int64_t k = 0; k < j; k++) {
				x[j * n + k].real = minus(c, x[j * n + k].real, x[i * n + j].real, l[i * n + k].real);
				x[i * n + k].real = minus(c, x[i * n + k].real, x[i * n + j].real, l[j * n + k].real);
			}
		x[j * n + j].real = rounded(c, s * 0.5);
	}
}

static void swap(IrNumber *a, IrNumber *b) {
	IrNumber was = *a;
	*a = *b;
	*b = was;
}

/* Row by row: the largest entry of what is left of column k comes to row k; F[i, j] -= F[i, k] F[k, j] below */
static void eval_call_lu(const EvalCall *c) {
	int64_t n = c->n;
	IrNumber *f = c->outs[0], *p = c->outs[1], *sign = c->outs[2];
	for (int64_t i = 0; i < n * n; i++)
		f[i] = c->args[0][i];
	for (int64_t i = 0; i < n; i++)
		p[i].integer = i;
	sign->real = 1;
	for (int64_t k = 0; k < n; k++) {
		int64_t best = k;
		for (int64_t i = k + 1; i < n; i++)
			if (fabs(f[i * n + k].real) > fabs(f[best * n + k].real))
				best = i;
		for (int64_t j = 0; j < n && best != k; j++)
			swap(&f[k * n + j], &f[best * n + j]);
		swap(&p[k], &p[best]);
		sign->real = best != k ? -sign->real : sign->real;
		double pivot = f[k * n + k].real;
		for (int64_t i = k + 1; i < n; i++) {
			f[i * n + k].real = rounded(c, f[i * n + k].real / (pivot == 0 ? 1 : pivot));
			for (int64_t j = k + 1; j < n; j++)
				f[i * n + j].real = minus(c, f[i * n + j].real, f[i * n + k].real, f[k * n + j].real);
		}
	}
}

/* X[i] = (B[i] - sum of L[i, k] X[k], k upwards) / L[i, i] */
static void eval_call_solve_lower(const EvalCall *c) {
	int64_t n = c->n, m = c->m;
	const IrNumber *l = c->args[0], *b = c->args[1];
	IrNumber *x = c->outs[0];
	for (int64_t i = 0; i < n; i++)
		for (int64_t j = 0; j < m; j++) {
			double s = b[i * m + j].real;
			for (int64_t k = 0; k < i; k++)
				s = minus(c, s, l[i * n + k].real, x[k * m + j].real);
			x[i * m + j].real = divide(c, s, l[i * n + i].real);
		}
}

/* X[i] = (B[i] - sum of L[k, i] X[k], k downwards) / L[i, i], from the last row up */
static void eval_call_solve_lower_transposed(const EvalCall *c) {
	int64_t n = c->n, m = c->m;
	const IrNumber *l = c->args[0], *b = c->args[1];
	IrNumber *x = c->outs[0];
	for (int64_t i = n; i-- > 0;)
		for (int64_t j = 0; j < m; j++) {
			double s = b[i * m + j].real;
			for (int64_t k = n; k-- > i + 1;)
				s = minus(c, s, l[k * n + i].real, x[k * m + j].real);
			x[i * m + j].real = divide(c, s, l[i * n + i].real);
		}
}

/* X[i] = B[p[i]] - sum of F[i, k] X[k], k upwards; then X[i] = (X[i] - sum of F[i, k] X[k], k downwards) / F[i, i] */
static void eval_call_lu_solve(const EvalCall *c) {
	int64_t n = c->n, m = c->m;
	const IrNumber *f = c->args[1], *p = c->args[2], *b = c->args[3];
	IrNumber *x = c->outs[0];
	for (int64_t j = 0; j < m; j++) {
		for (int64_t i = 0; i < n; i++) {
			double s = b[p[i].integer * m + j].real;
			for (int64_t k = 0; k < i; k++)
				s = minus(c, s, f[i * n + k].real, x[k * m + j].real);
			x[i * m + j].real = s;
		}
		for (int64_t i = n; i-- > 0;) {
			double s = x[i * m + j].real;
			for (int64_t k = n; k-- > i + 1;)
				s = minus(c, s, f[i * n + k].real, x[k * m + j].real);
			x[i * m + j].real = divide(c, s, f[i * n + i].real);
		}
	}
}

/* Y[i] = (B[i] - sum of F[k, i] Y[k], k upwards) / F[i, i]; then Y[i] -= sum of F[k, i] Y[k], k downwards; X[p[i]] = Y[i].
 * Y[i] lies in X[p[i]] from the beginning. */
static void eval_call_lu_solve_transposed(const EvalCall *c) {
	int64_t n = c->n, m = c->m;
	const IrNumber *f = c->args[1], *p = c->args[2], *b = c->args[3];
	IrNumber *x = c->outs[0];
	for (int64_t j = 0; j < m; j++) {
		for (int64_t i = 0; i < n; i++) {
			double s = b[i * m + j].real;
			for (int64_t k = 0; k < i; k++)
				s = minus(c, s, f[k * n + i].real, x[p[k].integer * m + j].real);
			x[p[i].integer * m + j].real = divide(c, s, f[i * n + i].real);
		}
		for (int64_t i = n; i-- > 0;) {
			double s = x[p[i].integer * m + j].real;
			for (int64_t k = n; k-- > i + 1;)
				s = minus(c, s, f[k * n + i].real, x[p[k].integer * m + j].real);
			x[p[i].integer * m + j].real = s;
		}
	}
}

/* Element i of what is ordered stands before element j. */
static bool is_before(const IrNumber *a, int64_t i, int64_t j) {
	double x = a[i].real, y = a[j].real;
	if (isnan(x) != isnan(y))
		return isnan(y);
	return x < y || (!(y < x) && i < j);
}

/* Sets p[at] to its place among the children of a heap of `count`, whose last element is at its root. */
static void sift(const IrNumber *a, IrNumber *p, int64_t at, int64_t count) {
	for (int64_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
		if (child + 1 < count && is_before(a, p[child].integer, p[child + 1].integer))
			child++;
		if (is_before(a, p[child].integer, p[at].integer))
			return;
		swap(&p[at], &p[child]);
		at = child;
	}
}

/* No two elements are equal in this order, so there is one answer, however it is found. */
static void eval_call_order(const EvalCall *c) {
	int64_t n = c->n;
	IrNumber *p = c->outs[0];
	for (int64_t i = 0; i < n; i++)
		p[i].integer = i;
	for (int64_t i = n / 2; i-- > 0;)
		sift(c->args[0], p, i, n);
	for (int64_t end = n; end-- > 1;) {
		swap(&p[0], &p[end]);
		sift(c->args[0], p, 0, end);
	}
}

void eval_call(IrCallee callee, const EvalCall *call) {
	static void (*const functions[IR_CALLEE_COUNT])(const EvalCall *c) = {
#define CALLEE(name, args, outs, flops) [IR_CALL_##name] = eval_call_##name,
#include "ir/core/calls.def"
#undef CALLEE
	};
	functions[callee](call);
}
