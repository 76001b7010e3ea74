/* Folders: made together with those that lead to them. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/runtime.h"

bool rt_make_folder(Arena *arena, const char *dir) {
	char *path = arena_strdup(arena, dir);
	for (char *slash = strchr(path + (path[0] == '/'), '/'); slash; slash = strchr(slash + 1, '/')) {
		if (slash[1] == '\0') {
			break;
		}
		*slash = '\0';
		if (mkdir(path, 0777) != 0 && errno != EEXIST) {
			return false;
		}
		*slash = '/';
	}
	return mkdir(dir, 0777) == 0;
}
