/* runfolder: what the files about run folders share. Private to runtime/store/run*.c. */
#ifndef GRADUS_RUNFOLDER_H
#define GRADUS_RUNFOLDER_H

#include "runtime/store/store.h"

/* ---- runsources.c ---- */

typedef struct StoreFile {
	const char *path;  /* as the program was given it */
	const char *place; /* absolute */
	const char *copy;  /* "sources/...", in the run folder */
	const char *bytes;
	size_t length;
	bool source; /* else weights */
} StoreFile;

typedef VEC(StoreFile) StoreFiles;

/* "/a/./b/../c" as "/a/c". The path is absolute; `..` is taken by the text, and that of the root is the root. */
const char *store_normal_path(Arena *arena, const char *path);
/* Every source of the user, and the weights that its rules read. false with a diagnostic; then there are none. */
bool store_files(Arena *arena, const Rt *rt, StoreFiles *files);
const char *store_files_write(Arena *arena, const char *dir, const StoreFiles *files); /* NULL, or what went wrong */
void store_files_remove(Arena *arena, const char *dir, const StoreFiles *files);

#endif
