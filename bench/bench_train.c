/* Meta-training against roof.c, the same meta-gradient written by hand: the demo's robust regression family, 90 problems,
 * 40 steps in windows of 10. First both are checked against each other; then, one thread and two: the meta-gradient of
 * an outer step, and whole outer steps of training (which also draw nothing new, score the select problems now and then and
 * step the outer Adam; the peer does only the meta-gradient). */
#include <math.h>
#include <stdio.h>

#include "bench/bench.h"
#include "bench/roof.h"
#include "bench/setup.h"
#include "runtime/meta/estimator.h"

enum { PROBLEMS = 90, BLOCKS = (PROBLEMS + ROOF_LANES - 1) / ROOF_LANES, OUTER_STEPS = 60 };

static const char program[] = "experiment demo {\n"
							  "  train policy()\n  on robust_regression()\n  problems 90 train, 30 select, 100 test\n"
							  "  horizon 40\n  score mean(f)\n  estimate backprop(window = 10)\n"
							  "  update adam(lr = 3e-3) for 60 steps\n  clip 1\n  against adam\n  seed 0\n}\n";

/* ---- the peer: blocks of problems as work items, on a pool of threads as Gradus has it ---- */

typedef struct Peer {
	RoofBlock blocks[BLOCKS];
	float theta[ROOF_WEIGHTS];
	float *gradients[BLOCKS];
	float scores[BLOCKS][ROOF_LANES];
	RtPool *pool;
	void *scratch[2];
	double gradient[ROOF_WEIGHTS];
} Peer;

static void peer_block(void *user, int item, int worker) {
	Peer *peer = user;
	roof_gradient(peer->theta, &peer->blocks[item], peer->scores[item], peer->gradients[item], peer->scratch[worker]);
}

static void peer_gradient(void *user) {
	Peer *peer = user;
	rt_pool_run(peer->pool, BLOCKS, peer_block, peer);
	memset(peer->gradient, 0, sizeof peer->gradient);
	for (int k = 0; k < BLOCKS; k++) {
		int left = PROBLEMS - k * ROOF_LANES;
		roof_reduce(peer->gradients[k], left < ROOF_LANES ? left : ROOF_LANES, 1, peer->gradient);
	}
	for (int p = 0; p < ROOF_WEIGHTS; p++)
		peer->gradient[p] /= (double)PROBLEMS;
}

static void peer_one_block(void *user) {
	peer_block(user, 0, 0);
}

static void peer_forward_block(void *user) {
	Peer *peer = user;
	roof_scores(peer->theta, &peer->blocks[0], peer->scores[0], peer->scratch[0]);
}

/* ---- Gradus ---- */

typedef struct Ours {
	Setup setup;
	FeExperiment experiment;
	Task *task;
	MetaEstimator *estimator;
	double theta[ROOF_WEIGHTS], gradient[ROOF_WEIGHTS];
	MetaStats stats;
	RunArgs args;
	RunState state;
	void *arena, *forward_arena;
	float *lanes, score[ROOF_LANES], theta32[ROOF_WEIGHTS];
} Ours;

static void our_gradient(void *user) {
	Ours *ours = user;
	meta_estimate(ours->estimator, ours->theta, 0, ours->gradient, &ours->stats);
}

static const ProblemBlock *our_block(const Ours *ours, int k) {
	return &ours->estimator->families[0].problems->blocks[k];
}

static void our_one_block(void *user) {
	Ours *ours = user;
	const ProblemBlock *block = our_block(ours, 0);
	void *pointers[24];
	int64_t horizon = ROOF_STEPS;
	double hypers[8];
	const void *theta = ours->theta32;
	IrByRole given, places;
	ir_by_role(&given);
	ir_by_role(&places);
	problems_give(ours->task, &given, block);
	run_give_rule(ours->task, &given, NULL, hypers, &theta);
	ir_give_addresses(&given, IR_ROLE_HORIZON, &horizon, sizeof horizon, 1);
	ir_give_addresses(&places, IR_ROLE_SCORE, ours->score, sizeof ours->score, 1);
	ir_give_addresses(&places, ir_role_tilde(IR_ROLE_THETA), ours->lanes, sizeof *ours->lanes, 1);
	rt_call_by_role(ours->task->code[TASK_GRADIENT][TASK_SHARED], &given, &places, pointers, ours->arena);
}

static void our_forward_block(void *user) {
	Ours *ours = user;
	double score[ROOF_LANES] = {0};
	run_begin(ours->task, our_block(ours, 0), &ours->args, &ours->state, ours->forward_arena);
	run_advance(ours->task, our_block(ours, 0), &ours->args, &ours->state, 0, ROOF_STEPS, ROOF_STEPS, score, NULL,
	            ours->forward_arena);
}

static void ours_new(Ours *ours, int threads) {
	ours->setup = setup_new(program, threads, IR_F32);
	Setup *setup = &ours->setup;
	ours->experiment = setup_experiment(setup, "demo");
	FeScore score = {FE_SCORE_MEAN, FE_SCORE_F};
	ours->task = task_new(setup->rt, &ours->experiment.on.data[0], &ours->experiment.train, score, NULL, 0);
	setup_must(setup, ours->task != NULL);
	MetaEstimate how = {
		.kind = FE_BACKPROP, .window = ROOF_WINDOW, .horizon_low = ROOF_STEPS, .horizon_high = ROOF_STEPS, .clip = 1};
	int count = PROBLEMS;
	ours->estimator = meta_estimator_new(setup->rt, &ours->task, 1, &count, &how, 0);
	setup_must(setup, ours->estimator != NULL);
	setup_must(setup, learned_count(ours->task->rule) == ROOF_WEIGHTS);
	setup_must(setup, learned_start(ours->task->rt, ours->task->rule, 0, ours->theta));
	setup_must(setup, task_need_forward(ours->task, ROOF_STEPS, TASK_SHARED));
	for (int p = 0; p < ROOF_WEIGHTS; p++)
		ours->theta32[p] = (float)ours->theta[p];
	ours->args = (RunArgs){.theta = ours->theta32, .variant = TASK_SHARED};
	ours->state = run_state_new(ours->task, setup->rt->arena);
	ours->forward_arena = rt_aligned(setup->rt->arena, run_arena_bytes(ours->task, TASK_SHARED));
	ours->arena = rt_aligned(setup->rt->arena, ours->task->code[TASK_GRADIENT][TASK_SHARED]->arena_bytes);
	ours->lanes = rt_aligned(setup->rt->arena, sizeof(float) * ROOF_LANES * ROOF_WEIGHTS);
}

static void ours_free(Ours *ours) {
	meta_estimator_free(ours->estimator);
	task_free(ours->task);
	setup_free(&ours->setup);
}

/* The fixed value of that many elements per problem. */
static const float *fixed_of(const Ours *ours, int block, int64_t elements) {
	TaskRole fixed = task_role(ours->task, IR_ROLE_FIXED);
	for (uint32_t i = 0; i < fixed.range.count; i++)
		if (ir_type_elements(task_role_type(ours->task, &fixed, i), NULL) == elements)
			return our_block(ours, block)->fixed[i];
	fprintf(stderr, "bench_train: robust_regression has changed: no value of %lld numbers is fixed\n",
	        (long long)elements);
	exit(1);
}

static void peer_new(Peer *peer, const Ours *ours, int threads) {
	peer->pool = rt_pool_new(threads);
	for (int k = 0; k < BLOCKS; k++) {
		peer->blocks[k] = (RoofBlock){fixed_of(ours, k, 300), fixed_of(ours, k, 100), our_block(ours, k)->x0};
		peer->gradients[k] = bench_memory(sizeof(float) * ROOF_LANES * ROOF_WEIGHTS);
	}
	memcpy(peer->theta, ours->theta32, sizeof peer->theta);
	for (int i = 0; i < 2; i++)
		peer->scratch[i] = bench_memory(roof_bytes());
}

static void peer_free(Peer *peer) {
	rt_pool_free(peer->pool);
	for (int k = 0; k < BLOCKS; k++)
		free(peer->gradients[k]);
	free(peer->scratch[0]);
	free(peer->scratch[1]);
}

/* Largest difference relative to the largest entry. */
static double difference(const double *a, const double *b) {
	double most = 0, scale = 0;
	for (int p = 0; p < ROOF_WEIGHTS; p++) {
		most = fmax(most, fabs(a[p] - b[p]));
		scale = fmax(scale, fabs(a[p]));
	}
	return most / scale;
}

/* Outer steps of training in turns with as many meta-gradients of the peer. */
static void whole_training(Ours *ours, Peer *peer, const char *what) {
	enum { ROUNDS = 5 };
	double our_times[ROUNDS], peer_times[ROUNDS];
	for (int round = 0; round < ROUNDS; round++) {
		TrainOptions options = {.select_every = OUTER_STEPS};
		Trained *trained = train_experiment(ours->setup.rt, &ours->experiment, &options);
		setup_must(&ours->setup, trained != NULL);
		our_times[round] = trained->seconds / trained->steps;
		train_free(trained);
		double start = bench_now(true);
		for (int i = 0; i < OUTER_STEPS; i++)
			peer_gradient(peer);
		peer_times[round] = (bench_now(true) - start) / (double)OUTER_STEPS;
	}
	bench_print(what, "meta-gradient by hand", bench_of_times(our_times, peer_times, ROUNDS));
}

static void measure(int threads) {
	static Ours ours;
	static Peer peer;
	memset(&ours, 0, sizeof ours);
	memset(&peer, 0, sizeof peer);
	ours_new(&ours, threads);
	peer_new(&peer, &ours, threads);
	our_gradient(&ours);
	peer_gradient(&peer);
	double off = difference(ours.gradient, peer.gradient);
	if (threads == 1)
		printf("the two meta-gradients differ by %.1e of the largest entry\n", off);
	if (!(off < 1e-3)) {
		fprintf(stderr, "bench_train: the peer computes something else\n");
		exit(1);
	}
	if (threads == 1) {
		bench_print(
			"unroll of 16 problems, forward", "by hand",
			bench_ratio((BenchSide){our_forward_block, &ours}, (BenchSide){peer_forward_block, &peer}, (BenchHow){0}));
		bench_print("unroll of 16 problems, meta-gradient", "by hand",
		            bench_ratio((BenchSide){our_one_block, &ours}, (BenchSide){peer_one_block, &peer}, (BenchHow){0}));
	}
	char what[64];
	BenchHow how = {.wall = threads > 1, .seconds = 1.5, .slice = 4e-3};
	snprintf(what, sizeof what, "meta-gradient of 90 problems, %d thread%s", threads, threads > 1 ? "s" : "");
	bench_print(what, "by hand", bench_ratio((BenchSide){our_gradient, &ours}, (BenchSide){peer_gradient, &peer}, how));
	snprintf(what, sizeof what, "outer step of training, %d thread%s", threads, threads > 1 ? "s" : "");
	whole_training(&ours, &peer, what);
	peer_free(&peer);
	ours_free(&ours);
}

/* What the meta-gradient is compiled to. */
static void show(bool assembly) {
	static Ours ours;
	ours_new(&ours, 1);
	Session *session = ours.setup.session;
	Text out = text_new(session->arena);
	JitOptions options = {0};
	if (assembly)
		jit_show_asm(ours.setup.rt->engine, ours.task->module, ours.task->code[TASK_GRADIENT][TASK_SHARED]->func,
		             &options, &out);
	else
		jit_show_loops(ours.task->module, ours.task->code[TASK_GRADIENT][TASK_SHARED]->func, &options, &out);
	printf("%s\n", text_cstr(&out));
	ours_free(&ours);
}

/* Only the meta-gradient of 16 problems, for a profiler. */
static void repeat(int times) {
	static Ours ours;
	ours_new(&ours, 1);
	for (int i = 0; i < times; i++)
		our_one_block(&ours);
	ours_free(&ours);
}

/* bench_train [loops|asm|repeat] */
int main(int argc, char **argv) {
	if (argc > 1 && !strcmp(argv[1], "repeat")) {
		repeat(10000);
		return 0;
	}
	if (argc > 1) {
		show(!strcmp(argv[1], "asm"));
		return 0;
	}
	measure(1);
	measure(2);
	return 0;
}
