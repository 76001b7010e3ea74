/* gradus show std: the library by subject, and the source of its entries. */
#include <string.h>

#include "runtime/command/command.h"
#include "runtime/command/limits.h"

static CmdExit library_lacks(Cmd *cmd, const FeStdEntries *entries, const char *word) {
	VEC(Name) names = {0};
	for (uint32_t i = 0; i < entries->count; i++)
		vec_push(cmd->arena, &names, session_name(cmd->session, entries->data[i].name));
	Name near = name_nearest(cmd->session->names, session_name(cmd->session, word), names.data, names.count);
	return cmd_usage(cmd, "the library has no `%s`%s%s%s", word, near ? "; did you mean `" : "",
	                 near ? session_text(cmd->session, near) : "", near ? "`?" : "");
}

/* The first sentence, without the source in brackets where that is too long for a line. */
static const char *line_of(Cmd *cmd, const FeStdEntry *entry, size_t room) {
	const char *open = strstr(entry->summary, " ("), *close = open ? strchr(open, ')') : NULL;
	if (strlen(entry->summary) <= room || !close)
		return entry->summary;
	return arena_printf(cmd->arena, "%.*s%s", (int)(open - entry->summary), entry->summary, close + 1);
}

/* What is told of entries of a kind: a heading where the subject changes, then a line for each. */
static void put_subjects(Cmd *cmd, const FeStdEntries *entries, AstDeclKind kind, Text *out) {
	const char *subject = "";
	int width = 0;
	for (uint32_t i = 0; i < entries->count; i++) {
		const FeStdEntry *entry = &entries->data[i];
		if (entry->kind != kind)
			continue;
		if (strcmp(entry->subject, subject) != 0) {
			subject = entry->subject;
			width = 0;
			for (uint32_t k = i; k < entries->count && !strcmp(entries->data[k].subject, subject); k++) {
				int length = (int)strlen(entries->data[k].name);
				width = entries->data[k].kind == kind && length > width ? length : width;
			}
			text_printf(out, "%s%s\n", out->length ? "\n" : "", subject);
		}
		text_printf(out, "  %-*s  %s\n", width, entry->name, line_of(cmd, entry, (size_t)(CMD_COLUMNS - 4 - width)));
	}
}

CmdExit cmd_show_std(Cmd *cmd) {
	Text out = text_new(cmd->arena);
	FeStdEntries entries = fe_std_entries(cmd->arena);
	for (uint32_t i = 0; i < cmd->words.count; i++) {
		const FeStdEntry *found = NULL;
		for (uint32_t k = 0; k < entries.count && !found; k++)
			found = strcmp(entries.data[k].name, cmd->words.data[i]) == 0 ? &entries.data[k] : NULL;
		if (!found)
			return library_lacks(cmd, &entries, cmd->words.data[i]);
		text_printf(&out, "%s", i ? "\n" : "");
		text_bytes(&out, found->text, found->length);
		text_char(&out, '\n');
	}
	if (cmd->words.count == 0) {
		put_subjects(cmd, &entries, AST_OPTIMIZER, &out);
		put_subjects(cmd, &entries, AST_OBJECTIVE, &out);
	}
	return cmd_print(cmd, &out);
}
