/* The table of scalar operations, expanded from ops.def, and the rule that types them. */
#include "ir/ir.h"

#include <math.h>
#include <string.h>

const IrOpInfo ir_op_info[IR_OPCODE_COUNT] = {
/* becomes: [IR_sqrt] = {"sqrt", 1, IR_T_REAL, true, {"where(...)", NULL, NULL}, 0.1, 9, 1}, */
#define OP(name, arity, typing, primitive, meaning, da, db, dc, low, high, cost)                                       \
	[IR_##name] = {#name, arity, typing, primitive, {da, db, dc}, low, high, cost},
#include "ir/core/ops.def"
};

bool ir_op_commutes(IrOpcode opcode) {
	switch (opcode) {
#define COMMUTATIVE(name) case IR_##name:
#include "ir/core/ops.def"
		return true;
	default: return false;
	}
}

bool ir_op_is_not_negative(IrOpcode opcode) {
	switch (opcode) {
#define NOT_NEGATIVE(name) case IR_##name:
#include "ir/core/ops.def"
		return true;
	default: return false;
	}
}

bool ir_op_selects(IrOpcode opcode) {
	switch (opcode) {
#define SELECTION(name) case IR_##name:
#include "ir/core/ops.def"
		return true;
	default: return false;
	}
}

bool ir_op_is_steep(IrOpcode opcode, int operand) {
#define STEEP(name, number)                                                                                            \
	if (opcode == IR_##name && operand == (number))                                                                    \
		return true; /* becomes: a line for each row */
#include "ir/core/ops.def"
	return false;
}

bool ir_op_slope(IrOpcode opcode, IrOpcode *slope) {
	switch (opcode) {
#define SLOPE(name, row)                                                                                               \
	case IR_##name: *slope = IR_##row; return true;
#include "ir/core/ops.def"
	default: return false;
	}
}

double ir_op_bound(IrOpcode opcode, double a, double b, double c) {
	switch (opcode) {
#define BOUND(name, most)                                                                                              \
	case IR_##name: return most;
#include "ir/core/ops.def"
	default: return (double)INFINITY;
	}
}

bool ir_opcode_find(const char *name, size_t length, IrOpcode *opcode) {
	for (int i = 0; i < IR_OPCODE_COUNT; i++) {
		if (strlen(ir_op_info[i].name) == length && memcmp(ir_op_info[i].name, name, length) == 0) {
			*opcode = (IrOpcode)i;
			return true;
		}
	}
	return false;
}

static bool all_are(const IrScalar *args, int count, IrScalar type) {
	for (int i = 0; i < count; i++)
		if (args[i] != type)
			return false;
	return true;
}

bool ir_op_type(IrOpcode opcode, const IrScalar *args, IrScalar *result) {
	const IrOpInfo *info = &ir_op_info[opcode];
	IrScalar first = args[0];
	*result = first;
	switch (info->typing) {
	case IR_T_ARITH: return first != IR_BOOL && all_are(args, info->arity, first);
	case IR_T_REAL: return ir_scalar_is_real(first) && all_are(args, info->arity, first);
	case IR_T_INT: return ir_scalar_is_int(first) && all_are(args, info->arity, first);
	case IR_T_COMPARE: *result = IR_BOOL; return args[1] == first;
	case IR_T_LOGIC: return all_are(args, info->arity, IR_BOOL);
	case IR_T_WHERE: *result = args[1]; return first == IR_BOOL && args[2] == args[1];
	case IR_T_POWI: return ir_scalar_is_real(first) && args[1] == IR_I64;
	case IR_T_TO_F32: *result = IR_F32; return first != IR_F32;
	case IR_T_TO_F64: *result = IR_F64; return first != IR_F64;
	case IR_T_TO_INT: *result = IR_I64; return first != IR_I64;
	case IR_T_BITS: *result = first == IR_F32 ? IR_I32 : IR_I64; return ir_scalar_is_real(first);
	case IR_T_FLOAT: *result = first == IR_I32 ? IR_F32 : IR_F64; return ir_scalar_is_int(first);
	case IR_T_RANDOM: *result = IR_F64; return all_are(args, info->arity, IR_I64);
	}
	return false;
}
