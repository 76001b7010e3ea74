/* What the estimators share among themselves (estimators.c, derivatives.c, particles.c). */
#ifndef GRADUS_RUNTIME_ESTIMATOR_H
#define GRADUS_RUNTIME_ESTIMATOR_H

#include "runtime/meta/meta.h"

/* How far the run of one particle is. */
typedef struct Age {
	int t, horizon,
		end; /* steps done (0: it is about to begin), steps that the rule is told of, step at which it ends */
	int64_t restarts;
} Age;

/* One particle with its problems in the lanes, or 16 particles with one problem in the lanes. */
typedef struct Group {
	int first, size;     /* particles first .. first + size - 1 */
	Age *ages;           /* [size] */
	double *noise, *sum; /* [size][P]: eps, and A: the noise that this run has felt so far */
	void *plus, *minus;  /* theta + eps, theta - eps as code wants them */
	RunState *states;    /* [chunks][pes: 2, truncated_es: 1] */
} Group;

/* One work item's share. */
typedef struct Share {
	double plus[2][IR_LANES],
		minus[2][IR_LANES]; /* scores of the run that came into the window, of those begun in it */
	double *gradient;       /* back-propagation and forward mode: [P], summed over finite lanes */
	double score;
	int finite, nonfinite, clipped;
	int error;
} Share;

typedef struct Family {
	Task *task;
	Problems *problems;
	TaskTheta variant;
	Group *groups;
	int group_count;
	void *mean; /* theta without noise, as code of this variant wants it */
	int first_item;
} Family;

typedef struct EstimatorWorker {
	void *arena;
	RunState *states; /* per family: 3 */
	void *score, *gradient;
	double *tangent;
} EstimatorWorker;

/* What a candidate of a population was worth: fewer lost problems first, then the mean score of the others. */
typedef struct Worth {
	int64_t lost;
	double score; /* infinity where all are lost */
} Worth;

/* How an estimator is carried out: a row of frontend/estimators.def names one. */
typedef struct EstimatorMethod {
	/* Chooses the blocks of a task for so many problems; which code it will run, its main one last. */
	int (*uses)(const MetaEstimate *how, Task *task, int problems, MetaUse uses[META_MOST_USES]);
	bool (*fits)(const MetaEstimator *e, const Task *task); /* false with a diagnostic; NULL: always */
	double (*bytes)(const MetaEstimator *e);                /* of memory, before it is allocated */
	void (*allocate)(MetaEstimator *e);
	void (*settle)(MetaEstimator *e); /* first of all: what follows from the number of learned numbers; NULL: nothing */
	bool (*estimate)(MetaEstimator *e, double *gradient, MetaStats *stats);
	void (*visit)(MetaEstimator *e, TrainVisit *visit,
	              void *user);                /* what it carries from call to call; NULL: nothing */
	bool (*is_sound)(const MetaEstimator *e); /* the same, where it came from outside; NULL: always */
	/* of those that differentiate */
	TaskStage stage;
	int (*block)(const MetaEstimator *e, const Family *family, int block, const IrByRole *given, EstimatorWorker *mine);
	bool runs_per_number; /* every learned number costs a run */
	/* of evolution strategies */
	bool whole;      /* a window is always a run */
	int carried;     /* states that a particle keeps from window to window */
	bool sums_noise; /* a run goes on feeling the noise of the windows before */
	/* of searches with a population: estimate gives the next theta */
	void (*start)(MetaEstimator *e); /* makes places for what it carries */
	int (*ask)(MetaEstimator *e,
	           double *candidates); /* [2 particles][P]; how many of them are new: 0 where all is done */
	void (*tell)(MetaEstimator *e, const double *candidates, const Worth *worth, int count, double *next);
} EstimatorMethod;

extern const EstimatorMethod meta_reverse, meta_forward;                 /* derivatives.c */
extern const EstimatorMethod meta_full, meta_persistent, meta_truncated; /* particles.c */
extern const EstimatorMethod meta_policy_search;                         /* policy_search.c */
extern const EstimatorMethod meta_cma;                                   /* cma.c */
extern const EstimatorMethod meta_random, meta_grid;                     /* searches.c */

struct MetaEstimator {
	Rt *rt;
	MetaEstimate how;
	const EstimatorMethod *method;
	uint64_t seed;
	int64_t count;     /* P */
	int64_t drawn_for; /* the step that the problems are of, where every step has others */
	Arena *arena;
	Family *families;
	int family_count;
	Share *shares;
	int item_count;
	EstimatorWorker *workers;
	double bytes;
	void *own;          /* the method's */
	double *candidates; /* [2 particles][P]: what pairs run with; NULL: theta and noise */
	/* of the estimate under way */
	const double *theta;
	int64_t step;
	int horizon;
};

/* May this sum of squares be trusted? */
bool meta_squares_fit(double squares);
/* Which family and which of its items an item is. */
Family *meta_family(const MetaEstimator *e, int item, int *local);
/* Log-uniform between the ends, or the only length; draw: which of this group's runs. */
int meta_horizon(const MetaEstimator *e, int64_t draw, int64_t group);
/* What it is on average. */
double meta_mean_horizon(const MetaEstimator *e);
/* How many evaluations a turn of a run counts as at most; there is always one where it ends, as the score needs f. */
int64_t meta_turn_evaluations(const Task *task);
bool meta_failed(const MetaEstimator *e);

/* derivatives.c, for methods with a `block` that gives scores and gradients of a block's problems */
double meta_derivative_bytes(const MetaEstimator *e);
void meta_derivative_allocate(MetaEstimator *e);
bool meta_derivative_estimate(MetaEstimator *e, double *gradient, MetaStats *stats);

/* particles.c, for searches with a population: every candidate is one of a pair that runs whole. */
int meta_particles_uses(const MetaEstimate *how, Task *task, int problems, MetaUse uses[META_MOST_USES]);
double meta_particles_bytes(const MetaEstimator *e);
void meta_particles_allocate(MetaEstimator *e);
/* Runs e->candidates; worth[2 particles]. false with a diagnostic. */
bool meta_particles_score(MetaEstimator *e, Worth *worth, MetaStats *stats);

/* population.c: what searches with a population have alike, by `start`, `ask` and `tell` */
double meta_population_bytes(const MetaEstimator *e);
void meta_population_allocate(MetaEstimator *e);
bool meta_population_estimate(MetaEstimator *e, double *next, MetaStats *stats);
/* What is finite first, then what has lost fewer runs, then the score. */
bool meta_is_better(Worth a, Worth b);

#endif
