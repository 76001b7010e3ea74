/* gradus resume: goes on with a run that was ended early. What kind of run a folder holds follows from its experiment; each kind goes
 * on in its own way. */
#include <string.h>

#include "runtime/command/command.h"

typedef CmdExit Resume(Cmd *cmd, const FeExperiment *experiment, const StoreRecord *record);

static bool is_learner(const Cmd *cmd, const FeExperiment *experiment) {
	(void)cmd;
	return experiment->learner != NULL;
}

static bool has_choices(const Cmd *cmd, const FeExperiment *experiment) {
	return fe_has_choices(cmd->program, &experiment->train);
}

static bool is_search(const Cmd *cmd, const FeExperiment *experiment) {
	(void)cmd;
	return fe_open_expression(experiment->train.decl) != NULL;
}

static bool is_training(const Cmd *cmd, const FeExperiment *experiment) {
	(void)cmd, (void)experiment;
	return true;
}

static const struct {
	bool (*is)(const Cmd *cmd, const FeExperiment *experiment);
	Resume *resume;
} kinds[] = {{is_learner, cmd_learner_again},
             {has_choices, cmd_choose_again},
             {is_search, cmd_search_again},
             {is_training, cmd_train_experiment}};

/* The conditions of a run are its own: options may repeat them, and not change them. */
static CmdExit take_conditions(Cmd *cmd, const StoreRecord *record) {
	CmdOptions *given = &cmd->options;
	if (given->precision && strcmp(given->precision, record->precision) != 0)
		return cmd_usage(cmd, "%s was begun in %s, and goes on in it", given->out, record->precision);
	if (given->strict && !record->strict)
		return cmd_usage(cmd, "%s was begun without --strict, and goes on without it", given->out);
	if (given->interpret && !record->evaluator)
		return cmd_usage(cmd, "%s was begun without --interpret, and goes on without it", given->out);
	given->precision = record->precision;
	given->strict = record->strict;
	given->interpret = record->evaluator;
	return CMD_OK;
}

/* The experiment, from the sources in the folder. */
static CmdExit read_experiment(Cmd *cmd, const StoreRecord *record, FeExperiment *out) {
	const char *dir = cmd->options.out;
	cmd->program = cmd_program_new(cmd);
	store_confine(cmd->session, cmd->program, dir);
	for (uint32_t i = 0; i < record->sources.count; i++)
		fe_add_file(cmd->program, record->sources.data[i]);
	store_name_choices(cmd->session, dir);
	if (cmd->session->error_count)
		return CMD_CHECKPOINT;
	const AstDecl *decl = fe_find(cmd->program, session_name(cmd->session, record->experiment));
	if (!decl || decl->kind != AST_EXPERIMENT)
		return cmd_fail(cmd, CMD_CHECKPOINT, "%s/sources have no experiment `%s`", dir, record->experiment);
	if (!fe_experiment_any(cmd->program, decl, out))
		return CMD_CHECKPOINT;
	out->seed = (uint64_t)record->experiment_seed;
	out->outer_steps = record->outer_steps;
	out->open.count = 0;
	for (uint32_t i = 0; i < record->learn.count; i++)
		vec_push(cmd->session->arena, &out->open, session_name(cmd->session, record->learn.data[i]));
	if (record->search && !fe_search_text(cmd->program, record->search, &out->search))
		return CMD_CHECKPOINT;
	out->search.proposals = record->proposals;
	return CMD_OK;
}

/* A source that is another one now would lead to another rule. */
static bool sources_changed(const Cmd *cmd) {
	for (uint32_t i = 0; i < cmd->session->diags.count; i++)
		if (cmd->session->diags.data[i]->code == 817)
			return true;
	return false;
}

CmdExit cmd_resume(Cmd *cmd) {
	if (cmd->words.count == 0)
		return cmd_usage(cmd, "which run? Name the folder of one that was ended early");
	if (cmd->words.count > 1)
		return cmd_usage(cmd, "one run at a time, not `%s` too", cmd->words.data[1]);
	const char *dir = cmd->options.out = cmd->words.data[0];
	if (!cmd_is_folder(dir))
		return cmd_usage(cmd, "there is no folder %s", dir);
	StoreRecord record;
	if (!store_record(cmd->session, dir, &record))
		return CMD_CHECKPOINT;
	if (sources_changed(cmd) || record.outer_steps < 1) {
		diag_error(cmd->session, 808, (Span){0}, "%s cannot be resumed: it does not say how it was begun", dir);
		return CMD_CHECKPOINT;
	}
	CmdExit code = take_conditions(cmd, &record);
	if (code != CMD_OK)
		return code;
	FeExperiment experiment = {0};
	code = read_experiment(cmd, &record, &experiment);
	if (code != CMD_OK)
		return code;
	if (record.distilled)
		return cmd_fail(
			cmd, CMD_USAGE,
			"%s was distilled from a trained rule, which it does not hold: distill that again, into another folder",
			dir);
	if (cmd->options.propose && record.proposals <= 0)
		return cmd_usage(cmd, "%s was begun without --propose, and goes on without it", dir);
	cmd->interrupted = cmd_catch_interrupts();
	cmd_runtime(cmd, IR_F32);
	cmd->rt->options.seed = (uint64_t)record.problem_seed;
	bool finished;
	if (!store_finished(cmd->session, dir, &finished))
		return CMD_CHECKPOINT;
	if (finished)
		return cmd_fail(cmd, CMD_OK, "%s is finished: there is nothing to go on with", dir);
	size_t kind = 0;
	while (!kinds[kind].is(cmd, &experiment))
		kind++;
	code = kinds[kind].is == is_training ? CMD_OK : cmd_ranks_refuse(cmd);
	return code == CMD_OK ? kinds[kind].resume(cmd, &experiment, &record) : code;
}
