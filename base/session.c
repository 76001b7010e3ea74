/* One run of the compiler. */
#include "base/base.h"

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
	vec_push(arena, &session->places, (SessionPlace){0});
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

uint32_t session_place(Session *session, SessionPlace place) {
	for (uint32_t i = session->places.count; i-- > 1;)
		if (memcmp(&session->places.data[i].span, &place.span, sizeof place.span) == 0)
			return i;
	vec_push(session->arena, &session->places, place);
	return session->places.count - 1;
}
