/* A search under way. Private to runtime/search. */
#ifndef GRADUS_SEARCH_STAGES_H
#define GRADUS_SEARCH_STAGES_H

#include "runtime/search/archive.h"
#include "runtime/search/lab.h"

/* ---- tasks.c: what labs run ---- */

/* A rule as a lab needs it. NULL with diagnostics. */
typedef FeRule *SearchLowers(Rt *rt, IrModule *module, const FeTarget *target, const void *how);
/* It and an objective, one problem to a block. NULL with diagnostics. */
Task *search_task(Rt *rt, const FeCall *objective, FeScore score, SearchLowers *lowers, const void *how);

/* Those of an experiment, for each of its objectives. */
typedef struct SearchProblems {
	Problems **train, **select; /* select: NULL where there are none */
	int count;
} SearchProblems;

/* false with a diagnostic; what was made by then has to be freed as well. */
bool search_make_problems(const FeExperiment *experiment, Task *const *tasks, int count, Arena *arena,
                          SearchProblems *out);
void search_free_problems(SearchProblems *problems);

/* What one thread has of all labs. */
typedef struct SearchWorker {
	SearchBench **benches;
} SearchWorker;

/* What the first stage keeps of a candidate: there may be millions of them. */
typedef struct SearchLook {
	double score, rate;
	uint32_t expr;
} SearchLook;

/* One round: what threads share among them, and one transaction of the archive. */
typedef struct SearchRound {
	int stage;
	uint32_t first, count; /* of the stage's candidates */
	SearchFound *found;    /* [count] */
	int64_t evaluations;   /* that it took */
} SearchRound;

typedef struct Search {
	Rt *rt;
	const FeExperiment *experiment;
	const SearchOptions *options;
	SearchResult *out;
	SearchProblems problems;
	Problems **train, **select; /* of these, per lab */
	SearchWorker *workers;
	SearchLook *looks;                         /* the candidates of the first stage */
	SearchFound *found;                        /* those of the later ones */
	uint32_t count;                            /* of this stage's candidates */
	SearchFound best_of[SEARCH_MOST_SIZE + 1]; /* per size: the best that this stage has scored so far */
	uint32_t ends[SEARCH_ENDS];                /* how the candidates of this stage ended */
	SearchArchive *archive;                    /* NULL: there is none, or not yet */
	int64_t epoch;                             /* the number of the round that is next */
	VEC(int64_t) unkept;                       /* evaluations of the rounds before there was an archive */
	double told;                               /* when the best so far was last told */
	uint64_t told_what;                        /* a hash of it */
	double started;
	Arena *arena;
} Search;

/* ---- stages.c ---- */

/* One candidate through a stage: its score, rate and constants anew. On any thread. */
void search_try(const Search *s, const SearchWorker *worker, int stage, SearchFound *found);
/* A candidate as it came out of the first stage. */
void search_look_again(const Search *s, const SearchLook *look, SearchFound *found);
/* Rate and constants with as few digits as the score allows, on the problems of the last stage. */
void search_round(const Search *s, const SearchWorker *worker, SearchFound *found);
/* Its scores on each problem of these sets (one per lab), at its own rate and constants: out[problems of all labs]. */
void search_score_each(const Search *s, const SearchWorker *worker, Problems *const *problems, const SearchFound *found,
                       double *out);
int search_problems_of(const FeExperiment *experiment, int stage, int labs); /* of each lab */

/* ---- funnel.c ---- */

int64_t search_evaluations(const Search *s); /* of an objective, by all workers so far */

/* ---- front.c: the best so far ---- */

/* By score; what is equal by size, by cost, and at last by number. */
bool search_is_before(const SearchTable *table, double score, uint32_t expr, double other_score, uint32_t other);
/* Takes the candidates of a round, which are scored, into best_of. */
void search_see_best(Search *s, const SearchRound *round);
/* best_of as the front of the result: the best of each size that beats all smaller ones, and which of them wins. As long as this stage has
 * scored nothing that stays finite, the front is still that of the stage before. */
void search_make_front(Search *s, int stage);
/* Tells whoever asked of the front, if it is another one and some time has passed since. false: the search ends, with a diagnostic. */
bool search_tell_best(Search *s);

/* ---- epochs.c: rounds in the archive ---- */

/* What a search has to have in common with the one whose archive it goes on with: a hash of all sources and data that were read, and the
 * clauses of the experiment. */
const char *search_program_hash(const Rt *rt, Arena *arena);
void search_put_conditions(Rt *rt, const FeExperiment *experiment, Text *out);

/* Opens the archive, if there is something to keep in it, or to go on from. false with a diagnostic. */
bool search_open_archive(Search *s);
/* Is the next round there already? Then it is read: scores, rates and constants. *ok false with a diagnostic: it does not fit. */
bool search_known_round(Search *s, SearchRound *round, bool *ok);
void search_say_changed(const Search *s); /* E0812: the next epoch in the archive does not fit */
/* Before a round is scored: what comes to the second stage is an expression of the archive. */
void search_put_entered(Search *s, const SearchRound *round);
/* A round that was scored, for good. */
void search_put_round(Search *s, const SearchRound *round);
/* The finalists on the select problems: the last epoch. */
void search_put_finalists(Search *s, int64_t evaluations);

/* Proposals: a round of them is an epoch of this stage. */
enum { SEARCH_PROPOSED_STAGE = -2 };
/* Is the next epoch there already? *ok false with a diagnostic: it is none of proposals. */
bool search_known_proposals(Search *s, Arena *arena, SearchArchiveEpoch *out, bool *ok);
/* The scores of one in the first two stages; false: they are not there. */
bool search_known_proposal(const Search *s, SearchFound *first, SearchFound *found);
void search_put_proposal(Search *s, const SearchFound *first, const SearchFound *found);
void search_put_proposals(Search *s, const SearchArchiveEpoch *epoch); /* those that were put since, for good */

/* imitate.c: of the candidates, those that agree best with where options->teacher went. false with a diagnostic, or interrupted. */
bool search_imitate(Search *s);

/* evolved.c: evolution, or random search, and then what it met as the candidates. false with a diagnostic, or interrupted. */
bool search_evolve_candidates(Search *s);

/* beside.c: numbers of `learn` that are not fitted as constants are. */
/* How many there are, and whether they can be trained: result->beside, result->trains. */
void search_see_beside(Search *s);
/* Trains them in every finalist, by what the experiment says of training, and scores the finalists anew on the problems (one set per lab)
 * that they are chosen by. false with a diagnostic, or interrupted. */
bool search_train_beside(Search *s, Problems *const *problems);
/* found.c: what was found as a program of its own, under the name of its rule; what is learned starts as it is written. */
void search_found_text(Rt *rt, const SearchResult *result, const SearchFound *found, Text *out);

/* ablate.c: the best finalists with less in them become finalists. */
void search_ablate(Search *s);

/* subnormal.c: subnormal numbers are 0 on this thread, until it is as before. */
unsigned search_flush_subnormals(void);
void search_flush_as_before(unsigned before);

/* ---- rates.c ---- */

double search_grid_rate(double first, double per_decade, int lane); /* of a grid that begins with `first` */
/* The first rate of the grid below (way < 0) or above the one with these. */
double search_grid_beside(const double *rates, double per_decade, int way);
/* Where better rates may lie, by the scores of a grid: -1: below it; 1: above; 0: the best is inside, or the rule allows no other. */
int search_grid_edge(const double *rates, const double *scores);
/* The same of a grid that was dropped as none of its runs has come down from f0, by their f after these few steps. */
int search_grid_hopeless(const double *rates, const double *f0, const double *f);

/* ---- points.c ---- */

/* A standard normal number, keyed by the point that it is for. */
double search_normal(int round, int lane, int dimension);
/* With how many digits a lane tries its numbers; 0: as numbers of f32. */
int search_digits_of(int lane);
double search_rounded_to(double value, int kept);
/* mean[IR_LANES], of lanes with search_digits_of each: the one with the fewest digits whose score is that of the first, but for
 * search_rounded. */
int search_fewest_digits(const double *mean);

#endif
