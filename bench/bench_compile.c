/* Where the time goes from program text to code: the demo's training program (meta-gradient, runs for the select problems, making
 * of problems), as shares of the whole. */
#include <stdio.h>

#include "bench/bench.h"
#include "bench/setup.h"
#include "runtime/inner/inner.h"

enum { ROUNDS = 5 };

enum { GRADIENT, BEGIN, SEGMENT, SETUP, FUNCTIONS };

static const char *const names[FUNCTIONS] = {"meta-gradient", "first evaluation", "forward runs", "making problems"};

typedef struct Shares {
	double all, read, lower, llvm, each[FUNCTIONS]; /* each: LLVM's */
} Shares;

static void add_code(const RtCode *code, int function, Shares *out) {
	double lower;
	jit_code_times(code->jit, &lower, &out->each[function]);
	out->lower += lower;
	out->llvm += out->each[function];
}

static Shares once(const char *path) {
	Shares out = {0};
	double start = bench_now(true);
	Setup setup = setup_new("", 1, IR_F32);
	setup_must(&setup, fe_add_file(setup.program, path));
	FeExperiment e = setup_experiment(&setup, "learn_robust");
	out.read = bench_now(true) - start;
	Task *task = task_new(setup.rt, &e.on.data[0], &e.train, e.score, NULL, 0);
	TaskPlan gradient = {.window = e.window, .steps = e.horizon_high, .fixed = true};
	setup_must(&setup, task && task_need(task, TASK_GRADIENT, &gradient) &&
	                       task_need_forward(task, e.horizon_high, TASK_SHARED));
	Problems *problems = problems_new(task, 0, PROBLEMS_TRAIN, 16, false);
	setup_must(&setup, problems != NULL);
	out.all = bench_now(true) - start;
	add_code(task->code[TASK_GRADIENT][TASK_SHARED], GRADIENT, &out);
	add_code(task->code[TASK_BEGIN][TASK_SHARED], BEGIN, &out);
	add_code(task->code[TASK_SEGMENT][TASK_SHARED], SEGMENT, &out);
	add_code(task->code[TASK_SETUP][TASK_SHARED], SETUP, &out);
	problems_free(problems);
	task_free(task);
	setup_free(&setup);
	return out;
}

int main(int argc, char **argv) {
	const char *path = argc > 1 ? argv[1] : "examples/robust.grad";
	Shares best = once(path);
	for (int i = 1; i < ROUNDS; i++) {
		Shares now = once(path);
		best = now.all < best.all ? now : best;
	}
	double percent = 100 / best.all, passes = best.all - best.read - best.lower - best.llvm;
	printf("text to code of the demo, %.0f ms: reading %.1f %%, tensor IR and derivatives %.0f %%, loop IR %.0f %%, "
	       "LLVM %.0f %%\n",
	       1e3 * best.all, best.read * percent, passes * percent, best.lower * percent, best.llvm * percent);
	for (int i = 0; i < FUNCTIONS; i++)
		printf("%-46s LLVM for %s: %.0f %%\n", "", names[i], best.each[i] * percent);
	return 0;
}
