/* brackets: makes every `(`, `[` and `{` have its partner before the parser looks at them.
 *
 *   let a = f(1, 2          →  let a = f(1, 2 )      E0108 at the `(`
 *   let b = 3                  let b = 3
 *
 * A bracket is taken to be unclosed when a line starts like a statement inside of it, when an outer one closes, or
 * when the next declaration begins. Where the braces of a declaration do not come out even, its indentation decides
 * which one is missing or too many. Requires the tokens of lex_source; keeps their order and spans. */
#include <string.h>

#include "frontend/syntax/parser.h"

typedef struct Open {
	uint32_t at;      /* index among the tokens put out */
	bool block;       /* `{` of a block; false for `( [` and `choose {` */
	uint32_t indent;  /* of the line it stands on */
	bool indented;    /* the lines inside stand further right than that line */
	bool seen_inside; /* a line inside has been seen, so `indented` is known */
} Open;

typedef struct Balancer {
	Session *session;
	const Source *source;
	uint32_t file;
	const Token *in;
	uint32_t in_count;
	Tokens out;
	VEC(Open) stack;
	uint32_t indent; /* of the current line */
	bool by_indent;  /* the braces of this declaration do not come out even */
	int32_t surplus; /* closing braces too many in this declaration */
	uint32_t errors_before;
	bool dropped; /* a stray bracket was left out before the next token */
} Balancer;

static TokenKind partner_kind(TokenKind opener) {
	return opener == TOKEN_LPAREN ? TOKEN_RPAREN : opener == TOKEN_LBRACKET ? TOKEN_RBRACKET : TOKEN_RBRACE;
}

static const char *spelling(TokenKind kind) {
	switch (kind) {
	case TOKEN_LPAREN: return "(";
	case TOKEN_RPAREN: return ")";
	case TOKEN_LBRACKET: return "[";
	case TOKEN_RBRACKET: return "]";
	case TOKEN_LBRACE: return "{";
	default: return "}";
	}
}

static uint32_t column_of(const Source *source, const Token *token) {
	uint32_t column = 0;
	while (column < token->start && source->text[token->start - column - 1] != '\n')
		column++;
	return column;
}

/* Words that open a statement or a clause when a name or number follows. */
bool lex_is_statement_word(const Source *source, const Token *token) {
	static const char *const words[] = {
		"let",     "var",      "given",    "data",      "batch",   "param",    "learn",  "state",
		"report",  "minimize", "validate", "for",       "while",   "each",     "apply",  "return",
		"train",   "on",       "problems", "horizon",   "score",   "estimate", "update", "clip",
		"augment", "against",  "seed",     "residuals", "average", "patience", "seeds"};
	for (size_t k = 0; k < sizeof words / sizeof *words; k++)
		if (lex_is_word(source, token, words[k]))
			return true;
	return false;
}

/* Does this line look like the start of a statement, whatever brackets are open? */
static bool starts_statement(const Balancer *b, uint32_t at) {
	const Token *token = &b->in[at], *next = &b->in[at + 1];
	if (!token->line_start || (token->kind != TOKEN_NAME && token->kind != TOKEN_IF) || next->line_start)
		return false;
	bool word = lex_is_statement_word(b->source, token);
	if (word && (next->kind == TOKEN_NAME || next->kind == TOKEN_NUMBER || next->kind == TOKEN_NOT))
		return true;
	if (word && next->kind == TOKEN_MINUS && lex_is_word(b->source, token, "minimize"))
		return true;
	int depth = 0;
	for (uint32_t k = at + 1; !b->in[k].line_start; k++) {
		TokenKind kind = b->in[k].kind;
		if (kind == TOKEN_LPAREN || kind == TOKEN_LBRACKET)
			depth++;
		else if (kind == TOKEN_RPAREN || kind == TOKEN_RBRACKET)
			depth--;
		else if (kind == TOKEN_LBRACE && !lex_is_word(b->source, &b->in[k - 1], "choose"))
			return word || token->kind == TOKEN_IF;
		if (depth < 0)
			return false;
		if (kind == TOKEN_ARROW && depth == 0 && token->kind == TOKEN_NAME)
			return b->in[k - 1].end < b->in[k].start;
	}
	return false;
}

static Span span_of(const Balancer *b, const Token *token) {
	return (Span){.file = b->file, .start = token->start, .end = token->end};
}

static uint32_t emit(Balancer *b, Token token) {
	token.after_error = token.after_error || b->dropped;
	b->dropped = false;
	vec_push(b->session->arena, &b->out, token);
	return b->out.count - 1;
}

static void pair(Balancer *b, uint32_t closer) {
	uint32_t opener = b->stack.data[--b->stack.count].at;
	b->out.data[opener].partner = closer;
	b->out.data[closer].partner = opener;
}

/* The innermost open bracket never closes: says so and invents its partner in front of `next`. */
static void close_unclosed(Balancer *b, const Token *next) {
	const Open *open = &b->stack.data[b->stack.count - 1];
	Token opener = b->out.data[open->at];
	const char *missing = spelling(partner_kind(opener.kind));
	if (lex_may_report(b->session, b->errors_before)) {
		Diag *diag = diag_error(b->session, 108, span_of(b, &opener), "`%s` is never closed", spelling(opener.kind));
		if (next->kind == TOKEN_END)
			diag_help(b->session, diag, "`%s` is missing before the end of the file", missing);
		else
			diag_label(b->session, diag, span_of(b, next), "`%s` is missing before this", missing);
	}
	uint32_t end = b->out.data[b->out.count - 1].end;
	Token closer = {.kind = partner_kind(opener.kind), .start = end, .end = end, .invented = true};
	pair(b, emit(b, closer));
}

static Open *top(Balancer *b) {
	return b->stack.count > 0 ? &b->stack.data[b->stack.count - 1] : NULL;
}

static void drop_stray(Balancer *b, const Token *token) {
	b->dropped = true;
	if (!lex_may_report(b->session, b->errors_before))
		return;
	Diag *diag = diag_error(b->session, 109, span_of(b, token), "this `%s` closes nothing", spelling(token->kind));
	if (b->stack.count > 0 && token->kind != TOKEN_RBRACE)
		diag_help(b->session, diag, "remove it, or open it with `%s`", token->kind == TOKEN_RPAREN ? "(" : "[");
}

/* Is the outermost of the open `( [` that of a declaration's parameters, `optimizer name(`? */
static bool in_head(const Balancer *b) {
	uint32_t k = b->stack.count;
	while (k > 0 && !b->stack.data[k - 1].block && b->out.data[b->stack.data[k - 1].at].kind != TOKEN_LBRACE)
		k--;
	uint32_t at = k < b->stack.count ? b->stack.data[k].at : 0;
	if (at < 2)
		return false;
	const Token *word = &b->out.data[at - 2];
	return b->out.data[at - 1].kind == TOKEN_NAME &&
	       (lex_is_word(b->source, word, "fn") || lex_is_word(b->source, word, "objective") ||
	        lex_is_word(b->source, word, "optimizer"));
}

/* A block cannot stand inside parentheses: where one opens at the end of a line, or behind parameters, `( [` before it lack their
 * partners. */
static void close_before_block(Balancer *b, uint32_t at) {
	if (at > 0 && lex_is_word(b->source, &b->in[at - 1], "choose"))
		return;
	bool value = at > 0 && b->in[at - 1].kind == TOKEN_EQUALS; /* a default, as other languages write it */
	if (!b->in[at + 1].line_start && (value || !in_head(b)))
		return;
	while (b->stack.count > 0 && !top(b)->block && b->out.data[top(b)->at].kind != TOKEN_LBRACE)
		close_unclosed(b, &b->in[at]);
}

static void open_bracket(Balancer *b, const Token *token) {
	Open open = {.indent = b->indent};
	open.block = token->kind == TOKEN_LBRACE;
	if (open.block && b->out.count > 0 && lex_is_word(b->source, &b->out.data[b->out.count - 1], "choose"))
		open.block = false;
	open.at = emit(b, *token);
	vec_push(b->session->arena, &b->stack, open);
}

/* `)` or `]`: pairs with the innermost of its kind in this block. */
static void close_round(Balancer *b, const Token *token) {
	uint32_t k = b->stack.count;
	while (k > 0 && !b->stack.data[k - 1].block &&
	       partner_kind(b->out.data[b->stack.data[k - 1].at].kind) != token->kind)
		k--;
	if (k == 0 || b->stack.data[k - 1].block) {
		drop_stray(b, token);
		return;
	}
	while (b->stack.count > k)
		close_unclosed(b, token);
	pair(b, emit(b, *token));
}

static bool some_block_indented_by(const Balancer *b, uint32_t indent) {
	for (uint32_t k = 0; k + 1 < b->stack.count; k++)
		if (b->stack.data[k].block && b->stack.data[k].indent == indent)
			return true;
	return false;
}

static void close_brace(Balancer *b, const Token *token) {
	uint32_t k = b->stack.count;
	while (k > 0 && b->out.data[b->stack.data[k - 1].at].kind != TOKEN_LBRACE)
		k--;
	if (k == 0) {
		drop_stray(b, token);
		return;
	}
	while (b->stack.count > k)
		close_unclosed(b, token);
	if (b->by_indent && token->line_start) {
		if (b->surplus > 0 && top(b)->block && top(b)->indented && b->indent > top(b)->indent) {
			b->surplus--;
			drop_stray(b, token);
			return;
		}
		while (top(b)->block && top(b)->indent > b->indent && some_block_indented_by(b, b->indent))
			close_unclosed(b, token);
	}
	pair(b, emit(b, *token));
}

/* What a token at the start of a line tells about the brackets that are still open. */
static void begin_line(Balancer *b, uint32_t at) {
	const Token *token = &b->in[at];
	b->indent = column_of(b->source, token);
	Open *open = top(b);
	if (open == NULL || token->kind == TOKEN_RBRACE)
		return;
	if (open->block && !open->seen_inside) {
		open->seen_inside = true;
		open->indented = b->indent > open->indent;
	}
	if ((open->block && !b->by_indent) || !starts_statement(b, at))
		return;
	while (!top(b)->block) {
		close_unclosed(b, token);
		if (top(b) == NULL)
			return;
	}
	while (b->by_indent && b->stack.count > 1 && top(b)->block && top(b)->indented && b->indent <= top(b)->indent)
		close_unclosed(b, token);
}

static void balance_region(Balancer *b, uint32_t start, uint32_t end) {
	b->surplus = 0;
	for (uint32_t k = start; k < end; k++)
		b->surplus += (b->in[k].kind == TOKEN_RBRACE) - (b->in[k].kind == TOKEN_LBRACE);
	b->by_indent = b->surplus != 0;
	for (uint32_t k = start; k < end; k++) {
		const Token *token = &b->in[k];
		if (token->line_start)
			begin_line(b, k);
		switch (token->kind) {
		case TOKEN_LBRACE:
			close_before_block(b, k);
			open_bracket(b, token);
			break;
		case TOKEN_LPAREN:
		case TOKEN_LBRACKET: open_bracket(b, token); break;
		case TOKEN_RPAREN:
		case TOKEN_RBRACKET: close_round(b, token); break;
		case TOKEN_RBRACE: close_brace(b, token); break;
		default: emit(b, *token);
		}
	}
	while (b->stack.count > 0)
		close_unclosed(b, &b->in[end]);
}

void lex_balance(Session *session, uint32_t source, Tokens *tokens) {
	Balancer b = {.session = session, .source = session->sources.data[source], .file = source};
	b.errors_before = session->error_count;
	b.in = tokens->data;
	b.in_count = tokens->count;
	uint32_t last = b.in_count - 1; /* END */
	uint32_t base = column_of(b.source, &b.in[0]);
	for (uint32_t start = 0; start < last;) {
		uint32_t end = start + 1;
		while (end < last && !(lex_opens_declaration(b.source, b.in, end) && column_of(b.source, &b.in[end]) <= base))
			end++;
		balance_region(&b, start, end);
		start = end;
	}
	emit(&b, b.in[last]);
	*tokens = b.out;
}
