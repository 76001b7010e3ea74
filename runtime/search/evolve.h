/* Regularized evolution on islands, and random search by the same machine. Knows neither rules nor problems: what an expression is worth is
 * asked of its caller. Private to runtime/search. */
#ifndef GRADUS_SEARCH_EVOLVE_H
#define GRADUS_SEARCH_EVOLVE_H

#include "runtime/search/tree.h"

/* ---- seen.c: the scores of what was scored, in bounded memory ---- */

typedef struct SearchSeen SearchSeen;

SearchSeen *search_seen_new(uint64_t most); /* a power of two: places for so many at most */
void search_seen_free(SearchSeen *seen);
/* false: not seen, or forgotten. */
bool search_seen_find(const SearchSeen *seen, uint64_t hash, float *score, int *size);
/* A new one, or a smaller size of one that is there. */
void search_seen_put(SearchSeen *seen, uint64_t hash, float score, int size);
int64_t search_seen_dropped(const SearchSeen *seen); /* forgotten so far */

/* ---- island.c ---- */

typedef struct SearchIndividual {
	SearchTuple tuple;
	uint64_t hash;
	float score; /* lower is better; INFINITY: it failed */
	uint8_t size;
	bool known; /* its score was there already; it is noted as the smaller of its kind */
} SearchIndividual;

typedef struct SearchEvolution {
	SearchGrammar grammar;
	FeSearch how;
	uint64_t seed;
	const SearchTuple *starters; /* what evolution begins with; none: it draws */
	uint32_t starter_count;
	uint64_t most_seen;
	/* What is the same for expressions that are the same; 0: no candidate. And what one is worth. On any thread: `worker` is less than
	 * those of the pool. */
	uint64_t (*hash)(void *user, int worker, const SearchTuple *tuple);
	float (*score)(void *user, int worker, const SearchTuple *tuple);
	/* Told between rounds, on one thread and in a fixed order: what was scored. NULL: nobody asks. */
	void (*scored)(void *user, const SearchIndividual *one);
	/* Asked between rounds, with what has been found so far; false: enough. */
	bool (*goes_on)(void *user, const SearchEvolved *so_far);
	bool (*interrupted)(void *user); /* asked before every child, on any thread; NULL: never */
	void *user;
} SearchEvolution;

/* A population, of which the oldest dies, and what the island has made since the others were last told. */
typedef struct SearchIsland {
	const SearchEvolution *evolution;
	int number;
	SearchIndividual *members; /* in a ring: `oldest` is the next to be replaced */
	int count, oldest;
	SearchIndividual *noted; /* new ones, and smaller forms of known ones */
	int noted_count;
	int64_t generated, known, scored; /* children; those that had a score; those that were given one */
} SearchIsland;

enum { SEARCH_MOST_NOTED = SEARCH_CHILDREN + SEARCH_STARTERS };

SearchIsland *search_islands_new(const SearchEvolution *evolution, Arena *arena);
/* Scores starters `number`, `number` + islands, ... */
void search_island_begin(SearchIsland *island, int worker);
/* The first population: each the best of some of `scored` (none: drawn, no more than so many of which have to be scored). */
void search_island_populate(SearchIsland *island, int worker, const SearchSeen *seen, const SearchIndividual *scored,
                            uint32_t count, int64_t most_scored);
/* SEARCH_CHILDREN children, but no more than so many that have to be scored. */
void search_island_round(SearchIsland *island, int worker, const SearchSeen *seen, int64_t round, int64_t most_scored);
const SearchIndividual *search_island_best(const SearchIsland *island);
/* A child of another island, in the place of the oldest. */
void search_island_receive(SearchIsland *island, const SearchIndividual *child);

/* ---- evolve_epochs.c: rounds of evolution in the archive ---- */

struct Search;
typedef struct SearchLog SearchLog;

/* With the scores that the archive has, where the search goes on: `most` of them are remembered. NULL with a diagnostic. */
SearchLog *search_log_new(struct Search *search, uint64_t most);
void search_log_free(SearchLog *log);
/* A score that was asked for before the search was killed, as long as its rounds are played again: from then on, everything is scored that would
 * have been. On any thread. */
bool search_log_find(const SearchLog *log, const SearchTuple *tuple, int holes, float *score);
void search_log_add(SearchLog *log, const SearchTuple *tuple, int holes, float score);
/* What was added since the last epoch is one, for good. false with E0812: the archive has another one in its place. */
bool search_log_end_epoch(SearchLog *log, const SearchEvolved *so_far);
void search_log_begin(SearchLog *log);                        /* another evolution begins */
void search_log_exclude(SearchLog *log, int64_t evaluations); /* that did not belong to the search */

/* ---- evolve.c ---- */

SearchEvolved *search_evolve(const SearchEvolution *evolution, RtPool *pool, Arena *arena);

#endif
