/* What is drawn is distributed as it says: 20,000 numbers of every distribution against its distribution function (Kolmogorov, Smirnov;
 * chi-square for whole numbers), computed here from series and continued fractions. The same numbers are far from the distribution
 * function of a first argument that is 30 % off, so the test would see that. */
#include "draw_laws.h"
#include "ir/eval/eval.h"
#include "lower_instances.h"

enum { MANY = 20000 };
static const double allowed = 2.2; /* of sqrt(n) D: exceeded once in 8000 cases */

/* ---- distribution functions ---- */

static double normal_law(double m, double s, double x) {
	return 0.5 * erfc((m - x) / (s * sqrt(2)));
}

static double uniform_law(double a, double b, double x) {
	return fmin(1, fmax(0, (x - a) / (b - a)));
}

static double exponential_law(double rate, double unused, double x) {
	(void)unused;
	return -expm1(-rate * fmax(x, 0));
}

static double loguniform_law(double a, double b, double x) {
	return fmin(1, fmax(0, log(x / a) / log(b / a)));
}

static double gamma_law(double shape, double rate, double x) {
	return gamma_below(shape, rate * x);
}

static double beta_law(double a, double b, double x) {
	return beta_below(a, b, x);
}

static double student_law(double df, double unused, double x) {
	(void)unused;
	double tail = 0.5 * beta_below(df / 2, 0.5, df / (df + x * x));
	return x < 0 ? tail : 1 - tail;
}

/* ---- what is drawn ---- */

static const struct {
	const char *name;
	int arguments;
	double (*law)(double a, double b, double x);
	double cases[8][2]; /* up to the first that has a 0 in front, but for the first */
} laws[] = {
	{"normal", 2, normal_law, {{0, 1}, {-3, 0.5}, {1e3, 1e-3}}},
	{"uniform", 2, uniform_law, {{0, 1}, {-3, 5}}},
	{"exponential", 1, exponential_law, {{1}, {0.01}, {300}}},
	{"loguniform", 2, loguniform_law, {{0.1, 10}, {1e-9, 1e-7}}},
	{"gamma", 2, gamma_law, {{1, 1}, {0.05, 1}, {0.3, 2}, {2.5, 0.1}, {8, 3}, {40, 1}, {1e4, 7}}},
	{"beta", 2, beta_law, {{1, 1}, {0.1, 0.2}, {0.5, 0.5}, {2, 5}, {30, 0.7}, {400, 300}}},
	{"student_t", 1, student_law, {{1}, {0.3}, {2}, {3.5}, {30}, {1e6}}},
};
enum { LAWS = sizeof laws / sizeof *laws, CASES = 8 };

/* MANY numbers of `distribution`, drawn as they are known or as only a run knows them. */
static const IrTensor *drawn(Lower *l, const char *kind, const char *distribution) {
	static char text[600];
	static IrTensor fixed[8];
	snprintf(text, sizeof text,
	         "objective o() {\n  given z : real ~ uniform(0, 1e-300)\n  given a : %s[%d] ~ %s\n  param x : real = 1\n"
	         "  minimize x * mean[i](real(a[i])) + 0 * z\n}\n",
	         kind, MANY, distribution);
	*l = lower_new(text);
	FeObjective *o = lower_objective(l, "o()");
	IrTensor args[2] = {lower_int(l, 5), lower_int(l, 2)};
	lower_run(l, o->setup, args, fixed);
	return lower_fixed(l, o, fixed, "a");
}

static int ascending(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* sqrt(n) times the largest distance between the distribution function and that of the sorted numbers. */
static double distance(const double *sorted, double (*law)(double a, double b, double x), double a, double b) {
	double largest = 0;
	for (int i = 0; i < MANY; i++) {
		double p = law(a, b, sorted[i]);
		largest = fmax(largest, fmax(p - (double)i / MANY, (i + 1.0) / MANY - p));
	}
	return sqrt(MANY) * largest;
}

Test(draw_laws, reals_are_distributed_as_they_say, .timeout = 120) {
	int rejected = 0, count = 0;
	for (int k = 0; k < LAWS; k++) {
		for (int c = 0; c < CASES && (c == 0 || laws[k].cases[c][0] != 0); c++) {
			double a = laws[k].cases[c][0], b = laws[k].cases[c][1];
			for (int known = 0; known < 2; known++) {
				char call[200];
				const char *plus = known ? "" : " + z";
				if (laws[k].arguments == 1)
					snprintf(call, sizeof call, "%s(%.17g%s)", laws[k].name, a, plus);
				else
					snprintf(call, sizeof call, "%s(%.17g%s, %.17g%s)", laws[k].name, a, plus, b, plus);
				Lower l;
				double *numbers = drawn(&l, "real", call)->reals;
				qsort(numbers, MANY, sizeof *numbers, ascending);
				double far = distance(numbers, laws[k].law, a, b);
				cr_expect(far < allowed, "%s: sqrt(n) D = %.2f", call, far);
				double wrong = distance(numbers, laws[k].law, a == 0 ? 0.3 : 1.3 * a, b);
				rejected += wrong > allowed;
				count++;
				if (getenv("GRADUS_TEST_SHOW"))
					fprintf(stderr, "%5.2f (30 %% off: %6.2f) %s\n", far, wrong, call);
				lower_free(&l);
			}
		}
	}
	/* But for student_t of 2 and more, which is hardly another one then. */
	cr_expect(rejected >= count - 8, "of %d cases with other arguments only %d look wrong", count, rejected);
}

/* Frequencies are those of the weights: chi-square, at most 5 standard deviations from its mean. */
static void check_frequencies(const char *kind, const char *call, const double *weights, int count) {
	Lower l;
	const IrTensor *numbers = drawn(&l, kind, call);
	double total = 0, sum = 0;
	int seen[40] = {0}, possible = 0;
	for (int k = 0; k < count; k++)
		total += weights[k];
	for (int i = 0; i < MANY; i++) {
		int64_t at = numbers->integers ? numbers->integers[i] : (int64_t)numbers->reals[i];
		cr_assert(at >= 0 && at < count, "%s draws %lld", call, (long long)at);
		seen[at]++;
	}
	for (int k = 0; k < count; k++) {
		double expected = MANY * weights[k] / total;
		cr_expect(expected > 0 || seen[k] == 0, "%s draws %d", call, k);
		if (expected == 0)
			continue;
		possible++;
		sum += (seen[k] - expected) * (seen[k] - expected) / expected;
	}
	double off = possible > 1 ? (sum - (possible - 1)) / sqrt(2.0 * (possible - 1)) : 0;
	cr_expect(off < 5, "%s: chi-square is %.1f standard deviations off", call, off);
	lower_free(&l);
}

Test(draw_laws, whole_numbers_are_as_frequent_as_they_say, .timeout = 120) {
	for (int count = 1; count <= 40; count += count < 20 ? 1 : 7) {
		double weights[40];
		Text text = text_new(arena_new());
		for (int known = 0; known < 2; known++) {
			text = text_new(text.arena);
			text_printf(&text, "categorical([");
			for (int k = 0; k < count; k++) {
				weights[k] = k % 5 == 3 ? 0 : 1 + k * k % 7;
				text_printf(&text, "%s%g%s", k ? ", " : "", weights[k], known ? "" : " + 0 * z");
			}
			text_printf(&text, "])");
			check_frequencies("int", text_cstr(&text), weights, count);
		}
		arena_free(text.arena);
	}
	check_frequencies("int", "categorical([0, 0, 5])", (double[]){0, 0, 5}, 3);
	check_frequencies("int", "categorical([1, 0, 0])", (double[]){1, 0, 0}, 3);
	check_frequencies("int", "integer(0, 7)", (double[]){1, 1, 1, 1, 1, 1, 1}, 7);
	check_frequencies("bool", "bernoulli(0.3)", (double[]){0.7, 0.3}, 2);
}
