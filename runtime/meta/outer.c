/* The outer optimizer: init and step of a rule on theta. */
#include <string.h>

#include "ir/pass/pass.h"
#include "runtime/meta/outer.h"

/* What init and step take alike. */
static void outer_give(const Outer *outer, IrByRole *given) {
	ir_give(given, IR_ROLE_X, &outer->x, 1);
	ir_give_addresses(given, IR_ROLE_HYPER, outer->hypers, sizeof *outer->hypers, outer->rule->hypers.count);
	ir_give(given, IR_ROLE_THETA, &outer->learned, 1);
}

/* States as they start. */
static bool outer_init(Rt *rt, Outer *outer, Arena *arena) {
	const IrFunc *init = outer->rule->init;
	IrRange states = ir_results_of(outer->step->func, IR_ROLE_STATE);
	outer->state_count = states.count;
	outer->states = ARENA_ARRAY(arena, void *, states.count + 1);
	outer->spare = ARENA_ARRAY(arena, void *, states.count + 1);
	double **starts = ARENA_ARRAY(arena, double *, states.count + 1);
	for (uint32_t i = 0; i < states.count; i++) {
		size_t bytes = outer->step->result_bytes[states.first + i];
		outer->states[i] = rt_aligned(arena, bytes);
		outer->spare[i] = rt_aligned(arena, bytes);
		starts[i] = ARENA_ARRAY(arena, double, bytes + 1);
	}
	IrByRole given;
	ir_by_role(&given);
	outer_give(outer, &given);
	if (!rt_evaluate_once(rt, init, &given, starts))
		return false;
	for (uint32_t i = 0; i < states.count; i++) {
		IrType type = ir_type(init, init->results.data[i].value);
		rt_write_reals(type.scalar, outer->states[i], 1, starts[i], (size_t)ir_type_elements(type, NULL));
	}
	return true;
}

bool meta_outer_start(Rt *rt, Outer *outer, const FeCall *call, int64_t count, const double *theta, int steps,
                      uint64_t seed, Arena *arena) {
	outer->module = ir_module_new(rt->session);
	FeTarget target = {.sizes = &count, .count = 1};
	outer->rule = fe_rule(rt->program, outer->module, call, &target, IR_F64, NULL, 0);
	if (!outer->rule)
		return false;
	const FeRule *rule = outer->rule;
	if (!fe_updates(rt->session, rule, call->span))
		return false;
	const IrPipeline pipeline = rt->options.pipeline;
	outer->step = rt_compile(rt, outer->module, ir_optimize(outer->module, rule->step, &pipeline));
	if (!outer->step)
		return false;
	outer->x = rt_aligned(arena, 8 * (size_t)count);
	outer->moved = rt_aligned(arena, 8 * (size_t)count);
	outer->g = rt_aligned(arena, 8 * (size_t)count);
	outer->arena = rt_aligned(arena, outer->step->arena_bytes);
	outer->pointers = ARENA_ARRAY(arena, void *, rule->step->params.count + rule->step->results.count);
	outer->hypers = ARENA_ARRAY(arena, double, rule->hypers.count + 1);
	outer->learned = ARENA_ARRAY(arena, double, rule->learned_count + 1);
	outer->horizon = steps;
	outer->seed = (int64_t)seed;
	outer->instance = -1; /* no problem's */
	for (uint32_t i = 0; i < rule->hypers.count; i++)
		outer->hypers[i] = rule->hypers.data[i].value;
	memcpy(outer->x, theta, sizeof *theta * (size_t)count);
	return learned_start(rt, rule, rt->options.seed, outer->learned) && outer_init(rt, outer, arena);
}

void meta_outer_step(Outer *outer, const double *gradient, double score, int64_t count, double *theta) {
	memcpy(outer->x, theta, sizeof *theta * (size_t)count);
	memcpy(outer->g, gradient, sizeof *gradient * (size_t)count);
	outer->f = score;
	outer->t++;
	IrByRole given, places;
	ir_by_role(&given);
	ir_by_role(&places);
	outer_give(outer, &given);
	ir_give(&given, IR_ROLE_G, &outer->g, 1);
	ir_give_addresses(&given, IR_ROLE_F, &outer->f, sizeof outer->f, 1);
	ir_give_addresses(&given, IR_ROLE_T, &outer->t, sizeof outer->t, 1);
	ir_give_addresses(&given, IR_ROLE_HORIZON, &outer->horizon, sizeof outer->horizon, 1);
	ir_give_addresses(&given, IR_ROLE_SEED, &outer->seed, sizeof outer->seed, 1);
	ir_give_addresses(&given, IR_ROLE_INSTANCE, &outer->instance, sizeof outer->instance, 1);
	ir_give(&given, IR_ROLE_STATE, outer->states, outer->state_count);
	ir_give(&places, IR_ROLE_X, &outer->moved, 1);
	ir_give(&places, IR_ROLE_STATE, outer->spare, outer->state_count);
	rt_call_by_role(outer->step, &given, &places, outer->pointers, outer->arena);
	memcpy(theta, outer->moved, sizeof *theta * (size_t)count);
	void **used = outer->states;
	outer->states = outer->spare;
	outer->spare = used;
}

void meta_outer_visit(Outer *outer, TrainVisit *visit, void *user) {
	const IrFunc *step = outer->step->func;
	IrRange states = ir_results_of(step, IR_ROLE_STATE);
	visit(user, &(TrainPiece){"outer.t", IR_I64, &outer->t, 1});
	visit(user, &(TrainPiece){"outer.seed", IR_I64, &outer->seed, 1});
	for (uint32_t i = 0; i < states.count; i++) {
		IrType type = ir_type(step, step->results.data[states.first + i].value);
		visit(user, &(TrainPiece){"outer.state", type.scalar, outer->states[i], (size_t)ir_type_elements(type, NULL)});
	}
}

void meta_outer_free(Outer *outer) {
	rt_code_free(outer->step);
	if (outer->module)
		ir_module_free(outer->module);
}
