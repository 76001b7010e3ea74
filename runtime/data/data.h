/* data: arrays out of files that people have: NPY, NPZ, IDX, safetensors, delimited text (CSV), LIBSVM, raw bytes.
 *
 * What is read comes from anywhere: every number of a file is checked before it is used, and what is wrong is said in words,
 * with the byte or the line, and what was expected there. An array lies in memory once, read-only: mapped where the bytes of
 * the file are the ones that are wanted, read otherwise, in the smallest storage that holds its values.
 *
 *     data_open ── gzip ──▶ bytes ── what is it? ──▶ npy npz idx tensors table libsvm ──▶ DataFile of DataArrays
 *     data_fit: is an array of the file of the declared shape?                      ──▶ sizes of its open dimensions */
#ifndef GRADUS_DATA_H
#define GRADUS_DATA_H

#include "base/base.h"
#include "ir/ir.h"

/* The words that the numbers 0, 1, ... of a column stand for; none: its numbers are numbers. */
typedef struct DataWords {
	const char **texts;
	uint32_t count;
} DataWords;

typedef struct DataArray {
	const char *name; /* in its file; "" where the format has none */
	IrStorage storage;
	int rank;
	int64_t dims[IR_USER_RANK];
	const void *bytes;       /* row-major; NULL if the file was only described */
	bool truth;              /* booleans, one byte each */
	const char *words;       /* where it holds words instead of numbers: "column 4 (`species`)"; NULL: nowhere */
	DataWords *column_words; /* then of each of its columns */
	const char *not_whole;   /* of text that holds real numbers: the first of them, and where; NULL: not known */
} DataArray;

/* Values that a column lacks. */
typedef struct DataMissing {
	const char *column;
	size_t count, first_line;
} DataMissing;

/* A piece of memory that arrays lie in. */
typedef struct DataBlock {
	void *bytes;
	size_t length;
	bool mapped;
} DataBlock;

typedef struct DataFile {
	const char *path;
	const char *format; /* "IDX in gzip" */
	VEC(DataArray) arrays;
	VEC(const char *) columns; /* of delimited text: their names, where there is a header */
	VEC(DataMissing) missing;  /* where `look` was asked for: columns without some of their values */
	bool unknown;              /* described, but too large to look through: it has no arrays yet */
	VEC(DataBlock) blocks;
} DataFile;

/* columns 3, columns 1..31, columns "age" */
typedef struct DataColumn {
	const char *name; /* NULL: low..high */
	int64_t low, high;
} DataColumn;

typedef struct DataRequest {
	bool raw; /* the bytes themselves, whatever they are */
	const DataColumn *columns;
	uint32_t column_count; /* 0: all */
	int64_t width; /* sparse rows: that many columns, if they do not say more themselves; 0: as many as they say */
	bool describe; /* shapes alone, and of large text nothing: no more than a few pages of the file are read */
	bool look;     /* of delimited text: values may be missing, and are NaN then */
	size_t limit;  /* bytes that may be in memory; 0: no limit */
} DataRequest;

/* ---- open.c ---- */

/* NULL, or what is wrong in words, without the path. Texts live in `arena`; what the arrays lie in, until data_close. */
const char *data_open(Arena *arena, const char *path, const DataRequest *request, DataFile *out);
/* The same for bytes in memory; `name`: whose ending may say what they are, or "". */
const char *data_parse(Arena *arena, const char *name, const void *bytes, size_t length, const DataRequest *request,
                       DataFile *out);
void data_close(DataFile *file);

/* ---- fit.c: arrays as programs declare them ---- */

typedef enum DataKind { DATA_REAL, DATA_INT, DATA_BOOL } DataKind;

enum {
	DATA_OPEN = -1
}; /* a declared size that the file decides; -1 - k for open size k, so that equal ones are equal */

/* The array of `file` for a declaration `name : kind[dims]`; NULL with *why. Trailing axes of the file may merge into fewer.
 * dims: open ones (DATA_OPEN - k, the same k for the same size) become what the file has. */
const DataArray *data_fit(Arena *arena, const DataFile *file, const char *name, DataKind kind, int rank, int64_t *dims,
                          const char **why);
/* Element by element, as double: for pictures and tests. */
double data_element(const DataArray *array, size_t at);
size_t data_count(const DataArray *array); /* elements */
size_t data_bytes(const DataArray *array); /* what it takes in memory */

/* ---- what the formats share (memory.c) ---- */

/* A file as it is read: its bytes, and as much as is needed to say what they are. */
typedef struct DataInput {
	Arena *arena;
	const DataRequest *request;
	const unsigned char *bytes;
	size_t length;
	bool mapped;  /* `bytes` stay until data_close, and arrays may lie in them */
	bool partial; /* only the first bytes are here: shapes can be told, and no more */
	const char *path;
	DataFile *out;
} DataInput;

/* Memory of the file, zeros; NULL and *why if it is over the limit or there is none. */
void *data_memory(DataInput *in, size_t bytes, const char **why);
/* Elements of a shape; false if a size is negative or they do not fit into memory at `width` bytes each. */
bool data_elements(int rank, const int64_t *dims, size_t width, size_t *count);
const char *data_shape(Arena *arena, int rank, const int64_t *dims);            /* [3, 4] */
const char *data_element_name(Arena *arena, const DataArray *array, size_t at); /* "element [3, 4]" */
/* Text of a file that may stand in a message: quoted, cut, plain. */
const char *data_quote(Arena *arena, const void *bytes, size_t length);
/* `count` elements at `bytes`, `swapped` if their bytes are the other way around here: an array, in place where that is possible. */
typedef enum DataElement {
	DATA_U8,
	DATA_I8,
	DATA_BOOL8,
	DATA_U16,
	DATA_I16,
	DATA_U32,
	DATA_I32,
	DATA_U64,
	DATA_I64,
	DATA_F16,
	DATA_BF16,
	DATA_F32,
	DATA_F64,
} DataElement;
size_t data_element_bytes(DataElement type);
const char *data_place(DataInput *in, DataArray *array, DataElement type, bool little, const unsigned char *bytes,
                       size_t count);
/* The decimal number that `text` begins with, correctly rounded: where it ends, at `end` at the latest; NULL: there is none. */
const char *data_number_at(const char *text, const char *end, double *out);
/* The whole text as a number; "inf" too. */
bool data_number(const char *text, size_t length, double *out);
/* Was `value` read as infinity from digits, which are then those of a number that is larger than all of f64? */
bool data_overflows(const char *text, size_t length, double value);

/* Numbers that come one after another, kept in the smallest storage that holds them all. */
typedef struct DataNumbers {
	DataInput *in;
	DataBlock block; /* capacity in bytes */
	IrStorage storage;
	size_t count;
	double low, high;
	bool whole;
} DataNumbers;

DataNumbers data_numbers(DataInput *in);
const char *data_push(DataNumbers *numbers, double value); /* NULL, or no memory */
/* The same with the text that `value` was read from: whole numbers that a double does not hold are kept exactly. */
const char *data_push_text(DataNumbers *numbers, const char *text, size_t length, double value);
/* Storage that holds the number as well, which is not kept. */
const char *data_fit_text(DataNumbers *numbers, const char *text, size_t length, double value);
void data_set_text(DataNumbers *numbers, size_t at, const char *text, size_t length, double value);
void data_set(DataNumbers *numbers, size_t at, double value);         /* one that is in range already */
void data_drop(DataNumbers *numbers);                                 /* where they will not be taken */
void data_take(DataNumbers *numbers, size_t first, DataArray *array); /* those from `first` on become the array's */

/* ---- notation.c ---- */

/* Whether all words of a column are numbers as others write them, `1,5` or `0x10`: what they are, or NULL. */
const char *data_other_notation(const char *const *words, uint32_t count);

/* ---- one reader each: NULL, or what is wrong ---- */

const char *data_read_npy(DataInput *in, const char *name);
const char *data_read_npz(DataInput *in);
const char *data_read_idx(DataInput *in);
const char *data_read_tensors(DataInput *in);
const char *data_read_table(DataInput *in);
const char *data_read_libsvm(DataInput *in);
bool data_is_libsvm(const char *text, size_t length);
/* How long an IDX file of this beginning has to be; 0 if the beginning does not say. */
size_t data_idx_length(const unsigned char *bytes, size_t length);

#endif
