/* Fresh indices: which range each of them runs over.
 *
 * A stated range wins. Otherwise the body is searched for reads `A[.. e ..]` in which e is affine in the index: plain uses
 * (`e` is the index) have to agree; without any, the affine ones are solved for the largest range that stays inside. The
 * indices of reductions inside the body are solved along, because `A[y + p]` tells about y only once p is known. */
#include "frontend/meaning/range.h"

static bool is_number(const AstExpr *x) {
	return !x || x->kind == AST_NUMBER || (x->kind == AST_UNARY && is_number(x->unary.operand));
}

/* A range between numbers: if it holds nothing, it never does. */
static bool is_literal(const AstItem *item) {
	return is_number(item->low) && is_number(item->high);
}

/* What is written at the index itself. */
static bool stated(RangeSearch *s, const AstItem *item, RangeUnknown *u, bool from_zero) {
	int64_t low = 0, high = 0;
	bool ok = true;
	if (item->low) {
		ok = elab_static_int(s->e, item->low, "the start of a range", &low);
		ok = elab_static_int(s->e, item->high, "the end of a range", &high) && ok;
		u->axis = high;
	} else {
		ok = u->may_be_empty ? elab_dimension_or_none(s->e, item->high, &u->axis)
		                     : elab_dimension(s->e, item->high, &u->axis);
		high = u->axis == DIM_X ? s->e->n : u->axis;
	}
	u->known = ok;
	u->wrong = !ok;
	u->low = low;
	u->high = high;
	u->reason = item->span;
	if (ok && from_zero && low != 0) {
		Diag *diag = diag_error(s->e->session, 235, item->span, "the index of an array starts at 0, not at %lld",
		                        (long long)low);
		diag_help(s->e->session, diag, "let it run over %lld and write `%s + %lld` in the body",
		          (long long)(high - low), session_text(s->e->session, u->name.name), (long long)low);
		u->wrong = true;
	}
	return ok;
}

static void bind_index(Elab *e, const Symbol *symbol, AstName name, IndexRange range, bool bad, Indices *out) {
	out->empty = out->empty || range.extent == 0;
	Var *var = ex_var_new(e, name.name, range.extent ? range.extent : 1, name.span);
	var->from = var->fit_low = range.low;
	out->vars[out->count] = var;
	out->low[out->count++] = range.low;
	vec_push(e->arena, &e->indices_around, var);
	Ex *at = ex_add_int(e, ex_var(e, var), ex_int(e, range.low));
	scope_add(e, symbol, bad ? value_bad(e) : value_scalar(e, S_INT, at));
}

/* With the ranges that typing found. */
static void bind_typed(Elab *e, const AstItem *const *items, uint32_t count, Indices *out) {
	for (uint32_t i = 0; i < count; i++) {
		const Symbol *symbol = symbol_at(e->program, items[i]->name.id);
		bind_index(e, symbol, items[i]->name, typing_range(e->path, symbol), false, out);
	}
}

/* The ranges that are stated, or follow from the axes of what is assigned; false: some are in error. *all: no other is left. */
static bool find_stated(RangeSearch *s, const AstItem *const *items, uint32_t count, bool from_zero,
                        const int64_t *extents, bool may_be_empty, bool *all) {
	bool ok = true;
	*all = true;
	for (uint32_t i = 0; i < count; i++) {
		elab_range_add(s, (RangeUnknown){.name = items[i]->name,
		                                 .ours = true,
		                                 .inside = items[i]->kind == AST_ITEM_EXPR,
		                                 .may_be_empty = may_be_empty && !is_literal(items[i])});
		RangeUnknown *u = &s->unknowns.data[i];
		if (u->symbol && u->symbol->name_taken) {
			u->known = u->wrong = true;
			ok = false;
		} else if (items[i]->high) {
			ok = stated(s, items[i], u, from_zero) && !u->wrong && ok;
			u->known = true;
		} else if (extents && extents[i]) {
			u->known = true;
			u->axis = extents[i];
			u->high = extents[i] == DIM_X ? s->e->n : extents[i];
		} else
			*all = false;
	}
	return ok;
}

/* The ranges of the others, from where they are used. bodies: what is computed, then conditions that hold in it. */
static void find_by_uses(RangeSearch *s, const AstExpr *const *bodies, uint32_t body_count, bool from_zero) {
	Elab *e = s->e;
	elab_range_see(s, 0);
	uint32_t facts = e->facts.count, arms = e->arms;
	for (uint32_t i = body_count; i-- > 0;) {
		elab_range_uses(s, bodies[i]);
		Value *cond = i ? elab_range_try_condition(s, bodies[i]) : NULL;
		if (cond)
			proof_assume(e, value_body(e, cond), true);
		e->arms += i > 0;
	}
	e->facts.count = facts;
	e->arms = arms;
	elab_range_solve(s, from_zero);
	if (s->unchosen_uses.count > 0) {
		for (uint32_t i = 0; i < s->unchosen_uses.count; i++)
			vec_push(e->arena, &s->uses, s->unchosen_uses.data[i]);
		elab_range_solve(s, from_zero); /* ranges that were found above stay */
	}
}

/* What is wrong with the range that was found, or why there is none; `ok`: nothing was so far. */
static void report_range(RangeSearch *s, RangeUnknown *u, bool from_zero, bool is_stated, bool ok) {
	Session *session = s->e->session;
	const char *name = session_text(session, u->name.name);
	bool wrong = u->wrong;
	u->wrong = true;
	if (!u->known && ok && s->tried_errors.count)
		diag_say(session, &s->tried_errors);
	else if (!u->known && ok && s->source_wrong)
		; /* reported */
	else if (!u->known && ok) {
		Diag *diag = diag_error(session, 206, u->name.span, "nothing tells over what index `%s` runs", name);
		diag_help(session, diag, "state its range, as in `%s in n`", name);
	} else if (u->differs_by_turn) {
		Diag *diag = diag_error(session, 212, u->name.span,
		                        "the range of index `%s` follows from a number that is not known now", name);
		diag_label(session, diag, u->reason, "from this");
		diag_help(session, diag, "state its range, as in `%s in n`", name);
		elab_note_not_known(s->e, diag);
	} else if (u->known && !wrong && u->axis != DIM_X && u->high <= u->low) {
		Diag *diag = diag_error(session, 226, u->name.span, "the range of index `%s` is empty: %lld..%lld", name,
		                        (long long)u->low, (long long)u->high);
		diag_label(session, diag, u->reason, "from this");
	} else if (u->known && !wrong && from_zero && u->low != 0 && !is_stated) {
		Diag *diag =
			diag_error(session, 235, u->name.span, "index `%s` would run over %lld..%lld, but an array starts at 0",
		               name, (long long)u->low, (long long)u->high);
		diag_help(session, diag, "state the range, and shift the index in the body");
	} else
		u->wrong = wrong;
}

bool elab_bind_indices(Elab *e, const AstItem *const *items, uint32_t count, const AstExpr *const *bodies,
                       uint32_t body_count, bool from_zero, const int64_t *extents, Indices *out) {
	RangeSearch s = {.e = e};
	out->count = 0;
	out->empty = false;
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
	bool all_stated, ok = find_stated(&s, items, count, from_zero, extents, out->may_be_empty, &all_stated);
	if (!all_stated && ok)
		find_by_uses(&s, bodies, body_count, from_zero);
	bool left_open =
		e->alone && s.source_wrong; /* an argument, of which nothing is known, may be what tells the range */
	for (uint32_t i = 0; i < count; i++) {
		RangeUnknown *u = &s.unknowns.data[i];
		bool empty =
			u->may_be_empty && items[i]->high && u->known && !u->wrong && u->axis != DIM_X && u->high <= u->low;
		if (left_open && !items[i]->high)
			u->wrong = true;
		else if (!empty)
			report_range(&s, u, from_zero, items[i]->high != NULL, ok);
		bool found = u->known && !u->wrong;
		IndexRange range = {u->low, !found                            ? 1
		                            : empty                           ? 0
		                            : u->axis == DIM_X && u->low == 0 ? DIM_X
		                                                              : u->high - u->low};
		ok = ok && found;
		if (u->symbol)
			typing_set_range(e->typing, e->path, u->symbol, range);
		bind_index(e, u->symbol, u->name, range, !found, out);
		Var *var = out->vars[out->count - 1];
		var->fit_end = u->high;
		var->from_zero = from_zero;
	}
	return ok;
}

bool elab_bind_head(Elab *e, const AstItems *head, const AstExpr *body, Indices *out) {
	out->may_be_empty = false;
	const AstItem **items = ARENA_ARRAY(e->arena, const AstItem *, head->count);
	for (uint32_t i = 0; i < head->count; i++)
		items[i] = &head->data[i];
	return elab_bind_indices(e, items, head->count, &body, 1, true, NULL, out);
}
