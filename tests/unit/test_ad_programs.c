/* Derivatives of whole programs: unrolled optimizers with inner gradients and their meta-gradients, no NaN from arms that
 * were not taken, none from Adam at a zero gradient, and the cost of gradients. */
#include "ad_differences.h"
#include "ir/build.h"
#include "ir/core/walk.h"
#include "ir/eval/eval.h"
#include "ir/pass/pass.h"

static const char logistic[] = "func @value(%X[6, 3], %y[6], %w[3], %b[]) -> ([]) {\n"
							   "%1 s[6] = for i:6 j:3 { mul(%X[i, j], %w[j]) } sum -> [i]\n"
							   "%2 z[6] = for i:6 { add(%1[i], %b[]) } -> [i]\n"
							   "%3 l[] = for i:6 { sub(softplus(%2[i]), mul(%y[i], %2[i])) } sum -> []\n"
							   "%4 r[] = for j:3 { mul(mul(0.05, %w[j]), %w[j]) } sum -> [] into %3\n"
							   "return %4\n}";

/* A rule's step on one tensor, as a function of what it reads and carries. */
static const char descent[] = "func @step(%x[3], %g[3], %lr[]) -> ([3]) {\n"
							  "%1 n[3] = for i:3 { sub(%x[i], mul(%lr[], %g[i])) } -> [i]\n"
							  "return %1\n}";

/* T steps of descent on the logistic loss: f summed over the steps, from inner gradients of `value`. */
static IrFunc *unroll_descent(Bench *b, int64_t turns) {
	IrFunc *value = bench_parse(b, logistic);
	IrFunc *step = bench_parse(b, descent);
	bool wrt[4] = {false, false, true, true};
	IrFunc *gradient = ad_gradient(b->module, value, "gradient", 0, wrt, true, false);
	bench_verify(b, gradient);
	IrFunc *func = ir_func_new(b->module, "unroll");
	IrValue X = ir_param(func, "X", ir_tensor_type(IR_F64, 2, (IrDim[]){6, 3}));
	IrValue y = ir_param(func, "y", ir_tensor_type(IR_F64, 1, (IrDim[]){6}));
	IrValue w = ir_param(func, "w", ir_tensor_type(IR_F64, 1, (IrDim[]){3}));
	IrValue bias = ir_param(func, "b", ir_scalar_type(IR_F64));
	IrValue lr = ir_param(func, "lr", ir_scalar_type(IR_F64));
	IrBuilder builder = ir_builder(func);
	IrValue zero = ir_fill(&builder, ir_scalar_type(IR_F64), 0);
	IrBlock *outer = builder.block;
	IrOp *loop = ir_loop_begin(&builder, turns, 0);
	IrValue x = ir_loop_carry(&builder, loop, w);
	IrValue total = ir_loop_carry(&builder, loop, zero);
	IrValue results[3], yields[2];
	ir_inline(&builder, gradient, (IrValue[]){X, y, x, bias}, results);
	ir_inline(&builder, step, (IrValue[]){x, results[1], lr}, yields);
	yields[1] = ir_add_values(&builder, total, results[0]);
	ir_loop_end(&builder, loop, yields, outer);
	ir_result(func, "score", loop->loop.carries.data[1].out);
	bench_verify(b, func);
	return func;
}

Test(ad_programs, meta_gradient_of_descent) {
	Bench b = bench_new("unrolled descent");
	IrFunc *func = unroll_descent(&b, 7);
	IrFunc *reverse = bench_order(&b, func, bench_args(&b, func), 1e-7);
	bench_order(&b, reverse, bench_args(&b, reverse), 1e-6);
	for (int odd = 0; odd < 2; odd++) {
		bench_batch(&b, func, odd, false);
		bench_batch(&b, reverse, odd, false);
	}
	bench_free(&b);
}

Test(ad_programs, meta_gradient_of_a_batch) {
	Bench b = bench_new("batched unroll");
	IrFunc *func = unroll_descent(&b, 5);
	bool varying[5] = {true, true, true, true, false};
	IrFunc *batched = ad_batch(b.module, func, "batched", varying, NULL);
	bench_verify(&b, batched);
	IrFunc *meta = ad_gradient(b.module, batched, "meta", 0, (bool[]){false, false, false, false, true}, true, false);
	bench_verify(&b, meta);
	cr_assert(meta->results.count == 2);
	cr_assert(ir_type(meta, meta->results.data[0].value).lanes);
	cr_assert(ir_type(meta, meta->results.data[1].value).rank == 0);
	bench_order(&b, batched, bench_args(&b, batched), 1e-6);
	bench_free(&b);
}

static const char net[] = "func @value(%X[5, 2], %y[5], %p[9]) -> ([]) {\n"
						  "%1 h[5, 2] = for i:5 j:2 k:2 { mul(%X[i, k], %p[2*j+k]) } sum -> [i, j]\n"
						  "%2 a[5, 2] = for i:5 j:2 { relu(add(%1[i, j], %p[4+j])) } -> [i, j]\n"
						  "%3 z[5] = for i:5 j:2 { mul(%2[i, j], %p[6+j]) } sum -> [i]\n"
						  "%4 m[] = for i:5 { %3[i] } max -> []\n"
						  "%5 s[] = for i:5 { exp(sub(%3[i], %4[])) } sum -> []\n"
						  "%6 e[5] = for i:5 { sub(add(%3[i], %p[8]), mul(%y[i], log(%5[]))) } -> [i]\n"
						  "%7 l[] = for i:5 { where(gt(%6[i], 0.1), mul(%6[i], %6[i]), abs(%6[i])) } sum -> []\n"
						  "return %7\n}";

/* Sums of products of two reads: what compiled code makes tiles of, whether 0 wins in them or not. */
static int contractions(const IrBlock *block) {
	int count = 0;
	for (uint32_t o = 0; o < block->ops.count; o++) {
		const IrFor *f = ir_as_for(block->ops.data[o]);
		const IrBlock *inside = ir_block_of(block->ops.data[o], 0);
		if (inside)
			count += contractions(inside);
		for (uint32_t p = 0; f && p < f->puts.count; p++) {
			const IrPut *put = &f->puts.data[p];
			const IrNode *node = &f->nodes.data[put->node];
			if (put->combine != IR_PUT_SUM || node->kind != IR_NODE_OP ||
			    (node->opcode != IR_mulz && node->opcode != IR_mul))
				continue;
			count += f->indices.count > 1 && f->nodes.data[node->args[0]].kind == IR_NODE_READ &&
			         f->nodes.data[node->args[1]].kind == IR_NODE_READ;
		}
	}
	return count;
}

/* Selections downstream leave the matrix products of a network what they are, also in the meta-gradient of its training: two
 * of the value, and for each that of the weights and that of what comes in (but for the data). */
Test(ad_programs, contractions_stay_contractions) {
	Bench b = bench_new("network");
	IrFunc *value = bench_parse(&b, net);
	IrFunc *gradient = ad_gradient(b.module, value, "gradient", 0, (bool[]){false, false, true}, true, false);
	cr_expect(contractions(&gradient->body) == 4, "%d", contractions(&gradient->body));
	IrFunc *func = ir_func_new(b.module, "unroll");
	IrValue X = ir_param(func, "X", ir_tensor_type(IR_F64, 2, (IrDim[]){5, 2}));
	IrValue y = ir_param(func, "y", ir_tensor_type(IR_F64, 1, (IrDim[]){5}));
	IrValue start = ir_param(func, "p", ir_tensor_type(IR_F64, 1, (IrDim[]){9}));
	IrValue lr = ir_param(func, "lr", ir_scalar_type(IR_F64));
	IrBuilder builder = ir_builder(func);
	IrValue zero = ir_fill(&builder, ir_scalar_type(IR_F64), 0);
	IrBlock *outer = builder.block;
	IrOp *loop = ir_loop_begin(&builder, 3, 0);
	IrValue p = ir_loop_carry(&builder, loop, start), total = ir_loop_carry(&builder, loop, zero);
	IrValue results[2], yields[2];
	ir_inline(&builder, gradient, (IrValue[]){X, y, p}, results);
	IrForBuilder f = ir_for_begin(&builder);
	IrAt at = ir_at_index(b.module, ir_for_index(&f, 0, 9), 1);
	uint32_t slope = ir_read(&f, results[1], &at, false);
	uint32_t size = ir_op1(&f, IR_sqrt, ir_op2(&f, IR_add, ir_op2(&f, IR_mul, slope, slope), ir_real(&f, IR_F64, 1)));
	uint32_t move = ir_op2(&f, IR_mul, ir_read_scalar(&f, lr), ir_op2(&f, IR_div, slope, size));
	uint32_t next = ir_op2(&f, IR_sub, ir_read(&f, p, &at, false), move);
	yields[0] = ir_put(&f, IR_PUT_NONE, next, ir_type(func, p), &at, 0, false);
	ir_for_end(&f);
	yields[1] = ir_add_values(&builder, total, results[0]);
	ir_loop_end(&builder, loop, yields, outer);
	ir_result(func, "score", loop->loop.carries.data[1].out);
	bench_order(&b, func, bench_args(&b, func), 1e-6);
	IrFunc *meta = ad_gradient(b.module, func, "meta", 0, (bool[]){false, false, false, true}, true, false);
	cr_expect(contractions(&meta->body) == 12, "%d", contractions(&meta->body));
	bench_free(&b);
}

static int count_opcode(const IrBlock *block, IrOpcode opcode) {
	int count = 0;
	for (uint32_t o = 0; o < block->ops.count; o++) {
		const IrFor *f = ir_as_for(block->ops.data[o]);
		const IrBlock *inside = ir_block_of(block->ops.data[o], 0);
		if (inside)
			count += count_opcode(inside, opcode);
		for (uint32_t n = 0; f && n < f->nodes.count; n++)
			count += f->nodes.data[n].kind == IR_NODE_OP && f->nodes.data[n].opcode == opcode;
	}
	return count;
}

/* Costly values of a loop's body are saved and not computed again, unless the stacks would become much larger than those of
 * the carries. */
Test(ad_programs, costly_values_are_computed_once) {
	static const struct {
		int hidden, computed, slopes;
	} cases[] = {{16, 1, 1}, {100000, 2, 1}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Bench b = bench_new("hidden layer");
		char text[512];
		snprintf(text, sizeof text,
		         "func @f(%%w[3], %%A[%d, 3]) -> ([3]) {\n"
		         "%%1 x[3] = loop %%t < 4 carry (%%x[3] = %%w) {\n"
		         "%%2 h[%d] = for i:%d { tanh(mul(%%A[i, 0], %%x[0])) } -> [i]\n"
		         "%%3 y[3] = for i:%d j:3 { mul(%%A[i, j], %%2[i]) } sum -> [j]\n"
		         "yield %%3\n}\n"
		         "return %%1\n}",
		         cases[i].hidden, cases[i].hidden, cases[i].hidden, cases[i].hidden);
		IrFunc *func = bench_parse(&b, text);
		IrFunc *reverse = ad_reverse(b.module, func, "reverse", NULL, NULL, true);
		int computed = count_opcode(&reverse->body, IR_tanh);
		cr_expect(computed == cases[i].computed, "%d hidden: tanh stands in %d places", cases[i].hidden, computed);
		int slopes = count_opcode(&reverse->body, IR_tanh_slope);
		cr_expect(slopes == cases[i].slopes, "%d hidden: its slope stands in %d places", cases[i].hidden, slopes);
		bench_free(&b);
	}
}

/* Adam on f(x) = sum over i of s_i x_i^2 / 2, with a bias correction that depends on the counter. */
static const char adam[] =
	"func @adam(%x0[2], %s[2], %lr[]) -> ([2]) {\n"
	"%z[2] = for i:2 { 0 } -> [i]\n"
	"%1 x[2], %2 m[2], %3 v[2] = loop %t < 4 carry (%x[2] = %x0, %m[2] = %z, %v[2] = %z) {\n"
	"%4 g[2] = for i:2 { mul(%s[i], %x[i]) } -> [i]\n"
	"%5 m[2] = for i:2 { add(mul(0.9, %m[i]), mul(0.1, %4[i])) } -> [i]\n"
	"%6 v[2] = for i:2 { add(mul(0.999, %v[i]), mul(0.001, mul(%4[i], %4[i]))) } -> [i]\n"
	"%7 n[2] = for i:2 { k = add(%t[], 1); c = sub(1, powi(0.9 f64, k)); d = sub(1, powi(0.999 f64, k)); "
	"sub(%x[i], div(mul(%lr[], div(%5[i], c)), add(sqrt(div(%6[i], d)), 1e-8))) } -> [i]\n"
	"yield %7, %5, %6\n}\n"
	"return %1\n}";

Test(ad_programs, adam_at_a_zero_gradient_is_finite) {
	Bench b = bench_new("adam");
	IrFunc *func = bench_parse(&b, adam);
	IrFunc *first = ad_reverse(b.module, func, "first", NULL, NULL, false);
	IrFunc *second = ad_reverse(b.module, first, "second", NULL, NULL, false);
	IrFunc *mixed = ad_forward(b.module, first, "mixed", NULL, false);
	bench_verify(&b, second);
	bench_order(&b, func, bench_args(&b, func), 1e-6);
	IrFunc *all[] = {first, second, mixed};
	for (int i = 0; i < 3; i++) {
		IrTensor *args = bench_args(&b, all[i]);
		args[0].reals[0] = 0; /* one coordinate starts at the optimum, the other does not */
		args[1].reals[1] = 0.5;
		IrTensor *results = bench_run(&b, all[i], args);
		for (uint32_t r = 0; r < all[i]->results.count; r++)
			for (int64_t k = 0; k < ir_type_elements(results[r].type, NULL); k++)
				cr_assert(isfinite(results[r].reals[k]), "%s %u %lld", session_text(b.session, all[i]->name), r,
				          (long long)k);
	}
	bench_free(&b);
}

/* Arms that are not taken: at x the function is `3 x` (or as stated) and nothing of the other arm may be seen. */
typedef struct Arm {
	const char *name, *text;
	double x, first, second;
} Arm;

static const Arm arms[] = {
	{"in one body",
     "func @f(%x[]) -> ([]) {\n%1[] = for { where(gt(%x[], 0), log(%x[]), mul(3, %x[])) } -> []\nreturn %1\n}", 0, 3,
     0},
	{"in another op",
     "func @f(%x[]) -> ([]) {\n%1[] = for { div(1, %x[]) } -> []\n%2[] = for { where(gt(%x[], 0), %1[], mul(3, %x[])) "
     "} -> []\nreturn %2\n}",
     0, 3, 0},
	{"far away",
     "func @f(%x[]) -> ([]) {\n%1[] = for { log(%x[]) } -> []\n%2[] = for { exp(mul(%1[], 0.5)) } -> []\n%3[] = for { "
     "mul(%2[], %2[]) } -> []\n"
     "%4[] = for { where(gt(%x[], 0), %3[], mul(3, %x[])) } -> []\nreturn %4\n}",
     0, 3, 0},
	{"through a sum",
     "func @f(%x[]) -> ([]) {\n%1[] = for i:3 { div(to_f64(idx(i+1)), %x[]) } sum -> []\n"
     "%2[] = for { where(gt(%x[], 0), %1[], mul(%x[], %x[])) } -> []\nreturn %2\n}",
     0, 0, 2},
	{"through a loop",
     "func @f(%x[]) -> ([]) {\n%1[] = loop %t < 3 carry (%y[] = %x) {\n%2[] = for { log(%y[]) } -> []\nyield %2\n}\n"
     "%3[] = for { where(gt(%x[], 20), %1[], mul(3, %x[])) } -> []\nreturn %3\n}",
     0, 3, 0},
	{"into a loop",
     "func @f(%x[]) -> ([]) {\n%1[] = for { div(1, %x[]) } -> []\n%2[] = loop %t < 3 carry (%y[] = %1) {\n"
     "%4[] = for { mul(%y[], %y[]) } -> []\nyield %4\n}\n"
     "%3[] = for { where(gt(%x[], 20), %2[], mul(3, %x[])) } -> []\nreturn %3\n}",
     0, 3, 0},
	{"overflow",
     "func @f(%x[]) -> ([]) {\n%1[] = for { mul(%x[], %x[]) } -> []\n%2[] = for { mul(%1[], %x[]) } -> []\n"
     "%3[] = for { where(lt(%x[], 1e100), %2[], mul(3, %x[])) } -> []\nreturn %3\n}",
     1e200, 3, 0},
	{"clamped logarithm",
     "func @f(%x[]) -> ([]) {\n%1[] = for { log(%x[]) } -> []\n%2[] = for { add(max(%1[], -5), mul(3, %x[])) } -> "
     "[]\nreturn %2\n}",
     0, 3, 0},
	{"maximum put",
     "func @f(%x[]) -> ([]) {\n%1[2] = for i:2 { div(1, sub(%x[], to_f64(idx(i)))) } -> [i]\n%2[] = for i:2 { "
     "neg(%1[i]) } min -> []\n"
     "%3[] = for { where(gt(%x[], 0), %2[], mul(3, %x[])) } -> []\nreturn %3\n}",
     0, 3, 0},
	{"unselected maximum",
     "func @f(%x[]) -> ([]) {\n%1[2] = for i:2 { log(mul(to_f64(idx(i)), add(%x[], 1))) } -> [i]\n"
     "%2[] = for i:2 { %1[i] } max -> []\nreturn %2\n}",
     0, 1, -1},
	{"empty maximum",
     "func @f(%x[]) -> ([]) {\n%1[2] = for r:2 s:2 if s < r { log(%x[]) } max -> [r]\n"
     "%2[] = for { add(exp(%1[0]), mul(3, %x[])) } -> []\nreturn %2\n}",
     2, 3, 0},
};

Test(ad_programs, unselected_arms_leak_nothing) {
	for (size_t i = 0; i < sizeof arms / sizeof *arms; i++) {
		Bench b = bench_new(arms[i].name);
		IrFunc *func = bench_parse(&b, arms[i].text);
		IrFunc *gradient = ad_gradient(b.module, func, "gradient", 0, NULL, false, false);
		IrFunc *forward = ad_forward(b.module, func, "forward", NULL, false);
		IrFunc *orders[] = {
			ad_gradient(b.module, gradient, "reverse over reverse", 0, NULL, false, false),
			ad_forward(b.module, gradient, "forward over reverse", NULL, false),
			ad_gradient(b.module, forward, "reverse over forward", 0, (bool[]){true, false}, false, false)};
		IrTensor args[2] = {ir_tensor_new(b.arena, ir_scalar_type(IR_F64), NULL),
		                    ir_tensor_new(b.arena, ir_scalar_type(IR_F64), NULL)};
		args[0].reals[0] = arms[i].x;
		args[1].reals[0] = 1;
		double first = bench_run(&b, gradient, args)[0].reals[0], tangent = bench_run(&b, forward, args)[0].reals[0];
		cr_expect(bench_close(first, arms[i].first, 1e-12), "%s: reverse %g", b.name, first);
		cr_expect(bench_close(tangent, arms[i].first, 1e-12), "%s: forward %g", b.name, tangent);
		for (int k = 0; k < 3; k++) {
			double second = bench_run(&b, orders[k], args)[0].reals[0];
			cr_expect(bench_close(second, arms[i].second, 1e-12), "%s: %s %g", b.name,
			          session_text(b.session, orders[k]->name), second);
		}
		bench_free(&b);
	}
}

Test(ad_programs, products_at_zeros) {
	Bench b = bench_new("product");
	IrFunc *func = bench_parse(&b, "func @f(%x[4]) -> ([]) {\n%1 p[] = for i:4 { %x[i] } prod -> []\nreturn %1\n}");
	IrFunc *gradient = ad_gradient(b.module, func, "gradient", 0, NULL, false, false);
	IrFunc *second = ad_reverse(b.module, gradient, "second", NULL, NULL, false);
	static const double points[3][4] = {{2, 0, 3, 5}, {2, 0, 0, 5}, {0, 0, 0, 5}};
	for (int p = 0; p < 3; p++) {
		IrTensor args[2] = {ir_tensor_new(b.arena, ir_tensor_type(IR_F64, 1, (IrDim[]){4}), NULL)};
		args[1] = ir_tensor_new(b.arena, ir_tensor_type(IR_F64, 1, (IrDim[]){4}), NULL);
		memcpy(args[0].reals, points[p], sizeof points[p]);
		args[1].reals[1] = 1; /* row 1 of the Hessian */
		const double *g = bench_run(&b, gradient, args)[0].reals, *h = bench_run(&b, second, args)[0].reals;
		for (int i = 0; i < 4; i++) {
			double first = 1, row = i != 1;
			for (int j = 0; j < 4; j++) {
				first *= j == i ? 1 : points[p][j];
				row *= j == i || j == 1 ? 1 : points[p][j];
			}
			cr_expect(g[i] == first, "%d: %g", i, g[i]);
			cr_expect(h[i] == row, "%d: second %g", i, h[i]);
		}
	}
	bench_free(&b);
}

Test(ad_programs, first_of_ties_wins) {
	Bench b = bench_new("ties");
	IrFunc *func = bench_parse(
		&b, "func @f(%x[2, 3]) -> ([]) {\n%1 p[] = for i:2 j:3 { mul(%x[i, j], %x[i, j]) } max -> []\nreturn %1\n}");
	IrFunc *gradient = ad_gradient(b.module, func, "gradient", 0, NULL, false, false);
	IrTensor args[1] = {ir_tensor_new(b.arena, ir_tensor_type(IR_F64, 2, (IrDim[]){2, 3}), NULL)};
	for (int i = 0; i < 6; i++)
		args[0].reals[i] = i == 0 ? 1 : i % 2 ? 2 : -2;
	const double *g = bench_run(&b, gradient, args)[0].reals;
	for (int i = 0; i < 6; i++)
		cr_assert(g[i] == (i == 1 ? 4 : 0), "%d: %g", i, g[i]);
	args[0].reals[4] = NAN;
	g = bench_run(&b, gradient, args)[0].reals;
	for (int i = 0; i < 6; i++)
		cr_assert(i == 4 ? isnan(g[i]) : g[i] == 0, "NaN, %d: %g", i, g[i]);
	bench_free(&b);
}

Test(ad_programs, what_does_not_depend_gets_zeros) {
	Bench b = bench_new("zeros");
	IrFunc *func = bench_parse(
		&b, "func @f(%x[3], %y[3], %n: int[]) -> ([3], : int[]) {\n"
			"%1[3] = for i:3 { mul(floor(%y[i]), stop_gradient(mul(%x[i], %y[i]))) } -> [i]\nreturn %1, %n\n}");
	IrFunc *reverse = ad_reverse(b.module, func, "reverse", NULL, NULL, true);
	bench_verify(&b, reverse);
	cr_assert(reverse->results.count == 4 && reverse->params.count == 4);
	IrTensor *results = bench_run(&b, reverse, bench_args(&b, reverse));
	for (int i = 0; i < 3; i++)
		cr_assert(results[2].reals[i] == 0 && results[3].reals[i] == 0);
	IrFunc *none = ad_reverse(b.module, func, "none", (bool[]){false, false}, (bool[]){true, false, false}, false);
	cr_assert(none->results.count == 1 && none->params.count == 3);
	bench_free(&b);
}

Test(ad_programs, symbolic_extents) {
	Bench b = bench_new("symbols");
	IrFunc *func =
		bench_parse(&b, "func @f<N>(%x[N], %s[]) -> ([]) {\n"
	                    "%1 y[N] = loop %t < 3 carry (%y[N] = %x) {\n"
	                    "%2[N] = for i:N { mul(%y[i], sin(mul(%s[], %x[i]))) } -> [i]\nyield %2\n}\n"
	                    "%3[] = for i:N { div(mul(%1[i], %1[i]), to_f64(dim(N))) } sum -> []\n"
	                    "%4[] = for i:N { %1[i] } max -> []\n%5[] = for { add(%3[], %4[]) } -> []\nreturn %5\n}");
	IrFunc *gradient = ad_gradient(b.module, func, "gradient", 0, NULL, true, false);
	IrFunc *forward = ad_forward(b.module, func, "forward", NULL, false);
	IrFunc *batched = ad_batch(b.module, gradient, "batched", (bool[]){true, false}, (bool[]){true, true, true});
	bench_verify(&b, gradient);
	bench_verify(&b, forward);
	bench_verify(&b, batched);
	IrTensor args[4];
	for (int i = 0; i < 4; i++)
		args[i] = bench_tensor(&b, i % 2 ? ir_scalar_type(IR_F64) : ir_tensor_type(IR_F64, 1, (IrDim[]){5}));
	IrTensor *g = bench_run(&b, gradient, args);
	double by_reverse = bench_dot(&g[1], &args[2]) + bench_dot(&g[2], &args[3]);
	double by_forward = bench_run(&b, forward, args)[0].reals[0];
	double h = 1e-5, value[2];
	for (int side = 0; side < 2; side++) {
		IrTensor moved[2] = {args[0], args[1]};
		moved[0].reals = arena_copy(b.arena, args[0].reals, 5 * sizeof(double));
		moved[1].reals = arena_copy(b.arena, args[1].reals, sizeof(double));
		for (int i = 0; i < 5; i++)
			moved[0].reals[i] += (side ? h : -h) * args[2].reals[i];
		moved[1].reals[0] += (side ? h : -h) * args[3].reals[0];
		value[side] = bench_run(&b, func, moved)[0].reals[0];
	}
	cr_assert(bench_close(by_reverse, by_forward, 1e-12));
	cr_assert(bench_close(by_reverse, (value[1] - value[0]) / (2 * h), 1e-7));
	bench_free(&b);
}

/* Value and gradient together cost at most this multiple of the value alone; adjoints hold no operation per accumulator. */
Test(ad_programs, gradients_cost_a_small_multiple) {
	Bench b = bench_new("cost");
	IrFunc *value = bench_parse(&b, logistic);
	IrFunc *gradient = ad_gradient(b.module, value, "gradient", 0, (bool[]){false, false, true, true}, true, false);
	double ratio = ir_cost(gradient, NULL).flops / ir_cost(value, NULL).flops;
	cr_expect(ratio < 3, "logistic: %g", ratio);
	IrFunc *unroll = unroll_descent(&b, 20);
	IrFunc *meta = ad_gradient(b.module, unroll, "meta", 0, (bool[]){false, false, false, false, true}, true, false);
	ratio = ir_cost(meta, NULL).flops / ir_cost(unroll, NULL).flops;
	cr_expect(ratio < 4, "unroll: %g", ratio);
	IrFunc *recurrence =
		bench_parse(&b, "func @f(%a[], %x[64], %h0[65]) -> ([]) {\n"
	                    "%1 h[65] = loop %t < 64 carry (%h[65] = %h0) {\n"
	                    "%2[65] = for { tanh(add(mul(%a[], %h[%t[]]), %x[%t[]])) } -> [%t[]+1] into %h\nyield %2\n}\n"
	                    "%3[] = for { %1[64] } -> []\nreturn %3\n}");
	IrFunc *through = ad_gradient(b.module, recurrence, "through", 0, NULL, true, false);
	ratio = ir_cost(through, NULL).flops / ir_cost(recurrence, NULL).flops;
	cr_expect(ratio < 4, "recurrence: %g", ratio);
	ratio = ir_cost(through, NULL).bytes / ir_cost(recurrence, NULL).bytes;
	cr_expect(ratio < 6, "recurrence: bytes %g", ratio);
	IrFunc *scalars = bench_parse(
		&b,
		"func @f(%x[4]) -> ([]) {\n"
		"%1[] = for { u = sub(1.5, mul(%x[0], sub(1, %x[1]))); v = sub(2.25, mul(%x[2], sub(1, mul(%x[1], %x[3])))); "
		"add(mul(u, u), mul(v, v)) } -> []\nreturn %1\n}");
	IrFunc *slope = ad_gradient(b.module, scalars, "slope", 0, NULL, true, false);
	ratio = ir_cost(slope, NULL).flops / ir_cost(scalars, NULL).flops;
	cr_expect(ratio < 4, "scalars: %g", ratio);
	bench_free(&b);
}
