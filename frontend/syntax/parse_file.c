/* The top level of a file: its declarations, and the way back to the next one after a mistake. */
#include "frontend/syntax/parser.h"

/* The braces of a header's parameters: (lr = 1e-3 in (1e-6, 1), beta = 0.9) */
static AstParams parse_params(Parser *p, const char *owner) {
	AstParams params = {0};
	uint32_t open = p->at;
	if (!parse_at(p, TOKEN_LPAREN) || parse_peek(p)->line_start) {
		Diag *diag = parse_error(p, 101, parse_here(p), "expected `(`, found %s", parse_found(p));
		parse_help(p, diag, "%s without parameters is written with `()`", owner);
		return params;
	}
	parse_advance(p);
	p->brackets++;
	while (p->at < p->tokens[open].partner) {
		if (parse_at(p, TOKEN_NAME) && parse_ahead(p, 1)->kind == TOKEN_NAME &&
		    !lex_is_word(p->source, parse_ahead(p, 1), "in")) {
			Diag *diag = parse_complain(p, 121, parse_here(p), "parameters are written without a type");
			parse_help(p, diag, "a parameter is an integer if it is used as one: write `%s` alone",
			           parse_slice(p, parse_span(p, parse_ahead(p, 1))));
			parse_advance(p);
		}
		AstParam param = {.name = parse_new_name(p, "a parameter's name")};
		if (!p->panic && parse_at(p, TOKEN_COLON)) {
			Diag *diag = parse_complain(p, 121, parse_here(p), "parameters are written without a type");
			parse_help(p, diag, "a parameter is an integer if it is used as one; its default follows `=`");
			parse_advance(p);
			while (p->at < p->tokens[open].partner && !parse_at(p, TOKEN_EQUALS) && !parse_at(p, TOKEN_COMMA) &&
			       !parse_at_word(p, "in"))
				p->at = parse_at(p, TOKEN_LBRACKET) ? parse_peek(p)->partner + 1 : p->at + 1;
		}
		if (!p->panic && parse_accept(p, TOKEN_EQUALS))
			param.value = parse_expression(p);
		if (!p->panic && parse_accept_word(p, "in"))
			param.limits = parse_limits(p);
		for (uint32_t k = 0; k < params.count && param.name.name != 0; k++) {
			if (params.data[k].name.name != param.name.name)
				continue;
			Diag *diag = parse_complain(p, 134, param.name.span, "the parameter `%s` is named twice",
			                            session_text(p->session, param.name.name));
			if (diag != NULL)
				diag_label(p->session, diag, params.data[k].name.span, "first here");
		}
		vec_push(p->arena, &params, param);
		if (!parse_next_element(p, open))
			break;
	}
	parse_close(p, open, "`,` or `)`");
	p->brackets--;
	return params;
}

static void parse_fn(Parser *p, AstDecl *decl) {
	decl->kind = AST_FN;
	decl->name = parse_new_name(p, "the function's name");
	decl->params = parse_params(p, "a function");
	decl->head_end = parse_here(p).start;
	p->body = BODY_FN;
	bool value = !p->panic && parse_at(p, TOKEN_EQUALS) && !parse_peek(p)->line_start;
	if (value) {
		parse_advance(p);
		decl->value = parse_expression(p);
		if (p->panic)
			parse_end_statement(p);
	} else {
		if (!p->panic && (parse_at(p, TOKEN_COLON) || parse_at(p, TOKEN_ARROW)) && !parse_ahead(p, 1)->line_start) {
			Diag *diag =
				parse_at(p, TOKEN_ARROW) /* which the lexer has told */
					? NULL
					: parse_complain(p, 121, parse_here(p), "a function is written without the type of its result");
			parse_help(p, diag, "write `fn %s(...) = ...`", session_text(p->session, decl->name.name));
			p->at += 1;
			while (!parse_at_break(p) && !parse_at(p, TOKEN_EQUALS) && !parse_at(p, TOKEN_LBRACE))
				parse_skip(p);
			if (parse_accept(p, TOKEN_EQUALS)) {
				decl->value = parse_expression(p);
				if (p->panic)
					parse_end_statement(p);
				return;
			}
		}
		if (!p->panic && parse_at_break(p) && !parse_at(p, TOKEN_LBRACE)) {
			Diag *diag = parse_error(p, 101, parse_here(p), "this function has no body");
			parse_help(p, diag, "write `fn f(x) = ...`, or `fn f(x) { ... return e }`");
		}
		decl->body = parse_block(p, "the function's head");
	}
}

static void parse_body(Parser *p, AstDecl *decl, AstDeclKind kind) {
	bool objective = kind == AST_OBJECTIVE;
	decl->kind = kind;
	decl->name = parse_new_name(p, objective ? "the objective's name" : "the optimizer's name");
	decl->params = parse_params(p, objective ? "an objective" : "an optimizer");
	decl->head_end = parse_here(p).start;
	p->body = objective ? BODY_OBJECTIVE : BODY_OPTIMIZER;
	decl->body = parse_block(p, objective ? "the objective's head" : "the optimizer's head");
}

static void parse_const(Parser *p, AstDecl *decl) {
	decl->kind = AST_CONST;
	decl->name = parse_new_name(p, "the constant's name");
	if (!p->panic && parse_accept(p, TOKEN_COLON))
		decl->type = parse_type(p);
	if (!p->panic && !parse_accept(p, TOKEN_EQUALS)) {
		Diag *diag = parse_error(p, 120, parse_here(p), "a constant needs a value");
		parse_help(p, diag, "write `const %s = ...`", session_text(p->session, decl->name.name));
	}
	if (!p->panic)
		decl->value = parse_expression(p);
	if (p->panic)
		parse_end_statement(p);
}

static void parse_import(Parser *p, AstDecl *decl) {
	decl->kind = AST_IMPORT;
	if (parse_at(p, TOKEN_TEXT) && !parse_at_break(p)) {
		decl->value = parse_expression(p);
	} else {
		Diag *diag = parse_error(p, 101, parse_here(p), "expected a file name in quotes, found %s", parse_found(p));
		parse_help(p, diag, "write `import \"other.grad\"`; functions of the language need no import");
		parse_end_statement(p);
	}
}

/* What somebody may have meant by a word that opens no declaration here. */
static void help_with_declaration(Parser *p, Diag *diag, const Token *token) {
	static const char *const known[] = {"import", "const", "fn", "objective", "optimizer", "experiment"};
	static const struct {
		const char *word, *ours;
	} foreign[] = {{"def", "fn"},
	               {"function", "fn"},
	               {"func", "fn"},
	               {"fun", "fn"},
	               {"problem", "objective"},
	               {"model", "objective"},
	               {"loss", "objective"},
	               {"class", "optimizer"},
	               {"rule", "optimizer"},
	               {"optimiser", "optimizer"},
	               {"include", "import"},
	               {"use", "import"},
	               {"from", "import"},
	               {"let", "const"},
	               {"var", "const"},
	               {"val", "const"}};
	for (size_t k = 0; k < sizeof foreign / sizeof *foreign; k++) {
		if (!lex_is_word(p->source, token, foreign[k].word))
			continue;
		parse_help(p, diag, "write `%s`", foreign[k].ours);
		return;
	}
	Name names[sizeof known / sizeof *known];
	for (size_t k = 0; k < sizeof known / sizeof *known; k++)
		names[k] = session_name(p->session, known[k]);
	Name nearest = token->kind != TOKEN_NAME
	                   ? 0
	                   : name_nearest(p->session->names, token->name, names, (uint32_t)(sizeof known / sizeof *known));
	if (token->kind == TOKEN_SLASHSLASH || token->kind == TOKEN_PERCENT || token->kind == TOKEN_MINUS)
		parse_help(p, diag, "comments start with `#`");
	else if (lex_is_word(p->source, token, "end"))
		parse_help(p, diag, "blocks end with `}`");
	else if (nearest != 0)
		parse_help(p, diag, "did you mean `%s`?", session_text(p->session, nearest));
	else
		parse_help(p, diag, "a file holds import, const, fn, objective, optimizer and experiment");
}

/* `objectiv bowl(`, `def f(`, `let a =` at the start of a line: a declaration with a wrong first word */
static bool resembles_declaration(const Parser *p) {
	const Token *first = parse_peek(p), *second = parse_ahead(p, 1);
	TokenKind third = parse_ahead(p, 2)->kind;
	return first->line_start && first->kind == TOKEN_NAME && second->kind == TOKEN_NAME && !second->line_start &&
	       (third == TOKEN_LPAREN || third == TOKEN_EQUALS || third == TOKEN_LBRACE);
}

static uint32_t column_of(const Parser *p, const Token *token) {
	uint32_t column = 0;
	while (column < token->start && p->source->text[token->start - column - 1] != '\n')
		column++;
	return column;
}

/* To the next declaration; from `start`, the first token of one that failed, also to a line that resembles one and
 * stands no further right. */
static void skip_to_declaration(Parser *p, const Token *start) {
	while (!parse_at(p, TOKEN_END) && !lex_opens_declaration(p->source, p->tokens, p->at)) {
		if (parse_peek(p) > start && resembles_declaration(p) && column_of(p, parse_peek(p)) <= column_of(p, start))
			break;
		parse_skip(p);
	}
	p->panic = false;
}

static void parse_declaration(Parser *p, AstFile *file) {
	AstDecl *decl = ARENA_NEW(p->arena, AstDecl);
	const Token *token = parse_peek(p);
	decl->keyword = parse_span(p, token);
	/* parse_here and parse_found speak of the line before while a line is about to start */
	bool known = true;
	decl->joint = parse_at_word(p, "joint");
	if (decl->joint)
		parse_advance(p);
	if (decl->joint && !parse_at_word(p, "optimizer")) {
		Diag *diag =
			parse_complain(p, 101, parse_here(p), "expected `optimizer` after `joint`, found %s", parse_found(p));
		parse_help(p, diag, "write `joint optimizer name() { ... }`");
		skip_to_declaration(p, token);
		return;
	}
	if (parse_accept_word(p, "import")) {
		parse_import(p, decl);
	} else if (parse_accept_word(p, "const")) {
		parse_const(p, decl);
	} else if (parse_accept_word(p, "fn")) {
		parse_fn(p, decl);
	} else if (parse_accept_word(p, "objective")) {
		parse_body(p, decl, AST_OBJECTIVE);
	} else if (parse_accept_word(p, "optimizer")) {
		parse_body(p, decl, AST_OPTIMIZER);
	} else if (parse_accept_word(p, "experiment")) {
		decl->kind = AST_EXPERIMENT;
		decl->name = parse_new_name(p, "the experiment's name");
		decl->experiment = parse_experiment(p);
	} else {
		known = false;
	}
	if (known) {
		decl->span = parse_from(p, decl->keyword);
		vec_push(p->arena, &file->decls, decl);
		if (p->panic)
			skip_to_declaration(p, token);
		else
			parse_end_statement(p);
		return;
	}
	Diag *diag =
		parse_error(p, 122, decl->keyword, "expected a declaration, found `%s`", parse_slice(p, decl->keyword));
	help_with_declaration(p, diag, token);
	skip_to_declaration(p, token);
}

static Parser parser_new(Session *session, uint32_t source) {
	uint32_t errors_before = session->error_count;
	Tokens tokens = {0};
	AstComments comments = {0};
	lex_source(session, source, &tokens, &comments);
	lex_balance(session, source, &tokens);
	return (Parser){.session = session,
	                .arena = session->arena,
	                .source = session->sources.data[source],
	                .file = source,
	                .errors_before = errors_before,
	                .tokens = tokens.data,
	                .comments = comments,
	                .count = tokens.count};
}

/* Which declarations the mistakes are in that were found since, by the lexer or the parser. */
static void mark_unread(const Session *session, uint32_t diags_before, AstFile *file) {
	for (uint32_t i = diags_before; i < session->diags.count; i++) {
		if (session->diags.data[i]->severity != DIAG_ERROR)
			continue;
		Span at = session->diags.data[i]->labels.data[0].span;
		for (uint32_t k = 0; k < file->decls.count; k++) {
			AstDecl *decl = file->decls.data[k];
			bool inside = at.start >= decl->span.start && at.start <= decl->span.end;
			decl->unread = decl->unread || inside;
			decl->head_unread = decl->head_unread || (inside && at.start <= decl->head_end);
		}
	}
}

AstFile *ast_parse(Session *session, uint32_t source) {
	AstFile *file = ARENA_NEW(session->arena, AstFile);
	uint32_t diags_before = session->diags.count;
	file->source = source;
	Parser p = parser_new(session, source);
	while (!parse_at(&p, TOKEN_END)) {
		p.panic = false;
		p.statement = p.at;
		p.brackets = p.nesting = p.blocks = 0;
		parse_declaration(&p, file);
	}
	mark_unread(session, diags_before, file);
	file->comments = p.comments;
	return file;
}

AstExpr *ast_parse_expression(Session *session, uint32_t source) {
	Parser p = parser_new(session, source);
	AstExpr *expr = parse_expression(&p);
	if (!p.panic && !parse_at(&p, TOKEN_END))
		parse_error(&p, 101, parse_span(&p, parse_peek(&p)), "expected the end of the expression, found `%s`",
		            parse_slice(&p, parse_span(&p, parse_peek(&p))));
	return expr;
}
