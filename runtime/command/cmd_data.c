/* The pictures of a run folder and of a comparison, from the files that they are. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/command/command.h"
#include "runtime/command/limits.h"
#include "runtime/report/report.h"

char *cmd_read_file(Cmd *cmd, const char *path, bool streams, size_t *length, const char **why) {
	char *bytes = NULL;
	*why = file_read(cmd->arena, path, CMD_MOST_FILE, streams, &bytes, length);
	return *why ? NULL : bytes;
}

static double *numbers_of(Cmd *cmd, const json_t *array, int *count) {
	*count = (int)json_array_size(array);
	double *values = ARENA_ARRAY(cmd->arena, double, *count + 1);
	for (int i = 0; i < *count; i++)
		values[i] = rt_json_number(json_array_get(array, (size_t)i));
	return values;
}

static const char *word_of(Cmd *cmd, const json_t *object, const char *key) {
	const char *word = json_string_value(json_object_get(object, key));
	return word ? arena_strdup(cmd->arena, word) : "?";
}

/* ---- training ---- */

typedef struct Course {
	VEC(double) step, score, norm, select_step, select; /* norm: of the meta-gradient */
} Course;

/* A file of a run folder that lies in it. NULL and *why; *why too is NULL where there is none of that name. */
char *cmd_read_in_run(Cmd *cmd, const char *dir, const char *path, size_t *length, const char **why) {
	struct stat info;
	*why = NULL;
	if (lstat(path, &info) != 0 && errno == ENOENT)
		return NULL;
	*why = store_outside(cmd->arena, dir, path);
	return *why ? NULL : cmd_read_file(cmd, path, false, length, why);
}

static CmdExit read_course(Cmd *cmd, const char *dir, Course *course) {
	const char *path = arena_printf(cmd->arena, "%s/metrics.jsonl", dir);
	size_t length;
	const char *why;
	char *text = cmd_read_in_run(cmd, dir, path, &length, &why);
	if (!text)
		return cmd_fail(cmd, CMD_CHECKPOINT, "cannot read %s: %s", path, why ? why : strerror(ENOENT));
	int number = 0;
	for (char *line = text; *line;) {
		size_t size = strcspn(line, "\n");
		json_error_t where;
		number++;
		json_t *object = json_loadb(line, size, JSON_REJECT_DUPLICATES, &where);
		if (!json_is_object(object)) {
			json_decref(object);
			if (line[size] == '\0')
				break; /* the run was killed while it wrote its last line */
			return cmd_fail(cmd, CMD_CHECKPOINT, "%s:%d: not a line of a training run", path, number);
		}
		double step = rt_json_number(json_object_get(object, "step"));
		vec_push(cmd->arena, &course->step, step);
		vec_push(cmd->arena, &course->score, rt_json_number(json_object_get(object, "score")));
		vec_push(cmd->arena, &course->norm, rt_json_number(json_object_get(object, "gradient_norm")));
		const json_t *select = json_object_get(object, "select");
		if (select) {
			vec_push(cmd->arena, &course->select_step, step);
			vec_push(cmd->arena, &course->select, rt_json_number(select));
		}
		json_decref(object);
		line += size + (line[size] == '\n');
	}
	if (course->step.count == 0)
		return cmd_fail(cmd, CMD_CHECKPOINT, "%s has no steps yet", path);
	return CMD_OK;
}

/* What runs are judged by; files of earlier versions do not say, and mean f. */
static const char *judge_of(Cmd *cmd, const json_t *root) {
	return json_object_get(root, "judged_by") ? word_of(cmd, root, "judged_by") : "f";
}

/* What the experiment of a run scores, "mean(f)"; NULL where its run.json does not say. */
static const char *stated_score(Cmd *cmd, const char *dir) {
	size_t length;
	const char *why;
	char *text = cmd_read_in_run(cmd, dir, arena_printf(cmd->arena, "%s/run.json", dir), &length, &why);
	json_error_t where;
	json_t *root = text ? json_loadb(text, length, JSON_REJECT_DUPLICATES, &where) : NULL;
	const char *score = json_string_value(json_object_get(root, "score"));
	const char *judge = judge_of(cmd, root);
	score = score ? arena_printf(cmd->arena, "%s%s", score, strcmp(judge, "f") ? " of validate" : "") : NULL;
	json_decref(root);
	return score;
}

static Plot plot_of_course(Cmd *cmd, const char *dir, const Course *course) {
	const char *score = stated_score(cmd, dir);
	Plot plot = {.title = arena_printf(cmd->arena, "Training %s", dir),
	             .x_label = "outer step",
	             .y_label = score ? arena_printf(cmd->arena, "score: %s", score) : "score"};
	if (course->select.count) {
		PlotCurve select = {.label = "select problems",
		                    .count = (int)course->select.count,
		                    .x = course->select_step.data,
		                    .y = course->select.data};
		vec_push(cmd->arena, &plot.curves, select);
	}
	PlotCurve train = {.label = "training",
	                   .count = (int)course->step.count,
	                   .x = course->step.data,
	                   .y = course->score.data,
	                   .faint = course->select.count > 0};
	vec_push(cmd->arena, &plot.curves, train);
	return plot;
}

static Plot plot_of_norms(Cmd *cmd, const Course *course) {
	Plot plot = {.title = "Meta-gradient", .x_label = "outer step", .y_label = "norm, before clipping"};
	PlotCurve norm = {.label = "every step",
	                  .count = (int)course->norm.count,
	                  .x = course->step.data,
	                  .y = course->norm.data,
	                  .faint = true};
	vec_push(cmd->arena, &plot.curves, norm);
	return plot;
}

CmdExit cmd_plots_of_training(Cmd *cmd, const char *dir, bool norms, Plots *out) {
	Course course = {0};
	CmdExit code = read_course(cmd, dir, &course);
	if (code != CMD_OK)
		return code;
	Plot plot = plot_of_course(cmd, dir, &course);
	vec_push(cmd->arena, out, plot);
	if (norms) {
		plot = plot_of_norms(cmd, &course);
		vec_push(cmd->arena, out, plot);
	}
	return CMD_OK;
}

CmdExit cmd_plots_of_run(Cmd *cmd, const char *dir, Plots *out) {
	CmdExit code = cmd_plots_of_training(cmd, dir, false, out);
	if (code != CMD_OK)
		return code;
	const char *path = arena_printf(cmd->arena, "%s/comparison.json", dir);
	size_t length;
	const char *why;
	char *comparison = cmd_read_in_run(cmd, dir, path, &length, &why);
	if (why)
		return cmd_fail(cmd, CMD_CHECKPOINT, "cannot read %s: %s", path, why);
	code = comparison ? cmd_plots_of_comparison(cmd, comparison, length, path, out) : CMD_OK;
	return code == CMD_OK ? CMD_OK : CMD_CHECKPOINT;
}

/* ---- comparisons ---- */

static const char *problems_text(Cmd *cmd, const json_t *root) {
	int problems = (int)json_integer_value(json_object_get(root, "test_problems"));
	if (json_is_true(json_object_get(root, "one_problem")))
		return "one problem";
	return arena_printf(cmd->arena, "%d unseen problem%s", problems, problems == 1 ? "" : "s");
}

static Plot plot_of_curves(Cmd *cmd, const json_t *root) {
	const char *judge = judge_of(cmd, root);
	size_t count = json_array_size(json_object_get(root, "rules"));
	const json_t **rules = report_rules(cmd->arena, root);
	Plot plot = {
		.title = arena_printf(cmd->arena, "%s: %s, scored by %s%s", word_of(cmd, root, "objective"),
	                          problems_text(cmd, root), word_of(cmd, root, "score"),
	                          strcmp(judge, "f") ? " of validate" : ""),
		.subtitle = arena_printf(
			cmd->arena, "mean of %s; bands: 25 %% to 75 %% of problems; everything tuned on training problems", judge),
		.x_label = "step",
		.y_label = arena_printf(cmd->arena, "mean %s", judge),
	};
	for (size_t i = 0; i < count; i++) {
		PlotCurve curve = {.label = word_of(cmd, rules[i], "label")};
		curve.y = numbers_of(cmd, json_object_get(rules[i], "mean_curve"), &curve.count);
		if (i < 2) { /* more bands than two hide one another */
			int low, high;
			curve.low = numbers_of(cmd, json_object_get(rules[i], "low_curve"), &low);
			curve.high = numbers_of(cmd, json_object_get(rules[i], "high_curve"), &high);
			if (low != curve.count || high != curve.count)
				curve.low = NULL;
		}
		vec_push(cmd->arena, &plot.curves, curve);
	}
	return plot;
}

static Plot plot_of_margin(Cmd *cmd, const json_t *root, const json_t *margin) {
	int count = (int)json_array_size(margin);
	double *mean = ARENA_ARRAY(cmd->arena, double, count), *low = ARENA_ARRAY(cmd->arena, double, count),
		   *high = ARENA_ARRAY(cmd->arena, double, count);
	for (int t = 0; t < count; t++) {
		const json_t *interval = json_array_get(margin, (size_t)t);
		mean[t] = rt_json_number(json_object_get(interval, "mean"));
		low[t] = rt_json_number(json_object_get(interval, "low"));
		high[t] = rt_json_number(json_object_get(interval, "high"));
	}
	const char *subject = word_of(cmd, root, "subject");
	Plot plot = {
		.title = arena_printf(cmd->arena, "Margin of victory of %s", subject),
		.subtitle = arena_printf(
			cmd->arena,
			"least %s of the others minus its own, mean over problems and 95 %% interval; above 0 it is ahead of all",
			judge_of(cmd, root)),
		.x_label = "step",
		.y_label = "margin",
		.zero = true,
	};
	PlotCurve curve = {.label = subject, .count = count, .y = mean, .low = low, .high = high};
	vec_push(cmd->arena, &plot.curves, curve);
	return plot;
}

CmdExit cmd_plots_of_comparison(Cmd *cmd, const char *json, size_t length, const char *path, Plots *out) {
	json_error_t where;
	json_t *root = json_loadb(json, length, JSON_REJECT_DUPLICATES, &where);
	if (!json_is_object(root) || json_array_size(json_object_get(root, "rules")) == 0) {
		json_decref(root);
		return cmd_fail(cmd, CMD_IO, "%s is not a comparison%s%s", path, root ? "" : ": ", root ? "" : where.text);
	}
	Plot curves = plot_of_curves(cmd, root);
	vec_push(cmd->arena, out, curves);
	const json_t *margin = json_object_get(root, "margin_of_victory");
	if (json_array_size(margin) > 0) {
		Plot plot = plot_of_margin(cmd, root, margin);
		vec_push(cmd->arena, out, plot);
	}
	json_decref(root);
	return CMD_OK;
}

CmdExit cmd_show_plots(Cmd *cmd, const Plots *plots, const char *svg) {
	Text out = text_new(cmd->arena);
	int width = cmd_width(STDOUT_FILENO);
	width = width > CMD_PLOT_COLUMNS ? CMD_PLOT_COLUMNS : width;
	for (uint32_t i = 0; i < plots->count; i++) {
		text_char(&out, '\n');
		plot_terminal(&plots->data[i], width, CMD_PLOT_LINES, cmd->color_out, &out);
	}
	CmdExit code = cmd->options.json ? CMD_OK : cmd_print(cmd, &out);
	if (code == CMD_OK && svg) {
		Text drawing = text_new(cmd->arena);
		plot_svg(plots->data, (int)plots->count, 0, &drawing);
		code = cmd_write_file(cmd, svg, &drawing);
	}
	return code;
}
