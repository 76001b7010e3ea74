/* Runs of a random rule on a random objective, and the gradient of a whole run with respect to what is learned, held against a
 * simulation by the oracle and against differences of it. One problem, or 16 of them in lanes. */
#ifndef GRADUS_TESTS_RANDOM_CHECK_RUN_H
#define GRADUS_TESTS_RANDOM_CHECK_RUN_H

#include "ir/eval/eval.h"
#include "random_check.h"
#include "runtime/meta/meta.h"

enum { RUN_STEPS = 4, RUN_THETA = 64 };

typedef struct RunCheck {
	Check base;
	const RpRule *rule;
	int problems, learned;
	IrTensor fixed[IR_LANES][80];
	double theta[RUN_THETA];
	uint64_t decisions; /* of the simulations at theta */
	const char *unclear;
} RunCheck;

/* One problem's data and start, by the evaluator on functions without passes. */
static bool run_problem(RunCheck *c, int instance) {
	const FeObjective *o = c->base.objective;
	IrTensor args[80] = {check_int(&c->base, 0), check_int(&c->base, instance)};
	if (o->fixed.count > 70 || !check_run(&c->base, o->setup, args, c->fixed[instance]))
		return false;
	memcpy(args + 2, c->fixed[instance], sizeof *args * o->fixed.count);
	return check_run(&c->base, o->start, args, &c->fixed[instance][o->fixed.count]);
}

/* The mean of f after the steps, over problems. curve: of problem 0, or NULL. */
static double run_score(RunCheck *c, const double *theta, RpNoise noise, double *curve) {
	double total = 0;
	uint64_t decisions = 0;
	for (int k = 0; k < c->problems; k++) {
		RpRun run;
		noise.instance = k;
		const double *x = c->fixed[k][c->base.objective->fixed.count].reals;
		rp_simulate(c->base.tree, c->rule, x, theta, RUN_STEPS, noise, &run);
		for (int t = 1; t <= RUN_STEPS; t++)
			total += run.f[t] / (double)RUN_STEPS / c->problems;
		if (curve && k == 0)
			memcpy(curve, run.f, sizeof(double) * (RUN_STEPS + 1));
		decisions = decisions * 31 + run.decisions;
		if (run.unclear)
			c->unclear = "NaN makes a choice";
	}
	if (c->decisions == 0)
		c->decisions = decisions;
	if ((noise.size == 0 || noise.alike) && decisions != c->decisions)
		c->unclear = "a choice hangs by a hair";
	if (!isfinite(total))
		c->unclear = "numbers are not finite";
	return total;
}

/* The slope along a direction, by differences of fourth order; NaN if two of them do not agree. */
static double run_slope(RunCheck *c, const double *direction, double *error) {
	double slope[2];
	for (int i = 0; i < 2; i++) {
		double h = i == 0 ? 2e-3 : 1e-3, f[4];
		for (int k = 0; k < 4; k++) {
			double moved[RUN_THETA];
			for (int p = 0; p < c->learned; p++)
				moved[p] = c->theta[p] + h * (k < 2 ? k - 2 : k - 1) * direction[p];
			f[k] = run_score(c, moved, (RpNoise){0}, NULL);
		}
		slope[i] = (8 * (f[2] - f[1]) - (f[3] - f[0])) / (12 * h);
	}
	*error = fabs(slope[0] - slope[1]);
	return slope[1];
}

static bool run_curves(RunCheck *c, Rt *rt, const FeCall *objective, const FeCall *rule) {
	double want[RUN_STEPS + 1], slack[RUN_STEPS + 1] = {0}, noisy[RUN_STEPS + 1];
	run_score(c, c->theta, check_exact(&c->base, &c->base.margins), want);
	for (int s = 0; s < 3; s++) {
		RpNoise noise = check_noise(&c->base, s);
		check_compare(&noise, &c->base.margins);
		run_score(c, c->theta, noise, noisy);
		for (int t = 0; t <= RUN_STEPS; t++) {
			check_widen(&c->base, &slack[t], want[t], noisy[t]);
			if (!(slack[t] < 1e-6 * (1 + fabs(want[t]))))
				c->unclear = "the run is too sensitive";
		}
	}
	if (c->unclear)
		return true;
	RunMinimize out;
	if (!run_minimize(rt, objective, rule, c->theta, 0, c->problems, RUN_STEPS, NULL, &out))
		return false;
	bool good = true;
	for (int t = 0; t <= RUN_STEPS; t++)
		good = check_near(&c->base, "run", "f after step", t, out.runs.f[t], want[t], slack[t]) && good;
	return good;
}

static bool run_meta(RunCheck *c, Rt *rt, Task *task) {
	MetaEstimate how = {.kind = FE_BACKPROP, .horizon_low = RUN_STEPS, .horizon_high = RUN_STEPS};
	MetaEstimator *estimator = meta_estimator_new(rt, &task, 1, &c->problems, &how, 0);
	double gradient[RUN_THETA] = {0}, direction[RUN_THETA];
	MetaStats stats;
	bool good = estimator && meta_estimate(estimator, c->theta, 0, gradient, &stats);
	uint64_t state = c->base.tree->seed + 3;
	for (int d = 0; d < 3 && good && !c->unclear; d++) {
		double found = 0, error, largest = 0;
		for (int p = 0; p < c->learned; p++) {
			direction[p] = d == 0 ? (double)(rp_random(&state) >> 11) * 0x1p-52 - 1 : p == (int)(rp_random(&state) % 3);
			found += direction[p] * gradient[p];
			largest = fmax(largest, fabs(gradient[p]));
		}
		double want = run_slope(c, direction, &error), slack = 20 * error + 1e-8 * (1 + largest);
		if (error > 1e-5 * (1 + largest))
			c->unclear = "the run bends too much";
		if (!c->unclear)
			good = check_near(&c->base, "meta-gradient", "direction", d, found, want, slack) && good;
	}
	meta_estimator_free(estimator);
	return good;
}

static Verdict run_ways(RunCheck *c, int ways) {
	Check *b = &c->base;
	FeCall objective, rule;
	char *call = NULL;
	size_t call_length;
	FILE *out = open_memstream(&call, &call_length);
	if (!out)
		abort();
	rp_write_call(c->rule, out);
	fclose(out);
	fe_add_source(b->program, source_add(b->session, "random.grad", b->text, strlen(b->text)));
	bool read = fe_call_text(b->program, "random", AST_OBJECTIVE, &objective) &&
	            fe_call_text(b->program, call, AST_OPTIMIZER, &rule);
	free(call);
	b->objective = read ? fe_objective(b->program, b->module, &objective, IR_F64) : NULL;
	RtOptions options = {.engine = ways & CHECK_DEFAULT ? RT_JIT : RT_EVALUATOR, .real = IR_F64, .threads = 1};
	Rt *rt = rt_new(b->session, b->program, &options);
	Task *task = b->objective ? task_new(rt, &objective, &rule, (FeScore){FE_SCORE_MEAN, FE_SCORE_F}, NULL, 0) : NULL;
	Verdict verdict = CHECK_AGREES;
	if (!task || b->session->error_count) {
		if (b->say)
			diag_print_all(b->session, b->say, false);
		if (b->code && b->session->diags.count)
			*b->code = b->session->diags.data[0]->code;
		verdict = CHECK_REFUSED;
	} else {
		c->learned = (int)learned_count(task->rule);
		bool ready = c->learned <= RUN_THETA && learned_start(task->rt, task->rule, 0, c->theta);
		for (int k = 0; k < c->problems && ready; k++)
			ready = run_problem(c, k);
		if (!ready || !run_curves(c, rt, &objective, &rule))
			verdict = CHECK_WRONG_RUN;
		else if (!c->unclear && c->learned && !run_meta(c, rt, task))
			verdict = CHECK_WRONG_META;
		if (c->unclear && b->say)
			fprintf(b->say, "not comparable: %s\n", c->unclear);
		check_why = c->unclear;
		if (c->unclear)
			verdict = CHECK_SKIPPED;
	}
	if (task)
		task_free(task);
	rt_free(rt);
	return verdict;
}

static Verdict check_run_of(RpProgram *tree, RpRule *rule, int ways, FILE *say, int *code) {
	char *text = rp_text(tree, rule);
	RunCheck *c = calloc(1, sizeof *c);
	if (!c)
		abort();
	c->base = (Check){.tree = tree, .real = IR_F64, .text = text, .say = say, .code = code, .session = session_new()};
	c->rule = rule;
	/* The more problems, the more choices there are of which one may hang by a hair: all lanes in a quarter of the runs. */
	c->problems = tree->seed % 2 ? 1 : tree->seed % 4 ? 3 : IR_LANES;
	c->base.program = fe_program_new(c->base.session);
	c->base.module = ir_module_new(c->base.session);
	Verdict verdict = run_ways(c, ways);
	ir_module_free(c->base.module);
	session_free(c->base.session);
	free(text);
	free(c);
	return verdict;
}

#endif
