/* Scalar operations as LLVM instructions, on scalars and on vectors alike; the meanings are those of ops.def. No
 * fast-math flag is ever set, and nothing is left to llvm.minnum and its like, whose NaN and zero rules are loose. */
#include "jit/llvm/llvm_emit.h"

LLVMTypeRef llvm_type(const LlvmEmit *e, IrScalar type, bool vector) {
	LLVMTypeRef scalar = NULL;
	switch (type) {
	case IR_BOOL: scalar = e->i1; break;
	case IR_I32: scalar = e->i32; break;
	case IR_I64: scalar = e->i64; break;
	case IR_F32: scalar = e->f32; break;
	case IR_F64: scalar = e->f64; break;
	}
	return vector ? e->api->VectorType(scalar, e->lanes) : scalar;
}

LLVMTypeRef llvm_memory_type(const LlvmEmit *e, IrScalar type) {
	return type == IR_BOOL ? e->i8 : llvm_type(e, type, false);
}

LLVMValueRef llvm_int(const LlvmEmit *e, int64_t value) {
	return e->api->ConstInt(e->i64, (unsigned long long)value, true);
}

LLVMValueRef llvm_splat(LlvmEmit *e, LLVMValueRef scalar, IrScalar type) {
	const LlvmApi *a = e->api;
	if (a->IsConstant(scalar)) {
		LLVMValueRef lanes[LOOP_LANES];
		for (unsigned i = 0; i < e->lanes; i++)
			lanes[i] = scalar;
		return a->ConstVector(lanes, e->lanes);
	}
	LLVMTypeRef vector = llvm_type(e, type, true);
	LLVMValueRef first = a->BuildInsertElement(e->b, a->GetPoison(vector), scalar, llvm_int(e, 0), "");
	LLVMValueRef mask = a->ConstNull(a->VectorType(e->i32, e->lanes));
	return a->BuildShuffleVector(e->b, first, a->GetPoison(vector), mask, "");
}

LLVMValueRef llvm_intrinsic(LlvmEmit *e, const char *name, LLVMTypeRef result, const LLVMValueRef *args,
                            uint32_t count) {
	const LlvmApi *a = e->api;
	LLVMTypeRef types[4];
	LLVMValueRef copies[4];
	for (uint32_t i = 0; i < count; i++) {
		types[i] = a->TypeOf(args[i]);
		copies[i] = args[i];
	}
	LLVMTypeRef type = a->FunctionType(result, types, count, false);
	LLVMValueRef function = a->GetNamedFunction(e->module, name);
	if (!function)
		function = a->AddFunction(e->module, name, type);
	return a->BuildCall2(e->b, type, function, copies, count, "");
}

static const char *suffix(const LlvmEmit *e, IrScalar type, bool vector) {
	static const char *const scalars[] = {"i1", "i32", "i64", "f32", "f64"};
	return vector ? arena_printf(e->arena, "v%u%s", e->lanes, scalars[type]) : scalars[type];
}

static LLVMValueRef math_call(LlvmEmit *e, const char *name, IrScalar type, bool vector, const LLVMValueRef *args,
                              uint32_t count) {
	const char *full = arena_printf(e->arena, "llvm.%s.%s", name, suffix(e, type, vector));
	return llvm_intrinsic(e, full, llvm_type(e, type, vector), args, count);
}

static LLVMValueRef constant(LlvmEmit *e, IrScalar type, bool vector, double value) {
	LLVMTypeRef scalar = llvm_type(e, type, false);
	LLVMValueRef number = ir_scalar_is_real(type) ? e->api->ConstReal(scalar, value)
	                                              : e->api->ConstInt(scalar, (unsigned long long)(int64_t)value, true);
	return vector ? llvm_splat(e, number, type) : number;
}

static LLVMValueRef choose(LlvmEmit *e, LLVMValueRef condition, LLVMValueRef yes, LLVMValueRef no) {
	return e->api->BuildSelect(e->b, condition, yes, no, "");
}

/* (b < a || b != b) ? b : a, as two selects: the first is one machine instruction. */
static LLVMValueRef extreme(LlvmEmit *e, bool is_max, IrScalar type, LLVMValueRef a, LLVMValueRef b) {
	const LlvmApi *api = e->api;
	if (!ir_scalar_is_real(type)) {
		LLVMIntPredicate better = type == IR_BOOL ? (is_max ? LLVMIntUGT : LLVMIntULT)
		                          : is_max        ? LLVMIntSGT
		                                          : LLVMIntSLT;
		return choose(e, api->BuildICmp(e->b, better, b, a, ""), b, a);
	}
	LLVMValueRef better = api->BuildFCmp(e->b, is_max ? LLVMRealOGT : LLVMRealOLT, b, a, "");
	LLVMValueRef nan = api->BuildFCmp(e->b, LLVMRealUNO, b, b, "");
	return choose(e, nan, b, choose(e, better, b, a));
}

static LLVMValueRef compare(LlvmEmit *e, IrOpcode opcode, IrScalar type, LLVMValueRef a, LLVMValueRef b) {
	static const LLVMRealPredicate reals[] = {LLVMRealOLT, LLVMRealOLE, LLVMRealOGT,
	                                          LLVMRealOGE, LLVMRealOEQ, LLVMRealUNE};
	static const LLVMIntPredicate ints[] = {LLVMIntSLT, LLVMIntSLE, LLVMIntSGT, LLVMIntSGE, LLVMIntEQ, LLVMIntNE};
	static const LLVMIntPredicate bools[] = {LLVMIntULT, LLVMIntULE, LLVMIntUGT, LLVMIntUGE, LLVMIntEQ, LLVMIntNE};
	int row = opcode == IR_lt   ? 0
	          : opcode == IR_le ? 1
	          : opcode == IR_gt ? 2
	          : opcode == IR_ge ? 3
	          : opcode == IR_eq ? 4
	                            : 5;
	if (ir_scalar_is_real(type))
		return e->api->BuildFCmp(e->b, reals[row], a, b, "");
	return e->api->BuildICmp(e->b, type == IR_BOOL ? bools[row] : ints[row], a, b, "");
}

/* Rounds down; by 0 it gives 0, and by -1 it wraps instead of trapping. */
static LLVMValueRef divide(LlvmEmit *e, IrScalar type, bool vector, LLVMValueRef a, LLVMValueRef b, bool modulo) {
	const LlvmApi *api = e->api;
	LLVMValueRef zero = constant(e, type, vector, 0), one = constant(e, type, vector, 1);
	LLVMValueRef by_zero = api->BuildICmp(e->b, LLVMIntEQ, b, zero, "");
	LLVMValueRef by_minus_one = api->BuildICmp(e->b, LLVMIntEQ, b, constant(e, type, vector, -1), "");
	LLVMValueRef safe = choose(e, api->BuildOr(e->b, by_zero, by_minus_one, ""), one, b);
	LLVMValueRef quotient = api->BuildSDiv(e->b, a, safe, "");
	LLVMValueRef rest = api->BuildSub(e->b, a, api->BuildMul(e->b, quotient, safe, ""), "");
	LLVMValueRef inexact = api->BuildICmp(e->b, LLVMIntNE, rest, zero, "");
	LLVMValueRef signs = api->BuildICmp(e->b, LLVMIntSLT, api->BuildXor(e->b, a, safe, ""), zero, "");
	LLVMValueRef down = api->BuildAnd(e->b, inexact, signs, "");
	if (modulo) {
		rest = choose(e, down, api->BuildAdd(e->b, rest, safe, ""), rest);
		return choose(e, api->BuildOr(e->b, by_zero, by_minus_one, ""), zero, rest);
	}
	quotient = choose(e, down, api->BuildSub(e->b, quotient, one, ""), quotient);
	quotient = choose(e, by_minus_one, api->BuildNeg(e->b, a, ""), quotient);
	return choose(e, by_zero, zero, quotient);
}

static LLVMValueRef sign(LlvmEmit *e, IrScalar type, bool vector, LLVMValueRef a) {
	LLVMValueRef zero = constant(e, type, vector, 0), one = constant(e, type, vector, 1);
	LLVMValueRef minus = constant(e, type, vector, -1);
	return choose(e, compare(e, IR_gt, type, a, zero), one, choose(e, compare(e, IR_lt, type, a, zero), minus, a));
}

static LLVMValueRef shift(LlvmEmit *e, IrOpcode opcode, IrScalar type, bool vector, LLVMValueRef a, LLVMValueRef by) {
	by = e->api->BuildAnd(e->b, by, constant(e, type, vector, type == IR_I32 ? 31 : 63), "");
	return opcode == IR_shl ? e->api->BuildShl(e->b, a, by, "") : e->api->BuildLShr(e->b, a, by, "");
}

static LLVMValueRef to_real(LlvmEmit *e, IrScalar from, IrScalar to, bool vector, LLVMValueRef a) {
	LLVMTypeRef type = llvm_type(e, to, vector);
	if (from == to)
		return a;
	if (from == IR_F64)
		return e->api->BuildFPTrunc(e->b, a, type, "");
	if (from == IR_F32)
		return e->api->BuildFPExt(e->b, a, type, "");
	return from == IR_BOOL ? e->api->BuildUIToFP(e->b, a, type, "") : e->api->BuildSIToFP(e->b, a, type, "");
}

/* Saturates; NaN gives 0. */
static LLVMValueRef to_int(LlvmEmit *e, IrScalar from, bool vector, LLVMValueRef a) {
	LLVMTypeRef type = llvm_type(e, IR_I64, vector);
	if (from == IR_I64)
		return a;
	if (from == IR_BOOL)
		return e->api->BuildZExt(e->b, a, type, "");
	if (from == IR_I32)
		return e->api->BuildSExt(e->b, a, type, "");
	const char *name =
		arena_printf(e->arena, "llvm.fptosi.sat.%s.%s", suffix(e, IR_I64, vector), suffix(e, from, vector));
	return llvm_intrinsic(e, name, type, &a, 1);
}

static LLVMValueRef arithmetic(LlvmEmit *e, IrOpcode opcode, bool real, LLVMValueRef a, LLVMValueRef b) {
	const LlvmApi *api = e->api;
	switch (opcode) {
	case IR_add: return real ? api->BuildFAdd(e->b, a, b, "") : api->BuildAdd(e->b, a, b, "");
	case IR_sub: return real ? api->BuildFSub(e->b, a, b, "") : api->BuildSub(e->b, a, b, "");
	case IR_mul: return real ? api->BuildFMul(e->b, a, b, "") : api->BuildMul(e->b, a, b, "");
	default: return real ? api->BuildFNeg(e->b, a, "") : api->BuildNeg(e->b, a, "");
	}
}

LLVMValueRef llvm_op(LlvmEmit *e, IrOpcode opcode, const IrScalar *types, IrScalar result, bool vector,
                     LLVMValueRef *args) {
	const LlvmApi *api = e->api;
	IrScalar type = types[0];
	bool real = ir_scalar_is_real(type);
	LLVMValueRef a = args[0], b = args[1], zero;
	switch (opcode) {
	case IR_add:
	case IR_sub:
	case IR_mul:
	case IR_neg: return arithmetic(e, opcode, real, a, b);
	case IR_div: return api->BuildFDiv(e->b, a, b, "");
	case IR_fmod: return api->BuildFRem(e->b, a, b, ""); /* exact, so whoever computes it agrees */
	case IR_fma: return math_call(e, "fma", type, vector, args, 3);
	case IR_mulz:
		/* Two compares, the second under the mask of the first, and a product that is zeroed by the mask. */
		zero = constant(e, type, vector, 0);
		return choose(e, api->BuildAnd(e->b, compare(e, IR_ne, type, a, zero), compare(e, IR_ne, type, b, zero), ""),
		              arithmetic(e, IR_mul, real, a, b), zero);
	case IR_idiv:
	case IR_imod: return divide(e, type, vector, a, b, opcode == IR_imod);
	case IR_min:
	case IR_max: return extreme(e, opcode == IR_max, type, a, b);
	case IR_abs:
		if (real)
			return math_call(e, "fabs", type, vector, args, 1);
		zero = constant(e, type, vector, 0);
		return choose(e, compare(e, IR_lt, type, a, zero), api->BuildNeg(e->b, a, ""), a);
	case IR_sign: return sign(e, type, vector, a);
	case IR_floor: return math_call(e, "floor", type, vector, args, 1);
	case IR_sqrt: return math_call(e, "sqrt", type, vector, args, 1);
	case IR_lt:
	case IR_le:
	case IR_gt:
	case IR_ge:
	case IR_eq:
	case IR_ne: return compare(e, opcode, type, a, b);
	case IR_and:
	case IR_iand: return api->BuildAnd(e->b, a, b, "");
	case IR_or:
	case IR_ior: return api->BuildOr(e->b, a, b, "");
	case IR_ixor: return api->BuildXor(e->b, a, b, "");
	case IR_not: return api->BuildNot(e->b, a, "");
	case IR_where: return choose(e, a, b, args[2]);
	case IR_to_f32:
	case IR_to_f64: return to_real(e, type, result, vector, a);
	case IR_to_int: return to_int(e, type, vector, a);
	case IR_bits:
	case IR_float: return api->BuildBitCast(e->b, a, llvm_type(e, result, vector), "");
	case IR_shl:
	case IR_shr: return shift(e, opcode, type, vector, a, b);
	case IR_stop_gradient: return a;
	default: base_panic("llvm_op", "`%s` is not primitive", ir_op_info[opcode].name);
	}
}

LLVMValueRef llvm_tree(LlvmEmit *e, IrOpcode opcode, IrScalar type, LLVMValueRef vector) {
	const LlvmApi *api = e->api;
	bool real = ir_scalar_is_real(type);
	if (opcode == IR_or) {
		LLVMValueRef bits = api->BuildBitCast(e->b, vector, api->Int16TypeInContext(e->context), "");
		return api->BuildICmp(e->b, LLVMIntNE, bits, api->ConstNull(api->TypeOf(bits)), "");
	}
	for (unsigned half = LOOP_LANES / 2; half > 0; half /= 2) {
		LLVMValueRef low_lanes[LOOP_LANES], high_lanes[LOOP_LANES];
		for (unsigned l = 0; l < half; l++) {
			low_lanes[l] = api->ConstInt(e->i32, l, false);
			high_lanes[l] = api->ConstInt(e->i32, l + half, false);
		}
		LLVMValueRef poison = api->GetPoison(api->TypeOf(vector)), low, high;
		low = api->BuildShuffleVector(e->b, vector, poison, api->ConstVector(low_lanes, half), "");
		high = api->BuildShuffleVector(e->b, vector, poison, api->ConstVector(high_lanes, half), "");
		vector = opcode == IR_min || opcode == IR_max ? extreme(e, opcode == IR_max, type, low, high)
		                                              : arithmetic(e, opcode, real, low, high);
	}
	return api->BuildExtractElement(e->b, vector, llvm_int(e, 0), "");
}
