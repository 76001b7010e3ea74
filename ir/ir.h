/* ir: the tensor IR. A module holds functions over tensors; nearly everything is one generic operation
 *
 *     out[at(i)] (+)= body(A[at(i)], B[at(i)], i)      for i in a box of indices, with optional conditions
 *
 * plus constant tables and counted loops with carried values. docs/architecture.md shows it in text form.
 *
 *     %4 z[n] = for i:n { add(%3[i], %b[]) } -> [i]
 *     %6 a[h, w] = for y:h x:w p:3 q:3 { mul(%im[y+p-1, x+q-1]?, %K[p, q]) } sum -> [y, x]
 *     %9 xT[d], %10 s[] = loop %t < 40 carry (%x[d] = %w0, %acc[] = %0) { ... yield %31, %32 }
 *
 * Values are numbered per function. Passes build new functions from old ones; nothing is edited once a pass has
 * returned it, and nothing is freed but the module's arena as a whole. */
#ifndef GRADUS_IR_H
#define GRADUS_IR_H

#include "base/base.h"

/* ---- types ---- */

/* I64 is the language's `int`. I32 and I64 also hold the bit patterns of F32 and F64 in mathematics. */
typedef enum IrScalar { IR_BOOL, IR_I32, IR_I64, IR_F32, IR_F64 } IrScalar;

/* Programs have arrays of up to IR_USER_RANK axes, and so operations over up to twice as many indices. What is derived from them
 * needs more: an axis for lanes, and one for the turns of each loop whose values are saved, at first and at second order. */
enum { IR_USER_RANK = 8, IR_MAX_RANK = 12, IR_MAX_INDICES = 20, IR_MAX_ARGS = 4, IR_LANES = 16, IR_TYPES_AT_HAND = 64 };

/* A number if >= 0; else the symbol -1 - dim of the function (an extent that is known only when the code runs). */
typedef int64_t IrDim;

/* How the elements of an array that the caller owns lie in memory, where that is not as their scalar: data of files stay as small
 * as they are there, and become the scalar when they are read. */
typedef enum IrStorage {
	IR_STORED_PLAIN,                                    /* as the scalar says */
#define STORAGE(id, word, width, ctype) IR_STORED_##id, /* becomes: IR_STORED_U8, ... */
#include "ir/core/storage.def"
#undef STORAGE
	IR_STORAGE_COUNT
} IrStorage;

typedef struct IrType {
	IrScalar scalar;
	IrStorage
		storage; /* not plain: a parameter of the function, which the caller owns and nothing but reads may name */
	uint8_t rank;
	bool lanes; /* axis 0 has extent IR_LANES and counts problems (or particles); code stores it innermost */
	IrDim dims[IR_MAX_RANK];
} IrType;

typedef uint32_t IrValue; /* index into IrFunc.values; 0 is no value */

/* ---- scalar operations: rows of ops.def ---- */

typedef enum IrOpcode {
#define OP(name, ...) IR_##name, /* becomes: IR_add, IR_sub, ... */
#include "ir/core/ops.def"
	IR_OPCODE_COUNT
} IrOpcode;

/* How operand and result types relate. */
typedef enum IrTyping {
	IR_T_ARITH,   /* (T, ...) -> T for any number type */
	IR_T_REAL,    /* (R, ...) -> R for F32 or F64 */
	IR_T_INT,     /* (I, ...) -> I for I32 or I64 */
	IR_T_COMPARE, /* (T, T) -> BOOL for any type */
	IR_T_LOGIC,   /* (BOOL, ...) -> BOOL */
	IR_T_WHERE,   /* (BOOL, T, T) -> T */
	IR_T_POWI,    /* (R, I64) -> R */
	IR_T_TO_F32,  /* (I32, I64, BOOL or F64) -> F32 */
	IR_T_TO_F64,  /* (I32, I64, BOOL or F32) -> F64 */
	IR_T_TO_INT,  /* (R or BOOL or I32) -> I64, towards zero */
	IR_T_BITS,    /* F32 -> I32, F64 -> I64 */
	IR_T_FLOAT,   /* I32 -> F32, I64 -> F64 */
	IR_T_RANDOM   /* (I64, ...) -> F64 */
} IrTyping;

typedef struct IrOpInfo {
	const char *name;
	int arity;
	IrTyping typing;
	bool primitive; /* has a direct machine form; others are rewritten by ir_expand_math */
	const char
		*derivative[3]; /* per operand, in terms of operands a b c and result r, in body syntax; NULL: inactive */
	double low, high;   /* where automatic tests sample each real operand */
	int cost;           /* FLOPs that `info` counts for it */
} IrOpInfo;

extern const IrOpInfo ir_op_info[IR_OPCODE_COUNT]; /* ops.c */
bool ir_opcode_find(const char *name, size_t length, IrOpcode *opcode);
bool ir_op_commutes(IrOpcode opcode);
bool ir_op_is_not_negative(IrOpcode opcode); /* its results, whatever the operands are; they may be NaN */
/* Derivatives: they are 0 for an operand that is not chosen; that of an operand is not finite only where the result is not, either;
 * the first is a row of its own (*slope), of which this row has done most of the work. */
bool ir_op_selects(IrOpcode opcode);
bool ir_op_is_steep(IrOpcode opcode, int operand);
bool ir_op_slope(IrOpcode opcode, IrOpcode *slope);
/* The largest magnitude of the result where those of the operands are known; INFINITY: there is no bound. */
double ir_op_bound(IrOpcode opcode, double a, double b, double c);
/* The type of an operation's result; false if operands of these types do not fit. */
bool ir_op_type(IrOpcode opcode, const IrScalar *args, IrScalar *result);

/* A scalar: real for F32 (rounded to f32) and F64, integer for BOOL (0 or 1), I32 (sign-extended) and I64. */
typedef union IrNumber {
	double real;
	int64_t integer;
} IrNumber;

/* ---- scalar.c, special.c: the meaning of the scalar operations ----
 * Integers wrap. idiv and imod round down; by 0 they give 0. shr shifts in zeros; shift counts are taken modulo the width.
 * to_int rounds towards zero; NaN gives 0, values out of range the nearest integer. Functions that are not primitive
 * are computed in double by the C library, then rounded. */
IrNumber ir_eval_scalar(IrOpcode opcode, const IrScalar *types, const IrNumber *args);
/* One scalar op on reals (in double, rounded to the type). */
double ir_eval_real(IrOpcode opcode, IrScalar type, const double *args);
/* Element `at` of stored elements as a number of type `scalar`: whole numbers to reals and reals to reals round once. */
IrNumber ir_stored(IrStorage storage, IrScalar scalar, const void *elements, int64_t at);
double ir_digamma(double x);
double ir_trigamma(double x);
double ir_tetragamma(double x);
double ir_atan2_slope(double a, double b);
double ir_atan2_curve(double a, double b);
double ir_gelu_slope(double a);
double ir_binade(double a);
double ir_binade_f32(double a);
double ir_floor_mod(double a, double b);
double ir_floor_div(double a, double b);
double ir_floor_mod_f32(double a, double b);
double ir_floor_div_f32(double a, double b);
double ir_powi(double base, double exponent); /* exponent whole: products by repeated squaring; negative: 1 / powi */
double ir_random_uniform(const int64_t key_and_counter[4]); /* 53 bits of the first word, in [0, 1) */
/* The place of x in a random order of n numbers; all arithmetic wraps. */
double ir_random_place(int64_t x, int64_t n, int64_t key);
double ir_random_normal(const int64_t key_and_counter[4]); /* Box-Muller: sqrt(-2 log(1 - u0)) cos(2 pi u1) */

/* ---- positions: affine in the indices, plus gather atoms ---- */

typedef struct IrTerm {
	int64_t coef;
	uint32_t ref; /* an index of the domain, or a body node of type I64 if is_node */
	bool is_node;
} IrTerm;

/* One position along one axis: offset + sum of coef * (index or integer node). Terms are sorted (indices first, by
 * number), unique, with non-zero coefficients. */
typedef struct IrAt {
	int64_t offset;
	uint32_t term_count;
	IrTerm *terms;
} IrAt;

/* ---- the generic operation ---- */

typedef enum IrNodeKind { IR_NODE_CONST, IR_NODE_READ, IR_NODE_INDEX, IR_NODE_DIM, IR_NODE_OP } IrNodeKind;

/* One scalar of a body, in SSA form: operands are earlier nodes. What only some kinds have shares its place, and is 0 for the
 * kinds that have neither. */
typedef struct IrNode {
	IrNodeKind kind;
	IrScalar type;
	IrOpcode opcode;  /* OP */
	Name name;        /* OP that was a value of its own before it went into its user; may be 0 ... */
	Span span;        /* ... and where that was written: for people, and no part of what the node is */
	bool guarded;     /* READ: 0 where a position is outside */
	uint8_t at_count; /* READ: the rank; INDEX: 1; others: 0 */
	union {
		uint32_t args[IR_MAX_ARGS]; /* OP */
		struct {
			IrAt *at;      /* READ, INDEX */
			IrValue value; /* READ */
		};
	};
	union {
		double real;     /* CONST of F32 or F64 (already rounded to the type) */
		int64_t integer; /* CONST of BOOL, I32, I64; what is the same in all bits is the same number */
		IrDim dim;       /* DIM: the extent as an I64 */
	};
} IrNode;

typedef struct IrIndex {
	Name name;
	IrDim extent;
	bool lane; /* ranges over the lane axis of values with type.lanes; at most one, always index 0 */
} IrIndex;

typedef enum IrCombine {
	IR_PUT_NONE,
	IR_PUT_SUM,
	IR_PUT_MAX,
	IR_PUT_MIN,
	IR_PUT_PROD,
	IR_PUT_ARGMAX,
	IR_PUT_ARGMIN
} IrCombine;

/* One output. Reductions combine in ascending row-major order of the domain (the meaning; --strict code keeps it).
 * Elements no point reaches are 0, 1, -inf, inf, -1 (sum, prod, max, min, arg), or what `into` holds. Without `into`,
 * a put with IR_PUT_NONE reaches every element exactly once. MAX and MIN: NaN wins; arguments: the first of ties. */
typedef struct IrPut {
	IrCombine combine;
	bool guarded;       /* points whose position is outside write nothing */
	uint32_t node;      /* what is put (ARGMAX, ARGMIN: unused) */
	uint32_t arg_of;    /* ARGMAX, ARGMIN: the MAX or MIN put of this op whose argument it is ... */
	uint32_t arg_index; /* ... and the domain index that is stored (as I64) */
	IrAt *at;           /* one per axis of the output */
	IrValue into;       /* the starting value (a value, not a place), or 0 */
	IrValue out;
} IrPut;

typedef struct IrFor {
	VEC(IrIndex) indices;
	VEC(IrAt) conds; /* each: position >= 0, else the point is not live; node terms must not vary with an index */
	VEC(IrNode) nodes;
	VEC(IrPut) puts;
} IrFor;

/* ---- constant tables ---- */

typedef struct IrConst {
	IrValue out;
	double *reals;     /* row-major, for F32 and F64 ... */
	int64_t *integers; /* ... or for BOOL, I32, I64 */
	int64_t low, high; /* the range of integers; low > high if there are none */
} IrConst;

/* ---- loops ---- */

typedef struct IrOp IrOp;

typedef struct IrBlock {
	VEC(IrOp *) ops; /* in execution order; a block sees the values of the blocks around it */
} IrBlock;

typedef struct IrCarry {
	IrValue init;  /* outside */
	IrValue inner; /* inside: the value at the start of a turn */
	IrValue yield; /* inside: the value for the next turn */
	IrValue out;   /* outside, after the last turn */
} IrCarry;

typedef struct IrLoop {
	IrValue counter; /* inside: I64 of rank 0, counting 0, 1, ... */
	int64_t limit;   /* the number of turns, or their bound if `trips` is given */
	IrValue trips;   /* I64 of rank 0, <= limit (code clamps), or 0 */
	/* Inside: a carry, one truth value, or 0. Where it is false at the start of a turn, that turn and those after it change nothing
	 * that is carried but a count of turns: what runs the loop may end it there, and need not. */
	IrValue goes;
	VEC(IrCarry) carries;
	IrBlock body;
} IrLoop;

/* ---- evaluations of the objective ---- */

/* The objective at a place that a rule chooses. A rule is lowered without knowing its objective: this op stands for it until
 * ir_link puts the objective there, before anything is differentiated, batched or compiled. */
typedef struct IrEvaluate {
	IrValue at;   /* the place: all parameters, one flat vector */
	IrValue when; /* a truth value: it counts as an evaluation if this holds; 0: always */
	IrValue f;    /* what the objective is there: a real of rank 0 ... */
	IrValue g;    /* ... and its gradient, of the type of the place */
} IrEvaluate;

/* ---- calls: functions of whole matrices, rows of calls.def ---- */

typedef enum IrCallee {
#define CALLEE(name, ...) IR_CALL_##name, /* becomes: IR_CALL_cholesky, ... */
#include "ir/core/calls.def"
#undef CALLEE
	IR_CALLEE_COUNT
} IrCallee;

enum { IR_CALL_RESULTS = 3 };

/* As many arguments and results as its row says; the others are 0. */
typedef struct IrCall {
	IrCallee callee;
	IrValue args[IR_MAX_ARGS];
	IrValue outs[IR_CALL_RESULTS];
} IrCall;

/* What a row says of one argument or result. */
typedef struct IrCallPart {
	bool whole;    /* whole numbers, not reals */
	bool no_slope; /* an argument without a derivative of its own */
	uint8_t rank;  /* without what is in front */
	char axes[2];  /* equal letters: equal extents */
} IrCallPart;

typedef struct IrCalleeInfo {
	const char *name;
	uint32_t arg_count, out_count;
	IrCallPart args[IR_MAX_ARGS], outs[IR_CALL_RESULTS];
} IrCalleeInfo;

/* What can be computed once the objective is known: its residuals at a place, or a derivative of a function that evaluates it. */
typedef enum IrDeferredKind {
	IR_DEFERRED_RESIDUALS, /* args: the place */
	IR_DEFERRED_REVERSE, /* args: those of `of`, then a cotangent of its result -> the cotangent of its first parameter */
	IR_DEFERRED_FORWARD /* args: those of `of`, then a tangent of its first parameter -> the tangent of its result */
} IrDeferredKind;

typedef struct IrDeferred {
	IrDeferredKind what;
	const struct IrFunc *of; /* of one result; NULL: RESIDUALS */
	VEC(IrValue) args;
	IrValue when; /* as of an evaluation */
	IrValue out;
} IrDeferred;

/* ---- kinds of ops: rows of kinds.def ---- */

typedef enum IrOpKind {
#define KIND(NAME, ...) IR_##NAME, /* becomes: IR_FOR, IR_CONST, ... */
#include "ir/core/kinds.def"
#undef KIND
	IR_KIND_COUNT
} IrOpKind;

struct IrOp {
	IrOpKind kind;
	Span span; /* an adjoint keeps the span of what it differentiates */
	union {
		IrFor f;
		IrConst constant;
		IrLoop loop;
		IrEvaluate evaluate;
		IrCall call;
		IrDeferred deferred;
	};
};

/* ---- functions and modules ---- */

typedef struct IrValueInfo {
	const IrType *type; /* shared by values of the same type */
	Name name;          /* for people; may be 0 */
	IrOp *def; /* NULL: a parameter of the function. A LOOP defines its outs, its counter and its inner values */
} IrValueInfo;

/* What a parameter or result stands for to those who call the function (roles.def); transformations carry roles along like
 * names. The tangent or cotangent of a role is a role of its own: ir_role_tilde. */
typedef enum IrRole {
	IR_ROLE_NONE,
#define ROLE(NAME, text, whose) IR_ROLE_##NAME,
#include "ir/core/roles.def"
#undef ROLE
	IR_ROLES, /* from here on: tangents and cotangents */
	IR_ALL_ROLES = 2 * IR_ROLES
} IrRole;

typedef struct IrParam {
	IrValue value;
	Name name;
	IrRole role;
} IrParam;

typedef struct IrResult {
	IrValue value;
	Name name;
	IrRole role;
} IrResult;

typedef struct IrModule IrModule;

typedef struct IrFunc {
	IrModule *module;
	Name name;
	VEC(IrParam) params;
	VEC(IrResult) results;
	VEC(Name) symbols;
	VEC(IrValueInfo) values; /* [0] is a dummy */
	IrBlock body;
} IrFunc;

typedef struct IrWorkroom IrWorkroom; /* where the nodes of a body grow: build_for.c */

struct IrModule {
	Session *session;
	Arena *arena;
	VEC(IrFunc *) funcs;
	VEC(IrWorkroom *) workrooms;
	const IrType *types[IR_TYPES_AT_HAND]; /* by hash: the type of a value that was made lately, or NULL */
};

/* ---- types.c ---- */

IrModule *ir_module_new(Session *session);
void ir_module_free(IrModule *module);
void ir_workrooms_free(IrModule *module); /* of build_for.c */
bool ir_scalar_is_real(IrScalar scalar);
bool ir_scalar_is_int(IrScalar scalar);
size_t ir_scalar_bytes(IrScalar scalar);     /* BOOL 1, I32 and F32 4, I64 and F64 8 */
const char *ir_scalar_name(IrScalar scalar); /* "bool", "i32", "int", "f32", "f64", as in the text form */
IrType ir_scalar_type(IrScalar scalar);      /* rank 0 */
/* Of a storage that is not plain. */
size_t ir_storage_bytes(IrStorage storage);
void ir_storage_range(IrStorage storage, int64_t *low, int64_t *high); /* of whole numbers */
const char *ir_storage_name(IrStorage storage);                        /* "u8", "f32" */
bool ir_storage_is_real(IrStorage storage);
size_t ir_element_bytes(IrType type); /* of its storage, or of its scalar */
IrType ir_tensor_type(IrScalar scalar, int rank, const IrDim *dims);
bool ir_type_equal(IrType a, IrType b);
/* Number of elements; symbols (may be NULL if there are none) gives the extents of symbols. */
int64_t ir_type_elements(IrType type, const int64_t *symbols);
int64_t ir_dim_value(IrDim dim, const int64_t *symbols);
/* Points of a box of those indices of an op that `set` has bits for (all: ~0u); an extent that is a symbol counts as `symbol`. */
double ir_points(const IrFor *op, uint32_t set, double symbol);
const IrValueInfo *ir_info(const IrFunc *func, IrValue value);
IrType ir_type(const IrFunc *func, IrValue value);
/* The type in the arena of the module, for IrValueInfo. */
const IrType *ir_shared_type(IrModule *module, IrType type);

/* ---- signature.c: parameters and results by role ---- */

/* Neighbours in a list of parameters or results. */
typedef struct IrRange {
	uint32_t first, count;
} IrRange;

const char *ir_role_name(IrRole role); /* "theta", "theta~" */
IrRole ir_role_tilde(IrRole role);     /* of its tangent or cotangent; of those themselves: IR_ROLE_NONE */
IrRange ir_params_of(const IrFunc *func, IrRole role); /* count 0: there is none */
IrRange ir_results_of(const IrFunc *func, IrRole role);
uint32_t ir_param_at(const IrFunc *func, IrRole role); /* the only one; else a panic */
uint32_t ir_result_at(const IrFunc *func, IrRole role);
IrType ir_param_type(const IrFunc *func, IrRole role); /* of the only one */
/* chosen[params]: those of this role alone, as ad_reverse and ad_gradient want to know it. */
bool *ir_choose_params(Arena *arena, const IrFunc *func, IrRole role);
bool *ir_choose_results(Arena *arena, const IrFunc *func, IrRole role);
/* lanes[params]: does every lane of a batch have its own? As ad_batch wants to know it. */
bool *ir_lanes_by_role(Arena *arena, const IrFunc *func, bool lanes_are_particles);

/* A set of roles. */
typedef struct IrRoleSet {
	uint64_t bits[(IR_ALL_ROLES + 63) / 64];
} IrRoleSet;

static inline void ir_role_add(IrRoleSet *set, IrRole role) {
	set->bits[role / 64] |= UINT64_C(1) << role % 64;
}

static inline bool ir_role_in(const IrRoleSet *set, IrRole role) {
	return set->bits[role / 64] >> role % 64 & 1;
}

/* What a caller has for each role: values, places in memory or tensors, one after another. Begins with ir_by_role, which is all
 * that is set at first: calls are made often. */
typedef struct IrByRole {
	IrRoleSet roles; /* those that something is given for */
	struct IrItems {
		const void *items;
		uint32_t count, stride; /* stride not 0: the items are the addresses items, items + stride, ... */
	} of[IR_ALL_ROLES];
} IrByRole;

/* Inline, as a call of machine code for a small problem takes no longer than a few of them. */
static inline void ir_by_role(IrByRole *given) {
	given->roles = (IrRoleSet){{0}};
}

/* For calls with addresses: first, first + stride, ... */
static inline void ir_give_addresses(IrByRole *given, IrRole role, const void *first, size_t stride, uint32_t count) {
	ir_role_add(&given->roles, role);
	given->of[role].items = first;
	given->of[role].count = count;
	given->of[role].stride = (uint32_t)stride;
}

static inline void ir_give(IrByRole *given, IrRole role, const void *items, uint32_t count) {
	ir_give_addresses(given, role, items, 0, count);
}

/* Where in what is given an argument is found: the at-th of a role. */
typedef struct IrPlace {
	IrRole role;
	uint32_t at;
} IrPlace;

/* The order in which a function wants its arguments and gives its results: order[params], order[results]. */
void ir_param_order(const IrFunc *func, IrPlace *order);
void ir_result_order(const IrFunc *func, IrPlace *order);
/* Addresses of what is given, in such an order: out[count]; made to be quick. */
void ir_take_addresses(const IrFunc *func, const IrPlace *order, uint32_t count, const IrByRole *given, void **out);
/* The arguments of a call, in order: out[params] of `size` bytes each. Every parameter must be given; a role may have more items
 * than the function takes, never fewer. */
void ir_arguments(const IrFunc *func, const IrByRole *given, size_t size, void *out);
/* The same for its results: where each is to be put. */
void ir_places(const IrFunc *func, const IrByRole *given, size_t size, void *out);

/* ---- position.c: ir_at_index(m, 0, 2) is `2 * index 0`; positions live in the module's arena and are never edited ---- */

int64_t ir_wrap_add(int64_t a, int64_t b); /* as all whole numbers of the IR */
int64_t ir_wrap_mul(int64_t a, int64_t b);
IrAt ir_at_const(int64_t offset);
IrAt ir_at_index(IrModule *module, uint32_t index, int64_t coef);
IrAt ir_at_node(IrModule *module, uint32_t node, int64_t coef);
IrAt ir_at_add(IrModule *module, IrAt a, IrAt b);
IrAt ir_at_scale(IrModule *module, IrAt a, int64_t factor);
bool ir_at_equal(IrAt a, IrAt b);
/* The single index i of a position that is exactly `i`, or -1. */
int ir_at_plain_index(IrAt at);
/* Every position is such an index, each a different one; *set: which, as bits. */
bool ir_ats_plain(const IrAt *at, uint32_t count, uint32_t *set);
/* The same, and each runs over the whole axis of `type`. */
bool ir_ats_run_over(const IrFor *f, const IrAt *at, IrType type);

/* ---- call.c ---- */

IrCalleeInfo ir_callee_info(IrCallee callee);
bool ir_callee_find(const char *name, size_t length, IrCallee *callee);
/* The extents n and m, and how many axes stand in front of the matrices, lanes aside. */
typedef struct IrCallSize {
	IrDim n, m;
	int outer;
} IrCallSize;
IrCallSize ir_call_size(const IrFunc *func, const IrCall *call);
/* The type of its result number `number`. */
IrType ir_call_type(const IrFunc *func, const IrCall *call, uint32_t number);
double ir_callee_flops(IrCallee callee, double n, double m);
/* The types of what a call takes and gives fit its row; NULL, or a message: a part of ir_check_op. */
const char *ir_check_call_types(const IrFunc *func, const IrCall *call);

/* ---- slice.c: a piece of a function as a function of its own ---- */

/* A place in a function that is being made: the blocks around it, outermost first, with the ops that stand before it, and the loop
 * that each is the body of, which is not complete (of the first, the function's own: NULL). */
typedef struct IrPlaceInside {
	const IrBlock *const *blocks;
	const IrOp *const *loops;
	uint32_t count;
} IrPlaceInside;

typedef struct IrSlice {
	IrFunc *func; /* (start, others...) -> end; NULL: the end does not depend on the start, or `open` */
	struct {
		Arena *arena;
		VEC(IrValue) values;
	} args;       /* what stands for its parameters, in order */
	IrValue open; /* 0, or what the piece would need of turns before this one: a carry of a loop around the place */
} IrSlice;

/* What lies between two values that are known at the place. The new function is the last one of the module. Arguments lie in `arena`. */
IrSlice ir_slice(Arena *arena, const IrFunc *func, const IrPlaceInside *place, IrValue start, IrValue end);

/* ---- verify.c ---- */

/* Checks everything promised above; returns NULL, or a message in the module's arena that names the op. */
const char *ir_verify(const IrFunc *func);
/* The rules of one op by itself (not of a loop's body, nor of what is visible where): the builder panics with the message,
 * the verifier reports it. NULL: in order. */
const char *ir_check_op(const IrFunc *func, const IrOp *op);

/* ---- bounds.c: what can be proved about positions ---- */

/* Proved for every live point of the domain: 0 <= at < extent. Uses the box, the conditions, and ranges of gather atoms
 * (loop counters, constant tables, imod and the like). A gather atom whose range is not known makes it false: such
 * reads are checked when run, all others are proved or guarded. */
bool ir_in_bounds(const IrFunc *func, const IrFor *f, IrAt at, IrDim extent);
/* Proved: at >= 0 for every live point. */
bool ir_at_least_zero(const IrFunc *func, const IrFor *f, IrAt at);
/* The range of an integer node over the box, if one is known. */
bool ir_node_range(const IrFunc *func, const IrFor *f, uint32_t node, int64_t *low, int64_t *high);

/* ---- apart.c ---- */

/* The indices of `open` that the position mentions are told apart by it, the others being known: they are digits of a mixed radix,
 * each coefficient being more than all smaller ones reach. Nodes in the position are not looked at. */
bool ir_digits_apart(const IrFor *f, IrAt at, uint32_t open);
/* Proved: no two live points put to the same element (mixed radices; small constant domains are walked over). */
bool ir_put_apart(const IrFunc *func, const IrFor *f, const IrPut *put);
/* Proved: the live points put to every element exactly once. */
bool ir_put_covers(const IrFunc *func, const IrFor *f, const IrPut *put);
/* Bit i: the node depends on index i (through positions and operands). For all nodes at once: walk.h. */
uint32_t ir_node_indices(const IrFor *f, uint32_t node);

/* ---- print.c: the text form ---- */

void ir_print(const IrFunc *func, Text *out);
void ir_print_op(const IrFunc *func, const IrOp *op, Text *out);

/* ---- scope.c ---- */

/* A pass under way: a panic inside names it and its function, and saves the function's text in the temporary folder. */
typedef struct IrScope {
	BasePanicScope panic;
	const char *pass;
	const IrFunc *func;
} IrScope;

void ir_scope_enter(IrScope *scope, const char *pass, const IrFunc *func);
void ir_scope_leave(IrScope *scope);

#endif
