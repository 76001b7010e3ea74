/* compose: sums of sums become one sum where splitting that one again is cheaper than the two were.
 *
 *     %e[i,c,s] = for i c r s { mul(%Q[i,c,r], %l[c,r,s]) } sum -> [i,c,s];  %m = for i c s { %e[i,c,s] } sum -> [c,s]
 *     becomes  %m = for i c s r { mul(%Q[i,c,r], %l[c,r,s]) } sum -> [c,s], split by hoist's `partial`
 *
 * A sum that was accumulated from several contributions (`into`) is read as several sums into one another. Only a value
 * that is read once is composed. Requires a verified function; changes rounding. */
#include "ir/hoist.h"

enum { MAX_LINKS = 16 };

typedef struct Compose {
	const IrFunc *func; /* old */
	const uint32_t *uses;
	IrBuilder b; /* new */
	IrMap map;
	Arena *scratch;
	VEC(uint32_t) new_uses; /* by new value */
} Compose;

/* The contributions that make a value, last first. */
typedef struct Chain {
	const IrFor *links[MAX_LINKS];
	uint32_t count;
} Chain;

static bool used_once(const Compose *c, IrValue value) {
	return value < c->new_uses.count && c->new_uses.data[value] == 1;
}

static const IrFor *link_of(const Compose *c, IrValue value) {
	const IrOp *def = ir_info(c->b.func, value)->def;
	if (!used_once(c, value) || !def || def->kind != IR_FOR || def->f.puts.count != 1)
		return NULL;
	const IrPut *put = &def->f.puts.data[0];
	bool sum = put->combine == IR_PUT_SUM || (put->combine == IR_PUT_NONE && !put->into);
	if (!sum || !ir_put_is_projection(c->b.func, &def->f, put))
		return NULL;
	for (uint32_t i = 0; i < c->b.block->ops.count; i++)
		if (c->b.block->ops.data[i] == def)
			return &def->f;
	return NULL;
}

static bool chain_of(const Compose *c, IrValue value, Chain *chain) {
	chain->count = 0;
	while (value) {
		const IrFor *link = link_of(c, value);
		if (!link || chain->count == MAX_LINKS)
			return false;
		chain->links[chain->count++] = link;
		value = link->puts.data[0].into;
	}
	return true;
}

static uint32_t reduced_count(const IrFunc *func, const IrFor *link) {
	return link->indices.count - ir_type(func, link->puts.data[0].out).rank;
}

/* The user's sum with the read (a factor of its product) replaced by the body of one contribution. */
static IrOp *merge(Compose *c, const IrFor *user, const Product *product, uint32_t read, const IrFor *link,
                   IrValue into) {
	IrModule *module = c->b.func->module;
	IrForBuilder f = ir_for_begin(&c->b);
	IrRewrite outer = ir_rewrite_same_domain(c->scratch, &f, user, NULL);
	const IrNode *node = &user->nodes.data[product->factors[read].node];
	const IrPut *from = &link->puts.data[0];
	IrAt *index_at = ARENA_ARRAY(c->scratch, IrAt, link->indices.count + 1);
	bool *bound = ARENA_ARRAY(c->scratch, bool, link->indices.count + 1);
	for (uint32_t k = 0; k < node->at_count; k++) {
		int index = ir_at_plain_index(from->at[k]);
		index_at[index] = ir_rewrite_at(&outer, node->at[k]);
		bound[index] = true;
	}
	for (uint32_t i = 0; i < link->indices.count; i++)
		if (!bound[i])
			index_at[i] =
				ir_at_index(module, ir_for_index(&f, link->indices.data[i].name, link->indices.data[i].extent), 1);
	IrRewrite inner = ir_rewrite_begin(c->scratch, &f, link, NULL, index_at);
	for (uint32_t i = 0; i < link->conds.count; i++)
		ir_for_cond(&f, ir_rewrite_at(&inner, link->conds.data[i]));
	uint32_t body = ir_rewrite_node(&inner, from->node);
	for (uint32_t k = 0; k < product->count; k++) {
		if (k == read)
			continue;
		uint32_t factor = ir_rewrite_node(&outer, product->factors[k].node);
		body = ir_op2(&f, product->factors[k].inverse ? IR_div : IR_mul, body, factor);
	}
	if (product->negative)
		body = ir_op1(&f, IR_neg, body);
	const IrPut *put = &user->puts.data[0];
	IrType type = ir_type(c->b.func, put->out);
	IrAt *at = ir_rewrite_positions(&outer, put->at, type.rank);
	c->b.name = ir_info(c->b.func, put->out)->name;
	ir_put(&f, IR_PUT_SUM, body, type, at, into, put->guarded);
	c->b.name = 0;
	ir_for_end(&f);
	return f.op;
}

static double block_flops(const Compose *c, uint32_t from) {
	double flops = 0;
	for (uint32_t i = from; i < c->b.block->ops.count; i++)
		if (c->b.block->ops.data[i]->kind == IR_FOR)
			flops += ir_for_flops(c->b.func, &c->b.block->ops.data[i]->f);
	return flops;
}

/* Tries to compose one factor; on success the block ends with the composed sums and *out is their value. */
static bool try_factor(Compose *c, const IrFor *user, const Product *product, uint32_t read, IrValue *out) {
	const IrNode *node = &user->nodes.data[product->factors[read].node];
	Chain chain;
	if (node->kind != IR_NODE_READ || node->guarded || product->factors[read].inverse ||
	    !chain_of(c, node->value, &chain))
		return false;
	for (uint32_t k = 0; k < product->count; k++)
		if (k != read && product->factors[k].node == product->factors[read].node)
			return false;
	uint32_t start = c->b.block->ops.count;
	double before = ir_for_flops(c->b.func, user);
	for (uint32_t i = 0; i < chain.count; i++) {
		before += ir_for_flops(c->b.func, chain.links[i]);
		if (user->indices.count + reduced_count(c->b.func, chain.links[i]) > IR_MAX_INDICES)
			return false;
	}
	IrValue value = user->puts.data[0].into;
	for (uint32_t i = chain.count; i-- > 0;) {
		IrOp *op = merge(c, user, product, read, chain.links[i], value);
		c->b.block->ops.count--;
		ir_hoist_place(&c->b, c->scratch, op, &value);
	}
	if (block_flops(c, start) < 0.95 * before) {
		*out = value;
		return true;
	}
	c->b.block->ops.count = start;
	return false;
}

static bool try_compose(Compose *c, const IrFor *user, IrValue *out) {
	if (user->puts.count != 1 || user->puts.data[0].combine != IR_PUT_SUM)
		return false;
	if (!ir_scalar_is_real(ir_type(c->b.func, user->puts.data[0].out).scalar))
		return false;
	Product product = {0};
	if (!ir_collect_factors(user, user->puts.data[0].node, false, &product))
		return false;
	for (uint32_t k = 0; k < product.count; k++)
		if (try_factor(c, user, &product, k, out))
			return true;
	return false;
}

static void note_uses(Compose *c, IrValue from, IrValue to) {
	while (c->new_uses.count <= to)
		vec_push(c->scratch, &c->new_uses, 0);
	c->new_uses.data[to] = c->uses[from];
}

static void compose_block(void *context, const IrBlock *block) {
	Compose *c = context;
	for (uint32_t i = 0; i < block->ops.count; i++) {
		const IrOp *op = block->ops.data[i];
		c->b.span = op->span;
		if (op->kind == IR_LOOP) {
			ir_rewrite_loop(&c->b, c->scratch, c->func, &op->loop, &c->map, compose_block, c);
			continue;
		}
		IrOp *copy = ir_copy_op(&c->b, c->func, op, &c->map);
		if (op->kind != IR_FOR)
			continue;
		IrValue out;
		c->b.block->ops.count--;
		if (try_compose(c, &copy->f, &out)) {
			ir_map_set(&c->map, op->f.puts.data[0].out, out);
		} else {
			vec_push(c->b.func->module->arena, &c->b.block->ops, copy);
		}
		for (uint32_t p = 0; p < op->f.puts.count; p++)
			note_uses(c, op->f.puts.data[p].out, ir_map_get(&c->map, op->f.puts.data[p].out));
	}
}

IrFunc *ir_pass_compose(IrModule *module, IrFunc *func) {
	Arena *scratch = arena_new();
	Compose c = {
		.func = func, .scratch = scratch, .map = ir_map_new(scratch, func), .uses = ir_use_counts(scratch, func)};
	IrFunc *out = ir_pass_begin(module, func, &c.map, &c.b);
	compose_block(&c, &func->body);
	ir_pass_end(func, &c.map, out);
	arena_free(scratch);
	return out;
}
