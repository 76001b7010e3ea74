/* gradus diagnose: how good each way to estimate the meta-gradient of an experiment is, where its rule starts or where a run has come. */
#include <math.h>
#include <string.h>

#include "runtime/command/command.h"
#include "runtime/command/limits.h"
#include "runtime/meta/meta.h"

/* `pes(sigma = 0.01, window = 10, particles = 16)`, as an experiment may say it; without names `pes(0.01, 10, 16)`. */
static const char *call_of(Cmd *cmd, const MetaEstimate *how, bool names) {
	const FeEstimatorInfo *info = &fe_estimators[how->kind];
	const double values[FE_OPTIONS] = {[FE_OPTION_WINDOW] = how->window,
	                                   [FE_OPTION_ORDER] = how->order == 1 ? 1 : 0,
	                                   [FE_OPTION_SIGMA] = how->sigma,
	                                   [FE_OPTION_PARTICLES] = how->particles};
	Text text = text_new(cmd->arena);
	text_printf(&text, "%s(", info->name);
	const char *before = "";
	for (const int *option = info->options; *option != FE_OPTIONS; option++) {
		bool named = names || *option == FE_OPTION_ORDER;
		if (values[*option] > 0) {
			text_printf(&text, "%s%s%s%g", before, named ? fe_options[*option].name : "", named ? " = " : "",
			            values[*option]);
			before = ", ";
		}
	}
	text_printf(&text, ")");
	return text_cstr(&text);
}

static bool same(const MetaEstimate *a, const MetaEstimate *b) {
	return a->kind == b->kind && a->window == b->window && a->order == b->order && a->sigma == b->sigma &&
	       a->particles == b->particles;
}

typedef VEC(MetaDiagnosis) Rows;

static void add_row(Cmd *cmd, Rows *rows, const MetaEstimate *base, FeEstimator kind, int window, int order) {
	MetaEstimate how = *base;
	how.kind = kind;
	how.window = window;
	how.order = order;
	for (uint32_t k = 0; k < rows->count; k++)
		if (same(&rows->data[k].how, &how))
			return;
	vec_push(cmd->arena, rows, (MetaDiagnosis){.how = how});
}

/* The experiment's own first, then whatever can estimate its score; its window, sigma and particles, where it has them, for all. */
static Rows rows_of(Cmd *cmd, const FeExperiment *experiment) {
	Rows rows = {0};
	MetaEstimate base = meta_estimate_of(experiment);
	base.clip = 0; /* what is measured is the estimator */
	bool least = fe_score_folds[experiment->score.fold].least;
	int window = experiment->window > 0 ? experiment->window : CMD_DIAGNOSE_WINDOW;
	window = window < experiment->horizon_high ? window : 0;
	if (base.kind != FE_POLICY_SEARCH && !fe_estimators[base.kind].moves)
		add_row(cmd, &rows, &base, base.kind, experiment->window, base.order);
	for (int k = 0; k < FE_ESTIMATORS; k++) {
		FeMinimum can = fe_estimators[k].minimum;
		bool windows = fe_has_option((FeEstimator)k, FE_OPTION_WINDOW);
		if (k == FE_POLICY_SEARCH || k == FE_FORWARD || fe_estimators[k].moves)
			continue; /* forward mode gives what backprop gives */
		if (fe_estimators[k].window == 0)
			add_row(cmd, &rows, &base, (FeEstimator)k, 0, 2);
		if (fe_has_option((FeEstimator)k, FE_OPTION_ORDER))
			add_row(cmd, &rows, &base, (FeEstimator)k, 0, 1);
		if (windows && window && (!least || can == FE_WINDOWS_TOO))
			add_row(cmd, &rows, &base, (FeEstimator)k, window, 2);
	}
	return rows;
}

/* ---- what it prints ---- */

static void put_table(Cmd *cmd, const Rows *rows, int best, Text *out) {
	static const char *const heads[] = {"", "bias", "+-", "cosine", "noise", "evals", "cost", "time", "lost"};
	enum { COLUMNS = sizeof heads / sizeof *heads };
	CmdTable table = {.arena = cmd->arena, .columns = COLUMNS, .left = 1};
	for (int i = 0; i < COLUMNS; i++)
		cmd_cell(&table, "%s", heads[i]);
	for (uint32_t k = 0; k < rows->count; k++) {
		const MetaDiagnosis *row = &rows->data[k];
		cmd_cell(&table, "%s%s", call_of(cmd, &row->how, false), (int)k == best ? " *" : "");
		const double values[] = {row->bias, row->bias_error, row->cosine, row->deviation, row->evaluations, row->cost};
		for (size_t i = 0; i < sizeof values / sizeof *values; i++)
			cmd_cell(&table, "%s", row->measured && isfinite(values[i]) ? cmd_number(cmd->arena, values[i], 3) : "-");
		bool timed = row->measured && isfinite(row->cost_seconds);
		cmd_cell(&table, "%s", timed ? cmd_time(cmd->arena, row->cost_seconds) : "-");
		cmd_cell(&table, row->pieces ? "%.3g %%" : "-", 100.0 * (double)row->nonfinite / (double)row->pieces);
	}
	cmd_table(&table, "", out);
}

static void put_text(Cmd *cmd, const Rows *rows, int best, const MetaReference *reference, int batches, Text *out) {
	text_printf(out, "%s learned number%s, ", cmd_count(cmd->arena, reference->numbers),
	            reference->numbers == 1 ? "" : "s");
	if (reference->lost)
		text_printf(out, "no gradient to compare with, as nothing is finite by backprop() and by es()");
	else
		text_printf(out, "gradient %s", cmd_number(cmd->arena, reference->norm, 4));
	if (reference->error > 0)
		text_printf(out, " +- %s", cmd_number(cmd->arena, reference->error, 2));
	if (!reference->lost)
		text_printf(out, " by %s",
		            reference->kind == FE_BACKPROP ? "backprop()"
		                                           : "many samples of es(), as backprop() is not finite");
	text_printf(out, "; %d samples of each that draws anything\n\n", batches);
	put_table(cmd, rows, best, out);
	cmd_wrap(
		"\nbias: distance of the mean from that gradient, over its norm, beyond what chance explains (+-). noise: "
		"standard deviation of one estimate. cost: evaluations until estimates together deviate by no more than the "
		"norm; time: the same here. -: not to be told from these samples.",
		0, 0, out);
	if (best >= 0)
		text_printf(out, "\nuse: estimate %s\n", call_of(cmd, &rows->data[best].how, true));
	else
		text_printf(out, "\nnone points the right way here: take more --samples, a shorter horizon, or cma_es()\n");
}

static void put_json(Cmd *cmd, const Rows *rows, int best, const MetaReference *reference, int batches, Text *out) {
	text_printf(out,
	            "{\n  \"learned_numbers\": %lld,\n  \"samples\": %d,\n  \"reference\": ", (long long)reference->numbers,
	            batches);
	cmd_json_text(out, fe_estimator_name(reference->kind));
	text_printf(out, ",\n  \"gradient\": ");
	cmd_json_real(out, reference->norm);
	text_printf(out, ",\n  \"gradient_error\": ");
	cmd_json_real(out, reference->error);
	text_printf(out, ",\n  \"use\": ");
	if (best >= 0)
		cmd_json_text(out, call_of(cmd, &rows->data[best].how, true));
	else
		text_printf(out, "null");
	text_printf(out, ",\n  \"estimators\": [");
	for (uint32_t k = 0; k < rows->count; k++) {
		const MetaDiagnosis *row = &rows->data[k];
		const struct {
			const char *key;
			double value;
		} values[] = {{"norm", row->gradient},
		              {"bias", row->bias},
		              {"bias_error", row->bias_error},
		              {"cosine", row->cosine},
		              {"deviation", row->deviation},
		              {"score", row->score},
		              {"evaluations", row->evaluations},
		              {"seconds", row->seconds},
		              {"cost", row->cost},
		              {"cost_seconds", row->cost_seconds}};
		text_printf(out, "%s\n    {\"estimate\": ", k ? "," : "");
		cmd_json_text(out, call_of(cmd, &row->how, true));
		for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
			text_printf(out, ", \"%s\": ", values[i].key);
			cmd_json_real(out, values[i].value);
		}
		text_printf(out, ", \"pieces\": %lld, \"not_finite\": %lld}", (long long)row->pieces,
		            (long long)row->nonfinite);
	}
	text_printf(out, "\n  ]\n}\n");
}

/* Error of the mean of so many evaluations: what bias leaves, and noise falls by the root of their number. */
static CmdExit draw(Cmd *cmd, const Rows *rows, const MetaReference *reference) {
	enum { POINTS = 40 };
	Plots plots = {0};
	Plot plot = {.title = "error of the meta-gradient",
	             .subtitle = "root mean square, over the norm of the gradient",
	             .x_label = "evaluations, log10",
	             .y_label = "error"};
	double least = (double)INFINITY, most = 0;
	for (uint32_t k = 0; k < rows->count; k++) {
		least = fmin(least, rows->data[k].evaluations);
		most = fmax(most, rows->data[k].cost);
	}
	most = fmax(most, 100 * least);
	for (uint32_t k = 0; k < rows->count; k++) {
		const MetaDiagnosis *row = &rows->data[k];
		if (!row->measured)
			continue;
		double *x = ARENA_ARRAY(cmd->arena, double, POINTS), *y = ARENA_ARRAY(cmd->arena, double, POINTS);
		for (int i = 0; i < POINTS; i++) {
			double evaluations = row->evaluations * pow(most / row->evaluations, i / ((double)POINTS - 1));
			double noise = row->deviation / reference->norm * sqrt(row->evaluations / evaluations);
			x[i] = log10(evaluations);
			y[i] = sqrt(row->bias * row->bias + noise * noise);
		}
		PlotCurve curve = {.label = call_of(cmd, &row->how, false), .count = POINTS, .x = x, .y = y};
		vec_push(cmd->arena, &plot.curves, curve);
	}
	vec_push(cmd->arena, &plots, plot);
	return cmd_show_plots(cmd, &plots, cmd->options.svg);
}

/* ---- the verb ---- */

/* The experiment of the words, or of a run with the rule that it has come to. */
static CmdExit open_experiment(Cmd *cmd, FeExperiment *experiment) {
	if (cmd->words.count != 1 || !cmd_is_folder(cmd->words.data[0]))
		return cmd_find_experiment(cmd, "gradus diagnose FILE NAME", experiment);
	CmdRun run;
	CmdExit code = cmd_run_open(cmd, cmd->words.data[0], &run);
	if (code == CMD_OK)
		code = cmd_run_has_rule(cmd, &run);
	if (code != CMD_OK)
		return code;
	*experiment = run.experiment;
	cmd->program = run.program;
	cmd_runtime(cmd, IR_F32);
	StoreInfo info;
	return cmd_rule(cmd, run.dir, &experiment->train, &info);
}

CmdExit cmd_diagnose(Cmd *cmd) {
	FeExperiment experiment = {0};
	cmd->interrupted = cmd_catch_interrupts();
	CmdExit code = open_experiment(cmd, &experiment);
	if (code != CMD_OK)
		return code;
	if (experiment.learner || fe_has_choices(cmd->program, &experiment.train) ||
	    fe_open_expression(experiment.train.decl))
		return cmd_usage(cmd, "this experiment searches for a program, and estimates no gradient");
	if (!cmd->rt)
		cmd_runtime(cmd, IR_F32);
	cmd->rt->options.seed = 0; /* the problems that training sees */
	int batches = cmd->options.samples > 0 ? (int)cmd->options.samples : CMD_DIAGNOSE_SAMPLES;
	Rows rows = rows_of(cmd, &experiment);
	MetaReference reference;
	if (!meta_diagnose(cmd->rt, &experiment, rows.data, (int)rows.count, batches, &reference, cmd->arena))
		return rt_interrupted(cmd->rt) ? CMD_INTERRUPTED : cmd_failed(cmd);
	cmd_interrupt_met();
	int best = meta_diagnose_best(rows.data, (int)rows.count);
	Text out = text_new(cmd->arena);
	if (cmd->options.json)
		put_json(cmd, &rows, best, &reference, batches, &out);
	else
		put_text(cmd, &rows, best, &reference, batches, &out);
	code = cmd_print(cmd, &out);
	if (code == CMD_OK && cmd->options.svg)
		code = draw(cmd, &rows, &reference);
	return code == CMD_OK && reference.lost ? CMD_DIVERGED : code;
}
