/* The numbers that an emitted rule is tested against: the evaluator's, on the very functions that are printed as C. The
 * test's own arithmetic (templates/rule_test.c.in) is repeated here operation by operation. */
#include <math.h>
#include <string.h>

#include "ir/eval/eval.h"
#include "ir/pass/pass.h"
#include "runtime/emit/emit_rule.h"

typedef struct GoldenRun {
	const RulePack *r;
	IrFunc *init, *step, *next, **shares; /* of primitive operations */
	IrFunc *value, *draw;                 /* of a rule for one objective: f, g; and its batch, or NULL */
	IrTensor *x, *g;                      /* per unit: a tensor, or all of them as one vector */
	IrTensor **states;                    /* per unit and state */
	IrTensor *hypers, theta;
	uint32_t units;
	bool narrow;
	double *sums;  /* per collective */
	int64_t asked; /* evaluations elsewhere so far */
	bool lost;     /* the objective of `on` had no answer: reported */
	Arena *arena;
} GoldenRun;

static double rounded(const GoldenRun *run, double value) {
	return run->narrow ? (double)(float)value : value;
}

static IrTensor vector(const GoldenRun *run, int64_t count) {
	IrDim n = count;
	return ir_tensor_new(run->arena, ir_tensor_type(run->r->pack->real, 1, &n), NULL);
}

static IrTensor real(const GoldenRun *run, double value) {
	IrTensor tensor = ir_tensor_new(run->arena, ir_scalar_type(run->r->pack->real), NULL);
	tensor.reals[0] = rounded(run, value);
	return tensor;
}

static IrTensor integer(const GoldenRun *run, int64_t value) {
	IrTensor tensor = ir_tensor_new(run->arena, ir_scalar_type(IR_I64), NULL);
	tensor.integers[0] = value;
	return tensor;
}

/* The data of the objective that the rule is for. */
static void give_data(const GoldenRun *run, IrByRole *given) {
	const ObjectivePack *on = run->r->on;
	if (!on)
		return;
	ir_give(given, IR_ROLE_DATA, on->data, on->objective->data.count);
	ir_give(given, IR_ROLE_FIXED, on->fixed, on->objective->fixed.count);
	ir_give(given, IR_ROLE_BATCH, on->batch.drawn, on->objective->batch.slots.count);
}

/* What init and step take alike. */
static void give_constants(GoldenRun *run, uint32_t unit, IrByRole *given) {
	ir_give(given, IR_ROLE_X, &run->x[unit], 1);
	ir_give(given, IR_ROLE_HYPER, run->hypers, run->r->rule->hypers.count);
	ir_give(given, IR_ROLE_THETA, &run->theta, 1);
}

static void make_constants(GoldenRun *run) {
	const FeRule *rule = run->r->rule;
	run->hypers = ARENA_ARRAY(run->arena, IrTensor, rule->hypers.count + 1);
	for (uint32_t i = 0; i < rule->hypers.count; i++)
		run->hypers[i] = real(run, rule->hypers.data[i].value);
	run->theta = vector(run, rule->learned_count);
	for (int64_t i = 0; i < rule->learned_count; i++)
		run->theta.reals[i] = rounded(run, run->r->theta[i]);
}

/* Coordinate k of tensor i: a multiple of 1/16 from -2 to 2. */
static double number(size_t i, size_t k, size_t by_k, size_t by_i) {
	return (double)((k * by_k + i * by_i + 3) % 64) / 16 - 2;
}

/* Adds the loss of tensor i at x, and writes its gradient. */
static void add_bowl(const GoldenRun *run, size_t i, const double *x, double *loss, double *gradient) {
	for (size_t k = 0; k < run->r->tensors[i]; k++) {
		double d = rounded(run, x[k] - number(i, k, 23, 5));
		double scale = (double)(1 + k % 4) / 4;
		gradient[k] = rounded(run, scale * d);
		*loss = rounded(run, *loss + rounded(run, d * gradient[k]));
	}
}

/* What a step asks for elsewhere: the tensors lie one behind the other. */
static void ask(void *context, const IrTensor *at, double *f, IrTensor *g) {
	GoldenRun *run = context;
	size_t begin = 0;
	*f = 0;
	for (size_t i = 0; i < run->r->tensor_count; begin += run->r->tensors[i++])
		add_bowl(run, i, at->reals + begin, f, g->reals + begin);
	run->asked++;
}

static bool call(GoldenRun *run, const IrFunc *func, const IrByRole *given, IrTensor *results) {
	IrTensor *args = ARENA_ARRAY(run->arena, IrTensor, func->params.count + 1);
	ir_arguments(func, given, sizeof *args, args);
	Span where = {0};
	const char *error = ir_evaluate_with(func, run->arena, args, results, &where, ask, run);
	if (error)
		diag_error(run->r->pack->session, 802, where, "%s", error);
	return !error;
}

static bool call_step(GoldenRun *run, const IrFunc *func, uint32_t unit, double loss, int64_t t, IrTensor *results) {
	const FeRule *rule = run->r->rule;
	IrTensor f = real(run, loss), step = integer(run, t), horizon = integer(run, GOLDEN_STEPS);
	IrTensor seed = integer(run, (int64_t)run->r->pack->rt->options.seed), instance = integer(run, 0);
	IrTensor first = integer(run, 0), tensor = integer(run, unit);
	for (uint32_t i = 0; i < unit; i++)
		first.integers[0] += (int64_t)run->r->tensors[i];
	IrTensor *sums = ARENA_ARRAY(run->arena, IrTensor, rule->collectives + 1);
	for (uint32_t i = 0; i < rule->collectives; i++)
		sums[i] = real(run, run->sums[i]);
	IrByRole given;
	ir_by_role(&given);
	give_constants(run, unit, &given);
	ir_give(&given, IR_ROLE_G, &run->g[unit], 1);
	ir_give(&given, IR_ROLE_F, &f, 1);
	ir_give(&given, IR_ROLE_T, &step, 1);
	ir_give(&given, IR_ROLE_HORIZON, &horizon, 1);
	ir_give(&given, IR_ROLE_SEED, &seed, 1);
	ir_give(&given, IR_ROLE_INSTANCE, &instance, 1);
	ir_give(&given, IR_ROLE_FIRST, &first, 1);
	ir_give(&given, IR_ROLE_TENSOR, &tensor, 1);
	ir_give(&given, IR_ROLE_STATE, run->states[unit], rule->states.count);
	ir_give(&given, IR_ROLE_SUM, sums, rule->collectives);
	give_data(run, &given);
	return call(run, func, &given, results);
}

static bool one_step(GoldenRun *run, double loss, int64_t t) {
	const FeRule *rule = run->r->rule;
	IrTensor *results = ARENA_ARRAY(run->arena, IrTensor, rule->states.count + 2);
	for (uint32_t k = 0; k < rule->collectives; k++) {
		bool largest = rule->largest.data[k];
		run->sums[k] = largest ? -INFINITY : 0;
		for (uint32_t i = 0; i < run->units; i++) {
			if (!call_step(run, run->shares[k], i, loss, t, results))
				return false;
			double share = results[0].reals[0];
			if (!largest)
				run->sums[k] = rounded(run, run->sums[k] + share);
			else if (share > run->sums[k] || isnan(share))
				run->sums[k] = share;
		}
	}
	for (uint32_t i = 0; i < run->units; i++) {
		if (!call_step(run, run->step, i, loss, t, results))
			return false;
		run->x[i] = results[ir_result_at(run->step, IR_ROLE_X)];
		IrRange states = ir_results_of(run->step, IR_ROLE_STATE);
		memcpy(run->states[i], results + states.first, sizeof *results * states.count);
	}
	return true;
}

/* The batch of a step, for all that is asked of the objective there. */
static bool draw_batch(GoldenRun *run, int64_t step) {
	const ObjectivePack *on = run->r->on;
	if (!run->draw)
		return true;
	IrTensor number = integer(run, step), seed = integer(run, (int64_t)run->r->pack->rt->options.seed);
	IrTensor instance = integer(run, 0);
	IrByRole given;
	ir_by_role(&given);
	give_data(run, &given);
	ir_give(&given, IR_ROLE_SEED, &seed, 1);
	ir_give(&given, IR_ROLE_INSTANCE, &instance, 1);
	ir_give(&given, IR_ROLE_STEP, &number, 1);
	ir_give(&given, IR_ROLE_X, &run->x[0], 1);
	return call(run, run->draw, &given, on->batch.drawn);
}

/* The same of a rule for one objective, whose step has it in it. NaN with a diagnostic. */
static double problem_on(GoldenRun *run, int64_t step) {
	const ObjectivePack *on = run->r->on;
	IrTensor results[2];
	IrByRole given;
	ir_by_role(&given);
	ir_give(&given, IR_ROLE_X, &run->x[0], 1);
	bool drawn = draw_batch(run, step);
	give_data(run, &given);
	if (!drawn || !call(run, run->value, &given, results)) {
		run->lost = true;
		return NAN;
	}
	memcpy(run->g[0].reals, results[ir_result_at(on->gradient, IR_ROLE_G)].reals,
	       sizeof(double) * (size_t)on->objective->size);
	return results[ir_result_at(on->gradient, IR_ROLE_F)].reals[0];
}

/* Gradients into run->g; returns the loss. */
static double problem(GoldenRun *run, int64_t step) {
	double loss = 0;
	if (run->r->on)
		return problem_on(run, step);
	size_t begin = 0;
	for (size_t i = 0; i < run->r->tensor_count; i++) {
		size_t unit = run->r->joint ? 0 : i;
		add_bowl(run, i, run->x[unit].reals + begin, &loss, run->g[unit].reals + begin);
		begin += run->r->joint ? run->r->tensors[i] : 0;
	}
	return loss;
}

static void copy_out(const GoldenRun *run, double *to) {
	for (uint32_t i = 0; i < run->units; i++) {
		int64_t count = ir_type_elements(run->x[i].type, NULL);
		memcpy(to, run->x[i].reals, sizeof *to * (size_t)count);
		to += count;
	}
}

static bool begin(GoldenRun *run) {
	const RulePack *r = run->r;
	const FeRule *rule = r->rule;
	size_t total = 0, unit = 0, at = 0;
	for (size_t i = 0; i < run->r->tensor_count; i++)
		total += run->r->tensors[i];
	run->units = r->joint ? 1 : r->tensor_count;
	make_constants(run);
	run->x = ARENA_ARRAY(run->arena, IrTensor, run->units);
	run->g = ARENA_ARRAY(run->arena, IrTensor, run->units);
	run->states = ARENA_ARRAY(run->arena, IrTensor *, run->units);
	for (uint32_t i = 0; i < run->units; i++) {
		run->x[i] = vector(run, (int64_t)(r->joint ? total : r->tensors[i]));
		run->g[i] = vector(run, (int64_t)(r->joint ? total : r->tensors[i]));
		run->states[i] = ARENA_ARRAY(run->arena, IrTensor, rule->states.count + 1);
	}
	for (size_t i = 0; i < run->r->tensor_count; i++) {
		for (size_t k = 0; k < run->r->tensors[i]; k++, at++)
			run->x[unit].reals[at] = number(i, k, 37, 11);
		if (!r->joint) {
			unit++;
			at = 0;
		}
	}
	if (r->on)
		memcpy(run->x[0].reals, r->on->start.reals, sizeof(double) * total);
	for (uint32_t i = 0; run->init && i < run->units; i++) {
		IrByRole given;
		ir_by_role(&given);
		give_constants(run, i, &given);
		if (!call(run, run->init, &given, run->states[i]))
			return false;
	}
	return true;
}

/* How often a run asks in which every step hands on to the next. */
static bool count_on(GoldenRun *run, int64_t *asked) {
	if (!run->next || !begin(run))
		return !run->next;
	double loss = problem(run, 1);
	run->asked = 0;
	IrTensor *results = ARENA_ARRAY(run->arena, IrTensor, run->next->results.count);
	for (int step = 1; step <= GOLDEN_STEPS; step++) {
		if (!call_step(run, run->next, 0, loss, step, results))
			return false;
		IrRange states = ir_results_of(run->next, IR_ROLE_STATE), g = ir_results_of(run->next, IR_ROLE_G);
		run->x[0] = results[ir_result_at(run->next, IR_ROLE_X)];
		run->g[0] = g.count ? results[g.first] : run->g[0];
		loss = results[ir_result_at(run->next, IR_ROLE_F)].reals[0];
		memcpy(run->states[0], results + states.first, sizeof *results * states.count);
	}
	*asked = run->asked;
	return true;
}

bool pack_rule_golden(RulePack *r, Golden *out) {
	IrModule *module = r->rule->module;
	GoldenRun run = {.r = r, .arena = r->pack->arena, .narrow = r->pack->real == IR_F32};
	run.init = r->init ? ir_expand_math(module, r->init, false) : NULL;
	run.step = ir_expand_math(module, r->step, false);
	run.next = r->next ? ir_expand_math(module, r->next, false) : NULL;
	run.value = r->on ? ir_expand_math(module, r->on->gradient, false) : NULL;
	run.draw = r->on && r->on->batch.draw ? ir_expand_math(module, r->on->batch.draw, false) : NULL;
	run.shares = ARENA_ARRAY(run.arena, IrFunc *, r->rule->collectives + 1);
	run.sums = ARENA_ARRAY(run.arena, double, r->rule->collectives + 1);
	for (uint32_t i = 0; i < r->rule->collectives; i++)
		run.shares[i] = ir_expand_math(module, r->shares[i], false);
	*out = (Golden){.total = 0};
	for (size_t i = 0; i < r->tensor_count; i++)
		out->total += (int64_t)r->tensors[i];
	double bytes =
		rt_evaluation_bytes(run.step, out->total) + (run.init ? rt_evaluation_bytes(run.init, out->total) : 0);
	if (!rt_memory_allows(r->pack->rt, bytes, "the self-test of this rule"))
		return false;
	out->first = ARENA_ARRAY(run.arena, double, out->total);
	out->last = ARENA_ARRAY(run.arena, double, out->total);
	out->losses = ARENA_ARRAY(run.arena, double, GOLDEN_STEPS + 1);
	if (!begin(&run))
		return false;
	for (int step = 1; step <= GOLDEN_STEPS; step++) {
		out->losses[step - 1] = problem(&run, step);
		if (!one_step(&run, out->losses[step - 1], step))
			return false;
		copy_out(&run, step == 1 ? out->first : out->last);
	}
	out->losses[GOLDEN_STEPS] = problem(&run, GOLDEN_STEPS + 1);
	out->asked = run.asked;
	return !run.lost && count_on(&run, &out->asked_on);
}
