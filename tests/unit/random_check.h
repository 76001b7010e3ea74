/* What Gradus makes of a random program (tests/random), held against what the program means.
 *
 * Four ways lead from the text to numbers: the evaluator on the functions as they were elaborated, without any pass; the
 * evaluator behind all passes; machine code, strict and not. The oracle of tests/random is no part of Gradus and has the last
 * word on value, gradient, starts and reports. */
#ifndef GRADUS_TESTS_RANDOM_CHECK_H
#define GRADUS_TESTS_RANDOM_CHECK_H

#include "autodiff/autodiff.h"
#include "frontend/frontend.h"
#include "frontend/meaning/elab.h"
#include "ir/eval/eval.h"
#include "runtime/inner/inner.h"
#include "tests/random/program.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef enum Verdict {
	CHECK_AGREES,
	CHECK_SKIPPED,    /* a choice hangs by a hair, or numbers are not finite: nothing can be compared */
	CHECK_REFUSED,    /* a diagnostic for a program that is in order */
	CHECK_WRONG_RAW,  /* wrong as elaborated: frontend, or autodiff if the value is right */
	CHECK_WRONG_PASS, /* wrong behind the passes */
	CHECK_WRONG_STRICT,
	CHECK_WRONG_DEFAULT,
	CHECK_WRONG_RUN,  /* a run of a rule */
	CHECK_WRONG_META, /* its gradient with respect to what is learned */
	CHECK_DIED,       /* a signal, a panic, or more than the seconds allowed */
	CHECK_VERDICTS,
} Verdict;

static const char *const check_names[CHECK_VERDICTS] = {
	"agree",
	"not comparable",
	"REFUSED",
	"WRONG as elaborated",
	"WRONG behind the passes",
	"WRONG in strict machine code",
	"WRONG in machine code",
	"WRONG in a run",
	"WRONG meta-gradient",
	"DIED",
};

/* Why the last program that is not comparable is not. */
static const char *check_why;

enum { CHECK_RAW = 1, CHECK_PASSES = 2, CHECK_STRICT = 4, CHECK_DEFAULT = 8 };

typedef struct Check {
	RpProgram *tree;
	IrScalar real; /* the precision of the program */
	char *text;
	FILE *say; /* what is wrong; NULL: nothing is said */
	int *code; /* of the first diagnostic, if there is one; may be NULL */
	Session *session;
	FeProgram *program;
	IrModule *module;
	FeObjective *objective;
	IrTensor fixed[80]; /* and x at the end */
	double x[RP_COORDINATES];
	RpAnswer answer;
	RpMargins margins; /* of its choices */
	double value_slack, slack[RP_COORDINATES], report_slack[8], start_slack[RP_COORDINATES];
	double residual_slack[RP_RESIDUALS];
} Check;

/* ---- the oracle's answer and how far from it rounding may lead ---- */

/* By how much f32 is coarser than f64: 2^29. */
static double check_coarse(const Check *c) {
	return c->real == IR_F32 ? 0x1p29 : 1;
}

/* Derivatives far out in the tails of functions are the business of test_ad_ops: here what is below 1e-13 of the largest entry
 * does not count (in f32: 5e-5). */
static void check_floor(Check *c) {
	double largest = 1;
	for (int k = 0; k < c->tree->coordinates; k++)
		largest = fmax(largest, fabs(c->answer.gradient[k]));
	double share = !c->tree->twice ? 1e-13 * check_coarse(c) : c->real == IR_F32 ? 1e-2 : 1e-6; /* twice: differences */
	for (int k = 0; k < c->tree->coordinates; k++)
		c->slack[k] = fmax(c->slack[k], share * largest);
	if (!c->tree->by) /* whose derivative along a value is one, too */
		return;
	double *along = c->tree->twice ? &c->value_slack : &c->report_slack[c->answer.along];
	*along = fmax(*along, 1e-13 * check_coarse(c) * largest);
}

/* Noise of 2^-30 in every operation moves the answer as much as rounding errors of 2^-53 do, times 2^23; 1000 of them, and
 * differences of the C library in the last places, are allowed. In f32 errors are 2^-24, and noise is 2^-14. */
static void check_widen(const Check *c, double *slack, double exact, double noisy) {
	double off = fabs(noisy - exact) * (c->real == IR_F32 ? 1 : 1e-4);
	*slack = fmax(*slack, off + 4e-14 * check_coarse(c) * fabs(exact));
}

static RpNoise check_noise(const Check *c, int sample) {
	return (RpNoise){.size = c->real == IR_F32 ? 0x1p-14 : 0x1p-30,
	                 .seed = (uint64_t)sample * 12345 + 7,
	                 .alike = sample % 2 == 0,
	                 .single = c->real == IR_F32,
	                 .step = 1};
}

/* Of choices, how far they are from being made otherwise is recorded without noise, and compared where all errors are alike. */
static RpNoise check_exact(const Check *c, RpMargins *margins) {
	margins->count = 0;
	margins->compares = false;
	return (RpNoise){.single = c->real == IR_F32, .step = 1, .margins = margins};
}

static void check_compare(RpNoise *noise, RpMargins *margins) {
	margins->at = 0;
	margins->compares = true;
	noise->margins = noise->alike ? margins : NULL;
}

static const char *check_answer(Check *c) {
	enum { SAMPLES = 4 };
	const double most = c->real == IR_F32 ? 0.02 : 1e-6; /* the slack that leaves something to compare */
	rp_evaluate(c->tree, c->x, check_exact(c, &c->margins), &c->answer);
	int n = c->tree->coordinates;
	if (c->answer.unclear)
		return "NaN makes a choice, or there is none to make";
	if (!isfinite(c->answer.value))
		return "the value is not finite";
	for (int k = 0; k < n; k++)
		if (!isfinite(c->answer.gradient[k]))
			return "the gradient is not finite";
	for (int s = 0; s < SAMPLES; s++) {
		RpAnswer noisy;
		RpNoise noise = check_noise(c, s);
		check_compare(&noise, &c->margins);
		rp_evaluate(c->tree, c->x, noise, &noisy);
		if (noise.alike && (noisy.unclear || noisy.decisions != c->answer.decisions))
			return "a choice hangs by a hair";
		check_widen(c, &c->value_slack, c->answer.value, noisy.value);
		for (int k = 0; k < n; k++) {
			check_widen(c, &c->slack[k], c->answer.gradient[k], noisy.gradient[k]);
			check_widen(c, &c->start_slack[k], c->answer.start[k], noisy.start[k]);
			if (!(c->slack[k] < most * (1 + fabs(c->answer.gradient[k]))))
				return "the gradient is too sensitive";
		}
		for (int k = 0; k < c->tree->reports; k++)
			check_widen(c, &c->report_slack[k], c->answer.report[k], noisy.report[k]);
		for (int k = 0; k < c->tree->residuals; k++)
			check_widen(c, &c->residual_slack[k], c->answer.residual[k][0], noisy.residual[k][0]);
		if (!(c->value_slack < most * (1 + fabs(c->answer.value))))
			return "the value is too sensitive";
	}
	check_floor(c);
	return NULL;
}

static bool check_near(const Check *c, const char *way, const char *what, int k, double got, double want,
                       double slack) {
	double coarse = c->real == IR_F32 ? 0x1p-126 : 0x1p-1022; /* below, numbers have fewer digits */
	if (fabs(got - want) <= slack + coarse || got == want || (isnan(got) && isnan(want)))
		return true;
	if (c->say)
		fprintf(c->say, "%s: %s %d is %.17g, not %.17g (allowed: %.2g)\n", way, what, k, got, want, slack);
	return false;
}

static bool check_numbers(const Check *c, const char *way, double value, const double *gradient,
                          const double *reports) {
	bool good = check_near(c, way, "value", 0, value, c->answer.value, c->value_slack);
	for (int k = 0; k < c->tree->coordinates; k++)
		good = check_near(c, way, "gradient", k, gradient[k], c->answer.gradient[k], c->slack[k]) && good;
	for (int k = 0; k < c->tree->reports; k++)
		good = check_near(c, way, "report", k, reports[k], c->answer.report[k], c->report_slack[k]) && good;
	return good;
}

/* ---- the ways ---- */

static IrTensor check_int(const Check *c, int64_t value) {
	IrTensor t = ir_tensor_new(c->module->arena, ir_scalar_type(IR_I64), NULL);
	t.integers[0] = value;
	return t;
}

static bool check_run(const Check *c, const IrFunc *func, const IrTensor *args, IrTensor *results) {
	Span where;
	const char *wrong = ir_evaluate(func, c->module->arena, args, results, &where);
	if (wrong && c->say)
		fprintf(c->say, "@%s: %s\n", session_text(c->session, func->name), wrong);
	return wrong == NULL;
}

/* Data of the problem, the start (compared), and a point to look at. */
static bool check_problem(Check *c) {
	const FeObjective *o = c->objective;
	IrTensor args[80] = {check_int(c, 0), check_int(c, 0)};
	if (o->fixed.count > 70 || !check_run(c, o->setup, args, c->fixed))
		return false;
	memcpy(args + 2, c->fixed, sizeof *args * o->fixed.count);
	if (!check_run(c, o->start, args, &c->fixed[o->fixed.count]))
		return false;
	uint64_t state = c->tree->seed ^ 0xABCDEF;
	for (int k = 0; k < c->tree->coordinates; k++)
		c->x[k] = (float)((double)(rp_random(&state) >> 11) * 0x1p-53 * 2.4 - 1.2); /* a number in f32, too */
	return true;
}

static bool check_start(const Check *c) {
	bool good = true;
	for (int k = 0; k < c->tree->coordinates; k++)
		good = check_near(c, "start", "x", k, c->fixed[c->objective->fixed.count].reals[k], c->answer.start[k],
		                  c->start_slack[k]) &&
		       good;
	return good;
}

/* (the key of batches..., fixed..., x) -> f, reports..., g */
static IrFunc *check_gradient(const Check *c, const IrFunc *value) {
	bool wrt[90] = {0};
	wrt[value->params.count - 1] = true;
	return ad_gradient(c->module, value, "gradient", 0, wrt, true, true);
}

/* Its arguments: at x, on the batch of step 1. */
static void check_arguments(Check *c, IrTensor *args) {
	const FeObjective *o = c->objective;
	IrTensor key[3] = {check_int(c, 0), check_int(c, 0), check_int(c, 1)};
	memcpy(c->fixed[o->fixed.count].reals, c->x, sizeof(double) * (size_t)c->tree->coordinates);
	memcpy(args, key, sizeof key);
	memcpy(args + (o->batches ? 3 : 0), c->fixed, sizeof *args * (o->fixed.count + 1));
}

static bool check_raw(Check *c) {
	IrFunc *gradient = check_gradient(c, c->objective->value);
	IrTensor results[16], args[90];
	check_arguments(c, args);
	if (!check_run(c, gradient, args, results))
		return false;
	double reports[8];
	bool good = true;
	const IrTensor *rest = results + 1 + c->tree->reports;
	for (int k = 0; k < c->tree->reports; k++)
		reports[k] = results[1 + k].reals[0];
	for (int k = 0; k < c->objective->residuals; k++)
		good = check_near(c, "as elaborated", "residual", k, rest->reals[k], c->answer.residual[k][0],
		                  c->residual_slack[k]) &&
		       good;
	rest += c->objective->residuals > 0;
	return check_numbers(c, "as elaborated", results[0].reals[0], rest->reals, reports) && good;
}

static bool check_rt(const Check *c, const char *way, RtEngine engine, bool strict) {
	RtOptions options = {.engine = engine, .real = c->real, .strict = strict, .threads = 1};
	Rt *rt = rt_new(c->session, c->program, &options);
	FeCall call;
	RunEval eval;
	bool good =
		fe_call_text(c->program, "random", AST_OBJECTIVE, &call) && run_eval(rt, &call, 0, c->answer.declared, &eval);
	if (!good && c->say)
		fprintf(c->say, "%s: no answer\n", way);
	for (int k = 0; good && k < c->tree->coordinates; k++) /* it is by the parameters as they are declared */
		eval.gradient[k] *= c->answer.slope[k];
	good = good && check_numbers(c, way, eval.value, eval.gradient, eval.reports);
	rt_free(rt);
	return good;
}

/* A function that is right where it is called is not wrong when it is typed by itself, with arguments that are not known. */
static bool check_functions(Check *c) {
	uint32_t complaints = c->session->complaints;
	for (uint32_t i = 0; i < fe_decl_count(c->program); i++)
		if (fe_decl(c->program, i)->kind == AST_FN)
			elab_type_function(c->program, c->module, fe_decl(c->program, i), typing_new(c->module->arena));
	if (c->session->complaints != complaints && c->say)
		diag_print_all(c->session, c->say, false);
	return c->session->complaints == complaints;
}

/* The objective, its data and the oracle's answer. CHECK_AGREES: there is something to compare with. */
static Verdict check_prepare(Check *c) {
	FeCall call;
	fe_add_source(c->program, source_add(c->session, "random.grad", c->text, strlen(c->text)));
	bool read = fe_call_text(c->program, "random", AST_OBJECTIVE, &call);
	c->objective = read ? fe_objective(c->program, c->module, &call, c->real) : NULL;
	if (!c->objective || c->session->error_count) {
		if (c->say)
			diag_print_all(c->session, c->say, false);
		if (c->code && c->session->diags.count)
			*c->code = c->session->diags.data[0]->code;
		return CHECK_REFUSED;
	}
	int residuals = rp_is_composed(c->tree) ? 0 : c->tree->residuals;
	if (c->objective->residuals != residuals || c->objective->size != c->tree->coordinates || !check_functions(c) ||
	    !check_problem(c))
		return CHECK_WRONG_RAW;
	const char *why = check_answer(c);
	if (why) {
		if (c->say)
			fprintf(c->say, "not comparable: %s\n", why);
		check_why = why;
		return CHECK_SKIPPED;
	}
	return CHECK_AGREES;
}

static Verdict check_ways(Check *c, int ways) {
	Verdict ready = check_prepare(c);
	if (ready != CHECK_AGREES)
		return ready;
	if ((ways & CHECK_RAW) && !((int)check_start(c) & (int)check_raw(c)))
		return CHECK_WRONG_RAW;
	if ((ways & CHECK_PASSES) && !check_rt(c, "evaluator behind the passes", RT_EVALUATOR, false))
		return CHECK_WRONG_PASS;
	if ((ways & CHECK_STRICT) && !check_rt(c, "strict machine code", RT_JIT, true))
		return CHECK_WRONG_STRICT;
	if ((ways & CHECK_DEFAULT) && !check_rt(c, "machine code", RT_JIT, false))
		return CHECK_WRONG_DEFAULT;
	return CHECK_AGREES;
}

static Check check_new(RpProgram *tree, IrScalar real, FILE *say, int *code) {
	Check c = {
		.tree = tree, .real = real, .text = rp_text(tree, NULL), .say = say, .code = code, .session = session_new()};
	c.program = fe_program_new(c.session);
	c.module = ir_module_new(c.session);
	return c;
}

static void check_free(Check *c) {
	free(c->margins.data);
	ir_module_free(c->module);
	session_free(c->session);
	free(c->text);
}

static Verdict check_program(RpProgram *tree, IrScalar real, int ways, FILE *say, int *code) {
	Check c = check_new(tree, real, say, code);
	Verdict verdict = check_ways(&c, ways);
	check_free(&c);
	return verdict;
}

#endif
