/* Random well-shaped functions: evaluator, machine code and emitted C give the same bits under --strict. */
#include "jit_helpers.h"

#include "jit_random.h"

#ifndef RANDOM_PROGRAMS
#define RANDOM_PROGRAMS 2000
#endif

enum { PROGRAMS = GRADUS_SANITIZED ? 60 : RANDOM_PROGRAMS, PER_FILE = GRADUS_SANITIZED ? 30 : 100 };

static const char *program_text(Arena *arena, uint64_t number) {
	Text text = text_new(arena);
	random_program(number, &text);
	return text_cstr(&text);
}

Test(jit_random, machine_code_agrees_with_the_evaluator, .timeout = 1500) {
	Session *session = session_new();
	const char *error = NULL;
	JitEngine *engine = jit_engine_new(session, &error);
	cr_assert_not_null(engine, "%s", error);
	for (uint64_t i = 0; i < PROGRAMS; i++) {
		Session *own = session_new();
		const char *text = program_text(own->arena, i);
		JitTestRun run = {.module = ir_module_new(own)};
		run.func = jit_test_parse(run.module, text);
		jit_test_prepare(&run, own->arena, i * 7919);
		jit_test_machine(engine, &run, own->arena, &(JitOptions){.strict = true}, 0, text);
		if (i % 4 == 0)
			jit_test_machine(engine, &run, own->arena, &(JitOptions){.strict = true, .no_fusion = true}, 0, text);
		ir_module_free(run.module);
		session_free(own);
	}
	jit_engine_free(engine);
	session_free(session);
}

static void check_file(uint64_t from) {
	Session *session = session_new();
	JitTestC c;
	JitTestRun runs[PER_FILE];
	const char *texts[PER_FILE];
	jit_test_c_begin(&c, session->arena);
	for (uint32_t i = 0; i < PER_FILE; i++) {
		texts[i] = program_text(session->arena, from + i);
		runs[i] = (JitTestRun){.module = ir_module_new(session)};
		runs[i].func = jit_test_parse(runs[i].module, texts[i]);
		cr_assert_eq(jit_test_c_add(&c, &runs[i], true), i);
	}
	jit_test_c_compile(&c, GRADUS_TEST_CC, "-std=c99 -O1");
	for (uint32_t i = 0; i < PER_FILE; i++) {
		jit_test_prepare(&runs[i], session->arena, (from + i) * 7919);
		jit_test_c_run(&c, i, &runs[i], session->arena, 0, "strict C", texts[i]);
		ir_module_free(runs[i].module);
	}
	dlclose(c.library);
	session_free(session);
}

Test(jit_random, strict_c_agrees_with_the_evaluator, .timeout = 1500) {
	for (uint64_t from = 0; from + PER_FILE <= PROGRAMS; from += PER_FILE)
		check_file(from);
}
