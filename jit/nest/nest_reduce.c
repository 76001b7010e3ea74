/* Reductions: accumulators carried through the loops over reduced indices. */
#include "ir/build.h"
#include "jit/nest/limits.h"
#include "jit/nest/nest.h"

#include <string.h>

typedef struct Reduction {
	const NestGroup *group;
	uint32_t instances;
	uint32_t sums; /* of which each is made: see NestOp */
	bool in_lanes; /* the lanes hold parts of a sum */
	LoopTemp *acc; /* [put][instance][sum]; 0: still the identity */
} Reduction;

static uint32_t acc_count(const Reduction *r) {
	return r->group->count * r->instances * r->sums;
}

static const IrPut *put_of(const Reduction *r, uint32_t acc) {
	return r->group->puts[acc / (r->instances * r->sums)];
}

/* One more point of a put. Lanes in which a condition does not hold keep what they had, and so do, where lanes are added up later,
 * those that do not count. */
static LoopTemp combine_one(Nest *n, const Reduction *r, const IrPut *put, LoopTemp acc) {
	uint32_t lanes = r->in_lanes ? nest_lanes(n) : 0;
	LoopTemp mask = lanes != 0 ? nest_lane_mask(n, lanes) : nest_live_lanes(n);
	if (mask == 0)
		return nest_combine(n, put, acc);
	LoopTemp old = acc != 0 ? acc : nest_identity(n, put);
	return nest_op(n, IR_where, ir_type(n->ir, put->out).scalar, (LoopTemp[]){mask, nest_combine(n, put, acc), old}, 3);
}

/* Which of several sums the copy belongs to that is emitted now. */
static uint32_t sum_here(const Nest *n) {
	uint32_t sum = 0;
	for (uint32_t k = n->op->outer_count; k < n->op->index_count; k++)
		sum += n->op->at[n->op->order[k]] * n->op->sum_step[n->op->order[k]];
	return sum;
}

static void combine_all(Nest *n, Reduction *r) {
	const NestGroup *group = r->group;
	nest_first_copy(n, 0, n->op->outer_count);
	uint32_t instance = 0;
	do {
		nest_first_copy(n, n->op->outer_count, n->op->index_count);
		do {
			/* Arguments first: they compare with the best so far. With them there is one sum. */
			for (uint32_t p = 0; p < group->count; p++) {
				LoopTemp *acc = &r->acc[p * r->instances + instance];
				if (ir_put_is_arg(group->puts[p]))
					*acc = nest_combine_arg(
						n, group->puts[p], r->acc[nest_partner(group, group->puts[p]) * r->instances + instance], *acc);
			}
			uint32_t sum = r->sums > 1 ? sum_here(n) : 0;
			for (uint32_t p = 0; p < group->count; p++) {
				LoopTemp *acc = &r->acc[(p * r->instances + instance) * r->sums + sum];
				if (!ir_put_is_arg(group->puts[p]))
					*acc = combine_one(n, r, group->puts[p], *acc);
			}
		} while (nest_next_copy(n, n->op->outer_count, n->op->index_count));
		instance++;
	} while (nest_next_copy(n, 0, n->op->outer_count));
}

/* Opens a FOR or IF through which the accumulators are carried. */
static void open_carrying(Nest *n, Reduction *r, LoopStmt *stmt) {
	bool vector = n->op->vector >= 0 && n->op->index[n->op->vector].vector;
	for (uint32_t a = 0; a < acc_count(r); a++)
		if (r->acc[a] == 0)
			r->acc[a] = nest_identity(n, put_of(r, a));
	if (stmt->kind == LOOP_FOR)
		nest_open_for(n, stmt);
	else
		nest_open(n, stmt);
	for (uint32_t a = 0; a < acc_count(r); a++) {
		IrScalar type = ir_type(n->ir, put_of(r, a)->out).scalar;
		LoopCarry carry = {.init = r->acc[a], .inner = nest_new(n, type, vector, n->depth)};
		vec_push(n->arena, &stmt->carries, carry);
		r->acc[a] = carry.inner;
	}
}

static void close_carrying(Nest *n, Reduction *r, LoopStmt *stmt) {
	for (uint32_t a = 0; a < acc_count(r); a++)
		stmt->carries.data[a].yield = r->acc[a];
	nest_close(n);
	for (uint32_t a = 0; a < acc_count(r); a++) {
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
	for (uint32_t k = n->op->outer_count; k < n->op->index_count; k++)
		if ((int)n->op->order[k] == i)
			return true;
	return false;
}

/* Changes the first sum of every put and instance: the only one, but while the sums run. */
static void each_acc(Nest *n, Reduction *r, LoopTemp (*change)(Nest *n, const IrPut *put, LoopTemp acc)) {
	for (uint32_t p = 0; p < r->group->count; p++) {
		nest_first_copy(n, 0, n->op->outer_count);
		uint32_t instance = 0;
		do {
			LoopTemp *acc = &r->acc[(p * r->instances + instance++) * r->sums];
			*acc = change(n, r->group->puts[p], *acc);
		} while (nest_next_copy(n, 0, n->op->outer_count));
	}
}

/* Sums combined in pairs, those in pairs again; 0: the identity. */
static LoopTemp join(Nest *n, const IrPut *put, const LoopTemp *sums, uint32_t count) {
	if (count == 1)
		return sums[0];
	LoopTemp a = join(n, put, sums, count / 2), b = join(n, put, sums + count / 2, count - count / 2);
	if (a == 0 || b == 0)
		return a != 0 ? a : b;
	return nest_op(n, nest_combine_opcode(put->combine), ir_type(n->ir, put->out).scalar, (LoopTemp[]){a, b}, 2);
}

/* What was summed apart becomes one sum. */
static void join_sums(Nest *n, Reduction *r) {
	for (uint32_t a = 0; a < r->group->count * r->instances; a++)
		r->acc[a] = join(n, r->group->puts[a / r->instances], r->acc + a * r->sums, r->sums);
	r->sums = 1;
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

static bool zero_wins(const Nest *n, const IrPut *put) {
	const IrNode *node = &n->op->f->nodes.data[put->node];
	return put->combine == IR_PUT_SUM && node->kind == IR_NODE_OP && node->opcode == IR_mulz;
}

static bool worth_plain_sums(const Nest *n, const NestGroup *group) {
	int64_t points = 1;
	bool any = false;
	for (uint32_t k = n->op->outer_count; k < n->op->index_count && points < NEST_MIN_PLAIN_SUM; k++) {
		IrDim extent = n->op->index[n->op->order[k]].extent;
		points *= extent < 0 ? NEST_MIN_PLAIN_SUM : extent;
	}
	for (uint32_t p = 0; p < group->count; p++)
		any = any || zero_wins(n, group->puts[p]);
	return any && points >= NEST_MIN_PLAIN_SUM;
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

static LoopTemp any_lane(Nest *n, LoopTemp holds) {
	if (!nest_is_vector(n, holds))
		return holds;
	LoopTemp out = nest_new(n, IR_BOOL, false, n->depth);
	LoopStmt *tree = nest_stmt(n, LOOP_TREE, out, n->depth);
	tree->opcode = IR_or;
	tree->value = holds;
	return out;
}

/* Lanes that do not count are in no doubt. */
static LoopTemp lanes_that_count(Nest *n, const IrPut *put, LoopTemp sum) {
	uint32_t lanes = nest_lanes(n);
	if (lanes == 0 || !nest_is_vector(n, sum))
		return sum;
	IrScalar type = ir_type(n->ir, put->out).scalar;
	return nest_op(n, IR_where, type, (LoopTemp[]){nest_lane_mask(n, lanes), sum, nest_const(n, type, 0, 0)}, 3);
}

/* An IF that holds where any of the sums is in doubt: without signs of zeros to look at, one addition for each tells. */
static LoopStmt *if_any(Nest *n, const Reduction *sums) {
	uint32_t count = sums->group->count * sums->instances;
	Reduction seen = *sums;
	seen.acc = ARENA_ARRAY(n->arena, LoopTemp, count);
	memcpy(seen.acc, sums->acc, sizeof(LoopTemp) * count);
	each_acc(n, &seen, lanes_that_count);
	LoopTemp any = 0;
	for (uint32_t a = 0; n->in->strict && a < count; a++) {
		LoopTemp doubt = is_doubtful(n, sums->group->puts[a / sums->instances], seen.acc[a]);
		any = a == 0 ? doubt : nest_op(n, IR_or, IR_BOOL, (LoopTemp[]){any, doubt}, 2);
	}
	if (!n->in->strict) {
		any = add_pairs(n, seen.acc, count);
		any = nest_op(n, IR_ne, IR_BOOL, (LoopTemp[]){any, any}, 2);
	}
	any = any_lane(n, any);
	LoopStmt *stmt = ARENA_NEW(n->arena, LoopStmt);
	stmt->kind = LOOP_IF;
	LoopAffine affine = loop_affine(-1);
	loop_affine_add(n->arena, &affine, loop_size(1), nest_op(n, IR_to_int, IR_I64, &any, 1));
	vec_push(n->arena, &stmt->conds, affine);
	return stmt;
}

/* The sums of `sums` as they are meant, one point after the other; inside the IF, before it is closed. */
static void sum_again(Nest *n, Reduction *sums) {
	NestIndex plans[IR_MAX_INDICES];
	memcpy(plans, n->op->index, sizeof plans);
	for (uint32_t k = n->op->outer_count; k < n->op->index_count; k++)
		n->op->index[n->op->order[k]].copies = 1;
	each_acc(n, sums, start_acc);
	reduce(n, sums, n->op->outer_count, 0, &(NestPart){.copies = 1, .loops = true, .block = 1});
	memcpy(n->op->index, plans, sizeof plans);
}

/* Does the sums that are in doubt once more; r->acc then holds what is meant. */
static void mend_sums(Nest *n, Reduction *r) {
	NestGroup *group = ARENA_NEW(n->arena, NestGroup);
	group->puts = ARENA_ARRAY(n->arena, const IrPut *, r->group->count);
	Reduction plain = {.group = group, .instances = r->instances, .sums = 1}, meant = plain;
	plain.acc = ARENA_ARRAY(n->arena, LoopTemp, r->group->count * r->instances);
	meant.acc = ARENA_ARRAY(n->arena, LoopTemp, r->group->count * r->instances);
	for (uint32_t p = 0; p < r->group->count; p++) {
		if (!zero_wins(n, r->group->puts[p]))
			continue;
		memcpy(plain.acc + group->count * r->instances, r->acc + p * r->instances, sizeof(LoopTemp) * r->instances);
		group->puts[group->count++] = r->group->puts[p];
	}
	uint32_t count = group->count * r->instances;
	LoopStmt *stmt = if_any(n, &plain);
	nest_open(n, stmt);
	sum_again(n, &meant);
	for (uint32_t a = 0; a < count; a++) {
		/* What is the same in every lane may have gone through a loop as a vector. */
		bool vector = nest_is_vector(n, plain.acc[a]) || nest_is_vector(n, meant.acc[a]);
		IrScalar type = n->kernel->temps.data[plain.acc[a]].type;
		LoopCarry carry = {.init = plain.acc[a], .inner = nest_new(n, type, vector, n->depth)};
		LoopTemp doubt = is_doubtful(n, group->puts[a / r->instances], plain.acc[a]);
		carry.yield = nest_op(n, IR_where, type, (LoopTemp[]){doubt, meant.acc[a], plain.acc[a]}, 3);
		vec_push(n->arena, &stmt->carries, carry);
	}
	nest_close(n);
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
	if (n->op->plain_sums) {
		n->op->plain_sums = false;
		each_acc(n, r, known_acc);
		mend_sums(n, r);
	}
	each_acc(n, r, store_acc);
}

void nest_reduction(Nest *n, const NestGroup *group) {
	Reduction r = {.group = group, .instances = nest_copy_count(n, 0, n->op->outer_count)};
	r.sums = n->op->sums;
	r.acc = ARENA_ARRAY(n->arena, LoopTemp, acc_count(&r));
	n->op->plain_sums = worth_plain_sums(n, group);
	if (!is_reduced(n, n->op->vector)) {
		each_acc(n, &r, start_acc);
		reduce(n, &r, n->op->outer_count, 0, NULL);
		join_sums(n, &r);
		store_sums(n, &r);
		return;
	}
	NestIndex *index = &n->op->index[n->op->vector];
	NestIndex plan = *index;
	NestPart parts[2];
	uint32_t count = nest_parts(&plan, true, parts);
	r.in_lanes = true;
	for (uint32_t a = 0; a < acc_count(&r); a++)
		r.acc[a] = nest_identity(n, put_of(&r, a));
	for (uint32_t p = 0; p < count && parts[p].vector; p++) {
		nest_set_part(n->op, (uint32_t)n->op->vector, &parts[p]);
		reduce(n, &r, n->op->outer_count, 0, &parts[p]);
	}
	nest_set_part(n->op, (uint32_t)n->op->vector, &(NestPart){.copies = 1});
	join_sums(n, &r);
	each_acc(n, &r, sum_lanes);
	r.in_lanes = false;
	if (count == 2 && !parts[1].vector)
		reduce(n, &r, n->op->outer_count, 0, &parts[1]);
	store_sums(n, &r);
	*index = plan;
}
