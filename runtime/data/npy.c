/* NPY, the format of numpy.save: "\x93NUMPY", a version, the length of the header, the header (a Python dictionary in text),
 * the elements.
 *
 *     {'descr': '<f8', 'fortran_order': False, 'shape': (569, 30), } */
#include <stdlib.h>
#include <string.h>

#include "runtime/data/data.h"
#include "runtime/data/limits.h"

/* The text of the header, and how far it was read. */
typedef struct Header {
	Arena *arena;
	const char *text;
	size_t length, at, base; /* base: of the header in the file */
	const char *error;
} Header;

static void fail(Header *h, const char *expected) {
	if (!h->error)
		h->error =
			arena_printf(h->arena, "byte %zu: %s was expected in the header, there is %s", h->base + h->at, expected,
		                 h->at < h->length ? data_quote(h->arena, h->text + h->at, h->length - h->at) : "its end");
}

static void skip_blanks(Header *h) {
	while (h->at < h->length && strchr(" \t\r\n", h->text[h->at]) && h->text[h->at])
		h->at++;
}

static bool take(Header *h, char c) {
	skip_blanks(h);
	bool there = h->at < h->length && h->text[h->at] == c;
	h->at += there;
	return there;
}

static void need(Header *h, char c) {
	if (!take(h, c))
		fail(h, arena_printf(h->arena, "`%c`", c));
}

static const char *take_text(Header *h) {
	skip_blanks(h);
	char quote = h->at < h->length ? h->text[h->at] : '\0';
	size_t end = h->at + 1;
	while (end < h->length && h->text[end] != quote)
		end++;
	if ((quote != '\'' && quote != '"') || end >= h->length) {
		fail(h, "a text in quotes");
		return "";
	}
	const char *text = arena_printf(h->arena, "%.*s", (int)(end - h->at - 1), h->text + h->at + 1);
	h->at = end + 1;
	return text;
}

static bool take_word(Header *h, const char *word) {
	skip_blanks(h);
	size_t length = strlen(word);
	bool there = h->length - h->at >= length && memcmp(h->text + h->at, word, length) == 0;
	h->at += there ? length : 0;
	return there;
}

static int64_t take_size(Header *h) {
	skip_blanks(h);
	size_t start = h->at;
	if (h->at < h->length && h->text[h->at] == '-') {
		fail(h, "a size, which is not negative,");
		return 0;
	}
	int64_t value = 0;
	bool over = false;
	for (; h->at < h->length && h->text[h->at] >= '0' && h->text[h->at] <= '9'; h->at++)
		over = over || __builtin_mul_overflow(value, 10, &value) ||
		       __builtin_add_overflow(value, h->text[h->at] - '0', &value);
	if (h->at == start || over) {
		h->at = start;
		fail(h, over ? "a size that fits into 63 bits" : "a size");
	}
	(void)take(h, 'L'); /* of Python 2 */
	return value;
}

static void take_shape(Header *h, DataArray *array) {
	need(h, '(');
	array->rank = 0;
	while (!h->error && !take(h, ')')) {
		if (array->rank == IR_USER_RANK) {
			fail(h, "the end of at most 8 sizes");
			return;
		}
		array->dims[array->rank++] = take_size(h);
		if (!take(h, ',')) {
			need(h, ')');
			return;
		}
	}
}

/* '<f8': byte order, kind, bytes. */
static const char *element_of(Arena *arena, const char *descr, DataElement *type, bool *little) {
	static const struct {
		const char *code;
		DataElement type;
	} codes[] = {{"u1", DATA_U8},  {"i1", DATA_I8},  {"b1", DATA_BOOL8}, {"u2", DATA_U16},
	             {"i2", DATA_I16}, {"u4", DATA_U32}, {"i4", DATA_I32},   {"u8", DATA_U64},
	             {"i8", DATA_I64}, {"f2", DATA_F16}, {"f4", DATA_F32},   {"f8", DATA_F64}};
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		if (descr[0] && strchr("<>|=", descr[0]) && strcmp(descr + 1, codes[i].code) == 0) {
			*type = codes[i].type;
			*little = descr[0] != '>';
			return NULL;
		}
	}
	const char *what = strchr(descr, 'O')                         ? "Python objects"
	                   : strchr(descr, 'c')                       ? "complex numbers"
	                   : strchr(descr, 'U') || strchr(descr, 'S') ? "texts"
	                   : strchr(descr, 'M') || strchr(descr, 'm') ? "times"
	                                                              : "something else";
	return arena_printf(arena, "its elements have the type %s (%s); numbers and booleans can be read",
	                    data_quote(arena, descr, strlen(descr)), what);
}

/* Row-major out of column-major. */
static const char *turn(DataInput *in, DataArray *array, size_t width, const unsigned char *from, size_t count,
                        const unsigned char **turned) {
	const char *why = NULL;
	unsigned char *to = data_memory(in, count * width, &why);
	if (!to)
		return why;
	size_t stride[IR_USER_RANK] = {0};
	for (int i = 0; i < array->rank; i++)
		stride[i] = i ? stride[i - 1] * (size_t)array->dims[i - 1] : 1;
	int64_t place[IR_USER_RANK] = {0};
	for (size_t k = 0, at = 0; k < count; k++) {
		memcpy(to + k * width, from + at * width, width);
		for (int i = array->rank - 1; i >= 0; i--) {
			at += stride[i];
			if (++place[i] < array->dims[i])
				break;
			at -= stride[i] * (size_t)array->dims[i];
			place[i] = 0;
		}
	}
	*turned = to;
	return NULL;
}

static void read_header(Header *h, DataArray *array, DataElement *type, bool *little, bool *fortran) {
	bool descr = false, order = false, shape = false;
	need(h, '{');
	while (!h->error && !take(h, '}')) {
		const char *key = take_text(h);
		need(h, ':');
		if (strcmp(key, "descr") == 0) {
			skip_blanks(h);
			if (h->at < h->length && h->text[h->at] == '[') {
				h->error =
					h->error ? h->error : "its elements are records with fields; numbers and booleans can be read";
				return;
			}
			const char *text = take_text(h), *wrong = h->error ? NULL : element_of(h->arena, text, type, little);
			h->error = wrong ? wrong : h->error;
			descr = true;
		} else if (strcmp(key, "fortran_order") == 0) {
			*fortran = take_word(h, "True");
			if (!*fortran && !take_word(h, "False"))
				fail(h, "True or False");
			order = true;
		} else if (strcmp(key, "shape") == 0) {
			take_shape(h, array);
			shape = true;
		} else {
			fail(h, "`descr`, `fortran_order` or `shape` before this, ");
		}
		if (!take(h, ',')) {
			need(h, '}');
			break;
		}
	}
	if (!h->error && !(descr && order && shape))
		h->error = "its header does not have `descr`, `fortran_order` and `shape`";
}

const char *data_read_npy(DataInput *in, const char *name) {
	const unsigned char *bytes = in->bytes;
	if (in->length < 10 || memcmp(bytes, "\x93NUMPY", 6) != 0)
		return "byte 0: it does not begin as NPY does (\\x93NUMPY and a version)";
	if (bytes[6] < 1 || bytes[6] > 3)
		return arena_printf(in->arena, "byte 6: version %d of NPY; 1, 2 and 3 can be read", bytes[6]);
	size_t start = bytes[6] == 1 ? 10 : 12, length = (size_t)bytes[8] | (size_t)bytes[9] << 8;
	if (in->length >= 12 && bytes[6] > 1)
		length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
	if (in->partial && start + length > in->length) {
		in->out->unknown = true; /* a header that long cannot be told from its beginning */
		return NULL;
	}
	if (start > in->length || length > in->length - start || length > DATA_MOST_NPY_HEADER)
		return arena_printf(in->arena, "byte 8: a header of %zu bytes, but the file has %zu", length, in->length);
	Header header = {.arena = in->arena, .text = (const char *)bytes + start, .length = length, .base = start};
	DataArray array = {.name = name};
	DataElement type = DATA_F64;
	bool little = true, fortran = false;
	read_header(&header, &array, &type, &little, &fortran);
	if (header.error)
		return header.error;
	size_t count, width = data_element_bytes(type), there = in->length - start - length;
	if (!data_elements(array.rank, array.dims, width, &count))
		return arena_printf(in->arena, "its shape %s is larger than any memory",
		                    data_shape(in->arena, array.rank, array.dims));
	if (!in->partial && count * width != there)
		return arena_printf(in->arena, "its shape %s takes %zu bytes from byte %zu on, but there are %zu (%s)",
		                    data_shape(in->arena, array.rank, array.dims), count * width, start + length, there,
		                    there < count * width ? "it was cut off" : "something stands behind the array");
	const unsigned char *elements = bytes + start + length;
	const char *why = NULL;
	DataInput from = *in;
	if (fortran && array.rank > 1 && !in->request->describe) {
		why = turn(in, &array, width, elements, count, &elements);
		from.mapped = true; /* they stay where they are now */
	}
	why = why ? why : data_place(&from, &array, type, little, elements, count);
	if (!why)
		vec_push(in->arena, &in->out->arrays, array);
	return why;
}
