/* pass: from functions to better functions of the same meaning, and what a function costs. */
#ifndef GRADUS_IR_PASS_H
#define GRADUS_IR_PASS_H

#include "ir/ir.h"

/* ---- count.c: what a function costs ---- */

typedef struct IrCost {
	double flops; /* scalar ops and combining steps on live points, each counted by its row's cost */
	double bytes; /* read and written by ops, each operand access once per distinct element */
} IrCost;

IrCost ir_cost(const IrFunc *func, const int64_t *symbols);

/* ---- passes ---- */

/* A pass takes a function and gives a new one (or the same if nothing changed). */
typedef IrFunc *IrPassRun(IrModule *module, IrFunc *func);

typedef struct IrPass {
	const char *name;
	IrPassRun *run;
	const char *follows;  /* a pass that does not come later in any list that has both, or NULL */
	const char *contract; /* one line: what it keeps, and what it changes */
	/* What holds of a function that it has made of `before`, beside the rules of the verifier: NULL or a message in the
	 * arena of its module. NULL: nothing that could be seen. */
	const char *(*after)(const IrFunc *before, const IrFunc *func);
} IrPass;

extern const IrPass ir_passes[];
extern const size_t ir_pass_count;

IrPassRun ir_pass_simplify; /* simplify.c: dead code, common ops, copies, constants, neutral elements */
IrPassRun ir_pass_inline;   /* inline.c: substitutes cheap or singly used elementwise producers into their users */
IrPassRun
	ir_pass_hoist; /* hoist.c: pieces of a body with a smaller index set become ops of their own; factors leave sums */
IrPassRun ir_pass_compose;     /* compose.c: sums of sums become one sum where that lowers the counted cost */
IrPassRun ir_pass_gather;      /* gather.c: scatters with affine positions become gathers */
IrPassRun ir_pass_scatter;     /* scatter.c: what is put to places of a table is summed up before */
IrPassRun ir_pass_share;       /* share.c: operations over one domain that repeat each other become one */
IrPassRun ir_pass_reuse;       /* reuse.c: costly pieces that are stored already are read instead of computed again */
IrPassRun ir_pass_invariant;   /* invariant.c: ops that depend on neither carries nor counter leave their loop */
IrPassRun ir_pass_expand_math; /* expand_math.c: transcendental ops become primitive ops; last */
/* The same with a choice: `allow_fma` puts fma nodes into the definitions (faster, needs an FMA unit; random numbers never).
 * The nodes it makes are final: nothing may contract or reassociate them. The pass is this with false. */
IrFunc *ir_expand_math(IrModule *module, IrFunc *func, bool allow_fma);
/* Only powers whose exponent is a whole constant; the other rows stay, for those who print math.def as functions. */
IrFunc *ir_expand_powers(IrModule *module, IrFunc *func);

/* ---- pass.c: several in a row ---- */

typedef struct IrPipeline {
	bool verify;          /* after every pass, with what it promises; debug builds always do */
	FILE *time;           /* one line per pass, or NULL */
	const char *dump_dir; /* 03-hoist.ir after every pass, or NULL */
} IrPipeline;

/* Runs passes by name ("simplify", ...; NULL-terminated). What comes out at the end is verified in every build; a failure
 * panics naming the pass. options: NULL for none. */
IrFunc *ir_run_passes(IrModule *module, IrFunc *func, const char *const *names, const IrPipeline *options);
/* The standard sequence for a function that is to be compiled (before ir_pass_expand_math). */
IrFunc *ir_optimize(IrModule *module, IrFunc *func, const IrPipeline *options);

#endif
