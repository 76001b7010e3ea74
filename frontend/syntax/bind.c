/* How tightly parts of the text bind: which of them need parentheses in the place of another one. */
#include "frontend/syntax/ast.h"

static AstBind bind_of_op(AstOp op) {
	switch (op) {
	case AST_OR: return AST_BIND_OR;
	case AST_AND: return AST_BIND_AND;
	case AST_NOT: return AST_BIND_NOT;
	case AST_ADD:
	case AST_SUB: return AST_BIND_SUM;
	case AST_NEG: return AST_BIND_NEG;
	case AST_POW: return AST_BIND_POWER;
	default: return AST_BIND_PRODUCT;
	}
}

/* What begins with parentheses may be all in them, and is an atom then: its place says. `(a + b) * c` begins with those of its first part. */
AstBind ast_bind_of(const Session *session, const AstExpr *x) {
	const AstExpr *first = x->kind == AST_BINARY    ? x->binary.left
	                       : x->kind == AST_COMPARE ? x->compare.operands.data[0]
	                                                : NULL;
	bool of_first = first && first->span.start == x->span.start;
	if (!of_first && session->sources.data[x->span.file]->text[x->span.start] == '(')
		return AST_BIND_ATOM;
	switch (x->kind) {
	case AST_IF: return AST_BIND_IF;
	case AST_COMPARE: return AST_BIND_COMPARE;
	case AST_UNARY: return bind_of_op(x->unary.op);
	case AST_BINARY: return bind_of_op(x->binary.op);
	default: return AST_BIND_ATOM;
	}
}

static AstBind tighter(AstBind bind) {
	return (AstBind)((int)bind + 1);
}

typedef struct Place {
	const AstDecl *rule;
	const AstExpr *part;
	AstBind needed; /* what binds at least as tightly needs no parentheses there */
} Place;

/* Operations of one rank are done from the left, and what stands on the right keeps its parentheses, so that nothing is added in
 * another order. */
static void see_binary(Place *place, const AstExpr *x) {
	AstBind own = bind_of_op(x->binary.op);
	if (x->binary.left == place->part)
		place->needed = own == AST_BIND_POWER ? AST_BIND_ATOM : own;
	if (x->binary.right == place->part)
		place->needed = tighter(own);
}

static bool see(const AstExpr *x, void *context) {
	Place *place = context;
	if (!x)
		return false;
	for (uint32_t i = 0; x->kind == AST_CHOOSE && i < x->elements.count; i++)
		if (x->elements.data[i] == place->part) /* it will stand where that one stands */
			place->needed = ast_bind_needed(place->rule, x);
	if (x->kind == AST_BINARY)
		see_binary(place, x);
	else if (x->kind == AST_UNARY && x->unary.operand == place->part)
		place->needed = tighter(bind_of_op(x->unary.op));
	else if (x->kind == AST_INDEX && x->index.base == place->part)
		place->needed = AST_BIND_ATOM;
	else if (x->kind == AST_COMPARE)
		for (uint32_t i = 0; i < x->compare.operands.count; i++)
			place->needed = x->compare.operands.data[i] == place->part ? AST_BIND_SUM : place->needed;
	return ast_any_part(x, see, context);
}

AstBind ast_bind_needed(const AstDecl *rule, const AstExpr *part) {
	Place place = {rule, part, AST_BIND_IF};
	for (uint32_t i = 0; i < rule->body.count; i++)
		ast_any_expr(rule->body.data[i], see, &place);
	return place.needed;
}
