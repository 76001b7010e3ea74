/* A rule: states, learned numbers, and steps that stay small. A value is either one number per coordinate (inside `each` also
 * a short vector per coordinate), or one number per tensor. */
#include "generate.h"

#include <math.h>
#include <string.h>

typedef struct Maker {
	Gen *g;
	RpRule *rule;
	bool in_each, in_when;
	bool in_while;  /* nothing is drawn there */
	bool moved;     /* x is not where the step started */
	RpVar *counter; /* of the loop around; NULL: there is none */
	RpVar *lets[8]; /* in scope; like_x or not */
	int let_count;
} Maker;

static RpExpr *like(Maker *m, int depth);
static RpExpr *vector(Maker *m, int size, int depth);

static RpVar *rule_var(Maker *m, RpRole role, const char *name, bool like_x, RpShape shape) {
	RpVar *var = RP_NEW(m->g->pool, RpVar);
	if (name)
		snprintf(var->name, sizeof var->name, "%s", name);
	else
		snprintf(var->name, sizeof var->name, "%c%d", "cDwavik"[role], m -> g -> serial++);
	var->role = role;
	var->shape = shape;
	var->like_x = like_x;
	var->size = 2;
	var->slot = m->rule->slots++;
	return var;
}

static RpExpr *binary(Maker *m, RpOp op, RpExpr *a, RpExpr *b) {
	RpExpr *e = rp_binary(m->g->pool, op, RP_REAL, a, b);
	e->size = op == RP_MUL ? a->size * b->size : a->size + b->size;
	return e;
}

static RpExpr *function(Maker *m, const char *name, RpExpr *a) {
	RpExpr *e = rp_binary(m->g->pool, RP_FUNCTION, RP_REAL, a, NULL);
	while (strcmp(rp_functions[e->which].name, name) != 0)
		e->which++;
	e->size = rp_functions[e->which].size;
	return e;
}

static RpExpr *literal(Maker *m) {
	static const double numbers[] = {0.5, 0.25, 0.9, 0.1, 1, 2, 1.5, 0.3};
	return rp_number(m->g->pool, numbers[gen_below(m->g, 8)]);
}

static RpExpr *small_function(Maker *m, RpExpr *a) {
	static const char *const names[] = {"tanh", "sin", "sigmoid", "atan", "softplus",
	                                    "abs",  "cos", "erf",     "sign", "gelu"};
	return function(m, names[gen_below(m->g, 10)], gen_bounded(m->g, a, -3, 3));
}

/* ---- one number per tensor ---- */

/* A state, a variable or a value that is one number per tensor. */
static RpVar *one_number(Maker *m) {
	RpRule *r = m->rule;
	RpVar *best = NULL;
	int seen = 0;
	for (int i = 0; i < r->states; i++)
		if (!r->state[i]->like_x && gen_below(m->g, ++seen) == 0)
			best = r->state[i];
	for (int i = 0; i < r->locals; i++)
		if (!r->local[i]->like_x && gen_below(m->g, ++seen) == 0)
			best = r->local[i];
	for (int i = 0; i < m->let_count; i++)
		if (!m->lets[i]->like_x && gen_below(m->g, ++seen) == 0)
			best = m->lets[i];
	return best;
}

static RpExpr *number_leaf(Maker *m) {
	Gen *g = m->g;
	RpRule *r = m->rule;
	int choice = gen_below(g, 100);
	if (choice < 45 && r->learned_count) {
		RpVar *v = r->learned[gen_below(g, r->learned_count)].var;
		if (v->shape.rank == 0)
			return rp_name(g->pool, v);
	}
	if (choice < 55 && r->hypers)
		return rp_name(g->pool, r->hyper[gen_below(g, r->hypers)]);
	if (choice < 62)
		return binary(m, RP_DIV, rp_name(g->pool, r->t), rp_name(g->pool, r->horizon));
	if (choice < 66)
		return binary(m, RP_DIV, literal(m), rp_expr(g->pool, RP_SIZE_X, RP_INT));
	if (choice < 72)
		return function(m, "tanh", rp_name(g->pool, r->f));
	if (choice < 76 && m->counter)
		return binary(m, RP_MUL, rp_number(g->pool, 0.25), rp_name(g->pool, m->counter));
	RpVar *found = choice < 88 ? one_number(m) : NULL;
	if (!found)
		return literal(m);
	return found->kind == RP_INT ? binary(m, RP_MUL, rp_number(g->pool, 0.5), rp_name(g->pool, found))
	                             : rp_name(g->pool, found);
}

/* x[3], where coordinates have numbers */
static RpExpr *coordinate(Maker *m) {
	Gen *g = m->g;
	RpExpr *e =
		rp_binary(g->pool, RP_COORDINATE, RP_REAL, rp_name(g->pool, gen_chance(g, 60) ? m->rule->g : m->rule->x), NULL);
	e->which = gen_below(g, g->program->coordinates);
	e->size = 2;
	return e;
}

static RpExpr *number(Maker *m, int depth) {
	Gen *g = m->g;
	if (m->rule->joint && !m->in_each && gen_chance(g, 8))
		return coordinate(m);
	if (depth <= 0)
		return number_leaf(m);
	int choice = gen_below(g, 100);
	if (choice < 30)
		return number_leaf(m);
	if (choice < 60) {
		static const RpReduction which[] = {RP_MEAN, RP_MEAN, RP_SUM, RP_MAXIMUM, RP_MINIMUM};
		RpExpr *e = rp_expr(g->pool, RP_OVER, RP_REAL);
		e->which = (int)which[gen_below(g, 5)];
		e->arg[0] = gen_bounded(g, like(m, depth - 1), -3, 3);
		e->args = 1;
		e->size = e->which == RP_SUM ? 40 : 3;
		return e;
	}
	if (choice < 72 && !m->in_each && !m->in_when && !(m->counter && m->rule->axes)) {
		m->rule->collects = true;
		RpExpr *e = rp_expr(g->pool, RP_ACROSS, RP_REAL);
		e->which = gen_below(g, 3);
		e->arg[0] = gen_bounded(g, number(m, depth - 1), -3, 3);
		e->args = 1;
		e->size = 9;
		return e;
	}
	if (choice < 88)
		return binary(m,
		              gen_chance(g, 50)   ? RP_MUL
		              : gen_chance(g, 50) ? RP_ADD
		                                  : RP_SUB,
		              number(m, depth - 1), number(m, depth - 1));
	return small_function(m, number(m, depth - 1));
}

/* ---- one number per coordinate ---- */

static RpExpr *like_leaf(Maker *m) {
	Gen *g = m->g;
	RpRule *r = m->rule;
	int choice = gen_below(g, 100);
	if (choice < 40)
		return rp_name(g->pool, r->g);
	if (choice < 55)
		return rp_name(g->pool, r->x);
	if (choice < 88) {
		for (int tries = 0; tries < 4; tries++) {
			RpVar *v = NULL;
			if (r->states && gen_chance(g, 50))
				v = r->state[gen_below(g, r->states)];
			else if (r->locals && gen_chance(g, 30))
				v = r->local[gen_below(g, r->locals)];
			else if (m->let_count)
				v = m->lets[gen_below(g, m->let_count)];
			if (v && v->like_x && v->shape.rank == 0 && v->kind == RP_INT)
				return binary(m, RP_MUL, rp_number(g->pool, 0.5), rp_name(g->pool, v));
			if (v && v->like_x && v->shape.rank == 0 && v->kind == RP_REAL)
				return rp_name(g->pool, v);
		}
	}
	return rp_name(g->pool, r->g);
}

static RpExpr *chosen(Maker *m, int depth) {
	RpExpr *c = rp_expr(m->g->pool, RP_COMPARE, RP_BOOL);
	c->which = gen_below(m->g, 4);
	c->args = 2;
	c->arg[0] = like(m, depth - 1);
	c->arg[1] = gen_chance(m->g, 50) ? literal(m) : like(m, depth - 1);
	for (int i = 0; i < m->let_count; i++)
		if (m->lets[i]->kind == RP_BOOL && gen_chance(m->g, 70))
			c = rp_name(m->g->pool, m->lets[i]);
	RpExpr *e = rp_binary(m->g->pool, RP_WHERE, RP_REAL, c, like(m, depth - 1));
	e->arg[2] = like(m, depth - 1);
	e->args = 3;
	e->size = fmax(e->arg[1]->size, e->arg[2]->size);
	return e;
}

static RpExpr *like(Maker *m, int depth) {
	Gen *g = m->g;
	if (depth <= 0)
		return like_leaf(m);
	int choice = gen_below(g, 100);
	RpExpr *e;
	if (choice < 22) {
		e = like_leaf(m);
	} else if (choice < 44) {
		e = binary(m, gen_chance(g, 60) ? RP_MUL : RP_ADD, number(m, depth - 1), like(m, depth - 1));
	} else if (choice < 60) {
		static const RpOp ops[] = {RP_ADD, RP_SUB, RP_MUL, RP_MIN, RP_MAX};
		e = binary(m, ops[gen_below(g, 5)], like(m, depth - 1), like(m, depth - 1));
	} else if (choice < 70) {
		e = small_function(m, like(m, depth - 1));
	} else if (choice < 76) {
		e = rp_binary(g->pool, RP_POWI, RP_REAL, gen_bounded(g, like(m, depth - 1), -3, 3), NULL);
		e->which = 2;
		e->size = 9;
	} else if (choice < 84) { /* g / sqrt(v + 1e-2) */
		RpExpr *square = rp_binary(g->pool, RP_POWI, RP_REAL, gen_bounded(g, like(m, depth - 1), -3, 3), NULL);
		square->which = 2;
		square->size = 9;
		e = binary(m, RP_DIV, like(m, depth - 1), function(m, "sqrt", binary(m, RP_ADD, square, literal(m))));
		e->size = e->arg[0]->size * 4;
	} else if (choice < 89) {
		e = chosen(m, depth);
	} else if (m->in_each) {
		int size = gen_between(g, 2, 3);
		RpExpr *v = vector(m, size, depth - 1);
		e = rp_expr(g->pool, RP_READ, RP_REAL);
		e->arg[0] = v;
		e->args = e->items = 1;
		e->item[0] = (RpItem){RP_AT, rp_whole(g->pool, gen_below(g, size)), 0, 0};
		e->size = v->size;
	} else {
		e = binary(m, RP_SUB, like(m, depth - 1), number(m, depth - 1));
	}
	return e->size > 100 ? small_function(m, e) : e;
}

/* ---- a short vector per coordinate, inside `each` ---- */

static RpExpr *vector(Maker *m, int size, int depth) {
	Gen *g = m->g;
	RpRule *r = m->rule;
	RpShape shape = {1, {size}};
	int choice = gen_below(g, 100);
	RpExpr *e;
	for (int i = 0; choice < 30 && i < r->states; i++)
		if (r->state[i]->shape.rank == 1 && r->state[i]->shape.dims[0] == size)
			return rp_name(g->pool, r->state[i]);
	for (int i = 0; depth > 0 && choice < 65 && i < r->learned_count; i++) {
		RpVar *w = r->learned[i].var;
		if (w->shape.rank != 2 || w->shape.dims[0] != size)
			continue;
		e = rp_binary(g->pool, RP_MATMUL, RP_REAL, rp_name(g->pool, w), vector(m, w->shape.dims[1], depth - 1));
		e->shape = shape;
		e->size = 3 * e->arg[1]->size;
		return gen_chance(g, 60) ? function(m, "tanh", e) : e;
	}
	if (depth > 0 && choice < 80) {
		e = binary(m, gen_chance(g, 50) ? RP_ADD : RP_MUL,
		           gen_chance(g, 50) ? number(m, depth - 1) : vector(m, size, depth - 1), vector(m, size, depth - 1));
		e->shape = shape;
		return e->size > 100 ? function(m, "tanh", e) : e;
	}
	e = rp_expr(g->pool, RP_STACK, RP_REAL);
	e->shape = shape;
	e->size = 0;
	for (int i = 0; i < size; i++) {
		e->arg[e->args++] = gen_surely_real(g, like(m, depth - 1));
		e->size = fmax(e->size, e->arg[i]->size);
	}
	return e;
}

/* ---- statements ---- */

static RpStmt *add(Maker *m, RpBlock *block, RpStmtKind kind, RpVar *var, RpExpr *value) {
	RpStmt *s = RP_NEW(m->g->pool, RpStmt);
	s->kind = kind;
	s->var[0] = var;
	s->vars = var ? 1 : 0;
	s->value[0] = value;
	s->values = value ? 1 : 0;
	if (block->count < 20)
		block->data[block->count++] = s;
	return s;
}

/* s <- 0.5 * s + ..., which stays bounded. */
static void update_state(Maker *m, RpBlock *block, RpVar *state) {
	Gen *g = m->g;
	if ((!state->like_x && m->in_each) || (state->shape.rank && !m->in_each))
		return;
	if (state->kind == RP_INT) { /* it counts */
		RpExpr *next =
			rp_binary(g->pool, RP_ADD, RP_INT, rp_name(g->pool, state), rp_whole(g->pool, gen_between(g, 1, 2)));
		next = rp_binary(g->pool, RP_MOD, RP_INT, next, rp_whole(g->pool, state->high));
		add(m, block, RP_ASSIGN, state, next);
		return;
	}
	RpExpr *e = state->shape.rank ? vector(m, state->shape.dims[0], 2) : state->like_x ? like(m, 3) : number(m, 3);
	e = gen_bounded(g, gen_surely_real(g, e), -1, 1);
	RpExpr *old = binary(
		m, RP_MUL, literal(m)->number < 1 && gen_chance(g, 60) ? rp_number(g->pool, 0.5) : rp_number(g->pool, 0.25),
		rp_name(g->pool, state));
	old->shape = state->shape;
	add(m, block, RP_ASSIGN, state, binary(m, RP_ADD, old, e));
}

static void move_x(Maker *m, RpBlock *block) {
	Gen *g = m->g;
	RpExpr *step = gen_bounded(g, gen_surely_real(g, like(m, 4)), -1, 1);
	RpExpr *rate = number(m, 1);
	rate = gen_bounded(g, gen_surely_real(g, rate), -1, 1);
	step = binary(m, RP_MUL, binary(m, RP_MUL, rp_number(g->pool, 0.125), rate), step);
	m->moved = true;
	add(m, block, RP_ASSIGN, m->rule->x, binary(m, RP_SUB, rp_name(g->pool, m->rule->x), step));
}

static void statements(Maker *m, RpBlock *block, int count);

static void branch(Maker *m, RpBlock *block) {
	Gen *g = m->g;
	RpExpr *c = rp_expr(g->pool, RP_COMPARE, RP_BOOL);
	c->which = gen_below(g, 4);
	c->args = 2;
	if (gen_chance(g, 40)) {
		c->arg[0] = rp_name(g->pool, m->rule->t);
		c->arg[1] = rp_whole(g->pool, gen_between(g, 1, 4));
	} else {
		c->arg[0] = m->in_each ? like(m, 2) : number(m, 2);
		c->arg[1] = literal(m);
	}
	RpStmt *s = add(m, block, RP_WHEN, NULL, c);
	int lets = m->let_count;
	bool outer = m->in_when;
	m->in_when = true;
	statements(m, &s->yes, gen_between(g, 1, 2));
	m->let_count = lets;
	if (gen_chance(g, 50))
		statements(m, &s->no, gen_between(g, 1, 2));
	m->let_count = lets;
	m->in_when = outer;
}

/* let e ~ normal(m, sigmoid(...)), and the like. */
static void draw(Maker *m, RpBlock *block) {
	static const RpDistribution names[] = {RP_normal,     RP_normal,      RP_uniform, RP_exponential,
	                                       RP_loguniform, RP_gamma,       RP_beta,    RP_student_t,
	                                       RP_bernoulli,  RP_categorical, RP_integer, RP_poisson};
	Gen *g = m->g;
	RpDistribution which = names[gen_below(g, 12)];
	bool whole = which >= RP_categorical || which == RP_integer || which == RP_bernoulli;
	bool one = !m->in_each && !whole && gen_chance(g, 40);
	RpExpr *a = gen_bounded(g, gen_surely_real(g, one || gen_chance(g, 50) ? number(m, 2) : like(m, 2)), -1, 1);
	RpExpr *wide = function(m, "sigmoid", gen_bounded(g, gen_surely_real(g, one ? number(m, 1) : like(m, 1)), -1, 1));
	RpExpr *other = function(m, "sigmoid", a);
	RpVar *var = rule_var(m, RP_LET, NULL, !one, (RpShape){0});
	RpStmt *s = add(m, block, RP_DRAW, var, a);
	s->draw = (int)which;
	s->values =
		which == RP_exponential || which == RP_student_t || which >= RP_categorical || which == RP_bernoulli ? 1 : 2;
	s->value[1] = which == RP_uniform ? binary(m, RP_ADD, a, wide) : wide;
	if (which == RP_exponential || which == RP_bernoulli)
		s->value[0] = wide;
	if (which == RP_student_t)
		s->value[0] = binary(m, RP_ADD, rp_number(g->pool, 3), wide);
	if (which == RP_gamma || which == RP_beta || which == RP_poisson)
		s->value[0] = binary(m, RP_ADD, rp_number(g->pool, 0.5), other);
	if (which == RP_loguniform) {
		s->value[0] = other;
		s->value[1] = binary(m, RP_ADD, other, wide);
	}
	if (which == RP_integer) {
		s->value[0] = rp_whole(g->pool, 0);
		s->value[1] = rp_whole(g->pool, 3);
	}
	if (which == RP_categorical) {
		RpExpr *weights = rp_expr(g->pool, RP_STACK, RP_REAL);
		weights->shape = (RpShape){1, {3}};
		for (int i = 0; i < 3; i++)
			weights->arg[weights->args++] = rp_number(g->pool, 0.25 * gen_between(g, 1, 4));
		s->value[0] = weights;
	}
	var->kind = which == RP_bernoulli ? RP_BOOL : whole ? RP_INT : RP_REAL;
	var->size = whole ? 3 : which == RP_exponential || which == RP_gamma ? 30 : 6;
	m->lets[m->let_count++] = var;
}

/* ---- what asks the objective, loops, axes ---- */

/* let v = value(x + 0.25 * e), and what rp_look names besides. */
static void look(Maker *m, RpBlock *block) {
	Gen *g = m->g;
	RpRule *r = m->rule;
	int which = gen_below(g, 2);
	bool residuals = r->joint && g->program->residuals && !rp_is_composed(g->program) && !m->moved && !m->counter;
	if (residuals && gen_chance(g, 60))
		which = gen_between(g, RP_LOOK_RESIDUAL_SLOPE, RP_LOOK_RESIDUAL_GRADIENT);
	else if (!r->axes && !r->differentiates && !m->counter && gen_chance(g, 40))
		which = gen_between(g, RP_LOOK_TANGENT, RP_LOOK_HESSIAN);
	RpExpr *e = gen_bounded(g, gen_surely_real(g, like(m, 2)), -1, 1);
	if (which <= RP_LOOK_GRADIENT)
		e = binary(m, RP_ADD, rp_name(g->pool, r->x), binary(m, RP_MUL, rp_number(g->pool, 0.25), e));
	bool one = which == RP_LOOK_VALUE || which == RP_LOOK_RESIDUAL_SLOPE;
	RpVar *var = rule_var(m, RP_LET, NULL, !one, (RpShape){0});
	var->size = one ? 50 : 5;
	RpStmt *s = add(m, block, RP_LOOK, var, e);
	s->look = which;
	r->looks = true;
	r->differentiates = r->differentiates || which > RP_LOOK_GRADIENT;
	m->lets[m->let_count++] = var;
}

static void loop(Maker *m, RpBlock *block) {
	RpStmt *s = add(m, block, RP_FOR, NULL, NULL);
	int lets = m->let_count;
	s->to = gen_between(m->g, 1, 3);
	s->counter = rule_var(m, RP_COUNTER, NULL, false, (RpShape){0});
	s->counter->kind = RP_INT;
	s->counter->high = s->to;
	m->counter = s->counter;
	m->rule->loops = true;
	statements(m, &s->yes, gen_between(m->g, 1, 3));
	m->counter = NULL;
	m->let_count = lets;
}

/* Every tensor goes on as long as its own condition holds. */
static void repeat(Maker *m, RpBlock *block) {
	RpExpr *c = rp_expr(m->g->pool, RP_COMPARE, RP_BOOL);
	int lets = m->let_count;
	m->in_when = m->in_while = true;
	c->which = gen_below(m->g, 4);
	c->args = 2;
	c->arg[0] = number(m, 2);
	c->arg[1] = literal(m);
	RpStmt *s = add(m, block, RP_WHILE, NULL, c);
	s->to = gen_between(m->g, 1, 3);
	m->rule->loops = true;
	statements(m, &s->yes, gen_between(m->g, 1, 2));
	m->in_when = m->in_while = false;
	m->let_count = lets;
}

static void by_axes(Maker *m, RpBlock *block) {
	RpExpr *rate = gen_bounded(m->g, gen_surely_real(m->g, number(m, 1)), -1, 1);
	RpStmt *s = add(m, block, RP_BY_AXES, NULL, rate);
	s->look = gen_below(m->g, 2);
	s->to = m->g->serial++;
	m->moved = true;
}

static void statements(Maker *m, RpBlock *block, int count) {
	Gen *g = m->g;
	for (int i = 0; i < count; i++) {
		int choice = gen_below(g, 100);
		bool outside = !m->in_each && !m->in_when;
		if (choice < 24 && m->rule->states) {
			update_state(m, block, m->rule->state[gen_below(g, m->rule->states)]);
		} else if (choice < 28 && m->rule->locals) {
			update_state(m, block, m->rule->local[gen_below(g, m->rule->locals)]);
		} else if (choice < 38 && m->let_count < 6 && !m->rule->indexed && !m->in_while) {
			draw(m, block);
		} else if (choice < 46 && m->let_count < 6 && outside && !(m->counter && m->rule->axes)) {
			look(m, block);
		} else if (choice < 49 && outside && !m->counter) {
			loop(m, block);
		} else if (choice < 52 && outside && !m->counter) {
			repeat(m, block);
		} else if (choice < 56 && outside && !m->counter && m->rule->axes) {
			by_axes(m, block);
		} else if (choice < 62 && m->let_count < 6) {
			bool one = !m->in_each && gen_chance(g, 40);
			RpExpr *e = gen_surely_real(g, one ? number(m, 3) : like(m, 3));
			e = gen_bounded(g, e, -20, 20);
			/* without `each`, what mentions no coordinate is one number: then it is made so that it does */
			if (!one)
				e = binary(m, RP_ADD, e, binary(m, RP_MUL, rp_number(g->pool, 0.25), rp_name(g->pool, m->rule->g)));
			RpVar *var = rule_var(m, RP_LET, NULL, !one, (RpShape){0});
			var->size = e->size;
			add(m, block, RP_DEFINE, var, e);
			m->lets[m->let_count++] = var;
		} else if (choice < 73 && !m->in_each && !m->in_when) {
			RpStmt *s = add(m, block, RP_EACH, NULL, NULL);
			int lets = m->let_count;
			m->in_each = true;
			statements(m, &s->yes, gen_between(g, 1, 4));
			m->in_each = false;
			m->let_count = lets;
		} else if (choice < 83 && !m->in_when) {
			branch(m, block);
		} else {
			move_x(m, block);
		}
	}
}

static void learned(Maker *m) {
	Gen *g = m->g;
	RpRule *r = m->rule;
	RpLearned *l = &r->learned[r->learned_count];
	int rank = gen_chance(g, 30) ? 2 : 0;
	RpShape shape = {rank, {gen_between(g, 2, 3), gen_between(g, 2, 3)}};
	if (rank == 0)
		shape = (RpShape){0};
	*l = (RpLearned){.start = gen_between(g, 1, 9) * 0.1};
	l->var = rule_var(m, RP_CONST, NULL, false, shape);
	l->var->size = 1;
	if (rank == 0 && gen_chance(g, 40)) {
		l->limits = gen_chance(g, 60) ? RP_BETWEEN : RP_ABOVE;
		l->low = gen_chance(g, 60) ? 0 : -0.5;
		l->high = gen_chance(g, 50) ? 1 : 2;
	}
	r->learned_count++;
	r->theta_size += rp_count(&shape);
}

static void state(Maker *m) {
	Gen *g = m->g;
	RpRule *r = m->rule;
	int kind = gen_below(g, 10);
	RpShape shape = {0};
	if (kind >= 8)
		shape = (RpShape){1, {gen_between(g, 2, 3)}};
	RpVar *var = rule_var(m, RP_VAR, NULL, kind < 6 || kind >= 8, shape);
	if (kind == 7) {
		var->kind = RP_INT;
		var->high = 3;
		r->state_start[r->states] = rp_whole(g->pool, gen_below(g, 3));
		r->state[r->states++] = var;
		return;
	}
	RpExpr *start = kind < 2 ? binary(m, RP_MUL, rp_number(g->pool, 0.25), rp_name(g->pool, r->x))
	                         : rp_number(g->pool, gen_below(g, 3) * 0.25);
	r->state_start[r->states] = start;
	r->state[r->states++] = var;
}

static void hyperparameter(Maker *m) {
	Gen *g = m->g;
	RpRule *r = m->rule;
	int k = r->hypers++;
	r->hyper[k] = rule_var(m, RP_CONST, NULL, false, (RpShape){0});
	r->hyper[k]->size = 1;
	r->hyper_default[k] = r->hyper_value[k] = gen_between(g, 1, 9) * 0.1;
	r->hyper_range[k] = gen_chance(g, 40);
	r->hyper_given[k] = gen_chance(g, 40);
	if (r->hyper_given[k])
		r->hyper_value[k] = gen_between(g, 1, 9) * 0.1;
}

RpRule *rp_generate_rule(RpProgram *program, uint64_t seed) {
	Gen gen = {
		.pool = program->pool, .program = program, .state = seed * UINT64_C(0xD1342543DE82EF95) + 77, .serial = 500};
	RpRule *r = RP_NEW(program->pool, RpRule);
	Maker maker = {.g = &gen, .rule = r}, *m = &maker;
	r->pool = program->pool;
	r->x = rule_var(m, RP_VAR, "x", true, (RpShape){0});
	r->g = rule_var(m, RP_LET, "g", true, (RpShape){0});
	r->f = rule_var(m, RP_LET, "f", false, (RpShape){0});
	r->t = rule_var(m, RP_LET, "t", false, (RpShape){0});
	r->horizon = rule_var(m, RP_LET, "horizon", false, (RpShape){0});
	r->t->kind = r->horizon->kind = RP_INT;
	r->f->size = 50;
	r->joint = gen_chance(m->g, 30);
	program->flat = program->flat && r->joint; /* a rule sees the tensors of others */
	r->indexed = r->joint && gen_chance(m->g, 40);
	for (int i = gen_chance(m->g, 60) ? gen_between(m->g, 1, RP_HYPERS) : 0; i > 0; i--)
		hyperparameter(m);
	for (int i = gen_between(m->g, 1, 4); i > 0; i--)
		learned(m);
	for (int i = gen_between(m->g, 0, 4); i > 0; i--)
		state(m);
	rp_remove_stops(program);
	r->applied = program->seed / 5 % 3 == 1;
	r->axes = !r->indexed && gen_chance(m->g, 20);
	r->by = gen_chance(m->g, 30);
	for (int i = gen_chance(m->g, 30) ? gen_between(m->g, 1, 2) : 0; i > 0; i--) {
		bool one = gen_chance(m->g, 40);
		RpVar *var = rule_var(m, RP_VAR, NULL, !one, (RpShape){0});
		RpExpr *e = gen_bounded(m->g, gen_surely_real(m->g, one ? number(m, 1) : like(m, 1)), -2, 2);
		if (!one)
			e = binary(m, RP_ADD, e, binary(m, RP_MUL, rp_number(m->g->pool, 0.25), rp_name(m->g->pool, r->g)));
		add(m, &r->body, RP_DEFINE, var, e);
		r->local[r->locals++] = var;
	}
	statements(m, &r->body, gen_between(m->g, 1, 5));
	move_x(m, &r->body);
	return r;
}
