/* LIBSVM text: a label, then the features that are not 0, by ascending number.
 *
 *     -1 3:1 11:0.5      labels [n], features [n, d], dense here
 *
 * Features are numbered from 1, unless one has the number 0. */
#include <math.h>
#include <string.h>

#include "runtime/data/data.h"
#include "runtime/data/limits.h"

/* A line without its comment, and what is left of it. */
typedef struct Line {
	const char *at, *end;
	size_t number;
} Line;

static bool next_line(const char *text, size_t length, size_t *at, Line *line) {
	while (*at < length) {
		const char *start = text + *at, *stop = memchr(start, '\n', length - *at);
		size_t size = stop ? (size_t)(stop - start) : length - *at;
		*at += size + 1;
		line->number++;
		const char *comment = memchr(start, '#', size);
		line->at = start;
		line->end = comment ? comment : start + size;
		while (line->at < line->end && strchr(" \t\r", *line->at) && *line->at)
			line->at++;
		if (line->at < line->end)
			return true;
	}
	return false;
}

static bool next_word(Line *line, const char **word, size_t *length) {
	while (line->at < line->end && (*line->at == ' ' || *line->at == '\t' || *line->at == '\r'))
		line->at++;
	*word = line->at;
	while (line->at < line->end && *line->at != ' ' && *line->at != '\t' && *line->at != '\r')
		line->at++;
	*length = (size_t)(line->at - *word);
	return *length > 0;
}

/* 12:0.5 */
static bool read_feature(const char *word, size_t length, int64_t *number, double *value) {
	const char *colon = memchr(word, ':', length);
	if (!colon || colon == word || colon - word > 15)
		return false;
	*number = 0;
	for (const char *at = word; at < colon; at++) {
		if (*at < '0' || *at > '9')
			return false;
		*number = *number * 10 + (*at - '0');
	}
	return data_number(colon + 1, length - (size_t)(colon + 1 - word), value) && !isnan(*value);
}

bool data_is_libsvm(const char *text, size_t length) {
	size_t at = 0;
	Line line = {0};
	const char *word;
	size_t size;
	bool any = false;
	for (int lines = 0; lines < 20 && next_line(text, length, &at, &line); lines++) {
		double value;
		int64_t number;
		if (!next_word(&line, &word, &size) || !data_number(word, size, &value))
			return false;
		if (at > length && lines)
			break; /* perhaps cut off */
		while (next_word(&line, &word, &size)) {
			if (!read_feature(word, size, &number, &value))
				return any;
			any = true;
		}
	}
	return any;
}

/* What a first look at all lines tells. */
typedef struct Sparse {
	DataInput *in;
	DataNumbers labels, values; /* values: one of each kind is enough to know the storage; it is dropped */
	int64_t lowest, highest;
	size_t rows;
} Sparse;

static const char *wrong(Sparse *s, const Line *line, const char *word, size_t length, const char *expected) {
	return arena_printf(s->in->arena, "line %zu: %s instead of %s", line->number,
	                    data_quote(s->in->arena, word, length), expected);
}

/* One line: its label, and every feature to `row` (NULL: only looked at). */
static const char *read_line(Sparse *s, Line *line, DataNumbers *dense, size_t row, int64_t width) {
	const char *word, *why = NULL;
	size_t length;
	double value;
	(void)next_word(line, &word, &length);
	if (!data_number(word, length, &value))
		return wrong(s, line, word, length, "a label, which is a number");
	if (!dense)
		why = data_push_text(&s->labels, word, length, value);
	int64_t number, before = -1;
	while (!why && next_word(line, &word, &length)) {
		if (!read_feature(word, length, &number, &value))
			return wrong(s, line, word, length, "a feature such as `3:0.5`");
		if (number <= before)
			return wrong(s, line, word, length, "a number above the one before it");
		before = number;
		const char *digits = (const char *)memchr(word, ':', length) + 1;
		size_t size = length - (size_t)(digits - word);
		if (dense) {
			data_set_text(dense, row * (size_t)width + (size_t)(number - s->lowest), digits, size, value);
			continue;
		}
		s->lowest = number == 0 ? 0 : s->lowest;
		s->highest = number > s->highest ? number : s->highest;
		why = data_push_text(&s->values, digits, size, value);
		if (s->values.count > DATA_KEPT)
			s->values.count = 0; /* only their range is wanted */
	}
	return why;
}

static const char *each_line(Sparse *s, DataNumbers *dense, int64_t width) {
	const char *text = (const char *)s->in->bytes, *why = NULL;
	size_t at = 0, row = 0;
	Line line = {0};
	while (!why && next_line(text, s->in->length, &at, &line))
		why = read_line(s, &line, dense, row++, width);
	s->rows = row;
	return why;
}

static const char *make_dense(Sparse *s, DataArray *features) {
	int64_t width = s->highest - s->lowest + 1;
	width = width < s->in->request->width ? s->in->request->width : width;
	*features =
		(DataArray){.name = "features", .storage = s->values.storage, .rank = 2, .dims = {(int64_t)s->rows, width}};
	size_t count, bytes = ir_storage_bytes(features->storage);
	if (!data_elements(2, features->dims, bytes, &count))
		return arena_printf(s->in->arena, "with features up to number %lld its rows are larger than any memory",
		                    (long long)s->highest);
	if (s->in->request->describe)
		return NULL;
	const char *why = NULL;
	void *memory = data_memory(s->in, count * bytes, &why);
	if (!memory)
		return arena_printf(s->in->arena, "with features up to number %lld, zeros included, %s", (long long)s->highest,
		                    why);
	memset(memory, 0, count * bytes);
	DataNumbers dense = {.in = s->in, .storage = features->storage, .block = {memory, count * bytes, false}};
	features->bytes = memory;
	return each_line(s, &dense, width);
}

const char *data_read_libsvm(DataInput *in) {
	Sparse s = {.in = in, .lowest = 1, .labels = data_numbers(in), .values = data_numbers(in)};
	DataArray labels = {.name = "labels", .rank = 1}, features;
	const char *why = data_push(&s.values, 0); /* those that are not written */
	why = why ? why : each_line(&s, NULL, 0);
	if (!why && s.rows == 0)
		why = "it has no lines";
	if (!why)
		why = make_dense(&s, &features);
	data_drop(&s.values);
	if (why) {
		data_drop(&s.labels);
		return why;
	}
	labels.dims[0] = (int64_t)s.rows;
	data_take(&s.labels, 0, &labels);
	vec_push(in->arena, &in->out->arrays, features);
	vec_push(in->arena, &in->out->arrays, labels);
	return NULL;
}
