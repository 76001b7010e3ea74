/* Names of a program as names in C and C++. A name that people read stays as it is wherever it can; the others change by rules
 * that keep clear of whole kinds:
 *
 *   no name begins with `_` or holds `__`         such names belong to compilers and their headers
 *   only ASCII letters                            λ is lambda, a' is a_prime
 *   words of c_names.def get a `_` at the end     keywords, macros and types: errno_, signed_, I_
 *   so do names in capitals                       macros are called like that, on platforms we have never seen too: NULL_, MAX_N_;
 *                                                 W and W1, with one letter, stay
 *   and those that begin with the prefix          what is emitted has names like that itself
 *
 * No word of c_names.def ends in `_`, so one `_` is enough. What only functions are called may stay: a member or a local variable
 * of that name hides nothing that emitted code uses. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "jit/jit.h"

/* Each kind of row becomes a table of strings. */
#define C_KEYWORD(name) name,
#define C_WORD(name)
#define C_FUNCTION(name)
#define C_HEADER(name)
static const char *const keywords[] = {
#include "jit/c/c_names.def"
};
#undef C_KEYWORD
#undef C_WORD
#define C_KEYWORD(name)
#define C_WORD(name) name,
static const char *const words[] = {
#include "jit/c/c_names.def"
};
#undef C_WORD
#undef C_FUNCTION
#define C_WORD(name)
#define C_FUNCTION(name) name,
static const char *const functions[] = {
#include "jit/c/c_names.def"
};
#undef C_FUNCTION
#undef C_HEADER
#define C_FUNCTION(name)
#define C_HEADER(name) name,
static const char *const headers[] = {
#include "jit/c/c_names.def"
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static int compare(const void *name, const void *entry) {
	return strcmp(name, *(const char *const *)entry);
}

static bool listed(const char *const *table, size_t count, const char *name) {
	return bsearch(name, table, count, sizeof *table, compare) != NULL;
}

bool jit_c_is_keyword(const char *name) {
	return listed(keywords, COUNT(keywords), name);
}

bool jit_c_is_library(const char *name) {
	return listed(words, COUNT(words), name) || listed(functions, COUNT(functions), name);
}

bool jit_c_is_header(const char *name) {
	return listed(headers, COUNT(headers), name);
}

static const char *greek(uint32_t letter) {
	static const char *const names[] = {"alpha",   "beta", "gamma", "delta",  "epsilon", "zeta", "eta",
	                                    "theta",   "iota", "kappa", "lambda", "mu",      "nu",   "xi",
	                                    "omicron", "pi",   "rho",   "sigma",  "sigma",   "tau",  "upsilon",
	                                    "phi",     "chi",  "psi",   "omega"};
	return letter >= 0x3b1 && letter <= 0x3c9 ? names[letter - 0x3b1] : NULL;
}

const char *jit_c_spelling(Arena *arena, const char *name) {
	size_t length = strlen(name);
	Text out = text_new(arena);
	for (size_t at = 0; at < length;) {
		uint32_t letter = 0;
		at += text_decode(name + at, length - at, &letter);
		const char *small = greek(letter), *large = greek(letter + 0x20);
		if (letter == '_') {
			bool second = out.length > 0 && text_cstr(&out)[out.length - 1] == '_';
			text_printf(&out, "%s", out.length == 0 ? "v_" : second ? "" : "_");
		} else if (letter < 128 && isalnum((int)letter)) {
			text_char(&out, (char)letter);
		} else if (letter == '\'') {
			text_printf(&out, "_prime");
		} else if (letter == '~') { /* x~: how we call the gradient with respect to x */
			text_printf(&out, "_gradient");
		} else if (small) {
			text_printf(&out, "%s", small);
		} else if (large) {
			text_printf(&out, "%c%s", toupper((unsigned char)large[0]), large + 1);
		} else {
			text_printf(&out, "u%04x", (unsigned)letter);
		}
	}
	return text_cstr(&out);
}

/* As the names of macros are by custom: capitals, and more than one letter. */
static bool looks_like_a_macro(const char *name) {
	int letters = 0;
	for (; *name; name++) {
		if (islower((unsigned char)*name))
			return false;
		letters += isupper((unsigned char)*name) != 0;
	}
	return letters > 1;
}

/* adam_step or ADAM_BLOCK, for the prefix adam. */
static bool begins_with(const char *name, const char *prefix) {
	for (; *prefix; prefix++, name++)
		if (tolower((unsigned char)*name) != tolower((unsigned char)*prefix))
			return false;
	return *name == '_';
}

const char *jit_c_name(Arena *arena, const char *prefix, const char *name) {
	const char *spelt = jit_c_spelling(arena, name);
	size_t length = strlen(spelt);
	bool word = jit_c_is_keyword(spelt) || listed(words, COUNT(words), spelt);
	bool taken = prefix && (word || looks_like_a_macro(spelt) || begins_with(spelt, prefix));
	return taken && spelt[length - 1] != '_' ? arena_printf(arena, "%s_", spelt) : spelt;
}

static bool among(const char *name, const char *const *names, uint32_t count) {
	for (uint32_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

const char *jit_c_unique(Arena *arena, const char *prefix, const char *name, const char *const *names, uint32_t count) {
	const char *found = jit_c_name(arena, prefix, name);
	for (uint32_t number = 2; among(found, names, count); number++)
		found = jit_c_name(arena, prefix, arena_printf(arena, "%s_%u", name, (unsigned)number));
	return found;
}
