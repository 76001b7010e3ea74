/* gradus under mpirun: every process runs the whole command; those that are not the first one say nothing, and keep a run folder of their own
 * that goes away with them, so that there is one writer and no other way through the program. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/command/command.h"

/* ---- a folder of its own ---- */

/* What is in a folder but itself and the one above; NULL: no more. */
static const char *next_in(DIR *folder) {
	for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return entry->d_name;
	return NULL;
}

static bool is_folder(const char *path) {
	struct stat info;
	return lstat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static void copy_file(const char *from, const char *to) {
	char bytes[1 << 16];
	int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	for (ssize_t some; in >= 0 && out >= 0 && (some = read(in, bytes, sizeof bytes)) > 0;)
		if (write(out, bytes, (size_t)some) != some)
			break; /* what is missing is found where it is read, and ends all */
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
}

static void copy_folder(Arena *arena, const char *from, const char *to) {
	DIR *folder = opendir(from);
	mkdir(to, 0700);
	for (const char *name; folder && (name = next_in(folder)) != NULL;) {
		const char *one = arena_printf(arena, "%s/%s", from, name), *other = arena_printf(arena, "%s/%s", to, name);
		if (is_folder(one))
			copy_folder(arena, one, other);
		else
			copy_file(one, other);
	}
	if (folder)
		closedir(folder);
}

static void remove_folder(Arena *arena, const char *path) {
	DIR *folder = opendir(path);
	for (const char *name; folder && (name = next_in(folder)) != NULL;) {
		const char *one = arena_printf(arena, "%s/%s", path, name);
		if (is_folder(one))
			remove_folder(arena, one);
		else
			unlink(one);
	}
	if (folder)
		closedir(folder);
	rmdir(path);
}

/* ---- beginning and end ---- */

static void forget_folder(Cmd *cmd) {
	if (cmd->own_folder)
		remove_folder(cmd->arena, cmd->own_folder);
	cmd->own_folder = NULL;
}

/* Another rank has ended early: what it had to say, it has said. */
static void on_lost(void *user, int rank, int code) {
	Cmd *cmd = user;
	forget_folder(cmd);
	if (rt_ranks_number(cmd->ranks) == 0)
		fprintf(stderr, "gradus: process %d of mpirun has ended with exit code %d\n", rank, code);
}

/* The run is read from, or made in, a folder that only this process sees. */
static CmdExit use_own_folder(Cmd *cmd, bool resumes) {
	const char *above = getenv("TMPDIR");
	char *path = arena_strdup(cmd->arena, arena_printf(cmd->arena, "%s/gradus-rank-XXXXXX", above ? above : "/tmp"));
	if (!mkdtemp(path))
		return cmd_fail(cmd, CMD_IO, "cannot make %s: %s", path, strerror(errno));
	cmd->own_folder = path;
	const char *run = arena_printf(cmd->arena, "%s/run", path);
	if (!resumes) {
		cmd->options.out = run;
	} else if (cmd->words.count == 1 && is_folder(cmd->words.data[0])) {
		copy_folder(cmd->arena, cmd->words.data[0], run);
		cmd->words.data[0] = run;
	}
	return CMD_OK;
}

static bool be_silent(void) {
	return freopen("/dev/null", "w", stdout) && freopen("/dev/null", "w", stderr);
}

CmdExit cmd_ranks_begin(Cmd *cmd, bool *leaves) {
	int count = rt_ranks_launched(), place = rt_ranks_place();
	bool trains = !strcmp(cmd->verb->name, "train"), resumes = !strcmp(cmd->verb->name, "resume");
	const char *why = NULL;
	if (count <= 1)
		return CMD_OK;
	if (!trains && !resumes) {
		*leaves = place > 0;
		if (!*leaves)
			fprintf(stderr, "one of %d processes does this: mpirun shares the work of train and resume\n", count);
		return CMD_OK;
	}
	if (place > 0 && !be_silent())
		return CMD_IO;
	cmd->ranks = rt_ranks_join(cmd->arena, on_lost, cmd, &why);
	if (!cmd->ranks)
		return cmd_usage(cmd, "mpirun has started %d processes, which cannot work together: %s", count, why);
	CmdExit code = place > 0 && (resumes || cmd->options.out) ? use_own_folder(cmd, resumes) : CMD_OK;
	if (code == CMD_OK)
		rt_ranks_wait(cmd->ranks); /* until each has its folder; the run may change from here on */
	return code;
}

CmdExit cmd_ranks_refuse(Cmd *cmd) {
	if (rt_ranks_count(cmd->ranks) <= 1)
		return CMD_OK;
	return cmd_usage(cmd, "a search runs in one process: mpirun shares the work of training learned numbers");
}

void cmd_ranks_end(Cmd *cmd, CmdExit code) {
	forget_folder(cmd);
	if (cmd->ranks)
		rt_ranks_leave(cmd->ranks, (int)code);
}
