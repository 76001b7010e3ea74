/* Values of names that something is differentiated by. An expression is written out where it is used, so that nothing would tell
 * what was computed from a name and what from the things that it was made of:
 *
 *     let q[i] = x[i] + y[i]
 *     let s = sum(q^2)           reads x and y, and not q; grad(s, q) needs q
 *
 * Such names stand for arrays of the IR that nothing else stands for. */
#include "frontend/value/value.h"

/* The value reads all of one array of the IR, which has its axes behind those of indices around. */
static bool reads_whole(Elab *e, Value *v) {
	const Ex *body = value_body(e, v);
	if (body->kind != EX_READ || body->guarded || body->at_count < (uint32_t)v->rank)
		return false;
	IrType type = ir_type(e->builder->func, body->value);
	uint32_t leading = body->at_count - (uint32_t)v->rank;
	for (uint32_t i = 0; i < body->at_count; i++) {
		const Ex *at = body->at[i];
		const Var *own = i < leading ? NULL : v->vars[i - leading];
		if (at->kind != EX_VAR) {
			if (!ex_is_const(at) || type.dims[i] != 1 || (own && own->extent != 1))
				return false;
			continue;
		}
		if ((own && at->var != own) || (at->var->tensor ? e->tensors : emit_dim(e, at->var->extent)) != type.dims[i])
			return false;
		for (uint32_t k = 0; k < i; k++)
			if (body->at[k]->kind == EX_VAR && body->at[k]->var == at->var)
				return false;
	}
	return true;
}

Value *value_of_its_own(Elab *e, Value *v, const Symbol *symbol) {
	if (v->kind != VALUE_ARRAY || v->scalar == S_INT || v->scalar == S_BOOL)
		return v;
	v = value_materialize(e, value_convert(e, v, S_REAL), symbol->name, symbol->span);
	v->parts.count = 0; /* an element of a stack would be read where it was made */
	return v;
}

Value *value_declared(Elab *e, Value *v, const Symbol *symbol) {
	bool copies = symbol->kind == SYMBOL_LET || symbol->kind == SYMBOL_VAR || symbol->kind == SYMBOL_ARGUMENT;
	if (!symbol->differentiates || (!copies && v->kind == VALUE_ARRAY && reads_whole(e, v)))
		return v;
	return value_of_its_own(e, v, symbol);
}
