/* Expressions as trees in prefix order, and as nodes of a table. */
#include "runtime/search/tree.h"

#include <string.h>

static int arity_of(uint8_t code) {
	return code < SEARCH_OPERATION ? 0 : fe_operators[code - SEARCH_OPERATION].arity;
}

int search_tree_end(const SearchTree *tree, int at) {
	for (int open = 1; open > 0; at++)
		open += arity_of(tree->codes[at]) - 1;
	return at;
}

/* The shorter first; of one length, by codes. */
static bool is_ordered(const uint8_t *a, int a_count, const uint8_t *b, int b_count) {
	return a_count != b_count ? a_count < b_count : memcmp(a, b, (size_t)a_count) <= 0;
}

/* The subtree at a place; gives the place behind it. */
static int order_at(SearchTree *tree, int at) {
	uint8_t code = tree->codes[at];
	int first = at + 1, arity = arity_of(code);
	if (arity == 0)
		return first;
	int second = order_at(tree, first);
	if (arity == 1)
		return second;
	int end = order_at(tree, second), a = second - first, b = end - second;
	uint8_t *codes = tree->codes, moved[SEARCH_MOST_NODES];
	if (fe_operators[code - SEARCH_OPERATION].commutes && !is_ordered(codes + first, a, codes + second, b)) {
		memcpy(moved, codes + first, (size_t)a);
		memmove(codes + first, codes + second, (size_t)b);
		memcpy(codes + first + b, moved, (size_t)a);
	}
	return end;
}

void search_tree_order(SearchTree *tree) {
	if (tree->count > 0)
		order_at(tree, 0);
}

bool search_tree_nodes(const SearchSpace *space, const SearchMeanings *meanings, const SearchTree *tree,
                       SearchExpr nodes[SEARCH_MOST_NODES]) {
	if (tree->count == 0 || tree->count > space->size)
		return false;
	for (int i = tree->count - 1; i >= 0; i--) { /* operands stand behind */
		uint8_t code = tree->codes[i];
		if (code < SEARCH_OPERATION) {
			nodes[i] = search_leaf(space, code);
			continue;
		}
		int a = i + 1, b = arity_of(code) > 1 ? search_tree_end(tree, a) : 0;
		if (!search_combine(space, meanings, (FeOperator)(code - SEARCH_OPERATION), &nodes[a], b ? &nodes[b] : NULL,
		                    &nodes[i]))
			return false;
		nodes[i].a = (uint32_t)a;
		nodes[i].b = (uint32_t)b;
	}
	return search_may_stand(space, &nodes[0]);
}

void search_tree_of(const SearchTable *table, uint32_t expr, SearchTree *out) {
	uint32_t pending[SEARCH_MOST_NODES + 1] = {expr};
	int count = 1;
	out->count = 0;
	while (count > 0) {
		const SearchExpr *x = &table->exprs[pending[--count]];
		if (x->op == SEARCH_LEAF) {
			out->codes[out->count++] = (uint8_t)(x->a % SEARCH_MOST_LEAVES);
			continue;
		}
		out->codes[out->count++] = (uint8_t)(SEARCH_OPERATION + x->op);
		if (fe_operators[x->op].arity > 1)
			pending[count++] = x->b;
		pending[count++] = x->a;
	}
}

int search_tuple_nodes(const SearchGrammar *grammar, const SearchTuple *tuple, uint32_t base, SearchExpr *out,
                       uint32_t *root) {
	int count = 0;
	for (int h = 0; h < grammar->holes; h++) {
		SearchExpr *nodes = out + count;
		const SearchTree *tree = &tuple->trees[h];
		uint32_t first = base + (uint32_t)count;
		if (!search_tree_nodes(grammar->spaces[h], grammar->meanings, tree, nodes))
			return 0;
		for (int k = 0; k < tree->count; k++) {
			bool leaf = nodes[k].op == SEARCH_LEAF;
			nodes[k].a += leaf ? (uint32_t)(h * SEARCH_MOST_LEAVES) : first;
			nodes[k].b += leaf ? 0 : first;
		}
		count += tree->count;
		if (h > 0) {
			const SearchExpr *before = &out[*root - base];
			out[count] = nodes[0];
			out[count].op = SEARCH_TUPLE;
			out[count].a = *root;
			out[count].b = first;
			out[count].size = (uint8_t)(before->size + nodes[0].size);
			out[count].cost = (uint16_t)(before->cost + nodes[0].cost);
			out[count].constants = (uint8_t)(before->constants + nodes[0].constants);
			first = base + (uint32_t)count++;
		}
		*root = first;
	}
	return out[*root - base].constants <= SEARCH_MOST_CONSTANTS ? count : 0;
}

int search_tuple_size(const SearchGrammar *grammar, const SearchTuple *tuple) {
	int size = 0;
	if (grammar->learner)
		return search_listing_size(grammar->learner);
	for (int h = 0; h < grammar->holes; h++)
		size += tuple->trees[h].count;
	return size;
}

bool search_tuple_is_valid(const SearchGrammar *grammar, const SearchTuple *tuple) {
	int constants = 0;
	if (grammar->learner)
		return true;
	for (int h = 0; h < grammar->holes; h++) {
		SearchExpr nodes[SEARCH_MOST_NODES];
		if (!search_tree_nodes(grammar->spaces[h], grammar->meanings, &tuple->trees[h], nodes))
			return false;
		constants += nodes[0].constants;
	}
	return constants <= SEARCH_MOST_CONSTANTS;
}
