/* The functions of a task that know no rule: what a problem is, its value and its gradient. As unroll.c, unbatched. */
#include "autodiff/autodiff.h"
#include "runtime/inner/frame.h"

IrFunc *rt_build_setup(RtTask *task, const RtPlan *plan) {
	(void)plan;
	RtFrame w = rt_frame_new(task, "setup");
	RT_PARAMS(&w, IR_ROLE_DATA, IR_ROLE_SEED, IR_ROLE_INSTANCE);
	rt_frame_call(&w, task->objective->setup);
	rt_frame_call(&w, task->objective->start);
	RT_RESULTS(&w, IR_ROLE_FIXED, IR_ROLE_X);
	return w.func;
}

IrFunc *rt_build_value(RtTask *task) {
	RtFrame w = rt_frame_new(task, "value");
	rt_frame_problem(&w);
	if (task->objective->batches) {
		RT_PARAMS(&w, IR_ROLE_STEP);
	}
	RT_PARAMS(&w, IR_ROLE_X);
	rt_frame_call(&w, task->objective->value);
	RT_RESULTS(&w, IR_ROLE_F);
	return w.func;
}

IrFunc *rt_build_validate(RtTask *task) {
	if (!task->objective->validate) {
		return NULL;
	}
	RtFrame w = rt_frame_new(task, "validate");
	rt_frame_problem(&w);
	if (task->objective->batches) {
		RT_PARAMS(&w, IR_ROLE_STEP);
	}
	RT_PARAMS(&w, IR_ROLE_X);
	rt_frame_call(&w, task->objective->validate);
	RT_RESULTS(&w, IR_ROLE_VALID);
	return w.func;
}

IrFunc *rt_build_gradient_of(RtTask *task, const IrFunc *value, const char *name) {
	bool *wrt = ir_choose_params(task->module->arena, value, IR_ROLE_X);
	IrFunc *func = ad_gradient(task->module, value, name, ir_result_at(value, IR_ROLE_F), wrt, true, true);
	func->results.data[ir_result_at(func, ir_role_tilde(IR_ROLE_X))].role = IR_ROLE_G;
	return func;
}

IrFunc *rt_build_instance_start(RtTask *task) {
	RtFrame w = rt_frame_new(task, "start_of_instance");
	RT_PARAMS(&w, IR_ROLE_DATA, IR_ROLE_SEED, IR_ROLE_INSTANCE);
	rt_frame_call(&w, task->objective->setup);
	rt_frame_call(&w, task->objective->start);
	RT_RESULTS(&w, IR_ROLE_X);
	return w.func;
}

IrFunc *rt_build_instance_value(RtTask *task) {
	IrFunc *plain = rt_optimized(task, ir_func_copy(task->module, task->objective->value, "value"));
	IrFunc *gradient = rt_build_gradient_of(task, plain, "value_and_gradient");
	RtFrame w = rt_frame_new(task, "value_of_instance");
	RT_PARAMS(&w, IR_ROLE_DATA, IR_ROLE_SEED, IR_ROLE_INSTANCE);
	rt_frame_call(&w, task->objective->setup);
	RT_PARAMS(&w, IR_ROLE_X);
	if (task->objective->batches) {
		rt_frame_set(&w, IR_ROLE_STEP, rt_frame_count(&w, 1));
	}
	if (task->validate) {
		rt_frame_call(&w, task->validate);
	}
	rt_frame_call(&w, gradient);
	RT_RESULTS(&w, IR_ROLE_F, IR_ROLE_VALID, IR_ROLE_REPORT, IR_ROLE_G);
	return w.func;
}
