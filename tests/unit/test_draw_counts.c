/* Counts (poisson, binomial): how often each is drawn against its probability by factorials (chi-square), their distribution functions
 * against incomplete gamma and beta functions (Kolmogorov, Smirnov), means and variances where counts are large, and the ends, where there is
 * nothing to draw. Categories of many weights are drawn by another way than few: both draw the same ones. */
#include "draw_laws.h"
#include "ir/eval/eval.h"
#include "lower_instances.h"

enum { MANY = 10000, MOST = 4000 };

/* `count` whole numbers of `distribution`, of a seed. */
static const int64_t *drawn(Lower *l, const char *distribution, int count, int64_t seed) {
	static char text[20000];
	static IrTensor fixed[8];
	snprintf(text, sizeof text,
	         "objective o() {\n  given z : real ~ uniform(0, 1e-300)\n  given k : int ~ integer(0, 2)\n"
	         "  let zero = k // 2\n  given a : int[%d] ~ %s\n  param x : real = 1\n"
	         "  minimize x * mean[i](real(a[i])) + 0 * z\n}\n",
	         count, distribution);
	*l = lower_new(text);
	FeObjective *o = lower_objective(l, "o()");
	IrTensor args[2] = {lower_int(l, seed), lower_int(l, 2)};
	lower_run(l, o->setup, args, fixed);
	return lower_fixed(l, o, fixed, "a")->integers;
}

typedef struct Law {
	bool binomial;
	double n, p; /* p: of a Poisson distribution its rate */
} Law;

/* How it is written, known or as only a run knows it. */
static const char *written(const Law *law, bool known) {
	static char call[200];
	if (law->binomial)
		snprintf(call, sizeof call, "binomial(%.17g%s, %.17g%s)", law->n, known ? "" : " + zero", law->p,
		         known ? "" : " + z");
	else
		snprintf(call, sizeof call, "poisson(%.17g%s)", law->p, known ? "" : " + z");
	return call;
}

static double log_factorial(double k) {
	return lgamma(k + 1);
}

static double probability(const Law *law, double k) {
	if (!law->binomial)
		return law->p == 0 ? k == 0 : exp(k * log(law->p) - law->p - log_factorial(k));
	if (k > law->n || law->p == 0 || law->p == 1)
		return k == (law->p == 1 ? law->n : 0);
	double ways = log_factorial(law->n) - log_factorial(k) - log_factorial(law->n - k);
	return exp(ways + k * log(law->p) + (law->n - k) * log1p(-law->p));
}

/* Of k and all less (Abramowitz and Stegun 26.4.21, 26.5.24). */
static double below(const Law *law, double k) {
	if (!law->binomial)
		return law->p == 0 ? 1 : 1 - gamma_below(k + 1, law->p);
	return k >= law->n ? 1 : 1 - beta_below(k + 1, law->n - k, law->p);
}

static const Law laws[] = {
	{false, 0, 0},    {false, 0, 1e-3},  {false, 0, 0.3},     {false, 0, 1},      {false, 0, 3.7},   {false, 0, 15.5},
	{false, 0, 16},   {false, 0, 17},    {false, 0, 63.2},    {false, 0, 700.25}, {true, 0, 0.3},    {true, 1, 0.5},
	{true, 1, 0.01},  {true, 2, 0.7},    {true, 7, 0},        {true, 7, 1},       {true, 10, 0.5},   {true, 17, 0.93},
	{true, 40, 0.02}, {true, 100, 0.37}, {true, 1000, 0.999}, {true, 2000, 0.5},  {true, 1e6, 1e-6}, {true, 1e6, 3e-5}};
enum { LAWS = sizeof laws / sizeof *laws };

/* Chi-square: neighbouring counts together until 10 are expected; at most 5 standard deviations from its mean. */
static double chi_square(const Law *law, const int64_t *numbers) {
	static int seen[MOST];
	memset(seen, 0, sizeof seen);
	for (int i = 0; i < MANY; i++) {
		cr_assert(numbers[i] >= 0 && numbers[i] < MOST, "%s draws %lld", written(law, true), (long long)numbers[i]);
		seen[numbers[i]]++;
	}
	double expected = 0, sum = 0;
	int found = 0, cells = 0;
	for (int k = 0; k < MOST; k++) {
		double p = probability(law, k);
		cr_expect(p > 0 || seen[k] == 0, "%s draws %d", written(law, true), k);
		expected += MANY * p;
		found += seen[k];
		if (expected < 10)
			continue;
		sum += (found - expected) * (found - expected) / expected;
		cells++;
		expected = found = 0;
	}
	return cells > 1 ? (sum - (cells - 1)) / sqrt(2.0 * (cells - 1)) : 0;
}

static int ascending(const void *a, const void *b) {
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* sqrt(n) times the largest distance between the distribution function and that of the numbers: smaller than for real numbers, as several
 * are alike. */
static double distance(const Law *law, const int64_t *numbers, int count) {
	int64_t *sorted = malloc(sizeof *sorted * (size_t)count);
	double largest = 0;
	memcpy(sorted, numbers, sizeof *sorted * (size_t)count);
	qsort(sorted, (size_t)count, sizeof *sorted, ascending);
	for (int i = 0, first = 0; i < count; i++) {
		first = i && sorted[i - 1] == sorted[i] ? first : i; /* so many are less */
		if (i + 1 < count && sorted[i + 1] == sorted[i])
			continue;
		largest = fmax(largest, fabs(below(law, (double)sorted[i]) - (i + 1.0) / count));
		if (sorted[i] > 0)
			largest = fmax(largest, fabs(below(law, (double)sorted[i] - 1) - (double)first / count));
	}
	free(sorted);
	return sqrt(count) * largest;
}

Test(draw_counts, as_often_as_their_probabilities_say, .timeout = 300) {
	for (int k = 0; k < LAWS; k++) {
		for (int known = k % 3 > 0; known < 2; known++) {
			Lower l;
			const int64_t *numbers = drawn(&l, written(&laws[k], known), MANY, 5);
			double off = chi_square(&laws[k], numbers), far = distance(&laws[k], numbers, MANY);
			cr_expect(off < 5, "%s: chi-square is %.1f standard deviations off", written(&laws[k], known), off);
			cr_expect(far < 2.2, "%s: sqrt(n) D = %.2f", written(&laws[k], known), far);
			/* 30 % more or less would be seen. */
			Law wrong = laws[k];
			wrong.p *= wrong.p > 0.7 && wrong.binomial ? 0.7 : 1.3;
			bool apart = laws[k].p > 0.1 && !(laws[k].binomial && laws[k].n < 1);
			cr_expect(!apart || distance(&wrong, numbers, MANY) > 2.2, "%s looks like another",
			          written(&laws[k], known));
			lower_free(&l);
		}
	}
}

/* Where counts are large: mean, variance and the distribution function, of fewer numbers. */
Test(draw_counts, large_ones_have_their_moments, .timeout = 300) {
	static const struct {
		Law law;
		int count;
	} large[] = {{{false, 0, 1e4 + 0.5}, 2000},
	             {{false, 0, 1e6}, 400},
	             {{true, 1e6, 0.5}, 400},
	             {{true, 1e5, 0.9}, 1000},
	             {{true, 2147483648.0, 1e-6}, 1000}};
	for (size_t k = 0; k < sizeof large / sizeof *large; k++) {
		const Law *law = &large[k].law;
		Lower l;
		int count = large[k].count;
		const int64_t *numbers = drawn(&l, written(law, k % 2), count, 7);
		double mean = law->binomial ? law->n * law->p : law->p;
		double variance = law->binomial ? mean * (1 - law->p) : mean, sum = 0, squares = 0;
		for (int i = 0; i < count; i++) {
			double off = ((double)numbers[i] - mean) / sqrt(variance);
			sum += off;
			squares += off * off;
			cr_expect(fabs(off) < 6, "%s draws %lld", written(law, true), (long long)numbers[i]);
		}
		cr_expect(fabs(sum) / sqrt(count) < 4, "%s: the mean is %.2f off", written(law, true), sum / sqrt(count));
		cr_expect(fabs(squares - count) / sqrt(2.0 * count) < 4, "%s: the variance is %.2f off", written(law, true),
		          (squares - count) / sqrt(2.0 * count));
		lower_free(&l);
	}
	/* The largest there are. */
	Lower l;
	const int64_t *numbers = drawn(&l, "poisson(2^31)", 2, 1);
	for (int i = 0; i < 2; i++)
		cr_expect(fabs((double)numbers[i] - 2147483648.0) < 6 * 46341, "%lld", (long long)numbers[i]);
	lower_free(&l);
	numbers = drawn(&l, "binomial(2^31, 0.75)", 2, 1);
	for (int i = 0; i < 2; i++)
		cr_expect(fabs((double)numbers[i] - 1610612736.0) < 6 * 20067, "%lld", (long long)numbers[i]);
	lower_free(&l);
}

/* Few categories are counted by sums, many in a loop: weights of 0 behind the others change nothing of what is drawn. */
Test(draw_counts, many_categories_are_drawn_as_few_are, .timeout = 100) {
	enum { FEW = 7 };
	for (int known = 0; known < 2; known++) {
		static int64_t first[MANY];
		for (int count = FEW; count <= 70; count += count < 20 ? 1 : 9) {
			char call[2000] = "categorical([";
			for (int k = 0; k < count; k++)
				snprintf(call + strlen(call), sizeof call - strlen(call), "%s%d%s", k ? ", " : "",
				         k < FEW ? 1 + k * k % 5 : 0, known ? "" : " + 0 * z");
			snprintf(call + strlen(call), sizeof call - strlen(call), "])");
			Lower l;
			const int64_t *numbers = drawn(&l, call, MANY, 3);
			if (count == FEW)
				memcpy(first, numbers, sizeof first);
			cr_expect(memcmp(first, numbers, sizeof first) == 0, "%d categories", count);
			lower_free(&l);
		}
	}
}

/* One vector of weights for each number that is drawn, and as many as take a loop. */
Test(draw_counts, weights_of_their_own) {
	Lower l = lower_new("objective o(n = 400, k = 30) {\n  given w : [n, k] ~ uniform(0, 1)\n"
	                    "  let only[i in n, j in k] = if j == (7 * i) % k then w[i, j] + 1 else 0\n"
	                    "  given a : int[n] ~ categorical(only)\n  param x : real = 1\n"
	                    "  minimize x * sum[i](real(a[i]))\n}\n");
	FeObjective *o = lower_objective(&l, "o()");
	IrTensor args[2] = {lower_int(&l, 1), lower_int(&l, 2)}, fixed[8];
	lower_run(&l, o->setup, args, fixed);
	const int64_t *numbers = lower_fixed(&l, o, fixed, "a")->integers;
	for (int i = 0; i < 400; i++)
		cr_expect_eq(numbers[i], 7 * i % 30);
	lower_free(&l);
}
