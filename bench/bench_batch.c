/* Adam on mini-batches against C by hand: a network of 784-32-10 on 64 of 10,000 images of one byte per pixel, value, gradient and
 * step. Both see the same picks. Ours draws them as it goes; those of the peer are there before. Times are of one step. */
#include <math.h>
#include <stdio.h>

#include "bench/bench.h"
#include "bench/peer_batch.h"
#include "bench/setup.h"
#include "runtime/inner/inner.h"

enum { STEPS = 50, IMAGES = 10000 };

static const char text[] = "fn network(image, W1, b1, W2, b2) {\n"
						   "  let h[i, k] = relu(sum[j](image[i, j] * W1[j, k]) + b1[k])\n"
						   "  let z[i, c] = sum[k](h[i, k] * W2[k, c]) + b2[c]\n"
						   "  return z\n"
						   "}\n"
						   "objective images() {\n"
						   "  data image : int[n, 784] from \"image\"\n"
						   "  data label : int[n] from \"label\"\n"
						   "  batch pick : int[64] ~ integer(0, n)\n"
						   "  param W1 : [784, 32] ~ normal(0, 0.05)\n"
						   "  param b1 : [32] = 0\n"
						   "  param W2 : [32, 10] ~ normal(0, 0.2)\n"
						   "  param b2 : [10] = 0\n"
						   "  let rows[i, j] = image[pick[i], j] / 255\n"
						   "  let z = network(rows, W1, b1, W2, b2)\n"
						   "  minimize mean[i](logsumexp[c](z[i, c]) - z[i, label[pick[i]]])\n"
						   "}\n";

typedef struct Batch {
	Setup setup;
	Task *task;
	Problems *problems;
	RunArgs args;
	RunState state;
	void *arena;
	uint8_t *images, *labels;
	int64_t *picked; /* [STEPS + 1][BATCH_SIZE] */
	PeerBatch *peer;
	float peer_f;
} Batch;

/* An FeDataReader: the images and labels that are in memory. */
static bool read_memory(void *context, FeDataWanted *wanted, FeDataFound *found, const char **problem) {
	const Batch *batch = context;
	(void)problem;
	wanted->dims[0] = IMAGES;
	bool images = !strcmp(wanted->path, "image");
	*found = (FeDataFound){
		.storage = IR_STORED_U8, .elements = images ? batch->images : batch->labels, .path = wanted->path};
	return true;
}

static void ours(void *user) {
	Batch *b = user;
	const ProblemBlock *block = &b->problems->blocks[0];
	double score[IR_LANES] = {0};
	run_begin(b->task, block, &b->args, &b->state, b->arena);
	run_advance(b->task, block, &b->args, &b->state, 0, STEPS, STEPS, score, NULL, b->arena);
}

static void peer(void *user) {
	Batch *b = user;
	b->peer_f = peer_batch_run(b->peer, b->problems->blocks[0].x0, b->picked, STEPS, 0.001f);
}

/* What the batches of all steps pick, by the function that C is made of. */
static void draw_picks(Batch *b, const FeCall *objective) {
	Setup *setup = &b->setup;
	IrModule *module = ir_module_new(setup->session);
	FeObjective *apart = fe_objective_apart(setup->program, module, objective, IR_F32);
	setup_must(setup, apart != NULL);
	RtCode *draw = rt_compile(setup->rt, module, apart->batch.draw);
	setup_must(setup, draw != NULL);
	b->picked = bench_memory(sizeof(int64_t) * (STEPS + 1) * BATCH_SIZE);
	void *arena = rt_aligned(setup->rt->arena, draw->arena_bytes), *pointers[16];
	const float *x = bench_memory(sizeof *x * BATCH_WEIGHTS);
	const void *data[] = {b->images, b->labels};
	for (int64_t step = 1; step <= STEPS + 1; step++) {
		const int64_t key[] = {0, 0, step};
		IrByRole given, places;
		ir_by_role(&given);
		ir_by_role(&places);
		ir_give(&given, IR_ROLE_DATA, data, 2);
		ir_give_addresses(&given, IR_ROLE_SEED, &key[0], sizeof *key, 1);
		ir_give_addresses(&given, IR_ROLE_INSTANCE, &key[1], sizeof *key, 1);
		ir_give_addresses(&given, IR_ROLE_STEP, &key[2], sizeof *key, 1);
		ir_give_addresses(&given, IR_ROLE_X, x, sizeof *x, 1);
		ir_give_addresses(&places, IR_ROLE_BATCH, b->picked + (step - 1) * BATCH_SIZE, sizeof(int64_t), 1);
		setup_must(setup, rt_call_by_role(draw, &given, &places, pointers, arena) == 0);
	}
	free((void *)(uintptr_t)x);
	rt_code_free(draw);
	ir_module_free(module);
}

int main(void) {
	static Batch b;
	unsigned long long seed = 1;
	b.images = bench_memory((size_t)IMAGES * BATCH_PIXELS);
	b.labels = bench_memory(IMAGES);
	for (int i = 0; i < IMAGES; i++) {
		b.labels[i] = (uint8_t)(bench_random(&seed) * BATCH_CLASSES);
		for (int j = 0; j < BATCH_PIXELS; j++)
			b.images[i * BATCH_PIXELS + j] = bench_random(&seed) < 0.5 ? 0 : (uint8_t)(bench_random(&seed) * 256);
	}
	b.setup = setup_new("", 1, IR_F32);
	Setup *setup = &b.setup;
	fe_set_data(setup->program, read_memory, &b);
	fe_add_source(setup->program, source_add(setup->session, "<bench>", text, strlen(text)));
	setup_must(setup, true);
	FeCall objective = setup_call(setup, "images", AST_OBJECTIVE),
		   rule = setup_call(setup, "adam(lr = 0.001)", AST_OPTIMIZER);
	draw_picks(&b, &objective);
	b.task = task_new(setup->rt, &objective, &rule, (FeScore){FE_SCORE_MEAN, FE_SCORE_F}, NULL, 0);
	setup_must(setup, b.task != NULL);
	task_choose_lanes(b.task, 1);
	b.problems = problems_new(b.task, 0, PROBLEMS_TRAIN, 1, false);
	setup_must(setup, b.problems && task_need_forward(b.task, STEPS, TASK_SHARED));
	b.state = run_state_new(b.task, setup->rt->arena);
	b.arena = rt_aligned(setup->rt->arena, run_arena_bytes(b.task, TASK_SHARED));
	b.peer = peer_batch_new(b.images, b.labels);
	ours(&b);
	peer(&b);
	double f = (double)*(const float *)b.state.slots[1], expected = (double)b.peer_f;
	if (!(fabs(f - expected) < 1e-3 * fabs(expected))) {
		fprintf(stderr, "bench_batch: f = %g, by hand %g\n", f, expected);
		return 1;
	}
	BenchRatio ratio = bench_ratio((BenchSide){ours, &b}, (BenchSide){peer, &b}, (BenchHow){.seconds = 3});
	ratio.ours /= STEPS;
	ratio.peer /= STEPS;
	bench_print("784-32-10 on 64 images, Adam, a step", "by hand, products in registers", ratio);
	peer_batch_free(b.peer);
	problems_free(b.problems);
	task_free(b.task);
	setup_free(setup);
	free(b.images);
	free(b.labels);
	free(b.picked);
	return 0;
}
