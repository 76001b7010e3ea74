/* Addresses, loads and stores of the LLVM back end. Lanes side by side are one vector access; lanes apart are read and
 * written one by one (hardware gathers are slower where they were measured). */
#include "jit/llvm/llvm_emit.h"

unsigned llvm_lanes_of(const LlvmEmit *e, LoopTemp temp) {
	return e->needs[temp] <= LOOP_LANES / 2 ? LOOP_LANES / 2 : LOOP_LANES;
}

LLVMValueRef llvm_operand(const LlvmEmit *e, LoopTemp temp, bool vector) {
	if (!vector)
		return e->values[temp];
	bool is_vector = e->kernel->temps.data[temp].vector;
	LLVMValueRef value = is_vector ? e->values[temp] : e->splats[temp], first[LOOP_LANES];
	if ((is_vector ? llvm_lanes_of(e, temp) : (unsigned)LOOP_LANES) == e->lanes)
		return value;
	for (unsigned l = 0; l < e->lanes; l++)
		first[l] = e->api->ConstInt(e->i32, l, false);
	return e->api->BuildShuffleVector(e->b, value, e->api->GetPoison(e->api->TypeOf(value)),
	                                  e->api->ConstVector(first, e->lanes), "");
}

unsigned llvm_counted(const LlvmEmit *e, const LoopStmt *stmt) {
	return stmt->lanes < e->lanes ? stmt->lanes : 0;
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
	for (uint32_t l = 0; l < e->lanes; l++)
		bits[l] = e->api->ConstInt(e->i1, l < lanes, false);
	return e->api->ConstVector(bits, e->lanes);
}

/* The mask of a load with both kinds of it; NULL if every lane is read. */
static LLVMValueRef load_mask(LlvmEmit *e, const LoopStmt *stmt) {
	LLVMValueRef mask = stmt->mask != 0 ? llvm_operand(e, stmt->mask, true) : NULL;
	if (llvm_counted(e, stmt) == 0)
		return mask;
	LLVMValueRef counting = lane_mask(e, stmt->lanes);
	return mask ? e->api->BuildAnd(e->b, mask, counting, "") : counting;
}

static const char *row_intrinsic(LlvmEmit *e, const char *what, bool real, size_t bytes) {
	return arena_printf(e->arena, "llvm.masked.%s.v%u%c%u.p0", what, e->lanes, real ? 'f' : 'i', 8 * (unsigned)bytes);
}

static LLVMValueRef load_apart(LlvmEmit *e, const LoopStmt *stmt, LLVMTypeRef memory, size_t bytes) {
	const LlvmApi *a = e->api;
	LLVMValueRef base = element_pointer(e, &stmt->address, memory);
	LLVMTypeRef vector = a->VectorType(memory, e->lanes);
	if (llvm_can_pick(e, stmt, bytes))
		return llvm_load_picked(e, stmt, memory, bytes, base);
	unsigned counted = llvm_counted(e, stmt);
	LLVMValueRef out = counted != 0 ? a->ConstNull(vector) : a->GetPoison(vector);
	LLVMValueRef masks = stmt->mask != 0 ? llvm_operand(e, stmt->mask, true) : NULL;
	for (uint32_t l = 0; l < (counted != 0 ? counted : e->lanes); l++) {
		LLVMValueRef distance = lane_distance(e, &stmt->address, l), lane = llvm_int(e, l), value;
		LLVMValueRef pointer = a->BuildGEP2(e->b, memory, base, &distance, 1, "");
		if (masks) {
			LLVMValueRef mask = a->BuildExtractElement(e->b, masks, lane, "");
			value = load_masked_one(e, stmt, memory, pointer, mask);
		} else {
			value = load_one(e, memory, pointer, bytes);
		}
		out = a->BuildInsertElement(e->b, out, value, lane, "");
	}
	return out;
}

static LLVMValueRef load_masked_row(LlvmEmit *e, const LoopStmt *stmt, bool real, LLVMTypeRef memory, size_t bytes) {
	const LlvmApi *a = e->api;
	LLVMTypeRef vector = a->VectorType(memory, e->lanes);
	LLVMValueRef args[4] = {element_pointer(e, &stmt->address, memory), a->ConstInt(e->i32, bytes, false),
	                        load_mask(e, stmt), a->ConstNull(vector)};
	return llvm_intrinsic(e, row_intrinsic(e, "load", real, bytes), vector, args, 4);
}

/* What is stored otherwise than as its scalar, as its scalar. */
static LLVMValueRef convert_stored(LlvmEmit *e, LLVMValueRef value, IrStorage storage, IrScalar type, bool vector) {
	const LlvmApi *a = e->api;
	static const bool without_sign[IR_STORAGE_COUNT] = {
		[IR_STORED_U8] = true, [IR_STORED_U16] = true, [IR_STORED_U32] = true};
	LLVMTypeRef to = vector ? a->VectorType(llvm_memory_type(e, type), e->lanes) : llvm_memory_type(e, type);
	if (type == IR_BOOL)
		return a->BuildICmp(e->b, LLVMIntNE, value, a->ConstNull(a->TypeOf(value)), "");
	if (type == IR_I64 && storage == IR_STORED_I64)
		return value;
	if (type == IR_I64)
		return without_sign[storage] ? a->BuildZExt(e->b, value, to, "") : a->BuildSExt(e->b, value, to, "");
	if (!ir_storage_is_real(storage))
		return without_sign[storage] ? a->BuildUIToFP(e->b, value, to, "") : a->BuildSIToFP(e->b, value, to, "");
	if (type == IR_F32)
		return storage == IR_STORED_F64 ? a->BuildFPTrunc(e->b, value, to, "") : value;
	return storage == IR_STORED_F32 ? a->BuildFPExt(e->b, value, to, "") : value;
}

static LLVMTypeRef stored_type(const LlvmEmit *e, IrStorage storage) {
	switch (ir_storage_bytes(storage)) {
	case 1: return e->i8;
	case 2: return e->i16;
	case 4: return llvm_memory_type(e, ir_storage_is_real(storage) ? IR_F32 : IR_I32);
	default: return llvm_memory_type(e, ir_storage_is_real(storage) ? IR_F64 : IR_I64);
	}
}

LLVMValueRef llvm_load(LlvmEmit *e, const LoopStmt *stmt) {
	const LlvmApi *a = e->api;
	const LoopTempInfo *info = &e->kernel->temps.data[stmt->out];
	IrStorage storage = e->kernel->formals.data[stmt->address.buffer].storage;
	LLVMTypeRef memory = storage ? stored_type(e, storage) : llvm_memory_type(e, info->type);
	size_t bytes = storage ? ir_storage_bytes(storage) : ir_scalar_bytes(info->type);
	bool real = storage ? ir_storage_is_real(storage) : ir_scalar_is_real(info->type);
	LLVMValueRef value;
	if (!info->vector && stmt->mask != 0)
		value = load_masked_one(e, stmt, memory, element_pointer(e, &stmt->address, memory), e->values[stmt->mask]);
	else if (!info->vector)
		value = load_one(e, memory, element_pointer(e, &stmt->address, memory), bytes);
	else if (stmt->address.stride != 1 || stmt->address.index != 0)
		value = load_apart(e, stmt, memory, bytes);
	else if (stmt->mask != 0 || llvm_counted(e, stmt) != 0)
		value = load_masked_row(e, stmt, real, memory, bytes);
	else
		value = load_one(e, a->VectorType(memory, e->lanes), element_pointer(e, &stmt->address, memory), bytes);
	if (storage)
		return convert_stored(e, value, storage, info->type, info->vector);
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
		value = a->BuildZExt(e->b, value, vector ? a->VectorType(memory, e->lanes) : memory, "");
	LLVMValueRef pointer = element_pointer(e, &stmt->address, memory);
	unsigned bytes = (unsigned)ir_scalar_bytes(type);
	unsigned counted = llvm_counted(e, stmt);
	if (vector && counted != 0 && stmt->address.stride == 1 && stmt->address.index == 0) {
		LLVMValueRef args[4] = {value, pointer, a->ConstInt(e->i32, bytes, false), lane_mask(e, stmt->lanes)};
		llvm_intrinsic(e, row_intrinsic(e, "store", ir_scalar_is_real(type), bytes), e->none, args, 4);
		return;
	}
	if (!vector || (stmt->address.stride == 1 && stmt->address.index == 0)) {
		a->SetAlignment(a->BuildStore(e->b, value, pointer), bytes);
		return;
	}
	for (uint32_t l = 0; l < (counted != 0 ? counted : e->lanes); l++) {
		LLVMValueRef distance = lane_distance(e, &stmt->address, l);
		LLVMValueRef one = a->BuildExtractElement(e->b, value, llvm_int(e, l), "");
		LLVMValueRef place = a->BuildGEP2(e->b, memory, pointer, &distance, 1, "");
		a->SetAlignment(a->BuildStore(e->b, one, place), bytes);
	}
}
