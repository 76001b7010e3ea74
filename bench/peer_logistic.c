/* See peer_logistic.h. */
#include "bench/peer_logistic.h"

#include <math.h>

#include "bench/vector.h"

static const float lambda = 5e-4f, beta1 = 0.9f, beta2 = 0.999f, eps = 1e-8f;
static const float per_point = 1.0f / (float)LOGISTIC_POINTS;

/* softplus(z), and its derivative */
INLINE V softplus(V z, V *slope) {
	V size = v_max(z, -z), e = v_exp(-size), per = 1.0f / (1.0f + e);
	*slope = v_select(z >= 0.0f, per, e * per);
	return v_max(z, v_splat(0)) + v_log(1.0f + e);
}

void peer_logistic_lanes(const float *X, const float *x0, int steps, float lr, float *f_out) {
	const V *data = (const V *)X, *start = (const V *)x0;
	V x[4], g[4], m[4], v[4], f = v_splat(0);
	for (int i = 0; i < 4; i++) {
		x[i] = start[i];
		m[i] = v[i] = v_splat(0);
	}
	float power1 = 1, power2 = 1;
	for (int t = 0;; t++) {
		f = g[0] = g[1] = g[2] = g[3] = v_splat(0);
		for (int n = 0; n < LOGISTIC_POINTS; n++) {
			const V *row = data + 3 * n;
			V z = row[0] * x[0] + row[1] * x[1] + row[2] * x[2] + x[3], slope;
			f += softplus(z, &slope) - (float)(n % 2) * z;
			slope -= (float)(n % 2);
			for (int d = 0; d < 3; d++)
				g[d] += slope * row[d];
			g[3] += slope;
		}
		f = f * per_point + (0.5f * lambda) * (x[0] * x[0] + x[1] * x[1] + x[2] * x[2]);
		if (t == steps)
			break;
		power1 *= beta1;
		power2 *= beta2;
		for (int i = 0; i < 4; i++) {
			V gi = g[i] * per_point;
			if (i < 3)
				gi += lambda * x[i];
			m[i] = beta1 * m[i] + (1 - beta1) * gi;
			v[i] = beta2 * v[i] + (1 - beta2) * gi * gi;
			x[i] -= lr * (m[i] * (1 / (1 - power1))) / (v_sqrt(v[i] * (1 / (1 - power2))) + eps);
		}
	}
	for (int lane = 0; lane < 16; lane++)
		f_out[lane] = f[lane];
}

INLINE float sum_of(V a) {
	float s[16];
	for (int lane = 0; lane < 16; lane++)
		s[lane] = a[lane];
	for (int half = 8; half > 0; half /= 2)
		for (int lane = 0; lane < half; lane++)
			s[lane] += s[lane + half];
	return s[0];
}

float peer_logistic_one(const float *X, const float *labels, const float *inside, const float *x0, int steps,
                        float lr) {
	enum { VECTORS = LOGISTIC_PADDED / 16 };
	const V *data = (const V *)X, *label = (const V *)labels, *in = (const V *)inside;
	float x[4], m[4] = {0}, v[4] = {0}, power1 = 1, power2 = 1;
	for (int i = 0; i < 4; i++)
		x[i] = x0[i];
	for (int t = 0;; t++) {
		V f4 = v_splat(0), g4[4] = {v_splat(0), v_splat(0), v_splat(0), v_splat(0)};
		for (int n = 0; n < VECTORS; n++) {
			V z = data[n] * x[0] + data[n + VECTORS] * x[1] + data[n + 2 * VECTORS] * x[2] + x[3], slope;
			f4 += (softplus(z, &slope) - label[n] * z) * in[n];
			slope = (slope - label[n]) * in[n];
			for (int d = 0; d < 3; d++)
				g4[d] += slope * data[n + d * VECTORS];
			g4[3] += slope;
		}
		float f = sum_of(f4) * per_point + 0.5f * lambda * (x[0] * x[0] + x[1] * x[1] + x[2] * x[2]);
		if (t == steps)
			return f;
		power1 *= beta1;
		power2 *= beta2;
		for (int i = 0; i < 4; i++) {
			float g = sum_of(g4[i]) * per_point + (i < 3 ? lambda * x[i] : 0);
			m[i] = beta1 * m[i] + (1 - beta1) * g;
			v[i] = beta2 * v[i] + (1 - beta2) * g * g;
			x[i] -= lr * (m[i] / (1 - power1)) / (sqrtf(v[i] / (1 - power2)) + eps);
		}
	}
}
