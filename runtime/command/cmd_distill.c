/* gradus distill: a formula in the place of a trained rule. Where the trained rule went on training problems says which expressions are looked at;
 * what they are worth is said by runs of their own, as in any search. */
#include <string.h>

#include "runtime/command/command.h"
#include "runtime/search/search.h"

enum { TAUGHT_PROBLEMS = 16 }; /* whose runs are gone through */

typedef struct Distilling {
	Cmd *cmd;
	const char *run, *dir; /* what is distilled, and into which folder */
	StoreRecord record;
	SearchTeacher teacher;
	const char *experiment_text; /* the clauses that the search has in common with the training */
	const char *label;           /* of the trained rule */
	int64_t learned;             /* its numbers */
} Distilling;

/* ---- where the trained rule went ---- */

/* A run of every problem, a step at a time; x of each. false with diagnostics, or interrupted. */
static bool follow_runs(Task *task, const Problems *problems, const double *theta, SearchTeacher *out, double *x) {
	Rt *rt = task->rt;
	Arena *scratch = arena_new();
	RunState state = run_state_new(task, scratch);
	void *theta_bytes = NULL, *arena = rt_aligned(scratch, run_arena_bytes(task, TASK_SHARED));
	size_t count = (size_t)learned_count(task->rule), size = (size_t)out->size;
	size_t width = ir_scalar_bytes(task->objective->real), each = (size_t)(out->steps + 1) * size;
	if (count > 0) {
		theta_bytes = rt_aligned(scratch, count * sizeof(double));
		rt_write_reals(task->rule->real, theta_bytes, 1, theta, count);
	}
	RunArgs args = {.theta = theta_bytes};
	int error = 0;
	for (int i = 0; i < problems->block_count && !error && !rt_interrupted(rt); i++) {
		const ProblemBlock *block = &problems->blocks[i];
		error = run_begin(task, block, &args, &state, arena);
		for (int t = 0; t <= out->steps && !error; t++) {
			double score[IR_LANES] = {0};
			for (size_t k = 0; k < size; k++) /* one problem to a block */
				rt_read_reals(task->objective->real, (const char *)state.slots[0] + k * width, 1,
				              x + (size_t)i * each + (size_t)t * size + k, 1);
			if (t < out->steps)
				error = run_advance(task, block, &args, &state, t, 1, out->steps, score, NULL, arena);
		}
	}
	arena_free(scratch);
	return !error && !rt_interrupted(rt);
}

static bool teach(Distilling *d, Rt *rt, const FeExperiment *x, const FeCall *rule) {
	Task *task = task_new(rt, &x->on.data[0], rule, x->score, NULL, 0);
	if (!task)
		return false;
	SearchTeacher *out = &d->teacher;
	out->problems = x->train_problems < TAUGHT_PROBLEMS ? x->train_problems : TAUGHT_PROBLEMS;
	out->steps = x->horizon_high;
	out->size = task->objective->size;
	task_set_lanes(task, 1);
	d->label = arena_strdup(d->cmd->arena, session_text(rt->session, rule->decl->name.name));
	d->learned = learned_count(task->rule);
	double bytes = (double)out->problems * (out->steps + 1) * (double)out->size * (double)sizeof *out->x;
	double *theta = d->learned > 0 ? learned_new(rt, task->rule, rt->arena) : NULL;
	bool ok = rt_memory_allows(rt, bytes, "the runs of the trained rule") &&
	          (d->learned == 0 || (theta && learned_start(rt, task->rule, rt->options.seed, theta)));
	Problems *problems = ok ? problems_of(task, rt->options.seed, PROBLEMS_TRAIN, out->problems, false) : NULL;
	if (problems && task_need_forward(task, out->steps, TASK_SHARED)) {
		double *went = ARENA_ARRAY(d->cmd->arena, double, (size_t)(bytes / sizeof *out->x) + 1);
		out->x = went;
		ok = follow_runs(task, problems, theta, out, went);
	} else {
		ok = false;
	}
	problems_free(problems);
	task_free(task);
	return ok;
}

/* ---- the experiment of the search ---- */

static void put_calls(Session *session, Text *out, const char *word, const FeCall *calls, uint32_t count) {
	for (uint32_t i = 0; i < count; i++)
		text_printf(out, "%s%s", i ? ", " : word, source_excerpt(session, out->arena, calls[i].span));
	text_printf(out, count ? "\n" : "");
}

static const char *clauses_of(Cmd *cmd, Session *session, const FeExperiment *x) {
	Text out = text_new(cmd->arena);
	put_calls(session, &out, "  on       ", x->on.data, x->on.count);
	text_printf(&out, "  problems %d train, %d select, %d test\n  horizon  %d\n  score    %s\n", x->train_problems,
	            x->select_problems, x->test_problems, x->horizon_high, score_text(cmd->arena, x->score));
	put_calls(session, &out, "  against  ", x->against.data, x->against.count);
	return text_cstr(&out);
}

/* All that is asked of the run, in a session of its own: nothing of it is a source of what is searched. */
static CmdExit read_run(Distilling *d) {
	Cmd *cmd = d->cmd;
	Session *session = session_new();
	Cmd own = {.session = session,
	           .arena = session->arena,
	           .verb = cmd->verb,
	           .options = cmd->options,
	           .typed = cmd->typed,
	           .command_line = cmd->command_line,
	           .live = cmd->live,
	           .interrupted = cmd->interrupted};
	CmdRun run;
	FeCall rule = {0};
	StoreInfo info;
	CmdExit code = cmd_run_open(&own, d->run, &run);
	if (code == CMD_OK)
		code = cmd_run_has_rule(&own, &run);
	if (code == CMD_OK && fe_open_expression(run.experiment.train.decl)) {
		code = cmd_usage(&own, "%s is a search: what it has found is a formula already", d->run);
	} else if (code == CMD_OK) {
		own.options.precision = cmd->options.precision ? cmd->options.precision : run.record.precision;
		cmd->options.precision = arena_strdup(cmd->arena, own.options.precision);
		own.program = run.program;
		cmd_runtime(&own, IR_F32);
		own.rt->options.seed = (uint64_t)run.record.problem_seed;
		code = cmd_rule(&own, d->run, &rule, &info);
		if (code == CMD_OK && !teach(d, own.rt, &run.experiment, &rule))
			code = rt_interrupted(own.rt) ? CMD_INTERRUPTED : cmd_failed(&own);
		d->experiment_text = clauses_of(cmd, session, &run.experiment);
	}
	cmd_progress_end(&own);
	if (session->diags.count)
		diag_print_all(session, stderr, cmd->color_err);
	if (code == CMD_OK && session->error_count)
		code = cmd_failed(&own);
	rt_free(own.rt);
	data_store_free(own.data);
	session_free(session);
	return code;
}

/* ---- the rule with the hole ---- */

static const char open_rule[] =
	"# A trained rule as a formula: one state, and one expression that is searched for "
	"among those that go where the trained rule went.\n"
	"joint optimizer %s(lr = 1.0) {\n"
	"  learn decay = 0.3 in (0, 1)\n"
	"  state m = 0\n"
	"  let s = g / rms(g)\n"
	"  m <- decay * m + (1 - decay) * s\n"
	"  x <- x - lr * discover(s, m, f, 1 - (t - 1) / horizon, 1, size = %d, ops = \"+ - * / sign sqrt rms\")\n"
	"}\n\n";

static const char *unused_name(Cmd *cmd, const char *name) {
	const char *wanted = name;
	for (int number = 2; fe_find(cmd->program, session_name(cmd->session, wanted)); number++)
		wanted = arena_printf(cmd->arena, "%s_%d", name, number);
	return wanted;
}

/* The only rule of a file that has an open expression; NULL after a message. */
static const char *rule_into(Cmd *cmd, const char *file, const AstFile *read) {
	const AstDecl *found = NULL;
	int rules = 0;
	for (uint32_t i = 0; i < read->decls.count; i++) {
		const AstDecl *decl = read->decls.data[i];
		bool open = decl->kind == AST_OPTIMIZER && fe_open_expression(decl);
		rules += open;
		found = open ? decl : found;
	}
	if (rules == 1)
		return session_text(cmd->session, found->name.name);
	cmd_usage(cmd, "--into is for a file with one rule with an open expression; %s has %d", file, rules);
	return NULL;
}

/* --into FILE: its text beside the sources of the run. *rule: its open rule. */
static CmdExit add_into(Distilling *d, const char *beside, const char **rule) {
	Cmd *cmd = d->cmd;
	const char *file = cmd->options.into, *why, *slash = strrchr(file, '/');
	size_t length;
	char *text = cmd_read_file(cmd, file, true, &length, &why);
	if (!text)
		return cmd_fail(cmd, CMD_IO, "cannot read %s: %s", file, why);
	uint32_t errors = cmd->session->error_count;
	uint32_t source =
		source_add(cmd->session, arena_printf(cmd->arena, "%sinto-%s", beside, slash ? slash + 1 : file), text, length);
	DiagMark mark = diag_mark(cmd->session);
	const AstFile *read = ast_parse(cmd->session, source);
	bool wrong = cmd->session->error_count > errors;
	diag_take_back(cmd->session, mark); /* it is read again */
	fe_add_source(cmd->program, source);
	if (wrong || cmd->session->error_count > errors)
		return cmd_failed(cmd);
	*rule = rule_into(cmd, file, read);
	return *rule ? CMD_OK : CMD_USAGE;
}

/* The sources of the run, and a text with the open rule and the experiment, which becomes a source of the new run. */
static CmdExit make_experiment(Distilling *d, FeExperiment *out) {
	Cmd *cmd = d->cmd;
	const char *rule = NULL;
	if (!store_record(cmd->session, d->run, &d->record))
		return CMD_CHECKPOINT;
	cmd->program = cmd_program_new(cmd);
	store_confine(cmd->session, cmd->program, d->run);
	for (uint32_t i = 0; i < d->record.sources.count; i++)
		fe_add_file(cmd->program, d->record.sources.data[i]);
	if (cmd->session->error_count || d->record.sources.count == 0)
		return CMD_CHECKPOINT;
	const char *first = d->record.sources.data[0], *slash = strrchr(first, '/');
	const char *beside = arena_printf(cmd->arena, "%.*s", slash ? (int)(slash + 1 - first) : 0, first);
	Text text = text_new(cmd->arena);
	if (cmd->options.into) {
		CmdExit code = add_into(d, beside, &rule);
		if (code != CMD_OK)
			return code;
	} else {
		rule = unused_name(cmd, "distilled");
		text_printf(&text, open_rule, rule, cmd->options.size > 0 ? (int)cmd->options.size : 7);
	}
	const char *name = unused_name(cmd, "distill");
	text_printf(&text, "experiment %s {\n  train    %s()\n%s  search   enumerate\n}\n", name, rule, d->experiment_text);
	const char *path = arena_printf(cmd->arena, "%s%s.grad", beside, name);
	if (!fe_add_source(cmd->program, source_add(cmd->session, path, text_cstr(&text), text.length)))
		return cmd_failed(cmd);
	const AstDecl *decl = fe_find(cmd->program, session_name(cmd->session, name));
	return decl && fe_experiment(cmd->program, decl, out) ? CMD_OK : cmd_failed(cmd);
}

/* ---- gradus distill ---- */

static const char *folder_for(Cmd *cmd, const char *run) {
	size_t length = strlen(run);
	while (length > 1 && run[length - 1] == '/')
		length--;
	return cmd->options.out ? cmd->options.out : arena_printf(cmd->arena, "%.*s-distilled", (int)length, run);
}

CmdExit cmd_distill(Cmd *cmd) {
	if (cmd->words.count != 1)
		return cmd_usage(
			cmd, cmd->words.count ? "one run at a time, not `%s` too" : "which run? Name the folder of a trained rule",
			cmd->words.count ? cmd->words.data[1] : "");
	if (cmd->options.size > 0 && cmd->options.into)
		return cmd_usage(cmd, "--size is of the rule that is made without --into; %s says its own", cmd->options.into);
	if (cmd->options.size > 9)
		return cmd_usage(cmd, "--size takes a whole number from 1 to 9");
	Distilling d = {.cmd = cmd, .run = cmd->words.data[0]};
	if (!cmd_is_folder(d.run))
		return cmd_usage(cmd, "there is no folder %s", d.run);
	cmd->interrupted = cmd_catch_interrupts();
	d.dir = cmd->options.out = folder_for(cmd, d.run);
	CmdExit code = read_run(&d);
	FeExperiment experiment = {0};
	if (code == CMD_OK)
		code = make_experiment(&d, &experiment);
	if (code != CMD_OK)
		return code;
	experiment.search.taught = true;
	cmd_runtime(cmd, IR_F32);
	cmd->rt->options.seed = (uint64_t)d.record.problem_seed;
	if (!store_folder_possible(cmd->rt, d.dir))
		return cmd_failed(cmd);
	code = cmd_search_taught(cmd, &experiment, &d.teacher);
	if (code != CMD_OK)
		return code;
	cmd_catch_interrupts();
	cmd_interrupt_says(arena_printf(cmd->arena, "%s is complete; the comparison on test problems is not", d.dir));
	const CmdDistilled distilled = {
		.run = d.run, .dir = d.dir, .label = d.label, .learned = d.learned, .experiment = &experiment};
	return cmd_distill_last_word(cmd, &distilled);
}
