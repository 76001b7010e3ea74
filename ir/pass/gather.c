/* gather: sums scattered over windows are brought to gather form by a change of variables.
 *
 *     for b y x c p q { mul(%O~[b,y,x,c], %K[p,q,c]) } sum -> [b, y+p-1, x+q-1]?
 *     becomes
 *     for b c p q y':H x':W if 0 <= y'-p+1 < H, 0 <= x'-q+1 < W { mul(%O~[b,y'-p+1,x'-q+1,c], %K[p,q,c]) } sum -> [b,y',x']
 *
 * Per output axis that mixes indices, an index with coefficient 1 or -1 that occurs in no other axis is replaced by the
 * output position; its range becomes a condition. Positions that never meet (16*i + k with k < 16) stay. Where there is none
 * (or a gather atom) the scatter stays. Requires a verified function; keeps values up to the order of sums. */
#include "ir/pass/pass.h"
#include "ir/pass/rewrite.h"

#include <stdlib.h>

typedef struct Change {
	int replaced[IR_MAX_RANK]; /* per axis: the index that the output position takes over, or -1 */
} Change;

static int occurrences(const IrPut *put, uint32_t rank, uint32_t index) {
	int count = 0;
	for (uint32_t k = 0; k < rank; k++)
		for (uint32_t i = 0; i < put->at[k].term_count; i++)
			count += !put->at[k].terms[i].is_node && put->at[k].terms[i].ref == index;
	return count;
}

/* The unit-coefficient index of the axis with the largest extent: it leaves the most work to gather. */
static int choose_index(const IrFor *f, const IrPut *put, uint32_t rank, IrAt at) {
	int best = -1;
	for (uint32_t i = 0; i < at.term_count; i++) {
		IrTerm term = at.terms[i];
		bool unit = term.coef == 1 || term.coef == -1;
		if (!unit || occurrences(put, rank, term.ref) != 1 || f->indices.data[term.ref].lane)
			continue;
		if (best < 0 || f->indices.data[term.ref].extent > f->indices.data[best].extent)
			best = (int)term.ref;
	}
	return best;
}

static bool plan(const IrFunc *func, const IrFor *f, const IrPut *put, Change *change) {
	IrType type = ir_type(func, put->out);
	bool mixes = false;
	if (f->puts.count != 1 || put->combine != IR_PUT_SUM || f->indices.count + type.rank > IR_MAX_INDICES)
		return false;
	for (uint32_t k = 0; k < type.rank; k++) {
		change->replaced[k] = -1;
		for (uint32_t i = 0; i < put->at[k].term_count; i++)
			if (put->at[k].terms[i].is_node)
				return false;
		if (put->at[k].term_count < 2 || ir_digits_apart(f, put->at[k], ~0u)) /* nothing overlaps */
			continue;
		mixes = true;
		change->replaced[k] = choose_index(f, put, type.rank, put->at[k]);
		if (change->replaced[k] < 0)
			return false;
	}
	/* a guard on an axis that keeps its form would be lost */
	for (uint32_t k = 0; put->guarded && k < type.rank; k++) {
		int plain = ir_at_plain_index(put->at[k]);
		if (change->replaced[k] < 0 && (plain < 0 || f->indices.data[plain].extent != type.dims[k]))
			return false;
	}
	return mixes;
}

/* false: nothing was emitted, as a read cannot be proved to be inside at the changed positions. */
static bool emit_gather(IrBuilder *b, Arena *scratch, const IrFunc *func, const IrFor *from, IrMap *map,
                        const Change *change) {
	IrModule *module = b->func->module;
	const IrPut *put = &from->puts.data[0];
	const IrValueInfo *info = ir_info(func, put->out);
	IrValue out;
	IrForBuilder f = ir_for_begin(b);
	IrRewrite rewrite = ir_rewrite_begin(scratch, &f, from, map, NULL);
	IrAt *index_at = rewrite.index_at;
	IrAt *out_at = ARENA_ARRAY(scratch, IrAt, info->type->rank + 1);
	bool replaced[IR_MAX_INDICES] = {false};
	for (uint32_t k = 0; k < info->type->rank; k++)
		if (change->replaced[k] >= 0)
			replaced[change->replaced[k]] = true;
	for (uint32_t i = 0; i < from->indices.count; i++)
		if (!replaced[i])
			ir_rewrite_index(&rewrite, i);
	for (uint32_t k = 0; k < info->type->rank; k++) {
		if (change->replaced[k] < 0)
			continue;
		uint32_t index = (uint32_t)change->replaced[k];
		IrAt position = ir_at_index(module, ir_for_index(&f, from->indices.data[index].name, info->type->dims[k]), 1);
		IrAt rest = ir_at_add(module, position, ir_at_const(-put->at[k].offset));
		int64_t sign = 1;
		for (uint32_t i = 0; i < put->at[k].term_count; i++) {
			IrTerm term = put->at[k].terms[i];
			if (term.ref == index)
				sign = term.coef;
			else
				rest = ir_at_add(module, rest, ir_at_scale(module, index_at[term.ref], -term.coef));
		}
		index_at[index] = ir_at_scale(module, rest, sign);
		out_at[k] = position;
	}
	ir_rewrite_conds(&rewrite);
	for (uint32_t k = 0; k < info->type->rank; k++) {
		if (change->replaced[k] < 0) {
			out_at[k] = ir_rewrite_at(&rewrite, put->at[k]);
			continue;
		}
		uint32_t index = (uint32_t)change->replaced[k];
		IrAt last = ir_at_add(module, ir_at_const(from->indices.data[index].extent - 1),
		                      ir_at_scale(module, index_at[index], -1));
		ir_for_cond(&f, index_at[index]);
		ir_for_cond(&f, last);
	}
	b->name = info->name;
	uint32_t node = ir_rewrite_node(&rewrite, put->node);
	IrValue into = put->into ? ir_map_get(map, put->into) : 0;
	out = ir_put(&f, IR_PUT_SUM, node, *info->type, out_at, into, false);
	b->name = 0;
	if (!ir_for_try_end(&f))
		return false;
	ir_map_set(map, put->out, out);
	return true;
}

typedef struct Gather {
	const IrFunc *func;
	IrBuilder b;
	IrMap map;
	Arena *scratch;
} Gather;

static bool symbolic(const IrFor *f) {
	for (uint32_t i = 0; i < f->indices.count; i++)
		if (f->indices.data[i].extent < 0)
			return true;
	return false;
}

static bool try_gather(Gather *g, const IrFor *f) {
	Change change;
	return !symbolic(f) && !ir_for_is_empty(f) && plan(g->func, f, f->puts.data, &change) &&
	       emit_gather(&g->b, g->scratch, g->func, f, &g->map, &change);
}

static void gather_for(void *context, const IrOp *op) {
	Gather *g = context;
	if (!try_gather(g, &op->f))
		ir_copy_op(&g->b, g->func, op, &g->map);
}

static IrCopyRule *const rules[IR_KIND_COUNT] = {[IR_FOR] = gather_for};

IrFunc *ir_pass_gather(IrModule *module, IrFunc *func) {
	Arena *scratch = arena_new();
	Gather g = {.func = func, .scratch = scratch, .map = ir_map_new(scratch, func)};
	IrCopier copier = {.from = func, .b = &g.b, .map = &g.map, .rules = rules, .context = &g};
	IrFunc *out = ir_copier_run(&copier, module);
	arena_free(scratch);
	return out;
}
