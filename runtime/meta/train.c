/* Training: estimate the meta-gradient, clip it, step with a rule of the language, keep the best on problems that the
 * gradient never saw. */
#include <math.h>
#include <string.h>

#include "runtime/meta/limits.h"
#include "runtime/meta/meta.h"

/* The outer optimizer: a compiled rule on theta as its only tensor, always in f64. */
typedef struct Outer {
	IrModule *module;
	FeRule *rule;
	RtCode *step;
	void *x, *moved, *g; /* theta before and after a step, the gradient */
	void **states, **spare;
	uint32_t state_count;
	void **pointers, *arena;
	double *hypers, *learned;
	int64_t t, horizon;
	double f;
} Outer;

/* What init and step take alike. */
static void outer_give(const Outer *outer, IrByRole *given) {
	ir_give(given, IR_ROLE_X, &outer->x, 1);
	ir_give_addresses(given, IR_ROLE_HYPER, outer->hypers, sizeof *outer->hypers, outer->rule->hypers.count);
	ir_give(given, IR_ROLE_THETA, &outer->learned, 1);
}

/* States as they start. */
static bool outer_init(Rt *rt, Outer *outer, Arena *arena) {
	const IrFunc *init = outer->rule->init;
	IrRange states = ir_results_of(outer->step->func, IR_ROLE_STATE);
	outer->state_count = states.count;
	outer->states = ARENA_ARRAY(arena, void *, states.count + 1);
	outer->spare = ARENA_ARRAY(arena, void *, states.count + 1);
	double **starts = ARENA_ARRAY(arena, double *, states.count + 1);
	for (uint32_t i = 0; i < states.count; i++) {
		size_t bytes = outer->step->result_bytes[states.first + i];
		outer->states[i] = rt_aligned(arena, bytes);
		outer->spare[i] = rt_aligned(arena, bytes);
		starts[i] = ARENA_ARRAY(arena, double, bytes + 1);
	}
	IrByRole given;
	ir_by_role(&given);
	outer_give(outer, &given);
	if (!rt_evaluate_once(rt, init, &given, starts)) {
		return false;
	}
	for (uint32_t i = 0; i < states.count; i++) {
		IrType type = ir_type(init, init->results.data[i].value);
		rt_write_reals(type.scalar, outer->states[i], 1, starts[i], (size_t)ir_type_elements(type, NULL));
	}
	return true;
}

static bool outer_start(Rt *rt, Outer *outer, const FeCall *call, int64_t count, const double *theta, int steps,
                        Arena *arena) {
	outer->module = ir_module_new(rt->session);
	FeTarget target = {&count, 1};
	outer->rule = fe_rule(rt->program, outer->module, call, &target, IR_F64, NULL, 0);
	if (!outer->rule) {
		return false;
	}
	const FeRule *rule = outer->rule;
	const IrPipeline pipeline = rt->options.pipeline;
	outer->step = rt_compile(rt, outer->module, ir_optimize(outer->module, rule->step, &pipeline));
	if (!outer->step) {
		return false;
	}
	outer->x = rt_aligned(arena, 8 * (size_t)count);
	outer->moved = rt_aligned(arena, 8 * (size_t)count);
	outer->g = rt_aligned(arena, 8 * (size_t)count);
	outer->arena = rt_aligned(arena, outer->step->arena_bytes);
	outer->pointers = ARENA_ARRAY(arena, void *, rule->step->params.count + rule->step->results.count);
	outer->hypers = ARENA_ARRAY(arena, double, rule->hypers.count + 1);
	outer->learned = ARENA_ARRAY(arena, double, rule->learned_count + 1);
	outer->horizon = steps;
	for (uint32_t i = 0; i < rule->hypers.count; i++) {
		outer->hypers[i] = rule->hypers.data[i].value;
	}
	memcpy(outer->x, theta, sizeof *theta * (size_t)count);
	return learned_start(rt, rule, rt->options.seed, outer->learned) && outer_init(rt, outer, arena);
}

static void outer_step(Outer *outer, const double *gradient, double score, int64_t count, double *theta) {
	memcpy(outer->x, theta, sizeof *theta * (size_t)count);
	memcpy(outer->g, gradient, sizeof *gradient * (size_t)count);
	outer->f = score;
	outer->t++;
	IrByRole given, places;
	ir_by_role(&given);
	ir_by_role(&places);
	outer_give(outer, &given);
	ir_give(&given, IR_ROLE_G, &outer->g, 1);
	ir_give_addresses(&given, IR_ROLE_F, &outer->f, sizeof outer->f, 1);
	ir_give_addresses(&given, IR_ROLE_T, &outer->t, sizeof outer->t, 1);
	ir_give_addresses(&given, IR_ROLE_HORIZON, &outer->horizon, sizeof outer->horizon, 1);
	ir_give(&given, IR_ROLE_STATE, outer->states, outer->state_count);
	ir_give(&places, IR_ROLE_X, &outer->moved, 1);
	ir_give(&places, IR_ROLE_STATE, outer->spare, outer->state_count);
	rt_call_by_role(outer->step, &given, &places, outer->pointers, outer->arena);
	memcpy(theta, outer->moved, sizeof *theta * (size_t)count);
	void **used = outer->states;
	outer->states = outer->spare;
	outer->spare = used;
}

static void outer_free(Outer *outer) {
	rt_code_free(outer->step);
	if (outer->module) {
		ir_module_free(outer->module);
	}
}

typedef struct Training {
	Rt *rt;
	const FeExperiment *experiment;
	const TrainOptions *options;
	Trained *out;
	MetaEstimator *estimator;
	Problems **select; /* per task; NULL without select problems */
	Outer outer;
	double *gradient;
	double started;
	TrainProgress progress;
} Training;

/* Mean score of theta on the select problems. */
static bool score_select(Training *t, const double *theta, double *score, int64_t *nonfinite) {
	Arena *scratch = arena_new();
	double sum = 0;
	int64_t finite = 0;
	bool ok = true;
	*nonfinite = 0;
	for (int k = 0; k < t->out->task_count && ok; k++) {
		Runs runs;
		ok = run_problems(t->out->tasks[k], t->select[k], NULL, theta, t->experiment->horizon_high, false, scratch,
		                  &runs);
		for (int i = 0; ok && i < runs.problems; i++) {
			bool is_finite = isfinite(runs.score[i]);
			finite += is_finite;
			*nonfinite += !is_finite;
			sum += is_finite ? runs.score[i] : 0;
		}
		t->out->evaluations += ok ? runs.evaluations : 0;
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
	memcpy(t->out->theta, t->out->last, sizeof *t->out->theta * (size_t)t->out->count);
	t->out->best_step = step;
	return tell_best(t);
}

/* Scores theta after `step` outer steps and keeps it if it is the best: fewer lost problems first, then the score. */
static bool consider(Training *t, int step) {
	Trained *out = t->out;
	double score;
	int64_t nonfinite;
	if (!score_select(t, out->last, &score, &nonfinite)) {
		return false;
	}
	vec_push(out->arena, &out->select_steps, step);
	vec_push(out->arena, &out->select_scores, score);
	t->progress.selected = true;
	t->progress.select_score = score;
	t->progress.select_nonfinite = nonfinite;
	if (step == 0) {
		out->start_score = score;
		out->start_lost = nonfinite;
	}
	bool first = out->select_steps.count == 1;
	if (first || nonfinite < out->best_lost || (nonfinite == out->best_lost && score < out->best_score)) {
		out->best_lost = nonfinite;
		out->best_score = score;
		out->best_step = step;
		memcpy(out->theta, out->last, sizeof *out->theta * (size_t)out->count);
		return tell_best(t);
	}
	return true;
}

/* Scales the gradient down to the limit (0: none); returns the norm that it had. */
static double clip_gradient(double *gradient, int64_t count, double limit) {
	double unit, norm = meta_norm(gradient, count, &unit);
	double room = limit / unit;
	for (int64_t p = 0; p < count && limit > 0 && norm > room; p++) {
		gradient[p] *= room / norm;
	}
	return norm * unit;
}

/* As numbers of the precision that the rule runs in. */
static bool all_finite(IrScalar real, const double *values, int64_t count) {
	for (int64_t i = 0; i < count; i++) {
		if (!(real == IR_F32 ? isfinite((float)values[i]) : isfinite(values[i]))) {
			return false;
		}
	}
	return true;
}

static void report(Training *t, int done, const MetaStats *stats, double norm) {
	const Trained *out = t->out;
	TrainProgress *progress = &t->progress;
	progress->step = done;
	progress->last = *stats;
	progress->gradient_norm = norm;
	progress->best_score = out->select_steps.count > 0 ? out->best_score : (double)INFINITY;
	progress->best_step = out->best_step;
	progress->nonfinite = out->nonfinite;
	progress->pieces = out->pieces;
	progress->evaluations = out->evaluations;
	progress->seconds = rt_seconds() - t->started;
	progress->eta = progress->seconds / done * (progress->steps - done);
	if (t->options->progress) {
		t->options->progress(t->options->user, progress);
	}
}

static bool train_steps(Training *t) {
	Trained *out = t->out;
	int steps = t->experiment->outer_steps;
	int every = t->options->select_every > 0 ? t->options->select_every
	            : steps > TRAIN_SELECTIONS   ? steps / TRAIN_SELECTIONS
	                                         : 1;
	if (!(t->select ? consider(t, 0) : take_last(t, 0))) {
		return false;
	}
	for (int step = 0; step < steps; step++) {
		if (rt_interrupted(t->rt)) {
			out->interrupted = true;
			break;
		}
		MetaStats stats;
		t->progress.selected = false;
		if (!meta_estimate(t->estimator, out->last, step, t->gradient, &stats)) {
			return false;
		}
		if (!all_finite(IR_F64, t->gradient, out->count)) {
			stats.nonfinite = stats.pieces; /* the sum of finite gradients overflows */
		}
		double norm = clip_gradient(t->gradient, out->count, t->experiment->clip);
		out->pieces += stats.pieces;
		out->nonfinite += stats.nonfinite;
		out->evaluations += stats.evaluations;
		/* Without one finite piece there is nothing to follow: theta stays. */
		if (stats.nonfinite < stats.pieces) {
			outer_step(&t->outer, t->gradient, stats.score, out->count, out->last);
		}
		out->steps = step + 1;
		out->diverged = !all_finite(out->tasks[0]->rule->real, out->last, out->count);
		bool last = step + 1 == steps || out->diverged;
		if (t->select && !out->diverged && (last || (step + 1) % every == 0) && !consider(t, step + 1)) {
			return false;
		}
		if (!t->select && !out->diverged && !take_last(t, step + 1)) {
			return false;
		}
		report(t, step + 1, &stats, norm);
		if (out->diverged) {
			break;
		}
	}
	return !t->select || !out->interrupted || consider(t, out->steps);
}

static int train_problems(const FeExperiment *experiment) {
	return experiment->train_problems > 0 ? experiment->train_problems : 1;
}

int train_uses(const FeExperiment *experiment, Task *task, MetaUse uses[META_MOST_USES]) {
	MetaEstimate how = meta_estimate_of(experiment);
	int count = meta_estimate_uses(&how, task, train_problems(experiment), uses);
	bool shared = false;
	for (int i = 0; i < count; i++) {
		shared = shared || (uses[i].stage == TASK_SEGMENT && uses[i].plan.variant == TASK_SHARED);
	}
	if (experiment->select_problems > 0 && !shared) {
		uses[count++] = (MetaUse){TASK_BEGIN, {.variant = TASK_SHARED}};
		uses[count++] = (MetaUse){TASK_SEGMENT, task_segment_plan(task, experiment->horizon_high, TASK_SHARED)};
	}
	return count;
}

static bool prepare(Training *t) {
	Rt *rt = t->rt;
	Trained *out = t->out;
	const FeExperiment *experiment = t->experiment;
	out->tasks = ARENA_ARRAY(out->arena, Task *, experiment->on.count + 1);
	for (uint32_t k = 0; k < experiment->on.count; k++) {
		out->tasks[k] = task_new(rt, &experiment->on.data[k], &experiment->train, experiment->score,
		                         experiment->open.data, experiment->open.count);
		if (!out->tasks[k]) {
			return false;
		}
		out->task_count++;
	}
	int *counts = ARENA_ARRAY(out->arena, int, out->task_count + 1);
	for (int k = 0; k < out->task_count; k++) {
		counts[k] = train_problems(experiment);
	}
	MetaEstimate how = meta_estimate_of(experiment);
	t->estimator = meta_estimator_new(rt, out->tasks, out->task_count, counts, &how, experiment->seed);
	if (!t->estimator) {
		return false;
	}
	out->memory_bytes = meta_estimator_bytes(t->estimator);
	out->count = learned_count(out->tasks[0]->rule);
	size_t count = (size_t)out->count;
	if (!rt_memory_allows(rt, out->memory_bytes + 40.0 * (double)count, "this training")) {
		return false;
	}
	out->theta = ARENA_ARRAY(out->arena, double, count);
	out->last = ARENA_ARRAY(out->arena, double, count);
	out->natural = ARENA_ARRAY(out->arena, double, count);
	t->gradient = ARENA_ARRAY(out->arena, double, count);
	if (t->options->theta) {
		memcpy(out->last, t->options->theta, sizeof(double) * count);
	} else if (!learned_start(out->tasks[0]->rt, out->tasks[0]->rule, experiment->seed, out->last)) {
		return false;
	}
	if (experiment->select_problems > 0) {
		t->select = ARENA_ARRAY(out->arena, Problems *, out->task_count + 1);
		for (int k = 0; k < out->task_count; k++) {
			Task *task = out->tasks[k];
			out->memory_bytes += problems_bytes(task, experiment->select_problems, false);
			if (!rt_memory_allows(rt, out->memory_bytes, "this training")) {
				return false;
			}
			t->select[k] = problems_of(task, rt->options.seed, PROBLEMS_SELECT, experiment->select_problems, false);
			if (!t->select[k] || !task_need_forward(task, experiment->horizon_high, TASK_SHARED)) {
				return false;
			}
		}
	}
	return rt_memory_allows(rt, out->memory_bytes, "this training") &&
	       outer_start(rt, &t->outer, &experiment->update, out->count, out->last, experiment->outer_steps, out->arena);
}

Trained *train_experiment(Rt *rt, const FeExperiment *experiment, const TrainOptions *options) {
	Arena *arena = arena_new();
	Trained *out = ARENA_NEW(arena, Trained);
	out->arena = arena;
	out->experiment = experiment;
	out->best_score = out->start_score = (double)NAN;
	Training t = {.rt = rt, .experiment = experiment, .options = options, .out = out};
	t.progress.steps = experiment->outer_steps;
	double compiled = rt->compile_seconds;
	bool ok = prepare(&t);
	out->compile_seconds = rt->compile_seconds - compiled;
	t.started = rt_seconds();
	ok = ok && train_steps(&t) && learned_natural(out->tasks[0]->rt, out->tasks[0]->rule, out->theta, out->natural);
	out->seconds = rt_seconds() - t.started;
	for (int k = 0; t.select && k < out->task_count; k++) {
		problems_free(t.select[k]);
	}
	outer_free(&t.outer);
	meta_estimator_free(t.estimator);
	if (!ok) {
		train_free(out);
		return NULL;
	}
	return out;
}

void train_free(Trained *trained) {
	if (!trained) {
		return;
	}
	for (int k = 0; k < trained->task_count; k++) {
		task_free(trained->tasks[k]);
	}
	arena_free(trained->arena);
}
