#include "mutant.h"

#include "program.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool is_word(char c) {
	return isalnum((unsigned char)c) || c == '_' || c == '\'' || (c & 0x80);
}

static int token_length(const char *text) {
	static const char *const pairs[] = {"<-", "<=", ">=", "==", "!=", "//", ".."};
	int length = 1;
	if (text[0] == '#')
		return (int)strcspn(text, "\n");
	if (text[0] == '"')
		return (int)strcspn(text + 1, "\"\n") + 2;
	if (text[0] == ' ' || text[0] == '\t')
		return (int)strspn(text, " \t");
	if (is_word(text[0])) {
		bool number = isdigit((unsigned char)text[0]);
		while (is_word(text[length]) || (number && text[length] == '.' && isdigit((unsigned char)text[length + 1])))
			length++;
		return length;
	}
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		if (strncmp(text, pairs[i], 2) == 0)
			return 2;
	return 1;
}

MutantText mutant_read(const char *text) {
	MutantText out = {malloc(sizeof *out.tokens * (strlen(text) + 1)), 0};
	if (!out.tokens)
		abort();
	for (int length; *text; text += length) {
		length = token_length(text);
		if (length > (int)strlen(text))
			length = (int)strlen(text);
		out.tokens[out.count++] = (MutantToken){text, length};
	}
	return out;
}

void mutant_free(MutantText *text) {
	free(text->tokens);
}

static char *join(const MutantToken *tokens, int count) {
	size_t length = 0;
	for (int i = 0; i < count; i++)
		length += (size_t)tokens[i].length;
	char *text = malloc(length + 1), *to = text;
	if (!text)
		abort();
	for (int i = 0; i < count; i++) {
		memcpy(to, tokens[i].text, (size_t)tokens[i].length);
		to += tokens[i].length;
	}
	*to = '\0';
	return text;
}

/* ---- changes ---- */

static const char *const strange[] = {
	"0",         "1",         "2",          "3",       "5",
	"17",        "-1",        "0.5",        "1e-300",  "1e300",
	"inf",       "pi",        "true",       "false",   "x",
	"g",         "f",         "t",          "i",       "j",
	"n",         "size",      "horizon",    "epsilon", "+",
	"-",         "*",         "/",          "//",      "%",
	"^",         "@",         "<-",         "=",       "==",
	"<",         "<=",        "..",         ",",       "(",
	")",         "[",         "]",          "{",       "}",
	":",         "~",         "\n",         "and",     "or",
	"not",       "if",        "then",       "else",    "in",
	"for",       "let",       "var",        "given",   "param",
	"state",     "learn",     "each",       "apply",   "return",
	"report",    "joint",     "from",       "sum",     "mean",
	"max",       "argmax",    "prod",       "any",     "where",
	"norm",      "concat",    "reshape",    "eye",     "iota",
	"cumsum",    "flip",      "transpose",  "like",    "real",
	"int",       "bool",      "fn",         "const",   "import",
	"exp",       "log",       "sqrt",       "tanh",    "stop_gradient",
	"logsumexp", "normal",    "uniform",    "integer", "minimize",
	"objective", "optimizer", "experiment", "all_sum", "all_mean",
	"clip",      "solve",     "cholesky",   "logdet",  "outer",
	"diag",      "trace",     "inverse",    "det",     "triangular_solve",
};

enum { STRANGE = sizeof strange / sizeof *strange, MOST = 20000 };

static int below(uint64_t *state, int n) {
	return n > 0 ? (int)(rp_random(state) % (uint64_t)n) : 0;
}

static MutantToken any_token(const MutantText *text, const MutantText *other, uint64_t *state) {
	int choice = below(state, 10);
	const MutantText *from = choice < 6 ? text : other;
	if (choice < 8 && from->count > 0)
		return from->tokens[below(state, from->count)];
	const char *word = strange[below(state, STRANGE)];
	return (MutantToken){word, (int)strlen(word)};
}

static int class_of(MutantToken t) {
	char c = t.text[0];
	return isdigit((unsigned char)c) ? 1 : is_word(c) ? 2 : c == '\n' ? 3 : 4;
}

/* Of the same class as the one there: the text more often stays a program. */
static MutantToken alike_token(const MutantText *text, const MutantText *other, MutantToken old, uint64_t *state) {
	MutantToken new = any_token(text, other, state);
	for (int tries = 0; tries < 30 && class_of(new) != class_of(old); tries++)
		new = any_token(text, other, state);
	return new;
}

static bool is_blank(MutantToken t) {
	return t.text[0] == ' ' || t.text[0] == '\t' || t.text[0] == '#';
}

/* A token that says something; changing blanks changes nothing. */
static int place(const MutantText *text, uint64_t *state) {
	int at = below(state, text->count);
	for (int i = 0; i < text->count && is_blank(text->tokens[at]); i++)
		at = (at + 1) % text->count;
	return at;
}

/* Tokens from `at` to the end of its line, or to the bracket that closes the one at `at`. */
static int piece(const MutantText *text, int at) {
	int end = at, depth = 0;
	bool bracket = strchr("([{", text->tokens[at].text[0]) != NULL;
	for (; end < text->count; end++) {
		char c = text->tokens[end].text[0];
		if (bracket && strchr("([{", c))
			depth++;
		if (bracket && strchr(")]}", c) && --depth == 0)
			break;
		if (!bracket && c == '\n')
			break;
	}
	return end < text->count ? end + 1 : end;
}

static void remove_at(MutantText *text, int at, int count) {
	memmove(text->tokens + at, text->tokens + at + count, sizeof *text->tokens * (size_t)(text->count - at - count));
	text->count -= count;
}

static void insert_at(MutantText *text, int at, const MutantToken *tokens, int count) {
	if (text->count + count > MOST)
		return;
	memmove(text->tokens + at + count, text->tokens + at, sizeof *text->tokens * (size_t)(text->count - at));
	memcpy(text->tokens + at, tokens, sizeof *tokens * (size_t)count);
	text->count += count;
}

static void change(MutantText *text, const MutantText *other, uint64_t *state) {
	if (text->count == 0)
		return;
	static MutantToken copy[MOST];
	int at = place(text, state);
	switch (below(state, 14)) {
	case 0: remove_at(text, at, 1); break;
	case 1:
	case 2: text->tokens[at] = any_token(text, other, state); break;
	case 3:
	case 10:
	case 11:
	case 12: text->tokens[at] = alike_token(text, other, text->tokens[at], state); break;
	case 4: {
		MutantToken space = {" ", 1}, new = any_token(text, other, state);
		insert_at(text, at, &space, 1);
		insert_at(text, at, &new, 1);
		break;
	}
	case 5: { /* two change places */
		int to = place(text, state);
		MutantToken t = text->tokens[at];
		text->tokens[at] = text->tokens[to];
		text->tokens[to] = t;
		break;
	}
	case 6: remove_at(text, at, piece(text, at) - at); break;
	case 7: { /* a piece again, somewhere */
		int end = piece(text, at), count = end - at;
		memcpy(copy, text->tokens + at, sizeof *copy * (size_t)count);
		insert_at(text, place(text, state), copy, count);
		break;
	}
	case 8: { /* a piece of another program */
		if (other->count == 0)
			break;
		int from = place(other, state), end = piece(other, from);
		if (end - from < MOST)
			insert_at(text, at, other->tokens + from, end - from);
		break;
	}
	default: { /* one name becomes another, everywhere */
		MutantToken old = text->tokens[at], new = alike_token(text, other, old, state);
		for (int i = 0; i < text->count; i++)
			if (text->tokens[i].length == old.length && memcmp(text->tokens[i].text, old.text, (size_t)old.length) == 0)
				text->tokens[i] = new;
		break;
	}
	}
}

char *mutant_make(const MutantText *text, const MutantText *other, uint64_t *state) {
	MutantText work = {malloc(sizeof *work.tokens * MOST), text->count < MOST ? text->count : MOST};
	if (!work.tokens)
		abort();
	memcpy(work.tokens, text->tokens, sizeof *work.tokens * (size_t)work.count);
	int changes = 1 + below(state, 3) * below(state, 3);
	for (int i = 0; i < changes; i++)
		change(&work, other, state);
	char *out = join(work.tokens, work.count);
	mutant_free(&work);
	return out;
}

/* ---- making it smaller ---- */

char *mutant_shrink(const char *text, MutantFails *fails, void *context, int tries) {
	char *best = malloc(strlen(text) + 1);
	if (!best)
		abort();
	memcpy(best, text, strlen(text) + 1);
	for (int lines = 1; lines >= 0; lines--) {
		for (bool changed = true; changed && tries > 0;) {
			changed = false;
			MutantText t = mutant_read(best);
			for (int at = 0; at < t.count && tries > 0;) {
				int end = lines ? at : at + 1;
				while (lines && end < t.count && t.tokens[end++].text[0] != '\n')
					continue;
				MutantToken *kept = malloc(sizeof *kept * (size_t)t.count);
				if (!kept)
					abort();
				memcpy(kept, t.tokens, sizeof *kept * (size_t)at);
				memcpy(kept + at, t.tokens + end, sizeof *kept * (size_t)(t.count - end));
				char *smaller = join(kept, t.count - (end - at));
				free(kept);
				tries--;
				if (!fails(context, smaller)) {
					free(smaller);
					at = end;
					continue;
				}
				mutant_free(&t);
				free(best);
				best = smaller;
				t = mutant_read(best);
				changed = true;
			}
			mutant_free(&t);
		}
	}
	return best;
}
