/* What was found, as a file of the language, and what it is worth by the code that such a file is compiled to. */
#include <string.h>

#include "runtime/search/exam.h"

const char *search_learner_line(const SearchLearned *result, Arena *arena) {
	return search_listing_line(&result->learner, result->best, arena);
}

static int problem_count(const SearchLearned *result) {
	const FeExperiment *x = result->experiment;
	return x->select_problems > 0 ? x->select_problems : x->train_problems;
}

void search_learner_file(Rt *rt, const SearchLearned *result, Text *out) {
	const FeExperiment *x = result->experiment;
	int problems = problem_count(result) * (int)x->on.count;
	text_printf(out, "# Found by the experiment `%s`, among %lld programs that are not the same (%lld were made).\n",
	            session_text(rt->session, x->decl->name.name), (long long)result->scored, (long long)result->generated);
	text_printf(out, "# %.4g [%.4g, %.4g] on %d problem%s that the search %s. %d statement%s.\n", result->interval.mean,
	            result->interval.low, result->interval.high, problems, problems == 1 ? "" : "s",
	            x->select_problems > 0 ? "chose it by" : "was made on", result->statements,
	            result->statements == 1 ? "" : "s");
	search_listing_function(rt->session, rt->program, &result->learner, result->best, out);
	text_char(out, '\n');
	search_exam_objectives(rt, &result->learner, x->on.data, x->on.count, out);
	while (out->length > 1 && out->data[out->length - 1] == '\n' && out->data[out->length - 2] == '\n')
		out->data[--out->length] = '\0';
}

bool search_learner_confirm(Rt *rt, const SearchLearned *result, const SearchPrograms *programs, double *mean) {
	const FeExperiment *x = result->experiment;
	Text text = text_new(rt->session->arena);
	int count = problem_count(result);
	double *values = ARENA_ARRAY(rt->session->arena, double, count);
	search_learner_file(rt, result, &text);
	*mean = 0;
	for (uint32_t k = 0; k < x->on.count; k++) {
		ProblemSet set = x->select_problems > 0 ? PROBLEMS_SELECT : PROBLEMS_TRAIN;
		Task *task = search_exam_task(rt, &x->on.data[k], programs->empty(programs->user), &text);
		bool ok = task && search_exam_started(task, set, count, values);
		task_free(task);
		if (!ok)
			return false;
		for (int i = 0; i < count; i++)
			*mean += values[i] / count / x->on.count;
	}
	return true;
}
