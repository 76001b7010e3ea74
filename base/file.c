/* Whole files: read without trust, written without loss.
 *
 * A file is written under no name, or a name of its own, and takes the wanted name when it is complete: whoever reads sees the old
 * file or the new one, and a full disk leaves the old one. What is no regular file (a device, a pipe, a terminal) is never
 * replaced: it is written to. A symbolic link stays, and the file it leads to is written. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* O_TMPFILE */
#endif
#include "base/base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- reading ---- */

static const char *bytes_words(Arena *arena, size_t bytes) {
	if (bytes >= 1000000 && bytes % 1000000 == 0)
		return arena_printf(arena, "%zu MB", bytes / 1000000);
	return arena_printf(arena, "%zu bytes", bytes);
}

/* What is no file to read, in words; NULL if it is one. */
static const char *unreadable(Arena *arena, const struct stat *info, size_t limit, bool streams) {
	if (S_ISDIR(info->st_mode))
		return "it is a folder";
	if (!S_ISREG(info->st_mode) && !streams)
		return "it is not a regular file";
	if (S_ISREG(info->st_mode) && info->st_size > 0 && (uintmax_t)info->st_size > limit)
		return arena_printf(arena, "it is larger than %s", bytes_words(arena, limit));
	return NULL;
}

/* Reads to the end of `fd`, at most `limit` bytes. `expected`: about how many there are. */
static const char *read_to_end(Arena *arena, int fd, size_t expected, size_t limit, char **bytes, size_t *length) {
	size_t capacity = (expected < limit ? expected : limit) + 2, used = 0;
	capacity = capacity < 4096 ? 4096 : capacity;
	char *data = arena_alloc(arena, capacity);
	for (;;) {
		ssize_t got = read(fd, data + used, capacity - used - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return strerror(errno);
		if (got == 0)
			break;
		used += (size_t)got;
		if (used > limit)
			return arena_printf(arena, "it is larger than %s", bytes_words(arena, limit));
		if (used + 1 == capacity) {
			char *larger = arena_alloc(arena, 2 * capacity);
			memcpy(larger, data, used);
			data = larger;
			capacity *= 2;
		}
	}
	data[used] = '\0';
	*bytes = data;
	*length = used;
	return NULL;
}

/* Looked at before it is opened, which for a device may do something, and for a pipe may wait forever. */
static int open_checked(Arena *arena, const char *path, size_t limit, bool streams, struct stat *info,
                        const char **why) {
	*why = stat(path, info) != 0 ? strerror(errno) : unreadable(arena, info, limit, streams);
	if (*why)
		return -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (streams ? 0 : O_NONBLOCK));
	*why = fd < 0 || fstat(fd, info) != 0 ? strerror(errno) : unreadable(arena, info, limit, streams);
	if (*why && fd >= 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

int file_open(Arena *arena, const char *path, uint64_t *length, const char **why) {
	struct stat info;
	int fd = open_checked(arena, path, SIZE_MAX, false, &info, why);
	*length = fd >= 0 ? (uint64_t)info.st_size : 0;
	return fd;
}

const char *file_read(Arena *arena, const char *path, size_t limit, bool streams, char **bytes, size_t *length) {
	struct stat info;
	const char *why;
	int fd = open_checked(arena, path, limit, streams, &info, &why);
	if (fd >= 0) {
		why = read_to_end(arena, fd, S_ISREG(info.st_mode) ? (size_t)info.st_size : 0, limit, bytes, length);
		close(fd);
	}
	return why;
}

/* ---- writing ---- */

static bool write_all(int fd, const char *bytes, size_t length) {
	while (length > 0) {
		ssize_t wrote = write(fd, bytes, length);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0) {
			errno = wrote == 0 ? ENOSPC : errno;
			return false;
		}
		bytes += wrote;
		length -= (size_t)wrote;
	}
	return true;
}

/* Closes, keeping the first error. */
static bool finish(int fd, bool ok) {
	int error = errno;
	if (close(fd) != 0 && ok)
		return false;
	errno = error;
	return ok;
}

/* A descriptor that is open for writing and is this very file: /dev/stdout, /dev/fd/3. Its place in the file is shared. */
static int own_descriptor(const struct stat *wanted) {
	for (int fd = 1; fd < 16; fd++) {
		struct stat info;
		int flags = fcntl(fd, F_GETFL);
		if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY && fstat(fd, &info) == 0 && info.st_dev == wanted->st_dev &&
		    info.st_ino == wanted->st_ino)
			return fd;
	}
	return -1;
}

/* Into what is there, from its start. */
static bool write_through(const char *path, const struct stat *there, const char *bytes, size_t length, bool lasting) {
	lasting = lasting && S_ISREG(there->st_mode);
	int own = own_descriptor(there);
	if (own >= 0) {
		fflush(NULL);
		return write_all(own, bytes, length) && (!lasting || fsync(own) == 0);
	}
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | (S_ISREG(there->st_mode) ? O_TRUNC : 0));
	return fd >= 0 && finish(fd, write_all(fd, bytes, length) && (!lasting || fsync(fd) == 0));
}

static const char *folder_of(Arena *arena, const char *path) {
	const char *slash = strrchr(path, '/');
	return !slash ? "." : slash == path ? "/" : arena_printf(arena, "%.*s", (int)(slash - path), path);
}

/* The name at the end of a chain of symbolic links, whether something has it or not; NULL with errno set. */
static const char *follow_links(Arena *arena, const char *path) {
	for (int links = 0; links < 40; links++) {
		char to[4096];
		ssize_t length = readlink(path, to, sizeof to - 1);
		if (length < 0)
			return errno == EINVAL || errno == ENOENT ? path : NULL;
		to[length] = '\0';
		path = to[0] == '/' ? arena_strdup(arena, to) : arena_printf(arena, "%s/%s", folder_of(arena, path), to);
	}
	errno = ELOOP;
	return NULL;
}

/* A file under way: `name` is "" while it has none. */
typedef struct Draft {
	int fd;
	char name[4096];
} Draft;

static bool draft_name(Draft *draft, const char *folder, int number) {
	int length = snprintf(draft->name, sizeof draft->name, "%s/.gradus-%ld-%d", folder, (long)getpid(), number);
	if (length > 0 && (size_t)length < sizeof draft->name)
		return true;
	errno = ENAMETOOLONG;
	draft->name[0] = '\0';
	return false;
}

/* A kill that nothing can catch, between the naming of a draft and its renaming, leaves it behind. Those of an hour ago are no
 * longer under way: whoever needs such a name next in the folder takes them away. */
static void sweep(const char *folder) {
	DIR *dir = opendir(folder);
	for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
		struct stat info;
		long process;
		int number, length = 0;
		bool draft = sscanf(entry->d_name, ".gradus-%ld-%d%n", &process, &number, &length) == 2 && length > 0 &&
		             entry->d_name[length] == '\0';
		if (draft && fstatat(dirfd(dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode) &&
		    info.st_mtime < time(NULL) - FILE_DRAFT_AGE)
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
}

static bool draft_open(Draft *draft, const char *folder) {
	draft->name[0] = '\0';
	draft->fd = -1;
#ifdef O_TMPFILE
	/* Without a name nothing can stay behind, whatever ends this process. /proc gives the name later. */
	if (access("/proc/self/fd", X_OK) == 0)
		draft->fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
#endif
	if (draft->fd < 0)
		sweep(folder);
	for (int i = 0; draft->fd < 0 && i < FILE_DRAFT_NAMES; i++) {
		if (!draft_name(draft, folder, i))
			return false;
		draft->fd = open(draft->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (draft->fd < 0 && errno != EEXIST)
			break;
	}
	if (draft->fd < 0)
		draft->name[0] = '\0';
	return draft->fd >= 0;
}

/* Gives the draft a name that nothing has; errno is EEXIST where something has it. */
static bool draft_place_new(Draft *draft, const char *path) {
	if (!draft->name[0]) {
		char self[64];
		snprintf(self, sizeof self, "/proc/self/fd/%d", draft->fd);
		return linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0;
	}
	if (link(draft->name, path) != 0)
		return false;
	unlink(draft->name);
	draft->name[0] = '\0';
	return true;
}

/* Gives the draft its place; what had it before is replaced. */
static bool draft_place(Draft *draft, const char *folder, const char *path) {
	if (!draft->name[0]) {
		char self[64];
		snprintf(self, sizeof self, "/proc/self/fd/%d", draft->fd);
		if (linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0)
			return true;
		bool linked = false;
		int error = errno;
		if (error == EEXIST)
			sweep(folder);
		errno = error;
		for (int i = 0; errno == EEXIST && !linked && i < FILE_DRAFT_NAMES; i++) {
			if (!draft_name(draft, folder, i))
				return false;
			linked = linkat(AT_FDCWD, self, AT_FDCWD, draft->name, AT_SYMLINK_FOLLOW) == 0;
		}
		if (!linked) {
			draft->name[0] = '\0';
			return false;
		}
	}
	return rename(draft->name, path) == 0;
}

/* As the file that is replaced: its owner and its permissions. false if we may not. */
static bool take_after(int fd, const struct stat *old) {
	struct stat own;
	if (fstat(fd, &own) != 0)
		return false;
	if ((own.st_uid != old->st_uid || own.st_gid != old->st_gid) && fchown(fd, old->st_uid, old->st_gid) != 0)
		return false;
	return fchmod(fd, old->st_mode & 07777) == 0;
}

/* The names in a folder on the disk, too. Where that cannot be asked for, the file system decides. */
static bool keep_names(const char *folder) {
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || finish(fd, fsync(fd) == 0 || errno == EINVAL || errno == EOPNOTSUPP);
}

typedef enum Outcome { WRITTEN, FAILED, NO_DRAFT } Outcome;

/* No right to make a file there. A full disk is something else: there the old file must not be touched. */
static bool is_denial(int error) {
	return error == EACCES || error == EPERM || error == EROFS;
}

/* An owner that cannot be given: not allowed, unknown to this user namespace, or unknown to the file system. */
static bool is_other_owner(int error) {
	return is_denial(error) || error == EINVAL || error == EOPNOTSUPP || error == ENOSYS;
}

/* A new file in the place of `path`. `old`: what is there, or NULL. `only_new`: nothing is replaced (EEXIST). */
static Outcome write_draft(Arena *arena, const char *path, const struct stat *old, const char *bytes, size_t length,
                           bool lasting, bool only_new) {
	const char *folder = folder_of(arena, path);
	Draft draft;
	/* A signal that ends the program waits until the draft has its place or is gone. */
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	Outcome outcome = FAILED;
	if (!draft_open(&draft, folder))
		outcome = is_denial(errno) ? NO_DRAFT : FAILED;
	else if (old && !take_after(draft.fd, old))
		outcome = is_other_owner(errno) ? NO_DRAFT : FAILED;
	else if (write_all(draft.fd, bytes, length) && (!lasting || fsync(draft.fd) == 0) &&
	         (only_new ? draft_place_new(&draft, path) : draft_place(&draft, folder, path)) &&
	         (!lasting || keep_names(folder)))
		outcome = WRITTEN;
	int error = errno;
	if (draft.fd >= 0)
		close(draft.fd);
	if (outcome != WRITTEN && draft.name[0])
		unlink(draft.name);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return outcome;
}

static bool write_file(Arena *arena, const char *path, const char *bytes, size_t length, bool lasting) {
	struct stat there, target_there;
	bool exists = stat(path, &there) == 0;
	if (!exists && errno != ENOENT)
		return false;
	if (exists && S_ISDIR(there.st_mode)) {
		errno = EISDIR;
		return false;
	}
	if (exists && (!S_ISREG(there.st_mode) || own_descriptor(&there) >= 0))
		return write_through(path, &there, bytes, length, lasting);
	const char *target = follow_links(arena, path);
	if (!target)
		return false;
	if (!exists)
		return write_draft(arena, target, NULL, bytes, length, lasting, false) == WRITTEN;
	if (faccessat(AT_FDCWD, target, W_OK, AT_EACCESS) != 0)
		return false;
	bool same =
		stat(target, &target_there) == 0 && target_there.st_ino == there.st_ino && target_there.st_dev == there.st_dev;
	/* Where no file may be made beside it, or it would get another owner, the file itself is written. */
	Outcome outcome = same ? write_draft(arena, target, &there, bytes, length, lasting, false) : NO_DRAFT;
	return outcome == NO_DRAFT ? write_through(path, &there, bytes, length, lasting) : outcome == WRITTEN;
}

const char *file_write(Arena *arena, const char *path, const char *bytes, size_t length, bool lasting) {
	if (write_file(arena, path, bytes, length, lasting))
		return NULL;
	return arena_printf(arena, "cannot write %s: %s", path, strerror(errno));
}

const char *file_unsafe(const char *path) {
	struct stat info;
	if (lstat(path, &info) != 0 || S_ISREG(info.st_mode))
		return NULL;
	return S_ISLNK(info.st_mode)   ? "it is a symbolic link"
	       : S_ISDIR(info.st_mode) ? "it is a folder"
	                               : "it is not a regular file";
}

FilePut file_put_in(Arena *arena, const char *path, const char *bytes, size_t length, bool only_new, const char **why) {
	struct stat there;
	*why = file_unsafe(path);
	if (*why)
		return FILE_UNSAFE;
	bool exists = !only_new && lstat(path, &there) == 0;
	if (write_draft(arena, path, exists ? &there : NULL, bytes, length, true, only_new) == WRITTEN)
		return FILE_PUT;
	if (only_new && errno == EEXIST)
		return FILE_TAKEN;
	*why = arena_printf(arena, "cannot write %s: %s", path, strerror(errno));
	return FILE_NOT_PUT;
}

int file_reserve(const char *folder, size_t bytes) {
	Draft draft;
	if (!draft_open(&draft, folder))
		return -1;
	if (draft.name[0])
		unlink(draft.name);
	int error = posix_fallocate(draft.fd, 0, (off_t)(bytes > 0 ? bytes : 1));
	if (error) {
		close(draft.fd);
		errno = error;
		return -1;
	}
	return draft.fd;
}

const char *file_beside(Arena *arena, const char *here, const char *path) {
	const char *slash = strrchr(here, '/');
	return path[0] == '/' || !slash ? path : arena_printf(arena, "%.*s/%s", (int)(slash - here), here, path);
}
