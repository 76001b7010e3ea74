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

#include <math.h>
#include <string.h>

/* ---- levels ---- */

void nest_open(Nest *n, LoopStmt *stmt) {
	if (n->depth + 1 == NEST_MAX_LEVELS)
		base_panic("nest_open", "more than %d nested loops", NEST_MAX_LEVELS);
	n->levels[++n->depth] = (NestLevel){&stmt->body, stmt, ++n->next_id, n->cond_level};
	if (stmt->kind == LOOP_IF || stmt->low.count > 1 || stmt->high.count > 1)
		n->cond_level = n->depth;
}

/* Only now does the statement join its block, after everything that was computed outside of it in the meantime. */
void nest_close(Nest *n) {
	NestLevel *level = &n->levels[n->depth--];
	n->cond_level = level->cond_before;
	vec_push(n->arena, &n->levels[n->depth].block->stmts, level->stmt);
	uint32_t kept = 0;
	for (uint32_t i = 0; i < n->partials.count; i++) {
		if (nest_level(n, n->partials.data[i].temp) <= n->depth)
			n->partials.data[kept++] = n->partials.data[i];
	}
	n->partials.count = kept;
}

static LoopBound bound_dim(Nest *n, IrDim dim) {
	LoopBound bound = {.div = 1, .mul = 1};
	loop_affine_add(n->arena, &bound.affine, loop_size_dim(dim), 0);
	return bound;
}

static LoopStmt *new_for(Nest *n, int64_t step) {
	LoopStmt *stmt = ARENA_NEW(n->arena, LoopStmt);
	stmt->kind = LOOP_FOR;
	stmt->step = step;
	return stmt;
}

static void open_for(Nest *n, LoopStmt *stmt) {
	nest_open(n, stmt);
	stmt->out = nest_new(n, IR_I64, false, n->depth);
}

/* ---- conditions ---- */

static uint32_t open_indices(const Nest *n) {
	uint32_t open = 0;
	for (uint32_t i = 0; i < n->index_count; i++)
		open |= n->index[i].open ? 1u << i : 0;
	return open;
}

static LoopAffine negated(Nest *n, LoopAffine affine) {
	LoopAffine out = loop_affine(-affine.offset);
	for (uint32_t i = 0; i < affine.count; i++) {
		LoopSize coef = affine.terms[i].coef;
		coef.factor = -coef.factor;
		loop_affine_add(n->arena, &out, coef, affine.terms[i].temp);
	}
	return out;
}

/* c * i + rest >= 0 as a bound of the loop over i */
static void add_cond_bound(Nest *n, LoopStmt *stmt, IrAt cond, uint32_t i) {
	int64_t coef = 0;
	IrAt rest = {.offset = cond.offset, .terms = ARENA_ARRAY(n->arena, IrTerm, cond.term_count)};
	for (uint32_t t = 0; t < cond.term_count; t++) {
		if (!cond.terms[t].is_node && cond.terms[t].ref == i)
			coef = cond.terms[t].coef;
		else
			rest.terms[rest.term_count++] = cond.terms[t];
	}
	LoopBound bound = {.mul = 1};
	if (!nest_scalar_affine(n, rest, &bound.affine))
		base_panic("nest", "a condition differs by lane");
	if (coef > 0) {
		bound.affine = negated(n, bound.affine);
		bound.affine.offset += coef - 1;
		bound.div = coef;
		vec_push(n->arena, &stmt->low, bound);
	} else {
		bound.affine.offset -= coef;
		bound.div = -coef;
		vec_push(n->arena, &stmt->high, bound);
	}
}

/* The conditions that the loop over i can take as bounds; returns them as bits. */
static uint32_t bound_conds(Nest *n, LoopStmt *stmt, uint32_t i, uint32_t done) {
	uint32_t open = open_indices(n), taken = 0;
	for (uint32_t c = 0; c < n->f->conds.count; c++) {
		uint32_t deps = nest_at_deps(n, n->f->conds.data[c]);
		if (done >> c & 1 || !(deps >> i & 1) || (deps & ~open & ~(1u << i)) != 0)
			continue;
		add_cond_bound(n, stmt, n->f->conds.data[c], i);
		taken |= 1u << c;
	}
	return taken;
}

static LoopStmt *cond_if(Nest *n, uint32_t *done) {
	LoopStmt *stmt = NULL;
	for (uint32_t c = 0; c < n->f->conds.count; c++) {
		IrAt cond = n->f->conds.data[c];
		if (*done >> c & 1 || (nest_at_deps(n, cond) & ~open_indices(n)) != 0)
			continue;
		if (!stmt) {
			stmt = ARENA_NEW(n->arena, LoopStmt);
			stmt->kind = LOOP_IF;
		}
		LoopAffine affine;
		if (!nest_scalar_affine(n, cond, &affine))
			base_panic("nest", "a condition differs by lane");
		vec_push(n->arena, &stmt->conds, affine);
		*done |= 1u << c;
	}
	return stmt;
}

/* ---- copies: the instances within a tile ---- */

static void first_copy(Nest *n, uint32_t from, uint32_t to) {
	for (uint32_t k = from; k < to; k++)
		n->at[n->order[k]] = 0;
}

static bool next_copy(Nest *n, uint32_t from, uint32_t to) {
	for (uint32_t k = to; k-- > from;) {
		uint32_t i = n->order[k];
		if (++n->at[i] < n->index[i].copies)
			return true;
		n->at[i] = 0;
	}
	return false;
}

static uint32_t copy_count(const Nest *n, uint32_t from, uint32_t to) {
	uint32_t count = 1;
	for (uint32_t k = from; k < to; k++)
		count *= n->index[n->order[k]].copies;
	return count;
}

/* ---- loops over one index ---- */

typedef void NestBody(Nest *n, void *context, uint32_t k, uint32_t done);

static bool runs_without_loop(const NestIndex *index, bool vector) {
	return index->extent >= 0 && (int64_t)index->copies * (vector ? LOOP_LANES : 1) == index->extent;
}

/* Opens the loop over order[k] as it is set up in n->index and gives the statement; NULL if there is no loop to open. The
 * caller opens it after adding carries. `first` and `last`: which part of the range, in whole blocks of `block`. */
static LoopStmt *index_loop(Nest *n, uint32_t i, bool main_part, int64_t block, uint32_t *done, bool conds) {
	NestIndex *index = &n->index[i];
	index->var = 0;
	if (index->bound || (main_part && runs_without_loop(index, index->vector)))
		return NULL;
	int64_t step = (int64_t)index->copies * (index->vector ? LOOP_LANES : 1);
	LoopStmt *stmt = new_for(n, step);
	LoopBound low = {.div = 1, .mul = 1};
	if (!main_part) {
		low = bound_dim(n, index->extent);
		low.div = low.mul = block;
		if (index->extent >= 0) {
			low.affine.offset = index->extent / block * block;
			low.div = low.mul = 1;
		}
	}
	vec_push(n->arena, &stmt->low, low);
	vec_push(n->arena, &stmt->high, bound_dim(n, index->extent));
	if (conds && index->in_cond)
		*done |= bound_conds(n, stmt, i, *done);
	return stmt;
}

/* ---- reductions ---- */

typedef struct Reduction {
	const NestGroup *group;
	uint32_t instances;
	LoopTemp *acc; /* [put][instance]; 0: still the identity */
	NestIndex vector_plan;
} Reduction;

static IrOpcode combine_opcode(IrCombine combine) {
	switch (combine) {
	case IR_PUT_MAX:
		return IR_max;
	case IR_PUT_MIN:
		return IR_min;
	case IR_PUT_PROD:
		return IR_mul;
	default:
		return IR_add;
	}
}

static bool is_arg(const IrPut *put) {
	return put->combine == IR_PUT_ARGMAX || put->combine == IR_PUT_ARGMIN;
}

static LoopTemp identity(Nest *n, const IrPut *put) {
	IrScalar type = ir_type(n->ir, put->out).scalar;
	bool narrow = type == IR_I32;
	switch (put->combine) {
	case IR_PUT_PROD:
		return nest_const(n, type, 1, 1);
	case IR_PUT_MAX:
		return nest_const(n, type, -(double)INFINITY, type == IR_BOOL ? 0 : narrow ? INT32_MIN : INT64_MIN);
	case IR_PUT_MIN:
		return nest_const(n, type, (double)INFINITY, type == IR_BOOL ? 1 : narrow ? INT32_MAX : INT64_MAX);
	case IR_PUT_ARGMAX:
	case IR_PUT_ARGMIN:
		return nest_const(n, type, 0, -1);
	default:
		return nest_const(n, type, 0, 0);
	}
}

/* acc is the value so far (0: the identity); returns the new one. */
static LoopTemp combine(Nest *n, const IrPut *put, LoopTemp acc) {
	IrScalar type = ir_type(n->ir, put->out).scalar;
	bool sum = put->combine == IR_PUT_SUM;
	if (acc == 0 && sum && n->in->strict)
		acc = identity(n, put); /* 0 + -0.0 is 0 */
	if (acc == 0)
		return nest_node(n, put->node);
	const IrNode *product = &n->f->nodes.data[put->node];
	if (sum && n->products >> (put - n->f->puts.data) & 1 && product->kind == IR_NODE_OP && product->opcode == IR_mul) {
		LoopTemp a = nest_node(n, product->args[0]), b = nest_node(n, product->args[1]);
		return nest_op(n, IR_fma, type, (LoopTemp[]){a, b, acc}, 3);
	}
	return nest_op(n, combine_opcode(put->combine), type, (LoopTemp[]){acc, nest_node(n, put->node)}, 2);
}

/* The argument that goes with a maximum or minimum so far: the new one if it is better, the first NaN, or the first. */
static LoopTemp combine_arg(Nest *n, const IrPut *put, LoopTemp best, LoopTemp arg) {
	const IrPut *of = &n->f->puts.data[put->arg_of];
	LoopTemp value = nest_node(n, of->node);
	IrAt at = {.term_count = 1, .terms = &(IrTerm){1, put->arg_index, false}};
	LoopTemp index = nest_position(n, at);
	if (best == 0)
		return index;
	LoopTemp better = nest_op(n, put->combine == IR_PUT_ARGMAX ? IR_gt : IR_lt, IR_BOOL, (LoopTemp[]){value, best}, 2);
	if (ir_scalar_is_real(ir_type(n->ir, of->out).scalar)) {
		LoopTemp nan = nest_op(n, IR_ne, IR_BOOL, (LoopTemp[]){value, value}, 2);
		LoopTemp number = nest_op(n, IR_eq, IR_BOOL, (LoopTemp[]){best, best}, 2);
		LoopTemp first_nan = nest_op(n, IR_and, IR_BOOL, (LoopTemp[]){nan, number}, 2);
		better = nest_op(n, IR_or, IR_BOOL, (LoopTemp[]){better, first_nan}, 2);
	}
	LoopTemp none = nest_op(n, IR_lt, IR_BOOL, (LoopTemp[]){arg, nest_const(n, IR_I64, 0, 0)}, 2);
	better = nest_op(n, IR_or, IR_BOOL, (LoopTemp[]){better, none}, 2);
	return nest_op(n, IR_where, IR_I64, (LoopTemp[]){better, index, arg}, 3);
}

/* Where an ARG put's maximum or minimum stands in the group. */
static uint32_t partner(const NestGroup *group, const IrPut *put) {
	for (uint32_t p = 0; p < group->count; p++) {
		if (group->numbers[p] == put->arg_of)
			return p;
	}
	base_panic("nest", "an argument was separated from its maximum");
}

static void combine_all(Nest *n, Reduction *r) {
	const NestGroup *group = r->group;
	first_copy(n, 0, n->outer_count);
	uint32_t instance = 0;
	do {
		first_copy(n, n->outer_count, n->index_count);
		do {
			/* Arguments first: they compare with the best so far. */
			for (uint32_t p = 0; p < group->count; p++) {
				LoopTemp *acc = &r->acc[p * r->instances + instance];
				if (is_arg(group->puts[p]))
					*acc = combine_arg(n, group->puts[p], r->acc[partner(group, group->puts[p]) * r->instances + instance], *acc);
			}
			for (uint32_t p = 0; p < group->count; p++) {
				LoopTemp *acc = &r->acc[p * r->instances + instance];
				if (!is_arg(group->puts[p]))
					*acc = combine(n, group->puts[p], *acc);
			}
		} while (next_copy(n, n->outer_count, n->index_count));
		instance++;
	} while (next_copy(n, 0, n->outer_count));
}

/* Opens a FOR or IF through which the accumulators are carried. */
static void open_carrying(Nest *n, Reduction *r, LoopStmt *stmt) {
	bool vector = n->vector >= 0 && n->index[n->vector].vector;
	for (uint32_t a = 0; a < r->group->count * r->instances; a++) {
		if (r->acc[a] == 0)
			r->acc[a] = identity(n, r->group->puts[a / r->instances]);
	}
	if (stmt->kind == LOOP_FOR)
		open_for(n, stmt);
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
	LoopStmt *test = cond_if(n, &done);
	if (test)
		open_carrying(n, r, test);
	if (k == n->index_count) {
		combine_all(n, r);
	} else {
		uint32_t i = n->order[k];
		bool part = (int)i != n->vector || main_part;
		LoopStmt *loop = index_loop(n, i, part, block, &done, true);
		if (loop) {
			open_carrying(n, r, loop);
			n->index[i].var = loop->out;
		}
		n->index[i].open = true;
		reduce(n, r, k + 1, done, main_part, block);
		n->index[i].open = false;
		if (loop)
			close_carrying(n, r, loop);
	}
	if (test)
		close_carrying(n, r, test);
}

static void check_put(Nest *n, const IrPut *put) {
	IrType type = ir_type(n->ir, put->out);
	for (uint32_t a = 0; a < type.rank && !put->guarded; a++) {
		if (nest_in_box(n, put->at[a], type.dims[a]) || ir_in_bounds(n->ir, n->f, put->at[a], type.dims[a]))
			continue;
		LoopTemp position = nest_position(n, put->at[a]);
		LoopStmt *stmt = nest_stmt(n, LOOP_CHECK, 0, n->depth);
		stmt->value = position;
		loop_affine_add(n->arena, &stmt->affine, loop_size_dim(type.dims[a]), 0);
		stmt->integer = ++n->in->func->check_count;
	}
}

/* The test that a guarded put is inside, or NULL. */
static LoopStmt *put_guard(Nest *n, const IrPut *put) {
	IrType type = ir_type(n->ir, put->out);
	LoopStmt *stmt = NULL;
	for (uint32_t a = 0; a < type.rank && put->guarded; a++) {
		if (nest_in_box(n, put->at[a], type.dims[a]))
			continue;
		LoopAffine low, high;
		if (!nest_scalar_affine(n, put->at[a], &low))
			base_panic("nest", "a guard differs by lane");
		high = negated(n, low);
		high.offset--;
		loop_affine_add(n->arena, &high, loop_size_dim(type.dims[a]), 0);
		if (!stmt) {
			stmt = ARENA_NEW(n->arena, LoopStmt);
			stmt->kind = LOOP_IF;
		}
		vec_push(n->arena, &stmt->conds, low);
		vec_push(n->arena, &stmt->conds, high);
	}
	return stmt;
}

static void store(Nest *n, const IrPut *put, LoopTemp value) {
	LoopStmt *guard = put_guard(n, put);
	if (guard)
		nest_open(n, guard);
	uint32_t level = 0;
	LoopAddress address = nest_address(n, put->out, put->at, &level);
	LoopStmt *stmt = nest_stmt(n, LOOP_STORE, 0, n->depth);
	stmt->address = address;
	stmt->value = value;
	if (guard)
		nest_close(n);
}

static LoopTemp load_out(Nest *n, const IrPut *put) {
	uint32_t level = n->depth;
	LoopAddress address = nest_address(n, put->out, put->at, &level);
	bool vector = address.stride != 0 || address.index != 0;
	LoopTemp out = nest_new(n, ir_type(n->ir, put->out).scalar, vector, n->depth);
	nest_stmt(n, LOOP_LOAD, out, n->depth)->address = address;
	return out;
}

/* What `into` holds; outside of a guarded put's bounds nothing is read. */
static LoopTemp load_base(Nest *n, const IrPut *put) {
	LoopTemp out = 0;
	LoopStmt *guard = put_guard(n, put);
	if (!guard)
		return load_out(n, put);
	LoopTemp start = identity(n, put);
	nest_open(n, guard);
	bool vector = n->vector >= 0 && n->index[n->vector].vector;
	LoopCarry carry = {.init = start, .inner = nest_new(n, ir_type(n->ir, put->out).scalar, vector, n->depth)};
	carry.yield = load_out(n, put);
	nest_close(n);
	carry.out = out = nest_new(n, ir_type(n->ir, put->out).scalar, vector, n->depth);
	vec_push(n->arena, &guard->carries, carry);
	return out;
}

static bool is_reduced(const Nest *n, int i) {
	for (uint32_t k = n->outer_count; k < n->index_count; k++) {
		if ((int)n->order[k] == i)
			return true;
	}
	return false;
}

static void each_acc(Nest *n, Reduction *r, LoopTemp (*change)(Nest *n, const IrPut *put, LoopTemp acc)) {
	for (uint32_t p = 0; p < r->group->count; p++) {
		first_copy(n, 0, n->outer_count);
		uint32_t instance = 0;
		do {
			LoopTemp *acc = &r->acc[p * r->instances + instance++];
			*acc = change(n, r->group->puts[p], *acc);
		} while (next_copy(n, 0, n->outer_count));
	}
}

static LoopTemp start_acc(Nest *n, const IrPut *put, LoopTemp acc) {
	(void)acc;
	return put->into ? load_base(n, put) : 0;
}

static LoopTemp sum_lanes(Nest *n, const IrPut *put, LoopTemp acc) {
	IrScalar type = ir_type(n->ir, put->out).scalar;
	IrOpcode opcode = combine_opcode(put->combine);
	if (acc == 0)
		acc = identity(n, put);
	LoopTemp out = nest_new(n, type, false, n->depth);
	LoopStmt *stmt = nest_stmt(n, LOOP_TREE, out, n->depth);
	stmt->opcode = opcode;
	stmt->value = acc;
	if (!put->into)
		return out;
	return nest_op(n, opcode, type, (LoopTemp[]){load_base(n, put), out}, 2);
}

static LoopTemp store_acc(Nest *n, const IrPut *put, LoopTemp acc) {
	check_put(n, put);
	store(n, put, acc == 0 ? identity(n, put) : acc);
	return acc;
}

static void emit_reduction(Nest *n, const NestGroup *group) {
	Reduction r = {.group = group, .instances = copy_count(n, 0, n->outer_count)};
	r.acc = ARENA_ARRAY(n->arena, LoopTemp, group->count * r.instances);
	if (!is_reduced(n, n->vector)) {
		each_acc(n, &r, start_acc);
		reduce(n, &r, n->outer_count, 0, true, 1);
		each_acc(n, &r, store_acc);
		return;
	}
	NestIndex *index = &n->index[n->vector];
	NestIndex plan = *index;
	int64_t block = (int64_t)plan.copies * LOOP_LANES;
	index->vector = true;
	for (uint32_t a = 0; a < group->count * r.instances; a++)
		r.acc[a] = identity(n, group->puts[a / r.instances]);
	reduce(n, &r, n->outer_count, 0, true, block);
	index->vector = false;
	each_acc(n, &r, sum_lanes);
	if (plan.extent < 0 || plan.extent % block != 0) {
		index->copies = 1;
		reduce(n, &r, n->outer_count, 0, false, block);
	}
	*index = plan;
	each_acc(n, &r, store_acc);
}

/* ---- puts that store, and scatters ---- */

static void emit_stores(Nest *n, const NestGroup *group) {
	uint32_t instances = copy_count(n, 0, n->outer_count);
	LoopTemp *values = ARENA_ARRAY(n->arena, LoopTemp, group->count * instances);
	for (int pass = 0; pass < 2; pass++) {
		first_copy(n, 0, n->outer_count);
		uint32_t at = 0;
		do {
			for (uint32_t p = 0; p < group->count; p++, at++) {
				if (pass == 0) {
					check_put(n, group->puts[p]);
					values[at] = nest_node(n, group->puts[p]->node);
				} else {
					store(n, group->puts[p], values[at]);
				}
			}
		} while (next_copy(n, 0, n->outer_count));
	}
}

static void emit_scatter(Nest *n, const NestGroup *group) {
	LoopTemp values[IR_MAX_INDICES];
	const IrPut *first = group->puts[0];
	/* Puts of one group have the same positions or none is guarded: see groups() */
	LoopStmt *guard = put_guard(n, first);
	if (guard)
		nest_open(n, guard);
	for (uint32_t p = 0; p < group->count; p++) {
		const IrPut *put = group->puts[p];
		check_put(n, put);
		LoopTemp old = load_out(n, put);
		if (is_arg(put)) {
			LoopTemp best = load_out(n, group->puts[partner(group, put)]);
			values[p] = combine_arg(n, put, best, old);
		} else {
			values[p] = combine(n, put, old);
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
	uint32_t i = n->order[k];
	LoopStmt *loop = index_loop(n, i, main_part, block, &done, group->stores || group->scatter);
	if (loop) {
		open_for(n, loop);
		n->index[i].var = loop->out;
	}
	n->index[i].open = true;
	emit_outer(n, group, k + 1, done);
	n->index[i].open = false;
	if (loop)
		nest_close(n);
}

static void emit_outer(Nest *n, const NestGroup *group, uint32_t k, uint32_t done) {
	LoopStmt *test = group->stores || group->scatter ? cond_if(n, &done) : NULL;
	if (test)
		nest_open(n, test);
	if (k < n->outer_count) {
		NestIndex *index = &n->index[n->order[k]];
		NestIndex plan = *index;
		int64_t block = (int64_t)plan.copies * LOOP_LANES;
		index->vector = (int)n->order[k] == n->vector;
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
		emit_reduction(n, group);
	}
	if (test)
		nest_close(n);
}

/* ---- outputs before the nest ---- */

static void fill(Nest *n, const IrPut *put) {
	LoopSize elements = loop_elements(ir_type(n->ir, put->out));
	LoopTemp value = identity(n, put);
	uint32_t formal = nest_formal(n, n->in->buffer_of[put->out]);
	int64_t whole = elements.count > 0 ? -1 : elements.factor / LOOP_LANES * LOOP_LANES;
	for (int pass = 0; pass < 2; pass++) {
		if ((pass == 0 && whole == 0) || (pass == 1 && whole == elements.factor && whole >= 0))
			continue;
		LoopStmt *loop = new_for(n, pass == 0 ? LOOP_LANES : 1);
		LoopBound low = {.div = 1, .mul = 1}, high = {.div = 1, .mul = 1};
		loop_affine_add(n->arena, &high.affine, elements, 0);
		if (pass == 1) {
			low = high;
			low.div = low.mul = LOOP_LANES;
		}
		vec_push(n->arena, &loop->low, low);
		vec_push(n->arena, &loop->high, high);
		open_for(n, loop);
		LoopStmt *stmt = nest_stmt(n, LOOP_STORE, 0, n->depth);
		stmt->address = (LoopAddress){.buffer = formal, .stride = pass == 0 ? 1 : 0};
		stmt->address.scale = loop_size(1);
		loop_affine_add(n->arena, &stmt->address.affine, loop_size(1), loop->out);
		stmt->value = value;
		nest_close(n);
	}
}

static void prepare(Nest *n, const IrPut *put, NestPut facts) {
	uint32_t out = n->in->buffer_of[put->out];
	if (put->into && n->in->buffer_of[put->into] != out) {
		LoopStep *step = ARENA_NEW(n->arena, LoopStep);
		step->kind = LOOP_COPY;
		step->to = out;
		step->from = n->in->buffer_of[put->into];
		vec_push(n->arena, &n->steps->steps, step);
	} else if (!put->into && !facts.covers) {
		fill(n, put);
	}
}

/* ---- the op ---- */

static void emit_group(Nest *n, const NestGroup *group) {
	for (uint32_t i = 0; i < n->f->nodes.count; i++)
		n->memo[i] = (NestMemo){0};
	nest_plan(n, group);
	for (uint32_t i = 0; i < n->index_count; i++)
		n->at[i] = 0;
	emit_outer(n, group, 0, 0);
}

static void emit_op(Nest *n, const IrFor *f, uint32_t products) {
	n->f = f;
	n->products = products;
	nest_facts(n);
	NestGroup groups[IR_MAX_INDICES];
	uint32_t group_count = 0, of_put[IR_MAX_INDICES];
	if (f->puts.count > IR_MAX_INDICES)
		base_panic("nest", "an op with %u puts", (unsigned)f->puts.count);
	for (uint32_t p = 0; p < f->puts.count; p++) {
		const IrPut *put = &f->puts.data[p];
		NestPut facts = nest_put_facts(n, put);
		prepare(n, put, facts);
		NestGroup wanted = {.mask = facts.mask, .stores = put->combine == IR_PUT_NONE, .scatter = !facts.direct};
		uint32_t g = 0;
		if (is_arg(put)) {
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
