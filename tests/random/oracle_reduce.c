/* Reductions: all terms in order, those whose conditions fail left out. */
#include "oracle.h"

#include <math.h>
#include <string.h>

/* A maximum or minimum is a choice among all terms: recorded, so that ties show. */
static int extreme(Oracle *o, const Value *terms, int count, const bool *live, int stride, int offset, bool largest) {
	int best = -1, ties = 0;
	double margin = (double)INFINITY;
	for (int i = 0; i < count; i++) {
		if (live && !live[i])
			continue;
		double a = *oracle_at(o, terms, i * stride + offset);
		double b = best < 0 ? a : *oracle_at(o, terms, best * stride + offset);
		bool better = best < 0 || (largest ? a > b : a < b);
		o->unclear = o->unclear || isnan(a);
		ties += best >= 0 && a == b;
		if (best >= 0)
			margin = better ? fabs(a - b) : fmin(margin, fabs(a - b));
		if (better)
			best = i;
	}
	oracle_decide(o, best + 1000 * ties, margin);
	o->unclear = o->unclear || best < 0;
	return best;
}

static void log_sum_exp(Oracle *o, const Value *terms, int count, const bool *live, int stride, int offset,
                        double *out) {
	double largest = -(double)INFINITY, total = 0;
	for (int i = 0; i < count; i++)
		if (!live || live[i])
			largest = fmax(largest, *oracle_at(o, terms, i * stride + offset));
	for (int i = 0; i < count; i++)
		if (!live || live[i])
			total += oracle_noisy(o, exp(*oracle_at(o, terms, i * stride + offset) - largest));
	double sum[2 + RP_COORDINATES] = {0};
	for (int i = 0; i < count; i++) {
		if (live && !live[i])
			continue;
		const double *term = oracle_at(o, terms, i * stride + offset);
		double share = oracle_noisy(o, exp(term[0] - largest) / total);
		num_binary(o, sum, sum, term, 0, 1, share);
	}
	memcpy(out, sum, sizeof *out * o->width);
	out[0] = oracle_noisy(o, largest + log(total));
}

/* The mean, then the mean of squares of the distances from it. */
static void variance(Oracle *o, const Value *terms, int count, const bool *live, int stride, int offset, double *out) {
	double mean[2 + RP_COORDINATES] = {0}, squares[2 + RP_COORDINATES] = {0}, distance[2 + RP_COORDINATES];
	int points = 0;
	for (int i = 0; i < count; i++)
		if (!live || live[i]) {
			num_add(o, mean, mean, oracle_at(o, terms, i * stride + offset), 1);
			points++;
		}
	num_unary(o, mean, mean, oracle_quotient(o, mean[0], points), 1.0 / points);
	for (int i = 0; i < count; i++)
		if (!live || live[i]) {
			num_add(o, distance, oracle_at(o, terms, i * stride + offset), mean, -1);
			num_multiply(o, distance, distance, distance);
			num_add(o, squares, squares, distance, 1);
		}
	num_unary(o, out, squares, oracle_quotient(o, squares[0], points), 1.0 / points);
}

/* Of variance: the root. */
static void deviation(Oracle *o, double *out) {
	double root = sqrt(out[0]);
	oracle_decide(o, out[0] > 0, out[0]);
	num_unary(o, out, out, oracle_noisy(o, root), root == 0 ? 0 : 0.5 / root);
}

void oracle_sort(Oracle *o, const double *terms, size_t stride, int count, int *places) {
	for (int i = 0; i < count; i++) {
		int k = i;
		o->unclear = o->unclear || isnan(terms[(size_t)i * stride]);
		for (; k > 0 && terms[(size_t)places[k - 1] * stride] > terms[(size_t)i * stride]; k--)
			places[k] = places[k - 1];
		places[k] = i;
	}
	for (int i = 0; i < count; i++)
		oracle_decide(o, places[i], i ? terms[(size_t)places[i] * stride] - terms[(size_t)places[i - 1] * stride] : 1);
}

/* The middle one in order, or the mean of the two in the middle. */
static void middle(Oracle *o, const Value *terms, int count, const bool *live, int stride, int offset, double *out) {
	double *kept = rp_alloc(o->pool, sizeof *kept * o->width * (size_t)(count + 1));
	int *places = rp_alloc(o->pool, sizeof *places * (size_t)(count + 1)), points = 0;
	for (int i = 0; i < count; i++)
		if (!live || live[i])
			memcpy(kept + (size_t)points++ * o->width, oracle_at(o, terms, i * stride + offset),
			       sizeof *kept * o->width);
	o->unclear = o->unclear || points == 0;
	if (points == 0)
		return;
	oracle_sort(o, kept, o->width, points, places);
	const double *low = kept + (size_t)places[(points - 1) / 2] * o->width;
	const double *high = kept + (size_t)places[points / 2] * o->width;
	if (points % 2)
		memcpy(out, low, sizeof *out * o->width);
	else
		num_binary(o, out, low, high, oracle_noisy(o, (low[0] + high[0]) / 2), 0.5, 0.5);
}

/* terms: `count` blocks of body->shape. Gives one block; live: which terms there are. */
Value oracle_fold(Oracle *o, RpReduction which, const Value *body, int count, const bool *live) {
	Value out = oracle_new(o, &body->shape);
	int stride = rp_count(&body->shape), terms = 0;
	for (int i = 0; i < count; i++)
		terms += !live || live[i];
	for (int offset = 0; offset < stride; offset++) {
		double *to = oracle_at(o, &out, offset);
		bool is_product = which == RP_PROD;
		to[0] = is_product || which == RP_EVERY ? 1 : 0;
		if (which == RP_LOGSUMEXP) {
			log_sum_exp(o, body, count, live, stride, offset, to);
			continue;
		}
		if (which == RP_VARIANCE || which == RP_STD) {
			variance(o, body, count, live, stride, offset, to);
			if (which == RP_STD)
				deviation(o, to);
			continue;
		}
		if (which == RP_MEDIAN) {
			middle(o, body, count, live, stride, offset, to);
			continue;
		}
		if (which >= RP_MAXIMUM && which <= RP_ARGMIN && which != RP_PROD) {
			bool largest = which == RP_MAXIMUM || which == RP_ARGMAX;
			int best = extreme(o, body, count, live, stride, offset, largest);
			if (which == RP_ARGMAX || which == RP_ARGMIN)
				to[0] = best;
			else if (best >= 0)
				memcpy(to, oracle_at(o, body, best * stride + offset), sizeof *to * o->width);
			else
				to[0] = largest ? -(double)INFINITY : (double)INFINITY;
			continue;
		}
		for (int i = 0; i < count; i++) {
			const double *term = oracle_at(o, body, i * stride + offset);
			if (live && !live[i])
				continue;
			if (which == RP_ANY)
				to[0] = to[0] != 0 || term[0] != 0;
			else if (which == RP_EVERY)
				to[0] = to[0] != 0 && term[0] != 0;
			else if (is_product)
				num_multiply(o, to, to, term);
			else
				num_add(o, to, to, term, 1);
		}
		if (which == RP_MEAN)
			num_unary(o, to, to, oracle_quotient(o, to[0], terms), 1.0 / terms);
	}
	return out;
}

Value oracle_reduce(Oracle *o, const RpExpr *e) {
	int points = 1;
	for (int i = 0; i < e->indices; i++) {
		points *= e->index[i]->high - e->index[i]->low;
		o->frame[e->index[i]->slot] = oracle_number(o, 0);
	}
	bool *live = rp_alloc(o->pool, sizeof *live * (size_t)points);
	RpShape shape = e->arg[0]->shape;
	int stride = rp_count(&shape);
	Value terms = {shape, rp_alloc(o->pool, sizeof(double) * o->width * (size_t)(stride * points))};
	for (int p = 0; p < points; p++) {
		size_t mark = rp_mark(o->pool);
		oracle_set_indices(o, e->index, e->indices, p);
		live[p] = true;
		for (int c = 0; c < e->conds && live[p]; c++) {
			Value v = oracle_eval(o, e->cond[c]);
			live[p] = oracle_scalar(&v) != 0;
		}
		if (live[p]) {
			Value v = oracle_eval(o, e->arg[0]);
			memcpy(oracle_at(o, &terms, p * stride), v.data, sizeof(double) * o->width * (size_t)stride);
		}
		rp_release(o->pool, mark);
	}
	Value out = oracle_fold(o, (RpReduction)e->which, &terms, points, live);
	if (e->which == RP_ARGMAX || e->which == RP_ARGMIN)
		out.data[0] += e->index[0]->low;
	return out;
}
