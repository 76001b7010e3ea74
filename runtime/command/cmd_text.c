/* Numbers, tables and lines of progress for people; JSON for programs. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "runtime/command/command.h"

const char *cmd_number(Arena *arena, double value, int digits) {
	if (isnan(value)) {
		return "nan";
	}
	if (isinf(value)) {
		return value > 0 ? "inf" : "-inf";
	}
	double size = fabs(value);
	if (size != 0 && (size < 1e-4 || size >= 1e7)) {
		return arena_printf(arena, "%.*e", digits - 1, value);
	}
	int before = size >= 1 ? (int)floor(log10(size)) + 1 : 1; /* 0.123 shows as many places as 1.234 */
	int places = digits - before + (size < 1 ? 1 : 0);
	return arena_printf(arena, "%.*f", places > 0 ? places : 0, value);
}

const char *cmd_count(Arena *arena, int64_t value) {
	char *plain = arena_printf(arena, "%lld", (long long)value);
	size_t length = strlen(plain), sign = value < 0;
	if (length - sign <= 4) {
		return plain;
	}
	Text text = text_new(arena);
	for (size_t i = 0; i < length; i++) {
		if (i > sign && (length - i) % 3 == 0) {
			text_char(&text, ' ');
		}
		text_char(&text, plain[i]);
	}
	return text_cstr(&text);
}

const char *cmd_time(Arena *arena, double seconds) {
	if (!(seconds >= 0) || isinf(seconds)) {
		return "?";
	}
	if (seconds < 0.9995) {
		return arena_printf(arena, "%.0f ms", seconds * 1000);
	}
	if (seconds < 60) {
		return arena_printf(arena, "%.1f s", seconds);
	}
	long whole = lround(seconds);
	if (whole < 3600) {
		return arena_printf(arena, "%ld min %02ld s", whole / 60, whole % 60);
	}
	return arena_printf(arena, "%ld h %02ld min", whole / 3600, whole / 60 % 60);
}

const char *cmd_dims(const Session *session, Arena *arena, IrType type, const IrFunc *func) {
	static const char *const words[] = {
		[IR_BOOL] = "bool", [IR_I32] = "int", [IR_I64] = "int", [IR_F32] = "real", [IR_F64] = "real"};
	Text text = text_new(arena);
	if (type.rank == 0 || !ir_scalar_is_real(type.scalar)) {
		text_printf(&text, "%s", words[type.scalar]);
	}
	for (uint8_t i = 0; i < type.rank; i++) {
		text_printf(&text, "%s", i == 0 ? "[" : ", ");
		if (type.dims[i] >= 0) {
			text_printf(&text, "%lld", (long long)type.dims[i]);
		} else {
			text_printf(&text, "%s", func ? session_text(session, func->symbols.data[-1 - type.dims[i]]) : "n");
		}
		text_printf(&text, "%s", i + 1 == type.rank ? "]" : "");
	}
	return text_cstr(&text);
}

void cmd_json_real(Text *text, double value) {
	if (isfinite(value)) {
		text_printf(text, "%.17g", value);
	} else {
		text_printf(text, "%s", isnan(value) ? "\"nan\"" : value > 0 ? "\"inf\"" : "\"-inf\"");
	}
}

void cmd_json_reals(Text *text, const double *values, int64_t count) {
	text_char(text, '[');
	for (int64_t i = 0; i < count; i++) {
		text_printf(text, "%s", i ? ", " : "");
		cmd_json_real(text, values[i]);
	}
	text_char(text, ']');
}

void cmd_json_text(Text *text, const char *string) {
	text_json(text, string, strlen(string));
}

static CmdExit write_all(Cmd *cmd, FILE *file, const char *path, const Text *text) {
	size_t wrote = fwrite(text_cstr(text), 1, text->length, file);
	if (wrote != text->length || fflush(file) != 0) {
		return cmd_fail(cmd, CMD_IO, "cannot write %s: %s", path, strerror(errno));
	}
	return CMD_OK;
}

CmdExit cmd_print(Cmd *cmd, const Text *text) {
	cmd_progress_end(cmd);
	return write_all(cmd, stdout, "the standard output", text);
}

CmdExit cmd_write_file(Cmd *cmd, const char *path, const Text *text) {
	const char *error = file_write(cmd->arena, path, text_cstr(text), text->length, true);
	if (error) {
		return cmd_fail(cmd, CMD_IO, "%s", error);
	}
	cmd_interrupt_says(arena_printf(cmd->arena, "%s is written", path));
	return CMD_OK;
}

void cmd_call_text(const Session *session, const FeCall *call, Text *out) {
	text_printf(out, "%s", session_text(session, call->decl->name.name));
	for (uint32_t i = 0; i < call->values.count; i++) {
		const char *written = source_excerpt(session, out->arena, call->values.data[i]->span);
		text_printf(out, "%s%s = ", i ? ", " : "(", session_text(session, call->names.data[i]));
		text_plain(out, written, strlen(written), false);
	}
	text_printf(out, "%s", call->values.count ? ")" : "");
}

/* ---- progress ---- */

int cmd_width(int fd) {
	struct winsize size;
	if (isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
		return size.ws_col;
	}
	return 80;
}

static const double plain_every = 5; /* seconds between two lines where lines cannot be redrawn */

void cmd_progress(Cmd *cmd, bool last, const char *format, ...) {
	double now = rt_seconds();
	if (!last && now - cmd->said < (cmd->live ? 0.1 : plain_every)) {
		return;
	}
	cmd->said = now;
	ArenaMark mark = arena_mark(cmd->arena);
	Text line = text_new(cmd->arena);
	va_list args;
	va_start(args, format);
	const char *bytes = arena_vprintf(cmd->arena, format, args);
	va_end(args);
	size_t length = strlen(bytes), room = cmd->live ? (size_t)cmd_width(STDERR_FILENO) - 1 : length;
	for (size_t i = 0, shown = 0; i < length && shown < room; shown++) {
		uint32_t c, step = text_decode(bytes + i, length - i, &c);
		text_encode(&line, text_is_plain(c) ? c : 0xFFFD);
		i += step;
	}
	if (cmd->live) {
		fprintf(stderr, "\r%s\033[K%s", text_cstr(&line), last ? "\n" : "");
	} else {
		fprintf(stderr, "%s\n", text_cstr(&line));
	}
	fflush(stderr);
	cmd->line_open = cmd->live && !last;
	arena_release(cmd->arena, mark);
}

void cmd_progress_end(Cmd *cmd) {
	if (cmd->line_open) {
		fputc('\n', stderr);
		cmd->line_open = false;
	}
}

/* ---- tables ---- */

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
	for (const char *c = text; *c; c++) {
		width += ((unsigned char)*c & 0xC0) != 0x80;
	}
	return width;
}

/* "a long name ... its end" of `width` characters. */
static const char *cut_middle(Arena *arena, const char *text, uint32_t width) {
	uint32_t length = width_of(text), keep = (width - 3) / 2, at = 0;
	if (length <= width) {
		return text;
	}
	Text out = text_new(arena);
	for (const char *c = text; *c; c++) {
		bool starts = ((unsigned char)*c & 0xC0) != 0x80;
		at += starts;
		if (starts && at == width - 3 - keep + 1) {
			text_printf(&out, "...");
		}
		if (at <= width - 3 - keep || at > length - keep) {
			text_char(&out, *c);
		}
	}
	return text_cstr(&out);
}

/* How many bytes of a cell stand in a line of `room` characters: all, or up to a space, or as many as there is room for. */
static size_t line_of_cell(const char *cell, uint32_t room) {
	size_t bytes = 0, space = 0;
	for (uint32_t shown = 0; cell[bytes]; shown++) {
		if (shown == room) {
			return space ? space : bytes;
		}
		for (bytes++; ((unsigned char)cell[bytes] & 0xC0) == 0x80;) {
			bytes++;
		}
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
		if (*cell == '\0') {
			return;
		}
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
		if (*text) {
			text_printf(out, "%*s", (int)indent, "");
		}
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
	enum { LEAST_TEXT = 24 };
	bool text = k + 1 == table->columns && (table->left >> k & 1);
	uint32_t width = text && widths[k] > LEAST_TEXT ? LEAST_TEXT : widths[k];
	return used + 2 + width <= line;
}

void cmd_table(const CmdTable *table, const char *indent, Text *out) {
	enum { LONGEST_FIRST = 32 };
	uint32_t *widths = ARENA_ARRAY(table->arena, uint32_t, table->columns);
	uint32_t all = (uint32_t)strlen(indent), line = line_width();
	for (uint32_t i = 0; i < table->cells.count; i++) {
		uint32_t width = width_of(table->cells.data[i]);
		uint32_t *column = &widths[i % table->columns];
		*column = width > *column ? width : *column;
	}
	for (uint32_t k = 0; k < table->columns; k++) {
		all += widths[k] + (k ? 2 : 0);
	}
	if (all > line && widths[0] > LONGEST_FIRST) {
		widths[0] = LONGEST_FIRST;
	}
	uint32_t from = 1;
	do { /* as many columns as there is room for; the others below, with the first one again */
		uint32_t to = from, used = (uint32_t)strlen(indent) + widths[0];
		while (to < table->columns && (to == from || has_room(table, widths, to, used, line))) {
			used += 2 + widths[to++];
		}
		text_printf(out, "%s", from > 1 ? "\n" : "");
		put_columns(table, widths, from, to, line, indent, out);
		from = to;
	} while (from < table->columns);
}
