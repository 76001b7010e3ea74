/* What single steps of a run do: the gradient that a rule was given, and how far it went. */
#include "runtime/inner/inner.h"

/* Element k of lane l stands at k * lanes + l. */
static void read_slot(const Task *task, const void *slot, int lane, double *out) {
	IrScalar real = task->objective->real;
	const char *first = (const char *)slot + (size_t)lane * ir_scalar_bytes(real);
	rt_read_reals(real, first, (size_t)task->lanes, out, (size_t)task->objective->size);
}

/* Where row `row` of the observations has problem `problem`. */
static double *place(const RunObserved *of, double *values, int row, int problem) {
	return values + ((size_t)row * (size_t)of->problems + (size_t)problem) * (size_t)of->size;
}

/* x and g of a block before a step, or what became of x by it. */
static void look(const Task *task, const RunState *state, int block, int row, bool after, RunObserved *out) {
	double *x = ARENA_ARRAY(out->arena, double, out->size + 1);
	for (int lane = 0; lane < task->lanes; lane++) {
		int problem = block * task->lanes + lane;
		if (problem >= out->problems)
			break;
		double *moved = place(out, out->moved, row, problem);
		read_slot(task, state->slots[0], lane, x);
		for (int64_t k = 0; k < out->size; k++)
			moved[k] = after ? x[k] - moved[k] : x[k];
		if (!after && out->g)
			read_slot(task, state->slots[2], lane, place(out, out->g, row, problem));
	}
}

/* One block, from step to step of those that are looked at. */
static int observe_block(const Task *task, const ProblemBlock *block, int number, const RunArgs *args, int horizon,
                         RunState *state, void *arena, RunObserved *out) {
	double score[IR_LANES];
	for (int lane = 0; lane < task->lanes; lane++)
		score[lane] = score_zero(task->score);
	int error = run_begin(task, block, args, state, arena), done = 0;
	for (int row = 0; row < out->count && !error; row++) {
		int before = out->steps[row] - 1 - done;
		if (before > 0)
			error = run_advance(task, block, args, state, done, before, horizon, score, NULL, arena);
		done += before > 0 ? before : 0;
		look(task, state, number, row, false, out);
		if (!error)
			error = run_advance(task, block, args, state, done, 1, horizon, score, NULL, arena);
		done++;
		look(task, state, number, row, true, out);
	}
	return error;
}

bool run_observe(Task *task, const Problems *problems, const double *theta, int horizon, Arena *arena,
                 RunObserved *out) {
	Rt *rt = task->rt;
	out->problems = problems->count;
	out->size = task->objective->size;
	out->arena = arena;
	if (!task_need_forward(task, horizon, TASK_SHARED))
		return false;
	size_t count = (size_t)out->count * (size_t)out->problems * (size_t)out->size;
	double bytes = 16.0 * (double)count + (double)run_arena_bytes(task, TASK_SHARED) + (double)run_state_bytes(task);
	if (!rt_memory_allows(rt, bytes, "steps of runs"))
		return false;
	out->moved = ARENA_ARRAY(arena, double, count + 1);
	out->g = task->count[IR_ROLE_G] ? ARENA_ARRAY(arena, double, count + 1) : NULL;
	RunArgs args = {.variant = TASK_SHARED};
	size_t learned = (size_t)learned_count(task->rule);
	if (learned > 0) {
		void *stored = rt_aligned(arena, learned * 8);
		rt_write_reals(task->rule->real, stored, 1, theta, learned);
		args.theta = stored;
	}
	RunState state = run_state_new(task, arena);
	void *room = rt_aligned(arena, run_arena_bytes(task, TASK_SHARED));
	int error = 0;
	for (int k = 0; k < problems->block_count && !error; k++)
		error = observe_block(task, &problems->blocks[k], k, &args, horizon, &state, room, out);
	if (error)
		diag_error(rt->session, 802, task->objective->decl->name.span, "an index left its range during a run");
	return !error;
}
