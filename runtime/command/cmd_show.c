/* gradus show: what every stage of the compiler makes of a program, and the source of the library. */
#include <string.h>

#include "autodiff/autodiff.h"
#include "ir/pass/pass.h"
#include "runtime/command/command.h"
#include "runtime/inner/frame.h"
#include "runtime/meta/meta.h"

/* What is printed of a function of the tensor form. false with a message. */
typedef bool Show(Cmd *cmd, IrModule *module, IrFunc *func, Text *out);

typedef struct Stage {
	const char *name;
	Show *show;                /* NULL: not a stage of functions */
	bool passes;               /* after the passes; else as it is built */
	bool gradient;             /* speaks of derivatives alone */
	CmdExit (*list)(Cmd *cmd); /* NULL, or what is printed instead: it needs no program */
} Stage;

/* ---- what the language itself has ---- */

/* A line of the table, `name(arguments)`: all of them, or those of the names that were given, which are counted. */
static void put_name(Cmd *cmd, CmdTable *table, const char *before, const char *name, const char *arguments,
                     const char *about, uint32_t *found) {
	bool wanted = cmd->words.count == 0;
	for (uint32_t i = 0; i < cmd->words.count; i++)
		wanted = wanted || !strcmp(cmd->words.data[i], name);
	if (wanted) {
		cmd_cell(table, "%s%s%s%s%s", before, name, arguments[0] ? "(" : "", arguments, arguments[0] ? ")" : "");
		cmd_cell(table, "%s", about);
		(*found)++;
	}
}

static CmdExit show_functions(Cmd *cmd) {
	CmdTable table = {.arena = cmd->arena, .columns = 2, .left = 3};
	uint32_t found = 0;
	for (int i = 0; i < BUILTIN_COUNT; i++)
		if (builtins[i].kind != BUILTIN_IS_LATER)
			put_name(cmd, &table, "", builtins[i].name, builtins[i].arguments, builtins[i].about, &found);
	for (int i = 0; i < DISTRIBUTION_COUNT; i++) {
		if (!distributions[i].code) {
			put_name(cmd, &table, "~ ", distributions[i].name, distributions[i].arguments, distributions[i].about,
			         &found);
		}
	}
	if (found < cmd->words.count || found == 0)
		return cmd_usage(cmd, "no function of the language is called so; `gradus show functions` lists them");
	Text out = text_new(cmd->arena);
	cmd_table(&table, "", &out);
	return cmd_print(cmd, &out);
}

/* ---- stages ---- */

static CmdExit show_ast(Cmd *cmd) {
	Text out = text_new(cmd->arena);
	uint32_t count = cmd->session->sources.count;
	for (uint32_t i = 1; i < count; i++)
		if (cmd->session->sources.data[i]->path[0] != '<')
			ast_print(cmd->session, ast_parse(cmd->session, i), &out);
	return cmd_print(cmd, &out);
}

static bool show_ir(Cmd *cmd, IrModule *module, IrFunc *func, Text *out) {
	(void)cmd, (void)module;
	ir_print(func, out);
	return true;
}

static JitOptions jit_options(const Cmd *cmd) {
	return (JitOptions){.strict = cmd->options.strict};
}

static bool show_loops(Cmd *cmd, IrModule *module, IrFunc *func, Text *out) {
	JitOptions options = jit_options(cmd);
	jit_show_loops(module, func, &options, out);
	return true;
}

static bool show_c(Cmd *cmd, IrModule *module, IrFunc *func, Text *out) {
	const char *bytes;
	JitCFile *file = jit_c_file_new(cmd->arena, "gradus");
	JitCFunc how = {.name = session_text(cmd->session, func->name), .strict = cmd->options.strict};
	Text body = text_new(cmd->arena);
	jit_emit_c(file, module, func, &how, &body, &bytes);
	jit_c_prelude(file, text_cstr(&body), out);
	text_printf(out, "%s", text_cstr(&body));
	return true;
}

static bool has_engine(Cmd *cmd) {
	const char *error = NULL;
	if (!cmd->rt->engine)
		cmd->rt->engine = jit_engine_new(cmd->session, &error);
	if (!cmd->rt->engine)
		cmd_fail(cmd, CMD_IO, "%s", error ? error : "LLVM cannot be loaded");
	return cmd->rt->engine != NULL;
}

static bool show_llvm(Cmd *cmd, IrModule *module, IrFunc *func, Text *out) {
	JitOptions options = jit_options(cmd);
	return has_engine(cmd) && jit_show_llvm(cmd->rt->engine, module, func, &options, out);
}

static bool show_asm(Cmd *cmd, IrModule *module, IrFunc *func, Text *out) {
	JitOptions options = jit_options(cmd);
	return has_engine(cmd) && jit_show_asm(cmd->rt->engine, module, func, &options, out);
}

/* In the order in which a program goes through them; `std` is the library, `data` a file of data. */
static const Stage stages[] = {
	{"ast", NULL, false, false, NULL},
	{"ir", show_ir, false, false, NULL},
	{"grad", show_ir, false, true, NULL},
	{"opt", show_ir, true, false, NULL},
	{"loops", show_loops, true, false, NULL},
	{"llvm", show_llvm, true, false, NULL},
	{"asm", show_asm, true, false, NULL},
	{"c", show_c, true, false, NULL},
	{"std", NULL, false, false, cmd_show_std},
	{"functions", NULL, false, false, show_functions},
	{"estimators", NULL, false, false, cmd_show_estimators},
	{"at", NULL, false, false, cmd_show_at},
	{"data", NULL, false, false, cmd_show_data},
	{"space", NULL, false, false, cmd_show_space},
};
enum { STAGE_COUNT = sizeof stages / sizeof *stages };

static bool put_func(Cmd *cmd, const Stage *stage, IrModule *module, IrFunc *func, Text *out) {
	const IrPipeline pipeline = cmd_pipeline(cmd);
	return stage->show(cmd, module, stage->passes ? ir_optimize(module, func, &pipeline) : func, out);
}

/* As it was elaborated. */
static bool show_elaborated(Cmd *cmd, const FeCall *call, Text *out) {
	IrModule *module = ir_module_new(cmd->session);
	FeObjective *objective = fe_objective(cmd->program, module, call, cmd->rt->options.real);
	if (objective) {
		ir_print(objective->setup, out);
		ir_print(objective->start, out);
		ir_print(objective->value, out);
	}
	ir_module_free(module);
	return objective != NULL;
}

/* (fixed..., x) -> f, g: what every run of it evaluates, as it comes out of differentiation or behind all passes. */
static bool show_evaluated(Cmd *cmd, const Stage *stage, const FeCall *call, Text *out) {
	Task *task = task_new(cmd->rt, call, NULL, (FeScore){0}, NULL, 0);
	if (!task)
		return false;
	IrFunc *func = stage->gradient ? task_build_gradient_of(task, task->value, "gradient") : task->evaluate;
	bool ok = stage->show(cmd, task->module, func, out);
	task_free(task);
	return ok;
}

static CmdExit show_objective(Cmd *cmd, const Stage *stage, const FeCall *call, Text *out) {
	bool evaluated = stage->passes || stage->gradient;
	bool ok = evaluated ? show_evaluated(cmd, stage, call, out) : show_elaborated(cmd, call, out);
	return ok ? CMD_OK : cmd->session->error_count ? cmd_failed(cmd) : CMD_IO;
}

static CmdExit no_gradient(Cmd *cmd, const char *what) {
	Text list = text_new(cmd->arena);
	uint32_t left = 0;
	for (uint32_t i = 0; i < STAGE_COUNT; i++)
		left += stages[i].show && !stages[i].gradient;
	for (uint32_t i = 0, k = 0; i < STAGE_COUNT; i++) {
		if (stages[i].show && !stages[i].gradient) {
			text_printf(&list, "%s%s", k == 0 ? "" : k + 1 < left ? ", " : " and ", stages[i].name);
			k++;
		}
	}
	return cmd_usage(cmd, "an objective has a gradient; of %s there are %s", what, text_cstr(&list));
}

static CmdExit show_rule(Cmd *cmd, const Stage *stage, const FeCall *call, Text *out) {
	if (stage->gradient)
		return no_gradient(cmd, "a rule");
	IrModule *module = ir_module_new(cmd->session);
	FeTarget target = fe_is_by_shape(cmd->program, call) ? fe_usual_tensors : (FeTarget){.count = 0};
	FeRule *rule = fe_rule(cmd->program, module, call, &target, cmd->rt->options.real, NULL, 0);
	bool ok = rule != NULL;
	if (ok && !stage->passes)
		ir_print(rule->init, out);
	ok = ok && put_func(cmd, stage, module, rule->step, out);
	ir_module_free(module);
	return ok ? CMD_OK : cmd->session->error_count ? cmd_failed(cmd) : CMD_IO;
}

/* Whatever training compiles, for every objective: problems, and what the estimator and selection run. */
static CmdExit show_experiment(Cmd *cmd, const Stage *stage, const AstDecl *decl, Text *out) {
	if (stage->gradient)
		return no_gradient(cmd, "an experiment");
	FeExperiment experiment = {0};
	bool ok = fe_experiment(cmd->program, decl, &experiment);
	for (uint32_t k = 0; k < experiment.on.count && ok; k++) {
		Task *task = task_new(cmd->rt, &experiment.on.data[k], &experiment.train, experiment.score,
		                      experiment.open.data, experiment.open.count);
		MetaUse uses[META_MOST_USES];
		int count = task ? train_uses(&experiment, task, uses) : 0;
		ok = task != NULL;
		for (int i = 0; i < count && ok; i++) {
			IrFunc *func = stage->passes ? task_stage_batched(task, uses[i].stage, &uses[i].plan)
			                             : task_stage_built(task, uses[i].stage, &uses[i].plan);
			ok = put_func(cmd, stage, task->module, func, out);
		}
		task_free(task);
	}
	return ok ? CMD_OK : cmd->session->error_count ? cmd_failed(cmd) : CMD_IO;
}

static CmdExit show_word(Cmd *cmd, const Stage *stage, const char *word, Text *out) {
	const AstDecl *decl = fe_find(cmd->program, name_intern(cmd->session->names, word, strcspn(word, "( ")));
	FeCall call = {0};
	if (decl && decl->kind == AST_EXPERIMENT)
		return show_experiment(cmd, stage, decl, out);
	if (cmd_is_run(cmd, word) || (decl && decl->kind == AST_OPTIMIZER)) {
		CmdExit code = cmd_rule(cmd, word, &call, NULL);
		return code == CMD_OK ? show_rule(cmd, stage, &call, out) : code;
	}
	CmdExit code = cmd_objective(cmd, word, &call);
	return code == CMD_OK ? show_objective(cmd, stage, &call, out) : code;
}

static CmdExit read_stage(Cmd *cmd, const Stage **stage) {
	if (cmd->words.count == 0) {
		Text list = text_new(cmd->arena);
		for (uint32_t i = 0; i < STAGE_COUNT; i++)
			text_printf(&list, "%s%s", i == 0 ? "" : i + 1 < STAGE_COUNT ? ", " : "; or ", stages[i].name);
		return cmd_usage(cmd, "which stage? %s", text_cstr(&list));
	}
	Name names[STAGE_COUNT];
	for (uint32_t i = 0; i < STAGE_COUNT; i++) {
		if (!strcmp(stages[i].name, cmd->words.data[0])) {
			*stage = &stages[i];
			return CMD_OK;
		}
		names[i] = session_name(cmd->session, stages[i].name);
	}
	Name near = name_nearest(cmd->session->names, session_name(cmd->session, cmd->words.data[0]), names, STAGE_COUNT);
	return cmd_usage(cmd, "no stage `%s`%s%s%s", cmd->words.data[0], near ? "; did you mean `" : "",
	                 near ? session_text(cmd->session, near) : "", near ? "`?" : "");
}

CmdExit cmd_show(Cmd *cmd) {
	const Stage *stage = NULL;
	CmdExit code = read_stage(cmd, &stage);
	if (code != CMD_OK)
		return code;
	cmd_shift(cmd);
	if (stage->list)
		return stage->list(cmd);
	code = cmd_load_words(cmd);
	if (code != CMD_OK || !stage->show)
		return code == CMD_OK ? show_ast(cmd) : code;
	cmd_runtime(cmd, IR_F32);
	Text out = text_new(cmd->arena);
	uint32_t shown = 0;
	for (uint32_t i = 0; i < cmd->words.count && code == CMD_OK; i++, shown++)
		code = show_word(cmd, stage, cmd->words.data[i], &out);
	for (uint32_t i = 0; cmd->words.count == 0 && i < fe_decl_count(cmd->program) && code == CMD_OK; i++) {
		const AstDecl *decl = fe_decl(cmd->program, i);
		if (decl->kind == AST_OBJECTIVE || (decl->kind == AST_OPTIMIZER && !stage->gradient)) {
			code = show_word(cmd, stage, session_text(cmd->session, decl->name.name), &out);
			shown++;
		}
	}
	if (code == CMD_OK && shown == 0)
		return cmd_usage(cmd, "of what? Name a file, or something of the library such as adam");
	CmdExit printed = cmd_print(cmd, &out);
	return code == CMD_OK ? printed : code;
}
