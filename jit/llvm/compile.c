/* The engine: loop IR through LLVM to machine code in this process. The object file is made by the target machine alone
 * (code generation at level "less", no optimisation passes); ORC only links it. */
#include "ir/core/walk.h"
#include "jit/lapack/lapack.h"
#include "jit/llvm/llvm_cache.h"
#include "jit/llvm/llvm_emit.h"
#include "jit/nest/lower.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int JitEntry(void *const *params, void *const *results, void *const *tables, void *arena,
                     const int64_t *symbols);

/* Machine code in this process. Functions of which LLVM gets the same module have it together. */
typedef struct Loaded {
	LlvmKey key;
	LLVMOrcResourceTrackerRef tracker;
	JitEntry *entry;
	uint32_t users;
	struct Loaded *next;
} Loaded;

struct JitEngine {
	Session *session;
	Arena *arena;
	LlvmApi api;
	LLVMOrcLLJITRef jit;
	LLVMTargetMachineRef machine;
	char *triple;
	bool wide;            /* 32 registers of 64 bytes; others have half of them, or a quarter, and half as wide ones */
	const char *settings; /* all that decides, beside its module, what code becomes */
	const char *folder;   /* where code is kept, or NULL */
	Loaded *loaded;       /* what has users */
	bool sought_lapack;
	const Lapack *lapack; /* NULL: there is none */
};

struct JitCode {
	JitEngine *engine;
	Arena *arena;
	Loaded *loaded;
	void **tables;
	int64_t fixed_bytes;
	uint32_t slot_count;
	LoopSlot *slots;
	double lower_seconds, llvm_seconds;
};

static double now(void) {
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* ---- the engine ---- */

static void report(void *context, LLVMErrorRef error) {
	JitEngine *engine = context;
	char *message = engine->api.GetErrorMessage(error);
	fprintf(stderr, "gradus: LLVM: %s\n", message);
	engine->api.DisposeErrorMessage(message);
}

/* Our own fault, or a broken installation: says what and aborts. */
static void must(JitEngine *engine, const char *what, LLVMErrorRef error) {
	if (error)
		base_panic("jit_compile", "%s: %s", what, engine->api.GetErrorMessage(error));
}

static LLVMTargetMachineRef new_machine(JitEngine *engine) {
	LlvmApi *api = &engine->api;
	LLVMTargetRef target;
	char *message = NULL;
	if (!engine->triple)
		engine->triple = api->GetDefaultTargetTriple();
	if (api->GetTargetFromTriple(engine->triple, &target, &message))
		base_panic("jit_engine_new", "%s", message);
	char *cpu = api->GetHostCPUName(), *features = api->GetHostCPUFeatures();
	engine->wide = strstr(features, "+avx512f") != NULL;
	const char *all = features;
#if !defined(__aarch64__)
	all = arena_printf(engine->arena, "%s,+prefer-no-gather,+prefer-no-scatter", features);
#endif
	LLVMTargetMachineRef machine = api->CreateTargetMachine(target, engine->triple, cpu, all, LLVMCodeGenLevelLess,
	                                                        LLVMRelocPIC, LLVMCodeModelSmall);
	engine->settings = arena_printf(engine->arena, "%s; %s; %s; %s; level less, PIC, small",
	                                llvm_api_text(api, engine->arena), engine->triple, cpu, all);
	api->DisposeMessage(cpu);
	api->DisposeMessage(features);
	return machine;
}

JitEngine *jit_engine_new(Session *session, const char **error) {
	JitEngine *engine = ARENA_NEW(session->arena, JitEngine);
	engine->session = session;
	engine->arena = session->arena;
	LlvmApi *api = &engine->api;
	if (!llvm_api_open(api, engine->arena, error))
		return NULL;
	/* becomes: api->InitializeX86TargetInfo(); ... */
#define LLVM_INITIALIZE(name) api->name();
	LLVM_NATIVE(LLVM_INITIALIZE)
#undef LLVM_INITIALIZE
	engine->machine = new_machine(engine);
	LLVMOrcLLJITBuilderRef builder = api->OrcCreateLLJITBuilder();
	/* The builder takes over the machine it is given. */
	LLVMTargetMachineRef own = new_machine(engine);
	api->OrcLLJITBuilderSetJITTargetMachineBuilder(builder,
	                                               api->OrcJITTargetMachineBuilderCreateFromTargetMachine(own));
	must(engine, "making the linker", api->OrcCreateLLJIT(&engine->jit, builder));
	api->OrcExecutionSessionSetErrorReporter(api->OrcLLJITGetExecutionSession(engine->jit), report, engine);
	LLVMOrcDefinitionGeneratorRef process;
	must(engine, "finding the process's symbols",
	     api->OrcCreateDynamicLibrarySearchGeneratorForProcess(&process, api->OrcLLJITGetGlobalPrefix(engine->jit),
	                                                           NULL, NULL));
	api->OrcJITDylibAddGenerator(api->OrcLLJITGetMainJITDylib(engine->jit), process);
	return engine;
}

void jit_engine_free(JitEngine *engine) {
	if (!engine)
		return;
	LlvmApi *api = &engine->api;
	must(engine, "closing the linker", api->OrcDisposeLLJIT(engine->jit));
	api->DisposeTargetMachine(engine->machine);
	api->DisposeMessage(engine->triple);
}

void jit_engine_cache(JitEngine *engine, const char *folder) {
	engine->folder = folder && llvm_cache_open(engine->arena, folder) ? arena_strdup(engine->arena, folder) : NULL;
}

/* ---- compiling ---- */

static const char module_name[] =
	"gradus_code"; /* of its entry as well, until that is called by the key of the module */

static LLVMModuleRef new_module(JitEngine *engine, LLVMContextRef context, const LoopFunc *func) {
	LlvmApi *api = &engine->api;
	LLVMModuleRef module = llvm_emit_module(api, func->arena, context, func, module_name, engine->wide);
	api->SetTarget(module, engine->triple);
	LLVMTargetDataRef layout = api->CreateTargetDataLayout(engine->machine);
	api->SetModuleDataLayout(module, layout);
	api->DisposeTargetData(layout);
#ifndef NDEBUG
	char *message = NULL;
	if (api->VerifyModule(module, LLVMReturnStatusAction, &message))
		base_panic("jit_compile", "LLVM refuses our module: %s\n%s", message, api->PrintModuleToString(module));
	api->DisposeMessage(message);
#endif
	return module;
}

/* What is asked for, on this machine. */
static JitOptions options_here(const JitEngine *engine, const JitOptions *asked) {
	JitOptions options = *asked;
	if (options.registers == 0)
		options.registers = engine->wide ? 32 : 8;
	return options;
}

static LLVMMemoryBufferRef emit_file(JitEngine *engine, LLVMModuleRef module, LLVMCodeGenFileType type) {
	char *message = NULL;
	LLVMMemoryBufferRef buffer = NULL;
	if (engine->api.TargetMachineEmitToMemoryBuffer(engine->machine, module, type, &message, &buffer))
		base_panic("jit_compile", "code generation: %s", message);
	return buffer;
}

/* The numbers of a table in the type and layout of its buffer. */
static void *table_data(Arena *arena, const LoopFunc *func, const LoopBuffer *buffer) {
	IrType type = ir_type(func->ir, buffer->table->out);
	int64_t count = buffer->elements.factor, row = type.lanes ? count / LOOP_LANES : count;
	size_t bytes = ir_scalar_bytes(buffer->type);
	char *data = arena_alloc(arena, (size_t)count * bytes + 64);
	data += (64 - (uintptr_t)data % 64) % 64;
	for (int64_t i = 0; i < count; i++) {
		int64_t at = type.lanes ? i % row * LOOP_LANES + i / row : i;
		char *to = data + (size_t)at * bytes;
		switch (buffer->type) {
		case IR_F32: memcpy(to, &(float){(float)buffer->table->reals[i]}, bytes); break;
		case IR_F64: memcpy(to, &buffer->table->reals[i], bytes); break;
		case IR_I32: memcpy(to, &(int32_t){(int32_t)buffer->table->integers[i]}, bytes); break;
		case IR_I64: memcpy(to, &buffer->table->integers[i], bytes); break;
		case IR_BOOL: *to = buffer->table->integers[i] != 0; break;
		}
	}
	return data;
}

static void keep_tables(JitCode *code, const LoopFunc *func) {
	uint32_t count = 0;
	code->tables = ARENA_ARRAY(code->arena, void *, func->buffers.count + 1);
	for (uint32_t i = 0; i < func->buffers.count; i++)
		if (func->buffers.data[i].kind == LOOP_TABLE)
			code->tables[count++] = table_data(code->arena, func, &func->buffers.data[i]);
}

static void see_call(void *context, const IrBlock *block, IrOp *op) {
	bool *calls = context;
	(void)block;
	*calls = *calls || op->kind == IR_CALL;
}

/* Opened for the first function that may use it. */
static const Lapack *lapack_of(JitEngine *engine, const IrFunc *func) {
	bool calls = false;
	ir_visit_ops(&func->body, see_call, &calls);
	if (calls && !engine->sought_lapack) {
		engine->sought_lapack = true;
		engine->lapack = lapack_open(engine->arena);
	}
	return calls ? engine->lapack : NULL;
}

/* Not kept is what calls functions of this process by their addresses. */
static bool can_be_kept(const LoopFunc *func) {
	for (uint32_t i = 0; i < func->kernels.count; i++)
		if (func->kernels.data[i]->foreign)
			return false;
	return true;
}

static LlvmKey key_of(JitEngine *engine, LLVMModuleRef module) {
	LlvmApi *api = &engine->api;
	LLVMMemoryBufferRef bits = api->WriteBitcodeToMemoryBuffer(module);
	LlvmKey key = llvm_key(engine->settings, api->GetBufferStart(bits), api->GetBufferSize(bits));
	api->DisposeMemoryBuffer(bits);
	return key;
}

/* The object file of a module, whose entry is named `name`: kept from an earlier time, or made now. */
static LLVMMemoryBufferRef object_of(JitEngine *engine, LLVMModuleRef module, const LlvmKey *key, const char *name,
                                     bool keeps) {
	LlvmApi *api = &engine->api;
	Arena *arena = arena_new();
	char *bytes;
	size_t length;
	LLVMMemoryBufferRef object;
	if (keeps && llvm_cache_find(arena, engine->folder, key, &bytes, &length)) {
		object = api->CreateMemoryBufferWithMemoryRangeCopy(bytes, length, name);
	} else {
		api->SetValueName2(api->GetNamedFunction(module, module_name), name, strlen(name));
		object = emit_file(engine, module, LLVMObjectFile);
		if (keeps)
			llvm_cache_keep(arena, engine->folder, key, api->GetBufferStart(object), api->GetBufferSize(object));
	}
	arena_free(arena);
	return object;
}

static Loaded *load(JitEngine *engine, LLVMModuleRef module, bool keeps) {
	LlvmApi *api = &engine->api;
	LlvmKey key = key_of(engine, module);
	for (Loaded *loaded = engine->loaded; loaded; loaded = loaded->next)
		if (memcmp(&loaded->key, &key, sizeof key) == 0) {
			loaded->users++;
			return loaded;
		}
	Arena *arena = arena_new();
	const char *name = arena_printf(arena, "gradus_%s", llvm_key_text(arena, &key));
	LLVMMemoryBufferRef object = object_of(engine, module, &key, name, keeps);
	Loaded *loaded = ARENA_NEW(engine->arena, Loaded);
	*loaded = (Loaded){.key = key, .users = 1, .next = engine->loaded};
	engine->loaded = loaded;
	loaded->tracker = api->OrcJITDylibCreateResourceTracker(api->OrcLLJITGetMainJITDylib(engine->jit));
	must(engine, "linking", api->OrcLLJITAddObjectFileWithRT(engine->jit, loaded->tracker, object));
	LLVMOrcExecutorAddress address = 0;
	must(engine, "finding the entry", api->OrcLLJITLookup(engine->jit, &address, name));
	uintptr_t entry = (uintptr_t)address;
	memcpy(&loaded->entry, &entry, sizeof entry);
	arena_free(arena);
	return loaded;
}

static void unload(JitEngine *engine, Loaded *loaded) {
	LlvmApi *api = &engine->api;
	if (--loaded->users > 0)
		return;
	must(engine, "unloading", api->OrcResourceTrackerRemove(loaded->tracker));
	api->OrcReleaseResourceTracker(loaded->tracker);
	Loaded **at = &engine->loaded;
	while (*at != loaded)
		at = &(*at)->next;
	*at = loaded->next;
}

JitCode *jit_compile(JitEngine *engine, IrFunc *func, const JitOptions *asked) {
	LlvmApi *api = &engine->api;
	JitOptions with = options_here(engine, asked);
	if (!with.strict && !with.no_lapack)
		with.lapack = lapack_of(engine, func);
	const JitOptions *options = &with;
	Arena *arena = arena_new();
	JitCode *code = ARENA_NEW(arena, JitCode);
	code->engine = engine;
	code->arena = arena;
	double start = now();
	IrModule *own = ir_module_new(func->module->session);
	LoopFunc *loops = nest_function(own, func, options);
	keep_tables(code, loops);
	code->fixed_bytes = loops->fixed_bytes;
	code->slot_count = loops->slots.count;
	code->slots = arena_copy(arena, loops->slots.data, sizeof(LoopSlot) * loops->slots.count);
	double lowered = now();
	LLVMContextRef context = api->ContextCreate();
	LLVMModuleRef module = new_module(engine, context, loops);
	bool keeps = engine->folder && can_be_kept(loops);
	ir_module_free(own); /* before LLVM takes its share */
	code->loaded = load(engine, module, keeps);
	api->DisposeModule(module);
	api->ContextDispose(context);
	code->lower_seconds = lowered - start;
	code->llvm_seconds = now() - lowered;
	return code;
}

void jit_code_free(JitCode *code) {
	if (!code)
		return;
	unload(code->engine, code->loaded);
	arena_free(code->arena);
}

size_t jit_arena_bytes(const JitCode *code, const int64_t *symbols) {
	LoopFunc sizes = {.fixed_bytes = code->fixed_bytes};
	sizes.slots.data = code->slots;
	sizes.slots.count = code->slot_count;
	return (size_t)loop_arena_bytes(&sizes, symbols);
}

int jit_call(const JitCode *code, void *const *params, void *const *results, void *arena, const int64_t *symbols) {
	return code->loaded->entry(params, results, code->tables, arena, symbols);
}

void jit_code_times(const JitCode *code, double *lower, double *llvm) {
	*lower = code->lower_seconds;
	*llvm = code->llvm_seconds;
}

/* ---- texts ---- */

void jit_show_loops(IrModule *module, IrFunc *func, const JitOptions *options, Text *out) {
	loop_print(nest_function(module, func, options), out);
}

bool jit_show_llvm(JitEngine *engine, IrModule *module, IrFunc *func, const JitOptions *asked, Text *out) {
	JitOptions options = options_here(engine, asked);
	LoopFunc *loops = nest_function(module, func, &options);
	LLVMContextRef context = engine->api.ContextCreate();
	LLVMModuleRef llvm = new_module(engine, context, loops);
	char *text = engine->api.PrintModuleToString(llvm);
	text_printf(out, "%s", text);
	engine->api.DisposeMessage(text);
	engine->api.DisposeModule(llvm);
	engine->api.ContextDispose(context);
	return true;
}

bool jit_show_asm(JitEngine *engine, IrModule *module, IrFunc *func, const JitOptions *asked, Text *out) {
	JitOptions options = options_here(engine, asked);
	LoopFunc *loops = nest_function(module, func, &options);
	LLVMContextRef context = engine->api.ContextCreate();
	LLVMModuleRef llvm = new_module(engine, context, loops);
	LLVMMemoryBufferRef text = emit_file(engine, llvm, LLVMAssemblyFile);
	text_bytes(out, engine->api.GetBufferStart(text), engine->api.GetBufferSize(text));
	engine->api.DisposeMemoryBuffer(text);
	engine->api.DisposeModule(llvm);
	engine->api.ContextDispose(context);
	return true;
}
