/* How many expressions a second the first stage of a search looks at, on one core, each distinct, with nothing remembered: 10 steps of 16 rates on
 * one problem, to the end and dropped at step 2; and one fixed expression against the same loop by hand. */
#include <stdio.h>

#include "bench/bench.h"
#include "bench/peer_search.h"
#include "bench/setup.h"
#include "runtime/search/search.h"

static const char text[] = "optimizer open(lr = 1.0) {\n"
						   "  state m = 0\n"
						   "  state v = 0\n"
						   "  m <- 0.9 * m + 0.1 * g\n"
						   "  v <- 0.999 * v + 0.001 * g^2\n"
						   "  x <- x - lr * discover(g, m, v, 1, size = 7, constants = 0, homogeneous = false,\n"
						   "    ops = \"+ - * / sign sqrt\")\n"
						   "}\n";

enum { STEPS = 10, MOST = 20000 };

typedef struct Stage {
	SearchLab *lab;
	SearchBench *bench;
	SearchTable *table;
	Problems *problems;
	SearchProgram *programs;
	uint32_t count;
} Stage;

static SearchPoints relative_rates(void) {
	SearchPoints points = {0};
	double rate = 1e-4;
	for (int lane = 0; lane < IR_LANES; lane++, rate *= 1.7782794100389228)
		points.rates[lane] = rate;
	return points;
}

static double run_all(Stage *s, int hopeless) {
	double started = bench_now(false), score[IR_LANES];
	for (uint32_t i = 0; i < s->count; i++) {
		SearchPoints points = relative_rates();
		SearchRun run = {
			.program = &s->programs[i], .steps = STEPS, .horizon = STEPS, .hopeless = hopeless, .relative = true};
		search_run(s->lab, s->bench, &s->problems->blocks[0], &run, &points, score);
	}
	return s->count / (bench_now(false) - started);
}

static Stage stage_new(Setup *setup, Arena *arena, const char *family) {
	FeCall objective = setup_call(setup, family, AST_OBJECTIVE), rule = setup_call(setup, "open", AST_OPTIMIZER);
	Stage s = {.lab = search_lab_new(setup->rt, &objective, &rule, (FeScore){FE_SCORE_MEAN, FE_SCORE_F})};
	setup_must(setup, s.lab != NULL);
	SearchSpace *space = ARENA_NEW(arena, SearchSpace);
	search_space_of(search_lab_task(s.lab)->rule, search_lab_hole(s.lab), false, space);
	s.table = search_enumerate(space, NULL, NULL);
	s.problems =
		problems_of(search_lab_task(s.lab), search_lab_task(s.lab)->rt->options.seed, PROBLEMS_TRAIN, 1, false);
	s.programs = ARENA_ARRAY(arena, SearchProgram, MOST);
	for (uint32_t i = 0; i < s.table->count && s.count < MOST; i++) {
		if (!search_is_candidate(s.table, i))
			continue;
		search_program(s.table, i, &s.programs[s.count]);
		setup_must(setup, search_lab_need(s.lab, &s.programs[s.count++]));
	}
	s.bench = search_bench_new(s.lab, arena);
	return s;
}

static void stage_free(Stage *s) {
	problems_free(s->problems);
	search_table_free(s->table);
	search_lab_free(s->lab);
}

/* ---- one expression against a loop by hand ---- */

typedef struct Fixed {
	Stage *stage;
	const SearchProgram *program;
	float W[SEARCH_PEER_SIZE * SEARCH_PEER_SIZE], y[SEARCH_PEER_SIZE], x[SEARCH_PEER_SIZE];
	_Alignas(64) float rates[IR_LANES];
	float mean[IR_LANES];
} Fixed;

static void by_search(void *user) {
	Fixed *f = user;
	SearchPoints points = {0};
	double score[IR_LANES];
	for (int lane = 0; lane < IR_LANES; lane++)
		points.rates[lane] = (double)f->rates[lane];
	SearchRun run = {.program = f->program, .steps = STEPS, .horizon = STEPS};
	search_run(f->stage->lab, f->stage->bench, &f->stage->problems->blocks[0], &run, &points, score);
}

static void by_hand(void *user) {
	Fixed *f = user;
	peer_search_quadratic(f->W, f->y, f->x, f->rates, STEPS, f->mean);
}

/* m / (sqrt(v) + 1e-8) among the programs: by its text. */
static const SearchProgram *find_fixed(const Stage *s, Arena *arena) {
	FeLevel level;
	for (uint32_t i = 0; i < s->table->count; i++) {
		if (strcmp(search_formula(s->table, i, NULL, arena, &level), "m / (sqrt(abs(v)) + 1e-8)") != 0)
			continue;
		SearchProgram *program = ARENA_NEW(arena, SearchProgram);
		search_program(s->table, i, program);
		return program;
	}
	return NULL;
}

static void against_hand(Stage *s, Arena *arena) {
	Fixed fixed = {.stage = s, .program = find_fixed(s, arena)};
	unsigned long long state = 1;
	for (int i = 0; i < SEARCH_PEER_SIZE * SEARCH_PEER_SIZE; i++)
		fixed.W[i] = (float)bench_random(&state) - 0.5f;
	for (int i = 0; i < SEARCH_PEER_SIZE; i++)
		fixed.y[i] = (float)bench_random(&state) - 0.5f;
	for (int lane = 0; lane < IR_LANES; lane++)
		fixed.rates[lane] = 1e-3f * (float)(1 + lane);
	if (!fixed.program) {
		printf("m / (sqrt(v) + 1e-8) is not among the expressions\n");
		return;
	}
	bench_print("one expression, 10 steps of 16 rates, 10-D quadratic", "by hand",
	            bench_ratio((BenchSide){by_search, &fixed}, (BenchSide){by_hand, &fixed}, (BenchHow){0}));
}

int main(void) {
	static const char *const families[] = {"quadratic()", "logistic()", "small_net()"};
	static const double bars[] = {100000, 10000, 5000};
	for (size_t k = 0; k < sizeof families / sizeof *families; k++) {
		Setup setup = setup_new(text, 1, IR_F32);
		Arena *arena = arena_new();
		Stage s = stage_new(&setup, arena, families[k]);
		run_all(&s, 2); /* warm */
		double all = run_all(&s, 0), dropped = run_all(&s, 2);
		printf("%-12s %u expressions, 10 steps of 16 rates on one core: %.0f/s, dropped at step 2 if hopeless %.0f/s "
		       "(bar %.0f)\n",
		       families[k], s.count, all, dropped, bars[k]);
		if (k == 0)
			against_hand(&s, arena);
		stage_free(&s);
		arena_free(arena);
		setup_free(&setup);
	}
	return 0;
}
