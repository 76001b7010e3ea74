/* Random operations: conditions, bases, puts of every kind, chains of sums. */
#ifndef GRADUS_TESTS_IR_RANDOM_FOR_H
#define GRADUS_TESTS_IR_RANDOM_FOR_H

#include "ir_random_node.h"

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

#endif
