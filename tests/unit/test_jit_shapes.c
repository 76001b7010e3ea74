/* Kernels of every sort at sizes around whole blocks of lanes, in f32 and f64, on processors with many registers and with few: strict
 * machine code and C have the bits of the evaluator; by default numbers agree as far as sums in another order do. */
#include "jit_shapes.h"
#include "jit_three_ways.h"

static const int sizes[] = {1, 3, 5, 8, 13, 16, 17, 24, 31, 33, 40, 65, 130};
enum { SIZE_COUNT = sizeof sizes / sizeof *sizes };

static JitTestRun prepare(IrModule *module, Arena *arena, const Shape *shape, bool wide, int size, const char **text) {
	JitTestRun run = {.module = module};
	*text = shape_text(arena, shape, wide, size);
	run.func = jit_test_parse(module, *text);
	jit_test_prepare(&run, arena, (uint64_t)size);
	return run;
}

static void compare_machine(JitEngine *engine, Session *session, const Shape *shape, bool wide, int size) {
	const char *text;
	IrModule *module = ir_module_new(session);
	Arena *arena = arena_new();
	JitTestRun run = prepare(module, arena, shape, wide, size, &text);
	for (uint32_t registers = 8; registers <= 32; registers *= 4) {
		JitOptions strict = {.strict = true, .registers = registers}, usual = {.registers = registers};
		jit_test_machine(engine, &run, arena, &strict, 0, text);
		jit_test_machine(engine, &run, arena, &usual, 16 + size * size / 4, text);
	}
	arena_free(arena);
	ir_module_free(module);
}

Test(jit_shapes, machine_code, .timeout = 600) {
	const char *error = NULL;
	Session *session = session_new();
	JitEngine *engine = jit_engine_new(session, &error);
	cr_assert_not_null(engine, "%s", error);
	for (int s = 0; s < SHAPE_COUNT; s++)
		for (int i = 0; i < SIZE_COUNT; i++)
			for (int wide = 0; wide < 2; wide++)
				if (sizes[i] < 100 || shapes[s].rows < 2)
					compare_machine(engine, session, &shapes[s], wide, sizes[i]);
	jit_engine_free(engine);
	session_free(session);
}

Test(jit_shapes, c, .timeout = 600) {
	static const int some[] = {3, 7, 17, 40};
	Session *session = session_new();
	JitTestC c;
	jit_test_c_begin(&c, session->arena);
	IrModule *modules[SHAPE_COUNT * 8];
	JitTestRun runs[SHAPE_COUNT * 8];
	const char *texts[SHAPE_COUNT * 8];
	uint32_t count = 0;
	for (int s = 0; s < SHAPE_COUNT; s++)
		for (int i = 0; i < 4; i++)
			for (int wide = 0; wide < 2; wide++, count++) {
				modules[count] = ir_module_new(session);
				runs[count] = prepare(modules[count], session->arena, &shapes[s], wide, some[i], &texts[count]);
				jit_test_c_add(&c, &runs[count], true);
			}
	jit_test_c_compile(&c, GRADUS_TEST_CC, "-std=c99 -O1 -fno-tree-slp-vectorize");
	for (uint32_t i = 0; i < count; i++) {
		jit_test_c_run(&c, i, &runs[i], session->arena, 0, "C", texts[i]);
		ir_module_free(modules[i]);
	}
	session_free(session);
}
