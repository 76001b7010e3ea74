/* The meta-gradient: what is common to all estimators, and the two that differentiate (back-propagation in windows or
 * whole, and forward mode). A problem whose score or gradient is not finite is left out of the mean and counted. */
#include <math.h>
#include <string.h>

#include "runtime/meta/estimator.h"

static const double two_pi = 6.283185307179586476925286766559;

/* Two uniform numbers: (0, 1] and [0, 1). */
static void uniforms(const uint64_t key[2], const uint64_t counter[2], double out[2]) {
	uint64_t bits[2];
	random_threefry(key, counter, bits);
	out[0] = ((double)(bits[0] >> 11) + 1) * 0x1p-53;
	out[1] = (double)(bits[1] >> 11) * 0x1p-53;
}

void rt_noise(uint64_t seed, int64_t step, int64_t particle, double *out, int64_t count) {
	const uint64_t key[2] = {seed, 0x6e6f697365}; /* "noise" */
	for (int64_t i = 0; i < count; i += 2) {
		const uint64_t counter[2] = {(uint64_t)step << 24 | (uint64_t)particle, (uint64_t)(i / 2)};
		double u[2];
		uniforms(key, counter, u);
		double radius = sqrt(-2 * log(u[0]));
		out[i] = radius * cos(two_pi * u[1]);
		if (i + 1 < count) {
			out[i + 1] = radius * sin(two_pi * u[1]);
		}
	}
}

int estimator_horizon(const RtEstimator *e, int64_t draw, int64_t group) {
	int low = e->how.horizon_low, high = e->how.horizon_high;
	if (low >= high) {
		return high;
	}
	const uint64_t key[2] = {e->seed, 0x686f72697a6f6e}; /* "horizon" */
	const uint64_t counter[2] = {(uint64_t)draw, (uint64_t)group};
	double u[2];
	uniforms(key, counter, u);
	int length = (int)floor(exp(log(low) + u[1] * (log(high + 1.0) - log(low))));
	return length < low ? low : length > high ? high : length;
}

/* Of the draws above: the length h comes with probability log((h + 1) / h) / log((high + 1) / low). */
double estimator_mean_horizon(const RtEstimator *e) {
	double low = e->how.horizon_low, high = e->how.horizon_high;
	if (low >= high) {
		return high;
	}
	double sum = (high + 1) * log(high + 1) - low * log(low) - (lgamma(high + 2) - lgamma(low + 1));
	return sum / log((high + 1) / low);
}

Family *estimator_family(const RtEstimator *e, int item, int *local) {
	int k = e->family_count - 1;
	while (item < e->families[k].first_item) {
		k--;
	}
	*local = item - e->families[k].first_item;
	return &e->families[k];
}

bool estimator_failed(const RtEstimator *e) {
	for (int i = 0; i < e->item_count; i++) {
		if (e->shares[i].error) {
			int local;
			const Family *family = estimator_family(e, i, &local);
			diag_error(e->rt->session, 802, family->task->objective->decl->name.span,
			           "an index left its range in an inner run");
			return true;
		}
	}
	return false;
}

static bool differentiates(const RtEstimator *e) {
	return e->how.kind == FE_BACKPROP || e->how.kind == FE_FORWARD;
}

static const RtCode *derivative_code(const RtEstimator *e, const Family *family) {
	return e->how.kind == FE_BACKPROP ? family->task->gradient : family->task->tangent;
}

/* May this sum of squares be trusted? Beyond these ends squares overflow, or lose what is too small. */
static bool squares_fit(double squares) {
	return squares > 1e-280 && squares < 1e280;
}

double rt_norm(const double *values, int64_t count, double *unit) {
	double squares = 0, largest = 0;
	for (int64_t i = 0; i < count; i++) {
		squares += values[i] * values[i];
		largest = fmax(largest, fabs(values[i]));
	}
	*unit = 1;
	if (squares_fit(squares) || largest == 0 || !isfinite(largest)) {
		return sqrt(squares);
	}
	*unit = largest;
	squares = 0;
	for (int64_t i = 0; i < count; i++) {
		squares += values[i] / largest * (values[i] / largest);
	}
	return sqrt(squares);
}

/* One row of a block's lanes as doubles. */
static void load_row(IrScalar real, const void *gradient, int lanes, int64_t p, double *row) {
	if (lanes == 1) {
		row[0] = real == IR_F32 ? (double)((const float *)gradient)[p] : ((const double *)gradient)[p];
	} else if (real == IR_F32) {
		const float *from = (const float *)gradient + p * IR_LANES;
		for (int lane = 0; lane < IR_LANES; lane++) {
			row[lane] = (double)from[lane];
		}
	} else {
		memcpy(row, (const double *)gradient + p * IR_LANES, sizeof *row * IR_LANES);
	}
}

/* Norms of the lanes' gradients, as rt_norm gives them. squares: of a first pass; gradient: [P] x lanes. */
static void lane_norms(IrScalar real, const void *gradient, int lanes, int64_t count, const double *squares,
                       double *norm, double *unit) {
	bool fit = true;
	for (int lane = 0; lane < lanes; lane++) {
		norm[lane] = sqrt(squares[lane]);
		unit[lane] = 1;
		fit = fit && squares_fit(squares[lane]);
	}
	double row[IR_LANES], largest[IR_LANES] = {0}, scaled[IR_LANES] = {0};
	for (int64_t p = 0; p < count && !fit; p++) {
		load_row(real, gradient, lanes, p, row);
		for (int lane = 0; lane < lanes; lane++) {
			largest[lane] = fmax(largest[lane], fabs(row[lane]));
		}
	}
	for (int64_t p = 0; p < count && !fit; p++) {
		load_row(real, gradient, lanes, p, row);
		for (int lane = 0; lane < lanes; lane++) {
			scaled[lane] += row[lane] / largest[lane] * (row[lane] / largest[lane]);
		}
	}
	for (int lane = 0; lane < lanes && !fit; lane++) {
		if (!squares_fit(squares[lane]) && largest[lane] > 0 && isfinite(largest[lane])) {
			norm[lane] = sqrt(scaled[lane]);
			unit[lane] = largest[lane];
		}
	}
}

/* Sums the lanes that are real problems and finite, each scaled down to the norm of the clip: one problem whose unroll is
 * chaotic must not drown the others. gradient: [P] x lanes. */
static void reduce_lanes(const RtEstimator *e, const RtTask *task, const RtBlock *block, const void *score,
                         const void *gradient, Share *share) {
	IrScalar real = task->rule->real;
	int lanes = task->lanes;
	double scores[IR_LANES], row[IR_LANES], zeros[IR_LANES] = {0}, squares[IR_LANES] = {0};
	double norm[IR_LANES], unit[IR_LANES], scale[IR_LANES];
	rt_load(real, score, 1, scores, (size_t)lanes);
	for (int64_t p = 0; p < e->count; p++) {
		load_row(real, gradient, lanes, p, row);
		for (int lane = 0; lane < lanes; lane++) {
			zeros[lane] += row[lane] - row[lane]; /* NaN as soon as one is not finite */
			squares[lane] += row[lane] * row[lane];
		}
	}
	if (e->how.clip > 0) {
		lane_norms(real, gradient, lanes, e->count, squares, norm, unit);
	}
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
		for (int lane = 0; lane < lanes; lane++) {
			sum += keep[lane] ? scale[lane] * row[lane] : 0;
		}
		share->gradient[p] = sum;
	}
}

static void derivative_item(void *user, int item, int worker) {
	RtEstimator *e = user;
	EstimatorWorker *mine = &e->workers[worker];
	int local;
	const Family *family = estimator_family(e, item, &local);
	const RtTask *task = family->task;
	const RtBlock *block = &family->problems->blocks[local];
	const FeRule *rule = task->rule;
	const RtCode *code = derivative_code(e, family);
	Share *share = &e->shares[item];
	void *params[512];
	double hypers[128];
	int64_t horizon = e->horizon;
	uint32_t fixed = task->evaluate->params.count - 1;
	memcpy(params, block->fixed, sizeof(void *) * fixed);
	uint32_t count = fixed;
	params[count++] = block->x0;
	params[count++] = &horizon;
	for (uint32_t i = 0; i < rule->hypers.count; i++) {
		rt_store(rule->real, &hypers[i], 1, &rule->hypers.data[i].value, 1);
		params[count++] = &hypers[i];
	}
	params[count++] = family->mean;
	if (e->how.kind == FE_BACKPROP) {
		void *results[] = {mine->score, mine->gradient};
		share->error = rt_call(code, params, results, mine->arena);
	} else {
		size_t row = (size_t)task->lanes * ir_scalar_bytes(rule->real);
		params[count] = mine->tangent;
		share->error = 0;
		for (int64_t p = 0; p < e->count && !share->error; p++) {
			for (int64_t q = 0; q < e->count; q++) {
				double one = p == q;
				rt_store(rule->real, (char *)mine->tangent + (size_t)q * ir_scalar_bytes(rule->real), 1, &one, 1);
			}
			void *results[] = {mine->score, (char *)mine->gradient + (size_t)p * row};
			share->error = rt_call(code, params, results, mine->arena);
		}
	}
	reduce_lanes(e, task, block, mine->score, mine->gradient, share);
}

static bool derivative_estimate(RtEstimator *e, double *gradient, RtStats *stats) {
	e->horizon = estimator_horizon(e, e->step, 0);
	for (int k = 0; k < e->family_count; k++) {
		rt_store(e->families[k].task->rule->real, e->families[k].mean, 1, e->theta, (size_t)e->count);
	}
	rt_pool_run(e->rt->pool, e->item_count, derivative_item, e);
	if (estimator_failed(e)) {
		return false;
	}
	*stats = (RtStats){0};
	memset(gradient, 0, sizeof *gradient * (size_t)e->count);
	int64_t finite = 0;
	for (int i = 0; i < e->item_count; i++) {
		const Share *share = &e->shares[i];
		finite += share->finite;
		stats->nonfinite += share->nonfinite;
		stats->clipped += share->clipped;
		stats->score += share->score;
		for (int64_t p = 0; p < e->count; p++) {
			gradient[p] += share->gradient[p];
		}
	}
	stats->pieces = finite + stats->nonfinite;
	stats->evaluations = stats->pieces * (e->horizon + 1);
	if (e->how.kind == FE_FORWARD) {
		stats->evaluations *= e->count;
	}
	stats->score = finite > 0 ? stats->score / (double)finite : (double)NAN;
	for (int64_t p = 0; p < e->count && finite > 0; p++) {
		gradient[p] /= (double)finite;
	}
	return true;
}

bool rt_estimate(RtEstimator *e, const double *theta, int64_t step, double *gradient, RtStats *stats) {
	e->theta = theta;
	e->step = step;
	return differentiates(e) ? derivative_estimate(e, gradient, stats) : particles_estimate(e, gradient, stats);
}

/* ---- making one ---- */

static bool fits(const RtEstimator *e, RtTask *task) {
	Session *session = e->rt->session;
	Span span = task->rule->decl->name.span;
	if (e->count == 0) {
		Diag *diag = diag_error(session, 805, span, "this rule has nothing to learn");
		diag_help(session, diag, "leave something open in it with `learn`, or open a hyperparameter: `learn %s.NAME`",
		          session_text(session, task->rule->decl->name.name));
		return false;
	}
	if (rt_learned_count(task) != e->count) {
		diag_error(session, 804, span, "this rule learns %lld numbers on one objective and %lld on another",
		           (long long)e->count, (long long)rt_learned_count(task));
		return false;
	}
	if (task->score.fold == FE_SCORE_MIN && !differentiates(e) && !particles_whole(e)) {
		Diag *diag = diag_error(session, 806, (Span){0}, "a least f cannot be estimated from windows of particles");
		diag_help(session, diag, "score mean(f) or final(f), or estimate es() or backprop(window = %d)", e->how.window);
		return false;
	}
	if (task->evaluate->params.count + task->rule->hypers.count > 500 || task->rule->hypers.count > 128) {
		diag_error(session, 807, span, "more than 128 hyperparameters, or more than 500 values in all");
		return false;
	}
	return true;
}

static bool compile_derivative(RtEstimator *e, RtTask *task) {
	bool fixed = e->how.horizon_low >= e->how.horizon_high;
	return e->how.kind == FE_BACKPROP ? rt_need_gradient(task, e->how.window, e->how.horizon_high, fixed)
	                                  : rt_need_tangent(task, e->how.window, e->how.horizon_high);
}

static double derivative_bytes(const RtEstimator *e) {
	double bytes = 0;
	size_t arena = 0;
	for (int k = 0; k < e->family_count; k++) {
		size_t need = derivative_code(e, &e->families[k])->arena_bytes;
		arena = need > arena ? need : arena;
		int blocks = e->families[k].problems->block_count;
		bytes += 8.0 * blocks * (double)e->count;
	}
	return bytes + rt_pool_threads(e->rt->pool) * ((double)arena + 8.0 * (int)IR_LANES * ((double)e->count + 1));
}

static void derivative_new(RtEstimator *e) {
	size_t arena = 0;
	for (int k = 0; k < e->family_count; k++) {
		Family *family = &e->families[k];
		size_t need = derivative_code(e, family)->arena_bytes;
		arena = need > arena ? need : arena;
		family->first_item = e->item_count;
		e->item_count += family->problems->block_count;
		family->mean = rt_aligned(e->arena, 8 * (size_t)e->count);
	}
	e->shares = ARENA_ARRAY(e->arena, Share, e->item_count + 1);
	for (int i = 0; i < e->item_count; i++) {
		e->shares[i].gradient = ARENA_ARRAY(e->arena, double, e->count);
	}
	int threads = rt_pool_threads(e->rt->pool);
	e->workers = ARENA_ARRAY(e->arena, EstimatorWorker, threads);
	for (int i = 0; i < threads; i++) {
		e->workers[i].arena = rt_aligned(e->arena, arena);
		e->workers[i].score = rt_aligned(e->arena, 8 * IR_LANES);
		e->workers[i].gradient = rt_aligned(e->arena, 8 * IR_LANES * (size_t)e->count);
		e->workers[i].tangent = rt_aligned(e->arena, 8 * (size_t)e->count);
	}
}

RtEstimator *rt_estimator_new(Rt *rt, RtTask **tasks, int task_count, const int *problem_counts, const RtEstimate *how,
                              uint64_t seed) {
	Arena *arena = arena_new();
	RtEstimator *e = ARENA_NEW(arena, RtEstimator);
	*e = (RtEstimator){.rt = rt,
	                   .how = *how,
	                   .seed = seed,
	                   .count = rt_learned_count(tasks[0]),
	                   .arena = arena,
	                   .family_count = task_count};
	e->families = ARENA_ARRAY(arena, Family, task_count);
	double data = 0;
	bool ok = true;
	for (int k = 0; k < task_count && ok; k++) {
		Family *family = &e->families[k];
		family->task = tasks[k];
		if (differentiates(e)) {
			rt_task_plan(tasks[k], problem_counts[k]);
		} else {
			rt_task_lanes(tasks[k], IR_LANES);
		}
		/* Few problems: the lanes go to particles. */
		bool spread = !differentiates(e) && problem_counts[k] < IR_LANES / 2;
		family->variant = spread ? RT_PER_LANE : RT_SHARED;
		data += rt_problems_bytes(tasks[k], problem_counts[k], spread);
		ok = fits(e, tasks[k]);
		if (ok && differentiates(e)) {
			ok = compile_derivative(e, tasks[k]);
		} else if (ok) {
			ok = rt_need_forward(tasks[k], particles_whole(e) ? how->horizon_high : how->window, family->variant);
		}
	}
	ok = ok && rt_memory_allows(rt, data, "the data of the training problems");
	for (int k = 0; k < task_count && ok; k++) {
		bool spread = e->families[k].variant == RT_PER_LANE;
		e->families[k].problems = rt_problems_of(tasks[k], rt->options.seed, RT_TRAIN, problem_counts[k], spread);
		ok = e->families[k].problems != NULL;
	}
	if (ok) {
		e->bytes = data + (differentiates(e) ? derivative_bytes(e) : particles_bytes(e));
		ok = rt_memory_allows(rt, e->bytes, "this training");
	}
	if (ok && differentiates(e)) {
		derivative_new(e);
	} else if (ok) {
		ok = particles_new(e);
	}
	if (!ok) {
		rt_estimator_free(e);
		return NULL;
	}
	return e;
}

void rt_estimator_free(RtEstimator *e) {
	if (!e) {
		return;
	}
	for (int k = 0; k < e->family_count; k++) {
		rt_problems_free(e->families[k].problems);
	}
	arena_free(e->arena);
}

double rt_estimator_bytes(const RtEstimator *e) {
	return e->bytes;
}
