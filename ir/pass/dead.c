/* Dead code: operations, puts and loop carries that no result needs.
 *
 *     %3 = for i:n { ... }          (gone if nothing reads %3)
 *     loop carry (%a = .., %b = ..) (%b goes if only its own yield reads it and its out is unused) */
#include "ir/pass/rewrite.h"

typedef struct Liveness {
	const IrFunc *func;
	bool *live; /* per value */
	bool changed;
} Liveness;

static void mark(Liveness *l, IrValue value) {
	if (value && !l->live[value]) {
		l->live[value] = true;
		l->changed = true;
	}
}

/* A body: nodes that a live output needs. */
static void mark_for(Liveness *l, const IrOp *op) {
	const IrFor *f = &op->f;
	ArenaMark scratch = arena_mark(l->func->module->arena);
	bool *needed = ARENA_ARRAY(l->func->module->arena, bool, f->nodes.count + 1);
	bool any = false;
	for (uint32_t p = f->puts.count; p-- > 0;) {
		const IrPut *put = &f->puts.data[p];
		if (!l->live[put->out])
			continue;
		any = true;
		if (ir_put_is_arg(put)) {
			mark(l, f->puts.data[put->arg_of].out);
			continue;
		}
		for (IrOperand part = ir_put_operands(put, ir_type(l->func, put->out).rank); ir_next_operand(&part);)
			needed[part.node] = true;
		mark(l, put->into);
	}
	for (IrOperand part = ir_at_operands(f->conds.data, f->conds.count); any && ir_next_operand(&part);)
		needed[part.node] = true;
	for (uint32_t n = f->nodes.count; n-- > 0;) {
		const IrNode *node = &f->nodes.data[n];
		if (!needed[n])
			continue;
		for (IrOperand part = ir_operands(node); ir_next_operand(&part);)
			needed[part.node] = true;
		if (node->kind == IR_NODE_READ)
			mark(l, node->value);
	}
	arena_release(l->func->module->arena, scratch);
}

static void mark_block(Liveness *l, const IrBlock *block);

static bool any_out_lives(const bool *live, const IrOp *op) {
	for (IrDef def = ir_defs(op); ir_next_def(&def);)
		if (def.block < 0 && live[def.value])
			return true;
	return false;
}

/* A carry lives if its out does, or if something reads it inside. */
static bool carry_lives(const bool *live, const IrCarry *carry) {
	return live[carry->out] || live[carry->inner];
}

static void mark_loop(Liveness *l, const IrOp *op) {
	const IrLoop *loop = &op->loop;
	if (!any_out_lives(l->live, op))
		return;
	mark(l, loop->trips);
	bool before = l->changed;
	do {
		l->changed = false;
		for (uint32_t i = 0; i < loop->carries.count; i++) {
			const IrCarry *carry = &loop->carries.data[i];
			if (!carry_lives(l->live, carry))
				continue;
			mark(l, carry->init);
			mark(l, carry->yield);
		}
		mark_block(l, &loop->body);
		before |= l->changed;
	} while (l->changed);
	l->changed = before;
}

/* An op of which nothing else is known needs everything that it uses, and all of its blocks. */
static void mark_whole(Liveness *l, const IrOp *op) {
	if (!any_out_lives(l->live, op))
		return;
	for (IrUse use = ir_uses(op); ir_next_use(&use);)
		mark(l, use.value);
	const IrBlock *block;
	for (int k = 0; (block = ir_block_of(op, k)) != NULL; k++)
		mark_block(l, block);
}

/* Kinds of which parts may be dead while others live; all others: mark_whole. */
static void (*const mark_parts[IR_KIND_COUNT])(Liveness *l, const IrOp *op) = {
	[IR_FOR] = mark_for,
	[IR_LOOP] = mark_loop,
};

static void mark_block(Liveness *l, const IrBlock *block) {
	for (uint32_t i = block->ops.count; i-- > 0;) {
		const IrOp *op = block->ops.data[i];
		(mark_parts[op->kind] ? mark_parts[op->kind] : mark_whole)(l, op);
	}
}

typedef struct Sweep {
	const IrFunc *func;
	const bool *live;
	IrBuilder b;
	IrMap map;
	IrCopier copier;
	Arena *scratch;
} Sweep;

static void sweep_block(void *context, const IrBlock *block);

static void sweep_for(void *context, const IrOp *op) {
	Sweep *s = context;
	bool *keep = ARENA_ARRAY(s->scratch, bool, op->f.puts.count);
	for (uint32_t p = 0; p < op->f.puts.count; p++)
		keep[p] = s->live[op->f.puts.data[p].out];
	ir_rewrite_for(&s->b, s->scratch, s->func, &op->f, &s->map, keep);
}

static void sweep_loop(void *context, const IrOp *op) {
	Sweep *s = context;
	const IrLoop *loop = &op->loop;
	bool *keep = ARENA_ARRAY(s->scratch, bool, loop->carries.count + 1);
	for (uint32_t i = 0; i < loop->carries.count; i++)
		keep[i] = carry_lives(s->live, &loop->carries.data[i]);
	IrLoopCopy copy = {.b = &s->b, .from = s->func, .loop = loop, .map = &s->map, .keep = keep};
	ir_loop_copy_begin(&copy);
	sweep_block(s, &loop->body);
	ir_loop_copy_end(&copy, NULL);
}

static IrCopyRule *const rules[IR_KIND_COUNT] = {[IR_FOR] = sweep_for, [IR_LOOP] = sweep_loop};

/* The ops of which something lives. */
static void sweep_block(void *context, const IrBlock *block) {
	Sweep *s = context;
	IrBlock living = {0};
	for (uint32_t i = 0; i < block->ops.count; i++)
		if (any_out_lives(s->live, block->ops.data[i]))
			vec_push(s->scratch, &living.ops, block->ops.data[i]);
	ir_copy_ops(&s->copier, &living);
}

IrFunc *pass_remove_dead(IrModule *module, IrFunc *func) {
	Arena *scratch = arena_new();
	Liveness l = {.func = func, .live = ARENA_ARRAY(scratch, bool, func->values.count + 1)};
	for (uint32_t i = 0; i < func->results.count; i++)
		mark(&l, func->results.data[i].value);
	mark_block(&l, &func->body);
	Sweep s = {.func = func, .live = l.live, .map = ir_map_new(scratch, func), .scratch = scratch};
	s.copier = (IrCopier){.from = func, .b = &s.b, .map = &s.map, .rules = rules, .block = sweep_block, .context = &s};
	IrFunc *out = ir_copier_run(&s.copier, module);
	arena_free(scratch);
	return out;
}
