/* docs/math.md as tests read it: the bounds in its tables are what is tested. And the functions of the C library by name. */
#ifndef MATH_DOC_H
#define MATH_DOC_H

#include <criterion/criterion.h>
#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline bool math_doc_is_word(char c) {
	return isalnum((unsigned char)c) || c == '_';
}

/* Whether `text`, up to `end`, names the row: as a word, or as it stands between backquotes. */
static inline bool math_doc_names(const char *text, const char *end, const char *row) {
	size_t length = strlen(row);
	for (const char *at = text; at + length <= end; at++)
		if (strncmp(at, row, length) == 0 && (at == text || !math_doc_is_word(at[-1])) && !math_doc_is_word(at[length]))
			return true;
	return false;
}

/* The numbers in the columns behind the name of a row, in the table of a section ("Accuracy"). False if there is no such row, or
 * if these columns are no numbers. */
static inline bool math_doc_bounds(const char *section, const char *row, int count, double *out) {
	FILE *file = fopen(GRADUS_SOURCE_DIR "/docs/math.md", "rb");
	cr_assert_not_null(file);
	char line[2000], heading[100];
	snprintf(heading, sizeof heading, "## %s\n", section);
	bool inside = false, found = false;
	while (!found && fgets(line, sizeof line, file)) {
		if (line[0] == '#')
			inside = strcmp(line, heading) == 0;
		char *column = line[0] == '|' ? strchr(line + 1, '|') : NULL;
		if (!inside || !column || !math_doc_names(line + 1, column, row))
			continue;
		found = true;
		for (int i = 0; i < count && found; i++) {
			char *number = column + 1 + strspn(column + 1, " *"), *end;
			out[i] = strtod(number, &end);
			column = strchr(number, '|');
			found = end != number && column;
		}
	}
	fclose(file);
	return found;
}

/* The functions of one real number that C has. */
typedef long double CMath(long double);

static inline CMath *c_math(const char *name) {
	static const struct {
		const char *name;
		CMath *function;
	} all[] = {{"acos", acosl},   {"acosh", acoshl}, {"asin", asinl},   {"asinh", asinhl}, {"atan", atanl},
	           {"atanh", atanhl}, {"cbrt", cbrtl},   {"cos", cosl},     {"cosh", coshl},   {"erf", erfl},
	           {"erfc", erfcl},   {"exp", expl},     {"exp2", exp2l},   {"expm1", expm1l}, {"lgamma", lgammal},
	           {"log", logl},     {"log10", log10l}, {"log1p", log1pl}, {"log2", log2l},   {"sin", sinl},
	           {"sinh", sinhl},   {"sqrt", sqrtl},   {"tan", tanl},     {"tanh", tanhl},   {"tgamma", tgammal}};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strcmp(all[i].name, name) == 0)
			return all[i].function;
	return NULL;
}

#endif
