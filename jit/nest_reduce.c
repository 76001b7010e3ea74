/* Reductions: accumulators carried through the loops over reduced indices. */
#include "jit/nest.h"

typedef struct Reduction {
	const NestGroup *group;
	uint32_t instances;
	bool in_lanes; /* the lanes hold parts of a sum */
	LoopTemp *acc; /* [put][instance]; 0: still the identity */
} Reduction;

/* One more point of a put. In lanes that do not count, lanes which are added up later keep what they had. */
static LoopTemp combine_one(Nest *n, const Reduction *r, const IrPut *put, LoopTemp acc) {
	uint32_t lanes = r->in_lanes ? nest_lanes(n) : 0;
	if (lanes == 0)
		return nest_combine(n, put, acc);
	LoopTemp old = acc != 0 ? acc : nest_identity(n, put);
	return nest_op(n, IR_where, ir_type(n->ir, put->out).scalar,
	               (LoopTemp[]){nest_lane_mask(n, lanes), nest_combine(n, put, acc), old}, 3);
}

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
					*acc = combine_one(n, r, group->puts[p], *acc);
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

static void reduce(Nest *n, Reduction *r, uint32_t k, uint32_t done, const NestPart *vector_part);

/* The turns of order[k] in one part of its range. */
static void reduce_part(Nest *n, Reduction *r, uint32_t k, uint32_t done, const NestPart *part,
                        const NestPart *vector_part) {
	uint32_t i = n->op->order[k];
	LoopStmt *loop = nest_index_loop(n, i, part, &done, true);
	if (loop) {
		open_carrying(n, r, loop);
		n->op->index[i].var = loop->out;
	}
	n->op->index[i].open = true;
	reduce(n, r, k + 1, done, vector_part);
	n->op->index[i].open = false;
	if (loop)
		close_carrying(n, r, loop);
}

static void reduce(Nest *n, Reduction *r, uint32_t k, uint32_t done, const NestPart *vector_part) {
	LoopStmt *test = nest_cond_if(n, &done);
	if (test)
		open_carrying(n, r, test);
	if (k == n->op->index_count) {
		combine_all(n, r);
	} else if ((int)n->op->order[k] == n->op->vector) {
		reduce_part(n, r, k, done, vector_part, vector_part);
	} else {
		NestIndex *index = &n->op->index[n->op->order[k]];
		NestIndex plan = *index;
		NestPart parts[2];
		uint32_t count = nest_parts(&plan, false, parts);
		for (uint32_t p = 0; p < count; p++) {
			reduce_part(n, r, k, done, &parts[p], vector_part);
			*index = plan;
		}
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
		reduce(n, &r, n->op->outer_count, 0, NULL);
		each_acc(n, &r, store_acc);
		return;
	}
	NestIndex *index = &n->op->index[n->op->vector];
	NestIndex plan = *index;
	NestPart parts[2];
	uint32_t count = nest_parts(&plan, true, parts);
	r.in_lanes = true;
	for (uint32_t a = 0; a < group->count * r.instances; a++)
		r.acc[a] = nest_identity(n, group->puts[a / r.instances]);
	for (uint32_t p = 0; p < count && parts[p].vector; p++) {
		nest_set_part(n->op, (uint32_t)n->op->vector, &parts[p]);
		reduce(n, &r, n->op->outer_count, 0, &parts[p]);
	}
	nest_set_part(n->op, (uint32_t)n->op->vector, &(NestPart){.copies = 1});
	each_acc(n, &r, sum_lanes);
	r.in_lanes = false;
	if (count == 2 && !parts[1].vector)
		reduce(n, &r, n->op->outer_count, 0, &parts[1]);
	*index = plan;
	each_acc(n, &r, store_acc);
}
