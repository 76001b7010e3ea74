/* meta: learning the numbers of a rule: estimates of the meta-gradient, and training by them. */
#ifndef GRADUS_META_H
#define GRADUS_META_H

#include "runtime/inner/inner.h"

/* ---- estimators.c: the meta-gradient (reference: docs, "Estimators") ---- */

typedef struct MetaEstimate {
	FeEstimator kind;
	int window; /* 0: whole */
	int order;  /* backprop, forward: 1: the g that the rule reads is a constant; else it is differentiated as well */
	double sigma;
	int particles; /* antithetic pairs */
	int horizon_low, horizon_high;
	int steps; /* policy_search: outer steps in all, which its rounds share */
	/* policy_search: what is drawn for a problem; rounds; how far controllers go from the policy; of the prior of the dynamics (0:
	 * they are known); of the multipliers (0: none) */
	int trajectories, outer, inner;
	double trust;
	int components;
	double multipliers;
	/* cma_es, random_search, grid_search: how far candidates lie from the start; how many there are in an outer step (0: chosen); points of
	 * the grid for a number */
	double spread;
	int population, points;
	bool fresh;   /* other problems at every outer step */
	bool stagger; /* pes, truncated_es: particles start at different ages */
	double clip;  /* backprop, forward: a problem's gradient is cut to this norm before the mean is taken; 0: never */
} MetaEstimate;

/* What an outer step cost and lost. */
typedef struct MetaStats {
	double score;        /* mean over what was finite (pes, truncated_es: of the window, scaled to a whole run) */
	int64_t pieces;      /* gradients or pairs of runs asked for */
	int64_t nonfinite;   /* of those, dropped because something was not finite */
	int64_t clipped;     /* of those, cut to the length that one problem may have */
	int64_t evaluations; /* inner evaluations of an objective, counted once per value or value and gradient */
} MetaStats;

typedef struct MetaEstimator MetaEstimator;

/* As an experiment says, with what it leaves open. */
MetaEstimate meta_estimate_of(const FeExperiment *experiment);

/* Code that an estimate runs. */
typedef struct MetaUse {
	TaskStage stage;
	TaskPlan plan;
} MetaUse;

enum { META_MOST_USES = 7 };

/* Chooses the blocks of a task for so many training problems, and says which code an estimate will run. Returns how many. */
int meta_estimate_uses(const MetaEstimate *how, Task *task, int problems, MetaUse uses[META_MOST_USES]);

/* Over all the tasks' training problems: problems[k] belong to tasks[k], equally many learned numbers in each. Compiles,
 * plans memory (E0801 if over the limit) and allocates. NULL with a diagnostic. */
MetaEstimator *meta_estimator_new(Rt *rt, Task **tasks, int task_count, const int *problem_counts,
                                  const MetaEstimate *how, uint64_t seed);
void meta_estimator_free(MetaEstimator *estimator);
/* The estimate at theta, outer step `step` = 0, 1, ...; pes and truncated_es carry their particles from call to call.
 * gradient: [P]. false with a diagnostic (a gather that left its range). */
bool meta_estimate(MetaEstimator *estimator, const double *theta, int64_t step, double *gradient, MetaStats *stats);
/* Does meta_estimate give the next theta in the place of a gradient (cma_es, random_search, grid_search)? */
bool meta_moves(const MetaEstimator *estimator);
double meta_estimator_bytes(const MetaEstimator *estimator); /* as planned */

/* All that a training carries from one outer step to the next, piece by piece: typed arrays of known length. Two trainings
 * of one experiment have the same pieces in the same order, some of one name. Noise, horizons and problems are
 * functions of (seed, step, number), so `steps` says where they go on. */
typedef struct TrainPiece {
	const char *name;
	IrScalar scalar;
	void *data;
	size_t count; /* elements */
} TrainPiece;

typedef void TrainVisit(void *user, const TrainPiece *piece);

uint64_t meta_estimator_seed(const MetaEstimator *estimator); /* of its noise: may have been visited */
void meta_estimator_visit(MetaEstimator *estimator, TrainVisit *visit, void *user);
bool meta_estimator_is_sound(const MetaEstimator *estimator); /* see train_is_sound */
/* The norm of values[count] is the result times *unit, which is 1 unless their squares leave the range of f64. */
double meta_norm(const double *values, int64_t count, double *unit);
/* Standard normal noise, the same for every kind of estimate: (seed, step, particle) -> out[count]. */
void meta_noise(uint64_t seed, int64_t step, int64_t particle, double *out, int64_t count);

/* ---- diagnose.c: how good estimators are where a rule starts ---- */

typedef struct MetaDiagnosis {
	MetaEstimate how; /* given */
	bool measured;    /* something of it was finite */
	double gradient;  /* norm of the mean estimate */
	double bias; /* distance of the mean from the reference, beyond what chance explains, over the reference's norm */
	double bias_error; /* what chance explains, over the same */
	double cosine; /* of the mean with the reference, the noise of both allowed for; NaN where there is nothing else */
	double deviation;            /* standard deviation of one estimate: root of the sum of variances over all numbers */
	double evaluations, seconds; /* of one estimate */
	double cost, cost_seconds;   /* of as many as have together a deviation of the reference's norm; at least one */
	int64_t pieces, nonfinite;
	double score;
} MetaDiagnosis;

typedef struct MetaReference {
	FeEstimator kind; /* backprop (of whole runs, no clip), or many samples of es where that gives nothing finite */
	double norm, error;
	int64_t numbers; /* P */
	bool lost;       /* nothing is finite by either: there is no gradient to compare with */
} MetaReference;

/* Measures rows[count] where the rule of the experiment starts. batches: independent samples of each that draws anything. The same for
 * any number of threads, but for seconds. false with a diagnostic, or where it was interrupted. */
bool meta_diagnose(Rt *rt, const FeExperiment *experiment, MetaDiagnosis *rows, int count, int batches,
                   MetaReference *reference, Arena *arena);
/* The row to use: of those that point the right way the cheapest by seconds. -1: none does. */
int meta_diagnose_best(const MetaDiagnosis *rows, int count);

/* ---- train.c ---- */

typedef struct TrainProgress {
	int step, steps; /* outer steps done, of: all seeds together */
	int64_t seed;    /* of the training that is under way, */
	int seeds;       /* of so many */
	MetaStats last;
	double gradient_norm; /* before clipping; of a search that moves theta itself: how far it has moved */
	bool selected;        /* this step was scored on the select problems: */
	double select_score;
	int64_t select_nonfinite;
	double best_score; /* best select score so far (inf before the first) */
	int best_step;
	int64_t nonfinite, pieces, evaluations; /* so far */
	double seconds, eta;                    /* since the first step, to go */
} TrainProgress;

typedef void TrainProgressCall(void *user, const TrainProgress *progress);

typedef struct Trained Trained;
typedef struct Training Training;

typedef struct TrainOptions {
	TrainProgressCall *progress; /* after every outer step; may be NULL */
	/* When so_far->theta is the best so far: before the first step, and whenever it changes. false ends the training, with a
	 * diagnostic of the callee's. May be NULL. */
	bool (*best)(void *user, const Trained *so_far);
	/* After every step, and where an interrupt ends the training (`stops`), before anything else is done there: train_visit gives what
	 * it goes on from. May be NULL. */
	void (*kept)(void *user, Training *training, bool stops);
	/* Before the start is scored: may put what an earlier training had come to in the place of it (train_visit, train_is_sound), and
	 * says so. false ends the training, with a diagnostic of the callee's. May be NULL. */
	bool (*restore)(void *user, Training *training, bool *restored);
	void *user;
	int select_every; /* outer steps between scorings on select problems; 0: about TRAIN_SELECTIONS scorings in all */
	const double *theta; /* where to start; NULL: as the rule says */
} TrainOptions;

struct Trained {
	const FeExperiment *experiment;
	Task **tasks; /* one per objective; the first one's rule speaks for all */
	int task_count;
	int64_t count; /* P */
	double *theta; /* the best on the select problems; without any, the last */
	double *last;
	double *kept;    /* what is scored: `last`, or the average that the experiment asks for */
	double *natural; /* theta as the rule uses it */
	int steps;       /* done: by all seeds together */
	int best_step;
	/* Several seeds: trainings one after another, of which the best state of all is `theta`. Which is under way, which the best is of,
	 * after how many steps this one began, how often it was scored, and its own best. */
	int seed, best_seed, seed_begun, seed_scorings;
	double own_score;
	int64_t own_lost;
	int since_best;     /* scorings on the select problems that were no better than its own best, since that */
	double best_score;  /* on the select problems; NaN without any */
	double start_score; /* the same at the start */
	int64_t start_lost, best_lost;      /* runs on select problems that were not finite, and are not in these scores */
	uint32_t select_count, select_most; /* scorings on the select problems: done, and room for */
	int *select_steps;
	double *select_scores;
	int64_t pieces, nonfinite, evaluations; /* training's own; evaluations include those on select problems */
	double seconds, compile_seconds, memory_bytes;
	bool by_seed; /* something of training is drawn: another seed is another run */
	bool interrupted;
	bool waited;   /* the experiment's patience ended it */
	bool diverged; /* theta became non-finite: training stopped there */
	Arena *arena;
};

/* What training compiles of a task: for the estimator, and to score on select problems. Returns how many. */
int train_uses(const FeExperiment *experiment, Task *task, MetaUse uses[META_MOST_USES]);
/* A training step by step; train_experiment is all of it. train_new scores the start; `options` must outlive it. NULL with
 * diagnostics. train_step: false with diagnostics; then nothing but train_end may follow. */
Training *train_new(Rt *rt, const FeExperiment *experiment, const TrainOptions *options);
bool train_goes_on(const Training *training); /* there are steps left, and none diverged */
bool train_step(Training *training);
void train_visit(Training *training, TrainVisit *visit, void *user);
/* What was put into a training by train_visit is something that it could have come to, as far as it is ever used as a count or a
 * place. */
bool train_is_sound(const Training *training);
const Trained *train_so_far(const Training *training);      /* as `best` is told */
double train_seconds(const Training *training);             /* since it began ... */
void train_add_seconds(Training *training, double seconds); /* ... and what it took before it was restored */
Trained *train_end(Training *training);                     /* frees the training; what it came to, without `natural` */
/* NULL with diagnostics. The result holds its own memory. */
Trained *train_experiment(Rt *rt, const FeExperiment *experiment, const TrainOptions *options);
void train_free(Trained *trained);

#endif
