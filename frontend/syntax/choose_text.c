/* The text of a rule with choices made, as a person would have written it: the alternatives in their places, with parentheses where
 * they are needed, and without the lines that nothing depends on any more. */
#include "frontend/syntax/choose.h"

#include <stdlib.h>
#include <string.h>

/* ---- cuts ---- */

static bool is_blank(char c) {
	return c == ' ' || c == '\t' || c == '\r';
}

/* A statement that has lines of its own goes with them, and with a comment behind it. */
static void cut_stmt(const Session *session, const AstStmt *s, AstCuts *cuts) {
	const char *text = session->sources.data[s->span.file]->text;
	uint32_t start = s->span.start, end = s->span.end;
	while (start > 0 && is_blank(text[start - 1]))
		start--;
	while (is_blank(text[end]))
		end++;
	if (text[end] == '#')
		end += (uint32_t)strcspn(text + end, "\n");
	bool lines = (start == 0 || text[start - 1] == '\n') && (text[end] == '\n' || text[end] == '\0');
	AstCut cut = {.start = s->span.start, .end = s->span.end};
	if (lines)
		cut = (AstCut){.start = start, .end = end + (text[end] == '\n')};
	vec_push(cuts->arena, &cuts->list, cut);
}

/* Statements that were needed while all choices were open, and are no longer. What was idle before is the writer's own. */
static void cut_idle(const Session *session, const AstBlock *block, const NameMap *before, const NameMap *now,
                     AstCuts *cuts) {
	for (uint32_t i = 0; i < block->count; i++) {
		const AstStmt *s = block->data[i];
		const AstBlock *inner[2];
		if (name_map_get(before, ast_stmt_key(s)) && !name_map_get(now, ast_stmt_key(s))) {
			cut_stmt(session, s, cuts);
			continue;
		}
		int count = ast_blocks(s, inner);
		for (int k = 0; k < count; k++)
			cut_idle(session, inner[k], before, now, cuts);
	}
}

/* Of the choices that are not made, those that stay in the text are the ones that something depends on. */
static void keep_names(Session *session, const AstDecl *rule, const AstChoices *choices, const int *picks,
                       const bool *needed, AstCuts *cuts) {
	AstKept *kept = ARENA_NEW(session->arena, AstKept);
	*kept = (AstKept){.rule = rule->name.name, .next = cuts->kept};
	kept->names = ARENA_ARRAY(session->arena, const char *, choices->count + 1);
	for (uint32_t i = 0; i < choices->count; i++)
		if (picks[i] < 0 && needed[i])
			kept->names[kept->count++] = arena_strdup(session->arena, choices->data[i].name);
	cuts->kept = kept;
}

/* A rule that is named without arguments, which only a choice takes for a call. */
static bool is_bare(const Session *session, const AstExpr *rule) {
	const char *text = session->sources.data[rule->span.file]->text;
	return rule->kind == AST_CALL && text[rule->span.end - 1] != ')';
}

void ast_cut_choices(Session *session, const AstDecl *rule, const AstChoices *choices, const int *picks,
                     AstCuts *cuts) {
	Arena *scratch = arena_new();
	bool *needed = ARENA_ARRAY(scratch, bool, choices->count + 1);
	AstNeeds open = {.rule = rule, .choices = choices, .arena = scratch, .needed = needed};
	AstNeeds made = open;
	made.picks = picks;
	ast_find_needs(session, &open);
	made.open = &open.stmts;
	ast_find_needs(session, &made);
	cut_idle(session, &rule->body, &open.stmts, &made.stmts, cuts);
	keep_names(session, rule, choices, picks, needed, cuts);
	for (uint32_t i = 0; i < choices->count; i++) {
		const AstExpr *x = choices->data[i].expr;
		if (picks[i] < 0)
			continue;
		const AstExpr *stays = x->elements.data[picks[i]];
		AstCut cut = {.start = x->span.start,
		              .end = x->span.end,
		              .stays = stays->span,
		              .call = choices->data[i].applies && is_bare(session, stays),
		              .bracket = ast_bind_of(session, stays) < ast_bind_needed(rule, x)};
		vec_push(cuts->arena, &cuts->list, cut);
	}
	arena_free(scratch);
}

/* ---- the text ---- */

static int by_place(const void *a, const void *b) {
	const AstCut *x = a, *y = b;
	if (x->start != y->start)
		return (x->start > y->start) - (x->start < y->start);
	return (x->end < y->end) - (x->end > y->end);
}

/* A piece of the text. Of cuts inside of each other the outer one decides; those inside of what stays are looked at there. */
static void put(const Source *source, uint32_t at, uint32_t end, const AstCuts *cuts, Text *out) {
	for (uint32_t i = 0; i < cuts->list.count; i++) {
		const AstCut *cut = &cuts->list.data[i];
		if (cut->start < at || cut->end > end)
			continue;
		text_bytes(out, source->text + at, cut->start - at);
		text_printf(out, "%s", cut->bracket ? "(" : "");
		if (cut->stays.file)
			put(source, cut->stays.start, cut->stays.end, cuts, out);
		text_printf(out, "%s", cut->call ? "()" : cut->bracket ? ")" : "");
		at = cut->end;
	}
	text_bytes(out, source->text + at, end - at);
}

void ast_put_cut(const Session *session, uint32_t source, AstCuts *cuts, Text *out) {
	if (cuts->list.count)
		qsort(cuts->list.data, cuts->list.count, sizeof(AstCut), by_place);
	put(session->sources.data[source], 0, session->sources.data[source]->length, cuts, out);
}
