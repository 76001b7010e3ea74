/* gradus train, where a learner is open: a search for its program, and what it leaves in the run folder. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "runtime/command/cmd_course.h"
#include "runtime/search/learner.h"

static FeProgram *empty_program(void *user) {
	return cmd_program_new(user);
}

static void on_progress(void *user, const SearchLearnedProgress *p) {
	const CmdCourse *course = user;
	Arena *arena = arena_new();
	const char *select =
		isfinite(p->select) ? arena_printf(arena, "  on select %s", cmd_number(arena, p->select, 3)) : "";
	const char *best = isfinite(p->best) ? arena_printf(arena, "  best %s", cmd_number(arena, p->best, 3)) : "";
	cmd_progress(course->cmd, false, "beginning %d: %s programs, %s/s, %s of %s scored (%s were known)%s%s",
	             p->beginning + 1, cmd_count(arena, p->generated), cmd_count(arena, (int64_t)p->per_second),
	             cmd_count(arena, p->scored), cmd_count(arena, p->total), cmd_count(arena, p->known), best, select);
	arena_free(arena);
}

static bool on_best(void *user, const SearchLearned *so_far) {
	CmdCourse *course = user;
	Arena *arena = arena_new();
	Text rule = text_new(arena);
	search_learner_file(course->cmd->rt, so_far, &rule);
	bool ok = cmd_course_save(course, &(StoreFound){.rule = text_cstr(&rule), .front = text_cstr(&rule)});
	arena_free(arena);
	return ok;
}

/* ---- the end ---- */

static void put_summary(Cmd *cmd, const SearchLearned *result, const char *dir, Text *out) {
	Arena *arena = cmd->arena;
	const FeExperiment *x = result->experiment;
	int families = (int)x->on.count, problems = families * search_learner_problems(x);
	int unseen = families * result->test_problems;
	text_printf(out, "%s, seed %llu: %d beginning%s, %s programs were made, %s were known already, %s scored%s\n",
	            result->kind == FE_SEARCH_RANDOM ? "drawn at random" : "evolved", (unsigned long long)x->seed,
	            result->beginnings, result->beginnings == 1 ? "" : "s", cmd_count(arena, result->generated),
	            cmd_count(arena, result->known), cmd_count(arena, result->scored),
	            result->exhausted ? "; nothing new was to be found any more" : "");
	text_printf(out, "the best: %.4g [%.4g, %.4g] on %d problem%s that %s; %d statement%s%s\n\n", result->interval.mean,
	            result->interval.low, result->interval.high, problems, problems == 1 ? "" : "s",
	            x->select_problems > 0 ? "it was chosen by" : "the first beginning was made on", result->statements,
	            result->statements == 1 ? "" : "s",
	            !x->search.has_goal ? ""
	            : result->solved    ? ": solved"
	                                : ": not below the goal");
	text_printf(out, "  %s\n\n", search_learner_line(result, arena));
	if (result->test_problems > 0)
		text_printf(out, "on %d problem%s that it has not seen: %.4g [%.4g, %.4g]\n", unseen, unseen == 1 ? "" : "s",
		            result->test.mean, result->test.low, result->test.high);
	text_printf(out, "%s evaluations; searched in %s, compiled in %s\nthe program: %s/rule.grad\n",
	            cmd_count(arena, result->evaluations), cmd_time(arena, result->seconds),
	            cmd_time(arena, result->compile_seconds), dir);
}

static json_t *learner_json(Cmd *cmd, const SearchLearned *result) {
	json_t *search = json_object();
	json_object_set_new(search, "how", json_string(result->kind == FE_SEARCH_RANDOM ? "random" : "evolve"));
	json_object_set_new(search, "beginnings", json_integer(result->beginnings));
	json_object_set_new(search, "generated", json_integer((json_int_t)result->generated));
	json_object_set_new(search, "known", json_integer((json_int_t)result->known));
	json_object_set_new(search, "scored", json_integer((json_int_t)result->scored));
	json_object_set_new(search, "program", json_string(search_learner_line(result, cmd->arena)));
	json_object_set_new(search, "statements", json_integer(result->statements));
	json_object_set_new(search, "train", rt_json_real(result->train));
	json_object_set_new(search, "score", rt_json_real(result->select));
	json_object_set_new(search, "low", rt_json_real(result->interval.low));
	json_object_set_new(search, "high", rt_json_real(result->interval.high));
	if (result->test_problems > 0)
		json_object_set_new(search, "test", rt_json_real(result->test.mean));
	json_object_set_new(search, "solved", json_boolean(result->solved));
	json_object_set_new(search, "exhausted", json_boolean(result->exhausted));
	return search;
}

/* What is written is read again and compiled; it has to score as it did in the search, but for rounding. */
static bool confirm(Cmd *cmd, SearchLearned *result) {
	static const double most = 1e-3, least = 1e-6;
	double mean, found = result->select;
	if (!search_learner_confirm(cmd->rt, result, &(SearchPrograms){empty_program, cmd}, &mean))
		return false;
	if (!(fabs(mean - found) <= most * fabs(found) + least))
		diag_warning(cmd->session, 821, (Span){0},
		             "the program scores %s when compiled, and %s here: rounding decides its course",
		             cmd_number(cmd->arena, mean, 5), cmd_number(cmd->arena, found, 5));
	return true;
}

static CmdExit save(CmdCourse *course, const SearchLearned *result) {
	Cmd *cmd = course->cmd;
	Text rule = text_new(cmd->arena), out = text_new(cmd->arena);
	search_learner_file(cmd->rt, result, &rule);
	StoreFound found = {.rule = text_cstr(&rule),
	                    .front = text_cstr(&rule), /* there are no sizes: of all, the best is the front */
	                    .rule_name = session_text(cmd->session, result->learner.decl->name.name),
	                    .horizon_low = result->experiment->horizon_low,
	                    .horizon_high = result->experiment->horizon_high,
	                    .evaluations = result->evaluations,
	                    .seconds = result->seconds,
	                    .compile_seconds = result->compile_seconds,
	                    .search = learner_json(cmd, result)};
	bool saved, whole = store_folder_found(course->folder, &found, &saved);
	if (saved)
		put_summary(cmd, result, course->plain, &out);
	else
		text_printf(&out, "# This program could not be saved in %s.\n%s", course->plain, found.rule);
	CmdExit code = cmd_print(cmd, &out);
	return whole ? code : cmd_failed(cmd);
}

static CmdExit stop(CmdCourse *course, const SearchLearned *result) {
	Cmd *cmd = course->cmd;
	Text out = text_new(cmd->arena);
	if (!result)
		return cmd_course_without(course);
	if (!on_best(course, result))
		return cmd_failed(cmd);
	put_summary(cmd, result, course->plain, &out);
	return cmd_course_stopped(course, result->archive_lost, &out);
}

static CmdExit run_learner(CmdCourse *course) {
	Cmd *cmd = course->cmd;
	fprintf(stderr, "searching for the program of %s on %u famil%s\n",
	        session_text(cmd->session, course->experiment->learner->name.name), course->experiment->on.count,
	        course->experiment->on.count == 1 ? "y" : "ies");
	course->dir = cmd->options.out;
	course->what = "program";
	if (!cmd_course_begin(course))
		return cmd_failed(cmd);
	SearchLearnerOptions options = {.programs = {empty_program, cmd},
	                                .progress = on_progress,
	                                .best = on_best,
	                                .archive = cmd_course_archive,
	                                .resumes = course->resumes,
	                                .user = course};
	SearchLearned *result = search_learner(cmd->rt, course->experiment, &options);
	cmd_progress_end(cmd);
	cmd_interrupt_met();
	bool early = !result || result->interrupted || result->archive_lost;
	CmdExit code = early ? stop(course, result) : confirm(cmd, result) ? save(course, result) : cmd_failed(cmd);
	if (course->folder)
		store_folder_close(course->folder);
	search_learner_free(result);
	return code;
}

CmdExit cmd_learner(Cmd *cmd, FeExperiment *experiment) {
	if (cmd->options.steps > 0 || cmd->options.learn.count > 0)
		return cmd_usage(cmd, "--%s is of the training of rules, and this is a learner",
		                 cmd->options.steps > 0 ? "steps" : "learn");
	CmdExit code = cmd_use_proposer(cmd, false, &experiment->search);
	if (code != CMD_OK)
		return code;
	if (cmd->options.search) {
		FeSearch own;
		if (!fe_search_text(cmd->program, cmd->options.search, &own))
			return cmd_failed(cmd);
		if (own.kind == FE_SEARCH_ENUMERATE || own.random)
			return cmd_usage(cmd, "a learner is searched by `evolve` or `random`");
		experiment->search = own;
	}
	return run_learner(&(CmdCourse){.cmd = cmd, .experiment = experiment});
}

CmdExit cmd_learner_again(Cmd *cmd, const FeExperiment *experiment, const StoreRecord *record) {
	(void)record;
	return run_learner(&(CmdCourse){.cmd = cmd, .experiment = experiment, .resumes = true});
}
