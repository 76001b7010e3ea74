/* What is certainly finite, whatever the parameters hold: bounds of absolute values, for values and nodes.
 *
 *     w = cos(0.1 * i)      at most 1
 *     y = w * x             no bound is known: x is a parameter
 *
 * NaN in gives NaN out nearly everywhere, so what depends on a parameter has no bound, unless the caller knows one or it chooses
 * between numbers that have one. A bound lies far enough below the largest number of its type that roundings do not matter. */
#include "autodiff/ad.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const double largest_int = 0x1p63;

/* The bound itself, or INFINITY (no bound is known) where a number of the type that is so large may have overflowed. */
static double within(IrScalar type, double bound) {
	double most = type == IR_F32 ? (double)FLT_MAX / 2 : ir_scalar_is_real(type) ? DBL_MAX / 2 : largest_int;
	return bound <= most ? bound : (double)INFINITY;
}

static double integer_bound(const IrFunc *func, const IrFor *op, uint32_t n) {
	int64_t low, high;
	if (!ir_scalar_is_int(op->nodes.data[n].type) || !ir_node_range(func, op, n, &low, &high))
		return largest_int;
	return fmax(fabs((double)low), fabs((double)high));
}

double *ad_node_bounds(Arena *scratch, const IrFunc *func, const double *values, const IrFor *op) {
	double *bound = ARENA_ARRAY(scratch, double, op->nodes.count + 1);
	for (uint32_t n = 0; n < op->nodes.count; n++) {
		const IrNode *node = &op->nodes.data[n];
		if (!ir_scalar_is_real(node->type)) {
			bound[n] = integer_bound(func, op, n);
		} else if (node->kind == IR_NODE_CONST) {
			bound[n] = node->real == node->real ? within(node->type, fabs(node->real)) : (double)INFINITY;
		} else if (node->kind == IR_NODE_READ) {
			bound[n] = values[node->value];
		} else {
			double args[IR_MAX_ARGS] = {0};
			bool known = node->kind == IR_NODE_OP;
			for (int i = 0; known && i < ir_op_info[node->opcode].arity; i++) {
				args[i] = bound[node->args[i]];
				known = known && args[i] < (double)INFINITY;
			}
			bound[n] =
				known ? within(node->type, ir_op_bound(node->opcode, args[0], args[1], args[2])) : (double)INFINITY;
		}
	}
	return bound;
}

/* Of a sum: how many points may go into one element, with room for roundings. */
static double rounded_points(const IrFor *op) {
	double count = ir_points(op, ~0u, (double)INFINITY);
	return count * exp(count * (double)FLT_EPSILON);
}

static double put_bound(const IrFunc *func, const double *values, const IrFor *op, const IrPut *put, double node) {
	double into = put->into ? values[put->into] : 0;
	IrScalar type = ir_type(func, put->out).scalar;
	if (!(node < (double)INFINITY) || !(into < (double)INFINITY))
		return (double)INFINITY;
	switch (put->combine) {
	case IR_PUT_NONE: return fmax(node, into);
	case IR_PUT_SUM: return within(type, (node + into) * rounded_points(op));
	default: return (double)INFINITY; /* a maximum of nothing is -inf */
	}
}

static bool raise_bound(double *bounds, IrValue value, double bound) {
	bool higher = bound > bounds[value];
	if (higher)
		bounds[value] = bound;
	return higher;
}

/* One rule for each kind of op: the bounds of its outputs. */
#define KIND(NAME, name) static void bound_##name(Arena *scratch, const IrFunc *func, const IrOp *op, double *values);
#include "ir/core/kinds.def"
#undef KIND

static void (*const bound_kind[IR_KIND_COUNT])(Arena *scratch, const IrFunc *func, const IrOp *op, double *values) = {
#define KIND(NAME, name) [IR_##NAME] = bound_##name,
#include "ir/core/kinds.def"
#undef KIND
};

static void bound_block(Arena *scratch, const IrFunc *func, const IrBlock *block, double *values) {
	for (uint32_t o = 0; o < block->ops.count; o++)
		bound_kind[block->ops.data[o]->kind](scratch, func, block->ops.data[o], values);
}

/* A carry that grows in one turn may grow without end. */
static void bound_loop(Arena *scratch, const IrFunc *func, const IrOp *op, double *values) {
	const IrLoop *loop = &op->loop;
	for (uint32_t k = 0; k < loop->carries.count; k++)
		values[loop->carries.data[k].inner] = values[loop->carries.data[k].init];
	for (bool changed = true; changed;) {
		changed = false;
		bound_block(scratch, func, &loop->body, values);
		for (uint32_t k = 0; k < loop->carries.count; k++) {
			const IrCarry *c = &loop->carries.data[k];
			if (values[c->yield] > values[c->inner])
				changed |= raise_bound(values, c->inner, (double)INFINITY);
		}
	}
	for (uint32_t k = 0; k < loop->carries.count; k++)
		values[loop->carries.data[k].out] = values[loop->carries.data[k].inner];
}

static double table_bound(IrType type, const IrConst *table) {
	double most = 0;
	int64_t count = ir_type_elements(type, NULL);
	for (int64_t i = 0; i < count && ir_scalar_is_real(type.scalar); i++)
		most = table->reals[i] == table->reals[i] ? fmax(most, fabs(table->reals[i])) : (double)INFINITY;
	return ir_scalar_is_real(type.scalar) ? within(type.scalar, most) : largest_int;
}

static void bound_const(Arena *scratch, const IrFunc *func, const IrOp *op, double *values) {
	(void)scratch;
	values[op->constant.out] = table_bound(ir_type(func, op->constant.out), &op->constant);
}

/* An objective that is not known yet. */
static void bound_evaluate(Arena *scratch, const IrFunc *func, const IrOp *op, double *values) {
	(void)scratch;
	(void)func;
	values[op->evaluate.f] = values[op->evaluate.g] = (double)INFINITY;
}

static void bound_deferred(Arena *scratch, const IrFunc *func, const IrOp *op, double *values) {
	(void)scratch;
	(void)func;
	values[op->deferred.out] = (double)INFINITY;
}

static void bound_for(Arena *scratch, const IrFunc *func, const IrOp *op, double *values) {
	const double *nodes = ad_node_bounds(scratch, func, values, &op->f);
	for (uint32_t p = 0; p < op->f.puts.count; p++) {
		const IrPut *put = &op->f.puts.data[p];
		if (ir_scalar_is_real(ir_type(func, put->out).scalar))
			values[put->out] = put_bound(func, values, &op->f, put, nodes[put->node]);
	}
}

double *ad_value_bounds(Arena *scratch, const IrFunc *func, const double *limits) {
	double *values = ARENA_ARRAY(scratch, double, func->values.count);
	for (IrValue v = 0; v < func->values.count; v++)
		values[v] = (double)INFINITY;
	for (uint32_t p = 0; limits && p < func->params.count; p++) {
		IrType type = ir_type(func, func->params.data[p].value);
		if (ir_scalar_is_real(type.scalar))
			values[func->params.data[p].value] = within(type.scalar, limits[p]);
	}
	bound_block(scratch, func, &func->body, values);
	return values;
}

double *ad_result_limits(Arena *arena, const IrFunc *func) {
	Arena *scratch = arena_new();
	const double *values = ad_value_bounds(scratch, func, NULL);
	double *limits = ARENA_ARRAY(arena, double, func->results.count + 1);
	for (uint32_t r = 0; r < func->results.count; r++)
		limits[r] = values[func->results.data[r].value];
	arena_free(scratch);
	return limits;
}

/* ---- derivatives ---- */

static bool has_finite_reciprocal(const IrNode *node) {
	double least = node->type == IR_F32 ? (double)FLT_MIN : DBL_MIN;
	return node->kind == IR_NODE_CONST && fabs(node->real) >= least;
}

/* Whether the text of a derivative is 0, 1 or -1, or a choice between two of these. */
static bool is_unit(const char *text) {
	static const char *const units[] = {"1", "-1"}, *const choices[] = {", 1, 0)", ", 0, 1)"};
	size_t length = strlen(text);
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (strcmp(text, units[i]) == 0)
			return true;
	for (size_t i = 0; strncmp(text, "where(", 6) == 0 && i < sizeof choices / sizeof *choices; i++)
		if (strcmp(text + length - strlen(choices[i]), choices[i]) == 0)
			return true;
	return false;
}

bool ad_derivative_is_finite(const IrFor *op, const double *bound, uint32_t n, int i) {
	const IrNode *node = &op->nodes.data[n];
	const char *text = ir_op_info[node->opcode].derivative[i];
	if (is_unit(text))
		return true;
	bool is_operand = text[0] >= 'a' && text[0] <= 'd' && text[1] == 0;
	if (is_operand)
		return bound[node->args[text[0] - 'a']] < (double)INFINITY;
	return strcmp(text, "div(1, b)") == 0 && has_finite_reciprocal(&op->nodes.data[node->args[1]]);
}
