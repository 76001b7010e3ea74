/* The archive of a search: what is committed is there, what is not is not, whatever ends the process; one writer, readers meanwhile; nothing
 * is believed of a file that comes from elsewhere. */
#include "runtime/search/archive.h"

#include <criterion/criterion.h>
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const SearchArchiveRun run = {"0.1.0", "program", "g m f; + - *", "quadratic, 8 train", 7};

static char *folder(void) {
	static char path[] = "/tmp/gradus-archive-XXXXXX";
	cr_assert(mkdtemp(path));
	return path;
}

static const char *in(Session *session, const char *dir) {
	return arena_printf(session->arena, "%s/archive.sqlite", dir);
}

static void clear(const char *dir) {
	char command[128];
	snprintf(command, sizeof command, "rm -rf %s", dir);
	cr_expect(system(command) == 0);
}

static const double awkward[] = {0.1, -2.5, 1e-310, 1.7976931348623157e308, 0.30000000000000004, 3, 2.0 / 3, 5e-324};
enum { AWKWARD = sizeof awkward / sizeof *awkward };

/* Epoch n has n + 1 expressions, whose fields all follow from their numbers. */
static SearchArchiveExpr expr_number(uint64_t k) {
	static const char *const texts[] = {"m * f", "lerp(m, g, {1})", "", "ünder"};
	return (SearchArchiveExpr){.hash = UINT64_C(0x9e3779b97f4a7c15) * (k + 1),
	                           .text = texts[k % 4],
	                           .size = (int)k % 7 + 1,
	                           .cost = (int)k % 5,
	                           .degree = (double)k / 2,
	                           .epoch = (int64_t)k,
	                           .island = (int)k % 3,
	                           .source = k % 2 ? "enumerate" : "evolve"};
}

static SearchArchiveScore score_number(uint64_t k, int stage) {
	SearchArchiveScore score = {.hash = expr_number(k).hash,
	                            .stage = stage,
	                            .value = k % 5 == 4   ? (double)INFINITY
	                                     : k % 5 == 3 ? (double)NAN
	                                                  : awkward[k % AWKWARD],
	                            .rate = awkward[(k + 1) % AWKWARD],
	                            .constant_count = (int)k % 3,
	                            .aborted_at = k % 5 == 4 ? 2 : -1};
	for (int i = 0; i < score.constant_count; i++)
		score.constants[i] = awkward[(k + 2 + (uint64_t)i) % AWKWARD];
	return score;
}

static void put(SearchArchive *archive, int64_t n) {
	for (uint64_t k = 0; k <= (uint64_t)n; k++) {
		SearchArchiveExpr expr = expr_number(k);
		SearchArchiveScore score = score_number(k, (int)n);
		search_archive_put_expr(archive, &expr);
		search_archive_put_score(archive, &score);
	}
}

static bool commit(SearchArchive *archive, int64_t n) {
	return search_archive_commit(archive, &(SearchArchiveEpoch){.n = n,
	                                                            .stage = (int)n,
	                                                            .generated = 100 * n,
	                                                            .distinct = 10 * n,
	                                                            .hits = n,
	                                                            .aborted = 2 * n,
	                                                            .evaluations = INT64_C(5000000000) + n,
	                                                            .best = n ? 1.0 / (double)n : (double)NAN,
	                                                            .state = n % 2 ? awkward : NULL,
	                                                            .state_bytes = n % 2 ? sizeof awkward : 0});
}

static bool same(double a, double b) {
	return isnan(a) ? isnan(b) : memcmp(&a, &b, sizeof a) == 0;
}

static void expect_score(const SearchArchiveScore *got, const SearchArchiveScore *wanted) {
	cr_expect(got->hash == wanted->hash && got->stage == wanted->stage && got->aborted_at == wanted->aborted_at);
	cr_expect(same(got->value, wanted->value) && same(got->rate, wanted->rate), "%g %g", got->value, got->rate);
	cr_assert_eq(got->constant_count, wanted->constant_count);
	for (int i = 0; i < got->constant_count; i++)
		cr_expect(same(got->constants[i], wanted->constants[i]), "%.17g", got->constants[i]);
}

typedef struct Seen {
	int rows;
	uint64_t last;
} Seen;

static bool see_score(void *user, const SearchArchiveRow *row) {
	Seen *seen = user;
	for (uint64_t k = 0; k < 10; k++) {
		SearchArchiveScore wanted = score_number(k, row->score.stage);
		if (wanted.hash == row->score.hash)
			expect_score(&row->score, &wanted);
	}
	cr_expect(!seen->rows || (int64_t)row->score.hash >= (int64_t)seen->last, "rows are in order");
	seen->last = row->score.hash;
	seen->rows++;
	return true;
}

static bool see_expr(void *user, const SearchArchiveRow *row) {
	const SearchArchiveExpr *expr = &row->expr;
	for (uint64_t k = 0; k < 10; k++) {
		SearchArchiveExpr wanted = expr_number(k);
		if (wanted.hash != expr->hash)
			continue;
		++*(int *)user;
		cr_expect_str_eq(expr->text, wanted.text);
		cr_expect_str_eq(expr->source, wanted.source);
		cr_expect(expr->size == wanted.size && expr->cost == wanted.cost && same(expr->degree, wanted.degree) &&
		          expr->epoch == wanted.epoch && expr->island == wanted.island);
	}
	return true;
}

static bool stop(void *user, const SearchArchiveRow *row) {
	(void)row;
	++*(int *)user;
	return false;
}

/* The archive after `epochs` epochs of put and commit. */
static void expect_content(SearchArchive *archive, int64_t epochs) {
	Arena *arena = arena_new();
	cr_assert_eq(search_archive_epochs(archive), epochs);
	for (int64_t n = 0; n < epochs; n++) {
		SearchArchiveEpoch epoch;
		cr_assert(search_archive_find_epoch(archive, n, arena, &epoch));
		cr_expect(epoch.stage == n && epoch.generated == 100 * n && epoch.distinct == 10 * n && epoch.hits == n &&
		          epoch.aborted == 2 * n && epoch.evaluations == INT64_C(5000000000) + n);
		cr_expect(same(epoch.best, n ? 1.0 / (double)n : (double)NAN));
		cr_expect(n % 2 ? epoch.state_bytes == sizeof awkward && !memcmp(epoch.state, awkward, sizeof awkward)
		                : !epoch.state && !epoch.state_bytes);
		for (uint64_t k = 0; k <= (uint64_t)n; k++) {
			SearchArchiveScore score, wanted = score_number(k, (int)n);
			cr_assert(search_archive_find_score(archive, wanted.hash, (int)n, &score));
			expect_score(&score, &wanted);
		}
	}
	int exprs = 0;
	cr_expect(search_archive_each(archive, SEARCH_ARCHIVE_EXPR, see_expr, &exprs));
	cr_expect_eq(exprs, (int)epochs);
	Seen seen = {0};
	cr_expect(search_archive_each(archive, SEARCH_ARCHIVE_SCORE, see_score, &seen));
	cr_expect_eq(seen.rows, (int)(epochs * (epochs + 1) / 2));
	int stopped = 0;
	cr_expect(search_archive_each(archive, SEARCH_ARCHIVE_EXPR, stop, &stopped) && stopped == (epochs > 0));
	arena_free(arena);
}

Test(search_archive, what_is_committed_is_there) {
	Session *session = session_new();
	const char *dir = folder(), *path = in(session, dir);
	for (int64_t n = 0; n < 6; n++) {
		SearchArchive *archive = search_archive_open(session, path, &run);
		cr_assert(archive);
		expect_content(archive, n);
		put(archive, n);
		cr_expect(commit(archive, n));
		put(archive, n + 1); /* and is not committed */
		search_archive_close(archive);
		SearchArchiveRun found;
		SearchArchive *read = search_archive_read(session, path, &found);
		cr_assert(read);
		expect_content(read, n + 1);
		search_archive_close(read);
		cr_expect(found.seed == run.seed && !strcmp(found.grammar, run.grammar) && !strcmp(found.clauses, run.clauses));
	}
	cr_expect_eq(session->error_count, 0);
	clear(dir);
	session_free(session);
}

/* A process that dies wherever it is leaves what it has committed; readers see that meanwhile, and no second writer is let in. */
Test(search_archive, survives_death) {
	Session *session = session_new();
	const char *dir = folder(), *path = in(session, dir);
	for (int64_t n = 0; n < 3; n++) {
		int ready[2], go[2];
		cr_assert(pipe(ready) == 0 && pipe(go) == 0);
		pid_t child = fork();
		cr_assert(child >= 0);
		if (child == 0) {
			char c;
			SearchArchive *archive = search_archive_open(session, path, &run);
			bool ok = archive && search_archive_epochs(archive) == n;
			put(archive, n);
			ok = ok && commit(archive, n);
			put(archive, n + 1);
			ok = ok && write(ready[1], "x", 1) == 1 && read(go[0], &c, 1) == 1;
			_exit(ok ? 0 : 1);
		}
		char c;
		cr_assert(read(ready[0], &c, 1) == 1);
		SearchArchive *reader = search_archive_read(session, path, NULL);
		cr_assert(reader);
		expect_content(reader, n + 1);
		search_archive_close(reader);
		cr_expect_eq(session->error_count, (uint32_t)n);
		cr_expect(!search_archive_open(session, path, &run), "a second writer");
		cr_expect_eq(session->error_count, (uint32_t)n + 1);
		session->diags.count = 0; /* the same is said once */
		session->diag_table = (DiagTable){0};
		cr_assert(write(go[1], "x", 1) == 1);
		int status;
		cr_assert(waitpid(child, &status, 0) == child);
		cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		for (int i = 0; i < 2; i++) {
			close(ready[i]);
			close(go[i]);
		}
	}
	clear(dir);
	session_free(session);
}

static void expect_refused(const char *path, const SearchArchiveRun *as, const char *text) {
	Session *session = session_new();
	cr_expect(!search_archive_open(session, path, as));
	cr_assert(session->diags.count == 1 && session->diags.data[0]->code == 812);
	const Diag *diag = session->diags.data[0];
	cr_expect(diag->notes.count && strstr(diag->notes.data[0], text), "%s",
	          diag->notes.count ? diag->notes.data[0] : "");
	session_free(session);
}

Test(search_archive, another_search) {
	Session *session = session_new();
	const char *dir = folder(), *path = in(session, dir);
	search_archive_close(search_archive_open(session, path, &run));
	SearchArchiveRun other[5] = {run, run, run, run, run};
	other[0].version = "0";
	other[1].program = "";
	other[2].grammar = "g m";
	other[3].clauses = "x";
	other[4].seed = 8;
	for (int i = 0; i < 5; i++)
		expect_refused(path, &other[i], "another search");
	SearchArchive *archive = search_archive_open(session, path, &run);
	cr_expect(archive && session->error_count == 0);
	search_archive_close(archive);
	clear(dir);
	session_free(session);
}

static bool touch_row(void *user, const SearchArchiveRow *row) {
	(void)user;
	cr_expect(row->expr.text == NULL || strlen(row->expr.text) < 1000000);
	return true;
}

/* Any bytes in the place of some of the file: it is refused, or read as far as it goes. */
Test(search_archive, damage) {
	Session *session = session_new();
	const char *dir = folder(), *path = in(session, dir);
	SearchArchive *archive = search_archive_open(session, path, &run);
	for (int64_t n = 0; n < 20; n++) {
		put(archive, n);
		cr_assert(commit(archive, n));
	}
	search_archive_close(archive);
	char *bytes;
	size_t length;
	cr_assert(!file_read(session->arena, path, 1 << 26, false, &bytes, &length));
	uint64_t draw[2], refused = 0;
	for (uint64_t round = 0; round < 300; round++) {
		char *damaged = arena_copy(session->arena, bytes, length);
		for (uint64_t k = 0; k <= round % 40; k++) {
			random_threefry((const uint64_t[]){1, round}, (const uint64_t[]){k, 0}, draw);
			damaged[draw[0] % (round % 3 ? length : 4096)] = (char)draw[1];
		}
		size_t kept = round % 7 ? length : length - draw[0] % length;
		FILE *file = fopen(path, "wb");
		cr_assert(file && fwrite(damaged, 1, kept, file) == kept && fclose(file) == 0);
		Session *other = session_new();
		SearchArchive *read = search_archive_read(other, path, NULL);
		for (int table = 0; read && table < SEARCH_ARCHIVE_TABLES; table++)
			search_archive_each(read, (SearchArchiveTable)table, touch_row, NULL);
		refused += !read;
		cr_expect(read || other->error_count == 1);
		search_archive_close(read);
		session_free(other);
	}
	cr_expect(refused > 10 && refused < 290, "%d refused", (int)refused);
	clear(dir);
	session_free(session);
}

/* Any column of any table with another value in it: what reads it says so, and what does not read it goes on. */
Test(search_archive, altered) {
	Session *session = session_new();
	const char *dir = folder(), *path = in(session, dir);
	static const struct {
		SearchArchiveTable table;
		const char *name, *columns[10];
	} tables[] = {
		{SEARCH_ARCHIVE_EXPR,
	     "expr",
	     {"hash", "text", "size", "cost", "degree", "epoch", "island", "source", "\"check\""}},
		{SEARCH_ARCHIVE_SCORE, "score", {"hash", "stage", "value", "lr", "constants", "aborted_at", "\"check\""}},
		{SEARCH_ARCHIVE_EPOCH,
	     "epoch",
	     {"stage", "generated", "\"distinct\"", "hits", "aborted", "evaluations", "best", "state", "\"check\""}},
	};
	for (size_t k = 0; k < sizeof tables / sizeof *tables; k++) {
		for (int i = 0; tables[k].columns[i]; i++) {
			unlink(path);
			SearchArchive *archive = search_archive_open(session, path, &run);
			put(archive, 0);
			cr_assert(commit(archive, 0));
			search_archive_close(archive);
			sqlite3 *db;
			cr_assert(sqlite3_open(path, &db) == SQLITE_OK);
			const char *sql =
				arena_printf(session->arena, "UPDATE %s SET %s = 77", tables[k].name, tables[k].columns[i]);
			cr_assert(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
			sqlite3_close(db);
			Session *other = session_new();
			SearchArchive *read = search_archive_read(other, path, NULL);
			cr_assert(read);
			cr_expect(!search_archive_each(read, tables[k].table, touch_row, NULL), "%s", sql);
			cr_expect(other->diags.count == 1 && other->diags.data[0]->code == 812);
			search_archive_close(read);
			session_free(other);
		}
	}
	clear(dir);
	session_free(session);
}

/* What is no archive, and what leads elsewhere. */
Test(search_archive, from_elsewhere) {
	Session *session = session_new();
	const char *dir = folder(), *path = in(session, dir);
	static const char *const evil[] = {
		"CREATE TABLE run(id)",
		"CREATE VIEW run AS SELECT 1",
		"CREATE TRIGGER t AFTER INSERT ON epoch BEGIN DELETE FROM score; END",
		"CREATE INDEX i ON expr(text)",
	};
	for (int i = 0; i < 4; i++) {
		unlink(path);
		if (i >= 2)
			search_archive_close(search_archive_open(session, path, &run));
		sqlite3 *db;
		cr_assert(sqlite3_open(path, &db) == SQLITE_OK);
		cr_assert(sqlite3_exec(db, evil[i], NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
		sqlite3_close(db);
		char *before, *after;
		size_t length[2];
		cr_assert(!file_read(session->arena, path, 1 << 26, false, &before, &length[0]));
		expect_refused(path, &run, "its tables are not those of this version");
		cr_assert(!file_read(session->arena, path, 1 << 26, false, &after, &length[1]));
		cr_expect(length[0] == length[1] && !memcmp(before, after, length[0]), "a file of somebody else was written");
	}
	unlink(path);
	FILE *file = fopen(path, "w");
	fputs("this is a text and no database, and long enough that one could take it for one, if one did not look\n",
	      file);
	fclose(file);
	expect_refused(path, &run, "not a database");
	unlink(path);
	const char *target = arena_printf(session->arena, "%s/target", dir);
	file = fopen(target, "w");
	fputs("precious", file);
	fclose(file);
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
	for (int i = 0; i < 4; i++) {
		const char *link = arena_printf(session->arena, "%s%s", path, ends[i]);
		unlink(path);
		cr_assert(symlink(target, link) == 0);
		expect_refused(path, &run, "link");
		unlink(link);
		char *bytes;
		size_t length;
		cr_assert(!file_read(session->arena, target, 100, false, &bytes, &length));
		cr_expect_str_eq(bytes, "precious");
	}
	clear(dir);
	session_free(session);
}
