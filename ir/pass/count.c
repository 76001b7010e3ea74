/* What a function costs: FLOPs on live points and bytes moved, as `info` shows them and as rewrites are judged. */
#include "ir/pass/limits.h"
#include "ir/pass/pass.h"
#include "ir/pass/rewrite.h"

static int64_t extent(IrDim dim, const int64_t *symbols) {
	return dim < 0 && !symbols ? PASS_SYMBOL : ir_dim_value(dim, symbols);
}

static double element_count(IrType type, const int64_t *symbols) {
	double count = 1;
	for (uint32_t i = 0; i < type.rank; i++)
		count *= (double)extent(type.dims[i], symbols);
	return count;
}

static uint32_t at_indices(IrAt at) {
	uint32_t set = 0;
	for (uint32_t i = 0; i < at.term_count; i++)
		if (!at.terms[i].is_node)
			set |= 1u << at.terms[i].ref;
	return set;
}

static bool has_node(IrAt at) {
	for (uint32_t i = 0; i < at.term_count; i++)
		if (at.terms[i].is_node)
			return true;
	return false;
}

static bool next_point(int64_t *point, const int64_t *extents, uint32_t count, uint32_t set) {
	for (uint32_t i = count; i-- > 0;) {
		if (!(set >> i & 1))
			continue;
		if (++point[i] < extents[i])
			return true;
		point[i] = 0;
	}
	return false;
}

static int64_t floor_div(int64_t a, int64_t b) { /* b > 0 */
	return a / b - (a % b < 0);
}

/* How many of the `extent` values of index `along` meet the conditions over `set`, with the others at `point`. */
static double live_along(const IrFor *f, const int64_t *point, uint32_t set, uint32_t along, int64_t extent_along) {
	int64_t low = 0, high = extent_along - 1;
	for (uint32_t c = 0; c < f->conds.count; c++) {
		IrAt at = f->conds.data[c];
		if (has_node(at) || !(at_indices(at) & set))
			continue;
		int64_t rest = at.offset, coef = 0;
		for (uint32_t i = 0; i < at.term_count; i++)
			if (at.terms[i].ref == along)
				coef = at.terms[i].coef;
			else
				rest += at.terms[i].coef * point[at.terms[i].ref];
		/* rest + coef * value >= 0 */
		if (coef > 0) {
			int64_t least = -floor_div(rest, coef);
			low = least > low ? least : low;
		} else if (coef < 0) {
			int64_t most = floor_div(rest, -coef);
			high = most < high ? most : high;
		} else if (rest < 0) {
			return 0;
		}
	}
	return high < low ? 0 : (double)(high - low + 1);
}

/* Points of the box of `set` that meet the conditions over it: along the longest index by interval, along the others one by
 * one. All of them where that would take too long. */
static double live_in(const IrFor *f, const int64_t *extents, uint32_t set) {
	uint32_t along = 0;
	int64_t longest = -1;
	double box = 1, live = 0;
	for (uint32_t i = 0; i < f->indices.count; i++) {
		if (!(set >> i & 1))
			continue;
		box *= (double)extents[i];
		if (extents[i] > longest) {
			longest = extents[i];
			along = i;
		}
	}
	if (box == 0 || box / (double)longest > (double)PASS_COUNTED_POINTS)
		return box;
	int64_t point[IR_MAX_INDICES] = {0};
	do
		live += live_along(f, point, set, along, longest);
	while (next_point(point, extents, f->indices.count, set & ~(1u << along)));
	return live;
}

/* The indices that conditions tie to those in `set`. */
static uint32_t tied_to(const IrFor *f, uint32_t set) {
	for (uint32_t before = 0; before != set;) {
		before = set;
		for (uint32_t c = 0; c < f->conds.count; c++)
			if (!has_node(f->conds.data[c]) && (at_indices(f->conds.data[c]) & set))
				set |= at_indices(f->conds.data[c]);
	}
	return set;
}

/* Points that meet the conditions; those that depend on run-time values count as met. Indices that no condition ties together
 * are counted apart. */
static double live_points(const IrFor *f, const int64_t *symbols) {
	int64_t extents[IR_MAX_INDICES];
	uint32_t done = 0;
	double live = 1;
	for (uint32_t i = 0; i < f->indices.count; i++)
		extents[i] = extent(f->indices.data[i].extent, symbols);
	for (uint32_t i = 0; i < f->indices.count; i++) {
		if (done >> i & 1)
			continue;
		uint32_t set = tied_to(f, 1u << i);
		live *= live_in(f, extents, set);
		done |= set;
	}
	for (uint32_t c = 0; c < f->conds.count; c++)
		if (f->conds.data[c].term_count == 0 && f->conds.data[c].offset < 0)
			return 0;
	return live;
}

/* Distinct elements that positions can name: the box of the indices in them, at most the whole tensor. */
static double distinct(const IrFor *f, const IrAt *at, uint32_t count, double elements, const int64_t *symbols) {
	uint32_t set = 0;
	bool gathers = false;
	for (uint32_t k = 0; k < count; k++) {
		set |= at_indices(at[k]);
		gathers |= has_node(at[k]);
	}
	double points = 1;
	for (uint32_t i = 0; i < f->indices.count; i++)
		if (gathers || (set >> i & 1))
			points *= (double)extent(f->indices.data[i].extent, symbols);
	return points < elements ? points : elements;
}

static void add_for(IrCost *cost, const IrFunc *func, const IrFor *f, double times, const int64_t *symbols) {
	double points = live_points(f, symbols);
	for (uint32_t n = 0; n < f->nodes.count; n++) {
		const IrNode *node = &f->nodes.data[n];
		if (node->kind == IR_NODE_OP)
			cost->flops += times * points * ir_op_info[node->opcode].cost;
		if (node->kind == IR_NODE_READ) {
			IrType type = ir_type(func, node->value);
			double elements = element_count(type, symbols);
			cost->bytes +=
				times * distinct(f, node->at, node->at_count, elements, symbols) * (double)ir_element_bytes(type);
		}
	}
	for (uint32_t p = 0; p < f->puts.count; p++) {
		const IrPut *put = &f->puts.data[p];
		IrType type = ir_type(func, put->out);
		double elements = element_count(type, symbols);
		double written = put->into ? distinct(f, put->at, type.rank, elements, symbols) : elements;
		double touched = put->into && put->combine != IR_PUT_NONE ? 2 * written : written;
		cost->bytes += times * touched * (double)ir_element_bytes(type);
		if (put->combine != IR_PUT_NONE && !ir_put_is_arg(put))
			cost->flops += times * points;
	}
}

/* ---- one rule for each kind of op: what `times` runs of it cost ---- */

#define KIND(NAME, name)                                                                                               \
	static void cost_##name(IrCost *cost, const IrFunc *func, const IrOp *op, double times, const int64_t *symbols);
#include "ir/core/kinds.def"
#undef KIND

static void (*const cost_kind[IR_KIND_COUNT])(IrCost *cost, const IrFunc *func, const IrOp *op, double times,
                                              const int64_t *symbols) = {
#define KIND(NAME, name) [IR_##NAME] = cost_##name,
#include "ir/core/kinds.def"
#undef KIND
};

static void cost_block(IrCost *cost, const IrFunc *func, const IrBlock *block, double times, const int64_t *symbols) {
	for (uint32_t i = 0; i < block->ops.count; i++)
		cost_kind[block->ops.data[i]->kind](cost, func, block->ops.data[i], times, symbols);
}

static void cost_for(IrCost *cost, const IrFunc *func, const IrOp *op, double times, const int64_t *symbols) {
	add_for(cost, func, &op->f, times, symbols);
}

/* A table is there before anything runs. */
static void cost_const(IrCost *cost, const IrFunc *func, const IrOp *op, double times, const int64_t *symbols) {
	(void)cost;
	(void)func;
	(void)op;
	(void)times;
	(void)symbols;
}

/* Counted by itself: ir_evaluations. */
static void cost_evaluate(IrCost *cost, const IrFunc *func, const IrOp *op, double times, const int64_t *symbols) {
	(void)cost;
	(void)func;
	(void)op;
	(void)times;
	(void)symbols;
}

static void cost_deferred(IrCost *cost, const IrFunc *func, const IrOp *op, double times, const int64_t *symbols) {
	(void)cost;
	(void)func;
	(void)op;
	(void)times;
	(void)symbols;
}

static void cost_loop(IrCost *cost, const IrFunc *func, const IrOp *op, double times, const int64_t *symbols) {
	cost_block(cost, func, &op->loop.body, times * (double)op->loop.limit, symbols);
}

double pass_for_flops(const IrFunc *func, const IrFor *f) {
	IrCost cost = {0};
	add_for(&cost, func, f, 1, NULL);
	return cost.flops;
}

IrCost ir_cost(const IrFunc *func, const int64_t *symbols) {
	IrCost cost = {0};
	cost_block(&cost, func, &func->body, 1, symbols);
	return cost;
}
