/* What can be proved about whole-number expressions: affine forms, their ranges over the box of the index variables, and
 * with the conditions that hold at a place. */
#include "frontend/elab.h"

static const int64_t far = INT64_C(1) << 61;

static void add_term(Affine *a, const Ex *atom, int64_t coef) {
	for (uint32_t i = 0; i < a->count; i++) {
		if (!ex_same(a->terms[i].atom, atom))
			continue;
		a->terms[i].coef += coef;
		if (a->terms[i].coef == 0)
			a->terms[i] = a->terms[--a->count];
		return;
	}
	if (coef == 0)
		return;
	if (a->count == sizeof a->terms / sizeof *a->terms) {
		a->too_long = true;
		return;
	}
	a->terms[a->count].atom = atom;
	a->terms[a->count++].coef = coef;
}

static void add_scaled(Affine *a, const Ex *x, int64_t coef) {
	if (x->kind == EX_CONST) {
		int64_t product;
		if (__builtin_mul_overflow(coef, x->integer, &product) || product > far || product < -far)
			a->too_long = true;
		else
			a->offset += product;
		return;
	}
	if (x->kind == EX_OP) {
		switch (x->opcode) {
		case IR_add:
			add_scaled(a, x->args[0], coef);
			add_scaled(a, x->args[1], coef);
			return;
		case IR_sub:
			add_scaled(a, x->args[0], coef);
			add_scaled(a, x->args[1], -coef);
			return;
		case IR_neg: add_scaled(a, x->args[0], -coef); return;
		case IR_mul:
			for (int i = 0; i < 2; i++) {
				int64_t product;
				if (!ex_is_const(x->args[i]) || __builtin_mul_overflow(coef, x->args[i]->integer, &product))
					continue;
				add_scaled(a, x->args[1 - i], product);
				return;
			}
			break;
		default: break;
		}
	}
	add_term(a, x, coef);
}

Affine affine_of(const Ex *x) {
	Affine a = {0};
	add_scaled(&a, x, 1);
	return a;
}

static int64_t times(int64_t a, int64_t b) {
	int64_t product;
	if (__builtin_mul_overflow(a, b, &product) || product > far || product < -far)
		return (a < 0) == (b < 0) ? far : -far;
	return product;
}

void affine_range(const Affine *a, int64_t *low, int64_t *high) {
	*low = *high = a->offset;
	if (a->too_long) {
		*low = INT64_MIN;
		*high = INT64_MAX;
		return;
	}
	for (uint32_t i = 0; i < a->count; i++) {
		int64_t coef = a->terms[i].coef;
		const Ex *atom = a->terms[i].atom;
		int64_t small = times(coef, coef > 0 ? atom->low : atom->high);
		int64_t large = times(coef, coef > 0 ? atom->high : atom->low);
		*low = *low == INT64_MIN || small <= -far ? INT64_MIN : *low + small;
		*high = *high == INT64_MAX || large >= far ? INT64_MAX : *high + large;
	}
}

bool affine_is_pure(const Affine *a) {
	for (uint32_t i = 0; i < a->count; i++) {
		const Ex *atom = a->terms[i].atom;
		bool known = atom->low > -far && atom->high < far;
		if (atom->kind != EX_VAR && atom->kind != EX_DIM && !(atom->kind == EX_READ && atom->at_count == 0 && known))
			return false;
	}
	return !a->too_long;
}

static Affine minus(const Affine *a, const Ex *cond, int64_t factor) {
	Affine d = *a;
	add_scaled(&d, cond, -factor);
	return d;
}

static bool never_negative(const Affine *a) {
	int64_t low, high;
	affine_range(a, &low, &high);
	return low >= 0;
}

bool prove_at_least_zero(const Elab *e, const Ex *x, bool with_conditions) {
	Affine a = affine_of(x);
	if (never_negative(&a))
		return true;
	if (!with_conditions)
		return false;
	for (uint32_t i = 0; i < e->conds.count; i++) {
		for (int64_t k = 1; k <= 2; k++) {
			Affine d = minus(&a, e->conds.data[i], k);
			if (never_negative(&d))
				return true;
			for (uint32_t j = 0; j < i && k == 1; j++) {
				Affine both = minus(&d, e->conds.data[j], 1);
				if (never_negative(&both))
					return true;
			}
		}
	}
	return false;
}

/* a op b as forms that are >= 0, for whole numbers. */
static bool compare_forms(Elab *e, IrOpcode opcode, Ex *a, Ex *b, Ex **forms, uint32_t *count, uint32_t limit) {
	if (a->type != IR_I64 || *count + 2 > limit)
		return false;
	switch (opcode) {
	case IR_le: forms[(*count)++] = ex_op(e, IR_sub, b, a, NULL); return true;
	case IR_lt: forms[(*count)++] = ex_op(e, IR_sub, ex_op(e, IR_sub, b, a, NULL), ex_int(e, 1), NULL); return true;
	case IR_ge: return compare_forms(e, IR_le, b, a, forms, count, limit);
	case IR_gt: return compare_forms(e, IR_lt, b, a, forms, count, limit);
	case IR_eq:
		forms[(*count)++] = ex_op(e, IR_sub, b, a, NULL);
		forms[(*count)++] = ex_op(e, IR_sub, a, b, NULL);
		return true;
	default: return false;
	}
}

static IrOpcode opposite(IrOpcode opcode) {
	switch (opcode) {
	case IR_lt: return IR_ge;
	case IR_le: return IR_gt;
	case IR_gt: return IR_le;
	case IR_ge: return IR_lt;
	case IR_eq: return IR_ne;
	case IR_ne: return IR_eq;
	default: return opcode;
	}
}

bool cond_forms(Elab *e, Ex *cond, bool truth, Ex **forms, uint32_t *count, uint32_t limit) {
	if (ex_is_const(cond))
		return (cond->integer != 0) == truth;
	if (cond->kind != EX_OP)
		return false;
	switch (cond->opcode) {
	case IR_not: return cond_forms(e, cond->args[0], !truth, forms, count, limit);
	case IR_and:
	case IR_or: {
		if ((cond->opcode == IR_and) != truth)
			return false;
		/* Both, even if one of them cannot be written so: each alone is worth knowing. */
		bool first = cond_forms(e, cond->args[0], truth, forms, count, limit);
		bool second = cond_forms(e, cond->args[1], truth, forms, count, limit);
		return first && second;
	}
	case IR_lt:
	case IR_le:
	case IR_gt:
	case IR_ge:
	case IR_eq:
	case IR_ne:
		return compare_forms(e, truth ? cond->opcode : opposite(cond->opcode), cond->args[0], cond->args[1], forms,
		                     count, limit);
	default: return false;
	}
}
