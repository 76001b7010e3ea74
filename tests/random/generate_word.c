/* Calls of the functions of whole arrays: rp_words. Matrices are made so that they are far from singular: something from -1 to 1 and more
 * than its row sums on the diagonal. */
#include "generate.h"

#include <math.h>

enum { MATRIX_POINTS = 120, MATRIX_ROWS = 5 };

RpExpr *gen_word_call(Gen *g, RpWord word, RpKind kind, RpExpr *a, RpExpr *b, const RpShape *shape, double size) {
	RpExpr *e = rp_binary(g->pool, RP_WORD, kind, a, b);
	e->which = (int)word;
	e->shape = *shape;
	e->size = size;
	return e;
}

RpExpr *gen_argsort(Gen *g, RpExpr *vector) {
	RpExpr *e = gen_word_call(g, RP_WORD_argsort, RP_INT, vector, NULL, &vector->shape, vector->shape.dims[0]);
	e->high = vector->shape.dims[0];
	return e;
}

static RpExpr *known(RpExpr *e, int value) {
	e->low = value;
	e->high = value + 1;
	e->size = value;
	return e;
}

RpExpr *gen_whole_word(Gen *g) {
	RpVar *v = gen_pick(g, RP_REAL, -1);
	if (!v)
		return NULL;
	RpShape one = {0}, axes = {1, {v->shape.rank}};
	RpExpr *name = rp_name(g->pool, v), *read = rp_expr(g->pool, RP_READ, RP_INT);
	int axis = gen_below(g, v->shape.rank);
	read->args = read->items = 1;
	switch (gen_below(g, 5)) {
	case 0: return known(gen_word_call(g, RP_WORD_size, RP_INT, name, NULL, &one, 1), rp_count(&v->shape));
	case 1:
		return known(gen_word_call(g, RP_WORD_size, RP_INT, name, rp_whole(g->pool, axis), &one, 1),
		             v->shape.dims[axis]);
	case 2: return known(gen_word_call(g, RP_WORD_rank, RP_INT, name, NULL, &one, 1), v->shape.rank);
	case 3:
		read->arg[0] = gen_word_call(g, RP_WORD_shape, RP_INT, name, NULL, &axes, 1);
		read->item[0] = (RpItem){RP_AT, rp_whole(g->pool, axis), 0, 0};
		return known(read, v->shape.dims[axis]);
	default:
		if (v->shape.rank != 1)
			return NULL;
		read->arg[0] = gen_argsort(g, name);
		read->item[0] = (RpItem){RP_AT, gen_position(g, v->shape.dims[0]), 0, 0};
		read->high = v->shape.dims[0];
		read->size = read->high;
		return read;
	}
}

/* ---- matrices ---- */

static RpExpr *joined(Gen *g, RpOp op, RpExpr *a, RpExpr *b, const RpShape *shape, double size) {
	RpExpr *e = rp_binary(g->pool, op, RP_REAL, a, b);
	e->shape = *shape;
	e->size = size;
	return e;
}

static RpExpr *dominant(Gen *g, int n, int depth) {
	RpShape square = {2, {n, n}};
	RpExpr *any = gen_bounded(g, gen_array(g, &square, depth - 1), -1, 1), *unit = rp_expr(g->pool, RP_FILL, RP_REAL);
	unit->which = 2;
	unit->shape = square;
	return joined(g, RP_ADD, any, joined(g, RP_MUL, rp_number(g->pool, n + 1), unit, &square, n + 1), &square, n + 2);
}

/* Or its rows in the other order, so that every pivot has to be looked for. */
static RpExpr *regular(Gen *g, int n, int depth) {
	RpExpr *a = dominant(g, n, depth);
	return gen_chance(g, 40) ? joined(g, RP_FLIP, a, NULL, &a->shape, a->size) : a;
}

static RpExpr *number_of_matrix(Gen *g, int depth) {
	int n = gen_between(g, 1, 4);
	RpShape one = {0};
	switch (gen_below(g, 3)) {
	case 0: return gen_word_call(g, RP_WORD_det, RP_REAL, regular(g, n, depth), NULL, &one, pow(n + 2, n));
	case 1: return gen_word_call(g, RP_WORD_logdet, RP_REAL, regular(g, n, depth), NULL, &one, 3 * n);
	default: {
		RpShape square = {2, {n, n}};
		RpExpr *a = gen_array(g, &square, depth - 1);
		return gen_word_call(g, RP_WORD_trace, RP_REAL, a, NULL, &one, n * a->size);
	}
	}
}

/* A x = b, for a vector or the columns of a matrix. */
static RpExpr *system_solved(Gen *g, const RpShape *shape, int depth) {
	static const RpWord words[] = {RP_WORD_solve, RP_WORD_solve, RP_WORD_triangular_solve,
	                               RP_WORD_triangular_solve_transposed};
	RpWord word = words[gen_below(g, 4)];
	int n = shape->dims[0];
	if (n > MATRIX_ROWS || shape->rank > 2)
		return NULL;
	RpExpr *a = word == RP_WORD_solve ? regular(g, n, depth) : dominant(g, n, depth);
	RpExpr *b = gen_array(g, shape, depth - 1);
	return gen_word_call(g, word, RP_REAL, a, b, shape, 2 * b->size);
}

static RpExpr *square_matrix(Gen *g, int n, int depth) {
	RpShape square = {2, {n, n}}, row = {1, {n}};
	switch (gen_below(g, 3)) {
	case 0: return gen_word_call(g, RP_WORD_cholesky, RP_REAL, dominant(g, n, depth), NULL, &square, sqrt(n + 2));
	case 1: return gen_word_call(g, RP_WORD_inverse, RP_REAL, regular(g, n, depth), NULL, &square, 1);
	default: {
		RpExpr *a = gen_array(g, &row, depth - 1);
		return gen_word_call(g, RP_WORD_diag, RP_REAL, a, NULL, &square, a->size);
	}
	}
}

/* matrix(a): neighbouring axes merged so that the longer side is shortest, the first such place. */
static RpShape as_matrix(const RpShape *shape) {
	RpShape best = {2, {rp_count(shape), 1}};
	int rows = 1, least = 1 << 30;
	for (int i = 0; i + 1 < shape->rank; i++) {
		rows *= shape->dims[i];
		int columns = rp_count(shape) / rows, longer = rows > columns ? rows : columns;
		if (longer < least)
			best = (RpShape){2, {rows, columns}};
		least = longer < least ? longer : least;
	}
	return best;
}

static RpExpr *matrix_of(Gen *g, const RpShape *shape) {
	for (int tries = 0; tries < 8; tries++) {
		RpVar *v = gen_pick(g, RP_REAL, -1);
		RpShape got = v ? as_matrix(&v->shape) : (RpShape){0};
		if (v && rp_same_shape(&got, shape))
			return gen_word_call(g, RP_WORD_matrix, RP_REAL, rp_name(g->pool, v), NULL, shape, v->size);
	}
	return NULL;
}

/* ---- all of them ---- */

static RpExpr *vector_word(Gen *g, const RpShape *shape, int depth) {
	static const RpWord words[] = {RP_WORD_softmax, RP_WORD_log_softmax, RP_WORD_sort, RP_WORD_sort};
	int n = shape->dims[0], choice = gen_below(g, 100);
	RpShape square = {2, {n, n}};
	if (choice < 45) {
		RpWord word = words[gen_below(g, 4)];
		RpExpr *a = gen_array(g, shape, depth - 1);
		a = word == RP_WORD_sort ? a : gen_bounded(g, a, -6, 6);
		double size = word == RP_WORD_softmax ? 1 : a->size + (word == RP_WORD_sort ? 0 : 8);
		return gen_word_call(g, word, RP_REAL, a, NULL, shape, size);
	}
	if (choice < 60) {
		RpExpr *a = gen_surely_real(g, gen_real(g, depth - 1)), *b = gen_surely_real(g, gen_real(g, depth - 1));
		return gen_word_call(g, RP_WORD_linspace, RP_REAL, a, b, shape, fmax(a->size, b->size));
	}
	if (choice < 72 && n * n * g->points < MATRIX_POINTS) {
		RpExpr *a = gen_array(g, &square, depth - 1);
		return gen_word_call(g, RP_WORD_diag, RP_REAL, a, NULL, shape, a->size);
	}
	return g->points * n < MATRIX_POINTS ? system_solved(g, shape, depth) : NULL;
}

static RpExpr *matrix_word(Gen *g, const RpShape *shape, int depth) {
	int choice = gen_below(g, 100);
	RpShape left = {1, {shape->dims[0]}}, right = {1, {shape->dims[1]}};
	bool small = shape->dims[0] <= MATRIX_ROWS && g->points * rp_count(shape) < MATRIX_POINTS;
	if (small && shape->dims[0] == shape->dims[1] && gen_chance(g, 60))
		return square_matrix(g, shape->dims[0], depth);
	if (choice < 30) {
		RpExpr *a = gen_array(g, &left, depth - 1), *b = gen_array(g, &right, depth - 1);
		return gen_word_call(g, RP_WORD_outer, RP_REAL, a, b, shape, a->size * b->size);
	}
	if (choice < 50)
		return matrix_of(g, shape);
	return small ? system_solved(g, shape, depth) : NULL;
}

static RpExpr *quantile(Gen *g, int depth) {
	static const double shares[] = {0, 0.1, 0.25, 0.5, 0.9, 1};
	RpShape vector = {1, {gen_extent(g)}}, one = {0};
	RpExpr *a = gen_array(g, &vector, depth - 1);
	RpExpr *q = gen_chance(g, 60) ? rp_number(g->pool, shares[gen_below(g, 6)])
	                              : gen_bounded(g, gen_real(g, depth - 1), 0.1, 0.9);
	return gen_word_call(g, RP_WORD_quantile, RP_REAL, a, q, &one, a->size);
}

RpExpr *gen_word(Gen *g, const RpShape *shape, int depth) {
	if (g->budget <= 2)
		return NULL;
	if (shape->rank == 0)
		return gen_chance(g, 40) ? quantile(g, depth) : g->points <= 12 ? number_of_matrix(g, depth) : NULL;
	if (gen_chance(g, 10)) {
		RpVar *v = gen_pick_shaped(g, shape);
		RpExpr *a = gen_surely_real(g, gen_real(g, depth - 1));
		return v ? gen_word_call(g, RP_WORD_like, RP_REAL, a, rp_name(g->pool, v), shape, a->size) : NULL;
	}
	if (gen_chance(g, 12)) {
		RpExpr *a = gen_bounded(g, gen_array(g, shape, depth - 1), -1.5, 1.5);
		return gen_word_call(g, RP_WORD_cumprod, RP_REAL, a, NULL, shape, pow(fmax(1, a->size), shape->dims[0]));
	}
	return shape->rank == 1 ? vector_word(g, shape, depth) : shape->rank == 2 ? matrix_word(g, shape, depth) : NULL;
}
