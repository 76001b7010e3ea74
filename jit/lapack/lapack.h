/* lapack: calls of larger matrices by LAPACK, where OpenBLAS is there. It is opened when first needed, runs on one thread, and is never used
 * by --strict, the evaluator or emitted C: its roundings are its own. */
#ifndef GRADUS_LAPACK_H
#define GRADUS_LAPACK_H

#include "ir/ir.h"

typedef struct Lapack Lapack;

/* NULL if there is none on this machine. Lives as long as the arena. */
const Lapack *lapack_open(Arena *arena);

/* Computes `problems` calls on dense, row-major matrices, one behind the other. Buffers: arguments, then results; what is left is NULL. */
typedef void LapackRun(const Lapack *lapack, void *b0, void *b1, void *b2, void *b3, void *b4, int64_t n, int64_t m,
                       int64_t problems);
enum { LAPACK_BUFFERS = 5 };

/* What computes a row of calls.def in f32 or f64; NULL: our own loops, which are faster at this size. */
LapackRun *lapack_for(IrCallee callee, IrScalar real, int64_t n, int64_t m);

/* ---- order.c ---- */

/* As calls.def says of `order`: of n doubles (twice) or floats. */
void lapack_order(bool twice, int64_t n, const void *a, int64_t *p);

#endif
