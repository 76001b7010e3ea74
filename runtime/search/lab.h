/* What a lab is made of. Private to runtime/search. */
#ifndef GRADUS_SEARCH_LAB_H
#define GRADUS_SEARCH_LAB_H

#include "runtime/inner/frame.h"
#include "runtime/search/search.h"

enum { SEARCH_REGISTERS = SEARCH_FIRST_RESULT + SEARCH_MOST_SIZE };

/* What holds for the holes that have as many elements: the operations on these. */
typedef struct SearchShape {
	IrDim rows;
	bool by_coordinate;                  /* it has an axis */
	RtCode *kernels[FE_OPERATORS][2][2]; /* by whether its operands are wide; NULL: not needed yet */
} SearchShape;

struct SearchLab {
	Rt *rt;
	Task *task;
	const FeHole *hole; /* the first */
	int holes;
	int rate;
	double rate_low, rate_high; /* as the rule states; else 0, infinity */
	double *theta;              /* where learned numbers start, as they are trained; NULL: there are none */
	int learned;                /* numbers of `learn` that are fitted: all there are, or none */
	const FeLimits *limits[SEARCH_MOST_LEARNED]; /* of these */
	SearchShape shapes[SEARCH_MOST_HOLES];
	int shape_of[SEARCH_MOST_HOLES];                          /* per hole */
	uint32_t first_operand[SEARCH_MOST_HOLES + 1];            /* among those of the step */
	bool wide[SEARCH_MOST_HOLES * SEARCH_MOST_LEAVES];        /* per leaf: as many as its hole has; else one */
	bool rate_at_start;                                       /* states begin with what depends on the rate */
	RtCode *begin, *turn, *move, *between[SEARCH_MOST_HOLES]; /* between[h]: from hole h - 1 to hole h */
	size_t arena_bytes;                                       /* that a call needs */
};

/* learned.c: numbers of `learn`, as they are trained and as the rule uses them; how far one is moved when it is fitted, as it is trained; and with so
 * many digits, unless that is on a limit. */
double search_learned_natural(const FeLimits *limits, double trained);
double search_learned_trained(const FeLimits *limits, double natural);
double search_learned_spread(const FeLimits *limits, double trained);
double search_learned_rounded(const FeLimits *limits, double natural, int digits);
void search_lab_see_learned(SearchLab *lab); /* which of them are fitted */

IrDim search_lab_rows(const SearchLab *lab); /* lab.c: elements of the largest hole */

/* run.c: a run that goes where another one went. The rule's rate is 1, and in the place of its only hole stands x[t] - x[t + 1]. */
typedef struct SearchFollowed {
	int steps, horizon;
	const double *x; /* [steps + 1][size]: where that run was */
	double *
		operands; /* [steps][SEARCH_MOST_LEAVES][size]: of each step; what is one number is the same for all coordinates */
} SearchFollowed;

/* false: it does not go there, so what stands in the hole is not the step. */
bool search_follow(const SearchLab *lab, SearchBench *bench, const ProblemBlock *problem, SearchFollowed *run);

/* turn.c: functions for one problem, with lanes over rates. */

/* (problem, x, horizon, hypers, theta) -> x, f, validate, g, states, operands of the first step */
IrFunc *search_build_begin(SearchLab *lab);
/* (problem, x, f, g, states, t, horizon, hypers, theta, hole) -> the same, of the next step */
IrFunc *search_build_turn(SearchLab *lab);
/* The same -> x: where the step goes. */
IrFunc *search_build_move(SearchLab *lab);

/* The same with the holes before `hole` -> its operands. */
IrFunc *search_build_between(SearchLab *lab, int hole);

/* kernel.c: an operation on operands that are wide or not. */
IrFunc *search_build_kernel(SearchLab *lab, const SearchShape *shape, FeOperator op, bool wide_a, bool wide_b);
size_t search_kernel_bytes(const SearchLab *lab);                    /* scratch that a kernel may need */
bool search_kernel_is_wide(FeOperator op, bool wide_a, bool wide_b); /* its result */

#endif
