/* gradus compare: who runs against whom, on what. How it is measured is compare.c; how it is told, cmd_compare_table.c. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/command/cmd_compare.h"
#include "runtime/command/command.h"
#include "runtime/command/limits.h"

/* What is compared, before it is run. */
typedef struct Plan {
	VEC(FeCall) families;
	uint32_t family; /* under way */
	VEC(Contender) contenders;
	CmdWords folders; /* of each contender: the run that it comes from, or NULL */
	CompareOptions options;
	VEC(CmdRun) runs;        /* of the folders among the words */
	const char *only_folder; /* the run folder, if there is exactly one */
	bool from_experiment;
	bool own_precision; /* as the run has it */
	bool quiet;         /* nothing is printed */
} Plan;

static bool declared_by_user(const FeProgram *program, Name name) {
	for (uint32_t i = 0; i < fe_decl_count(program); i++)
		if (fe_decl(program, i)->name.name == name)
			return true;
	return false;
}

/* Where what `text` calls is declared: in the files that are given, in the sources of a run, or in the library. */
static FeProgram *program_of(Cmd *cmd, const Plan *plan, const char *text) {
	Name name = name_intern(cmd->session->names, text, strcspn(text, "( "));
	if (!declared_by_user(cmd->program, name)) {
		for (uint32_t i = 0; i < plan->runs.count; i++)
			if (declared_by_user(plan->runs.data[i].program, name))
				return plan->runs.data[i].program;
	}
	/* Nowhere: the run's names are more like what was meant, where no file is given. */
	bool nowhere = plan->runs.count && fe_decl_count(cmd->program) == 0 && !fe_find(cmd->program, name);
	return nowhere ? plan->runs.data[0].program : cmd->program;
}

/* Is one of its arguments a rule? */
static bool wraps(const Cmd *cmd, const FeCall *call) {
	for (uint32_t i = 0; i < call->values.count; i++) {
		const AstExpr *x = call->values.data[i];
		Name name = x->kind == AST_NAME ? x->name : x->kind == AST_CALL ? x->call.callee.name : 0;
		const AstDecl *decl = name ? fe_find(call->program ? call->program : cmd->program, name) : NULL;
		if (decl && decl->kind == AST_OPTIMIZER)
			return true;
	}
	return false;
}

static void contender_add(Cmd *cmd, Plan *plan, FeCall rule, const char *folder, const StoreInfo *info) {
	Contender one = {.label = session_text(cmd->session, rule.decl->name.name), .rule = rule, .tune = folder == NULL};
	if (!folder && wraps(cmd, &rule))
		one.label = cmd_call_text(cmd, &rule);
	one.training_evaluations = folder ? info->training_evaluations : 0;
	vec_push(cmd->arena, &plan->contenders, one);
	vec_push(cmd->arena, &plan->folders, folder);
}

/* How many contenders before this one have its label. */
static uint32_t same_before(const Plan *plan, uint32_t k) {
	uint32_t same = 0;
	for (uint32_t i = 0; i < k; i++)
		same += !strcmp(plan->contenders.data[i].label, plan->contenders.data[k].label);
	return same;
}

static bool shares_rule(const Plan *plan, uint32_t k) {
	for (uint32_t i = 0; i < plan->contenders.count; i++)
		if (i != k && plan->contenders.data[i].rule.decl->name.name == plan->contenders.data[k].rule.decl->name.name)
			return true;
	return false;
}

static const char *without_slashes(Arena *arena, const char *path) {
	size_t length = strlen(path);
	while (length > 1 && path[length - 1] == '/')
		length--;
	return arena_printf(arena, "%.*s", (int)length, path);
}

/* Contenders are called like their rules; those of runs like their folders where another contender has the same rule; and
 * what is called alike even so is numbered. */
static void label_contenders(Cmd *cmd, Plan *plan) {
	uint32_t count = plan->contenders.count;
	for (uint32_t k = 0; k < count; k++)
		if (plan->folders.data[k] && shares_rule(plan, k))
			plan->contenders.data[k].label = without_slashes(cmd->arena, plan->folders.data[k]);
	const char **numbered = ARENA_ARRAY(cmd->arena, const char *, count + 1);
	for (uint32_t k = 0; k < count; k++) {
		const char *label = plan->contenders.data[k].label;
		uint32_t same = same_before(plan, k);
		numbered[k] = same ? arena_printf(cmd->arena, "%s#%u", label, same + 1) : label;
	}
	for (uint32_t k = 0; k < count; k++)
		plan->contenders.data[k].label = numbered[k];
}

static CmdExit add_word(Cmd *cmd, Plan *plan, const char *word) {
	FeCall rule = {0};
	StoreInfo info;
	FeProgram *given = cmd->program;
	cmd->program = program_of(cmd, plan, word);
	CmdExit code = cmd_rule(cmd, word, &rule, &info);
	cmd->program = given;
	if (code != CMD_OK)
		return code;
	bool folder = cmd_is_run(cmd, word);
	if (folder && plan->options.subject < 0)
		plan->options.subject = (int)plan->contenders.count;
	contender_add(cmd, plan, rule, folder ? word : NULL, &info);
	return CMD_OK;
}

static CmdExit load_runs(Cmd *cmd, Plan *plan) {
	for (uint32_t i = 0; i < cmd->words.count; i++) {
		if (!cmd_is_run(cmd, cmd->words.data[i]))
			continue;
		CmdRun run;
		CmdExit code = cmd_run_open(cmd, cmd->words.data[i], &run);
		code = code == CMD_OK ? cmd_run_has_rule(cmd, &run) : code;
		if (code != CMD_OK)
			return code;
		plan->only_folder = plan->runs.count ? NULL : run.dir;
		vec_push(cmd->arena, &plan->runs, run);
	}
	plan->from_experiment = plan->only_folder && cmd->words.count == 1 && !cmd->options.on;
	if (plan->from_experiment) {
		const char *precision = plan->runs.data[0].record.precision;
		plan->own_precision = !cmd->options.precision || !strcmp(cmd->options.precision, precision);
		cmd->options.precision = cmd->options.precision ? cmd->options.precision : precision;
	}
	return CMD_OK;
}

static int given_or(int64_t given, int otherwise) {
	return given > 0 ? (int)given : otherwise;
}

/* The families that --on names. */
static CmdExit named_families(Cmd *cmd, Plan *plan) {
	CmdWords words = {0};
	if (!cmd_split(cmd, cmd->options.on, &words))
		return cmd_usage(cmd, "--on needs a family at every comma");
	FeProgram *files = cmd->program;
	CmdExit code = CMD_OK;
	for (uint32_t i = 0; i < words.count && code == CMD_OK; i++) {
		FeCall family = {0};
		cmd->program = program_of(cmd, plan, words.data[i]);
		code = cmd_objective(cmd, words.data[i], &family);
		vec_push(cmd->arena, &plan->families, family);
		cmd->program = files;
	}
	return code;
}

static CmdExit choose_objective(Cmd *cmd, Plan *plan) {
	const CmdOptions *given = &cmd->options;
	const CmdRun *run = plan->runs.count ? &plan->runs.data[0] : NULL;
	const FeExperiment *experiment = run ? &run->experiment : NULL;
	bool known = plan->from_experiment;
	plan->options.steps = given_or(given->steps, run ? experiment->horizon_high : CMD_STEPS);
	plan->options.train_problems = given_or(given->train, known ? experiment->train_problems : 90);
	plan->options.test_problems = given_or(given->test, known ? experiment->test_problems : CMD_TEST_PROBLEMS);
	if (plan->options.test_problems < 1) {
		return cmd_usage(cmd, "the experiment of %s has no test problems; say with --test how many to compare on",
		                 run->dir);
	}
	plan->options.longer = given->longer;
	plan->options.score = (FeScore){FE_SCORE_MEAN, FE_SCORE_F};
	if (run)
		plan->options.score = experiment->score;
	if (!known && !given->on)
		return cmd_usage(cmd, "on which problems? Name an objective with --on, such as --on logistic");
	if (!known) {
		CmdExit code = named_families(cmd, plan);
		if (code == CMD_OK && run) {
			cmd_say(cmd, "%d steps%s, scored by %s as in the experiment of %s", plan->options.steps,
			        given->steps < 0 ? "" : " as asked", score_text(cmd->arena, plan->options.score), run->dir);
		}
		return code;
	}
	for (uint32_t i = 0; i < experiment->on.count; i++)
		vec_push(cmd->arena, &plan->families, experiment->on.data[i]);
	return CMD_OK;
}

static CmdExit make_plan(Cmd *cmd, Plan *plan) {
	CmdExit code = cmd_load_words(cmd);
	if (code != CMD_OK)
		return code;
	if (cmd->words.count == 0)
		return cmd_usage(cmd, "which rules? Name rules, or a run folder");
	code = load_runs(cmd, plan);
	if (code == CMD_OK)
		code = choose_objective(cmd, plan);
	cmd_runtime(cmd, IR_F32);
	plan->options.subject = -1;
	for (uint32_t i = 0; i < cmd->words.count && code == CMD_OK; i++)
		code = add_word(cmd, plan, cmd->words.data[i]);
	for (uint32_t i = 0; i < cmd->options.against.count && code == CMD_OK; i++)
		code = add_word(cmd, plan, cmd->options.against.data[i]);
	if (code == CMD_OK && plan->from_experiment && cmd->options.against.count == 0) {
		const FeExperiment *experiment = &plan->runs.data[0].experiment;
		for (uint32_t i = 0; i < experiment->against.count; i++)
			contender_add(cmd, plan, experiment->against.data[i], NULL, NULL);
	}
	if (plan->options.subject < 0)
		plan->options.subject = 0;
	label_contenders(cmd, plan);
	return code;
}

static void on_progress(void *user, const char *label, int done, int total) {
	cmd_progress(user, false, "comparing %d of %d: %s", done + 1, total, label);
}

/* The comparison as JSON in memory; freed by the caller. NULL after a message. */
static char *json_of(Cmd *cmd, const Comparison *comparison, size_t *length) {
	char *json = NULL;
	FILE *memory = open_memstream(&json, length);
	bool ok = memory && compare_json(comparison, cmd->options.curves, memory);
	if (memory && fclose(memory) != 0)
		ok = false;
	if (!ok) {
		cmd_fail(cmd, CMD_IO, "cannot write the comparison: %s", strerror(errno));
		free(json);
		return NULL;
	}
	return json;
}

/* What of a comparison depends on the machine and the moment. */
static void drop_times(json_t *root) {
	size_t i;
	json_t *rule;
	json_array_foreach(json_object_get(root, "rules"), i, rule) {
		json_object_del(rule, "seconds");
	}
}

/* Does the file hold this comparison, but for its times? Then nothing is lost by writing it again. */
static bool holds(Cmd *cmd, const char *path, const char *json, size_t length) {
	size_t there_length;
	const char *why;
	json_error_t where;
	char *there = file_unsafe(path) ? NULL : cmd_read_file(cmd, path, false, &there_length, &why);
	json_t *old = there ? json_loadb(there, there_length, 0, &where) : NULL;
	json_t *own = json_loadb(json, length, 0, &where);
	drop_times(old);
	drop_times(own);
	bool same = old && own && json_equal(old, own);
	json_decref(old);
	json_decref(own);
	return same;
}

/* Is this the comparison that the run's experiment asks for? */
static bool as_asked(const Cmd *cmd, const Plan *plan) {
	const CmdOptions *given = &cmd->options;
	return plan->from_experiment && given->steps < 0 && given->train < 0 && given->test < 0 && given->seed < 0 &&
	       given->against.count == 0 && given->set.count == 0 && !given->longer && !given->curves && !given->strict &&
	       plan->own_precision;
}

/* Where a comparison with one run folder in it is kept: comparison.json is the one that the run's experiment asks for, on its first
 * family. Any other is comparison-OBJECTIVE.json, with a number where another one has that name. */
static const char *name_in_run(const Cmd *cmd, const Plan *plan, int number) {
	if (as_asked(cmd, plan) && plan->family == 0)
		return "comparison.json";
	const char *objective = session_text(cmd->session, plan->families.data[plan->family].decl->name.name);
	return number == 1 ? arena_printf(cmd->arena, "comparison-%s.json", objective)
	                   : arena_printf(cmd->arena, "comparison-%s-%d.json", objective, number);
}

/* A name is taken by making the file: of comparisons that run at once none loses what another one wrote. */
static CmdExit put_in_run(Cmd *cmd, const Plan *plan, const char *json, size_t length) {
	const char *dir = plan->only_folder, *name = NULL;
	FilePut put = FILE_TAKEN;
	for (int number = 1; put == FILE_TAKEN; number++) {
		name = name_in_run(cmd, plan, number);
		bool again = (as_asked(cmd, plan) && plan->family == 0) ||
		             holds(cmd, arena_printf(cmd->arena, "%s/%s", dir, name), json, length);
		put = store_put(cmd->session, dir, name, json, length, !again);
	}
	if (put == FILE_PUT) {
		const char *path = arena_printf(cmd->arena, "%s/%s", dir, name);
		cmd_interrupt_says(arena_printf(cmd->arena, "%s is written", path));
		cmd_say(cmd, "wrote %s", path);
	}
	return put == FILE_PUT ? CMD_OK : cmd_failed(cmd);
}

static bool keeps_in_run(const Cmd *cmd, const Plan *plan) {
	return !cmd->options.out && plan->only_folder && !cmd->options.interpret;
}

/* What there is to say of all families together. */
typedef struct Families {
	Text json;               /* of all of them */
	VEC(const char *) cells; /* [families][rules] */
} Families;

/* One family's part of it; one alone is said by itself. */
static CmdExit report(Cmd *cmd, const Comparison *comparison, const Plan *plan, Families *all) {
	size_t length = 0;
	char *json = json_of(cmd, comparison, &length);
	if (!json)
		return CMD_IO;
	bool several = plan->families.count > 1;
	CmdExit code = CMD_OK;
	text_printf(&all->json, "%s", several ? plan->family ? ", " : "{\"families\": [" : "");
	text_bytes(&all->json, json, length);
	for (uint32_t k = 0; k < comparison->count; k++)
		vec_push(cmd->arena, &all->cells, cmd_comparison_cell(cmd, comparison, k));
	if (!cmd->options.json && !plan->quiet) {
		Text out = text_new(cmd->arena);
		text_printf(&out, "%s", plan->family ? "\n" : "");
		cmd_comparison_table(cmd, comparison, &out);
		code = cmd_print(cmd, &out);
	}
	if (code == CMD_OK && keeps_in_run(cmd, plan))
		code = put_in_run(cmd, plan, json, length);
	if (code == CMD_OK && !plan->quiet && (!cmd->options.json || cmd->options.svg)) {
		Plots plots = {0};
		code = cmd_plots_of_comparison(cmd, json, length, "the comparison", &plots);
		code = code == CMD_OK ? cmd_show_plots(cmd, &plots, cmd->options.svg) : code;
	}
	free(json);
	return code;
}

/* Rules by families, and what is written of all of them. */
static CmdExit report_all(Cmd *cmd, const Plan *plan, Families *all) {
	uint32_t families = plan->families.count, rules = plan->contenders.count;
	CmdExit code = CMD_OK;
	if (families > 1) {
		text_printf(&all->json, "]}\n");
		CmdTable table = {.arena = cmd->arena, .columns = 1 + families};
		Text out = text_new(cmd->arena);
		cmd_cell(&table, "rule");
		for (uint32_t i = 0; i < families; i++)
			cmd_cell(&table, "%s", cmd_call_text(cmd, &plan->families.data[i]));
		for (uint32_t k = 0; k < rules; k++) {
			cmd_cell(&table, "%s", plan->contenders.data[k].label);
			for (uint32_t i = 0; i < families; i++)
				cmd_cell(&table, "%s", all->cells.data[i * rules + k]);
		}
		text_printf(&out, "\nAll families: mean [95 %% interval], and diverged runs where there are some\n");
		cmd_table(&table, "  ", &out);
		code = cmd->options.json ? CMD_OK : cmd_print(cmd, &out);
	}
	if (code == CMD_OK && cmd->options.json)
		code = cmd_print(cmd, &all->json);
	if (code == CMD_OK && cmd->options.out)
		code = cmd_write_file(cmd, cmd->options.out, &all->json);
	return code;
}

static CmdExit compare_on(Cmd *cmd, Plan *plan, Families *all) {
	const FeCall *objective = &plan->families.data[plan->family];
	Comparison *comparison =
		compare_rules(cmd->rt, objective, plan->contenders.data, plan->contenders.count, &plan->options);
	cmd_progress_end(cmd);
	if (!comparison)
		return cmd_failed(cmd);
	for (uint32_t k = 0; k < comparison->count; k++)
		if (plan->contenders.data[k].tune) /* the rule of a run has its numbers from there */
			cmd_put_holes(comparison->rules[k].label, "used", comparison->rules[k].holes);
	CmdExit code = report(cmd, comparison, plan, all);
	compare_free(comparison);
	return code;
}

static CmdExit compare_all(Cmd *cmd, Plan *plan) {
	plan->options.progress = on_progress;
	plan->options.user = cmd;
	Families all = {.json = text_new(cmd->arena)};
	CmdExit code = CMD_OK;
	for (; plan->family < plan->families.count && code == CMD_OK; plan->family++)
		code = compare_on(cmd, plan, &all);
	return code == CMD_OK && !plan->quiet ? report_all(cmd, plan, &all) : code;
}

CmdExit cmd_compare_quietly(Cmd *cmd) {
	Plan plan = {.quiet = true};
	CmdExit code = make_plan(cmd, &plan);
	return code == CMD_OK ? compare_all(cmd, &plan) : code;
}

CmdExit cmd_compare(Cmd *cmd) {
	Plan plan = {0};
	CmdExit code = make_plan(cmd, &plan);
	if (code != CMD_OK)
		return code;
	if (cmd->options.svg && plan.families.count > 1)
		return cmd_usage(cmd, "--svg draws one family: name it with --on");
	if (keeps_in_run(cmd, &plan) && !store_may_put(cmd->session, plan.only_folder, name_in_run(cmd, &plan, 1)))
		return cmd_failed(cmd);
	bool possible = true;
	for (uint32_t i = 0; i < plan.families.count; i++)
		possible = compare_possible(cmd->rt, &plan.families.data[i], plan.contenders.data, plan.contenders.count,
		                            plan.options.score) &&
		           possible;
	return possible ? compare_all(cmd, &plan) : cmd_failed(cmd);
}
