/* Folders: made together with those that lead to them. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/runtime.h"

bool rt_make_folder_from(Arena *arena, const char *dir, const char **topmost) {
	char *path = arena_strdup(arena, dir);
	const char *first = NULL;
	for (char *slash = strchr(path + (path[0] == '/'), '/'); slash; slash = strchr(slash + 1, '/')) {
		if (slash[1] == '\0') {
			break;
		}
		*slash = '\0';
		if (mkdir(path, 0777) == 0) {
			first = first ? first : arena_strdup(arena, path);
		} else if (errno != EEXIST) {
			return false;
		}
		*slash = '/';
	}
	*topmost = first ? first : dir;
	return mkdir(dir, 0777) == 0;
}

bool rt_make_folder(Arena *arena, const char *dir) {
	const char *topmost;
	return rt_make_folder_from(arena, dir, &topmost);
}

const char *rt_write_file(Arena *arena, const char *path, const char *bytes, size_t length) {
	return file_write(arena, path, bytes, length, true);
}
