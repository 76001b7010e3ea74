/* What a step computes alike for all coordinates goes into a function of its own:
 *
 *     step(x, g, f, t, ..., m) -> x, m   becomes   once(f, t, ...) -> c   and   move(x, g, f, t, ..., m, c) -> x, m
 *
 * A rule whose step is worked through in pieces then raises its decay to the power t once, not once per piece; and
 * without such operations between them, those on coordinates share one loop. Every bit is kept. */
#include <inttypes.h>

#include "ir/build.h"
#include "ir/core/walk.h"
#include "ir/pass/pass.h"
#include "runtime/emit/emit_rule.h"

typedef struct Parts {
	const IrFunc *step;
	bool *alike; /* per value: the same whatever the coordinate */
	bool *moved; /* ... and made by `once` */
	bool *used;  /* by an operation that is not moved, or as a result */
} Parts;

static bool is_alike(const Parts *parts, const IrFor *f) {
	for (uint32_t i = 0; i < f->indices.count; i++)
		if (f->indices.data[i].extent < 0)
			return false;
	for (uint32_t i = 0; i < f->nodes.count; i++) {
		const IrNode *node = &f->nodes.data[i];
		if ((node->kind == IR_NODE_READ && !parts->alike[node->value]) || (node->kind == IR_NODE_DIM && node->dim < 0))
			return false;
	}
	for (uint32_t i = 0; i < f->puts.count; i++) {
		const IrPut *put = &f->puts.data[i];
		IrType type = ir_type(parts->step, put->out);
		bool small = pack_rule_is_fixed(type) && ir_type_elements(type, NULL) <= PACK_ONCE_ELEMENTS;
		if (!small || (put->into != 0 && !parts->alike[put->into]))
			return false;
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
	for (IrUse use = ir_uses(op); !is_moved(parts, op) && ir_next_use(&use);)
		parts->used[use.value] = true;
}

/* Which values are alike and moved, and which of all are used by the rest. */
static void look(Parts *parts) {
	const IrFunc *step = parts->step;
	for (uint32_t i = 0; i < step->params.count; i++) {
		IrValue value = step->params.data[i].value;
		parts->alike[value] = pack_rule_is_fixed(ir_type(step, value)) && step->params.data[i].role != IR_ROLE_FIRST;
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
	for (uint32_t i = 0; i < step->results.count; i++)
		parts->used[step->results.data[i].value] = true;
}

/* ---- names for what is alike: 1 - beta1 is one_minus_beta1 ---- */

static bool name_node(const RulePack *r, const IrFor *f, uint32_t number, Text *out);

static const char *word_between(IrOpcode opcode) {
	switch (opcode) {
	case IR_add: return "_plus_";
	case IR_sub: return "_minus_";
	case IR_mul: return "_times_";
	case IR_div: return "_over_";
	case IR_pow:
	case IR_powi: return "_to_the_";
	default: return NULL;
	}
}

static bool name_op(const RulePack *r, const IrFor *f, const IrNode *node, Text *out) {
	const char *between = word_between(node->opcode);
	if (node->name) {
		text_printf(out, "%s", session_text(r->pack->session, node->name));
		return true;
	}
	if (node->opcode == IR_to_f32 || node->opcode == IR_to_f64)
		return name_node(r, f, node->args[0], out);
	if (between && ir_op_info[node->opcode].arity == 2) {
		bool first = name_node(r, f, node->args[0], out);
		text_printf(out, "%s", between);
		return first && name_node(r, f, node->args[1], out);
	}
	if (ir_op_info[node->opcode].arity != 1)
		return false;
	text_printf(out, "%s_", ir_op_info[node->opcode].name);
	return name_node(r, f, node->args[0], out);
}

static bool name_node(const RulePack *r, const IrFor *f, uint32_t number, Text *out) {
	static const char *const small[] = {"zero", "one", "two", "three", "four"};
	const IrNode *node = &f->nodes.data[number];
	if (node->kind == IR_NODE_READ && node->at_count == 0 && ir_info(r->step, node->value)->name) {
		text_printf(out, "%s", session_text(r->pack->session, ir_info(r->step, node->value)->name));
		return true;
	}
	if (node->kind == IR_NODE_CONST) {
		for (int i = 0; i < 5; i++) {
			if (node->type == IR_I64 ? node->integer == i : node->real == i) {
				text_printf(out, "%s", small[i]);
				return true;
			}
		}
	}
	return node->kind == IR_NODE_OP && name_op(r, f, node, out);
}

/* The name of a value of the step: its own, or what it computes in words, or "alike". */
static const char *name_alike(const RulePack *r, IrValue value) {
	const IrValueInfo *info = ir_info(r->step, value);
	if (info->name)
		return session_text(r->pack->session, info->name);
	const IrFor *f = info->def && info->def->kind == IR_FOR ? &info->def->f : NULL;
	for (uint32_t p = 0; f && p < f->puts.count; p++) {
		Text words = text_new(r->pack->arena);
		bool plain = f->puts.data[p].out == value && f->puts.data[p].combine == IR_PUT_NONE && f->indices.count == 0;
		if (plain && name_node(r, f, f->puts.data[p].node, &words) && words.length <= PACK_ONCE_NAME)
			return text_cstr(&words);
	}
	return "alike";
}

/* The parameters of the step in a new function: all of them, or those that are alike for all coordinates. */
static IrMap begin(const RulePack *r, const Parts *parts, IrFunc *func, bool all) {
	Session *session = r->pack->session;
	const IrFunc *step = parts->step;
	IrMap map = ir_map_new(r->rule->module->arena, step);
	for (uint32_t i = 0; all && i < step->symbols.count; i++)
		ir_symbol(func, session_text(session, step->symbols.data[i]));
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

void pack_rule_once(RulePack *r) {
	Arena *arena = r->pack->arena;
	const IrFunc *step = r->step;
	r->move = r->step;
	if (r->tied > 0)
		return; /* extents are numbers then, and do not tell what is alike for all coordinates */
	Parts parts = {.step = step};
	parts.alike = ARENA_ARRAY(arena, bool, step->values.count);
	parts.moved = ARENA_ARRAY(arena, bool, step->values.count);
	parts.used = ARENA_ARRAY(arena, bool, step->values.count);
	look(&parts);
	IrFunc *once = ir_func_new(r->rule->module, "once"), *move = ir_func_new(r->rule->module, "move");
	IrMap of_once = begin(r, &parts, once, false), of_move = begin(r, &parts, move, true);
	for (IrValue v = 1; v < step->values.count; v++)
		if (parts.moved[v] && parts.used[v])
			ir_map_set(&of_move, v, ir_param_as(move, IR_ROLE_ALIKE, name_alike(r, v), ir_type(step, v)));
	IrBuilder in_once = ir_builder(once), in_move = ir_builder(move);
	for (uint32_t i = 0; i < step->body.ops.count; i++) {
		const IrOp *op = step->body.ops.data[i];
		if (is_moved(&parts, op) || is_table(op))
			ir_copy_op(&in_once, step, op, &of_once);
		if (!is_moved(&parts, op))
			ir_copy_op(&in_move, step, op, &of_move);
	}
	for (IrValue v = 1; v < step->values.count; v++)
		if (parts.moved[v] && parts.used[v])
			ir_result_as(once, IR_ROLE_ALIKE, name_alike(r, v), ir_map_get(&of_once, v));
	if (once->results.count == 0)
		return;
	for (uint32_t i = 0; i < step->results.count; i++) {
		const IrResult *result = &step->results.data[i];
		const char *name = session_text(r->pack->session, result->name);
		ir_result_as(move, result->role, name, ir_map_get(&of_move, result->value));
	}
	r->once = ir_pass_simplify(r->rule->module, once);
	r->move = ir_pass_simplify(r->rule->module, move);
}
