/* Pieces of the tree that nobody wrote: names, numbers, slices and definitions, at the place of what they are made for. */
#include "frontend/decl/compose.h"

static AstExpr *new_expr(FeProgram *p, AstExprKind kind, uint32_t depth, Span span) {
	AstExpr *x = ARENA_NEW(p->session->arena, AstExpr);
	*x = (AstExpr){.kind = kind, .id = ++p->session->expr_count, .depth = depth, .span = span};
	return x;
}

AstExpr *objective_make_name(FeProgram *p, const Symbol *symbol, Span span) {
	AstExpr *x = new_expr(p, AST_NAME, 1, span);
	x->name = symbol->name;
	symbol_set(p, x->id, (Symbol *)(uintptr_t)symbol);
	return x;
}

AstExpr *objective_make_number(FeProgram *p, int64_t number, Span span) {
	AstExpr *x = new_expr(p, AST_NUMBER, 1, span);
	x->number.value = (double)number;
	x->number.text = arena_printf(p->session->arena, "%lld", (long long)number);
	x->number.whole = true;
	x->number.integer = number;
	return x;
}

AstExpr *objective_make_call(FeProgram *p, const Builtin *b, AstExpr *const *args, uint32_t count, Span span) {
	AstExpr *x = new_expr(p, AST_CALL, 1, span);
	Name name = session_name(p->session, b->name);
	x->call.callee = (AstName){.name = name, .span = span};
	for (uint32_t i = 0; i < count; i++) {
		vec_push(p->session->arena, &x->call.args, ((AstArg){.value = args[i]}));
		x->depth = args[i]->depth + 1 > x->depth ? args[i]->depth + 1 : x->depth;
	}
	symbol_set(p, x->id, symbol_of_builtin(p, name, true));
	return x;
}

AstExpr *objective_make_array(FeProgram *p, AstExpr *element, Span span) {
	AstExpr *x = new_expr(p, AST_ARRAY, element->depth + 1, span);
	vec_push(p->session->arena, &x->elements, element);
	return x;
}

static AstExpr *indexed(FeProgram *p, AstExpr *of, AstItem item, Span span) {
	AstExpr *x = new_expr(p, AST_INDEX, of->depth + 1, span);
	item.span = span;
	x->index.base = of;
	vec_push(p->session->arena, &x->index.items, item);
	return x;
}

AstExpr *objective_make_slice(FeProgram *p, AstExpr *of, int64_t low, int64_t high, Span span) {
	AstItem item = {.kind = AST_ITEM_SLICE,
	                .low = objective_make_number(p, low, span),
	                .high = objective_make_number(p, high, span)};
	return indexed(p, of, item, span);
}

AstExpr *objective_make_element(FeProgram *p, AstExpr *of, int64_t at, Span span) {
	return indexed(p, of, (AstItem){.kind = AST_ITEM_EXPR, .expr = objective_make_number(p, at, span)}, span);
}

AstName objective_make_declared(FeProgram *p, SymbolKind kind, Name name, Span span, Symbol **symbol) {
	AstName declared = {.name = name, .span = span, .id = ++p->session->expr_count};
	*symbol = symbol_new(p, (Symbol){.kind = kind, .name = name, .span = span, .direct = true});
	symbol_set(p, declared.id, *symbol);
	return declared;
}

AstStmt *objective_make_let(AstName name, AstExpr *value, Span span, Arena *arena) {
	AstStmt *s = ARENA_NEW(arena, AstStmt);
	*s = (AstStmt){.kind = AST_LET, .span = span, .keyword = span};
	vec_push(arena, &s->declare.names, name);
	s->declare.value = value;
	return s;
}
