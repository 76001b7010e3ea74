/* gradus show estimators: the rows of frontend/estimators.def, and the options of those that are named. */
#include <string.h>

#include "runtime/command/command.h"

/* `pes(sigma, window, particles)` */
static const char *call_of(Cmd *cmd, FeEstimator estimator) {
	const FeEstimatorInfo *info = &fe_estimators[estimator];
	Text text = text_new(cmd->arena);
	text_printf(&text, "%s(", info->name);
	for (int i = 0; info->options[i] != FE_OPTIONS; i++)
		text_printf(&text, "%s%s", i ? ", " : "", fe_options[info->options[i]].name);
	text_printf(&text, ")");
	return text_cstr(&text);
}

static void put_options(Cmd *cmd, FeEstimator estimator, Text *out) {
	const FeEstimatorInfo *info = &fe_estimators[estimator];
	CmdTable table = {.arena = cmd->arena, .columns = 4, .left = 15};
	for (int i = 0; info->options[i] != FE_OPTIONS; i++) {
		const FeOptionInfo *option = &fe_options[info->options[i]];
		double otherwise = fe_option_otherwise(estimator, (FeOption)info->options[i]);
		cmd_cell(&table, "%s", option->name);
		cmd_cell(&table, otherwise > 0 ? "%g" : "-", otherwise);
		cmd_cell(&table, "%s from %g to %g", option->whole ? "whole," : "number,", option->least, option->most);
		cmd_cell(&table, "%s", option->help);
	}
	cmd_table(&table, "  ", out);
}

static bool is_named(const Cmd *cmd, const char *name) {
	for (uint32_t i = 0; i < cmd->words.count; i++)
		if (!strcmp(cmd->words.data[i], name))
			return true;
	return false;
}

CmdExit cmd_show_estimators(Cmd *cmd) {
	Text out = text_new(cmd->arena);
	CmdTable table = {.arena = cmd->arena, .columns = 2, .left = 3};
	uint32_t found = 0;
	for (int i = 0; i < FE_ESTIMATORS; i++) {
		if (cmd->words.count == 0) {
			cmd_cell(&table, "%s", fe_estimators[i].name);
			cmd_cell(&table, "%s", fe_estimators[i].help);
		} else if (is_named(cmd, fe_estimators[i].name)) {
			text_printf(&out, "%s%s: %s\n", found++ ? "\n" : "", call_of(cmd, (FeEstimator)i), fe_estimators[i].help);
			put_options(cmd, (FeEstimator)i, &out);
		}
	}
	if (found < cmd->words.count)
		return cmd_usage(cmd, "no estimator is called so; `gradus show estimators` lists them");
	if (cmd->words.count == 0)
		cmd_table(&table, "", &out);
	return cmd_print(cmd, &out);
}
