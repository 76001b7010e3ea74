/* Every structural feature of the tensor IR through machine code and C, against the evaluator: equal bits under --strict, a few
 * units in the last place by default. */
#include "jit_three_ways.h"

typedef struct Program {
	const char *name, *text;
	int64_t symbols[4];
	double tolerance; /* of the default mode, in units in the last place of 1 + |value| */
} Program;

static const Program programs[] = {
	{.name = "elementwise",
     .text = "func @f(%x: f32[37], %y: f32[37]) -> (: f32[37]) { %3: f32[37] = for i:37 { add(mul(%x[i], %y[i]), 1) } "
             "-> [i] return %3 }"},
	{.name = "matrix product",
     .text =
         "func @f(%A[5, 7], %B[7, 33]) -> (: f64[5, 33]) { %3[5, 33] = for i:5 j:33 k:7 { mul(%A[i, k], %B[k, j]) } "
         "sum -> [i, j] return %3 }",
     .tolerance = 16},
	{.name = "matrix product, tiled",
     .text = "func @f(%A: f32[8, 16], %B: f32[16, 32]) -> (: f32[8, 32]) { %3: f32[8, 32] = for i:8 j:32 k:16 "
             "{ mul(%A[i, k], %B[k, j]) } sum -> [i, j] return %3 }",
     .tolerance = 32},
	{.name = "matrix product, symbolic",
     .text = "func @f<n, m, p>(%A: f32[n, m], %B: f32[m, p]) -> (: f32[n, p]) { %3: f32[n, p] = for i:n j:p k:m "
             "{ mul(%A[i, k], %B[k, j]) } sum -> [i, j] return %3 }",
     .symbols = {3, 5, 21},
     .tolerance = 32},
	{.name = "dot product",
     .text = "func @f(%x: f32[100], %y: f32[100]) -> (: f32[]) { %3: f32[] = for i:100 { mul(%x[i], %y[i]) } sum -> [] "
             "return %3 }",
     .tolerance = 200},
	{.name = "dot product, symbolic, into",
     .text = "func @f<n>(%x[n], %y[n], %s[]) -> (: f64[]) { %4[] = for i:n { mul(%x[i], %y[i]) } sum -> [] into %s "
             "return %4 }",
     .symbols = {53},
     .tolerance = 200},
	{.name = "lanes, per-coordinate layer",
     .text = "func @f(%x: f32[lanes, 4, 11], %w: f32[176]) -> (: f32[lanes, 4, 16]) { %3: f32[lanes, 4, 16] = "
             "for l:lanes i:4 h:16 k:11 { mul(%x[l, i, k], %w[11*h+k]) } sum -> [l, i, h] return %3 }",
     .tolerance = 64},
	{.name = "lanes, weight adjoint",
     .text = "func @f(%x: f32[lanes, 4, 11], %d: f32[lanes, 4, 16], %g: f32[200]) -> (: f32[200]) { %4: f32[200] = "
             "for l:lanes i:4 h:16 k:11 { mul(%x[l, i, k], %d[l, i, h]) } sum -> [11*h+k+5] into %g return %4 }",
     .tolerance = 200},
	{.name = "lanes, sums of everything",
     .text = "func @f(%x: f32[lanes, 5]) -> (: f32[], : f32[lanes], : f32[5], : f32[], : int[]) {"
             "%3: f32[] = for l:lanes i:5 { mul(%x[l, i], %x[l, i]) } sum -> []"
             "%4: f32[lanes] = for l:lanes i:5 { %x[l, i] } sum -> [l]"
             "%5: f32[5] = for l:lanes i:5 { %x[l, i] } prod -> [i]"
             "%6: f32[], %7: int[] = for l:lanes i:5 { %x[l, i] } max -> [], argmax l -> []"
             "return %3, %4, %5, %6, %7 }",
     .tolerance = 200},
	{.name = "convolution",
     .text = "func @f(%im: f32[9, 33], %K: f32[3, 3]) -> (: f32[9, 33]) { %3: f32[9, 33] = for y:9 x:33 p:3 q:3 "
             "{ mul(%im[y+p-1, x+q-1]?, %K[p, q]) } sum -> [y, x] return %3 }",
     .tolerance = 64},
	{.name = "its adjoint as a scatter and as a gather",
     .text =
         "func @f(%o[5, 5], %K[3, 3]) -> (: f64[5, 5], : f64[5, 5]) {"
         "%3[5, 5] = for y:5 x:5 p:3 q:3 { mul(%o[y, x], %K[p, q]) } sum -> [y+p-1, x+q-1]?"
         "%4[5, 5] = for p:3 q:3 y:5 x:5 if p <= y+1, y <= p+3, q <= x+1, x <= q+3 { mul(%o[y-p+1, x-q+1], %K[p, q]) } "
         "sum -> [y, x] return %3, %4 }",
     .tolerance = 64},
	{.name = "conditions with strides",
     .text = "func @f(%o[3], %x[11]) -> (: f64[11], : f64[11]) {"
             "%3[11] = for y:11 i:3 if 2*i <= y, y <= 2*i+1 { add(%o[i], %x[y]) } sum -> [y]"
             "%4[11] = for y:11 i:3 if 4 <= y, y <= 3*i+5 { add(%o[i], %x[y-4]) } max -> [y] into %3 "
             "return %3, %4 }",
     .tolerance = 16},
	{.name = "conditions on outputs only",
     .text = "func @f(%x[20, 3]) -> (: f64[20], : f64[20]) {"
             "%2[20] = for i:20 j:3 if 5 <= i { %x[i-5, j] } sum -> [i]"
             "%3[20] = for i:20 if 5 <= i { %x[i-5, 1] } -> [i] into %2 return %2, %3 }",
     .tolerance = 16},
	{.name = "gather, scatter with duplicates",
     .text = "func @f(%pick: int[40], %x: f32[3, 17]) -> (: f32[40, 17], : f32[3, 17], : f32[40]) {"
             "%3: f32[40, 17] = for i:40 j:17 { %x[%pick[i], j] } -> [i, j]"
             "%4: f32[3, 17] = for i:40 j:17 { %3[i, j] } sum -> [%pick[i], j]"
             "%5: f32[40] = for i:40 { %x[%pick[i], 4] } -> [i] return %3, %4, %5 }",
     .tolerance = 16},
	{.name = "gather out of range",
     .text = "func @f(%pick: int[40], %x[2]) -> (: f64[40]) { %3[40] = for i:40 { %x[%pick[i]] } -> [i] return %3 }"},
	{.name = "put out of range",
     .text = "func @f(%pick: int[40], %x[2]) -> (: f64[2]) { %3[2] = for i:40 { %x[1] } sum -> [%pick[i]] return %3 }"},
	{.name = "guarded gather",
     .text = "func @f(%pick: int[40], %x: f32[2]) -> (: f32[40], : f32[2]) { %3: f32[40] = for i:40 { %x[%pick[i]]? } "
             "-> [i] "
             "%4: f32[2] = for i:40 { %3[i] } sum -> [%pick[i]]? return %3, %4 }",
     .tolerance = 16},
	{.name = "lanes with their own gathers and scatters",
     .text = "func @f(%pick: int[lanes, 5], %x: f32[lanes, 3], %y: f32[3, 2]) -> (: f32[lanes, 5], : f32[lanes, 3], : "
             "f32[lanes, 5, 2], "
             ": f32[3]) {"
             "%4: f32[lanes, 5] = for l:lanes i:5 { %x[l, %pick[l, i]] } -> [l, i]"
             "%5: f32[lanes, 3] = for l:lanes i:5 { %4[l, i] } sum -> [l, %pick[l, i]]"
             "%6: f32[lanes, 5, 2] = for l:lanes i:5 j:2 { %y[%pick[l, i], j] } -> [l, i, j]"
             "%7: f32[3] = for l:lanes i:5 { %4[l, i] } sum -> [%pick[l, i]] return %4, %5, %6, %7 }",
     .tolerance = 64},
	{.name = "lane numbers, random numbers, conversions",
     .text = "func @f(%seed: int[], %x: f32[lanes, 3]) -> (: f32[lanes, 3], : int[lanes, 3], : bool[lanes, 3], : "
             "f64[lanes]) {"
             "%3: f32[lanes, 3] = for l:lanes i:3 { to_f32(random_normal(%seed[], idx(l), idx(i), 7)) } -> [l, i]"
             "%4: int[lanes, 3] = for l:lanes i:3 { to_int(mul(%3[l, i], 10)) } -> [l, i]"
             "%5: bool[lanes, 3] = for l:lanes i:3 { lt(%3[l, i], %x[l, i]) } -> [l, i]"
             "%6: f64[lanes] = for l:lanes i:3 { where(%5[l, i], 1, to_f64(imod(%4[l, i], 7))) } sum -> [l]"
             "return %3, %4, %5, %6 }"},
	{.name = "integers",
     .text =
         "func @f(%a: int[33], %b: int[33], %c: bool[33]) -> (: int[33], : int[33], : int[33], : bool[33], : int[]) {"
         "%4: int[33] = for i:33 { idiv(sub(mul(%a[i], 7), 9), sub(%b[i], 1)) } -> [i]"
         "%5: int[33] = for i:33 { imod(sub(mul(%a[i], 7), 9), sub(%b[i], 1)) } -> [i]"
         "%6: int[33] = for i:33 { max(abs(sub(%a[i], %b[i])), sign(%a[i])) } -> [i]"
         "%7: bool[33] = for i:33 { or(not(%c[i]), and(%c[32-i], gt(%a[i], %b[i]))) } -> [i]"
         "%8: int[] = for i:33 { %4[i] } min -> [] return %4, %5, %6, %7, %8 }"},
	{.name = "largest, smallest, ties and NaN",
     .text = "func @f(%x[4, 35]) -> (: f64[4], : int[4], : f64[4], : int[4], : f64[]) {"
             "%2[4, 35] = for i:4 j:35 { where(and(eq(idx(i), 1), eq(idx(j), 17)), div(0, 0), floor(mul(%x[i, j], 2))) "
             "} -> [i, j]"
             "%3[4], %4: int[4], %5[4], %6: int[4] = for i:4 j:35 if i < 3 { %2[i, j], %2[i, j] }"
             "max -> [i], argmax j -> [i], min -> [i], argmin j -> [i]"
             "%7[] = for i:4 j:35 { %2[i, j] } max -> [] return %3, %4, %5, %6, %7 }"},
	{.name = "into is a value",
     .text = "func @f(%x[3], %k: int[]) -> (: f64[3], : f64[3], : f64[3]) { %3[3] = for i:3 { add(%x[i], 1) } -> [i]"
             "%4[3] = for { 100 } -> [%k[]] into %3 %5[3] = for i:3 { 10 } sum -> [i] into %3 return %3, %4, %5 }"},
	{.name = "a carry starts a value that another carry takes over",
     .text =
         "func @f(%x[3], %y[3]) -> (: f64[3], : f64[3]) { %1[3], %2[3] = loop %t < 3 carry (%a[3] = %x, %b[3] = %y) {"
         "%3[3] = for i:3 { mul(%a[i], 0.5) } sum -> [i] into %b %4[3] = for i:3 { mul(%3[i], 0.25) } -> [i] "
         "yield %3, %4 } return %1, %2 }"},
	{.name = "a body that reads its base sees it as it was",
     .text = "func @f(%x[40]) -> (: f64[40], : f64[40]) { %2[40] = for i:40 { %x[i] } -> [i]"
             "%3[40] = for i:40 { %2[39-i] } sum -> [i] into %2 "
             "%4[40] = for i:40 { mul(%3[i], 3) } -> [i] %5[40] = for i:20 { %4[39-i] } -> [i] into %4 return %3, %5 }",
     .tolerance = 16},
	{.name = "a loop with a stack",
     .text = "func @f(%x[2], %s0[3, 2]) -> (: f64[2], : f64[3, 2]) {"
             "%10[2], %11[3, 2] = loop %t < 3 carry (%v[2] = %x, %s[3, 2] = %s0) {"
             "%12[3, 2] = for i:2 { %v[i] } -> [%t[], i] into %s %13[2] = for i:2 { mul(%v[i], add(2, to_f64(%t[]))) } "
             "-> [i] yield %13, %12 } return %10, %11 }",
     .tolerance = 16},
	{.name = "forward and backward through a stack",
     .text = "func @f(%x: f32[lanes, 2]) -> (: f32[lanes, 2], : f32[lanes, 2]) {"
             "%2: f32[lanes, 6, 2] = for l:lanes t:6 i:2 { 0 } -> [l, t, i]"
             "%10: f32[lanes, 2], %11: f32[lanes, 6, 2] = loop %t < 6 carry (%v: f32[lanes, 2] = %x, %s: f32[lanes, 6, "
             "2] = %2) {"
             "%12: f32[lanes, 6, 2] = for l:lanes i:2 { %v[l, i] } -> [l, %t[], i] into %s "
             "%13: f32[lanes, 2] = for l:lanes i:2 { sub(%v[l, i], mul(0.5, %v[l, 1-i])) } -> [l, i] yield %13, %12 }"
             "%20: f32[lanes, 2] = loop %u < 6 carry (%a: f32[lanes, 2] = %10) {"
             "%21: f32[lanes, 2] = for l:lanes i:2 { add(%a[l, i], mul(%a[l, i], %11[l, 5-%u[], i])) } -> [l, i] yield "
             "%21 }"
             "return %10, %20 }",
     .tolerance = 64},
	{.name = "carries trade places",
     .text = "func @f(%x[], %y[]) -> (: f64[], : f64[], : f64[]) { %10[], %11[], %12[] = loop %t < 3 carry (%a[] = %x, "
             "%b[] = %y, "
             "%c[] = %y) { %13[] = for { add(%a[], %c[]) } -> [] yield %b, %a, %13 } return %10, %11, %12 }"},
	{.name = "carries start from one value, yields are one value",
     .text = "func @f(%x[2]) -> (: f64[2], : f64[2]) { %2[2] = for i:2 { mul(%x[i], 3) } -> [i]"
             "%10[2], %11[2] = loop %t < 3 carry (%a[2] = %2, %b[2] = %2) { %12[2] = for i:2 { add(%a[1-i], %b[i]) } "
             "-> [i] "
             "yield %12, %12 } return %10, %11 }"},
	{.name = "the yield may be a value from outside",
     .text = "func @f(%x[], %y[]) -> (: f64[], : f64[]) { %9[] = for { add(%y[], 1) } -> []"
             "%10[] = loop %t < 3 carry (%a[] = %x) { yield %9 } return %10, %9 }"},
	{.name = "an accumulator in a loop",
     .text = "func @f(%x[3, 5]) -> (: f64[5], : f64[5]) { %2[5] = for i:5 { 0 } -> [i]"
             "%10[5], %11[5] = loop %t < 3 carry (%a[5] = %2, %b[5] = %2) {"
             "%12[5] = for i:5 { mul(%x[%t[], i], 2) } sum -> [i] into %a "
             "%13[5] = for i:5 { mul(%12[i], 0.5) } -> [i]"
             "%14[5] = for i:5 { add(%13[i], %b[4-i]) } -> [i] yield %12, %14 } return %10, %11 }",
     .tolerance = 16},
	{.name = "trips are clamped",
     .text = "func @f(%n: int[3]) -> (: f64[3]) { %2[3] = for i:3 { 0 } -> [i] %3[3] = loop %i < 3 carry (%o[3] = %2) {"
             "%4: int[] = for { sub(mul(9, %n[%i[]]), 4) } -> [] %5[] = for { 0 } -> []"
             "%6[] = loop %t < 5 trips %4 carry (%c[] = %5) { %7[] = for { add(%c[], 1) } -> [] yield %7 }"
             "%8[3] = for { %6[] } -> [%i[]] into %o yield %8 } return %3 }"},
	{.name = "no turns",
     .text = "func @f(%x[]) -> (: f64[]) { %2[] = loop %t < 0 carry (%a[] = %x) { %3[] = for { 7 } -> [] yield %3 } "
             "return %2 }"},
	{.name = "f32 rounds after every operation",
     .text = "func @f(%x: f32[]) -> (: f32[], : f32[]) { %2: f32[] = for { sub(add(%x[], 1), 1) } -> []"
             "%3: f32[] = for i:3 { %x[] } sum -> [] return %2, %3 }",
     .tolerance = 16},
	{.name = "tables, conditions and index values",
     .text = "func @f(%e[3]) -> (: f64[3], : int[2, 2]) { %2: int[3] = const [0, 0, 1] %3[3] = const [1, 10, 100]"
             "%4[3] = for r:3 s:3 if s < r { mul(%3[%2[r]+s], %e[s]) } sum -> [r]"
             "%5: int[2, 2] = for i:2 j:2 { idx(2*i-j+5) } -> [i, j] return %4, %5 }",
     .tolerance = 16},
	{.name = "symbols",
     .text = "func @f<n, m>(%x[n, m]) -> (: f64[n], : int[], : f64[m, n], : f64[n, m]) { %2[n] = for i:n j:m { %x[i, "
             "j] } sum -> [i]"
             "%3: int[] = for { mul(dim(n), dim(m)) } -> [] %4[m, n] = for i:n j:m { %x[i, j] } -> [j, i] "
             "%5[m, n] = for i:n j:m { mul(%4[j, i], %2[i]) } -> [j, i] %6[n, m] = for i:n j:m { %5[j, i] } -> [i, j] "
             "return %2, %3, %4, %6 }",
     .symbols = {19, 35},
     .tolerance = 64},
	{.name = "an unselected arm may be anything",
     .text = "func @f(%x[33]) -> (: f64[33]) { %2[33] = for i:33 { where(gt(%x[i], 0), log(%x[i]), -1) } -> [i] return "
             "%2 }",
     .tolerance = 16},
	{.name = "an empty domain",
     .text =
         "func @f(%x[3]) -> (: f64[], : f64[0]) { %2[] = for i:0 { %x[i+7] } sum -> [] %3[0] = for i:0 { 1 } -> [i] "
         "return %2, %3 }"},
	{.name = "parameters, tables and values twice as results",
     .text = "func @f(%x[3]) -> (: f64[3], : f64[3], : f64[3], : f64[2]) { %2[3] = for i:3 { mul(%x[i], 2) } -> [i] "
             "%3[2] = const [4, 5] "
             "return %x, %2, %2, %3 }"},
	{.name = "several outputs over different indices",
     .text = "func @f(%x: f32[20, 18]) -> (: f32[20], : f32[18], : f32[20, 18], : f32[]) {"
             "%2: f32[20], %3: f32[18], %4: f32[20, 18], %5: f32[] = for i:20 j:18 { t = mul(%x[i, j], %x[i, j]); t, "
             "t, t, t }"
             "sum -> [i], sum -> [j], -> [i, j], max -> [] return %2, %3, %4, %5 }",
     .tolerance = 64},
	{.name = "mathematics",
     .text =
         "func @f(%x: f32[40], %y: f64[40]) -> (: f32[40], : f64[40]) {"
         "%3: f32[40] = for i:40 { add(tanh(%x[i]), mul(exp(%x[i]), sin(%x[i]))) } -> [i]"
         "%4: f64[40] = for i:40 { add(sigmoid(%y[i]), mul(log1p(abs(%y[i])), erf(%y[i]))) } -> [i] return %3, %4 }",
     .tolerance = 32},
	{.name = "products in which 0 wins are added to -0",
     .text =
         "func @f(%A: f32[9, 4], %B: f32[4, 33]) -> (: f32[9, 33]) { %m: f32[9, 33] = for i:9 j:33 { -0.0 } -> [i, j] "
         "%Z: f32[9, 4] = for i:9 k:4 { floor(mul(0.1, abs(%A[i, k]))) } -> [i, k] "
         "%3: f32[9, 33] = for i:9 j:33 k:4 { mulz(%Z[i, k], %B[k, j]) } sum -> [i, j] into %m return %3 }"},
	{.name = "lanes, weights of a layer from few coordinates",
     .text = "func @f(%s: f32[lanes, 4, 6], %h: f32[lanes, 4, 5], %w: f32[lanes, 40]) -> (: f32[lanes, 40]) { %3: "
             "f32[lanes, 40] = for l:lanes c:4 i:6 k:5 { mul(%s[l, c, i], %h[l, c, k]) } sum -> [l, 5*i+k+7] into %w "
             "return %3 }",
     .tolerance = 32},
	{.name = "a sum over lanes",
     .text =
         "func @f(%s: f32[lanes, 4, 6], %h: f32[lanes, 4, 5]) -> (: f32[6, 5]) { %3: f32[6, 5] = for l:lanes c:4 i:6 "
         "k:5 { mul(%s[l, c, i], %h[l, c, k]) } sum -> [i, k] return %3 }",
     .tolerance = 200},
	{.name = "strided outputs",
     .text = "func @f(%x: f32[6, 4]) -> (: f32[48], : f32[24], : f32[6, 9]) {"
             "%2: f32[48] = for i:6 j:4 { %x[i, j] } sum -> [8*i+2*j+1]"
             "%3: f32[24] = for i:6 j:4 { %x[i, j] } -> [4*i+j]"
             "%4: f32[6, 9] = for i:6 j:4 { %x[i, j] } sum -> [i, 2*j] return %2, %3, %4 }"},
};

/* The text with every product that is put changed into one in which 0 wins; NULL if there is none. */
static const char *where_zero_wins(Arena *arena, const char *text) {
	static const char from[] = "{ mul(%", to[] = "{ mulz(%";
	Text out = text_new(arena);
	if (!strstr(text, from))
		return NULL;
	for (const char *next; (next = strstr(text, from)); text = next + strlen(from))
		text_printf(&out, "%.*s%s", (int)(next - text), text, to);
	text_printf(&out, "%s", text);
	return text_cstr(&out);
}

/* `zero_wins`: in its other form, on awkward numbers, too. */
static void check(JitEngine *engine, const Program *program, bool zero_wins) {
	Session *session = session_new();
	JitTestRun run = {.module = ir_module_new(session), .awkward = zero_wins};
	const char *text = zero_wins ? where_zero_wins(session->arena, program->text) : program->text;
	if (!text) {
		session_free(session);
		return;
	}
	run.func = jit_test_parse(run.module, text);
	memcpy(run.symbols, program->symbols, sizeof program->symbols);
	for (uint64_t seed = 0; seed < (zero_wins ? 12 : 2); seed++) {
		run.awkward = zero_wins && seed > 1;
		jit_test_prepare(&run, session->arena, seed * 1000003);
		for (int plain = 0; plain < 2; plain++) {
			jit_test_machine(engine, &run, session->arena, &(JitOptions){.strict = true, .no_fusion = plain}, 0,
			                 program->name);
			jit_test_machine(engine, &run, session->arena, &(JitOptions){.no_fusion = plain}, program->tolerance + 4,
			                 program->name);
		}
	}
	ir_module_free(run.module);
	session_free(session);
}

Test(jit_programs, machine_code_agrees_with_the_evaluator, .timeout = 120) {
	Session *session = session_new();
	const char *error = NULL;
	JitEngine *engine = jit_engine_new(session, &error);
	cr_assert_not_null(engine, "%s", error);
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
		for (int zero_wins = 0; zero_wins < 2; zero_wins++)
			check(engine, &programs[i], zero_wins);
	jit_engine_free(engine);
	session_free(session);
}

/* Sums in which 0 wins, with and without remainders of lanes and tiles; $ stands for the size. */
Test(jit_programs, sums_in_which_zero_wins_of_any_size, .timeout = 240) {
	static const char *const texts[] = {
		"func @f(%A: f32[$, $], %B: f32[$, $]) -> (: f32[$, $]) { %3: f32[$, $] = for i:$ j:$ k:$ { mulz(%A[i, k], "
		"%B[k, j]) } sum -> [i, j] return %3 }",
		"func @f(%A[$, $], %x[$], %y[$]) -> ([$]) { %4[$] = for j:$ k:$ { mulz(%A[k, j], %x[k]) } sum -> [j] into %y "
		"return %4 }",
		"func @f(%A: f32[lanes, $, 5], %x: f32[$, 5]) -> (: f32[lanes], : f32[$, 5]) { %3: f32[lanes], %4: f32[$, 5] = "
		"for "
		"l:lanes i:$ k:5 { t = mulz(%A[l, i, k], %x[i, k]); t, t } sum -> [l], sum -> [i, k] return %3, %4 }",
	};
	static const int sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 19, 31, 32, 33, 34};
	Session *session = session_new();
	const char *error = NULL;
	JitEngine *engine = jit_engine_new(session, &error);
	cr_assert_not_null(engine, "%s", error);
	for (size_t i = 0; i < sizeof texts / sizeof *texts * (sizeof sizes / sizeof *sizes); i++) {
		Session *own = session_new();
		Text text = text_new(own->arena);
		for (const char *at = texts[i % 3]; *at; at++)
			text_printf(&text, *at == '$' ? "%d" : "%c", *at == '$' ? sizes[i / 3] : *at);
		JitTestRun run = {.module = ir_module_new(own), .awkward = true};
		run.func = jit_test_parse(run.module, text_cstr(&text));
		for (uint64_t seed = 0; seed < 3; seed++) {
			jit_test_prepare(&run, own->arena, seed * 1000003);
			for (int strict = 0; strict < 2; strict++)
				jit_test_machine(engine, &run, own->arena, &(JitOptions){.strict = strict}, strict ? 0 : 64,
				                 text_cstr(&text));
		}
		ir_module_free(run.module);
		session_free(own);
	}
	jit_engine_free(engine);
	session_free(session);
}

enum { PROGRAMS = sizeof programs / sizeof *programs };

static void check_c(const char *compiler, const char *flags, bool strict) {
	Session *session = session_new();
	JitTestC c;
	JitTestRun runs[2 * PROGRAMS];
	const Program *of[2 * PROGRAMS];
	uint32_t count = 0;
	jit_test_c_begin(&c, session->arena);
	for (size_t i = 0; i < 2 * PROGRAMS; i++) {
		const Program *program = &programs[i / 2];
		const char *text = i % 2 ? where_zero_wins(session->arena, program->text) : program->text;
		if (!text)
			continue;
		runs[count] = (JitTestRun){.module = ir_module_new(session), .awkward = i % 2};
		runs[count].func = jit_test_parse(runs[count].module, text);
		memcpy(runs[count].symbols, program->symbols, sizeof program->symbols);
		of[count] = program;
		cr_assert_eq(jit_test_c_add(&c, &runs[count], strict), count);
		count++;
	}
	jit_test_c_compile(&c, compiler, flags);
	for (uint32_t i = 0; i < count; i++) {
		for (uint64_t seed = 5; seed < (runs[i].awkward ? 13 : 6); seed++) {
			jit_test_prepare(&runs[i], session->arena, seed * 7919);
			double tolerance = strict ? 0 : of[i]->tolerance + 4;
			jit_test_c_run(&c, i, &runs[i], session->arena, tolerance,
			               arena_printf(session->arena, "%s %s", compiler, flags), of[i]->name);
		}
	}
	dlclose(c.library);
	for (uint32_t i = 0; i < count; i++)
		ir_module_free(runs[i].module);
	session_free(session);
}

Test(jit_programs, strict_c_agrees_with_the_evaluator, .timeout = 240) {
	check_c(GRADUS_TEST_CC, "-std=c99 -O2", true);
}

Test(jit_programs, c_agrees_with_the_evaluator, .timeout = 240) {
	check_c(GRADUS_TEST_CC, "-std=c99 -O3 -fno-math-errno -fno-trapping-math", false);
}
