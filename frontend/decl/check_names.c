/* Functions are elaborated where they are called, with the shapes that they have there. What can be said of one that
 * nobody calls is whether its names exist. */
#include "frontend/meaning/elab.h"

#include <string.h>

static void declare(Elab *e, AstName name) {
	if (name.name && !scope_find(e, name.name))
		scope_add(e, BIND_LET, name, NULL);
}

static bool declared_by_expr(const AstExpr *x, void *context) {
	Elab *e = context;
	if (!x)
		return false;
	if (x->kind == AST_REDUCE)
		for (uint32_t i = 0; i < x->reduce.items.count; i++)
			declare(e, x->reduce.items.data[i].name);
	expr_any_part(x, declared_by_expr, e);
	return false;
}

static void declared_by_block(Elab *e, const AstBlock *block);

/* In `h[k, j] <- e` fresh names run over their axes. */
static void declared_by_target(Elab *e, const AstExpr *target) {
	if (target->kind != AST_INDEX)
		return;
	for (uint32_t i = 0; i < target->index.items.count; i++) {
		const AstItem *item = &target->index.items.data[i];
		declare(e, item->name);
		if (item->expr && item->expr->kind == AST_NAME)
			declare(e, (AstName){item->expr->name, item->span});
	}
}

static void declared_by_stmt(Elab *e, const AstStmt *s) {
	switch (s->kind) {
	case AST_ASSIGN:
		for (uint32_t i = 0; i < s->assign.targets.count; i++)
			declared_by_target(e, s->assign.targets.data[i]);
		declared_by_expr(s->assign.value, e);
		break;
	case AST_FOR:
		declare(e, s->loop.name);
		declared_by_block(e, &s->loop.body);
		break;
	case AST_WHILE:
		declared_by_expr(s->repeat.condition, e);
		declared_by_block(e, &s->repeat.body);
		break;
	case AST_WHEN:
		declared_by_expr(s->when.condition, e);
		declared_by_block(e, &s->when.yes);
		declared_by_block(e, &s->when.no);
		break;
	case AST_RETURN:
		for (uint32_t i = 0; i < s->results.count; i++)
			declared_by_expr(s->results.data[i], e);
		break;
	case AST_LET:
	case AST_VAR:
		for (uint32_t i = 0; i < s->declare.names.count; i++)
			declare(e, s->declare.names.data[i]);
		for (uint32_t i = 0; i < s->declare.head.count; i++)
			declare(e, s->declare.head.data[i].name);
		declared_by_expr(s->declare.value, e);
		break;
	default: break;
	}
}

static void declared_by_block(Elab *e, const AstBlock *block) {
	for (uint32_t i = 0; i < block->count; i++)
		declared_by_stmt(e, block->data[i]);
}

static void see_name(Name name, Span span, void *context) {
	Elab *e = context;
	if (!elab_is_known(e, name))
		elab_unknown(e, name, span);
}

static bool see_calls(const AstExpr *x, void *context) {
	Elab *e = context;
	if (x && x->kind == AST_CALL) {
		const Builtin *b = builtin_find(session_text(e->session, x->call.callee.name));
		if (!b || b->kind != BUILTIN_IS_LATER)
			see_name(x->call.callee.name, x->call.callee.span, e);
	}
	expr_any_part(x, see_calls, e);
	return false;
}

static void calls_of_block(Elab *e, const AstBlock *block) {
	for (uint32_t i = 0; i < block->count; i++) {
		const AstStmt *s = block->data[i];
		if (s->kind == AST_ASSIGN)
			see_calls(s->assign.value, e);
		if (s->kind == AST_LET || s->kind == AST_VAR)
			see_calls(s->declare.value, e);
		for (uint32_t k = 0; s->kind == AST_RETURN && k < s->results.count; k++)
			see_calls(s->results.data[k], e);
		if (s->kind == AST_FOR)
			calls_of_block(e, &s->loop.body);
		if (s->kind == AST_WHEN) {
			see_calls(s->when.condition, e);
			calls_of_block(e, &s->when.yes);
			calls_of_block(e, &s->when.no);
		}
	}
}

void check_function_names(Elab *e, const AstDecl *fn) {
	for (uint32_t i = 0; i < fn->params.count; i++)
		declare(e, fn->params.data[i].name);
	declared_by_expr(fn->value, e);
	declared_by_block(e, &fn->body);
	expr_names(fn->value, see_name, e);
	see_calls(fn->value, e);
	for (uint32_t i = 0; i < fn->body.count; i++)
		stmt_names(fn->body.data[i], see_name, e);
	calls_of_block(e, &fn->body);
}
