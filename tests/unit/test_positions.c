/* What positions tell apart: asked of random ones, and of every point of their domains one by one. */
#include "ir/build.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { INDICES = 4, TRIES = 20000 };

static uint64_t next_random(uint64_t *state) {
	uint64_t out[2];
	random_threefry((uint64_t[]){91, 7}, (uint64_t[]){(*state)++, 0}, out);
	return out[0];
}

static int64_t below(uint64_t *state, int64_t limit) {
	return (int64_t)(next_random(state) % (uint64_t)limit);
}

/* Whether points that differ in indices of `open` alone have different positions: of all others the first is taken. */
static bool are_apart(const IrFor *f, IrAt at, uint32_t open) {
	static const int64_t zero = 2000;
	bool seen[2 * 2000] = {false};
	int64_t points = 1;
	uint32_t mentioned = 0;
	for (uint32_t i = 0; i < at.term_count; i++)
		mentioned |= UINT32_C(1) << at.terms[i].ref;
	for (uint32_t i = 0; i < INDICES; i++)
		points *= open & mentioned & UINT32_C(1) << i ? f->indices.data[i].extent : 1;
	for (int64_t point = 0; point < points; point++) {
		int64_t rest = point, place = zero, value[INDICES] = {0};
		for (uint32_t i = 0; i < INDICES; i++) {
			if (!(open & mentioned & UINT32_C(1) << i))
				continue;
			value[i] = rest % f->indices.data[i].extent;
			rest /= f->indices.data[i].extent;
		}
		for (uint32_t i = 0; i < at.term_count; i++)
			place += at.terms[i].coef * value[at.terms[i].ref];
		if (seen[place])
			return false;
		seen[place] = true;
	}
	return true;
}

Test(positions, digits_of_a_mixed_radix) {
	uint64_t state = 1;
	int proved = 0, apart = 0;
	for (int k = 0; k < TRIES; k++) {
		Session *session = session_new();
		IrModule *module = ir_module_new(session);
		IrFunc *func = ir_func_new(module, "f");
		IrBuilder b = ir_builder(func);
		IrForBuilder f = ir_for_begin(&b);
		IrAt at = ir_at_const(below(&state, 5));
		for (uint32_t i = 0; i < INDICES; i++) {
			ir_for_index(&f, 0, below(&state, 6));
			static const int64_t coefs[] = {0, 1, 1, 2, 3, 5, 6, 12, 30, -1, -2, -5, -12};
			int64_t coef = coefs[below(&state, sizeof coefs / sizeof *coefs)];
			at = ir_at_add(module, at, ir_at_scale(module, ir_at_index(module, i, 1), coef));
		}
		uint32_t open = (uint32_t)below(&state, 1 << INDICES);
		bool says = ir_digits_apart(&f.op->f, at, open), is = are_apart(&f.op->f, at, open);
		cr_assert(is || !says, "try %d", k);
		proved += says;
		apart += is;
		ir_module_free(module);
		session_free(session);
	}
	cr_expect(proved > TRIES / 4 && proved > apart * 3 / 4 && apart < TRIES, "%d proved, %d are", proved, apart);
}

/* A symbol is an extent of any size: it may only be that of the largest digit. */
Test(positions, symbols_are_digits_of_the_largest_place) {
	Session *session = session_new();
	IrModule *module = ir_module_new(session);
	IrFunc *func = ir_func_new(module, "f");
	IrDim n = ir_symbol(func, "n");
	IrBuilder b = ir_builder(func);
	IrForBuilder f = ir_for_begin(&b);
	uint32_t i = ir_for_index(&f, 0, n), j = ir_for_index(&f, 0, 4);
	IrAt row_major = ir_at_add(module, ir_at_index(module, i, 4), ir_at_index(module, j, 1));
	IrAt column_major = ir_at_add(module, ir_at_index(module, i, 1), ir_at_index(module, j, 4));
	cr_expect(ir_digits_apart(&f.op->f, row_major, ~0u));
	cr_expect(!ir_digits_apart(&f.op->f, column_major, ~0u));
	cr_expect(ir_digits_apart(&f.op->f, column_major, ~0u & ~(UINT32_C(1) << i)));
	uint32_t set = 0;
	IrAt both[] = {ir_at_index(module, j, 1), ir_at_index(module, i, 1)}, twice[] = {both[0], both[0]};
	IrType type = ir_tensor_type(IR_F32, 2, (IrDim[]){4, n});
	cr_expect(ir_ats_plain(both, 2, &set) && set == 3 && ir_ats_run_over(&f.op->f, both, type));
	cr_expect(!ir_ats_plain(twice, 2, &set) && !ir_ats_plain(&row_major, 1, &set));
	type.dims[0] = 3;
	cr_expect(!ir_ats_run_over(&f.op->f, both, type));
	ir_module_free(module);
	session_free(session);
}
