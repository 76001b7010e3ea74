/* Private to symbols.c, resolve.c and resolve_report.c: the walk over a declaration, and what is said on the way. */
#ifndef GRADUS_RESOLVER_H
#define GRADUS_RESOLVER_H

#include "frontend/names/names.h"

typedef struct Scoped {
	Symbol *symbol, *hidden; /* hidden: of the same name, if the symbol is one that was reported */
} Scoped;

typedef VEC(const AstDecl *) Decls;

typedef struct Resolver {
	FeProgram *program;
	Arena *scratch;
	const AstDecl *decl; /* NULL: an expression outside of all bodies */
	Resolved *out;
	Decls *pending;    /* declarations that were mentioned */
	VEC(Scoped) scope; /* innermost last */
	NameMap newest;    /* the innermost symbol of each name */
	NameMap unknown;   /* what was said of names that nothing declares: each is one mistake */
	Symbol *unknown_symbol;
	uint32_t blocks, each; /* around the walk */
	bool in_position;      /* in the brackets of `a[i]` */
	Name given; /* stands by itself where something is given for a parameter: it may mean an objective or a rule */
} Resolver;

/* symbols.c */
Symbol *symbol_of_decl(FeProgram *program, const AstDecl *decl);
bool symbol_is_later(const Symbol *builtin); /* of a later version of the language; NULL is not */

/* resolve_names.c */
Symbol *resolve_local(const Resolver *r, Name name); /* the innermost of this name in the declaration; NULL: none */
/* What a name means that nothing in the declaration has. NULL: nothing. */
const AstDecl *resolve_declared(const Resolver *r, Name name, Span span);
Symbol *resolve_mentioned(Resolver *r, const AstDecl *decl);
/* May a parameter hold a function? Not if it is used as a value, too; but an objective is both, `base` and `base(y)`. */
bool resolve_is_parameter(const Resolver *r, const Symbol *local);
/* What a name stands for where a value is needed, what a call calls; NULL: nothing, which is reported. */
Symbol *resolve_named(Resolver *r, const AstExpr *x);
Symbol *resolve_called(Resolver *r, const AstExpr *x);
/* The function, or the objective, whose name stands where something is given for a parameter; NULL: it is something else. */
Symbol *resolve_function_named(Resolver *r, const AstExpr *x);
Symbol *resolve_objective_named(Resolver *r, const AstExpr *x);

/* resolve_report.c */
void resolve_report_taken(Resolver *r, const Symbol *symbol, const Symbol *other);
void resolve_report_index(Resolver *r, const Symbol *symbol, const Symbol *other);
void resolve_report_unknown(Resolver *r, Name name, Span span);
void resolve_report_unknown_target(Resolver *r, const AstExpr *target);
void resolve_report_function(Resolver *r, const AstExpr *x); /* where a value is needed */
void resolve_report_value_called(Resolver *r, const AstExpr *call, const Symbol *local);
void resolve_report_assigned(Resolver *r, const Symbol *symbol, Span span);
/* As many arguments as a word of the language takes, none of them by name. */
bool resolve_takes_arguments(Resolver *r, const Builtin *b, const AstExpr *call);
/* The arguments of a call in the order of the function's parameters, NULL for those by default. NULL: they do not fit. */
const AstExpr **resolve_match_arguments(Resolver *r, const AstDecl *fn, const AstExpr *call);
/* May the name of this function be given for a parameter? */
bool resolve_may_be_given(const Builtin *b);
/* resolve_derivative.c: what a call of `grad` or its like is by; what is wrong with that is reported. */
void resolve_mark_derivative(Resolver *r, const Builtin *b, const AstExpr *call);

/* resolve_target.c: names in a position of a target, `target[e]`, which declare indices by standing there. value: the right side, NULL
 * if it does not see them. In r->scratch. */
AstNames resolve_indices_of_position(Resolver *r, const AstExpr *position, const AstExpr *value);

/* Warns of a loop that has no turn, as it is written. */
void resolve_check_turns(Resolver *r, const AstStmt *loop);
void resolve_check_returns(Resolver *r, const AstDecl *fn);

#endif
