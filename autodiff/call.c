/* Differentiation of calls: the rules of the callee (call_rules.c), and what holds for all of them. Only the first result of a
 * callee has a derivative. A cotangent of zeros, or a tangent of zeros, gives zeros, whatever the matrix is: what is not
 * chosen leaks nothing, be it singular. */
#include "autodiff/ad.h"
#include "autodiff/matrix.h"

typedef struct Derivatives {
	AdPush *push;
	AdPull *pull;
} Derivatives;

static const Derivatives derivatives[IR_CALLEE_COUNT] = {
#define CALLEE(name, ...) [IR_CALL_##name] = {ad_push_##name, ad_pull_##name},
#include "ir/core/calls.def"
#undef CALLEE
};

/* Argument i moves what the call gives. */
static bool moves(const AdFacts *facts, const IrCall *call, const IrCalleeInfo *info, uint32_t i) {
	return !info->args[i].whole && !info->args[i].no_slope && facts->active[call->args[i]];
}

bool ad_active_call(AdFacts *facts, const IrOp *op) {
	const IrCalleeInfo info = ir_callee_info(op->call.callee);
	IrValue out = op->call.outs[0];
	bool any = false;
	for (uint32_t i = 0; i < info.arg_count; i++)
		any = any || moves(facts, &op->call, &info, i);
	if (!any || facts->active[out])
		return false;
	facts->active[out] = true;
	return true;
}

void ad_need_call(const AdFacts *facts, const IrOp *op, bool *need) {
	const IrCalleeInfo info = ir_callee_info(op->call.callee);
	for (uint32_t i = 0; need[op->call.outs[0]] && i < info.arg_count; i++)
		if (moves(facts, &op->call, &info, i))
			need[op->call.args[i]] = true;
}

void ad_primal_call(Ad *ad, const IrOp *op, bool save) {
	ir_copy_op(&ad->b, ad->from, op, &ad->map);
	for (IrDef def = ir_defs(op); save && ir_next_def(&def);) {
		AdPart part = {.stack = ad->stack[def.value]};
		if (part.stack)
			ir_map_set(&ad->map, def.value, ad_pop(ad, ad->home[def.value], def.value, &part, 0));
	}
}

/* What a rule works on: the call as it stands in the new function. */
static AdMatrices matrices(Ad *ad, const IrCall *call) {
	IrValue *args = ARENA_ARRAY(ad->scratch, IrValue, IR_MAX_ARGS),
			*outs = ARENA_ARRAY(ad->scratch, IrValue, IR_CALL_RESULTS);
	for (uint32_t i = 0; i < IR_MAX_ARGS; i++)
		args[i] = call->args[i] ? ir_map_get(&ad->map, call->args[i]) : 0;
	for (uint32_t i = 0; i < IR_CALL_RESULTS; i++)
		outs[i] = call->outs[i] ? ir_map_get(&ad->map, call->outs[i]) : 0;
	const IrCallSize size = ir_call_size(ad->from, call);
	const IrType type = ir_type(ad->b.func, outs[0]);
	AdMatrices a = {.b = &ad->b, .real = type.scalar, .lanes = type.lanes, .outer = size.outer};
	for (int k = 0; k < size.outer; k++)
		a.lead[k] = type.dims[type.lanes + k];
	const IrType first = ir_type(ad->b.func, args[0]);
	a.n = first.dims[first.rank - 1];
	a.m = type.rank > size.outer + 1 + type.lanes ? type.dims[type.rank - 1] : 1;
	a.args = args;
	a.outs = outs;
	return a;
}

/* Per problem, the largest magnitude in a matrix of one, or NaN. */
static IrValue largest(const AdMatrices *a, IrValue value) {
	const IrType type = ir_type(a->b->func, value);
	AdMatrixOp o = ad_matrix_op(a, type.dims[type.rank - 2], type.dims[type.rank - 1]);
	IrType out = {.scalar = a->real, .lanes = a->lanes, .rank = (uint8_t)o.lead_count};
	for (int k = 0; k < o.lead_count; k++)
		out.dims[k] = a->lanes && k == 0 ? IR_LANES : a->lead[k - a->lanes];
	uint32_t size = ir_op1(&o.f, IR_abs, ad_matrix_element(&o, value, false));
	IrValue most = ir_put(&o.f, IR_PUT_MAX, size, out, o.lead, 0, false);
	ir_for_end(&o.f);
	return most;
}

/* The matrix where one of `sizes` is not 0, zeros elsewhere, as a value of `type`: summed over lanes if that has none. */
static IrValue where_any(const AdMatrices *a, IrValue value, const IrValue *sizes, uint32_t count, IrType type) {
	AdMatrixOp o = ad_matrix_op(a, type.dims[type.rank - 2], type.dims[type.rank - 1]);
	IrModule *module = a->b->func->module;
	uint32_t zero = ir_real(&o.f, a->real, 0), some = ir_bool(&o.f, count == 0);
	for (uint32_t i = 0; i < count; i++)
		some = ir_op2(&o.f, IR_or, some, ir_op2(&o.f, IR_ne, ir_read(&o.f, sizes[i], o.lead, false), zero));
	uint32_t node = ir_op3(&o.f, IR_where, some, ad_matrix_element(&o, value, false), zero);
	IrAt at[IR_MAX_RANK];
	int rank = 0, lacks = a->lanes && !type.lanes;
	for (int k = lacks; k < o.lead_count; k++)
		at[rank++] = o.lead[k];
	at[rank++] = ir_at_index(module, o.i, 1);
	at[rank++] = ir_at_index(module, o.j, 1);
	IrValue out = ir_put(&o.f, lacks ? IR_PUT_SUM : IR_PUT_NONE, node, type, at, 0, false);
	ir_for_end(&o.f);
	return out;
}

void ad_forward_call(Ad *ad, const IrOp *op) {
	const IrCall *call = &op->call;
	const IrCalleeInfo info = ir_callee_info(call->callee);
	IrValue tangents[IR_MAX_ARGS] = {0}, sizes[IR_MAX_ARGS];
	uint32_t count = 0;
	ad_primal_call(ad, op, false);
	const AdMatrices a = matrices(ad, call);
	for (uint32_t i = 0; i < info.arg_count; i++) {
		if (!moves(&ad->facts, call, &info, i) || !ad->linear[call->args[i]])
			continue;
		tangents[i] = ad->linear[call->args[i]];
		sizes[count++] = largest(&a, tangents[i]);
	}
	if (count == 0)
		return;
	IrValue moved = derivatives[call->callee].push(&a, tangents);
	ad->linear[call->outs[0]] = where_any(&a, moved, sizes, count, ir_type(ad->b.func, a.outs[0]));
}

void ad_reverse_call(Ad *ad, const IrOp *op) {
	const IrCall *call = &op->call;
	const IrCalleeInfo info = ir_callee_info(call->callee);
	IrValue cotangent = ad->linear[call->outs[0]], cotangents[IR_MAX_ARGS] = {0};
	if (!cotangent)
		return;
	const AdMatrices a = matrices(ad, call);
	bool certain = ad->facts.reached[call->outs[0]];
	IrValue size = certain ? 0 : largest(&a, cotangent);
	derivatives[call->callee].pull(&a, cotangent, cotangents);
	for (uint32_t i = 0; i < info.arg_count; i++) {
		if (!cotangents[i] || !moves(&ad->facts, call, &info, i))
			continue;
		const IrType type = ir_type(ad->b.func, a.args[i]);
		ad_contribute(ad, call->args[i], where_any(&a, cotangents[i], &size, certain ? 0 : 1, type));
	}
}
