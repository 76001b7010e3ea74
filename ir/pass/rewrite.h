/* rewrite: what passes share. Re-emitting bodies with renamed values and substituted indices; structural equality;
 * small questions about operations. Private to ir/. */
#ifndef GRADUS_IR_REWRITE_H
#define GRADUS_IR_REWRITE_H

#include "ir/ir.h"

typedef struct IrRewrite IrRewrite;

/* What stands for a node instead of its copy: a node of `rewrite->to`, or IR_NO_NODE to copy it. */
typedef uint32_t IrReplace(void *context, IrRewrite *rewrite, uint32_t node);

/* Re-emission of the body of `from` inside the operation being built by `to`. */
struct IrRewrite {
	IrForBuilder *to;
	const IrFor *from;
	const IrMap *map;     /* values of the old function to the new; NULL: the same function */
	const IrAt *index_at; /* per index of `from`: where it goes, in terms of `to` */
	uint32_t *done;       /* per node of `from`: its new number, or IR_NO_NODE */
	IrReplace *replace;   /* asked before a node is copied; may be NULL */
	void *context;
};

#define IR_NO_NODE UINT32_MAX

IrRewrite ir_rewrite_begin(Arena *scratch, IrForBuilder *to, const IrFor *from, const IrMap *map, const IrAt *index_at);
uint32_t ir_rewrite_node(IrRewrite *rewrite, uint32_t node);
IrAt ir_rewrite_at(IrRewrite *rewrite, IrAt at);
/* Positions of a READ or a put, one per axis, in a fresh array of the module's arena. */
IrAt *ir_rewrite_positions(IrRewrite *rewrite, const IrAt *at, uint32_t count);

/* Starts an operation with the same indices and conditions as `from` and returns the identity re-emission of it. */
IrRewrite ir_rewrite_same_domain(Arena *scratch, IrForBuilder *to, const IrFor *from, const IrMap *map);
/* All puts of the operation that `rewrite` re-emits, in order; maps their outs. `wanted` per put, or NULL for all. */
void ir_rewrite_puts(IrBuilder *b, const IrFunc *func, IrRewrite *rewrite, IrMap *map, const bool *wanted);
/* Copies `from` with what `replace` says; plainly, if that cannot be proved to be in order. Maps its outs; *f: its builder. */
void ir_rewrite_or_copy(IrBuilder *b, Arena *scratch, const IrFunc *func, const IrFor *from, IrMap *map,
                        IrReplace *replace, void *context, IrForBuilder *f);
/* Copies `from` keeping only the puts with keep[p] (an ARG put keeps its MAX or MIN); maps their outs. */
void ir_rewrite_for(IrBuilder *b, Arena *scratch, const IrFunc *func, const IrFor *from, IrMap *map, const bool *keep);

/* Copies a loop; `emit` copies its body into b->block. Maps counter, inner values and outs. */
typedef void IrEmitBlock(void *context, const IrBlock *block);
IrOp *ir_rewrite_loop(IrBuilder *b, Arena *scratch, const IrFunc *func, const IrLoop *loop, IrMap *map,
                      IrEmitBlock *emit, void *context);

bool ir_put_is_arg(const IrPut *put); /* ARGMAX or ARGMIN */

/* Same operation up to the numbers of its outs (both of `func`). */
bool ir_for_equal(const IrFunc *func, const IrFor *a, const IrFor *b);
uint64_t ir_for_hash(const IrFunc *func, const IrFor *f);

/* Every position is a different plain index that runs over the whole axis, and every index of the domain occurs. */
bool ir_put_is_permutation(const IrFunc *func, const IrFor *f, const IrPut *put);
/* As above, but indices may be missing (they are summed over). */
bool ir_put_is_projection(const IrFunc *func, const IrFor *f, const IrPut *put);

/* No point at all: an extent is 0. Then every position counts as proved, so bodies must stay where they are. */
bool ir_for_is_empty(const IrFor *f);

/* A read or put of these positions may leave its range when the code runs (a gather that is not proved): it must neither be
 * dropped nor moved to where it might not have run. */
bool ir_positions_may_fail(const IrFunc *func, const IrFor *f, IrType type, const IrAt *at, bool guarded);
bool ir_for_may_fail(const IrFunc *func, const IrFor *f);

/* FLOPs of one run, symbols taken as 1000: for judging rewrites. */
double ir_for_flops(const IrFunc *func, const IrFor *f);

/* Which indices of the domain a node depends on, as bits (through positions, too). `sets` has one entry per node. */
void ir_node_index_sets(const IrFor *f, uint32_t *sets);

/* Per node, a hash of its whole tree, with values renamed by `map` (NULL: as they are) and indices by number and extent. */
uint64_t *ir_tree_hashes(Arena *scratch, const IrFor *f, const IrMap *map);

/* Number of uses of every value (reads, intos, loop inits, yields, trips, results). Array of func->values.count. */
uint32_t *ir_use_counts(Arena *scratch, const IrFunc *func);

/* Calls `visit` for every operation, outer before inner, in order. */
typedef void IrVisit(void *context, const IrBlock *block, IrOp *op);
void ir_visit_ops(const IrBlock *block, IrVisit *visit, void *context);

/* A new function with the parameters and symbols of `func` mapped: the start of every pass. */
IrFunc *ir_pass_begin(IrModule *module, const IrFunc *func, IrMap *map, IrBuilder *builder);
void ir_pass_end(const IrFunc *func, const IrMap *map, IrFunc *out);

/* Drops operations, puts and carries that no result needs. */
IrFunc *ir_remove_dead(IrModule *module, IrFunc *func);

#endif
