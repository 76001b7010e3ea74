/* Walking the syntax tree: the parts of expressions, the expressions of statements. */
#include "frontend/syntax/ast.h"

static bool any_items(const AstItems *items, AstVisit *visit, void *context) {
	for (uint32_t i = 0; i < items->count; i++) {
		const AstItem *item = &items->data[i];
		if ((item->expr && visit(item->expr, context)) || (item->low && visit(item->low, context)) ||
		    (item->high && visit(item->high, context)))
			return true;
	}
	return false;
}

bool ast_any_part(const AstExpr *x, AstVisit *visit, void *context) {
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
	case AST_DISCOVER:
		for (uint32_t i = 0; i < x->call.args.count; i++)
			if (visit(x->call.args.data[i].value, context))
				return true;
		return false;
	case AST_REDUCE: return any_items(&x->reduce.items, visit, context) || visit(x->reduce.body, context);
	case AST_INDEX: return visit(x->index.base, context) || any_items(&x->index.items, visit, context);
	case AST_ARRAY:
	case AST_CHOOSE:
		for (uint32_t i = 0; i < x->elements.count; i++)
			if (visit(x->elements.data[i], context))
				return true;
		return false;
	default: return false;
	}
}

/* ---- the expressions of statements ---- */

static bool any_in_block(const AstBlock *block, AstVisit *visit, void *context) {
	for (uint32_t i = 0; i < block->count; i++)
		if (ast_any_expr(block->data[i], visit, context))
			return true;
	return false;
}

static bool any_of(const AstExprs *exprs, AstVisit *visit, void *context) {
	for (uint32_t i = 0; i < exprs->count; i++)
		if (visit(exprs->data[i], context))
			return true;
	return false;
}

static bool any_column(const AstItems *columns, AstVisit *visit, void *context) {
	for (uint32_t i = 0; i < columns->count; i++)
		if (visit(columns->data[i].expr, context) || visit(columns->data[i].low, context) ||
		    visit(columns->data[i].high, context))
			return true;
	return false;
}

static bool any_of_validate(const AstStmt *s, AstVisit *visit, void *context) {
	for (uint32_t i = 0; i < s->validate.with.count; i++)
		if (visit(s->validate.with.data[i].value, context))
			return true;
	return visit(s->validate.value, context);
}

/* A distribution is no function, but its arguments are expressions. */
static bool any_of_declare(const AstDeclare *d, AstVisit *visit, void *context) {
	return any_items(&d->head, visit, context) || any_of(&d->type.dims, visit, context) || visit(d->value, context) ||
	       ast_any_part(d->draw, visit, context) || visit(d->limits.low, context) || visit(d->limits.high, context) ||
	       visit(d->from, context) || any_column(&d->columns, visit, context);
}

bool ast_any_expr(const AstStmt *s, AstVisit *visit, void *context) {
	switch (s->kind) {
	case AST_REPORT: return visit(s->report.value, context);
	case AST_MINIMIZE: return visit(s->minimize, context);
	case AST_RESIDUALS: return visit(s->residuals, context);
	case AST_VALIDATE: return any_of_validate(s, visit, context);
	case AST_ASSIGN: return any_of(&s->assign.targets, visit, context) || visit(s->assign.value, context);
	case AST_FOR:
		return visit(s->loop.range.low, context) || visit(s->loop.range.high, context) ||
		       visit(s->loop.step, context) || any_in_block(&s->loop.body, visit, context);
	case AST_WHILE:
		return visit(s->repeat.condition, context) || visit(s->repeat.limit, context) ||
		       any_in_block(&s->repeat.body, visit, context);
	case AST_WHEN:
		return visit(s->when.condition, context) || any_in_block(&s->when.yes, visit, context) ||
		       any_in_block(&s->when.no, visit, context);
	case AST_EACH: return any_in_block(&s->each.body, visit, context);
	case AST_APPLY: return visit(s->apply, context);
	case AST_RETURN: return any_of(&s->results, visit, context);
	default: return any_of_declare(&s->declare, visit, context);
	}
}

bool ast_returns(const AstBlock *block) {
	for (uint32_t i = 0; i < block->count; i++) {
		const AstStmt *s = block->data[i];
		if (s->kind == AST_RETURN || (s->kind == AST_FOR && ast_returns(&s->loop.body)) ||
		    (s->kind == AST_WHILE && ast_returns(&s->repeat.body)) ||
		    (s->kind == AST_WHEN && (ast_returns(&s->when.yes) || ast_returns(&s->when.no))))
			return true;
	}
	return false;
}
