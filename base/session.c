/* One run of the compiler, and the end of it when we are the ones who erred. */
#include "base/base.h"

#include <stdlib.h>
#include <string.h>

Session *session_new(void) {
	Arena *arena = arena_new();
	Session *session = ARENA_NEW(arena, Session);
	session->arena = arena;
	session->names = names_new(arena);
	Source *nowhere = ARENA_NEW(arena, Source);
	nowhere->path = "";
	nowhere->text = "";
	nowhere->line_starts = ARENA_NEW(arena, uint32_t);
	nowhere->line_count = 1;
	vec_push(arena, &session->sources, nowhere);
	return session;
}

void session_free(Session *session) {
	if (session)
		arena_free(session->arena); /* the session itself lives in there */
}

Name session_name(Session *session, const char *text) {
	return name_intern(session->names, text, strlen(text));
}

const char *session_text(const Session *session, Name name) {
	return name_text(session->names, name);
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
