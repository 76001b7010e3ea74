/* Private to elab_range.c and range_*.c: the search for the ranges of fresh indices.
 *
 *     elab_range.c        which indices there are, what is said if no range is found
 *     range_uses.c        reads in which they occur
 *     range_try.c         what expressions are worth in which they do not
 *     range_solve.c       from reads to ranges */
#ifndef GRADUS_RANGE_H
#define GRADUS_RANGE_H

#include "frontend/meaning/elab.h"

typedef struct RangeUnknown {
	const Symbol *symbol; /* NULL: its name could not be read */
	AstName name;
	bool ours;   /* its range is asked for; otherwise it is an index of a reduction inside */
	bool inside; /* of a position: no range can be stated for it */
	bool known;
	bool may_be_empty;    /* where a stated range may hold nothing */
	bool wrong;           /* no range can be had for it, which was reported */
	bool differs_by_turn; /* the range follows from the counter of a loop, so every turn has its own */
	int64_t low, high;    /* half-open */
	int64_t axis;         /* the extent as a dimension (maybe DIM_X) if it runs over a whole axis */
	Span reason;          /* where that range is from */
} RangeUnknown;

typedef struct RangeTerm {
	uint32_t unknown;
	int64_t coef;
} RangeTerm;

typedef struct RangeUse {
	Span span;
	bool plain;     /* written as the index alone: not what comes out so for some sizes, such as `k + i` where k is 0 */
	int64_t extent; /* of the axis, maybe DIM_X */
	VEC(RangeTerm) terms;
	int64_t low, high; /* the rest lies between these */
	Exs open;          /* parts of it that are not known */
} RangeUse;

typedef struct RangeSearch {
	Elab *e;
	VEC(RangeUnknown) unknowns;
	NameMap by_symbol; /* 1 + the number of the unknown that is this symbol */
	VEC(RangeUse) uses;
	VEC(RangeUse) unchosen_uses; /* in arms that are known not to be chosen: they tell only what nothing else does */
	uint32_t unchosen;           /* such arms around the walk */
	Diags tried_errors;          /* what was wrong with arrays whose shapes might have told a range */
	bool source_wrong;           /* something that might have told a range is in error, which was reported */
} RangeSearch;

/* range_uses.c */
void elab_range_add(RangeSearch *s, RangeUnknown u);
/* From the `first` on, they are indices whose ranges are looked for. */
void elab_range_see(RangeSearch *s, uint32_t first);
bool elab_range_mentions(const RangeSearch *s, const AstExpr *x); /* one of them, at any depth */
void elab_range_uses(RangeSearch *s, const AstExpr *x);           /* adds the uses in x */

/* range_try.c: of expressions that mention no unknown index */
Value *elab_range_try(RangeSearch *s, const AstExpr *x); /* BAD if it has errors, which are kept in s->tried_errors */
int elab_range_try_shape(RangeSearch *s, const AstExpr *x, int64_t *dims); /* the rank; -1: no array */
bool elab_range_try_static(RangeSearch *s, const AstExpr *x, int64_t *out);
/* A condition; NULL if an unknown index decides it. */
Value *elab_range_try_condition(RangeSearch *s, const AstExpr *x);

/* range_solve.c */
void elab_range_solve(RangeSearch *s, bool from_zero);

#endif
