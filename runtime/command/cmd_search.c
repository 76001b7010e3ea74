/* gradus train, where the rule has an open expression: a search for it, and what it leaves in the run folder. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "runtime/command/cmd_course.h"
#include "runtime/command/cmd_front_svg.h"

typedef struct Searching {
	CmdCourse course;             /* first: what asks for the archive knows no more */
	const SearchTeacher *teacher; /* NULL: all expressions are looked at */
} Searching;

static void on_progress(void *user, const SearchProgress *p) {
	Cmd *cmd = ((const Searching *)user)->course.cmd;
	Arena *arena = arena_new();
	if (p->stage == SEARCH_EVOLVING) {
		cmd_put_evolving(cmd, p);
	} else if (p->stage == SEARCH_PROPOSING) {
		cmd_put_proposing(cmd, p);
	} else if (p->stage == SEARCH_TRAINING) {
		cmd_progress(cmd, p->step == p->steps, "training finalist %s of %s: step %d/%d  %s  %s  %s left",
		             cmd_count(arena, p->done + 1), cmd_count(arena, p->total), p->step, p->steps,
		             cmd_number(arena, p->best, 4), p->formula, cmd_time(arena, p->eta));
	} else if (p->stage < 0) {
		cmd_progress(cmd, false, "making expressions of size %d: %s, %s of them distinct", p->size,
		             cmd_count(arena, p->generated), cmd_count(arena, p->distinct));
	} else {
		const char *stage = search_stage_words[p->stage == SEARCH_SELECTING ? SEARCH_STAGES : p->stage];
		const char *best =
			isfinite(p->best) ? arena_printf(arena, "  best %s  %s", cmd_number(arena, p->best, 4), p->formula) : "";
		cmd_progress(cmd, p->done == p->total, "%s of %s distinct: %s of %s, %s/s%s  %s left", stage,
		             cmd_count(arena, p->distinct), cmd_count(arena, p->done), cmd_count(arena, p->total),
		             cmd_count(arena, (int64_t)p->per_second), best, cmd_time(arena, p->eta));
	}
	arena_free(arena);
}

static bool on_best(void *user, const SearchResult *so_far) {
	CmdCourse *course = &((Searching *)user)->course;
	const Cmd *cmd = course->cmd;
	Arena *arena = arena_new();
	Text rule = text_new(arena), front = text_new(arena);
	StoreAllWeights weights = {0};
	bool ok =
		search_rule_file(cmd->rt, so_far, &rule, &weights) && search_front_file(cmd->rt, so_far, &front, &weights);
	StoreFound files = {.rule = text_cstr(&rule), .front = text_cstr(&front), .weights = &weights};
	ok = ok && cmd_course_save(course, &files);
	arena_free(arena);
	return ok;
}

static void on_baseline(void *user, uint32_t done, uint32_t total) {
	cmd_progress(user, false, "fitting the known rules: %u of %u", done + 1, total);
}

static void on_confirmed(void *user, uint32_t done, uint32_t total) {
	cmd_progress(user, false, "compiling what was found: %u of %u", done + 1, total);
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
		cmd_cell(&table, "%s", cmd_number(cmd->arena, found->score, 4));
		if (result->stage == SEARCH_STAGES)
			cmd_cell(&table, "[%s, %s]", cmd_number(cmd->arena, found->select.low, 4),
			         cmd_number(cmd->arena, found->select.high, 4));
		else
			cmd_cell(&table, "-");
		cmd_cell(&table, "%s", cmd_number(cmd->arena, found->rate, 3));
		cmd_cell(&table, "%d", x->cost);
		cmd_cell(&table, "%s%s", formula_of(cmd, result, i), found->proposed ? "  (proposed)" : "");
	}
	for (uint32_t i = 0; i < result->baseline_count; i++) {
		const SearchBaseline *known = &result->baselines[i];
		cmd_cell(&table, "-");
		cmd_cell(&table, "%s", known->fitted ? cmd_number(cmd->arena, known->select.mean, 4) : "-");
		if (known->fitted)
			cmd_cell(&table, "[%s, %s]", cmd_number(cmd->arena, known->select.low, 4),
			         cmd_number(cmd->arena, known->select.high, 4));
		else
			cmd_cell(&table, "-");
		cmd_cell(&table, "%s", isnan(known->rate) || !known->fitted ? "-" : cmd_number(cmd->arena, known->rate, 3));
		cmd_cell(&table, "-");
		cmd_cell(&table, "%s", known->label);
	}
	cmd_table(&table, "  ", out);
}

static json_t *baselines_json(const SearchResult *result) {
	json_t *all = json_array();
	for (uint32_t i = 0; i < result->baseline_count; i++) {
		const SearchBaseline *known = &result->baselines[i];
		json_t *one = json_object(), *numbers = json_object();
		json_object_set_new(one, "rule", json_string(known->label));
		json_object_set_new(one, "fitted", json_boolean(known->fitted));
		if (known->fitted) {
			json_object_set_new(one, "rate", isnan(known->rate) ? json_null() : rt_json_real(known->rate));
			for (uint32_t k = 0; k < known->constant_count; k++)
				json_object_set_new(numbers, known->names[k], rt_json_real(known->constants[k]));
			json_object_set_new(one, "score", rt_json_real(known->select.mean));
			json_object_set_new(one, "low", rt_json_real(known->select.low));
			json_object_set_new(one, "high", rt_json_real(known->select.high));
		}
		json_object_set_new(one, "constants", numbers);
		json_array_append_new(all, one);
	}
	return all;
}

static void put_counts(Cmd *cmd, const SearchResult *result, Text *out) {
	text_printf(out, "%s expressions, %s of them distinct and possible here; came into the stages:",
	            cmd_count(cmd->arena, result->generated), cmd_count(cmd->arena, result->candidates));
	for (int stage = 0; stage < SEARCH_STAGES && stage <= result->stage; stage++)
		text_printf(out, " %s", cmd_count(cmd->arena, result->evaluated[stage]));
	text_char(out, '\n');
}

static void put_summary(Cmd *cmd, const SearchResult *result, const char *dir, Text *out) {
	Arena *arena = cmd->arena;
	int problems = result->select_problems > 0 ? result->select_problems : result->train_problems;
	cmd_put_course(cmd, result, out);
	cmd_put_proposed(cmd, result, out);
	cmd_put_taught(cmd, result, out);
	put_counts(cmd, result, out);
	text_printf(
		out, "%u finalist%s, scored on %d problem%s that %s; the best of each size that beats the smaller ones:\n\n",
		result->finalists, result->finalists == 1 ? "" : "s", problems, problems == 1 ? "" : "s",
		result->select_problems > 0 ? "no stage has seen" : "they were fitted on (there are no select problems)");
	put_front(cmd, result, out);
	if (result->beside > 0)
		text_printf(
			out, "\n%s number%s of `learn` %s\n", cmd_count(arena, result->beside), result->beside == 1 ? "" : "s",
			result->trains ? "beside it, which each finalist was trained in; before that they stood where they start"
						   : "beside it, some in rules that it applies: they stay where they start");
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
	cmd_proposed_json(result, search);
	cmd_taught_json(cmd, result, search);
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
		json_object_set_new(one, "score", rt_json_real(found->score));
		json_object_set_new(one, "low", rt_json_real(found->select.low));
		json_object_set_new(one, "high", rt_json_real(found->select.high));
		json_object_set_new(one, "proposed", json_boolean(found->proposed));
		if (found->trained)
			json_object_set_new(one, "untrained", rt_json_real(found->untrained));
		json_object_set_new(one, "winner", json_boolean(i == result->winner));
		json_array_append_new(front, one);
	}
	json_object_set_new(search, "front", front);
	json_object_set_new(search, "baselines", baselines_json(result));
	return search;
}

static void warn_of_score(Cmd *cmd, const SearchResult *result, uint32_t number, const char *how, double other,
                          const char *why) {
	diag_warning(cmd->session, 821, (Span){0}, "`%s` scores %s %s, and %s here: %s its course",
	             formula_of(cmd, result, number), cmd_number(cmd->arena, other, 5), how,
	             cmd_number(cmd->arena, result->front[number].select.mean, 5), why);
}

static bool differ(double a, double b) {
	static const double most = 1e-3;
	return !(fabs(a - b) <= most * fabs(b));
}

/* What is written is read again and compiled like any rule; it has to score as it did in the search, but for rounding. */
static bool confirm(Cmd *cmd, const SearchResult *result) {
	double *means = ARENA_ARRAY(cmd->arena, double, result->front_count + 1);
	if (result->trains) /* what is trained was compiled like any rule already */
		return true;
	if (!search_confirm(cmd->rt, result, cmd_program_new(cmd), on_confirmed, cmd, means))
		return false;
	for (uint32_t i = 0; i < result->front_count; i++) {
		if (differ(result->front[i].flushed, result->front[i].select.mean))
			warn_of_score(cmd, result, i, "where numbers below 1e-38 are 0, as they are in a search",
			              result->front[i].flushed, "such numbers decide");
		if (differ(means[i], result->front[i].select.mean))
			warn_of_score(cmd, result, i, "when compiled", means[i], "the last digits of what it computes decide");
	}
	return true;
}

/* ---- the end ---- */

/* The front on the problems that it was chosen by, with the known rules that were fitted alike as lines. */
static CmdExit draw(const Searching *searching, const SearchResult *result) {
	Cmd *cmd = searching->course.cmd;
	const FeExperiment *x = result->experiment;
	int problems = result->select_problems > 0 ? result->select_problems : result->train_problems * result->lab_count;
	CmdFront front = {
		.title = arena_printf(cmd->arena, "%s: formulas found", session_text(cmd->session, x->train.decl->name.name)),
		.problems = arena_printf(cmd->arena, "%d problem%s that the search %s", problems, problems == 1 ? "" : "s",
	                             result->select_problems > 0 ? "has not seen" : "was made on"),
		.steps = x->horizon_high,
		.score = x->score};
	for (uint32_t i = 0; i < result->front_count; i++) {
		CmdFrontPoint point = {expr_of(result, i)->size, result->front[i].select};
		vec_push(cmd->arena, &front.points, point);
	}
	for (uint32_t i = 0; i < result->baseline_count; i++) {
		CmdFrontLevel level = {arena_printf(cmd->arena, "%s, fitted", result->baselines[i].label),
		                       result->baselines[i].select.mean};
		if (result->baselines[i].fitted)
			vec_push(cmd->arena, &front.levels, level);
	}
	return cmd_put_front(cmd, searching->course.dir, "front.svg", &front);
}

static CmdExit save(Searching *searching, const SearchResult *result) {
	Cmd *cmd = searching->course.cmd;
	Text rule = text_new(cmd->arena), front = text_new(cmd->arena), out = text_new(cmd->arena);
	StoreAllWeights weights = {0};
	if (!search_rule_file(cmd->rt, result, &rule, &weights) || !search_front_file(cmd->rt, result, &front, &weights))
		return cmd_failed(cmd);
	const FeExperiment *x = result->experiment;
	StoreFound found = {.rule = text_cstr(&rule),
	                    .front = text_cstr(&front),
	                    .weights = &weights,
	                    .rule_name = session_text(cmd->session, x->train.decl->name.name),
	                    .horizon_low = x->horizon_low,
	                    .horizon_high = x->horizon_high,
	                    .coordinates = search_lab_task(result->labs[0])->objective->size,
	                    .evaluations = result->evaluations,
	                    .seconds = result->seconds,
	                    .compile_seconds = result->compile_seconds,
	                    .search = search_json(cmd, result)};
	bool saved, whole = store_folder_found(searching->course.folder, &found, &saved);
	if (saved)
		put_summary(cmd, result, searching->course.plain, &out);
	else
		text_printf(&out, "# This rule could not be saved in %s.\n%s", searching->course.plain, found.rule);
	CmdExit code = cmd_print(cmd, &out);
	if (!whole)
		return cmd_failed(cmd);
	if (code == CMD_OK)
		code = draw(searching, result);
	if (code == CMD_OK)
		cmd_say(cmd, "next: %s compare %s%s", cmd->typed, searching->course.plain,
		        cmd_data_option(cmd, searching->course.experiment));
	return code;
}

/* Interrupted, or the disk did not take all of the archive: the best so far is what a kill would leave, too, but for its last second. */
static CmdExit stop(Searching *searching, const SearchResult *result) {
	Cmd *cmd = searching->course.cmd;
	Text out = text_new(cmd->arena);
	if (!on_best(searching, result))
		return cmd_failed(cmd);
	put_counts(cmd, result, &out);
	text_printf(&out, "the best so far, by the scores of the stage \"%s\":\n\n", search_stage_words[result->stage]);
	put_front(cmd, result, &out);
	text_char(&out, '\n');
	return cmd_course_stopped(&searching->course, result->archive_lost, &out);
}

/* No result: interrupted before there was any, or a failure. What was found before stays, unless it turned out to be nothing. */
static CmdExit run_search(Searching *searching) {
	CmdCourse *course = &searching->course;
	Cmd *cmd = course->cmd;
	fprintf(stderr, "searching for the open expression of %s on %u famil%s\n",
	        session_text(cmd->session, course->experiment->train.decl->name.name), course->experiment->on.count,
	        course->experiment->on.count == 1 ? "y" : "ies");
	course->dir = cmd->options.out;
	course->what = "rule";
	course->more = course->experiment->search.proposals > 0 ? " --propose COMMAND" : NULL;
	course->ends = searching->teacher != NULL;
	if (!cmd_course_begin(course))
		return cmd_failed(cmd);
	SearchOptions options = {.progress = on_progress,
	                         .best = on_best,
	                         .archive = cmd_course_archive,
	                         .propose = cmd->options.propose,
	                         .patience = cmd->options.patience > 0 ? (int)cmd->options.patience : 0,
	                         .teacher = searching->teacher,
	                         .resumes = course->resumes,
	                         .user = searching};
	SearchResult *result = search_experiment(cmd->rt, course->experiment, &options);
	CmdExit code = CMD_OK;
	if (result && cmd->options.seed >= 0 && result->kind == FE_SEARCH_ENUMERATE && !result->trains) {
		cmd_progress_end(cmd);
		cmd_say(cmd, "nothing is drawn but problems: every seed gives this search");
	}
	if (result && !result->interrupted && !result->archive_lost && !search_baselines(cmd->rt, result, on_baseline, cmd))
		result->interrupted = true;
	if (result && !result->interrupted && !confirm(cmd, result)) {
		if (rt_interrupted(cmd->rt))
			result->interrupted = true;
		else
			code = cmd_failed(cmd);
	}
	cmd_progress_end(cmd);
	cmd_interrupt_met();
	if (code == CMD_OK)
		code = !result || (result->interrupted && result->behind) ? cmd_course_without(course)
		       : result->archive_lost || result->interrupted      ? stop(searching, result)
		                                                          : save(searching, result);
	if (course->folder)
		store_folder_close(course->folder);
	search_free(result);
	return code;
}

CmdExit cmd_search(Cmd *cmd, const FeExperiment *experiment) {
	if (cmd->options.steps > 0 || cmd->options.learn.count > 0)
		return cmd_usage(cmd, "--%s is of training, and this rule is searched for its open expression",
		                 cmd->options.steps > 0 ? "steps" : "learn");
	return run_search(&(Searching){.course = {.cmd = cmd, .experiment = experiment}});
}

CmdExit cmd_search_taught(Cmd *cmd, const FeExperiment *experiment, const SearchTeacher *teacher) {
	return run_search(&(Searching){.course = {.cmd = cmd, .experiment = experiment}, .teacher = teacher});
}

CmdExit cmd_search_again(Cmd *cmd, const FeExperiment *experiment, const StoreRecord *record) {
	(void)record;
	return run_search(&(Searching){.course = {.cmd = cmd, .experiment = experiment, .resumes = true}});
}
