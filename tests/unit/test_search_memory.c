/* What an enumeration takes in memory, by counting: a bound for each distinct expression, and the one that docs/discovery.md states for all. */
#include "runtime/search/search.h"

#include <criterion/criterion.h>
#include <malloc.h>

static double in_use(void) {
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
	struct mallinfo2 info = mallinfo2();
	return (double)info.uordblks + (double)info.hblkhd;
#else
	return 0;
#endif
}

typedef struct Watch {
	double before, worst; /* bytes; worst: in use, less what is allowed */
	size_t rows;
	uint64_t looks;
	uint32_t most; /* expressions, at any look */
} Watch;

/* By distinct expressions: the list has room for twice as many, the hash table for four times; those that are operands of larger ones keep
 * their probes, with room for twice as many. The rest is small. */
static double allowed(const SearchTable *table, size_t rows) {
	static const double small = 1e6;
	double count = table->count, kept = count < SEARCH_MOST_PROBED ? count : SEARCH_MOST_PROBED;
	return small + count * (2 * (sizeof(SearchExpr) + sizeof(uint64_t)) + 4 * sizeof(uint32_t)) +
	       2 * kept * (double)(rows * sizeof(double));
}

static bool watch(void *user, const SearchTable *table, int size) {
	Watch *w = user;
	(void)size;
	double over = in_use() - w->before - allowed(table, w->rows);
	w->most = table->count > w->most ? table->count : w->most;
	w->worst = w->looks++ && w->worst > over ? w->worst : over;
	return true;
}

static SearchTable *enumerate(SearchSpace *space, Watch *w) {
	*w = (Watch){.before = in_use(), .rows = SEARCH_SITUATIONS};
	return search_enumerate(space, watch, w);
}

static SearchSpace letters(uint32_t leaves, int size) {
	static const char *const names[] = {"g", "m", "v", "s", "w", "u"};
	SearchSpace space = {.leaf_count = leaves, .size = size, .like_x = true};
	for (uint32_t i = 0; i < leaves; i++)
		space.leaves[i] = (SearchLeaf){.text = names[i], .level = FE_LEVEL_ATOM, .like_x = true};
	space.operators = 1u << FE_OPERATOR_SQRT | 1u << FE_OPERATOR_ADD | 1u << FE_OPERATOR_SUB | 1u << FE_OPERATOR_MUL;
	return space;
}

Test(search_memory, by_distinct_expressions) {
	if (GRADUS_SANITIZED || in_use() == 0)
		cr_skip_test("memory is not counted here");
	for (uint32_t leaves = 1; leaves <= 6; leaves++) {
		for (int size = 1; size <= (leaves < 4 ? 7 : 5); size++) {
			SearchSpace space = letters(leaves, size);
			Watch w;
			SearchTable *table = enumerate(&space, &w);
			cr_expect(w.looks == 0 || w.worst <= 0, "%u operands, size %d, %u expressions: %.0f bytes too many", leaves,
			          size, table->count, w.worst);
			double held = in_use() - w.before;
			cr_expect(held <= allowed(table, 0), "%.0f bytes are held for %u expressions", held, table->count);
			search_table_free(table);
			cr_expect(in_use() - w.before < 4096, "%.0f bytes stay", in_use() - w.before);
		}
	}
}

/* A space without end stops at the limits, of operands of larger ones and of all, and within what is stated for them. */
Test(search_memory, at_the_limit) {
	if (GRADUS_SANITIZED || in_use() == 0)
		cr_skip_test("memory is not counted here");
	for (int size = 10; size <= 12; size += 2) {
		SearchSpace space = letters(6, size);
		Watch w;
		SearchTable *table = enumerate(&space, &w);
		uint32_t limit = size == 10 ? SEARCH_MOST_DISTINCT : SEARCH_MOST_PROBED;
		cr_expect(table->stopped && w.most <= limit && w.most + SEARCH_BETWEEN_LOOKS >= limit, "%u of %u", w.most,
		          limit);
		cr_expect(w.worst <= 0, "%.0f bytes too many", w.worst);
		cr_expect(in_use() - w.before <= 169e6, "%.0f bytes are held", in_use() - w.before);
		search_table_free(table);
	}
}
