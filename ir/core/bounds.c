/* What can be proved about positions on the live points of a domain: ranges of gather atoms, and affine forms that are
 * never negative, from the box, the conditions and the ranges. */
#include "ir/build.h"
#include "ir/core/limits.h"
#include "ir/core/walk.h"

#include <stdlib.h>

/* ---- affine forms over indices, symbols and integer nodes ---- */

typedef struct Other {
	uint32_t key; /* a symbol or a node */
	bool is_symbol;
	int64_t coef;
} Other;

typedef struct Form {
	int64_t constant;
	int64_t index[IR_MAX_INDICES];
	Other other[IR_PROOF_TERMS];
	int other_count;
	bool failed; /* too large to reason about */
} Form;

static int64_t checked(Form *form, int64_t value) {
	if (value > ir_proof_largest || value < -ir_proof_largest)
		form->failed = true;
	return form->failed ? 0 : value;
}

static int64_t product(Form *form, int64_t a, int64_t b) {
	int64_t out;
	if (__builtin_mul_overflow(a, b, &out))
		form->failed = true;
	return form->failed ? 0 : checked(form, out);
}

static void add_other(Form *form, bool is_symbol, uint32_t key, int64_t coef) {
	for (int i = 0; i < form->other_count; i++) {
		if (form->other[i].is_symbol == is_symbol && form->other[i].key == key) {
			form->other[i].coef = checked(form, form->other[i].coef + coef);
			return;
		}
	}
	if (form->other_count == IR_PROOF_TERMS)
		form->failed = true;
	else
		form->other[form->other_count++] = (Other){key, is_symbol, coef};
}

static void add_dim(Form *form, IrDim dim, int64_t coef) {
	if (dim >= 0)
		form->constant = checked(form, form->constant + product(form, coef, dim));
	else
		add_other(form, true, (uint32_t)(-1 - dim), coef);
}

static void add_at(Form *form, const IrFor *f, IrAt at, int64_t factor) {
	form->constant = checked(form, form->constant + product(form, at.offset, factor));
	for (uint32_t i = 0; i < at.term_count && !form->failed; i++) {
		IrTerm term = at.terms[i];
		int64_t coef = product(form, term.coef, factor);
		const IrNode *node = term.is_node ? &f->nodes.data[term.ref] : NULL;
		if (!node)
			form->index[term.ref] = checked(form, form->index[term.ref] + coef);
		else if (node->kind == IR_NODE_CONST)
			form->constant = checked(form, form->constant + product(form, coef, node->integer));
		else if (node->kind == IR_NODE_DIM)
			add_dim(form, node->dim, coef);
		else if (node->kind == IR_NODE_INDEX)
			add_at(form, f, node->at[0], coef);
		else
			add_other(form, false, term.ref, coef);
	}
}

/* a * x - b * y */
static Form combine(const Form *x, int64_t a, const Form *y, int64_t b) {
	Form out = {.failed = x->failed || y->failed};
	out.constant = checked(&out, product(&out, x->constant, a) - product(&out, y->constant, b));
	for (int i = 0; i < IR_MAX_INDICES; i++)
		out.index[i] = checked(&out, product(&out, x->index[i], a) - product(&out, y->index[i], b));
	for (int i = 0; i < x->other_count; i++)
		add_other(&out, x->other[i].is_symbol, x->other[i].key, product(&out, x->other[i].coef, a));
	for (int i = 0; i < y->other_count; i++)
		add_other(&out, y->other[i].is_symbol, y->other[i].key, -product(&out, y->other[i].coef, b));
	return out;
}

/* ---- ranges of integer nodes ---- */

typedef struct Range {
	int64_t low, high;
} Range;

static bool node_range(const IrFunc *func, const IrFor *f, uint32_t number, int depth, Range *range);

static bool add_range(Range *sum, Range part, int64_t coef) {
	int64_t a, b;
	if (__builtin_mul_overflow(part.low, coef, &a) || __builtin_mul_overflow(part.high, coef, &b))
		return false;
	sum->low += a < b ? a : b;
	sum->high += a < b ? b : a;
	return sum->low > -ir_proof_largest && sum->high < ir_proof_largest;
}

/* The range of a position over the box, conditions aside. */
static bool at_range(const IrFunc *func, const IrFor *f, IrAt at, int depth, Range *range) {
	*range = (Range){at.offset, at.offset};
	for (uint32_t i = 0; i < at.term_count; i++) {
		IrTerm term = at.terms[i];
		Range part = {0, 0};
		if (term.is_node) {
			if (!node_range(func, f, term.ref, depth - 1, &part))
				return false;
		} else {
			IrDim extent = f->indices.data[term.ref].extent;
			if (extent < 0)
				return false;
			part.high = extent > 0 ? extent - 1 : 0;
		}
		if (!add_range(range, part, term.coef))
			return false;
	}
	return true;
}

static Range join(Range a, Range b) {
	return (Range){a.low < b.low ? a.low : b.low, a.high > b.high ? a.high : b.high};
}

static bool value_range(const IrFunc *func, IrValue value, int depth, Range *range);

static bool put_range(const IrFunc *func, const IrFor *f, const IrPut *put, int depth, Range *range) {
	if (ir_put_is_arg(put)) {
		IrDim extent = f->indices.data[put->arg_index].extent;
		*range = (Range){-1, extent - 1};
		return extent >= 0;
	}
	if (put->combine != IR_PUT_NONE || !node_range(func, f, put->node, depth - 1, range))
		return false;
	Range base;
	if (put->into && !value_range(func, put->into, depth - 1, &base))
		return false;
	if (put->into)
		*range = join(*range, base);
	return true;
}

/* Whole numbers that a call gives are places on its axis. */
static bool result_range(const IrFunc *func, const IrCall *call, uint32_t number, Range *range) {
	IrDim n = ir_call_size(func, call).n;
	*range = (Range){0, n > 0 ? n - 1 : 0};
	return ir_callee_info(call->callee).outs[number].whole && n >= 0;
}

/* The range of a whole integer value, from what defines it. */
static bool value_range(const IrFunc *func, IrValue value, int depth, Range *range) {
	IrDef def = ir_def_of(func, value);
	switch (def.kind) {
	case IR_DEF_PUT: return put_range(func, &def.op->f, &def.op->f.puts.data[def.number], depth, range);
	case IR_DEF_TABLE: *range = (Range){def.op->constant.low, def.op->constant.high}; return range->low <= range->high;
	case IR_DEF_COUNTER: *range = (Range){0, def.op->loop.limit > 0 ? def.op->loop.limit - 1 : 0}; return true;
	case IR_DEF_PARAM:
	case IR_DEF_INNER:
	case IR_DEF_OUT:
	case IR_DEF_EVALUATED:
	case IR_DEF_DEFERRED: break;
	case IR_DEF_RESULT: return result_range(func, &def.op->call, def.number, range);
	}
	return false;
}

static bool product_range(Range a, Range b, Range *range) {
	int64_t p[4];
	if (__builtin_mul_overflow(a.low, b.low, &p[0]) || __builtin_mul_overflow(a.low, b.high, &p[1]) ||
	    __builtin_mul_overflow(a.high, b.low, &p[2]) || __builtin_mul_overflow(a.high, b.high, &p[3]))
		return false;
	*range = (Range){p[0], p[0]};
	for (int i = 1; i < 4; i++)
		*range = join(*range, (Range){p[i], p[i]});
	return range->low > -ir_proof_largest && range->high < ir_proof_largest;
}

static int64_t floor_divide(int64_t a, int64_t b) {
	return a / b - (a % b != 0 && a < 0);
}

static bool op_range(const IrFunc *func, const IrFor *f, const IrNode *node, int depth, Range *range) {
	Range a = {0, 0}, b = {0, 0};
	int arity = ir_op_info[node->opcode].arity;
	bool know_a = node->opcode != IR_where && node_range(func, f, node->args[0], depth - 1, &a);
	bool know_b = arity > 1 && node_range(func, f, node->args[1], depth - 1, &b);
	if (!know_a)
		a = (Range){-ir_proof_largest, ir_proof_largest};
	if (!know_b)
		b = (Range){-ir_proof_largest, ir_proof_largest};
	switch (node->opcode) {
	case IR_add:
	case IR_sub: *range = a; return know_a && know_b && add_range(range, b, node->opcode == IR_add ? 1 : -1);
	case IR_neg: *range = (Range){0, 0}; return know_a && add_range(range, a, -1);
	case IR_mul: return know_a && know_b && product_range(a, b, range);
	case IR_imod: *range = (Range){0, b.high - 1}; return know_b && b.low > 0 && b.high < ir_proof_largest;
	case IR_idiv:
		if (!know_a || !know_b || b.low != b.high || b.low <= 0 || a.low == -ir_proof_largest ||
		    a.high == ir_proof_largest)
			return false;
		*range = (Range){floor_divide(a.low, b.low), floor_divide(a.high, b.low)};
		return true;
	case IR_min:
	case IR_max: { /* one operand is enough for one end; the other end is then very large, which proves nothing */
		bool is_min = node->opcode == IR_min;
		*range = (Range){(a.low < b.low) == is_min ? a.low : b.low, (a.high < b.high) == is_min ? a.high : b.high};
		return know_a || know_b;
	}
	case IR_where:
		if (!know_b || !node_range(func, f, node->args[2], depth - 1, &a))
			return false;
		*range = join(a, b);
		return true;
	case IR_iand:
		*range = (Range){0, know_a && a.low >= 0 && (!know_b || b.low < 0 || a.high < b.high) ? a.high : b.high};
		return (know_a && a.low >= 0) || (know_b && b.low >= 0);
	default: return false;
	}
}

static bool node_range(const IrFunc *func, const IrFor *f, uint32_t number, int depth, Range *range) {
	const IrNode *node = &f->nodes.data[number];
	if (depth <= 0 || node->type != IR_I64)
		return false;
	switch (node->kind) {
	case IR_NODE_CONST:
		*range = (Range){node->integer, node->integer};
		return range->low > -ir_proof_largest && range->high < ir_proof_largest;
	case IR_NODE_INDEX: return at_range(func, f, node->at[0], depth, range);
	case IR_NODE_READ:
		if (!value_range(func, node->value, depth, range))
			return false;
		if (node->guarded)
			*range = join(*range, (Range){0, 0});
		return range->low > -ir_proof_largest && range->high < ir_proof_largest;
	case IR_NODE_OP: return op_range(func, f, node, depth, range);
	case IR_NODE_DIM: return false;
	}
	return false;
}

bool ir_node_range(const IrFunc *func, const IrFor *f, uint32_t node, int64_t *low, int64_t *high) {
	Range range;
	if (!node_range(func, f, node, IR_PROOF_DEPTH, &range) || range.low == -ir_proof_largest ||
	    range.high == ir_proof_largest)
		return false;
	*low = range.low;
	*high = range.high;
	return true;
}

/* ---- forms that are never negative ---- */

static bool is_extent(const IrFor *f, IrDim dim) {
	for (uint32_t i = 0; i < f->indices.count; i++)
		if (f->indices.data[i].extent == dim)
			return true;
	return false;
}

/* From the box and the ranges alone: every variable at its worst end. */
static bool box_proves(const IrFunc *func, const IrFor *f, Form form) {
	for (uint32_t i = 0; i < f->indices.count; i++) {
		int64_t coef = form.index[i];
		if (coef >= 0)
			continue;
		add_dim(&form, f->indices.data[i].extent, coef);
		form.constant = checked(&form, form.constant - coef);
	}
	for (int i = 0; i < form.other_count && !form.failed; i++) {
		Other other = form.other[i];
		Range range;
		if (other.coef == 0)
			continue;
		if (other.is_symbol) {
			if (other.coef < 0)
				return false;
			/* where there is a point at all, an index's extent is at least 1 */
			if (is_extent(f, -1 - (IrDim)other.key))
				form.constant = checked(&form, form.constant + other.coef);
			continue;
		}
		if (!node_range(func, f, other.key, IR_PROOF_DEPTH, &range))
			return false;
		int64_t worst = other.coef > 0 ? range.low : range.high;
		form.constant = checked(&form, form.constant + product(&form, other.coef, worst));
	}
	return !form.failed && form.constant >= 0;
}

static int64_t coef_of(const Form *form, bool is_symbol, uint32_t key) {
	for (int i = 0; i < form->other_count; i++)
		if (form->other[i].is_symbol == is_symbol && form->other[i].key == key)
			return form->other[i].coef;
	return 0;
}

static bool proves(const IrFunc *func, const IrFor *f, const Form *form, int steps);

/* form >= 0 if form minus a positive multiple of a condition is: one that makes a variable vanish. */
static bool step_proves(const IrFunc *func, const IrFor *f, const Form *form, const Form *cond, int64_t mine,
                        int64_t its, int steps) {
	if (mine == 0 || its == 0 || (mine > 0) != (its > 0))
		return false;
	Form rest = combine(form, llabs(its), cond, llabs(mine));
	return !rest.failed && proves(func, f, &rest, steps - 1);
}

static bool proves(const IrFunc *func, const IrFor *f, const Form *form, int steps) {
	if (form->failed)
		return false;
	if (box_proves(func, f, *form))
		return true;
	for (uint32_t k = 0; k < f->conds.count && steps > 0; k++) {
		Form cond = {0};
		add_at(&cond, f, f->conds.data[k], 1);
		if (cond.failed)
			continue;
		for (uint32_t i = 0; i < f->indices.count; i++)
			if (step_proves(func, f, form, &cond, form->index[i], cond.index[i], steps))
				return true;
		for (int i = 0; i < form->other_count; i++) {
			const Other *other = &form->other[i];
			if (step_proves(func, f, form, &cond, other->coef, coef_of(&cond, other->is_symbol, other->key), steps))
				return true;
		}
	}
	return false;
}

bool ir_for_is_empty(const IrFor *f) {
	for (uint32_t i = 0; i < f->indices.count; i++)
		if (f->indices.data[i].extent == 0)
			return true;
	return false;
}

bool ir_at_least_zero(const IrFunc *func, const IrFor *f, IrAt at) {
	Form form = {0};
	add_at(&form, f, at, 1);
	return ir_for_is_empty(f) || proves(func, f, &form, IR_PROOF_CONDITIONS);
}

bool ir_in_bounds(const IrFunc *func, const IrFor *f, IrAt at, IrDim extent) {
	int plain = ir_at_plain_index(at);
	if ((plain >= 0 && f->indices.data[plain].extent == extent) || ir_for_is_empty(f))
		return true;
	Form below = {0}, above = {0};
	add_at(&below, f, at, 1);
	add_at(&above, f, at, -1);
	add_dim(&above, extent, 1);
	above.constant = checked(&above, above.constant - 1);
	return proves(func, f, &below, IR_PROOF_CONDITIONS) && proves(func, f, &above, IR_PROOF_CONDITIONS);
}
