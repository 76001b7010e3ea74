/* Programs in files: those of tests/parse read without a message, as the trees beside them (NAME.tree); those of
 * tests/errors/parse_*.grad give the messages beside them (NAME.err). GRADUS_UPDATE_GOLDEN=1 rewrites both. */
#include "frontend/syntax/ast.h"

#include "files.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

static void compare_golden(const char *path, const char *found) {
	if (update_golden(path, found))
		return;
	size_t length = 0;
	char *expected = read_file(path, &length);
	cr_expect(expected != NULL, "%s is missing; GRADUS_UPDATE_GOLDEN=1 writes it", path);
	cr_expect(expected == NULL || strcmp(expected, found) == 0, "%s differs; now it is\n%s", path, found);
	free(expected);
}

static void rendered(const Session *session, char **text) {
	size_t length = 0;
	FILE *out = open_memstream(text, &length);
	cr_assert(out != NULL);
	diag_print_all(session, out, false);
	fclose(out);
}

static void check_program(const char *folder, const char *stem, bool wrong) {
	char path[1200], golden[1200], shown[300], *messages = NULL;
	size_t length = 0;
	snprintf(path, sizeof path, "%s/%s.grad", folder, stem);
	snprintf(golden, sizeof golden, "%s/%s.%s", folder, stem, wrong ? "err" : "tree");
	snprintf(shown, sizeof shown, "%s.grad", stem);
	char *text = read_file(path, &length);
	cr_assert(text != NULL, "%s cannot be read", path);
	Session *session = session_new();
	const AstFile *file = ast_parse(session, source_add(session, shown, text, length));
	rendered(session, &messages);
	Text tree = text_new(session->arena);
	ast_print(session, file, &tree);
	if (wrong) {
		cr_expect_gt(session->error_count, 0, "%s has no errors", path);
		compare_golden(golden, messages);
	} else {
		cr_expect_eq(session->diags.count, 0, "%s:\n%s", path, messages);
		compare_golden(golden, text_cstr(&tree));
	}
	free(messages);
	free(text);
	session_free(session);
}

static int check_folder(const char *name, const char *prefix, bool wrong) {
	char folder[600];
	snprintf(folder, sizeof folder, "%s/%s", GRADUS_SOURCE_DIR, name);
	DIR *dir = opendir(folder);
	cr_assert(dir != NULL, "%s is missing", folder);
	int count = 0;
	for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		const char *end = strrchr(entry->d_name, '.');
		if (end == NULL || strcmp(end, ".grad") != 0 || strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
			continue;
		char stem[256];
		snprintf(stem, sizeof stem, "%.*s", (int)(end - entry->d_name), entry->d_name);
		check_program(folder, stem, wrong);
		count++;
	}
	closedir(dir);
	return count;
}

Test(golden, programs_are_read_as_their_trees) {
	cr_expect_geq(check_folder("tests/parse", "", false), 25);
}

Test(golden, wrong_programs_give_their_messages) {
	cr_expect_geq(check_folder("tests/errors", "parse_", true), 20);
}
