/* Folding of scalar operations while they are built: only what is exact for every value, NaN and -0.0 included. */
#include "ir/build.h"

#include <math.h>

/* The operands of the node being folded, looked up once. */
typedef struct Operands {
	IrForBuilder *f;
	IrNode node[IR_MAX_ARGS];
	const uint32_t *args;
	int arity;
} Operands;

static bool is_int_const(const IrNode *node, int64_t value) {
	return node->kind == IR_NODE_CONST && !ir_scalar_is_real(node->type) && node->integer == value;
}

static bool is_real_const(const IrNode *node, double value) {
	return node->kind == IR_NODE_CONST && ir_scalar_is_real(node->type) && node->real == value &&
	       signbit(node->real) == signbit(value);
}

static bool is_const(const IrNode *node, int64_t value) {
	return is_int_const(node, value) || is_real_const(node, (double)value);
}

static bool all_constant(const Operands *o) {
	for (int i = 0; i < o->arity; i++)
		if (o->node[i].kind != IR_NODE_CONST)
			return false;
	return true;
}

/* Only primitives: the others have no meaning that is the same on every machine until they are expanded. */
static bool fold_constants(const Operands *o, const IrNode *node, uint32_t *result) {
	if (!ir_op_info[node->opcode].primitive || !all_constant(o))
		return false;
	IrScalar types[IR_MAX_ARGS];
	IrNumber values[IR_MAX_ARGS];
	for (int i = 0; i < o->arity; i++) {
		types[i] = o->node[i].type;
		if (ir_scalar_is_real(types[i]))
			values[i].real = o->node[i].real;
		else
			values[i].integer = o->node[i].integer;
	}
	IrNumber value = ir_eval_scalar(node->opcode, types, values);
	if (ir_scalar_is_real(node->type))
		*result = ir_real(o->f, node->type, value.real);
	else
		*result = ir_constant(o->f, node->type, 0, value.integer);
	return true;
}

static bool is_affine(const IrNode *node) {
	return node->type == IR_I64 && (node->kind == IR_NODE_INDEX || node->kind == IR_NODE_CONST);
}

/* Sums and multiples of index values stay index values. */
static bool fold_affine(const Operands *o, IrOpcode opcode, uint32_t *result) {
	if (!is_affine(&o->node[0]) || (o->arity > 1 && !is_affine(&o->node[1])))
		return false;
	IrModule *module = o->f->builder->func->module;
	IrAt at[2];
	for (int i = 0; i < o->arity; i++)
		at[i] = o->node[i].kind == IR_NODE_CONST ? ir_at_const(o->node[i].integer) : o->node[i].at[0];
	switch (opcode) {
	case IR_add: *result = ir_index_value(o->f, ir_at_add(module, at[0], at[1])); return true;
	case IR_sub: *result = ir_index_value(o->f, ir_at_add(module, at[0], ir_at_scale(module, at[1], -1))); return true;
	case IR_neg: *result = ir_index_value(o->f, ir_at_scale(module, at[0], -1)); return true;
	case IR_mul:
		if (at[0].term_count && at[1].term_count)
			return false;
		*result = ir_index_value(o->f, at[0].term_count ? ir_at_scale(module, at[0], at[1].offset)
		                                                : ir_at_scale(module, at[1], at[0].offset));
		return true;
	default: return false;
	}
}

/* The other operand, of the first two, if one is `neutral`. */
static bool fold_neutral(const Operands *o, bool (*is_neutral)(const IrNode *node), uint32_t *other) {
	for (int i = 0; i < 2; i++) {
		if (!is_neutral(&o->node[i]))
			continue;
		*other = o->args[1 - i];
		return true;
	}
	return false;
}

/* x + -0.0 is x; x + 0.0 is not, for x = -0.0. */
static bool is_nothing_added(const IrNode *node) {
	return is_int_const(node, 0) || is_real_const(node, -0.0);
}

static bool is_one(const IrNode *node) {
	return is_const(node, 1);
}

static bool is_integer(const Operands *o) {
	return !ir_scalar_is_real(o->node[0].type);
}

/* ---- one rule for each opcode that has one ---- */

typedef bool FoldRule(const Operands *o, const IrNode *node, uint32_t *result);

static bool fold_add(const Operands *o, const IrNode *node, uint32_t *result) {
	(void)node;
	return fold_neutral(o, is_nothing_added, result);
}

static bool fold_sub(const Operands *o, const IrNode *node, uint32_t *result) {
	*result = o->args[0];
	if (is_const(&o->node[1], 0))
		return true;
	if (!is_integer(o) || o->args[0] != o->args[1])
		return false;
	*result = ir_constant(o->f, node->type, 0, 0);
	return true;
}

static bool fold_mul(const Operands *o, const IrNode *node, uint32_t *result) {
	(void)node;
	for (int i = 0; i < 2; i++) {
		const IrNode *factor = &o->node[i];
		uint32_t other = o->args[1 - i];
		if (is_const(factor, 1))
			*result = other;
		else if (is_const(factor, -1))
			*result = ir_op1(o->f, IR_neg, other);
		else if (is_int_const(factor, 0))
			*result = o->args[i];
		else
			continue;
		return true;
	}
	return false;
}

static bool fold_div(const Operands *o, const IrNode *node, uint32_t *result) {
	(void)node;
	*result = o->args[0];
	return is_one(&o->node[1]);
}

static bool fold_fma(const Operands *o, const IrNode *node, uint32_t *result) {
	uint32_t factor;
	(void)node;
	if (!fold_neutral(o, is_one, &factor))
		return false;
	*result = ir_op2(o->f, IR_add, factor, o->args[2]);
	return true;
}

static bool fold_mulz(const Operands *o, const IrNode *node, uint32_t *result) {
	(void)node;
	for (int i = 0; i < 2; i++) {
		if (is_real_const(&o->node[i], 0)) {
			*result = o->args[i];
			return true;
		}
	}
	return false;
}

static bool fold_extreme(const Operands *o, const IrNode *node, uint32_t *result) {
	(void)node;
	*result = o->args[0];
	return o->args[0] == o->args[1];
}

/* Integers have no gradient. */
static bool fold_stop_gradient(const Operands *o, const IrNode *node, uint32_t *result) {
	(void)node;
	*result = o->args[0];
	return is_integer(o);
}

/* What undoes itself. */
static bool fold_twice(const Operands *o, const IrNode *node, uint32_t *result) {
	if (o->node[0].kind != IR_NODE_OP || o->node[0].opcode != node->opcode)
		return false;
	*result = o->node[0].args[0];
	return true;
}

static bool fold_logic(const Operands *o, const IrNode *node, uint32_t *result) {
	int64_t neutral = node->opcode == IR_and;
	if (o->args[0] == o->args[1]) {
		*result = o->args[0];
		return true;
	}
	for (int i = 0; i < 2; i++) {
		if (o->node[i].kind != IR_NODE_CONST)
			continue;
		*result = o->node[i].integer == neutral ? o->args[1 - i] : o->args[i];
		return true;
	}
	return false;
}

/* a < b for all values that integers can have here (*known: true, or false for all), as far as their ranges tell. */
static bool is_less(const Operands *o, int a, int b, bool or_equal, bool *known) {
	const IrFunc *func = o->f->builder->func;
	int64_t low[2], high[2];
	for (int i = 0; i < 2; i++) {
		low[i] = high[i] = o->node[i].integer;
		if (o->node[i].kind != IR_NODE_CONST && !ir_node_range(func, &o->f->op->f, o->args[i], &low[i], &high[i]))
			return false;
	}
	*known = or_equal ? high[a] <= low[b] : high[a] < low[b];
	return *known || (or_equal ? low[a] > high[b] : low[a] >= high[b]);
}

static bool fold_comparison(const Operands *o, const IrNode *node, uint32_t *result) {
	const IrOpcode opcode = node->opcode;
	bool known, decided;
	if (!is_integer(o))
		return false;
	if (o->args[0] == o->args[1]) {
		*result = ir_bool(o->f, opcode == IR_eq || opcode == IR_le || opcode == IR_ge);
		return true;
	}
	switch (opcode) {
	case IR_lt: decided = is_less(o, 0, 1, false, &known); break;
	case IR_le: decided = is_less(o, 0, 1, true, &known); break;
	case IR_gt: decided = is_less(o, 1, 0, false, &known); break;
	case IR_ge: decided = is_less(o, 1, 0, true, &known); break;
	default: return false;
	}
	if (decided)
		*result = ir_bool(o->f, known);
	return decided;
}

static bool fold_where(const Operands *o, const IrNode *node, uint32_t *result) {
	(void)node;
	if (o->node[0].kind == IR_NODE_CONST) {
		*result = o->node[0].integer ? o->args[1] : o->args[2];
		return true;
	}
	*result = o->args[1];
	return o->args[1] == o->args[2];
}

static bool fold_power(const Operands *o, const IrNode *node, uint32_t *result) {
	(void)node;
	uint32_t base = o->args[0];
	if (o->node[1].kind != IR_NODE_CONST)
		return false;
	switch (o->node[1].integer) {
	case -1: *result = ir_op2(o->f, IR_div, ir_real(o->f, o->node[0].type, 1), base); return true;
	case 0: *result = ir_real(o->f, o->node[0].type, 1); return true;
	case 1: *result = base; return true;
	case 2: *result = ir_op2(o->f, IR_mul, base, base); return true;
	default: return false;
	}
}

static FoldRule *const rules[IR_OPCODE_COUNT] = {
	[IR_add] = fold_add,       [IR_sub] = fold_sub,
	[IR_mul] = fold_mul,       [IR_div] = fold_div,
	[IR_idiv] = fold_div,      [IR_fma] = fold_fma,
	[IR_mulz] = fold_mulz,     [IR_min] = fold_extreme,
	[IR_max] = fold_extreme,   [IR_stop_gradient] = fold_stop_gradient,
	[IR_neg] = fold_twice,     [IR_not] = fold_twice,
	[IR_and] = fold_logic,     [IR_or] = fold_logic,
	[IR_eq] = fold_comparison, [IR_ne] = fold_comparison,
	[IR_lt] = fold_comparison, [IR_le] = fold_comparison,
	[IR_gt] = fold_comparison, [IR_ge] = fold_comparison,
	[IR_where] = fold_where,   [IR_powi] = fold_power,
};

bool ir_fold(IrForBuilder *f, const IrNode *node, uint32_t *result) {
	Operands o = {.f = f, .args = node->args, .arity = ir_op_info[node->opcode].arity};
	for (int i = 0; i < o.arity; i++)
		o.node[i] = f->op->f.nodes.data[node->args[i]];
	if (fold_constants(&o, node, result))
		return true;
	if (node->type == IR_I64 && o.arity <= 2 && fold_affine(&o, node->opcode, result))
		return true;
	return rules[node->opcode] && rules[node->opcode](&o, node, result);
}
