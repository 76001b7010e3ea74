/* parse_declare: the declarations inside of bodies (given, data, batch, param, learn, state, let, var), their types,
 * limits and data sources. All eight share one grammar; what each may be given is checked afterwards, so that a wrong
 * piece is named as such. */
#include <string.h>

#include "frontend/syntax/parser.h"

AstLimits parse_limits(Parser *p) {
	AstLimits limits = {.span = parse_here(p)};
	if (!parse_at(p, TOKEN_LPAREN) || parse_at_break(p)) {
		Diag *diag = parse_complain(p, 143, parse_here(p), "expected `(` and limits, found %s", parse_found(p));
		parse_help(p, diag, "write `in (low, high)`; `-inf` and `inf` are allowed");
		limits.low = limits.high = parse_bad(p, limits.span);
		p->panic = true;
		/* `in 0, 1`: the second number belongs to the limits, not to the list around them */
		if (!parse_at_break(p) && parse_ahead(p, 1)->kind == TOKEN_COMMA && parse_ahead(p, 2)->kind == TOKEN_NUMBER)
			p->at += 3;
		return limits;
	}
	uint32_t open = p->at;
	parse_advance(p);
	p->brackets++;
	limits.low = parse_expression(p);
	if (!p->panic && !parse_accept(p, TOKEN_COMMA)) {
		Diag *diag = parse_error(p, 143, parse_here(p), "expected `,` and the upper limit, found %s", parse_found(p));
		parse_help(p, diag, "write `in (low, high)`; `-inf` and `inf` are allowed");
	}
	if (!p->panic)
		limits.high = parse_expression(p);
	parse_close(p, open, "`)`");
	p->brackets--;
	if (limits.high == NULL)
		limits.high = parse_bad(p, limits.span);
	limits.span = parse_from(p, limits.span);
	return limits;
}

/* What other languages call the types. */
static const char *our_type(const Parser *p, const Token *token) {
	static const struct {
		const char *word, *ours;
	} foreign[] = {{"float", "real"},   {"double", "real"},  {"f32", "real"},      {"f64", "real"},
	               {"float32", "real"}, {"float64", "real"}, {"number", "real"},   {"scalar", "real"},
	               {"integer", "int"},  {"i32", "int"},      {"i64", "int"},       {"long", "int"},
	               {"boolean", "bool"}, {"vector", "[n]"},   {"matrix", "[n, m]"}, {"array", "[n]"},
	               {"tensor", "[n, m]"}};
	for (size_t k = 0; k < sizeof foreign / sizeof *foreign; k++)
		if (lex_is_word(p->source, token, foreign[k].word))
			return foreign[k].ours;
	return NULL;
}

static void parse_dims(Parser *p, AstType *type) {
	uint32_t open = p->at;
	parse_advance(p);
	p->brackets++;
	if (p->at == p->tokens[open].partner)
		parse_complain(p, 142, parse_span(p, &p->tokens[open]), "a size is missing between the brackets");
	while (p->at < p->tokens[open].partner) {
		vec_push(p->arena, &type->dims, parse_expression(p));
		if (!parse_next_element(p, open))
			break;
	}
	parse_close(p, open, "`,` or `]`");
	p->brackets--;
}

AstType parse_type(Parser *p) {
	AstType type = {.span = parse_here(p)};
	bool any = false;
	bool broken = parse_at_break(p);
	if (!broken && parse_accept_word(p, "each"))
		any = type.each = true;
	broken = parse_at_break(p);
	if (!broken && (parse_at_word(p, "real") || parse_at_word(p, "int") || parse_at_word(p, "bool"))) {
		any = true;
		type.scalar = parse_at_word(p, "int") ? AST_INT : parse_at_word(p, "bool") ? AST_BOOLEAN : AST_REAL;
		parse_advance(p);
		broken = parse_at_break(p);
	}
	if (!broken && parse_at(p, TOKEN_LBRACKET)) {
		any = true;
		parse_dims(p, &type);
	}
	if (any) {
		type.span = parse_from(p, type.span);
		return type;
	}
	const char *ours = broken ? NULL : our_type(p, parse_peek(p));
	Diag *diag = parse_error(p, 131, parse_here(p), "expected a type, found %s", parse_found(p));
	if (ours != NULL)
		parse_help(p, diag, "write `%s`", ours);
	else if (!broken && (parse_at(p, TOKEN_NAME) || parse_at(p, TOKEN_NUMBER)))
		parse_help(
			p, diag,
			"a shape stands in brackets, as in `[%s]`; types are `real`, `int`, `bool`, `[n, d]`, `int[n]`, `each [k]`",
			parse_slice(p, parse_here(p)));
	else
		parse_help(p, diag, "types are `real`, `int`, `bool`, `[n, d]`, `int[n]`, `each [k]`");
	return type;
}

/* data: from "x.csv" columns 1..31, from "x.txt" bytes */
static void parse_from_file(Parser *p, AstDeclare *declare) {
	if (parse_at_break(p) || (!parse_at(p, TOKEN_TEXT) && !parse_at(p, TOKEN_NAME))) {
		Diag *diag = parse_error(p, 101, parse_here(p), "expected a file, found %s", parse_found(p));
		parse_help(p, diag, "write its name in quotes, or a parameter that holds one");
		return;
	}
	const Token *dot = parse_ahead(p, 1);
	if (parse_at(p, TOKEN_NAME) && dot->kind == TOKEN_DOT && !dot->line_start) { /* from iris.csv */
		Span start = parse_here(p);
		while (parse_at(p, TOKEN_NAME) && parse_ahead(p, 1)->kind == TOKEN_DOT) {
			parse_advance(p);
			parse_advance(p);
		}
		parse_advance(p);
		Span name = parse_from(p, start);
		Diag *diag = parse_complain(p, 101, name, "a file is named by a text in quotes");
		parse_help(p, diag, "write `from \"%s\"`", parse_slice(p, name));
		declare->from = parse_bad(p, name);
	} else {
		declare->from = parse_expression(p);
	}
	if (!p->panic && declare->from->kind != AST_BAD && declare->from->kind != AST_TEXT &&
	    declare->from->kind != AST_NAME)
		parse_complain(p, 101, declare->from->span, "a file is named by a text in quotes or by a parameter");
	if (p->panic || parse_at_break(p))
		return;
	if (parse_accept_word(p, "bytes")) {
		declare->bytes = true;
		return;
	}
	if (!parse_accept_word(p, "columns"))
		return;
	do {
		AstItem item = {.kind = AST_ITEM_EXPR, .span = parse_here(p)};
		AstRange range = parse_range(p, false);
		if (range.low != NULL) {
			item.kind = AST_ITEM_SLICE;
			item.low = range.low;
			item.high = range.high;
		} else {
			item.expr = range.high;
		}
		item.span = range.span;
		vec_push(p->arena, &declare->columns, item);
	} while (!p->panic && parse_accept(p, TOKEN_COMMA));
}

static void parse_names(Parser *p, const AstStmt *stmt, AstNames *names) {
	static const char *const what[] = {[AST_GIVEN] = "the name of what is given",
	                                   [AST_DATA] = "the name of the data",
	                                   [AST_BATCH] = "the name of the draw",
	                                   [AST_PARAM] = "the parameter's name",
	                                   [AST_LEARN] = "the name of what is learned",
	                                   [AST_STATE] = "the state's name",
	                                   [AST_LET] = "the name to define",
	                                   [AST_VAR] = "the variable's name"};
	vec_push(p->arena, names, parse_new_name(p, what[stmt->kind]));
	while (!p->panic && parse_at(p, TOKEN_COMMA)) {
		if (stmt->kind != AST_LET) {
			Diag *diag = parse_error(p, 101, parse_here(p), "one name is declared at a time");
			parse_help(p, diag, "give each a line of its own; only `let a, b = f(x)` takes several results");
			return;
		}
		parse_advance(p);
		vec_push(p->arena, names, parse_new_name(p, what[stmt->kind]));
	}
}

static bool may_draw(AstStmtKind kind) {
	return kind != AST_STATE && kind != AST_VAR && kind != AST_DATA;
}

/* What the value starts from: `= e`, `~ dist`, `from file`, and the slips around them. */
static void parse_source(Parser *p, AstStmt *stmt) {
	AstDeclare *declare = &stmt->declare;
	const char *word = ast_stmt_word(stmt->kind);
	const char *name = session_text(p->session, declare->names.data[0].name);
	if (parse_at(p, TOKEN_EQUALS) || parse_at(p, TOKEN_TILDE))
		parse_refuse_line_start(p);
	else if (parse_at_break(p))
		return;
	if (parse_at(p, TOKEN_ARROW)) {
		bool known = strcmp(parse_slice(p, parse_here(p)), ":=") == 0; /* which the lexer has told */
		Diag *diag =
			known ? NULL
				  : parse_complain(p, 115, parse_here(p), "a declaration takes `=`; `<-` assigns what exists already");
		parse_help(p, diag, "write `%s %s = ...`, or `%s <- ...` without `%s`", word, name, name, word);
		parse_advance(p);
		declare->value = parse_expression(p);
	} else if (parse_accept(p, TOKEN_EQUALS)) {
		declare->value = parse_expression(p);
		if (!p->panic && parse_at(p, TOKEN_TILDE) && declare->value->kind == AST_ARRAY) {
			Diag *diag = parse_error(p, 121, parse_here(p), "`%s` has a value already", name);
			const char *type = parse_slice(p, declare->value->span);
			parse_help(p, diag, "a shape follows `:`, as in `%s %s : %s ~ ...`", word, name, type);
		}
	} else if (parse_accept(p, TOKEN_TILDE)) {
		declare->draw = parse_call(p, "a distribution, such as `normal(0, 1)`");
	} else if (may_draw(stmt->kind) && parse_at(p, TOKEN_NAME) && !parse_at_word(p, "in") &&
	           parse_ahead(p, 1)->kind == TOKEN_LPAREN) {
		Diag *diag = parse_complain(p, 119, parse_here(p), "`~` is missing before the distribution");
		parse_help(p, diag, "write `~ %s(...)`", parse_slice(p, parse_span(p, parse_peek(p))));
		declare->draw = parse_call(p, "a distribution");
	} else if (parse_accept_word(p, "from")) {
		parse_from_file(p, declare);
	} else if (parse_at(p, TOKEN_TEXT) && (stmt->kind == AST_DATA || stmt->kind == AST_LEARN)) {
		Diag *diag = parse_complain(p, 121, parse_here(p), "`from` is missing before the file");
		parse_help(p, diag, "write `from %s`", parse_slice(p, parse_here(p)));
		parse_from_file(p, declare);
	}
}

/* ---- does every kind have what it needs, and nothing else? ---- */

/* given, batch */
static void check_drawn(Parser *p, AstStmt *stmt, const char *word, const char *name) {
	AstExpr *value = stmt->declare.value;
	if (value) {
		bool draw = value->kind == AST_CALL && distribution_find(session_text(p->session, value->call.callee.name));
		Diag *diag = parse_complain(p, 119, value->span, "`%s` is drawn at random: it takes `~`, not `=`", word);
		if (draw) { /* read on as what was meant */
			stmt->declare.draw = value;
			stmt->declare.value = NULL;
		}
		if (draw)
			parse_help(p, diag, "write `%s %s ... ~ %s`", word, name, parse_slice(p, value->span));
		else
			parse_help(p, diag, "what is computed or fixed is declared with `let %s = ...`", name);
	} else if (!stmt->declare.draw) {
		Diag *diag = parse_complain(p, 119, parse_here(p), "`%s %s` needs a distribution", word, name);
		parse_help(p, diag, "write `~ normal(0, 1)`, `~ uniform(0, 1)`, `~ integer(0, n)` or another one");
	}
}

static void check_data(Parser *p, const AstDeclare *declare, const char *name) {
	Diag *diag;
	if (declare->value && declare->value->kind == AST_TEXT) {
		diag = parse_complain(p, 121, declare->value->span, "`from` stands before a file, not `=`");
		parse_help(p, diag, "write `data %s : ... from %s`", name, parse_slice(p, declare->value->span));
		return;
	}
	if (declare->value || declare->draw)
		diag = parse_complain(p, 121, declare->value ? declare->value->span : declare->draw->span,
		                      "data is read from a file");
	else if (!declare->from)
		diag = parse_complain(p, 121, parse_here(p), "`data %s` does not say which file it is read from", name);
	else
		return;
	parse_help(p, diag, "write `data %s : ... from \"file.npy\"`; what is drawn is `given`, what is computed `let`",
	           name);
}

/* param, learn */
static void check_start(Parser *p, const AstDeclare *declare, const char *word, const char *name) {
	if (declare->value || declare->draw || declare->from)
		return;
	Diag *diag = parse_complain(p, 120, parse_here(p), "`%s %s` does not say where it starts", word, name);
	if (declare->limits.span.file)
		parse_help(p, diag, "its start stands before the limits: `%s %s = ... in %s`", word, name,
		           parse_slice(p, declare->limits.span));
	else
		parse_help(p, diag, "give it a start with `= 0` or `~ normal(0, 1)`");
}

/* state, var, let: a let may be drawn */
static void check_computed(Parser *p, const AstStmt *stmt, const char *word, const char *name) {
	const AstExpr *draw = stmt->declare.draw;
	if (draw && stmt->kind != AST_LET) {
		Diag *diag = parse_complain(p, 121, draw->span, "`%s` starts from a value, not from a draw", word);
		parse_help(p, diag,
		           stmt->kind == AST_STATE ? "its start sees only `x` and the hyperparameters"
		                                   : "draw under another name: `let e ~ ...`, then `var %s = e`",
		           name);
	} else if (!stmt->declare.value && !draw) {
		Diag *diag = parse_complain(p, 120, parse_here(p), "`%s %s` has no value", word, name);
		parse_help(p, diag, stmt->kind == AST_LET ? "write `let %s = ...`" : "write `= 0`, or what it starts from",
		           name);
	}
}

static void check_source(Parser *p, AstStmt *stmt) {
	const AstDeclare *declare = &stmt->declare;
	const char *word = ast_stmt_word(stmt->kind);
	const char *name = session_text(p->session, declare->names.data[0].name);
	if (p->panic || (!declare->value && !declare->draw && !declare->from && !parse_at_break(p)))
		return; /* parse_end_statement tells about what stands here */
	if (declare->from && stmt->kind != AST_DATA && stmt->kind != AST_LEARN) {
		Diag *diag = parse_complain(p, 121, declare->from->span, "only `data` and `learn` are read from files");
		parse_help(p, diag, "write `data %s : ... from ...`", name);
		return;
	}
	switch (stmt->kind) {
	case AST_GIVEN:
	case AST_BATCH: check_drawn(p, stmt, word, name); break;
	case AST_DATA: check_data(p, declare, name); break;
	case AST_PARAM:
	case AST_LEARN: check_start(p, declare, word, name); break;
	default: check_computed(p, stmt, word, name); break;
	}
}

void parse_declare(Parser *p, AstStmt *stmt) {
	AstDeclare *declare = &stmt->declare;
	parse_names(p, stmt, &declare->names);
	if (!p->panic && !parse_at_break(p) && parse_at(p, TOKEN_LBRACKET)) {
		uint32_t open = p->at;
		parse_advance(p);
		declare->has_head = true;
		declare->head = parse_head_items(p, open);
	}
	if (!p->panic && !parse_at_break(p) && parse_accept(p, TOKEN_COLON))
		declare->type = parse_type(p);
	if (!p->panic) {
		Span start = parse_here(p);
		uint32_t before = p->at;
		parse_source(p, stmt);
		if (p->at > before)
			declare->source = parse_from(p, start);
	}
	if (!p->panic && (stmt->kind == AST_LEARN || stmt->kind == AST_PARAM) && !parse_at_break(p) &&
	    parse_accept_word(p, "in"))
		declare->limits = parse_limits(p);
	check_source(p, stmt);
}
