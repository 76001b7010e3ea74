/* gradus train, where the rule has an open expression: a search for it, and what it leaves in the run folder. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "runtime/command/command.h"
#include "runtime/search/search.h"

static const char *const stage_words[SEARCH_STAGES] = {"first look", "second look", "fitting", "last round"};

static void on_progress(void *user, const SearchProgress *p) {
	Cmd *cmd = user;
	Arena *arena = arena_new();
	if (p->stage == SEARCH_STAGES) {
		cmd_put_evolving(cmd, p);
	} else if (p->stage < 0) {
		cmd_progress(cmd, false, "making expressions of size %d: %s, %s of them distinct", p->size,
		             cmd_count(arena, p->generated), cmd_count(arena, p->distinct));
	} else {
		const char *best =
			isfinite(p->best) ? arena_printf(arena, "  best %s  %s", cmd_number(arena, p->best, 4), p->formula) : "";
		cmd_progress(cmd, p->done == p->total, "%s of %s distinct: %s of %s, %s/s%s  %s left", stage_words[p->stage],
		             cmd_count(arena, p->distinct), cmd_count(arena, p->done), cmd_count(arena, p->total),
		             cmd_count(arena, (int64_t)p->per_second), best, cmd_time(arena, p->eta));
	}
	arena_free(arena);
}

/* ---- what was found ---- */

static const SearchExpr *expr_of(const SearchResult *result, uint32_t number) {
	return &result->table->exprs[result->front[number].expr];
}

static const char *formula_of(Cmd *cmd, const SearchResult *result, uint32_t number) {
	FeLevel level;
	const SearchFound *found = &result->front[number];
	return search_formula(result->table, found->expr, found->constants, cmd->arena, &level);
}

static void put_front(Cmd *cmd, const SearchResult *result, Text *out) {
	CmdTable table = {.arena = cmd->arena, .columns = 6, .left = 1u << 5};
	static const char *const heads[] = {"size", "score", "[95 % interval]", "rate", "FLOPs", "expression"};
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		cmd_cell(&table, "%s", heads[i]);
	for (uint32_t i = 0; i < result->front_count; i++) {
		const SearchFound *found = &result->front[i];
		const SearchExpr *x = expr_of(result, i);
		cmd_cell(&table, "%d%s", x->size, i == result->winner ? " *" : "");
		cmd_cell(&table, "%s", cmd_number(cmd->arena, found->select.mean, 4));
		cmd_cell(&table, "[%s, %s]", cmd_number(cmd->arena, found->select.low, 4),
		         cmd_number(cmd->arena, found->select.high, 4));
		cmd_cell(&table, "%s", cmd_number(cmd->arena, found->rate, 3));
		cmd_cell(&table, "%d", x->cost);
		cmd_cell(&table, "%s", formula_of(cmd, result, i));
	}
	cmd_table(&table, "  ", out);
}

static void put_summary(Cmd *cmd, const SearchResult *result, const char *dir, Text *out) {
	Arena *arena = cmd->arena;
	cmd_put_course(cmd, result, out);
	text_printf(out, "%s expressions, %s of them distinct and possible here; came into the stages:",
	            cmd_count(arena, result->generated), cmd_count(arena, result->candidates));
	for (int stage = 0; stage < SEARCH_STAGES; stage++)
		text_printf(out, " %s", cmd_count(arena, result->evaluated[stage]));
	text_printf(
		out, "\n%u finalist%s, scored on %d problems that %s; the best of each size that beats the smaller ones:\n\n",
		result->finalists, result->finalists == 1 ? "" : "s",
		result->select_problems > 0 ? result->select_problems : result->train_problems,
		result->select_problems > 0 ? "no stage has seen" : "they were fitted on (there are no select problems)");
	put_front(cmd, result, out);
	if (result->table->stopped && !result->evolved)
		text_printf(out, "\nonly expressions of size up to %d: there are too many of the next\n", result->table->size);
	text_printf(out,
	            "\n%s evaluations; searched in %s, compiled in %s\nthe rule: %s/rule.grad; the front: %s/front.grad\n",
	            cmd_count(arena, result->evaluations), cmd_time(arena, result->seconds),
	            cmd_time(arena, result->compile_seconds), dir, dir);
}

static json_t *search_json(Cmd *cmd, const SearchResult *result) {
	json_t *search = json_object(), *stages = json_array(), *front = json_array();
	cmd_course_json(result, search);
	json_object_set_new(search, "generated", json_integer((json_int_t)result->generated));
	json_object_set_new(search, "distinct", json_integer((json_int_t)result->candidates));
	for (int stage = 0; stage < SEARCH_STAGES; stage++)
		json_array_append_new(stages, json_integer((json_int_t)result->evaluated[stage]));
	json_object_set_new(search, "stages", stages);
	json_object_set_new(search, "finalists", json_integer(result->finalists));
	json_object_set_new(search, "select_problems", json_integer(result->select_problems));
	json_object_set_new(search, "interrupted", json_boolean(result->interrupted));
	for (uint32_t i = 0; i < result->front_count; i++) {
		const SearchFound *found = &result->front[i];
		json_t *one = json_object();
		json_object_set_new(one, "expression", json_string(formula_of(cmd, result, i)));
		json_object_set_new(one, "size", json_integer(expr_of(result, i)->size));
		json_object_set_new(one, "cost", json_integer(expr_of(result, i)->cost));
		json_object_set_new(one, "rate", rt_json_real(found->rate));
		json_object_set_new(one, "score", rt_json_real(found->select.mean));
		json_object_set_new(one, "low", rt_json_real(found->select.low));
		json_object_set_new(one, "high", rt_json_real(found->select.high));
		json_object_set_new(one, "winner", json_boolean(i == result->winner));
		json_array_append_new(front, one);
	}
	json_object_set_new(search, "front", front);
	return search;
}

/* What is written is read again and compiled like any rule; it has to score as it did in the search, but for rounding. */
static CmdExit confirm(Cmd *cmd, const SearchResult *result) {
	static const double most = 1e-3;
	double *means = ARENA_ARRAY(cmd->arena, double, result->front_count + 1);
	if (!search_confirm(cmd->rt, result, cmd_program_new(cmd), means))
		return cmd_failed(cmd);
	for (uint32_t i = 0; i < result->front_count; i++) {
		double score = result->front[i].select.mean;
		if (fabs(means[i] - score) <= most * fabs(score))
			continue;
		diag_warning(cmd->session, 821, (Span){0},
		             "`%s` scores %s when compiled, and %s in the search: rounding decides its course",
		             formula_of(cmd, result, i), cmd_number(cmd->arena, means[i], 5), cmd_number(cmd->arena, score, 5));
	}
	return CMD_OK;
}

static CmdExit save(Cmd *cmd, const SearchResult *result, StoreFolder *folder) {
	Text rule = text_new(cmd->arena), front = text_new(cmd->arena), out = text_new(cmd->arena),
		 dir = text_new(cmd->arena);
	search_rule_file(cmd->rt, result, &rule);
	search_front_file(cmd->rt, result, &front);
	const FeExperiment *x = result->experiment;
	StoreFound found = {.rule = text_cstr(&rule),
	                    .front = text_cstr(&front),
	                    .rule_name = session_text(cmd->session, x->train.decl->name.name),
	                    .horizon_low = x->horizon_low,
	                    .horizon_high = x->horizon_high,
	                    .coordinates = search_lab_task(result->labs[0])->objective->size,
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
		cmd_say(cmd, "next: %s compare %s", cmd->typed, text_cstr(&dir));
	return code;
}

CmdExit cmd_search(Cmd *cmd, const FeExperiment *experiment) {
	const char *dir = cmd->options.out;
	if (cmd->options.steps > 0 || cmd->options.learn.count > 0)
		return cmd_usage(cmd, "--%s is of training, and this rule is searched for its open expression",
		                 cmd->options.steps > 0 ? "steps" : "learn");
	if (cmd->options.seed >= 0 && experiment->search.kind == FE_SEARCH_ENUMERATE)
		fprintf(stderr, "nothing is drawn but problems: every seed gives this search\n");
	fprintf(stderr, "searching for the open expression of %s on %u famil%s\n",
	        session_text(cmd->session, experiment->train.decl->name.name), experiment->on.count,
	        experiment->on.count == 1 ? "y" : "ies");
	SearchOptions options = {.progress = on_progress, .user = cmd};
	StoreFolder *folder = store_folder_new(cmd->rt, dir, experiment, cmd->command_line);
	if (!folder)
		return cmd_failed(cmd);
	SearchResult *result = search_experiment(cmd->rt, experiment, &options);
	cmd_progress_end(cmd);
	bool early = !result && rt_interrupted(cmd->rt);
	cmd_interrupt_met();
	CmdExit code = result ? confirm(cmd, result) : early ? CMD_INTERRUPTED : cmd_failed(cmd);
	if (early)
		fprintf(stderr, "interrupted before anything was found: nothing was saved\n");
	if (code == CMD_OK)
		code = save(cmd, result, folder);
	if (result && code != CMD_FINDINGS && code != CMD_IO)
		store_folder_close(folder);
	else
		store_folder_discard(folder);
	search_free(result);
	return code;
}
