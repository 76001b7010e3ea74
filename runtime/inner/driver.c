/* The whole way from an objective and a rule to code: training, tuning, comparing, `show`, `info` and `emit` all go it here.
 *
 *     objective  -- fe_objective -->  setup, start, value        rule  -- fe_rule -->  theta, init, step
 *
 *     value                               passes, ad_gradient, passes   evaluate   (fixed, x) -> f, g
 *     setup, start                                                  ->  setup      (seed, instance) -> fixed, x
 *     evaluate, init                                                ->  begin      (fixed, x) -> f, g, states
 *     step, evaluate, score; a loop                                 ->  segment    (fixed, x, f, g, states) -> score, the same anew
 *     begin, segment                      ad_reverse, over windows  ->  gradient   (fixed, x) -> score, theta~
 *     begin, segment over windows         ad_forward                ->  tangent    (fixed, x, theta~) -> score, score~
 *
 *     each of the last five               passes, ad_batch, passes, jit_compile  ->  code for a block of problems
 *
 * What a caller asks for is a row of `stages` and a plan; the code is made when first needed. */
#include <string.h>

#include "autodiff/autodiff.h"
#include "runtime/inner/frame.h"

static const struct {
	const char *name;
	IrFunc *(*build)(RtTask *task, const RtPlan *plan);
} stages[RT_STAGES] = {
	[RT_SETUP] = {"setup", rt_build_setup},       [RT_BEGIN] = {"begin", rt_build_begin},
	[RT_SEGMENT] = {"segment", rt_build_segment}, [RT_GRADIENT] = {"gradient", rt_build_gradient},
	[RT_TANGENT] = {"tangent", rt_build_tangent},
};

const char *rt_stage_name(RtStage stage) {
	return stages[stage].name;
}

IrFunc *rt_optimized(RtTask *task, IrFunc *func) {
	const IrPipeline pipeline = task->rt->options.pipeline;
	return ir_optimize(task->module, func, &pipeline);
}

/* What a run has to name among the things it was made from. */
static void note_data(Rt *rt, const FeObjective *objective) {
	for (uint32_t i = 0; i < objective->data.count; i++) {
		const char *path = objective->data.data[i].found.path;
		uint32_t k = 0;
		while (path && k < rt->data.count && strcmp(rt->data.data[k], path) != 0) {
			k++;
		}
		if (path && k == rt->data.count) {
			vec_push(rt->arena, &rt->data, path);
		}
	}
}

RtTask *rt_task_new(Rt *rt, const FeCall *objective, const FeCall *rule, RtScore score, const Name *open,
                    uint32_t open_count) {
	double started = rt_seconds();
	IrModule *module = ir_module_new(rt->session);
	FeObjective *problem = fe_objective(rt->program, module, objective, rt->options.real);
	FeRule *method = NULL;
	if (problem) {
		note_data(rt, problem);
	}
	if (problem && rule) {
		int64_t *sizes = ARENA_ARRAY(module->arena, int64_t, problem->params.count + 1);
		for (uint32_t i = 0; i < problem->params.count; i++) {
			sizes[i] = problem->params.data[i].count;
		}
		FeTarget target = {sizes, problem->params.count};
		method = fe_rule(rt->program, module, rule, &target, rt->options.real, open, open_count);
	}
	rt->compile_seconds += rt_seconds() - started;
	if (!problem || (rule && !method)) {
		ir_module_free(module);
		return NULL;
	}
	return rt_task_of(rt, module, problem, method, score);
}

const IrRole rt_state_roles[RT_STATE_ROLES] = {IR_ROLE_X, IR_ROLE_F, IR_ROLE_G, IR_ROLE_STATE};

/* Where callers read how many values of a role they handle. */
static void count_roles(RtTask *task) {
	static const IrRole of_rule[] = {IR_ROLE_STATE, IR_ROLE_HYPER, IR_ROLE_THETA};
	static const IrRole of_objective[] = {IR_ROLE_DATA, IR_ROLE_FIXED, IR_ROLE_X, IR_ROLE_F, IR_ROLE_G, IR_ROLE_REPORT};
	for (size_t i = 0; i < sizeof of_objective / sizeof *of_objective; i++) {
		task->count[of_objective[i]] = rt_role(task, of_objective[i]).range.count;
	}
	for (size_t i = 0; task->rule && i < sizeof of_rule / sizeof *of_rule; i++) {
		task->count[of_rule[i]] = rt_role(task, of_rule[i]).range.count;
	}
	for (int k = 0; k < RT_STATE_ROLES; k++) {
		task->slot_count += task->count[rt_state_roles[k]];
	}
	task->data = ARENA_ARRAY(task->module->arena, const void *, task->count[IR_ROLE_DATA] + 1);
	for (uint32_t i = 0; i < task->count[IR_ROLE_DATA]; i++) {
		task->data[i] = task->objective->data.data[i].found.elements;
	}
	task->slots = ARENA_ARRAY(task->module->arena, IrType, task->slot_count + 1);
	uint32_t at = 0;
	for (int k = 0; k < RT_STATE_ROLES; k++) {
		for (uint32_t i = 0; i < task->count[rt_state_roles[k]]; i++) {
			RtRole role = rt_role(task, rt_state_roles[k]);
			task->slots[at++] = rt_role_type(task, &role, i);
		}
	}
}

RtTask *rt_task_of(Rt *rt, IrModule *module, FeObjective *objective, FeRule *rule, RtScore score) {
	double started = rt_seconds();
	RtTask *task = ARENA_NEW(rt->arena, RtTask);
	*task =
		(RtTask){.rt = rt, .module = module, .objective = objective, .rule = rule, .score = score, .lanes = IR_LANES};
	task->value = rt_optimized(task, rt_build_value(task));
	task->validate = rt_build_validate(task);
	if (task->validate) {
		task->validate = rt_optimized(task, task->validate);
	}
	task->evaluate = task->value;
	if (!rule || rule->reads_g) {
		task->evaluate = rt_optimized(task, rt_build_gradient_of(task, task->value, "gradient"));
	}
	count_roles(task);
	rt->compile_seconds += rt_seconds() - started;
	return task;
}

void rt_task_free(RtTask *task) {
	if (!task) {
		return;
	}
	rt_drop_code(task);
	ir_module_free(task->module);
}

IrFunc *rt_stage_built(RtTask *task, RtStage stage, const RtPlan *plan) {
	return stages[stage].build(task, plan);
}

IrFunc *rt_stage_batched(RtTask *task, RtStage stage, const RtPlan *plan) {
	IrFunc *func = rt_optimized(task, rt_stage_built(task, stage, plan));
	if (task->lanes == 1) {
		return func;
	}
	Arena *arena = task->module->arena;
	bool *all = ARENA_ARRAY(arena, bool, func->results.count + 1);
	memset(all, true, func->results.count);
	const char *name = arena_printf(arena, "%s_batch", session_text(task->rt->session, func->name));
	return ad_batch(task->module, func, name, ir_lanes_by_role(arena, func, plan->variant == RT_PER_LANE), all);
}

static bool same_plan(const RtPlan *a, const RtPlan *b) {
	return a->window == b->window && a->steps == b->steps && a->fixed == b->fixed;
}

bool rt_need(RtTask *task, RtStage stage, const RtPlan *plan) {
	RtCode **code = &task->code[stage][plan->variant];
	RtPlan *made = &task->plan[stage][plan->variant];
	if (*code && same_plan(made, plan)) {
		return true;
	}
	rt_code_free(*code);
	double started = rt_seconds();
	IrFunc *func = rt_stage_batched(task, stage, plan);
	task->rt->compile_seconds += rt_seconds() - started;
	*code = rt_compile(task->rt, task->module, func);
	*made = *plan;
	return *code != NULL;
}

void rt_drop_code(RtTask *task) {
	for (int stage = 0; stage < RT_STAGES; stage++) {
		for (int variant = 0; variant < RT_THETAS; variant++) {
			rt_code_free(task->code[stage][variant]);
			task->code[stage][variant] = NULL;
		}
	}
}

/* ---- the same by name ---- */

bool rt_need_setup(RtTask *task) {
	return rt_need(task, RT_SETUP, &(RtPlan){0});
}

/* Longer runs go through several calls, so that they can be interrupted and their curves stay small. */
enum { MAX_SEGMENT = 256 };

RtPlan rt_segment_plan(RtTask *task, int steps, RtTheta variant) {
	if (task->segment_steps == 0) {
		task->segment_steps = steps < 1 ? 1 : steps < MAX_SEGMENT ? steps : MAX_SEGMENT;
	}
	return (RtPlan){.steps = task->segment_steps, .variant = variant};
}

bool rt_need_forward(RtTask *task, int steps, RtTheta variant) {
	RtPlan segment = rt_segment_plan(task, steps, variant);
	return rt_need(task, RT_BEGIN, &(RtPlan){.variant = variant}) && rt_need(task, RT_SEGMENT, &segment);
}

bool rt_need_gradient(RtTask *task, int window, int steps, bool fixed) {
	return rt_need(task, RT_GRADIENT, &(RtPlan){.window = window, .steps = steps, .fixed = fixed});
}

bool rt_need_tangent(RtTask *task, int window, int steps) {
	return rt_need(task, RT_TANGENT, &(RtPlan){.window = window, .steps = steps});
}
