/* What a rule asks the objective besides f and g at x, and steps that look at the axes of x. */
#include "oracle.h"

#include <math.h>
#include <string.h>

/* The values of e at all coordinates of all tensors, as one vector. */
static void flat(Oracle *o, const RpExpr *e, double *out) {
	RpVar like = {.like_x = true};
	for (o->tensor = 0; o->tensor < o->tensors; o->tensor++) {
		o->frame = o->frames[o->tensor];
		Value v = oracle_for_name(o, &like, e);
		memcpy(out, v.data, sizeof *out * (size_t)o->sizes[o->tensor]);
		out += o->sizes[o->tensor];
	}
	o->tensor = 0;
	o->frame = o->frames[0];
}

static void keep(Oracle *o, const RpVar *var, double number, const double *like_x) {
	for (int i = 0; i < o->tensors; i++) {
		if (!var->like_x) {
			o->frames[i][var->slot] = oracle_number(o, number);
			continue;
		}
		Value v = {{0}, rp_alloc(o->pool, sizeof(double) * (size_t)o->sizes[i])};
		memcpy(v.data, like_x, sizeof(double) * (size_t)o->sizes[i]);
		o->frames[i][var->slot] = v;
		like_x += o->sizes[i];
	}
}

static void answer_at(Oracle *o, const double *x, RpNoise noise, RpAnswer *out) {
	rp_evaluate(o->objective, x, noise, out);
	o->unclear = o->unclear || out->unclear;
}

/* The Hessian times p, by differences of the gradient with a step and with half of it, which have to agree. */
static void curvature(Oracle *o, const double *x, const double *p, double *out) {
	const double h = 1e-3;
	int n = o->objective->coordinates;
	double slope[2][RP_COORDINATES], moved[RP_COORDINATES];
	RpNoise noise = o->noise;
	RpAnswer here, there[2];
	answer_at(o, x, noise, &here);
	o->decisions = o->decisions * 31 + here.decisions;
	noise.margins = NULL; /* of the middle alone */
	for (int i = 0; i < 2; i++) {
		double step = i == 0 ? h : h / 2;
		for (int side = 0; side < 2; side++) {
			for (int k = 0; k < n; k++)
				moved[k] = x[k] + (side ? -step : step) * p[k];
			answer_at(o, moved, noise, &there[side]);
			o->unclear = o->unclear || there[side].decisions != here.decisions;
		}
		for (int k = 0; k < n; k++)
			slope[i][k] = (there[0].gradient[k] - there[1].gradient[k]) / (2 * step);
	}
	for (int k = 0; k < n; k++) {
		out[k] = (4 * slope[1][k] - slope[0][k]) / 3;
		if (noise.size == 0) /* which differences make large */
			o->unclear = o->unclear || !(fabs(slope[1][k] - slope[0][k]) <= 1e-4 * (1 + fabs(out[k])));
	}
}

void oracle_look(Oracle *o, const RpRule *rule, const RpStmt *s) {
	double y[RP_COORDINATES], x[RP_COORDINATES], like_x[RP_COORDINATES] = {0}, number = 0;
	int n = o->objective->coordinates;
	RpExpr at_x = {.op = RP_NAME, .var = rule->x};
	RpAnswer answer;
	flat(o, s->value[0], y);
	flat(o, &at_x, x);
	if (s->look == RP_LOOK_TANGENT || s->look == RP_LOOK_HESSIAN) {
		curvature(o, x, y, like_x);
	} else {
		answer_at(o, s->look <= RP_LOOK_GRADIENT ? y : o->start, o->noise, &answer);
		o->decisions = o->decisions * 31 + answer.decisions;
		number = answer.value;
		memcpy(like_x, answer.gradient, sizeof like_x);
	}
	if (s->look >= RP_LOOK_RESIDUAL_SLOPE) {
		number = 0;
		for (int k = 0; k < n; k++) {
			like_x[k] = 0;
			for (int i = 0; i < o->objective->residuals; i++)
				like_x[k] += answer.residual[i][0] * answer.residual[i][1 + k];
			number += oracle_noisy(o, like_x[k] * y[k]);
		}
	}
	keep(o, s->var[0], number, like_x);
}

/* ---- axes ---- */

/* (tanh(g) + the mean of its row) / (1 + i + j / 2) of a matrix, tanh(g) / (1 + rank) of others. */
static double by_rows(const RpShape *shape, const double *g, int at) {
	if (shape->rank != 2)
		return tanh(g[at]) / (1 + shape->rank);
	int i = at / shape->dims[1], j = at % shape->dims[1];
	double row = 0;
	for (int k = 0; k < shape->dims[1]; k++)
		row += tanh(g[i * shape->dims[1] + k]) / shape->dims[1];
	return (tanh(g[at]) + row) / (1 + i + 0.5 * j);
}

/* G G' G / (the size of the first axis), of the matrix that all axes are merged to. */
static double by_matrix(const RpShape *shape, const double *g, int at) {
	if (shape->rank == 0)
		return tanh(g[at]);
	int count = rp_count(shape), rows = 1, best = count, least = shape->rank == 1 ? 0 : 1 << 30;
	for (int i = 0; i + 1 < shape->rank; i++) {
		rows *= shape->dims[i];
		int longer = rows > count / rows ? rows : count / rows;
		best = longer < least ? rows : best;
		least = longer < least ? longer : least;
	}
	int columns = count / best, i = at / columns, j = at % columns;
	double total = 0;
	for (int k = 0; k < best; k++) {
		double dot = 0;
		for (int c = 0; c < columns; c++)
			dot += tanh(g[i * columns + c]) * tanh(g[k * columns + c]);
		total += dot * tanh(g[k * columns + j]);
	}
	return total / shape->dims[0];
}

void oracle_by_axes(Oracle *o, const RpRule *rule, const RpStmt *s) {
	for (o->tensor = 0; o->tensor < o->tensors; o->tensor++) {
		o->frame = o->frames[o->tensor];
		Value rate = oracle_eval(o, s->value[0]), *x = &o->frame[rule->x->slot];
		const double *g = o->frame[rule->g->slot].data;
		Value out = {{0}, rp_alloc(o->pool, sizeof(double) * (size_t)o->sizes[o->tensor])};
		for (int k = 0; k < o->sizes[o->tensor]; k++) {
			double step = (s->look == 0 ? by_rows : by_matrix)(&o->shapes[o->tensor], g, k);
			out.data[k] = x->data[k] - oracle_noisy(o, 0.05 * oracle_scalar(&rate) * step);
		}
		*x = out;
	}
	o->tensor = 0;
	o->frame = o->frames[0];
}
