/* Columns of text, and lines as wide as the terminal. */
#include <string.h>
#include <unistd.h>

#include "runtime/command/command.h"
#include "runtime/command/limits.h"

void cmd_cell(CmdTable *table, const char *format, ...) {
	va_list args;
	va_start(args, format);
	const char *cell = arena_vprintf(table->arena, format, args);
	va_end(args);
	Text plain = text_new(table->arena);
	text_plain(&plain, cell, strlen(cell), false);
	vec_push(table->arena, &table->cells, text_cstr(&plain));
}

static uint32_t width_of(const char *text) {
	uint32_t width = 0;
	for (const char *c = text; *c; c++)
		width += ((unsigned char)*c & 0xC0) != 0x80;
	return width;
}

/* "a long name ... its end" of `width` characters. */
static const char *cut_middle(Arena *arena, const char *text, uint32_t width) {
	uint32_t length = width_of(text), keep = (width - 3) / 2, at = 0;
	if (length <= width)
		return text;
	Text out = text_new(arena);
	for (const char *c = text; *c; c++) {
		bool starts = ((unsigned char)*c & 0xC0) != 0x80;
		at += starts;
		if (starts && at == width - 3 - keep + 1)
			text_printf(&out, "...");
		if (at <= width - 3 - keep || at > length - keep)
			text_char(&out, *c);
	}
	return text_cstr(&out);
}

/* How many bytes of a cell stand in a line of `room` characters: all, or up to a space, or as many as there is room for. */
static size_t line_of_cell(const char *cell, uint32_t room) {
	size_t bytes = 0, space = 0;
	for (uint32_t shown = 0; cell[bytes]; shown++) {
		if (shown == room)
			return space ? space : bytes;
		for (bytes++; ((unsigned char)cell[bytes] & 0xC0) == 0x80;)
			bytes++;
		space = cell[bytes] == ' ' && shown < room ? bytes : space;
	}
	return bytes;
}

static uint32_t line_width(void) {
	int width = cmd_width(STDOUT_FILENO);
	return width < 60 ? 60 : (uint32_t)width;
}

/* A cell that is longer than its line goes on below itself. */
static void put_cell(const char *cell, uint32_t room, uint32_t column, Text *out) {
	for (;;) {
		size_t bytes = line_of_cell(cell, room);
		text_bytes(out, cell, bytes);
		cell += bytes + strspn(cell + bytes, " ");
		if (*cell == '\0')
			return;
		text_printf(out, "\n%*s", (int)column, "");
	}
}

void cmd_wrap(const char *text, uint32_t start, uint32_t indent, Text *out) {
	uint32_t width = line_width(), room = width - start;
	while (*text) {
		size_t bytes = line_of_cell(text, room);
		text_bytes(out, text, bytes);
		text += bytes + strspn(text + bytes, " ");
		text_char(out, '\n');
		room = width - indent;
		if (*text)
			text_printf(out, "%*s", (int)indent, "");
	}
}

/* The rows, with the first column and columns from .. to - 1. */
static void put_columns(const CmdTable *table, const uint32_t *widths, uint32_t from, uint32_t to, uint32_t line,
                        const char *indent, Text *out) {
	for (uint32_t row = 0; row < table->cells.count; row += table->columns) {
		const char *first = cut_middle(table->arena, table->cells.data[row], widths[0]);
		uint32_t at = (uint32_t)strlen(indent) + widths[0];
		text_printf(out, "%s%s%*s", indent, first, from < to ? (int)(widths[0] - width_of(first)) : 0, "");
		for (uint32_t k = from; k < to; k++) {
			const char *cell = table->cells.data[row + k];
			uint32_t width = width_of(cell), room = line - at - 2;
			bool left = table->left >> k & 1;
			int pad = width < widths[k] ? (int)(widths[k] - width) : 0;
			text_printf(out, "  %*s", left ? 0 : pad, "");
			put_cell(cell, widths[k] > room ? room : widths[k], at + 2, out);
			text_printf(out, "%*s", left && k + 1 < to ? pad : 0, "");
			at += 2 + widths[k];
		}
		text_char(out, '\n');
	}
}

/* Does column k, behind `used` characters, find room? Of a last column of text a part of it is enough. */
static bool has_room(const CmdTable *table, const uint32_t *widths, uint32_t k, uint32_t used, uint32_t line) {
	bool text = k + 1 == table->columns && (table->left >> k & 1);
	uint32_t width = text && widths[k] > CMD_LEAST_TEXT ? CMD_LEAST_TEXT : widths[k];
	return used + 2 + width <= line;
}

void cmd_table(const CmdTable *table, const char *indent, Text *out) {
	uint32_t *widths = ARENA_ARRAY(table->arena, uint32_t, table->columns);
	uint32_t all = (uint32_t)strlen(indent), line = line_width();
	for (uint32_t i = 0; i < table->cells.count; i++) {
		uint32_t width = width_of(table->cells.data[i]);
		uint32_t *column = &widths[i % table->columns];
		*column = width > *column ? width : *column;
	}
	for (uint32_t k = 0; k < table->columns; k++)
		all += widths[k] + (k ? 2 : 0);
	if (all > line && widths[0] > CMD_MOST_FIRST)
		widths[0] = CMD_MOST_FIRST;
	uint32_t from = 1;
	do { /* as many columns as there is room for; the others below, with the first one again */
		uint32_t to = from, used = (uint32_t)strlen(indent) + widths[0];
		while (to < table->columns && (to == from || has_room(table, widths, to, used, line)))
			used += 2 + widths[to++];
		text_printf(out, "%s", from > 1 ? "\n" : "");
		put_columns(table, widths, from, to, line, indent, out);
		from = to;
	} while (from < table->columns);
}
