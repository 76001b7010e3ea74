/* Where zero has to win in a gradient, and where it need not: a value that the derivative reaches by some way that passes no
 * selection costs plain products. Each program has the derivative of log or sqrt at 0 upstream, or 1 there if it is reached. */
#include "ad_differences.h"
#include "ir/eval/eval.h"
#include "ir/pass/rewrite.h"

typedef struct Case {
	const char *name, *body;
	bool wins;       /* whether the gradient has products in which 0 wins */
	double x[3];     /* where it is taken ... */
	double slope[3]; /* ... and what it is */
} Case;

/* %1[3] is log(%x), %u is 1, %n is 0. */
static const Case cases[] = {
	{"an arm", "%9[] = for i:3 { where(gt(%u[], 0), 0, %1[i]) } sum -> []", true, {0, 1, 2}, {0}},
	{"an arm, and a way past it",
     "%9[] = for i:3 { add(%1[i], where(gt(%u[], 0), 0, mul(3, %1[i]))) } sum -> []",
     false,
     {1, 2, 4},
     {1, 0.5, 0.25}},
	{"a way past an arm in another op",
     "%2[3] = for i:3 { where(gt(%u[], 0), 0, %1[i]) } -> [i]\n%9[] = for i:3 { add(%1[i], %2[i]) } sum -> []",
     false,
     {1, 2, 4},
     {1, 0.5, 0.25}},
	{"a way past an arm, for some elements",
     "%2[] = for i:3 { where(gt(%u[], 0), 0, %1[i]) } sum -> []\n%9[] = for i:2 { %1[i+1] } sum -> [] into %2",
     true,
     {0, 2, 4},
     {0, 0.5, 0.25}},
	{"ways past an arm that cover it",
     "%2[] = for i:3 { where(gt(%u[], 0), 0, %1[i]) } sum -> []\n%3[] = for i:1 { %1[i+2] } sum -> [] into %2\n"
     "%4[] = for { %1[0] } sum -> [] into %3\n%9[] = for { %1[1] } sum -> [] into %4",
     false,
     {1, 2, 4},
     {1, 0.5, 0.25}},
	{"a part twice, another never",
     "%2[] = for i:3 { where(gt(%u[], 0), 0, %1[i]) } sum -> []\n%3[] = for { %1[2] } sum -> [] into %2\n"
     "%4[] = for { %1[0] } sum -> [] into %3\n%9[] = for { %1[0] } sum -> [] into %4",
     true,
     {1, 0, 4},
     {2, 0, 0.25}},
	{"a guard", "%9[] = for i:3 { %1[i+2]? } sum -> []", true, {0, 0, 4}, {0, 0, 0.25}},
	{"a condition", "%9[] = for i:3 if i < %n[] { %1[i] } sum -> []", true, {0, 0, 0}, {0}},
	{"a diagonal",
     "%2[3, 3] = for i:3 j:3 { mul(%1[i], add(1, %1[j])) } -> [i, j]\n%3[3, 3] = for i:3 j:3 { sqrt(%2[i, j]) } -> [i, "
     "j]\n"
     "%9[] = for i:3 { %3[i, i] } sum -> []",
     true,
     {2.718281828459045, 2.718281828459045, 2.718281828459045},
     {0.3901950712671667, 0.3901950712671667, 0.3901950712671667}},
	{"a maximum and a sum of one op",
     "%2[], %3[] = for i:3 { t = add(%1[i], 0); t, t } max -> [], sum -> []\n%9[] = for { add(%2[], %3[]) } -> []",
     true,
     {1, 2, 4},
     {1, 0.5, 0.5}},
	{"overwritten",
     "%2[3] = for { 1 } -> [%n[]] into %1\n%9[] = for i:3 { %2[i] } sum -> []",
     true,
     {0, 2, 4},
     {0, 0.5, 0.25}},
	{"added to",
     "%2[3] = for i:3 { 1 } sum -> [i] into %1\n%9[] = for i:3 { %2[i] } sum -> []",
     false,
     {1, 2, 4},
     {1, 0.5, 0.25}},
	{"a loop that may not run",
     "%9[] = loop %t < 2 trips %n carry (%c[] = %z) { %2[] = for i:3 { %1[i] } sum -> [] into %c yield %2 }",
     true,
     {0, 0, 0},
     {0}},
	{"a loop that runs",
     "%9[] = loop %t < 2 carry (%c[] = %z) { %2[] = for i:3 { %1[i] } sum -> [] into %c yield %2 }",
     false,
     {1, 2, 4},
     {2, 1, 0.5}},
	{"in every turn, by what is carried",
     "%9[], %8[3] = loop %t < 2 carry (%c[] = %z, %e[3] = %1) { %2[] = for i:3 { %e[i] } sum -> [] into %c\n"
     "%3[3] = for i:3 { mul(%e[i], %e[i]) } -> [i] yield %2, %3 }",
     true, /* in the last turn, %3 goes nowhere */
     {2.718281828459045, 2.718281828459045, 2.718281828459045},
     {1.1036383235143269, 1.1036383235143269, 1.1036383235143269}},
	{"in every turn, by what is carried and read",
     "%9[], %8[3] = loop %t < 2 carry (%c[] = %z, %e[3] = %1) { %3[3] = for i:3 { mul(%e[i], %e[i]) } -> [i]\n"
     "%2[] = for i:3 { %3[i] } sum -> [] into %c yield %2, %3 }",
     false,
     {2.718281828459045, 2.718281828459045, 2.718281828459045},
     {2.2072766470286539, 2.2072766470286539, 2.2072766470286539}},
};

enum { CASES = sizeof cases / sizeof *cases };

static void count_wins(void *context, const IrBlock *block, IrOp *op) {
	uint32_t *count = context;
	const IrFor *f = ir_as_for(op);
	(void)block;
	for (uint32_t n = 0; f && n < f->nodes.count; n++)
		*count += f->nodes.data[n].kind == IR_NODE_OP && f->nodes.data[n].opcode == IR_mulz;
}

static void check_case(const Case *c) {
	Bench b = bench_new(c->name);
	static const bool wrt[] = {true, false, false};
	Text text = text_new(b.arena);
	text_printf(&text, "func @f(%%x[3], %%u[], %%n: int[]) -> ([]) {\n%%z[] = for { 0 } -> []\n");
	text_printf(&text, "%%1[3] = for i:3 { log(%%x[i]) } -> [i]\n%s\nreturn %%9\n}", c->body);
	IrFunc *func = bench_parse(&b, text_cstr(&text));
	IrFunc *gradient = ad_gradient(b.module, func, "gradient", 0, wrt, false, false);
	bench_verify(&b, gradient);
	uint32_t wins = 0;
	ir_visit_ops(&gradient->body, count_wins, &wins);
	cr_expect((wins > 0) == c->wins, "%s: %u products in which 0 wins", c->name, (unsigned)wins);
	IrTensor args[3];
	for (uint32_t p = 0; p < 3; p++)
		args[p] = ir_tensor_new(b.arena, ir_type(gradient, gradient->params.data[p].value), NULL);
	memcpy(args[0].reals, c->x, sizeof c->x);
	args[1].reals[0] = 1;
	const IrTensor *got = bench_run(&b, gradient, args);
	for (int i = 0; i < 3; i++)
		cr_expect(bench_close(got->reals[i], c->slope[i], 1e-10), "%s: [%d] is %.17g, not %.17g", c->name, i,
		          got->reals[i], c->slope[i]);
	bench_free(&b);
}

Test(ad_reached, plain_products_where_no_selection_decides) {
	for (int i = 0; i < CASES; i++)
		check_case(&cases[i]);
}
