/* Mathematics of which more is known than a bound: products, powers of two, whole powers, random numbers, and what stays around
 * a row that is expanded. */
#include "ir/eval/eval.h"
#include "ir/pass/pass.h"
#include "ir/text/text.h"
#include "math_run.h"

static const long double pi = 3.14159265358979323846264338327950288L;

Test(math_exact, scaled_is_the_product) {
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

Test(math_exact, binade_is_a_power_of_two_with_a_normal_reciprocal) {
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

Test(math_exact, exp_less_is_one_where_both_are_equal) {
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

Test(math_exact, constant_whole_powers_are_products) {
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

Test(math_exact, variable_whole_powers) {
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

Test(math_exact, random_numbers_are_those_of_threefry) {
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
Test(math_exact, random_numbers_have_the_moments_of_their_laws) {
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
Test(math_exact, keeps_everything_around_the_body) {
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
