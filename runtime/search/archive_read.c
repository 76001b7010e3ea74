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
	for (double value = strtod(at, &end); end != at && score.constant_count < SEARCH_MOST_CONSTANTS;
	     value = strtod(at, &end)) {
		score.constants[score.constant_count++] = value;
		at = end;
	}
	return score;
}

static SearchArchiveMember member_of(sqlite3_stmt *row) {
	return (SearchArchiveMember){.epoch = sqlite3_column_int64(row, 0),
	                             .island = sqlite3_column_int(row, 1),
	                             .slot = sqlite3_column_int(row, 2),
	                             .hash = (uint64_t)sqlite3_column_int64(row, 3),
	                             .birth = sqlite3_column_int64(row, 4)};
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

/* The row of a key; NULL if it is not there. */
static sqlite3_stmt *row_of(SearchArchive *archive, SearchStatement which, int64_t first, int second) {
	sqlite3_stmt *row = search_archive_statement(archive, which);
	if (!row)
		return NULL;
	sqlite3_bind_int64(row, 1, first);
	if (sqlite3_bind_parameter_count(row) > 1)
		sqlite3_bind_int(row, 2, second);
	if (sqlite3_step(row) == SQLITE_ROW)
		return row;
	sqlite3_reset(row);
	return NULL;
}

bool search_archive_find_epoch(SearchArchive *archive, int64_t n, Arena *arena, SearchArchiveEpoch *out) {
	sqlite3_stmt *row = row_of(archive, SEARCH_GET_EPOCH, n, 0);
	if (!row)
		return false;
	*out = epoch_of(row);
	out->state = out->state ? arena_copy(arena, out->state, out->state_bytes) : NULL;
	sqlite3_reset(row);
	return true;
}

bool search_archive_find_score(SearchArchive *archive, uint64_t hash, int stage, SearchArchiveScore *out) {
	sqlite3_stmt *row = row_of(archive, SEARCH_GET_SCORE, (int64_t)hash, stage);
	if (!row)
		return false;
	*out = score_of(row, 0);
	sqlite3_reset(row);
	return true;
}

bool search_archive_find_expr(SearchArchive *archive, uint64_t hash, Arena *arena, SearchArchiveExpr *out) {
	sqlite3_stmt *row = row_of(archive, SEARCH_GET_EXPR, (int64_t)hash, 0);
	if (!row)
		return false;
	*out = expr_of(row, 0);
	out->text = arena_strdup(arena, out->text);
	out->source = arena_strdup(arena, out->source);
	sqlite3_reset(row);
	return true;
}

/* ---- all rows ---- */

static SearchArchiveRow row_as(SearchArchiveTable table, sqlite3_stmt *row) {
	enum { EXPR_COLUMNS = 8 };
	switch (table) {
	case SEARCH_ARCHIVE_EXPR: return (SearchArchiveRow){.expr = expr_of(row, 0)};
	case SEARCH_ARCHIVE_SCORE: return (SearchArchiveRow){.score = score_of(row, 0)};
	case SEARCH_ARCHIVE_MEMBER: return (SearchArchiveRow){.member = member_of(row)};
	case SEARCH_ARCHIVE_EPOCH: return (SearchArchiveRow){.epoch = epoch_of(row)};
	default: return (SearchArchiveRow){.expr = expr_of(row, 0), .score = score_of(row, EXPR_COLUMNS)};
	}
}

bool search_archive_each(SearchArchive *archive, SearchArchiveTable table, SearchArchiveSee *see, void *user) {
	sqlite3_stmt *row = search_archive_statement(archive, (SearchStatement)(SEARCH_EACH + (int)table));
	bool goes_on = row != NULL;
	int code = SQLITE_ERROR;
	while (goes_on && (code = sqlite3_step(row)) == SQLITE_ROW) {
		SearchArchiveRow read = row_as(table, row);
		goes_on = see(user, &read);
	}
	if (code != SQLITE_DONE && code != SQLITE_ROW) {
		search_archive_fail(archive);
		Diag *diag = diag_error(archive->session, 812, (Span){0}, "%s cannot be read to its end", archive->path);
		diag_note(archive->session, diag, "%s", archive->error);
	}
	sqlite3_reset(row);
	return code == SQLITE_DONE || code == SQLITE_ROW;
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
