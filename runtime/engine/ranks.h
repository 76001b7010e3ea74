/* ranks: how the processes of one mpirun meet. Private to runtime/engine; what others may ask is in engine.h.
 *
 * All ranks run the whole program and come to the same meetings in the same order: to give one another the results of items, to wait
 * for one another, to end. A meeting begins with a note of each rank to all, in which it says where it is; so a rank that has
 * ended is missed at once, and an interrupt is known to all at the same place of the program. */
#ifndef GRADUS_RUNTIME_RANKS_H
#define GRADUS_RUNTIME_RANKS_H

#include "runtime/engine/engine.h"

/* ---- wire.c: bytes between processes ---- */

typedef struct RtWire RtWire;
struct RtWire {
	int count, number; /* of processes; of this one */
	/* everyone: `bytes` of each, one after the other */
	void (*all)(const RtWire *wire, const void *mine, int bytes, void *everyone);
	/* The same where each has as much as `sizes` say, which goes to `places`. */
	void (*all_of)(const RtWire *wire, const void *mine, void *everyone, const int *sizes, const int *places);
	void (*end)(const RtWire *wire);
	void *own;
};

/* Only where mpirun has started this process. NULL and a message in *why (in `arena`) if that cannot be. */
RtWire *rt_wire_open(Arena *arena, const char **why);

/* ---- ranks.c ---- */

/* Gives `mine` to all ranks. Returns what all have given, one rank after the other, in memory of the ranks that lasts until the next
 * meeting; ends[k] is where that of rank k ends. what: the same for all, or this is our fault. */
const char *rt_ranks_gather(RtRanks *ranks, uint64_t what, const Text *mine, const size_t **ends);
/* Items are under way, which an interrupt of this process alone may cut short: then all give up what came of them. */
void rt_ranks_working(RtRanks *ranks, bool working);
/* Has one been interrupted? As of the last meeting; while items are under way, as of now. */
bool rt_ranks_stopped(const RtRanks *ranks);
void rt_ranks_mind(RtRanks *ranks, const volatile sig_atomic_t *interrupted);

#endif
