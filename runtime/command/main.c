/* The gradus command: read the command line, run the verb, say what was wrong, leave with its code. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/command/command.h"

static const char *joined(Arena *arena, int count, char **words) {
	Text line = text_new(arena);
	for (int i = 0; i < count; i++) {
		bool quote = words[i][0] == '\0' || strpbrk(words[i], " \t()<>|&;*?$'\"") != NULL;
		text_printf(&line, "%s%s%s%s", i ? " " : "", quote ? "\"" : "", words[i], quote ? "\"" : "");
	}
	return text_cstr(&line);
}

static bool use_color(const Cmd *cmd, int fd) {
	const char *wanted = cmd->options.color;
	if (wanted && strcmp(wanted, "auto") != 0)
		return !strcmp(wanted, "always");
	const char *none = getenv("NO_COLOR"), *term = getenv("TERM");
	return isatty(fd) && !(none && *none) && term && strcmp(term, "dumb") != 0;
}

/* A folder that may be used so; errno says why not. */
static bool is_folder_to(const char *path, int use) {
	struct stat info;
	if (stat(path, &info) != 0)
		return false;
	if (!S_ISDIR(info.st_mode)) {
		errno = ENOTDIR;
		return false;
	}
	return access(path, use | X_OK) == 0;
}

/* Where one of the three standard streams is closed, the next file that is opened would take its place, and get what is said
 * on it. What takes it now can neither be read nor written, like a closed one. */
static void keep_standard_streams(void) {
	for (int fd = 0; fd >= 0 && fd <= STDERR_FILENO;)
		if (fcntl(fd, F_GETFD) >= 0)
			fd++;
		else
			fd = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) == fd ? fd + 1 : -1;
}

static CmdExit run(Cmd *cmd, int count, char **words) {
	CmdExit code = cmd_parse(cmd, count, words);
	const char *term = getenv("TERM");
	cmd->color_out = use_color(cmd, STDOUT_FILENO);
	cmd->color_err = use_color(cmd, STDERR_FILENO);
	cmd->live = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
	if (code != CMD_OK)
		return code;
	if (!cmd->verb) {
		cmd_help(cmd, cmd->options.help ? stdout : stderr);
		return cmd->options.help ? CMD_OK : CMD_USAGE;
	}
	if (!cmd->verb->run) {
		fprintf(stderr, "gradus %s: %s\n", cmd->verb->name, cmd->verb->text);
		return CMD_USAGE;
	}
	if (cmd->options.help) {
		cmd_help_verb(cmd->verb, stdout);
		return CMD_OK;
	}
	code = cmd_check_outputs(cmd);
	if (code != CMD_OK)
		return code;
	const char *dumps = cmd->options.dump_dir, *data = cmd->options.data;
	if (dumps && !folder_make(cmd->arena, dumps) && (errno != EEXIST || !is_folder_to(dumps, W_OK)))
		return cmd_fail(cmd, CMD_IO, "cannot write to %s: %s", dumps, strerror(errno));
	if (data && !is_folder_to(data, R_OK))
		return cmd_fail(cmd, CMD_IO, "cannot read the folder %s of --data: %s", data, strerror(errno));
	bool leaves = false;
	code = cmd_ranks_begin(cmd, &leaves);
	if (code != CMD_OK || leaves)
		return code;
	if (dumps || !strcmp(cmd->verb->name, "emit"))
		cmd_interrupt_says("what was being written is not complete");
	return cmd->verb->run(cmd);
}

int main(int count, char **words) {
	keep_standard_streams();
	Session *session = session_new();
	Cmd cmd = {.session = session, .arena = session->arena, .typed = count > 0 ? words[0] : "gradus"};
	cmd.started = rt_seconds();
	cmd.command_line = joined(session->arena, count, words);
	cmd_catch_signals(&cmd);
	CmdExit code = run(&cmd, count - 1, words + 1);
	cmd_progress_end(&cmd);
	errno = 0;
	int full = fflush(stdout) != 0 || ferror(stdout) ? errno : 0;
	if (session->diags.count && !cmd.told)
		diag_print_all(session, stderr, cmd.color_err);
	if (code == CMD_OK && session->error_count)
		code = cmd_failed(&cmd);
	rt_free(cmd.rt);
	data_store_free(cmd.data);
	bool lost = ferror(stdout);
	if ((fclose(stdout) != 0 || lost) && code == CMD_OK) {
		fprintf(stderr, "gradus: the standard output did not take everything%s%s\n", full ? ": " : "",
		        full ? strerror(full) : "");
		code = CMD_IO;
	}
	cmd_ranks_end(&cmd, code);
	session_free(session);
	return (int)code;
}
