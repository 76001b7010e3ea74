/* Learned numbers and their limits: whatever training makes of theta, the rule sees a number inside, it is written as one
 * that lies inside, and what is written is read back as itself. Starts outside are refused. */
#include "rt_tasks.h"
#include "runtime/store/store.h"

#include <stdlib.h>

typedef struct Interval {
	const char *limits; /* as written */
	double low, high;
	const char *start;
} Interval;

static const Interval intervals[] = {
	{"(0, 1)", 0, 1, "0.1"},
	{"(1e-3, 10)", 1e-3, 10, "0.1"},
	{"(-1, 0)", -1, 0, "-0.5"},
	{"(0.1, 0.3)", 0.1, 0.3, "0.2"},
	{"(-2, -1)", -2, -1, "-1.5"},
	{"(0.99999, 1.00001)", 0.99999, 1.00001, "1"},
	{"(-1e38, 1e38)", -1e38, 1e38, "3"},
	{"(0, inf)", 0, INFINITY, "0.5"},
	{"(2, inf)", 2, INFINITY, "5"},
	{"(-3, inf)", -3, INFINITY, "5"},
	{"(-inf, 0.02)", -INFINITY, 0.02, "0.01"},
	{"(-inf, 0)", -INFINITY, 0, "-4"},
	{"(-inf, -1e-30)", -INFINITY, -1e-30, "-4"},
	{"(-inf, inf)", -INFINITY, INFINITY, "0.25"},
};
enum { INTERVALS = sizeof intervals / sizeof *intervals };

static const double thetas[] = {0,  1,  -1,  7,   -7,   16,  -16,  17,    -17,  36,  -36,
                                37, 88, -88, 103, -103, 700, -700, 800.5, -800, 1e4, -1e4};
enum { THETAS = sizeof thetas / sizeof *thetas };

/* A program with one rule `r` on the objective `o`, instantiated. */
typedef struct Lab {
	Session *session;
	Rt *rt;
	Task *task; /* NULL: it has errors */
	FeCall rule;
} Lab;

static Lab lab_new(IrScalar real, const char *rule, const char *open) {
	Lab lab = {.session = session_new()};
	FeProgram *program = fe_program_new(lab.session);
	const char *text =
		arena_printf(lab.session->arena, "objective o() {\n  param x : [2] = 1\n  minimize sum(x^2)\n}\n%s", rule);
	fe_add_source(program, source_add(lab.session, "test.grad", text, strlen(text)));
	RtOptions options = {.real = real, .threads = 1, .seed = 1};
	lab.rt = rt_new(lab.session, program, &options);
	FeCall objective;
	Name name = session_name(lab.session, open ? open : "");
	if (lab.session->error_count == 0 && fe_call_text(program, "o()", AST_OBJECTIVE, &objective) &&
	    fe_call_text(program, "r()", AST_OPTIMIZER, &lab.rule)) {
		lab.task = task_new(lab.rt, &objective, &lab.rule, (FeScore){FE_SCORE_MEAN, FE_SCORE_F}, &name, open != NULL);
	}
	return lab;
}

static void lab_free(Lab *lab) {
	task_free(lab->task);
	rt_free(lab->rt);
	session_free(lab->session);
}

static bool inside(const Interval *interval, double value) {
	return isfinite(value) && value > interval->low && value < interval->high;
}

/* The number that a rule's text gives `a` or, as hyperparameter, `lr`. */
static double number_in(const char *text, const char *before) {
	const char *at = strstr(text, before);
	cr_assert(at, "no '%s' in:\n%s", before, text);
	return strtod(at + strlen(before), NULL);
}

static const char *written(Lab *lab, const double *natural) {
	Text text = text_new(lab->session->arena);
	Safetensors tensors;
	store_rule_source(lab->rt, &lab->rule, lab->task->rule, natural, "weights.safetensors", &text, &tensors);
	return text_cstr(&text);
}

static void check_theta(const Interval *interval, IrScalar real, bool opened, double theta) {
	Arena *arena = arena_new();
	const char *before = opened ? "optimizer r(a = " : "learn a = ";
	const char *format = opened ? "optimizer r(a = %s in %s) {\n  x <- x - a * g\n}\n"
	                            : "optimizer r() {\n  learn a = %s in %s\n  x <- x - a * g\n}\n";
	Lab lab = lab_new(real, arena_printf(arena, format, interval->start, interval->limits), opened ? "a" : NULL);
	cr_assert(lab.task, "%s in %s", interval->start, interval->limits);
	double start, natural;
	cr_assert(learned_start(lab.task->rt, lab.task->rule, 0, &start) &&
	          learned_natural(lab.task->rt, lab.task->rule, &start, &natural));
	double wanted = strtod(interval->start, NULL), close = real == IR_F32 ? 2e-6 : 1e-14;
	double width = isfinite(interval->high - interval->low) ? interval->high - interval->low : fabs(wanted) + 1;
	cr_expect(fabs(natural - wanted) <= close * width, "%s starts at %.17g", interval->limits, natural);
	cr_assert(learned_natural(lab.task->rt, lab.task->rule, &theta, &natural));
	cr_expect(inside(interval, natural), "%s, theta %g: the rule sees %.17g", interval->limits, theta, natural);
	const char *text = written(&lab, &natural);
	double read = number_in(text, before);
	cr_expect(inside(interval, read), "%s, theta %g: %.17g is written", interval->limits, theta, read);
	cr_expect((real == IR_F32 ? (double)(float)read : read) == natural, "%s: %.17g for %.17g", interval->limits, read,
	          natural);
	/* Read in either precision, and trained further from there. */
	IrScalar least = fabs(natural) > 3e38 ? IR_F64 : IR_F32;
	for (IrScalar again = least; again <= IR_F64; again++) {
		Lab next = lab_new(again, text, opened ? "a" : NULL);
		double there;
		cr_assert(next.task, "%s is not read back:\n%s", interval->limits, text);
		cr_assert(learned_start(next.task->rt, next.task->rule, 0, &there), "%s, theta %g:\n%s", interval->limits,
		          theta, text);
		cr_assert(learned_natural(next.task->rt, next.task->rule, &there, &natural));
		cr_expect(isfinite(there) && inside(interval, natural), "%s, theta %g: %.17g", interval->limits, theta,
		          natural);
		lab_free(&next);
	}
	lab_free(&lab);
	arena_free(arena);
}

Test(rt_limits, numbers_stay_inside_and_read_back, .timeout = 300) {
	for (int i = 0; i < INTERVALS; i++) {
		for (IrScalar real = IR_F32; real <= IR_F64; real++) {
			for (int k = 0; k < THETAS; k++) {
				bool free_of_limits = isinf(intervals[i].low) && isinf(intervals[i].high);
				if (!free_of_limits || isfinite(thetas[k]))
					check_theta(&intervals[i], real, k % 2 == 1, thetas[k]);
			}
		}
	}
}

/* What a rule makes of theta moves with theta everywhere, and goes towards the limits. */
Test(rt_limits, monotone_between_the_limits) {
	for (int i = 0; i < INTERVALS; i++) {
		Arena *arena = arena_new();
		Lab lab = lab_new(IR_F64,
		                  arena_printf(arena, "optimizer r() {\n  learn a = %s in %s\n  x <- x - a * g\n}\n",
		                               intervals[i].start, intervals[i].limits),
		                  NULL);
		double way = isinf(intervals[i].low) && isfinite(intervals[i].high) ? -1 : 1, before = -INFINITY;
		for (double t = -30; t <= 30; t += 0.5) {
			double theta = way * t, natural;
			cr_assert(learned_natural(lab.task->rt, lab.task->rule, &theta, &natural));
			cr_expect(natural >= before, "%s: %g after %g", intervals[i].limits, natural, before);
			before = natural;
		}
		double far_low = -30 * way, far_high = 30 * way, low, high;
		cr_assert(learned_natural(lab.task->rt, lab.task->rule, &far_low, &low) &&
		          learned_natural(lab.task->rt, lab.task->rule, &far_high, &high));
		if (isfinite(intervals[i].low) && isfinite(intervals[i].high)) {
			double width = intervals[i].high - intervals[i].low;
			cr_expect(low - intervals[i].low < 1e-9 * width && intervals[i].high - high < 1e-9 * width);
		}
		lab_free(&lab);
		arena_free(arena);
	}
}

/* The derivative of the number with respect to theta is there even where the number is rounded to the last one inside. */
Test(rt_limits, training_finds_back) {
	const char *const limits[] = {"(1, 2)", "(-2, -1)", "(1, inf)", "(-inf, 1)"};
	const char *const starts[] = {"1.5", "-1.5", "2", "0.5"};
	const double far[] = {-18, -18, -20, -20}; /* rounds to the limit in f32 */
	for (int i = 0; i < 4; i++) {
		Arena *arena = arena_new();
		Lab lab = lab_new(
			IR_F32,
			arena_printf(arena, "optimizer r() {\n  learn a = %s in %s\n  x <- x - a * g\n}\n", starts[i], limits[i]),
			NULL);
		MetaEstimate how = {.kind = FE_BACKPROP, .horizon_low = 1, .horizon_high = 1};
		int problems = 1;
		MetaEstimator *e = meta_estimator_new(lab.rt, &lab.task, 1, &problems, &how, 0);
		double gradient;
		MetaStats stats;
		cr_assert(e && meta_estimate(e, &far[i], 0, &gradient, &stats));
		cr_expect(stats.nonfinite == 0 && gradient != 0, "%s: %g", limits[i], gradient);
		meta_estimator_free(e);
		lab_free(&lab);
		arena_free(arena);
	}
}

/* An opened number without a range: positive stays positive, others are free. */
Test(rt_limits, opened_without_a_range) {
	const struct {
		const char *start;
		FeTransform transform;
	} cases[] = {{"1e-8", FE_LOG}, {"3", FE_LOG}, {"0", FE_PLAIN}, {"-2", FE_PLAIN}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Arena *arena = arena_new();
		Lab lab =
			lab_new(IR_F64, arena_printf(arena, "optimizer r(a = %s) {\n  x <- x - a * g\n}\n", cases[i].start), "a");
		cr_assert(lab.task);
		cr_expect(lab.task->rule->learned.data[0].slot.limits.transform == cases[i].transform, "%s", cases[i].start);
		for (int k = 0; k < THETAS && cases[i].transform == FE_LOG; k++) {
			double natural;
			cr_assert(learned_natural(lab.task->rt, lab.task->rule, &thetas[k], &natural));
			cr_expect(natural > 0 && isfinite(natural), "%s, theta %g: %g", cases[i].start, thetas[k], natural);
		}
		lab_free(&lab);
		arena_free(arena);
	}
}

/* Starts and limits that cannot be kept are told before anything runs. */
Test(rt_limits, refused) {
	const struct {
		const char *rule, *open;
		IrScalar real;
		bool drawn; /* is only known when it is made */
	} cases[] = {
		{"optimizer r() {\n  learn a = 0 in (0, inf)\n  x <- x - a * g\n}\n", NULL, IR_F32, false},
		{"optimizer r() {\n  learn a = 1 in (0, 1)\n  x <- x - a * g\n}\n", NULL, IR_F32, false},
		{"optimizer r() {\n  learn a = 0.02 in (-inf, 0.02)\n  x <- x - a * g\n}\n", NULL, IR_F32, false},
		{"optimizer r() {\n  learn a = inf in (0, inf)\n  x <- x - a * g\n}\n", NULL, IR_F32, false},
		{"optimizer r(a = 0 in (0, inf)) {\n  x <- x - a * g\n}\n", "a", IR_F32, false},
		{"optimizer r(a = 1 in (0, 1)) {\n  x <- x - a * g\n}\n", "a", IR_F64, false},
		{"optimizer r(a = 3 in (-inf, 2)) {\n  x <- x - a * g\n}\n", "a", IR_F64, false},
		{"optimizer r() {\n  learn a = 1.00000001 in (1, 1.00000002)\n  x <- x - a * g\n}\n", NULL, IR_F32, false},
		{"optimizer r() {\n  learn a = 1 in (-3e38, 3e38)\n  x <- x - a * g\n}\n", NULL, IR_F32, false},
		{"optimizer r() {\n  learn a = 1 in (-1.5e308, 1.5e308)\n  x <- x - a * g\n}\n", NULL, IR_F64, false},
		{"optimizer r() {\n  learn a : [3] ~ normal(0, 1) in (2, inf)\n  x <- x - sum(a) * g\n}\n", NULL, IR_F32, true},
		{"optimizer r() {\n  learn a = [0.5, 1.5] in (0, 1)\n  x <- x - sum(a) * g\n}\n", NULL, IR_F32, false},
		{"optimizer r() {\n  learn a = [0.5, -0.5] in (0, inf)\n  x <- x - sum(a) * g\n}\n", NULL, IR_F64, false},
		{"optimizer r() {\n  learn a = [0.5, 2.5] in (-inf, 2)\n  x <- x - sum(a) * g\n}\n", NULL, IR_F64, false},
		{"optimizer r() {\n  learn a = inf\n  x <- x - a * g\n}\n", NULL, IR_F64, true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Lab lab = lab_new(cases[i].real, cases[i].rule, cases[i].open);
		double theta[3];
		bool made = lab.task && learned_start(lab.task->rt, lab.task->rule, 0, theta);
		cr_expect(!made && (lab.task != NULL) == cases[i].drawn, "%s", cases[i].rule);
		const Diag *last = lab.session->diags.data[lab.session->diags.count - 1]; /* a warning may stand before it */
		cr_expect(lab.session->error_count == 1 && last->code == 262, "%s", cases[i].rule);
		lab_free(&lab);
	}
}
