/* Two indices as one. Where every access goes through two axes as through one that is as long as both, there is no end of a row:
 *
 *     for i:17 j:17 { b[i, j] = f(a[i, j]) }    becomes    for k:289 { b[k] = f(a[k]) }
 *
 * which has one block of lanes that is not whole, not 17. Positions are left as they are: the inner index runs over all, the outer one
 * stays at 0. The order of the points does not change. */
#include "ir/build.h"
#include "jit/nest/nest.h"

/* Whether one step of index i is as many elements away as all steps of the index behind it. */
static bool is_linear(const Nest *n, IrValue value, const IrAt *at, uint32_t i) {
	IrType type = ir_type(n->ir, value);
	bool known, inner_known;
	int64_t step = nest_stride(n, value, at, i, &known), inner = nest_stride(n, value, at, i + 1, &inner_known);
	if (!known || !inner_known || step != inner * n->op->f->indices.data[i + 1].extent)
		return false;
	/* A test of a position would see the inner index outside. */
	for (uint32_t a = 0; a < type.rank; a++)
		if ((nest_at_deps(n, at[a]) & 3u << i) != 0 && !nest_in_box(n, at[a], type.dims[a]))
			return false;
	return true;
}

static bool are_one(const Nest *n, uint32_t i) {
	const IrFor *f = n->op->f;
	const NestIndex *outer = &n->op->index[i], *inner = &n->op->index[i + 1];
	if (f->indices.data[i].extent <= 1 || f->indices.data[i + 1].extent < 1 || outer->in_cond || inner->in_cond)
		return false;
	for (uint32_t k = 0; k < f->nodes.count; k++) {
		const IrNode *node = &f->nodes.data[k];
		if (node->kind == IR_NODE_INDEX && (nest_at_deps(n, node->at[0]) & 3u << i) != 0)
			return false;
		if (node->kind == IR_NODE_READ && !is_linear(n, node->value, node->at, i))
			return false;
	}
	for (uint32_t p = 0; p < f->puts.count; p++)
		if (ir_put_is_arg(&f->puts.data[p]) || !is_linear(n, f->puts.data[p].out, f->puts.data[p].at, i))
			return false;
	return true;
}

bool nest_is_flat(const Nest *n) {
	if (n->op->index_count == 0 || n->op->f->indices.data[0].lane)
		return false;
	bool flat = true;
	for (uint32_t i = 0; i + 1 < n->op->index_count; i++)
		flat = flat && are_one(n, i);
	return flat;
}

void nest_flatten(Nest *n) {
	if (n->op->index_count == 0 || n->op->f->indices.data[0].lane)
		return;
	for (uint32_t i = 0; i + 1 < n->op->index_count; i++) {
		NestIndex *outer = &n->op->index[i], *inner = &n->op->index[i + 1];
		if (inner->extent % LOOP_LANES == 0 || !are_one(n, i))
			continue;
		inner->extent *= outer->extent;
		outer->extent = 1;
	}
}
