/* Delimited text as one array of the columns that are wanted, [rows, columns].
 *
 * A column is of numbers or of words, as its first value is. Words are numbered from 0 in the order of their bytes, so that a
 * word has the same number wherever the same words occur. The first record is a header if it has a word above a number; one
 * with another count of fields than all the others, and a word in it, is a title and left out. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/data/data.h"
#include "runtime/data/records.h"

typedef enum ColumnKind { COLUMN_UNKNOWN, COLUMN_NUMBERS, COLUMN_WORDS } ColumnKind;

/* A column that is wanted. */
typedef struct Column {
	uint32_t at; /* in the file */
	ColumnKind kind;
	NameTable *words; /* numbered in the order in which they come: names are from 1 */
	uint32_t word_count;
	size_t missing, missing_line; /* how many values, and the line of the first */
} Column;

typedef struct Table {
	DataInput *in;
	Records records;
	VEC(Field) first; /* the first record, until it is known what it is */
	size_t first_line;
	bool titled;     /* the first record is a title */
	VEC(bool) under; /* per column of the second record: it has a number */
	uint32_t width;  /* fields of a record */
	bool by_name, header;
	VEC(Column) columns;
	DataNumbers numbers;
	size_t rows; /* from the second record on */
	size_t missing;
	Column *first_missing;
	const char *missing_text;
	const char *not_whole; /* the first number that is none, and where it stands */
} Table;

static bool is_number(const Field *field, double *value) {
	*value = field->value;
	return field->number || data_number(field->text, field->length, value);
}

static bool is_word(const Field *field, const char *word) {
	size_t i = 0;
	while (i < field->length && word[i] && (field->text[i] | 32) == (word[i] | 32))
		i++;
	return i == field->length && !word[i];
}

/* No value: nothing, `?`, or what tools write there. `words`: of a column of words, where NA may be one. */
static bool is_missing(const Field *field, bool words) {
	static const char *const marks[] = {"NA", "N/A", "#N/A", "<NA>", "NaN", "-NaN", "null", "none", "nil", "-", "."};
	if (field->length == 0 || (field->length == 1 && field->text[0] == '?'))
		return true;
	for (size_t i = 0; !words && i < sizeof marks / sizeof *marks; i++)
		if (is_word(field, marks[i]))
			return true;
	return false;
}

static const char *quote(const Table *t, const Field *field) {
	return data_quote(t->in->arena, field->text, field->length);
}

/* Words and names are texts, which are compared, printed and kept as UTF-8: NULL, or what is wrong. */
static const char *check_text(const Table *t, const Field *field, size_t line) {
	for (size_t i = 0; i < field->length;) {
		uint32_t c, taken = text_decode(field->text + i, field->length - i, &c);
		if (c == 0xFFFD && taken == 1)
			return arena_printf(t->in->arena, "line %zu: %s is not UTF-8; save the file as UTF-8", line,
			                    quote(t, field));
		i += taken;
	}
	return NULL;
}

/* "column `age`"; without a name, by the number that a program writes. */
static const char *column_name(const Table *t, uint32_t at) {
	bool named = (t->header || t->by_name) && at < t->first.count;
	return named ? arena_printf(t->in->arena, "column %s", quote(t, &t->first.data[at]))
	             : arena_printf(t->in->arena, "column %u (counted from 0)", at);
}

/* ---- which columns ---- */

static const char *no_column(Table *t, const char *name) {
	Arena *arena = t->in->arena;
	NameTable *table = names_new(arena);
	Name *named = ARENA_ARRAY(arena, Name, t->first.count + 1);
	Text names = text_new(arena);
	for (uint32_t i = 0; i < t->first.count; i++) {
		named[i] = name_intern(table, t->first.data[i].text, t->first.data[i].length);
		if (i < 12)
			text_printf(&names, "%s%s", i ? ", " : "", quote(t, &t->first.data[i]));
	}
	Name nearest = name_nearest(table, name_intern(table, name, strlen(name)), named, t->first.count);
	const char *meant = "";
	if (nearest)
		meant = arena_printf(arena, "; did you mean %s?",
		                     data_quote(arena, name_text(table, nearest), strlen(name_text(table, nearest))));
	return arena_printf(arena, "line %zu: no column is called `%s`; there are %s%s%s", t->first_line, name,
	                    text_cstr(&names), t->first.count > 12 ? ", ..." : "", meant);
}

static const char *no_such_columns(Table *t, const DataColumn *c) {
	Arena *arena = t->in->arena;
	long long low = (long long)c->low, high = (long long)c->high;
	if (low >= high)
		return arena_printf(arena, "columns %lld..%lld are none: `a..b` counts up, and b is not among them", low, high);
	if (high == low + 1)
		return arena_printf(arena, "there is no column %lld: the file has columns 0..%u", low, t->width);
	return arena_printf(arena, "columns %lld..%lld: the file has columns 0..%u", low, high, t->width);
}

static const char *want_name(Table *t, const char *name) {
	uint32_t found = 0, count = 0;
	for (uint32_t i = 0; i < t->first.count; i++) {
		const Field *f = &t->first.data[i];
		if (f->length == strlen(name) && memcmp(f->text, name, f->length) == 0) {
			found = i;
			count++;
		}
	}
	if (count == 0)
		return no_column(t, name);
	if (count > 1)
		return arena_printf(t->in->arena, "line %zu: %u columns are called `%s`", t->first_line, count, name);
	vec_push(t->in->arena, &t->columns, ((Column){.at = found}));
	return NULL;
}

static const char *want_columns(Table *t) {
	const DataRequest *request = t->in->request;
	for (uint32_t i = 0; i < request->column_count; i++) {
		const DataColumn *c = &request->columns[i];
		const char *why = c->name ? want_name(t, c->name) : NULL;
		if (!c->name && (c->low < 0 || c->high > t->width || c->low >= c->high))
			why = no_such_columns(t, c);
		if (why)
			return why;
		for (int64_t k = c->low; !c->name && k < c->high; k++)
			vec_push(t->in->arena, &t->columns, ((Column){.at = (uint32_t)k}));
	}
	for (uint32_t k = 0; request->column_count == 0 && k < t->width; k++)
		vec_push(t->in->arena, &t->columns, ((Column){.at = k}));
	return NULL;
}

/* ---- values ---- */

static void miss(Table *t, Column *c, const Field *field, size_t line) {
	if (t->missing++ == 0) {
		t->first_missing = c;
		t->missing_text = field->length ? quote(t, field) : "nothing stands there";
	}
	c->missing_line = c->missing++ && c->missing_line < line ? c->missing_line : line;
}

/* What is missing, when it is known whether columns have names. */
static const char *missing_values(Table *t) {
	Text text = text_new(t->in->arena);
	text_printf(&text, "line %zu, %s: a value is missing (%s)", t->first_missing->missing_line,
	            column_name(t, t->first_missing->at), t->missing_text);
	for (uint32_t k = 0, told = 0; k < t->columns.count && t->missing > 1; k++) {
		const Column *c = &t->columns.data[k];
		if (c->missing)
			text_printf(&text, "%s%zu in %s", told++ ? ", " : "; missing in all: ", c->missing, column_name(t, c->at));
	}
	return text_cstr(&text);
}

/* What a field of a column of known kind is worth. */
static double value_of(Table *t, Column *c, const Field *field, size_t line, const char **why) {
	double value = 0;
	if (c->kind != COLUMN_WORDS && is_number(field, &value)) {
		c->kind = COLUMN_NUMBERS;
		if (data_overflows(field->text, field->length, value))
			*why = arena_printf(t->in->arena, "line %zu, %s: %s is larger than all real numbers (1.8e308)", line,
			                    column_name(t, c->at), quote(t, field));
		return value;
	}
	if (is_missing(field, c->kind == COLUMN_WORDS)) {
		miss(t, c, field, line);
		return t->in->request->look ? (double)NAN : 0;
	}
	if (c->kind == COLUMN_NUMBERS) {
		*why = arena_printf(t->in->arena, "line %zu, %s: %s is no number, unlike the values above it", line,
		                    column_name(t, c->at), quote(t, field));
		return 0;
	}
	if (c->kind == COLUMN_WORDS && !field->quoted && is_number(field, &value)) {
		*why = arena_printf(t->in->arena,
		                    "line %zu, %s: %s is a number, unlike the words %s it (words that look like "
		                    "numbers stand in quotes)",
		                    line, column_name(t, c->at), quote(t, field), line == t->first_line ? "below" : "above");
		return 0;
	}
	if (!c->words) {
		c->words = names_new(t->in->arena);
		c->kind = COLUMN_WORDS;
	}
	Name name = name_intern(c->words, field->text, field->length);
	if (name > c->word_count) {
		c->word_count = name;
		*why = check_text(t, field, line);
	}
	return (double)(name - 1);
}

/* The numbers of words are far below those that a text is asked about. */
static const char *push(Table *t, uint32_t column, const Field *field, double value, size_t line) {
	bool whole = t->numbers.whole;
	const char *why = data_push_text(&t->numbers, field->text, field->length, value);
	if (whole && !t->numbers.whole)
		t->not_whole = arena_printf(t->in->arena, "line %zu, %s: %s is no whole number below 2^61", line,
		                            column_name(t, column), quote(t, field));
	return why;
}

static const char *read_record(Table *t) {
	const Records *r = &t->records;
	if (r->fields.count != t->width)
		return arena_printf(t->in->arena, "line %zu: %u field%s, but %u on the lines before", r->line, r->fields.count,
		                    r->fields.count == 1 ? "" : "s", t->width);
	const char *why = NULL;
	for (uint32_t k = 0; k < t->columns.count && !why; k++) {
		Column *c = &t->columns.data[k];
		double value = value_of(t, c, &r->fields.data[c->at], r->line, &why);
		why = why ? why : push(t, c->at, &r->fields.data[c->at], value, r->line);
	}
	t->rows++;
	return why;
}

/* ---- the first record ---- */

static const char *keep_first(Table *t) {
	const char *why = NULL;
	t->first_line = t->records.line;
	for (uint32_t i = 0; i < t->records.fields.count; i++) {
		const Field *field = &t->records.fields.data[i];
		why = why || field->number ? why : check_text(t, field, t->first_line);
		vec_push(t->in->arena, &t->first, *field);
	}
	return why;
}

static bool has_word(const Table *t) {
	double value;
	for (uint32_t i = 0; i < t->first.count; i++)
		if (!is_number(&t->first.data[i], &value) && !is_missing(&t->first.data[i], false))
			return true;
	return false;
}

/* Is a word in it above a number? Of columns that are not wanted only the next value is looked at. */
static bool is_header(const Table *t) {
	double value;
	if (t->by_name)
		return true;
	for (uint32_t i = 0; i < t->first.count; i++) {
		bool word = !is_number(&t->first.data[i], &value) && !is_missing(&t->first.data[i], false);
		if (word && (t->under.count == 0 || t->under.data[i]))
			return true;
	}
	for (uint32_t k = 0; k < t->columns.count; k++) {
		const Column *c = &t->columns.data[k];
		const Field *f = &t->first.data[c->at];
		if (c->kind == COLUMN_NUMBERS && !is_number(f, &value) && !is_missing(f, false))
			return true;
	}
	return false;
}

/* Its place among the numbers, which is filled when it is known to be values. */
static const char *reserve_first(Table *t) {
	const char *why = NULL;
	for (uint32_t k = 0; k < t->columns.count && !why; k++) {
		uint32_t at = t->columns.data[k].at; /* a title may have fewer fields than there are columns */
		double value = 0;
		bool number = !t->titled && !t->by_name && is_number(&t->first.data[at], &value);
		why = number ? push(t, at, &t->first.data[at], value, t->first_line) : data_push(&t->numbers, 0);
	}
	return why;
}

static const char *fill_first(Table *t) {
	const char *why = NULL;
	for (uint32_t k = 0; k < t->columns.count && !why; k++) {
		Column *c = &t->columns.data[k];
		const Field *field = &t->first.data[c->at];
		double value = value_of(t, c, field, t->first_line, &why);
		/* A new word has a new number, which may need more room than those before: it is added and taken off again. */
		why = why ? why : push(t, c->at, field, value, t->first_line);
		if (!why) {
			t->numbers.count--;
			data_set_text(&t->numbers, k, field->text, field->length, value);
		}
	}
	return why;
}

/* ---- words ---- */

/* A word and the number it has so far. */
typedef struct Word {
	const char *text;
	uint32_t number;
} Word;

static int by_text(const void *a, const void *b) {
	return strcmp(((const Word *)a)->text, ((const Word *)b)->text);
}

/* From the order in which words came to the order of their bytes. */
static const char **sort_words(Table *t, uint32_t k, size_t first_row, size_t rows) {
	Arena *arena = t->in->arena;
	const Column *c = &t->columns.data[k];
	Word *words = ARENA_ARRAY(arena, Word, c->word_count + 1);
	for (uint32_t i = 0; i < c->word_count; i++)
		words[i] = (Word){name_text(c->words, i + 1), i};
	qsort(words, c->word_count, sizeof *words, by_text);
	const char **texts = ARENA_ARRAY(arena, const char *, c->word_count + 1);
	uint32_t *place = ARENA_ARRAY(arena, uint32_t, c->word_count + 1);
	for (uint32_t i = 0; i < c->word_count; i++) {
		texts[i] = words[i].text;
		place[words[i].number] = i;
	}
	DataArray view = {.storage = t->numbers.storage, .bytes = t->numbers.block.bytes};
	for (size_t row = first_row; row < first_row + rows; row++) {
		size_t at = row * t->columns.count + k;
		double number = data_element(&view, at);
		if (!isnan(number))
			data_set(&t->numbers, at, place[(size_t)number]);
	}
	return texts;
}

/* ---- the whole ---- */

static const char *read_first_two(Table *t) {
	if (!data_records_next(&t->records))
		return t->records.error ? t->records.error : "it has no lines";
	const char *bad = keep_first(t);
	if (bad)
		return bad;
	t->width = t->first.count;
	bool second = data_records_next(&t->records);
	if (t->records.error)
		return t->records.error;
	if (second && t->records.fields.count != t->width && !has_word(t))
		return arena_printf(t->in->arena, "line %zu: %u field%s, but %u on the line before", t->records.line,
		                    t->records.fields.count, t->records.fields.count == 1 ? "" : "s", t->width);
	t->titled = second && t->records.fields.count != t->width;
	if (t->titled && t->by_name)
		return arena_printf(t->in->arena, "line %zu: %u names for the %u columns of line %zu", t->first_line, t->width,
		                    t->records.fields.count, t->records.line);
	t->width = second ? t->records.fields.count : t->width;
	double value;
	for (uint32_t i = 0; second && i < t->records.fields.count; i++) {
		bool number = is_number(&t->records.fields.data[i], &value);
		vec_push(t->in->arena, &t->under, number);
	}
	const char *why = want_columns(t);
	why = why ? why : reserve_first(t);
	return why || !second ? why : read_record(t);
}

static const char *note_words(Table *t, size_t first_row, size_t rows, DataArray *array) {
	const char *why = NULL;
	DataWords *of = ARENA_ARRAY(t->in->arena, DataWords, t->columns.count + 1);
	for (uint32_t k = 0; k < t->columns.count; k++) {
		if (t->columns.data[k].kind != COLUMN_WORDS)
			continue;
		of[k] = (DataWords){sort_words(t, k, first_row, rows), t->columns.data[k].word_count};
		const char *is = t->in->request->look ? NULL : data_other_notation(of[k].texts, of[k].count);
		if (is && !why)
			why = arena_printf(t->in->arena,
			                   "%s: %s is %s, like all that stand there; numbers are written 1234.5 or 1e-3",
			                   column_name(t, t->columns.data[k].at),
			                   data_quote(t->in->arena, of[k].texts[0], strlen(of[k].texts[0])), is);
		array->words = array->words ? array->words : column_name(t, t->columns.data[k].at);
		array->column_words = of;
	}
	return why;
}

static const char *read_all(Table *t) {
	const char *why = read_first_two(t);
	while (!why && data_records_next(&t->records))
		why = read_record(t);
	why = why ? why : t->records.error;
	if (why)
		return why;
	t->header = !t->titled && is_header(t);
	bool values = !t->titled && !t->header;
	why = values ? fill_first(t) : NULL;
	if (!why && t->missing && !t->in->request->look)
		why = missing_values(t);
	for (uint32_t k = 0; !why && k < t->columns.count; k++) {
		const Column *c = &t->columns.data[k];
		if (c->missing)
			vec_push(t->in->arena, &t->in->out->missing,
			         ((DataMissing){column_name(t, c->at), c->missing, c->missing_line}));
	}
	if (why)
		return why;
	size_t rows = t->rows + values;
	DataArray array = {.name = "", .rank = 2, .dims = {(int64_t)rows, (int64_t)t->columns.count}};
	array.not_whole = t->not_whole;
	why = note_words(t, values ? 0 : 1, rows, &array);
	if (why)
		return why;
	data_take(&t->numbers, values ? 0 : t->columns.count, &array);
	vec_push(t->in->arena, &t->in->out->arrays, array);
	for (uint32_t i = 0; t->header && i < t->first.count; i++) {
		const Field *f = &t->first.data[i];
		vec_push(t->in->arena, &t->in->out->columns,
		         (const char *)arena_printf(t->in->arena, "%.*s", (int)f->length, f->text));
	}
	return NULL;
}

const char *data_read_table(DataInput *in) {
	const char *path = in->path;
	size_t length = strlen(path);
	length -= length > 3 && strcmp(path + length - 3, ".gz") == 0 ? 3 : 0;
	bool tabs = length > 4 && memcmp(path + length - 4, ".tsv", 4) == 0;
	Table table = {.in = in,
	               .records = data_records_of(in->arena, (const char *)in->bytes, in->length, tabs ? '\t' : '\0'),
	               .numbers = data_numbers(in)};
	for (uint32_t i = 0; i < in->request->column_count; i++)
		table.by_name = table.by_name || in->request->columns[i].name;
	const char *why = table.records.error ? table.records.error : read_all(&table);
	if (why)
		data_drop(&table.numbers);
	return why;
}
