/* Problems: instances of an objective, made a block at a time by one compiled function from their numbers alone. */
#include <string.h>

#include "runtime/runtime.h"

/* (seed: i64, instance: i64) -> fixed..., x, batched over the instance unless blocks are single problems. */
static RtCode *compile_setup(RtTask *task) {
	const FeObjective *objective = task->objective;
	IrModule *module = task->module;
	double started = rt_seconds();
	IrFunc *func = ir_func_new(module, "setup");
	IrBuilder b = ir_builder(func);
	uint32_t fixed_count = objective->setup->results.count;
	IrValue *values = ARENA_ARRAY(module->arena, IrValue, fixed_count + 3);
	values[0] = ir_param(func, "seed", ir_scalar_type(IR_I64));
	values[1] = ir_param(func, "instance", ir_scalar_type(IR_I64));
	ir_inline(&b, objective->setup, values, values + 2);
	IrValue x;
	ir_inline(&b, objective->start, values, &x);
	for (uint32_t i = 0; i < fixed_count; i++) {
		const char *name = session_text(task->rt->session, objective->setup->results.data[i].name);
		ir_result(func, name, values[2 + i]);
	}
	ir_result(func, "x", x);
	const IrPipeline pipeline = task->rt->options.pipeline;
	func = ir_optimize(module, func, &pipeline);
	if (task->lanes > 1) {
		bool *force = ARENA_ARRAY(module->arena, bool, fixed_count + 1);
		memset(force, true, fixed_count + 1);
		func = ad_batch(module, func, "setup_batch", (const bool[]){false, true}, force);
	}
	task->rt->compile_seconds += rt_seconds() - started;
	return rt_compile(task->rt, module, func);
}

static size_t value_bytes(const IrFunc *func, IrValue value) {
	IrType type = ir_type(func, value);
	return (size_t)ir_type_elements(type, NULL) * ir_scalar_bytes(type.scalar);
}

static int block_count(const RtTask *task, int count, bool spread) {
	return spread ? count : (count + task->lanes - 1) / task->lanes;
}

double rt_problems_bytes(const RtTask *task, int count, bool spread) {
	const IrFunc *value = task->objective->value;
	double bytes = sizeof(RtBlock) + sizeof(void *);
	for (uint32_t i = 0; i < value->params.count; i++) {
		bytes += (double)sizeof(void *) + (double)value_bytes(value, value->params.data[i].value) * task->lanes + 64;
	}
	return bytes * block_count(task, count, spread);
}

typedef struct Making {
	const RtTask *task;
	RtProblems *problems;
	void **scratch;
	int *errors;
	int64_t seed;
} Making;

static void make_block(void *user, int item, int worker) {
	Making *making = user;
	RtBlock *block = &making->problems->blocks[item];
	uint32_t fixed_count = making->task->objective->setup->results.count;
	void *results[256];
	for (uint32_t i = 0; i < fixed_count; i++) {
		results[i] = block->fixed[i];
	}
	results[fixed_count] = block->x0;
	void *params[] = {&making->seed, block->instance};
	making->errors[item] = rt_call(making->task->setup, params, results, making->scratch[worker]);
}

int64_t rt_instance(RtSet set, int number) {
	int64_t first = set, size = RT_SELECT;
	return number < size ? first + number : 3 * (int64_t)number + first / size;
}

typedef int64_t Numbering(int64_t first, int number);

static int64_t one_after_another(int64_t first, int number) {
	return first + number;
}

static int64_t in_set(int64_t first, int number) {
	return rt_instance((RtSet)first, number);
}

static RtProblems *problems_new(RtTask *task, uint64_t seed, Numbering *instance, int64_t first, int count,
                                bool spread) {
	Rt *rt = task->rt;
	const FeObjective *objective = task->objective;
	uint32_t fixed_count = objective->setup->results.count;
	if (fixed_count > 255) {
		diag_error(rt->session, 807, objective->decl->name.span, "more than 255 values are fixed for one problem");
		return NULL;
	}
	if (!task->setup && !(task->setup = compile_setup(task))) {
		return NULL;
	}
	Arena *arena = arena_new();
	RtProblems *problems = ARENA_NEW(arena, RtProblems);
	problems->arena = arena;
	problems->count = count;
	problems->spread = spread;
	problems->lanes = task->lanes;
	problems->block_count = block_count(task, count, spread);
	problems->blocks = ARENA_ARRAY(arena, RtBlock, problems->block_count + 1);
	for (int k = 0; k < problems->block_count; k++) {
		RtBlock *block = &problems->blocks[k];
		for (int lane = 0; lane < task->lanes; lane++) {
			int number = spread ? k : k * task->lanes + lane;
			bool real = number < count;
			block->instance[lane] = instance(first, real ? number : count - 1);
			block->weight[lane] = real ? 1 : 0;
		}
		block->fixed = ARENA_ARRAY(arena, void *, fixed_count + 1);
		for (uint32_t i = 0; i < fixed_count; i++) {
			block->fixed[i] = rt_aligned(arena, task->setup->result_bytes[i]);
		}
		block->x0 = rt_aligned(arena, task->setup->result_bytes[fixed_count]);
	}
	Arena *scratch = arena_new();
	int threads = rt_pool_threads(rt->pool);
	Making making = {task, problems, ARENA_ARRAY(scratch, void *, threads),
	                 ARENA_ARRAY(scratch, int, problems->block_count + 1), (int64_t)seed};
	for (int i = 0; i < threads; i++) {
		making.scratch[i] = rt_aligned(scratch, task->setup->arena_bytes);
	}
	rt_pool_run(rt->pool, problems->block_count, make_block, &making);
	bool failed = false;
	for (int k = 0; k < problems->block_count; k++) {
		failed = failed || making.errors[k] != 0;
	}
	arena_free(scratch);
	if (failed) {
		diag_error(rt->session, 802, objective->decl->name.span, "an index left its range while problems were made");
		rt_problems_free(problems);
		return NULL;
	}
	return problems;
}

RtProblems *rt_problems_new(RtTask *task, uint64_t seed, int64_t first, int count, bool spread) {
	return problems_new(task, seed, one_after_another, first, count, spread);
}

RtProblems *rt_problems_of(RtTask *task, uint64_t seed, RtSet set, int count, bool spread) {
	return problems_new(task, seed, in_set, set, count, spread);
}

void rt_problems_free(RtProblems *problems) {
	if (problems) {
		arena_free(problems->arena);
	}
}
