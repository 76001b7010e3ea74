/* Counts and categories: whole numbers whose probabilities are laid end to end; the one that is drawn is that in whose part of (0, 1) a
 * uniform number lies. So one number is taken, nothing is rejected, and the distribution is exact, but for rounding.
 *
 * Counts (poisson, binomial) are laid out from the most probable one, m, to both sides in turn (Kemp 1986, A modal method for generating
 * binomial variables, Communications in Statistics, Theory and Methods 15, pages 805 to 813):
 *
 *     m, m + 1, m - 1, m + 2, m - 2, ...     each by a ratio to the one before it on its side
 *
 * which takes as many turns as the count is away from m, about as many as the standard deviation. All elements turn together, until the last
 * one is found or what is left has a probability below 2^-70; that, which rounding alone can reach, counts as m. */
#include "frontend/meaning/draw.h"

#include <math.h>

static Ex *f64(Elab *e, double value) {
	Ex *x = ex_real(e, value);
	x->type = IR_F64;
	return x;
}

static Ex *op(const Draw *d, IrOpcode opcode, Ex *a, Ex *b) {
	return ex_op(d->e, opcode, a, b, NULL);
}

static Ex *op1(const Draw *d, IrOpcode opcode, Ex *a) {
	return ex_op(d->e, opcode, a, NULL, NULL);
}

/* ---- arrays of the IR as long as what is drawn, with an axis for each index around that it follows ---- */

typedef struct Arrays {
	const Draw *d;
	Var *outer[IR_MAX_RANK];
	uint32_t outer_count;
} Arrays;

static Arrays arrays_of(const Draw *d, const VarSet *free) {
	Arrays s = {.d = d};
	Var *const *own = d->shape->vars;
	s.outer_count = emit_outer_vars(d->e, &(Ex){.free = free}, own, (uint32_t)d->shape->rank, d->shape->rank, s.outer);
	return s;
}

static IrValue whole(const Arrays *s, Ex *body) {
	Value *v = ARENA_NEW(s->d->e->arena, Value);
	*v = *s->d->shape;
	v->parts.count = 0;
	v->body = body;
	return emit_whole(s->d->e, v, s->outer, s->outer_count, 0, s->d->span);
}

/* The element of such an array. */
static Ex *element(const Arrays *s, IrValue array) {
	const Value *shape = s->d->shape;
	Elab *e = s->d->e;
	Value *v = value_from_whole(e, array, S_REAL, shape->rank, shape->dims, s->outer, s->outer_count);
	Ex *at[IR_MAX_RANK];
	for (int i = 0; i < shape->rank; i++)
		at[i] = ex_var(e, shape->vars[i]);
	return value_at(e, v, at);
}

/* Whether a condition holds for any element: one truth value. */
static IrValue holds_for_any(const Arrays *s, Ex *condition) {
	const Draw *d = s->d;
	Elab *e = d->e;
	Ex *counted = ex_op(e, IR_where, condition, f64(e, 1), f64(e, 0));
	Emit m = emit_begin(e, d->span);
	bool coord = false;
	for (int i = 0; i < d->shape->rank; i++)
		coord = coord || d->shape->vars[i]->coord;
	for (uint32_t i = 0; i < s->outer_count; i++)
		coord = coord || s->outer[i]->coord;
	for (uint32_t i = 0; i < s->outer_count; i++)
		if (!(s->outer[i]->tensor && coord)) /* the tensor follows from the coordinate */
			emit_var(e, &m, s->outer[i]);
	for (int i = 0; i < d->shape->rank; i++)
		emit_var(e, &m, d->shape->vars[i]);
	uint32_t node = emit_ex(e, &m, counted);
	IrValue most = emit_put(e, &m, IR_PUT_MAX, node, ir_scalar_type(IR_F64), NULL, 0, false);
	Value *any = value_scalar(e, S_BOOL, op(d, IR_gt, ex_read(e, most, NULL, 0, false), f64(e, 0)));
	return emit_whole(e, any, NULL, 0, session_name(e->session, "goes"), d->span);
}

/* ---- counts ---- */

/* The probabilities of a distribution of counts, from the most probable one. */
typedef struct Counts {
	Ex *mode, *mass; /* f64: the count, and its probability */
	Ex *of[2];       /* numbers that the ratios are made of */
	/* P(k + 1) / P(k), and P(k - 1) / P(k) for a k of 1 and more */
	Ex *(*up)(const Draw *d, Ex *k, Ex *const *of);
	Ex *(*down)(const Draw *d, Ex *k, Ex *const *of);
	int64_t turns; /* there are no more */
} Counts;

enum { COUNT_REST, COUNT_UP, COUNT_DOWN, COUNT_FOUND, COUNT_CARRIES };

/* One turn: the counts at this distance from the mode. now: of the elements, by what the loop carries. */
static void count_turn(const Draw *d, const Counts *c, Ex *distance, Ex *const *now, Ex **next) {
	Elab *e = d->e;
	Ex *zero = f64(e, 0), *one = f64(e, 1);
	Ex *above = op(d, IR_add, c->mode, distance), *beneath = op(d, IR_sub, c->mode, distance);
	next[COUNT_UP] = op(d, IR_mul, now[COUNT_UP], c->up(d, op(d, IR_sub, above, one), c->of));
	Ex *ratio = c->down(d, op(d, IR_add, beneath, one), c->of);
	next[COUNT_DOWN] = ex_op(e, IR_where, op(d, IR_ge, beneath, zero), op(d, IR_mul, now[COUNT_DOWN], ratio), zero);
	Ex *first = op(d, IR_sub, now[COUNT_REST], next[COUNT_UP]), *second = op(d, IR_sub, first, next[COUNT_DOWN]);
	Ex *searched = op(d, IR_ge, now[COUNT_REST], zero);
	Ex *found = ex_op(e, IR_where, op(d, IR_lt, second, zero), beneath, now[COUNT_FOUND]);
	found = ex_op(e, IR_where, op(d, IR_lt, first, zero), above, found);
	next[COUNT_FOUND] = ex_op(e, IR_where, searched, found, now[COUNT_FOUND]);
	next[COUNT_REST] = ex_op(e, IR_where, searched, second, now[COUNT_REST]);
}

/* The count in whose part of (0, 1) the random number lies. */
static Ex *draw_count(const Draw *d, Counts c) {
	Elab *e = d->e;
	const VarSet *free = ex_vars_union(e, ex_vars_union(e, d->u->free, c.mode->free), c.mass->free);
	for (int i = 0; i < 2; i++)
		free = ex_vars_union(e, free, c.of[i]->free);
	Arrays s = arrays_of(d, free);
	IrValue mode = whole(&s, c.mode), mass = whole(&s, c.mass), of[2] = {whole(&s, c.of[0]), whole(&s, c.of[1])};
	IrValue carried[COUNT_CARRIES + 1] = {
		whole(&s, op(d, IR_sub, d->u, element(&s, mass))), mass, mass, mode,
		emit_whole(e, value_scalar(e, S_BOOL, ex_bool(e, true)), NULL, 0, 0, d->span)};
	IrBlock *outside = e->builder->block;
	e->builder->span = d->span;
	IrOp *loop = ir_loop_begin(e->builder, c.turns, 0);
	Ex *now[COUNT_CARRIES], *next[COUNT_CARRIES];
	for (int i = 0; i <= COUNT_CARRIES; i++) {
		IrValue inner = ir_loop_carry(e->builder, loop, carried[i]);
		if (i < COUNT_CARRIES)
			now[i] = element(&s, inner);
		else
			loop->loop.goes = inner;
	}
	c.mode = element(&s, mode);
	for (int i = 0; i < 2; i++)
		c.of[i] = element(&s, of[i]);
	Ex *turn = ex_convert(e, ex_read(e, loop->loop.counter, NULL, 0, false), IR_F64);
	count_turn(d, &c, op(d, IR_add, turn, f64(e, 1)), now, next);
	/* Turns that are made after all is found change nothing: that is what allows a loop to end. */
	Ex *goes = ex_read(e, loop->loop.goes, NULL, 0, false);
	for (int i = 0; i < COUNT_CARRIES; i++) {
		carried[i] = whole(&s, ex_op(e, IR_where, goes, next[i], now[i]));
		next[i] = element(&s, carried[i]);
	}
	Ex *left = op(d, IR_gt, op(d, IR_max, next[COUNT_UP], next[COUNT_DOWN]), f64(e, 0x1p-70));
	carried[COUNT_CARRIES] = holds_for_any(&s, op(d, IR_and, op(d, IR_ge, next[COUNT_REST], f64(e, 0)), left));
	ir_loop_end(e->builder, loop, carried, outside);
	return element(&s, loop->loop.carries.data[COUNT_FOUND].out);
}

/* Beyond so many counts from the mode the probabilities are below 2^-70, for a variance of at most this. */
static int64_t turns_for(double variance) {
	return 64 + (int64_t)(12 * sqrt(variance));
}

/* An argument in f64, with no derivative: counts stay as they are where it moves a little. 0 where it is not possible. */
static Ex *held(const Draw *d, Ex *x, double most) {
	Elab *e = d->e;
	Ex *given = op1(d, IR_stop_gradient, ex_convert(e, x, IR_F64));
	Ex *possible = op(d, IR_and, op(d, IR_ge, given, f64(e, 0)), op(d, IR_le, given, f64(e, most)));
	return ex_op(e, IR_where, possible, given, f64(e, 0));
}

/* log(n!) less Stirling's n log(n) - n + log(2 pi n) / 2, for n of 1 and more. From 16 on by its series, which is right to 1e-16. */
static Ex *stirling_rest(const Draw *d, Ex *n) {
	Elab *e = d->e;
	static const double series[] = {1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360};
	Ex *inverse = op(d, IR_div, f64(e, 1), n), *square = op(d, IR_mul, inverse, inverse), *sum = f64(e, series[5]);
	for (int i = 4; i >= 0; i--)
		sum = op(d, IR_add, op(d, IR_mul, sum, square), f64(e, series[i]));
	sum = op(d, IR_mul, sum, inverse);
	Ex *log_n = op1(d, IR_log, n), *half_log = f64(e, 0.91893853320467274178); /* log(2 pi) / 2 */
	Ex *formula = op(d, IR_sub, op(d, IR_mul, op(d, IR_add, n, f64(e, 0.5)), log_n), n);
	Ex *direct = op(d, IR_sub, op1(d, IR_lgamma, op(d, IR_add, n, f64(e, 1))), op(d, IR_add, formula, half_log));
	return ex_op(e, IR_where, op(d, IR_lt, n, f64(e, 16)), direct, sum);
}

/* x log(x / mean) + mean - x, where x is mean + off. */
static Ex *deviance(const Draw *d, Ex *x, Ex *mean, Ex *off) {
	return op(d, IR_sub, op(d, IR_mul, x, op1(d, IR_log1p, op(d, IR_div, off, mean))), off);
}

static Ex *poisson_up(const Draw *d, Ex *k, Ex *const *of) {
	return op(d, IR_div, of[0], op(d, IR_add, k, f64(d->e, 1)));
}

static Ex *poisson_down(const Draw *d, Ex *k, Ex *const *of) {
	return op(d, IR_div, k, of[0]);
}

/* P(k) = rate^k exp(-rate) / k!, with the mode at floor(rate). */
Ex *elab_draw_poisson(const Draw *d) {
	Elab *e = d->e;
	const double largest = distribution_limits[LIMITS_RATE].high;
	Ex *rate = held(d, d->a, largest), *mode = op1(d, IR_floor, rate), *none = op(d, IR_eq, mode, f64(e, 0));
	Ex *m = ex_op(e, IR_where, none, f64(e, 1), mode), *mean = ex_op(e, IR_where, none, f64(e, 1), rate);
	Ex *root = op(d, IR_mul, f64(e, -0.5), op1(d, IR_log, op(d, IR_mul, f64(e, 6.28318530717958647693), m)));
	Ex *log_mass =
		op(d, IR_sub, root, op(d, IR_add, stirling_rest(d, m), deviance(d, m, mean, op(d, IR_sub, m, mean))));
	log_mass = ex_op(e, IR_where, none, op1(d, IR_neg, rate), log_mass);
	double known;
	if (!value_known_real(d->args[0], &known) || !(known >= 0 && known <= largest))
		known = largest;
	Ex *count = draw_count(d, (Counts){.mode = mode,
	                                   .mass = op1(d, IR_exp, log_mass),
	                                   .of = {rate, rate},
	                                   .up = poisson_up,
	                                   .down = poisson_down,
	                                   .turns = turns_for(known)});
	Ex *drawn = op1(d, IR_to_int, count);
	drawn->low = 0;
	drawn->high = (int64_t)known + turns_for(known);
	return drawn;
}

/* of: n, p / (1 - p) */
static Ex *binomial_up(const Draw *d, Ex *k, Ex *const *of) {
	return op(d, IR_mul, of[1], op(d, IR_div, op(d, IR_sub, of[0], k), op(d, IR_add, k, f64(d->e, 1))));
}

static Ex *binomial_down(const Draw *d, Ex *k, Ex *const *of) {
	Ex *beyond = op(d, IR_add, op(d, IR_sub, of[0], k), f64(d->e, 1));
	return op(d, IR_div, k, op(d, IR_mul, of[1], beyond));
}

/* The probability of m of n, for p of at most a half, with the mode m (Loader 2000, Fast and accurate computation of binomial
 * probabilities): what is large is taken out by Stirling's formula. */
static Ex *log_binomial_mass(const Draw *d, Ex *n, Ex *p, Ex *m) {
	Elab *e = d->e;
	Ex *one = f64(e, 1), *rest = op(d, IR_sub, n, m);
	Ex *none = op(d, IR_eq, m, f64(e, 0)), *all = op(d, IR_eq, rest, f64(e, 0));
	Ex *end = op(d, IR_or, none, all);
	/* Where the formula does not hold, its numbers are any. */
	Ex *safe_n = ex_op(e, IR_where, end, f64(e, 2), n), *safe_m = ex_op(e, IR_where, end, one, m);
	Ex *safe_rest = ex_op(e, IR_where, end, one, rest), *safe_p = ex_op(e, IR_where, end, f64(e, 0.5), p);
	Ex *mean = op(d, IR_mul, safe_n, safe_p), *off = op(d, IR_sub, safe_m, mean);
	Ex *mean_rest = op(d, IR_mul, safe_n, op(d, IR_sub, one, safe_p));
	Ex *sum =
		op(d, IR_sub, stirling_rest(d, safe_n), op(d, IR_add, stirling_rest(d, safe_m), stirling_rest(d, safe_rest)));
	sum = op(d, IR_sub, sum, deviance(d, safe_m, mean, off));
	sum = op(d, IR_sub, sum, deviance(d, safe_rest, mean_rest, op1(d, IR_neg, off)));
	Ex *inside = op(d, IR_mul, op(d, IR_mul, f64(e, 6.28318530717958647693), safe_m), op(d, IR_div, safe_rest, safe_n));
	sum = op(d, IR_sub, sum, op(d, IR_mul, f64(e, 0.5), op1(d, IR_log, inside)));
	Ex *of_all = op(d, IR_mul, n, op1(d, IR_log, p)), *of_none = op(d, IR_mul, n, op1(d, IR_log1p, op1(d, IR_neg, p)));
	return ex_op(e, IR_where, none, of_none, ex_op(e, IR_where, all, of_all, sum));
}

/* P(k) = n! / (k! (n - k)!) p^k (1 - p)^(n - k), with the mode at floor((n + 1) p). Beyond a half, what does not happen is counted. */
Ex *elab_draw_binomial(const Draw *d) {
	Elab *e = d->e;
	const double largest = distribution_limits[LIMITS_TRIALS].high;
	Ex *n = held(d, d->a, largest), *given = held(d, d->b, 1), *one = f64(e, 1);
	Ex *likely = op(d, IR_gt, given, f64(e, 0.5));
	Ex *p = ex_op(e, IR_where, likely, op(d, IR_sub, one, given), given);
	Ex *mode = op1(d, IR_floor, op(d, IR_mul, op(d, IR_add, n, one), p));
	mode = op(d, IR_min, mode, n);
	double most = d->a->high >= 0 && (double)d->a->high < largest ? (double)d->a->high : largest;
	Ex *count = draw_count(d, (Counts){.mode = mode,
	                                   .mass = op1(d, IR_exp, log_binomial_mass(d, n, p, mode)),
	                                   .of = {n, op(d, IR_div, p, op(d, IR_sub, one, p))},
	                                   .up = binomial_up,
	                                   .down = binomial_down,
	                                   .turns = turns_for(most / 4)});
	Ex *drawn = op1(d, IR_to_int, ex_op(e, IR_where, likely, op(d, IR_sub, n, count), count));
	drawn->low = 0;
	drawn->high = (int64_t)most;
	return drawn;
}

/* ---- categories ---- */

static Ex *reduced(Elab *e, IrCombine combine, Ex *body, Var *over, Ex *cond, Span span) {
	Value number = {.kind = VALUE_ARRAY};
	return emit_reduce(e, combine, &number, body, &over, 1, &cond, cond ? 1 : 0, span)->body;
}

/* How many of the sums of weights, of the first one, of two, ..., but for that of all, are at most a random part of all. */
static Ex *category(const Draw *d, Ex *weight, Ex *total) {
	Elab *e = d->e;
	Var *j = d->category, *i = ex_var_new(e, j->name, j->extent, j->span);
	if (j->extent == 1)
		return ex_int(e, 0);
	Ex *at_j = ex_var(e, j), *at_i = ex_var(e, i);
	Ex *weight_before = ex_substitute(e, weight, &j, &at_i, 1, false);
	Ex *sum = reduced(e, IR_PUT_SUM, weight_before, i, ex_op(e, IR_sub, at_j, at_i, NULL), d->span);
	Ex *u = value_body(e, value_materialize(e, value_scalar(e, S_REAL, d->u), 0, d->span));
	Ex *within = ex_op(e, IR_le, sum, ex_op(e, IR_mul, u, total, NULL), NULL);
	Ex *but_last = ex_op(e, IR_sub, ex_int(e, j->extent - 2), at_j, NULL);
	return reduced(e, IR_PUT_SUM, ex_convert(e, within, IR_I64), j, but_last, d->span);
}

/* The same with one weight in a turn, where there are many. */
static Ex *category_by_turns(const Draw *d, Ex *weight, Ex *total) {
	Elab *e = d->e;
	Var *j = d->category;
	Arrays s = arrays_of(d, ex_vars_union(e, total->free, d->u->free));
	Value *weights = ARENA_NEW(e->arena, Value);
	*weights =
		(Value){.kind = VALUE_ARRAY, .scalar = S_REAL, .rank = 1, .dims = {j->extent}, .vars = {j}, .body = weight};
	weights = value_reusable(e, weights, 0, d->span);
	IrValue reached = whole(&s, ex_op(e, IR_mul, d->u, total, NULL));
	IrValue carried[2] = {whole(&s, f64(e, 0)), whole(&s, ex_int(e, 0))};
	IrBlock *outside = e->builder->block;
	e->builder->span = d->span;
	IrOp *loop = ir_loop_begin(e->builder, j->extent - 1, 0);
	Ex *now[2];
	for (int i = 0; i < 2; i++)
		now[i] = element(&s, ir_loop_carry(e->builder, loop, carried[i]));
	Ex *turn = ex_read(e, loop->loop.counter, NULL, 0, false);
	turn->low = 0;
	turn->high = j->extent - 2;
	carried[0] = whole(&s, ex_op(e, IR_add, now[0], value_at(e, weights, &turn), NULL));
	Ex *within = ex_op(e, IR_le, element(&s, carried[0]), element(&s, reached), NULL);
	carried[1] = whole(&s, ex_op(e, IR_add, now[1], ex_convert(e, within, IR_I64), NULL));
	ir_loop_end(e->builder, loop, carried, outside);
	return element(&s, loop->loop.carries.data[1].out);
}

Ex *elab_draw_categorical(const Draw *d) {
	Elab *e = d->e;
	Ex *weight = ex_convert(e, d->a, IR_F64), *total = reduced(e, IR_PUT_SUM, weight, d->category, NULL, d->span);
	Ex *drawn =
		d->category->extent > ELAB_FEW_WEIGHTS ? category_by_turns(d, weight, total) : category(d, weight, total);
	drawn->low = 0;
	drawn->high = d->category->extent - 1;
	if (d->check != DRAW_UNKNOWN)
		return drawn;
	Ex *least = reduced(e, IR_PUT_MIN, weight, d->category, NULL, d->span);
	Ex *fine =
		ex_op(e, IR_and, ex_op(e, IR_gt, total, f64(e, 0), NULL), ex_op(e, IR_lt, total, f64(e, INFINITY), NULL), NULL);
	fine = ex_op(e, IR_and, fine, ex_op(e, IR_ge, least, f64(e, 0), NULL), NULL);
	return ex_op(e, IR_where, fine, drawn, elab_draw_none(e, distribution_find("categorical"), d->span, true));
}
