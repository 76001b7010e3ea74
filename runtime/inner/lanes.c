/* How many problems go into a block: the lanes of a task. */
#include "runtime/inner/inner.h"
#include "runtime/inner/limits.h"

/* What a function makes on its way: where a problem's data is shared or drawn at every step, that is what lanes work on. */
static double made_bytes(const IrFunc *func) {
	double bytes = 0;
	for (uint32_t i = 0; i < func->body.ops.count; i++) {
		const IrOp *op = func->body.ops.data[i];
		for (uint32_t p = 0; op->kind == IR_FOR && p < op->f.puts.count; p++) {
			IrType type = ir_type(func, op->f.puts.data[p].out);
			bytes += (double)ir_type_elements(type, NULL) * (double)ir_element_bytes(type);
		}
	}
	return bytes;
}

void task_choose_lanes(Task *task, int problems) {
	const IrFunc *value = task->objective->value;
	double bytes = 0;
	for (uint32_t i = 0; i < value->params.count; i++) {
		if (value->params.data[i].role == IR_ROLE_DATA)
			continue;
		IrType type = ir_type(value, value->params.data[i].value);
		bytes += (double)ir_type_elements(type, NULL) * (double)ir_scalar_bytes(type.scalar);
	}
	if (task->objective->data.count > 0 || task->objective->batches)
		bytes += made_bytes(task->value);
	bool lanes = false;
	for (size_t i = 0; i < sizeof task_lanes_from / sizeof *task_lanes_from && !lanes; i++)
		lanes = bytes <= task_lanes_from[i].bytes && problems >= task_lanes_from[i].problems;
	task_set_lanes(task, lanes ? IR_LANES : 1);
}

void task_set_lanes(Task *task, int lanes) {
	if (task->lanes != lanes) {
		task_drop_code(task);
		task->lanes = lanes;
	}
}
