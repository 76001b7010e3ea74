/* What a step computes alike for all coordinates goes into a function of its own:
 *
 *     step(x, g, f, t, ..., m) -> x, m   becomes   once(f, t, ...) -> c   and   move(x, g, f, t, ..., m, c) -> x, m
 *
 * A rule whose step is worked through in pieces then raises its decay to the power t once, not once per piece; and
 * without such operations between them, those on coordinates share one loop. Every bit is kept. */
#include <inttypes.h>

#include "ir/core/walk.h"
#include "runtime/emit/emit_rule.h"

enum { MOST = 64 /* elements: what is larger stays where it is used */ };

typedef struct Parts {
	const IrFunc *step;
	bool *alike; /* per value: the same whatever the coordinate */
	bool *moved; /* ... and made by `once` */
	bool *used;  /* by an operation that is not moved, or as a result */
} Parts;

static bool is_alike(const Parts *parts, const IrFor *f) {
	for (uint32_t i = 0; i < f->indices.count; i++) {
		if (f->indices.data[i].extent < 0) {
			return false;
		}
	}
	for (uint32_t i = 0; i < f->nodes.count; i++) {
		const IrNode *node = &f->nodes.data[i];
		if ((node->kind == IR_NODE_READ && !parts->alike[node->value]) ||
		    (node->kind == IR_NODE_DIM && node->dim < 0)) {
			return false;
		}
	}
	for (uint32_t i = 0; i < f->puts.count; i++) {
		const IrPut *put = &f->puts.data[i];
		IrType type = ir_type(parts->step, put->out);
		bool small = rule_is_fixed(type) && ir_type_elements(type, NULL) <= MOST;
		if (!small || (put->into != 0 && !parts->alike[put->into])) {
			return false;
		}
	}
	return true;
}

static bool is_moved(const Parts *parts, const IrOp *op) {
	return ir_as_for(op) && parts->moved[op->f.puts.data[0].out];
}

static bool is_table(const IrOp *op) {
	IrDef def = ir_defs(op);
	return ir_next_def(&def) && def.kind == IR_DEF_TABLE;
}

static void mark_used(void *context, const IrBlock *block, IrOp *op) {
	Parts *parts = context;
	(void)block;
	for (IrUse use = ir_uses(op); !is_moved(parts, op) && ir_next_use(&use);) {
		parts->used[use.value] = true;
	}
}

/* Which values are alike and moved, and which of all are used by the rest. */
static void look(Parts *parts) {
	const IrFunc *step = parts->step;
	for (uint32_t i = 0; i < step->params.count; i++) {
		IrValue value = step->params.data[i].value;
		parts->alike[value] = rule_is_fixed(ir_type(step, value));
	}
	for (uint32_t i = 0; i < step->body.ops.count; i++) {
		const IrOp *op = step->body.ops.data[i];
		bool moved = ir_as_for(op) && is_alike(parts, &op->f);
		for (IrDef def = ir_defs(op); ir_next_def(&def);) {
			parts->alike[def.value] = moved || def.kind == IR_DEF_TABLE;
			parts->moved[def.value] = moved;
		}
	}
	ir_visit_ops(&step->body, mark_used, parts);
	for (uint32_t i = 0; i < step->results.count; i++) {
		parts->used[step->results.data[i].value] = true;
	}
}

/* The parameters of the step in a new function: all of them, or those that are alike for all coordinates. */
static IrMap begin(const RulePack *r, const Parts *parts, IrFunc *func, bool all) {
	Session *session = r->pack->session;
	const IrFunc *step = parts->step;
	IrMap map = ir_map_new(r->rule->module->arena, step);
	for (uint32_t i = 0; all && i < step->symbols.count; i++) {
		ir_symbol(func, session_text(session, step->symbols.data[i]));
	}
	for (uint32_t i = 0; i < step->params.count; i++) {
		const IrParam *param = &step->params.data[i];
		if (all || parts->alike[param->value]) {
			IrValue value =
				ir_param_as(func, param->role, session_text(session, param->name), ir_type(step, param->value));
			ir_map_set(&map, param->value, value);
		}
	}
	return map;
}

void rule_once(RulePack *r) {
	Arena *arena = r->pack->arena;
	const IrFunc *step = r->step;
	r->move = r->step;
	if (r->tied > 0) {
		return; /* every size is known, and tells nothing of what is alike */
	}
	Parts parts = {.step = step};
	parts.alike = ARENA_ARRAY(arena, bool, step->values.count);
	parts.moved = ARENA_ARRAY(arena, bool, step->values.count);
	parts.used = ARENA_ARRAY(arena, bool, step->values.count);
	look(&parts);
	IrFunc *once = ir_func_new(r->rule->module, "once"), *move = ir_func_new(r->rule->module, "move");
	IrMap of_once = begin(r, &parts, once, false), of_move = begin(r, &parts, move, true);
	for (IrValue v = 1; v < step->values.count; v++) {
		if (parts.moved[v] && parts.used[v]) {
			ir_map_set(&of_move, v, ir_param_as(move, IR_ROLE_ALIKE, "alike", ir_type(step, v)));
		}
	}
	IrBuilder in_once = ir_builder(once), in_move = ir_builder(move);
	for (uint32_t i = 0; i < step->body.ops.count; i++) {
		const IrOp *op = step->body.ops.data[i];
		if (is_moved(&parts, op) || is_table(op)) {
			ir_copy_op(&in_once, step, op, &of_once);
		}
		if (!is_moved(&parts, op)) {
			ir_copy_op(&in_move, step, op, &of_move);
		}
	}
	for (IrValue v = 1; v < step->values.count; v++) {
		if (parts.moved[v] && parts.used[v]) {
			ir_result_as(once, IR_ROLE_ALIKE, "alike", ir_map_get(&of_once, v));
		}
	}
	if (once->results.count == 0) {
		return;
	}
	for (uint32_t i = 0; i < step->results.count; i++) {
		const IrResult *result = &step->results.data[i];
		const char *name = session_text(r->pack->session, result->name);
		ir_result_as(move, result->role, name, ir_map_get(&of_move, result->value));
	}
	r->once = ir_pass_simplify(r->rule->module, once);
	r->move = ir_pass_simplify(r->rule->module, move);
}

/* `TYPE c0[1], ...` and the call that fills them. */
void rule_once_call(const RulePack *r, Text *out) {
	const Pack *pack = r->pack;
	if (!r->once) {
		return;
	}
	text_printf(out, "\t/* what all coordinates share */\n");
	for (uint32_t i = 0; i < r->once->results.count; i++) {
		IrType type = ir_type(r->once, r->once->results.data[i].value);
		text_printf(out, "\t%s c%u[%" PRId64 "];\n", pack_type(pack, type.scalar), (unsigned)i,
		            ir_type_elements(type, NULL));
	}
	pack_put(pack, out, "\tif (@_once_call(");
	rule_arguments(r, r->once, out);
	pack_put(pack, out, "scratch))\n\t\treturn @_bad_index;\n");
}
