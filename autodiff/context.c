/* What every derivative of a function starts and ends with. */
#include "autodiff/ad.h"
#include "ir/pass/pass.h"

Ad ad_begin(IrModule *module, Arena *scratch, const IrFunc *func, const char *name, const bool *wrt, uint32_t result,
            const double *limits) {
	Ad ad = {.module = ir_module_new(module->session), .scratch = scratch, .result_module = module};
	ad.scope = ARENA_NEW(scratch, IrScope);
	ir_scope_enter(ad.scope, "autodiff", func);
	ad.from = ad_prepare(ad.module, scratch, func, wrt);
	ad.facts = ad_facts(scratch, ad.from, wrt, result == AD_NONE ? 0 : ad.from->results.data[result].value, limits);
	ad.map = ir_map_new(scratch, ad.from);
	uint32_t count = ad.from->values.count;
	ad.linear = ARENA_ARRAY(scratch, IrValue, count);
	ad.args = ARENA_ARRAY(scratch, IrValue *, count);
	ad.saved = ARENA_ARRAY(scratch, AdSaved *, count);
	ad.kept = ARENA_ARRAY(scratch, AdKept, count);
	ad.stack = ARENA_ARRAY(scratch, IrValue, count);
	ad.home = ARENA_ARRAY(scratch, const IrLoop *, count);
	ad.reversed = ARENA_ARRAY(scratch, bool, count);
	ad.turns = ARENA_ARRAY(scratch, IrValue, count);
	ad.limit = ARENA_ARRAY(scratch, int64_t, count);
	IrFunc *to = ir_func_new(ad.module, name);
	ir_copy_params(ad.from, to, &ad.map);
	ad.b = ir_builder(to);
	return ad;
}

IrFunc *ad_end(Ad *ad) {
	IrFunc *done = ir_pass_simplify(ad->module, ad->b.func);
	done = ir_func_copy(ad->result_module, done, ir_name_text(done, done->name));
	ir_scope_leave(ad->scope);
	ir_module_free(ad->module);
	arena_free(ad->scratch);
	return done;
}

IrValue ad_zeros(Ad *ad, IrType type) {
	return ir_fill(&ad->b, type, 0);
}

const char *ad_tilde(Ad *ad, Name name) {
	return name ? arena_printf(ad->scratch, "%s~", session_text(ad->module->session, name)) : NULL;
}
