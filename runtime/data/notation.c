/* Words of delimited text that are numbers in a notation which is not read: numbering them like words would mean something else,
 * and silently. */
#include <regex.h>
#include <string.h>

#include "runtime/data/data.h"

static const struct {
	const char *pattern, *is;
} notations[] = {
	{"^[-+]?[0-9.]*,[0-9]+$", "a number with a decimal comma"},
	{"^[-+]?[0-9]{1,3}([,'_][0-9]{3})+([.][0-9]*)?$", "a number with its digits in groups"},
	{"^[-+]?([0-9]+[.][0-9]*|[.][0-9]+)[dD][-+]?[0-9]+$", "a number with the exponent of Fortran"},
	{"^[-+]?[0-9]+[dD][-+][0-9]+$", "a number with the exponent of Fortran"},
	{"^[-+]?0[xX][0-9a-fA-F]+$", "a hexadecimal number"},
	{"^\xe2\x88\x92[0-9]*[.]?[0-9]+([eE][-+]?[0-9]+)?$", "a number with a typographic minus"},
	{"^[-+]?[0-9]{64,}[.]?[0-9]*$", "a number of more digits than are read"},
};

const char *data_other_notation(const char *const *words, uint32_t count) {
	const char *is = NULL;
	for (size_t k = 0; k < sizeof notations / sizeof *notations && count && !is; k++) {
		regex_t pattern;
		if (regcomp(&pattern, notations[k].pattern, REG_EXTENDED | REG_NOSUB) != 0)
			continue;
		uint32_t i = 0;
		while (i < count && regexec(&pattern, words[i], 0, NULL, 0) == 0)
			i++;
		regfree(&pattern);
		is = i == count ? notations[k].is : NULL;
	}
	return is;
}
