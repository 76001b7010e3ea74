/* limits of runtime/engine, and why. */
#ifndef GRADUS_ENGINE_LIMITS_H
#define GRADUS_ENGINE_LIMITS_H

enum {
	/* ranks.c: bytes that all ranks together give one another in one call, as MPI counts them in int. Chosen: large enough that no
	 * training comes near it, and a quarter of what there could be. */
	RANKS_MOST_AT_ONCE = 1 << 29
};

#endif
