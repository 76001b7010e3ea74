/* How a nest runs: which index goes in lanes, the order of loops, register tiles, unrolling. Costs are rough counts of vector
 * instructions; only ratios matter. Nothing here changes results under --strict, and otherwise only which reductions
 * are summed by lanes, and in how many sums. */
#include "jit/nest/limits.h"
#include "jit/nest/nest.h"

#include <math.h>

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

/* Of reading what is so many elements further in every lane. */
static double read_cost(const Nest *n, IrValue value, int64_t stride, bool known) {
	if (known && stride == 1)
		return 1;
	bool near = known && stride > 0 && stride * (int64_t)ir_element_bytes(ir_type(n->ir, value)) <= LOOP_NEAR_BYTES;
	return near ? 2 * (double)stride : nest_strided;
}

/* How many accumulators of a tile share what a node reads, about: it is the same for all points of another output index. */
static double sharers(const Nest *n, const NestGroup *group, uint32_t node) {
	double most = 1;
	for (uint32_t i = 0; i < n->op->index_count && !group->stores && !group->scatter; i++)
		if ((group->mask & ~n->op->deps[node]) >> i & 1)
			most = fmax(most, fmin((double)n->op->index[i].extent, NEST_FEW_ACCUMULATORS));
	return most;
}

/* Cost of one turn of the body when `index` runs in lanes, or -1 if it cannot. */
static double vector_cost(const Nest *n, const NestGroup *group, uint32_t index) {
	bool reduced = !(group->mask >> index & 1);
	IrDim extent = n->op->index[index].extent;
	if (n->op->index[index].bound || (extent >= 0 && extent < NEST_MIN_LANES))
		return -1;
	if (n->op->index[index].in_cond &&
	    (reduced || group->stores || group->scatter || has_arg(group) || !nest_conds_allow_lanes(n, index)))
		return -1;
	if (reduced && reduced_points(n, group) < (double)NEST_MIN_LANE_SUM)
		return -1;
	if (reduced && (n->in->strict || has_arg(group) || group->scatter))
		return -1;
	double cost = reduced && extent > 0 ? nest_lane_tree / (double)extent : 0;
	cost += n->op->index[index].in_cond ? nest_live_test : 0;
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
		double one = read_cost(n, node->value, stride, known);
		cost += one > 1 ? fmax(1, one / sharers(n, group, i)) : one;
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

/* How many there are of a node, with the copies as they are. */
static double instances(const Nest *n, uint32_t node) {
	double count = 1;
	for (uint32_t k = 0; k < n->op->index_count; k++)
		if (n->op->deps[node] >> k & 1)
			count *= n->op->index[k].copies;
	return count;
}

/* Statements of a body. must_depend: only what depends on one of these indices; 0: all. */
static double body_size(const Nest *n, uint32_t must_depend) {
	double size = 0;
	for (uint32_t i = 0; i < n->op->f->nodes.count; i++) {
		IrNodeKind kind = n->op->f->nodes.data[i].kind;
		if ((kind == IR_NODE_OP || kind == IR_NODE_READ) && (must_depend == 0 || n->op->deps[i] & must_depend))
			size += instances(n, i);
	}
	return size;
}

/* What reads cost that depend on one of these indices; 0: all. */
static double reads_cost(const Nest *n, uint32_t must_depend) {
	double cost = 0;
	for (uint32_t i = 0; i < n->op->f->nodes.count; i++) {
		const IrNode *node = &n->op->f->nodes.data[i];
		if (node->kind != IR_NODE_READ || (must_depend != 0 && !(n->op->deps[i] & must_depend)))
			continue;
		double one = 1;
		if (n->op->vector >= 0 && n->op->deps[i] >> n->op->vector & 1) {
			bool known;
			int64_t stride = nest_stride(n, node->value, node->at, (uint32_t)n->op->vector, &known);
			one = read_cost(n, node->value, stride, known) * (ir_scalar_bytes(node->type) == 8 ? 2 : 1);
		}
		cost += one * instances(n, i);
	}
	return cost;
}

/* How many copies of an index there can be: of its points, or of blocks of lanes. */
static int64_t all_copies(const Nest *n, uint32_t index) {
	int64_t extent = n->op->index[index].extent;
	return (int)index == n->op->vector ? (extent + LOOP_LANES - 1) / LOOP_LANES : extent;
}

static bool may_copy(const Nest *n, uint32_t index) {
	const NestIndex *i = &n->op->index[index];
	if (n->in->one_block && (int)index == n->op->vector)
		return false;
	return i->extent >= 0 && all_copies(n, index) > 1 && i->copies == 1 && !i->in_cond && !i->bound;
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
		if (body_size(n, 0) > (double)NEST_MAX_BODY / 2) {
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

/* Whether sums wait for themselves, from turn to turn or where their lanes are added up. */
static bool sums_wait(const Nest *n) {
	return has_reduced_loop(n) || (n->op->vector >= 0 && reduced_mask(n) >> n->op->vector & 1);
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

/* Of a number of registers that is meant for NEST_REGISTERS. */
static double share(const Nest *n, double registers) {
	return registers * n->in->registers / (double)NEST_REGISTERS;
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
	double reads = reads_cost(n, innermost_loop(n)), size = body_size(n, 0) + tile * unrolled;
	/* Vectors that are read stay in registers for all rows of a tile. */
	double read_once = n->op->vector >= 0 ? n->op->index[n->op->vector].copies : 1;
	n->op->index[b].copies = was_b;
	n->op->index[a].copies = was_a;
	if (tile * registers(n, group) > share(n, NEST_MAX_ACCUMULATORS) ||
	    (tile + read_once) * registers(n, group) > share(n, NEST_MAX_LIVE) || size > (double)NEST_MAX_BODY)
		return 0;
	double steps = tile * unrolled * registers(n, group) / group->count;
	/* Independent accumulators hide latency, and lanes of several are added up together: so many are worth having even where no load is
	 * shared. */
	double few = NEST_FEW_ACCUMULATORS, parallel = tile < few && sums_wait(n) ? tile / few : 1;
	return steps / (steps + reads) * (0.5 + 0.5 * parallel);
}

typedef struct Tile {
	uint32_t a, s, b, t; /* index a by s and index b by t; a == b: only a */
	double value;
} Tile;

/* The value of a tile that leaves `left` copies of index a over, which then are a tile of their own. */
static double value_with_rest(Nest *n, const NestGroup *group, Tile tile) {
	double value = tile_value(n, group, tile.a, tile.s, tile.b, tile.t);
	int64_t all = all_copies(n, tile.a), left = all % tile.s;
	if (left == 0 || value == 0)
		return value;
	double rest = tile_value(n, group, tile.a, (uint32_t)left, tile.b, tile.t);
	return (value * (double)(all - left) + rest * (double)left) / (double)all;
}

static void try_tile(Nest *n, const NestGroup *group, Tile tile, Tile *best) {
	tile.value = value_with_rest(n, group, tile);
	if (tile.value > best->value * nest_tile_gain)
		*best = tile;
}

/* Tiles of one or two indices whose sizes leave nothing over. */
static void try_even_tiles(Nest *n, const NestGroup *group, Tile *best) {
	for (uint32_t k = 0; k < n->op->outer_count; k++) {
		uint32_t a = n->op->order[k];
		if (!may_copy(n, a))
			continue;
		for (uint32_t s = 2; s <= NEST_MAX_ACCUMULATORS && (int64_t)s <= all_copies(n, a); s++) {
			if (all_copies(n, a) % s != 0)
				continue;
			try_tile(n, group, (Tile){a, s, a, 1, 0}, best);
			for (uint32_t j = k + 1; j < n->op->outer_count; j++) {
				uint32_t b = n->op->order[j];
				if (!may_copy(n, b))
					continue;
				for (uint32_t t = 2; s * t <= NEST_MAX_ACCUMULATORS && (int64_t)t <= all_copies(n, b); t++)
					if (all_copies(n, b) % t == 0)
						try_tile(n, group, (Tile){a, s, b, t, 0}, best);
			}
		}
	}
}

/* Tiles that leave something over of index a, alone or with blocks of lanes. */
static void try_uneven_tiles_of(Nest *n, const NestGroup *group, uint32_t a, Tile *best) {
	for (size_t i = 0; i < sizeof nest_uneven_tiles / sizeof *nest_uneven_tiles; i++) {
		uint32_t s = nest_uneven_tiles[i];
		if ((int64_t)s >= all_copies(n, a))
			return;
		try_tile(n, group, (Tile){a, s, a, 1, 0}, best);
		for (uint32_t j = 0; j < n->op->outer_count; j++) {
			uint32_t b = n->op->order[j];
			if (b == a || !may_copy(n, b) || ((int)a != n->op->vector && (int)b != n->op->vector))
				continue;
			for (uint32_t t = 2; s * t <= NEST_MAX_ACCUMULATORS && (int64_t)t <= all_copies(n, b); t++)
				if (all_copies(n, b) % t == 0)
					try_tile(n, group, (Tile){a, s, b, t, 0}, best);
		}
	}
}

static void try_uneven_tiles(Nest *n, const NestGroup *group, Tile *best) {
	for (uint32_t k = 0; k < n->op->outer_count; k++)
		if (may_copy(n, n->op->order[k]))
			try_uneven_tiles_of(n, group, n->op->order[k], best);
}

static void choose_tile(Nest *n, const NestGroup *group) {
	if (group->stores || group->scatter || reduced_mask(n) == 0)
		return;
	Tile best = {.s = 1, .t = 1};
	if (n->op->outer_count > 0)
		best.value = tile_value(n, group, n->op->order[0], n->op->index[n->op->order[0]].copies, n->op->order[0], 1);
	double plain = best.value;
	try_even_tiles(n, group, &best);
	bool blocks = n->op->vector >= 0 && may_copy(n, (uint32_t)n->op->vector);
	if (best.s * best.t < NEST_FEW_ACCUMULATORS || blocks)
		try_uneven_tiles(n, group, &best);
	/* Where no accumulator goes through a loop, a tile only shares loads, and keeps other ops from sharing the loop. */
	if (!sums_wait(n) && best.value < nest_tile_alone * plain)
		return;
	if (best.s > 1)
		n->op->index[best.a].copies = best.s;
	if (best.t > 1)
		n->op->index[best.b].copies = best.t;
}

/* A sum of little waits for itself, each addition for the one before. Several sums, each of every so many points, do not:
 *
 *     s0 += x[0 .. 15]; s1 += x[16 .. 31]; ...      s = (s0 + s1) + (s2 + s3)
 *
 * from the innermost loop outwards, until a turn is long enough. Not of problems in lanes, whose turns are long. */
static void choose_sums(Nest *n, const NestGroup *group) {
	n->op->sums = 1;
	for (uint32_t i = 0; i < n->op->index_count; i++)
		n->op->sum_step[i] = 0;
	bool problems = n->op->index_count > 0 && n->op->f->indices.data[0].lane;
	if (n->in->strict || problems || group->stores || group->scatter || has_arg(group))
		return;
	double few = fmin(NEST_FEW_ACCUMULATORS, share(n, NEST_MAX_ACCUMULATORS));
	double tile = nest_copy_count(n, 0, n->op->outer_count), most = few / (tile * registers(n, group));
	for (uint32_t k = n->op->index_count; k-- > n->op->outer_count;) {
		uint32_t i = n->op->order[k];
		bool one_block = n->op->index[i].extent >= 0 && all_copies(n, i) <= n->op->index[i].copies;
		if (one_block)
			continue;
		if (!may_copy(n, i))
			return;
		double turn = (body_size(n, 1u << i) + tile * n->op->sums * group->count) * registers(n, group) / group->count;
		uint32_t copies = 1;
		while (copies * turn < (double)NEST_CHAIN && n->op->sums * (copies + 1) <= most && copies < all_copies(n, i))
			copies++;
		n->op->sum_step[i] = copies > 1 ? n->op->sums : 0;
		n->op->sums *= copies;
		n->op->index[i].copies = copies;
	}
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
		if (body_size(n, 0) > (double)NEST_MAX_INNER_BODY) {
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
		if (n->op->sum_step[i] != 0)
			fprintf(out, " (sums)");
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
	choose_sums(n, group);
	explain(n, group);
}
