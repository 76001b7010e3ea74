/* Small matrices of doubles: what controllers and mixtures need. Sums run in one order, so results are the same everywhere. */
#include "runtime/meta/dense.h"

#include <math.h>
#include <string.h>

void meta_product(DenseForm form, int n, int k, int m, double scale, const double *a, const double *b, double *out) {
	for (int i = 0; i < n; i++) {
		for (int l = 0; l < k; l++) {
			double factor = scale * (form == DENSE_TURNED ? a[l * n + i] : a[i * k + l]);
			for (int j = 0; j < m; j++)
				out[i * m + j] += factor * b[l * m + j];
		}
	}
}

bool meta_cholesky(int n, double *a) {
	for (int j = 0; j < n; j++) {
		double pivot = a[j * n + j];
		for (int k = 0; k < j; k++)
			pivot -= a[j * n + k] * a[j * n + k];
		if (!(pivot > 0) || isinf(pivot))
			return false;
		a[j * n + j] = sqrt(pivot);
		for (int i = j + 1; i < n; i++) {
			double sum = a[i * n + j];
			for (int k = 0; k < j; k++)
				sum -= a[i * n + k] * a[j * n + k];
			a[i * n + j] = sum / a[j * n + j];
			a[j * n + i] = 0;
		}
	}
	return true;
}

void meta_solve_lower(int n, const double *lower, double *b, int columns) {
	for (int i = 0; i < n; i++) {
		for (int k = 0; k < i; k++)
			for (int c = 0; c < columns; c++)
				b[i * columns + c] -= lower[i * n + k] * b[k * columns + c];
		for (int c = 0; c < columns; c++)
			b[i * columns + c] /= lower[i * n + i];
	}
}

void meta_solve_upper(int n, const double *lower, double *b, int columns) {
	for (int i = n - 1; i >= 0; i--) {
		for (int k = i + 1; k < n; k++)
			for (int c = 0; c < columns; c++)
				b[i * columns + c] -= lower[k * n + i] * b[k * columns + c];
		for (int c = 0; c < columns; c++)
			b[i * columns + c] /= lower[i * n + i];
	}
}

double meta_log_determinant(int n, const double *lower) {
	double sum = 0;
	for (int i = 0; i < n; i++)
		sum += 2 * log(lower[i * n + i]);
	return sum;
}

void meta_symmetric(int n, double *a) {
	for (int i = 0; i < n; i++)
		for (int j = 0; j < i; j++)
			a[i * n + j] = a[j * n + i] = 0.5 * (a[i * n + j] + a[j * n + i]);
}

/* ---- eigenvalues: the method of Jacobi, in sweeps over all pairs ---- */

/* The rotation of rows and columns p and q that makes a[p, q] vanish; vectors turn with it. */
static void rotate(int n, double *a, double *vectors, int p, int q) {
	double off = a[p * n + q];
	if (off == 0)
		return;
	double half = (a[q * n + q] - a[p * n + p]) / (2 * off);
	double t = (half < 0 ? -1.0 : 1.0) / (fabs(half) + sqrt(half * half + 1));
	double c = 1 / sqrt(t * t + 1), s = t * c;
	for (int k = 0; k < n; k++) {
		double kp = a[k * n + p], kq = a[k * n + q];
		a[k * n + p] = c * kp - s * kq;
		a[k * n + q] = s * kp + c * kq;
	}
	for (int k = 0; k < n; k++) {
		double pk = a[p * n + k], qk = a[q * n + k];
		a[p * n + k] = c * pk - s * qk;
		a[q * n + k] = s * pk + c * qk;
		double vp = vectors[k * n + p], vq = vectors[k * n + q];
		vectors[k * n + p] = c * vp - s * vq;
		vectors[k * n + q] = s * vp + c * vq;
	}
}

/* The squares of what stands off the diagonal, and of all. */
static double off_diagonal(int n, const double *a, double *all) {
	double off = 0;
	*all = 0;
	for (int i = 0; i < n * n; i++) {
		*all += a[i] * a[i];
		off += i / n != i % n ? a[i] * a[i] : 0;
	}
	return off;
}

void meta_eigen(int n, double *a, double *vectors) {
	enum { MOST_SWEEPS = 60 };
	double all;
	memset(vectors, 0, sizeof *a * (size_t)(n * n));
	for (int i = 0; i < n; i++)
		vectors[i * n + i] = 1;
	for (int sweep = 0; sweep < MOST_SWEEPS; sweep++) {
		double off = off_diagonal(n, a, &all);
		if (!(off > 1e-30 * all))
			break;
		for (int p = 0; p < n; p++)
			for (int q = p + 1; q < n; q++)
				rotate(n, a, vectors, p, q);
	}
}

void meta_make_positive(int n, double *a, double *room) {
	double *turned = room, *vectors = room + n * n;
	memcpy(turned, a, sizeof *a * (size_t)(n * n));
	meta_eigen(n, turned, vectors);
	memset(a, 0, sizeof *a * (size_t)(n * n));
	for (int k = 0; k < n; k++) {
		double value = turned[k * n + k];
		for (int i = 0; i < n && value > 0; i++)
			for (int j = 0; j < n; j++)
				a[i * n + j] += value * vectors[i * n + k] * vectors[j * n + k];
	}
}
