/* Linear algebra in dual numbers: every derivative is that of the plain loops. */
#include "oracle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double *at(const Oracle *o, const Value *m, int row, int column) {
	return oracle_at(o, m, row * (m->shape.rank > 1 ? m->shape.dims[1] : 1) + column);
}

static void divide(Oracle *o, double *out, const double *a, const double *b) {
	double q = a[0] / b[0], d = b[0];
	num_binary(o, out, a, b, oracle_noisy(o, q), 1 / d, -q / d);
}

/* to -= a b */
static void take(Oracle *o, double *to, const double *a, const double *b) {
	double *product = rp_alloc(o->pool, sizeof *product * o->width);
	num_multiply(o, product, a, b);
	num_add(o, to, to, product, -1);
}

static Value outer(Oracle *o, const Value *a, const Value *b) {
	Value out = oracle_new(o, &(RpShape){2, {a->shape.dims[0], b->shape.dims[0]}});
	for (int i = 0; i < a->shape.dims[0]; i++)
		for (int k = 0; k < b->shape.dims[0]; k++)
			num_multiply(o, at(o, &out, i, k), oracle_at(o, a, i), oracle_at(o, b, k));
	return out;
}

static Value diagonal(Oracle *o, const Value *a) {
	int n = a->shape.dims[0];
	bool of_vector = a->shape.rank == 1;
	Value out = oracle_new(o, &(RpShape){of_vector ? 2 : 1, {n, n}});
	for (int i = 0; i < n; i++)
		memcpy(of_vector ? at(o, &out, i, i) : oracle_at(o, &out, i), of_vector ? oracle_at(o, a, i) : at(o, a, i, i),
		       sizeof(double) * o->width);
	return out;
}

static Value trace(Oracle *o, const Value *a) {
	Value out = oracle_number(o, 0);
	for (int i = 0; i < a->shape.dims[0]; i++)
		num_add(o, out.data, out.data, at(o, a, i, i), 1);
	return out;
}

static Value cholesky(Oracle *o, const Value *a) {
	int n = a->shape.dims[0];
	Value out = oracle_new(o, &a->shape);
	for (int j = 0; j < n; j++) {
		for (int i = j; i < n; i++) {
			double *to = at(o, &out, i, j);
			memcpy(to, at(o, a, i, j), sizeof *to * o->width);
			for (int k = 0; k < j; k++)
				take(o, to, at(o, &out, i, k), at(o, &out, j, k));
			if (i > j) {
				divide(o, to, to, at(o, &out, j, j));
				continue;
			}
			double root = sqrt(to[0]);
			o->unclear = o->unclear || !(to[0] > 0);
			num_unary(o, to, to, oracle_noisy(o, root), 0.5 / root);
		}
	}
	return out;
}

/* L x = b by the lower triangle, or L' x = b. */
static Value by_triangle(Oracle *o, const Value *l, const Value *b, bool transposed) {
	int n = l->shape.dims[0], columns = b->shape.rank > 1 ? b->shape.dims[1] : 1;
	Value out = oracle_copy(o, b);
	for (int c = 0; c < columns; c++) {
		for (int step = 0; step < n; step++) {
			int i = transposed ? n - 1 - step : step;
			double *to = at(o, &out, i, c);
			for (int before = 0; before < step; before++) {
				int k = transposed ? n - 1 - before : before;
				take(o, to, transposed ? at(o, l, k, i) : at(o, l, i, k), at(o, &out, k, c));
			}
			divide(o, to, to, at(o, l, i, i));
		}
	}
	return out;
}

static void swap_rows(Oracle *o, Value *m, int a, int b) {
	for (int k = 0; k < (m->shape.rank > 1 ? m->shape.dims[1] : 1) && a != b; k++) {
		double *x = at(o, m, a, k), *y = at(o, m, b, k);
		for (size_t i = 0; i < o->width; i++) {
			double held = x[i];
			x[i] = y[i];
			y[i] = held;
		}
	}
}

/* Gauss with the largest pivot of each column; b goes along. Gives the sign of the order of rows. */
static int eliminate(Oracle *o, Value *a, Value *b) {
	int n = a->shape.dims[0], sign = 1, columns = b && b->shape.rank > 1 ? b->shape.dims[1] : 1;
	double *factor = rp_alloc(o->pool, sizeof *factor * o->width);
	for (int j = 0; j < n; j++) {
		int pivot = j;
		double second = 0;
		for (int i = j + 1; i < n; i++)
			if (fabs(at(o, a, i, j)[0]) > fabs(at(o, a, pivot, j)[0]))
				pivot = i;
		for (int i = j; i < n; i++)
			if (i != pivot)
				second = fmax(second, fabs(at(o, a, i, j)[0]));
		oracle_decide(o, pivot, fabs(at(o, a, pivot, j)[0]) - second);
		sign = pivot == j ? sign : -sign;
		swap_rows(o, a, j, pivot);
		if (b)
			swap_rows(o, b, j, pivot);
		for (int i = j + 1; i < n; i++) {
			divide(o, factor, at(o, a, i, j), at(o, a, j, j));
			for (int k = j; k < n; k++)
				take(o, at(o, a, i, k), factor, at(o, a, j, k));
			for (int c = 0; b && c < columns; c++)
				take(o, at(o, b, i, c), factor, at(o, b, j, c));
		}
	}
	return sign;
}

static Value solve(Oracle *o, const Value *a, const Value *b) {
	Value m = oracle_copy(o, a), out = oracle_copy(o, b);
	int n = a->shape.dims[0], columns = b->shape.rank > 1 ? b->shape.dims[1] : 1;
	eliminate(o, &m, &out);
	for (int c = 0; c < columns; c++) {
		for (int i = n; i-- > 0;) {
			for (int k = i + 1; k < n; k++)
				take(o, at(o, &out, i, c), at(o, &m, i, k), at(o, &out, k, c));
			divide(o, at(o, &out, i, c), at(o, &out, i, c), at(o, &m, i, i));
		}
	}
	return out;
}

static Value inverse(Oracle *o, const Value *a) {
	Value unit = oracle_new(o, &a->shape);
	for (int i = 0; i < a->shape.dims[0]; i++)
		at(o, &unit, i, i)[0] = 1;
	return solve(o, a, &unit);
}

/* The determinant, or the logarithm of its magnitude. */
static Value determinant(Oracle *o, const Value *a, bool logarithm) {
	Value m = oracle_copy(o, a), out = oracle_number(o, 0);
	double *log_of = rp_alloc(o->pool, sizeof *log_of * o->width);
	out.data[0] = eliminate(o, &m, NULL);
	if (logarithm)
		out.data[0] = 0;
	for (int i = 0; i < a->shape.dims[0]; i++) {
		const double *pivot = at(o, &m, i, i);
		if (!logarithm) {
			num_multiply(o, out.data, out.data, pivot);
			continue;
		}
		num_unary(o, log_of, pivot, oracle_noisy(o, log(fabs(pivot[0]))), 1 / pivot[0]);
		num_add(o, out.data, out.data, log_of, 1);
	}
	return out;
}

Value oracle_of_matrix(Oracle *o, RpWord word, const Value *arg) {
	switch (word) {
	case RP_WORD_outer: return outer(o, &arg[0], &arg[1]);
	case RP_WORD_diag: return diagonal(o, &arg[0]);
	case RP_WORD_trace: return trace(o, &arg[0]);
	case RP_WORD_cholesky: return cholesky(o, &arg[0]);
	case RP_WORD_triangular_solve: return by_triangle(o, &arg[0], &arg[1], false);
	case RP_WORD_triangular_solve_transposed: return by_triangle(o, &arg[0], &arg[1], true);
	case RP_WORD_solve: return solve(o, &arg[0], &arg[1]);
	case RP_WORD_inverse: return inverse(o, &arg[0]);
	case RP_WORD_det: return determinant(o, &arg[0], false);
	case RP_WORD_logdet: return determinant(o, &arg[0], true);
	default: abort();
	}
}
