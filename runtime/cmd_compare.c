/* gradus compare: who runs against whom, on what. How it is measured is compare.c; how it is told, cmd_compare_table.c. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/command.h"

/* What is compared, before it is run. */
typedef struct Plan {
	FeCall objective;
	VEC(RtContender) contenders;
	RtCompareOptions options;
	const char *only_folder; /* the run folder, if there is exactly one */
	bool from_experiment;
	FeExperiment experiment; /* of the run folder that stands alone */
} Plan;

/* A text from a JSON file, copied; NULL if it is not there. */
static const char *json_word(Cmd *cmd, const json_t *object, const char *key) {
	const char *word = json_string_value(json_object_get(object, key));
	return word ? arena_strdup(cmd->arena, word) : NULL;
}

/* The experiment that a run folder was made by, from the sources that are kept in it. */
static CmdExit load_experiment(Cmd *cmd, const char *dir, FeExperiment *out) {
	const char *path = arena_printf(cmd->arena, "%s/run.json", dir);
	json_error_t where;
	json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
	const char *name = root ? json_word(cmd, root, "experiment") : NULL;
	const char *precision = root ? json_word(cmd, root, "precision") : NULL;
	const json_t *first = json_array_get(json_object_get(root, "sources"), 0);
	const char *copy = first ? json_word(cmd, first, "copy") : NULL;
	json_decref(root);
	if (!name || !copy) {
		return cmd_fail(cmd, CMD_CHECKPOINT, "%s does not say which experiment it was", path);
	}
	if (!cmd->options.precision && precision) {
		cmd->options.precision = precision;
	}
	const char *source = arena_printf(cmd->arena, "%s/%s", dir, copy);
	CmdExit code = cmd_load(cmd, &source, 1);
	const AstDecl *decl = code == CMD_OK ? fe_find(cmd->program, session_name(cmd->session, name)) : NULL;
	if (code != CMD_OK || cmd->session->error_count) {
		return CMD_CHECKPOINT;
	}
	if (!decl || decl->kind != AST_EXPERIMENT) {
		return cmd_fail(cmd, CMD_CHECKPOINT, "%s has no experiment `%s`", source, name);
	}
	return fe_experiment(cmd->program, decl, out) ? CMD_OK : CMD_CHECKPOINT;
}

static void contender_add(Cmd *cmd, Plan *plan, const char *label, FeCall rule, const RtRunInfo *info) {
	/* The same rule twice, in two versions: numbered. */
	int same = 1;
	for (uint32_t i = 0; i < plan->contenders.count; i++) {
		const char *other = plan->contenders.data[i].label;
		size_t length = strlen(label);
		same += !strncmp(other, label, length) && (other[length] == '\0' || other[length] == '#');
	}
	RtContender one = {.label = same > 1 ? arena_printf(cmd->arena, "%s#%d", label, same) : label, .rule = rule};
	one.tune = info == NULL;
	one.training_evaluations = info ? info->training_evaluations : 0;
	vec_push(cmd->arena, &plan->contenders, one);
}

static CmdExit add_word(Cmd *cmd, Plan *plan, const char *word) {
	FeCall rule = {0};
	RtRunInfo info;
	CmdExit code = cmd_rule(cmd, word, &rule, &info);
	if (code != CMD_OK) {
		return code;
	}
	bool folder = cmd_is_run(cmd, word);
	const char *name = session_text(cmd->session, rule.decl->name.name);
	if (folder && plan->options.subject < 0) {
		plan->options.subject = (int)plan->contenders.count;
	}
	contender_add(cmd, plan, name, rule, folder ? &info : NULL);
	return CMD_OK;
}

static void count_folders(Cmd *cmd, Plan *plan) {
	uint32_t folders = 0;
	for (uint32_t i = 0; i < cmd->words.count; i++) {
		if (cmd_is_run(cmd, cmd->words.data[i])) {
			plan->only_folder = folders++ ? NULL : cmd->words.data[i];
		}
	}
	plan->from_experiment = plan->only_folder && cmd->words.count == 1 && !cmd->options.on;
}

static int given_or(int64_t given, int otherwise) {
	return given > 0 ? (int)given : otherwise;
}

static CmdExit choose_objective(Cmd *cmd, Plan *plan) {
	const CmdOptions *given = &cmd->options;
	const FeExperiment *experiment = &plan->experiment;
	bool known = plan->from_experiment;
	plan->options.steps = given_or(given->steps, known ? experiment->horizon_high : 100);
	plan->options.train_problems = given_or(given->train, known ? experiment->train_problems : 90);
	plan->options.test_problems = given_or(given->test, known ? experiment->test_problems : 100);
	plan->options.score = (RtScore){FE_SCORE_MEAN, FE_SCORE_F};
	if (!known) {
		if (!given->on) {
			return cmd_usage(cmd, "on which problems? Name an objective with --on, such as --on logistic");
		}
		return cmd_objective(cmd, given->on, &plan->objective);
	}
	plan->options.score = (RtScore){experiment->fold, experiment->map};
	plan->objective = experiment->on.data[0];
	if (experiment->on.count > 1) {
		fprintf(stderr, "the experiment has %u families; this is the first, the others by --on\n",
		        experiment->on.count);
	}
	return CMD_OK;
}

static CmdExit make_plan(Cmd *cmd, Plan *plan) {
	CmdExit code = cmd_load_words(cmd);
	if (code != CMD_OK) {
		return code;
	}
	if (cmd->words.count == 0) {
		return cmd_usage(cmd, "which rules? Name rules, or a run folder");
	}
	count_folders(cmd, plan);
	if (plan->from_experiment) {
		code = load_experiment(cmd, plan->only_folder, &plan->experiment);
	}
	if (code == CMD_OK) {
		code = choose_objective(cmd, plan);
	}
	cmd_runtime(cmd, IR_F32);
	plan->options.subject = -1;
	for (uint32_t i = 0; i < cmd->words.count && code == CMD_OK; i++) {
		code = add_word(cmd, plan, cmd->words.data[i]);
	}
	for (uint32_t i = 0; i < cmd->options.against.count && code == CMD_OK; i++) {
		code = add_word(cmd, plan, cmd->options.against.data[i]);
	}
	if (code == CMD_OK && plan->from_experiment && cmd->options.against.count == 0) {
		for (uint32_t i = 0; i < plan->experiment.against.count; i++) {
			FeCall call = plan->experiment.against.data[i];
			contender_add(cmd, plan, session_text(cmd->session, call.decl->name.name), call, NULL);
		}
	}
	if (plan->options.subject < 0 && cmd->words.count == 1) {
		plan->options.subject = 0;
	}
	return code;
}

static void on_progress(void *user, const char *label, int done, int total) {
	cmd_progress(user, false, "comparing %d of %d: %s", done + 1, total, label);
}

/* The comparison as JSON in memory; freed by the caller. NULL after a message. */
static char *json_of(Cmd *cmd, const RtComparison *comparison, size_t *length) {
	char *json = NULL;
	FILE *memory = open_memstream(&json, length);
	bool ok = memory && rt_comparison_json(comparison, memory);
	if (memory && fclose(memory) != 0) {
		ok = false;
	}
	if (!ok) {
		cmd_fail(cmd, CMD_IO, "cannot write the comparison: %s", strerror(errno));
		free(json);
		return NULL;
	}
	return json;
}

static CmdExit report(Cmd *cmd, const RtComparison *comparison, const char *only_folder) {
	size_t length = 0;
	char *json = json_of(cmd, comparison, &length);
	if (!json) {
		return CMD_IO;
	}
	Text out = text_new(cmd->arena);
	if (cmd->options.json) {
		text_bytes(&out, json, length);
	} else {
		cmd_comparison_table(cmd, comparison, &out);
	}
	CmdExit code = cmd_print(cmd, &out);
	const char *path = cmd->options.out ? cmd->options.out
	                   : only_folder && !cmd->options.interpret
	                       ? arena_printf(cmd->arena, "%s/comparison.json", only_folder)
	                       : NULL;
	Text file = text_new(cmd->arena);
	text_bytes(&file, json, length);
	if (code == CMD_OK && path) {
		code = cmd_write_file(cmd, path, &file);
		if (code == CMD_OK) {
			fprintf(stderr, "wrote %s\n", path);
		}
	}
	if (code == CMD_OK && (!cmd->options.json || cmd->options.svg)) {
		Plots plots = {0};
		code = cmd_plots_of_comparison(cmd, json, length, "the comparison", &plots);
		code = code == CMD_OK ? cmd_show_plots(cmd, &plots, cmd->options.svg) : code;
	}
	free(json);
	return code;
}

CmdExit cmd_compare(Cmd *cmd) {
	Plan plan = {0};
	CmdExit code = make_plan(cmd, &plan);
	if (code != CMD_OK) {
		return code;
	}
	plan.options.progress = on_progress;
	plan.options.user = cmd;
	RtComparison *comparison =
		rt_compare(cmd->rt, &plan.objective, plan.contenders.data, plan.contenders.count, &plan.options);
	cmd_progress_end(cmd);
	if (!comparison) {
		return cmd_failed(cmd);
	}
	code = report(cmd, comparison, plan.only_folder);
	rt_comparison_free(comparison);
	return code;
}
