/* What can be said about one FOR before code is made for it: dependences, uses, and what positions reach. */
#include "ir/core/walk.h"
#include "jit/nest/nest.h"

uint32_t nest_at_deps(const Nest *n, IrAt at) {
	return ir_at_index_set(at, n->op->deps);
}

void nest_facts(Nest *n) {
	const IrFor *f = n->op->f;
	n->op->index_count = f->indices.count;
	n->op->deps = ARENA_ARRAY(n->arena, uint32_t, f->nodes.count + 1);
	n->op->memo = ARENA_ARRAY(n->arena, NestMemo, f->nodes.count + 1);
	ir_node_index_sets(f, f->nodes.count, n->op->deps);
	for (uint32_t i = 0; i < n->op->index_count; i++) {
		NestIndex *index = &n->op->index[i];
		*index = (NestIndex){.extent = f->indices.data[i].extent, .copies = 1};
	}
	for (uint32_t i = 0; i < f->conds.count; i++) {
		for (uint32_t k = 0; k < n->op->index_count; k++)
			if (nest_at_deps(n, f->conds.data[i]) >> k & 1)
				n->op->index[k].in_cond = true;
	}
}

static bool is_direct(const Nest *n, const IrPut *put, uint32_t rank, uint32_t mask) {
	uint32_t resolved = 0;
	for (bool changed = true; changed;) {
		changed = false;
		for (uint32_t a = 0; a < rank; a++) {
			IrAt at = put->at[a];
			uint32_t plain = 0, through = 0;
			for (uint32_t i = 0; i < at.term_count; i++)
				if (at.terms[i].is_node)
					through |= n->op->deps[at.terms[i].ref];
				else
					plain |= 1u << at.terms[i].ref;
			if ((through & ~resolved) == 0 && (plain & ~resolved) != 0 && ir_digits_apart(n->op->f, at, ~resolved)) {
				resolved |= plain;
				changed = true;
			}
		}
	}
	return (mask & ~resolved) == 0;
}

static bool covers(const Nest *n, const IrPut *put, IrType type) {
	uint32_t seen = 0;
	for (uint32_t a = 0; a < type.rank; a++) {
		IrAt at = put->at[a];
		int plain = ir_at_plain_index(at);
		if (plain >= 0) {
			if (seen >> plain & 1 || n->op->index[plain].extent != type.dims[a])
				return false;
			seen |= 1u << plain;
			continue;
		}
		int64_t points = 1, low = at.offset, high = at.offset;
		for (uint32_t i = 0; i < at.term_count; i++) {
			if (at.terms[i].is_node || n->op->index[at.terms[i].ref].extent <= 0 || seen >> at.terms[i].ref & 1)
				return false;
			seen |= 1u << at.terms[i].ref;
			int64_t extent = n->op->index[at.terms[i].ref].extent;
			points *= extent;
			*(at.terms[i].coef < 0 ? &low : &high) += at.terms[i].coef * (extent - 1);
		}
		if (type.dims[a] < 0 || points != type.dims[a] || low != 0 || high != type.dims[a] - 1 ||
		    !ir_digits_apart(n->op->f, at, ~0u))
			return false;
	}
	return true;
}

NestPut nest_put_facts(const Nest *n, const IrPut *put) {
	IrType type = ir_type(n->ir, put->out);
	NestPut facts = {0};
	if (put->combine == IR_PUT_NONE) {
		facts.mask = (1u << n->op->index_count) - 1;
		facts.direct = true;
		facts.covers = put->into == 0;
		return facts;
	}
	for (uint32_t a = 0; a < type.rank; a++)
		facts.mask |= nest_at_deps(n, put->at[a]);
	facts.direct = is_direct(n, put, type.rank, facts.mask);
	/* Where only a condition keeps a position inside, there is an element only for the points that are live. */
	for (uint32_t a = 0; a < type.rank && n->op->f->conds.count > 0 && !put->guarded; a++)
		facts.direct = facts.direct && nest_in_box(n, put->at[a], type.dims[a]);
	facts.covers = facts.direct && !put->guarded && covers(n, put, type);
	return facts;
}

bool nest_in_box(const Nest *n, IrAt at, IrDim dim) {
	IrFor box = *n->op->f;
	box.conds.count = 0;
	return ir_in_bounds(n->ir, &box, at, dim);
}

int64_t nest_stride(const Nest *n, IrValue value, const IrAt *at, uint32_t index, bool *known) {
	IrType type = ir_type(n->ir, value);
	LoopSize strides[IR_MAX_RANK];
	loop_strides(type, strides);
	int64_t stride = 0;
	*known = true;
	for (uint32_t a = 0; a < type.rank; a++) {
		for (uint32_t i = 0; i < at[a].term_count; i++) {
			const IrTerm *term = &at[a].terms[i];
			if (term->is_node ? !(n->op->deps[term->ref] >> index & 1) : term->ref != index)
				continue;
			if (term->is_node || strides[a].count > 0)
				*known = false;
			else
				stride += term->coef * strides[a].factor;
		}
	}
	return stride;
}
