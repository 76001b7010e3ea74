/* Reverse mode: the function again, then the adjoints of its ops in reverse order. */
#include "autodiff/ad.h"

void ad_reverse_block(Ad *ad, const IrBlock *block) {
	for (uint32_t o = block->ops.count; o-- > 0;) {
		ad->b.span = block->ops.data[o]->span;
		ad_rules[block->ops.data[o]->kind].reverse(ad, block->ops.data[o]);
	}
}

/* A table reads nothing. */
void ad_reverse_const(Ad *ad, const IrOp *op) {
	(void)ad;
	(void)op;
}

static void keep_result(Ad *ad, uint32_t i) {
	const IrResult *result = &ad->from->results.data[i];
	ir_result_as(ad->b.func, result->role, ir_name_text(ad->from, result->name), ir_map_get(&ad->map, result->value));
}

static void emit_gradients(Ad *ad, const bool *wrt) {
	for (uint32_t p = 0; p < ad->from->params.count; p++) {
		const IrParam *param = &ad->from->params.data[p];
		IrType type = ir_type(ad->from, param->value);
		if (!ir_scalar_is_real(type.scalar) || (wrt != NULL && !wrt[p]))
			continue;
		IrValue cotangent = ad->linear[param->value];
		ad->b.span = (Span){0};
		ir_result_as(ad->b.func, ir_role_tilde(param->role), ad_tilde(ad, param->name),
		             cotangent ? cotangent : ad_zeros(ad, type));
	}
}

static bool is_seeded(const IrFunc *func, const bool *seeded, uint32_t i) {
	return ir_scalar_is_real(ir_type(func, func->results.data[i].value).scalar) && (seeded == NULL || seeded[i]);
}

/* The only result that has a cotangent, if that is a single number; else AD_NONE. */
static uint32_t single_seed(const IrFunc *func, const bool *seeded) {
	uint32_t found = AD_NONE;
	for (uint32_t i = 0; i < func->results.count; i++) {
		if (!is_seeded(func, seeded, i))
			continue;
		if (found != AD_NONE || ir_type(func, func->results.data[i].value).rank > 0)
			return AD_NONE;
		found = i;
	}
	return found;
}

IrFunc *ad_reverse(IrModule *module, const IrFunc *func, const char *name, const bool *seeded, const bool *wrt,
                   bool keep_results) {
	return ad_reverse_within(module, func, name, seeded, wrt, keep_results, NULL);
}

IrFunc *ad_reverse_within(IrModule *module, const IrFunc *func, const char *name, const bool *seeded, const bool *wrt,
                          bool keep_results, const double *limits) {
	Ad ad = ad_begin(module, arena_new(), func, name, wrt, single_seed(func, seeded), limits);
	IrValue *seeds = ARENA_ARRAY(ad.scratch, IrValue, func->results.count + 1);
	for (uint32_t i = 0; i < func->results.count; i++) {
		const IrResult *result = &ad.from->results.data[i];
		IrType type = ir_type(ad.from, result->value);
		if (is_seeded(ad.from, seeded, i))
			seeds[i] = ir_param_as(ad.b.func, ir_role_tilde(result->role), ad_tilde(&ad, result->name), type);
	}
	ad_primal_block(&ad, &ad.from->body, true);
	for (uint32_t i = 0; i < func->results.count; i++)
		ad_contribute(&ad, ad.from->results.data[i].value, seeds[i]);
	ad_reverse_block(&ad, &ad.from->body);
	for (uint32_t i = 0; keep_results && i < func->results.count; i++)
		keep_result(&ad, i);
	emit_gradients(&ad, wrt);
	return ad_end(&ad);
}

IrFunc *ad_gradient(IrModule *module, const IrFunc *func, const char *name, uint32_t result, const bool *wrt,
                    bool keep_value, bool keep_others) {
	Ad ad = ad_begin(module, arena_new(), func, name, wrt, result, NULL);
	IrValue value = ad.from->results.data[result].value;
	IrType type = ir_type(ad.from, value);
	if (!ir_scalar_is_real(type.scalar) || type.rank != (type.lanes ? 1 : 0))
		base_panic("ad_gradient", "result %u is not a real number", (unsigned)result);
	ad_primal_block(&ad, &ad.from->body, true);
	ad.b.span = (Span){0};
	ad_contribute(&ad, value, ir_fill(&ad.b, type, 1));
	ad_reverse_block(&ad, &ad.from->body);
	if (keep_value)
		keep_result(&ad, result);
	for (uint32_t i = 0; keep_others && i < func->results.count; i++)
		if (i != result)
			keep_result(&ad, i);
	emit_gradients(&ad, wrt);
	return ad_end(&ad);
}
