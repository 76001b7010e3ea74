/* Expressions that change: trees, what is drawn of them, and what becomes of a tree or two. Private to runtime/search. */
#ifndef GRADUS_SEARCH_TREE_H
#define GRADUS_SEARCH_TREE_H

#include "runtime/search/listing.h"
#include "runtime/search/probe.h"

/* ---- tree.c ---- */

/* Codes below this are leaves, by their numbers; those from here on are operations. */
enum { SEARCH_OPERATION = 64 };

/* An expression as its nodes in prefix order: an operation, then its operands, each of which is a tree in one piece. */
typedef struct SearchTree {
	uint8_t count;
	uint8_t codes[SEARCH_MOST_NODES];
} SearchTree;

/* A candidate: an expression for each open place of a rule, or the listing of a learner. */
typedef struct SearchTuple {
	union {
		SearchTree trees[SEARCH_MOST_HOLES];
		SearchListing listing;
	};
} SearchTuple;

/* What tuples are of. */
typedef struct SearchGrammar {
	const SearchSpace *spaces[SEARCH_MOST_HOLES];
	int holes;
	const SearchMeanings *meanings;
	const FeLearner *learner; /* tuples are listings of this one; NULL: expressions of the holes */
} SearchGrammar;

/* The place behind the subtree that begins at `at`. */
int search_tree_end(const SearchTree *tree, int at);
/* The nodes of a tree as expressions whose operands are numbers in `nodes`, the root being 0. false: it is none of this space, or cannot stand
 * in its hole. */
bool search_tree_nodes(const SearchSpace *space, const SearchMeanings *meanings, const SearchTree *tree,
                       SearchExpr nodes[SEARCH_MOST_NODES]);
/* Puts the operands of commutative operations in one order, so that expressions which differ in that alone are one tree: their constants, which are
 * numbered in the order of the text, then have the same numbers. */
void search_tree_order(SearchTree *tree);
/* An expression of a table as a tree. */
void search_tree_of(const SearchTable *table, uint32_t expr, SearchTree *out);
/* The nodes of all trees, and those that hold them together, as expressions whose numbers begin at `base`; *root: the number of the whole. How
 * many; 0: it is not of these spaces. */
enum { SEARCH_TUPLE_NODES = SEARCH_MOST_SIZE + SEARCH_MOST_HOLES };
int search_tuple_nodes(const SearchGrammar *grammar, const SearchTuple *tuple, uint32_t base, SearchExpr *out,
                       uint32_t *root);
/* Nodes of all trees together. */
int search_tuple_size(const SearchGrammar *grammar, const SearchTuple *tuple);
bool search_tuple_is_valid(const SearchGrammar *grammar, const SearchTuple *tuple);

/* ---- mutate.c ---- */

/* A stream of random numbers: the same for the same key, whoever draws it. */
typedef struct SearchDraws {
	uint64_t key[2], counter[2], bits[2];
	int left;
} SearchDraws;

SearchDraws search_draws(uint64_t seed, uint64_t island, uint64_t epoch, uint64_t child);
uint32_t search_draw_below(SearchDraws *draws, uint32_t bound);
double search_draw_unit(SearchDraws *draws); /* in [0, 1) */

/* Valid tuples, or false: none was met in SEARCH_ATTEMPTS attempts. */

/* Every expression anew, of a size drawn evenly. */
bool search_fresh(const SearchGrammar *grammar, SearchDraws *draws, SearchTuple *out);
/* One expression of the parent with one change. */
bool search_mutated(const SearchGrammar *grammar, SearchDraws *draws, const SearchTuple *parent, SearchTuple *out);
/* A piece of one expression of `parent` replaced by a piece of the same expression of `other`. */
bool search_crossed(const SearchGrammar *grammar, SearchDraws *draws, const SearchTuple *parent,
                    const SearchTuple *other, SearchTuple *out);

#endif
