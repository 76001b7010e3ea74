/* Records of delimited text, as RFC 4180 has them: fields between delimiters, perhaps in quotes, in which "" is a quote. Lines
 * end in LF, CR LF or CR; blanks around a field do not belong to it. */
#include "runtime/data/records.h"

#include <string.h>

#include "runtime/data/data.h"

static bool is_blank(char c) {
	return c == ' ' || c == '\t';
}

static bool ends_line(const Records *r, const char *at) {
	return at == r->end || *at == '\n' || *at == '\r';
}

/* Over the end of a line. */
static void end_line(Records *r) {
	if (r->at == r->end)
		return;
	bool both = *r->at == '\r' && r->at + 1 < r->end && r->at[1] == '\n';
	r->at += both ? 2 : 1;
	r->next++;
}

static const char *end_of_line(const Records *r) {
	const char *at = r->at;
	while (!ends_line(r, at))
		at++;
	return at;
}

/* What stands most often in the first two records, outside of quotes: the first one may be a title. */
static char find_delimiter(const Records *r) {
	static const char candidates[] = {',', ';', '\t'};
	size_t counts[3] = {0}, blanks = 0, lines = 0;
	bool quoted = false;
	for (const char *at = r->at; at < r->end && lines < 2; at++) {
		quoted = quoted != (*at == '"');
		for (size_t i = 0; i < 3 && !quoted; i++)
			counts[i] += *at == candidates[i];
		blanks += !quoted && *at == ' ';
		lines += !quoted && ends_line(r, at) && at > r->at && !ends_line(r, at - 1);
	}
	size_t best = 0;
	for (size_t i = 1; i < 3; i++)
		best = counts[i] > counts[best] ? i : best;
	return counts[best] ? candidates[best] : blanks ? ' ' : ',';
}

static void skip_lines(Records *r, bool comments) {
	for (;;) {
		const char *at = r->at;
		while (at < r->end && is_blank(*at))
			at++;
		if (at == r->end || !(ends_line(r, at) || (comments && *at == '#')))
			break;
		r->at = at;
		r->at = end_of_line(r);
		end_line(r);
	}
}

Records data_records_of(Arena *arena, const char *text, size_t length, char delimiter) {
	Records r = {.arena = arena, .at = text, .end = text + length, .next = 1};
	const char *nul = memchr(text, 0, length);
	if (length >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
		r.error = "it is text in UTF-16; save it as UTF-8";
	else if (nul)
		r.error = arena_printf(arena, "byte %zu: a byte 0, so it is no text", (size_t)(nul - text));
	if (r.error) {
		r.at = r.end;
		return r;
	}
	r.at += length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	skip_lines(&r, true);
	r.delimiter = delimiter ? delimiter : find_delimiter(&r);
	return r;
}

/* The field in quotes that starts here; r->at goes behind its closing quote. */
static bool quoted_field(Records *r, Field *field) {
	size_t line = r->next, doubled = 0;
	const char *start = ++r->at;
	for (;; r->at++) {
		if (r->at == r->end) {
			r->error = arena_printf(r->arena, "line %zu: the quote that opens here is not closed", line);
			return false;
		}
		if (*r->at == '"') {
			if (r->at + 1 == r->end || r->at[1] != '"')
				break;
			doubled++;
			r->at++;
		}
		r->next += *r->at == '\n';
	}
	*field = (Field){.text = start, .length = (size_t)(r->at - start), .quoted = true};
	r->at++;
	if (doubled) {
		char *copy = arena_alloc(r->arena, field->length + 1);
		size_t count = 0;
		for (size_t i = 0; i < field->length; i++) {
			copy[count++] = start[i];
			i += start[i] == '"';
		}
		field->text = copy;
		field->length = count;
	}
	return true;
}

static void skip_blanks(Records *r) {
	while (r->at < r->end && is_blank(*r->at) && *r->at != r->delimiter)
		r->at++;
	while (r->delimiter == ' ' && r->at < r->end && is_blank(*r->at))
		r->at++;
}

static bool is_delimiter(const Records *r, const char *at) {
	return r->delimiter == ' ' ? is_blank(*at) : *at == r->delimiter;
}

static bool next_field(Records *r, Field *field) {
	skip_blanks(r);
	if (r->at < r->end && *r->at == '"') {
		if (!quoted_field(r, field))
			return false;
		skip_blanks(r);
		if (ends_line(r, r->at) || is_delimiter(r, r->at) || r->delimiter == ' ')
			return true;
		r->error = arena_printf(r->arena, "line %zu: %s behind a closing quote", r->next,
		                        data_quote(r->arena, r->at, (size_t)(end_of_line(r) - r->at)));
		return false;
	}
	const char *start = r->at, *stop = data_number_at(start, r->end, &field->value);
	field->text = start;
	field->number = stop && (ends_line(r, stop) || is_delimiter(r, stop));
	if (field->number) { /* as nearly all are: looked at once */
		r->at = stop;
		field->length = (size_t)(stop - start);
		return true;
	}
	while (!ends_line(r, r->at) && !is_delimiter(r, r->at))
		r->at++;
	stop = r->at;
	while (stop > start && is_blank(stop[-1]))
		stop--;
	field->length = (size_t)(stop - start);
	return true;
}

bool data_records_next(Records *r) {
	skip_lines(r, false);
	r->fields.count = 0;
	if (r->error || r->at == r->end)
		return false;
	r->line = r->next;
	for (;;) {
		vec_push(r->arena, &r->fields, (Field){0});
		if (!next_field(r, &r->fields.data[r->fields.count - 1]))
			return false;
		if (r->delimiter == ' ')
			skip_blanks(r);
		if (ends_line(r, r->at))
			break;
		r->at += r->delimiter != ' '; /* over the delimiter */
	}
	end_line(r);
	return true;
}
