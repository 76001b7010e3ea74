/* compose: objectives that are made of others, written out. Private to compose*.c and objective.c.
 *
 *     objective noisy(base = rosenbrock) {             objective noisy(n = 2) {
 *       batch e : real ~ normal(0, 1)                    param x : [n] = ...
 *       minimize base + e                     ──▶        let base = sum[i in n - 1](...)
 *     }                                                  batch e : real ~ normal(0, 1)
 *                                                        minimize base + e
 *                                                      }
 *
 * What is written out is a tree of its own: copies of the statements of the family and of its bases, with symbols of their own, so that
 * no name of the one means anything in the other. Everything behind this (stages, data, batches, `validate`) sees an objective like any. */
#ifndef GRADUS_COMPOSE_H
#define GRADUS_COMPOSE_H

#include "frontend/decl/objective.h"

/* ---- compose_copy.c: copies of pieces of the tree ---- */

typedef struct CopiedSymbol {
	const Symbol *from;
	Symbol *to;
} CopiedSymbol;

typedef struct Copy Copy;
struct Copy {
	FeProgram *program;
	NameMap symbols; /* what stands for what is declared in the original: Symbol *, by the original's number */
	VEC(CopiedSymbol) declared; /* the same in order */
	NameMap names;              /* names that change where they are declared, by the old ones: Name as a number */
	/* What takes the place of an expression; NULL: its copy. */
	AstExpr *(*instead)(Copy *copy, const AstExpr *x);
	void *context;
	AstBlock *before; /* statements that stand before the one that is being copied */
	uint32_t depth;   /* blocks around it */
	bool again;       /* what is being copied is computed more than once where it stands: the condition of a `while` */
	uint32_t *count;  /* expressions copied so far */
};

/* In the session's arena. Their symbols are set; spans stay those of the original. x may be NULL. */
AstExpr *objective_copy_expr(Copy *copy, const AstExpr *x);
AstStmt *objective_copy_stmt(Copy *copy, const AstStmt *s);
AstName objective_copy_name(Copy *copy, AstName name); /* where it is declared */
AstLimits objective_copy_limits(Copy *copy, AstLimits limits);
/* `to` stands for the original from here on. */
void objective_copy_as(Copy *copy, const Symbol *from, Symbol *to);

/* ---- compose_make.c: pieces that nobody wrote, at the place of something that somebody did ---- */

AstExpr *objective_make_name(FeProgram *program, const Symbol *symbol, Span span);
AstExpr *objective_make_number(FeProgram *program, int64_t number, Span span);
AstExpr *objective_make_call(FeProgram *program, const Builtin *b, AstExpr *const *args, uint32_t count, Span span);
AstExpr *objective_make_array(FeProgram *program, AstExpr *element, Span span); /* [element] */
AstExpr *objective_make_slice(FeProgram *program, AstExpr *of, int64_t low, int64_t high, Span span);
AstExpr *objective_make_element(FeProgram *program, AstExpr *of, int64_t at, Span span);
/* A name that is declared here, and its symbol. */
AstName objective_make_declared(FeProgram *program, SymbolKind kind, Name name, Span span, Symbol **symbol);
AstStmt *objective_make_let(AstName name, AstExpr *value, Span span, Arena *arena);

/* ---- compose.c ---- */

/* Is this the name of an objective, or a call of one, where it is given for a parameter? */
const AstDecl *objective_given(const FeProgram *program, const AstExpr *x);
/* The declaration that a call instantiates: its own, or what it comes to where a parameter is an objective; then *out is a call of that
 * without arguments. NULL with diagnostics. */
const FeCall *objective_written_out(FeProgram *program, const FeCall *call, FeCall *out);

/* ---- objective.c ---- */

/* Types a declaration that has a value for every parameter; NULL with diagnostics. */
FeObjective *objective_typed_alone(FeProgram *program, IrModule *module, const AstDecl *decl);

#endif
