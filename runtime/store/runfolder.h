/* runfolder: what the files about run folders share. Private to runtime/store/run*.c. */
#ifndef GRADUS_RUNFOLDER_H
#define GRADUS_RUNFOLDER_H

#include "runtime/store/store.h"

#include <sys/types.h>

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

/* ---- runfolder.c ---- */

/* Lines that are about to be written to a file. A line for which the disk has no room is not written in part. */
typedef struct StoreLines {
	int fd; /* -1: not open, or given up */
	Text pending;
	off_t written;
} StoreLines;

struct StoreFolder {
	Rt *rt;
	Arena *arena;
	const char *dir, *topmost; /* topmost: the first folder on the way that was made for it */
	StoreLines metrics, timing;
	double flushed; /* when lines were last written */
	StoreFiles files;
	int lock;    /* the folder itself, so that no other process writes into it; -1: it cannot be locked */
	int reserve; /* room held on the disk; -1: none */
	size_t reserve_bytes;
	int draft;      /* which of the two weights files rule.grad names; -1: neither */
	uint64_t run;   /* hash of run.json */
	int checkpoint; /* which of the two checkpoints is the last good one; -1: neither */
};

extern const char *const store_checkpoint_names[2];

/* DIR/name, in the folder's arena. */
const char *store_in_folder(const StoreFolder *folder, const char *name);

/* ---- lines.c ---- */

/* A new file DIR/name; false with E0811. */
bool store_lines_open(const StoreFolder *folder, StoreLines *lines, const char *name);
/* A line, once it is flushed; the object is given up. */
void store_lines_add(StoreLines *lines, struct json_t *object);
/* Writes what is pending. What does not fit is taken back, and nothing more is written to this file: false with errno. */
bool store_lines_flush(StoreLines *lines);
void store_lines_close(StoreLines *lines);

#endif
