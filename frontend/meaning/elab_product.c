/* a @ b: products of matrices and vectors. Axes in front of a matrix count matrices: both sides have the same of them, or one side is a
 * single matrix or vector, which is multiplied with all. */
#include "frontend/meaning/elab.h"

#include <string.h>

/* Axes in front of the matrix. */
static int leading(const Value *v) {
	return v->rank > 2 ? v->rank - 2 : 0;
}

/* Which product of the same two would fit, where their inner extents differ. */
static const char *which_fits(const Value *a, const Value *b) {
	if (a->rank > 2 || b->rank > 2)
		return "the last extent of the left one is the one before the last of the right one: [..., n, k] @ [..., k, m]";
	if (a->rank == 2 && a->dims[0] == b->dims[0])
		return "`transpose(...) @ ...` would fit: the left one transposed";
	if (b->rank == 2 && a->dims[a->rank - 1] == b->dims[1])
		return "`... @ transpose(...)` would fit: the right one transposed";
	if (b->dims[b->rank - 1] == a->dims[0])
		return "they would fit in the other order";
	return "the last extent of the left one is the first of the right one: [n, k] @ [k, m]";
}

/* Do these multiply? false with a diagnostic. */
static bool fits(Elab *e, const Value *a, const Value *b, const AstExpr *x) {
	const char *wrong = NULL, *help = NULL;
	if (a->rank == 0 || b->rank == 0)
		wrong = "`@` multiplies matrices and vectors";
	else if (a->dims[a->rank - 1] != b->dims[b->rank == 1 ? 0 : b->rank - 2]) {
		wrong = "inner extents of `@` differ";
		help = which_fits(a, b);
	} else if (leading(a) && leading(b) &&
	           (leading(a) != leading(b) || memcmp(a->dims, b->dims, sizeof *a->dims * (size_t)leading(a)) != 0)) {
		wrong = "axes in front of the matrices of `@` differ";
		help = "there is no silent broadcasting: both sides have the same axes in front, or one is a single matrix";
	} else
		return true;
	Diag *diag = diag_error(e->session, 222, x->binary.op_span, "%s", wrong);
	diag_label(e->session, diag, x->binary.left->span, "%s", value_dims_text(e, a->dims, a->rank));
	diag_label(e->session, diag, x->binary.right->span, "%s", value_dims_text(e, b->dims, b->rank));
	if (help)
		diag_help(e->session, diag, "%s", help);
	return false;
}

static Value *product(Elab *e, Value *a, Value *b, const AstExpr *x) {
	const Value *front = leading(a) ? a : b;
	int64_t dims[IR_MAX_RANK];
	int rank = leading(front);
	memcpy(dims, front->dims, sizeof *dims * (size_t)rank);
	if (a->rank >= 2)
		dims[rank++] = a->dims[a->rank - 2];
	if (b->rank >= 2)
		dims[rank++] = b->dims[b->rank - 1];
	Value *shape = value_array(e, S_REAL, rank, dims, x->span);
	Var *k = ex_var_new(e, session_name(e->session, "k"), a->dims[a->rank - 1], x->span);
	Ex *left[IR_MAX_RANK], *right[IR_MAX_RANK];
	for (int i = 0; i < leading(front); i++)
		left[i] = right[i] = ex_var(e, shape->vars[i]);
	int at = leading(front);
	if (a->rank >= 2)
		left[a->rank - 2] = ex_var(e, shape->vars[at++]);
	left[a->rank - 1] = ex_var(e, k);
	right[b->rank == 1 ? 0 : b->rank - 2] = ex_var(e, k);
	if (b->rank >= 2)
		right[b->rank - 1] = ex_var(e, shape->vars[at]);
	value_body(e, a);
	value_body(e, b);
	Ex *body = ex_op(e, IR_mul, value_at(e, a, left), value_at(e, b, right), NULL);
	return emit_reduce(e, IR_PUT_SUM, shape, body, &k, 1, NULL, 0, x->binary.op_span);
}

Value *elab_matrix_product(Elab *e, Value *a, Value *b, const AstExpr *x) {
	if (value_is_bad(a) || value_is_bad(b))
		return value_bad(e);
	bool flat =
		a->rank > 0 && b->rank > 0 && a->rank + b->rank > 2 && a->dims[a->rank - 1] == DIM_X && b->dims[0] == DIM_X;
	if (!flat) {
		a = elab_by_axes(e, a, x->span);
		b = elab_by_axes(e, b, x->span);
		if (value_is_bad(a) || value_is_bad(b))
			return value_bad(e);
	}
	if (!fits(e, a, b, x))
		return value_bad(e);
	a = value_reusable(e, value_convert(e, a, S_REAL), 0, x->binary.left->span);
	b = value_reusable(e, value_convert(e, b, S_REAL), 0, x->binary.right->span);
	return product(e, a, b, x);
}
