/* Files and places in them. */
#include "base/base.h"

#include <string.h>

Span span_join(Span a, Span b) {
	if (!a.file)
		return b;
	if (!b.file || b.file != a.file)
		return a;
	return (Span){a.file, a.start < b.start ? a.start : b.start, a.end > b.end ? a.end : b.end};
}

uint32_t source_add(Session *session, const char *path, const char *text, size_t length) {
	Arena *arena = session->arena;
	if (length >= UINT32_MAX)
		base_panic("source_add", "`%s` is larger than 4 GiB", path);
	Source *source = ARENA_NEW(arena, Source);
	char *copy = arena_alloc(arena, length + 1);
	if (length)
		memcpy(copy, text, length);
	source->path = arena_strdup(arena, path);
	source->text = copy;
	source->length = (uint32_t)length;
	uint32_t lines = 1;
	for (size_t i = 0; i < length; i++)
		lines += text[i] == '\n';
	source->line_starts = ARENA_ARRAY(arena, uint32_t, lines);
	source->line_count = 1;
	for (uint32_t i = 0; i < source->length; i++)
		if (text[i] == '\n')
			source->line_starts[source->line_count++] = i + 1;
	vec_push(arena, &session->sources, source);
	return session->sources.count - 1;
}

uint32_t source_load(Session *session, const char *path, bool streams, const char **why) {
	char *text;
	size_t length;
	*why = file_read(session->arena, path, SOURCE_LIMIT, streams, &text, &length);
	return *why ? 0 : source_add(session, path, text, length);
}

void source_position(const Session *session, Span span, uint32_t *line, uint32_t *column) {
	*line = *column = 0;
	if (!span.file || span.file >= session->sources.count)
		return;
	const Source *source = session->sources.data[span.file];
	uint32_t place = span.start < source->length ? span.start : source->length;
	uint32_t low = 0, high = source->line_count; /* line_starts[low] <= place < line_starts[high] */
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;
		if (source->line_starts[middle] <= place)
			low = middle;
		else
			high = middle;
	}
	*line = low + 1;
	*column = 1;
	for (uint32_t i = source->line_starts[low]; i < place; ++*column) {
		uint32_t code_point;
		i += text_decode(source->text + i, source->length - i, &code_point);
	}
}

bool source_offset(const Session *session, uint32_t source, uint32_t line, uint32_t column, uint32_t *offset) {
	const Source *s = session->sources.data[source];
	if (line < 1 || line > s->line_count || column < 1)
		return false;
	uint32_t at = s->line_starts[line - 1];
	for (uint32_t k = 1; k < column; k++) {
		uint32_t code_point;
		if (at >= s->length || s->text[at] == '\n')
			return false;
		at += text_decode(s->text + at, s->length - at, &code_point);
	}
	*offset = at;
	return true;
}

const char *source_excerpt(const Session *session, Arena *arena, Span span) {
	const Source *source = session->sources.data[span.file];
	return arena_printf(arena, "%.*s", (int)(span.end - span.start), source->text + span.start);
}
