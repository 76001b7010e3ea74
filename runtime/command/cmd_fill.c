/* --fill EXPRESSION: a program with this in the place of its open expression; of several, `E1 | E2`, in the order of the text. They are put into
 * the text, so what is read, checked and compiled is an ordinary program, and what is wrong with an expression is said at its place. */
#include <string.h>

#include "frontend/limits.h"
#include "runtime/command/command.h"

/* The open expressions of the only rule of a file that has any; *rules: how many have. How many there are. */
static uint32_t find_holes(const AstFile *file, const AstExpr **out, int *rules) {
	uint32_t found = 0;
	*rules = 0;
	for (uint32_t i = 0; i < file->decls.count; i++) {
		const AstDecl *decl = file->decls.data[i];
		if (decl->kind != AST_OPTIMIZER || !fe_open_expression(decl))
			continue;
		found = fe_open_expressions(decl, out, HOLE_MOST);
		++*rules;
	}
	return found;
}

/* Each is one expression: what is pasted into a program could be anything, such as `g) + (m`. */
static bool are_expressions(Cmd *cmd, const char *text) {
	uint32_t errors = cmd->session->error_count;
	for (size_t length;; text += length + 1) {
		length = strcspn(text, "|");
		const char *one = arena_printf(cmd->arena, "%.*s", (int)length, text);
		ast_parse_expression(cmd->session, source_add(cmd->session, "<--fill>", one, length));
		if (!text[length])
			return cmd->session->error_count == errors;
	}
}

CmdExit cmd_add_filled(Cmd *cmd, const char *path) {
	const char *why;
	if (!are_expressions(cmd, cmd->options.fill))
		return CMD_FINDINGS;
	uint32_t source = source_load(cmd->session, path, true, &why);
	if (!source)
		return cmd_fail(cmd, CMD_IO, "cannot read %s: %s", path, why);
	DiagMark mark = diag_mark(cmd->session);
	const AstExpr *holes[HOLE_MOST];
	int rules;
	uint32_t count = find_holes(ast_parse(cmd->session, source), holes, &rules), given = 1;
	diag_take_back(cmd->session, mark); /* it is read again */
	for (const char *at = cmd->options.fill; *at; at++)
		given += *at == '|';
	if (rules != 1 || count > HOLE_MOST)
		return cmd_usage(cmd, "--fill is for a file with one open expression, or one rule with some; %s has %d", path,
		                 rules);
	if (given != count)
		return cmd_usage(cmd, "--fill gives %u expression%s, and the rule has %u open: write them as \"E1 | E2\"",
		                 given, given == 1 ? "" : "s", count);
	const Source *read = cmd->session->sources.data[source];
	Text text = text_new(cmd->arena);
	const char *fill = cmd->options.fill;
	uint32_t from = 0;
	for (uint32_t i = 0; i < count; i++) {
		size_t length = strcspn(fill, "|");
		text_bytes(&text, read->text + from, holes[i]->span.start - from);
		text_printf(&text, "(%.*s)", (int)length, fill);
		from = holes[i]->span.end;
		fill += length + 1;
	}
	text_bytes(&text, read->text + from, read->length - from);
	fe_add_source(cmd->program, source_add(cmd->session, path, text_cstr(&text), text.length));
	return CMD_OK;
}
