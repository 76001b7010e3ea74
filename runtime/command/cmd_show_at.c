/* gradus show at FILE:LINE:COLUMN: what stands at a place of a source, for people and editors. */
#include <stdlib.h>
#include <string.h>

#include "runtime/command/command.h"
#include "runtime/command/limits.h"

/* Cuts `:12` off the end of a text: the number, or 0 where there is none. */
static uint32_t cut_number(char *text) {
	char *colon = strrchr(text, ':'), *end;
	if (!colon || colon[1] < '0' || colon[1] > '9')
		return 0;
	unsigned long number = strtoul(colon + 1, &end, 10);
	if (*end || number > UINT32_MAX)
		return 0;
	*colon = '\0';
	return (uint32_t)number;
}

static uint32_t source_of(const Session *session, const char *path) {
	for (uint32_t i = session->sources.count; i-- > 1;)
		if (!strcmp(session->sources.data[i]->path, path))
			return i;
	return 0;
}

static const char *written(Cmd *cmd, Span span) {
	const char *text = source_excerpt(cmd->session, cmd->arena, span);
	size_t length = strcspn(text, "\n");
	return length <= CMD_SHOWN_SOURCE && !text[length]
	           ? text
	           : arena_printf(cmd->arena, "%.*s...", (int)(length < CMD_SHOWN_SOURCE ? length : CMD_SHOWN_SOURCE),
	                          text);
}

static void put_place(Cmd *cmd, const FePlace *place, Text *out) {
	const Session *session = cmd->session;
	text_printf(out, "%s", place->name ? session_text(session, place->name) : written(cmd, place->span));
	if (place->kind)
		text_printf(out, ": %s", place->kind);
	if (place->type)
		text_printf(out, place->kind ? ", %s" : ": %s", place->type);
	text_char(out, '\n');
	if (place->declared.file) {
		uint32_t line, column;
		source_position(session, place->declared, &line, &column);
		text_printf(out, "declared at %s:%u:%u\n", session->sources.data[place->declared.file]->path, (unsigned)line,
		            (unsigned)column);
	}
	if (place->comment && place->comment[0]) {
		text_plain(out, place->comment, strlen(place->comment), false);
		text_char(out, '\n');
	}
}

CmdExit cmd_show_at(Cmd *cmd) {
	if (cmd->words.count != 1)
		return cmd_usage(cmd, "at which place? FILE:LINE:COLUMN, both from 1");
	char *path = arena_strdup(cmd->arena, cmd->words.data[0]);
	uint32_t column = cut_number(path), line = column ? cut_number(path) : 0, offset;
	if (!line)
		return cmd_usage(cmd, "`%s` is no place: FILE:LINE:COLUMN, both from 1", cmd->words.data[0]);
	const char *files[] = {path};
	CmdExit code = cmd_load(cmd, files, 1);
	if (code != CMD_OK)
		return code;
	uint32_t source = source_of(cmd->session, strcmp(path, "-") ? path : "<stdin>");
	if (!source || !source_offset(cmd->session, source, line, column, &offset))
		return cmd_usage(cmd, "%s has no line %u with a column %u", path, (unsigned)line, (unsigned)column);
	FePlace place;
	if (!fe_at(cmd->program, source, offset, &place)) {
		return cmd_fail(cmd, CMD_FINDINGS, "nothing at %s:%u:%u has a meaning of its own", path, (unsigned)line,
		                (unsigned)column);
	}
	Text out = text_new(cmd->arena);
	put_place(cmd, &place, &out);
	return cmd_print(cmd, &out);
}
