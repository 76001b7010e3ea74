/* What is drawn of a space: expressions, changes of one, and crossings of two.
 *
 * Where sums are of equal degrees, most trees that one draws blindly have no meaning; so an expression is grown for a degree, which is handed down
 * to its operands. What comes out is still checked by the one rule that there is (combine.c), and drawn again if it fails. */
#include <limits.h>
#include <string.h>

#include "runtime/search/tree.h"

/* ---- draws ---- */

SearchDraws search_draws(uint64_t seed, uint64_t island, uint64_t epoch, uint64_t child) {
	return (SearchDraws){.key = {UINT64_C(0x65766f6c7665) ^ seed, island}, /* "evolve" */
	                     .counter = {epoch << 32 | child, 0}};
}

static uint64_t next_bits(SearchDraws *d) {
	if (d->left == 0) {
		random_threefry(d->key, d->counter, d->bits);
		d->counter[1]++;
		d->left = 2;
	}
	return d->bits[--d->left];
}

uint32_t search_draw_below(SearchDraws *draws, uint32_t bound) {
	return (uint32_t)((next_bits(draws) >> 32) * bound >> 32);
}

double search_draw_unit(SearchDraws *draws) {
	return (double)(next_bits(draws) >> 11) / 9007199254740992.0;
}

/* ---- growing ---- */

enum { FREE = INT_MAX }; /* a degree that may be any */

typedef struct Growth {
	const SearchSpace *space;
	SearchDraws *draws;
	SearchTree *out;
} Growth;

static bool put(SearchTree *tree, int code) {
	if (tree->count == SEARCH_MOST_NODES)
		return false;
	tree->codes[tree->count++] = (uint8_t)code;
	return true;
}

static bool grow_leaf(const Growth *g, int degree) {
	uint32_t fitting[SEARCH_MOST_LEAVES], count = 0;
	for (uint32_t i = 0; i < g->space->leaf_count; i++)
		if (degree == FREE || g->space->leaves[i].degree == degree)
			fitting[count++] = i;
	return count > 0 && put(g->out, (int)fitting[search_draw_below(g->draws, count)]);
}

/* The degree of some operand. */
static int some_degree(const Growth *g) {
	return g->space->leaves[search_draw_below(g->draws, g->space->leaf_count)].degree;
}

/* Degrees of the operands so that the result has one. false: it cannot. */
static bool degrees_below(const Growth *g, FeOperator op, int degree, int *a, int *b) {
	bool any = degree == FREE;
	*a = *b = FREE;
	if (!g->space->homogeneous)
		return true;
	switch (fe_operators[op].degree) {
	case FE_DEGREE_EQUAL: *a = *b = any ? some_degree(g) : degree; return true;
	case FE_DEGREE_SUM:
		*b = any ? FREE : some_degree(g);
		*a = any ? FREE : degree - *b;
		return true;
	case FE_DEGREE_DIFFERENCE:
		*b = any ? FREE : some_degree(g);
		*a = any ? FREE : degree + *b;
		return true;
	case FE_DEGREE_HALF: *a = any ? some_degree(g) : 2 * degree; return true;
	case FE_DEGREE_DOUBLE: *a = any ? FREE : degree / 2; return any || degree % 2 == 0;
	case FE_DEGREE_SAME: *a = degree; return true;
	case FE_DEGREE_NONE: return any || degree == 0;
	case FE_DEGREE_BARE: *a = 0; return any || degree == 0;
	}
	return false;
}

static bool some_operation(const Growth *g, int most_arity, int least_arity, FeOperator *out) {
	FeOperator fitting[FE_OPERATORS];
	uint32_t count = 0;
	for (int op = 0; op < FE_OPERATORS; op++)
		if (g->space->operators >> op & 1 && fe_operators[op].arity <= most_arity &&
		    fe_operators[op].arity >= least_arity)
			fitting[count++] = (FeOperator)op;
	if (count > 0)
		*out = fitting[search_draw_below(g->draws, count)];
	return count > 0;
}

static bool grow(const Growth *g, int size, int degree) {
	FeOperator op;
	int a, b;
	if (size == 1)
		return grow_leaf(g, degree);
	if (!some_operation(g, size > 2 ? 2 : 1, 1, &op) || !degrees_below(g, op, degree, &a, &b) ||
	    !put(g->out, SEARCH_OPERATION + (int)op))
		return false;
	if (fe_operators[op].arity == 1)
		return grow(g, size - 1, a);
	int left = 1 + (int)search_draw_below(g->draws, (uint32_t)size - 2);
	return grow(g, left, a) && grow(g, size - 1 - left, b);
}

static bool is_valid(const SearchGrammar *grammar, int hole, const SearchTree *tree) {
	SearchExpr nodes[SEARCH_MOST_NODES];
	return search_tree_nodes(grammar->spaces[hole], grammar->meanings, tree, nodes);
}

static bool fresh_tree(const SearchGrammar *grammar, SearchDraws *draws, int hole, SearchTree *out) {
	const Growth g = {grammar->spaces[hole], draws, out};
	for (int attempt = 0; attempt < SEARCH_ATTEMPTS; attempt++) {
		out->count = 0;
		if (grow(&g, 1 + (int)search_draw_below(draws, (uint32_t)g.space->size), FREE) && is_valid(grammar, hole, out))
			return true;
	}
	return false;
}

bool search_fresh(const SearchGrammar *grammar, SearchDraws *draws, SearchTuple *out) {
	memset(out, 0, sizeof *out);
	if (grammar->learner) {
		search_listing_fresh(grammar->learner, draws, &out->listing);
		return true;
	}
	for (int h = 0; h < grammar->holes; h++)
		if (!fresh_tree(grammar, draws, h, &out->trees[h]))
			return false;
	return search_tuple_is_valid(grammar, out);
}

/* ---- changes of a tree ---- */

/* `tree` with the nodes from `at` to `end` replaced. false: it grows too large. */
static bool replaced(const SearchTree *tree, int at, int end, const uint8_t *codes, int count, SearchTree *out) {
	int behind = tree->count - end;
	if (at + count + behind > SEARCH_MOST_NODES)
		return false;
	memcpy(out->codes, tree->codes, (size_t)at);
	memcpy(out->codes + at, codes, (size_t)count);
	memcpy(out->codes + at + count, tree->codes + end, (size_t)behind);
	out->count = (uint8_t)(at + count + behind);
	return true;
}

/* Another leaf, or another operation of as many operands. */
static bool point(const Growth *g, const SearchTree *tree, int at) {
	uint8_t code = tree->codes[at];
	SearchTree one = {0};
	const Growth single = {g->space, g->draws, &one};
	FeOperator op;
	if (code < SEARCH_OPERATION) {
		if (!grow_leaf(&single, FREE))
			return false;
	} else {
		int arity = fe_operators[code - SEARCH_OPERATION].arity;
		if (!some_operation(g, arity, arity, &op))
			return false;
		put(&one, SEARCH_OPERATION + (int)op);
	}
	return one.codes[0] != code && replaced(tree, at, at + 1, one.codes, 1, g->out);
}

/* A piece anew, of up to 3 nodes. */
static bool subtree(const Growth *g, const SearchTree *tree, int at) {
	enum { LARGEST = 3 };
	SearchTree piece = {0};
	const Growth growth = {g->space, g->draws, &piece};
	int degree = search_draw_below(g->draws, 2) ? some_degree(g) : FREE;
	return grow(&growth, 1 + (int)search_draw_below(g->draws, LARGEST), degree) &&
	       replaced(tree, at, search_tree_end(tree, at), piece.codes, piece.count, g->out);
}

/* An operation around a piece, on a leaf as well if it takes two. */
static bool insert(const Growth *g, const SearchTree *tree, int at) {
	int end = search_tree_end(tree, at);
	FeOperator op;
	SearchTree piece = {0};
	const Growth growth = {g->space, g->draws, &piece};
	if (tree->count == SEARCH_MOST_NODES || !some_operation(g, 2, 1, &op))
		return false;
	bool two = fe_operators[op].arity > 1, in_front = two && search_draw_below(g->draws, 2);
	put(&piece, SEARCH_OPERATION + (int)op);
	if (in_front && !grow_leaf(&growth, FREE))
		return false;
	if (piece.count + end - at > SEARCH_MOST_NODES)
		return false;
	memcpy(piece.codes + piece.count, tree->codes + at, (size_t)(end - at));
	piece.count = (uint8_t)(piece.count + end - at);
	if (two && !in_front && !grow_leaf(&growth, FREE))
		return false;
	return replaced(tree, at, end, piece.codes, piece.count, g->out);
}

/* An operand in the place of its operation. */
static bool hoist(const Growth *g, const SearchTree *tree, int at) {
	uint8_t code = tree->codes[at];
	if (code < SEARCH_OPERATION)
		return false;
	int a = at + 1, b = search_tree_end(tree, a);
	bool second = fe_operators[code - SEARCH_OPERATION].arity > 1 && search_draw_below(g->draws, 2);
	int from = second ? b : a, to = second ? search_tree_end(tree, b) : b;
	return replaced(tree, at, search_tree_end(tree, at), tree->codes + from, to - from, g->out);
}

typedef bool Change(const Growth *g, const SearchTree *tree, int at);

/* How often each is drawn; what is left over is a fresh expression. */
static const struct {
	Change *change;
	double weight;
} changes[] = {{point, 1}, {subtree, 1}, {insert, 1}, {hoist, 1}};
enum { CHANGES = sizeof changes / sizeof *changes };
static const double fresh_weight = 0.1;

static int draw_change(SearchDraws *draws) {
	double total = fresh_weight;
	for (int k = 0; k < CHANGES; k++)
		total += changes[k].weight;
	double at = search_draw_unit(draws) * total;
	for (int k = 0; k < CHANGES; k++) {
		if (at < changes[k].weight)
			return k;
		at -= changes[k].weight;
	}
	return CHANGES;
}

bool search_mutated(const SearchGrammar *grammar, SearchDraws *draws, const SearchTuple *parent, SearchTuple *out) {
	if (grammar->learner) {
		search_listing_mutated(grammar->learner, draws, &parent->listing, &out->listing);
		return true;
	}
	for (int attempt = 0; attempt < SEARCH_ATTEMPTS; attempt++) {
		*out = *parent;
		int hole = (int)search_draw_below(draws, (uint32_t)grammar->holes), which = draw_change(draws);
		const SearchTree *tree = &parent->trees[hole];
		const Growth g = {grammar->spaces[hole], draws, &out->trees[hole]};
		bool done = which == CHANGES ? fresh_tree(grammar, draws, hole, &out->trees[hole])
		                             : changes[which].change(&g, tree, (int)search_draw_below(draws, tree->count));
		if (done && search_tuple_is_valid(grammar, out))
			return true;
	}
	return false;
}

bool search_crossed(const SearchGrammar *grammar, SearchDraws *draws, const SearchTuple *parent,
                    const SearchTuple *other, SearchTuple *out) {
	if (grammar->learner) {
		search_listing_crossed(grammar->learner, draws, &parent->listing, &other->listing, &out->listing);
		return true;
	}
	for (int attempt = 0; attempt < SEARCH_ATTEMPTS; attempt++) {
		*out = *parent;
		int hole = (int)search_draw_below(draws, (uint32_t)grammar->holes);
		const SearchTree *to = &parent->trees[hole], *from = &other->trees[hole];
		int at = (int)search_draw_below(draws, to->count), piece = (int)search_draw_below(draws, from->count);
		if (grammar->holes > 1 && search_draw_below(draws, 2)) /* a whole expression */
			at = piece = 0;
		if (replaced(to, at, search_tree_end(to, at), from->codes + piece, search_tree_end(from, piece) - piece,
		             &out->trees[hole]) &&
		    search_tuple_is_valid(grammar, out))
			return true;
	}
	return false;
}
