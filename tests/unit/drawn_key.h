/* Functions that draw, with the numbers that they draw by put into them. */
#ifndef GRADUS_TESTS_DRAWN_KEY_H
#define GRADUS_TESTS_DRAWN_KEY_H

#include "ir/build.h"

/* What stands for a parameter of the key; -1: it is none. `t` of a rule stays one. */
static inline int64_t drawn_key(IrRole role) {
	switch (role) {
	case IR_ROLE_SEED: return 7;
	case IR_ROLE_INSTANCE: return 3;
	case IR_ROLE_STEP: return 1;
	case IR_ROLE_FIRST: return 0;
	case IR_ROLE_TENSOR: return 0;
	default: return -1;
	}
}

/* `func` for seed 7, problem 3, the batch of step 1, and a tensor that is all of x; itself if it draws nothing. */
static inline IrFunc *drawn_by_key(Session *session, IrModule *module, IrFunc *func) {
	Arena *arena = module->arena;
	IrFunc *out = ir_func_new(module, session_text(session, func->name));
	for (uint32_t i = 0; i < func->symbols.count; i++)
		ir_symbol(out, session_text(session, func->symbols.data[i]));
	IrBuilder b = ir_builder(out);
	IrValue *args = ARENA_ARRAY(arena, IrValue, func->params.count + 1);
	IrValue *results = ARENA_ARRAY(arena, IrValue, func->results.count + 1);
	bool draws = false;
	for (uint32_t i = 0; i < func->params.count; i++) {
		const IrParam *p = &func->params.data[i];
		int64_t number = drawn_key(p->role);
		args[i] = number >= 0 ? ir_fill(&b, ir_scalar_type(IR_I64), (double)number)
		                      : ir_param_as(out, p->role, session_text(session, p->name), ir_type(func, p->value));
		draws = draws || number >= 0;
	}
	if (!draws)
		return func;
	ir_inline(&b, func, args, results);
	for (uint32_t i = 0; i < func->results.count; i++) {
		const IrResult *r = &func->results.data[i];
		ir_result_as(out, r->role, session_text(session, r->name), results[i]);
	}
	return out;
}

#endif
