/* Folders: made together with those that lead to them. */
#include "base/base.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

bool folder_make_from(Arena *arena, const char *dir, const char **topmost) {
	char *path = arena_strdup(arena, dir);
	const char *first = NULL;
	for (char *slash = strchr(path + (path[0] == '/'), '/'); slash; slash = strchr(slash + 1, '/')) {
		if (slash[1] == '\0')
			break;
		*slash = '\0';
		if (mkdir(path, 0777) == 0)
			first = first ? first : arena_strdup(arena, path);
		else if (errno != EEXIST)
			return false;
		*slash = '/';
	}
	*topmost = first ? first : dir;
	return mkdir(dir, 0777) == 0;
}

bool folder_make(Arena *arena, const char *dir) {
	const char *topmost;
	return folder_make_from(arena, dir, &topmost);
}
