/* Puts: what they combine with, where they go, and outputs that must hold something before the first point. */
#include "jit/nest/nest.h"

#include <math.h>

IrOpcode nest_combine_opcode(IrCombine combine) {
	switch (combine) {
	case IR_PUT_MAX: return IR_max;
	case IR_PUT_MIN: return IR_min;
	case IR_PUT_PROD: return IR_mul;
	default: return IR_add;
	}
}

LoopTemp nest_identity(Nest *n, const IrPut *put) {
	IrScalar type = ir_type(n->ir, put->out).scalar;
	bool narrow = type == IR_I32;
	switch (put->combine) {
	case IR_PUT_PROD: return nest_const(n, type, 1, 1);
	case IR_PUT_MAX:
		return nest_const(n, type, -(double)INFINITY, type == IR_BOOL ? 0 : narrow ? INT32_MIN : INT64_MIN);
	case IR_PUT_MIN: return nest_const(n, type, (double)INFINITY, type == IR_BOOL ? 1 : narrow ? INT32_MAX : INT64_MAX);
	case IR_PUT_ARGMAX:
	case IR_PUT_ARGMIN: return nest_const(n, type, 0, -1);
	default: return nest_const(n, type, 0, 0);
	}
}

/* Whether neither of two factors is 0. */
static LoopTemp no_zero(Nest *n, const LoopTemp *factors) {
	LoopTemp zero = nest_const(n, n->kernel->temps.data[factors[0]].type, 0, 0), not_zero[2];
	for (int i = 0; i < 2; i++)
		not_zero[i] = nest_op(n, IR_ne, IR_BOOL, (LoopTemp[]){factors[i], zero}, 2);
	return nest_op(n, IR_and, IR_BOOL, not_zero, 2);
}

/* acc is the value so far (0: the identity); returns the new one. */
LoopTemp nest_combine(Nest *n, const IrPut *put, LoopTemp acc) {
	IrScalar type = ir_type(n->ir, put->out).scalar;
	bool sum = put->combine == IR_PUT_SUM;
	if (acc == 0 && sum && n->in->strict)
		acc = nest_identity(n, put); /* 0 + -0.0 is 0 */
	const IrNode *node = &n->op->f->nodes.data[put->node];
	ptrdiff_t number = put - n->op->f->puts.data;
	bool fuses = acc != 0 && number < 32 && n->op->products >> number & 1;
	if (sum && node->kind == IR_NODE_OP && (node->opcode == IR_mul || node->opcode == IR_mulz)) {
		bool zero_wins = node->opcode == IR_mulz && !n->op->plain_sums;
		LoopTemp factors[3] = {nest_node(n, node->args[0]), nest_node(n, node->args[1]), acc};
		if (fuses && zero_wins)
			return nest_op(n, IR_where, type,
			               (LoopTemp[]){no_zero(n, factors), nest_op(n, IR_fma, type, factors, 3), acc}, 3);
		if (fuses)
			return nest_op(n, IR_fma, type, factors, 3);
		if (n->op->plain_sums) {
			LoopTemp product = nest_op(n, IR_mul, type, factors, 2);
			return acc == 0 ? product : nest_op(n, IR_add, type, (LoopTemp[]){acc, product}, 2);
		}
	}
	if (acc == 0)
		return nest_node(n, put->node);
	return nest_op(n, nest_combine_opcode(put->combine), type, (LoopTemp[]){acc, nest_node(n, put->node)}, 2);
}

/* Which index the maximum or minimum so far came from: the new one if its value is better, if it is the first NaN, or if there was none
 * yet; else the one so far. */
LoopTemp nest_combine_arg(Nest *n, const IrPut *put, LoopTemp best, LoopTemp arg) {
	const IrPut *of = &n->op->f->puts.data[put->arg_of];
	LoopTemp value = nest_node(n, of->node);
	IrAt at = {.term_count = 1, .terms = &(IrTerm){1, put->arg_index, false}};
	LoopTemp index = nest_position(n, at);
	if (best == 0)
		return index;
	LoopTemp better = nest_op(n, put->combine == IR_PUT_ARGMAX ? IR_gt : IR_lt, IR_BOOL, (LoopTemp[]){value, best}, 2);
	if (ir_scalar_is_real(ir_type(n->ir, of->out).scalar)) {
		LoopTemp nan = nest_op(n, IR_ne, IR_BOOL, (LoopTemp[]){value, value}, 2);
		LoopTemp number = nest_op(n, IR_eq, IR_BOOL, (LoopTemp[]){best, best}, 2);
		LoopTemp first_nan = nest_op(n, IR_and, IR_BOOL, (LoopTemp[]){nan, number}, 2);
		better = nest_op(n, IR_or, IR_BOOL, (LoopTemp[]){better, first_nan}, 2);
	}
	LoopTemp none = nest_op(n, IR_lt, IR_BOOL, (LoopTemp[]){arg, nest_const(n, IR_I64, 0, 0)}, 2);
	better = nest_op(n, IR_or, IR_BOOL, (LoopTemp[]){better, none}, 2);
	return nest_op(n, IR_where, IR_I64, (LoopTemp[]){better, index, arg}, 3);
}

/* Where an ARG put's maximum or minimum stands in the group. */
uint32_t nest_partner(const NestGroup *group, const IrPut *put) {
	for (uint32_t p = 0; p < group->count; p++)
		if (group->numbers[p] == put->arg_of)
			return p;
	base_panic("nest", "an argument was separated from its maximum");
}

/* ---- places ---- */

void nest_check_put(Nest *n, const IrPut *put) {
	IrType type = ir_type(n->ir, put->out);
	for (uint32_t a = 0; a < type.rank && !put->guarded; a++) {
		if (nest_in_box(n, put->at[a], type.dims[a]) || ir_in_bounds(n->ir, n->op->f, put->at[a], type.dims[a]))
			continue;
		LoopTemp position = nest_position(n, put->at[a]);
		LoopStmt *stmt = nest_stmt(n, LOOP_CHECK, 0, n->depth);
		stmt->value = position;
		stmt->lanes = nest_is_vector(n, position) ? nest_lanes(n) : 0;
		loop_affine_add(n->arena, &stmt->affine, loop_size_dim(type.dims[a]), 0);
		stmt->integer = ++n->in->func->check_count;
	}
}

/* The test that a guarded put is inside, or NULL. */
LoopStmt *nest_put_guard(Nest *n, const IrPut *put) {
	IrType type = ir_type(n->ir, put->out);
	LoopStmt *stmt = NULL;
	for (uint32_t a = 0; a < type.rank && put->guarded; a++) {
		if (nest_in_box(n, put->at[a], type.dims[a]))
			continue;
		LoopAffine low, high;
		if (!nest_scalar_affine(n, put->at[a], &low))
			base_panic("nest", "a guard differs by lane");
		high = nest_negated(n, low);
		high.offset--;
		loop_affine_add(n->arena, &high, loop_size_dim(type.dims[a]), 0);
		if (!stmt) {
			stmt = ARENA_NEW(n->arena, LoopStmt);
			stmt->kind = LOOP_IF;
		}
		vec_push(n->arena, &stmt->conds, low);
		vec_push(n->arena, &stmt->conds, high);
	}
	return stmt;
}

void nest_store(Nest *n, const IrPut *put, LoopTemp value) {
	LoopStmt *guard = nest_put_guard(n, put);
	if (guard)
		nest_open(n, guard);
	uint32_t level = 0;
	LoopAddress address = nest_address(n, put->out, put->at, &level);
	LoopStmt *stmt = nest_stmt(n, LOOP_STORE, 0, n->depth);
	stmt->address = address;
	stmt->value = value;
	stmt->lanes = address.stride != 0 || address.index != 0 ? nest_lanes(n) : 0;
	if (guard)
		nest_close(n);
	else
		nest_forward(n, put, value);
}

LoopTemp nest_load_out(Nest *n, const IrPut *put) {
	LoopTemp known = put->into ? nest_forwarded(n, put->into, put->at) : 0;
	if (known != 0)
		return known;
	uint32_t level = n->depth;
	LoopAddress address = nest_address(n, put->out, put->at, &level);
	bool vector = address.stride != 0 || address.index != 0;
	LoopTemp out = nest_new(n, ir_type(n->ir, put->out).scalar, vector, n->depth);
	LoopStmt *stmt = nest_stmt(n, LOOP_LOAD, out, n->depth);
	stmt->address = address;
	stmt->lanes = vector ? nest_lanes(n) : 0;
	return out;
}

/* What `into` holds; outside of a guarded put's bounds nothing is read. */
LoopTemp nest_load_base(Nest *n, const IrPut *put) {
	LoopTemp out = 0;
	LoopStmt *guard = nest_put_guard(n, put);
	if (!guard)
		return nest_load_out(n, put);
	LoopTemp start = nest_identity(n, put);
	nest_open(n, guard);
	bool vector = n->op->vector >= 0 && n->op->index[n->op->vector].vector;
	LoopCarry carry = {.init = start, .inner = nest_new(n, ir_type(n->ir, put->out).scalar, vector, n->depth)};
	carry.yield = nest_load_out(n, put);
	nest_close(n);
	carry.out = out = nest_new(n, ir_type(n->ir, put->out).scalar, vector, n->depth);
	vec_push(n->arena, &guard->carries, carry);
	return out;
}

/* ---- outputs before the nest ---- */

void nest_fill(Nest *n, const IrPut *put) {
	LoopSize elements = loop_elements(ir_type(n->ir, put->out));
	LoopTemp value = nest_identity(n, put);
	uint32_t formal = nest_formal(n, n->in->buffer_of[put->out]);
	int64_t whole = elements.count > 0 ? -1 : elements.factor / LOOP_LANES * LOOP_LANES;
	for (int pass = 0; pass < 2; pass++) {
		if ((pass == 0 && whole == 0) || (pass == 1 && whole == elements.factor && whole >= 0))
			continue;
		LoopStmt *loop = nest_new_for(n, pass == 0 ? LOOP_LANES : 1);
		LoopBound low = {.div = 1, .mul = 1}, high = {.div = 1, .mul = 1};
		loop_affine_add(n->arena, &high.affine, elements, 0);
		if (pass == 1) {
			low = high;
			low.div = low.mul = LOOP_LANES;
		}
		vec_push(n->arena, &loop->low, low);
		vec_push(n->arena, &loop->high, high);
		nest_open_for(n, loop);
		LoopStmt *stmt = nest_stmt(n, LOOP_STORE, 0, n->depth);
		stmt->address = (LoopAddress){.buffer = formal, .stride = pass == 0 ? 1 : 0};
		stmt->address.scale = loop_size(1);
		loop_affine_add(n->arena, &stmt->address.affine, loop_size(1), loop->out);
		stmt->value = value;
		nest_close(n);
	}
}

void nest_prepare(Nest *n, const IrPut *put) {
	uint32_t out = n->in->buffer_of[put->out];
	if (!put->into || n->in->buffer_of[put->into] == out)
		return;
	LoopStep *step = ARENA_NEW(n->in->func->arena, LoopStep);
	step->kind = LOOP_COPY;
	step->to = out;
	step->from = n->in->buffer_of[put->into];
	vec_push(n->in->func->arena, &n->steps->steps, step);
}
