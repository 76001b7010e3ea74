/* runfolder: what the files about run folders share. Private to runtime/store/run*.c. */
#ifndef GRADUS_RUNFOLDER_H
#define GRADUS_RUNFOLDER_H

#include "runtime/store/store.h"

/* ---- runsources.c ---- */

typedef struct RunFile {
	const char *path;  /* as the program was given it */
	const char *place; /* absolute */
	const char *copy;  /* "sources/...", in the run folder */
	const char *bytes;
	size_t length;
	bool source; /* else weights */
} RunFile;

typedef VEC(RunFile) RunFiles;

/* "/a/./b/../c" as "/a/c". The path is absolute; `..` is taken by the text, and that of the root is the root. */
const char *run_normal_path(Arena *arena, const char *path);
/* Every source of the user, and the weights that its rules read. false with a diagnostic; then there are none. */
bool run_files(Arena *arena, const Rt *rt, RunFiles *files);
const char *run_files_write(Arena *arena, const char *dir, const RunFiles *files); /* NULL, or what went wrong */
void run_files_remove(Arena *arena, const char *dir, const RunFiles *files);

#endif
