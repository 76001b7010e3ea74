/* Before differentiation: a product becomes a loop that carries it, since dividing by a factor is wrong at 0.
 *
 *     p[n] = for i:n j:d { x[i, j] } prod -> [i]
 *     p[n] = loop %t < d carry (%q = ones) { %r = for i:n { mul(%q[i], x[i, %t[]]) } -> [i] into %q; yield %r }
 *
 * A maximum into a base becomes a maximum from nothing, which can save its argument, and an elementwise operation. And in
 * loops, tanh and the like put their slope as well, which costs little there, so that the adjoint can read it:
 *
 *     h[n] = for i:n { tanh(z[i]) } -> [i]
 *     h[n], s[n] = for i:n { tanh(z[i]) } -> [i], { tanh_slope(z[i]) } -> [i] */
#include "autodiff/ad.h"

static bool needs_rewriting(const AdFacts *facts, const IrPut *put) {
	if (!facts->varied[put->out])
		return false;
	bool extreme = put->combine == IR_PUT_MAX || put->combine == IR_PUT_MIN;
	return put->combine == IR_PUT_PROD || (extreme && put->into != 0);
}

static bool lacks_slope(const AdFacts *facts, const IrFor *op, const IrPut *put) {
	IrOpcode slope;
	const IrNode *node = &op->nodes.data[put->node];
	return facts->varied[put->out] && node->kind == IR_NODE_OP && ad_slope_row(node->opcode, &slope) &&
	       ad_slope_node(op, put->node) == AD_NONE && ad_put_is_whole(facts->func, op, put);
}

static bool block_needs(const AdFacts *facts, const IrBlock *block, bool in_loop) {
	for (uint32_t o = 0; o < block->ops.count; o++) {
		const IrOp *op = block->ops.data[o];
		if (op->kind == IR_LOOP && block_needs(facts, &op->loop.body, true))
			return true;
		for (uint32_t p = 0; op->kind == IR_FOR && p < op->f.puts.count; p++) {
			const IrPut *put = &op->f.puts.data[p];
			if (needs_rewriting(facts, put) || (in_loop && lacks_slope(facts, &op->f, put)))
				return true;
		}
	}
	return false;
}

/* The slopes of what an op puts, as further outputs of it. */
static void put_slopes(AdEmit *e) {
	const Ad *ad = e->ad;
	for (uint32_t p = 0; p < e->op->puts.count; p++) {
		const IrPut *put = &e->op->puts.data[p];
		IrOpcode slope;
		if (!lacks_slope(&ad->facts, e->op, put) || !ad_slope_row(e->op->nodes.data[put->node].opcode, &slope))
			continue;
		uint32_t node = ir_op1(&e->f, slope, ad_emit_node(e, e->op->nodes.data[put->node].args[0]));
		IrType type = ir_type(ad->from, put->out);
		ir_put(&e->f, IR_PUT_NONE, node, type, ad_emit_ats(e, put->at, type.rank), 0, false);
	}
}

/* One put being taken apart: counters replace the first `depth` reduced indices. */
typedef struct Nest {
	Ad *ad;
	const IrOp *op;
	const IrPut *put;
	uint32_t reduced[IR_MAX_INDICES];
	IrValue counters[IR_MAX_INDICES];
	uint32_t count;
} Nest;

/* base[at] times the body, at one value of every reduced index. */
static IrValue multiply_once(const Nest *nest, IrValue base) {
	Ad *ad = nest->ad;
	AdEmit e = ad_emit_begin(ad, nest->op);
	for (uint32_t i = 0; i < nest->op->f.indices.count; i++) {
		const IrIndex *index = &nest->op->f.indices.data[i];
		bool looped = false;
		for (uint32_t r = 0; r < nest->count; r++)
			looped = looped || nest->reduced[r] == i;
		if (looped)
			continue;
		uint32_t number = index->lane ? ir_for_lane(&e.f) : ir_for_index(&e.f, index->name, index->extent);
		e.index_at[i] = ir_at_index(ad->module, number, 1);
	}
	for (uint32_t r = 0; r < nest->count; r++)
		e.index_at[nest->reduced[r]] = ir_at_node(ad->module, ir_read_scalar(&e.f, nest->counters[r]), 1);
	for (uint32_t c = 0; c < nest->op->f.conds.count; c++)
		ir_for_cond(&e.f, ad_emit_at(&e, nest->op->f.conds.data[c]));
	IrType type = ir_type(ad->from, nest->put->out);
	IrAt *at = ad_emit_ats(&e, nest->put->at, type.rank);
	uint32_t node = ad_emit_node(&e, nest->put->node);
	uint32_t before = ir_read(&e.f, base, at, nest->put->guarded);
	uint32_t after = ir_op2(&e.f, IR_mul, before, node);
	IrValue out = ir_put(&e.f, IR_PUT_NONE, after, type, at, base, nest->put->guarded);
	ir_for_end(&e.f);
	return out;
}

static IrValue build_nest(Nest *nest, uint32_t depth, IrValue base) {
	Ad *ad = nest->ad;
	if (depth == nest->count)
		return multiply_once(nest, base);
	const IrIndex *index = &nest->op->f.indices.data[nest->reduced[depth]];
	if (index->lane || index->extent < 0)
		base_panic("autodiff", "the product over an axis of unknown extent has no derivative");
	IrBlock *outer = ad->b.block;
	IrOp *loop = ir_loop_begin(&ad->b, index->extent, 0);
	nest->counters[depth] = loop->loop.counter;
	IrValue inner = ir_loop_carry(&ad->b, loop, base);
	IrValue yield = build_nest(nest, depth + 1, inner);
	ir_loop_end(&ad->b, loop, &yield, outer);
	return loop->loop.carries.data[0].out;
}

static void rewrite_product(Ad *ad, const IrOp *op, const IrPut *put) {
	Nest nest = {.ad = ad, .op = op, .put = put};
	IrType type = ir_type(ad->from, put->out);
	uint32_t reduced = ad_reduced(&op->f, put, type.rank);
	for (uint32_t i = 0; i < op->f.indices.count; i++)
		if (reduced >> i & 1)
			nest.reduced[nest.count++] = i;
	IrValue base = put->into ? ir_map_get(&ad->map, put->into) : ir_fill(&ad->b, type, 1);
	ir_map_set(&ad->map, put->out, build_nest(&nest, 0, base));
}

static void rewrite_extreme(Ad *ad, const IrOp *op, const IrPut *put) {
	AdEmit e = ad_emit_begin(ad, op);
	ad_emit_domain(&e);
	IrType type = ir_type(ad->from, put->out);
	uint32_t node = ad_emit_node(&e, put->node);
	IrAt *at = ad_emit_ats(&e, put->at, type.rank);
	IrValue extreme = ir_put(&e.f, put->combine, node, type, at, 0, put->guarded);
	ir_for_end(&e.f);
	IrForBuilder f = ir_for_begin(&ad->b);
	for (uint32_t k = 0; k < type.rank; k++) {
		uint32_t index = type.lanes && k == 0 ? ir_for_lane(&f) : ir_for_index(&f, 0, type.dims[k]);
		at[k] = ir_at_index(ad->module, index, 1);
	}
	uint32_t base = ir_read(&f, ir_map_get(&ad->map, put->into), at, false);
	uint32_t other = ir_read(&f, extreme, at, false);
	uint32_t winner = ir_op2(&f, put->combine == IR_PUT_MAX ? IR_max : IR_min, base, other);
	ir_map_set(&ad->map, put->out, ir_put(&f, IR_PUT_NONE, winner, type, at, 0, false));
	ir_for_end(&f);
}

static void rewrite_block(Ad *ad, const IrBlock *block, bool in_loop);

static void rewrite_for(Ad *ad, const IrOp *op, bool in_loop) {
	bool *keep = ARENA_ARRAY(ad->scratch, bool, op->f.puts.count + 1);
	bool any = false;
	for (uint32_t p = 0; p < op->f.puts.count; p++) {
		keep[p] = !needs_rewriting(&ad->facts, &op->f.puts.data[p]);
		any = any || keep[p];
	}
	if (any) {
		AdEmit e = ad_emit_begin(ad, op);
		ad_emit_domain(&e);
		ad_emit_puts(&e, keep);
		if (in_loop)
			put_slopes(&e);
		ir_for_end(&e.f);
	}
	for (uint32_t p = 0; p < op->f.puts.count; p++)
		if (!keep[p] && op->f.puts.data[p].combine == IR_PUT_PROD)
			rewrite_product(ad, op, &op->f.puts.data[p]);
		else if (!keep[p])
			rewrite_extreme(ad, op, &op->f.puts.data[p]);
}

static void rewrite_loop(Ad *ad, const IrLoop *loop) {
	IrBlock *outer = ad->b.block;
	IrOp *copy = ir_loop_begin(&ad->b, loop->limit, loop->trips ? ir_map_get(&ad->map, loop->trips) : 0);
	ir_map_set(&ad->map, loop->counter, copy->loop.counter);
	for (uint32_t k = 0; k < loop->carries.count; k++) {
		const IrCarry *c = &loop->carries.data[k];
		ad->b.name = ir_info(ad->from, c->inner)->name;
		ir_map_set(&ad->map, c->inner, ir_loop_carry(&ad->b, copy, ir_map_get(&ad->map, c->init)));
	}
	ad->b.name = 0;
	rewrite_block(ad, &loop->body, true);
	IrValue *yields = ARENA_ARRAY(ad->scratch, IrValue, loop->carries.count + 1);
	for (uint32_t k = 0; k < loop->carries.count; k++)
		yields[k] = ir_map_get(&ad->map, loop->carries.data[k].yield);
	ir_loop_end(&ad->b, copy, yields, outer);
	for (uint32_t k = 0; k < loop->carries.count; k++)
		ir_map_set(&ad->map, loop->carries.data[k].out, copy->loop.carries.data[k].out);
}

static void rewrite_block(Ad *ad, const IrBlock *block, bool in_loop) {
	for (uint32_t o = 0; o < block->ops.count; o++) {
		const IrOp *op = block->ops.data[o];
		ad->b.span = op->span;
		if (op->kind == IR_FOR)
			rewrite_for(ad, op, in_loop);
		else if (op->kind == IR_LOOP)
			rewrite_loop(ad, &op->loop);
		else
			ir_copy_op(&ad->b, ad->from, op, &ad->map);
	}
}

const IrFunc *ad_prepare(IrModule *module, Arena *scratch, const IrFunc *func, const bool *wrt) {
	AdFacts facts = ad_facts(scratch, func, wrt, 0, NULL);
	if (!block_needs(&facts, &func->body, false))
		return func;
	Ad ad = {.module = module, .scratch = scratch, .from = func, .facts = facts, .map = ir_map_new(scratch, func)};
	IrFunc *to = ir_func_new(module, session_text(module->session, func->name));
	for (uint32_t i = 0; i < func->symbols.count; i++)
		ir_symbol(to, session_text(module->session, func->symbols.data[i]));
	for (uint32_t p = 0; p < func->params.count; p++) {
		const IrParam *param = &func->params.data[p];
		const char *text = param->name ? session_text(module->session, param->name) : NULL;
		ir_map_set(&ad.map, param->value, ir_param(to, text, ir_type(func, param->value)));
	}
	ad.b = ir_builder(to);
	rewrite_block(&ad, &func->body, false);
	for (uint32_t i = 0; i < func->results.count; i++) {
		const IrResult *result = &func->results.data[i];
		const char *text = result->name ? session_text(module->session, result->name) : NULL;
		ir_result(to, text, ir_map_get(&ad.map, result->value));
	}
	return to;
}
