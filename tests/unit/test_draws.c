/* Every row of frontend/distributions.def: documented, and its limits are the same ones whether arguments are known when the
 * program is read (E0251) or only when it runs (NaN, or no number). */
#include "ir/eval/eval.h"
#include "lower_instances.h"

static char *page;

static bool page_has(const char *text) {
	if (page == NULL) {
		FILE *file = fopen(GRADUS_SOURCE_DIR "/docs/language.md", "rb");
		cr_assert_not_null(file);
		page = calloc(1, 1 << 18);
		cr_assert(page != NULL && fread(page, 1, (1 << 18) - 1, file) > 0);
		fclose(file);
	}
	return strstr(page, text) != NULL;
}

Test(draws, every_distribution_is_documented) {
	for (int i = 0; i < DISTRIBUTION_COUNT; i++) {
		const Distribution *d = &distributions[i];
		char call[100];
		snprintf(call, sizeof call, d->code ? "`%s" : "`%s(%s)`", d->name, d->arguments);
		cr_expect(page_has(call), "docs/language.md does not have %s", call);
		snprintf(call, sizeof call, "`%s()`", d->name);
		cr_expect_eq(page_has(call), d->optional, "%s", call);
		cr_expect_eq(distribution_find(d->name), d, "`%s` stands once", d->name);
	}
	free(page);
}

static const char *const reals[] = {"-inf", "-1e308", "-1", "0", "0.5", "1", "1.5", "1e308", "inf", "(inf - inf)"};
static const char *const wholes[] = {"-2305843009213693951", "-1", "0", "1", "9007199254740992", "9007199254740993",
                                     "2305843009213693951"};

/* nothing_known is 0, but not known to be, nothing_whole likewise. */
static const char frame[] = "objective o() {\n"
							"  given nothing_known : real ~ uniform(0, 1e-300)\n"
							"  given number : int ~ integer(0, 2)\n"
							"  let nothing_real = 1e-300 * nothing_known\n  let nothing_whole = number // 2\n"
							"  given drawn ~ %s(%s)\n  param x : real = 1\n  minimize x + real(drawn)\n}\n";

static bool takes_weights(const Distribution *d) {
	return d->limits[0] == LIMITS_WEIGHTS;
}

static bool takes_whole(const Distribution *d, uint32_t k) {
	return d->limits[k] == LIMITS_INTEGER || d->limits[k] == LIMITS_COUNT || d->limits[k] == LIMITS_TRIALS;
}

/* Words for its arguments: two, or for the only one the first; for weights, a vector of both. */
static void list(const Distribution *d, const char *const *words, bool known, char *out, size_t size) {
	bool weights = takes_weights(d);
	snprintf(out, size, "%s", weights ? "[" : "");
	for (uint32_t k = 0; k < (weights ? 2 : d->count); k++)
		snprintf(out + strlen(out), size - strlen(out), "%s%s%s", k ? ", " : "", words[k],
		         known                             ? ""
		         : takes_whole(d, weights ? 0 : k) ? " + nothing_whole"
		                                           : " + nothing_real");
	snprintf(out + strlen(out), size - strlen(out), "%s", weights ? "]" : "");
}

static bool known_is_refused(const Distribution *d, const char *const *words) {
	char arguments[200], text[1000];
	list(d, words, true, arguments, sizeof arguments);
	snprintf(text, sizeof text, frame, d->name, arguments);
	Lower l = lower_new(text);
	bool fine = fe_check(l.program);
	for (uint32_t i = 0; i < l.session->diags.count; i++) {
		int code = l.session->diags.data[i]->code;
		cr_expect(code == 251 || code == 273, "%s(%s): E%04d", d->name, arguments, code);
	}
	lower_free(&l);
	return !fine;
}

static bool unknown_is_no_number(const Distribution *d, const char *const *words) {
	char arguments[300], text[1000];
	bool whole = d->draws == GIVES_WHOLE;
	list(d, words, false, arguments, sizeof arguments);
	snprintf(text, sizeof text, frame, d->name, arguments);
	Lower l = lower_new(text);
	FeObjective *o = lower_objective(&l, "o()");
	IrTensor args[2] = {lower_int(&l, 3), lower_int(&l, 4)}, fixed[8];
	lower_run(&l, o->setup, args, fixed);
	const IrTensor *drawn = lower_fixed(&l, o, fixed, "drawn");
	/* No whole number of the language is as far from 0: what stands for none says the place of the draw in its last bits. */
	bool none = whole ? drawn->integers[0] < INT64_MIN / 2 : isnan(drawn->reals[0]);
	lower_free(&l);
	return none;
}

Test(draws, limits_are_the_same_at_every_time) {
	for (int i = 0; i < DISTRIBUTION_COUNT; i++) {
		const Distribution *d = &distributions[i];
		uint32_t second = takes_weights(d) ? 0 : 1;
		const char *const *lists[2] = {takes_whole(d, 0) ? wholes : reals, takes_whole(d, second) ? wholes : reals};
		int counts[2], refused = 0;
		for (uint32_t k = 0; k < 2; k++)
			counts[k] =
				lists[k] == wholes ? (int)(sizeof wholes / sizeof *wholes) : (int)(sizeof reals / sizeof *reals);
		if (d->code || d->draws == GIVES_TRUTH) /* a truth value has no number that says so */
			continue;
		for (int a = 0; a < counts[0]; a++) {
			for (int b = 0; b < (d->count > 1 || takes_weights(d) ? counts[1] : 1); b++) {
				const char *words[2] = {lists[0][a], lists[1][b]};
				bool known = known_is_refused(d, words);
				refused += known;
				cr_expect_eq(unknown_is_no_number(d, words), known, "%s(%s, %s) is %s when it is known", d->name,
				             words[0], words[1], known ? "refused" : "fine");
			}
		}
		cr_expect(refused > 0, "%s refuses nothing", d->name);
	}
}

/* The array `p` of a problem of `permuted`. */
static const int64_t *permuted(Lower *l, const FeObjective *o, int64_t seed, int64_t instance) {
	IrTensor args[2] = {lower_int(l, seed), lower_int(l, instance)},
			 *fixed = ARENA_ARRAY(l->module->arena, IrTensor, 8);
	lower_run(l, o->setup, args, fixed);
	return lower_fixed(l, o, fixed, "p")->integers;
}

static FeObjective *permutations(Lower *l, int rows, int n, int columns) {
	static char text[500];
	snprintf(
		text, sizeof text,
		"objective permuted() {\n  given p : int[%d, %d] ~ permutation(%d)\n  given q : int[%d] ~ permutation(%d)\n"
		"  param x : real = 1\n  minimize x * (sum(p) + sum(q))\n}\n",
		rows, columns, n, columns, n);
	*l = lower_new(text);
	return lower_objective(l, "permuted()");
}

/* Every size: each row is an order of its own; seeds, problems and names have others. */
Test(draws, permutations_have_everything_once) {
	for (int n = 1; n <= 70; n++) {
		Lower l;
		FeObjective *o = permutations(&l, 3, n, n);
		const int64_t *p = permuted(&l, o, 5, 7);
		for (int row = 0; row < 3; row++) {
			int seen[70] = {0};
			for (int k = 0; k < n; k++) {
				int64_t at = p[row * n + k];
				cr_assert(at >= 0 && at < n && seen[at]++ == 0, "permutation(%d): row %d has %lld twice", n, row,
				          (long long)at);
			}
		}
		size_t bytes = sizeof *p * (size_t)n;
		bool all_differ = memcmp(p, p + n, bytes) && memcmp(p, permuted(&l, o, 6, 7), bytes) &&
		                  memcmp(p, permuted(&l, o, 5, 8), bytes);
		cr_expect(n < 8 || all_differ, "permutation(%d): the same order twice", n);
		lower_free(&l);
	}
	/* Fewer than all, and more: pieces of one order, and the next one. */
	Lower l;
	FeObjective *o = permutations(&l, 1, 10, 25);
	const int64_t *p = permuted(&l, o, 1, 2);
	for (int first = 0; first < 25; first += 10) {
		int seen = 0;
		for (int k = first; k < 25 && k < first + 10; k++) {
			cr_assert((seen >> p[k] & 1) == 0);
			seen |= 1 << p[k];
		}
	}
	lower_free(&l);
}

/* All n! orders come equally often: chi-square, less than 6 standard deviations from its mean. */
Test(draws, permutations_are_all_alike) {
	enum { ROWS = 20000 };
	for (int n = 2; n <= 5; n++) {
		Lower l;
		FeObjective *o = permutations(&l, ROWS, n, n);
		static int counts[3125];
		memset(counts, 0, sizeof counts);
		int orders = 1;
		for (int k = 2; k <= n; k++)
			orders *= k;
		for (int64_t seed = 0; seed < 3; seed++) {
			const int64_t *p = permuted(&l, o, seed, 0);
			for (int row = 0; row < ROWS; row++) {
				int code = 0;
				for (int k = 0; k < n; k++)
					code = code * n + (int)p[row * n + k];
				counts[code]++;
			}
		}
		double each = 3.0 * (double)ROWS / orders, sum = 0;
		int seen = 0;
		for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
			seen += counts[k] > 0;
			sum += counts[k] ? (counts[k] - each) * (counts[k] - each) / each : 0;
		}
		cr_expect_eq(seen, orders, "permutation(%d): %d orders", n, seen);
		double off = (sum - (orders - 1)) / sqrt(2.0 * (orders - 1));
		cr_expect(fabs(off) < 6, "permutation(%d): chi-square is %.1f standard deviations off", n, off);
		lower_free(&l);
	}
}

/* What a shuffle of 60,000 things looks like: neighbours have nothing to do with each other, and few stay where they were. */
Test(draws, permutations_of_many) {
	enum { MANY = 60000 };
	Lower l;
	FeObjective *o = permutations(&l, 2, MANY, MANY);
	const int64_t *p = permuted(&l, o, 0, 0);
	for (int row = 0; row < 2; row++, p += MANY) {
		static unsigned char seen[MANY];
		memset(seen, 0, sizeof seen);
		double many = MANY, mean = (many - 1) / 2, variance = (many * many - 1) / 12, next = 0, place = 0;
		int fixed = 0, distinct = 0, together = 0;
		for (int k = 0; k < MANY; k++) {
			distinct += !seen[p[k]]++;
			fixed += p[k] == k;
			place += ((double)p[k] - mean) * (k - mean);
			next += k ? ((double)p[k] - mean) * ((double)p[k - 1] - mean) : 0;
			together += k && llabs(p[k] - p[k - 1]) == 1;
		}
		cr_expect_eq(distinct, MANY);
		cr_expect(fabs(next / variance) < 5 * sqrt(many) && fabs(place / variance) < 5 * sqrt(many));
		cr_expect(fixed < 10 && together < 15, "%d where they were (1 of %d), %d beside each other (2)", fixed, MANY,
		          together);
	}
	lower_free(&l);
}
