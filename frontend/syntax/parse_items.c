/* parse_items: what stands between brackets: arguments, indices, index heads, ranges. */
#include <string.h>

#include "frontend/syntax/parser.h"

void parse_arguments(Parser *p, uint32_t open, AstArgs *args) {
	bool named = false;
	p->brackets++;
	while (p->at < p->tokens[open].partner) {
		AstArg arg = {0};
		Span start = parse_span(p, parse_peek(p));
		if (parse_at(p, TOKEN_NAME) && parse_ahead(p, 1)->kind == TOKEN_EQUALS) {
			arg.name = parse_name(p, "an argument's name");
			parse_advance(p);
			named = true;
		} else if (parse_at(p, TOKEN_NAME) && parse_ahead(p, 1)->kind == TOKEN_COLON) {
			arg.name = parse_name(p, "an argument's name");
			Diag *diag = parse_complain(p, 101, parse_here(p), "an argument follows `=`, not `:`");
			parse_help(p, diag, "write `%s = ...`", session_text(p->session, arg.name.name));
			parse_advance(p);
			named = true;
		}
		arg.value = parse_expression(p);
		if (named && arg.name.name == 0 && !p->panic) {
			Diag *diag = parse_complain(p, 133, start, "this argument has no name, but stands behind one that has");
			parse_help(p, diag, "positional arguments come first");
		}
		for (uint32_t k = 0; k < args->count && arg.name.name != 0; k++) {
			if (args->data[k].name.name != arg.name.name)
				continue;
			Diag *diag =
				parse_complain(p, 134, arg.name.span, "`%s` is given twice", session_text(p->session, arg.name.name));
			if (diag != NULL)
				diag_label(p->session, diag, args->data[k].name.span, "first here");
		}
		vec_push(p->arena, args, arg);
		if (!parse_next_element(p, open))
			break;
	}
	parse_close(p, open, "`,` or `)`");
	p->brackets--;
}

/* `1:n`, `1 to n`: reported, and read on as a range */
static bool foreign_range(Parser *p) {
	bool colon = parse_at(p, TOKEN_COLON), word = parse_at_word(p, "to") || parse_at_word(p, "until");
	if ((!colon && !word) || parse_at_break(p) || parse_ahead(p, 1)->line_start)
		return false;
	Diag *diag = parse_complain(p, 128, parse_here(p), "a range is not written with %s", parse_found(p));
	parse_help(p, diag, "write `a..b`, as in `0..n`: positions count from 0, and the end does not belong to a range");
	parse_advance(p);
	return true;
}

/* One value where a range has to stand: `for k in n`, `for k in range(2, n)` */
static void no_range(Parser *p, AstRange *range) {
	const AstExpr *end = range->high;
	const AstArgs *args = &end->call.args;
	Diag *diag = parse_complain(p, 128, end->span, "expected a range `a..b`");
	range->no_range = true;
	bool python = end->kind == AST_CALL && args->count > 0 && args->count < 4 &&
	              strcmp(session_text(p->session, end->call.callee.name), "range") == 0;
	if (!python) {
		const char *text = parse_slice(p, end->span);
		parse_help(p, diag,
		           end->kind == AST_NAME ? "write `0..%s`, or `0..size(%s, 0)` if it is an array" : "write `0..%s`",
		           text, text);
		return;
	}
	range->low = args->count > 1 ? args->data[0].value : NULL;
	range->high = args->data[args->count > 1].value;
	const char *low = range->low ? parse_slice(p, range->low->span) : "0", *high = parse_slice(p, range->high->span);
	if (args->count == 3)
		parse_help(p, diag, "write `%s..%s by %s`", low, high, parse_slice(p, args->data[2].value->span));
	else
		parse_help(p, diag, "write `%s..%s`", low, high);
}

AstRange parse_range(Parser *p, bool needs_low) {
	AstRange range = {.span = parse_here(p)};
	if (parse_at(p, TOKEN_DOTDOT)) {
		Diag *diag = parse_error(p, 128, parse_here(p), "this range has no start");
		parse_help(p, diag, "write `0..n`");
		return range;
	}
	uint32_t errors = p->session->error_count;
	range.high = parse_value(p, "a range");
	if (p->panic)
		return range;
	bool foreign = !parse_at(p, TOKEN_DOTDOT) && foreign_range(p);
	if (foreign || parse_accept(p, TOKEN_DOTDOT)) {
		range.low = range.high;
		range.high = parse_expression(p);
	} else if (needs_low && errors == p->session->error_count) {
		no_range(p, &range);
	}
	range.span = parse_from(p, range.span);
	return range;
}

AstItem parse_index_name(Parser *p) {
	AstItem item = {.kind = AST_ITEM_INDEX, .span = parse_span(p, parse_peek(p))};
	item.name = parse_new_name(p, "an index name");
	bool equals = parse_at(p, TOKEN_EQUALS);
	if (equals) {
		Diag *diag = parse_complain(p, 130, parse_here(p), "what an index runs over follows `in`, not `=`");
		const char *name = parse_slice(p, item.span);
		parse_help(p, diag, "write `%s in 0..n`: from 0 to n - 1, as the end does not belong to a range", name);
		parse_advance(p);
	}
	if (equals || parse_accept_word(p, "in")) {
		AstRange range = parse_range(p, false);
		item.low = range.low;
		item.high = range.high;
	}
	item.span = parse_from(p, item.span);
	return item;
}

bool parse_at_index_name(const Parser *p) {
	const Token *next = parse_ahead(p, 1);
	return parse_at(p, TOKEN_NAME) && (next->kind == TOKEN_COMMA || next->kind == TOKEN_RBRACKET ||
	                                   next->kind == TOKEN_EQUALS || lex_is_word(p->source, next, "in"));
}

AstItems parse_head_items(Parser *p, uint32_t open) {
	AstItems items = {0};
	p->brackets++;
	while (p->at < p->tokens[open].partner) {
		if (parse_at_index_name(p)) {
			vec_push(p->arena, &items, parse_index_name(p));
		} else {
			Diag *diag = parse_error(p, 130, parse_here(p), "expected an index name, found %s", parse_found(p));
			parse_help(p, diag,
			           "a declaration names its indices, as in `z[i in n, j]`; elements are assigned with `z[0] <- e`");
		}
		if (!parse_next_element(p, open))
			break;
	}
	parse_close(p, open, "`,`, `in` or `]`");
	p->brackets--;
	return items;
}

/* One item of `A[...]`. */
static AstItem parse_index_item(Parser *p) {
	Span start = parse_here(p);
	AstItem item = {.kind = AST_ITEM_EXPR, .span = start};
	if (parse_at(p, TOKEN_NAME) && lex_is_word(p->source, parse_ahead(p, 1), "in"))
		return parse_index_name(p);
	if (parse_at(p, TOKEN_DOTDOT)) {
		Diag *diag = parse_error(p, 128, start, "this slice has no start");
		parse_help(p, diag, "write `0..n`, or `:` for the whole axis");
		return item;
	}
	bool colon = parse_accept(p, TOKEN_COLON);
	if (colon && (parse_at(p, TOKEN_COMMA) || parse_at(p, TOKEN_RBRACKET))) {
		item.kind = AST_ITEM_ALL;
		return item;
	}
	AstExpr *first = colon ? NULL : parse_expression(p);
	if (!p->panic && (colon || parse_at(p, TOKEN_COLON))) {
		Diag *diag = parse_error(p, 129, colon ? start : parse_here(p), "slices are written with `..`");
		parse_help(p, diag, "write `%s..end`, half-open as in Python", colon ? "0" : parse_slice(p, first->span));
		return item;
	}
	if (!p->panic && parse_accept(p, TOKEN_DOTDOT)) {
		if (parse_at(p, TOKEN_COMMA) || parse_at(p, TOKEN_RBRACKET)) {
			Diag *diag = parse_error(p, 128, parse_previous(p), "this slice has no end");
			parse_help(p, diag, "write the end too, as in `%s..n`", parse_slice(p, first->span));
			return item;
		}
		item.kind = AST_ITEM_SLICE;
		item.low = first;
		item.high = parse_expression(p);
	} else {
		item.expr = first;
	}
	item.span = parse_from(p, start);
	return item;
}

AstItems parse_index_items(Parser *p, uint32_t open) {
	AstItems items = {0};
	p->brackets++;
	if (p->at == p->tokens[open].partner)
		parse_complain(p, 142, parse_from(p, parse_span(p, &p->tokens[open])),
		               "an index is missing between the brackets");
	while (p->at < p->tokens[open].partner) {
		vec_push(p->arena, &items, parse_index_item(p));
		if (!parse_next_element(p, open))
			break;
	}
	parse_close(p, open, "`,` or `]`");
	p->brackets--;
	return items;
}
