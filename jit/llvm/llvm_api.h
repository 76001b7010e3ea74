/* llvm_api: the functions of libLLVM-19 that are used, resolved when the engine starts. Linking the library would cost every
 * run of the command 13 ms; opening it costs only those that compile. Private to jit/. */
#ifndef GRADUS_LLVM_API_H
#define GRADUS_LLVM_API_H

#include <llvm-c/Analysis.h>
#include <llvm-c/BitWriter.h>
#include <llvm-c/Core.h>
#include <llvm-c/Error.h>
#include <llvm-c/LLJIT.h>
#include <llvm-c/Orc.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>

#if defined(__aarch64__)
#define LLVM_NATIVE(F)                                                                                                 \
	F(InitializeAArch64TargetInfo)                                                                                     \
	F(InitializeAArch64Target) F(InitializeAArch64TargetMC) F(InitializeAArch64AsmPrinter)
#else
#define LLVM_NATIVE(F)                                                                                                 \
	F(InitializeX86TargetInfo) F(InitializeX86Target) F(InitializeX86TargetMC) F(InitializeX86AsmPrinter)
#endif

/* clang-format off */
/* becomes, in LlvmApi: __typeof__(LLVMAddFunction) *AddFunction; */
#define LLVM_FUNCTIONS(F)                                                                                              \
	LLVM_NATIVE(F)                                                                                                     \
	F(AddAttributeAtIndex) F(AddFunction) F(AddIncoming) F(AppendBasicBlockInContext) F(ArrayType2)                    \
	F(BuildAShr) F(BuildAdd) F(BuildAnd) F(BuildBitCast) F(BuildBr) F(BuildCall2) F(BuildCondBr)                       \
	F(BuildExtractElement) F(BuildFAdd) F(BuildFCmp) F(BuildFDiv) F(BuildFMul) F(BuildFNeg) F(BuildFPExt) F(BuildFRem)              \
	F(BuildFPTrunc) F(BuildFSub) F(BuildGEP2) F(BuildICmp) F(BuildInsertElement) F(BuildLShr) F(BuildLoad2)            \
	F(BuildMemCpy) F(BuildMul) F(BuildNeg) F(BuildNot) F(BuildOr) F(BuildPhi) F(BuildRet) F(BuildRetVoid)              \
	F(BuildSDiv) F(BuildSExt) F(BuildSIToFP) F(BuildSelect) F(BuildShl) F(BuildShuffleVector) F(BuildStore)            \
	F(BuildSub) F(BuildTrunc) F(BuildUIToFP) F(BuildUnreachable) F(BuildXor) F(BuildZExt)                              \
	F(ConsumeError) F(ConstInt) F(ConstIntToPtr) F(ConstNull) F(ConstReal) F(ConstVector)                                               \
	F(ContextCreate) F(ContextDispose) F(CreateBuilderInContext) F(CreateEnumAttribute) F(CreateStringAttribute)       \
	F(CreateMemoryBufferWithMemoryRangeCopy) F(CreateTargetMachine) F(DisposeBuilder) F(DisposeErrorMessage) F(DisposeMemoryBuffer) F(DisposeMessage)           \
	F(DisposeModule) F(DisposeTargetData) F(DisposeTargetMachine) F(CreateTargetDataLayout)                      \
	F(DoubleTypeInContext) F(FloatTypeInContext) F(FunctionType) F(GetBasicBlockTerminator)                            \
	F(GetBufferSize) F(GetBufferStart) F(GetDefaultTargetTriple) F(GetEnumAttributeKindForName) F(GetErrorMessage)     \
	F(GetHostCPUFeatures) F(GetHostCPUName) F(GetInsertBlock) F(GetNamedFunction) F(GetParam) F(GetPoison)             \
	F(GetTargetFromTriple) F(GetUndef) F(GetVersion) F(Int1TypeInContext) F(Int16TypeInContext) F(Int32TypeInContext) F(Int64TypeInContext)                \
	F(Int8TypeInContext) F(IsConstant) F(ModuleCreateWithNameInContext)                                                \
	F(OrcCreateDynamicLibrarySearchGeneratorForProcess) F(OrcCreateLLJIT) F(OrcCreateLLJITBuilder)                     \
	F(OrcDisposeLLJIT) F(OrcExecutionSessionSetErrorReporter) F(OrcJITDylibAddGenerator)                               \
	F(OrcJITDylibCreateResourceTracker) F(OrcJITTargetMachineBuilderCreateFromTargetMachine)                           \
	F(OrcLLJITAddObjectFileWithRT) F(OrcLLJITBuilderSetJITTargetMachineBuilder) F(OrcLLJITGetExecutionSession)         \
	F(OrcLLJITGetGlobalPrefix) F(OrcLLJITGetMainJITDylib) F(OrcLLJITLookup) F(OrcReleaseResourceTracker)               \
	F(OrcResourceTrackerRemove) F(PointerTypeInContext) F(PositionBuilderAtEnd) F(PrintModuleToString)                 \
	F(SetAlignment) F(SetDataLayout) F(SetLinkage) F(SetModuleDataLayout) F(SetTarget) F(SetValueName2)                         \
	F(TargetMachineEmitToMemoryBuffer) F(TypeOf) F(VectorType) F(VerifyModule) F(VoidTypeInContext)                               \
	F(WriteBitcodeToMemoryBuffer)
/* clang-format on */

typedef struct LlvmApi {
	void *library;
#define LLVM_POINTER(name) __typeof__(LLVM##name) *name;
	LLVM_FUNCTIONS(LLVM_POINTER)
#undef LLVM_POINTER
} LlvmApi;

/* Fills *api. False and a message in *error (in `arena`) if the library or a function is missing. */
bool llvm_api_open(LlvmApi *api, Arena *arena, const char **error);
/* Which LLVM it is: its version, and what tells packages of one version apart, which may differ by patches. In `arena`. */
const char *llvm_api_text(const LlvmApi *api, Arena *arena);

#endif
