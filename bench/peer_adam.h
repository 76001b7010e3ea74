/* Adam as one plain loop, with the default hyperparameters. */
#ifndef GRADUS_BENCH_PEER_ADAM_H
#define GRADUS_BENCH_PEER_ADAM_H

#include <stddef.h>

void peer_adam(float *restrict x, const float *restrict g, float *restrict m, float *restrict v, size_t count, int t);

#endif
