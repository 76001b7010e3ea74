/* Columns of text: what counts as a number, as a word and as a truth value, what a declared type says of it, and which columns
 * there are. */
#include "runtime/data/data.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

/* A file of one column, `c`, with these values, separated by blanks: what reading it as this kind says; NULL: it is read, and
 * numbers[] has what it holds. */
static const char *column(Arena *arena, const char *values, DataKind kind, bool quoted, double *numbers) {
	Text text = text_new(arena);
	text_printf(&text, "\"c\"\n");
	size_t rows = 0;
	for (const char *at = values; *at; rows++) {
		size_t length = strcspn(at, " ");
		text_printf(&text, quoted ? "\"%.*s\"\n" : "%.*s\n", (int)length, at);
		at += length + (at[length] == ' ');
	}
	DataColumn columns[] = {{.name = "c"}};
	DataRequest request = {.columns = columns, .column_count = 1};
	DataFile file;
	const char *why =
		data_parse(arena, quoted ? "x.csv" : "x.tsv", text_cstr(&text), text.length, &request, &file); /* no commas */
	if (why)
		return why;
	int64_t dims[1] = {DATA_OPEN};
	const DataArray *array = data_fit(arena, &file, "x", kind, 1, dims, &why);
	for (size_t i = 0; array && i < rows; i++)
		numbers[i] = data_element(array, i);
	data_close(&file);
	return array ? NULL : why;
}

/* Of each: a column of nothing else is refused, whatever is declared, in quotes as well; one word among them makes words of all. */
Test(rt_data_columns, numbers_as_others_write_them) {
	static const struct {
		const char *values, *is;
	} cases[] = {
		{"1,5 2,25", "a decimal comma"},
		{"-1,5 +2,0", "a decimal comma"},
		{"1.234,5 1.000.000,25", "a decimal comma"},
		{",5 ,25", "a decimal comma"},
		{"1,234 12,345", "a decimal comma"}, /* or in groups */
		{"1,234,567 1,000", "its digits in groups"},
		{"1'000 12'000.5", "its digits in groups"},
		{"1_000 12_000_000", "its digits in groups"},
		{"1.5D+03 2.0d-1", "the exponent of Fortran"},
		{"1D+3 2d-10", "the exponent of Fortran"},
		{"0x10 0xFF", "a hexadecimal number"},
		{"\xe2\x88\x92"
	     "1 \xe2\x88\x92"
	     "2.5e3",
	     "a typographic minus"},
	};
	static const DataKind kinds[] = {DATA_REAL, DATA_INT, DATA_BOOL};
	double numbers[8];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t k = 0; k < 6; k++) {
			Arena *arena = arena_new();
			const char *why = column(arena, cases[i].values, kinds[k % 3], k >= 3, numbers);
			cr_assert(why && strstr(why, cases[i].is), "%s: %s", cases[i].values, why ? why : "accepted");
			const char *mixed = arena_printf(arena, "%s word", cases[i].values);
			why = column(arena, mixed, DATA_INT, k >= 3, numbers);
			cr_assert_null(why, "%s: %s", mixed, why);
			arena_free(arena);
		}
}

/* Words that have digits in them stay words, numbered in the order of their bytes. */
Test(rt_data_columns, words_with_digits) {
	static const char *const cases[] = {"10-20 20-30",
	                                    "1.2.3 1.2.4",
	                                    "2020-01-31 2020-02-01",
	                                    "12:30 13:00",
	                                    "2nd 3rd",
	                                    "1d5 2d5",
	                                    "192.168.0.1 192.168.0.2",
	                                    "1_2 1_3",
	                                    "1/2 1/3",
	                                    "5% 7%",
	                                    "0x1g 0x2g",
	                                    "1e 2e",
	                                    "12_34 12_56",
	                                    "3D10 4D10",
	                                    "$1 $2"};
	double numbers[4];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Arena *arena = arena_new();
		const char *why = column(arena, cases[i], DATA_INT, false, numbers);
		cr_assert_null(why, "%s: %s", cases[i], why);
		cr_assert(numbers[0] == 0 && numbers[1] == 1, "%s", cases[i]);
		why = column(arena, cases[i], DATA_REAL, false, numbers);
		cr_assert(why && strstr(why, "holds words"), "%s", cases[i]);
		arena_free(arena);
	}
}

/* What real, int and bool say of the same values; NULL: they are read. */
Test(rt_data_columns, declared_types) {
	static const struct {
		const char *values, *says[3];
	} cases[] = {
		{"0 1", {NULL, NULL, NULL}},
		{"1 1", {NULL, NULL, NULL}},
		{"0 2", {NULL, NULL, "element [1, 0] is 2, and `bool` is declared"}},
		{"1 2.5 3 4.5",
	     {NULL, "line 3, column `c`: `2.5` is no whole number", "element [1, 0] is 2.5, and `bool` is declared"}},
		{"5 1e300", {NULL, "line 3, column `c`: `1e300` is no whole number", "element [0, 0] is 5"}},
		{"5 inf", {NULL, "line 3, column `c`: `inf` is no whole number", "element [0, 0] is 5"}},
		{"5 1e999",
	     {"line 3, column `c`: `1e999` is larger than all real", "line 3, column `c`: `1e999` is larger than all real",
	      "line 3, column `c`: `1e999` is larger than all real"}},
		{"-1e999 5",
	     {"line 2, column `c`: `-1e999` is larger", "line 2, column `c`: `-1e999` is larger",
	      "line 2, column `c`: `-1e999` is larger"}},
		{"False True", {"holds words", NULL, NULL}},
		{"no yes no", {"holds words", NULL, NULL}},
		{"TRUE false", {"holds words", NULL, "other than both `false` and `true`, such as `TRUE`"}},
		{"true true", {"holds words", NULL, "other than both `false` and `true`, such as `true`"}},
		{"cat dog", {"holds words", NULL, "other than both `false` and `true`, such as `cat`"}},
		{"f n t", {"holds words", NULL, "other than both `false` and `true`, such as `n`"}},
		{"1 #N/A", {"line 3, column `c`: a value is missing", "a value is missing", "a value is missing"}},
		{"1 -nan", {"line 3, column `c`: a value is missing", "a value is missing", "a value is missing"}},
		{"1 <NA>", {"line 3, column `c`: a value is missing", "a value is missing", "a value is missing"}},
	};
	static const DataKind kinds[] = {DATA_REAL, DATA_INT, DATA_BOOL};
	double numbers[8];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (int k = 0; k < 3; k++) {
			Arena *arena = arena_new();
			const char *why = column(arena, cases[i].values, kinds[k], false, numbers), *says = cases[i].says[k];
			cr_assert(says ? why && strstr(why, says) : !why, "%s: %s", cases[i].values, why ? why : "accepted");
			arena_free(arena);
		}
}

/* Columns that are not there, and ranges that are none. */
Test(rt_data_columns, which_columns) {
	static const struct {
		DataColumn column;
		const char *says;
	} cases[] = {
		{{"Area", 0, 0}, "line 1: no column is called `Area`; there are `area`, `rooms`; did you mean `area`?"},
		{{"room", 0, 0}, "line 1: no column is called `room`; there are `area`, `rooms`; did you mean `rooms`?"},
		{{"price", 0, 0}, "line 1: no column is called `price`; there are `area`, `rooms`"},
		{{NULL, 2, 3}, "there is no column 2: the file has columns 0..2"},
		{{NULL, -1, 0}, "there is no column -1: the file has columns 0..2"},
		{{NULL, 1, 4}, "columns 1..4: the file has columns 0..2"},
		{{NULL, 1, 1}, "columns 1..1 are none: `a..b` counts up, and b is not among them"},
		{{NULL, 1, 0}, "columns 1..0 are none: `a..b` counts up, and b is not among them"},
	};
	static const char text[] = "area,rooms\n1,2\n3,4\n";
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Arena *arena = arena_new();
		DataRequest request = {.columns = &cases[i].column, .column_count = 1};
		DataFile file;
		const char *why = data_parse(arena, "x.csv", text, strlen(text), &request, &file);
		cr_assert(why);
		cr_assert_str_eq(why, cases[i].says);
		arena_free(arena);
	}
}

/* Numbers of LIBSVM, which are read by themselves. */
Test(rt_data_columns, too_large_in_libsvm) {
	static const char *const texts[] = {"1 1:2\n1 2:1e999\n", "1 1:2\n1e999 2:1\n"};
	for (size_t i = 0; i < 2; i++) {
		Arena *arena = arena_new();
		DataRequest request = {0};
		DataFile file;
		const char *why = data_parse(arena, "x.svm", texts[i], strlen(texts[i]), &request, &file);
		cr_assert(why && strstr(why, "line 2: `1e999` instead of"), "%s", why ? why : "accepted");
		arena_free(arena);
	}
}
