/* parse_primary: numbers, names, calls, reductions, arrays, and the indices and calls that follow them. */
#include <stdlib.h>
#include <string.h>

#include "frontend/syntax/parser.h"

static uint32_t deepest_item(const AstItems *items, uint32_t depth) {
	for (uint32_t k = 0; k < items->count; k++) {
		const AstItem *item = &items->data[k];
		depth = parse_deeper(parse_deeper(parse_deeper(depth, item->expr), item->low), item->high);
	}
	return depth;
}

static uint32_t deepest_argument(const AstArgs *args) {
	uint32_t depth = 0;
	for (uint32_t k = 0; k < args->count; k++)
		depth = parse_deeper(depth, args->data[k].value);
	return depth;
}

static AstExpr *parse_number(Parser *p) {
	const Token *token = parse_peek(p);
	AstExpr *expr = parse_new_expr(p, AST_NUMBER, parse_span(p, token), 0);
	const char *text = parse_slice(p, expr->span);
	char *end;
	expr->number.text = text;
	expr->number.value = strtod(text, &end);
	if (*end != 0 || strpbrk(text, "xX")) /* the lexer has told */
		expr->kind = AST_BAD;
	expr->number.whole = strspn(text, "0123456789") == strlen(text);
	for (const char *c = text; expr->number.whole && *c != 0; c++) {
		int64_t digit = *c - '0';
		if (expr->number.integer > (INT64_MAX - digit) / 10)
			expr->number.whole = false;
		else
			expr->number.integer = expr->number.integer * 10 + digit;
	}
	if (expr->number.value > 1.7976931348623157e308) {
		Diag *diag = parse_complain(p, 104, expr->span, "this number is too large for any precision");
		parse_help(p, diag, "the largest f64 is about 1.8e308; infinity is written `inf`");
	}
	parse_advance(p);
	return expr;
}

/* The items of a reduction: index names, `each` and conditions in any order. */
static void parse_reduction_items(Parser *p, uint32_t open, AstExpr *expr) {
	p->brackets++;
	if (p->at == p->tokens[open].partner)
		parse_complain(p, 142, parse_from(p, parse_span(p, &p->tokens[open])),
		               "a reduction's brackets name what it runs over, as in `sum[i](...)`");
	while (p->at < p->tokens[open].partner) {
		if (parse_at_word(p, "each") && parse_at_index_name(p)) {
			expr->reduce.each = true;
			parse_advance(p);
		} else if (parse_at_index_name(p)) {
			vec_push(p->arena, &expr->reduce.items, parse_index_name(p));
		} else {
			AstItem item = {.kind = AST_ITEM_CONDITION, .span = parse_here(p)};
			item.expr = parse_expression(p);
			item.span = parse_from(p, item.span);
			vec_push(p->arena, &expr->reduce.items, item);
		}
		if (!parse_next_element(p, open))
			break;
	}
	parse_close(p, open, "`,`, `in` or `]`");
	p->brackets--;
}

/* sum[i in n, i < j](e), at its name */
static AstExpr *parse_reduction(Parser *p, AstReduction op) {
	AstExpr *expr = parse_new_expr(p, AST_REDUCE, parse_span(p, parse_peek(p)), 0);
	expr->reduce.op = op;
	expr->reduce.callee = (AstName){.name = parse_peek(p)->name, .span = expr->span};
	const char *word = session_text(p->session, expr->reduce.callee.name);
	parse_advance(p);
	uint32_t open = p->at;
	parse_advance(p);
	parse_reduction_items(p, open, expr);
	if (!parse_at(p, TOKEN_LPAREN) || (parse_peek(p)->line_start && p->brackets == 0)) {
		Diag *diag = parse_error(p, 141, parse_from(p, expr->span), "this reduction lacks what it reduces");
		parse_help(p, diag, "write `%s(...)`, with parentheses around the whole of it",
		           parse_slice(p, parse_from(p, expr->span)));
		expr->kind = AST_BAD;
		return expr;
	}
	open = p->at;
	parse_advance(p);
	p->brackets++;
	expr->reduce.body = parse_expression(p);
	if (!p->panic && parse_at(p, TOKEN_COMMA)) {
		Diag *diag = parse_error(p, 101, parse_here(p), "with indices, `%s` reduces one expression", word);
		parse_help(p, diag, "conditions belong between the brackets: `%s[i, i < n](e)`", word);
	}
	parse_close(p, open, "`)`");
	p->brackets--;
	expr->span = parse_from(p, expr->span);
	expr->depth = deepest_item(&expr->reduce.items, parse_deeper(0, expr->reduce.body)) + 1;
	return expr;
}

static AstExpr *parse_named_call(Parser *p) {
	const Token *token = parse_peek(p);
	AstExpr *expr = parse_new_expr(p, AST_CALL, parse_span(p, token), 0);
	if (parse_at_word(p, "discover"))
		expr->kind = AST_DISCOVER;
	expr->call.callee = (AstName){.name = token->name, .span = expr->span};
	parse_advance(p);
	uint32_t open = p->at;
	parse_advance(p);
	parse_arguments(p, open, &expr->call.args);
	expr->span = parse_from(p, expr->span);
	expr->depth = deepest_argument(&expr->call.args) + 1;
	return expr;
}

/* [a, b, c] or choose { a, b, c }, at the bracket; `kind` says which */
static AstExpr *parse_elements(Parser *p, AstExprKind kind, Span start) {
	AstExpr *expr = parse_new_expr(p, kind, start, 0);
	uint32_t open = p->at, depth = 0;
	bool array = kind == AST_ARRAY;
	parse_advance(p);
	p->brackets++;
	if (p->at == p->tokens[open].partner)
		parse_complain(p, 142, parse_span(p, &p->tokens[open]),
		               array ? "an array has at least one element" : "a choice has at least one alternative");
	while (p->at < p->tokens[open].partner) {
		AstExpr *element = parse_expression(p);
		depth = parse_deeper(depth, element);
		vec_push(p->arena, &expr->elements, element);
		if (!p->panic && parse_at_word(p, "for")) {
			Diag *diag = parse_error(p, 101, parse_here(p), "arrays are not written with `for`");
			parse_help(p, diag, "name the index instead: `let a[i in n] = ...`");
			expr->kind = AST_BAD; /* what it runs over is known in no element */
		}
		if (!parse_next_element(p, open))
			break;
	}
	parse_close(p, open, array ? "`,` or `]`" : "`,` or `}`");
	p->brackets--;
	expr->span = parse_from(p, start);
	expr->depth = depth + 1;
	return expr;
}

static AstExpr *parse_parentheses(Parser *p) {
	uint32_t open = p->at;
	Span start = parse_span(p, parse_peek(p));
	parse_advance(p);
	p->brackets++;
	AstExpr *expr;
	if (p->at == p->tokens[open].partner) {
		parse_complain(p, 142, start, "a value is missing between the parentheses");
		expr = parse_bad(p, start);
	} else {
		expr = parse_expression(p);
	}
	if (!p->panic && parse_at(p, TOKEN_COMMA)) {
		Diag *diag = parse_error(p, 101, parse_here(p), "there are no tuples");
		parse_help(p, diag, "an array is written `[a, b]`");
		expr = parse_bad(p, start);
	}
	parse_close(p, open, "`)`");
	p->brackets--;
	expr->span = parse_from(p, start);
	return expr;
}

/* A line that starts like a statement, where a value was to follow: the value is missing. */
static bool at_next_statement(const Parser *p) {
	const Token *token = parse_peek(p), *next = parse_ahead(p, 1);
	if (p->at == p->statement || !token->line_start || p->brackets > 0 || token->kind != TOKEN_NAME || next->line_start)
		return false;
	if (lex_opens_declaration(p->source, p->tokens, p->at))
		return true;
	return next->kind == TOKEN_ARROW || (next->kind == TOKEN_NAME && lex_is_statement_word(p->source, token));
}

static AstExpr *expected_value(Parser *p) {
	const Token *token = parse_peek(p);
	Span here = parse_here(p);
	bool broken = token->kind == TOKEN_END || (token->line_start && p->brackets == 0);
	Diag *diag = parse_error(p, 110, here, "expected a value, found %s", parse_found(p));
	if (broken)
		return parse_bad(p, here);
	if (token->kind == TOKEN_PLUS)
		parse_help(p, diag, "leave the `+` out");
	else if (token->kind == TOKEN_NOT)
		parse_help(p, diag, "put parentheses around `not ...`");
	else if (token->kind == TOKEN_LBRACE && p->brackets > 0)
		parse_help(p, diag,
		           "parentheses are `(` and `)`, an array is written `[a, b]`, alternatives `choose { a, b }`");
	else if (token->kind >= TOKEN_DOTDOT && token->kind <= TOKEN_OR)
		parse_help(p, diag, "a value is missing before `%s`", parse_slice(p, here));
	return parse_bad(p, here);
}

/* `sum[i](e)`: the name of a reduction at a bracket. One that is not reserved may also be an array whose element this is. */
static bool starts_reduction(const Parser *p, const Token *token, AstReduction *op) {
	const char *word = session_text(p->session, token->name);
	if (!ast_reduction(word, op) || ast_reduction_is_reserved(word))
		return ast_reduction_is_reserved(word);
	const Token *behind = &p->tokens[p->tokens[p->at + 1].partner + 1];
	return behind->kind == TOKEN_LPAREN && (p->brackets > 0 || !behind->line_start);
}

AstExpr *parse_primary(Parser *p) {
	const Token *token = parse_peek(p), *next = parse_ahead(p, 1);
	Span here = parse_span(p, token);
	bool attached = p->brackets > 0 || !next->line_start;
	AstReduction op;
	AstExpr *expr;
	switch (token->kind) {
	case TOKEN_NUMBER: return parse_number(p);
	case TOKEN_TEXT: {
		uint32_t length = here.end - here.start;
		expr = parse_new_expr(p, AST_TEXT, here, 0);
		Span inside = {.file = p->file, .start = here.start + 1, .end = length > 1 ? here.end - 1 : here.end};
		expr->text = parse_slice(p, inside);
		parse_advance(p);
		return expr;
	}
	case TOKEN_TRUE:
	case TOKEN_FALSE:
		expr = parse_new_expr(p, AST_BOOL, here, 0);
		expr->truth = token->kind == TOKEN_TRUE;
		parse_advance(p);
		return expr;
	case TOKEN_LPAREN: return parse_parentheses(p);
	case TOKEN_LBRACKET: return parse_elements(p, AST_ARRAY, here);
	case TOKEN_NAME: break;
	default: return expected_value(p);
	}
	if (at_next_statement(p))
		return expected_value(p);
	if (next->kind == TOKEN_NAME && attached && lex_is_word(p->source, token, "lambda")) {
		Diag *diag = parse_error(p, 110, here, "there are no anonymous functions");
		parse_help(p, diag, "declare it at the top level: `fn name(x) = ...`");
		return parse_bad(p, here);
	}
	if (next->kind == TOKEN_LBRACE && attached && lex_is_word(p->source, token, "choose")) {
		parse_advance(p);
		return parse_elements(p, AST_CHOOSE, here);
	}
	if (next->kind == TOKEN_LBRACKET && attached && starts_reduction(p, token, &op))
		return parse_reduction(p, op);
	if (next->kind == TOKEN_LPAREN && attached)
		return parse_named_call(p);
	expr = parse_new_expr(p, AST_NAME, here, 0);
	expr->name = token->name;
	parse_advance(p);
	return expr;
}

/* ---- what follows a primary ---- */

AstExpr *parse_postfix(Parser *p) {
	const Token *first = parse_peek(p);
	AstExpr *expr = parse_primary(p);
	if (first->after_error && first->kind == TOKEN_NAME) /* of `√w` only `w` was read */
		expr = parse_bad(p, expr->span);
	while (!p->panic && !(parse_peek(p)->line_start && p->brackets == 0)) {
		if (parse_at(p, TOKEN_LBRACKET)) {
			AstExpr *indexed = parse_new_expr(p, AST_INDEX, expr->span, expr->depth);
			uint32_t open = p->at;
			parse_advance(p);
			AstItems items = parse_index_items(p, open);
			indexed->span = parse_from(p, expr->span);
			if (indexed->kind != AST_BAD) {
				indexed->index.base = expr;
				indexed->index.items = items;
				indexed->depth = deepest_item(&items, expr->depth) + 1;
			} else {
				p->panic = true;
			}
			expr = indexed;
		} else if (parse_at(p, TOKEN_LPAREN)) {
			expr = parse_call_of_value(p, expr);
		} else if (parse_at(p, TOKEN_DOT)) {
			expr = parse_member(p, expr);
		} else {
			break;
		}
	}
	return expr;
}

AstExpr *parse_call(Parser *p, const char *what) {
	Span start = parse_here(p);
	if (parse_at_break(p) || !parse_at(p, TOKEN_NAME)) {
		parse_error(p, 101, start, "expected %s, found %s", what, parse_found(p));
		return parse_bad(p, start);
	}
	AstExpr *expr = parse_postfix(p);
	if (p->panic || expr->kind == AST_CALL || expr->kind == AST_BAD)
		return expr;
	const char *text = parse_slice(p, expr->span);
	Diag *diag = parse_complain(p, 101, parse_from(p, start), "expected %s, found `%s`", what, text);
	if (expr->kind == AST_NAME)
		parse_help(p, diag, "write it with its arguments: `%s(...)`", text);
	return parse_bad(p, expr->span);
}
