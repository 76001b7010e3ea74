/* Sums of products: what hoist.c and compose.c share. Private to ir/pass. */
#ifndef GRADUS_IR_HOIST_H
#define GRADUS_IR_HOIST_H

#include "ir/pass/limits.h"
#include "ir/pass/rewrite.h"

typedef struct Factor {
	uint32_t node;
	bool inverse; /* divides */
} Factor;

typedef struct Product {
	Factor factors[PASS_FACTORS];
	uint32_t count;
	bool negative;
} Product;

/* Splits a put's body into the factors of a product; false if there are too many. */
bool pass_collect_factors(const IrFor *f, uint32_t number, bool inverse, Product *product);

/* Appends `op`, a FOR of the function that b builds and in no block now, or what is cheaper, to b->block. outs: one
 * value per put. */
void pass_hoist_place(IrBuilder *b, Arena *scratch, IrOp *op, IrValue *outs);

/* One sum as an inner sum of some factors and an outer sum of the others times it. */
typedef struct Split {
	uint32_t inner;     /* factors of the inner sum, as bits; 0: indices that nothing mentions */
	uint32_t inner_set; /* its indices */
	uint32_t inner_out; /* those that its result keeps */
	uint32_t outer_set; /* indices of the outer sum */
	double gain;        /* FLOPs saved; 0: no such split */
} Split;

#endif
