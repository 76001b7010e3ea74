/* limits: what derivatives take for worth it.
 *
 * Measured by the meta-gradient of examples/robust.grad against one by hand: saving costly values brought 2.15 times its time
 * to 1.95. A quarter and four times as much of AD_KEEP_FLOPS and AD_KEEP_BYTES, and 0 and 12 for AD_CHEAP_FLOPS, change the CPU time of
 * training there and in net and coordinatewise.grad by less than the readings scatter on a busy machine (75 to 165 %). AD_GROUP_PUTS is
 * chosen, not measured. */
#ifndef GRADUS_AD_LIMITS_H
#define GRADUS_AD_LIMITS_H

enum {
	/* keep.c: FLOPs per element from which on a value of a loop's body is saved for its adjoint. That is doubled until all
	 * stacks of a loop fit into AD_KEEP_BYTES per problem (16 problems in lanes are half of a usual second-level cache); where
	 * it passes AD_KEEP_MOST_FLOPS, nothing is saved. */
	AD_KEEP_FLOPS = 8,
	AD_KEEP_MOST_FLOPS = 1 << 20,
	AD_KEEP_BYTES = 32 << 10,
	/* reverse_for.c: cotangents that one op puts; FLOPs per point of a body that is rather computed again than shared through
	 * memory */
	AD_GROUP_PUTS = 12,
	AD_CHEAP_FLOPS = 3,
	/* reached.c: how often what is assumed of the carries of loops is corrected; then nothing is assumed any more, which is safe. 2 are
	 * needed by all programs of the library. */
	AD_REACHED_ROUNDS = 8
};

#endif
