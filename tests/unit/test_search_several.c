/* Rules with several open expressions: run from hole to hole they have the bits
 * of the same rule as it is written; and what a trace says is the same does the
 * same on problems. */
#include "rt_rules.h"
#include "runtime/search/evolve.h"
#include "runtime/search/trace.h"

#include <stdlib.h>

enum { STEPS = 5, RATES = 3, TUPLES = 12 };

static const double rates[RATES] = {0.01, 0.1, 1};

/* The holes of each rule are written @1, @2, ...; the operands of later ones
 * depend on earlier ones. */
static const struct {
	const char *text, *holes[SEARCH_MOST_HOLES];
} rules[] = {
	{"joint optimizer r(lr = 1.0) {\n  state m = 0\n  m <- @1\n  x <- x - lr * "
     "@2\n}\n",
     {"discover(m, g, size = 4, constants = 1, homogeneous = false, ops = "
      "wide)",
      "discover(m, g, f, 1 - (t - 1) / horizon, size = 5, constants = 2, "
      "homogeneous = false)"}},
	{"optimizer r(lr = 1.0) {\n  state m = 0\n  state v = 0\n  m <- @1\n  v <- "
     "@2\n  x <- x - lr * @3\n}\n",
     {"discover(m, g, size = 3, constants = 1)", "discover(v, g^2, m, size = 3, constants = 1, homogeneous = false)",
      "discover(m, g, sqrt(abs(v)), t / horizon, size = 5)"}},
	{"optimizer r(lr = 1.0) {\n  state m = 0\n  each {\n    m <- @1\n    x <- "
     "x - lr * @2\n  }\n}\n",
     {"discover(m, g, size = 4, constants = 1)", "discover(m, g, f, x, size = 5, homogeneous = false, ops = wide)"}},
	{"optimizer r(lr = 1.0) {\n  let scale = @1\n  x <- x - lr * scale * "
     "@2\n}\n",
     {"discover(f, t / horizon, size = 3)", "discover(g, x, size = 3, homogeneous = false)"}},
};
enum { RULES = sizeof rules / sizeof *rules };

static const char *with_holes(const char *text, const char *const *holes, Arena *arena) {
	Text out = text_new(arena);
	for (const char *at = text; *at; at++)
		if (*at == '@')
			text_printf(&out, "(%s)", holes[*++at - '1']);
		else
			text_char(&out, *at);
	return text_cstr(&out);
}

typedef struct Open {
	Bench b;
	SearchLab *lab;
	FeCall rule;
	SearchSpace spaces[SEARCH_MOST_HOLES], all;
	SearchGrammar grammar;
	SearchMeanings meanings;
	SearchTable *table;
	uint32_t roots[TUPLES];
	double constants[TUPLES][SEARCH_MOST_CONSTANTS];
	double scores[TUPLES][RATES];
} Open;

/* A lab of a rule, and candidates drawn of its spaces. */
static void open_rule(Open *o, int which, const char *family, const RtOptions *options) {
	Arena *arena = arena_new();
	FeCall objective;
	o->b = bench(with_holes(rules[which].text, rules[which].holes, arena), options);
	arena_free(arena);
	cr_assert(fe_call_text(o->b.program, family, AST_OBJECTIVE, &objective));
	cr_assert(fe_call_text(o->b.program, "r", AST_OPTIMIZER, &o->rule));
	o->lab = search_lab_new(o->b.rt, &objective, &o->rule, (FeScore){FE_SCORE_FINAL, FE_SCORE_F});
	diag_print_all(o->b.session, stderr, false);
	cr_assert(o->lab);
	const FeRule *rule = search_lab_task(o->lab)->rule;
	search_meanings(o->b.session, &o->meanings);
	o->grammar = (SearchGrammar){.meanings = &o->meanings};
	for (const FeHole *hole = rule->hole; hole; hole = hole->next) {
		SearchSpace *space = &o->spaces[o->grammar.holes];
		search_space_of(rule, hole, rule->decl->joint, space);
		space->single = options->real == IR_F32;
		o->grammar.spaces[o->grammar.holes++] = space;
	}
	search_space_join(o->spaces, o->grammar.holes, &o->all);
	o->table = search_table_new(&o->all);
	for (uint64_t i = 0; i < TUPLES; i++) {
		SearchTuple tuple;
		SearchExpr nodes[SEARCH_TUPLE_NODES];
		SearchDraws draws = search_draws(i, (uint64_t)which, 1, 1);
		cr_assert(search_fresh(&o->grammar, &draws, &tuple));
		int count = search_tuple_nodes(&o->grammar, &tuple, o->table->count, nodes, &o->roots[i]);
		cr_assert(count > 0);
		search_table_add(o->table, nodes, (uint32_t)count, i + 1);
		cr_expect_eq(o->table->exprs[o->roots[i]].size, search_tuple_size(&o->grammar, &tuple));
		for (int k = 0; k < SEARCH_MOST_CONSTANTS; k++)
			o->constants[i][k] = (double)(float)(0.05 + 0.9 * search_draw_unit(&draws));
	}
}

static void close_rule(Open *o) {
	search_table_free(o->table);
	search_lab_free(o->lab);
	bench_free(&o->b);
}

static void run_all(Open *o) {
	Problems *problems =
		problems_of(search_lab_task(o->lab), search_lab_task(o->lab)->rt->options.seed, PROBLEMS_TRAIN, 1, false);
	cr_assert(search_lab_need_all(o->lab));
	SearchBench *on = search_bench_new(o->lab, o->b.arena);
	for (int i = 0; i < TUPLES; i++) {
		SearchProgram program;
		SearchPoints points;
		double score[IR_LANES];
		search_program(o->table, o->roots[i], &program);
		for (int lane = 0; lane < IR_LANES; lane++) {
			points.rates[lane] = rates[lane % RATES];
			for (int k = 0; k < SEARCH_MOST_CONSTANTS; k++)
				points.constants[k][lane] = o->constants[i][k];
		}
		SearchRun run = {.program = &program, .steps = STEPS, .horizon = STEPS};
		cr_assert(search_run(o->lab, on, &problems->blocks[0], &run, &points, score));
		memcpy(o->scores[i], score, sizeof o->scores[i]);
	}
	problems_free(problems);
}

/* The same rules as text; how many runs differ. */
static int compare_with_text(const Open *o, int which, const char *family, const RtOptions *options) {
	int differ = 0;
	for (int i = 0; i < TUPLES; i++) {
		Arena *arena = arena_new();
		const char *formulas[SEARCH_MOST_HOLES];
		FeLevel level;
		char *all = arena_strdup(arena, search_formula(o->table, o->roots[i], o->constants[i], arena, &level));
		for (int h = 0; h < o->grammar.holes; h++) { /* side by side */
			formulas[h] = all;
			all += strcspn(all, "|");
			if (*all)
				*all++ = '\0';
		}
		const char *text = with_holes(rules[which].text, formulas, arena);
		Bench b = bench(text, options);
		Task *task = new_task(&b, family, "r");
		task->score = (FeScore){FE_SCORE_FINAL, FE_SCORE_F};
		task_set_lanes(task, 1);
		Problems *problems = problems_of(task, options->seed, PROBLEMS_TRAIN, 1, false);
		for (int k = 0; k < RATES; k++) {
			Runs runs;
			cr_assert(run_problems(task, problems, &rates[k], NULL, STEPS, false, b.arena, &runs));
			double written = isfinite(runs.score[0]) ? runs.score[0] : (double)INFINITY;
			if (written == o->scores[i][k])
				continue;
			if (differ++ < 5)
				fprintf(stderr, "%sat %g: %.17g searched, %.17g written\n", text, rates[k], o->scores[i][k], written);
		}
		problems_free(problems);
		task_free(task);
		bench_free(&b);
		arena_free(arena);
	}
	return differ;
}

static void agree(IrScalar real, RtEngine engine) {
	const RtOptions options = {.engine = engine, .real = real, .strict = true, .threads = 1, .seed = 3};
	for (int which = 0; which < RULES; which++) {
		const char *family = which % 2 ? "small_net(n = 8)" : "robust_regression(n = 20, d = 3)";
		Open o = {.table = NULL};
		open_rule(&o, which, family, &options);
		run_all(&o);
		int differ = compare_with_text(&o, which, family, &options);
		cr_expect_eq(differ, 0, "rule %d: %d of %d runs differ", which, differ, TUPLES * RATES);
		close_rule(&o);
	}
}

Test(search_several, single) {
	agree(IR_F32, RT_JIT);
}

Test(search_several, double_precision) {
	agree(IR_F64, RT_JIT);
}

/* ---- traces ---- */

/* Pairs of formulas for the two holes of a rule, and whether they are one
 * candidate. */
static const struct {
	const char *one[2], *other[2];
	bool same;
} pairs[] = {
	{{"m + g", "m"}, {"g + m", "m"}, true},
	{{"m + g", "m"}, {"m + g", "m + m"}, true},  /* a multiple */
	{{"m + g", "g"}, {"g", "g"}, true},          /* the state is not used */
	{{"g", "m"}, {"m - m + g", "g"}, true},      /* the new state is g */
	{{"m + g", "m"}, {"m + g + g", "m"}, true},  /* so is the state, which began at 0 */
	{{"m + g", "m"}, {"m + m + g", "m"}, false}, /* but not where it is added to itself */
	{{"g + g", "m"}, {"g", "m"}, true},
	{{"m + g", "m"}, {"m + g", "m + g"}, false},
	{{"m", "m + g"}, {"m", "g"}, true}, /* it stays 0 */
	{{"m + g", "sign(m)"}, {"m + m + g", "sign(m)"}, false},
};
enum { PAIRS = sizeof pairs / sizeof *pairs };

/* A formula of sums and signs of m and g as a tree, by its text. */
static SearchTree tree_of(const char *text) {
	SearchTree tree = {0}, leaf = {0};
	const char *last = strrchr(text, ' ');
	if (strncmp(text, "sign(", 5) == 0) {
		tree.codes[tree.count++] = SEARCH_OPERATION + FE_OPERATOR_SIGN;
		tree.codes[tree.count++] = text[5] == 'm' ? 0 : 1;
		return tree;
	}
	leaf.codes[leaf.count++] = (last ? last[1] : *text) == 'm' ? 0 : 1;
	if (!last)
		return leaf;
	char before[32] = {0};
	memcpy(before, text, (size_t)(last - text) - 2);
	SearchTree left = tree_of(before);
	tree.codes[tree.count++] = (uint8_t)(SEARCH_OPERATION + (last[-1] == '+' ? FE_OPERATOR_ADD : FE_OPERATOR_SUB));
	memcpy(tree.codes + tree.count, left.codes, left.count);
	tree.count = (uint8_t)(tree.count + left.count);
	tree.codes[tree.count++] = leaf.codes[0];
	return tree;
}

Test(search_several, traces) {
	static const char text[] = "optimizer r(lr = 1.0) {\n  state m = 0\n  m <- "
							   "discover(m, g, size = 9)\n"
							   "  x <- x - lr * discover(m, g, size = 9)\n}\n";
	const RtOptions options = {.engine = RT_JIT, .real = IR_F32, .threads = 1, .seed = 3};
	Bench b = bench(text, &options);
	FeCall call;
	cr_assert(fe_call_text(b.program, "r", AST_OPTIMIZER, &call));
	SearchTrace *trace = search_trace_new(b.rt, &call, 0, b.arena);
	cr_assert(trace);
	SearchTraceRun *run = search_trace_run_new(trace, b.arena);
	SearchSpace space = {.leaf_count = 2, .size = 9, .like_x = true, .operators = ~0u};
	for (uint32_t i = 0; i < 2; i++)
		space.leaves[i] = (SearchLeaf){.text = i ? "g" : "m", .level = FE_LEVEL_ATOM, .like_x = true};
	SearchProbes *probes = search_probes_new(&space, b.arena);
	SearchGrammar grammar = {.spaces = {&space, &space}, .holes = 2, .meanings = &probes->meanings};
	SearchExpr nodes[SEARCH_TUPLE_NODES];
	SearchSpace both, spaces[2] = {space, space};
	search_space_join(spaces, 2, &both);
	SearchTable table = {.space = &both, .exprs = nodes};
	for (int i = 0; i < PAIRS; i++) {
		uint64_t hashes[2];
		for (int k = 0; k < 2; k++) {
			const char *const *formulas = k ? pairs[i].other : pairs[i].one;
			SearchTuple tuple = {.trees = {tree_of(formulas[0]), tree_of(formulas[1])}};
			SearchProgram program;
			uint32_t root;
			cr_assert(search_tuple_nodes(&grammar, &tuple, 0, nodes, &root) > 0);
			search_program(&table, root, &program);
			hashes[k] = search_trace_hash(trace, run, probes, &program);
			cr_expect_eq(hashes[k], search_trace_hash(trace, run, probes, &program));
		}
		cr_expect(hashes[0] && hashes[1]);
		cr_expect_eq(hashes[0] == hashes[1], pairs[i].same, "%s | %s and %s | %s", pairs[i].one[0], pairs[i].one[1],
		             pairs[i].other[0], pairs[i].other[1]);
	}
	search_trace_free(trace);
	bench_free(&b);
}
