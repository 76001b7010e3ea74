/* The reader of the text form, inside: token.c reads words, parse.c functions and ops, parse_body.c what is between the braces of a
 * FOR. */
#ifndef GRADUS_IR_PARSE_H
#define GRADUS_IR_PARSE_H

#include "ir/build.h"

typedef enum TokenKind {
	T_END,
	T_NUMBER, /* without a sign */
	T_WORD,   /* letters, digits, _ ~ ' and . after the first */
	T_VALUE,  /* %12 or %x: the text is without % */
	T_MARK    /* one character, or -> or <= */
} TokenKind;

typedef struct Token {
	TokenKind kind;
	const char *text;
	uint32_t length;
} Token;

/* After the first error nothing is left to read, so every rule comes to its end by itself. */
typedef struct Parser {
	IrModule *module;
	uint32_t source;
	const char *start, *at, *end;
	Token token;
	bool failed;
	IrFunc *func;
	IrBuilder builder;
	Arena *scratch;
	bool *taken; /* per value below taken_count: it is some %number of the function */
	uint32_t taken_count;
	uint32_t numbers_left; /* how many more numbers of values the text may use, with those in between (parse.c) */
	IrValue next_free;     /* where to look for a number for a named value */
	VEC(bool) defined;     /* per value */
	VEC(IrValue) by_name;  /* per interned name: the value that is called %name */
} Parser;

/* ---- token.c ---- */

void read_next(Parser *p);
void read_error(Parser *p, const char *format, ...) BASE_PRINTF(2, 3);
bool read_is(const Parser *p, const char *text); /* the token is this word or mark */
bool read_take(Parser *p, const char *text);     /* ... and is passed over */
void read_expect(Parser *p, const char *text);
Name read_name(const Parser *p); /* the token's text */
Name read_word(Parser *p, const char *what);
int64_t read_integer(Parser *p);                   /* with an optional sign */
IrDim read_dim(Parser *p);                         /* a number or a symbol */
IrScalar read_scalar_name(Parser *p, bool *found); /* passes over it if it is one */

/* ---- parse.c ---- */

IrValue read_value(Parser *p); /* one that is defined; 0 after an error */

/* ---- parse_body.c ---- */

/* From "for" to the last put. outs and types: what the op defines. */
void read_for(Parser *p, const IrValue *outs, const IrType *types, uint32_t out_count, IrOp *op);

#endif
