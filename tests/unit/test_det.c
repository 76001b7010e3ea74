/* Determinants whose value, or whose product of pivots, is out of the range of numbers: what is in range is right, value, gradient and
 * second derivatives each by itself. Expected are minors by permutations in long doubles, which have exponents to spare. */
#include "autodiff/autodiff.h"
#include "lower_instances.h"

#include <float.h>

enum { MOST = 4 };

typedef long double Square[MOST][MOST];

static uint64_t bits(uint64_t *state) {
	*state ^= *state << 13;
	*state ^= *state >> 7;
	return *state ^= *state << 17;
}

/* From -1 to 1. */
static double unit(uint64_t *state) {
	return (double)(int64_t)bits(state) * 0x1p-63;
}

/* Without these rows and columns, as sets of bits; by the first row that is left. */
static long double minor(Square a, int n, unsigned rows, unsigned columns) {
	int row = 0, sign = 1;
	while (row < n && rows >> row & 1)
		row++;
	if (row == n)
		return 1;
	long double sum = 0;
	for (int j = 0; j < n; j++) {
		if (columns >> j & 1)
			continue;
		sum += (long double)sign * a[row][j] * minor(a, n, rows | 1u << row, columns | 1u << j);
		sign = -sign;
	}
	return sum;
}

static long double cofactor(Square a, int n, int i, int j) {
	return ((i + j) % 2 ? -1 : 1) * minor(a, n, 1u << i, 1u << j);
}

/* The derivative of cofactor (i, j) by element (k, l). */
static long double second(Square a, int n, int i, int j, int k, int l) {
	if (k == i || l == j)
		return 0;
	int sign = (i + j + k - (k > i) + l - (l > j)) % 2 ? -1 : 1;
	return sign * minor(a, n, 1u << i | 1u << k, 1u << j | 1u << l);
}

/* Near `expected`, to roundings of numbers of the given size. Where that is out of range: infinite, or nothing. */
static void check(double found, long double expected, long double size, const char *what) {
	if (fabsl(expected) > DBL_MAX)
		cr_expect(isinf(found) && (found > 0) == (expected > 0), "%s: %g, not %Lg", what, found, expected);
	else
		cr_expect(fabsl(found - expected) <= 1e-11L * size + DBL_MIN, "%s: %g, not %Lg", what, found, expected);
}

typedef struct Det {
	Arena *arena;
	Lower l;
	IrFunc *gradient, *of_cofactor;
	int n, i, j;
} Det;

static Det det_of(int n, int i, int j) {
	Det d = {.arena = arena_new(), .n = n, .i = i, .j = j};
	d.l = lower_new(
		arena_printf(d.arena,
	                 "objective a() {\n param A : [%d, %d] = 0\n minimize det(A)\n}\n"
	                 "objective b() {\n param A : [%d, %d] = 0\n let G = grad(det(A), A)\n minimize G[%d, %d]\n}",
	                 n, n, n, n, i, j));
	d.gradient = ad_gradient(d.l.module, lower_objective(&d.l, "a")->value, "ga", 0, NULL, true, false);
	d.of_cofactor = ad_gradient(d.l.module, lower_objective(&d.l, "b")->value, "gb", 0, NULL, true, false);
	return d;
}

/* Row i is about `size[i]` large; how much its derivatives cancel is told by the product of the sizes. */
static void check_matrix(Det *d, uint64_t *state, const double *size, const char *what) {
	Square a = {{0}};
	double x[MOST * MOST];
	int n = d->n;
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			a[i][j] = x[i * n + j] = (unit(state) + (i == j ? 3 : 0)) * size[i];
	IrTensor at = lower_vector(&d->l, x, n * n), first[2], then[2];
	lower_run(&d->l, d->gradient, &at, first);
	lower_run(&d->l, d->of_cofactor, &at, then);
	long double all = 1;
	for (int i = 0; i < n; i++)
		all *= size[i] * 64;
	check(first[0].reals[0], minor(a, n, 0, 0), all, what);
	bool in_range = true; /* what is infinite takes what depends on it along */
	for (int i = 0; i < n; i++)
		in_range = in_range && all / size[i] < 1e300L && all / size[i] > 1e-290L;
	for (int k = 0; in_range && k < n * n; k++) {
		check(first[1].reals[k], cofactor(a, n, k / n, k % n), all / size[k / n], what);
		long double apart = fminl(all / size[d->i] / size[k / n], 1e300L);
		check(then[1].reals[k], second(a, n, d->i, d->j, k / n, k % n), apart, what);
	}
	if (in_range)
		check(then[0].reals[0], cofactor(a, n, d->i, d->j), all / size[d->i], what);
}

Test(det, what_is_in_range_is_right, .timeout = 60) {
	uint64_t state = 7;
	static const int places[] = {-250, -200, -150, -120, -105, -80, 0, 80, 90, 105, 120, 145, 200, 250};
	for (int n = 1; n <= MOST; n++)
		for (int turn = 0; turn < 2; turn++) {
			Det d = det_of(n, turn % n, n - 1);
			for (size_t p = 0; p < 12 * sizeof places / sizeof *places; p++) {
				double size[MOST];
				for (int i = 0; i < n; i++)
					size[i] = pow(10, places[p / 12] / (p % 2 ? 1 : n) + (p % 3 ? 40 * unit(&state) : 0));
				check_matrix(&d, &state, size,
				             arena_printf(d.arena, "n = %d, rows of %g, %g", n, size[0], size[n - 1]));
			}
			lower_free(&d.l);
			arena_free(d.arena);
		}
}

/* The determinant is 0, of any rank; the gradient has the cofactors where eliminating comes to its 0 last, or to nothing else. */
Test(det, singular_matrices_have_the_gradient_that_their_cofactors_say) {
	static const double matrices[][9] = {
		{1, 0, 0, 0, 0, 0, 0, 0, 2},   {0, 0, 0, 0, 3, 0, 0, 0, 2},        {0},
		{1, 2, 4, 0.5, 1, 2, 3, 1, 5}, {4, 2, 1, 2, 1, 0.5, 1, 0.5, 0.25}, {1, 2, 3, 2, 4, 6, 0, 0, 1},
	};
	Det d = det_of(3, 0, 1);
	for (size_t m = 0; m < sizeof matrices / sizeof *matrices; m++) {
		Square a = {{0}};
		for (int k = 0; k < 9; k++)
			a[k / 3][k % 3] = matrices[m][k];
		IrTensor at = lower_vector(&d.l, matrices[m], 9), first[2], then[2];
		lower_run(&d.l, d.gradient, &at, first);
		lower_run(&d.l, d.of_cofactor, &at, then);
		cr_expect_eq(first[0].reals[0], 0);
		for (int k = 0; k < 9; k++) {
			double found = first[1].reals[k];
			/* Where a pivot of 0 stands in front of other pivots, its derivative is none rather than a wrong one. */
			cr_expect(isnan(found) ? m == 5 : fabsl(found - cofactor(a, 3, k / 3, k % 3)) < 1e-12,
			          "matrix %zu, element %d: %g", m, k, found);
		}
	}
	lower_free(&d.l);
	arena_free(d.arena);
}
