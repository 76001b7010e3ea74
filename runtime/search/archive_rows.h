/* What archive.c and archive_read.c share. */
#ifndef GRADUS_SEARCH_ARCHIVE_ROWS_H
#define GRADUS_SEARCH_ARCHIVE_ROWS_H

#include <sqlite3.h>

#include "runtime/search/archive.h"

/* Statements, prepared when first needed. */
typedef enum SearchStatement {
	SEARCH_PUT_RUN,
	SEARCH_PUT_EXPR,
	SEARCH_PUT_SCORE,
	SEARCH_PUT_EPOCH,
	SEARCH_GET_RUN,
	SEARCH_GET_EPOCH,
	SEARCH_GET_SCORE,
	SEARCH_EACH, /* one for each table */
	SEARCH_STATEMENTS = SEARCH_EACH + (int)SEARCH_ARCHIVE_TABLES
} SearchStatement;

struct SearchArchive {
	Session *session;
	Arena *arena;
	const char *path;
	sqlite3 *db;
	sqlite3_stmt *statements[SEARCH_STATEMENTS];
	int64_t epochs;    /* that are committed */
	bool writes;       /* a transaction is open */
	const char *error; /* what went wrong since the last commit; NULL: nothing */
	bool lost;         /* the disk takes no more */
};

/* Ready to be bound and stepped; NULL where it cannot be prepared, which is an error of the archive. Reset it after use. */
sqlite3_stmt *search_archive_statement(SearchArchive *archive, SearchStatement which);
void search_archive_fail(SearchArchive *archive); /* keeps what SQLite says */
/* Is the column behind these the hash that they were written with? Else an error of the archive. */
bool search_archive_checked(SearchArchive *archive, sqlite3_stmt *row, int from, int columns);

#endif
