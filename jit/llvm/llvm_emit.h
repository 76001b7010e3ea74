/* llvm_emit: loop IR to an LLVM module. Private to jit/. */
#ifndef GRADUS_LLVM_EMIT_H
#define GRADUS_LLVM_EMIT_H

#include "jit/loop/loop.h"

#include "jit/llvm/llvm_api.h"

typedef struct LlvmEmit {
	const LlvmApi *api;
	Arena *arena;
	LLVMContextRef context;
	LLVMModuleRef module;
	LLVMBuilderRef b;
	bool permutes; /* the processor has registers of 64 bytes, and permutes two of them at once */
	LLVMTypeRef i1, i8, i16, i32, i64, f32, f64, ptr, none;
	const LoopFunc *func;
	LLVMValueRef *kernels; /* per kernel */
	LLVMTypeRef *kernel_types;
	/* of the kernel, or the part of the schedule, being emitted */
	const LoopKernel *kernel;
	LLVMValueRef function;
	LLVMValueRef *symbols;
	const uint8_t *needs; /* per temp: lanes that are asked for */
	unsigned lanes; /* of the vectors of the statement at hand: all, or half of them where no more are asked for */
	LLVMValueRef *values; /* per temp */
	LLVMValueRef *splats; /* per temp */
	VEC(LLVMBasicBlockRef) failures;
	VEC(int64_t) failure_codes;
} LlvmEmit;

/* The module of `func`, for a processor that permutes wide registers or does not, with the one external function
 *     int NAME(void *const *params, void *const *results, void *const *tables, char *arena, const int64_t *symbols)
 * where tables are those of the TABLE buffers in order. */
LLVMModuleRef llvm_emit_module(const LlvmApi *api, Arena *arena, LLVMContextRef context, const LoopFunc *func,
                               const char *name, bool permutes);

/* A new block of the function at hand. */
LLVMBasicBlockRef llvm_block(LlvmEmit *e);
/* The value of a phi where control comes from `from`. */
void llvm_incoming(LlvmEmit *e, LLVMValueRef phi, LLVMValueRef value, LLVMBasicBlockRef from);
/* What all our functions have. */
void llvm_attributes(LlvmEmit *e, LLVMValueRef function);

/* llvm_schedule.c: the external function, which calls the kernels */
void llvm_schedule(LlvmEmit *e, const char *name);

/* llvm_ops.c */
LLVMTypeRef llvm_type(const LlvmEmit *e, IrScalar type, bool vector);
LLVMTypeRef llvm_memory_type(const LlvmEmit *e, IrScalar type);
LLVMValueRef llvm_int(const LlvmEmit *e, int64_t value);
LLVMValueRef llvm_splat(LlvmEmit *e, LLVMValueRef scalar, IrScalar type);
/* types: of the operands */
LLVMValueRef llvm_op(LlvmEmit *e, IrOpcode opcode, const IrScalar *types, IrScalar result, bool vector,
                     LLVMValueRef *args);
LLVMValueRef llvm_tree(LlvmEmit *e, IrOpcode opcode, IrScalar type, LLVMValueRef vector);
LLVMValueRef llvm_intrinsic(LlvmEmit *e, const char *name, LLVMTypeRef result, const LLVMValueRef *args,
                            uint32_t count);

/* llvm_memory.c */
unsigned llvm_lanes_of(const LlvmEmit *e, LoopTemp temp); /* in which a vector is computed */
LLVMValueRef llvm_affine(LlvmEmit *e, LoopAffine affine);
LLVMValueRef llvm_load(LlvmEmit *e, const LoopStmt *stmt);
void llvm_store(LlvmEmit *e, const LoopStmt *stmt);
/* As many lanes as the statement at hand has, or the scalar. */
LLVMValueRef llvm_operand(const LlvmEmit *e, LoopTemp temp, bool vector);
/* The lanes that count, of those of the statement at hand; 0: all. */
unsigned llvm_counted(const LlvmEmit *e, const LoopStmt *stmt);

/* llvm_tree.c */
/* How many statements from `from` on are TREEs of one sort, that may be done together. */
uint32_t llvm_tree_run(const LlvmEmit *e, const LoopBlock *block, uint32_t from);
/* Such TREEs at once: what each gives. */
void llvm_trees(LlvmEmit *e, LoopStmt *const *stmts, uint32_t count, LLVMValueRef *sums);

/* llvm_pick.c */
bool llvm_can_pick(const LlvmEmit *e, const LoopStmt *stmt, size_t bytes); /* bytes: of an element in memory */
/* What a load whose lanes are a few elements apart reads, as it lies in memory. base: of lane 0. */
LLVMValueRef llvm_load_picked(LlvmEmit *e, const LoopStmt *stmt, LLVMTypeRef memory, size_t bytes, LLVMValueRef base);

#endif
