/* limits: what decides between lanes, tiles and unrolling.
 *
 * Measured by `bench/run.sh matmul` (accumulators, tiles), by products and reductions of sizes 1 to 70 (lanes, uneven tiles: a product
 * at n = 31 took 20 times as long per operation as at 32, and takes 1.1 times; tests/unit/test_jit_sizes.c counts it) and by training
 * examples/robust.grad (NEST_MIN_PLAIN_SUM: no slower than without mulz). Four times and a quarter of NEST_MAX_BODY, 1 and 16 for
 * NEST_MAX_INNER change the CPU time of training robust, net and coordinatewise.grad by no more than the measurement's own
 * scatter on a busy machine (75 to 165 %). The costs are chosen, not measured. */
#ifndef GRADUS_NEST_LIMITS_H
#define GRADUS_NEST_LIMITS_H

#include <stdint.h>

enum {
	/* points of a reduction that is summed in lanes: a shorter one is not worth the tree at its end */
	NEST_MIN_LANE_SUM = 12,
	/* of lanes that count; fewer are done one by one */
	NEST_MIN_LANES = 5,
	/* registers for accumulators: lanes of f64 take two each. So many hide the latency of an addition; with fewer, tiles are tried
	 * that do not divide the extent */
	NEST_MAX_ACCUMULATORS = 24,
	NEST_FEW_ACCUMULATORS = 8,
	/* statements in an unrolled body (half of them in a reduction that is unrolled before tiles are chosen), and turns of such a
	 * reduction */
	NEST_MAX_BODY = 160,
	NEST_MAX_UNROLL = 8,
	/* turns of an inner loop of outputs that is unrolled, and statements then */
	NEST_MAX_INNER = 4,
	NEST_MAX_INNER_BODY = 48,
	/* lower.c: points of a reduction that becomes a kernel of its own, which other places may then share; and nodes of the operations in
	 * one kernel: LLVM takes more than twice as long for twice as much */
	NEST_LONG_REDUCTION = 8,
	NEST_MAX_KERNEL = 240,
	/* points from which on a sum of products in which 0 wins (mulz) is first computed with plain products, and again only if its result
	 * is NaN (nest_reduce.c) */
	NEST_MIN_PLAIN_SUM = 4
};

/* Costs, counted in vector instructions; only ratios matter. Of an access whose lanes are apart; of adding up the lanes of a
 * reduction at its end. */
static const double nest_strided = 24, nest_lane_tree = 16;
/* what lanes may cost, of one by one */
static const double nest_lanes_least = 0.7;
/* by how much a tile has to be better than another, and than none where no accumulator goes through a loop */
static const double nest_tile_gain = 1.02, nest_tile_alone = 1.2;
/* sizes of tiles that leave something over */
static const uint32_t nest_uneven_tiles[] = {4, 6, 8, 12, 16, 24};

#endif
