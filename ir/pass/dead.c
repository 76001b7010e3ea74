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

static void mark_node(Liveness *l, const IrFor *f, uint32_t number, bool *seen);

static void mark_at(Liveness *l, const IrFor *f, IrAt at, bool *seen) {
	for (uint32_t i = 0; i < at.term_count; i++)
		if (at.terms[i].is_node)
			mark_node(l, f, at.terms[i].ref, seen);
}

static void mark_node(Liveness *l, const IrFor *f, uint32_t number, bool *seen) {
	if (seen[number])
		return;
	seen[number] = true;
	const IrNode *node = &f->nodes.data[number];
	for (uint32_t k = 0; k < node->at_count; k++)
		mark_at(l, f, node->at[k], seen);
	if (node->kind == IR_NODE_READ)
		mark(l, node->value);
	if (node->kind == IR_NODE_OP)
		for (int i = 0; i < ir_op_info[node->opcode].arity; i++)
			mark_node(l, f, node->args[i], seen);
}

static void mark_for(Liveness *l, const IrFor *f) {
	ArenaMark scratch = arena_mark(l->func->module->arena);
	bool *seen = ARENA_ARRAY(l->func->module->arena, bool, f->nodes.count + 1);
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
		mark_node(l, f, put->node, seen);
		for (uint32_t k = 0; k < ir_type(l->func, put->out).rank; k++)
			mark_at(l, f, put->at[k], seen);
		mark(l, put->into);
	}
	for (uint32_t i = 0; any && i < f->conds.count; i++)
		mark_at(l, f, f->conds.data[i], seen);
	arena_release(l->func->module->arena, scratch);
}

static void mark_block(Liveness *l, const IrBlock *block);

static void mark_loop(Liveness *l, const IrLoop *loop) {
	bool any = false;
	for (uint32_t i = 0; i < loop->carries.count; i++) {
		const IrCarry *carry = &loop->carries.data[i];
		any |= l->live[carry->out];
	}
	if (!any)
		return;
	mark(l, loop->trips);
	bool before = l->changed;
	do {
		l->changed = false;
		for (uint32_t i = 0; i < loop->carries.count; i++) {
			const IrCarry *carry = &loop->carries.data[i];
			if (!l->live[carry->out] && !l->live[carry->inner])
				continue;
			mark(l, carry->init);
			mark(l, carry->yield);
		}
		mark_block(l, &loop->body);
		before |= l->changed;
	} while (l->changed);
	l->changed = before;
}

static void mark_block(Liveness *l, const IrBlock *block) {
	for (uint32_t i = block->ops.count; i-- > 0;) {
		const IrOp *op = block->ops.data[i];
		if (op->kind == IR_FOR)
			mark_for(l, &op->f);
		else if (op->kind == IR_LOOP)
			mark_loop(l, &op->loop);
	}
}

typedef struct Sweep {
	Liveness *l;
	IrBuilder *b;
	IrMap *map;
	Arena *scratch;
} Sweep;

static void sweep_block(Sweep *s, const IrBlock *block);

static void sweep_loop(Sweep *s, const IrLoop *loop) {
	IrBlock *outer = s->b->block;
	const bool *live = s->l->live;
	bool any = false;
	for (uint32_t i = 0; i < loop->carries.count; i++)
		any |= live[loop->carries.data[i].out];
	if (!any)
		return;
	IrOp *copy = ir_loop_begin(s->b, loop->limit, loop->trips ? ir_map_get(s->map, loop->trips) : 0);
	ir_map_set(s->map, loop->counter, copy->loop.counter);
	for (uint32_t i = 0; i < loop->carries.count; i++) {
		const IrCarry *carry = &loop->carries.data[i];
		if (!live[carry->out] && !live[carry->inner])
			continue;
		s->b->name = ir_info(s->l->func, carry->inner)->name;
		ir_map_set(s->map, carry->inner, ir_loop_carry(s->b, copy, ir_map_get(s->map, carry->init)));
	}
	s->b->name = 0;
	sweep_block(s, &loop->body);
	IrValue *yields = ARENA_ARRAY(s->scratch, IrValue, loop->carries.count + 1);
	uint32_t count = 0;
	for (uint32_t i = 0; i < loop->carries.count; i++)
		if (live[loop->carries.data[i].out] || live[loop->carries.data[i].inner])
			yields[count++] = ir_map_get(s->map, loop->carries.data[i].yield);
	ir_loop_end(s->b, copy, yields, outer);
	count = 0;
	for (uint32_t i = 0; i < loop->carries.count; i++)
		if (live[loop->carries.data[i].out] || live[loop->carries.data[i].inner])
			ir_map_set(s->map, loop->carries.data[i].out, copy->loop.carries.data[count++].out);
}

static void sweep_op(Sweep *s, const IrOp *op) {
	const bool *live = s->l->live;
	s->b->span = op->span;
	if (op->kind == IR_LOOP) {
		sweep_loop(s, &op->loop);
	} else if (op->kind == IR_CONST) {
		if (live[op->constant.out])
			ir_copy_op(s->b, s->l->func, op, s->map);
	} else {
		bool *keep = ARENA_ARRAY(s->scratch, bool, op->f.puts.count);
		bool any = false;
		for (uint32_t p = 0; p < op->f.puts.count; p++)
			any |= keep[p] = live[op->f.puts.data[p].out];
		if (any)
			ir_rewrite_for(s->b, s->scratch, s->l->func, &op->f, s->map, keep);
	}
}

static void sweep_block(Sweep *s, const IrBlock *block) {
	for (uint32_t i = 0; i < block->ops.count; i++)
		sweep_op(s, block->ops.data[i]);
}

IrFunc *ir_remove_dead(IrModule *module, IrFunc *func) {
	Arena *scratch = arena_new();
	Liveness l = {.func = func, .live = ARENA_ARRAY(scratch, bool, func->values.count + 1)};
	for (uint32_t i = 0; i < func->results.count; i++)
		mark(&l, func->results.data[i].value);
	mark_block(&l, &func->body);
	IrMap map = ir_map_new(scratch, func);
	IrBuilder b;
	IrFunc *out = ir_pass_begin(module, func, &map, &b);
	sweep_block(&(Sweep){.l = &l, .b = &b, .map = &map, .scratch = scratch}, &func->body);
	ir_pass_end(func, &map, out);
	arena_free(scratch);
	return out;
}
