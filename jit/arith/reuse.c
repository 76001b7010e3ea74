/* reuse: an elementary function that an earlier op has stored is read, not computed again.
 *
 *     h[i] = for { tanh(%s[i]) }                     h[i] = for { tanh(%s[i]) }
 *     d[i] = for { t = tanh(%s[i]); ... }    becomes   d[i] = for { t = %h[i]; ... }
 *
 * (Derivatives are written in terms of results, and come with their own copy.) Works on a private copy of a function,
 * whose nodes it replaces; keeps every operation and put, and every bit of every result. */
#include "ir/core/walk.h"
#include "jit/loop/loop.h"

#include <string.h>

typedef struct Stored {
	const IrOp *op;
	const IrPut *put;
} Stored;

typedef struct Reuse {
	Arena *arena;
	IrFunc *func;
	VEC(Stored) stored; /* visible here */
} Reuse;

/* Nodes of one op against nodes of another. */
typedef struct Match {
	const IrFor *a, *b;
	int index[IR_MAX_INDICES]; /* of b for each of a, or -1 */
} Match;

static bool match_node(Match *m, uint32_t a, uint32_t b);

static bool match_index(Match *m, uint32_t a, uint32_t b) {
	const IrIndex *x = &m->a->indices.data[a], *y = &m->b->indices.data[b];
	if (m->index[a] >= 0)
		return m->index[a] == (int)b;
	m->index[a] = (int)b;
	return x->extent == y->extent && x->lane == y->lane;
}

static bool match_at(Match *m, const IrAt *a, const IrAt *b) {
	if (a->offset != b->offset || a->term_count != b->term_count)
		return false;
	for (uint32_t i = 0; i < a->term_count; i++) {
		const IrTerm *x = &a->terms[i], *y = &b->terms[i];
		if (x->coef != y->coef || x->is_node != y->is_node)
			return false;
		if (x->is_node ? !match_node(m, x->ref, y->ref) : !match_index(m, x->ref, y->ref))
			return false;
	}
	return true;
}

static bool match_node(Match *m, uint32_t a, uint32_t b) {
	const IrNode *x = &m->a->nodes.data[a], *y = &m->b->nodes.data[b];
	if (x->kind != y->kind || x->type != y->type || x->at_count != y->at_count)
		return false;
	for (uint32_t i = 0; i < x->at_count; i++) {
		if (!match_at(m, &x->at[i], &y->at[i]))
			return false;
	}
	switch (x->kind) {
	case IR_NODE_CONST:
	case IR_NODE_DIM: return x->integer == y->integer;
	case IR_NODE_READ: return x->value == y->value && x->guarded == y->guarded;
	case IR_NODE_INDEX: return true;
	case IR_NODE_OP: break;
	}
	if (x->opcode != y->opcode)
		return false;
	for (int i = 0; i < ir_op_info[x->opcode].arity; i++) {
		if (!match_node(m, x->args[i], y->args[i]))
			return false;
	}
	return true;
}

static bool is_function(const IrNode *node) {
	return node->kind == IR_NODE_OP && !ir_op_info[node->opcode].primitive;
}

/* Makes the node a read of what is stored, if that is the same. */
static bool replace(Reuse *r, IrFor *f, uint32_t number, const Stored *stored) {
	IrNode *node = &f->nodes.data[number];
	const IrFor *from = &stored->op->f;
	const IrNode *root = &from->nodes.data[stored->put->node];
	if (root->opcode != node->opcode || root->type != node->type)
		return false;
	Match match = {.a = from, .b = f};
	for (int i = 0; i < IR_MAX_INDICES; i++)
		match.index[i] = -1;
	if (!match_node(&match, stored->put->node, number))
		return false;
	uint32_t rank = ir_type(r->func, stored->put->out).rank;
	IrAt *at = ARENA_ARRAY(r->arena, IrAt, rank + 1);
	for (uint32_t axis = 0; axis < rank; axis++) {
		int index = match.index[ir_at_plain_index(stored->put->at[axis])];
		if (index < 0)
			return false;
		at[axis] = ir_at_index(r->func->module, (uint32_t)index, 1);
	}
	*node = (IrNode){.kind = IR_NODE_READ,
	                 .type = node->type,
	                 .value = stored->put->out,
	                 .at_count = (uint8_t)rank,
	                 .at = rank > 0 ? at : NULL};
	return true;
}

static void note_stored(Reuse *r, const IrOp *op) {
	for (uint32_t p = 0; p < op->f.puts.count && op->f.conds.count == 0; p++) {
		const IrPut *put = &op->f.puts.data[p];
		bool plain =
			put->combine == IR_PUT_NONE && !put->into && !put->guarded && is_function(&op->f.nodes.data[put->node]);
		IrType type = ir_type(r->func, put->out);
		for (uint32_t axis = 0; plain && axis < type.rank; axis++) {
			int index = ir_at_plain_index(put->at[axis]);
			plain = index >= 0 && op->f.indices.data[index].extent == type.dims[axis];
		}
		Stored stored = {op, put};
		if (plain)
			vec_push(r->arena, &r->stored, stored);
	}
}

static void reuse_for(Reuse *r, IrOp *op) {
	IrFor *f = &op->f;
	bool changed = false;
	for (uint32_t n = 0; n < f->nodes.count; n++) {
		for (uint32_t s = r->stored.count; s-- > 0 && is_function(&f->nodes.data[n]);)
			changed = replace(r, f, n, &r->stored.data[s]) || changed;
	}
	if (changed)
		ir_for_sweep(r->func, f);
	note_stored(r, op);
}

/* What was stored in a block is not visible behind it. */
static void reuse_block(Reuse *r, const IrBlock *block) {
	uint32_t visible = r->stored.count;
	for (uint32_t i = 0; i < block->ops.count; i++) {
		IrOp *op = block->ops.data[i];
		const IrBlock *inside;
		for (int k = 0; (inside = ir_block_of(op, k)) != NULL; k++)
			reuse_block(r, inside);
		if (ir_as_for(op))
			reuse_for(r, op);
	}
	r->stored.count = visible;
}

void loop_reuse(IrFunc *copy) {
	Reuse reuse = {.arena = copy->module->arena, .func = copy};
	reuse_block(&reuse, &copy->body);
}
