/* Runs that may spend so many evaluations, however many a step takes: what comparisons and tuning are made of. */
#include "runtime/compare/compare.h"

static int64_t step_cost(const int64_t *spent, int t) {
	return spent[t + 1] > spent[t] ? spent[t + 1] - spent[t] : 1;
}

/* A run by evaluations: where it stands that has spent k and one, for k = 0 .. evaluations - 1; last, where it ends, which is after the
 * step that spends the last one. Within a step that is f where the step began, or the least value that it has looked at since, if that is
 * less (runs->looked, if there is any); the evaluation that a step hands on has ended it. A step that asks for nothing counts as one. */
static void by_evaluations(const Runs *runs, int problem, bool hands_on, int evaluations, double *out) {
	int steps = runs->steps, t = 0;
	const double *f = runs->f + (size_t)problem * ((size_t)steps + 1);
	const int64_t *spent = runs->spent + (size_t)problem * ((size_t)steps + 1);
	const double *looked = runs->looked ? runs->looked + (size_t)problem * (size_t)evaluations : NULL;
	int64_t begun = 0, done = step_cost(spent, 0); /* spent when step t begins, and when it is done */
	for (int k = 0; k < evaluations; k++) {
		while (t < steps && done - hands_on <= k) {
			t++;
			begun = done;
			done += t < steps ? step_cost(spent, t) : 0;
		}
		out[k] = looked && k >= begun && looked[k] < f[t] ? looked[k] : f[t];
	}
	out[evaluations] = f[t < steps && begun < evaluations ? t + 1 : t];
}

/* Steps enough to spend so many. */
static int most_steps(const Task *task, int evaluations) {
	int64_t cost = run_step_spends(task, 1, task->elsewhere.least);
	return cost > 0 ? (int)((evaluations + cost - 1) / cost) : evaluations;
}

bool compare_run(Task *task, const Problems *problems, const double *hypers, const double *theta, int evaluations,
                 Arena *arena, Runs *out) {
	int steps = most_steps(task, evaluations);
	task_watch(task, evaluations);
	if (!run_problems(task, problems, hypers, theta, steps, false, arena, out))
		return false;
	if (task->elsewhere.most == 0)
		return true;
	size_t row = (size_t)evaluations + 1;
	double *f = ARENA_ARRAY(arena, double, row *(size_t)out->problems);
	for (int i = 0; i < out->problems; i++)
		by_evaluations(out, i, task->hands_on, evaluations, f + (size_t)i * row);
	out->f = f;
	out->steps = evaluations;
	return true;
}
