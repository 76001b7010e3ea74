/* jit: from tensor IR to code that runs: fusion, buffer plan, loop IR (loop.h), LLVM machine code in process, and C99
 * text. Both back ends print the same loop IR, so what was measured is what ships. */
#ifndef GRADUS_JIT_H
#define GRADUS_JIT_H

#include "ir/ir.h"
#include "ir/pass/pass.h"

typedef struct JitOptions {
	bool strict;    /* no fma formed, reductions in the order the IR defines: equal bits with the evaluator */
	bool no_lapack; /* our own loops for matrices of any size, as strict code has */
	bool no_fusion; /* one nest per op: the plain form, for tests and for looking at */
	const struct Lapack *lapack; /* for larger matrices; NULL: our own loops. jit_compile finds it, unless strict */
	bool one_block;              /* tiles have one block of lanes: compilers of C do not keep more in registers */
	uint32_t registers; /* of 64 bytes, or of 32 for two, that tiles fill; 0: 32, or with LLVM those of the machine */
	FILE *explain;      /* decisions (lanes, fusion, tiles, buffers) as text, or NULL */
} JitOptions;

/* How parameters and results lie in memory: dense, row-major, F32/F64/I64/I32 as such, BOOL one byte; a lane axis (type.lanes)
 * is stored INNERMOST: element (lane, i, j) of [16, n, m] lies at (i * m + j) * 16 + lane. Aligned to the element; 64 is faster. */

/* ---- compile.c ---- */

typedef struct JitEngine JitEngine; /* LLVM, loaded when first needed; one per session; not thread-safe */
typedef struct JitCode JitCode;     /* a compiled function; calling it is thread-safe (each call has its own arena) */

/* NULL and a message in *error if libLLVM-19 cannot be loaded (says which package to install). */
JitEngine *jit_engine_new(Session *session, const char **error);
void jit_engine_free(JitEngine *engine);
/* From here on machine code is kept in this folder, which is made where it is missing, and found there again by what it is made from.
 * Several processes may use one folder; what cannot be read or written is compiled as without it. NULL: it is not kept. */
void jit_engine_cache(JitEngine *engine, const char *folder);

/* Compiles `func`, or finds its code; runs ir_pass_expand_math itself; everything else is the caller's (ir_optimize). What it needs on the way is gone
 * when it returns. Panics on our own errors. */
JitCode *jit_compile(JitEngine *engine, IrFunc *func, const JitOptions *options);
void jit_code_free(JitCode *code);
/* Bytes of scratch that a call needs, with these symbol values (NULL when there are none). */
size_t jit_arena_bytes(const JitCode *code, const int64_t *symbols);
/* Runs it. params and results: one pointer per parameter and result; arena: jit_arena_bytes, aligned to 64. Results must not
 * overlap parameters or one another. Returns 0, or 1 + the number of the gather that left its range. */
int jit_call(const JitCode *code, void *const *params, void *const *results, void *arena, const int64_t *symbols);
/* Seconds that compiling took: to loop IR, and what LLVM made of it. */
void jit_code_times(const JitCode *code, double *lower, double *llvm);

/* ---- texts for `gradus show` ---- */

void jit_show_loops(IrModule *module, IrFunc *func, const JitOptions *options, Text *out);
bool jit_show_llvm(JitEngine *engine, IrModule *module, IrFunc *func, const JitOptions *options, Text *out);
bool jit_show_asm(JitEngine *engine, IrModule *module, IrFunc *func, const JitOptions *options, Text *out);

/* ---- emit_c.c ---- */

/* Prints `func` as C99: static helper functions and one
 *     static int PREFIX_NAME(const T *const p0, ..., T *r0, ..., void *arena[, ptrdiff_t symbol...])
 * (parameters, results, scratch, symbols in order, with names made from IR names). Needs only <stdint.h>, <string.h> and <math.h>
 * (fabs, floor, sqrt, fma families: compiled inline); no allocation, no globals but const tables. Several functions
 * may be emitted into one file: what they share, jit_c_prelude prints once. The text depends only on the input.
 *
 * A function that evaluates an objective takes `const PREFIX_elsewhere *elsewhere` behind arena, and calls
 *     T PREFIX_evaluate(const PREFIX_elsewhere *elsewhere, const T *at, T *g)
 * which is for the caller to write: the value at the vector `at`, the gradient into g unless that is NULL. */
typedef struct JitCFile JitCFile;

/* What the functions of one file share; lives in `arena`. */
JitCFile *jit_c_file_new(Arena *arena, const char *prefix);

/* A piece of a flat parameter or result that has a name of its own: the learned W1 in theta. */
typedef struct JitCPart {
	const char *of, *name;
	int64_t offset;
} JitCPart;

typedef struct JitCFunc {
	const char *name; /* behind the prefix of the file */
	bool strict;
	const JitCPart *parts; /* in the order of their offsets */
	uint32_t part_count;
} JitCFunc;

/* *arena_bytes receives the scratch size as a C expression over the symbol names (or a number). */
void jit_emit_c(JitCFile *file, IrModule *module, IrFunc *func, const JitCFunc *how, Text *out,
                const char **arena_bytes);
/* Macros, helpers and mathematics that `body` uses: all functions of the file, and what else is written behind the prelude. */
void jit_c_prelude(const JitCFile *file, const char *body, Text *out);
/* C text with lines of any width, in lines of at most 120 columns (tabs count 4). */
void jit_c_wrap(Text *out, const char *text);

/* ---- c_names.c: names of a program in C and C++ (the rules stand there); results live in `arena` ---- */

/* In ASCII letters, digits and single `_`, beginning with a letter: enough behind a prefix and a `_`. */
const char *jit_c_spelling(Arena *arena, const char *name);
/* The same, and unless `prefix` is NULL also neither a keyword, a macro or a type of the standard headers nor a name that begins
 * with `prefix`_. */
const char *jit_c_name(Arena *arena, const char *prefix, const char *name);
/* The same, and unlike the `count` names before it. */
const char *jit_c_unique(Arena *arena, const char *prefix, const char *name, const char *const *names, uint32_t count);
bool jit_c_is_keyword(const char *name); /* of C or C++ */
bool jit_c_is_library(const char *name); /* a macro, type, function or variable of the standard headers */
bool jit_c_is_header(const char *name);  /* `math`: there is a header math.h */

#endif
