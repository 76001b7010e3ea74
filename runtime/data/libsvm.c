/* LIBSVM text: a label, then the features that are not 0, by ascending number.
 *
 *     -1 3:1 11:0.5      labels [n], features [n, d], dense here
 *
 * Features are numbered from 1, unless one has the number 0. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/data/data.h"

/* A line without its comment, and what is left of it. */
typedef struct Line {
	const char *at, *end;
	size_t number;
} Line;

static bool is_blank(char c) {
	return c == ' ' || c == '\t' || c == '\r';
}

static bool next_line(const char *text, size_t length, size_t *at, Line *line) {
	while (*at < length) {
		const char *start = text + *at, *stop = memchr(start, '\n', length - *at);
		size_t size = stop ? (size_t)(stop - start) : length - *at;
		*at += size + 1;
		line->number++;
		const char *comment = memchr(start, '#', size);
		line->at = start;
		line->end = comment ? comment : start + size;
		while (line->at < line->end && is_blank(*line->at))
			line->at++;
		if (line->at < line->end)
			return true;
	}
	return false;
}

static bool next_word(Line *line, const char **word, size_t *length) {
	while (line->at < line->end && is_blank(*line->at))
		line->at++;
	*word = line->at;
	while (line->at < line->end && !is_blank(*line->at))
		line->at++;
	*length = (size_t)(line->at - *word);
	return *length > 0;
}

/* A word of a line, read as 12:0.5. */
typedef struct Feature {
	const char *word, *digits; /* the whole, and the value behind the colon */
	size_t length, size;       /* of each */
	int64_t number;            /* -1: it is no feature */
	double value;
} Feature;

enum { MOST_PLACES = 15 }; /* of the number of a feature */

/* A feature that is a number, a colon and a plain number: looked at once, as nearly all are. NULL: it is something else. */
static const char *plain_feature(const char *at, const char *end, Feature *f) {
	const char *most = end - at > MOST_PLACES ? at + MOST_PLACES : end;
	f->word = at;
	f->number = 0;
	for (; at < most && *at >= '0' && *at <= '9'; at++)
		f->number = f->number * 10 + (*at - '0');
	if (at == f->word || at == end || *at != ':')
		return NULL;
	f->digits = at + 1;
	at = data_number_at(f->digits, end, &f->value);
	if (!at || (at < end && !is_blank(*at)))
		return NULL;
	f->length = (size_t)(at - f->word);
	f->size = (size_t)(at - f->digits);
	return at;
}

static bool next_feature(Line *line, Feature *f) {
	while (line->at < line->end && is_blank(*line->at))
		line->at++;
	const char *behind = line->at < line->end ? plain_feature(line->at, line->end, f) : NULL;
	if (behind) {
		line->at = behind;
		return true;
	}
	if (!next_word(line, &f->word, &f->length))
		return false;
	const char *colon = memchr(f->word, ':', f->length);
	bool numbered = colon && colon > f->word && colon - f->word <= MOST_PLACES;
	for (const char *at = f->word; numbered && at < colon; at++)
		numbered = *at >= '0' && *at <= '9';
	f->digits = numbered ? colon + 1 : f->word;
	f->size = f->length - (size_t)(f->digits - f->word);
	/* infinities: f->number is that of its digits */
	if (!numbered || !data_number(f->digits, f->size, &f->value) || isnan(f->value))
		f->number = -1;
	return true;
}

bool data_is_libsvm(const char *text, size_t length) {
	size_t at = 0;
	Line line = {0};
	const char *word;
	size_t size;
	Feature feature;
	bool any = false;
	for (int lines = 0; lines < 20 && next_line(text, length, &at, &line); lines++) {
		double value;
		if (!next_word(&line, &word, &size) || !data_number(word, size, &value))
			return false;
		if (at > length && lines)
			break; /* perhaps cut off */
		while (next_feature(&line, &feature)) {
			if (feature.number < 0)
				return any;
			any = true;
		}
	}
	return any;
}

/* The features of all lines one behind the other, so that their text is read once. */
typedef struct Kept {
	double *values;
	uint32_t *columns; /* as they are numbered; ROW_END behind the last of a line */
	size_t count, room;
	bool lost; /* there is no memory for them, or a number is too large: the text is read again */
} Kept;

static const uint32_t ROW_END = UINT32_MAX;

static void kept_drop(Kept *kept) {
	free(kept->values);
	free(kept->columns);
	*kept = (Kept){.lost = true};
}

static void keep_more(Kept *kept) {
	size_t room = kept->room ? kept->room * 2 : 4096;
	double *values = realloc(kept->values, room * sizeof *values);
	kept->values = values ? values : kept->values;
	uint32_t *columns = realloc(kept->columns, room * sizeof *columns);
	kept->columns = columns ? columns : kept->columns;
	kept->room = room;
	if (!values || !columns)
		kept_drop(kept);
}

static void keep(Kept *kept, int64_t column, double value) {
	if (kept->count == kept->room && !kept->lost)
		keep_more(kept);
	if (kept->lost)
		return;
	kept->values[kept->count] = value;
	kept->columns[kept->count++] = (uint32_t)column;
}

/* What a first look at all lines tells. */
typedef struct Sparse {
	DataInput *in;
	DataNumbers labels, values; /* values: only their storage is wanted */
	Kept kept;
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
	if (!data_number(word, length, &value) || data_overflows(word, length, value))
		return wrong(s, line, word, length, "a label, which is a number");
	if (!dense)
		why = data_push_text(&s->labels, word, length, value);
	Feature f;
	int64_t before = -1;
	while (!why && next_feature(line, &f)) {
		if (f.number < 0)
			return wrong(s, line, f.word, f.length, "a feature such as `3:0.5`");
		if (f.number <= before)
			return wrong(s, line, f.word, f.length, "a number above the one before it");
		if (data_overflows(f.digits, f.size, f.value))
			return wrong(s, line, f.digits, f.size, "a number, which is at most 1.8e308");
		before = f.number;
		if (dense) {
			data_set_text(dense, row * (size_t)width + (size_t)(f.number - s->lowest), f.digits, f.size, f.value);
			continue;
		}
		s->lowest = f.number == 0 ? 0 : s->lowest;
		s->highest = f.number > s->highest ? f.number : s->highest;
		why = data_fit_text(&s->values, f.digits, f.size, f.value);
		keep(&s->kept, f.number, f.value);
	}
	if (!dense)
		keep(&s->kept, ROW_END, 0);
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
	DataNumbers dense = {.in = s->in, .storage = features->storage, .block = {memory, count * bytes, false}};
	features->bytes = memory;
	/* Whole numbers of 64 bits are kept exactly, as their text has them. */
	if (s->kept.lost || s->highest >= ROW_END || features->storage == IR_STORED_I64)
		return each_line(s, &dense, width);
	size_t row = 0;
	for (size_t i = 0; i < s->kept.count; i++)
		if (s->kept.columns[i] == ROW_END)
			row += (size_t)width;
		else
			data_set(&dense, row + s->kept.columns[i] - (size_t)s->lowest, s->kept.values[i]);
	return NULL;
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
	kept_drop(&s.kept);
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
