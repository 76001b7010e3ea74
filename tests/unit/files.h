/* Files and settings that tests read. */
#ifndef GRADUS_TESTS_FILES_H
#define GRADUS_TESTS_FILES_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* All of a file with a 0 behind it, which the caller frees; NULL if there is none. length may be NULL. */
static inline char *read_file(const char *path, size_t *length) {
	FILE *file = fopen(path, "rb");
	if (!file)
		return NULL;
	char *text = NULL;
	size_t total = 0;
	for (size_t got = 1; got > 0; total += got) {
		text = realloc(text, total + 65536 + 1);
		cr_assert(text);
		got = fread(text + total, 1, 65536, file);
	}
	fclose(file);
	text[total] = '\0';
	if (length)
		*length = total;
	return text;
}

/* A number that the one who runs the tests may choose: how many, from which on. */
static inline long from_environment(const char *name, long otherwise) {
	const char *text = getenv(name);
	return text && *text ? strtol(text, NULL, 10) : otherwise;
}

/* With GRADUS_UPDATE_GOLDEN what is found becomes what is expected, to be looked at as a difference; true: that is done. */
static inline bool update_golden(const char *path, const char *found) {
	if (!getenv("GRADUS_UPDATE_GOLDEN"))
		return false;
	FILE *file = fopen(path, "wb");
	cr_assert(file, "%s cannot be written", path);
	fputs(found, file);
	fclose(file);
	return true;
}

#endif
