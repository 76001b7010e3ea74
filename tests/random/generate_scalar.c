/* One number: real, whole or a truth value. */
#include "generate.h"

#include <math.h>
#include <string.h>

static RpExpr *literal(Gen *g) {
	static const double numbers[] = {0.5, 2, 0.25, 1, 3, 0.1, 1.5, 0.75, 0.3, 1.7, 0.01, 4};
	return rp_number(g->pool, numbers[gen_below(g, 12)]);
}

static RpExpr *unary(Gen *g, RpOp op, RpExpr *a, double size) {
	RpExpr *e = rp_binary(g->pool, op, a->kind, a, NULL);
	e->size = size;
	return e;
}

static RpExpr *arithmetic(Gen *g, RpOp op, RpExpr *a, RpExpr *b) {
	RpExpr *e = rp_binary(g->pool, op, RP_REAL, a, b);
	e->size = op == RP_MUL ? a->size * b->size : a->size + b->size;
	return e;
}

static RpExpr *function(Gen *g, const char *name, RpExpr *a) {
	int which = 0;
	while (strcmp(rp_functions[which].name, name) != 0)
		which++;
	RpExpr *e = rp_binary(g->pool, RP_FUNCTION, RP_REAL, a, NULL);
	e->which = which;
	e->size = rp_functions[which].size;
	return e;
}

RpExpr *gen_bounded(Gen *g, RpExpr *e, double low, double high) {
	static const char *const benders[] = {"tanh", "sin", "sigmoid", "cos"};
	double middle = (low + high) / 2, half = (high - low) / 2, reach = fmin(high, -low);
	if (e->size <= high && -e->size >= low)
		return e;
	if (low <= -1 && high >= 1) {
		if (e->size < 40 * reach && gen_chance(g, 60)) {
			double factor = pow(2, floor(log2(reach / e->size)));
			return arithmetic(g, RP_MUL, rp_number(g->pool, factor), e);
		}
		return function(g, benders[gen_below(g, 4)], e);
	}
	RpExpr *bent = function(g, benders[gen_below(g, 4)], e);
	double step = floor(half * 100) / 100;
	bent = arithmetic(g, RP_MUL, rp_number(g->pool, step), bent);
	bent = arithmetic(g, RP_ADD, rp_number(g->pool, middle), bent);
	return bent;
}

RpExpr *gen_surely_real(Gen *g, RpExpr *e) {
	if (rp_type(e) == RP_TYPE_REAL)
		return e;
	if (rp_type(e) == RP_TYPE_BOOL)
		return rp_number(g->pool, 0.5);
	RpExpr *half = rp_binary(g->pool, RP_MUL, RP_REAL, rp_number(g->pool, 0.5), e);
	half->size = e->size / 2;
	return half;
}

/* ---- whole numbers ---- */

RpExpr *gen_read(Gen *g, RpVar *var) {
	if (var->shape.rank == 0)
		return rp_name(g->pool, var);
	RpExpr *e = rp_expr(g->pool, RP_READ, var->kind);
	e->arg[0] = rp_name(g->pool, var);
	e->args = 1;
	e->low = var->low;
	e->high = var->high;
	e->size = var->size;
	e->items = var->shape.rank;
	for (int i = 0; i < e->items; i++)
		e->item[i] = (RpItem){RP_AT, gen_position(g, var->shape.dims[i]), 0, 0};
	return e;
}

static RpExpr *ranged(RpExpr *e, int low, int high) {
	e->low = low;
	e->high = high;
	e->size = fmax(fabs((double)low), fabs((double)high));
	return e;
}

static RpExpr *plus(Gen *g, RpExpr *a, int offset) {
	if (offset == 0)
		return a;
	RpExpr *e =
		rp_binary(g->pool, offset > 0 ? RP_ADD : RP_SUB, RP_INT, a, rp_whole(g->pool, offset > 0 ? offset : -offset));
	return ranged(e, a->low + offset, a->high + offset);
}

/* A number in scope that is whole: an index, a counter, data. */
static RpExpr *whole_atom(Gen *g) {
	RpVar *var = gen_pick(g, RP_INT, gen_chance(g, 75) ? 0 : -1);
	if (!var)
		var = gen_pick(g, RP_INT, 0);
	return var ? gen_read(g, var) : NULL;
}

/* An index or a counter: what reads are made of. */
static RpVar *counting(Gen *g) {
	RpVar *best = NULL;
	int seen = 0;
	for (int i = 0; i < g->count; i++)
		if ((g->scope[i]->role == RP_INDEX || g->scope[i]->role == RP_COUNTER) && gen_below(g, ++seen) == 0)
			best = g->scope[i];
	return best;
}

/* A form of indices that is proved to be in [0, extent). */
static RpExpr *affine_inside(Gen *g, int extent) {
	RpVar *v = counting(g);
	if (!v)
		return NULL;
	RpExpr *e = rp_name(g->pool, v);
	if (e->low >= 0 && e->high <= extent && gen_chance(g, 70))
		return e;
	if (gen_chance(g, 25)) { /* from the other end */
		RpExpr *last = rp_whole(g->pool, extent - 1);
		e = ranged(rp_binary(g->pool, RP_SUB, RP_INT, last, e), extent - e->high, extent - e->low);
	} else if (gen_chance(g, 25) && 2 * (e->high - e->low) <= extent) {
		e = ranged(rp_binary(g->pool, RP_MUL, RP_INT, rp_whole(g->pool, 2), e), 2 * e->low, 2 * e->high - 1);
	} else if (gen_chance(g, 40)) {
		RpVar *w = counting(g);
		RpExpr *other = rp_name(g->pool, w);
		bool minus = gen_chance(g, 30);
		e = ranged(rp_binary(g->pool, minus ? RP_SUB : RP_ADD, RP_INT, e, other),
		           minus ? e->low - other->high + 1 : e->low + other->low,
		           minus ? e->high - other->low : e->high + other->high - 1);
	}
	if (e->high - e->low > extent)
		return NULL;
	int least = -e->low, most = extent - e->high;
	return plus(g, e, least >= 0 && gen_chance(g, 50) ? least : most <= 0 || gen_chance(g, 50) ? most : least);
}

RpExpr *gen_moving(Gen *g, int extent) {
	RpExpr *e = affine_inside(g, extent);
	return e && e->low >= 0 && e->high <= extent ? e : rp_whole(g->pool, gen_below(g, extent));
}

RpExpr *gen_position(Gen *g, int extent) {
	g->budget--;
	for (int tries = 0; tries < 4; tries++) {
		RpExpr *e = NULL;
		if (g->guards && gen_chance(g, 40)) {
			Guard *guard = &g->guard[gen_below(g, g->guards)];
			if (guard->extent <= extent)
				return guard->at;
		}
		if (gen_chance(g, 80)) {
			e = affine_inside(g, extent);
		} else if (g->budget > 0) {
			RpExpr *a = whole_atom(g);
			if (a && a->low >= 0 && a->high <= extent) {
				e = a;
			} else if (a && a->op == RP_NAME && extent > 1 && gen_chance(g, 60)) {
				e = ranged(rp_binary(g->pool, RP_MOD, RP_INT, a, rp_whole(g->pool, extent)), 0, extent);
			} else if (a && a->op == RP_NAME && a->low >= 0 && (a->high + 1) / 2 <= extent) {
				e = ranged(rp_binary(g->pool, RP_FLOORDIV, RP_INT, a, rp_whole(g->pool, 2)), a->low / 2,
				           (a->high - 1) / 2 + 1);
			}
		}
		if (e && e->low >= 0 && e->high <= extent)
			return e;
	}
	return rp_whole(g->pool, gen_below(g, extent));
}

RpExpr *gen_int(Gen *g, int depth) {
	g->budget--;
	RpExpr *a = gen_chance(g, 10) ? gen_whole_word(g) : whole_atom(g);
	if (!a)
		return NULL;
	if (depth <= 0 || g->budget <= 0 || gen_chance(g, 40))
		return a;
	int offset = gen_between(g, -3, 3), factor = gen_between(g, 2, 3);
	switch (gen_below(g, 8)) {
	case 0: return plus(g, a, offset);
	case 1:
		return ranged(rp_binary(g->pool, RP_MUL, RP_INT, a, rp_whole(g->pool, factor)), factor * a->low,
		              factor * (a->high - 1) + 1);
	case 2: return ranged(rp_binary(g->pool, RP_MOD, RP_INT, a, rp_whole(g->pool, factor)), 0, factor);
	case 3:
		return ranged(rp_binary(g->pool, RP_FLOORDIV, RP_INT, a, rp_whole(g->pool, factor)), (a->low - 2) / factor - 1,
		              a->high / factor + 1);
	case 4: {
		RpExpr *e = rp_binary(g->pool, RP_POWI, RP_INT, a, NULL);
		e->which = 2;
		int most = a->low * a->low > a->high * a->high ? a->low * a->low : a->high * a->high;
		return most < 1000 ? ranged(e, 0, most + 1) : a;
	}
	case 5:
	case 6: {
		RpExpr *b = gen_int(g, depth - 1);
		if (!b)
			return a;
		RpExpr *e = rp_binary(g->pool, gen_chance(g, 50) ? RP_SUB : gen_chance(g, 50) ? RP_MIN : RP_ADD, RP_INT, a, b);
		int low = a->low < b->low ? a->low : b->low, high = a->high > b->high ? a->high : b->high;
		if (e->op == RP_SUB)
			return ranged(e, a->low - b->high + 1, a->high - b->low);
		return e->op == RP_MIN ? ranged(e, low, high) : ranged(e, a->low + b->low, a->high + b->high - 1);
	}
	default: {
		RpExpr *c = gen_truth(g, depth - 1), *b = gen_int(g, depth - 1);
		if (!c || !b)
			return a;
		RpExpr *e = rp_binary(g->pool, gen_chance(g, 50) ? RP_WHERE : RP_IF, RP_INT, c, a);
		e->arg[2] = b;
		e->args = 3;
		return ranged(e, a->low < b->low ? a->low : b->low, a->high > b->high ? a->high : b->high);
	}
	}
}

/* ---- truth ---- */

static RpExpr *comparison(Gen *g, int depth) {
	RpExpr *e = rp_expr(g->pool, RP_COMPARE, RP_BOOL);
	RpExpr *a = gen_chance(g, 60) ? gen_int(g, depth - 1) : NULL;
	e->which = gen_below(g, 6);
	e->args = 2;
	if (a) {
		RpExpr *b = gen_chance(g, 40) ? gen_int(g, depth - 1) : NULL;
		e->arg[0] = a;
		e->arg[1] = b ? b : rp_whole(g->pool, gen_between(g, a->low, a->high));
	} else {
		e->which = gen_below(g, 4);
		e->arg[0] = gen_real(g, depth - 1);
		e->arg[1] = gen_chance(g, 60) ? rp_number(g->pool, gen_below(g, 9) * 0.25 - 1) : gen_real(g, depth - 1);
	}
	if (gen_chance(g, 15)) { /* 0 < a <= b */
		e->arg[2] = e->arg[1];
		e->arg[1] = e->arg[0];
		e->arg[0] = a ? rp_whole(g->pool, gen_between(g, a->low - 1, a->high)) : rp_number(g->pool, -0.5);
		e->args = 3;
		e->which = gen_below(g, 2) + 6 * gen_below(g, 2);
	}
	return e;
}

RpExpr *gen_truth(Gen *g, int depth) {
	g->budget--;
	if (depth <= 0 || g->budget <= 0) {
		RpVar *var = gen_pick(g, RP_BOOL, gen_chance(g, 50) ? 0 : -1);
		return var ? gen_read(g, var) : comparison(g, 0);
	}
	int choice = gen_below(g, 100);
	if (choice < 60)
		return comparison(g, depth);
	if (choice < 75) {
		RpVar *var = gen_pick(g, RP_BOOL, gen_chance(g, 50) ? 0 : -1);
		if (var)
			return gen_read(g, var);
		return comparison(g, depth);
	}
	if (choice < 77) {
		RpExpr *known = rp_number(g->pool, gen_below(g, 2));
		known->kind = RP_BOOL;
		return rp_binary(g->pool, known->number != 0 ? RP_AND : RP_OR, RP_BOOL, gen_truth(g, depth - 1), known);
	}
	if (choice < 88)
		return rp_binary(g->pool, gen_chance(g, 50) ? RP_AND : RP_OR, RP_BOOL, gen_truth(g, depth - 1),
		                 gen_truth(g, depth - 1));
	if (choice < 90) {
		RpWord word = gen_chance(g, 50) ? RP_WORD_isnan : RP_WORD_isfinite;
		RpExpr *a = gen_surely_real(g, gen_real(g, depth - 1));
		return gen_word_call(g, word, RP_BOOL, a, NULL, &(RpShape){0}, 1);
	}
	if (choice < 95)
		return rp_binary(g->pool, RP_NOT, RP_BOOL, gen_truth(g, depth - 1), NULL);
	RpExpr *e = gen_reduce(g, RP_BOOL, &(RpShape){0}, depth);
	return e ? e : comparison(g, depth);
}

/* ---- real numbers ---- */

static RpExpr *leaf(Gen *g) {
	int choice = gen_below(g, 100);
	if (choice < 60) {
		RpVar *var = gen_pick(g, RP_REAL, -1);
		if (var)
			return gen_read(g, var);
	}
	if (choice < 82) {
		RpVar *var = gen_pick(g, RP_REAL, 0);
		if (var)
			return rp_name(g->pool, var);
	}
	RpExpr *a = choice < 92 ? gen_int(g, 0) : NULL;
	if (!a && gen_chance(g, 10)) {
		a = rp_expr(g->pool, RP_CONSTANT, RP_REAL);
		a->which = gen_below(g, 2);
		a->size = a->which ? 1e-7 : 3.2;
	}
	return a ? a : literal(g);
}

static RpExpr *apply(Gen *g, int depth) {
	int which = gen_below(g, rp_function_count);
	const RpFunction *f = &rp_functions[which];
	RpExpr *e = rp_expr(g->pool, RP_FUNCTION, RP_REAL);
	e->which = which;
	e->size = f->size;
	e->args = f->args;
	for (int i = 0; i < (f->args == 2 ? 2 : 1); i++) {
		RpExpr *a = gen_real(g, depth - 1); /* derivatives are by real numbers */
		e->arg[i] = gen_bounded(g, f->body ? gen_surely_real(g, a) : a, f->low, f->high);
	}
	if (f->args == 3) {
		e->arg[1] = rp_number(g->pool, -0.25 * gen_between(g, 1, 4));
		e->arg[2] = gen_chance(g, 50) ? rp_number(g->pool, 0.25 * gen_between(g, 1, 6))
		                              : gen_bounded(g, gen_real(g, depth - 1), 0.5, 1.5);
	}
	return e;
}

static RpExpr *quotient(Gen *g, int depth) {
	RpExpr *a = gen_real(g, depth - 1), *b;
	if (gen_chance(g, 40)) {
		b = literal(g);
		if (b->number < 0.2)
			b->number = 2;
	} else if (gen_chance(g, 50)) {
		b = rp_binary(g->pool, RP_POWI, RP_REAL, gen_bounded(g, gen_real(g, depth - 1), -4, 4), NULL);
		b->which = 2;
		b = arithmetic(g, RP_ADD, rp_number(g->pool, 1), b);
	} else {
		b = gen_bounded(g, gen_real(g, depth - 1), 0.5, 2.5);
	}
	RpOp op = gen_chance(g, 80) ? RP_DIV : gen_chance(g, 50) ? RP_MOD : RP_FLOORDIV;
	RpExpr *e = arithmetic(g, op, a, b);
	e->size = op == RP_MOD ? 3 : b->op == RP_NUMBER ? a->size / b->number + 1 : 2 * a->size + 1;
	return e;
}

static RpExpr *raised(Gen *g, int depth) {
	RpExpr *a = gen_real(g, depth - 1);
	if (gen_chance(g, 20)) {
		RpExpr *e =
			arithmetic(g, RP_POW, gen_bounded(g, a, 0.5, 2.5), gen_bounded(g, gen_real(g, depth - 1), -1.5, 1.5));
		e->size = 4;
		return e;
	}
	int k = gen_chance(g, 60) ? 2 : gen_between(g, -2, 4);
	if (a->kind != RP_REAL) /* `i^2` stays whole, which is the same number */
		k = k < 0 ? 2 : k;
	a = k < 0 ? gen_bounded(g, a, 0.5, 2.5) : gen_bounded(g, a, -6, 6);
	RpExpr *e = unary(g, RP_POWI, a, k < 0 ? 4 : pow(fmax(a->size, 1), k));
	e->kind = RP_REAL;
	e->which = k;
	return e;
}

/* if 0 <= i - 1 < n then .. a[i - 1] .. else .. */
static RpExpr *choice_of(Gen *g, int depth) {
	RpExpr *e = rp_expr(g->pool, gen_chance(g, 60) ? RP_IF : RP_WHERE, RP_REAL);
	int guards = g->guards;
	RpVar *v = counting(g), *array = gen_pick(g, RP_REAL, -1);
	e->args = 3;
	if (e->op == RP_IF && v && array && g->guards < GUARDS && gen_chance(g, 50)) {
		int extent = array->shape.dims[gen_below(g, array->shape.rank)], offset = gen_chance(g, 50) ? 1 : -1;
		RpExpr *at = plus(g, rp_name(g->pool, v), offset * gen_between(g, 1, 2));
		if (at->high <= 0 || at->low >= extent)
			goto any;
		RpExpr *c = rp_expr(g->pool, RP_COMPARE, RP_BOOL);
		c->args = 3;
		c->which = 1; /* 0 <= at < extent */
		c->arg[0] = rp_whole(g->pool, 0);
		c->arg[1] = at;
		c->arg[2] = rp_whole(g->pool, extent);
		if (at->low >= 0 && gen_chance(g, 80)) { /* one side is enough */
			c->args = 2;
			c->which = 0;
			c->arg[0] = at;
			c->arg[1] = rp_whole(g->pool, extent);
		} else if (at->high <= extent && gen_chance(g, 80)) {
			c->args = 2;
			c->which = 3;
			c->arg[0] = at;
			c->arg[1] = rp_whole(g->pool, 0);
		}
		e->arg[0] = c;
		g->guard[g->guards++] = (Guard){at, extent};
	} else {
	any:
		e->arg[0] = gen_truth(g, depth - 1);
	}
	/* a condition that is never true leaves the type of the other arm */
	e->arg[1] = gen_surely_real(g, gen_real(g, depth - 1));
	g->guards = guards;
	e->arg[2] = gen_surely_real(g, gen_real(g, depth - 1));
	e->size = fmax(e->arg[1]->size, e->arg[2]->size);
	return e;
}

static RpExpr *of_whole_array(Gen *g, int depth) {
	RpVar *var = gen_pick(g, RP_REAL, -1);
	if (!var)
		return leaf(g);
	RpExpr *a = gen_array(g, &var->shape, depth - 1), *e;
	int count = rp_count(&var->shape);
	if (gen_chance(g, 25)) {
		static const RpOp ops[] = {RP_DOT, RP_NORM, RP_RMS};
		RpOp op = ops[gen_below(g, 3)];
		e = rp_expr(g->pool, op, RP_REAL);
		e->arg[0] = a;
		e->args = 1;
		e->size = a->size * (op == RP_NORM ? sqrt(count) : 1);
		if (op == RP_DOT) {
			e->arg[1] = gen_array(g, &var->shape, depth - 1);
			e->args = 2;
			e->size = count * a->size * e->arg[1]->size;
		}
		return e;
	}
	static const RpReduction which[] = {RP_SUM,       RP_SUM,      RP_MEAN, RP_MEAN,   RP_MAXIMUM, RP_MINIMUM,
	                                    RP_LOGSUMEXP, RP_VARIANCE, RP_STD,  RP_MEDIAN, RP_PROD};
	e = rp_expr(g->pool, RP_REDUCE_ALL, RP_REAL);
	e->which = (int)which[gen_below(g, count <= 6 ? 11 : 10)];
	if (e->which == RP_STD &&
	    a->op != RP_NAME) /* of equal elements it is 0 but for rounding, and its slope nothing but that */
		e->which = RP_VARIANCE;
	e->arg[0] = a;
	e->args = 1;
	e->size = e->which == RP_SUM        ? a->size * count
	          : e->which == RP_PROD     ? pow(fmax(1, a->size), count)
	          : e->which == RP_VARIANCE ? a->size * a->size
	                                    : a->size + (e->which == RP_LOGSUMEXP ? 3 : 0);
	return e;
}

/* min(a, b), max(a, b), and now and then min(a, inf) */
static RpExpr *smaller_or_larger(Gen *g, int depth) {
	RpExpr *a = gen_real(g, depth - 1), *b;
	if (gen_chance(g, 8)) {
		RpExpr *e = arithmetic(g, RP_MIN, gen_surely_real(g, a), rp_expr(g->pool, RP_CONSTANT, RP_REAL));
		e->arg[1]->which = 2;
		e->size = e->arg[0]->size;
		return e;
	}
	b = gen_real(g, depth - 1);
	return arithmetic(g, gen_chance(g, 50) ? RP_MIN : RP_MAX, a, b);
}

/* One element of an expression: softmax(z[i])[m] */
static RpExpr *element(Gen *g, int depth) {
	RpVar *like = gen_pick(g, RP_REAL, -1);
	if (!like || like->shape.rank > 2)
		return NULL;
	RpExpr *e = rp_expr(g->pool, RP_READ, RP_REAL), *word = gen_word(g, &like->shape, depth - 1);
	if (!word)
		return NULL;
	e->arg[0] = word;
	e->args = 1;
	e->size = word->size;
	e->items = word->shape.rank;
	for (int i = 0; i < e->items; i++)
		e->item[i] = (RpItem){RP_AT, gen_position(g, word->shape.dims[i]), 0, 0};
	return e;
}

RpExpr *gen_real(Gen *g, int depth) {
	g->budget--;
	if (depth <= 0 || g->budget <= 0)
		return leaf(g);
	int choice = gen_below(g, 100);
	RpExpr *e = NULL;
	if (choice < 26) {
		static const RpOp ops[] = {RP_ADD, RP_SUB, RP_MUL, RP_MUL};
		e = arithmetic(g, ops[gen_below(g, 4)], gen_real(g, depth - 1), gen_real(g, depth - 1));
	} else if (choice < 40) {
		e = apply(g, depth);
	} else if (choice < 61) {
		e = gen_reduce(g, RP_REAL, &(RpShape){0}, depth);
	} else if (choice < 64) {
		e = gen_chance(g, 50) ? gen_word(g, &(RpShape){0}, depth) : g->points <= 60 ? element(g, depth) : NULL;
	} else if (choice < 69) {
		e = leaf(g);
	} else if (choice < 77) {
		e = choice_of(g, depth);
	} else if (choice < 82) {
		e = raised(g, depth);
	} else if (choice < 87) {
		e = quotient(g, depth);
	} else if (choice < 90) {
		e = smaller_or_larger(g, depth);
	} else if (choice < 92) {
		e = unary(g, RP_NEG, leaf(g), 1);
		e->kind = RP_REAL;
		e->size = e->arg[0]->size;
	} else if (choice < 95) {
		e = gen_call(g, &(RpShape){0}, depth);
	} else if (choice < 99) {
		e = g->points <= 40 ? of_whole_array(g, depth) : NULL;
	} else {
		RpExpr *c = gen_truth(g, depth - 1);
		e = rp_binary(g->pool, RP_FUNCTION, RP_REAL, c, NULL);
		while (strcmp(rp_functions[e->which].name, "real") != 0)
			e->which++;
	}
	if (!e)
		e = leaf(g);
	if (e->size > 1e4)
		e = function(g, gen_chance(g, 50) ? "tanh" : "sin", arithmetic(g, RP_MUL, rp_number(g->pool, 0.001), e));
	return e;
}
