/* base: what every other folder stands on. Arenas, growable arrays, text, interned names, sources, spans,
 * files and folders, diagnostics, sorting, hashing and counter-based random numbers. Depends on nothing but the C library and libxxhash.
 *
 * Memory: three lifetimes (session, function, scratch), each an Arena. Nothing is freed one by one. */
#ifndef GRADUS_BASE_H
#define GRADUS_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/limits.h"

#if defined(__GNUC__)
#define BASE_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define BASE_NORETURN __attribute__((noreturn))
#else
#define BASE_PRINTF(fmt, args)
#define BASE_NORETURN
#endif

#if defined(__SANITIZE_ADDRESS__)
#define BASE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BASE_SANITIZED 1
#endif
#endif

/* ---- arena.c: memory that is released as a whole ---- */

typedef struct Arena Arena;

typedef struct ArenaMark {
	void *block;
	size_t used;
} ArenaMark;

Arena *arena_new(void);
void arena_free(Arena *arena);
/* Zeroed memory, aligned to 16. Never NULL: base_no_memory where the system has none left. */
void *arena_alloc(Arena *arena, size_t bytes);
void *arena_copy(Arena *arena, const void *from, size_t bytes);
char *arena_printf(Arena *arena, const char *format, ...) BASE_PRINTF(2, 3);
char *arena_vprintf(Arena *arena, const char *format, va_list args) BASE_PRINTF(2, 0);
char *arena_strdup(Arena *arena, const char *text);
/* Bytes that are allocated in it. */
size_t arena_bytes(const Arena *arena);
/* Everything allocated after the mark is gone after the release (scratch memory inside a function). */
ArenaMark arena_mark(const Arena *arena);
void arena_release(Arena *arena, ArenaMark mark);
/* Zeroed memory for free(), never NULL. */
void *memory_new(size_t bytes);
/* The system has no `bytes` left: says so and ends the program with BASE_NO_MEMORY. That is nobody's fault, so no panic. */
void base_no_memory(size_t bytes) BASE_NORETURN;

enum { BASE_NO_MEMORY = 4 }; /* an exit code: the machine does not give what is needed, as with files */

#define ARENA_NEW(arena, Type) ((Type *)arena_alloc((arena), sizeof(Type)))
#define ARENA_ARRAY(arena, Type, count) ((Type *)arena_alloc((arena), sizeof(Type) * (size_t)(count)))

/* ---- vec.c: growable arrays in an arena ---- */

/* VEC(int) v = {0};  vec_push(arena, &v, 3);  v.data[0], v.count */
#define VEC(Type)                                                                                                      \
	struct {                                                                                                           \
		Type *data;                                                                                                    \
		uint32_t count, capacity;                                                                                      \
	}

/* Room for one more element of `size` bytes: returns the (possibly moved) data. */
void *vec_room(Arena *arena, void *data, uint32_t count, uint32_t *capacity, size_t size);

#define vec_push(arena, vec, item)                                                                                     \
	((vec)->data = vec_room((arena), (vec)->data, (vec)->count, &(vec)->capacity, sizeof *(vec)->data),                \
	 (vec)->data[(vec)->count++] = (item))

/* ---- text.c: building text ---- */

typedef struct Text {
	Arena *arena;
	char *data; /* always NUL-terminated once anything was added; NULL while empty */
	size_t length, capacity;
} Text;

Text text_new(Arena *arena);
void text_char(Text *text, char c);
void text_bytes(Text *text, const char *bytes, size_t length);
void text_printf(Text *text, const char *format, ...) BASE_PRINTF(2, 3);
const char *text_cstr(const Text *text); /* "" when empty */
/* Shortest decimal form that reads back to the same f64 (or f32 if `is_f32`); "inf", "-inf", "nan". */
void text_real(Text *text, double value, bool is_f32);
const char *text_of_bytes(Arena *arena, double bytes);  /* an amount of memory: 3.2 MB */
const char *text_of_number(Arena *arena, double value); /* for messages: 1000000, 0.5, 1e+30 */
/* One character of UTF-8 at `bytes`: returns its length in bytes; U+FFFD and length 1 for a byte that begins none (0 at
 * the end). text_encode appends one. */
uint32_t text_decode(const char *bytes, size_t length, uint32_t *code_point);
void text_encode(Text *text, uint32_t code_point);
/* Columns that a character takes in a terminal: East Asian wide ones two, combining ones none. */
uint32_t text_width(uint32_t code_point);
/* The same with U+FFFD for whatever is not plain, but for line breaks and tabs, which the caller has to lay out. */
uint32_t text_decode_plain(const char *bytes, size_t length, uint32_t *code_point);
/* Text from a file, a name or an argument, as it may stand in a terminal or in a drawing: what text_is_plain refuses and
 * bytes that are no UTF-8 become U+FFFD. Tabs, and line breaks unless `lines`, become blanks. */
void text_plain(Text *text, const char *bytes, size_t length, bool lines);
/* Not for control characters (tab and line break among them), marks that change the direction of text, invisible tags and
 * places without a character: what makes text look like other text, drives a terminal, or is no XML. */
bool text_is_plain(uint32_t code_point);
/* Appends a JSON string, quotes included; bytes that are not UTF-8 become U+FFFD, what is not plain is escaped. */
void text_json(Text *text, const char *bytes, size_t length);

/* ---- file.c: whole files ---- */

/* All of a regular file (or, with `streams`, of whatever can be read), of at most `limit` bytes, and a NUL. NULL, or what is
 * wrong in words, without the path: "it is a folder". */
const char *file_read(Arena *arena, const char *path, size_t limit, bool streams, char **bytes, size_t *length);
/* Opens a regular file for reading, or returns -1 and *why. The caller closes it. */
int file_open(Arena *arena, const char *path, uint64_t *length, const char **why);
/* Writes a file that is whole or as it was before: it gets its name when it is complete. Devices, pipes and whatever else
 * is no regular file are written to, never replaced; a symbolic link stays one. `lasting`: a file and its name are on the disk before this returns.
 * NULL, or "cannot write PATH: ..." in `arena`. */
const char *file_write(Arena *arena, const char *path, const char *bytes, size_t length, bool lasting);
/* For a folder that came from elsewhere: writes a file that lies in it and nowhere else. What has the name and is a link, a pipe, a
 * device or a folder is neither followed nor replaced. `only_new`: nothing is replaced, and of many that ask for one name at a
 * time one gets it. *why: for FILE_UNSAFE what it is, for FILE_NOT_PUT "cannot write PATH: ...". */
typedef enum FilePut { FILE_PUT, FILE_TAKEN, FILE_UNSAFE, FILE_NOT_PUT } FilePut;
FilePut file_put_in(Arena *arena, const char *path, const char *bytes, size_t length, bool only_new, const char **why);
const char *file_unsafe(const char *path); /* what FILE_UNSAFE says; NULL for a regular file, and where nothing is */
/* Room on the disk of `folder`, held by an open file without a name: close(fd) gives it back. -1 with errno set. */
int file_reserve(const char *folder, size_t bytes);

/* Where `path`, as it is written in the file `here`, leads: from the folder of that file, unless it begins at the root. */
const char *file_beside(Arena *arena, const char *here, const char *path);

/* ---- folder.c ---- */

/* mkdir, with the folders that lead there. false with errno set, EEXIST if dir exists. */
bool folder_make(Arena *arena, const char *dir);
bool folder_make_from(Arena *arena, const char *dir, const char **topmost); /* *topmost: the first that was made */

/* ---- names.c: interned names ---- */

typedef uint32_t Name; /* 0 is no name */
typedef struct NameTable NameTable;

NameTable *names_new(Arena *arena);
Name name_intern(NameTable *table, const char *text, size_t length);
const char *name_text(const NameTable *table, Name name);
/* Edit distance with transpositions, for "did you mean": the closest of `candidates` within a third of the length
 * of `wanted` (at least 1), or 0. */
Name name_nearest(const NameTable *table, Name wanted, const Name *candidates, uint32_t count);
/* Puts the candidates in order, those that are spelled most like `wanted` first; equals stay as they stand. */
void names_by_distance(const NameTable *table, Name wanted, Name *candidates, uint32_t count);

/* ---- map.c: from names (or any numbers but 0) to pointers ---- */

typedef struct NameMap { /* zeroed: empty */
	Name *keys;
	void **values;
	uint32_t count, slots;
} NameMap;

/* The place of a name, made (holding NULL) if it is new; it stays where it is until the next one is made. */
void **name_map_place(Arena *arena, NameMap *map, Name name);
void *name_map_get(const NameMap *map, Name name); /* NULL where there is nothing */

/* ---- sort.c ---- */

void sort_reals(double *values, size_t count); /* ascending; NaN last */

/* ---- source.c: files and places in them ---- */

typedef struct Span {
	uint32_t file;       /* index into the session's sources; 0 is "no place" */
	uint32_t start, end; /* bytes, half-open */
} Span;

/* A place on a line: what stands in front of it, in characters and in columns of the terminal. */
typedef struct SourceStop {
	uint32_t at, characters, columns;
} SourceStop;

typedef struct Source {
	const char *path; /* as the user wrote it; "<std>/adam.grad" for the library */
	const char *text; /* NUL-terminated */
	uint32_t length;
	uint32_t *line_starts;
	uint32_t line_count;
	VEC(SourceStop)
	stops; /* on long lines, so that a place far into one is found without walking there; made when needed */
	bool stopped;
	bool derived; /* made of another source, which stays what was read: a text with choices made for one more program */
	const struct AstKept *kept; /* of a text in which choices were made: frontend/syntax/choose.h; NULL: none were */
	uint64_t walked;            /* bytes that were looked at to find columns: tests count work by it */
} Source;

Span span_join(Span a, Span b); /* from the start of a to the end of b; a place joined with none is the place */

/* ---- diag.c: what is wrong with a user's program ---- */

typedef enum { DIAG_ERROR, DIAG_WARNING } DiagSeverity;

typedef struct DiagLabel {
	Span span;
	const char *text; /* may be "" */
} DiagLabel;

typedef struct Diag {
	DiagSeverity severity;
	int code; /* 207 prints as E0207, or W0207 */
	const char *message;
	/* A hash of the sentence that the message was made of, and of each number and text in it: what it says, however that is printed. */
	uint64_t content;
	VEC(DiagLabel) labels; /* the first is the main place */
	VEC(const char *) notes;
	const char *help; /* NULL if there is nothing to suggest */
} Diag;

/* From complaints to their places in the list (diag.c): open addressing, 0 where nothing was ever. */
typedef struct DiagTable {
	uint32_t *slots;
	uint32_t count, used; /* a power of two; slots that are not 0 */
} DiagTable;

/* ---- session.c ---- */

/* One run of the compiler: owns the session-long memory. No globals anywhere: everyone is passed this. */
/* A place in a program that a running one may speak of, and what is said then. */
typedef struct SessionPlace {
	Span span;
	const char *said, *help;
} SessionPlace;

typedef struct Session {
	Arena *arena;
	NameTable *names;
	VEC(Source *) sources; /* [0] is a dummy */
	VEC(Diag *) diags;
	DiagTable diag_table;
	uint64_t compared; /* slots that were looked into for complaints: tests count work by it */
	uint32_t error_count;
	uint32_t
		complaints; /* errors reported so far, those that were kept already counted again: more than before, and something failed */
	VEC(SessionPlace) places; /* [0] is a dummy */
	uint32_t expr_count;      /* numbers given to expressions and names of the syntax tree */
	uint64_t
		elaborated; /* expressions that were given a meaning so far, and uses of names that were followed: tests count
	                      * work by it, not by time */
} Session;

Session *session_new(void);
void session_free(Session *session);
Name session_name(Session *session, const char *text);
const char *session_text(const Session *session, Name name);
/* Numbers a place, from 1; the same one again for the same span. The texts have to live as long as the session. */
uint32_t session_place(Session *session, SessionPlace place);
/* Adds a source held in memory (copied). Returns its index. */
uint32_t source_add(Session *session, const char *path, const char *text, size_t length);
/* Reads a file of at most SOURCE_LIMIT bytes. `streams`: a pipe will do, as for what the user names at the command line.
 * Returns 0 and *why, in words, on failure; adds no diagnostic. */
uint32_t source_load(Session *session, const char *path, bool streams, const char **why);
/* Where a span starts; both from 1, columns count characters, not bytes. 0 and 0 for "no place". */
void source_position(const Session *session, Span span, uint32_t *line, uint32_t *column);
/* The last stop of a line before byte `at` and before column `column`; the start of the line where it has none. Columns here are
 * those of the terminal, from 0: a tab goes to the next multiple of SOURCE_TAB_STOP. */
SourceStop source_stop(const Session *session, uint32_t file, uint32_t line, uint32_t at, uint32_t column);
/* Past one character: returns its code point. */
uint32_t source_step(const Session *session, uint32_t file, SourceStop *place);
/* The other way round: the byte at a line and a column, both from 1; false if there is no such place. */
bool source_offset(const Session *session, uint32_t source, uint32_t line, uint32_t column, uint32_t *offset);
/* What was written at a place, in `arena`. */
const char *source_excerpt(const Session *session, Arena *arena, Span span);

/* Adds a diagnostic; the caller goes on and returns false at the end. The same code at the same place (without
 * a place: and with the same message) is kept once; a Diag is still returned so that labels can be hung on it. */
Diag *diag_error(Session *session, int code, Span span, const char *format, ...) BASE_PRINTF(4, 5);
Diag *diag_warning(Session *session, int code, Span span, const char *format, ...) BASE_PRINTF(4, 5);
Diag *diag_verror(Session *session, int code, Span span, const char *format, va_list args) BASE_PRINTF(4, 0);
/* A second place with its text. */
void diag_label(Session *session, Diag *diag, Span span, const char *format, ...) BASE_PRINTF(4, 5);
void diag_note(Session *session, Diag *diag, const char *format, ...) BASE_PRINTF(3, 4);
void diag_help(Session *session, Diag *diag, const char *format, ...) BASE_PRINTF(3, 4);
/* For those who try one way and then another: what was said since the mark is taken back, and may be said after all. */
typedef VEC(Diag *) Diags;
typedef struct DiagMark {
	uint32_t count, errors, complaints;
} DiagMark;
DiagMark diag_mark(const Session *session);
Diags diag_take_back(Session *session, DiagMark mark);
void diag_say(Session *session, const Diags *diags);
/* For a mistake that is said once and met at many places: true if there is something to say again, which may have been taken
 * back since. NULL: nothing yet. */
bool diag_say_again(Session *session, Diag *diag);
/* The same mistake: its code, where it begins, and all that is said of the program there. */
bool diag_is_same(const Diag *a, const Diag *b);
/* Prints all diagnostics sorted by file and place, with source excerpts; `color` adds ANSI colours. (diag_print.c) */
void diag_print_all(const Session *session, FILE *out, bool color);
/* The same as one JSON array: severity, code, message, labels (the first is the main place), notes, help.
 * (diag_json.c) */
void diag_print_json(const Session *session, FILE *out);
/* All diagnostics in the order they are printed; an array of session->diags.count in `arena`. */
Diag **diag_sorted(const Session *session, Arena *arena);

/* ---- panic.c ---- */

/* What we did wrong (never the user): prints pass, function and message, then what the scopes around have to say, and aborts. */
void base_panic(const char *where, const char *format, ...) BASE_PRINTF(2, 3) BASE_NORETURN;

/* Something under way on this thread that a panic's message should tell of, innermost first. The caller owns the scope, which
 * must be left before its memory goes. */
typedef void BasePanicNote(void *context);
typedef struct BasePanicScope {
	BasePanicNote *note; /* prints to stderr */
	void *context;
	struct BasePanicScope *outer;
} BasePanicScope;

/* For a note: keeps what was under way in a file of the temporary folder, and says where. */
void base_panic_keep(Arena *arena, const char *bytes);
void base_panic_enter(BasePanicScope *scope, BasePanicNote *note, void *context);
void base_panic_leave(BasePanicScope *scope);

/* ---- hash.c ---- */

uint64_t hash_bytes(const void *bytes, size_t length, uint64_t seed); /* XXH3 */

/* ---- random.c: counter-based random numbers ---- */

/* Threefry-2x64 with 20 rounds (Salmon, Moraes, Dror, Shaw 2011: "Parallel random numbers: as easy as 1, 2, 3").
 * The same (key, counter) gives the same pair everywhere, in any order, on any number of threads. */
void random_threefry(const uint64_t key[2], const uint64_t counter[2], uint64_t out[2]);

#endif
