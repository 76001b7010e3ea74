/* Runs that may spend so many evaluations, however many a step takes: what comparisons and tuning are made of. */
#include "runtime/compare/compare.h"

static int64_t step_cost(const int64_t *spent, int t) {
	return spent[t + 1] > spent[t] ? spent[t + 1] - spent[t] : 1;
}

/* A run by evaluations: f where it has come that has spent k of them, for k = 0 .. evaluations - 1; last, where it ends, which is
 * after the step that spends the last one. A step that asks for nothing counts as one. */
static void by_evaluations(const double *f, const int64_t *spent, int steps, int evaluations, double *out) {
	int t = 0;
	int64_t done = step_cost(spent, 0); /* spent when the step behind t is done */
	for (int k = 0; k < evaluations; k++) {
		while (t < steps && done <= k) {
			t++;
			done += t < steps ? step_cost(spent, t) : 0;
		}
		out[k] = f[t];
	}
	out[evaluations] = f[t < steps ? t + 1 : t];
}

/* Steps enough to spend so many. */
static int most_steps(const Task *task, int evaluations) {
	int64_t cost = run_step_spends(task, 1, task->elsewhere.least);
	return cost > 0 ? (int)((evaluations + cost - 1) / cost) : evaluations;
}

bool compare_run(Task *task, const Problems *problems, const double *hypers, const double *theta, int evaluations,
                 Arena *arena, Runs *out) {
	int steps = most_steps(task, evaluations);
	if (!run_problems(task, problems, hypers, theta, steps, false, arena, out))
		return false;
	if (task->elsewhere.most == 0)
		return true;
	size_t from = (size_t)steps + 1, to = (size_t)evaluations + 1;
	double *f = ARENA_ARRAY(arena, double, to *(size_t)out->problems);
	for (size_t i = 0; i < (size_t)out->problems; i++)
		by_evaluations(out->f + i * from, out->spent + i * from, steps, evaluations, f + i * to);
	out->f = f;
	out->steps = evaluations;
	return true;
}
