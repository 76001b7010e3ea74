/* Any bytes, read as a program whose objectives are evaluated as `gradus eval` does it: by the evaluator always, by machine code
 * now and then, as that takes most of the time. What would take long is left out. */
#include "frontend/frontend.h"
#include "ir/pass/pass.h"
#include "runtime/inner/inner.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const double most_flops = 200000;
enum { MOST_SIZE = 2000, MOST_OBJECTIVES = 3, MEMORY = 64000000, CODE_EVERY = 16 };

static bool is_small(const IrFunc *func) {
	IrCost cost = ir_cost(func, NULL);
	return cost.flops < most_flops && cost.bytes < 8 * most_flops;
}

/* What it costs is known before anything is run. */
static bool worth_it(FeProgram *program, Session *session, const FeCall *call) {
	IrModule *module = ir_module_new(session);
	const FeObjective *o = fe_objective(program, module, call, IR_F64);
	bool good = o && o->size <= MOST_SIZE && is_small(o->setup) && is_small(o->start) && is_small(o->value);
	ir_module_free(module);
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	Session *session = session_new();
	FeProgram *program = fe_program_new(session);
	fe_add_source(program, source_add(session, "fuzz.grad", (const char *)data, size));
	bool code = size % CODE_EVERY == 0;
	for (uint32_t i = 0, done = 0; i < fe_decl_count(program) && done < MOST_OBJECTIVES && !session->error_count; i++) {
		FeCall call = {.decl = fe_decl(program, i)};
		if (call.decl->kind != AST_OBJECTIVE || !worth_it(program, session, &call))
			continue;
		RtOptions options = {.engine = code ? RT_JIT : RT_EVALUATOR,
		                     .real = size % 3 ? IR_F64 : IR_F32,
		                     .strict = size % 2 == 0,
		                     .threads = 1,
		                     .memory = MEMORY};
		Rt *rt = rt_new(session, program, &options);
		RunEval eval;
		run_eval(rt, &call, 0, NULL, &eval);
		rt_free(rt);
		done++;
	}
	session_free(session);
	return 0;
}
