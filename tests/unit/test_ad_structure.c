/* Every structural feature of the generic op and of loops, as small programs: reverse mode against differences, forward
 * against reverse, second order (reverse and forward over reverse), batching against 16 single runs. */
#include "ad_differences.h"

typedef struct Program {
	const char *name;
	const char *text;
	int64_t ints; /* integer parameters lie in [0, ints) */
	double low, high;
	bool vary_ints; /* integers may differ between problems */
} Program;

static const Program programs[] = {
	{"matrix product",
     "func @f(%X[4, 3], %w[3], %b[]) -> ([]) {\n"
     "%1 s[4] = for i:4 j:3 { mul(%X[i, j], %w[j]) } sum -> [i]\n"
     "%2 z[4] = for i:4 { tanh(add(%1[i], %b[])) } -> [i]\n"
     "%3 l[] = for i:4 { mul(%2[i], %2[i]) } sum -> []\n"
     "return %3\n}",
     0, -1, 1, false},
	{"logistic regression",
     "func @f(%X[6, 3], %y[6], %w[3], %b[]) -> ([]) {\n"
     "%1 s[6] = for i:6 j:3 { mul(%X[i, j], %w[j]) } sum -> [i]\n"
     "%2 z[6] = for i:6 { add(%1[i], %b[]) } -> [i]\n"
     "%3 l[] = for i:6 { sub(softplus(%2[i]), mul(%y[i], %2[i])) } sum -> []\n"
     "%4 r[] = for j:3 { mul(mul(0.5, %w[j]), %w[j]) } sum -> [] into %3\n"
     "return %4\n}",
     0, -1, 1, false},
	{"transpose, broadcast, diagonal",
     "func @f(%A[3, 3], %v[3]) -> ([3, 3], [3]) {\n"
     "%1 t[3, 3] = for i:3 j:3 { mul(%A[j, i], %v[i]) } -> [i, j]\n"
     "%2 d[3] = for i:3 { mul(%A[i, i], %1[i, 2-i]) } -> [i]\n"
     "return %1, %2\n}",
     0, -1, 1, false},
	{"one operand twice",
     "func @f(%x[5]) -> ([]) {\n"
     "%1 s[] = for i:4 { mul(%x[i], mul(%x[i+1], %x[i])) } sum -> []\n"
     "return %1\n}",
     0, -1, 1, false},
	{"windows with guards",
     "func @f(%im[5, 4], %K[3, 2]) -> ([5, 4]) {\n"
     "%1 a[5, 4] = for y:5 x:4 p:3 q:2 { mul(%im[y+p-1, x+q-1]?, %K[p, q]) } sum -> [y, x]\n"
     "return %1\n}",
     0, -1, 1, false},
	{"stride",
     "func @f(%im[7], %K[3]) -> ([3]) {\n"
     "%1 a[3] = for y:3 p:3 { mul(%im[2*y+p], sin(%K[p])) } sum -> [y]\n"
     "return %1\n}",
     0, -1, 1, false},
	{"guarded put",
     "func @f(%x[5], %B[5]) -> ([5]) {\n"
     "%1 a[5] = for i:5 p:3 { mul(%x[i], %x[p]) } sum -> [i+p-1]? into %B\n"
     "return %1\n}",
     0, -1, 1, false},
	{"gather",
     "func @f(%X[4, 3], %w[3], %pick: int[6]) -> ([6]) {\n"
     "%1 p[6] = for i:6 j:3 { mul(%X[%pick[i], j], %w[j]) } sum -> [i]\n"
     "return %1\n}",
     4, -1, 1, true},
	{"scatter with duplicates",
     "func @f(%x[6], %B[4], %pick: int[6]) -> ([4]) {\n"
     "%1 p[4] = for i:6 { mul(%x[i], %x[i]) } sum -> [%pick[i]] into %B\n"
     "return %1\n}",
     4, -1, 1, true},
	{"condition",
     "func @f(%l[10], %e[4]) -> ([4]) {\n"
     "%p: int[4] = const [0, 1, 3, 6]\n"
     "%1 T[4] = for r:4 s:4 if s < r { mul(%l[r+%p[s]], mul(%e[s], %e[r])) } sum -> [r]\n"
     "return %1\n}",
     0, -1, 1, false},
	{"condition on a counter",
     "func @f(%x[4], %n: int[]) -> ([]) {\n"
     "%1 s[] = for i:4 if i < %n[] { mul(%x[i], %x[i]) } sum -> []\n"
     "return %1\n}",
     4, -1, 1, true},
	{"none into",
     "func @f(%x[4], %B[3, 4], %slot: int[]) -> ([3, 4]) {\n"
     "%1 S[3, 4] = for j:4 { mul(%x[j], %B[1, j]) } -> [%slot[], j] into %B\n"
     "%2 t[3, 4] = for i:3 j:4 { mul(%1[i, j], %1[i, j]) } -> [i, j]\n"
     "return %2\n}",
     3, -1, 1, true},
	{"none into, guarded",
     "func @f(%x[4], %B[4]) -> ([4]) {\n"
     "%1 S[4] = for j:4 { mul(%x[j], %x[j]) } -> [j+2]? into %B\n"
     "return %1\n}",
     0, -1, 1, false},
	{"maximum",
     "func @f(%z[4, 5]) -> ([4], []) {\n"
     "%1 m[4] = for i:4 c:5 { mul(%z[i, c], %z[i, c]) } max -> [i]\n"
     "%2 n[] = for i:4 c:5 { sin(%z[i, c]) } min -> []\n"
     "return %1, %2\n}",
     0, -3, 3, false},
	{"maximum with its argument",
     "func @f(%z[4, 5], %v[5]) -> ([4]) {\n"
     "%1 m[4], %2 a: int[4] = for i:4 c:5 { mul(%z[i, c], %v[c]) } max -> [i], argmax c -> [i]\n"
     "%3 r[4] = for i:4 { mul(%1[i], %v[%2[i]]) } -> [i]\n"
     "return %3\n}",
     0, -3, 3, false},
	{"maximum into",
     "func @f(%z[4, 5], %B[4]) -> ([4]) {\n"
     "%1 m[4] = for i:4 c:5 { mul(%z[i, c], %z[i, c]) } max -> [i] into %B\n"
     "return %1\n}",
     0, 0.2, 2, false},
	{"maximum into, elementwise",
     "func @f(%z[5], %B[5]) -> ([5]) {\n"
     "%1 m[5] = for i:5 { mul(%z[i], %z[i]) } max -> [i] into %B\n"
     "%2 n[5] = for i:5 { neg(%z[i]) } min -> [i] into %1\n"
     "return %2\n}",
     0, 0.2, 2, false},
	{"maximum under a condition",
     "func @f(%z[3, 3]) -> ([3]) {\n"
     "%1 m[3] = for r:3 s:3 if s < r { exp(%z[r, s]) } max -> [r]\n"
     "%2 k[3] = for r:3 { where(gt(%1[r], -1e300), %1[r], 0) } -> [r]\n"
     "return %2\n}",
     0, -1, 1, false},
	{"maximum pool",
     "func @f(%im[6]) -> ([3]) {\n"
     "%1 m[3] = for y:3 p:2 { %im[2*y+p] } max -> [y]\n"
     "%2 q[3] = for y:3 { mul(%1[y], %1[y]) } -> [y]\n"
     "return %2\n}",
     0, -2, 2, false},
	{"product",
     "func @f(%x[4, 3], %v[3]) -> ([4]) {\n"
     "%1 p[4] = for i:4 j:3 { add(%x[i, j], %v[j]) } prod -> [i]\n"
     "return %1\n}",
     0, -1, 1, false},
	{"product of two axes into",
     "func @f(%x[2, 2, 3], %B[2]) -> ([2]) {\n"
     "%1 p[2] = for i:2 j:2 k:3 if k < j+2 { %x[i, j, k] } prod -> [i] into %B\n"
     "return %1\n}",
     0, -2, 2, false},
	{"where",
     "func @f(%x[5], %y[5]) -> ([5]) {\n"
     "%1 t[5] = for i:5 { exp(%y[i]) } -> [i]\n"
     "%2 r[5] = for i:5 { where(gt(%x[i], 0), mul(%x[i], %1[i]), div(%1[i], add(2, %x[i]))) } -> [i]\n"
     "return %2\n}",
     0, -1, 1, false},
	{"several outputs of one domain",
     "func @f(%x[3, 4]) -> ([3], [4], [3, 4]) {\n"
     "%1 a[3], %2 b[4], %3 c[3, 4] = for i:3 j:4 { t = sin(%x[i, j]); t, mul(t, t), exp(t) } sum -> [i], sum -> [j], "
     "-> [i, j]\n"
     "return %1, %2, %3\n}",
     0, -1, 1, false},
	{"indices as numbers",
     "func @f(%x[4]) -> ([4]) {\n"
     "%1 a[4] = for i:4 { mul(to_f64(idx(i+1)), mul(%x[i], %x[3-i])) } -> [i]\n"
     "return %1\n}",
     0, -1, 1, false},
	{"a parameter as a result, one twice",
     "func @f(%x[3], %y[]) -> ([3], [], []) {\n"
     "%1 a[] = for i:3 { mul(%x[i], %y[]) } sum -> []\n"
     "return %x, %1, %1\n}",
     0, -1, 1, false},
	{"one value at many places",
     "func @f(%x[3], %a[4], %t[2]) -> ([], [4]) {\n"
     "%1[] = for { u = sub(1.5, mul(%x[0], sub(1, %x[1]))); v = sub(2.25, mul(%x[0], sub(1, mul(%x[1], %x[2])))); "
     "add(mul(u, u), mul(sin(v), %x[2])) } -> []\n"
     "%2[4] = for i:4 { add(exp(mul(%t[0], %a[i])), mul(tanh(%a[3-i]), sin(mul(%t[1], %a[i])))) } -> [i]\n"
     "return %1, %2\n}",
     0, -1, 1, false},
	{"loop",
     "func @f(%w[3], %lr[]) -> ([3]) {\n"
     "%1 x[3] = loop %t < 5 carry (%x[3] = %w) {\n"
     "%2 g[3] = for i:3 { sub(%x[i], mul(%lr[], sin(%x[i]))) } -> [i]\n"
     "yield %2\n}\n"
     "return %1\n}",
     0, -1, 1, false},
	{"loop with its counter and captured rows",
     "func @f(%w[3], %X[5, 3], %s[5]) -> ([3], []) {\n"
     "%z[] = for { 0 } -> []\n"
     "%1 x[3], %4 total[] = loop %t < 5 carry (%x[3] = %w, %acc[] = %z) {\n"
     "%2 g[3] = for i:3 { add(%x[i], mul(%s[%t[]], mul(%X[%t[], i], %x[i]))) } -> [i]\n"
     "%3 a[] = for i:3 { mul(%2[i], %x[i]) } sum -> [] into %acc\n"
     "yield %2, %3\n}\n"
     "return %1, %4\n}",
     0, -1, 1, false},
	{"loop of a dynamic number of turns",
     "func @f(%w[3], %X[6, 3], %n: int[]) -> ([3]) {\n"
     "%1 x[3] = loop %t < 6 trips %n carry (%x[3] = %w) {\n"
     "%2 g[3] = for i:3 { sin(add(%x[i], mul(%X[%t[], i], %x[i]))) } -> [i]\n"
     "yield %2\n}\n"
     "return %1\n}",
     7, -1, 1, false},
	{"nested loops",
     "func @f(%w[3], %a[4], %b[]) -> ([3]) {\n"
     "%1 x[3] = loop %t < 4 carry (%x[3] = %w) {\n"
     "%2 y[3] = loop %u < 3 carry (%y[3] = %x) {\n"
     "%3 g[3] = for i:3 { tanh(add(%y[i], mul(%a[%t[]], mul(%b[], %x[i])))) } -> [i]\n"
     "yield %3\n}\n"
     "%4 h[3] = for i:3 { mul(%2[i], add(%x[2-i], %b[])) } -> [i]\n"
     "yield %4\n}\n"
     "return %1\n}",
     0, -1, 1, false},
	{"carries that swap, stay and idle",
     "func @f(%p[2], %q[2], %r[2]) -> ([2], [2], [2]) {\n"
     "%k: int[] = for { 0 } -> []\n"
     "%1 x[2], %2 y[2], %3 z[2], %4 n: int[] = loop %t < 3 carry (%x[2] = %p, %y[2] = %q, %z[2] = %r, %n: int[] = %k) "
     "{\n"
     "%5 g[2] = for i:2 { mul(%x[i], add(%y[i], %z[i])) } -> [i]\n"
     "%6 m: int[] = for { add(%n[], 1) } -> []\n"
     "yield %y, %5, %z, %6\n}\n"
     "return %1, %2, %3\n}",
     0, -1, 1, false},
	{"a carry that an outer value replaces",
     "func @f(%p[2], %q[2]) -> ([2], [2]) {\n"
     "%1 x[2], %2 y[2] = loop %t < 3 carry (%x[2] = %p, %y[2] = %p) {\n"
     "%3 g[2] = for i:2 { mul(%x[i], add(%y[i], %q[i])) } -> [i]\n"
     "yield %3, %q\n}\n"
     "return %1, %2\n}",
     0, -1, 1, false},
	{"a stack in a loop",
     "func @f(%w[2], %S[4, 2]) -> ([4, 2], [2]) {\n"
     "%1 x[2], %2 st[4, 2] = loop %t < 4 carry (%x[2] = %w, %st[4, 2] = %S) {\n"
     "%3 q[4, 2] = for i:2 { mul(%x[i], %x[i]) } -> [%t[], i] into %st\n"
     "%4 g[2] = for i:2 { cos(add(%x[i], %3[0, i])) } -> [i]\n"
     "yield %4, %3\n}\n"
     "return %2, %1\n}",
     0, -1, 1, false},
	{"elements assigned in a loop",
     "func @f(%a[], %x[6], %h0[7]) -> ([7]) {\n"
     "%1 h[7] = loop %t < 6 carry (%h[7] = %h0) {\n"
     "%2[7] = for { tanh(add(mul(%a[], %h[%t[]]), mul(%x[%t[]], %h[%t[]+1]))) } -> [%t[]+1] into %h\n"
     "yield %2\n}\n"
     "return %1\n}",
     0, -1, 1, false},
	{"rows assigned in a loop, twice, backwards",
     "func @f(%A[8, 2], %x[4, 2], %order: int[4]) -> ([8, 2]) {\n"
     "%1 h[8, 2] = loop %t < 4 carry (%h[8, 2] = %A) {\n"
     "%2[8, 2] = for i:2 { sin(mul(%h[7-%t[], i], %x[%t[], 1-i])) } -> [6-%t[], i] into %h\n"
     "%3[8, 2] = for i:2 { mul(%2[6-%t[], i], exp(%h[6-%t[], i])) } -> [%order[%t[]], i] into %2\n"
     "yield %3\n}\n"
     "return %1\n}",
     8, -1, 1, false},
	{"elements assigned beyond the end, a dynamic number of turns",
     "func @f(%a[], %h0[5], %n: int[]) -> ([5]) {\n"
     "%1 h[5] = loop %t < 8 trips %n carry (%h[5] = %h0) {\n"
     "%2[5] = for { mul(%h[%t[]]?, add(%a[], cos(%h[%t[]+1]?))) } -> [%t[]+1]? into %h\n"
     "yield %2\n}\n"
     "return %1\n}",
     9, -1, 1, false},
	{"elements assigned in nested loops",
     "func @f(%a[], %h0[4, 3]) -> ([4, 3]) {\n"
     "%1 h[4, 3] = loop %t < 3 carry (%h[4, 3] = %h0) {\n"
     "%2[4, 3] = loop %u < 2 carry (%k[4, 3] = %h) {\n"
     "%3[4, 3] = for { sin(add(mul(%a[], %k[%t[], %u[]]), %k[%t[]+1, %u[]+1])) } -> [%t[]+1, %u[]+1] into %k\n"
     "yield %3\n}\n"
     "%4[4, 3] = for { mul(%2[%t[], 0], %2[%t[], 2]) } -> [%t[], 0] into %2\n"
     "yield %4\n}\n"
     "return %1\n}",
     0, -1, 1, false},
	{"a maximum in a loop",
     "func @f(%w[4]) -> ([4]) {\n"
     "%1 x[4] = loop %t < 3 carry (%x[4] = %w) {\n"
     "%2 m[] = for i:4 { mul(%x[i], %x[i]) } max -> []\n"
     "%3 g[4] = for i:4 { sub(%x[i], mul(0.1, mul(%2[], %x[3-i]))) } -> [i]\n"
     "yield %3\n}\n"
     "return %1\n}",
     0, -2, 2, false},
	{"a product in a loop",
     "func @f(%w[3]) -> ([3]) {\n"
     "%1 x[3] = loop %t < 2 carry (%x[3] = %w) {\n"
     "%2 m[] = for i:3 { %x[i] } prod -> []\n"
     "%3 g[3] = for i:3 { add(%x[i], mul(%2[], %x[2-i])) } -> [i]\n"
     "yield %3\n}\n"
     "return %1\n}",
     0, -1.2, 1.2, false},
	{"gather by a computed argument in a loop",
     "func @f(%w[4], %X[4, 4]) -> ([4]) {\n"
     "%1 x[4] = loop %t < 3 carry (%x[4] = %w) {\n"
     "%2 m[], %3 a: int[] = for i:4 { %x[i] } max -> [], argmax i -> []\n"
     "%4 g[4] = for i:4 { add(%x[i], mul(%X[%3[], i], mul(%2[], 0.3))) } -> [i]\n"
     "yield %4\n}\n"
     "return %1\n}",
     0, -1, 1, false},
	{"cholesky",
     "func @f(%X[3, 3]) -> ([3, 3]) {\n"
     "%2[3, 3] = for i:3 j:3 { where(eq(idx(i), idx(j)), add(%X[i, j], 4), %X[i, j]) } -> [i, j]\n"
     "%3[3, 3] = call cholesky(%2)\n"
     "%4[3, 3] = for i:3 j:3 { mul(%3[i, j], %3[i, j]) } -> [i, j]\n"
     "return %4\n}",
     0, -1, 1, false},
	{"factors, of two matrices",
     "func @f(%X[2, 3, 3]) -> ([2, 3, 3], [2]) {\n"
     "%2[2, 3, 3] = for b:2 i:3 j:3 { where(eq(idx(i+j), 2), add(%X[b, i, j], 3), %X[b, i, j]) } -> [b, i, j]\n"
     "%3[2, 3, 3], %4: int[2, 3], %5[2] = call lu(%2)\n"
     "%6[2] = for b:2 i:3 { log(abs(%3[b, i, i])) } sum -> [b]\n"
     "return %3, %6\n}",
     0, -1, 1, false},
	{"triangular systems",
     "func @f(%X[3, 3], %B[3, 2]) -> ([3, 2], [3, 2]) {\n"
     "%3[3, 3] = for i:3 j:3 { where(eq(idx(i), idx(j)), add(%X[i, j], 3), %X[i, j]) } -> [i, j]\n"
     "%4[3, 2] = call solve_lower(%3, %B)\n"
     "%5[3, 2] = call solve_lower_transposed(%3, %4)\n"
     "return %4, %5\n}",
     0, -1, 1, false},
	{"systems",
     "func @f(%X[3, 3], %B[3, 2]) -> ([3, 2], [3, 2]) {\n"
     "%3[3, 3] = for i:3 j:3 { where(eq(idx(i+j), 2), add(%X[i, j], 4), %X[i, j]) } -> [i, j]\n"
     "%4[3, 3], %5: int[3], %6[] = call lu(%3)\n"
     "%7[3, 2] = call lu_solve(%3, %4, %5, %B)\n"
     "%8[3, 2] = call lu_solve_transposed(%3, %4, %5, %7)\n"
     "return %7, %8\n}",
     0, -1, 1, false},
	{"a system in every turn",
     "func @f(%X[3, 3], %w[3, 1]) -> ([3, 1]) {\n"
     "%1 x[3, 1] = loop %t < 3 carry (%x[3, 1] = %w) {\n"
     "%3[3, 3] = for i:3 j:3 { where(eq(idx(i), idx(j)), add(mul(%x[i, 0], %x[i, 0]), 4), %X[i, j]) } -> [i, j]\n"
     "%4[3, 3], %5: int[3], %6[] = call lu(%3)\n"
     "%7[3, 1] = call lu_solve(%3, %4, %5, %x)\n"
     "%8[3, 3] = call cholesky(%3)\n"
     "%9[3, 1] = call solve_lower(%8, %x)\n"
     "%10[3, 1] = for i:3 { add(%x[i, 0], add(%7[i, 0], %9[i, 0])) } -> [i, 0]\n"
     "yield %10\n}\n"
     "return %1\n}",
     0, -1, 1, false},
};

static void each_program(void (*check)(Bench *b, const Program *program, IrFunc *func)) {
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		Bench b = bench_new(programs[i].name);
		b.ints = programs[i].ints;
		b.low = programs[i].low;
		b.high = programs[i].high;
		check(&b, &programs[i], bench_parse(&b, programs[i].text));
		bench_free(&b);
	}
}

static void first_order(Bench *b, const Program *program, IrFunc *func) {
	(void)program;
	for (int round = 0; round < 3; round++)
		bench_order(b, func, bench_args(b, func), 1e-6);
}

static void second_order(Bench *b, const Program *program, IrFunc *func) {
	(void)program;
	IrFunc *reverse = ad_reverse(b->module, func, "reverse", NULL, NULL, true);
	bench_order(b, reverse, bench_args(b, reverse), 1e-6);
	IrFunc *forward = ad_forward(b->module, func, "forward", NULL, false);
	bench_order(b, forward, bench_args(b, forward), 1e-6);
}

static void third_order(Bench *b, const Program *program, IrFunc *func) {
	(void)program;
	IrFunc *reverse = ad_reverse(b->module, func, "reverse", NULL, NULL, false);
	IrFunc *again = ad_reverse(b->module, reverse, "again", NULL, NULL, false);
	bench_order(b, again, bench_args(b, again), 1e-5);
}

static void batches(Bench *b, const Program *program, IrFunc *func) {
	IrFunc *reverse = ad_reverse(b->module, func, "reverse", NULL, NULL, true);
	for (int odd = 0; odd < 2; odd++) {
		bench_batch(b, func, odd, program->vary_ints);
		bench_batch(b, reverse, odd, program->vary_ints);
	}
}

/* The gradient of a batched function: of the parameters that do not vary, the sum over problems. */
static void gradients_of_batches(Bench *b, const Program *program, IrFunc *func) {
	for (uint32_t odd = 0; odd < 2; odd++) {
		bool varying[8];
		for (uint32_t p = 0; p < func->params.count; p++)
			varying[p] = bench_is_real(func, p) ? p % 2 == odd : program->vary_ints;
		IrFunc *batched = ad_batch(b->module, func, "batched", varying, NULL);
		bench_order(b, batched, bench_args(b, batched), 1e-6);
	}
}

Test(ad_structure, first_order) {
	each_program(first_order);
}

Test(ad_structure, second_order) {
	each_program(second_order);
}

Test(ad_structure, third_order) {
	each_program(third_order);
}

Test(ad_structure, batches) {
	each_program(batches);
}

Test(ad_structure, gradients_of_batches) {
	each_program(gradients_of_batches);
}
