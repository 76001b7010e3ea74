/* What a comparison says beside means: how many problems each rule solves and how soon (More and Wild 2009; Dolan and More 2002), and
 * how likely differences are by chance (randomization of signs; Holm 1979). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/compare/compare.h"
#include "runtime/compare/limits.h"

/* The least f that any rule reaches on a problem, in its evaluations; inf where none is finite. */
static double least_of(const Comparison *c, int problem) {
	double least = (double)INFINITY;
	for (uint32_t k = 0; k < c->count; k++) {
		const double *f = c->rules[k].f + (size_t)problem * ((size_t)c->steps + 1);
		for (int t = 0; t < c->steps; t++)
			least = f[t] < least ? f[t] : least;
	}
	return least;
}

/* How many evaluations until f <= least + tolerance (f at the start - least); 0: never. */
static int solved_after(const double *f, int steps, double least, double tolerance) {
	double enough = least + tolerance * (f[0] - least);
	for (int t = 0; t < steps; t++)
		if (f[t] <= enough)
			return t + 1;
	return 0;
}

static void solve_counts(Comparison *c, const double *least) {
	for (uint32_t k = 0; k < c->count; k++) {
		Compared *rule = &c->rules[k];
		for (int level = 0; level < COMPARE_TOLERANCES; level++) {
			rule->solved[level] = ARENA_ARRAY(c->arena, int, c->test_problems + 1);
			for (int i = 0; i < c->test_problems; i++)
				rule->solved[level][i] = solved_after(rule->f + (size_t)i * ((size_t)c->steps + 1), c->steps, least[i],
				                                      compare_tolerances[level]);
		}
	}
}

/* Share of problems that a rule solves in at most `ratio` times the evaluations of the quickest. */
static double performance(const Comparison *c, const Compared *rule, int level, double ratio) {
	int within = 0;
	for (int i = 0; i < c->test_problems; i++) {
		int quickest = 0;
		for (uint32_t k = 0; k < c->count; k++) {
			int other = c->rules[k].solved[level][i];
			if (other && (!quickest || other < quickest))
				quickest = other;
		}
		int own = rule->solved[level][i];
		within += own && own <= ratio * quickest;
	}
	return (double)within / c->test_problems;
}

void compare_profiles(Comparison *c) {
	double *least = ARENA_ARRAY(c->arena, double, c->test_problems + 1);
	for (int i = 0; i < c->test_problems; i++)
		least[i] = least_of(c, i);
	solve_counts(c, least);
	for (uint32_t k = 0; k < c->count; k++)
		for (int level = 0; level < COMPARE_TOLERANCES; level++)
			for (int r = 0; r < COMPARE_RATIOS; r++)
				c->rules[k].performance[level][r] = performance(c, &c->rules[k], level, compare_ratios[r]);
}

double compare_data_profile(const Comparison *c, const Compared *rule, int level, int evaluations) {
	int within = 0;
	for (int i = 0; i < c->test_problems; i++)
		within += rule->solved[level][i] && rule->solved[level][i] <= evaluations;
	return (double)within / c->test_problems;
}

/* ---- chance ---- */

/* Whether a sum with other signs is as far from 0 as `sum`. What is equal but for rounding counts as equal. */
static bool as_far(double other, double sum) {
	return fabs(other) >= fabs(sum) * (1 - 1e-12);
}

/* The share of all signs whose sums are as far from 0: bit i of a number is the sign of values[i], and the opposite of all is as far. */
static double exact_chance(const double *values, int count, double sum) {
	uint32_t all = UINT32_C(1) << (count - 1), found = 0;
	for (uint32_t signs = 0; signs < all; signs++) {
		double other = 0;
		for (int i = 0; i < count; i++)
			other += signs >> i & 1 ? -values[i] : values[i];
		found += as_far(other, sum);
	}
	return (double)found / all;
}

/* The same of `draws` random signs, and of those that were found: one of draws + 1 at least. */
static double drawn_chance(const double *values, int count, double sum, int draws, uint64_t seed) {
	const uint64_t key[2] = {seed, 0x7369676e}; /* "sign" */
	int found = 1;
	for (int d = 0; d < draws; d++) {
		double other = 0;
		uint64_t bits[2] = {0};
		for (int i = 0; i < count; i++) {
			if (i % 64 == 0)
				random_threefry(key, (const uint64_t[]){(uint64_t)d, (uint64_t)(i / 64)}, bits);
			other += bits[0] >> (i % 64) & 1 ? values[i] : -values[i];
		}
		found += as_far(other, sum);
	}
	return (double)found / (draws + 1);
}

/* How likely the mean of values[count] is as far from 0 as it is, if every sign were as likely as the other. NaN where a value is not
 * finite. */
static double chance_of(const double *values, int count, uint64_t seed) {
	double sum = 0;
	for (int i = 0; i < count; i++)
		sum += values[i];
	if (!isfinite(sum))
		return (double)NAN;
	return count <= COMPARE_EXACT_SIGNS ? exact_chance(values, count, sum)
	                                    : drawn_chance(values, count, sum, COMPARE_SIGN_DRAWS, seed);
}

/* Holm: the k-th smallest of m is multiplied by m - k, and is never below those before it. NaN stays, and counts as one of m. */
static void adjust(Comparison *c) {
	uint32_t others = c->count - 1;
	double least = 0;
	bool *done = ARENA_ARRAY(c->arena, bool, c->count);
	for (uint32_t rank = 0; rank < others; rank++) {
		int next = -1;
		for (uint32_t k = 0; k < c->count; k++)
			if ((int)k != c->subject && !done[k] && isfinite(c->chance[k]) &&
			    (next < 0 || c->chance[k] < c->chance[next]))
				next = (int)k;
		if (next < 0)
			break;
		done[next] = true;
		least = fmax(least, fmin(1, c->chance[next] * (others - rank)));
		c->chance_holm[next] = least;
	}
}

void compare_chances(Comparison *c, uint64_t seed) {
	const Compared *subject = &c->rules[c->subject];
	double *values = ARENA_ARRAY(c->arena, double, c->test_problems + 1);
	c->chance = ARENA_ARRAY(c->arena, double, c->count);
	c->chance_holm = ARENA_ARRAY(c->arena, double, c->count);
	for (uint32_t k = 0; k < c->count; k++) {
		c->chance[k] = c->chance_holm[k] = (double)NAN;
		if ((int)k == c->subject)
			continue;
		for (int i = 0; i < c->test_problems; i++)
			values[i] = c->rules[k].per_problem[i] - subject->per_problem[i];
		c->chance[k] = chance_of(values, c->test_problems, seed);
	}
	adjust(c);
}

/* ---- the best so far ---- */

void compare_best_so_far(const double *f, int steps, double *best) {
	best[0] = f[0];
	for (int t = 1; t <= steps; t++)
		best[t] = f[t] < best[t - 1] || isnan(best[t - 1]) ? f[t] : best[t - 1];
}
