/* A mixture of Gaussians, and linear dynamics fitted with it as the prior. Private to runtime/meta. */
#ifndef GRADUS_META_MIXTURE_H
#define GRADUS_META_MIXTURE_H

#include <stdbool.h>

#include "base/base.h"

typedef struct Mixture {
	int components, d;
	double *mass;       /* [components], logarithms */
	double *mean;       /* [components, d] */
	double *covariance; /* [components, d, d] */
	double *lower;      /* their Cholesky factors */
} Mixture;

/* By expectation maximization from points[count, d], which stand in order of time: the first guess of a component is a stretch of
 * it. Fewer components where there are fewer than d + 1 points for each. false if the points are not finite, or none. */
bool meta_mixture_fit(int count, int d, const double *points, int components, Mixture *out, Arena *arena);
/* The dynamics of one step, from samples[count, m + n + m] of (s, u, s'): the Gaussian of these with what the mixture says of them
 * as a prior of the weight of one sample (normal-inverse-Wishart), conditioned on (s, u). from[m, m], by[m, n], drift[m],
 * spread[m, m]. */
bool meta_dynamics_fit(const Mixture *prior, int prior_count, int count, int m, int n, const double *samples,
                       double *from, double *by, double *drift, double *spread, Arena *scratch);

#endif
