/* Leaving out what does not pay. Evolution has not met everything, so what is smaller and nearly as good may not be there: of the best finalists,
 * operations are replaced by one of their operands as long as the score hardly worsens, and what comes out is a finalist as well. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/search/stages.h"
#include "runtime/search/tree.h"

enum { MOST_VARIANTS = 2 * SEARCH_MOST_SIZE };

typedef struct Ablation {
	Search *search;
	SearchGrammar grammar;
	SearchFound variants[MOST_VARIANTS];
	uint32_t count;
} Ablation;

/* ---- constants belong to nodes ---- */

/* The number of the constant of every node of a tree, in the order of the text (-1: it has none). */
static int number_constants(const SearchSpace *space, const SearchTree *tree, int at, int next, int *numbers) {
	uint8_t code = tree->codes[at];
	numbers[at] = -1;
	if (code < SEARCH_OPERATION) {
		if (!space->leaves[code].text)
			numbers[at] = next++;
		return next;
	}
	FeOperator op = (FeOperator)(code - SEARCH_OPERATION);
	next = number_constants(space, tree, at + 1, next, numbers);
	if (fe_operator_has_constant(op))
		numbers[at] = next++;
	if (fe_operators[op].arity > 1)
		next = number_constants(space, tree, search_tree_end(tree, at + 1), next, numbers);
	return next;
}

/* The tuple without the operation at `at` of a hole: its operand from `from` to `to` stands there. Constants stay with their nodes. */
static void without(const Ablation *a, const SearchTuple *tuple, const SearchFound *found, int hole, int at, int from,
                    int to, SearchTuple *out, SearchFound *variant) {
	int end = search_tree_end(&tuple->trees[hole], at), next = 0, shorter_next = 0;
	*out = *tuple;
	*variant = *found;
	for (int h = 0; h < a->grammar.holes; h++) {
		const SearchTree *tree = &tuple->trees[h];
		SearchTree *shorter = &out->trees[h];
		int origin[SEARCH_MOST_NODES], numbers[SEARCH_MOST_NODES], own[SEARCH_MOST_NODES];
		shorter->count = 0;
		for (int i = 0; i < tree->count; i++) {
			if (h == hole && i >= at && i < end && (i < from || i >= to))
				continue;
			origin[shorter->count] = i;
			shorter->codes[shorter->count++] = tree->codes[i];
		}
		next = number_constants(a->grammar.spaces[h], tree, 0, next, numbers);
		shorter_next = number_constants(a->grammar.spaces[h], shorter, 0, shorter_next, own);
		for (int i = 0; i < shorter->count; i++)
			if (own[i] >= 0)
				variant->constants[own[i]] = found->constants[numbers[origin[i]]];
	}
}

/* ---- variants ---- */

/* Its nodes as bytes: what the archive knows it by; what evolution has met has hashes of values. */
static uint64_t hash_of(const SearchTuple *tuple) {
	uint64_t hash = UINT64_C(0x61626c617465); /* "ablate" */
	for (int h = 0; h < SEARCH_MOST_HOLES; h++)
		hash = hash_bytes(tuple->trees[h].codes, tuple->trees[h].count, hash);
	return hash;
}

/* The number of a tuple in the table, which grows by it; false: it is not of the space. */
static bool add_to_table(const Ablation *a, const SearchTuple *tuple, uint32_t *root) {
	SearchTable *table = a->search->out->table;
	SearchExpr nodes[SEARCH_TUPLE_NODES];
	int count = search_tuple_nodes(&a->grammar, tuple, table->count, nodes, root);
	if (count == 0)
		return false;
	search_table_add(table, nodes, (uint32_t)count, hash_of(tuple));
	return true;
}

static void make_variants(Ablation *a, const SearchFound *found) {
	const SearchTable *table = a->search->out->table;
	uint32_t parts[SEARCH_MOST_HOLES];
	SearchTuple tuple = {0};
	a->count = 0;
	search_parts(table, found->expr, parts);
	for (int h = 0; h < a->grammar.holes; h++)
		search_tree_of(table, parts[h], &tuple.trees[h]);
	for (int h = 0; h < a->grammar.holes; h++) {
		const SearchTree *tree = &tuple.trees[h];
		for (int at = 0; at < tree->count; at++) {
			if (tree->codes[at] < SEARCH_OPERATION)
				continue;
			int from = at + 1, arity = fe_operators[tree->codes[at] - SEARCH_OPERATION].arity;
			for (int k = 0; k < arity; k++) {
				SearchTuple shorter;
				SearchFound variant;
				int to = search_tree_end(tree, from);
				without(a, &tuple, found, h, at, from, to, &shorter, &variant);
				from = to;
				if (add_to_table(a, &shorter, &variant.expr))
					a->variants[a->count++] = variant;
			}
		}
	}
}

static void try_variant(void *user, int item, int worker) {
	Ablation *a = user;
	unsigned before = search_flush_subnormals();
	search_try(a->search, &a->search->workers[worker], SEARCH_STAGES - 2, &a->variants[item]);
	search_flush_as_before(before);
}

/* The best of the variants that are not tried yet, by the stage before the last. */
static SearchFound *next_best(Ablation *a) {
	SearchFound *best = NULL;
	for (uint32_t i = 0; i < a->count; i++)
		if (isfinite(a->variants[i].score) && (!best || a->variants[i].score < best->score))
			best = &a->variants[i];
	return best;
}

/* One operation less, if that hardly costs anything; false: it does. */
static bool shorten(Ablation *a, SearchFound *found) {
	enum { TRIED = 2 };
	Search *s = a->search;
	make_variants(a, found);
	rt_pool_run(s->rt->pool, (int)a->count, try_variant, a);
	for (int k = 0; k < TRIED && !rt_interrupted(s->rt); k++) {
		SearchFound *best = next_best(a);
		if (!best)
			return false;
		SearchFound last = *best;
		unsigned before = search_flush_subnormals();
		search_try(s, &s->workers[0], SEARCH_STAGES - 1, &last);
		search_flush_as_before(before);
		if (last.score <= found->score + search_ablated * fabs(found->score)) {
			*found = last;
			found->shortened = true;
			return true;
		}
		best->score = INFINITY;
	}
	return false;
}

void search_ablate(Search *s) {
	SearchMeanings *meanings = ARENA_NEW(s->arena, SearchMeanings);
	Ablation *a = ARENA_NEW(s->arena, Ablation);
	Session *session = session_new();
	search_meanings(session, meanings);
	session_free(session);
	*a = (Ablation){.search = s, .grammar = {.holes = s->out->holes, .meanings = meanings}};
	for (int h = 0; h < s->out->holes; h++)
		a->grammar.spaces[h] = &s->out->spaces[h];
	uint32_t finalists = s->count < SEARCH_ABLATED ? s->count : SEARCH_ABLATED;
	SearchFound *more = memory_new(sizeof *more * (s->count + finalists * SEARCH_MOST_SIZE + 1));
	memcpy(more, s->found, sizeof *more * s->count);
	free(s->found);
	s->found = more;
	for (uint32_t i = 0; i < finalists; i++) {
		SearchFound found = s->found[i];
		while (!rt_interrupted(s->rt) && shorten(a, &found))
			s->found[s->count++] = found;
	}
}
