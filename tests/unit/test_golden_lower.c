/* Wrong programs: tests/errors/lower_*.grad give the messages beside them (NAME.err), and something is wrong with each.
 * GRADUS_UPDATE_GOLDEN=1 rewrites them. */
#include "frontend/frontend.h"

#include "files.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

static void compare_golden(const char *path, const char *found) {
	if (update_golden(path, found))
		return;
	char *expected = read_file(path, NULL);
	cr_expect(expected != NULL, "%s is missing; GRADUS_UPDATE_GOLDEN=1 writes it", path);
	cr_expect(expected == NULL || strcmp(expected, found) == 0, "%s differs; now it is\n%s", path, found);
	free(expected);
}

static void check_program(const char *folder, const char *name) {
	char path[1200], golden[1200], *messages = NULL;
	size_t length = 0;
	snprintf(path, sizeof path, "%s/%s", folder, name);
	snprintf(golden, sizeof golden, "%s/%.*s.err", folder, (int)(strlen(name) - 5), name);
	char *text = read_file(path, NULL);
	cr_assert(text != NULL, "%s cannot be read", path);
	Session *session = session_new();
	FeProgram *program = fe_program_new(session);
	fe_add_source(program, source_add(session, name, text, strlen(text)));
	cr_expect(!fe_check(program), "%s: nothing is wrong with it", name);
	FILE *out = open_memstream(&messages, &length);
	diag_print_all(session, out, false);
	fclose(out);
	compare_golden(golden, messages);
	free(messages);
	free(text);
	session_free(session);
}

Test(golden_lower, errors) {
	const char *folder = GRADUS_SOURCE_DIR "/tests/errors";
	DIR *dir = opendir(folder);
	cr_assert(dir != NULL);
	int count = 0;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		size_t length = strlen(entry->d_name);
		if (strncmp(entry->d_name, "lower_", 6) != 0 || length < 6 || strcmp(entry->d_name + length - 5, ".grad") != 0)
			continue;
		check_program(folder, entry->d_name);
		count++;
	}
	closedir(dir);
	cr_expect(count >= 40, "%d programs", count);
}

/* The library itself is in order. */
Test(golden_lower, library) {
	Session *session = session_new();
	FeProgram *program = fe_program_new(session);
	for (size_t i = 0; i < fe_std_file_count; i++)
		fe_add_source(program, source_add(session, fe_std_files[i].name, fe_std_files[i].text, fe_std_files[i].length));
	cr_assert(fe_std_file_count > 0);
	if (!fe_check(program)) {
		diag_print_all(session, stderr, false);
		cr_assert_fail("the library has errors");
	}
	session_free(session);
}
