/* limits: where passes stop, and what they take for worth it.
 *
 * Measured by the CPU time of training the rules of examples/robust, net and coordinatewise.grad, and of their compilation:
 * half and twice PASS_INLINE_NODES change neither by more than the measurement's scatter on a busy machine (75 to 165 %). PASS_LARGE_FUNCTION: by
 * memory per statement of straight-line programs. All others are chosen, not measured: they follow from what is said of them. */
#ifndef GRADUS_IR_LIMITS_H
#define GRADUS_IR_LIMITS_H

enum {
	/* inline.c: nodes of a body that a costly producer is still put into */
	PASS_INLINE_NODES = 160,
	/* share.c: how many operations back one looks for another; nodes and puts of what they become (each put keeps an accumulator
	 * or an address busy) */
	PASS_SHARE_WINDOW = 48,
	PASS_SHARE_NODES = 400,
	PASS_SHARE_PUTS = 16,
	/* compose.c: contributions to one sum that are followed */
	PASS_COMPOSE_LINKS = 16,
	/* hoist.c, compose.c: factors of one product (sets of them are bits of 32); pieces of pieces */
	PASS_FACTORS = 16,
	PASS_HOIST_DEPTH = 12,
	/* scatter.c: points that one place gets, of those that are summed up first: what is summed up is written and read once more */
	PASS_SCATTER_POINTS = 8,
	/* pass.c: values and nodes from which on a function has its passes in memory of their own */
	PASS_LARGE_FUNCTION = 2000,
	/* count.c: points under conditions that are counted one by one, along all indices that they tie together but the longest */
	PASS_COUNTED_POINTS = 10000,
	/* simplify.c: slots of the table of operations that were seen: as many as a long program has, so that few share one */
	PASS_SEEN_SLOTS = 1 << 10,
	/* what an extent counts as that is known only when code runs */
	PASS_SYMBOL = 1000
};

/* scatter.c: how much more a sum may cost without its conditions: a triangle is half of its square */
static const double pass_scatter_box = 2.5;
/* share.c: what has to be common: FLOPs per point, and as a share of the operation's own cost */
static const double pass_share_flops = 3, pass_share_part = 0.25;
/* reuse.c: FLOPs of a piece that is rather read than computed again: about an exponential */
static const double pass_reuse_flops = 8;
/* hoist.c and compose.c: what split sums, and sums that were composed and split anew, may cost as a share of what they did */
static const double pass_split_least = 0.9, pass_compose_least = 0.95;
/* hoist.c: what reading a number that is stored narrower counts as (bench batch: a layer of 32 on 64 of 10,000 images takes 1.4 times as
 * long if it converts at every use) */
static const double pass_convert_flops = 2;
/* hoist.c: FLOPs per element that a piece of its own costs for being written and read, and per point that reads it */
static const double pass_piece_write = 2, pass_piece_read = 0.5;

#endif
