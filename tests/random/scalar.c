/* The functions of one to three numbers, with their slopes, from their textbook definitions and the C library. */
#include "program.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

static double f_exp(const double *a, double *s, int *d) {
	(void)d;
	return s[0] = exp(a[0]);
}

static double f_log(const double *a, double *s, int *d) {
	(void)d;
	s[0] = 1 / a[0];
	return log(a[0]);
}

static double f_log1p(const double *a, double *s, int *d) {
	(void)d;
	s[0] = 1 / (1 + a[0]);
	return log1p(a[0]);
}

static double f_expm1(const double *a, double *s, int *d) {
	(void)d;
	s[0] = exp(a[0]);
	return expm1(a[0]);
}

static double f_sqrt(const double *a, double *s, int *d) {
	(void)d;
	double r = sqrt(a[0]);
	s[0] = a[0] == 0 ? 0 : 0.5 / r;
	return r;
}

static double f_sin(const double *a, double *s, int *d) {
	(void)d;
	s[0] = cos(a[0]);
	return sin(a[0]);
}

static double f_cos(const double *a, double *s, int *d) {
	(void)d;
	s[0] = -sin(a[0]);
	return cos(a[0]);
}

static double f_tan(const double *a, double *s, int *d) {
	(void)d;
	double r = tan(a[0]);
	s[0] = 1 + r * r;
	return r;
}

static double f_atan(const double *a, double *s, int *d) {
	(void)d;
	s[0] = 1 / (1 + a[0] * a[0]);
	return atan(a[0]);
}

static double f_atan2(const double *a, double *s, int *d) {
	*d = a[0] < 0 && a[1] < 0 ? 1 : 0;
	double square = a[0] * a[0] + a[1] * a[1];
	s[0] = a[1] / square;
	s[1] = -a[0] / square;
	return atan2(a[0], a[1]);
}

static double f_tanh(const double *a, double *s, int *d) {
	(void)d;
	double c = cosh(a[0]);
	s[0] = 1 / (c * c);
	return tanh(a[0]);
}

static double f_sigmoid(const double *a, double *s, int *d) {
	(void)d;
	double r = 1 / (1 + exp(-a[0])), other = 1 / (1 + exp(a[0]));
	s[0] = r * other;
	return r;
}

static double f_softplus(const double *a, double *s, int *d) {
	(void)d;
	s[0] = 1 / (1 + exp(-a[0]));
	return (a[0] > 0 ? a[0] : 0) + log1p(exp(-fabs(a[0])));
}

static double f_relu(const double *a, double *s, int *d) {
	*d = a[0] > 0;
	s[0] = *d;
	return *d ? a[0] : 0;
}

static double f_elu(const double *a, double *s, int *d) {
	*d = a[0] > 0; /* its second derivative jumps */
	s[0] = a[0] > 0 ? 1 : exp(a[0]);
	return a[0] > 0 ? a[0] : expm1(a[0]);
}

static double f_gelu(const double *a, double *s, int *d) {
	(void)d;
	double below = 0.5 * erfc(-a[0] / sqrt(2));
	s[0] = below + a[0] * exp(-0.5 * a[0] * a[0]) / sqrt(2 * pi);
	return a[0] * below;
}

static double f_erf(const double *a, double *s, int *d) {
	(void)d;
	s[0] = 2 / sqrt(pi) * exp(-a[0] * a[0]);
	return erf(a[0]);
}

/* Its recurrence up to 12, then the asymptotic series. */
static double digamma_of(double x, double *slope) {
	double sum = 0, second = 0;
	for (; x < 12; x++) {
		sum -= 1 / x;
		second += 1 / (x * x);
	}
	double r = 1 / (x * x);
	*slope =
		second + 1 / x + r / 2 + r / x * (1.0 / 6 - r * (1.0 / 30 - r * (1.0 / 42 - r * (1.0 / 30 - r * 5.0 / 66))));
	return sum + log(x) - 0.5 / x -
	       r * (1.0 / 12 - r * (1.0 / 120 - r * (1.0 / 252 - r * (1.0 / 240 - r * (1.0 / 132 - r * 691.0 / 32760)))));
}

static double f_lgamma(const double *a, double *s, int *d) {
	(void)d;
	double unused;
	s[0] = digamma_of(a[0], &unused);
	return lgamma(a[0]);
}

static double f_digamma(const double *a, double *s, int *d) {
	(void)d;
	return digamma_of(a[0], &s[0]);
}

static double f_abs(const double *a, double *s, int *d) {
	*d = (a[0] > 0) - (a[0] < 0);
	s[0] = *d;
	return fabs(a[0]);
}

static double f_sign(const double *a, double *s, int *d) {
	*d = (a[0] > 0) - (a[0] < 0);
	s[0] = 0;
	return *d;
}

static double f_floor(const double *a, double *s, int *d) {
	*d = (int)floor(a[0]);
	s[0] = 0;
	return floor(a[0]);
}

static double f_ceil(const double *a, double *s, int *d) {
	*d = (int)ceil(a[0]);
	s[0] = 0;
	return ceil(a[0]);
}

static double f_trunc(const double *a, double *s, int *d) {
	*d = (int)trunc(a[0]);
	s[0] = 0;
	return trunc(a[0]);
}

static double f_round(const double *a, double *s, int *d) {
	*d = (int)nearbyint(a[0]);
	s[0] = 0;
	return nearbyint(a[0]);
}

static double f_silu(const double *a, double *s, int *d) {
	(void)d;
	double r = 1 / (1 + exp(-a[0])), other = 1 / (1 + exp(a[0]));
	s[0] = r + a[0] * r * other;
	return a[0] * r;
}

static double f_log_sigmoid(const double *a, double *s, int *d) {
	(void)d;
	s[0] = 1 / (1 + exp(a[0]));
	return (a[0] < 0 ? a[0] : 0) - log1p(exp(-fabs(a[0])));
}

static double f_hypot(const double *a, double *s, int *d) {
	(void)d;
	double r = hypot(a[0], a[1]);
	s[0] = r == 0 ? 0 : a[0] / r;
	s[1] = r == 0 ? 0 : a[1] / r;
	return r;
}

static double f_logaddexp(const double *a, double *s, int *d) {
	(void)d;
	s[0] = 1 / (1 + exp(a[1] - a[0]));
	s[1] = 1 / (1 + exp(a[0] - a[1]));
	return fmax(a[0], a[1]) + log1p(exp(-fabs(a[0] - a[1])));
}

static double f_xlogy(const double *a, double *s, int *d) {
	(void)d;
	s[0] = log(a[1]);
	s[1] = a[0] / a[1];
	return a[0] * log(a[1]);
}

static double f_clip(const double *a, double *s, int *d) {
	*d = a[0] < a[1] ? -1 : a[0] > a[2] ? 1 : 0;
	s[0] = *d == 0;
	s[1] = *d < 0;
	s[2] = *d > 0;
	return *d < 0 ? a[1] : *d > 0 ? a[2] : a[0];
}

static double f_stop(const double *a, double *s, int *d) {
	(void)d;
	s[0] = 0;
	return a[0];
}

static double f_real(const double *a, double *s, int *d) {
	(void)d;
	s[0] = 1;
	return a[0];
}

/* Rows whose slope is short to say: value and slope as expressions of x. */
#define PLAIN(name, value, slope)                                                                                      \
	static double f_##name(const double *a, double *s, int *d) {                                                       \
		double x = a[0];                                                                                               \
		(void)d;                                                                                                       \
		s[0] = (slope);                                                                                                \
		return (value);                                                                                                \
	}
PLAIN(exp2, exp2(x), log(2) * exp2(x))
PLAIN(log2, log2(x), 1 / (x * log(2)))
PLAIN(log10, log10(x), 1 / (x * log(10)))
PLAIN(cbrt, cbrt(x), cbrt(x) / (3 * x))
PLAIN(asin, asin(x), 1 / sqrt((1 - x) * (1 + x)))
PLAIN(acos, acos(x), -1 / sqrt((1 - x) * (1 + x)))
PLAIN(sinh, sinh(x), cosh(x))
PLAIN(cosh, cosh(x), sinh(x))
PLAIN(asinh, asinh(x), 1 / sqrt(x * x + 1))
PLAIN(acosh, acosh(x), 1 / sqrt((x - 1) * (x + 1)))
PLAIN(atanh, atanh(x), 1 / ((1 - x) * (1 + x)))
PLAIN(slope_tanh, 1 / (cosh(x) * cosh(x)), -2 * tanh(x) / (cosh(x) * cosh(x)))
PLAIN(slope_power, 3 * x * x, 6 * x)
PLAIN(bend_exp, 4 * exp(2 * x), 8 * exp(2 * x))
PLAIN(along_square, x, 1)
PLAIN(jacobian_log, 1 / (x * x + 1) * 2 * x, 2 * (1 - x * x) / ((x * x + 1) * (x * x + 1)))

static double f_mixed(const double *a, double *s, int *d) {
	double p = a[0] * a[1];
	(void)d;
	s[0] = -2 * a[1] * sin(p) - p * a[1] * cos(p);
	s[1] = -2 * a[0] * sin(p) - p * a[0] * cos(p);
	return cos(p) - p * sin(p);
}

/* The lines that many programs take come more than once. */
const RpFunction rp_functions[] = {
	{"sin", 1, f_sin, -8, 8, 1, 0, NULL},
	{"cos", 1, f_cos, -8, 8, 1, 0, NULL},
	{"tanh", 1, f_tanh, -8, 8, 1, 0, NULL},
	{"tanh", 1, f_tanh, -8, 8, 1, 0, NULL},
	{"sigmoid", 1, f_sigmoid, -8, 8, 1, 0, NULL},
	{"relu", 1, f_relu, -8, 8, 8, '0', NULL},
	{"exp", 1, f_exp, -3, 2, 8, 0, NULL},
	{"abs", 1, f_abs, -8, 8, 8, '0', NULL},
	{"softplus", 1, f_softplus, -8, 8, 8, 0, NULL},
	{"gelu", 1, f_gelu, -8, 8, 8, 0, NULL},
	{"elu", 1, f_elu, -8, 8, 8, '0', NULL},
	{"atan", 1, f_atan, -8, 8, 2, 0, NULL},
	{"erf", 1, f_erf, -3, 3, 1, 0, NULL},
	{"tan", 1, f_tan, -1.2, 1.2, 3, 0, NULL},
	{"expm1", 1, f_expm1, -3, 2, 8, 0, NULL},
	{"sqrt", 1, f_sqrt, 0.05, 16, 4, 0, NULL},
	{"log", 1, f_log, 0.05, 16, 3, 0, NULL},
	{"log1p", 1, f_log1p, -0.8, 8, 3, 0, NULL},
	{"lgamma", 1, f_lgamma, 0.3, 8, 8, 0, NULL},
	{"digamma", 1, f_digamma, 0.3, 8, 4, 0, NULL},
	{"sign", 1, f_sign, -8, 8, 1, '0', NULL},
	{"floor", 1, f_floor, -8, 8, 8, 'w', NULL},
	{"stop_gradient", 1, f_stop, -8, 8, 8, 0, NULL},
	{"real", 1, f_real, -8, 8, 8, 0, NULL},
	{"ceil", 1, f_ceil, -8, 8, 8, 'w', NULL},
	{"trunc", 1, f_trunc, -8, 8, 8, 'w', NULL},
	{"round", 1, f_round, -8, 8, 8, 'h', NULL},
	{"silu", 1, f_silu, -8, 8, 8, 0, NULL},
	{"log_sigmoid", 1, f_log_sigmoid, -8, 8, 8, 0, NULL},
	{"hypot", 2, f_hypot, 0.1, 8, 12, 0, NULL},
	{"logaddexp", 2, f_logaddexp, -8, 8, 9, 0, NULL},
	{"xlogy", 2, f_xlogy, 0.1, 8, 24, 0, NULL},
	{"atan2", 2, f_atan2, 0.1, 8, 2, 0, NULL},
	{"clip", 3, f_clip, -8, 8, 8, 'c', NULL},
	{"exp2", 1, f_exp2, -3, 3, 8, 0, NULL},
	{"log2", 1, f_log2, 0.05, 16, 5, 0, NULL},
	{"log10", 1, f_log10, 0.05, 16, 2, 0, NULL},
	{"cbrt", 1, f_cbrt, 0.1, 8, 2, 0, NULL},
	{"asin", 1, f_asin, -0.9, 0.9, 1.2, 0, NULL},
	{"acos", 1, f_acos, -0.9, 0.9, 3, 0, NULL},
	{"sinh", 1, f_sinh, -2.5, 2.5, 6, 0, NULL},
	{"cosh", 1, f_cosh, -2.5, 2.5, 6, 0, NULL},
	{"asinh", 1, f_asinh, -8, 8, 3, 0, NULL},
	{"acosh", 1, f_acosh, 1.1, 8, 3, 0, NULL},
	{"atanh", 1, f_atanh, -0.9, 0.9, 1.5, 0, NULL},
	{"slope_sin", 1, f_cos, -8, 8, 1, 0, "grad(sin(a), a)"},
	{"slope_tanh", 1, f_slope_tanh, -4, 4, 1, 0, "grad(tanh(a), a)"},
	{"slope_power", 1, f_slope_power, -2, 2, 12, 0, "grad(a^3, a)"},
	{"bend_exp", 1, f_bend_exp, -2, 1, 30, 0, "grad(grad(exp(2 * a), a), a)"},
	{"along_square", 1, f_along_square, -4, 4, 4, 0, "jvp(a^2, a, 0.5)"},
	{"jacobian_log", 1, f_jacobian_log, -4, 4, 1, 0, "jacobian([a, log(a^2 + 1)], a)[1]"},
	{"mixed", 2, f_mixed, -2, 2, 5, 0, "grad(grad(sin(a * b), a), b)"},
};

const int rp_function_count = (int)(sizeof rp_functions / sizeof *rp_functions);
