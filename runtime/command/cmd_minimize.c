/* gradus minimize: one rule on a few problems of a family. */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/command/command.h"
#include "runtime/command/limits.h"
#include "runtime/compare/compare.h"

/* The first step after which f of this problem is no finite number; -1 if it always is one. */
static int lost_at(const Runs *runs, int problem) {
	const double *f = runs->f + (size_t)problem * ((size_t)runs->steps + 1);
	for (int t = 0; t <= runs->steps; t++)
		if (!isfinite(f[t]))
			return t;
	return -1;
}

/* "reports": {"accuracy": [0.1, 0.5]}, one figure for each of "report_steps". */
static void put_reports(const RunMinimize *done, int problem, Text *out) {
	if (done->report_count == 0)
		return;
	text_printf(out, ", \"reports\": {");
	for (uint32_t r = 0; r < done->report_count; r++) {
		text_printf(out, r ? ", " : "");
		cmd_json_text(out, done->report_names[r]);
		text_printf(out, ": [");
		for (uint32_t k = 0; k < done->looks.count; k++) {
			text_printf(out, k ? ", " : "");
			cmd_json_real(out, done->looks.data[k].reports[(size_t)problem * done->report_count + r]);
		}
		text_char(out, ']');
	}
	text_char(out, '}');
}

static void put_problem(const RunMinimize *done, int problem, Text *out) {
	const Runs *runs = &done->runs;
	int lost = lost_at(runs, problem);
	if (lost >= 0)
		text_printf(out, "\"not_finite_at\": %d, ", lost);
	text_printf(out, "\"f\": ");
	cmd_json_reals(out, runs->f + (size_t)problem * ((size_t)runs->steps + 1), runs->steps + 1);
	text_printf(out, ", \"x\": ");
	cmd_json_reals(out, runs->x + (int64_t)problem * done->size, done->size);
	put_reports(done, problem, out);
}

static void put_json(Cmd *cmd, const char *objective, const char *rule, int64_t first, const RunMinimize *done,
                     const int *ends, Text *out) {
	const Runs *runs = &done->runs;
	text_printf(out, "{\"objective\": ");
	cmd_json_text(out, objective);
	text_printf(out, ", \"rule\": ");
	cmd_json_text(out, rule);
	text_printf(out,
	            ", \"precision\": \"%s\", \"seed\": %llu, \"steps\": %d, \"evaluations\": %lld, \"diverged\": %s, "
	            "\"ended_above_start\": %d, \"not_finite\": %d, ",
	            ir_scalar_name(cmd->rt->options.real), (unsigned long long)cmd->rt->options.seed, runs->steps,
	            (long long)runs->evaluations, ends[RUN_ENDED_ABOVE] + ends[RUN_NOT_FINITE] ? "true" : "false",
	            ends[RUN_ENDED_ABOVE], ends[RUN_NOT_FINITE]);
	if (done->interrupted)
		text_printf(out, "\"interrupted\": true, ");
	if (done->report_count > 0) {
		text_printf(out, "\"report_steps\": [");
		for (uint32_t k = 0; k < done->looks.count; k++)
			text_printf(out, "%s%d", k ? ", " : "", done->looks.data[k].step);
		text_printf(out, "], ");
	}
	if (runs->problems == 1) {
		text_printf(out, "\"instance\": %lld, ", (long long)first);
		put_problem(done, 0, out);
	} else {
		text_printf(out, "\"problems\": [");
		for (int k = 0; k < runs->problems; k++) {
			text_printf(out, "%s{\"instance\": %lld, ", k ? ", " : "", (long long)first + k);
			put_problem(done, k, out);
			text_char(out, '}');
		}
		text_char(out, ']');
	}
	text_printf(out, "}\n");
}

/* Quantile q over problems after step t; `column` has room for all. */
static double quantile_at(const Runs *runs, int t, double q, double *column) {
	for (int k = 0; k < runs->problems; k++)
		column[k] = runs->f[(size_t)k * ((size_t)runs->steps + 1) + (size_t)t];
	sort_reals(column, (size_t)runs->problems);
	return compare_quantile(column, runs->problems, q);
}

/* As %g does, but a NaN is always "nan", without a sign. */
static const char *short_number(Cmd *cmd, double value, int digits) {
	return isnan(value) ? "nan" : arena_printf(cmd->arena, "%.*g", digits, value);
}

/* What was reported after step t, or NULL. */
static const double *reports_after(const RunMinimize *done, int t) {
	for (uint32_t k = 0; k < done->looks.count; k++)
		if (done->looks.data[k].step == t)
			return done->looks.data[k].reports;
	return NULL;
}

/* The median over problems of one of these figures; `column` has room for all. */
static double median_report(const RunMinimize *done, const double *reports, uint32_t r, double *column) {
	for (int k = 0; k < done->runs.problems; k++)
		column[k] = reports[(size_t)k * done->report_count + r];
	sort_reals(column, (size_t)done->runs.problems);
	return compare_quantile(column, done->runs.problems, 0.5);
}

static void put_row(Cmd *cmd, const RunMinimize *done, int t, double middle, double *column, CmdTable *table) {
	const Runs *runs = &done->runs;
	const double *reports = reports_after(done, t);
	cmd_cell(table, "%d", t);
	cmd_cell(table, "%s", short_number(cmd, middle, 10));
	if (runs->problems > 1) {
		cmd_cell(table, "%s", short_number(cmd, quantile_at(runs, t, 0.25, column), 5));
		cmd_cell(table, "%s", short_number(cmd, quantile_at(runs, t, 0.75, column), 5));
	}
	for (uint32_t r = 0; r < done->report_count; r++)
		cmd_cell(table, "%s", reports ? short_number(cmd, median_report(done, reports, r, column), 6) : "");
}

/* f and what is reported after some of the steps: of the one problem, or quantiles over problems (of reports, medians). */
static void put_table(Cmd *cmd, const RunMinimize *done, int asked, const double *middle, Text *out) {
	int count = done->runs.problems;
	CmdTable table = {.arena = cmd->arena, .columns = (count > 1 ? 4 : 2) + done->report_count};
	cmd_cell(&table, "step");
	cmd_cell(&table, "%s%s", count > 1 ? "median " : "", done->validates ? "validate" : "f");
	if (count > 1) {
		cmd_cell(&table, "25 %%");
		cmd_cell(&table, "75 %%");
	}
	for (uint32_t r = 0; r < done->report_count; r++)
		cmd_cell(&table, "%s", done->report_names[r]);
	double *column = ARENA_ARRAY(cmd->arena, double, count);
	for (int t = 0; t <= done->runs.steps; t++)
		if (run_looks_after(t, asked) || t == done->runs.steps)
			put_row(cmd, done, t, middle[t], column, &table);
	cmd_table(&table, "  ", out);
}

static void put_final(Cmd *cmd, const RunMinimize *done, Text *out) {
	if (done->runs.problems > 1)
		return;
	Text line = text_new(cmd->arena);
	text_printf(&line, "x = ");
	for (int64_t i = 0; i < done->size && i < CMD_SHOWN_X; i++)
		text_printf(&line, "%s%s", i ? ", " : "", short_number(cmd, done->runs.x[i], 10));
	if (done->size > CMD_SHOWN_X)
		text_printf(&line, ", ... %s in all; --json has them", cmd_count(cmd->arena, done->size));
	cmd_wrap(text_cstr(&line), 0, 4, out);
}

/* The first problem that was lost, and after which step. */
static int first_lost(const Runs *runs, int *at) {
	int problem = 0;
	*at = -1;
	for (int k = 0; k < runs->problems; k++) {
		int t = lost_at(runs, k);
		if (t >= 0 && (*at < 0 || t < *at)) {
			*at = t;
			problem = k;
		}
	}
	return problem;
}

/* "; 3 of 16 runs became infinite or NaN, the first problem 4 after step 7" */
static void put_lost(Cmd *cmd, const Runs *runs, int64_t first, int lost, Text *out) {
	int least, problem = first_lost(runs, &least);
	const char *when = least == 0 ? "at the start" : arena_printf(cmd->arena, "after step %d", least);
	double f = runs->f[(size_t)problem * ((size_t)runs->steps + 1) + (size_t)least];
	if (runs->problems == 1) {
		text_printf(out, "; it became infinite or NaN: f is %s %s", short_number(cmd, f, 3), when);
	} else {
		text_printf(out, "; %d of %d runs became infinite or NaN, the first problem %lld %s", lost, runs->problems,
		            (long long)(first + problem), when);
	}
}

/* What is asked for, and what came of it. */
typedef struct Minimized {
	Cmd *cmd;
	double started;
	FeCall objective, rule;
	int64_t first;    /* problem */
	int count, asked; /* problems and steps */
	RunMinimize done;
	int ends[3];    /* runs by RunEnd */
	double *middle; /* after every step that was made: the median of f */
	const char *objective_text, *rule_text;
} Minimized;

/* The objective and the rule that the words name. */
static CmdExit read_words(Cmd *cmd, Minimized *m) {
	CmdExit code = cmd_one_objective(cmd, &m->objective);
	if (code == CMD_OK) {
		cmd_runtime(cmd, IR_F64);
		code = cmd_rule(cmd, cmd->options.with, &m->rule, NULL);
	}
	m->first = cmd->options.instance < 0 ? 0 : cmd->options.instance;
	m->count = cmd->options.problems < 0 ? 1 : (int)cmd->options.problems;
	m->asked = cmd->options.steps < 0 ? CMD_STEPS : (int)cmd->options.steps;
	return code;
}

static void look_at_runs(Cmd *cmd, Minimized *m) {
	int steps = m->done.runs.steps;
	for (int k = 0; k < m->count; k++)
		m->ends[run_end(m->done.runs.f + (size_t)k * ((size_t)steps + 1), steps)]++;
	m->objective_text = cmd_call_text(cmd, &m->objective);
	m->rule_text = cmd_call_text(cmd, &m->rule);
	m->middle = ARENA_ARRAY(cmd->arena, double, steps + 1);
	double *column = ARENA_ARRAY(cmd->arena, double, m->count);
	for (int t = 0; t <= steps; t++)
		m->middle[t] = quantile_at(&m->done.runs, t, 0.5, column);
}

/* On standard error: learned numbers that were used as they start, and that all problems are the same where nothing is drawn. */
static void put_warnings(Cmd *cmd, const Minimized *m) {
	if (!cmd_is_run(cmd, cmd->options.with))
		cmd_put_holes(session_text(cmd->session, m->rule.decl->name.name), "used", m->done.holes);
	if (m->count > 1 && !m->done.draws) {
		fprintf(stderr, "nothing of `%s` is drawn: its %d problems are one\n",
		        session_text(cmd->session, m->objective.decl->name.name), m->count);
	}
	if (cmd->options.seed >= 0 && !m->done.draws) {
		fprintf(stderr, "nothing of `%s` is drawn: every seed gives this run\n",
		        session_text(cmd->session, m->objective.decl->name.name));
	}
}

/* Once more by the evaluator, which says what of the rule makes x NaN; if that is done soon. */
static void explain_step(Cmd *cmd, const Minimized *m, int64_t instance, int steps, int64_t size) {
	RunMinimize again = {0};
	if (size * steps > CMD_MOST_EXPLAINED)
		return;
	RtEngine engine = cmd->rt->options.engine;
	cmd->rt->options.engine = RT_EVALUATOR;
	cmd->rt->explains = true;
	run_minimize(cmd->rt, &m->objective, &m->rule, NULL, instance, 1, steps, NULL, &again);
	cmd->rt->explains = false;
	cmd->rt->options.engine = engine;
}

/* Evaluates once more where the first run was lost, which says from which matrix or draw that comes, if it does: at the x that gave no
 * number, or where that x is none, at the one before; and if nothing is found there, in the steps. */
static void explain_lost(Cmd *cmd, const Minimized *m) {
	int least, problem = first_lost(&m->done.runs, &least);
	int64_t instance = m->first + problem, size = 0;
	uint32_t said = cmd->session->diags.count;
	for (int t = least; t >= 0 && t >= least - 1; t--) {
		RunMinimize again = {0};
		RunEval eval;
		bool finite = true;
		if (t > 0 && !run_minimize(cmd->rt, &m->objective, &m->rule, NULL, instance, 1, t, NULL, &again))
			return;
		for (int64_t i = 0; t > 0 && i < again.size; i++)
			finite = finite && isfinite(again.runs.x[i]);
		if (finite && run_eval(cmd->rt, &m->objective, instance, t > 0 ? again.runs.x : NULL, &eval))
			size = eval.size;
		if (finite)
			break;
	}
	if (least > 0 && cmd->session->diags.count == said)
		explain_step(cmd, m, instance, least, size);
}

static void put_text(Cmd *cmd, const Minimized *m, Text *out) {
	cmd_wrap(arena_printf(cmd->arena, "%s with %s", m->objective_text, m->rule_text), 0, 4, out);
	put_table(cmd, &m->done, m->asked, m->middle, out);
	put_final(cmd, &m->done, out);
	text_printf(out, "%s evaluations", cmd_count(cmd->arena, m->done.runs.evaluations));
	if (m->ends[RUN_NOT_FINITE])
		put_lost(cmd, &m->done.runs, m->first, m->ends[RUN_NOT_FINITE], out);
	if (m->ends[RUN_ENDED_ABOVE])
		text_printf(out, "; %d of %d runs ended above their start", m->ends[RUN_ENDED_ABOVE], m->count);
	text_char(out, '\n');
	if (m->done.interrupted)
		text_printf(out, "interrupted after step %d of %d\n", m->done.runs.steps, m->asked);
	fprintf(stderr, "compiled in %s, ran %s\n", cmd_time(cmd->arena, m->done.compile_seconds),
	        cmd_time(cmd->arena, m->done.seconds));
}

static CmdExit draw(Cmd *cmd, const Minimized *m) {
	const char *shown = m->done.validates ? "validate" : "f";
	Plot plot = {.title = m->objective_text,
	             .x_label = "step",
	             .y_label = m->count > 1 ? arena_printf(cmd->arena, "median %s", shown) : shown};
	PlotCurve curve = {
		.label = session_text(cmd->session, m->rule.decl->name.name), .count = m->done.runs.steps + 1, .y = m->middle};
	vec_push(cmd->arena, &plot.curves, curve);
	Plots plots = {0};
	vec_push(cmd->arena, &plots, plot);
	return cmd_show_plots(cmd, &plots, cmd->options.svg);
}

/* A line of progress, where a run takes a while: what the first problem has reached, and what it reported last. */
static void tell(void *user, const RunMinimize *so_far, int step) {
	Minimized *m = user;
	if (rt_seconds() - m->started < cmd_said_busy)
		return;
	Text line = text_new(m->cmd->arena);
	text_printf(&line, "step %d of %d: %s = %s", step, m->asked, so_far->validates ? "validate" : "f",
	            short_number(m->cmd, so_far->runs.f[step], 6));
	const RunLook *last = so_far->looks.count > 0 ? &so_far->looks.data[so_far->looks.count - 1] : NULL;
	for (uint32_t r = 0; last && r < so_far->report_count && r < CMD_SHOWN_X; r++)
		text_printf(&line, ", %s = %s", so_far->report_names[r], short_number(m->cmd, last->reports[r], 6));
	if (last && last->step != step)
		text_printf(&line, " after step %d", last->step);
	cmd_progress(m->cmd, false, "%s", text_cstr(&line));
}

CmdExit cmd_minimize(Cmd *cmd) {
	if (!cmd->options.with)
		return cmd_usage(cmd, "which rule? Give one with --with, such as --with \"adam(lr = 0.1)\"");
	cmd->interrupted = cmd_catch_interrupts();
	Minimized m = {.cmd = cmd, .started = rt_seconds()};
	CmdExit code = read_words(cmd, &m);
	if (code != CMD_OK)
		return code;
	RunWatch watch = {tell, &m};
	if (!run_minimize(cmd->rt, &m.objective, &m.rule, NULL, m.first, m.count, m.asked, &watch, &m.done))
		return cmd_failed(cmd);
	cmd_interrupt_met();
	cmd_progress_end(cmd);
	put_warnings(cmd, &m);
	look_at_runs(cmd, &m);
	bool may_explain = m.done.matrices || cmd->session->places.count > 1;
	if (m.ends[RUN_NOT_FINITE] && may_explain && !m.done.interrupted)
		explain_lost(cmd, &m);
	Text out = text_new(cmd->arena);
	if (cmd->options.json)
		put_json(cmd, m.objective_text, m.rule_text, m.first, &m.done, m.ends, &out);
	else
		put_text(cmd, &m, &out);
	code = cmd_print(cmd, &out);
	if (code == CMD_OK && (!cmd->options.json || cmd->options.svg))
		code = draw(cmd, &m);
	if (code == CMD_OK && m.done.interrupted)
		return CMD_INTERRUPTED;
	return code == CMD_OK && m.ends[RUN_NOT_FINITE] ? CMD_DIVERGED : code;
}
