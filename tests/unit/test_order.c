/* The order of numbers (ir/core/calls.def, order): against counting, at every size to 70 and some larger ones, with equal numbers, zeros of
 * either sign, infinities and NaN; of one vector, of several, of 16 problems; machine code, its own sorting, and C. */
#include "jit_three_ways.h"

typedef struct Layout {
	const char *name, *front;
	int64_t vectors;
} Layout;

static const Layout layouts[] = {
	{"one", "", 1},
	{"three in front", "3, ", 3},
	{"lanes", "lanes, ", IR_LANES},
	{"lanes, two in front", "lanes, 2, ", 2 * IR_LANES},
};
enum { LAYOUTS = sizeof layouts / sizeof *layouts };

static JitTestRun made(Session *session, const Layout *y, int64_t n, const char *scalar, bool symbols,
                       const char **text) {
	const char *size = symbols ? "n" : arena_printf(session->arena, "%lld", (long long)n);
	*text = arena_printf(session->arena,
	                     "func @f%s(%%a: %s[%s%s]) -> (: int[%s%s]) { %%2: int[%s%s] = call order(%%a) return %%2 }",
	                     symbols ? "<n>" : "", scalar, y->front, size, y->front, size, y->front, size);
	JitTestRun run = {.module = ir_module_new(session), .awkward = true};
	run.func = jit_test_parse(run.module, *text);
	run.symbols[0] = n;
	return run;
}

/* Few different numbers, so that many are equal. */
static void prepare(JitTestRun *run, Arena *arena, uint64_t seed) {
	jit_test_prepare(run, arena, seed);
	for (int64_t i = 0; seed % 2 && i < ir_type_elements(run->args[0].type, NULL); i++)
		run->args[0].reals[i] = floor(run->args[0].reals[i] * 2);
	run->error = ir_evaluate(run->func, arena, run->args, run->want, NULL);
	cr_assert_null(run->error);
}

static bool stands_before(const double *a, int64_t i, int64_t j) {
	if (isnan(a[i]) || isnan(a[j]))
		return isnan(a[i]) ? isnan(a[j]) && i < j : true;
	return a[i] < a[j] || (a[i] == a[j] && i < j);
}

/* The place of an element is the number of those that stand before it. */
static void check_places(const JitTestRun *run, int64_t n, int64_t vectors) {
	for (int64_t v = 0; v < vectors; v++) {
		const double *a = run->args[0].reals + v * n;
		const int64_t *p = run->want[0].integers + v * n;
		for (int64_t i = 0; i < n; i++) {
			int64_t before = 0;
			for (int64_t j = 0; j < n; j++)
				before += stands_before(a, j, i);
			cr_assert_eq(p[before], i, "element %lld of %lld", (long long)i, (long long)n);
		}
	}
}

static void check(JitEngine *engine, const Layout *y, int64_t n, const char *scalar, bool symbols) {
	Session *session = session_new();
	const char *text;
	JitTestRun run = made(session, y, n, scalar, symbols, &text);
	prepare(&run, session->arena, (uint64_t)n);
	check_places(&run, n, y->vectors);
	text = arena_printf(session->arena, "%s, %lld: %s", y->name, (long long)n, text);
	jit_test_machine(engine, &run, session->arena, &(JitOptions){.strict = true}, 0, text);
	for (int own = 0; own < 2; own++)
		jit_test_machine(engine, &run, session->arena, &(JitOptions){.no_lapack = own}, 0, text);
	ir_module_free(run.module);
	session_free(session);
}

Test(order, machine_code_finds_the_places_that_counting_finds, .timeout = 300) {
	Session *session = session_new();
	const char *error = NULL;
	JitEngine *engine = jit_engine_new(session, &error);
	cr_assert_not_null(engine, "%s", error);
	for (int64_t n = 0; n <= 70; n++)
		check(engine, &layouts[0], n, n % 3 ? "f64" : "f32", n % 5 == 2);
	static const int64_t sizes[] = {0, 1, 2, 3, 5, 16, 17, 34, 127, 128, 300};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (int y = 0; y < LAYOUTS; y++)
			check(engine, &layouts[y], sizes[i], i % 2 ? "f64" : "f32", i % 4 == 3);
	jit_engine_free(engine);
	session_free(session);
}

Test(order, strict_c_agrees_with_the_evaluator, .timeout = 300) {
	static const int64_t sizes[] = {0, 1, 2, 5, 16, 23, 61};
	enum { SIZES = sizeof sizes / sizeof *sizes, RUNS = SIZES * LAYOUTS };
	Session *session = session_new();
	Arena *arena = session->arena;
	JitTestC c;
	JitTestRun runs[RUNS];
	const char *texts[RUNS];
	jit_test_c_begin(&c, arena);
	for (uint32_t i = 0; i < RUNS; i++) {
		runs[i] =
			made(session, &layouts[i % LAYOUTS], sizes[i / LAYOUTS], i % 2 ? "f32" : "f64", i % 3 == 0, &texts[i]);
		cr_assert_eq(jit_test_c_add(&c, &runs[i], true), i);
	}
	jit_test_c_compile(&c, GRADUS_TEST_CC, "-std=c99 -O2 -Wall -Wextra -Werror");
	for (uint32_t i = 0; i < RUNS; i++) {
		prepare(&runs[i], arena, i);
		jit_test_c_run(&c, i, &runs[i], arena, 0, "C", texts[i]);
		ir_module_free(runs[i].module);
	}
	dlclose(c.library);
	session_free(session);
}
