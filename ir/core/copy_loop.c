/* A loop again: what begins and ends every copy of one, whatever becomes of its body and its carries. */
#include "ir/core/copy.h"

static bool keeps(const IrLoopCopy *copy, uint32_t carry) {
	return !copy->keep || copy->keep[carry];
}

/* The new value is called as the old one is, named or not. */
static void stands_for(const IrLoopCopy *copy, IrValue old, IrValue made) {
	ir_map_set(copy->map, old, made);
	copy->b->func->values.data[made].name = ir_info(copy->from, old)->name;
}

void ir_loop_copy_begin(IrLoopCopy *copy) {
	const IrLoop *loop = copy->loop;
	IrBuilder *b = copy->b;
	copy->outer = b->block;
	copy->made = ir_loop_begin(b, loop->limit, loop->trips ? ir_map_get(copy->map, loop->trips) : 0);
	stands_for(copy, loop->counter, copy->made->loop.counter);
	for (uint32_t k = 0; k < loop->carries.count; k++) {
		const IrCarry *carry = &loop->carries.data[k];
		if (!keeps(copy, k))
			continue;
		IrValue init = copy->inits ? copy->inits[k] : ir_map_get(copy->map, carry->init);
		IrValue inner = ir_loop_carry(b, copy->made, init);
		stands_for(copy, carry->inner, inner);
		if (carry->inner == loop->goes)
			copy->made->loop.goes = inner;
		copy->kept++;
	}
}

IrValue ir_loop_copy_carry(IrLoopCopy *copy, IrValue init) {
	return ir_loop_carry(copy->b, copy->made, init);
}

void ir_loop_copy_end(IrLoopCopy *copy, const IrValue *more) {
	const IrLoop *loop = copy->loop;
	uint32_t count = copy->made->loop.carries.count, next = 0;
	IrValue *yields = ARENA_ARRAY(copy->map->arena, IrValue, count + 1);
	for (uint32_t k = 0; k < loop->carries.count; k++)
		if (keeps(copy, k))
			yields[next++] = copy->yields ? copy->yields[k] : ir_map_get(copy->map, loop->carries.data[k].yield);
	for (uint32_t k = next; k < count; k++)
		yields[k] = more[k - next];
	ir_loop_end(copy->b, copy->made, yields, copy->outer);
	next = 0;
	for (uint32_t k = 0; k < loop->carries.count; k++)
		if (keeps(copy, k))
			stands_for(copy, loop->carries.data[k].out, copy->made->loop.carries.data[next++].out);
}

IrValue ir_loop_copy_out(const IrLoopCopy *copy, uint32_t number) {
	return copy->made->loop.carries.data[copy->kept + number].out;
}
