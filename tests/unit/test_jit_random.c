/* Random well-shaped functions: evaluator, machine code and emitted C give the same bits under --strict; by default machine code
 * and C stay within a bound in units in the last place. */
#include "ir/core/walk.h"
#include "ir/eval/eval.h"
#include "jit_three_ways.h"

#include "jit_random.h"

#ifndef RANDOM_PROGRAMS
#define RANDOM_PROGRAMS 2000
#endif

enum { PROGRAMS = GRADUS_SANITIZED ? 60 : RANDOM_PROGRAMS, PER_FILE = GRADUS_SANITIZED ? 30 : 100 };

static const char *program_text(Arena *arena, uint64_t number, bool tame) {
	Text text = text_new(arena);
	random_program(number, tame, &text);
	return text_cstr(&text);
}

/* ---- the default mode ---- */

/* How far it may be from strict code, in units in the last place of the largest number in the program (of f32 if it has any):
 * sums of many terms round in another order. */
static double default_ulp(double terms) {
	return 16 + terms / 4;
}

/* Points of the largest domain, times the turns of the loops around it. */
static double most_points(const IrFunc *func, const IrBlock *block) {
	double most = 1;
	for (uint32_t i = 0; i < block->ops.count; i++) {
		const IrOp *op = block->ops.data[i];
		double points = 1;
		const IrFor *f = ir_as_for(op);
		if (ir_block_of(op, 0))
			points = (double)op->loop.limit * most_points(func, &op->loop.body);
		for (uint32_t k = 0; f && k < f->indices.count; k++)
			points *= (double)ir_dim_value(f->indices.data[k].extent, NULL);
		most = fmax(most, points);
	}
	return most;
}

static double distance(const JitTestRun *run, void *const *results, const char *text) {
	double scale = 1, off = 0;
	for (uint32_t i = 0; i < run->func->params.count; i++)
		for (int64_t k = 0; run->args[i].reals && k < ir_type_elements(run->args[i].type, NULL); k++)
			scale = fmax(scale, fabs(run->args[i].reals[k]));
	for (uint32_t i = 0; i < run->func->results.count; i++) {
		const IrTensor *want = &run->want[i];
		for (int64_t k = 0; k < ir_type_elements(want->type, NULL); k++) {
			double got = 0, real = want->reals ? want->reals[k] : 0;
			bool same = jit_test_same(want, results[i], k, 0, &got) || (want->reals && got == real);
			if (isfinite(real))
				scale = fmax(scale, fabs(real));
			if (!same)
				off = want->reals && isfinite(got) && isfinite(real) ? fmax(off, fabs(got - real)) : (double)INFINITY;
		}
	}
	return off / scale / (strstr(text, "f32") ? 0x1p-24 : 0x1p-53);
}

static void expect_close(const JitTestRun *run, void *const *results, const char *way, const char *text) {
	double off = distance(run, results, text), bound = default_ulp(most_points(run->func, &run->func->body));
	cr_expect(off <= bound, "%s is %g ulp from strict code, not at most %g\n%s", way, off, bound, text);
}

/* ---- all programs ---- */

static void check_machine(JitEngine *engine, uint64_t number) {
	Session *own = session_new();
	const char *text = program_text(own->arena, number, false);
	JitTestRun run = {.module = ir_module_new(own)};
	run.func = jit_test_parse(run.module, text);
	jit_test_prepare(&run, own->arena, number * 7919);
	jit_test_machine(engine, &run, own->arena, &(JitOptions){.strict = true}, 0, text);
	if (number % 8 == 0)
		jit_test_machine(engine, &run, own->arena, &(JitOptions){.strict = true, .no_fusion = true}, 0, text);
	ir_module_free(run.module);
	session_free(own);
}

static void check_default_machine(JitEngine *engine, uint64_t number) {
	Session *own = session_new();
	const char *text = program_text(own->arena, number, true);
	JitTestRun run = {.module = ir_module_new(own)};
	run.func = jit_test_parse(run.module, text);
	jit_test_prepare(&run, own->arena, number * 7919);
	JitCode *code = jit_compile(engine, run.func, &(JitOptions){.no_fusion = number % 4 == 0});
	void *params[JIT_TEST_MAX], *results[JIT_TEST_MAX];
	jit_test_pointers(&run, own->arena, params, results);
	size_t bytes = jit_arena_bytes(code, run.symbols);
	void *scratch = jit_test_memory(own->arena, bytes);
	memset(scratch, 0xA5, bytes);
	cr_assert_null(run.error, "%s\n%s", run.error, text);
	cr_assert_eq(jit_call(code, params, results, scratch, run.symbols), 0);
	expect_close(&run, results, "machine code", text);
	jit_code_free(code);
	ir_module_free(run.module);
	session_free(own);
}

static void each_program(void (*check)(JitEngine *engine, uint64_t number)) {
	Session *session = session_new();
	const char *error = NULL;
	JitEngine *engine = jit_engine_new(session, &error);
	cr_assert_not_null(engine, "%s", error);
	for (uint64_t i = 0; i < PROGRAMS; i++)
		check(engine, i);
	jit_engine_free(engine);
	session_free(session);
}

Test(jit_random, machine_code_agrees_with_the_evaluator, .timeout = 550) {
	each_program(check_machine);
}

Test(jit_random, machine_code_by_default, .timeout = 550) {
	each_program(check_default_machine);
}

static void check_file(uint64_t from, bool strict) {
	Session *session = session_new();
	JitTestC c;
	JitTestRun runs[PER_FILE];
	const char *texts[PER_FILE];
	jit_test_c_begin(&c, session->arena);
	for (uint32_t i = 0; i < PER_FILE; i++) {
		texts[i] = program_text(session->arena, from + i, !strict);
		runs[i] = (JitTestRun){.module = ir_module_new(session)};
		runs[i].func = jit_test_parse(runs[i].module, texts[i]);
		cr_assert_eq(jit_test_c_add(&c, &runs[i], strict), i);
	}
	/* optimising takes most of the time: one file in five, the flags being those of the Makefile of an emitted folder */
	bool fast = strict && from / PER_FILE % 5 == 0 && !GRADUS_SANITIZED;
	jit_test_c_compile(&c, GRADUS_TEST_CC, fast ? "-std=c99 -O2 -fno-tree-slp-vectorize" : "-std=c99 -O0");
	for (uint32_t i = 0; i < PER_FILE; i++) {
		jit_test_prepare(&runs[i], session->arena, (from + i) * 7919);
		if (strict) {
			jit_test_c_run(&c, i, &runs[i], session->arena, 0, "strict C", texts[i]);
		} else {
			void *params[JIT_TEST_MAX], *results[JIT_TEST_MAX];
			jit_test_pointers(&runs[i], session->arena, params, results);
			cr_assert_eq(jit_test_c_call(&c, i, &runs[i], session->arena, params, results), 0);
			expect_close(&runs[i], results, "C", texts[i]);
		}
		ir_module_free(runs[i].module);
	}
	dlclose(c.library);
	session_free(session);
}

Test(jit_random, strict_c_agrees_with_the_evaluator, .timeout = 550) {
	for (uint64_t from = 0; from + PER_FILE <= PROGRAMS; from += PER_FILE)
		check_file(from, true);
}

Test(jit_random, c_by_default, .timeout = 550) {
	for (uint64_t from = 0; from + PER_FILE <= PROGRAMS; from += PER_FILE)
		check_file(from, false);
}
