/* --fill EXPRESSION: a program with this in the place of its open expression. It is put into the text, so what is read, checked and compiled is an
 * ordinary program, and what is wrong with the expression is said at its place. */
#include <string.h>

#include "runtime/command/command.h"

/* The only open expression of a file; *count: how many there are. */
static Span find_hole(const AstFile *file, int *count) {
	Span found = {0};
	*count = 0;
	for (uint32_t i = 0; i < file->decls.count; i++) {
		const AstDecl *decl = file->decls.data[i];
		const AstExpr *hole = decl->kind == AST_OPTIMIZER ? fe_open_expression(decl) : NULL;
		if (!hole)
			continue;
		found = hole->span;
		++*count;
	}
	return found;
}

/* It is one expression: what is pasted into a program could be anything, such as `g) + (m`. */
static bool is_expression(Cmd *cmd, const char *text) {
	uint32_t errors = cmd->session->error_count;
	ast_parse_expression(cmd->session, source_add(cmd->session, "<--fill>", text, strlen(text)));
	return cmd->session->error_count == errors;
}

CmdExit cmd_add_filled(Cmd *cmd, const char *path) {
	const char *why;
	if (!is_expression(cmd, cmd->options.fill))
		return CMD_FINDINGS;
	uint32_t source = source_load(cmd->session, path, true, &why);
	if (!source)
		return cmd_fail(cmd, CMD_IO, "cannot read %s: %s", path, why);
	DiagMark mark = diag_mark(cmd->session);
	int count;
	Span hole = find_hole(ast_parse(cmd->session, source), &count);
	diag_take_back(cmd->session, mark); /* it is read again */
	if (count != 1)
		return cmd_usage(cmd, "--fill is for a file with one open expression; %s has %d", path, count);
	const Source *read = cmd->session->sources.data[source];
	Text text = text_new(cmd->arena);
	text_bytes(&text, read->text, hole.start);
	text_printf(&text, "(%s)", cmd->options.fill);
	text_bytes(&text, read->text + hole.end, read->length - hole.end);
	fe_add_source(cmd->program, source_add(cmd->session, path, text_cstr(&text), text.length));
	return CMD_OK;
}
