/* Limits of what is learned or optimized: `in (0, 1)`.
 *
 * A value with limits is kept as a number that may be any: its logit (both limits finite), or the logarithm of its distance from the
 * one that is. Whoever moves it moves that number. */
#include "frontend/decl/decl.h"

#include <math.h>

bool limits_stated(Elab *e, const AstLimits *limits, double *low, double *high) {
	if (limits->span.file == 0 || !limits->low || !limits->high)
		return false;
	if (!elab_number(e, limits->low, "a limit", low) || !elab_number(e, limits->high, "a limit", high))
		return false;
	if (*low < *high)
		return true;
	diag_error(e->session, 262, limits->span, "these limits leave no room: %g is not below %g", *low, *high);
	return false;
}

/* v, but a number that lies on a limit, or rounds to it, becomes the next one inside. What lies outside stays. */
static Ex *inside(Elab *e, const FeLimits *l, Ex *v) {
	if (isfinite(l->low)) {
		Ex *moved = ex_op(e, IR_max, v, ex_real(e, l->lowest), NULL);
		v = ex_op(e, IR_where, ex_op(e, IR_lt, v, ex_real(e, l->low), NULL), v, moved);
	}
	if (isfinite(l->high)) {
		Ex *moved = ex_op(e, IR_min, v, ex_real(e, l->highest), NULL);
		v = ex_op(e, IR_where, ex_op(e, IR_lt, ex_real(e, l->high), v, NULL), v, moved);
	}
	return v;
}

Ex *limits_unconstrained(Elab *e, const FeLimits *l, Ex *v) {
	if (l->transform == FE_PLAIN)
		return v;
	v = inside(e, l, v);
	Ex *above = l->transform == FE_LOG_BELOW ? NULL : ex_op(e, IR_sub, v, ex_real(e, l->low), NULL);
	Ex *below = l->transform == FE_LOG ? NULL : ex_op(e, IR_sub, ex_real(e, l->high), v, NULL);
	if (!above || !below)
		return ex_op(e, IR_log, above ? above : below, NULL, NULL);
	/* Beside a limit of 0 the quotient may be out of range: a theta that far out gives the last number inside, too. */
	Ex *theta = ex_op(e, IR_log, ex_op(e, IR_div, above, below, NULL), NULL, NULL), *far = ex_real(e, fe_most_theta);
	theta = ex_op(e, IR_where, ex_op(e, IR_lt, far, theta, NULL), far, theta);
	far = ex_real(e, -fe_most_theta);
	return ex_op(e, IR_where, ex_op(e, IR_lt, theta, far, NULL), far, theta);
}

/* The limits themselves are reached by rounding alone: there the value is moved to the next number inside, and the
 * derivative stays what it is without rounding, so that what moves it finds its way back. */
Ex *limits_natural(Elab *e, const FeLimits *l, Ex *free) {
	if (l->transform == FE_PLAIN)
		return free;
	Ex *v;
	if (l->transform == FE_LOGIT)
		v = ex_op(e, IR_mul, ex_op(e, IR_sigmoid, free, NULL, NULL), ex_real(e, l->high - l->low), NULL);
	else
		v = ex_op(e, IR_exp, free, NULL, NULL);
	if (l->transform == FE_LOG_BELOW)
		v = ex_op(e, IR_sub, ex_real(e, l->high), v, NULL);
	else if (l->low != 0)
		v = ex_op(e, IR_add, ex_real(e, l->low), v, NULL);
	if (isinf(l->high)) /* where exp overflows there is no derivative to keep */
		v = ex_op(e, IR_min, v, ex_real(e, l->highest), NULL);
	if (isinf(l->low))
		v = ex_op(e, IR_max, v, ex_real(e, l->lowest), NULL);
	Ex *moved = v;
	if (isfinite(l->high))
		moved = ex_op(e, IR_min, moved, ex_real(e, l->highest), NULL);
	if (isfinite(l->low))
		moved = ex_op(e, IR_max, moved, ex_real(e, l->lowest), NULL);
	return ex_op(e, IR_add, v, ex_op(e, IR_stop_gradient, ex_op(e, IR_sub, moved, v, NULL), NULL, NULL), NULL);
}

/* The number of this precision next to `at` in the direction of `to`. */
static double next_number(const Elab *e, double at, double to) {
	return e->real == IR_F32 ? (double)nextafterf((float)at, (float)to) : nextafter(at, to);
}

bool limits_set(Elab *e, bool limited, double low, double high, Span span, FeLimits *l) {
	static const FeTransform kinds[2][2] = {{FE_LOGIT, FE_LOG}, {FE_LOG_BELOW, FE_PLAIN}};
	l->limited = limited;
	l->low = limited ? low : -INFINITY;
	l->high = limited ? high : INFINITY;
	l->transform = kinds[isinf(l->low) != 0][isinf(l->high) != 0];
	l->lowest = next_number(e, l->low, INFINITY);
	l->highest = next_number(e, l->high, -INFINITY);
	double largest = next_number(e, INFINITY, 0);
	bool far = l->transform == FE_LOGIT && high - low > largest;
	if (!far && l->lowest <= l->highest)
		return true;
	diag_error(e->session, 262, span, "these limits are too %s for %s", far ? "far apart" : "close together",
	           ir_scalar_name(e->real));
	return false;
}

/* A literal as it was written: in f32 it may round to a limit that it is not on. */
static double unrounded(const AstExpr *x, double rounded) {
	if (x->kind == AST_UNARY && x->unary.op == AST_NEG)
		return -unrounded(x->unary.operand, -rounded);
	if (x->kind != AST_NUMBER)
		return rounded;
	return x->number.whole ? (double)x->number.integer : x->number.value;
}

bool limits_have_inside(const AstExpr *start, double value, const AstLimits *limits, double low, double high) {
	value = unrounded(start, value);
	return value > unrounded(limits->low, low) && value < unrounded(limits->high, high);
}

/* One of the numbers that are known and not inside; false: there is none. */
static bool known_outside(const AstDeclare *d, const FeLimits *l, const Value *v, double *outside) {
	bool found = false;
	for (uint32_t i = 0; i < v->parts.count && !found; i++)
		found = known_outside(d, l, v->parts.data[i], outside);
	if (found || !v->body || !ex_is_const(v->body))
		return found;
	*outside = ir_scalar_is_real(v->body->type) ? v->body->real : (double)v->body->integer;
	return !limits_have_inside(d->value, *outside, &d->limits, l->low, l->high);
}

bool limits_hold_start(Elab *e, const AstDeclare *d, const FeLimits *l, const Value *start) {
	double value;
	if (!l->limited || !d->value || !known_outside(d, l, start, &value))
		return true;
	Diag *diag = diag_error(e->session, 262, d->value->span, "`%s` starts at %g, which is not inside its limits",
	                        session_text(e->session, d->names.data[0].name), value);
	diag_label(e->session, diag, d->limits.span, "%g to %g", l->low, l->high);
	return false;
}
