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
	RtState *states;     /* [chunks][pes: 2, truncated_es: 1] */
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
	RtTask *task;
	RtProblems *problems;
	RtTheta variant;
	Group *groups;
	int group_count;
	void *mean; /* theta without noise, as code of this variant wants it */
	int first_item;
} Family;

typedef struct EstimatorWorker {
	void *arena;
	RtState *states; /* per family: 3 */
	void *score, *gradient;
	double *tangent;
} EstimatorWorker;

/* How an estimator is carried out: a row of frontend/estimators.def names one. */
typedef struct EstimatorMethod {
	/* Chooses the blocks of a task for so many problems; which code it will run, its main one last. */
	int (*uses)(const RtEstimate *how, RtTask *task, int problems, RtUse uses[RT_MOST_USES]);
	double (*bytes)(const RtEstimator *e); /* of memory, before it is allocated */
	void (*allocate)(RtEstimator *e);
	bool (*estimate)(RtEstimator *e, double *gradient, RtStats *stats);
	/* of those that differentiate */
	RtStage stage;
	int (*block)(const RtEstimator *e, const Family *family, const IrByRole *given, EstimatorWorker *mine);
	bool runs_per_number; /* every learned number costs a run */
	/* of evolution strategies */
	bool whole;      /* a window is always a run */
	int carried;     /* states that a particle keeps from window to window */
	bool sums_noise; /* a run goes on feeling the noise of the windows before */
} EstimatorMethod;

extern const EstimatorMethod rt_estimator_reverse, rt_estimator_forward;                         /* derivatives.c */
extern const EstimatorMethod rt_estimator_full, rt_estimator_persistent, rt_estimator_truncated; /* particles.c */

/* E0807 */
enum { MOST_HYPERS = 128, MOST_POINTERS = 512 };

struct RtEstimator {
	Rt *rt;
	RtEstimate how;
	const EstimatorMethod *method;
	uint64_t seed;
	int64_t count; /* P */
	Arena *arena;
	Family *families;
	int family_count;
	Share *shares;
	int item_count;
	EstimatorWorker *workers;
	double bytes;
	/* of the estimate under way */
	const double *theta;
	int64_t step;
	int horizon;
};

/* May this sum of squares be trusted? */
bool rt_estimator_squares_fit(double squares);
/* Which family and which of its items an item is. */
Family *rt_estimator_family(const RtEstimator *e, int item, int *local);
/* Log-uniform between the ends, or the only length; draw: which of this group's runs. */
int rt_estimator_horizon(const RtEstimator *e, int64_t draw, int64_t group);
/* What it is on average. */
double rt_estimator_mean_horizon(const RtEstimator *e);
bool rt_estimator_failed(const RtEstimator *e);

#endif
