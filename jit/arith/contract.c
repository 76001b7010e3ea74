/* contract: the arithmetic of the default mode, before mathematics is expanded (those definitions are final). Divisions by one
 * divisor share its reciprocal (reciprocal.c); then products are fused into the sums that use them.
 *
 *     add(mul(a, b), c)  becomes  fma(a, b, c)        sub(c, mul(a, b))  becomes  fma(neg(a), b, c)
 *
 * Requires nothing; keeps every operation and put; changes roundings, so the default mode only. A product with more than one
 * use stays. Products that a sum put adds up are left to the accumulator: they are marked. */
#include "ir/build.h"
#include "ir/core/walk.h"
#include "jit/arith/arith.h"

typedef struct Contract {
	Arena *arena;
	const IrFunc *func;
	ArithProducts *products;
} Contract;

static bool is_product(const IrNode *node, uint32_t uses) {
	return node->kind == IR_NODE_OP && node->opcode == IR_mul && ir_scalar_is_real(node->type) && uses == 1;
}

static uint32_t *count_uses(Arena *arena, const IrFor *f) {
	uint32_t *uses = ARENA_ARRAY(arena, uint32_t, f->nodes.count + 1);
	for (uint32_t i = 0; i < f->nodes.count; i++)
		for (IrOperand part = ir_operands(&f->nodes.data[i]); ir_next_operand(&part);)
			uses[part.node] += part.argument >= 0;
	for (uint32_t i = 0; i < f->puts.count; i++)
		for (IrOperand part = ir_put_operands(&f->puts.data[i], 0); ir_next_operand(&part);)
			uses[part.node]++;
	return uses;
}

static void contract_for(void *context, const IrBlock *block, IrOp *op) {
	Contract *c = context;
	const IrFunc *func = c->func;
	IrFor *f = ir_as_for(op);
	(void)block;
	if (!f)
		return;
	uint32_t *moved = ARENA_ARRAY(c->arena, uint32_t, f->nodes.count + 1), count;
	IrNode *nodes;
	arith_reciprocals(c->arena, func, f, &nodes, &count, moved);
	ir_for_set_nodes(func, f, nodes, count, moved);
	uint32_t *uses = count_uses(c->arena, f), *to = ARENA_ARRAY(c->arena, uint32_t, f->nodes.count + 1);
	IrFor out = {0};
	for (uint32_t i = 0; i < f->nodes.count; i++) {
		const IrNode *old = &f->nodes.data[i];
		IrNode node = *old;
		bool sum =
			node.kind == IR_NODE_OP && (node.opcode == IR_add || node.opcode == IR_sub) && ir_scalar_is_real(node.type);
		for (int a = 0; node.kind == IR_NODE_OP && a < ir_op_info[node.opcode].arity; a++)
			node.args[a] = to[old->args[a]];
		for (uint32_t side = 0; sum && side < 2; side++) {
			const IrNode *product = &f->nodes.data[old->args[side]];
			if (!is_product(product, uses[old->args[side]]))
				continue;
			uint32_t factors[2] = {to[product->args[0]], to[product->args[1]]}, other = to[old->args[1 - side]];
			if (old->opcode == IR_sub) {
				uint32_t *negated = side == 0 ? &other : &factors[0];
				IrNode minus = {.kind = IR_NODE_OP, .type = node.type, .opcode = IR_neg, .args = {*negated}};
				vec_push(c->arena, &out.nodes, minus);
				*negated = out.nodes.count - 1;
			}
			node.opcode = IR_fma;
			node.args[0] = factors[0];
			node.args[1] = factors[1];
			node.args[2] = other;
			break;
		}
		vec_push(c->arena, &out.nodes, node);
		to[i] = out.nodes.count - 1;
	}
	uint32_t marks = 0;
	for (uint32_t i = 0; i < f->puts.count; i++) {
		const IrPut *put = &f->puts.data[i];
		const IrNode *node = &f->nodes.data[put->node];
		bool product = is_product(node, uses[put->node]) || (node->kind == IR_NODE_OP && node->opcode == IR_mulz);
		if (i < 32 && put->combine == IR_PUT_SUM && product && uses[put->node] == 1)
			marks |= 1u << i;
	}
	ir_for_set_nodes(func, f, out.nodes.data, out.nodes.count, to);
	vec_push(c->arena, c->products, marks);
}

void arith_contract(IrFunc *copy, ArithProducts *products) {
	Contract contract = {.arena = copy->module->arena, .func = copy, .products = products};
	ir_visit_ops(&copy->body, contract_for, &contract);
}
