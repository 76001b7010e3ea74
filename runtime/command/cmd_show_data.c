/* gradus show data: what a file of data holds, as a program sees it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/command/command.h"
#include "runtime/command/limits.h"
#include "runtime/data/data.h"

/* 3, 1..31, or a name */
static DataColumn column_of(const char *word) {
	char *end;
	long long low = strtoll(word, &end, 10), high = low + 1;
	if (end != word && strncmp(end, "..", 2) == 0)
		high = strtoll(end + 2, &end, 10);
	return end != word && *end == '\0' ? (DataColumn){.low = low, .high = high} : (DataColumn){.name = word};
}

/* Of an array of whole numbers: a double does not hold them all. */
static const char *whole_text(Cmd *cmd, const DataArray *array, size_t at) {
	if (array->storage == IR_STORED_I64)
		return arena_printf(cmd->arena, "%lld", (long long)((const int64_t *)array->bytes)[at]);
	return arena_printf(cmd->arena, "%.0f", data_element(array, at));
}

static void put_range(Cmd *cmd, const DataArray *array, Text *out) {
	size_t count = data_count(array);
	double low = INFINITY, high = -(double)INFINITY;
	size_t least = 0, most = 0;
	for (size_t i = 0; i < count; i++) {
		double value = data_element(array, i);
		least = value < low ? i : least;
		most = value > high ? i : most;
		low = value < low ? value : low;
		high = value > high ? value : high;
	}
	bool real = ir_storage_is_real(array->storage);
	if (count && real)
		text_printf(out, ", from %s to %s", cmd_number(cmd->arena, low, 6), cmd_number(cmd->arena, high, 6));
	else if (count)
		text_printf(out, ", from %s to %s", whole_text(cmd, array, least), whole_text(cmd, array, most));
}

static void put_words(Cmd *cmd, const DataWords *of, Text *out) {
	Text words = text_new(cmd->arena);
	for (uint32_t i = 0; i < of->count && i < CMD_SHOWN_WORDS; i++) {
		text_printf(&words, "%s%u ", i ? ", " : "", i);
		text_plain(&words, of->texts[i], strlen(of->texts[i]), false);
	}
	text_printf(&words, "%s", of->count > CMD_SHOWN_WORDS ? ", ..." : "");
	text_printf(out, "  words: ");
	cmd_wrap(text_cstr(&words), 9, 9, out);
}

/* The first rows: along the first axis, the others flat. */
static void put_rows(Cmd *cmd, const DataArray *array, Text *out) {
	size_t rows = array->rank ? (size_t)array->dims[0] : 1, count = data_count(array);
	size_t width = rows ? count / rows : 0;
	size_t shown = rows < CMD_SHOWN_ROWS ? rows : CMD_SHOWN_ROWS,
		   columns = width < CMD_SHOWN_COLUMNS ? width : CMD_SHOWN_COLUMNS;
	if (shown == 0 || columns == 0)
		return;
	bool more = columns < width;
	CmdTable table = {.arena = cmd->arena, .columns = (uint32_t)(columns + more)};
	for (size_t row = 0; row < shown; row++) {
		for (size_t k = 0; k < columns; k++) {
			size_t at = row * width + k;
			bool whole = !ir_storage_is_real(array->storage);
			cmd_cell(&table, "%s",
			         whole                            ? whole_text(cmd, array, at)
			         : isnan(data_element(array, at)) ? "missing"
			                                          : cmd_number(cmd->arena, data_element(array, at), 6));
		}
		if (more)
			cmd_cell(&table, "...");
	}
	cmd_table(&table, "    ", out);
	if (shown < rows)
		text_printf(out, "    ...\n");
}

static void put_array(Cmd *cmd, const DataArray *array, Text *out) {
	text_printf(out, "  ");
	text_plain(out, array->name, strlen(array->name), false);
	text_printf(out, "%s%s %s", array->name[0] ? " " : "", data_shape(cmd->arena, array->rank, array->dims),
	            array->truth ? "bool" : ir_storage_name(array->storage));
	put_range(cmd, array, out);
	text_printf(out, ", %s in memory\n", text_of_bytes(cmd->arena, (double)data_bytes(array)));
	if (array->words && array->dims[1] == 1)
		put_words(cmd, array->column_words, out);
	else if (array->words)
		text_printf(out, "  %s holds words, which are numbered\n", array->words);
	put_rows(cmd, array, out);
}

static void put_columns(Cmd *cmd, const DataFile *file, Text *out) {
	Text names = text_new(cmd->arena);
	for (uint32_t i = 0; i < file->columns.count; i++) {
		text_printf(&names, "%s%u ", i ? ", " : "", i);
		text_plain(&names, file->columns.data[i], strlen(file->columns.data[i]), false);
	}
	text_printf(out, "  columns: ");
	cmd_wrap(text_cstr(&names), 11, 11, out);
}

/* A program that reads such columns stops: what is missing is dropped or filled before. */
static void put_missing(Cmd *cmd, const DataFile *file, Text *out) {
	Text text = text_new(cmd->arena);
	for (uint32_t i = 0; i < file->missing.count; i++) {
		const DataMissing *m = &file->missing.data[i];
		text_printf(&text, "%s%s %zu (the first on line %zu)", i ? ", " : "", m->column, m->count, m->first_line);
	}
	if (file->missing.count == 0)
		return;
	text_printf(out, "  missing: ");
	cmd_wrap(text_cstr(&text), 11, 11, out);
	text_printf(out, "  a program that reads these columns stops there: drop the rows, or fill them, before\n");
}

CmdExit cmd_show_data(Cmd *cmd) {
	if (cmd->words.count == 0)
		return cmd_usage(cmd, "which file? gradus show data FILE [COLUMNS]");
	const char *path = cmd->words.data[0];
	VEC(DataColumn) columns = {0};
	DataRequest request = {.limit = cmd_memory(cmd), .look = true};
	for (uint32_t i = 1; i < cmd->words.count; i++) {
		CmdWords parts = {0};
		cmd_split(cmd, cmd->words.data[i], &parts);
		for (uint32_t k = 0; k < parts.count; k++)
			if (strcmp(parts.data[k], "bytes") == 0)
				request.raw = true;
			else
				vec_push(cmd->arena, &columns, column_of(parts.data[k]));
	}
	request.columns = columns.data;
	request.column_count = columns.count;
	DataFile file;
	const char *why = data_open(cmd->arena, path, &request, &file);
	if (why)
		return cmd_fail(cmd, CMD_IO, "cannot read data from %s: %s", path, why);
	Text out = text_new(cmd->arena);
	text_plain(&out, path, strlen(path), false);
	text_printf(&out, ": %s\n", file.format);
	if (file.columns.count)
		put_columns(cmd, &file, &out);
	for (uint32_t i = 0; i < file.arrays.count; i++)
		put_array(cmd, &file.arrays.data[i], &out);
	put_missing(cmd, &file, &out);
	data_close(&file);
	return cmd_print(cmd, &out);
}
