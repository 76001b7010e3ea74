/* Numbers of text: read from their digits, and kept in the smallest storage that holds them all. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/data/data.h"

/* ---- reading ---- */

static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* By the C library: for many digits and large exponents. */
static bool slow_number(const char *text, size_t length, double *out) {
	char copy[1024];
	if (length >= sizeof copy)
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	char *end;
	*out = strtod(copy, &end);
	return end == copy + length;
}

static bool is_infinity(const char *text, size_t length, double *out) {
	bool negative = length > 0 && text[0] == '-';
	if (length > 0 && (text[0] == '-' || text[0] == '+'))
		text++, length--;
	static const char *const words[] = {"inf", "infinity"};
	for (size_t w = 0; w < 2; w++) {
		size_t i = 0;
		while (i < length && words[w][i] && (text[i] | 32) == words[w][i])
			i++;
		if (i == length && !words[w][i]) {
			*out = negative ? -(double)INFINITY : (double)INFINITY;
			return true;
		}
	}
	return false;
}

bool data_number(const char *text, size_t length, double *out) {
	const char *at = text, *end = text + length;
	bool negative = at < end && *at == '-';
	if (at < end && (*at == '-' || *at == '+'))
		at++;
	uint64_t digits = 0;
	int count = 0, exponent = 0; /* digits that count; where the point is */
	bool any = false, exact = true, point = false;
	for (; at < end && ((*at >= '0' && *at <= '9') || (*at == '.' && !point)); at++) {
		if (*at == '.') {
			point = true;
			continue;
		}
		any = true;
		exponent -= point;
		if (count == 0 && *at == '0')
			continue;
		digits = count < 18 ? digits * 10 + (uint64_t)(*at - '0') : digits;
		exact = exact && count < 18;
		count++;
	}
	if (!any)
		return is_infinity(text, length, out);
	if (at < end && (*at | 32) == 'e') {
		bool down = ++at < end && *at == '-';
		if (at < end && (*at == '-' || *at == '+'))
			at++;
		int power = 0;
		if (at == end)
			return false;
		for (; at < end && *at >= '0' && *at <= '9'; at++)
			power = power < 100000 ? power * 10 + (*at - '0') : power;
		exponent += down ? -power : power;
	}
	if (at != end)
		return false;
	/* Exact where the digits are a double and the power of ten is one: then there is one rounding (Clinger 1990). */
	if (exact && digits < UINT64_C(1) << 53 && exponent >= -22 && exponent <= 22) {
		double value = (double)digits;
		value = exponent < 0 ? value / powers[-exponent] : value * powers[exponent];
		*out = negative ? -value : value;
		return true;
	}
	return slow_number(text, length, out);
}

/* ---- keeping ---- */

DataNumbers data_numbers(DataInput *in) {
	return (DataNumbers){.in = in, .storage = IR_STORED_U8, .low = INFINITY, .high = -(double)INFINITY, .whole = true};
}

static void put(void *bytes, IrStorage storage, size_t at, double value) {
	switch (storage) {
#define STORAGE(id, word, width, ctype)                                                                                \
	case IR_STORED_##id:                                                                                               \
		((ctype *)bytes)[at] = (ctype)value;                                                                           \
		break; /* becomes: case IR_STORED_U8: ((uint8_t *)bytes)... */
#include "ir/core/storage.def"
#undef STORAGE
	default: break;
	}
}

static double get(const void *bytes, IrStorage storage, size_t at) {
	DataArray array = {.storage = storage, .bytes = bytes};
	return data_element(&array, at);
}

/* The smallest storage of whole numbers between two. */
static IrStorage smallest(double low, double high, bool whole) {
	static const struct {
		IrStorage storage;
		double low, high;
	} sizes[] = {
		{IR_STORED_U8, 0, 255},           {IR_STORED_I8, -128, 127},        {IR_STORED_U16, 0, 65535},
		{IR_STORED_I16, -32768, 32767},   {IR_STORED_U32, 0, 4294967295.0}, {IR_STORED_I32, -2147483648.0, 2147483647},
		{IR_STORED_I64, -0x1p61, 0x1p61},
	};
	for (size_t i = 0; whole && i < sizeof sizes / sizeof *sizes; i++)
		if (low >= sizes[i].low && high <= sizes[i].high)
			return sizes[i].storage;
	return IR_STORED_F64;
}

/* Another storage, or more room. */
static const char *change(DataNumbers *numbers, IrStorage storage, size_t capacity) {
	DataInput *in = numbers->in;
	size_t limit = in->request->limit, width = ir_storage_bytes(storage);
	if (limit && numbers->count * width > limit)
		return arena_printf(in->arena, "it needs more than %.3g MB of memory, which is the limit", (double)limit / 1e6);
	if (storage == numbers->storage && capacity) {
		void *larger = realloc(numbers->block.bytes, capacity * width);
		if (!larger)
			return "there is no memory for it";
		numbers->block = (DataBlock){larger, capacity * width, false};
		return NULL;
	}
	size_t room = numbers->block.length / ir_storage_bytes(numbers->storage);
	void *other = malloc(room * width + 1);
	if (!other)
		return "there is no memory for it";
	for (size_t i = 0; i < numbers->count; i++)
		put(other, storage, i, get(numbers->block.bytes, numbers->storage, i));
	free(numbers->block.bytes);
	numbers->block = (DataBlock){other, room * width, false};
	numbers->storage = storage;
	return NULL;
}

static const char *push_one(DataNumbers *numbers, double value, bool whole) {
	const char *why = NULL;
	if (value < numbers->low || value > numbers->high || (!whole && numbers->whole)) {
		numbers->low = fmin(numbers->low, value);
		numbers->high = fmax(numbers->high, value);
		numbers->whole = numbers->whole && whole;
		IrStorage storage = smallest(numbers->low, numbers->high, numbers->whole);
		if (storage != numbers->storage)
			why = change(numbers, storage, 0);
	}
	size_t room = numbers->block.length / ir_storage_bytes(numbers->storage);
	if (!why && numbers->count == room)
		why = change(numbers, numbers->storage, room < 1024 ? 1024 : room * 2);
	if (!why)
		put(numbers->block.bytes, numbers->storage, numbers->count++, value);
	return why;
}

const char *data_push(DataNumbers *numbers, double value) {
	/* -0 is no whole number: it would lose its sign. From 2^53 on a double may be the neighbour of what was written. */
	bool whole = value == floor(value) && fabs(value) < 0x1p53 && !(value == 0 && signbit(value));
	return push_one(numbers, value, whole);
}

/* Digits and nothing else, of 2^53 or more, which a double may not hold, and below 2^61, as `int` is. */
static bool long_whole(const char *text, size_t length, double value, int64_t *out) {
	if (!(fabs(value) >= 0x1p53 && fabs(value) <= 0x1p61) || length > 64)
		return false;
	const char *at = text, *end = text + length;
	bool negative = *at == '-';
	at += negative || *at == '+';
	int64_t number = 0;
	for (; at < end; at++) {
		if (*at < '0' || *at > '9')
			return false;
		number = number * 10 + (*at - '0'); /* it is about 2^61 at most */
	}
	*out = negative ? -number : number;
	return number < INT64_C(1) << 61;
}

const char *data_push_text(DataNumbers *numbers, const char *text, size_t length, double value) {
	int64_t number;
	if (!long_whole(text, length, value, &number))
		return data_push(numbers, value);
	const char *why = push_one(numbers, value, true);
	if (!why)
		data_set_text(numbers, numbers->count - 1, text, length, value);
	return why;
}

void data_set_text(DataNumbers *numbers, size_t at, const char *text, size_t length, double value) {
	int64_t number;
	if (numbers->storage == IR_STORED_I64 && long_whole(text, length, value, &number))
		((int64_t *)numbers->block.bytes)[at] = number;
	else
		data_set(numbers, at, value);
}

void data_set(DataNumbers *numbers, size_t at, double value) {
	put(numbers->block.bytes, numbers->storage, at, value);
}

void data_drop(DataNumbers *numbers) {
	free(numbers->block.bytes);
	numbers->block = (DataBlock){0};
}

void data_take(DataNumbers *numbers, size_t first, DataArray *array) {
	size_t width = ir_storage_bytes(numbers->storage), count = numbers->count - first;
	if (first && count)
		memmove(numbers->block.bytes, (char *)numbers->block.bytes + first * width, count * width);
	void *fitting = numbers->block.bytes ? realloc(numbers->block.bytes, count * width + 1) : NULL;
	numbers->block.bytes = fitting ? fitting : numbers->block.bytes;
	numbers->block.length = count * width;
	array->storage = numbers->storage;
	array->bytes = numbers->block.bytes;
	vec_push(numbers->in->arena, &numbers->in->out->blocks, numbers->block);
	numbers->block = (DataBlock){0};
}
