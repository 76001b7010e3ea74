/* limits: how large what is read may be, how much of it is shown, and how memory grows. Chosen, not measured. */
#ifndef GRADUS_BASE_LIMITS_H
#define GRADUS_BASE_LIMITS_H

enum {
	/* source.c: bytes of a source; columns of a tab */
	SOURCE_LIMIT = 16000000,
	SOURCE_TAB_STOP = 4,
	/* source.c: bytes at least between two places of a long line whose columns are kept */
	SOURCE_STOP_BYTES = 64,
	/* diag_print.c: a line of more columns is shown in part: so many of them, of which so many stand before its first main place */
	DIAG_LONG_LINE = 240,
	DIAG_SHOWN_COLUMNS = 120,
	DIAG_SHOWN_BEFORE = 40,
	/* names.c: bytes of names that are compared for "did you mean" */
	NAMES_COMPARED = 64,
	/* file.c: names that are tried for a draft beside a file; seconds after which one that was left behind is removed */
	FILE_DRAFT_NAMES = 100,
	FILE_DRAFT_AGE = 3600,
	/* arena.c: bytes of the first block; each is twice as large as the one before, until that is this much */
	ARENA_FIRST_BLOCK = 1 << 14,
	ARENA_LARGEST_STEP = 1 << 23
};

#endif
