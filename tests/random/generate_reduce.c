/* Reductions with indices and conditions, and which of their ranges can be left out. */
#include "generate.h"

#include <math.h>

enum { MOST_POINTS = 900 };

/* ---- ranges that follow from uses ---- */

typedef struct Uses {
	const RpVar *index;
	bool plain, wrong; /* a plain use says the range; one says another */
	bool affine;       /* there is an affine use, of ... */
	int lowest, highest;
	bool unclear;
} Uses;

/* coef * index + rest, the rest being between low and high. */
static bool linear(const RpExpr *e, const RpVar *index, int factor, int *coef, int *low, int *high, bool *unclear) {
	if (e->op == RP_NAME && e->var == index) {
		*coef += factor;
		return true;
	}
	if (!rp_mentions(e, index)) {
		if (e->op == RP_NAME && e->var->role == RP_INDEX && e->var->inferred)
			*unclear = true;
		bool simple =
			e->op == RP_NUMBER || (e->op == RP_NAME && (e->var->role == RP_INDEX || e->var->role == RP_COUNTER));
		if (!simple && (e->op == RP_ADD || e->op == RP_SUB || e->op == RP_MUL))
			goto parts;
		if (!simple)
			*unclear = true;
		*low += factor > 0 ? factor * e->low : factor * (e->high - 1);
		*high += factor > 0 ? factor * (e->high - 1) : factor * e->low;
		return true;
	}
parts:
	if (e->op == RP_ADD || e->op == RP_SUB)
		return linear(e->arg[0], index, factor, coef, low, high, unclear) &&
		       linear(e->arg[1], index, e->op == RP_ADD ? factor : -factor, coef, low, high, unclear);
	if (e->op == RP_MUL && e->arg[0]->op == RP_NUMBER)
		return linear(e->arg[1], index, factor * (int)e->arg[0]->number, coef, low, high, unclear);
	return false;
}

static int floor_div(int a, int b) {
	return (int)floor((double)a / b);
}

static void see_counter(void *context, RpExpr **place) {
	bool *found = context;
	*found = *found || ((*place)->op == RP_NAME && (*place)->var->role == RP_COUNTER);
}

/* In a loop that is written out, `k + i` is a plain use where k is 0. */
static bool mentions_counter(const RpExpr *e) {
	bool found = false;
	RpExpr *top = (RpExpr *)(uintptr_t)e;
	rp_each_below(&top, see_counter, &found);
	return found;
}

static void see_use(void *context, RpExpr **place) {
	Uses *u = context;
	const RpExpr *e = *place;
	/* Where a condition never holds, what is read under it gives no range; whether it does is not asked here. */
	if (e->op == RP_IF || e->op == RP_WHERE)
		for (int i = 0; i < e->args; i++)
			u->unclear = u->unclear || rp_mentions(e->arg[i], u->index);
	/* An arm that a known condition leaves out is no use. */
	if (e->op == RP_IF)
		u->wrong = u->wrong || rp_mentions(e->arg[1], u->index) || rp_mentions(e->arg[2], u->index);
	if (e->op != RP_READ)
		return;
	for (int i = 0; i < e->items; i++) {
		const RpExpr *at = e->item[i].at;
		if (!at || !rp_mentions(at, u->index))
			continue;
		if (e->item[i].kind != RP_AT) { /* a slice that moves */
			u->wrong = true;
			continue;
		}
		int extent = e->arg[0]->shape.dims[i], coef = 0, low = 0, high = 0;
		if (at->op == RP_NAME) {
			if (extent == u->index->high && u->index->low == 0)
				u->plain = u->plain || e->arg[0]->op == RP_NAME;
			else
				u->wrong = true;
			continue;
		}
		u->wrong = u->wrong || mentions_counter(at);
		if (!linear(at, u->index, 1, &coef, &low, &high, &u->unclear))
			continue;
		if (coef == 0 || e->arg[0]->op != RP_NAME) {
			u->unclear = true;
			continue;
		}
		int least = coef > 0 ? -floor_div(low, coef) : -floor_div(extent - 1 - high, -coef);
		int most = coef > 0 ? floor_div(extent - 1 - high, coef) : floor_div(low, -coef);
		u->lowest = u->affine && u->lowest > least ? u->lowest : least;
		u->highest = u->affine && u->highest < most ? u->highest : most;
		u->affine = true;
	}
}

void gen_ranges(Gen *g, RpVar *const *index, bool *stated, int count, RpExpr *const *bodies, int body_count,
                bool definition) {
	/* First those that plain uses tell, then the others by the affine ones. */
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < count; i++) {
			Uses u = {.index = index[i]};
			for (int k = 0; k < body_count; k++) {
				RpExpr *body = bodies[k];
				rp_each_below(&body, see_use, &u);
			}
			if (pass == 0)
				stated[i] = u.wrong || !u.plain || gen_chance(g, 35);
			if (pass == 0 || !stated[i] || u.plain || u.wrong || !u.affine || u.unclear)
				continue;
			if (definition && u.lowest < 0)
				u.lowest = 0;
			bool other_unclear = false;
			for (int k = 0; k < count; k++)
				other_unclear = other_unclear || (k != i && index[k]->inferred);
			if (u.lowest == index[i]->low && u.highest == index[i]->high - 1 && !other_unclear && gen_chance(g, 80)) {
				stated[i] = false;
				index[i]->inferred = true;
			}
		}
	}
}

/* ---- conditions ---- */

/* 0 <= i + p - 1 < n, behind which A[i + p - 1] may be read. */
static RpExpr *window(Gen *g, const RpExpr *e) {
	RpVar *array = gen_pick(g, RP_REAL, -1);
	if (!array || g->guards == GUARDS)
		return NULL;
	int extent = array->shape.dims[gen_below(g, array->shape.rank)], offset = gen_between(g, -2, 2);
	RpExpr *at = rp_name(g->pool, e->index[gen_below(g, e->indices)]);
	if (gen_chance(g, 50)) {
		RpVar *other = e->index[gen_below(g, e->indices)];
		if (other == at->var)
			return NULL;
		RpExpr *sum = rp_binary(g->pool, gen_chance(g, 70) ? RP_ADD : RP_SUB, RP_INT, at, rp_name(g->pool, other));
		bool minus = sum->op == RP_SUB;
		sum->low = minus ? at->low - other->high + 1 : at->low + other->low;
		sum->high = minus ? at->high - other->low : at->high + other->high - 1;
		at = sum;
	}
	if (offset != 0) {
		RpExpr *sum = rp_binary(g->pool, offset > 0 ? RP_ADD : RP_SUB, RP_INT, at,
		                        rp_whole(g->pool, offset > 0 ? offset : -offset));
		sum->low = at->low + offset;
		sum->high = at->high + offset;
		at = sum;
	}
	RpExpr *c = rp_expr(g->pool, RP_COMPARE, RP_BOOL);
	c->args = 3;
	c->which = 1;
	c->arg[0] = rp_whole(g->pool, 0);
	c->arg[1] = at;
	c->arg[2] = rp_whole(g->pool, extent);
	g->guard[g->guards++] = (Guard){at, extent};
	return c;
}

static RpExpr *condition(Gen *g, const RpExpr *e, int depth) {
	RpExpr *c = gen_chance(g, 35) ? window(g, e) : NULL;
	if (c)
		return c;
	if (gen_chance(g, 25)) {
		c = gen_truth(g, depth - 1);
		return c->op == RP_NAME ? rp_binary(g->pool, RP_NOT, RP_BOOL, c, NULL) : c; /* a name alone is an index */
	}
	c = rp_expr(g->pool, RP_COMPARE, RP_BOOL);
	c->args = 2;
	c->which = gen_below(g, 6);
	RpVar *a = e->index[gen_below(g, e->indices)], *b = e->index[gen_below(g, e->indices)];
	c->arg[0] = rp_name(g->pool, a);
	c->arg[1] =
		a != b ? rp_name(g->pool, b) : rp_whole(g->pool, gen_between(g, a->low, a->high)); /* maybe never, or always */
	return c;
}

/* Makes the conditions hold at the first point of the reduction, whatever else; false: what is read under one of them may not be read
 * there. */
static bool hold_somewhere(Gen *g, RpExpr *e) {
	for (int i = 0; i < e->conds; i++)
		if (e->cond[i]->op == RP_COMPARE && e->cond[i]->args == 3) /* a window */
			return false;
	for (int i = 0; i < e->conds; i++)
		for (int k = 0; k < e->indices; k++) {
			RpExpr *first = rp_expr(g->pool, RP_COMPARE, RP_BOOL);
			first->args = 2;
			first->which = 1;
			first->arg[0] = rp_name(g->pool, e->index[k]);
			first->arg[1] = rp_whole(g->pool, e->index[k]->low);
			e->cond[i] = rp_binary(g->pool, RP_OR, RP_BOOL, e->cond[i], first);
		}
	return true;
}

/* ---- reductions ---- */

static RpReduction pick_reduction(Gen *g, RpKind kind) {
	static const RpReduction reals[] = {RP_SUM,     RP_SUM,       RP_SUM,  RP_MEAN,     RP_MEAN, RP_MEAN,  RP_MAXIMUM,
	                                    RP_MINIMUM, RP_LOGSUMEXP, RP_PROD, RP_VARIANCE, RP_STD,  RP_MEDIAN};
	if (kind == RP_BOOL)
		return gen_chance(g, 50) ? RP_ANY : RP_EVERY;
	return reals[gen_below(g, 13)];
}

static double reduced_size(RpReduction which, double size, int points) {
	switch (which) {
	case RP_SUM: return size * points;
	case RP_PROD: return pow(fmax(size, 1), points);
	case RP_LOGSUMEXP: return size + 4;
	case RP_VARIANCE: return size * size;
	default: return size;
	}
}

RpExpr *gen_reduce(Gen *g, RpKind kind, const RpShape *shape, int depth) {
	RpExpr *e = rp_expr(g->pool, RP_REDUCE, kind);
	int count = g->count, guards = g->guards, points = g->points, ways = 1;
	e->which = (int)pick_reduction(g, kind);
	e->shape = *shape;
	int wanted = gen_chance(g, 55) ? 1 : gen_chance(g, 65) ? 2 : 3;
	bool argument = kind == RP_REAL && shape->rank == 0 && gen_chance(g, 6);
	if (argument) {
		e->which = gen_chance(g, 50) ? RP_ARGMAX : RP_ARGMIN;
		wanted = 1;
	}
	int elements = rp_count(shape);
	for (int i = 0; i < wanted; i++) {
		int extent = gen_extent(g), low = gen_chance(g, 18) ? gen_between(g, -2, 3) : 0;
		if (g->points * extent * elements > MOST_POINTS || (e->which == RP_PROD && ways * extent > 6))
			continue;
		RpVar *index = gen_var(g, RP_INDEX, RP_INT, &(RpShape){0});
		index->low = low;
		index->high = low + extent;
		index->size = fmax(fabs((double)low), low + extent);
		e->index[e->indices++] = index;
		g->points *= extent;
		ways *= extent;
	}
	if (e->indices == 0) {
		g->points = points;
		return NULL;
	}
	/* One that nothing mentions, now and then. */
	int silent = gen_chance(g, 22) ? gen_below(g, e->indices) : -1;
	for (int i = 0; i < e->indices; i++)
		if (i != silent)
			gen_show(g, e->index[i]);
	if (!argument && gen_chance(g, e->which == RP_MEAN || e->which >= RP_VARIANCE ? 10 : 40)) {
		e->cond[e->conds++] = condition(g, e, depth);
		if (gen_chance(g, 25))
			e->cond[e->conds++] = condition(g, e, depth);
	}
	RpExpr *body = kind == RP_BOOL    ? gen_truth(g, depth - 1)
	               : shape->rank > 0  ? gen_array(g, shape, depth - 1)
	               : gen_chance(g, 4) ? gen_truth(g, depth - 1)
	                                  : gen_real(g, depth - 1);
	if (kind == RP_REAL && body->kind == RP_BOOL && e->which != RP_SUM && e->which != RP_MEAN)
		e->which = gen_chance(g, 50) ? RP_SUM : RP_MEAN;
	if (e->which == RP_STD) { /* of terms that are equal it is 0 but for rounding, and its slope nothing but that */
		RpExpr *index = rp_name(g->pool, e->index[0]),
			   *step = rp_binary(g->pool, RP_MUL, RP_REAL, rp_number(g->pool, 0.3), index);
		step->size = index->size;
		double size = body->size;
		body = rp_binary(g->pool, RP_ADD, RP_REAL, body, step);
		body->size = size + step->size;
	}
	if (e->which == RP_LOGSUMEXP || e->which == RP_PROD || e->which == RP_VARIANCE)
		body = shape->rank == 0 ? gen_bounded(g, body, -4, 4) : body;
	g->count = count;
	g->guards = guards;
	g->points = points;
	e->arg[0] = body;
	e->args = 1;
	e->size = argument ? e->index[0]->size : reduced_size((RpReduction)e->which, body->size, ways);
	if (e->which == RP_PROD && e->size > 1e4)
		e->which = RP_MEAN;
	if (e->conds == 0 || e->which == RP_SUM || e->which == RP_PROD || kind == RP_BOOL)
		goto ranges;
	/* Of nothing they are no finite number, which would end the comparison. */
	e->which = gen_chance(g, 80) || !hold_somewhere(g, e) ? RP_SUM : e->which;
	e->size = reduced_size((RpReduction)e->which, body->size, ways);
ranges:;
	RpExpr *bodies[1 + RP_CONDS] = {body};
	for (int i = 0; i < e->conds; i++)
		bodies[1 + i] = e->cond[i];
	gen_ranges(g, e->index, e->stated, e->indices, bodies, 1 + e->conds, false);
	return e;
}
