/* loop: the loop IR, between the tensor IR and the two back ends. A program is a schedule of kernel calls over buffers;
 * a kernel is a structured piece of SSA code:
 *
 *     kernel 3 (b0 : f32 const, b1 : f32)
 *       for %1 in 0 .. 64 step 16
 *         %2 : f32x16 = load b0[%1 + lane]
 *         %3 : f32 = 0x1p+0
 *         %4 : f32x16 = add %2, %3
 *         store b1[%1 + lane] = %4
 *
 * Lanes, tiles, fma and the order of every reduction are decided here and never changed by a back end: LLVM and C print
 * the same operations in the same order. Temps have width 1 or LOOP_LANES; a scalar mixed with vectors is meant in
 * every lane. Loops and conditionals carry accumulators (phis); nothing else is mutable but memory.
 *
 * The schedule calls kernels with buffers as arguments, so kernels that differ only in their buffers are one. */
#ifndef GRADUS_LOOP_H
#define GRADUS_LOOP_H

#include "ir/ir.h"
#include "jit/jit.h"

enum {
	LOOP_LANES = IR_LANES,
	/* Lanes so many bytes apart, or fewer, are read as whole registers where the processor permutes these: of f32 8 loads and 8 permutations
	 * are fewer than 16 loads and 19 insertions, and of each half of f64 4 than 8 and 3. */
	LOOP_NEAR_BYTES = 32
};

/* ---- sizes: a number times symbols of the function ---- */

typedef struct LoopSize {
	int64_t factor;
	uint8_t count;
	uint8_t symbols[IR_MAX_RANK]; /* ascending, repeated for powers */
} LoopSize;

/* ---- temps and affine forms ---- */

typedef uint32_t LoopTemp; /* index into LoopKernel.temps; 0 is none */

typedef struct LoopTempInfo {
	IrScalar type;
	bool vector; /* LOOP_LANES wide */
	bool splat;  /* a scalar that vector statements use (set by loop_finish_kernel) */
	Name name;   /* in the program: of an index, or of a value; may be 0 */
} LoopTempInfo;

typedef struct LoopTerm {
	LoopSize coef;
	LoopTemp temp; /* a scalar I64; 0: the coefficient by itself */
} LoopTerm;

/* offset + sum of coef * temp, an I64 */
typedef struct LoopAffine {
	int64_t offset;
	uint32_t count;
	LoopTerm *terms;
} LoopAffine;

/* floor(affine / div) * mul */
typedef struct LoopBound {
	LoopAffine affine;
	int64_t div, mul;
} LoopBound;

/* ---- statements ---- */

typedef struct LoopStmt LoopStmt;

typedef struct LoopBlock {
	VEC(LoopStmt *) stmts;
} LoopBlock;

/* An accumulator of a FOR or IF: `inner` holds `init` at first, then `yield` of the turn before; `out` what is left at
 * the end. All four have the same type and width. */
typedef struct LoopCarry {
	LoopTemp init, inner, yield, out;
} LoopCarry;

typedef enum LoopKind {
	LOOP_CONST, /* out = real or integer */
	LOOP_OP, /* out = opcode(args); width is the widest of the args. Primitive rows of ops.def; for C the others, too */
	LOOP_AFFINE, /* out = affine (+ stride * lane if out is a vector) */
	LOOP_SYMBOL, /* out = the extent `symbol`, an I64 */
	LOOP_LOAD,   /* out = buffer[address]; 0 in lanes where `mask` is false or that do not count: these are not read */
	LOOP_STORE,  /* buffer[address] = value, in the lanes that count */
	LOOP_TREE, /* out (scalar) = all lanes of value combined: l with l + 8, then + 4, + 2, + 1; opcode add, mul, min, max, or */
	LOOP_CHECK, /* returns `code` unless 0 <= value < limit in every lane that counts */
	LOOP_FOR,   /* for var = max(low); var + step <= min(high); var += step */
	LOOP_IF     /* if every one of `conds` >= 0 */
} LoopKind;

/* Element affine + stride * lane + scale * index, counted in elements. Scalar accesses use only the affine part. */
typedef struct LoopAddress {
	uint32_t buffer; /* a formal of the kernel */
	LoopAffine affine;
	int64_t stride; /* of a vector access; 0 if every lane has the same element but for `index` */
	LoopTemp index; /* an I64 vector that differs by lane, or 0 */
	LoopSize scale;
} LoopAddress;

struct LoopStmt {
	LoopKind kind;
	IrOpcode opcode;
	LoopTemp out;               /* what it defines; FOR: the loop variable (I64) */
	Name name;                  /* FOR: of its variable */
	LoopTemp args[IR_MAX_ARGS]; /* OP */
	LoopTemp value;             /* STORE, TREE, CHECK */
	LoopTemp mask;              /* LOAD: BOOL, or 0 */
	uint32_t lanes;             /* LOAD, STORE, CHECK of vectors: only the first so many lanes count; 0: all */
	LoopAddress address;        /* LOAD, STORE */
	LoopAffine affine;          /* AFFINE; CHECK: the limit */
	int64_t stride;             /* AFFINE */
	uint32_t symbol;            /* SYMBOL */
	double real;                /* CONST of reals */
	int64_t integer;            /* CONST of others; CHECK: the code (from 1) */
	VEC(LoopBound) low, high;   /* FOR: at least one each. high is exclusive */
	int64_t step;               /* FOR */
	VEC(LoopAffine) conds;      /* IF */
	VEC(LoopCarry) carries;     /* FOR, IF */
	LoopBlock body;             /* FOR, IF */
};

/* ---- kernels ---- */

typedef struct LoopFormal {
	IrScalar type;
	IrStorage storage; /* of what is only read: how it lies in memory; loads give `type` */
	bool written;
} LoopFormal;

/* A function of another library: of its context, its buffers (as many pointers as it takes, NULL behind those that the kernel has), and
 * three numbers. */
typedef struct LoopForeign {
	const char *name;
	const void *function, *context;
	uint32_t buffers;
	int64_t numbers[3];
} LoopForeign;

typedef struct LoopKernel {
	uint32_t number;
	VEC(LoopFormal) formals;
	VEC(LoopTempInfo) temps; /* [0] is a dummy */
	LoopBlock body;
	bool symbolic; /* takes the symbols of the function */
	bool can_fail; /* has a CHECK: returns int */
	bool cold;     /* runs once per call, not inside a loop of the schedule */
	uint64_t hash; /* of the printed text without the number */
	const char *text;
	const struct LoopForeign *foreign; /* instead of a body */
	VEC(Span) sources;                 /* what of the program it computes, in order; places may be missing */
} LoopKernel;

/* ---- buffers and the schedule ---- */

typedef enum LoopBufferKind { LOOP_PARAM, LOOP_RESULT, LOOP_SCRATCH, LOOP_TABLE } LoopBufferKind;

typedef struct LoopBuffer {
	LoopBufferKind kind;
	IrScalar type;
	IrStorage storage;
	Name name;       /* for people; may be 0 */
	uint32_t number; /* of the parameter or result */
	LoopSize elements;
	const IrConst *table;
	uint32_t first, last; /* schedule positions between which it is in use */
	int64_t offset;       /* SCRATCH: bytes into the arena if the size is a number ... */
	uint32_t slot;        /* ... else which symbolic slot it lies in */
} LoopBuffer;

typedef enum LoopStepKind { LOOP_CALL, LOOP_COPY, LOOP_REPEAT, LOOP_EVALUATE } LoopStepKind;

typedef struct LoopStep LoopStep;

typedef struct LoopSteps {
	VEC(LoopStep *) steps;
} LoopSteps;

struct LoopStep {
	LoopStepKind kind;
	uint32_t kernel;       /* CALL: index into LoopFunc.kernels */
	VEC(uint32_t) actuals; /* CALL: buffers */
	uint32_t to, from;     /* COPY: buffers of equal size */
	uint32_t counter;      /* REPEAT: the I64 buffer that counts 0, 1, ... */
	int64_t limit;         /* REPEAT */
	uint32_t trips;        /* REPEAT: the buffer with the number of turns (cut to 0 .. limit), or LOOP_NO_BUFFER */
	uint32_t
		goes; /* REPEAT: the truth values (one, or one per lane) of which one has to hold at every start of a turn, or
	                        * LOOP_NO_BUFFER */
	LoopSteps body; /* REPEAT */
	/* EVALUATE: asks for the objective at the vector `at`: f its value, g its gradient. LOOP_NO_BUFFER: f or g that nobody reads;
	 * no `when`, which says whether to ask: without it, f and g are 0. Only C has someone to ask. */
	struct {
		uint32_t at, when, f, g;
	} evaluate;
};

#define LOOP_NO_BUFFER UINT32_MAX

/* A symbolic slot: `bytes` at the place where the slots before it end, each rounded up to 64. */
typedef struct LoopSlot {
	LoopSize bytes;
	uint32_t last;
} LoopSlot;

typedef struct LoopFunc {
	Arena *arena;
	const IrFunc *ir; /* after expansion of mathematics, if that was asked for */
	Session *session;
	VEC(LoopKernel *) kernels;
	VEC(LoopBuffer) buffers;
	VEC(LoopSlot) slots;
	LoopSteps body;
	int64_t fixed_bytes; /* of the arena that do not depend on symbols; slots follow */
	uint32_t check_count;
} LoopFunc;

/* ---- loop.c: small constructors ---- */

LoopSize loop_size(int64_t factor);
LoopSize loop_size_mul(LoopSize a, LoopSize b);
LoopSize loop_size_dim(IrDim dim);
bool loop_size_equal(LoopSize a, LoopSize b);
int64_t loop_size_value(LoopSize size, const int64_t *symbols);
/* Elements of a value, its lanes included. */
LoopSize loop_elements(IrType type);
/* Stride of each axis in elements, with a lane axis innermost. */
void loop_strides(IrType type, LoopSize strides[IR_MAX_RANK]);

LoopAffine loop_affine(int64_t offset);
/* Adds coef * temp, merging terms of the same temp and symbols. */
void loop_affine_add(Arena *arena, LoopAffine *affine, LoopSize coef, LoopTemp temp);
bool loop_affine_equal(LoopAffine a, LoopAffine b);

LoopTemp loop_temp(Arena *arena, LoopKernel *kernel, IrScalar type, bool vector);
LoopStmt *loop_stmt(Arena *arena, LoopBlock *block, LoopKind kind, LoopTemp out);
/* The same kernel with all that it consists of in `arena`, and no more. */
LoopKernel *loop_copy_kernel(Arena *arena, const LoopKernel *kernel);
/* Removes statements that nothing uses. */
void loop_remove_dead(Arena *arena, LoopKernel *kernel);
/* Sets what is derived from the statements: splat, written, can_fail, text, hash. */
void loop_finish_kernel(Arena *arena, LoopKernel *kernel);

/* needs.c: of every vector temp of the kernel, how many lanes are asked for, from the first on; 0 for scalars. What a loop carries
 * has one number, before, in and after it. */
const uint8_t *loop_needs(Arena *arena, const LoopKernel *kernel);

/* What a node counts where the size of bodies decides: a function as much as the operations it stands for, about. */
uint32_t loop_node_weight(const IrNode *node);

/* ---- print_loop.c ---- */

void loop_print_kernel(const LoopKernel *kernel, bool with_number, Text *out);
void loop_print(const LoopFunc *func, Text *out);

/* ---- plan.c: where buffers lie ---- */

void loop_plan_buffers(LoopFunc *func);
void loop_mark_buffers(const LoopSteps *steps, bool *used); /* used[buffers]: of those that steps mention */
int64_t loop_arena_bytes(const LoopFunc *func, const int64_t *symbols);

#endif
