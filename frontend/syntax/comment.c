/* Comments: which of them tell of a declaration, and what they say. */
#include <string.h>

#include "frontend/syntax/ast.h"

/* How many lines end between two places that have nothing but blanks between them; -1: there is more. */
static int lines_between(const Source *source, uint32_t from, uint32_t to) {
	int lines = 0;
	for (uint32_t i = from; i < to; i++)
		if (source->text[i] == '\n')
			lines++;
		else if (!strchr(" \t\r", source->text[i]))
			return -1;
	return lines;
}

static uint32_t line_start(const Source *source, uint32_t at) {
	while (at > 0 && source->text[at - 1] != '\n')
		at--;
	return at;
}

static uint32_t line_end(const Source *source, uint32_t at) {
	while (at < source->length && source->text[at] != '\n')
		at++;
	return at;
}

/* It stands alone on its line. */
static bool is_alone(const Source *source, Span comment) {
	return lines_between(source, line_start(source, comment.start), comment.start) == 0;
}

Span ast_comment(const Session *session, const AstFile *file, Span declared) {
	const Source *source = session->sources.data[file->source];
	uint32_t line = line_start(source, declared.start), end = line_end(source, declared.end);
	uint32_t low = 0, count = file->comments.count; /* the first comment that does not end before the line */
	for (uint32_t high = count; low < high;) {
		uint32_t middle = low + (high - low) / 2;
		if (file->comments.data[middle].end <= line)
			low = middle + 1;
		else
			high = middle;
	}
	Span found = {0};
	uint32_t below = line;
	for (uint32_t i = low; i-- > 0;) {
		Span comment = file->comments.data[i];
		if (!is_alone(source, comment) || lines_between(source, comment.end, below) != 1)
			break;
		found = span_join(comment, found);
		below = comment.start;
	}
	for (uint32_t i = low; !found.file && i < count && file->comments.data[i].start < end; i++)
		if (file->comments.data[i].start >= declared.end)
			found = file->comments.data[i];
	return found;
}

const char *ast_comment_text(const Session *session, Span comments, Arena *arena) {
	Text text = text_new(arena);
	const char *bytes = comments.file ? session->sources.data[comments.file]->text : "";
	for (uint32_t at = comments.start; at < comments.end;) {
		at += (uint32_t)strspn(bytes + at, "# \t\r\n");
		uint32_t end = at;
		while (end < comments.end && bytes[end] != '\n')
			end++;
		if (end > at && text.length)
			text_char(&text, ' ');
		if (end > at)
			text_bytes(&text, bytes + at, end - at);
		at = end;
	}
	return text_cstr(&text);
}
