/* Comparing rules on problems that none of them has seen: each tuned on the same training problems, then one run on the
 * same test problems, and statistics that say how sure one can be. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/limits.h"
#include "runtime/compare/compare.h"
#include "runtime/compare/limits.h"

double compare_quantile(const double *sorted, int count, double q) {
	if (count == 0)
		return (double)NAN;
	double at = q * (count - 1);
	int below = (int)floor(at);
	int above = below + 1 < count ? below + 1 : below;
	double part = at - below, difference = sorted[above] - sorted[below];
	if (part == 0 || sorted[above] == sorted[below])
		return sorted[below];
	if (isinf(difference))
		return (1 - part) * sorted[below] + part * sorted[above];
	return sorted[below] + part * difference;
}

CompareInterval compare_bootstrap(const double *values, int count, int resamples, uint64_t seed) {
	CompareInterval interval = {0};
	for (int i = 0; i < count; i++)
		interval.mean += values[i] / count;
	interval.low = interval.high = interval.mean;
	if (count < 2 || !isfinite(interval.mean))
		return interval;
	double *means = memory_new(sizeof *means * (size_t)resamples);
	const uint64_t key[2] = {seed, 0x626f6f74}; /* "boot" */
	for (int r = 0; r < resamples; r++) {
		double sum = 0;
		for (int i = 0; i < count; i += 2) {
			uint64_t bits[2];
			random_threefry(key, (const uint64_t[]){(uint64_t)r, (uint64_t)i}, bits);
			sum += values[bits[0] % (uint64_t)count];
			sum += i + 1 < count ? values[bits[1] % (uint64_t)count] : 0;
		}
		means[r] = sum / count;
	}
	sort_reals(means, (size_t)resamples);
	interval.low = compare_quantile(means, resamples, 0.025);
	interval.high = compare_quantile(means, resamples, 0.975);
	free(means);
	return interval;
}

/* adam(lr = 0.0464, beta1 = 0.9): what was given and what was tuned. */
static const char *call_text(const Rt *rt, const FeRule *rule, const Tuned *tuned, Arena *arena) {
	Text text = text_new(arena);
	text_printf(&text, "%s", session_text(rt->session, rule->decl->name.name));
	const char *between = "(";
	for (uint32_t i = 0; i < rule->hypers.count; i++) {
		const FeHyper *hyper = &rule->hypers.data[i];
		bool shown = hyper->given;
		for (uint32_t a = 0; a < tuned->axes.count; a++)
			shown = shown || tuned->axes.data[a].name == hyper->name;
		if (shown) {
			text_printf(&text, "%s%s = ", between, session_text(rt->session, hyper->name));
			text_real(&text, tuned->hypers[i], rule->real == IR_F32);
			between = ", ";
		}
	}
	text_printf(&text, "%s", *between == ',' ? ")" : "");
	return text_cstr(&text);
}

static void summarize(Compared *rule, const CompareOptions *options, Arena *arena, uint64_t seed) {
	int problems = options->test_problems, steps = options->steps;
	size_t stride = (size_t)steps + 1;
	rule->per_problem = ARENA_ARRAY(arena, double, problems);
	double *sorted = ARENA_ARRAY(arena, double, problems);
	for (int i = 0; i < problems; i++) {
		const double *f = rule->f + (size_t)i * stride;
		rule->per_problem[i] = sorted[i] = score_of_run(options->score, SCORE_EVALUATIONS, f, steps);
		RunEnd end = run_end(f, steps);
		rule->ended_above += end == RUN_ENDED_ABOVE;
		rule->not_finite += end == RUN_NOT_FINITE;
	}
	rule->score = compare_bootstrap(rule->per_problem, problems, options->resamples, seed);
	double *best = ARENA_ARRAY(arena, double, stride), *best_scores = ARENA_ARRAY(arena, double, problems);
	for (int i = 0; i < problems; i++) {
		compare_best_so_far(rule->f + (size_t)i * stride, steps, best);
		best_scores[i] = score_of_run(options->score, SCORE_EVALUATIONS, best, steps);
	}
	rule->best = compare_bootstrap(best_scores, problems, options->resamples, seed);
	sort_reals(sorted, (size_t)problems);
	rule->median = compare_quantile(sorted, problems, 0.5);
	rule->q10 = compare_quantile(sorted, problems, 0.1);
	rule->q25 = compare_quantile(sorted, problems, 0.25);
	rule->q75 = compare_quantile(sorted, problems, 0.75);
	rule->q90 = compare_quantile(sorted, problems, 0.9);
	rule->mean = ARENA_ARRAY(arena, double, stride);
	rule->median_curve = ARENA_ARRAY(arena, double, stride);
	rule->low = ARENA_ARRAY(arena, double, stride);
	rule->high = ARENA_ARRAY(arena, double, stride);
	for (size_t t = 0; t < stride; t++) {
		int count = 0;
		double sum = 0;
		for (int i = 0; i < problems; i++) {
			double f = rule->f[(size_t)i * stride + t];
			if (isfinite(f)) {
				sorted[count++] = f;
				sum += f;
			}
		}
		sort_reals(sorted, (size_t)count);
		rule->mean[t] = count > 0 ? sum / count : (double)NAN;
		rule->median_curve[t] = compare_quantile(sorted, count, 0.5);
		rule->low[t] = compare_quantile(sorted, count, 0.25);
		rule->high[t] = compare_quantile(sorted, count, 0.75);
	}
}

/* Li & Malik's margin of victory and what goes with it. A run that is not finite counts as inf. */
static void margins(Comparison *out, const CompareOptions *options, uint64_t seed) {
	int problems = options->test_problems;
	size_t stride = (size_t)options->steps + 1;
	const Compared *subject = &out->rules[out->subject];
	double *values = ARENA_ARRAY(out->arena, double, problems);
	out->margin = ARENA_ARRAY(out->arena, CompareInterval, stride);
	out->win_share = ARENA_ARRAY(out->arena, double, stride);
	out->lead = ARENA_ARRAY(out->arena, CompareInterval, out->count);
	for (size_t t = 0; t < stride; t++) {
		int wins = 0;
		for (int i = 0; i < problems; i++) {
			double least = (double)INFINITY;
			for (uint32_t k = 0; k < out->count; k++) {
				double f = out->rules[k].f[(size_t)i * stride + t];
				if ((int)k != out->subject && f < least)
					least = f;
			}
			double own = subject->f[(size_t)i * stride + t];
			wins += own < least;
			values[i] = least - (isnan(own) ? (double)INFINITY : own);
		}
		out->margin[t] = compare_bootstrap(values, problems, options->resamples, seed);
		out->win_share[t] = (double)wins / problems;
	}
	for (uint32_t k = 0; k < out->count; k++) {
		for (int i = 0; i < problems; i++)
			values[i] = out->rules[k].per_problem[i] - subject->per_problem[i];
		out->lead[k] = compare_bootstrap(values, problems, options->resamples, seed);
	}
}

typedef struct Comparing {
	Rt *rt;
	const FeCall *objective;
	const CompareOptions *options;
	Comparison *out;
	Task **tasks;
	Problems *train, *test; /* of the first task; the same for all, as the objective is */
} Comparing;

static bool make_problems(Comparing *c, Task *task) {
	int train = c->options->train_problems, test = c->options->test_problems;
	double bytes = problems_bytes(task, train, false) + problems_bytes(task, test, false);
	if (!rt_memory_allows(c->rt, bytes, "the data of these problems"))
		return false;
	c->train = problems_of(task, c->rt->options.seed, PROBLEMS_TRAIN, train, false);
	c->test = problems_of(task, c->rt->options.seed, PROBLEMS_TEST, test, false);
	return c->train && c->test;
}

/* Hyperparameters that nothing tunes. */
static Tuned as_called(const FeRule *rule, Arena *arena) {
	Tuned tuned = {.score = (double)NAN, .hypers = ARENA_ARRAY(arena, double, rule->hypers.count + 1)};
	for (uint32_t i = 0; i < rule->hypers.count; i++)
		tuned.hypers[i] = rule->hypers.data[i].value;
	return tuned;
}

/* Runs of other lengths, with the numbers that were tuned for this one. */
static bool run_longer(Comparing *c, Task *task, const double *theta, Compared *rule) {
	Arena *arena = c->out->arena;
	for (int k = 0; k < COMPARE_HORIZONS; k++) {
		CompareLong *longer = &rule->longer[k];
		double steps = compare_horizons[k] * c->options->steps;
		longer->steps = steps < (double)(int)FE_MOST_COUNT ? (int)steps : (int)FE_MOST_COUNT;
		longer->end = ARENA_ARRAY(arena, double, c->options->test_problems + 1);
		Runs runs;
		Arena *scratch = arena_new();
		bool ok = compare_run(task, c->test, rule->tuned.hypers, theta, longer->steps, scratch, &runs);
		for (int i = 0; ok && i < runs.problems; i++) {
			const double *f = runs.f + (size_t)i * ((size_t)longer->steps + 1);
			RunEnd end = run_end(f, longer->steps);
			longer->end[i] = isnan(f[longer->steps]) ? (double)INFINITY : f[longer->steps];
			longer->ended_above += end == RUN_ENDED_ABOVE;
			longer->not_finite += end == RUN_NOT_FINITE;
		}
		arena_free(scratch);
		if (!ok)
			return false;
		longer->end_mean =
			compare_bootstrap(longer->end, c->options->test_problems, c->options->resamples, c->rt->options.seed);
	}
	return true;
}

static bool compare_one(Comparing *c, const Contender *contender, uint32_t k) {
	Rt *rt = c->rt;
	Arena *arena = c->out->arena;
	const CompareOptions *options = c->options;
	Compared *rule = &c->out->rules[k];
	FeCall call = contender->rule;
	call.exposes = contender->tune;
	Task *task = c->tasks[k] = task_new(rt, c->objective, &call, options->score, NULL, 0);
	if (!task)
		return false;
	bool more_train = options->train_problems > options->test_problems;
	task_choose_lanes(task, more_train ? options->train_problems : options->test_problems);
	if (!c->train && !make_problems(c, task))
		return false;
	rule->label = arena_strdup(arena, contender->label);
	rule->rule = task->rule;
	rule->training_evaluations = contender->training_evaluations;
	double *theta = learned_new(rt, task->rule, arena);
	if (!theta)
		return false;
	if (contender->theta)
		memcpy(theta, contender->theta, sizeof *theta * (size_t)learned_count(task->rule));
	else if (!learned_start(task->rt, task->rule, rt->options.seed, theta))
		return false;
	else
		rule->holes = learned_holes(task->rt, task->rule, theta, arena);
	double started = rt_seconds(), compiled = rt->compile_seconds;
	if (!contender->tune)
		rule->tuned = as_called(task->rule, arena);
	else if (!compare_tune(task, c->train, theta, options->steps, options->score, arena, &rule->tuned))
		return false;
	rule->call = call_text(rt, task->rule, &rule->tuned, arena);
	Runs runs;
	if (!compare_run(task, c->test, rule->tuned.hypers, theta, options->steps, arena, &runs))
		return false;
	rule->seconds = rt_seconds() - started - (rt->compile_seconds - compiled);
	rule->test_evaluations = runs.evaluations;
	rule->f = runs.f;
	summarize(rule, options, arena, rt->options.seed);
	return !options->longer || run_longer(c, task, theta, rule);
}

bool compare_possible(Rt *rt, const FeCall *objective, const Contender *contenders, uint32_t count, FeScore score) {
	Arena *arena = arena_new();
	bool possible = true;
	for (uint32_t k = 0; k < count; k++) {
		FeCall call = contenders[k].rule;
		call.exposes = contenders[k].tune;
		Task *task = task_new(rt, objective, &call, score, NULL, 0);
		double *theta = task && !contenders[k].theta ? learned_new(rt, task->rule, arena) : NULL;
		bool starts = contenders[k].theta || (theta && learned_start(rt, task->rule, rt->options.seed, theta));
		possible = possible && task && starts;
		task_free(task);
	}
	arena_free(arena);
	return possible;
}

Comparison *compare_rules(Rt *rt, const FeCall *objective, const Contender *contenders, uint32_t count,
                          const CompareOptions *given) {
	Arena *arena = arena_new();
	Comparison *out = ARENA_NEW(arena, Comparison);
	CompareOptions options = *given;
	options.resamples = options.resamples > 0 ? options.resamples : COMPARE_RESAMPLES;
	out->one_problem = !fe_draws(rt->program, objective);
	for (uint32_t i = 0; i < count && out->one_problem; i++)
		out->one_problem = !fe_rule_draws(rt->program, &contenders[i].rule);
	out->validates = fe_validates(rt->program, objective);
	if (out->one_problem)
		options.train_problems = options.test_problems = 1;
	out->arena = arena;
	out->session = rt->session;
	out->objective = arena_strdup(arena, session_text(rt->session, objective->decl->name.name));
	out->steps = options.steps;
	out->train_problems = options.train_problems;
	out->test_problems = options.test_problems;
	out->score = options.score;
	out->count = count;
	out->rules = ARENA_ARRAY(arena, Compared, count + 1);
	out->subject = options.subject;
	out->longer = options.longer;
	Comparing c = {rt, objective, &options, out, ARENA_ARRAY(arena, Task *, count + 1), NULL, NULL};
	out->tasks = c.tasks;
	bool ok = true;
	for (uint32_t k = 0; k < count && ok; k++) {
		if (options.progress)
			options.progress(options.user, contenders[k].label, (int)k, (int)count);
		ok = !rt_interrupted(rt) && compare_one(&c, &contenders[k], k);
	}
	problems_free(c.train);
	problems_free(c.test);
	if (!ok) {
		compare_free(out);
		return NULL;
	}
	compare_profiles(out);
	if (out->subject >= 0 && out->subject < (int)count && count > 1) {
		margins(out, &options, rt->options.seed);
		compare_chances(out, rt->options.seed);
	}
	return out;
}

void compare_free(Comparison *comparison) {
	if (!comparison)
		return;
	for (uint32_t k = 0; k < comparison->count; k++)
		task_free(comparison->tasks[k]);
	arena_free(comparison->arena);
}
