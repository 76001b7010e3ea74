/* Solving for ranges. */
#include "frontend/meaning/range.h"

static int64_t floor_div(int64_t a, int64_t b) {
	int64_t q = a / b;
	return q - ((a % b != 0) && ((a < 0) != (b < 0)));
}

static void solve_plain(RangeSearch *s, RangeUnknown *u, const RangeUse *use) {
	int64_t extent = use->extent == DIM_X ? s->e->n : use->extent;
	if (!u->known) {
		*u = (RangeUnknown){.symbol = u->symbol,
		                    .name = u->name,
		                    .ours = u->ours,
		                    .inside = u->inside,
		                    .known = true,
		                    .high = extent,
		                    .axis = use->extent,
		                    .reason = use->span};
		return;
	}
	if (u->axis == use->extent || u->wrong)
		return;
	u->wrong = true;
	if (!u->ours)
		return;
	const char *name = session_text(s->e->session, u->name.name);
	Diag *diag = diag_error(s->e->session, 205, u->name.span, "index `%s` runs over axes of different extents", name);
	diag_label(s->e->session, diag, u->reason, "over %s here", value_dims_text(s->e, &u->axis, 1));
	diag_label(s->e->session, diag, use->span, "over %s here", value_dims_text(s->e, &use->extent, 1));
	if (u->inside)
		diag_help(s->e->session, diag,
		          "`%s` has no place here for a range: read a part of the longer one, as in `a[0..n]`", name);
	else if (u->axis != DIM_X && use->extent != DIM_X)
		diag_help(s->e->session, diag, "if the shorter one is meant, state the range: `%s in %lld`", name,
		          (long long)(u->axis < use->extent ? u->axis : use->extent));
}

/* What a use says of one of its indices, once all others are known: 0 <= a u + [low, high] <= extent - 1. */
static bool limits_of_use(const RangeSearch *s, const RangeUse *use, uint32_t i, int64_t *least, int64_t *most) {
	int64_t a = 0, low = use->low, high = use->high;
	int64_t extent = use->extent == DIM_X ? s->e->n : use->extent;
	for (uint32_t k = 0; k < use->terms.count; k++) {
		int64_t c = use->terms.data[k].coef;
		if (use->terms.data[k].unknown == i)
			a = c;
		if (use->terms.data[k].unknown == i || c == 0)
			continue;
		const RangeUnknown *other = &s->unknowns.data[use->terms.data[k].unknown];
		if (!other->known || other->high <= other->low)
			return false;
		low += c > 0 ? c * other->low : c * (other->high - 1);
		high += c > 0 ? c * (other->high - 1) : c * other->low;
	}
	if (a == 0 || extent < 0)
		return false;
	*least = a > 0 ? -floor_div(low, a) : -floor_div(extent - 1 - high, -a);
	*most = a > 0 ? floor_div(extent - 1 - high, a) : floor_div(low, -a);
	return true;
}

typedef VEC(uint32_t) UseList;

static bool solve_affine(RangeSearch *s, uint32_t i, const UseList *uses, bool from_zero) {
	RangeUnknown *u = &s->unknowns.data[i];
	int64_t lowest = INT64_MIN, highest = INT64_MAX, least, most;
	for (uint32_t k = 0; k < uses->count; k++) {
		const RangeUse *use = &s->uses.data[uses->data[k]];
		if (!limits_of_use(s, use, i, &least, &most))
			continue;
		lowest = least > lowest ? least : lowest;
		highest = most < highest ? most : highest;
		u->reason = use->span;
		for (uint32_t o = 0; o < use->open.count; o++)
			u->differs_by_turn = elab_needs_known(s->e, use->open.data[o]) || u->differs_by_turn;
	}
	if (lowest == INT64_MIN)
		return false;
	if (from_zero && u->ours && lowest < 0)
		lowest = 0;
	u->known = true;
	u->low = lowest;
	u->high = highest + 1;
	return true;
}

void elab_range_solve(RangeSearch *s, bool from_zero) {
	uint32_t count = s->unknowns.count;
	bool *was_known = ARENA_ARRAY(s->e->arena, bool, count);
	UseList *uses = ARENA_ARRAY(s->e->arena, UseList, count); /* in which an index occurs */
	for (uint32_t i = 0; i < count; i++)
		was_known[i] = s->unknowns.data[i].known;
	for (uint32_t k = 0; k < s->uses.count; k++) {
		const RangeUse *use = &s->uses.data[k];
		if (use->plain && !was_known[use->terms.data[0].unknown])
			solve_plain(s, &s->unknowns.data[use->terms.data[0].unknown], use);
		for (uint32_t t = 0; t < use->terms.count; t++)
			vec_push(s->e->arena, &uses[use->terms.data[t].unknown], k);
	}
	for (bool changed = true; changed;) {
		changed = false;
		for (uint32_t i = 0; i < count; i++)
			if (!s->unknowns.data[i].known)
				changed = solve_affine(s, i, &uses[i], from_zero) || changed;
	}
}
