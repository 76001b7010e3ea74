/* Mathematics by definition (ir/math/math.def) against the C library in long double: the evaluator runs the expanded rows over
 * many points, and the worst error stays within the bounds that docs/math.md states. A row that is called as a function of C is
 * compared with that; the others are in a table below. */
#include "ir/eval/eval.h"
#include "math_doc.h"
#include "math_run.h"

static const long double pi = 3.14159265358979323846264338327950288L;

/* ---- references ---- */

typedef long double Reference(long double a, long double b);

static long double ref_lgamma(long double a, long double b) {
	(void)b;
	return lgammal(a);
}

/* The range that docs/math.md states; outside the result is NaN. */
static bool in_circle(long double a) {
	return fabsl(a) <= 5e7L;
}
static long double ref_sin(long double a, long double b) {
	(void)b;
	return in_circle(a) ? sinl(a) : NAN;
}
static long double ref_cos(long double a, long double b) {
	(void)b;
	return in_circle(a) ? cosl(a) : NAN;
}
static long double ref_tan(long double a, long double b) {
	(void)b;
	return in_circle(a) ? tanl(a) : NAN;
}
static long double ref_atan2(long double a, long double b) {
	return atan2l(a, b);
}
static long double ref_pow(long double a, long double b) {
	return powl(a, b);
}
/* The rest with the sign of b; the library's is exact. */
static long double ref_floor_mod(long double a, long double b) {
	long double r = fmodl(a, b);
	return r == 0 ? copysignl(r, b) : (r < 0) != (b < 0) ? r + b : r;
}
static long double ref_floor_div(long double a, long double b) {
	if (isinf(b) || b == 0)
		return isinf(b) && isfinite(a) && a != 0 && (a < 0) != (b < 0) ? -1 : a / b;
	long double whole = roundl((a - ref_floor_mod(a, b)) / b);
	return isinf(a) ? a / b : whole == 0 ? copysignl(0, a / b) : whole;
}
static long double ref_sigmoid(long double a, long double b) {
	(void)b;
	return a >= 0 ? 1 / (1 + expl(-a)) : expl(a) / (1 + expl(a));
}
static long double ref_softplus(long double a, long double b) {
	(void)b;
	return (a > 0 ? a : 0) + log1pl(expl(-fabsl(a)));
}
static long double ref_relu(long double a, long double b) {
	(void)b;
	return a < 0 || a == 0 ? 0 : a;
}
static long double ref_elu(long double a, long double b) {
	(void)b;
	return a > 0 ? a : expm1l(a);
}
static long double ref_gelu(long double a, long double b) {
	(void)b;
	return a == -INFINITY ? -0.0L : a / 2 * erfcl(-a / sqrtl(2));
}

/* Recurrence up to 40, then the asymptotic series (Abramowitz and Stegun 6.3.18, 6.4.12). */
static long double ref_digamma(long double x, long double b) {
	static const long double series[] = {1.0L / 12,  -1.0L / 120,     1.0L / 252, -1.0L / 240,
	                                     1.0L / 132, -691.0L / 32760, 1.0L / 12};
	(void)b;
	long double sum = 0, y = 0;
	if (x <= 0 && floorl(x) == x)
		return NAN;
	if (x < 0) {
		sum = -pi / tanl(pi * (x - floorl(x + 0.5L)));
		x = 1 - x;
	}
	while (x < 40) {
		sum -= 1 / x;
		x += 1;
	}
	for (int i = 6; i >= 0; i--)
		y = (y + series[i]) / (x * x);
	return sum + logl(x) - 0.5L / x - y;
}
static long double ref_trigamma(long double x, long double b) {
	static const long double series[] = {1.0L / 6,  -1.0L / 30,     1.0L / 42, -1.0L / 30,
	                                     5.0L / 66, -691.0L / 2730, 7.0L / 6};
	long double sum = 0, y = 0;
	if (x <= 0 && floorl(x) == x)
		return INFINITY;
	if (x < 0) {
		long double s = sinl(pi * (x - floorl(x + 0.5L)));
		return pi * pi / (s * s) - ref_trigamma(1 - x, b);
	}
	while (x < 40) {
		sum += 1 / (x * x);
		x += 1;
	}
	for (int i = 6; i >= 0; i--)
		y = (y + series[i]) / (x * x);
	return sum + 1 / x + 0.5L / (x * x) + y / x;
}

/* ---- the table ---- */

/* Errors in units of the last place of the result, or, for rows with `scale`, of max(1, scale(a)) if that is larger: their
 * zeros come from cancellation. */
typedef struct Row {
	IrOpcode opcode;
	Reference *reference, *scale;
	CMath *library;         /* in place of a reference */
	const char *documented; /* as the row is called in docs/math.md; NULL: by its name */
} Row;

static long double mirrored_lgamma(long double a, long double b) {
	return a < 0 ? ref_lgamma(1 - a, b) : 0;
}
static long double mirrored_digamma(long double a, long double b) {
	return a < 0 ? ref_digamma(1 - a, b) : 0;
}

static const Row rows[] = {
	{IR_sin, ref_sin, NULL, NULL, NULL},
	{IR_cos, ref_cos, NULL, NULL, NULL},
	{IR_tan, ref_tan, NULL, NULL, NULL},
	{IR_atan2, ref_atan2, NULL, NULL, NULL},
	{IR_sigmoid, ref_sigmoid, NULL, NULL, NULL},
	{IR_softplus, ref_softplus, NULL, NULL, NULL},
	{IR_relu, ref_relu, NULL, NULL, NULL},
	{IR_elu, ref_elu, NULL, NULL, NULL},
	{IR_gelu, ref_gelu, NULL, NULL, NULL},
	{IR_lgamma, ref_lgamma, mirrored_lgamma, NULL, NULL},
	{IR_digamma, ref_digamma, mirrored_digamma, NULL, NULL},
	{IR_trigamma, ref_trigamma, NULL, NULL, NULL},
	{IR_pow, ref_pow, NULL, NULL, NULL},
	{IR_floor_mod, ref_floor_mod, NULL, NULL, "a % b"},
	{IR_floor_div, ref_floor_div, NULL, NULL, "a // b"},
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

/* How a row is tested here; false if it is not. */
static bool row_of(IrOpcode opcode, Row *row) {
	for (int i = 0; i < ROW_COUNT; i++) {
		*row = rows[i];
		if (rows[i].opcode == opcode)
			return true;
	}
	*row = (Row){.opcode = opcode, .library = c_math(ir_op_info[opcode].name)};
	return row->library != NULL && !ir_op_info[opcode].primitive;
}

static long double wanted(const Row *row, long double a, long double b) {
	return row->library ? row->library(a) : row->reference(a, b);
}

/* ---- points ---- */

static double sample(const IrOpInfo *info, IrScalar type, int i, uint64_t *state) {
	double sign = draw(state) & 1 ? -1 : 1;
	if (i < EDGE_COUNT)
		return edges[i];
	switch (i % 8) {
	case 0: return any_bits(state, type);
	case 1: return sign * ldexp(1 + unit(state), (int)(draw(state) % 60) - 40);
	case 2: return 1 + sign * 0.5 * unit(state);
	case 3: return sign * 800 * unit(state);
	case 4: return sign * 40 * unit(state);
	case 5: return sign * floor(3e7 * unit(state)) * 1.57079632679489661923; /* near zeros and poles of sin, cos, tan */
	default: return info->low + (info->high - info->low) * unit(state);
	}
}

/* Pairs for pow and atan2: all pairs of edges, everywhere, and where a^b is about to over- or underflow. */
static void sample_pair(IrScalar type, int i, double *a, double *b, uint64_t *state) {
	double sign = draw(state) & 1 ? -1 : 1, limit = type == IR_F32 ? 90 : 720;
	*a = sign * 4 * unit(state);
	*b = 8 * unit(state) - 4;
	if (i < EDGE_COUNT * EDGE_COUNT) {
		*a = edges[i / EDGE_COUNT];
		*b = edges[i % EDGE_COUNT];
	} else if (i % 4 == 0) {
		*a = any_bits(state, type);
		*b = any_bits(state, type);
	} else if (i % 4 == 1) {
		*a = exp(sign * limit * unit(state));
		*b = limit / log(*a) * (2.1 * unit(state) - 1.05);
	} else if (i % 4 == 2) {
		*a = 1 + sign * 1e-3 * unit(state);
		*b = 1e5 * (2 * unit(state) - 1);
	}
}

/* ---- accuracy ---- */

static void check_row(const Row *row, IrScalar type) {
	const IrOpInfo *info = &ir_op_info[row->opcode];
	Fixture x = begin();
	IrTensor args[2] = {tensor(&x, type, POINTS), tensor(&x, type, POINTS)};
	uint64_t state = hash_bytes(info->name, strlen(info->name), 0);
	double bounds[2], bound;
	bool documented = math_doc_bounds("Accuracy", row->documented ? row->documented : info->name, 2, bounds);
	cr_assert(documented, "docs/math.md does not bound the errors of %s", info->name);
	bound = bounds[type == IR_F64];
	for (int i = 0; i < POINTS; i++) {
		double a, b = 0;
		if (info->arity == 2)
			sample_pair(type, i, &a, &b, &state);
		else
			a = sample(info, type, i, &state);
		args[0].reals[i] = type == IR_F32 ? (double)(float)a : a;
		args[1].reals[i] = type == IR_F32 ? (double)(float)b : b;
	}
	IrFunc *func = row_func(&x, row->opcode, type, POINTS);
	for (int fused = 0; fused < 2; fused++) {
		const double *got = run(&x, expanded(&x, func, fused), args);
		double worst = 0;
		int at = 0;
		for (int i = 0; i < POINTS; i++) {
			long double a = (long double)args[0].reals[i], b = (long double)args[1].reals[i];
			long double scale = row->scale ? fmaxl(1, fabsl(row->scale(a, b))) : 0;
			double error = ulps(got[i], wanted(row, a, b), scale, type);
			if (error > worst) {
				worst = error;
				at = i;
			}
		}
		cr_expect(worst <= bound, "%s %s %s: %.3f ulp, %.2f allowed, at (%a, %a): %.17g", info->name,
		          ir_scalar_name(type), fused ? "fused" : "strict", worst, bound, args[0].reals[at], args[1].reals[at],
		          got[at]);
	}
	end(&x);
}

static void check_rows(IrScalar type) {
	Row row;
	for (int opcode = 0; opcode < IR_OPCODE_COUNT; opcode++)
		if (row_of((IrOpcode)opcode, &row))
			check_row(&row, type);
}

Test(math, f32_is_as_accurate_as_documented) {
	check_rows(IR_F32);
}

Test(math, f64_is_as_accurate_as_documented) {
	check_rows(IR_F64);
}

/* Whether a row is a derivative of another one: then test_derivatives.c checks it as such. */
static bool is_derivative(IrOpcode opcode) {
	for (int i = 0; i < IR_OPCODE_COUNT; i++)
		for (int k = 0; k < 3; k++) {
			const char *derivative = ir_op_info[i].derivative[k];
			if (i != (int)opcode && derivative &&
			    math_doc_names(derivative, derivative + strlen(derivative), ir_op_info[opcode].name))
				return true;
		}
	return false;
}

/* By tests of their own (test_math_exact.c): whole powers, what scales norms and shifts logsumexp, and a product. */
static const IrOpcode elsewhere[] = {IR_powi, IR_exp_less, IR_before, IR_binade, IR_scaled};

Test(math, every_row_that_is_not_primitive_is_tested) {
	Row row;
	for (int opcode = 0; opcode < IR_OPCODE_COUNT; opcode++) {
		bool found = ir_op_info[opcode].primitive || ir_op_info[opcode].typing == IR_T_RANDOM;
		found = found || row_of((IrOpcode)opcode, &row) || is_derivative((IrOpcode)opcode);
		for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++)
			found |= elsewhere[i] == (IrOpcode)opcode;
		cr_expect(found, "%s", ir_op_info[opcode].name);
	}
}
