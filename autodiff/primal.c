/* What is differentiated, emitted again: for the value, and in the adjoint of a loop once more, where what was saved is read. */
#include "autodiff/ad.h"

void ad_primal_for(Ad *ad, const IrOp *op, bool save) {
	AdEmit *e = ad_emit_same_domain(ad, op);
	ir_rewrite_puts(&ad->b, ad->from, &e->body, &ad->map, NULL);
	if (save)
		ad_save_arguments(e);
	ir_for_end(&e->f);
	for (uint32_t p = 0; save && p < op->f.puts.count; p++) {
		IrValue out = op->f.puts.data[p].out;
		AdPart part = {.stack = ad->stack[out]};
		if (part.stack)
			ir_map_set(&ad->map, out, ad_pop(ad, ad->home[out], out, &part, 0));
	}
}

void ad_primal_const(Ad *ad, const IrOp *op, bool save) {
	(void)save;
	ir_copy_op(&ad->b, ad->from, op, &ad->map);
}

void ad_primal_loop(Ad *ad, const IrOp *op, bool save) {
	if (save) {
		ad_save_loop(ad, op);
		return;
	}
	IrLoopCopy copy = {.b = &ad->b, .from = ad->from, .loop = &op->loop, .map = &ad->map};
	ir_loop_copy_begin(&copy);
	ad->reversed[op->loop.counter] = false;
	ad_primal_block(ad, &op->loop.body, false);
	ir_loop_copy_end(&copy, NULL);
}

void ad_primal_block(Ad *ad, const IrBlock *block, bool save) {
	for (uint32_t o = 0; o < block->ops.count; o++) {
		ad->b.span = block->ops.data[o]->span;
		ad_rules[block->ops.data[o]->kind].primal(ad, block->ops.data[o], save);
	}
}
