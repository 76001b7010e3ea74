/* arith: rewrites of a private copy of a function, before its mathematics is expanded: sums of products become fma, divisions by
 * one divisor become products. Only the default mode does this; --strict keeps what is written. */
#ifndef GRADUS_ARITH_H
#define GRADUS_ARITH_H

#include "ir/ir.h"

/* Per FOR, in order: bit p if put p (of the first 32) adds up products that its accumulator may fuse. */
typedef VEC(uint32_t) ArithProducts;

/* ---- contract.c ---- */

/* Forms fma where products are added, and shares divisions. *products: where fusing was left to accumulators. */
void arith_contract(IrFunc *copy, ArithProducts *products);

/* ---- reciprocal.c ---- */

/* The nodes of `f` with divisions by shared divisors made products; to[i] receives where node i went. Positions still have
 * the old numbers. */
void arith_reciprocals(Arena *arena, const IrFunc *func, IrFor *f, IrNode **nodes, uint32_t *count, uint32_t *to);

#endif
