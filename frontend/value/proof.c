/* What can be proved about whole-number expressions: affine forms, their ranges over the box of the index variables, and
 * with the conditions that hold at a place. */
#include "frontend/value/value.h"

static uint64_t atom_bit(const Ex *atom) {
	uint32_t hash = atom->kind == EX_VAR ? atom->var->id : atom->kind == EX_READ ? atom->value : (uint32_t)atom->opcode;
	return UINT64_C(1) << (hash * UINT32_C(2654435761) >> 26);
}

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
	a->atoms |= atom_bit(atom);
	a->terms[a->count].atom = atom;
	a->terms[a->count++].coef = coef;
}

static void add_scaled(Affine *a, const Ex *x, int64_t coef) {
	if (x->kind == EX_CONST) {
		int64_t product;
		if (__builtin_mul_overflow(coef, x->integer, &product) || product > EX_FAR || product < -EX_FAR)
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

/* Counts the terms of a sum down from *left, shared parts once for each use; false: there are more. */
static bool takes_terms(const Ex *x, uint32_t *left) {
	if (*left == 0)
		return false;
	--*left;
	if (x->kind != EX_OP)
		return true;
	switch (x->opcode) {
	case IR_add:
	case IR_sub: return takes_terms(x->args[0], left) && takes_terms(x->args[1], left);
	case IR_neg: return takes_terms(x->args[0], left);
	case IR_mul:
		if (ex_is_const(x->args[0]))
			return takes_terms(x->args[1], left);
		return !ex_is_const(x->args[1]) || takes_terms(x->args[0], left);
	default: return true;
	}
}

/* A sum of too many terms is one term: what is known of it as a whole still holds. */
Affine proof_affine(const Ex *x) {
	Affine a = {0};
	uint32_t left = EX_LARGE;
	if (takes_terms(x, &left))
		add_scaled(&a, x, 1);
	if (left == 0 || (a.too_long && x->kind == EX_OP)) {
		a = (Affine){0};
		add_term(&a, x, 1);
	}
	return a;
}

static int64_t times(int64_t a, int64_t b) {
	int64_t product;
	if (__builtin_mul_overflow(a, b, &product) || product > EX_FAR || product < -EX_FAR)
		return (a < 0) == (b < 0) ? EX_FAR : -EX_FAR;
	return product;
}

void proof_range(const Affine *a, int64_t *low, int64_t *high) {
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
		*low = *low == INT64_MIN || small <= -EX_FAR ? INT64_MIN : *low + small;
		*high = *high == INT64_MAX || large >= EX_FAR ? INT64_MAX : *high + large;
	}
}

bool proof_is_pure(const Affine *a) {
	for (uint32_t i = 0; i < a->count; i++) {
		const Ex *atom = a->terms[i].atom;
		bool known = atom->low > -EX_FAR && atom->high < EX_FAR;
		if (atom->kind != EX_VAR && atom->kind != EX_DIM && !(atom->kind == EX_READ && atom->at_count == 0 && known))
			return false;
	}
	return !a->too_long;
}

static void add_affine(Affine *a, const Affine *b, int64_t factor) {
	int64_t product;
	if (b->too_long || __builtin_mul_overflow(b->offset, factor, &product) || product > EX_FAR || product < -EX_FAR) {
		a->too_long = true;
		return;
	}
	a->offset += product;
	for (uint32_t i = 0; i < b->count; i++)
		add_term(a, b->terms[i].atom, b->terms[i].coef * factor);
}

static Affine minus(const Affine *a, const Affine *b, int64_t factor) {
	Affine d = *a;
	add_affine(&d, b, -factor);
	return d;
}

static bool never_negative(const Affine *a) {
	int64_t low, high;
	proof_range(a, &low, &high);
	return low >= 0;
}

static uint32_t oldest_seen(const Elab *e) {
	return e->facts.count > PROOF_FACTS ? e->facts.count - PROOF_FACTS : 0;
}

static bool of_use(const Fact *fact, const Affine *a) {
	return !fact->not_zero && (fact->form.atoms & a->atoms) != 0;
}

/* a >= 0 follows from two facts b >= 0 and c >= 0, if a - b - c >= 0. */
static bool pair_proves(const Elab *e, const Affine *a, uint32_t first) {
	Affine d = minus(a, &e->facts.data[first].form, 1);
	uint32_t tried = 0;
	for (uint32_t i = first, end = oldest_seen(e); i-- > end && tried < PROOF_FACTS_IN_PAIRS;) {
		if (!of_use(&e->facts.data[i], &d) && !of_use(&e->facts.data[i], a))
			continue;
		tried++;
		Affine both = minus(&d, &e->facts.data[i].form, 1);
		if (never_negative(&both))
			return true;
	}
	return false;
}

static bool fact_proves(const Elab *e, const Affine *a, uint32_t most) {
	uint32_t tried = 0;
	for (uint32_t i = e->facts.count, end = oldest_seen(e); i-- > end && tried < most;) {
		if (!of_use(&e->facts.data[i], a))
			continue;
		tried++;
		for (int64_t k = 1; k <= 2; k++) {
			Affine d = minus(a, &e->facts.data[i].form, k);
			if (never_negative(&d))
				return true;
		}
	}
	return false;
}

bool proof_never_here(const Elab *e) {
	return e->facts.count && e->facts.data[e->facts.count - 1].never;
}

static bool affine_at_least_zero(const Elab *e, const Affine *a) {
	if (never_negative(a) || proof_never_here(e) || fact_proves(e, a, PROOF_FACTS_ALONE))
		return true;
	uint32_t tried = 0;
	for (uint32_t i = e->facts.count, end = oldest_seen(e); i-- > end && tried < PROOF_FACTS_IN_PAIRS;)
		if (!e->facts.data[i].not_zero && ++tried && pair_proves(e, a, i))
			return true;
	return false;
}

bool proof_at_least_zero(const Elab *e, const Ex *x) {
	Affine a = proof_affine(x);
	return affine_at_least_zero(e, &a);
}

/* a op b as forms that are >= 0, for whole numbers. */
static bool compare_forms(Elab *e, IrOpcode opcode, Ex *a, Ex *b, Exs *forms) {
	if (a->type != IR_I64)
		return false;
	switch (opcode) {
	case IR_le: vec_push(e->arena, forms, ex_op(e, IR_sub, b, a, NULL)); return true;
	case IR_lt:
		vec_push(e->arena, forms, ex_op(e, IR_sub, ex_op(e, IR_sub, b, a, NULL), ex_int(e, 1), NULL));
		return true;
	case IR_ge: return compare_forms(e, IR_le, b, a, forms);
	case IR_gt: return compare_forms(e, IR_lt, b, a, forms);
	case IR_eq:
		vec_push(e->arena, forms, ex_op(e, IR_sub, b, a, NULL));
		vec_push(e->arena, forms, ex_op(e, IR_sub, a, b, NULL));
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

bool proof_forms(Elab *e, Ex *cond, bool truth, Exs *forms) {
	if (ex_is_const(cond))
		return (cond->integer != 0) == truth;
	if (cond->kind != EX_OP)
		return false;
	switch (cond->opcode) {
	case IR_not: return proof_forms(e, cond->args[0], !truth, forms);
	case IR_and:
	case IR_or: {
		if ((cond->opcode == IR_and) != truth)
			return false;
		/* Both, even if one of them cannot be written so: each alone is worth knowing. */
		bool first = proof_forms(e, cond->args[0], truth, forms);
		bool second = proof_forms(e, cond->args[1], truth, forms);
		return first && second;
	}
	case IR_lt:
	case IR_le:
	case IR_gt:
	case IR_ge:
	case IR_eq:
	case IR_ne:
		return compare_forms(e, truth ? cond->opcode : opposite(cond->opcode), cond->args[0], cond->args[1], forms);
	default: return false;
	}
}

/* ---- facts ---- */

static bool contradicts(const Elab *e, const Fact *fact) {
	int64_t low, high;
	proof_range(&fact->form, &low, &high);
	if (fact->not_zero)
		return low == 0 && high == 0;
	uint32_t tried = 0;
	for (uint32_t i = e->facts.count, end = oldest_seen(e); i-- > end && high >= 0 && tried < PROOF_FACTS_IN_PAIRS;) {
		if (!of_use(&e->facts.data[i], &fact->form))
			continue;
		tried++;
		Affine both = minus(&fact->form, &e->facts.data[i].form, -1);
		int64_t most;
		proof_range(&both, &low, &most);
		high = most < high ? most : high;
	}
	return high < 0;
}

static void add_fact(Elab *e, const Affine *form, bool not_zero) {
	if (form->too_long)
		return;
	Fact fact = {.form = *form, .not_zero = not_zero, .number = ++e->fact_count};
	fact.never = proof_never_here(e) || contradicts(e, &fact);
	vec_push(e->arena, &e->facts, fact);
}

/* What is not 0 and at least 0 is at least 1. That may make another fact sharper: if i is neither 0 nor 1, it is at least 1,
 * and so at least 2. */
static void sharpen(Elab *e) {
	for (bool found = true; found;) {
		found = false;
		uint32_t tried = 0, count = e->facts.count, end = oldest_seen(e);
		for (uint32_t i = count; i-- > end && tried < PROOF_FACTS_SHARPENED;) {
			const Fact *fact = &e->facts.data[i];
			if (!fact->not_zero || (fact->next && fact->next <= count))
				continue;
			tried++;
			for (int64_t sign = 1; sign >= -1; sign -= 2) {
				Affine form = {0};
				add_affine(&form, &e->facts.data[i].form, sign);
				if (!never_negative(&form) && !fact_proves(e, &form, PROOF_FACTS_IN_PAIRS))
					continue;
				form.offset--;
				add_fact(e, &form, false);
				e->facts.data[i].next = e->facts.count;
				found = true;
				break;
			}
		}
	}
}

static void assume_compare(Elab *e, IrOpcode opcode, const Ex *a, const Ex *b) {
	if (a->type != IR_I64)
		return;
	Affine left = proof_affine(a), right = proof_affine(b);
	Affine above = minus(&right, &left, 1), below = minus(&left, &right, 1); /* b - a, a - b */
	above.offset -= opcode == IR_lt;
	below.offset -= opcode == IR_gt;
	if (opcode == IR_lt || opcode == IR_le || opcode == IR_eq)
		add_fact(e, &above, false);
	if (opcode == IR_gt || opcode == IR_ge || opcode == IR_eq)
		add_fact(e, &below, false);
	if (opcode == IR_ne)
		add_fact(e, &below, true);
}

static void assume_all(Elab *e, const Ex *cond, bool truth) {
	if (ex_is_const(cond) && cond->type == IR_BOOL && (cond->integer != 0) != truth)
		add_fact(e, &(Affine){.offset = -1}, false);
	if (cond->kind != EX_OP)
		return;
	const Ex *a = cond->args[0], *b = cond->args[1];
	switch (cond->opcode) {
	case IR_not: assume_all(e, a, !truth); break;
	case IR_and:
	case IR_or:
		if ((cond->opcode == IR_and) != truth)
			break;
		assume_all(e, a, truth);
		assume_all(e, b, truth);
		break;
	case IR_eq:
	case IR_ne:
		if (a->type == IR_BOOL && (ex_is_const(a) || ex_is_const(b))) { /* (i == 0) == false */
			bool same = (cond->opcode == IR_eq) == truth;
			assume_all(e, ex_is_const(a) ? b : a, ((ex_is_const(a) ? a : b)->integer != 0) == same);
			break;
		}
		assume_compare(e, truth ? cond->opcode : opposite(cond->opcode), a, b);
		break;
	case IR_lt:
	case IR_le:
	case IR_gt:
	case IR_ge: assume_compare(e, truth ? cond->opcode : opposite(cond->opcode), a, b); break;
	default: break;
	}
}

void proof_assume_spoiled(Elab *e) {
	vec_push(e->arena, &e->facts, ((Fact){.never = true, .number = ++e->fact_count}));
}

void proof_assume(Elab *e, const Ex *cond, bool truth) {
	assume_all(e, cond, truth);
	sharpen(e);
}
