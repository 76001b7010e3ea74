/* gradus report: a run as one page of HTML. What each part of it looks like is runtime/report's; where it comes from is told here. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "runtime/command/command.h"
#include "runtime/command/limits.h"
#include "runtime/report/report.h"

typedef struct Reporting {
	Cmd *cmd;
	CmdRun run;
	json_t *result;     /* result.json; NULL: the run was not finished */
	json_t *comparison; /* the one that the experiment asks for; NULL: there is none */
	ReportPage page;
} Reporting;

/* A JSON file of the run's folder; *out NULL where there is none. CMD_OK, or a code after a message. */
static CmdExit read_json(Cmd *cmd, const char *dir, const char *name, json_t **out) {
	const char *path = arena_printf(cmd->arena, "%s/%s", dir, name), *why;
	size_t length;
	json_error_t where;
	char *text = cmd_read_in_run(cmd, dir, path, &length, &why);
	*out = text ? json_loadb(text, length, JSON_REJECT_DUPLICATES, &where) : NULL;
	if (!text && why)
		return cmd_fail(cmd, CMD_CHECKPOINT, "cannot read %s: %s", path, why);
	if (text && !json_is_object(*out))
		return cmd_fail(cmd, CMD_CHECKPOINT, "%s is no JSON object", path);
	return CMD_OK;
}

static const char *word_of(const json_t *object, const char *key) {
	const char *word = json_string_value(json_object_get(object, key));
	return word ? word : "?";
}

static double number_of(const json_t *object, const char *key) {
	return rt_json_number(json_object_get(object, key));
}

/* ---- the sections, in their order ---- */

static CmdExit put_outline(Reporting *r) {
	const json_t *result = r->result;
	const char *rule = r->run.record.rule ? r->run.record.rule : word_of(result, "rule");
	if (!result) {
		report_paragraph(&r->page, "The run was ended early: this is the best of `%s` so far.", rule);
		return CMD_OK;
	}
	if (json_object_get(result, "search"))
		return CMD_OK;
	report_paragraph(&r->page,
	                 "%s: %lld learned number%s, %lld outer steps. On the select problems the score went from %.4g to "
	                 "%.4g, at step %lld.%s",
	                 rule, (long long)json_integer_value(json_object_get(result, "learned_numbers")),
	                 json_integer_value(json_object_get(result, "learned_numbers")) == 1 ? "" : "s",
	                 (long long)json_integer_value(json_object_get(result, "steps")),
	                 number_of(result, "start_select_score"), number_of(result, "best_select_score"),
	                 (long long)json_integer_value(json_object_get(result, "best_step")),
	                 json_is_true(json_object_get(result, "diverged")) ? " Training diverged there." : "");
	return CMD_OK;
}

static CmdExit put_rule(Reporting *r) {
	Cmd *cmd = r->cmd;
	const char *path = arena_printf(cmd->arena, "%s/rule.grad", r->run.dir), *why;
	size_t length;
	char *text = cmd_read_in_run(cmd, r->run.dir, path, &length, &why);
	if (!text)
		return cmd_fail(cmd, CMD_CHECKPOINT, "cannot read %s: %s", path, why ? why : strerror(ENOENT));
	report_section(&r->page, "The rule");
	report_listing(&r->page, NULL, text);
	return CMD_OK;
}

/* What a search found: by size, what was best. */
static void put_front(Reporting *r, const json_t *search) {
	const json_t *front = json_object_get(search, "front"), *one;
	size_t count = json_array_size(front), i;
	ReportTable table = {.arena = r->cmd->arena, .columns = 4};
	static const char *const heads[] = {"expression", "size", "score [95 % interval]", "rate"};
	for (size_t k = 0; k < sizeof heads / sizeof *heads; k++)
		report_cell(&table, "%s", heads[k]);
	double *size = ARENA_ARRAY(r->cmd->arena, double, count + 1),
		   *score = ARENA_ARRAY(r->cmd->arena, double, count + 1);
	json_array_foreach((json_t *)front, i, one) {
		size[i] = number_of(one, "size");
		score[i] = number_of(one, "score");
		report_cell(&table, "%s", word_of(one, "expression"));
		report_cell(&table, "%g", size[i]);
		report_cell(&table, "%.4g [%.4g, %.4g]", score[i], number_of(one, "low"), number_of(one, "high"));
		report_cell(&table, "%.3g", number_of(one, "rate"));
	}
	report_section(&r->page, "What was found");
	report_paragraph(&r->page, "%lld expressions were made, %lld of them are distinct.",
	                 (long long)json_integer_value(json_object_get(search, "generated")),
	                 (long long)json_integer_value(json_object_get(search, "distinct")));
	report_table(&r->page, "The best of each size that beats all smaller ones, on problems that no stage has seen",
	             &table);
	if (count > 1) {
		Plot plot = {.title = "The front", .x_label = "size", .y_label = "score"};
		PlotCurve curve = {.label = "best of its size", .count = (int)count, .x = size, .y = score};
		vec_push(r->cmd->arena, &plot.curves, curve);
		report_picture(&r->page, &plot, "Score by size of the expression; lower is better.");
	}
}

static CmdExit put_course(Reporting *r) {
	const json_t *search = json_object_get(r->result, "search");
	if (search) {
		if (json_array_size(json_object_get(search, "front")) > 0)
			put_front(r, search);
		return CMD_OK;
	}
	Plots plots = {0};
	CmdExit code = cmd_plots_of_training(r->cmd, r->run.dir, true, &plots);
	if (code != CMD_OK)
		return code;
	report_section(&r->page, "Training");
	report_picture(&r->page, &plots.data[0],
	               "The score along training: of every step on its own problems, and now and then on the select "
	               "problems, by which the rule was chosen.");
	report_picture(
		&r->page, &plots.data[1],
		"The length of the meta-gradient at every outer step: how much it scatters is the noise of the estimator.");
	return CMD_OK;
}

static CmdExit put_comparison(Reporting *r) {
	Cmd *cmd = r->cmd;
	if (!r->comparison)
		return CMD_OK;
	Plots plots = {0};
	size_t length;
	const char *path = arena_printf(cmd->arena, "%s/comparison.json", r->run.dir), *why;
	char *json = cmd_read_in_run(cmd, r->run.dir, path, &length, &why);
	if (!json)
		return cmd_fail(cmd, CMD_CHECKPOINT, "cannot read %s", path);
	CmdExit code = cmd_plots_of_comparison(cmd, json, length, path, &plots);
	if (code != CMD_OK)
		return CMD_CHECKPOINT;
	report_section(&r->page, "On problems that it has not seen");
	report_scores(&r->page, r->comparison);
	static const char *const captions[] = {"The mean over test problems at every step, and for two rules the middle "
	                                       "half of the problems. One rule has one colour and "
	                                       "dash in all pictures of the comparison.",
	                                       "The least value of all other rules minus that of the trained one, at every "
	                                       "step: above 0 it is ahead of all of them."};
	for (uint32_t i = 0; i < plots.count && i < sizeof captions / sizeof *captions; i++)
		report_picture(&r->page, &plots.data[i], captions[i]);
	report_profiles(&r->page, r->comparison);
	report_horizons(&r->page, r->comparison);
	return CMD_OK;
}

/* The rule at work, on select problems of its first family. */
static CmdExit put_learned(Reporting *r) {
	Cmd *cmd = r->cmd;
	const FeExperiment *experiment = &r->run.experiment;
	FeCall rule;
	if (experiment->on.count == 0)
		return CMD_OK;
	CmdExit code = cmd_rule(cmd, r->run.dir, &rule, NULL);
	if (code != CMD_OK)
		return code;
	Task *task = task_new(cmd->rt, &experiment->on.data[0], &rule, experiment->score, NULL, 0);
	if (!task)
		return cmd_failed(cmd);
	int count = experiment->select_problems > 0 ? experiment->select_problems : experiment->train_problems;
	count = count < 1 ? 1 : count;
	task_choose_lanes(task, count);
	uint64_t seed = cmd->rt->options.seed;
	Problems *problems = problems_of(task, seed, PROBLEMS_SELECT, count, false);
	double *theta = problems ? learned_new(cmd->rt, task->rule, cmd->arena) : NULL;
	bool ok = theta && learned_start(cmd->rt, task->rule, seed, theta);
	if (ok) {
		report_section(&r->page, "What the rule does");
		ok = report_response(&r->page, task, problems, theta, experiment->horizon_high) &&
		     report_ablation(&r->page, task, problems, theta, experiment->horizon_high);
	}
	problems_free(problems);
	task_free(task);
	return ok ? CMD_OK : cmd_failed(cmd);
}

static CmdExit put_costs(Reporting *r) {
	report_section(&r->page, "What it cost");
	if (r->result) {
		double bytes = number_of(r->result, "memory_bytes");
		report_paragraph(&r->page, "%s in %s, compiled in %s; %s evaluations.%s",
		                 json_object_get(r->result, "search") ? "Searched" : "Trained",
		                 cmd_time(r->cmd->arena, number_of(r->result, "seconds")),
		                 cmd_time(r->cmd->arena, number_of(r->result, "compile_seconds")),
		                 cmd_count(r->cmd->arena, json_integer_value(json_object_get(r->result, "evaluations"))),
		                 isfinite(bytes) ? arena_printf(r->cmd->arena, " Memory as planned: %s kB.",
		                                                cmd_number(r->cmd->arena, bytes / 1000, 4))
		                                 : "");
		double pieces = number_of(r->result, "pieces"), lost = number_of(r->result, "nonfinite");
		if (pieces > 0)
			report_paragraph(&r->page, "%g of %g meta-gradients (or pairs of runs) were not finite, and were left out.",
			                 lost, pieces);
	}
	if (r->comparison)
		report_costs(&r->page, r->comparison);
	return CMD_OK;
}

static CmdExit put_sources(Reporting *r) {
	Cmd *cmd = r->cmd;
	report_section(&r->page, "How it was made");
	for (uint32_t i = 0; i < r->run.record.sources.count; i++) {
		const char *path = r->run.record.sources.data[i], *why;
		size_t length;
		char *text = cmd_read_in_run(cmd, r->run.dir, path, &length, &why);
		if (!text)
			return cmd_fail(cmd, CMD_CHECKPOINT, "cannot read %s: %s", path, why ? why : strerror(ENOENT));
		report_listing(&r->page, path, text);
	}
	const char *path = arena_printf(cmd->arena, "%s/run.json", r->run.dir), *why;
	size_t length;
	char *text = cmd_read_in_run(cmd, r->run.dir, path, &length, &why);
	if (text)
		report_listing(&r->page, "Versions, options, seeds and the machine (run.json)", text);
	return CMD_OK;
}

typedef CmdExit Section(Reporting *r);

static Section *const sections[] = {put_outline, put_rule,  put_comparison, put_learned,
                                    put_course,  put_costs, put_sources};

/* ---- the command ---- */

/* Everything that the page is made from; a comparison is made where there is none and the run is finished. */
static CmdExit gather(Reporting *r, const char *dir) {
	Cmd *cmd = r->cmd;
	CmdExit code = cmd_run_open(cmd, dir, &r->run);
	code = code == CMD_OK ? read_json(cmd, dir, "result.json", &r->result) : code;
	code = code == CMD_OK ? read_json(cmd, dir, "comparison.json", &r->comparison) : code;
	if (code != CMD_OK)
		return code;
	cmd->options.precision = cmd->options.precision ? cmd->options.precision : r->run.record.precision;
	if (!r->comparison) {
		code = cmd_compare_quietly(cmd);
		code = code == CMD_OK ? read_json(cmd, dir, "comparison.json", &r->comparison) : code;
	}
	cmd->program = r->run.program;
	cmd_runtime(cmd, IR_F32);
	return code;
}

static CmdExit put_page(Reporting *r, const char *out) {
	if (out)
		return cmd_write_file(r->cmd, out, &r->page.text);
	FilePut put = store_put(r->cmd->session, r->run.dir, "report.html", r->page.text.data, r->page.text.length, false);
	if (put != FILE_PUT)
		return cmd_failed(r->cmd);
	cmd_say(r->cmd, "wrote %s/report.html", r->run.dir);
	return CMD_OK;
}

CmdExit cmd_report(Cmd *cmd) {
	if (cmd->words.count != 1 || !cmd_is_folder(cmd->words.data[0]))
		return cmd_usage(cmd, "of which run? Name its folder");
	const char *dir = cmd->words.data[0], *out = cmd->options.out;
	cmd->options.out = NULL; /* it is the page's, not the comparison's */
	if (!out && !store_may_put(cmd->session, dir, "report.html"))
		return cmd_failed(cmd);
	Reporting r = {.cmd = cmd};
	CmdExit code = gather(&r, dir);
	r.page = report_page(cmd->arena, arena_printf(cmd->arena, "Gradus: %s", dir));
	for (size_t i = 0; i < sizeof sections / sizeof *sections && code == CMD_OK; i++)
		code = sections[i](&r);
	report_end(&r.page);
	json_decref(r.result);
	json_decref(r.comparison);
	return code == CMD_OK ? put_page(&r, out) : code;
}
