/* What passes promise, checked after them. */
#include "ir/pass/after.h"
#include "ir/pass/limits.h"
#include "ir/pass/pass.h"
#include "ir/pass/rewrite.h"

static void count_puts(void *context, const IrBlock *block, IrOp *op) {
	uint32_t *count = context;
	(void)block;
	for (IrDef def = ir_defs(op); ir_next_def(&def);)
		count[0] += def.block < 0;
}

/* Puts, carries and tables. */
static uint32_t made(const IrFunc *func) {
	uint32_t count = 0;
	ir_visit_ops(&func->body, count_puts, &count);
	return count;
}

typedef struct Same {
	const IrFunc *func;
	const char *wrong;
} Same;

/* An operation that repeats an earlier one of its block. */
static void find_same(void *context, const IrBlock *block, IrOp *op) {
	Same *same = context;
	const IrFor *f = ir_as_for(op);
	uint64_t hash = f ? pass_for_hash(same->func, f) : 0;
	for (uint32_t i = 0; f && !same->wrong && i < block->ops.count && block->ops.data[i] != op; i++) {
		const IrFor *earlier = ir_as_for(block->ops.data[i]);
		if (!earlier || pass_for_hash(same->func, earlier) != hash || !pass_for_equal(same->func, earlier, f))
			continue;
		Text text = text_new(same->func->module->arena);
		ir_print_op(same->func, op, &text);
		same->wrong = arena_printf(same->func->module->arena, "computed twice:\n%s", text_cstr(&text));
	}
}

const char *pass_after_simplify(const IrFunc *before, const IrFunc *func) {
	(void)before;
	IrModule *module = func->module;
	uint32_t functions = module->funcs.count;
	IrFunc *copy = ir_func_copy(module, func, "checked"), *swept = pass_remove_dead(module, copy);
	module->funcs.count = functions;
	if (made(swept) != made(func))
		return arena_printf(module->arena, "%u of %u values are dead", (unsigned)(made(func) - made(swept)),
		                    (unsigned)made(func));
	Same same = {.func = func};
	ir_visit_ops(&func->body, find_same, &same);
	return same.wrong;
}

/* FLOPs of what is not dead. */
static double live_flops(const IrFunc *func) {
	IrModule *own = ir_module_new(func->module->session);
	const IrFunc *swept = pass_remove_dead(own, ir_func_copy(own, func, "counted"));
	int64_t *symbols = ARENA_ARRAY(own->arena, int64_t, func->symbols.count + 1);
	for (uint32_t i = 0; i < func->symbols.count; i++)
		symbols[i] = PASS_SYMBOL;
	double flops = ir_cost(swept, symbols).flops;
	ir_module_free(own);
	return flops;
}

static void find_condition(void *context, const IrBlock *block, IrOp *op) {
	bool *found = context;
	const IrFor *f = ir_as_for(op);
	(void)block;
	*found = *found || (f && f->conds.count > 0);
}

const char *pass_after_no_costlier(const IrFunc *before, const IrFunc *func) {
	bool conditions = false;
	ir_visit_ops(&before->body, find_condition, &conditions);
	if (conditions)
		return NULL;
	double old = live_flops(before), now = live_flops(func);
	return now <= old * (1 + 1e-9) ? NULL
	                               : arena_printf(func->module->arena, "costs %.17g FLOPs, and %.17g before", now, old);
}

/* ---- invariant ---- */

typedef struct Leaving {
	const IrFunc *func;
	uint32_t
		*inside; /* per value: the number of the loop last looked at that makes it; within an operation of its body, the
	                   * number of that operation */
	uint32_t number;
	bool depends, may_fail;
	const char *wrong;
} Leaving;

static void mark_made(void *context, const IrBlock *block, IrOp *op) {
	Leaving *leaving = context;
	(void)block;
	for (IrDef def = ir_defs(op); ir_next_def(&def);)
		leaving->inside[def.value] = leaving->number;
}

static void look_at_uses(void *context, const IrBlock *block, IrOp *op) {
	Leaving *leaving = context;
	const IrFor *f = ir_as_for(op);
	(void)block;
	for (IrUse use = ir_uses(op); ir_next_use(&use);)
		leaving->depends |= leaving->inside[use.value] == leaving->number;
	leaving->may_fail |= f && pass_for_may_fail(leaving->func, f);
}

/* An operation in a loop that uses nothing which the loop makes. */
static void find_invariant(void *context, const IrBlock *block, IrOp *op) {
	Leaving *leaving = context;
	const IrBlock *body = ir_block_of(op, 0);
	(void)block;
	for (uint32_t i = 0; body && pass_may_leave(&op->loop) && i < body->ops.count && !leaving->wrong; i++) {
		IrOp *one = body->ops.data[i];
		uint32_t loop = ++leaving->number;
		ir_visit_op(op, mark_made, leaving);
		leaving->number++; /* what it makes itself is no reason to stay */
		ir_visit_op(one, mark_made, leaving);
		leaving->number = loop;
		leaving->depends = leaving->may_fail = false;
		ir_visit_op(one, look_at_uses, leaving);
		leaving->number = loop + 1;
		if (leaving->depends || (leaving->may_fail && !ir_block_runs(op, 0)))
			continue;
		Text text = text_new(leaving->func->module->arena);
		ir_print_op(leaving->func, one, &text);
		leaving->wrong = arena_printf(leaving->func->module->arena, "could leave its loop:\n%s", text_cstr(&text));
	}
}

const char *pass_after_invariant(const IrFunc *before, const IrFunc *func) {
	(void)before;
	Leaving leaving = {.func = func};
	leaving.inside = ARENA_ARRAY(func->module->arena, uint32_t, func->values.count + 1);
	ir_visit_ops(&func->body, find_invariant, &leaving);
	return leaving.wrong;
}

/* ---- expand_math ---- */

typedef struct Primitive {
	IrModule *module;
	const char *wrong;
} Primitive;

static void find_other(void *context, const IrBlock *block, IrOp *op) {
	Primitive *primitive = context;
	(void)block;
	const IrFor *f = ir_as_for(op);
	for (uint32_t n = 0; f && n < f->nodes.count; n++) {
		const IrNode *node = &f->nodes.data[n];
		if (node->kind == IR_NODE_OP && !ir_op_info[node->opcode].primitive)
			primitive->wrong = arena_printf(primitive->module->arena, "`%s` is left", ir_op_info[node->opcode].name);
	}
}

const char *pass_after_expand_math(const IrFunc *before, const IrFunc *func) {
	(void)before;
	Primitive primitive = {.module = func->module};
	ir_visit_ops(&func->body, find_other, &primitive);
	return primitive.wrong;
}
