/* parse_foreign: what other languages have and this one has not: members and calls of what a call gives (`np.exp(x)`, `grad(f)(x)`),
 * statements (`print(x)`, `break`), blocks by indentation. Each is told once, with what to write in its place, and read on. */
#include <string.h>

#include "frontend/syntax/parser.h"

/* `grad(loss)(w)`, `sum(i)(a[i])`: functions that give functions, and brackets of the wrong kind */
static void help_with_second_call(Parser *p, Diag *diag, const AstExpr *callee) {
	AstReduction op;
	const char *name = callee->kind == AST_CALL ? session_text(p->session, callee->call.callee.name) : "";
	const char *first = callee->kind == AST_CALL && callee->call.args.count > 0
	                        ? parse_slice(p, callee->call.args.data[0].value->span)
	                        : "f";
	if (strcmp(name, "grad") == 0 || strcmp(name, "jacobian") == 0)
		parse_help(p, diag, "functions give values, not functions: write `%s(%s(w), w)`", name, first);
	else if (strcmp(name, "vmap") == 0 || strcmp(name, "map") == 0)
		parse_help(p, diag, "an index says what runs over what: `let a[i] = %s(w[i])`", first);
	else if (ast_reduction(name, &op))
		parse_help(p, diag, "what a reduction runs over stands in square brackets: `%s[%s](...)`", name, first);
	else
		parse_help(p, diag, "for a product write `%s * (...)`", parse_slice(p, callee->span));
}

/* `foo[i](x)`, `2(x)`, `(a)(b)`: parentheses behind something that cannot be called */
AstExpr *parse_call_of_value(Parser *p, AstExpr *callee) {
	Diag *diag = parse_complain(p, 132, callee->span, "this cannot be called");
	if (callee->kind == AST_INDEX && callee->index.base->kind == AST_NAME) {
		Name names[AST_REDUCTION_COUNT];
		uint32_t count = 0;
		for (int i = 0; i < BUILTIN_COUNT; i++)
			if (builtins[i].kind == BUILTIN_IS_REDUCTION)
				names[count++] = session_name(p->session, builtins[i].name);
		Name nearest = name_nearest(p->session->names, callee->index.base->name, names, count);
		if (nearest != 0)
			parse_help(p, diag, "did you mean the reduction `%s`?", session_text(p->session, nearest));
		else
			parse_help(p, diag, "only names are called, and only reductions take brackets first");
	} else if (callee->kind == AST_CALL || (callee->kind == AST_BAD && callee->span.end > callee->span.start)) {
		help_with_second_call(p, diag, callee);
	} else {
		parse_help(p, diag, "for a product write `%s * (...)`", parse_slice(p, callee->span));
	}
	uint32_t open = p->at;
	AstArgs args = {0};
	parse_advance(p);
	parse_arguments(p, open, &args);
	return parse_bad(p, parse_from(p, callee->span));
}

/* ---- members ---- */

/* `np`, `linalg` and the like: what stands behind them is read on. */
static bool is_module(const char *text) {
	static const char *const modules[] = {"np",    "numpy",   "jnp",        "jax",    "math",         "torch",
	                                      "F",     "tf",      "nn",         "linalg", "random",       "lax",
	                                      "scipy", "special", "functional", "stats",  "LinearAlgebra"};
	for (size_t k = 0; k < sizeof modules / sizeof *modules; k++)
		if (strcmp(text, modules[k]) == 0)
			return true;
	return false;
}

/* What a method that is no function here is written as; `%s` is the value. */
static const char *foreign_method(const char *word) {
	static const struct {
		const char *word, *here;
	} known[] = {
		{"T", "write `transpose(%s)`"},
		{"t", "write `transpose(%s)`"},
		{"shape", "write `size(%s, 0)`, or `shape(%s)` for all extents"},
		{"ndim", "write `rank(%s)`"},
		{"grad", "in an optimizer the gradient is `g`; derivatives are written `grad(E, v)`"},
		{"backward", "derivatives are written `grad(E, v)`, and what is minimized is differentiated by itself"},
		{"detach", "write `stop_gradient(%s)`"},
		{"item", "write `%s` alone"},
		{"numpy", "write `%s` alone"},
		{"copy", "write `%s` alone: a value never changes"},
		{"clone", "write `%s` alone: a value never changes"},
		{"length", "write `size(%s)`"},
		{"pow", "write `%s^2`"},
		{"append", "write `concat(%s, [a])`"},
	};
	for (size_t k = 0; k < sizeof known / sizeof *known; k++)
		if (strcmp(known[k].word, word) == 0)
			return known[k].here;
	return NULL;
}

static void help_with_method(Parser *p, Diag *diag, const char *text, const char *member) {
	bool own = strcmp(text, "self") == 0 || strcmp(text, "this") == 0;
	const char *foreign =
		own ? "what a rule keeps from step to step has a name of its own: `state v = 0`" : foreign_method(member);
	const Token *open = parse_ahead(p, 1);
	bool call = open->kind == TOKEN_LPAREN && !open->line_start;
	if (foreign && diag) {
		Text help = text_new(p->session->arena); /* every `%s` is the value */
		for (const char *c = foreign; *c; c++) {
			if (strncmp(c, "%s", 2) != 0) {
				text_char(&help, *c);
				continue;
			}
			text_printf(&help, "%s", text);
			c++;
		}
		parse_help(p, diag, "%s", text_cstr(&help));
	} else if (call && parse_ahead(p, 2)->kind != TOKEN_RPAREN) {
		parse_help(p, diag, "functions are written `%s(%s, ...)`", member, text);
	} else {
		parse_help(p, diag, "functions are written `%s(%s)`", member, text);
	}
}

AstExpr *parse_member(Parser *p, AstExpr *owner) {
	bool module = is_module(parse_slice(p, owner->span));
	parse_advance(p);
	while (module && parse_at(p, TOKEN_NAME) && parse_ahead(p, 1)->kind == TOKEN_DOT &&
	       is_module(parse_slice(p, parse_span(p, parse_peek(p))))) {
		parse_advance(p);
		parse_advance(p);
	}
	const Token *member = parse_peek(p);
	Diag *diag = parse_complain(p, 135, parse_from(p, owner->span), "values have no members");
	if (member->kind == TOKEN_LPAREN) {
		parse_help(p, diag, "functions of numbers work element by element: write `%s(...)`",
		           parse_slice(p, owner->span));
		uint32_t open = p->at;
		AstArgs args = {0};
		parse_advance(p);
		parse_arguments(p, open, &args);
		return parse_bad(p, parse_from(p, owner->span));
	}
	if (member->kind != TOKEN_NAME) {
		parse_help(p, diag, "a range is written with two points");
		return parse_bad(p, owner->span);
	}
	const char *text = session_text(p->session, member->name);
	if (module)
		parse_help(p, diag,
		           parse_ahead(p, 1)->kind == TOKEN_LPAREN ? "names need no module: `%s(...)`"
		                                                   : "names need no module: `%s`",
		           text);
	else
		help_with_method(p, diag, parse_slice(p, owner->span), text);
	AstExpr *behind = parse_primary(p);
	return module ? behind : parse_bad(p, parse_from(p, owner->span));
}

/* ---- statements ---- */

const char *parse_foreign_statement(const char *word) {
	static const char turns[] = "write `for k in 0..n { ... }`, or `while c limit n { ... }`";
	static const char ends[] =
		"a loop goes on as long as `while c limit n { ... }` says; what a turn skips stands under an `if`";
	static const char told[] =
		"`report name = e` in an objective gives a figure beside f; `gradus show at` tells shapes";
	static const struct {
		const char *word, *here;
	} known[] = {
		{"maximize", "write `minimize -(...)`"},
		{"loss", "what is minimized is said by `minimize ...`"},
		{"cost", "what is minimized is said by `minimize ...`"},
		{"break", ends},
		{"continue", ends},
		{"foreach", turns},
		{"repeat", turns},
		{"loop", turns},
		{"do", turns},
		{"switch", "write `if c { ... } else if d { ... }`"},
		{"match", "write `if c { ... } else if d { ... }`"},
		{"case", "write `if c { ... } else if d { ... }`"},
		{"print", told},
		{"println", told},
		{"printf", told},
		{"assert", "a condition on sizes is checked by using them: shapes that do not fit are errors"},
		{"pass", "an empty block is `{ }`"},
		{"try", "there are no exceptions: what has no answer is NaN"},
		{"raise", "there are no exceptions: what has no answer is NaN"},
		{"throw", "there are no exceptions: what has no answer is NaN"},
		{"del", "a name ends with its block"},
		{"global", "what all bodies see is declared at the top level by `const` and `fn`"},
	};
	for (size_t k = 0; k < sizeof known / sizeof *known; k++)
		if (strcmp(known[k].word, word) == 0)
			return known[k].here;
	return NULL;
}

/* ---- blocks by indentation ---- */

/* Blanks before the first token of the line that a token stands on. */
static uint32_t indent_of(const Parser *p, const Token *token) {
	uint32_t start = token->start, blanks = 0;
	while (start > 0 && p->source->text[start - 1] != '\n')
		start--;
	while (p->source->text[start + blanks] == ' ' || p->source->text[start + blanks] == '\t')
		blanks++;
	return blanks;
}

uint32_t parse_indented(Parser *p, const char *after) {
	bool colon = parse_at(p, TOKEN_COLON);
	const Token *first = &p->tokens[p->at + colon];
	if (p->panic || p->at == 0 || p->brackets > 0 || first->kind == TOKEN_END || first->kind == TOKEN_LBRACE ||
	    !first->line_start)
		return 0;
	uint32_t head = indent_of(p, &p->tokens[p->at - 1]);
	if (indent_of(p, first) <= head || lex_opens_declaration(p->source, p->tokens, p->at + colon))
		return 0;
	Diag *diag = parse_complain(p, 101, parse_here(p), "expected `{` behind %s, found %s", after, parse_found(p));
	parse_help(p, diag, "blocks stand between `{` and `}`");
	if (colon)
		parse_advance(p);
	uint32_t end = p->at;
	while (p->tokens[end].kind != TOKEN_END && p->tokens[end].kind != TOKEN_RBRACE &&
	       !(p->tokens[end].line_start && indent_of(p, &p->tokens[end]) <= head)) {
		TokenKind kind = p->tokens[end].kind;
		bool opener = kind == TOKEN_LPAREN || kind == TOKEN_LBRACKET || kind == TOKEN_LBRACE;
		end = opener && p->tokens[end].partner > end ? p->tokens[end].partner + 1 : end + 1;
	}
	return end;
}
