/* parser: moving over the tokens, complaining once per mistake, finding the way back, names. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/syntax/parser.h"

/* ---- looking and moving ---- */

const Token *parse_peek(const Parser *p) {
	return &p->tokens[p->at];
}

const Token *parse_ahead(const Parser *p, uint32_t by) {
	return &p->tokens[p->at + by < p->count ? p->at + by : p->count - 1];
}

void parse_advance(Parser *p) {
	if (p->at + 1 < p->count)
		p->at++;
}

bool parse_at(const Parser *p, TokenKind kind) {
	return p->tokens[p->at].kind == kind;
}

bool parse_accept(Parser *p, TokenKind kind) {
	if (!parse_at(p, kind))
		return false;
	parse_advance(p);
	return true;
}

bool parse_at_word(const Parser *p, const char *word) {
	return lex_is_word(p->source, &p->tokens[p->at], word);
}

bool parse_accept_word(Parser *p, const char *word) {
	if (!parse_at_word(p, word))
		return false;
	parse_advance(p);
	return true;
}

bool parse_at_break(const Parser *p) {
	const Token *token = parse_peek(p);
	if (token->kind == TOKEN_END || token->kind == TOKEN_RBRACE)
		return true;
	if (p->brackets > 0 || !token->line_start || p->at == 0)
		return p->brackets == 0 && token->line_start;
	TokenKind before = p->tokens[p->at - 1].kind;
	bool goes_on = before == TOKEN_COMMA || before == TOKEN_THEN || before == TOKEN_ELSE ||
	               (before >= TOKEN_DOTDOT && before <= TOKEN_OR);
	return !goes_on || p->at == p->statement;
}

Span parse_span(const Parser *p, const Token *token) {
	return (Span){.file = p->file, .start = token->start, .end = token->end};
}

Span parse_previous(const Parser *p) {
	return p->at == 0 ? (Span){.file = p->file} : parse_span(p, &p->tokens[p->at - 1]);
}

Span parse_here(const Parser *p) {
	const Token *token = parse_peek(p);
	bool line_over = token->kind == TOKEN_END || (p->brackets == 0 && token->line_start);
	if (line_over && p->at > 0) {
		uint32_t end = p->tokens[p->at - 1].end;
		return (Span){.file = p->file, .start = end, .end = end};
	}
	return parse_span(p, token);
}

Span parse_from(const Parser *p, Span start) {
	Span last = parse_previous(p);
	return last.end >= start.end ? (Span){.file = p->file, .start = start.start, .end = last.end} : start;
}

const char *parse_slice(const Parser *p, Span span) {
	return arena_printf(p->arena, "%.*s", (int)(span.end - span.start), p->source->text + span.start);
}

const char *parse_found(const Parser *p) {
	const Token *token = parse_peek(p);
	if (token->kind == TOKEN_END)
		return "the end of the file";
	if (p->brackets == 0 && token->line_start && p->at > 0)
		return "the end of the line";
	const char *text = parse_slice(p, parse_span(p, token));
	if (token->kind == TOKEN_NUMBER)
		return arena_printf(p->arena, "the number `%s`", text);
	if (token->kind == TOKEN_TEXT)
		return arena_printf(p->arena, "the text %s", text);
	return arena_printf(p->arena, "`%s`", text);
}

/* ---- complaining ---- */

static Diag *complain(Parser *p, int code, Span span, const char *format, va_list args) {
	if (p->panic || parse_peek(p)->invented || parse_peek(p)->after_error)
		return NULL;
	if (!lex_may_report(p->session, p->errors_before))
		return NULL;
	return diag_verror(p->session, code, span, format, args);
}

Diag *parse_error(Parser *p, int code, Span span, const char *format, ...) {
	va_list args;
	va_start(args, format);
	Diag *diag = complain(p, code, span, format, args);
	va_end(args);
	p->panic = true;
	p->failed_at = p->at + 1;
	return diag;
}

Diag *parse_complain(Parser *p, int code, Span span, const char *format, ...) {
	va_list args;
	va_start(args, format);
	Diag *diag = complain(p, code, span, format, args);
	va_end(args);
	return diag;
}

void parse_help(Parser *p, Diag *diag, const char *format, ...) {
	if (diag == NULL)
		return;
	va_list args;
	va_start(args, format);
	diag->help = arena_vprintf(p->session->arena, format, args);
	va_end(args);
}

bool parse_enter(Parser *p) {
	p->nesting++;
	if (p->nesting <= PARSE_MAX_NESTING)
		return true;
	Diag *diag = parse_error(p, 140, parse_here(p), "this is nested more than %d levels deep", PARSE_MAX_NESTING);
	parse_help(p, diag, "give parts of it names with `let`, or move them into a `fn`");
	/* Nothing sensible follows at such a depth; all levels end here. */
	do
		parse_advance(p);
	while (!parse_at(p, TOKEN_END) && !lex_opens_declaration(p->source, p->tokens, p->at));
	return false;
}

void parse_leave(Parser *p) {
	p->nesting--;
}

/* ---- finding the way back ---- */

/* Goes over the current token, and over everything in brackets if it opens some. */
void parse_skip(Parser *p) {
	const Token *token = parse_peek(p);
	bool opener = token->kind == TOKEN_LPAREN || token->kind == TOKEN_LBRACKET || token->kind == TOKEN_LBRACE;
	if (opener && token->partner > p->at)
		p->at = token->partner;
	parse_advance(p);
}

void parse_close(Parser *p, uint32_t open, const char *expected) {
	uint32_t partner = p->tokens[open].partner;
	if (p->at > partner)
		return; /* too deep: already far behind */
	if (p->at != partner) {
		Diag *diag = parse_error(p, 101, parse_here(p), "expected %s, found %s", expected, parse_found(p));
		TokenKind kind = parse_peek(p)->kind;
		if (kind == TOKEN_EQUALS)
			parse_help(p, diag, "to compare, write `==`");
		else if (kind == TOKEN_IF)
			parse_help(p, diag, "a choice is written `if c then a else b`");
		else if (kind == TOKEN_COLON)
			parse_help(p, diag, "a range is written `a..b`, and its end does not belong to it");
		else if (p->at > open + 1 && (kind == TOKEN_NAME || kind == TOKEN_NUMBER))
			parse_help(p, diag, "is a `,` or an operator missing before %s?", parse_found(p));
		p->at = partner;
	}
	parse_advance(p);
	p->panic = false;
}

bool parse_next_element(Parser *p, uint32_t open) {
	uint32_t partner = p->tokens[open].partner;
	if (p->panic) {
		while (p->at < partner && !parse_at(p, TOKEN_COMMA))
			parse_skip(p);
		if (p->at < partner)
			p->panic = false;
	}
	if (p->at >= partner || !parse_at(p, TOKEN_COMMA))
		return false;
	parse_advance(p);
	if (p->at == partner) {
		Diag *diag = parse_complain(p, 110, parse_previous(p), "nothing follows this `,`");
		parse_help(p, diag, "leave the `,` out");
		return false;
	}
	return true;
}

void parse_refuse_line_start(Parser *p) {
	const Token *token = parse_peek(p);
	if (!token->line_start || p->brackets > 0)
		return;
	const char *text = parse_slice(p, parse_span(p, token));
	Diag *diag = parse_complain(p, 101, parse_span(p, token), "a line cannot start with `%s`", text);
	parse_help(p, diag, "put `%s` at the end of the line above", text);
}

/* Was there a `//` earlier on this line, perhaps meant to open a comment? */
static bool after_slashes(const Parser *p) {
	for (uint32_t k = p->at; k > 0 && !p->tokens[k].line_start; k--)
		if (p->tokens[k - 1].kind == TOKEN_SLASHSLASH)
			return true;
	return false;
}

void parse_end_statement(Parser *p) {
	if (!p->panic && !parse_at_break(p) && p->failed_at != p->at + 1) {
		TokenKind kind = parse_peek(p)->kind;
		Diag *diag =
			kind == TOKEN_DOTDOT
				? parse_error(p, 128, parse_here(p), "a range is no value: it stands in loops, indices and slices")
				: parse_error(p, 113, parse_here(p), "expected the end of the statement, found %s", parse_found(p));
		if (after_slashes(p))
			parse_help(p, diag, "comments start with `#`; `//` divides and rounds down");
		else if (kind == TOKEN_LBRACE)
			parse_help(p, diag, "blocks belong to `for`, `while`, `if`, `else`, `each` and declarations");
		else if (kind == TOKEN_IF)
			parse_help(p, diag, "a choice is written `if c then a else b`; a statement `if c { x <- a }`");
		else if (kind == TOKEN_COMMA)
			parse_help(p, diag, "an array is written `[a, b]`; a name is declared on a line of its own");
		else if (parse_at_word(p, "for") || parse_at_word(p, "while"))
			parse_help(p, diag, "loops stand on lines of their own");
		else if (lex_is_statement_word(p->source, parse_peek(p)))
			parse_help(p, diag, "give each statement a line of its own");
		else if (kind == TOKEN_THEN)
			parse_help(p, diag, "`then` needs an `if` before it");
		else if (kind == TOKEN_ELSE)
			parse_help(p, diag, "`else` needs an `if` before it");
		else if (kind == TOKEN_COLON)
			parse_help(p, diag, "a block opens with `{`, and a type stands right behind the name that is declared");
		else if (kind == TOKEN_TILDE)
			parse_help(p, diag, "`~` follows a declaration, as in `let e ~ normal(0, 1)`");
		else if (kind == TOKEN_NAME || kind == TOKEN_NUMBER)
			parse_help(p, diag, "is an operator missing, or a new line?");
	}
	while (!parse_at(p, TOKEN_END) && !parse_at(p, TOKEN_RBRACE) &&
	       (p->at == p->statement || !parse_peek(p)->line_start))
		parse_skip(p);
	p->panic = false;
}

/* ---- names ---- */

AstName parse_name(Parser *p, const char *what) {
	const Token *token = parse_peek(p);
	bool broken = parse_at_break(p);
	if (token->kind == TOKEN_NAME && !broken) {
		parse_advance(p);
		return (AstName){.name = token->name, .span = parse_span(p, token), .id = ++p->session->expr_count};
	}
	if (!broken && token->kind >= TOKEN_AND && token->kind < TOKEN_COUNT) {
		Diag *diag = parse_complain(p, 112, parse_span(p, token), "%s is a word of the language and cannot be a name",
		                            parse_found(p));
		parse_help(p, diag, "choose another name, perhaps `%s_`", parse_slice(p, parse_span(p, token)));
		parse_advance(p);
		return (AstName){.name = token->name, .span = parse_span(p, token), .id = ++p->session->expr_count};
	}
	Diag *diag = parse_error(p, 111, parse_here(p), "expected %s, found %s", what, parse_found(p));
	if (token->kind == TOKEN_NUMBER && !broken)
		parse_help(p, diag, "names start with a letter");
	return (AstName){.span = parse_here(p)};
}

AstName parse_new_name(Parser *p, const char *what) {
	AstName name = parse_name(p, what);
	if (name.name != 0 && ast_reduction_is_reserved(session_text(p->session, name.name))) {
		const char *text = session_text(p->session, name.name);
		Diag *diag =
			parse_complain(p, 112, name.span, "`%s` is a reduction, and cannot be the name of something else", text);
		parse_help(p, diag, "choose another name, perhaps `%s_value` or `%s'`", text, text);
	}
	return name;
}
