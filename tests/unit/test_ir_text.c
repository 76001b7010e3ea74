/* The text form of the tensor IR: what parses prints back as it was, and parses again to the same; wrong texts are
 * refused by the parser or the verifier, with a message that says why. */
#include "ir/build.h"
#include "ir/text/text.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *const good[] = {
	"func @reduction<n, d>(%X[n, d], %w[d]) -> (s[n]) {\n"
	"  %3 s[n] = for i:n j:d { mul(%X[i, j], %w[j]) } sum -> [i]\n"
	"  return %3\n"
	"}\n",
	"func @broadcast<n>(%s[n], %b[]) -> (: f64[n]) {\n"
	"  %4 z[n] = for i:n { add(%s[i], %b[]) } -> [i]\n"
	"  return %4\n"
	"}\n",
	"func @gather<b, d, n>(%pick: int[b], %X[n, d]) -> (: f64[b, d]) {\n"
	"  %5 p[b, d] = for i:b j:d { %X[%pick[i], j] } -> [i, j]\n"
	"  return %5\n"
	"}\n",
	"func @window<h, w>(%im[h, w], %K[3, 3]) -> (: f64[h, w]) {\n"
	"  %6 a[h, w] = for y:h x:w p:3 q:3 { mul(%im[y+p-1, x+q-1]?, %K[p, q]) } sum -> [y, x]\n"
	"  return %6\n"
	"}\n",
	"func @triangle(%l[9], %e[4], %pos: int[4]) -> (: f64[4]) {\n"
	"  %7 T[4] = for r:4 s:4 if s < r { mul(%l[r+%pos[s]], %e[s]) } sum -> [r]\n"
	"  return %7\n"
	"}\n",
	"func @two_outputs<n, k>(%z[n, k]) -> (m[n], c: int[n]) {\n"
	"  %8 m[n], %9 c: int[n] = for i:n c:k { %z[i, c] } max -> [i], argmax c -> [i]\n"
	"  return %8, %9\n"
	"}\n",
	"func @row<d>(%x[d], %slot: int[], %S0[5, d]) -> (: f64[5, d]) {\n"
	"  %10 S[5, d] = for j:d { %x[j] } -> [%slot[], j] into %S0\n"
	"  return %10\n"
	"}\n",
	"func @accumulation<n, d>(%r[n], %X[n, d], %w~0[d]) -> (: f64[d]) {\n"
	"  %11 w~[d] = for i:n j:d { mul(%r[i], %X[i, j]) } sum -> [j] into %w~0\n"
	"  return %11\n"
	"}\n",
	"func @adam_like<d>(%w0[d], %zero[d]) -> (xT[d], mT[d]) {\n"
	"  %20 xT[d], %21 mT[d] = loop %t < 40 carry (%x[d] = %w0, %m[d] = %zero) {\n"
	"    %31 m[d] = for i:d { fma(0.9, %m[i], %x[i]) } -> [i]\n"
	"    %32 x[d] = for i:d { sub(%x[i], mul(0.1, %31[i])) } -> [i]\n"
	"    yield %32, %31\n"
	"  }\n"
	"  return %20, %21\n"
	"}\n",
	"func @logistic<n>(%z[n], %y[n], %l~[]) -> (l[], z~[n]) {\n"
	"  %5 l[] = for i:n { sub(softplus(%z[i]), mul(%y[i], %z[i])) } sum -> []\n"
	"  %8 z~[n] = for i:n { add(mul(neg(%l~[]), %y[i]), mul(%l~[], sigmoid(%z[i]))) } -> [i]\n"
	"  return %5, %8\n"
	"}\n",
	"func @scatter<b, h, w, H, W>(%O~[b, h, w], %K[3, 3]) -> (: f64[b, H, W]) {\n"
	"  %3 A~[b, H, W] = for b:b y:h x:w p:3 q:3 { mul(%O~[b, y, x], %K[p, q]) } sum -> [b, y+p-1, x+q-1]?\n"
	"  return %3\n"
	"}\n",
	"func @gathered(%O~[5, 5], %K[3, 3]) -> (: f64[5, 5]) {\n"
	"  %3 A~[5, 5] = for p:3 q:3 y':5 x':5 if p <= y'+1, y' <= p+3, q <= x'+1, x' <= q+3 "
	"{ mul(%O~[y'-p+1, x'-q+1], %K[p, q]) } sum -> [y', x']\n"
	"  return %3\n"
	"}\n",
	"func @symbol_gather<H>(%O~[H], %K[3]) -> (: f64[H]) {\n"
	"  %3[H] = for p:3 y:H if p <= y+1, y+1 < p+dim(H) { mul(%O~[y-p+1], %K[p]) } sum -> [y]\n"
	"  return %3\n"
	"}\n",
	"func @minibatch<N, d>(%pick: int[8], %X[N, d], %V[d, 3]) -> (z[8, 3], X~[N, d]) {\n"
	"  %5 z[8, 3] = for i:8 j:d c:3 { mul(%X[%pick[i], j], %V[j, c]) } sum -> [i, c]\n"
	"  %9 X~[N, d] = for i:8 j:d c:3 { mul(%5[i, c], %V[j, c]) } sum -> [%pick[i], j]\n"
	"  return %5, %9\n"
	"}\n",
	"func @bindings(%x: f32[lanes, 7], %seed: int[]) -> (: f32[lanes, 7], : int[lanes], : bool[7]) {\n"
	"  %3 pos: int[4] = const [0, -1, 9223372036854775807, -9223372036854775808]\n"
	"  %4 f: f32[2, 2] = const [0.1, -0, inf, nan]\n"
	"  %5 y: f32[lanes, 7], %6 c: int[lanes] = for l:lanes i:7 { t0 = exp(%x[l, i]); "
	"where(lt(t0, 1), mul(t0, t0), to_f32(random_normal(%seed[], idx(l), idx(2*i-1), 3))), 1 } -> [l, i], sum -> [l]\n"
	"  %7 is: bool[7] = for i:7 { and(lt(%4[0, 1], 2), eq(bits(%4[1, 0]), 7)) } -> [i]\n"
	"  return %5, %6, %7\n"
	"}\n",
	"func @constants(%c: bool[]) -> (: f64[], : f32[], : int[], : bool[], : f64[]) {\n"
	"  %2[] = for { where(%c[], 1 f64, 0 f64) } -> []\n"
	"  %3: f32[] = for { 0.1 } -> []\n"
	"  %4: int[] = for { idiv(where(%c[], 1 int, 2 int), -3) } -> []\n"
	"  %5: bool[] = for { or(%c[], eq(1, exp(2 f64))) } -> []\n"
	"  %6[] = for { powi(exp(1.5 f64), 3) } -> []\n"
	"  return %2, %3, %4, %5, %6\n"
	"}\n",
	"func @argmin_of(%x[4, 4], %y[4, 4]) -> (: f64[4], : f64[4], : int[4], : int[4], : int[4]) {\n"
	"  %3[4], %4[4], %5: int[4], %6: int[4], %7: int[4] = for i:4 j:4 { %x[i, j], %y[i, j] } min -> [i], min -> [i], "
	"argmin j of 0 -> [i], argmin j -> [i], argmin i -> [i]\n"
	"  return %3, %4, %5, %6, %7\n"
	"}\n",
	"func @trips(%n: int[], %w[3]) -> (: f64[3], : f64[3]) {\n"
	"  %3 x[3] = loop %4 < 10 trips %n carry (%5 x[3] = %w) {\n"
	"    %6 x[3] = loop %7 < 2 carry (%8 x[3] = %5) {\n"
	"      %9[3] = for i:3 { mul(%8[i], to_f64(%4[])) } -> [i]\n"
	"      yield %9\n"
	"    }\n"
	"    yield %6\n"
	"  }\n"
	"  loop %10 < 2 carry () {\n"
	"    yield\n"
	"  }\n"
	"  return %3, %3\n"
	"}\n",
	"func @looks_ahead<n>(%x[n], %g[n]) -> (: f64[n], : f64[]) {\n"
	"  %3[n] = for i:n { sub(%x[i], %g[i]) } -> [i]\n"
	"  %4[], %5[n] = evaluate %3\n"
	"  %6: bool[] = for { lt(%4[], 1) } -> []\n"
	"  %7[], %8[n] = evaluate %5 if %6\n"
	"  return %8, %7\n"
	"}\n",
	"func @atoms(%k: int[], %x[12]) -> (: f64[4]) {\n"
	"  %3[4] = for i:4 j:3 if i < j+%k[] { t0 = imod(idx(i), 2); mul(%x[j+2*t0], to_f64(t0)) } sum -> "
	"[imod(idx(3*i+1), 4)]\n"
	"  return %3\n"
	"}\n",
};

static char *printed(IrModule *module, Arena *arena) {
	Text text = text_new(arena);
	for (uint32_t i = 0; i < module->funcs.count; i++)
		ir_print(module->funcs.data[i], &text);
	return arena_strdup(arena, text_cstr(&text));
}

static IrModule *parsed(Session *session, const char *text, bool *good_text) {
	IrModule *module = ir_module_new(session);
	*good_text = ir_parse(module, source_add(session, "test.ir", text, strlen(text)));
	return module;
}

Test(ir_text, prints_back) {
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		Session *session = session_new();
		bool well;
		IrModule *module = parsed(session, good[i], &well);
		cr_assert(well, "text %zu: %s\n%s", i, session->diags.count ? session->diags.data[0]->message : "", good[i]);
		const char *wrong = ir_verify(module->funcs.data[0]);
		cr_assert_null(wrong, "%s", wrong);
		char *text = printed(module, session->arena);
		cr_assert_str_eq(text, good[i]);
		/* a copy prints the same, but for its name, and verifies */
		IrFunc *copy = ir_func_copy(module, module->funcs.data[0], session_text(session, module->funcs.data[0]->name));
		wrong = ir_verify(copy);
		cr_assert_null(wrong, "%s", wrong);
		IrModule *again = parsed(session, text, &well);
		cr_assert(well && ir_verify(again->funcs.data[0]) == NULL);
		cr_assert_eq(again->funcs.data[0]->values.count, module->funcs.data[0]->values.count);
		ir_module_free(again);
		ir_module_free(module);
		session_free(session);
	}
}

Test(ir_text, several_functions_spans_and_comments) {
	Session *session = session_new();
	bool well;
	IrModule *module =
		parsed(session,
	           "# two\nfunc @a(%x[2]) -> (: f64[2]) {\n %2[2] = for i:2 { 0 } -> [i] @7:11 # span\n return %2 }\n"
	           "func @b(%x[2]) -> (: f64[2]) { return %x }",
	           &well);
	cr_assert(well);
	cr_assert_eq(module->funcs.count, 2);
	ir_module_free(module);
	session_free(session);
}

typedef struct Wrong {
	const char *body;    /* of func @f<n>(%x[n], %m[4, 4], %k: int[], %idx: int[4]) -> (: f64[4]) */
	const char *message; /* part of what is said */
} Wrong;

static const Wrong wrong_texts[] = {
	/* what the parser refuses */
	{"%9[4] = for i:4 { 1 } -> [i]", "is needed"},
	{"%9[4] = for i:4 { frob(%k[]) } -> [i] return %9 }", "no operation"},
	{"%9[4] = for i:4 { %y[i] } -> [i] return %9 }", "%y is not defined"},
	{"%9[4] = for i:4 { %9[i] } -> [i] return %9 }", "%9 is not defined"},
	{"%9[4] = for i:4 { %m[i] } -> [i] return %9 }", "1 positions for a value of rank 2"},
	{"%9[4] = for i:4 { add(%m[i, 0], %k[]) } -> [i] return %9 }", "types that do not fit"},
	{"%9[4] = for i:4 { %m[i, 0] } -> [i], -> [i] return %9 }", "is needed"},
	{"%9[4], %10[4] = for i:4 { %m[i, 0] } -> [i], -> [i] return %9 }", "more puts than expressions"},
	{"%9[4] = for i:4 { 1, 2 } -> [i] return %9 }", "more expressions than puts"},
	{"%9[4] = for i:4 { 1 } -> [j] return %9 }", "`j` is not a name"},
	{"%9[4] = for i:4 { 1 } argmax i -> [i] return %9 }", "no put that this is an argument of"},
	{"%9[4] = for i:4 { 1 } -> [i] %9[4] = for i:4 { 1 } -> [i] return %9 }", "defined twice"},
	{"%9[3] = for i:3 { 1 } -> [i] return %9 }", "result 1 has another type"},
	{"%9: int[2] = const [1] return %9 }", "1 numbers for a table of 2"},
	{"%9: int[1] = const [1.5] return %9 }", "not an integer"},
	{"%9: int[1] = const [99999999999999999999] return %9 }", "not an integer"},
	{"%9[4] = for i:4 if i { 1 } -> [i] return %9 }", "comparison"},
	{"%9[4] = for i:4 { %x[1.5*i] } -> [i] return %9 }", "not an integer"},
	{"%9[4] = for i:4 { %m[%m[0, 0], 0] } -> [i] return %9 }", "made of integers"},
	{"%9[4] = loop %t < 3 carry () { yield } return %9 }", "0 carried values and 1 results"},
	{"%9[4] = evaluate %x return %9 }", "an evaluation gives two values"},
	{"%9[4] = frob i:4 { 1 } -> [i] return %9 }", "an op is needed"},
	/* what the verifier refuses */
	{"%9[4] = for i:4 { %m[i+1, 0] } -> [i] return %9 }", "not proved to be inside"},
	{"%9[4] = for i:4 { %m[i-1, 0] } -> [i] return %9 }", "not proved to be inside"},
	{"%9[4] = for i:4 { %x[i] } -> [i] return %9 }", "not proved to be inside"},
	{"%9[4] = for i:5 { 1 } sum -> [i] return %9 }", "not proved to be inside"},
	{"%9[4] = for i:4 j:4 if i < j { %m[i-j, 0] } sum -> [i] return %9 }", "not proved to be inside"},
	{"%9[4] = for i:4 j:2 { 1 } -> [i] return %9 }", "exactly once"},
	{"%9[4] = for i:3 { 1 } -> [i] return %9 }", "exactly once"},
	{"%9[4] = for i:2 j:2 { 1 } -> [i+j] return %9 }", "exactly once"},
	{"%9[4] = for i:4 if 1 <= i { 1 } -> [i] return %9 }", "exactly once"},
	{"%9[4] = for i:4 { 1 } -> [%idx[i]] return %9 }", "exactly once"},
	{"%8[4] = for i:4 { 1 } -> [i] %9[4] = for i:4 { 1 } -> [%idx[i]] into %8 return %9 }", "the same element twice"},
	{"%8[4] = for i:4 { 1 } -> [i] %9[4] = for i:2 j:3 { 1 } -> [i+j] into %8 return %9 }", "the same element twice"},
	{"%8[3] = for i:3 { 1 } -> [i] %9[4] = for i:4 { 1 } sum -> [i] into %8 return %9 }",
     "starts from %8, which has another type"},
	{"%9[4] = for i:4 { %k[] } sum -> [i] return %9 }", "but int is put"},
	{"%8: bool[4] = for i:4 { lt(%m[i, 0], 1) } sum -> [i] %9[4] = for i:4 { 1 } -> [i] return %9 }", "booleans"},
	{"%8[4], %7: f64[4] = for i:4 j:4 { %m[i, j] } max -> [i], argmax j -> [i] return %8 }", "as integers"},
	{"%8[4], %7: int[4] = for i:4 j:4 { %m[i, j] } max -> [i], argmax j -> [j] return %8 }", "positions of the put"},
	{"%9[4] = for i:4 j:4 if i < %idx[j] { 1 } sum -> [i] return %9 }", "varies with an index"},
	{"%9[4] = loop %t < 3 carry (%a[4] = %x) { yield %a } return %9 }", "another type"},
	{"%8[4] = for i:4 { 1 } -> [i] %9[4] = loop %t < 3 carry (%a[4] = %8) { %7[4] = for i:4 { 1 } -> [i] yield %7 } "
     "return %7 }",
     "%7 is used where it is not defined"},
	{"%8[4] = for i:4 { 1 } -> [i] %9[4] = loop %t < -3 carry (%a[4] = %8) { yield %a } return %9 }", "turns"},
	{"%9[], %8[n] = evaluate %x if %k %7[4] = for i:4 { 1 } -> [i] return %7 }", "one truth value"},
	{"%9[], %8[4, 4] = evaluate %m %7[4] = for i:4 { 1 } -> [i] return %7 }", "one flat vector"},
	{"%9[], %8[4] = evaluate %idx %7[4] = for i:4 { 1 } -> [i] return %7 }", "one flat vector"},
	{"%9[4], %8[n] = evaluate %x %7[4] = for i:4 { 1 } -> [i] return %7 }", "of the type of the place"},
	{"%9[], %8[4] = evaluate %x %7[4] = for i:4 { 1 } -> [i] return %7 }", "of the type of the place"},
	{"%8[lanes, 4] = for l:lanes i:4 { 1 } -> [l, i] %9[4] = for i:4 { %8[0, i] } -> [i] return %9 }", "lane axis"},
	{"%8[lanes, 4] = for l:lanes i:4 { 1 } -> [15-l, i] %9[4] = for i:4 { 1 } -> [i] return %9 }", "lane axis"},
};

Test(ir_text, wrong_texts_are_refused) {
	for (size_t i = 0; i < sizeof wrong_texts / sizeof *wrong_texts; i++) {
		Session *session = session_new();
		bool well;
		char *text =
			arena_printf(session->arena, "func @f<n>(%%x[n], %%m[4, 4], %%k: int[], %%idx: int[4]) -> (: f64[4]) { %s",
		                 wrong_texts[i].body);
		IrModule *module = parsed(session, text, &well);
		const char *said = well ? ir_verify(module->funcs.data[0]) : session->diags.data[0]->message;
		cr_expect(said && strstr(said, wrong_texts[i].message), "text %zu, %s\nsaid: %s", i, wrong_texts[i].body,
		          said ? said : "nothing");
		ir_module_free(module);
		session_free(session);
	}
}
