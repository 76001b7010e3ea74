/* Assignments at positions that are values: `s[target[e]] <- s[target[e]] + x[e]` and the other forms, against a loop in C; gradients
 * against differences of that; machine code and C against the evaluator; in lanes. */
#include "autodiff/autodiff.h"
#include "jit_three_ways.h"
#include "lower_instances.h"

enum { MOST = 40 };

/* What one assignment makes of s[0 .. n - 1], from x[0 .. m - 1] and where each goes. */
typedef void Assign(double *s, const double *x, const int *target, int n, int m);

/* becomes: assign_add, ... */
#define ONE_BY_ONE(name, expression)                                                                                   \
	static void assign_##name(double *s, const double *x, const int *target, int n, int m) {                           \
		(void)n;                                                                                                       \
		for (int e = 0; e < m; e++) {                                                                                  \
			double old = s[target[e]], a = x[e];                                                                       \
			(void)old;                                                                                                 \
			s[target[e]] = (expression);                                                                               \
		}                                                                                                              \
	}
ONE_BY_ONE(add, old + a)
ONE_BY_ONE(terms, old + 2 * a - a * a)
ONE_BY_ONE(subtract, old - a)
ONE_BY_ONE(multiply, old *a)
ONE_BY_ONE(largest, old > a ? old : a)
ONE_BY_ONE(smallest, old < a ? old : a)
ONE_BY_ONE(last, a)
ONE_BY_ONE(last_of_product, a *(e + 1))

/* The array as it was is read, whatever was put there before. */
static void assign_old(double *s, const double *x, const int *target, int n, int m) {
	double was[MOST];
	memcpy(was, s, sizeof *s * (size_t)n);
	for (int e = 0; e < m; e++)
		s[target[e]] += x[e] * was[0];
}

static const struct {
	const char *name, *text; /* var s : [n], param x : [m], const target : int[m] */
	Assign *assign;
} forms[] = {
	{"add", "s[target[e]] <- s[target[e]] + x[e]", assign_add},
	{"add on the left", "s[target[e]] <- x[e] + s[target[e]]", assign_add},
	{"terms", "s[target[e]] <- 2 * x[e] + s[target[e]] - x[e]^2", assign_terms},
	{"subtract", "s[target[e]] <- s[target[e]] - x[e]", assign_subtract},
	{"multiply", "s[target[e]] <- s[target[e]] * x[e]", assign_multiply},
	{"max", "s[target[e]] <- max(s[target[e]], x[e])", assign_largest},
	{"min", "s[target[e]] <- min(x[e], s[target[e]])", assign_smallest},
	{"last", "s[target[e]] <- x[e]", assign_last},
	{"last of a product", "s[target[e]] <- x[e] * (e + 1)", assign_last_of_product},
	{"old", "s[target[e]] <- s[target[e]] + x[e] * s[0]", assign_old},
	{"in a loop", "for e in 0..m {\n s[target[e]] <- s[target[e]] + x[e]\n }", assign_add},
	{"by a function", "s <- scattered(s, x)", assign_add},
	{"rows",
     "var rows : [n, 3] = 0.5\n rows[target[e]] <- rows[target[e]] + x[e] * [1, 2, 3]\n s <- (rows[:, 2] - 0.5) / 3 + "
     "0.5",
     assign_add},
	{"two indices",
     "var table : [3, n] = 0.5\n table[k, target[e]] <- table[k, target[e]] + x[e] * (k + 1)\n s <- table[0]",
     assign_add},
	{"last row", "var rows : [n, 2] = 0.5\n rows[target[e], 1..2] <- [x[e]]\n s <- rows[:, 1]", assign_last},
	{"an affine position",
     "var wide : [2 * n + 1] = 0.5\n wide[2 * target[e] + 1] <- wide[2 * target[e] + 1] + x[e]\n"
     " s[i] <- wide[2 * i + 1]",
     assign_add},
};
enum { FORMS = sizeof forms / sizeof *forms };

static int target_of(int e, int n) {
	return (e * 7 + e * e / 3) % n;
}

static const char *program_text(Arena *arena, int form, int n, int m) {
	Text text = text_new(arena);
	text_printf(&text, "const target : int[%d] = [", m);
	for (int e = 0; e < m; e++)
		text_printf(&text, "%s%d", e ? ", " : "", target_of(e, n));
	text_printf(&text,
	            "]\nfn scattered(a, x) {\n var s = a\n s[target[e]] <- s[target[e]] + x[e]\n return s\n}\n"
	            "objective o(n = %d, m = %d) {\n param x : [m] = 1\n var s : [n] = 0.5\n %s\n"
	            " minimize sum[i](cos(i + 1) * s[i]) + 0 * sum(x)\n}",
	            n, m, forms[form].text);
	return text_cstr(&text);
}

static double expected(int form, const double *x, int n, int m) {
	double s[MOST], total = 0;
	int target[MOST];
	for (int i = 0; i < n; i++)
		s[i] = 0.5;
	for (int e = 0; e < m; e++)
		target[e] = target_of(e, n);
	forms[form].assign(s, x, target, n, m);
	for (int i = 0; i < n; i++)
		total += cos(i + 1) * s[i];
	return total;
}

static double slope(int form, double *x, int n, int m, int e) {
	const double h = 1e-5, at = x[e];
	x[e] = at + h;
	double above = expected(form, x, n, m);
	x[e] = at - h;
	double below = expected(form, x, n, m);
	x[e] = at;
	return (above - below) / (2 * h);
}

static IrFunc *gradient_of(Lower *l, const IrFunc *value) {
	return ad_gradient(l->module, value, "gradient", 0, NULL, true, false);
}

static void check_form(int form, int n, int m) {
	Arena *arena = arena_new();
	Lower l = lower_new(program_text(arena, form, n, m));
	FeObjective *o = lower_objective(&l, "o");
	uint64_t seed = (uint64_t)(form * 10000 + n * 100 + m);
	double x[MOST];
	for (int e = 0; e < m; e++)
		x[e] = 0.2 + 1.5 * (double)(jit_test_random(&seed) >> 11) * 0x1p-53;
	IrTensor at = lower_vector(&l, x, m), results[4];
	lower_run(&l, gradient_of(&l, o->value), &at, results);
	const char *what = arena_printf(arena, "%s of %d into %d", forms[form].name, m, n);
	lower_close(results[0].reals[0], expected(form, x, n, m), 1e-13, what);
	for (int e = 0; e < m; e++)
		lower_close(results[1].reals[e], slope(form, x, n, m, e), 1e-6, what);
	lower_free(&l);
	arena_free(arena);
}

Test(scatter, values_and_gradients_are_those_of_a_loop, .timeout = 300) {
	for (int form = 0; form < FORMS; form++)
		for (int m = 1; m <= MOST; m += m < 10 ? 1 : 7)
			for (int n = 1; n <= 9; n += 2)
				check_form(form, n, m);
}

static JitTestRun gradient_run(Lower *l, IrScalar real) {
	FeCall call;
	cr_assert(fe_call_text(l->program, "o", AST_OBJECTIVE, &call));
	FeObjective *o = fe_objective(l->program, l->module, &call, real);
	lower_no_errors(l);
	return (JitTestRun){.module = l->module, .func = gradient_of(l, o->value)};
}

/* x alone in lanes: the positions are the same for all problems. */
static void check_lanes(JitEngine *engine, const IrFunc *func, IrModule *module, Arena *arena, const char *what) {
	bool lanes[] = {true};
	JitTestRun run = {.module = module, .func = ad_batch(module, func, "batched", lanes, NULL)};
	jit_test_prepare(&run, arena, 5);
	jit_test_machine(engine, &run, arena, &(JitOptions){.strict = true}, 0, what);
}

Test(scatter, machine_code_agrees_with_the_evaluator, .timeout = 300) {
	static const int sizes[][2] = {{1, 1}, {3, 2}, {2, 16}, {5, 17}, {9, 33}};
	Session *session = session_new();
	const char *error = NULL;
	JitEngine *engine = jit_engine_new(session, &error);
	cr_assert_not_null(engine, "%s", error);
	for (int form = 0; form < FORMS; form++)
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
			Arena *arena = arena_new();
			Lower l = lower_new(program_text(arena, form, sizes[i][0], sizes[i][1]));
			JitTestRun run = gradient_run(&l, (i + (size_t)form) % 2 ? IR_F32 : IR_F64);
			jit_test_prepare(&run, arena, (uint64_t)form * 64 + i);
			jit_test_machine(engine, &run, arena, &(JitOptions){.strict = true}, 0, forms[form].name);
			check_lanes(engine, run.func, l.module, arena, forms[form].name);
			lower_free(&l);
			arena_free(arena);
		}
	jit_engine_free(engine);
	session_free(session);
}

Test(scatter, strict_c_agrees_with_the_evaluator, .timeout = 300) {
	Arena *arena = arena_new();
	Lower programs[FORMS];
	JitTestRun runs[FORMS];
	JitTestC c;
	jit_test_c_begin(&c, arena);
	for (int form = 0; form < FORMS; form++) {
		programs[form] = lower_new(program_text(arena, form, 3, 11));
		runs[form] = gradient_run(&programs[form], form % 2 ? IR_F32 : IR_F64);
		cr_assert_eq(jit_test_c_add(&c, &runs[form], true), (uint32_t)form);
	}
	jit_test_c_compile(&c, GRADUS_TEST_CC, "-std=c99 -O2 -Wall -Wextra -Werror");
	for (int form = 0; form < FORMS; form++) {
		jit_test_prepare(&runs[form], arena, (uint64_t)form);
		jit_test_c_run(&c, (uint32_t)form, &runs[form], arena, 0, "C", forms[form].name);
		lower_free(&programs[form]);
	}
	dlclose(c.library);
	arena_free(arena);
}

/* ---- whole numbers, truth values, positions that only a run knows ---- */

static const struct {
	const char *body;
	double expected; /* NaN: no number */
} cases[] = {
	{"var count : int[3] = 0\n count[bins[e]] <- count[bins[e]] + 1\n minimize count[0] + 10 * count[1] + 100 * "
     "count[2] + x",
     3 + 10},
	{"var total : int[3] = 1\n total[bins[e]] <- total[bins[e]] * (e + 2)\n minimize total[0] + 100 * total[1] + x",
     2 * 4 * 5 + 300},
	{"var big : int[3] = 2305843009213693951\n big[bins[e]] <- big[bins[e]] + 2^40\n minimize big[0] + x", NAN},
	{"var most : int[3] = 0\n most[bins[e]] <- max(most[bins[e]], e)\n minimize most[0] + 10 * most[1] + x", 3 + 10},
	{"var seen : bool[3] = false\n seen[bins[e]] <- e < 3\n minimize sum[i](if seen[i] then 10^i else 0) + x", 10},
	{"var h : [2, 2] = 0\n h[bins[e], bins[f]] <- h[bins[e], bins[f]] + 1\n minimize h[0, 0] + 10 * h[0, 1] + 100 * "
     "h[1, 1] + x",
     9 + 30 + 100},
	{"var h : [3] = 0\n h[bins[e]] <- e + 1\n minimize h[0] + 10 * h[1] + x", 4 + 20},
	{"var h : [2, 3] = 0\n h[bins[e], bins[f]] <- 10 * e + f\n minimize h[0, 0] + 100 * h[1, 0] + x", 33 + 1300},
	{"var h : [5] = 0\n h[k + 1] <- ones(4)[k] * k\n minimize h[0] + 10 * h[1] + 100 * h[2] + 1000 * h[4] + x",
     100 + 3000},
};

static const char *case_text(Arena *arena, const char *body) {
	return arena_printf(arena,
	                    "const bins : int[4] = [0, 1, 0, 0]\n"
	                    "objective o() {\n param x = 0\n %s\n}",
	                    body);
}

Test(scatter, whole_numbers_and_truth_values) {
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Arena *arena = arena_new();
		Lower l = lower_new(case_text(arena, cases[i].body));
		FeObjective *o = lower_objective(&l, "o");
		IrTensor x = lower_vector(&l, (double[]){0}, 1), results[4];
		lower_run(&l, o->value, &x, results);
		double found = results[0].reals[0];
		cr_expect(isnan(cases[i].expected) ? isnan(found) : found == cases[i].expected, "%s: %.17g, not %g",
		          cases[i].body, found, cases[i].expected);
		lower_free(&l);
		arena_free(arena);
	}
}
