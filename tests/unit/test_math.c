/* Mathematics by definition (ir/math/math.def) against the C library in long double: the evaluator runs the expanded rows over
 * many points, and the worst error stays within the bounds that docs/math.md states. A row that is called as a function of C is
 * compared with that; the others are in a table below. */
#include "ir/ir.h"
#include "math_doc.h"

enum { POINTS = GRADUS_SANITIZED ? 3000 : 24000 };

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

/* ---- sampling and measuring ---- */

static uint64_t draw(uint64_t *state) {
	uint64_t out[2];
	random_threefry((uint64_t[2]){7, 11}, (uint64_t[2]){(*state)++, 0}, out);
	return out[0];
}

static double unit(uint64_t *state) {
	return (double)(draw(state) >> 11) * 0x1p-53;
}

static double any_bits(uint64_t *state, IrScalar type) {
	uint64_t bits = draw(state);
	double wide;
	float narrow;
	memcpy(&narrow, &bits, sizeof narrow);
	memcpy(&wide, &bits, sizeof wide);
	return type == IR_F32 ? (double)narrow : wide;
}

static const double edges[] = {
	0,
	-0.0,
	INFINITY,
	-INFINITY,
	NAN,
	1,
	-1,
	2,
	-2,
	3,
	-3,
	0.5,
	-0.5,
	1.5,
	-1.5,
	4.5,
	0x1p-149,
	-0x1p-149,
	0x1p-126,
	1e-40,
	-1e-40,
	0x1.fffffep127,
	-0x1.fffffep127,
	0x1p-1074,
	-0x1p-1074,
	0x1p-1022,
	1e-310,
	-1e-310,
	0x1.fffffffffffffp1023,
	-0x1.fffffffffffffp1023,
	88.72283,
	88.72284,
	-87.4,
	-103.97,
	-103.98,
	-104.1,
	709.782712893384,
	709.7827128933841,
	-708.4,
	-745.13,
	-745.14,
	5e7,
	-5e7,
	5.0000004e7,
	1e300,
	-1e300,
	1e-300,
	1e30,
	-1e30,
	1e-30,
	0x1p53,
	-0x1p53,
	0x1p53 - 1,
	0x1p24,
	1 + 0x1p-52,
	1 - 0x1p-53,
	0x1p-53 - 1,
	1 + 0x1p-23,
	1 - 0x1p-24,
	1.4616321449683623,
	2.7182818284590451,
};
enum { EDGE_COUNT = sizeof edges / sizeof edges[0] };

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

static double ulps(double got, long double wanted, long double scale, IrScalar type) {
	double rounded = type == IR_F32 ? (double)(float)wanted : (double)wanted;
	long double largest = type == IR_F32 ? 0x1.fffffep127L : 0x1.fffffffffffffp1023L;
	if (isnan(wanted) || isnan(got))
		return isnan(wanted) && isnan(got) ? 0 : INFINITY;
	if (isinf(wanted) || isinf(got) || (wanted == 0 && scale == 0)) {
		bool at_the_brink = fabsl(wanted) > largest * 0.9999999L && fabs(got) > (double)largest * 0.9999999;
		return got == rounded && !signbit(got) == !signbit(rounded) ? 0 : at_the_brink ? 1 : INFINITY;
	}
	int exponent, digits = type == IR_F32 ? 24 : 53, lowest = type == IR_F32 ? -125 : -1021;
	frexpl(fmaxl(fabsl(wanted), scale), &exponent);
	return (double)(fabsl(got - wanted) / ldexpl(1, (exponent < lowest ? lowest : exponent) - digits));
}

/* ---- running ---- */

typedef struct Fixture {
	Session *session;
	IrModule *module;
	Arena *arena;
} Fixture;

static Fixture begin(void) {
	Session *session = session_new();
	return (Fixture){session, ir_module_new(session), arena_new()};
}

static void end(Fixture *x) {
	ir_module_free(x->module);
	session_free(x->session);
	arena_free(x->arena);
}

/* y[n] = for i:n { opcode(%a[i], %b[i], ...) } -> [i] */
static IrFunc *row_func(Fixture *x, IrOpcode opcode, IrScalar type, int64_t n) {
	const IrOpInfo *info = &ir_op_info[opcode];
	IrFunc *func = ir_func_new(x->module, info->name);
	IrBuilder b = ir_builder(func);
	IrValue params[IR_MAX_ARGS];
	uint32_t nodes[IR_MAX_ARGS] = {0};
	for (int k = 0; k < info->arity; k++) {
		bool integer = info->typing == IR_T_RANDOM || (info->typing == IR_T_POWI && k == 1);
		params[k] = ir_param(func, (char[]){(char)('a' + k), 0}, ir_tensor_type(integer ? IR_I64 : type, 1, &n));
	}
	IrForBuilder f = ir_for_begin(&b);
	IrAt at = ir_at_index(x->module, ir_for_index(&f, session_name(x->session, "i"), n), 1);
	for (int k = 0; k < info->arity; k++)
		nodes[k] = ir_read(&f, params[k], &at, false);
	uint32_t node = ir_op(&f, opcode, nodes);
	IrValue out = ir_put(&f, IR_PUT_NONE, node, ir_tensor_type(ir_node_type(&f, node), 1, &n), &at, 0, false);
	ir_for_end(&f);
	ir_result(func, "y", out);
	return func;
}

static int count_nodes(const IrFunc *func, IrOpcode opcode) {
	int count = 0;
	const IrFor *f = &func->body.ops.data[0]->f;
	for (uint32_t i = 0; i < f->nodes.count; i++)
		count += f->nodes.data[i].kind == IR_NODE_OP && f->nodes.data[i].opcode == opcode;
	return count;
}

static IrFunc *expanded(Fixture *x, IrFunc *func, bool allow_fma) {
	IrFunc *out = ir_expand_math(x->module, func, allow_fma);
	const char *wrong = ir_verify(out);
	cr_assert_null(wrong, "%s", wrong);
	for (int opcode = 0; opcode < IR_OPCODE_COUNT; opcode++)
		cr_assert(ir_op_info[opcode].primitive || count_nodes(out, (IrOpcode)opcode) == 0, "%s is left",
		          ir_op_info[opcode].name);
	if (!allow_fma)
		cr_expect_eq(count_nodes(out, IR_fma), 0);
	return out;
}

static const double *run(Fixture *x, const IrFunc *func, const IrTensor *args) {
	IrTensor *result = ARENA_NEW(x->arena, IrTensor);
	Span where;
	const char *error = ir_evaluate(func, x->arena, args, result, &where);
	cr_assert_null(error, "%s", error);
	return result->reals;
}

static IrTensor tensor(Fixture *x, IrScalar type, int64_t n) {
	return ir_tensor_new(x->arena, ir_tensor_type(type, 1, &n), NULL);
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

/* By tests of their own: whole powers, what scales norms and shifts logsumexp, and a product. */
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

Test(math, scaled_is_the_product) {
	for (int type = IR_F32; type <= IR_F64; type++) {
		Fixture x = begin();
		IrTensor args[2] = {tensor(&x, (IrScalar)type, POINTS), tensor(&x, (IrScalar)type, POINTS)};
		uint64_t state = 8;
		for (int i = 0; i < 2 * POINTS; i++)
			args[i % 2].reals[i / 2] = any_bits(&state, (IrScalar)type);
		const double *got = run(&x, expanded(&x, row_func(&x, IR_scaled, (IrScalar)type, POINTS), true), args);
		for (int i = 0; i < POINTS; i++) {
			double product = args[0].reals[i] * args[1].reals[i];
			product = type == IR_F32 ? (double)(float)product : product;
			cr_expect(got[i] == product || (isnan(got[i]) && isnan(product)));
		}
		end(&x);
	}
}

/* ---- what scales norms and shifts logsumexp ---- */

Test(math, binade_is_a_power_of_two_with_a_normal_reciprocal) {
	for (int type = IR_F32; type <= IR_F64; type++) {
		Fixture x = begin();
		IrTensor a = tensor(&x, (IrScalar)type, POINTS);
		int most = type == IR_F32 ? 126 : 1022;
		uint64_t state = 3;
		for (int i = 0; i < POINTS; i++) {
			a.reals[i] = i < EDGE_COUNT ? edges[i] : any_bits(&state, (IrScalar)type);
			if (i % 8 == 7) /* subnormal ones, and those about them */
				a.reals[i] = ldexp(a.reals[i] < 0 ? -1.5 : 1.5, (type == IR_F32 ? -151 : -1076) + (i / 8) % 60);
			a.reals[i] = i % 64 == 6 ? (double)NAN : type == IR_F32 ? (double)(float)a.reals[i] : a.reals[i];
		}
		const double *got = run(&x, expanded(&x, row_func(&x, IR_binade, (IrScalar)type, POINTS), true), &a);
		for (int i = 0; i < POINTS; i++) {
			double size = fabs(a.reals[i]);
			int exponent = size > 0 && isfinite(size) ? ilogb(size) : size == 0 ? -most : most;
			exponent = exponent > most ? most : exponent < -most ? -most : exponent;
			double evaluated = ir_eval_real(IR_binade, (IrScalar)type, &a.reals[i]);
			cr_expect(got[i] == ldexp(1, exponent), "binade(%a) = %a", a.reals[i], got[i]);
			cr_expect(evaluated == ldexp(1, exponent), "binade(%a) is %a evaluated", a.reals[i], evaluated);
		}
		end(&x);
	}
}

Test(math, exp_less_is_one_where_both_are_equal) {
	enum { N = 8 };
	static const double pairs[N][3] = {{INFINITY, INFINITY, 1},
	                                   {-INFINITY, -INFINITY, 1},
	                                   {1, INFINITY, 0},
	                                   {-INFINITY, 3, 0},
	                                   {INFINITY, 3, INFINITY},
	                                   {7, 7, 1},
	                                   {2, 3, 0.36787944117144233},
	                                   {NAN, 1, NAN}};
	Fixture x = begin();
	IrTensor args[2] = {tensor(&x, IR_F64, N), tensor(&x, IR_F64, N)};
	for (int i = 0; i < N; i++)
		for (int k = 0; k < 2; k++)
			args[k].reals[i] = pairs[i][k];
	const double *got = run(&x, expanded(&x, row_func(&x, IR_exp_less, IR_F64, N), true), args);
	for (int i = 0; i < N; i++)
		cr_expect(ulps(got[i], pairs[i][2], 0, IR_F64) <= 1, "exp_less(%g, %g) = %g", pairs[i][0], pairs[i][1], got[i]);
	end(&x);
}

/* ---- whole powers ---- */

/* y[i] = powi(a[i], k) for constant k */
static IrFunc *powi_func(Fixture *x, IrScalar type, int64_t k, int64_t n) {
	IrFunc *func = ir_func_new(x->module, "powi");
	IrBuilder b = ir_builder(func);
	IrValue a = ir_param(func, "a", ir_tensor_type(type, 1, &n));
	IrForBuilder f = ir_for_begin(&b);
	IrAt at = ir_at_index(x->module, ir_for_index(&f, session_name(x->session, "i"), n), 1);
	uint32_t node = ir_op2(&f, IR_powi, ir_read(&f, a, &at, false), ir_int(&f, k));
	ir_result(func, "y", ir_put(&f, IR_PUT_NONE, node, ir_tensor_type(type, 1, &n), &at, 0, false));
	ir_for_end(&f);
	return func;
}

static long double product(long double a, int64_t k) {
	long double result = 1;
	for (int64_t i = 0; i < (k < 0 ? -k : k); i++)
		result *= a;
	return k < 0 ? 1 / result : result;
}

Test(math, constant_whole_powers_are_products) {
	enum { N = 9 };
	static const double bases[N] = {2, -2, 3, -3, 0.5, 10, 1.25, 0, -0.0};
	Fixture x = begin();
	for (int type = IR_F32; type <= IR_F64; type++) {
		IrTensor a = tensor(&x, (IrScalar)type, N);
		memcpy(a.reals, bases, sizeof bases);
		for (int64_t k = -7; k <= 7; k++) {
			IrFunc *func = expanded(&x, powi_func(&x, (IrScalar)type, k, N), true);
			const double *got = run(&x, func, &a);
			/* these products fit the significand, so that they are exact; the reciprocal is rounded once */
			for (int i = 0; i < N; i++)
				cr_expect(got[i] ==
				              (type == IR_F32 ? (double)(float)product(bases[i], k) : (double)product(bases[i], k)),
				          "%g^%d in %s: %.17g", bases[i], (int)k, ir_scalar_name((IrScalar)type), got[i]);
		}
		for (int64_t k = 3; k <= 129; k += 21) {
			IrFunc *func = expanded(&x, powi_func(&x, (IrScalar)type, k, N), false);
			int digits = 0;
			for (int64_t left = k; left > 1; left /= 2)
				digits++;
			cr_expect_leq(count_nodes(func, IR_mul), 2 * digits, "k = %d", (int)k);
			for (int i = 0; i < N; i++)
				a.reals[i] = 1 + 0.01 * i;
			if (type == IR_F32)
				for (int i = 0; i < N; i++)
					a.reals[i] = (double)(float)a.reals[i];
			const double *got = run(&x, func, &a);
			for (int i = 0; i < N; i++)
				cr_expect(ulps(got[i], product(a.reals[i], k), 0, (IrScalar)type) <= (double)k, "1.0%d^%d", i, (int)k);
		}
	}
	end(&x);
}

Test(math, variable_whole_powers) {
	enum { N = 600 };
	Fixture x = begin();
	for (int type = IR_F32; type <= IR_F64; type++) {
		IrTensor args[2] = {tensor(&x, (IrScalar)type, N), tensor(&x, IR_I64, N)};
		uint64_t state = 5;
		for (int i = 0; i < N; i++) {
			args[0].reals[i] = (double)(float)(4 * unit(&state) - 2);
			args[1].integers[i] = (int64_t)(draw(&state) % 61) - 30;
		}
		args[0].reals[0] = args[0].reals[1] = 0;
		args[1].integers[0] = 0;
		args[1].integers[1] = -3;
		const double *got = run(&x, expanded(&x, row_func(&x, IR_powi, (IrScalar)type, N), true), args);
		for (int i = 0; i < N; i++) {
			double error = ulps(got[i], product(args[0].reals[i], args[1].integers[i]), 0, (IrScalar)type);
			cr_expect(error <= 2, "%.9g^%d: %.2f", args[0].reals[i], (int)args[1].integers[i], error);
		}
	}
	end(&x);
}

/* ---- random numbers ---- */

enum { DRAWS = GRADUS_SANITIZED ? 4000 : 40000 };

static void draws(Fixture *x, IrOpcode opcode, bool fused, IrTensor args[4], const double **got) {
	IrFunc *func = expanded(x, row_func(x, opcode, IR_F64, DRAWS), fused);
	cr_expect_eq(count_nodes(func, IR_fma), 0, "random numbers must not depend on the mode");
	*got = run(x, func, args);
}

static void counters(Fixture *x, IrTensor args[4]) {
	uint64_t state = 99;
	for (int k = 0; k < 4; k++)
		args[k] = tensor(x, IR_I64, DRAWS);
	for (int i = 0; i < DRAWS; i++)
		for (int k = 0; k < 4; k++)
			args[k].integers[i] = i % 2 ? (int64_t)draw(&state) : (int64_t[]){3, -4, i, 5}[k];
}

Test(math, random_numbers_are_those_of_threefry) {
	Fixture x = begin();
	IrTensor args[4];
	const double *uniform, *normal;
	counters(&x, args);
	for (int fused = 0; fused < 2; fused++) {
		draws(&x, IR_random_uniform, fused, args, &uniform);
		draws(&x, IR_random_normal, fused, args, &normal);
		for (int i = 0; i < DRAWS; i++) {
			uint64_t key[2] = {(uint64_t)args[0].integers[i], (uint64_t)args[1].integers[i]};
			uint64_t counter[2] = {(uint64_t)args[2].integers[i], (uint64_t)args[3].integers[i]};
			uint64_t words[2];
			random_threefry(key, counter, words);
			long double u = ldexpl((long double)(words[0] >> 11), -53), v = ldexpl((long double)(words[1] >> 11), -53);
			cr_assert(uniform[i] == (double)u, "draw %d", i);
			long double wanted = sqrtl(-2 * logl(1 - u)) * cosl(2 * pi * v);
			cr_assert(fabsl(normal[i] - wanted) <= 4 * 0x1p-53L * fmaxl(1, fabsl(wanted)), "draw %d: %.17g", i,
			          normal[i]);
		}
	}
	end(&x);
}

/* Within five standard errors. */
Test(math, random_numbers_have_the_moments_of_their_laws) {
	static const struct {
		IrOpcode opcode;
		double moments[4]; /* E x^(k + 1) */
		double variances[4];
	} laws[] = {
		{IR_random_uniform, {1.0 / 2, 1.0 / 3, 1.0 / 4, 1.0 / 5}, {1.0 / 12, 4.0 / 45, 9.0 / 112, 16.0 / 225}},
		{IR_random_normal, {0, 1, 0, 3}, {1, 2, 15, 96}},
	};
	Fixture x = begin();
	IrTensor args[4];
	const double *got;
	counters(&x, args);
	for (int law = 0; law < 2; law++) {
		draws(&x, laws[law].opcode, false, args, &got);
		for (int k = 0; k < 4; k++) {
			double sum = 0;
			for (int i = 0; i < DRAWS; i++)
				sum += pow(got[i], k + 1);
			double count = DRAWS, off = (sum / count - laws[law].moments[k]) / sqrt(laws[law].variances[k] / count);
			cr_expect(fabs(off) < 5, "law %d moment %d: %.2f standard errors off", law, k + 1, off);
		}
	}
	end(&x);
}

/* ---- whole functions ---- */

/* Loops, conditions, guarded and gathering reads, several puts, `into`: the expanded function gives what the evaluator makes
 * of the plain one with the C library. */
Test(math, keeps_everything_around_the_body) {
	static const char *const texts[] = {
		"func @loop(%x[7], %y[7], %c[]) -> (: f64[7], : f64[]) {\n"
		"%10[7], %11[] = loop %t < 5 carry (%p[7] = %x, %q[] = %c) {\n"
		"%20[7] = for i:7 { tanh(add(%p[i], %y[i])) } -> [i]\n"
		"%21[] = for i:7 { mul(exp(neg(%20[i])), to_f64(%t[])) } sum -> [] into %q\n"
		"yield %20, %21 }\n"
		"return %10, %11 }",
		"func @bodies(%x[7], %y[7], %c[]) -> (: f64[7], : f64[], : int[]) {\n"
		"%10[7] = for i:7 j:3 if i+j < 8 { mul(sin(%x[i+j-1]?), log1p(exp(%y[j]))) } sum -> [i]\n"
		"%11[], %12: int[] = for i:7 { softplus(%x[to_int(mul(6.9, sigmoid(%y[i])))]) } max -> [], argmax i -> []\n"
		"return %10, %11, %12 }",
		"func @untouched(%x[7], %y[7], %c[]) -> (: f64[7]) {\n"
		"%10[7] = for i:7 { mul(%x[i], %y[i]) } -> [i]\n"
		"return %10 }",
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		Fixture x = begin();
		cr_assert(ir_parse(x.module, source_add(x.session, "test", texts[i], strlen(texts[i]))), "text %zu", i);
		IrFunc *func = x.module->funcs.data[0], *out = ir_pass_expand_math(x.module, func);
		cr_assert_null(ir_verify(out));
		cr_expect((out == func) == (i == 2), "a function without such rows is returned as it is");
		IrTensor args[3] = {tensor(&x, IR_F64, 7), tensor(&x, IR_F64, 7),
		                    ir_tensor_new(x.arena, ir_scalar_type(IR_F64), NULL)};
		for (int k = 0; k < 7; k++) {
			args[0].reals[k] = 0.7 * k - 2;
			args[1].reals[k] = 3 - 1.1 * k;
		}
		args[2].reals[0] = 0.25;
		IrTensor plain[3], got[3];
		Span where;
		cr_assert_null(ir_evaluate(func, x.arena, args, plain, &where));
		cr_assert_null(ir_evaluate(out, x.arena, args, got, &where));
		for (uint32_t r = 0; r < func->results.count; r++)
			for (int64_t k = 0; k < ir_type_elements(plain[r].type, NULL); k++)
				cr_expect(plain[r].reals ? fabs(plain[r].reals[k] - got[r].reals[k]) < 1e-13
				                         : plain[r].integers[k] == got[r].integers[k],
				          "text %zu result %u [%d]", i, (unsigned)r, (int)k);
		end(&x);
	}
}
