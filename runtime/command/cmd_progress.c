/* Lines of progress on standard error. */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "runtime/command/command.h"
#include "runtime/command/limits.h"

int cmd_width(int fd) {
	struct winsize size;
	if (isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return CMD_COLUMNS;
}

void cmd_progress(Cmd *cmd, bool last, const char *format, ...) {
	double now = rt_seconds();
	if (!last && now - cmd->said < (cmd->live ? cmd_said_live : cmd_said_plain))
		return;
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
	if (cmd->live)
		fprintf(stderr, "\r%s\033[K%s", text_cstr(&line), last ? "\n" : "");
	else
		fprintf(stderr, "%s\n", text_cstr(&line));
	fflush(stderr);
	cmd->line_open = cmd->live && !last;
	arena_release(cmd->arena, mark);
}

void cmd_busy(void *user, const char *doing) {
	Cmd *cmd = user;
	double since = cmd->said > cmd->started ? cmd->said : cmd->started;
	if (rt_seconds() - since >= (cmd->live ? cmd_said_busy : cmd_said_plain))
		cmd_progress(cmd, false, "%s", doing);
}

void cmd_progress_end(Cmd *cmd) {
	if (cmd->line_open) {
		fputc('\n', stderr);
		cmd->line_open = false;
	}
}
