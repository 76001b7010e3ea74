/* Addresses, loads and stores of the LLVM back end. Lanes side by side are one vector access; lanes apart are read and
 * written one by one (hardware gathers are slower where they were measured). */
#include "jit/llvm/llvm_emit.h"

LLVMValueRef llvm_operand(const LlvmEmit *e, LoopTemp temp, bool vector) {
	if (vector && !e->kernel->temps.data[temp].vector)
		return e->splats[temp];
	return e->values[temp];
}

static LLVMValueRef size_value(LlvmEmit *e, LoopSize size) {
	LLVMValueRef value = NULL;
	for (uint32_t i = 0; i < size.count; i++) {
		LLVMValueRef symbol = e->symbols[size.symbols[i]];
		value = value ? e->api->BuildMul(e->b, value, symbol, "") : symbol;
	}
	if (!value)
		return llvm_int(e, size.factor);
	return size.factor == 1 ? value : e->api->BuildMul(e->b, value, llvm_int(e, size.factor), "");
}

LLVMValueRef llvm_affine(LlvmEmit *e, LoopAffine affine) {
	const LlvmApi *a = e->api;
	LLVMValueRef sum = NULL;
	for (uint32_t i = 0; i < affine.count; i++) {
		LoopTerm term = affine.terms[i];
		LLVMValueRef part = NULL;
		bool unit = term.coef.factor == 1 && term.coef.count == 0;
		if (term.temp == 0)
			part = size_value(e, term.coef);
		else
			part = unit ? e->values[term.temp] : a->BuildMul(e->b, e->values[term.temp], size_value(e, term.coef), "");
		sum = sum ? a->BuildAdd(e->b, sum, part, "") : part;
	}
	if (!sum)
		return llvm_int(e, affine.offset);
	return affine.offset == 0 ? sum : a->BuildAdd(e->b, sum, llvm_int(e, affine.offset), "");
}

static LLVMValueRef element_pointer(LlvmEmit *e, const LoopAddress *address, LLVMTypeRef type) {
	const LlvmApi *a = e->api;
	LLVMValueRef pointer = a->GetParam(e->function, address->buffer);
	LoopAffine affine = address->affine;
	/* The constant part last, so that it becomes the displacement of the machine's address. */
	int64_t offset = affine.offset;
	affine.offset = 0;
	if (affine.count > 0) {
		LLVMValueRef index = llvm_affine(e, affine);
		pointer = a->BuildGEP2(e->b, type, pointer, &index, 1, "");
	}
	if (offset != 0) {
		LLVMValueRef index = llvm_int(e, offset);
		pointer = a->BuildGEP2(e->b, type, pointer, &index, 1, "");
	}
	return pointer;
}

/* The distance of one lane's element from the affine part, in elements. */
static LLVMValueRef lane_distance(LlvmEmit *e, const LoopAddress *address, uint32_t lane) {
	const LlvmApi *a = e->api;
	LLVMValueRef distance = llvm_int(e, address->stride * (int64_t)lane);
	if (address->index == 0)
		return distance;
	LLVMValueRef index = a->BuildExtractElement(e->b, e->values[address->index], llvm_int(e, lane), "");
	if (address->scale.factor != 1 || address->scale.count > 0)
		index = a->BuildMul(e->b, index, size_value(e, address->scale), "");
	return address->stride == 0 ? index : a->BuildAdd(e->b, index, distance, "");
}

static LLVMValueRef load_one(LlvmEmit *e, LLVMTypeRef type, LLVMValueRef pointer, size_t alignment) {
	LLVMValueRef load = e->api->BuildLoad2(e->b, type, pointer, "");
	e->api->SetAlignment(load, (unsigned)alignment);
	return load;
}

/* Where the mask is false the first element of the buffer is read instead, and dropped. */
static LLVMValueRef load_masked_one(LlvmEmit *e, const LoopStmt *stmt, LLVMTypeRef type, LLVMValueRef pointer,
                                    LLVMValueRef mask) {
	const LlvmApi *a = e->api;
	LLVMValueRef base = a->GetParam(e->function, stmt->address.buffer);
	pointer = a->BuildSelect(e->b, mask, pointer, base, "");
	LLVMValueRef value = load_one(e, type, pointer, 1);
	return a->BuildSelect(e->b, mask, value, a->ConstNull(type), "");
}

/* The lanes that count, as a constant mask. */
static LLVMValueRef lane_mask(LlvmEmit *e, uint32_t lanes) {
	LLVMValueRef bits[LOOP_LANES];
	for (uint32_t l = 0; l < LOOP_LANES; l++)
		bits[l] = e->api->ConstInt(e->i1, l < lanes, false);
	return e->api->ConstVector(bits, LOOP_LANES);
}

/* The mask of a load with both kinds of it; NULL if every lane is read. */
static LLVMValueRef load_mask(LlvmEmit *e, const LoopStmt *stmt) {
	LLVMValueRef mask = stmt->mask != 0 ? llvm_operand(e, stmt->mask, true) : NULL;
	if (stmt->lanes == 0)
		return mask;
	LLVMValueRef counting = lane_mask(e, stmt->lanes);
	return mask ? e->api->BuildAnd(e->b, mask, counting, "") : counting;
}

static const char *row_intrinsic(LlvmEmit *e, const char *what, IrScalar type) {
	static const char *const names[] = {"v16i8", "v16i32", "v16i64", "v16f32", "v16f64"};
	return arena_printf(e->arena, "llvm.masked.%s.%s.p0", what, names[type]);
}

static LLVMValueRef load_apart(LlvmEmit *e, const LoopStmt *stmt, LLVMTypeRef memory, size_t bytes) {
	const LlvmApi *a = e->api;
	LLVMValueRef base = element_pointer(e, &stmt->address, memory);
	LLVMTypeRef vector = a->VectorType(memory, LOOP_LANES);
	LLVMValueRef out = stmt->lanes != 0 ? a->ConstNull(vector) : a->GetPoison(vector);
	for (uint32_t l = 0; l < (stmt->lanes != 0 ? stmt->lanes : (uint32_t)LOOP_LANES); l++) {
		LLVMValueRef distance = lane_distance(e, &stmt->address, l), lane = llvm_int(e, l), value;
		LLVMValueRef pointer = a->BuildGEP2(e->b, memory, base, &distance, 1, "");
		if (stmt->mask != 0) {
			LLVMValueRef mask = a->BuildExtractElement(e->b, llvm_operand(e, stmt->mask, true), lane, "");
			value = load_masked_one(e, stmt, memory, pointer, mask);
		} else {
			value = load_one(e, memory, pointer, bytes);
		}
		out = a->BuildInsertElement(e->b, out, value, lane, "");
	}
	return out;
}

static LLVMValueRef load_masked_row(LlvmEmit *e, const LoopStmt *stmt, IrScalar type, LLVMTypeRef memory,
                                    size_t bytes) {
	const LlvmApi *a = e->api;
	LLVMTypeRef vector = a->VectorType(memory, LOOP_LANES);
	LLVMValueRef args[4] = {element_pointer(e, &stmt->address, memory), a->ConstInt(e->i32, bytes, false),
	                        load_mask(e, stmt), a->ConstNull(vector)};
	return llvm_intrinsic(e, row_intrinsic(e, "load", type), vector, args, 4);
}

LLVMValueRef llvm_load(LlvmEmit *e, const LoopStmt *stmt) {
	const LlvmApi *a = e->api;
	const LoopTempInfo *info = &e->kernel->temps.data[stmt->out];
	LLVMTypeRef memory = llvm_memory_type(e, info->type);
	size_t bytes = ir_scalar_bytes(info->type);
	LLVMValueRef value;
	if (!info->vector && stmt->mask != 0)
		value = load_masked_one(e, stmt, memory, element_pointer(e, &stmt->address, memory), e->values[stmt->mask]);
	else if (!info->vector)
		value = load_one(e, memory, element_pointer(e, &stmt->address, memory), bytes);
	else if (stmt->address.stride != 1 || stmt->address.index != 0)
		value = load_apart(e, stmt, memory, bytes);
	else if (stmt->mask != 0 || stmt->lanes != 0)
		value = load_masked_row(e, stmt, info->type, memory, bytes);
	else
		value = load_one(e, a->VectorType(memory, LOOP_LANES), element_pointer(e, &stmt->address, memory), bytes);
	if (info->type == IR_BOOL)
		value = a->BuildICmp(e->b, LLVMIntNE, value, a->ConstNull(a->TypeOf(value)), "");
	return value;
}

void llvm_store(LlvmEmit *e, const LoopStmt *stmt) {
	const LlvmApi *a = e->api;
	IrScalar type = e->kernel->formals.data[stmt->address.buffer].type;
	bool vector = stmt->address.stride != 0 || stmt->address.index != 0;
	LLVMValueRef value = llvm_operand(e, stmt->value, vector);
	LLVMTypeRef memory = llvm_memory_type(e, type);
	if (type == IR_BOOL)
		value = a->BuildZExt(e->b, value, vector ? a->VectorType(memory, LOOP_LANES) : memory, "");
	LLVMValueRef pointer = element_pointer(e, &stmt->address, memory);
	unsigned bytes = (unsigned)ir_scalar_bytes(type);
	if (vector && stmt->lanes != 0 && stmt->address.stride == 1 && stmt->address.index == 0) {
		LLVMValueRef args[4] = {value, pointer, a->ConstInt(e->i32, bytes, false), lane_mask(e, stmt->lanes)};
		llvm_intrinsic(e, row_intrinsic(e, "store", type), e->none, args, 4);
		return;
	}
	if (!vector || (stmt->address.stride == 1 && stmt->address.index == 0)) {
		a->SetAlignment(a->BuildStore(e->b, value, pointer), bytes);
		return;
	}
	for (uint32_t l = 0; l < (stmt->lanes != 0 ? stmt->lanes : (uint32_t)LOOP_LANES); l++) {
		LLVMValueRef distance = lane_distance(e, &stmt->address, l);
		LLVMValueRef one = a->BuildExtractElement(e->b, value, llvm_int(e, l), "");
		LLVMValueRef place = a->BuildGEP2(e->b, memory, pointer, &distance, 1, "");
		a->SetAlignment(a->BuildStore(e->b, one, place), bytes);
	}
}
