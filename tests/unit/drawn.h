/* Numbers at random for tests, the same in every run; `state` counts them. */
#ifndef GRADUS_TESTS_DRAWN_H
#define GRADUS_TESTS_DRAWN_H

#include "ir/ir.h"

#include <string.h>

static inline uint64_t draw(uint64_t *state) {
	uint64_t out[2];
	random_threefry((uint64_t[2]){7, 11}, (uint64_t[2]){(*state)++, 0}, out);
	return out[0];
}

/* In [0, 1). */
static inline double unit(uint64_t *state) {
	return (double)(draw(state) >> 11) * 0x1p-53;
}

/* A number of any bits: also infinite, NaN, denormal. */
static inline double any_bits(uint64_t *state, IrScalar type) {
	uint64_t bits = draw(state);
	double wide;
	float narrow;
	memcpy(&narrow, &bits, sizeof narrow);
	memcpy(&wide, &bits, sizeof wide);
	return type == IR_F32 ? (double)narrow : wide;
}

#endif
