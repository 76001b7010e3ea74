/* nest_call: kernels of calls, private to nest_call*.c. Statements of the loop IR by hand: nest_call_build.c has the small words of which
 * nest_call.c makes one function for each row of calls.def.
 *
 * Two forms: 16 problems side by side (lanes), where every number is a vector; or one problem, where a row of a matrix goes by
 * vectors of its columns. Either way every element is computed by the same operations in the same order. */
#ifndef GRADUS_NEST_CALL_H
#define GRADUS_NEST_CALL_H

#include "jit/loop/loop.h"

typedef struct NestArray {
	bool lanes;
	IrScalar type;
	LoopSize cols;     /* of a matrix */
	LoopSize elements; /* of one problem */
	uint32_t formal;   /* LOOP_NO_BUFFER as long as nothing touches it */
} NestArray;

typedef struct NestCall {
	Arena *arena;
	LoopKernel *kernel;
	LoopBlock *block; /* where statements go */
	IrScalar real;
	bool lanes, fuse;
	LoopSize n, m;
	LoopTemp problem; /* counts over the axes in front; 0: there are none */
	NestArray args[IR_MAX_ARGS], outs[IR_CALL_RESULTS];
	VEC(NestArray *) touched; /* per formal */
} NestCall;

/* Columns that are worked on together: from `at` on, one of them or LOOP_LANES, of which `tail` count unless that is 0. */
typedef struct NestColumns {
	LoopAffine at;
	bool vector;
	uint32_t tail;
} NestColumns;

/* A row by a number, or one that differs by lane. */
typedef struct NestRow {
	LoopAffine at;
	LoopTemp by_lane;
} NestRow;

/* ---- numbers and loops ---- */

LoopTemp nest_call_real(NestCall *c, double value);
LoopTemp nest_call_op(NestCall *c, IrOpcode opcode, LoopTemp x, LoopTemp y,
                      LoopTemp z);                                         /* as many as the opcode takes */
LoopTemp nest_call_minus(NestCall *c, LoopTemp s, LoopTemp x, LoopTemp y); /* s - x y */
LoopTemp nest_call_integer(NestCall *c, LoopAffine value);
LoopTemp nest_call_lanes(NestCall *c, LoopAffine first); /* first, first + 1, ...: the columns of a vector */
LoopAffine nest_call_size(NestCall *c, LoopSize size, int64_t more);
LoopAffine nest_call_var(NestCall *c, LoopTemp var, int64_t more);
LoopAffine nest_call_mirror(NestCall *c, LoopTemp var); /* n - 1 - var, computed once */

typedef struct NestTurn {
	LoopStmt *stmt;
	LoopBlock *outside;
	LoopTemp var;
} NestTurn;

NestTurn nest_call_for(NestCall *c, LoopAffine low, LoopAffine high);
LoopTemp nest_call_carry(NestCall *c, const NestTurn *turn, LoopTemp init); /* what it is inside */
LoopTemp nest_call_yield(NestCall *c, const NestTurn *turn, uint32_t number,
                         LoopTemp value); /* ... and after the loop */
void nest_call_end(NestCall *c, const NestTurn *turn);

/* All columns below `count`, at least from `low` on: of the first block, those before `low` may be among them. least: how many are worth a
 * vector that has room for more. Where a row is stored and soon read again, none are: reading part of a vector waits for the stores. */
typedef void NestColumnsBody(NestCall *c, NestColumns columns, void *context);
void nest_call_columns(NestCall *c, LoopAffine low, LoopSize count, int64_t least, NestColumnsBody *body,
                       void *context);

/* All columns below `end`, which may be that of a triangle. */
void nest_call_columns_below(NestCall *c, LoopAffine end, NestColumnsBody *body, void *context);

/* ---- memory ---- */

uint32_t nest_call_touch(NestCall *c, NestArray *array); /* makes it a formal; which one */
NestRow nest_call_row(LoopAffine at);
NestColumns nest_call_one(LoopAffine at); /* one column */
LoopTemp nest_call_load(NestCall *c, NestArray *array, NestRow row, NestColumns columns);
void nest_call_store(NestCall *c, NestArray *array, NestRow row, NestColumns columns, LoopTemp value);
/* Row p[i], inside of 0 to n - 1 whatever p holds. */
NestRow nest_call_through(NestCall *c, NestArray *p, LoopAffine i);

/* ---- nest_call.c: one function for each row of calls.def ---- */

#define CALLEE(name, ...) void nest_call_##name(NestCall *c);
#include "ir/core/calls.def"
#undef CALLEE

#endif
