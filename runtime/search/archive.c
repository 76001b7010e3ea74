/* The archive of a search: opening and writing. Reading stands in archive_read.c. */
#include "runtime/search/archive_rows.h"

#include <string.h>

/* The last column of a row is a hash of the others. */
#define CHECKED(insert, values) insert " VALUES (" values ", check_of(" values "))"

static const char *const statement_texts[SEARCH_STATEMENTS] = {
	[SEARCH_PUT_RUN] = "INSERT INTO run VALUES (1, ?, ?, ?, ?, ?)",
	[SEARCH_PUT_EXPR] = CHECKED("INSERT OR REPLACE INTO expr", "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8"),
	[SEARCH_PUT_SCORE] = CHECKED("INSERT OR REPLACE INTO score", "?1, ?2, ?3, ?4, ?5, ?6"),
	[SEARCH_PUT_EPOCH] = CHECKED("INSERT INTO epoch", "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9"),
	[SEARCH_GET_RUN] = "SELECT * FROM run WHERE id = 1",
	[SEARCH_GET_EPOCH] = "SELECT * FROM epoch WHERE n = ?",
	[SEARCH_GET_SCORE] = "SELECT * FROM score WHERE hash = ? AND stage = ?",
	[(int)SEARCH_EACH + (int) SEARCH_ARCHIVE_EXPR] = "SELECT * FROM expr ORDER BY hash",
	[(int)SEARCH_EACH + (int) SEARCH_ARCHIVE_SCORE] = "SELECT * FROM score ORDER BY hash, stage",
	[(int)SEARCH_EACH + (int) SEARCH_ARCHIVE_EPOCH] = "SELECT * FROM epoch ORDER BY n",
	[(int)SEARCH_EACH + (int) SEARCH_ARCHIVE_BEST] =
		"SELECT e.*, s.* FROM expr e JOIN score s ON s.hash = e.hash "
		"WHERE s.stage = (SELECT max(stage) FROM score WHERE hash = e.hash) "
		"ORDER BY s.stage DESC, s.value IS NULL, s.value, e.size, e.cost, e.text",
};

/* As SQLite keeps them, so that a file from elsewhere can be held against them. */
static const char *const tables[] = {
	"CREATE TABLE run(id INTEGER PRIMARY KEY, version TEXT, program TEXT, grammar TEXT, clauses TEXT, seed INTEGER)",
	"CREATE TABLE expr(hash INTEGER PRIMARY KEY, text TEXT, size INTEGER, cost INTEGER, degree REAL, epoch INTEGER, "
	"island INTEGER, source TEXT, \"check\" INTEGER)",
	"CREATE TABLE score(hash INTEGER, stage INTEGER, value REAL, lr REAL, constants TEXT, aborted_at INTEGER, "
	"\"check\" INTEGER, PRIMARY KEY(hash, stage)) WITHOUT ROWID",
	"CREATE TABLE epoch(n INTEGER PRIMARY KEY, stage INTEGER, generated INTEGER, \"distinct\" INTEGER, hits INTEGER, "
	"aborted INTEGER, evaluations INTEGER, best REAL, state BLOB, \"check\" INTEGER)",
};
enum { TABLES = sizeof tables / sizeof *tables };

/* ---- what goes wrong ---- */

void search_archive_fail(SearchArchive *archive) {
	if (!archive->error)
		archive->error = arena_strdup(archive->arena, sqlite3_errmsg(archive->db));
}

sqlite3_stmt *search_archive_statement(SearchArchive *archive, SearchStatement which) {
	sqlite3_stmt **statement = &archive->statements[which];
	if (!*statement && sqlite3_prepare_v2(archive->db, statement_texts[which], -1, statement, NULL) != SQLITE_OK) {
		search_archive_fail(archive);
		*statement = NULL;
	}
	return *statement;
}

static bool run_text(SearchArchive *archive, const char *text) {
	if (sqlite3_exec(archive->db, text, NULL, NULL, NULL) == SQLITE_OK)
		return true;
	search_archive_fail(archive);
	return false;
}

static SearchArchive *refused(SearchArchive *archive, int code, const char *why) {
	Session *session = archive->session;
	if (code == 811) {
		diag_error(session, 811, (Span){0}, "cannot write %s: %s", archive->path, why);
	} else {
		Diag *diag = diag_error(session, 812, (Span){0}, "%s cannot be used as the archive of a search", archive->path);
		diag_note(session, diag, "%s", why);
	}
	search_archive_close(archive);
	return NULL;
}

/* ---- opening ---- */

/* SQLite writes to these beside the file that it is given; in a folder from elsewhere they could lead anywhere. */
static const char *unsafe_file(Arena *arena, const char *path) {
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		const char *file = arena_printf(arena, "%s%s", path, ends[i]), *why = file_unsafe(file);
		if (why)
			return arena_printf(arena, "%s: %s", file, why);
	}
	return NULL;
}

/* Is there nothing, what we make, or something else? -1: something else, or it cannot be read. */
static int tables_there(SearchArchive *archive) {
	static const char text[] =
		"SELECT sql FROM sqlite_master WHERE name NOT LIKE 'sqlite^_%' ESCAPE '^' ORDER BY rowid";
	sqlite3_stmt *statement = NULL;
	int count = 0, code = sqlite3_prepare_v2(archive->db, text, -1, &statement, NULL);
	if (code == SQLITE_OK) {
		while ((code = sqlite3_step(statement)) == SQLITE_ROW && count >= 0) {
			const char *sql = (const char *)sqlite3_column_text(statement, 0);
			count = count < TABLES && sql && !strcmp(sql, tables[count]) ? count + 1 : -1;
		}
	}
	if (code != SQLITE_DONE && code != SQLITE_ROW) {
		search_archive_fail(archive);
		count = -1;
	}
	sqlite3_finalize(statement);
	return count;
}

static uint64_t hash_value(sqlite3_value *value, uint64_t seed) {
	int type = sqlite3_value_type(value);
	seed = hash_bytes(&type, sizeof type, seed);
	if (type == SQLITE_NULL)
		return seed;
	if (type == SQLITE_INTEGER) {
		sqlite3_int64 number = sqlite3_value_int64(value);
		return hash_bytes(&number, sizeof number, seed);
	}
	if (type == SQLITE_FLOAT) {
		double number = sqlite3_value_double(value);
		return hash_bytes(&number, sizeof number, seed);
	}
	const void *bytes = type == SQLITE_TEXT ? (const void *)sqlite3_value_text(value) : sqlite3_value_blob(value);
	int length = sqlite3_value_bytes(value);
	return bytes ? hash_bytes(bytes, (size_t)length, seed) : seed;
}

/* check_of(...) of SQL */
static void check_of(sqlite3_context *context, int count, sqlite3_value **values) {
	uint64_t hash = 0;
	for (int i = 0; i < count; i++)
		hash = hash_value(values[i], hash);
	sqlite3_result_int64(context, (sqlite3_int64)hash);
}

bool search_archive_checked(SearchArchive *archive, sqlite3_stmt *row, int from, int columns) {
	uint64_t hash = 0;
	for (int i = 0; i < columns; i++)
		hash = hash_value(sqlite3_column_value(row, from + i), hash);
	if (sqlite3_column_int64(row, from + columns) == (sqlite3_int64)hash)
		return true;
	if (!archive->error)
		archive->error = "a row of it is not what was written there";
	return false;
}

static bool opened(SearchArchive *archive, int flags) {
	static const int patience = 2000; /* milliseconds, for a reader that mends what a kill left */
	int code = sqlite3_open_v2(archive->path, &archive->db, flags, NULL);
	if (code != SQLITE_OK) {
		archive->error = arena_strdup(archive->arena, archive->db ? sqlite3_errmsg(archive->db) : sqlite3_errstr(code));
		return false;
	}
	sqlite3_busy_timeout(archive->db, patience);
	sqlite3_create_function(archive->db, "check_of", -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, NULL,
	                        check_of, NULL, NULL);
	sqlite3_db_config(archive->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
	sqlite3_db_config(archive->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
	return run_text(archive, "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0");
}

static void count_epochs(SearchArchive *archive) {
	sqlite3_stmt *statement = NULL;
	if (sqlite3_prepare_v2(archive->db, "SELECT count(*), coalesce(max(n) + 1, 0) FROM epoch", -1, &statement, NULL) ==
	        SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW) {
		archive->epochs = sqlite3_column_int64(statement, 0);
		if (archive->epochs != sqlite3_column_int64(statement, 1) && !archive->error)
			archive->error = "epochs are missing";
	} else {
		search_archive_fail(archive);
	}
	sqlite3_finalize(statement);
}

static void put_run(SearchArchive *archive, const SearchArchiveRun *run) {
	sqlite3_stmt *statement = search_archive_statement(archive, SEARCH_PUT_RUN);
	const char *const texts[] = {run->version, run->program, run->grammar, run->clauses};
	if (!statement)
		return;
	for (int i = 0; i < 4; i++)
		sqlite3_bind_text(statement, 1 + i, texts[i], -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 5, run->seed);
	if (sqlite3_step(statement) != SQLITE_DONE)
		search_archive_fail(archive);
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
}

static void get_run(SearchArchive *archive, SearchArchiveRun *out) {
	sqlite3_stmt *statement = search_archive_statement(archive, SEARCH_GET_RUN);
	const char **const texts[] = {&out->version, &out->program, &out->grammar, &out->clauses};
	*out = (SearchArchiveRun){"", "", "", "", 0};
	if (!statement)
		return;
	if (sqlite3_step(statement) == SQLITE_ROW) {
		for (int i = 0; i < 4; i++) {
			const char *text = (const char *)sqlite3_column_text(statement, 1 + i);
			*texts[i] = arena_strdup(archive->session->arena, text ? text : "");
		}
		out->seed = sqlite3_column_int64(statement, 5);
	} else if (!archive->error) {
		archive->error = "it does not say what was searched";
	}
	sqlite3_reset(statement);
}

/* What of the two searches is not the same; NULL: nothing. */
static const char *difference(const SearchArchiveRun *a, const SearchArchiveRun *b) {
	return strcmp(a->version, b->version) != 0   ? "another version of Gradus"
	       : strcmp(a->program, b->program) != 0 ? "other sources or data"
	       : strcmp(a->grammar, b->grammar) != 0 ? "other expressions"
	       : strcmp(a->clauses, b->clauses) != 0 ? "another experiment, or other options"
	       : a->seed != b->seed                  ? "another seed"
	                                             : NULL;
}

static SearchArchive *archive_at(Session *session, const char *path) {
	Arena *arena = arena_new();
	SearchArchive *archive = ARENA_NEW(arena, SearchArchive);
	*archive = (SearchArchive){.session = session, .arena = arena, .path = arena_strdup(arena, path)};
	return archive;
}

/* The tables, in the transaction that is open. */
static bool make_tables(SearchArchive *archive, const SearchArchiveRun *run) {
	for (int i = 0; i < TABLES; i++)
		if (!run_text(archive, tables[i]))
			return false;
	put_run(archive, run);
	return !archive->error && run_text(archive, "PRAGMA user_version = 1; COMMIT; BEGIN IMMEDIATE");
}

static const char other_tables[] = "its tables are not those of this version";

SearchArchive *search_archive_open(Session *session, const char *path, const SearchArchiveRun *run) {
	SearchArchive *archive = archive_at(session, path);
	SearchArchiveRun before;
	const char *why = unsafe_file(archive->arena, path);
	if (why)
		return refused(archive, 812, why);
	/* A transaction is always open: others may read meanwhile, but not write. */
	bool open = opened(archive, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	int there = open ? tables_there(archive) : 0; /* a file of somebody else stays as it is */
	if (there < 0 && !archive->error)
		return refused(archive, 812, other_tables);
	if (!open || there < 0 ||
	    !run_text(archive, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE")) {
		int what = sqlite3_errcode(archive->db);
		bool found = what == SQLITE_NOTADB || what == SQLITE_CORRUPT || what == SQLITE_BUSY;
		return refused(archive, found ? 812 : 811, what == SQLITE_BUSY ? "another process writes it" : archive->error);
	}
	archive->writes = true;
	there = tables_there(archive);
	if (there == 0) /* new, or killed before it was made */
		return make_tables(archive, run) ? archive : refused(archive, 811, archive->error);
	if (there != TABLES)
		return refused(archive, 812, archive->error ? archive->error : other_tables);
	get_run(archive, &before);
	count_epochs(archive);
	why = archive->error ? archive->error : difference(&before, run);
	if (!why)
		return archive;
	return refused(archive, 812,
	               archive->error ? why : arena_printf(archive->arena, "it is of another search: %s", why));
}

SearchArchive *search_archive_read(Session *session, const char *path, SearchArchiveRun *run) {
	SearchArchive *archive = archive_at(session, path);
	SearchArchiveRun found;
	const char *why = unsafe_file(archive->arena, path);
	if (why)
		return refused(archive, 812, why);
	/* The right to write is needed for what a kill left beside it; where there is no such right, there may be nothing such. */
	bool open = opened(archive, SQLITE_OPEN_READWRITE) && sqlite3_db_readonly(archive->db, "main") == 0;
	if (!open) {
		sqlite3_close(archive->db);
		archive->error = NULL;
		open = opened(archive, SQLITE_OPEN_READONLY);
	}
	if (!open || !run_text(archive, "PRAGMA query_only = ON"))
		return refused(archive, 812, archive->error);
	int there = tables_there(archive);
	if (there != TABLES)
		return refused(archive, 812,
		               archive->error ? archive->error
		               : there == 0   ? "nothing was put there"
		                              : other_tables);
	get_run(archive, &found);
	count_epochs(archive);
	if (archive->error)
		return refused(archive, 812, archive->error);
	if (run)
		*run = found;
	return archive;
}

void search_archive_close(SearchArchive *archive) {
	if (!archive)
		return;
	for (int i = 0; i < SEARCH_STATEMENTS; i++)
		sqlite3_finalize(archive->statements[i]);
	if (archive->writes) {
		sqlite3_exec(archive->db, "ROLLBACK", NULL, NULL, NULL);
		/* A plain file can be copied, and read where nothing may be written. Refused while others read: they do it when they close. */
		sqlite3_busy_timeout(archive->db, 0);
		sqlite3_exec(archive->db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
	}
	sqlite3_close(archive->db);
	arena_free(archive->arena);
}

/* ---- writing ---- */

static sqlite3_stmt *to_put(SearchArchive *archive, SearchStatement which) {
	return archive->lost || archive->error ? NULL : search_archive_statement(archive, which);
}

static void put(SearchArchive *archive, sqlite3_stmt *statement) {
	if (sqlite3_step(statement) != SQLITE_DONE)
		search_archive_fail(archive);
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
}

void search_archive_put_expr(SearchArchive *archive, const SearchArchiveExpr *expr) {
	sqlite3_stmt *statement = to_put(archive, SEARCH_PUT_EXPR);
	if (!statement)
		return;
	sqlite3_bind_int64(statement, 1, (int64_t)expr->hash);
	sqlite3_bind_text(statement, 2, expr->text, -1, SQLITE_STATIC);
	sqlite3_bind_int(statement, 3, expr->size);
	sqlite3_bind_int(statement, 4, expr->cost);
	sqlite3_bind_double(statement, 5, expr->degree);
	sqlite3_bind_int64(statement, 6, expr->epoch);
	sqlite3_bind_int(statement, 7, expr->island);
	sqlite3_bind_text(statement, 8, expr->source, -1, SQLITE_STATIC);
	put(archive, statement);
}

void search_archive_put_score(SearchArchive *archive, const SearchArchiveScore *score) {
	sqlite3_stmt *statement = to_put(archive, SEARCH_PUT_SCORE);
	if (!statement)
		return;
	Arena *scratch = arena_new();
	Text constants = text_new(scratch);
	for (int k = 0; k < score->constant_count; k++) {
		text_printf(&constants, k ? " " : "");
		text_real(&constants, score->constants[k], false);
	}
	sqlite3_bind_int64(statement, 1, (int64_t)score->hash);
	sqlite3_bind_int(statement, 2, score->stage);
	sqlite3_bind_double(statement, 3, score->value); /* NaN becomes NULL */
	sqlite3_bind_double(statement, 4, score->rate);
	sqlite3_bind_text(statement, 5, text_cstr(&constants), -1, SQLITE_TRANSIENT);
	sqlite3_bind_int(statement, 6, score->aborted_at);
	put(archive, statement);
	arena_free(scratch);
}

static void put_epoch(SearchArchive *archive, const SearchArchiveEpoch *epoch) {
	sqlite3_stmt *statement = to_put(archive, SEARCH_PUT_EPOCH);
	if (!statement)
		return;
	const int64_t numbers[] = {epoch->n,    epoch->stage,   epoch->generated,  epoch->distinct,
	                           epoch->hits, epoch->aborted, epoch->evaluations};
	for (int i = 0; i < 7; i++)
		sqlite3_bind_int64(statement, 1 + i, numbers[i]);
	sqlite3_bind_double(statement, 8, epoch->best);
	sqlite3_bind_blob64(statement, 9, epoch->state, epoch->state_bytes, SQLITE_STATIC);
	put(archive, statement);
}

bool search_archive_commit(SearchArchive *archive, const SearchArchiveEpoch *epoch) {
	if (archive->lost)
		return false;
	if (epoch->n != archive->epochs)
		base_panic("search_archive_commit", "epoch %lld after %lld of them", (long long)epoch->n,
		           (long long)archive->epochs);
	put_epoch(archive, epoch);
	if (!archive->error && run_text(archive, "COMMIT")) {
		archive->epochs++;
		archive->writes = run_text(archive, "BEGIN IMMEDIATE");
		if (archive->writes)
			return true;
	}
	archive->lost = true;
	sqlite3_exec(archive->db, "ROLLBACK", NULL, NULL, NULL);
	diag_error(archive->session, 811, (Span){0}, "%s ends with epoch %lld of the search: %s", archive->path,
	           (long long)archive->epochs - 1, archive->error);
	return false;
}
