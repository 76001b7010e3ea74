/* A task: how many problems go into a block, and the learned numbers of its rule. driver.c makes tasks and their code. */
#include <math.h>

#include "runtime/runtime.h"

void rt_task_free(RtTask *task) {
	if (!task) {
		return;
	}
	rt_drop_code(task);
	ir_module_free(task->module);
}

/* From how many problems on lanes go across problems, by the bytes of one problem (its data and x). A block of 16 costs
 * the same however full it is: what 3 to 5 small problems cost that run one by one with lanes inside (100 points in 3
 * dimensions: 1.7 against 0.4 us a step), what 6 to 15 middling ones cost, whose tiles stay in registers, and what 25 cost
 * of 300 KB (a network of 784-32-10 on 64 images: 2100 against 83 us), 16 of which are in no cache. */
static const struct {
	double bytes;
	int problems;
} lanes_from[] = {{4 << 10, 4}, {32 << 10, 8}, {256 << 10, 12}};

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

void rt_task_plan(RtTask *task, int problems) {
	const IrFunc *value = task->objective->value;
	double bytes = 0;
	for (uint32_t i = 0; i < value->params.count; i++) {
		if (value->params.data[i].role == IR_ROLE_DATA) {
			continue;
		}
		IrType type = ir_type(value, value->params.data[i].value);
		bytes += (double)ir_type_elements(type, NULL) * (double)ir_scalar_bytes(type.scalar);
	}
	if (task->objective->data.count > 0 || task->objective->batches) {
		bytes += made_bytes(task->value);
	}
	bool lanes = false;
	for (size_t i = 0; i < sizeof lanes_from / sizeof *lanes_from && !lanes; i++) {
		lanes = bytes <= lanes_from[i].bytes && problems >= lanes_from[i].problems;
	}
	rt_task_lanes(task, lanes ? IR_LANES : 1);
}

void rt_task_lanes(RtTask *task, int lanes) {
	if (task->lanes != lanes) {
		rt_drop_code(task);
		task->lanes = lanes;
	}
}

int64_t rt_learned_count(const RtTask *task) {
	return task->rule ? task->rule->learned_count : 0;
}

/* A start that is drawn or read from a file may lie outside of its limits, which no check of the text could tell. */
static bool starts_inside(Rt *rt, const FeRule *rule, const double *theta) {
	for (uint32_t i = 0; i < rule->learned.count; i++) {
		const FeLearned *learned = &rule->learned.data[i];
		const FeSlot *slot = &learned->slot;
		int64_t k = 0;
		while (k < slot->count && isfinite(theta[slot->offset + k])) {
			k++;
		}
		if (k == slot->count) {
			continue;
		}
		const char *element = slot->count > 1 ? arena_printf(rt->session->arena, "element %lld of ", (long long)k) : "";
		const char *limits = learned->transform == FE_PLAIN ? "" : ", or not inside of its limits";
		diag_error(rt->session, 262, slot->span, "%s`%s` starts at a number that is not finite%s", element,
		           session_text(rt->session, slot->name), limits);
		return false;
	}
	return true;
}

bool rt_rule_theta(Rt *rt, const FeRule *rule, uint64_t seed, double *theta) {
	if (rule->learned_count == 0) {
		return true;
	}
	IrByRole given;
	ir_by_role(&given);
	ir_give_addresses(&given, IR_ROLE_SEED, &seed, sizeof seed, 1);
	return rt_evaluate_once(rt, rule->theta, &given, &theta) && starts_inside(rt, rule, theta);
}

bool rt_theta_start(RtTask *task, uint64_t seed, double *theta) {
	return !task->rule || rt_rule_theta(task->rt, task->rule, seed, theta);
}

bool rt_theta_natural(RtTask *task, const double *theta, double *natural) {
	if (rt_learned_count(task) == 0) {
		return true;
	}
	IrByRole given;
	ir_by_role(&given);
	ir_give(&given, IR_ROLE_THETA, &theta, 1);
	return rt_evaluate_once(task->rt, task->rule->natural, &given, &natural);
}
