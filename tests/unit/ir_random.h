/* Random well-shaped functions of tensor IR, the same for a seed on every machine: elementwise work, reductions over indices
 * that the body does or does not mention, chains of sums of products, arguments, windows, gathers that are proved and others,
 * scatters, conditions, `into`, many puts, wide ranks, empty ranges, whole numbers, loops (with a number of turns that is computed, or
 * that end by a condition), tables, calls, all scalar operations, lanes. For tests that compare two ways of running one function. C orders no two calls within one expression, so there is at most one draw in each. */
#ifndef GRADUS_TESTS_IR_RANDOM_H
#define GRADUS_TESTS_IR_RANDOM_H

#include "ir/build.h"
#include "ir/eval/eval.h"

typedef struct RandomIr {
	uint64_t state;
	IrFunc *func;
	IrBuilder b;
	IrScalar real;
	bool lanes; /* some values have a lane axis */
	IrValue values[64];
	int count;
	IrValue picks;  /* int[5]: any integers */
	IrValue places; /* int[5]: 0, 1 or 2, but for arguments that are made to fail */
	IrValue turn;   /* the counter of the loop around, or 0 */
} RandomIr;

enum { RANDOM_POINTS = 3000 /* of one operation, about */ };

static inline uint32_t random_below(RandomIr *r, uint32_t limit) {
	r->state = r->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((r->state >> 33) % limit);
}

static inline bool random_chance(RandomIr *r, uint32_t percent) {
	return random_below(r, 100) < percent;
}

static inline IrDim random_extent(RandomIr *r) {
	static const IrDim extents[] = {1, 2, 3, 3, 5, 5, 17};
	if (random_chance(r, 1))
		return 0;
	return extents[random_below(r, 7)];
}

/* The extents of `count` indices: few points in all. */
static inline void random_extents(RandomIr *r, uint32_t count, IrDim *extents) {
	double points = 1;
	for (uint32_t i = 0; i < count; i++) {
		extents[i] = random_extent(r);
		if (count > 4 || points * (double)extents[i] > (double)RANDOM_POINTS)
			extents[i] = 1 + (IrDim)random_below(r, 2);
		points *= (double)extents[i];
	}
}

/* An index of the domain that runs over 5 values at most, or its first value. */
static inline IrAt random_of_five(RandomIr *r, IrForBuilder *f, uint32_t first) {
	IrAt where = ir_at_const(random_below(r, 5));
	for (uint32_t index = first; index < f->op->f.indices.count; index++)
		if (f->op->f.indices.data[index].extent <= 5)
			where = ir_at_index(r->func->module, index, 1);
	return where;
}

static inline void random_keep(RandomIr *r, IrValue value) {
	if (r->count == 64)
		r->values[random_below(r, 64)] = value;
	else
		r->values[r->count++] = value;
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

static inline void random_conditions(RandomIr *r, IrForBuilder *f) {
	IrModule *m = r->func->module;
	uint32_t count = f->op->f.indices.count;
	if (count < 1 || random_chance(r, 70))
		return;
	for (uint32_t c = 1 + random_below(r, 100) / 75; c > 0; c--) {
		uint32_t kind = random_below(r, 10);
		IrAt at = ir_at_index(m, random_below(r, count), random_chance(r, 70) ? 1 : -1);
		if (kind < 6)
			at = ir_at_add(m, at, ir_at_index(m, random_below(r, count), random_chance(r, 70) ? -1 : 1));
		if (kind == 6 && r->turn)
			at = ir_at_add(m, at, ir_at_node(m, ir_read_scalar(f, r->turn), random_chance(r, 50) ? -1 : 1));
		ir_for_cond(f, ir_at_add(m, at, ir_at_const((int64_t)random_below(r, 4) - 1)));
		if (kind == 7) /* an equality */
			ir_for_cond(f, ir_at_scale(m, ir_at_add(m, at, ir_at_const(1)), -1));
	}
}

/* A starting value of this type: one at hand, or a new one. */
static inline IrValue random_base(RandomIr *r, IrType type) {
	for (int i = 0; i < r->count; i++)
		if (ir_type_equal(ir_type(r->func, r->values[i]), type))
			return r->values[i];
	IrValue base = ir_fill(&r->b, type, 0.5);
	random_keep(r, base);
	return base;
}

/* One FOR; if `wanted` is given, its output has that type. */
static inline IrValue random_for(RandomIr *r, const IrType *wanted) {
	static const IrCombine combines[] = {IR_PUT_SUM, IR_PUT_SUM, IR_PUT_SUM, IR_PUT_MAX, IR_PUT_MIN, IR_PUT_PROD};
	IrModule *m = r->func->module;
	static const char *const names[] = {"i", "j", "k", "m", "n", "o", "p"};
	IrType type = {.scalar = r->real};
	IrAt at[IR_MAX_RANK];
	bool lane = wanted ? wanted->lanes : r->lanes && random_chance(r, 60);
	uint32_t plain = 0, kept;
	IrDim extents[8] = {0};
	if (wanted) {
		type = *wanted;
		for (int axis = lane ? 1 : 0; axis < type.rank; axis++)
			extents[plain++] = type.dims[axis];
		kept = plain;
		if (plain < 4 && random_chance(r, 40))
			extents[plain++] = 1 + (IrDim)random_below(r, 5);
	} else {
		plain = random_chance(r, 6) ? 5 + random_below(r, 3) : random_below(r, 4);
		random_extents(r, plain, extents);
		kept = plain - random_below(r, plain + 1);
		if (lane && random_chance(r, 85)) {
			type.lanes = true;
			type.dims[type.rank++] = IR_LANES;
		}
		for (uint32_t i = 0; i < kept; i++)
			type.dims[type.rank++] = extents[i];
	}
	bool reduces = plain > kept || (lane && !type.lanes);
	IrValue base = random_chance(r, 20) ? random_base(r, type) : 0;
	IrForBuilder f = ir_for_begin(&r->b);
	if (lane)
		ir_for_lane(&f);
	for (uint32_t i = 0; i < plain; i++)
		ir_for_index(&f, session_name(m->session, names[i]), extents[i]);
	uint32_t first = lane ? 1 : 0;
	for (int axis = 0; axis < type.rank; axis++)
		at[axis] = type.lanes && axis == 0 ? ir_at_index(m, 0, 1)
		                                   : ir_at_index(m, first + (uint32_t)axis - (type.lanes ? 1 : 0), 1);
	IrCombine combine = reduces || random_chance(r, 15) ? combines[random_below(r, 6)] : IR_PUT_NONE;
	if (combine != IR_PUT_NONE || base)
		random_conditions(r, &f);
	bool product = combine == IR_PUT_SUM && random_chance(r, 60);
	uint32_t body = product ? random_product(r, &f) : random_body(r, &f, 1 + (int)random_below(r, 3));
	if (combine == IR_PUT_PROD) { /* factors near 1 */
		body = ir_op2(&f, IR_mul, ir_op1(&f, IR_tanh, body), ir_real(&f, r->real, 0.125));
		body = ir_op2(&f, IR_add, body, ir_real(&f, r->real, 1));
	}
	bool guarded = false;
	if (combine == IR_PUT_SUM && type.rank > (type.lanes ? 1 : 0) && random_chance(r, 25)) {
		int axis = type.rank - 1; /* a scatter along the last axis, or the last two */
		bool inside;
		at[axis] = random_position(r, &f, type.dims[axis], &inside);
		guarded = !inside;
		if (axis > (type.lanes ? 1 : 0) && random_chance(r, 30)) {
			at[axis - 1] = random_position(r, &f, type.dims[axis - 1], &inside);
			guarded = guarded || !inside;
		}
	}
	IrValue out = ir_put(&f, combine, body, type, at, base, guarded), arg = 0;
	if (!base && !wanted && plain && (combine == IR_PUT_MAX || combine == IR_PUT_MIN) && random_chance(r, 60))
		arg = ir_put_arg(&f, out, first + random_below(r, plain));
	uint32_t more = 0;
	if (!wanted && combine == IR_PUT_SUM && !guarded)
		more = random_chance(r, 15) ? 1 : random_chance(r, 4) ? 8 + random_below(r, 16) : 0;
	IrValue others[24];
	for (uint32_t i = 0; i < more; i++)
		others[i] = ir_put(&f, IR_PUT_SUM, random_body(r, &f, 1), type, at, 0, false);
	ir_for_end(&f);
	for (uint32_t i = 0; i < more && i < 3; i++)
		random_keep(r, others[i]);
	if (arg)
		random_keep(r, arg);
	return out;
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

/* Whole numbers: elementwise or combined. */
static inline IrValue random_whole_for(RandomIr *r) {
	static const IrCombine combines[] = {IR_PUT_NONE, IR_PUT_SUM, IR_PUT_MAX, IR_PUT_MIN};
	IrModule *m = r->func->module;
	IrDim extents[3];
	uint32_t count = random_below(r, 4);
	random_extents(r, count, extents);
	IrCombine combine = combines[random_below(r, 4)];
	uint32_t kept = combine == IR_PUT_NONE ? count : random_below(r, count + 1);
	IrForBuilder f = ir_for_begin(&r->b);
	IrAt at[3];
	for (uint32_t i = 0; i < count; i++)
		at[i] = ir_at_index(m, ir_for_index(&f, session_name(m->session, "i"), extents[i]), 1);
	if (combine != IR_PUT_NONE)
		random_conditions(r, &f);
	uint32_t body = random_whole(r, &f, 3);
	IrValue out = ir_put(&f, combine, body, ir_tensor_type(IR_I64, (int)kept, extents), at, 0, false);
	ir_for_end(&f);
	return out;
}

/* What a chain of sums is made of: a sum, another sum of it (or of it times something), accumulated or not. */
static inline void random_chain(RandomIr *r) {
	IrModule *m = r->func->module;
	IrDim extents[4] = {1 + (IrDim)random_below(r, 5), 2 + (IrDim)random_below(r, 4), 1 + (IrDim)random_below(r, 5), 3};
	uint32_t links = 1 + random_below(r, 3);
	IrType inner = ir_tensor_type(r->real, 2, extents), outer;
	IrValue sum = 0;
	for (uint32_t k = 0; k < links; k++) {
		IrForBuilder f = ir_for_begin(&r->b);
		IrAt at[4];
		uint32_t count = random_chance(r, 25) ? 2 : random_chance(r, 70) ? 3 : 4;
		for (uint32_t i = 0; i < count; i++)
			at[i] = ir_at_index(m, ir_for_index(&f, session_name(m->session, "i"), extents[i]), 1);
		random_conditions(r, &f);
		uint32_t body = random_product(r, &f);
		if (sum && random_chance(r, 20))
			body = ir_op2(&f, IR_add, ir_read(&f, sum, at, false), body);
		sum = ir_put(&f, IR_PUT_SUM, body, inner, at, sum && random_chance(r, 60) ? sum : 0, false);
		ir_for_end(&f);
	}
	if (random_chance(r, 30))
		random_keep(r, sum);
	IrForBuilder f = ir_for_begin(&r->b);
	IrAt at[3], from[2];
	for (uint32_t i = 0; i < 3; i++)
		at[i] = ir_at_index(m, ir_for_index(&f, session_name(m->session, "i"), extents[i]), 1);
	random_conditions(r, &f);
	bool guarded = false;
	for (uint32_t k = 0; k < 2; k++) {
		bool inside = true;
		from[k] = random_chance(r, 70) ? at[k] : random_position(r, &f, extents[k], &inside);
		guarded = guarded || !inside;
	}
	uint32_t body = ir_read(&f, sum, from, guarded);
	if (random_chance(r, 60))
		body = ir_op2(&f, IR_mul, body, random_product(r, &f));
	if (random_chance(r, 30))
		body = ir_op2(&f, IR_add, body, random_product(r, &f));
	outer = ir_tensor_type(r->real, (int)random_below(r, 3), extents);
	IrValue base = random_chance(r, 20) ? random_base(r, outer) : 0;
	random_keep(r, ir_put(&f, IR_PUT_SUM, body, outer, at, base, false));
	ir_for_end(&f);
}

/* A matrix, or some of them, whose diagonal dominates: no pivot is chosen by rounding, and none is 0. */
static inline IrValue random_dominant(RandomIr *r, IrType type) {
	IrModule *m = r->func->module;
	IrValue any = random_for(r, &type);
	IrForBuilder f = ir_for_begin(&r->b);
	IrAt at[IR_MAX_RANK];
	for (uint32_t k = 0; k < type.rank; k++)
		at[k] = ir_at_index(m, k == 0 && type.lanes ? ir_for_lane(&f) : ir_for_index(&f, 0, type.dims[k]), 1);
	uint32_t one = ir_real(&f, r->real, 1), x = ir_read(&f, any, at, false);
	x = ir_op2(&f, IR_max, ir_op2(&f, IR_min, x, one), ir_real(&f, r->real, -1));
	uint32_t on = ir_op2(&f, IR_add, x, ir_real(&f, r->real, 2 + (double)type.dims[type.rank - 1]));
	uint32_t i = ir_index_value(&f, at[type.rank - 2]), j = ir_index_value(&f, at[type.rank - 1]);
	x = ir_op3(&f, IR_where, ir_op2(&f, IR_eq, i, j), on, x);
	IrValue out = ir_put(&f, IR_PUT_NONE, x, type, at, 0, false);
	ir_for_end(&f);
	return out;
}

/* A call of each of the rows of calls.def, now and then under another axis. */
static inline void random_call(RandomIr *r) {
	IrType a = {.scalar = r->real, .lanes = r->lanes && random_chance(r, 50)}, b;
	IrDim n = 1 + (IrDim)random_below(r, 4);
	if (a.lanes)
		a.dims[a.rank++] = IR_LANES;
	if (random_chance(r, 30))
		a.dims[a.rank++] = 1 + (IrDim)random_below(r, 3);
	b = a;
	if (r->lanes && !b.lanes && random_chance(r, 50)) { /* of one matrix for all problems */
		b = (IrType){.scalar = r->real, .lanes = true, .rank = 1, .dims = {IR_LANES}};
		for (uint32_t k = 0; k < a.rank; k++)
			b.dims[b.rank++] = a.dims[k];
	}
	a.dims[a.rank++] = n;
	a.dims[a.rank++] = n;
	IrCallee callee = (IrCallee)random_below(r, IR_CALLEE_COUNT);
	const IrCalleeInfo info = ir_callee_info(callee);
	if (callee == IR_CALL_order) { /* of the rows */
		random_keep(r, ir_call(&r->b, callee, (IrValue[]){random_for(r, &a)})->call.outs[0]);
		return;
	}
	bool is_square = info.args[info.arg_count - 1].axes[1] == 'n';
	b.dims[b.rank++] = n;
	b.dims[b.rank++] = is_square ? n : 1 + (IrDim)random_below(r, 3);
	IrValue args[IR_MAX_ARGS] = {random_dominant(r, a)}, right = random_for(r, &b);
	if (info.arg_count == 4) {
		const IrOp *factors = ir_call(&r->b, IR_CALL_lu, args);
		args[1] = factors->call.outs[0];
		args[2] = factors->call.outs[1];
	}
	if (info.arg_count > 1)
		args[info.arg_count - 1] = right;
	const IrOp *op = ir_call(&r->b, callee, args);
	for (uint32_t i = 0; i < info.out_count; i++)
		random_keep(r, op->call.outs[i]);
}

static inline IrValue random_table(RandomIr *r) {
	IrDim extents[2] = {1 + (IrDim)random_below(r, 5), 3};
	IrType type = ir_tensor_type(random_chance(r, 30) ? IR_I64 : r->real, 1 + (int)random_below(r, 2), extents);
	double reals[15];
	int64_t integers[15];
	for (int i = 0; i < 15; i++) {
		integers[i] = (int64_t)random_below(r, 9) - 4;
		reals[i] = (double)integers[i] / 4;
	}
	return ir_table(&r->b, type, reals, integers);
}

static inline void random_ops(RandomIr *r, int count, int depth);

/* A number of turns that is computed: at most `most`, or so much more that the limit counts. Of triangular loops, that of the loop
 * around minus its turn. */
static inline IrValue random_trips(RandomIr *r, int64_t most) {
	IrForBuilder f = ir_for_begin(&r->b);
	IrAt where = ir_at_const(random_below(r, 5));
	uint32_t trips = ir_read(&f, r->picks, &where, false);
	trips = ir_op2(&f, IR_imod, trips, ir_int(&f, most + 2));
	if (r->turn && random_chance(r, 60))
		trips = ir_op2(&f, IR_sub, ir_int(&f, most), ir_read_scalar(&f, r->turn));
	IrValue out = ir_put(&f, IR_PUT_NONE, trips, ir_scalar_type(IR_I64), NULL, 0, false);
	ir_for_end(&f);
	return out;
}

/* Whether an element of a value is below a number, as one truth value; and: and another one is true, too. */
static inline IrValue random_truth(RandomIr *r, IrValue of, IrValue and) {
	IrForBuilder f = ir_for_begin(&r->b);
	IrType type = ir_type(r->func, of);
	IrAt at[IR_MAX_RANK];
	bool inside;
	for (uint32_t k = 0; k < type.rank; k++)
		at[k] = random_position(r, &f, type.dims[k], &inside);
	uint32_t limit = ir_real(&f, r->real, 0.5 + (double)random_below(r, 4));
	uint32_t truth = ir_op2(&f, IR_lt, ir_read(&f, of, at, true), limit);
	if (and)
		truth = ir_op2(&f, IR_and, ir_read_scalar(&f, and), truth);
	IrValue out = ir_put(&f, IR_PUT_NONE, truth, ir_scalar_type(IR_BOOL), NULL, 0, false);
	ir_for_end(&f);
	return out;
}

/* Elementwise: one value where the truth value holds, the other elsewhere. */
static inline IrValue random_selected(RandomIr *r, IrValue truth, IrValue yes, IrValue no) {
	IrForBuilder f = ir_for_begin(&r->b);
	IrType type = ir_type(r->func, yes);
	IrAt at[IR_MAX_RANK];
	for (uint32_t k = 0; k < type.rank; k++)
		at[k] =
			ir_at_index(r->func->module, k == 0 && type.lanes ? ir_for_lane(&f) : ir_for_index(&f, 0, type.dims[k]), 1);
	uint32_t chosen = ir_read(&f, yes, at, false);
	chosen = ir_op3(&f, IR_where, ir_read_scalar(&f, truth), chosen, ir_read(&f, no, at, false));
	IrValue out = ir_put(&f, IR_PUT_NONE, chosen, type, at, 0, false);
	ir_for_end(&f);
	return out;
}

static inline void random_loop(RandomIr *r, int depth) {
	IrBlock *outer = r->b.block;
	IrValue inits[3], yields[3], inner[3];
	int carries = 1 + (int)random_below(r, 2), before = r->count;
	int64_t most = (int64_t)random_below(r, 4);
	bool ends = random_chance(r, 25); /* by a condition, which is carried behind the others */
	for (int i = 0; i < carries; i++) {
		inits[i] = r->values[random_below(r, (uint32_t)r->count)];
		if (ir_type(r->func, inits[i]).scalar != r->real || ir_type(r->func, inits[i]).rank > 4)
			return;
	}
	ends = ends && !ir_type(r->func, inits[0]).lanes;
	IrValue trips = random_chance(r, 35) ? random_trips(r, most) : 0;
	if (ends)
		inits[carries] = random_truth(r, inits[0], 0);
	IrOp *loop = ir_loop_begin(&r->b, most, trips);
	for (int i = 0; i < carries + (ends ? 1 : 0); i++)
		inner[i] = ir_loop_carry(&r->b, loop, inits[i]);
	for (int i = 0; i < carries; i++)
		random_keep(r, inner[i]);
	if (ends)
		loop->loop.goes = inner[carries];
	if (before + carries <= 64)
		random_keep(r, loop->loop.counter);
	IrValue around = r->turn;
	r->turn = loop->loop.counter;
	random_ops(r, 1 + (int)random_below(r, 2), depth + 1);
	for (int i = 0; i < carries; i++) {
		IrType type = ir_type(r->func, inits[i]);
		yields[i] = random_for(r, &type);
		if (ends)
			yields[i] = random_selected(r, inner[carries], yields[i], inner[i]);
	}
	if (ends)
		yields[carries] = random_truth(r, yields[0], inner[carries]);
	ir_loop_end(&r->b, loop, yields, outer);
	r->turn = around;
	r->count = before;
	for (int i = 0; i < carries; i++)
		random_keep(r, loop->loop.carries.data[i].out);
}

static inline void random_ops(RandomIr *r, int count, int depth) {
	for (int i = 0; i < count; i++) {
		if (r->count > 48) /* keeping never replaces: what is replaced could be visible only inside */
			return;
		if (depth < 2 && random_chance(r, 20))
			random_loop(r, depth);
		else if (random_chance(r, 20))
			random_chain(r);
		else if (random_chance(r, 10))
			random_keep(r, random_whole_for(r));
		else if (random_chance(r, 7))
			random_call(r);
		else if (random_chance(r, 4))
			random_keep(r, random_table(r));
		else
			random_keep(r, random_for(r, NULL));
	}
}

/* A function of two to four real parameters and int[5] twice. */
static inline IrFunc *random_ir(IrModule *module, uint64_t seed, IrScalar real, bool lanes) {
	RandomIr r = {.state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1, .real = real, .lanes = lanes};
	static const char *const names[] = {"x", "y", "z", "w"};
	r.func = ir_func_new(module, "random");
	r.b = ir_builder(r.func);
	for (int i = 0; i < 8; i++)
		random_below(&r, 2);
	uint32_t params = 2 + random_below(&r, 3);
	for (uint32_t i = 0; i < params; i++) {
		IrType type = {.scalar = real, .lanes = lanes && random_chance(&r, 60)};
		if (type.lanes)
			type.dims[type.rank++] = IR_LANES;
		IrDim extents[6];
		uint32_t rank = random_chance(&r, 6) ? 4 + random_below(&r, 3) : random_below(&r, 4);
		random_extents(&r, rank, extents);
		for (uint32_t k = 0; k < rank; k++)
			type.dims[type.rank++] = extents[k];
		random_keep(&r, ir_param(r.func, names[i], type));
	}
	r.picks = ir_param(r.func, "picks", ir_tensor_type(IR_I64, 1, (IrDim[]){5}));
	r.places = ir_param(r.func, "places", ir_tensor_type(IR_I64, 1, (IrDim[]){5}));
	int own = r.count;
	random_ops(&r, 2 + (int)random_below(&r, 6), 0);
	for (int i = own; i < r.count; i++)
		ir_result(r.func, NULL, r.values[i]);
	return r.func;
}

/* Arguments for such a function: reals in [-2, 2), in quarters now and then so that there are ties and zeros. Places are inside
 * everywhere, but for every 10th seed. */
static inline void random_arguments(const IrFunc *func, Arena *arena, uint64_t seed, IrTensor *args) {
	RandomIr r = {.state = seed + 77};
	Name places = session_name(func->module->session, "places");
	for (uint32_t i = 0; i < func->params.count; i++) {
		args[i] = ir_tensor_new(arena, ir_type(func, func->params.data[i].value), NULL);
		bool coarse = random_chance(&r, 30);
		for (int64_t k = 0; k < ir_type_elements(args[i].type, NULL); k++)
			if (!args[i].reals && func->params.data[i].name == places)
				args[i].integers[k] = (int64_t)random_below(&r, seed % 10 == 9 ? 5 : 3);
			else if (!args[i].reals)
				args[i].integers[k] = (int64_t)random_below(&r, 1000) - 500;
			else if (coarse)
				args[i].reals[k] = (double)random_below(&r, 16) / 4 - 2;
			else
				args[i].reals[k] = (double)(float)((double)random_below(&r, 1 << 24) * 0x1p-22 - 2);
	}
}

#endif
