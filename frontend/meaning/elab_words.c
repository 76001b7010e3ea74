/* Functions that are expressions over the scalar operations, element by element, and those of whole arrays that are one op. */
#include "frontend/meaning/elab.h"

/* ---- element by element ---- */

static Value *op1(Elab *e, IrOpcode opcode, Value *a, const AstExpr *x) {
	return elab_apply(e, opcode, S_REAL, S_REAL, &a, 1, x->span, x);
}

static Value *op2(Elab *e, IrOpcode opcode, Value *a, Value *b, const AstExpr *x) {
	return elab_apply(e, opcode, S_REAL, S_REAL, (Value *[]){a, b}, 2, x->span, x);
}

static Value *compare(Elab *e, IrOpcode opcode, Value *a, Value *b, const AstExpr *x) {
	return elab_apply(e, opcode, S_REAL, S_BOOL, (Value *[]){a, b}, 2, x->span, x);
}

static Value *choose(Elab *e, Value *condition, Value *yes, Value *no, const AstExpr *x) {
	return elab_apply(e, IR_where, S_REAL, S_REAL, (Value *[]){condition, yes, no}, 3, x->span, x);
}

static Value *real(Elab *e, double number) {
	return value_real(e, number);
}

static Value *ceiling(Elab *e, Value *a, const AstExpr *x) {
	return op1(e, IR_neg, op1(e, IR_floor, op1(e, IR_neg, a, x), x), x);
}

Value *elab_call_ceil(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b;
	return args[0]->scalar == S_REAL ? ceiling(e, args[0], x) : args[0];
}

Value *elab_call_trunc(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	Value *a = args[0];
	(void)b;
	if (a->scalar != S_REAL)
		return a;
	return choose(e, compare(e, IR_lt, a, real(e, 0), x), ceiling(e, a, x), op1(e, IR_floor, a, x), x);
}

/* By how much a is above its floor, exactly. At a half, and at infinities, the floor itself if it is even. */
Value *elab_call_round(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	Value *a = args[0], *half = real(e, 0.5);
	(void)b;
	if (a->scalar != S_REAL)
		return a;
	Value *floor = op1(e, IR_floor, a, x), *above = op2(e, IR_sub, a, floor, x);
	Value *next = op2(e, IR_add, floor, real(e, 1), x);
	Value *twice = op1(e, IR_floor, op2(e, IR_mul, floor, half, x), x);
	Value *even = compare(e, IR_eq, op2(e, IR_mul, real(e, 2), twice, x), floor, x);
	Value *middle = choose(e, even, floor, next, x);
	middle = choose(e, compare(e, IR_gt, above, half, x), next, middle, x);
	return choose(e, compare(e, IR_lt, above, half, x), floor, middle, x);
}

Value *elab_call_silu(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b;
	return op2(e, IR_mulz, args[0], op1(e, IR_sigmoid, args[0], x), x);
}

Value *elab_call_log_sigmoid(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b;
	return op1(e, IR_neg, op1(e, IR_softplus, op1(e, IR_neg, args[0], x), x), x);
}

/* As norms are computed: scaled by a power of two near the larger of the two. */
Value *elab_call_hypot(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b;
	Value *scale = op1(e, IR_binade, op2(e, IR_max, op1(e, IR_abs, args[0], x), op1(e, IR_abs, args[1], x), x), x);
	if (value_is_bad(scale))
		return scale;
	Value *inverse = op2(e, IR_div, real(e, 1), scale, x), *squares[2];
	for (int i = 0; i < 2; i++) {
		Value *scaled = op2(e, IR_scaled, args[i], inverse, x);
		squares[i] = op2(e, IR_mul, scaled, scaled, x);
	}
	return op2(e, IR_mul, op1(e, IR_sqrt, op2(e, IR_add, squares[0], squares[1], x), x), scale, x);
}

Value *elab_call_logaddexp(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b;
	Value *largest = op1(e, IR_stop_gradient, op2(e, IR_max, args[0], args[1], x), x);
	if (value_is_bad(largest))
		return largest;
	Value *sum = op2(e, IR_add, op2(e, IR_exp_less, args[0], largest, x), op2(e, IR_exp_less, args[1], largest, x), x);
	return op2(e, IR_add, op1(e, IR_log, sum, x), largest, x);
}

Value *elab_call_xlogy(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b;
	Value *product = op2(e, IR_mul, args[0], op1(e, IR_log, args[1], x), x);
	if (value_is_bad(product))
		return product;
	return choose(e, compare(e, IR_eq, args[0], real(e, 0), x), real(e, 0), product, x);
}

Value *elab_call_isnan(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b;
	return compare(e, IR_ne, args[0], args[0], x);
}

Value *elab_call_isfinite(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b;
	return compare(e, IR_lt, op1(e, IR_abs, args[0], x), real(e, (double)__builtin_inf()), x);
}

/* ---- whole arrays ---- */

/* n numbers, of which the first is a and the last b, exactly. */
Value *elab_call_linspace(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	int64_t n;
	(void)b, (void)args;
	Value *ends[2];
	for (int i = 0; i < 2; i++)
		ends[i] = elab_scalar(e, x->call.args.data[i].value, "an end of `linspace`");
	if (!elab_dimension(e, x->call.args.data[2].value, &n) || value_is_bad(ends[0]) || value_is_bad(ends[1]))
		return value_bad(e);
	if (n == DIM_X) {
		diag_error(e->session, 265, x->span, "the size of x is not known here");
		return value_bad(e);
	}
	if (!elab_fits(e, x->span, &n, 1))
		return value_bad(e);
	Value *v = value_array(e, S_REAL, 1, &n, x->span);
	Ex *i = ex_var(e, v->vars[0]), *low = value_ex(e, ends[0], e->real), *high = value_ex(e, ends[1], e->real);
	Ex *turns = ex_real(e, n > 1 ? (double)(n - 1) : 1), *at = ex_convert(e, i, e->real);
	Ex *step = ex_op(e, IR_div, ex_op(e, IR_sub, high, low, NULL), turns, NULL);
	Ex *inner = ex_op(e, IR_add, low, ex_op(e, IR_mul, at, step, NULL), NULL);
	inner = ex_on_line(e, low, high, ex_op(e, IR_div, at, turns, NULL), inner);
	Ex *is_last = ex_op(e, IR_eq, i, ex_int(e, n - 1), NULL);
	v->body = n > 1 ? ex_op(e, IR_where, is_last, high, inner) : low;
	return v;
}
