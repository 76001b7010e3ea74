/* Linear-Gaussian controllers of one problem: u ~ N(gain s + offset, inverse of precision) at each step, where a state s begins
 * with the location x. Private to runtime/meta. All arrays are row by row, with a row for each step first. */
#ifndef GRADUS_META_LQG_H
#define GRADUS_META_LQG_H

#include <stdbool.h>

#include "base/base.h"

typedef struct LqgController {
	double *gain, *offset, *precision; /* [T, n, m], [T, n], [T, n, n] */
} LqgController;

typedef struct LqgProblem {
	int steps, n, m; /* T; coordinates; numbers of a state: n, or more */
	/* The cost of where a step leads to: slope . (x - center) + 1/2 (x - center)' curve (x - center). [T, n], [T, n], [T, n, n] */
	const double *center, *slope, *curve;
	/* The next state: from s + by u + drift + N(0, spread). [T, m, m], [T, m, n], [T, m], [T, m, m].
	 * NULL: s + u, where m = n. */
	const double *from, *by, *drift, *spread;
	LqgController policy; /* its precision is one for all steps: [n, n] */
	const double *pull;   /* multipliers of u, which the cost has subtracted; [T, n], or NULL */
	const double *start;  /* [m] */
} LqgProblem;

/* The controller that minimizes cost + weight[t] KL(controller | policy), by one pass backwards. false if some matrix is not
 * positive definite or something is not finite; then `out` is of no use. */
bool meta_lqg_best(const LqgProblem *problem, const double *weight, const LqgController *out, Arena *scratch);
/* The divergence of the controller from the policy along the states that the controller leads to; each[T]: of every step, or
 * NULL. NaN where it cannot be had. */
double meta_lqg_divergence(const LqgProblem *problem, const LqgController *controller, double *each, Arena *scratch);
/* The best controller within a divergence of `trust` from the policy, and *weight, one for all steps: the least one at which it
 * stays within. false as above. */
bool meta_lqg_within(const LqgProblem *problem, double trust, const LqgController *out, double *weight, Arena *scratch);
/* u as a linear function of the state, by least squares with `ridge` beside the covariance of the states: gain[n, m], offset[n].
 * states[count, m], moves[count, n]. */
bool meta_lqg_regress(int count, int n, int m, const double *states, const double *moves, double ridge, double *gain,
                      double *offset, Arena *scratch);

#endif
