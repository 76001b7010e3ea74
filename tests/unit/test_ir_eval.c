/* The evaluator on small functions whose results were worked out by hand. */
#include "ir/eval/eval.h"
#include "ir/ir.h"
#include "ir/text/text.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>
#include <time.h>

enum { MAX_ARGS = 4, MAX_RESULTS = 4, MAX_NUMBERS = 32 };

/* A function, its arguments in order (numbers in row-major order), and what it gives. */
typedef struct Case {
	const char *name, *text;
	double args[MAX_ARGS][MAX_NUMBERS];
	double results[MAX_RESULTS][MAX_NUMBERS];
	const char *error;
} Case;

static const Case cases[] = {
	{.name = "matmul",
     .text = "func @f(%A[2, 3], %B[3, 2]) -> (: f64[2, 2]) { %3[2, 2] = for i:2 j:2 k:3 { mul(%A[i, k], %B[k, j]) } "
             "sum -> [i, j] return %3 }",
     .args = {{1, 2, 3, 4, 5, 6}, {7, 8, 9, 10, 11, 12}},
     .results = {{58, 64, 139, 154}}},
	{.name = "convolution with zeros outside",
     .text = "func @f(%im[3], %K[3]) -> (: f64[3]) { %3[3] = for x:3 q:3 { mul(%im[x+q-1]?, %K[q]) } sum -> [x] return "
             "%3 }",
     .args = {{1, 2, 3}, {10, 100, 1000}},
     .results = {{2100, 3210, 320}}},
	{.name = "its adjoint as a scatter and as a gather",
     .text = "func @f(%o[3], %K[3]) -> (: f64[3], : f64[3]) {"
             "%3[3] = for x:3 q:3 { mul(%o[x], %K[q]) } sum -> [x+q-1]?"
             "%4[3] = for q:3 y:3 if q <= y+1, y <= q+1 { mul(%o[y-q+1], %K[q]) } sum -> [y] return %3, %4 }",
     .args = {{1, 2, 3}, {10, 100, 1000}},
     .results = {{120, 1230, 2300}, {120, 1230, 2300}}},
	{.name = "gather, scatter with duplicates",
     .text = "func @f(%pick: int[4], %x[3]) -> (: f64[4], : f64[3]) { %3[4] = for i:4 { %x[%pick[i]] } -> [i]"
             "%4[3] = for i:4 { %3[i] } sum -> [%pick[i]] return %3, %4 }",
     .args = {{2, 0, 2, 1}, {5, 6, 7}},
     .results = {{7, 5, 7, 6}, {5, 6, 14}}},
	{.name = "gather out of range",
     .text = "func @f(%pick: int[2], %x[3]) -> (: f64[2]) { %3[2] = for i:2 { %x[%pick[i]] } -> [i] return %3 }",
     .args = {{2, 3}, {5, 6, 7}},
     .error = "a read left"},
	{.name = "gather out of range where no point is live",
     .text = "func @f(%pick: int[3], %x[3]) -> (: f64[2]) { %3[2] = for i:3 j:2 if i+j < 3, i < 2 { %x[%pick[i]] } sum "
             "-> [j] return %3 }",
     .args = {{2, 0, 99}, {5, 6, 7}},
     .results = {{12, 12}}},
	{.name = "guarded gather",
     .text = "func @f(%pick: int[3], %x[3]) -> (: f64[3]) { %3[3] = for i:3 { %x[%pick[i]]? } -> [i] return %3 }",
     .args = {{2, -1, 99}, {5, 6, 7}},
     .results = {{7, 0, 0}}},
	{.name = "put out of range",
     .text = "func @f(%pick: int[2], %x[2]) -> (: f64[2]) { %3[2] = for i:2 { %x[i] } sum -> [%pick[i]] return %3 }",
     .args = {{0, 2}, {5, 6}},
     .error = "a put left"},
	{.name = "largest, smallest, first of ties, NaN wins, nothing reached",
     .text = "func @f(%x[4, 3]) -> (: f64[4], : int[4], : f64[4], : int[4]) {"
             "%2[4], %3: int[4], %4[4], %5: int[4] = for i:4 j:3 if i < 3 { %x[i, j], %x[i, j] }"
             "max -> [i], argmax j -> [i], min -> [i], argmin j -> [i] return %2, %3, %4, %5 }",
     .args = {{1, 3, 3, 5, NAN, NAN, -INFINITY, -INFINITY, -INFINITY, 0, 0, 0}},
     .results = {{3, NAN, -INFINITY, -INFINITY}, {1, 1, 0, -1}, {1, NAN, -INFINITY, INFINITY}, {0, 1, 0, -1}}},
	{.name = "product and sum where nothing is reached",
     .text = "func @f(%x[3]) -> (: f64[3], : f64[3]) { %2[3], %3[3] = for i:3 j:3 if j < i { %x[j], %x[j] } prod -> "
             "[i], sum -> [i] return %2, %3 }",
     .args = {{2, 3, 5}},
     .results = {{1, 2, 6}, {0, 2, 5}}},
	{.name = "largest integers start from the smallest",
     .text = "func @f(%x: int[2]) -> (: int[2]) { %2: int[2] = for i:2 if i < 1 { %x[i] } max -> [i] return %2 }",
     .args = {{-7, 0}},
     .results = {{-7, -9223372036854775808.0}}},
	{.name = "argument of a two-dimensional maximum",
     .text = "func @f(%x[2, 2]) -> (: f64[], : int[], : int[]) { %2[], %3: int[], %4: int[] = for i:2 j:2 { %x[i, j] }"
             "max -> [], argmax i -> [], argmax j -> [] return %2, %3, %4 }",
     .args = {{1, 4, 9, 9}},
     .results = {{9}, {1}, {0}}},
	{.name = "into is a value",
     .text = "func @f(%x[3], %k: int[]) -> (: f64[3], : f64[3], : f64[3]) { %3[3] = for i:3 { add(%x[i], 1) } -> [i]"
             "%4[3] = for { 100 } -> [%k[]] into %3 %5[3] = for i:3 { 10 } sum -> [i] into %3 return %3, %4, %5 }",
     .args = {{1, 2, 3}, {1}},
     .results = {{2, 3, 4}, {2, 100, 4}, {12, 13, 14}}},
	{.name = "a body that reads its base sees it as it was",
     .text = "func @f(%x[3]) -> (: f64[3]) { %2[3] = for i:3 { %x[i] } -> [i]"
             "%3[3] = for i:3 { %2[2-i] } sum -> [i] into %2 return %3 }",
     .args = {{1, 2, 4}},
     .results = {{5, 4, 5}}},
	{.name = "a loop with a stack",
     .text = "func @f(%x[2], %s0[3, 2]) -> (: f64[2], : f64[3, 2]) {"
             "%10[2], %11[3, 2] = loop %t < 3 carry (%v[2] = %x, %s[3, 2] = %s0) {"
             "%12[3, 2] = for i:2 { %v[i] } -> [%t[], i] into %s %13[2] = for i:2 { mul(%v[i], add(2, to_f64(%t[]))) } "
             "-> [i] yield %13, %12 }"
             "return %10, %11 }",
     .args = {{1, 10}, {9, 9, 9, 9, 9, 9}},
     .results = {{24, 240}, {1, 10, 2, 20, 6, 60}}},
	{.name = "carries trade places",
     .text = "func @f(%x[], %y[]) -> (: f64[], : f64[]) { %10[], %11[] = loop %t < 3 carry (%a[] = %x, %b[] = %y) { "
             "yield %b, %a } return %10, %11 }",
     .args = {{1}, {2}},
     .results = {{2}, {1}}},
	{.name = "the yield may be a value from outside",
     .text = "func @f(%x[], %y[]) -> (: f64[], : f64[]) { %9[] = for { add(%y[], 1) } -> []"
             "%10[] = loop %t < 3 carry (%a[] = %x) { yield %9 } return %10, %9 }",
     .args = {{1}, {2}},
     .results = {{3}, {3}}},
	{.name = "trips are clamped",
     .text = "func @f(%n: int[3]) -> (: f64[3]) { %2[3] = for i:3 { 0 } -> [i] %3[3] = loop %i < 3 carry (%o[3] = %2) {"
             "%4: int[] = for { %n[%i[]] } -> [] %5[] = for { 0 } -> []"
             "%6[] = loop %t < 5 trips %4 carry (%c[] = %5) { %7[] = for { add(%c[], 1) } -> [] yield %7 }"
             "%8[3] = for { %6[] } -> [%i[]] into %o yield %8 } return %3 }",
     .args = {{-2, 3, 99}},
     .results = {{0, 3, 5}}},
	{.name = "no turns",
     .text = "func @f(%x[]) -> (: f64[]) { %2[] = loop %t < 0 carry (%a[] = %x) { %3[] = for { 7 } -> [] yield %3 } "
             "return %2 }",
     .args = {{5}},
     .results = {{5}}},
	{.name = "lanes are axis 0",
     .text = "func @f(%x[2], %w[]) -> (: f64[], : f64[2]) { %3[lanes, 2] = for l:lanes i:2 { mul(%x[i], "
             "to_f64(idx(l))) } -> [l, i]"
             "%4[2] = for l:lanes i:2 { %3[l, i] } sum -> [i] %5[] = for { mul(%w[], 3) } -> [] return %5, %4 }",
     .args = {{1, 10}, {2}},
     .results = {{6}, {120, 1200}}},
	{.name = "f32 rounds after every operation",
     .text = "func @f(%x: f32[]) -> (: f32[], : f32[]) { %2: f32[] = for { sub(add(%x[], 1), 1) } -> []"
             "%3: f32[] = for i:3 { %x[] } sum -> [] return %2, %3 }",
     .args = {{0x1p-25}},
     .results = {{0}, {0x1.8p-24}}},
	{.name = "tables, conditions and index values",
     .text = "func @f(%e[3]) -> (: f64[3], : int[2, 2]) { %2: int[3] = const [0, 0, 1] %3[3] = const [1, 10, 100]"
             "%4[3] = for r:3 s:3 if s < r { mul(%3[%2[r]+s], %e[s]) } sum -> [r]"
             "%5: int[2, 2] = for i:2 j:2 { idx(2*i-j+5) } -> [i, j] return %4, %5 }",
     .args = {{2, 3, 5}},
     .results = {{0, 2, 320}, {5, 4, 7, 6}}},
	{.name = "symbols take their extents from the arguments",
     .text = "func @f<n, m>(%x[n, m]) -> (: f64[n], : int[]) { %2[n] = for i:n j:m { %x[i, j] } sum -> [i]"
             "%3: int[] = for { mul(dim(n), dim(m)) } -> [] return %2, %3 }",
     .args = {{1, 2, 3, 4, 5, 6}},
     .results = {{6, 15}, {6}}},
	{.name = "an unselected arm may be anything",
     .text =
         "func @f(%x[3]) -> (: f64[3]) { %2[3] = for i:3 { where(gt(%x[i], 0), log(%x[i]), -1) } -> [i] return %2 }",
     .args = {{1, 0, -5}},
     .results = {{0, -1, -1}}},
	{.name = "an empty domain",
     .text = "func @f(%x[3]) -> (: f64[], : f64[0]) { %2[] = for i:0 { %x[i+7] } sum -> [] %3[0] = for i:0 { 1 } -> "
             "[i] return %2, %3 }",
     .args = {{1, 2, 3}},
     .results = {{0}}},
};

static IrFunc *parsed(IrModule *module, const char *text) {
	Session *session = module->session;
	bool well = ir_parse(module, source_add(session, "test.ir", text, strlen(text)));
	cr_assert(well, "%s\n%s", session->diags.count ? session->diags.data[0]->message : "", text);
	IrFunc *func = module->funcs.data[module->funcs.count - 1];
	const char *wrong = ir_verify(func);
	cr_assert_null(wrong, "%s", wrong);
	return func;
}

static bool same(double a, double b) {
	return a == b || (a != a && b != b);
}

static double number_at(const IrTensor *tensor, int64_t i) {
	return tensor->reals ? tensor->reals[i] : (double)tensor->integers[i];
}

static void check(const Case *c) {
	static const int64_t symbols[] = {2, 3};
	Session *session = session_new();
	IrModule *module = ir_module_new(session);
	IrFunc *func = parsed(module, c->text);
	IrTensor args[MAX_ARGS], results[MAX_RESULTS];
	for (uint32_t i = 0; i < func->params.count; i++) {
		args[i] = ir_tensor_new(session->arena, ir_type(func, func->params.data[i].value), symbols);
		for (int64_t k = 0; k < ir_type_elements(args[i].type, NULL); k++)
			if (args[i].reals)
				args[i].reals[k] = c->args[i][k];
			else
				args[i].integers[k] = (int64_t)c->args[i][k];
	}
	for (int run = 0; run < 2; run++) { /* twice: the arguments are as they were */
		const char *error = ir_evaluate(func, session->arena, args, results, NULL);
		if (c->error) {
			cr_expect(error && strstr(error, c->error), "%s: said %s", c->name, error ? error : "nothing");
			continue;
		}
		cr_assert_null(error, "%s: %s", c->name, error);
		for (uint32_t i = 0; i < func->results.count; i++)
			for (int64_t k = 0; k < ir_type_elements(results[i].type, NULL); k++)
				cr_expect(same(number_at(&results[i], k), c->results[i][k]), "%s: result %u [%lld] is %.17g, not %.17g",
				          c->name, i, (long long)k, number_at(&results[i], k), c->results[i][k]);
	}
	ir_module_free(module);
	session_free(session);
}

Test(ir_eval, functions_worked_out_by_hand) {
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check(&cases[i]);
}

Test(ir_eval, arguments_of_another_shape_are_refused) {
	Session *session = session_new();
	IrModule *module = ir_module_new(session);
	IrFunc *func = parsed(module, "func @f<n>(%x[n], %y[n]) -> (: f64[n]) { return %x }");
	IrTensor args[2], results[1];
	IrDim dims[2] = {2, 3};
	for (int i = 0; i < 2; i++)
		args[i] = ir_tensor_new(session->arena, ir_tensor_type(IR_F64, 1, &dims[i]), NULL);
	cr_assert_not_null(ir_evaluate(func, session->arena, args, results, NULL));
	ir_module_free(module);
	session_free(session);
}

/* A stack of 200,000 rows in a loop: in time only if rows are written in place. */
Test(ir_eval, stacks_are_written_in_place, .timeout = 60) {
	Session *session = session_new();
	IrModule *module = ir_module_new(session);
	IrFunc *func = parsed(
		module,
		"func @f(%x[2]) -> (: f64[200000, 2], : f64[2]) { %2[200000, 2] = for i:200000 j:2 { 0 } -> [i, j]"
		"%3[200000, 2], %4[2] = loop %t < 200000 carry (%s[200000, 2] = %2, %v[2] = %x) {"
		"%5[200000, 2] = for j:2 { %v[j] } -> [%t[], j] into %s %6[2] = for j:2 { add(%v[j], 1) } -> [j] yield %5, %6 }"
		"return %3, %4 }");
	IrTensor arg = ir_tensor_new(session->arena, ir_type(func, func->params.data[0].value), NULL), results[2];
	cr_assert_null(ir_evaluate(func, session->arena, &arg, results, NULL));
	cr_assert_eq(results[0].reals[399999], 199999.0);
	cr_assert_eq(results[1].reals[0], 200000.0);
	ir_module_free(module);
	session_free(session);
}
