/* Files of lines that grow while a run goes on: a line is there as a whole or not at all, also on a disk that is full. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/store/runfolder.h"

bool store_lines_open(const StoreFolder *folder, StoreLines *lines, const char *name) {
	lines->pending = text_new(folder->arena);
	lines->fd = open(store_in_folder(folder, name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (lines->fd < 0)
		diag_error(folder->rt->session, 811, (Span){0}, "cannot write %s/%s: %s", folder->dir, name, strerror(errno));
	return lines->fd >= 0;
}

/* Writes what is pending. What does not fit is taken back, and nothing more is written to this file. */
bool store_lines_flush(StoreLines *lines) {
	size_t done = 0;
	while (lines->fd >= 0 && done < lines->pending.length) {
		ssize_t wrote = write(lines->fd, lines->pending.data + done, lines->pending.length - done);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0) {
			int error = errno;
			while (done > 0 && lines->pending.data[done - 1] != '\n')
				done--;
			if (ftruncate(lines->fd, lines->written + (off_t)done) != 0)
				error = errno;
			close(lines->fd);
			lines->fd = -1;
			errno = error;
			return false;
		}
		done += (size_t)wrote;
	}
	lines->written += (off_t)done;
	lines->pending.length = 0;
	return true;
}

void store_lines_add(StoreLines *lines, json_t *object) {
	char *line = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(17));
	json_decref(object);
	if (lines->fd >= 0 && line)
		text_printf(&lines->pending, "%s\n", line);
	free(line);
}

void store_lines_close(StoreLines *lines) {
	if (lines->fd >= 0)
		store_lines_flush(lines);
	if (lines->fd >= 0)
		close(lines->fd);
	lines->fd = -1;
}
