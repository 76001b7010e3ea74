/* What rules draw: numbers of a key, the same by every engine, in lanes and alone, on any number of threads; the same for both signs of
 * a particle; and meta-gradients go through the arguments of all distributions. What the numbers are: test_std_rules. */
#include "runtime/meta/meta.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static const char program[] =
	"objective bowls(n = 4) {\n"
	"  given c : [n] ~ normal(0, 1)\n"
	"  batch shift : [n] ~ normal(0, 0.1)\n"
	"  param w : [n] ~ normal(0, 1)\n"
	"  param b : [2] = 0.3\n"
	"  let d[i] = w[i] - c[i] - shift[i]\n"
	"  minimize sum(d^2) + 0.2 * sum(cos(3 * d)) + sum((b - 1)^2) + 0.1 * w[0] * b[1]\n"
	"}\n"
	"optimizer all_kinds() {\n"
	"  learn a = 0.7 in (0, inf)\n"
	"  learn b = 0.4 in (0, inf)\n"
	"  state m = 0\n"
	"  m <- 0.5 * m + g\n"
	"  let e ~ %s\n"
	"  var s = 0 * x\n"
	"  for k in 0..2 {\n    let u : real ~ %s\n    s <- s + tanh(u) * g\n  }\n"
	"  each {\n    let v ~ %s\n    x <- x - 0.05 * (m + 0.3 * tanh(real(e)) + 0.2 * s + 0.1 * tanh(real(v)))\n  }\n}\n"
	"optimizer idle(rate = 0.05) {\n"
	"  learn nothing = 0.5\n"
	"  let e ~ normal(0, 1)\n"
	"  x <- x - rate * (g + e + 0 * nothing)\n"
	"}\n"
	"joint optimizer elsewhere() {\n"
	"  learn reach = 0.3 in (0, 1)\n"
	"  learn rate = 0.05\n"
	"  let e ~ normal(0, reach)\n"
	"  let slope = (value(x + e) - value(x - e)) / 2\n"
	"  x <- x - rate * slope * e\n"
	"}\n"
	"optimizer by_axes() {\n"
	"  learn rate = 0.05\n"
	"  let e ~ normal(0, 0.1 + 0 * rate)\n"
	"  if rank(x) == 1 {\n    let r : real ~ uniform(rate - 0.5, rate + 1)\n    each i { x <- x - (0.1 * rate + 0.1 * "
	"r) * (g + e) }\n  }\n}\n";

typedef struct Lab {
	Session *session;
	Rt *rt;
	Task *task;
} Lab;

static Lab lab_new(const char *rule_text, const char *distribution, RtEngine engine, int threads, int lanes) {
	Lab lab = {.session = session_new()};
	FeProgram *p = fe_program_new(lab.session);
	static char text[sizeof program + 400];
	snprintf(text, sizeof text, program, distribution, distribution, distribution);
	fe_add_source(p, source_add(lab.session, "test.grad", text, strlen(text)));
	RtOptions options = {.engine = engine, .real = IR_F64, .strict = true, .threads = threads, .seed = 11};
	lab.rt = rt_new(lab.session, p, &options);
	FeCall objective, rule;
	cr_assert(fe_call_text(p, "bowls", AST_OBJECTIVE, &objective));
	cr_assert(fe_call_text(p, rule_text, AST_OPTIMIZER, &rule));
	lab.task = task_new(lab.rt, &objective, &rule, (FeScore){FE_SCORE_MEAN, FE_SCORE_F}, NULL, 0);
	if (!lab.task)
		diag_print_all(lab.session, stderr, false);
	cr_assert_not_null(lab.task, "%s", distribution);
	task_set_lanes(lab.task, lanes);
	return lab;
}

static void lab_free(Lab *lab) {
	task_free(lab->task);
	rt_free(lab->rt);
	session_free(lab->session);
}

enum { PROBLEMS = 19, STEPS = 20, RUN = 8, FEW = 5 };
static const struct {
	const char *rule, *distribution;
} drawing[] = {{"all_kinds", "gamma(a, 1 + b)"},  {"all_kinds", "poisson(3 * (a + b))"},
               {"all_kinds", "binomial(7, 0.4)"}, {"idle", "gamma(a, 1 + b)"},
               {"elsewhere", "gamma(a, 1 + b)"},  {"by_axes", "gamma(a, 1 + b)"}};

Test(rule_draws, every_way_is_the_same, .timeout = 200) {
	static double first[PROBLEMS * (STEPS + 1)];
	for (size_t which = 0; which < sizeof drawing / sizeof *drawing; which++) {
		for (int way = 0; way < 6; way++) {
			Lab lab = lab_new(drawing[which].rule, drawing[which].distribution, way & 4 ? RT_EVALUATOR : RT_JIT,
			                  way & 1 ? 3 : 1, way & 2 ? 1 : IR_LANES);
			Arena *arena = arena_new();
			Problems *made = problems_new(lab.task, 11, 3, PROBLEMS, false);
			cr_assert(made && task_need_forward(lab.task, STEPS, TASK_SHARED));
			double theta[2] = {-0.4, 0.1};
			Runs runs;
			cr_assert(run_problems(lab.task, made, NULL, theta, STEPS, false, arena, &runs));
			if (way == 0)
				memcpy(first, runs.f, sizeof first);
			for (int i = 0; i < PROBLEMS * (STEPS + 1); i++)
				cr_assert(isfinite(runs.f[i]));
			cr_expect(memcmp(first, runs.f, sizeof first) == 0, "%s: way %d", drawing[which].rule, way);
			problems_free(made);
			arena_free(arena);
			lab_free(&lab);
		}
	}
}

static void estimate(const Lab *lab, const MetaEstimate *how, int problems, const double *theta, double *gradient) {
	MetaStats stats;
	MetaEstimator *e = meta_estimator_new(lab->rt, (Task **)&lab->task, 1, &problems, how, 11);
	cr_assert(e && meta_estimate(e, theta, 0, gradient, &stats));
	cr_assert(stats.nonfinite == 0);
	meta_estimator_free(e);
}

/* The mean score of the training problems, moved by h in number p. */
static double slope(const Lab *lab, Problems *made, const double *theta, int p) {
	const double h = 1e-5;
	double difference = 0;
	for (int side = -1; side <= 1; side += 2) {
		double moved[2] = {theta[0], theta[1]};
		moved[p] += side * h;
		Arena *arena = arena_new();
		Runs runs;
		cr_assert(run_problems(lab->task, made, NULL, moved, RUN, false, arena, &runs));
		for (int k = 0; k < FEW; k++)
			for (int t = 1; t <= RUN; t++)
				difference += side * runs.f[k * (RUN + 1) + t] / (RUN * FEW) / (2 * h);
		arena_free(arena);
	}
	return difference;
}

static const struct {
	const char *rule, *distribution;
	int learned;
	bool flat; /* in some number: whole numbers and truth values have no slope by their arguments */
} trained[] = {
	{"all_kinds", "normal(a, b)", 2, false},
	{"all_kinds", "uniform(a - 1, a + b)", 2, false},
	{"all_kinds", "exponential(a + b)", 2, false},
	{"all_kinds", "loguniform(a, 1 + a + b)", 2, false},
	{"all_kinds", "gamma(a, b)", 2, false},
	{"all_kinds", "gamma(20 * a, 10 * b)", 2, false},
	{"all_kinds", "beta(a, b)", 2, false},
	{"all_kinds", "student_t(a + b)", 2, false},
	{"all_kinds", "bernoulli(0.3 + 0 * a * b)", 2, true},
	{"all_kinds", "categorical([1, 2 + 0 * a * b])", 2, true},
	{"all_kinds", "poisson(3 + a + b)", 2, true},
	{"all_kinds", "binomial(9, 0.3 + 0 * a * b)", 2, true},
	{"elsewhere", "normal(a, b)", 2, false},
	{"by_axes", "normal(a, b)", 1, false},
};

/* Whole unrolls, against differences; forward mode; and windows of both modes. */
Test(rule_draws, meta_gradients, .timeout = 300) {
	for (size_t k = 0; k < sizeof trained / sizeof *trained; k += GRADUS_SANITIZED ? 4 : 1) {
		int lanes = k % 2 ? IR_LANES : 1, learned = trained[k].learned;
		double theta[2] = {-0.3, 0.4}, gradients[4][2];
		static const MetaEstimate hows[] = {{.kind = FE_BACKPROP},
		                                    {.kind = FE_FORWARD},
		                                    {.kind = FE_BACKPROP, .window = 3},
		                                    {.kind = FE_FORWARD, .window = 3}};
		Lab lab = lab_new(trained[k].rule, trained[k].distribution, RT_JIT, 1, lanes);
		int ways = k == 0 || trained[k].learned == 1 ? 4 : 2;
		for (int i = 0; i < ways; i++) {
			MetaEstimate how = hows[i];
			how.horizon_low = how.horizon_high = RUN;
			estimate(&lab, &how, FEW, theta, gradients[i]);
		}
		lab_free(&lab);
		lab = lab_new(trained[k].rule, trained[k].distribution, RT_JIT, 1, lanes);
		Problems *made = problems_of(lab.task, 11, PROBLEMS_TRAIN, FEW, false);
		cr_assert(made && task_need_forward(lab.task, RUN, TASK_SHARED));
		for (int p = 0; p < learned; p++) {
			double want = slope(&lab, made, theta, p);
			cr_expect(trained[k].flat || fabs(want) > 1e-5, "%s %s: %g", trained[k].rule, trained[k].distribution,
			          want);
			for (int i = 0; i < 2; i++)
				cr_expect(fabs(gradients[i][p] - want) <= 2e-7 * (1 + fabs(want)),
				          "%s, %s, theta %d: %.12g, differences say %.12g", trained[k].rule, trained[k].distribution, p,
				          gradients[i][p], want);
			if (ways > 2)
				cr_expect(fabs(gradients[2][p] - gradients[3][p]) <= 1e-10 * (1 + fabs(gradients[2][p])),
				          "windows: %.12g, %.12g", gradients[2][p], gradients[3][p]);
		}
		problems_free(made);
		lab_free(&lab);
	}
}

/* Where what is learned changes nothing, both signs of every particle see the same numbers to the last bit. */
Test(rule_draws, signs_of_a_particle_share_what_is_drawn, .timeout = 100) {
	static const MetaEstimate hows[] = {{.kind = FE_ES, .sigma = 0.1, .particles = 5},
	                                    {.kind = FE_PES, .sigma = 0.1, .particles = 5, .window = 3},
	                                    {.kind = FE_TRUNCATED_ES, .sigma = 0.1, .particles = 5, .window = 3}};
	for (int few = 0; few < 2; few++) { /* few: lanes are particles */
		for (size_t i = 0; i < sizeof hows / sizeof *hows; i++) {
			MetaEstimate how = hows[i];
			how.horizon_low = how.horizon_high = RUN;
			double theta = 0.5, gradient = 1;
			Lab lab = lab_new("idle", "normal(a, b)", RT_JIT, 2, IR_LANES);
			estimate(&lab, &how, few ? 2 : 20, &theta, &gradient);
			cr_expect(gradient == 0, "estimator %d: %g", (int)i, gradient);
			lab_free(&lab);
		}
	}
}

static const char of_parameters[] = "objective drawn() {\n"
									"  param w : [2] = [0.3, -0.4]\n"
									"  let a = exp(w[0])\n"
									"  let b[i in 3] = exp(w[1]) * (1 + i)\n"
									"  batch e : [3] ~ %s\n"
									"  minimize sum(tanh(e)^2) + 0.1 * sum(w^2) + 0.01 * sum(e)\n"
									"}\n";

static const char *const by_parameters[] = {"normal(a, b)",         "uniform(a - 3, a + b)", "exponential(b)",
                                            "loguniform(a, a + b)", "gamma(a, b)",           "gamma(b, a)",
                                            "beta(a, b)",           "student_t(b)"};

/* What is drawn by parameters moves with them: gradients against differences. */
Test(rule_draws, gradients_of_batches, .timeout = 100) {
	for (size_t k = 0; k < sizeof by_parameters / sizeof *by_parameters; k++) {
		Session *session = session_new();
		FeProgram *p = fe_program_new(session);
		char text[600];
		snprintf(text, sizeof text, of_parameters, by_parameters[k]);
		fe_add_source(p, source_add(session, "test.grad", text, strlen(text)));
		RtOptions options = {.engine = RT_EVALUATOR, .real = IR_F64, .threads = 1, .seed = 5};
		Rt *rt = rt_new(session, p, &options);
		FeCall call;
		cr_assert(fe_call_text(p, "drawn", AST_OBJECTIVE, &call));
		double x[2] = {0.3, -0.4};
		RunEval here;
		cr_assert(run_eval(rt, &call, 2, x, &here), "%s", by_parameters[k]);
		for (int i = 0; i < 2; i++) {
			const double h = 1e-4;
			double difference = 0;
			for (int side = -2; side <= 2; side++) {
				double moved[2] = {x[0], x[1]};
				moved[i] += side * h;
				RunEval there;
				cr_assert(run_eval(rt, &call, 2, moved, &there));
				difference += (side == 0    ? 0
				               : side == 1  ? 8
				               : side == -1 ? -8
				               : side == 2  ? -1
				                            : 1) *
				              there.value / (12 * h);
			}
			cr_expect(fabs(here.gradient[i] - difference) <= 1e-8 * (1 + fabs(difference)),
			          "%s by w[%d]: %.12g, differences say %.12g", by_parameters[k], i, here.gradient[i], difference);
		}
		rt_free(rt);
		session_free(session);
	}
}
