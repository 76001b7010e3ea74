/* The archive of a search: reading. Rows may come from anywhere, so what is no text or no number becomes an empty one. */
#include "runtime/search/archive_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- rows, from their first column on ---- */

/* A text that lives as long as the row. */
static const char *text_at(sqlite3_stmt *row, int column) {
	const char *text = (const char *)sqlite3_column_text(row, column);
	return text ? text : "";
}

static double real_at(sqlite3_stmt *row, int column) {
	return sqlite3_column_type(row, column) == SQLITE_NULL ? (double)NAN : sqlite3_column_double(row, column);
}

static SearchArchiveExpr expr_of(sqlite3_stmt *row, int from) {
	return (SearchArchiveExpr){.hash = (uint64_t)sqlite3_column_int64(row, from),
	                           .text = text_at(row, from + 1),
	                           .size = sqlite3_column_int(row, from + 2),
	                           .cost = sqlite3_column_int(row, from + 3),
	                           .degree = real_at(row, from + 4),
	                           .epoch = sqlite3_column_int64(row, from + 5),
	                           .island = sqlite3_column_int(row, from + 6),
	                           .source = text_at(row, from + 7)};
}

static SearchArchiveScore score_of(sqlite3_stmt *row, int from) {
	SearchArchiveScore score = {.hash = (uint64_t)sqlite3_column_int64(row, from),
	                            .stage = sqlite3_column_int(row, from + 1),
	                            .value = real_at(row, from + 2),
	                            .rate = real_at(row, from + 3),
	                            .aborted_at = sqlite3_column_int(row, from + 5)};
	const char *at = text_at(row, from + 4);
	char *end;
	for (double value = strtod(at, &end);
	     end != at && score.constant_count < SEARCH_MOST_CONSTANTS + SEARCH_MOST_LEARNED; value = strtod(at, &end)) {
		score.constants[score.constant_count++] = value;
		at = end;
	}
	return score;
}

static SearchArchiveEpoch epoch_of(sqlite3_stmt *row) {
	return (SearchArchiveEpoch){.n = sqlite3_column_int64(row, 0),
	                            .stage = sqlite3_column_int(row, 1),
	                            .generated = sqlite3_column_int64(row, 2),
	                            .distinct = sqlite3_column_int64(row, 3),
	                            .hits = sqlite3_column_int64(row, 4),
	                            .aborted = sqlite3_column_int64(row, 5),
	                            .evaluations = sqlite3_column_int64(row, 6),
	                            .best = real_at(row, 7),
	                            .state = sqlite3_column_blob(row, 8),
	                            .state_bytes = (size_t)sqlite3_column_bytes(row, 8)};
}

/* ---- one row ---- */

int64_t search_archive_epochs(const SearchArchive *archive) {
	return archive->epochs;
}

enum { EXPR_COLUMNS = 8, SCORE_COLUMNS = 6, EPOCH_COLUMNS = 9 }; /* and the hash of them */

/* The row of a key; NULL if it is not there, or not what was written. */
static sqlite3_stmt *row_of(SearchArchive *archive, SearchStatement which, int columns, int64_t first, int second) {
	sqlite3_stmt *row = search_archive_statement(archive, which);
	if (!row)
		return NULL;
	sqlite3_bind_int64(row, 1, first);
	if (sqlite3_bind_parameter_count(row) > 1)
		sqlite3_bind_int(row, 2, second);
	if (sqlite3_step(row) == SQLITE_ROW && search_archive_checked(archive, row, 0, columns))
		return row;
	sqlite3_reset(row);
	return NULL;
}

bool search_archive_find_epoch(SearchArchive *archive, int64_t n, Arena *arena, SearchArchiveEpoch *out) {
	sqlite3_stmt *row = row_of(archive, SEARCH_GET_EPOCH, EPOCH_COLUMNS, n, 0);
	if (!row)
		return false;
	*out = epoch_of(row);
	out->state = out->state ? arena_copy(arena, out->state, out->state_bytes) : NULL;
	sqlite3_reset(row);
	return true;
}

bool search_archive_find_score(SearchArchive *archive, uint64_t hash, int stage, SearchArchiveScore *out) {
	sqlite3_stmt *row = row_of(archive, SEARCH_GET_SCORE, SCORE_COLUMNS, (int64_t)hash, stage);
	if (!row)
		return false;
	*out = score_of(row, 0);
	sqlite3_reset(row);
	return true;
}

/* ---- all rows ---- */

/* false: it is not what was written. */
static bool row_as(SearchArchive *archive, SearchArchiveTable table, sqlite3_stmt *row, SearchArchiveRow *out) {
	*out = (SearchArchiveRow){0};
	switch (table) {
	case SEARCH_ARCHIVE_EXPR: out->expr = expr_of(row, 0); return search_archive_checked(archive, row, 0, EXPR_COLUMNS);
	case SEARCH_ARCHIVE_SCORE:
		out->score = score_of(row, 0);
		return search_archive_checked(archive, row, 0, SCORE_COLUMNS);
	case SEARCH_ARCHIVE_EPOCH:
		out->epoch = epoch_of(row);
		return search_archive_checked(archive, row, 0, EPOCH_COLUMNS);
	default:
		out->expr = expr_of(row, 0);
		out->score = score_of(row, EXPR_COLUMNS + 1);
		return search_archive_checked(archive, row, 0, EXPR_COLUMNS) &&
		       search_archive_checked(archive, row, EXPR_COLUMNS + 1, SCORE_COLUMNS);
	}
}

bool search_archive_each(SearchArchive *archive, SearchArchiveTable table, SearchArchiveSee *see, void *user) {
	sqlite3_stmt *row = search_archive_statement(archive, (SearchStatement)(SEARCH_EACH + (int)table));
	bool goes_on = row != NULL, sound = true;
	int code = SQLITE_ERROR;
	while (goes_on && (code = sqlite3_step(row)) == SQLITE_ROW) {
		SearchArchiveRow read;
		sound = row_as(archive, table, row, &read);
		goes_on = sound && see(user, &read);
	}
	sound = sound && (code == SQLITE_DONE || code == SQLITE_ROW);
	if (!sound) {
		search_archive_fail(archive);
		Diag *diag = diag_error(archive->session, 812, (Span){0}, "%s cannot be read to its end", archive->path);
		diag_note(archive->session, diag, "%s", archive->error);
	}
	sqlite3_reset(row);
	return sound;
}

/* ---- formulas ---- */

const char *search_archive_formula(const SearchArchiveExpr *expr, const SearchArchiveScore *score, bool single,
                                   Arena *arena) {
	Text out = text_new(arena);
	for (const char *at = expr->text; *at; at++) {
		char *end = NULL;
		long number = *at == '{' ? strtol(at + 1, &end, 10) : 0;
		if (number < 1 || number > score->constant_count || *end != '}') {
			text_char(&out, *at);
			continue;
		}
		double constant = score->constants[number - 1];
		text_printf(&out, constant < 0 ? "(" : "");
		text_real(&out, constant, single);
		text_printf(&out, constant < 0 ? ")" : "");
		at = end;
	}
	return text_cstr(&out);
}
