/* Old bodies emitted again in new ops, only the nodes that are asked for: under another domain (an index may become a
 * position of the output or a saved argument), with guarded reads, or with a lane axis in front. */
#include "autodiff/ad.h"

AdEmit ad_emit_begin(Ad *ad, const IrOp *op) {
	AdEmit e = {.ad = ad, .op = &op->f};
	ad->b.span = op->span;
	e.f = ir_for_begin(&ad->b);
	e.node = ARENA_ARRAY(ad->scratch, uint32_t, op->f.nodes.count + 1);
	for (uint32_t n = 0; n < op->f.nodes.count; n++)
		e.node[n] = AD_NONE;
	return e;
}

void ad_emit_domain(AdEmit *e) {
	for (uint32_t i = 0; i < e->op->indices.count; i++) {
		const IrIndex *index = &e->op->indices.data[i];
		uint32_t number = index->lane ? ir_for_lane(&e->f) : ir_for_index(&e->f, index->name, index->extent);
		e->index_at[i] = ir_at_index(e->ad->module, number, 1);
	}
	for (uint32_t c = 0; c < e->op->conds.count; c++)
		ir_for_cond(&e->f, ad_emit_at(e, e->op->conds.data[c]));
}

IrAt ad_emit_at(AdEmit *e, IrAt at) {
	IrAt sum = ir_at_const(at.offset);
	for (uint32_t t = 0; t < at.term_count; t++) {
		IrTerm term = at.terms[t];
		IrAt part = term.is_node ? ir_at_node(e->ad->module, ad_emit_node(e, term.ref), 1) : e->index_at[term.ref];
		sum = ir_at_add(e->ad->module, sum, ir_at_scale(e->ad->module, part, term.coef));
	}
	return sum;
}

IrAt *ad_emit_ats(AdEmit *e, const IrAt *at, uint32_t count) {
	IrAt *copy = ARENA_ARRAY(e->ad->module->arena, IrAt, count + 1);
	for (uint32_t i = 0; i < count; i++)
		copy[i] = ad_emit_at(e, at[i]);
	return copy;
}

uint32_t ad_at_value(AdEmit *e, IrAt at) {
	IrModule *module = e->ad->module;
	IrAt affine = ir_at_const(at.offset);
	uint32_t sum = AD_NONE;
	for (uint32_t t = 0; t < at.term_count; t++) {
		IrTerm term = at.terms[t];
		if (!term.is_node) {
			affine = ir_at_add(module, affine, ir_at_index(module, term.ref, term.coef));
			continue;
		}
		uint32_t part = ir_op2(&e->f, IR_mul, ir_int(&e->f, term.coef), term.ref);
		sum = sum == AD_NONE ? part : ir_op2(&e->f, IR_add, sum, part);
	}
	uint32_t rest = ir_index_value(&e->f, affine);
	return sum == AD_NONE ? rest : ir_op2(&e->f, IR_add, sum, rest);
}

uint32_t ad_emit_counter(AdEmit *e, IrValue old) {
	Ad *ad = e->ad;
	if (!ad->reversed[old])
		return ir_read_scalar(&e->f, ir_map_get(&ad->map, old));
	uint32_t turns = ad->turns[old] ? ir_read_scalar(&e->f, ad->turns[old]) : ir_int(&e->f, ad->limit[old]);
	uint32_t last = ir_op2(&e->f, IR_sub, turns, ir_int(&e->f, 1));
	uint32_t counter = ir_read_scalar(&e->f, ir_map_get(&ad->map, old));
	return ir_op2(&e->f, IR_sub, last, counter);
}

static uint32_t emit_read(AdEmit *e, const IrNode *node) {
	Ad *ad = e->ad;
	if (ad->reversed && ad->reversed[node->value])
		return ad_emit_counter(e, node->value);
	IrAt at[IR_MAX_RANK + 1];
	uint32_t rank = 0;
	if (e->lanes && e->lanes[node->value])
		at[rank++] = ir_at_index(ad->module, 0, 1);
	for (uint32_t i = 0; i < node->at_count; i++)
		at[rank++] = ad_emit_at(e, node->at[i]);
	bool guarded = node->guarded || (e->guard && node->at_count > 0);
	return ir_read(&e->f, ir_map_get(&ad->map, node->value), at, guarded);
}

uint32_t ad_emit_node(AdEmit *e, uint32_t old) {
	if (e->node[old] != AD_NONE)
		return e->node[old];
	const IrNode *node = &e->op->nodes.data[old];
	uint32_t made = AD_NONE;
	switch (node->kind) {
	case IR_NODE_CONST: made = ir_constant(&e->f, node->type, node->real, node->integer); break;
	case IR_NODE_DIM: made = ir_dim(&e->f, node->dim); break;
	case IR_NODE_INDEX: made = ad_at_value(e, ad_emit_at(e, node->at[0])); break;
	case IR_NODE_READ: made = emit_read(e, node); break;
	case IR_NODE_OP: {
		uint32_t args[IR_MAX_ARGS] = {0};
		for (int i = 0; i < ir_op_info[node->opcode].arity; i++)
			args[i] = ad_emit_node(e, node->args[i]);
		made = ir_op(&e->f, node->opcode, args);
		break;
	}
	}
	e->node[old] = made;
	return made;
}

void ad_emit_puts(AdEmit *e, const bool *keep) {
	Ad *ad = e->ad;
	bool *wanted = ARENA_ARRAY(ad->scratch, bool, e->op->puts.count + 1);
	for (uint32_t p = e->op->puts.count; p-- > 0;) {
		const IrPut *put = &e->op->puts.data[p];
		bool argument = put->combine == IR_PUT_ARGMAX || put->combine == IR_PUT_ARGMIN;
		wanted[p] = wanted[p] || keep == NULL || keep[p];
		if (wanted[p] && argument)
			wanted[put->arg_of] = true;
	}
	for (uint32_t p = 0; p < e->op->puts.count; p++) {
		const IrPut *put = &e->op->puts.data[p];
		if (!wanted[p])
			continue;
		const IrValueInfo *info = ir_info(ad->from, put->out);
		IrValue out;
		if (put->combine == IR_PUT_ARGMAX || put->combine == IR_PUT_ARGMIN) {
			ad->b.name = info->name;
			out = ir_put_arg(&e->f, ir_map_get(&ad->map, e->op->puts.data[put->arg_of].out), put->arg_index);
		} else {
			uint32_t node = ad_emit_node(e, put->node);
			IrAt *at = ad_emit_ats(e, put->at, info->type.rank);
			IrValue into = put->into ? ir_map_get(&ad->map, put->into) : 0;
			ad->b.name = info->name;
			out = ir_put(&e->f, put->combine, node, info->type, at, into, put->guarded);
		}
		ir_map_set(&ad->map, put->out, out);
	}
}
