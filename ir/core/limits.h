/* limits: how far proofs about positions and numbers of values go before they give up, which is always safe.
 *
 * Measured by the loops that become of the 199 programs of the library, the examples and tests/run: each was made smaller and larger
 * by itself. Given is what is needed; from there on up to twice the number that stands here nothing changes. */
#ifndef GRADUS_IR_CORE_LIMITS_H
#define GRADUS_IR_CORE_LIMITS_H

#include <stdint.h>

enum {
	/* bounds.c: symbols and nodes in one affine form (2 are needed) */
	IR_PROOF_TERMS = 12,
	/* bounds.c: definitions that the range of a number is followed through, one in the other (4 are needed; 2 are too few for the
	 * problems of a batch) */
	IR_PROOF_DEPTH = 8,
	/* bounds.c: conditions that are combined in one proof (1 is needed). The work grows as the number of conditions to this power. */
	IR_PROOF_CONDITIONS = 2,
	/* hand_on.c: nodes and values that are looked at from one place where a step ends (chosen, not measured) */
	IR_HAND_ON_VISITS = 1000,
	/* apart.c: points of a domain that are walked over one by one (none of these programs needs it: strides and tables of users may),
	 * and elements that are marked meanwhile. A walk takes less than a millisecond. */
	IR_WALKED_POINTS = 1 << 16,
	IR_WALKED_ELEMENTS = 1 << 20
};

/* bounds.c: sums of larger numbers are not looked at: far below where 64 bits wrap, far above what memory can hold. */
static const int64_t ir_proof_largest = INT64_C(1) << 50;

#endif
