/* What is observed of steps: gradient descent goes exactly as far as its rate times the gradient that it was given, and steps add up to
 * the way from one end of a run to the other. In lanes and alone, compiled and evaluated. */
#include "rt_rules.h"

enum { STEPS = 6, PROBLEMS = 19 };

static void observe(const char *objective, const char *rule, int lanes, RtEngine engine, double rate) {
	RtOptions options = {.engine = engine, .real = IR_F64, .strict = true, .threads = 1, .seed = 3};
	Bench b = bench("", &options);
	Task *task = new_task(&b, objective, rule);
	task_set_lanes(task, lanes);
	Problems *problems = problems_new(task, 3, 0, PROBLEMS, false);
	const int all[STEPS] = {1, 2, 3, 4, 5, 6}, some[] = {2, 6};
	RunObserved seen = {.steps = all, .count = STEPS}, fewer = {.steps = some, .count = 2};
	cr_assert(run_observe(task, problems, NULL, STEPS, b.arena, &seen));
	cr_assert(run_observe(task, problems, NULL, STEPS, b.arena, &fewer));
	Runs whole, none;
	cr_assert(run_problems(task, problems, NULL, NULL, STEPS, true, b.arena, &whole));
	cr_assert(run_problems(task, problems, NULL, NULL, 1, true, b.arena, &none));
	int64_t size = seen.size, row = PROBLEMS * size;
	cr_assert(size == task->objective->size && seen.problems == PROBLEMS && (rate == 0 || seen.g));
	for (int64_t k = 0; k < row; k++) {
		double way = 0;
		for (int t = 0; t < STEPS; t++) {
			double moved = seen.moved[t * row + k];
			if (rate != 0)
				cr_expect(fabs(moved + rate * seen.g[t * row + k]) <= 1e-14, "step %d of %s on %s", t + 1, rule,
				          objective);
			way += t > 0 ? moved : 0;
		}
		double end = whole.x[k], first = none.x[k];
		cr_expect(fabs(way - (end - first)) <= 1e-12 * (1 + fabs(end)), "%s on %s: %g instead of %g", rule, objective,
		          way, end - first);
	}
	for (int i = 0; i < 2; i++) {
		cr_expect(!memcmp(fewer.moved + i * row, seen.moved + (some[i] - 1) * row, (size_t)row * sizeof(double)),
		          "chosen steps are those of all");
	}
	problems_free(problems);
	task_free(task);
	bench_free(&b);
}

Test(run_observe, steps_are_what_the_rule_does, .timeout = 120) {
	static const int lanes[] = {1, IR_LANES};
	static const RtEngine engines[] = {RT_JIT, RT_EVALUATOR};
	for (int e = 0; e < 2; e++) {
		for (int k = 0; k < 2; k++) {
			observe("quadratic(n = 5)", "gradient_descent(lr = 0.01)", lanes[k], engines[e], 0.01);
			observe("rosenbrock()", "gradient_descent(lr = 0.0005)", lanes[k], engines[e], 0.0005);
			observe("quadratic(n = 1)", "adam(lr = 0.1)", lanes[k], engines[e], 0);
			observe("robust_regression(n = 20, d = 3)", "momentum(lr = 0.05)", lanes[k], engines[e], 0);
		}
	}
}
