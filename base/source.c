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

static uint32_t step(const Source *source, SourceStop *place) {
	uint32_t c;
	place->at += text_decode_plain(source->text + place->at, source->length - place->at, &c);
	place->characters++;
	place->columns += c == '\t' ? SOURCE_TAB_STOP - place->columns % SOURCE_TAB_STOP : text_width(c);
	return c;
}

uint32_t source_step(const Session *session, uint32_t file, SourceStop *place) {
	Source *source = session->sources.data[file];
	uint32_t before = place->at, c = step(source, place);
	source->walked += place->at - before;
	return c;
}

static void make_stops(Arena *arena, Source *source) {
	source->stopped = true;
	for (uint32_t line = 0; line < source->line_count; line++) {
		uint32_t start = source->line_starts[line];
		uint32_t end = line + 1 < source->line_count ? source->line_starts[line + 1] : source->length;
		if (end - start <= 2 * SOURCE_STOP_BYTES)
			continue;
		SourceStop place = {start, 0, 0};
		for (uint32_t last = start; place.at < end;) {
			step(source, &place);
			if (place.at - last < SOURCE_STOP_BYTES || place.at >= end)
				continue;
			vec_push(arena, &source->stops, place);
			last = place.at;
		}
	}
}

SourceStop source_stop(const Session *session, uint32_t file, uint32_t line, uint32_t at, uint32_t column) {
	Source *source = session->sources.data[file];
	if (!source->stopped)
		make_stops(session->arena, source);
	SourceStop start = {source->line_starts[line], 0, 0};
	uint32_t low = 0, high = source->stops.count; /* those before `low` are not too far */
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const SourceStop *stop = &source->stops.data[middle];
		bool near = stop->at < start.at || (stop->at <= at && stop->columns <= column);
		if (near)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && source->stops.data[low - 1].at > start.at ? source->stops.data[low - 1] : start;
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
	SourceStop at = source_stop(session, span.file, low, place, UINT32_MAX);
	while (at.at < place)
		source_step(session, span.file, &at);
	*line = low + 1;
	*column = at.characters + 1;
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
