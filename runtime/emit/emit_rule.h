/* emit_rule: a rule on its way to C. Private to runtime/emit/emit_rule*.c. */
#ifndef GRADUS_EMIT_RULE_H
#define GRADUS_EMIT_RULE_H

#include "runtime/emit/emit_objective.h"

typedef struct PackState {
	const char *name;      /* as in the program */
	const char *type;      /* in C */
	IrType shape;          /* a negative extent is the number of coordinates */
	const char *c, *new_c; /* what variables for it, and for what replaces it, are called */
} PackState;

typedef struct RulePack {
	Pack *pack;
	const FeRule *rule;
	bool joint;          /* one flat vector instead of tensor by tensor */
	bool evaluates;      /* a step asks for the objective at other places */
	bool blocks;         /* no coordinate sees another: worked through in pieces that stay in the cache */
	IrFunc *init;        /* NULL without states */
	IrFunc *step;        /* all sums known: -> x, states... */
	IrFunc *once;        /* what the step needs alike for all coordinates; NULL if nothing */
	IrFunc *move;        /* the step, with the results of `once` as further parameters */
	IrFunc *next;        /* the step -> x, states..., f and g there; NULL: it never knows them */
	IrFunc **shares;     /* per collective: the sums before it known -> share */
	const char **hypers; /* C names */
	const char **alike;  /* C names of the results of `once` */
	VEC(PackState) states;
	double *theta;         /* [P] */
	bool weights_apart;    /* theta stands in a unit of its own */
	bool by_shape;         /* for these tensors in this order, seen as one flat vector */
	FeTarget target;       /* by_shape: they */
	int64_t tied;          /* so many coordinates and no others; 0: any number */
	int64_t horizon;       /* unless the user says otherwise */
	uint64_t model;        /* which rule a saved state belongs to */
	uint32_t tensor_count; /* of the self-test's problem, and their sizes */
	const size_t *tensors;
	ObjectivePack *on; /* the objective in its step, of a rule that differentiates it; or NULL */
	PackScope *scope;  /* for templates */
} RulePack;

/* The self-test's problem: tensors of several sizes, a quadratic in each coordinate, its parameters and values exact. */
typedef struct Golden {
	int64_t total;    /* coordinates in all */
	double *first;    /* [total] after step 1 */
	double *last;     /* [total] after the last step */
	double *losses;   /* [GOLDEN_STEPS + 1]: before every step, and at the end */
	int64_t asked;    /* evaluations elsewhere, of all steps */
	int64_t asked_on; /* the same where every step hands on to the next */
} Golden;

/* An element count as a C expression over the size_t `n`: "n * 3". */
const char *pack_rule_count(const RulePack *r, IrType shape, const char *n);
/* Is it a number, whatever n is? */
bool pack_rule_is_fixed(IrType shape);

/* emit_rule_on.c: a rule that differentiates its objective, which is in its step. NULL with a diagnostic. */
FeRule *pack_rule_on(Rt *rt, IrModule *module, const FeCall *call, RulePack *r);
void pack_rule_give_data(const RulePack *r, IrByRole *given); /* the objective's data as expressions of C */
void pack_rule_add_on(const RulePack *r, PackScope *scope);
void pack_rule_beside(RulePack *r); /* the objective's own files, if there is one */

void pack_rule_once(RulePack *r);                /* emit_rule_once.c: sets once and move */
void pack_rule_scope(RulePack *r);               /* emit_rule_scope.c: sets scope, when all else is known */
bool pack_rule_golden(RulePack *r, Golden *out); /* emit_rule_golden.c: by the evaluator. false with a diagnostic */
void pack_rule_header(RulePack *r);              /* emit_rule_source.c: the files */
void pack_rule_source(RulePack *r);
void pack_rule_test(RulePack *r, const Golden *golden);
void pack_rule_example(RulePack *r);
void pack_rule_readme(RulePack *r);

#endif
