/* What bench_search measures against: one expression, by hand. */
#ifndef GRADUS_PEER_SEARCH_H
#define GRADUS_PEER_SEARCH_H

enum { SEARCH_PEER_SIZE = 10 };

/* f after `steps` steps of x <- x - lr m / (sqrt(v) + 1e-8), m and v with decays .9 and .999, on |W x - y|^2: 16 rates in lanes. W is row-major;
 * mean[16] receives the mean of f over the steps. */
void peer_search_quadratic(const float *W, const float *y, const float *x0, const float *rates, int steps, float *mean);

#endif
