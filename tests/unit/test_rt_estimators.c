/* The meta-gradient estimators against each other, against differences of the score, and against what the PES paper
 * publishes (Vicol, Metz, Sohl-Dickstein 2021). */
#include "rt_helpers.h"

#include <stdlib.h>

/* The JIT where there is one; GRADUS_TEST_ENGINE=evaluator runs the same tests by the oracle. */
static RtEngine engine(void) {
	const char *name = getenv("GRADUS_TEST_ENGINE");
	return name && strcmp(name, "evaluator") == 0 ? RT_EVALUATOR : RT_JIT;
}

/* Enough for the slow engine to show something in a test's time. */
static int iterations(int many, int few) {
	return engine() == RT_JIT && !GRADUS_SANITIZED ? many : few;
}

static const RtScore scores[] = {
	{FE_SCORE_MEAN, FE_SCORE_F},     {FE_SCORE_SUM, FE_SCORE_LOG_F}, {FE_SCORE_FINAL, FE_SCORE_F},
	{FE_SCORE_MIN, FE_SCORE_F},      {FE_SCORE_FINAL, FE_SCORE_RELATIVE}, {FE_SCORE_MEAN, FE_SCORE_RELATIVE},
};
enum { SCORES = sizeof scores / sizeof *scores };

static const double theta4[] = {-0.3, 0.4, 0.2, 0.05};

static void estimate(RtBench *b, RtTask *task, int problems, RtEstimate how, const double *theta, double *gradient, RtStats *stats) {
	RtEstimator *e = rt_estimator_new(b->rt, &task, 1, &problems, &how, 3);
	rt_bench_check(b);
	cr_assert(rt_estimate(e, theta, 0, gradient, stats));
	rt_estimator_free(e);
}

static double mean_score(RtBench *b, RtTask *task, RtProblems *problems, const double *theta, int steps) {
	RtRuns runs;
	cr_assert(rt_run(task, problems, NULL, theta, steps, false, b->arena, &runs));
	double sum = 0;
	for (int i = 0; i < runs.problems; i++) {
		sum += runs.score[i];
	}
	return sum / runs.problems;
}

Test(rt_estimators, whole_backprop_is_forward_is_differences) {
	enum { T = 12, N = 19, P = 4 };
	for (int s = 0; s < SCORES; s++) {
		RtBench b = rt_bench(engine(), 2);
		RtTask *task = rt_bench_task(&b, &rt_bowl, &rt_momentum, scores[s]);
		RtEstimate how = {.kind = FE_BACKPROP, .horizon_low = T, .horizon_high = T};
		double whole[P], window[P], forward[P], differences[P];
		RtStats stats;
		estimate(&b, task, N, how, theta4, whole, &stats);
		cr_assert(stats.pieces == N && stats.nonfinite == 0);
		RtProblems *problems = rt_problems_new(task, b.rt->options.seed, RT_TRAIN, N, false);
		double score = mean_score(&b, task, problems, theta4, T);
		cr_expect(fabs(score - stats.score) <= 1e-12 * fabs(score), "score %d: %.17g %.17g", s, score, stats.score);
		for (int p = 0; p < P; p++) {
			double theta[P], h = 1e-5;
			memcpy(theta, theta4, sizeof theta);
			theta[p] += h;
			double up = mean_score(&b, task, problems, theta, T);
			theta[p] -= 2 * h;
			differences[p] = (up - mean_score(&b, task, problems, theta, T)) / (2 * h);
		}
		cr_expect(rt_bench_distance(whole, differences, P) < 1e-6, "score %d: %g", s, rt_bench_distance(whole, differences, P));
		how.window = T;
		estimate(&b, task, N, how, theta4, window, &stats);
		cr_expect(rt_bench_distance(whole, window, P) == 0, "score %d", s);
		how.kind = FE_FORWARD;
		estimate(&b, task, N, how, theta4, forward, &stats);
		cr_expect(rt_bench_distance(whole, forward, P) < 1e-12, "score %d: %g", s, rt_bench_distance(whole, forward, P));
		rt_problems_free(problems);
		rt_task_free(task);
		rt_bench_free(&b);
	}
}

/* Windows by hand: the gradient of every window's share with the state at its start held fixed, by differences. */
Test(rt_estimators, windows_cut_the_state) {
	enum { T = 11, K = 4, P = 4 };
	RtScore score = {FE_SCORE_SUM, FE_SCORE_F};
	RtBench b = rt_bench(engine(), 1);
	RtTask *task = rt_bench_task(&b, &rt_bowl, &rt_momentum, score);
	RtEstimate how = {.kind = FE_BACKPROP, .window = K, .horizon_low = T, .horizon_high = T};
	double windows[P], expected[P] = {0};
	RtStats stats;
	estimate(&b, task, 1, how, theta4, windows, &stats);
	RtProblems *problems = rt_problems_new(task, b.rt->options.seed, RT_TRAIN, 1, true);
	cr_assert(rt_need_forward(task, T, RT_SHARED));
	void *scratch = rt_aligned(b.arena, rt_forward_arena(task, RT_SHARED));
	for (int p = 0; p < P; p++) {
		RtState carried = rt_state_new(task, b.arena), moved = rt_state_new(task, b.arena);
		double theta[P], unused[IR_LANES] = {0};
		RtArgs args = {NULL, theta4, RT_SHARED};
		cr_assert(rt_begin(task, &problems->blocks[0], &args, &carried, scratch) == 0);
		for (int t = 0; t < T; t += K) {
			double sides[2];
			int turns = T - t < K ? T - t : K;
			for (int side = 0; side < 2; side++) {
				double sum[IR_LANES] = {0};
				memcpy(theta, theta4, sizeof theta);
				theta[p] += side == 0 ? 1e-5 : -1e-5;
				RtArgs bent = {NULL, theta, RT_SHARED};
				if (t == 0) { /* the first window owns what `init` does */
					cr_assert(rt_begin(task, &problems->blocks[0], &bent, &moved, scratch) == 0);
				} else {
					rt_state_copy(task, &moved, &carried);
				}
				rt_advance(task, &problems->blocks[0], &bent, &moved, t, turns, T, sum, NULL, scratch);
				sides[side] = sum[0];
			}
			expected[p] += (sides[0] - sides[1]) / 2e-5;
			rt_advance(task, &problems->blocks[0], &args, &carried, t, turns, T, unused, NULL, scratch);
		}
	}
	cr_expect(rt_bench_distance(windows, expected, P) < 1e-6, "%g", rt_bench_distance(windows, expected, P));
	rt_problems_free(problems);
	rt_task_free(task);
	rt_bench_free(&b);
}

Test(rt_estimators, pes_of_one_window_is_es) {
	enum { T = 9, P = 4 };
	for (int problems = 1; problems < 40; problems += 18) { /* lanes are particles, then problems */
		RtBench b = rt_bench(engine(), 2);
		RtTask *task = rt_bench_task(&b, &rt_bowl, &rt_momentum, scores[0]);
		RtEstimate how = {.kind = FE_ES, .sigma = 0.1, .particles = 5, .horizon_low = T, .horizon_high = T, .stagger = true};
		double es[P], pes[P];
		RtStats stats;
		estimate(&b, task, problems, how, theta4, es, &stats);
		how.kind = FE_PES;
		how.window = T;
		estimate(&b, task, problems, how, theta4, pes, &stats);
		cr_expect(memcmp(es, pes, sizeof es) == 0, "%d problems", problems);
		cr_expect(isfinite(es[0]) && es[0] != 0);
		rt_task_free(task);
		rt_bench_free(&b);
	}
}

/* Many particles: ES agrees with back-propagation up to its noise, and PES with ES. */
Test(rt_estimators, es_estimates_the_gradient) {
	enum { T = 9, P = 4 };
	RtBench b = rt_bench(engine(), 2);
	RtTask *task = rt_bench_task(&b, &rt_bowl, &rt_momentum, scores[0]);
	RtEstimate how = {.kind = FE_BACKPROP, .horizon_low = T, .horizon_high = T};
	double exact[P], es[P];
	RtStats stats;
	estimate(&b, task, 1, how, theta4, exact, &stats);
	how = (RtEstimate){.kind = FE_ES, .sigma = 0.01, .particles = iterations(20000, 800), .horizon_low = T, .horizon_high = T};
	estimate(&b, task, 1, how, theta4, es, &stats);
	cr_expect(rt_bench_distance(exact, es, P) < iterations(5, 20) * 0.01, "%g", rt_bench_distance(exact, es, P));
	rt_task_free(task);
	rt_bench_free(&b);
}

Test(rt_estimators, same_bits_on_any_number_of_threads) {
	enum { T = 10, P = 4 };
	const RtEstimate kinds[] = {
		{.kind = FE_BACKPROP, .window = 4, .horizon_low = T, .horizon_high = T},
		{.kind = FE_FORWARD, .horizon_low = T, .horizon_high = T},
		{.kind = FE_PES, .window = 3, .sigma = 0.1, .particles = 7, .horizon_low = 4, .horizon_high = T, .stagger = true},
		{.kind = FE_TRUNCATED_ES, .window = 3, .sigma = 0.1, .particles = 7, .horizon_low = T, .horizon_high = T},
	};
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		for (int problems = 3; problems < 60; problems += 50) {
			double gradients[2][4][P];
			for (int threads = 1; threads <= 2; threads++) {
				RtBench b = rt_bench(engine(), threads);
				RtTask *task = rt_bench_task(&b, &rt_bowl, &rt_momentum, scores[0]);
				RtEstimator *e = rt_estimator_new(b.rt, &task, 1, &problems, &kinds[k], 3);
				for (int step = 0; step < 4; step++) {
					RtStats stats;
					cr_assert(rt_estimate(e, theta4, step, gradients[threads - 1][step], &stats));
					cr_assert(stats.nonfinite == 0 && isfinite(stats.score));
				}
				rt_estimator_free(e);
				rt_task_free(task);
				rt_bench_free(&b);
			}
			cr_expect(memcmp(gradients[0], gradients[1], sizeof gradients[0]) == 0, "kind %zu", k);
		}
	}
}

Test(rt_estimators, broken_runs_are_dropped_and_counted) {
	enum { T = 40, N = 20, P = 4 };
	RtBench b = rt_bench(engine(), 1);
	RtTask *task = rt_bench_task(&b, &rt_bowl, &rt_momentum, scores[0]);
	const double wild[] = {22, 4, 0.2, 0}; /* some matrices are so small that even this rate stays finite */
	RtEstimate how = {.kind = FE_BACKPROP, .horizon_low = T, .horizon_high = T};
	double gradient[P];
	RtStats stats;
	estimate(&b, task, N, how, wild, gradient, &stats);
	cr_expect(stats.nonfinite > 0 && stats.nonfinite < N && stats.pieces == N, "%lld", (long long)stats.nonfinite);
	for (int p = 0; p < P; p++) {
		cr_expect(isfinite(gradient[p]));
	}
	rt_task_free(task);
	rt_bench_free(&b);
}

/* Plain descent on theta with the estimator's gradient; returns the last score. */
static double influence(FeEstimator kind, int steps, double *theta) {
	RtBench b = rt_bench(engine(), 2);
	RtTask *task = rt_bench_task(&b, &rt_first_coordinate, &rt_linear_system, scores[0]);
	/* No restarts: one run that is as long as the training. */
	RtEstimate how = {.kind = kind, .window = 1, .sigma = 0.1, .particles = 1000, .horizon_low = steps + 1, .horizon_high = steps + 1};
	int problems = 1;
	RtEstimator *e = rt_estimator_new(b.rt, &task, 1, &problems, &how, 0);
	rt_bench_check(&b);
	*theta = 0.5;
	for (int step = 0; step < steps; step++) {
		double gradient;
		RtStats stats;
		cr_assert(rt_estimate(e, theta, step, &gradient, &stats));
		*theta -= 1e-4 * gradient;
	}
	/* The loss where theta leads: the state's fixed point, here after 400 steps without noise. */
	RtProblems *one = rt_problems_new(task, 0, 0, 1, false);
	RtRuns runs;
	cr_assert(rt_run(task, one, NULL, theta, 400, false, b.arena, &runs));
	double loss = runs.f[400];
	rt_problems_free(one);
	rt_estimator_free(e);
	rt_task_free(task);
	rt_bench_free(&b);
	return loss;
}

/* Check 1 of the reference: PES balances the influences, truncated ES runs the wrong way. */
Test(rt_estimators, influence_balancing, .timeout = 500) {
	int steps = iterations(3000, 0);
	if (steps == 0) {
		return;
	}
	double theta;
	double loss = influence(FE_PES, steps, &theta);
	cr_expect(fabs(theta + 1.0 / 6) < 1e-6 && loss < 1e-10, "PES: theta %.9g, loss %g", theta, loss);
	double wrong = influence(FE_TRUNCATED_ES, steps, &theta);
	cr_expect(theta > 0.5 && wrong > 8, "truncated ES: theta %g, loss %g", theta, wrong);
}

/* Check 2: the score at the start is exact; its gradients agree. */
Test(rt_estimators, toy_schedule_at_the_start) {
	RtBench b = rt_bench(engine(), 2);
	RtTask *task = rt_bench_task(&b, &rt_toy, &rt_linear_rate, scores[0]);
	task->score = (RtScore){FE_SCORE_SUM, FE_SCORE_F};
	RtProblems *problems = rt_problems_new(task, 0, 0, 1, false);
	const double theta[] = {-4, -4};
	double score = mean_score(&b, task, problems, theta, 100);
	cr_expect(fabs(score - 2487.77) < 0.005, "%.17g", score);
	rt_problems_free(problems);
	rt_task_free(task);
	rt_bench_free(&b);
}
