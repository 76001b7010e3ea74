/* The functions of a task that know no rule: what a problem is, its value and its gradient. As unroll.c, unbatched. */
#include "autodiff/autodiff.h"
#include "runtime/inner/frame.h"

IrFunc *task_build_setup(Task *task, const TaskPlan *plan) {
	(void)plan;
	Frame w = frame_new(task, "setup");
	FRAME_PARAMS(&w, IR_ROLE_DATA, IR_ROLE_SEED, IR_ROLE_INSTANCE);
	frame_call(&w, task->objective->setup);
	frame_call(&w, task->objective->start);
	FRAME_RESULTS(&w, IR_ROLE_FIXED, IR_ROLE_X);
	return w.func;
}

IrFunc *task_build_value(Task *task) {
	Frame w = frame_new(task, "value");
	frame_problem(&w);
	if (task->objective->batches) {
		FRAME_PARAMS(&w, IR_ROLE_STEP);
	}
	FRAME_PARAMS(&w, IR_ROLE_X);
	frame_call(&w, task->objective->value);
	FRAME_RESULTS(&w, IR_ROLE_F);
	return w.func;
}

IrFunc *task_build_validate(Task *task) {
	if (!task->objective->validate) {
		return NULL;
	}
	Frame w = frame_new(task, "validate");
	frame_problem(&w);
	if (task->objective->batches) {
		FRAME_PARAMS(&w, IR_ROLE_STEP);
	}
	FRAME_PARAMS(&w, IR_ROLE_X);
	frame_call(&w, task->objective->validate);
	FRAME_RESULTS(&w, IR_ROLE_VALID);
	return w.func;
}

IrFunc *task_build_gradient_of(Task *task, const IrFunc *value, const char *name) {
	bool *wrt = ir_choose_params(task->module->arena, value, IR_ROLE_X);
	IrFunc *func = ad_gradient(task->module, value, name, ir_result_at(value, IR_ROLE_F), wrt, true, true);
	func->results.data[ir_result_at(func, ir_role_tilde(IR_ROLE_X))].role = IR_ROLE_G;
	return func;
}

IrFunc *task_build_instance_start(Task *task) {
	Frame w = frame_new(task, "start_of_instance");
	FRAME_PARAMS(&w, IR_ROLE_DATA, IR_ROLE_SEED, IR_ROLE_INSTANCE);
	frame_call(&w, task->objective->setup);
	frame_call(&w, task->objective->start);
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
	if (task->objective->batches) {
		frame_set(&w, IR_ROLE_STEP, frame_count(&w, 1));
	}
	if (task->validate) {
		frame_call(&w, task->validate);
	}
	frame_call(&w, gradient);
	FRAME_RESULTS(&w, IR_ROLE_F, IR_ROLE_VALID, IR_ROLE_REPORT, IR_ROLE_G);
	return w.func;
}
