/* Inner runs against C by hand: Adam on logistic regression (100 points in 3 dimensions), 40 steps of value, gradient and step, on 64
 * problems and on one. The peer has problems in lanes, or the points of the one problem. Times are of one step. */
#include <math.h>
#include <stdio.h>

#include "bench/bench.h"
#include "bench/peer_logistic.h"
#include "bench/setup.h"
#include "runtime/inner/inner.h"

enum { STEPS = 40, LANES = LOGISTIC_LANES };

typedef struct Inner {
	Setup setup;
	Task *task;
	Problems *problems;
	RunArgs args;
	RunState state;
	void *arena;
	double score[LANES];
	const float *X[4], *x0[4];
	float f[4][LANES];
	/* of the first problem alone */
	float *one_X, *labels, *inside, one_x0[4], one_f;
} Inner;

static void ours(void *user) {
	Inner *inner = user;
	for (int k = 0; k < inner->problems->block_count; k++) {
		const ProblemBlock *block = &inner->problems->blocks[k];
		run_begin(inner->task, block, &inner->args, &inner->state, inner->arena);
		run_advance(inner->task, block, &inner->args, &inner->state, 0, STEPS, STEPS, inner->score, NULL, inner->arena);
	}
}

static void peer_many(void *user) {
	Inner *inner = user;
	for (int k = 0; k < inner->problems->block_count; k++)
		peer_logistic_lanes(inner->X[k], inner->x0[k], STEPS, 0.1f, inner->f[k]);
}

static void peer_one(void *user) {
	Inner *inner = user;
	inner->one_f = peer_logistic_one(inner->one_X, inner->labels, inner->inside, inner->one_x0, STEPS, 0.1f);
}

static void inner_new(Inner *inner, int count) {
	inner->setup = setup_new("", 1, IR_F32);
	Setup *setup = &inner->setup;
	FeCall objective = setup_call(setup, "logistic", AST_OBJECTIVE),
		   rule = setup_call(setup, "adam(lr = 0.1)", AST_OPTIMIZER);
	inner->task = task_new(setup->rt, &objective, &rule, (FeScore){FE_SCORE_MEAN, FE_SCORE_F}, NULL, 0);
	setup_must(setup, inner->task != NULL);
	inner->problems = problems_new(inner->task, 0, PROBLEMS_TRAIN, count, false);
	setup_must(setup, inner->problems && task_need_forward(inner->task, STEPS, TASK_SHARED));
	inner->state = run_state_new(inner->task, setup->rt->arena);
	inner->arena = rt_aligned(setup->rt->arena, run_arena_bytes(inner->task, TASK_SHARED));
	TaskRole fixed = task_role(inner->task, IR_ROLE_FIXED);
	uint32_t at = 0;
	while (at < fixed.range.count && ir_type_elements(task_role_type(inner->task, &fixed, at), NULL) != 300)
		at++;
	setup_must(setup, at < fixed.range.count);
	for (int k = 0; k < inner->problems->block_count; k++) {
		inner->X[k] = inner->problems->blocks[k].fixed[at];
		inner->x0[k] = inner->problems->blocks[k].x0;
	}
	inner->one_X = bench_memory(sizeof(float) * 3 * LOGISTIC_PADDED);
	inner->labels = bench_memory(sizeof(float) * LOGISTIC_PADDED);
	inner->inside = bench_memory(sizeof(float) * LOGISTIC_PADDED);
	for (int n = 0; n < LOGISTIC_POINTS; n++) {
		inner->labels[n] = (float)(n % 2);
		inner->inside[n] = 1;
		for (int d = 0; d < 3; d++)
			inner->one_X[d * LOGISTIC_PADDED + n] = inner->X[0][(3 * n + d) * LANES];
	}
	for (int i = 0; i < 4; i++)
		inner->one_x0[i] = inner->x0[0][i * LANES];
}

static void measure(int count, BenchRun *peer, const char *what, const char *against) {
	static Inner inner;
	memset(&inner, 0, sizeof inner);
	inner_new(&inner, count);
	ours(&inner);
	peer(&inner);
	/* The last block, first lane; slot 1 of the state is f. */
	double f = (double)((const float *)inner.state.slots[1])[0];
	double expected = (double)(count > 1 ? inner.f[inner.problems->block_count - 1][0] : inner.one_f);
	if (!(fabs(f - expected) < 1e-3 * fabs(expected))) {
		fprintf(stderr, "bench_inner: %s: %g, by hand %g\n", what, f, expected);
		exit(1);
	}
	BenchRatio ratio = bench_ratio((BenchSide){ours, &inner}, (BenchSide){peer, &inner}, (BenchHow){0});
	ratio.ours /= (double)STEPS;
	ratio.peer /= (double)STEPS;
	bench_print(what, against, ratio);
	free(inner.one_X);
	free(inner.labels);
	free(inner.inside);
	problems_free(inner.problems);
	task_free(inner.task);
	setup_free(&inner.setup);
}

int main(void) {
	measure(64, peer_many, "logistic 100 x 3, Adam, 64 problems, a step", "by hand, problems in lanes");
	measure(1, peer_one, "logistic 100 x 3, Adam, one problem, a step", "by hand, points in lanes");
	return 0;
}
