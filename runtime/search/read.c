/* A text of the language as an expression of a search: its syntax tree is held against the operands, and against the texts of the operations, which
 * stand in operators.def. What formula.c writes is read as what it was written of; `a / b` is read as the division that there is, and
 * `square(a)`, `lerp(a, b)` as well as what they are written as. */
#include <stdio.h>
#include <string.h>

#include "runtime/search/propose.h"

/* A text of an operation; the names a, b and c in it stand for its operands and its constant. */
typedef struct Pattern {
	FeOperator op;
	const AstExpr *expr;
	int nodes;
} Pattern;

struct SearchReader {
	Session *session;
	const SearchGrammar *grammar;
	Arena *arena;
	VEC(Pattern) patterns; /* the larger first, so that `x + c * (y - x)` is lerp rather than a sum */
	const AstExpr *leaves[SEARCH_MOST_HOLES][SEARCH_MOST_LEAVES];
};

/* One expression of one hole. */
typedef struct Reading {
	const SearchReader *reader;
	const SearchSpace *space;
	const AstExpr *const *leaves;
	SearchTree *out;
	const AstExpr *unknown; /* a piece that is nothing of this space */
	bool large;
} Reading;

/* ---- patterns ---- */

static bool count_part(const AstExpr *x, void *count) {
	if (!x)
		return false;
	++*(int *)count;
	return ast_any_part(x, count_part, count);
}

/* NULL: it cannot be read, which nothing is said of. */
static const AstExpr *parsed(Session *session, const char *text, const char **why) {
	DiagMark mark = diag_mark(session);
	const AstExpr *x = ast_parse_expression(session, source_add(session, "<proposal>", text, strlen(text)));
	bool wrong = session->error_count > mark.errors;
	Diags said = diag_take_back(session, mark);
	if (why && said.count)
		*why = said.data[0]->message;
	return wrong ? NULL : x;
}

static void add_pattern(SearchReader *reader, FeOperator op, const char *text) {
	Pattern pattern = {.op = op, .expr = parsed(reader->session, text, NULL)};
	if (!pattern.expr)
		base_panic("search_reader_new", "the text `%s` of an operation cannot be read", text);
	count_part(pattern.expr, &pattern.nodes);
	pattern.nodes++;
	uint32_t at = reader->patterns.count;
	vec_push(reader->arena, &reader->patterns, pattern);
	for (; at > 0 && reader->patterns.data[at - 1].nodes < pattern.nodes; at--)
		reader->patterns.data[at] = reader->patterns.data[at - 1];
	reader->patterns.data[at] = pattern;
}

/* "{a2} * {b3}" as "(a) * (b)". */
static void add_row_text(SearchReader *reader, FeOperator op, const char *row) {
	Text text = text_new(reader->arena);
	for (; *row; row++) {
		if (*row != '{') {
			text_char(&text, *row);
			continue;
		}
		text_printf(&text, "(%c)", row[1]);
		row += 3;
	}
	add_pattern(reader, op, text_cstr(&text));
}

static void add_operation(SearchReader *reader, FeOperator op) {
	const FeOperatorInfo *info = &fe_operators[op];
	bool two = info->arity > 1, word = info->word[0] >= 'a' && info->word[0] <= 'z';
	add_row_text(reader, op, info->text);
	if (info->plainly)
		add_row_text(reader, op, info->plainly);
	if (word)
		add_pattern(reader, op, arena_printf(reader->arena, two ? "%s(a, b)" : "%s(a)", info->word));
	else if (two)
		add_pattern(reader, op, arena_printf(reader->arena, "a %s b", info->word));
}

SearchReader *search_reader_new(Session *session, const SearchGrammar *grammar, Arena *arena) {
	SearchReader *reader = ARENA_NEW(arena, SearchReader);
	*reader = (SearchReader){.session = session, .grammar = grammar, .arena = arena};
	for (int op = FE_OPERATORS - 1; op >= 0; op--) /* of two divisions the plain one first, where there is one */
		add_operation(reader, (FeOperator)op);
	for (int h = 0; h < grammar->holes; h++)
		for (uint32_t i = 0; i < grammar->spaces[h]->leaf_count; i++)
			if (grammar->spaces[h]->leaves[i].text)
				reader->leaves[h][i] = parsed(session, grammar->spaces[h]->leaves[i].text, NULL);
	return reader;
}

/* ---- trees that are alike ---- */

static bool is_number(const AstExpr *x) {
	return x->kind == AST_NUMBER || (x->kind == AST_UNARY && x->unary.op == AST_NEG && is_number(x->unary.operand));
}

static bool same(const SearchReader *reader, const AstExpr *x, const AstExpr *y) {
	if (x->kind != y->kind)
		return false;
	if (x->kind == AST_NUMBER)
		return x->number.value == y->number.value;
	Arena *scratch = arena_new();
	Text a = text_new(scratch), b = text_new(scratch);
	ast_print_expr(reader->session, x, &a);
	ast_print_expr(reader->session, y, &b);
	bool equal = !strcmp(text_cstr(&a), text_cstr(&b));
	arena_free(scratch);
	return equal;
}

/* Which place a name of a pattern stands for; -1: none. */
static int place_of(const SearchReader *reader, const AstExpr *pattern) {
	if (pattern->kind != AST_NAME)
		return -1;
	const char *name = session_text(reader->session, pattern->name);
	return strlen(name) == 1 && *name >= 'a' && *name <= 'c' ? *name - 'a' : -1;
}

/* Is x of this form? The places a, b and c of it are what stands there. */
static bool has_form(const SearchReader *reader, const AstExpr *pattern, const AstExpr *x, const AstExpr *places[3]) {
	int place = place_of(reader, pattern);
	if (place >= 0) {
		if (places[place])
			return same(reader, places[place], x);
		places[place] = x;
		return place < 2 || is_number(x);
	}
	if (pattern->kind != x->kind)
		return false;
	switch (pattern->kind) {
	case AST_NUMBER: return pattern->number.value == x->number.value;
	case AST_BINARY:
		return pattern->binary.op == x->binary.op && has_form(reader, pattern->binary.left, x->binary.left, places) &&
		       has_form(reader, pattern->binary.right, x->binary.right, places);
	case AST_CALL: break;
	default: return false;
	}
	if (pattern->call.callee.name != x->call.callee.name || pattern->call.args.count != x->call.args.count)
		return false;
	for (uint32_t i = 0; i < pattern->call.args.count; i++)
		if (x->call.args.data[i].name.name ||
		    !has_form(reader, pattern->call.args.data[i].value, x->call.args.data[i].value, places))
			return false;
	return true;
}

/* ---- reading ---- */

static bool put(Reading *r, uint32_t code) {
	r->large = r->large || r->out->count == SEARCH_MOST_NODES;
	if (r->large)
		return false;
	r->out->codes[r->out->count++] = (uint8_t)code;
	return true;
}

static bool read_expr(Reading *r, const AstExpr *x);

static bool read_operation(Reading *r, const AstExpr *x) {
	const SearchReader *reader = r->reader;
	bool known = false;
	for (uint32_t i = 0; i < reader->patterns.count; i++) {
		const Pattern *pattern = &reader->patterns.data[i];
		const AstExpr *places[3] = {0};
		uint8_t before = r->out->count;
		if (!(r->space->operators >> pattern->op & 1) || !has_form(reader, pattern->expr, x, places))
			continue;
		known = true;
		if (put(r, SEARCH_OPERATION + (uint32_t)pattern->op) && read_expr(r, places[0]) &&
		    (!places[1] || read_expr(r, places[1])))
			return true;
		if (!r->large)
			r->out->count = before;
	}
	if (!known)
		r->unknown = x;
	return false;
}

static bool read_expr(Reading *r, const AstExpr *x) {
	for (uint32_t i = 0; i < r->space->leaf_count; i++)
		if (r->leaves[i] && same(r->reader, r->leaves[i], x))
			return put(r, i);
	for (uint32_t i = 0; i < r->space->leaf_count; i++)
		if (!r->leaves[i] && is_number(x))
			return put(r, i);
	return read_operation(r, x);
}

/* What of the space it does not keep to: would it be an expression if that did not hold? */
static const char *why_invalid(const Reading *r) {
	SearchExpr nodes[SEARCH_MOST_NODES];
	SearchSpace wider = *r->space;
	const SearchMeanings *meanings = r->reader->grammar->meanings;
	wider.constants = SEARCH_MOST_NODES;
	if (search_tree_nodes(&wider, meanings, r->out, nodes))
		return arena_printf(r->reader->arena, "it has more than %d constants", r->space->constants);
	wider.homogeneous = wider.bound = false;
	if (search_tree_nodes(&wider, meanings, r->out, nodes))
		return "it adds or compares terms of different degrees, or is not of the degree that belongs here";
	return r->space->like_x ? "it is the same number for all coordinates, or has a part that a rate takes in"
	                        : "it is not one number, or has a part that a rate takes in";
}

static const char *why_not(const Reading *r) {
	Arena *arena = r->reader->arena;
	if (r->large || (!r->unknown && r->out->count > r->space->size))
		return arena_printf(arena, "it has more than %d nodes", r->space->size);
	if (!r->unknown)
		return why_invalid(r);
	return arena_printf(arena, "`%s` is no operand, and not made by an operation of this search",
	                    source_excerpt(r->reader->session, arena, r->unknown->span));
}

static bool read_part(const SearchReader *reader, int hole, const char *text, SearchTree *out, const char **why) {
	const SearchSpace *space = reader->grammar->spaces[hole];
	Reading r = {.reader = reader, .space = space, .leaves = reader->leaves[hole], .out = out};
	SearchExpr nodes[SEARCH_MOST_NODES];
	*why = "it cannot be read";
	const AstExpr *x = parsed(reader->session, text, why);
	if (!x)
		return false;
	if (read_expr(&r, x) && out->count <= space->size &&
	    search_tree_nodes(space, reader->grammar->meanings, out, nodes))
		return true;
	*why = why_not(&r);
	return false;
}

bool search_read(SearchReader *reader, const char *text, SearchTuple *out, const char **why) {
	int holes = reader->grammar->holes, given = 1;
	for (const char *at = text; *at; at++)
		given += *at == '|';
	memset(out, 0, sizeof *out);
	if (given != holes) {
		*why =
			arena_printf(reader->arena, "it is %d expression%s, and %d are open", given, given == 1 ? "" : "s", holes);
		return false;
	}
	for (int h = 0; h < holes; h++) {
		size_t length = strcspn(text, "|");
		if (!read_part(reader, h, arena_printf(reader->arena, "%.*s", (int)length, text), &out->trees[h], why))
			return false;
		text += length + 1;
	}
	*why = "it has more constants than may be";
	return search_tuple_is_valid(reader->grammar, out);
}
