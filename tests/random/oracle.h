/* What the files of the oracle share. An element of an array is 1 + n doubles: the value, then its derivative with respect to
 * every coordinate. Whole numbers and truth values are doubles, too, and exact. */
#ifndef GRADUS_TESTS_RANDOM_ORACLE_H
#define GRADUS_TESTS_RANDOM_ORACLE_H

#include "program.h"

typedef struct Value {
	RpShape shape;
	double *data;
} Value;

typedef struct Oracle {
	RpPool *pool;
	size_t width; /* doubles per element: 1 + n */
	RpNoise noise;
	uint64_t decisions;
	bool unclear;             /* a choice was made by NaN, or among nothing */
	Value *frame;             /* by slot */
	const RpProgram *program; /* the last derivative is with respect to the element that it says; NULL: there is none */
	/* of a rule: */
	Value **frames; /* of all tensors; frame is one of them */
	int *sizes;
	int tensors, tensor, coordinate;
} Oracle;

static inline double *oracle_at(const Oracle *o, const Value *v, int i) {
	return v->data + (size_t)i * o->width;
}

static inline double oracle_scalar(const Value *v) {
	return v->data[0];
}

Value oracle_new(Oracle *o, const RpShape *shape);
Value oracle_number(Oracle *o, double number);
Value oracle_copy(Oracle *o, const Value *v);
void oracle_decide(Oracle *o, int choice);

/* oracle_expr.c */
Value oracle_eval(Oracle *o, const RpExpr *e);
/* Flat place of items in an array of this shape, with the kept axes at `kept`; -1 outside. */
int oracle_place(Oracle *o, const RpShape *shape, const RpItem *item, int items, const int *kept);
/* oracle_reduce.c */
Value oracle_reduce(Oracle *o, const RpExpr *e);
Value oracle_fold(Oracle *o, RpReduction which, const Value *body, int count, const bool *live);
/* oracle_number.c: out may be an argument. unary and binary take the value as it is: with its noise, if it has any. */
double oracle_noisy(Oracle *o, double x);
void num_unary(Oracle *o, double *out, const double *a, double value, double slope);
void num_binary(Oracle *o, double *out, const double *a, const double *b, double value, double da, double db);
/* a + sign b */
void num_add(Oracle *o, double *out, const double *a, const double *b, double sign);
void num_multiply(Oracle *o, double *out, const double *a, const double *b);
/* oracle_rule.c */
Value oracle_rule_expr(Oracle *o, const RpExpr *e);
Value oracle_like_x(Oracle *o, const RpVar *var);
/* oracle_draw.c: a batch; the number that a tensor of a rule draws, or the coordinate of one */
void oracle_batch(const Oracle *o, const RpStmt *s, double *out);
Value oracle_drawn(Oracle *o, const RpStmt *s);
/* derivative.c */
void oracle_defined(Oracle *o, const RpVar *var); /* after every definition and assignment */
void oracle_differences(const RpProgram *program, const double *x, RpGiven *given, void *context, RpNoise noise,
                        RpAnswer *out);
/* oracle.c */
void oracle_evaluate(const RpProgram *program, const double *x, RpGiven *given, void *context, RpNoise noise,
                     RpAnswer *out);
void oracle_block(Oracle *o, const RpBlock *block, const RpStmt **returned);

#endif
