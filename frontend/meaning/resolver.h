/* Private to resolve.c and resolve_report.c: the walk over a declaration, and what is said on the way. */
#ifndef GRADUS_RESOLVER_H
#define GRADUS_RESOLVER_H

#include "frontend/meaning/elab.h"

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
} Resolver;

Symbol *resolver_find(const Resolver *r, Name name);

/* resolve_report.c */
void report_taken(Resolver *r, const Symbol *symbol, const Symbol *other);
void report_index(Resolver *r, const Symbol *symbol, const Symbol *other);
void report_unknown(Resolver *r, Name name, Span span);
void report_unknown_target(Resolver *r, const AstExpr *target);
void report_function(Resolver *r, const AstExpr *x); /* where a value is needed */
void report_value_called(Resolver *r, const AstExpr *call, const Symbol *local);
void report_assigned(Resolver *r, const Symbol *symbol, Span span);
/* As many arguments as a word of the language takes, none of them by name. */
bool takes_arguments(Resolver *r, const Builtin *b, const AstExpr *call);
/* The arguments of a call in the order of the function's parameters, NULL for those by default. NULL: they do not fit. */
const AstExpr **match_arguments(Resolver *r, const AstDecl *fn, const AstExpr *call);
void check_returns(Resolver *r, const AstDecl *fn);

#endif
