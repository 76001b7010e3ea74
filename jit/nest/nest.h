/* nest: private to the lowering of one FOR (nest*.c). What is known about the op, how its indices run, and the kernel
 * under construction. */
#ifndef GRADUS_NEST_H
#define GRADUS_NEST_H

#include "jit/loop/loop.h"

/* ---- nest.c: FORs to a kernel ---- */

typedef struct NestKernel {
	LoopFunc *func;
	Arena *scratch;           /* for what is not kept */
	const IrOp *const *ops;   /* of one kernel, in order */
	const uint32_t *products; /* per op: bit p if put p adds up products that may be fused; NULL: none */
	uint32_t op_count;
	bool strict;
	bool one_block; /* see JitOptions, as registers */
	uint32_t registers;
	const uint32_t *buffer_of; /* per value */
	const bool *escapes;       /* per value that the ops make: used outside of them; NULL: all are */
	FILE *explain;
} NestKernel;

/* Appends the steps that compute the ops. */
void nest_lower_kernel(const NestKernel *nest, LoopSteps *steps);

/* Appends a step that calls `kernel`, or one that is like it, with these buffers; gives the one that is called. */
LoopKernel *nest_add_step(LoopFunc *func, const LoopKernel *kernel, const uint32_t *actuals, uint32_t count,
                          LoopSteps *steps);

/* ---- nest_call_kernel.c ---- */

/* Appends the step that computes a call. */
void nest_lower_call(LoopFunc *func, const IrOp *op, const uint32_t *buffer_of, const JitOptions *options,
                     LoopSteps *steps);

enum { NEST_MAX_LEVELS = 2 * IR_MAX_INDICES + 8 };

/* How one index of the domain runs. Its value is base + var + copy (+ lane if it is the vector index; then a copy is
 * LOOP_LANES apart). Of the last copy of a vector index only the first `tail` lanes count, if that is not 0: nothing is read
 * or written in the others, and what is computed in them is dropped. */
typedef struct NestIndex {
	IrDim extent;
	bool open;
	bool bound;  /* runs in a loop that several ops share */
	bool vector; /* at the moment */
	bool in_cond;
	uint32_t copies; /* unrolled or jammed; all of the extent: there is no loop */
	uint32_t tail;
	int64_t base;
	LoopTemp var; /* 0: the constant 0 */
} NestIndex;

/* A piece of an index's range: in whole blocks, or what they leave over. */
typedef struct NestPart {
	bool loops; /* over blocks; else it is one block */
	bool rest;  /* from where blocks of `block` end: of a symbolic extent, which is not known to be whole blocks */
	bool vector;
	uint32_t copies, tail;
	int64_t base, block;
} NestPart;

/* What the positions of a put say. */
typedef struct NestPut {
	bool direct;   /* different points of the indices in `mask` are different elements */
	bool covers;   /* every element is reached (conditions aside) */
	uint32_t mask; /* the indices that the position depends on; for NONE: all */
} NestPut;

typedef struct NestLevel {
	LoopBlock *block;
	LoopStmt *stmt; /* FOR or IF; NULL for the kernel itself */
	uint32_t id;    /* never used twice */
	uint32_t cond_before;
} NestLevel;

/* Instances of a node by the copies of the indices it depends on. */
typedef struct NestMemo {
	LoopTemp *temps;
	uint32_t count;
} NestMemo;

typedef struct NestPartial {
	LoopAffine affine;
	LoopTemp temp;
} NestPartial;

typedef struct NestPlace {
	uint32_t level, id;
} NestPlace;

/* Puts that share their loops. */
typedef struct NestGroup {
	const IrPut **puts;
	uint32_t *numbers; /* of the puts in the op */
	uint32_t count;
	uint32_t mask;
	bool stores;  /* NONE: stored as they are */
	bool scatter; /* read, combined and written back at every point */
} NestGroup;

/* The puts of one op being lowered together, and how they run. */
typedef struct NestOp {
	const IrFor *f;
	uint32_t index_count;
	NestIndex index[IR_MAX_INDICES];
	uint32_t at[IR_MAX_INDICES]; /* the copy being emitted */
	uint32_t *deps;              /* indices each node depends on */
	NestMemo *memo;
	uint32_t products; /* bit p: put p (of the first 32) may fuse its products into its accumulator */
	LoopTemp live;     /* see nest_live_lanes; 0: not computed yet */
	bool plain_sums;   /* a sum of products in which 0 wins (mulz) is computed as one of plain products at the moment */
	/* of the puts being lowered */
	int vector;    /* the index that runs in lanes, or -1 */
	uint32_t sums; /* that each accumulator is made of: copies of reduced indices may be summed apart ... */
	uint32_t sum_step[IR_MAX_INDICES]; /* ... the number of the sum grows by so much from copy to copy */
	uint32_t order[IR_MAX_INDICES];    /* output indices, then reduced ones */
	uint32_t outer_count;
	NestGroup group;
	bool needs_fill;                /* an output holds something before the first point */
	uint32_t loops[IR_MAX_INDICES]; /* the outermost loops, as far as other ops can share them */
	uint32_t loop_count;
} NestOp;

/* A value that is in a temp while certain loops are open: at [vars[0] + offsets[0], ...]. */
typedef struct NestForward {
	IrValue value;
	LoopTemp temp;
	uint32_t lanes;             /* of a vector, that count; 0: all */
	LoopTemp vars[IR_MAX_RANK]; /* 0: none */
	int64_t offsets[IR_MAX_RANK];
	bool vector[IR_MAX_RANK];
} NestForward;

typedef struct Nest {
	const NestKernel *in;
	LoopSteps *steps;
	Arena *arena; /* gone with the Nest; what is kept goes into that of in->func */
	const IrFunc *ir;
	LoopKernel *kernel;
	VEC(uint32_t) actuals; /* the buffer of each formal */
	VEC(NestPlace) places; /* of each temp */
	VEC(NestPartial) partials;
	VEC(LoopTemp) consts;
	VEC(NestForward) forwards;
	NestLevel levels[NEST_MAX_LEVELS];
	uint32_t depth; /* levels[depth] is the innermost open one */
	uint32_t next_id;
	uint32_t cond_level; /* the innermost level that tests a condition; 0 if none */
	LoopTemp lane_masks[LOOP_LANES];
	bool flat; /* indices of the ops may become one: nest_flat.c */
	NestOp *op;
} Nest;

/* nest_facts.c */
void nest_facts(Nest *n);
uint32_t nest_at_deps(const Nest *n, IrAt at);
NestPut nest_put_facts(const Nest *n, const IrPut *put);
/* In bounds even where the conditions do not hold. */
bool nest_in_box(const Nest *n, IrAt at, IrDim dim);
/* The stride in elements of a read or put along an index: 0 if it does not depend on it; *known is false if the stride is
 * symbolic or the position depends on the index through a gather. */
int64_t nest_stride(const Nest *n, IrValue value, const IrAt *at, uint32_t index, bool *known);

/* nest_flat.c */
bool nest_is_flat(const Nest *n); /* whether all indices of n->op could be one */
/* Makes one of indices of n->op that follow one another, where rows are no whole blocks of lanes. */
void nest_flatten(Nest *n);

/* nest_plan.c: which index runs in lanes, what is tiled and unrolled, and the order of loops */

void nest_plan(Nest *n, const NestGroup *group);

/* nest_fuse.c */
/* Lists the loops of n->op that others may share. */
void nest_list_loops(Nest *n);
/* How many of `ops`, from the first, can run in one loop: the one at `depth` of each. */
uint32_t nest_run_length(const Nest *n, NestOp *const *ops, uint32_t count, uint32_t depth);
/* Notes that `temp` is what `put` stores, for reads at the same place. */
void nest_forward(Nest *n, const IrPut *put, LoopTemp temp);
/* The temp that holds `value` at a position; 0: it must be loaded. */
LoopTemp nest_forwarded(const Nest *n, IrValue value, const IrAt *at);

/* nest_node.c: scalars of bodies, and addresses */
LoopTemp nest_new(Nest *n, IrScalar type, bool vector, uint32_t level);
LoopStmt *nest_stmt(Nest *n, LoopKind kind, LoopTemp out, uint32_t level);
LoopTemp nest_const(Nest *n, IrScalar type, double real, int64_t integer);
LoopTemp nest_op(Nest *n, IrOpcode opcode, IrScalar type, const LoopTemp *args, int count);
LoopTemp nest_node(Nest *n, uint32_t node);
bool nest_is_vector(const Nest *n, LoopTemp temp);
uint32_t nest_level(const Nest *n, LoopTemp temp); /* 0 for no temp */

/* nest_address.c: positions */
LoopTemp nest_position(Nest *n, IrAt at); /* as an I64 */
/* The position as an affine form of scalar temps; false if it differs by lane. */
bool nest_scalar_affine(Nest *n, IrAt at, LoopAffine *affine);
/* The element of `value` at a position; *level is raised to where all of the address is known. */
LoopAddress nest_address(Nest *n, IrValue value, const IrAt *at, uint32_t *level);
uint32_t nest_formal(Nest *n, uint32_t buffer);

/* nest_loop.c: loops */
void nest_open(Nest *n, LoopStmt *stmt);
void nest_close(Nest *n);
LoopStmt *nest_new_for(Nest *n, int64_t step);
void nest_open_for(Nest *n, LoopStmt *stmt);
LoopAffine nest_negated(Nest *n, LoopAffine affine);
/* An IF for the conditions that can be tested now and are not in *done; NULL if there are none. Bit c of *done: condition c; the
 * last bit: it and all behind it, which are tested together. */
LoopStmt *nest_cond_if(Nest *n, uint32_t *done);
/* Conditions that differ between lanes are tested, by bounds and IFs, for the lane where they hold most easily. In the others what is
 * computed has to be dropped: the lanes in which they hold, or 0 for all. */
LoopTemp nest_live_lanes(Nest *n);
/* Whether an output index of a reduction may run in lanes although conditions depend on it. */
bool nest_conds_allow_lanes(const Nest *n, uint32_t index);
bool nest_runs_without_loop(const NestIndex *index, bool vector);
/* The parts in which an index runs, as planned (copies) and in lanes or not: none if it is empty, at most two. */
uint32_t nest_parts(const NestIndex *index, bool vector, NestPart parts[2]);
/* Sets an index to a part; what was computed for another part is forgotten. */
void nest_set_part(NestOp *op, uint32_t i, const NestPart *part);
/* The loop over a part of an index, to which it is set; NULL if there is none to open. The caller opens it after adding
 * carries. conds: conditions become bounds. */
LoopStmt *nest_index_loop(Nest *n, uint32_t i, const NestPart *part, uint32_t *done, bool conds);
/* Of what is emitted now: how many lanes count; 0: all. */
uint32_t nest_lanes(const Nest *n);
LoopTemp nest_lane_mask(Nest *n, uint32_t lanes); /* true in the first so many lanes */
LoopTemp nest_lane_numbers(Nest *n);              /* nest_address.c: 0, 1, ... */
/* The copies of the indices order[from] .. order[to - 1], all in turn: first, then next until false. */
void nest_first_copy(Nest *n, uint32_t from, uint32_t to);
bool nest_next_copy(Nest *n, uint32_t from, uint32_t to);
uint32_t nest_copy_count(const Nest *n, uint32_t from, uint32_t to);

/* nest_put.c: puts */
IrOpcode nest_combine_opcode(IrCombine combine);
LoopTemp nest_identity(Nest *n, const IrPut *put);
/* The accumulator after one more point; acc 0: still the identity. */
LoopTemp nest_combine(Nest *n, const IrPut *put, LoopTemp acc);
/* Which index a maximum or minimum came from, with one point more: `best` and `arg` are the extreme so far and its index. */
LoopTemp nest_combine_arg(Nest *n, const IrPut *put, LoopTemp best, LoopTemp arg);
/* Where an ARG put's maximum or minimum stands in the group. */
uint32_t nest_partner(const NestGroup *group, const IrPut *put);
void nest_check_put(Nest *n, const IrPut *put);
/* The test that a guarded put is inside, or NULL. */
LoopStmt *nest_put_guard(Nest *n, const IrPut *put);
void nest_store(Nest *n, const IrPut *put, LoopTemp value);
LoopTemp nest_load_out(Nest *n, const IrPut *put);
/* What `into` holds; outside of a guarded put's bounds nothing is read. */
LoopTemp nest_load_base(Nest *n, const IrPut *put);
/* Copies what `into` holds, if it lies elsewhere. */
void nest_prepare(Nest *n, const IrPut *put);
/* Sets every element of an output to the identity. */
void nest_fill(Nest *n, const IrPut *put);

/* nest_reduce.c */
void nest_reduction(Nest *n, const NestGroup *group);

#endif
