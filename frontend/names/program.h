/* What of names/ others use, too: the files of a program, its declarations by name, calls of them. Part of frontend.h. */
#ifndef GRADUS_PROGRAM_H
#define GRADUS_PROGRAM_H

#include "frontend/syntax/ast.h"
#include "ir/ir.h"

typedef struct FeProgram FeProgram; /* lives as long as the session */

/* ---- program.c: files, imports, the library ---- */

/* The library alone; then files are added to it. Never NULL: what is wrong is in the session's diagnostics. */
FeProgram *fe_program_new(Session *session);
bool fe_add_file(FeProgram *program, const char *path); /* imports included; false if unreadable or with errors */
/* The same for what the user names, which may be a pipe: NULL, or why it cannot be read, without a diagnostic. */
const char *fe_add_named(FeProgram *program, const char *path);
bool fe_add_source(FeProgram *program, uint32_t source); /* from memory */

/* ---- chosen.c: choices that are made from outside ---- */

typedef struct FePick {
	const char *rule, *path; /* in which rule, of which file; NULL: in any */
	const char *choice;      /* the name of its `let`, or its number in the rule */
	uint32_t number;         /* of the alternative, from 0 */
	bool met;                /* there is such a choice ... */
	uint32_t beyond;         /* ... which has only so many alternatives; 0: it was made */
} FePick;

typedef struct FeChoiceSeen {
	const char *rule, *name;
	const char *alternatives; /* "1: g, 2: m" */
	uint32_t count;
} FeChoiceSeen;

/* Files that are added from now on are read with these choices made, and without what then has no effect. picks[count] stay, and say
 * what became of them. */
void fe_choose(FeProgram *program, FePick *picks, uint32_t count);
/* All choices of the files that were read since. */
const FeChoiceSeen *fe_choices_seen(const FeProgram *program, uint32_t *count);
/* The same program anew, with these choices made. Never NULL: what is wrong is in the session's diagnostics. */
FeProgram *fe_chosen(FeProgram *from, FePick *picks, uint32_t count);

/* ---- program.c: who reads files of weights and data ---- */

/* How `learn W : [4] from "weights.safetensors"` is read: fills out (as many as the shape has elements) with the values of the tensor named as the learned
 * value is; false with *problem set. path: as written, from the folder of the file that says it. */
typedef bool FeLoader(void *context, const char *path, const char *tensor, const IrType *shape, double *out,
                      const char **problem);
void fe_set_loader(FeProgram *program, FeLoader *loader, void *context);
/* How `data X : int[n, 4] from "x.csv" columns 1..5` is read. */
typedef enum FeDataKind { FE_DATA_REAL, FE_DATA_INT, FE_DATA_BOOL } FeDataKind;

typedef struct FeDataColumn {
	const char *name; /* NULL: numbers low..high */
	int64_t low, high;
} FeDataColumn;

/* The words that the numbers 0, 1, ... of a column stand for; none: its numbers are numbers. */
typedef struct FeDataWords {
	const char *const *texts;
	uint32_t count;
} FeDataWords;

typedef struct FeDataFound FeDataFound;

typedef struct FeDataWanted {
	const char *name; /* of the declaration: of the array in files that have several */
	const char *path; /* as written, for a folder of data; relative or not */
	const char
		*beside; /* where that lies from the source that says it; NULL: nowhere that may be read, for `problem` */
	const char *problem;
	bool bytes;
	VEC(FeDataColumn) columns;
	FeDataKind kind;
	int rank;
	int64_t dims[IR_USER_RANK]; /* -1 - k: open size k, which the reader fills in, the same k alike */
	const FeDataFound *like;    /* words are numbered as there, under this name; NULL: as they are sorted */
	const char *like_name;
} FeDataWanted;

struct FeDataFound {
	IrStorage storage;
	const void *elements;     /* row-major; stays as long as the program. NULL: only shapes were asked for */
	const char *path;         /* what was read */
	bool unknown;             /* sizes that are open are not known: the file is not there, or was not looked through */
	const char *missing;      /* why it could not be opened; NULL: it could */
	const FeDataWords *words; /* of each column; NULL: it has no columns, or none with words */
	uint32_t columns;
};

/* false with *problem in words. */
typedef bool FeDataReader(void *context, FeDataWanted *wanted, FeDataFound *found, const char **problem);
/* Without a reader sizes are unknown, and data has no elements. */
void fe_set_data(FeProgram *program, FeDataReader *reader, void *context);
/* Where a file really lies that the source `by` imports or takes weights from: the path to read, or NULL with *problem.
 * `path`: as written, from the folder of `by`. Without a finder: `path` itself. Set before files are added. */
typedef const char *FeFinder(void *context, const char *by, const char *path, const char **problem);
void fe_set_finder(FeProgram *program, FeFinder *finder, void *context);

/* ---- declarations.c ---- */

/* User declarations first, those of the files that the user named before others, then the library. */
const AstDecl *fe_find(const FeProgram *program, Name name);
/* What the name means in this source. */
const AstDecl *fe_find_in(const FeProgram *program, uint32_t source, Name name);
uint32_t fe_decl_count(const FeProgram *program); /* of the user's files, in order */
const AstDecl *fe_decl(const FeProgram *program, uint32_t index);
/* What could have been meant by a name that no declaration of the kind has, as a sentence: words of other languages, names
 * that are spelled alike, or what there is, the most alike first. NULL if there is none. */
const char *fe_candidates(const FeProgram *program, Name wanted, AstDeclKind kind);

/* Is it an open learner, fn f(X, y, unseen) = discover(...)? */
bool fe_is_learner(const AstDecl *decl);

/* ---- call.c ---- */

/* A declaration with arguments, as written in an experiment or on the command line: adam(lr = 0.1). */
typedef struct FeCall {
	const AstDecl *decl;
	VEC(Name) names;             /* argument names ... */
	VEC(Span) places;            /* ... where they stand, if they are written ... */
	VEC(const AstExpr *) values; /* ... and what was given */
	Span span;
	FeProgram *program; /* where the names in its declaration are looked up; NULL: where the call is used */
	bool exposes; /* hyperparameters of rules that are its parameters are its own as well: base.lr */
} FeCall;

/* Resolves `adam(lr = 0.1)` or `adam`; unknown names suggest the nearest. false with a diagnostic. kind: AST_OBJECTIVE or AST_OPTIMIZER */
bool fe_call(FeProgram *program, const AstExpr *expr, AstDeclKind kind, FeCall *out);
bool fe_call_text(FeProgram *program, const char *text, AstDeclKind kind, FeCall *out);

/* ---- uses.c ---- */

/* Marks which declarations of the user's files (by their numbers) a file needs that holds this rule, with the arguments of the
 * call as its defaults: what they mention, directly or not, but not the rule itself. */
void fe_needed(FeProgram *program, const FeCall *call, bool *needed);
/* Every mention of a declaration in this one, or in an expression: which, and where it is named. */
typedef void FeMention(const AstDecl *mentioned, Span span, void *context);
void fe_mentions(FeProgram *program, const AstDecl *decl, FeMention *see, void *context);
void fe_mentions_in(const FeProgram *program, const AstExpr *x, FeMention *see, void *context);

#endif
