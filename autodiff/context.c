/* What every transformation starts and ends with, and the copying of ops that need no rule. */
#include "autodiff/ad.h"

Ad ad_begin(IrModule *module, Arena *scratch, const IrFunc *func, const char *name, const bool *wrt, uint32_t result,
            const double *limits) {
	Ad ad = {.module = module, .scratch = scratch, .func_count = module->funcs.count};
	ad.scope = ARENA_NEW(scratch, IrScope);
	ir_scope_enter(ad.scope, "autodiff", func);
	ad.from = ad_prepare(module, scratch, func, wrt);
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
	IrFunc *to = ir_func_new(module, name);
	for (uint32_t i = 0; i < func->symbols.count; i++)
		ir_symbol(to, session_text(module->session, func->symbols.data[i]));
	for (uint32_t p = 0; p < func->params.count; p++) {
		const IrParam *param = &ad.from->params.data[p];
		const char *text = param->name ? session_text(module->session, param->name) : NULL;
		ir_map_set(&ad.map, param->value, ir_param(to, text, ir_type(ad.from, param->value)));
	}
	ad.b = ir_builder(to);
	return ad;
}

IrFunc *ad_end(Ad *ad) {
	IrModule *module = ad->module;
	IrFunc *done = ir_pass_simplify(module, ad->b.func);
	module->funcs.count = ad->func_count;
	vec_push(module->arena, &module->funcs, done);
	ir_scope_leave(ad->scope);
	arena_free(ad->scratch);
	return done;
}

IrValue ad_zeros(Ad *ad, IrType type) {
	return ir_fill(&ad->b, type, 0);
}

const char *ad_tilde(Ad *ad, Name name) {
	return name ? arena_printf(ad->scratch, "%s~", session_text(ad->module->session, name)) : NULL;
}

static void primal_for(Ad *ad, const IrOp *op, bool save) {
	AdEmit e = ad_emit_begin(ad, op);
	ad_emit_domain(&e);
	ad_emit_puts(&e, NULL);
	if (save)
		ad_save_arguments(&e);
	ir_for_end(&e.f);
	for (uint32_t p = 0; save && p < op->f.puts.count; p++) {
		IrValue out = op->f.puts.data[p].out;
		AdPart part = {.stack = ad->stack[out]};
		if (part.stack)
			ir_map_set(&ad->map, out, ad_pop(ad, ad->home[out], out, &part, 0));
	}
}

/* A loop whose adjoint is not wanted here: a plain copy. */
static void copy_loop(Ad *ad, const IrLoop *loop) {
	IrBlock *outer = ad->b.block;
	IrOp *copy = ir_loop_begin(&ad->b, loop->limit, loop->trips ? ir_map_get(&ad->map, loop->trips) : 0);
	ir_map_set(&ad->map, loop->counter, copy->loop.counter);
	ad->reversed[loop->counter] = false;
	for (uint32_t k = 0; k < loop->carries.count; k++) {
		const IrCarry *c = &loop->carries.data[k];
		ad->b.name = ir_info(ad->from, c->inner)->name;
		ir_map_set(&ad->map, c->inner, ir_loop_carry(&ad->b, copy, ir_map_get(&ad->map, c->init)));
	}
	ad_primal_block(ad, &loop->body, false);
	IrValue *yields = ARENA_ARRAY(ad->scratch, IrValue, loop->carries.count + 1);
	for (uint32_t k = 0; k < loop->carries.count; k++)
		yields[k] = ir_map_get(&ad->map, loop->carries.data[k].yield);
	ir_loop_end(&ad->b, copy, yields, outer);
	for (uint32_t k = 0; k < loop->carries.count; k++)
		ir_map_set(&ad->map, loop->carries.data[k].out, copy->loop.carries.data[k].out);
}

void ad_primal_block(Ad *ad, const IrBlock *block, bool save) {
	for (uint32_t o = 0; o < block->ops.count; o++) {
		const IrOp *op = block->ops.data[o];
		ad->b.span = op->span;
		if (op->kind == IR_FOR)
			primal_for(ad, op, save);
		else if (op->kind == IR_CONST)
			ir_copy_op(&ad->b, ad->from, op, &ad->map);
		else if (save)
			ad_primal_loop(ad, op);
		else
			copy_loop(ad, &op->loop);
	}
}
