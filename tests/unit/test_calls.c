/* Calls (ir/core/calls.def): what they compute, against the equations that define it; machine code and C against the evaluator, of any
 * size, of one matrix, of many in front of one another, and of 16 problems of which some share a matrix; what is singular or not
 * positive is NaN. */
#include "jit_three_ways.h"

/* How the matrices of one case lie. */
typedef struct Layout {
	const char *name;
	const char *a, *b; /* what stands in front of the axes of A and of B */
	const char *loops; /* the same as indices of B; those of A */
	const char *loops_a;
	const char *at, *at_a;
} Layout;

static const Layout layouts[] = {
	{"one", "", "", "", "", "", ""},
	{"three in front", "3, ", "3, ", "q:3 ", "q:3 ", "q, ", "q, "},
	{"lanes", "lanes, ", "lanes, ", "l:lanes ", "l:lanes ", "l, ", "l, "},
	{"lanes share the matrix", "", "lanes, ", "l:lanes ", "", "l, ", ""},
	{"lanes, two in front", "lanes, 2, ", "lanes, 2, ", "l:lanes q:2 ", "l:lanes q:2 ", "l, q, ", "l, q, "},
};
enum { LAYOUTS = sizeof layouts / sizeof *layouts };

/* Everything of an n x n matrix and m right-hand sides. */
static const char *all_calls(Arena *arena, const Layout *y, const char *head, const char *n, const char *m,
                             const char *scalar, const char *diagonal) {
	const char *am = arena_printf(arena, ": %s[%s%s, %s]", scalar, y->a, n, n);
	const char *bm = arena_printf(arena, ": %s[%s%s, %s]", scalar, y->b, n, m);
	const char *pm = arena_printf(arena, ": int[%s%s]", y->a, n);
	size_t front = strlen(y->a);
	const char *sm = arena_printf(arena, ": %s[%.*s]", scalar, (int)(front ? front - 2 : 0), y->a);
	return arena_printf(
		arena,
		"func @f%s(%%X%s, %%B%s) -> (%s, %s, %s, %s, %s, %s, %s, %s, %s) {"
		"%%3%s = for %si:%s j:%s { where(eq(idx(i), idx(j)), add(%%X[%si, j], %s), %%X[%si, j]) } -> [%si, j]"
		"%%4%s = call cholesky(%%3)"
		"%%5%s, %%6%s, %%7%s = call lu(%%3)"
		"%%8%s = call solve_lower(%%4, %%B)"
		"%%9%s = call solve_lower_transposed(%%4, %%B)"
		"%%10%s = call lu_solve(%%3, %%5, %%6, %%B)"
		"%%11%s = call lu_solve_transposed(%%3, %%5, %%6, %%B)"
		"%%12%s = call cholesky_pull(%%4, %%X)"
		"return %%4, %%5, %%6, %%7, %%8, %%9, %%10, %%11, %%12 }",
		head, am, bm, am, am, pm, sm, bm, bm, bm, bm, am, am, y->loops_a, n, n, y->at_a, diagonal, y->at_a, y->at_a, am,
		am, pm, sm, bm, bm, bm, bm, am);
}

static const char *number(Arena *arena, int64_t value) {
	return arena_printf(arena, "%lld", (long long)value);
}

/* Diagonals that dominate keep all of it well conditioned; without them rows change places, and nothing is positive. */
static const char *diagonal(Arena *arena, int64_t n, bool dominates) {
	return dominates ? arena_printf(arena, "%lld.5", (long long)(2 * n + 1)) : "0.25";
}

/* ---- the equations ---- */

static double at(const IrTensor *t, int64_t i, int64_t j, int64_t cols) {
	return t->reals[i * cols + j];
}

static void expect_near(double got, double want, double scale, const char *what, int64_t n) {
	cr_expect(fabs(got - want) <= scale, "%s of size %lld: %.17g, not %.17g", what, (long long)n, got, want);
}

/* L L' = A and P A = L U; the systems are solved. */
static void check_equations(const JitTestRun *run, int64_t n, int64_t m, double unit) {
	const IrTensor *x = &run->args[0], *b = &run->args[1], *out = run->want;
	double *a = malloc(sizeof(double) * (size_t)(n * n + 1)), tolerance = unit * 64 * (double)(n + 1) * (double)(n + 1);
	for (int64_t i = 0; i < n; i++)
		for (int64_t j = 0; j < n; j++)
			a[i * n + j] = at(x, i, j, n) + (i == j ? 2 * (double)n + 1.5 : 0);
	double sign = 1;
	for (int64_t i = 0; i < n; i++)
		for (int64_t j = 0; j < n; j++) {
			double l = 0, lu = 0;
			for (int64_t k = 0; k <= (i < j ? i : j); k++) {
				l += at(&out[0], i, k, n) * at(&out[0], j, k, n);
				lu += (k == i ? 1 : at(&out[1], i, k, n)) * at(&out[1], k, j, n);
			}
			if (j <= i)
				expect_near(l, a[i * n + j], tolerance, "L L'", n);
			else
				cr_expect(at(&out[0], i, j, n) == 0);
			expect_near(lu, a[out[2].integers[i] * n + j], tolerance, "L U", n);
			sign *= j > i && out[2].integers[j] < out[2].integers[i] ? -1 : 1;
		}
	cr_expect(out[3].reals[0] == sign);
	for (int64_t i = 0; i < n; i++)
		for (int64_t j = 0; j < m; j++) {
			double sums[4] = {0};
			for (int64_t k = 0; k < n; k++) {
				sums[0] += at(&out[0], i, k, n) * at(&out[4], k, j, m);
				sums[1] += at(&out[0], k, i, n) * at(&out[5], k, j, m);
				sums[2] += a[i * n + k] * at(&out[6], k, j, m);
				sums[3] += a[k * n + i] * at(&out[7], k, j, m);
			}
			for (int s = 0; s < 4; s++)
				expect_near(sums[s], at(b, i, j, m), tolerance, "a system", n);
		}
	free(a);
}

static JitTestRun made(Session *session, const char *text) {
	JitTestRun run = {.module = ir_module_new(session)};
	run.func = jit_test_parse(run.module, text);
	return run;
}

Test(calls, values_satisfy_their_equations, .timeout = 240) {
	for (int64_t n = 0; n <= 70; n++) {
		for (int narrow = 0; narrow < 2; narrow++) {
			Session *session = session_new();
			Arena *arena = session->arena;
			int64_t m = n % 5;
			const char *text = all_calls(arena, &layouts[0], "", number(arena, n), number(arena, m),
			                             narrow ? "f32" : "f64", diagonal(arena, n, true));
			JitTestRun run = made(session, text);
			jit_test_prepare(&run, arena, (uint64_t)n);
			check_equations(&run, n, m, narrow ? 0x1p-24 : 0x1p-53);
			ir_module_free(run.module);
			session_free(session);
		}
	}
}

/* ---- machine code ---- */

static void check_machine(JitEngine *engine, const Layout *y, int64_t n, int64_t m, const char *scalar, bool symbols) {
	for (int dominates = 0; dominates < 2; dominates++) {
		Session *session = session_new();
		Arena *arena = session->arena;
		const char *text = all_calls(arena, y, symbols ? "<n, m>" : "", symbols ? "n" : number(arena, n),
		                             symbols ? "m" : number(arena, m), scalar, diagonal(arena, n, dominates));
		JitTestRun run = made(session, text);
		run.symbols[0] = n;
		run.symbols[1] = m;
		jit_test_prepare(&run, arena, (uint64_t)(n * 100 + m));
		text = arena_printf(arena, "%s, %lld x %lld %s", y->name, (long long)n, (long long)m, text);
		jit_test_machine(engine, &run, arena, &(JitOptions){.strict = true}, 0, text);
		for (int own = 0; own < 2 && dominates; own++)
			jit_test_machine(engine, &run, arena, &(JitOptions){.no_lapack = own}, 64, text);
		ir_module_free(run.module);
		session_free(session);
	}
}

Test(calls, machine_code_agrees_with_the_evaluator, .timeout = 300) {
	Session *session = session_new();
	const char *error = NULL;
	JitEngine *engine = jit_engine_new(session, &error);
	cr_assert_not_null(engine, "%s", error);
	static const int64_t columns[] = {1, 0, 16, 3, 5, 17, 20, 33, 2, 1, 7};
	for (int64_t n = 0; n <= 70; n++)
		check_machine(engine, &layouts[0], n, columns[n % 11], n % 2 ? "f32" : "f64", n % 7 == 3);
	static const int64_t sizes[] = {0, 1, 2, 3, 5, 8, 16, 17, 34};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (int y = 1; y < LAYOUTS; y++)
			check_machine(engine, &layouts[y], sizes[i], columns[i], i % 2 ? "f64" : "f32", i % 4 == 3);
	jit_engine_free(engine);
	session_free(session);
}

/* ---- emitted C ---- */

Test(calls, strict_c_agrees_with_the_evaluator, .timeout = 300) {
	static const int64_t sizes[] = {0, 1, 2, 5, 16, 23};
	enum { SIZES = sizeof sizes / sizeof *sizes };
	Session *session = session_new();
	Arena *arena = session->arena;
	JitTestC c;
	JitTestRun runs[SIZES * LAYOUTS];
	jit_test_c_begin(&c, arena);
	for (uint32_t i = 0; i < SIZES * LAYOUTS; i++) {
		int64_t n = sizes[i / LAYOUTS], m = (int64_t)i % 4 * 6;
		bool symbols = i % 3 == 0;
		runs[i] = made(session, all_calls(arena, &layouts[i % LAYOUTS], symbols ? "<n, m>" : "",
		                                  symbols ? "n" : number(arena, n), symbols ? "m" : number(arena, m),
		                                  i % 2 ? "f32" : "f64", diagonal(arena, n, i % 2)));
		runs[i].symbols[0] = n;
		runs[i].symbols[1] = m;
		cr_assert_eq(jit_test_c_add(&c, &runs[i], true), i);
	}
	jit_test_c_compile(&c, GRADUS_TEST_CC, "-std=c99 -O2");
	for (uint32_t i = 0; i < SIZES * LAYOUTS; i++) {
		jit_test_prepare(&runs[i], arena, i * 7919);
		jit_test_c_run(&c, i, &runs[i], arena, 0, "C", layouts[i % LAYOUTS].name);
		ir_module_free(runs[i].module);
	}
	dlclose(c.library);
	session_free(session);
}

/* ---- singular, not positive ---- */

/* A of zeros, or with one row twice, or with NaN: values are NaN and nothing fails. */
Test(calls, what_has_no_answer_is_nan) {
	Session *session = session_new();
	Arena *arena = session->arena;
	const char *error = NULL;
	JitEngine *engine = jit_engine_new(session, &error);
	cr_assert_not_null(engine, "%s", error);
	for (int64_t n = 1; n < 20; n++) {
		for (int kind = 0; kind < 3; kind++) {
			const char *text = all_calls(arena, &layouts[0], "", number(arena, n), "2", "f64", "0");
			JitTestRun run = made(session, text);
			jit_test_prepare(&run, arena, (uint64_t)n);
			for (int64_t i = 0; i < n * n; i++)
				if (kind == 0)
					run.args[0].reals[i] = 0;
				else if (kind == 1)
					run.args[0].reals[i] = 1; /* of rank 1 */
				else if (i == n * n - 1)
					run.args[0].reals[i] = (double)NAN;
			run.error = ir_evaluate(run.func, arena, run.args, run.want, NULL);
			cr_assert_null(run.error);
			bool singular = kind != 1 || n > 1;
			if (singular)
				cr_expect(isnan(run.want[0].reals[n * n - 1]) && isnan(run.want[6].reals[0]), "%d, size %lld", kind,
				          (long long)n);
			if (kind == 0)
				cr_expect(run.want[1].reals[n * n - 1] == 0, "the determinant of zeros is 0");
			jit_test_machine(engine, &run, arena, &(JitOptions){.strict = true}, 0, text);
			jit_test_machine(engine, &run, arena, &(JitOptions){.no_lapack = true}, 64, text);
			ir_module_free(run.module);
		}
	}
	jit_engine_free(engine);
	session_free(session);
}
