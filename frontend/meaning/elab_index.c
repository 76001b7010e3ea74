/* Reading elements: positions, slices, gathers, and the proof that every access is inside. */
#include "frontend/meaning/elab.h"

#include <string.h>

/* The only index variable of a position such as `2 * i + 3`. NULL: it has none or several, or a condition around leaves out
 * some of the variable's values. */
static Var *only_var(const Elab *e, const Affine *a) {
	if (e->arms || e->facts.count)
		return NULL;
	return a->count == 1 && a->terms[0].atom->kind == EX_VAR && a->terms[0].atom->var->extent >= 0
	           ? a->terms[0].atom->var
	           : NULL;
}

static int64_t floor_div(int64_t a, int64_t b) {
	return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

/* Narrows the range that is advised for an index to values for which this read is inside, too: 0 <= factor * (index - from) +
 * offset < extent. */
static void fit(const Elab *e, const Affine *a, int64_t extent) {
	Var *var = only_var(e, a);
	int64_t factor = var ? a->terms[0].coef : 0;
	if (factor == 0 || a->offset < -EX_FAR / 2 || a->offset > EX_FAR / 2)
		return;
	int64_t low = factor > 0 ? -floor_div(a->offset, factor) : -floor_div(extent - 1 - a->offset, -factor);
	int64_t high = factor > 0 ? floor_div(extent - 1 - a->offset, factor) : floor_div(a->offset, -factor);
	var->fit_low = var->fit_low > low + var->from ? var->fit_low : low + var->from;
	var->fit_end = var->fit_end < high + var->from + 1 ? var->fit_end : high + var->from + 1;
}

/* Advises a range for which all reads are inside that were seen so far. */
static void help_outside(Elab *e, Diag *diag, const Affine *a, int64_t extent) {
	const Var *var = only_var(e, a);
	if (!var || var->fit_low >= var->fit_end) {
		diag_help(e->session, diag, "state a smaller range, or add a condition such as `0 <= ... < %lld`",
		          (long long)extent);
		return;
	}
	const char *name = session_text(e->session, var->name);
	long long low = (long long)var->fit_low, end = (long long)var->fit_end;
	if (low == 0)
		diag_help(e->session, diag, "state a smaller range: `%s in %lld`", name, end);
	else if (!var->from_zero)
		diag_help(e->session, diag, "state a smaller range: `%s in %lld..%lld`", name, low, end);
	else
		diag_help(e->session, diag, "state a smaller range, `%s in %lld`, and write `%s + %lld` for `%s` in the body",
		          name, end - low, name, low, name);
}

static bool is_said(const Elab *e, const Diag *diag) {
	for (uint32_t i = e->session->diags.count; diag && i-- > 0;)
		if (e->session->diags.data[i] == diag)
			return true;
	return false;
}

/* Is it a number as it stands, such as `-1`? */
static bool is_written_number(const Elab *e, Span span) {
	const char *text = source_excerpt(e->session, e->arena, span);
	return text[strspn(text, "-0123456789 ")] == '\0';
}

/* "i + 1 runs over 1..11": once for an index, with advice that all reads of it agree on. */
static void report_outside(Elab *e, int64_t low, int64_t high, int64_t extent, Span span, const Affine *a) {
	Var *only = only_var(e, a);
	if (only && is_said(e, only->outside)) {
		help_outside(e, only->outside, a, extent);
		return;
	}
	Diag *diag;
	if (a->too_long && a->count == 0)
		diag = diag_error(e->session, 209, span, "this position is no number, and so outside of an axis of extent %lld",
		                  (long long)extent);
	else if (low == high)
		diag = diag_error(e->session, 209, span, "position %lld is outside of an axis of extent %lld", (long long)low,
		                  (long long)extent);
	else if (low <= -EX_FAR / 2 || high >= EX_FAR / 2)
		diag = diag_error(e->session, 209, span, "this position is not always inside of an axis of extent %lld",
		                  (long long)extent);
	else
		diag =
			diag_error(e->session, 209, span, "this position runs over %lld..%lld, outside of an axis of extent %lld",
		               (long long)low, (long long)high + 1, (long long)extent);
	for (uint32_t i = 0; i < a->count; i++) {
		const Ex *atom = a->terms[i].atom;
		if (atom->kind == EX_VAR)
			diag_label(e->session, diag, atom->var->span, "`%s` runs over %lld values",
			           session_text(e->session, atom->var->name), (long long)(atom->high + 1));
	}
	if (a->count && a->terms[a->count - 1].atom->kind == EX_VAR)
		help_outside(e, diag, a, extent);
	else if (a->count == 0 && low < 0 && low >= -extent && is_written_number(e, span))
		diag_help(e->session, diag, "positions do not count from the end: this one is %lld", (long long)(extent + low));
	else if (low == high && low < 0 && !is_written_number(e, span))
		diag_help(e->session, diag,
		          "positions count from 0: a condition can leave this read out, as in `if k > 0 { ... }`");
	else if (low == high && extent > 0)
		diag_help(e->session, diag, "positions count from 0: the last one is %lld", (long long)extent - 1);
	if (only)
		only->outside = diag;
}

/* A read that is inside narrows what was advised. */
static void note_read(Elab *e, const Affine *a, int64_t extent) {
	const Var *var = only_var(e, a);
	fit(e, a, extent);
	if (var && is_said(e, var->outside))
		help_outside(e, var->outside, a, extent);
}

bool elab_in_bounds(Elab *e, Ex *at, int64_t extent, Span span, bool *guard, bool *open) {
	if (at->kind == EX_VAR && at->var->extent == extent)
		return true;
	if (extent == DIM_X) {
		if (e->tensor && !elab_knows_axes(e, span))
			return false;
		e->coupled = true;
		extent = e->n;
		if (extent < 0) {
			diag_error(e->session, 265, span,
			           "the size of x is not known here, so this access cannot be proved to be inside");
			return false;
		}
	}
	Affine a = proof_affine(at);
	int64_t low, high;
	proof_range(&a, &low, &high);
	if (low >= 0 && high < extent) {
		note_read(e, &a, extent);
		return true;
	}
	Ex *rest = ex_op(e, IR_sub, ex_int(e, extent - 1), at, NULL);
	if (proof_at_least_zero(e, at) && proof_at_least_zero(e, rest)) {
		*guard = true;
		return true;
	}
	bool outside = high < 0 || low >= extent || ex_is_const(at);
	if (proof_is_pure(&a) || outside) {
		elab_needs_known(e, at);
		fit(e, &a, extent);
		report_outside(e, low, high, extent, span, &a);
		return false;
	}
	/* A gather: checked when run; under a condition that might protect it, it reads 0 outside. */
	*open = true;
	if (e->arms || e->facts.count)
		*guard = true;
	return true;
}

/* How what is no whole number could be one. */
static void help_index(Elab *e, Diag *diag, const AstExpr *x, const Value *v) {
	const AstExpr *base = x->kind == AST_INDEX ? x->index.base : x;
	const Symbol *symbol = base->kind == AST_NAME ? symbol_at(e->program, base->id) : NULL;
	bool declared = symbol && (symbol->kind == SYMBOL_GIVEN || symbol->kind == SYMBOL_DATA ||
	                           symbol->kind == SYMBOL_BATCH || symbol->kind == SYMBOL_VAR);
	if (v->kind == VALUE_ARRAY && v->scalar == S_BOOL && v->rank)
		diag_help(e->session, diag,
		          "what a condition leaves has no known size: `where(c, a, 0)`, or `sum[i, c[i]](a[i])`");
	else if (x->kind == AST_NUMBER && x->number.value == (double)(int64_t)x->number.value)
		diag_help(e->session, diag, "write `%lld`", (long long)x->number.value);
	else if (declared)
		diag_help(e->session, diag, "declare it as whole numbers: `%s : int%s`", session_text(e->session, symbol->name),
		          x->kind == AST_INDEX ? "[...]" : "");
	else if (v->kind == VALUE_ARRAY && v->rank == 0 && v->scalar == S_REAL)
		diag_help(e->session, diag, "`//` divides whole numbers; `/` gives a real number");
}

/* The positions that are read along an axis. *along: where they are an array, its axes take the place of the one that is read; NULL:
 * there is one position, or no more than one array is allowed. NULL with a diagnostic. */
static Ex *position(Elab *e, const AstExpr *x, int64_t extent, bool *guard, bool *open, Value **along) {
	bool want = e->want_int, dimension = e->in_dimension;
	e->want_int = true;
	e->in_dimension = false;
	Value *v = elab_expr(e, x);
	e->want_int = want;
	e->in_dimension = dimension;
	if (value_is_bad(v))
		return NULL;
	bool second = v->rank && *along, whole = v->scalar != S_REAL && v->scalar != S_BOOL;
	if (v->kind != VALUE_ARRAY || second || !whole) {
		Diag *diag = diag_error(e->session, 211, x->span,
		                        second && whole ? "a second array of indices" : "an index is a whole number, not %s",
		                        value_type_text(e, v));
		if (second && whole)
			diag_help(e->session, diag, "say which index is which, as in `a[p[i], q[i]]` or `a[p[i], q[j]]`");
		else
			help_index(e, diag, x, v);
		return NULL;
	}
	Ex *at = value_body(e, v);
	if (v->rank) {
		*along = value_array(e, S_INT, v->rank, v->dims, x->span);
		Ex *own[IR_MAX_RANK];
		for (int i = 0; i < v->rank; i++)
			own[i] = ex_var(e, (*along)->vars[i]);
		at = value_at(e, v, own);
	}
	return elab_in_bounds(e, at, extent, x->span, guard, open) ? at : NULL;
}

/* Whether reading an element at `axis` goes through an axis of the same extent of a tensor, where the run checks it. */
static bool axis_is_checked(Elab *e, const Value *base, int axis) {
	const Ex *body = base->body;
	if (!body || body->kind != EX_READ)
		return false;
	IrType type = ir_type(e->builder->func, body->value);
	for (uint32_t i = 0; i < body->at_count; i++)
		if (body->at[i]->kind == EX_VAR && body->at[i]->var == base->vars[axis])
			return type.dims[i] == base->dims[axis];
	return false;
}

/* Is one of the indices a name that nothing declares, which was reported? */
static bool is_spoiled(const Elab *e, const AstItems *items) {
	for (uint32_t i = 0; i < items->count; i++) {
		const AstExpr *x = items->data[i].kind == AST_ITEM_EXPR ? items->data[i].expr : NULL;
		const Symbol *symbol = x && x->kind == AST_NAME ? symbol_at(e->program, x->id) : NULL;
		if (symbol && symbol->kind == SYMBOL_UNKNOWN)
			return true;
	}
	return false;
}

/* Are there elements at so many indices? */
static bool has_elements(Elab *e, const Value *base, const AstItems *items, const AstExpr *x) {
	if (base->kind != VALUE_ARRAY) {
		diag_error(e->session, 219, x->span, "there are no elements in %s", value_type_text(e, base));
		return false;
	}
	if ((int)items->count <= base->rank)
		return true;
	if (is_spoiled(e, items))
		return false;
	Diag *diag = base->rank ? diag_error(e->session, 208, x->span, "%u indices for %d %s", (unsigned)items->count,
	                                     base->rank, base->rank == 1 ? "axis" : "axes")
	                        : diag_error(e->session, 208, x->span, "a number has no elements");
	diag_label(e->session, diag, x->index.base->span, "%s", value_type_text(e, base));
	return false;
}

/* The positions of a slice along an axis; NULL with a diagnostic. *var and *extent: of the axis, then of the slice. */
static Ex *slice(Elab *e, const AstItem *item, Var **var, int64_t *extent, bool *guard, bool *open) {
	int64_t low = 0, high = 0, size = *extent == DIM_X ? e->n : *extent;
	Ex *from;
	if (!elab_slice(e, item, &low, &high, &from))
		return NULL;
	if (from) {
		*var = ex_var_new(e, (*var)->name, high, item->span);
		Ex *at = ex_add_int(e, ex_var(e, *var), from);
		bool inside = elab_in_bounds(e, at, *extent, item->span, guard, open);
		*extent = high;
		return inside ? at : NULL;
	}
	if (*extent == DIM_X && e->tensor && !elab_knows_axes(e, item->span))
		return NULL;
	if (*extent == DIM_X && e->n < 0) {
		diag_error(e->session, 265, item->span, "the size of x is not known here, so neither are slices of it");
		return NULL;
	}
	if (low < 0 || high > size || high <= low) {
		Diag *diag = diag_error(e->session, 209, item->span, "slice %lld..%lld of an axis of extent %lld",
		                        (long long)low, (long long)high, (long long)size);
		diag_help(e->session, diag,
		          low < high ? "positions count from 0 to %lld, and the end of a slice does not belong to it"
		                     : "a slice `a..b` has at least one element: a, a + 1, ..., b - 1",
		          (long long)size - 1);
		return NULL;
	}
	if (low == 0 && high == size)
		return ex_var(e, *var);
	e->coupled = e->coupled || *extent == DIM_X;
	*extent = high - low;
	*var = ex_var_new(e, (*var)->name, *extent, item->span);
	return ex_add_int(e, ex_var(e, *var), ex_int(e, low));
}

/* Has what is read not too many axes? */
static bool fits_axes(Elab *e, const Value *base, const Value *along, const AstExpr *x) {
	bool fits = base->rank - 1 + along->rank <= IR_USER_RANK;
	if (!fits)
		diag_error(e->session, 208, x->span, "an array has at most %d axes", IR_USER_RANK);
	return fits;
}

static Value *element(Elab *e, Value *base, const AstItems *items, const AstExpr *x) {
	if (value_is_bad(base))
		return base;
	if (elab_is_like_x(base))
		base = elab_by_axes(e, base, x->span);
	if (value_is_bad(base))
		return base;
	if (!has_elements(e, base, items, x))
		return value_bad(e);
	Value *v = ARENA_NEW(e->arena, Value);
	v->kind = VALUE_ARRAY;
	v->scalar = base->scalar;
	Ex *at[IR_MAX_RANK];
	Value *along = NULL;
	bool ok = true, guard = false, unchecked = false;
	for (int i = 0; i < base->rank; i++) {
		const AstItem *item = i < (int)items->count ? &items->data[i] : NULL;
		bool open = false;
		if (item && item->kind == AST_ITEM_EXPR) {
			Value *before = along;
			at[i] = position(e, item->expr, base->dims[i], &guard, &open, &along);
			ok = ok && at[i] && (along == before || fits_axes(e, base, along, x));
			unchecked = unchecked || (open && !axis_is_checked(e, base, i));
			for (int k = 0; ok && along != before && k < along->rank; k++) {
				v->vars[v->rank] = along->vars[k];
				v->dims[v->rank++] = along->dims[k];
			}
			continue;
		}
		Var *var = base->vars[i];
		int64_t extent = base->dims[i];
		at[i] = item && item->kind == AST_ITEM_SLICE ? slice(e, item, &var, &extent, &guard, &open) : ex_var(e, var);
		ok = ok && at[i];
		unchecked = unchecked || (open && !axis_is_checked(e, base, i));
		if (!ok)
			continue;
		v->vars[v->rank] = var;
		v->dims[v->rank++] = extent;
	}
	if (!ok)
		return value_bad(e);
	/* The run checks reads of whole tensors only. A parameter is a part of x, and an expression is no tensor: what is read is computed
	 * into a tensor of its own. */
	if (unchecked)
		base = value_materialize(e, base, 0, x->span);
	/* value_at gives a known number of a stack, or a row of it, as it is, without a read. */
	v->body = guard ? ex_substitute(e, value_body(e, base), base->vars, at, (uint32_t)base->rank, true)
	                : value_at(e, base, at);
	return v;
}

Value *elab_index(Elab *e, const AstExpr *x) {
	bool want = e->want_int;
	e->want_int = false;
	Value *base = elab_expr(e, x->index.base);
	e->want_int = want;
	return element(e, base, &x->index.items, x);
}
