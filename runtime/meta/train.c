/* Training: estimate the meta-gradient, clip it, step with a rule of the language, keep the best on problems that the
 * gradient never saw. */
#include <math.h>
#include <string.h>

#include "runtime/meta/limits.h"
#include "runtime/meta/outer.h"

struct Training {
	Rt *rt;
	const FeExperiment *experiment;
	const TrainOptions *options;
	Trained *out;
	MetaEstimator *estimator;
	Problems **select; /* per task; NULL without select problems */
	Outer outer;
	double *gradient;
	double started; /* moved back by what the training took before it was restored */
	TrainProgress progress;
	int every; /* steps between two scorings on the select problems */
};

/* Of the training that is under way. */
static uint64_t seed_of(const Training *t) {
	return t->experiment->seed + (uint64_t)t->out->seed;
}

/* Mean score of theta on the select problems. */
static bool score_select(Training *t, const double *theta, double *score, int64_t *nonfinite) {
	Arena *scratch = arena_new();
	double sum = 0;
	int64_t finite = 0;
	bool ok = true;
	*nonfinite = 0;
	for (int k = 0; k < t->out->task_count && ok; k++) {
		Runs runs;
		ok = run_problems(t->out->tasks[k], t->select[k], NULL, theta, t->experiment->select_horizon, false, scratch,
		                  &runs);
		for (int i = 0; ok && i < runs.problems; i++) {
			bool is_finite = isfinite(runs.score[i]);
			finite += is_finite;
			*nonfinite += !is_finite;
			sum += is_finite ? runs.score[i] : 0;
		}
		if (ok) /* the score has f where the last step led */
			t->out->evaluations += runs.evaluations + (t->out->tasks[k]->hands_on ? 0 : runs.problems);
	}
	arena_free(scratch);
	*score = finite > 0 ? sum / (double)finite : (double)INFINITY;
	return ok;
}

/* Says that out->theta is another one. */
static bool tell_best(Training *t) {
	return !t->options->best || t->options->best(t->options->user, t->out);
}

/* Without select problems the last numbers are the best, as long as they are finite. */
static bool take_last(Training *t, int step) {
	memcpy(t->out->theta, t->out->kept, sizeof *t->out->theta * (size_t)t->out->count);
	t->out->best_step = step;
	return tell_best(t);
}

/* Fewer lost problems first, then the score. */
static bool is_less(double score, int64_t lost, double than, int64_t than_lost) {
	return lost < than_lost || (lost == than_lost && score < than);
}

/* How the training of this seed is doing by itself: when its patience ends. */
static void see_own(Training *t, double score, int64_t lost) {
	Trained *out = t->out;
	if (out->seed_scorings++ == 0 || is_less(score, lost, out->own_score, out->own_lost)) {
		out->own_score = score;
		out->own_lost = lost;
		out->since_best = 0;
		return;
	}
	out->since_best++;
	out->waited = t->experiment->patience > 0 && out->since_best >= t->experiment->patience;
}

/* Scores theta after `step` outer steps and keeps it if it is the best: fewer lost problems first, then the score. */
static bool consider(Training *t, int step) {
	Trained *out = t->out;
	double score;
	int64_t nonfinite;
	if (!score_select(t, out->kept, &score, &nonfinite))
		return false;
	if (out->select_count <
	    out->select_most) { /* always, unless what was restored has more behind it than its seed says */
		out->select_steps[out->select_count] = step;
		out->select_scores[out->select_count++] = score;
	}
	t->progress.selected = true;
	t->progress.select_score = score;
	t->progress.select_nonfinite = nonfinite;
	if (step == 0) {
		out->start_score = score;
		out->start_lost = nonfinite;
	}
	see_own(t, score, nonfinite);
	if (out->select_count > 1 && !is_less(score, nonfinite, out->best_score, out->best_lost))
		return true;
	out->best_lost = nonfinite;
	out->best_score = score;
	out->best_step = step;
	out->best_seed = out->seed;
	memcpy(out->theta, out->kept, sizeof *out->theta * (size_t)out->count);
	return tell_best(t);
}

/* Scales the gradient down to the limit (0: none); returns the norm that it had. */
static double clip_gradient(double *gradient, int64_t count, double limit) {
	double unit, norm = meta_norm(gradient, count, &unit);
	double room = limit / unit;
	for (int64_t p = 0; p < count && limit > 0 && norm > room; p++)
		gradient[p] *= room / norm;
	return norm * unit;
}

/* As numbers of the precision that the rule runs in. */
static bool all_finite(IrScalar real, const double *values, int64_t count) {
	for (int64_t i = 0; i < count; i++)
		if (!(real == IR_F32 ? isfinite((float)values[i]) : isfinite(values[i])))
			return false;
	return true;
}

static void report(Training *t, int done, const MetaStats *stats, double norm) {
	const Trained *out = t->out;
	TrainProgress *progress = &t->progress;
	progress->step = done;
	progress->seed = (int64_t)seed_of(t);
	progress->last = *stats;
	progress->gradient_norm = norm;
	progress->best_score = out->select_count > 0 ? out->best_score : (double)INFINITY;
	progress->best_step = out->best_step;
	progress->nonfinite = out->nonfinite;
	progress->pieces = out->pieces;
	progress->evaluations = out->evaluations;
	progress->seconds = rt_seconds() - t->started;
	progress->eta = progress->seconds / done * (progress->steps - done);
	if (t->options->progress)
		t->options->progress(t->options->user, progress);
}

/* Steps that the training of the seed under way has made. */
static int own_steps(const Training *t) {
	return t->out->steps - t->out->seed_begun;
}

static bool seed_is_through(const Training *t) {
	return own_steps(t) >= t->experiment->outer_steps || t->out->diverged || t->out->waited;
}

bool train_goes_on(const Training *t) {
	return !t->out->interrupted && (!seed_is_through(t) || t->out->seed + 1 < t->experiment->seeds);
}

/* Theta moves by the outer rule along an estimate. Returns the norm of the gradient before it was clipped. */
static double follow_gradient(Training *t, MetaStats *stats) {
	Trained *out = t->out;
	if (!all_finite(IR_F64, t->gradient, out->count))
		stats->nonfinite = stats->pieces; /* the sum of finite gradients overflows */
	double norm = clip_gradient(t->gradient, out->count, t->experiment->clip);
	/* Without one finite piece there is nothing to follow: theta stays. */
	if (stats->nonfinite < stats->pieces)
		meta_outer_step(&t->outer, t->gradient, stats->score, out->count, out->last);
	return norm;
}

/* Theta goes where a search says. Returns how far. */
static double move_theta(Training *t) {
	Trained *out = t->out;
	for (int64_t p = 0; p < out->count; p++) {
		double next = t->gradient[p];
		t->gradient[p] = next - out->last[p];
		out->last[p] = next;
	}
	double unit, norm = meta_norm(t->gradient, out->count, &unit);
	return norm * unit;
}

/* What is scored and kept: theta, or its average over the steps. */
static void average(Training *t) {
	Trained *out = t->out;
	double share = t->experiment->average;
	for (int64_t p = 0; p < out->count; p++)
		out->kept[p] = share > 0 ? share * out->kept[p] + (1 - share) * out->last[p] : out->last[p];
}

static bool next_seed(Training *t);

bool train_step(Training *t) {
	Trained *out = t->out;
	MetaStats stats;
	if (seed_is_through(t) && !next_seed(t))
		return false;
	t->progress.selected = false;
	if (!meta_estimate(t->estimator, out->last, own_steps(t), t->gradient, &stats))
		return false;
	double norm = meta_moves(t->estimator) ? move_theta(t) : follow_gradient(t, &stats);
	out->pieces += stats.pieces;
	out->nonfinite += stats.nonfinite;
	out->evaluations += stats.evaluations;
	average(t);
	int done = ++out->steps, own = own_steps(t);
	out->diverged = !all_finite(out->tasks[0]->rule->real, out->last, out->count);
	bool last = own == t->experiment->outer_steps || out->diverged;
	if (t->select && !out->diverged && (last || own % t->every == 0) && !consider(t, done))
		return false;
	if (!t->select && !out->diverged && !take_last(t, done))
		return false;
	report(t, done, &stats, norm);
	return true;
}

static bool train_steps(Training *t) {
	bool ok = true;
	while (ok && train_goes_on(t)) {
		rt_ranks_wait(t->rt->options.ranks); /* all of them stop at one step */
		t->out->interrupted = rt_interrupted(t->rt);
		ok = t->out->interrupted || train_step(t);
		if (ok && t->options->kept)
			t->options->kept(t->options->user, t, t->out->interrupted);
	}
	return ok && (!t->select || !t->out->interrupted || consider(t, t->out->steps));
}

/* Is anything drawn: noise of particles, horizons, or the start (which is another one then with another seed)? */
static bool draws_by_seed(Training *t) {
	const FeExperiment *experiment = t->experiment;
	bool exact = experiment->estimator == FE_BACKPROP || experiment->estimator == FE_FORWARD ||
	             experiment->estimator == FE_GRID_SEARCH;
	if (!exact || experiment->horizon_low < experiment->horizon_high || t->options->theta)
		return !exact || experiment->horizon_low < experiment->horizon_high;
	const Task *task = t->out->tasks[0];
	size_t count = (size_t)t->out->count;
	double *other = ARENA_ARRAY(t->out->arena, double, count + 1);
	return !learned_start(task->rt, task->rule, experiment->seed + 1, other) ||
	       memcmp(other, t->out->last, sizeof *other * count) != 0;
}

static int train_problems(const FeExperiment *experiment) {
	return experiment->train_problems > 0 ? experiment->train_problems : 1;
}

int train_uses(const FeExperiment *experiment, Task *task, MetaUse uses[META_MOST_USES]) {
	MetaEstimate how = meta_estimate_of(experiment);
	int count = meta_estimate_uses(&how, task, train_problems(experiment), uses);
	bool shared = false;
	for (int i = 0; i < count; i++)
		shared = shared || (uses[i].stage == TASK_SEGMENT && uses[i].plan.variant == TASK_SHARED);
	if (experiment->select_problems > 0 && !shared) {
		uses[count++] = (MetaUse){TASK_BEGIN, {.variant = TASK_SHARED}};
		uses[count++] = (MetaUse){TASK_SEGMENT, task_segment_plan(task, experiment->select_horizon, TASK_SHARED)};
	}
	return count;
}

static bool make_tasks(Training *t) {
	Trained *out = t->out;
	const FeExperiment *experiment = t->experiment;
	out->tasks = ARENA_ARRAY(out->arena, Task *, experiment->on.count + 1);
	for (uint32_t k = 0; k < experiment->on.count; k++) {
		out->tasks[k] = task_new(t->rt, &experiment->on.data[k], &experiment->train, experiment->score,
		                         experiment->open.data, experiment->open.count);
		if (!out->tasks[k])
			return false;
		out->task_count++;
	}
	return true;
}

static bool make_estimator(Training *t) {
	Trained *out = t->out;
	const FeExperiment *experiment = t->experiment;
	int *counts = ARENA_ARRAY(out->arena, int, out->task_count + 1);
	for (int k = 0; k < out->task_count; k++)
		counts[k] = train_problems(experiment);
	MetaEstimate how = meta_estimate_of(experiment);
	t->estimator = meta_estimator_new(t->rt, out->tasks, out->task_count, counts, &how, seed_of(t));
	if (!t->estimator)
		return false;
	return true;
}

/* Where theta begins by the seed under way. */
static bool start_theta(Training *t) {
	Trained *out = t->out;
	size_t count = (size_t)out->count;
	if (t->options->theta)
		memcpy(out->last, t->options->theta, sizeof(double) * count);
	else if (!learned_start(t->rt, out->tasks[0]->rule, seed_of(t), out->last))
		return false;
	memcpy(out->kept, out->last, sizeof(double) * count);
	return true;
}

/* theta, where it starts. */
static bool make_theta(Training *t) {
	Trained *out = t->out;
	const FeRule *rule = out->tasks[0]->rule;
	out->count = learned_count(rule);
	size_t count = (size_t)out->count;
	out->memory_bytes = meta_estimator_bytes(t->estimator);
	if (!rt_memory_allows(t->rt, out->memory_bytes + 48.0 * (double)count, "this training"))
		return false;
	out->theta = ARENA_ARRAY(out->arena, double, count);
	out->last = ARENA_ARRAY(out->arena, double, count);
	out->kept = ARENA_ARRAY(out->arena, double, count);
	out->natural = ARENA_ARRAY(out->arena, double, count);
	t->gradient = ARENA_ARRAY(out->arena, double, count);
	if (!start_theta(t))
		return false;
	out->by_seed = draws_by_seed(t);
	return true;
}

static bool make_outer(Training *t) {
	const FeExperiment *x = t->experiment;
	return meta_outer_start(t->rt, &t->outer, &x->update, t->out->count, t->out->last, x->outer_steps, seed_of(t),
	                        t->out->arena);
}

/* The training of the next seed takes the place of the one before: all begins anew, but for the best so far and what was counted. */
static bool next_seed(Training *t) {
	Trained *out = t->out;
	out->seed++;
	out->seed_begun = out->steps;
	out->seed_scorings = out->since_best = 0;
	out->waited = out->diverged = false;
	meta_estimator_free(t->estimator);
	meta_outer_free(&t->outer);
	t->outer = (Outer){0};
	t->estimator = NULL;
	return make_estimator(t) && start_theta(t) && make_outer(t) && consider(t, out->steps);
}

static bool make_select(Training *t) {
	Trained *out = t->out;
	int problems = t->experiment->select_problems, steps = t->experiment->outer_steps;
	if (problems <= 0)
		return true;
	t->select = ARENA_ARRAY(out->arena, Problems *, out->task_count + 1);
	for (int k = 0; k < out->task_count; k++) {
		Task *task = out->tasks[k];
		out->memory_bytes += problems_bytes(task, problems, false);
		if (!rt_memory_allows(t->rt, out->memory_bytes, "this training"))
			return false;
		t->select[k] = problems_of(task, t->rt->options.seed, PROBLEMS_SELECT, problems, false);
		if (!t->select[k] || !task_need_forward(task, t->experiment->select_horizon, TASK_SHARED))
			return false;
	}
	t->every = t->options->select_every > 0 ? t->options->select_every
	           : steps > TRAIN_SELECTIONS   ? steps / TRAIN_SELECTIONS
	                                        : 1;
	/* Room for all: at the start, every so many steps, at the end. */
	out->select_most = ((uint32_t)(steps / t->every) + 2) * (uint32_t)t->experiment->seeds;
	out->select_steps = ARENA_ARRAY(out->arena, int, out->select_most);
	out->select_scores = ARENA_ARRAY(out->arena, double, out->select_most);
	return true;
}

static void add_bytes(void *user, const TrainPiece *piece) {
	double *bytes = user;
	*bytes += (double)piece->count * (double)ir_scalar_bytes(piece->scalar);
}

/* What is written of it at once, in a text that has grown to that. */
static bool plan_checkpoint(Training *t) {
	double bytes = 0;
	train_visit(t, add_bytes, &bytes);
	t->out->memory_bytes += (double)TRAIN_CHECKPOINT_COPIES * bytes;
	return rt_memory_allows(t->rt, t->out->memory_bytes, "this training");
}

Training *train_new(Rt *rt, const FeExperiment *experiment, const TrainOptions *options) {
	Arena *arena = arena_new();
	Trained *out = ARENA_NEW(arena, Trained);
	out->arena = arena;
	out->experiment = experiment;
	out->best_score = out->start_score = (double)NAN;
	Training *t = ARENA_NEW(arena, Training);
	*t = (Training){.rt = rt, .experiment = experiment, .options = options, .out = out};
	t->progress.steps = experiment->outer_steps * experiment->seeds;
	t->progress.seeds = experiment->seeds;
	double compiled = rt->compile_seconds;
	bool ok = make_tasks(t) && make_estimator(t) && make_theta(t) && make_select(t) &&
	          rt_memory_allows(rt, out->memory_bytes, "this training") && make_outer(t);
	ok = ok && plan_checkpoint(t);
	out->compile_seconds = rt->compile_seconds - compiled;
	out->by_seed = out->by_seed || (ok && t->outer.rule->draws);
	t->started = rt_seconds();
	bool restored = false;
	ok = ok && (!options->restore || options->restore(options->user, t, &restored));
	ok = ok && (restored || (t->select ? consider(t, 0) : take_last(t, 0)));
	out->waited = experiment->patience > 0 && out->since_best >= experiment->patience;
	out->diverged = restored && !all_finite(out->tasks[0]->rule->real, out->last, out->count);
	if (!ok) {
		train_free(train_end(t));
		return NULL;
	}
	return t;
}

Trained *train_end(Training *t) {
	Trained *out = t->out;
	out->seconds = rt_seconds() - t->started;
	for (int k = 0; t->select && k < out->task_count; k++)
		problems_free(t->select[k]);
	meta_outer_free(&t->outer);
	meta_estimator_free(t->estimator);
	return out;
}

Trained *train_experiment(Rt *rt, const FeExperiment *experiment, const TrainOptions *options) {
	Training *t = train_new(rt, experiment, options);
	if (!t)
		return NULL;
	bool ok = train_steps(t) && learned_natural(rt, t->out->tasks[0]->rule, t->out->theta, t->out->natural);
	Trained *out = train_end(t);
	if (!ok) {
		train_free(out);
		return NULL;
	}
	return out;
}

void train_visit(Training *t, TrainVisit *visit, void *user) {
	Trained *out = t->out;
	size_t count = (size_t)out->count, most = out->select_most;
	const TrainPiece pieces[] = {
		{"steps", IR_I32, &out->steps, 1},
		{"last", IR_F64, out->last, count},
		{"kept", IR_F64, out->kept, count},
		{"theta", IR_F64, out->theta, count},
		{"best_step", IR_I32, &out->best_step, 1},
		{"best_score", IR_F64, &out->best_score, 1},
		{"best_lost", IR_I64, &out->best_lost, 1},
		{"start_score", IR_F64, &out->start_score, 1},
		{"start_lost", IR_I64, &out->start_lost, 1},
		{"seed", IR_I32, &out->seed, 1},
		{"best_seed", IR_I32, &out->best_seed, 1},
		{"seed_begun", IR_I32, &out->seed_begun, 1},
		{"seed_scorings", IR_I32, &out->seed_scorings, 1},
		{"own_score", IR_F64, &out->own_score, 1},
		{"own_lost", IR_I64, &out->own_lost, 1},
		{"since_best", IR_I32, &out->since_best, 1},
		{"select_count", IR_I32, &out->select_count, 1},
		{"select_steps", IR_I32, out->select_steps, most},
		{"select_scores", IR_F64, out->select_scores, most},
		{"pieces", IR_I64, &out->pieces, 1},
		{"nonfinite", IR_I64, &out->nonfinite, 1},
		{"evaluations", IR_I64, &out->evaluations, 1},
	};
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
		if (pieces[i].data) /* without select problems there are no lists of scorings */
			visit(user, &pieces[i]);
	meta_outer_visit(&t->outer, visit, user);
	meta_estimator_visit(t->estimator, visit, user);
}

bool train_is_sound(const Training *t) {
	const Trained *out = t->out;
	bool seeds = out->seed >= 0 && out->seed < t->experiment->seeds && out->best_seed >= 0 &&
	             out->best_seed <= out->seed && out->seed_begun >= 0 && out->seed_begun <= out->steps &&
	             (out->seed > 0 || out->seed_begun == 0) && out->seed_scorings >= 0 && out->seed_scorings < INT32_MAX &&
	             meta_estimator_seed(t->estimator) == seed_of(t) && (uint64_t)t->outer.seed == seed_of(t);
	bool counts = seeds && out->steps <= t->progress.steps && own_steps(t) <= t->experiment->outer_steps &&
	              out->best_step >= 0 && out->since_best >= 0 && out->best_step <= out->steps &&
	              out->select_count <= out->select_most && (out->select_count > 0) == (t->select != NULL);
	return counts && all_finite(out->tasks[0]->rule->real, out->theta, out->count) &&
	       meta_estimator_is_sound(t->estimator);
}

const Trained *train_so_far(const Training *t) {
	return t->out;
}

double train_seconds(const Training *t) {
	return rt_seconds() - t->started;
}

void train_add_seconds(Training *t, double seconds) {
	t->started -= seconds;
}

void train_free(Trained *trained) {
	if (!trained)
		return;
	for (int k = 0; k < trained->task_count; k++)
		task_free(trained->tasks[k]);
	arena_free(trained->arena);
}
