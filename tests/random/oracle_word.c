/* Functions of whole arrays, but for those of matrices: oracle_matrix.c. */
#include "oracle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static Value truth(Oracle *o, bool flag) {
	return oracle_number(o, flag ? 1 : 0);
}

static Value shape_of(Oracle *o, const RpShape *shape) {
	Value out = oracle_new(o, &(RpShape){1, {shape->rank}});
	for (int i = 0; i < shape->rank; i++)
		*oracle_at(o, &out, i) = shape->dims[i];
	return out;
}

static Value like(Oracle *o, const Value *a, const RpShape *shape) {
	Value out = oracle_new(o, shape);
	for (int i = 0; i < rp_count(shape); i++)
		memcpy(oracle_at(o, &out, i), a->data, sizeof(double) * o->width);
	return out;
}

/* a, ..., b, of which the ends are exact. */
static Value spaced(Oracle *o, const Value *a, const Value *b, int n) {
	Value out = oracle_new(o, &(RpShape){1, {n}});
	for (int i = 0; i < n; i++) {
		double share = n > 1 ? (double)i / (n - 1) : 0, value = a->data[0] + share * (b->data[0] - a->data[0]);
		bool end = i == 0 || i == n - 1;
		num_binary(o, oracle_at(o, &out, i), a->data, b->data, end ? value : oracle_noisy(o, value), 1 - share, share);
	}
	if (n > 1)
		memcpy(oracle_at(o, &out, n - 1), b->data, sizeof(double) * o->width);
	return out;
}

static Value products(Oracle *o, const Value *a) {
	Value out = oracle_copy(o, a);
	int count = rp_count(&a->shape), row = count / a->shape.dims[0];
	for (int i = row; i < count; i++)
		num_multiply(o, oracle_at(o, &out, i), oracle_at(o, &out, i - row), oracle_at(o, a, i));
	return out;
}

/* s_i = exp(a_i) / sum: ds_i = s_i (da_i - sum_k s_k da_k), and the logarithm's is what is in brackets. */
static Value shares(Oracle *o, const Value *a, bool logarithm) {
	int n = a->shape.dims[0];
	double largest = -(double)INFINITY, total = 0;
	Value out = oracle_new(o, &a->shape);
	double *mean = rp_alloc(o->pool, sizeof *mean * o->width);
	for (int i = 0; i < n; i++)
		largest = fmax(largest, *oracle_at(o, a, i));
	for (int i = 0; i < n; i++)
		total += oracle_noisy(o, exp(*oracle_at(o, a, i) - largest));
	for (int i = 0; i < n; i++)
		num_binary(o, mean, mean, oracle_at(o, a, i), 0, 1,
		           oracle_noisy(o, exp(*oracle_at(o, a, i) - largest) / total));
	for (int i = 0; i < n; i++) {
		double *to = oracle_at(o, &out, i), below = *oracle_at(o, a, i) - largest;
		num_add(o, to, oracle_at(o, a, i), mean, -1);
		double value = logarithm ? below - log(total) : exp(below) / total;
		num_unary(o, to, to, oracle_noisy(o, value), logarithm ? 1 : value);
	}
	return out;
}

static Value in_order(Oracle *o, const Value *a, bool places_only) {
	int n = a->shape.dims[0], *places = rp_alloc(o->pool, sizeof *places * (size_t)n);
	Value out = oracle_new(o, &a->shape);
	oracle_sort(o, a->data, o->width, n, places);
	for (int i = 0; i < n; i++)
		if (places_only)
			*oracle_at(o, &out, i) = places[i];
		else
			memcpy(oracle_at(o, &out, i), oracle_at(o, a, places[i]), sizeof(double) * o->width);
	return out;
}

/* At q (n - 1), on a line between neighbours. */
static Value quantile(Oracle *o, const Value *a, const Value *q) {
	Value sorted = in_order(o, a, false), out = oracle_number(o, 0);
	int last = a->shape.dims[0] - 1;
	double *place = rp_alloc(o->pool, sizeof *place * o->width), *rise = rp_alloc(o->pool, sizeof *rise * o->width);
	double exact = q->data[0] * last;
	num_unary(o, place, q->data, fma(q->data[0], last, -exact) == 0 ? exact : oracle_noisy(o, exact), last);
	int low = (int)fmax(0, fmin(floor(place[0]), last)), high = low < last ? low + 1 : last;
	oracle_decide(o, low, place[0] - nearbyint(place[0]));
	o->unclear = o->unclear || isnan(place[0]);
	place[0] -= low;
	num_add(o, rise, oracle_at(o, &sorted, high), oracle_at(o, &sorted, low), -1);
	num_multiply(o, rise, rise, place);
	num_add(o, out.data, oracle_at(o, &sorted, low), rise, 1);
	return out;
}

Value oracle_word(Oracle *o, const RpExpr *e) {
	Value arg[2] = {0};
	for (int i = 0; i < e->args && i < 2; i++)
		arg[i] = oracle_eval(o, e->arg[i]);
	switch ((RpWord)e->which) {
	case RP_WORD_isnan: return truth(o, isnan(oracle_scalar(&arg[0])));
	case RP_WORD_isfinite: return truth(o, isfinite(oracle_scalar(&arg[0])));
	case RP_WORD_size: {
		int axis = e->args > 1 ? (int)oracle_scalar(&arg[1]) : -1;
		return oracle_number(o, axis < 0 ? rp_count(&arg[0].shape) : arg[0].shape.dims[axis]);
	}
	case RP_WORD_rank: return oracle_number(o, arg[0].shape.rank);
	case RP_WORD_shape: return shape_of(o, &arg[0].shape);
	case RP_WORD_like: return like(o, &arg[0], &arg[1].shape);
	case RP_WORD_linspace: return spaced(o, &arg[0], &arg[1], e->shape.dims[0]);
	case RP_WORD_cumprod: return products(o, &arg[0]);
	case RP_WORD_softmax: return shares(o, &arg[0], false);
	case RP_WORD_log_softmax: return shares(o, &arg[0], true);
	case RP_WORD_sort: return in_order(o, &arg[0], false);
	case RP_WORD_argsort: return in_order(o, &arg[0], true);
	case RP_WORD_quantile: return quantile(o, &arg[0], &arg[1]);
	case RP_WORD_matrix: return (Value){e->shape, arg[0].data};
	default: return oracle_of_matrix(o, (RpWord)e->which, arg);
	}
}
