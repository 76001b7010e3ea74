/* Fresh indices: which range each of them runs over.
 *
 * A stated range wins. Otherwise the body is searched for reads `A[.. e ..]` in which e is affine in the index: plain uses
 * (`e` is the index) have to agree; without any, the affine ones are solved for the largest range that stays inside. The
 * indices of reductions inside the body are solved along, because `A[y + p]` tells about y only once p is known. */
#include "frontend/elab.h"

#include <string.h>

typedef struct Unknown {
	Name name;
	Span span;
	bool wanted;  /* one of ours, not of a reduction inside */
	bool visible; /* while the walk is inside its reduction */
	bool known, conflict;
	int64_t low, high; /* half-open */
	int64_t whole;     /* the extent as a dimension (maybe DIM_X) if it runs over a whole axis */
	Span because;
} Unknown;

typedef struct Use {
	Span span;
	int64_t extent; /* of the axis, maybe DIM_X */
	int64_t coef[32];
	int64_t low, high; /* the rest lies between these */
} Use;

typedef struct Search {
	Elab *e;
	Unknown unknowns[32];
	uint32_t count;
	VEC(Use) uses;
	bool spoiled; /* something that might have told a range is in error */
} Search;

static int unknown_of(const Search *s, Name name) {
	for (uint32_t i = s->count; i-- > 0;)
		if (s->unknowns[i].visible && s->unknowns[i].name == name)
			return (int)i;
	return -1;
}

static bool mentions_unknown(const AstExpr *x, void *context) {
	const Search *s = context;
	if (x && x->kind == AST_NAME)
		return unknown_of(s, x->name) >= 0;
	return expr_any_part(x, mentions_unknown, context);
}

/* ---- shapes without elaboration ---- */

static int shape_of(Search *s, const AstExpr *x, int64_t *dims) {
	Elab *e = s->e;
	if (!x)
		return -1;
	if (x->kind == AST_NAME && unknown_of(s, x->name) >= 0)
		return -1; /* an index has no elements, which is told where it is read */
	if (x->kind == AST_NAME) {
		const Binding *b = scope_find(e, x->name);
		if (!b || !b->value || b->value->kind != VALUE_ARRAY)
			s->spoiled = s->spoiled || !b || (b->value && value_is_bad(b->value));
		if (b && (!b->value || b->value->kind != VALUE_ARRAY))
			return -1;
		if (b) {
			int rank = 0;
			bool stripped = false;
			for (int i = 0; i < b->value->rank; i++) {
				if (e->coord && b->value->dims[i] == DIM_X && !stripped)
					stripped = true;
				else
					dims[rank++] = b->value->dims[i];
			}
			return rank;
		}
	}
	if (x->kind == AST_INDEX) {
		int64_t base[IR_MAX_RANK];
		int rank = shape_of(s, x->index.base, base), kept = 0;
		if (rank < (int)x->index.items.count)
			return -1;
		for (int i = 0; i < rank; i++) {
			const AstItem *item = i < (int)x->index.items.count ? &x->index.items.data[i] : NULL;
			if (item && item->kind == AST_ITEM_EXPR)
				continue;
			int64_t extent = base[i];
			if (item && item->kind == AST_ITEM_SLICE) {
				int64_t low = 0, high = 0;
				if (mentions_unknown(item->low, s) || mentions_unknown(item->high, s) ||
				    !elab_static_int(e, item->low, "the start of a slice", &low) ||
				    !elab_static_int(e, item->high, "the end of a slice", &high))
					return -1;
				extent = high - low;
			}
			dims[kept++] = extent;
		}
		return kept;
	}
	if (x->kind == AST_UNARY)
		return shape_of(s, x->unary.operand, dims);
	if (mentions_unknown(x, s))
		return -1;
	const Value *v = elab(e, x);
	if (v->kind != VALUE_ARRAY)
		return -1;
	memcpy(dims, v->dims, sizeof v->dims);
	return v->rank;
}

/* ---- affine uses ---- */

static bool linear(Search *s, const AstExpr *x, int64_t factor, Use *use) {
	if (!x)
		return false;
	if (x->kind == AST_NAME && unknown_of(s, x->name) >= 0) {
		use->coef[unknown_of(s, x->name)] += factor;
		return true;
	}
	if (!mentions_unknown(x, s)) {
		bool want = s->e->want_int;
		s->e->want_int = true;
		Value *v = elab(s->e, x);
		s->e->want_int = want;
		if (v->kind != VALUE_ARRAY || v->rank || v->scalar == S_REAL || v->scalar == S_BOOL)
			return false;
		int64_t low = v->body->low, high = v->body->high, limit = INT64_C(1) << 40;
		if (low < -limit || high > limit || factor > 1 << 20 || factor < -(1 << 20))
			return false;
		use->low += factor > 0 ? factor * low : factor * high;
		use->high += factor > 0 ? factor * high : factor * low;
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
			if (mentions_unknown(known, s))
				continue;
			bool want = s->e->want_int;
			s->e->want_int = true;
			int64_t k;
			bool ok = value_known_int(elab(s->e, known), &k);
			s->e->want_int = want;
			if (ok && k < 1 << 20 && k > -(1 << 20) && factor < 1 << 20 && factor > -(1 << 20))
				return linear(s, side ? x->binary.left : x->binary.right, factor * k, use);
		}
	}
	return false;
}

static bool collect(const AstExpr *x, void *context) {
	Search *s = context;
	if (!x)
		return false;
	if (x->kind == AST_REDUCE) {
		uint32_t first = s->count;
		for (uint32_t i = 0; i < x->reduce.items.count; i++) {
			const AstItem *item = &x->reduce.items.data[i];
			if (item->kind != AST_ITEM_INDEX || s->count == 32 || scope_find(s->e, item->name.name))
				continue;
			if (unknown_of(s, item->name.name) >= 0) { /* an index inside an index of the same name: reported there */
				s->spoiled = true;
				s->count = first;
				return false;
			}
			Unknown *u = &s->unknowns[s->count];
			*u = (Unknown){.name = item->name.name, .span = item->name.span};
			int64_t low = 0, high = 0;
			if (item->high && !mentions_unknown(item->high, s) && (!item->low || !mentions_unknown(item->low, s)) &&
			    (!item->low || elab_static_int(s->e, item->low, "the start of a range", &low)) &&
			    elab_dimension(s->e, item->high, &high)) {
				u->known = true;
				u->low = low;
				u->whole = item->low ? 0 : high;
				u->high = high == DIM_X ? s->e->n : high;
			}
			s->count++;
		}
		for (uint32_t i = first; i < s->count; i++)
			s->unknowns[i].visible = true;
		uint32_t last = s->count;
		expr_any_part(x, collect, s);
		for (uint32_t i = first; i < last; i++)
			s->unknowns[i].visible = false;
		return false;
	}
	if (x->kind == AST_INDEX) {
		int64_t dims[IR_MAX_RANK];
		bool relevant = false;
		for (uint32_t i = 0; i < x->index.items.count; i++)
			relevant = relevant || (x->index.items.data[i].kind == AST_ITEM_EXPR && x->index.items.data[i].expr &&
			                        mentions_unknown(x->index.items.data[i].expr, s));
		int rank = relevant ? shape_of(s, x->index.base, dims) : -1;
		for (int i = 0; i < rank && i < (int)x->index.items.count; i++) {
			const AstItem *item = &x->index.items.data[i];
			if (item->kind != AST_ITEM_EXPR || !mentions_unknown(item->expr, s))
				continue;
			Use use = {.span = item->span, .extent = dims[i]};
			if (linear(s, item->expr, 1, &use))
				vec_push(s->e->arena, &s->uses, use);
		}
	}
	expr_any_part(x, collect, s);
	return false;
}

/* ---- solving ---- */

static int64_t floor_div(int64_t a, int64_t b) {
	int64_t q = a / b;
	return q - ((a % b != 0) && ((a < 0) != (b < 0)));
}

static bool is_plain(const Search *s, const Use *use, uint32_t i) {
	for (uint32_t k = 0; k < s->count; k++)
		if (use->coef[k] != (k == i))
			return false;
	return use->low == 0 && use->high == 0;
}

static void solve_plain(Search *s, uint32_t i) {
	Unknown *u = &s->unknowns[i];
	for (uint32_t k = 0; k < s->uses.count; k++) {
		const Use *use = &s->uses.data[k];
		if (!is_plain(s, use, i))
			continue;
		int64_t extent = use->extent == DIM_X ? s->e->n : use->extent;
		if (!u->known) {
			*u = (Unknown){u->name, u->span, u->wanted, u->visible, true, false, 0, extent, use->extent, use->span};
			continue;
		}
		if (u->whole == use->extent || u->conflict)
			continue;
		u->conflict = true;
		if (!u->wanted)
			continue;
		const char *name = session_text(s->e->session, u->name);
		Diag *diag = diag_error(s->e->session, 205, u->span, "index `%s` runs over axes of different extents", name);
		diag_label(s->e->session, diag, u->because, "over %s here", dims_text(s->e, &u->whole, 1));
		diag_label(s->e->session, diag, use->span, "over %s here", dims_text(s->e, &use->extent, 1));
		if (u->whole != DIM_X && use->extent != DIM_X)
			diag_help(s->e->session, diag, "if the shorter one is meant, state the range: `%s in %lld`", name,
			          (long long)(u->whole < use->extent ? u->whole : use->extent));
	}
}

static bool solve_affine(Search *s, uint32_t i, bool from_zero) {
	Unknown *u = &s->unknowns[i];
	int64_t lowest = INT64_MIN, highest = INT64_MAX;
	for (uint32_t k = 0; k < s->uses.count; k++) {
		const Use *use = &s->uses.data[k];
		int64_t a = use->coef[i], low = use->low, high = use->high;
		int64_t extent = use->extent == DIM_X ? s->e->n : use->extent;
		bool ready = a != 0 && extent >= 0;
		for (uint32_t o = 0; o < s->count && ready; o++) {
			int64_t c = use->coef[o];
			if (o == i || c == 0)
				continue;
			const Unknown *other = &s->unknowns[o];
			ready = other->known && other->high > other->low;
			if (!ready)
				break;
			low += c > 0 ? c * other->low : c * (other->high - 1);
			high += c > 0 ? c * (other->high - 1) : c * other->low;
		}
		if (!ready)
			continue;
		/* 0 <= a u + [low, high] <= extent - 1 */
		int64_t least = a > 0 ? -floor_div(low, a) : -floor_div(extent - 1 - high, -a);
		int64_t most = a > 0 ? floor_div(extent - 1 - high, a) : floor_div(low, -a);
		lowest = least > lowest ? least : lowest;
		highest = most < highest ? most : highest;
		u->because = use->span;
	}
	if (lowest == INT64_MIN)
		return false;
	if (from_zero && u->wanted && lowest < 0)
		lowest = 0;
	u->known = true;
	u->low = lowest;
	u->high = highest + 1;
	return true;
}

static bool stated(Search *s, const AstItem *item, Unknown *u, bool from_zero) {
	int64_t low = 0, high = 0;
	bool ok = true;
	if (item->low) {
		ok = elab_static_int(s->e, item->low, "the start of a range", &low);
		ok = elab_static_int(s->e, item->high, "the end of a range", &high) && ok;
		u->whole = high;
	} else {
		ok = elab_dimension(s->e, item->high, &u->whole);
		high = u->whole == DIM_X ? s->e->n : u->whole;
	}
	u->known = ok;
	u->conflict = !ok;
	u->low = low;
	u->high = high;
	u->because = item->span;
	if (ok && from_zero && low != 0) {
		Diag *diag = diag_error(s->e->session, 235, item->span, "the index of an array starts at 0, not at %lld",
		                        (long long)low);
		diag_help(s->e->session, diag, "let it run over %lld and write `%s + %lld` in the body",
		          (long long)(high - low), session_text(s->e->session, u->name), (long long)low);
		u->conflict = true;
	}
	return ok;
}

bool bind_indices(Elab *e, const AstItem *const *items, uint32_t count, const AstExpr *const *bodies,
                  uint32_t body_count, bool from_zero, const int64_t *extents, Indices *out) {
	Search s = {.e = e};
	bool ok = true, all_stated = true;
	out->count = 0;
	if (count > IR_USER_RANK) {
		diag_error(e->session, 208, items[0]->span, "at most %d indices at once", IR_USER_RANK);
		for (uint32_t i = 0; i < count; i++)
			scope_add(e, BIND_LET, items[i]->name, value_bad(e));
		return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		AstName name = items[i]->name;
		Unknown *u = &s.unknowns[s.count++];
		*u = (Unknown){.name = name.name, .span = name.span, .wanted = true};
		const Binding *b = scope_find(e, name.name);
		bool twice = false;
		for (uint32_t k = 0; k < i; k++)
			twice = twice || s.unknowns[k].name == name.name;
		const char *text = session_text(e->session, name.name);
		if (b || twice) {
			Diag *diag =
				diag_error(e->session, 203, name.span, "`%s` is %s already, so it cannot be a fresh index here", text,
			               b && b->kind != BIND_INDEX ? "a value" : "an index");
			if (b && b->span.file)
				diag_label(e->session, diag, b->span, "it is this one");
			diag_help(e->session, diag, "use another letter for the index");
			u->known = u->conflict = true;
			ok = false;
		} else if (items[i]->high) {
			ok = stated(&s, items[i], u, from_zero) && !u->conflict && ok;
			u->known = true;
		} else if (extents && extents[i]) {
			u->known = true;
			u->whole = extents[i];
			u->high = extents[i] == DIM_X ? e->n : extents[i];
		} else
			all_stated = false;
	}
	if (!all_stated && ok) {
		for (uint32_t i = 0; i < count; i++)
			s.unknowns[i].visible = true;
		for (uint32_t i = 0; i < body_count; i++)
			if (bodies[i])
				collect(bodies[i], &s);
		bool was_known[32];
		for (uint32_t i = 0; i < s.count; i++)
			was_known[i] = s.unknowns[i].known;
		for (uint32_t i = 0; i < s.count; i++)
			if (!was_known[i])
				solve_plain(&s, i);
		for (bool changed = true; changed;) {
			changed = false;
			for (uint32_t i = 0; i < s.count; i++)
				if (!s.unknowns[i].known)
					changed = solve_affine(&s, i, from_zero) || changed;
		}
	}
	for (uint32_t i = 0; i < count; i++) {
		Unknown *u = &s.unknowns[i];
		const char *name = session_text(e->session, u->name);
		if (!u->known && ok && s.spoiled)
			u->conflict = true;
		else if (!u->known && ok) {
			Diag *diag = diag_error(e->session, 206, u->span, "nothing tells over what index `%s` runs", name);
			diag_help(e->session, diag, "state its range, as in `%s in n`", name);
			u->conflict = true;
		} else if (u->known && !u->conflict && u->whole != DIM_X && u->high <= u->low) {
			Diag *diag = diag_error(e->session, 226, u->span, "the range of index `%s` is empty: %lld..%lld", name,
			                        (long long)u->low, (long long)u->high);
			diag_label(e->session, diag, u->because, "from this");
			u->conflict = true;
		} else if (u->known && !u->conflict && from_zero && u->low != 0 && !items[i]->high) {
			Diag *diag =
				diag_error(e->session, 235, u->span, "index `%s` would run over %lld..%lld, but an array starts at 0",
			               name, (long long)u->low, (long long)u->high);
			diag_help(e->session, diag, "state the range, and shift the index in the body");
			u->conflict = true;
		}
		ok = ok && u->known && !u->conflict;
		int64_t extent = !u->known || u->conflict ? 1 : u->whole == DIM_X && u->low == 0 ? DIM_X : u->high - u->low;
		Var *var = var_new(e, u->name, extent, u->span);
		out->vars[out->count] = var;
		out->low[out->count++] = u->low;
		vec_push(e->arena, &e->active, var);
		Value *v = value_scalar(e, S_INT, ex_add_int(e, ex_var(e, var), ex_int(e, u->low)));
		if (!u->known || u->conflict)
			v = value_bad(e);
		scope_add(e, BIND_INDEX, (AstName){u->name, u->span}, v);
	}
	return ok;
}
