/* Situations in which expressions are told apart. Private to runtime/search. */
#ifndef GRADUS_SEARCH_PROBE_H
#define GRADUS_SEARCH_PROBE_H

#include "runtime/search/search.h"

typedef struct SearchProbes {
	const SearchSpace *space;
	SearchMeanings meanings;
	int rows, coordinates; /* numbers of each expression; how many of them are one tensor */
	double *leaves, *constants;
	double *scratch; /* of search_values_apart */
} SearchProbes;

SearchProbes *search_probes_new(const SearchSpace *space, Arena *arena);
const double *search_leaf_values(const SearchProbes *probes, uint32_t leaf);
const double *search_constant_values(const SearchProbes *probes, int number);
/* Of an expression with several constants: its constants are different numbers, in the order of its text. */
void search_values_apart(const SearchProbes *probes, const SearchTable *table, const SearchExpr *x, double *out);

/* What is the same for expressions that are the same, positive multiples being so where the space merges them. 0: no candidate, as its values
 * are not finite, 0 everywhere, or of a size that nobody means. */
uint64_t search_hash(const SearchProbes *probes, const double *values);
/* The same of any values; merge: positive multiples are the same. */
uint64_t search_hash_values(const double *values, int rows, bool merge);

#endif
