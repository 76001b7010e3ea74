/* Bodies are graphs. What is shared 60 times over has 2^60 leaves as a tree, so anything that takes a body for a tree never ends:
 * every pass, derivative, batching, the verifier, printer and parser, the evaluator and the lowering go over such bodies here.
 * And there is no number of puts, conditions or gathers in one operation that anything stumbles over. */
#include "autodiff/autodiff.h"
#include "ir/pass/pass.h"
#include "ir/text/text.h"
#include "jit_three_ways.h"

enum { SHARED = 60 };

typedef struct Doubling {
	const char *name;
	const char *before; /* the function up to the body, and t0 */
	const char *start;
	const char *op;    /* t(k + 1) = op(t(k), t(k)), or op is a format of its own */
	const char *after; /* from there on; the last is t60 */
} Doubling;

static const Doubling doublings[] = {
	{"squares in a sum", "%o[] = for i:3 j:50 { ", "%x[i]", "mul(%s, %s)", "mul(t60, %y[j]) } sum -> []"},
	{"squares under a condition", "%o[] = for i:3 j:50 if i <= j+1 { ", "%x[i]", "mul(%s, %s)",
     "mul(t60, %y[j]) } sum -> []"},
	{"sums", "%o[] = for i:3 j:50 { ", "%x[i]", "add(%s, %s)", "mul(t60, %y[j]) } sum -> []"},
	{"angles", "%o[] = for i:3 j:50 { ", "add(%x[i], %y[j])", "atan2(%s, %s)", "mul(t60, %y[j]) } sum -> []"},
	{"divisors", "%o[] = for i:3 j:50 { ", "%x[i]", "mul(%s, %s)", "div(%y[j], t60) } sum -> []"},
	{"costly pieces, stored and computed again", "%h[3] = for i:3 { tanh(%x[i]) } -> [i]\n%o[3] = for i:3 { ",
     "tanh(%x[i])", "mul(%s, %s)", "t60 } -> [i]"},
	{"largest", "%o[] = for i:3 { ", "%x[i]", "max(%s, %s)", "mul(t60, t60) } max -> []"},
	{"numbers in a gather", "%o[] = for j:50 { ", "%k[]", "mul(%s, %s)", "mul(%x[imod(t60, 3)], %y[j]) } sum -> []"},
	{"numbers that are an offset", "%o[] = for j:50 { ", "imod(%k[], 1)", "add(%s, %s)",
     "mul(%x[t60], %y[j]) } sum -> []"},
	{"places that a loop writes to",
     "%z[50] = for j:50 { 0 } -> [j]\n%o[50] = loop %t < 3 carry (%a[50] = %z) {\n%b[50] = for { ", "add(%k[], %t[])",
     "mul(%s, %s)", "mul(%x[0], %a[imod(t60, 50)]) } -> [imod(t60, 50)] into %a\nyield %b }"},
};

static const char *doubling_text(Arena *arena, const Doubling *d) {
	Text text = text_new(arena);
	text_printf(&text, "func @f(%%x[3], %%y[50], %%k: int[]) -> (%s) {\n%st0 = %s; ",
	            strstr(d->before, "loop")    ? "[50]"
	            : strstr(d->after, "-> [i]") ? "[3]"
	                                         : "[]",
	            d->before, d->start);
	for (int k = 0; k < SHARED; k++) {
		char name[16];
		const char *rest = d->op;
		snprintf(name, sizeof name, "t%d", k);
		text_printf(&text, "t%d = ", k + 1);
		for (const char *at; (at = strstr(rest, "%s")) != NULL; rest = at + 2)
			text_printf(&text, "%.*s%s", (int)(at - rest), rest, name);
		text_printf(&text, "%s; ", rest);
	}
	text_printf(&text, "%s\nreturn %%o\n}\n", d->after);
	return text_cstr(&text);
}

static void go_over(IrModule *module, Arena *arena, IrFunc *func) {
	for (size_t p = 0; p < ir_pass_count; p++)
		cr_assert_null(ir_verify(ir_passes[p].run(module, func)), "%s", ir_passes[p].name);
	IrFunc *best = ir_optimize(module, func, &(IrPipeline){.verify = true});
	Text text = text_new(arena), again = text_new(arena);
	ir_print(best, &text);
	uint32_t source = source_add(module->session, "again.ir", text_cstr(&text), strlen(text_cstr(&text)));
	cr_assert(ir_parse(module, source));
	ir_print(module->funcs.data[module->funcs.count - 1], &again);
	cr_assert_str_eq(text_cstr(&again), text_cstr(&text));
	ir_cost(best, NULL);
	jit_show_loops(module, best, &(JitOptions){0}, &text);
	jit_show_loops(module, best, &(JitOptions){.strict = true}, &text);
}

Test(ir_shared, bodies_are_walked_as_graphs) {
	for (size_t i = 0; i < sizeof doublings / sizeof *doublings; i++) {
		Session *session = session_new();
		Arena *arena = arena_new();
		IrModule *module = ir_module_new(session);
		IrFunc *func = jit_test_parse(module, doubling_text(arena, &doublings[i]));
		go_over(module, arena, func);
		IrFunc *reverse = ad_reverse(module, func, "reverse", NULL, NULL, true);
		go_over(module, arena, reverse);
		go_over(module, arena, ad_forward(module, func, "forward", NULL, true));
		go_over(module, arena, ad_forward(module, reverse, "second", NULL, true));
		go_over(module, arena, ad_batch(module, reverse, "batched", (bool[8]){true, true}, NULL));
		ir_module_free(module);
		arena_free(arena);
		session_free(session);
	}
}

/* One operation with `count` puts, each a sum over something of its own. */
static const char *many_puts(Arena *arena, int count, const char *combine) {
	Text text = text_new(arena);
	text_printf(&text, "func @f(%%x[20], %%y[20]) -> (");
	for (int p = 0; p < count; p++)
		text_printf(&text, "%s[20]", p ? ", " : "");
	text_printf(&text, ") {\n");
	for (int p = 0; p < count; p++)
		text_printf(&text, "%s%%p%d[20]", p ? ", " : "", p);
	text_printf(&text, " = for i:20 j:20 { ");
	for (int p = 0; p < count; p++)
		text_printf(&text, "%smul(%%x[i], add(%%y[j], %d))", p ? ", " : "", p);
	text_printf(&text, " } ");
	for (int p = 0; p < count; p++)
		text_printf(&text, "%s%s -> [i]", p ? ", " : "", combine);
	text_printf(&text, "\nreturn ");
	for (int p = 0; p < count; p++)
		text_printf(&text, "%s%%p%d", p ? ", " : "", p);
	text_printf(&text, "\n}\n");
	return text_cstr(&text);
}

/* Operations that share a costly piece, as many as `count`. */
static const char *many_users(Arena *arena, int count) {
	Text text = text_new(arena);
	text_printf(&text, "func @f(%%x[20], %%y[20]) -> ([20]) {\n%%s0[20] = for i:20 { 0 } -> [i]\n");
	for (int p = 0; p < count; p++) {
		text_printf(&text,
		            "%%p%d[20], %%q%d[20] = for i:20 { t = tanh(%%x[i]); mul(t, add(%%y[i], %d)), add(t, %d) } -> [i], "
		            "-> [i]\n",
		            p, p, p, p);
	}
	for (int p = 0; p < count; p++)
		text_printf(&text, "%%s%d[20] = for i:20 { mul(%%p%d[i], %%q%d[-i+19]) } sum -> [i] into %%s%d\n", p + 1, p, p,
		            p);
	text_printf(&text, "return %%s%d\n}\n", count);
	return text_cstr(&text);
}

/* A sum under `count` conditions that differ. */
static const char *many_conditions(Arena *arena, int count) {
	Text text = text_new(arena);
	text_printf(&text, "func @f(%%x[20], %%y[20]) -> ([20], []) {\n");
	for (int op = 0; op < 2; op++) {
		text_printf(&text, "%s = for i:20 j:20 if ", op ? "%b[]" : "%a[20]");
		for (int c = 0; c < count; c++)
			text_printf(&text, "%s%d*i <= %d*j+%d", c ? ", " : "", c + 1, c + 2, 3 + c % 5);
		text_printf(&text, " { mul(%%x[i], %%y[j]) } sum -> [%s]\n", op ? "" : "i");
	}
	text_printf(&text, "return %%a, %%b\n}\n");
	return text_cstr(&text);
}

/* A position that is the sum of `count` gathered numbers. */
static const char *many_gathers(Arena *arena, int count) {
	Text text = text_new(arena);
	text_printf(&text, "func @f(%%x[200], %%k: int[%d, 20]) -> ([20]) {\n%%o[20] = for i:20 { %%x[", count);
	for (int g = 0; g < count; g++)
		text_printf(&text, "%s%%k[%d, i]", g ? "+" : "", g);
	text_printf(&text, "] } -> [i]\nreturn %%o\n}\n");
	return text_cstr(&text);
}

Test(ir_shared, nothing_is_too_many) {
	Session *session = session_new();
	const char *error = NULL;
	JitEngine *engine = jit_engine_new(session, &error);
	cr_assert_not_null(engine, "%s", error);
	static const int counts[] = {1, 12, 13, 16, 17, 40};
	for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
		for (int kind = 0; kind < 6; kind++) {
			Arena *arena = arena_new();
			JitTestRun run = {.module = ir_module_new(session)};
			int count = kind < 3 ? counts[c] : 3 * counts[c];
			const char *text = kind == 0   ? many_puts(arena, count, "sum")
			                   : kind == 1 ? many_puts(arena, count, "max")
			                   : kind == 2 ? many_puts(arena, count, "prod")
			                   : kind == 3 ? many_users(arena, count)
			                   : kind == 4 ? many_conditions(arena, count)
			                               : many_gathers(arena, count);
			IrFunc *plain = jit_test_parse(run.module, text);
			run.func = plain;
			jit_test_prepare(&run, arena, 7);
			run.func = ir_optimize(run.module, plain, &(IrPipeline){.verify = true});
			double tolerance = kind == 2 ? 1e4 : 2000; /* products of 20 numbers; the order of sums has changed */
			jit_test_machine(engine, &run, arena, &(JitOptions){.strict = true}, tolerance, text);
			jit_test_machine(engine, &run, arena, &(JitOptions){0}, tolerance, text);
			run.func = plain;
			jit_test_machine(engine, &run, arena, &(JitOptions){.strict = true}, 0, text);
			ir_module_free(run.module);
			arena_free(arena);
		}
	}
	jit_engine_free(engine);
	session_free(session);
}
