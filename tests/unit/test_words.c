/* Words of whole arrays and of elements (sort, softmax, variance, round and their like): values against plain C, gradients against
 * differences of that, at sizes 1 to 70; machine code and C against the evaluator, in both precisions. */
#include "autodiff/autodiff.h"
#include "jit_three_ways.h"
#include "lower_instances.h"

#include <float.h>

enum { MOST = 70 };

typedef double Oracle(const double *x, int n);

static double weight(int i) {
	return cos(i + 1);
}

static double weighted(const double *y, int n) {
	double total = 0;
	for (int i = 0; i < n; i++)
		total += weight(i) * y[i];
	return total;
}

static int ascending(const void *a, const void *b) {
	double p = *(const double *)a, q = *(const double *)b;
	return (p > q) - (p < q);
}

static void in_order(const double *x, int n, double *out) {
	memcpy(out, x, sizeof *x * (size_t)n);
	qsort(out, (size_t)n, sizeof *out, ascending);
}

static double of_sort(const double *x, int n) {
	double y[MOST];
	in_order(x, n, y);
	return weighted(y, n);
}

static double of_argsort(const double *x, int n) {
	double y[MOST], total = 0;
	in_order(x, n, y);
	for (int i = 0; i < n; i++)
		for (int k = 0; k < n; k++)
			if (x[k] == y[i])
				total += weight(i) * k * x[0];
	return total;
}

static double of_median(const double *x, int n) {
	double y[MOST];
	in_order(x, n, y);
	return n % 2 ? y[n / 2] : (y[n / 2 - 1] + y[n / 2]) / 2;
}

/* Of every other element. */
static double of_some(const double *x, int n) {
	double y[MOST];
	int count = 0;
	for (int i = 0; i < n; i += 2)
		y[count++] = x[i];
	return of_median(y, count);
}

static double of_quantile(const double *x, int n) {
	double y[MOST], h = 0.3 * (n - 1), part = h - floor(h);
	int low = (int)h;
	in_order(x, n, y);
	return low + 1 < n ? y[low] * (1 - part) + y[low + 1] * part : y[low];
}

static double of_quantiles(const double *x, int n) {
	double y[MOST];
	in_order(x, n, y);
	return y[0] + 2 * of_median(x, n) - 3 * y[n - 1];
}

static double mean(const double *x, int n) {
	double total = 0;
	for (int i = 0; i < n; i++)
		total += x[i];
	return total / n;
}

static double of_variance(const double *x, int n) {
	double total = 0, m = mean(x, n);
	for (int i = 0; i < n; i++)
		total += (x[i] - m) * (x[i] - m) / n;
	return total;
}

static double of_std(const double *x, int n) {
	return sqrt(of_variance(x, n));
}

static double sum_exp(const double *x, int n) {
	double total = 0;
	for (int i = 0; i < n; i++)
		total += exp(x[i]);
	return total;
}

static double of_softmax(const double *x, int n) {
	double total = 0;
	for (int i = 0; i < n; i++)
		total += weight(i) * exp(x[i]) / sum_exp(x, n);
	return total;
}

static double of_log_softmax(const double *x, int n) {
	double total = 0;
	for (int i = 0; i < n; i++)
		total += weight(i) * (x[i] - log(sum_exp(x, n)));
	return total;
}

static double of_cumprod(const double *x, int n) {
	double total = 0, product = 1;
	for (int i = 0; i < n; i++)
		total += weight(i) * (product *= x[i]);
	return total;
}

static double of_linspace(const double *x, int n) {
	double total = 0;
	for (int i = 0; i < n; i++)
		total += weight(i) * (x[0] + (n > 1 ? (x[n - 1] * x[0] - x[0]) * i / (n - 1) : 0));
	return total;
}

/* becomes: of_ceil, ... which adds up what an expression of a (and of b, the element at the other end) gives */
#define EACH(name, expression)                                                                                         \
	static double of_##name(const double *x, int n) {                                                                  \
		double total = 0;                                                                                              \
		for (int i = 0; i < n; i++) {                                                                                  \
			double a = x[i], b = x[n - 1 - i];                                                                         \
			(void)b;                                                                                                   \
			total += weight(i) * (expression);                                                                         \
		}                                                                                                              \
		return total;                                                                                                  \
	}
EACH(ceil, ceil(a))
EACH(trunc, trunc(a))
EACH(round, nearbyint(a))
EACH(silu, a / (1 + exp(-a)))
EACH(log_sigmoid, -log(1 + exp(-a)))
EACH(hypot, hypot(a, b))
EACH(logaddexp, log(exp(a) + exp(b)))
EACH(xlogy, a *log(b))
EACH(isnan, isnan(a) ? 1.0 : 0.0)
EACH(isfinite, isfinite(a) ? a : 0)

static const struct {
	const char *name, *text; /* x: [n] */
	Oracle *oracle;
	double low, high;
} words[] = {
	{"sort", "let y = sort(x)\n minimize sum[i](cos(i + 1) * y[i])", of_sort, -2, 2},
	{"argsort", "let p = argsort(x)\n minimize sum[i](cos(i + 1) * p[i] * x[0])", of_argsort, -2, 2},
	{"median", "minimize median(x)", of_median, -2, 2},
	{"median[i]", "minimize median[i](x[i])", of_median, -2, 2},
	{"median of some", "minimize median[i, i % 2 == 0](x[i])", of_some, -2, 2},
	{"quantile", "minimize quantile(x, 0.3)", of_quantile, -2, 2},
	{"quantiles", "minimize quantile(x, 0) + 2 * quantile(x, 0.5) - 3 * quantile(x, 1)", of_quantiles, -2, 2},
	{"variance", "minimize variance(x)", of_variance, -2, 2},
	{"variance[i]", "minimize variance[i](x[i])", of_variance, -2, 2},
	{"std", "minimize std(x)", of_std, -2, 2},
	{"softmax", "let y = softmax(x)\n minimize sum[i](cos(i + 1) * y[i])", of_softmax, -2, 2},
	{"log_softmax", "let y = log_softmax(x)\n minimize sum[i](cos(i + 1) * y[i])", of_log_softmax, -2, 2},
	{"cumprod", "let y = cumprod(x)\n minimize sum[i](cos(i + 1) * y[i])", of_cumprod, 0.5, 1.5},
	{"linspace", "let y = linspace(x[0], x[n - 1] * x[0], n)\n minimize sum[i](cos(i + 1) * y[i])", of_linspace, -2, 2},
	{"ceil", "minimize sum[i](cos(i + 1) * ceil(x[i]))", of_ceil, -2, 2},
	{"trunc", "minimize sum[i](cos(i + 1) * trunc(x[i]))", of_trunc, -2, 2},
	{"round", "minimize sum[i](cos(i + 1) * round(x[i]))", of_round, -2, 2},
	{"silu", "minimize sum[i](cos(i + 1) * silu(x[i]))", of_silu, -2, 2},
	{"log_sigmoid", "minimize sum[i](cos(i + 1) * log_sigmoid(x[i]))", of_log_sigmoid, -2, 2},
	{"hypot", "minimize sum[i in n](cos(i + 1) * hypot(x[i], x[n - 1 - i]))", of_hypot, 0.1, 2},
	{"logaddexp", "minimize sum[i in n](cos(i + 1) * logaddexp(x[i], x[n - 1 - i]))", of_logaddexp, -2, 2},
	{"xlogy", "minimize sum[i in n](cos(i + 1) * xlogy(x[i], x[n - 1 - i]))", of_xlogy, 0.1, 2},
	{"isnan", "minimize sum[i](cos(i + 1) * (if isnan(x[i]) then 1 else 0)) + 0 * sum(x)", of_isnan, -2, 2},
	{"isfinite", "minimize sum[i](cos(i + 1) * (if isfinite(x[i]) then x[i] else 0))", of_isfinite, -2, 2},
};
enum { WORDS = sizeof words / sizeof *words };

static Lower program(Arena *arena, int word, int n) {
	return lower_new(arena_printf(arena, "objective o(n = %d) {\n param x : [n] = 1\n %s\n}", n, words[word].text));
}

static IrFunc *gradient_of(Lower *l, const IrFunc *value) {
	return ad_gradient(l->module, value, "gradient", 0, NULL, true, false);
}

static double uniform(uint64_t *state, double low, double high) {
	return low + (high - low) * (double)(jit_test_random(state) >> 11) * 0x1p-53;
}

static double difference(Oracle *oracle, double *x, int n, int i) {
	const double h = 1e-4, at = x[i];
	double f[4];
	for (int k = 0; k < 4; k++) {
		x[i] = at + h * (k < 2 ? k - 2 : k - 1);
		f[k] = oracle(x, n);
	}
	x[i] = at;
	return (8 * (f[2] - f[1]) - (f[3] - f[0])) / (12 * h);
}

static void check_word(int word, int n) {
	Arena *arena = arena_new();
	Lower l = program(arena, word, n);
	FeObjective *o = lower_objective(&l, "o");
	uint64_t seed = (uint64_t)(1000 * word + n);
	double x[MOST];
	for (int i = 0; i < n; i++)
		x[i] = uniform(&seed, words[word].low, words[word].high);
	IrTensor at = lower_vector(&l, x, n), results[4];
	lower_run(&l, gradient_of(&l, o->value), &at, results);
	const char *what = arena_printf(arena, "%s of %d", words[word].name, n);
	lower_close(results[0].reals[0], words[word].oracle(x, n), 1e-13 * (n + 8), what);
	for (int i = 0; i < n; i++) {
		/* An average, a median and extremes have kinks where two elements are closer than a difference reaches. */
		double found = results[1].reals[i], expected = difference(words[word].oracle, x, n, i);
		bool close = fabs(found - expected) <= 1e-6 * (1 + fabs(expected));
		bool kink = false;
		for (int k = 0; k < n && strchr("samqctr", words[word].name[0]); k++)
			kink = kink || (k != i && fabs(x[i] - x[k]) < 4e-4) || fabs(x[i] * 2 - nearbyint(x[i] * 2)) < 1e-3;
		cr_expect(close || kink, "%s: derivative %d is %.12g, the difference %.12g", what, i, found, expected);
	}
	lower_free(&l);
	arena_free(arena);
}

Test(words, values_and_gradients_are_those_of_plain_c, .timeout = 300) {
	for (int word = 0; word < WORDS; word++)
		for (int n = 1; n <= MOST; n++)
			check_word(word, n);
}

/* ---- code ---- */

static JitTestRun gradient_run(Lower *l, IrScalar real) {
	FeCall call;
	cr_assert(fe_call_text(l->program, "o", AST_OBJECTIVE, &call));
	FeObjective *o = fe_objective(l->program, l->module, &call, real);
	lower_no_errors(l);
	JitTestRun run = {.module = l->module, .func = gradient_of(l, o->value)};
	return run;
}

Test(words, machine_code_agrees_with_the_evaluator, .timeout = 300) {
	static const int sizes[] = {1, 2, 3, 5, 16, 17, 33, 64};
	Session *session = session_new();
	const char *error = NULL;
	JitEngine *engine = jit_engine_new(session, &error);
	cr_assert_not_null(engine, "%s", error);
	for (int word = 0; word < WORDS; word++)
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
			Arena *arena = arena_new();
			Lower l = program(arena, word, sizes[i]);
			JitTestRun run = gradient_run(&l, (i + (size_t)word) % 2 ? IR_F32 : IR_F64);
			run.awkward = i % 3 == 0;
			jit_test_prepare(&run, arena, (uint64_t)word * 64 + i);
			const char *what = arena_printf(arena, "%s of %d", words[word].name, sizes[i]);
			jit_test_machine(engine, &run, arena, &(JitOptions){.strict = true}, 0, what);
			lower_free(&l);
			arena_free(arena);
		}
	jit_engine_free(engine);
	session_free(session);
}

Test(words, strict_c_agrees_with_the_evaluator, .timeout = 300) {
	Arena *arena = arena_new();
	Lower programs[WORDS];
	JitTestRun runs[WORDS];
	JitTestC c;
	jit_test_c_begin(&c, arena);
	for (int word = 0; word < WORDS; word++) {
		programs[word] = program(arena, word, 1 + 3 * word % 20);
		runs[word] = gradient_run(&programs[word], word % 2 ? IR_F32 : IR_F64);
		cr_assert_eq(jit_test_c_add(&c, &runs[word], true), (uint32_t)word);
	}
	jit_test_c_compile(&c, GRADUS_TEST_CC, "-std=c99 -O2 -Wall -Wextra -Werror");
	for (int word = 0; word < WORDS; word++) {
		jit_test_prepare(&runs[word], arena, (uint64_t)word);
		jit_test_c_run(&c, (uint32_t)word, &runs[word], arena, 0, "C", words[word].name);
		lower_free(&programs[word]);
	}
	dlclose(c.library);
	arena_free(arena);
}

/* ---- numbers far out ---- */

static const struct {
	const char *text;
	double expected;
} far[] = {
	{"minimize sum(softmax([1000, 1000, -1000]) * [1, 2, 3]) + x", 1.5},
	{"minimize softmax([-inf, -inf])[1] + x", 0.5},
	{"minimize softmax([-inf, 0])[0] + x", 0},
	{"minimize log_softmax([1000, 0])[1] + x", -1000},
	{"minimize variance([1e8 + 1, 1e8 + 2, 1e8 + 3, 1e8 + 4]) + x", 1.25},
	{"minimize std([1e200, -1e200] / 1e100) + x", 1e100},
	{"minimize std([2, 2, 2]) + x", 0},
	{"minimize hypot(3e300, 4e300) / 1e300 + x", 5},
	{"minimize hypot(3e-300, 4e-300) * 1e300 + x", 5},
	{"minimize hypot(0, 0) + x", 0},
	{"minimize logaddexp(-inf, -inf) + x", -INFINITY},
	{"minimize logaddexp(1000, 1000) + x", 1000.6931471805599453},
	{"minimize xlogy(0, 0) + xlogy(0, 5) + x", 0},
	{"minimize silu(-inf) + x", 0},
	{"minimize log_sigmoid(-1000) + x", -1000},
	{"minimize round(2.5) + 10 * round(3.5) + 100 * round(-0.5) + 1000 * round(-1.5) + x", 2 + 40 - 2000},
	{"minimize round(0.49999999999999994) + round(4503599627370497.5 / 1) * 0 + x", 0},
	{"minimize round(9007199254740993.0) - 9007199254740992 + x", 0},
	{"minimize round(inf) + x", INFINITY},
	{"minimize ceil(1.5) + 10 * ceil(-1.5) + 100 * trunc(1.5) + 1000 * trunc(-1.5) + x", 2 - 10 + 100 - 1000},
	{"minimize ceil(-inf) + x", -INFINITY},
	{"minimize median([3, 1, 2]) + 10 * median([4, 1, 3, 2]) + x", 2 + 25},
	{"minimize if isnan(median([1, 0 / x, 2])) then 7 else 8", 7},
	{"minimize if isnan(quantile([1, 0 / x, 2], 0)) then 7 else 8", 7},
	{"minimize if isnan(median[i in 3, i > 5](i)) then 7 + x else 8", 7},
	{"minimize sort([3, 0 / x, -inf, inf, 1])[0..4][2] + x", 3},
	{"let p = argsort([2, 1, 2, 1])\n minimize p[0] + 10 * p[1] + 100 * p[2] + 1000 * p[3] + x", 1 + 30 + 0 + 2000},
	{"let p : int[3] = [30, 10, 20]\n let s : int[3] = sort(p)\n minimize s[1] + x", 20},
	{"minimize quantile([5], 0.7) + 10 * quantile([1, 3], 0.25) + x", 5 + 15},
	{"minimize linspace(1, 2, 1)[0] + linspace(0, 1, 4)[3] + size(linspace(0, 1, 4)) + x", 6},
	{"minimize cumprod([1, 2, 3, 4])[3] + x", 24},
	{"let variance = 3\n let std = 2\n minimize variance + std * variance[i in 2](i) + x", 3 + 0.5},
};

Test(words, far_out_they_are_what_they_should_be) {
	for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
		Arena *arena = arena_new();
		Lower l = lower_new(arena_printf(arena, "objective o() {\n param x = 0\n %s\n}", far[i].text));
		FeObjective *o = lower_objective(&l, "o");
		IrTensor x = lower_real(&l, 0), results[4];
		x.type = ir_tensor_type(IR_F64, 1, (IrDim[]){1});
		lower_run(&l, o->value, &x, results);
		double found = results[0].reals[0], expected = far[i].expected;
		cr_expect(found == expected || fabs(found - expected) < 1e-14 * (1 + fabs(expected)), "%s: %.17g, not %.17g",
		          far[i].text, found, expected);
		lower_free(&l);
		arena_free(arena);
	}
}
