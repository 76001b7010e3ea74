/* gradus train, where a learner is open: a search for its program, and what it leaves in the run folder. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "runtime/command/command.h"
#include "runtime/search/learner.h"

typedef struct Course {
	Cmd *cmd;
	const FeExperiment *experiment;
	const char *plain;   /* the folder, as it may stand in a terminal */
	StoreFolder *folder; /* NULL: nothing was found yet */
	bool resumes, saved, lost;
} Course;

static FeProgram *empty_program(void *user) {
	return cmd_program_new(user);
}

static void on_progress(void *user, const SearchLearnedProgress *p) {
	const Course *course = user;
	Arena *arena = arena_new();
	const char *select =
		isfinite(p->select) ? arena_printf(arena, "  on select %s", cmd_number(arena, p->select, 3)) : "";
	const char *best = isfinite(p->best) ? arena_printf(arena, "  best %s", cmd_number(arena, p->best, 3)) : "";
	cmd_progress(course->cmd, false, "beginning %d: %s programs, %s/s, %s of %s scored (%s were known)%s%s",
	             p->beginning + 1, cmd_count(arena, p->generated), cmd_count(arena, (int64_t)p->per_second),
	             cmd_count(arena, p->scored), cmd_count(arena, p->total), cmd_count(arena, p->known), best, select);
	arena_free(arena);
}

static const char *resume_line(const Course *course) {
	return arena_printf(course->cmd->arena, "%s resume %s%s", course->cmd->typed, course->plain,
	                    cmd_data_option(course->cmd, course->experiment));
}

static void now_saved(Course *course) {
	course->saved = true;
	cmd_interrupt_says(arena_printf(course->cmd->arena, "the best so far is saved in %s; to go on: %s",
	                                course->cmd->options.out, resume_line(course)));
}

static bool on_best(void *user, const SearchLearned *so_far) {
	Course *course = user;
	Cmd *cmd = course->cmd;
	bool first = !course->saved;
	if (!course->folder)
		course->folder = store_folder_new(cmd->rt, cmd->options.out, course->experiment, cmd->command_line);
	if (!course->folder)
		return false;
	Arena *arena = arena_new();
	Text rule = text_new(arena);
	search_learner_file(cmd->rt, so_far, &rule);
	bool saved =
		store_folder_so_far(course->folder, &(StoreFound){.rule = text_cstr(&rule), .front = text_cstr(&rule)}, first);
	arena_free(arena);
	if (first && saved)
		now_saved(course);
	if (!saved && !first && !course->lost) {
		course->lost = true;
		cmd_say(cmd, "gradus: the best program so far cannot be saved now in %s; the search goes on", cmd->options.out);
	}
	return saved || !first;
}

static SearchArchive *on_archive(void *user, const SearchArchiveRun *run) {
	const Course *course = user;
	Session *session = course->cmd->session;
	return search_archive_open(session, arena_printf(session->arena, "%s/archive.sqlite", course->cmd->options.out),
	                           run);
}

/* ---- the end ---- */

static void put_summary(Cmd *cmd, const SearchLearned *result, const char *dir, Text *out) {
	Arena *arena = cmd->arena;
	const FeExperiment *x = result->experiment;
	text_printf(out, "%s, seed %llu: %d beginning%s, %s programs were made, %s were known already, %s scored\n",
	            result->kind == FE_SEARCH_RANDOM ? "drawn at random" : "evolved", (unsigned long long)x->seed,
	            result->beginnings, result->beginnings == 1 ? "" : "s", cmd_count(arena, result->generated),
	            cmd_count(arena, result->known), cmd_count(arena, result->scored));
	text_printf(out, "the best: %s [%s, %s] on %d problems that %s; %d statements%s\n\n",
	            cmd_number(arena, result->interval.mean, 4), cmd_number(arena, result->interval.low, 4),
	            cmd_number(arena, result->interval.high, 4),
	            x->select_problems > 0 ? x->select_problems : x->train_problems,
	            x->select_problems > 0 ? "it was chosen by" : "it was made on", result->statements,
	            !x->search.has_goal ? ""
	            : result->solved    ? ": solved"
	                                : ": not below the goal");
	text_printf(out, "  %s\n\n", search_learner_line(result, arena));
	if (result->test_problems > 0)
		text_printf(out, "on %d problems that it has not seen: %s [%s, %s]\n", result->test_problems,
		            cmd_number(arena, result->test.mean, 4), cmd_number(arena, result->test.low, 4),
		            cmd_number(arena, result->test.high, 4));
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

static CmdExit save(Course *course, const SearchLearned *result) {
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
	return !whole || result->archive_lost ? cmd_failed(cmd) : code;
}

static CmdExit stop(Course *course, const SearchLearned *result) {
	Cmd *cmd = course->cmd;
	Text out = text_new(cmd->arena);
	if (result && !on_best(course, result))
		return cmd_failed(cmd);
	if (!result && !rt_interrupted(cmd->rt)) {
		if (course->folder && !course->saved)
			store_folder_discard(course->folder);
		course->folder = course->saved ? course->folder : NULL;
		return cmd_failed(cmd);
	}
	if (!result) {
		fprintf(stderr, "interrupted before anything was found: nothing was saved\n");
		return CMD_INTERRUPTED;
	}
	put_summary(cmd, result, course->plain, &out);
	text_printf(&out, "interrupted: this is saved in %s; to go on: %s\n", course->plain, resume_line(course));
	CmdExit code = cmd_print(cmd, &out);
	return code == CMD_OK ? CMD_INTERRUPTED : code;
}

static CmdExit run_learner(Course *course) {
	Cmd *cmd = course->cmd;
	Text plain = text_new(cmd->arena);
	text_plain(&plain, cmd->options.out, strlen(cmd->options.out), false);
	course->plain = text_cstr(&plain);
	fprintf(stderr, "searching for the program of %s on %u famil%s\n",
	        session_text(cmd->session, course->experiment->learner->name.name), course->experiment->on.count,
	        course->experiment->on.count == 1 ? "y" : "ies");
	if (course->resumes) {
		course->folder = store_folder_again(cmd->rt, cmd->options.out, 0);
		if (!course->folder)
			return cmd_failed(cmd);
		now_saved(course);
	}
	SearchLearnerOptions options = {.programs = {empty_program, cmd},
	                                .progress = on_progress,
	                                .best = on_best,
	                                .archive = on_archive,
	                                .resumes = course->resumes,
	                                .user = course};
	SearchLearned *result = search_learner(cmd->rt, course->experiment, &options);
	cmd_progress_end(cmd);
	cmd_interrupt_met();
	CmdExit code = !result || result->interrupted ? stop(course, result)
	               : !confirm(cmd, result)        ? cmd_failed(cmd)
	                                              : save(course, result);
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
	return run_learner(&(Course){.cmd = cmd, .experiment = experiment});
}

CmdExit cmd_learner_again(Cmd *cmd, const FeExperiment *experiment, const StoreRecord *record) {
	(void)record;
	return run_learner(&(Course){.cmd = cmd, .experiment = experiment, .resumes = true});
}
