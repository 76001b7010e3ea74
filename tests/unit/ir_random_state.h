/* What ir_random.h goes by: the random numbers of a seed, extents, and the values that there are so far. */
#ifndef GRADUS_TESTS_IR_RANDOM_STATE_H
#define GRADUS_TESTS_IR_RANDOM_STATE_H

#include "ir/build.h"

typedef struct RandomIr {
	uint64_t state;
	IrFunc *func;
	IrBuilder b;
	IrScalar real;
	bool lanes; /* some values have a lane axis */
	IrValue values[64];
	int count;
	IrValue picks;  /* int[5]: any integers */
	IrValue places; /* int[5]: 0, 1 or 2, but for arguments that are made to fail */
	IrValue turn;   /* the counter of the loop around, or 0 */
} RandomIr;

enum { RANDOM_POINTS = 3000 /* of one operation, about */ };

static inline uint32_t random_below(RandomIr *r, uint32_t limit) {
	r->state = r->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((r->state >> 33) % limit);
}

static inline bool random_chance(RandomIr *r, uint32_t percent) {
	return random_below(r, 100) < percent;
}

static inline IrDim random_extent(RandomIr *r) {
	static const IrDim extents[] = {1, 2, 3, 3, 5, 5, 17};
	if (random_chance(r, 1))
		return 0;
	return extents[random_below(r, 7)];
}

/* The extents of `count` indices: few points in all. */
static inline void random_extents(RandomIr *r, uint32_t count, IrDim *extents) {
	double points = 1;
	for (uint32_t i = 0; i < count; i++) {
		extents[i] = random_extent(r);
		if (count > 4 || points * (double)extents[i] > (double)RANDOM_POINTS)
			extents[i] = 1 + (IrDim)random_below(r, 2);
		points *= (double)extents[i];
	}
}

static inline void random_keep(RandomIr *r, IrValue value) {
	if (r->count == 64)
		r->values[random_below(r, 64)] = value;
	else
		r->values[r->count++] = value;
}

#endif
