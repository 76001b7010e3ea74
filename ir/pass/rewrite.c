/* What passes share: equality, and small questions about operations. See rewrite.h. */
#include "ir/pass/rewrite.h"

#include <string.h>

/* ---- equality ---- */

static bool node_equal(const IrNode *a, const IrNode *b) {
	if (a->kind != b->kind || a->type != b->type || a->at_count != b->at_count)
		return false;
	for (uint32_t i = 0; i < a->at_count; i++)
		if (!ir_at_equal(a->at[i], b->at[i]))
			return false;
	switch (a->kind) {
	case IR_NODE_CONST:
	case IR_NODE_DIM: return a->integer == b->integer;
	case IR_NODE_INDEX: return true;
	case IR_NODE_READ: return a->value == b->value && a->guarded == b->guarded;
	case IR_NODE_OP:
		if (a->opcode != b->opcode)
			return false;
		for (int i = 0; i < ir_op_info[a->opcode].arity; i++)
			if (a->args[i] != b->args[i])
				return false;
		return true;
	}
	return false;
}

static bool put_equal(const IrPut *a, const IrPut *b, uint32_t rank) {
	if (a->combine != b->combine || a->guarded != b->guarded || a->into != b->into)
		return false;
	if (ir_put_is_arg(a))
		return a->arg_of == b->arg_of && a->arg_index == b->arg_index;
	for (uint32_t i = 0; i < rank; i++)
		if (!ir_at_equal(a->at[i], b->at[i]))
			return false;
	return a->node == b->node;
}

bool pass_for_equal(const IrFunc *func, const IrFor *a, const IrFor *b) {
	if (a->indices.count != b->indices.count || a->conds.count != b->conds.count || a->nodes.count != b->nodes.count ||
	    a->puts.count != b->puts.count)
		return false;
	for (uint32_t i = 0; i < a->indices.count; i++)
		if (a->indices.data[i].extent != b->indices.data[i].extent ||
		    a->indices.data[i].lane != b->indices.data[i].lane)
			return false;
	for (uint32_t i = 0; i < a->conds.count; i++)
		if (!ir_at_equal(a->conds.data[i], b->conds.data[i]))
			return false;
	for (uint32_t i = 0; i < a->nodes.count; i++)
		if (!node_equal(&a->nodes.data[i], &b->nodes.data[i]))
			return false;
	for (uint32_t i = 0; i < a->puts.count; i++) {
		IrType type = ir_type(func, a->puts.data[i].out);
		if (!ir_type_equal(type, ir_type(func, b->puts.data[i].out)) ||
		    !put_equal(&a->puts.data[i], &b->puts.data[i], type.rank))
			return false;
	}
	return true;
}

static uint64_t mix(uint64_t hash, uint64_t word) {
	return hash_bytes(&word, sizeof word, hash);
}

static uint64_t at_hash(uint64_t hash, IrAt at) {
	hash = mix(hash, (uint64_t)at.offset);
	for (uint32_t i = 0; i < at.term_count; i++)
		hash = mix(mix(hash, (uint64_t)at.terms[i].coef), (uint64_t)at.terms[i].ref * 2 + at.terms[i].is_node);
	return hash;
}

static uint64_t node_hash(uint64_t hash, const IrNode *node) {
	hash = mix(hash, (uint64_t)node->kind * 64 + (uint64_t)node->type);
	switch (node->kind) {
	case IR_NODE_CONST:
	case IR_NODE_DIM: hash = mix(hash, (uint64_t)node->integer); break;
	case IR_NODE_INDEX: break;
	case IR_NODE_READ: hash = mix(hash, (uint64_t)node->value << 1 | node->guarded); break;
	case IR_NODE_OP:
		hash = mix(hash, (uint64_t)node->opcode);
		for (int i = 0; i < ir_op_info[node->opcode].arity; i++)
			hash = mix(hash, node->args[i]);
		break;
	}
	for (uint32_t k = 0; k < node->at_count; k++)
		hash = at_hash(hash, node->at[k]);
	return hash;
}

uint64_t pass_for_hash(const IrFunc *func, const IrFor *f) {
	uint64_t hash = f->indices.count;
	for (uint32_t i = 0; i < f->indices.count; i++)
		hash = mix(hash, (uint64_t)f->indices.data[i].extent << 1 | f->indices.data[i].lane);
	for (uint32_t i = 0; i < f->conds.count; i++)
		hash = at_hash(hash, f->conds.data[i]);
	for (uint32_t i = 0; i < f->nodes.count; i++)
		hash = node_hash(hash, &f->nodes.data[i]);
	for (uint32_t i = 0; i < f->puts.count; i++) {
		const IrPut *put = &f->puts.data[i];
		hash = mix(mix(hash, (uint64_t)put->combine << 32 | put->node), put->into);
		for (uint32_t k = 0; k < ir_type(func, put->out).rank; k++)
			hash = at_hash(hash, put->at[k]);
	}
	return hash;
}

static uint64_t tree_hash_at(const IrFor *f, const uint64_t *hashes, uint64_t hash, IrAt at) {
	hash = mix(hash, (uint64_t)at.offset);
	for (uint32_t i = 0; i < at.term_count; i++) {
		IrTerm term = at.terms[i];
		uint64_t what = term.is_node ? hashes[term.ref] : mix(term.ref, (uint64_t)f->indices.data[term.ref].extent);
		hash = mix(mix(hash, (uint64_t)term.coef), what);
	}
	return hash;
}

uint64_t *pass_tree_hashes(Arena *scratch, const IrFor *f, const IrMap *map) {
	uint64_t *hashes = ARENA_ARRAY(scratch, uint64_t, f->nodes.count + 1);
	for (uint32_t n = 0; n < f->nodes.count; n++) {
		const IrNode *node = &f->nodes.data[n];
		uint64_t hash = mix((uint64_t)node->kind, (uint64_t)node->type);
		hash = mix(hash, (uint64_t)node->integer);
		if (node->kind == IR_NODE_READ)
			hash = mix(hash, (uint64_t)(map ? ir_map_get(map, node->value) : node->value) << 1 | node->guarded);
		for (uint32_t k = 0; k < node->at_count; k++)
			hash = tree_hash_at(f, hashes, hash, node->at[k]);
		if (node->kind == IR_NODE_OP) {
			hash = mix(hash, (uint64_t)node->opcode);
			for (int i = 0; i < ir_op_info[node->opcode].arity; i++)
				hash = mix(hash, hashes[node->args[i]]);
		}
		hashes[n] = hash;
	}
	return hashes;
}

/* ---- questions ---- */

bool pass_put_is_projection(const IrFunc *func, const IrFor *f, const IrPut *put) {
	return f->conds.count == 0 && !put->guarded && ir_ats_run_over(f, put->at, ir_type(func, put->out));
}

bool pass_put_is_permutation(const IrFunc *func, const IrFor *f, const IrPut *put) {
	return ir_type(func, put->out).rank == f->indices.count && pass_put_is_projection(func, f, put);
}

bool pass_positions_may_fail(const IrFunc *func, const IrFor *f, IrType type, const IrAt *at, bool guarded) {
	for (uint32_t k = 0; k < type.rank && !guarded; k++)
		if (!ir_in_bounds(func, f, at[k], type.dims[k]))
			return true;
	return false;
}

bool pass_for_may_fail(const IrFunc *func, const IrFor *f) {
	for (uint32_t n = 0; n < f->nodes.count; n++) {
		const IrNode *node = &f->nodes.data[n];
		if (node->kind == IR_NODE_READ &&
		    pass_positions_may_fail(func, f, ir_type(func, node->value), node->at, node->guarded))
			return true;
	}
	for (uint32_t p = 0; p < f->puts.count; p++) {
		const IrPut *put = &f->puts.data[p];
		if (pass_positions_may_fail(func, f, ir_type(func, put->out), put->at, put->guarded))
			return true;
	}
	return false;
}

bool pass_may_leave(const IrLoop *loop) {
	return loop->limit != 1 || !loop->goes;
}

static void count_uses(void *context, const IrBlock *block, IrOp *op) {
	uint32_t *uses = context;
	(void)block;
	for (IrUse use = ir_uses(op); ir_next_use(&use);)
		uses[use.value]++;
}

uint32_t *pass_use_counts(Arena *scratch, const IrFunc *func) {
	uint32_t *uses = ARENA_ARRAY(scratch, uint32_t, func->values.count + 1);
	ir_visit_ops(&func->body, count_uses, uses);
	for (uint32_t i = 0; i < func->results.count; i++)
		uses[func->results.data[i].value]++;
	return uses;
}

static void mark_bases(void *context, const IrBlock *block, IrOp *op) {
	bool *bases = context;
	(void)block;
	for (IrUse use = ir_uses(op); ir_next_use(&use);)
		if (use.kind == IR_USE_INTO)
			bases[use.value] = true;
}

bool *pass_bases(Arena *scratch, const IrFunc *func) {
	bool *bases = ARENA_ARRAY(scratch, bool, func->values.count + 1);
	ir_visit_ops(&func->body, mark_bases, bases);
	return bases;
}
