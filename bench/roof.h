/* The meta-gradient of the demo by hand: the policy of the library on robust regression with 100 points in 3 dimensions,
 * 40 steps in windows of 10, 16 problems in lanes, forward and backward. */
#ifndef GRADUS_BENCH_ROOF_H
#define GRADUS_BENCH_ROOF_H

#include <stddef.h>

enum { ROOF_WEIGHTS = 498, ROOF_STEPS = 40, ROOF_WINDOW = 10, ROOF_LANES = 16 };

/* 16 problems, lanes innermost. */
typedef struct RoofBlock {
	const float *X;  /* [100][3][16] */
	const float *y;  /* [100][16] */
	const float *x0; /* [4][16] */
} RoofBlock;

size_t roof_bytes(void); /* of scratch, aligned to 64 */
/* score[16]: mean of f after steps 1 .. 40; gradient: [498][16], by problem. */
void roof_gradient(const float *theta, const RoofBlock *block, float *score, float *gradient, void *scratch);
/* The values alone. */
void roof_scores(const float *theta, const RoofBlock *block, float *score, void *scratch);
/* Adds the gradients of the first `problems` lanes to sum[498], each cut to the norm `clip`. */
void roof_reduce(const float *gradient, int problems, float clip, double *sum);

#endif
