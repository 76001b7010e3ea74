/* The evaluator's inside, shared by eval.c (memory, blocks, loops) and eval_for.c (the points of one FOR). */
#ifndef GRADUS_IR_EVAL_PLAN_H
#define GRADUS_IR_EVAL_PLAN_H

#include "ir/ir.h"

/* A tensor in memory, shared by everything that holds the same value. */
typedef struct Cell {
	struct Cell *before, *after; /* the list of all cells, so that none is lost when evaluation breaks off */
	int holders;
	bool borrowed; /* an argument: the caller's memory, never written */
	IrType type;   /* all dims are numbers */
	int64_t count;
	IrNumber *data;
	const void *stored; /* instead of data, if type.storage is not plain */
} Cell;

/* A FOR, prepared: which nodes and conditions are computed when which index has moved. Level k: indices 0 to k - 1 are
 * known; what depends on no index is on level 0. */
typedef struct ForPlan {
	const IrFor *f;
	uint32_t *nodes;                         /* node numbers, level by level */
	uint32_t node_start[IR_MAX_INDICES + 2]; /* where a level begins in `nodes` */
	uint32_t *conds;
	uint32_t cond_start[IR_MAX_INDICES + 2];
	int64_t extent[IR_MAX_INDICES];
	int *arg_put;    /* per put: a put that holds its argument, or -1 */
	IrNumber *value; /* per node; scratch of a run */
} ForPlan;

/* What a run notes that looks for the place of a failure. */
typedef struct EvalWatch {
	bool mends;       /* puts 1 for pivots of lu that are 0, and notes only these */
	const IrOp *call; /* the first that gave NaN of finite numbers; NULL: none did */
	uint32_t place;   /* of the first mark (marks.h) that was chosen; 0: none was */
} EvalWatch;

void eval_plan_for(Arena *scratch, const IrFor *f, const int64_t *symbols, ForPlan *plan);

/* Runs over the points. cells: per value of the function; outs: one per put, holding the starting values. Returns NULL or
 * what left its range. outside: where it ends because a read left its range, the position and the extent of the axis. watch: or NULL. */
const char *eval_run_for(const ForPlan *plan, Cell *const *cells, Cell *const *outs, const int64_t *symbols,
                         int64_t outside[2], EvalWatch *watch);

/* One call of a row of calls.def, on matrices of one problem. */
typedef struct EvalCall {
	IrScalar type; /* of reals: every operation is rounded to it */
	int64_t n, m;
	const IrNumber *args[IR_MAX_ARGS];
	IrNumber *outs[IR_CALL_RESULTS];
} EvalCall;

void eval_call(IrCallee callee, const EvalCall *call);

/* ---- watch.c ---- */

void eval_watch_choice(EvalWatch *watch, const IrFor *f, const IrNode *where, bool holds);
/* count: numbers of the first result. */
void eval_watch_call(EvalWatch *watch, const IrOp *op, const EvalCall *call, const int64_t *arg_counts, int64_t count);

#endif
