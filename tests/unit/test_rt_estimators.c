/* The meta-gradient estimators against each other, against differences of the score, and against what the PES paper
 * publishes (Vicol, Metz, Sohl-Dickstein 2021). */
#include "rt_tasks.h"
#include "runtime/meta/meta.h"

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

static const FeScore scores[] = {
	{FE_SCORE_MEAN, FE_SCORE_F}, {FE_SCORE_SUM, FE_SCORE_LOG_F},      {FE_SCORE_FINAL, FE_SCORE_F},
	{FE_SCORE_MIN, FE_SCORE_F},  {FE_SCORE_FINAL, FE_SCORE_RELATIVE}, {FE_SCORE_MEAN, FE_SCORE_RELATIVE},
};
enum { SCORES = sizeof scores / sizeof *scores };

static const double theta4[] = {-0.3, 0.4, 0.2, 0.05};

static void estimate(RtBench *b, Task *task, int problems, MetaEstimate how, const double *theta, double *gradient,
                     MetaStats *stats) {
	MetaEstimator *e = meta_estimator_new(b->rt, &task, 1, &problems, &how, 3);
	rt_bench_check(b);
	cr_assert(meta_estimate(e, theta, 0, gradient, stats));
	meta_estimator_free(e);
}

static double mean_score(RtBench *b, Task *task, Problems *problems, const double *theta, int steps) {
	Runs runs;
	cr_assert(run_problems(task, problems, NULL, theta, steps, false, b->arena, &runs));
	double sum = 0;
	for (int i = 0; i < runs.problems; i++)
		sum += runs.score[i];
	return sum / runs.problems;
}

Test(rt_estimators, whole_backprop_is_forward_is_differences) {
	enum { T = 12, N = 19, P = 4 };
	for (int s = 0; s < SCORES; s++) {
		RtBench b = rt_bench(engine(), 2);
		Task *task = rt_bench_task(&b, &rt_bowl, &rt_momentum, scores[s]);
		MetaEstimate how = {.kind = FE_BACKPROP, .horizon_low = T, .horizon_high = T};
		double whole[P], window[P], forward[P], differences[P];
		MetaStats stats;
		estimate(&b, task, N, how, theta4, whole, &stats);
		cr_assert(stats.pieces == N && stats.nonfinite == 0);
		Problems *problems = problems_new(task, b.rt->options.seed, PROBLEMS_TRAIN, N, false);
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
		cr_expect(rt_bench_distance(whole, differences, P) < 1e-6, "score %d: %g", s,
		          rt_bench_distance(whole, differences, P));
		how.window = T;
		estimate(&b, task, N, how, theta4, window, &stats);
		cr_expect(rt_bench_distance(whole, window, P) == 0, "score %d", s);
		how.kind = FE_FORWARD;
		estimate(&b, task, N, how, theta4, forward, &stats);
		cr_expect(rt_bench_distance(whole, forward, P) < 1e-12, "score %d: %g", s,
		          rt_bench_distance(whole, forward, P));
		problems_free(problems);
		task_free(task);
		rt_bench_free(&b);
	}
}

/* Windows by hand: the gradient of every window's share with the state at its start held fixed, by differences. */
Test(rt_estimators, windows_cut_the_state) {
	enum { T = 11, K = 4, P = 4 };
	FeScore score = {FE_SCORE_SUM, FE_SCORE_F};
	RtBench b = rt_bench(engine(), 1);
	Task *task = rt_bench_task(&b, &rt_bowl, &rt_momentum, score);
	MetaEstimate how = {.kind = FE_BACKPROP, .window = K, .horizon_low = T, .horizon_high = T};
	double windows[P], expected[P] = {0};
	MetaStats stats;
	estimate(&b, task, 1, how, theta4, windows, &stats);
	Problems *problems = problems_new(task, b.rt->options.seed, PROBLEMS_TRAIN, 1, true);
	cr_assert(task_need_forward(task, T, TASK_SHARED));
	void *scratch = rt_aligned(b.arena, run_arena_bytes(task, TASK_SHARED));
	for (int p = 0; p < P; p++) {
		RunState carried = run_state_new(task, b.arena), moved = run_state_new(task, b.arena);
		double theta[P], unused[IR_LANES] = {0};
		RunArgs args = {.theta = theta4, .variant = TASK_SHARED};
		cr_assert(run_begin(task, &problems->blocks[0], &args, &carried, scratch) == 0);
		for (int t = 0; t < T; t += K) {
			double sides[2];
			int turns = T - t < K ? T - t : K;
			for (int side = 0; side < 2; side++) {
				double sum[IR_LANES] = {0};
				memcpy(theta, theta4, sizeof theta);
				theta[p] += side == 0 ? 1e-5 : -1e-5;
				RunArgs bent = {.theta = theta, .variant = TASK_SHARED};
				if (t == 0) /* the first window owns what `init` does */
					cr_assert(run_begin(task, &problems->blocks[0], &bent, &moved, scratch) == 0);
				else
					run_state_copy(task, &moved, &carried);
				run_advance(task, &problems->blocks[0], &bent, &moved, t, turns, T, sum, NULL, scratch);
				sides[side] = sum[0];
			}
			expected[p] += (sides[0] - sides[1]) / 2e-5;
			run_advance(task, &problems->blocks[0], &args, &carried, t, turns, T, unused, NULL, scratch);
		}
	}
	cr_expect(rt_bench_distance(windows, expected, P) < 1e-6, "%g", rt_bench_distance(windows, expected, P));
	problems_free(problems);
	task_free(task);
	rt_bench_free(&b);
}

Test(rt_estimators, pes_of_one_window_is_es) {
	enum { T = 9, P = 4 };
	for (int problems = 1; problems < 40; problems += 18) { /* lanes are particles, then problems */
		RtBench b = rt_bench(engine(), 2);
		Task *task = rt_bench_task(&b, &rt_bowl, &rt_momentum, scores[0]);
		MetaEstimate how = {
			.kind = FE_ES, .sigma = 0.1, .particles = 5, .horizon_low = T, .horizon_high = T, .stagger = true};
		double es[P], pes[P];
		MetaStats stats;
		estimate(&b, task, problems, how, theta4, es, &stats);
		how.kind = FE_PES;
		how.window = T;
		estimate(&b, task, problems, how, theta4, pes, &stats);
		cr_expect(memcmp(es, pes, sizeof es) == 0, "%d problems", problems);
		cr_expect(isfinite(es[0]) && es[0] != 0);
		task_free(task);
		rt_bench_free(&b);
	}
}

/* Many particles: ES agrees with back-propagation up to its noise, and PES with ES. */
Test(rt_estimators, es_estimates_the_gradient) {
	enum { T = 9, P = 4 };
	RtBench b = rt_bench(engine(), 2);
	Task *task = rt_bench_task(&b, &rt_bowl, &rt_momentum, scores[0]);
	MetaEstimate how = {.kind = FE_BACKPROP, .horizon_low = T, .horizon_high = T};
	double exact[P], es[P];
	MetaStats stats;
	estimate(&b, task, 1, how, theta4, exact, &stats);
	how = (MetaEstimate){
		.kind = FE_ES, .sigma = 0.01, .particles = iterations(20000, 800), .horizon_low = T, .horizon_high = T};
	estimate(&b, task, 1, how, theta4, es, &stats);
	cr_expect(rt_bench_distance(exact, es, P) < iterations(5, 20) * 0.01, "%g", rt_bench_distance(exact, es, P));
	task_free(task);
	rt_bench_free(&b);
}

Test(rt_estimators, same_bits_on_any_number_of_threads) {
	enum { T = 10, P = 4 };
	const MetaEstimate kinds[] = {
		{.kind = FE_BACKPROP, .window = 4, .horizon_low = T, .horizon_high = T},
		{.kind = FE_FORWARD, .horizon_low = T, .horizon_high = T},
		{.kind = FE_PES,
	     .window = 3,
	     .sigma = 0.1,
	     .particles = 7,
	     .horizon_low = 4,
	     .horizon_high = T,
	     .stagger = true},
		{.kind = FE_TRUNCATED_ES, .window = 3, .sigma = 0.1, .particles = 7, .horizon_low = T, .horizon_high = T},
	};
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		for (int problems = 3; problems < 60; problems += 50) {
			double gradients[2][4][P];
			for (int threads = 1; threads <= 2; threads++) {
				RtBench b = rt_bench(engine(), threads);
				Task *task = rt_bench_task(&b, &rt_bowl, &rt_momentum, scores[0]);
				MetaEstimator *e = meta_estimator_new(b.rt, &task, 1, &problems, &kinds[k], 3);
				for (int step = 0; step < 4; step++) {
					MetaStats stats;
					cr_assert(meta_estimate(e, theta4, step, gradients[threads - 1][step], &stats));
					cr_assert(stats.nonfinite == 0 && isfinite(stats.score));
				}
				meta_estimator_free(e);
				task_free(task);
				rt_bench_free(&b);
			}
			cr_expect(memcmp(gradients[0], gradients[1], sizeof gradients[0]) == 0, "kind %zu", k);
		}
	}
}

Test(rt_estimators, broken_runs_are_dropped_and_counted) {
	enum { T = 40, N = 20, P = 4 };
	RtBench b = rt_bench(engine(), 1);
	Task *task = rt_bench_task(&b, &rt_bowl, &rt_momentum, scores[0]);
	const double wild[] = {22, 4, 0.2, 0}; /* some matrices are so small that even this rate stays finite */
	MetaEstimate how = {.kind = FE_BACKPROP, .horizon_low = T, .horizon_high = T};
	double gradient[P];
	MetaStats stats;
	estimate(&b, task, N, how, wild, gradient, &stats);
	cr_expect(stats.nonfinite > 0 && stats.nonfinite < N && stats.pieces == N, "%lld", (long long)stats.nonfinite);
	for (int p = 0; p < P; p++)
		cr_expect(isfinite(gradient[p]));
	task_free(task);
	rt_bench_free(&b);
}

/* Summed over the windows of one run, PES estimates what full ES does: the difference of two means lies within a few of
 * their standard errors, which are taken over independent repetitions. */
Test(rt_estimators, pes_agrees_with_es) {
	enum { P = 2, REPEATS = 40, WINDOWS = 10 };
	RtBench b = rt_bench(engine(), 2);
	Task *task = rt_bench_task(&b, &rt_toy, &rt_geometric_rate, (FeScore){FE_SCORE_SUM, FE_SCORE_F});
	const double theta[P] = {1, 0};
	double mean[2][P] = {{0}}, square[2][P] = {{0}};
	for (int kind = 0; kind < 2; kind++) {
		for (int r = 0; r < REPEATS; r++) {
			MetaEstimate how = {.kind = kind == 0 ? FE_ES : FE_PES,
			                    .window = 10,
			                    .sigma = 0.1,
			                    .particles = 64,
			                    .horizon_low = 100,
			                    .horizon_high = 100};
			int problems = 1;
			MetaEstimator *e = meta_estimator_new(b.rt, &task, 1, &problems, &how, (uint64_t)(1000 * kind + r));
			double sum[P] = {0}, gradient[P];
			int windows = kind == 0 ? 1 : WINDOWS;
			for (int step = 0; step < windows; step++) {
				MetaStats stats;
				cr_assert(meta_estimate(e, theta, step, gradient, &stats));
				for (int p = 0; p < P; p++)
					sum[p] += gradient[p] / windows;
			}
			for (int p = 0; p < P; p++) {
				mean[kind][p] += sum[p] / (int)REPEATS;
				square[kind][p] += sum[p] * sum[p] / (int)REPEATS;
			}
			meta_estimator_free(e);
		}
	}
	for (int p = 0; p < P; p++) {
		double error = 0;
		for (int kind = 0; kind < 2; kind++)
			error += (square[kind][p] - mean[kind][p] * mean[kind][p]) / (REPEATS - 1);
		double off = fabs(mean[0][p] - mean[1][p]) / sqrt(error);
		cr_expect(off < 4, "%d: ES %g, PES %g: %g standard errors", p, mean[0][p], mean[1][p], off);
		cr_expect(fabs(mean[0][p]) > 3 * sqrt(error), "%d: all noise", p);
	}
	task_free(task);
	rt_bench_free(&b);
}

/* A horizon that is drawn anew for every step gives what code for that very horizon gives. */
Test(rt_estimators, drawn_horizons) {
	enum { LOW = 3, HIGH = 14, N = 4, P = 4 };
	const FeEstimator kinds[] = {FE_BACKPROP, FE_BACKPROP, FE_FORWARD};
	const int windows[] = {0, 5, 0};
	for (int k = 0; k < 3; k++) {
		RtBench b = rt_bench(engine(), 1);
		Task *task = rt_bench_task(&b, &rt_bowl, &rt_momentum, scores[2]);
		MetaEstimate how = {.kind = kinds[k], .window = windows[k], .horizon_low = LOW, .horizon_high = HIGH};
		int problems = N, lengths = 0;
		MetaEstimator *e = meta_estimator_new(b.rt, &task, 1, &problems, &how, 3);
		double drawn[6][P], fixed[P];
		int horizons[6];
		for (int step = 0; step < 6; step++) {
			MetaStats stats;
			cr_assert(meta_estimate(e, theta4, step, drawn[step], &stats));
			horizons[step] = (int)(stats.evaluations / (N * (kinds[k] == FE_FORWARD ? P : 1))) - 1;
			cr_assert(horizons[step] >= LOW && horizons[step] <= HIGH);
			lengths |= 1 << horizons[step];
		}
		cr_expect((lengths & (lengths - 1)) != 0, "always the same horizon");
		for (int step = 0; step < 6; step++) {
			MetaStats stats;
			how.horizon_low = how.horizon_high = horizons[step];
			estimate(&b, task, N, how, theta4, fixed, &stats);
			double off = rt_bench_distance(drawn[step], fixed, P);
			cr_expect(off < 1e-12, "kind %d, horizon %d: %g", k, horizons[step], off);
		}
		meta_estimator_free(e);
		task_free(task);
		rt_bench_free(&b);
	}
}

/* A limit for one problem: the mean of gradients that were each cut to it. */
Test(rt_estimators, one_problem_is_cut_to_its_limit) {
	enum { T = 8, N = 5, P = 4 };
	RtBench b = rt_bench(engine(), 1);
	Task *task = rt_bench_task(&b, &rt_bowl, &rt_momentum, scores[0]);
	MetaEstimate how = {.kind = FE_BACKPROP, .horizon_low = T, .horizon_high = T};
	double own[N][P], norms[N], before[P] = {0}, expected[P] = {0}, cut[P], least = (double)INFINITY, most = 0;
	MetaStats stats;
	for (int n = 0; n < N; n++) { /* from the means over the first 1, 2, ... problems */
		double mean[P], square = 0;
		estimate(&b, task, n + 1, how, theta4, mean, &stats);
		cr_expect(stats.clipped == 0);
		for (int p = 0; p < P; p++) {
			own[n][p] = mean[p] * (n + 1) - before[p];
			before[p] += own[n][p];
			square += own[n][p] * own[n][p];
		}
		norms[n] = sqrt(square);
		least = fmin(least, norms[n]);
		most = fmax(most, norms[n]);
	}
	how.clip = 0.5 * (least + most);
	for (int n = 0; n < N; n++)
		for (int p = 0; p < P; p++)
			expected[p] += own[n][p] * fmin(1, how.clip / norms[n]) / (int)N;
	estimate(&b, task, N, how, theta4, cut, &stats);
	cr_expect(stats.clipped > 0 && stats.clipped < N);
	cr_expect(rt_bench_distance(expected, cut, P) < 1e-12, "%g", rt_bench_distance(expected, cut, P));
	task_free(task);
	rt_bench_free(&b);
}

/* Plain descent on theta with the estimator's gradient; returns the last score. */
static double influence(FeEstimator kind, int steps, double *theta) {
	RtBench b = rt_bench(engine(), 2);
	Task *task = rt_bench_task(&b, &rt_first_coordinate, &rt_linear_system, scores[0]);
	/* No restarts: one run that is as long as the training. */
	MetaEstimate how = {.kind = kind,
	                    .window = 1,
	                    .sigma = 0.1,
	                    .particles = 1000,
	                    .horizon_low = steps + 1,
	                    .horizon_high = steps + 1};
	int problems = 1;
	MetaEstimator *e = meta_estimator_new(b.rt, &task, 1, &problems, &how, 0);
	rt_bench_check(&b);
	*theta = 0.5;
	for (int step = 0; step < steps; step++) {
		double gradient;
		MetaStats stats;
		cr_assert(meta_estimate(e, theta, step, &gradient, &stats));
		*theta -= 1e-4 * gradient;
	}
	/* The loss where theta leads: the state's fixed point, here after 400 steps without noise. */
	Problems *one = problems_new(task, 0, 0, 1, false);
	Runs runs;
	cr_assert(run_problems(task, one, NULL, theta, 400, false, b.arena, &runs));
	double loss = runs.f[400];
	problems_free(one);
	meta_estimator_free(e);
	task_free(task);
	rt_bench_free(&b);
	return loss;
}

/* Check 1 of the reference: PES balances the influences, truncated ES runs the wrong way. */
Test(rt_estimators, influence_balancing, .timeout = 500) {
	int steps = iterations(3000, 0);
	if (steps == 0)
		return;
	double theta;
	double loss = influence(FE_PES, steps, &theta);
	cr_expect(fabs(theta + 1.0 / 6) < 1e-8 && loss < 1e-15, "PES: theta %.9g, loss %g", theta, loss);
	double wrong = influence(FE_TRUNCATED_ES, steps, &theta);
	cr_expect(theta > 0.5 && wrong > 200, "truncated ES: theta %g, loss %g", theta, wrong);
}

/* Adam at 1e-2 on theta with the estimator's gradient; returns the score of a run without noise at the end. */
static double toy_schedule(FeEstimator kind, const RuleText *rule, int steps) {
	RtBench b = rt_bench(engine(), 2);
	Task *task = rt_bench_task(&b, &rt_toy, rule, (FeScore){FE_SCORE_SUM, FE_SCORE_F});
	MetaEstimate how = {.kind = kind,
	                    .window = 10,
	                    .sigma = 0.3,
	                    .particles = 100,
	                    .horizon_low = 100,
	                    .horizon_high = 100,
	                    .stagger = true};
	int problems = 1;
	MetaEstimator *e = meta_estimator_new(b.rt, &task, 1, &problems, &how, 1);
	rt_bench_check(&b);
	double theta[2] = {-4, -4}, m[2] = {0}, v[2] = {0};
	for (int step = 1; step <= steps; step++) {
		double gradient[2];
		MetaStats stats;
		cr_assert(meta_estimate(e, theta, step - 1, gradient, &stats));
		for (int p = 0; p < 2; p++) {
			m[p] = 0.9 * m[p] + 0.1 * gradient[p];
			v[p] = 0.999 * v[p] + 0.001 * gradient[p] * gradient[p];
			theta[p] -= 1e-2 * (m[p] / (1 - pow(0.9, step))) / (sqrt(v[p] / (1 - pow(0.999, step))) + 1e-8);
		}
	}
	Problems *one = problems_new(task, 0, 0, 1, false);
	double score = mean_score(&b, task, one, theta, 100);
	problems_free(one);
	meta_estimator_free(e);
	task_free(task);
	rt_bench_free(&b);
	return score;
}

/* Check 2: PES learns the schedule, truncated ES stays several times higher. The published figures (357 to 423 after 1,000
 * steps, 307 to 357 after 5,000) are those of a rate whose logarithm goes in a line; for a rate that goes in a line itself no schedule scores
 * below 557 (a grid search over both ends). */
Test(rt_estimators, toy_schedule, .timeout = 500) {
	int steps = iterations(1000, 0);
	if (steps == 0)
		return;
	double pes = toy_schedule(FE_PES, &rt_geometric_rate, steps);
	double truncated = toy_schedule(FE_TRUNCATED_ES, &rt_geometric_rate, steps);
	cr_expect(pes > 357 && pes < 423, "PES: %g", pes);
	double longer = toy_schedule(FE_PES, &rt_geometric_rate, 5 * steps);
	cr_expect(longer < 357, "PES, 5 times as long: %g", longer);
	cr_expect(truncated > 3 * pes, "truncated ES: %g", truncated);
	pes = toy_schedule(FE_PES, &rt_linear_rate, steps);
	cr_expect(pes > 557 && pes < 590, "PES, linear: %g", pes);
	truncated = toy_schedule(FE_TRUNCATED_ES, &rt_linear_rate, steps);
	cr_expect(truncated > 3 * pes, "truncated ES, linear: %g", truncated);
}

/* ... and the score at the start is exact. */
Test(rt_estimators, toy_schedule_at_the_start) {
	RtBench b = rt_bench(engine(), 2);
	Task *task = rt_bench_task(&b, &rt_toy, &rt_linear_rate, scores[0]);
	task->score = (FeScore){FE_SCORE_SUM, FE_SCORE_F};
	Problems *problems = problems_new(task, 0, 0, 1, false);
	const double theta[] = {-4, -4};
	double score = mean_score(&b, task, problems, theta, 100);
	cr_expect(fabs(score - 2487.77) < 0.005, "%.17g", score);
	problems_free(problems);
	task_free(task);
	rt_bench_free(&b);
}
