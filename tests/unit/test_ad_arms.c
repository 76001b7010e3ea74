/* What is not chosen leaks nothing into derivatives, neither NaN nor infinity: every row of ops.def, with awkward numbers for
 * operands, in a place that a selection passes over. All derivatives equal those of the program without it: reverse and
 * forward mode, reverse and forward mode of the gradient, and 16 problems at once. In forward mode, what does not move along
 * the given direction leaks nothing either. */
#include "ad_differences.h"
#include "ir/eval/eval.h"
#include "ir/pass/pass.h"

#include <stdio.h>
#include <stdlib.h>

static const double awkward[] = {0,      -0.0,    1,      -1,  -2.5, 0.5,  INFINITY, -INFINITY, NAN,   1e308, -1e308,
                                 1e-308, -1e-308, 5e-324, 1e8, -1e8, 1e20, -745.5,   745.5,     1e160, -1e160};

enum { AWKWARD = sizeof awkward / sizeof *awkward };

/* How the awkward number v comes into an operand: %d is data, %p differentiated, and so are %x, %y and %P. %d, %p, and the
 * matrices %D and %P hold v in places. */
typedef struct Way {
	const char *name, *op,
		*operand; /* an op before the arm, or ""; the operand, where v stands for the number itself */
} Way;

static const Way ways[] = {
	{"data", "", "%d[i]"},
	{"parameter", "", "%p[i]"},
	{"scaled data", "", "mul(%y[i], %d[i])"},
	{"scaled parameter", "", "mul(%d[i], %p[i])"},
	{"matrix of data", "%9[2] = for i:2 j:2 { mul(%D[i, j], %y[j]) } sum -> [i]\n", "%9[i]"},
	{"vector of parameters", "%9[2] = for i:2 j:2 { mul(%P[i, j], %p[j]) } sum -> [i]\n", "%9[i]"},
	{"long sum", "%9[2] = for i:2 k:7 { mul(%p[i], %y[i]) } sum -> [i]\n", "%9[i]"},
	{"loop", "%9[2] = loop %s < 3 carry (%e[2] = %p) { %7[2] = for i:2 { mul(%e[i], %y[i]) } -> [i] yield %7 }\n",
     "%9[i]"},
	{"constant", "", "v"},
	{"scaled constant", "", "mul(%y[i], v)"},
};

enum { WAYS = sizeof ways / sizeof *ways, WAYS_OF_CONSTANTS = 2 };

/* What passes the arm %1[2] over in favour of %2[2]; the sum of %2 is left. %u is 1, %n is 0. */
static const char *const selections[] = {
	"%3[] = for i:2 { where(gt(%u[], 0), %2[i], %1[i]) } sum -> []\n",
	"%3[] = for i:2 { where(lt(%u[], 0), %1[i], %2[i]) } sum -> []\n",
	"%3[] = for i:2 { max(%2[i], %1[i]) } sum -> []\n",
	"%3[] = for i:2 { min(%1[i], %2[i]) } sum -> []\n",
	"%3[] = for i:2 { add(%2[i], relu(sub(%1[i], 1))) } sum -> []\n",
	"%4[2] = for i:2 { %1[i] } -> [i]\n%5[2] = for i:2 k:2 { where(gt(to_f64(idx(k)), 0), %4[i], %2[i]) } max -> [i]\n"
	"%3[] = for i:2 { %5[i] } sum -> []\n",
	"%4[4] = for i:4 { where(lt(to_f64(idx(i)), 2), %2[i]?, %1[i-2]?) } -> [i]\n"
	"%3[] = for i:2 { %4[add(idx(i), %n[])] } sum -> []\n",
	"%3[] = for i:2 { add(%2[i], %1[i+2]?) } sum -> []\n",
	"%4[] = for i:2 if i < %n[] { %1[i] } sum -> []\n%3[] = for i:2 { %2[i] } sum -> [] into %4\n",
	"%4[2] = for i:2 { %2[i] } -> [i] into %1\n%3[] = for i:2 { %4[i] } sum -> []\n",
	"%4[2] = for i:2 { %1[i] } -> [i+7]? into %2\n%3[] = for i:2 { %4[i] } sum -> []\n",
	"%4[2] = loop %t < 3 trips %n carry (%c[2] = %2) { %8[2] = for i:2 { mul(%c[i], %1[i]) } -> [i] yield %8 }\n"
	"%3[] = for i:2 { %4[i] } sum -> []\n",
};

enum { SELECTIONS = sizeof selections / sizeof *selections };

static const char head[] = "func @f(%x[2], %y[2], %p[2], %P[2, 2], %d[2], %D[2, 2], %u[], %n: int[]) -> ([]) {\n"
						   "%2[2] = for i:2 { mul(sin(%x[i]), add(%x[i], %y[i])) } -> [i]\n";

enum { WRT = 4, REALS = 7 };

static const bool wrt[] = {true, true, true, true, false, false, false, false};

/* The row's body with `operand` at `place` and %y elsewhere. */
static void print_row(Text *out, IrOpcode opcode, int place, const char *operand) {
	const IrOpInfo *info = &ir_op_info[opcode];
	text_printf(out, "%s(", info->name);
	for (int i = 0; i < info->arity; i++) {
		const char *text = i == place ? operand : "%y[i]";
		if (info->typing == IR_T_WHERE && i == 0)
			text_printf(out, "gt(%s, 0)", text);
		else if (info->typing == IR_T_TO_F64)
			text_printf(out, "to_f32(%s)", text);
		else
			text_printf(out, "%s", info->typing == IR_T_POWI && i == 1 ? "3" : text);
		text_printf(out, i + 1 < info->arity ? ", " : ")");
	}
}

/* The text of a program; arm false: without the arm. */
static const char *program(Bench *b, IrOpcode opcode, int place, const Way *way, const char *v, int selection,
                           bool arm) {
	Text out = text_new(b->arena);
	text_printf(&out, "%s", head);
	if (!arm) {
		text_printf(&out, "%%3[] = for i:2 { %%2[i] } sum -> []\nreturn %%3\n}");
		return text_cstr(&out);
	}
	Text operand = text_new(b->arena);
	for (const char *at = way->operand; *at; at++)
		text_printf(&operand, *at == 'v' ? "%s" : "%.1s", *at == 'v' ? v : at);
	text_printf(&out, "%s%%1[2] = for i:2 { ", way->op);
	bool narrow = ir_op_info[opcode].typing == IR_T_TO_F32;
	text_printf(&out, narrow ? "to_f64(" : "");
	print_row(&out, opcode, place, text_cstr(&operand));
	text_printf(&out, "%s } -> [i]\n%sreturn %%3\n}", narrow ? ")" : "", selections[selection]);
	return text_cstr(&out);
}

/* The derivatives of a program, as functions. */
typedef struct Derived {
	IrFunc *value, *reverse, *forward, *reverse_again, *forward_again, *batched;
	IrFunc *defined, *defined_reverse; /* with the mathematics that machine code runs: sin is NaN far out */
} Derived;

static Derived derive(Bench *b, const char *text) {
	Derived f = {.value = bench_parse(b, text)};
	static const bool wrt_again[] = {true, true, true, true, false, false, false, false, false};
	static const bool varying[] = {true, true, true, true, true, true, false, false, false};
	f.reverse = ad_reverse(b->module, f.value, "reverse", NULL, wrt, false);
	f.forward = ad_forward(b->module, f.value, "forward", wrt, false);
	f.reverse_again = ad_reverse(b->module, f.reverse, "again", NULL, wrt_again, false);
	f.forward_again = ad_forward(b->module, f.reverse, "forward_again", wrt_again, false);
	f.batched = ad_batch(b->module, f.reverse, "batched", varying, NULL);
	f.defined = ir_expand_math(b->module, f.value, false);
	f.defined_reverse = ir_expand_math(b->module, f.reverse, false);
	bench_verify(b, f.reverse);
	bench_verify(b, f.reverse_again);
	return f;
}

static void fill(IrTensor *tensor, double value) {
	for (int64_t i = 0; i < ir_type_elements(tensor->type, NULL); i++)
		tensor->reals[i] = value;
}

/* Arguments of any of the functions: v in its places, everything else as given by the parameter's name. */
static IrTensor *arguments(Bench *b, const IrFunc *func, double v) {
	IrTensor *args = ARENA_ARRAY(b->arena, IrTensor, func->params.count + 1);
	for (uint32_t p = 0; p < func->params.count; p++) {
		args[p] = ir_tensor_new(b->arena, ir_type(func, func->params.data[p].value), NULL);
		const char *name = session_text(b->session, func->params.data[p].name);
		if (!args[p].reals)
			continue;
		fill(&args[p], strcmp(name, "x") == 0 ? 0.8 : strcmp(name, "y") == 0 ? 0.6 : 1);
		if (strcmp(name, "p") == 0 || strcmp(name, "d") == 0)
			fill(&args[p], v);
		if (strcmp(name, "P") == 0 || strcmp(name, "D") == 0)
			args[p].reals[1] = v;
	}
	return args;
}

static bool same_number(double x, double y) {
	return x == y || (isnan(x) && isnan(y)) || (isfinite(x) && fabs(x - y) <= 1e-14 * (1 + fabs(y)));
}

static bool same_results(Bench *b, const IrFunc *with, const IrFunc *without, double v, const char **what) {
	IrTensor *x = bench_run(b, with, arguments(b, with, v)), *y = bench_run(b, without, arguments(b, without, v));
	for (uint32_t r = 0; r < without->results.count; r++)
		for (int64_t i = 0; i < ir_type_elements(y[r].type, NULL); i++)
			if (!same_number(x[r].reals[i], y[r].reals[i])) {
				*what = arena_printf(b->arena, "@%s: result %u [%d] is %g, not %g",
				                     session_text(b->session, with->name), r, (int)i, x[r].reals[i], y[r].reals[i]);
				return false;
			}
	return true;
}

/* Of a selection that compares, only those numbers count with which it passes the arm over. */
static int check(Bench *b, const Derived *with, const Derived *without, double v, const char *text) {
	const char *what = "";
	if (!same_results(b, with->value, without->value, v, &what))
		return 0;
	bool same = same_results(b, with->reverse, without->reverse, v, &what) &&
	            same_results(b, with->forward, without->forward, v, &what) &&
	            same_results(b, with->reverse_again, without->reverse_again, v, &what) &&
	            same_results(b, with->forward_again, without->forward_again, v, &what) &&
	            same_results(b, with->batched, without->batched, v, &what);
	if (same && same_results(b, with->defined, without->defined, v, &what))
		same = same_results(b, with->defined_reverse, without->defined_reverse, v, &what);
	cr_expect(same, "v = %g: %s\n%s", v, what, text);
	return 1;
}

static bool has_reals(IrOpcode opcode) {
	switch (ir_op_info[opcode].typing) {
	case IR_T_ARITH:
	case IR_T_REAL:
	case IR_T_WHERE:
	case IR_T_POWI:
	case IR_T_TO_F32:
	case IR_T_TO_F64: return true;
	default: return false;
	}
}

/* Every way with every second selection, constants with few: each is a program of its own. */
static int check_row(IrOpcode opcode, int place, int *checked) {
	Bench b = bench_new(ir_op_info[opcode].name);
	Derived without = derive(&b, program(&b, opcode, place, &ways[0], "", 0, false));
	int programs = 0;
	for (int w = 0; w < WAYS; w++) {
		bool constant = w >= WAYS - WAYS_OF_CONSTANTS;
		for (int s = w % 2; s < SELECTIONS; s += constant ? 6 : 2) {
			for (int k = 0; k < (constant ? AWKWARD : 1); k++) {
				const char *v = isnan(awkward[k]) ? "nan" : arena_printf(b.arena, "%.17g", awkward[k]);
				const char *text = program(&b, opcode, place, &ways[w], v, s, true);
				Derived with = derive(&b, text);
				programs++;
				if (constant)
					*checked += check(&b, &with, &without, awkward[k], text);
				for (int i = 0; !constant && i < AWKWARD; i++)
					*checked += check(&b, &with, &without, awkward[i], text);
			}
		}
	}
	bench_free(&b);
	return programs;
}

Test(ad_arms, what_is_not_chosen_leaks_nothing, .timeout = 550) {
	int programs = 0, checked = 0;
	for (int opcode = 0; opcode < IR_OPCODE_COUNT; opcode++) {
		if (!has_reals((IrOpcode)opcode))
			continue;
		for (int place = 0; place < ir_op_info[opcode].arity; place++)
			if (!(ir_op_info[opcode].typing == IR_T_POWI && place == 1))
				programs += check_row((IrOpcode)opcode, place, &checked);
	}
	cr_assert(programs > 6000 && checked > 25000, "%d programs, %d checks", programs, checked);
	if (getenv("GRADUS_TEST_SHOW"))
		printf("%d programs, %d checks\n", programs, checked);
}

/* Along a direction that leaves %p and %y where they are, whatever a row makes of them has no tangent: the Jacobian-vector
 * product is that of %2 alone. Of products and quotients that is asked for only where they are finite. */
static const char *const still[] = {"%p[i]", "%P[i, 1]", "add(%p[i], mul(0, %x[i]))"};

enum { STILL = sizeof still / sizeof *still };

static bool needs_finite(IrOpcode opcode) {
	return opcode == IR_mul || opcode == IR_div || opcode == IR_fma || opcode == IR_scaled;
}

static IrTensor *along_x(Bench *b, const IrFunc *forward, double v) {
	IrTensor *args = arguments(b, forward, v);
	for (uint32_t p = REALS + 1; p < forward->params.count; p++)
		fill(&args[p], p == REALS + 1 ? 1 : 0); /* %x~ comes first */
	return args;
}

static void check_still(IrOpcode opcode, int place, const char *operand, int *checked) {
	Bench b = bench_new(ir_op_info[opcode].name);
	bool narrow = ir_op_info[opcode].typing == IR_T_TO_F32;
	Text out = text_new(b.arena);
	text_printf(&out, "%s%%1[2] = for i:2 { %s", head, narrow ? "to_f64(" : "");
	print_row(&out, opcode, place, operand);
	text_printf(&out, "%s } -> [i]\n%%3[] = for i:2 { add(%%2[i], %%1[i]) } sum -> []\nreturn %%3\n}",
	            narrow ? ")" : "");
	IrFunc *func = bench_parse(&b, text_cstr(&out));
	IrFunc *forward = ad_forward(b.module, func, "forward", wrt, false);
	/* the slope of sin(x) (x + y), twice */
	const double x = 0.8, y = 0.6, slope = 2 * (cos(x) * (x + y) + sin(x));
	for (int k = 0; k < AWKWARD; k++) {
		if (needs_finite(opcode) && !isfinite(bench_run(&b, func, arguments(&b, func, awkward[k]))[0].reals[0]))
			continue;
		double got = bench_run(&b, forward, along_x(&b, forward, awkward[k]))[0].reals[0];
		cr_expect(bench_close(got, slope, 1e-14), "v = %g: %.17g, not %.17g\n%s", awkward[k], got, slope,
		          text_cstr(&out));
		++*checked;
	}
	bench_free(&b);
}

Test(ad_arms, what_does_not_move_leaks_nothing) {
	int checked = 0;
	for (int opcode = 0; opcode < IR_OPCODE_COUNT; opcode++)
		for (int place = 0; has_reals((IrOpcode)opcode) && place < ir_op_info[opcode].arity; place++)
			for (int s = 0; s < STILL && !(ir_op_info[opcode].typing == IR_T_POWI && place == 1); s++)
				check_still((IrOpcode)opcode, place, still[s], &checked);
	cr_assert(checked > 2500, "%d checks", checked);
}
