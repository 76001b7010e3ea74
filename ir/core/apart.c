/* Whether the points of a domain have different positions, and whether they reach every element: proved from mixed radices,
 * or for small domains by walking over the points. */
#include "ir/core/limits.h"
#include "ir/core/walk.h"

#include <stdlib.h>

uint32_t ir_node_indices(const IrFor *f, uint32_t node) {
	uint32_t small[64] = {0}, *per_node = node < 64 ? small : memory_new(((size_t)node + 1) * sizeof(uint32_t));
	ir_node_index_sets(f, node + 1, per_node);
	uint32_t set = per_node[node];
	if (per_node != small)
		free(per_node);
	return set;
}

/* An atom like %slot[i] over a constant table without duplicates determines i. Returns i's bit, or 0. */
static uint32_t determined_by_table(const IrFunc *func, const IrFor *f, uint32_t number) {
	const IrNode *node = &f->nodes.data[number];
	if (node->kind != IR_NODE_READ || node->at_count != 1)
		return 0;
	int plain = ir_at_plain_index(node->at[0]);
	const IrConst *table = ir_table_of(func, node->value);
	if (plain < 0 || !table || !table->integers || table->low > table->high)
		return 0;
	int64_t count = ir_type(func, table->out).dims[0];
	uint64_t spread = (uint64_t)table->high - (uint64_t)table->low;
	if (spread >= (uint64_t)IR_WALKED_ELEMENTS)
		return 0;
	bool *seen = memory_new((size_t)spread + 1);
	bool distinct = true;
	for (int64_t i = 0; i < count && distinct; i++) {
		size_t at = (size_t)(table->integers[i] - table->low);
		distinct = !seen[at];
		seen[at] = true;
	}
	free(seen);
	return distinct ? UINT32_C(1) << plain : 0;
}

/* The term with the smallest coefficient of those over indices of `set`. */
static IrTerm least_term(IrAt at, uint32_t set) {
	IrTerm least = {0};
	for (uint32_t i = 0; i < at.term_count; i++) {
		IrTerm term = at.terms[i];
		if (!term.is_node && (set >> term.ref & 1) && (least.coef == 0 || llabs(term.coef) < llabs(least.coef)))
			least = term;
	}
	return least;
}

/* The indices of `open` that a position mentions by themselves. */
static uint32_t mentioned(IrAt at, uint32_t open) {
	uint32_t set = 0;
	for (uint32_t i = 0; i < at.term_count; i++)
		set |= at.terms[i].is_node ? 0 : UINT32_C(1) << at.terms[i].ref;
	return set & open;
}

bool ir_digits_apart(const IrFor *f, IrAt at, uint32_t open) {
	int64_t reach = 0; /* the largest difference that lower digits can make */
	for (uint32_t left = mentioned(at, open); left;) {
		IrTerm digit = least_term(at, left);
		int64_t coef = llabs(digit.coef), span;
		IrDim extent = f->indices.data[digit.ref].extent;
		left &= ~(UINT32_C(1) << digit.ref);
		if (coef <= reach)
			return false;
		if (extent < 0)
			return left == 0;
		if (__builtin_mul_overflow(coef, extent > 0 ? extent - 1 : 0, &span) ||
		    __builtin_add_overflow(reach, span, &reach))
			return false;
	}
	return true;
}

/* Indices that one axis tells apart, given that all outside `open` are known. */
static uint32_t determined_by_axis(const IrFunc *func, const IrFor *f, IrAt at, uint32_t open) {
	for (uint32_t i = 0; i < at.term_count; i++)
		if (at.terms[i].is_node && (ir_node_indices(f, at.terms[i].ref) & open))
			return at.term_count == 1 ? determined_by_table(func, f, at.terms[i].ref) : 0;
	return ir_digits_apart(f, at, open) ? mentioned(at, open) : 0;
}

static bool radices_prove(const IrFunc *func, const IrFor *f, const IrAt *at, uint32_t rank) {
	uint32_t open = 0;
	for (uint32_t i = 0; i < f->indices.count; i++) {
		if (f->indices.data[i].extent == 0)
			return true;
		if (f->indices.data[i].extent != 1)
			open |= UINT32_C(1) << i;
	}
	for (bool again = true; again && open;) {
		again = false;
		for (uint32_t axis = 0; axis < rank; axis++) {
			uint32_t known = determined_by_axis(func, f, at[axis], open);
			again = again || (known & open);
			open &= ~known;
		}
	}
	return open == 0;
}

/* ---- walking over the points ---- */

/* The points of a small domain, one after the other. */
typedef struct Walk {
	const IrFunc *func;
	const IrFor *f;
	int64_t index[IR_MAX_INDICES];
	bool failed; /* something is only known when the code runs */
} Walk;

static int64_t walk_node(Walk *w, uint32_t number);

static int64_t walk_at(Walk *w, IrAt at) {
	int64_t position = at.offset;
	for (uint32_t i = 0; i < at.term_count && !w->failed; i++)
		position +=
			at.terms[i].coef * (at.terms[i].is_node ? walk_node(w, at.terms[i].ref) : w->index[at.terms[i].ref]);
	return position;
}

static int64_t walk_node(Walk *w, uint32_t number) {
	const IrNode *node = &w->f->nodes.data[number];
	if (node->kind == IR_NODE_CONST)
		return node->integer;
	if (node->kind == IR_NODE_INDEX)
		return walk_at(w, node->at[0]);
	const IrConst *table = node->kind == IR_NODE_READ ? ir_table_of(w->func, node->value) : NULL;
	if (!table || !table->integers) {
		w->failed = true;
		return 0;
	}
	IrType type = ir_type(w->func, node->value);
	int64_t flat = 0;
	for (uint32_t axis = 0; axis < node->at_count; axis++) {
		int64_t position = walk_at(w, node->at[axis]);
		if (position < 0 || position >= type.dims[axis]) {
			w->failed = w->failed || !node->guarded;
			return 0;
		}
		flat = flat * type.dims[axis] + position;
	}
	return table->integers[flat];
}

/* The number of points of the box, or -1 if there are too many, or symbols. */
static int64_t small_box(const IrFor *f) {
	int64_t points = 1;
	for (uint32_t i = 0; i < f->indices.count; i++) {
		IrDim extent = f->indices.data[i].extent;
		if (extent < 0 || extent > IR_WALKED_POINTS || (points *= extent) > IR_WALKED_POINTS)
			return -1;
	}
	return points;
}

static bool is_live(Walk *w) {
	for (uint32_t i = 0; i < w->f->conds.count; i++)
		if (walk_at(w, w->f->conds.data[i]) < 0)
			return false;
	return true;
}

/* Marks what each point reaches: false if two reach one element, or if it is only known when the code runs. */
static bool walk_marks(Walk *w, const IrAt *at, IrType type, int64_t points, bool *reached, int64_t *count) {
	for (int64_t point = 0; point < points; point++) {
		int64_t rest = point, flat = 0;
		for (uint32_t i = w->f->indices.count; i-- > 0; rest /= w->f->indices.data[i].extent)
			w->index[i] = rest % w->f->indices.data[i].extent;
		if (!is_live(w))
			continue;
		for (int axis = 0; axis < type.rank && flat >= 0; axis++) {
			int64_t position = walk_at(w, at[axis]);
			flat = position < 0 || position >= type.dims[axis] ? -1 : flat * type.dims[axis] + position;
		}
		if (w->failed)
			return false;
		if (flat < 0)
			continue; /* a guarded put writes nothing here */
		if (reached[flat])
			return false;
		reached[flat] = true;
		++*count;
	}
	return !w->failed;
}

/* Walks over the points; *count receives the number of elements reached. */
static bool walk_proves(const IrFunc *func, const IrFor *f, const IrAt *at, IrType type, int64_t *count) {
	int64_t points = small_box(f), elements = 1;
	*count = 0;
	for (int axis = 0; axis < type.rank; axis++)
		if (type.dims[axis] < 0 || type.dims[axis] > IR_WALKED_ELEMENTS ||
		    (elements *= type.dims[axis]) > IR_WALKED_ELEMENTS)
			return false;
	if (points < 0)
		return false;
	bool *reached = memory_new((size_t)elements + 1);
	Walk walk = {.func = func, .f = f};
	bool apart = walk_marks(&walk, at, type, points, reached, count);
	free(reached);
	return apart;
}

bool ir_put_apart(const IrFunc *func, const IrFor *f, const IrPut *put) {
	IrType type = ir_type(func, put->out);
	int64_t count;
	return radices_prove(func, f, put->at, type.rank) || walk_proves(func, f, put->at, type, &count);
}

/* As many points as elements, symbols included. */
static bool as_many(const IrFor *f, IrType type) {
	bool paired[IR_MAX_RANK] = {0};
	int64_t points = 1, elements = 1;
	for (uint32_t i = 0; i < f->indices.count; i++) {
		IrDim extent = f->indices.data[i].extent;
		if (extent >= 0) {
			if (__builtin_mul_overflow(points, extent, &points))
				return false;
			continue;
		}
		int axis = 0;
		while (axis < type.rank && (paired[axis] || type.dims[axis] != extent))
			axis++;
		if (axis == type.rank)
			return false;
		paired[axis] = true;
	}
	for (int axis = 0; axis < type.rank; axis++) {
		if (type.dims[axis] < 0 && !paired[axis])
			return false;
		if (type.dims[axis] >= 0 && __builtin_mul_overflow(elements, type.dims[axis], &elements))
			return false;
	}
	return points == elements;
}

bool ir_put_covers(const IrFunc *func, const IrFor *f, const IrPut *put) {
	IrType type = ir_type(func, put->out);
	if (f->conds.count == 0 && !put->guarded && as_many(f, type) && radices_prove(func, f, put->at, type.rank))
		return true;
	int64_t count;
	return walk_proves(func, f, put->at, type, &count) && count == ir_type_elements(type, NULL);
}
