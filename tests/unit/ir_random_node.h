/* Random bodies of operations: reads at positions that are inside or guarded, scalar operations, draws, products, whole numbers. */
#ifndef GRADUS_TESTS_IR_RANDOM_NODE_H
#define GRADUS_TESTS_IR_RANDOM_NODE_H

#include "ir_random_state.h"

/* An index of the domain that runs over 5 values at most, or its first value. */
static inline IrAt random_of_five(RandomIr *r, IrForBuilder *f, uint32_t first) {
	IrAt where = ir_at_const(random_below(r, 5));
	for (uint32_t index = first; index < f->op->f.indices.count; index++)
		if (f->op->f.indices.data[index].extent <= 5)
			where = ir_at_index(r->func->module, index, 1);
	return where;
}

/* One position along an axis of extent `dim`; *inside: proved to be in range. */
static inline IrAt random_position(RandomIr *r, IrForBuilder *f, IrDim dim, bool *inside) {
	IrModule *m = r->func->module;
	const IrFor *op = &f->op->f;
	uint32_t first = op->indices.count && op->indices.data[0].lane ? 1 : 0, choices = op->indices.count - first;
	uint32_t kind = random_below(r, 11);
	*inside = true;
	if (dim == 0) { /* inside only where there is no point */
		*inside = false;
		return choices ? ir_at_index(m, first + random_below(r, choices), 1) : ir_at_const(0);
	}
	if (kind < 7 && choices) {
		uint32_t start = random_below(r, choices);
		for (uint32_t k = 0; k < choices; k++) {
			uint32_t index = first + (start + k) % choices;
			IrDim slack = dim - op->indices.data[index].extent;
			if (slack >= 0) {
				if (random_chance(r, 20)) /* backwards */
					return ir_at_add(m, ir_at_index(m, index, -1), ir_at_const(dim - 1));
				IrAt shift = ir_at_const(random_chance(r, 20) ? random_below(r, (uint32_t)slack + 1) : 0);
				return ir_at_add(m, ir_at_index(m, index, 1), shift);
			}
		}
	}
	if (kind == 7 && choices) {
		int64_t stride = random_chance(r, 30) ? 2 : 1;
		IrAt at = ir_at_index(m, first + random_below(r, choices), stride);
		*inside = false;
		return ir_at_add(m, ir_at_add(m, at, ir_at_index(m, first + random_below(r, choices), 1)), ir_at_const(-1));
	}
	if (kind == 8) {
		IrAt where = random_of_five(r, f, first);
		uint32_t pick = ir_read(f, r->picks, &where, false);
		return ir_at_node(m, ir_op2(f, IR_imod, pick, ir_int(f, dim)), 1);
	}
	if (kind == 9 && dim >= 3) { /* checked when it runs */
		IrAt where = random_of_five(r, f, first);
		return ir_at_node(m, ir_read(f, r->places, &where, false), 1);
	}
	return ir_at_const(random_below(r, (uint32_t)dim));
}

static inline uint32_t random_read(RandomIr *r, IrForBuilder *f) {
	bool has_lane = f->op->f.indices.count && f->op->f.indices.data[0].lane;
	for (int tries = 0; tries < 20; tries++) {
		IrValue value = r->values[random_below(r, (uint32_t)r->count)];
		IrType type = ir_type(r->func, value);
		IrAt at[IR_MAX_RANK];
		bool guarded = random_chance(r, 5);
		if (type.lanes && !has_lane)
			continue;
		for (int axis = 0; axis < type.rank; axis++) {
			bool inside = true;
			at[axis] = axis == 0 && type.lanes ? ir_at_index(r->func->module, 0, 1)
			                                   : random_position(r, f, type.dims[axis], &inside);
			guarded = guarded || !inside;
		}
		uint32_t node = ir_read(f, value, at, guarded);
		if (type.scalar == IR_I64)
			return ir_op1(f, r->real == IR_F32 ? IR_to_f32 : IR_to_f64, node);
		return node;
	}
	return ir_real(f, r->real, 0.75);
}

static inline uint32_t random_body(RandomIr *r, IrForBuilder *f, int depth);
static inline uint32_t random_whole(RandomIr *r, IrForBuilder *f, int depth);

/* Any row of ops.def, of reals where it is tested. */
static inline uint32_t random_row(RandomIr *r, IrForBuilder *f, int depth) {
	IrOpcode opcode;
	const IrOpInfo *info;
	do {
		opcode = (IrOpcode)random_below(r, IR_OPCODE_COUNT);
		info = &ir_op_info[opcode];
	} while (info->typing != IR_T_REAL && info->typing != IR_T_ARITH);
	uint32_t args[IR_MAX_ARGS] = {0};
	for (int i = 0; i < info->arity; i++) {
		bool exponent = i == 3; /* pow_scaled, pow_log: a number that is known */
		args[i] = exponent ? ir_real(f, r->real, (double)random_below(r, 2)) : random_body(r, f, depth - 1);
		if (exponent)
			continue;
		args[i] = ir_op2(f, IR_max, args[i], ir_real(f, r->real, info->low));
		args[i] = ir_op2(f, IR_min, args[i], ir_real(f, r->real, info->high));
	}
	return ir_op(f, opcode, args);
}

/* A random number by whole ones: an element of a tensor, turns, indices. */
static inline uint32_t random_draw(RandomIr *r, IrForBuilder *f) {
	uint32_t args[IR_MAX_ARGS] = {0}, kind = random_below(r, 3);
	for (int i = 0; i < 4; i++)
		args[i] = random_whole(r, f, 1);
	if (kind == 2) { /* the place of a number below 9 in an order */
		args[0] = ir_op2(f, IR_imod, args[0], ir_int(f, 9));
		args[1] = ir_int(f, 9);
	}
	uint32_t drawn = ir_op(f, kind == 0 ? IR_random_uniform : kind == 1 ? IR_random_normal : IR_random_place, args);
	return r->real == IR_F32 ? ir_op1(f, IR_to_f32, drawn) : drawn;
}

/* A whole number that is also one in f32 and f64, so that nothing hangs by rounding, through other types and back. */
static inline uint32_t random_narrow(RandomIr *r, IrForBuilder *f, uint32_t node) {
	uint32_t whole = random_whole(r, f, 1);
	whole = ir_op2(f, IR_imod, whole, ir_int(f, 5));
	if (random_chance(r, 50))
		whole = ir_op1(f, IR_to_f64, whole);
	whole = ir_op1(f, IR_to_f32, whole);
	if (r->real == IR_F64)
		whole = ir_op1(f, IR_to_f64, whole);
	return ir_op2(f, IR_mul, node, whole);
}

/* A truth value. */
static inline uint32_t random_test(RandomIr *r, IrForBuilder *f, uint32_t a, uint32_t b) {
	static const IrOpcode tests[] = {IR_lt, IR_le, IR_gt, IR_ge, IR_eq, IR_ne};
	uint32_t test = ir_op2(f, tests[random_below(r, 6)], a, b);
	if (random_chance(r, 20))
		test = ir_op1(f, IR_not, test);
	if (random_chance(r, 20)) {
		uint32_t other = ir_op2(f, tests[random_below(r, 6)], b, ir_real(f, r->real, 0.25));
		test = ir_op2(f, random_chance(r, 50) ? IR_and : IR_or, test, other);
	}
	return test;
}

/* A real expression whose values stay of moderate size. */
static inline uint32_t random_body(RandomIr *r, IrForBuilder *f, int depth) {
	static const IrOpcode ones[] = {IR_neg,  IR_abs,     IR_sign,     IR_floor, IR_relu, IR_sin, IR_cos,
	                                IR_tanh, IR_sigmoid, IR_softplus, IR_erf,   IR_atan, IR_elu, IR_gelu};
	static const IrOpcode twos[] = {IR_add, IR_sub, IR_mul, IR_min, IR_max, IR_mulz, IR_add, IR_mul};
	if (depth == 0 || random_chance(r, 15)) {
		uint32_t kind = random_below(r, 12);
		if (kind == 0)
			return ir_real(f, r->real, (double)random_below(r, 9) / 4 - 1);
		if (kind == 1 && f->op->f.indices.count) {
			uint32_t index = random_below(r, f->op->f.indices.count);
			uint32_t value = ir_index_value(f, ir_at_index(r->func->module, index, 1));
			return ir_op1(f, r->real == IR_F32 ? IR_to_f32 : IR_to_f64, value);
		}
		return random_read(r, f);
	}
	uint32_t kind = random_below(r, 24);
	if (kind >= 22 && random_chance(r, 8))
		return random_draw(r, f);
	if (kind >= 22)
		return random_row(r, f, depth);
	if (kind == 21) /* times a whole number that went through other types */
		return random_narrow(r, f, random_body(r, f, depth - 1));
	if (kind == 20)
		return ir_op1(f, IR_stop_gradient, random_body(r, f, depth - 1));
	uint32_t a = random_body(r, f, depth - 1);
	if (kind < 6)
		return ir_op1(f, ones[random_below(r, 14)], a);
	if (kind == 6)
		return ir_op1(f, IR_sqrt, ir_op1(f, IR_abs, a));
	if (kind == 7)
		return ir_op1(f, IR_exp, ir_op2(f, IR_min, a, ir_real(f, r->real, 2)));
	if (kind == 8)
		return ir_op1(f, IR_log, ir_op2(f, IR_add, ir_op1(f, IR_abs, a), ir_real(f, r->real, 0.5)));
	if (kind == 9)
		return ir_op2(f, IR_powi, ir_op1(f, IR_tanh, a), ir_int(f, (int64_t)random_below(r, 8) - 1));
	uint32_t b = random_body(r, f, depth - 1);
	if (kind == 10)
		return ir_op2(f, IR_div, a, ir_op2(f, IR_add, ir_op1(f, IR_abs, b), ir_real(f, r->real, 0.5)));
	if (kind < 13) {
		uint32_t test = random_test(r, f, a, b);
		return ir_op3(f, IR_where, test, random_body(r, f, depth - 1), b);
	}
	if (kind == 13)
		return ir_op3(f, IR_fma, a, b, random_body(r, f, depth - 1));
	return ir_op2(f, twos[random_below(r, 8)], a, b);
}

/* A product of reads and numbers, as sums of products have them: what the passes split and merge. */
static inline uint32_t random_product(RandomIr *r, IrForBuilder *f) {
	uint32_t factors = 1 + random_below(r, 4);
	uint32_t product = random_chance(r, 15) ? ir_real(f, r->real, 0.75) : random_read(r, f);
	for (uint32_t i = 1; i < factors; i++) {
		uint32_t kind = random_below(r, 10);
		uint32_t factor = random_read(r, f);
		if (kind == 0)
			factor = ir_op1(f, IR_exp, ir_op2(f, IR_min, factor, ir_real(f, r->real, 1)));
		if (kind == 1) {
			uint32_t large = ir_op2(f, IR_add, ir_op1(f, IR_abs, factor), ir_real(f, r->real, 0.5));
			product = ir_op2(f, IR_div, product, large);
		} else {
			product = ir_op2(f, IR_mul, product, factor);
		}
	}
	if (random_chance(r, 10))
		product = ir_op1(f, IR_neg, product);
	if (random_chance(r, 20))
		product = ir_op2(f, random_chance(r, 50) ? IR_add : IR_sub, product, random_read(r, f));
	return product;
}

/* A whole-number expression of moderate size. */
static inline uint32_t random_whole(RandomIr *r, IrForBuilder *f, int depth) {
	static const IrOpcode ops[] = {IR_add,  IR_sub, IR_mul, IR_min,  IR_max, IR_idiv,
	                               IR_imod, IR_shl, IR_shr, IR_iand, IR_ior, IR_ixor};
	IrAt where = random_of_five(r, f, 0);
	uint32_t kind = random_below(r, 4);
	if (depth > 0 && kind > 0) {
		uint32_t a = random_whole(r, f, depth - 1);
		uint32_t b = random_whole(r, f, depth - 1);
		IrOpcode opcode = ops[random_below(r, 12)];
		if (opcode == IR_shl || opcode == IR_shr)
			b = ir_int(f, 1 + (int64_t)random_below(r, 2));
		if (opcode == IR_mul || opcode >= IR_shl) /* bounded: squares of squares overflow */
			a = ir_op2(f, IR_imod, a, ir_int(f, 7));
		return ir_op2(f, opcode, a, b);
	}
	if (kind == 0)
		return ir_int(f, (int64_t)random_below(r, 9) - 4);
	if (kind == 1 && f->op->f.indices.count > 0)
		return ir_index_value(f, ir_at_index(r->func->module, random_below(r, f->op->f.indices.count), 1));
	return ir_read(f, kind == 2 ? r->picks : r->places, &where, false);
}

#endif
