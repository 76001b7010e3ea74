/* The meaning of scalar operations on numbers: `meaning`, INTEGER and SINGLE of ops.def. */
#include "ir/ir.h"

#include <math.h>
#include <string.h>

static double meaning(IrOpcode opcode, double a, double b, double c, double d) {
	switch (opcode) {
/* becomes: case IR_add: return a + b; */
#define OP(name, arity, typing, primitive, meaning, ...)                                                               \
	case IR_##name: return meaning;
#include "ir/core/ops.def"
	case IR_OPCODE_COUNT: break;
	}
	base_panic("ir_eval_real", "opcode %d", (int)opcode);
}

/* The meaning in f32. */
static double single_meaning(IrOpcode opcode, double a, double b, double c, double d) {
	switch (opcode) {
#define SINGLE(name, meaning)                                                                                          \
	case IR_##name: return meaning;
#include "ir/core/ops.def"
	default: return (double)(float)meaning(opcode, a, b, c, d);
	}
}

double ir_eval_real(IrOpcode opcode, IrScalar type, const double *args) {
	int arity = ir_op_info[opcode].arity;
	double b = arity > 1 ? args[1] : 0, c = arity > 2 ? args[2] : 0, d = arity > 3 ? args[3] : 0;
	return type == IR_F32 ? single_meaning(opcode, args[0], b, c, d) : meaning(opcode, args[0], b, c, d);
}

static int64_t wrap(IrScalar type, uint64_t bits) {
	return type == IR_I32 ? (int64_t)(int32_t)(uint32_t)bits : (int64_t)bits;
}

static int64_t floor_divide(int64_t a, int64_t b) {
	if (b == 0)
		return 0;
	if (b == -1)
		return (int64_t)(0 - (uint64_t)a);
	int64_t quotient = a / b;
	return quotient - (a % b != 0 && (a < 0) != (b < 0));
}

static int64_t integer_meaning(IrOpcode opcode, IrScalar type, int64_t a, int64_t b) {
	uint64_t ua = (uint64_t)a, ub = (uint64_t)b;
	uint64_t shift = ub & (type == IR_I32 ? 31 : 63);
	switch (opcode) {
#define INTEGER(name, meaning)                                                                                         \
	case IR_##name: return meaning;
#include "ir/core/ops.def"
	default: base_panic("ir_eval_scalar", "`%s` has no meaning for integers", ir_op_info[opcode].name);
	}
}

static int64_t to_integer(double a) {
	if (a != a)
		return 0;
	if (a >= 0x1p63)
		return INT64_MAX;
	return a < -0x1p63 ? INT64_MIN : (int64_t)a;
}

static IrNumber bits_of(IrScalar type, double a) {
	IrNumber out;
	if (type == IR_F64) {
		memcpy(&out.integer, &a, sizeof a);
		return out;
	}
	float narrow = (float)a;
	int32_t bits;
	memcpy(&bits, &narrow, sizeof bits);
	out.integer = bits;
	return out;
}

static IrNumber float_of(IrScalar type, int64_t a) {
	IrNumber out;
	if (type == IR_I64) {
		memcpy(&out.real, &a, sizeof a);
		return out;
	}
	int32_t bits = (int32_t)a;
	float narrow;
	memcpy(&narrow, &bits, sizeof bits);
	out.real = (double)narrow;
	return out;
}

IrNumber ir_eval_scalar(IrOpcode opcode, const IrScalar *types, const IrNumber *args) {
	bool real = ir_scalar_is_real(types[0]);
	IrNumber out;
	switch (ir_op_info[opcode].typing) {
	case IR_T_WHERE: return args[0].integer ? args[1] : args[2];
	case IR_T_TO_F32: out.real = real ? (double)(float)args[0].real : (double)(float)args[0].integer; return out;
	case IR_T_TO_F64: out.real = real ? args[0].real : (double)args[0].integer; return out;
	case IR_T_TO_INT: out.integer = real ? to_integer(args[0].real) : args[0].integer; return out;
	case IR_T_BITS: return bits_of(types[0], args[0].real);
	case IR_T_FLOAT: return float_of(types[0], args[0].integer);
	case IR_T_POWI:
		out.real = ir_eval_real(opcode, types[0], (double[3]){args[0].real, (double)args[1].integer});
		return out;
	case IR_T_RANDOM: {
		if (opcode == IR_random_place) {
			out.real = ir_random_place(args[0].integer, args[1].integer, args[2].integer);
			return out;
		}
		int64_t words[4] = {args[0].integer, args[1].integer, args[2].integer, args[3].integer};
		out.real = opcode == IR_random_normal ? ir_random_normal(words) : ir_random_uniform(words);
		return out;
	}
	case IR_T_ARITH:
	case IR_T_REAL:
	case IR_T_INT:
	case IR_T_COMPARE:
	case IR_T_LOGIC: break;
	}
	int arity = ir_op_info[opcode].arity;
	if (!real) {
		out.integer = integer_meaning(opcode, types[0], args[0].integer, arity > 1 ? args[1].integer : 0);
		return out;
	}
	double operands[IR_MAX_ARGS] = {0};
	for (int i = 0; i < arity; i++)
		operands[i] = args[i].real;
	double result = ir_eval_real(opcode, types[0], operands);
	if (ir_op_info[opcode].typing == IR_T_COMPARE)
		out.integer = result != 0;
	else
		out.real = result;
	return out;
}
