/* Whole arrays of real numbers, of a wanted shape. */
#include "generate.h"

#include <math.h>

RpVar *gen_pick_shaped(Gen *g, const RpShape *shape) {
	RpVar *best = NULL;
	int seen = 0;
	for (int i = 0; i < g->count; i++) {
		RpVar *v = g->scope[i];
		if (v->kind == RP_REAL && rp_same_shape(&v->shape, shape) && !(g->no_params && v->of_params) &&
		    gen_below(g, ++seen) == 0)
			best = v;
	}
	return best;
}

static RpExpr *shaped(Gen *g, RpOp op, const RpShape *shape, RpExpr *a, RpExpr *b, double size) {
	RpExpr *e = rp_binary(g->pool, op, RP_REAL, a, b);
	e->shape = *shape;
	e->size = size;
	return e;
}

static RpExpr *scalar_times_ones(Gen *g, const RpShape *shape) {
	RpExpr *ones = rp_expr(g->pool, RP_FILL, RP_REAL), *a = gen_real(g, 0);
	ones->which = 1;
	ones->shape = *shape;
	if (shape->rank == 2 && shape->dims[0] == shape->dims[1] && gen_chance(g, 50))
		ones->which = 2;
	if (gen_chance(g, 12)) {
		ones->which = 0;
		return shaped(g, RP_ADD, shape, a, ones, a->size);
	}
	if (shape->rank == 1 && gen_chance(g, 30)) {
		ones->which = 3;
		ones->size = shape->dims[0];
	}
	return shaped(g, RP_MUL, shape, a, ones, a->size * ones->size);
}

/* Whole numbers in [0, extent), in an array whose axes are those of `shape` from `axis` on, as many as *taken says: NULL if there are
 * none at hand. */
static RpExpr *picker(Gen *g, const RpShape *shape, int axis, int extent, int *taken) {
	RpVar *best = NULL;
	int seen = 0;
	if (gen_chance(g, 25) && extent >= shape->dims[axis]) {
		RpShape vector = {1, {shape->dims[axis]}};
		RpVar *v = gen_pick_shaped(g, &vector);
		*taken = 1;
		if (v)
			return gen_argsort(g, rp_name(g->pool, v));
	}
	for (int i = 0; i < g->count; i++) {
		RpVar *v = g->scope[i];
		bool fits = v->kind == RP_INT && v->shape.rank > 0 && v->shape.rank <= shape->rank - axis &&
		            !(g->no_params && v->of_params);
		for (int k = 0; fits && k < v->shape.rank; k++)
			fits = v->shape.dims[k] == shape->dims[axis + k];
		if (fits && gen_below(g, ++seen) == 0)
			best = v;
	}
	if (!best)
		return NULL;
	*taken = best->shape.rank;
	RpExpr *e = rp_name(g->pool, best);
	if (best->low >= 0 && best->high <= extent)
		return e;
	e = rp_binary(g->pool, RP_MOD, RP_INT, e, rp_whole(g->pool, extent));
	e->high = extent;
	return e;
}

/* Part of a larger array: rows[k], A[1..3, :], A[i..i + 2], A[pick] */
static RpExpr *part(Gen *g, const RpShape *shape) {
	for (int tries = 0; tries < 6; tries++) {
		RpVar *v = gen_pick(g, RP_REAL, -1);
		if (!v || v->shape.rank < shape->rank)
			continue;
		RpExpr *e = rp_expr(g->pool, RP_READ, RP_REAL);
		e->arg[0] = rp_name(g->pool, v);
		e->args = 1;
		e->shape = *shape;
		e->size = v->size;
		int axis = 0, spare = v->shape.rank - shape->rank, taken;
		bool ok = true, gathers = false;
		for (int i = 0; i < v->shape.rank && ok; i++) {
			int extent = v->shape.dims[i], want = axis < shape->rank ? shape->dims[axis] : -1;
			bool fits = want > 0 && extent >= want && v->shape.rank - i > 0;
			RpExpr *pick = want > 0 && !gathers && gen_chance(g, 25) ? picker(g, shape, axis, extent, &taken) : NULL;
			if (pick && spare + taken - 1 >= 0 && spare + taken - 1 <= v->shape.rank - i - 1) {
				gathers = true;
				axis += taken;
				spare += taken - 1;
				e->item[i] = (RpItem){RP_GATHER, pick, 0, 0};
			} else if (spare > 0 && (!fits || gen_chance(g, 60))) {
				spare--;
				e->item[i] = (RpItem){RP_AT, gen_position(g, extent), 0, 0};
			} else if (fits && extent == want && gen_chance(g, 60)) {
				axis++;
				e->item[i] = (RpItem){RP_ALL, NULL, 0, 0};
			} else if (fits && extent > want && gen_chance(g, 40)) {
				axis++;
				e->item[i] = (RpItem){RP_SLICE, gen_moving(g, extent - want + 1), 0, want};
			} else if (fits) {
				axis++;
				int low = gen_between(g, 0, extent - want);
				e->item[i] = (RpItem){RP_SLICE, NULL, low, low + want};
			} else {
				ok = false;
			}
		}
		if (!ok || axis < shape->rank || spare > 0)
			continue;
		e->items = v->shape.rank;
		while (e->items > 1 && e->item[e->items - 1].kind == RP_ALL && gen_chance(g, 60))
			e->items--;
		return e;
	}
	return NULL;
}

static RpExpr *leaf(Gen *g, const RpShape *shape) {
	RpVar *v = gen_chance(g, 70) ? gen_pick_shaped(g, shape) : NULL;
	if (v)
		return rp_name(g->pool, v);
	RpExpr *e = part(g, shape);
	if (e)
		return e;
	v = gen_pick_shaped(g, shape);
	return v ? rp_name(g->pool, v) : scalar_times_ones(g, shape);
}

static RpExpr *elementwise(Gen *g, const RpShape *shape, int depth) {
	static const RpOp ops[] = {RP_ADD, RP_SUB, RP_MUL};
	RpOp op = ops[gen_below(g, 3)];
	RpExpr *a = gen_array(g, shape, depth - 1), *b;
	if (gen_chance(g, 45))
		b = gen_array(g, shape, depth - 1);
	else
		b = gen_real(g, depth - 1);
	if (b->shape.rank == 0 && gen_chance(g, 50)) {
		RpExpr *t = a;
		a = b;
		b = t;
	}
	return shaped(g, op, shape, a, b, op == RP_MUL ? a->size * b->size : a->size + b->size);
}

static RpExpr *function(Gen *g, const RpShape *shape, int depth) {
	int which;
	do
		which = gen_below(g, rp_function_count);
	while (rp_functions[which].args != 1 || rp_functions[which].body);
	RpExpr *a = gen_bounded(g, gen_array(g, shape, depth - 1), rp_functions[which].low, rp_functions[which].high);
	RpExpr *e = shaped(g, RP_FUNCTION, shape, a, NULL, rp_functions[which].size);
	e->which = which;
	return e;
}

/* where(A > 0.3, B, C) */
static RpExpr *choice(Gen *g, const RpShape *shape, int depth) {
	RpExpr *c = rp_expr(g->pool, RP_COMPARE, RP_BOOL);
	c->which = gen_below(g, 4);
	c->args = 2;
	c->arg[0] = gen_array(g, shape, depth - 1);
	c->arg[1] = gen_chance(g, 50) ? rp_number(g->pool, 0.3) : gen_array(g, shape, depth - 1);
	c->shape = *shape;
	RpExpr *e = shaped(g, RP_WHERE, shape, c, gen_array(g, shape, depth - 1), 0);
	e->arg[2] = gen_chance(g, 50) ? gen_array(g, shape, depth - 1) : rp_number(g->pool, 0.5);
	e->args = 3;
	e->size = fmax(e->arg[1]->size, e->arg[2]->size);
	return e;
}

static RpExpr *reshaped(Gen *g, const RpShape *shape, int depth) {
	/* From an array of the same number of elements, if there is one, or from all of them in a row. */
	int count = rp_count(shape);
	RpShape flat = {1, {count}};
	for (int tries = 0; tries < 8; tries++) {
		RpVar *v = gen_pick(g, RP_REAL, -1);
		if (v && rp_count(&v->shape) == count)
			flat = v->shape;
	}
	RpExpr *a = gen_array(g, &flat, depth - 1);
	RpVar *like = gen_chance(g, 40) ? gen_pick_shaped(g, shape) : NULL; /* reshape(a, shape(like)) */
	return shaped(g, RP_RESHAPE, shape, a, like ? rp_name(g->pool, like) : NULL, a->size);
}

static RpExpr *joined(Gen *g, const RpShape *shape, int depth) {
	RpExpr *e = rp_expr(g->pool, RP_CONCAT, RP_REAL);
	int rows = shape->dims[0];
	e->shape = *shape;
	e->size = 0;
	if (rows <= 4 && gen_chance(g, 60)) {
		RpShape row = {.rank = shape->rank - 1};
		for (int i = 0; i < row.rank; i++)
			row.dims[i] = shape->dims[i + 1];
		e->op = RP_STACK;
		for (int i = 0; i < rows; i++)
			e->arg[e->args++] = row.rank ? gen_array(g, &row, depth - 1) : gen_real(g, depth - 1);
	} else if (rows >= 2) {
		RpShape piece = *shape;
		for (int left = rows; left > 0; left -= piece.dims[0]) {
			piece.dims[0] = e->args == 3 ? left : gen_between(g, 1, left);
			e->arg[e->args++] = gen_array(g, &piece, depth - 1);
		}
	} else {
		return leaf(g, shape);
	}
	for (int i = 0; i < e->args; i++)
		e->size = fmax(e->size, e->arg[i]->size);
	return e;
}

/* Axes in front count matrices, of the left side, the right one, or both. */
static RpExpr *products(Gen *g, const RpShape *shape, int depth) {
	int inner = gen_between(g, 1, 3), how = gen_below(g, 3), vector = shape->rank == 2 ? 1 + gen_below(g, 2) : 0;
	RpShape left = *shape, right = *shape;
	int rank = shape->rank;
	if (vector == 1) { /* matrices @ vector */
		left = (RpShape){3, {shape->dims[0], shape->dims[1], inner}};
		right = (RpShape){1, {inner}};
	} else if (vector == 2) { /* vector @ matrices */
		left = (RpShape){1, {inner}};
		right = (RpShape){3, {shape->dims[0], inner, shape->dims[1]}};
	} else {
		left.dims[rank - 1] = right.dims[rank - 2] = inner;
		if (how == 1)
			left = (RpShape){2, {shape->dims[rank - 2], inner}};
		if (how == 2)
			right = (RpShape){2, {inner, shape->dims[rank - 1]}};
	}
	RpExpr *a = gen_array(g, &left, depth - 1), *b = gen_array(g, &right, depth - 1);
	return shaped(g, RP_MATMUL, shape, a, b, inner * a->size * b->size);
}

static RpExpr *product(Gen *g, const RpShape *shape, int depth) {
	int inner = gen_extent(g);
	if (shape->rank > 2 || (shape->rank == 2 && gen_chance(g, 25)))
		return products(g, shape, depth);
	if (inner * rp_count(shape) * g->points > 600)
		inner = 2;
	RpShape left = {2, {shape->dims[0], inner}}, right = {2, {inner, shape->dims[shape->rank - 1]}};
	if (shape->rank == 1) {
		RpShape *vector = gen_chance(g, 60) ? &right : &left;
		*vector = (RpShape){1, {inner}};
		if (vector == &left)
			right = (RpShape){2, {inner, shape->dims[0]}};
	}
	RpExpr *a = gen_array(g, &left, depth - 1), *b = gen_array(g, &right, depth - 1);
	return shaped(g, RP_MATMUL, shape, a, b, inner * a->size * b->size);
}

RpExpr *gen_array(Gen *g, const RpShape *shape, int depth) {
	g->budget--;
	if (shape->rank == 0)
		return gen_real(g, depth);
	if (depth <= 0 || g->budget <= 0)
		return leaf(g, shape);
	int points = g->points, choose = gen_below(g, 100);
	RpExpr *e = NULL;
	RpShape turned = {.rank = shape->rank};
	for (int i = 0; i < shape->rank; i++)
		turned.dims[i] = shape->dims[shape->rank - 1 - i];
	g->points *= rp_count(shape);
	if (g->points > 400)
		choose = 90;
	if (choose < 26) {
		e = elementwise(g, shape, depth);
	} else if (choose < 38) {
		e = function(g, shape, depth);
	} else if (choose < 44) {
		e = choice(g, shape, depth);
	} else if (choose < 50) {
		RpExpr *a = gen_array(g, &turned, depth - 1);
		e = shaped(g, RP_TRANSPOSE, shape, a, NULL, a->size);
	} else if (choose < 54) {
		e = reshaped(g, shape, depth);
	} else if (choose < 60) {
		RpExpr *a = gen_array(g, shape, depth - 1);
		bool flip = gen_chance(g, 50);
		e = shaped(g, flip ? RP_FLIP : RP_CUMSUM, shape, a, NULL, a->size * (flip ? 1 : shape->dims[0]));
	} else if (choose < 66) {
		e = joined(g, shape, depth);
	} else if (choose < 73) {
		e = product(g, shape, depth);
	} else if (choose < 81) {
		e = gen_reduce(g, RP_REAL, shape, depth);
	} else if (choose < 85) {
		g->points = points;
		e = gen_call(g, shape, depth);
	} else if (choose < 87) {
		RpExpr *a = leaf(g, shape);
		e = shaped(g, RP_NEG, shape, a, NULL, a->size);
	} else if (choose >= 91) {
		e = gen_word(g, shape, depth);
	}
	g->points = points;
	if (!e)
		e = leaf(g, shape);
	if (e->size > 1e3) {
		RpExpr *small = shaped(g, RP_MUL, shape, rp_number(g->pool, 0.01), e, e->size * 0.01);
		e = shaped(g, RP_FUNCTION, shape, small, NULL, 1);
		e->which = 0; /* sin */
	}
	return e;
}
