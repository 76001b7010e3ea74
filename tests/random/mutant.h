/* Programs with mistakes: texts changed a little, token by token and line by line. */
#ifndef GRADUS_TESTS_RANDOM_MUTANT_H
#define GRADUS_TESTS_RANDOM_MUTANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A text as tokens: words, numbers, operators, blanks, line ends, comments. */
typedef struct MutantToken {
	const char *text; /* not ended by 0 */
	int length;
} MutantToken;

typedef struct MutantText {
	MutantToken *tokens;
	int count;
} MutantText;

/* The tokens point into `text`, which has to outlive them. */
MutantText mutant_read(const char *text);
void mutant_free(MutantText *text);

/* One to six changes, from the random numbers of `state`. Pieces of `other` may come in. The caller frees the result. */
char *mutant_make(const MutantText *text, const MutantText *other, uint64_t *state);

/* Leaves out lines, then tokens, as long as `fails` says that the rest still fails. The caller frees the result. */
typedef bool MutantFails(void *context, const char *text);
char *mutant_shrink(const char *text, MutantFails *fails, void *context, int tries);

#endif
