/* Opening and closing loops: levels, conditions as bounds, the copies of a tile. */
#include "jit/nest/nest.h"

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
	for (uint32_t i = 0; i < n->partials.count; i++)
		if (nest_level(n, n->partials.data[i].temp) <= n->depth)
			n->partials.data[kept++] = n->partials.data[i];
	n->partials.count = kept;
}

static LoopBound bound_dim(Nest *n, IrDim dim) {
	LoopBound bound = {.div = 1, .mul = 1};
	loop_affine_add(n->arena, &bound.affine, loop_size_dim(dim), 0);
	return bound;
}

LoopStmt *nest_new_for(Nest *n, int64_t step) {
	LoopStmt *stmt = ARENA_NEW(n->arena, LoopStmt);
	stmt->kind = LOOP_FOR;
	stmt->step = step;
	return stmt;
}

void nest_open_for(Nest *n, LoopStmt *stmt) {
	nest_open(n, stmt);
	stmt->out = nest_new(n, IR_I64, false, n->depth);
	n->kernel->temps.data[stmt->out].name = stmt->name;
}

/* ---- conditions ---- */

enum { LAST_BIT = 31 }; /* of a set of conditions: see nest_cond_if */

static uint32_t open_indices(const Nest *n) {
	uint32_t open = 0;
	for (uint32_t i = 0; i < n->op->index_count; i++)
		open |= n->op->index[i].open ? 1u << i : 0;
	return open;
}

LoopAffine nest_negated(Nest *n, LoopAffine affine) {
	LoopAffine out = loop_affine(-affine.offset);
	for (uint32_t i = 0; i < affine.count; i++) {
		LoopSize coef = affine.terms[i].coef;
		coef.factor = -coef.factor;
		loop_affine_add(n->arena, &out, coef, affine.terms[i].temp);
	}
	return out;
}

/* How much a condition grows with an index: nodes in conditions are the same for all indices. */
static int64_t growth(IrAt cond, uint32_t index) {
	int64_t coef = 0;
	for (uint32_t t = 0; t < cond.term_count; t++)
		coef += !cond.terms[t].is_node && cond.terms[t].ref == index ? cond.terms[t].coef : 0;
	return coef;
}

/* How much a condition grows from lane to lane. */
static int64_t lane_growth(const Nest *n, IrAt cond) {
	bool lanes = n->op->vector >= 0 && n->op->index[n->op->vector].vector;
	return lanes ? growth(cond, (uint32_t)n->op->vector) : 0;
}

/* A condition as an affine form: where it differs by lane, that of the lane, of those that count, in which it is largest. */
static LoopAffine cond_affine(Nest *n, IrAt cond) {
	LoopAffine affine;
	int64_t from_lane_to_lane = lane_growth(n, cond), lanes = nest_lanes(n) != 0 ? nest_lanes(n) : LOOP_LANES;
	if (!nest_scalar_affine(n, cond, &affine) && from_lane_to_lane == 0)
		base_panic("nest", "a condition differs by lane");
	affine.offset += from_lane_to_lane > 0 ? from_lane_to_lane * (lanes - 1) : 0;
	return affine;
}

LoopTemp nest_live_lanes(Nest *n) {
	if (n->op->vector < 0 || !n->op->index[n->op->vector].in_cond)
		return 0;
	if (n->op->live != 0) {
		NestPlace place = n->places.data[n->op->live];
		if (place.level <= n->depth && n->levels[place.level].id == place.id)
			return n->op->live;
	}
	LoopTemp live = 0, zero = nest_const(n, IR_I64, 0, 0);
	for (uint32_t c = 0; c < n->op->f->conds.count; c++) {
		if (lane_growth(n, n->op->f->conds.data[c]) == 0)
			continue;
		LoopTemp holds = nest_op(n, IR_ge, IR_BOOL, (LoopTemp[]){nest_position(n, n->op->f->conds.data[c]), zero}, 2);
		live = live == 0 ? holds : nest_op(n, IR_and, IR_BOOL, (LoopTemp[]){live, holds}, 2);
	}
	return n->op->live = live;
}

/* Whether all reads are inside, by the ranges of the indices alone or by conditions as well. What is guarded is tested, in every lane
 * if it depends on `index`, unless conditions tell. */
static bool reads_are_inside(const Nest *n, uint32_t index, bool with_conds) {
	for (uint32_t i = 0; i < n->op->f->nodes.count; i++) {
		const IrNode *node = &n->op->f->nodes.data[i];
		IrType type = node->kind == IR_NODE_READ ? ir_type(n->ir, node->value) : (IrType){0};
		for (uint32_t a = 0; a < type.rank; a++) {
			bool told = ir_in_bounds(n->ir, n->op->f, node->at[a], type.dims[a]);
			bool tested = node->guarded && (n->op->deps[i] >> index & 1 || !told);
			if (!tested && !(told && with_conds) && !nest_in_box(n, node->at[a], type.dims[a]))
				return false;
		}
	}
	return true;
}

/* With one such condition, some lane is alive wherever it is tested for all of them, so what all lanes share is safe to be read; with
 * several there may be none, so nothing may need them. */
bool nest_conds_allow_lanes(const Nest *n, uint32_t index) {
	uint32_t differ = 0;
	if (n->op->index[index].extent < 0 || n->op->f->conds.count >= LAST_BIT)
		return false;
	for (uint32_t c = 0; c < n->op->f->conds.count; c++)
		differ += growth(n->op->f->conds.data[c], index) != 0;
	return reads_are_inside(n, index, differ <= 1);
}

/* Whether a bound, if both are numbers, never decides beside the other one. */
static bool is_idle(const LoopBound *bound, const LoopBound *beside, bool high) {
	int64_t there = beside->affine.offset;
	if (bound->affine.count > 0 || beside->affine.count > 0 || beside->div != 1 || beside->mul != 1)
		return false;
	return high ? bound->affine.offset >= there * bound->div : bound->affine.offset < (there + 1) * bound->div;
}

/* c * i + rest >= 0 as a bound of the loop over i */
static void add_cond_bound(Nest *n, LoopStmt *stmt, IrAt cond, uint32_t i) {
	int64_t coef = 0;
	IrAt rest = {.offset = cond.offset, .terms = ARENA_ARRAY(n->arena, IrTerm, cond.term_count)};
	for (uint32_t t = 0; t < cond.term_count; t++)
		if (!cond.terms[t].is_node && cond.terms[t].ref == i)
			coef = cond.terms[t].coef;
		else
			rest.terms[rest.term_count++] = cond.terms[t];
	LoopBound bound = {.affine = cond_affine(n, rest), .mul = 1};
	if (coef > 0) {
		bound.affine = nest_negated(n, bound.affine);
		bound.affine.offset += coef - 1;
		bound.div = coef;
		if (!is_idle(&bound, &stmt->low.data[0], false))
			vec_push(n->arena, &stmt->low, bound);
	} else {
		bound.affine.offset -= coef;
		bound.div = -coef;
		if (!is_idle(&bound, &stmt->high.data[0], true))
			vec_push(n->arena, &stmt->high, bound);
	}
}

/* The conditions that the loop over i can take as bounds; returns them as bits. */
static uint32_t bound_conds(Nest *n, LoopStmt *stmt, uint32_t i, uint32_t done) {
	uint32_t open = open_indices(n), taken = 0;
	for (uint32_t c = 0; c < n->op->f->conds.count && c < LAST_BIT; c++) {
		uint32_t deps = nest_at_deps(n, n->op->f->conds.data[c]);
		if (done >> c & 1 || !(deps >> i & 1) || (deps & ~open & ~(1u << i)) != 0)
			continue;
		add_cond_bound(n, stmt, n->op->f->conds.data[c], i);
		taken |= 1u << c;
	}
	return taken;
}

/* What the conditions from `first` on depend on. */
static uint32_t cond_deps(const Nest *n, uint32_t first) {
	uint32_t deps = 0;
	for (uint32_t c = first; c < n->op->f->conds.count; c++)
		deps |= nest_at_deps(n, n->op->f->conds.data[c]);
	return deps;
}

LoopStmt *nest_cond_if(Nest *n, uint32_t *done) {
	LoopStmt *stmt = NULL;
	uint32_t before = *done;
	for (uint32_t c = 0; c < n->op->f->conds.count; c++) {
		IrAt cond = n->op->f->conds.data[c];
		uint32_t bit = c < LAST_BIT ? c : LAST_BIT;
		uint32_t deps = c < LAST_BIT ? nest_at_deps(n, cond) : cond_deps(n, LAST_BIT);
		if (before >> bit & 1 || (deps & ~open_indices(n)) != 0)
			continue;
		if (!stmt) {
			stmt = ARENA_NEW(n->arena, LoopStmt);
			stmt->kind = LOOP_IF;
		}
		vec_push(n->arena, &stmt->conds, cond_affine(n, cond));
		*done |= 1u << bit;
	}
	return stmt;
}

/* ---- copies: the instances within a tile ---- */

void nest_first_copy(Nest *n, uint32_t from, uint32_t to) {
	for (uint32_t k = from; k < to; k++)
		n->op->at[n->op->order[k]] = 0;
}

bool nest_next_copy(Nest *n, uint32_t from, uint32_t to) {
	for (uint32_t k = to; k-- > from;) {
		uint32_t i = n->op->order[k];
		if (++n->op->at[i] < n->op->index[i].copies)
			return true;
		n->op->at[i] = 0;
	}
	return false;
}

uint32_t nest_copy_count(const Nest *n, uint32_t from, uint32_t to) {
	uint32_t count = 1;
	for (uint32_t k = from; k < to; k++)
		count *= n->op->index[n->op->order[k]].copies;
	return count;
}

/* ---- loops over one index ---- */

bool nest_runs_without_loop(const NestIndex *index, bool vector) {
	return index->extent >= 0 && (int64_t)index->copies * (vector ? LOOP_LANES : 1) == index->extent;
}

uint32_t nest_parts(const NestIndex *index, bool vector, NestPart parts[2]) {
	int64_t width = vector ? LOOP_LANES : 1, block = index->copies * width;
	NestPart main_part = {.vector = vector, .copies = index->copies, .loops = true, .block = block};
	if (index->extent < 0) {
		parts[0] = main_part;
		parts[1] = (NestPart){.copies = 1, .loops = true, .rest = true, .block = block};
		return vector ? 2 : 1;
	}
	int64_t blocks = index->extent / block, left = index->extent % block;
	uint32_t count = 0;
	main_part.loops = blocks > 1;
	if (blocks > 0)
		parts[count++] = main_part;
	if (left > 0)
		parts[count++] = (NestPart){.vector = vector,
		                            .copies = (uint32_t)((left + width - 1) / width),
		                            .tail = (uint32_t)(left % width),
		                            .base = blocks * block,
		                            .block = block};
	return count;
}

void nest_set_part(NestOp *op, uint32_t i, const NestPart *part) {
	NestIndex *index = &op->index[i];
	for (uint32_t k = 0; k < op->f->nodes.count; k++)
		if (op->deps[k] >> i & 1)
			op->memo[k].count = 0;
	op->live = index->in_cond ? 0 : op->live;
	index->vector = part->vector;
	index->copies = part->copies;
	index->tail = part->tail;
	index->base = part->base;
	index->var = 0;
}

LoopStmt *nest_index_loop(Nest *n, uint32_t i, const NestPart *part, uint32_t *done, bool conds) {
	NestIndex *index = &n->op->index[i];
	if (index->bound)
		return NULL;
	nest_set_part(n->op, i, part);
	if (!part->loops)
		return NULL;
	LoopStmt *stmt = nest_new_for(n, part->rest ? 1 : part->block);
	stmt->name = n->op->f->indices.data[i].name;
	LoopBound low = {.div = 1, .mul = 1};
	if (part->rest) {
		low = bound_dim(n, index->extent);
		low.div = low.mul = part->block;
	}
	vec_push(n->arena, &stmt->low, low);
	vec_push(n->arena, &stmt->high, bound_dim(n, index->extent));
	if (conds && index->in_cond)
		*done |= bound_conds(n, stmt, i, *done);
	return stmt;
}

uint32_t nest_lanes(const Nest *n) {
	if (n->op->vector < 0)
		return 0;
	const NestIndex *index = &n->op->index[n->op->vector];
	return index->vector && n->op->at[n->op->vector] + 1 == index->copies ? index->tail : 0;
}

LoopTemp nest_lane_mask(Nest *n, uint32_t lanes) {
	LoopTemp *known = &n->lane_masks[lanes];
	if (*known == 0)
		*known = nest_op(n, IR_lt, IR_BOOL, (LoopTemp[]){nest_lane_numbers(n), nest_const(n, IR_I64, 0, lanes)}, 2);
	return *known;
}
