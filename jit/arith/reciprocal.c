/* reciprocal: divisions by one divisor become products with its reciprocal, in the default mode.
 *
 *     a = div(x, d); b = div(y, d)   becomes   r = div(1, d); a = mul(x, r); b = mul(y, r)
 *     div(x, 5)                      becomes   mul(x, 0.2)
 *
 * Also where d varies with fewer indices than x, so that one division serves a whole inner loop. Only divisors that
 * are provably not small (or are constants) take part: the reciprocal of a denormal is infinite, and 0 times that NaN.
 * Requires nothing; keeps operations and puts; changes the last place or two. */
#include "ir/core/walk.h"
#include "jit/arith/arith.h"
#include "jit/arith/limits.h"

#include <math.h>

typedef struct Sight {
	const IrFunc *func;
	const IrFor *f;
} Sight;

static bool is_large(Sight s, uint32_t node, int depth);

/* The op that stores `node`'s value, and which of its nodes that is. */
static bool behind_read(Sight s, const IrNode *node, Sight *op, uint32_t *value) {
	const IrPut *put = node->guarded ? NULL : ir_put_of(s.func, node->value, &op->f);
	if (!put || put->combine != IR_PUT_NONE || put->into)
		return false;
	op->func = s.func;
	*value = put->node;
	return true;
}

/* Never below 0 (but perhaps NaN). */
static bool is_nonnegative(Sight s, uint32_t number, int depth) {
	const IrNode *node = &s.f->nodes.data[number];
	Sight op;
	uint32_t value;
	if (depth == 0)
		return false;
	if (node->kind == IR_NODE_CONST)
		return node->real >= 0;
	if (node->kind == IR_NODE_READ)
		return behind_read(s, node, &op, &value) && is_nonnegative(op, value, depth - 1);
	if (node->kind != IR_NODE_OP)
		return false;
	uint32_t a = node->args[0], b = node->args[1];
	if (ir_op_is_not_negative(node->opcode))
		return true;
	switch (node->opcode) {
	case IR_mul: return a == b || (is_nonnegative(s, a, depth - 1) && is_nonnegative(s, b, depth - 1));
	case IR_add:
	case IR_min: return is_nonnegative(s, a, depth - 1) && is_nonnegative(s, b, depth - 1);
	case IR_fma:
		return (a == b || (is_nonnegative(s, a, depth - 1) && is_nonnegative(s, b, depth - 1))) &&
		       is_nonnegative(s, node->args[2], depth - 1);
	case IR_div: return is_nonnegative(s, a, depth - 1) && is_large(s, b, depth - 1);
	case IR_max: return is_nonnegative(s, a, depth - 1) || is_nonnegative(s, b, depth - 1);
	default: return false;
	}
}

/* Never below the least divisor (but perhaps NaN). */
static bool is_large(Sight s, uint32_t number, int depth) {
	const IrNode *node = &s.f->nodes.data[number];
	Sight op;
	uint32_t value;
	if (depth == 0)
		return false;
	if (node->kind == IR_NODE_CONST)
		return node->real >= arith_least_divisor;
	if (node->kind == IR_NODE_READ)
		return behind_read(s, node, &op, &value) && is_large(op, value, depth - 1);
	if (node->kind != IR_NODE_OP)
		return false;
	uint32_t a = node->args[0], b = node->args[1];
	switch (node->opcode) {
	case IR_add:
		return (is_large(s, a, depth - 1) && is_nonnegative(s, b, depth - 1)) ||
		       (is_large(s, b, depth - 1) && is_nonnegative(s, a, depth - 1));
	case IR_fma:
		return (a == b || (is_nonnegative(s, a, depth - 1) && is_nonnegative(s, b, depth - 1))) &&
		       is_large(s, node->args[2], depth - 1);
	case IR_max: return is_large(s, a, depth - 1) || is_large(s, b, depth - 1);
	case IR_min: return is_large(s, a, depth - 1) && is_large(s, b, depth - 1);
	default: return false;
	}
}

static bool is_division(const IrNode *node) {
	return node->kind == IR_NODE_OP && node->opcode == IR_div;
}

/* d differs along fewer indices than the division by it. */
static bool saves_turns(const IrFor *f, uint32_t division) {
	uint32_t more = ir_node_indices(f, division) & ~ir_node_indices(f, f->nodes.data[division].args[1]);
	for (uint32_t i = 0; i < f->indices.count; i++)
		if ((more >> i & 1) && !f->indices.data[i].lane && f->indices.data[i].extent != 1)
			return true;
	return false;
}

static double rounded(IrScalar type, double value) {
	return type == IR_F32 ? (double)(float)value : value;
}

static bool has_reciprocal(const IrNode *node) {
	double size = node->kind == IR_NODE_CONST ? fabs(node->real) : 0;
	return size >= arith_least_divisor && size <= 1 / arith_least_divisor;
}

/* Per node: whether divisions by it become products. */
static bool *choose(Arena *arena, Sight s, bool *any) {
	const IrFor *f = s.f;
	bool *chosen = ARENA_ARRAY(arena, bool, f->nodes.count + 1);
	uint32_t *divisions = ARENA_ARRAY(arena, uint32_t, f->nodes.count + 1);
	for (uint32_t i = 0; i < f->nodes.count; i++) {
		const IrNode *node = &f->nodes.data[i];
		if (!is_division(node))
			continue;
		uint32_t divisor = node->args[1];
		divisions[divisor] += saves_turns(f, i) ? 2 : 1;
		if (has_reciprocal(&f->nodes.data[divisor]))
			chosen[divisor] = true;
		else if (divisions[divisor] >= 2 && !chosen[divisor])
			chosen[divisor] = is_large(s, divisor, ARITH_PROOF_DEPTH);
		*any = *any || chosen[divisor];
	}
	return chosen;
}

void arith_reciprocals(Arena *arena, const IrFunc *func, IrFor *f, IrNode **nodes, uint32_t *count, uint32_t *to) {
	bool any = false;
	bool *chosen = choose(arena, (Sight){func, f}, &any);
	VEC(IrNode) out = {0};
	uint32_t *reciprocal = ARENA_ARRAY(arena, uint32_t, f->nodes.count + 1); /* number + 1 */
	for (uint32_t i = 0; i < f->nodes.count; i++) {
		IrNode node = f->nodes.data[i];
		for (int a = 0; node.kind == IR_NODE_OP && a < ir_op_info[node.opcode].arity; a++)
			node.args[a] = to[f->nodes.data[i].args[a]];
		if (any && is_division(&f->nodes.data[i]) && chosen[f->nodes.data[i].args[1]]) {
			uint32_t divisor = f->nodes.data[i].args[1];
			const IrNode *by = &f->nodes.data[divisor];
			if (reciprocal[divisor] == 0 && by->kind == IR_NODE_CONST) {
				IrNode inverse = {.kind = IR_NODE_CONST, .type = by->type, .real = rounded(by->type, 1 / by->real)};
				vec_push(arena, &out, inverse);
				reciprocal[divisor] = out.count;
			} else if (reciprocal[divisor] == 0) {
				IrNode one = {.kind = IR_NODE_CONST, .type = by->type, .real = 1};
				vec_push(arena, &out, one);
				IrNode inverse = {
					.kind = IR_NODE_OP, .type = by->type, .opcode = IR_div, .args = {out.count - 1, to[divisor]}};
				vec_push(arena, &out, inverse);
				reciprocal[divisor] = out.count;
			}
			const IrNode *dividend = &f->nodes.data[f->nodes.data[i].args[0]];
			if (dividend->kind == IR_NODE_CONST && dividend->real == 1) {
				to[i] = reciprocal[divisor] - 1;
				continue;
			}
			node.opcode = IR_mul;
			node.args[1] = reciprocal[divisor] - 1;
		}
		vec_push(arena, &out, node);
		to[i] = out.count - 1;
	}
	*nodes = out.data;
	*count = out.count;
}
