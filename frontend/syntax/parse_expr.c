/* parse_expr: operators. Precedence from loose to tight: if-then-else, or, and, not, comparisons (which chain),
 * + and -, then * / // % @, then prefix -, then ^ (to the right), then calls and indices (parse_primary.c). */
#include <stdlib.h>
#include <string.h>

#include "frontend/syntax/parser.h"

AstExpr *parse_new_expr(Parser *p, AstExprKind kind, Span span, uint32_t depth) {
	AstExpr *expr = ARENA_NEW(p->arena, AstExpr);
	expr->kind = kind;
	expr->id = ++p->session->expr_count;
	expr->span = span;
	expr->depth = depth + 1;
	if (expr->depth > PARSE_MAX_DEPTH) {
		Diag *diag = parse_error(p, 140, span, "this expression has more than %d steps in a row", PARSE_MAX_DEPTH);
		parse_help(p, diag, "give parts of it names with `let`");
		expr->kind = AST_BAD;
		expr->depth = 1;
	}
	return expr;
}

AstExpr *parse_bad(Parser *p, Span span) {
	return parse_new_expr(p, AST_BAD, span, 0);
}

uint32_t parse_deeper(uint32_t depth, const AstExpr *expr) {
	return expr != NULL && expr->depth > depth ? expr->depth : depth;
}

/* A stated range belongs where an index is introduced, not where an array is read. */
static void refuse_ranges(Parser *p, const AstExpr *expr) {
	for (; expr->kind == AST_INDEX; expr = expr->index.base) {
		for (uint32_t k = 0; k < expr->index.items.count; k++) {
			const AstItem *item = &expr->index.items.data[k];
			if (item->kind != AST_ITEM_INDEX)
				continue;
			Diag *diag = parse_complain(p, 130, item->span, "a range is stated where an index is introduced");
			parse_help(p, diag, "state it in the brackets of the `let` or of the reduction, and read with `%s` alone",
			           session_text(p->session, item->name.name));
		}
	}
}

static AstExpr *parse_if(Parser *p) {
	Span start = parse_span(p, parse_peek(p));
	AstExpr *expr = parse_new_expr(p, AST_IF, start, 0);
	parse_advance(p);
	expr->choice.condition = parse_value(p, "a condition");
	bool braces = parse_at(p, TOKEN_LBRACE);
	if (!p->panic && parse_at(p, TOKEN_THEN) && parse_peek(p)->line_start && p->brackets == 0) {
		Diag *diag = parse_complain(p, 126, parse_span(p, parse_peek(p)), "a line cannot start with `then`");
		parse_help(p, diag, "put `then` at the end of the line above");
	}
	if (!p->panic && !parse_accept(p, TOKEN_THEN)) {
		Diag *diag = parse_error(p, 126, parse_here(p), "expected `then`, found %s", parse_found(p));
		bool unlike = parse_at(p, TOKEN_OP_EQUALS) && strcmp(parse_slice(p, parse_here(p)), "/=") == 0;
		parse_help(p, diag,
		           unlike   ? "unequal is written `!=`"
		           : braces ? "inside an expression write `if c then a else b`; blocks belong to `if` statements"
		                    : "write `if c then a else b`");
	}
	if (!p->panic)
		expr->choice.yes = parse_expression(p);
	if (!p->panic && !parse_accept(p, TOKEN_ELSE)) {
		Diag *diag = parse_error(p, 126, parse_here(p), "expected `else`, found %s", parse_found(p));
		parse_help(p, diag, "an `if` that gives a value needs both: `if c then a else b`");
	}
	if (!p->panic)
		expr->choice.no = parse_expression(p);
	expr->span = parse_from(p, start);
	if (p->panic)
		expr->kind = AST_BAD;
	else
		expr->depth = parse_deeper(parse_deeper(expr->choice.condition->depth, expr->choice.yes), expr->choice.no) + 1;
	return expr;
}

static AstExpr *parse_unary(Parser *p);

static AstExpr *new_binary(Parser *p, AstOp op, Span op_span, AstExpr *left, AstExpr *right) {
	AstExpr *expr = parse_new_expr(p, AST_BINARY, span_join(left->span, right->span), parse_deeper(left->depth, right));
	if (expr->kind == AST_BAD)
		return expr;
	expr->binary.op = op;
	expr->binary.op_span = op_span;
	expr->binary.left = left;
	expr->binary.right = right;
	return expr;
}

static AstExpr *parse_power(Parser *p) {
	AstExpr *base = parse_postfix(p);
	refuse_ranges(p, base);
	if (p->panic || !parse_at(p, TOKEN_CARET))
		return base;
	Span op_span = parse_span(p, parse_peek(p));
	parse_advance(p);
	return new_binary(p, AST_POW, op_span, base, parse_unary(p));
}

static AstExpr *new_unary(Parser *p, AstOp op, Span start, AstExpr *operand) {
	AstExpr *expr = parse_new_expr(p, AST_UNARY, span_join(start, operand->span), operand->depth);
	if (expr->kind == AST_BAD)
		return expr;
	expr->unary.op = op;
	expr->unary.operand = operand;
	return expr;
}

/* `if c {` on a line of its own, where a value was to follow on the line above */
static bool begins_statement(const Parser *p) {
	if (p->at == p->statement || !parse_peek(p)->line_start || p->brackets > 0)
		return false;
	for (uint32_t k = p->at + 1; !p->tokens[k].line_start && p->tokens[k].kind != TOKEN_THEN; k++)
		if (p->tokens[k].kind == TOKEN_LBRACE)
			return true;
	return false;
}

static AstExpr *parse_unary(Parser *p) {
	Span start = parse_span(p, parse_peek(p));
	if (!parse_enter(p)) {
		parse_leave(p);
		return parse_bad(p, start);
	}
	AstExpr *expr;
	if (parse_at(p, TOKEN_MINUS)) {
		parse_advance(p);
		bool broken = parse_at_break(p);
		expr = broken ? parse_value(p, "a value") : new_unary(p, AST_NEG, start, parse_unary(p));
	} else if (parse_at(p, TOKEN_IF) && !begins_statement(p)) {
		expr = parse_if(p);
	} else {
		expr = parse_power(p);
	}
	parse_leave(p);
	return expr;
}

/* Precedence of a binary operator, 0 if the token is none. */
enum { LEVEL_OR = 1, LEVEL_AND, LEVEL_NOT, LEVEL_COMPARE, LEVEL_ADD, LEVEL_MUL, LEVEL_UNARY };

static int binary_level(TokenKind kind, AstOp *op) {
	static const struct {
		TokenKind kind;
		AstOp op;
		int level;
	} rows[] = {{TOKEN_OR, AST_OR, LEVEL_OR},         {TOKEN_AND, AST_AND, LEVEL_AND},
	            {TOKEN_PLUS, AST_ADD, LEVEL_ADD},     {TOKEN_MINUS, AST_SUB, LEVEL_ADD},
	            {TOKEN_STAR, AST_MUL, LEVEL_MUL},     {TOKEN_SLASH, AST_DIV, LEVEL_MUL},
	            {TOKEN_PERCENT, AST_MOD, LEVEL_MUL},  {TOKEN_SLASHSLASH, AST_FLOORDIV, LEVEL_MUL},
	            {TOKEN_AT, AST_MATMUL, LEVEL_MUL},    {TOKEN_LT, AST_LT, LEVEL_COMPARE},
	            {TOKEN_LE, AST_LE, LEVEL_COMPARE},    {TOKEN_GT, AST_GT, LEVEL_COMPARE},
	            {TOKEN_GE, AST_GE, LEVEL_COMPARE},    {TOKEN_EQ, AST_EQ, LEVEL_COMPARE},
	            {TOKEN_NE, AST_NE, LEVEL_COMPARE},    {TOKEN_ARROW, AST_LT, LEVEL_COMPARE},
	            {TOKEN_EQUALS, AST_EQ, LEVEL_COMPARE}};
	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
		if (rows[k].kind == kind) {
			*op = rows[k].op;
			return rows[k].level;
		}
	}
	return 0;
}

/* `<-` and `=` among comparisons are mistakes with a known meaning. */
static void check_comparison(Parser *p, const AstExpr *left) {
	const Token *token = parse_peek(p), *next = parse_ahead(p, 1);
	Span here = parse_span(p, token);
	if (token->kind == TOKEN_ARROW && strcmp(parse_slice(p, here), "<-") == 0) { /* others the lexer has told */
		Diag *diag = parse_complain(p, 114, here, "`<-` assigns, and cannot stand inside an expression");
		Span right = parse_span(p, next);
		parse_help(p, diag, "for a comparison put a space between: `%s < -%s`", parse_slice(p, left->span),
		           next->kind == TOKEN_NAME || next->kind == TOKEN_NUMBER ? parse_slice(p, right) : "...");
	} else if (token->kind == TOKEN_EQUALS) {
		Diag *diag = parse_complain(p, 116, here, "`=` does not compare");
		parse_help(p, diag, "write `==`");
	}
}

static AstExpr *parse_level(Parser *p, int level);

static AstExpr *parse_comparison(Parser *p) {
	AstExpr *left = parse_level(p, LEVEL_COMPARE + 1);
	AstExprs operands = {0};
	VEC(AstOp) ops = {0};
	VEC(Span) spans = {0};
	vec_push(p->arena, &operands, left);
	uint32_t depth = left->depth;
	AstOp op = AST_ADD;
	bool function = false;
	while (!p->panic && binary_level(parse_peek(p)->kind, &op) == LEVEL_COMPARE) {
		const Token *token = parse_peek(p);
		bool mistake = token->kind == TOKEN_ARROW || token->kind == TOKEN_EQUALS;
		function = function || strcmp(parse_slice(p, parse_span(p, token)), "->") == 0;
		if (mistake && token->line_start && p->brackets == 0)
			break;
		check_comparison(p, operands.data[operands.count - 1]);
		vec_push(p->arena, &ops, op);
		vec_push(p->arena, &spans, parse_span(p, token));
		parse_advance(p);
		AstExpr *right = parse_level(p, LEVEL_COMPARE + 1);
		depth = parse_deeper(depth, right);
		vec_push(p->arena, &operands, right);
	}
	if (operands.count == 1)
		return left;
	if (function) /* `(a) -> a + 1`: its names are its own */
		return parse_bad(p, span_join(left->span, operands.data[operands.count - 1]->span));
	AstExpr *expr =
		parse_new_expr(p, AST_COMPARE, span_join(left->span, operands.data[operands.count - 1]->span), depth);
	if (expr->kind != AST_BAD) {
		expr->compare.operands = operands;
		expr->compare.ops = ops.data;
		expr->compare.op_spans = spans.data;
	}
	return expr;
}

static AstExpr *parse_not(Parser *p) {
	Span start = parse_span(p, parse_peek(p));
	if (!parse_at(p, TOKEN_NOT))
		return parse_comparison(p);
	AstExpr *expr = NULL;
	if (parse_enter(p)) {
		parse_advance(p);
		expr = parse_at_break(p) ? parse_value(p, "a condition") : new_unary(p, AST_NOT, start, parse_not(p));
	}
	parse_leave(p);
	return expr != NULL ? expr : parse_bad(p, start);
}

/* A line that begins with `//` is read on from the line above, but may have been meant as a comment. */
static void warn_slashes(Parser *p) {
	const Token *token = parse_peek(p);
	if (token->kind != TOKEN_SLASHSLASH || !token->line_start)
		return;
	Diag *diag = diag_warning(p->session, 144, parse_span(p, token),
	                          "`//` is no comment: it divides the line above by this one, and rounds down");
	diag_help(p->session, diag, "comments begin with `#`; for a division end the line above with `//`");
}

static AstExpr *parse_level(Parser *p, int level) {
	if (level == LEVEL_NOT)
		return parse_not(p);
	if (level == LEVEL_UNARY)
		return parse_unary(p);
	AstExpr *left = parse_level(p, level + 1);
	AstOp op = AST_ADD;
	while (!p->panic && binary_level(parse_peek(p)->kind, &op) == level) {
		Span op_span = parse_span(p, parse_peek(p));
		warn_slashes(p);
		parse_advance(p);
		AstExpr *right = parse_level(p, level + 1);
		left = new_binary(p, op, op_span, left, right);
	}
	return left;
}

AstExpr *parse_expression(Parser *p) {
	return parse_level(p, LEVEL_OR);
}

AstExpr *parse_value(Parser *p, const char *what) {
	if (!parse_at_break(p))
		return parse_expression(p);
	Span here = parse_here(p);
	parse_error(p, 110, here, "expected %s, found %s", what, parse_found(p));
	return parse_bad(p, here);
}
