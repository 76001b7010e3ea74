/* See peer_math.h. */
#include "bench/peer_math.h"

#include <math.h>

/* One function: each element by the expression in `a`. */
#define PEER_MATH(name, type, expression)                                                                              \
	void name(const type *x, type *y, int n) {                                                                         \
		for (int i = 0; i < n; i++) {                                                                                  \
			type a = x[i];                                                                                             \
			y[i] = (expression);                                                                                       \
		}                                                                                                              \
	}

/* becomes: void peer_exp32(const float *x, float *y, int n) { for (...) { float a = x[i]; y[i] = (expf(a)); } } */
PEER_MATH(peer_exp32, float, expf(a))
PEER_MATH(peer_log32, float, logf(a))
PEER_MATH(peer_tanh32, float, tanhf(a))
PEER_MATH(peer_sigmoid32, float, 1 / (1 + expf(-a)))
PEER_MATH(peer_exp64, double, exp(a))
PEER_MATH(peer_log64, double, log(a))
PEER_MATH(peer_tanh64, double, tanh(a))
PEER_MATH(peer_sigmoid64, double, 1 / (1 + exp(-a)))
