/* Run folders as what commands go on from: the program that a run was made of, and its experiment. */
#include "runtime/command/command.h"

CmdExit cmd_run_open(Cmd *cmd, const char *dir, CmdRun *out) {
	*out = (CmdRun){.dir = dir};
	if (!store_record(cmd->session, dir, &out->record))
		return CMD_CHECKPOINT;
	/* A program of its own: what is declared in it may have the names of what is declared in the files that are given. */
	out->program = cmd_program_new(cmd);
	store_confine(cmd->session, out->program, dir);
	for (uint32_t i = 0; i < out->record.sources.count; i++)
		fe_add_file(out->program, out->record.sources.data[i]);
	store_name_choices(cmd->session, dir);
	if (cmd->session->error_count)
		return CMD_CHECKPOINT;
	const AstDecl *decl = fe_find(out->program, session_name(cmd->session, out->record.experiment));
	if (!decl || decl->kind != AST_EXPERIMENT)
		return cmd_fail(cmd, CMD_CHECKPOINT, "%s/sources have no experiment `%s`", dir, out->record.experiment);
	return fe_experiment_any(out->program, decl, &out->experiment) ? CMD_OK : CMD_CHECKPOINT;
}

CmdExit cmd_run_has_rule(Cmd *cmd, const CmdRun *run) {
	if (!run->experiment.learner)
		return CMD_OK;
	return cmd_usage(cmd, "%s has found a learner, which is no rule: `%s eval %s/rule.grad` shows what it is worth",
	                 run->dir, cmd->typed, run->dir);
}
