/* ir, building: how functions of the IR are made, copied and put together. ir.h says what they are. */
#ifndef GRADUS_IR_BUILD_H
#define GRADUS_IR_BUILD_H

#include "ir/ir.h"

/* ---- build.c: the builder. Every ir_ function that makes an op checks it by the same rules as the verifier ---- */

typedef struct IrBuilder {
	IrFunc *func;
	IrBlock *block;
	Span span; /* given to the ops made next */
	Name name; /* given to the value made next, then cleared */
} IrBuilder;

IrFunc *ir_func_new(IrModule *module, const char *name);
/* An evaluation of the objective at a flat vector; both its values take the builder's name. when: may be 0. */
IrOp *ir_evaluation(IrBuilder *b, IrValue at, IrValue when);
/* The same of what is put off until the objective is known: a value of this type. */
IrValue ir_deferred(IrBuilder *b, const IrDeferred *what, IrType type);
IrBuilder ir_builder(IrFunc *func); /* at the end of the function's body */
IrValue ir_param(IrFunc *func, const char *name, IrType type);
IrDim ir_symbol(IrFunc *func, const char *name); /* a new symbolic extent; the same name gives the same symbol */
void ir_result(IrFunc *func, const char *name, IrValue value);
/* The same with a role. */
IrValue ir_param_as(IrFunc *func, IrRole role, const char *name, IrType type);
void ir_result_as(IrFunc *func, IrRole role, const char *name, IrValue value);
/* For those who make ops themselves (the copier, the parser): a new value, and the end of every builder function: checks the op
 * and appends it, or panics in the name of `who`. */
IrValue ir_value_new(IrFunc *func, IrType type, Name name, IrOp *def);
void ir_append_checked(IrBuilder *b, IrBlock *block, IrOp *op, const char *who);
void ir_const_fill(Arena *arena, IrConst *table, IrType type, const double *reals,
                   const int64_t *integers); /* copies the data */

/* ---- build_for.c, fold.c ----
 * A FOR op under construction: begin, add indices, conditions, nodes, puts, end. Nodes are numbered from 0, hash-consed
 * and folded where that is exact (constants, x * 1, x + 0 for integers; never x * 0 or x + 0.0 for reals). Integer
 * nodes that are affine become affine positions. ir_for_end drops nodes that nothing uses, so all numbers change, and may
 * move the others, so that no pointer to a node lives on. */
typedef struct IrForBuilder {
	IrBuilder *builder;
	IrOp *op;
	uint32_t *slots; /* a hash table of nodes: number + 1, or 0 */
	uint32_t slot_count, hashed;
	IrWorkroom *room; /* NULL while there is no node */
} IrForBuilder;

IrForBuilder ir_for_begin(IrBuilder *builder);
uint32_t ir_for_index(IrForBuilder *f, Name name, IrDim extent); /* extent from a value's dim or a number */
uint32_t ir_for_lane(IrForBuilder *f);                           /* the lane index; must be added first */
void ir_for_cond(IrForBuilder *f, IrAt at_least_zero);
uint32_t ir_real(IrForBuilder *f, IrScalar type, double value);
uint32_t ir_int(IrForBuilder *f, int64_t value); /* I64 */
uint32_t ir_bool(IrForBuilder *f, bool value);
uint32_t ir_constant(IrForBuilder *f, IrScalar type, double real, int64_t integer);
uint32_t ir_dim(IrForBuilder *f, IrDim dim);
uint32_t ir_index_value(IrForBuilder *f, IrAt at); /* idx(at): an affine form of indices as an I64 */
uint32_t ir_read(IrForBuilder *f, IrValue value, const IrAt *at, bool guarded); /* at: one per axis */
uint32_t ir_read_scalar(IrForBuilder *f, IrValue value);                        /* a value of rank 0 */
uint32_t ir_op(IrForBuilder *f, IrOpcode opcode, const uint32_t *args);
/* What `node` (an OP, typed) is equal to, if that is a simpler node; used by ir_op. */
bool ir_fold(IrForBuilder *f, const IrNode *node, uint32_t *result);
/* Positions with affine nodes taken apart, in the module's arena; every position of an op goes through it. */
IrAt *ir_canonical_ats(const IrForBuilder *f, const IrAt *at, uint32_t count);
/* Says which value an OP was by itself, unless that is known already. */
void ir_node_origin(IrForBuilder *f, uint32_t node, Name name, Span span);
uint32_t ir_op1(IrForBuilder *f, IrOpcode opcode, uint32_t a);
uint32_t ir_op2(IrForBuilder *f, IrOpcode opcode, uint32_t a, uint32_t b);
uint32_t ir_op3(IrForBuilder *f, IrOpcode opcode, uint32_t a, uint32_t b, uint32_t c);
IrScalar ir_node_type(const IrForBuilder *f, uint32_t node);
/* Adds a put; `type` is the output's type (if `into`, its type). Returns the output value. */
IrValue ir_put(IrForBuilder *f, IrCombine combine, uint32_t node, IrType type, const IrAt *at, IrValue into,
               bool guarded);
/* The argument of the MAX or MIN put that made `of`: which value of domain index `index` it came from; same positions. */
IrValue ir_put_arg(IrForBuilder *f, IrValue of, uint32_t index);
bool ir_put_is_arg(const IrPut *put); /* ARGMAX or ARGMIN */
void ir_for_end(IrForBuilder *f);     /* checks the op and appends it to the block */
/* The same for rewrites that may turn out not to be provable: false, and nothing appended, if the op breaks a rule. */
bool ir_for_try_end(IrForBuilder *f);
void ir_for_sweep(IrFunc *func, IrFor *f); /* drops unused nodes; part of ir_for_end */
/* Gives a body other nodes. to: per old node that something needs, its new number, in the same order. Operands of the new nodes
 * are new numbers; positions, theirs and those of conditions and puts, are renumbered here. Nothing is folded. */
void ir_for_set_nodes(const IrFunc *func, IrFor *f, IrNode *nodes, uint32_t count, const uint32_t *to);
/* Evaluates a small expression in body syntax, e.g. "mul(r, sub(1, r))", with named nodes; numbers take `type`.
 * Used for the derivative column. names/nodes: `count` pairs. Panics on a malformed row. */
uint32_t ir_expression(IrForBuilder *f, const char *text, IrScalar type, const char *const *names,
                       const uint32_t *nodes, int count);

/* ---- whole.c: conveniences on whole tensors, built on FOR ---- */
IrValue ir_fill(IrBuilder *b, IrType type, double value); /* every element the same (integers: truncated) */
IrValue ir_table(IrBuilder *b, IrType type, const double *reals, const int64_t *integers); /* CONST; data is copied */
IrValue ir_add_values(IrBuilder *b, IrValue x, IrValue y);                                 /* elementwise, same type */
IrValue ir_broadcast_lanes(IrBuilder *b, IrValue value);                                   /* prepends the lane axis */

/* Loops: begin gives the op; builder->block moves inside until end. */
IrOp *ir_loop_begin(IrBuilder *b, int64_t limit, IrValue trips);
IrValue ir_loop_carry(IrBuilder *b, IrOp *loop, IrValue init); /* returns the inner value */
void ir_loop_end(IrBuilder *b, IrOp *loop, const IrValue *yields,
                 IrBlock *outer); /* outer: the block to return to; outs are in loop->loop.carries */

/* ---- call.c ---- */

/* An op that calls; its results take the builder's name. What it gives has lanes if an argument has. */
IrOp *ir_call(IrBuilder *b, IrCallee callee, const IrValue *args);

/* ---- copy.c: copying ops into another function ---- */

typedef struct IrMap {
	Arena *arena;
	VEC(IrValue) to; /* indexed by old value; 0: not mapped */
	const IrDim
		*symbols; /* what the old function's symbols become; NULL: the symbols of the same names (made if absent) */
} IrMap;

IrMap ir_map_new(Arena *scratch, const IrFunc *from);
void ir_map_set(IrMap *map, IrValue from, IrValue to);
IrValue ir_map_get(const IrMap *map, IrValue from); /* panics if unmapped */
/* Copies one op (loops with their bodies) with values renamed; maps what it defines. */
IrOp *ir_copy_op(IrBuilder *b, const IrFunc *from, const IrOp *op, IrMap *map);
/* Inlines a call: results[i] receives the value of callee's result i. Symbols of the callee must exist in the caller by
 * name, or be bound through the types of the arguments. */
void ir_inline(IrBuilder *b, const IrFunc *callee, const IrValue *args, IrValue *results);
/* link.c: the function with `objective` (..., x) -> f, g in place of its evaluations. What the objective reads besides x
 * becomes parameters, in the roles that it has there; how many evaluations counted is a result of role SPENT. looks > 0: a result of
 * role LOOKED, [looks], says for each of the first that counted the least value that was read of it and those before (inf: of none). */
typedef IrFunc *IrDifferentiate(IrModule *module, const IrFunc *func, bool reverse); /* by the first parameter */
IrFunc *ir_link(IrModule *module, const IrFunc *func, const IrFunc *objective, IrDifferentiate *differentiate,
                int64_t looks);
/* How many evaluations a run of the function counts as, all turns of all loops counted: those that always count, and all. */
typedef struct IrEvaluations {
	int64_t least, most;
} IrEvaluations;
IrEvaluations ir_evaluations(const IrFunc *func);
/* hand_on.c: a step, (x, f, g, ...) -> x, ..., that gives f and, if `gradient`, g at its new x as well: of an evaluation that it made there,
 * or of the one that it was given. Where it ends elsewhere under some conditions, it then evaluates there. The step itself where no
 * evaluation is ever handed on. Before ir_link, of an objective that is the same function in the next step. */
IrFunc *ir_hand_on(IrModule *module, IrFunc *func, bool gradient);
IrFunc *ir_func_copy(IrModule *module, const IrFunc *func, const char *name);

#endif
