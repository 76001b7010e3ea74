/* records: delimited text (CSV and its relatives), cut into records and fields. */
#ifndef GRADUS_DATA_RECORDS_H
#define GRADUS_DATA_RECORDS_H

#include "base/base.h"

typedef struct Field {
	const char *text;
	size_t length;
	bool quoted;
	bool number;  /* known to be one, which is ... */
	double value; /* ... this; others may be numbers as well */
} Field;

typedef struct Records {
	Arena *arena;
	const char *at, *end;
	char delimiter; /* ' ': runs of blanks */
	size_t next;    /* the line at `at` */
	size_t line;    /* where the record starts that was read last */
	VEC(Field) fields;
	const char *error;
} Records;

/* Skips a mark of byte order, blank lines and lines that begin with `#`; finds the delimiter by the first record, unless it is given. error: it is
 * no such text. */
Records data_records_of(Arena *arena, const char *text, size_t length, char delimiter);
/* The next record that is not blank, in `fields`; false at the end or with an error. */
bool data_records_next(Records *records);

#endif
