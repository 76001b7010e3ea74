/* Statistics and probabilities: the variance, softmax and their like, so computed that nothing overflows or cancels. */
#include "frontend/meaning/reduce.h"

/* First the mean, then the mean of squares of the distances from it. */
Value *elab_variance(Elab *e, const Domain *d, Value *shape, Ex *body, Span span) {
	Ex *count = elab_point_count(e, d, shape, span), *zero = ex_real(e, 0);
	Ex *sum = elab_reduce_plain(e, IR_PUT_SUM, d, shape, body, zero, span)->body;
	Value *mean = elab_with_body(e, shape, S_REAL, ex_op(e, IR_div, sum, count, NULL));
	mean = value_materialize(e, mean, session_name(e->session, "mean"), span);
	Ex *distance = ex_op(e, IR_sub, body, mean->body, NULL);
	Ex *square = ex_op(e, IR_mul, distance, distance, NULL);
	Ex *squares = elab_reduce_plain(e, IR_PUT_SUM, d, shape, square, zero, span)->body;
	return elab_with_body(e, shape, S_REAL, ex_op(e, IR_div, squares, count, NULL));
}

/* ---- softmax ---- */

Value *elab_vector(Elab *e, const Builtin *b, Value *v, const AstExpr *x) {
	const AstExpr *at = x->call.args.data[0].value;
	if (v->rank == 1)
		return v;
	Diag *diag = diag_error(e->session, 285, at->span, "`%s` needs a vector, not %s", b->name, value_type_text(e, v));
	if (v->rank == 2)
		diag_help(e->session, diag, "of every row: `let r[i] = %s(a[i])`; of every column: `let r[j] = %s(a[:, j])`",
		          b->name, b->name);
	return NULL;
}

/* The terms exp(a - m) and their sum, m being the largest a, which is no variable: it cancels. */
typedef struct Terms {
	Value *less;        /* a - m */
	Value *terms, *sum; /* the sum is a number */
} Terms;

static Terms terms_of(Elab *e, Value *v, Span span) {
	Terms t;
	v = value_reusable(e, value_convert(e, v, S_REAL), 0, span);
	Value *pair[2] = {v, elab_reduce_all(e, AST_REDUCE_MAX, v, span)};
	pair[1] = elab_apply(e, IR_stop_gradient, S_REAL, S_REAL, &pair[1], 1, span, NULL);
	pair[1] = value_materialize(e, pair[1], 0, span);
	t.less = elab_apply(e, IR_sub, S_REAL, S_REAL, pair, 2, span, NULL);
	t.terms = value_materialize(e, elab_apply(e, IR_exp_less, S_REAL, S_REAL, pair, 2, span, NULL), 0, span);
	t.sum = value_materialize(e, elab_reduce_sum(e, t.terms, span), 0, span);
	return t;
}

Value *elab_call_softmax(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	Value *v = elab_vector(e, b, args[0], x);
	if (!v)
		return value_bad(e);
	Terms t = terms_of(e, v, x->span);
	return elab_apply(e, IR_div, S_REAL, S_REAL, (Value *[]){t.terms, t.sum}, 2, x->span, NULL);
}

Value *elab_call_log_softmax(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	Value *v = elab_vector(e, b, args[0], x);
	if (!v)
		return value_bad(e);
	Terms t = terms_of(e, v, x->span);
	Value *log = elab_apply(e, IR_log, S_REAL, S_REAL, &t.sum, 1, x->span, NULL);
	log = value_materialize(e, log, 0, x->span);
	return elab_apply(e, IR_sub, S_REAL, S_REAL, (Value *[]){t.less, log}, 2, x->span, NULL);
}
