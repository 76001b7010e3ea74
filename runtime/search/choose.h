/* choose: combinations of the choices of a rule. Private to runtime/search, but for what search.h says.
 *
 * One way through: FeRule with all alternatives -> ChooseSpace (combinations, those that are one rule once) -> ChooseLab (the rule and an
 * objective as machine code, in which hyperparameters pick) -> scores, stage by stage for fewer -> the same program with the choices
 * made, compiled like any. */
#ifndef GRADUS_SEARCH_CHOOSE_H
#define GRADUS_SEARCH_CHOOSE_H

#include "runtime/search/search.h"
#include "runtime/search/stages.h"

/* ---- choose_space.c ---- */

/* picks[space->count] of a combination, which is a number. */
void search_choose_picks(const ChooseSpace *space, int64_t combination, int *picks);
/* The first of the combinations that are the same rule; picks become its own, needed[space->count] is scratch. */
int64_t search_choose_first_alike(Session *session, const ChooseSpace *space, int *picks, bool *needed);

/* A combination as picks of the program, one per choice, in the session's arena. */
FePick *search_choose_program_picks(Session *session, const ChooseSpace *space, int64_t combination);

/* ---- choose_epochs.c: what combinations have scored, in the archive of their search ----
 *
 * An expression of the archive is a combination: its hash is its number, its text what --choose takes, its size how many choices matter. What a
 * round came to is a function of the search alone, so a search that goes on takes those that are there as they are. */

typedef struct ChooseRow {
	int64_t combination;
	double score, rate; /* rate: NaN where there is none */
	const double *numbers;
	int number_count; /* of `learn`, as the rule uses them; of one that is trained, on how many problems it is not finite, if on any */
	const char *source; /* NULL: the combination is in the archive already */
} ChooseRow;

/* A transaction. `n` is given by its place. */
typedef struct ChooseEpoch {
	SearchArchiveEpoch epoch;
	const ChooseRow *rows;
	uint32_t count;
} ChooseEpoch;

typedef struct ChooseKept {
	Rt *rt;
	const SearchOptions *options;
	const ChooseSpace *space;
	SearchArchiveRun run;
	SearchArchive *archive;  /* NULL: there is none, or not yet */
	int64_t epoch;           /* the number of the round that is next */
	VEC(ChooseEpoch) unkept; /* rounds before there was an archive */
	bool lost;               /* the disk did not take all of it, which a diagnostic says */
	double told;             /* when the best so far was last told */
	Arena *arena;
} ChooseKept;

/* How a search among these is begun again: before anything of it is written. trained: outer steps of each combination; 0: they are fitted. */
void search_choose_keep(ChooseKept *kept, Rt *rt, const FeExperiment *experiment, const SearchOptions *options,
                        const ChooseSpace *space, int trained, Arena *arena);
/* Opens the archive, if there is something to keep in it (`any`), or to go on from. false with a diagnostic. */
bool search_choose_open(ChooseKept *kept, bool any);
/* Is the next round there already? */
bool search_choose_is_there(const ChooseKept *kept);
/* Reads it. false with E0812: it is not what was written. `state` is in `arena`. */
bool search_choose_known(ChooseKept *kept, Arena *arena, SearchArchiveEpoch *out);
void search_choose_say_changed(const ChooseKept *kept); /* E0812: the next round there does not fit */
/* Keeps a round, for good, unless it is there. The rows are those of the epoch's stage. */
void search_choose_put(ChooseKept *kept, const ChooseEpoch *epoch);
/* Is it time to tell of the best so far? What is there before was told, and is better than what is played again. */
bool search_choose_tells(ChooseKept *kept);

/* ---- choose_lab.c: a rule with choices on problems of one objective; 16 points at a time ---- */

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
Task *search_choose_lab_task(const ChooseLab *lab);
const double *search_choose_lab_theta(const ChooseLab *lab); /* where learned numbers start, [P] as they are trained */
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
	SearchProblems problems;
	Problems **train, **select; /* of these, per lab; select: NULL where there are none */
	ChooseWorker *workers;
	ChooseFound *found; /* the combinations of this stage ... */
	uint32_t count;
	int learned; /* numbers of `learn` beside the choices */
	ChooseKept kept;
	ChooseFound best; /* so far, of out->stage */
	bool fresh;       /* it was not told yet */
	double started;
	Arena *arena;
} Choosing;

/* Candidates that threads share among them; one transaction of the archive. */
typedef struct ChooseRound {
	int stage;
	ChooseFound *found;
	uint32_t count;
	bool climbs; /* made of the best so far */
	int64_t evaluations;
} ChooseRound;

/* Its learned numbers as the rule uses them, of those as they are trained. */
void search_choose_see_natural(const Choosing *c, ChooseFound *found);
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

/* All of c->found through a stage, round by round. climbs: they were made of the best so far. false with a diagnostic, or interrupted. */
bool search_choose_try_all(Choosing *c, int stage, bool climbs);
int64_t search_choose_evaluations(const Choosing *c); /* of an objective, by all workers so far */
/* Puts them in order, and gives how many of the best there are, of so many. */
uint32_t search_choose_best(ChooseFound *found, uint32_t count, uint32_t wanted);
/* Of a sample, whose stage CHOOSE_CLIMBS is over: from the best so far on, one choice at a time. false with a diagnostic, or interrupted. */
bool search_choose_climb(Choosing *c);

/* ---- choose_pupil.c: a combination in training ---- */

typedef struct ChoosePupil {
	ChooseLearned shown;
	FeProgram *program; /* with its choices made; NULL: it did not begin here */
	FeExperiment experiment;
	TrainOptions options;
	Training *training; /* NULL: it did not begin here, or is over */
	int64_t evaluations;
	bool over;            /* it goes on no more: it diverged, or its patience ended */
	int64_t epoch;        /* of the archive that has its state; -1: none */
	const void *restores; /* while it begins: that state */
	size_t restores_bytes;
} ChoosePupil;

typedef struct ChooseTraining {
	Rt *rt;
	const FeExperiment *experiment;
	const SearchOptions *options;
	ChooseTrained *out;
	ChooseKept kept;
	IrModule *module; /* of the rule with all alternatives */
	ChoosePupil *pupils;
	uint32_t count;
	const ChoosePupil *best; /* so far; NULL: none */
	bool fresh;              /* it was not told yet */
	double started;
	int rung;
	Arena *arena;
} ChooseTraining;

/* Makes its program, and its training if something is learned: from the start, or from the state in the archive. false with diagnostics. */
bool search_pupil_begin(ChooseTraining *t, ChoosePupil *pupil);
/* So many outer steps further, as long as it goes on, and its score. false with diagnostics, or interrupted. */
bool search_pupil_go_on(const ChooseTraining *t, ChoosePupil *pupil, int steps);
/* What it goes on from, in `arena`. */
void search_pupil_state(const ChoosePupil *pupil, Arena *arena, SearchArchiveEpoch *out);
/* Takes what that says of it, but for the training itself. false: it is none. */
bool search_pupil_read(ChoosePupil *pupil, const SearchArchiveEpoch *epoch);
/* Its rule as text, where nothing is learned. NULL with diagnostics. */
const char *search_pupil_text(const ChooseTraining *t, const ChoosePupil *pupil);

/* ---- choose_found.c ---- */

/* Its text, and its score as that is compiled. false with diagnostics. */
bool search_choose_write(const Choosing *c, ChooseFound *found);

#endif
