/* The code of a task, made when it is first needed: the functions of unroll.c, batched over 16 lanes unless
 * blocks are single problems, and compiled. */
#include <string.h>

#include "runtime/runtime.h"

/* Longer runs go through several calls, so that they can be interrupted and their curves stay small. */
enum { MAX_SEGMENT = 256 };

/* Parameters from `shared_from` on are the same for the 16 lanes, but for `f0` (0: none), and with particles in the lanes
 * theta and, in a segment, how far a run is. */
static RtCode *compile_block(RtTask *task, IrFunc *func, const char *name, uint32_t shared_from, uint32_t f0,
                             RtTheta variant) {
	if (task->lanes == 1) {
		return rt_compile(task->rt, task->module, func);
	}
	double started = rt_seconds();
	Arena *arena = task->module->arena;
	bool *varying = ARENA_ARRAY(arena, bool, func->params.count + 1);
	bool *force = ARENA_ARRAY(arena, bool, func->results.count + 1);
	memset(force, true, func->results.count);
	memset(varying, true, shared_from);
	if (f0 > 0) {
		varying[f0] = true;
		varying[f0 - 1] = varying[f0 - 3] = variant == RT_PER_LANE; /* horizon, t0 */
	}
	if (variant == RT_PER_LANE && task->rule->learned_count > 0) {
		varying[func->params.count - 1] = true;
	}
	func = ad_batch(task->module, func, name, varying, force);
	task->rt->compile_seconds += rt_seconds() - started;
	return rt_compile(task->rt, task->module, func);
}

bool rt_need_forward(RtTask *task, int steps, RtTheta variant) {
	if (task->segment_steps == 0) {
		task->segment_steps = steps < 1 ? 1 : steps < MAX_SEGMENT ? steps : MAX_SEGMENT;
	}
	uint32_t fixed_count = task->evaluate->params.count - 1;
	if (!task->begin[variant]) {
		double started = rt_seconds();
		IrFunc *begin = rt_build_begin(task);
		task->rt->compile_seconds += rt_seconds() - started;
		task->begin[variant] = compile_block(task, begin, "begin_batch", fixed_count + 1, 0, variant);
	}
	if (task->begin[variant] && !task->segment[variant]) {
		double started = rt_seconds();
		IrFunc *segment = rt_build_segment(task, task->segment_steps, true);
		task->rt->compile_seconds += rt_seconds() - started;
		uint32_t states = 1 + task->evaluate->results.count + task->rule->init->results.count;
		uint32_t t0 = fixed_count + states;
		task->segment[variant] = compile_block(task, segment, "segment_batch", t0, t0 + 3, variant);
	}
	return task->begin[variant] && task->segment[variant];
}

bool rt_need_gradient(RtTask *task, int window, int steps, bool fixed) {
	if (task->gradient && task->gradient_window == window && task->gradient_steps == steps &&
	    task->gradient_fixed == fixed) {
		return true;
	}
	rt_code_free(task->gradient);
	double started = rt_seconds();
	IrFunc *func = rt_build_gradient(task, window, steps, fixed);
	task->rt->compile_seconds += rt_seconds() - started;
	task->gradient = compile_block(task, func, "meta_gradient_batch", task->evaluate->params.count, 0, RT_SHARED);
	task->gradient_window = window;
	task->gradient_steps = steps;
	task->gradient_fixed = fixed;
	return task->gradient != NULL;
}

bool rt_need_tangent(RtTask *task, int window, int steps) {
	if (task->tangent && task->tangent_window == window && task->tangent_steps == steps) {
		return true;
	}
	rt_code_free(task->tangent);
	double started = rt_seconds();
	IrFunc *func = rt_build_tangent(task, window, steps);
	task->rt->compile_seconds += rt_seconds() - started;
	task->tangent = compile_block(task, func, "score_tangent_batch", task->evaluate->params.count, 0, RT_SHARED);
	task->tangent_window = window;
	task->tangent_steps = steps;
	return task->tangent != NULL;
}
