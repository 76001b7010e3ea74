/* gradus train, where the rule has choices: a search among them, and what it leaves in the run folder. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "runtime/command/cmd_course.h"

static void on_progress(void *user, const SearchProgress *p) {
	Cmd *cmd = ((const CmdCourse *)user)->cmd;
	if (p->stage == SEARCH_STAGES) {
		cmd_progress(cmd, false, "compiling what was found: %d of %d", (int)p->done + 1, (int)p->total);
		return;
	}
	Arena *arena = arena_new();
	const char *best =
		isfinite(p->best) ? arena_printf(arena, "  best %s  %s", cmd_number(arena, p->best, 4), p->formula) : "";
	cmd_progress(cmd, p->done == p->total, "%s of %s combinations: %s of %s, %s/s%s  %s left",
	             search_stage_words[p->stage], cmd_count(arena, p->distinct), cmd_count(arena, p->done),
	             cmd_count(arena, p->total), cmd_count(arena, (int64_t)p->per_second), best, cmd_time(arena, p->eta));
	arena_free(arena);
}

static bool on_best(void *user, const ChooseResult *so_far) {
	CmdCourse *course = user;
	Arena *arena = arena_new();
	Text rule = text_new(arena);
	bool ok =
		search_choose_rule_file(so_far, &rule) && cmd_course_save(course, &(StoreFound){.rule = text_cstr(&rule)});
	arena_free(arena);
	return ok;
}

/* ---- what was found ---- */

static bool has_rate(const ChooseResult *result) {
	return result->space.rule->rate >= 0;
}

static void put_best(Cmd *cmd, const ChooseResult *result, Text *out) {
	CmdTable table = {.arena = cmd->arena, .columns = 5, .left = 1u << 4};
	static const char *const heads[] = {"", "score", "[95 % interval]", "rate", "choices"};
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		cmd_cell(&table, "%s", heads[i]);
	for (uint32_t i = 0; i < result->best_count; i++) {
		const ChooseFound *found = &result->best[i];
		cmd_cell(&table, "%u", (unsigned)i + 1);
		cmd_cell(&table, "%s", cmd_number(cmd->arena, found->select.mean, 4));
		cmd_cell(&table, "[%s, %s]", cmd_number(cmd->arena, found->select.low, 4),
		         cmd_number(cmd->arena, found->select.high, 4));
		cmd_cell(&table, "%s", has_rate(result) ? cmd_number(cmd->arena, found->rate, 3) : "-");
		cmd_cell(&table, "%s", search_choose_text(cmd->session, &result->space, found->combination, cmd->arena));
	}
	cmd_table(&table, "  ", out);
}

static void put_counts(Cmd *cmd, const ChooseResult *result, Text *out) {
	Arena *arena = cmd->arena;
	const ChooseSpace *space = &result->space;
	text_printf(out, "%s combinations of %u choice%s, %s%s of them that are not the same; came into the stages:",
	            cmd_count(arena, (int64_t)space->combinations), (unsigned)space->count, space->count == 1 ? "" : "s",
	            space->sampled ? "a sample of " : "", cmd_count(arena, space->distinct_count));
	for (int stage = 0; stage < SEARCH_STAGES && stage <= result->stage; stage++)
		text_printf(out, " %s", cmd_count(arena, result->evaluated[stage]));
	text_char(out, '\n');
	if (result->climbed > 0)
		text_printf(out, "%s more were made of the best so far, one choice at a time\n",
		            cmd_count(arena, result->climbed));
}

static void put_summary(Cmd *cmd, const ChooseResult *result, const char *dir, Text *out) {
	Arena *arena = cmd->arena;
	put_counts(cmd, result, out);
	text_printf(out, "the best, written, compiled and scored on %d problems that %s:\n\n",
	            result->select_problems > 0 ? result->select_problems : result->train_problems,
	            result->select_problems > 0 ? "no stage has seen"
	                                        : "they were found on (there are no select problems)");
	put_best(cmd, result, out);
	text_printf(out, "\n%s evaluations; searched in %s, compiled in %s\nthe rule: %s/rule.grad\n",
	            cmd_count(arena, result->evaluations), cmd_time(arena, result->seconds),
	            cmd_time(arena, result->compile_seconds), dir);
}

static json_t *search_json(Cmd *cmd, const ChooseResult *result) {
	json_t *search = json_object(), *stages = json_array(), *best = json_array();
	json_object_set_new(search, "combinations", json_real(result->space.combinations));
	json_object_set_new(search, "distinct", json_integer(result->space.distinct_count));
	json_object_set_new(search, "sampled", json_boolean(result->space.sampled));
	for (int stage = 0; stage < SEARCH_STAGES; stage++)
		json_array_append_new(stages, json_integer((json_int_t)result->evaluated[stage]));
	json_object_set_new(search, "stages", stages);
	json_object_set_new(search, "select_problems", json_integer(result->select_problems));
	for (uint32_t i = 0; i < result->best_count; i++) {
		const ChooseFound *found = &result->best[i];
		json_t *one = json_object();
		const char *choices = search_choose_text(cmd->session, &result->space, found->combination, cmd->arena);
		json_object_set_new(one, "choices", json_string(choices));
		json_object_set_new(one, "rate", has_rate(result) ? rt_json_real(found->rate) : json_null());
		json_object_set_new(one, "score", rt_json_real(found->select.mean));
		json_object_set_new(one, "low", rt_json_real(found->select.low));
		json_object_set_new(one, "high", rt_json_real(found->select.high));
		json_object_set_new(one, "search_score", rt_json_real(found->lanes));
		json_array_append_new(best, one);
	}
	json_object_set_new(search, "best", best);
	return search;
}

/* A rule has to score, compiled alone, as it did in the search, but for rounding. */
static void compare_scores(Cmd *cmd, const ChooseResult *result) {
	static const double most = 1e-3;
	for (uint32_t i = 0; i < result->best_count; i++) {
		const ChooseFound *found = &result->best[i];
		double score = found->select.mean;
		if (fabs(found->lanes - score) <= most * fabs(score))
			continue;
		diag_warning(
			cmd->session, 821, (Span){0},
			"the rule with %s scores %s when compiled, and %s in the search: the last digits of what it computes "
			"decide its course, or numbers below 1e-38, which are 0 in a search",
			search_choose_text(cmd->session, &result->space, found->combination, cmd->arena),
			cmd_number(cmd->arena, score, 5), cmd_number(cmd->arena, found->lanes, 5));
	}
}

/* false with diagnostics: there is no text of it. */
static bool save(CmdCourse *course, const ChooseResult *result, CmdExit *code) {
	Cmd *cmd = course->cmd;
	Text out = text_new(cmd->arena), rule = text_new(cmd->arena);
	const FeExperiment *x = result->experiment;
	if (!search_choose_rule_file(result, &rule))
		return false;
	StoreFound found = {.rule = text_cstr(&rule),
	                    .rule_name = session_text(cmd->session, x->train.decl->name.name),
	                    .horizon_low = x->horizon_low,
	                    .horizon_high = x->horizon_high,
	                    .coordinates = result->task->objective->size,
	                    .evaluations = result->evaluations,
	                    .seconds = result->seconds,
	                    .compile_seconds = result->compile_seconds,
	                    .search = search_json(cmd, result)};
	bool saved, whole = store_folder_found(course->folder, &found, &saved);
	if (saved)
		put_summary(cmd, result, course->plain, &out);
	else
		text_printf(&out, "# This rule could not be saved in %s.\n%s", course->plain, found.rule);
	*code = cmd_print(cmd, &out);
	if (!whole)
		*code = cmd_failed(cmd);
	else if (*code == CMD_OK)
		cmd_say(cmd, "next: %s compare %s%s", cmd->typed, course->plain, cmd_data_option(cmd, x));
	return true;
}

/* The best so far, of a search that was interrupted, or whose archive the disk did not take. */
static CmdExit stop(CmdCourse *course, const ChooseResult *result) {
	Cmd *cmd = course->cmd;
	Text out = text_new(cmd->arena);
	const ChooseFound *best = &result->best[0];
	if (!on_best(course, result))
		return cmd_failed(cmd);
	put_counts(cmd, result, &out);
	text_printf(&out, "the best so far, by the scores of the stage \"%s\": %s with %s\n",
	            search_stage_words[result->stage], cmd_number(cmd->arena, best->score, 4),
	            search_choose_text(cmd->session, &result->space, best->combination, cmd->arena));
	return cmd_course_stopped(course, result->archive_lost, &out);
}

static CmdExit search(CmdCourse *course) {
	Cmd *cmd = course->cmd;
	SearchOptions options = {.progress = on_progress,
	                         .chosen = on_best,
	                         .archive = cmd_course_archive,
	                         .resumes = course->resumes,
	                         .user = course};
	ChooseResult *result = search_choose_experiment(cmd->rt, course->experiment, &options);
	cmd_progress_end(cmd);
	cmd_interrupt_met();
	CmdExit code;
	if (!result || (result->interrupted && result->behind)) {
		code = cmd_course_without(course);
	} else if (result->interrupted || result->archive_lost) {
		code = stop(course, result);
	} else {
		compare_scores(cmd, result);
		if (!save(course, result, &code))
			code = cmd_failed(cmd);
	}
	search_choose_free(result);
	return code;
}

/* ---- beside many learned numbers: every combination is trained ---- */

static void on_rung(void *user, const SearchProgress *p) {
	Cmd *cmd = ((const CmdCourse *)user)->cmd;
	Arena *arena = arena_new();
	cmd_progress(cmd, p->done == p->total, "%s: %s of %s combinations  best %s  %s", search_rung_words[p->stage],
	             cmd_count(arena, p->done), cmd_count(arena, p->total), cmd_number(arena, p->best, 4), p->formula);
	arena_free(arena);
}

/* What is found where nothing of it is learned. */
static StoreFound found_fixed(const ChooseTrained *result, const FeExperiment *x, const Session *session) {
	return (StoreFound){.rule = result->rule,
	                    .rule_name = session_text(session, x->train.decl->name.name),
	                    .horizon_low = x->horizon_low,
	                    .horizon_high = x->horizon_high,
	                    .evaluations = result->evaluations,
	                    .seconds = result->seconds};
}

static bool on_learned(void *user, const ChooseTrained *so_far) {
	CmdCourse *course = user;
	Rt *rt = course->cmd->rt;
	if (so_far->rule)
		return cmd_course_save(course, &(StoreFound){.rule = so_far->rule});
	if (!so_far->trained) /* it lies there */
		return true;
	if (!cmd_course_folder(course))
		return false;
	FeProgram *whole = rt->program;
	rt->program = so_far->program; /* the rule is one of the program with its choices made */
	bool saved = store_folder_best(course->folder, so_far->trained, !course->saved);
	rt->program = whole;
	return cmd_course_saved(course, saved);
}

static void put_trained(Cmd *cmd, const ChooseTrained *result, Text *out) {
	static const uint32_t shown = 8;
	CmdTable table = {.arena = cmd->arena, .columns = 4, .left = 1u << 3};
	static const char *const heads[] = {"", "score", "outer steps", "choices"};
	text_printf(out, "%s combinations that are not the same, trained for %s",
	            cmd_count(cmd->arena, result->space.distinct_count), search_rung_words[0]);
	for (int rung = 1; rung < CHOOSE_RUNGS; rung++)
		text_printf(out, "; %s of them for %s", cmd_count(cmd->arena, result->evaluated[rung]),
		            search_rung_words[rung]);
	if (result->fixed > 0)
		text_printf(out, "; nothing is learned in %u, which were scored as they are written", (unsigned)result->fixed);
	text_printf(out, "\n\n");
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		cmd_cell(&table, "%s", heads[i]);
	for (uint32_t i = 0; i < result->best_count && i < shown; i++) {
		const ChooseLearned *one = &result->best[i];
		const char *lost = one->lost
		                       ? arena_printf(cmd->arena, " (without %s of %s problems)",
		                                      cmd_count(cmd->arena, one->lost), cmd_count(cmd->arena, result->problems))
		                       : "";
		cmd_cell(&table, "%u", (unsigned)i + 1);
		cmd_cell(&table, "%s%s", cmd_number(cmd->arena, one->score, 4), lost);
		if (one->learns)
			cmd_cell(&table, "%d", one->steps);
		else
			cmd_cell(&table, "-");
		cmd_cell(&table, "%s", search_choose_text(cmd->session, &result->space, one->combination, cmd->arena));
	}
	cmd_table(&table, "  ", out);
	text_printf(out, "\n%s evaluations in %s\n", cmd_count(cmd->arena, result->evaluations),
	            cmd_time(cmd->arena, result->seconds));
}

static json_t *trained_json(Cmd *cmd, const ChooseTrained *result) {
	json_t *search = json_object(), *best = json_array();
	json_object_set_new(search, "distinct", json_integer(result->space.distinct_count));
	for (uint32_t i = 0; i < result->best_count; i++) {
		const ChooseLearned *one = &result->best[i];
		json_t *row = json_object();
		json_object_set_new(
			row, "choices",
			json_string(search_choose_text(cmd->session, &result->space, one->combination, cmd->arena)));
		json_object_set_new(row, "score", rt_json_real(one->score));
		json_object_set_new(row, "lost", json_integer((json_int_t)one->lost));
		json_object_set_new(row, "steps", json_integer(one->steps));
		json_array_append_new(best, row);
	}
	json_object_set_new(search, "best", best);
	return search;
}

static CmdExit save_trained(CmdCourse *course, const ChooseTrained *result) {
	Cmd *cmd = course->cmd;
	Text out = text_new(cmd->arena);
	bool saved, whole;
	if (result->rule) {
		StoreFound found = found_fixed(result, course->experiment, cmd->session);
		found.search = trained_json(cmd, result);
		whole = store_folder_found(course->folder, &found, &saved);
	} else {
		FeProgram *program = cmd->rt->program;
		cmd->rt->program = result->program;
		whole = store_folder_result(course->folder, result->trained, &saved);
		cmd->rt->program = program;
	}
	put_trained(cmd, result, &out);
	if (saved)
		text_printf(&out, "the rule: %s/rule.grad\n", course->plain);
	CmdExit code = cmd_print(cmd, &out);
	if (!whole)
		return cmd_failed(cmd);
	if (code == CMD_OK)
		cmd_say(cmd, "next: %s compare %s%s", cmd->typed, course->plain, cmd_data_option(cmd, course->experiment));
	return code;
}

static CmdExit stop_trained(CmdCourse *course, const ChooseTrained *result) {
	Cmd *cmd = course->cmd;
	Text out = text_new(cmd->arena);
	if (!on_learned(course, result))
		return cmd_failed(cmd);
	put_trained(cmd, result, &out);
	return cmd_course_stopped(course, result->archive_lost, &out);
}

static CmdExit train_all(CmdCourse *course) {
	Cmd *cmd = course->cmd;
	SearchOptions options = {.progress = on_rung,
	                         .learned = on_learned,
	                         .archive = cmd_course_archive,
	                         .resumes = course->resumes,
	                         .user = course};
	ChooseTrained *result = search_choose_train(cmd->rt, course->experiment, &options);
	cmd_progress_end(cmd);
	cmd_interrupt_met();
	CmdExit code = !result                                       ? cmd_course_without(course)
	               : result->interrupted || result->archive_lost ? stop_trained(course, result)
	                                                             : save_trained(course, result);
	search_choose_train_free(result);
	return code;
}

static CmdExit run_choices(CmdCourse *course, bool trained) {
	Cmd *cmd = course->cmd;
	const FeExperiment *x = course->experiment;
	course->dir = cmd->options.out;
	course->what = "rule";
	fprintf(stderr, "searching among the choices of %s on %u famil%s\n",
	        session_text(cmd->session, x->train.decl->name.name), x->on.count, x->on.count == 1 ? "y" : "ies");
	if (!cmd_course_begin(course))
		return cmd_failed(cmd);
	CmdExit code = trained ? train_all(course) : search(course);
	if (course->folder)
		store_folder_close(course->folder);
	return code;
}

CmdExit cmd_choose(Cmd *cmd, const FeExperiment *experiment) {
	bool trained = search_choose_is_trained(cmd->rt, experiment);
	if (cmd->options.learn.count > 0 || (cmd->options.steps > 0 && !trained))
		return cmd_usage(cmd, "--%s is of training, and this rule is searched for its choices",
		                 cmd->options.learn.count > 0 ? "learn" : "steps");
	return run_choices(&(CmdCourse){.cmd = cmd, .experiment = experiment}, trained);
}

CmdExit cmd_choose_again(Cmd *cmd, const FeExperiment *experiment, const StoreRecord *record) {
	(void)record;
	return run_choices(&(CmdCourse){.cmd = cmd, .experiment = experiment, .resumes = true},
	                   search_choose_is_trained(cmd->rt, experiment));
}
