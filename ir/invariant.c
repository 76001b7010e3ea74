/* invariant: operations that depend on neither carries nor counter leave their loop.
 *
 *     loop %t < 40 carry (...) { %5 = for i:n { f(%X[i]) } ... }   becomes   %5 = for i:n { f(%X[i]) };  loop ... { ... }
 *
 * Requires a verified function; keeps every bit. */
#include "ir/rewrite.h"

typedef struct Invariant {
	const IrFunc *func;
	IrBuilder b;
	IrMap map;
	Arena *scratch;
	bool *variant; /* by old value: changes with a turn of the loop at hand */
	bool moved;
} Invariant;

static bool for_is_variant(const Invariant *in, const IrFor *f)
{
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
	bool variant;
} Scan;

static void scan_op(void *context, const IrBlock *block, IrOp *op)
{
	Scan *scan = context;
	(void)block;
	if (op->kind == IR_FOR)
		scan->variant |= for_is_variant(scan->in, &op->f);
	for (uint32_t i = 0; op->kind == IR_LOOP && i < op->loop.carries.count; i++)
		scan->variant |= scan->in->variant[op->loop.carries.data[i].init];
	if (op->kind == IR_LOOP && op->loop.trips)
		scan->variant |= scan->in->variant[op->loop.trips];
}

static bool op_is_variant(const Invariant *in, IrOp *op)
{
	Scan scan = {.in = in};
	scan_op(&scan, NULL, op);
	if (op->kind == IR_LOOP)
		ir_visit_ops(&op->loop.body, scan_op, &scan);
	return scan.variant;
}

static void mark_outs(Invariant *in, const IrOp *op, bool variant)
{
	if (op->kind == IR_CONST)
		in->variant[op->constant.out] = variant;
	for (uint32_t p = 0; op->kind == IR_FOR && p < op->f.puts.count; p++)
		in->variant[op->f.puts.data[p].out] = variant;
	for (uint32_t i = 0; op->kind == IR_LOOP && i < op->loop.carries.count; i++)
		in->variant[op->loop.carries.data[i].out] = variant;
}

static void emit_block(Invariant *in, const IrBlock *block, const bool *skip);

static void emit_loop(Invariant *in, const IrLoop *loop)
{
	in->variant[loop->counter] = true;
	for (uint32_t i = 0; i < loop->carries.count; i++)
		in->variant[loop->carries.data[i].inner] = true;
	bool *skip = ARENA_ARRAY(in->scratch, bool, loop->body.ops.count + 1);
	for (uint32_t i = 0; i < loop->body.ops.count; i++) {
		IrOp *op = loop->body.ops.data[i];
		bool variant = op_is_variant(in, op);
		mark_outs(in, op, variant);
		if (variant)
			continue;
		skip[i] = true;
		in->moved = true;
		in->b.span = op->span;
		ir_copy_op(&in->b, in->func, op, &in->map);
	}
	IrBlock *outer = in->b.block;
	IrOp *copy = ir_loop_begin(&in->b, loop->limit, loop->trips ? ir_map_get(&in->map, loop->trips) : 0);
	ir_map_set(&in->map, loop->counter, copy->loop.counter);
	for (uint32_t i = 0; i < loop->carries.count; i++) {
		const IrCarry *carry = &loop->carries.data[i];
		in->b.name = ir_info(in->func, carry->inner)->name;
		ir_map_set(&in->map, carry->inner, ir_loop_carry(&in->b, copy, ir_map_get(&in->map, carry->init)));
	}
	in->b.name = 0;
	emit_block(in, &loop->body, skip);
	IrValue *yields = ARENA_ARRAY(in->scratch, IrValue, loop->carries.count + 1);
	for (uint32_t i = 0; i < loop->carries.count; i++)
		yields[i] = ir_map_get(&in->map, loop->carries.data[i].yield);
	ir_loop_end(&in->b, copy, yields, outer);
	for (uint32_t i = 0; i < loop->carries.count; i++)
		ir_map_set(&in->map, loop->carries.data[i].out, copy->loop.carries.data[i].out);
}

static void emit_block(Invariant *in, const IrBlock *block, const bool *skip)
{
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
IrFunc *ir_pass_invariant(IrModule *module, IrFunc *func)
{
	bool moved = true;
	while (moved) {
		Arena *scratch = arena_new();
		Invariant in = {.func = func, .scratch = scratch, .map = ir_map_new(scratch, func)};
		in.variant = ARENA_ARRAY(scratch, bool, func->values.count + 1);
		IrFunc *out = ir_pass_begin(module, func, &in.map, &in.b);
		emit_block(&in, &func->body, NULL);
		ir_pass_end(func, &in.map, out);
		arena_free(scratch);
		moved = in.moved;
		func = out;
	}
	return func;
}
