/* Every row of ops.def that has a derivative: reverse mode against differences, forward against reverse, second order, both
 * ways; and the documented values at awkward points. */
#include "ad_differences.h"
#include "ir/build.h"
#include "ir/eval/eval.h"
#include "ir/pass/pass.h"

enum { POINTS = 5 };

/* f(x0, x1, x2)[i] = op(x0[i], x1[i], x2[i]); a `where` is decided by x0 > 0, an integer exponent is 3. */
static IrFunc *row_function(Bench *b, IrOpcode opcode, IrScalar scalar) {
	const IrOpInfo *info = &ir_op_info[opcode];
	IrFunc *func = ir_func_new(b->module, "row");
	IrType type = ir_tensor_type(scalar, 1, (IrDim[]){POINTS});
	static const char *const names[] = {"x", "y", "z", "w"};
	IrValue x[IR_MAX_ARGS];
	for (int i = 0; i < info->arity; i++)
		x[i] = ir_param(func, names[i], type);
	IrBuilder builder = ir_builder(func);
	IrForBuilder f = ir_for_begin(&builder);
	IrAt at = ir_at_index(b->module, ir_for_index(&f, 0, POINTS), 1);
	uint32_t args[IR_MAX_ARGS] = {0};
	for (int i = 0; i < info->arity; i++)
		args[i] = ir_read(&f, x[i], &at, false);
	if (info->typing == IR_T_WHERE)
		args[0] = ir_op2(&f, IR_gt, args[0], ir_real(&f, scalar, 0));
	if (info->typing == IR_T_POWI)
		args[1] = ir_int(&f, 3);
	if (opcode == IR_pow_scaled || opcode == IR_pow_log)
		args[3] = ir_real(&f, scalar, 2); /* a constant, without a derivative */
	if (info->typing == IR_T_TO_F64)
		args[0] = ir_op1(&f, IR_to_f32, args[0]);
	uint32_t node = ir_op(&f, opcode, args);
	ir_result(func, "r", ir_put(&f, IR_PUT_NONE, node, type, &at, 0, false));
	ir_for_end(&f);
	return func;
}

static bool is_differentiable(IrOpcode opcode) {
	const IrOpInfo *info = &ir_op_info[opcode];
	if (info->typing == IR_T_TO_F32 || info->typing == IR_T_TO_F64)
		return false; /* rounding to f32 has no differences; tested below */
	if (opcode == IR_tetragamma)
		return false; /* its derivative is NaN */
	for (int i = 0; i < 3; i++)
		if (info->derivative[i])
			return true;
	return false;
}

Test(ad_ops, every_row_at_first_and_second_order) {
	int count = 0;
	for (int opcode = 0; opcode < IR_OPCODE_COUNT; opcode++) {
		if (!is_differentiable((IrOpcode)opcode))
			continue;
		Bench b = bench_new(ir_op_info[opcode].name);
		b.low = ir_op_info[opcode].low;
		b.high = ir_op_info[opcode].high;
		IrFunc *func = row_function(&b, (IrOpcode)opcode, IR_F64);
		bench_verify(&b, func);
		IrTensor *args = bench_args(&b, func);
		IrFunc *reverse = bench_order(&b, func, args, 1e-6);
		/* tetragamma, the derivative of trigamma, has none itself */
		bool last = opcode == IR_trigamma;
		if (!last)
			bench_order(&b, reverse, bench_args(&b, reverse), 1e-6);
		bench_batch(&b, func, true, false);
		bench_batch(&b, reverse, false, false);
		bench_free(&b);
		count++;
	}
	cr_assert(count >= 32, "only %d rows", count);
}

Test(ad_ops, rows_in_f32_agree_with_f64) {
	for (int opcode = 0; opcode < IR_OPCODE_COUNT; opcode++) {
		if (!is_differentiable((IrOpcode)opcode))
			continue;
		Bench b = bench_new(ir_op_info[opcode].name);
		b.low = ir_op_info[opcode].low;
		b.high = ir_op_info[opcode].high;
		IrTensor *results[2];
		uint32_t count = 0;
		for (int wide = 0; wide < 2; wide++) {
			b.counter = 0;
			IrFunc *func = row_function(&b, (IrOpcode)opcode, wide ? IR_F64 : IR_F32);
			IrFunc *reverse = ad_reverse(b.module, func, "reverse", NULL, NULL, false);
			bench_verify(&b, reverse);
			results[wide] = bench_run(&b, reverse, bench_args(&b, reverse));
			count = reverse->results.count;
		}
		for (uint32_t r = 0; r < count; r++)
			bench_compare(&b, "f32 and f64", &results[0][r], &results[1][r], 1e-3);
		bench_free(&b);
	}
}

/* d op / d operand at a point, first and second order in that operand. */
typedef struct Awkward {
	IrOpcode opcode;
	double x, y;
	int operand;
	double first, second;
} Awkward;

static bool same(double got, double wanted) {
	if (isfinite(wanted))
		return bench_close(got, wanted, 1e-12);
	return isnan(wanted) ? isnan(got) : got == wanted;
}

/* First and second derivative with respect to one operand. The rows are expanded first: what is run is what is promised. */
static void derivatives_at(IrOpcode opcode, double x, double y, int operand, double *first_order,
                           double *second_order) {
	Bench b = bench_new(ir_op_info[opcode].name);
	IrFunc *func = row_function(&b, opcode, IR_F64);
	uint32_t params = func->params.count;
	bool wrt[3] = {operand == 0, operand == 1, false};
	IrFunc *first = ad_reverse(b.module, func, "first", NULL, wrt, false);
	IrFunc *second =
		ad_reverse(b.module, first, "second", NULL, (bool[]){wrt[0], params > 1 && wrt[1], false, false}, false);
	first = ir_pass_expand_math(b.module, first);
	second = ir_pass_expand_math(b.module, second);
	bench_verify(&b, first);
	bench_verify(&b, second);
	IrTensor *args = bench_args(&b, func);
	IrTensor ones[2] = {bench_tensor(&b, ir_type(func, func->params.data[0].value))};
	ones[1] = ones[0];
	for (int i = 0; i < POINTS; i++) {
		args[0].reals[i] = x;
		if (params > 1)
			args[1].reals[i] = y;
		ones[0].reals[i] = 1;
	}
	*first_order = bench_run(&b, first, bench_joined(&b, args, params, ones, 1))[0].reals[0];
	*second_order = bench_run(&b, second, bench_joined(&b, args, params, ones, 2))[0].reals[0];
	bench_free(&b);
}

Test(ad_ops, awkward_points) {
	static const Awkward points[] = {
		{IR_sqrt, 0, 0, 0, 0, 0},
		{IR_abs, 0, 0, 0, 0, 0},
		{IR_relu, 0, 0, 0, 0, 0},
		{IR_max, 2, 2, 0, 1, 0},
		{IR_max, 2, 2, 1, 0, 0},
		{IR_min, 2, 2, 0, 1, 0},
		{IR_min, 2, 2, 1, 0, 0},
		{IR_pow, 0, 2, 0, 0, 2},
		{IR_pow, 0, 2, 1, 0, 0},
		{IR_pow, 0, 0, 0, 0, 0},
		{IR_pow, 0, 1, 0, 1, 0},
		{IR_mulz, 0, INFINITY, 1, 0, 0},
		{IR_atan2, 0, 0, 0, 0, 0},
		{IR_atan2, 0, 0, 1, 0, 0},
		{IR_softplus, 800, 0, 0, 1, 0},
		{IR_softplus, -800, 0, 0, 0, 0},
		{IR_sigmoid, 800, 0, 0, 0, 0},
		{IR_tanh, 400, 0, 0, 0, 0},
		{IR_elu, 0, 0, 0, 1, 1},
		{IR_sign, 0, 0, 0, 0, 0},
		{IR_floor, 1, 0, 0, 0, 0},
		{IR_powi, 0, 0, 0, 0, 0},
		/* at infinity, the limits */
		{IR_exp, -INFINITY, 0, 0, 0, 0},
		{IR_exp, INFINITY, 0, 0, INFINITY, INFINITY},
		{IR_expm1, -INFINITY, 0, 0, 0, 0},
		{IR_log, INFINITY, 0, 0, 0, 0},
		{IR_log, 0, 0, 0, INFINITY, -INFINITY},
		{IR_log1p, INFINITY, 0, 0, 0, 0},
		{IR_log1p, -1, 0, 0, INFINITY, -INFINITY},
		{IR_sqrt, INFINITY, 0, 0, 0, 0},
		{IR_tanh, INFINITY, 0, 0, 0, 0},
		{IR_tanh, -INFINITY, 0, 0, 0, 0},
		{IR_sigmoid, INFINITY, 0, 0, 0, 0},
		{IR_sigmoid, -INFINITY, 0, 0, 0, 0},
		{IR_softplus, INFINITY, 0, 0, 1, 0},
		{IR_softplus, -INFINITY, 0, 0, 0, 0},
		{IR_relu, INFINITY, 0, 0, 1, 0},
		{IR_elu, INFINITY, 0, 0, 1, 0},
		{IR_elu, -INFINITY, 0, 0, 0, 0},
		{IR_gelu, INFINITY, 0, 0, 1, 0},
		{IR_gelu, -INFINITY, 0, 0, 0, 0},
		{IR_erf, INFINITY, 0, 0, 0, 0},
		{IR_erf, -INFINITY, 0, 0, 0, 0},
		{IR_atan, INFINITY, 0, 0, 0, 0},
		{IR_atan, -INFINITY, 0, 0, 0, 0},
		{IR_atan2, INFINITY, 1, 0, 0, 0},
		{IR_atan2, 1, INFINITY, 0, 0, 0},
		{IR_atan2, INFINITY, -INFINITY, 1, 0, 0},
		{IR_pow, INFINITY, 2, 0, INFINITY, 2},
		{IR_pow, INFINITY, -1, 0, 0, 0},
		{IR_pow, INFINITY, 1, 0, 1, 0},
		{IR_pow, 0, 0.5, 0, INFINITY, -INFINITY},
		{IR_exp_less, INFINITY, INFINITY, 0, 1, 1},
		{IR_exp_less, -INFINITY, -INFINITY, 1, -1, 1},
		/* far out sin is NaN, and so is its derivative */
		{IR_sin, 6e7, 0, 0, NAN, NAN},
		{IR_cos, -6e7, 0, 0, NAN, NAN},
	};
	for (size_t c = 0; c < sizeof points / sizeof *points; c++) {
		const Awkward *point = &points[c];
		const char *name = ir_op_info[point->opcode].name;
		double first, second;
		derivatives_at(point->opcode, point->x, point->y, point->operand, &first, &second);
		cr_expect(same(first, point->first), "%s'(%g, %g): %g", name, point->x, point->y, first);
		cr_expect(same(second, point->second), "%s''(%g, %g): %g", name, point->x, point->y, second);
	}
}

/* Both are no number, or close, or one is large (as log grows) and the other infinite. */
static bool is_limit(double at_infinity, double far_out) {
	if (isnan(at_infinity) || isnan(far_out))
		return isnan(at_infinity) && isnan(far_out);
	if (isinf(at_infinity))
		return fabs(far_out) > 500 && signbit(far_out) == signbit(at_infinity);
	return fabs(at_infinity - far_out) < 1e-100;
}

/* What derivatives of a function of one number are at infinity is what they are at the largest numbers. */
Test(ad_ops, derivatives_at_infinity_are_limits) {
	for (int opcode = 0; opcode < IR_OPCODE_COUNT; opcode++) {
		const IrOpInfo *info = &ir_op_info[opcode];
		if (!is_differentiable((IrOpcode)opcode) || info->arity != 1)
			continue;
		for (int sign = -1; sign <= 1; sign += 2) {
			double first[2], second[2];
			derivatives_at((IrOpcode)opcode, sign * (double)INFINITY, 0, 0, &first[0], &second[0]);
			derivatives_at((IrOpcode)opcode, sign * 0x1.fffffffffffffp1023, 0, 0, &first[1], &second[1]);
			cr_expect(is_limit(first[0], first[1]), "%s'(%d inf): %g, far out %g", info->name, sign, first[0],
			          first[1]);
			cr_expect(is_limit(second[0], second[1]), "%s''(%d inf): %g, far out %g", info->name, sign, second[0],
			          second[1]);
		}
	}
}

Test(ad_ops, conversions_pass_cotangents) {
	Bench b = bench_new("to_f32");
	IrFunc *func = ir_func_new(b.module, "f");
	IrValue x = ir_param(func, "x", ir_scalar_type(IR_F64));
	IrBuilder builder = ir_builder(func);
	IrForBuilder f = ir_for_begin(&builder);
	uint32_t narrow = ir_op1(&f, IR_to_f32, ir_read_scalar(&f, x));
	uint32_t wide = ir_op1(&f, IR_to_f64, ir_op2(&f, IR_mul, narrow, narrow));
	ir_result(func, "r", ir_put(&f, IR_PUT_NONE, wide, ir_scalar_type(IR_F64), NULL, 0, false));
	ir_for_end(&f);
	IrFunc *gradient = ad_gradient(b.module, func, "g", 0, NULL, true, false);
	IrFunc *forward = ad_forward(b.module, func, "t", NULL, false);
	bench_verify(&b, gradient);
	IrTensor args[2] = {ir_tensor_new(b.arena, ir_scalar_type(IR_F64), NULL),
	                    ir_tensor_new(b.arena, ir_scalar_type(IR_F64), NULL)};
	args[0].reals[0] = 3;
	args[1].reals[0] = 1;
	IrTensor *results = bench_run(&b, gradient, args);
	cr_assert(results[0].reals[0] == 9 && results[1].reals[0] == 6);
	cr_assert(bench_run(&b, forward, args)[0].reals[0] == 6);
	bench_free(&b);
}
