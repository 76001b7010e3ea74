/* gradus metrics: the figures that a training has left in its folder, as CSV or for TensorBoard. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "runtime/command/command.h"
#include "runtime/report/report.h"

/* Figures by outer step. A name is a column; what a step does not have is NaN there. */
typedef struct Figures {
	Cmd *cmd;
	CmdWords names; /* in the order in which they appear */
	VEC(double) steps;
	VEC(double *) rows;  /* of each step, room for FIGURES */
	VEC(double) seconds; /* by step; from another file */
} Figures;

enum { FIGURES = 32 };

static uint32_t column_of(Figures *figures, const char *name) {
	uint32_t k = 0;
	while (k < figures->names.count && strcmp(figures->names.data[k], name) != 0)
		k++;
	if (k == figures->names.count && k < FIGURES)
		vec_push(figures->cmd->arena, &figures->names, arena_strdup(figures->cmd->arena, name));
	return k;
}

/* The row of a step; rows come in the order of steps. */
static double *row_of(Figures *figures, double step) {
	uint32_t count = figures->steps.count;
	for (uint32_t k = count; k-- > 0 && figures->steps.data[k] >= step;)
		if (figures->steps.data[k] == step)
			return figures->rows.data[k];
	double *row = ARENA_ARRAY(figures->cmd->arena, double, FIGURES);
	for (int k = 0; k < FIGURES; k++)
		row[k] = (double)NAN;
	vec_push(figures->cmd->arena, &figures->steps, step);
	vec_push(figures->cmd->arena, &figures->rows, row);
	return row;
}

static void take(Figures *figures, json_t *line) {
	double step = rt_json_number(json_object_get(line, "step"));
	double *row = row_of(figures, step);
	const char *key;
	json_t *value;
	json_object_foreach(line, key, value) {
		uint32_t column = strcmp(key, "step") ? column_of(figures, key) : FIGURES;
		if (column < FIGURES)
			row[column] = rt_json_number(value);
	}
}

/* All lines of one file of the run's folder. CMD_OK, or a code after a message. */
static CmdExit read_lines(Figures *figures, const char *dir, const char *name) {
	Cmd *cmd = figures->cmd;
	const char *path = arena_printf(cmd->arena, "%s/%s", dir, name), *why;
	size_t length;
	char *text = cmd_read_in_run(cmd, dir, path, &length, &why);
	if (!text)
		return cmd_fail(cmd, CMD_CHECKPOINT, "cannot read %s: %s", path, why ? why : strerror(ENOENT));
	int number = 0;
	for (char *line = text; *line; line += *line == '\n') {
		size_t size = strcspn(line, "\n");
		json_error_t where;
		json_t *object = json_loadb(line, size, JSON_REJECT_DUPLICATES, &where);
		number++;
		if (json_is_object(object))
			take(figures, object);
		json_decref(object);
		if (!object && line[size]) /* the last line may be cut where the run was killed */
			return cmd_fail(cmd, CMD_CHECKPOINT, "%s:%d: not a line of a training run", path, number);
		line += size;
	}
	return CMD_OK;
}

static void put_csv(const Figures *figures, Text *out) {
	text_printf(out, "step");
	for (uint32_t k = 0; k < figures->names.count; k++)
		text_printf(out, ",%s", figures->names.data[k]);
	text_char(out, '\n');
	for (uint32_t i = 0; i < figures->steps.count; i++) {
		text_printf(out, "%.0f", figures->steps.data[i]);
		for (uint32_t k = 0; k < figures->names.count; k++) {
			double value = figures->rows.data[i][k];
			text_printf(out, isnan(value) ? "," : ",%.17g", value);
		}
		text_char(out, '\n');
	}
}

/* Times count from 1970 in TensorBoard; those of the run count from its start, which the folder does not keep. */
static void put_events(const Figures *figures, Text *out) {
	uint32_t clock = 0;
	while (clock < figures->names.count && strcmp(figures->names.data[clock], "seconds") != 0)
		clock++;
	report_events_begin(out, 0);
	for (uint32_t i = 0; i < figures->steps.count; i++) {
		const double *row = figures->rows.data[i];
		double time = clock < figures->names.count && isfinite(row[clock]) ? row[clock] : 0;
		for (uint32_t k = 0; k < figures->names.count; k++)
			if (k != clock && !isnan(row[k]))
				report_event(out, time, (int64_t)figures->steps.data[i], figures->names.data[k], row[k]);
	}
}

CmdExit cmd_metrics(Cmd *cmd) {
	if (cmd->words.count != 1 || !cmd_is_folder(cmd->words.data[0]))
		return cmd_usage(cmd, "of which run? Name its folder");
	if (cmd->options.events && !cmd->options.out)
		return cmd_usage(cmd, "--tensorboard writes a file: say which with -o");
	Figures figures = {.cmd = cmd};
	CmdExit code = read_lines(&figures, cmd->words.data[0], "metrics.jsonl");
	if (code == CMD_OK)
		code = read_lines(&figures, cmd->words.data[0], "timing.jsonl");
	if (code != CMD_OK)
		return code;
	if (figures.steps.count == 0)
		return cmd_fail(cmd, CMD_CHECKPOINT, "%s has no outer steps: it is a search, or was killed before the first",
		                cmd->words.data[0]);
	Text out = text_new(cmd->arena);
	(cmd->options.events ? put_events : put_csv)(&figures, &out);
	return cmd->options.out ? cmd_write_file(cmd, cmd->options.out, &out) : cmd_print(cmd, &out);
}
