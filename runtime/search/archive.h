/* archive: what a search has made and scored, as an SQLite database (archive.sqlite in the run folder) that outlives any kill.
 *
 *   run(id, version, program, grammar, clauses, seed)   what was searched: a search that goes on has to be the same
 *   expr(hash, text, size, cost, degree, epoch, island, source)    expressions; {1}, {2} in the text are its constants
 *   score(hash, stage, value, lr, constants, aborted_at)           how they did
 *   epoch(n, stage, generated, distinct, hits, aborted, evaluations, best, state)    one row per transaction
 *
 * Rows end with a hash of their other columns, but for `run`: what somebody else wrote there is not believed.
 *
 * One transaction per epoch: what is put is there for good with the next commit, or not at all. The caller puts the same in the same order
 * whatever the number of threads, so the content is a function of the search. An archive has one writer, and any number of readers
 * meanwhile. */
#ifndef GRADUS_SEARCH_ARCHIVE_H
#define GRADUS_SEARCH_ARCHIVE_H

#include "base/base.h"
#include "runtime/search/limits.h"

typedef struct SearchArchive SearchArchive;

typedef struct SearchArchiveRun {
	const char *version; /* of Gradus */
	const char *program; /* a hash of all sources and data */
	const char *grammar; /* what expressions are made of */
	const char *clauses; /* how they are judged */
	int64_t seed;
} SearchArchiveRun;

typedef struct SearchArchiveExpr {
	uint64_t hash;    /* of its values: what two expressions have in common that are the same */
	const char *text; /* constants as {1}, {2}, ... in the order of the text */
	int size, cost;
	double degree;
	int64_t epoch;
	int island;         /* 0 where there are none */
	const char *source; /* who proposed it: "enumerate", "evolve", ... */
} SearchArchiveExpr;

typedef struct SearchArchiveScore {
	uint64_t hash;
	int stage;
	double value; /* not finite: lost, or given up; -0 becomes 0, as every number here */
	double rate;
	int constant_count;
	double
		constants[SEARCH_MOST_CONSTANTS + SEARCH_MOST_LEARNED]; /* then numbers of `learn` that were fitted with them */
	int aborted_at; /* the step after which it was given up; -1: it came to the end */
} SearchArchiveScore;

typedef struct SearchArchiveEpoch {
	int64_t n; /* 0, 1, 2, ... */
	int stage;
	int64_t generated, distinct, hits,
		aborted;         /* expressions in this epoch: made, new, known already, without a score */
	int64_t evaluations; /* of an objective */
	double best;         /* score; not finite: none */
	const void *state;   /* whatever else the search needs to go on from here, in f64; NULL: nothing */
	size_t state_bytes;
} SearchArchiveEpoch;

/* ---- writing ---- */

/* Opens the archive at `path`, to go on with what was committed, or makes one where there is none. NULL with E0811 if it cannot be
 * made, with E0812 if what is there cannot be read, is of another search than `run`, or is being written by another process. */
SearchArchive *search_archive_open(Session *session, const char *path, const SearchArchiveRun *run);
/* What was put already under its key is replaced by it. What goes wrong is kept for the commit. */
void search_archive_put_expr(SearchArchive *archive, const SearchArchiveExpr *expr);
void search_archive_put_score(SearchArchive *archive, const SearchArchiveScore *score);
/* Ends the epoch: all that was put since the last commit, and its row, are there for good. false, the first time with E0811, if the disk
 * does not take it: then nothing of it is there, nothing more is taken, and the search can go on without. */
bool search_archive_commit(SearchArchive *archive, const SearchArchiveEpoch *epoch);
/* Ends what is under way without keeping it. The database is one plain file then. NULL is fine. */
void search_archive_close(SearchArchive *archive);

/* ---- reading ---- */

/* For reading alone, while it is written or after. NULL with E0812. `run`: what it is of, in the session's arena; may be NULL. */
SearchArchive *search_archive_read(Session *session, const char *path, SearchArchiveRun *run);
int64_t search_archive_epochs(const SearchArchive *archive); /* epochs that are there: 0 .. n - 1 */
/* false if it is not there, or not what was written. `state` is in `arena`. */
bool search_archive_find_epoch(SearchArchive *archive, int64_t n, Arena *arena, SearchArchiveEpoch *out);
bool search_archive_find_score(SearchArchive *archive, uint64_t hash, int stage, SearchArchiveScore *out);
/* All rows of a table, in the order of their keys; of the last one, each expression with its score in the last stage that it came to: those
 * that came furthest first, and of these the best first. What a row points to lives until `see` returns; false ends the walk. Returns
 * false with E0812 if they cannot all be read, or are not what was written. */
typedef enum SearchArchiveTable {
	SEARCH_ARCHIVE_EXPR,
	SEARCH_ARCHIVE_SCORE,
	SEARCH_ARCHIVE_EPOCH,
	SEARCH_ARCHIVE_BEST,
	SEARCH_ARCHIVE_TABLES
} SearchArchiveTable;

typedef struct SearchArchiveRow { /* what the table has of it */
	SearchArchiveExpr expr;
	SearchArchiveScore score;
	SearchArchiveEpoch epoch;
} SearchArchiveRow;

typedef bool SearchArchiveSee(void *user, const SearchArchiveRow *row);
bool search_archive_each(SearchArchive *archive, SearchArchiveTable table, SearchArchiveSee *see, void *user);

/* The expression with its constants, as numbers of f32 if `single`. */
const char *search_archive_formula(const SearchArchiveExpr *expr, const SearchArchiveScore *score, bool single,
                                   Arena *arena);

#endif
