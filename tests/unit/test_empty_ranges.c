/* Ranges of reductions that hold nothing, or less, for some sizes: `sum[k in 1..n](...)` where n is 1, and in turns of loops. Values
 * against a loop in C, gradients against differences of that; machine code and C against the evaluator. */
#include "autodiff/autodiff.h"
#include "jit_three_ways.h"
#include "lower_instances.h"

enum { MOST = 17 };

typedef double Form(const double *x, int n);

static double products(const double *x, int n) {
	double sum = 0;
	for (int k = 1; k < n; k++)
		sum += x[k] * x[k - 1];
	return sum;
}

static double far_apart(const double *x, int n) {
	double sum = 0;
	for (int i = 0; i < n - 3; i++)
		sum += (x[i + 3] - x[i]) * (x[i + 3] - x[i]);
	return sum;
}

static double product_of_rest(const double *x, int n) {
	double prod = 1;
	for (int k = 2; k < n; k++)
		prod *= x[k];
	return 3 * prod;
}

static double any_and_all(const double *x, int n) {
	bool any = false, all = true;
	for (int k = 1; k < n; k++) {
		any = any || x[k] > 1;
		all = all && x[k] > 1;
	}
	return x[0] * (any ? 10 : 1) * (all ? 100 : 1);
}

static double pairs(const double *x, int n) {
	double sum = 0;
	for (int i = 0; i < n; i++)
		for (int j = i + 1; j < n; j++)
			sum += x[i] * x[j] * x[j];
	return sum;
}

static double solved(const double *x, int n) {
	double y[MOST], sum = 0;
	for (int i = 0; i < n; i++) {
		y[i] = 1;
		for (int j = 0; j < i; j++)
			y[i] -= x[i] * y[j] / (1 + i + j);
		y[i] /= 1 + x[i];
		sum += y[i] * y[i];
	}
	return sum;
}

static double gathered(const double *x, int n) {
	double sum = 0;
	for (int k = 1; k < n; k++)
		sum += x[(k * 5) % n] * sin(x[k]);
	return sum;
}

static double of_rows(const double *x, int n) {
	double sum = 0;
	for (int k = 1; k < n; k++)
		sum += (x[k] + 2 * x[k] * x[k]) * x[k - 1];
	return sum + x[0];
}

/* Bodies of an objective with `param x : [n]`, which say what `s` is. */
static const struct {
	const char *name, *text;
	Form *form;
} forms[] = {
	{"from 1 on", "let s = sum[k in 1..n](x[k] * x[k - 1])", products},
	{"a length", "let s = sum[k in n - 1](x[k + 1] * x[k])", products},
	{"a length below 0", "let s = sum[i in n - 3]((x[i + 3] - x[i])^2)", far_apart},
	{"an end below its start", "let s = sum[i in 3..n]((x[i] - x[i - 3])^2)", far_apart},
	{"a product", "let s = 3 * prod[k in 2..n](x[k])", product_of_rest},
	{"any and all",
     "let s = x[0] * (if any[k in 1..n](x[k] > 1) then 10 else 1) * (if all[k in 1..n](x[k] > 1) then 100 else 1)",
     any_and_all},
	{"beside another index", "let s = sum[k in 1..n, c in 2](if c == 0 then x[k] * x[k - 1] else 0)", products},
	{"within another", "let s = sum[c in 1](sum[k in 1..n](x[k] * x[k + c - 1]))", products},
	{"with a condition", "let s = sum[k in 1..n, x[k] > -9](x[k] * x[k - 1])", products},
	{"in a function", "let s = chain(x)", products},
	{"turns of a loop", "var s = 0\n for i in 0..n {\n s <- s + sum[j in i + 1..n](x[i] * x[j]^2)\n }", pairs},
	{"a triangular system",
     "var y : [n] = 0\n for i in 0..n {\n y[i] <- (1 - sum[j in 0..i](x[i] * y[j] / (1 + i + j))) / (1 + x[i])\n }\n"
     " let s = sum(y^2)",
     solved},
	{"a gather", "let at[k in n] = (5 * k) % n\n let s = sum[k in 1..n](x[at[k]] * sin(x[k]))", gathered},
	{"terms that are arrays", "let terms = sum[k in 1..n](x[k - 1] * [x[k], 2 * x[k]^2])\n let s = sum(terms) + x[0]",
     of_rows},
	{"whole numbers", "let s = sum[k in 1..n](k) - n * (n - 1) / 2 + sum[k in 1..n](x[k] * x[k - 1])", products},
	{"what is computed once",
     "let s = sum[k in 1..n](softmax(x)[k] * exp(logsumexp[j](x[j]) - x[k]) * x[k] * x[k - 1])", products},
};
enum { FORMS = sizeof forms / sizeof *forms };

static const char *program_text(Arena *arena, int form, int n) {
	return arena_printf(arena,
	                    "fn chain(a) = sum[k in 1..size(a)](a[k] * a[k - 1])\n"
	                    "objective o(n = %d) {\n param x : [n] = 1\n %s\n minimize s + 0 * sum(x)\n}",
	                    n, forms[form].text);
}

static double slope(Form *form, double *x, int n, int k) {
	const double h = 1e-5, at = x[k];
	x[k] = at + h;
	double above = form(x, n);
	x[k] = at - h;
	double below = form(x, n);
	x[k] = at;
	return (above - below) / (2 * h);
}

static IrFunc *gradient_of(Lower *l, const IrFunc *value) {
	return ad_gradient(l->module, value, "gradient", 0, NULL, true, false);
}

static void check_form(int form, int n) {
	Arena *arena = arena_new();
	Lower l = lower_new(program_text(arena, form, n));
	FeObjective *o = lower_objective(&l, "o");
	uint64_t seed = (uint64_t)(form * 100 + n);
	double x[MOST];
	for (int k = 0; k < n; k++)
		x[k] = 0.3 + 1.5 * (double)(jit_test_random(&seed) >> 11) * 0x1p-53;
	IrTensor at = lower_vector(&l, x, n), results[4];
	lower_run(&l, gradient_of(&l, o->value), &at, results);
	const char *what = arena_printf(arena, "%s, n = %d", forms[form].name, n);
	lower_close(results[0].reals[0], forms[form].form(x, n), 1e-12, what);
	for (int k = 0; k < n; k++)
		lower_close(results[1].reals[k], slope(forms[form].form, x, n, k), 1e-6, what);
	lower_free(&l);
	arena_free(arena);
}

static const int sizes[] = {1, 2, 3, 4, 7, MOST};
enum { SIZES = sizeof sizes / sizeof *sizes };

Test(empty_ranges, values_and_gradients_are_those_of_a_loop, .timeout = 300) {
	for (int form = 0; form < FORMS; form++)
		for (int i = 0; i < SIZES; i++)
			check_form(form, sizes[i]);
}

static JitTestRun gradient_run(Lower *l, IrScalar real) {
	FeCall call;
	cr_assert(fe_call_text(l->program, "o", AST_OBJECTIVE, &call));
	FeObjective *o = fe_objective(l->program, l->module, &call, real);
	lower_no_errors(l);
	return (JitTestRun){.module = l->module, .func = gradient_of(l, o->value)};
}

Test(empty_ranges, machine_code_and_c_agree_with_the_evaluator, .timeout = 300) {
	Session *session = session_new();
	const char *error = NULL;
	JitEngine *engine = jit_engine_new(session, &error);
	cr_assert_not_null(engine, "%s", error);
	Arena *arena = arena_new();
	Lower programs[2 * FORMS];
	JitTestRun runs[2 * FORMS];
	JitTestC c;
	jit_test_c_begin(&c, arena);
	for (int k = 0; k < 2 * FORMS; k++) {
		programs[k] = lower_new(program_text(arena, k / 2, k % 2 ? 2 : 1));
		runs[k] = gradient_run(&programs[k], k / 2 % 2 ? IR_F32 : IR_F64);
		jit_test_prepare(&runs[k], arena, (uint64_t)k);
		jit_test_machine(engine, &runs[k], arena, &(JitOptions){.strict = true}, 0, forms[k / 2].name);
		cr_assert_eq(jit_test_c_add(&c, &runs[k], true), (uint32_t)k);
	}
	jit_test_c_compile(&c, GRADUS_TEST_CC, "-std=c99 -O2 -Wall -Wextra -Werror");
	for (int k = 0; k < 2 * FORMS; k++) {
		jit_test_c_run(&c, (uint32_t)k, &runs[k], arena, 0, "C", forms[k / 2].name);
		lower_free(&programs[k]);
	}
	dlclose(c.library);
	jit_engine_free(engine);
	session_free(session);
	arena_free(arena);
}

/* What has no value over nothing, and ranges that hold nothing for any size, are errors. */
Test(empty_ranges, are_errors_elsewhere) {
	static const struct {
		const char *body;
		int code;
	} cases[] = {
		{"sum[k in 1..1](x[k])", 226},        {"sum[k in 2..-1](x[k])", 226},     {"sum[k in 0](x[k])", 213},
		{"mean[k in 1..n](x[k])", 226},       {"max[k in 1..n](x[k])", 226},      {"min[k in n - 1](x[k])", 213},
		{"logsumexp[k in 1..n](x[k])", 226},  {"variance[k in 1..n](x[k])", 226}, {"std[k in 1..n](x[k])", 226},
		{"median[k in 1..n](x[k])", 226},     {"argmax[k in 1..n](x[k])", 226},   {"argmin[k in 1..n](x[k])", 226},
		{"sum[k](x[k + 1] - x[k + 0])", 226},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Arena *arena = arena_new();
		const char *text =
			arena_printf(arena, "objective o(n = 1) {\n param x : [n] = 1\n minimize %s\n}", cases[i].body);
		Lower l = lower_new(text);
		FeCall call;
		cr_assert(fe_call_text(l.program, "o", AST_OBJECTIVE, &call));
		cr_expect_null(fe_objective(l.program, l.module, &call, IR_F64), "%s", cases[i].body);
		cr_expect(l.session->diags.count == 1 && l.session->diags.data[0]->code == cases[i].code, "%s: %d",
		          cases[i].body, l.session->diags.count ? l.session->diags.data[0]->code : 0);
		lower_free(&l);
		arena_free(arena);
	}
}
