/* Evolution strategies: full, truncated and persistent (PES: Vicol, Metz, Sohl-Dickstein 2021).
 *
 * Every particle i draws eps_i once per outer step and runs with theta + eps_i and theta - eps_i on the same problems.
 * With D the difference of the two scores of a window,
 *
 *     es            mean_i eps_i D_i / (2 sigma^2)      the window is the whole run
 *     truncated_es  the same, both signs from one carried state, which goes on with theta
 *     pes           mean_i A_i D_i / (2 sigma^2)        separate states, A_i <- A_i + eps_i at every window
 *
 * Where a run ends inside a window, the rest of the window belongs to the next run: it uses eps, and A <- eps. A window's
 * estimate is scaled by horizon / window, so that its expectation over ages is that of a whole run.
 * An item is one group of runs on one block of problems, both signs; nothing is shared between items. */
#include <math.h>
#include <string.h>

#include "runtime/estimator.h"

static int window_of(const RtEstimator *e) {
	bool whole = e->how.kind == FE_ES || e->how.window <= 0 || e->how.window > e->how.horizon_high;
	return whole ? e->how.horizon_high : e->how.window;
}

static int carried_states(const RtEstimator *e) {
	return e->how.kind == FE_PES ? 2 : e->how.kind == FE_TRUNCATED_ES ? 1 : 0;
}

static size_t theta_bytes(const RtEstimator *e, RtTheta variant) {
	return 8 * (size_t)e->count * (variant == RT_PER_LANE ? IR_LANES : 1);
}

double particles_bytes(const RtEstimator *e) {
	double bytes = 0, arena = 0;
	for (int k = 0; k < e->family_count; k++) {
		const Family *family = &e->families[k];
		int size = family->variant == RT_PER_LANE ? IR_LANES : 1;
		double groups = (e->how.particles + size - 1) / size;
		double states = (double)rt_state_bytes(family->task);
		double items = groups * family->problems->block_count;
		bytes += items * (carried_states(e) * states + (double)sizeof(Share));
		bytes += groups * (2.0 * (double)theta_bytes(e, family->variant) + 16.0 * size * (double)e->count);
		double need = (double)rt_forward_arena(family->task, family->variant);
		arena = need > arena ? need : arena;
		bytes += 2 * states * rt_pool_threads(e->rt->pool);
	}
	return bytes + arena * rt_pool_threads(e->rt->pool);
}

bool particles_new(RtEstimator *e) {
	Arena *arena = e->arena;
	size_t scratch = 0;
	int window = window_of(e), carried = carried_states(e);
	bool stagger = e->how.stagger && carried > 0;
	for (int k = 0; k < e->family_count; k++) {
		Family *family = &e->families[k];
		int size = family->variant == RT_PER_LANE ? IR_LANES : 1;
		int chunks = family->problems->block_count;
		family->group_count = (e->how.particles + size - 1) / size;
		family->groups = ARENA_ARRAY(arena, Group, family->group_count + 1);
		family->mean = rt_aligned(arena, theta_bytes(e, family->variant));
		family->first_item = e->item_count;
		e->item_count += family->group_count * chunks;
		size_t need = rt_forward_arena(family->task, family->variant);
		scratch = need > scratch ? need : scratch;
		for (int j = 0; j < family->group_count; j++) {
			Group *group = &family->groups[j];
			group->first = j * size;
			group->size = group->first + size > e->how.particles ? e->how.particles - group->first : size;
			group->fresh = true;
			group->horizon = estimator_horizon(e, 0, (int64_t)k << 32 | j);
			group->end = group->horizon;
			if (stagger) {
				/* Its first run is cut short, so that later windows see runs of all ages. */
				int64_t end = (int64_t)group->horizon * (j + 1) / family->group_count;
				end = (end + window - 1) / window * window;
				group->end = end < 1 || end > group->horizon ? group->horizon : (int)end;
			}
			group->noise = ARENA_ARRAY(arena, double, group->size * e->count);
			group->sum = ARENA_ARRAY(arena, double, group->size * e->count);
			group->plus = rt_aligned(arena, theta_bytes(e, family->variant));
			group->minus = rt_aligned(arena, theta_bytes(e, family->variant));
			group->states = ARENA_ARRAY(arena, RtState, chunks * carried + 1);
			for (int i = 0; i < chunks * carried; i++) {
				group->states[i] = rt_state_new(family->task, arena);
			}
		}
	}
	e->shares = ARENA_ARRAY(arena, Share, e->item_count + 1);
	int threads = rt_pool_threads(e->rt->pool);
	e->workers = ARENA_ARRAY(arena, EstimatorWorker, threads);
	for (int i = 0; i < threads; i++) {
		e->workers[i].arena = rt_aligned(arena, scratch);
		e->workers[i].states = ARENA_ARRAY(arena, RtState, 2 * e->family_count);
		for (int k = 0; k < e->family_count; k++) {
			e->workers[i].states[2 * k] = rt_state_new(e->families[k].task, arena);
			e->workers[i].states[2 * k + 1] = rt_state_new(e->families[k].task, arena);
		}
	}
	return true;
}

/* theta + sign * eps as the group's code wants it; lanes without a particle repeat the first. */
static void store_theta(const RtEstimator *e, const Family *family, const Group *group, double sign, void *to) {
	IrScalar real = family->task->rule->real;
	size_t lanes = family->variant == RT_PER_LANE ? IR_LANES : 1;
	size_t width = ir_scalar_bytes(real);
	for (size_t lane = 0; lane < lanes; lane++) {
		size_t particle = lane < (size_t)group->size ? lane : 0;
		const double *noise = group->noise + particle * (size_t)e->count;
		for (size_t p = 0; p < (size_t)e->count; p++) {
			double value = e->theta[p] + sign * noise[p];
			rt_store(real, (char *)to + (p * lanes + lane) * width, 1, &value, 1);
		}
	}
}

/* Noise and perturbed numbers of one group; `item` counts groups over all families. */
static void noise_item(void *user, int item, int worker) {
	RtEstimator *e = user;
	(void)worker;
	Family *family = e->families;
	while (item >= family->group_count) {
		item -= family->group_count;
		family++;
	}
	Group *group = &family->groups[item];
	for (int i = 0; i < group->size; i++) {
		double *noise = group->noise + i * e->count;
		rt_noise(e->seed, e->step, group->first + i, noise, e->count);
		for (int64_t p = 0; p < e->count; p++) {
			noise[p] *= e->how.sigma;
		}
	}
	store_theta(e, family, group, 1, group->plus);
	store_theta(e, family, group, -1, group->minus);
	if (item == 0) {
		store_theta(e, family, group, 0, family->mean);
	}
}

typedef struct Piece {
	const RtTask *task;
	const RtBlock *block;
	RtTheta variant;
	bool fresh;
	int t, turns, horizon;
	void *arena;
} Piece;

/* One piece of one run; its score into score[16]. */
static int run_piece(const Piece *piece, const void *theta, RtState *state, double *score) {
	RtArgs args = {NULL, theta, piece->variant};
	for (int lane = 0; lane < IR_LANES; lane++) {
		score[lane] = rt_score_zero(piece->task->score);
	}
	int error = piece->fresh ? rt_begin(piece->task, piece->block, &args, state, piece->arena) : 0;
	if (error) {
		return error;
	}
	return rt_advance(piece->task, piece->block, &args, state, piece->t, piece->turns, piece->horizon, score, NULL,
	                  piece->arena);
}

static void particle_item(void *user, int item, int worker) {
	RtEstimator *e = user;
	int local;
	const Family *family = estimator_family(e, item, &local);
	int chunks = family->problems->block_count;
	const Group *group = &family->groups[local / chunks];
	int chunk = local % chunks;
	EstimatorWorker *mine = &e->workers[worker];
	Share *share = &e->shares[item];
	RtState *scratch = &mine->states[2 * (family - e->families)];
	int carried = carried_states(e);
	RtState *own = &group->states[chunk * carried];
	RtState *plus = carried == 2 ? &own[0] : &scratch[0];
	RtState *minus = carried == 2 ? &own[1] : &scratch[1];
	Piece piece = {family->task,    &family->problems->blocks[chunk],
	               family->variant, group->fresh,
	               group->t,        group->turns1,
	               group->horizon,  mine->arena};
	share->error = 0;
	for (int part = 0; part < 2 && !share->error; part++) {
		if (part == 1) {
			piece.fresh = true;
			piece.t = 0;
			piece.turns = group->turns2;
			piece.horizon = group->horizon2;
		}
		if (piece.turns == 0) {
			continue;
		}
		if (carried == 1) {
			if (piece.fresh) {
				RtArgs args = {NULL, family->mean, family->variant};
				share->error = rt_begin(piece.task, piece.block, &args, own, piece.arena);
				piece.fresh = false;
			}
			rt_state_copy(piece.task, plus, own);
			rt_state_copy(piece.task, minus, own);
		}
		share->error |= run_piece(&piece, group->plus, plus, share->plus[part]);
		share->error |= run_piece(&piece, group->minus, minus, share->minus[part]);
		if (carried == 1) {
			double unused[IR_LANES];
			share->error |= run_piece(&piece, family->mean, own, unused);
		}
	}
}

/* Plans this window: how many turns before and after a restart. */
static void plan_window(const RtEstimator *e, int family, int number, Group *group, int window) {
	if (e->how.kind == FE_ES) {
		group->fresh = true;
		group->t = 0;
		group->horizon = group->end = estimator_horizon(e, e->step, (int64_t)family << 32 | number);
		group->turns1 = group->horizon;
		group->turns2 = 0;
		return;
	}
	int left = group->end - group->t;
	group->turns1 = left < window ? left : window;
	group->turns2 = 0;
	if (group->turns1 < window) {
		group->horizon2 = estimator_horizon(e, group->restarts + 1, (int64_t)family << 32 | number);
		int rest = window - group->turns1;
		group->turns2 = rest < group->horizon2 ? rest : group->horizon2;
	}
}

/* After the window: age, restarts. */
static void age_group(const RtEstimator *e, int family, int number, Group *group) {
	group->fresh = false;
	group->t += group->turns1;
	if (group->turns2 > 0) {
		group->restarts++;
		group->horizon = group->end = group->horizon2;
		group->t = group->turns2;
	}
	if (group->t >= group->end) {
		group->restarts++;
		group->horizon = group->end = estimator_horizon(e, group->restarts, (int64_t)family << 32 | number);
		group->t = 0;
		group->fresh = true;
	}
}

/* Mean difference of one particle over its finite problems, for one part of the window. */
typedef struct Difference {
	double difference, score;
	int finite, nonfinite;
} Difference;

static Difference particle_difference(const RtEstimator *e, const Family *family, int number, int particle, int part) {
	Difference d = {0};
	int chunks = family->problems->block_count;
	for (int chunk = 0; chunk < chunks; chunk++) {
		const Share *share = &e->shares[family->first_item + number * chunks + chunk];
		const RtBlock *block = &family->problems->blocks[chunk];
		bool per_lane = family->variant == RT_PER_LANE;
		for (int lane = per_lane ? particle : 0; lane < (per_lane ? particle + 1 : IR_LANES); lane++) {
			if (!per_lane && block->weight[lane] <= 0) {
				continue;
			}
			double plus = share->plus[part][lane], minus = share->minus[part][lane];
			if (isfinite(plus) && isfinite(minus)) {
				d.finite++;
				d.difference += plus - minus;
				d.score += 0.5 * (plus + minus);
			} else {
				d.nonfinite++;
			}
		}
	}
	return d;
}

bool particles_estimate(RtEstimator *e, double *gradient, RtStats *stats) {
	int window = window_of(e), groups = 0;
	for (int k = 0; k < e->family_count; k++) {
		groups += e->families[k].group_count;
		for (int j = 0; j < e->families[k].group_count; j++) {
			plan_window(e, k, j, &e->families[k].groups[j], window);
		}
	}
	rt_pool_run(e->rt->pool, groups, noise_item, e);
	rt_pool_run(e->rt->pool, e->item_count, particle_item, e);
	if (estimator_failed(e)) {
		return false;
	}
	*stats = (RtStats){0};
	memset(gradient, 0, sizeof *gradient * (size_t)e->count);
	int problems = 0;
	double scored = 0;
	for (int k = 0; k < e->family_count; k++) {
		problems += e->families[k].problems->count;
	}
	for (int k = 0; k < e->family_count; k++) {
		Family *family = &e->families[k];
		double share = (double)family->problems->count / problems;
		double factor = share / (2 * e->how.sigma * e->how.sigma * e->how.particles);
		for (int j = 0; j < family->group_count; j++) {
			Group *group = &family->groups[j];
			for (int i = 0; i < group->size; i++) {
				double *sum = group->sum + i * e->count;
				const double *noise = group->noise + i * e->count;
				for (int part = 0; part < 2; part++) {
					int turns = part == 0 ? group->turns1 : group->turns2;
					if (turns == 0) {
						continue;
					}
					bool afresh = part == 1 || group->fresh || e->how.kind != FE_PES;
					for (int64_t p = 0; p < e->count; p++) {
						sum[p] = afresh ? noise[p] : sum[p] + noise[p];
					}
					Difference d = particle_difference(e, family, j, i, part);
					stats->pieces += d.finite + d.nonfinite;
					stats->nonfinite += d.nonfinite;
					int runs = e->how.kind == FE_TRUNCATED_ES ? 3 : 2;
					bool starts = part == 1 || group->fresh;
					stats->evaluations += (int64_t)(d.finite + d.nonfinite) * runs * (turns + starts);
					if (d.finite == 0) {
						continue;
					}
					int horizon = part == 0 ? group->horizon : group->horizon2;
					double scale = e->how.kind == FE_ES ? 1 : (double)horizon / window;
					for (int64_t p = 0; p < e->count; p++) {
						gradient[p] += factor * scale * (d.difference / d.finite) * sum[p];
					}
					stats->score += share * scale * d.score / d.finite;
					scored += part == 0 ? share : 0;
				}
			}
			age_group(e, k, j, group);
		}
	}
	stats->score = scored > 0 ? stats->score / scored : (double)NAN;
	return true;
}
