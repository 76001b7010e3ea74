/* A combination of choices as it is searched (all alternatives computed, hyperparameters pick) and as it is written (the text with the choices
 * made, without what is then idle, compiled as a program like any) has the same bits: --strict, both precisions, JIT and evaluator,
 * random rules. The text goes the way of every program, which knows nothing of the search. */
#include "rt_rules.h"
#include "runtime/search/choose.h"

#include <stdlib.h>

enum { STEPS = 5, RATES = 3 };

static const double rates[RATES] = {0.01, 0.1, 1};

/* Every place and kind of choice, but for exponents: a power that is known is multiplied out, and one that is not is a logarithm's. */
static const char *const rules[] = {
	"joint optimizer r(lr = 1.0) {\n  state m = 0\n  let u = choose { g, m, sign(m), m / (abs(m) + 1e-8) }\n"
	"  m <- 0.9 * m + 0.1 * choose { g, g / rms(g) }\n  x <- x - lr * u\n}\n",
	"optimizer r(lr = 1.0) {\n  state m = choose { 0, 1, x }\n  state v = 0\n  each {\n"
	"    m <- m + choose { g, sign(g) }\n    v <- 0.9 * v + 0.1 * g^2\n"
	"    x <- x - lr * choose { g, m, m / (sqrt(v) + 1e-3), choose { v, v - 1 } * g }\n  }\n}\n",
	"optimizer r(lr = 1.0) {\n  apply choose { adam(lr = lr), momentum(lr = lr, beta = choose { 0.5, 0.9 }),\n"
	"    gradient_descent(lr = choose { lr, lr / 2 }) }\n  if choose { f > 1, t > 2, true } {\n    x <- 0.99 * x\n  "
	"}\n}\n",
	/* parentheses: of a part that an alternative begins with, and around what stands where a choice stood */
	"optimizer r(lr = 1.0) {\n  state m = 0\n  m <- 0.9 * m + g\n"
	"  x <- x - 0.1 * lr * choose { (g + m) - 0.5 * m, choose { g, m + sign(g), (g - m) * 2 } }\n"
	"  x <- x + choose { g, choose { g, x - g } } * 0.01 - choose { 0 * g, choose { g, g - m } } * lr\n"
	"  if not choose { (f + 1) > 2, f > 3 } {\n    x <- 0.99 * x\n  }\n}\n",
	"optimizer inner(lr = 1.0, decay = 0.5) {\n  state m = 0\n  m <- decay * m + choose { g, g * abs(g) }\n"
	"  x <- x - lr * m\n}\noptimizer r(lr = 1.0, base = inner(decay = 0.7)) {\n  let clipped = choose { g, clip(g, -1, "
	"1) }\n"
	"  apply base(lr = lr, g = clipped)\n  apply choose { inner(lr = 0.1 * lr), gradient_descent(lr = 0.1 * lr) }\n}\n",
	"optimizer r(lr = 1.0) {\n  learn decay = 0.7 in (0, 1)\n  learn gain = 1.5 in (0, inf)\n  state m = 0\n  let d = "
	"choose { decay, 0.5 }\n"
	"  m <- d * m + g\n  let u = choose { m, g, gain * m, 1 }\n  x <- x - lr * (u + choose { 0, 0.1 * x, -x * 0.1 "
	"})\n}\n",
	"optimizer r(lr = 1.0) {\n  state top = 0\n  let schedule = choose { 1, 1 - (t - 1) / horizon, 1 / sqrt(t) }\n"
	"  let n = choose { mean(abs(g)), max(abs(g)), rms(g) }\n  top <- max(top, abs(g))\n"
	"  let e ~ normal(0, 1)\n  x <- x - lr * schedule * (g + choose { 0, 0.01 } * e) / choose { n, top }\n}\n",
};

static FePick *picks_of(const FeRule *rule, const int *numbers, Arena *arena) {
	FePick *picks = ARENA_ARRAY(arena, FePick, rule->choices.count + 1);
	for (uint32_t i = 0; i < rule->choices.count; i++)
		picks[i] = (FePick){.rule = session_text(rule->module->session, rule->choices.data[i].decl->name.name),
		                    .choice = rule->choices.data[i].name,
		                    .number = (uint32_t)numbers[i]};
	return picks;
}

/* The same combination as text; how many scores differ. */
static uint32_t compare_with_text(Bench *b, const ChooseLab *lab, const int *numbers, const char *family,
                                  double score[RATES]) {
	const FeRule *open = search_choose_lab_rule(lab);
	Rt view = *b->rt;
	view.program = fe_chosen(b->program, picks_of(open, numbers, b->arena), open->choices.count);
	FeCall objective, rule;
	cr_assert(fe_call_text(view.program, family, AST_OBJECTIVE, &objective));
	cr_assert(fe_call_text(view.program, "r", AST_OPTIMIZER, &rule));
	Task *task = task_new(&view, &objective, &rule, (FeScore){FE_SCORE_MEAN, FE_SCORE_F}, NULL, 0);
	if (!task)
		diag_print_all(b->session, stderr, false);
	cr_assert(task);
	cr_expect_eq(task->rule->choices.count, 0, "something is left to choose");
	cr_expect(task->rule->states.count <= open->states.count && task->rule->learned_count <= open->learned_count);
	task_set_lanes(task, 1);
	Problems *problems = problems_of(task, 3, PROBLEMS_TRAIN, 1, false);
	double *theta = learned_new(&view, task->rule, b->arena);
	cr_assert(learned_start(&view, task->rule, view.options.seed, theta));
	uint32_t differ = 0;
	for (int r = 0; r < RATES; r++) {
		Runs runs;
		const double hypers[] = {rates[r]};
		cr_assert_eq(task->rule->hypers.count, 1);
		cr_assert(run_problems(task, problems, hypers, theta, STEPS, false, b->arena, &runs));
		double written = isfinite(runs.score[0]) ? runs.score[0] : (double)INFINITY;
		if (written == score[r])
			continue;
		differ++;
		fprintf(stderr, "%s at %g, picks", family, rates[r]);
		for (uint32_t i = 0; i < open->choices.count; i++)
			fprintf(stderr, " %s=%d", open->choices.data[i].name, numbers[i] + 1);
		fprintf(stderr, ": %.17g searched, %.17g written\n", score[r], written);
	}
	problems_free(problems);
	task_free(task);
	return differ;
}

static void agree(const char *text, const char *family, IrScalar real, RtEngine engine) {
	const RtOptions options = {.engine = engine, .real = real, .strict = true, .threads = 1, .seed = 3};
	Bench b = bench(text, &options);
	FeCall objective, rule;
	cr_assert(fe_call_text(b.program, family, AST_OBJECTIVE, &objective));
	cr_assert(fe_call_text(b.program, "r", AST_OPTIMIZER, &rule));
	ChooseLab *lab = search_choose_lab_new(b.rt, &objective, &(ChooseRule){.call = &rule},
	                                       (FeScore){FE_SCORE_MEAN, FE_SCORE_F}, STEPS);
	if (!lab)
		diag_print_all(b.session, stderr, false);
	cr_assert(lab);
	ChooseSpace space;
	cr_assert(search_choose_space_of(b.rt, search_choose_lab_rule(lab), &(FeSearch){0}, 0, b.arena, &space));
	cr_assert(space.distinct_count > 1);
	Problems *problems = problems_of(search_choose_lab_task(lab), search_choose_lab_task(lab)->rt->options.seed,
	                                 PROBLEMS_TRAIN, 1, false);
	ChooseBench *on = search_choose_bench_new(lab, b.arena);
	int *picks = ARENA_ARRAY(b.arena, int, space.count + 1);
	uint32_t differ = 0, wanted = GRADUS_SANITIZED || engine == RT_EVALUATOR ? 3 : 5;
	for (uint32_t k = 0; k < wanted; k++) {
		uint32_t number = space.distinct_count <= wanted ? k % space.distinct_count
		                                                 : (uint32_t)((uint64_t)k * 7919 % space.distinct_count);
		ChoosePoints points = {0};
		double score[IR_LANES];
		search_choose_picks(&space, space.distinct[number], picks);
		for (int lane = 0; lane < IR_LANES; lane++) {
			points.rates[lane] = rates[lane % RATES];
			for (int64_t i = 0; i < learned_count(search_choose_lab_rule(lab)); i++)
				points.theta[i][lane] = search_choose_lab_theta(lab)[i];
		}
		ChooseRun run = {.picks = picks, .steps = STEPS, .horizon = STEPS};
		cr_assert(search_choose_run(lab, on, &problems->blocks[0], &run, &points, score));
		for (int lane = RATES; lane < IR_LANES; lane++)
			cr_expect(isinf(score[lane]) || score[lane] == score[lane % RATES], "lanes differ");
		differ += compare_with_text(&b, lab, picks, family, score);
	}
	cr_expect_eq(differ, 0, "%u scores differ", differ);
	problems_free(problems);
	search_choose_lab_free(lab);
	bench_free(&b);
}

static void all_rules(IrScalar real, RtEngine engine) {
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		agree(rules[i], "robust_regression(n = 20, d = 3)", real, engine);
		if (strncmp(rules[i], "joint", 5) != 0 && engine == RT_JIT)
			agree(rules[i], "small_net(n = 6)", real, engine);
	}
}

Test(choose_agree, single) {
	all_rules(IR_F32, RT_JIT);
}

Test(choose_agree, double_precision) {
	all_rules(IR_F64, RT_JIT);
}

Test(choose_agree, evaluator) {
	all_rules(IR_F32, RT_EVALUATOR);
}

/* ---- random rules ---- */

typedef struct Writer {
	uint64_t seed, drawn;
	Text *out;
	int depth;
} Writer;

static uint32_t below(Writer *w, uint32_t n) {
	uint64_t bits[2];
	random_threefry((const uint64_t[]){w->seed, 5}, (const uint64_t[]){w->drawn++, 0}, bits);
	return (uint32_t)(bits[0] % n);
}

static void write_expr(Writer *w) {
	static const char *const leaves[] = {"g", "m", "v", "f", "x", "0.5", "2", "1 / sqrt(t)", "rms(g)", "(t / horizon)"};
	static const char *const binary[] = {" + ", " - ", " * ", " / ", " ^ "};
	static const char *const unary[] = {"-", "abs(", "sign(", "tanh(", "sqrt(abs("};
	static const char *const closing[] = {"", ")", ")", ")", "))"};
	uint32_t kind = w->depth >= 3 ? 0 : below(w, 6);
	w->depth++;
	if (kind <= 1) {
		text_printf(w->out, "%s", leaves[below(w, sizeof leaves / sizeof *leaves)]);
	} else if (kind <= 3) {
		uint32_t op = below(w, 5);
		bool own = op < 4 && below(w, 2); /* parentheses */
		text_printf(w->out, "%s", op == 4 ? "abs(" : own ? "(" : "");
		write_expr(w);
		text_printf(w->out, "%s%s", op == 4 || own ? ")" : "", binary[op]);
		if (op == 4)
			text_printf(w->out, "2");
		else
			write_expr(w);
	} else if (kind == 4) {
		uint32_t op = below(w, 5);
		text_printf(w->out, "%s", unary[op]);
		text_printf(w->out, op == 0 ? "(" : "");
		write_expr(w);
		text_printf(w->out, "%s%s", closing[op], op == 0 ? ")" : "");
	} else {
		uint32_t count = 2 + below(w, 3);
		text_printf(w->out, "choose {");
		for (uint32_t i = 0; i < count; i++) {
			text_printf(w->out, "%s", i ? ", " : " ");
			write_expr(w);
		}
		text_printf(w->out, " }");
	}
	w->depth--;
}

static const char *random_rule(uint64_t seed, Arena *arena) {
	Text text = text_new(arena);
	Writer w = {.seed = seed, .out = &text};
	text_printf(&text, "%soptimizer r(lr = 0.1) {\n  state m = 0\n  state v = 1\n  m <- ", seed % 2 ? "joint " : "");
	write_expr(&w);
	text_printf(&text, "\n  let u = choose { ");
	write_expr(&w);
	text_printf(&text, ", ");
	write_expr(&w);
	text_printf(&text, " }\n  v <- 0.5 * v + u * u\n  let w = ");
	write_expr(&w);
	text_printf(&text, "\n  x <- x - lr * 0.01 * tanh(choose { w, u, v, g })\n}\n");
	return text_cstr(&text);
}

Test(choose_agree, random_rules) {
	Arena *arena = arena_new();
	const char *asked = getenv("GRADUS_CHOOSE");
	uint64_t count = asked ? strtoull(asked, NULL, 10) : GRADUS_SANITIZED ? 2 : 6;
	for (uint64_t seed = 0; seed < count; seed++) {
		const char *text = random_rule(seed, arena);
		fprintf(stderr, "%s", asked ? text : "");
		agree(text,
		      seed % 3   ? "robust_regression(n = 7, d = 2)"
		      : seed % 2 ? "quadratic(n = 3)"
		                 : "small_net(n = 3)",
		      seed % 5 ? IR_F32 : IR_F64, RT_JIT);
	}
	arena_free(arena);
}
