/* Numbers and words for people; JSON for programs. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "runtime/command/command.h"

const char *cmd_number(Arena *arena, double value, int digits) {
	if (isnan(value))
		return "nan";
	if (isinf(value))
		return value > 0 ? "inf" : "-inf";
	double size = fabs(value);
	if (size != 0 && (size < 1e-4 || size >= 1e7))
		return arena_printf(arena, "%.*e", digits - 1, value);
	int before = size >= 1 ? (int)floor(log10(size)) + 1 : 1; /* 0.123 shows as many places as 1.234 */
	int places = digits - before + (size < 1 ? 1 : 0);
	return arena_printf(arena, "%.*f", places > 0 ? places : 0, value);
}

const char *cmd_real(Arena *arena, double value, IrScalar real) {
	Text text = text_new(arena);
	text_real(&text, value, real == IR_F32);
	return text_cstr(&text);
}

const char *cmd_count(Arena *arena, int64_t value) {
	char *plain = arena_printf(arena, "%lld", (long long)value);
	size_t length = strlen(plain), sign = value < 0;
	if (length - sign <= 4)
		return plain;
	Text text = text_new(arena);
	for (size_t i = 0; i < length; i++) {
		if (i > sign && (length - i) % 3 == 0)
			text_char(&text, ' ');
		text_char(&text, plain[i]);
	}
	return text_cstr(&text);
}

const char *cmd_time(Arena *arena, double seconds) {
	if (!(seconds >= 0) || isinf(seconds))
		return "?";
	if (seconds < 0.9995)
		return arena_printf(arena, "%.0f ms", seconds * 1000);
	if (seconds < 60)
		return arena_printf(arena, "%.1f s", seconds);
	long whole = lround(seconds);
	if (whole < 3600)
		return arena_printf(arena, "%ld min %02ld s", whole / 60, whole % 60);
	return arena_printf(arena, "%ld h %02ld min", whole / 3600, whole / 60 % 60);
}

const char *cmd_dims(const Session *session, Arena *arena, IrType type, const IrFunc *func) {
	static const char *const words[] = {
		[IR_BOOL] = "bool", [IR_I32] = "int", [IR_I64] = "int", [IR_F32] = "real", [IR_F64] = "real"};
	Text text = text_new(arena);
	if (type.rank == 0 || !ir_scalar_is_real(type.scalar))
		text_printf(&text, "%s", words[type.scalar]);
	for (uint8_t i = 0; i < type.rank; i++) {
		text_printf(&text, "%s", i == 0 ? "[" : ", ");
		if (type.dims[i] >= 0)
			text_printf(&text, "%lld", (long long)type.dims[i]);
		else
			text_printf(&text, "%s", func ? session_text(session, func->symbols.data[-1 - type.dims[i]]) : "n");
		text_printf(&text, "%s", i + 1 == type.rank ? "]" : "");
	}
	return text_cstr(&text);
}

void cmd_json_real(Text *text, double value) {
	if (isfinite(value))
		text_printf(text, "%.17g", value);
	else
		text_printf(text, "%s", isnan(value) ? "\"nan\"" : value > 0 ? "\"inf\"" : "\"-inf\"");
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
	if (wrote != text->length || fflush(file) != 0)
		return cmd_fail(cmd, CMD_IO, "cannot write %s: %s", path, strerror(errno));
	return CMD_OK;
}

CmdExit cmd_print(Cmd *cmd, const Text *text) {
	cmd_progress_end(cmd);
	return write_all(cmd, stdout, "the standard output", text);
}

CmdExit cmd_write_file(Cmd *cmd, const char *path, const Text *text) {
	CmdExit code = cmd_check_output(cmd, path);
	if (code != CMD_OK)
		return code;
	const char *error = file_write(cmd->arena, path, text_cstr(text), text->length, true);
	if (error)
		return cmd_fail(cmd, CMD_IO, "%s", error);
	cmd_interrupt_says(arena_printf(cmd->arena, "%s is written", path));
	cmd_say(cmd, "wrote %s", path);
	return CMD_OK;
}

const char *cmd_call_text(const Cmd *cmd, const FeCall *call) {
	Text out = text_new(cmd->arena);
	text_printf(&out, "%s", session_text(cmd->session, call->decl->name.name));
	for (uint32_t i = 0; i < call->values.count; i++) {
		const char *written = source_excerpt(cmd->session, cmd->arena, call->values.data[i]->span);
		text_printf(&out, "%s%s = ", i ? ", " : "(", session_text(cmd->session, call->names.data[i]));
		text_plain(&out, written, strlen(written), false);
	}
	text_printf(&out, "%s", call->values.count ? ")" : "");
	return text_cstr(&out);
}
