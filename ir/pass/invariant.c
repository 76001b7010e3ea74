/* invariant: operations that depend on neither carries nor counter leave their loop.
 *
 *     loop %t < 40 carry (...) { %5 = for i:n { f(%X[i]) } ... }   becomes   %5 = for i:n { f(%X[i]) };  loop ... { ... }
 *
 * What may leave its range (a gather that is not proved) only leaves a loop that turns at least once.
 * Requires a verified function; keeps every bit. */
#include "ir/pass/rewrite.h"

typedef struct Invariant {
	const IrFunc *func;
	IrBuilder b;
	IrMap map;
	IrCopier copier;
	Arena *scratch;
	bool *changes;    /* by old value: with a turn of the loop at hand */
	const bool *left; /* per operation of the loop's body that is being copied: it stands before the loop already */
	bool moved;
} Invariant;

/* Looks for an operation of some sort, in blocks, too. */
typedef struct Search {
	const Invariant *in;
	bool found;
} Search;

static void find_changing(void *context, const IrBlock *block, IrOp *op) {
	Search *search = context;
	(void)block;
	for (IrUse use = ir_uses(op); ir_next_use(&use);)
		search->found |= search->in->changes[use.value];
}

static void find_check(void *context, const IrBlock *block, IrOp *op) {
	Search *search = context;
	const IrFor *f = ir_as_for(op);
	(void)block;
	search->found |= f && ir_for_may_fail(search->in->func, f);
}

static bool finds(const Invariant *in, IrOp *op, IrVisit *visit) {
	Search search = {.in = in};
	ir_visit_op(op, visit, &search);
	return search.found;
}

/* The operation has to stay in the loop. */
static bool stays(const Invariant *in, const IrOp *loop, IrOp *op) {
	return finds(in, op, find_changing) || (!ir_block_runs(loop, 0) && finds(in, op, find_check));
}

static void mark_defs(Invariant *in, const IrOp *op, int block, bool changes) {
	for (IrDef def = ir_defs(op); ir_next_def(&def);)
		if (def.block == block)
			in->changes[def.value] = changes;
}

static void copy_loop(void *context, const IrOp *op) {
	Invariant *in = context;
	const IrBlock *body = &op->loop.body;
	mark_defs(in, op, 0, true);
	bool *left = ARENA_ARRAY(in->scratch, bool, body->ops.count + 1);
	for (uint32_t i = 0; i < body->ops.count; i++) {
		IrOp *inside = body->ops.data[i];
		left[i] = !stays(in, op, inside);
		mark_defs(in, inside, -1, !left[i]);
		if (left[i])
			ir_copy_op(&in->b, in->func, inside, &in->map);
		in->moved |= left[i];
	}
	in->left = left;
	ir_copy_as_it_is(&in->copier, op);
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
		in.changes = ARENA_ARRAY(scratch, bool, func->values.count + 1);
		in.copier =
			(IrCopier){.from = func, .b = &in.b, .map = &in.map, .rules = rules, .block = copy_block, .context = &in};
		IrFunc *out = ir_copier_run(&in.copier, module);
		arena_free(scratch);
		moved = in.moved;
		func = out;
	}
	return func;
}
