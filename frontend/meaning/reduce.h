/* Private to elab_reduce.c, elab_statistic.c and elab_order.c: what a reduction reaches over. */
#ifndef GRADUS_REDUCE_H
#define GRADUS_REDUCE_H

#include "frontend/meaning/elab.h"

typedef struct Domain {
	Var *vars[IR_MAX_INDICES];
	uint32_t count;
	Exs conds;   /* >= 0 */
	Ex *filter;  /* what the conditions say beyond that; NULL: nothing */
	int64_t low; /* where the only index starts, from which argmax and argmin count */
} Domain;

/* ---- elab_reduce.c ---- */

Ex *elab_point_count(Elab *e, const Domain *d, Value *shape, Span span); /* as a real */
/* Combines `body` over the domain; where the filter does not hold, the neutral number stands for it. */
Value *elab_reduce_plain(Elab *e, IrCombine combine, const Domain *d, Value *shape, Ex *body, Ex *neutral, Span span);
Value *elab_with_body(Elab *e, const Value *v, Scalar scalar, Ex *body); /* v with another body */

/* ---- elab_statistic.c, elab_order.c: of a body that costs nothing to read twice ---- */

Value *elab_variance(Elab *e, const Domain *d, Value *shape, Ex *body, Span span);
Value *elab_median(Elab *e, const Domain *d, Value *shape, Ex *body, Span span);

#endif
