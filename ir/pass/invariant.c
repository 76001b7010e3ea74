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
	Arena *scratch;
	bool *variant; /* by old value: changes with a turn of the loop at hand */
	bool moved;
} Invariant;

static bool for_is_variant(const Invariant *in, const IrFor *f) {
	for (uint32_t n = 0; n < f->nodes.count; n++)
		if (f->nodes.data[n].kind == IR_NODE_READ && in->variant[f->nodes.data[n].value])
			return true;
	for (uint32_t p = 0; p < f->puts.count; p++)
		if (f->puts.data[p].into && in->variant[f->puts.data[p].into])
			return true;
	return false;
}

typedef struct Scan {
	const Invariant *in;
	bool variant; /* some operation is what is looked for */
} Scan;

static void scan_op(void *context, const IrBlock *block, IrOp *op) {
	Scan *scan = context;
	(void)block;
	if (op->kind == IR_FOR)
		scan->variant |= for_is_variant(scan->in, &op->f);
	for (uint32_t i = 0; op->kind == IR_LOOP && i < op->loop.carries.count; i++)
		scan->variant |=
			scan->in->variant[op->loop.carries.data[i].init] || scan->in->variant[op->loop.carries.data[i].yield];
	if (op->kind == IR_LOOP && op->loop.trips)
		scan->variant |= scan->in->variant[op->loop.trips];
}

static bool op_is_variant(const Invariant *in, IrOp *op) {
	Scan scan = {.in = in};
	scan_op(&scan, NULL, op);
	if (op->kind == IR_LOOP)
		ir_visit_ops(&op->loop.body, scan_op, &scan);
	return scan.variant;
}

static void scan_checks(void *context, const IrBlock *block, IrOp *op) {
	Scan *scan = context;
	(void)block;
	scan->variant |= op->kind == IR_FOR && ir_for_may_fail(scan->in->func, &op->f);
}

static bool stays_for_checks(const Invariant *in, const IrLoop *loop, IrOp *op) {
	Scan scan = {.in = in};
	if (loop->limit > 0 && !loop->trips)
		return false;
	scan_checks(&scan, NULL, op);
	if (op->kind == IR_LOOP)
		ir_visit_ops(&op->loop.body, scan_checks, &scan);
	return scan.variant;
}

static void mark_outs(Invariant *in, const IrOp *op, bool variant) {
	if (op->kind == IR_CONST)
		in->variant[op->constant.out] = variant;
	for (uint32_t p = 0; op->kind == IR_FOR && p < op->f.puts.count; p++)
		in->variant[op->f.puts.data[p].out] = variant;
	for (uint32_t i = 0; op->kind == IR_LOOP && i < op->loop.carries.count; i++)
		in->variant[op->loop.carries.data[i].out] = variant;
}

typedef struct Body {
	Invariant *in;
	const bool *skip; /* per operation of the block, or NULL */
} Body;

static void emit_block(void *context, const IrBlock *block);

static void emit_loop(Invariant *in, const IrLoop *loop) {
	in->variant[loop->counter] = true;
	for (uint32_t i = 0; i < loop->carries.count; i++)
		in->variant[loop->carries.data[i].inner] = true;
	bool *skip = ARENA_ARRAY(in->scratch, bool, loop->body.ops.count + 1);
	for (uint32_t i = 0; i < loop->body.ops.count; i++) {
		IrOp *op = loop->body.ops.data[i];
		bool variant = op_is_variant(in, op) || stays_for_checks(in, loop, op);
		mark_outs(in, op, variant);
		if (variant)
			continue;
		skip[i] = true;
		in->moved = true;
		in->b.span = op->span;
		ir_copy_op(&in->b, in->func, op, &in->map);
	}
	ir_rewrite_loop(&in->b, in->scratch, in->func, loop, &in->map, emit_block, &(Body){in, skip});
}

static void emit_block(void *context, const IrBlock *block) {
	Invariant *in = ((Body *)context)->in;
	const bool *skip = ((Body *)context)->skip;
	for (uint32_t i = 0; i < block->ops.count; i++) {
		IrOp *op = block->ops.data[i];
		if (skip && skip[i])
			continue;
		in->b.span = op->span;
		if (op->kind == IR_LOOP)
			emit_loop(in, &op->loop);
		else
			ir_copy_op(&in->b, in->func, op, &in->map);
	}
}

/* An operation two loops deep leaves one loop per round. */
IrFunc *ir_pass_invariant(IrModule *module, IrFunc *func) {
	bool moved = true;
	while (moved) {
		Arena *scratch = arena_new();
		Invariant in = {.func = func, .scratch = scratch, .map = ir_map_new(scratch, func)};
		in.variant = ARENA_ARRAY(scratch, bool, func->values.count + 1);
		IrFunc *out = ir_pass_begin(module, func, &in.map, &in.b);
		emit_block(&(Body){&in, NULL}, &func->body);
		ir_pass_end(func, &in.map, out);
		arena_free(scratch);
		moved = in.moved;
		func = out;
	}
	return func;
}
