/* limits: what decides between lanes, tiles and unrolling.
 *
 * Measured by `bench/run.sh matmul` (accumulators, tiles), by products and reductions of sizes 1 to 70 (lanes, uneven tiles: a product
 * at n = 31 took 20 times as long per operation as at 32, and takes 1.1 times; tests/unit/test_jit_sizes.c counts it) and by training
 * examples/robust.grad (NEST_MIN_PLAIN_SUM: no slower than without mulz).
 *
 * Then each was halved and doubled by itself. Given is the CPU time in percent of that with the number below, the two run in turns on a
 * busy machine, whose readings scatter by some 10 %; what is not named makes the same code. Training of robust, net and
 * coordinatewise.grad; adam on image_mlp(n = 96, pixels = 48, hidden = 24), tiny_transformer(length = 16, width = 24) and
 * convolution_net(size = 16, filters = 4); and in C by gcc -O2 -march=native the gradients of image_mlp, the transformer and
 * robust_regression(d = 7).
 *
 *     NEST_MIN_LANE_SUM      24 against 12: transformer 98, convolution 102
 *     NEST_MIN_LANES          2: training 98 to 100, image_mlp 105, in C 201; transformer in C 48
 *                            10: convolution 103, robust_regression in C 54
 *     NEST_MAX_ACCUMULATORS  12: training 96 to 99, image_mlp 89, in C 52; transformer 82, convolution 107
 *                            48: training 110 to 114, image_mlp 113, transformer 110, convolution 103
 *     NEST_FEW_ACCUMULATORS   4: 97 to 102       16: net 106, transformer 102
 *     NEST_MAX_BODY          80: 97 to 105      320: 96 to 103
 *     NEST_MAX_UNROLL         4: the same        16: robust 102, net 100, transformer 93
 *     NEST_MAX_INNER          2: 99 to 108        8: 98 to 102
 *     NEST_MAX_INNER_BODY    24: the same        96: net 101
 *     NEST_MAX_KERNEL       120: 102 to 104     480: 96 to 97, and LLVM takes more than twice as long
 *
 *     NEST_LONG_REDUCTION     4: robust 105, net 98, image_mlp 102, in C 96, transformer 103
 *
 * From NEST_MAX_BODY on: without the convolution, coordinatewise.grad and other C. So lanes and accumulators matter and the rest does
 * not; 24 accumulators are what products of matrices want, 12 were better for the two networks. The costs are chosen, not measured. */
#ifndef GRADUS_NEST_LIMITS_H
#define GRADUS_NEST_LIMITS_H

#include <stdint.h>

enum {
	/* points of a reduction that is summed in lanes: a shorter one is not worth the tree at its end. Of rows of 8 sums, which are added up
	 * together (llvm_tree.c), 7 points take as many instructions in lanes as one by one: test_jit_sizes counts them. */
	NEST_MIN_LANE_SUM = 7,
	/* of lanes that count; fewer are done one by one */
	NEST_MIN_LANES = 5,
	/* registers of 64 bytes that the two numbers below are meant for; with fewer, both are less in proportion */
	NEST_REGISTERS = 32,
	/* registers for accumulators: lanes of f64 take two each. So many hide the latency of an addition; with fewer, tiles are tried
	 * that do not divide the extent */
	NEST_MAX_ACCUMULATORS = 24,
	NEST_FEW_ACCUMULATORS = 8,
	/* registers for accumulators and the vectors that all of them are combined with: the others are for what changes from row to row */
	NEST_MAX_LIVE = 28,
	/* statements while two additions, one after the other, are done: a loop with fewer has several sums */
	NEST_CHAIN = 16,
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
 * reduction at its end; of telling in which lanes a condition holds. */
static const double nest_strided = 24, nest_lane_tree = 16, nest_live_test = 3;
/* what lanes may cost, of one by one */
static const double nest_lanes_least = 0.7;
/* by how much a tile has to be better than another, and than none where no accumulator goes through a loop */
static const double nest_tile_gain = 1.02, nest_tile_alone = 1.2;
/* sizes of tiles that leave something over */
static const uint32_t nest_uneven_tiles[] = {2, 3, 4, 6, 8, 12, 16, 24};

#endif
