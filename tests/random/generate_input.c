/* What an objective starts from: data that is drawn, and parameters. */
#include "generate.h"

#include <math.h>

/* Indices in front of a name, which what it is drawn by may mention. */
static void add_heads(Gen *g, RpStmt *s, int heads) {
	for (int i = 0; i < heads; i++) {
		RpVar *index = gen_var(g, RP_INDEX, RP_INT, &(RpShape){0});
		index->high = s->var[0]->shape.dims[i];
		index->size = index->high;
		s->stated[s->heads] = true;
		s->head[s->heads++] = index;
	}
}

void gen_given(Gen *g, RpBlock *block) {
	RpShape shape = gen_shape(g, gen_chance(g, 80) ? 1 : 0);
	int kind = gen_below(g, 10);
	RpVar *var = gen_var(g, RP_GIVEN, kind < 5 ? RP_REAL : kind < 9 ? RP_INT : RP_BOOL, &shape);
	RpStmt *s = gen_add(g, block, RP_DRAW, var, NULL);
	var->batch = var->of_params = gen_chance(g, 25); /* what starts the parameters cannot depend on it, as on them */
	if (shape.rank && gen_chance(g, 35))
		add_heads(g, s, gen_between(g, 1, shape.rank));
	gen_draw(g, s, var);
	gen_show(g, var);
}

static void limit(Gen *g, RpVar *var) {
	var->limits = (RpLimits)gen_between(g, RP_BETWEEN, RP_BELOW);
	var->least = 0.5 * gen_between(g, -3, 0);
	var->most = var->limits == RP_BELOW ? 0.5 * gen_between(g, 0, 4) : var->least + gen_between(g, 1, 3);
	if (var->limits == RP_BELOW)
		var->least = var->most - 3;
	var->size = fmax(fabs(var->least), fabs(var->most)) + (var->limits == RP_BETWEEN ? 0 : 3);
}

/* let p = e of a number inside of its limits, or drawn there. */
static void start_inside(Gen *g, RpBlock *block, RpVar *var) {
	double low = var->least + 0.1, high = (var->limits == RP_ABOVE ? var->least + 3 : var->most) - 0.1;
	if (gen_chance(g, 40)) {
		RpStmt *s = gen_add(g, block, RP_DRAW, var, NULL);
		s->draw = RP_uniform;
		s->value[0] = rp_number(g->pool, low);
		s->value[1] = rp_number(g->pool, high);
		s->values = 2;
		return;
	}
	RpStmt *s = gen_add(g, block, RP_DEFINE, var, rp_number(g->pool, floor((low + high) * 5) / 10 + 0.0625));
	s->typed = true;
}

bool gen_param(Gen *g, RpBlock *block) {
	RpShape shape = gen_shape(g, gen_chance(g, 70) ? 1 : 0);
	int count = rp_count(&shape);
	if (g->program->coordinates + count > RP_COORDINATES)
		return false;
	g->program->coordinates += count;
	RpVar *var = gen_var(g, RP_PARAM, RP_REAL, &shape);
	double size = 1.5;
	bool limited = gen_chance(g, 25);
	if (limited) {
		limit(g, var);
		size = var->size;
	}
	if (shape.rank > 1 && gen_chance(g, 30))
		var->apart = gen_between(g, 1, shape.rank - 1);
	g->no_params = true;
	if (limited && !var->apart && gen_chance(g, 70)) {
		start_inside(g, block, var);
	} else if (!limited && gen_chance(g, 45)) {
		RpStmt *s = gen_add(g, block, RP_DRAW, var, NULL);
		add_heads(g, s, var->apart ? var->apart : gen_chance(g, 30) ? shape.rank : 0);
		gen_draw(g, s, var);
	} else if (shape.rank && (var->apart || limited || gen_chance(g, 50))) {
		g->budget = 6;
		RpStmt *s = gen_headed(g, block, var, var->apart ? var->apart : shape.rank);
		s->typed = var->apart && gen_chance(g, 70);
		var->apart = s->typed ? var->apart : 0; /* by the type that is written */
	} else if (limited) {
		start_inside(g, block, var);
	} else {
		RpStmt *s = gen_add(g, block, RP_DEFINE, var, rp_number(g->pool, gen_between(g, -4, 4) * 0.25));
		s->typed = true;
	}
	g->no_params = false;
	var->size = size;
	var->of_params = true;
	gen_show(g, var);
	return true;
}
