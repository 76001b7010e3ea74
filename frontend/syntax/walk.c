/* Walking the syntax tree: which names an expression or a statement mentions, and which it assigns. */
#include "frontend/meaning/elab.h"

static bool any_items(const AstItems *items, ExprVisit *visit, void *context) {
	for (uint32_t i = 0; i < items->count; i++) {
		const AstItem *item = &items->data[i];
		if ((item->expr && visit(item->expr, context)) || (item->low && visit(item->low, context)) ||
		    (item->high && visit(item->high, context)))
			return true;
	}
	return false;
}

bool expr_any_part(const AstExpr *x, ExprVisit *visit, void *context) {
	if (!x)
		return false;
	switch (x->kind) {
	case AST_UNARY: return visit(x->unary.operand, context);
	case AST_BINARY: return visit(x->binary.left, context) || visit(x->binary.right, context);
	case AST_COMPARE:
		for (uint32_t i = 0; i < x->compare.operands.count; i++)
			if (visit(x->compare.operands.data[i], context))
				return true;
		return false;
	case AST_IF:
		return visit(x->choice.condition, context) || visit(x->choice.yes, context) || visit(x->choice.no, context);
	case AST_CALL:
		for (uint32_t i = 0; i < x->call.args.count; i++)
			if (visit(x->call.args.data[i].value, context))
				return true;
		return false;
	case AST_REDUCE: return any_items(&x->reduce.items, visit, context) || visit(x->reduce.body, context);
	case AST_INDEX: return visit(x->index.base, context) || any_items(&x->index.items, visit, context);
	case AST_ARRAY:
		for (uint32_t i = 0; i < x->elements.count; i++)
			if (visit(x->elements.data[i], context))
				return true;
		return false;
	default: return false;
	}
}

/* ---- the names that are mentioned ---- */

typedef struct NameVisit {
	NameSeen *visit;
	void *context;
	Arena *arena;
	bool calls;    /* names that are called, too */
	bool fresh;    /* only the names that are made inside */
	NameMap bound; /* names that stand for something made inside, and how often */
} NameVisit;

static void bind_name(NameVisit *v, AstName name, int by) {
	if (!name.name)
		return;
	if (v->fresh && by > 0)
		v->visit(name.name, name.span, v->context);
	void **place = name_map_place(v->arena, &v->bound, name.name);
	*place = (void *)((uintptr_t)*place + (uintptr_t)(intptr_t)by);
}

static void bind_items(NameVisit *v, const AstItems *items, int by) {
	for (uint32_t i = 0; i < items->count; i++)
		if (items->data[i].kind == AST_ITEM_INDEX)
			bind_name(v, items->data[i].name, by);
}

static bool in_expr(const AstExpr *x, void *context) {
	NameVisit *v = context;
	if (!x)
		return false;
	if (x->kind == AST_NAME && !v->fresh && !name_map_get(&v->bound, x->name))
		v->visit(x->name, x->span, v->context);
	if (x->kind == AST_CALL && v->calls)
		v->visit(x->call.callee.name, x->call.callee.span, v->context);
	if (x->kind == AST_REDUCE)
		bind_items(v, &x->reduce.items, 1);
	expr_any_part(x, in_expr, v);
	if (x->kind == AST_REDUCE)
		bind_items(v, &x->reduce.items, -1);
	return false;
}

static void in_stmt(const AstStmt *s, NameVisit *v);

static void bind_declared(NameVisit *v, const AstStmt *s, int by) {
	if (s->kind <= AST_VAR)
		for (uint32_t i = 0; i < s->declare.names.count; i++)
			bind_name(v, s->declare.names.data[i], by);
}

/* What is defined in a block is known there, from its definition on. */
static void in_block(const AstBlock *block, NameVisit *v) {
	for (uint32_t i = 0; i < block->count; i++) {
		in_stmt(block->data[i], v);
		bind_declared(v, block->data[i], 1);
	}
	for (uint32_t i = 0; i < block->count; i++)
		bind_declared(v, block->data[i], -1);
}

static void in_exprs(const AstExprs *exprs, NameVisit *v) {
	for (uint32_t i = 0; i < exprs->count; i++)
		in_expr(exprs->data[i], v);
}

static void in_declare(const AstDeclare *d, NameVisit *v) {
	for (uint32_t i = 0; i < d->head.count; i++) {
		in_expr(d->head.data[i].low, v);
		in_expr(d->head.data[i].high, v);
	}
	bind_items(v, &d->head, 1);
	in_exprs(&d->type.dims, v);
	in_expr(d->value, v);
	in_expr(d->draw, v);
	in_expr(d->from, v);
	for (uint32_t i = 0; i < d->columns.count; i++) {
		in_expr(d->columns.data[i].expr, v);
		in_expr(d->columns.data[i].low, v);
		in_expr(d->columns.data[i].high, v);
	}
	bind_items(v, &d->head, -1);
}

static void in_stmt(const AstStmt *s, NameVisit *v) {
	switch (s->kind) {
	case AST_REPORT: in_expr(s->report.value, v); break;
	case AST_MINIMIZE: in_expr(s->minimize, v); break;
	case AST_VALIDATE:
		in_expr(s->validate.value, v);
		for (uint32_t i = 0; i < s->validate.with.count; i++)
			in_expr(s->validate.with.data[i].value, v);
		break;
	case AST_ASSIGN:
		in_exprs(&s->assign.targets, v);
		in_expr(s->assign.value, v);
		break;
	case AST_FOR:
		in_expr(s->loop.range.low, v);
		in_expr(s->loop.range.high, v);
		bind_name(v, s->loop.name, 1);
		in_block(&s->loop.body, v);
		bind_name(v, s->loop.name, -1);
		break;
	case AST_WHILE:
		in_expr(s->repeat.condition, v);
		in_expr(s->repeat.limit, v);
		in_block(&s->repeat.body, v);
		break;
	case AST_WHEN:
		in_expr(s->when.condition, v);
		in_block(&s->when.yes, v);
		in_block(&s->when.no, v);
		break;
	case AST_EACH: in_block(&s->each.body, v); break;
	case AST_APPLY: in_expr(s->apply, v); break;
	case AST_RETURN: in_exprs(&s->results, v); break;
	default: in_declare(&s->declare, v); break;
	}
}

void expr_names(const AstExpr *x, NameSeen *visit, void *context) {
	NameVisit v = {.visit = visit, .context = context, .arena = arena_new()};
	in_expr(x, &v);
	arena_free(v.arena);
}

void stmt_names(const AstStmt *s, NameSeen *visit, void *context) {
	NameVisit v = {.visit = visit, .context = context, .arena = arena_new()};
	in_stmt(s, &v);
	arena_free(v.arena);
}

void stmt_uses(const AstStmt *s, NameSeen *visit, void *context) {
	NameVisit v = {.visit = visit, .context = context, .arena = arena_new(), .calls = true};
	in_stmt(s, &v);
	arena_free(v.arena);
}

void stmt_fresh_names(const AstStmt *s, NameSeen *visit, void *context) {
	NameVisit v = {.visit = visit, .context = context, .arena = arena_new(), .fresh = true};
	in_stmt(s, &v);
	arena_free(v.arena);
}

void decl_names(const AstDecl *decl, NameSeen *visit, void *context) {
	NameVisit v = {.visit = visit, .context = context, .arena = arena_new(), .calls = true};
	for (uint32_t i = 0; i < decl->params.count; i++)
		in_expr(decl->params.data[i].value, &v);
	for (uint32_t i = 0; i < decl->params.count; i++)
		bind_name(&v, decl->params.data[i].name, 1);
	in_exprs(&decl->type.dims, &v);
	in_expr(decl->value, &v);
	in_block(&decl->body, &v);
	arena_free(v.arena);
}

/* ---- the names that are assigned ---- */

static void assigned_in(Arena *arena, const AstBlock *block, NameMap *seen, Names *out);

static void assigned_by(Arena *arena, const AstStmt *s, NameMap *seen, Names *out) {
	switch (s->kind) {
	case AST_ASSIGN:
		for (uint32_t k = 0; k < s->assign.targets.count; k++) {
			const AstExpr *t = s->assign.targets.data[k];
			if (t->kind == AST_INDEX)
				t = t->index.base;
			if (t->kind != AST_NAME || name_map_get(seen, t->name))
				continue;
			*name_map_place(arena, seen, t->name) = seen;
			vec_push(arena, out, t->name);
		}
		break;
	case AST_FOR: assigned_in(arena, &s->loop.body, seen, out); break;
	case AST_WHILE: assigned_in(arena, &s->repeat.body, seen, out); break;
	case AST_WHEN:
		assigned_in(arena, &s->when.yes, seen, out);
		assigned_in(arena, &s->when.no, seen, out);
		break;
	case AST_EACH: assigned_in(arena, &s->each.body, seen, out); break;
	default: break;
	}
}

static void assigned_in(Arena *arena, const AstBlock *block, NameMap *seen, Names *out) {
	for (uint32_t i = 0; i < block->count; i++)
		assigned_by(arena, block->data[i], seen, out);
}

Names stmt_assigned(Arena *arena, const AstStmt *s) {
	NameMap seen = {0};
	Names names = {0};
	assigned_by(arena, s, &seen, &names);
	return names;
}

Names block_assigned(Arena *arena, const AstBlock *block) {
	NameMap seen = {0};
	Names names = {0};
	assigned_in(arena, block, &seen, &names);
	return names;
}
