/* copy: making functions from functions. One copier of ops, to which a transformation says what it does otherwise; one copier of
 * loops; one re-emitter of bodies. What copies a whole function is
 *
 *     static IrCopyRule *const rules[IR_KIND_COUNT] = {[IR_FOR] = my_for};   every other kind: as it is, blocks included
 *     IrCopier copier = {.from = func, .b = &b, .map = &map, .rules = rules, .context = mine};
 *     return ir_copier_run(&copier, module);
 *
 * (Plain copies of an op, of a function, or of one inlined into another: ir.h.) */
#ifndef GRADUS_IR_COPY_H
#define GRADUS_IR_COPY_H

#include "ir/build.h"
#include "ir/core/walk.h"

/* ---- copy.c: ops ---- */

/* Makes what stands for `op`, an op of the old function, in the new one, and maps what it defines. */
typedef void IrCopyRule(void *context, const IrOp *op);

typedef struct IrCopier {
	const IrFunc *from;
	IrBuilder *b;                                       /* where to; ops get the spans of those they stand for */
	IrMap *map;                                         /* old values to new ones */
	IrCopyRule *const *rules;                           /* per kind of op; NULL, or NULL for a kind: ir_copy_as_it_is */
	void (*block)(void *context, const IrBlock *block); /* copies the block of an op; NULL: ir_copy_ops */
	void *context;                                      /* for rules and `block` */
} IrCopier;

/* The whole function: parameters and symbols (same names), its ops, its results. Gives the new function, listed in `module`. */
IrFunc *ir_copier_run(const IrCopier *c, IrModule *module);
/* The ops of a block, each by its rule, to where the builder is. */
void ir_copy_ops(const IrCopier *c, const IrBlock *block);
/* One op, with the blocks inside by the copier's rules. */
void ir_copy_as_it_is(const IrCopier *c, const IrOp *op);

/* A new function in the shape of an old one, and the end of it: what ir_copier_run begins and ends with. */
IrFunc *ir_pass_begin(IrModule *module, const IrFunc *func, IrMap *map, IrBuilder *builder);
void ir_pass_end(const IrFunc *func, const IrMap *map, IrFunc *out);
/* The symbols and parameters of `func`, in `out`; maps the parameters. */
void ir_copy_params(const IrFunc *func, IrFunc *out, IrMap *map);
/* A name as text; NULL for 0. */
const char *ir_name_text(const IrFunc *func, Name name);

/* ---- copy_loop.c: a loop again, with some of its carries, other starts, or more carries ----
 *
 *     IrLoopCopy copy = {.b = b, .from = func, .loop = loop, .map = &map};
 *     ir_loop_copy_begin(&copy);                          the counter and what is carried are mapped
 *     IrValue more = ir_loop_copy_carry(&copy, init);     a carry more, if there are any
 *     ...                                                 the body
 *     ir_loop_copy_end(&copy, yields_of_more);            the outs are mapped, too */
typedef struct IrLoopCopy {
	IrBuilder *b;
	const IrFunc *from;
	const IrLoop *loop; /* old */
	IrMap *map;
	const bool *keep; /* per old carry: stays; NULL: all do */
	const IrValue
		*inits; /* per old carry: what it starts from in the copy; NULL: what its old start is mapped to ... */
	const IrValue *yields; /* ... and what it becomes; to be given before the end */
	/* made by ir_loop_copy_begin: */
	IrOp *made;
	IrBlock *outer;
	uint32_t kept; /* carries of the copy that stand for old ones: the first */
} IrLoopCopy;

void ir_loop_copy_begin(IrLoopCopy *copy);
/* A carry that the old loop does not have; its inner value, which takes the builder's name. */
IrValue ir_loop_copy_carry(IrLoopCopy *copy, IrValue init);
/* more: what the added carries become, in order; NULL if there are none. */
void ir_loop_copy_end(IrLoopCopy *copy, const IrValue *more);
/* The out of added carry `number`. */
IrValue ir_loop_copy_out(const IrLoopCopy *copy, uint32_t number);

/* ---- reemit.c: bodies of FORs again, in ops that are being built: values renamed, indices substituted, only the nodes that are
 * asked for ----
 *
 *     IrForBuilder f = ir_for_begin(b);
 *     IrRewrite rewrite = ir_rewrite_begin(scratch, &f, from, &map, NULL);
 *     ir_rewrite_domain(&rewrite);                     or indices of its own, of which rewrite.index_at tells
 *     uint32_t node = ir_rewrite_node(&rewrite, number);
 *     ...
 *     ir_for_end(&f); */

typedef struct IrRewrite IrRewrite;

#define IR_NO_NODE UINT32_MAX

/* What stands for a node instead of its copy: a node of `rewrite->to`, or IR_NO_NODE to copy it. */
typedef uint32_t IrReplace(void *context, IrRewrite *rewrite, uint32_t node);

struct IrRewrite {
	IrForBuilder *to;
	const IrFor *from;
	const IrMap *map;   /* values of the old function to the new; NULL: the same function */
	IrAt *index_at;     /* per index of `from`: where it goes, in terms of `to` */
	uint32_t *done;     /* per node of `from`: its new number, or IR_NO_NODE; may be set before it is asked for */
	IrReplace *replace; /* asked before a node is copied; may be NULL */
	void *context;
};

/* index_at: NULL for an array to be filled. */
IrRewrite ir_rewrite_begin(Arena *scratch, IrForBuilder *to, const IrFor *from, const IrMap *map, IrAt *index_at);
/* Gives `to` an index like number `index` of `from`, which stands for it. */
IrAt ir_rewrite_index(IrRewrite *rewrite, uint32_t index);
void ir_rewrite_indices(IrRewrite *rewrite);
void ir_rewrite_conds(IrRewrite *rewrite);
void ir_rewrite_domain(IrRewrite *rewrite); /* both */
/* An op with the domain of `from`, of which more is to be emitted: begin and domain. */
IrRewrite ir_rewrite_same_domain(Arena *scratch, IrForBuilder *to, const IrFor *from, const IrMap *map);

uint32_t ir_rewrite_node(IrRewrite *rewrite, uint32_t node);
IrAt ir_rewrite_at(IrRewrite *rewrite, IrAt at);
/* Positions of a READ or a put, one per axis, in a fresh array of the module's arena. */
IrAt *ir_rewrite_positions(IrRewrite *rewrite, const IrAt *at, uint32_t count);
/* A position of `to` as an I64 node. */
uint32_t ir_rewrite_at_value(IrRewrite *rewrite, IrAt at);

/* The puts of `from`, an op of `func`, in order; maps their outs. wanted: per put, NULL for all; an argument brings the put that
 * it belongs to. */
void ir_rewrite_puts(IrBuilder *b, const IrFunc *func, IrRewrite *rewrite, IrMap *map, const bool *wanted);
/* Copies `from` with what `replace` says; plainly, if that cannot be proved to be in order. Maps its outs; *f: its builder. */
void ir_rewrite_or_copy(IrBuilder *b, Arena *scratch, const IrFunc *func, const IrFor *from, IrMap *map,
                        IrReplace *replace, void *context, IrForBuilder *f);
/* Copies `from` keeping only the puts with keep[p] and what they need of the body; maps their outs. */
void ir_rewrite_for(IrBuilder *b, Arena *scratch, const IrFunc *func, const IrFor *from, IrMap *map, const bool *keep);

#endif
