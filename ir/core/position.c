/* Positions: the algebra of sums of affine terms and gather atoms. Terms are kept sorted, unique and non-zero, and are
 * never edited once made, so that positions can share them. */
#include "ir/ir.h"

#include <string.h>

int64_t ir_wrap_add(int64_t a, int64_t b) {
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

int64_t ir_wrap_mul(int64_t a, int64_t b) {
	return (int64_t)((uint64_t)a * (uint64_t)b);
}

IrAt ir_at_const(int64_t offset) {
	return (IrAt){.offset = offset};
}

static IrAt at_single(IrModule *module, uint32_t ref, bool is_node, int64_t coef) {
	if (coef == 0)
		return ir_at_const(0);
	IrTerm *term = ARENA_NEW(module->arena, IrTerm);
	*term = (IrTerm){coef, ref, is_node};
	return (IrAt){.term_count = 1, .terms = term};
}

IrAt ir_at_index(IrModule *module, uint32_t index, int64_t coef) {
	return at_single(module, index, false, coef);
}

IrAt ir_at_node(IrModule *module, uint32_t node, int64_t coef) {
	return at_single(module, node, true, coef);
}

/* Order of terms: indices before nodes, by number. */
static int term_order(const IrTerm *a, const IrTerm *b) {
	if (a->is_node != b->is_node)
		return a->is_node ? 1 : -1;
	return (a->ref > b->ref) - (a->ref < b->ref);
}

IrAt ir_at_add(IrModule *module, IrAt a, IrAt b) {
	IrAt sum = {.offset = ir_wrap_add(a.offset, b.offset)};
	if (b.term_count == 0 || a.term_count == 0) {
		const IrAt *kept = b.term_count == 0 ? &a : &b;
		sum.term_count = kept->term_count;
		sum.terms = kept->terms;
		return sum;
	}
	sum.terms = ARENA_ARRAY(module->arena, IrTerm, a.term_count + b.term_count);
	uint32_t i = 0, j = 0;
	while (i < a.term_count || j < b.term_count) {
		int order = i == a.term_count ? 1 : j == b.term_count ? -1 : term_order(&a.terms[i], &b.terms[j]);
		IrTerm term = order <= 0 ? a.terms[i++] : b.terms[j++];
		if (order == 0)
			term.coef = ir_wrap_add(term.coef, b.terms[j++].coef);
		if (term.coef != 0)
			sum.terms[sum.term_count++] = term;
	}
	return sum;
}

IrAt ir_at_scale(IrModule *module, IrAt a, int64_t factor) {
	if (factor == 1)
		return a;
	if (factor == 0)
		return ir_at_const(0);
	IrAt scaled = {.offset = ir_wrap_mul(a.offset, factor)};
	if (a.term_count)
		scaled.terms = ARENA_ARRAY(module->arena, IrTerm, a.term_count);
	for (uint32_t i = 0; i < a.term_count; i++) {
		IrTerm term = a.terms[i];
		term.coef = ir_wrap_mul(term.coef, factor);
		if (term.coef != 0)
			scaled.terms[scaled.term_count++] = term;
	}
	return scaled;
}

bool ir_at_equal(IrAt a, IrAt b) {
	if (a.offset != b.offset || a.term_count != b.term_count)
		return false;
	for (uint32_t i = 0; i < a.term_count; i++)
		if (a.terms[i].coef != b.terms[i].coef || term_order(&a.terms[i], &b.terms[i]) != 0)
			return false;
	return true;
}

int ir_at_plain_index(IrAt at) {
	if (at.offset != 0 || at.term_count != 1 || at.terms[0].coef != 1 || at.terms[0].is_node)
		return -1;
	return (int)at.terms[0].ref;
}

bool ir_ats_plain(const IrAt *at, uint32_t count, uint32_t *set) {
	*set = 0;
	for (uint32_t k = 0; k < count; k++) {
		int index = ir_at_plain_index(at[k]);
		if (index < 0 || (*set >> index & 1))
			return false;
		*set |= UINT32_C(1) << index;
	}
	return true;
}

bool ir_ats_run_over(const IrFor *f, const IrAt *at, IrType type) {
	uint32_t set;
	if (!ir_ats_plain(at, type.rank, &set))
		return false;
	for (uint32_t k = 0; k < type.rank; k++)
		if (f->indices.data[ir_at_plain_index(at[k])].extent != type.dims[k])
			return false;
	return true;
}
