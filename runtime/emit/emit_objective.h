/* emit_objective: an objective on its way to C. Private to runtime/emit/emit_objective*.c. */
#ifndef GRADUS_EMIT_OBJECTIVE_H
#define GRADUS_EMIT_OBJECTIVE_H

#include "runtime/emit/emit_pack.h"

enum { GOLDEN_POINTS = 4 };

typedef struct ObjectivePack {
	Pack *pack;
	const FeObjective *objective;
	IrFunc *value;       /* (fixed..., x) -> f */
	IrFunc *gradient;    /* (fixed..., x) -> f, g */
	const char **fields; /* C names of the fixed values */
	const char **slots;  /* and of the parameters */
	IrTensor *fixed;     /* of problem 0 */
	IrTensor start;      /* of problem 0 */
	double *values;      /* [GOLDEN_POINTS]: at the start and around it, computed with the gradient ... */
	double *alone;       /* ... and without, which may round otherwise */
	double *gradients;   /* [GOLDEN_POINTS][N] */
	PackScope *scope;    /* for templates */
	bool has_instance;   /* there is data, or the start is drawn: @_instance.h */
} ObjectivePack;

/* Fills what is known of problem 0, by the evaluator. false with a diagnostic. */
bool pack_objective_golden(ObjectivePack *o);
void pack_objective_instance(ObjectivePack *o);
void pack_objective_test(ObjectivePack *o);
void pack_objective_example(ObjectivePack *o);

#endif
