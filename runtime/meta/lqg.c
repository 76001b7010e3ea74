/* Controllers by dynamic programming: linear dynamics, quadratic cost, and the divergence from a linear policy as a part of the cost
 * (docs/policy_search.md). */
#include "runtime/meta/lqg.h"

#include <math.h>
#include <string.h>

#include "runtime/meta/dense.h"

static double *room(Arena *scratch, int rows, int columns) {
	return ARENA_ARRAY(scratch, double, (size_t)rows *(size_t)columns + 1);
}

static void copy(double *to, const double *from, int count) {
	memcpy(to, from, sizeof *to * (size_t)count);
}

static void clear(double *values, int count) {
	memset(values, 0, sizeof *values * (size_t)count);
}

static bool all_finite(const double *values, int count) {
	double zero = 0;
	for (int i = 0; i < count; i++)
		zero += values[i] - values[i];
	return zero == 0;
}

/* ---- backwards ---- */

/* What is known of the steps to come, and room for one step. */
typedef struct Backward {
	double *value, *slope; /* V [m, m], v [m]: 1/2 s' V s + v' s */
	double *za, *zb, *q;   /* Z A, Z B, z + Z c */
	double *quu, *qux, *qu, *lower;
	double *wanted; /* S gain of the policy [n, m], then S offset [n] */
} Backward;

static Backward backward_new(int n, int m, Arena *scratch) {
	return (Backward){room(scratch, m, m), room(scratch, m, 1),    room(scratch, m, m), room(scratch, m, n),
	                  room(scratch, m, 1), room(scratch, n, n),    room(scratch, n, m), room(scratch, n, 1),
	                  room(scratch, n, n), room(scratch, n, m + 1)};
}

/* Adds the cost of where step t leads to: Z and z. */
static void add_cost(const LqgProblem *p, int t, Backward *b) {
	int n = p->n;
	const double *center = p->center + t * n, *slope = p->slope + t * n, *curve = p->curve + t * n * n;
	for (int i = 0; i < n; i++) {
		b->slope[i] += slope[i];
		for (int j = 0; j < n; j++) {
			b->value[i * p->m + j] += curve[i * n + j];
			b->slope[i] -= curve[i * n + j] * center[j];
		}
	}
}

/* Z A, Z B and z + Z c of step t. */
static void through_dynamics(const LqgProblem *p, int t, Backward *b) {
	int n = p->n, m = p->m;
	copy(b->q, b->slope, m);
	if (!p->from) {
		copy(b->za, b->value, m * m);
		copy(b->zb, b->value, m * n);
		return;
	}
	clear(b->za, m * m);
	clear(b->zb, m * n);
	meta_product(DENSE_PLAIN, m, m, m, 1, b->value, p->from + t * m * m, b->za);
	meta_product(DENSE_PLAIN, m, m, n, 1, b->value, p->by + t * m * n, b->zb);
	meta_product(DENSE_PLAIN, m, m, 1, 1, b->value, p->drift + t * m, b->q);
}

/* out[rows, columns] = B' of step t times in, where B is A's neighbour or, without dynamics, the identity; the same for A. */
static void turned(const double *matrix, int m, int rows, int columns, const double *in, double *out) {
	clear(out, rows * columns);
	if (matrix)
		meta_product(DENSE_TURNED, rows, m, columns, 1, matrix, in, out);
	else
		copy(out, in, rows * columns);
}

/* The terms of Q(s, u) in u, the policy's among them. */
static void quadratic_in_move(const LqgProblem *p, int t, double weight, Backward *b) {
	int n = p->n, m = p->m;
	const double *by = p->by ? p->by + t * m * n : NULL, *S = p->policy.precision;
	double *wanted_offset = b->wanted + n * m;
	clear(b->wanted, n * (m + 1));
	meta_product(DENSE_PLAIN, n, n, m, weight, S, p->policy.gain + t * n * m, b->wanted);
	meta_product(DENSE_PLAIN, n, n, 1, weight, S, p->policy.offset + t * n, wanted_offset);
	turned(by, m, n, n, b->zb, b->quu);
	turned(by, m, n, m, b->za, b->qux);
	turned(by, m, n, 1, b->q, b->qu);
	for (int i = 0; i < n * n; i++)
		b->quu[i] += weight * S[i];
	for (int i = 0; i < n * m; i++)
		b->qux[i] -= b->wanted[i];
	for (int i = 0; i < n; i++)
		b->qu[i] -= wanted_offset[i] + (p->pull ? p->pull[t * n + i] : 0);
	meta_symmetric(n, b->quu);
}

/* V and v before step t, once its controller is known. */
static void value_before(const LqgProblem *p, int t, const double *gain, const double *offset, Backward *b) {
	int n = p->n, m = p->m;
	const double *from = p->from ? p->from + t * m * m : NULL, *policy = p->policy.gain + t * n * m;
	turned(from, m, m, m, b->za, b->value);
	turned(from, m, m, 1, b->q, b->slope);
	meta_product(DENSE_TURNED, m, n, m, 1, policy, b->wanted, b->value);
	meta_product(DENSE_TURNED, m, n, 1, 1, policy, b->wanted + n * m, b->slope);
	meta_product(DENSE_TURNED, m, n, m, 1, b->qux, gain, b->value);
	meta_product(DENSE_TURNED, m, n, 1, 1, b->qux, offset, b->slope);
	meta_symmetric(m, b->value);
}

bool meta_lqg_best(const LqgProblem *p, const double *weight, const LqgController *out, Arena *scratch) {
	int n = p->n, m = p->m;
	ArenaMark mark = arena_mark(scratch);
	Backward b = backward_new(n, m, scratch);
	bool ok = true;
	for (int t = p->steps - 1; t >= 0 && ok; t--) {
		double *gain = out->gain + t * n * m, *offset = out->offset + t * n, *precision = out->precision + t * n * n;
		add_cost(p, t, &b);
		through_dynamics(p, t, &b);
		quadratic_in_move(p, t, weight[t], &b);
		copy(b.lower, b.quu, n * n);
		ok = all_finite(b.quu, n * n) && meta_cholesky(n, b.lower);
		if (!ok)
			break;
		for (int i = 0; i < n * m; i++)
			gain[i] = -b.qux[i];
		for (int i = 0; i < n; i++)
			offset[i] = -b.qu[i];
		meta_solve_lower(n, b.lower, gain, m);
		meta_solve_upper(n, b.lower, gain, m);
		meta_solve_lower(n, b.lower, offset, 1);
		meta_solve_upper(n, b.lower, offset, 1);
		for (int i = 0; i < n * n; i++)
			precision[i] = b.quu[i] / weight[t];
		ok = all_finite(gain, n * m) && all_finite(offset, n);
		value_before(p, t, gain, offset, &b);
	}
	arena_release(scratch, mark);
	return ok;
}

/* ---- forwards ---- */

/* Where the controller leads to, and room for one step. */
typedef struct Forward {
	double *mean, *covariance;                    /* [m], [m, m] */
	double *dk, *dm, *work, *lower, *move, *next; /* of K - K policy; [n, m] and the like */
	double *step, *spread;                        /* A + B K [m, m]; next covariance [m, m] */
} Forward;

/* tr(S C), where C is the inverse of precision, whose factor is `lower`: the squares of L^-1 R, S = R R'. */
static double trace_of_ratio(int n, const double *lower, const double *policy_lower, double *work) {
	copy(work, policy_lower, n * n);
	meta_solve_lower(n, lower, work, n);
	double sum = 0;
	for (int i = 0; i < n * n; i++)
		sum += work[i] * work[i];
	return sum;
}

/* x' S x for the columns of x[n, columns], summed. */
static double form(int n, int columns, const double *S, const double *x, const double *y, double *work) {
	clear(work, n * columns);
	meta_product(DENSE_PLAIN, n, n, columns, 1, S, x, work);
	double sum = 0;
	for (int i = 0; i < n * columns; i++)
		sum += work[i] * y[i];
	return sum;
}

/* KL at step t, where the state is f's. */
static double divergence_at(const LqgProblem *p, const LqgController *c, int t, const double *policy_lower,
                            Forward *f) {
	int n = p->n, m = p->m;
	const double *gain = c->gain + t * n * m, *policy = p->policy.gain + t * n * m, *S = p->policy.precision;
	copy(f->lower, c->precision + t * n * n, n * n);
	if (!meta_cholesky(n, f->lower))
		return (double)NAN;
	for (int i = 0; i < n * m; i++)
		f->dk[i] = gain[i] - policy[i];
	for (int i = 0; i < n; i++)
		f->dm[i] = c->offset[t * n + i] - p->policy.offset[t * n + i];
	meta_product(DENSE_PLAIN, n, m, 1, 1, f->dk, f->mean, f->dm);
	double sum = trace_of_ratio(n, f->lower, policy_lower, f->work) - n - meta_log_determinant(n, policy_lower) +
	             meta_log_determinant(n, f->lower);
	sum += form(n, 1, S, f->dm, f->dm, f->work);
	clear(f->move, n * m); /* dK Sigma */
	meta_product(DENSE_PLAIN, n, m, m, 1, f->dk, f->covariance, f->move);
	return 0.5 * (sum + form(n, m, S, f->move, f->dk, f->work));
}

/* The state after step t. f->lower is the factor of the precision. */
static void step_forward(const LqgProblem *p, const LqgController *c, int t, Forward *f) {
	int n = p->n, m = p->m;
	const double *gain = c->gain + t * n * m;
	copy(f->move, c->offset + t * n, n);
	meta_product(DENSE_PLAIN, n, m, 1, 1, gain, f->mean, f->move);
	clear(f->step, m * m);
	clear(f->next, m * m);
	double *noise = f->work; /* [n, m]: L^-1 B', whose squares are B C B' */
	clear(noise, n * m);
	if (p->from) {
		const double *from = p->from + t * m * m, *by = p->by + t * m * n;
		copy(f->step, from, m * m);
		meta_product(DENSE_PLAIN, m, n, m, 1, by, gain, f->step);
		for (int i = 0; i < n; i++)
			for (int j = 0; j < m; j++)
				noise[i * m + j] = by[j * n + i];
		copy(f->spread, p->spread + t * m * m, m * m);
		copy(f->next, p->drift + t * m, m);
		meta_product(DENSE_PLAIN, m, m, 1, 1, from, f->mean, f->next);
		meta_product(DENSE_PLAIN, m, n, 1, 1, by, f->move, f->next);
	} else {
		copy(f->step, gain, m * m);
		for (int i = 0; i < n; i++) {
			f->step[i * m + i] += 1;
			noise[i * m + i] = 1;
			f->next[i] = f->mean[i] + f->move[i];
		}
		clear(f->spread, m * m);
	}
	copy(f->mean, f->next, m);
	meta_solve_lower(n, f->lower, noise, m);
	meta_product(DENSE_TURNED, m, n, m, 1, noise, noise, f->spread);
	clear(f->next, m * m); /* F Sigma, then its product with F' */
	meta_product(DENSE_PLAIN, m, m, m, 1, f->step, f->covariance, f->next);
	for (int i = 0; i < m; i++)
		for (int j = 0; j < m; j++)
			for (int k = 0; k < m; k++)
				f->spread[i * m + j] += f->next[i * m + k] * f->step[j * m + k];
	copy(f->covariance, f->spread, m * m);
}

double meta_lqg_divergence(const LqgProblem *p, const LqgController *c, double *each, Arena *scratch) {
	int n = p->n, m = p->m;
	ArenaMark mark = arena_mark(scratch);
	double *policy_lower = room(scratch, n, n);
	Forward f = {room(scratch, m, 1), room(scratch, m, m), room(scratch, n, m), room(scratch, n, 1),
	             room(scratch, n, m), room(scratch, n, n), room(scratch, n, m), room(scratch, m, m),
	             room(scratch, m, m), room(scratch, m, m)};
	copy(policy_lower, p->policy.precision, n * n);
	copy(f.mean, p->start, m);
	double sum = meta_cholesky(n, policy_lower) ? 0 : (double)NAN;
	for (int t = 0; t < p->steps && isfinite(sum); t++) {
		double here = divergence_at(p, c, t, policy_lower, &f);
		if (each)
			each[t] = here;
		sum += here;
		if (isfinite(sum))
			step_forward(p, c, t, &f);
	}
	arena_release(scratch, mark);
	return sum;
}

/* ---- within a region of trust ---- */

/* At one weight for all steps. */
static bool is_within(const LqgProblem *p, double weight, double trust, const LqgController *out, double *weights,
                      Arena *scratch) {
	for (int t = 0; t < p->steps; t++)
		weights[t] = weight;
	return meta_lqg_best(p, weights, out, scratch) && meta_lqg_divergence(p, out, NULL, scratch) <= trust;
}

bool meta_lqg_within(const LqgProblem *p, double trust, const LqgController *out, double *weight, Arena *scratch) {
	enum { LEAST = -8, MOST = 16, HALVINGS = 50 };
	ArenaMark mark = arena_mark(scratch);
	double *weights = ARENA_ARRAY(scratch, double, p->steps), low = LEAST, high = MOST;
	bool ok = is_within(p, pow(10, low), trust, out, weights, scratch);
	*weight = pow(10, low);
	for (int i = 0; i < HALVINGS && !ok; i++) {
		double middle = 0.5 * (low + high);
		if (is_within(p, pow(10, middle), trust, out, weights, scratch))
			high = middle;
		else
			low = middle;
	}
	if (!ok) {
		*weight = pow(10, high);
		ok = is_within(p, *weight, trust, out, weights, scratch);
	}
	arena_release(scratch, mark);
	return ok;
}

/* ---- a linear policy ---- */

bool meta_lqg_regress(int count, int n, int m, const double *states, const double *moves, double ridge, double *gain,
                      double *offset, Arena *scratch) {
	ArenaMark mark = arena_mark(scratch);
	double *mean = room(scratch, m, 1), *move = room(scratch, n, 1), *square = room(scratch, m, m);
	double *cross = room(scratch, m, n), *from_mean = room(scratch, m, 1);
	for (int k = 0; k < count; k++) {
		for (int i = 0; i < m; i++)
			mean[i] += states[k * m + i] / count;
		for (int i = 0; i < n; i++)
			move[i] += moves[k * n + i] / count;
	}
	for (int k = 0; k < count; k++) {
		for (int i = 0; i < m; i++)
			from_mean[i] = states[k * m + i] - mean[i];
		for (int i = 0; i < m; i++) {
			for (int j = 0; j < m; j++)
				square[i * m + j] += from_mean[i] * from_mean[j] / count;
			for (int j = 0; j < n; j++)
				cross[i * n + j] += from_mean[i] * (moves[k * n + j] - move[j]) / count;
		}
	}
	for (int i = 0; i < m; i++)
		square[i * m + i] += ridge;
	bool ok = count > 0 && all_finite(cross, m * n) && meta_cholesky(m, square);
	if (ok) {
		meta_solve_lower(m, square, cross, n);
		meta_solve_upper(m, square, cross, n);
		for (int i = 0; i < n; i++) {
			offset[i] = move[i];
			for (int j = 0; j < m; j++) {
				gain[i * m + j] = cross[j * n + i];
				offset[i] -= gain[i * m + j] * mean[j];
			}
		}
	}
	arena_release(scratch, mark);
	return ok;
}
