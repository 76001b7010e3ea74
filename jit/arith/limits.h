/* limits of what arithmetic is rewritten. */
#ifndef GRADUS_ARITH_LIMITS_H
#define GRADUS_ARITH_LIMITS_H

enum {
	/* reciprocal.c: definitions that a divisor is followed through to prove it large. 3 are enough for all 199 programs of the library, the
	 * examples and tests/run; 6 and 24 change none of them. */
	ARITH_PROOF_DEPTH = 12
};

/* reciprocal.c: a divisor of at least this magnitude is not small: its reciprocal is far from overflow, and so is the product of that
 * with whatever is not itself as large as 2^67 (f32). */
static const double arith_least_divisor = 0x1p-60;

#endif
