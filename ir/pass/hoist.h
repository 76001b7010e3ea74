/* What hoist.c, hoist_view.c and compose.c share: operations looked at, and sums of products. Private to ir/pass. */
#ifndef GRADUS_IR_HOIST_H
#define GRADUS_IR_HOIST_H

#include "ir/pass/limits.h"
#include "ir/pass/rewrite.h"

/* ---- hoist_view.c ---- */

/* An operation of the new function, looked at. */
typedef struct View {
	const IrFunc *func;
	const IrFor *f;
	Arena *scratch;
	uint32_t *sets;  /* per node: the indices it depends on */
	double *costs;   /* per node: of what it needs; a bound from above, where parts are used twice */
	bool *movable;   /* per node: no read that it needs is guarded */
	bool *in_box;    /* per node: its reads are inside their bounds even where the conditions fail */
	bool *proved;    /* per node: none of its reads is checked when the code runs */
	uint32_t domain; /* all indices */
	uint32_t tested; /* those that conditions mention */
} View;

int pass_set_size(uint32_t set);
/* Of the box of the indices in `set`. */
double pass_domain_points(const IrFor *f, uint32_t set);
/* One pass over the nodes, each after what it needs. */
View pass_look(const IrFunc *func, Arena *scratch, const IrFor *f);
/* What is computed over the indices of `set` alone, under the conditions that mention no others, stays inside of its bounds. in_box,
 * proved: of its nodes, as in View. */
bool pass_stands_over(const View *view, bool in_box, bool proved, uint32_t set);
/* FLOPs, reads and writes of pieces counted as such, of the puts that are not taken and of the pieces (`hoisted` nodes) they read. */
double pass_counted_cost(const View *view, const bool *taken, const bool *hoisted);
/* Sets hoisted[n] for nodes that become pieces, so that the whole costs less than with any of them left where it is. */
void pass_choose_pieces(const View *view, const bool *taken, bool *hoisted);

/* ---- hoist.c ---- */

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
