/* Maxima and minima: the op that makes one saves, per reduced index, where it came from; derivatives then live on the
 * output's elements alone.
 *
 *     m[n] = for i:n c:k { z[i, c] } max -> [i], argmax c -> %a[i]
 *     z~   = for i:n { m~[i] } sum -> [i, max(%a[i], 0)]                                                        */
#include "autodiff/ad.h"

uint32_t ad_reduced(const IrFor *op, const IrPut *put, uint32_t rank) {
	uint32_t plain = 0;
	for (uint32_t k = 0; k < rank; k++) {
		int index = ir_at_plain_index(put->at[k]);
		if (index >= 0)
			plain |= UINT32_C(1) << index;
	}
	return ((UINT32_C(1) << op->indices.count) - 1) & ~plain;
}

bool ad_is_extreme(const IrFunc *func, const IrFor *op, const IrPut *put) {
	if (put->combine != IR_PUT_MAX && put->combine != IR_PUT_MIN)
		return false;
	return ad_reduced(op, put, ir_type(func, put->out).rank) != 0;
}

static IrValue argument_of(AdEmit *e, uint32_t p, uint32_t index) {
	for (uint32_t q = 0; q < e->body.from->puts.count; q++) {
		const IrPut *put = &e->body.from->puts.data[q];
		bool argument = ir_put_is_arg(put);
		if (argument && put->arg_of == p && put->arg_index == index)
			return ir_map_get(&e->ad->map, put->out);
	}
	return ir_put_arg(&e->f, ir_map_get(&e->ad->map, e->body.from->puts.data[p].out), index);
}

void ad_save_arguments(AdEmit *e) {
	Ad *ad = e->ad;
	for (uint32_t p = 0; p < e->body.from->puts.count; p++) {
		const IrPut *put = &e->body.from->puts.data[p];
		if (!ad->facts.active[put->out] || !ad_is_extreme(ad->from, e->body.from, put))
			continue;
		uint32_t reduced = ad_reduced(e->body.from, put, ir_type(ad->from, put->out).rank);
		IrValue *args = ARENA_ARRAY(ad->scratch, IrValue, IR_MAX_INDICES);
		for (uint32_t i = 0; i < e->body.from->indices.count; i++) {
			if (!(reduced >> i & 1))
				continue;
			if (e->body.from->indices.data[i].lane)
				base_panic("autodiff", "a maximum over the lane axis has no derivative");
			args[i] = argument_of(e, p, i);
		}
		ad->args[put->out] = args;
	}
}

/* Every element of the output has a point: there is an argument, whatever the values are. */
static bool certain(const IrFor *op, const IrPut *put, IrType type) {
	uint32_t seen = 0;
	if (put->guarded || op->conds.count != 0)
		return false;
	for (uint32_t i = 0; i < op->indices.count; i++)
		if (op->indices.data[i].extent <= 0)
			return false;
	for (uint32_t k = 0; k < type.rank; k++) {
		int index = ir_at_plain_index(put->at[k]);
		if (index < 0 || (seen >> index & 1) || op->indices.data[index].extent != type.dims[k])
			return false;
		seen |= UINT32_C(1) << index;
	}
	return true;
}

AdShrunk ad_emit_shrunk(AdEmit *e, const IrPut *put) {
	Ad *ad = e->ad;
	IrType type = ir_type(ad->from, put->out);
	AdShrunk shrunk = {.valid = AD_NONE};
	uint32_t placed = 0;
	for (uint32_t k = 0; k < type.rank; k++) {
		int old = ir_at_plain_index(put->at[k]);
		Name name = old >= 0 ? e->body.from->indices.data[old].name : 0;
		uint32_t index = type.lanes && k == 0 ? ir_for_lane(&e->f) : ir_for_index(&e->f, name, type.dims[k]);
		shrunk.at[k] = ir_at_index(ad->module, index, 1);
		if (old >= 0 && !(placed >> old & 1)) {
			e->body.index_at[old] = shrunk.at[k];
			placed |= UINT32_C(1) << old;
		}
	}
	bool sure = certain(e->body.from, put, type);
	for (uint32_t i = 0; i < e->body.from->indices.count; i++) {
		if (placed >> i & 1)
			continue;
		uint32_t argument = ir_read(&e->f, ad->args[put->out][i], shrunk.at, false);
		uint32_t zero = ir_int(&e->f, 0);
		if (!sure && shrunk.valid == AD_NONE)
			shrunk.valid = ir_op2(&e->f, IR_ge, argument, zero);
		e->body.index_at[i] = ir_at_node(ad->module, ir_op2(&e->f, IR_max, argument, zero), 1);
	}
	e->guard = !sure;
	return shrunk;
}
