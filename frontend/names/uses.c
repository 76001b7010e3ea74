/* Which symbols an expression or a statement uses, and which it assigns. */
#include "frontend/names/names.h"

/* ---- what is used ---- */

typedef struct SymbolVisit {
	const FeProgram *program;
	SymbolSeen *visit;
	void *context;
} SymbolVisit;

static bool see_expr(const AstExpr *x, void *context) {
	const SymbolVisit *v = context;
	if (!x)
		return false;
	const Symbol *symbol = x->kind == AST_NAME || x->kind == AST_CALL ? symbol_at(v->program, x->id) : NULL;
	if (symbol)
		v->visit(symbol, x->kind == AST_NAME ? x->span : x->call.callee.span, v->context);
	return ast_any_part(x, see_expr, context);
}

void symbol_visit_expr(const FeProgram *program, const AstExpr *x, SymbolSeen *visit, void *context) {
	SymbolVisit v = {program, visit, context};
	see_expr(x, &v);
}

void symbol_visit_stmt(const FeProgram *program, const AstStmt *s, SymbolSeen *visit, void *context) {
	SymbolVisit v = {program, visit, context};
	ast_any_expr(s, see_expr, &v);
}

/* ---- what is assigned ---- */

typedef struct Targets {
	const FeProgram *program;
	Arena *arena;
	NameMap seen; /* symbols, by their numbers */
	Assigned found;
} Targets;

static void assigned_in(Targets *t, const AstBlock *block);

static void assigned_by(Targets *t, const AstStmt *s) {
	switch (s->kind) {
	case AST_ASSIGN:
		for (uint32_t k = 0; k < s->assign.targets.count; k++) {
			const AstExpr *target = s->assign.targets.data[k];
			const AstExpr *base = target->kind == AST_INDEX ? target->index.base : target;
			const Symbol *symbol = base->kind == AST_NAME ? symbol_at(t->program, base->id) : NULL;
			if (!symbol || name_map_get(&t->seen, symbol->number))
				continue;
			*name_map_place(t->arena, &t->seen, symbol->number) = t;
			vec_push(t->arena, &t->found, symbol);
		}
		break;
	case AST_FOR: assigned_in(t, &s->loop.body); break;
	case AST_WHILE: assigned_in(t, &s->repeat.body); break;
	case AST_WHEN:
		assigned_in(t, &s->when.yes);
		assigned_in(t, &s->when.no);
		break;
	case AST_EACH: assigned_in(t, &s->each.body); break;
	default: break;
	}
}

static void assigned_in(Targets *t, const AstBlock *block) {
	for (uint32_t i = 0; i < block->count; i++)
		assigned_by(t, block->data[i]);
}

Assigned symbol_assigned_by(const FeProgram *program, Arena *arena, const AstStmt *s) {
	Targets t = {.program = program, .arena = arena};
	assigned_by(&t, s);
	return t.found;
}

Assigned symbol_assigned_in(const FeProgram *program, Arena *arena, const AstBlock *block) {
	Targets t = {.program = program, .arena = arena};
	assigned_in(&t, block);
	return t.found;
}

/* ---- what a file of its own needs ---- */

typedef struct Needs {
	FeProgram *program;
	Arena *scratch;
	const AstDecl *self;
	NameMap seen; /* declarations, by the numbers of their names */
	VEC(const AstDecl *) pending;
} Needs;

static void need(Needs *n, const AstDecl *decl) {
	void **place = name_map_place(n->scratch, &n->seen, decl->name.id);
	if (*place || decl == n->self)
		return;
	*place = (void *)(uintptr_t)decl;
	vec_push(n->scratch, &n->pending, decl);
}

static void see_needed(const Symbol *symbol, Span span, void *context) {
	(void)span;
	if (symbol->kind == SYMBOL_DECL)
		need(context, symbol->decl);
}

static bool is_given(const FeCall *call, Name param) {
	for (uint32_t i = 0; i < call->names.count; i++)
		if (call->names.data[i] == param)
			return true;
	return false;
}

void fe_needed(FeProgram *program, const FeCall *call, bool *needed) {
	const AstDecl *decl = call->decl;
	Needs n = {.program = program, .scratch = arena_new(), .self = decl};
	resolve_decl(program, decl);
	for (uint32_t i = 0; i < call->values.count; i++)
		symbol_visit_expr(program, call->values.data[i], see_needed, &n);
	for (uint32_t i = 0; i < decl->params.count; i++) {
		const AstParam *param = &decl->params.data[i];
		if (!is_given(call, param->name.name))
			symbol_visit_expr(program, param->value, see_needed, &n);
		symbol_visit_expr(program, param->limits.low, see_needed, &n);
		symbol_visit_expr(program, param->limits.high, see_needed, &n);
	}
	for (uint32_t i = 0; i < decl->body.count; i++)
		symbol_visit_stmt(program, decl->body.data[i], see_needed, &n);
	while (n.pending.count) {
		const Resolved *names = resolve_decl(program, n.pending.data[--n.pending.count]);
		for (uint32_t i = 0; i < names->mentions.count; i++)
			need(&n, names->mentions.data[i]);
	}
	for (uint32_t i = 0; i < program->user.count; i++)
		needed[i] = name_map_get(&n.seen, program->user.data[i]->name.id) != NULL;
	arena_free(n.scratch);
}

typedef struct Mentions {
	FeMention *see;
	void *context;
} Mentions;

static void see_mention(const Symbol *symbol, Span span, void *context) {
	const Mentions *m = context;
	if (symbol->kind == SYMBOL_DECL)
		m->see(symbol->decl, span, m->context);
}

void fe_mentions_in(const FeProgram *program, const AstExpr *x, FeMention *see, void *context) {
	Mentions m = {see, context};
	symbol_visit_expr(program, x, see_mention, &m);
}

void fe_mentions(FeProgram *program, const AstDecl *decl, FeMention *see, void *context) {
	Mentions m = {see, context};
	resolve_decl(program, decl);
	for (uint32_t i = 0; i < decl->params.count; i++) {
		symbol_visit_expr(program, decl->params.data[i].value, see_mention, &m);
		symbol_visit_expr(program, decl->params.data[i].limits.low, see_mention, &m);
		symbol_visit_expr(program, decl->params.data[i].limits.high, see_mention, &m);
	}
	symbol_visit_expr(program, decl->value, see_mention, &m);
	for (uint32_t i = 0; i < decl->type.dims.count; i++)
		symbol_visit_expr(program, decl->type.dims.data[i], see_mention, &m);
	for (uint32_t i = 0; i < decl->body.count; i++)
		symbol_visit_stmt(program, decl->body.data[i], see_mention, &m);
}
