/* Files of data: what is in them comes out to the bit, in the storage that is promised, and no damaged file is believed. */
#include "runtime/data/data.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- bytes of files, made here ---- */

typedef struct Bytes {
	unsigned char data[1 << 16];
	size_t length;
} Bytes;

static void add(Bytes *b, const void *bytes, size_t length) {
	memcpy(b->data + b->length, bytes, length);
	b->length += length;
}

static void add_number(Bytes *b, uint64_t value, int width, bool little) {
	for (int i = 0; i < width; i++)
		b->data[b->length++] = (unsigned char)(value >> (8 * (little ? i : width - 1 - i)));
}

/* An NPY file of version 1 with this header text, not padded, and so many zero bytes behind it. */
static Bytes *npy(const char *header, size_t zeros) {
	static Bytes b;
	memset(&b, 0, sizeof b);
	add(&b, "\x93NUMPY\1\0", 8);
	add_number(&b, strlen(header), 2, true);
	add(&b, header, strlen(header));
	b.length += zeros;
	return &b;
}

static uint32_t crc32_of(const unsigned char *bytes, size_t length) {
	uint32_t crc = ~UINT32_C(0);
	for (size_t i = 0; i < length; i++) {
		crc ^= bytes[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xEDB88320) : 0);
	}
	return ~crc;
}

/* A zip of one file that is not packed. `says`: the size that its table states. */
static Bytes *zip(const char *name, const Bytes *file, size_t says, uint32_t crc) {
	static Bytes b;
	memset(&b, 0, sizeof b);
	for (int table = 0; table < 2; table++) {
		size_t start = b.length;
		add(&b, table ? "PK\1\2\x14\0\x14\0" : "PK\3\4\x14\0", table ? 8 : 6);
		add_number(&b, 0, 8, true); /* flags, method, time, date */
		add_number(&b, crc, 4, true);
		add_number(&b, says, 4, true);
		add_number(&b, says, 4, true);
		add_number(&b, strlen(name), 2, true);
		add_number(&b, 0, 2, true);
		b.length += table ? 14 : 0; /* comment, disk, attributes; the file lies at 0 */
		add(&b, name, strlen(name));
		if (!table) {
			add(&b, file->data, file->length);
			continue;
		}
		size_t length = b.length - start;
		add(&b, "PK\5\6\0\0\0\0\1\0\1\0", 12);
		add_number(&b, length, 4, true);
		add_number(&b, start, 4, true);
		add_number(&b, 0, 2, true);
	}
	return &b;
}

static const char *parse(Arena *arena, const char *name, const void *bytes, size_t length, DataFile *out) {
	DataRequest request = {.limit = 10000000};
	return data_parse(arena, name, bytes, length, &request, out);
}

/* ---- what is in them comes out ---- */

static void check(const DataArray *array, const char *shape, const char *storage, const double *values) {
	Arena *arena = arena_new();
	cr_assert_str_eq(data_shape(arena, array->rank, array->dims), shape);
	cr_assert_str_eq(ir_storage_name(array->storage), storage);
	for (size_t i = 0; i < data_count(array); i++)
		cr_assert_eq(data_element(array, i), values[i], "element %zu is %.17g", i, data_element(array, i));
	arena_free(arena);
}

/* Text, its columns (NULL: all), and what is made of it. */
typedef struct Example {
	const char *text, *column, *shape, *storage;
	double values[8];
} Example;

static const Example examples[] = {
	{"1,2\n3,4\n", NULL, "[2, 2]", "u8", {1, 2, 3, 4}},
	{"1,2\r\n3,4", NULL, "[2, 2]", "u8", {1, 2, 3, 4}},
	{"1,2\r3,4\r", NULL, "[2, 2]", "u8", {1, 2, 3, 4}},
	{"\xef\xbb\xbf"
     "1;-2\n\n3;4\n\n",
     NULL,
     "[2, 2]",
     "i8",
     {1, -2, 3, 4}},
	{"1\t200\n-3\t4\n", NULL, "[2, 2]", "i16", {1, 200, -3, 4}},
	{"  1   2\n 3 4  \n", NULL, "[2, 2]", "u8", {1, 2, 3, 4}},
	{"# by hand\n1, 2\n3, 40000\n", NULL, "[2, 2]", "u16", {1, 2, 3, 40000}},
	{"1,2\n3,-70000\n", NULL, "[2, 2]", "i32", {1, 2, 3, -70000}},
	{"1,2\n3,4000000000\n", NULL, "[2, 2]", "u32", {1, 2, 3, 4000000000.0}},
	{"1,2\n3,9007199254740992\n", NULL, "[2, 2]", "i64", {1, 2, 3, 9007199254740992.0}},
	{"1,2\n3,9007199254740994\n", NULL, "[2, 2]", "i64", {1, 2, 3, 9007199254740994.0}},
	{"1,2\n3,9007199254740994.0\n", NULL, "[2, 2]", "f64", {1, 2, 3, 9007199254740994.0}},
	{"1,2.5\n3,9007199254740994\n", NULL, "[2, 2]", "f64", {1, 2.5, 3, 9007199254740994.0}},
	{"-2305843009213693951\n2305843009213693951\n", NULL, "[2, 1]", "i64", {-0x1p61, 0x1p61}},
	{"1\n2305843009213693952\n", NULL, "[2, 1]", "f64", {1, 0x1p61}},
	{"1,2\n3,0.1\n", NULL, "[2, 2]", "f64", {1, 2, 3, 0.1}},
	{"1.0,2e0\n3,4\n", NULL, "[2, 2]", "u8", {1, 2, 3, 4}},
	{"a,b\n1,2\n3,4\n", NULL, "[2, 2]", "u8", {1, 2, 3, 4}},
	{"a,b\n1,2\n3,4\n", "b", "[2, 1]", "u8", {2, 4}},
	{"a,\"b, \"\"c\"\"\"\n1,\"2\"\n\"3\",4\n", "b, \"c\"", "[2, 1]", "u8", {2, 4}},
	{"a,b\nx,2\ny,4\nx,5\n", "a", "[3, 1]", "u8", {0, 1, 0}},
	{"z,2\ny,4\nz,5\nx,1\n", NULL, "[4, 2]", "u8", {2, 2, 1, 4, 2, 5, 0, 1}},
	{"three lines\n1,2\n3,4\n5,6\n", NULL, "[3, 2]", "u8", {1, 2, 3, 4, 5, 6}},
	{"b,\"2\"\na,x\nc,\"3\"\n", NULL, "[3, 2]", "u8", {1, 0, 0, 2, 2, 1}},
	{"\"two\nlines\",1\nx,2\n", NULL, "[2, 2]", "u8", {0, 1, 1, 2}},
	{"7\n", NULL, "[1, 1]", "u8", {7}},
	{"300,1\n1,1\n", NULL, "[2, 2]", "u16", {300, 1, 1, 1}},
	{"inf,1\n1,1\n", NULL, "[2, 2]", "f64", {(double)INFINITY, 1, 1, 1}},
};

Test(rt_data, delimited_text) {
	for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
		const Example *e = &examples[i];
		Arena *arena = arena_new();
		DataColumn column = {.name = e->column};
		DataRequest request = {.columns = &column, .column_count = e->column != NULL};
		DataFile file;
		const char *why = data_parse(arena, "x.csv", e->text, strlen(e->text), &request, &file);
		cr_assert(!why, "%s: %s", e->text, why);
		check(&file.arrays.data[0], e->shape, e->storage, e->values);
		data_close(&file);
		arena_free(arena);
	}
}

/* A column that starts in one storage and ends in another, over all sizes of what comes before. */
Test(rt_data, storage_changes_in_the_middle) {
	static const struct {
		const char *last, *storage;
		double value;
	} ends[] = {
		{"255", "u8", 255},      {"-1", "i8", -1},          {"256", "u16", 256}, {"-129", "i16", -129},
		{"65536", "u32", 65536}, {"-32769", "i32", -32769}, {"0.5", "f64", 0.5}, {"4294967296", "i64", 4294967296.0},
		{"-0.0", "f64", -0.0},   {"1e300", "f64", 1e300}};
	for (int count = 1; count <= 2100; count += count < 70 ? 1 : 509) {
		for (size_t k = 0; k < sizeof ends / sizeof *ends; k++) {
			Arena *arena = arena_new();
			Text text = text_new(arena);
			for (int i = 0; i < count; i++)
				text_printf(&text, "%d\n", i % 100);
			text_printf(&text, "%s\n", ends[k].last);
			DataFile file;
			const char *why = parse(arena, "", text.data, text.length, &file);
			cr_assert(!why, "%s", why);
			const DataArray *array = &file.arrays.data[0];
			cr_assert_str_eq(ir_storage_name(array->storage), ends[k].storage, "%s", ends[k].last);
			cr_assert_eq(array->dims[0], count + 1);
			for (int i = 0; i < count; i++)
				cr_assert_eq(data_element(array, (size_t)i), i % 100);
			cr_assert_eq(data_element(array, (size_t)count), ends[k].value);
			cr_assert_eq(signbit(data_element(array, (size_t)count)) != 0, signbit(ends[k].value) != 0);
			data_close(&file);
			arena_free(arena);
		}
	}
}

/* Against the C library, which rounds correctly. The text ends where its memory does, and goes on behind the number. */
static void reads_as_the_library(const char *text) {
	size_t length = strlen(text);
	char *alone = malloc(length + 1), *followed = malloc(length + 12);
	memcpy(alone, text, length);
	double read = -1, want = strtod(text, NULL);
	cr_assert(data_number(alone, length, &read), "%s", text);
	cr_assert(memcmp(&read, &want, sizeof read) == 0, "%s: %.17g instead of %.17g", text, read, want);
	snprintf(followed, length + 12, "%s,5", text);
	read = -1;
	cr_assert_eq(data_number_at(followed, followed + length + 2, &read), followed + length, "%s", followed);
	cr_assert(memcmp(&read, &want, sizeof read) == 0, "%s: %.17g instead of %.17g", followed, read, want);
	free(alone);
	free(followed);
}

static uint64_t next_bits(uint64_t *state) {
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return *state ^ *state >> 29;
}

/* Decimals as people and programs write them: of a random double, of random digits, short ones, with zeros before. */
static void random_number(uint64_t *state, int kind, char *text, size_t size) {
	uint64_t bits = next_bits(state), more = next_bits(state);
	double value;
	memcpy(&value, &bits, sizeof value);
	int digits = 1 + (int)(more % 22), length = 0;
	switch (isfinite(value) ? kind % 5 : 1) {
	case 0: snprintf(text, size, "%.*g", digits, value); return;
	case 1:
		snprintf(text, size, "%.*f", (int)(more >> 40) % 20, ldexp((double)(int64_t)bits, -(int)(more >> 20 & 127)));
		return;
	case 2:
		snprintf(text, size, "%d.%0*d", (int)(bits % 2000) - 1000, 1 + (int)(more % 6), (int)(more >> 40) % 10);
		return;
	case 3: snprintf(text, size, "%.17g", (double)(bits >> 11) * 0x1p-53); return;
	default: break;
	}
	for (int k = 0; k < digits; k++)
		length += snprintf(text + length, 3, "%d", (int)(bits >> (2 * k) & 7) + (k % 3 == 0));
	snprintf(text + length, 20, ".%de%d", (int)(bits >> 50 & 1023), (int)(bits >> 40 & 63) - 31);
}

Test(rt_data, numbers_are_rounded_once) {
	uint64_t state = 1;
	char text[512];
	for (int i = 0; i < (GRADUS_SANITIZED ? 50000 : 1000000); i++) {
		random_number(&state, i, text, sizeof text);
		reads_as_the_library(text);
	}
	/* Every count of digits, before and behind the point, and every power: nines and fives round up and meet ties. */
	for (int whole = 0; whole <= 24; whole++) {
		for (int fraction = 0; fraction <= 24; fraction++) {
			for (int power = -30; whole + fraction > 0 && power <= 30; power += 3) {
				static const char *const kinds[] = {"9", "5", "0", "1", "90071992547409925"};
				for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
					size_t count = strlen(kinds[k]);
					int length = snprintf(text, 2, "%s", k % 2 ? "-" : "");
					for (int d = 0; d < whole + fraction; d++)
						length +=
							snprintf(text + length, 3, "%s%c", d == whole ? "." : "", kinds[k][(size_t)d % count]);
					if (power)
						snprintf(text + length, 16, "e%d", power);
					reads_as_the_library(text);
				}
			}
		}
	}
	static const char *const wrong[] = {"",     "-",   ".",   "e5",  "1e",  "1e+", "1.2.3",
	                                    "0x10", "1 2", "nan", "one", "1,5", "--1", "infinite"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		double read;
		cr_assert(!data_number(wrong[i], strlen(wrong[i]), &read), "%s", wrong[i]);
	}
}

/* Every type of NPY in both orders of bytes, mapped (aligned) and not. */
Test(rt_data, npy_of_every_type) {
	static const struct {
		const char *code, *storage;
		int width;
		uint64_t bits[3];
		double values[3];
	} types[] = {
		{"u1", "u8", 1, {0, 7, 255}, {0, 7, 255}},
		{"i1", "i8", 1, {0, 7, 255}, {0, 7, -1}},
		{"b1", "u8", 1, {0, 1, 1}, {0, 1, 1}},
		{"u2", "u16", 2, {0, 258, 65535}, {0, 258, 65535}},
		{"i2", "i16", 2, {0, 258, 65535}, {0, 258, -1}},
		{"u4", "u32", 4, {0, 16909060, 4294967295}, {0, 16909060, 4294967295.0}},
		{"i4", "i32", 4, {0, 16909060, 4294967295}, {0, 16909060, -1}},
		{"u8", "i64", 8, {0, 72623859790382856, 5}, {0, 72623859790382856.0, 5}},
		{"i8", "i64", 8, {0, 72623859790382856, UINT64_MAX}, {0, 72623859790382856.0, -1}},
		{"f2", "f32", 2, {0x3C00, 0xC100, 1}, {1, -2.5, 0x1p-24}},
		{"f4", "f32", 4, {0x3F800000, 0xC0200000, 0x7F800000}, {1, -2.5, (double)INFINITY}},
		{"f8", "f64", 8, {0x3FF0000000000000, 0xC004000000000000, 1}, {1, -2.5, 0x1p-1074}},
	};
	for (size_t k = 0; k < 4 * sizeof types / sizeof *types; k++) {
		bool little = k & 1, aligned = k & 2;
		size_t t = k / 4;
		Arena *arena = arena_new();
		char *header = arena_printf(arena, "{'descr': '%c%s', 'fortran_order': False, 'shape': (3,), }",
		                            little ? '<' : '>', types[t].code);
		while ((10 + strlen(header)) % 8 != (aligned ? 0 : 1))
			header = arena_printf(arena, "%s ", header);
		Bytes *b = npy(header, 0);
		for (int i = 0; i < 3; i++)
			add_number(b, types[t].bits[i], types[t].width, little);
		DataFile file;
		unsigned char *copy = arena_copy(arena, b->data, b->length);
		const char *why = parse(arena, "", copy, b->length, &file);
		cr_assert(!why, "%s: %s", types[t].code, why);
		check(&file.arrays.data[0], "[3]", types[t].storage, types[t].values);
		bool in_place = types[t].width == 1 || (little && aligned);
		in_place = in_place && strcmp(types[t].code, "f2") != 0;
		const unsigned char *bytes = file.arrays.data[0].bytes;
		cr_assert_eq(bytes >= copy && bytes < copy + b->length, in_place, "%s: memory of its own?", types[t].code);
		data_close(&file);
		arena_free(arena);
	}
}

Test(rt_data, npy_column_major) {
	Arena *arena = arena_new();
	Bytes *b = npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 2), }", 0);
	for (int k = 0; k < 2; k++)
		for (int j = 0; j < 3; j++)
			for (int i = 0; i < 2; i++)
				add_number(b, (uint64_t)(100 * i + 10 * j + k), 1, true);
	DataFile file;
	const char *why = parse(arena, "", b->data, b->length, &file);
	cr_assert(!why, "%s", why);
	double values[] = {0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121};
	check(&file.arrays.data[0], "[2, 3, 2]", "u8", values);
	data_close(&file);
	arena_free(arena);
}

Test(rt_data, idx_and_npz_and_tensors_and_libsvm) {
	Arena *arena = arena_new();
	DataFile file;
	Bytes *b = npy("", 0);
	b->length = 0;
	add(b, "\0\0\x0B\2\0\0\0\2\0\0\0\3", 12);
	for (int i = 0; i < 6; i++)
		add_number(b, (uint64_t)(int64_t)(i * 1000 - 2000), 2, false);
	cr_assert(!parse(arena, "x-idx2-ubyte", b->data, b->length, &file));
	check(&file.arrays.data[0], "[2, 3]", "i16", (double[]){-2000, -1000, 0, 1000, 2000, 3000});
	data_close(&file);

	b = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }", 0);
	add(b, "\5\6", 2);
	Bytes *packed = zip("labels.npy", b, b->length, crc32_of(b->data, b->length));
	const char *why = parse(arena, "x.npz", packed->data, packed->length, &file);
	cr_assert(!why || strstr(why, "libzip"), "%s", why);
	if (!why) {
		cr_assert_str_eq(file.arrays.data[0].name, "labels");
		check(&file.arrays.data[0], "[2]", "u8", (double[]){5, 6});
		data_close(&file);
	}

	const char *header = "{\"a\":{\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"BF16\","
						 "\"shape\":[],\"data_offsets\":[8,10]}}";
	b->length = 0;
	add_number(b, strlen(header), 8, true);
	add(b, header, strlen(header));
	add_number(b, 7, 4, true);
	add_number(b, UINT32_MAX, 4, true);
	add_number(b, 0xC020, 2, true);
	why = parse(arena, "", b->data, b->length, &file);
	cr_assert(!why, "%s", why);
	check(&file.arrays.data[0], "[2]", "i32", (double[]){7, -1});
	check(&file.arrays.data[1], "[]", "f32", (double[]){-2.5});
	data_close(&file);

	const char *sparse = "+1 1:0.5 3:2 # a comment\n-1 2:1\n\n1\n";
	why = parse(arena, "", sparse, strlen(sparse), &file);
	cr_assert(!why, "%s", why);
	check(&file.arrays.data[0], "[3, 3]", "f64", (double[]){0.5, 0, 2, 0, 1, 0, 0, 0, 0});
	check(&file.arrays.data[1], "[3]", "i8", (double[]){1, -1, 1});
	data_close(&file);
	arena_free(arena);
}

/* ---- declared shapes ---- */

Test(rt_data, fits) {
	/* Shapes in the file and declared (-1, -2: open), and what comes of it (NULL: refused). */
	static const struct {
		int rank, declared;
		int64_t dims[3], wanted[3];
		const char *shape;
	} cases[] = {
		{3, 2, {6, 2, 3}, {-1, 6}, "[6, 6]"},
		{3, 3, {6, 2, 3}, {-1, -2, -3}, "[6, 2, 3]"},
		{3, 2, {6, 2, 3}, {-1, -2}, NULL},
		{3, 2, {6, 2, 3}, {-1, 5}, NULL},
		{2, 1, {6, 1}, {-1}, "[6]"},
		{2, 1, {6, 2}, {-1}, NULL},
		{2, 1, {6, 2}, {12}, "[12]"},
		{2, 2, {4, 4}, {-1, -1}, "[4, 4]"},
		{2, 2, {4, 5}, {-1, -1}, NULL},
		{1, 2, {4}, {-1, 1}, NULL},
		{1, 0, {1}, {0}, "[]"},
		{1, 0, {2}, {0}, NULL},
		{0, 0, {0}, {0}, "[]"},
		{2, 2, {0, 4}, {-1, 4}, NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Arena *arena = arena_new();
		DataArray array = {.name = "", .storage = IR_STORED_U8, .rank = cases[i].rank};
		memcpy(array.dims, cases[i].dims, sizeof cases[i].dims);
		DataFile file = {.format = "NPY"};
		vec_push(arena, &file.arrays, array);
		int64_t dims[3];
		memcpy(dims, cases[i].wanted, sizeof dims);
		const char *why;
		const DataArray *found = data_fit(arena, &file, "x", DATA_INT, cases[i].declared, dims, &why);
		cr_assert_eq(found != NULL, cases[i].shape != NULL, "case %zu: %s", i, why ? why : "accepted");
		if (found)
			cr_assert_str_eq(data_shape(arena, cases[i].declared, dims), cases[i].shape);
		else
			cr_assert(strstr(why, "shape is"), "%s", why);
		arena_free(arena);
	}
}

/* ---- broken files ---- */

#define HEAD "{'descr': '<f8', 'fortran_order': False, 'shape': "

/* Text files: a name, what is in it, what is said. */
static const struct {
	const char *name, *text, *says;
} broken_texts[] = {
	{"x.csv", "1,2\n3,4,5\n", "line 2: 3 fields, but 2 on the line before"},
	{"x.csv", "1,2\n3,4\n5\n", "line 3: 1 field, but 2 on the lines before"},
	{"x.csv", "1,2\n3,abc\n5,6\n",
     "line 3, column 1 (counted from 0): `6` is a number, unlike the words above it (words that look like numbers "
     "stand in quotes)"},
	{"x.csv", "1,2\n3,4\n5,six\n", "line 3, column 1 (counted from 0): `six` is no number, unlike the values above it"},
	{"x.csv", "age,b\n1,2\n3,NA\n5,?\n",
     "line 3, column `b`: a value is missing (`NA`); missing in all: 2 in column `b`"},
	{"x.csv", "1,2\n3,\n", "line 2, column 1 (counted from 0): a value is missing (nothing stands there)"},
	{"x.csv", "1,2\n3,nan\n", "line 2, column 1 (counted from 0): a value is missing (`nan`)"},
	{"x.csv", "a,\"b\n1,2\n", "line 1: the quote that opens here is not closed"},
	{"x.csv", "a,\"b\"c\n1,2\n", "line 1: `c` behind a closing quote"},
	{"x.csv",
     "\xff\xfe"
     "1\0,\0",
     "it is text in UTF-16; save it as UTF-8"},
	{"x.csv", "", "it is empty"},
	{"x.csv", "\n \n# nothing\n", "it has no lines"},
	{"x.svm", "1 1:2\nx 2:3\n", "line 2: `x` instead of a label, which is a number"},
	{"x.svm", "1 1:2\n1 2:3 2:4\n", "line 2: `2:4` instead of a number above the one before it"},
	{"x.svm", "1 1:2\n1 qid:3 2:4\n", "line 2: `qid:3` instead of a feature such as `3:0.5`"},
	{"x.svm", "1 1:2\n1 3:\n", "line 2: `3:` instead of a feature such as `3:0.5`"},
	{"x.svm", "1 1:2\n1 900000000:1\n",
     "with features up to number 900000000, zeros included, it needs 1.8e+03 MB of memory; the limit is 10 MB"},
	{"x.svm", "1 1:2\n1 999999999999999:1\n1 1:1\n",
     "with features up to number 999999999999999, zeros included, it needs 3e+09 MB of memory; the limit is 10 MB"},
	{"x.npy", "1,2\n3,4\n", "byte 0: it does not begin as NPY does (\\x93NUMPY and a version)"},
	{"x.idx", "1,2\n3,4\n", "byte 0: it does not begin as IDX does (two zero bytes, a type, the number of axes)"},
	{"x.safetensors", "1,2\n3,4\n\n\n", "it is no safetensors file, or damaged: no header fits in it"},
	{"x.npz", "1,2\n3,4\n", NULL}, /* a text of libzip */
};

Test(rt_data, broken_texts) {
	for (size_t i = 0; i < sizeof broken_texts / sizeof *broken_texts; i++) {
		Arena *arena = arena_new();
		DataFile file;
		const char *text = broken_texts[i].text;
		size_t length = strncmp(text, "\xff\xfe", 2) == 0 ? 5 : strlen(text);
		char *copy = arena_copy(arena, text, length);
		const char *why = parse(arena, broken_texts[i].name, copy, length, &file);
		cr_assert(why, "accepted: %s", text);
		if (broken_texts[i].says)
			cr_assert_str_eq(why, broken_texts[i].says);
		arena_free(arena);
	}
}

/* NPY headers, how many bytes are behind them, what is said. */
static const struct {
	const char *header;
	size_t bytes;
	const char *says;
} broken_npy[] = {
	{HEAD "(2, 3), }", 40, "its shape [2, 3] takes 48 bytes from byte 69 on, but there are 40 (it was cut off)"},
	{HEAD "(2, 3), }", 56,
     "its shape [2, 3] takes 48 bytes from byte 69 on, but there are 56 (something stands behind the array)"},
	{HEAD "(-2, 3), }", 48, "byte 61: a size, which is not negative, was expected in the header, there is `-2, 3), }`"},
	{HEAD "(99999999999999999999,), }", 8,
     "byte 61: a size that fits into 63 bits was expected in the header, there is `99999999999999999999,), }`"},
	{HEAD "(4294967296, 4294967296), }", 8, "its shape [4294967296, 4294967296] is larger than any memory"},
	{HEAD "(2305843009213693952,), }", 8, "its shape [2305843009213693952] is larger than any memory"},
	{HEAD "(1, 1, 1, 1, 1, 1, 1, 1, 1), }", 8,
     "byte 85: the end of at most 8 sizes was expected in the header, there is `1), }`"},
	{HEAD "(2", 16, "byte 62: `)` was expected in the header, there is its end"},
	{"{'descr': '|O', 'fortran_order': False, 'shape': (2,), }", 16,
     "its elements have the type `|O` (Python objects); numbers and booleans can be read"},
	{"{'descr': '<U5', 'fortran_order': False, 'shape': (2,), }", 40,
     "its elements have the type `<U5` (texts); numbers and booleans can be read"},
	{"{'descr': '<c16', 'fortran_order': False, 'shape': (2,), }", 32,
     "its elements have the type `<c16` (complex numbers); numbers and booleans can be read"},
	{"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,), }", 16,
     "its elements are records with fields; numbers and booleans can be read"},
	{"{'descr': '<f8', 'shape': (2,), }", 16, "its header does not have `descr`, `fortran_order` and `shape`"},
	{"{'descr': '<f8', 'fortran_order': 1, 'shape': (2,), }", 16,
     "byte 44: True or False was expected in the header, there is `1, 'shape': (2,), }`"},
	{"'descr'", 16, "byte 10: `{` was expected in the header, there is `'descr'`"},
};

Test(rt_data, broken_npy) {
	for (size_t i = 0; i < sizeof broken_npy / sizeof *broken_npy; i++) {
		Arena *arena = arena_new();
		DataFile file;
		Bytes *b = npy(broken_npy[i].header, broken_npy[i].bytes);
		const char *why = parse(arena, "x.npy", arena_copy(arena, b->data, b->length), b->length, &file);
		cr_assert(why, "accepted: %s", broken_npy[i].header);
		cr_assert_str_eq(why, broken_npy[i].says);
		arena_free(arena);
	}
}

/* Other bytes: a name, the bytes, what is said. */
#define BYTES(text) text, sizeof text - 1
static const struct {
	const char *name, *bytes;
	size_t length;
	const char *says;
} broken_bytes[] = {
	{"x", BYTES("\x93NUMPY\7\0\0\0\0\0"), "byte 6: version 7 of NPY; 1, 2 and 3 can be read"},
	{"x", BYTES("\x93NUMPY\1\0\xff\xff{'descr'"), "byte 8: a header of 65535 bytes, but the file has 18"},
	{"x", BYTES("\x93NUMPY"), "byte 0: it does not begin as NPY does (\\x93NUMPY and a version)"},
	{"x", BYTES("\x93NUMPY\1\0\x3d\0{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}      \0\0\0\0\0\0\xf8\x7f"),
     "element [0] is not a number (NaN)"},
	{"x", BYTES("\x93NUMPY\1\0\x3d\0{'descr': '<i8', 'fortran_order': False, 'shape': (1,)}      \0\0\0\0\0\0\0\x20"),
     "element [0] is a whole number of 2^61 or more"},
	{"x", BYTES("\x93NUMPY\1\0\x3d\0{'descr': '|b1', 'fortran_order': False, 'shape': (2,)}      \1\2"),
     "element [1] is neither 0 nor 1, but true or false is what it should be"},
	{"x", BYTES("\0\0\x08\0"), "byte 3: it has 0 axes; 1 to 8 can be read"},
	{"x", BYTES("\0\0\x08\x63"), "byte 3: it has 99 axes; 1 to 8 can be read"},
	{"x", BYTES("\0\0\x07\1\0\0\0\1x"), "byte 2: the type 0x07 is none of IDX (0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0E)"},
	{"x", BYTES("\0\0\x08\3\0\0\0\1"), "byte 8: it ends within its 3 sizes"},
	{"x", BYTES("\0\0\x08\1\0\0\0\5abcd"),
     "its shape [5] takes 5 bytes from byte 8 on, but there are 4 (it was cut off)"},
	{"x", BYTES("\0\0\x08\1\0\0\0\2abcd"),
     "its shape [2] takes 2 bytes from byte 8 on, but there are 4 or more (something stands behind the array)"},
	{"x", BYTES("\0\0\x0E\3\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
     "byte 4: its shape [4294967295, 4294967295, 4294967295] is larger than any memory"},
	{"x", BYTES("\0\0\x0D\1\0\0\0\1\x7f\xc0\0\0"), "element [0] is not a number (NaN)"},
	{"x", BYTES("\x1f\x8b"), "byte 2: what gzip packed is cut off"},
	{"x", BYTES("\x1f\x8b\x08\0\0\0\0\0\0\3\x0b"), "byte 11: what gzip packed is cut off"},
	{"x", BYTES("\x1f\x8b\x07\0\0\0\0\0\0\3\0\0"),
     "before byte 4: what gzip packed is damaged: unknown compression method"},
	{"x", BYTES("\x1f\x8b\x08\0\0\0\0\0\0\3\x03\0\0\0\0\0\0\0\0\0"), "it is empty"},
	{"x", BYTES("\x1f\x8b\x08\0\0\0\0\0\0\3\x03\0\1\0\0\0\0\0\0\0"),
     "before byte 16: what gzip packed is damaged: incorrect data check"},
	{"x", BYTES("\x1f\x8b\x08\0\0\0\0\0\0\3\x03\0\0\0\0\0\0\0\0\0rubbish"),
     "byte 20: something stands behind what gzip packed"},
	{"x.csv", BYTES("1,2\n3,\0\n"), "byte 6: a byte 0, so it is no text"},
	{"x.safetensors", BYTES("\xff\xff\xff\xff\xff\xff\xff\xff{}"),
     "it is no safetensors file, or damaged: no header fits in it"},
	{"x.safetensors", BYTES("\5\0\0\0\0\0\0\0{\"a\":"),
     "it is no safetensors file, or damaged: its header is not JSON"},
};

Test(rt_data, broken_bytes) {
	for (size_t i = 0; i < sizeof broken_bytes / sizeof *broken_bytes; i++) {
		Arena *arena = arena_new();
		DataFile file;
		char *copy = arena_copy(arena, broken_bytes[i].bytes, broken_bytes[i].length);
		const char *why = parse(arena, broken_bytes[i].name, copy, broken_bytes[i].length, &file);
		cr_assert(why, "accepted: number %zu", i);
		if (!strstr(why, "without zlib"))
			cr_assert_str_eq(why, broken_bytes[i].says, "number %zu: %s", i, why);
		arena_free(arena);
	}
}

Test(rt_data, broken_zips) {
	Bytes inner = *npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }", 2);
	struct {
		size_t says;
		uint32_t crc;
		size_t cut;
	} cases[] = {{inner.length, 12345, 0},                               /* not what was packed */
	             {inner.length, crc32_of(inner.data, inner.length), 30}, /* the table is cut off */
	             {4000000000, crc32_of(inner.data, inner.length), 0}};   /* more than there is */
	for (size_t i = 0; i < 3; i++) {
		Arena *arena = arena_new();
		DataFile file;
		Bytes *b = zip("a.npy", &inner, cases[i].says, cases[i].crc);
		const char *why = parse(arena, "x.npz", b->data, b->length - cases[i].cut, &file);
		cr_assert(why && *why, "case %zu", i);
		arena_free(arena);
	}
}

/* Every beginning of a file of every format is refused, or is one of text, and never read past its end. */
Test(rt_data, cut_anywhere) {
	Bytes files[3];
	files[0] = *npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", 16);
	files[1] = *zip("a.npy", &files[0], files[0].length, crc32_of(files[0].data, files[0].length));
	files[2] = (Bytes){.length = 0};
	add(&files[2], "\0\0\x0B\2\0\0\0\2\0\0\0\3abcdefghijkl", 24);
	for (int k = 0; k < 3; k++) {
		for (size_t length = 6; length < files[k].length; length++) {
			Arena *arena = arena_new();
			unsigned char *copy = malloc(length);
			memcpy(copy, files[k].data, length);
			DataFile file;
			const char *why = parse(arena, "", copy, length, &file);
			cr_assert(why && *why, "file %d of %zu bytes is accepted", k, length);
			free(copy);
			arena_free(arena);
		}
	}
}

Test(rt_data, not_a_file) {
	Arena *arena = arena_new();
	DataRequest request = {0};
	DataFile file;
	cr_assert_str_eq(data_open(arena, "/tmp", &request, &file), "it is a folder");
	cr_assert_str_eq(data_open(arena, "/dev/zero", &request, &file), "it is not a regular file");
	cr_assert_str_eq(data_open(arena, "/nowhere/x.csv", &request, &file), "No such file or directory");
	char path[] = "/tmp/gradus-data-XXXXXX";
	int fd = mkstemp(path);
	cr_assert(fd >= 0);
	close(fd);
	cr_assert_str_eq(data_open(arena, path, &request, &file), "it is empty");
	chmod(path, 0);
	if (access(path, R_OK) != 0) /* root may read everything */
		cr_assert_str_eq(data_open(arena, path, &request, &file), "Permission denied");
	unlink(path);
	arena_free(arena);
}
