/* What was found, as a file of the language, and what it is worth by the code that such a file is compiled to. */
#include <string.h>

#include "runtime/search/exam.h"

const char *search_learner_line(const SearchLearned *result, Arena *arena) {
	return search_listing_line(&result->learner, result->best, arena);
}

int search_learner_problems(const FeExperiment *x) {
	return x->select_problems > 0 ? x->select_problems : x->train_problems;
}

void search_learner_file(Rt *rt, const SearchLearned *result, Text *out) {
	const FeExperiment *x = result->experiment;
	int problems = search_learner_problems(x) * (int)x->on.count;
	text_printf(out, "# Found by the experiment `%s`, among %lld programs that are not the same (%lld were made).\n",
	            session_text(rt->session, x->decl->name.name), (long long)result->scored, (long long)result->generated);
	text_printf(out, "# %.4g [%.4g, %.4g] on %d problem%s that the search %s. %d statement%s.\n", result->interval.mean,
	            result->interval.low, result->interval.high, problems, problems == 1 ? "" : "s",
	            x->select_problems > 0 ? "chose it by" : "was made on", result->statements,
	            result->statements == 1 ? "" : "s");
	if (result->test_problems > 0)
		text_printf(out, "# %.4g [%.4g, %.4g] on %d problems that it has not seen.\n", result->test.mean,
		            result->test.low, result->test.high, result->test_problems * (int)x->on.count);
	search_listing_function(rt->session, rt->program, &result->learner, result->best, out);
	text_char(out, '\n');
	search_exam_objectives(rt, &result->learner, x->on.data, x->on.count, out);
	while (out->length > 1 && out->data[out->length - 1] == '\n' && out->data[out->length - 2] == '\n')
		out->data[--out->length] = '\0';
}

/* f where the problems of a set start, of all objectives, each after the other; false with diagnostics. */
static bool started(Rt *rt, const SearchLearned *result, const Text *text, const SearchPrograms *programs,
                    ProblemSet set, int count, double *values) {
	const FeExperiment *x = result->experiment;
	bool ok = true;
	for (uint32_t k = 0; k < x->on.count && ok; k++) {
		Task *task = search_exam_task(rt, &x->on.data[k], programs->empty(programs->user), text);
		ok = task && search_exam_started(task, set, count, values + (size_t)k * (size_t)count);
		task_free(task);
	}
	return ok;
}

bool search_learner_confirm(Rt *rt, SearchLearned *result, const SearchPrograms *programs, double *mean) {
	const FeExperiment *x = result->experiment;
	Arena *arena = rt->session->arena;
	Text text = text_new(arena);
	int objectives = (int)x->on.count, count = search_learner_problems(x), tests = x->test_problems;
	double *values = ARENA_ARRAY(arena, double, (int64_t)count *objectives);
	double *test = ARENA_ARRAY(arena, double, (int64_t)tests *objectives + 1);
	ProblemSet set = x->select_problems > 0 ? PROBLEMS_SELECT : PROBLEMS_TRAIN;
	search_learner_file(rt, result, &text);
	if (!started(rt, result, &text, programs, set, count, values) ||
	    (tests > 0 && !started(rt, result, &text, programs, PROBLEMS_TEST, tests, test)))
		return false;
	*mean = compare_bootstrap(values, count * objectives, 1, 0).mean;
	if (tests > 0)
		result->test = compare_bootstrap(test, tests * objectives, SEARCH_RESAMPLES, 0);
	result->test_problems = tests;
	return true;
}
