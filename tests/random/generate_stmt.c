/* Statements: definitions, assignments, loops, branches; functions; the objective as a whole. What it starts from: generate_input.c. */
#include "generate.h"

#include <math.h>
#include <string.h>

enum { ELEMENTS = 160 }; /* of an array */

RpStmt *gen_add(Gen *g, RpBlock *block, RpStmtKind kind, RpVar *var, RpExpr *value) {
	RpStmt *s = RP_NEW(g->pool, RpStmt);
	s->kind = kind;
	s->var[0] = var;
	s->vars = var ? 1 : 0;
	s->value[0] = value;
	s->values = value ? 1 : 0;
	if (block->count < (int)(sizeof block->data / sizeof *block->data))
		block->data[block->count++] = s;
	return s;
}

RpShape gen_shape(Gen *g, int least) {
	static const int ranks[] = {0, 0, 1, 1, 1, 2, 2, 2, 3, 4, 5};
	RpShape shape = {.rank = ranks[gen_below(g, 11)]};
	if (shape.rank < least)
		shape.rank = least;
	int count = 1;
	for (int i = 0; i < shape.rank; i++) {
		int extent = shape.rank > 2 && gen_chance(g, 60) ? gen_between(g, 1, 3) : gen_extent(g);
		shape.dims[i] = count * extent > ELEMENTS ? 1 : extent;
		count *= shape.dims[i];
	}
	return shape;
}

static void depends(void *context, RpExpr **place) {
	bool *found = context;
	*found = *found || ((*place)->op == RP_NAME && (*place)->var->of_params);
}

static bool of_params(RpExpr *e) {
	bool found = false;
	rp_each_below(&e, depends, &found);
	return found;
}

static int depth_of(Gen *g) {
	return gen_chance(g, 30) ? 2 : gen_chance(g, 60) ? 3 : 5;
}

RpStmt *gen_headed(Gen *g, RpBlock *block, RpVar *var, int heads) {
	RpStmt *s = gen_add(g, block, RP_DEFINE, var, NULL);
	int count = g->count, points = g->points;
	for (int i = 0; i < heads; i++) {
		RpVar *index = gen_var(g, RP_INDEX, RP_INT, &(RpShape){0});
		index->high = var->shape.dims[i];
		index->size = index->high;
		s->head[s->heads++] = index;
		gen_show(g, index);
		g->points *= index->high;
	}
	RpShape rest = {.rank = var->shape.rank - heads};
	for (int i = 0; i < rest.rank; i++)
		rest.dims[i] = var->shape.dims[heads + i];
	if (g->points > 60)
		g->budget = g->budget < 14 ? g->budget : 14;
	RpExpr *e = rest.rank ? gen_array(g, &rest, depth_of(g)) : gen_real(g, depth_of(g));
	e = gen_surely_real(g, e);
	if (var->limits)
		e = gen_bounded(g, e, var->least + 0.1, var->limits == RP_ABOVE ? var->least + 3 : var->most - 0.1);
	g->count = count;
	g->points = points;
	s->value[s->values++] = e;
	gen_ranges(g, s->head, s->stated, s->heads, &e, 1, true);
	var->size = fmax(e->size, 0.1);
	var->of_params = of_params(e);
	return s;
}

static void define(Gen *g, RpBlock *block, RpRole role, const RpShape *shape) {
	g->budget = 30;
	RpVar *var = gen_var(g, role, RP_REAL, shape);
	if (shape->rank > 0 && gen_chance(g, 60)) {
		gen_headed(g, block, var, gen_chance(g, 80) ? shape->rank : gen_between(g, 1, shape->rank));
	} else {
		RpExpr *e = shape->rank ? gen_array(g, shape, depth_of(g)) : gen_real(g, depth_of(g));
		e = gen_surely_real(g, e);
		RpStmt *s = gen_add(g, block, RP_DEFINE, var, e);
		s->typed = shape->rank > 0 && gen_chance(g, 20);
		if (s->typed && gen_chance(g, 30)) {
			g->budget = 12;
			e = s->value[0] = gen_surely_real(g, gen_real(g, 2)); /* one number fills the shape */
		}
		var->size = fmax(e->size, 0.1);
		var->of_params = of_params(e);
	}
	if (role == RP_VAR) {
		var->size = fmax(var->size, 4);
		var->of_params = true;
	}
	gen_show(g, var);
}

/* A whole number or a truth value with a name. */
static void define_choice(Gen *g, RpBlock *block) {
	g->budget = 10;
	RpExpr *e = gen_chance(g, 50) ? gen_int(g, 2) : gen_truth(g, 2);
	if (!e || e->op == RP_NUMBER)
		return;
	RpVar *var = gen_var(g, RP_LET, e->kind, &(RpShape){0});
	var->low = e->low;
	var->high = e->high;
	var->size = e->size;
	var->of_params = of_params(e);
	gen_add(g, block, RP_DEFINE, var, e);
	gen_show(g, var);
}

/* ---- assignments ---- */

static RpExpr *within(Gen *g, RpExpr *e, double size) {
	return gen_bounded(g, gen_surely_real(g, e), -size, size);
}

/* v[pick[e] % n] <- v[pick[e] % n] + value, or a value that does not read v, of which the last counts. false: nothing picks. */
static bool scatter(Gen *g, RpBlock *block, RpVar *var) {
	static const char updates[] = {'+', '+', '-', '<', '>', 0};
	RpVar *pick = gen_pick(g, RP_INT, 1), *all[SCOPE];
	if (!pick || pick->role == RP_VAR)
		return false;
	int count = g->count, points = g->points, extent = var->shape.dims[0], terms = pick->shape.dims[0];
	memcpy(all, g->scope, sizeof all);
	RpStmt *s = gen_add(g, block, RP_ASSIGN, var, NULL);
	s->update = updates[gen_below(g, 6)];
	RpVar *index = gen_var(g, RP_INDEX, RP_INT, &(RpShape){0});
	index->high = terms;
	index->size = terms;
	s->head[s->heads++] = index;
	RpExpr *read = rp_expr(g->pool, RP_READ, RP_INT);
	read->arg[0] = rp_name(g->pool, pick);
	read->args = 1;
	read->items = 1;
	read->item[0] = (RpItem){RP_AT, rp_name(g->pool, index), 0, 0};
	read->low = pick->low;
	read->high = pick->high;
	RpExpr *at = rp_binary(g->pool, RP_MOD, RP_INT, read, rp_whole(g->pool, extent));
	at->high = extent;
	s->item[0] = (RpItem){RP_AT, at, 0, 0};
	s->items = 1;
	for (int i = 0; i < count && !s->update; i++) /* it must not be read then */
		if (g->scope[i] == var)
			memmove(g->scope + i, g->scope + i + 1, sizeof *g->scope * (size_t)(--g->count - i));
	gen_show(g, index);
	g->points *= terms;
	RpShape rest = {.rank = var->shape.rank - 1};
	for (int i = 0; i < rest.rank; i++)
		rest.dims[i] = var->shape.dims[1 + i];
	RpExpr *e = rest.rank && gen_chance(g, 70) ? gen_array(g, &rest, 2) : gen_real(g, 3);
	RpExpr *bodies[] = {read, e};
	bool stated = false;
	gen_ranges(g, s->head, &stated, 1, bodies, 2, false);
	if (stated) { /* for which there is no place */
		g->count--;
		e = gen_real(g, 3);
	}
	bool sums = s->update == '+' || s->update == '-';
	s->value[s->values++] = within(g, e, sums ? var->size / (8 * terms) : var->size);
	memcpy(g->scope, all, sizeof all);
	g->count = count;
	g->points = points;
	return true;
}

static void assign(Gen *g, RpBlock *block) {
	RpVar *var = NULL;
	int seen = 0;
	for (int i = 0; i < g->count; i++)
		if (g->scope[i]->role == RP_VAR && gen_below(g, ++seen) == 0)
			var = g->scope[i];
	if (!var)
		return;
	g->budget = 14;
	if (var->shape.rank > 0 && var->kind == RP_REAL && gen_chance(g, 25) && scatter(g, block, var))
		return;
	RpStmt *s = gen_add(g, block, RP_ASSIGN, var, NULL);
	int count = g->count, points = g->points;
	RpExpr *e;
	if (var->shape.rank == 0 || gen_chance(g, 25)) {
		e = var->shape.rank ? gen_array(g, &var->shape, 2) : gen_real(g, 3);
		if (gen_chance(g, 50)) { /* 0.5 * v + ... */
			RpExpr *half = rp_binary(g->pool, RP_MUL, RP_REAL, rp_number(g->pool, 0.5), rp_name(g->pool, var));
			half->size = var->size / 2;
			e = gen_bounded(g, e, -var->size / 2, var->size / 2);
			RpExpr *sum = rp_binary(g->pool, RP_ADD, RP_REAL, half, e);
			sum->size = half->size + e->size;
			e = sum;
		}
		s->value[s->values++] = within(g, e, var->size);
		return;
	}
	RpShape rest = {0};
	s->items = gen_between(g, 1, var->shape.rank);
	for (int i = 0; i < var->shape.rank; i++) {
		int extent = var->shape.dims[i];
		if (i >= s->items || gen_chance(g, 10)) {
			bool slice = i < s->items && extent > 1 && gen_chance(g, 60);
			int low = slice ? gen_between(g, 0, extent - 1) : 0,
				high = slice ? gen_between(g, low + 1, extent) : extent;
			if (i < s->items)
				s->item[i] = (RpItem){slice ? RP_SLICE : RP_ALL, NULL, low, high};
			rest.dims[rest.rank++] = high - low;
		} else if (s->heads > 0 && s->head[0]->high <= extent && gen_chance(g, 8)) {
			s->item[i] = (RpItem){RP_AT, rp_name(g->pool, s->head[0]), 0, 0}; /* v[i, i]: i runs over the first axis */
		} else if (gen_chance(g, 60)) {
			RpVar *index = gen_var(g, RP_INDEX, RP_INT, &(RpShape){0});
			index->high = extent;
			index->size = extent;
			s->head[s->heads++] = index;
			s->item[i] = (RpItem){RP_AT, rp_name(g->pool, index), 0, 0};
		} else {
			s->item[i] = (RpItem){RP_AT, NULL, 0, 0};
		}
	}
	for (int i = 0; i < s->items; i++) /* before the fresh names are in scope */
		if (s->item[i].kind == RP_AT && !s->item[i].at)
			s->item[i].at = gen_position(g, var->shape.dims[i]);
	for (int i = 0; i < s->heads; i++) {
		gen_show(g, s->head[i]);
		g->points *= s->head[i]->high;
	}
	e = rest.rank && gen_chance(g, 70) ? gen_array(g, &rest, 2) : gen_real(g, 3);
	s->value[s->values++] = within(g, e, var->size);
	g->count = count;
	g->points = points;
}

static void statements(Gen *g, RpBlock *block, int count, int depth);

/* for i in k + 1..n, for i in 0..k, for i in k..-1 by -1: bounds of whole numbers that vary, such as the counter of a loop around. How
 * many turns at most; 0: there are no such numbers. */
static int triangular(Gen *g, RpStmt *s) {
	RpExpr *bound = NULL;
	for (int tries = 0; tries < 3 && !bound; tries++) {
		RpExpr *e = gen_int(g, gen_chance(g, 60) ? 0 : 1);
		if (e && e->op != RP_NUMBER && e->high - e->low <= 8 && e->low > -6 && e->high < 10)
			bound = e;
	}
	if (!bound)
		return 0;
	RpExpr *other;
	RpVar *counter = s->counter;
	s->from = s->to = s->step = 0;
	s->values = 2;
	switch (gen_below(g, 3)) {
	case 0:
		other = rp_whole(g->pool, gen_between(g, bound->high - 1, bound->high + 2));
		counter->low = bound->low;
		counter->high = (int)other->number;
		s->value[0] = bound;
		s->value[1] = other;
		break;
	case 1:
		other = rp_whole(g->pool, gen_between(g, bound->low - 2, bound->low));
		counter->low = (int)other->number;
		counter->high = bound->high - 1;
		s->value[0] = other;
		s->value[1] = bound;
		break;
	default:
		other = rp_whole(g->pool, gen_between(g, bound->low - 3, bound->low - 1));
		counter->low = (int)other->number + 1;
		counter->high = bound->high;
		s->step = -gen_between(g, 1, 2);
		s->value[0] = bound;
		s->value[1] = other;
	}
	if (counter->high <= counter->low)
		counter->high = counter->low + 1;
	return counter->high - counter->low;
}

static void numbered(Gen *g, RpStmt *s, int turns) {
	s->from = gen_chance(g, 60) ? 0 : gen_between(g, -1, 3);
	s->to = s->from + turns;
	s->counter->low = s->from;
	s->counter->high = turns ? s->to : s->from + 1;
	if (gen_chance(g, 25)) {
		s->step = gen_between(g, 2, 3);
	} else if (gen_chance(g, 30)) { /* the same numbers from the other end, or some of them */
		int low = s->from;
		s->step = -gen_between(g, 1, 3);
		s->from = s->to - 1;
		s->to = low - 1;
	}
}

static void loop(Gen *g, RpBlock *block, int depth) {
	RpStmt *s = gen_add(g, block, RP_FOR, NULL, NULL);
	int count = g->count, points = g->points, turns = gen_between(g, 0, 8), varying;
	if (g->points * turns > 64)
		turns = 2;
	s->counter = gen_var(g, RP_COUNTER, RP_INT, &(RpShape){0});
	g->budget = 6;
	varying = gen_chance(g, 40) && g->points <= 16 ? triangular(g, s) : 0;
	if (varying)
		turns = varying;
	else
		numbered(g, s, turns);
	s->counter->size = fmax(fabs((double)s->counter->low), fabs((double)s->counter->high));
	gen_show(g, s->counter);
	g->points *= turns > 1 ? turns : 1;
	statements(g, &s->yes, gen_between(g, 1, 3), depth - 1);
	g->count = count;
	g->points = points;
}

static void repeat(Gen *g, RpBlock *block, int depth) {
	g->budget = 8;
	RpExpr *c = gen_truth(g, 2);
	RpStmt *s = gen_add(g, block, RP_WHILE, NULL, c);
	int count = g->count, points = g->points;
	s->to = gen_between(g, 0, 7);
	if (g->points * s->to > 64)
		s->to = 2;
	g->points *= s->to > 1 ? s->to : 1;
	statements(g, &s->yes, gen_between(g, 1, 3), depth - 1);
	g->count = count;
	g->points = points;
}

static void when(Gen *g, RpBlock *block, int depth) {
	g->budget = 8;
	RpExpr *c = gen_truth(g, 2);
	RpStmt *s = gen_add(g, block, RP_WHEN, NULL, c);
	int count = g->count;
	statements(g, &s->yes, gen_between(g, 1, 2), depth - 1);
	g->count = count;
	if (gen_chance(g, 50))
		statements(g, &s->no, gen_between(g, 1, 2), depth - 1);
	g->count = count;
}

/* What stands in a loop or a branch: assignments most of all. */
static void statements(Gen *g, RpBlock *block, int count, int depth) {
	for (int i = 0; i < count; i++) {
		int choice = gen_below(g, 100);
		if (choice < 14 && depth > 0) {
			loop(g, block, depth);
		} else if (choice < 20 && depth > 0) {
			repeat(g, block, depth);
		} else if (choice < 31 && depth > 0) {
			when(g, block, depth);
		} else if (choice < 42) {
			RpShape shape = gen_shape(g, 0);
			if (rp_count(&shape) * g->points > 200)
				shape.rank = 0;
			define(g, block, RP_LET, &shape);
		} else {
			assign(g, block);
		}
	}
}

/* ---- functions ---- */

static RpExpr *any_value(Gen *g, const RpShape *shape, int depth) {
	RpExpr *e = shape->rank ? gen_array(g, shape, depth) : gen_real(g, depth);
	return gen_surely_real(g, e);
}

static void gen_function(Gen *g) {
	RpFn *fn = RP_NEW(g->pool, RpFn);
	snprintf(fn->name, sizeof fn->name, "f%d", g->serial++);
	int count = g->count, points = g->points;
	g->count = 0;
	for (int i = 0; i < g->program->consts.count; i++)
		gen_show(g, g->program->consts.data[i]->var[0]);
	g->in_fn = true;
	g->points = 8; /* it will be called inside of something */
	int params = gen_between(g, 1, 3);
	for (int i = 0; i < params; i++) {
		RpShape shape = gen_shape(g, 0);
		if (rp_count(&shape) > 30)
			shape.rank = gen_below(g, 2);
		RpVar *var = gen_var(g, RP_ARGUMENT, RP_REAL, &shape);
		var->size = 2;
		fn->param[fn->params++] = var;
		gen_show(g, var);
	}
	if (gen_chance(g, 50)) {
		RpShape shape = gen_chance(g, 60) ? (RpShape){0} : fn->param[0]->shape;
		define(g, &fn->body, RP_VAR, &shape);
		statements(g, &fn->body, gen_between(g, 1, 3), 1);
	}
	g->budget = 16;
	RpStmt *s = gen_add(g, &fn->body, RP_RETURN, NULL, NULL);
	int results = gen_chance(g, 75) ? 1 : 2;
	for (int i = 0; i < results; i++) {
		RpShape shape = gen_chance(g, 55) ? (RpShape){0} : fn->param[gen_below(g, fn->params)]->shape;
		RpExpr *e = any_value(g, &shape, 3);
		s->value[s->values++] = gen_bounded(g, e, -6, 6);
	}
	g->in_fn = false;
	g->count = count;
	g->points = points;
	g->program->fn[g->program->fns++] = fn; /* only now: a function cannot call itself */
}

static const RpStmt *returns(const RpFn *fn) {
	return fn->body.data[fn->body.count - 1];
}

static RpExpr *call_of(Gen *g, RpFn *fn, int depth) {
	const RpExpr *result = returns(fn)->value[0];
	RpExpr *e = rp_expr(g->pool, RP_CALL, RP_REAL);
	e->fn = fn;
	e->shape = result->shape;
	e->size = result->size;
	e->args = fn->params;
	int points = g->points;
	g->points *= 4;
	for (int i = 0; i < fn->params; i++) {
		e->arg[i] = any_value(g, &fn->param[i]->shape, depth - 1);
		e->arg[i] = gen_bounded(g, e->arg[i], -2, 2);
	}
	g->points = points;
	return e;
}

RpExpr *gen_call(Gen *g, const RpShape *shape, int depth) {
	for (int tries = 0; tries < 3 && g->program->fns > 0 && g->points < 60; tries++) {
		RpFn *fn = g->program->fn[gen_below(g, g->program->fns)];
		if (returns(fn)->values == 1 && rp_same_shape(&returns(fn)->value[0]->shape, shape))
			return call_of(g, fn, depth);
	}
	return NULL;
}

/* let a, b = f(..) */
static void define_several(Gen *g, RpBlock *block) {
	RpFn *fn = NULL;
	for (int i = 0; i < g->program->fns; i++)
		if (returns(g->program->fn[i])->values > 1)
			fn = g->program->fn[i];
	if (!fn)
		return;
	g->budget = 20;
	RpStmt *s = gen_add(g, block, RP_DEFINE, NULL, NULL);
	RpExpr *call = call_of(g, fn, 2);
	for (int i = 0; i < returns(fn)->values; i++) {
		RpExpr *one = RP_NEW(g->pool, RpExpr);
		*one = *call;
		one->which = i;
		one->shape = returns(fn)->value[i]->shape;
		one->size = returns(fn)->value[i]->size;
		RpVar *var = gen_var(g, RP_LET, RP_REAL, &one->shape);
		var->size = fmax(one->size, 0.1);
		var->of_params = of_params(one);
		s->var[s->vars++] = var;
		s->value[s->values++] = one;
	}
	for (int i = 0; i < s->vars; i++)
		gen_show(g, s->var[i]);
}

static void constant(Gen *g) {
	RpShape shape = {gen_below(g, 2), {gen_between(g, 2, 4)}};
	bool whole = gen_chance(g, 40) && shape.rank == 1;
	RpVar *var = gen_var(g, RP_CONST, whole ? RP_INT : RP_REAL, &shape);
	RpExpr *e = rp_expr(g->pool, RP_STACK, var->kind);
	e->shape = shape;
	var->high = 3;
	var->size = 3;
	for (int i = 0; i < (shape.rank ? shape.dims[0] : 1); i++)
		e->arg[e->args++] =
			whole ? rp_whole(g->pool, gen_below(g, 3)) : rp_number(g->pool, gen_between(g, 1, 12) * 0.125);
	var->literal = shape.rank == 0 && rp_type(e->arg[0]) == RP_TYPE_LITERAL;
	gen_add(g, &g->program->consts, RP_DEFINE, var, shape.rank ? e : e->arg[0]);
}

void gen_functions(Gen *g) {
	for (int i = gen_below(g, 3); i > 0; i--)
		constant(g);
	for (int i = gen_below(g, 3); i > 0; i--)
		gen_function(g);
}

/* ---- the objective ---- */

/* Every drawn array is mentioned, so that the problem has it; of later names some. */
static RpExpr *mention(Gen *g, RpVar *var) {
	RpExpr *e = rp_name(g->pool, var);
	if (var->shape.rank) {
		static const RpReduction which[] = {RP_SUM, RP_MEAN, RP_MEAN, RP_LOGSUMEXP, RP_MAXIMUM};
		e = rp_binary(g->pool, RP_REDUCE_ALL, RP_REAL, e, NULL);
		e->shape = (RpShape){0};
		e->which = var->kind == RP_REAL ? (int)which[gen_below(g, 5)] : var->kind == RP_INT ? RP_SUM : RP_MEAN;
		e->size = var->size * (e->which == RP_SUM ? rp_count(&var->shape) : 1);
	} else if (var->kind == RP_BOOL) {
		RpExpr *c = rp_binary(g->pool, RP_WHERE, RP_REAL, e, rp_number(g->pool, 1.5));
		c->arg[c->args++] = rp_number(g->pool, 0.5);
		e = c;
	}
	return e;
}

static void report(Gen *g, RpVar *var) {
	gen_add(g, &g->program->body, RP_REPORT, NULL, mention(g, var));
	g->program->reports++;
}

/* A vector or so of what there is: the residuals that rules may read. */
static void residuals(Gen *g, RpBlock *block) {
	RpVar *var = NULL;
	for (int tries = 0; tries < 4 && !var; tries++) {
		RpVar *v = gen_pick(g, RP_REAL, -1);
		if (v && rp_count(&v->shape) <= RP_RESIDUALS)
			var = v;
	}
	RpExpr *e = rp_expr(g->pool, RP_STACK, RP_REAL);
	g->budget = 10;
	e->shape = (RpShape){1, {gen_between(g, 1, 3)}};
	for (int i = 0; i < e->shape.dims[0]; i++)
		e->arg[e->args++] = gen_bounded(g, gen_surely_real(g, gen_real(g, 2)), -20, 20);
	if (var)
		e = rp_name(g->pool, var);
	gen_add(g, block, RP_RESIDUALS_ARE, NULL, e);
	g->program->residuals = rp_count(&e->shape);
}

void gen_objective(Gen *g) {
	RpProgram *p = g->program;
	RpBlock *block = &p->body;
	for (int i = 0; i < p->consts.count; i++)
		gen_show(g, p->consts.data[i]->var[0]);
	int drawn = g->count;
	for (int i = gen_between(g, 0, 3); i > 0; i--)
		gen_given(g, block);
	int fixed = g->count;
	if (gen_chance(g, 30)) {
		RpShape shape = gen_shape(g, 1);
		define(g, block, RP_LET, &shape);
	}
	gen_param(g, block);
	for (int i = gen_between(g, 0, 3); i > 0; i--)
		gen_param(g, block);
	while (p->coordinates == 0)
		gen_param(g, block);
	int first = g->count;
	for (int i = gen_between(g, 0, 2); i > 0; i--) {
		RpShape shape = gen_shape(g, 0);
		define(g, block, RP_VAR, &shape);
	}
	for (int i = gen_between(g, 1, 6); i > 0; i--) {
		int choice = gen_below(g, 100);
		RpShape shape = gen_shape(g, 0);
		if (choice < 50)
			define(g, block, RP_LET, &shape);
		else if (choice < 59)
			loop(g, block, 2);
		else if (choice < 64)
			repeat(g, block, 2);
		else if (choice < 73)
			when(g, block, 2);
		else if (choice < 84)
			assign(g, block);
		else if (choice < 92)
			define_choice(g, block);
		else
			define_several(g, block);
		/* What a name is here, whatever is assigned to it later. */
		if (g->count > first && p->reports < 3 && gen_chance(g, 20))
			report(g, g->scope[gen_between(g, first, g->count - 1)]);
	}
	/* Terms of what there is, and one of its own. */
	g->budget = 30;
	RpExpr *total = gen_bounded(g, gen_real(g, 5), -50, 50);
	for (int i = first - 1; i < g->count; i++) {
		RpVar *var = g->scope[i];
		if (var->kind != RP_REAL || gen_chance(g, 15))
			continue;
		RpExpr *term = gen_bounded(g, mention(g, var), -20, 20);
		total = rp_binary(g->pool, gen_chance(g, 70) ? RP_ADD : RP_SUB, RP_REAL, total, term);
		total->size = total->arg[0]->size + term->size;
	}
	for (int i = drawn; i < fixed && i < g->count; i++)
		report(g, g->scope[i]);
	if (gen_chance(g, 30))
		residuals(g, block);
	gen_add(g, block, RP_MINIMIZE, NULL, total);
}
