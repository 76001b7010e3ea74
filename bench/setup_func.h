/* A function of the tensor IR from its text, compiled, for a benchmark. */
#ifndef GRADUS_BENCH_SETUP_FUNC_H
#define GRADUS_BENCH_SETUP_FUNC_H

#include <stdlib.h>
#include <string.h>

#include "autodiff/autodiff.h"
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

typedef struct SetupHow {
	bool show;      /* prints loop IR and assembly too */
	bool no_lapack; /* our own loops */
	bool gradient;  /* the value of the first result, and its gradient by the first parameter */
} SetupHow;

static inline SetupFunc setup_func_how(const char *text, SetupHow how) {
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
	IrFunc *func = f.module->funcs.data[0];
	if (how.gradient)
		func = ad_gradient(f.module, func, "gradient", 0, (bool[]){true, false, false, false}, true, false);
	func = ir_optimize(f.module, func, &pipeline);
	JitOptions options = {.explain = how.show ? stdout : NULL, .no_lapack = how.no_lapack};
	f.code = jit_compile(f.engine, func, &options);
	size_t bytes = jit_arena_bytes(f.code, NULL);
	f.arena = aligned_alloc(64, (bytes + 127) & ~(size_t)63);
	if (how.show) {
		Text out = text_new(f.session->arena);
		jit_show_loops(f.module, func, &options, &out);
		jit_show_asm(f.engine, f.module, func, &options, &out);
		printf("%s\n", text_cstr(&out));
	}
	return f;
}

static inline SetupFunc setup_func(const char *text, bool show) {
	return setup_func_how(text, (SetupHow){.show = show});
}

static inline void setup_func_free(SetupFunc *f) {
	jit_code_free(f->code);
	ir_module_free(f->module);
	jit_engine_free(f->engine);
	free(f->arena);
	session_free(f->session);
}

#endif
