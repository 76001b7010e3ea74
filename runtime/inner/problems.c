/* Problems: instances of an objective, made a block at a time by one compiled function from their numbers alone. */
#include <math.h>

#include "runtime/inner/inner.h"
#include "runtime/inner/limits.h"

static size_t value_bytes(const IrFunc *func, IrValue value) {
	IrType type = ir_type(func, value);
	return (size_t)ir_type_elements(type, NULL) * ir_scalar_bytes(type.scalar);
}

static int block_count(const Task *task, int count, bool spread) {
	return spread ? count : (count + task->lanes - 1) / task->lanes;
}

double problems_bytes(const Task *task, int count, bool spread) {
	const IrFunc *value = task->objective->value;
	double bytes = sizeof(ProblemBlock) + sizeof(void *);
	for (uint32_t i = 0; i < value->params.count; i++) {
		if (value->params.data[i].role == IR_ROLE_DATA)
			continue; /* not the problems' */
		bytes += (double)sizeof(void *) + (double)value_bytes(value, value->params.data[i].value) * task->lanes + 64;
	}
	return bytes * block_count(task, count, spread);
}

typedef struct Making {
	const Task *task;
	Problems *problems;
	void **scratch;
	int *errors;
	int64_t seed;
} Making;

static void make_block(void *user, int item, int worker) {
	Making *making = user;
	ProblemBlock *block = &making->problems->blocks[item];
	const RtCode *code = making->task->code[TASK_SETUP][TASK_SHARED];
	IrByRole given, places;
	ir_by_role(&given);
	ir_by_role(&places);
	ir_give(&given, IR_ROLE_DATA, making->task->data, making->task->count[IR_ROLE_DATA]);
	ir_give_addresses(&given, IR_ROLE_SEED, &making->seed, sizeof making->seed, 1);
	ir_give_addresses(&given, IR_ROLE_INSTANCE, block->instance, sizeof block->instance, 1);
	problems_give(making->task, &places, block);
	void *pointers[2 + PROBLEMS_MOST_FIXED + 1];
	making->errors[item] = rt_call_by_role(code, &given, &places, pointers, making->scratch[worker]);
}

void problems_give(const Task *task, IrByRole *given, const ProblemBlock *block) {
	ir_give(given, IR_ROLE_DATA, task->data, task->count[IR_ROLE_DATA]);
	ir_give_addresses(given, IR_ROLE_SEED, &block->seed, sizeof block->seed, 1);
	ir_give_addresses(given, IR_ROLE_INSTANCE, block->instance, sizeof block->instance, 1);
	ir_give(given, IR_ROLE_FIXED, block->fixed, task->count[IR_ROLE_FIXED]);
	ir_give(given, IR_ROLE_X, &block->x0, 1);
}

int64_t problems_instance(ProblemSet set, int64_t number) {
	int64_t first = set, size = PROBLEMS_SELECT;
	return number < size ? first + number : 3 * number + first / size;
}

typedef int64_t Numbering(int64_t first, int number);

static int64_t one_after_another(int64_t first, int number) {
	return first + number;
}

static int64_t in_train(int64_t skipped, int number) {
	return problems_instance(PROBLEMS_TRAIN, skipped + number);
}

static int64_t in_select(int64_t skipped, int number) {
	return problems_instance(PROBLEMS_SELECT, skipped + number);
}

static int64_t in_test(int64_t skipped, int number) {
	return problems_instance(PROBLEMS_TEST, skipped + number);
}

/* Numbers of the problems in a block, and places for what setup makes of them. */
static void place_block(const Task *task, Problems *problems, int k, uint64_t seed, Numbering *instance,
                        int64_t first) {
	const RtCode *setup = task->code[TASK_SETUP][TASK_SHARED];
	IrRange fixed = ir_results_of(setup->func, IR_ROLE_FIXED);
	ProblemBlock *block = &problems->blocks[k];
	block->seed = (int64_t)seed;
	for (int lane = 0; lane < task->lanes; lane++) {
		int number = problems->spread ? k : k * task->lanes + lane;
		bool real = number < problems->count;
		block->instance[lane] = instance(first, real ? number : problems->count - 1);
		block->weight[lane] = real ? 1 : 0;
	}
	block->fixed = ARENA_ARRAY(problems->arena, void *, fixed.count + 1);
	for (uint32_t i = 0; i < fixed.count; i++)
		block->fixed[i] = rt_aligned(problems->arena, setup->result_bytes[fixed.first + i]);
	block->x0 = rt_aligned(problems->arena, setup->result_bytes[ir_result_at(setup->func, IR_ROLE_X)]);
}

/* Fills the blocks, on all threads; false if an index left its range. */
static bool make_blocks(const Task *task, Problems *problems, uint64_t seed) {
	Arena *scratch = arena_new();
	int threads = rt_pool_threads(task->rt->pool);
	Making making = {task, problems, ARENA_ARRAY(scratch, void *, threads),
	                 ARENA_ARRAY(scratch, int, problems->block_count + 1), (int64_t)seed};
	for (int i = 0; i < threads; i++)
		making.scratch[i] = rt_aligned(scratch, task->code[TASK_SETUP][TASK_SHARED]->arena_bytes);
	rt_pool_run(task->rt->pool, problems->block_count, make_block, &making);
	bool failed = false;
	for (int k = 0; k < problems->block_count; k++)
		failed = failed || making.errors[k] != 0;
	arena_free(scratch);
	return !failed;
}

/* The first problem of a block in which an element of a parameter with limits is no number; -1: there is none. */
static int lane_outside(const Task *task, const Problems *problems, const ProblemBlock *block, const FeSlot *slot) {
	IrScalar real = task->objective->real;
	size_t lanes = (size_t)task->lanes, first = (size_t)slot->offset * lanes * ir_scalar_bytes(real);
	ArenaMark mark = arena_mark(problems->arena);
	double *values = ARENA_ARRAY(problems->arena, double, slot->count * task->lanes);
	rt_read_reals(real, (const char *)block->x0 + first, 1, values, (size_t)slot->count * lanes);
	int64_t k = 0;
	while (k < slot->count * task->lanes && isfinite(values[k]))
		k++;
	arena_release(problems->arena, mark);
	return k < slot->count * task->lanes ? (int)(k % task->lanes) : -1;
}

/* A start that is drawn or computed may lie outside of its limits, which no check of the text could tell. */
static bool starts_inside(const Task *task, const Problems *problems) {
	const FeObjective *objective = task->objective;
	for (uint32_t i = 0; i < objective->params.count; i++) {
		const FeSlot *slot = &objective->params.data[i];
		for (int k = 0; k < problems->block_count && slot->limits.transform != FE_PLAIN; k++) {
			const ProblemBlock *block = &problems->blocks[k];
			int lane = lane_outside(task, problems, block, slot);
			if (lane < 0)
				continue;
			diag_error(task->rt->session, 262, slot->span,
			           "`%s` of problem %lld starts at a number that is not inside of its limits",
			           session_text(task->rt->session, slot->name), (long long)block->instance[lane]);
			return false;
		}
	}
	return true;
}

static Problems *make_problems(Task *task, uint64_t seed, Numbering *instance, int64_t first, int count, bool spread) {
	Rt *rt = task->rt;
	Span span = task->objective->decl->name.span;
	if (task->count[IR_ROLE_FIXED] + task->count[IR_ROLE_DATA] > (uint32_t)PROBLEMS_MOST_FIXED) {
		diag_error(rt->session, 807, span, "more than %d values are fixed for one problem", PROBLEMS_MOST_FIXED);
		return NULL;
	}
	if (!task_need_setup(task))
		return NULL;
	Arena *arena = arena_new();
	Problems *problems = ARENA_NEW(arena, Problems);
	*problems = (Problems){.arena = arena, .count = count, .spread = spread, .lanes = task->lanes};
	problems->block_count = block_count(task, count, spread);
	problems->blocks = ARENA_ARRAY(arena, ProblemBlock, problems->block_count + 1);
	for (int k = 0; k < problems->block_count; k++)
		place_block(task, problems, k, seed, instance, first);
	if (!make_blocks(task, problems, seed)) {
		diag_error(rt->session, 802, span, "an index left its range while problems were made");
		problems_free(problems);
		return NULL;
	}
	if (!starts_inside(task, problems)) {
		problems_free(problems);
		return NULL;
	}
	return problems;
}

Problems *problems_new(Task *task, uint64_t seed, int64_t first, int count, bool spread) {
	return make_problems(task, seed, one_after_another, first, count, spread);
}

Problems *problems_of(Task *task, uint64_t seed, ProblemSet set, int count, bool spread) {
	return problems_after(task, seed, set, 0, count, spread);
}

Problems *problems_after(Task *task, uint64_t seed, ProblemSet set, int64_t skipped, int count, bool spread) {
	Numbering *numbering = set == PROBLEMS_TRAIN ? in_train : set == PROBLEMS_SELECT ? in_select : in_test;
	return make_problems(task, seed, numbering, skipped, count, spread);
}

void problems_free(Problems *problems) {
	if (problems)
		arena_free(problems->arena);
}
