/* Where the unknown indices are used. */
#include "frontend/meaning/range.h"

#include <string.h>

/* The number of the unknown index that a name stands for; -1: none. */
static int unknown_index(const RangeSearch *s, const AstExpr *x) {
	const Symbol *symbol = symbol_at(s->e->program, x->id);
	return symbol ? (int)(uintptr_t)name_map_get(&s->by_symbol, symbol->number) - 1 : -1;
}

void elab_range_add(RangeSearch *s, RangeUnknown u) {
	u.symbol = symbol_at(s->e->program, u.name.id);
	vec_push(s->e->arena, &s->unknowns, u);
}

/* From the `first` on, they are indices whose ranges are looked for. */
void elab_range_see(RangeSearch *s, uint32_t first) {
	for (uint32_t i = first; i < s->unknowns.count; i++)
		if (s->unknowns.data[i].symbol)
			*name_map_place(s->e->arena, &s->by_symbol, s->unknowns.data[i].symbol->number) =
				(void *)(uintptr_t)(i + 1);
}

static int64_t *coef_of(Elab *e, RangeUse *use, uint32_t unknown) {
	for (uint32_t i = 0; i < use->terms.count; i++)
		if (use->terms.data[i].unknown == unknown)
			return &use->terms.data[i].coef;
	vec_push(e->arena, &use->terms, ((RangeTerm){unknown, 0}));
	return &use->terms.data[use->terms.count - 1].coef;
}

static bool mentions_unknown(const AstExpr *x, void *context) {
	const RangeSearch *s = context;
	if (x && x->kind == AST_NAME)
		return unknown_index(s, x) >= 0;
	return ast_any_part(x, mentions_unknown, context);
}

bool elab_range_mentions(const RangeSearch *s, const AstExpr *x) {
	return mentions_unknown(x, (void *)(uintptr_t)s);
}

/* ---- shapes without elaboration ---- */

static int shape_of(RangeSearch *s, const AstExpr *x, int64_t *dims);

/* The same as reads see it, with the axes of x; -1 also where those are not known. */
static int axes_of(RangeSearch *s, const AstExpr *x, int64_t *dims) {
	int rank = shape_of(s, x, dims);
	if (rank <= 0 || dims[0] != DIM_X)
		return rank;
	if (elab_knows_axes(s->e, x->span))
		return elab_unfolded_dims(s->e, dims, rank);
	s->source_wrong = true;
	return -1;
}

/* Where an array of indices reads along an axis, its own axes are there; `kept` is how many there are so far. */
static int add_axes_of_indices(RangeSearch *s, const AstExpr *position, int64_t *dims, int kept) {
	int64_t along[IR_MAX_RANK];
	bool may_be = position && (position->kind == AST_NAME || position->kind == AST_INDEX || position->kind == AST_CALL);
	int rank = may_be ? shape_of(s, position, along) : 0;
	for (int i = 0; i < rank && kept < IR_USER_RANK; i++)
		dims[kept++] = along[i];
	return kept;
}

/* How many elements a slice has; -1: that is not known, or it has none. */
static int64_t slice_extent(RangeSearch *s, const AstItem *item) {
	int64_t low = 0, high = 0;
	const AstExpr *length = elab_slice_length(s->e, item);
	bool found = length && !elab_range_mentions(s, length)
	                 ? elab_range_try_static(s, length, &high)
	                 : !elab_range_mentions(s, item->low) && !elab_range_mentions(s, item->high) &&
	                       elab_range_try_static(s, item->low, &low) && elab_range_try_static(s, item->high, &high);
	return found && high > low ? high - low : -1;
}

static int shape_of(RangeSearch *s, const AstExpr *x, int64_t *dims) {
	Elab *e = s->e;
	if (!x)
		return -1;
	if (x->kind == AST_NAME && unknown_index(s, x) >= 0)
		return -1; /* an index has no elements, which is reported where it is read */
	if (x->kind == AST_NAME) {
		const Binding *b = scope_find(e, symbol_at(e->program, x->id));
		if (b && (!b->value || b->value->kind != VALUE_ARRAY)) {
			s->source_wrong = s->source_wrong || (b->value && value_is_bad(b->value));
			return -1;
		}
		if (b) {
			int rank = 0;
			bool stripped = false;
			for (int i = 0; i < b->value->rank; i++)
				if (e->coord && b->value->dims[i] == DIM_X && !stripped)
					stripped = true;
				else
					dims[rank++] = b->value->dims[i];
			return rank;
		}
	}
	if (x->kind == AST_INDEX) {
		int64_t base[IR_MAX_RANK];
		int rank = axes_of(s, x->index.base, base), kept = 0;
		if (rank < (int)x->index.items.count)
			return -1;
		for (int i = 0; i < rank; i++) {
			const AstItem *item = i < (int)x->index.items.count ? &x->index.items.data[i] : NULL;
			if (item && item->kind == AST_ITEM_EXPR) {
				kept = add_axes_of_indices(s, item->expr, dims, kept);
				continue;
			}
			int64_t extent = base[i];
			if (item && item->kind == AST_ITEM_SLICE) {
				extent = slice_extent(s, item);
				if (extent < 0)
					return -1;
			}
			dims[kept++] = extent;
		}
		return kept;
	}
	if (x->kind == AST_UNARY)
		return shape_of(s, x->unary.operand, dims);
	if (elab_range_mentions(s, x))
		return -1;
	return elab_range_try_shape(s, x, dims);
}

/* ---- affine uses ---- */

static bool is_small(int64_t factor) {
	return factor <= ELAB_MOST_FACTOR && factor >= -ELAB_MOST_FACTOR;
}

static bool linear(RangeSearch *s, const AstExpr *x, int64_t factor, RangeUse *use) {
	if (!x)
		return false;
	if (x->kind == AST_NAME && unknown_index(s, x) >= 0) {
		*coef_of(s->e, use, (uint32_t)unknown_index(s, x)) += factor;
		return true;
	}
	if (!elab_range_mentions(s, x)) {
		bool want = s->e->want_int;
		s->e->want_int = true;
		const Value *v = elab_range_try(s, x);
		s->e->want_int = want;
		if (v->kind != VALUE_ARRAY || v->rank || v->scalar == S_REAL || v->scalar == S_BOOL)
			return false;
		int64_t low = v->body->low, high = v->body->high;
		if (low < -EX_MOST_ELEMENTS || high > EX_MOST_ELEMENTS || !is_small(factor))
			return false;
		use->low += factor > 0 ? factor * low : factor * high;
		use->high += factor > 0 ? factor * high : factor * low;
		if (low != high)
			vec_push(s->e->arena, &use->open, v->body);
		return true;
	}
	if (x->kind == AST_UNARY && x->unary.op == AST_NEG)
		return linear(s, x->unary.operand, -factor, use);
	if (x->kind != AST_BINARY)
		return false;
	if (x->binary.op == AST_ADD || x->binary.op == AST_SUB)
		return linear(s, x->binary.left, factor, use) &&
		       linear(s, x->binary.right, x->binary.op == AST_ADD ? factor : -factor, use);
	if (x->binary.op == AST_MUL) {
		for (int side = 0; side < 2; side++) {
			const AstExpr *known = side ? x->binary.right : x->binary.left;
			if (elab_range_mentions(s, known))
				continue;
			bool want = s->e->want_int;
			s->e->want_int = true;
			int64_t k;
			bool ok = value_known_int(elab_range_try(s, known), &k);
			s->e->want_int = want;
			if (ok && is_small(k) && is_small(factor))
				return linear(s, side ? x->binary.left : x->binary.right, factor * k, use);
		}
	}
	return false;
}

static bool collect(const AstExpr *x, void *context);

static void collect_if(RangeSearch *s, const AstExpr *x) {
	Elab *e = s->e;
	elab_range_uses(s, x->choice.condition);
	Value *cond = elab_range_try_condition(s, x->choice.condition);
	uint32_t facts = e->facts.count;
	for (int arm = 0; arm < 2; arm++) {
		bool truth = arm == 0;
		/* What is wrong in an arm that is not chosen does not count. */
		bool unchosen = cond && value_known(cond) && (cond->body->integer != 0) != truth,
			 source_wrong = s->source_wrong;
		uint32_t failed = s->tried_errors.count;
		if (cond && !unchosen)
			proof_assume(e, value_body(e, cond), truth);
		e->arms++;
		s->unchosen += unchosen;
		elab_range_uses(s, truth ? x->choice.yes : x->choice.no);
		s->unchosen -= unchosen;
		e->arms--;
		e->facts.count = facts;
		if (unchosen) {
			s->tried_errors.count = failed;
			s->source_wrong = source_wrong;
		}
	}
}

static void add_inner_index(RangeSearch *s, const AstItem *item) {
	RangeUnknown u = {.name = item->name};
	int64_t low = 0, high = 0;
	if (item->high && !elab_range_mentions(s, item->high) && (!item->low || !elab_range_mentions(s, item->low)) &&
	    (!item->low || elab_range_try_static(s, item->low, &low))) {
		bool dimension = s->e->in_dimension, want = s->e->want_int;
		s->e->in_dimension = s->e->want_int = true;
		const Value *v = elab_range_try(s, item->high);
		s->e->in_dimension = dimension;
		s->e->want_int = want;
		bool like_x = v->kind == VALUE_ARRAY && v->is_size_x;
		if (like_x || value_known_int(v, &high)) {
			u.known = true;
			u.low = low;
			u.axis = item->low ? 0 : like_x ? DIM_X : high;
			u.high = like_x ? s->e->n : high;
		}
	}
	elab_range_add(s, u);
}

static void collect_reduce(RangeSearch *s, const AstExpr *x) {
	uint32_t first = s->unknowns.count, facts = s->e->facts.count, ifs = s->e->arms;
	for (uint32_t i = 0; i < x->reduce.items.count; i++) {
		const AstItem *item = &x->reduce.items.data[i];
		if (item->kind != AST_ITEM_INDEX)
			continue;
		const Symbol *symbol = symbol_at(s->e->program, item->name.id);
		if (symbol && symbol->name_taken) {
			s->source_wrong = true;
			s->unknowns.count = first;
			return;
		}
		add_inner_index(s, item);
	}
	elab_range_see(s, first);
	for (uint32_t i = 0; i < x->reduce.items.count; i++) {
		const AstItem *item = &x->reduce.items.data[i];
		elab_range_uses(s, item->low);
		elab_range_uses(s, item->high);
		elab_range_uses(s, item->expr);
		Value *cond = item->kind == AST_ITEM_CONDITION ? elab_range_try_condition(s, item->expr) : NULL;
		if (cond)
			proof_assume(s->e, value_body(s->e, cond), true);
		s->e->arms += item->kind == AST_ITEM_CONDITION;
	}
	elab_range_uses(s, x->reduce.body);
	s->e->facts.count = facts;
	s->e->arms = ifs;
}

static bool collect(const AstExpr *x, void *context) {
	RangeSearch *s = context;
	if (!x)
		return false;
	const Symbol *symbol = x->kind == AST_NAME ? symbol_at(s->e->program, x->id) : NULL;
	if (symbol && symbol->kind == SYMBOL_UNKNOWN)
		s->source_wrong = true; /* the name that nothing declares may be meant to be this index */
	if (x->kind == AST_REDUCE) {
		collect_reduce(s, x);
		return false;
	}
	if (x->kind == AST_IF) {
		collect_if(s, x);
		return false;
	}
	if (x->kind == AST_INDEX) {
		int64_t dims[IR_MAX_RANK];
		bool relevant = false;
		for (uint32_t i = 0; i < x->index.items.count; i++)
			relevant = relevant || (x->index.items.data[i].kind == AST_ITEM_EXPR && x->index.items.data[i].expr &&
			                        elab_range_mentions(s, x->index.items.data[i].expr));
		int rank = relevant ? axes_of(s, x->index.base, dims) : -1;
		for (int i = 0; i < rank && i < (int)x->index.items.count; i++) {
			const AstItem *item = &x->index.items.data[i];
			if (item->kind != AST_ITEM_EXPR || !elab_range_mentions(s, item->expr))
				continue;
			RangeUse use = {.span = item->span, .extent = dims[i], .plain = item->expr->kind == AST_NAME};
			if (!linear(s, item->expr, 1, &use))
				continue;
			if (s->unchosen)
				vec_push(s->e->arena, &s->unchosen_uses, use);
			else
				vec_push(s->e->arena, &s->uses, use);
		}
	}
	ast_any_part(x, collect, s);
	return false;
}

void elab_range_uses(RangeSearch *s, const AstExpr *x) {
	collect(x, s);
}
