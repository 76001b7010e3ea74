/* Open expressions: discover(e1, e2, ..., size = 7). What the frontend finds out about one, for those who search it. Part of frontend.h. */
#ifndef GRADUS_HOLE_H
#define GRADUS_HOLE_H

#include "base/base.h"
#include "frontend/syntax/ast.h"

/* ---- operators.def ---- */

typedef enum FeOperatorSet { FE_OPERATORS_DEFAULT, FE_OPERATORS_WIDE, FE_OPERATORS_LISTED } FeOperatorSet;
typedef enum FeDegreeRule {
	FE_DEGREE_EQUAL,
	FE_DEGREE_SUM,
	FE_DEGREE_DIFFERENCE,
	FE_DEGREE_HALF,
	FE_DEGREE_DOUBLE,
	FE_DEGREE_SAME,
	FE_DEGREE_NONE,
	FE_DEGREE_BARE
} FeDegreeRule;
typedef enum FeSignRule { FE_SIGN_NEVER, FE_SIGN_ALWAYS, FE_SIGN_ALL } FeSignRule;
/* How tightly a piece of text binds. */
typedef enum FeLevel {
	FE_LEVEL_LOOSE,
	FE_LEVEL_SUM,
	FE_LEVEL_PRODUCT,
	FE_LEVEL_SIGN,
	FE_LEVEL_POWER,
	FE_LEVEL_ATOM
} FeLevel;

/* becomes: FE_OPERATOR_ADD, FE_OPERATOR_SUB, ... */
#define OPERATOR(ID, ...) FE_OPERATOR_##ID,
typedef enum FeOperator {
#include "frontend/operators.def"
	FE_OPERATORS
} FeOperator;
#undef OPERATOR

typedef struct FeOperatorInfo {
	const char *word;
	int arity;
	FeOperatorSet from;
	FeDegreeRule degree;
	bool commutes;
	FeSignRule not_negative;
	FeLevel level;
	const char *text;
	FeLevel plain_level;
	const char *plainly; /* NULL: as text */
	const char *body;    /* NULL: of all coordinates together */
} FeOperatorInfo;

extern const FeOperatorInfo fe_operators[FE_OPERATORS]; /* hole.c */
/* Does it bring a constant of its own with it, as lerp does? */
bool fe_operator_has_constant(FeOperator op);

/* ---- what is open ---- */

enum { FE_DEGREE_ONE = 2 }; /* degrees are counted in halves: square roots are of whole degrees */

typedef struct FeOperand {
	const AstExpr *expr;
	const char *text; /* as written, on one line */
	FeLevel level;    /* of the text */
	bool like_x;      /* else one number */
	bool known;       /* a number that is known: */
	double value;
	int degree;        /* in the scale of the objective; 0 where nothing is known of it */
	bool degree_known; /* it follows from what the rule computes */
	bool schedule;     /* follows from t and horizon alone */
	bool positive;     /* like f, it is drawn above 0 where expressions are told apart */
} FeOperand;

typedef struct FeHole {
	Span span;
	VEC(FeOperand) operands;
	bool like_x;         /* what it stands for; else one number */
	int size;            /* nodes of an expression, at most */
	int constants;       /* open numbers of an expression, at most */
	uint32_t operators;  /* those that it may be made of, as bits */
	bool homogeneous;    /* sums are of terms of equal degree */
	Name rate;           /* the hyperparameter that every expression gets its own of: that of FeRule.rate; 0: none */
	Name fixed_rate;     /* where there is none: one that is called so, but was given by the call */
	bool rate_in_front;  /* positive multiples of an expression are one, as the rate takes them in */
	int degree;          /* that the rest of the rule counts with: of the first operand that has one */
	struct FeHole *next; /* the hole that is computed after this one, in the same step; NULL: none */
} FeHole;

/* ---- how it is searched ---- */

typedef enum FeSearchKind { FE_SEARCH_AUTO, FE_SEARCH_ENUMERATE, FE_SEARCH_EVOLVE, FE_SEARCH_RANDOM } FeSearchKind;

typedef struct FeSearch {
	FeSearchKind kind;
	int64_t candidates; /* distinct ones that evolution or random search score; 0: as many as they do by themselves */
	int population, tournament, islands; /* of evolution: members of an island; how many a parent is the best of */
	const char *text;                    /* as it came from the command line; NULL: it stands in the experiment */
	int64_t proposals;                   /* that another program is asked for, which the command line names; 0: none is */
	bool taught;                         /* expressions are looked at that go where another rule went, which is not in the folder */
	bool random;                         /* as many random ones beside it, to compare with */
	/* Of learners alone: */
	int restart;   /* evolution begins anew after so many are scored; 0: never */
	bool has_goal; /* the search ends with the first whose score on the select problems is below: */
	double goal;
} FeSearch;

#endif
