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
	if (!facts->active[put->out])
		return false;
	bool extreme = put->combine == IR_PUT_MAX || put->combine == IR_PUT_MIN;
	return put->combine == IR_PUT_PROD || (extreme && put->into != 0);
}

static bool lacks_slope(const AdFacts *facts, const IrFor *op, const IrPut *put) {
	IrOpcode slope;
	const IrNode *node = &op->nodes.data[put->node];
	return facts->active[put->out] && node->kind == IR_NODE_OP && ir_op_slope(node->opcode, &slope) &&
	       ad_slope_node(op, put->node) == AD_NONE && ad_put_is_whole(facts->func, op, put);
}

/* What there is to rewrite: below loops, slopes, too. */
typedef struct Look {
	const AdFacts *facts;
	bool in_loop, found;
} Look;

static void look_at(Look *look, const IrBlock *block) {
	for (uint32_t o = 0; o < block->ops.count && !look->found; o++) {
		const IrOp *op = block->ops.data[o];
		const IrFor *f = ir_as_for(op);
		for (uint32_t p = 0; f && p < f->puts.count; p++) {
			const IrPut *put = &f->puts.data[p];
			look->found |= needs_rewriting(look->facts, put) || (look->in_loop && lacks_slope(look->facts, f, put));
		}
		const IrBlock *inside;
		Look below = {.facts = look->facts, .in_loop = true};
		for (int k = 0; (inside = ir_block_of(op, k)) != NULL; k++)
			look_at(&below, inside);
		look->found |= below.found;
	}
}

/* The slopes of what an op puts, as further outputs of it. */
static void put_slopes(AdEmit *e) {
	const Ad *ad = e->ad;
	for (uint32_t p = 0; p < e->body.from->puts.count; p++) {
		const IrPut *put = &e->body.from->puts.data[p];
		IrOpcode slope;
		if (!lacks_slope(&ad->facts, e->body.from, put) ||
		    !ir_op_slope(e->body.from->nodes.data[put->node].opcode, &slope))
			continue;
		uint32_t node = ir_op1(&e->f, slope, ir_rewrite_node(&e->body, e->body.from->nodes.data[put->node].args[0]));
		IrType type = ir_type(ad->from, put->out);
		ir_put(&e->f, IR_PUT_NONE, node, type, ir_rewrite_positions(&e->body, put->at, type.rank), 0, false);
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
	AdEmit *e = ad_emit_begin(ad, nest->op);
	for (uint32_t i = 0; i < nest->op->f.indices.count; i++) {
		bool looped = false;
		for (uint32_t r = 0; r < nest->count; r++)
			looped = looped || nest->reduced[r] == i;
		if (!looped)
			ir_rewrite_index(&e->body, i);
	}
	for (uint32_t r = 0; r < nest->count; r++)
		e->body.index_at[nest->reduced[r]] = ir_at_node(ad->module, ir_read_scalar(&e->f, nest->counters[r]), 1);
	ir_rewrite_conds(&e->body);
	IrType type = ir_type(ad->from, nest->put->out);
	IrAt *at = ir_rewrite_positions(&e->body, nest->put->at, type.rank);
	uint32_t node = ir_rewrite_node(&e->body, nest->put->node);
	uint32_t before = ir_read(&e->f, base, at, nest->put->guarded);
	uint32_t after = ir_op2(&e->f, IR_mul, before, node);
	IrValue out = ir_put(&e->f, IR_PUT_NONE, after, type, at, base, nest->put->guarded);
	ir_for_end(&e->f);
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
	ad->b.name = index->name;
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
	AdEmit *e = ad_emit_same_domain(ad, op);
	IrType type = ir_type(ad->from, put->out);
	uint32_t node = ir_rewrite_node(&e->body, put->node);
	IrAt *at = ir_rewrite_positions(&e->body, put->at, type.rank);
	IrValue extreme = ir_put(&e->f, put->combine, node, type, at, 0, put->guarded);
	ir_for_end(&e->f);
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

/* The copying of the whole function. */
typedef struct Prepare {
	Ad ad; /* only what emission needs */
	IrCopier copier;
	int loops; /* around */
} Prepare;

static void rewrite_for(void *context, const IrOp *op) {
	Prepare *prepare = context;
	Ad *ad = &prepare->ad;
	bool *keep = ARENA_ARRAY(ad->scratch, bool, op->f.puts.count + 1);
	bool any = false;
	for (uint32_t p = 0; p < op->f.puts.count; p++) {
		keep[p] = !needs_rewriting(&ad->facts, &op->f.puts.data[p]);
		any = any || keep[p];
	}
	if (any) {
		AdEmit *e = ad_emit_same_domain(ad, op);
		ir_rewrite_puts(&ad->b, ad->from, &e->body, &ad->map, keep);
		if (prepare->loops > 0)
			put_slopes(e);
		ir_for_end(&e->f);
	}
	for (uint32_t p = 0; p < op->f.puts.count; p++)
		if (!keep[p] && op->f.puts.data[p].combine == IR_PUT_PROD)
			rewrite_product(ad, op, &op->f.puts.data[p]);
		else if (!keep[p])
			rewrite_extreme(ad, op, &op->f.puts.data[p]);
}

static void rewrite_loop(void *context, const IrOp *op) {
	Prepare *prepare = context;
	prepare->loops++;
	ir_copy_as_it_is(&prepare->copier, op);
	prepare->loops--;
}

static IrCopyRule *const rules[IR_KIND_COUNT] = {[IR_FOR] = rewrite_for, [IR_LOOP] = rewrite_loop};

const IrFunc *ad_prepare(IrModule *module, Arena *scratch, const IrFunc *func, const bool *wrt) {
	AdFacts facts = ad_facts(scratch, func, wrt, 0, NULL);
	Look look = {.facts = &facts};
	look_at(&look, &func->body);
	if (!look.found)
		return func;
	Prepare prepare = {.ad = {.module = module, .scratch = scratch, .from = func, .facts = facts}};
	prepare.ad.map = ir_map_new(scratch, func);
	prepare.copier =
		(IrCopier){.from = func, .b = &prepare.ad.b, .map = &prepare.ad.map, .rules = rules, .context = &prepare};
	return ir_copier_run(&prepare.copier, module);
}
