/* Whole-number arithmetic that is exact or says that it is not. An `int` holds numbers of less than 2^61 in magnitude.
 * What leaves that range, and a division by zero, becomes "no number": any integer outside of the range, INT64_MIN where it
 * is made here. Arithmetic on it gives no number again, as a real number it is NaN, and as an index it is outside of every
 * array. Where the ranges of the operands show that nothing can happen, the plain operation is all there is.
 *
 *     a + b     where(-2^61 < a < 2^61 and -2^61 < b < 2^61, a + b, INT64_MIN) */
#include "frontend/value/value.h"

#include <math.h>

bool ex_whole_is_number(int64_t a) {
	return a > -EX_FAR && a < EX_FAR;
}

bool ex_is_wide(const Ex *x) {
	return x->type == IR_I64 && (x->low <= -EX_FAR || x->high >= EX_FAR);
}

Ex *ex_is_number(Elab *e, Ex *x) {
	if (!ex_is_wide(x))
		return ex_bool(e, true);
	Ex *above = ex_plain(e, IR_gt, x, ex_int(e, -EX_FAR)), *below = ex_plain(e, IR_lt, x, ex_int(e, EX_FAR));
	return ex_op(e, IR_and, above, below, NULL);
}

static Ex *guarded(Elab *e, Ex *condition, Ex *value) {
	return ex_op(e, IR_where, condition, value, ex_int(e, INT64_MIN));
}

static bool product_fits(int64_t a, int64_t b) {
	int64_t product;
	return !__builtin_mul_overflow(a, b, &product) && ex_whole_is_number(product);
}

/* Whether the product of any two numbers of these ranges is a number. */
static bool products_fit(const Ex *a, const Ex *b) {
	return product_fits(a->low, b->low) && product_fits(a->low, b->high) && product_fits(a->high, b->low) &&
	       product_fits(a->high, b->high);
}

/* Whether a real number, in f64, is small enough to be that of a whole number; NaN is not. */
static Ex *is_small(Elab *e, Ex *real) {
	Ex *limit = ex_real(e, (double)EX_FAR);
	limit->type = IR_F64;
	return ex_op(e, IR_lt, ex_op(e, IR_abs, real, NULL, NULL), limit, NULL);
}

/* Comparisons give truth values, and bits have no numbers that they could leave. */
bool ex_whole_has(IrOpcode opcode) {
	IrTyping typing = ir_op_info[opcode].typing;
	return typing == IR_T_ARITH || opcode == IR_idiv || opcode == IR_imod;
}

bool ex_whole_fits(IrOpcode opcode, int64_t a, int64_t b) {
	if (!ex_whole_is_number(a) || !ex_whole_is_number(b))
		return false;
	switch (opcode) {
	case IR_add: return ex_whole_is_number(a + b);
	case IR_sub: return ex_whole_is_number(a - b);
	case IR_mul: return product_fits(a, b);
	case IR_idiv:
	case IR_imod: return b != 0;
	default: return true;
	}
}

Ex *ex_whole(Elab *e, IrOpcode opcode, Ex *a, Ex *b) {
	if (ex_is_const(a) && (!b || ex_is_const(b))) {
		if (!ex_whole_fits(opcode, a->integer, b ? b->integer : 0))
			return ex_int(e, INT64_MIN);
		return ex_op(e, opcode, a, b, NULL);
	}
	Ex *plain = ex_op(e, opcode, a, b, NULL);
	bool wide = ex_is_wide(a) || (b && ex_is_wide(b));
	bool shifted = b && a->kind == EX_READ && b->low > -EX_MOST_ADDED && b->high < EX_MOST_ADDED;
	switch (opcode) {
	case IR_add:
	case IR_sub:
		if (!wide || shifted)
			return plain;
		break;
	case IR_mul: {
		if (!wide && products_fit(a, b))
			return plain;
		Ex *product = ex_op(e, IR_mul, ex_convert(e, a, IR_F64), ex_convert(e, b, IR_F64), NULL);
		return guarded(e, is_small(e, product), plain);
	}
	case IR_idiv:
	case IR_imod: {
		bool by_zero = b->low <= 0 && b->high >= 0;
		if (!wide && !by_zero)
			return plain;
		Ex *divides = by_zero ? ex_op(e, IR_ne, b, ex_int(e, 0), NULL) : ex_bool(e, true);
		return guarded(
			e, ex_op(e, IR_and, divides, ex_op(e, IR_and, ex_is_number(e, a), ex_is_number(e, b), NULL), NULL), plain);
	}
	case IR_min:
	case IR_max:
		if (!wide)
			return plain;
		break;
	default: return plain;
	}
	return guarded(e, ex_op(e, IR_and, ex_is_number(e, a), ex_is_number(e, b), NULL), plain);
}

/* ---- powers ---- */

bool ex_power_of_numbers(int64_t base, int64_t exponent, int64_t *power) {
	*power = 1;
	if (exponent < 0 || !ex_whole_is_number(base))
		return false;
	if (base == 0 || base == 1 || base == -1) {
		*power = exponent == 0 ? 1 : base == -1 && exponent % 2 == 0 ? 1 : base;
		return true;
	}
	for (int64_t i = 0; i < exponent; i++) {
		if (!product_fits(*power, base))
			return false;
		*power *= base;
	}
	return true;
}

/* Whether all powers of such numbers are numbers; *largest is then the largest magnitude that one can have. */
static bool power_fits(const Ex *base, const Ex *exponent, int64_t *largest) {
	int64_t size = base->low < -base->high ? -base->low : base->high;
	size = size < 2 ? 2 : size;
	return !ex_is_wide(base) && exponent->low >= 0 && exponent->high < 61 &&
	       ex_power_of_numbers(size, exponent->high, largest);
}

/* Products by the bits of the exponent: exact modulo 2^64, and all of the power where that is a number. */
static Ex *power_by_bits(Elab *e, Ex *base, Ex *exponent) {
	enum { BITS = 6 };
	if (exponent->high >= 1 << BITS) { /* then the base is 0, 1 or -1, and only parity counts */
		Ex *parity = ex_op(e, IR_add, ex_op(e, IR_imod, exponent, ex_int(e, 2), NULL), ex_int(e, 62), NULL);
		exponent = ex_op(e, IR_where, ex_op(e, IR_lt, exponent, ex_int(e, 1 << BITS), NULL), exponent, parity);
	}
	Ex *power = ex_int(e, 1), *square = base;
	for (int bit = 0; bit < BITS && (bit == 0 || exponent->high >> bit); bit++) {
		Ex *set = ex_op(e, IR_iand, exponent, ex_int(e, INT64_C(1) << bit), NULL);
		Ex *factor = ex_op(e, IR_where, ex_plain(e, IR_ne, set, ex_int(e, 0)), square, ex_int(e, 1));
		power = bit ? ex_op(e, IR_mul, power, factor, NULL) : factor;
		square = ex_op(e, IR_mul, square, square, NULL);
	}
	return power;
}

Ex *ex_whole_power(Elab *e, Ex *base, Ex *exponent) {
	int64_t power;
	if (ex_is_const(base) && ex_is_const(exponent))
		return ex_int(e, ex_power_of_numbers(base->integer, exponent->integer, &power) ? power : INT64_MIN);
	if (ex_is_const(exponent) && exponent->integer >= 0 && exponent->integer < 64) {
		Ex *product = ex_int(e, 1), *square = base;
		for (int64_t left = exponent->integer; left; left >>= 1) {
			if (left & 1)
				product = ex_whole(e, IR_mul, product, square);
			if (left > 1)
				square = ex_whole(e, IR_mul, square, square);
		}
		return product;
	}
	Ex *exact = power_by_bits(e, base, exponent);
	if (power_fits(base, exponent, &power)) {
		exact->low = base->low > 0 ? 1 : base->low == 0 ? 0 : -power;
		exact->high = power;
		return exact;
	}
	Ex *real = ex_op(e, IR_powi, ex_convert(e, base, IR_F64), exponent, NULL);
	Ex *fits = ex_op(e, IR_and, is_small(e, real), ex_op(e, IR_ge, exponent, ex_int(e, 0), NULL), NULL);
	return guarded(e, ex_op(e, IR_and, fits, ex_is_number(e, exponent), NULL), exact);
}

/* ---- sums and products over a range of at most `count` points ---- */

bool ex_whole_sum_fits(const Ex *term, double count) {
	double size = fmax(fabs((double)term->low), fabs((double)term->high));
	return !ex_is_wide(term) && size * count < (double)(EX_FAR / 2);
}

/* What has to be reduced as well, to see whether the result is a number: the sum of |a| or the product of max(|a|, 1), in f64. */
Ex *ex_whole_size(Elab *e, IrCombine combine, Ex *term) {
	Ex *size = ex_op(e, IR_abs, ex_convert(e, term, IR_F64), NULL, NULL);
	if (combine == IR_PUT_SUM)
		return size;
	Ex *one = ex_real(e, 1);
	one->type = IR_F64;
	return ex_op(e, IR_max, size, one, NULL);
}

Ex *ex_whole_if_small(Elab *e, Ex *size, Ex *reduced) {
	return guarded(e, is_small(e, size), reduced);
}
