/* First and second derivatives of every row of ops.def against differences of the row's value, computed by MPFR with so many
 * digits that differencing costs none that count: no formula for a derivative is written here. Points are random over the
 * whole range of f32 and f64, denormals and tails included. What rows give at infinities, poles and kinks is a table of
 * its own (test_ad_ops.c). The bounds are those of docs/math.md. A row that is called as a function of MPFR is compared with
 * that; for the others, and for some that are so dearer or less exactly tested, there is a table below. */
#include "autodiff/autodiff.h"
#include "ir/build.h"
#include "ir/eval/eval.h"
#include "ir/pass/pass.h"
#include "math_doc.h"
#include "tests/unit/drawn.h"

#include <mpfr.h>

enum { POINTS = GRADUS_SANITIZED ? 80 : 300, MAX_OPERANDS = 3, STEP = -100 /* differences: 2^STEP times the scale */ };

/* ---- values ---- */

typedef void Value(mpfr_t out, mpfr_t *x);

#define OF_MPFR(name)                                                                                                  \
	static void value_##name(mpfr_t out, mpfr_t *x) {                                                                  \
		mpfr_##name(out, x[0], MPFR_RNDN);                                                                             \
	}
#define OF_MPFR_2(name)                                                                                                \
	static void value_##name(mpfr_t out, mpfr_t *x) {                                                                  \
		mpfr_##name(out, x[0], x[1], MPFR_RNDN);                                                                       \
	}
OF_MPFR(neg)
OF_MPFR(abs)
OF_MPFR(sqrt)
OF_MPFR(exp)
OF_MPFR(expm1)
OF_MPFR(log)
OF_MPFR(log1p)
OF_MPFR(sin)
OF_MPFR(cos)
OF_MPFR(tan)
OF_MPFR(atan)
OF_MPFR(tanh)
OF_MPFR(erf)
OF_MPFR(digamma)
OF_MPFR_2(add)
OF_MPFR_2(sub)
OF_MPFR_2(mul)
OF_MPFR_2(div)
OF_MPFR_2(min)
OF_MPFR_2(max)
OF_MPFR_2(atan2)
OF_MPFR_2(pow)

static void value_fma(mpfr_t out, mpfr_t *x) {
	mpfr_fma(out, x[0], x[1], x[2], MPFR_RNDN);
}
static void value_lgamma(mpfr_t out, mpfr_t *x) {
	int sign;
	mpfr_lgamma(out, &sign, x[0], MPFR_RNDN);
}
/* 1 / (1 + exp(-a)) */
static void value_sigmoid(mpfr_t out, mpfr_t *x) {
	mpfr_neg(out, x[0], MPFR_RNDN);
	mpfr_exp(out, out, MPFR_RNDN);
	mpfr_add_ui(out, out, 1, MPFR_RNDN);
	mpfr_ui_div(out, 1, out, MPFR_RNDN);
}
static void value_softplus(mpfr_t out, mpfr_t *x) {
	mpfr_exp(out, x[0], MPFR_RNDN);
	mpfr_log1p(out, out, MPFR_RNDN);
}
static void value_relu(mpfr_t out, mpfr_t *x) {
	mpfr_set(out, x[0], MPFR_RNDN);
	if (mpfr_sgn(out) < 0)
		mpfr_set_zero(out, 1);
}
static void value_elu(mpfr_t out, mpfr_t *x) {
	if (mpfr_sgn(x[0]) > 0)
		mpfr_set(out, x[0], MPFR_RNDN);
	else
		mpfr_expm1(out, x[0], MPFR_RNDN);
}
/* a erfc(-a / sqrt 2) / 2 */
static void value_gelu(mpfr_t out, mpfr_t *x) {
	mpfr_sqrt_ui(out, 2, MPFR_RNDN);
	mpfr_div(out, x[0], out, MPFR_RNDN);
	mpfr_neg(out, out, MPFR_RNDN);
	mpfr_erfc(out, out, MPFR_RNDN);
	mpfr_mul(out, out, x[0], MPFR_RNDN);
	mpfr_div_2ui(out, out, 1, MPFR_RNDN);
}
static void value_exp_less(mpfr_t out, mpfr_t *x) {
	mpfr_sub(out, x[0], x[1], MPFR_RNDN);
	mpfr_exp(out, out, MPFR_RNDN);
}

/* ---- the table ---- */

/* How far the function stays smooth, which differences have to respect. */
typedef enum Scale {
	UNIT,     /* about 1 everywhere */
	RELATIVE, /* as far as 0 is */
	LENGTH,   /* as far as the origin of the plane is */
	SIDES,    /* 1, but not across 0 */
	POLES,    /* 0 and the negative whole numbers are poles */
} Scale;

/* Where a derivative is the difference of larger terms, its error is in units of the last place of those. */
typedef double Terms(const double *x, double least, bool mixed);

typedef enum Domain {
	ANY,
	POSITIVE,
	EXPONENT,
	ABOVE_MINUS_ONE,
	MODERATE,
	CIRCLE,
	NOT_WHOLE,
	APART,
	POWER,
	DEFINED,
	QUOTIENT
} Domain;

typedef struct Row {
	IrOpcode opcode;
	Value *value;
	Scale scale[MAX_OPERANDS];
	Domain domain;
	int digits;         /* bits that MPFR works with */
	Terms *terms[2];    /* of first and second derivatives; NULL: the result itself */
	double bound[2][2]; /* ulp: of first and second derivatives, in f32 and f64, where docs/math.md has none */
	int (*mpfr)(mpfr_t, const mpfr_t, mpfr_rnd_t); /* in place of a value */
} Row;

static double shifted_digamma(const double *x, double least, bool mixed) {
	(void)least;
	(void)mixed;
	return fmax(1, x[0] < 0 ? ir_digamma(1 - x[0]) : 0);
}
static double near_zero_of_gelu(const double *x, double least, bool mixed) {
	(void)least;
	(void)mixed;
	return x[0] < -0.3 && x[0] > -1.3 ? 0.25 : 0;
}
/* Where the quotient is denormal, its last digit counts; `least` is the smallest normal number. */
static double denormal_quotient(const double *x, double least, bool mixed) {
	(void)mixed;
	return fabs(x[0] / x[1]) < least ? least / fabs(x[1]) : 0;
}
static double mirrored_trigamma(const double *x, double least, bool mixed) {
	(void)least;
	(void)mixed;
	return x[0] < 0 ? ir_trigamma(1 - x[0]) : 0;
}
static double mirrored_tetragamma(const double *x, double least, bool mixed) {
	(void)least;
	(void)mixed;
	return x[0] < 0 ? fabs(ir_tetragamma(1 - x[0])) : 0;
}
/* The difference is rounded before exp sees it. */
static double rounded_difference(const double *x, double least, bool mixed) {
	(void)least;
	(void)mixed;
	return fmin(1e308, exp(fmin(709, x[0] - x[1])) * fmax(1, fabs(x[0] - x[1])));
}
/* Where one of the first derivatives is denormal, its last digit times the other counts. */
static double denormal_slope(const double *x, double least, bool mixed) {
	double length = hypot(x[0], x[1]), smaller = fmin(fabs(x[0]), fabs(x[1])) / length / length;
	(void)mixed;
	return smaller < least ? 4 * least / length : 0;
}
/* a^(b - 1) (1 + b log a) */
static double power_before(const double *x, double least, bool mixed) {
	(void)least;
	return mixed ? fmin(pow(x[0], x[1] - 1), 1e300) : 0;
}

static double denormal_quotient_2(const double *x, double least, bool mixed) {
	return 2 * denormal_quotient(x, least, mixed) / fabs(x[1]);
}

static const Row rows[] = {
	{IR_add, value_add, {UNIT, UNIT}, ANY, 1400, {0}, {{0}}, NULL},
	{IR_sub, value_sub, {UNIT, UNIT}, ANY, 1400, {0}, {{0}}, NULL},
	{IR_neg, value_neg, {UNIT}, ANY, 1400, {0}, {{0}}, NULL},
	{IR_mul, value_mul, {UNIT, UNIT}, ANY, 2600, {0}, {{0}}, NULL},
	{IR_mulz, value_mul, {UNIT, UNIT}, ANY, 2600, {0}, {{0}}, NULL},
	{IR_scaled, value_mul, {UNIT, UNIT}, ANY, 2600, {0}, {{0}}, NULL},
	{IR_fma, value_fma, {UNIT, UNIT, UNIT}, ANY, 2600, {0}, {{0}}, NULL},
	{IR_min, value_min, {RELATIVE, RELATIVE}, APART, 1400, {0}, {{0}}, NULL},
	{IR_max, value_max, {RELATIVE, RELATIVE}, APART, 1400, {0}, {{0}}, NULL},
	{IR_abs, value_abs, {RELATIVE}, ANY, 1400, {0}, {{0}}, NULL},
	{IR_relu, value_relu, {RELATIVE}, ANY, 1400, {0}, {{0}}, NULL},
	{IR_div, value_div, {UNIT, RELATIVE}, QUOTIENT, 3800, {denormal_quotient, denormal_quotient_2}, {{0}}, NULL},
	{IR_sqrt, value_sqrt, {RELATIVE}, POSITIVE, 500, {0}, {{0}}, NULL},
	{IR_exp, value_exp, {UNIT}, EXPONENT, 1400, {0}, {{0}}, NULL},
	{IR_exp_less,
     value_exp_less,
     {UNIT, UNIT},
     EXPONENT,
     1400,
     {rounded_difference, rounded_difference},
     {{2, 2}, {2, 2}},
     NULL},
	{IR_expm1, value_expm1, {UNIT}, EXPONENT, 1400, {0}, {{0}}, NULL},
	{IR_log, value_log, {RELATIVE}, POSITIVE, 500, {0}, {{0}}, NULL},
	{IR_log1p, value_log1p, {UNIT}, ABOVE_MINUS_ONE, 1400, {0}, {{0}}, NULL},
	{IR_sin, value_sin, {UNIT}, CIRCLE, 1500, {0}, {{0}}, NULL},
	{IR_cos, value_cos, {UNIT}, CIRCLE, 1500, {0}, {{0}}, NULL},
	{IR_tan, value_tan, {UNIT}, CIRCLE, 1500, {0}, {{0}}, NULL},
	{IR_atan, value_atan, {UNIT}, ANY, 1500, {0}, {{0}}, NULL},
	{IR_atan2, value_atan2, {LENGTH, LENGTH}, ANY, 2600, {NULL, denormal_slope}, {{0}}, NULL},
	{IR_tanh, value_tanh, {UNIT}, ANY, 1500, {0}, {{0}}, NULL},
	{IR_sigmoid, value_sigmoid, {UNIT}, EXPONENT, 1500, {0}, {{0}}, NULL},
	{IR_softplus, value_softplus, {UNIT}, EXPONENT, 1500, {0}, {{0}}, NULL},
	{IR_elu, value_elu, {SIDES}, EXPONENT, 1400, {0}, {{0}}, NULL},
	{IR_gelu, value_gelu, {UNIT}, ANY, 1500, {near_zero_of_gelu, NULL}, {{0}}, NULL},
	{IR_erf, value_erf, {UNIT}, ANY, 1500, {0}, {{0}}, NULL},
	{IR_lgamma, value_lgamma, {POLES}, NOT_WHOLE, 500, {shifted_digamma, mirrored_trigamma}, {{0}}, NULL},
	{IR_digamma, value_digamma, {POLES}, NOT_WHOLE, 500, {mirrored_trigamma, mirrored_tetragamma}, {{0}}, NULL},
	{IR_pow, value_pow, {RELATIVE, UNIT}, POWER, 1400, {NULL, power_before}, {{0}}, NULL},
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

/* Rows that only choose, convert or step, and whole powers, below. */
static const IrOpcode elsewhere[] = {IR_fmod, IR_floor_mod, IR_where, IR_to_f32, IR_to_f64, IR_powi};

/* Functions of one number that MPFR has. */
static int (*mpfr_function(const char *name))(mpfr_t, const mpfr_t, mpfr_rnd_t) {
	static const struct {
		const char *name;
		int (*function)(mpfr_t, const mpfr_t, mpfr_rnd_t);
	} all[] = {{"sqrt", mpfr_sqrt},   {"cbrt", mpfr_cbrt},   {"exp", mpfr_exp},     {"exp2", mpfr_exp2},
	           {"exp10", mpfr_exp10}, {"expm1", mpfr_expm1}, {"log", mpfr_log},     {"log2", mpfr_log2},
	           {"log10", mpfr_log10}, {"log1p", mpfr_log1p}, {"sin", mpfr_sin},     {"cos", mpfr_cos},
	           {"tan", mpfr_tan},     {"sec", mpfr_sec},     {"csc", mpfr_csc},     {"cot", mpfr_cot},
	           {"asin", mpfr_asin},   {"acos", mpfr_acos},   {"atan", mpfr_atan},   {"sinh", mpfr_sinh},
	           {"cosh", mpfr_cosh},   {"tanh", mpfr_tanh},   {"sech", mpfr_sech},   {"csch", mpfr_csch},
	           {"coth", mpfr_coth},   {"asinh", mpfr_asinh}, {"acosh", mpfr_acosh}, {"atanh", mpfr_atanh},
	           {"erf", mpfr_erf},     {"erfc", mpfr_erfc},   {"gamma", mpfr_gamma}, {"lngamma", mpfr_lngamma},
	           {"eint", mpfr_eint},   {"li2", mpfr_li2},     {"zeta", mpfr_zeta},   {"digamma", mpfr_digamma},
	           {"j0", mpfr_j0},       {"j1", mpfr_j1},       {"y0", mpfr_y0},       {"y1", mpfr_y1},
	           {"ai", mpfr_ai}};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strcmp(all[i].name, name) == 0)
			return all[i].function;
	return NULL;
}

/* A row that is a derivative of another one is checked as such. */
static bool is_derivative(const char *name) {
	for (int i = 0; i < IR_OPCODE_COUNT; i++)
		for (int k = 0; k < 3; k++) {
			const char *derivative = ir_op_info[i].derivative[k];
			if (strcmp(ir_op_info[i].name, name) != 0 && derivative &&
			    math_doc_names(derivative, derivative + strlen(derivative), name))
				return true;
		}
	return false;
}

/* How a row is tested; false if it is not. */
static bool row_of(IrOpcode opcode, Row *row) {
	const IrOpInfo *info = &ir_op_info[opcode];
	bool found = false;
	for (int i = 0; i < ROW_COUNT && !found; i++) {
		*row = rows[i];
		found = rows[i].opcode == opcode;
	}
	if (!found) {
		*row = (Row){.opcode = opcode, .scale = {SIDES}, .domain = DEFINED, .digits = 3900};
		row->mpfr = mpfr_function(info->name);
		found = row->mpfr && info->arity == 1 && info->derivative[0];
	}
	double b[4];
	if (found && math_doc_bounds("Derivatives", info->name, 4, b))
		memcpy(row->bound, b, sizeof b);
	else
		cr_expect(!found || !row->mpfr, "docs/math.md does not bound the derivatives of %s", info->name);
	return found;
}

Test(derivatives, every_row_is_tested) {
	Row row;
	for (int opcode = 0; opcode < IR_OPCODE_COUNT; opcode++) {
		const IrOpInfo *info = &ir_op_info[opcode];
		bool found = !info->derivative[0] && !info->derivative[1];
		found = found || row_of((IrOpcode)opcode, &row) || is_derivative(info->name);
		for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++)
			found = found || elsewhere[i] == (IrOpcode)opcode;
		cr_expect(found, "%s", info->name);
	}
}

/* ---- points ---- */

static const double edges[] = {
	0,      1,      -1,       2,        -2,     0.5,     -0.5,
	1e-40,  -1e-40, 0x1p-149, 0x1p-126, 1e-310, -1e-310, 0x1p-1074,
	1e30,   -1e30,  1e300,    -1e300,   88.7,   -87.4,   -103,
	709.7,  -708.5, -744,     -745.1,   18,     -18,     19.5,
	-19.5,  37,     -37,      40,       -40,    9.01,    -9.01,
	51,     -51,    372,      -372,     1e20,   1e-20,   1.4142135623730951,
	5e7,    -5e7,   1e154,    1e155,    1e-155, 1e160,   1e19,
	1.9e19, 5.9,    -5.9,     26.5,     -26.5,  -38.4,   -0.7517915,
	-1e80,  1e80,   1e-160,   3,        -13.1,  -14.17,  1e-8,
	-1e-8,
};
enum { EDGE_COUNT = sizeof edges / sizeof edges[0] };

static double sample(IrScalar type, int i, uint64_t *state) {
	double sign = draw(state) & 1 ? -1 : 1;
	switch (i % 6) {
	case 0: return any_bits(state, type);
	case 1: return sign * ldexp(1 + unit(state), (int)(draw(state) % 60) - 40);
	case 2: return sign * (type == IR_F32 ? 105 : 750) * unit(state);
	case 3: return edges[draw(state) % EDGE_COUNT];
	default: return sign * 6 * unit(state);
	}
}

/* What second differences need: steps are 2^-100 times a small number itself, squared, and so may be the derivative. */
static int digits_at(const Row *row, const double *x) {
	int exponent = 0;
	if (!row->mpfr)
		return row->digits;
	frexp(x[0], &exponent);
	return 600 + 3 * abs(exponent);
}

/* Where MPFR has a number that is not huge, and at the ends of a step, too. */
static bool is_defined(const Row *row, double x) {
	bool all = true;
	mpfr_t at, value;
	mpfr_inits2(digits_at(row, &x), at, value, (mpfr_ptr)0);
	for (int side = -1; side <= 1 && all; side++) {
		mpfr_set_d(at, fmin(1, fabs(x)), MPFR_RNDN);
		mpfr_mul_2si(at, at, STEP, MPFR_RNDN);
		mpfr_mul_si(at, at, side, MPFR_RNDN);
		mpfr_add_d(at, at, x, MPFR_RNDN);
		row->mpfr(value, at, MPFR_RNDN);
		all = mpfr_zero_p(value) || (mpfr_regular_p(value) && labs(mpfr_get_exp(value)) < 1000000);
	}
	mpfr_clears(at, value, (mpfr_ptr)0);
	return all;
}

static bool inside(const Row *row, const double *x) {
	const IrOpInfo *info = &ir_op_info[row->opcode];
	for (int k = 0; k < info->arity; k++)
		if (!isfinite(x[k]) || (x[k] == 0 && (row->scale[k] == RELATIVE || row->scale[k] == SIDES)))
			return false;
	switch (row->domain) {
	case ANY: /* atan2 jumps behind the origin */
		return row->scale[0] != LENGTH || x[1] > 0 || fabs(x[0]) > 0x1p-90 * fabs(x[1]);
	case POSITIVE: return x[0] > 0;
	case EXPONENT: /* beyond, MPFR overflows, too, or the error of a difference is out of range */
		return fabs(x[0]) < 1e17 && fabs(x[1]) < 1e17 && (info->arity == 1 || x[0] - x[1] < 690);
	case ABOVE_MINUS_ONE: return x[0] > -1;
	case MODERATE: return fabs(x[0]) > 1e-4 && fabs(x[0]) < 1e4;
	case CIRCLE: return fabs(x[0]) <= 5e7;
	case NOT_WHOLE: return x[0] > -1e15 && (x[0] > 0 || floor(x[0]) != x[0]);
	case APART: return x[0] != x[1];
	case QUOTIENT: /* of 0 / b with 1 / b beyond the largest number, the second derivative is 0 times infinity */
		return x[0] != 0 || fabs(x[1]) > 0x1p-126;
	case DEFINED: return is_defined(row, x[0]);
	case POWER: return x[0] > 0 && x[0] != 1 && fabs(x[1]) < 1e15;
	}
	return false;
}

/* ---- references ---- */

static void step_of(mpfr_t step, const Row *row, int k, const double *x) {
	double far = 1;
	switch (row->scale[k]) {
	case UNIT: break;
	case RELATIVE: far = fabs(x[k]); break;
	case LENGTH: far = fmax(fabs(x[0]), fabs(x[1])); break;
	case SIDES: far = fmin(1, fabs(x[k])); break;
	case POLES: far = x[k] > 0.5 ? x[k] : fmin(fabs(x[k]), fabs(x[k] - floor(x[k] + 0.5))); break;
	}
	if (row->scale[k] == POLES && x[k] <= 0.5 && x[k] > -0.5)
		far = fabs(x[k]);
	mpfr_set_d(step, far, MPFR_RNDN);
	mpfr_mul_2si(step, step, STEP, MPFR_RNDN);
}

/* sum += sign * f(x + p h_i + q h_j) */
static void add_value(mpfr_t sum, const Row *row, const double *x, int i, int p, int j, int q, mpfr_t *h, int factor) {
	mpfr_t at[MAX_OPERANDS], value, move;
	int digits = digits_at(row, x);
	mpfr_inits2(digits, value, move, (mpfr_ptr)0);
	for (int k = 0; k < MAX_OPERANDS; k++) {
		mpfr_init2(at[k], digits);
		mpfr_set_d(at[k], x[k], MPFR_RNDN);
	}
	mpfr_mul_si(move, h[i], p, MPFR_RNDN);
	mpfr_add(at[i], at[i], move, MPFR_RNDN);
	if (q) {
		mpfr_mul_si(move, h[j], q, MPFR_RNDN);
		mpfr_add(at[j], at[j], move, MPFR_RNDN);
	}
	if (row->mpfr)
		row->mpfr(value, at[0], MPFR_RNDN);
	else
		row->value(value, at);
	mpfr_mul_si(value, value, factor, MPFR_RNDN);
	mpfr_add(sum, sum, value, MPFR_RNDN);
	for (int k = 0; k < MAX_OPERANDS; k++)
		mpfr_clear(at[k]);
	mpfr_clears(value, move, (mpfr_ptr)0);
}

/* d/dx_i for j < 0, else d^2/dx_i dx_j. */
static void reference(mpfr_t out, const Row *row, const double *x, int i, int j) {
	mpfr_t h[MAX_OPERANDS];
	for (int k = 0; k < MAX_OPERANDS; k++) {
		mpfr_init2(h[k], digits_at(row, x));
		step_of(h[k], row, k < ir_op_info[row->opcode].arity ? k : 0, x);
	}
	mpfr_set_zero(out, 1);
	if (j < 0) {
		add_value(out, row, x, i, 1, 0, 0, h, 1);
		add_value(out, row, x, i, -1, 0, 0, h, -1);
		mpfr_div(out, out, h[i], MPFR_RNDN);
		mpfr_div_2ui(out, out, 1, MPFR_RNDN);
	} else if (i == j) {
		add_value(out, row, x, i, 1, 0, 0, h, 1);
		add_value(out, row, x, i, 0, 0, 0, h, -2);
		add_value(out, row, x, i, -1, 0, 0, h, 1);
		mpfr_div(out, out, h[i], MPFR_RNDN);
		mpfr_div(out, out, h[i], MPFR_RNDN);
	} else {
		for (int p = -1; p <= 1; p += 2)
			for (int q = -1; q <= 1; q += 2)
				add_value(out, row, x, i, p, j, q, h, p * q);
		mpfr_div(out, out, h[i], MPFR_RNDN);
		mpfr_div(out, out, h[j], MPFR_RNDN);
		mpfr_div_2ui(out, out, 2, MPFR_RNDN);
	}
	for (int k = 0; k < MAX_OPERANDS; k++)
		mpfr_clear(h[k]);
}

static double ulps(double got, const mpfr_t wanted, double scale, IrScalar type) {
	int digits = type == IR_F32 ? 24 : 53, lowest = type == IR_F32 ? -148 : -1073;
	double largest = type == IR_F32 ? 0x1.fffffep127 : 0x1.fffffffffffffp1023;
	double near = mpfr_get_d(wanted, MPFR_RNDN);
	if (isnan(got) || mpfr_nan_p(wanted))
		return INFINITY;
	if (isinf(got))
		return mpfr_cmp_d(wanted, largest * 0.999999) > 0 && got > 0    ? 0
		       : mpfr_cmp_d(wanted, -largest * 0.999999) < 0 && got < 0 ? 0
		                                                                : INFINITY;
	if (fabs(near) > largest)
		return fabs(got) > largest * 0.999999 ? 0 : INFINITY;
	int exponent = lowest;
	if (fabs(near) > 0 || scale > 0)
		frexp(fmax(fabs(near), scale), &exponent);
	exponent -= digits;
	exponent = exponent < lowest - 1 ? lowest - 1 : exponent;
	mpfr_t off;
	mpfr_init2(off, mpfr_get_prec(wanted));
	mpfr_sub_d(off, wanted, got, MPFR_RNDN);
	mpfr_mul_2si(off, off, -exponent, MPFR_RNDN);
	double error = fabs(mpfr_get_d(off, MPFR_RNDN));
	mpfr_clear(off);
	return error;
}

/* ---- running ---- */

typedef struct Fixture {
	Session *session;
	IrModule *module;
	Arena *arena;
	IrTensor args[MAX_OPERANDS + 2]; /* operands, then ones */
} Fixture;

static Fixture begin(IrScalar type) {
	mpfr_set_emin(mpfr_get_emin_min());
	mpfr_set_emax(mpfr_get_emax_max());
	Session *session = session_new();
	Fixture x = {.session = session, .module = ir_module_new(session), .arena = arena_new()};
	for (int k = 0; k < MAX_OPERANDS + 2; k++) {
		x.args[k] = ir_tensor_new(x.arena, ir_tensor_type(type, 1, (IrDim[]){POINTS}), NULL);
		for (int i = 0; i < POINTS; i++)
			x.args[k].reals[i] = 1;
	}
	return x;
}

static void end(Fixture *x) {
	ir_module_free(x->module);
	session_free(x->session);
	arena_free(x->arena);
}

/* y[n] = for i:n { opcode(%a[i], ...) } -> [i]; whole powers take the exponent k. */
static IrFunc *row_func(Fixture *x, IrOpcode opcode, IrScalar type, int64_t k) {
	IrFunc *func = ir_func_new(x->module, "row");
	bool power = opcode == IR_powi;
	int arity = power ? 1 : ir_op_info[opcode].arity;
	IrType shape = ir_tensor_type(type, 1, (IrDim[]){POINTS});
	IrValue params[MAX_OPERANDS];
	for (int i = 0; i < arity; i++)
		params[i] = ir_param(func, (char[]){(char)('a' + i), 0}, shape);
	IrBuilder b = ir_builder(func);
	IrForBuilder f = ir_for_begin(&b);
	IrAt at = ir_at_index(x->module, ir_for_index(&f, 0, POINTS), 1);
	uint32_t args[IR_MAX_ARGS] = {0};
	for (int i = 0; i < arity; i++)
		args[i] = ir_read(&f, params[i], &at, false);
	if (power)
		args[1] = ir_int(&f, k);
	ir_result(func, "y", ir_put(&f, IR_PUT_NONE, ir_op(&f, opcode, args), shape, &at, 0, false));
	ir_for_end(&f);
	return func;
}

/* Result `which` of the expanded function; the cotangents are ones. */
static const double *run(Fixture *x, const IrFunc *func, int operands, uint32_t which, bool fused) {
	IrFunc *out = ir_expand_math(x->module, (IrFunc *)(uintptr_t)func, fused);
	IrTensor args[MAX_OPERANDS + 2], *results = ARENA_ARRAY(x->arena, IrTensor, func->results.count + 1);
	for (uint32_t i = 0; i < func->params.count; i++)
		args[i] = x->args[(int)i < operands ? (int)i : MAX_OPERANDS];
	Span where;
	const char *error = ir_evaluate(out, x->arena, args, results, &where);
	cr_assert_null(error, "%s", error);
	return results[which].reals;
}

typedef struct Check {
	const Row *row;
	IrScalar type;
	int i, j;
	const double *got;
	bool fused;
} Check;

static void compare(Fixture *x, const Check *c) {
	double worst = 0, bound = c->row->bound[c->type == IR_F64][c->j >= 0], at[MAX_OPERANDS] = {0}, result = 0;
	Terms *terms = c->row->terms[c->j >= 0];
	mpfr_t wanted;
	mpfr_init2(wanted, c->row->digits);
	for (int p = 0; p < POINTS; p++) {
		double v[MAX_OPERANDS];
		for (int k = 0; k < MAX_OPERANDS; k++)
			v[k] = x->args[k].reals[p];
		reference(wanted, c->row, v, c->i, c->j);
		double error =
			ulps(c->got[p], wanted,
		         terms ? terms(v, c->type == IR_F32 ? 0x1p-126 : 0x1p-1022, c->j >= 0 && c->j != c->i) : 0, c->type);
		if (error > worst) {
			worst = error;
			memcpy(at, v, sizeof v);
			result = c->got[p];
		}
	}
	mpfr_clear(wanted);
	cr_expect(worst <= bound, "%s %s %s, d/d%c%c: %.2f ulp, %.2f allowed, at (%a, %a, %a): %.17g",
	          ir_op_info[c->row->opcode].name, ir_scalar_name(c->type), c->fused ? "fused" : "strict", 'a' + c->i,
	          c->j < 0 ? ' ' : 'a' + c->j, worst, bound, at[0], at[1], at[2], result);
	if (getenv("GRADUS_TEST_SHOW"))
		printf("%-10s %s %s d/d%c%c %.2f\n", ir_op_info[c->row->opcode].name, ir_scalar_name(c->type),
		       c->fused ? "fused" : "strict", 'a' + c->i, c->j < 0 ? ' ' : 'a' + c->j, worst);
}

static void check_row(const Row *row, IrScalar type, int64_t power) {
	int operands = row->opcode == IR_powi ? 1 : ir_op_info[row->opcode].arity;
	Fixture x = begin(type);
	const char *name = ir_op_info[row->opcode].name;
	uint64_t state = hash_bytes(name, strlen(name), 0);
	for (int p = 0, tried = 0; p < POINTS; tried++) {
		double v[MAX_OPERANDS] = {1, 1, 1};
		for (int k = 0; k < operands; k++) {
			v[k] = tried < EDGE_COUNT && k == 0 ? edges[tried]
			                                    : sample(type, tried % 36 < 6 * k ? 5 : (int)draw(&state) % 6, &state);
			v[k] = type == IR_F32 ? (double)(float)v[k] : v[k];
		}
		if (!inside(row, v))
			continue;
		for (int k = 0; k < operands; k++)
			x.args[k].reals[p] = v[k];
		p++;
	}
	IrFunc *func = row_func(&x, row->opcode, type, power);
	IrFunc *first = ad_reverse(x.module, func, "first", NULL, NULL, false);
	for (int fused = 0; fused < 2; fused++) {
		for (int i = 0; i < operands; i++) {
			Check check = {row, type, i, -1, run(&x, first, operands, (uint32_t)i, fused), fused};
			compare(&x, &check);
			bool seeded[MAX_OPERANDS] = {i == 0, i == 1, i == 2};
			IrFunc *second = ad_reverse(x.module, first, "second", seeded, NULL, false);
			for (int j = 0; j < operands; j++) {
				check = (Check){row, type, i, j, run(&x, second, operands, (uint32_t)j, fused), fused};
				compare(&x, &check);
			}
		}
	}
	end(&x);
}

static long whole;

static void value_powi(mpfr_t out, mpfr_t *x) {
	mpfr_pow_si(out, x[0], whole, MPFR_RNDN);
}

/* Products round once each. */
Test(derivatives, whole_powers, .fini = mpfr_free_cache) {
	for (whole = -6; whole <= 9; whole++) {
		double bound = 1.5 + (double)(whole < 0 ? -whole : whole);
		const Row row = {IR_powi, value_powi, {RELATIVE}, MODERATE, 600, {0}, {{bound, bound}, {bound, bound}}, NULL};
		check_row(&row, IR_F32, whole);
		check_row(&row, IR_F64, whole);
	}
}

static void check_rows(IrScalar type) {
	Row row;
	for (int opcode = 0; opcode < IR_OPCODE_COUNT; opcode++)
		if (row_of((IrOpcode)opcode, &row))
			check_row(&row, type, 0);
}

Test(derivatives, f32, .fini = mpfr_free_cache) {
	check_rows(IR_F32);
}

Test(derivatives, f64, .fini = mpfr_free_cache) {
	check_rows(IR_F64);
}
