/* What is at a place: every name of the examples and the library stands for something that is called so, and every value of
 * a sound program has a type there. */
#include "frontend/frontend.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <glob.h>
#include <string.h>

typedef struct Seen {
	int names, declared, typed;
} Seen;

static bool is_letter(char c) {
	return isalnum((unsigned char)c) || c == '_' || c == '\'' || (unsigned char)c >= 0x80;
}

static bool is_written(const Session *session, Span span, Name name) {
	const char *text = session_text(session, name);
	return span.end - span.start == strlen(text) &&
	       memcmp(session->sources.data[span.file]->text + span.start, text, strlen(text)) == 0;
}

static bool has_value(const char *kind) {
	static const char *const kinds[] = {"given", "param", "learn", "state", "let", "var", "index"};
	for (size_t i = 0; kind && i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	return false;
}

static void look_at(FeProgram *program, const Session *session, uint32_t source, uint32_t offset, Seen *seen) {
	FePlace place;
	if (!fe_at(program, source, offset, &place))
		return;
	const Source *s = session->sources.data[source];
	cr_expect(place.span.start <= offset && offset < place.span.end, "%s, byte %u", s->path, (unsigned)offset);
	if (!place.name)
		return;
	seen->names++;
	cr_expect(is_written(session, place.span, place.name), "%s, byte %u: `%s`", s->path, (unsigned)offset,
	          session_text(session, place.name));
	cr_expect_not_null(place.kind, "%s, byte %u: `%s`", s->path, (unsigned)offset, session_text(session, place.name));
	cr_expect_str_neq(place.kind ? place.kind : "", "unknown", "%s, byte %u", s->path, (unsigned)offset);
	if (place.declared.file) {
		seen->declared++;
		cr_expect(is_written(session, place.declared, place.name), "%s, byte %u: declared elsewhere", s->path,
		          (unsigned)offset);
	}
	if (has_value(place.kind)) {
		seen->typed += place.type != NULL;
		cr_expect_not_null(place.type, "%s, byte %u: `%s` has no type", s->path, (unsigned)offset,
		                   session_text(session, place.name));
	}
}

/* At the first letter of every word. */
static void look_everywhere(FeProgram *program, const Session *session, uint32_t source, Seen *seen) {
	const Source *s = session->sources.data[source];
	bool comment = false;
	for (uint32_t i = 0; i < s->length; i++) {
		comment = s->text[i] != '\n' && (comment || s->text[i] == '#');
		bool starts = is_letter(s->text[i]) && (i == 0 || !is_letter(s->text[i - 1]));
		if (starts && !comment)
			look_at(program, session, source, i, seen);
	}
}

Test(place, examples, .timeout = 300) {
	glob_t files;
	Seen seen = {0};
	cr_assert_eq(glob(GRADUS_SOURCE_DIR "/examples/*.grad", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		Session *session = session_new();
		FeProgram *program = fe_program_new(session);
		cr_assert(fe_add_file(program, files.gl_pathv[i]), "%s", files.gl_pathv[i]);
		look_everywhere(program, session, session->sources.count - 1, &seen);
		cr_expect_eq(session->diags.count, 0u, "%s: looking says nothing", files.gl_pathv[i]);
		session_free(session);
	}
	globfree(&files);
	cr_expect_gt(seen.names, 300);
	cr_expect_gt(seen.declared, 200);
	cr_expect_gt(seen.typed, 100);
}

/* Nothing that was asked for before keeps a mistake from being told. */
Test(place, mistakes_are_still_told, .timeout = 60) {
	static const char text[] = "objective o() {\n  param w : [2] = 1\n  minimize sum(w) + unknwon + sum(w[5])\n}\n";
	Session *session = session_new();
	FeProgram *program = fe_program_new(session);
	uint32_t source = source_add(session, "o.grad", text, strlen(text));
	FePlace place;
	cr_assert(fe_add_source(program, source));
	for (uint32_t i = 0; i < strlen(text); i++)
		fe_at(program, source, i, &place);
	cr_expect_eq(session->error_count, 0u);
	cr_expect_not(fe_check(program));
	cr_expect_eq(session->error_count, 2u);
	session_free(session);
}
