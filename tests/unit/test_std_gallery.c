/* docs/gallery.md is what `gradus show std` has, at length: GRADUS_UPDATE_GOLDEN=1 rewrites it. Every entry has a
 * subject and a comment. */
#include "files.h"
#include "frontend/frontend.h"

#include <string.h>

static const char head[] =
	"# The library\n\n"
	"What is there without an import: `gradus show std` lists it, `gradus show std NAME` prints the source of an "
	"entry. Each has its\n"
	"constants as the source that is named has them, unless it says otherwise; a range behind `in` is where tuning "
	"looks. Every rule was\n"
	"compared with numpy over 25 steps on two problems, every family at three points (`tests/library`).\n";

/* Marks that would mean something in the page. */
static void put_plain(Text *out, const char *text) {
	for (; *text; text++)
		text_printf(out, strchr("*_|<", *text) ? "\\%c" : "%c", *text);
}

static void put_kind(const FeStdEntries *entries, AstDeclKind kind, Text *out) {
	const char *subject = "";
	for (uint32_t i = 0; i < entries->count; i++) {
		const FeStdEntry *e = &entries->data[i];
		if (e->kind != kind)
			continue;
		if (strcmp(e->subject, subject) != 0)
			text_printf(out, "\n## %s\n\n", subject = e->subject);
		text_printf(out, "- **%s**", e->name);
		text_printf(out, e->params[0] ? " `(%s)`" : "%s", e->params);
		text_printf(out, ": ");
		put_plain(out, e->summary);
		text_printf(out, ".%s", e->details[0] ? " " : "");
		put_plain(out, e->details);
		text_printf(out, "\n");
	}
}

Test(std_gallery, is_made_from_the_comments) {
	Arena *arena = arena_new();
	FeStdEntries entries = fe_std_entries(arena);
	Text page = text_new(arena);
	text_printf(&page, "%s", head);
	put_kind(&entries, AST_OPTIMIZER, &page);
	put_kind(&entries, AST_OBJECTIVE, &page);
	const char *path = GRADUS_SOURCE_DIR "/docs/gallery.md";
	if (!update_golden(path, text_cstr(&page))) {
		char *expected = read_file(path, NULL);
		cr_assert(expected != NULL, "%s is not there: GRADUS_UPDATE_GOLDEN=1 writes it", path);
		cr_expect(strcmp(expected, text_cstr(&page)) == 0,
		          "docs/gallery.md differs from the library: GRADUS_UPDATE_GOLDEN=1 rewrites it");
		free(expected);
	}
	arena_free(arena);
}

Test(std_gallery, entries_are_complete) {
	Arena *arena = arena_new();
	FeStdEntries entries = fe_std_entries(arena);
	cr_expect(entries.count > 150, "%u", entries.count);
	for (uint32_t i = 0; i < entries.count; i++) {
		const FeStdEntry *e = &entries.data[i];
		if (e->kind == AST_FN)
			continue;
		cr_expect(strncmp(e->subject, e->kind == AST_OPTIMIZER ? "Optimizers: " : "Families: ", 10) == 0,
		          "%s is under `%s`", e->name, e->subject);
		cr_expect(e->summary[0] != '\0', "%s has no comment", e->name);
	}
	arena_free(arena);
}
