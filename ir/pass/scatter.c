/* scatter: what is put to places that only the program's numbers tell is summed up before it is put there.
 *
 *     for i:1000 r:64 s:64 if s < r { mul(%Q~[i, r], %e[i, s]) } sum -> [%t[s] + r]
 *     becomes
 *     %1[r, s] = for r:64 s:64 i:1000 { mul(%Q~[i, r], %e[i, s]) } sum -> [r, s]
 *     for r:64 s:64 if s < r { %1[r, s] } sum -> [%t[s] + r]
 *
 * The first is a sum like any other, with accumulators in registers and lanes; the second, whose every point reads, adds and writes
 * back, has few points. Done where the position leaves out indices of enough points together. Requires a verified function; keeps
 * values up to the order of sums. */
#include "ir/core/walk.h"
#include "ir/pass/limits.h"
#include "ir/pass/pass.h"
#include "ir/pass/rewrite.h"

/* Whether places that are put to may be the same, or not known to differ, at points that have different positions. */
static bool is_scattered(const IrFor *f, const IrPut *put, uint32_t rank) {
	for (uint32_t k = 0; k < rank; k++) {
		for (uint32_t t = 0; t < put->at[k].term_count; t++)
			if (put->at[k].terms[t].is_node)
				return true;
		if (put->at[k].term_count > 1 && !ir_digits_apart(f, put->at[k], ~0u))
			return true;
	}
	return false;
}

/* The indices that the position depends on; 0 where the op stays as it is. */
static uint32_t indices_of_place(Arena *scratch, const IrFunc *func, const IrFor *f) {
	const IrPut *put = &f->puts.data[0];
	uint32_t rank = ir_type(func, put->out).rank, *sets = ARENA_ARRAY(scratch, uint32_t, f->nodes.count + 1), place = 0;
	if (f->puts.count != 1 || put->combine != IR_PUT_SUM || ir_for_is_empty(f) || !is_scattered(f, put, rank))
		return 0;
	ir_node_index_sets(f, f->nodes.count, sets);
	for (uint32_t k = 0; k < rank; k++)
		place |= ir_at_index_set(put->at[k], sets);
	int64_t points = 1;
	uint32_t kept = 0;
	for (uint32_t i = 0; i < f->indices.count; i++) {
		if (f->indices.data[i].extent < 0)
			return 0;
		kept += place >> i & 1;
		points *= place >> i & 1 || points >= PASS_SCATTER_POINTS ? 1 : f->indices.data[i].extent;
	}
	if (kept > IR_MAX_RANK || points < PASS_SCATTER_POINTS)
		return 0;
	/* Where no point of the sum is live, 0 is put: only where that is inside, or guarded. */
	for (uint32_t c = 0; c < f->conds.count; c++)
		if (ir_at_index_set(f->conds.data[c], sets) & ~place && !put->guarded)
			return 0;
	return place;
}

typedef struct Scatter {
	const IrFunc *func;
	IrBuilder b;
	IrMap map;
	Arena *scratch;
} Scatter;

/* Conditions that keep tiles from being made may go: what is summed up where they do not hold is read by nobody. Not where
 * something would then be read outside, or much more would be computed. */
static bool may_drop_conds(const Scatter *s, const IrFor *f, uint32_t place) {
	uint32_t *sets = ARENA_ARRAY(s->scratch, uint32_t, f->nodes.count + 1);
	ir_node_index_sets(f, f->nodes.count, sets);
	for (uint32_t c = 0; c < f->conds.count; c++)
		if (ir_at_index_set(f->conds.data[c], sets) & ~place)
			return false;
	IrFor box = *f;
	box.conds.count = box.puts.count = 0;
	if (pass_for_may_fail(s->func, &box))
		return false;
	box.puts.count = 1;
	return pass_for_flops(s->func, &box) <= pass_scatter_box * pass_for_flops(s->func, f);
}

/* The sum over all other indices, for each point of those of the place. */
static IrValue emit_sum(Scatter *s, const IrFor *from, uint32_t place) {
	const IrPut *put = &from->puts.data[0];
	IrForBuilder f = ir_for_begin(&s->b);
	IrRewrite rewrite = ir_rewrite_begin(s->scratch, &f, from, &s->map, NULL);
	IrType type = {.scalar = ir_type(s->func, put->out).scalar};
	IrAt at[IR_MAX_RANK];
	/* Lanes come first, and then what tells the places apart. */
	bool lane = from->indices.data[0].lane;
	uint32_t all = (1u << from->indices.count) - 1,
			 in_turn[] = {lane, place & ~(uint32_t)lane, all & ~place & ~(uint32_t)lane};
	for (size_t turn = 0; turn < sizeof in_turn / sizeof *in_turn; turn++)
		for (uint32_t i = 0; i < from->indices.count; i++) {
			if (!(in_turn[turn] >> i & 1))
				continue;
			IrAt index = ir_rewrite_index(&rewrite, i);
			if (!(place >> i & 1))
				continue;
			type.lanes = type.lanes || from->indices.data[i].lane;
			at[type.rank] = index;
			type.dims[type.rank++] = from->indices.data[i].extent;
		}
	if (!may_drop_conds(s, from, place))
		ir_rewrite_conds(&rewrite);
	uint32_t node = ir_rewrite_node(&rewrite, put->node);
	IrValue sum = ir_put(&f, IR_PUT_SUM, node, type, at, 0, false);
	return ir_for_try_end(&f) ? sum : 0;
}

static bool emit_scatter(Scatter *s, const IrFor *from, uint32_t place, IrValue sum) {
	const IrPut *put = &from->puts.data[0];
	const IrValueInfo *info = ir_info(s->func, put->out);
	uint32_t *sets = ARENA_ARRAY(s->scratch, uint32_t, from->nodes.count + 1), rank = 0;
	ir_node_index_sets(from, from->nodes.count, sets);
	IrForBuilder f = ir_for_begin(&s->b);
	IrRewrite rewrite = ir_rewrite_begin(s->scratch, &f, from, &s->map, NULL);
	IrAt at[IR_MAX_RANK];
	for (uint32_t i = 0; i < from->indices.count; i++)
		if (place >> i & 1)
			at[rank++] = ir_rewrite_index(&rewrite, i);
	for (uint32_t c = 0; c < from->conds.count; c++)
		if (!(ir_at_index_set(from->conds.data[c], sets) & ~place))
			ir_for_cond(&f, ir_rewrite_at(&rewrite, from->conds.data[c]));
	IrAt *to = ir_rewrite_positions(&rewrite, put->at, info->type->rank);
	uint32_t node = ir_read(&f, sum, at, false);
	s->b.name = info->name;
	IrValue out =
		ir_put(&f, IR_PUT_SUM, node, *info->type, to, put->into ? ir_map_get(&s->map, put->into) : 0, put->guarded);
	s->b.name = 0;
	if (!ir_for_try_end(&f))
		return false;
	ir_map_set(&s->map, put->out, out);
	return true;
}

static void scatter_for(void *context, const IrOp *op) {
	Scatter *s = context;
	uint32_t place = indices_of_place(s->scratch, s->func, &op->f);
	IrValue sum = place != 0 ? emit_sum(s, &op->f, place) : 0;
	if (sum == 0 || !emit_scatter(s, &op->f, place, sum))
		ir_copy_op(&s->b, s->func, op, &s->map);
}

static IrCopyRule *const rules[IR_KIND_COUNT] = {[IR_FOR] = scatter_for};

typedef struct Search {
	const IrFunc *func;
	Arena *scratch;
	bool found;
} Search;

static void look(void *context, const IrBlock *block, IrOp *op) {
	Search *search = context;
	const IrFor *f = ir_as_for(op);
	(void)block;
	search->found = search->found || (f && indices_of_place(search->scratch, search->func, f) != 0);
}

IrFunc *ir_pass_scatter(IrModule *module, IrFunc *func) {
	Arena *scratch = arena_new();
	Search search = {.func = func, .scratch = scratch};
	ir_visit_ops(&func->body, look, &search);
	if (search.found) {
		Scatter s = {.func = func, .scratch = scratch, .map = ir_map_new(scratch, func)};
		IrCopier copier = {.from = func, .b = &s.b, .map = &s.map, .rules = rules, .context = &s};
		func = ir_copier_run(&copier, module);
	}
	arena_free(scratch);
	return func;
}
