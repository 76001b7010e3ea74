/* What a lab is made of. Private to runtime/search. */
#ifndef GRADUS_SEARCH_LAB_H
#define GRADUS_SEARCH_LAB_H

#include "runtime/inner/frame.h"
#include "runtime/search/search.h"

enum { SEARCH_REGISTERS = SEARCH_FIRST_RESULT + SEARCH_MOST_NODES };

struct SearchLab {
	Rt *rt;
	Task *task;
	const FeHole *hole;
	int rate;
	double rate_low, rate_high;    /* as the rule states; else 0, infinity */
	double *theta;                 /* learned numbers stay where they start; NULL: there are none */
	IrDim rows;                    /* elements of the hole */
	bool wide[SEARCH_MOST_LEAVES]; /* per operand: as many as the hole has; else one */
	bool by_coordinate;            /* the hole has an axis */
	bool rate_at_start;            /* states begin with what depends on the rate */
	RtCode *begin, *turn, *move;
	RtCode *kernels[FE_OPERATORS][2][2]; /* by whether its operands are wide; NULL: not needed yet */
	size_t arena_bytes;                  /* that a call needs */
};

/* turn.c: functions for one problem, with lanes over rates. */

/* (problem, x, horizon, hypers, theta) -> x, f, validate, g, states, operands of the first step */
IrFunc *search_build_begin(SearchLab *lab);
/* (problem, x, f, g, states, t, horizon, hypers, theta, hole) -> the same, of the next step */
IrFunc *search_build_turn(SearchLab *lab);
/* The same -> x: where the step goes. */
IrFunc *search_build_move(SearchLab *lab);

/* kernel.c: an operation on operands that are wide or not. */
IrFunc *search_build_kernel(SearchLab *lab, FeOperator op, bool wide_a, bool wide_b);
size_t search_kernel_bytes(const SearchLab *lab);                    /* scratch that a kernel may need */
bool search_kernel_is_wide(FeOperator op, bool wide_a, bool wide_b); /* its result */

#endif
