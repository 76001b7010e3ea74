/* What both kinds of labs run: a rule on single problems of an objective, and the problems of an experiment. */
#include "runtime/search/stages.h"

Task *search_task(Rt *rt, const FeCall *objective, FeScore score, SearchLowers *lowers, const void *how) {
	IrModule *module = ir_module_new(rt->session);
	FeObjective *problem = fe_objective(rt->program, module, objective, rt->options.real);
	FeRule *rule = NULL;
	if (problem) {
		FeTarget target = fe_target(problem, module->arena);
		rule = lowers(rt, module, &target, how);
	}
	if (!rule) {
		ir_module_free(module);
		return NULL;
	}
	Task *task = task_of(rt, module, problem, rule, score);
	task_set_lanes(task, 1);
	return task;
}

/* One to a block. NULL with a diagnostic. */
static Problems *problems_for(Task *task, ProblemSet set, int count) {
	Rt *rt = task->rt;
	if (!rt_memory_allows(rt, problems_bytes(task, count, false), "the data of these problems"))
		return NULL;
	return problems_of(task, rt->options.seed, set, count, false);
}

static bool make(Task *const *tasks, int count, ProblemSet set, int each, Problems **out) {
	for (int k = 0; k < count; k++) {
		out[k] = problems_for(tasks[k], set, each);
		if (!out[k])
			return false;
	}
	return true;
}

bool search_make_problems(const FeExperiment *x, Task *const *tasks, int count, Arena *arena, SearchProblems *out) {
	*out = (SearchProblems){.train = ARENA_ARRAY(arena, Problems *, count + 1), .count = count};
	if (x->select_problems > 0)
		out->select = ARENA_ARRAY(arena, Problems *, count + 1);
	return make(tasks, count, PROBLEMS_TRAIN, x->train_problems, out->train) &&
	       (!out->select || make(tasks, count, PROBLEMS_SELECT, x->select_problems, out->select));
}

void search_free_problems(SearchProblems *problems) {
	for (int k = 0; k < problems->count; k++) {
		problems_free(problems->train[k]);
		if (problems->select)
			problems_free(problems->select[k]);
	}
	problems->count = 0;
}
