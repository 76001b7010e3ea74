/* gradus emit: hands a rule, an objective or a run folder to the packaging of C. */
#include <ctype.h>
#include <string.h>

#include "runtime/command.h"

static bool is_prefix(const char *text) {
	if (!isalpha((unsigned char)text[0]) && text[0] != '_') {
		return false;
	}
	for (; *text; text++) {
		if (!isalnum((unsigned char)*text) && *text != '_') {
			return false;
		}
	}
	return true;
}

/* A file with one rule or one objective need not name it. */
static void only_one(Cmd *cmd) {
	const AstDecl *found = NULL;
	int count = 0;
	for (uint32_t i = 0; i < fe_decl_count(cmd->program); i++) {
		const AstDecl *decl = fe_decl(cmd->program, i);
		if (decl->kind == AST_OBJECTIVE || decl->kind == AST_OPTIMIZER) {
			found = decl;
			count++;
		}
	}
	if (count == 1) {
		vec_push(cmd->arena, &cmd->words, session_text(cmd->session, found->name.name));
	}
}

CmdExit cmd_emit(Cmd *cmd) {
	if (cmd->words.count == 0 || strcmp(cmd->words.data[0], "c") != 0) {
		return cmd_usage(cmd, "as what? This version emits C: gradus emit c RULE -o OUT");
	}
	if (!cmd->options.out) {
		return cmd_usage(cmd, "where to? Name a folder with -o OUT");
	}
	if (cmd->options.prefix && !is_prefix(cmd->options.prefix)) {
		return cmd_usage(cmd, "--prefix takes a name as C has them, not `%s`", cmd->options.prefix);
	}
	cmd_shift(cmd);
	CmdExit code = cmd_load_words(cmd);
	if (code != CMD_OK) {
		return code;
	}
	if (cmd->words.count == 0) {
		only_one(cmd);
	}
	if (cmd->words.count != 1) {
		return cmd_usage(cmd, "emit what? Name one rule, objective or run folder");
	}
	const char *word = cmd->words.data[0];
	Name name = name_intern(cmd->session->names, word, strcspn(word, "( "));
	const AstDecl *decl = fe_find(cmd->program, name);
	bool objective = !cmd_is_run(cmd, word) && decl && decl->kind == AST_OBJECTIVE;
	FeCall call = {0};
	cmd_runtime(cmd, IR_F32);
	code = objective ? cmd_objective(cmd, word, &call) : cmd_rule(cmd, word, &call, NULL);
	if (code != CMD_OK) {
		return code;
	}
	RtEmitOptions options = {.out_dir = cmd->options.out,
	                         .prefix = cmd->options.prefix ? cmd->options.prefix
	                                                       : session_text(cmd->session, call.decl->name.name),
	                         .real = cmd->rt->options.real};
	bool ok = objective ? rt_emit_objective(cmd->rt, &call, &options) : rt_emit_rule(cmd->rt, &call, &options);
	if (!ok) {
		return cmd_failed(cmd);
	}
	printf("%s\n", options.out_dir);
	fprintf(stderr, "compile it and run its self-test: make -C %s test\n", options.out_dir);
	return CMD_OK;
}
