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
	bool unclear;            /* a choice was made by NaN, or among nothing */
	Value *frame;            /* by slot */
	int program_coordinates; /* as many directions are there but for the one that program->by has */
	bool flat;
	const RpProgram *program; /* the last derivative is with respect to the element that it says; NULL: there is none */
	/* of a rule: */
	Value **frames; /* of all tensors; frame is one of them */
	int *sizes;
	int tensors, tensor, coordinate;
	int turn; /* of the loops around */
	bool applied;
	const RpProgram *objective;
	const RpShape *shapes; /* of the tensors */
	const double *start;   /* x at the start of the step */
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
/* A choice was made; margin: how far it is from the other one. */
void oracle_decide(Oracle *o, int choice, double margin);
/* The values of indices at point p of their ranges, the last one running fastest. */
void oracle_set_indices(Oracle *o, RpVar *const *index, int count, int p);

/* oracle_expr.c */
Value oracle_eval(Oracle *o, const RpExpr *e);
/* Flat place of items in an array of this shape, with the kept axes at `kept`; -1 outside. */
int oracle_place(Oracle *o, const RpShape *shape, const RpItem *item, int items, const int *kept);
/* oracle_reduce.c */
Value oracle_reduce(Oracle *o, const RpExpr *e);
Value oracle_fold(Oracle *o, RpReduction which, const Value *body, int count, const bool *live);
/* oracle_number.c: out may be an argument. unary and binary take the value as it is: with its noise, if it has any. */
double oracle_noisy(Oracle *o, double x);
double oracle_quotient(Oracle *o, double a, int b);
void num_unary(Oracle *o, double *out, const double *a, double value, double slope);
void num_binary(Oracle *o, double *out, const double *a, const double *b, double value, double da, double db);
/* a + sign b */
void num_add(Oracle *o, double *out, const double *a, const double *b, double sign);
void num_multiply(Oracle *o, double *out, const double *a, const double *b);
/* oracle_rule.c */
Value oracle_rule_expr(Oracle *o, const RpExpr *e);
Value oracle_like_x(Oracle *o, const RpVar *var);
/* oracle_look.c: what a rule asks the objective, and what it does by the axes of x; every tensor at once */
void oracle_look(Oracle *o, const RpRule *rule, const RpStmt *s);
void oracle_by_axes(Oracle *o, const RpRule *rule, const RpStmt *s);
/* The value of e for a name: at every coordinate if it has one there. */
Value oracle_for_name(Oracle *o, const RpVar *var, const RpExpr *e);
/* oracle_draw.c: what a given or a batch is, or where a parameter starts; the number that a tensor of a rule draws, or the coordinate
 * of one */
Value oracle_given(Oracle *o, const RpStmt *s);
double oracle_drawn(Oracle *o, const RpStmt *s);
/* oracle_word.c, oracle_matrix.c */
Value oracle_word(Oracle *o, const RpExpr *e);
Value oracle_of_matrix(Oracle *o, RpWord word, const Value *arg);
/* In order, the smallest first, equal ones as they stand: places[count] of terms stride apart. */
void oracle_sort(Oracle *o, const double *terms, size_t stride, int count, int *places);
/* derivative.c */
void oracle_defined(Oracle *o, const RpVar *var); /* after every definition and assignment */
void oracle_differences(const RpProgram *program, const double *x, RpNoise noise, RpAnswer *out);
/* oracle.c */
void oracle_evaluate(const RpProgram *program, const double *x, RpNoise noise, RpAnswer *out);
void oracle_block(Oracle *o, const RpBlock *block, const RpStmt **returned);

#endif
