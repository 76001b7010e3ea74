/* rewrite: what passes share: structural equality, and small questions about operations. Private to ir/pass. How they copy, and emit
 * bodies again: ir/core/copy.h. */
#ifndef GRADUS_IR_REWRITE_H
#define GRADUS_IR_REWRITE_H

#include "ir/build.h"
#include "ir/core/copy.h"

/* Same operation up to the numbers of its outs (both of `func`). */
bool pass_for_equal(const IrFunc *func, const IrFor *a, const IrFor *b);
uint64_t pass_for_hash(const IrFunc *func, const IrFor *f);

/* Every position is a different plain index that runs over the whole axis, and every index of the domain occurs. */
bool pass_put_is_permutation(const IrFunc *func, const IrFor *f, const IrPut *put);
/* As above, but indices may be missing (they are summed over). */
bool pass_put_is_projection(const IrFunc *func, const IrFor *f, const IrPut *put);

/* A read or put of these positions may leave its range when the code runs (a gather that is not proved): it must neither be
 * dropped nor moved to where it might not have run. */
bool pass_positions_may_fail(const IrFunc *func, const IrFor *f, IrType type, const IrAt *at, bool guarded);
bool pass_for_may_fail(const IrFunc *func, const IrFor *f);
/* What is the same in all turns may leave the loop. A loop of one turn that may end before it is there so that something need not be
 * computed. */
bool pass_may_leave(const IrLoop *loop);

/* FLOPs of one run, symbols taken as PASS_SYMBOL: for judging rewrites. */
double pass_for_flops(const IrFunc *func, const IrFor *f);

/* Per node, a hash of its whole tree, with values renamed by `map` (NULL: as they are) and indices by number and extent. */
uint64_t *pass_tree_hashes(Arena *scratch, const IrFor *f, const IrMap *map);

/* Number of uses of every value (reads, intos, loop inits, yields, trips, results). Array of func->values.count. */
uint32_t *pass_use_counts(Arena *scratch, const IrFunc *func);

/* Per value: whether some put starts from it, and may overwrite it in place. */
bool *pass_bases(Arena *scratch, const IrFunc *func);

/* Drops operations, puts and carries that no result needs. */
IrFunc *pass_remove_dead(IrModule *module, IrFunc *func);

#endif
