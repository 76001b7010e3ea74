/* Fusion: which ops can run in one loop, and which values then stay in temps.
 *
 *     for i { a[i] = ...; for i { b[i] = f(a[i]) }   becomes   for i { t = ...; a[i] = t; b[i] = f(t) }
 *
 * Two ops share a loop if whatever one writes and the other touches is named by the loop's index, plainly and along the
 * same axis: then different turns touch different elements, and within a turn the order stays. The test is on
 * buffers, so values that take over one another's place are covered. */
#include "jit/nest/nest.h"

void nest_list_loops(Nest *n) {
	NestOp *op = n->op;
	op->loop_count = 0;
	for (uint32_t k = 0; k < op->outer_count && !op->group.scatter; k++) {
		uint32_t i = op->order[k];
		if (nest_runs_without_loop(&op->index[i], (int)i == op->vector))
			continue;
		if (op->index[i].copies > 1 || op->index[i].in_cond)
			return;
		op->loops[op->loop_count++] = i;
	}
}

static bool aligned(const Nest *n, IrValue x, const IrAt *x_at, uint32_t x_index, IrValue y, const IrAt *y_at,
                    uint32_t y_index) {
	IrType type = ir_type(n->ir, x);
	if (!ir_type_equal(type, ir_type(n->ir, y)))
		return false;
	for (uint32_t a = 0; a < type.rank; a++)
		if (ir_at_plain_index(x_at[a]) == (int)x_index && ir_at_plain_index(y_at[a]) == (int)y_index)
			return true;
	return false;
}

/* What `writer` writes, against everything that `other` touches. */
static bool writes_apart(const Nest *n, const NestOp *writer, uint32_t index, const NestOp *other,
                         uint32_t other_index) {
	const uint32_t *buffer_of = n->in->buffer_of;
	for (uint32_t p = 0; p < writer->group.count; p++) {
		const IrPut *put = writer->group.puts[p];
		for (uint32_t i = 0; i < other->f->nodes.count; i++) {
			const IrNode *node = &other->f->nodes.data[i];
			if (node->kind == IR_NODE_READ && buffer_of[node->value] == buffer_of[put->out] &&
			    !aligned(n, put->out, put->at, index, node->value, node->at, other_index))
				return false;
		}
		for (uint32_t i = 0; i < other->group.count; i++) {
			const IrPut *its = other->group.puts[i];
			if (buffer_of[its->out] == buffer_of[put->out] &&
			    !aligned(n, put->out, put->at, index, its->out, its->at, other_index))
				return false;
		}
	}
	return true;
}

static bool can_join(const Nest *n, NestOp *const *run, uint32_t count, const NestOp *op, uint32_t depth) {
	if (op->needs_fill || op->loop_count <= depth)
		return false;
	uint32_t first = run[0]->loops[depth], index = op->loops[depth];
	if (run[0]->index[first].extent != op->index[index].extent ||
	    ((int)first == run[0]->vector) != ((int)index == op->vector))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t its = run[i]->loops[depth];
		if (!writes_apart(n, run[i], its, op, index) || !writes_apart(n, op, index, run[i], its))
			return false;
	}
	return true;
}

uint32_t nest_run_length(const Nest *n, NestOp *const *ops, uint32_t count, uint32_t depth) {
	uint32_t length = 1;
	if (ops[0]->loop_count <= depth)
		return 1;
	while (length < count && can_join(n, ops, length, ops[length], depth))
		length++;
	return length;
}

/* A position as a loop variable and an offset; false if it is anything else. */
static bool simple_place(const Nest *n, IrAt at, LoopTemp *var, int64_t *offset, bool *vector) {
	*var = 0;
	*offset = at.offset;
	*vector = false;
	if (at.term_count == 0)
		return true;
	if (at.term_count > 1 || at.terms[0].is_node || at.terms[0].coef != 1)
		return false;
	const NestIndex *index = &n->op->index[at.terms[0].ref];
	*var = index->var;
	*vector = index->vector;
	*offset += index->base + (int64_t)n->op->at[at.terms[0].ref] * (index->vector ? LOOP_LANES : 1);
	return true;
}

/* The place of an access in a form that can be compared; false if it has no such form. */
static bool forward_place(const Nest *n, IrValue value, const IrAt *at, NestForward *place) {
	uint32_t rank = ir_type(n->ir, value).rank;
	bool in_lanes = false;
	place->value = value;
	for (uint32_t a = 0; a < rank; a++) {
		if (!simple_place(n, at[a], &place->vars[a], &place->offsets[a], &place->vector[a]))
			return false;
		in_lanes = in_lanes || place->vector[a];
	}
	place->lanes = in_lanes ? nest_lanes(n) : 0;
	return true;
}

void nest_forward(Nest *n, const IrPut *put, LoopTemp temp) {
	NestForward forward = {.temp = temp};
	if (n->cond_level == 0 && forward_place(n, put->out, put->at, &forward))
		vec_push(n->arena, &n->forwards, forward);
}

static bool is_open(const Nest *n, LoopTemp temp) {
	NestPlace place = n->places.data[temp];
	return place.level <= n->depth && n->levels[place.level].id == place.id;
}

/* Lanes that were not stored hold nothing. */
static bool has_lanes(const NestForward *stored, const NestForward *wanted) {
	return stored->lanes == 0 || (wanted->lanes != 0 && wanted->lanes <= stored->lanes);
}

LoopTemp nest_forwarded(const Nest *n, IrValue value, const IrAt *at) {
	uint32_t rank = ir_type(n->ir, value).rank;
	NestForward wanted = {0};
	if (n->forwards.count == 0 || !forward_place(n, value, at, &wanted))
		return 0;
	for (uint32_t i = n->forwards.count; i-- > 0;) {
		const NestForward *forward = &n->forwards.data[i];
		if (forward->value != value || !is_open(n, forward->temp) || !has_lanes(forward, &wanted))
			continue;
		bool same = true;
		for (uint32_t a = 0; a < rank && same; a++)
			same = wanted.vars[a] == forward->vars[a] && wanted.offsets[a] == forward->offsets[a] &&
			       wanted.vector[a] == forward->vector[a] && (wanted.vars[a] == 0 || is_open(n, wanted.vars[a]));
		if (same)
			return forward->temp;
	}
	return 0;
}
