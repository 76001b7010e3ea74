/* Candidates with several expressions are told apart by where they take x: SEARCH_TRACE_STEPS steps with gradients that do not depend on x, in f64,
 * in as many situations as there are lanes. Every situation has a scale of its own, as probes have; x begins at random, and the rate is 1.
 *
 * Expressions are run as in probes, by search_apply; the rule's own pieces by compiled code. Arrays are [coordinate][situation]. */
#include "runtime/search/trace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "autodiff/autodiff.h"

enum { ROWS = SEARCH_COORDINATES * IR_LANES, REGISTERS = SEARCH_FIRST_RESULT + SEARCH_MOST_SIZE };

struct SearchTrace {
	FeRule *rule;
	IrModule *module;
	int holes;
	uint32_t first_operand[SEARCH_MOST_HOLES + 1];
	RtCode *init, *pieces[SEARCH_MOST_HOLES], *last; /* operands of each hole; x and states */
	double *theta;
	double (*gradients)[ROWS], (*values)[IR_LANES], start[ROWS]; /* of each step; x */
	int rate;
	bool merge; /* the rate stands in front of a hole, so positive multiples are one */
};

typedef struct Call {
	void **params, **results;
} Call;

struct SearchTraceRun {
	void *arena;
	double *registers[REGISTERS];
	double *x[2], **states[2], *operands[SEARCH_MOST_LEAVES];
	double **hypers;
	int64_t t, horizon, seed, instance;
	double g[ROWS], f[IR_LANES];
	Call init, pieces[2][SEARCH_MOST_HOLES], last[2];
	double path[SEARCH_TRACE_STEPS * ROWS];
};

/* ---- what is compiled ---- */

static IrFunc *in_lanes(IrModule *module, IrFunc *func) {
	bool *varying = ARENA_ARRAY(module->arena, bool, func->params.count + 1);
	bool *all = ARENA_ARRAY(module->arena, bool, func->results.count + 1);
	for (uint32_t i = 0; i < func->params.count; i++) {
		IrRole role = func->params.data[i].role;
		varying[i] = role == IR_ROLE_X || role == IR_ROLE_G || role == IR_ROLE_F || role == IR_ROLE_STATE ||
		             role == IR_ROLE_HOLE;
	}
	for (uint32_t i = 0; i < func->results.count; i++)
		all[i] = true;
	return ad_batch(module, func, "trace", varying, all);
}

/* The step with the operands of one hole as results, or (hole < 0) with all but operands. */
static RtCode *piece(Rt *rt, const SearchTrace *trace, int hole) {
	IrFunc *func = ir_func_copy(trace->module, trace->rule->step, "trace_piece");
	uint32_t kept = 0, operand = 0;
	for (uint32_t i = 0; i < func->results.count; i++) {
		bool is_operand = func->results.data[i].role == IR_ROLE_OPERAND;
		bool own = is_operand && hole >= 0 && operand >= trace->first_operand[hole] &&
		           operand < trace->first_operand[hole + 1];
		operand += is_operand;
		if (own || (!is_operand && hole < 0))
			func->results.data[kept++] = func->results.data[i];
	}
	func->results.count = kept;
	return rt_compile(rt, trace->module, in_lanes(trace->module, func));
}

static bool compile(Rt *rt, SearchTrace *trace) {
	IrFunc *init = ir_func_copy(trace->module, trace->rule->init, "trace_init");
	trace->init = rt_compile(rt, trace->module, in_lanes(trace->module, init));
	bool ok = trace->init != NULL;
	for (int h = 0; h < trace->holes && ok; h++)
		ok = (trace->pieces[h] = piece(rt, trace, h)) != NULL;
	return ok && (trace->last = piece(rt, trace, -1)) != NULL;
}

/* ---- what is drawn ---- */

static double normal(uint64_t what, uint64_t step, uint64_t row) {
	static const double turn = 6.283185307179586;
	const uint64_t key[2] = {UINT64_C(0x7472616365), what}; /* "trace" */
	uint64_t bits[2];
	random_threefry(key, (const uint64_t[]){step, row}, bits);
	double u = ((double)(bits[0] >> 11) + 1) / 9007199254740992.0, v = (double)(bits[1] >> 11) / 9007199254740992.0;
	return sqrt(-2 * log(u)) * cos(turn * v);
}

static void draw(SearchTrace *trace, Arena *arena) {
	enum { SCALE, GRADIENT, VALUE, START };
	trace->gradients = arena_alloc(arena, sizeof *trace->gradients * SEARCH_TRACE_STEPS);
	trace->values = arena_alloc(arena, sizeof *trace->values * SEARCH_TRACE_STEPS);
	for (uint64_t row = 0; row < ROWS; row++)
		trace->start[row] = normal(START, 0, row);
	for (uint64_t step = 0; step < SEARCH_TRACE_STEPS; step++) {
		for (uint64_t row = 0; row < ROWS; row++) {
			uint64_t lane = row % IR_LANES;
			double scale = exp(normal(SCALE, 0, lane));
			trace->gradients[step][row] = scale * normal(GRADIENT, step, row);
			trace->values[step][lane] = scale * fabs(normal(VALUE, step, lane));
		}
	}
}

SearchTrace *search_trace_new(Rt *rt, const FeCall *call, int rate, Arena *arena) {
	static const int64_t coordinates = SEARCH_COORDINATES;
	SearchTrace *trace = ARENA_NEW(arena, SearchTrace);
	*trace = (SearchTrace){.module = ir_module_new(rt->session), .rate = rate};
	FeTarget target = {.sizes = &coordinates, .count = 1};
	trace->rule = fe_rule_open(rt->program, trace->module, call, &target, IR_F64);
	bool ok = trace->rule != NULL;
	for (const FeHole *hole = ok ? trace->rule->hole : NULL; hole; hole = hole->next) {
		trace->first_operand[trace->holes + 1] = trace->first_operand[trace->holes] + hole->operands.count;
		trace->holes++;
		trace->merge = trace->merge || hole->rate_in_front;
	}
	if (ok && learned_count(trace->rule) > 0) {
		trace->theta = learned_new(rt, trace->rule, arena);
		ok = trace->theta && learned_start(rt, trace->rule, rt->options.seed, trace->theta);
	}
	if (ok && compile(rt, trace)) {
		draw(trace, arena);
		return trace;
	}
	search_trace_free(trace);
	return NULL;
}

void search_trace_free(SearchTrace *trace) {
	if (!trace)
		return;
	rt_code_free(trace->init);
	rt_code_free(trace->last);
	for (int h = 0; h < SEARCH_MOST_HOLES; h++)
		rt_code_free(trace->pieces[h]);
	ir_module_free(trace->module);
}

/* ---- what a thread has ---- */

static double *lanes_of(const IrFunc *func, IrValue value, Arena *arena) {
	IrType type = ir_type(func, value);
	return rt_aligned(arena, (size_t)ir_type_elements(type, NULL) * sizeof(double) * (type.lanes ? 1 : IR_LANES));
}

static void take(const RtCode *code, const IrByRole *given, const IrByRole *places, Arena *arena, Call *out) {
	uint32_t params = code->func->params.count, results = code->func->results.count;
	out->params = ARENA_ARRAY(arena, void *, params + 1);
	out->results = ARENA_ARRAY(arena, void *, results + 1);
	ir_take_addresses(code->func, code->param_order, params, given, out->params);
	ir_take_addresses(code->func, code->result_order, results, places, out->results);
}

static void point(const SearchTrace *trace, SearchTraceRun *run, Arena *arena) {
	uint32_t states = trace->rule->init->results.count;
	double *const *holes = run->registers; /* each program has its own */
	double *gradient = run->g, *value = run->f;
	for (int side = 0; side < 2; side++) {
		IrByRole given, places, operands;
		ir_by_role(&given);
		ir_by_role(&places);
		ir_by_role(&operands);
		ir_give(&given, IR_ROLE_X, &run->x[side], 1);
		ir_give(&given, IR_ROLE_G, &gradient, 1);
		ir_give(&given, IR_ROLE_F, &value, 1);
		ir_give(&given, IR_ROLE_STATE, run->states[side], states);
		ir_give(&given, IR_ROLE_HYPER, run->hypers, trace->rule->hypers.count);
		ir_give(&given, IR_ROLE_THETA, &trace->theta, 1);
		ir_give(&given, IR_ROLE_HOLE, holes, (uint32_t)trace->holes);
		ir_give_addresses(&given, IR_ROLE_T, &run->t, sizeof run->t, 1);
		ir_give_addresses(&given, IR_ROLE_HORIZON, &run->horizon, sizeof run->horizon, 1);
		ir_give_addresses(&given, IR_ROLE_SEED, &run->seed, sizeof run->seed, 1);
		ir_give_addresses(&given, IR_ROLE_INSTANCE, &run->instance, sizeof run->instance, 1);
		ir_give(&operands, IR_ROLE_OPERAND, run->operands, SEARCH_MOST_LEAVES);
		for (int h = 0; h < trace->holes; h++)
			take(trace->pieces[h], &given, &operands, arena, &run->pieces[side][h]);
		ir_give(&places, IR_ROLE_X, &run->x[1 - side], 1);
		ir_give(&places, IR_ROLE_STATE, run->states[1 - side], states);
		take(trace->last, &given, &places, arena, &run->last[side]);
		if (side == 1) { /* its states go to side 0 */
			ir_give(&given, IR_ROLE_X, &run->x[0], 1);
			take(trace->init, &given, &places, arena, &run->init);
		}
	}
}

SearchTraceRun *search_trace_run_new(const SearchTrace *trace, Arena *arena) {
	SearchTraceRun *run = ARENA_NEW(arena, SearchTraceRun);
	const FeRule *rule = trace->rule;
	const IrFunc *init = trace->init->func;
	size_t bytes = trace->init->arena_bytes;
	*run = (SearchTraceRun){.horizon = SEARCH_TRACE_STEPS + 3};
	for (int h = 0; h <= trace->holes; h++) {
		const RtCode *code = h < trace->holes ? trace->pieces[h] : trace->last;
		bytes = code->arena_bytes > bytes ? code->arena_bytes : bytes;
	}
	run->arena = rt_aligned(arena, bytes);
	for (int i = 0; i < REGISTERS; i++)
		run->registers[i] = rt_aligned(arena, sizeof(double) * ROWS);
	for (int i = 0; i < SEARCH_MOST_LEAVES; i++)
		run->operands[i] = rt_aligned(arena, sizeof(double) * ROWS);
	for (int side = 0; side < 2; side++) {
		run->x[side] = rt_aligned(arena, sizeof(double) * ROWS);
		run->states[side] = ARENA_ARRAY(arena, double *, init->results.count + 1);
		for (uint32_t i = 0; i < init->results.count; i++)
			run->states[side][i] = lanes_of(init, init->results.data[i].value, arena);
	}
	run->hypers = ARENA_ARRAY(arena, double *, rule->hypers.count + 1);
	for (uint32_t i = 0; i < rule->hypers.count; i++) {
		run->hypers[i] = rt_aligned(arena, sizeof(double));
		*run->hypers[i] = (int)i == trace->rate ? 1 : rule->hypers.data[i].value;
	}
	point(trace, run, arena);
	return run;
}

/* ---- runs ---- */

/* Operands into their registers, numbers at every coordinate. */
static void spread_operands(const SearchTrace *trace, SearchTraceRun *run, int hole) {
	const IrFunc *func = trace->pieces[hole]->func;
	IrRange range = ir_results_of(func, IR_ROLE_OPERAND);
	for (uint32_t i = 0; i < range.count; i++) {
		bool wide = ir_type(func, func->results.data[range.first + i].value).rank > 0;
		double *to = run->registers[hole * SEARCH_MOST_LEAVES + (int)i];
		for (int c = 0; c < SEARCH_COORDINATES; c++)
			memcpy(to + c * IR_LANES, run->operands[i] + (wide ? c * IR_LANES : 0), sizeof(double) * IR_LANES);
	}
}

/* sqrt(mean(a^2)) of every situation, at all of its coordinates. */
static void apply_rms(const double *a, double *out) {
	for (int lane = 0; lane < IR_LANES; lane++) {
		double sum = 0;
		for (int c = 0; c < SEARCH_COORDINATES; c++)
			sum += a[c * IR_LANES + lane] * a[c * IR_LANES + lane];
		for (int c = 0; c < SEARCH_COORDINATES; c++)
			out[c * IR_LANES + lane] = sqrt(sum / (double)SEARCH_COORDINATES);
	}
}

static void apply(SearchTraceRun *run, const SearchProbes *probes, const struct SearchOperation *o) {
	const double *operands[3] = {run->registers[o->args[0]], run->registers[o->args[1]], run->registers[o->args[2]]};
	double *out = run->registers[o->out];
	if (fe_operators[o->op].body)
		search_apply(&probes->meanings, (FeOperator)o->op, operands, ROWS, SEARCH_COORDINATES, out);
	else
		apply_rms(operands[0], out);
}

static bool run_step(const SearchTrace *trace, SearchTraceRun *run, const SearchProbes *probes,
                     const SearchProgram *program, int side) {
	for (int h = 0, i = 0; h < program->holes; h++) {
		const Call *piece = &run->pieces[side][h];
		if (rt_call(trace->pieces[h], piece->params, piece->results, run->arena) != 0)
			return false;
		spread_operands(trace, run, h);
		for (; i < program->ends[h]; i++)
			apply(run, probes, &program->operations[i]);
	}
	return rt_call(trace->last, run->last[side].params, run->last[side].results, run->arena) == 0;
}

static void point_at_holes(const SearchTrace *trace, SearchTraceRun *run, const SearchProgram *program) {
	for (int side = 0; side < 2; side++) {
		for (int p = 0; p <= trace->holes; p++) {
			const RtCode *code = p < trace->holes ? trace->pieces[p] : trace->last;
			Call *call = p < trace->holes ? &run->pieces[side][p] : &run->last[side];
			uint32_t first = ir_params_of(code->func, IR_ROLE_HOLE).first;
			for (int h = 0; h < trace->holes; h++)
				call->params[first + (uint32_t)h] = run->registers[program->results[h]];
		}
	}
}

uint64_t search_trace_hash(const SearchTrace *trace, SearchTraceRun *run, const SearchProbes *probes,
                           const SearchProgram *program) {
	point_at_holes(trace, run, program);
	for (int k = 0; k < program->constants; k++)
		memcpy(run->registers[SEARCH_CONSTANT_REGISTER + k], search_constant_values(probes, k), sizeof(double) * ROWS);
	memcpy(run->x[0], trace->start, sizeof trace->start);
	if (rt_call(trace->init, run->init.params, run->init.results, run->arena) != 0)
		return 0;
	for (int step = 0; step < SEARCH_TRACE_STEPS; step++) {
		int side = step % 2;
		run->t = step + 1;
		memcpy(run->g, trace->gradients[step], sizeof run->g);
		memcpy(run->f, trace->values[step], sizeof run->f);
		if (!run_step(trace, run, probes, program, side))
			return 0;
		for (int row = 0; row < ROWS; row++)
			run->path[step * ROWS + row] = run->x[1 - side][row] - run->x[side][row];
	}
	return search_hash_values(run->path, SEARCH_TRACE_STEPS * ROWS, trace->merge);
}
