/* Loads whose lanes are a few elements apart, as of a column of a narrow matrix. What lies between the first lane and the last is
 * read as whole registers, and the lanes are picked from these: of elements 3 apart, three loads and three permutations, not 16
 * of each. */
#include "jit/llvm/llvm_emit.h"

bool llvm_can_pick(const LlvmEmit *e, const LoopStmt *stmt, size_t bytes) {
	int64_t stride = stmt->address.stride;
	return e->permutes && (bytes == 4 || bytes == 8) && stmt->mask == 0 && stmt->address.index == 0 && stride > 1 &&
	       stride * (int64_t)bytes <= LOOP_NEAR_BYTES;
}

/* `width` elements from `pointer` on, of which only the first `count` are read. */
static LLVMValueRef load_register(LlvmEmit *e, const LoopStmt *stmt, LLVMTypeRef memory, size_t bytes,
                                  LLVMValueRef pointer, unsigned width, unsigned count) {
	const LlvmApi *a = e->api;
	LLVMTypeRef vector = a->VectorType(memory, width);
	if (count >= width) {
		LLVMValueRef whole = a->BuildLoad2(e->b, vector, pointer, "");
		a->SetAlignment(whole, (unsigned)bytes);
		return whole;
	}
	LLVMValueRef counts[LOOP_LANES];
	for (unsigned l = 0; l < width; l++)
		counts[l] = a->ConstInt(e->i1, l < count, false);
	IrStorage storage = e->kernel->formals.data[stmt->address.buffer].storage;
	bool real = storage ? ir_storage_is_real(storage) : ir_scalar_is_real(e->kernel->temps.data[stmt->out].type);
	const char *name =
		arena_printf(e->arena, "llvm.masked.load.v%u%c%u.p0", width, real ? 'f' : 'i', 8 * (unsigned)bytes);
	LLVMValueRef args[4] = {pointer, a->ConstInt(e->i32, bytes, false), a->ConstVector(counts, width),
	                        a->ConstNull(vector)};
	return llvm_intrinsic(e, name, vector, args, 4);
}

/* The lanes from `first` on that fill one register. */
static LLVMValueRef pick(LlvmEmit *e, const LoopStmt *stmt, LLVMTypeRef memory, size_t bytes, LLVMValueRef base,
                         unsigned first, unsigned width) {
	const LlvmApi *a = e->api;
	unsigned all = llvm_counted(e, stmt) != 0 ? llvm_counted(e, stmt) : e->lanes;
	unsigned stride = (unsigned)stmt->address.stride;
	unsigned lanes = all <= first ? 0 : all - first < width ? all - first : width;
	LLVMTypeRef vector = a->VectorType(memory, width);
	LLVMValueRef out = lanes < width ? a->ConstNull(vector) : a->GetPoison(vector);
	for (unsigned from = 0; lanes > 0 && from <= (lanes - 1) * stride; from += width) {
		LLVMValueRef from_lane[LOOP_LANES], distance = llvm_int(e, (int64_t)first * stride + from);
		LLVMValueRef pointer = a->BuildGEP2(e->b, memory, base, &distance, 1, "");
		LLVMValueRef read = load_register(e, stmt, memory, bytes, pointer, width, (lanes - 1) * stride + 1 - from);
		for (unsigned l = 0; l < width; l++) {
			bool inside = l < lanes && l * stride >= from && l * stride < from + width;
			from_lane[l] = a->ConstInt(e->i32, inside ? width + l * stride - from : l, false);
		}
		out = a->BuildShuffleVector(e->b, out, read, a->ConstVector(from_lane, width), "");
	}
	return out;
}

LLVMValueRef llvm_load_picked(LlvmEmit *e, const LoopStmt *stmt, LLVMTypeRef memory, size_t bytes, LLVMValueRef base) {
	const LlvmApi *a = e->api;
	if (bytes == 4 || e->lanes == LOOP_LANES / 2)
		return pick(e, stmt, memory, bytes, base, 0, e->lanes);
	LLVMValueRef halves[2], both[LOOP_LANES];
	for (unsigned h = 0; h < 2; h++)
		halves[h] = pick(e, stmt, memory, bytes, base, h * LOOP_LANES / 2, LOOP_LANES / 2);
	for (unsigned l = 0; l < LOOP_LANES; l++)
		both[l] = a->ConstInt(e->i32, l, false);
	return a->BuildShuffleVector(e->b, halves[0], halves[1], a->ConstVector(both, LOOP_LANES), "");
}
