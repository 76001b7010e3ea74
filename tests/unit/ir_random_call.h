/* Random calls of functions of matrices, and tables. */
#ifndef GRADUS_TESTS_IR_RANDOM_CALL_H
#define GRADUS_TESTS_IR_RANDOM_CALL_H

#include "ir_random_for.h"

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

#endif
