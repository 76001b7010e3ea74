/* Random loops, with a number of turns that is known, computed, or ended by a condition; and sequences of operations. */
#ifndef GRADUS_TESTS_IR_RANDOM_LOOP_H
#define GRADUS_TESTS_IR_RANDOM_LOOP_H

#include "ir_random_call.h"

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

#endif
