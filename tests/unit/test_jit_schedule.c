/* Long schedules: they become functions of so many steps each, so that LLVM's work grows as they do, and do what one would do. The
 * programs say by themselves what comes out: the evaluator is not asked. */
#include "jit_three_ways.h"

#include "jit/llvm/limits.h"

static const uint32_t sizes[] = {
	1, LLVM_PART_STEPS - 1, LLVM_PART_STEPS, LLVM_PART_STEPS + 1, 2 * LLVM_PART_STEPS + 1, 300,
};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* x, doubled and turned around so many times: each is a kernel of its own. */
static const char *chain(Arena *arena, uint32_t count) {
	Text text = text_new(arena);
	text_printf(&text, "func @f(%%v0: f64[3]) -> (: f64[3]) {\n");
	for (uint32_t i = 1; i <= count; i++)
		text_printf(&text, "%%v%u: f64[3] = for i:3 { add(%%v%u[2-i], %%v%u[2-i]) } -> [i]\n", i, i - 1, i - 1);
	text_printf(&text, "return %%v%u }\n", count);
	return text_cstr(&text);
}

/* So many numbers, each of which becomes the next one in every of 7 turns: copies in a row. A turn fails if `at` leaves its range. */
static const char *ring(Arena *arena, uint32_t count, bool fails) {
	Text text = text_new(arena);
	text_printf(&text, "func @f(%%x: f64[%u], %%at: int[1]) -> (: f64[%u]) {\n", count, count);
	for (uint32_t i = 0; i < count; i++)
		text_printf(&text, "%%s%u: f64[] = for { %%x[%u] } -> []\n", i, i);
	for (uint32_t i = 0; i < count; i++)
		text_printf(&text, "%s%%o%u: f64[]", i ? ", " : "", i);
	text_printf(&text, " = loop %%t < 7 carry (");
	for (uint32_t i = 0; i < count; i++)
		text_printf(&text, "%s%%c%u: f64[] = %%s%u", i ? ", " : "", i, i);
	text_printf(&text, ") {\n");
	if (fails)
		text_printf(&text, "%%read: f64[] = for { add(mul(%%x[%%at[0]], 0), %%c%u[]) } -> []\n", 1 % count);
	text_printf(&text, "yield ");
	for (uint32_t i = 0; i < count; i++)
		text_printf(&text, fails && i == 0 ? "%%read" : "%s%%c%u", i ? ", " : "", (i + 1) % count);
	text_printf(&text, " }\n%%r0: f64[%u] = for i:%u { 0 } -> [i]\n", count, count);
	for (uint32_t i = 0; i < count; i++)
		text_printf(&text, "%%r%u: f64[%u] = for { %%o%u[] } -> [%u] into %%r%u\n", i + 1, count, i, i, i);
	text_printf(&text, "return %%r%u }\n", count);
	return text_cstr(&text);
}

typedef struct Compiled {
	Session *session;
	IrModule *module;
	JitEngine *engine;
	JitCode *code;
	void *scratch;
} Compiled;

static Compiled compile(const char *text) {
	Compiled c = {.session = session_new()};
	const char *error = NULL;
	c.engine = jit_engine_new(c.session, &error);
	cr_assert(c.engine, "%s", error);
	c.module = ir_module_new(c.session);
	c.code = jit_compile(c.engine, jit_test_parse(c.module, text), &(JitOptions){.no_fusion = true});
	c.scratch = jit_test_memory(c.module->arena, jit_arena_bytes(c.code, NULL));
	return c;
}

static void release(Compiled *c) {
	jit_code_free(c->code);
	jit_engine_free(c->engine);
	ir_module_free(c->module);
	session_free(c->session);
}

Test(jit_schedule, steps_in_a_row, .timeout = 120) {
	for (uint32_t s = 0; s < SIZES; s++) {
		Arena *arena = arena_new();
		Compiled c = compile(chain(arena, sizes[s]));
		double in[3] = {1, 3, -5}, out[3];
		cr_assert_eq(jit_call(c.code, (void *[]){in}, (void *[]){out}, c.scratch, NULL), 0);
		for (int i = 0; i < 3; i++)
			cr_expect_eq(out[i], ldexp(in[sizes[s] % 2 ? 2 - i : i], (int)sizes[s]), "%u steps", sizes[s]);
		release(&c);
		arena_free(arena);
	}
}

Test(jit_schedule, copies_and_failures_in_loops, .timeout = 120) {
	for (uint32_t s = 0; s < SIZES; s++) {
		for (int fails = 0; fails < 2; fails++) {
			Arena *arena = arena_new();
			uint32_t count = sizes[s];
			Compiled c = compile(ring(arena, count, fails));
			double *in = ARENA_ARRAY(arena, double, count), *out = ARENA_ARRAY(arena, double, count);
			for (uint32_t i = 0; i < count; i++)
				in[i] = i + 0.5;
			cr_assert_eq(jit_call(c.code, (void *[]){in, &(int64_t){0}}, (void *[]){out}, c.scratch, NULL), 0);
			for (uint32_t i = 0; i < count; i++)
				cr_expect_eq(out[i], (i + 7) % count + 0.5, "%u numbers: [%u] is %g", count, i, out[i]);
			int failed = jit_call(c.code, (void *[]){in, &(int64_t){count}}, (void *[]){out}, c.scratch, NULL);
			cr_expect_eq(failed, fails, "%u numbers", count);
			release(&c);
			arena_free(arena);
		}
	}
}

/* Instructions between the braces of the longest function. */
static uint32_t longest_function(const char *llvm) {
	uint32_t longest = 0, lines = 0;
	for (const char *at = llvm; *at; at++) {
		lines += *at == '\n';
		if (at[0] == '\n' && at[1] == '}')
			longest = lines > longest ? lines : longest;
		if (at[0] == '\n' && (at[1] == '}' || strncmp(at + 1, "define", 6) == 0))
			lines = 0;
	}
	return longest;
}

Test(jit_schedule, functions_have_a_bounded_length, .timeout = 120) {
	Session *session = session_new();
	const char *error = NULL;
	JitEngine *engine = jit_engine_new(session, &error);
	cr_assert(engine, "%s", error);
	for (int way = 0; way < 2; way++) {
		uint32_t few = 0;
		for (uint32_t count = 2 * LLVM_PART_STEPS; count <= 16 * LLVM_PART_STEPS; count *= 8) {
			IrModule *module = ir_module_new(session);
			const char *program = way == 0 ? chain(module->arena, count) : ring(module->arena, count, false);
			Text llvm = text_new(module->arena);
			cr_assert(jit_show_llvm(engine, module, jit_test_parse(module, program), &(JitOptions){.no_fusion = true},
			                        &llvm));
			uint32_t longest = longest_function(text_cstr(&llvm));
			cr_expect(longest >= LLVM_PART_STEPS && longest <= 20 * LLVM_PART_STEPS, "%u: %u lines", count, longest);
			cr_expect(few == 0 || longest <= few + count / 8, "%u: %u lines, and %u of an eighth", count, longest, few);
			few = few ? few : longest;
			ir_module_free(module);
		}
	}
	jit_engine_free(engine);
	session_free(session);
}
