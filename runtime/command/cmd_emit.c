/* gradus emit: hands a rule, an objective or a run folder to the packaging of C. */
#include <ctype.h>
#include <string.h>

#include "runtime/command/command.h"
#include "runtime/emit/emit.h"

static bool is_prefix(const char *text) {
	if (!isalpha((unsigned char)text[0]) && text[0] != '_')
		return false;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && *text != '_')
			return false;
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
	if (count == 1)
		vec_push(cmd->arena, &cmd->words, session_text(cmd->session, found->name.name));
}

/* Does the rule evaluate elsewhere, one tensor beside the other? */
static bool is_for_all_tensors(Cmd *cmd, const FeCall *call) {
	FeTarget any = {.count = 0};
	IrModule *module = ir_module_new(cmd->session);
	const FeRule *rule = fe_rule(cmd->program, module, call, &any, cmd->rt->options.real, NULL, 0);
	bool evaluates = rule && rule->evaluates && !rule->decl->joint;
	ir_module_free(module);
	return evaluates;
}

/* --on: the number of coordinates, or the tensors, that a rule is emitted for. rule: NULL if it is none. */
static CmdExit target_of_objective(Cmd *cmd, const FeCall *rule, PackOptions *options) {
	FeProgram *program = rule && rule->program ? rule->program : cmd->program;
	Span place;
	bool derives = rule && pack_derives(cmd->rt, rule);
	if (!rule || (!derives && !fe_needs_size(program, rule, &place) && !fe_is_by_shape(program, rule) &&
	              !is_for_all_tensors(cmd, rule))) {
		if (cmd->session->error_count > 0)
			return cmd_failed(cmd);
		return cmd_usage(cmd, "--on is for rules that look at axes, learn numbers for every coordinate, or look at "
		                      "coordinates by number or "
		                      "order, that differentiate the objective, or evaluate elsewhere and are not joint; this "
		                      "one serves any size");
	}
	FeCall *on = ARENA_NEW(cmd->arena, FeCall), call = {0};
	CmdExit code = cmd_objective(cmd, cmd->options.on, &call);
	if (code != CMD_OK)
		return code;
	*on = call;
	options->on = on;
	IrModule *module = ir_module_new(cmd->session);
	const FeObjective *objective = fe_objective(cmd->program, module, &call, cmd->rt->options.real);
	if (objective) {
		options->size = objective->size;
		options->target = fe_target(objective, cmd->arena);
	}
	ir_module_free(module);
	return objective ? CMD_OK : cmd_failed(cmd);
}

/* The rule of a file RUN/rule.grad was trained in RUN, and for what that folder says, if it is in order and the rule is its own. */
static void read_run_beside(Cmd *cmd, const AstDecl *rule, StoreInfo *info) {
	const char *path = cmd->session->sources.data[rule->span.file]->path, *slash = strrchr(path, '/');
	if (strcmp(slash ? slash + 1 : path, "rule.grad") != 0)
		return;
	const char *dir = slash ? arena_printf(cmd->arena, "%.*s", (int)(slash - path), path) : ".";
	DiagMark mark = diag_mark(cmd->session);
	StoreInfo found;
	if (store_folder_read(cmd->rt, dir, &found) &&
	    strcmp(found.rule_name, session_text(cmd->session, rule->name.name)) == 0) {
		*info = found;
	}
	diag_take_back(cmd->session, mark);
}

/* The one word that says what is emitted, behind the files. */
static CmdExit read_words(Cmd *cmd) {
	if (cmd->words.count == 0 || strcmp(cmd->words.data[0], "c") != 0)
		return cmd_usage(cmd, "as what? This version emits C: gradus emit c RULE -o OUT");
	if (!cmd->options.out)
		return cmd_usage(cmd, "where to? Name a folder with -o OUT");
	if (cmd->options.prefix && !is_prefix(cmd->options.prefix))
		return cmd_usage(cmd, "--prefix takes a name as C has them, not `%s`", cmd->options.prefix);
	cmd_shift(cmd);
	CmdExit code = cmd_load_words(cmd);
	if (code != CMD_OK)
		return code;
	if (cmd->words.count == 0)
		only_one(cmd);
	return cmd->words.count == 1 ? CMD_OK : cmd_usage(cmd, "emit what? Name one rule, objective or run folder");
}

static PackOptions pack_options(Cmd *cmd, const FeCall *call, bool objective, const StoreInfo *info) {
	const char *prefix = cmd->options.prefix;
	const char *name = session_text(cmd->session, call->decl->name.name);
	return (PackOptions){.out_dir = cmd->options.out,
	                     .prefix = prefix ? prefix : pack_prefix(cmd->arena, name, objective),
	                     .real = cmd->rt->options.real,
	                     .force = cmd->options.force,
	                     .horizon_low = info->horizon_low,
	                     .horizon_high = info->horizon_high,
	                     .size = info->coordinates};
}

CmdExit cmd_emit(Cmd *cmd) {
	CmdExit code = read_words(cmd);
	if (code != CMD_OK)
		return code;
	const char *word = cmd->words.data[0];
	Name name = name_intern(cmd->session->names, word, strcspn(word, "( "));
	const AstDecl *decl = fe_find(cmd->program, name);
	bool run = cmd_is_run(cmd, word), objective = !run && decl && decl->kind == AST_OBJECTIVE;
	FeCall call = {0};
	StoreInfo info = {0};
	cmd_runtime(cmd, IR_F32);
	code = objective ? cmd_objective(cmd, word, &call) : cmd_rule(cmd, word, &call, &info);
	if (code != CMD_OK)
		return code;
	if (!run && !objective)
		read_run_beside(cmd, call.decl, &info);
	PackOptions options = pack_options(cmd, &call, objective, &info);
	if (cmd->options.on)
		code = target_of_objective(cmd, objective ? NULL : &call, &options);
	if (code != CMD_OK)
		return code;
	PackEmitted emitted = {0};
	bool ok = objective ? pack_objective(cmd->rt, &call, &options) : pack_rule(cmd->rt, &call, &options, &emitted);
	if (!ok)
		return cmd_failed(cmd);
	Text place = text_new(cmd->arena);
	text_plain(&place, options.out_dir, strlen(options.out_dir), false);
	printf("%s\n", text_cstr(&place));
	if (!run && emitted.holes) {
		cmd_put_holes(session_text(cmd->session, call.decl->name.name), "emitted", emitted.holes);
		if (emitted.reads_horizon && info.horizon_high == 0)
			fprintf(stderr, "its `horizon` is %d until the program says otherwise\n", PACK_HORIZON);
	}
	cmd_say(cmd, "compile it and run its self-test: make -C %s test", options.out_dir);
	return CMD_OK;
}
