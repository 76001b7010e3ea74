/* reuse: a costly piece of a body that another operation has already put somewhere is read from there.
 *
 *     %3 h = for c:4 i:16 { tanh(%z[c, i]) } -> [c, i];  %5 = for c:4 i:16 { sub(1, mul(tanh(%z[c, i]), tanh(%z[c, i]))) } ...
 *     becomes  %5 = for c:4 i:16 { sub(1, mul(%3[c, i], %3[c, i])) } ...
 *
 * The piece must be written over the same indices in both, depend on all indices of the operation that made it, and cost
 * more than a read. Requires a verified function; keeps every bit. */
#include "ir/pass/limits.h"
#include "ir/pass/pass.h"
#include "ir/pass/rewrite.h"

#include <string.h>

/* A value whose every element is the tree below `node` of an operation of the old function. */
typedef struct Made {
	const IrFor *f;
	uint32_t node;
	uint64_t hash;
	IrValue value; /* new */
	const IrPut *put;
} Made;

typedef struct Reuse {
	uint32_t *same; /* while two trees are compared, per node of the first: the node of the second that equals it */
	const IrFunc *func;
	IrBuilder b;
	IrMap map;
	IrCopier copier;
	Arena *scratch;
	bool *is_base; /* by old value: some put starts from it, and may overwrite it in place */
	VEC(Made) made;
} Reuse;

/* Trees of one operation. */
typedef struct Trees {
	const IrFor *f;
	uint64_t *hashes;
	double *costs;
	uint32_t *sets;
} Trees;

static Trees trees_of(Reuse *r, const IrFor *f) {
	Trees t = {.f = f, .hashes = pass_tree_hashes(r->scratch, f, &r->map)};
	t.costs = ARENA_ARRAY(r->scratch, double, f->nodes.count + 1);
	t.sets = ARENA_ARRAY(r->scratch, uint32_t, f->nodes.count + 1);
	ir_node_index_sets(f, f->nodes.count, t.sets);
	for (uint32_t n = 0; n < f->nodes.count; n++) {
		const IrNode *node = &f->nodes.data[n];
		if (node->kind != IR_NODE_OP)
			continue;
		t.costs[n] =
			ir_op_info[node->opcode].cost; /* pieces used twice count twice: only compared with pass_reuse_flops */
		for (int i = 0; i < ir_op_info[node->opcode].arity; i++)
			t.costs[n] += t.costs[node->args[i]];
	}
	return t;
}

static bool same_tree(const Reuse *r, const IrFor *f, uint32_t m, const IrFor *g, uint32_t n);

static bool same_at(const Reuse *r, const IrFor *f, IrAt a, const IrFor *g, IrAt b) {
	if (a.offset != b.offset || a.term_count != b.term_count)
		return false;
	for (uint32_t i = 0; i < a.term_count; i++) {
		IrTerm s = a.terms[i], t = b.terms[i];
		if (s.coef != t.coef || s.is_node != t.is_node)
			return false;
		if (s.is_node ? !same_tree(r, f, s.ref, g, t.ref)
		              : s.ref != t.ref || f->indices.data[s.ref].extent != g->indices.data[t.ref].extent ||
		                    f->indices.data[s.ref].lane != g->indices.data[t.ref].lane)
			return false;
	}
	return true;
}

/* Pieces that are used often are compared once: what was found equal is noted. */
static bool same_tree(const Reuse *r, const IrFor *f, uint32_t m, const IrFor *g, uint32_t n) {
	const IrNode *a = &f->nodes.data[m], *b = &g->nodes.data[n];
	if (r->same[m] == n)
		return true;
	if (a->kind != b->kind || a->type != b->type || a->at_count != b->at_count)
		return false;
	if (a->integer != b->integer || a->guarded != b->guarded)
		return false;
	if (a->kind == IR_NODE_READ && ir_map_get(&r->map, a->value) != ir_map_get(&r->map, b->value))
		return false;
	for (uint32_t k = 0; k < a->at_count; k++)
		if (!same_at(r, f, a->at[k], g, b->at[k]))
			return false;
	if (a->kind == IR_NODE_OP && a->opcode != b->opcode)
		return false;
	for (int i = 0; a->kind == IR_NODE_OP && i < ir_op_info[a->opcode].arity; i++)
		if (!same_tree(r, f, a->args[i], g, b->args[i]))
			return false;
	r->same[m] = n;
	return true;
}

static bool equal_trees(Reuse *r, const IrFor *f, uint32_t m, const IrFor *g, uint32_t n) {
	ArenaMark before = arena_mark(r->scratch);
	r->same = ARENA_ARRAY(r->scratch, uint32_t, f->nodes.count + 1);
	for (uint32_t i = 0; i < f->nodes.count; i++)
		r->same[i] = IR_NO_NODE;
	bool equal = same_tree(r, f, m, g, n);
	arena_release(r->scratch, before);
	return equal;
}

static const Made *find_made(Reuse *r, const Trees *t, uint32_t node) {
	for (uint32_t i = r->made.count; i-- > 0;) {
		const Made *made = &r->made.data[i];
		if (made->hash == t->hashes[node] && made->f != t->f && equal_trees(r, made->f, made->node, t->f, node))
			return made;
	}
	return NULL;
}

/* One operation being rewritten. */
typedef struct Here {
	Reuse *r;
	const Trees *t;
} Here;

/* An IrReplace. */
static uint32_t replace_made(void *context, IrRewrite *rewrite, uint32_t number) {
	const Here *here = context;
	Reuse *r = here->r;
	const Made *made = here->t->costs[number] >= pass_reuse_flops ? find_made(r, here->t, number) : NULL;
	if (!made)
		return IR_NO_NODE;
	IrAt *at = ARENA_ARRAY(r->b.func->module->arena, IrAt, IR_MAX_RANK + 1);
	for (uint32_t k = 0; k < ir_type(r->b.func, made->value).rank; k++)
		at[k] = rewrite->index_at[ir_at_plain_index(made->put->at[k])];
	return ir_read(rewrite->to, made->value, at, false);
}

static void remember(Reuse *r, const Trees *t) {
	for (uint32_t p = 0; p < t->f->puts.count; p++) {
		const IrPut *put = &t->f->puts.data[p];
		if (put->combine != IR_PUT_NONE || put->into || r->is_base[put->out] || t->costs[put->node] < pass_reuse_flops)
			continue;
		uint32_t all = (1u << t->f->indices.count) - 1;
		if (!pass_put_is_permutation(r->func, t->f, put) || t->sets[put->node] != all)
			continue;
		vec_push(r->scratch, &r->made,
		         ((Made){t->f, put->node, t->hashes[put->node], ir_map_get(&r->map, put->out), put}));
	}
}

static void reuse_for(void *context, const IrOp *op) {
	Reuse *r = context;
	const IrFor *from = &op->f;
	Trees t = trees_of(r, from);
	IrForBuilder f;
	ir_rewrite_or_copy(&r->b, r->scratch, r->func, from, &r->map, replace_made, &(Here){r, &t}, &f);
	remember(r, &t);
}

static IrCopyRule *const rules[IR_KIND_COUNT] = {[IR_FOR] = reuse_for};

/* What was made in a block is not visible behind it. */
static void reuse_block(void *context, const IrBlock *block) {
	Reuse *r = context;
	uint32_t outer = r->made.count;
	ir_copy_ops(&r->copier, block);
	r->made.count = outer;
}

IrFunc *ir_pass_reuse(IrModule *module, IrFunc *func) {
	Arena *scratch = arena_new();
	Reuse r = {.func = func, .scratch = scratch, .map = ir_map_new(scratch, func)};
	r.is_base = pass_bases(scratch, func);
	r.copier = (IrCopier){.from = func, .b = &r.b, .map = &r.map, .rules = rules, .block = reuse_block, .context = &r};
	IrFunc *out = ir_copier_run(&r.copier, module);
	arena_free(scratch);
	return out;
}
