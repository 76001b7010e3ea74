/* Roles of a task and functions that are built of them. */
#include "runtime/inner/frame.h"

/* ---- what a task has of each role ---- */

static TaskRole from_params(const IrFunc *func, IrRole role) {
	return (TaskRole){role, func, ir_params_of(func, role), false};
}

static TaskRole from_results(const IrFunc *func, IrRole role) {
	return (TaskRole){role, func, ir_results_of(func, role), true};
}

TaskRole task_role(const Task *task, IrRole role) {
	const FeObjective *objective = task->objective;
	const FeRule *rule = task->rule;
	switch (role) {
	case IR_ROLE_SEED:
	case IR_ROLE_INSTANCE: return from_params(objective->setup, role);
	case IR_ROLE_DATA:
	case IR_ROLE_FIXED:
	case IR_ROLE_BATCH:
	case IR_ROLE_X: return from_params(objective->value, role);
	case IR_ROLE_F:
	case IR_ROLE_RESIDUALS:
	case IR_ROLE_REPORT: return from_results(objective->value, role);
	case IR_ROLE_G: return from_results(task->evaluate, role);
	case IR_ROLE_STATE: return from_results(rule->init, role);
	case IR_ROLE_HYPER:
	case IR_ROLE_THETA:
	case IR_ROLE_HOLE: return from_params(rule->step, role);
	case IR_ROLE_OPERAND: return from_results(rule->step, role);
	default: return (TaskRole){role, NULL, {0, 1}, false};
	}
}

static const char *role_name(const Task *task, const TaskRole *of, uint32_t i) {
	bool named = of->role == IR_ROLE_DATA || of->role == IR_ROLE_FIXED || of->role == IR_ROLE_BATCH ||
	             of->role == IR_ROLE_STATE || of->role == IR_ROLE_HYPER || of->role == IR_ROLE_REPORT;
	if (!named)
		return ir_role_name(of->role);
	uint32_t at = of->range.first + i;
	Name name = of->results ? of->func->results.data[at].name : of->func->params.data[at].name;
	return session_text(task->rt->session, name);
}

IrType task_role_type(const Task *task, const TaskRole *of, uint32_t i) {
	if (of->func) {
		uint32_t at = of->range.first + i;
		return ir_type(of->func, of->results ? of->func->results.data[at].value : of->func->params.data[at].value);
	}
	bool counts = of->role == IR_ROLE_STEP || of->role == IR_ROLE_T || of->role == IR_ROLE_T0 ||
	              of->role == IR_ROLE_TURNS || of->role == IR_ROLE_HORIZON;
	return ir_scalar_type(counts ? IR_I64 : task->objective->real);
}

/* ---- building ---- */

IrValue frame_count(Frame *w, int64_t number) {
	IrForBuilder f = ir_for_begin(&w->b);
	IrValue out = ir_put(&f, IR_PUT_NONE, ir_int(&f, number), ir_scalar_type(IR_I64), NULL, 0, false);
	ir_for_end(&f);
	return out;
}

void frame_problem(Frame *w) {
	FRAME_PARAMS(w, IR_ROLE_DATA);
	if (w->task->objective->batches || (w->task->rule && w->task->rule->draws))
		FRAME_PARAMS(w, IR_ROLE_SEED, IR_ROLE_INSTANCE);
	FRAME_PARAMS(w, IR_ROLE_FIXED, IR_ROLE_BATCH);
}

Frame frame_new(Task *task, const char *name) {
	Frame w = {.task = task, .func = ir_func_new(task->module, name), .arena = task->module->arena};
	w.b = ir_builder(w.func);
	return w;
}

IrValue frame_get(const Frame *w, IrRole role) {
	return w->count[role] ? w->of[role][0] : 0;
}

void frame_set(Frame *w, IrRole role, IrValue value) {
	w->of[role] = ARENA_ARRAY(w->arena, IrValue, 1);
	w->of[role][0] = value;
	w->count[role] = 1;
}

void frame_params(Frame *w, const IrRole *roles, size_t count) {
	for (size_t k = 0; k < count; k++) {
		IrRole role = roles[k];
		TaskRole known = task_role(w->task, role);
		w->count[role] = known.range.count;
		w->of[role] = ARENA_ARRAY(w->arena, IrValue, known.range.count + 1);
		for (uint32_t i = 0; i < known.range.count; i++) {
			const char *name = role_name(w->task, &known, i);
			w->of[role][i] = ir_param_as(w->func, role, name, task_role_type(w->task, &known, i));
		}
	}
}

void frame_results(Frame *w, const IrRole *roles, size_t count) {
	for (size_t k = 0; k < count; k++) {
		IrRole role = roles[k];
		TaskRole known = task_role(w->task, role);
		for (uint32_t i = 0; i < w->count[role]; i++)
			ir_result_as(w->func, role, role_name(w->task, &known, i), w->of[role][i]);
	}
}

void frame_call(Frame *w, const IrFunc *callee) {
	IrValue *args = ARENA_ARRAY(w->arena, IrValue, callee->params.count + 1);
	IrValue *results = ARENA_ARRAY(w->arena, IrValue, callee->results.count + 1);
	IrByRole given;
	ir_by_role(&given);
	for (int role = 0; role < IR_ALL_ROLES; role++)
		ir_give(&given, (IrRole)role, w->of[role], w->count[role]);
	ir_arguments(callee, &given, sizeof *args, args);
	ir_inline(&w->b, callee, args, results);
	for (uint32_t i = 0; i < callee->results.count; i++) {
		IrRole role = callee->results.data[i].role;
		IrRange range = ir_results_of(callee, role);
		w->of[role] = results + range.first;
		w->count[role] = range.count;
	}
}
