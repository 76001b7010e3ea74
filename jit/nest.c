/* One FOR to a kernel. Puts with the same output indices share a nest:
 *
 *     loops over output indices            (one runs in lanes; some are jammed into register tiles)
 *       accumulators = identity, or what `into` holds
 *       loops over reduced indices         (conditions are their bounds; carried accumulators)
 *         combine
 *       stores
 *
 * Puts that store (NONE) have no accumulators; puts whose elements cannot be told apart (scatters) read, combine and
 * write back at every point, in the order of the domain. */
#include "jit/nest.h"

#include <string.h>

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
	LoopTemp values[IR_MAX_INDICES];
	const IrPut *first = group->puts[0];
	/* Puts of one group have the same positions or none is guarded: see groups() */
	LoopStmt *guard = nest_put_guard(n, first);
	if (guard)
		nest_open(n, guard);
	for (uint32_t p = 0; p < group->count; p++) {
		const IrPut *put = group->puts[p];
		nest_check_put(n, put);
		LoopTemp old = nest_load_out(n, put);
		if (nest_is_arg(put)) {
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
	}
	if (guard)
		nest_close(n);
}

/* ---- the loops around ---- */

static void emit_outer(Nest *n, const NestGroup *group, uint32_t k, uint32_t done);

static void emit_part(Nest *n, const NestGroup *group, uint32_t k, uint32_t done, bool main_part, int64_t block) {
	uint32_t i = n->op->order[k];
	LoopStmt *loop = nest_index_loop(n, i, main_part, block, &done, group->stores || group->scatter);
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
		int64_t block = (int64_t)plan.copies * LOOP_LANES;
		index->vector = (int)n->op->order[k] == n->op->vector;
		emit_part(n, group, k, done, true, block);
		if (index->vector && (plan.extent < 0 || plan.extent % block != 0)) {
			index->vector = false;
			index->copies = 1;
			emit_part(n, group, k, done, false, block);
		}
		*index = plan;
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

/* ---- the op ---- */

static void emit_group(Nest *n, const NestGroup *group) {
	for (uint32_t i = 0; i < n->op->f->nodes.count; i++)
		n->op->memo[i] = (NestMemo){0};
	nest_plan(n, group);
	for (uint32_t i = 0; i < n->op->index_count; i++)
		n->op->at[i] = 0;
	emit_outer(n, group, 0, 0);
}

static void emit_op(Nest *n, const IrFor *f, uint32_t products) {
	n->op = ARENA_NEW(n->arena, NestOp);
	n->op->f = f;
	n->op->products = products;
	nest_facts(n);
	NestGroup groups[IR_MAX_INDICES];
	uint32_t group_count = 0, of_put[IR_MAX_INDICES];
	if (f->puts.count > IR_MAX_INDICES)
		base_panic("nest", "an op with %u puts", (unsigned)f->puts.count);
	for (uint32_t p = 0; p < f->puts.count; p++) {
		const IrPut *put = &f->puts.data[p];
		NestPut facts = nest_put_facts(n, put);
		nest_prepare(n, put, facts);
		NestGroup wanted = {.mask = facts.mask, .stores = put->combine == IR_PUT_NONE, .scatter = !facts.direct};
		uint32_t g = 0;
		if (nest_is_arg(put)) {
			g = of_put[put->arg_of];
		} else {
			while (g < group_count && (wanted.scatter || groups[g].mask != wanted.mask || groups[g].stores != wanted.stores ||
			                           groups[g].scatter != wanted.scatter))
				g++;
			if (g == group_count)
				groups[group_count++] = wanted;
		}
		of_put[p] = g;
		groups[g].numbers[groups[g].count] = p;
		groups[g].puts[groups[g].count++] = put;
	}
	for (uint32_t g = 0; g < group_count; g++)
		emit_group(n, &groups[g]);
}

static uint32_t find_kernel(LoopFunc *func, LoopKernel *kernel) {
	for (uint32_t i = 0; i < func->kernels.count; i++) {
		LoopKernel *known = func->kernels.data[i];
		if (known->hash == kernel->hash && strcmp(known->text, kernel->text) == 0)
			return i;
	}
	kernel->number = func->kernels.count;
	vec_push(func->arena, &func->kernels, kernel);
	return kernel->number;
}

void loop_lower_nest(const LoopNest *in, LoopSteps *steps) {
	Arena *arena = in->func->arena;
	Nest *n = ARENA_NEW(arena, Nest);
	n->in = in;
	n->steps = steps;
	n->arena = arena;
	n->ir = in->func->ir;
	n->kernel = ARENA_NEW(arena, LoopKernel);
	n->levels[0] = (NestLevel){&n->kernel->body, NULL, ++n->next_id, 0};
	for (uint32_t i = 0; i < in->op_count; i++)
		emit_op(n, &in->ops[i]->f, in->products ? in->products[i] : 0);
	n->kernel->symbolic = n->ir->symbols.count > 0;
	loop_finish_kernel(arena, n->kernel);
	LoopStep *step = ARENA_NEW(arena, LoopStep);
	step->kind = LOOP_CALL;
	step->kernel = find_kernel(in->func, n->kernel);
	for (uint32_t i = 0; i < n->actuals.count; i++)
		vec_push(arena, &step->actuals, n->actuals.data[i]);
	vec_push(arena, &steps->steps, step);
}
