/* Open learners: fn f(X, y, unseen) = discover(setup = 10, predict = 2, learn = 8). What the frontend finds out about one, for those who search it. Part
 * of frontend.h.
 *
 * A learner goes through examples one by one, the rows of X with the numbers y, and then predicts a number for each row of `unseen`. It has three
 * sections of statements on a memory of numbers s0, s1, ... and vectors v0, v1, ..., all 0 at the start:
 *
 *     setup
 *     for each row of X:       v0 is the row;  predict;  s0 is its y;  learn
 *     for each row of unseen:  v0 is the row;  predict;  the prediction is s1
 *
 * s0 and v0 are not assigned by statements, and read only where they are known: v0 not in setup, s0 in learn alone. */
#ifndef GRADUS_FRONTEND_LEARNER_H
#define GRADUS_FRONTEND_LEARNER_H

#include "base/base.h"
#include "frontend/syntax/ast.h"

typedef enum FeSection { FE_SETUP, FE_PREDICT, FE_LEARN, FE_SECTIONS } FeSection;

typedef enum FeMemory { FE_MEMORY_NOTHING, FE_MEMORY_NUMBER, FE_MEMORY_VECTOR } FeMemory;

/* statements.def; becomes: FE_STATEMENT_CONST, FE_STATEMENT_DOT, ... */
#define STATEMENT(ID, ...) FE_STATEMENT_##ID,
typedef enum FeStatement {
#include "frontend/statements.def"
	FE_STATEMENTS
} FeStatement;
#undef STATEMENT

typedef struct FeStatementInfo {
	const char *word;
	bool wide; /* only in the wider of the two sets */
	FeMemory result, a, b;
	const char *text;
} FeStatementInfo;

extern const FeStatementInfo fe_statements[FE_STATEMENTS]; /* decl/learner.c */
extern const char *const fe_sections[FE_SECTIONS];         /* "setup", "predict", "learn" */

/* Which numbers and vectors have a meaning of their own. */
enum { FE_LEARNER_LABEL = 0, FE_LEARNER_PREDICTION = 1, FE_LEARNER_FEATURES = 0 };

typedef struct FeLearner {
	const AstDecl *decl;
	int statements[FE_SECTIONS]; /* of each section */
	int numbers, vectors;        /* of memory */
	uint32_t kinds;              /* statements that it may be made of, as bits */
} FeLearner;

#endif
