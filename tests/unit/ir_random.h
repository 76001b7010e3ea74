/* Random well-shaped functions of tensor IR, the same for a seed on every machine: elementwise work, reductions over indices
 * that the body does or does not mention, chains of sums of products, arguments, windows, gathers that are proved and others,
 * scatters, conditions, `into`, many puts, wide ranks, empty ranges, whole numbers, loops (with a number of turns that is computed, or
 * that end by a condition), tables, calls, all scalar operations, lanes. For tests
 * that compare two ways of running one function. C orders no two calls within one expression, so there is at most one draw in each.
 * Made of ir_random_state.h (numbers), _node.h (bodies), _for.h (operations), _call.h and _loop.h. */
#ifndef GRADUS_TESTS_IR_RANDOM_H
#define GRADUS_TESTS_IR_RANDOM_H

#include "ir/eval/eval.h"
#include "ir_random_loop.h"

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
