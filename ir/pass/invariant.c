/* invariant: operations that depend on neither carries nor counter leave their loop.
 *
 *     loop %t < 40 carry (...) { %5 = for i:n { f(%X[i]) } ... }   becomes   %5 = for i:n { f(%X[i]) };  loop ... { ... }
 *
 * What may leave its range (a gather that is not proved) only leaves a loop that turns at least once. Nothing leaves a
 * loop of one turn that may end before it (pass_may_leave).
 * Requires a verified function; keeps every bit. */
#include "ir/pass/pass.h"
#include "ir/pass/rewrite.h"

typedef struct Invariant {
	const IrFunc *func;
	IrBuilder b;
	IrMap map;
	IrCopier copier;
	Arena *scratch;
	uint32_t depth;   /* of the loop at hand; 0: none */
	uint32_t *level;  /* by old value: the depth of the innermost loop with whose turns it changes; 0: none */
	const bool *left; /* per operation of the loop's body that is being copied: it stands before the loop already */
	bool moved;
} Invariant;

/* Looks through an operation and what is in its blocks. */
typedef struct Search {
	const Invariant *in;
	uint32_t level; /* the innermost of what is used */
	bool may_fail;
} Search;

static void look_at(void *context, const IrBlock *block, IrOp *op) {
	Search *search = context;
	const IrFor *f = ir_as_for(op);
	(void)block;
	for (IrUse use = ir_uses(op); ir_next_use(&use);)
		if (search->in->level[use.value] > search->level)
			search->level = search->in->level[use.value];
	search->may_fail = search->may_fail || (f && pass_for_may_fail(search->in->func, f));
}

static void mark_defs(Invariant *in, const IrOp *op, int block, uint32_t level) {
	for (IrDef def = ir_defs(op); ir_next_def(&def);)
		if (def.block == block)
			in->level[def.value] = level;
}

static void copy_loop(void *context, const IrOp *op) {
	Invariant *in = context;
	const IrBlock *body = &op->loop.body;
	in->depth++;
	mark_defs(in, op, 0, in->depth);
	bool *left = ARENA_ARRAY(in->scratch, bool, body->ops.count + 1);
	for (uint32_t i = 0; i < body->ops.count; i++) {
		IrOp *inside = body->ops.data[i];
		Search search = {.in = in};
		ir_visit_op(inside, look_at, &search);
		left[i] = pass_may_leave(&op->loop) && search.level < in->depth && (ir_block_runs(op, 0) || !search.may_fail);
		mark_defs(in, inside, -1, left[i] ? search.level : in->depth);
		if (left[i])
			ir_copy_op(&in->b, in->func, inside, &in->map);
		in->moved |= left[i];
	}
	in->left = left;
	ir_copy_as_it_is(&in->copier, op);
	in->depth--;
}

static IrCopyRule *const rules[IR_KIND_COUNT] = {[IR_LOOP] = copy_loop};

static void copy_block(void *context, const IrBlock *block) {
	Invariant *in = context;
	const bool *left = in->left;
	IrBlock rest = {0};
	for (uint32_t i = 0; i < block->ops.count; i++)
		if (!left || !left[i])
			vec_push(in->scratch, &rest.ops, block->ops.data[i]);
	in->left = NULL;
	ir_copy_ops(&in->copier, &rest);
}

/* An operation two loops deep leaves one loop per round. */
IrFunc *ir_pass_invariant(IrModule *module, IrFunc *func) {
	bool moved = true;
	while (moved) {
		Arena *scratch = arena_new();
		Invariant in = {.func = func, .scratch = scratch, .map = ir_map_new(scratch, func)};
		in.level = ARENA_ARRAY(scratch, uint32_t, func->values.count + 1);
		in.copier =
			(IrCopier){.from = func, .b = &in.b, .map = &in.map, .rules = rules, .block = copy_block, .context = &in};
		IrFunc *out = ir_copier_run(&in.copier, module);
		arena_free(scratch);
		moved = in.moved;
		func = out;
	}
	return func;
}
