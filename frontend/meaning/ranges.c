/* Fresh indices: which range each of them runs over.
 *
 * A stated range wins. Otherwise the body is searched for reads `A[.. e ..]` in which e is affine in the index: plain uses
 * (`e` is the index) have to agree; without any, the affine ones are solved for the largest range that stays inside. The
 * indices of reductions inside the body are solved along, because `A[y + p]` tells about y only once p is known. */
#include "frontend/meaning/elab.h"

#include <string.h>

typedef struct Unknown {
	const Symbol *symbol; /* NULL: its name could not be read */
	AstName name;
	bool wanted; /* one of ours, not of a reduction inside */
	bool known, conflict;
	bool in_turn;      /* the range follows from the counter of a loop, so every turn has its own */
	int64_t low, high; /* half-open */
	int64_t whole;     /* the extent as a dimension (maybe DIM_X) if it runs over a whole axis */
	Span because;
} Unknown;

typedef struct UseTerm {
	uint32_t unknown;
	int64_t coef;
} UseTerm;

typedef struct Use {
	Span span;
	bool plain;     /* written as the index alone: not what comes out so for some sizes, such as `k + i` where k is 0 */
	int64_t extent; /* of the axis, maybe DIM_X */
	VEC(UseTerm) terms;
	int64_t low, high; /* the rest lies between these */
	Exs open;          /* parts of it that are not known */
} Use;

typedef struct Search {
	Elab *e;
	VEC(Unknown) unknowns;
	NameMap by_symbol; /* 1 + the number of the unknown that is this symbol */
	VEC(Use) uses;
	VEC(Use) idle_uses; /* in arms that are known not to be chosen: they tell only what nothing else does */
	uint32_t idle;      /* such arms around the walk */
	Diags failed;       /* what was wrong with arrays whose shapes might have told a range */
	bool spoiled;       /* something that might have told a range is in error, which was reported */
} Search;

/* The number of the unknown index that a name stands for; -1: none. */
static int unknown_of(const Search *s, const AstExpr *x) {
	const Symbol *symbol = symbol_at(s->e->program, x->id);
	return symbol ? (int)(uintptr_t)name_map_get(&s->by_symbol, symbol->number) - 1 : -1;
}

static void add_unknown(Search *s, Unknown u) {
	u.symbol = symbol_at(s->e->program, u.name.id);
	vec_push(s->e->arena, &s->unknowns, u);
}

/* From the `first` on, they are indices whose ranges are looked for. */
static void see_unknowns(Search *s, uint32_t first) {
	for (uint32_t i = first; i < s->unknowns.count; i++)
		if (s->unknowns.data[i].symbol)
			*name_map_place(s->e->arena, &s->by_symbol, s->unknowns.data[i].symbol->number) =
				(void *)(uintptr_t)(i + 1);
}

static int64_t *coef_of(Elab *e, Use *use, uint32_t unknown) {
	for (uint32_t i = 0; i < use->terms.count; i++)
		if (use->terms.data[i].unknown == unknown)
			return &use->terms.data[i].coef;
	vec_push(e->arena, &use->terms, ((UseTerm){unknown, 0}));
	return &use->terms.data[use->terms.count - 1].coef;
}

static bool mentions_unknown(const AstExpr *x, void *context) {
	const Search *s = context;
	if (x && x->kind == AST_NAME)
		return unknown_of(s, x) >= 0;
	return expr_any_part(x, mentions_unknown, context);
}

/* ---- trying expressions that mention no unknown index ----
 *
 * Such an expression is elaborated while the range is searched, and again when the body is. So that nested reductions do
 * not double the work at every level, what was made is kept and used as long as everything around is the same; where
 * conditions have come to it, its shape still is. */

static Tried tried_here(const Elab *e) {
	return (Tried){.place = e->place,
	               .block = e->builder->block,
	               .active = e->active.count,
	               .last_var = e->active.count ? e->active.data[e->active.count - 1]->id : 0,
	               .last_fact = e->facts.count ? e->facts.data[e->facts.count - 1].number : 0,
	               .cond_if = e->cond_if,
	               .want_int = e->want_int,
	               .in_dimension = e->in_dimension,
	               .coord = e->coord};
}

/* More indices around change nothing: they are not mentioned. */
static bool holds_here(const Elab *e, const Tried *t) {
	Tried here = tried_here(e);
	bool indices = t->active == 0 || (t->active <= here.active && e->active.data[t->active - 1]->id == t->last_var);
	return t->place == here.place && t->block == here.block && indices && t->last_fact == here.last_fact &&
	       t->cond_if == here.cond_if && t->want_int == here.want_int && t->in_dimension == here.in_dimension &&
	       t->coord == here.coord;
}

Value *tried_value(const Elab *e, const AstExpr *x) {
	if (!e->tried.count || !x->id)
		return NULL;
	const Tried *t = name_map_get(&e->tried, x->id);
	return t && t->value && holds_here(e, t) ? t->value : NULL;
}

static Value *try_expr(Search *s, const AstExpr *x) {
	Elab *e = s->e;
	Value *v = tried_value(e, x);
	if (v)
		return v;
	DiagMark mark = diag_mark(e->session);
	v = elab(e, x);
	bool failed = e->session->error_count > mark.errors;
	Diags said = diag_take_back(e->session, mark);
	if (failed && e->stopped) /* nothing will say it again */
		diag_say(e->session, &said);
	else if (failed)
		for (uint32_t i = 0; i < said.count; i++)
			vec_push(e->arena, &s->failed, said.data[i]);
	else
		diag_say(e->session, &said); /* warnings */
	s->spoiled = s->spoiled || (value_is_bad(v) && !failed);
	if (!x->id)
		return failed ? value_bad(e) : v;
	Tried *t = ARENA_NEW(e->arena, Tried);
	*t = tried_here(e);
	t->value = failed || value_is_bad(v) ? NULL : v;
	t->rank = t->value && v->kind == VALUE_ARRAY ? v->rank : -1;
	memcpy(t->dims, v->dims, sizeof v->dims);
	*name_map_place(e->arena, &e->tried, x->id) = t;
	return failed ? value_bad(e) : v;
}

static int shape_tried(Search *s, const AstExpr *x, int64_t *dims) {
	const Tried *t = x->id ? name_map_get(&s->e->tried, x->id) : NULL;
	if (!t || t->rank < 0 || t->place != s->e->place || t->block != s->e->builder->block) {
		bool want = s->e->want_int;
		s->e->want_int = false;
		const Value *v = try_expr(s, x);
		s->e->want_int = want;
		if (v->kind != VALUE_ARRAY)
			return -1;
		memcpy(dims, v->dims, sizeof v->dims);
		return v->rank;
	}
	memcpy(dims, t->dims, sizeof t->dims);
	return t->rank;
}

static bool static_tried(Search *s, const AstExpr *x, int64_t *out) {
	bool dimension = s->e->in_dimension, want = s->e->want_int;
	s->e->in_dimension = s->e->want_int = true;
	const Value *v = try_expr(s, x);
	s->e->in_dimension = dimension;
	s->e->want_int = want;
	return value_known_int(v, out);
}

/* ---- shapes without elaboration ---- */

static int shape_of(Search *s, const AstExpr *x, int64_t *dims) {
	Elab *e = s->e;
	if (!x)
		return -1;
	if (x->kind == AST_NAME && unknown_of(s, x) >= 0)
		return -1; /* an index has no elements, which is told where it is read */
	if (x->kind == AST_NAME) {
		const Binding *b = scope_find(e, symbol_at(e->program, x->id));
		if (b && (!b->value || b->value->kind != VALUE_ARRAY)) {
			s->spoiled = s->spoiled || (b->value && value_is_bad(b->value));
			return -1;
		}
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
				    !static_tried(s, item->low, &low) || !static_tried(s, item->high, &high))
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
	return shape_tried(s, x, dims);
}

/* ---- affine uses ---- */

static bool linear(Search *s, const AstExpr *x, int64_t factor, Use *use) {
	if (!x)
		return false;
	if (x->kind == AST_NAME && unknown_of(s, x) >= 0) {
		*coef_of(s->e, use, (uint32_t)unknown_of(s, x)) += factor;
		return true;
	}
	if (!mentions_unknown(x, s)) {
		bool want = s->e->want_int;
		s->e->want_int = true;
		const Value *v = try_expr(s, x);
		s->e->want_int = want;
		if (v->kind != VALUE_ARRAY || v->rank || v->scalar == S_REAL || v->scalar == S_BOOL)
			return false;
		int64_t low = v->body->low, high = v->body->high, limit = INT64_C(1) << 40;
		if (low < -limit || high > limit || factor > 1 << 20 || factor < -(1 << 20))
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
			if (mentions_unknown(known, s))
				continue;
			bool want = s->e->want_int;
			s->e->want_int = true;
			int64_t k;
			bool ok = value_known_int(try_expr(s, known), &k);
			s->e->want_int = want;
			if (ok && k < 1 << 20 && k > -(1 << 20) && factor < 1 << 20 && factor > -(1 << 20))
				return linear(s, side ? x->binary.left : x->binary.right, factor * k, use);
		}
	}
	return false;
}

static bool collect(const AstExpr *x, void *context);

/* What a condition says holds in an arm; known only if no unknown index decides it. */
static Value *try_condition(Search *s, const AstExpr *x) {
	if (!x || mentions_unknown(x, s))
		return NULL;
	bool want = s->e->want_int;
	s->e->want_int = false;
	Value *v = try_expr(s, x);
	s->e->want_int = want;
	return v->kind == VALUE_ARRAY && v->scalar == S_BOOL && v->rank == 0 ? v : NULL;
}

static void collect_if(Search *s, const AstExpr *x) {
	Elab *e = s->e;
	collect(x->choice.condition, s);
	Value *cond = try_condition(s, x->choice.condition);
	uint32_t facts = e->facts.count;
	for (int arm = 0; arm < 2; arm++) {
		bool truth = arm == 0;
		/* What is wrong in an arm that is not chosen is nobody's business. */
		bool idle = cond && value_known(cond) && (cond->body->integer != 0) != truth, spoiled = s->spoiled;
		uint32_t failed = s->failed.count;
		if (cond && !idle)
			assume(e, value_body(e, cond), truth);
		e->cond_if++;
		s->idle += idle;
		collect(truth ? x->choice.yes : x->choice.no, s);
		s->idle -= idle;
		e->cond_if--;
		e->facts.count = facts;
		if (idle) {
			s->failed.count = failed;
			s->spoiled = spoiled;
		}
	}
}

static void add_inner_index(Search *s, const AstItem *item) {
	Unknown u = {.name = item->name};
	int64_t low = 0, high = 0;
	if (item->high && !mentions_unknown(item->high, s) && (!item->low || !mentions_unknown(item->low, s)) &&
	    (!item->low || static_tried(s, item->low, &low))) {
		bool dimension = s->e->in_dimension, want = s->e->want_int;
		s->e->in_dimension = s->e->want_int = true;
		const Value *v = try_expr(s, item->high);
		s->e->in_dimension = dimension;
		s->e->want_int = want;
		bool like_x = v->kind == VALUE_ARRAY && v->is_size_x;
		if (like_x || value_known_int(v, &high)) {
			u.known = true;
			u.low = low;
			u.whole = item->low ? 0 : like_x ? DIM_X : high;
			u.high = like_x ? s->e->n : high;
		}
	}
	add_unknown(s, u);
}

static void collect_reduce(Search *s, const AstExpr *x) {
	uint32_t first = s->unknowns.count, facts = s->e->facts.count, ifs = s->e->cond_if;
	for (uint32_t i = 0; i < x->reduce.items.count; i++) {
		const AstItem *item = &x->reduce.items.data[i];
		if (item->kind != AST_ITEM_INDEX)
			continue;
		const Symbol *symbol = symbol_at(s->e->program, item->name.id);
		if (symbol && symbol->taken) {
			s->spoiled = true;
			s->unknowns.count = first;
			return;
		}
		add_inner_index(s, item);
	}
	see_unknowns(s, first);
	for (uint32_t i = 0; i < x->reduce.items.count; i++) {
		const AstItem *item = &x->reduce.items.data[i];
		collect(item->low, s);
		collect(item->high, s);
		collect(item->expr, s);
		Value *cond = item->kind == AST_ITEM_CONDITION ? try_condition(s, item->expr) : NULL;
		if (cond)
			assume(s->e, value_body(s->e, cond), true);
		s->e->cond_if += item->kind == AST_ITEM_CONDITION;
	}
	collect(x->reduce.body, s);
	s->e->facts.count = facts;
	s->e->cond_if = ifs;
}

static bool collect(const AstExpr *x, void *context) {
	Search *s = context;
	if (!x)
		return false;
	const Symbol *symbol = x->kind == AST_NAME ? symbol_at(s->e->program, x->id) : NULL;
	if (symbol && symbol->kind == SYMBOL_UNKNOWN)
		s->spoiled = true; /* it may be this index, misspelled */
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
			                        mentions_unknown(x->index.items.data[i].expr, s));
		int rank = relevant ? shape_of(s, x->index.base, dims) : -1;
		for (int i = 0; i < rank && i < (int)x->index.items.count; i++) {
			const AstItem *item = &x->index.items.data[i];
			if (item->kind != AST_ITEM_EXPR || !mentions_unknown(item->expr, s))
				continue;
			Use use = {.span = item->span, .extent = dims[i], .plain = item->expr->kind == AST_NAME};
			if (!linear(s, item->expr, 1, &use))
				continue;
			if (s->idle)
				vec_push(s->e->arena, &s->idle_uses, use);
			else
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

static void solve_plain(Search *s, Unknown *u, const Use *use) {
	int64_t extent = use->extent == DIM_X ? s->e->n : use->extent;
	if (!u->known) {
		*u = (Unknown){.symbol = u->symbol,
		               .name = u->name,
		               .wanted = u->wanted,
		               .known = true,
		               .high = extent,
		               .whole = use->extent,
		               .because = use->span};
		return;
	}
	if (u->whole == use->extent || u->conflict)
		return;
	u->conflict = true;
	if (!u->wanted)
		return;
	const char *name = session_text(s->e->session, u->name.name);
	Diag *diag = diag_error(s->e->session, 205, u->name.span, "index `%s` runs over axes of different extents", name);
	diag_label(s->e->session, diag, u->because, "over %s here", dims_text(s->e, &u->whole, 1));
	diag_label(s->e->session, diag, use->span, "over %s here", dims_text(s->e, &use->extent, 1));
	if (u->whole != DIM_X && use->extent != DIM_X)
		diag_help(s->e->session, diag, "if the shorter one is meant, state the range: `%s in %lld`", name,
		          (long long)(u->whole < use->extent ? u->whole : use->extent));
}

/* What a use says of one of its indices, once all others are known: 0 <= a u + [low, high] <= extent - 1. */
static bool limits_of_use(const Search *s, const Use *use, uint32_t i, int64_t *least, int64_t *most) {
	int64_t a = 0, low = use->low, high = use->high;
	int64_t extent = use->extent == DIM_X ? s->e->n : use->extent;
	for (uint32_t k = 0; k < use->terms.count; k++) {
		int64_t c = use->terms.data[k].coef;
		if (use->terms.data[k].unknown == i)
			a = c;
		if (use->terms.data[k].unknown == i || c == 0)
			continue;
		const Unknown *other = &s->unknowns.data[use->terms.data[k].unknown];
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

static bool solve_affine(Search *s, uint32_t i, const UseList *uses, bool from_zero) {
	Unknown *u = &s->unknowns.data[i];
	int64_t lowest = INT64_MIN, highest = INT64_MAX, least, most;
	for (uint32_t k = 0; k < uses->count; k++) {
		const Use *use = &s->uses.data[uses->data[k]];
		if (!limits_of_use(s, use, i, &least, &most))
			continue;
		lowest = least > lowest ? least : lowest;
		highest = most < highest ? most : highest;
		u->because = use->span;
		for (uint32_t o = 0; o < use->open.count; o++)
			u->in_turn = needs_known(s->e, use->open.data[o]) || u->in_turn;
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

static void solve(Search *s, bool from_zero) {
	uint32_t count = s->unknowns.count;
	bool *was_known = ARENA_ARRAY(s->e->arena, bool, count);
	UseList *uses = ARENA_ARRAY(s->e->arena, UseList, count); /* in which an index occurs */
	for (uint32_t i = 0; i < count; i++)
		was_known[i] = s->unknowns.data[i].known;
	for (uint32_t k = 0; k < s->uses.count; k++) {
		const Use *use = &s->uses.data[k];
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
		          (long long)(high - low), session_text(s->e->session, u->name.name), (long long)low);
		u->conflict = true;
	}
	return ok;
}

static void bind_index(Elab *e, const Symbol *symbol, AstName name, IndexRange range, bool bad, Indices *out) {
	Var *var = var_new(e, name.name, range.extent, name.span);
	var->from = var->fit_low = range.low;
	out->vars[out->count] = var;
	out->low[out->count++] = range.low;
	vec_push(e->arena, &e->active, var);
	Ex *at = ex_add_int(e, ex_var(e, var), ex_int(e, range.low));
	scope_add(e, symbol, bad ? value_bad(e) : value_scalar(e, S_INT, at));
}

/* As typing found them. */
static void bind_typed(Elab *e, const AstItem *const *items, uint32_t count, Indices *out) {
	for (uint32_t i = 0; i < count; i++) {
		const Symbol *symbol = symbol_at(e->program, items[i]->name.id);
		bind_index(e, symbol, items[i]->name, typing_range(e->path, symbol), false, out);
	}
}

bool bind_indices(Elab *e, const AstItem *const *items, uint32_t count, const AstExpr *const *bodies,
                  uint32_t body_count, bool from_zero, const int64_t *extents, Indices *out) {
	Search s = {.e = e};
	bool ok = true, all_stated = true;
	out->count = 0;
	if (e->lowering) {
		bind_typed(e, items, count, out);
		return true;
	}
	if (count > IR_USER_RANK) {
		diag_error(e->session, 208, items[0]->span, "at most %d indices at once", IR_USER_RANK);
		for (uint32_t i = 0; i < count; i++)
			scope_add_name(e, items[i]->name, value_bad(e));
		return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		add_unknown(&s, (Unknown){.name = items[i]->name, .wanted = true});
		Unknown *u = &s.unknowns.data[i];
		if (u->symbol && u->symbol->taken) {
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
		see_unknowns(&s, 0);
		uint32_t facts = e->facts.count, ifs = e->cond_if;
		for (uint32_t i = body_count; i-- > 0;) { /* conditions first: they hold in the body */
			collect(bodies[i], &s);
			Value *cond = i ? try_condition(&s, bodies[i]) : NULL;
			if (cond)
				assume(e, value_body(e, cond), true);
			e->cond_if += i > 0;
		}
		e->facts.count = facts;
		e->cond_if = ifs;
		solve(&s, from_zero);
		if (s.idle_uses.count > 0) {
			for (uint32_t i = 0; i < s.idle_uses.count; i++)
				vec_push(e->arena, &s.uses, s.idle_uses.data[i]);
			solve(&s, from_zero); /* what is known by now stays */
		}
	}
	for (uint32_t i = 0; i < count; i++) {
		Unknown *u = &s.unknowns.data[i];
		const char *name = session_text(e->session, u->name.name);
		if (!u->known && ok && s.failed.count) {
			diag_say(e->session, &s.failed);
			u->conflict = true;
		} else if (!u->known && ok && s.spoiled)
			u->conflict = true;
		else if (!u->known && ok) {
			Diag *diag = diag_error(e->session, 206, u->name.span, "nothing tells over what index `%s` runs", name);
			diag_help(e->session, diag, "state its range, as in `%s in n`", name);
			u->conflict = true;
		} else if (u->in_turn) {
			Diag *diag = diag_error(e->session, 212, u->name.span,
			                        "the range of index `%s` follows from a number that is not known now", name);
			diag_label(e->session, diag, u->because, "from this");
			diag_help(e->session, diag, "state its range, as in `%s in n`", name);
			u->conflict = true;
		} else if (u->known && !u->conflict && u->whole != DIM_X && u->high <= u->low) {
			Diag *diag = diag_error(e->session, 226, u->name.span, "the range of index `%s` is empty: %lld..%lld", name,
			                        (long long)u->low, (long long)u->high);
			diag_label(e->session, diag, u->because, "from this");
			u->conflict = true;
		} else if (u->known && !u->conflict && from_zero && u->low != 0 && !items[i]->high) {
			Diag *diag = diag_error(e->session, 235, u->name.span,
			                        "index `%s` would run over %lld..%lld, but an array starts at 0", name,
			                        (long long)u->low, (long long)u->high);
			diag_help(e->session, diag, "state the range, and shift the index in the body");
			u->conflict = true;
		}
		ok = ok && u->known && !u->conflict;
		int64_t extent = !u->known || u->conflict ? 1 : u->whole == DIM_X && u->low == 0 ? DIM_X : u->high - u->low;
		IndexRange range = {u->low, extent};
		if (u->symbol)
			typing_set_range(e->typing, e->path, u->symbol, range);
		bind_index(e, u->symbol, u->name, range, !u->known || u->conflict, out);
		Var *var = out->vars[out->count - 1];
		var->fit_end = u->high;
		var->from_zero = from_zero;
	}
	return ok;
}

bool bind_head(Elab *e, const AstItems *head, const AstExpr *body, Indices *out) {
	const AstItem **items = ARENA_ARRAY(e->arena, const AstItem *, head->count);
	for (uint32_t i = 0; i < head->count; i++)
		items[i] = &head->data[i];
	return bind_indices(e, items, head->count, &body, 1, true, NULL, out);
}
