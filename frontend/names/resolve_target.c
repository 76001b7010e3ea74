/* Indices that the target of an assignment declares inside of a position: `e` in `s[target[e]] <- s[target[e]] + x[e]`, and `k` in
 * `h[k + 1] <- x[k]`. A name that nothing declares is one where something is read at it, in the target or on the right; any
 * other is a mistake. (A name that is all of a position needs no such sign: resolve.c.) */
#include "frontend/names/resolver.h"

typedef struct Positions {
	Resolver *r;
	const AstExpr *value; /* the right side; NULL: it does not see the indices */
	uint32_t reads;       /* brackets of reads around the walk */
	AstNames bound;       /* by reductions around the walk */
	AstNames *out;
} Positions;

static bool is_declared(Resolver *r, const AstExpr *x) {
	const AstDecl *decl = program_find(r->program, x->span.file, x->name, NULL);
	const Symbol *builtin = symbol_of_builtin(r->program, x->name, false);
	return resolve_local(r, x->name) || (decl && decl->kind == AST_CONST) ||
	       (builtin && builtin->builtin && builtin->builtin->kind == BUILTIN_IS_CONSTANT);
}

typedef struct Sought {
	Name name;
	uint32_t reads;
} Sought;

/* Whether something is read at a position that mentions the name. */
static bool reads_at(const AstExpr *x, void *context) {
	Sought *sought = context;
	if (!x)
		return false;
	if (x->kind == AST_NAME)
		return sought->reads > 0 && x->name == sought->name;
	if (x->kind != AST_INDEX)
		return ast_any_part(x, reads_at, sought);
	bool found = x->index.base->kind != AST_NAME && reads_at(x->index.base, sought);
	sought->reads++;
	for (uint32_t i = 0; i < x->index.items.count && !found; i++)
		found = reads_at(x->index.items.data[i].expr, sought);
	sought->reads--;
	return found;
}

static bool is_listed(const AstNames *names, Name name) {
	for (uint32_t i = 0; i < names->count; i++)
		if (names->data[i].name == name)
			return true;
	return false;
}

static bool find(const AstExpr *x, void *context) {
	Positions *p = context;
	if (!x)
		return false;
	switch (x->kind) {
	case AST_NAME:
		if (is_declared(p->r, x) || is_listed(p->out, x->name) || is_listed(&p->bound, x->name))
			return false;
		if (p->reads || (p->value && reads_at(p->value, &(Sought){.name = x->name})))
			vec_push(p->r->scratch, p->out, ((AstName){x->name, x->span, x->id}));
		return false;
	case AST_REDUCE: {
		uint32_t bound = p->bound.count;
		for (uint32_t i = 0; i < x->reduce.items.count; i++)
			if (x->reduce.items.data[i].kind == AST_ITEM_INDEX)
				vec_push(p->r->scratch, &p->bound, x->reduce.items.data[i].name);
		ast_any_part(x, find, p);
		p->bound.count = bound;
		return false;
	}
	case AST_INDEX:
		if (x->index.base->kind != AST_NAME)
			find(x->index.base, p);
		p->reads++;
		for (uint32_t i = 0; i < x->index.items.count; i++)
			find(x->index.items.data[i].expr, p);
		p->reads--;
		return false;
	default: return ast_any_part(x, find, p);
	}
}

AstNames resolve_indices_of_position(Resolver *r, const AstExpr *position, const AstExpr *value) {
	AstNames names = {0};
	Positions p = {.r = r, .value = value, .out = &names};
	find(position, &p);
	return names;
}
