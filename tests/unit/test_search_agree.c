/* An expression as it is searched (operations one by one, between two pieces of the rule) and as it is written (text, parsed, compiled into one
 * rule) have the same bits: --strict, in both precisions, every operation among them. The text goes the way of every program, which knows
 * nothing of the search. */
#include "rt_rules.h"
#include "runtime/search/search.h"

#include <stdlib.h>

enum { STEPS = 4, RATES = 3, PER_RULE = 40, SPACE_SIZE = 5 };

static const char open_rule[] =
	"joint optimizer open(lr = 1.0) {\n"
	"  state m = 0\n"
	"  m <- 0.3 * m + 0.7 * g\n"
	"  x <- x - lr * discover(g, m, f, 1 - (t - 1) / horizon, x, 2, size = 5, constants = 2,\n"
	"    homogeneous = false, ops = \"+ - * / sign sqrt lerp rms abs square tanh exp log min max div\")\n"
	"}\n";

typedef struct Pick {
	uint32_t expr;
	SearchProgram program;
	double constants[SEARCH_MOST_CONSTANTS];
	double scores[RATES]; /* as searched */
} Pick;

static const double rates[RATES] = {0.01, 0.1, 1};

/* A rule that is each of these expressions, as `which` says. */
static const char *closed_rule(const SearchTable *table, const Pick *picks, uint32_t count, Arena *arena) {
	Text text = text_new(arena);
	text_printf(&text, "joint optimizer closed(lr = 1.0, which = 0.0) {\n  state m = 0\n  m <- 0.3 * m + 0.7 * g\n");
	for (uint32_t i = 0; i < count; i++) {
		FeLevel level;
		text_printf(&text, "  let h%u = %s\n", (unsigned)i,
		            search_formula(table, picks[i].expr, picks[i].constants, arena, &level));
	}
	text_printf(&text, "  let h = ");
	for (uint32_t i = 0; i + 1 < count; i++)
		text_printf(&text, "where(which < %u.5, h%u, ", (unsigned)i, (unsigned)i);
	text_printf(&text, "h%u", (unsigned)(count - 1));
	for (uint32_t i = 0; i + 1 < count; i++)
		text_char(&text, ')');
	text_printf(&text, "\n  x <- x - lr * h\n}\n");
	return text_cstr(&text);
}

static void search_all(SearchLab *lab, const Problems *problems, Pick *picks, uint32_t count) {
	Arena *arena = arena_new();
	for (uint32_t i = 0; i < count; i++)
		cr_assert(search_lab_need(lab, &picks[i].program));
	SearchBench *on = search_bench_new(lab, arena);
	for (uint32_t i = 0; i < count; i++) {
		SearchPoints points;
		double score[IR_LANES];
		for (int lane = 0; lane < IR_LANES; lane++) {
			points.rates[lane] = rates[lane % RATES];
			for (int k = 0; k < SEARCH_MOST_CONSTANTS; k++)
				points.constants[k][lane] = picks[i].constants[k];
		}
		SearchRun run = {.program = &picks[i].program, .steps = STEPS, .horizon = STEPS};
		cr_assert(search_run(lab, on, &problems->blocks[0], &run, &points, score));
		for (int lane = 0; lane < IR_LANES; lane++) {
			cr_expect(lane < RATES || isinf(score[lane]) || score[lane] == picks[i].scores[lane % RATES],
			          "lanes differ");
			if (lane < RATES)
				picks[i].scores[lane] = score[lane];
		}
	}
	arena_free(arena);
}

/* How many of them differ. */
static uint32_t compare_with_text(const SearchTable *table, const Pick *picks, uint32_t count, IrScalar real,
                                  RtEngine engine) {
	Arena *arena = arena_new();
	const RtOptions options = {.engine = engine, .real = real, .strict = true, .threads = 1, .seed = 3};
	const char *text = closed_rule(table, picks, count, arena);
	Bench b = bench(text, &options);
	Task *task = new_task(&b, "robust_regression(n = 20, d = 3)", "closed");
	task->score = (FeScore){FE_SCORE_FINAL, FE_SCORE_F};
	task_set_lanes(task, 1);
	Problems *problems = problems_of(task, 3, PROBLEMS_TRAIN, 1, false);
	uint32_t differ = 0;
	for (uint32_t i = 0; i < count; i++) {
		for (int r = 0; r < RATES; r++) {
			Runs runs;
			const double hypers[] = {rates[r], i};
			cr_assert(run_problems(task, problems, hypers, NULL, STEPS, false, b.arena, &runs));
			double written = isfinite(runs.score[0]) ? runs.score[0] : (double)INFINITY;
			if (written == picks[i].scores[r])
				continue;
			FeLevel level;
			if (differ++ < 5)
				fprintf(stderr, "%s at %g: %.17g searched, %.17g written\n",
				        search_formula(table, picks[i].expr, picks[i].constants, arena, &level), rates[r],
				        picks[i].scores[r], written);
		}
	}
	problems_free(problems);
	task_free(task);
	bench_free(&b);
	arena_free(arena);
	return differ;
}

static uint64_t drawn(uint64_t seed, uint64_t number) {
	uint64_t out[2];
	random_threefry((const uint64_t[]){seed, 1}, (const uint64_t[]){number, 0}, out);
	return out[0];
}

static void agree(IrScalar real, uint32_t wanted, RtEngine engine) {
	const RtOptions options = {.engine = engine, .real = real, .strict = true, .threads = 1, .seed = 3};
	Bench b = bench(open_rule, &options);
	FeCall objective, rule;
	cr_assert(fe_call_text(b.program, "robust_regression(n = 20, d = 3)", AST_OBJECTIVE, &objective));
	cr_assert(fe_call_text(b.program, "open", AST_OPTIMIZER, &rule));
	SearchLab *lab = search_lab_new(b.rt, &objective, &rule, (FeScore){FE_SCORE_FINAL, FE_SCORE_F});
	diag_print_all(b.session, stderr, false);
	cr_assert(lab);
	SearchSpace space;
	search_space_of(search_lab_task(lab)->rule, search_lab_hole(lab), true, &space);
	space.single = real == IR_F32;
	space.size = wanted > 200 ? SPACE_SIZE : SPACE_SIZE - 1;
	SearchTable *table = search_enumerate(&space, NULL, NULL);
	Problems *problems =
		problems_of(search_lab_task(lab), search_lab_task(lab)->rt->options.seed, PROBLEMS_TRAIN, 1, false);
	Pick *picks = ARENA_ARRAY(b.arena, Pick, wanted);
	uint64_t used[FE_OPERATORS] = {0};
	for (uint32_t i = 0, tries = 0; i < wanted; tries++) {
		picks[i].expr = (uint32_t)(drawn(real, tries) % table->count);
		if (!search_is_candidate(table, picks[i].expr))
			continue;
		search_program(table, picks[i].expr, &picks[i].program);
		for (int k = 0; k < picks[i].program.count; k++)
			used[picks[i].program.operations[k].op]++;
		for (int k = 0; k < SEARCH_MOST_CONSTANTS; k++)
			picks[i].constants[k] = (double)(float)(0.05 + (double)(drawn(77, tries * 8 + (uint64_t)k) % 1000) / 1111);
		i++;
	}
	for (int op = 0; op < FE_OPERATORS; op++)
		cr_expect(used[op] > 0, "no expression has `%s`", fe_operators[op].word);
	search_all(lab, problems, picks, wanted);
	uint32_t differ = 0;
	for (uint32_t i = 0; i < wanted; i += PER_RULE)
		differ += compare_with_text(table, picks + i, wanted - i < PER_RULE ? wanted - i : PER_RULE, real, engine);
	cr_expect_eq(differ, 0, "%u of %u runs differ", differ, wanted * RATES);
	problems_free(problems);
	search_table_free(table);
	search_lab_free(lab);
	bench_free(&b);
}

Test(search_agree, single) {
	agree(IR_F32, 1000, RT_JIT);
}

Test(search_agree, double_precision) {
	agree(IR_F64, 200, RT_JIT);
}

Test(search_agree, evaluator) {
	agree(IR_F32, 120, RT_EVALUATOR);
}
