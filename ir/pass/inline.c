/* inline: producers that are free, or used once without repeating work, go into their users' bodies.
 *
 *     %3 = for i:n { add(%s[i], %b[]) } -> [i];  %4 = for i:n { mul(%3[i], %y[i]) } sum -> []
 *     becomes  %4 = for i:n { mul(add(%s[i], %b[]), %y[i]) } sum -> []
 *
 * Free: no scalar operation and at most one read (a broadcast, transpose, slice, reshape, constant, counter). What makes an array out of
 * one that is stored narrower, element by element, goes in where so little of it is asked for that it costs no more.
 * Requires a verified function; keeps every bit. Leaves dead producers to `simplify`. */
#include "ir/pass/limits.h"
#include "ir/pass/pass.h"
#include "ir/pass/rewrite.h"

typedef struct Producer {
	const IrFor *f; /* in the new function; NULL: not a candidate */
	const IrBlock *block;
	bool free;
	double converts; /* points of one that converts what is stored narrower; 0: it does not */
} Producer;

typedef struct Inline {
	const IrFunc *func; /* old */
	const uint32_t *uses;
	IrBuilder b; /* new */
	IrMap map;
	IrCopier copier;
	Arena *scratch;
	const bool *is_base;     /* by old value: some put starts from it */
	VEC(bool) base;          /* by new value */
	VEC(Producer) producers; /* by new value */
	VEC(uint32_t) new_uses;  /* by new value: uses of the old one */
} Inline;

static Producer producer_of(const Inline *in, IrValue value) {
	return value < in->producers.count ? in->producers.data[value] : (Producer){0};
}

static void note_base(Inline *in, IrValue from, IrValue to) {
	while (in->base.count <= to)
		vec_push(in->scratch, &in->base, false);
	in->base.data[to] |= in->is_base[from];
}

static void note_bases(Inline *in) {
	for (IrValue from = 1; from < in->func->values.count && from < in->map.to.count; from++)
		if (in->is_base[from] && in->map.to.data[from])
			note_base(in, from, in->map.to.data[from]);
}

/* Reading a base later than it is overwritten in place would cost a copy of all of it. */
static bool reads_base(const Inline *in, const IrFor *f) {
	for (uint32_t n = 0; n < f->nodes.count; n++) {
		IrValue value = f->nodes.data[n].value;
		if (f->nodes.data[n].kind == IR_NODE_READ && value < in->base.count && in->base.data[value])
			return true;
	}
	return false;
}

/* Of what is stored narrower, element by element in the same place. */
static bool converts(const Inline *in, const IrFor *f, uint32_t reads) {
	bool any = false;
	for (uint32_t n = 0; reads == 1 && n < f->nodes.count; n++) {
		const IrNode *node = &f->nodes.data[n];
		if (node->kind != IR_NODE_READ)
			continue;
		IrType type = ir_type(in->b.func, node->value), out = ir_type(in->b.func, f->puts.data[0].out);
		any = type.storage != IR_STORED_PLAIN && type.rank == out.rank && !node->guarded;
		for (int k = 0; any && k < type.rank; k++)
			any = type.dims[k] == out.dims[k] && ir_at_equal(node->at[k], f->puts.data[0].at[k]);
	}
	return any;
}

static void remember(Inline *in, const IrFor *f, IrValue old_out) {
	if (f->puts.count != 1)
		return;
	const IrPut *put = &f->puts.data[0];
	if (put->combine != IR_PUT_NONE || put->into || !pass_put_is_permutation(in->b.func, f, put) || reads_base(in, f))
		return;
	uint32_t reads = 0, ops = 0;
	for (uint32_t n = 0; n < f->nodes.count; n++) {
		reads += f->nodes.data[n].kind == IR_NODE_READ;
		ops += f->nodes.data[n].kind == IR_NODE_OP;
	}
	while (in->producers.count <= put->out) {
		vec_push(in->scratch, &in->producers, (Producer){0});
		vec_push(in->scratch, &in->new_uses, 0);
	}
	in->producers.data[put->out] = (Producer){f, in->b.block, ops == 0 && reads <= 1, 0};
	if (ops > 0 && converts(in, f, reads))
		in->producers.data[put->out].converts = ir_points(f, ~0u, PASS_SYMBOL);
	in->new_uses.data[put->out] = in->uses[old_out];
}

/* Every point of the user asks for another element: inlining computes nothing twice. */
static bool asks_once(const IrFor *user, const IrNode *read) {
	uint32_t seen = 0;
	for (uint32_t k = 0; k < read->at_count; k++) {
		IrAt at = read->at[k];
		if (at.term_count == 0)
			continue;
		if (at.term_count != 1 || at.terms[0].is_node || (seen >> at.terms[0].ref & 1))
			return false;
		seen |= 1u << at.terms[0].ref;
	}
	return seen == (user->indices.count == 32 ? ~0u : (1u << user->indices.count) - 1);
}

static bool wants(const Inline *in, const IrRewrite *rewrite, const IrNode *read, Producer producer, IrValue value) {
	if (producer.f && producer.converts > 0 && !read->guarded &&
	    in->new_uses.data[value] * ir_points(rewrite->from, ~0u, PASS_SYMBOL) <= producer.converts)
		return true; /* a position that may be outside of the one is outside of the other */
	if (!producer.f || read->guarded ||
	    pass_positions_may_fail(in->func, rewrite->from, ir_type(in->func, read->value), read->at, false))
		return false;
	if (producer.free)
		return true;
	uint32_t size = rewrite->to->op->f.nodes.count + producer.f->nodes.count;
	return producer.block == in->b.block && in->new_uses.data[value] == 1 && size < PASS_INLINE_NODES &&
	       asks_once(rewrite->from, read);
}

/* The producer's body at the positions that the read asks for. */
static uint32_t substitute(Inline *in, IrRewrite *rewrite, const IrNode *read, const IrFor *producer) {
	const IrPut *put = &producer->puts.data[0];
	IrAt *index_at = ARENA_ARRAY(in->scratch, IrAt, producer->indices.count + 1);
	for (uint32_t k = 0; k < read->at_count; k++)
		index_at[ir_at_plain_index(put->at[k])] = ir_rewrite_at(rewrite, read->at[k]);
	IrRewrite inner = ir_rewrite_begin(in->scratch, rewrite->to, producer, NULL, index_at);
	uint32_t node = ir_rewrite_node(&inner, put->node);
	const IrValueInfo *info = ir_info(in->b.func, put->out);
	ir_node_origin(rewrite->to, node, info->name, info->def->span);
	return node;
}

/* An IrReplace. */
static uint32_t replace_read(void *context, IrRewrite *rewrite, uint32_t number) {
	Inline *in = context;
	const IrNode *node = &rewrite->from->nodes.data[number];
	if (node->kind != IR_NODE_READ)
		return IR_NO_NODE;
	IrValue value = ir_map_get(&in->map, node->value);
	Producer producer = producer_of(in, value);
	return wants(in, rewrite, node, producer, value) ? substitute(in, rewrite, node, producer.f) : IR_NO_NODE;
}

static void inline_for(void *context, const IrOp *op) {
	Inline *in = context;
	const IrFor *from = &op->f;
	IrForBuilder f;
	ir_rewrite_or_copy(&in->b, in->scratch, in->func, from, &in->map, replace_read, in, &f);
	for (uint32_t p = 0; p < from->puts.count; p++)
		note_base(in, from->puts.data[p].out, ir_map_get(&in->map, from->puts.data[p].out));
	remember(in, &f.op->f, from->puts.data[0].out);
}

static void inline_loop(void *context, const IrOp *op) {
	Inline *in = context;
	ir_copy_as_it_is(&in->copier, op);
	note_bases(in);
}

static IrCopyRule *const rules[IR_KIND_COUNT] = {[IR_FOR] = inline_for, [IR_LOOP] = inline_loop};

static void inline_block(void *context, const IrBlock *block) {
	Inline *in = context;
	note_bases(in);
	ir_copy_ops(&in->copier, block);
}

IrFunc *ir_pass_inline(IrModule *module, IrFunc *func) {
	Arena *scratch = arena_new();
	Inline in = {
		.func = func, .scratch = scratch, .map = ir_map_new(scratch, func), .uses = pass_use_counts(scratch, func)};
	in.is_base = pass_bases(scratch, func);
	in.copier =
		(IrCopier){.from = func, .b = &in.b, .map = &in.map, .rules = rules, .block = inline_block, .context = &in};
	IrFunc *out = ir_copier_run(&in.copier, module);
	arena_free(scratch);
	return out;
}
