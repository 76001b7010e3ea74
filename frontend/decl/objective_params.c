/* The parameters of an objective: one vector x that holds all of them, and each as the program reads it. One with limits lies in x as a
 * number without. */
#include "frontend/decl/objective.h"

#include <string.h>

void objective_add_params(ObjectiveBuilding *b, const AstDeclare *d, FeSlot array) {
	Elab *e = &b->e;
	int axes = d->has_head && d->type.dims.count ? array.type.rank - (int)d->type.dims.count : 0;
	if (axes < 0) /* dimensions that could not be read, which was reported */
		axes = 0;
	int64_t tensors = 1, numbers[IR_MAX_RANK] = {0};
	FeSlot slot = array;
	for (int k = 0; k < axes; k++)
		tensors *= array.type.dims[k];
	slot.type = ir_tensor_type(array.type.scalar, array.type.rank - axes, array.type.dims + axes);
	slot.count = array.count / tensors;
	for (int64_t i = 0; i < tensors; i++, slot.offset += slot.count) {
		int64_t rest = i;
		for (int k = axes - 1; k >= 0; rest /= array.type.dims[k--])
			numbers[k] = rest % array.type.dims[k];
		Text name = text_new(e->arena);
		text_printf(&name, "%s", session_text(e->session, array.name));
		for (int k = 0; k < axes; k++)
			text_printf(&name, "%s%lld%s", k ? ", " : "[", (long long)numbers[k], k + 1 < axes ? "" : "]");
		slot.name = session_name(e->session, text_cstr(&name));
		vec_push(e->arena, &b->out->params, slot);
	}
}

/* Puts the elements of an array into its place in a flat vector. */
static IrValue put_array(Elab *e, const Value *v, Ex *body, const FeSlot *slot, IrType type, IrValue into) {
	Emit m = emit_begin(e, slot->span);
	IrAt place = emit_place(e, &m, v);
	place = ir_at_add(e->module, place, ir_at_const(slot->offset));
	uint32_t node = emit_ex(e, &m, body);
	e->builder->name = session_name(e->session, "x");
	return emit_put(e, &m, IR_PUT_NONE, node, type, &place, into, false);
}

IrValue objective_flat_start(ObjectiveBuilding *b, Value *const *starts) {
	Elab *e = &b->e;
	const FeObjective *o = b->out;
	IrType type = ir_tensor_type(e->real, 1, &o->size);
	e->builder->span = b->decl->name.span;
	IrValue x = o->arrays.count == 1 && o->arrays.data[0].type.rank == 1 ? 0 : emit_fill(e, type, 0);
	for (uint32_t i = 0; i < o->arrays.count; i++) {
		Value *v = starts[i];
		const FeSlot *slot = &o->arrays.data[i];
		if (v)
			x = put_array(e, v, limits_unconstrained(e, &slot->limits, value_body(e, v)), slot, type, x);
	}
	return x;
}

bool objective_param_limits(ObjectiveBuilding *b, const AstDeclare *d, const Value *start, FeLimits *out) {
	double low = 0, high = 0;
	bool limited = limits_stated(&b->e, &d->limits, &low, &high);
	if (!limits_set(&b->e, limited, low, high, d->limits.span, out) || !limits_hold_start(&b->e, d, out, start))
		return false;
	if (b->declared)
		out->transform = FE_PLAIN;
	return true;
}

/* A parameter as it is declared, from x. */
static Value *param_value(Elab *e, IrValue x, const FeSlot *slot) {
	int64_t dims[IR_MAX_RANK] = {0};
	memcpy(dims, slot->type.dims, sizeof(int64_t) * slot->type.rank);
	Value *v = value_array(e, S_REAL, slot->type.rank, dims, slot->span);
	Ex *place = ex_add_int(e, value_place(e, v), ex_int(e, slot->offset));
	v->body = limits_natural(e, &slot->limits, ex_read(e, x, &place, 1, false));
	return v;
}

void objective_bind_param(ObjectiveBuilding *b, IrValue x, const FeSlot *slot, const Symbol *symbol) {
	Elab *e = &b->e;
	if (slot->count == 0 || x == 0) {
		scope_add(e, symbol, value_bad(e));
		return;
	}
	Value *v = param_value(e, x, slot);
	scope_add(e, symbol, slot->limits.transform == FE_PLAIN ? v : value_materialize(e, v, slot->name, slot->span));
}

void objective_build_natural(ObjectiveBuilding *b) {
	Elab *e = &b->e;
	FeObjective *o = b->out;
	bool limited = false;
	for (uint32_t i = 0; i < o->arrays.count; i++)
		limited = limited || o->arrays.data[i].limits.transform != FE_PLAIN;
	if (!limited || !b->ok)
		return;
	const char *name = session_text(e->session, b->decl->name.name);
	o->natural = ir_func_new(e->module, arena_printf(e->arena, "%s_natural", name));
	IrBuilder builder = ir_builder(o->natural);
	builder.span = b->decl->name.span;
	e->builder = &builder;
	IrType type = ir_tensor_type(e->real, 1, &o->size);
	IrValue x = ir_param_as(o->natural, IR_ROLE_X, "x", type), out = x;
	for (uint32_t i = 0; i < o->arrays.count; i++) {
		const FeSlot *slot = &o->arrays.data[i];
		if (slot->limits.transform == FE_PLAIN)
			continue;
		Value *v = param_value(e, x, slot);
		out = put_array(e, v, v->body, slot, type, out);
	}
	ir_result_as(o->natural, IR_ROLE_NATURAL, "natural", out);
}
