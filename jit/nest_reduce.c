/* Reductions: accumulators carried through the loops over reduced indices. */
#include "jit/nest.h"

typedef struct Reduction {
	const NestGroup *group;
	uint32_t instances;
	LoopTemp *acc; /* [put][instance]; 0: still the identity */
	NestIndex vector_plan;
} Reduction;

static void combine_all(Nest *n, Reduction *r) {
	const NestGroup *group = r->group;
	nest_first_copy(n, 0, n->op->outer_count);
	uint32_t instance = 0;
	do {
		nest_first_copy(n, n->op->outer_count, n->op->index_count);
		do {
			/* Arguments first: they compare with the best so far. */
			for (uint32_t p = 0; p < group->count; p++) {
				LoopTemp *acc = &r->acc[p * r->instances + instance];
				if (nest_is_arg(group->puts[p]))
					*acc = nest_combine_arg(
						n, group->puts[p], r->acc[nest_partner(group, group->puts[p]) * r->instances + instance], *acc);
			}
			for (uint32_t p = 0; p < group->count; p++) {
				LoopTemp *acc = &r->acc[p * r->instances + instance];
				if (!nest_is_arg(group->puts[p]))
					*acc = nest_combine(n, group->puts[p], *acc);
			}
		} while (nest_next_copy(n, n->op->outer_count, n->op->index_count));
		instance++;
	} while (nest_next_copy(n, 0, n->op->outer_count));
}

/* Opens a FOR or IF through which the accumulators are carried. */
static void open_carrying(Nest *n, Reduction *r, LoopStmt *stmt) {
	bool vector = n->op->vector >= 0 && n->op->index[n->op->vector].vector;
	for (uint32_t a = 0; a < r->group->count * r->instances; a++) {
		if (r->acc[a] == 0)
			r->acc[a] = nest_identity(n, r->group->puts[a / r->instances]);
	}
	if (stmt->kind == LOOP_FOR)
		nest_open_for(n, stmt);
	else
		nest_open(n, stmt);
	for (uint32_t a = 0; a < r->group->count * r->instances; a++) {
		IrScalar type = ir_type(n->ir, r->group->puts[a / r->instances]->out).scalar;
		LoopCarry carry = {.init = r->acc[a], .inner = nest_new(n, type, vector, n->depth)};
		vec_push(n->arena, &stmt->carries, carry);
		r->acc[a] = carry.inner;
	}
}

static void close_carrying(Nest *n, Reduction *r, LoopStmt *stmt) {
	for (uint32_t a = 0; a < r->group->count * r->instances; a++)
		stmt->carries.data[a].yield = r->acc[a];
	nest_close(n);
	for (uint32_t a = 0; a < r->group->count * r->instances; a++) {
		LoopCarry *carry = &stmt->carries.data[a];
		const LoopTempInfo *info = &n->kernel->temps.data[carry->inner];
		carry->out = nest_new(n, info->type, info->vector, n->depth);
		r->acc[a] = carry->out;
	}
}

static void reduce(Nest *n, Reduction *r, uint32_t k, uint32_t done, bool main_part, int64_t block) {
	LoopStmt *test = nest_cond_if(n, &done);
	if (test)
		open_carrying(n, r, test);
	if (k == n->op->index_count) {
		combine_all(n, r);
	} else {
		uint32_t i = n->op->order[k];
		bool part = (int)i != n->op->vector || main_part;
		LoopStmt *loop = nest_index_loop(n, i, part, block, &done, true);
		if (loop) {
			open_carrying(n, r, loop);
			n->op->index[i].var = loop->out;
		}
		n->op->index[i].open = true;
		reduce(n, r, k + 1, done, main_part, block);
		n->op->index[i].open = false;
		if (loop)
			close_carrying(n, r, loop);
	}
	if (test)
		close_carrying(n, r, test);
}

static bool is_reduced(const Nest *n, int i) {
	for (uint32_t k = n->op->outer_count; k < n->op->index_count; k++) {
		if ((int)n->op->order[k] == i)
			return true;
	}
	return false;
}

static void each_acc(Nest *n, Reduction *r, LoopTemp (*change)(Nest *n, const IrPut *put, LoopTemp acc)) {
	for (uint32_t p = 0; p < r->group->count; p++) {
		nest_first_copy(n, 0, n->op->outer_count);
		uint32_t instance = 0;
		do {
			LoopTemp *acc = &r->acc[p * r->instances + instance++];
			*acc = change(n, r->group->puts[p], *acc);
		} while (nest_next_copy(n, 0, n->op->outer_count));
	}
}

static LoopTemp start_acc(Nest *n, const IrPut *put, LoopTemp acc) {
	(void)acc;
	return put->into ? nest_load_base(n, put) : 0;
}

static LoopTemp sum_lanes(Nest *n, const IrPut *put, LoopTemp acc) {
	IrScalar type = ir_type(n->ir, put->out).scalar;
	IrOpcode opcode = nest_combine_opcode(put->combine);
	if (acc == 0)
		acc = nest_identity(n, put);
	LoopTemp out = acc;
	if (n->kernel->temps.data[acc].vector) {
		out = nest_new(n, type, false, n->depth);
		LoopStmt *stmt = nest_stmt(n, LOOP_TREE, out, n->depth);
		stmt->opcode = opcode;
		stmt->value = acc;
	} else { /* the same in every lane: the tree's four levels */
		for (int half = LOOP_LANES / 2; half > 0; half /= 2)
			out = nest_op(n, opcode, type, (LoopTemp[]){out, out}, 2);
	}
	if (!put->into)
		return out;
	return nest_op(n, opcode, type, (LoopTemp[]){nest_load_base(n, put), out}, 2);
}

static LoopTemp store_acc(Nest *n, const IrPut *put, LoopTemp acc) {
	nest_check_put(n, put);
	nest_store(n, put, acc == 0 ? nest_identity(n, put) : acc);
	return acc;
}

void nest_reduction(Nest *n, const NestGroup *group) {
	Reduction r = {.group = group, .instances = nest_copy_count(n, 0, n->op->outer_count)};
	r.acc = ARENA_ARRAY(n->arena, LoopTemp, group->count * r.instances);
	if (!is_reduced(n, n->op->vector)) {
		each_acc(n, &r, start_acc);
		reduce(n, &r, n->op->outer_count, 0, true, 1);
		each_acc(n, &r, store_acc);
		return;
	}
	NestIndex *index = &n->op->index[n->op->vector];
	NestIndex plan = *index;
	int64_t block = (int64_t)plan.copies * LOOP_LANES;
	index->vector = true;
	for (uint32_t a = 0; a < group->count * r.instances; a++)
		r.acc[a] = nest_identity(n, group->puts[a / r.instances]);
	reduce(n, &r, n->op->outer_count, 0, true, block);
	index->vector = false;
	each_acc(n, &r, sum_lanes);
	if (plan.extent < 0 || plan.extent % block != 0) {
		index->copies = 1;
		reduce(n, &r, n->op->outer_count, 0, false, block);
	}
	*index = plan;
	each_acc(n, &r, store_acc);
}
