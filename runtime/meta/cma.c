/* CMA-ES: evolution strategies whose covariance adapts (Hansen, "The CMA Evolution Strategy: A Tutorial", 2016, with the constants of
 * its Table 1, negative weights included). Theta is the mean. A generation is an outer step:
 *
 *     x_i = theta + sigma B D z_i           i = 1 .. lambda, z_i standard normal, B D^2 B' = C
 *     theta <- theta + sigma y_w            y_w: the weighted mean of y_i = B D z_i, best first
 *     sigma, C <- by the paths of y_w and the weighted y_i y_i'
 *
 * With more than META_MOST_FULL numbers C is diagonal, and learned faster (Ros and Hansen 2008). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/meta/dense.h"
#include "runtime/meta/estimator.h"
#include "runtime/meta/limits.h"

typedef struct Cma {
	bool full;
	double sigma;
	double *covariance;        /* C: [P][P]; of a diagonal one: [P] */
	double *basis;             /* B, of the C that was taken apart last; NULL: C is diagonal */
	double *lengths;           /* D: [P] */
	double *path, *step;       /* p_c, p_sigma: [P] */
	int64_t generation, apart; /* generations done; when C was taken apart */
	double *weights;           /* [lambda], best first */
	double mass, c_path, c_step, c_one, c_mu, damping, normal; /* mu_eff, c_c, c_sigma, c_1, c_mu, d_sigma, E|z| */
	double *z, *y;                                             /* [lambda][P], of the generation under way */
	double *room;                                              /* [P][P] */
	int *order;                                                /* candidates, the best first */
} Cma;

static int cma_population(int64_t count) {
	int lambda = 4 + (int)floor(3 * log((double)count));
	return lambda + lambda % 2;
}

static void cma_settle(MetaEstimator *e) {
	int lambda = e->how.population ? e->how.population : cma_population(e->count > 0 ? e->count : 1);
	e->how.particles = lambda / 2;
}

static bool is_full(const MetaEstimator *e) {
	return e->count <= (int64_t)META_MOST_FULL;
}

static double cma_bytes(const MetaEstimator *e) {
	double n = (double)e->count, lambda = 2.0 * e->how.particles;
	return meta_population_bytes(e) + 8 * ((is_full(e) ? 4 * n * n : n) + 3 * n + 2 * lambda * n + 2 * lambda);
}

/* The weights of Table 1. */
static void set_weights(Cma *c, int lambda, double n) {
	double positive = 0, negative = 0, squares = 0, negative_squares = 0;
	for (int i = 0; i < lambda; i++) {
		double w = log((lambda + 1) / 2.0) - log(i + 1.0);
		c->weights[i] = w;
		if (i < lambda / 2) {
			positive += w;
			squares += w * w;
		} else {
			negative -= w;
			negative_squares += w * w;
		}
	}
	c->mass = positive * positive / squares;
	double mass = c->mass, worse = negative * negative / negative_squares;
	double faster = c->full ? 1 : (n + 2) / 3;
	c->c_path = (4 + mass / n) / (n + 4 + 2 * mass / n);
	c->c_step = (mass + 2) / (n + mass + 5);
	c->c_one = fmin(1, faster * 2 / ((n + 1.3) * (n + 1.3) + mass));
	c->c_mu = fmin(1 - c->c_one, faster * 2 * (0.25 + mass + 1 / mass - 2) / ((n + 2) * (n + 2) + mass));
	c->damping = 1 + 2 * fmax(0, sqrt((mass - 1) / (n + 1)) - 1) + c->c_step;
	c->normal = sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));
	double least = fmin(1 + 2 * worse / (mass + 2), (1 - c->c_one - c->c_mu) / (n * c->c_mu));
	least = fmin(1 + c->c_one / c->c_mu, least);
	for (int i = 0; i < lambda; i++)
		c->weights[i] *= c->weights[i] >= 0 ? 1 / positive : negative > 0 ? fmax(0, least) / negative : 0;
}

static void cma_start(MetaEstimator *e) {
	Cma *c = ARENA_NEW(e->arena, Cma);
	size_t n = (size_t)e->count, lambda = 2 * (size_t)e->how.particles;
	*c = (Cma){.full = is_full(e), .sigma = e->how.spread};
	size_t square = c->full ? n * n : n;
	c->covariance = ARENA_ARRAY(e->arena, double, square);
	c->basis = c->full ? ARENA_ARRAY(e->arena, double, square) : NULL;
	c->room = ARENA_ARRAY(e->arena, double, square);
	c->lengths = ARENA_ARRAY(e->arena, double, n);
	c->path = ARENA_ARRAY(e->arena, double, n);
	c->step = ARENA_ARRAY(e->arena, double, n);
	c->weights = ARENA_ARRAY(e->arena, double, lambda);
	c->order = ARENA_ARRAY(e->arena, int, lambda);
	c->z = ARENA_ARRAY(e->arena, double, lambda *n);
	c->y = ARENA_ARRAY(e->arena, double, lambda *n);
	for (size_t i = 0; i < n; i++) {
		c->lengths[i] = 1;
		c->path[i] = c->step[i] = 0;
	}
	for (size_t i = 0; i < square; i++) {
		c->covariance[i] = !c->full || i % (n + 1) == 0;
		if (c->full)
			c->basis[i] = i % (n + 1) == 0;
	}
	set_weights(c, (int)lambda, (double)n);
	e->own = c;
}

static int cma_ask(MetaEstimator *e, double *candidates) {
	Cma *c = e->own;
	int lambda = 2 * e->how.particles;
	int64_t n = e->count;
	for (int i = 0; i < lambda; i++) {
		double *z = c->z + i * n, *y = c->y + i * n;
		meta_noise(e->seed, e->step, i, z, n);
		for (int64_t p = 0; p < n; p++) {
			double sum = c->full ? 0 : c->lengths[p] * z[p];
			for (int64_t k = 0; k < n && c->full; k++)
				sum += c->basis[p * n + k] * (c->lengths[k] * z[k]);
			y[p] = sum;
			candidates[i * n + p] = e->theta[p] + c->sigma * sum;
		}
	}
	return lambda;
}

typedef struct Ranked {
	Worth worth;
	int candidate;
} Ranked;

/* Best first; equal ones as they were asked for. */
static int by_worth(const void *a, const void *b) {
	const Ranked *x = a, *y = b;
	if (meta_is_better(x->worth, y->worth))
		return -1;
	return meta_is_better(y->worth, x->worth) ? 1 : x->candidate - y->candidate;
}

static void rank(Arena *scratch, const Worth *worth, int count, int *order) {
	Ranked *ranked = ARENA_ARRAY(scratch, Ranked, count);
	for (int i = 0; i < count; i++)
		ranked[i] = (Ranked){worth[i], i};
	qsort(ranked, (size_t)count, sizeof *ranked, by_worth);
	for (int i = 0; i < count; i++)
		order[i] = ranked[i].candidate;
}

/* B and D anew, where C has moved far enough. */
static void take_apart(Cma *c, int n) {
	double gap = 1 / (10 * n * (c->c_one + c->c_mu));
	if ((double)(c->generation - c->apart) < gap)
		return;
	c->apart = c->generation;
	if (c->full) {
		meta_symmetric(n, c->covariance);
		memcpy(c->room, c->covariance, sizeof(double) * (size_t)n * (size_t)n);
		meta_eigen(n, c->room, c->basis);
	}
	for (int i = 0; i < n; i++)
		c->lengths[i] = sqrt(fmax(0, c->full ? c->room[i * n + i] : c->covariance[i]));
}

/* The paths, and sigma. Returns 1 where the path of the covariance went on, else 0. */
static int move_paths(Cma *c, int64_t n, const double *y_mean, const double *z_mean) {
	double squares = 0;
	for (int64_t p = 0; p < n; p++) {
		double whitened = c->full ? 0 : z_mean[p]; /* C^-1/2 y_w = B z_w */
		for (int64_t k = 0; k < n && c->full; k++)
			whitened += c->basis[p * n + k] * z_mean[k];
		c->step[p] = (1 - c->c_step) * c->step[p] + sqrt(c->c_step * (2 - c->c_step) * c->mass) * whitened;
		squares += c->step[p] * c->step[p];
	}
	double length = sqrt(squares);
	double started = sqrt(1 - pow(1 - c->c_step, 2.0 * (double)(c->generation + 1)));
	int goes_on = length / started < (1.4 + 2 / ((double)n + 1)) * c->normal;
	for (int64_t p = 0; p < n; p++)
		c->path[p] = (1 - c->c_path) * c->path[p] + goes_on * sqrt(c->c_path * (2 - c->c_path) * c->mass) * y_mean[p];
	c->sigma *= exp(fmin(1, c->c_step / c->damping * (length / c->normal - 1)));
	return goes_on;
}

static void move_covariance(Cma *c, int lambda, int64_t n, int goes_on) {
	double all = 0, late = (1 - goes_on) * c->c_path * (2 - c->c_path);
	for (int i = 0; i < lambda; i++)
		all += c->weights[i];
	double kept = 1 + c->c_one * late - c->c_one - c->c_mu * all;
	int64_t rows = c->full ? n : 1;
	for (int64_t at = 0; at < rows * n; at++) {
		int64_t p = c->full ? at / n : at, q = at % n;
		c->covariance[at] = kept * c->covariance[at] + c->c_one * c->path[p] * c->path[q];
	}
	for (int i = 0; i < lambda; i++) {
		const double *y = c->y + c->order[i] * n, *z = c->z + c->order[i] * n;
		double squares = 1e-300, weight = c->c_mu * c->weights[i];
		for (int64_t p = 0; p < n; p++)
			squares += z[p] * z[p];
		weight *= weight < 0 ? (double)n / squares : 1; /* C stays positive */
		for (int64_t at = 0; at < rows * n; at++)
			c->covariance[at] += weight * y[c->full ? at / n : at] * y[at % n];
	}
}

/* Where nothing is finite there is nothing to move by: the next generation draws around the same mean. */
static bool is_told_something(const Worth *worth, int count) {
	for (int i = 0; i < count; i++)
		if (isfinite(worth[i].score))
			return true;
	return false;
}

static void cma_tell(MetaEstimator *e, const double *candidates, const Worth *worth, int lambda, double *next) {
	(void)candidates;
	if (!is_told_something(worth, lambda))
		return;
	Cma *c = e->own;
	int64_t n = e->count;
	Arena *scratch = arena_new();
	rank(scratch, worth, lambda, c->order);
	double *y_mean = ARENA_ARRAY(scratch, double, n), *z_mean = ARENA_ARRAY(scratch, double, n);
	for (int64_t p = 0; p < n; p++) {
		y_mean[p] = z_mean[p] = 0;
		for (int i = 0; i < lambda / 2; i++) {
			y_mean[p] += c->weights[i] * c->y[c->order[i] * n + p];
			z_mean[p] += c->weights[i] * c->z[c->order[i] * n + p];
		}
		next[p] = e->theta[p] + c->sigma * y_mean[p];
	}
	int goes_on = move_paths(c, n, y_mean, z_mean);
	move_covariance(c, lambda, n, goes_on);
	c->generation++;
	take_apart(c, (int)n);
	arena_free(scratch);
}

static void cma_visit(MetaEstimator *e, TrainVisit *visit, void *user) {
	Cma *c = e->own;
	size_t n = (size_t)e->count, square = c->full ? n * n : n;
	visit(user, &(TrainPiece){"cma.sigma", IR_F64, &c->sigma, 1});
	visit(user, &(TrainPiece){"cma.generation", IR_I64, &c->generation, 1});
	visit(user, &(TrainPiece){"cma.apart", IR_I64, &c->apart, 1});
	visit(user, &(TrainPiece){"cma.path", IR_F64, c->path, n});
	visit(user, &(TrainPiece){"cma.step", IR_F64, c->step, n});
	visit(user, &(TrainPiece){"cma.lengths", IR_F64, c->lengths, n});
	visit(user, &(TrainPiece){"cma.covariance", IR_F64, c->covariance, square});
	if (c->full)
		visit(user, &(TrainPiece){"cma.basis", IR_F64, c->basis, square});
}

static bool cma_sound(const MetaEstimator *e) {
	const Cma *c = e->own;
	return c->sigma >= 0 && c->generation >= 0 && c->apart >= 0 && c->apart <= c->generation;
}

const EstimatorMethod meta_cma = {
	.uses = meta_particles_uses,
	.bytes = cma_bytes,
	.settle = cma_settle,
	.allocate = meta_population_allocate,
	.estimate = meta_population_estimate,
	.visit = cma_visit,
	.is_sound = cma_sound,
	.whole = true,
	.start = cma_start,
	.ask = cma_ask,
	.tell = cma_tell,
};
