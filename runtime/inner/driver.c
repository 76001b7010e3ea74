/* The whole way from an objective and a rule to code: training, tuning, comparing, `show`, `info` and `emit` all go it here.
 *
 *     objective  -- fe_objective -->  setup, start, value        rule  -- fe_rule -->  theta, init, step
 *
 *     value                               passes, ad_gradient, passes   evaluate   (fixed, x) -> f, g
 *     step, evaluate                      ir_hand_on, ir_link           step       of a rule that evaluates elsewhere than at x
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
#include "ir/pass/pass.h"
#include "runtime/inner/frame.h"
#include "runtime/inner/limits.h"

static IrFunc *(*const builders[TASK_STAGES])(Task *task, const TaskPlan *plan) = {
	[TASK_SETUP] = task_build_setup,       [TASK_BEGIN] = task_build_begin,     [TASK_SEGMENT] = task_build_segment,
	[TASK_GRADIENT] = task_build_gradient, [TASK_TANGENT] = task_build_tangent, [TASK_PLACE] = task_build_place,
	[TASK_COST] = task_build_cost,         [TASK_FOLLOW] = task_build_follow,   [TASK_FIT] = task_build_fit,
};

IrFunc *task_optimized(Task *task, IrFunc *func) {
	const IrPipeline pipeline = task->rt->options.pipeline;
	return ir_optimize(task->module, func, &pipeline);
}

/* Notes the files of data that an objective reads: a run folder names them. */
static void note_data(Rt *rt, const FeObjective *objective) {
	for (uint32_t i = 0; i < objective->data.count; i++) {
		const char *path = objective->data.data[i].found.path;
		uint32_t k = 0;
		while (path && k < rt->data.count && strcmp(rt->data.data[k], path) != 0)
			k++;
		if (path && k == rt->data.count)
			vec_push(rt->arena, &rt->data, path);
	}
}

Task *task_new(Rt *rt, const FeCall *objective, const FeCall *rule, FeScore score, const Name *open,
               uint32_t open_count) {
	double started = rt_seconds();
	IrModule *module = ir_module_new(rt->session);
	FeObjective *problem = fe_objective(rt->program, module, objective, rt->options.real);
	FeRule *method = NULL;
	if (problem && rule) {
		FeTarget target = fe_target(problem, module->arena);
		method = fe_rule(rt->program, module, rule, &target, rt->options.real, open, open_count);
	}
	rt->compile_seconds += rt_seconds() - started;
	if (!problem || (rule && !method)) {
		ir_module_free(module);
		return NULL;
	}
	return task_of(rt, module, problem, method, score);
}

Task *task_declared(Rt *rt, const FeCall *objective, FeScore score) {
	double started = rt_seconds();
	IrModule *module = ir_module_new(rt->session);
	FeObjective *problem = fe_objective_declared(rt->program, module, objective, rt->options.real);
	rt->compile_seconds += rt_seconds() - started;
	if (problem)
		return task_of(rt, module, problem, NULL, score);
	ir_module_free(module);
	return NULL;
}

const IrRole task_state_roles[TASK_STATE_ROLES] = {IR_ROLE_X, IR_ROLE_F, IR_ROLE_G, IR_ROLE_STATE};

/* Fills in how many values there are of each role, the types of those that go on from step to step, and the data of files. */
static void count_roles(Task *task) {
	static const IrRole of_rule[] = {IR_ROLE_STATE, IR_ROLE_HYPER, IR_ROLE_THETA};
	static const IrRole of_objective[] = {IR_ROLE_DATA, IR_ROLE_FIXED, IR_ROLE_X, IR_ROLE_F, IR_ROLE_G, IR_ROLE_REPORT};
	for (size_t i = 0; i < sizeof of_objective / sizeof *of_objective; i++)
		task->count[of_objective[i]] = task_role(task, of_objective[i]).range.count;
	for (size_t i = 0; task->rule && i < sizeof of_rule / sizeof *of_rule; i++)
		task->count[of_rule[i]] = task_role(task, of_rule[i]).range.count;
	for (int k = 0; k < TASK_STATE_ROLES; k++)
		task->slot_count += task->count[task_state_roles[k]];
	task->data = ARENA_ARRAY(task->module->arena, const void *, task->count[IR_ROLE_DATA] + 1);
	for (uint32_t i = 0; i < task->count[IR_ROLE_DATA]; i++)
		task->data[i] = task->objective->data.data[i].found.elements;
	task->slots = ARENA_ARRAY(task->module->arena, IrType, task->slot_count + 1);
	uint32_t at = 0;
	for (int k = 0; k < TASK_STATE_ROLES; k++) {
		for (uint32_t i = 0; i < task->count[task_state_roles[k]]; i++) {
			TaskRole role = task_role(task, task_state_roles[k]);
			task->slots[at++] = task_role_type(task, &role, i);
		}
	}
}

/* The rule's step, with the objective in place of its evaluations, which are counted. */
static IrFunc *link_step(Task *task) {
	const FeRule *rule = task->rule;
	if (!rule->evaluates)
		return rule->step;
	IrFunc *step = ir_pass_simplify(task->module, rule->step), *plain = step;
	bool same =
		!task->objective->batches && task->objective->batch.slots.count == 0; /* ... function in the next step */
	if (same)
		step = ir_hand_on(task->module, plain, rule->reads_g);
	task->hands_on = step != plain;
	task->elsewhere = ir_evaluations(step);
	const IrFunc *there = task->evaluate;
	if (!rule->reads_g || rule->derives)
		there = task_optimized(
			task, task_build_gradient_of(task, task_optimized(task, task_build_responses(task)), "gradient"));
	task->looks = task->validate ? 0 : task->elsewhere.most < TASK_MOST_LOOKS ? task->elsewhere.most : TASK_MOST_LOOKS;
	return ir_link(task->module, step, there, ad_by_first, task->looks);
}

Task *task_of(Rt *rt, IrModule *module, FeObjective *objective, FeRule *rule, FeScore score) {
	note_data(rt, objective);
	double started = rt_seconds();
	Task *task = ARENA_NEW(rt->arena, Task);
	*task = (Task){.rt = rt, .module = module, .objective = objective, .rule = rule, .score = score, .lanes = IR_LANES};
	task->value = task_optimized(task, task_build_value(task));
	task->validate = task_build_validate(task);
	if (task->validate)
		task->validate = task_optimized(task, task->validate);
	task->evaluate = task->value;
	if (!rule || rule->reads_g)
		task->evaluate = task_optimized(task, task_build_gradient_of(task, task->value, "gradient"));
	task->step = rule ? link_step(task) : NULL;
	count_roles(task);
	rt->compile_seconds += rt_seconds() - started;
	return task;
}

void task_free(Task *task) {
	if (!task)
		return;
	task_drop_code(task);
	ir_module_free(task->module);
}

IrFunc *task_stage_built(Task *task, TaskStage stage, const TaskPlan *plan) {
	return builders[stage](task, plan);
}

IrFunc *task_stage_batched(Task *task, TaskStage stage, const TaskPlan *plan) {
	IrFunc *func = task_optimized(task, task_stage_built(task, stage, plan));
	if (task->lanes == 1)
		return func;
	Arena *arena = task->module->arena;
	bool *all = ARENA_ARRAY(arena, bool, func->results.count + 1);
	memset(all, true, func->results.count);
	const char *name = arena_printf(arena, "%s_batch", session_text(task->rt->session, func->name));
	return ad_batch(task->module, func, name, ir_lanes_by_role(arena, func, plan->variant == TASK_PER_LANE), all);
}

static bool same_plan(const TaskPlan *a, const TaskPlan *b) {
	return a->window == b->window && a->steps == b->steps && a->fixed == b->fixed && a->first_order == b->first_order &&
	       a->looks == b->looks;
}

bool task_need(Task *task, TaskStage stage, const TaskPlan *plan) {
	RtCode **code = &task->code[stage][plan->variant];
	TaskPlan *made = &task->plan[stage][plan->variant];
	if (*code && same_plan(made, plan))
		return true;
	rt_code_free(*code);
	double started = rt_seconds();
	IrFunc *func = task_stage_batched(task, stage, plan);
	task->rt->compile_seconds += rt_seconds() - started;
	*code = rt_compile(task->rt, task->module, func);
	*made = *plan;
	return *code != NULL;
}

void task_watch(Task *task, int evaluations) {
	task->watch = task->looks > 0 ? evaluations : 0;
}

void task_drop_code(Task *task) {
	for (int stage = 0; stage < TASK_STAGES; stage++) {
		for (int variant = 0; variant < TASK_THETAS; variant++) {
			rt_code_free(task->code[stage][variant]);
			task->code[stage][variant] = NULL;
		}
	}
}

/* ---- the same by name ---- */

bool task_need_setup(Task *task) {
	return task_need(task, TASK_SETUP, &(TaskPlan){0});
}

TaskPlan task_segment_plan(Task *task, int steps, TaskTheta variant) {
	if (task->segment_steps == 0)
		task->segment_steps = steps < 1 ? 1 : steps < TASK_MAX_SEGMENT ? steps : TASK_MAX_SEGMENT;
	return (TaskPlan){.steps = task->segment_steps, .variant = variant, .looks = task->watch > 0};
}

bool task_need_forward(Task *task, int steps, TaskTheta variant) {
	TaskPlan segment = task_segment_plan(task, steps, variant);
	return task_need(task, TASK_BEGIN, &(TaskPlan){.variant = variant}) && task_need(task, TASK_SEGMENT, &segment);
}
