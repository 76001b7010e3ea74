/* One FOR, or several in a row, to a kernel. Puts with the same output indices share a nest:
 *
 *     loops over output indices            (one runs in lanes; some are jammed into register tiles)
 *       accumulators = identity, or what `into` holds
 *       loops over reduced indices         (conditions are their bounds; carried accumulators)
 *         combine
 *       stores
 *
 * Puts that store (NONE) have no accumulators; puts whose elements cannot be told apart (scatters) read, combine and
 * write back at every point, in the order of the domain. */
#include "jit/nest/nest.h"
#include "ir/build.h"

#include <string.h>

typedef VEC(NestOp *) NestOps;

/* ---- puts that store, and scatters ---- */

static void emit_stores(Nest *n, const NestGroup *group) {
	uint32_t instances = nest_copy_count(n, 0, n->op->outer_count);
	LoopTemp *values = ARENA_ARRAY(n->arena, LoopTemp, group->count * instances);
	for (int pass = 0; pass < 2; pass++) {
		nest_first_copy(n, 0, n->op->outer_count);
		uint32_t at = 0;
		do {
			for (uint32_t p = 0; p < group->count; p++, at++) {
				if (pass == 0) {
					nest_check_put(n, group->puts[p]);
					values[at] = nest_node(n, group->puts[p]->node);
				} else {
					nest_store(n, group->puts[p], values[at]);
				}
			}
		} while (nest_next_copy(n, 0, n->op->outer_count));
	}
}

static void emit_scatter(Nest *n, const NestGroup *group) {
	LoopTemp *values = ARENA_ARRAY(n->arena, LoopTemp, group->count);
	const IrPut *first = group->puts[0];
	/* Puts of one group have the same positions or none is guarded: see groups() */
	LoopStmt *guard = nest_put_guard(n, first);
	if (guard)
		nest_open(n, guard);
	for (uint32_t p = 0; p < group->count; p++) {
		const IrPut *put = group->puts[p];
		nest_check_put(n, put);
		LoopTemp old = nest_load_out(n, put);
		if (ir_put_is_arg(put)) {
			LoopTemp best = nest_load_out(n, group->puts[nest_partner(group, put)]);
			values[p] = nest_combine_arg(n, put, best, old);
		} else {
			values[p] = nest_combine(n, put, old);
		}
	}
	for (uint32_t p = 0; p < group->count; p++) {
		uint32_t level = 0;
		LoopAddress address = nest_address(n, group->puts[p]->out, group->puts[p]->at, &level);
		LoopStmt *stmt = nest_stmt(n, LOOP_STORE, 0, n->depth);
		stmt->address = address;
		stmt->value = values[p];
		stmt->lanes = address.stride != 0 || address.index != 0 ? nest_lanes(n) : 0;
	}
	if (guard)
		nest_close(n);
}

/* ---- the loops around ---- */

static void emit_outer(Nest *n, const NestGroup *group, uint32_t k, uint32_t done);

static void emit_part(Nest *n, const NestGroup *group, uint32_t k, uint32_t done, const NestPart *part) {
	uint32_t i = n->op->order[k];
	LoopStmt *loop = nest_index_loop(n, i, part, &done, group->stores || group->scatter);
	if (loop) {
		nest_open_for(n, loop);
		n->op->index[i].var = loop->out;
	}
	n->op->index[i].open = true;
	emit_outer(n, group, k + 1, done);
	n->op->index[i].open = false;
	if (loop)
		nest_close(n);
}

static void emit_outer(Nest *n, const NestGroup *group, uint32_t k, uint32_t done) {
	LoopStmt *test = group->stores || group->scatter ? nest_cond_if(n, &done) : NULL;
	if (test)
		nest_open(n, test);
	if (k < n->op->outer_count) {
		NestIndex *index = &n->op->index[n->op->order[k]];
		NestIndex plan = *index;
		NestPart parts[2] = {{0}};
		uint32_t count = plan.bound ? 1 : nest_parts(&plan, (int)n->op->order[k] == n->op->vector, parts);
		for (uint32_t p = 0; p < count; p++) {
			emit_part(n, group, k, done, &parts[p]);
			*index = plan;
		}
	} else if (group->stores) {
		emit_stores(n, group);
	} else if (group->scatter) {
		emit_scatter(n, group);
	} else {
		nest_reduction(n, group);
	}
	if (test)
		nest_close(n);
}

/* ---- the ops ---- */

static void add_op(Nest *n, NestOps *ops, const IrFor *f, uint32_t products, const NestGroup *group) {
	n->op = ARENA_NEW(n->arena, NestOp);
	n->op->f = f;
	n->op->products = products;
	n->op->group = *group;
	nest_facts(n);
	for (uint32_t p = 0; p < group->count; p++)
		n->op->needs_fill = n->op->needs_fill || (!group->puts[p]->into && !nest_put_facts(n, group->puts[p]).covers);
	if (n->flat)
		nest_flatten(n);
	nest_plan(n, &n->op->group);
	nest_list_loops(n);
	vec_push(n->arena, ops, n->op);
}

/* Puts with the same output indices share their loops; a scatter is on its own. */
static void add_ops(Nest *n, NestOps *ops, const IrFor *f, uint32_t products) {
	NestGroup *groups = ARENA_ARRAY(n->arena, NestGroup, f->puts.count);
	uint32_t group_count = 0, *of_put = ARENA_ARRAY(n->arena, uint32_t, f->puts.count);
	n->op = ARENA_NEW(n->arena, NestOp);
	n->op->f = f;
	nest_facts(n);
	for (uint32_t p = 0; p < f->puts.count; p++) {
		const IrPut *put = &f->puts.data[p];
		NestPut facts = nest_put_facts(n, put);
		nest_prepare(n, put);
		NestGroup wanted = {.mask = facts.mask, .stores = put->combine == IR_PUT_NONE, .scatter = !facts.direct};
		uint32_t g = 0;
		if (ir_put_is_arg(put)) {
			g = of_put[put->arg_of];
		} else {
			while (g < group_count && (wanted.scatter || groups[g].mask != wanted.mask ||
			                           groups[g].stores != wanted.stores || groups[g].scatter != wanted.scatter))
				g++;
			if (g == group_count) {
				wanted.puts = ARENA_ARRAY(n->arena, const IrPut *, f->puts.count);
				wanted.numbers = ARENA_ARRAY(n->arena, uint32_t, f->puts.count);
				groups[group_count++] = wanted;
			}
		}
		of_put[p] = g;
		groups[g].numbers[groups[g].count] = p;
		groups[g].puts[groups[g].count++] = put;
	}
	for (uint32_t g = 0; g < group_count; g++)
		add_op(n, ops, f, products, &groups[g]);
}

static void emit_run(Nest *n, NestOp *const *ops, uint32_t count, uint32_t depth);

/* A part of the loop at `depth` of every op as one; inside, the ops in order, again as runs. */
static void emit_shared(Nest *n, NestOp *const *ops, uint32_t count, uint32_t depth, const NestPart *part) {
	uint32_t done = 0;
	n->op = ops[0];
	LoopStmt *loop = nest_index_loop(n, ops[0]->loops[depth], part, &done, false);
	if (loop)
		nest_open_for(n, loop);
	for (uint32_t i = 0; i < count; i++) {
		NestIndex *index = &ops[i]->index[ops[i]->loops[depth]];
		nest_set_part(ops[i], ops[i]->loops[depth], part);
		index->open = index->bound = true;
		index->var = loop ? loop->out : 0;
	}
	emit_run(n, ops, count, depth + 1);
	for (uint32_t i = 0; i < count; i++) {
		NestIndex *index = &ops[i]->index[ops[i]->loops[depth]];
		nest_set_part(ops[i], ops[i]->loops[depth], &(NestPart){.copies = 1});
		index->open = index->bound = false;
	}
	if (loop)
		nest_close(n);
}

static void emit_run(Nest *n, NestOp *const *ops, uint32_t count, uint32_t depth) {
	for (uint32_t i = 0, length; i < count; i += length) {
		for (uint32_t p = 0; depth == 0 && ops[i]->needs_fill && p < ops[i]->group.count; p++) {
			const IrPut *put = ops[i]->group.puts[p];
			n->op = ops[i];
			if (!put->into && !nest_put_facts(n, put).covers)
				nest_fill(n, put);
		}
		length = nest_run_length(n, ops + i, count - i, depth);
		if (length > 1) {
			uint32_t index = ops[i]->loops[depth];
			NestPart parts[2];
			uint32_t part_count = nest_parts(&ops[i]->index[index], (int)index == ops[i]->vector, parts);
			for (uint32_t p = 0; p < part_count; p++)
				emit_shared(n, ops + i, length, depth, &parts[p]);
		} else {
			length = 1;
			n->op = ops[i];
			emit_outer(n, &ops[i]->group, 0, 0);
		}
	}
}

/* ---- kernels ---- */

/* The number of the kernel that is like this one: one that is there, or a copy. */
static uint32_t find_kernel(LoopFunc *func, const LoopKernel *kernel) {
	for (uint32_t i = 0; i < func->kernels.count; i++) {
		LoopKernel *known = func->kernels.data[i];
		if (known->hash == kernel->hash && strcmp(known->text, kernel->text) == 0)
			return i;
	}
	LoopKernel *copy = loop_copy_kernel(func->arena, kernel);
	copy->number = func->kernels.count;
	vec_push(func->arena, &func->kernels, copy);
	return copy->number;
}

static bool loads_from(const LoopBlock *block, uint32_t formal) {
	for (uint32_t i = 0; i < block->stmts.count; i++) {
		const LoopStmt *stmt = block->stmts.data[i];
		if ((stmt->kind == LOOP_LOAD && stmt->address.buffer == formal) || loads_from(&stmt->body, formal))
			return true;
	}
	return false;
}

static void drop_stores(LoopBlock *block, uint32_t formal) {
	uint32_t kept = 0;
	for (uint32_t i = 0; i < block->stmts.count; i++) {
		LoopStmt *stmt = block->stmts.data[i];
		drop_stores(&stmt->body, formal);
		if (stmt->kind != LOOP_STORE || stmt->address.buffer != formal)
			block->stmts.data[kept++] = stmt;
	}
	block->stmts.count = kept;
}

/* Whether anything outside of this kernel reads what it leaves in a buffer. */
static bool escapes(const Nest *n, uint32_t buffer) {
	if (!n->in->escapes || n->in->func->buffers.data[buffer].kind != LOOP_SCRATCH)
		return true;
	for (uint32_t i = 0; i < n->in->op_count; i++) {
		const IrFor *f = &n->in->ops[i]->f;
		for (uint32_t p = 0; p < f->puts.count; p++) {
			IrValue out = f->puts.data[p].out;
			if (n->in->buffer_of[out] == buffer && n->in->escapes[out])
				return true;
		}
	}
	return false;
}

static void mark_formals(const LoopBlock *block, bool *used) {
	for (uint32_t i = 0; i < block->stmts.count; i++) {
		const LoopStmt *stmt = block->stmts.data[i];
		if (stmt->kind == LOOP_LOAD || stmt->kind == LOOP_STORE)
			used[stmt->address.buffer] = true;
		mark_formals(&stmt->body, used);
	}
}

static void renumber_formals(LoopBlock *block, const uint32_t *to) {
	for (uint32_t i = 0; i < block->stmts.count; i++) {
		LoopStmt *stmt = block->stmts.data[i];
		if (stmt->kind == LOOP_LOAD || stmt->kind == LOOP_STORE)
			stmt->address.buffer = to[stmt->address.buffer];
		renumber_formals(&stmt->body, to);
	}
}

/* Intermediates that stayed in temps are not stored; buffers that are not touched are not passed. */
static void drop_dead(Nest *n) {
	for (uint32_t i = 0; i < n->actuals.count; i++)
		if (!escapes(n, n->actuals.data[i]) && !loads_from(&n->kernel->body, i))
			drop_stores(&n->kernel->body, i);
	loop_remove_dead(n->arena, n->kernel);
	bool *used = ARENA_ARRAY(n->arena, bool, n->actuals.count + 1);
	uint32_t *to = ARENA_ARRAY(n->arena, uint32_t, n->actuals.count + 1), kept = 0;
	mark_formals(&n->kernel->body, used);
	for (uint32_t i = 0; i < n->actuals.count; i++) {
		if (!used[i])
			continue;
		to[i] = kept;
		n->actuals.data[kept] = n->actuals.data[i];
		n->kernel->formals.data[kept++] = n->kernel->formals.data[i];
	}
	n->actuals.count = n->kernel->formals.count = kept;
	renumber_formals(&n->kernel->body, to);
}

/* The places of what an op computes: its own, and those of values that went into it. */
static void add_sources(Arena *arena, LoopKernel *kernel, const IrOp *op) {
	for (uint32_t i = 0; i < op->f.nodes.count; i++)
		if (op->f.nodes.data[i].span.file != 0)
			vec_push(arena, &kernel->sources, op->f.nodes.data[i].span);
	if (op->span.file != 0)
		vec_push(arena, &kernel->sources, op->span);
}

LoopKernel *nest_add_step(LoopFunc *func, const LoopKernel *kernel, const uint32_t *actuals, uint32_t count,
                          LoopSteps *steps) {
	LoopStep *step = ARENA_NEW(func->arena, LoopStep);
	step->kind = LOOP_CALL;
	step->kernel = find_kernel(func, kernel);
	step->actuals.data = arena_copy(func->arena, actuals, sizeof(uint32_t) * count);
	step->actuals.count = step->actuals.capacity = count;
	vec_push(func->arena, &steps->steps, step);
	return func->kernels.data[step->kernel];
}

/* Calls the kernel that has been made. */
static void add_call(const NestKernel *in, const Nest *n, LoopSteps *steps) {
	LoopKernel *called = nest_add_step(in->func, n->kernel, n->actuals.data, n->actuals.count, steps);
	for (uint32_t i = 0; i < in->op_count; i++)
		add_sources(in->func->arena, called, in->ops[i]);
}

/* Ops that share loops run over the same indices: those of one become one if those of all do. */
static bool all_flat(Nest *n) {
	for (uint32_t i = 0; n->in->op_count > 1 && i < n->in->op_count; i++) {
		n->op = ARENA_NEW(n->arena, NestOp);
		n->op->f = &n->in->ops[i]->f;
		nest_facts(n);
		if (!nest_is_flat(n))
			return false;
	}
	return true;
}

void nest_lower_kernel(const NestKernel *in, LoopSteps *steps) {
	ArenaMark before = arena_mark(in->scratch);
	Nest *n = ARENA_NEW(in->scratch, Nest);
	n->in = in;
	n->steps = steps;
	n->arena = in->scratch;
	n->ir = in->func->ir;
	n->kernel = ARENA_NEW(n->arena, LoopKernel);
	n->levels[0] = (NestLevel){&n->kernel->body, NULL, ++n->next_id, 0};
	NestOps ops = {0};
	n->flat = all_flat(n);
	for (uint32_t i = 0; i < in->op_count; i++)
		add_ops(n, &ops, &in->ops[i]->f, in->products ? in->products[i] : 0);
	emit_run(n, ops.data, ops.count, 0);
	drop_dead(n);
	if (n->kernel->body.stmts.count > 0) {
		n->kernel->symbolic = n->ir->symbols.count > 0;
		loop_finish_kernel(n->arena, n->kernel);
		add_call(in, n, steps);
	}
	arena_release(in->scratch, before);
}
