/* The end of the program where nobody who could go on is at fault: no memory, or a mistake of ours, and what is told of it. */
#include "base/base.h"

#include <stdlib.h>
#include <unistd.h>

void base_no_memory(size_t bytes) {
	static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};
	double size = (double)bytes;
	size_t unit = 0;
	for (; size >= 1000 && unit + 1 < sizeof units / sizeof *units; unit++)
		size /= 1000;
	fprintf(stderr, "gradus: out of memory: %.*f %s more were needed, and the system gives no more\n",
	        unit && size < 10, size, units[unit]);
	_Exit(BASE_NO_MEMORY);
}

/* The scopes of this thread: the only thing that is known where a panic starts, deep down and without a session. */
static _Thread_local BasePanicScope *innermost;

void base_panic_enter(BasePanicScope *scope, BasePanicNote *note, void *context) {
	*scope = (BasePanicScope){note, context, innermost};
	innermost = scope;
}

void base_panic_leave(BasePanicScope *scope) {
	innermost = scope->outer;
}

void base_panic(const char *where, const char *format, ...) {
	va_list args;
	fflush(stdout);
	fprintf(stderr, "gradus: internal error in %s: ", where);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	while (innermost) {
		const BasePanicScope *scope = innermost;
		innermost = scope->outer; /* a note that panics itself is not asked again */
		scope->note(scope->context);
	}
	fflush(stderr);
	abort();
}

void base_panic_keep(Arena *arena, const char *bytes) {
	const char *folder = getenv("TMPDIR");
	char *path = arena_printf(arena, "%s/gradus-XXXXXX", folder && folder[0] ? folder : "/tmp");
	int descriptor = mkstemp(path);
	FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
	if (!file)
		return;
	fputs(bytes, file);
	if (fclose(file) == 0)
		fprintf(stderr, "gradus: what it was given is in %s: please send it with what you did\n", path);
}
