/* Every estimator against what it promises: the gradient of the stated score, over estimators, scores, windows and ranges
 * of horizons. Differentiated ones against central differences (f64), those that draw noise on average: within 4.5
 * standard errors over repetitions with fixed seeds, which are a few per cent of the gradient at most. */
#include "rt_tasks.h"
#include "runtime/meta/meta.h"

#include <stdlib.h>

static const FeScore scores[] = {
	{FE_SCORE_MEAN, FE_SCORE_F},  {FE_SCORE_MEAN, FE_SCORE_LOG_F},  {FE_SCORE_MEAN, FE_SCORE_RELATIVE},
	{FE_SCORE_SUM, FE_SCORE_F},   {FE_SCORE_SUM, FE_SCORE_LOG_F},   {FE_SCORE_SUM, FE_SCORE_RELATIVE},
	{FE_SCORE_FINAL, FE_SCORE_F}, {FE_SCORE_FINAL, FE_SCORE_LOG_F}, {FE_SCORE_FINAL, FE_SCORE_RELATIVE},
	{FE_SCORE_MIN, FE_SCORE_F},   {FE_SCORE_MIN, FE_SCORE_LOG_F},   {FE_SCORE_MIN, FE_SCORE_RELATIVE},
};
enum { SCORES = sizeof scores / sizeof *scores, P = 4, MOST_P = 4 };

static const double theta4[P] = {-0.3, 0.4, 0.2, 0.05};

/* The gradient that windows of `window` steps (0: whole) leave of the score's, the first window `late` steps shorter: in
 * each window, by differences, with the state at its start as it is. Mean over the problems. */
static void by_differences(RtBench *b, Task *task, int count, int window, int late, int horizon, double *out) {
	Problems *problems = problems_of(task, b->rt->options.seed, PROBLEMS_TRAIN, count, false);
	cr_assert(problems && task_need_forward(task, horizon, TASK_SHARED));
	void *scratch = rt_aligned(b->arena, run_arena_bytes(task, TASK_SHARED));
	RunState carried = run_state_new(task, b->arena), moved = run_state_new(task, b->arena);
	bool least = task->score.fold == FE_SCORE_MIN;
	const double h = 1e-5;
	memset(out, 0, sizeof *out * P);
	for (int p = 0; p < P; p++) {
		for (int k = 0; k < problems->block_count; k++) {
			const ProblemBlock *block = &problems->blocks[k];
			RunArgs args = {.theta = theta4, .variant = TASK_SHARED};
			double gradient[IR_LANES] = {0}, best[IR_LANES];
			for (int lane = 0; lane < IR_LANES; lane++)
				best[lane] = INFINITY;
			cr_assert(run_begin(task, block, &args, &carried, scratch) == 0);
			for (int t = 0, turns; t < horizon; t += turns) {
				turns = window == 0 ? horizon : window - (t == 0 ? late : 0);
				turns = turns < horizon - t ? turns : horizon - t;
				double sides[3][IR_LANES]; /* at theta + h, theta - h, theta */
				for (int side = 0; side < 3; side++) {
					double bent[P];
					memcpy(bent, theta4, sizeof bent);
					bent[p] += side == 0 ? h : side == 1 ? -h : 0;
					RunArgs there = {.theta = bent, .variant = TASK_SHARED};
					RunState *state = side < 2 ? &moved : &carried;
					if (side < 2 && t == 0) /* the first window owns what `init` does */
						run_begin(task, block, &there, state, scratch);
					else if (side < 2)
						run_state_copy(task, state, &carried);
					for (int lane = 0; lane < IR_LANES; lane++)
						sides[side][lane] = score_zero(task->score);
					run_advance(task, block, &there, state, t, turns, horizon, sides[side], NULL, scratch);
				}
				for (int lane = 0; lane < task->lanes; lane++) {
					double slope = (sides[0][lane] - sides[1][lane]) / (2 * h);
					if (!least) {
						gradient[lane] += slope;
					} else if (sides[2][lane] < best[lane]) {
						best[lane] = sides[2][lane];
						gradient[lane] = slope;
					}
				}
			}
			for (int lane = 0; lane < task->lanes; lane++)
				out[p] += block->weight[lane] * gradient[lane] / count;
		}
	}
	problems_free(problems);
}

/* ---- back-propagation and forward mode ---- */

static void check_derivatives(FeScore score, int window, int low, int high) {
	enum { N = 19 };
	static const FeEstimator kinds[] = {FE_BACKPROP, FE_FORWARD};
	RtBench b = rt_bench(RT_JIT, 2);
	Task *task = rt_bench_task(&b, &rt_bowl, &rt_momentum, score);
	for (int k = 0; k < 2; k++) {
		MetaEstimate how = {.kind = kinds[k], .window = window, .horizon_low = low, .horizon_high = high};
		int problems = N;
		for (int step = 0; step < (low < high ? 3 : 1); step++) {
			MetaEstimator *e = meta_estimator_new(b.rt, &task, 1, &problems, &how, 3);
			rt_bench_check(&b);
			double given[P], expected[P];
			MetaStats stats;
			cr_assert(meta_estimate(e, theta4, step, given, &stats));
			int horizon = (int)(stats.evaluations / (N * (kinds[k] == FE_FORWARD ? P : 1))) - 1;
			meta_estimator_free(e);
			by_differences(&b, task, N, window, 0, horizon, expected);
			double off = rt_bench_distance(given, expected, P);
			cr_expect(off < 1e-6, "%s(window = %d) of fold %d, map %d, horizon %d of %d..%d: %g off",
			          kinds[k] == FE_FORWARD ? "forward" : "backprop", window, score.fold, score.map, horizon, low,
			          high, off);
		}
	}
	task_free(task);
	rt_bench_free(&b);
}

Test(rt_expectations, derivatives_are_differences, .timeout = 500) {
	for (int s = 0; s < SCORES; s += GRADUS_SANITIZED ? 5 : 1) {
		check_derivatives(scores[s], 0, 11, 11);
		check_derivatives(scores[s], 4, 11, 11);
		check_derivatives(scores[s], 4, 5, 13);
	}
	for (int s = 0; s < SCORES; s += GRADUS_SANITIZED ? 11 : 4) {
		check_derivatives(scores[s], 0, 5, 13);
		check_derivatives(scores[s], 1, 7, 7);
		check_derivatives(scores[s], 7, 7, 7);
		check_derivatives(scores[s], 3, 9, 9);
	}
}

/* ---- noise ---- */

typedef struct Mean {
	double value[MOST_P], error[MOST_P]; /* over repetitions, and its standard error */
} Mean;

/* Mean estimate over many windows, of `repeats` estimators with noise of their own, once all ages are there. */
static Mean mean_estimate(RtBench *b, Task *task, int problems, MetaEstimate how, const double *theta, int windows,
                          int repeats) {
	int64_t count = learned_count(task->rule);
	Mean mean = {{0}, {0}};
	for (int r = 0; r < repeats; r++) {
		MetaEstimator *e = meta_estimator_new(b->rt, &task, 1, &problems, &how, (uint64_t)(1000 + r));
		rt_bench_check(b);
		int warm = how.window > 0 ? 2 * how.horizon_high / how.window : 0;
		double own[MOST_P] = {0}, gradient[MOST_P];
		for (int step = 0; step < warm + windows; step++) {
			MetaStats stats;
			cr_assert(meta_estimate(e, theta, step, gradient, &stats));
			cr_assert(stats.nonfinite == 0);
			for (int64_t p = 0; p < count; p++)
				own[p] += step < warm ? 0 : gradient[p] / windows;
		}
		meta_estimator_free(e);
		for (int64_t p = 0; p < count; p++) {
			mean.value[p] += own[p] / repeats;
			mean.error[p] += own[p] * own[p] / repeats;
		}
	}
	for (int64_t p = 0; p < count; p++)
		mean.error[p] = sqrt((mean.error[p] - mean.value[p] * mean.value[p]) / (repeats - 1));
	return mean;
}

static void compare_means(const Mean *mean, const double *exact, int64_t count, double most_error, const char *what) {
	double size = 0;
	for (int64_t p = 0; p < count; p++)
		size = fmax(size, fabs(exact[p]));
	for (int64_t p = 0; p < count; p++) {
		if (getenv("GRADUS_TEST_SHOW")) {
			printf("%s [%d]: %g +- %g, exact %g: %.2f errors, %.2f %%\n", what, (int)p, mean->value[p], mean->error[p],
			       exact[p], (mean->value[p] - exact[p]) / mean->error[p], 100 * mean->error[p] / size);
		}
		cr_expect(fabs(mean->value[p] - exact[p]) < 4.5 * mean->error[p], "%s, number %d: %g +- %g, exact %g", what,
		          (int)p, mean->value[p], mean->error[p], exact[p]);
		cr_expect(mean->error[p] < most_error * size, "%s, number %d: all noise, %g of %g", what, (int)p,
		          mean->error[p], size);
	}
}

static const char *const kind_names[] = {[FE_ES] = "es",
                                         [FE_PES] = "pes",
                                         [FE_TRUNCATED_ES] = "truncated_es",
                                         [FE_BACKPROP] = "backprop",
                                         [FE_FORWARD] = "forward"};

/* The linear system's run is x_t = a_t + b_t theta in its first coordinate, so that every score of f = (x - 1)^2 / 2 has a
 * gradient in closed form, and ES has no bias at any sigma. */
enum { LONGEST = 64 };

static void linear_run(double *a, double *b) {
	double x[24] = {0}, slope[24] = {0}; /* the last of them stays 0 */
	for (int i = 0; i < 23; i++)
		x[i] = 1;
	for (int t = 0; t <= LONGEST; t++) {
		a[t] = x[0];
		b[t] = slope[0];
		for (int i = 0; i < 23; i++) {
			x[i] = 0.5 * (x[i] + x[i + 1]);
			slope[i] = 0.5 * (slope[i] + slope[i + 1]) + (i < 10 ? 1 : -1);
		}
	}
}

/* d score / d theta, mean over horizons as they are drawn: h with probability log((h + 1) / h) / log((high + 1) / low). */
static double linear_gradient(FeScoreFold fold, int low, int high, double theta) {
	double a[LONGEST + 1], b[LONGEST + 1], mean = 0;
	linear_run(a, b);
	for (int h = low; h <= high; h++) {
		double sum = 0;
		for (int t = fold == FE_SCORE_FINAL ? h : 1; t <= h; t++)
			sum += b[t] * (a[t] + b[t] * theta - 1);
		double share = low == high ? 1 : log((h + 1.0) / h) / log((high + 1.0) / low);
		mean += share * (fold == FE_SCORE_MEAN ? sum / h : sum);
	}
	return mean;
}

/* Lanes are particles with one problem, and problems with 19; all instances of this objective are alike. */
Test(rt_expectations, closed_forms, .timeout = 500) {
	static const struct {
		FeEstimator kind;
		FeScoreFold fold;
		int window, low, high;
	} cases[] = {
		{FE_ES, FE_SCORE_MEAN, 0, 30, 30},           {FE_ES, FE_SCORE_FINAL, 0, 5, 30},
		{FE_PES, FE_SCORE_MEAN, 7, 30, 30},          {FE_PES, FE_SCORE_MEAN, 10, 20, 60},
		{FE_PES, FE_SCORE_SUM, 10, 20, 60},          {FE_PES, FE_SCORE_FINAL, 10, 30, 30},
		{FE_PES, FE_SCORE_FINAL, 10, 20, 60},        {FE_PES, FE_SCORE_MEAN, 10, 3, 40},
		{FE_PES, FE_SCORE_SUM, 50, 2, 60},           {FE_PES, FE_SCORE_MEAN, 60, 20, 60},
		{FE_TRUNCATED_ES, FE_SCORE_MEAN, 80, 5, 40},
	};
	const double theta = 0.5;
	cr_expect(fabs(linear_gradient(FE_SCORE_MEAN, 20, 60, theta) - 62.06858) < 1e-5);
	for (size_t k = 0; k < sizeof cases / sizeof *cases && !GRADUS_SANITIZED; k++) {
		for (int problems = 1; problems < 20; problems += 18) {
			RtBench b = rt_bench(RT_JIT, 2);
			Task *task =
				rt_bench_task(&b, &rt_first_coordinate, &rt_linear_system, (FeScore){cases[k].fold, FE_SCORE_F});
			MetaEstimate how = {.kind = cases[k].kind,
			                    .window = cases[k].window,
			                    .sigma = 0.1,
			                    .particles = problems == 1 ? 256 : 64,
			                    .horizon_low = cases[k].low,
			                    .horizon_high = cases[k].high,
			                    .stagger = true};
			Mean mean = mean_estimate(&b, task, problems, how, &theta, 80, 12);
			double exact = linear_gradient(cases[k].fold, cases[k].low, cases[k].high, theta);
			const char *what =
				arena_printf(b.arena, "%s(window = %d), fold %d, horizon %d..%d, %d problems", kind_names[how.kind],
			                 how.window, cases[k].fold, how.horizon_low, how.horizon_high, problems);
			compare_means(&mean, &exact, 1, 0.03, what);
			task_free(task);
			rt_bench_free(&b);
		}
	}
}

/* On the bent bowl, with a rule whose first state is learned, too. Windows of truncated ES leave what those of
 * back-propagation leave; as runs go on from window to window, they begin at every place in one. */
static void check_noise(FeEstimator kind, FeScore score, int window, int low, int high, int problems) {
	RtBench b = rt_bench(RT_JIT, 2);
	Task *task = rt_bench_task(&b, &rt_bowl, &rt_momentum, score);
	MetaEstimate how = {.kind = kind,
	                    .window = window,
	                    .sigma = 0.01,
	                    .particles = problems == 1 ? 256 : 64,
	                    .horizon_low = low,
	                    .horizon_high = high,
	                    .stagger = true};
	Mean mean = mean_estimate(&b, task, problems, how, theta4, problems == 1 ? 63 : 90, 12);
	double exact[P] = {0}, one[P];
	for (int h = low; h <= high; h++) {
		double share = low == high ? 1 : log((h + 1.0) / h) / log((high + 1.0) / low);
		bool cut = kind == FE_TRUNCATED_ES && window < high;
		int places = cut ? window : 1;
		for (int late = 0; late < places; late++) {
			by_differences(&b, task, problems, cut ? window : 0, late, h, one);
			for (int p = 0; p < P; p++)
				exact[p] += share * one[p] / places;
		}
	}
	const char *what = arena_printf(b.arena, "%s(window = %d), fold %d, map %d, horizon %d..%d, %d problems",
	                                kind_names[kind], window, score.fold, score.map, low, high, problems);
	compare_means(&mean, exact, P, 0.05, what);
	task_free(task);
	rt_bench_free(&b);
}

Test(rt_expectations, noise_on_average, .timeout = 500) {
	for (int s = 0; s < SCORES && !GRADUS_SANITIZED; s++) {
		int problems = s % 2 == 0 ? 1 : 19;
		if (s % 4 == 0) /* of every fold one, of every map one */
			check_noise(FE_ES, scores[s], 0, 9, 9, problems);
		if (scores[s].fold == FE_SCORE_MIN) { /* no windows */
			check_noise(FE_PES, scores[s], 12, 5, 12, problems);
			continue;
		}
		check_noise(FE_PES, scores[s], 4, 5, 12, problems);
		check_noise(FE_TRUNCATED_ES, scores[s], 4, 9, 9, problems);
	}
}

/* ---- ages ---- */

/* A run of 6 windows whose last step alone is scored: were all particles of one age, five of six windows would show no
 * difference at all. */
Test(rt_expectations, few_problems_have_all_ages) {
	for (int problems = 1; problems < 20; problems += 6) {
		RtBench b = rt_bench(RT_JIT, 1);
		Task *task = rt_bench_task(&b, &rt_bowl, &rt_momentum, (FeScore){FE_SCORE_FINAL, FE_SCORE_F});
		MetaEstimate how = {.kind = FE_PES,
		                    .window = 2,
		                    .sigma = 0.05,
		                    .particles = 16,
		                    .horizon_low = 12,
		                    .horizon_high = 12,
		                    .stagger = true};
		MetaEstimator *e = meta_estimator_new(b.rt, &task, 1, &problems, &how, 3);
		int empty = 0;
		for (int step = 0; step < 18; step++) {
			double gradient[P];
			MetaStats stats;
			cr_assert(meta_estimate(e, theta4, step, gradient, &stats));
			empty += step >= 6 && gradient[0] == 0;
		}
		cr_expect(empty == 0, "%d problems: %d of 12 windows are empty", problems, empty);
		meta_estimator_free(e);
		task_free(task);
		rt_bench_free(&b);
	}
}
