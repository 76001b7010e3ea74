/* Conveniences on whole tensors, built on FOR. */
#include "ir/build.h"

static const char *const axis_names[IR_MAX_RANK] = {"i", "j", "k", "m", "n", "p", "q", "r", "s", "t", "u", "v"};

/* An op whose domain is the elements of a type, with the plain positions of each. */
static IrForBuilder over_elements(IrBuilder *b, IrType type, IrAt at[IR_MAX_RANK]) {
	IrModule *module = b->func->module;
	IrForBuilder f = ir_for_begin(b);
	for (int axis = 0; axis < type.rank; axis++) {
		uint32_t index = axis == 0 && type.lanes
		                     ? ir_for_lane(&f)
		                     : ir_for_index(&f, session_name(module->session, axis_names[axis]), type.dims[axis]);
		at[axis] = ir_at_index(module, index, 1);
	}
	return f;
}

IrValue ir_fill(IrBuilder *b, IrType type, double value) {
	IrAt at[IR_MAX_RANK];
	IrForBuilder f = over_elements(b, type, at);
	int64_t integer = ir_scalar_is_real(type.scalar) ? 0 : (int64_t)value;
	IrValue out = ir_put(&f, IR_PUT_NONE, ir_constant(&f, type.scalar, value, integer), type, at, 0, false);
	ir_for_end(&f);
	return out;
}

IrValue ir_add_values(IrBuilder *b, IrValue x, IrValue y) {
	IrAt at[IR_MAX_RANK];
	IrType type = ir_type(b->func, x);
	IrForBuilder f = over_elements(b, type, at);
	uint32_t first = ir_read(&f, x, at, false), second = ir_read(&f, y, at, false);
	uint32_t sum = ir_op2(&f, IR_add, first, second);
	IrValue out = ir_put(&f, IR_PUT_NONE, sum, type, at, 0, false);
	ir_for_end(&f);
	return out;
}

IrValue ir_broadcast_lanes(IrBuilder *b, IrValue value) {
	IrAt at[IR_MAX_RANK];
	IrType narrow = ir_type(b->func, value);
	if (narrow.lanes || narrow.rank == IR_MAX_RANK)
		base_panic("ir_broadcast_lanes", "%%%u has lanes, or no room for another axis", (unsigned)value);
	IrType wide = {.scalar = narrow.scalar, .rank = (uint8_t)(narrow.rank + 1), .lanes = true, .dims = {IR_LANES}};
	for (int i = 0; i < narrow.rank; i++)
		wide.dims[i + 1] = narrow.dims[i];
	IrForBuilder f = over_elements(b, wide, at);
	IrValue out = ir_put(&f, IR_PUT_NONE, ir_read(&f, value, at + 1, false), wide, at, 0, false);
	ir_for_end(&f);
	return out;
}
