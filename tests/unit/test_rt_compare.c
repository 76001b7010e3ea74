/* Tuning and statistics. */
#include "rt_tasks.h"
#include "runtime/compare/compare.h"
#include "runtime/meta/meta.h"

#include <stdlib.h>

static RtEngine engine(void) {
	const char *name = getenv("GRADUS_TEST_ENGINE");
	return name && strcmp(name, "evaluator") == 0 ? RT_EVALUATOR : RT_JIT;
}

/* f(x) = s x^2 / 2 with s = 100: the best rate of descent for one step is exactly 1 / s. */
static const ObjectiveText parabola = {
	"func @setup(%seed: int[], %instance: int[]) -> () {\n  return\n}\n",
	"func @start(%seed: int[], %instance: int[]) -> (: f64[1]) {\n"
	"  %1[1] = for i:1 { add(1, random_uniform(%seed[], 1 int, %instance[], 0 int)) } -> [i]\n  return %1\n}\n",
	"func @value(%x[1]) -> (: f64[]) {\n  %1[] = for { mul(50, mul(%x[0], %x[0])) } -> []\n  return %1\n}\n", 1};

static const RuleText descent = {"func @init(%x[1], %lr[]) -> () {\n  return\n}\n",
                                 "func @step(%x[1], %g[1], %f[], %t: int[], %horizon: int[], %lr[]) -> (: f64[1]) {\n"
                                 "  %1[1] = for i:1 { sub(%x[i], mul(%lr[], %g[i])) } -> [i]\n  return %1\n}\n",
                                 0,
                                 true,
                                 1,
                                 {0.5}};

/* Range of the rate, and what tuning must find in it. */
typedef struct Search {
	bool has_range;
	double low, high, best;
	bool edge;
	int widened;
} Search;

static const Search searches[] = {
	{false, 0, 0, 0.01, false, 0},
	{true, 1e-6, 1, 0.01, false, 0},
	{true, 1e-6, 0.009, 0.00464, true, 0},
	{true, 0.05, 1, 0.1, true, 0},
	{true, 0, (double)INFINITY, 0.01, false, 0},
};

/* What is told while tuning goes on: the points of the grid, one after another. */
typedef struct Told {
	int points, compiled, strange;
} Told;

static void count_told(void *user, const char *doing) {
	Told *told = user;
	int point = 0, all = 0;
	const char *at = strstr(doing, ": grid point");
	if (strncmp(doing, "compiling ", 10) == 0)
		told->compiled++;
	else if (sscanf(at ? at : "", ": grid point %d of %d", &point, &all) == 2 && point == told->points + 1 &&
	         point <= all)
		told->points++;
	else
		told->strange++;
}

Test(compare_rules, tuning_finds_the_best_rate) {
	for (size_t k = 0; k < sizeof searches / sizeof *searches; k++) {
		const Search *search = &searches[k];
		FeScore score = {FE_SCORE_FINAL, FE_SCORE_F};
		RtBench b = rt_bench(engine(), 2);
		Task *task = rt_bench_task(&b, &parabola, &descent, score);
		FeHyper *hyper = &task->rule->hypers.data[0];
		hyper->has_range = search->has_range;
		hyper->low = search->low;
		hyper->high = search->high;
		Problems *problems = problems_new(task, 1, PROBLEMS_TRAIN, 20, false);
		Tuned tuned;
		Told told = {0};
		task->rt->options.busy = count_told;
		task->rt->options.busy_user = &told;
		bool ok = compare_tune(task, problems, NULL, 3, score, b.arena, &tuned);
		rt_bench_check(&b);
		cr_expect(told.points == tuned.points && told.compiled > 0 && told.strange == 0, "%zu: %d points told", k,
		          told.points);
		task->rt->options.busy = NULL;
		cr_assert(ok);
		cr_assert(tuned.axes.count == 1);
		cr_expect(tuned.hypers[0] == search->best, "%zu: %g", k, tuned.hypers[0]);
		cr_expect(tuned.axes.data[0].edge == search->edge && tuned.widened >= search->widened, "%zu", k);
		cr_expect(tuned.points == (int)tuned.axes.data[0].values.count && tuned.evaluations == tuned.points * 20 * 3);
		hyper->given = true; /* what the call gives is left alone */
		cr_assert(compare_tune(task, problems, NULL, 3, score, b.arena, &tuned));
		cr_expect(tuned.axes.count == 0 && tuned.points == 1 && tuned.hypers[0] == 0.5);
		problems_free(problems);
		task_free(task);
		rt_bench_free(&b);
	}
}

/* A rate that must leave the first grid on either side: s = 50 * 2 * scale. */
Test(compare_rules, tuning_widens_at_an_edge) {
	const char *const scales[] = {"5e-6", "5e5"};
	const double best[] = {1e5, 1e-6};
	for (int k = 0; k < 2; k++) {
		char value[200];
		snprintf(value, sizeof value,
		         "func @value(%%x[1]) -> (: f64[]) {\n  %%1[] = for { mul(%s, mul(%%x[0], %%x[0])) } -> []\n  return "
		         "%%1\n}\n",
		         scales[k]);
		ObjectiveText scaled = parabola;
		scaled.value = value;
		FeScore score = {FE_SCORE_FINAL, FE_SCORE_F};
		RtBench b = rt_bench(engine(), 1);
		Task *task = rt_bench_task(&b, &scaled, &descent, score);
		Problems *problems = problems_new(task, 1, PROBLEMS_TRAIN, 3, false);
		Tuned tuned;
		cr_assert(compare_tune(task, problems, NULL, 2, score, b.arena, &tuned));
		cr_expect(tuned.hypers[0] == best[k] && tuned.widened > 0 && !tuned.axes.data[0].edge, "%g", tuned.hypers[0]);
		problems_free(problems);
		task_free(task);
		rt_bench_free(&b);
	}
}

/* f is 8, 4, 2, 1: a comparison counts 8, 4, 2, training 4, 2, 1. */
Test(compare_rules, scores) {
	const double f[] = {8, 4, 2, 1}, ln2 = log(2);
	const double expected[FE_SCORE_FOLDS][FE_SCORE_MAPS][2] = {
		[FE_SCORE_MEAN] = {{14.0 / 3, 7.0 / 3}, {2 * ln2, ln2}, {1.75 / 3, 0.875 / 3}},
		[FE_SCORE_SUM] = {{14, 7}, {6 * ln2, 3 * ln2}, {1.75, 0.875}},
		[FE_SCORE_FINAL] = {{1, 1}, {0, 0}, {0.125, 0.125}},
		[FE_SCORE_MIN] = {{2, 1}, {ln2, 0}, {0.25, 0.125}},
	};
	for (int fold = 0; fold < FE_SCORE_FOLDS; fold++) {
		for (int map = 0; map < FE_SCORE_MAPS; map++) {
			for (int span = SCORE_EVALUATIONS; span <= SCORE_AFTER_STEPS; span++) {
				FeScore score = {(FeScoreFold)fold, (FeScoreMap)map};
				double value = score_of_run(score, (ScoreSpan)span, f, 3);
				cr_expect(fabs(value - expected[fold][map][span]) < 1e-14, "fold %d, map %d, span %d: %g", fold, map,
				          span, value);
			}
		}
	}
	const double lost[] = {1, (double)NAN, 1};
	cr_expect(isnan(score_of_run((FeScore){FE_SCORE_MIN, FE_SCORE_F}, SCORE_EVALUATIONS, lost, 2)));
	cr_expect(score_of_run((FeScore){FE_SCORE_FINAL, FE_SCORE_F}, SCORE_EVALUATIONS, f, 0) == 8);
}

/* What compiled runs are scored by is what is said of training: that of f after the steps, also where runs go through several
 * calls. */
Test(compare_rules, compiled_scores_are_those_of_training) {
	const int lengths[] = {300, 7, 1};
	const double theta[] = {-2, -3};
	for (int k = 0; k < FE_SCORE_FOLDS * FE_SCORE_MAPS; k++) {
		FeScore score = {(FeScoreFold)(k % FE_SCORE_FOLDS), (FeScoreMap)(k / FE_SCORE_FOLDS)};
		RtBench b = rt_bench(engine(), 1);
		Task *task = rt_bench_task(&b, &rt_toy, &rt_linear_rate, score);
		Problems *problems = problems_new(task, 0, 0, 1, false);
		for (int i = 0; i < 3; i++) {
			int steps = lengths[i];
			Runs runs;
			cr_assert(problems && run_problems(task, problems, NULL, theta, steps, false, b.arena, &runs));
			double stated = score_of_run(score, SCORE_AFTER_STEPS, runs.f, steps);
			cr_expect(fabs(runs.score[0] - stated) <= 1e-12 * fabs(stated),
			          "fold %d, map %d, %d steps: %.17g, not %.17g", (int)score.fold, (int)score.map, steps,
			          runs.score[0], stated);
		}
		problems_free(problems);
		task_free(task);
		rt_bench_free(&b);
	}
}

Test(compare_rules, quantiles_and_intervals) {
	const double sorted[] = {1, 2, 4, 8, 16};
	cr_expect(compare_quantile(sorted, 5, 0.5) == 4 && compare_quantile(sorted, 5, 0) == 1 &&
	          compare_quantile(sorted, 5, 1) == 16);
	cr_expect(fabs(compare_quantile(sorted, 5, 0.875) - 12) < 1e-14);
	/* A normal sample: the interval is close to mean +- 1.96 sd / sqrt(n). */
	enum { N = 400 };
	double values[N], mean = 0, square = 0;
	meta_noise(5, 0, 0, values, N);
	for (int i = 0; i < N; i++)
		mean += values[i] / (int)N;
	for (int i = 0; i < N; i++)
		square += (values[i] - mean) * (values[i] - mean) / (int)N;
	cr_expect(fabs(mean) < 0.15 && fabs(square - 1) < 0.2);
	CompareInterval interval = compare_bootstrap(values, N, 4000, 1);
	double half = 1.96 * sqrt(square / (int)N);
	cr_expect(fabs(interval.mean - mean) < 1e-12);
	cr_expect(fabs(interval.high - mean - half) < 0.1 * half && fabs(mean - interval.low - half) < 0.1 * half);
}
