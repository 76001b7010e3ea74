/* A search under way. Private to runtime/search. */
#ifndef GRADUS_SEARCH_STAGES_H
#define GRADUS_SEARCH_STAGES_H

#include "runtime/search/lab.h"

/* What one thread has of all labs. */
typedef struct SearchWorker {
	SearchBench **benches;
} SearchWorker;

typedef struct Search {
	Rt *rt;
	const FeExperiment *experiment;
	const SearchOptions *options;
	SearchResult *out;
	Problems **train, **select; /* per lab */
	SearchWorker *workers;
	SearchFound *found; /* the candidates of this stage ... */
	uint32_t count;
	double started;
	Arena *arena;
} Search;

/* One candidate through a stage: its score, rate and constants anew. On any thread. */
void search_try(const Search *s, const SearchWorker *worker, int stage, SearchFound *found);
/* Rate and constants with as few digits as the score allows, on the problems of the last stage. */
void search_round(const Search *s, const SearchWorker *worker, SearchFound *found);
/* Its scores on each problem of these sets (one per lab), at its own rate and constants: out[problems of all labs]. */
void search_score_each(const Search *s, const SearchWorker *worker, Problems *const *problems, const SearchFound *found,
                       double *out);

/* evolved.c: evolution, or random search, and then what it met as the candidates. false with a diagnostic. */
bool search_evolve_candidates(Search *s, const FeSearch *how);

/* subnormal.c: subnormal numbers are 0 on this thread, until it is as before. */
unsigned search_flush_subnormals(void);
void search_flush_as_before(unsigned before);

#endif
