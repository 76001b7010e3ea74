/* What is declared and changes nothing: names that no result depends on, rules that never move x, objectives that do not
 * depend on their parameters. A walk backwards over names and statements, from the results: whatever a statement that
 * defines a live symbol mentions is live. */
#include "frontend/decl/compose.h"

/* A statement that holds no others, with the statements around it, whose conditions and ranges decide about it. */
typedef struct Leaf {
	const AstStmt *stmt;
	struct Around *around;
	bool live;
} Leaf;

typedef struct Around {
	const AstStmt *stmt;
	struct Around *outer;
	bool live; /* so are those around it */
} Around;

typedef struct Definitions {
	VEC(uint32_t) leaves;
} Definitions;

typedef struct Usage {
	FeProgram *program;
	Arena *arena;
	const AstDecl *decl;
	VEC(Leaf) leaves;
	NameMap defined;             /* the Definitions of a symbol, by its number */
	NameMap live;                /* likewise */
	VEC(const Symbol *) pending; /* live symbols whose definitions have to be looked at */
} Usage;

static void define(Usage *u, const Symbol *symbol, uint32_t leaf) {
	if (!symbol)
		return;
	void **place = name_map_place(u->arena, &u->defined, symbol->number);
	if (!*place)
		*place = ARENA_NEW(u->arena, Definitions);
	Definitions *definitions = *place;
	vec_push(u->arena, &definitions->leaves, leaf);
}

static void add_leaf(Usage *u, const AstStmt *s, Around *around) {
	uint32_t leaf = u->leaves.count;
	vec_push(u->arena, &u->leaves, ((Leaf){s, around, false}));
	if (s->kind <= AST_VAR) {
		for (uint32_t i = 0; i < s->declare.names.count; i++)
			define(u, symbol_at(u->program, s->declare.names.data[i].id), leaf);
		return;
	}
	Assigned assigned = symbol_assigned_by(u->program, u->arena, s);
	for (uint32_t i = 0; i < assigned.count; i++)
		define(u, assigned.data[i], leaf);
}

static void collect(Usage *u, const AstBlock *block, Around *around) {
	for (uint32_t i = 0; i < block->count; i++) {
		const AstStmt *s = block->data[i];
		Around *here = ARENA_NEW(u->arena, Around);
		*here = (Around){s, around, false};
		switch (s->kind) {
		case AST_FOR: collect(u, &s->loop.body, here); break;
		case AST_WHILE: collect(u, &s->repeat.body, here); break;
		case AST_EACH: collect(u, &s->each.body, here); break;
		case AST_WHEN:
			collect(u, &s->when.yes, here);
			collect(u, &s->when.no, here);
			break;
		default: add_leaf(u, s, around);
		}
	}
}

static void use(const Symbol *symbol, Span span, void *context) {
	Usage *u = context;
	(void)span;
	void **place = name_map_place(u->arena, &u->live, symbol->number);
	u->program->session->elaborated++;
	if (!*place)
		vec_push(u->arena, &u->pending, symbol);
	*place = u;
}

static void use_expr(Usage *u, const AstExpr *x) {
	symbol_visit_expr(u->program, x, use, u);
}

static void use_name(Usage *u, AstName name) {
	const Symbol *symbol = symbol_at(u->program, name.id);
	if (symbol)
		use(symbol, name.span, u);
}

static bool is_live(const Usage *u, AstName name) {
	const Symbol *symbol = symbol_at(u->program, name.id);
	return !symbol || name_map_get(&u->live, symbol->number) != NULL;
}

static void use_around(Usage *u, Around *around) {
	for (; around && !around->live; around = around->outer) {
		around->live = true;
		const AstStmt *s = around->stmt;
		if (s->kind == AST_FOR) {
			use_expr(u, s->loop.range.low);
			use_expr(u, s->loop.range.high);
			use_expr(u, s->loop.step);
		} else if (s->kind == AST_WHILE) {
			use_expr(u, s->repeat.condition);
			use_expr(u, s->repeat.limit);
		} else if (s->kind == AST_WHEN)
			use_expr(u, s->when.condition);
	}
}

static void use_leaf(Usage *u, Leaf *leaf) {
	if (leaf->live)
		return;
	leaf->live = true;
	symbol_visit_stmt(u->program, leaf->stmt, use, u);
	use_around(u, leaf->around);
}

static void follow(Usage *u) {
	while (u->pending.count) {
		const Definitions *definitions = name_map_get(&u->defined, u->pending.data[--u->pending.count]->number);
		for (uint32_t i = 0; definitions && i < definitions->leaves.count; i++) {
			u->program->session->elaborated++;
			use_leaf(u, &u->leaves.data[definitions->leaves.data[i]]);
		}
	}
}

static void use_results(Usage *u, AstStmtKind kind) {
	for (uint32_t i = 0; i < u->leaves.count; i++)
		if (u->leaves.data[i].stmt->kind == kind)
			use_leaf(u, &u->leaves.data[i]);
	follow(u);
}

/* Is there a `param`, or an objective that is given for a parameter, that the objective depends on so far? */
static bool depends_on_param(const Usage *u) {
	for (uint32_t i = 0; i < u->decl->params.count; i++)
		if (objective_given(u->program, u->decl->params.data[i].value) && is_live(u, u->decl->params.data[i].name))
			return true;
	for (uint32_t i = 0; i < u->leaves.count; i++)
		if (u->leaves.data[i].stmt->kind == AST_PARAM && u->leaves.data[i].live)
			return true;
	return false;
}

static void follow_objective(Usage *u) {
	Session *session = u->program->session;
	use_results(u, AST_MINIMIZE);
	bool constant = !depends_on_param(u);
	use_results(u, AST_RESIDUALS);
	use_results(u, AST_REPORT);
	use_results(u, AST_VALIDATE);
	for (uint32_t i = 0; constant && i < u->leaves.count; i++) {
		const AstStmt *s = u->leaves.data[i].stmt;
		if (s->kind == AST_PARAM)
			use_leaf(u, &u->leaves.data[i]); /* one warning says of all parameters that nothing depends on them */
		for (uint32_t k = 0; s->kind == AST_PARAM && k < s->declare.names.count; k++)
			use_name(u, s->declare.names.data[k]);
		if (s->kind != AST_MINIMIZE)
			continue;
		Diag *diag = diag_warning(session, 275, s->minimize->span,
		                          "what is minimized depends on no parameter: its gradient is 0 everywhere");
		diag_help(session, diag, "let it depend on what is declared with `param`");
	}
	follow(u);
}

static bool moves_x(const Usage *u, const AstStmt *s) {
	if (s->kind == AST_APPLY)
		return true;
	if (s->kind != AST_ASSIGN)
		return false;
	const Symbol *x = resolve_decl(u->program, u->decl)->rule[RULE_X];
	const AstExpr *value = s->assign.value;
	if (value->kind == AST_NAME && symbol_at(u->program, value->id) == x)
		return false;
	Assigned assigned = symbol_assigned_by(u->program, u->arena, s);
	for (uint32_t i = 0; i < assigned.count; i++)
		if (assigned.data[i] == x)
			return true;
	return false;
}

static bool follow_rule(Usage *u) {
	Session *session = u->program->session;
	bool moves = false;
	for (uint32_t i = 0; i < u->leaves.count; i++) {
		if (!moves_x(u, u->leaves.data[i].stmt))
			continue;
		moves = true;
		use_leaf(u, &u->leaves.data[i]);
	}
	follow(u);
	if (moves)
		return true;
	Diag *diag =
		diag_warning(session, 274, u->decl->name.span, "`%s` never moves x", session_text(session, u->decl->name.name));
	diag_help(session, diag, "assign it, as in `x <- x - lr * g`");
	return false;
}

static void warn_unused(Usage *u, AstName name, const char *what) {
	Session *session = u->program->session;
	bool rule = u->decl->kind == AST_OPTIMIZER;
	Diag *diag = diag_warning(session, 273, name.span, "%s `%s` is never used", what, session_text(session, name.name));
	diag_help(session, diag,
	          rule ? "no step of x depends on it" : "nothing that is minimized or reported depends on it");
}

static void warn_declared(Usage *u) {
	static const char *const words[] = {
		[AST_GIVEN] = "given", [AST_PARAM] = "parameter", [AST_LEARN] = "learned", [AST_STATE] = "state"};
	for (uint32_t i = 0; i < u->leaves.count; i++) {
		const AstStmt *s = u->leaves.data[i].stmt;
		const char *word = s->kind < sizeof words / sizeof *words ? words[s->kind] : NULL;
		for (uint32_t k = 0; word && k < s->declare.names.count; k++)
			if (!is_live(u, s->declare.names.data[k]))
				warn_unused(u, s->declare.names.data[k], word);
	}
	/* What only they depend on is no mistake of its own. */
	for (uint32_t i = 0; i < u->leaves.count; i++) {
		const AstStmt *s = u->leaves.data[i].stmt;
		for (uint32_t k = 0; s->kind <= AST_STATE && k < s->declare.names.count; k++)
			use_name(u, s->declare.names.data[k]);
	}
	follow(u);
}

static void warn_hypers(Usage *u) {
	for (uint32_t i = 0; i < u->decl->params.count; i++) {
		use_expr(u, u->decl->params.data[i].value);
		use_expr(u, u->decl->params.data[i].limits.low);
		use_expr(u, u->decl->params.data[i].limits.high);
	}
	for (uint32_t i = 0; i < u->decl->params.count; i++)
		if (!is_live(u, u->decl->params.data[i].name))
			warn_unused(u, u->decl->params.data[i].name, "hyperparameter");
}

void check_unused(FeProgram *program, const AstDecl *decl) {
	Usage u = {.program = program, .arena = arena_new(), .decl = decl};
	collect(&u, &decl->body, NULL);
	bool told = false; /* if x never moves, nothing has an effect, and the warning about x says so */
	if (decl->kind == AST_OBJECTIVE)
		follow_objective(&u);
	else
		told = !follow_rule(&u);
	if (!told) {
		warn_declared(&u);
		warn_hypers(&u);
	}
	arena_free(u.arena);
}
