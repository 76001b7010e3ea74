/* What is drawn, and by which arguments: numbers, data that was drawn before, the indices of the head. */
#include "generate.h"

#include <math.h>

/* A number from about -1 to 1, which may vary with the head, or from element to element. */
static RpExpr *place(Gen *g, const RpStmt *s, const RpShape *rest) {
	if (s->heads && gen_chance(g, 50)) {
		RpVar *index = s->head[gen_below(g, s->heads)];
		return rp_binary(g->pool, RP_MUL, RP_REAL, rp_number(g->pool, 0.25), rp_name(g->pool, index));
	}
	RpVar *v = gen_chance(g, 30) ? gen_pick(g, RP_REAL, 0) : gen_chance(g, 40) ? gen_pick_shaped(g, rest) : NULL;
	return v ? gen_bounded(g, rp_name(g->pool, v), -2, 2) : rp_number(g->pool, 0.5 * gen_between(g, -1, 1));
}

/* A positive one. */
static RpExpr *positive(Gen *g, const RpStmt *s, const RpShape *rest) {
	if (s->heads && gen_chance(g, 50)) {
		RpVar *index = s->head[gen_below(g, s->heads)];
		return rp_binary(g->pool, RP_ADD, RP_REAL, rp_number(g->pool, 0.5), rp_name(g->pool, index));
	}
	return gen_chance(g, 60) ? rp_number(g->pool, 0.5 * gen_between(g, 1, 5))
	                         : gen_bounded(g, place(g, s, rest), 0.5, 2.5);
}

static void two(RpStmt *s, RpDistribution which, RpExpr *a, RpExpr *b) {
	s->draw = (int)which;
	s->value[0] = a;
	s->value[1] = b;
	s->values = b ? 2 : a ? 1 : 0;
}

static RpExpr *sum(Gen *g, RpExpr *a, RpExpr *b) {
	RpExpr *e = rp_binary(g->pool, RP_ADD, RP_REAL, a, b);
	e->size = a->size + b->size;
	return e;
}

static RpExpr *softmax_of(Gen *g, RpVar *v) {
	RpExpr *a = gen_bounded(g, rp_name(g->pool, v), -3, 3);
	return gen_word_call(g, RP_WORD_softmax, RP_REAL, a, NULL, &v->shape, 1);
}

static void draw_real(Gen *g, RpStmt *s, RpVar *var, const RpShape *rest) {
	RpVar *weights = gen_pick(g, RP_REAL, 1);
	var->size = 3;
	switch (gen_below(g, 13)) {
	case 0:
	case 1:
	case 2: two(s, RP_normal, rp_number(g->pool, 0), rp_number(g->pool, 1)); return;
	case 3: two(s, RP_normal, place(g, s, rest), positive(g, s, rest)); return;
	case 4: two(s, RP_uniform, NULL, NULL); return;
	case 5: {
		RpExpr *low = place(g, s, rest);
		two(s, RP_uniform, low, sum(g, low, positive(g, s, rest)));
		return;
	}
	case 6: two(s, RP_exponential, gen_chance(g, 50) ? positive(g, s, rest) : NULL, NULL); return;
	case 7: {
		RpExpr *low = positive(g, s, rest);
		two(s, RP_loguniform, low, sum(g, low, positive(g, s, rest)));
		return;
	}
	case 8: two(s, RP_gamma, positive(g, s, rest), positive(g, s, rest)); return;
	case 9: two(s, RP_beta, positive(g, s, rest), positive(g, s, rest)); return;
	case 10: two(s, RP_student_t, sum(g, rp_number(g->pool, 3), positive(g, s, rest)), NULL); return;
	default:
		if (weights && gen_chance(g, 40)) /* a whole number in a run's weights has no limits that are known */
			two(s, RP_categorical, softmax_of(g, weights), NULL);
		else if (gen_chance(g, 40))
			two(s, RP_poisson, positive(g, s, rest), NULL);
		else if (gen_chance(g, 40))
			two(s, RP_binomial, rp_whole(g->pool, gen_between(g, 1, 6)), gen_bounded(g, place(g, s, rest), 0.1, 0.9));
		else if (gen_chance(g, 50))
			two(s, RP_integer, rp_whole(g->pool, -1), rp_whole(g->pool, 3));
		else
			two(s, RP_bernoulli, rp_number(g->pool, 0.3), NULL);
	}
}

static void draw_whole(Gen *g, RpStmt *s, RpVar *var) {
	int choice = gen_below(g, 10);
	var->high = gen_extent(g);
	if (choice < 5) {
		two(s, RP_integer, rp_whole(g->pool, 0), rp_whole(g->pool, var->high));
	} else if (choice < 8) {
		RpExpr *w = rp_expr(g->pool, RP_STACK, RP_REAL);
		w->shape = (RpShape){1, {gen_between(g, 1, 4)}};
		for (int i = 0; i < w->shape.dims[0]; i++)
			w->arg[w->args++] = rp_number(g->pool, 0.25 * gen_between(g, i > 0 ? 0 : 1, 5));
		var->high = w->shape.dims[0];
		two(s, RP_categorical, w, NULL);
	} else if (s->heads == 0) {
		two(s, RP_permutation, rp_whole(g->pool, var->high), NULL);
	} else {
		two(s, RP_integer, rp_whole(g->pool, 0), rp_whole(g->pool, var->high));
	}
	var->size = var->high;
}

void gen_draw(Gen *g, RpStmt *s, RpVar *var) {
	RpShape rest = {.rank = var->shape.rank - s->heads};
	bool before = g->no_params;
	for (int i = 0; i < rest.rank; i++)
		rest.dims[i] = var->shape.dims[s->heads + i];
	g->no_params = true;
	if (var->kind == RP_REAL)
		draw_real(g, s, var, &rest);
	else if (var->kind == RP_INT)
		draw_whole(g, s, var);
	else
		two(s, RP_bernoulli, gen_chance(g, 50) ? rp_number(g->pool, 0.5) : gen_bounded(g, place(g, s, &rest), 0.1, 0.9),
		    NULL);
	g->no_params = before;
}
