/* limits: what training takes at most, and how often it looks at the select problems. All are chosen, not measured. */
#ifndef GRADUS_META_LIMITS_H
#define GRADUS_META_LIMITS_H

#include "ir/ir.h"

enum {
	/* estimators.c, E0807: hyperparameters of a rule; fixed values, files and hyperparameters together */
	META_MOST_HYPERS = 128,
	META_MOST_VALUES = 500,
	/* derivatives.c: addresses of one call: those values, and what each call has besides */
	META_MOST_POINTERS = 512,
	/* particles.c: fewer problems than this, and the lanes go to particles */
	META_FEW_PROBLEMS = IR_LANES / 2,
	/* cma.c: the most learned numbers whose covariance is a full matrix */
	META_MOST_FULL = 200,
	/* searches.c: candidates in an outer step where none are said; the most points of a grid */
	META_SEARCH_POPULATION = 16,
	META_MOST_GRID = 1000000000,
	/* diagnose.c: so many times the samples of others for a reference that has to be estimated */
	META_REFERENCE_SAMPLES = 32,
	/* ... and how often an estimate that draws nothing is timed, of which the least counts */
	META_TIMED = 3,
	/* mixture.c: turns of expectation maximization */
	META_MIXTURE_TURNS = 20,
	/* train.c: a text that grows by doubling, with what it had before, takes at most so many times its length */
	TRAIN_CHECKPOINT_COPIES = 4,
	/* train.c: about so many scorings on the select problems in a training */
	TRAIN_SELECTIONS = 50
};

/* estimators.c: sums of squares outside of this have overflowed, or lost what is too small */
static const double meta_squares_least = 1e-280, meta_squares_most = 1e280;

/* diagnose.c: an estimator points the right way from this cosine on, if its bias is less than this share of the gradient */
static const double meta_right_cosine = 0.9, meta_right_bias = 0.5;

/* policy_search.c: the variance of the moves that controllers begin with; beside the covariance of states where moves are regressed
 * on them; the momentum that they begin as is the best of these rates and decays; the first weight of a divergence under
 * multipliers. */
static const double policy_first_variance = 0.01, policy_ridge = 1e-3, policy_first_weight = 0.01;
static const double policy_rate_least = 1e-4, policy_decays[] = {0.5, 0.8, 0.9, 0.97};
enum { POLICY_RATES = 16, POLICY_RATES_A_DECADE = 3 };

#endif
