/* See peer_search.h. */
#include "bench/peer_search.h"

#include "bench/vector.h"

enum { N = SEARCH_PEER_SIZE };

static V value_and_gradient(const float *W, const float *y, const V *x, V *g) {
	V f = v_splat(0);
	for (int j = 0; j < N; j++)
		g[j] = v_splat(0);
	for (int i = 0; i < N; i++) {
		V r = v_splat(-y[i]);
		for (int j = 0; j < N; j++)
			r += W[i * N + j] * x[j];
		f += r * r;
		for (int j = 0; j < N; j++)
			g[j] += 2.0f * W[i * N + j] * r;
	}
	return f;
}

void peer_search_quadratic(const float *W, const float *y, const float *x0, const float *rates, int steps,
                           float *mean) {
	V x[N], g[N], m[N], v[N], sum = v_splat(0), lr = *(const V *)rates;
	for (int j = 0; j < N; j++) {
		x[j] = v_splat(x0[j]);
		m[j] = v[j] = v_splat(0);
	}
	value_and_gradient(W, y, x, g);
	for (int t = 0; t < steps; t++) {
		for (int j = 0; j < N; j++) {
			m[j] = 0.9f * m[j] + 0.1f * g[j];
			v[j] = 0.999f * v[j] + 0.001f * g[j] * g[j];
			x[j] -= lr * (m[j] / (v_sqrt(v[j]) + 1e-8f));
		}
		sum += value_and_gradient(W, y, x, g);
	}
	for (int lane = 0; lane < 16; lane++)
		mean[lane] = sum[lane] / (float)steps;
}
