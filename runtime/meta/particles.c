/* Evolution strategies: full, truncated and persistent (PES: Vicol, Metz, Sohl-Dickstein 2021).
 *
 * Every particle i draws eps_i once per outer step and runs with theta + eps_i and theta - eps_i on the same problems.
 * With D the difference of the two scores of a window,
 *
 *     es            mean_i eps_i D_i / (2 sigma^2)      the window is the whole run
 *     truncated_es  the same, both signs from one carried state, which goes on with theta
 *     pes           mean_i A_i D_i / (2 sigma^2)        separate states, A_i <- A_i + eps_i at every window
 *
 * A window has K steps of every particle. Where a run ends inside, the rest belongs to the next runs: they use eps, and
 * A <- eps. Particles are of different ages, and so many runs begin per window as K steps are of the mean horizon: with
 * the factor E[horizon] / K the estimate is, on average over windows, that of one whole run.
 * An item is one group of particles on one block of problems, both signs; nothing is shared between items. */
#include <math.h>
#include <string.h>

#include "runtime/meta/estimator.h"
#include "runtime/meta/limits.h"

/* Is every window a whole run? Then all three are `es`. */
static bool whole_runs(const EstimatorMethod *method, const MetaEstimate *how) {
	return method->whole || how->window <= 0 || how->window >= how->horizon_high;
}

static bool particles_whole(const MetaEstimator *e) {
	return whole_runs(e->method, &e->how);
}

static int carried_states(const MetaEstimator *e) {
	return particles_whole(e) ? 0 : e->method->carried;
}

static size_t theta_bytes(const MetaEstimator *e, TaskTheta variant) {
	return 8 * (size_t)e->count * (variant == TASK_PER_LANE ? IR_LANES : 1);
}

double meta_particles_bytes(const MetaEstimator *e) {
	double bytes = 0, arena = 0;
	for (int k = 0; k < e->family_count; k++) {
		const Family *family = &e->families[k];
		int size = family->variant == TASK_PER_LANE ? IR_LANES : 1;
		double groups = (e->how.particles + size - 1) / size;
		double states = (double)run_state_bytes(family->task);
		double items = groups * family->problems->block_count;
		bytes += items * (carried_states(e) * states + (double)sizeof(Share));
		double each = 2.0 * (double)theta_bytes(e, family->variant) + (double)sizeof(Group);
		bytes += groups * (each + size * (16.0 * (double)e->count + (double)sizeof(Age)));
		double need = (double)run_arena_bytes(family->task, family->variant);
		arena = need > arena ? need : arena;
		bytes += 3 * states * rt_pool_threads(e->rt->pool);
	}
	return bytes + arena * rt_pool_threads(e->rt->pool);
}

/* The next run of particle `i` of a group. Whole runs of particles in the lanes all have one length, as lanes would wait
 * for each other. */
static void begin_run(const MetaEstimator *e, const Family *family, const Group *group, int i, int64_t draw, Age *age) {
	bool together = particles_whole(e) && family->variant == TASK_PER_LANE;
	int64_t who = together ? group->first / (int)IR_LANES : group->first + i;
	if (e->candidates) /* they are compared: by runs of one length */
		who = 0;
	age->horizon = age->end = meta_horizon(e, draw, (int64_t)(family - e->families) << 32 | who);
	age->t = 0;
}

static void group_new(MetaEstimator *e, Family *family, Group *group) {
	Arena *arena = e->arena;
	int particles = e->how.particles, window = e->how.window, carried = carried_states(e);
	int chunks = family->problems->block_count;
	group->ages = ARENA_ARRAY(arena, Age, group->size);
	for (int i = 0; i < group->size; i++) {
		Age *age = &group->ages[i];
		begin_run(e, family, group, i, 0, age);
		if (e->how.stagger && carried > 0) {
			/* Its first run is cut short, so that later windows see runs of all ages. */
			int64_t end = (int64_t)age->horizon * (group->first + i + 1) / particles;
			end = (end + window - 1) / window * window;
			age->end = end < 1 || end > age->horizon ? age->horizon : (int)end;
		}
	}
	group->noise = ARENA_ARRAY(arena, double, group->size * e->count);
	group->sum = ARENA_ARRAY(arena, double, group->size * e->count);
	group->plus = rt_aligned(arena, theta_bytes(e, family->variant));
	group->minus = rt_aligned(arena, theta_bytes(e, family->variant));
	group->states = ARENA_ARRAY(arena, RunState, chunks * carried + 1);
	for (int i = 0; i < chunks * carried; i++)
		group->states[i] = run_state_new(family->task, arena);
}

void meta_particles_allocate(MetaEstimator *e) {
	Arena *arena = e->arena;
	size_t scratch = 0;
	for (int k = 0; k < e->family_count; k++) {
		Family *family = &e->families[k];
		int size = family->variant == TASK_PER_LANE ? IR_LANES : 1;
		family->group_count = (e->how.particles + size - 1) / size;
		family->groups = ARENA_ARRAY(arena, Group, family->group_count + 1);
		family->mean = rt_aligned(arena, theta_bytes(e, family->variant));
		family->first_item = e->item_count;
		e->item_count += family->group_count * family->problems->block_count;
		size_t need = run_arena_bytes(family->task, family->variant);
		scratch = need > scratch ? need : scratch;
		for (int j = 0; j < family->group_count; j++) {
			Group *group = &family->groups[j];
			group->first = j * size;
			group->size = group->first + size > e->how.particles ? e->how.particles - group->first : size;
			group_new(e, family, group);
		}
	}
	e->shares = ARENA_ARRAY(arena, Share, e->item_count + 1);
	int threads = rt_pool_threads(e->rt->pool);
	e->workers = ARENA_ARRAY(arena, EstimatorWorker, threads);
	for (int i = 0; i < threads; i++) {
		e->workers[i].arena = rt_aligned(arena, scratch);
		e->workers[i].states = ARENA_ARRAY(arena, RunState, 3 * e->family_count);
		for (int k = 0; k < 3 * e->family_count; k++)
			e->workers[i].states[k] = run_state_new(e->families[k / 3].task, arena);
	}
}

/* Of a particle: theta + sign * eps, or the candidate that stands for it. */
static double learned_number(const MetaEstimator *e, int64_t particle, const double *noise, double sign, int64_t p) {
	if (e->candidates && sign != 0)
		return e->candidates[(2 * particle + (sign < 0)) * e->count + p];
	return e->theta[p] + sign * noise[p];
}

/* The particles' numbers as the group's code wants them; lanes without a particle repeat the first. */
static void store_theta(const MetaEstimator *e, const Family *family, const Group *group, double sign, void *to) {
	IrScalar real = family->task->rule->real;
	size_t lanes = family->variant == TASK_PER_LANE ? IR_LANES : 1;
	size_t width = ir_scalar_bytes(real);
	for (size_t lane = 0; lane < lanes; lane++) {
		size_t particle = lane < (size_t)group->size ? lane : 0;
		const double *noise = group->noise + particle * (size_t)e->count;
		for (size_t p = 0; p < (size_t)e->count; p++) {
			double value = learned_number(e, group->first + (int64_t)particle, noise, sign, (int64_t)p);
			rt_write_reals(real, (char *)to + (p * lanes + lane) * width, 1, &value, 1);
		}
	}
}

/* Noise and perturbed numbers of one group; `item` counts groups over all families. */
static void noise_item(void *user, int item, int worker) {
	MetaEstimator *e = user;
	(void)worker;
	Family *family = e->families;
	while (item >= family->group_count) {
		item -= family->group_count;
		family++;
	}
	Group *group = &family->groups[item];
	for (int i = 0; i < group->size && !e->candidates; i++) {
		double *noise = group->noise + i * e->count;
		meta_noise(e->seed, e->step, group->first + i, noise, e->count);
		for (int64_t p = 0; p < e->count; p++)
			noise[p] *= e->how.sigma;
	}
	store_theta(e, family, group, 1, group->plus);
	store_theta(e, family, group, -1, group->minus);
	if (item == 0)
		store_theta(e, family, group, 0, family->mean);
}

/* ---- one window of a group ----
 *
 * It falls into pieces: all lanes go on together until the first run ends, which begins anew while the others go on. */

/* Steps until a run ends, at most `left`. */
static int piece_turns(const Age *ages, int size, int left) {
	for (int i = 0; i < size; i++) {
		int to_go = ages[i].end - ages[i].t;
		left = to_go < left ? to_go : left;
	}
	return left;
}

static void grow_older(const MetaEstimator *e, const Family *family, const Group *group, Age *ages, int turns) {
	for (int i = 0; i < group->size; i++) {
		ages[i].t += turns;
		if (ages[i].t >= ages[i].end) {
			ages[i].restarts++;
			begin_run(e, family, group, i, ages[i].restarts, &ages[i]);
		}
	}
}

static int window_turns(const MetaEstimator *e, const Group *group) {
	return particles_whole(e) ? group->ages[0].horizon : e->how.window;
}

/* An item under way. */
typedef struct Walk {
	const Family *family;
	const ProblemBlock *block;
	void *arena;
	RunState *spare;
	int64_t t0[IR_LANES], horizon[IR_LANES];
	bool fresh[IR_LANES], any_fresh, all_fresh; /* lanes whose run begins with this piece */
	int turns;
} Walk;

static void place_lanes(Walk *w, const Group *group, const Age *ages) {
	w->any_fresh = false;
	w->all_fresh = true;
	for (int lane = 0; lane < IR_LANES; lane++) {
		const Age *age = &ages[lane < group->size ? lane : 0];
		w->t0[lane] = age->t;
		w->horizon[lane] = age->horizon;
		w->fresh[lane] = age->t == 0;
		w->any_fresh = w->any_fresh || w->fresh[lane];
		w->all_fresh = w->all_fresh && w->fresh[lane];
	}
}

static int begin_lanes(const Walk *w, const void *theta, RunState *state) {
	RunArgs args = {NULL, theta, w->family->variant, NULL, NULL};
	if (!w->any_fresh || w->all_fresh)
		return w->any_fresh ? run_begin(w->family->task, w->block, &args, state, w->arena) : 0;
	int error = run_begin(w->family->task, w->block, &args, w->spare, w->arena);
	run_state_copy_lanes(w->family->task, state, w->spare, w->fresh);
	return error;
}

/* One piece of the lanes' runs; their scores are added to those of the part of the window that each of them is in. */
static int run_lanes(const Walk *w, const void *theta, RunState *state, const int *part, double score[2][IR_LANES]) {
	bool lanes_differ = w->family->variant == TASK_PER_LANE;
	RunArgs args = {NULL, theta, w->family->variant, lanes_differ ? w->t0 : NULL, lanes_differ ? w->horizon : NULL};
	FeScore how = w->family->task->score;
	double piece[IR_LANES], zero = score_zero(how);
	for (int lane = 0; lane < IR_LANES; lane++)
		piece[lane] = zero;
	bool least = fe_score_folds[how.fold].least;
	int error = run_advance(w->family->task, w->block, &args, state, (int)w->t0[0], w->turns, (int)w->horizon[0], piece,
	                        NULL, w->arena);
	for (int lane = 0; lane < IR_LANES; lane++) {
		double *sum = &score[part[lane]][lane];
		*sum = least ? piece[lane] : *sum + piece[lane]; /* a minimum is of whole runs: one piece */
	}
	return error;
}

static void particle_item(void *user, int item, int worker) {
	MetaEstimator *e = user;
	int local;
	const Family *family = meta_family(e, item, &local);
	int chunks = family->problems->block_count, chunk = local % chunks;
	const Group *group = &family->groups[local / chunks];
	Share *share = &e->shares[item];
	RunState *scratch = &e->workers[worker].states[3 * (family - e->families)];
	int carried = carried_states(e);
	RunState *own = &group->states[chunk * carried];
	RunState *plus = carried == 2 ? &own[0] : &scratch[0];
	RunState *minus = carried == 2 ? &own[1] : &scratch[1];
	Walk w = {.family = family, .block = &family->problems->blocks[chunk]};
	w.arena = e->workers[worker].arena;
	w.spare = &scratch[2];
	Age ages[IR_LANES];
	memcpy(ages, group->ages, sizeof *ages * (size_t)group->size);
	int part[IR_LANES] = {0};
	int left = window_turns(e, group);
	bool first = true;
	*share = (Share){.gradient = share->gradient};
	while (left > 0 && !share->error) {
		w.turns = piece_turns(ages, group->size, left);
		place_lanes(&w, group, ages);
		for (int lane = 0; lane < IR_LANES && !first; lane++)
			part[lane] = part[lane] || w.fresh[lane];
		if (carried == 1) {
			double unused[2][IR_LANES] = {{0}};
			if (first) { /* both signs leave from the carried state */
				run_state_copy(family->task, plus, own);
				run_state_copy(family->task, minus, own);
			}
			share->error |= begin_lanes(&w, family->mean, own);
			share->error |= run_lanes(&w, family->mean, own, part, unused);
		}
		share->error |= begin_lanes(&w, group->plus, plus);
		share->error |= begin_lanes(&w, group->minus, minus);
		share->error |= run_lanes(&w, group->plus, plus, part, share->plus);
		share->error |= run_lanes(&w, group->minus, minus, part, share->minus);
		grow_older(e, family, group, ages, w.turns);
		left -= w.turns;
		first = false;
	}
}

static void visit_state(const Task *task, RunState *state, TrainVisit *visit, void *user) {
	for (uint32_t i = 0; i < task->slot_count; i++) {
		IrType type = task->slots[i];
		size_t count = (size_t)ir_type_elements(type, NULL) * (size_t)task->lanes;
		visit(user, &(TrainPiece){"particle.state", type.scalar, state->slots[i], count});
	}
	visit(user, &(TrainPiece){"particle.f0", task->objective->real, state->f0, (size_t)task->lanes});
}

typedef struct Telling {
	RtTell *tell;
	void *to;
} Telling;

static void tell_piece(void *user, const TrainPiece *piece) {
	const Telling *telling = user;
	telling->tell(telling->to, piece->data, piece->count * ir_scalar_bytes(piece->scalar));
}

/* Scores, and the states that it goes on from in the next window. */
static void particle_result(void *user, int item, RtTell *tell, void *to) {
	MetaEstimator *e = user;
	int local, carried = carried_states(e);
	const Family *family = meta_family(e, item, &local);
	int chunks = family->problems->block_count;
	const Group *group = &family->groups[local / chunks];
	Share *share = &e->shares[item];
	tell(to, share->plus, sizeof share->plus);
	tell(to, share->minus, sizeof share->minus);
	tell(to, &share->error, sizeof share->error);
	for (int i = 0; i < carried; i++)
		visit_state(family->task, &group->states[local % chunks * carried + i], tell_piece, &(Telling){tell, to});
}

/* What a window was to one particle: the run that came in, and those that began in it. */
typedef struct Passage {
	bool afresh; /* the first of them began with the window */
	int turns[2], starts[2];
} Passage;

/* After the window: how it went, and all ages. Where runs are whole, those of the next outer step begin. */
static void pass_window(const MetaEstimator *e, const Family *family, Group *group, Passage *passages) {
	memset(passages, 0, sizeof *passages * (size_t)group->size);
	int left = window_turns(e, group);
	for (bool first = true; left > 0; first = false) {
		int turns = piece_turns(group->ages, group->size, left);
		for (int i = 0; i < group->size; i++) {
			Passage *p = &passages[i];
			bool begins = group->ages[i].t == 0;
			p->afresh = p->afresh || (first && begins);
			int part = p->turns[1] > 0 || (!first && begins);
			p->starts[part] += begins;
			p->turns[part] += turns;
		}
		grow_older(e, family, group, group->ages, turns);
		left -= turns;
	}
}

/* Mean difference of one particle over its finite problems, for one part of the window. */
typedef struct Difference {
	double difference, score;
	int finite, nonfinite;
} Difference;

static Difference particle_difference(const MetaEstimator *e, const Family *family, int number, int particle,
                                      int part) {
	Difference d = {0};
	int chunks = family->problems->block_count;
	for (int chunk = 0; chunk < chunks; chunk++) {
		const Share *share = &e->shares[family->first_item + number * chunks + chunk];
		const ProblemBlock *block = &family->problems->blocks[chunk];
		bool per_lane = family->variant == TASK_PER_LANE;
		for (int lane = per_lane ? particle : 0; lane < (per_lane ? particle + 1 : IR_LANES); lane++) {
			if (!per_lane && block->weight[lane] <= 0)
				continue;
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

/* One particle's part of the estimate. */
static void add_particle(MetaEstimator *e, const Family *family, int number, int i, const Passage *passage,
                         double share, double *gradient, MetaStats *stats, double *scored) {
	const Group *group = &family->groups[number];
	double *sum = group->sum + i * e->count;
	const double *noise = group->noise + i * e->count;
	bool whole = particles_whole(e);
	int window = e->how.window, runs = carried_states(e) == 1 ? 3 : 2;
	double scale = whole ? 1 : meta_mean_horizon(e) / window;
	double factor = share / (2 * e->how.sigma * e->how.sigma * e->how.particles);
	for (int part = 0; part < 2; part++) {
		int turns = passage->turns[part];
		if (turns == 0)
			continue;
		bool afresh = part == 1 || passage->afresh || !e->method->sums_noise;
		for (int64_t p = 0; p < e->count; p++)
			sum[p] = afresh ? noise[p] : sum[p] + noise[p];
		Difference d = particle_difference(e, family, number, i, part);
		stats->pieces += d.finite + d.nonfinite;
		stats->nonfinite += d.nonfinite;
		stats->evaluations += (int64_t)(d.finite + d.nonfinite) * runs *
		                      (turns * meta_turn_evaluations(family->task) + passage->starts[part]);
		if (d.finite == 0)
			continue;
		for (int64_t p = 0; p < e->count; p++)
			gradient[p] += factor * scale * (d.difference / d.finite) * sum[p];
		stats->score += share * scale * d.score / d.finite;
		*scored += whole ? share : share * turns / window;
	}
}

/* A window of all particles. false with a diagnostic. */
static bool run_window(MetaEstimator *e) {
	int groups = 0;
	for (int k = 0; k < e->family_count; k++) {
		Family *family = &e->families[k];
		groups += family->group_count;
		for (int j = 0; j < family->group_count && particles_whole(e); j++)
			for (int i = 0; i < family->groups[j].size; i++)
				begin_run(e, family, &family->groups[j], i, e->step, &family->groups[j].ages[i]);
	}
	rt_pool_run(e->rt->pool, groups, noise_item, e);
	rt_pool_spread(e->rt->pool, e->item_count, particle_item, particle_result, e);
	return !meta_failed(e);
}

/* Adds what both runs of a particle on the problems of a family have come to. */
static void add_worth(const MetaEstimator *e, const Family *family, int number, int i, Worth pair[2],
                      int64_t finite[2]) {
	int chunks = family->problems->block_count;
	bool per_lane = family->variant == TASK_PER_LANE;
	for (int at = 0; at < chunks * (per_lane ? 1 : (int)IR_LANES); at++) {
		int chunk = per_lane ? at : at / (int)IR_LANES, lane = per_lane ? i : at % (int)IR_LANES;
		const Share *share = &e->shares[family->first_item + number * chunks + chunk];
		if (!per_lane && family->problems->blocks[chunk].weight[lane] <= 0)
			continue;
		const double scores[2] = {share->plus[0][lane], share->minus[0][lane]};
		for (int side = 0; side < 2; side++) {
			bool is_finite = isfinite(scores[side]);
			finite[side] += is_finite;
			pair[side].lost += !is_finite;
			pair[side].score += is_finite ? scores[side] : 0;
		}
	}
}

bool meta_particles_score(MetaEstimator *e, Worth *worth, MetaStats *stats) {
	if (!run_window(e))
		return false;
	*stats = (MetaStats){0};
	for (int particle = 0; particle < e->how.particles; particle++) {
		Worth *pair = &worth[2 * particle];
		int64_t finite[2] = {0};
		pair[0] = pair[1] = (Worth){0};
		for (int k = 0; k < e->family_count; k++) {
			const Family *family = &e->families[k];
			int size = family->variant == TASK_PER_LANE ? IR_LANES : 1;
			const Age *age = &family->groups[particle / size].ages[particle % size];
			add_worth(e, family, particle / size, particle % size, pair, finite);
			stats->evaluations +=
				2 * (int64_t)family->problems->count * (age->horizon * meta_turn_evaluations(family->task) + 1);
		}
		for (int side = 0; side < 2; side++) {
			pair[side].score = finite[side] ? pair[side].score / (double)finite[side] : (double)INFINITY;
			stats->pieces += finite[side] + pair[side].lost;
			stats->nonfinite += pair[side].lost;
		}
	}
	return true;
}

static bool particles_estimate(MetaEstimator *e, double *gradient, MetaStats *stats) {
	int problems = 0;
	for (int k = 0; k < e->family_count; k++)
		problems += e->families[k].problems->count;
	if (!run_window(e))
		return false;
	*stats = (MetaStats){0};
	memset(gradient, 0, sizeof *gradient * (size_t)e->count);
	double scored = 0;
	for (int k = 0; k < e->family_count; k++) {
		Family *family = &e->families[k];
		double share = (double)family->problems->count / problems;
		for (int j = 0; j < family->group_count; j++) {
			Group *group = &family->groups[j];
			Passage passages[IR_LANES];
			pass_window(e, family, group, passages);
			for (int i = 0; i < group->size; i++)
				add_particle(e, family, j, i, &passages[i], share, gradient, stats, &scored);
		}
	}
	stats->score = scored > 0 ? stats->score / scored : (double)NAN;
	return true;
}

static void visit_age(Age *age, TrainVisit *visit, void *user) {
	visit(user, &(TrainPiece){"particle.t", IR_I32, &age->t, 1});
	visit(user, &(TrainPiece){"particle.horizon", IR_I32, &age->horizon, 1});
	visit(user, &(TrainPiece){"particle.end", IR_I32, &age->end, 1});
	visit(user, &(TrainPiece){"particle.restarts", IR_I64, &age->restarts, 1});
}

/* Ages that a run can have, whatever is read. */
static bool particles_sound(const MetaEstimator *e) {
	bool sound = true;
	for (int k = 0; k < e->family_count; k++) {
		const Family *family = &e->families[k];
		for (int j = 0; j < family->group_count; j++) {
			for (int i = 0; i < family->groups[j].size; i++) {
				const Age *age = &family->groups[j].ages[i];
				sound = sound && age->t >= 0 && age->t < age->end && age->end <= age->horizon &&
				        age->horizon <= e->how.horizon_high && age->restarts >= 0 && age->restarts <= INT32_MAX;
			}
		}
	}
	return sound;
}

static void particles_visit(MetaEstimator *e, TrainVisit *visit, void *user) {
	for (int k = 0; k < e->family_count; k++) {
		const Family *family = &e->families[k];
		int states = family->problems->block_count * carried_states(e);
		for (int j = 0; j < family->group_count; j++) {
			Group *group = &family->groups[j];
			for (int i = 0; i < group->size; i++)
				visit_age(&group->ages[i], visit, user);
			visit(user, &(TrainPiece){"particle.sum", IR_F64, group->sum, (size_t)(group->size * e->count)});
			for (int i = 0; i < states; i++)
				visit_state(family->task, &group->states[i], visit, user);
		}
	}
}

/* Few problems: the lanes go to particles. */
static int uses(const EstimatorMethod *method, const MetaEstimate *how, Task *task, int problems,
                MetaUse use[META_MOST_USES]) {
	task_set_lanes(task, IR_LANES);
	TaskTheta variant = problems < (int)META_FEW_PROBLEMS ? TASK_PER_LANE : TASK_SHARED;
	use[0] = (MetaUse){TASK_SETUP, {0}};
	use[1] = (MetaUse){TASK_BEGIN, {.variant = variant}};
	use[2] = (MetaUse){TASK_SEGMENT,
	                   task_segment_plan(task, whole_runs(method, how) ? how->horizon_high : how->window, variant)};
	return 3;
}

int meta_particles_uses(const MetaEstimate *how, Task *task, int problems, MetaUse use[META_MOST_USES]) {
	return uses(&meta_full, how, task, problems, use);
}

static int windows_uses(const MetaEstimate *how, Task *task, int problems, MetaUse use[META_MOST_USES]) {
	return uses(&meta_persistent, how, task, problems, use);
}

const EstimatorMethod meta_full = {
	.uses = meta_particles_uses,
	.bytes = meta_particles_bytes,
	.allocate = meta_particles_allocate,
	.estimate = particles_estimate,
	.visit = particles_visit,
	.is_sound = particles_sound,
	.whole = true,
};

const EstimatorMethod meta_persistent = {
	.uses = windows_uses,
	.bytes = meta_particles_bytes,
	.allocate = meta_particles_allocate,
	.estimate = particles_estimate,
	.visit = particles_visit,
	.is_sound = particles_sound,
	.carried = 2,
	.sums_noise = true,
};

const EstimatorMethod meta_truncated = {
	.uses = windows_uses,
	.bytes = meta_particles_bytes,
	.allocate = meta_particles_allocate,
	.estimate = particles_estimate,
	.visit = particles_visit,
	.is_sound = particles_sound,
	.carried = 1,
};
