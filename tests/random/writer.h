/* What the files that print share. */
#ifndef GRADUS_TESTS_RANDOM_WRITER_H
#define GRADUS_TESTS_RANDOM_WRITER_H

#include "program.h"

typedef struct Writer {
	FILE *out;
	const RpProgram *program;
	bool in_objective, in_each;
	bool indexed;   /* in a joint rule: what is like x is written for a coordinate, which is called i */
	unsigned turn;  /* changes how sizes are spelled */
	unsigned calls; /* ... and how functions are called */
	const char *by; /* a parameter that is tanh; NULL: there is none */
} Writer;

enum { WRITE_LOOSE = 0 }; /* rp_put_expr: no brackets are needed around anything */

void rp_put_expr(Writer *w, const RpExpr *e, int needed);
void rp_put_rule_expr(Writer *w, const RpExpr *e);
void rp_put_sizes(Writer *w, const RpShape *shape, const char *between);
void rp_put_draw(Writer *w, const RpStmt *s); /* normal(0, 1) */
void rp_put_number(Writer *w, double number);

#endif
