/* Derivatives of structures where they are awkward, against closed forms: zeros and infinities in products, ties, powers of
 * zero, empty ranges, duplicates, loops of no turn and of one. Gradient and Hessian (times a vector of ones) both ways each;
 * 16 problems at once; differences where the point has them. */
#include "ad_differences.h"
#include "ir/eval/eval.h"

enum { MOST = 4 };

typedef enum Point {
	SMOOTH,      /* differences exist */
	KINK,        /* they do not */
	REVERSE_ONLY /* nor does forward mode say anything: it multiplies tangents of 0 by what is infinite */
} Point;

typedef struct Case {
	const char *name, *body; /* from %x[n] (and %n: int[], which is 0) to %9[] */
	int n;
	double x[MOST], value, gradient[MOST], hessian[MOST];
	Point point;
} Case;

#define INF INFINITY

static const Case cases[] = {
	{"product, no zero", "%9[] = for i:3 { %x[i] } prod -> []", 3, {2, 5, 3}, 30, {15, 6, 10}, {8, 5, 7}, SMOOTH},
	{"product, one zero", "%9[] = for i:3 { %x[i] } prod -> []", 3, {2, 0, 3}, 0, {0, 6, 0}, {3, 5, 2}, SMOOTH},
	{"product, -0", "%9[] = for i:3 { %x[i] } prod -> []", 3, {2, -0.0, 3}, 0, {0, 6, 0}, {3, 5, 2}, SMOOTH},
	{"product, two zeros", "%9[] = for i:3 { %x[i] } prod -> []", 3, {0, 0, 3}, 0, {0, 0, 0}, {3, 3, 0}, SMOOTH},
	{"product, three zeros", "%9[] = for i:3 { %x[i] } prod -> []", 3, {0}, 0, {0}, {0}, SMOOTH},
	{"product, infinite",
     "%9[] = for i:3 { %x[i] } prod -> []",
     3,
     {INF, 2, 3},
     INF,
     {6, INF, INF},
     {5, INF, INF},
     REVERSE_ONLY},
	{"product of some",
     "%9[] = for i:4 if i < 2 { %x[i] } prod -> []",
     4,
     {0, 5, 0, INF},
     0,
     {5, 0, 0, 0},
     {1, 1, 0, 0},
     KINK},
	{"product of none", "%9[] = for i:0 { %x[i+7] } prod -> []", 2, {3, 4}, 1, {0}, {0}, SMOOTH},
	{"product of two axes",
     "%1[2, 2] = for i:2 j:2 { %x[2*i+j] } -> [i, j]\n%9[] = for i:2 j:2 { %1[i, j] } prod -> []",
     4,
     {1, 0, 2, 3},
     0,
     {0, 6, 0, 0},
     {6, 11, 3, 2},
     SMOOTH},
	{"running products",
     "%1[3], %4[] = loop %t < 3 carry (%c[3] = %x, %p[] = %x0) { %5[] = for { mul(%p[], %x[%t[]]) } -> [] %6[3] = for "
     "{ %5[] } -> [%t[]] into %c yield %6, %5 }\n%9[] = for i:3 { %1[i] } sum -> []",
     3,
     {2, 0, 3},
     2,
     {1, 8, 0},
     {4, 6, 2},
     SMOOTH},
	{"running sums",
     "%1[3] = for i:3 j:3 if j < i+1 { %x[j] } sum -> [i]\n%9[] = for i:3 { mul(%1[i], %1[i]) } sum -> []",
     3,
     {1, 2, 0},
     19,
     {14, 12, 6},
     {12, 10, 6},
     SMOOTH},
	{"maximum, tie", "%9[] = for i:3 { %x[i] } max -> []", 3, {2, 2, 1}, 2, {1, 0, 0}, {0}, KINK},
	{"minimum, tie", "%9[] = for i:3 { mul(%x[i], %x[i]) } min -> []", 3, {3, 2, 2}, 4, {0, 4, 0}, {0, 2, 0}, KINK},
	{"maximum, NaN", "%9[] = for i:3 { %x[i] } max -> []", 3, {2, NAN, 3}, NAN, {0, 1, 0}, {0}, KINK},
	{"maximum, all -inf", "%9[] = for i:2 { %x[i] } max -> []", 2, {-INF, -INF}, -INF, {1, 0}, {0}, KINK},
	{"maximum of none",
     "%9[] = for i:3 if i < %n[] { mul(%x[i], %x[i]) } max -> []",
     3,
     {2, 2, 1},
     -INF,
     {0},
     {0},
     KINK},
	{"maximum of a product, infinite loser",
     "%9[] = for i:2 { neg(log(%x[i])) } min -> []",
     2,
     {0, 1},
     0,
     {0, -1},
     {0, 1},
     KINK},
	{"pairwise tie",
     "%9[] = for { mul(max(%x[0], %x[1]), min(%x[0], %x[1])) } -> []",
     2,
     {3, 3},
     9,
     {6, 0},
     {2, 0},
     KINK},
	{"read at the argument of a maximum",
     "%1[], %2: int[] = for i:3 { %x[i] } max -> [], argmax i -> []\n%9[] = for { mul(mul(3, %x[%2[]]), %1[]) } -> []",
     3,
     {1, 3, 2},
     27,
     {0, 18, 0},
     {0, 6, 0},
     SMOOTH},
	{"read at an argument, infinite elsewhere",
     "%1[], %2: int[] = for i:3 { %x[i] } max -> [], argmax i -> []\n%3[3] = for i:3 { log(%x[i]) } -> [i]\n%9[] = for "
     "{ %3[%2[]] } -> []",
     3,
     {0, 2, 0},
     0.69314718055994529,
     {0, 0.5, 0},
     {0, -0.25, 0},
     KINK},
	{"power 0", "%9[] = for { powi(%x[0], 0) } -> []", 1, {0}, 1, {0}, {0}, SMOOTH},
	{"power 1 of 0", "%9[] = for { powi(%x[0], 1) } -> []", 1, {0}, 0, {1}, {0}, SMOOTH},
	{"power 2 of 0", "%9[] = for { powi(%x[0], 2) } -> []", 1, {0}, 0, {0}, {2}, SMOOTH},
	{"power 3 of 0", "%9[] = for { powi(%x[0], 3) } -> []", 1, {0}, 0, {0}, {0}, SMOOTH},
	{"power by a variable", "%9[] = for { powi(%x[0], add(%n[], 2)) } -> []", 1, {0}, 0, {0}, {2}, SMOOTH},
	{"power 0 by a variable", "%9[] = for { powi(%x[0], %n[]) } -> []", 1, {0}, 1, {0}, {0}, SMOOTH},
	{"power -1 of 0", "%9[] = for { powi(%x[0], -1) } -> []", 1, {0}, INF, {-INF}, {INF}, KINK},
	{"real power 2 of 0", "%9[] = for { pow(%x[0], 2) } -> []", 1, {0}, 0, {0}, {2}, KINK},
	{"real power 1 of 0", "%9[] = for { pow(%x[0], 1) } -> []", 1, {0}, 0, {1}, {0}, KINK},
	{"0 to a positive power", "%9[] = for { pow(0, %x[0]) } -> []", 1, {2}, 0, {0}, {0}, SMOOTH},
	{"root of 0", "%9[] = for i:2 { sqrt(mul(%x[i], %x[i])) } sum -> []", 2, {0, 3}, 3, {0, 1}, {0, 0}, KINK},
	{"root of 0, infinite behind it",
     "%9[] = for { sqrt(where(gt(%x[0], 1), log(sub(%x[0], 1)), mul(%x[0], 0))) } -> []",
     1,
     {1},
     0,
     {0},
     {0},
     KINK},
	{"empty range", "%9[] = for i:0 { mul(%x[i+7], %x[i+8]) } sum -> []", 2, {3, 4}, 0, {0}, {0}, SMOOTH},
	{"guards, all outside",
     "%1[3] = for i:3 { mul(%x[i+5]?, %x[i]?) } -> [i]\n%9[] = for i:3 { %1[i] } sum -> []",
     2,
     {3, 4},
     0,
     {0},
     {0},
     SMOOTH},
	{"guarded window",
     "%1[3] = for i:3 p:3 { %x[i+p-1]? } sum -> [i]\n%9[] = for i:3 { mul(%1[i], %1[i]) } sum -> []",
     3,
     {1, 2, 0},
     22,
     {12, 16, 10},
     {10, 14, 10},
     SMOOTH},
	{"guards around an infinity",
     "%1[3] = for i:3 { log(%x[i]) } -> [i]\n%9[] = for i:3 { %1[i+1]? } sum -> []",
     3,
     {0, 2, 4},
     2.0794415416798357,
     {0, 0.5, 0.25},
     {0, -0.25, -0.0625},
     KINK},
	{"duplicates",
     "%k: int[3] = const [0, 0, 1]\n%1[2] = for i:3 { mul(%x[i], %x[i]) } sum -> [%k[i]]\n%9[] = for i:2 { mul(%1[i], "
     "%1[i]) } sum -> []",
     3,
     {1, 2, 3},
     106,
     {20, 40, 108},
     {44, 68, 108},
     SMOOTH},
	{"overwritten twice",
     "%1[2] = for { mul(%x[0], %x[0]) } -> [%n[]] into %x2\n%2[2] = for { mul(%x[1], 3) } -> [%n[]] into %1\n%9[] = "
     "for i:2 { mul(%2[i], %2[i]) } sum -> []",
     3,
     {1, 2, 3},
     40,
     {0, 36, 0},
     {0, 18, 0},
     SMOOTH},
	{"loop of no turn",
     "%1[2] = loop %t < 0 carry (%c[2] = %x) { %2[2] = for i:2 { mul(%c[i], %x[i]) } -> [i] yield %2 }\n%9[] = for i:2 "
     "{ mul(%1[i], %1[i]) } sum -> []",
     2,
     {3, 0},
     9,
     {6, 0},
     {2, 2},
     SMOOTH},
	{"loop of no turn, found when it runs",
     "%1[2] = loop %t < 3 trips %n carry (%c[2] = %x) { %2[2] = for i:2 { log(%c[i]) } -> [i] yield %2 }\n%9[] = for "
     "i:2 { mul(%1[i], %1[i]) } sum -> []",
     2,
     {3, 0},
     9,
     {6, 0},
     {2, 2},
     KINK},
	{"loop of one turn",
     "%1[2] = loop %t < 1 carry (%c[2] = %x) { %2[2] = for i:2 { mul(%c[i], %x[i]) } -> [i] yield %2 }\n%9[] = for i:2 "
     "{ mul(%1[i], %1[i]) } sum -> []",
     2,
     {3, 0},
     81,
     {108, 0},
     {108, 0},
     SMOOTH},
	{"loop that ends where it began",
     "%1[2] = loop %t < 4 carry (%c[2] = %x) { yield %c }\n%9[] = for i:2 { mul(%1[i], %1[i]) } sum -> []",
     2,
     {3, 0},
     9,
     {6, 0},
     {2, 2},
     SMOOTH},
	{"rectifier at 0",
     "%9[] = for i:2 { mul(relu(%x[i]), relu(%x[i])) } sum -> []",
     2,
     {0, 2},
     4,
     {0, 4},
     {0, 2},
     KINK},
	{"angle at 0", "%9[] = for { atan2(%x[0], %x[1]) } -> []", 2, {0, 0}, 0, {0, 0}, {0, 0}, KINK},
};

enum { CASES = sizeof cases / sizeof *cases };

static IrFunc *parse_case(Bench *b, const Case *c) {
	Text text = text_new(b->arena);
	text_printf(&text, "func @f(%%x[%d], %%n: int[]) -> ([]) {\n", c->n);
	text_printf(&text, "%%x0[] = for { 1 } -> []\n%%x2[2] = for i:2 { 2 } -> [i]\n%s\nreturn %%9\n}", c->body);
	return bench_parse(b, text_cstr(&text));
}

/* x, 0, and then ones for every further argument. */
static IrTensor *case_args(Bench *b, const Case *c, const IrFunc *func) {
	IrTensor *args = ARENA_ARRAY(b->arena, IrTensor, func->params.count + 1);
	for (uint32_t p = 0; p < func->params.count; p++) {
		IrType type = ir_type(func, func->params.data[p].value);
		args[p] = ir_tensor_new(b->arena, type, NULL);
		for (int64_t i = 0; args[p].reals && i < ir_type_elements(type, NULL); i++)
			args[p].reals[i] = p == 0 ? c->x[i % c->n] : 1;
	}
	return args;
}

static void same(Bench *b, const char *what, const IrTensor *got, const double *want) {
	for (int64_t i = 0; i < ir_type_elements(got->type, NULL); i++)
		cr_expect(bench_close(got->reals[i], want[i], 1e-13) && isinf(got->reals[i]) == isinf(want[i]),
		          "%s: %s [%d] is %.17g, not %.17g", b->name, what, (int)i, got->reals[i], want[i]);
}

static void check_case(const Case *c) {
	Bench b = bench_new(c->name);
	IrFunc *func = parse_case(&b, c);
	static const bool first[] = {true, false, false, false};
	IrFunc *reverse = ad_reverse(b.module, func, "reverse", NULL, first, false);
	IrFunc *forward = ad_forward(b.module, func, "forward", first, false);
	bench_verify(&b, reverse);
	bench_verify(&b, forward);
	same(&b, "value", bench_run(&b, func, case_args(&b, c, func)), &c->value);
	same(&b, "gradient", bench_run(&b, reverse, case_args(&b, c, reverse)), c->gradient);
	double slope = 0;
	for (int i = 0; i < c->n; i++)
		slope += c->gradient[i];
	if (c->point != REVERSE_ONLY)
		same(&b, "slope", bench_run(&b, forward, case_args(&b, c, forward)), &slope);
	IrFunc *ways[] = {ad_reverse(b.module, reverse, "reverse of reverse", NULL, first, false),
	                  ad_forward(b.module, reverse, "forward of reverse", first, false),
	                  ad_reverse(b.module, forward, "reverse of forward", NULL, first, false)};
	for (int i = 0; i < (c->point == REVERSE_ONLY ? 1 : 3); i++) {
		bench_verify(&b, ways[i]);
		same(&b, session_text(b.session, ways[i]->name), bench_run(&b, ways[i], case_args(&b, c, ways[i])), c->hessian);
	}
	IrFunc *batched = ad_batch(b.module, reverse, "batched", first, NULL);
	IrTensor *lanes = bench_run(&b, batched, case_args(&b, c, batched));
	for (int lane = 0; lane < IR_LANES && lanes[0].type.lanes; lane++) {
		IrTensor one = {.type = ir_tensor_type(IR_F64, 1, (IrDim[]){c->n}), .reals = lanes[0].reals + lane * c->n};
		same(&b, "one of 16", &one, c->gradient);
	}
	if (c->point == SMOOTH)
		bench_order(&b, func, case_args(&b, c, func), 1e-6);
	bench_free(&b);
}

Test(ad_awkward, closed_forms) {
	for (size_t i = 0; i < CASES; i++)
		check_case(&cases[i]);
}
