/* gradus check: all errors of programs. Never compiles anything, so that an editor can call it at every keystroke. */
#include "runtime/command/command.h"

CmdExit cmd_check(Cmd *cmd) {
	if (cmd->words.count == 0)
		return cmd_usage(cmd, "which file?");
	/* Every file by itself, with what it imports: files that share names are no error. */
	for (uint32_t i = 0; i < cmd->words.count; i++) {
		cmd->program = NULL;
		CmdExit code = cmd_load(cmd, &cmd->words.data[i], 1);
		if (code != CMD_OK)
			return code;
		fe_check(cmd->program);
	}
	cmd->told = true;
	if (cmd->options.json) {
		diag_print_json(cmd->session, stdout);
	} else {
		diag_print_all(cmd->session, stdout, cmd->color_out);
		uint32_t files = cmd->words.count, errors = cmd->session->error_count;
		uint32_t warnings = cmd->session->diags.count - errors;
		if (errors)
			fprintf(stderr, "%u error%s", errors, errors == 1 ? "" : "s");
		else
			fprintf(stderr, "%u file%s, no errors", files, files == 1 ? "" : "s");
		if (warnings)
			fprintf(stderr, ", %u warning%s", warnings, warnings == 1 ? "" : "s");
		fputc('\n', stderr);
	}
	return cmd->session->error_count ? CMD_FINDINGS : CMD_OK;
}
