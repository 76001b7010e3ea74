/* Numbers on a line between two others, which are exact at the ends and finite wherever these are.
 *
 *     a + t (b - a)     is NaN at t = 0 if b is infinite, and infinite if b - a leaves the range of numbers
 *     (1 - t) a + t b   is neither, but differs from a and b by rounding where they are equal
 *
 * So the first, or what the caller has in its place, is for ends whose difference is a number, and the second for all others. */
#include "frontend/value/value.h"

#include <float.h>
#include <math.h>

/* |difference| < inf. Of constants, which are folded in double precision, in that of the program. */
static Ex *is_finite(Elab *e, Ex *difference) {
	if (ex_is_const(difference))
		return ex_bool(e, fabs(difference->real) <= (difference->type == IR_F32 ? (double)FLT_MAX : DBL_MAX));
	return ex_op(e, IR_lt, ex_op(e, IR_abs, difference, NULL, NULL),
	             ex_convert(e, ex_real(e, INFINITY), difference->type), NULL);
}

Ex *ex_blend(Elab *e, Ex *a, Ex *b, Ex *t) {
	Ex *difference = ex_op(e, IR_sub, b, a, NULL), *one = ex_convert(e, ex_real(e, 1), t->type);
	Ex *rest = ex_op(e, IR_sub, one, t, NULL);
	Ex *blend = ex_op(e, IR_add, ex_op(e, IR_mulz, rest, a, NULL), ex_op(e, IR_mulz, t, b, NULL), NULL);
	/* inf - inf: the ends are the same, and t is of no matter */
	return ex_op(e, IR_where, ex_op(e, IR_eq, difference, difference, NULL), blend, a);
}

Ex *ex_on_line(Elab *e, Ex *a, Ex *b, Ex *t, Ex *near) {
	return ex_op(e, IR_where, is_finite(e, ex_op(e, IR_sub, b, a, NULL)), near, ex_blend(e, a, b, t));
}
