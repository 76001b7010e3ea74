/* Batching: a lane axis in front of every value that depends on a varying parameter.
 *
 *     z[n] = for i:n j:d { mul(X[%pick[i], j], w[j]) } sum -> [i]
 *     z[16, n] = for l:16 i:n j:d { mul(X[%pick[l, i], j], w[j]) } sum -> [l, i]      pick varies, X and w do not
 *
 * What does not vary is computed once; puts of one op that vary and that do not go apart. */
#include "autodiff/ad.h"

/* ---- what varies ---- */

static bool any_has_lanes(IrOperand parts, const bool *nodes) {
	while (ir_next_operand(&parts))
		if (nodes[parts.node])
			return true;
	return false;
}

static bool at_has_lanes(IrAt at, const bool *nodes) {
	return any_has_lanes(ir_at_operands(&at, 1), nodes);
}

static bool *lane_nodes(Arena *scratch, const IrFor *op, const bool *lanes) {
	bool *nodes = ARENA_ARRAY(scratch, bool, op->nodes.count + 1);
	for (uint32_t n = 0; n < op->nodes.count; n++) {
		const IrNode *node = &op->nodes.data[n];
		nodes[n] = (node->kind == IR_NODE_READ && lanes[node->value]) || any_has_lanes(ir_operands(node), nodes);
	}
	return nodes;
}

static bool put_has_lanes(const IrFunc *func, const IrFor *op, const IrPut *put, const bool *lanes, const bool *nodes) {
	if (ir_put_is_arg(put))
		return lanes[op->puts.data[put->arg_of].out];
	return (put->into && lanes[put->into]) || any_has_lanes(ir_at_operands(op->conds.data, op->conds.count), nodes) ||
	       any_has_lanes(ir_put_operands(put, ir_type(func, put->out).rank), nodes);
}

/* ---- one rule for each kind of op: spread_ says what varies with what (whether that was news), batch_ emits ---- */

typedef struct Batch {
	Ad ad;       /* only what emission needs */
	bool *lanes; /* per old value: it differs between problems */
} Batch;

#define KIND(NAME, name)                                                                                               \
	static bool spread_##name(const Batch *b, const IrOp *op);                                                         \
	static void batch_##name(Batch *b, const IrOp *op);
#include "ir/core/kinds.def"
#undef KIND

typedef struct BatchRules {
	bool (*spread)(const Batch *b, const IrOp *op);
	void (*batch)(Batch *b, const IrOp *op);
} BatchRules;

static const BatchRules rules[IR_KIND_COUNT] = {
#define KIND(NAME, name) [IR_##NAME] = {spread_##name, batch_##name},
#include "ir/core/kinds.def"
#undef KIND
};

static bool spread_block(const Batch *b, const IrBlock *block) {
	bool changed = false;
	for (uint32_t o = 0; o < block->ops.count; o++)
		changed |= rules[block->ops.data[o]->kind].spread(b, block->ops.data[o]);
	return changed;
}

static bool spread_for(const Batch *b, const IrOp *op) {
	const bool *nodes = lane_nodes(b->ad.scratch, &op->f, b->lanes);
	bool changed = false;
	for (uint32_t p = 0; p < op->f.puts.count; p++) {
		const IrPut *put = &op->f.puts.data[p];
		changed |= ad_raise(b->lanes, put->out, put_has_lanes(b->ad.from, &op->f, put, b->lanes, nodes));
	}
	return changed;
}

static bool spread_const(const Batch *b, const IrOp *op) {
	(void)b;
	(void)op;
	return false;
}

static bool spread_evaluate(const Batch *b, const IrOp *op) {
	(void)b;
	(void)op;
	ad_not_linked();
}

static bool spread_deferred(const Batch *b, const IrOp *op) {
	(void)b;
	(void)op;
	ad_not_linked();
}

static bool spread_loop(const Batch *b, const IrOp *op) {
	const IrLoop *loop = &op->loop;
	bool *lanes = b->lanes, changed = false;
	if (loop->trips && lanes[loop->trips])
		base_panic("ad_batch", "the number of turns of a loop differs between problems");
	for (uint32_t k = 0; k < loop->carries.count; k++) {
		const IrCarry *c = &loop->carries.data[k];
		changed |= ad_raise(lanes, c->inner, lanes[c->init] || lanes[c->yield]);
	}
	changed |= spread_block(b, &loop->body);
	for (uint32_t k = 0; k < loop->carries.count; k++) {
		const IrCarry *c = &loop->carries.data[k];
		changed |= ad_raise(lanes, c->inner, lanes[c->yield]);
		changed |= ad_raise(lanes, c->out, lanes[c->inner]);
	}
	return changed;
}

/* ---- emission ---- */

static IrType lane_type(IrType type) {
	if (type.lanes)
		base_panic("ad_batch", "the function has lanes already");
	if (type.rank == IR_MAX_RANK)
		base_panic("ad_batch", "a value of rank %d has no axis left for lanes", IR_MAX_RANK);
	for (int k = type.rank; k > 0; k--)
		type.dims[k] = type.dims[k - 1];
	type.dims[0] = IR_LANES;
	type.rank++;
	type.lanes = true;
	return type;
}

/* The new value of an old one, with lanes if wanted. */
static IrValue value_with(Batch *b, IrValue old, bool lanes) {
	IrValue value = ir_map_get(&b->ad.map, old);
	return lanes && !b->lanes[old] ? ir_broadcast_lanes(&b->ad.b, value) : value;
}

/* A BOOL node that holds the conditions which differ between problems, or AD_NONE. */
static uint32_t lane_conditions(AdEmit *e, const bool *nodes) {
	uint32_t all = AD_NONE;
	for (uint32_t c = 0; c < e->body.from->conds.count; c++) {
		if (!at_has_lanes(e->body.from->conds.data[c], nodes))
			continue;
		uint32_t position = ir_rewrite_at_value(&e->body, ir_rewrite_at(&e->body, e->body.from->conds.data[c]));
		uint32_t live = ir_op2(&e->f, IR_ge, position, ir_int(&e->f, 0));
		all = all == AD_NONE ? live : ir_op2(&e->f, IR_and, all, live);
	}
	return all;
}

/* What is put for a point whose conditions do not hold in some of the lanes: a number that leaves the result as it is. */
static uint32_t neutral(AdEmit *e, const IrPut *put, IrType type, const IrAt *at, IrValue into) {
	bool real = ir_scalar_is_real(type.scalar);
	switch (put->combine) {
	case IR_PUT_PROD: return ir_constant(&e->f, type.scalar, 1, 1);
	case IR_PUT_MAX: return ir_constant(&e->f, type.scalar, -__builtin_inf(), real ? 0 : INT64_MIN);
	case IR_PUT_MIN: return ir_constant(&e->f, type.scalar, __builtin_inf(), real ? 0 : INT64_MAX);
	case IR_PUT_NONE:
		if (into)
			return ir_read(&e->f, into, at, put->guarded);
		return ir_constant(&e->f, type.scalar, 0, 0);
	default: return ir_constant(&e->f, type.scalar, 0, 0);
	}
}

static void lane_put(Batch *b, AdEmit *e, const IrPut *put, IrValue into, uint32_t live) {
	Ad *ad = &b->ad;
	const IrValueInfo *info = ir_info(ad->from, put->out);
	IrType type = lane_type(*info->type);
	IrValue out;
	if (ir_put_is_arg(put)) {
		ad->b.name = info->name;
		out = ir_put_arg(&e->f, ir_map_get(&ad->map, e->body.from->puts.data[put->arg_of].out), put->arg_index + 1);
	} else {
		IrAt at[IR_MAX_RANK];
		at[0] = ir_at_index(ad->module, 0, 1);
		for (uint32_t k = 0; k < info->type->rank; k++)
			at[k + 1] = ir_rewrite_at(&e->body, put->at[k]);
		uint32_t node = ir_rewrite_node(&e->body, put->node);
		if (live != AD_NONE)
			node = ir_op3(&e->f, IR_where, live, node, neutral(e, put, type, at, into));
		ad->b.name = info->name;
		out = ir_put(&e->f, put->combine, node, type, at, into, put->guarded);
	}
	ir_map_set(&ad->map, put->out, out);
}

static void batch_lanes(Batch *b, const IrOp *op, const bool *nodes) {
	Ad *ad = &b->ad;
	IrValue *into = ARENA_ARRAY(ad->scratch, IrValue, op->f.puts.count + 1);
	for (uint32_t p = 0; p < op->f.puts.count; p++) {
		const IrPut *put = &op->f.puts.data[p];
		if (b->lanes[put->out] && put->into)
			into[p] = value_with(b, put->into, true);
	}
	AdEmit *e = ad_emit_begin(ad, op);
	e->lanes = b->lanes;
	ir_for_lane(&e->f);
	ir_rewrite_indices(&e->body);
	for (uint32_t c = 0; c < op->f.conds.count; c++)
		if (!at_has_lanes(op->f.conds.data[c], nodes))
			ir_for_cond(&e->f, ir_rewrite_at(&e->body, op->f.conds.data[c]));
	uint32_t live = lane_conditions(e, nodes);
	e->guard = live != AD_NONE;
	for (uint32_t p = 0; p < op->f.puts.count; p++)
		if (b->lanes[op->f.puts.data[p].out])
			lane_put(b, e, &op->f.puts.data[p], into[p], live);
	ir_for_end(&e->f);
}

static void batch_for(Batch *b, const IrOp *op) {
	Ad *ad = &b->ad;
	const bool *nodes = lane_nodes(ad->scratch, &op->f, b->lanes);
	bool *once = ARENA_ARRAY(ad->scratch, bool, op->f.puts.count + 1);
	bool any_once = false, any_lanes = false;
	for (uint32_t p = 0; p < op->f.puts.count; p++) {
		once[p] = !b->lanes[op->f.puts.data[p].out];
		any_once = any_once || once[p];
		any_lanes = any_lanes || !once[p];
	}
	if (any_once) {
		AdEmit *e = ad_emit_same_domain(ad, op);
		ir_rewrite_puts(&ad->b, ad->from, &e->body, &ad->map, once);
		ir_for_end(&e->f);
	}
	if (any_lanes)
		batch_lanes(b, op, nodes);
}

static void batch_const(Batch *b, const IrOp *op) {
	ir_copy_op(&b->ad.b, b->ad.from, op, &b->ad.map);
}

static void batch_evaluate(Batch *b, const IrOp *op) {
	(void)b;
	(void)op;
	ad_not_linked();
}

static void batch_deferred(Batch *b, const IrOp *op) {
	(void)b;
	(void)op;
	ad_not_linked();
}

static void batch_block(Batch *b, const IrBlock *block) {
	for (uint32_t o = 0; o < block->ops.count; o++) {
		b->ad.b.span = block->ops.data[o]->span;
		rules[block->ops.data[o]->kind].batch(b, block->ops.data[o]);
	}
}

static void batch_loop(Batch *b, const IrOp *op) {
	const IrLoop *loop = &op->loop;
	IrValue *values = ARENA_ARRAY(b->ad.scratch, IrValue, loop->carries.count + 1);
	for (uint32_t k = 0; k < loop->carries.count; k++)
		values[k] = value_with(b, loop->carries.data[k].init, b->lanes[loop->carries.data[k].inner]);
	IrLoopCopy copy = {.b = &b->ad.b, .from = b->ad.from, .loop = loop, .map = &b->ad.map, .inits = values};
	ir_loop_copy_begin(&copy);
	batch_block(b, &loop->body);
	for (uint32_t k = 0; k < loop->carries.count; k++)
		values[k] = value_with(b, loop->carries.data[k].yield, b->lanes[loop->carries.data[k].inner]);
	copy.yields = values;
	ir_loop_copy_end(&copy, NULL);
}

IrFunc *ad_batch(IrModule *module, const IrFunc *func, const char *name, const bool *varying,
                 const bool *force_varying) {
	Arena *scratch = arena_new();
	IrScope scope;
	ir_scope_enter(&scope, "batch", func);
	Batch b = {.ad = {.module = module, .scratch = scratch, .from = func, .map = ir_map_new(scratch, func)}};
	Ad *ad = &b.ad;
	b.lanes = ARENA_ARRAY(scratch, bool, func->values.count);
	IrFunc *to = ir_func_new(module, name);
	for (uint32_t i = 0; i < func->symbols.count; i++)
		ir_symbol(to, session_text(module->session, func->symbols.data[i]));
	for (uint32_t p = 0; p < func->params.count; p++) {
		const IrParam *param = &func->params.data[p];
		IrType type = ir_type(func, param->value);
		b.lanes[param->value] = varying[p];
		ir_map_set(&ad->map, param->value,
		           ir_param_as(to, param->role, ir_name_text(func, param->name), varying[p] ? lane_type(type) : type));
	}
	while (spread_block(&b, &func->body)) {
	}
	ad->b = ir_builder(to);
	batch_block(&b, &func->body);
	for (uint32_t i = 0; i < func->results.count; i++) {
		const IrResult *result = &func->results.data[i];
		ir_result_as(to, result->role, ir_name_text(func, result->name),
		             value_with(&b, result->value, force_varying != NULL && force_varying[i]));
	}
	arena_free(scratch);
	ir_scope_leave(&scope);
	return to;
}
