/* Trying expressions that mention no unknown index.
 *
 * Such an expression is elaborated while the range is searched, and again when the body is. So that nested reductions do
 * not double the work at every level, what was made is kept and used as long as everything around is the same; where
 * conditions have come to it, its shape still is. */
#include "frontend/meaning/range.h"

#include <string.h>

/* What an expression is, and where that holds. */
typedef struct Tried {
	Value *value; /* NULL: it has errors there */
	uint64_t place;
	const IrBlock *block;
	uint32_t indices_around, last_var, last_fact, arms;
	bool want_int, in_dimension;
	const Var *coord;
	int rank; /* at any place of this number; -1: no array */
	int64_t dims[IR_MAX_RANK];
} Tried;

static Tried tried_here(const Elab *e) {
	return (Tried){.place = e->place,
	               .block = e->builder->block,
	               .indices_around = e->indices_around.count,
	               .last_var = e->indices_around.count ? e->indices_around.data[e->indices_around.count - 1]->id : 0,
	               .last_fact = e->facts.count ? e->facts.data[e->facts.count - 1].number : 0,
	               .arms = e->arms,
	               .want_int = e->want_int,
	               .in_dimension = e->in_dimension,
	               .coord = e->coord};
}

/* More indices around than when it was made change nothing, as the expression mentions none of them. */
static bool holds_here(const Elab *e, const Tried *t) {
	Tried here = tried_here(e);
	bool indices = t->indices_around == 0 || (t->indices_around <= here.indices_around &&
	                                          e->indices_around.data[t->indices_around - 1]->id == t->last_var);
	return t->place == here.place && t->block == here.block && indices && t->last_fact == here.last_fact &&
	       t->arms == here.arms && t->want_int == here.want_int && t->in_dimension == here.in_dimension &&
	       t->coord == here.coord;
}

Value *elab_tried_value(const Elab *e, const AstExpr *x) {
	if (!e->tried.count || !x->id)
		return NULL;
	const Tried *t = name_map_get(&e->tried, x->id);
	return t && t->value && holds_here(e, t) ? t->value : NULL;
}

Value *elab_range_try(RangeSearch *s, const AstExpr *x) {
	Elab *e = s->e;
	Value *v = elab_tried_value(e, x);
	if (v)
		return v;
	DiagMark mark = diag_mark(e->session);
	v = elab_expr(e, x);
	bool failed = e->session->error_count > mark.errors;
	Diags said = diag_take_back(e->session, mark);
	if (failed && e->out_of_budget) /* nothing is elaborated any more, so nobody else would report them */
		diag_say(e->session, &said);
	else if (failed)
		for (uint32_t i = 0; i < said.count; i++)
			vec_push(e->arena, &s->tried_errors, said.data[i]);
	else
		diag_say(e->session, &said); /* warnings */
	s->source_wrong = s->source_wrong || (value_is_bad(v) && !failed);
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

int elab_range_try_shape(RangeSearch *s, const AstExpr *x, int64_t *dims) {
	const Tried *t = x->id ? name_map_get(&s->e->tried, x->id) : NULL;
	if (!t || t->rank < 0 || t->place != s->e->place || t->block != s->e->builder->block) {
		bool want = s->e->want_int;
		s->e->want_int = false;
		const Value *v = elab_range_try(s, x);
		s->e->want_int = want;
		if (v->kind != VALUE_ARRAY)
			return -1;
		memcpy(dims, v->dims, sizeof v->dims);
		return v->rank;
	}
	memcpy(dims, t->dims, sizeof t->dims);
	return t->rank;
}

bool elab_range_try_static(RangeSearch *s, const AstExpr *x, int64_t *out) {
	bool dimension = s->e->in_dimension, want = s->e->want_int;
	s->e->in_dimension = s->e->want_int = true;
	const Value *v = elab_range_try(s, x);
	s->e->in_dimension = dimension;
	s->e->want_int = want;
	return value_known_int(v, out);
}

/* What a condition says holds in an arm; known only if no unknown index decides it. */
Value *elab_range_try_condition(RangeSearch *s, const AstExpr *x) {
	if (!x || elab_range_mentions(s, x))
		return NULL;
	bool want = s->e->want_int;
	s->e->want_int = false;
	Value *v = elab_range_try(s, x);
	s->e->want_int = want;
	return v->kind == VALUE_ARRAY && v->scalar == S_BOOL && v->rank == 0 ? v : NULL;
}
