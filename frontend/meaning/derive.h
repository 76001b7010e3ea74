/* What the two parts of derivatives in programs share: elab_derivative.c makes them, elab_dependence.c finds out beforehand, while
 * programs are typed, what depends on what. */
#ifndef GRADUS_FRONTEND_DERIVE_H
#define GRADUS_FRONTEND_DERIVE_H

#include "frontend/meaning/elab.h"
#include "ir/core/walk.h"

/* A derivative that is being made. */
typedef struct Derive {
	Elab *e;
	const Builtin *b;
	const AstExpr *x;
	Value *of, *by;         /* both read an array of the IR: */
	IrValue end, start;     /* these */
	Var *rows[IR_MAX_RANK]; /* indices around that only `of` has */
	uint32_t row_count;
	IrSlice slice;
	bool
		evaluates; /* the piece evaluates the objective of a rule, so that the derivative is put off until that is known */
	IrValue when; /* then: what it counts under; 0: always */
} Derive;

/* While typing, with `of` and `by` as arrays: notes what the derivative goes through. False: something has to be known that only turns that
 * are written out know; reported. */
bool elab_derivative_typed(Derive *d);

/* An error: what is differentiated depends on earlier turns of a loop around. */
void elab_derivative_open(Derive *d);

#endif
