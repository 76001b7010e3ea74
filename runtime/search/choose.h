/* choose: combinations of the choices of a rule. Private to runtime/search, but for what search.h says.
 *
 * One way through: FeRule with all alternatives -> ChooseSpace (combinations, those that are one rule once) -> ChooseLab (the rule and an
 * objective as machine code, in which hyperparameters pick) -> scores, stage by stage for fewer -> the same program with the choices
 * made, compiled like any. */
#ifndef GRADUS_SEARCH_CHOOSE_H
#define GRADUS_SEARCH_CHOOSE_H

#include "runtime/search/search.h"

/* ---- choose_space.c ---- */

/* picks[space->count] of a combination, which is a number. */
void search_choose_picks(const ChooseSpace *space, int64_t combination, int *picks);
/* The first of the combinations that are the same rule; picks become its own, needed[space->count] is scratch. */
int64_t search_choose_first_alike(Session *session, const ChooseSpace *space, int *picks, bool *needed);

/* A combination as picks of the program, one per choice, in the session's arena. */
FePick *search_choose_program_picks(Session *session, const ChooseSpace *space, int64_t combination);

/* ---- choose_lab.c: a rule with choices on problems of one objective; 16 points at a time ---- */

typedef struct ChooseTraining ChooseTraining;
typedef struct ChooseLab ChooseLab;
typedef struct ChooseBench ChooseBench; /* what one thread runs on */

/* A rule whose numbers are fitted: its rate, what it learns, and hyperparameters that are opened as learned. */
typedef struct ChooseRule {
	const FeCall *call;
	const Name *open;
	uint32_t open_count;
} ChooseRule;

/* NULL with diagnostics. */
ChooseLab *search_choose_lab_new(Rt *rt, const FeCall *objective, const ChooseRule *rule, FeScore score, int horizon);
void search_choose_lab_free(ChooseLab *lab);
const FeRule *search_choose_lab_rule(const ChooseLab *lab);
const Task *search_choose_lab_task(const ChooseLab *lab);
const double *search_choose_lab_theta(const ChooseLab *lab); /* where learned numbers start, [P] as they are trained */
Problems *search_choose_lab_problems(ChooseLab *lab, ProblemSet set,
                                     int count); /* one to a block; NULL with a diagnostic */
ChooseBench *search_choose_bench_new(const ChooseLab *lab, Arena *arena);
double search_choose_bench_bytes(const ChooseLab *lab); /* that it will take, about */
int64_t search_choose_bench_evaluations(const ChooseBench *bench);

/* Points to try at once: a rate and learned numbers for each lane. */
typedef struct ChoosePoints {
	double rates[IR_LANES], theta[CHOOSE_MOST_LEARNED][IR_LANES];
} ChoosePoints;

typedef struct ChooseRun {
	const int *picks;
	int steps, horizon;
	int hopeless; /* after so many steps a run ends in which no lane is below where it began; 0: never */
	int beyond;   /* set where it is hopeless: rates at which it may not be (search_grid_hopeless) */
} ChooseRun;

/* The scores of all lanes on one problem; not finite where a lane is lost. false: hopeless. */
bool search_choose_run(const ChooseLab *lab, ChooseBench *bench, const ProblemBlock *problem, ChooseRun *run,
                       const ChoosePoints *points, double score[IR_LANES]);
/* The rate whose first step is as large as x; 0: none is, or it is not finite. */
double search_choose_rate_of_size(const ChooseLab *lab, ChooseBench *bench, const ProblemBlock *problem,
                                  const ChooseRun *run, const ChoosePoints *points);

/* ---- choose_stage.c: a combination through a stage ---- */

/* What one thread has of all labs. */
typedef struct ChooseWorker {
	ChooseBench **benches;
} ChooseWorker;

typedef struct Choosing {
	Rt *rt;
	const FeExperiment *experiment;
	const SearchOptions *options;
	ChooseResult *out;
	ChooseLab **labs;
	int lab_count;
	Problems **train, **select; /* per lab; select: NULL where there are none */
	ChooseWorker *workers;
	ChooseFound *found; /* the combinations of this stage ... */
	uint32_t count;
	int learned; /* numbers of `learn` beside the choices */
	double started;
	Arena *arena;
} Choosing;

/* Its score, rate and learned numbers anew. On any thread. */
void search_choose_try(const Choosing *c, const ChooseWorker *worker, int stage, ChooseFound *found);
/* The rate with as few digits as the score allows, on the problems of the last stage. */
void search_choose_round(const Choosing *c, const ChooseWorker *worker, ChooseFound *found);
/* Its scores on each problem of these sets (one per lab): out[problems of all labs]. */
void search_choose_score_each(const Choosing *c, const ChooseWorker *worker, Problems *const *problems,
                              const ChooseFound *found, double *out);

/* ---- choose.c, choose_climb.c ---- */

/* A search that has not begun, which search_choose_free(c->out) ends. */
Choosing *search_choosing_new(Rt *rt, const FeExperiment *experiment, const SearchOptions *options);
/* What it runs on: code, combinations, problems, workers. false with diagnostics. */
bool search_choose_begin(Choosing *c, const ChooseRule *rule);

/* All of c->found through a stage, on all threads; how many, until an interrupt. */
uint32_t search_choose_try_all(Choosing *c, int stage);
/* Puts them in order, and gives how many of the best there are, of so many. */
uint32_t search_choose_best(ChooseFound *found, uint32_t count, uint32_t wanted);
/* Of a sample: from the best so far on, one choice at a time. */
void search_choose_climb(Choosing *c);

/* ---- choose_found.c ---- */

/* Its text, and its score as that is compiled. false with diagnostics. */
bool search_choose_write(const Choosing *c, ChooseFound *found);

#endif
