/* A program and a runtime for a benchmark, from text. Prints what is wrong and ends the process. */
#ifndef GRADUS_BENCH_SETUP_H
#define GRADUS_BENCH_SETUP_H

#include <stdlib.h>
#include <string.h>

#include "runtime/engine/engine.h"

typedef struct Setup {
	Session *session;
	FeProgram *program;
	Rt *rt;
} Setup;

static inline void setup_must(const Setup *setup, bool ok) {
	if (!ok || setup->session->error_count > 0) {
		diag_print_all(setup->session, stderr, false);
		exit(1);
	}
}

static inline Setup setup_new(const char *text, int threads, IrScalar real) {
	Setup setup = {.session = session_new()};
	setup.program = fe_program_new(setup.session);
	if (*text)
		fe_add_source(setup.program, source_add(setup.session, "<bench>", text, strlen(text)));
	setup_must(&setup, true);
	RtOptions options = {.engine = RT_JIT, .real = real, .threads = threads};
	setup.rt = rt_new(setup.session, setup.program, &options);
	return setup;
}

static inline void setup_free(Setup *setup) {
	rt_free(setup->rt);
	session_free(setup->session);
}

static inline FeCall setup_call(Setup *setup, const char *text, AstDeclKind kind) {
	FeCall call = {0};
	setup_must(setup, fe_call_text(setup->program, text, kind, &call));
	return call;
}

static inline FeExperiment setup_experiment(Setup *setup, const char *name) {
	FeExperiment experiment = {0};
	const AstDecl *decl = fe_find(setup->program, session_name(setup->session, name));
	setup_must(setup, decl && fe_experiment(setup->program, decl, &experiment));
	return experiment;
}

#endif
