/* Adam on the library's logistic regression (100 points in 3 dimensions) by hand: value, gradient and step. */
#ifndef GRADUS_BENCH_PEER_LOGISTIC_H
#define GRADUS_BENCH_PEER_LOGISTIC_H

enum { LOGISTIC_POINTS = 100, LOGISTIC_PADDED = 112, LOGISTIC_LANES = 16 };

/* 16 problems in lanes. X: [100][3][16]; x0: [4][16]; f[16]: after the last step. */
void peer_logistic_lanes(const float *X, const float *x0, int steps, float lr, float *f);
/* One problem, points in lanes. X: [3][112], labels: [112], inside: [112] 1 for points that are, 0 for padding. */
float peer_logistic_one(const float *X, const float *labels, const float *inside, const float *x0, int steps, float lr);

#endif
