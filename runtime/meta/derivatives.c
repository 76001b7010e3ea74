/* Estimators that differentiate: back-propagation and forward mode, in windows or whole. A problem whose score or gradient is not
 * finite is left out of the mean and counted. An item is one block of problems. */
#include <math.h>
#include <string.h>

#include "runtime/meta/estimator.h"
#include "runtime/meta/limits.h"

static const RtCode *code_of(const MetaEstimator *e, const Family *family) {
	return family->task->code[e->method->stage][TASK_SHARED];
}

/* One row of a block's lanes as doubles. */
static void load_row(IrScalar real, const void *gradient, int lanes, int64_t p, double *row) {
	if (lanes == 1) {
		row[0] = real == IR_F32 ? (double)((const float *)gradient)[p] : ((const double *)gradient)[p];
	} else if (real == IR_F32) {
		const float *from = (const float *)gradient + p * IR_LANES;
		for (int lane = 0; lane < IR_LANES; lane++)
			row[lane] = (double)from[lane];
	} else {
		memcpy(row, (const double *)gradient + p * IR_LANES, sizeof *row * IR_LANES);
	}
}

/* Norms of the lanes' gradients, as meta_norm gives them. squares: of a first pass; gradient: [P] x lanes. */
static void lane_norms(IrScalar real, const void *gradient, int lanes, int64_t count, const double *squares,
                       double *norm, double *unit) {
	bool fit = true;
	for (int lane = 0; lane < lanes; lane++) {
		norm[lane] = sqrt(squares[lane]);
		unit[lane] = 1;
		fit = fit && meta_squares_fit(squares[lane]);
	}
	double row[IR_LANES], largest[IR_LANES] = {0}, scaled[IR_LANES] = {0};
	for (int64_t p = 0; p < count && !fit; p++) {
		load_row(real, gradient, lanes, p, row);
		for (int lane = 0; lane < lanes; lane++)
			largest[lane] = fmax(largest[lane], fabs(row[lane]));
	}
	for (int64_t p = 0; p < count && !fit; p++) {
		load_row(real, gradient, lanes, p, row);
		for (int lane = 0; lane < lanes; lane++)
			scaled[lane] += row[lane] / largest[lane] * (row[lane] / largest[lane]);
	}
	for (int lane = 0; lane < lanes && !fit; lane++) {
		if (!meta_squares_fit(squares[lane]) && largest[lane] > 0 && isfinite(largest[lane])) {
			norm[lane] = sqrt(scaled[lane]);
			unit[lane] = largest[lane];
		}
	}
}

/* Sums the lanes that are real problems and finite, each scaled down to the norm of the clip: one problem whose unroll is
 * chaotic must not drown the others. gradient: [P] x lanes. */
static void reduce_lanes(const MetaEstimator *e, const Task *task, const ProblemBlock *block, const void *score,
                         const void *gradient, Share *share) {
	IrScalar real = task->rule->real;
	int lanes = task->lanes;
	double scores[IR_LANES], row[IR_LANES], zeros[IR_LANES] = {0}, squares[IR_LANES] = {0};
	double norm[IR_LANES], unit[IR_LANES], scale[IR_LANES];
	rt_read_reals(real, score, 1, scores, (size_t)lanes);
	for (int64_t p = 0; p < e->count; p++) {
		load_row(real, gradient, lanes, p, row);
		for (int lane = 0; lane < lanes; lane++) {
			zeros[lane] += row[lane] - row[lane]; /* NaN as soon as one is not finite */
			squares[lane] += row[lane] * row[lane];
		}
	}
	if (e->how.clip > 0)
		lane_norms(real, gradient, lanes, e->count, squares, norm, unit);
	bool keep[IR_LANES];
	share->score = 0;
	share->finite = share->nonfinite = share->clipped = 0;
	for (int lane = 0; lane < lanes; lane++) {
		bool counts = block->weight[lane] > 0;
		bool finite = isfinite(scores[lane]) && zeros[lane] == 0;
		keep[lane] = counts && finite;
		share->nonfinite += counts && !finite;
		share->finite += keep[lane];
		share->score += keep[lane] ? scores[lane] : 0;
		scale[lane] = 1;
		if (keep[lane] && e->how.clip > 0 && norm[lane] > e->how.clip / unit[lane]) {
			scale[lane] = e->how.clip / unit[lane] / norm[lane];
			share->clipped++;
		}
	}
	for (int64_t p = 0; p < e->count; p++) {
		load_row(real, gradient, lanes, p, row);
		double sum = 0;
		for (int lane = 0; lane < lanes; lane++)
			sum += keep[lane] ? scale[lane] * row[lane] : 0;
		share->gradient[p] = sum;
	}
}

/* A block's scores and gradients by one call of the compiled gradient. */
static int reverse_block(const MetaEstimator *e, const Family *family, int block, const IrByRole *given,
                         EstimatorWorker *mine) {
	(void)block;
	IrByRole places;
	ir_by_role(&places);
	void *pointers[META_MOST_POINTERS];
	ir_give(&places, IR_ROLE_SCORE, &mine->score, 1);
	ir_give(&places, ir_role_tilde(IR_ROLE_THETA), &mine->gradient, 1);
	return rt_call_by_role(code_of(e, family), given, &places, pointers, mine->arena);
}

/* The same by one call for each learned number, which gives the derivative in its direction. */
static int forward_block(const MetaEstimator *e, const Family *family, int block, const IrByRole *given,
                         EstimatorWorker *mine) {
	(void)block;
	IrScalar real = family->task->rule->real;
	size_t width = ir_scalar_bytes(real), row = (size_t)family->task->lanes * width;
	IrByRole along = *given, places;
	ir_by_role(&places);
	void *pointers[META_MOST_POINTERS];
	ir_give(&along, ir_role_tilde(IR_ROLE_THETA), &mine->tangent, 1);
	ir_give(&places, IR_ROLE_SCORE, &mine->score, 1);
	int error = 0;
	for (int64_t p = 0; p < e->count && !error; p++) {
		for (int64_t q = 0; q < e->count; q++) {
			double one = p == q;
			rt_write_reals(real, (char *)mine->tangent + (size_t)q * width, 1, &one, 1);
		}
		ir_give_addresses(&places, ir_role_tilde(IR_ROLE_SCORE), (char *)mine->gradient + (size_t)p * row, row, 1);
		error = rt_call_by_role(code_of(e, family), &along, &places, pointers, mine->arena);
	}
	return error;
}

static void derivative_item(void *user, int item, int worker) {
	MetaEstimator *e = user;
	EstimatorWorker *mine = &e->workers[worker];
	int local;
	const Family *family = meta_family(e, item, &local);
	const ProblemBlock *block = &family->problems->blocks[local];
	Share *share = &e->shares[item];
	double hypers[META_MOST_HYPERS];
	int64_t horizon = e->horizon;
	const void *theta = family->mean;
	IrByRole given;
	ir_by_role(&given);
	problems_give(family->task, &given, block);
	run_give_rule(family->task, &given, NULL, hypers, &theta);
	ir_give_addresses(&given, IR_ROLE_HORIZON, &horizon, sizeof horizon, 1);
	share->error = e->method->block(e, family, local, &given, mine);
	reduce_lanes(e, family->task, block, mine->score, mine->gradient, share);
}

static void derivative_result(void *user, int item, RtTell *tell, void *to) {
	const MetaEstimator *e = user;
	Share *share = &e->shares[item];
	tell(to, &share->score, sizeof share->score);
	tell(to, &share->finite, sizeof share->finite);
	tell(to, &share->nonfinite, sizeof share->nonfinite);
	tell(to, &share->clipped, sizeof share->clipped);
	tell(to, &share->error, sizeof share->error);
	tell(to, share->gradient, sizeof *share->gradient * (size_t)e->count);
}

bool meta_derivative_estimate(MetaEstimator *e, double *gradient, MetaStats *stats) {
	e->horizon = meta_horizon(e, e->step, 0);
	for (int k = 0; k < e->family_count; k++)
		rt_write_reals(e->families[k].task->rule->real, e->families[k].mean, 1, e->theta, (size_t)e->count);
	rt_pool_spread(e->rt->pool, e->item_count, derivative_item, derivative_result, e);
	if (meta_failed(e))
		return false;
	*stats = (MetaStats){0};
	memset(gradient, 0, sizeof *gradient * (size_t)e->count);
	int64_t finite = 0;
	for (int i = 0; i < e->item_count; i++) {
		const Share *share = &e->shares[i];
		int local;
		int64_t each = e->horizon * meta_turn_evaluations(meta_family(e, i, &local)->task) + 1;
		finite += share->finite;
		stats->evaluations += (share->finite + share->nonfinite) * each;
		stats->nonfinite += share->nonfinite;
		stats->clipped += share->clipped;
		stats->score += share->score;
		for (int64_t p = 0; p < e->count; p++)
			gradient[p] += share->gradient[p];
	}
	stats->pieces = finite + stats->nonfinite;
	stats->evaluations *= e->method->runs_per_number ? e->count : 1;
	stats->score = finite > 0 ? stats->score / (double)finite : (double)NAN;
	for (int64_t p = 0; p < e->count && finite > 0; p++)
		gradient[p] /= (double)finite;
	return true;
}

double meta_derivative_bytes(const MetaEstimator *e) {
	double bytes = 0;
	size_t arena = 0;
	for (int k = 0; k < e->family_count; k++) {
		size_t need = code_of(e, &e->families[k])->arena_bytes;
		arena = need > arena ? need : arena;
		int blocks = e->families[k].problems->block_count;
		bytes += 8.0 * blocks * (double)e->count;
	}
	return bytes + rt_pool_threads(e->rt->pool) * ((double)arena + 8.0 * (int)IR_LANES * ((double)e->count + 1));
}

void meta_derivative_allocate(MetaEstimator *e) {
	size_t arena = 0;
	for (int k = 0; k < e->family_count; k++) {
		Family *family = &e->families[k];
		size_t need = code_of(e, family)->arena_bytes;
		arena = need > arena ? need : arena;
		family->first_item = e->item_count;
		e->item_count += family->problems->block_count;
		family->mean = rt_aligned(e->arena, 8 * (size_t)e->count);
	}
	e->shares = ARENA_ARRAY(e->arena, Share, e->item_count + 1);
	for (int i = 0; i < e->item_count; i++)
		e->shares[i].gradient = ARENA_ARRAY(e->arena, double, e->count);
	int threads = rt_pool_threads(e->rt->pool);
	e->workers = ARENA_ARRAY(e->arena, EstimatorWorker, threads);
	for (int i = 0; i < threads; i++) {
		e->workers[i].arena = rt_aligned(e->arena, arena);
		e->workers[i].score = rt_aligned(e->arena, 8 * IR_LANES);
		e->workers[i].gradient = rt_aligned(e->arena, 8 * IR_LANES * (size_t)e->count);
		e->workers[i].tangent = rt_aligned(e->arena, 8 * (size_t)e->count);
	}
}

static int derivative_uses(const MetaEstimate *how, Task *task, int problems, MetaUse uses[META_MOST_USES],
                           TaskStage stage, bool fixed) {
	task_choose_lanes(task, problems);
	TaskPlan plan = {.window = how->window, .steps = how->horizon_high, .fixed = fixed, .first_order = how->order == 1};
	uses[0] = (MetaUse){TASK_SETUP, {0}};
	uses[1] = (MetaUse){stage, plan};
	return 2;
}

static int reverse_uses(const MetaEstimate *how, Task *task, int problems, MetaUse uses[META_MOST_USES]) {
	return derivative_uses(how, task, problems, uses, TASK_GRADIENT, how->horizon_low >= how->horizon_high);
}

static int forward_uses(const MetaEstimate *how, Task *task, int problems, MetaUse uses[META_MOST_USES]) {
	return derivative_uses(how, task, problems, uses, TASK_TANGENT, false);
}

const EstimatorMethod meta_reverse = {
	.uses = reverse_uses,
	.bytes = meta_derivative_bytes,
	.allocate = meta_derivative_allocate,
	.estimate = meta_derivative_estimate,
	.stage = TASK_GRADIENT,
	.block = reverse_block,
};

const EstimatorMethod meta_forward = {
	.uses = forward_uses,
	.bytes = meta_derivative_bytes,
	.allocate = meta_derivative_allocate,
	.estimate = meta_derivative_estimate,
	.stage = TASK_TANGENT,
	.block = forward_block,
	.runs_per_number = true,
};
