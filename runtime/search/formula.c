/* Expressions as text of the language, with the fewest parentheses that keep the order of operations, and so the bits; those of several holes side
 * by side. */
#include <string.h>

#include "runtime/search/search.h"

typedef struct Writer {
	const SearchTable *table;
	const double *constants;
	int next; /* the constant that is written next */
	Arena *arena;
} Writer;

static const char *constant_text(Writer *w) {
	int number = w->next++;
	Text text = text_new(w->arena);
	if (w->constants)
		text_real(&text, w->constants[number], w->table->space->single);
	else
		text_printf(&text, "{%d}", number + 1);
	return text_cstr(&text);
}

static const char *expr_text(Writer *w, uint32_t number, FeLevel *level);

/* A number below 0 binds like a sign. */
static FeLevel level_of_constant(const char *text) {
	return *text == '-' ? FE_LEVEL_SIGN : FE_LEVEL_ATOM;
}

static void put(Text *out, const char *text, FeLevel level, FeLevel needed) {
	bool bare = level >= needed;
	text_printf(out, "%s%s%s", bare ? "" : "(", text, bare ? "" : ")");
}

/* The pattern of an operation with its operands in: "{a2} * {b3}". Constants are numbered in the order in which they are met, an operation's own
 * between its operands. */
static const char *operation_text(Writer *w, const SearchExpr *x, FeLevel *level) {
	const FeOperatorInfo *info = &fe_operators[x->op];
	const char *texts[3];
	FeLevel levels[3] = {FE_LEVEL_ATOM, FE_LEVEL_ATOM, FE_LEVEL_ATOM};
	texts[0] = expr_text(w, x->a, &levels[0]);
	texts[2] = fe_operator_has_constant((FeOperator)x->op) ? constant_text(w) : "";
	levels[2] = level_of_constant(texts[2]);
	texts[1] = info->arity > 1 ? expr_text(w, x->b, &levels[1]) : "";
	const SearchExpr *last = &w->table->exprs[info->arity > 1 ? x->b : x->a];
	bool plainly = info->plainly && last->not_negative;
	*level = plainly ? info->plain_level : info->level;
	Text out = text_new(w->arena);
	for (const char *at = plainly ? info->plainly : info->text; *at; at++) {
		if (*at != '{') {
			text_char(&out, *at);
			continue;
		}
		int which = at[1] - 'a';
		put(&out, texts[which], levels[which], (FeLevel)(at[2] - '0'));
		at += 3;
	}
	return text_cstr(&out);
}

static const char *expr_text(Writer *w, uint32_t number, FeLevel *level) {
	const SearchExpr *x = &w->table->exprs[number];
	if (x->op != SEARCH_LEAF)
		return operation_text(w, x, level);
	const SearchLeaf *leaf = &w->table->space->leaves[x->a];
	const char *text = leaf->text ? leaf->text : constant_text(w);
	*level = leaf->text ? leaf->level : level_of_constant(text);
	return text;
}

/* That of one hole among several. */
static const char *formula_of(const SearchTable *table, uint32_t expr, int hole, const double *constants, Arena *arena,
                              FeLevel *level) {
	uint32_t parts[SEARCH_MOST_HOLES];
	search_parts(table, expr, parts);
	Writer w = {.table = table, .constants = constants, .arena = arena};
	for (int h = 0; h < hole; h++)
		w.next += table->exprs[parts[h]].constants;
	return expr_text(&w, parts[hole], level);
}

const char *search_formula(const SearchTable *table, uint32_t expr, const double *constants, Arena *arena,
                           FeLevel *level) {
	uint32_t parts[SEARCH_MOST_HOLES];
	int count = search_parts(table, expr, parts);
	const char *text = formula_of(table, expr, 0, constants, arena, level);
	for (int h = 1; h < count; h++)
		text = arena_printf(arena, "%s | %s", text, formula_of(table, expr, h, constants, arena, level));
	return text;
}
