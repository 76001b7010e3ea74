/* What readers share: memory, elements of all types, messages. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/limits.h"
#include "runtime/data/data.h"
#include "runtime/data/limits.h"

/* ---- memory ---- */

static size_t held(const DataFile *file) {
	size_t sum = 0;
	for (uint32_t i = 0; i < file->blocks.count; i++)
		sum += file->blocks.data[i].mapped ? 0 : file->blocks.data[i].length;
	return sum;
}

static const char *too_much(Arena *arena, double bytes, size_t limit) {
	return arena_printf(arena, "it needs %.3g MB of memory; the limit is %.3g MB", bytes / 1e6, (double)limit / 1e6);
}

void *data_memory(DataInput *in, size_t bytes, const char **why) {
	size_t limit = in->request->limit;
	if (limit && (bytes > limit || held(in->out) > limit - bytes)) {
		*why = too_much(in->arena, (double)bytes + (double)held(in->out), limit);
		return NULL;
	}
	void *memory = calloc(bytes ? bytes : 1, 1);
	if (!memory) {
		*why = arena_printf(in->arena, "there is no memory for its %.3g MB", (double)bytes / 1e6);
		return NULL;
	}
	vec_push(in->arena, &in->out->blocks, ((DataBlock){memory, bytes, false}));
	return memory;
}

bool data_elements(int rank, const int64_t *dims, size_t width, size_t *count) {
	bool empty = false;
	int64_t product = 1;
	for (int i = 0; i < rank; i++) {
		if (dims[i] < 0)
			return false;
		empty = empty || dims[i] == 0;
	}
	for (int i = 0; i < rank && !empty; i++)
		if (__builtin_mul_overflow(product, dims[i], &product))
			return false;
	*count = empty ? 0 : (size_t)product;
	return *count <= (size_t)PTRDIFF_MAX / width;
}

size_t data_count(const DataArray *array) {
	size_t count = 0;
	return data_elements(array->rank, array->dims, ir_storage_bytes(array->storage), &count) ? count : 0;
}

size_t data_bytes(const DataArray *array) {
	return data_count(array) * ir_storage_bytes(array->storage);
}

/* ---- messages ---- */

const char *data_shape(Arena *arena, int rank, const int64_t *dims) {
	Text text = text_new(arena);
	text_char(&text, '[');
	for (int i = 0; i < rank; i++)
		text_printf(&text, "%s%lld", i > 0 ? ", " : "", (long long)dims[i]);
	text_char(&text, ']');
	return text_cstr(&text);
}

const char *data_quote(Arena *arena, const void *bytes, size_t length) {
	Text text = text_new(arena);
	text_char(&text, '`');
	text_plain(&text, bytes, length > DATA_SHOWN_TEXT ? DATA_SHOWN_TEXT : length, false);
	text_printf(&text, "%s`", length > DATA_SHOWN_TEXT ? "..." : "");
	return text_cstr(&text);
}

/* ---- elements ---- */

/* A type of elements in files, and what it becomes. */
typedef struct ElementInfo {
	size_t bytes;
	IrStorage storage;
} ElementInfo;

static const ElementInfo elements[] = {
	[DATA_U8] = {1, IR_STORED_U8},   [DATA_I8] = {1, IR_STORED_I8},    [DATA_BOOL8] = {1, IR_STORED_U8},
	[DATA_U16] = {2, IR_STORED_U16}, [DATA_I16] = {2, IR_STORED_I16},  [DATA_U32] = {4, IR_STORED_U32},
	[DATA_I32] = {4, IR_STORED_I32}, [DATA_U64] = {8, IR_STORED_I64},  [DATA_I64] = {8, IR_STORED_I64},
	[DATA_F16] = {2, IR_STORED_F32}, [DATA_BF16] = {2, IR_STORED_F32}, [DATA_F32] = {4, IR_STORED_F32},
	[DATA_F64] = {8, IR_STORED_F64},
};

size_t data_element_bytes(DataElement type) {
	return elements[type].bytes;
}

/* An IEEE half: 1 sign, 5 exponent, 10 fraction bits. */
static float from_half(uint64_t bits) {
	int exponent = (int)(bits >> 10 & 31), fraction = (int)(bits & 1023);
	double value = exponent == 31 ? (fraction ? (double)NAN : (double)INFINITY)
	               : exponent     ? ldexp(1024 + fraction, exponent - 25)
	                              : ldexp(fraction, -24);
	return (float)(bits >> 15 & 1 ? -value : value);
}

static float from_bits(uint64_t bits) {
	uint32_t narrow = (uint32_t)bits;
	float value;
	memcpy(&value, &narrow, sizeof value);
	return value;
}

static bool is_little_here(void) {
	const uint16_t one = 1;
	return *(const unsigned char *)&one == 1;
}

/* Element by element: other byte order, other type, or not aligned. */
static void copy_elements(void *to, DataElement type, bool little, const unsigned char *from, size_t count) {
	size_t width = elements[type].bytes;
	for (size_t i = 0; i < count; i++) {
		uint64_t bits = 0;
		for (size_t b = 0; b < width; b++)
			bits |= (uint64_t)from[i * width + (little ? b : width - 1 - b)] << (8 * b);
		switch (type) {
		case DATA_F16: ((float *)to)[i] = from_half(bits); break;
		case DATA_BF16: ((float *)to)[i] = from_bits(bits << 16); break;
		case DATA_U8:
		case DATA_I8:
		case DATA_BOOL8: ((uint8_t *)to)[i] = (uint8_t)bits; break;
		case DATA_U16:
		case DATA_I16: ((uint16_t *)to)[i] = (uint16_t)bits; break;
		case DATA_U32:
		case DATA_I32:
		case DATA_F32: ((uint32_t *)to)[i] = (uint32_t)bits; break;
		case DATA_U64:
		case DATA_I64:
		case DATA_F64: ((uint64_t *)to)[i] = bits; break;
		}
	}
}

double data_element(const DataArray *array, size_t at) {
	switch (array->storage) {
#define STORAGE(id, word, width, ctype)                                                                                \
	case IR_STORED_##id: return (double)((const ctype *)array->bytes)[at]; /* becomes: case IR_STORED_U8: return ... */
#include "ir/core/storage.def"
#undef STORAGE
	default: return 0;
	}
}

const char *data_element_name(Arena *arena, const DataArray *array, size_t at) {
	int64_t place[IR_USER_RANK];
	for (int i = array->rank - 1; i >= 0; i--) {
		place[i] = (int64_t)(at % (size_t)array->dims[i]);
		at /= (size_t)array->dims[i];
	}
	return array->rank ? arena_printf(arena, "element %s", data_shape(arena, array->rank, place)) : "its number";
}

/* The first NaN, or `count`. */
static size_t first_nan(const DataArray *array, size_t count) {
	for (size_t start = 0; start < count; start += DATA_CHECKED) {
		size_t end = start + DATA_CHECKED < count ? start + DATA_CHECKED : count;
		int bad = 0;
		if (array->storage == IR_STORED_F32)
			for (size_t i = start; i < end; i++)
				bad |= isunordered(((const float *)array->bytes)[i], 0.0F);
		else
			for (size_t i = start; i < end; i++)
				bad |= isunordered(((const double *)array->bytes)[i], 0.0);
		for (size_t i = start; bad && i < end; i++)
			if (isnan(data_element(array, i)))
				return i;
	}
	return count;
}

/* NaN in reals, anything but 0 and 1 in booleans, whole numbers of 2^61 and more: where and what. */
static const char *check_elements(Arena *arena, const DataArray *array) {
	size_t count = data_count(array), at = count;
	const char *what = "is not a number (NaN)";
	if (ir_storage_is_real(array->storage)) {
		at = first_nan(array, count);
	} else if (array->storage == IR_STORED_I64) {
		const int64_t *whole = array->bytes;
		for (at = 0; at < count && whole[at] < EX_FAR && whole[at] > -EX_FAR;)
			at++;
		what = "is a whole number of 2^61 or more";
	} else if (array->truth) {
		const uint8_t *bytes = array->bytes;
		for (at = 0; at < count && bytes[at] <= 1;)
			at++;
		what = "is neither 0 nor 1, but true or false is what it should be";
	}
	return at < count ? arena_printf(arena, "%s %s", data_element_name(arena, array, at), what) : NULL;
}

const char *data_place(DataInput *in, DataArray *array, DataElement type, bool little, const unsigned char *bytes,
                       size_t count) {
	const ElementInfo *info = &elements[type];
	array->storage = info->storage;
	array->truth = type == DATA_BOOL8;
	if (in->request->describe)
		return NULL;
	bool plain = type != DATA_F16 && type != DATA_BF16 && (info->bytes == 1 || little == is_little_here());
	size_t width = ir_storage_bytes(info->storage);
	const char *why = NULL;
	if (plain && in->mapped && (uintptr_t)bytes % info->bytes == 0) {
		array->bytes = bytes;
	} else {
		void *memory = data_memory(in, count * width, &why);
		if (!memory)
			return why;
		if (plain && count)
			memcpy(memory, bytes, count * width);
		else
			copy_elements(memory, type, little, bytes, count);
		array->bytes = memory;
	}
	return check_elements(in->arena, array);
}
