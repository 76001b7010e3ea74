/* Paths that controllers lead along: the momentum that they begin with, trajectories drawn from them, and the cost around the path
 * that their means lead to. A block of problems at a time. */
#include <math.h>
#include <string.h>

#include "runtime/meta/dense.h"
#include "runtime/meta/guide.h"
#include "runtime/meta/limits.h"
#include "runtime/meta/mixture.h"

/* A block under way. */
typedef struct Walk {
	const MetaEstimator *e;
	const Guide *guide;
	const Family *family;
	const GuideFamily *mine;
	const ProblemBlock *block;
	int number, lanes; /* of the block */
	IrScalar real;
	GuideRoom *room;
	Arena *scratch;
	double f[IR_LANES], judged[IR_LANES]; /* of the place looked at last; its gradient is in the room */
	int error;
} Walk;

static Walk walk_new(MetaEstimator *e, int item, int worker) {
	const Guide *guide = e->own;
	Walk w = {.e = e, .guide = guide};
	w.family = meta_family(e, item, &w.number);
	w.mine = &guide->families[w.family - e->families];
	w.block = &w.family->problems->blocks[w.number];
	w.lanes = w.family->task->lanes;
	w.real = w.family->task->rule->real;
	w.room = &guide->rooms[worker];
	w.scratch = arena_new();
	return w;
}

static void walk_end(MetaEstimator *e, int item, const Walk *w) {
	e->shares[item].error = w->error;
	arena_free(w->scratch);
}

static size_t coordinates(const Walk *w) {
	return (size_t)w->mine->n * (size_t)w->lanes;
}

/* room->here, where a run of the block starts. */
static void go_to_start(Walk *w) {
	rt_read_reals(w->real, w->block->x0, 1, w->room->here, coordinates(w));
}

/* f, what is judged and g at room->here, which `number` steps lead to. */
static void look(Walk *w, int number) {
	GuideRoom *room = w->room;
	int64_t step = number + 1;
	IrByRole given, places;
	ir_by_role(&given);
	ir_by_role(&places);
	problems_give(w->family->task, &given, w->block);
	rt_write_reals(w->real, room->x, 1, room->here, coordinates(w));
	ir_give(&given, IR_ROLE_X, &room->x, 1);
	ir_give_addresses(&given, IR_ROLE_STEP, &step, sizeof step, 1);
	ir_give(&places, IR_ROLE_F, &room->f, 1);
	ir_give(&places, IR_ROLE_G, &room->g, 1);
	ir_give(&places, IR_ROLE_VALID, &room->valid, 1);
	w->error |= meta_guide_call(w->family, TASK_PLACE, &given, &places, room);
	rt_read_reals(w->real, room->f, 1, w->f, (size_t)w->lanes);
	rt_read_reals(w->real, w->family->task->validate ? room->valid : room->f, 1, w->judged, (size_t)w->lanes);
	rt_read_reals(w->real, room->g, 1, room->gradient, coordinates(w));
}

static double score(const Walk *w, const double *judged) {
	return score_of_run(w->family->task->score, SCORE_AFTER_STEPS, judged, w->guide->steps);
}

/* ---- the controllers begin as momentum ---- */

/* A run with one rate and decay: moves[T, n, lanes] and scores[lanes]. */
static void run_momentum(Walk *w, double rate, double decay, double *moves, double *scores) {
	int steps = w->guide->steps;
	size_t count = coordinates(w);
	double *judged = ARENA_ARRAY(w->scratch, double, (size_t)w->lanes *((size_t)steps + 1));
	double *velocity = ARENA_ARRAY(w->scratch, double, count + 1);
	go_to_start(w);
	for (int t = 0; t <= steps; t++) {
		look(w, t);
		for (int lane = 0; lane < w->lanes; lane++)
			judged[lane * (steps + 1) + t] = w->judged[lane];
		for (size_t i = 0; i < count && t < steps; i++) {
			velocity[i] = decay * velocity[i] - rate * w->room->gradient[i];
			w->room->here[i] += velocity[i];
			moves[(size_t)t * count + i] = velocity[i];
		}
	}
	for (int lane = 0; lane < w->lanes; lane++)
		scores[lane] = score(w, judged + lane * (steps + 1));
}

/* A controller that makes these moves of a lane wherever it is. */
static void begin_controller(const Walk *w, int lane, const double *moves, GuideProblem *problem) {
	int n = w->mine->n, steps = w->guide->steps;
	const LqgController *c = &problem->controller;
	memset(c->gain, 0, sizeof(double) * (size_t)(steps * n * w->mine->m));
	memset(c->precision, 0, sizeof(double) * (size_t)(steps * n * n));
	memset(problem->pull, 0, sizeof(double) * (size_t)(steps * n));
	for (int t = 0; t < steps; t++) {
		problem->weight[t] = policy_first_weight;
		for (int i = 0; i < n; i++) {
			c->offset[t * n + i] = moves[(t * n + i) * w->lanes + lane];
			c->precision[(t * n + i) * n + i] = 1 / policy_first_variance;
		}
	}
}

_Static_assert(GUIDE_MOMENTA == POLICY_RATES * (sizeof policy_decays / sizeof *policy_decays),
               "each rate with each decay");

void meta_guide_begin(void *user, int item, int worker) {
	Walk w = walk_new(user, item, worker);
	double best[IR_LANES], scores[IR_LANES];
	size_t all = coordinates(&w) * (size_t)w.guide->steps;
	double *moves = ARENA_ARRAY(w.scratch, double, all + 1), *none = ARENA_ARRAY(w.scratch, double, all + 1);
	for (int lane = 0; lane < w.lanes; lane++) {
		best[lane] = (double)INFINITY;
		begin_controller(&w, lane, none, meta_guide_problem(w.e, w.family, w.number, lane));
	}
	for (int k = 0; k < GUIDE_MOMENTA; k++) {
		double rate = policy_rate_least * pow(10, (double)(k % POLICY_RATES) / (int)POLICY_RATES_A_DECADE);
		ArenaMark mark = arena_mark(w.scratch);
		run_momentum(&w, rate, policy_decays[k / POLICY_RATES], moves, scores);
		arena_release(w.scratch, mark);
		for (int lane = 0; lane < w.lanes; lane++) {
			if (w.block->weight[lane] > 0 && scores[lane] < best[lane]) {
				best[lane] = scores[lane];
				begin_controller(&w, lane, moves, meta_guide_problem(w.e, w.family, w.number, lane));
			}
		}
	}
	walk_end(user, item, &w);
}

/* ---- trajectories ---- */

/* The move of a controller from room->here: its mean, and `noise` spread by its covariance (NULL: none). */
static void take_move(const Walk *w, const GuideProblem *problem, int t, int lane, const double *noise, double *move) {
	int n = w->mine->n, m = w->mine->m;
	const LqgController *c = &problem->controller;
	memset(move, 0, sizeof *move * (size_t)n);
	if (noise) {
		double *lower = ARENA_ARRAY(w->scratch, double, n *n);
		memcpy(lower, c->precision + t * n * n, sizeof *lower * (size_t)(n * n));
		memcpy(move, noise, sizeof *move * (size_t)n);
		if (meta_cholesky(n, lower))
			meta_solve_upper(n, lower, move, 1);
	}
	for (int i = 0; i < n; i++) {
		move[i] += c->offset[t * n + i];
		for (int k = 0; k < m; k++) {
			double state = k < n ? w->room->here[k * w->lanes + lane] : w->room->gradient[(k - n) * w->lanes + lane];
			move[i] += c->gain[(t * n + i) * m + k] * state;
		}
	}
}

/* All lanes go on by one step. */
static void move_lanes(Walk *w, int t, const double *const *noise) {
	int n = w->mine->n;
	ArenaMark mark = arena_mark(w->scratch);
	double *move = ARENA_ARRAY(w->scratch, double, n);
	for (int lane = 0; lane < w->lanes; lane++) {
		const GuideProblem *problem = meta_guide_problem(w->e, w->family, w->number, lane);
		take_move(w, problem, t, lane, noise ? noise[lane] + t * n : NULL, move);
		for (int i = 0; i < n; i++)
			w->room->here[i * w->lanes + lane] += move[i];
	}
	arena_release(w->scratch, mark);
}

/* The number of a family's first problem, and (after the last) how many there are. */
static int64_t problems_before(const MetaEstimator *e, int64_t family) {
	int64_t sum = 0;
	for (int k = 0; k < family; k++)
		sum += e->families[k].problems->count;
	return sum;
}

/* Noise of trajectory j for each lane: [T, n]. Every trajectory of every problem of every drawing has its own. */
static const double **draw_noise(const Walk *w, int j) {
	int64_t n = w->mine->n, steps = w->guide->steps;
	int64_t first = w->guide->drawing * problems_before(w->e, w->e->family_count) +
	                problems_before(w->e, w->family - w->e->families);
	const double **noise = ARENA_ARRAY(w->scratch, const double *, w->lanes);
	for (int lane = 0; lane < w->lanes; lane++) {
		double *mine = ARENA_ARRAY(w->scratch, double, steps *n + 1);
		meta_noise(w->e->seed, first + (int64_t)w->number * w->lanes + lane, j, mine, steps * n);
		noise[lane] = mine;
	}
	return noise;
}

static void draw_one(Walk *w, int j) {
	int steps = w->guide->steps, n = w->mine->n;
	ArenaMark mark = arena_mark(w->scratch);
	const double **noise = draw_noise(w, j);
	double *judged = ARENA_ARRAY(w->scratch, double, (size_t)w->lanes *((size_t)steps + 1));
	go_to_start(w);
	for (int t = 0; t <= steps; t++) {
		look(w, t);
		for (int lane = 0; lane < w->lanes; lane++) {
			if (w->block->weight[lane] <= 0)
				continue;
			GuideProblem *problem = meta_guide_problem(w->e, w->family, w->number, lane);
			int row = j * (steps + 1) + t;
			problem->f[row] = w->f[lane];
			judged[lane * (steps + 1) + t] = w->judged[lane];
			for (int i = 0; i < n; i++) {
				problem->x[row * n + i] = w->room->here[i * w->lanes + lane];
				problem->g[row * n + i] = w->room->gradient[i * w->lanes + lane];
			}
		}
		if (t < steps)
			move_lanes(w, t, noise);
	}
	for (int lane = 0; lane < w->lanes; lane++)
		if (w->block->weight[lane] > 0)
			meta_guide_problem(w->e, w->family, w->number, lane)->score[j] = score(w, judged + lane * (steps + 1));
	arena_release(w->scratch, mark);
}

void meta_guide_draw(void *user, int item, int worker) {
	Walk w = walk_new(user, item, worker);
	for (int j = 0; j < w.guide->trajectories; j++)
		draw_one(&w, j);
	walk_end(user, item, &w);
}

/* ---- the cost around the mean path ---- */

/* Value, gradient and Hessian of the cost at room->here: c[lanes], slope[n, lanes], curve[n, n, lanes]. */
static void look_around(Walk *w, int number, double *c, double *slope, double *curve) {
	GuideRoom *room = w->room;
	int n = w->mine->n;
	size_t count = coordinates(w);
	int64_t step = number + 1;
	double *along = ARENA_ARRAY(w->scratch, double, count + 1);
	IrByRole given, places;
	ir_by_role(&given);
	ir_by_role(&places);
	problems_give(w->family->task, &given, w->block);
	rt_write_reals(w->real, room->x, 1, room->here, count);
	ir_give(&given, IR_ROLE_X, &room->x, 1);
	ir_give(&given, ir_role_tilde(IR_ROLE_X), &room->along, 1);
	ir_give_addresses(&given, IR_ROLE_STEP, &step, sizeof step, 1);
	ir_give(&places, IR_ROLE_F, &room->f, 1);
	ir_give(&places, IR_ROLE_G, &room->g, 1);
	ir_give(&places, ir_role_tilde(IR_ROLE_F), &room->f_along, 1);
	ir_give(&places, ir_role_tilde(IR_ROLE_G), &room->g_along, 1);
	for (int i = 0; i < n; i++) {
		memset(along, 0, sizeof *along * count);
		for (int lane = 0; lane < w->lanes; lane++)
			along[i * w->lanes + lane] = 1;
		rt_write_reals(w->real, room->along, 1, along, count);
		w->error |= meta_guide_call(w->family, TASK_COST, &given, &places, room);
		rt_read_reals(w->real, room->g_along, 1, curve + (size_t)i * count, count);
	}
	rt_read_reals(w->real, room->f, 1, c, (size_t)w->lanes);
	rt_read_reals(w->real, room->g, 1, slope, count);
}

/* The cost that a score makes of f after step t (from 0): its slope and curve, in place of those of f. */
static void make_cost(const Walk *w, int t, double f, double f0, double *slope, double *curve) {
	const FeScoreFoldInfo *fold = &fe_score_folds[w->family->task->score.fold];
	const FeScoreMapInfo *map = &fe_score_maps[w->family->task->score.map];
	int n = w->mine->n, steps = w->guide->steps;
	double share = fold->last ? t + 1 == steps : fold->mean ? 1.0 / steps : 1;
	share /= map->logarithm ? f : map->relative ? f0 : 1;
	for (int i = 0; i < n && map->logarithm; i++)
		for (int j = 0; j < n; j++)
			curve[i * n + j] -= slope[i] * slope[j] / f;
	for (int i = 0; i < n * n; i++)
		curve[i] *= share;
	for (int i = 0; i < n; i++)
		slope[i] *= share;
}

/* The cost after step t of a lane, around where the lane is. */
static void keep_cost(const Walk *w, int t, int lane, double f, double f0, const double *slope, const double *curve) {
	GuideProblem *problem = meta_guide_problem(w->e, w->family, w->number, lane);
	int n = w->mine->n;
	double *own_slope = problem->slope + t * n, *own_curve = problem->curve + t * n * n;
	for (int i = 0; i < n; i++) {
		problem->center[t * n + i] = w->room->here[i * w->lanes + lane];
		own_slope[i] = slope[i * w->lanes + lane];
		for (int j = 0; j < n; j++)
			own_curve[i * n + j] = curve[(i * n + j) * w->lanes + lane];
	}
	make_cost(w, t, f, f0, own_slope, own_curve);
	meta_symmetric(n, own_curve);
	double zero = 0;
	for (int i = 0; i < n * n; i++)
		zero += own_curve[i] - own_curve[i];
	if (zero == 0) /* else it stays as it is, and nothing is improved by it */
		meta_make_positive(n, own_curve, ARENA_ARRAY(w->scratch, double, 2 * n * n));
}

static void expand_cost(Walk *w) {
	size_t count = coordinates(w);
	double c[IR_LANES], start[IR_LANES];
	double *slope = ARENA_ARRAY(w->scratch, double, count + 1);
	double *curve = ARENA_ARRAY(w->scratch, double, count *(size_t)w->mine->n + 1);
	go_to_start(w);
	for (int t = 0; t < w->guide->steps; t++) {
		ArenaMark mark = arena_mark(w->scratch);
		look(w, t);
		if (t == 0)
			memcpy(start, w->judged, sizeof start);
		move_lanes(w, t, NULL);
		look_around(w, t + 1, c, slope, curve);
		for (int lane = 0; lane < w->lanes; lane++)
			if (w->block->weight[lane] > 0)
				keep_cost(w, t, lane, c[lane], start[lane], slope, curve);
		arena_release(w->scratch, mark);
	}
}

/* ---- fitted dynamics ---- */

/* (s, u, s') of step t of the finite trajectories: samples[*, m + n + m]. Returns how many. */
static int take_samples(const Walk *w, const GuideProblem *problem, int t, double *samples) {
	int n = w->mine->n, m = w->mine->m, d = m + n + m, count = 0;
	for (int j = 0; j < w->guide->trajectories; j++) {
		double *sample = samples + count * d, zero = 0;
		meta_guide_state(w->mine, w->guide, problem, j, t, sample);
		meta_guide_state(w->mine, w->guide, problem, j, t + 1, sample + m + n);
		for (int i = 0; i < n; i++)
			sample[m + i] = sample[m + n + i] - sample[i];
		for (int i = 0; i < d; i++)
			zero += sample[i] - sample[i];
		count += zero == 0;
	}
	return count;
}

static void fit_dynamics(const Walk *w, GuideProblem *problem) {
	int n = w->mine->n, m = w->mine->m, d = m + n + m, steps = w->guide->steps, count = 0;
	double *points = ARENA_ARRAY(w->scratch, double, (size_t)w->guide->trajectories *(size_t)steps *(size_t)d + 1);
	for (int t = 0; t < steps; t++)
		count += take_samples(w, problem, t, points + count * d);
	Mixture prior;
	bool ok = meta_mixture_fit(count, d, points, w->e->how.components, &prior, w->scratch);
	for (int t = 0; t < steps; t++) {
		double *samples = ARENA_ARRAY(w->scratch, double, (size_t)w->guide->trajectories *(size_t)d + 1);
		int here = take_samples(w, problem, t, samples);
		ok = ok &&
		     meta_dynamics_fit(&prior, count, here, m, n, samples, problem->from + t * m * m, problem->by + t * m * n,
		                       problem->drift + t * m, problem->spread + t * m * m, w->scratch);
	}
	if (!ok) /* nothing is improved by these */
		problem->from[0] = (double)NAN;
}

void meta_guide_expand(void *user, int item, int worker) {
	Walk w = walk_new(user, item, worker);
	expand_cost(&w);
	for (int lane = 0; lane < w.lanes && w.mine->m > w.mine->n; lane++) {
		ArenaMark mark = arena_mark(w.scratch);
		if (w.block->weight[lane] > 0)
			fit_dynamics(&w, meta_guide_problem(w.e, w.family, w.number, lane));
		arena_release(w.scratch, mark);
	}
	walk_end(user, item, &w);
}
