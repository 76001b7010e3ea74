/* Derivatives of scalar operations, from the derivative column of ops.def, and the products and sums of the chain rule. */
#include "autodiff/ad.h"

#include <string.h>

static const IrNode *new_node(const AdEmit *e, uint32_t n) {
	return &e->f.op->f.nodes.data[n];
}

/* Whether a new node is one of the constants 0, 1 and -1. */
static bool is_unit(const IrNode *node) {
	return node->kind == IR_NODE_CONST && (node->real == 0 || node->real == 1 || node->real == -1);
}

/* A choice among such constants. A product with one is a choice, too, so that what is not chosen may be anything. */
static bool is_mask(const AdEmit *e, const IrNode *node) {
	return node->kind == IR_NODE_OP && node->opcode == IR_where && is_unit(new_node(e, node->args[1])) &&
	       is_unit(new_node(e, node->args[2]));
}

static uint32_t unit_product(AdEmit *e, uint32_t s, double unit) {
	if (unit == 0)
		return ir_real(&e->f, ir_node_type(&e->f, s), 0);
	return unit == 1 ? s : ir_op1(&e->f, IR_neg, s);
}

static uint32_t mask_product(AdEmit *e, const IrNode *mask, uint32_t s) {
	uint32_t yes = unit_product(e, s, new_node(e, mask->args[1])->real);
	uint32_t no = unit_product(e, s, new_node(e, mask->args[2])->real);
	return ir_op3(&e->f, IR_where, mask->args[0], yes, no);
}

/* s * d, where 0 wins over NaN and infinity if zero_wins; masks of 0, 1 and -1 are finite, whatever zero_wins. */
static uint32_t product(AdEmit *e, uint32_t s, uint32_t d, bool zero_wins) {
	const IrNode node = *new_node(e, d), seed = *new_node(e, s);
	if (is_unit(&node))
		return unit_product(e, s, node.real);
	if (is_mask(e, &node))
		return mask_product(e, &node, s);
	if (is_mask(e, &seed) && zero_wins)
		return mask_product(e, &seed, d);
	if (node.kind == IR_NODE_CONST && node.real - node.real == 0)
		return ir_op2(&e->f, IR_mul, s, d);
	if (node.kind == IR_NODE_OP && node.opcode == IR_neg)
		return ir_op1(&e->f, IR_neg, product(e, s, node.args[0], zero_wins));
	if (node.kind == IR_NODE_OP && node.opcode == IR_div && !zero_wins) {
		const IrNode *one = new_node(e, node.args[0]);
		if (one->kind == IR_NODE_CONST && one->real == 1)
			return ir_op2(&e->f, IR_div, s, node.args[1]);
	}
	return ir_op2(&e->f, zero_wins ? IR_mulz : IR_mul, s, d);
}

uint32_t ad_sum(AdEmit *e, uint32_t x, uint32_t y) {
	if (x == AD_NONE)
		return y;
	const IrNode node = *new_node(e, y);
	if (node.kind == IR_NODE_OP && node.opcode == IR_neg)
		return ir_op2(&e->f, IR_sub, x, node.args[0]);
	return ir_op2(&e->f, IR_add, x, y);
}

bool ad_mentions(const char *text, char letter) {
	static const char word[] = "abcdefghijklmnopqrstuvwxyz_0123456789.";
	for (const char *at = text; *at;) {
		size_t length = strspn(at, word);
		if (length == 1 && *at == letter)
			return true;
		at += length ? length : 1;
	}
	return false;
}

uint32_t ad_slope_node(const IrFor *op, uint32_t n) {
	IrOpcode slope;
	const IrNode *node = &op->nodes.data[n];
	if (node->kind != IR_NODE_OP || !ir_op_slope(node->opcode, &slope))
		return AD_NONE;
	for (uint32_t m = 0; m < op->nodes.count; m++) {
		const IrNode *other = &op->nodes.data[m];
		if (other->kind == IR_NODE_OP && other->opcode == slope && other->args[0] == node->args[0])
			return m;
	}
	return AD_NONE;
}

static uint32_t derivative(AdEmit *e, uint32_t n, int i) {
	const IrNode *node = &e->body.from->nodes.data[n];
	uint32_t slope = ad_slope_node(e->body.from, n);
	if (slope != AD_NONE)
		return ir_rewrite_node(&e->body, slope);
	const char *text = ir_op_info[node->opcode].derivative[i];
	static const char *const letters[] = {"a", "b", "c", "d", "r"};
	const char *names[IR_MAX_ARGS + 1];
	uint32_t nodes[IR_MAX_ARGS + 1];
	int count = 0;
	for (int k = 0; k <= IR_MAX_ARGS; k++) {
		if ((k < IR_MAX_ARGS && k >= ir_op_info[node->opcode].arity) || !ad_mentions(text, letters[k][0]))
			continue;
		names[count] = letters[k];
		nodes[count++] = ir_rewrite_node(&e->body, k < IR_MAX_ARGS ? node->args[k] : n);
	}
	return ir_expression(&e->f, text, e->body.from->nodes.data[node->args[i]].type, names, nodes, count);
}

uint32_t ad_chain(AdEmit *e, uint32_t n, int i, uint32_t s, bool zero_wins) {
	const IrNode *node = &e->body.from->nodes.data[n];
	switch (node->opcode) {
	case IR_where: {
		uint32_t choice = ir_rewrite_node(&e->body, node->args[0]);
		uint32_t zero = ir_real(&e->f, node->type, 0);
		return ir_op3(&e->f, IR_where, choice, i == 1 ? s : zero, i == 1 ? zero : s);
	}
	case IR_to_f32:
	case IR_to_f64: {
		/* a cotangent goes back to the operand's type, a tangent on to the result's */
		bool back = ir_node_type(&e->f, s) == node->type && node->type != e->body.from->nodes.data[node->args[0]].type;
		IrScalar type = back ? e->body.from->nodes.data[node->args[0]].type : node->type;
		return ir_op1(&e->f, type == IR_F32 ? IR_to_f32 : IR_to_f64, s);
	}
	case IR_scaled: /* as the product itself: taken apart, the scale of a norm of zeros would overflow */
		if (!zero_wins)
			return ir_op2(&e->f, IR_scaled, s, ir_rewrite_node(&e->body, node->args[1 - i]));
		break;
	default: break;
	}
	return product(e, s, derivative(e, n, i), zero_wins || node->opcode == IR_mulz);
}
