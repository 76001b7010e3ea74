/* Inner runs seen from the host: the runs of a block begin, advance in segments, and leave scores and curves behind. */
#include <math.h>
#include <string.h>

#include "runtime/inner/inner.h"

/* Scratch of one call: what the code wants, then scalars, a score, and what there is of every turn. */
typedef struct Scratch {
	void *code;
	char *hypers; /* 8 bytes each */
	void *score, *curve, *spent, *looked;
	void **pointers;
} Scratch;

static size_t round_up(size_t bytes) {
	return (bytes + 63) & ~(size_t)63;
}

/* Bytes of slot i of a block. */
static size_t slot_bytes(const Task *task, uint32_t i) {
	IrType type = task->slots[i];
	return (size_t)ir_type_elements(type, NULL) * ir_scalar_bytes(type.scalar) * (size_t)task->lanes;
}

/* The slots of a state by the roles that they hold, in the order of task_state_roles. */
static void give_slots(const Task *task, IrByRole *given, void *const *slots) {
	for (int k = 0; k < TASK_STATE_ROLES; k++) {
		IrRole role = task_state_roles[k];
		if (task->count[role] > 0)
			ir_give(given, role, slots, task->count[role]);
		slots += task->count[role];
	}
}

size_t run_state_bytes(const Task *task) {
	size_t bytes = 2 * IR_LANES * sizeof(double);
	for (uint32_t i = 0; i < task->slot_count; i++)
		bytes += 2 * (slot_bytes(task, i) + 64);
	return bytes;
}

RunState run_state_new(const Task *task, Arena *arena) {
	uint32_t count = task->slot_count;
	RunState state = {ARENA_ARRAY(arena, void *, count), ARENA_ARRAY(arena, void *, count),
	                  rt_aligned(arena, IR_LANES * sizeof(double))};
	for (uint32_t i = 0; i < count; i++) {
		state.slots[i] = rt_aligned(arena, slot_bytes(task, i));
		state.spare[i] = rt_aligned(arena, slot_bytes(task, i));
	}
	return state;
}

void run_state_copy(const Task *task, RunState *to, const RunState *from) {
	for (uint32_t i = 0; i < task->slot_count; i++)
		memcpy(to->slots[i], from->slots[i], slot_bytes(task, i));
	memcpy(to->f0, from->f0, IR_LANES * sizeof(double));
}

static void copy_lanes(void *to, const void *from, size_t elements, size_t width, const bool *chosen) {
	for (size_t lane = 0; lane < IR_LANES; lane++) {
		for (size_t k = 0; k < elements && chosen[lane]; k++) {
			size_t at = (k * IR_LANES + lane) * width;
			memcpy((char *)to + at, (const char *)from + at, width);
		}
	}
}

void run_state_copy_lanes(const Task *task, RunState *to, const RunState *from, const bool *chosen) {
	for (uint32_t i = 0; i < task->slot_count; i++) {
		IrType type = task->slots[i];
		size_t elements = (size_t)ir_type_elements(type, NULL);
		copy_lanes(to->slots[i], from->slots[i], elements, ir_scalar_bytes(type.scalar), chosen);
	}
	copy_lanes(to->f0, from->f0, 1, ir_scalar_bytes(task->objective->real), chosen);
}

/* What the code of both calls of a run wants. */
static size_t code_bytes(const Task *task, TaskTheta variant) {
	size_t begin = task->code[TASK_BEGIN][variant]->arena_bytes,
		   segment = task->code[TASK_SEGMENT][variant]->arena_bytes;
	return begin > segment ? begin : segment;
}

/* What a segment tells of the values that its evaluations gave, by `width` bytes each. */
static size_t looked_bytes(const Task *task, size_t width) {
	return task->watch > 0 ? width * IR_LANES * (size_t)(task->segment_steps * task->looks) : 0;
}

size_t run_arena_bytes(const Task *task, TaskTheta variant) {
	const IrFunc *segment = task->code[TASK_SEGMENT][variant]->func;
	size_t pointers = segment->params.count + segment->results.count;
	return round_up(code_bytes(task, variant)) + round_up(8 * (size_t)task->rule->hypers.count) +
	       round_up(IR_LANES * 8) + 2 * round_up(IR_LANES * 8 * (size_t)task->segment_steps) +
	       round_up(looked_bytes(task, 8)) + round_up(pointers * sizeof(void *)) + 64;
}

static Scratch scratch_split(const Task *task, TaskTheta variant, void *arena) {
	Scratch s = {.code = arena};
	char *next = (char *)arena + round_up(code_bytes(task, variant));
	s.hypers = next;
	next += round_up(8 * (size_t)task->rule->hypers.count);
	s.score = next;
	next += round_up(IR_LANES * 8);
	s.curve = next;
	next += round_up(IR_LANES * 8 * (size_t)task->segment_steps);
	s.spent = next;
	next += round_up(IR_LANES * 8 * (size_t)task->segment_steps);
	s.looked = next;
	next += round_up(looked_bytes(task, 8));
	s.pointers = (void **)(void *)next;
	return s;
}

void run_give_rule(const Task *task, IrByRole *given, const double *hypers, void *stored, const void *const *theta) {
	const FeRule *rule = task->rule;
	for (uint32_t i = 0; i < rule->hypers.count; i++) {
		double value = hypers ? hypers[i] : rule->hypers.data[i].value;
		rt_write_reals(rule->real, (char *)stored + 8 * i, 1, &value, 1);
	}
	ir_give_addresses(given, IR_ROLE_HYPER, stored, 8, rule->hypers.count);
	ir_give(given, IR_ROLE_THETA, theta, 1);
}

/* What both calls of a run are given; no places for their results yet. */
static void give_call(const Task *task, const ProblemBlock *block, const RunArgs *args, const Scratch *s,
                      IrByRole *given, IrByRole *places) {
	ir_by_role(given);
	ir_by_role(places);
	problems_give(task, given, block);
	run_give_rule(task, given, args->hypers, s->hypers, &args->theta);
}

int run_begin(const Task *task, const ProblemBlock *block, const RunArgs *args, RunState *state, void *arena) {
	Scratch s = scratch_split(task, args->variant, arena);
	IrByRole given, places;
	give_call(task, block, args, &s, &given, &places);
	give_slots(task, &places, state->slots);
	ir_give(&places, IR_ROLE_VALID, &state->f0, 1);
	int error = rt_call_by_role(task->code[TASK_BEGIN][args->variant], &given, &places, s.pointers, s.code);
	memcpy(state->slots[0], block->x0, slot_bytes(task, 0));
	if (!task->validate)
		memcpy(state->f0, state->slots[1], slot_bytes(task, 1));
	return error;
}

/* What a segment of `piece` turns, before which there were `done`, has left in the scratch. */
static void tell_turns(const Task *task, const Scratch *s, const RunTurns *to, int done, int64_t piece) {
	IrScalar real = task->objective->real;
	size_t from = (size_t)done * (size_t)task->lanes, count = (size_t)piece * (size_t)task->lanes;
	size_t looks = (size_t)task->looks;
	if (to->curve)
		rt_read_reals(real, s->curve, 1, to->curve + from, count);
	if (to->spent && task->elsewhere.most > 0)
		memcpy(to->spent + from, s->spent, count * sizeof *to->spent);
	if (to->looked && task->watch > 0)
		rt_read_reals(real, s->looked, 1, to->looked + from * looks, count * looks);
}

int run_advance(const Task *task, const ProblemBlock *block, const RunArgs *args, RunState *state, int t0, int turns,
                int horizon, double *score, const RunTurns *of_turns, void *arena) {
	Scratch s = scratch_split(task, args->variant, arena);
	IrScalar real = task->objective->real;
	int error = 0;
	for (int done = 0; done < turns && !error;) {
		int64_t piece = turns - done < task->segment_steps ? turns - done : task->segment_steps;
		int64_t start[IR_LANES], end[IR_LANES];
		for (int lane = 0; lane < IR_LANES; lane++) {
			start[lane] = (args->t0 ? args->t0[lane] : t0) + done;
			end[lane] = args->horizon ? args->horizon[lane] : horizon;
		}
		IrByRole given, places;
		give_call(task, block, args, &s, &given, &places);
		give_slots(task, &given, state->slots);
		ir_give_addresses(&given, IR_ROLE_T0, start, sizeof start, 1);
		ir_give_addresses(&given, IR_ROLE_TURNS, &piece, sizeof piece, 1);
		ir_give_addresses(&given, IR_ROLE_HORIZON, end, sizeof end, 1);
		ir_give(&given, IR_ROLE_F0, &state->f0, 1);
		give_slots(task, &places, state->spare);
		ir_give(&places, IR_ROLE_SCORE, &s.score, 1);
		ir_give(&places, IR_ROLE_CURVE, &s.curve, 1);
		ir_give(&places, IR_ROLE_SPENT, &s.spent, 1);
		ir_give(&places, IR_ROLE_LOOKED, &s.looked, 1);
		error = rt_call_by_role(task->code[TASK_SEGMENT][args->variant], &given, &places, s.pointers, s.code);
		void **used = state->slots;
		state->slots = state->spare;
		state->spare = used;
		double piece_score[IR_LANES];
		rt_read_reals(real, s.score, 1, piece_score, (size_t)task->lanes);
		score_join(task->score, score, piece_score, task->lanes);
		if (of_turns)
			tell_turns(task, &s, of_turns, done, piece);
		done += (int)piece;
	}
	return error;
}

/* ---- whole runs on all problems ---- */

typedef struct Worker {
	void *arena, *theta;
	RunState state;
	RunTurns turns; /* of a segment */
} Worker;

typedef struct Running {
	Task *task;
	const Problems *problems;
	RunArgs args;
	int steps;
	Runs *out;
	Worker *workers;
	int *errors;
} Running;

int64_t run_step_spends(const Task *task, int done, int64_t elsewhere) {
	bool looks = task->rule->reads_f || task->rule->reads_g;
	return elsewhere + (looks && (done == 0 || !task->hands_on));
}

/* The values that the steps of a piece have looked at, by evaluation. spent: [steps + 1] of the problem. */
static void keep_looked(const Running *running, const Worker *mine, int problem, int lane, int done, int piece) {
	const Task *task = running->task;
	size_t looks = (size_t)task->looks, lanes = (size_t)task->lanes;
	double *out = running->out->looked + (size_t)problem * (size_t)task->watch;
	const int64_t *spent = running->out->spent + (size_t)problem * ((size_t)running->steps + 1);
	for (int t = done; t < done + piece; t++) {
		const double *looked = mine->turns.looked + (size_t)(t - done) * looks * lanes + (size_t)lane;
		int64_t from = spent[t] + run_step_spends(task, t, 0);
		for (int64_t e = from; e < spent[t + 1] && e < task->watch; e++) {
			size_t k = (size_t)(e - from);
			out[e] = looked[(k < looks ? k : looks - 1) * lanes];
		}
	}
}

/* f and what it has cost, after the steps of a piece. */
static void keep_turns(const Running *running, const Worker *mine, int problem, int lane, int done, int piece) {
	const Task *task = running->task;
	size_t row = (size_t)problem * ((size_t)running->steps + 1);
	double *f = running->out->f + row;
	int64_t *spent = running->out->spent + row;
	for (int t = done; t < done + piece; t++) {
		size_t at = (size_t)(t - done) * (size_t)task->lanes + (size_t)lane;
		f[t + 1] = mine->turns.curve[at];
		spent[t + 1] = spent[t] + run_step_spends(task, t, task->elsewhere.most > 0 ? mine->turns.spent[at] : 0);
	}
	if (running->out->looked)
		keep_looked(running, mine, problem, lane, done, piece);
}

/* How many problems are in a block, the first of which has this number. */
static int problems_in(const Running *running, int item, int *first) {
	const Problems *problems = running->problems;
	*first = problems->spread ? item : item * running->task->lanes;
	int rest = running->out->problems - *first, most = problems->spread ? 1 : running->task->lanes;
	return rest < most ? rest : most;
}

static void run_block(void *user, int item, int worker) {
	Running *running = user;
	const Task *task = running->task;
	const ProblemBlock *block = &running->problems->blocks[item];
	Worker *mine = &running->workers[worker];
	Runs *out = running->out;
	int steps = running->steps, lanes = task->lanes, first;
	int count = problems_in(running, item, &first);
	double score[IR_LANES], f0[IR_LANES];
	for (int lane = 0; lane < lanes; lane++)
		score[lane] = score_zero(task->score);
	int error = run_begin(task, block, &running->args, &mine->state, mine->arena);
	rt_read_reals(task->objective->real, mine->state.f0, 1, f0, (size_t)lanes);
	for (int lane = 0; lane < count; lane++)
		out->f[(size_t)(first + lane) * ((size_t)steps + 1)] = f0[lane];
	for (int done = 0, piece; done < steps && !error; done += piece) {
		piece = steps - done < task->segment_steps ? steps - done : task->segment_steps;
		error = run_advance(task, block, &running->args, &mine->state, done, piece, steps, score, &mine->turns,
		                    mine->arena);
		for (int lane = 0; lane < count && !error; lane++)
			keep_turns(running, mine, first + lane, lane, done, piece);
	}
	running->errors[item] = error;
	for (int lane = 0; lane < count; lane++) {
		int problem = first + lane;
		out->score[problem] = score[lane];
		if (out->x) {
			size_t size = (size_t)task->objective->size;
			const char *x = (const char *)mine->state.slots[0] + (size_t)lane * ir_scalar_bytes(task->objective->real);
			rt_read_reals(task->objective->real, x, (size_t)lanes, out->x + (size_t)problem * size, size);
		}
	}
}

/* All that run_block leaves behind. */
static void block_result(void *user, int item, RtTell *tell, void *to) {
	Running *running = user;
	const Task *task = running->task;
	Runs *out = running->out;
	size_t row = (size_t)running->steps + 1, size = (size_t)task->objective->size;
	int first, count = problems_in(running, item, &first);
	tell(to, &running->errors[item], sizeof *running->errors);
	for (size_t k = (size_t)first; k < (size_t)(first + count); k++) {
		tell(to, out->score + k, sizeof *out->score);
		tell(to, out->f + k * row, row * sizeof *out->f);
		tell(to, out->spent + k * row, row * sizeof *out->spent);
		if (out->looked)
			tell(to, out->looked + k * (size_t)task->watch, (size_t)task->watch * sizeof *out->looked);
		if (out->x)
			tell(to, out->x + k * size, size * sizeof *out->x);
	}
}

/* What run_problems will take, in bytes. */
static double bytes_of_run(const Task *task, int problems, int steps) {
	int threads = rt_pool_threads(task->rt->pool);
	double each = (double)run_arena_bytes(task, TASK_SHARED) + (double)run_state_bytes(task) +
	              16.0 * task->lanes * task->segment_steps + (double)looked_bytes(task, 8);
	return each * threads + 8.0 * problems * (2 * (steps + 1.0) + 1 + task->watch + (double)task->objective->size);
}

bool run_problems(Task *task, const Problems *problems, const double *hypers, const double *theta, int steps,
                  bool want_x, Arena *arena, Runs *out) {
	Rt *rt = task->rt;
	if (problems->lanes != task->lanes)
		base_panic("run_problems", "problems in blocks of %d for a task in blocks of %d", problems->lanes, task->lanes);
	if (!task_need_forward(task, steps, TASK_SHARED) ||
	    !rt_memory_allows(rt, bytes_of_run(task, problems->count, steps), "a run")) {
		return false;
	}
	size_t count = (size_t)problems->count;
	*out = (Runs){.steps = steps, .problems = problems->count};
	out->f = ARENA_ARRAY(arena, double, count *((size_t)steps + 1));
	out->score = ARENA_ARRAY(arena, double, count + 1);
	out->x = want_x ? ARENA_ARRAY(arena, double, count *(size_t)task->objective->size + 1) : NULL;
	out->spent = ARENA_ARRAY(arena, int64_t, count *((size_t)steps + 1));
	size_t watched = count * (size_t)task->watch;
	out->looked = watched > 0 ? ARENA_ARRAY(arena, double, watched) : NULL;
	for (size_t i = 0; i < watched; i++)
		out->looked[i] = (double)INFINITY;

	Arena *scratch = arena_new();
	int threads = rt_pool_threads(rt->pool);
	Running running = {task,
	                   problems,
	                   {.hypers = hypers, .variant = TASK_SHARED},
	                   steps,
	                   out,
	                   ARENA_ARRAY(scratch, Worker, threads),
	                   ARENA_ARRAY(scratch, int, problems->block_count + 1)};
	int64_t learned = learned_count(task->rule);
	if (learned > 0) {
		void *stored = rt_aligned(scratch, (size_t)learned * 8);
		rt_write_reals(task->rule->real, stored, 1, theta, (size_t)learned);
		running.args.theta = stored;
	}
	for (int i = 0; i < threads; i++) {
		running.workers[i].arena = rt_aligned(scratch, run_arena_bytes(task, TASK_SHARED));
		running.workers[i].state = run_state_new(task, scratch);
		size_t turns = (size_t)task->segment_steps * IR_LANES;
		running.workers[i].turns = (RunTurns){ARENA_ARRAY(scratch, double, turns), ARENA_ARRAY(scratch, int64_t, turns),
		                                      rt_aligned(scratch, looked_bytes(task, sizeof(double)) + 8)};
	}
	rt_pool_spread(rt->pool, problems->block_count, run_block, block_result, &running);
	bool failed = false;
	for (int k = 0; k < problems->block_count; k++)
		failed = failed || running.errors[k] != 0;
	for (int i = 0; i < problems->count; i++)
		out->evaluations += out->spent[(size_t)i * ((size_t)steps + 1) + (size_t)steps];
	arena_free(scratch);
	if (failed)
		diag_error(rt->session, 802, task->objective->decl->name.span, "an index left its range during a run");
	return !failed;
}
