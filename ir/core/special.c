/* Functions the C library lacks, in double. */
#include "ir/ir.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

/* Whole numbers from 0 down are poles. */
static bool is_pole(double x) {
	return x <= 0 && floor(x) == x;
}

/* Reflection for negative x; recurrence up to 10; then the asymptotic series (Abramowitz and Stegun 6.3.18). */
double ir_digamma(double x) {
	if (is_pole(x))
		return NAN;
	double sum = 0;
	if (x < 0) {
		sum = -pi / tan(pi * x);
		x = 1 - x;
	}
	while (x < 10) {
		sum -= 1 / x;
		x += 1;
	}
	double y = 1 / (x * x);
	double series =
		y * (1.0 / 12 - y * (1.0 / 120 - y * (1.0 / 252 - y * (1.0 / 240 - y * (1.0 / 132 - y * (691.0 / 32760))))));
	return sum + log(x) - 0.5 / x - series;
}

/* The same way (Abramowitz and Stegun 6.4.12). */
double ir_trigamma(double x) {
	if (is_pole(x))
		return INFINITY;
	if (x < 0) {
		double s = sin(pi * x);
		return pi * pi / (s * s) - ir_trigamma(1 - x);
	}
	double sum = 0;
	while (x < 10) {
		sum += 1 / (x * x);
		x += 1;
	}
	double y = 1 / (x * x);
	double series =
		y * (1.0 / 6 - y * (1.0 / 30 - y * (1.0 / 42 - y * (1.0 / 30 - y * (5.0 / 66 - y * (691.0 / 2730))))));
	return sum + 1 / x + 0.5 * y + series / x;
}

/* The same way: its derivative. */
double ir_tetragamma(double x) {
	if (is_pole(x))
		return NAN;
	if (x < 0) {
		double s = sin(pi * x), c = cos(pi * x);
		return ir_tetragamma(1 - x) - 2 * pi * pi * pi * c / (s * s * s);
	}
	double sum = 0;
	while (x < 12) {
		sum -= 2 / (x * x * x);
		x += 1;
	}
	double y = 1 / (x * x);
	double series = y * (0.5 - y * (1.0 / 6 - y * (1.0 / 6 - y * (3.0 / 10 - y * (5.0 / 6 - y * (691.0 / 210))))));
	return sum - y * (1 + 1 / x + series);
}

/* a / (a^2 + b^2), 0 where both are 0 or one is infinite. */
double ir_atan2_slope(double a, double b) {
	double length = hypot(a, b);
	return length == 0 || isinf(length) ? 0 : a / length / length;
}

/* (b^2 - a^2) / (a^2 + b^2)^2 likewise. */
double ir_atan2_curve(double a, double b) {
	double length = hypot(a, b);
	return length == 0 || isinf(length) ? 0 : (b - a) / length / length * ((b + a) / length / length);
}

/* Phi(a) + a phi(a). */
double ir_gelu_slope(double a) {
	double x = fabs(a) < 40 ? a : a != a ? a : copysign(40, a);
	return 0.5 * erfc(-x * 0.70710678118654752440) + x * 0.39894228040143267794 * exp(-0.5 * x * x);
}

/* NaN is as infinity: a scale is always a number with a normal reciprocal. */
static double binade(double a, double most) {
	double size = fabs(a) < most ? fabs(a) : most;
	int exponent;
	frexp(size, &exponent);
	return size < 1 / most ? 1 / most : ldexp(1, exponent - 1);
}

double ir_binade(double a) {
	return binade(a, 0x1p1022);
}

double ir_binade_f32(double a) {
	return binade(a, 0x1p126);
}

/* a - b floor(a / b), exact but for the rounding of b + r. */
double ir_floor_mod(double a, double b) {
	double r = fmod(a, b);
	if (r == 0 || signbit(r) == signbit(b))
		return copysign(r, b);
	return r + b == b && isfinite(b) ? nextafter(b, 0) : r + b;
}

double ir_floor_div(double a, double b) {
	double q = a / b, f = floor(q), r = fabs(ir_floor_mod(a, b));
	return f == q && fabs(q) < 0x1p53 && (r == fabs(b) || r > fabs(b) - r) ? f - 1 : f;
}

double ir_floor_mod_f32(double a, double b) {
	double r = fmod(a, b);
	if (r == 0 || signbit(r) == signbit(b))
		return copysign(r, b);
	float sum = (float)(r + b);
	return (double)(sum == (float)b && isfinite(b) ? nextafterf((float)b, 0) : sum);
}

double ir_floor_div_f32(double a, double b) {
	float q = (float)(a / b), f = floorf(q), r = fabsf((float)ir_floor_mod_f32(a, b)), size = fabsf((float)b);
	return (double)(f == q && fabsf(q) < 0x1p24F && (r == size || r > size - r) ? f - 1 : f);
}

double ir_powi(double base, double exponent) {
	bool inverse = exponent < 0;
	uint64_t n = (uint64_t)fabs(exponent);
	double product = 1;
	for (; n; n >>= 1) {
		if (n & 1)
			product *= base;
		base *= base;
	}
	return inverse ? 1 / product : product;
}

static void draw(const int64_t key_and_counter[4], double uniform[2]) {
	uint64_t key[2] = {(uint64_t)key_and_counter[0], (uint64_t)key_and_counter[1]};
	uint64_t counter[2] = {(uint64_t)key_and_counter[2], (uint64_t)key_and_counter[3]};
	uint64_t words[2];
	random_threefry(key, counter, words);
	for (int i = 0; i < 2; i++)
		uniform[i] = (double)(words[i] >> 11) * 0x1p-53;
}

double ir_random_uniform(const int64_t key_and_counter[4]) {
	double u[2];
	draw(key_and_counter, u);
	return u[0];
}

double ir_random_normal(const int64_t key_and_counter[4]) {
	double u[2];
	draw(key_and_counter, u);
	return sqrt(-2 * log(1 - u[0])) * cos(2 * pi * u[1]);
}

static uint64_t mixed(uint64_t z) {
	z *= UINT64_C(0x9e3779b97f4a7c15);
	return (z ^ z >> 32) * UINT64_C(0xd1b54a32d192ed03);
}

double ir_random_place(int64_t x, int64_t n, int64_t key) {
	enum { ROUNDS = 24 };
	uint64_t place = (uint64_t)x, count = (uint64_t)n;
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		uint64_t word = mixed((uint64_t)key + round * UINT64_C(0xbf58476d1ce4e5b9));
		uint64_t other = ((word >> 32) * count >> 32) - place;
		other += (int64_t)other < 0 ? count : 0;
		uint64_t larger = (int64_t)place > (int64_t)other ? place : other;
		place = mixed(larger + word) >> 63 ? other : place;
	}
	return (double)(int64_t)place;
}
