/* See roof.h. Written as one would by hand: everything between two steps stays in vector registers or L2, layers and their
 * adjoints in tiles of 4 hidden units x 4 coordinates. */
#include "bench/roof.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "bench/vector.h"

enum { POINTS = 100, COORDS = 4, FEATURES = 11, HIDDEN = 16, AVERAGES = 3 };
enum {
	W1 = 0,
	B1 = W1 + HIDDEN * FEATURES,
	W2 = B1 + HIDDEN,
	B2 = W2 + HIDDEN * HIDDEN,
	W3 = B2 + HIDDEN,
	B3 = W3 + 2 * HIDDEN
};

static const float per_point = 1.0f / (float)POINTS;
static const float decay[AVERAGES] = {0.5f, 0.9f, 0.97f};

/* Where a run is between two steps; also the cotangents of that. */
typedef struct State {
	V x[COORDS], g[COORDS], m[COORDS][AVERAGES], v[COORDS], move[COORDS], f, f_old;
} State;

/* What one step leaves for the way back. */
typedef struct Saved {
	V u[COORDS * FEATURES], h1[COORDS * HIDDEN], h2[COORDS * HIDDEN]; /* [coordinate][...] */
	V g[COORDS], m[COORDS][AVERAGES], root_v[COORDS], grow[COORDS], move[COORDS];
	V root_g, f, f_old, next_g[COORDS];
	V curvature[POINTS]; /* second derivative of the loss of each residual, / n */
	float correction_m[AVERAGES], correction_v;
	bool first;
} Saved;

typedef struct Scratch {
	State state;
	Saved saved[ROOF_WINDOW];
} Scratch;

size_t roof_bytes(void) {
	return sizeof(Scratch);
}

/* ---- the objective ---- */

INLINE void objective(const V *X, const V *y, State *s, V *curvature) {
	V f = v_splat(0), g[COORDS] = {v_splat(0), v_splat(0), v_splat(0), v_splat(0)};
	for (int n = 0; n < POINTS; n++) {
		const V *row = X + 3 * n;
		V r = row[0] * s->x[0] + row[1] * s->x[1] + row[2] * s->x[2] + (s->x[3] - y[n]);
		V r2 = r * r, q = 1.0f / (1.0f + r2), q2 = q * q, slope = r * q2;
		f += r2 * q;
		for (int d = 0; d < 3; d++)
			g[d] += slope * row[d];
		g[3] += slope;
		if (curvature)
			curvature[n] = (2.0f * per_point - 6.0f * per_point * r2) * (q2 * q);
	}
	s->f = f * per_point;
	for (int i = 0; i < COORDS; i++)
		s->g[i] = g[i] * (2.0f * per_point);
}

/* out += H direction */
INLINE void hessian_times(const V *X, const V *curvature, const V *direction, V *out) {
	V sum[COORDS] = {v_splat(0), v_splat(0), v_splat(0), v_splat(0)};
	for (int n = 0; n < POINTS; n++) {
		const V *row = X + 3 * n;
		V s = curvature[n] * (row[0] * direction[0] + row[1] * direction[1] + row[2] * direction[2] + direction[3]);
		for (int d = 0; d < 3; d++)
			sum[d] += s * row[d];
		sum[3] += s;
	}
	for (int i = 0; i < COORDS; i++)
		out[i] += sum[i];
}

/* ---- layers: `in` and `out` are [coordinate][width] with the widths as given ---- */

/* out[i][h + j] = b[h + j] + sum_k W[h + j][k] in[i][k], for rows j */
INLINE void forward_rows(const float *W, const float *b, const V *in, int width, V *out, int out_width, int h,
                         int rows) {
	V acc[4][COORDS];
	for (int j = 0; j < rows; j++)
		for (int i = 0; i < COORDS; i++)
			acc[j][i] = v_splat(b[h + j]);
	for (int k = 0; k < width; k++) {
		for (int j = 0; j < rows; j++)
			for (int i = 0; i < COORDS; i++)
				acc[j][i] += W[(h + j) * width + k] * in[i * width + k];
	}
	for (int j = 0; j < rows; j++)
		for (int i = 0; i < COORDS; i++)
			out[i * out_width + h + j] = acc[j][i];
}

/* in_bar[i][k + j] = sum_h W[h][k + j] bar[i][h], for columns j */
INLINE void input_columns(const float *W, const V *bar, int out_width, V *in_bar, int width, int k, int columns) {
	V acc[4][COORDS];
	for (int j = 0; j < columns; j++)
		for (int i = 0; i < COORDS; i++)
			acc[j][i] = v_splat(0);
	for (int h = 0; h < out_width; h++) {
		for (int j = 0; j < columns; j++)
			for (int i = 0; i < COORDS; i++)
				acc[j][i] += W[h * width + k + j] * bar[i * out_width + h];
	}
	for (int j = 0; j < columns; j++)
		for (int i = 0; i < COORDS; i++)
			in_bar[i * width + k + j] = acc[j][i];
}

/* G[h + j][k] += sum_i bar[i][h + j] in[i][k], and the biases, for rows j */
INLINE void weight_rows(V *G, V *Gb, const V *in, int width, const V *bar, int out_width, int h, int rows) {
	V d[4][COORDS];
	for (int j = 0; j < rows; j++) {
		for (int i = 0; i < COORDS; i++)
			d[j][i] = bar[i * out_width + h + j];
		Gb[h + j] += d[j][0] + d[j][1] + d[j][2] + d[j][3];
	}
	for (int k = 0; k < width; k++) {
		for (int j = 0; j < rows; j++) {
			V sum = G[(h + j) * width + k];
			for (int i = 0; i < COORDS; i++)
				sum += d[j][i] * in[i * width + k];
			G[(h + j) * width + k] = sum;
		}
	}
}

/* ---- one step ---- */

INLINE void step(const float *theta, int t, State *s, Saved *out) {
	float decayed_v = 1.0f - powf(0.95f, (float)t);
	V squares =
		(s->g[0] * s->g[0] + s->g[1] * s->g[1] + s->g[2] * s->g[2] + s->g[3] * s->g[3]) * (1.0f / (float)COORDS);
	V root_g = v_sqrt(squares), size_g = root_g + 1e-8f;
	V q = (s->f - s->f_old) / (s->f_old + 1e-3f);
	V change = t == 1 ? v_splat(0) : v_max(v_min(q, v_splat(2)), v_splat(-2));
	V log_g = v_log(size_g) * 0.2f, log_f = v_log(s->f + 1e-3f), per_g = 1.0f / size_g;
	out->root_g = root_g;
	out->f = s->f;
	out->f_old = s->f_old;
	out->first = t == 1;
	out->correction_v = 1.0f / decayed_v;
	for (int k = 0; k < AVERAGES; k++)
		out->correction_m[k] = 1.0f / (1.0f - powf(decay[k], (float)t));
	s->f_old = s->f;
	for (int i = 0; i < COORDS; i++) {
		V g = s->g[i], *u = out->u + i * FEATURES;
		s->v[i] = 0.95f * s->v[i] + 0.05f * g * g;
		V root_v = v_sqrt(s->v[i] * out->correction_v), size_v = root_v + 1e-8f, per_v = 1.0f / size_v;
		out->g[i] = g;
		out->root_v[i] = root_v;
		u[0] = g * per_g;
		u[1] = g * per_v;
		for (int k = 0; k < AVERAGES; k++) {
			s->m[i][k] = decay[k] * s->m[i][k] + (1.0f - decay[k]) * g;
			out->m[i][k] = s->m[i][k];
			u[2 + k] = s->m[i][k] * out->correction_m[k] * per_v;
		}
		u[5] = v_log(size_v) * 0.2f;
		u[6] = log_g;
		u[7] = log_f;
		u[8] = change;
		u[9] = 3.0f * s->move[i];
		u[10] = v_splat(2 * (float)t / (float)(t + 10) - 1);
	}
	for (int h = 0; h < HIDDEN; h += 4)
		forward_rows(theta + W1, theta + B1, out->u, FEATURES, out->h1, HIDDEN, h, 4);
	for (int i = 0; i < COORDS * HIDDEN; i++)
		out->h1[i] = v_tanh(out->h1[i]);
	for (int h = 0; h < HIDDEN; h += 4)
		forward_rows(theta + W2, theta + B2, out->h1, HIDDEN, out->h2, HIDDEN, h, 4);
	for (int i = 0; i < COORDS * HIDDEN; i++)
		out->h2[i] = v_tanh(out->h2[i]);
	V o[COORDS * 2];
	forward_rows(theta + W3, theta + B3, out->h2, HIDDEN, o, 2, 0, 2);
	for (int i = 0; i < COORDS; i++) {
		out->grow[i] = 0.3f * v_exp(o[2 * i + 1]);
		s->move[i] = out->grow[i] * o[2 * i];
		out->move[i] = s->move[i];
		s->x[i] += s->move[i];
	}
}

/* From the cotangents after a step and its evaluation to those before it; `last` of a window: c->g is 0. */
INLINE void step_back(const float *theta, const V *X, const Saved *a, bool last, State *c, V *G) {
	V x_bar[COORDS], f_bar = c->f_old, bar3[COORDS * 2], bar2[COORDS * HIDDEN], bar1[COORDS * HIDDEN],
					 u_bar[COORDS * FEATURES];
	V loss_bar = c->f + 1.0f / (float)ROOF_STEPS;
	for (int i = 0; i < COORDS; i++)
		x_bar[i] = c->x[i] + loss_bar * a->next_g[i];
	if (!last)
		hessian_times(X, a->curvature, c->g, x_bar);
	for (int i = 0; i < COORDS; i++) {
		V move_bar = c->move[i] + x_bar[i];
		bar3[2 * i] = a->grow[i] * move_bar;
		bar3[2 * i + 1] = a->move[i] * move_bar;
	}
	weight_rows(G + W3, G + B3, a->h2, HIDDEN, bar3, 2, 0, 2);
	for (int k = 0; k < HIDDEN; k += 4)
		input_columns(theta + W3, bar3, 2, bar2, HIDDEN, k, 4);
	for (int i = 0; i < COORDS * HIDDEN; i++)
		bar2[i] *= 1.0f - a->h2[i] * a->h2[i];
	for (int h = 0; h < HIDDEN; h += 4)
		weight_rows(G + W2, G + B2, a->h1, HIDDEN, bar2, HIDDEN, h, 4);
	for (int k = 0; k < HIDDEN; k += 4)
		input_columns(theta + W2, bar2, HIDDEN, bar1, HIDDEN, k, 4);
	for (int i = 0; i < COORDS * HIDDEN; i++)
		bar1[i] *= 1.0f - a->h1[i] * a->h1[i];
	for (int h = 0; h < HIDDEN; h += 4)
		weight_rows(G + W1, G + B1, a->u, FEATURES, bar1, HIDDEN, h, 4);
	input_columns(theta + W1, bar1, HIDDEN, u_bar, FEATURES, 0, 4);
	input_columns(theta + W1, bar1, HIDDEN, u_bar, FEATURES, 4, 4);
	input_columns(theta + W1, bar1, HIDDEN, u_bar, FEATURES, 8, 2);

	V size_g = a->root_g + 1e-8f, per_g = 1.0f / size_g;
	V size_g_bar = v_splat(0), change_bar = v_splat(0), log_f_bar = v_splat(0), log_g_bar = v_splat(0);
	for (int i = 0; i < COORDS; i++) {
		const V *b = u_bar + i * FEATURES;
		size_g_bar -= b[0] * a->g[i] * per_g * per_g;
		log_g_bar += b[6];
		log_f_bar += b[7];
		change_bar += b[8];
	}
	size_g_bar += log_g_bar * 0.2f * per_g;
	f_bar += log_f_bar / (a->f + 1e-3f);
	V f_old_bar = v_splat(0);
	if (!a->first) {
		V per_f = 1.0f / (a->f_old + 1e-3f), q = (a->f - a->f_old) * per_f;
		V inside = v_select((q > -2.0f) & (q < 2.0f), change_bar * per_f, v_splat(0));
		f_bar += inside;
		f_old_bar = -inside * (q + 1.0f);
	}
	V from_size = size_g_bar / (a->root_g * (float)COORDS);
	for (int i = 0; i < COORDS; i++) {
		const V *b = u_bar + i * FEATURES;
		V size_v = a->root_v[i] + 1e-8f, per_v = 1.0f / size_v, g = a->g[i];
		V g_bar = b[0] * per_g + b[1] * per_v + from_size * g;
		V size_v_bar = b[5] * 0.2f * per_v - b[1] * g * per_v * per_v;
		for (int k = 0; k < AVERAGES; k++) {
			V corrected = b[2 + k] * a->correction_m[k] * per_v;
			size_v_bar -= corrected * a->m[i][k] * per_v;
			V m_bar = c->m[i][k] + corrected;
			g_bar += (1.0f - decay[k]) * m_bar;
			c->m[i][k] = decay[k] * m_bar;
		}
		V v_bar = c->v[i] + size_v_bar * (0.5f * a->correction_v) / a->root_v[i];
		c->v[i] = 0.95f * v_bar;
		c->g[i] = g_bar + 0.1f * g * v_bar;
		c->move[i] = 3.0f * b[9];
		c->x[i] = x_bar[i];
	}
	c->f = f_bar;
	c->f_old = f_old_bar;
}

static void start(const RoofBlock *block, State *s) {
	memset(s, 0, sizeof *s);
	memcpy(s->x, block->x0, sizeof s->x);
	objective((const V *)block->X, (const V *)block->y, s, NULL);
}

void roof_gradient(const float *theta, const RoofBlock *block, float *score, float *gradient, void *scratch) {
	Scratch *w = scratch;
	State *s = &w->state;
	const V *X = (const V *)block->X, *y = (const V *)block->y;
	V sum = v_splat(0), *G = (V *)gradient;
	memset(gradient, 0, sizeof(V) * ROOF_WEIGHTS);
	start(block, s);
	for (int t0 = 0; t0 < ROOF_STEPS; t0 += ROOF_WINDOW) {
		for (int i = 0; i < ROOF_WINDOW; i++) {
			step(theta, t0 + i + 1, s, &w->saved[i]);
			objective(X, y, s, w->saved[i].curvature);
			memcpy(w->saved[i].next_g, s->g, sizeof s->g);
			sum += s->f;
		}
		State c;
		memset(&c, 0, sizeof c);
		for (int i = ROOF_WINDOW - 1; i >= 0; i--)
			step_back(theta, X, &w->saved[i], i == ROOF_WINDOW - 1, &c, G);
	}
	sum *= 1.0f / (float)ROOF_STEPS;
	memcpy(score, &sum, sizeof sum);
}

void roof_scores(const float *theta, const RoofBlock *block, float *score, void *scratch) {
	Scratch *w = scratch;
	State *s = &w->state;
	V sum = v_splat(0);
	start(block, s);
	for (int t = 1; t <= ROOF_STEPS; t++) {
		step(theta, t, s, &w->saved[0]);
		objective((const V *)block->X, (const V *)block->y, s, NULL);
		sum += s->f;
	}
	sum *= 1.0f / (float)ROOF_STEPS;
	memcpy(score, &sum, sizeof sum);
}

void roof_reduce(const float *gradient, int problems, float clip, double *sum) {
	const V *G = (const V *)gradient;
	V squares = v_splat(0), scale;
	for (int p = 0; p < ROOF_WEIGHTS; p++)
		squares += G[p] * G[p];
	for (int lane = 0; lane < ROOF_LANES; lane++) {
		float norm = sqrtf(squares[lane]);
		scale[lane] = lane >= problems ? 0 : norm > clip ? clip / norm : 1;
	}
	for (int p = 0; p < ROOF_WEIGHTS; p++) {
		V scaled = G[p] * scale;
		float total = 0;
		for (int lane = 0; lane < ROOF_LANES; lane++)
			total += scaled[lane];
		sum[p] += (double)total;
	}
}
