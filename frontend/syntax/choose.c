/* Choices of a rule: which there are, and which still matter when others are made.
 *
 * A walk backwards from x: a statement is needed if it assigns x, applies a rule, or defines a name that a needed statement mentions. In
 * a choice that is made only the alternative that was picked is looked at. */
#include "frontend/syntax/choose.h"

#include <string.h>

/* ---- statements ---- */

int ast_blocks(const AstStmt *s, const AstBlock *out[2]) {
	switch (s->kind) {
	case AST_FOR: out[0] = &s->loop.body; return 1;
	case AST_WHILE: out[0] = &s->repeat.body; return 1;
	case AST_EACH: out[0] = &s->each.body; return 1;
	case AST_WHEN:
		out[0] = &s->when.yes;
		out[1] = &s->when.no;
		return 2;
	default: return 0;
	}
}

Name ast_stmt_key(const AstStmt *s) {
	return s->span.start + 1;
}

/* The expressions of a statement itself, without those of statements inside of it. */
static void visit_own(const AstStmt *s, AstVisit *visit, void *context) {
	switch (s->kind) {
	case AST_FOR:
		visit(s->loop.range.low, context);
		visit(s->loop.range.high, context);
		visit(s->loop.step, context);
		break;
	case AST_WHILE:
		visit(s->repeat.condition, context);
		visit(s->repeat.limit, context);
		break;
	case AST_WHEN: visit(s->when.condition, context); break;
	case AST_EACH: break;
	default: ast_any_expr(s, visit, context); break;
	}
}

/* ---- which there are ---- */

typedef struct Listing {
	const Session *session;
	Arena *arena;
	AstChoices out;
	const AstStmt *stmt;
} Listing;

static bool is_taken(const Listing *l, const char *name) {
	for (uint32_t i = 0; i < l->out.count; i++)
		if (strcmp(l->out.data[i].name, name) == 0)
			return true;
	return false;
}

static const char *name_of(const Listing *l, const AstExpr *x) {
	const AstDeclare *d = &l->stmt->declare;
	if (l->stmt->kind != AST_LET || d->value != x || d->names.count != 1 || !d->names.data[0].name)
		return arena_printf(l->arena, "%u", (unsigned)l->out.count + 1);
	const char *text = session_text(l->session, d->names.data[0].name), *name = text;
	for (unsigned k = 2; is_taken(l, name); k++)
		name = arena_printf(l->arena, "%s_%u", text, k);
	return name;
}

/* Of a choice among rules, which stands before it in the list. */
static bool is_alternative(const Listing *l, const AstExpr *x) {
	for (uint32_t i = 0; i < l->out.count; i++)
		for (uint32_t k = 0; l->out.data[i].applies && k < l->out.data[i].expr->elements.count; k++)
			if (l->out.data[i].expr->elements.data[k] == x)
				return true;
	return false;
}

static bool list_in(const AstExpr *x, void *context) {
	Listing *l = context;
	if (x && x->kind == AST_CHOOSE && x->elements.count) {
		bool applies = l->stmt->kind == AST_APPLY && (l->stmt->apply == x || is_alternative(l, x));
		AstChoice one = {x, name_of(l, x), applies};
		vec_push(l->arena, &l->out, one);
	}
	return ast_any_part(x, list_in, context);
}

static void list_block(Listing *l, const AstBlock *block) {
	const AstBlock *inner[2];
	for (uint32_t i = 0; i < block->count; i++) {
		l->stmt = block->data[i];
		visit_own(block->data[i], list_in, l);
		int count = ast_blocks(block->data[i], inner);
		for (int k = 0; k < count; k++)
			list_block(l, inner[k]);
	}
}

/* Where others were made before, the names are those that these had then. */
static void name_as_before(const Session *session, const AstDecl *rule, AstChoices *choices) {
	const AstKept *kept = session->sources.data[rule->span.file]->kept;
	for (; kept; kept = kept->next)
		for (uint32_t i = 0; kept->rule == rule->name.name && i < kept->count && i < choices->count; i++)
			choices->data[i].name = kept->names[i];
}

AstChoices ast_choices(const Session *session, const AstDecl *rule, Arena *arena) {
	Listing l = {.session = session, .arena = arena};
	if (rule->kind == AST_OPTIMIZER)
		list_block(&l, &rule->body);
	name_as_before(session, rule, &l.out);
	return l.out;
}

const char *ast_alternative(const Session *session, const AstExpr *choice, uint32_t number, Arena *arena) {
	const char *at = source_excerpt(session, arena, choice->elements.data[number]->span);
	Text text = text_new(arena);
	for (bool blank = false; *at; at++) {
		if (*at == '#')
			at += strcspn(at, "\n") - (strchr(at, '\n') ? 0 : 1);
		bool space = *at == '\n' || *at == '\r' || *at == '\t' || *at == ' ' || *at == '#';
		if (!space && blank && text.length)
			text_char(&text, ' ');
		if (!space)
			text_char(&text, *at);
		blank = space;
	}
	return text_cstr(&text);
}

/* ---- what is needed ---- */

static void need_name(AstNeeds *n, Name name) {
	void **place = name ? name_map_place(n->arena, &n->names, name) : NULL;
	if (!place || *place)
		return;
	*place = n;
	n->changed = true;
}

static int number_of(const AstNeeds *n, const AstExpr *x) {
	for (uint32_t i = 0; i < n->choices->count; i++)
		if (n->choices->data[i].expr == x)
			return (int)i;
	return -1;
}

static bool need_in(const AstExpr *x, void *context) {
	AstNeeds *n = context;
	if (!x)
		return false;
	if (x->kind == AST_NAME)
		need_name(n, x->name);
	if (x->kind == AST_CALL)
		need_name(n, x->call.callee.name);
	int number = x->kind == AST_CHOOSE ? number_of(n, x) : -1;
	if (number < 0)
		return ast_any_part(x, need_in, context);
	n->needed[number] = true;
	int pick = n->picks ? n->picks[number] : AST_LEFT_OPEN;
	return pick < 0 ? ast_any_part(x, need_in, context) : need_in(x->elements.data[pick], context);
}

static bool is_named(const AstNeeds *n, Name name) {
	return name && name_map_get(&n->names, name);
}

static bool defines_needed(const AstNeeds *n, const AstStmt *s) {
	if (s->kind == AST_APPLY || s->kind == AST_RETURN)
		return true;
	if (s->kind == AST_ASSIGN) {
		for (uint32_t i = 0; i < s->assign.targets.count; i++) {
			const AstExpr *target = s->assign.targets.data[i];
			const AstExpr *base = target->kind == AST_INDEX ? target->index.base : target;
			if (base->kind != AST_NAME || is_named(n, base->name))
				return true;
		}
		return false;
	}
	if (s->kind > AST_VAR)
		return true;
	for (uint32_t i = 0; i < s->declare.names.count; i++)
		if (is_named(n, s->declare.names.data[i].name))
			return true;
	return s->declare.names.count == 0;
}

/* Is anything in the block needed? */
static bool need_block(AstNeeds *n, const AstBlock *block) {
	bool any = false;
	for (uint32_t i = 0; i < block->count; i++) {
		const AstStmt *s = block->data[i];
		const AstBlock *inner[2];
		int count = ast_blocks(s, inner);
		bool idle = n->open && !name_map_get(n->open, ast_stmt_key(s));
		bool needed = count == 0 && (idle || defines_needed(n, s));
		for (int k = 0; k < count; k++)
			needed = need_block(n, inner[k]) || needed;
		any = any || needed;
		if (!needed)
			continue;
		visit_own(s, need_in, n);
		*name_map_place(n->arena, &n->stmts, ast_stmt_key(s)) = n;
	}
	return any;
}

void ast_find_needs(Session *session, AstNeeds *n) {
	need_name(n, session_name(session, "x"));
	do {
		n->changed = false;
		need_block(n, &n->rule->body);
	} while (n->changed);
}

void ast_choices_needed(Session *session, const AstDecl *rule, const AstChoices *choices, const int *picks,
                        bool *needed) {
	AstNeeds n = {.rule = rule, .choices = choices, .picks = picks, .arena = arena_new(), .needed = needed};
	memset(needed, 0, choices->count * sizeof *needed);
	ast_find_needs(session, &n);
	arena_free(n.arena);
}

bool ast_choices_mention(Session *session, const AstDecl *rule, const AstChoices *choices, const int *picks,
                         Name name) {
	Arena *arena = arena_new();
	bool *needed = ARENA_ARRAY(arena, bool, choices->count + 1);
	AstNeeds n = {.rule = rule, .choices = choices, .picks = picks, .arena = arena, .needed = needed};
	ast_find_needs(session, &n);
	bool mentioned = is_named(&n, name);
	arena_free(arena);
	return mentioned;
}
