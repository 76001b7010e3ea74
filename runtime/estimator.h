/* What the estimators share among themselves (estimators.c, particles.c). */
#ifndef GRADUS_RUNTIME_ESTIMATOR_H
#define GRADUS_RUNTIME_ESTIMATOR_H

#include "runtime/runtime.h"

/* Runs that share an age: one particle with its problems in the lanes, or 16 particles in the lanes. */
typedef struct Group {
	int first, size;     /* particles first .. first + size - 1 */
	int t, horizon, end; /* steps done, steps that the rule is told of, step at which this run restarts */
	int horizon2;        /* of the run that starts inside the window, if one does */
	int turns1, turns2;  /* of this window: before and after the restart */
	bool fresh;          /* the window starts a new run */
	int64_t restarts;
	double *noise, *sum; /* [size][P]: eps, and A: the noise that this run has felt so far */
	void *plus, *minus;  /* theta + eps, theta - eps as code wants them */
	RtState *states;     /* [chunks][pes: 2, truncated_es: 1] */
} Group;

/* One work item's share. */
typedef struct Share {
	double plus[2][IR_LANES], minus[2][IR_LANES]; /* scores of the two parts of a window */
	double *gradient;                             /* back-propagation and forward mode: [P], summed over finite lanes */
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
	RtState *states; /* per family: 2 */
	void *score, *gradient;
	double *tangent;
} EstimatorWorker;

struct RtEstimator {
	Rt *rt;
	RtEstimate how;
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

/* Which family and which of its items an item is. */
Family *estimator_family(const RtEstimator *e, int item, int *local);
/* Log-uniform between the ends, or the only length; draw: which of this group's runs. */
int estimator_horizon(const RtEstimator *e, int64_t draw, int64_t group);
bool estimator_failed(const RtEstimator *e);

/* particles.c */
bool particles_new(RtEstimator *e);
double particles_bytes(const RtEstimator *e);
bool particles_estimate(RtEstimator *e, double *gradient, RtStats *stats);

#endif
