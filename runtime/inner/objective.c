/* The functions of a task that need no rule: how a problem is made, its value and its gradient. For one problem; lanes come later. */
#include "autodiff/autodiff.h"
#include "runtime/inner/frame.h"

/* (seed, instance) -> fixed values and x, as results of a function under construction. */
static Frame build_problem(Task *task, const char *name) {
	Frame w = frame_new(task, name);
	FRAME_PARAMS(&w, IR_ROLE_DATA, IR_ROLE_SEED, IR_ROLE_INSTANCE);
	frame_call(&w, task->objective->setup);
	frame_call(&w, task->objective->start);
	return w;
}

IrFunc *task_build_setup(Task *task, const TaskPlan *plan) {
	(void)plan;
	Frame w = build_problem(task, "setup");
	FRAME_RESULTS(&w, IR_ROLE_FIXED, IR_ROLE_X);
	return w.func;
}

/* One function of the objective: (fixed..., step?, x) -> its result. */
static IrFunc *build_of_x(Task *task, const char *name, const IrFunc *what, IrRole result, bool with_residuals) {
	Frame w = frame_new(task, name);
	frame_problem(&w);
	if (task->objective->batches)
		FRAME_PARAMS(&w, IR_ROLE_STEP);
	FRAME_PARAMS(&w, IR_ROLE_X);
	frame_call(&w, what);
	FRAME_RESULTS(&w, result);
	if (with_residuals)
		FRAME_RESULTS(&w, IR_ROLE_RESIDUALS);
	return w.func;
}

IrFunc *task_build_value(Task *task) {
	return build_of_x(task, "value", task->objective->value, IR_ROLE_F, false);
}

IrFunc *task_build_responses(Task *task) {
	return build_of_x(task, "value", task->objective->value, IR_ROLE_F, true);
}

IrFunc *task_build_validate(Task *task) {
	const IrFunc *validate = task->objective->validate;
	return validate ? build_of_x(task, "validate", validate, IR_ROLE_VALID, false) : NULL;
}

IrFunc *task_build_gradient_of(Task *task, const IrFunc *value, const char *name) {
	bool *wrt = ir_choose_params(task->module->arena, value, IR_ROLE_X);
	IrFunc *func = ad_gradient(task->module, value, name, ir_result_at(value, IR_ROLE_F), wrt, true, true);
	func->results.data[ir_result_at(func, ir_role_tilde(IR_ROLE_X))].role = IR_ROLE_G;
	return func;
}

IrFunc *task_build_instance_start(Task *task) {
	Frame w = build_problem(task, "start_of_instance");
	FRAME_RESULTS(&w, IR_ROLE_X);
	return w.func;
}

IrFunc *task_build_instance_value(Task *task) {
	IrFunc *plain = task_optimized(task, ir_func_copy(task->module, task->objective->value, "value"));
	IrFunc *gradient = task_build_gradient_of(task, plain, "value_and_gradient");
	Frame w = frame_new(task, "value_of_instance");
	FRAME_PARAMS(&w, IR_ROLE_DATA, IR_ROLE_SEED, IR_ROLE_INSTANCE);
	frame_call(&w, task->objective->setup);
	FRAME_PARAMS(&w, IR_ROLE_X);
	if (task->objective->batches)
		frame_set(&w, IR_ROLE_STEP, frame_count(&w, 1));
	if (task->validate)
		frame_call(&w, task->validate);
	frame_call(&w, gradient);
	FRAME_RESULTS(&w, IR_ROLE_F, IR_ROLE_VALID, IR_ROLE_REPORT, IR_ROLE_G);
	return w.func;
}

IrFunc *task_build_instance_reports(Task *task) {
	IrFunc *plain = ir_func_copy(task->module, task->objective->value, "value");
	Frame w = frame_new(task, "reports");
	FRAME_PARAMS(&w, IR_ROLE_DATA, IR_ROLE_SEED, IR_ROLE_INSTANCE);
	frame_call(&w, task->objective->setup);
	if (task->objective->batches)
		FRAME_PARAMS(&w, IR_ROLE_STEP);
	FRAME_PARAMS(&w, IR_ROLE_X);
	frame_call(&w, plain);
	FRAME_RESULTS(&w, IR_ROLE_REPORT);
	return w.func;
}
