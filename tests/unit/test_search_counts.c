/* How many expressions there are, by size, against counts that another program made (docs/discovery.md): of trees, and of those that are
 * not the same. */
#include "runtime/search/search.h"

#include <criterion/criterion.h>
#include <math.h>

static SearchLeaf leaf(const char *text, int degree) {
	return (SearchLeaf){.text = text, .level = FE_LEVEL_ATOM, .like_x = true, .degree = degree * FE_DEGREE_ONE};
}

/* g, m, v, 1; sign, sqrt, + - * /. */
static SearchSpace four(FeOperator division, int size) {
	SearchSpace space = {.leaf_count = 4, .size = size, .like_x = true};
	space.leaves[0] = leaf("g", 1);
	space.leaves[1] = leaf("m", 1);
	space.leaves[2] = leaf("v", 2);
	space.leaves[3] = leaf("1", 0);
	space.leaves[3].known = true;
	space.leaves[3].value = 1;
	space.operators = 1u << FE_OPERATOR_SIGN | 1u << FE_OPERATOR_SQRT | 1u << FE_OPERATOR_ADD | 1u << FE_OPERATOR_SUB |
	                  1u << FE_OPERATOR_MUL | 1u << division;
	return space;
}

static void expect_counts(const char *what, const SearchSpace *space, const uint32_t *counts, int from) {
	SearchTable *table = search_enumerate(space, NULL, NULL);
	cr_assert(!table->stopped);
	for (int size = from; size <= space->size; size++) {
		double found = table->first[size + 1], wanted = counts[size - from];
		fprintf(stderr, "%s up to size %d: %.0f, expected %.0f (%+.2f %%)\n", what, size, found, wanted,
		        100 * (found / wanted - 1));
		cr_expect(fabs(found / wanted - 1) <= 0.01, "%s up to size %d: %.0f, not %.0f", what, size, found, wanted);
	}
	search_table_free(table);
}

Test(search_counts, plain) {
	SearchSpace space = four(FE_OPERATOR_DIV, 8);
	expect_counts("distinct", &space, (const uint32_t[]){4297, 19145, 98364}, 6);
}

Test(search_counts, multiples_merged) {
	SearchSpace space = four(FE_OPERATOR_DIV, 8);
	space.merge = true;
	expect_counts("merged", &space, (const uint32_t[]){4063, 17677, 90721}, 6);
}

Test(search_counts, homogeneous) {
	SearchSpace space = four(FE_OPERATOR_DIV, 8);
	space.merge = space.homogeneous = true;
	expect_counts("homogeneous", &space, (const uint32_t[]){783, 2061, 6897}, 6);
}

Test(search_counts, with_over) {
	SearchSpace space = four(FE_OPERATOR_OVER, 8);
	space.merge = true;
	expect_counts("with over", &space, (const uint32_t[]){4378, 20376, 105933}, 6);
}

static bool not_long(void *user, const SearchTable *so_far, int size) {
	(void)so_far;
	return size < *(const int *)user;
}

/* What is not complete is not there: a size is counted as a whole, or not at all. */
Test(search_counts, stops) {
	SearchSpace space = four(FE_OPERATOR_DIV, 12);
	SearchTable *table = search_enumerate(&space, NULL, NULL);
	cr_expect(table->stopped && table->size >= 6 && table->size < 12, "size %d", table->size);
	cr_expect_leq(table->count, (uint32_t)SEARCH_MOST_PROBED);
	cr_expect_eq(table->count, table->first[table->size + 1]);
	uint32_t count = table->count;
	space.size = table->size;
	search_table_free(table);
	table = search_enumerate(&space, NULL, NULL);
	cr_expect(!table->stopped && table->count == count, "%u and %u", table->count, count);
	search_table_free(table);
	int last = 6; /* its caller has had enough */
	table = search_enumerate(&space, not_long, &last);
	cr_expect(table->stopped && table->size < space.size && table->count == table->first[table->size + 1]);
	search_table_free(table);
}

/* The same for every size of a space, however small. */
Test(search_counts, small_sizes) {
	for (int size = 1; size <= 3; size++) {
		SearchSpace space = four(FE_OPERATOR_OVER, size);
		SearchTable *table = search_enumerate(&space, NULL, NULL);
		cr_expect(!table->stopped && table->size == size && table->first[2] - table->first[1] == 4);
		search_table_free(table);
	}
}
