/* What follows from drawn trajectories: the moves of the policy along them, multipliers, better controllers. */
#include <math.h>
#include <string.h>

#include "runtime/meta/guide.h"
#include "runtime/meta/limits.h"

/* ---- moves of the policy ---- */

static void follow_one(MetaEstimator *e, const Family *family, int block, int j, GuideRoom *room, int *error) {
	const Guide *guide = e->own;
	IrScalar real = family->task->rule->real;
	double hypers[META_MOST_HYPERS];
	int64_t horizon = guide->steps;
	const void *theta = family->mean;
	size_t count = (size_t)guide->steps * (size_t)guide->families[family - e->families].n;
	IrByRole given, places;
	ir_by_role(&given);
	ir_by_role(&places);
	problems_give(family->task, &given, &family->problems->blocks[block]);
	run_give_rule(family->task, &given, NULL, hypers, &theta);
	ir_give_addresses(&given, IR_ROLE_HORIZON, &horizon, sizeof horizon, 1);
	meta_guide_give_path(e, family, block, j, room, &given);
	ir_give(&places, IR_ROLE_CURVE, &room->moves, 1);
	*error |= meta_guide_call(family, TASK_FOLLOW, &given, &places, room);
	for (int lane = 0; lane < family->task->lanes; lane++) {
		const void *from = (const char *)room->moves + (size_t)lane * ir_scalar_bytes(real);
		double *moves = meta_guide_problem(e, family, block, lane)->moves + (size_t)j * count;
		if (family->problems->blocks[block].weight[lane] > 0)
			rt_read_reals(real, from, (size_t)family->task->lanes, moves, count);
	}
}

void meta_guide_follow(void *user, int item, int worker) {
	MetaEstimator *e = user;
	const Guide *guide = e->own;
	int block, error = 0;
	const Family *family = meta_family(e, item, &block);
	for (int j = 0; j < guide->trajectories; j++)
		follow_one(e, family, block, j, &guide->rooms[worker], &error);
	e->shares[item].error = error;
}

/* ---- one problem ---- */

typedef struct Improving {
	const MetaEstimator *e;
	const Guide *guide;
	const GuideFamily *family;
	GuideProblem *problem;
	Arena *scratch;
} Improving;

/* State and policy's move at step t of the trajectories where both are finite; how many there are. */
static int seen_at(const Improving *w, int t, double *states, double *moves) {
	int n = w->family->n, m = w->family->m, steps = w->guide->steps, count = 0;
	for (int j = 0; j < w->guide->trajectories; j++) {
		double *state = states + count * m, *move = moves + count * n, zero = 0;
		meta_guide_state(w->family, w->guide, w->problem, j, t, state);
		memcpy(move, w->problem->moves + (j * steps + t) * n, sizeof *move * (size_t)n);
		for (int i = 0; i < m; i++)
			zero += state[i] - state[i];
		for (int i = 0; i < n; i++)
			zero += move[i] - move[i];
		count += zero == 0;
	}
	return count;
}

/* The policy near the trajectories, linear in the state. */
static bool linear_policy(const Improving *w, LqgController *policy) {
	int n = w->family->n, m = w->family->m, steps = w->guide->steps;
	size_t trajectories = (size_t)w->guide->trajectories;
	double *states = ARENA_ARRAY(w->scratch, double, trajectories *(size_t)m);
	double *moves = ARENA_ARRAY(w->scratch, double, trajectories *(size_t)n);
	policy->gain = ARENA_ARRAY(w->scratch, double, (size_t)steps *(size_t)(n * m));
	policy->offset = ARENA_ARRAY(w->scratch, double, (size_t)steps *(size_t)n);
	policy->precision = w->family->precision;
	bool ok = true;
	for (int t = 0; t < steps && ok; t++) {
		int count = seen_at(w, t, states, moves);
		ok = count > 1 && meta_lqg_regress(count, n, m, states, moves, policy_ridge, policy->gain + t * n * m,
		                                   policy->offset + t * n, w->scratch);
	}
	return ok;
}

static LqgProblem quadratic_problem(const Improving *w, const LqgController *policy, const double *start) {
	const GuideProblem *p = w->problem;
	bool pulls = w->e->how.multipliers > 0;
	return (LqgProblem){.steps = w->guide->steps,
	                    .n = w->family->n,
	                    .m = w->family->m,
	                    .center = p->center,
	                    .slope = p->slope,
	                    .curve = p->curve,
	                    .from = p->from,
	                    .by = p->by,
	                    .drift = p->drift,
	                    .spread = p->spread,
	                    .policy = *policy,
	                    .pull = pulls ? p->pull : NULL,
	                    .start = start};
}

/* Weights where controllers went too far are doubled, and halved where they hardly moved. */
static void adjust_weights(const Improving *w, const double *each) {
	double trust = w->e->how.trust;
	for (int t = 0; t < w->guide->steps; t++)
		w->problem->weight[t] *= each[t] > trust ? 2 : each[t] < 0.5 * trust ? 0.5 : 1;
}

/* A better controller of one problem, or the one that there is where none can be had. */
static bool improve_one(const Improving *w) {
	int n = w->family->n, m = w->family->m, steps = w->guide->steps;
	LqgController policy, better;
	better.gain = ARENA_ARRAY(w->scratch, double, (size_t)steps *(size_t)(n * m));
	better.offset = ARENA_ARRAY(w->scratch, double, (size_t)steps *(size_t)n);
	better.precision = ARENA_ARRAY(w->scratch, double, (size_t)steps *(size_t)(n * n));
	double *start = ARENA_ARRAY(w->scratch, double, m), *each = ARENA_ARRAY(w->scratch, double, steps), weight;
	if (!linear_policy(w, &policy))
		return false;
	meta_guide_state(w->family, w->guide, w->problem, 0, 0, start);
	LqgProblem problem = quadratic_problem(w, &policy, start);
	bool ok;
	if (w->e->how.multipliers > 0) {
		ok = meta_lqg_best(&problem, w->problem->weight, &better, w->scratch) &&
		     isfinite(meta_lqg_divergence(&problem, &better, each, w->scratch));
		if (ok)
			adjust_weights(w, each);
	} else {
		ok = meta_lqg_within(&problem, w->e->how.trust * steps, &better, &weight, w->scratch);
		for (int t = 0; t < steps && ok; t++)
			w->problem->weight[t] = weight;
	}
	if (!ok)
		return false;
	const LqgController *mine = &w->problem->controller;
	memcpy(mine->gain, better.gain, sizeof(double) * (size_t)(steps * n * m));
	memcpy(mine->offset, better.offset, sizeof(double) * (size_t)(steps * n));
	memcpy(mine->precision, better.precision, sizeof(double) * (size_t)(steps * n * n));
	return true;
}

/* pull += rate weight (mean move of the policy - mean move of the controller), over the trajectories. */
static bool settle_one(const Improving *w) {
	int n = w->family->n, m = w->family->m;
	const LqgController *c = &w->problem->controller;
	double *states = ARENA_ARRAY(w->scratch, double, w->guide->trajectories *m);
	double *moves = ARENA_ARRAY(w->scratch, double, w->guide->trajectories *n);
	for (int t = 0; t < w->guide->steps; t++) {
		int count = seen_at(w, t, states, moves);
		for (int i = 0; i < n && count > 0; i++) {
			double behind = 0;
			for (int j = 0; j < count; j++) {
				behind += moves[j * n + i] - c->offset[t * n + i];
				for (int k = 0; k < m; k++)
					behind -= c->gain[(t * n + i) * m + k] * states[j * m + k];
			}
			w->problem->pull[t * n + i] += w->e->how.multipliers * w->problem->weight[t] * behind / count;
		}
	}
	return true;
}

/* For each problem of a block. */
static void each_problem(MetaEstimator *e, int item, bool (*work)(const Improving *)) {
	int block;
	const Family *family = meta_family(e, item, &block);
	Improving w = {.e = e, .guide = e->own, .scratch = arena_new()};
	w.family = &w.guide->families[family - e->families];
	for (int lane = 0; lane < family->task->lanes; lane++) {
		ArenaMark mark = arena_mark(w.scratch);
		w.problem = meta_guide_problem(e, family, block, lane);
		if (family->problems->blocks[block].weight[lane] > 0)
			work(&w);
		arena_release(w.scratch, mark);
	}
	arena_free(w.scratch);
	e->shares[item].error = 0;
}

void meta_guide_settle(void *user, int item, int worker) {
	(void)worker;
	each_problem(user, item, settle_one);
}

void meta_guide_improve(void *user, int item, int worker) {
	(void)worker;
	each_problem(user, item, improve_one);
}
