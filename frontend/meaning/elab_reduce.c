/* Reductions: sum[i, j, i < j](e), mean[each](e), sum(A). */
#include "frontend/meaning/reduce.h"

#include <math.h>
#include <string.h>

/* What has a value over no terms at all. */
static bool has_neutral(AstReduction op) {
	return op == AST_REDUCE_SUM || op == AST_REDUCE_PROD || op == AST_REDUCE_ANY || op == AST_REDUCE_ALL;
}

Ex *elab_point_count(Elab *e, const Domain *d, Value *shape, Span span) {
	if (d->conds.count || d->filter) {
		Ex *one = ex_real(e, 1);
		if (d->filter)
			one = ex_op(e, IR_where, d->filter, one, ex_real(e, 0));
		return emit_reduce(e, IR_PUT_SUM, shape, one, d->vars, d->count, d->conds.data, d->conds.count, span)->body;
	}
	int64_t count = 1;
	Ex *symbolic = NULL;
	for (uint32_t i = 0; i < d->count; i++)
		if (!d->vars[i]->coord)
			count *= d->vars[i]->extent;
		else if (e->tensor) {
			Ex *at = ex_var(e, e->tensor);
			symbolic = ex_read(e, e->sizes, &at, 1, false);
		} else
			symbolic = ex_dim(e);
	Ex *number = ex_real(e, (double)count);
	if (!symbolic)
		return number;
	symbolic = ex_convert(e, symbolic, e->real);
	return count == 1 ? symbolic : ex_op(e, IR_mul, symbolic, number, NULL);
}

Value *elab_reduce_plain(Elab *e, IrCombine combine, const Domain *d, Value *shape, Ex *body, Ex *neutral, Span span) {
	if (d->filter)
		body = ex_op(e, IR_where, d->filter, body, neutral);
	return emit_reduce(e, combine, shape, body, d->vars, d->count, d->conds.data, d->conds.count, span);
}

Value *elab_with_body(Elab *e, const Value *v, Scalar scalar, Ex *body) {
	Value *w = ARENA_NEW(e->arena, Value);
	*w = *v;
	w->kind = VALUE_ARRAY;
	w->scalar = scalar;
	w->body = body;
	w->parts.count = 0;
	w->is_size_x = false;
	w->hyper = 0;
	w->as_int = NULL;
	return w;
}

/* log(sum exp(a - m)) + m, m being the largest a. exp_less is 1 where both are the same infinity, so that a largest term
 * of inf gives inf and takes all of the derivative, and terms that are all -inf give -inf and share it. */
static Value *log_sum_exp(Elab *e, const Domain *d, Value *shape, Ex *body, Span span) {
	Ex *largest = elab_reduce_plain(e, IR_PUT_MAX, d, shape, body, ex_real(e, -INFINITY), span)->body;
	Ex *shift = ex_op(e, IR_stop_gradient, largest, NULL, NULL);
	shift = value_materialize(e, elab_with_body(e, shape, S_REAL, shift), 0, span)->body;
	Ex *term = ex_op(e, IR_exp_less, body, shift, NULL);
	Ex *total = elab_reduce_plain(e, IR_PUT_SUM, d, shape, term, ex_real(e, 0), span)->body;
	return elab_with_body(e, shape, S_REAL, ex_op(e, IR_add, ex_op(e, IR_log, total, NULL, NULL), shift, NULL));
}

/* Reductions of reals that look at what they reduce more than once. */
static bool reads_twice(AstReduction op) {
	return op == AST_REDUCE_LOGSUMEXP || op == AST_REDUCE_VARIANCE || op == AST_REDUCE_STD || op == AST_REDUCE_MEDIAN;
}

static Value *root(Elab *e, Value *v) {
	return value_is_bad(v) ? v : elab_with_body(e, v, S_REAL, ex_op(e, IR_sqrt, v->body, NULL, NULL));
}

static Value *any_or_all(Elab *e, bool any, const Domain *d, Value *shape, Ex *body, Span span) {
	Ex *hit = any ? body : ex_op(e, IR_not, body, NULL, NULL);
	Ex *one = ex_op(e, IR_where, hit, ex_int(e, 1), ex_int(e, 0));
	Ex *count = elab_reduce_plain(e, IR_PUT_SUM, d, shape, one, ex_int(e, 0), span)->body;
	Ex *truth = any ? ex_op(e, IR_gt, count, ex_int(e, 0), NULL) : ex_op(e, IR_eq, count, ex_int(e, 0), NULL);
	return elab_with_body(e, shape, S_BOOL, truth);
}

/* A sum or product of whole numbers, exact or no number; what it is of is known to lie in `body`'s range. */
static Ex *whole_reduction(Elab *e, IrCombine combine, const Domain *d, Value *shape, Ex *body, Span span) {
	double points = 1;
	for (uint32_t i = 0; i < d->count; i++)
		points *= d->vars[i]->extent > 0 ? (double)d->vars[i]->extent : (double)EX_MOST_ELEMENTS;
	Ex *neutral = ex_int(e, combine == IR_PUT_PROD);
	Ex *reduced = elab_reduce_plain(e, combine, d, shape, body, neutral, span)->body;
	if (combine == IR_PUT_SUM && ex_whole_sum_fits(body, points)) {
		reduced->low = body->low < 0 ? (int64_t)(points * (double)body->low) : 0;
		reduced->high = body->high > 0 ? (int64_t)(points * (double)body->high) : 0;
		return reduced;
	}
	Ex *size =
		elab_reduce_plain(e, combine, d, shape, ex_whole_size(e, combine, body), ex_convert(e, neutral, IR_F64), span)
			->body;
	return ex_whole_if_small(e, size, reduced);
}

static Value *one_index(Elab *e, const char *name, Span span) {
	Diag *diag = diag_error(e->session, 233, span, "`%s` takes one index", name);
	diag_help(e->session, diag, "name it: `%s[c](z[i, c])` is the position along the last axis of z", name);
	return value_bad(e);
}

/* `shape`: the axes of the result. `v`: its scalar type and body, over those and the domain's variables. */
static Value *reduce_over(Elab *e, AstReduction op, const Domain *d, Value *shape, Value *v, Span span) {
	Scalar s = v->scalar;
	bool truth = op == AST_REDUCE_ANY || op == AST_REDUCE_ALL;
	if (truth != (s == S_BOOL) && (truth || (op != AST_REDUCE_SUM && op != AST_REDUCE_MEAN))) {
		Diag *diag = diag_error(e->session, 210, span,
		                        truth ? "conditions were expected, found %s" : "numbers were expected, found %s",
		                        value_type_text(e, v));
		if (truth)
			diag_help(e->session, diag, "compare, as in `any[i](x[i] > 0)`");
		return value_bad(e);
	}
	if (s == S_LITERAL || op == AST_REDUCE_MEAN || reads_twice(op))
		s = S_REAL;
	if (s == S_BOOL && op == AST_REDUCE_SUM)
		s = S_INT;
	Ex *body = ex_convert(e, value_body(e, v), truth ? IR_BOOL : value_ir_scalar(e, s));
	Ex *zero = s == S_REAL ? ex_real(e, 0) : ex_int(e, 0);
	Ex *one = s == S_REAL ? ex_real(e, 1) : ex_int(e, 1);
	Ex *most = s == S_REAL ? ex_real(e, INFINITY) : ex_int(e, INT64_MAX);
	Ex *least = s == S_REAL ? ex_real(e, -INFINITY) : ex_int(e, INT64_MIN);
	if (s == S_INT && (op == AST_REDUCE_SUM || op == AST_REDUCE_PROD)) {
		IrCombine combine = op == AST_REDUCE_SUM ? IR_PUT_SUM : IR_PUT_PROD;
		return elab_with_body(e, shape, s, whole_reduction(e, combine, d, shape, body, span));
	}
	switch (op) {
	case AST_REDUCE_SUM:
		return elab_with_body(e, shape, s, elab_reduce_plain(e, IR_PUT_SUM, d, shape, body, zero, span)->body);
	case AST_REDUCE_MEAN: {
		Ex *sum = elab_reduce_plain(e, IR_PUT_SUM, d, shape, body, zero, span)->body;
		return elab_with_body(e, shape, s, ex_op(e, IR_div, sum, elab_point_count(e, d, shape, span), NULL));
	}
	case AST_REDUCE_MAX:
		return elab_with_body(e, shape, s, elab_reduce_plain(e, IR_PUT_MAX, d, shape, body, least, span)->body);
	case AST_REDUCE_MIN:
		return elab_with_body(e, shape, s, elab_reduce_plain(e, IR_PUT_MIN, d, shape, body, most, span)->body);
	case AST_REDUCE_PROD:
		return elab_with_body(e, shape, s, elab_reduce_plain(e, IR_PUT_PROD, d, shape, body, one, span)->body);
	case AST_REDUCE_LOGSUMEXP: return log_sum_exp(e, d, shape, body, span);
	case AST_REDUCE_VARIANCE: return elab_variance(e, d, shape, body, span);
	case AST_REDUCE_STD: return root(e, elab_variance(e, d, shape, body, span));
	case AST_REDUCE_MEDIAN: return elab_median(e, d, shape, body, span);
	case AST_REDUCE_ARGMAX:
	case AST_REDUCE_ARGMIN: {
		bool max = op == AST_REDUCE_ARGMAX;
		if (d->count != 1 || (e->tensor && d->vars[0]->coord))
			return one_index(e, max ? "argmax" : "argmin", span);
		Ex *at =
			elab_reduce_plain(e, max ? IR_PUT_ARGMAX : IR_PUT_ARGMIN, d, shape, body, max ? least : most, span)->body;
		if (d->conds.count == 0 && !d->filter)
			at->low = 0;
		return elab_with_body(e, shape, S_INT, ex_add_int(e, at, ex_int(e, d->low)));
	}
	case AST_REDUCE_ANY:
	case AST_REDUCE_ALL: return any_or_all(e, op == AST_REDUCE_ANY, d, shape, body, span);
	default: return value_bad(e);
	}
}

Value *elab_reduce_all(Elab *e, AstReduction op, Value *v, Span span) {
	if (value_is_bad(v))
		return v;
	if (v->kind != VALUE_ARRAY || v->rank == 0) {
		Diag *diag = diag_error(e->session, 232, span, "there is nothing to reduce: this is %s",
		                        v->kind == VALUE_ARRAY ? "one number" : value_type_text(e, v));
		if (e->coord)
			diag_help(e->session, diag, "inside `each`, `mean[each](e)` reaches over the coordinates of the tensor");
		return value_bad(e);
	}
	Domain d = {0};
	for (int i = 0; i < v->rank; i++)
		d.vars[d.count++] = v->vars[i];
	Value scalar = {.kind = VALUE_ARRAY, .scalar = v->scalar};
	/* An expression that is read twice is computed once. */
	if (reads_twice(op))
		v = value_reusable(e, value_convert(e, v, S_REAL), 0, span);
	return reduce_over(e, op, &d, &scalar, v, span);
}

Value *elab_reduce_sum(Elab *e, Value *v, Span span) {
	return elab_reduce_all(e, AST_REDUCE_SUM, v, span);
}

/* mean[each](e): e is about one coordinate; the result is the same for all of them. */
static Value *reduce_each(Elab *e, const AstExpr *x) {
	if (e->alone)
		return value_bad(e);
	if (!e->coord) {
		Diag *diag = diag_error(e->session, 263, x->span, "`[each]` stands inside `each { }`");
		diag_help(e->session, diag, "outside, `%s(...)` reduces over the whole tensor",
		          session_text(e->session, x->reduce.callee.name));
		return value_bad(e);
	}
	Value *v = elab_expr(e, x->reduce.body);
	if (value_is_bad(v) || v->kind != VALUE_ARRAY)
		return value_bad(e);
	if (reads_twice(x->reduce.op))
		v = value_reusable(e, value_convert(e, v, S_REAL), 0, x->span);
	Domain d = {0};
	Var *from[IR_MAX_RANK];
	Ex *to[IR_MAX_RANK];
	d.count = elab_coordinate_vars(e, from);
	for (uint32_t i = 0; i < d.count; i++) {
		d.vars[i] = ex_var_new(e, from[i]->name, from[i]->extent, x->span);
		to[i] = ex_var(e, d.vars[i]);
	}
	Value *moved = elab_with_body(e, v, v->scalar, ex_substitute(e, value_body(e, v), from, to, d.count, false));
	e->coupled = true;
	return reduce_over(e, x->reduce.op, &d, moved, moved, x->span);
}

/* false: one of them is not known. */
static bool read_conditions(Elab *e, const AstItems *items, Domain *d) {
	bool known = true;
	for (uint32_t i = 0; i < items->count; i++) {
		if (items->data[i].kind != AST_ITEM_CONDITION)
			continue;
		Value *v = elab_expr(e, items->data[i].expr);
		if (value_is_bad(v)) {
			known = false;
			proof_assume_spoiled(e);
			continue;
		}
		if (v->kind != VALUE_ARRAY || v->scalar != S_BOOL || v->rank) {
			diag_error(e->session, 210, items->data[i].span, "a condition was expected, found %s",
			           value_type_text(e, v));
			continue;
		}
		Exs forms = {0};
		bool affine = proof_forms(e, v->body, true, &forms);
		for (uint32_t k = 0; k < forms.count; k++) {
			/* The terms of a condition may not vary from point to point, but for the indices themselves. */
			Affine a = proof_affine(forms.data[k]);
			for (uint32_t t = 0; t < a.count; t++)
				affine = affine && (a.terms[t].atom->kind == EX_VAR || !a.terms[t].atom->free);
			affine = affine && !a.too_long;
		}
		proof_assume(e, v->body, true);
		if (affine) {
			for (uint32_t k = 0; k < forms.count; k++)
				vec_push(e->arena, &d->conds, forms.data[k]);
		} else {
			Ex *filter = d->filter ? ex_op(e, IR_and, d->filter, v->body, NULL) : v->body;
			d->filter = value_limit_depth(e, value_scalar(e, S_BOOL, filter), items->data[i].span)->body;
			e->arms++;
		}
	}
	return known;
}

Value *elab_reduce(Elab *e, const AstExpr *x) {
	bool want = e->want_int, dimension = e->in_dimension;
	e->want_int = e->in_dimension = false;
	Value *result;
	if (x->reduce.each) {
		result = reduce_each(e, x);
		e->want_int = want;
		e->in_dimension = dimension;
		return result;
	}
	ScopeMark scope = scope_mark(e);
	uint32_t active = e->indices_around.count, facts = e->facts.count, ifs = e->arms;
	uint32_t items = x->reduce.items.count, count = 0, body_count = 0;
	const AstItem **indices = ARENA_ARRAY(e->arena, const AstItem *, items);
	const AstExpr **bodies = ARENA_ARRAY(e->arena, const AstExpr *, items + 1);
	bodies[body_count++] = x->reduce.body;
	for (uint32_t i = 0; i < items; i++) {
		const AstItem *item = &x->reduce.items.data[i];
		if (item->kind == AST_ITEM_INDEX)
			indices[count++] = item;
		else if (item->kind == AST_ITEM_CONDITION)
			bodies[body_count++] = item->expr;
	}
	Indices found = {.may_be_empty = has_neutral(x->reduce.op)};
	bool ok = elab_bind_indices(e, indices, count, bodies, body_count, false, NULL, &found);
	Domain d = {0};
	if (found.empty)
		proof_assume(e, ex_bool(e, false), true); /* nothing is read */
	e->arms += found.empty;
	for (uint32_t i = 0; i < found.count; i++)
		d.vars[d.count++] = found.vars[i];
	d.low = found.count ? found.low[0] : 0;
	bool known = read_conditions(e, &x->reduce.items, &d);
	/* The body may be right only because of a condition that is not known: then it is not looked at. */
	Value *body = known || !e->alone ? elab_expr(e, x->reduce.body) : value_bad(e);
	if (!ok || value_is_bad(body) || body->kind != VALUE_ARRAY) {
		if (body->kind != VALUE_ARRAY && !value_is_bad(body))
			diag_error(e->session, 219, x->reduce.body->span, "numbers were expected, not %s",
			           value_type_text(e, body));
		result = value_bad(e);
	} else {
		if (reads_twice(x->reduce.op))
			body = value_reusable(e, value_convert(e, body, S_REAL), 0, x->span);
		value_body(e, body);
		if (found.empty)
			d.filter = ex_bool(e, false);
		result = reduce_over(e, x->reduce.op, &d, body, body, x->span);
	}
	scope_back(e, scope);
	e->indices_around.count = active;
	e->facts.count = facts;
	e->arms = ifs;
	e->want_int = want;
	e->in_dimension = dimension;
	return result;
}
