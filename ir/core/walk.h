/* walk: what ops use and define, and their blocks, whatever their kind; what nodes of a body are computed from.
 *
 *     for (IrUse use = ir_uses(op); ir_next_use(&use);)
 *         count[use.value]++;
 *
 * An op is worked through in this order: its uses with block -1; for every block of it, the definitions with that block, the
 * ops inside, the uses with that block; then its definitions with block -1. */
#ifndef GRADUS_IR_WALK_H
#define GRADUS_IR_WALK_H

#include "ir/ir.h"

/* ---- uses ---- */

typedef enum IrUseKind {
	IR_USE_READ,  /* by a node of a FOR's body */
	IR_USE_INTO,  /* what a put starts from */
	IR_USE_TRIPS, /* the number of turns */
	IR_USE_INIT,  /* what a carry is in the first turn */
	IR_USE_YIELD, /* what it is in the next turn */
	IR_USE_PLACE, /* where the objective is evaluated */
	IR_USE_WHEN,  /* whether that counts */
	IR_USE_ARG    /* an argument of what is put off */
} IrUseKind;

/* One use of a value by an op itself; what the ops in its blocks use is theirs. Every use once, so a value may come often. */
typedef struct IrUse {
	const IrOp *op;
	IrValue value;
	IrUseKind kind;
	uint32_t number; /* of the node, put or carry */
	int block;       /* used at the end of this block of the op; -1: before the op */
	uint32_t next;   /* where the walk goes on */
} IrUse;

IrUse ir_uses(const IrOp *op);
bool ir_next_use(IrUse *use);

/* ---- definitions ---- */

typedef enum IrDefKind {
	IR_DEF_PARAM,    /* of the function, by no op */
	IR_DEF_PUT,      /* the output of a put */
	IR_DEF_TABLE,    /* a constant table */
	IR_DEF_COUNTER,  /* of a loop */
	IR_DEF_INNER,    /* a carry inside its loop, at the start of a turn */
	IR_DEF_OUT,      /* a carry after its loop */
	IR_DEF_EVALUATED, /* f (number 0) or g (1) of an evaluation */
	IR_DEF_DEFERRED   /* what is put off */
} IrDefKind;

/* One value that an op defines. */
typedef struct IrDef {
	const IrOp *op;
	IrValue value;
	IrDefKind kind;
	uint32_t number; /* of the put or carry */
	int block;       /* defined at the start of this block of the op; -1: after the op */
	uint32_t next;   /* where the walk goes on */
} IrDef;

IrDef ir_defs(const IrOp *op);
bool ir_next_def(IrDef *def);
/* How a value is defined. */
IrDef ir_def_of(const IrFunc *func, IrValue value);
/* The put that makes a value (*f: of this FOR, unless f is NULL), or NULL: it is made by no put. */
const IrPut *ir_put_of(const IrFunc *func, IrValue value, const IrFor **f);
/* The table that a value is, or NULL. */
const IrConst *ir_table_of(const IrFunc *func, IrValue value);
/* The op as a FOR, or NULL: for those who look at bodies of FORs alone. */
IrFor *ir_as_for(const IrOp *op);

/* ---- blocks ---- */

/* Block `number` of an op, or NULL: it has no more. */
IrBlock *ir_block_of(const IrOp *op, int number);
/* Whether the block is sure to run at least once where the op runs. */
bool ir_block_runs(const IrOp *op, int number);
/* Whether the op, or one in its blocks, uses the value. */
bool ir_op_uses(const IrOp *op, IrValue value);
bool ir_block_uses(const IrBlock *block, IrValue value);
/* Calls `visit` for every op, outer before inner, in order. */
typedef void IrVisit(void *context, const IrBlock *block, IrOp *op);
void ir_visit_ops(const IrBlock *block, IrVisit *visit, void *context);
/* The same for one op and what is in its blocks; `visit` gets NULL as the block of `op` itself. */
void ir_visit_op(IrOp *op, IrVisit *visit, void *context);

/* ---- inside of bodies ---- */

/* One node that a node, a put or a position is computed from.
 *
 *     for (IrOperand part = ir_operands(node); ir_next_operand(&part);)
 *         used[part.node] = true; */
typedef struct IrOperand {
	uint32_t node;
	int argument;         /* which operand of an operation it is, or -1: it is in a position */
	const uint32_t *args; /* all operands ... */
	const IrAt *at;       /* ... and positions */
	uint32_t arg_count, at_count;
	uint32_t next, term; /* where the walk goes on: operands first; in a position its next term */
} IrOperand;

IrOperand ir_operands(const IrNode *node);
IrOperand ir_put_operands(const IrPut *put, uint32_t rank); /* what is put, then its positions */
IrOperand ir_at_operands(const IrAt *at, uint32_t count);
bool ir_next_operand(IrOperand *part);

/* No point at all: an extent is 0. Then every position counts as proved, so bodies must stay where they are. */
bool ir_for_is_empty(const IrFor *f); /* bounds.c */
/* Which indices of the domain a node depends on, as bits (through positions, too): one set for each of the first `count`. */
void ir_node_index_sets(const IrFor *f, uint32_t count, uint32_t *sets);
uint32_t ir_at_index_set(IrAt at, const uint32_t *sets); /* those of a position, given those of nodes */

#endif
