/* gradus train, where the rule has choices: a search among them, and what it leaves in the run folder. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "runtime/command/command.h"
#include "runtime/search/search.h"

/* A search under way, and where it will leave what it finds: made when the first finalist is about to be written, so that nothing is left of
 * one that ends before. */
typedef struct Course {
	Cmd *cmd;
	const FeExperiment *experiment;
	StoreFolder *folder;
	bool failed; /* there could be none */
} Course;

static void on_progress(void *user, const SearchProgress *p) {
	Course *course = user;
	Cmd *cmd = course->cmd;
	if (p->stage == SEARCH_STAGES && !course->folder && !course->failed) {
		course->folder = store_folder_new(cmd->rt, cmd->options.out, course->experiment, cmd->command_line);
		course->failed = !course->folder;
	}
	if (rt_interrupted(cmd->rt)) { /* what there is is written now, which takes longer than an answer to Ctrl-C may */
		cmd_interrupt_met();
		return;
	}
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

static void put_summary(Cmd *cmd, const ChooseResult *result, const char *dir, Text *out) {
	Arena *arena = cmd->arena;
	const ChooseSpace *space = &result->space;
	text_printf(out, "%s combinations of %u choice%s, %s%s of them that are not the same; came into the stages:",
	            cmd_count(arena, (int64_t)space->combinations), (unsigned)space->count, space->count == 1 ? "" : "s",
	            space->sampled ? "a sample of " : "", cmd_count(arena, space->distinct_count));
	for (int stage = 0; stage < SEARCH_STAGES; stage++)
		text_printf(out, " %s", cmd_count(arena, result->evaluated[stage]));
	if (result->climbed > 0)
		text_printf(out, "\n%s more were made of the best so far, one choice at a time",
		            cmd_count(arena, result->climbed));
	text_printf(out, "\nthe best, written, compiled and scored on %d problems that %s:\n\n",
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
	json_object_set_new(search, "interrupted", json_boolean(result->interrupted));
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

static CmdExit save(Cmd *cmd, const ChooseResult *result, StoreFolder *folder) {
	Text out = text_new(cmd->arena), dir = text_new(cmd->arena);
	const FeExperiment *x = result->experiment;
	StoreFound found = {.rule = result->best[0].rule,
	                    .rule_name = session_text(cmd->session, x->train.decl->name.name),
	                    .horizon_low = x->horizon_low,
	                    .horizon_high = x->horizon_high,
	                    .coordinates = result->task->objective->size,
	                    .evaluations = result->evaluations,
	                    .seconds = result->seconds,
	                    .compile_seconds = result->compile_seconds,
	                    .search = search_json(cmd, result)};
	bool saved, whole = store_folder_found(folder, &found, &saved);
	text_plain(&dir, cmd->options.out, strlen(cmd->options.out), false);
	if (saved)
		put_summary(cmd, result, text_cstr(&dir), &out);
	else
		text_printf(&out, "# This rule could not be saved in %s.\n%s", text_cstr(&dir), found.rule);
	if (result->interrupted && saved)
		text_printf(&out, "interrupted: this is the best so far\n");
	CmdExit code = cmd_print(cmd, &out);
	if (!whole)
		return cmd_failed(cmd);
	if (result->interrupted)
		return CMD_INTERRUPTED;
	if (code == CMD_OK)
		cmd_say(cmd, "next: %s compare %s%s", cmd->typed, text_cstr(&dir), cmd_data_option(cmd, result->experiment));
	return code;
}

/* ---- beside many learned numbers: every combination is trained ---- */

static const char *const rung_words[] = {"a sixteenth of the steps", "a quarter of the steps", "all steps"};

static void on_rung(void *user, const SearchProgress *p) {
	Cmd *cmd = user;
	if (rt_interrupted(cmd->rt))
		cmd_interrupt_met();
	Arena *arena = arena_new();
	cmd_progress(cmd, p->done == p->total, "%s: %s of %s combinations  best %s  %s", rung_words[p->stage],
	             cmd_count(arena, p->done), cmd_count(arena, p->total), cmd_number(arena, p->best, 4), p->formula);
	arena_free(arena);
}

static void put_trained(Cmd *cmd, const ChooseTrained *result, Text *out) {
	static const uint32_t shown = 8;
	CmdTable table = {.arena = cmd->arena, .columns = 4, .left = 1u << 3};
	static const char *const heads[] = {"", "score", "outer steps", "choices"};
	text_printf(out, "%s combinations that are not the same, trained for %s",
	            cmd_count(cmd->arena, result->space.distinct_count), rung_words[0]);
	for (int rung = 1; rung < 3; rung++)
		text_printf(out, "; %s of them for %s", cmd_count(cmd->arena, result->evaluated[rung]), rung_words[rung]);
	if (result->idle > 0)
		text_printf(out, "; %u in which nothing is learned were left out", (unsigned)result->idle);
	text_printf(out, "\n\n");
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		cmd_cell(&table, "%s", heads[i]);
	for (uint32_t i = 0; i < result->best_count && i < shown; i++) {
		const ChooseLearned *one = &result->best[i];
		cmd_cell(&table, "%u", (unsigned)i + 1);
		cmd_cell(&table, "%s", cmd_number(cmd->arena, one->score, 4));
		cmd_cell(&table, "%d", one->steps);
		cmd_cell(&table, "%s", search_choose_text(cmd->session, &result->space, one->combination, cmd->arena));
	}
	cmd_table(&table, "  ", out);
	text_printf(out, "\n%s evaluations in %s\nthe rule: %s/rule.grad\n", cmd_count(cmd->arena, result->evaluations),
	            cmd_time(cmd->arena, result->seconds), cmd->options.out);
}

static CmdExit train_all(Cmd *cmd, const FeExperiment *experiment) {
	StoreFolder *folder = store_folder_new(cmd->rt, cmd->options.out, experiment, cmd->command_line);
	if (!folder)
		return cmd_failed(cmd);
	SearchOptions options = {.progress = on_rung, .user = cmd};
	ChooseTrained *result = search_choose_train(cmd->rt, experiment, &options);
	cmd_progress_end(cmd);
	cmd_interrupt_met();
	if (!result) {
		bool early = rt_interrupted(cmd->rt);
		store_folder_discard(folder);
		return early ? CMD_INTERRUPTED : cmd_failed(cmd);
	}
	FeProgram *whole = cmd->rt->program;
	cmd->rt->program = result->program; /* the rule that is saved is one of the program with its choices made */
	bool saved, finished = store_folder_result(folder, result->trained, &saved);
	cmd->rt->program = whole;
	Text out = text_new(cmd->arena);
	if (saved)
		put_trained(cmd, result, &out);
	if (result->interrupted)
		text_printf(&out, "interrupted: this is the best so far\n");
	CmdExit code = cmd_print(cmd, &out);
	if (!finished)
		code = cmd_failed(cmd);
	else if (result->interrupted)
		code = CMD_INTERRUPTED;
	store_folder_close(folder);
	search_choose_train_free(result);
	return code;
}

CmdExit cmd_choose(Cmd *cmd, const FeExperiment *experiment) {
	const char *rule = session_text(cmd->session, experiment->train.decl->name.name);
	bool trained = search_choose_is_trained(cmd->rt, experiment);
	if (cmd->options.learn.count > 0 || (cmd->options.steps > 0 && !trained))
		return cmd_usage(cmd, "--%s is of training, and this rule is searched for its choices",
		                 cmd->options.learn.count > 0 ? "learn" : "steps");
	fprintf(stderr, "searching among the choices of %s on %u famil%s\n", rule, experiment->on.count,
	        experiment->on.count == 1 ? "y" : "ies");
	if (trained)
		return train_all(cmd, experiment);
	Course course = {.cmd = cmd, .experiment = experiment};
	SearchOptions options = {.progress = on_progress, .user = &course};
	ChooseResult *result = search_choose_experiment(cmd->rt, experiment, &options);
	cmd_progress_end(cmd);
	bool early = !result && rt_interrupted(cmd->rt);
	cmd_interrupt_met();
	if (early)
		fprintf(stderr, "interrupted before anything was found: nothing was saved\n");
	if (result)
		compare_scores(cmd, result);
	bool saves = result && course.folder;
	CmdExit code = saves ? save(cmd, result, course.folder) : early ? CMD_INTERRUPTED : cmd_failed(cmd);
	if (saves && code != CMD_IO)
		store_folder_close(course.folder);
	else if (course.folder)
		store_folder_discard(course.folder);
	search_choose_free(result);
	return code;
}
