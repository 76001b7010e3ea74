/* How a nest runs: which index goes in lanes, the order of loops, register tiles, unrolling. Costs are rough counts of vector
 * instructions; only ratios matter. Nothing here changes results under --strict, and otherwise only which reductions
 * are summed by lanes. */
#include "jit/nest/limits.h"
#include "jit/nest/nest.h"

static bool plain_lane(const Nest *n, const IrPut *put) {
	IrType type = ir_type(n->ir, put->out);
	if (!type.lanes || ir_at_plain_index(put->at[0]) != 0)
		return false;
	for (uint32_t a = 1; a < type.rank; a++) {
		for (uint32_t t = 0; t < put->at[a].term_count; t++)
			if (!put->at[a].terms[t].is_node && put->at[a].terms[t].ref == 0)
				return false;
	}
	return true;
}

/* Whether lanes of `index` would differ in being inside of a guarded put's bounds, so that a store needed a test for each. */
static bool guard_depends(const Nest *n, const IrPut *put, uint32_t index) {
	IrType type = ir_type(n->ir, put->out);
	for (uint32_t a = 0; a < type.rank && put->guarded; a++)
		if ((nest_at_deps(n, put->at[a]) >> index & 1) && !nest_in_box(n, put->at[a], type.dims[a]))
			return true;
	return false;
}

static bool has_arg(const NestGroup *group) {
	for (uint32_t p = 0; p < group->count; p++)
		if (group->puts[p]->combine == IR_PUT_ARGMAX || group->puts[p]->combine == IR_PUT_ARGMIN)
			return true;
	return false;
}

/* The lane index of the op as the vector index, where that keeps the order of every reduction (or may change it). */
static bool lanes_allowed(const Nest *n, const NestGroup *group) {
	if (n->op->index[0].in_cond)
		return false;
	bool reduced = !(group->mask & 1);
	if (reduced)
		return !n->in->strict && !has_arg(group) && !group->scatter;
	for (uint32_t p = 0; p < group->count; p++)
		if (guard_depends(n, group->puts[p], 0) || (!group->stores && !plain_lane(n, group->puts[p])) ||
		    (group->stores && !plain_lane(n, group->puts[p])))
			return false;
	return true;
}

/* Points that go into one output; many if that is not known. */
static double reduced_points(const Nest *n, const NestGroup *group) {
	double points = 1;
	for (uint32_t i = 0; i < n->op->index_count; i++) {
		IrDim extent = n->op->index[i].extent;
		if (!(group->mask >> i & 1))
			points *= extent < 0 ? (double)NEST_MIN_LANE_SUM : (double)extent;
	}
	return points;
}

/* Cost of one turn of the body when `index` runs in lanes, or -1 if it cannot. */
static double vector_cost(const Nest *n, const NestGroup *group, uint32_t index) {
	bool reduced = !(group->mask >> index & 1);
	IrDim extent = n->op->index[index].extent;
	if (n->op->index[index].in_cond || n->op->index[index].bound || (extent >= 0 && extent < NEST_MIN_LANES))
		return -1;
	if (reduced && reduced_points(n, group) < (double)NEST_MIN_LANE_SUM)
		return -1;
	if (reduced && (n->in->strict || has_arg(group) || group->scatter))
		return -1;
	double cost = reduced && extent > 0 ? nest_lane_tree / (double)extent : 0;
	for (uint32_t p = 0; p < group->count; p++) {
		const IrPut *put = group->puts[p];
		if (guard_depends(n, put, index))
			return -1;
		if (reduced)
			continue;
		bool known;
		int64_t stride = nest_stride(n, put->out, put->at, index, &known);
		if (!known || stride == 0 || (group->scatter && stride != 1))
			return -1;
		cost += stride == 1 ? 1 : nest_strided;
	}
	for (uint32_t i = 0; i < n->op->f->nodes.count; i++) {
		const IrNode *node = &n->op->f->nodes.data[i];
		bool depends = n->op->deps[i] >> index & 1;
		if (node->kind == IR_NODE_OP && depends)
			cost += loop_node_weight(node);
		if (node->kind != IR_NODE_READ || !depends)
			continue;
		bool known;
		int64_t stride = nest_stride(n, node->value, node->at, index, &known);
		cost += known && stride == 1 ? 1 : nest_strided;
	}
	if (extent < 0)
		return cost;
	/* Lanes that do not count cost as much as the others. */
	int64_t blocks = (extent + LOOP_LANES - 1) / LOOP_LANES;
	return cost * (double)(blocks * LOOP_LANES) / (double)extent;
}

static double scalar_cost(const Nest *n, const NestGroup *group) {
	double cost = group->count;
	for (uint32_t i = 0; i < n->op->f->nodes.count; i++) {
		const IrNode *node = &n->op->f->nodes.data[i];
		cost += node->kind == IR_NODE_OP || node->kind == IR_NODE_READ ? loop_node_weight(node) : 0;
	}
	return cost * (double)LOOP_LANES;
}

static int choose_vector(const Nest *n, const NestGroup *group) {
	if (n->op->index_count > 0 && n->op->f->indices.data[0].lane)
		return lanes_allowed(n, group) ? 0 : -1;
	int best = -1;
	double least = nest_lanes_least * scalar_cost(n, group);
	for (uint32_t i = 0; i < n->op->index_count; i++) {
		double cost = vector_cost(n, group, i);
		if (cost >= 0 && cost < least) {
			least = cost;
			best = (int)i;
		}
	}
	return best;
}

/* ---- order ---- */

static int64_t out_stride(const Nest *n, const NestGroup *group, uint32_t index) {
	bool known;
	int64_t stride = nest_stride(n, group->puts[0]->out, group->puts[0]->at, index, &known);
	if (!known)
		return INT64_MAX;
	return stride < 0 ? -stride : stride;
}

static void choose_order(Nest *n, const NestGroup *group) {
	n->op->outer_count = 0;
	uint32_t mask = group->stores || group->scatter ? (1u << n->op->index_count) - 1 : group->mask;
	for (uint32_t i = 0; i < n->op->index_count; i++)
		if (mask >> i & 1)
			n->op->order[n->op->outer_count++] = i;
	uint32_t at = n->op->outer_count;
	for (uint32_t i = 0; i < n->op->index_count; i++)
		if (!(mask >> i & 1))
			n->op->order[at++] = i;
	if (group->scatter)
		return;
	for (uint32_t k = 1; k < n->op->outer_count; k++) {
		for (uint32_t j = k; j > 0 && out_stride(n, group, n->op->order[j - 1]) < out_stride(n, group, n->op->order[j]);
		     j--) {
			uint32_t swap = n->op->order[j];
			n->op->order[j] = n->op->order[j - 1];
			n->op->order[j - 1] = swap;
		}
	}
}

/* ---- unrolling and tiles ---- */

/* Statements of a body with the copies as they are. must_depend: only what depends on one of these indices; 0: all. reads_only:
 * reads alone. */
static double body_size(const Nest *n, uint32_t must_depend, bool reads_only) {
	double size = 0;
	for (uint32_t i = 0; i < n->op->f->nodes.count; i++) {
		const IrNode *node = &n->op->f->nodes.data[i];
		if ((node->kind != IR_NODE_OP || reads_only) && node->kind != IR_NODE_READ)
			continue;
		if (must_depend != 0 && !(n->op->deps[i] & must_depend))
			continue;
		double instances = 1;
		for (uint32_t k = 0; k < n->op->index_count; k++)
			if (n->op->deps[i] >> k & 1)
				instances *= n->op->index[k].copies;
		size += instances;
	}
	return size;
}

static bool may_copy(const Nest *n, uint32_t index) {
	const NestIndex *i = &n->op->index[index];
	return i->extent > 1 && i->copies == 1 && !i->in_cond && !i->bound && (int)index != n->op->vector;
}

static uint32_t reduced_mask(const Nest *n) {
	uint32_t mask = 0;
	for (uint32_t k = n->op->outer_count; k < n->op->index_count; k++)
		mask |= 1u << n->op->order[k];
	return mask;
}

/* Whole small reductions are unrolled, from the innermost loop outwards. */
static void choose_unroll(Nest *n, const NestGroup *group) {
	if (group->stores || group->scatter)
		return;
	for (uint32_t k = n->op->index_count; k-- > n->op->outer_count;) {
		uint32_t i = n->op->order[k];
		if ((int)i == n->op->vector)
			continue;
		if (!may_copy(n, i)) {
			if (n->op->index[i].extent == 1)
				continue;
			return;
		}
		if (n->op->index[i].extent > NEST_MAX_UNROLL)
			return;
		n->op->index[i].copies = (uint32_t)n->op->index[i].extent;
		if (body_size(n, 0, false) > (double)NEST_MAX_BODY / 2) {
			n->op->index[i].copies = 1;
			return;
		}
	}
}

/* Whether a loop over an index is left between output indices and the body. */
static bool has_reduced_loop(const Nest *n) {
	for (uint32_t k = n->op->outer_count; k < n->op->index_count; k++) {
		uint32_t i = n->op->order[k];
		if (!nest_runs_without_loop(&n->op->index[i], (int)i == n->op->vector))
			return true;
	}
	return false;
}

static uint32_t innermost_loop(const Nest *n) {
	for (uint32_t k = n->op->index_count; k-- > 0;) {
		uint32_t i = n->op->order[k];
		if (!nest_runs_without_loop(&n->op->index[i], (int)i == n->op->vector))
			return 1u << i;
	}
	return 0;
}

/* Vector registers that the accumulators of one point take. */
static double registers(const Nest *n, const NestGroup *group) {
	double count = 0;
	for (uint32_t p = 0; p < group->count; p++)
		count += n->op->vector >= 0 && ir_scalar_bytes(ir_type(n->ir, group->puts[p]->out).scalar) == 8 ? 2 : 1;
	return count;
}

/* Of a reduction: how many combining steps one load serves, jamming output indices a and b by s and t. Loads that do not
 * vary in the innermost loop are outside of it and do not count. */
static double tile_value(Nest *n, const NestGroup *group, uint32_t a, uint32_t s, uint32_t b, uint32_t t) {
	uint32_t was_a = n->op->index[a].copies, was_b = n->op->index[b].copies;
	n->op->index[a].copies = s;
	if (a != b)
		n->op->index[b].copies = t;
	double tile = (double)s * (a != b ? t : 1), unrolled = 1;
	for (uint32_t k = n->op->outer_count; k < n->op->index_count; k++)
		unrolled *= n->op->index[n->op->order[k]].copies;
	double reads = body_size(n, innermost_loop(n), true), size = body_size(n, 0, false) + tile * unrolled;
	n->op->index[b].copies = was_b;
	n->op->index[a].copies = was_a;
	if (tile * registers(n, group) > (double)NEST_MAX_ACCUMULATORS || size > (double)NEST_MAX_BODY)
		return 0;
	double steps = tile * unrolled;
	/* Independent accumulators hide latency: so many are worth having even where no load is shared. */
	double few = NEST_FEW_ACCUMULATORS, parallel = tile < few && has_reduced_loop(n) ? tile / few : 1;
	return steps / (steps + reads) * (0.5 + 0.5 * parallel);
}

typedef struct Tile {
	uint32_t a, s, b, t; /* index a by s and index b by t; a == b: only a */
	double value;
} Tile;

/* The value of a tile that leaves `left` turns of index a over, which then are a tile of their own. */
static double value_with_rest(Nest *n, const NestGroup *group, Tile tile) {
	double value = tile_value(n, group, tile.a, tile.s, tile.b, tile.t);
	int64_t extent = n->op->index[tile.a].extent, left = extent % tile.s;
	if (left == 0 || value == 0)
		return value;
	double rest = tile_value(n, group, tile.a, (uint32_t)left, tile.b, tile.t);
	return (value * (double)(extent - left) + rest * (double)left) / (double)extent;
}

static void try_tile(Nest *n, const NestGroup *group, Tile tile, Tile *best) {
	tile.value = value_with_rest(n, group, tile);
	if (tile.value > best->value * nest_tile_gain)
		*best = tile;
}

/* Tiles of one or two indices whose sizes divide the extents. */
static void try_even_tiles(Nest *n, const NestGroup *group, Tile *best) {
	for (uint32_t k = 0; k < n->op->outer_count; k++) {
		uint32_t a = n->op->order[k];
		if (!may_copy(n, a))
			continue;
		for (uint32_t s = 2; s <= NEST_MAX_ACCUMULATORS && (int64_t)s <= n->op->index[a].extent; s++) {
			if (n->op->index[a].extent % s != 0)
				continue;
			try_tile(n, group, (Tile){a, s, a, 1, 0}, best);
			for (uint32_t j = k + 1; j < n->op->outer_count; j++) {
				uint32_t b = n->op->order[j];
				if (!may_copy(n, b))
					continue;
				for (uint32_t t = 2; s * t <= NEST_MAX_ACCUMULATORS && (int64_t)t <= n->op->index[b].extent; t++)
					if (n->op->index[b].extent % t == 0)
						try_tile(n, group, (Tile){a, s, b, t, 0}, best);
			}
		}
	}
}

/* Tiles of one index that leave something over. */
static void try_uneven_tiles(Nest *n, const NestGroup *group, Tile *best) {
	for (uint32_t k = 0; k < n->op->outer_count; k++) {
		uint32_t a = n->op->order[k];
		for (size_t i = 0; may_copy(n, a) && i < sizeof nest_uneven_tiles / sizeof *nest_uneven_tiles; i++)
			if ((int64_t)nest_uneven_tiles[i] < n->op->index[a].extent)
				try_tile(n, group, (Tile){a, nest_uneven_tiles[i], a, 1, 0}, best);
	}
}

static void choose_tile(Nest *n, const NestGroup *group) {
	if (group->stores || group->scatter || reduced_mask(n) == 0)
		return;
	Tile best = {.s = 1, .t = 1};
	if (n->op->outer_count > 0)
		best.value = tile_value(n, group, n->op->order[0], n->op->index[n->op->order[0]].copies, n->op->order[0], 1);
	double plain = best.value;
	try_even_tiles(n, group, &best);
	if (best.s * best.t < NEST_FEW_ACCUMULATORS)
		try_uneven_tiles(n, group, &best);
	/* Where no accumulator goes through a loop, a tile only shares loads, and keeps other ops from sharing the loop. */
	if (!has_reduced_loop(n) && best.value < nest_tile_alone * plain)
		return;
	if (best.s > 1)
		n->op->index[best.a].copies = best.s;
	if (best.t > 1)
		n->op->index[best.b].copies = best.t;
}

/* Short loops inside of others are unrolled where no tile was chosen. */
static void choose_inner(Nest *n, const NestGroup *group) {
	uint32_t loops = 0, tiled = 0;
	for (uint32_t k = 0; k < n->op->outer_count; k++) {
		uint32_t i = n->op->order[k];
		loops += nest_runs_without_loop(&n->op->index[i], (int)i == n->op->vector) ? 0 : 1;
		tiled += n->op->index[i].copies > 1;
	}
	if (group->scatter || tiled > 0)
		return;
	for (uint32_t k = n->op->outer_count; k-- > 0 && loops > 1;) {
		uint32_t i = n->op->order[k];
		if (nest_runs_without_loop(&n->op->index[i], (int)i == n->op->vector))
			continue;
		if (!may_copy(n, i) || n->op->index[i].extent > NEST_MAX_INNER)
			return;
		n->op->index[i].copies = (uint32_t)n->op->index[i].extent;
		if (body_size(n, 0, false) > (double)NEST_MAX_INNER_BODY) {
			n->op->index[i].copies = 1;
			return;
		}
		loops--;
	}
}

static void explain(const Nest *n, const NestGroup *group) {
	FILE *out = n->in->explain;
	if (!out)
		return;
	fprintf(out, "nest of %%%u:", (unsigned)group->puts[0]->out);
	for (uint32_t k = 0; k < n->op->index_count; k++) {
		uint32_t i = n->op->order[k];
		const char *name =
			n->op->f->indices.data[i].name ? session_text(n->in->func->session, n->op->f->indices.data[i].name) : "_";
		fprintf(out, "%s %s", k == n->op->outer_count ? " | reduced" : "", name);
		if ((int)i == n->op->vector)
			fprintf(out, " (lanes)");
		if (n->op->index[i].copies > 1)
			fprintf(out, " x%u", (unsigned)n->op->index[i].copies);
	}
	fprintf(out, "\n");
}

void nest_plan(Nest *n, const NestGroup *group) {
	for (uint32_t i = 0; i < n->op->index_count; i++) {
		n->op->index[i].copies = 1;
		n->op->index[i].vector = false;
	}
	n->op->vector = choose_vector(n, group);
	choose_order(n, group);
	choose_unroll(n, group);
	bool carries = has_reduced_loop(n);
	if (!carries)
		choose_inner(n, group);
	choose_tile(n, group);
	if (carries)
		choose_inner(n, group);
	explain(n, group);
}
