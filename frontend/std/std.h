/* std: the built-in library, embedded when Gradus was built. */
#ifndef GRADUS_STD_H
#define GRADUS_STD_H

#include "frontend/syntax/ast.h"

typedef struct FeStdFile {
	const char *name; /* "adam.grad" */
	const char *text;
	size_t length;
} FeStdFile;

extern const FeStdFile fe_std_files[];
extern const size_t fe_std_file_count;

/* A declaration of the library: a paragraph of a file, its comment first. */
typedef struct FeStdEntry {
	const char *name;
	AstDeclKind kind;
	const char *subject; /* of the file: "Optimizers: learned" */
	const char *summary; /* the first sentence of its comment, without the full stop ... */
	const char *details; /* ... and the others; "" */
	const char *params;  /* "lr = 0.1, beta = 0.9" as it is written; "" */
	const char *text;    /* length bytes, without a NUL; the declaration itself starts at `declared` */
	size_t length, declared;
} FeStdEntry;

typedef VEC(FeStdEntry) FeStdEntries;

/* entries.c: all of them, in the order of the files. Lives in `arena`, but for the texts, which always do. */
FeStdEntries fe_std_entries(Arena *arena);

#endif
