/* gradus plot: a training run or a comparison as pictures. */
#include "runtime/command/command.h"

CmdExit cmd_plot(Cmd *cmd) {
	if (cmd->words.count == 0)
		return cmd_usage(cmd, "what? Name a run folder or a comparison.json");
	const char *svg = cmd->options.svg ? cmd->options.svg : cmd->options.out;
	Plots plots = {0};
	for (uint32_t i = 0; i < cmd->words.count; i++) {
		const char *word = cmd->words.data[i];
		size_t length;
		CmdExit code;
		if (cmd_is_folder(word)) {
			code = cmd_plots_of_run(cmd, word, &plots);
		} else {
			const char *why;
			char *json = cmd_read_file(cmd, word, true, &length, &why);
			if (!json)
				return cmd_fail(cmd, CMD_IO, "cannot read %s: %s", word, why);
			code = cmd_plots_of_comparison(cmd, json, length, word, &plots);
		}
		if (code != CMD_OK)
			return code;
	}
	return cmd_show_plots(cmd, &plots, svg);
}
