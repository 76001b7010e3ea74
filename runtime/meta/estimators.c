/* The meta-gradient: what is common to all estimators. How each is carried out stands in derivatives.c, particles.c and
 * policy_search.c; which there are, in frontend/estimators.def. */
#include <math.h>
#include <string.h>

#include "runtime/meta/estimator.h"
#include "runtime/meta/limits.h"

static const double two_pi = 6.283185307179586476925286766559;

/* Two uniform numbers: (0, 1] and [0, 1). */
static void uniforms(const uint64_t key[2], const uint64_t counter[2], double out[2]) {
	uint64_t bits[2];
	random_threefry(key, counter, bits);
	out[0] = ((double)(bits[0] >> 11) + 1) * 0x1p-53;
	out[1] = (double)(bits[1] >> 11) * 0x1p-53;
}

void meta_noise(uint64_t seed, int64_t step, int64_t particle, double *out, int64_t count) {
	const uint64_t key[2] = {seed, 0x6e6f697365}; /* "noise" */
	for (int64_t i = 0; i < count; i += 2) {
		const uint64_t counter[2] = {(uint64_t)step << 24 | (uint64_t)particle, (uint64_t)(i / 2)};
		double u[2];
		uniforms(key, counter, u);
		double radius = sqrt(-2 * log(u[0]));
		out[i] = radius * cos(two_pi * u[1]);
		if (i + 1 < count)
			out[i + 1] = radius * sin(two_pi * u[1]);
	}
}

int meta_horizon(const MetaEstimator *e, int64_t draw, int64_t group) {
	int low = e->how.horizon_low, high = e->how.horizon_high;
	if (low >= high)
		return high;
	const uint64_t key[2] = {e->seed, 0x686f72697a6f6e}; /* "horizon" */
	const uint64_t counter[2] = {(uint64_t)draw, (uint64_t)group};
	double u[2];
	uniforms(key, counter, u);
	int length = (int)floor(exp(log(low) + u[1] * (log(high + 1.0) - log(low))));
	return length < low ? low : length > high ? high : length;
}

/* Of the draws above: the length h comes with probability log((h + 1) / h) / log((high + 1) / low). */
double meta_mean_horizon(const MetaEstimator *e) {
	double low = e->how.horizon_low, high = e->how.horizon_high;
	if (low >= high)
		return high;
	double sum = (high + 1) * log(high + 1) - low * log(low) - (lgamma(high + 2) - lgamma(low + 1));
	return sum / log((high + 1) / low);
}

int64_t meta_turn_evaluations(const Task *task) {
	return task->elsewhere.most + !task->hands_on;
}

Family *meta_family(const MetaEstimator *e, int item, int *local) {
	int k = e->family_count - 1;
	while (item < e->families[k].first_item)
		k--;
	*local = item - e->families[k].first_item;
	return &e->families[k];
}

bool meta_failed(const MetaEstimator *e) {
	for (int i = 0; i < e->item_count; i++) {
		if (e->shares[i].error) {
			int local;
			const Family *family = meta_family(e, i, &local);
			diag_error(e->rt->session, 802, family->task->objective->decl->name.span,
			           "an index left its range in an inner run");
			return true;
		}
	}
	return false;
}

bool meta_squares_fit(double squares) {
	return squares > meta_squares_least && squares < meta_squares_most;
}

double meta_norm(const double *values, int64_t count, double *unit) {
	double squares = 0, largest = 0;
	for (int64_t i = 0; i < count; i++) {
		squares += values[i] * values[i];
		largest = fmax(largest, fabs(values[i]));
	}
	*unit = 1;
	if (meta_squares_fit(squares) || largest == 0 || !isfinite(largest))
		return sqrt(squares);
	*unit = largest;
	squares = 0;
	for (int64_t i = 0; i < count; i++)
		squares += values[i] / largest * (values[i] / largest);
	return sqrt(squares);
}

/* ---- which there are ---- */

static const EstimatorMethod *const methods[FE_ESTIMATORS] = {
#define OPTION(...)
#define ESTIMATOR(NAME, name, window, minimum, method, ...) [FE_##NAME] = &meta_##method,
#include "frontend/estimators.def"
#undef OPTION
#undef ESTIMATOR
};

bool meta_moves(const MetaEstimator *e) {
	return fe_estimators[e->how.kind].moves;
}

/* The problems of a step in the place of those of the one before: as many, numbered on. */
static bool take_fresh(MetaEstimator *e, int64_t step) {
	for (int k = 0; k < e->family_count && step != e->drawn_for; k++) {
		Family *family = &e->families[k];
		int count = family->problems->count;
		bool spread = family->problems->spread;
		problems_free(family->problems);
		family->problems =
			problems_after(family->task, e->rt->options.seed, PROBLEMS_TRAIN, step * count, count, spread);
		if (!family->problems)
			return false;
	}
	e->drawn_for = step;
	return true;
}

bool meta_estimate(MetaEstimator *e, const double *theta, int64_t step, double *gradient, MetaStats *stats) {
	if (e->how.fresh && !take_fresh(e, step))
		return false;
	e->theta = theta;
	e->step = step;
	return e->method->estimate(e, gradient, stats);
}

uint64_t meta_estimator_seed(const MetaEstimator *e) {
	return e->seed;
}

void meta_estimator_visit(MetaEstimator *e, TrainVisit *visit, void *user) {
	visit(user, &(TrainPiece){"estimator.seed", IR_I64, &e->seed, 1});
	if (e->method->visit)
		e->method->visit(e, visit, user);
}

bool meta_estimator_is_sound(const MetaEstimator *e) {
	return !e->method->is_sound || e->method->is_sound(e);
}

int meta_estimate_uses(const MetaEstimate *how, Task *task, int problems, MetaUse uses[META_MOST_USES]) {
	return methods[how->kind]->uses(how, task, problems, uses);
}

/* ---- making one ---- */

MetaEstimate meta_estimate_of(const FeExperiment *experiment) {
	return (MetaEstimate){.kind = experiment->estimator,
	                      .window = experiment->window,
	                      .order = (int)experiment->options[FE_OPTION_ORDER],
	                      .sigma = experiment->sigma,
	                      .particles = experiment->particles,
	                      .steps = experiment->outer_steps,
	                      .trajectories = (int)experiment->options[FE_OPTION_TRAJECTORIES],
	                      .outer = (int)experiment->options[FE_OPTION_OUTER],
	                      .inner = (int)experiment->options[FE_OPTION_INNER],
	                      .trust = experiment->options[FE_OPTION_TRUST],
	                      .components = (int)experiment->options[FE_OPTION_COMPONENTS],
	                      .multipliers = experiment->options[FE_OPTION_MULTIPLIERS],
	                      .spread = experiment->options[FE_OPTION_SPREAD],
	                      .population = (int)experiment->options[FE_OPTION_POPULATION],
	                      .points = (int)experiment->options[FE_OPTION_POINTS],
	                      .horizon_low = experiment->horizon_low,
	                      .horizon_high = experiment->horizon_high,
	                      .fresh = experiment->fresh,
	                      .stagger = true,
	                      .clip = experiment->clip};
}

static bool fits(const MetaEstimator *e, Task *task) {
	Session *session = e->rt->session;
	Span span = task->rule->decl->name.span;
	if (e->count == 0) {
		Diag *diag = diag_error(session, 805, span, "this rule has nothing to learn");
		diag_help(session, diag, "leave something open in it with `learn`, or open a hyperparameter: `learn %s.NAME`",
		          session_text(session, task->rule->decl->name.name));
		return false;
	}
	if (learned_count(task->rule) != e->count) {
		diag_error(session, 804, span, "this rule learns %lld numbers on one objective and %lld on another",
		           (long long)e->count, (long long)learned_count(task->rule));
		return false;
	}
	if (task->count[IR_ROLE_DATA] + task->count[IR_ROLE_FIXED] + 1 + task->rule->hypers.count >
	        (uint32_t)META_MOST_VALUES ||
	    task->rule->hypers.count > (uint32_t)META_MOST_HYPERS) {
		diag_error(session, 807, span, "more than %d hyperparameters, or more than %d values in all", META_MOST_HYPERS,
		           META_MOST_VALUES);
		return false;
	}
	return !e->method->fits || e->method->fits(e, task);
}

MetaEstimator *meta_estimator_new(Rt *rt, Task **tasks, int task_count, const int *problem_counts,
                                  const MetaEstimate *how, uint64_t seed) {
	Arena *arena = arena_new();
	MetaEstimator *e = ARENA_NEW(arena, MetaEstimator);
	*e = (MetaEstimator){.rt = rt,
	                     .how = *how,
	                     .method = methods[how->kind],
	                     .seed = seed,
	                     .count = learned_count(tasks[0]->rule),
	                     .arena = arena,
	                     .family_count = task_count};
	if (e->method->settle)
		e->method->settle(e);
	e->families = ARENA_ARRAY(arena, Family, task_count);
	double data = 0;
	bool ok = true;
	for (int k = 0; k < task_count && ok; k++) {
		Family *family = &e->families[k];
		MetaUse uses[META_MOST_USES];
		int count = meta_estimate_uses(how, tasks[k], problem_counts[k], uses);
		family->task = tasks[k];
		family->variant = uses[count - 1].plan.variant;
		data += problems_bytes(tasks[k], problem_counts[k], family->variant == TASK_PER_LANE);
		ok = fits(e, tasks[k]);
		for (int i = 0; i < count && ok; i++)
			ok = uses[i].stage == TASK_SETUP || task_need(tasks[k], uses[i].stage, &uses[i].plan);
	}
	ok = ok && rt_memory_allows(rt, data, "the data of the training problems");
	for (int k = 0; k < task_count && ok; k++) {
		bool spread = e->families[k].variant == TASK_PER_LANE;
		e->families[k].problems = problems_of(tasks[k], rt->options.seed, PROBLEMS_TRAIN, problem_counts[k], spread);
		ok = e->families[k].problems != NULL;
	}
	if (ok) {
		e->bytes = data + e->method->bytes(e);
		ok = rt_memory_allows(rt, e->bytes, "this training");
	}
	if (ok)
		e->method->allocate(e);
	if (!ok) {
		meta_estimator_free(e);
		return NULL;
	}
	return e;
}

void meta_estimator_free(MetaEstimator *e) {
	if (!e)
		return;
	for (int k = 0; k < e->family_count; k++)
		problems_free(e->families[k].problems);
	arena_free(e->arena);
}

double meta_estimator_bytes(const MetaEstimator *e) {
	return e->bytes;
}
