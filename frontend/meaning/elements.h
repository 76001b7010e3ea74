/* Private to elab_assign.c and elab_scatter.c: elements of an array that are being replaced, `h[k, j, 2..5] <- e`. */
#ifndef GRADUS_ELEMENTS_H
#define GRADUS_ELEMENTS_H

#include "frontend/meaning/elab.h"

typedef struct Elements {
	Binding *bound;
	const AstExpr *target;
	const AstItems *items; /* what stands between the brackets */
	Span span;
	int axis;      /* over the coordinates of x, which `each` runs over; -1: none */
	Indices found; /* indices that are declared there */
	bool inside;   /* one of them inside of a position, as in `s[target[e]]` */
	Ex *at[IR_MAX_RANK];
	Value rest;             /* the shape of what is assigned: whole axes and slices ... */
	Var *kept[IR_MAX_RANK]; /* ... and their variables, ... */
	int kept_axis[IR_MAX_RANK];
	Ex *kept_low[IR_MAX_RANK]; /* ... and the axes of the array that these run along, from where on */
	bool guard;                    /* a position is inside by a condition only */
} Elements;

/* The variables of the op that puts elements: its own, and those around it. */
typedef struct Placing {
	Var *own[IR_MAX_INDICES], *outer[IR_MAX_RANK];
	uint32_t own_count, outer_count;
} Placing;

/* ---- elab_assign.c ---- */

/* What is put at each element, of the array's scalar type; NULL with a diagnostic: `r` does not fit. */
Ex *elab_element_body(Elab *e, const Elements *to, Value *r);
/* body: what is put. false with a diagnostic: it differs between coordinates, and the array does not. */
bool elab_place_elements(Elab *e, const Elements *to, Ex *body, Placing *out);
/* `into` with `body` put at the elements. */
IrValue elab_put_elements(Elab *e, const Elements *to, const Placing *p, IrCombine combine, Ex *body, IrValue into);
/* Puts `r` there, each element once. */
void elab_replace_elements(Elab *e, const Elements *to, Value *r);

/* ---- elab_scatter.c ---- */

/* Assigns the value of `x` (or `given`, where that is known) to elements whose positions are values, and may repeat. */
void elab_scatter(Elab *e, const Elements *to, const AstExpr *x, Value *given);

#endif
