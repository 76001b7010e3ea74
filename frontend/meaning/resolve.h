/* Names: what each of them stands for, found once, before anything is computed.
 *
 *     tree ── resolve.c ──▶ symbols, by the numbers of expressions and names
 *
 * A symbol is what a name can stand for: something that is declared at one place of a program, or a word of the language.
 * Pieces of the tree are numbered (AstExpr.id, AstName.id; no number is used twice in a session), and a table of the program
 * holds the symbol of each number: of a name that is declared, of a name that is used, of a call the symbol of what is
 * called. Whoever comes later reads the table; nobody looks a name up by its spelling again.
 *
 * A name is known from its declaration on, to the end of its block; `learn` and `state` in the whole rule. Names are not
 * hidden: one that is there already is reported where it is declared again. Declarations are resolved when they are first
 * needed, with all that they mention. */
#ifndef GRADUS_RESOLVE_H
#define GRADUS_RESOLVE_H

#include "frontend/frontend.h"

/* becomes SYMBOL_UNKNOWN, SYMBOL_DECL, ... */
#define SYMBOL_ENUM(id, word) SYMBOL_##id,
#define SYMBOL_KINDS(ROW)                                                                                              \
	ROW(UNKNOWN, "unknown")         /* nothing declares it, or it cannot stand here: reported */                       \
	ROW(DECL, "declaration")        /* a constant, function, objective, optimizer or experiment */                     \
	ROW(BUILTIN, "of the language") /* sin, pi, normal */                                                              \
	ROW(ARGUMENT, "parameter")      /* of a function */                                                                \
	ROW(HYPER, "hyperparameter")    /* of an objective or a rule */                                                    \
	ROW(GIVEN, "given")             /* and data, and batch */                                                          \
	ROW(EXTENT, "extent")           /* a dimension of data that its file will tell */                                  \
	ROW(PARAM, "param")                                                                                                \
	ROW(LEARNED, "learn")                                                                                              \
	ROW(STATE, "state")                                                                                                \
	ROW(LET, "let")                                                                                                    \
	ROW(VAR, "var")                                                                                                    \
	ROW(INDEX, "index")                                                                                                \
	ROW(COUNTER, "loop counter")                                                                                       \
	ROW(X, "what the rule moves")                                                                                      \
	ROW(STEP, "what a step is given") /* g, f, t, horizon */

typedef enum SymbolKind { SYMBOL_KINDS(SYMBOL_ENUM) SYMBOL_KIND_COUNT } SymbolKind;
#undef SYMBOL_ENUM

typedef struct Symbol {
	SymbolKind kind;
	Name name;
	uint32_t number;        /* from 1, unique in the session */
	Span span;              /* where it is declared; file 0: nowhere */
	const AstDecl *decl;    /* DECL: itself; NULL: of the language; otherwise the declaration that it is in */
	const AstStmt *stmt;    /* that declares it; NULL: none */
	const Builtin *builtin; /* BUILTIN: its row; NULL: a distribution */
	bool direct;            /* stands directly in its declaration, or in an `each` there */
	bool taken;             /* another symbol has its name, which was reported: nothing stands for this one */
	bool silent;            /* nothing is known of its value, which was reported */
} Symbol;

/* What a rule is given, in the order in which a step takes it. */
typedef enum RuleName { RULE_X, RULE_G, RULE_F, RULE_T, RULE_HORIZON, RULE_NAME_COUNT } RuleName;
extern const char *const rule_name_text[RULE_NAME_COUNT];

/* A declaration whose names are known. */
typedef struct Resolved {
	const AstDecl *decl;
	Symbol *rule[RULE_NAME_COUNT]; /* OPTIMIZER */
	VEC(const AstDecl *) mentions; /* constants, functions and rules that it mentions, as often as it does */
	bool wrong;                    /* errors were found in it */
} Resolved;

/* Of a program. */
typedef struct Symbols {
	Symbol **at; /* by the numbers of pieces of the tree */
	uint32_t capacity;
	NameMap builtin;   /* words of the language */
	NameMap resolved;  /* Resolved, by the numbers of the names of declarations */
	NameMap arguments; /* of calls of functions, by their numbers: const AstExpr *[params], NULL for a default */
	NameMap loose;     /* expressions outside of declarations that were resolved */
	uint32_t count;
} Symbols;

/* Finds the names of a declaration and of all that it mentions, once. */
const Resolved *resolve(FeProgram *program, const AstDecl *decl);
/* Resolves it; false if there are errors in it or in what it mentions. */
bool names_are_sound(FeProgram *program, const AstDecl *decl);
/* An expression outside of all bodies: of an experiment or the command line. */
void resolve_loose(FeProgram *program, const AstExpr *x);
/* Files were added: what a name stands for may have changed. */
void resolve_again(FeProgram *program);
/* What the piece of the tree of this number stands for; NULL: nothing, or nobody asked. */
Symbol *symbol_at(const FeProgram *program, uint32_t id);
const char *symbol_word(const Symbol *symbol);
/* The arguments of a call of a function in the order of its parameters; NULL: they do not fit, which was reported. */
const AstExpr *const *arguments_of(const FeProgram *program, const AstExpr *call);
/* Every name that is used, and every call, at any depth: what it stands for. Not what is declared, nor called by `~`. */
typedef void SymbolSeen(const Symbol *symbol, Span span, void *context);
void expr_symbols(const FeProgram *program, const AstExpr *x, SymbolSeen *visit, void *context);
void stmt_symbols(const FeProgram *program, const AstStmt *s, SymbolSeen *visit, void *context);
/* Is it declared inside of a body, and so has its value there? */
bool symbol_is_local(const Symbol *symbol);
bool symbol_may_change(const Symbol *symbol); /* can be assigned */

#endif
