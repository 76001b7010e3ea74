/* Files of machine code. Each is written under no name and gets its name when it is complete (file_write), so readers in other
 * processes see all of it or nothing. Whatever goes wrong here, code is compiled as if there were no cache. */
#include "jit/llvm/llvm_cache.h"

#include "jit/llvm/limits.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Ahead of the object in its file. */
typedef struct Header {
	char magic[8];
	LlvmKey key;
	uint64_t length, hash; /* of the object */
} Header;

static const char magic[8] = "gradus1\n"; /* as long as the array: without a 0 behind it */

LlvmKey llvm_key(const char *settings, const void *bytes, size_t length) {
	LlvmKey key;
	for (uint64_t i = 0; i < 2; i++)
		key.words[i] = hash_bytes(bytes, length, hash_bytes(settings, strlen(settings), i));
	return key;
}

const char *llvm_key_text(Arena *arena, const LlvmKey *key) {
	return arena_printf(arena, "%016llx%016llx", (unsigned long long)key->words[0], (unsigned long long)key->words[1]);
}

static const char *path_of(Arena *arena, const char *folder, const LlvmKey *key) {
	return arena_printf(arena, "%s/%s.o", folder, llvm_key_text(arena, key));
}

bool llvm_cache_open(Arena *arena, const char *folder) {
	const char *slash = strrchr(folder, '/');
	if (slash && slash > folder)
		folder_make(arena, arena_printf(arena, "%.*s", (int)(slash - folder), folder));
	mkdir(folder, 0700);
	struct stat info;
	return lstat(folder, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid() &&
	       (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool llvm_cache_find(Arena *arena, const char *folder, const LlvmKey *key, char **object, size_t *length) {
	const char *path = path_of(arena, folder, key);
	struct stat info;
	if (lstat(path, &info) != 0)
		return false;
	if (!S_ISREG(info.st_mode)) { /* a pipe would wait for its other end, here and where it is written to */
		unlink(path);
		return false;
	}
	Header header;
	char *bytes;
	size_t count;
	if (file_read(arena, path, LLVM_CACHE_MOST_OF_ONE, false, &bytes, &count) || count < sizeof header)
		return false;
	memcpy(&header, bytes, sizeof header);
	*object = bytes + sizeof header;
	*length = count - sizeof header;
	if (memcmp(header.magic, magic, sizeof magic) != 0 || memcmp(&header.key, key, sizeof *key) != 0 ||
	    header.length != *length || header.hash != hash_bytes(*object, *length, 0))
		return false;
	utimensat(AT_FDCWD, path, NULL, 0); /* used just now */
	return true;
}

/* ---- not more than so much ---- */

typedef struct Entry {
	const char *name;
	int64_t bytes;
	struct timespec used;
} Entry;

static int by_use(const void *a, const void *b) {
	const Entry *x = a, *y = b;
	if (x->used.tv_sec != y->used.tv_sec)
		return x->used.tv_sec < y->used.tv_sec ? -1 : 1;
	return x->used.tv_nsec < y->used.tv_nsec ? -1 : x->used.tv_nsec > y->used.tv_nsec;
}

/* Down to three quarters of what is allowed, so that it is not at once too much again. */
static void trim(Arena *arena, DIR *dir) {
	const int64_t block = 4096; /* what a file takes on disk is a multiple of it */
	VEC(Entry) entries = {0};
	int64_t total = 0;
	for (struct dirent *found; (found = readdir(dir)) != NULL;) {
		struct stat info;
		if (fstatat(dirfd(dir), found->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode))
			continue;
		Entry entry = {arena_strdup(arena, found->d_name), (info.st_size + block - 1) / block * block, info.st_mtim};
		vec_push(arena, &entries, entry);
		total += entry.bytes;
	}
	if (total <= LLVM_CACHE_BYTES)
		return;
	qsort(entries.data, entries.count, sizeof *entries.data, by_use);
	for (uint32_t i = 0; i < entries.count && total > LLVM_CACHE_BYTES / 4 * 3; i++) {
		unlinkat(dirfd(dir), entries.data[i].name, 0);
		total -= entries.data[i].bytes;
	}
}

void llvm_cache_keep(Arena *arena, const char *folder, const LlvmKey *key, const char *object, size_t length) {
	Header header = {.key = *key, .length = length, .hash = hash_bytes(object, length, 0)};
	memcpy(header.magic, magic, sizeof magic);
	if (length > LLVM_CACHE_MOST_OF_ONE - sizeof header)
		return;
	char *bytes = arena_alloc(arena, sizeof header + length);
	memcpy(bytes, &header, sizeof header);
	memcpy(bytes + sizeof header, object, length);
	if (file_write(arena, path_of(arena, folder, key), bytes, sizeof header + length, false))
		return;
	DIR *dir = key->words[0] % LLVM_CACHE_LOOKS == 0 ? opendir(folder) : NULL;
	if (dir) {
		trim(arena, dir);
		closedir(dir);
	}
}
