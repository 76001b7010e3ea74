/* The paragraphs of the library: where each entry stands, and what its comment says. */
#include "frontend/std/std.h"

#include <ctype.h>
#include <string.h>

/* Words that begin a declaration, and what kind it is. */
static const struct {
	const char *word;
	AstDeclKind kind;
} openers[] = {
	{"const ", AST_CONST},
	{"fn ", AST_FN},
	{"objective ", AST_OBJECTIVE},
	{"optimizer ", AST_OPTIMIZER},
	{"joint optimizer ", AST_OPTIMIZER},
};

/* Behind the word that opens a declaration of the library; NULL: the line is none. */
static const char *after_opener(const char *line, AstDeclKind *kind) {
	for (size_t i = 0; i < sizeof openers / sizeof *openers; i++) {
		size_t length = strlen(openers[i].word);
		if (strncmp(line, openers[i].word, length) == 0) {
			*kind = openers[i].kind;
			return line + length;
		}
	}
	return NULL;
}

static const char *next_line(const char *at) {
	const char *end = strchr(at, '\n');
	return end ? end + 1 : at + strlen(at);
}

/* A paragraph ends before a line without indentation that follows an empty one. */
static const char *paragraph_end(const char *at) {
	bool empty = false;
	for (; *at; at = next_line(at)) {
		if (empty && *at != '\n' && *at != ' ')
			break;
		empty = *at == '\n';
	}
	return at;
}

/* "# Optimizers: learned": what the first paragraph of a file says, where it declares nothing. */
static const char *subject_of(Arena *arena, const FeStdFile *file) {
	size_t begin = strspn(file->text, "# ");
	return arena_printf(arena, "%.*s", (int)strcspn(file->text + begin, "\n"), file->text + begin);
}

/* Lines of a comment as one. */
static const char *comment_of(Arena *arena, const char *text, const char *end) {
	Text out = text_new(arena);
	for (const char *line = text; line < end; line = next_line(line)) {
		const char *words = line + strspn(line, "# ");
		text_printf(&out, "%s", out.length ? " " : "");
		text_bytes(&out, words, strcspn(words, "\n"));
	}
	return text_cstr(&out);
}

/* Where the first sentence ends: at its full stop, or at the end of the text. */
static size_t sentence(const char *text) {
	size_t at = 0;
	while (text[at] &&
	       !(text[at] == '.' && (!text[at + 1] || (text[at + 1] == ' ' && isupper((unsigned char)text[at + 2])))))
		at++;
	return at;
}

/* What stands between the brackets behind a name, on one line. */
static const char *params_of(Arena *arena, const char *at) {
	Text out = text_new(arena);
	int depth = 0;
	for (at += *at == '('; *at && !(*at == ')' && depth == 0); at++) {
		depth += (*at == '(') - (*at == ')');
		bool blank = *at == ' ' || *at == '\n';
		if (!blank || at[-1] != ' ')
			text_char(&out, blank ? ' ' : *at);
	}
	return text_cstr(&out);
}

static void add_entries(Arena *arena, const FeStdFile *file, FeStdEntries *out) {
	const char *subject = subject_of(arena, file);
	for (const char *at = file->text, *end; *at; at = end) {
		end = paragraph_end(at);
		const char *line = at;
		while (*line == '#' && line < end)
			line = next_line(line);
		AstDeclKind kind;
		const char *name = after_opener(line, &kind), *last = end;
		if (!name)
			continue;
		size_t length = 0;
		while (isalnum((unsigned char)name[length]) || name[length] == '_')
			length++;
		while (last > at && last[-1] == '\n')
			last--;
		const char *comment = comment_of(arena, at, line);
		size_t first = sentence(comment);
		FeStdEntry entry = {.name = arena_printf(arena, "%.*s", (int)length, name),
		                    .kind = kind,
		                    .subject = subject,
		                    .summary = arena_printf(arena, "%.*s", (int)first, comment),
		                    .details = comment + first + strspn(comment + first, ". "),
		                    .params = params_of(arena, name + length),
		                    .text = at,
		                    .length = (size_t)(last - at),
		                    .declared = (size_t)(line - at)};
		vec_push(arena, out, entry);
	}
}

FeStdEntries fe_std_entries(Arena *arena) {
	FeStdEntries out = {0};
	for (size_t i = 0; i < fe_std_file_count; i++)
		add_entries(arena, &fe_std_files[i], &out);
	return out;
}
