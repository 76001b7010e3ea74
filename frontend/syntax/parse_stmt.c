/* parse_stmt: blocks and statements, and which of them may stand where. */
#include <string.h>

#include "frontend/syntax/parser.h"

/* ---- blocks ---- */

/* Goes to a `{` further right on this line. */
static bool find_brace(Parser *p) {
	while (!parse_at_break(p) && !parse_at(p, TOKEN_LBRACE)) {
		const Token *token = parse_peek(p);
		if (token->kind == TOKEN_LPAREN || token->kind == TOKEN_LBRACKET)
			p->at = token->partner;
		parse_advance(p);
	}
	return parse_at(p, TOKEN_LBRACE) && !parse_peek(p)->line_start;
}

static void parse_statement(Parser *p, AstBlock *block);

uint32_t parse_open_block(Parser *p, const char *after) {
	if (!p->panic && parse_at(p, TOKEN_LBRACE) && parse_peek(p)->line_start) {
		Diag *diag = parse_complain(p, 125, parse_span(p, parse_peek(p)), "`{` cannot start a line");
		parse_help(p, diag, "put it at the end of the line above, behind %s", after);
	} else if (!p->panic && !parse_at(p, TOKEN_LBRACE)) {
		Diag *diag = parse_error(p, 101, parse_here(p), "expected `{` behind %s, found %s", after, parse_found(p));
		parse_help(p, diag, "blocks stand between `{` and `}`");
	}
	if (p->panic && !find_brace(p))
		return 0;
	p->panic = false;
	parse_advance(p);
	return p->at - 1;
}

/* Nothing behind a `return` is ever computed: said of the first statement there. */
static void check_after_return(Parser *p, const AstBlock *block) {
	const AstStmt *last = block->count > 1 ? block->data[block->count - 2] : NULL;
	bool first = block->count < 3 || block->data[block->count - 3]->kind != AST_RETURN;
	if (!last || last->kind != AST_RETURN || p->body != BODY_FN || !first)
		return;
	Diag *diag =
		parse_complain(p, 123, block->data[block->count - 1]->keyword, "nothing after `return` is ever computed");
	if (diag)
		diag_label(p->session, diag, last->keyword, "it ends here");
}

AstBlock parse_block(Parser *p, const char *after) {
	AstBlock block = {0};
	uint32_t end = parse_indented(p, after), open = end > 0 ? 0 : parse_open_block(p, after);
	if (open == 0 && end == 0)
		return block;
	uint32_t partner = end > 0 ? end : p->tokens[open].partner;
	if (parse_enter(p)) {
		while (p->at < partner) {
			uint32_t before = p->at;
			uint32_t count = block.count;
			parse_statement(p, &block);
			if (block.count > count)
				check_after_return(p, &block);
			if (p->at == before)
				parse_advance(p);
		}
		if (p->at == partner && end == 0)
			parse_advance(p);
	}
	parse_leave(p);
	return block;
}

/* A block inside of another one. */
static AstBlock parse_inner_block(Parser *p, const char *after, bool loop) {
	p->blocks++;
	p->loops += loop;
	AstBlock block = parse_block(p, after);
	p->blocks--;
	p->loops -= loop;
	return block;
}

/* ---- what may stand where ---- */

enum {
	IN_FN = 1 << BODY_FN,
	IN_OBJECTIVE = 1 << BODY_OBJECTIVE,
	IN_OPTIMIZER = 1 << BODY_OPTIMIZER,
	IN_BLOCKS = 8, /* inside of loops and branches too */
	NOT_IN_LOOPS = 16,
};

static const struct Place {
	const char *word;
	unsigned where;
} places[] = {
	[AST_GIVEN] = {"given", IN_OBJECTIVE},
	[AST_DATA] = {"data", IN_OBJECTIVE},
	[AST_BATCH] = {"batch", IN_OBJECTIVE},
	[AST_PARAM] = {"param", IN_OBJECTIVE},
	[AST_LEARN] = {"learn", IN_OPTIMIZER},
	[AST_STATE] = {"state", IN_OPTIMIZER | IN_BLOCKS | NOT_IN_LOOPS},
	[AST_LET] = {"let", IN_FN | IN_OBJECTIVE | IN_OPTIMIZER | IN_BLOCKS},
	[AST_VAR] = {"var", IN_FN | IN_OBJECTIVE | IN_OPTIMIZER | IN_BLOCKS},
	[AST_REPORT] = {"report", IN_OBJECTIVE},
	[AST_MINIMIZE] = {"minimize", IN_OBJECTIVE},
	[AST_RESIDUALS] = {"residuals", IN_OBJECTIVE},
	[AST_VALIDATE] = {"validate", IN_OBJECTIVE},
	[AST_ASSIGN] = {"<-", IN_FN | IN_OBJECTIVE | IN_OPTIMIZER | IN_BLOCKS},
	[AST_FOR] = {"for", IN_FN | IN_OBJECTIVE | IN_OPTIMIZER | IN_BLOCKS},
	[AST_WHILE] = {"while", IN_FN | IN_OBJECTIVE | IN_OPTIMIZER | IN_BLOCKS},
	[AST_WHEN] = {"if", IN_FN | IN_OBJECTIVE | IN_OPTIMIZER | IN_BLOCKS},
	[AST_EACH] = {"each", IN_OPTIMIZER | IN_BLOCKS},
	[AST_APPLY] = {"apply", IN_OPTIMIZER | IN_BLOCKS},
	[AST_RETURN] = {"return", IN_FN | IN_BLOCKS},
};

const char *ast_stmt_word(AstStmtKind kind) {
	return places[kind].word;
}

static void check_place(Parser *p, const AstStmt *stmt) {
	static const char *const bodies[] = {
		[BODY_FN] = "a function", [BODY_OBJECTIVE] = "an objective", [BODY_OPTIMIZER] = "an optimizer"};
	unsigned where = places[stmt->kind].where;
	const char *word = places[stmt->kind].word;
	if ((where & (1u << p->body)) == 0) {
		Diag *diag = parse_complain(p, 123, stmt->keyword, "`%s` has no place in %s", word, bodies[p->body]);
		if (stmt->kind == AST_RETURN && p->body == BODY_OBJECTIVE)
			parse_help(p, diag, "an objective gives its value with `minimize`");
		else if (stmt->kind == AST_RETURN)
			parse_help(p, diag, "a rule gives its result by assigning: `x <- ...`");
		else if (p->body == BODY_FN)
			parse_help(p, diag, "a function computes with `let`, `var`, `for`, `if`, `while` and `return`");
		else if (stmt->kind == AST_PARAM && p->body == BODY_OPTIMIZER)
			parse_help(p, diag,
			           "what training fills in is declared with `learn`, what is kept between steps with `state`");
		else if ((stmt->kind == AST_LEARN || stmt->kind == AST_STATE) && p->body == BODY_OBJECTIVE)
			parse_help(p, diag, "what an optimizer changes is declared with `param`");
		else
			parse_help(p, diag, "it belongs into %s",
			           where & IN_OBJECTIVE ? bodies[BODY_OBJECTIVE] : bodies[BODY_OPTIMIZER]);
	} else if (p->blocks > 0 && (where & IN_BLOCKS) == 0) {
		Diag *diag = parse_complain(p, 124, stmt->keyword, "`%s` cannot stand inside a loop or branch", word);
		parse_help(p, diag, "move it out, directly into %s", bodies[p->body]);
	} else if (p->loops > 0 && (where & NOT_IN_LOOPS) != 0) {
		Diag *diag = parse_complain(p, 124, stmt->keyword, "`%s` cannot stand inside a loop", word);
		parse_help(p, diag, "move it out of the loop, directly into %s", bodies[p->body]);
	}
}

/* ---- statements, each behind its keyword ---- */

static void parse_report(Parser *p, AstStmt *stmt) {
	stmt->report.name = parse_name(p, "the name of the figure");
	if (!p->panic && !parse_accept(p, TOKEN_EQUALS)) {
		Diag *diag = parse_error(p, 101, parse_here(p), "expected `=`, found %s", parse_found(p));
		parse_help(p, diag, "write `report error = ...`");
	}
	if (!p->panic)
		stmt->report.value = parse_expression(p);
}

static void parse_validate(Parser *p, AstStmt *stmt) {
	stmt->validate.value = parse_value(p, "what to validate with");
	if (p->panic || parse_at_break(p) || !parse_accept_word(p, "with"))
		return;
	do {
		AstArg arg = {.name = parse_name(p, "the name to replace")};
		if (!p->panic && !parse_accept(p, TOKEN_EQUALS)) {
			Diag *diag = parse_error(p, 101, parse_here(p), "expected `=`, found %s", parse_found(p));
			parse_help(p, diag, "write `with images = test_images`");
		}
		if (!p->panic)
			arg.value = parse_expression(p);
		if (!p->panic)
			vec_push(p->arena, &stmt->validate.with, arg);
	} while (!p->panic && parse_accept(p, TOKEN_COMMA));
}

static void parse_for(Parser *p, AstStmt *stmt) {
	uint32_t open = parse_at(p, TOKEN_LPAREN) ? p->at : 0;
	if (open > 0) {
		Diag *diag = parse_complain(p, 101, parse_here(p), "expected the loop's index, found `(`");
		parse_help(p, diag, "write `for k in 0..n { ... }`, without parentheses");
		p->panic = !lex_is_word(p->source, parse_ahead(p, 2), "in"); /* else it is read on */
		if (!p->panic)
			parse_advance(p);
	}
	if (!p->panic)
		stmt->loop.name = parse_new_name(p, "the loop's index");
	if (!p->panic && parse_at(p, TOKEN_EQUALS) && !parse_at_break(p)) {
		Diag *diag = parse_complain(p, 101, parse_here(p), "what a loop runs over follows `in`, not `=`");
		parse_help(p, diag, "write `for k in 0..n { ... }`");
		parse_advance(p);
	} else if (!p->panic && !parse_accept_word(p, "in")) {
		Diag *diag = parse_error(p, 101, parse_here(p), "expected `in`, found %s", parse_found(p));
		parse_help(p, diag, "write `for k in 0..n { ... }`");
	}
	if (!p->panic)
		stmt->loop.range = parse_range(p, true);
	if (!p->panic && open > 0 && p->at == p->tokens[open].partner)
		parse_advance(p);
	if (!p->panic && !parse_at_break(p) && parse_at_word(p, "step")) {
		Diag *diag = parse_complain(p, 101, parse_here(p), "a loop's step follows `by`");
		parse_help(p, diag, "write `for k in a..b by 2 { ... }`");
		parse_advance(p);
		stmt->loop.step = parse_expression(p);
	} else if (!p->panic && !parse_at_break(p) && parse_accept_word(p, "by"))
		stmt->loop.step = parse_expression(p);
	stmt->loop.body = parse_inner_block(p, "the loop's range", true);
}

/* `while limit 20 c` */
static bool limit_comes_first(Parser *p) {
	TokenKind next = parse_ahead(p, 1)->kind;
	if (!parse_at_word(p, "limit") || (next != TOKEN_NUMBER && next != TOKEN_NAME))
		return false;
	Diag *diag = parse_complain(p, 136, parse_here(p), "the limit stands behind the condition");
	parse_help(p, diag, "write `while c limit %s { ... }`", parse_slice(p, parse_span(p, parse_ahead(p, 1))));
	parse_advance(p);
	return true;
}

static void parse_while(Parser *p, AstStmt *stmt) {
	if (limit_comes_first(p)) {
		stmt->repeat.limit = parse_primary(p);
		stmt->repeat.condition = parse_value(p, "a condition");
		stmt->repeat.body = parse_inner_block(p, "the loop's condition", true);
		return;
	}
	stmt->repeat.condition = parse_value(p, "a condition");
	if (!p->panic && !parse_accept_word(p, "limit")) {
		Diag *diag = parse_complain(p, 136, stmt->keyword, "this `while` has no limit");
		parse_help(p, diag, "write `while %s limit 100 { ... }`: the memory of a loop has to be known beforehand",
		           parse_slice(p, stmt->repeat.condition->span));
		if (parse_at(p, TOKEN_NAME)) { /* another word in its place */
			parse_advance(p);
			stmt->repeat.limit = parse_value(p, "the limit");
		}
	} else if (!p->panic) {
		stmt->repeat.limit = parse_value(p, "the limit");
	}
	stmt->repeat.body = parse_inner_block(p, "the loop's condition and limit", true);
}

/* `if`, at the word or behind `elif` */
static void parse_when(Parser *p, AstStmt *stmt) {
	stmt->when.condition = parse_value(p, "a condition");
	if (!p->panic && parse_at(p, TOKEN_THEN)) {
		Diag *diag = parse_error(p, 127, parse_here(p), "an `if` that stands alone takes `{ }`, not `then`");
		parse_help(p, diag, "write `if c { x <- a } else { x <- b }`, or `x <- if c then a else b`");
		parse_end_statement(p);
		if (parse_at(p, TOKEN_ELSE)) {
			p->panic = true;
			parse_advance(p);
			parse_end_statement(p);
		}
		return;
	}
	stmt->when.yes = parse_inner_block(p, "the condition", false);
	bool foreign = parse_at_word(p, "elif") || parse_at_word(p, "elsif") || parse_at_word(p, "elseif");
	if (p->panic || (!foreign && !parse_accept(p, TOKEN_ELSE)))
		return;
	stmt->when.has_else = true;
	if (foreign) {
		Diag *diag = parse_complain(p, 101, parse_span(p, parse_peek(p)), "`%s` is not a word of the language",
		                            parse_slice(p, parse_span(p, parse_peek(p))));
		parse_help(p, diag, "write `else if`");
	}
	if (!foreign && !parse_at(p, TOKEN_IF)) {
		stmt->when.no = parse_inner_block(p, "`else`", false);
		return;
	}
	AstStmt *inner = ARENA_NEW(p->arena, AstStmt);
	inner->kind = AST_WHEN;
	inner->keyword = parse_span(p, parse_peek(p));
	if (parse_enter(p)) {
		parse_advance(p);
		p->blocks++;
		parse_when(p, inner);
		p->blocks--;
		inner->span = parse_from(p, inner->keyword);
		vec_push(p->arena, &stmt->when.no, inner);
	}
	parse_leave(p);
}

static void parse_each(Parser *p, AstStmt *stmt) {
	while (parse_at(p, TOKEN_NAME) && !parse_at_break(p)) {
		vec_push(p->arena, &stmt->each.names, parse_new_name(p, "a coordinate's index"));
		if (!parse_accept(p, TOKEN_COMMA))
			break;
	}
	stmt->each.body = parse_inner_block(p, "`each`", false);
}

static void parse_return(Parser *p, AstStmt *stmt) {
	vec_push(p->arena, &stmt->results, parse_value(p, "a value to return"));
	while (!p->panic && parse_accept(p, TOKEN_COMMA))
		vec_push(p->arena, &stmt->results, parse_expression(p));
}

/* ---- assignments, and expressions that stand alone ---- */

static bool arrow_on_line(const Parser *p) {
	for (uint32_t k = p->at; !p->tokens[k].line_start || k == p->at; k++) {
		const Token *token = &p->tokens[k];
		if (token->kind == TOKEN_ARROW)
			return true;
		if (token->kind == TOKEN_LBRACE || token->kind == TOKEN_RBRACE || token->kind == TOKEN_END)
			return false;
	}
	return false;
}

static void check_target(Parser *p, const AstExpr *target) {
	if (target->kind == AST_BAD || target->kind == AST_NAME ||
	    (target->kind == AST_INDEX && target->index.base->kind == AST_NAME))
		return;
	Diag *diag = parse_complain(p, 118, target->span, "this cannot be assigned to");
	if (target->kind == AST_INDEX && target->index.base->kind == AST_INDEX)
		parse_help(p, diag, "give all indices at once: `a[i, j] <- ...`");
	else
		parse_help(p, diag, "on the left of `<-` stands a `var`, a `state`, or elements of one: `h[k, j] <- ...`");
}

/* `x = e`, `x += e` and their like, read as the assignments they want to be */
static void check_arrow(Parser *p, const AstExpr *target) {
	const Token *token = parse_peek(p);
	Span here = parse_span(p, token);
	const char *left = parse_slice(p, target->span);
	if (token->kind == TOKEN_EQUALS && lex_is_statement_word(p->source, &p->tokens[p->statement]) &&
	    p->at == p->statement + 1) {
		Diag *diag = parse_complain(p, 115, here, "`=` does not follow `%s`", left);
		parse_help(p, diag, "write `%s ...`", left);
	} else if (token->kind == TOKEN_EQUALS && target->kind != AST_BAD) {
		Diag *diag = parse_complain(p, 115, here, "`=` does not assign");
		parse_help(p, diag, "write `let %s = ...` to define it, `%s <- ...` to change it", left, left);
	} else if (token->kind == TOKEN_OP_EQUALS) {
		const char *op = parse_slice(p, (Span){.file = here.file, .start = here.start, .end = here.start + 1});
		Diag *diag = parse_complain(p, 107, here, "`%s=` is not an operator of this language", op);
		parse_help(p, diag, "write `%s <- %s %s ...`", left, left, op);
	}
}

static void unused_value(Parser *p, const AstExpr *value) {
	if (p->panic || !parse_at_break(p) || value->kind == AST_BAD)
		return;
	Diag *diag = parse_complain(p, 117, value->span, "this value is not used");
	const char *text = parse_slice(p, value->span);
	if (p->body == BODY_FN)
		parse_help(p, diag, "to give it back, write `return %s`", text);
	else if (p->body == BODY_OBJECTIVE)
		parse_help(p, diag, "to name it, write `let name = ...`; what counts is `minimize ...`");
	else if (value->kind == AST_CALL)
		parse_help(p, diag, "to assign it, write `x <- %s`; to run a rule inside this one, `apply %s`", text, text);
	else
		parse_help(p, diag, "to assign it, write `x <- ...`");
}

static void parse_assign(Parser *p, AstStmt *stmt) {
	uint32_t start = p->at;
	do
		vec_push(p->arena, &stmt->assign.targets, parse_postfix(p));
	while (!p->panic && !parse_at_break(p) && parse_accept(p, TOKEN_COMMA));
	if (p->panic)
		return;
	const AstExpr *first = stmt->assign.targets.data[0];
	TokenKind kind = parse_peek(p)->kind;
	bool broken = parse_at_break(p);
	if (broken && kind == TOKEN_ARROW) {
		parse_refuse_line_start(p);
		broken = false;
	}
	stmt->keyword = parse_here(p);
	if (!broken && (kind == TOKEN_COLON || kind == TOKEN_TILDE)) {
		static const char *const words[] = {[BODY_FN] = "let", [BODY_OBJECTIVE] = "param", [BODY_OPTIMIZER] = "state"};
		const char *word = kind == TOKEN_TILDE && p->body != BODY_OBJECTIVE ? "let" : words[p->body];
		Diag *diag = parse_error(p, 101, first->span, "a declaration starts with a word that says what it is");
		parse_help(p, diag, "write `%s %s %s ...`", word, parse_slice(p, first->span), kind == TOKEN_COLON ? ":" : "~");
		return;
	}
	if (!broken && kind != TOKEN_ARROW && kind != TOKEN_EQUALS && kind != TOKEN_OP_EQUALS) {
		if (kind != TOKEN_NAME && kind != TOKEN_NUMBER && arrow_on_line(p)) {
			parse_error(p, 118, first->span, "only names and elements of names stand on the left of `<-`");
			return;
		}
		p->at = start;
		unused_value(p, parse_expression(p));
		return;
	}
	if (broken) {
		unused_value(p, first);
		return;
	}
	for (uint32_t k = 0; k < stmt->assign.targets.count; k++)
		check_target(p, stmt->assign.targets.data[k]);
	check_arrow(p, first);
	stmt->assign.equals = parse_at(p, TOKEN_EQUALS);
	parse_advance(p);
	stmt->assign.value = parse_expression(p);
}

/* ---- which statement is it? ---- */

/* Words are contextual: `batch <- 3` assigns to something called batch. */
static bool is_keyword_here(const Parser *p, AstStmtKind kind) {
	const Token *next = parse_ahead(p, 1);
	if (next->kind == TOKEN_ARROW || next->kind == TOKEN_EQUALS || next->kind == TOKEN_OP_EQUALS)
		return false;
	if (next->line_start || kind == AST_LET || kind == AST_VAR)
		return true;
	if (next->kind == TOKEN_COMMA || next->kind == TOKEN_DOT)
		return false;
	bool takes_value = kind == AST_MINIMIZE || kind == AST_RESIDUALS || kind == AST_VALIDATE || kind == AST_RETURN ||
	                   kind == AST_WHILE;
	return takes_value || (next->kind != TOKEN_LBRACKET && (next->kind != TOKEN_LPAREN || kind == AST_FOR));
}

static bool statement_kind(const Parser *p, AstStmtKind *kind) {
	if (parse_at(p, TOKEN_IF)) {
		*kind = AST_WHEN;
		return true;
	}
	for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
		*kind = (AstStmtKind)k;
		if (parse_at_word(p, places[k].word))
			return is_keyword_here(p, *kind);
	}
	return false;
}

/* Is this a word, a name and what declarations go on with? */
static bool declares_ahead(const Parser *p) {
	const Token *after = parse_ahead(p, 2);
	return !after->line_start && (after->kind == TOKEN_EQUALS || after->kind == TOKEN_TILDE ||
	                              after->kind == TOKEN_COLON || after->kind == TOKEN_LBRACKET);
}

/* Two words in a row that begin no statement: `parm w : [d]`, `float x = 3`, `const a = 1`. What seems to declare a name is
 * read on as what it was meant for (true, and its kind), so that uses of the name are not reported as well. */
static bool unknown_statement(Parser *p, AstStmtKind *kind) {
	static const char *const types[] = {"int", "real", "bool", "float", "double", "auto", "val", "const", "mut"};
	static const char *const tops[] = {"fn", "objective", "optimizer", "experiment", "import", "joint"};
	const Token *token = parse_peek(p);
	Span here = parse_span(p, token);
	const char *text = parse_slice(p, here);
	for (size_t k = 0; k < sizeof tops / sizeof *tops; k++) {
		if (!lex_is_word(p->source, token, tops[k]))
			continue;
		Diag *diag = parse_error(p, 123, here, "`%s` stands at the top level of a file", text);
		parse_help(p, diag, "move it out of this body");
		find_brace(p); /* so that its block is skipped with it */
		return false;
	}
	bool declares = declares_ahead(p);
	Diag *diag = parse_complain(p, 101, here, "no statement starts with `%s`", text);
	p->panic = !declares;
	bool choice = lex_is_word(p->source, token, "choose");
	if (choice || lex_is_word(p->source, token, "discover")) {
		parse_help(p, diag,
		           choice ? "a choice stands where a value does: `let name = choose { a, b }`"
		                  : "an open expression stands where a value does: `let name = discover(...)`");
		*kind = AST_LET;
		return declares;
	}
	for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
		if (!lex_is_word(p->source, token, types[k]))
			continue;
		parse_help(p, diag, "write `let name = ...`, or `var name = ...` for what changes");
		*kind = k < 5 ? AST_VAR : AST_LET; /* those that other languages let change, as far as their names tell */
		return declares;
	}
	Name names[sizeof places / sizeof *places];
	for (size_t k = 0; k < sizeof places / sizeof *places; k++)
		names[k] = session_name(p->session, places[k].word);
	Name nearest = name_nearest(p->session->names, token->name, names, (uint32_t)(sizeof places / sizeof *places));
	if (nearest != 0)
		parse_help(p, diag, "did you mean `%s`?", session_text(p->session, nearest));
	for (size_t k = 0; k <= AST_VAR; k++) {
		*kind = (AstStmtKind)k;
		if (nearest != 0 && names[k] == nearest)
			return declares;
	}
	p->panic = true;
	return false;
}

/* Alternatives that are rules: a name alone is a call without arguments, and one may be a choice again. */
static void make_rules(Parser *p, AstExpr *choice, const char *what) {
	for (uint32_t i = 0; i < choice->elements.count; i++) {
		AstExpr *x = choice->elements.data[i];
		AstName name = {.name = x->kind == AST_NAME ? x->name : 0, .span = x->span};
		if (x->kind == AST_NAME) {
			x->kind = AST_CALL;
			x->call.callee = name;
			x->call.args = (AstArgs){0};
		} else if (x->kind == AST_CHOOSE) {
			make_rules(p, x, what);
		} else if (x->kind != AST_CALL && x->kind != AST_BAD) {
			parse_complain(p, 101, x->span, "expected %s, found `%s`", what, parse_slice(p, x->span));
			x->kind = AST_BAD;
		}
	}
}

/* adam(lr = 0.1), or choose { adam(lr = 0.1), momentum } */
static AstExpr *parse_applied(Parser *p) {
	static const char what[] = "a rule with its arguments, such as `adam(lr = 0.1)`";
	const Token *next = parse_ahead(p, 1);
	if (parse_at_break(p) || !parse_at_word(p, "choose") || next->kind != TOKEN_LBRACE)
		return parse_call(p, what);
	AstExpr *choice = parse_primary(p);
	make_rules(p, choice, what);
	return choice;
}

static void parse_statement_body(Parser *p, AstStmt *stmt) {
	switch (stmt->kind) {
	case AST_GIVEN:
	case AST_DATA:
	case AST_BATCH:
	case AST_PARAM:
	case AST_LEARN:
	case AST_STATE:
	case AST_LET:
	case AST_VAR: parse_declare(p, stmt); break;
	case AST_REPORT: parse_report(p, stmt); break;
	case AST_MINIMIZE: stmt->minimize = parse_value(p, "what to minimize"); break;
	case AST_RESIDUALS: stmt->residuals = parse_value(p, "what the residuals are"); break;
	case AST_VALIDATE: parse_validate(p, stmt); break;
	case AST_FOR: parse_for(p, stmt); break;
	case AST_WHILE: parse_while(p, stmt); break;
	case AST_WHEN: parse_when(p, stmt); break;
	case AST_EACH: parse_each(p, stmt); break;
	case AST_APPLY: stmt->apply = parse_applied(p); break;
	case AST_RETURN: parse_return(p, stmt); break;
	case AST_ASSIGN: parse_assign(p, stmt); break;
	}
}

/* `print(x)`, `break`, `repeat 3 { }`: not where the word is the name of something, which is assigned */
static bool foreign_statement(Parser *p) {
	const Token *token = parse_peek(p), *next = parse_ahead(p, 1);
	const char *help =
		token->kind == TOKEN_NAME ? parse_foreign_statement(session_text(p->session, token->name)) : NULL;
	bool named =
		!next->line_start && (next->kind == TOKEN_EQUALS || next->kind == TOKEN_OP_EQUALS || next->kind == TOKEN_DOT ||
	                          next->kind == TOKEN_COLON || next->kind == TOKEN_TILDE || arrow_on_line(p));
	if (!help || named)
		return false;
	Span here = parse_span(p, token);
	Diag *diag = parse_error(p, 101, here, "no statement starts with `%s`", parse_slice(p, here));
	parse_help(p, diag, "%s", help);
	return true;
}

static void parse_statement(Parser *p, AstBlock *block) {
	const Token *token = parse_peek(p), *next = parse_ahead(p, 1);
	AstStmt *stmt = ARENA_NEW(p->arena, AstStmt);
	Span start = parse_span(p, token);
	stmt->keyword = start;
	p->statement = p->at;
	if (statement_kind(p, &stmt->kind)) {
		check_place(p, stmt);
		parse_advance(p);
	} else if (token->kind == TOKEN_ELSE) {
		Diag *diag = parse_error(p, 101, start, "this `else` belongs to no `if`");
		parse_help(p, diag, "write `if c { ... } else { ... }`");
	} else if (token->kind != TOKEN_NAME && token->kind != TOKEN_NUMBER && token->kind != TOKEN_LPAREN &&
	           token->kind != TOKEN_LBRACKET && token->kind != TOKEN_MINUS) {
		parse_error(p, 101, start, "no statement starts with `%s`", parse_slice(p, start));
	} else if (foreign_statement(p)) {
		stmt->kind = AST_ASSIGN;
	} else if (token->kind == TOKEN_NAME && next->kind == TOKEN_NAME && !next->line_start) {
		if (unknown_statement(p, &stmt->kind))
			parse_advance(p);
	} else {
		stmt->kind = AST_ASSIGN;
	}
	if (!p->panic)
		parse_statement_body(p, stmt);
	/* What lacks its value (an assignment to nothing, a lone expression) is no statement. But a declaration that could
	 * not be read still declares its name, so that uses of it are not reported as well. */
	bool whole = !p->panic && (stmt->kind != AST_ASSIGN || stmt->assign.value != NULL);
	if (p->panic && stmt->kind <= AST_VAR && stmt->declare.names.count > 0 && stmt->declare.names.data[0].name != 0) {
		stmt->declare.value = parse_bad(p, start);
		stmt->declare.draw = NULL;
		whole = true;
	}
	stmt->span = parse_from(p, start);
	parse_end_statement(p);
	if (whole)
		vec_push(p->arena, block, stmt);
}
