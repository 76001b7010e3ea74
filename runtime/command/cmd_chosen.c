/* --choose NAME=NUMBER: choices of the rules of the files, made from outside. */
#include <stdlib.h>
#include <string.h>

#include "runtime/command/command.h"

/* u=2, or rule.u=2 */
static bool read_pick(Cmd *cmd, const char *word, FePick *out) {
	const char *equals = strrchr(word, '='), *dot = strrchr(word, '.');
	char *end;
	if (!equals || equals == word || !equals[1] || (dot && (dot > equals || dot == word || dot + 1 == equals)))
		return false;
	unsigned long number = strtoul(equals + 1, &end, 10);
	if (*end || equals[1] < '0' || equals[1] > '9' || number > INT32_MAX)
		return false;
	const char *name = dot ? dot + 1 : word;
	*out = (FePick){.rule = dot ? arena_printf(cmd->arena, "%.*s", (int)(dot - word), word) : NULL,
	                .choice = arena_printf(cmd->arena, "%.*s", (int)(equals - name), name),
	                .number = (uint32_t)number - 1};
	return true;
}

CmdExit cmd_use_choices(Cmd *cmd) {
	uint32_t count = cmd->options.choose.count;
	FePick *picks = ARENA_ARRAY(cmd->arena, FePick, count + 1);
	for (uint32_t i = 0; i < count; i++) {
		if (!read_pick(cmd, cmd->options.choose.data[i], &picks[i]))
			return cmd_usage(cmd,
			                 "--choose takes NAME=NUMBER, alternatives counted from 1, or RULE.NAME=NUMBER, not `%s`",
			                 cmd->options.choose.data[i]);
		for (uint32_t k = 0; k < i; k++)
			if (!strcmp(picks[k].choice, picks[i].choice) &&
			    (!picks[k].rule || !picks[i].rule || !strcmp(picks[k].rule, picks[i].rule)))
				return cmd_usage(cmd, "--choose says twice what `%s` is", picks[i].choice);
	}
	cmd->picks = picks;
	if (count > 0)
		fe_choose(cmd->program, picks, count);
	return CMD_OK;
}

static bool is_meant(const FePick *pick, const FeChoiceSeen *choice) {
	return !strcmp(pick->choice, choice->name) && (!pick->rule || !strcmp(pick->rule, choice->rule));
}

/* Choices, each with its alternatives; those that are meant, or all. */
static const char *candidates(Cmd *cmd, const FePick *meant) {
	uint32_t count;
	const FeChoiceSeen *seen = fe_choices_seen(cmd->program, &count);
	Text text = text_new(cmd->arena);
	for (uint32_t i = 0; i < count; i++)
		if (!meant || is_meant(meant, &seen[i]))
			text_printf(&text, "%s%s.%s (%s)", text.length ? ", " : "", seen[i].rule, seen[i].name,
			            seen[i].alternatives);
	return text_cstr(&text);
}

CmdExit cmd_check_choices(Cmd *cmd) {
	for (uint32_t i = 0; i < cmd->options.choose.count && cmd->picks; i++) {
		const FePick *pick = &cmd->picks[i];
		const char *word = cmd->options.choose.data[i];
		if (pick->beyond)
			return cmd_usage(cmd, "--choose %s: alternatives are numbered from 1 to %u: %s", word,
			                 (unsigned)pick->beyond, candidates(cmd, pick));
		if (pick->met)
			continue;
		const char *all = candidates(cmd, NULL);
		return cmd_usage(cmd, "--choose %s: there is no such choice%s%s", word,
		                 *all ? "; there are " : ": no rule of these files has one", all);
	}
	return CMD_OK;
}
