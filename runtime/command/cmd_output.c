/* Where a command may write. A slip of the command line (`--svg` without its file, so that the program is taken for it; two
 * options that name one file) must not cost a source or a run, and what cannot be written is known before hours are spent. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* realpath, AT_EACCESS */
#endif
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/command/command.h"

typedef struct Output {
	const char *option;
	const char *path; /* NULL: not given */
	bool folder;
} Output;

enum { OUTPUTS = 3 };

/* Every option that names something to be written. -o is a folder where a whole run or emission is made. */
static void outputs_of(const Cmd *cmd, Output out[OUTPUTS]) {
	const char *verb = cmd->verb->name;
	bool makes_folder = !strcmp(verb, "train") || !strcmp(verb, "distill") || !strcmp(verb, "emit");
	out[0] = (Output){"--out", cmd->options.out, makes_folder};
	out[1] = (Output){"--svg", cmd->options.svg, false};
	out[2] = (Output){"--dump-dir", cmd->options.dump_dir, true};
}

static bool ends_in(const char *path, const char *ending) {
	size_t length = strlen(path), size = strlen(ending);
	return length >= size && strcmp(path + length - size, ending) == 0;
}

/* What is there and is neither a file nor a folder takes whatever is written, and loses nothing. So do the names of what the
 * command was started with. */
static bool is_stream(const char *path) {
	struct stat info;
	return !strncmp(path, "/dev/", 5) || (stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode));
}

/* The name that `path` leads to, without links, `.` and `..`, where its folder exists; the path itself else. */
static const char *place_of(Arena *arena, const char *path) {
	char real[PATH_MAX];
	if (realpath(path, real))
		return arena_strdup(arena, real);
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *folder = !slash ? "." : slash == path ? "/" : arena_printf(arena, "%.*s", (int)(slash - path), path);
	return realpath(folder, real) ? arena_printf(arena, "%s/%s", real, name) : path;
}

static bool same_file(const char *a, const char *b) {
	struct stat one, other;
	return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* A file of a run folder that is the run itself: NULL, or the folder. */
static const char *run_of(Arena *arena, const char *path) {
	const char *place = place_of(arena, path);
	for (const char *slash = strrchr(place, '/'); slash && slash > place;) {
		const char *above = arena_printf(arena, "%.*s", (int)(slash - place), place);
		if (store_is_own(slash + 1) && access(arena_printf(arena, "%s/run.json", above), F_OK) == 0)
			return above;
		const char *before = slash;
		while (before > place && *--before != '/') {
		}
		slash = *before == '/' ? before : NULL;
	}
	return NULL;
}

/* What of the command line is read. */
static bool is_read(const Cmd *cmd, const char *path) {
	const CmdWords *lists[] = {&cmd->words, &cmd->options.against};
	for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
		for (uint32_t i = 0; i < lists[k]->count; i++)
			if (same_file(path, lists[k]->data[i]))
				return true;
	}
	for (uint32_t i = 1; i < cmd->session->sources.count; i++) {
		const Source *source = cmd->session->sources.data[i];
		if (source->path[0] != '<' && same_file(path, source->path))
			return true;
	}
	for (uint32_t i = 0; cmd->rt && i < cmd->rt->data.count; i++)
		if (same_file(path, cmd->rt->data.data[i]))
			return true;
	return cmd->options.file && same_file(path, cmd->options.file);
}

/* Why the file cannot be written; 0 where nothing speaks against it. */
static int refusal(Arena *arena, const char *path) {
	struct stat info;
	if (stat(path, &info) == 0)
		return S_ISDIR(info.st_mode) ? EISDIR : faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0 ? errno : 0;
	if (errno != ENOENT || lstat(path, &info) == 0)
		return errno == ENOENT ? 0
		                       : errno; /* a link that leads nowhere: whether it can be written is seen when it is */
	const char *slash = strrchr(path, '/');
	const char *folder = !slash ? "." : slash == path ? "/" : arena_printf(arena, "%.*s", (int)(slash - path), path);
	if (stat(folder, &info) != 0)
		return errno;
	return !S_ISDIR(info.st_mode) ? ENOTDIR : faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) != 0 ? errno : 0;
}

CmdExit cmd_check_output(Cmd *cmd, const char *path) {
	if (is_stream(path))
		return CMD_OK;
	if (ends_in(path, ".grad"))
		return cmd_usage(cmd, "`%s` is the name of a program, and would be lost", path);
	if (is_read(cmd, path))
		return cmd_usage(cmd, "`%s` is read, and would be lost by being written", path);
	const char *run = run_of(cmd->arena, path);
	return run ? cmd_usage(cmd, "`%s` is a file of the run in %s itself", path, run) : CMD_OK;
}

static CmdExit check_file(Cmd *cmd, const Output *output) {
	CmdExit code = cmd_check_output(cmd, output->path);
	bool drawing = !strcmp(output->option, "--svg") || !strcmp(cmd->verb->name, "plot");
	if (code == CMD_OK && drawing && !is_stream(output->path) && !ends_in(output->path, ".svg"))
		code = cmd_usage(cmd, "drawings are SVG; name a file that ends in .svg, not `%s`", output->path);
	int error = code == CMD_OK ? refusal(cmd->arena, output->path) : 0;
	return error ? cmd_fail(cmd, CMD_IO, "cannot write %s: %s", output->path, strerror(error)) : code;
}

CmdExit cmd_check_outputs(Cmd *cmd) {
	Output outputs[OUTPUTS];
	outputs_of(cmd, outputs);
	if (!strcmp(cmd->verb->name, "plot") && cmd->options.out && cmd->options.svg)
		return cmd_usage(cmd, "--out and --svg are one option here: give one of them");
	for (int i = 0; i < OUTPUTS; i++) {
		if (!outputs[i].path)
			continue;
		for (int k = 0; k < i; k++) {
			if (outputs[k].path && !is_stream(outputs[i].path) &&
			    !strcmp(place_of(cmd->arena, outputs[i].path), place_of(cmd->arena, outputs[k].path))) {
				return cmd_usage(cmd, "%s and %s name one file, `%s`", outputs[k].option, outputs[i].option,
				                 outputs[i].path);
			}
		}
		CmdExit code = outputs[i].folder ? CMD_OK : check_file(cmd, &outputs[i]);
		if (code != CMD_OK)
			return code;
	}
	return CMD_OK;
}
