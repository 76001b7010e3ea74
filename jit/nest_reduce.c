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

/* ---- sums of products in which 0 wins (mulz) ----
 *
 * They are taken as plain sums of products first. That differs from what is meant only where the plain sum is NaN, or, if it
 * starts from what `into` holds, by the sign of a zero. Where that happens, the sum is done once more as it is meant:
 *
 *     s = sum of a * b;  if any lane of s is NaN { s = s is NaN ? sum of mulz(a, b) : s }                              */

/* Points that go into one sum from which a plain one with a look at the result is the cheaper one. */
enum { MIN_BARE_POINTS = 4 };

static bool zero_wins(const Nest *n, const IrPut *put) {
	const IrNode *node = &n->op->f->nodes.data[put->node];
	return put->combine == IR_PUT_SUM && node->kind == IR_NODE_OP && node->opcode == IR_mulz;
}

static bool worth_bare(const Nest *n, const NestGroup *group) {
	int64_t points = 1;
	bool any = false;
	for (uint32_t k = n->op->outer_count; k < n->op->index_count && points < MIN_BARE_POINTS; k++) {
		IrDim extent = n->op->index[n->op->order[k]].extent;
		points *= extent < 0 ? MIN_BARE_POINTS : extent;
	}
	for (uint32_t p = 0; p < group->count; p++)
		any = any || zero_wins(n, group->puts[p]);
	return any && points >= MIN_BARE_POINTS;
}

static LoopTemp op_here(Nest *n, IrOpcode opcode, IrScalar type, LoopTemp a, LoopTemp b) {
	LoopTemp out = nest_new(n, type, nest_is_vector(n, a) || nest_is_vector(n, b), n->depth);
	LoopStmt *stmt = nest_stmt(n, LOOP_OP, out, n->depth);
	stmt->opcode = opcode;
	stmt->args[0] = a;
	stmt->args[1] = b;
	return out;
}

/* Whether a plain sum may not be what is meant: a BOOL for each of its lanes, computed where we are. */
static LoopTemp is_doubtful(Nest *n, const IrPut *put, LoopTemp sum) {
	LoopTemp doubt = op_here(n, IR_ne, IR_BOOL, sum, sum);
	if (!n->in->strict || !put->into)
		return doubt;
	IrScalar bits = ir_type(n->ir, put->out).scalar == IR_F32 ? IR_I32 : IR_I64;
	LoopTemp minus_zero = nest_const(n, bits, 0, bits == IR_I32 ? INT32_MIN : INT64_MIN);
	LoopTemp same = op_here(n, IR_eq, IR_BOOL, op_here(n, IR_bits, bits, sum, 0), minus_zero);
	return op_here(n, IR_or, IR_BOOL, doubt, same);
}

static LoopTemp add_pairs(Nest *n, const LoopTemp *sums, uint32_t count) {
	if (count == 1)
		return sums[0];
	LoopTemp halves[2] = {add_pairs(n, sums, count / 2), add_pairs(n, sums + count / 2, count - count / 2)};
	return nest_op(n, IR_add, n->kernel->temps.data[sums[0]].type, halves, 2);
}

/* An IF that holds where any of the sums is in doubt: without signs of zeros to look at, one addition for each tells. */
static LoopStmt *if_any(Nest *n, const NestGroup *group, uint32_t instances, const LoopTemp *sums) {
	LoopTemp any = 0;
	if (n->in->strict) {
		for (uint32_t a = 0; a < group->count * instances; a++) {
			LoopTemp doubt = is_doubtful(n, group->puts[a / instances], sums[a]);
			any = a == 0 ? doubt : nest_op(n, IR_or, IR_BOOL, (LoopTemp[]){any, doubt}, 2);
		}
	} else {
		any = add_pairs(n, sums, group->count * instances);
		any = nest_op(n, IR_ne, IR_BOOL, (LoopTemp[]){any, any}, 2);
	}
	if (nest_is_vector(n, any)) {
		LoopTemp out = nest_new(n, IR_BOOL, false, n->depth);
		LoopStmt *tree = nest_stmt(n, LOOP_TREE, out, n->depth);
		tree->opcode = IR_or;
		tree->value = any;
		any = out;
	}
	LoopStmt *stmt = ARENA_NEW(n->arena, LoopStmt);
	stmt->kind = LOOP_IF;
	LoopAffine affine = loop_affine(-1);
	loop_affine_add(n->arena, &affine, loop_size(1), nest_op(n, IR_to_int, IR_I64, &any, 1));
	vec_push(n->arena, &stmt->conds, affine);
	return stmt;
}

/* Reduced indices run one by one, without lanes, and nodes that depend on them are computed anew. */
static void run_one_by_one(Nest *n) {
	NestOp *op = n->op;
	uint32_t reduced = 0;
	for (uint32_t k = op->outer_count; k < op->index_count; k++) {
		op->index[op->order[k]].copies = 1;
		reduced |= 1u << op->order[k];
	}
	for (uint32_t i = 0; i < op->f->nodes.count; i++) {
		if (op->deps[i] & reduced)
			op->memo[i] = (NestMemo){0};
	}
}

/* Does the sums that are in doubt once more; r->acc then holds what is meant. */
static void mend_sums(Nest *n, Reduction *r) {
	NestGroup *group = ARENA_NEW(n->arena, NestGroup);
	LoopTemp *sums = ARENA_ARRAY(n->arena, LoopTemp, r->group->count * r->instances);
	Reduction again = {.group = group, .instances = r->instances};
	uint32_t count = 0;
	for (uint32_t p = 0; p < r->group->count; p++) {
		if (!zero_wins(n, r->group->puts[p]))
			continue;
		group->puts[group->count++] = r->group->puts[p];
		for (uint32_t a = 0; a < r->instances; a++)
			sums[count++] = r->acc[p * r->instances + a];
	}
	LoopStmt *stmt = if_any(n, group, r->instances, sums);
	NestIndex plans[IR_MAX_INDICES];
	for (uint32_t i = 0; i < n->op->index_count; i++)
		plans[i] = n->op->index[i];
	nest_open(n, stmt);
	run_one_by_one(n);
	again.acc = ARENA_ARRAY(n->arena, LoopTemp, count);
	each_acc(n, &again, start_acc);
	reduce(n, &again, n->op->outer_count, 0, true, 1);
	for (uint32_t a = 0; a < count; a++) {
		const LoopTempInfo info = n->kernel->temps.data[sums[a]];
		LoopCarry carry = {.init = sums[a], .inner = nest_new(n, info.type, info.vector, n->depth)};
		LoopTemp doubt = is_doubtful(n, group->puts[a / r->instances], sums[a]);
		carry.yield = nest_op(n, IR_where, info.type, (LoopTemp[]){doubt, again.acc[a], sums[a]}, 3);
		vec_push(n->arena, &stmt->carries, carry);
	}
	run_one_by_one(n);
	nest_close(n);
	for (uint32_t i = 0; i < n->op->index_count; i++)
		n->op->index[i] = plans[i];
	count = 0;
	for (uint32_t p = 0; p < r->group->count; p++) {
		for (uint32_t a = 0; zero_wins(n, r->group->puts[p]) && a < r->instances; a++) {
			LoopCarry *carry = &stmt->carries.data[count++];
			const LoopTempInfo info = n->kernel->temps.data[carry->inner];
			carry->out = r->acc[p * r->instances + a] = nest_new(n, info.type, info.vector, n->depth);
		}
	}
}

static LoopTemp known_acc(Nest *n, const IrPut *put, LoopTemp acc) {
	return acc == 0 ? nest_identity(n, put) : acc;
}

static void store_sums(Nest *n, Reduction *r) {
	if (n->op->bare) {
		n->op->bare = false;
		each_acc(n, r, known_acc);
		mend_sums(n, r);
	}
	each_acc(n, r, store_acc);
}

void nest_reduction(Nest *n, const NestGroup *group) {
	Reduction r = {.group = group, .instances = nest_copy_count(n, 0, n->op->outer_count)};
	r.acc = ARENA_ARRAY(n->arena, LoopTemp, group->count * r.instances);
	n->op->bare = worth_bare(n, group);
	if (!is_reduced(n, n->op->vector)) {
		each_acc(n, &r, start_acc);
		reduce(n, &r, n->op->outer_count, 0, true, 1);
		store_sums(n, &r);
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
	store_sums(n, &r);
	*index = plan;
}
