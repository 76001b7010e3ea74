/* See peer_batch.h. Products in blocks of eight rows by two vectors, whose sums stay in registers. */
#include "bench/peer_batch.h"

#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/vector.h"

enum { ROWS = 8, VECTORS = BATCH_HIDDEN / 16, PADDED = (BATCH_WEIGHTS + 15) / 16 };

typedef struct Weights {
	V hidden[BATCH_PIXELS][VECTORS], hidden_bias[VECTORS];
	V out[BATCH_HIDDEN], out_bias; /* 10 of 16 lanes */
} Weights;

struct PeerBatch {
	float pixel[BATCH_SIZE][BATCH_PIXELS];
	V h[BATCH_SIZE][VECTORS], dh[BATCH_SIZE][VECTORS], dz[BATCH_SIZE];
	Weights w, g;
	V x[PADDED], gradient[PADDED], m[PADDED], v[PADDED]; /* as one vector */
	const uint8_t *images, *labels;
};

PeerBatch *peer_batch_new(const uint8_t *images, const uint8_t *labels) {
	PeerBatch *peer = bench_memory(sizeof *peer);
	peer->images = images;
	peer->labels = labels;
	return peer;
}

void peer_batch_free(PeerBatch *peer) {
	free(peer);
}

/* Between the vector that is optimized and weights as they are used. */
static void spread(PeerBatch *p) {
	const float *x = (const float *)p->x;
	size_t first = sizeof p->w.hidden + sizeof p->w.hidden_bias;
	memcpy(&p->w, x, first);
	x += first / sizeof *x;
	for (int k = 0; k < BATCH_HIDDEN; k++)
		memcpy(&p->w.out[k], x + k * BATCH_CLASSES, BATCH_CLASSES * sizeof *x);
	memcpy(&p->w.out_bias, x + BATCH_HIDDEN * BATCH_CLASSES, BATCH_CLASSES * sizeof *x);
}

static void gather(PeerBatch *p) {
	float *g = (float *)p->gradient;
	size_t first = sizeof p->g.hidden + sizeof p->g.hidden_bias;
	memcpy(g, &p->g, first);
	g += first / sizeof *g;
	for (int k = 0; k < BATCH_HIDDEN; k++)
		memcpy(g + k * BATCH_CLASSES, &p->g.out[k], BATCH_CLASSES * sizeof *g);
	memcpy(g + BATCH_HIDDEN * BATCH_CLASSES, &p->g.out_bias, BATCH_CLASSES * sizeof *g);
}

static void read_pixels(PeerBatch *p, const int64_t *pick) {
	for (int i = 0; i < BATCH_SIZE; i++) {
		const uint8_t *image = p->images + pick[i] * BATCH_PIXELS;
		for (int j = 0; j < BATCH_PIXELS; j++)
			p->pixel[i][j] = (float)image[j] * (1.0f / 255);
	}
}

static void forward_hidden(PeerBatch *p) {
	for (int i = 0; i < BATCH_SIZE; i += ROWS) {
		V sum[ROWS][VECTORS];
		for (int r = 0; r < ROWS; r++)
			for (int k = 0; k < VECTORS; k++)
				sum[r][k] = p->w.hidden_bias[k];
		for (int j = 0; j < BATCH_PIXELS; j++)
			for (int r = 0; r < ROWS; r++)
				for (int k = 0; k < VECTORS; k++)
					sum[r][k] += p->pixel[i + r][j] * p->w.hidden[j][k];
		for (int r = 0; r < ROWS; r++)
			for (int k = 0; k < VECTORS; k++)
				p->h[i + r][k] = v_max(sum[r][k], v_splat(0));
	}
}

INLINE float largest(V a) {
	float most = a[0];
	for (int lane = 1; lane < 16; lane++)
		most = a[lane] > most ? a[lane] : most;
	return most;
}

INLINE float sum_of(V a) {
	float sum = 0;
	for (int lane = 0; lane < 16; lane++)
		sum += a[lane];
	return sum;
}

/* The loss, and its derivative by what the last layer gives. */
static float forward_out(PeerBatch *p, const int64_t *pick) {
	V used;
	for (int lane = 0; lane < 16; lane++)
		used[lane] = lane < BATCH_CLASSES ? 1 : 0;
	float total = 0;
	for (int i = 0; i < BATCH_SIZE; i++) {
		const float *h = (const float *)p->h[i];
		V z = p->w.out_bias;
		for (int k = 0; k < BATCH_HIDDEN; k++)
			z += h[k] * p->w.out[k];
		int label = p->labels[pick[i]];
		float most = largest(v_select(used > 0.0f, z, v_splat(-1e30f)));
		V e = v_exp(z - most) * used;
		float sum = sum_of(e);
		total += logf(sum) + most - z[label];
		p->dz[i] = e * (1.0f / (sum * BATCH_SIZE));
		p->dz[i][label] -= 1.0f / BATCH_SIZE;
	}
	return total / BATCH_SIZE;
}

static void backward_out(PeerBatch *p) {
	V columns[BATCH_CLASSES][VECTORS]; /* the last layer, transposed */
	for (int c = 0; c < BATCH_CLASSES; c++)
		for (int k = 0; k < BATCH_HIDDEN; k++)
			columns[c][k / 16][k % 16] = p->w.out[k][c];
	for (int k = 0; k < BATCH_HIDDEN; k += ROWS) {
		V sum[ROWS];
		memset(sum, 0, sizeof sum);
		for (int i = 0; i < BATCH_SIZE; i++)
			for (int r = 0; r < ROWS; r++)
				sum[r] += ((const float *)p->h[i])[k + r] * p->dz[i];
		memcpy(&p->g.out[k], sum, sizeof sum);
	}
	p->g.out_bias = v_splat(0);
	memset(p->g.hidden_bias, 0, sizeof p->g.hidden_bias);
	for (int i = 0; i < BATCH_SIZE; i++) {
		p->g.out_bias += p->dz[i];
		for (int k = 0; k < VECTORS; k++) {
			V sum = v_splat(0);
			for (int c = 0; c < BATCH_CLASSES; c++)
				sum += p->dz[i][c] * columns[c][k];
			p->dh[i][k] = v_select(p->h[i][k] > 0.0f, sum, v_splat(0));
			p->g.hidden_bias[k] += p->dh[i][k];
		}
	}
}

static void backward_hidden(PeerBatch *p) {
	for (int j = 0; j < BATCH_PIXELS; j += ROWS) {
		V sum[ROWS][VECTORS];
		memset(sum, 0, sizeof sum);
		for (int i = 0; i < BATCH_SIZE; i++)
			for (int r = 0; r < ROWS; r++)
				for (int k = 0; k < VECTORS; k++)
					sum[r][k] += p->pixel[i][j + r] * p->dh[i][k];
		memcpy(p->g.hidden[j], sum, sizeof sum);
	}
}

static float evaluate(PeerBatch *p, const int64_t *pick) {
	spread(p);
	read_pixels(p, pick);
	forward_hidden(p);
	float f = forward_out(p, pick);
	backward_out(p);
	backward_hidden(p);
	gather(p);
	return f;
}

float peer_batch_run(PeerBatch *p, const float *x0, const int64_t *picks, int steps, float lr) {
	const float beta1 = 0.9f, beta2 = 0.999f, eps = 1e-8f;
	memcpy(p->x, x0, BATCH_WEIGHTS * sizeof *x0);
	memset(p->m, 0, sizeof p->m);
	memset(p->v, 0, sizeof p->v);
	float power1 = 1, power2 = 1, f = evaluate(p, picks);
	for (int t = 0; t < steps; t++) {
		power1 *= beta1;
		power2 *= beta2;
		float rate = lr / (1 - power1), scale = 1 / (1 - power2);
		for (int i = 0; i < PADDED; i++) {
			V g = p->gradient[i];
			p->m[i] = beta1 * p->m[i] + (1 - beta1) * g;
			p->v[i] = beta2 * p->v[i] + (1 - beta2) * g * g;
			p->x[i] -= rate * p->m[i] / (v_sqrt(p->v[i] * scale) + eps);
		}
		f = evaluate(p, picks + (t + 1) * BATCH_SIZE);
	}
	return f;
}
