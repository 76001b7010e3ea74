/* Numbers that have to be known when a program is instantiated: whole ones, dimensions, the shapes that types state. */
#include "frontend/meaning/elab.h"

#include <math.h>
#include <string.h>

void elab_note_not_known(Elab *e, const Diag *diag) {
	vec_push(e->session->arena, &e->program->not_known, diag);
}

bool elab_says_not_known(const Elab *e, const Diag *diag) {
	for (uint32_t i = e->program->not_known.count; i-- > 0;)
		if (e->program->not_known.data[i] == diag)
			return true;
	return false;
}

static Value *elab_static(Elab *e, const AstExpr *x) {
	bool dimension = e->in_dimension, want = e->want_int;
	e->in_dimension = e->want_int = true;
	Value *v = elab_expr(e, x);
	e->in_dimension = dimension;
	e->want_int = want;
	return v;
}

static bool static_value(Elab *e, Value *v, const AstExpr *x, const char *what, int64_t *out) {
	if (value_is_bad(v))
		return false;
	if (value_known_int(v, out))
		return true;
	if (v->kind == VALUE_ARRAY)
		elab_needs_known(e, v->body);
	if (v->kind == VALUE_ARRAY && v->is_size_x) {
		Diag *diag =
			diag_error(e->session, 265, x->span, "%s depends on `size(x)`, which this rule serves in any size", what);
		diag_help(e->session, diag,
		          "a `joint optimizer` for one objective knows it; a per-coordinate `each` does not need it");
		return false;
	}
	double real;
	const Symbol *symbol = x->kind == AST_NAME ? symbol_at(e->program, x->id) : NULL;
	void **said = symbol && symbol->kind == SYMBOL_HYPER ? name_map_place(e->arena, &e->said_not_whole, x->name) : NULL;
	Diag *diag = said ? *said : NULL;
	if (diag_say_again(e->session, diag))
		return false;
	if (value_known_real(v, &real))
		diag = diag_error(e->session, 211, x->span, "%s has to be a whole number, not %s%g", what,
		                  real == floor(real) ? "the real number " : "", real);
	else if (v->kind == VALUE_ARRAY && v->rank == 0 && v->scalar != S_BOOL) {
		diag = diag_error(e->session, 212, x->span, "%s has to be known when the program is instantiated", what);
		elab_note_not_known(e, diag);
		if (strcmp(what, "the end of a loop") == 0)
			diag_help(e->session, diag, "`while c limit n { ... }` turns as long as a condition holds");
	} else
		diag = diag_error(e->session, 211, x->span, "%s has to be a whole number, not %s", what, value_type_text(e, v));
	if (x->kind == AST_ARRAY)
		diag_help(e->session, diag, "they stand one by one, without brackets around them");
	if (said)
		*said = diag;
	return false;
}

bool elab_static_int(Elab *e, const AstExpr *x, const char *what, int64_t *out) {
	return static_value(e, elab_static(e, x), x, what, out);
}

static bool is_whole(const Value *v) {
	return v->kind == VALUE_ARRAY && v->rank == 0 && v->scalar != S_REAL && v->scalar != S_BOOL;
}

const AstExpr *elab_slice_length(const Elab *e, const AstItem *item) {
	const AstExpr *high = item->high;
	bool again = high && high->kind == AST_BINARY && high->binary.op == AST_ADD &&
	             elab_written_alike(e, item->low, high->binary.left);
	return again ? high->binary.right : NULL;
}

bool elab_slice(Elab *e, const AstItem *item, int64_t *low, int64_t *high, Ex **from) {
	Value *start = elab_static(e, item->low);
	const AstExpr *length_alone = is_whole(start) && !value_known(start) ? elab_slice_length(e, item) : NULL;
	*from = NULL;
	if (length_alone && value_known_int(elab_static(e, length_alone), high) && *high > 0) {
		*from = value_body(e, start);
		*low = 0;
		return true;
	}
	Value *end = elab_static(e, item->high);
	if (is_whole(start) && is_whole(end) && !value_known(start)) {
		Ex *begin = value_body(e, start);
		const Affine length = proof_affine(ex_op(e, IR_sub, value_body(e, end), begin, NULL));
		if (length.count == 0 && !length.too_long && length.offset > 0) {
			*from = begin;
			*low = 0;
			*high = length.offset;
			return true;
		}
	}
	bool ok = static_value(e, start, item->low, "the start of a slice", low);
	return static_value(e, end, item->high, "the end of a slice", high) && ok;
}

Ex *elab_bounded_int(Elab *e, const AstExpr *x, const char *what) {
	Value *v = elab_static(e, x);
	int64_t known;
	if (v->kind == VALUE_ARRAY && v->rank == 0 && v->scalar == S_INT && !v->is_size_x && v->body->type == IR_I64 &&
	    v->body->low >= -ELAB_MOST_BOUND && v->body->high <= ELAB_MOST_BOUND)
		return value_body(e, v);
	return static_value(e, v, x, what, &known) ? ex_int(e, known) : NULL;
}

/* Where `n - 1` is too small, says how large n has to be. */
static void smallest_size(Elab *e, Diag *diag, const AstExpr *x, int64_t found) {
	int64_t size;
	if (found > 0 || x->kind != AST_BINARY || x->binary.op != AST_SUB || x->binary.left->kind != AST_NAME)
		return;
	if (value_known_int(elab_static(e, x->binary.left), &size))
		diag_help(e->session, diag, "`%s` is %lld; it has to be at least %lld here",
		          session_text(e->session, x->binary.left->name), (long long)size, (long long)(size + 1 - found));
}

/* Of an extent, at least `least`. */
static bool extent(Elab *e, const AstExpr *x, int64_t least, int64_t *out) {
	Value *v = elab_static(e, x);
	if (v->kind == VALUE_ARRAY && v->is_size_x) {
		*out = DIM_X;
		return true;
	}
	if (!static_value(e, v, x, "a dimension", out))
		return false;
	if (*out < least || *out > EX_MOST_ELEMENTS) {
		Diag *diag = diag_error(e->session, 213, x->span, "a dimension of %lld", (long long)*out);
		smallest_size(e, diag, x, *out);
		return false;
	}
	return true;
}

bool elab_dimension(Elab *e, const AstExpr *x, int64_t *out) {
	return extent(e, x, 1, out);
}

bool elab_dimension_or_none(Elab *e, const AstExpr *x, int64_t *out) {
	return extent(e, x, -EX_MOST_ELEMENTS, out);
}

bool elab_number(Elab *e, const AstExpr *x, const char *what, double *out) {
	Value *v = elab_expr(e, x);
	if (value_is_bad(v))
		return false;
	if (value_known_real(v, out))
		return true;
	elab_note_not_known(e, diag_error(e->session, 212, x->span, "%s has to be a number that is known now", what));
	return false;
}

bool elab_fits(Elab *e, Span span, const int64_t *dims, int rank) {
	double elements = 1;
	for (int i = 0; i < rank; i++)
		elements *= dims[i] == DIM_X ? 1 : (double)dims[i];
	if (elements <= (double)EX_MOST_ELEMENTS)
		return true;
	diag_error(e->session, 213, span, "an array of %.3g elements", elements);
	return false;
}

bool elab_dims(Elab *e, const AstType *type, int64_t *dims, int *rank, int from) {
	*rank = from;
	bool ok = true;
	for (uint32_t i = 0; i < type->dims.count; i++) {
		if (*rank == IR_USER_RANK) {
			diag_error(e->session, 208, type->span, "an array has at most %d axes", IR_USER_RANK);
			return false;
		}
		int64_t dim = 1;
		ok = elab_dimension(e, type->dims.data[i], &dim) && ok;
		dims[(*rank)++] = dim;
	}
	return ok && elab_fits(e, type->span, dims, *rank);
}
