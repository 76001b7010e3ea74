/* ad.h: what the files of this folder share. Everything works on a source function that is never changed and
 * appends to a target function; values and nodes of the source are called old, those of the target new. */
#ifndef GRADUS_AD_H
#define GRADUS_AD_H

#include "autodiff/autodiff.h"
#include "ir/core/copy.h"

#define AD_NONE UINT32_MAX

/* ---- analyse.c: facts about the source, one bool per old value (or per node of one body) ---- */

typedef struct AdFacts {
	const IrFunc *func;
	Arena *scratch;
	bool *active;  /* depends, differentiably, on a parameter that is differentiated */
	bool *reached; /* its cotangent is not 0 because of a selection: see reached.c */
	double *bound; /* see finite.c */
} AdFacts;

/* facts[value] becomes true if `fact` is; returns whether that is new. */
bool ad_raise(bool *facts, IrValue value, bool fact);
/* `result`: the value that has a cotangent, if it is a single number; else 0. `limits`: bounds of parameters, or NULL. */
AdFacts ad_facts(Arena *scratch, const IrFunc *func, const bool *wrt, IrValue result, const double *limits);
/* Whether operand `i` of a row has a derivative. */
bool ad_differentiable(IrOpcode opcode, int i);
/* Per node of a body; such arrays live in the scratch arena. */
bool *ad_active_nodes(const AdFacts *facts, const IrFor *op);

/* Where a cotangent of 0 must win over a derivative that is not finite, in one body: where a selection may have made it 0,
 * and the derivative has no bound. */
typedef struct AdWins {
	const IrFor *op;
	bool *reached;       /* per node */
	const double *bound; /* per node */
} AdWins;

AdWins ad_wins(const AdFacts *facts, const IrFor *op);
/* For the cotangent that node `n` passes to operand `i`. */
bool ad_zero_wins(const AdWins *wins, uint32_t n, int i);
/* Nodes through which a cotangent passes when the puts in `seeded` have one. */
bool *ad_path_nodes(const AdFacts *facts, const IrFor *op, const bool *seeded, const bool *active);
/* Given need[out] of a loop's carries, marks everything in and around its body that receives a cotangent; initial values
 * only if they are also read inside. Afterwards carry k has one iff need[inner k] or need[out k]. */
void ad_need_inside(const AdFacts *facts, const IrLoop *loop, bool *need);
/* Marks the values that a loop defines inside: counter, inner values, outputs of its body's ops. */
void ad_mark_inside(const IrLoop *loop, bool *inside);

/* ---- reached.c: what a derivative surely reaches, by some way that passes no selection ---- */

/* Per value, for the derivative of `result`; nothing is reached if that is 0. */
bool *ad_reached(const AdFacts *facts, IrValue result);
/* Per node of a body, given those of values. */
bool *ad_reached_nodes(const AdFacts *facts, const bool *values, const IrFor *op);

/* ---- finite.c: what is certainly finite, whatever the parameters hold (NaN and infinities included) ----
 * Bounds of absolute values, of integers too; INFINITY where none is known or the number may be NaN. */

/* Per value, given those of parameters (NULL: none is known). */
double *ad_value_bounds(Arena *scratch, const IrFunc *func, const double *limits);
/* Per node of a body, given those of values. */
double *ad_node_bounds(Arena *scratch, const IrFunc *func, const double *values, const IrFor *op);
/* Whether node n's derivative with respect to operand i is finite, given bounds of nodes. */
bool ad_derivative_is_finite(const IrFor *op, const double *bound, uint32_t n, int i);

/* ---- context.c: one transformation ---- */

/* What a loop saves of a carry in one turn: all of it, or what a put is going to overwrite. */
typedef struct AdPart {
	const IrOp *op;   /* the old op of ... */
	const IrPut *put; /* ... this put; NULL: all */
	IrValue stack;
} AdPart;

typedef VEC(AdPart) AdSaved; /* empty for carries that never change */

/* A value of a loop's body that is saved as well. */
typedef struct AdStack {
	IrValue value; /* old */
	AdPart part;
} AdStack;

typedef VEC(AdStack) AdKept;

typedef struct Ad {
	IrModule *module;        /* of what is made on the way ... */
	IrModule *result_module; /* ... and of what comes out */
	Arena *scratch;
	IrScope *scope;
	const IrFunc *from;
	IrBuilder b;
	AdFacts facts;
	IrMap map;           /* old value -> new value that holds the same; the latest where a body is emitted twice */
	IrValue *linear;     /* old value -> its cotangent or tangent so far, or 0: symbolically zero */
	IrValue **args;      /* old value made by a MAX or MIN put -> new value with its argument, per domain index */
	AdSaved **saved;     /* old counter of a loop -> what is saved of each carry */
	AdKept *kept;        /* old counter of a loop -> what is saved of the body */
	IrValue *stack;      /* old value of a body that runs again -> the stack it is read from instead, or 0 ... */
	const IrLoop **home; /* ... and its loop */
	bool *reversed;      /* old counter: its new value counts the other way, from turns - 1 down ... */
	IrValue *turns;      /* ... where turns is this new value, or if that is 0, the number in `limit` */
	int64_t *limit;
} Ad;

/* Starts the function `name`: prepares `func`, copies its symbols and parameters. `result`: the number of the result that
 * has a cotangent, if it is a single number; else AD_NONE. */
Ad ad_begin(IrModule *module, Arena *scratch, const IrFunc *func, const char *name, const bool *wrt, uint32_t result,
            const double *limits);
/* What was built, simplified, in the module that ad_begin was given; all else is gone. */
IrFunc *ad_end(Ad *ad);
IrValue ad_zeros(Ad *ad, IrType type);
/* A value's name with a trailing '~'; NULL if it has none. */
const char *ad_tilde(Ad *ad, Name name);

/* ---- primal.c: what is differentiated, again ---- */

/* Emits a block again; with `save`, all that adjoints read as well: arguments of maxima, stacks of carries. */
void ad_primal_block(Ad *ad, const IrBlock *block, bool save);

/* ---- emit.c: old bodies emitted again in new ops ---- */

typedef struct AdEmit {
	Ad *ad;
	IrForBuilder f;    /* the new op */
	IrRewrite body;    /* of the old op, in it: reads by what follows */
	bool guard;        /* every read becomes a guarded one */
	const bool *lanes; /* old values that have gained a lane axis, or NULL */
} AdEmit;

/* A new op for what is made of the old one; in the scratch arena. */
AdEmit *ad_emit_begin(Ad *ad, const IrOp *op);
/* The same with the old op's indices and conditions. */
AdEmit *ad_emit_same_domain(Ad *ad, const IrOp *op);
/* The counter of an old loop; in its adjoint that is turns - 1 - (the new counter). */
uint32_t ad_emit_counter(const Ad *ad, IrForBuilder *f, IrValue old);

/* ---- derive.c: derivatives of scalar operations ---- */

/* x + y, where x may be AD_NONE. */
uint32_t ad_sum(AdEmit *e, uint32_t x, uint32_t y);
/* The contribution of a cotangent `s` of old node `n` to its operand `i`, or of a tangent `s` of the operand to `n`. */
uint32_t ad_chain(AdEmit *e, uint32_t n, int i, uint32_t s, bool zero_wins);

/* Whether a row's expression mentions the name of one letter. */
bool ad_mentions(const char *text, char letter);
/* The node of the same body that computes the derivative of node `n` by a row of its own (ir_op_slope), or AD_NONE. */
uint32_t ad_slope_node(const IrFor *op, uint32_t n);

/* ---- extreme.c: maxima and minima through saved arguments ---- */

/* Bit i: index i of the domain is not itself a position of the put's output. */
uint32_t ad_reduced(const IrFor *op, const IrPut *put, uint32_t rank);
/* Whether the derivative of a put goes through saved arguments. */
bool ad_is_extreme(const IrFunc *func, const IrFor *op, const IrPut *put);
/* Adds the arguments that the derivatives of MAX and MIN puts need to a copied op. */
void ad_save_arguments(AdEmit *e);
/* The domain shrunk to the output of such a put: reduced indices are read from the saved arguments, which may be -1
 * (no point): then `valid` is a BOOL node, else AD_NONE. */
typedef struct AdShrunk {
	IrAt at[IR_MAX_RANK];
	uint32_t valid;
} AdShrunk;

AdShrunk ad_emit_shrunk(AdEmit *e, const IrPut *put);

/* ---- rules.c: differentiation of one op, by its kind ----
 *
 * One function of each sort for each kind in kinds.def; those of forward mode are in forward.c, and so on. */

typedef struct AdRules {
	/* raises facts->active of what it defines; whether anything changed */
	bool (*active)(AdFacts *facts, const IrOp *op);
	/* what it uses gets a cotangent if what it defines has one */
	void (*need)(const AdFacts *facts, const IrOp *op, bool *need);
	/* see ad_primal_block */
	void (*primal)(Ad *ad, const IrOp *op, bool save);
	/* the op again, and ad->linear of what it defines from that of what it uses */
	void (*forward)(Ad *ad, const IrOp *op);
	/* contributes to what it uses, given ad->linear of what it defines */
	void (*reverse)(Ad *ad, const IrOp *op);
} AdRules;

extern const AdRules ad_rules[IR_KIND_COUNT];
_Noreturn void ad_not_linked(void); /* unlinked.c: the end of all rules for evaluations */

#define KIND(NAME, name)                                                                                               \
	bool ad_active_##name(AdFacts *facts, const IrOp *op);                                                             \
	void ad_need_##name(const AdFacts *facts, const IrOp *op, bool *need);                                             \
	void ad_primal_##name(Ad *ad, const IrOp *op, bool save);                                                          \
	void ad_forward_##name(Ad *ad, const IrOp *op);                                                                    \
	void ad_reverse_##name(Ad *ad, const IrOp *op);
#include "ir/core/kinds.def"
#undef KIND

/* ---- reverse_for.c, reverse_loop.c ---- */

/* Adds a cotangent to what an old value has. */
void ad_contribute(Ad *ad, IrValue old, IrValue cotangent);
void ad_reverse_block(Ad *ad, const IrBlock *block);
/* The primal of a loop, with what its adjoint reads. */
void ad_save_loop(Ad *ad, const IrOp *op);

/* ---- saved.c ---- */

/* Decides what to save of each carry; makes the empty stacks. */
AdSaved *ad_plan_saved(Ad *ad, const IrLoop *loop);
bool ad_in_parts(AdSaved saved);
/* An empty stack for all of a value. */
IrValue ad_stack(Ad *ad, const IrLoop *loop, IrValue value);
/* The stack with one more entry, of the old value as it is now: of a carry, at the start of a turn. */
IrValue ad_push(Ad *ad, const IrLoop *loop, IrValue value, const AdPart *part);
/* In the adjoint: the value in that turn. `after`: a carry's value after the turn, if saved in parts. */
IrValue ad_pop(Ad *ad, const IrLoop *loop, IrValue value, const AdPart *part, IrValue after);

/* ---- keep.c ---- */

/* Decides which values of a loop's body are saved; their stacks are still to be made. */
AdKept ad_plan_kept(Ad *ad, const IrLoop *loop);
/* Whether the put gives each point of the domain an element of its own, so that its node can be read from its output. */
bool ad_put_is_whole(const IrFunc *func, const IrFor *op, const IrPut *put);

/* ---- prepare.c ---- */

/* The same function in the form the rules expect: differentiated products are loops that carry a product, maxima start
 * from nothing, and what a loop computes by tanh and the like has its slope beside it, to be saved. Returns `func` itself
 * if it is so already. */
const IrFunc *ad_prepare(IrModule *module, Arena *scratch, const IrFunc *func, const bool *wrt);

#endif
