/* The rows of ops.def on numbers, against the C library, closed forms and published values. */
#include "ir/eval/eval.h"
#include "ir/ir.h"
#include "math_doc.h"

static double eval(IrOpcode opcode, IrScalar type, double a, double b, double c) {
	return ir_eval_real(opcode, type, (double[]){a, b, c});
}

static int64_t eval_int(IrOpcode opcode, IrScalar type, int64_t a, int64_t b) {
	return ir_eval_scalar(opcode, (IrScalar[]){type, type}, (IrNumber[]){{.integer = a}, {.integer = b}}).integer;
}

typedef double Reference(double a, double b, double c);

/* Written here again, in other words than in ops.def. */
static double ref_add(double a, double b, double c) {
	(void)c;
	return a - -b;
}
static double ref_sub(double a, double b, double c) {
	(void)c;
	return -(b - a);
}
static double ref_mul(double a, double b, double c) {
	(void)c;
	return b * a;
}
static double ref_div(double a, double b, double c) {
	(void)c;
	return a / b;
}
static double ref_neg(double a, double b, double c) {
	(void)b;
	(void)c;
	return copysign(a, signbit(a) ? 1.0 : -1.0);
}
static double ref_fma(double a, double b, double c) {
	return fma(b, a, c);
}
static double ref_min(double a, double b, double c) {
	(void)c;
	return fmin(a, b);
}
static double ref_max(double a, double b, double c) {
	(void)c;
	return fmax(a, b);
}
static double ref_abs(double a, double b, double c) {
	(void)b;
	(void)c;
	return sqrt(a * a);
}
static double ref_sign(double a, double b, double c) {
	(void)b;
	(void)c;
	return (a > 0) - (a < 0);
}
static double ref_floor(double a, double b, double c) {
	(void)b;
	(void)c;
	return rint(a - 0.5);
}
static double ref_sqrt(double a, double b, double c) {
	(void)b;
	(void)c;
	return pow(a, 0.5);
}
static double ref_exp(double a, double b, double c) {
	(void)b;
	(void)c;
	return exp2(a * 1.4426950408889634074);
}
static double ref_expm1(double a, double b, double c) {
	(void)b;
	(void)c;
	return 2 * exp(a / 2) * sinh(a / 2);
}
static double ref_log(double a, double b, double c) {
	(void)b;
	(void)c;
	return log2(a) * 0.69314718055994530942;
}
static double ref_log1p(double a, double b, double c) {
	(void)b;
	(void)c;
	return 2 * atanh(a / (2 + a));
}
static double ref_sin(double a, double b, double c) {
	(void)b;
	(void)c;
	return 2 * sin(a / 2) * cos(a / 2);
}
static double ref_cos(double a, double b, double c) {
	(void)b;
	(void)c;
	return 1 - 2 * sin(a / 2) * sin(a / 2);
}
static double ref_tan(double a, double b, double c) {
	(void)b;
	(void)c;
	return sin(a) / cos(a);
}
static double ref_atan(double a, double b, double c) {
	(void)b;
	(void)c;
	return asin(a / sqrt(1 + a * a));
}
static double ref_atan2(double a, double b, double c) {
	(void)c;
	return 2 * atan(a / (sqrt(a * a + b * b) + b));
}
static double ref_tanh(double a, double b, double c) {
	(void)b;
	(void)c;
	return 1 - 2 / (exp(2 * a) + 1);
}
static double ref_sigmoid(double a, double b, double c) {
	(void)b;
	(void)c;
	return 0.5 * (1 + tanh(a / 2));
}
static double ref_softplus(double a, double b, double c) {
	(void)b;
	(void)c;
	return log(1 + exp(a));
}
static double ref_relu(double a, double b, double c) {
	(void)b;
	(void)c;
	return 0.5 * (a + fabs(a));
}
static double ref_elu(double a, double b, double c) {
	(void)b;
	(void)c;
	return a > 0 ? a : exp(a) - 1;
}
static double ref_gelu(double a, double b, double c) {
	(void)b;
	(void)c;
	return a * (1 - 0.5 * erfc(a / sqrt(2)));
}
static double ref_erf(double a, double b, double c) {
	(void)b;
	(void)c;
	return 1 - erfc(a);
}
static double ref_lgamma(double a, double b, double c) {
	(void)b;
	(void)c;
	return log(tgamma(a));
}
static double ref_pow(double a, double b, double c) {
	(void)c;
	return exp(b * log(a));
}
static double ref_mulz(double a, double b, double c) {
	(void)c;
	return a * b;
}
static double ref_same(double a, double b, double c) {
	(void)b;
	(void)c;
	return a;
}

typedef struct Row {
	IrOpcode opcode;
	Reference *reference;
} Row;

#define ROW(name) {IR_##name, ref_##name}
static const Row rows[] = {
	ROW(add),  ROW(sub),  ROW(mul),   ROW(div),  ROW(neg),    ROW(fma),   ROW(min),     ROW(max),
	ROW(abs),  ROW(sign), ROW(floor), ROW(sqrt), ROW(exp),    ROW(expm1), ROW(log),     ROW(log1p),
	ROW(sin),  ROW(cos),  ROW(tan),   ROW(atan), ROW(atan2),  ROW(tanh),  ROW(sigmoid), ROW(softplus),
	ROW(relu), ROW(elu),  ROW(gelu),  ROW(erf),  ROW(lgamma), ROW(pow),   ROW(mulz),    {IR_stop_gradient, ref_same},
};

/* A plain sequence of numbers in [0, 1), the same on every run. */
static double next_uniform(uint64_t *state) {
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(*state >> 11) * 0x1p-53;
}

Test(ir_scalar, rows_agree_with_other_forms) {
	uint64_t state = 1;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const IrOpInfo *info = &ir_op_info[rows[i].opcode];
		for (int k = 0; k < 2000; k++) {
			double v[3];
			for (int a = 0; a < 3; a++)
				v[a] = info->low + (info->high - info->low) * next_uniform(&state);
			double expected = rows[i].reference(v[0], v[1], v[2]);
			double got = eval(rows[i].opcode, IR_F64, v[0], v[1], v[2]);
			cr_assert(fabs(got - expected) <= 4e-15 * (1 + fabs(expected)) * (1 + fabs(v[0])),
			          "%s(%.17g, %.17g, %.17g) = %.17g, not %.17g", info->name, v[0], v[1], v[2], got, expected);
			double narrow = eval(rows[i].opcode, IR_F32, (double)(float)v[0], (double)(float)v[1], (double)(float)v[2]);
			cr_assert(narrow == (double)(float)narrow, "%s is not rounded to f32", info->name);
		}
	}
}

/* f32 arithmetic is exactly what the C type float does. */
Test(ir_scalar, f32_is_float_arithmetic) {
	uint64_t state = 7;
	for (int k = 0; k < 20000; k++) {
		float a = (float)(next_uniform(&state) * 8 - 4), b = (float)(next_uniform(&state) * 8 - 4),
			  c = (float)(next_uniform(&state) * 8 - 4);
		volatile float sum = a + b, difference = a - b, product = a * b, quotient = a / b, root = sqrtf(a * a);
		cr_assert_eq(eval(IR_add, IR_F32, a, b, 0), (double)sum);
		cr_assert_eq(eval(IR_sub, IR_F32, a, b, 0), (double)difference);
		cr_assert_eq(eval(IR_mul, IR_F32, a, b, 0), (double)product);
		cr_assert_eq(eval(IR_div, IR_F32, a, b, 0), (double)quotient);
		cr_assert_eq(eval(IR_sqrt, IR_F32, (double)(a * a), 0, 0), (double)root);
		cr_assert_eq(eval(IR_fma, IR_F32, a, b, c), (double)fmaf(a, b, c));
	}
}

typedef struct Known {
	IrOpcode opcode;
	double a, b, result;
} Known;

static const Known known[] = {
	/* Abramowitz and Stegun, tables 6.1 and 6.2; psi(1) = -gamma, psi(1/2) = -gamma - 2 log 2, psi'(1) = pi^2 / 6 */
	{IR_digamma, 1, 0, -0.57721566490153286061},
	{IR_digamma, 0.5, 0, -1.96351002602142347944},
	{IR_digamma, 2, 0, 0.42278433509846713939},
	{IR_digamma, 10, 0, 2.25175258906672110765},
	{IR_digamma, -0.5, 0, 0.03648997397857652056},
	{IR_trigamma, 1, 0, 1.64493406684822643647},
	{IR_trigamma, 0.5, 0, 4.93480220054467930942},
	{IR_trigamma, 2, 0, 0.64493406684822643647},
	{IR_trigamma, -0.5, 0, 8.93480220054467930942},
	{IR_mulz, 0, INFINITY, 0},
	{IR_mulz, NAN, 0, 0},
	{IR_mulz, -3, 2, -6},
	{IR_relu, -1, 0, 0},
	{IR_sqrt, 0, 0, 0},
	{IR_min, 2, 2, 2},
	{IR_max, -INFINITY, 1, 1},
	{IR_atan2, 0, 0, 0},
	{IR_pow, 0, 0, 1},
	{IR_pow, -2, 3, -8},
	{IR_sign, 0, 0, 0},
	{IR_softplus, 1000, 0, 1000},
	{IR_softplus, -1000, 0, 0},
	{IR_sigmoid, -1000, 0, 0},
	{IR_floor, -0.5, 0, -1},
};

Test(ir_scalar, known_values) {
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		double got = eval(known[i].opcode, IR_F64, known[i].a, known[i].b, 0);
		cr_expect(fabs(got - known[i].result) <= 2e-14 * (1 + fabs(known[i].result)), "%s(%g, %g) = %.17g, not %.17g",
		          ir_op_info[known[i].opcode].name, known[i].a, known[i].b, got, known[i].result);
	}
	static const IrOpcode keep_nan[] = {IR_min, IR_max,  IR_add, IR_mul,   IR_relu,
	                                    IR_abs, IR_sign, IR_exp, IR_floor, IR_softplus};
	for (size_t i = 0; i < sizeof keep_nan / sizeof *keep_nan; i++) {
		cr_expect(isnan(eval(keep_nan[i], IR_F64, NAN, 1, 0)), "%s(nan, 1)", ir_op_info[keep_nan[i]].name);
		if (ir_op_info[keep_nan[i]].arity == 2)
			cr_expect(isnan(eval(keep_nan[i], IR_F64, 1, NAN, 0)), "%s(1, nan)", ir_op_info[keep_nan[i]].name);
	}
	cr_expect(isnan(ir_digamma(-3)) && isinf(ir_trigamma(0)));
}

Test(ir_scalar, comparisons_and_nan) {
	static const IrOpcode ops[] = {IR_lt, IR_le, IR_gt, IR_ge, IR_eq, IR_ne};
	static const double pairs[][2] = {{1, 2},   {2, 1},   {1, 1},     {0.0, -0.0},
	                                  {NAN, 1}, {1, NAN}, {NAN, NAN}, {INFINITY, INFINITY}};
	for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
		double a = pairs[k][0], b = pairs[k][1];
		bool expected[] = {isless(a, b),
		                   islessequal(a, b),
		                   isgreater(a, b),
		                   isgreaterequal(a, b),
		                   !isunordered(a, b) && !islessgreater(a, b),
		                   isunordered(a, b) || islessgreater(a, b)};
		for (int i = 0; i < 6; i++) {
			IrNumber got = ir_eval_scalar(ops[i], (IrScalar[]){IR_F64, IR_F64}, (IrNumber[]){{.real = a}, {.real = b}});
			cr_expect_eq(got.integer, expected[i], "%s(%g, %g)", ir_op_info[ops[i]].name, a, b);
		}
	}
}

typedef struct Whole {
	IrOpcode opcode;
	IrScalar type;
	int64_t a, b, result;
} Whole;

static const Whole wholes[] = {
	{IR_idiv, IR_I64, 7, 2, 3},
	{IR_idiv, IR_I64, -7, 2, -4},
	{IR_idiv, IR_I64, 7, -2, -4},
	{IR_idiv, IR_I64, -7, -2, 3},
	{IR_idiv, IR_I64, 5, 0, 0},
	{IR_idiv, IR_I64, INT64_MIN, -1, INT64_MIN},
	{IR_imod, IR_I64, 7, 3, 1},
	{IR_imod, IR_I64, -7, 3, 2},
	{IR_imod, IR_I64, 7, -3, -2},
	{IR_imod, IR_I64, 5, 0, 0},
	{IR_imod, IR_I64, INT64_MIN, -1, 0},
	{IR_add, IR_I64, INT64_MAX, 1, INT64_MIN},
	{IR_add, IR_I32, INT32_MAX, 1, INT32_MIN},
	{IR_sub, IR_I32, INT32_MIN, 1, INT32_MAX},
	{IR_mul, IR_I32, 65536, 65536, 0},
	{IR_neg, IR_I64, INT64_MIN, 0, INT64_MIN},
	{IR_abs, IR_I64, -5, 0, 5},
	{IR_sign, IR_I64, -5, 0, -1},
	{IR_min, IR_I64, -5, 3, -5},
	{IR_max, IR_I64, -5, 3, 3},
	{IR_shl, IR_I32, 1, 31, INT32_MIN},
	{IR_shl, IR_I32, 1, 33, 2},
	{IR_shl, IR_I64, 1, 63, INT64_MIN},
	{IR_shr, IR_I32, -1, 28, 15},
	{IR_shr, IR_I64, -1, 60, 15},
	{IR_iand, IR_I64, 12, 10, 8},
	{IR_ior, IR_I64, 12, 10, 14},
	{IR_ixor, IR_I64, 12, 10, 6},
	{IR_stop_gradient, IR_I64, 12, 0, 12},
	{IR_and, IR_BOOL, 1, 0, 0},
	{IR_or, IR_BOOL, 1, 0, 1},
	{IR_not, IR_BOOL, 1, 0, 0},
	{IR_lt, IR_I64, -1, 0, 1},
	{IR_ge, IR_I64, -1, 0, 0},
};

Test(ir_scalar, whole_numbers) {
	for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++) {
		const Whole *w = &wholes[i];
		int64_t got = eval_int(w->opcode, w->type, w->a, w->b);
		cr_expect_eq(got, w->result, "%s(%lld, %lld) = %lld, not %lld", ir_op_info[w->opcode].name, (long long)w->a,
		             (long long)w->b, (long long)got, (long long)w->result);
	}
}

Test(ir_scalar, conversions) {
	IrScalar f64 = IR_F64, f32 = IR_F32, i64 = IR_I64, i32 = IR_I32;
	static const double reals[] = {0, -0.0, 1.9, -1.9, 1e300, -1e300, 3e9, 0x1p-1074};
	static const int64_t towards_zero[] = {0, 0, 1, -1, INT64_MAX, INT64_MIN, 3000000000, 0};
	for (int i = 0; i < 8; i++) {
		cr_expect_eq(ir_eval_scalar(IR_to_int, &f64, &(IrNumber){.real = reals[i]}).integer, towards_zero[i]);
		int64_t bits;
		memcpy(&bits, &reals[i], 8);
		cr_expect_eq(ir_eval_scalar(IR_bits, &f64, &(IrNumber){.real = reals[i]}).integer, bits);
		cr_expect_eq(ir_eval_scalar(IR_float, &i64, &(IrNumber){.integer = bits}).real, reals[i]);
		cr_expect_eq(ir_eval_scalar(IR_to_f32, &f64, &(IrNumber){.real = reals[i]}).real, (double)(float)reals[i]);
	}
	cr_expect_eq(ir_eval_scalar(IR_to_int, &f64, &(IrNumber){.real = NAN}).integer, 0);
	cr_expect_eq(ir_eval_scalar(IR_bits, &f32, &(IrNumber){.real = -1}).integer, INT64_C(-1082130432));
	cr_expect_eq(ir_eval_scalar(IR_float, &i32, &(IrNumber){.integer = 1065353216}).real, 1.0);
	/* one rounding, not two by way of f64 */
	cr_expect_eq(
		ir_eval_scalar(IR_to_f32, &i64, &(IrNumber){.integer = (INT64_C(1) << 60) + (INT64_C(1) << 36) + 1}).real,
		(double)((0x1p60f) + 0x1p37f));
	IrNumber picked = ir_eval_scalar(IR_where, (IrScalar[]){IR_BOOL, IR_F64, IR_F64},
	                                 (IrNumber[]){{.integer = 0}, {.real = 1}, {.real = 2}});
	cr_expect_eq(picked.real, 2.0);
}

Test(ir_scalar, whole_powers_are_products) {
	IrScalar types[] = {IR_F64, IR_I64};
	for (int64_t n = -6; n <= 13; n++) {
		double product = 1;
		for (int64_t i = 0; i < (n < 0 ? -n : n); i++)
			product *= -1.5; /* exact */
		IrNumber got = ir_eval_scalar(IR_powi, types, (IrNumber[]){{.real = -1.5}, {.integer = n}});
		cr_expect_eq(got.real, n < 0 ? 1 / product : product);
	}
}

Test(ir_scalar, random_numbers_have_their_distributions) {
	IrScalar types[] = {IR_I64, IR_I64, IR_I64, IR_I64};
	double sum[2] = {0}, squares[2] = {0}, fourth = 0;
	const int64_t draws = 200000;
	const double count = 200000;
	for (int64_t i = 0; i < draws; i++) {
		IrNumber args[] = {{.integer = 5}, {.integer = -1}, {.integer = i}, {.integer = i % 7}};
		double u = ir_eval_scalar(IR_random_uniform, types, args).real,
			   n = ir_eval_scalar(IR_random_normal, types, args).real;
		cr_assert(u >= 0 && u < 1 && isfinite(n));
		sum[0] += u;
		squares[0] += u * u;
		sum[1] += n;
		squares[1] += n * n;
		fourth += n * n * n * n;
	}
	double tolerance = 5 / sqrt(count);
	cr_expect(fabs(sum[0] / count - 0.5) < 0.29 * tolerance);
	cr_expect(fabs(squares[0] / count - 1.0 / 3) < 0.3 * tolerance);
	cr_expect(fabs(sum[1] / count) < tolerance);
	cr_expect(fabs(squares[1] / count - 1) < 1.42 * tolerance);
	cr_expect(fabs(fourth / count - 3) < 9.8 * tolerance);
}

/* Every row has a type rule, and refuses operands of other kinds. */
Test(ir_scalar, rows_are_typed) {
	for (int i = 0; i < IR_OPCODE_COUNT; i++) {
		int accepted = 0;
		for (int a = IR_BOOL; a <= IR_F64; a++)
			for (int b = IR_BOOL; b <= IR_F64; b++) {
				IrScalar types[IR_MAX_ARGS] = {(IrScalar)a, (IrScalar)b, (IrScalar)b, (IrScalar)b}, result;
				accepted += ir_op_type((IrOpcode)i, types, &result);
			}
		cr_expect(accepted > 0 && accepted < 25, "%s accepts %d of 25", ir_op_info[i].name, accepted);
		IrOpcode found;
		cr_expect(ir_opcode_find(ir_op_info[i].name, strlen(ir_op_info[i].name), &found) && found == (IrOpcode)i);
	}
}

Test(ir_scalar, rows_called_as_functions_of_c_are_these) {
	uint64_t state = 5;
	for (int opcode = 0; opcode < IR_OPCODE_COUNT; opcode++) {
		const IrOpInfo *info = &ir_op_info[opcode];
		CMath *library = c_math(info->name);
		for (int k = 0; library && k < 500; k++) {
			double a = info->low + (info->high - info->low) * next_uniform(&state);
			double got = eval((IrOpcode)opcode, IR_F64, a, 0, 0);
			long double expected = library((long double)a);
			cr_expect(fabsl((long double)got - expected) <= 4e-16L * (1 + fabsl(expected)), "%s(%.17g)", info->name, a);
		}
	}
}

/* ---- what else ops.def says of rows ---- */

static const double facts_at[] = {0,   -0.0, 1,    -1,  0.5,  -0.25, 3,     -7,    40,
                                  -40, 1e3,  -1e5, 5e7, 1e10, -1e10, 1e-30, 1e-310};
enum { FACT_POINTS = sizeof facts_at / sizeof *facts_at };

static double random_point(uint64_t *state) {
	uint64_t words[2];
	random_threefry((uint64_t[2]){17, 3}, (uint64_t[2]){(*state)++, 0}, words);
	if (words[1] % 3 == 0)
		return facts_at[words[0] % FACT_POINTS];
	double unit = (double)(words[0] >> 11) * 0x1p-52 - 1;
	return unit * pow(10, (double)(words[1] % 12) - 5);
}

static bool same_number(double a, double b) {
	return a == b || (isnan(a) && isnan(b));
}

Test(ir_scalar, facts_hold) {
	for (int opcode = 0; opcode < IR_OPCODE_COUNT; opcode++) {
		const IrOpInfo *info = &ir_op_info[opcode];
		uint64_t state = (uint64_t)opcode << 32;
		bool of_reals = info->typing == IR_T_ARITH || info->typing == IR_T_REAL || info->typing == IR_T_COMPARE;
		cr_expect(!ir_op_commutes((IrOpcode)opcode) || info->arity == 2, "%s", info->name);
		for (int i = 0; of_reals && i < 3000; i++) {
			double x[IR_MAX_ARGS], size[IR_MAX_ARGS];
			for (int k = 0; k < IR_MAX_ARGS; k++) {
				x[k] = random_point(&state);
				size[k] = fabs(x[k]);
			}
			double r = ir_eval_real((IrOpcode)opcode, IR_F64, x);
			double turned = ir_eval_real((IrOpcode)opcode, IR_F64, (double[IR_MAX_ARGS]){x[1], x[0], x[2], x[3]});
			cr_expect(!ir_op_commutes((IrOpcode)opcode) || same_number(r, turned), "%s(%g, %g)", info->name, x[0],
			          x[1]);
			cr_expect(!ir_op_is_not_negative((IrOpcode)opcode) || !(r < 0), "%s(%g) = %g", info->name, x[0], r);
			double most = ir_op_bound((IrOpcode)opcode, size[0], size[1], size[2]);
			cr_expect(isinf(most) || fabs(r) <= most * (1 + 1e-15), "%s(%g, %g, %g) = %g, at most %g", info->name, x[0],
			          x[1], x[2], r, most);
		}
	}
}

/* A row that takes integers has a meaning for them: that of small numbers as reals, where it takes those, too. */
Test(ir_scalar, rows_of_integers_have_their_meaning) {
	int compared = 0;
	for (int opcode = 0; opcode < IR_OPCODE_COUNT; opcode++) {
		const IrOpInfo *info = &ir_op_info[opcode];
		bool logic = info->typing == IR_T_LOGIC, real_too = info->typing == IR_T_ARITH || info->typing == IR_T_COMPARE;
		if (!logic && !real_too && info->typing != IR_T_INT)
			continue;
		IrScalar types[IR_MAX_ARGS];
		for (int k = 0; k < IR_MAX_ARGS; k++)
			types[k] = logic ? IR_BOOL : IR_I64;
		for (int a = logic ? 0 : -5; a <= (logic ? 1 : 5); a++) {
			for (int b = logic ? 0 : -5; b <= (logic ? 1 : 5); b++) {
				IrNumber got =
					ir_eval_scalar((IrOpcode)opcode, types, (IrNumber[IR_MAX_ARGS]){{.integer = a}, {.integer = b}});
				if (info->typing == IR_T_INT && (IrOpcode)opcode != IR_idiv)
					continue;
				double wanted = ir_eval_real((IrOpcode)opcode, IR_F64, (double[IR_MAX_ARGS]){a, b});
				if (isfinite(wanted))
					cr_expect_eq((double)got.integer, wanted, "%s(%d, %d)", info->name, a, b);
				compared++;
			}
		}
	}
	cr_expect(compared > 1000);
}
