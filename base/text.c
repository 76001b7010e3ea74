/* Building text: appending, shortest decimal numbers, UTF-8 and JSON strings. */
#include "base/base.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

Text text_new(Arena *arena) {
	return (Text){.arena = arena};
}

/* Room for `more` bytes and the NUL behind them. */
static void text_room(Text *text, size_t more) {
	size_t needed = text->length + more + 1;
	if (needed <= text->capacity)
		return;
	size_t capacity = text->capacity ? text->capacity * 2 : 64;
	if (capacity < needed)
		capacity = needed;
	char *data = arena_alloc(text->arena, capacity);
	if (text->length)
		memcpy(data, text->data, text->length);
	text->data = data;
	text->capacity = capacity;
}

void text_char(Text *text, char c) {
	text_bytes(text, &c, 1);
}

void text_bytes(Text *text, const char *bytes, size_t length) {
	if (!length)
		return;
	text_room(text, length);
	memcpy(text->data + text->length, bytes, length);
	text->length += length;
	text->data[text->length] = '\0';
}

void text_printf(Text *text, const char *format, ...) {
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		base_panic("text_printf", "format `%s` cannot be printed", format);
	if (length > 0) {
		text_room(text, (size_t)length);
		vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
		text->length += (size_t)length;
	}
	va_end(again);
}

const char *text_cstr(const Text *text) {
	return text->length ? text->data : "";
}

const char *text_of_bytes(Arena *arena, double bytes) {
	static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
	size_t unit = 0;
	while (bytes >= 1000 && unit + 1 < sizeof units / sizeof *units) {
		bytes /= 1000;
		unit++;
	}
	return arena_printf(arena, unit > 0 && bytes < 10 ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

const char *text_of_number(Arena *arena, double value) {
	bool whole = value > -1e15 && value < 1e15 && value == (double)(int64_t)value;
	return arena_printf(arena, whole ? "%.0f" : "%g", value);
}

/* True if the decimal text reads back as the same number. */
static bool reads_back(const char *decimal, double value, bool is_f32) {
	if (is_f32)
		return strtof(decimal, NULL) == (float)value; /* equal as numbers: the sign of zero is printed by itself */
	return strtod(decimal, NULL) == value;
}

void text_real(Text *text, double value, bool is_f32) {
	if (is_f32)
		value = (double)(float)value;
	if (isnan(value)) {
		text_printf(text, "nan");
		return;
	}
	if (signbit(value))
		text_char(text, '-');
	value = fabs(value);
	if (isinf(value) || value == 0) {
		text_printf(text, "%s", value == 0 ? "0" : "inf");
		return;
	}
	char decimal[40]; /* d.ddde+123 with the fewest digits that read back */
	int most = is_f32 ? 8 : 16;
	for (int digits = 0; digits <= most; digits++) {
		snprintf(decimal, sizeof decimal, "%.*e", digits, value);
		if (reads_back(decimal, value, is_f32))
			break;
	}
	char *mark = strchr(decimal, 'e');
	int exponent = (int)strtol(mark + 1, NULL, 10);
	char digits[24];
	int count = 0;
	for (const char *c = decimal; c < mark; c++)
		if (*c != '.')
			digits[count++] = *c;
	if (exponent < -5 || exponent > 15) {
		text_bytes(text, decimal, (size_t)(mark - decimal));
		text_printf(text, "e%d", exponent);
		return;
	}
	if (exponent < 0) {
		text_printf(text, "0.");
		for (int i = -1; i > exponent; i--)
			text_char(text, '0');
	}
	for (int i = 0; i < count || i <= exponent; i++) {
		if (i == exponent + 1 && exponent >= 0)
			text_char(text, '.');
		text_char(text, i < count ? digits[i] : '0');
	}
}

uint32_t text_decode(const char *bytes, size_t length, uint32_t *code_point) {
	const unsigned char *c = (const unsigned char *)bytes;
	*code_point = 0xFFFD;
	if (!length)
		return 0;
	if (c[0] < 0x80) {
		*code_point = c[0];
		return 1;
	}
	uint32_t size = c[0] >= 0xF0 ? 4 : c[0] >= 0xE0 ? 3 : 2;
	if (c[0] < 0xC2 || c[0] > 0xF4 || size > length)
		return 1;
	uint32_t value = c[0] & (0x7FU >> size);
	for (uint32_t i = 1; i < size; i++) {
		if ((c[i] & 0xC0) != 0x80)
			return 1;
		value = value << 6 | (c[i] & 0x3FU);
	}
	bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
	if (overlong || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
		return 1;
	*code_point = value;
	return size;
}

void text_encode(Text *text, uint32_t code_point) {
	char bytes[4];
	size_t length = 1;
	if (code_point < 0x80) {
		bytes[0] = (char)code_point;
	} else if (code_point < 0x800) {
		bytes[0] = (char)(0xC0 | code_point >> 6);
		length = 2;
	} else if (code_point < 0x10000) {
		bytes[0] = (char)(0xE0 | code_point >> 12);
		length = 3;
	} else {
		bytes[0] = (char)(0xF0 | (code_point >> 18 & 0x07));
		length = 4;
	}
	for (size_t i = 1; i < length; i++)
		bytes[i] = (char)(0x80 | (code_point >> (6 * (length - 1 - i)) & 0x3F));
	text_bytes(text, bytes, length);
}

bool text_is_plain(uint32_t c) {
	static const uint32_t refused[][2] = {
		{0x00, 0x1F},     {0x7F, 0x9F},     {0x061C, 0x061C}, {0x200E, 0x200F}, {0x2028, 0x202E},   {0x2066, 0x2069},
		{0xD800, 0xDFFF}, {0xFDD0, 0xFDEF}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
	};
	if ((c & 0xFFFE) == 0xFFFE)
		return false;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if (c >= refused[i][0] && c <= refused[i][1])
			return false;
	return true;
}

uint32_t text_decode_plain(const char *bytes, size_t length, uint32_t *code_point) {
	uint32_t taken = text_decode(bytes, length, code_point);
	if (*code_point != '\n' && *code_point != '\t' && !text_is_plain(*code_point))
		*code_point = 0xFFFD;
	return taken;
}

void text_plain(Text *text, const char *bytes, size_t length, bool lines) {
	for (size_t i = 0; i < length;) {
		uint32_t c;
		i += text_decode_plain(bytes + i, length - i, &c);
		text_encode(text, c == '\t' || (c == '\n' && !lines) ? ' ' : c);
	}
}

/* As JSON escapes it: two halves above the first plane. */
static void text_escape(Text *text, uint32_t c) {
	if (c < 0x10000)
		text_printf(text, "\\u%04x", (unsigned)c);
	else
		text_printf(text, "\\u%04x\\u%04x", (unsigned)(0xD7C0 + (c >> 10)), (unsigned)(0xDC00 | (c & 0x3FF)));
}

void text_json(Text *text, const char *bytes, size_t length) {
	text_char(text, '"');
	for (size_t i = 0; i < length;) {
		uint32_t c;
		i += text_decode(bytes + i, length - i, &c);
		if (c == '"' || c == '\\')
			text_printf(text, "\\%c", (char)c);
		else if (c == '\n')
			text_printf(text, "\\n");
		else if (c == '\t')
			text_printf(text, "\\t");
		else if (!text_is_plain(c))
			text_escape(text, c);
		else
			text_encode(text, c);
	}
	text_char(text, '"');
}

uint32_t text_width(uint32_t c) {
	static const uint32_t none[][2] = {
		{0x0300, 0x036F}, {0x0483, 0x0489}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},
		{0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F},
	};
	static const uint32_t wide[][2] = {
		{0x1100, 0x115F}, {0x2E80, 0x303E}, {0x3041, 0xA4CF},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},
		{0xFE30, 0xFE6F}, {0xFF00, 0xFF60}, {0x1F300, 0x1F64F}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
	};
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		if (c >= none[i][0] && c <= none[i][1])
			return 0;
	for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
		if (c >= wide[i][0] && c <= wide[i][1])
			return 2;
	return 1;
}
