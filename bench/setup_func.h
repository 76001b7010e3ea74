/* A function of the tensor IR from its text, compiled, for a benchmark. */
#ifndef GRADUS_BENCH_SETUP_FUNC_H
#define GRADUS_BENCH_SETUP_FUNC_H

#include <stdlib.h>
#include <string.h>

#include "ir/ir.h"
#include "ir/pass/pass.h"
#include "ir/text/text.h"
#include "jit/jit.h"

typedef struct SetupFunc {
	Session *session;
	JitEngine *engine;
	IrModule *module;
	JitCode *code;
	void *arena;
} SetupFunc;

/* show: prints loop IR and assembly too. */
static inline SetupFunc setup_func(const char *text, bool show) {
	SetupFunc f = {.session = session_new()};
	const char *error = NULL;
	f.engine = jit_engine_new(f.session, &error);
	f.module = ir_module_new(f.session);
	if (!f.engine || !ir_parse(f.module, source_add(f.session, "<bench>", text, strlen(text)))) {
		diag_print_all(f.session, stderr, false);
		fprintf(stderr, "%s\n", error ? error : "");
		exit(1);
	}
	const IrPipeline pipeline = {0};
	IrFunc *func = ir_optimize(f.module, f.module->funcs.data[0], &pipeline);
	JitOptions options = {.explain = show ? stdout : NULL};
	f.code = jit_compile(f.engine, func, &options);
	size_t bytes = jit_arena_bytes(f.code, NULL);
	f.arena = aligned_alloc(64, (bytes + 127) & ~(size_t)63);
	if (show) {
		Text out = text_new(f.session->arena);
		jit_show_loops(f.module, func, &options, &out);
		jit_show_asm(f.engine, f.module, func, &options, &out);
		printf("%s\n", text_cstr(&out));
	}
	return f;
}

static inline void setup_func_free(SetupFunc *f) {
	jit_code_free(f->code);
	ir_module_free(f->module);
	jit_engine_free(f->engine);
	free(f->arena);
	session_free(f->session);
}

#endif
