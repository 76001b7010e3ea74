/* Dual numbers. Every result of an operation may get a small random error, which is how the oracle finds out how sensitive an
 * answer is: noise of 1e-9 that moves the answer by 1e-7 says that rounding moves it by a hundred units. */
#include "oracle.h"

#include <math.h>
#include <string.h>

double oracle_noisy(Oracle *o, double x) {
	if (o->noise.size == 0)
		return x;
	uint64_t bits;
	memcpy(&bits, &x, sizeof bits);
	bits ^= o->noise.seed;
	double u = (double)(rp_random(o->noise.alike ? &bits : &o->noise.seed) >> 11) * 0x1p-52 - 1;
	return x * (1 + o->noise.size * u);
}

static bool fits(const Oracle *o, double x) {
	return !o->noise.single || (double)(float)x == x;
}

/* What comes out exactly has no error to show: halves and small whole numbers stay what they are. */
static double product(Oracle *o, double a, double b) {
	double p = a * b;
	return fma(a, b, -p) == 0 && fits(o, p) ? p : oracle_noisy(o, p);
}

static double sum(Oracle *o, double a, double b) {
	double s = a + b, back = s - a;
	return (a - (s - back)) + (b - back) == 0 && fits(o, s) ? s : oracle_noisy(o, s);
}

/* By a power of two it is exact; by other counts it may be a product with a rounded 1 / b. */
double oracle_quotient(Oracle *o, double a, int b) {
	return a == 0 || (b & (b - 1)) == 0 ? a / b : oracle_noisy(o, a / b);
}

/* A slope that is no number (that of a^-inf) says nothing, whatever it meets. */
static double slope_times(Oracle *o, double slope, double a) {
	o->unclear = o->unclear || isnan(slope);
	return a == 0 ? 0 : product(o, slope, a);
}

void num_unary(Oracle *o, double *out, const double *a, double value, double slope) {
	for (size_t k = 1; k < o->width; k++)
		out[k] = slope_times(o, slope, a[k]);
	out[0] = value;
}

void num_binary(Oracle *o, double *out, const double *a, const double *b, double value, double da, double db) {
	for (size_t k = 1; k < o->width; k++)
		out[k] = sum(o, slope_times(o, da, a[k]), slope_times(o, db, b[k]));
	out[0] = value;
}

void num_multiply(Oracle *o, double *out, const double *a, const double *b) {
	double left = a[0], right = b[0];
	num_binary(o, out, a, b, product(o, left, right), right, left);
}

void num_add(Oracle *o, double *out, const double *a, const double *b, double sign) {
	num_binary(o, out, a, b, sum(o, a[0], sign * b[0]), 1, sign);
}
