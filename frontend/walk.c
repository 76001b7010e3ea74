/* Walking the syntax tree: which names an expression or a statement mentions. */
#include "frontend/elab.h"

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

typedef struct NameVisit {
	void (*visit)(Name name, Span span, void *context);
	void *context;
} NameVisit;

static bool visit_names(const AstExpr *x, void *context) {
	const NameVisit *v = context;
	if (x && x->kind == AST_NAME)
		v->visit(x->name, x->span, v->context);
	expr_any_part(x, visit_names, context);
	return false;
}

void expr_names(const AstExpr *x, void (*visit)(Name name, Span span, void *context), void *context) {
	NameVisit v = {visit, context};
	if (x)
		visit_names(x, &v);
}

static void item_names(const AstItems *items, void (*visit)(Name, Span, void *), void *context) {
	for (uint32_t i = 0; i < items->count; i++) {
		expr_names(items->data[i].expr, visit, context);
		expr_names(items->data[i].low, visit, context);
		expr_names(items->data[i].high, visit, context);
	}
}

static void block_names(const AstBlock *block, void (*visit)(Name, Span, void *), void *context) {
	for (uint32_t i = 0; i < block->count; i++)
		stmt_names(block->data[i], visit, context);
}

void stmt_names(const AstStmt *s, void (*visit)(Name name, Span span, void *context), void *context) {
	switch (s->kind) {
	case AST_REPORT: expr_names(s->report.value, visit, context); break;
	case AST_MINIMIZE: expr_names(s->minimize, visit, context); break;
	case AST_VALIDATE: expr_names(s->validate.value, visit, context); break;
	case AST_ASSIGN:
		for (uint32_t i = 0; i < s->assign.targets.count; i++)
			expr_names(s->assign.targets.data[i], visit, context);
		expr_names(s->assign.value, visit, context);
		break;
	case AST_FOR:
		expr_names(s->loop.range.low, visit, context);
		expr_names(s->loop.range.high, visit, context);
		block_names(&s->loop.body, visit, context);
		break;
	case AST_WHILE:
		expr_names(s->repeat.condition, visit, context);
		expr_names(s->repeat.limit, visit, context);
		block_names(&s->repeat.body, visit, context);
		break;
	case AST_WHEN:
		expr_names(s->when.condition, visit, context);
		block_names(&s->when.yes, visit, context);
		block_names(&s->when.no, visit, context);
		break;
	case AST_EACH: block_names(&s->each.body, visit, context); break;
	case AST_APPLY: expr_names(s->apply, visit, context); break;
	case AST_RETURN:
		for (uint32_t i = 0; i < s->results.count; i++)
			expr_names(s->results.data[i], visit, context);
		break;
	default:
		item_names(&s->declare.head, visit, context);
		for (uint32_t i = 0; i < s->declare.type.dims.count; i++)
			expr_names(s->declare.type.dims.data[i], visit, context);
		expr_names(s->declare.value, visit, context);
		expr_names(s->declare.draw, visit, context);
		break;
	}
}
