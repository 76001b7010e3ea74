/* Old bodies emitted again in new ops: under another domain (an index may become a position of the output or a saved argument),
 * with guarded reads, or with a lane axis in front. */
#include "autodiff/ad.h"

uint32_t ad_emit_counter(const Ad *ad, IrForBuilder *f, IrValue old) {
	if (!ad->reversed[old])
		return ir_read_scalar(f, ir_map_get(&ad->map, old));
	uint32_t turns = ad->turns[old] ? ir_read_scalar(f, ad->turns[old]) : ir_int(f, ad->limit[old]);
	uint32_t last = ir_op2(f, IR_sub, turns, ir_int(f, 1));
	uint32_t counter = ir_read_scalar(f, ir_map_get(&ad->map, old));
	return ir_op2(f, IR_sub, last, counter);
}

/* An IrReplace. */
static uint32_t emit_read(void *context, IrRewrite *body, uint32_t number) {
	AdEmit *e = context;
	const Ad *ad = e->ad;
	const IrNode *node = &body->from->nodes.data[number];
	if (node->kind != IR_NODE_READ)
		return IR_NO_NODE;
	if (ad->reversed && ad->reversed[node->value])
		return ad_emit_counter(ad, &e->f, node->value);
	IrAt at[IR_MAX_RANK + 1];
	uint32_t rank = 0;
	if (e->lanes && e->lanes[node->value])
		at[rank++] = ir_at_index(ad->module, 0, 1);
	for (uint32_t i = 0; i < node->at_count; i++)
		at[rank++] = ir_rewrite_at(body, node->at[i]);
	bool guarded = node->guarded || (e->guard && node->at_count > 0);
	return ir_read(&e->f, ir_map_get(&ad->map, node->value), at, guarded);
}

AdEmit *ad_emit_begin(Ad *ad, const IrOp *op) {
	AdEmit *e = ARENA_NEW(ad->scratch, AdEmit);
	ad->b.span = op->span;
	e->ad = ad;
	e->f = ir_for_begin(&ad->b);
	e->body = ir_rewrite_begin(ad->scratch, &e->f, &op->f, &ad->map, NULL);
	e->body.replace = emit_read;
	e->body.context = e;
	return e;
}

AdEmit *ad_emit_same_domain(Ad *ad, const IrOp *op) {
	AdEmit *e = ad_emit_begin(ad, op);
	ir_rewrite_domain(&e->body);
	return e;
}
