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
	LLVMTypeRef i1, i8, i16, i32, i64, f32, f64, ptr, none;
	const LoopFunc *func;
	LLVMValueRef *kernels; /* per kernel */
	LLVMTypeRef *kernel_types;
	/* of the kernel, or the part of the schedule, being emitted */
	const LoopKernel *kernel;
	LLVMValueRef function;
	LLVMValueRef *symbols;
	LLVMValueRef *values; /* per temp */
	LLVMValueRef *splats; /* per temp */
	VEC(LLVMBasicBlockRef) failures;
	VEC(int64_t) failure_codes;
} LlvmEmit;

/* The module of `func`, with the one external function
 *     int NAME(void *const *params, void *const *results, void *const *tables, char *arena, const int64_t *symbols)
 * where tables are those of the TABLE buffers in order. */
LLVMModuleRef llvm_emit_module(const LlvmApi *api, Arena *arena, LLVMContextRef context, const LoopFunc *func,
                               const char *name);

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
/* args are all of `width` but the type of result; type: of the first operand */
LLVMValueRef llvm_op(LlvmEmit *e, IrOpcode opcode, const IrScalar *types, IrScalar result, bool vector,
                     LLVMValueRef *args);
LLVMValueRef llvm_tree(LlvmEmit *e, IrOpcode opcode, IrScalar type, LLVMValueRef vector);
LLVMValueRef llvm_intrinsic(LlvmEmit *e, const char *name, LLVMTypeRef result, const LLVMValueRef *args,
                            uint32_t count);

/* llvm_memory.c */
LLVMValueRef llvm_affine(LlvmEmit *e, LoopAffine affine);
LLVMValueRef llvm_load(LlvmEmit *e, const LoopStmt *stmt);
void llvm_store(LlvmEmit *e, const LoopStmt *stmt);
LLVMValueRef llvm_operand(const LlvmEmit *e, LoopTemp temp, bool vector);

#endif
