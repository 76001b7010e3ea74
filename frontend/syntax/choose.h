/* choose { a, b, c } in the text of rules: which choices there are, which of them matter once others are made, and the text
 * without them. All this is about what is written: names are told apart by their spelling, as nothing has a meaning yet. */
#ifndef GRADUS_CHOOSE_H
#define GRADUS_CHOOSE_H

#include "frontend/syntax/ast.h"

typedef struct AstChoice {
	const AstExpr *expr; /* CHOOSE */
	const char *name;    /* of the `let` whose value it is; of others their number in the rule, from 1 */
	bool applies;        /* its alternatives are rules: `apply choose { adam, momentum }` */
} AstChoice;

typedef VEC(AstChoice) AstChoices;

enum { AST_LEFT_OPEN = -1 };

/* ---- choose.c ---- */

/* Those of an optimizer in the order of the text; one inside of another comes behind it. In `arena`. */
AstChoices ast_choices(const Session *session, const AstDecl *rule, Arena *arena);
/* What is written for an alternative, on one line. */
const char *ast_alternative(const Session *session, const AstExpr *choice, uint32_t number, Arena *arena);
/* picks[choices->count]: alternatives from 0, or AST_LEFT_OPEN. needed[choices->count]: does x still depend on it? */
void ast_choices_needed(Session *session, const AstDecl *rule, const AstChoices *choices, const int *picks,
                        bool *needed);
/* Does what x depends on, with these picks, mention a name? */
bool ast_choices_mention(Session *session, const AstDecl *rule, const AstChoices *choices, const int *picks, Name name);

/* ---- choose_text.c ---- */

/* What choices of a rule that stay open are called in the text where all of them are: Source.kept of the text without the others. */
typedef struct AstKept {
	Name rule;
	const char **names;
	uint32_t count;
	const struct AstKept *next; /* of another rule of the file */
} AstKept;

/* A piece of a source that is left out, or of which another piece stays. */
typedef struct AstCut {
	uint32_t start, end;
	Span stays;   /* file 0: nothing */
	bool bracket; /* in parentheses */
	bool call;    /* a name of a rule becomes a call of it, by () */
} AstCut;

typedef struct AstCuts {
	Arena *arena;
	VEC(AstCut) list;
	const AstKept *kept; /* in the arena of the session, as the source that comes of it */
} AstCuts;

/* What changes in the text of a rule: each choice that is made becomes its alternative, and statements are left out that nothing
 * depends on any more. */
void ast_cut_choices(Session *session, const AstDecl *rule, const AstChoices *choices, const int *picks, AstCuts *cuts);
/* All of a source with these cuts. */
void ast_put_cut(const Session *session, uint32_t source, AstCuts *cuts, Text *out);

/* Private to choose*.c: what x depends on, by a walk over the rule. */
typedef struct AstNeeds {
	const AstDecl *rule;
	const AstChoices *choices;
	const int *picks; /* NULL: all are open */
	const NameMap *
		open; /* what is needed while all are open; NULL: not asked. What is idle already then stays, and so does what it reads */
	Arena *arena;  /* scratch */
	NameMap names; /* those that are needed */
	NameMap stmts; /* likewise, by ast_stmt_key */
	bool *needed;  /* by choice */
	bool changed;
} AstNeeds;

void ast_find_needs(Session *session, AstNeeds *needs);
/* A statement as a number for NameMap: where it begins. */
Name ast_stmt_key(const AstStmt *s);
/* The blocks in a statement; how many. */
int ast_blocks(const AstStmt *s, const AstBlock *out[2]);

#endif
