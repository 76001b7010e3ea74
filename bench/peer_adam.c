/* See peer_adam.h. */
#include "bench/peer_adam.h"

#include <math.h>

void peer_adam(float *restrict x, const float *restrict g, float *restrict m, float *restrict v, size_t count, int t) {
	const float lr = 1e-3f, beta1 = 0.9f, beta2 = 0.999f, eps = 1e-8f;
	const float c1 = 1 / (1 - powf(beta1, (float)t)), c2 = 1 / (1 - powf(beta2, (float)t));
	for (size_t i = 0; i < count; i++) {
		m[i] = beta1 * m[i] + (1 - beta1) * g[i];
		v[i] = beta2 * v[i] + (1 - beta2) * (g[i] * g[i]);
		x[i] -= lr * (m[i] * c1) / (sqrtf(v[i] * c2) + eps);
	}
}
