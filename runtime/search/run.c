/* Runs of an expression in a lab: 16 rates on one problem, from hole to hole. */
#include <math.h>
#include <string.h>

#include "runtime/search/stages.h"

/* What goes on from step to step, and is written anew by every turn. */
static const IrRole slot_roles[] = {IR_ROLE_X, IR_ROLE_F, IR_ROLE_VALID, IR_ROLE_G, IR_ROLE_STATE};
enum { SLOT_ROLES = sizeof slot_roles / sizeof *slot_roles };

/* Pointers of a call: parameters, then results. */
typedef struct Pointers {
	void **params, **results;
} Pointers;

/* An operation of a program, ready to be called. */
typedef struct Operation {
	const RtCode *code;
	void *params[3], *results[1];
} Operation;

struct SearchBench {
	const ProblemBlock *problem; /* that the pointers are for */
	void *arena;
	void *registers[SEARCH_REGISTERS];
	void **slots[2][SLOT_ROLES]; /* turns go from one side to the other */
	uint32_t slot_counts[SLOT_ROLES];
	void *rates, *moved, **hypers, *theta;
	int64_t t, horizon;
	Pointers begin, turn[2], move, between[2][SEARCH_MOST_HOLES];
	const SearchProgram *program;
	Operation operations[SEARCH_MOST_SIZE];
	int64_t evaluations; /* of the objective, so far */
};

/* ---- memory ---- */

static void *lanes_of(const SearchLab *lab, Arena *arena, IrType type) {
	(void)lab;
	return rt_aligned(arena, (size_t)ir_type_elements(type, NULL) * ir_scalar_bytes(type.scalar) *
	                             (type.lanes ? 1 : (size_t)IR_LANES));
}

static void make_slots(const SearchLab *lab, SearchBench *b, Arena *arena) {
	const IrFunc *turn = lab->turn->func;
	for (int k = 0; k < SLOT_ROLES; k++) {
		IrRange range = ir_results_of(turn, slot_roles[k]);
		b->slot_counts[k] = range.count;
		for (int side = 0; side < 2; side++) {
			b->slots[side][k] = ARENA_ARRAY(arena, void *, range.count + 1);
			for (uint32_t i = 0; i < range.count; i++)
				b->slots[side][k][i] = lanes_of(lab, arena, ir_type(turn, turn->results.data[range.first + i].value));
		}
	}
	b->moved = lanes_of(lab, arena, ir_type(turn, turn->results.data[ir_results_of(turn, IR_ROLE_X).first].value));
}

static void make_registers(const SearchLab *lab, SearchBench *b, Arena *arena) {
	IrScalar real = lab->task->objective->real;
	IrDim rows = search_lab_rows(lab);
	IrType wide = ir_tensor_type(real, 1, &rows);
	for (int i = 0; i < SEARCH_REGISTERS; i++)
		b->registers[i] = lanes_of(lab, arena, wide);
}

static void make_rule(const SearchLab *lab, SearchBench *b, Arena *arena) {
	const FeRule *rule = lab->task->rule;
	b->hypers = ARENA_ARRAY(arena, void *, rule->hypers.count + 1);
	for (uint32_t i = 0; i < rule->hypers.count; i++) {
		b->hypers[i] = rt_aligned(arena, IR_LANES * sizeof(double));
		rt_write_reals(rule->real, b->hypers[i], 1, &rule->hypers.data[i].value, 1);
	}
	b->rates = b->hypers[lab->rate];
	if (lab->theta) {
		size_t count = (size_t)learned_count(rule);
		b->theta = rt_aligned(arena, count * (lab->learned ? IR_LANES : 1) * sizeof(double));
		rt_write_reals(rule->real, b->theta, 1, lab->theta, count);
	}
}

static Pointers pointers_of(const RtCode *code, Arena *arena) {
	return (Pointers){ARENA_ARRAY(arena, void *, code->func->params.count + 1),
	                  ARENA_ARRAY(arena, void *, code->func->results.count + 1)};
}

SearchBench *search_bench_new(const SearchLab *lab, Arena *arena) {
	SearchBench *b = ARENA_NEW(arena, SearchBench);
	size_t kernel = search_kernel_bytes(lab);
	b->arena = rt_aligned(arena, lab->arena_bytes > kernel ? lab->arena_bytes : kernel);
	make_slots(lab, b, arena);
	make_registers(lab, b, arena);
	make_rule(lab, b, arena);
	b->begin = pointers_of(lab->begin, arena);
	b->move = pointers_of(lab->move, arena);
	for (int side = 0; side < 2; side++) {
		b->turn[side] = pointers_of(lab->turn, arena);
		for (int h = 1; h < lab->holes; h++)
			b->between[side][h] = pointers_of(lab->between[h], arena);
	}
	return b;
}

/* ---- pointers ---- */

static void give_slots(const SearchBench *b, IrByRole *given, int side) {
	for (int k = 0; k < SLOT_ROLES; k++)
		if (b->slot_counts[k] > 0)
			ir_give(given, slot_roles[k], b->slots[side][k], b->slot_counts[k]);
}

static void take(const RtCode *code, const IrByRole *given, const IrByRole *places, Pointers *out) {
	ir_take_addresses(code->func, code->param_order, code->func->params.count, given, out->params);
	ir_take_addresses(code->func, code->result_order, code->func->results.count, places, out->results);
}

/* Where the operands of a hole go. */
static void give_operands(const SearchLab *lab, SearchBench *b, int hole, IrByRole *places) {
	uint32_t count = lab->first_operand[hole + 1] - lab->first_operand[hole];
	ir_give(places, IR_ROLE_OPERAND, b->registers + (size_t)hole * SEARCH_MOST_LEAVES, count);
}

/* The pointers of all calls, for a problem. */
static void point_at(const SearchLab *lab, SearchBench *b, const ProblemBlock *problem) {
	const Task *task = lab->task;
	void *const moved[] = {b->moved};
	if (b->problem == problem)
		return;
	b->problem = problem;
	for (int side = -1; side < 2; side++) {
		IrByRole given, places;
		ir_by_role(&given);
		ir_by_role(&places);
		problems_give(task, &given, problem);
		ir_give(&given, IR_ROLE_HYPER, b->hypers, task->rule->hypers.count);
		ir_give(&given, IR_ROLE_THETA, &b->theta, 1);
		ir_give_addresses(&given, IR_ROLE_T, &b->t, sizeof b->t, 1);
		ir_give_addresses(&given, IR_ROLE_HORIZON, &b->horizon, sizeof b->horizon, 1);
		ir_give(&given, IR_ROLE_HOLE, b->registers, (uint32_t)lab->holes); /* each program has its own */
		give_operands(lab, b, 0, &places);
		if (side >= 0)
			give_slots(b, &given, side);
		give_slots(b, &places, side < 0 ? 0 : 1 - side);
		take(side < 0 ? lab->begin : lab->turn, &given, &places, side < 0 ? &b->begin : &b->turn[side]);
		for (int h = 1; side >= 0 && h < lab->holes; h++) {
			IrByRole operands;
			ir_by_role(&operands);
			give_operands(lab, b, h, &operands);
			take(lab->between[h], &given, &operands, &b->between[side][h]);
		}
		if (side == 0) {
			ir_give(&places, IR_ROLE_X, moved, 1);
			take(lab->move, &given, &places, &b->move);
		}
	}
}

/* Where the values of holes are, as parameters of a call. */
static void point_at_holes(const SearchBench *b, const RtCode *code, const SearchProgram *program, Pointers *of) {
	uint32_t first = ir_params_of(code->func, IR_ROLE_HOLE).first;
	for (int h = 0; h < program->holes; h++)
		of->params[first + (uint32_t)h] = b->registers[program->results[h]];
}

/* A program as calls of kernels. */
static void load(const SearchLab *lab, SearchBench *b, const SearchProgram *program) {
	bool wide[SEARCH_REGISTERS] = {0};
	memcpy(wide, lab->wide, sizeof lab->wide);
	b->program = program;
	for (int i = 0, hole = 0; i < program->count; i++) {
		const struct SearchOperation *o = &program->operations[i];
		Operation *to = &b->operations[i];
		bool two = fe_operators[o->op].arity > 1, own = fe_operator_has_constant((FeOperator)o->op);
		bool wide_b = two && wide[o->args[1]];
		while (i >= program->ends[hole])
			hole++;
		to->code = lab->shapes[lab->shape_of[hole]].kernels[o->op][wide[o->args[0]]][wide_b];
		to->params[0] = b->registers[o->args[0]];
		to->params[1] = b->registers[two ? o->args[1] : o->args[2]];
		to->params[2] = own ? b->registers[o->args[2]] : NULL;
		to->results[0] = b->registers[o->out];
		wide[o->out] = search_kernel_is_wide((FeOperator)o->op, wide[o->args[0]], wide_b);
	}
	for (int side = 0; side < 2; side++) {
		point_at_holes(b, lab->turn, program, &b->turn[side]);
		for (int h = 1; h < lab->holes; h++)
			point_at_holes(b, lab->between[h], program, &b->between[side][h]);
	}
	point_at_holes(b, lab->move, program, &b->move);
}

/* The expressions of a step, each on what the step has put before it. */
static void run_operations(const SearchLab *lab, SearchBench *b, int side) {
	const SearchProgram *program = b->program;
	for (int h = 0, i = 0; h < program->holes; h++) {
		if (h > 0)
			rt_call(lab->between[h], b->between[side][h].params, b->between[side][h].results, b->arena);
		for (; i < program->ends[h]; i++)
			rt_call(b->operations[i].code, b->operations[i].params, b->operations[i].results, b->arena);
	}
}

static void write_lanes(const SearchLab *lab, void *to, const double *values) {
	rt_write_reals(lab->task->objective->real, to, 1, values, IR_LANES);
}

static void set_points(const SearchLab *lab, SearchBench *b, const SearchProgram *program, const SearchPoints *points) {
	write_lanes(lab, b->rates, points->rates);
	for (int k = 0; k < program->constants; k++)
		write_lanes(lab, b->registers[SEARCH_CONSTANT_REGISTER + k], points->constants[k]);
	for (int k = 0; k < lab->learned; k++) {
		double trained[IR_LANES];
		for (int lane = 0; lane < IR_LANES; lane++)
			trained[lane] = search_learned_trained(lab->limits[k], points->learned[k][lane]);
		write_lanes(lab, (char *)b->theta + (size_t)k * IR_LANES * ir_scalar_bytes(lab->task->rule->real), trained);
	}
}

/* ---- runs ---- */

/* What runs are judged by, in all lanes. */
static void read_scored(const SearchLab *lab, const SearchBench *b, int side, double out[IR_LANES]) {
	int which = b->slot_counts[2] > 0 ? 2 : 1; /* VALID, or F */
	rt_read_reals(lab->task->objective->real, b->slots[side][which][0], 1, out, IR_LANES);
}

static void add_step(FeScore how, const double *f, const double *f0, bool last, double *score) {
	const FeScoreFoldInfo *fold = &fe_score_folds[how.fold];
	const FeScoreMapInfo *map = &fe_score_maps[how.map];
	double values[IR_LANES];
	if (fold->last && !last)
		return;
	for (int lane = 0; lane < IR_LANES; lane++) {
		double value = f[lane];
		values[lane] = map->logarithm ? log(value) : map->relative ? value / f0[lane] : value;
	}
	score_join(how, score, values, IR_LANES);
}

static bool any_below(const double *f, const double *f0) {
	bool below = false;
	for (int lane = 0; lane < IR_LANES; lane++)
		below = below || f[lane] < f0[lane];
	return below;
}

/* The rate whose first step is as large as x, or where x is 0 as a step of 1 in every coordinate; 0: it goes nowhere. Its lanes are all
 * the same where a run begins. */
static double rate_of_size(const SearchLab *lab, SearchBench *b, const ProblemBlock *problem) {
	IrScalar real = lab->task->objective->real;
	size_t size = (size_t)lab->task->objective->size;
	if (rt_call(lab->move, b->move.params, b->move.results, b->arena) != 0)
		return 0;
	double moved = 0, large = 0;
	for (size_t i = 0; i < size; i++) {
		double from, to;
		rt_read_reals(real, (const char *)problem->x0 + i * ir_scalar_bytes(real), 1, &from, 1);
		rt_read_reals(real, (const char *)b->moved + i * IR_LANES * ir_scalar_bytes(real), 1, &to, 1);
		moved += (to - from) * (to - from);
		large += from * from;
	}
	double rate = sqrt((large > 0 ? large : (double)size) / moved);
	return isfinite(rate) && rate > 0 ? rate : 0;
}

static bool ends(const SearchRun *run, SearchEnd end) {
	if (run->end)
		*run->end = end;
	return end == SEARCH_CAME_DOWN;
}

/* No lane has a score. */
static bool gives_up(const SearchRun *run, double *score, SearchEnd end) {
	for (int lane = 0; lane < IR_LANES; lane++)
		score[lane] = (double)INFINITY;
	return ends(run, end);
}

static bool any_finite(const double *values) {
	bool finite = false;
	for (int lane = 0; lane < IR_LANES; lane++)
		finite = finite || isfinite(values[lane]);
	return finite;
}

/* Makes relative rates absolute; false: the first step goes nowhere. */
static bool place_rates(const SearchLab *lab, SearchBench *b, const ProblemBlock *problem, const SearchProgram *program,
                        SearchPoints *points) {
	SearchPoints at_one = *points;
	for (int lane = 0; lane < IR_LANES; lane++)
		at_one.rates[lane] = 1;
	set_points(lab, b, program, &at_one);
	if (rt_call(lab->begin, b->begin.params, b->begin.results, b->arena) != 0)
		return false;
	run_operations(lab, b, 0);
	double rate = rate_of_size(lab, b, problem);
	for (int lane = 0; lane < IR_LANES; lane++)
		points->rates[lane] = search_lab_rate(lab, rate * points->rates[lane]);
	return rate > 0;
}

bool search_run(const SearchLab *lab, SearchBench *b, const ProblemBlock *problem, SearchRun *run, SearchPoints *points,
                double score[IR_LANES]) {
	FeScore how = lab->task->score;
	double f0[IR_LANES], f[IR_LANES];
	bool failed = false;
	point_at(lab, b, problem);
	load(lab, b, run->program);
	b->horizon = run->horizon;
	b->t = 1;
	if (run->relative && !place_rates(lab, b, problem, run->program, points)) {
		read_scored(lab, b, 0, f0);
		return gives_up(run, score, any_finite(f0) ? SEARCH_GOES_NOWHERE : SEARCH_BAD_START);
	}
	set_points(lab, b, run->program, points);
	if (!run->relative || lab->rate_at_start)
		failed = rt_call(lab->begin, b->begin.params, b->begin.results, b->arena) != 0;
	run->relative = false;
	read_scored(lab, b, 0, f0);
	if (failed)
		return gives_up(run, score, SEARCH_BAD_START);
	for (int lane = 0; lane < IR_LANES; lane++)
		score[lane] = score_zero(how);
	b->evaluations += IR_LANES;
	for (int step = 1; step <= run->steps; step++) {
		int side = (step - 1) % 2;
		b->t = step;
		run_operations(lab, b, side);
		failed = rt_call(lab->turn, b->turn[side].params, b->turn[side].results, b->arena) != 0 || failed;
		read_scored(lab, b, 1 - side, f);
		b->evaluations += IR_LANES;
		if (step == run->hopeless && !any_below(f, f0)) {
			run->beyond = search_grid_hopeless(points->rates, f0, f);
			return gives_up(run, score,
			                !any_finite(f0) ? SEARCH_BAD_START
			                : any_finite(f) ? SEARCH_NOT_DOWN
			                                : SEARCH_NOT_FINITE);
		}
		add_step(how, f, f0, step == run->steps, score);
	}
	for (int lane = 0; lane < IR_LANES; lane++) {
		score[lane] = fe_score_folds[how.fold].mean ? score[lane] / run->steps : score[lane];
		if (failed || !isfinite(f[lane]) || isnan(score[lane]))
			score[lane] = (double)INFINITY;
	}
	ends(run, any_finite(score) ? SEARCH_CAME_DOWN : SEARCH_NOT_FINITE);
	return true;
}

/* ---- a run along another one ---- */

static double first_lane(const SearchLab *lab, const void *values, size_t row) {
	IrScalar real = lab->task->objective->real;
	double value;
	rt_read_reals(real, (const char *)values + row * IR_LANES * ir_scalar_bytes(real), 1, &value, 1);
	return value;
}

static void read_operands(const SearchLab *lab, const SearchBench *b, size_t size, double *out) {
	for (uint32_t leaf = 0; leaf < lab->first_operand[1]; leaf++)
		for (size_t i = 0; i < size; i++)
			out[leaf * size + i] = first_lane(lab, b->registers[leaf], lab->wide[leaf] ? i : 0);
}

/* What takes x where the other run went, in all lanes. */
static void write_move(const SearchLab *lab, void *to, const double *x, size_t size) {
	IrScalar real = lab->task->objective->real;
	for (size_t i = 0; i < size; i++) {
		double lanes[IR_LANES];
		for (int lane = 0; lane < IR_LANES; lane++)
			lanes[lane] = x[i] - x[size + i];
		rt_write_reals(real, (char *)to + i * IR_LANES * ir_scalar_bytes(real), 1, lanes, IR_LANES);
	}
}

/* How far it is from there, relative to the step. */
static bool is_there(const SearchLab *lab, const SearchBench *b, int side, const double *x, size_t size) {
	static const double most = 1e-2, rounding = 1e-5;
	double off = 0, moved = 0, large = 0;
	for (size_t i = 0; i < size; i++) {
		double now = first_lane(lab, b->slots[side][0][0], i);
		off += (now - x[size + i]) * (now - x[size + i]);
		moved += (x[size + i] - x[i]) * (x[size + i] - x[i]);
		large += x[i] * x[i];
	}
	return sqrt(off) <= most * sqrt(moved) + rounding * sqrt(large);
}

bool search_follow(const SearchLab *lab, SearchBench *b, const ProblemBlock *problem, SearchFollowed *run) {
	size_t size = (size_t)lab->task->objective->size;
	const SearchProgram program = {.holes = 1, .results = {SEARCH_FIRST_RESULT}};
	SearchPoints points;
	for (int lane = 0; lane < IR_LANES; lane++) {
		points.rates[lane] = 1;
		for (int k = 0; k < lab->learned; k++)
			points.learned[k][lane] = search_learned_natural(lab->limits[k], lab->theta[k]);
	}
	if (search_lab_rows(lab) != (IrDim)size || lab->holes > 1)
		return false;
	point_at(lab, b, problem);
	load(lab, b, &program);
	b->horizon = run->horizon;
	b->t = 1;
	set_points(lab, b, &program, &points);
	bool ok = rt_call(lab->begin, b->begin.params, b->begin.results, b->arena) == 0;
	for (int step = 1; step <= run->steps && ok; step++) {
		int side = (step - 1) % 2;
		const double *x = run->x + (size_t)(step - 1) * size;
		read_operands(lab, b, size, run->operands + (size_t)(step - 1) * SEARCH_MOST_LEAVES * size);
		write_move(lab, b->registers[SEARCH_FIRST_RESULT], x, size);
		b->t = step;
		ok = rt_call(lab->turn, b->turn[side].params, b->turn[side].results, b->arena) == 0 &&
		     is_there(lab, b, 1 - side, x, size);
	}
	b->program = NULL; /* its registers were written by hand */
	return ok;
}

int64_t search_bench_evaluations(const SearchBench *b) {
	return b->evaluations;
}

size_t search_kernel_bytes(const SearchLab *lab) {
	static const size_t small = 4096; /* numbers, and what is aligned */
	return 2 * (size_t)search_lab_rows(lab) * IR_LANES * sizeof(double) + small;
}

double search_bench_bytes(const SearchLab *lab) {
	double registers = (double)((size_t)SEARCH_REGISTERS * (size_t)search_lab_rows(lab) * IR_LANES * sizeof(double));
	return registers + 2 * (double)(run_state_bytes(lab->task) * IR_LANES) + (double)lab->arena_bytes;
}
