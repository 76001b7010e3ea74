/* Numbers of text: read from their digits, and kept in the smallest storage that holds them all. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/limits.h"
#include "runtime/data/data.h"

/* ---- reading ---- */

static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* Numbers of up to MOST_DIGITS digits, and powers of ten up to that, are whole numbers of 64 bits. */
enum { MOST_DIGITS = 19 };

static const uint64_t tens[MOST_DIGITS + 1] = {1,
                                               10,
                                               100,
                                               1000,
                                               10000,
                                               100000,
                                               1000000,
                                               10000000,
                                               100000000,
                                               1000000000,
                                               10000000000,
                                               100000000000,
                                               1000000000000,
                                               10000000000000,
                                               100000000000000,
                                               1000000000000000,
                                               10000000000000000,
                                               100000000000000000,
                                               1000000000000000000,
                                               10000000000000000000u};

/* 2^exponent, of a normal number. */
static double power_of_two(int exponent) {
	uint64_t bits = (uint64_t)(exponent + 1023) << 52;
	double power;
	memcpy(&power, &bits, sizeof power);
	return power;
}

__extension__ typedef unsigned __int128 Wide;

/* digits * 10^exponent with one rounding, for exponents of at most MOST_DIGITS either way: as a whole number of at least 62 bits,
 * whose last one says whether anything was cut off, times a power of two. */
static double rounded(uint64_t digits, int exponent) {
	if (digits == 0)
		return 0;
	if (exponent >= 0) {
		Wide product = (Wide)digits * tens[exponent];
		uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product;
		if (high == 0)
			return (double)low;
		int left = __builtin_clzll(high);
		uint64_t kept = left ? high << left | low >> (64 - left) : high;
		bool cut = (left ? low << left : low) != 0;
		return (double)(kept | cut) * power_of_two(64 - left);
	}
	int up = __builtin_clzll(digits), down = __builtin_clzll(tens[-exponent]);
	uint64_t divisor = tens[-exponent] << down;
	Wide dividend = (Wide)(digits << up) << 63;
	uint64_t quotient = (uint64_t)(dividend / divisor);
	bool cut = (Wide)quotient * divisor != dividend;
	return (double)(quotient | cut) * power_of_two(down - up - 63);
}

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

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
enum { BLOCK_DIGITS = 8 };

/* The digits at the start of 8 bytes: how many, and their value. */
static int read_block(const char *at, uint64_t *value) {
	uint64_t bytes;
	memcpy(&bytes, at, sizeof bytes);
	bytes ^= UINT64_C(0x3030303030303030); /* digits become 0 to 9 */
	uint64_t others = (bytes | (bytes + UINT64_C(0x7676767676767676))) & UINT64_C(0x8080808080808080);
	int count = others ? __builtin_ctzll(others) / 8 : BLOCK_DIGITS;
	if (count == 0)
		return 0;
	bytes <<= 64 - 8 * count; /* zeros before them */
	bytes = bytes * 10 + (bytes >> 8);
	const uint64_t pairs = UINT64_C(0x000000ff000000ff);
	*value =
		((bytes & pairs) * UINT64_C(0x000f424000000064) + ((bytes >> 16) & pairs) * UINT64_C(0x0000271000000001)) >> 32;
	return count;
}
#else
enum { BLOCK_DIGITS = 1 };

static int read_block(const char *at, uint64_t *value) {
	*value = (uint64_t)(unsigned char)(*at - '0');
	return *value < 10;
}
#endif

/* The digits at `at`, behind those that *digits holds; *count of them in all. Beyond MOST_DIGITS *digits means nothing. */
static const char *read_digits(const char *at, const char *end, uint64_t *digits, int *count) {
	uint64_t value;
	int more = BLOCK_DIGITS;
	while (more == BLOCK_DIGITS && end - at >= BLOCK_DIGITS) {
		more = read_block(at, &value);
		*digits = more ? *digits * tens[more] + value : *digits;
		*count += more;
		at += more;
	}
	for (; more == BLOCK_DIGITS && at < end && *at >= '0' && *at <= '9'; at++) {
		*digits = *digits * 10 + (uint64_t)(*at - '0');
		++*count;
	}
	return at;
}

/* Behind the power of ten that stands at `at`, if one does; NULL if its digits are missing. */
static const char *read_power(const char *at, const char *end, int *exponent) {
	if (at == end || (*at | 32) != 'e')
		return at;
	bool down = ++at < end && *at == '-';
	if (at < end && (*at == '-' || *at == '+'))
		at++;
	if (at == end || *at < '0' || *at > '9')
		return NULL;
	int power = 0;
	for (; at < end && *at >= '0' && *at <= '9'; at++)
		power = power < 100000 ? power * 10 + (*at - '0') : power;
	*exponent += down ? -power : power;
	return at;
}

const char *data_number_at(const char *text, const char *end, double *out) {
	const char *at = text;
	bool negative = at < end && *at == '-';
	at += negative || (at < end && *at == '+');
	uint64_t digits = 0;
	int count = 0, exponent = 0;
	at = read_digits(at, end, &digits, &count);
	if (at < end && *at == '.') {
		int whole = count;
		at = read_digits(at + 1, end, &digits, &count);
		exponent = whole - count;
	}
	if (count == 0 || !(at = read_power(at, end, &exponent)))
		return NULL;
	if (count > MOST_DIGITS || exponent < -MOST_DIGITS || exponent > MOST_DIGITS)
		return slow_number(text, (size_t)(at - text), out) ? at : NULL;
	/* Where the digits are a double and the power of ten is one, there is one rounding (Clinger 1990). */
	double value = digits > UINT64_C(1) << 53 ? rounded(digits, exponent)
	               : exponent < 0             ? (double)digits / powers[-exponent]
	                                          : (double)digits * powers[exponent];
	*out = negative ? -value : value;
	return at;
}

bool data_number(const char *text, size_t length, double *out) {
	return data_number_at(text, text + length, out) == text + length || is_infinity(text, length, out);
}

bool data_overflows(const char *text, size_t length, double value) {
	for (size_t i = 0; isinf(value) && i < length; i++)
		if (text[i] >= '0' && text[i] <= '9')
			return true;
	return false;
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
	static const IrStorage storages[] = {IR_STORED_U8,  IR_STORED_I8,  IR_STORED_U16, IR_STORED_I16,
	                                     IR_STORED_U32, IR_STORED_I32, IR_STORED_I64};
	for (size_t i = 0; whole && i < sizeof storages / sizeof *storages; i++) {
		int64_t least, most;
		ir_storage_range(storages[i], &least, &most);
		if (low >= fmax((double)least, -(double)EX_FAR) && high <= fmin((double)most, (double)EX_FAR))
			return storages[i];
	}
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
	if (numbers->storage == IR_STORED_F64 && (numbers->count + 1) * sizeof value <= numbers->block.length) {
		((double *)numbers->block.bytes)[numbers->count++] = value; /* that holds everything */
		return NULL;
	}
	bool whole = fabs(value) < 0x1p53 && value == (double)(int64_t)value && !(value == 0 && signbit(value));
	return push_one(numbers, value, whole);
}

/* Digits and nothing else, of 2^53 or more, which a double may not hold, and below 2^61, as `int` is. */
static bool long_whole(const char *text, size_t length, double value, int64_t *out) {
	if (!(fabs(value) >= 0x1p53 && fabs(value) <= (double)EX_FAR) || length > 64)
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
	return number < EX_FAR;
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

const char *data_fit_text(DataNumbers *numbers, const char *text, size_t length, double value) {
	if (numbers->storage == IR_STORED_F64)
		return NULL; /* that holds everything */
	const char *why = data_push_text(numbers, text, length, value);
	numbers->count = 0;
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
