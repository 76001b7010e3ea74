/* Private to elab_draw.c and elab_draw_counts.c: one draw, as its distribution makes it of random numbers. */
#ifndef GRADUS_DRAW_H
#define GRADUS_DRAW_H

#include "frontend/meaning/elab.h"

typedef struct Draw {
	Elab *e;
	Value **args;
	Ex *a, *b; /* the bodies of the arguments; NULL: left out */
	Ex *u;     /* the random number, f64; NULL: the distribution makes its own */
	Name name;
	DrawKey key;
	Ex *number;         /* of the element */
	int64_t count;      /* of elements */
	const Value *shape; /* of what is drawn, whose variables the bodies follow */
	Var *category;      /* which weight `a` is; NULL: the distribution has none */
	DrawCheck check;
	Span span;
} Draw;

/* ---- elab_draw_counts.c: whole numbers whose probabilities are added up until the random number is reached ---- */

Ex *elab_draw_poisson(const Draw *d);
Ex *elab_draw_binomial(const Draw *d);
Ex *elab_draw_categorical(const Draw *d);

#endif
