/* Random draws: every number is a function of the seed, the problem's number, the name, and the element's number. */
#include "frontend/meaning/draw.h"

#include <math.h>
#include <string.h>

static Scalar scalar_of(const Distribution *d) {
	return d->draws == GIVES_TRUTH ? S_BOOL : d->draws == GIVES_WHOLE ? S_INT : S_REAL;
}

static const Distribution *find(Elab *e, const AstExpr *draw) {
	const Distribution *found = distribution_find(session_text(e->session, draw->call.callee.name));
	Name names[DISTRIBUTION_COUNT];
	uint32_t count = 0;
	Text all = text_new(e->arena);
	if (found)
		return found;
	Diag *diag = diag_error(e->session, 245, draw->call.callee.span, "`%s` is not a distribution",
	                        session_text(e->session, draw->call.callee.name));
	for (int i = 0; i < DISTRIBUTION_COUNT; i++) {
		if (distributions[i].code)
			continue;
		text_printf(&all, "%s%s", count ? ", " : "", distributions[i].name);
		names[count++] = session_name(e->session, distributions[i].name);
	}
	Name nearest = name_nearest(e->session->names, draw->call.callee.name, names, count);
	const char *foreign = foreign_distribution(session_text(e->session, draw->call.callee.name));
	if (foreign)
		diag_help(e->session, diag, "it is called `%s` here", foreign);
	else if (nearest)
		diag_help(e->session, diag, "did you mean `%s`?", session_text(e->session, nearest));
	else
		diag_help(e->session, diag, "there are %s", text_cstr(&all));
	return NULL;
}

/* Number `number` of those that a name draws. Turns of loops, and tensors that draw for themselves, have names of their own: those
 * of a turn begin at it, those of a tensor at its number times EX_MOST_ELEMENTS. */
static Ex *keyed(Elab *e, IrOpcode opcode, Name name, DrawKey key, Ex *number) {
	const char *text = arena_printf(e->arena, "%s%s", key.within ? key.within : "", session_text(e->session, name));
	uint64_t hash = hash_bytes(text, strlen(text), 0);
	int64_t bits;
	memcpy(&bits, &hash, sizeof bits);
	Ex *named = ex_int(e, bits);
	if (key.within) {
		named = ex_op(e, IR_add, named, ex_op(e, IR_mul, key.tensor, ex_int(e, EX_MOST_ELEMENTS), NULL), NULL);
		named = ex_op(e, IR_add, named, key.turn, NULL);
	}
	return ex_ops(e, opcode, (Ex *[IR_MAX_ARGS]){key.seed, named, key.instance, number});
}

/* An array has at most EX_MOST_ELEMENTS, so no two steps draw by the same numbers. */
static Ex *random_number(Elab *e, IrOpcode opcode, Name name, DrawKey key, Ex *number) {
	if (key.step)
		number = ex_op(e, IR_add, ex_op(e, IR_mul, key.step, ex_int(e, EX_MOST_ELEMENTS), NULL), number, NULL);
	return keyed(e, opcode, name, key, number);
}

static Ex *f64(Elab *e, double value) {
	Ex *x = ex_real(e, value);
	x->type = IR_F64;
	return x;
}

/* In the precision of the program, and below `high`, which rounding could reach. */
static Ex *below(Elab *e, Ex *r, Ex *high) {
	Ex *x = ex_convert(e, r, e->real), *end = ex_convert(e, high, e->real);
	Ex *rounded_up = ex_op(e, IR_ge, ex_convert(e, end, IR_F64), high, NULL);
	Ex *last = ex_op(e, IR_where, rounded_up, ex_op(e, IR_before, end, NULL, NULL), end);
	return ex_op(e, IR_where, ex_op(e, IR_lt, ex_convert(e, x, IR_F64), high, NULL), x, last);
}

/* ---- what each distribution makes of its random number: draw_NAME of distributions.def ---- */

static Ex *argument(const Draw *d, Ex *given, double otherwise) {
	return given ? ex_convert(d->e, given, IR_F64) : f64(d->e, otherwise);
}

static Ex *draw_normal(const Draw *d) { /* drawn in f64, rounded, then scaled */
	Elab *e = d->e;
	Ex *scaled = ex_op(e, IR_mul, ex_convert(e, d->u, e->real), ex_convert(e, d->b, e->real), NULL);
	double mean;
	return value_known_real(d->args[0], &mean) && mean == 0
	           ? scaled
	           : ex_op(e, IR_add, ex_convert(e, d->a, e->real), scaled, NULL);
}

static Ex *draw_integer(const Draw *d) {
	Elab *e = d->e;
	Ex *spread = ex_convert(e, ex_op(e, IR_sub, d->b, d->a, NULL), IR_F64); /* exact, where the limits are possible */
	Ex *steps = ex_op(e, IR_to_int, ex_op(e, IR_mul, d->u, spread, NULL), NULL, NULL);
	steps->low = 0;
	steps->high = d->b->high - d->a->low - 1;
	return ex_add_int(e, d->a, steps);
}

/* a + u (b - a) */
static Ex *between(const Draw *d, Ex *a, Ex *b) {
	return ex_op(d->e, IR_add, a, ex_op(d->e, IR_mul, d->u, ex_op(d->e, IR_sub, b, a, NULL), NULL), NULL);
}

static Ex *draw_uniform(const Draw *d) {
	Ex *high = argument(d, d->b, 1);
	return below(d->e, between(d, argument(d, d->a, 0), high), high);
}

static Ex *draw_loguniform(const Draw *d) {
	Elab *e = d->e;
	Ex *low = argument(d, d->a, 0), *high = argument(d, d->b, 1);
	Ex *r = between(d, ex_op(e, IR_log, low, NULL, NULL), ex_op(e, IR_log, high, NULL, NULL));
	return below(e, ex_op(e, IR_max, ex_op(e, IR_exp, r, NULL, NULL), low, NULL), high);
}

static Ex *draw_exponential(const Draw *d) {
	Elab *e = d->e;
	Ex *less = ex_op(e, IR_neg, d->u, NULL, NULL);
	Ex *minus_log = ex_op(e, IR_neg, ex_op(e, IR_log1p, less, NULL, NULL), NULL, NULL);
	return ex_convert(e, d->a ? ex_op(e, IR_div, minus_log, argument(d, d->a, 1), NULL) : minus_log, e->real);
}

static Ex *draw_bernoulli(const Draw *d) {
	return ex_op(d->e, IR_lt, d->u, argument(d, d->a, 0), NULL);
}

/* Entries go through one order after another, row-major and then from step to step: entry k is at place k mod n of order k div n.
 * In a rule every step begins with an order of its own. */
static Ex *draw_permutation(const Draw *d) {
	Elab *e = d->e;
	Ex *entry = d->number, *n = d->a;
	if (d->key.step && !d->key.within) {
		Ex *steps = ex_op(e, IR_sub, d->key.step, ex_int(e, 1), NULL);
		entry = ex_op(e, IR_add, ex_op(e, IR_mul, steps, ex_int(e, d->count), NULL), entry, NULL);
	}
	Ex *order_number = ex_op(e, IR_idiv, entry, n, NULL);
	Ex *u = d->key.within ? random_number(e, IR_random_uniform, d->name, d->key, order_number)
	                      : keyed(e, IR_random_uniform, d->name, d->key, order_number);
	Ex *order = ex_op(e, IR_to_int, ex_op(e, IR_mul, u, f64(e, 0x1p53), NULL), NULL, NULL);
	Ex *place = ex_ops(e, IR_random_place, (Ex *[IR_MAX_ARGS]){ex_op(e, IR_imod, entry, n, NULL), n, order});
	Ex *drawn = ex_op(e, IR_to_int, place, NULL, NULL);
	drawn->low = 0;
	drawn->high = n->high - 1;
	return drawn;
}

/* ---- gamma numbers ----
 *
 * A gamma number of shape k is one of shape k + 8 times U1^(1 / k) U2^(1 / (k + 1)) ... U8^(1 / (k + 7)), with uniform U. One of shape a, from
 * 8 on, is a lambda(eta), where eta = h + e1(h) / a + e2(h) / a^2 + ... of h = z / sqrt(a), a normal number z, and eta^2 / 2 = lambda - 1 -
 * log(lambda) (Temme 1992, Asymptotic inversion of incomplete gamma functions, Mathematics of Computation 58, pages 755 to 764). What is
 * left out of these series is less than 3e-6 of the number within 3 standard deviations of z, less than 1e-4 within 5. So a number takes
 * one normal and 8 uniform ones, whatever its shape, nothing is rejected, and it has derivatives of all orders by its shape. */

enum { GAMMA_RAISED = 8 };

static const double gamma_shift[4][7] = {
	{-1.0 / 3, 1.0 / 36, 1.0 / 1620, -7.0 / 6480, 5.0 / 18144, -11.0 / 382725, -101.0 / 16329600},
	{-7.0 / 405, -7.0 / 2592, 533.0 / 204120, -1579.0 / 2099520, 109.0 / 1749600, 10217.0 / 251942400, 0},
	{449.0 / 102060, -63149.0 / 20995200, 29233.0 / 36741600, 346793.0 / 5290790400, -18442139.0 / 130947667200, 0, 0},
	{319.0 / 183708, -269383.0 / 4232632320, -449882243.0 / 982102968000, 0, 0, 0, 0}};

static const int gamma_terms[4] = {7, 6, 5, 3};

/* log(lambda) = eta - eta^2 / 6 + ... */
static const double gamma_log[9] = {0,          1,           -1.0 / 6,         1.0 / 36,    -1.0 / 270,
                                    1.0 / 4320, 1.0 / 17010, -139.0 / 5443200, 1.0 / 204120};

static Ex *polynomial(Elab *e, Ex *x, const double *coefficients, int count) {
	Ex *sum = f64(e, coefficients[count - 1]);
	for (int i = count - 2; i >= 0; i--)
		sum = ex_op(e, IR_add, ex_op(e, IR_mul, sum, x, NULL), f64(e, coefficients[i]), NULL);
	return sum;
}

/* One more random number, of a name that no other draw has. */
static Ex *further(const Draw *d, IrOpcode opcode, const char *suffix) {
	Elab *e = d->e;
	Name name = session_name(e->session, arena_printf(e->arena, "%s.%s", session_text(e->session, d->name), suffix));
	return random_number(e, opcode, name, d->key, d->number);
}

/* The logarithm of a gamma number of this shape. z: a normal number; which: what the uniform ones are called. */
static Ex *draw_log_gamma(const Draw *d, Ex *z, Ex *shape, const char *which) {
	Elab *e = d->e;
	Ex *a = ex_op(e, IR_add, shape, f64(e, GAMMA_RAISED), NULL);
	Ex *h = ex_op(e, IR_div, z, ex_op(e, IR_sqrt, a, NULL, NULL), NULL), *shift = f64(e, 0);
	for (int i = 3; i >= 0; i--)
		shift =
			ex_op(e, IR_div, ex_op(e, IR_add, polynomial(e, h, gamma_shift[i], gamma_terms[i]), shift, NULL), a, NULL);
	Ex *eta = ex_op(e, IR_add, h, shift, NULL);
	Ex *sum = ex_op(e, IR_add, ex_op(e, IR_log, a, NULL, NULL), polynomial(e, eta, gamma_log, 9), NULL);
	for (int i = 0; i < GAMMA_RAISED; i++) {
		Ex *u = further(d, IR_random_uniform, arena_printf(e->arena, "%s%d", which, i + 1));
		Ex *log_u = ex_op(e, IR_log1p, ex_op(e, IR_neg, u, NULL, NULL), NULL, NULL);
		sum = ex_op(e, IR_add, sum, ex_op(e, IR_div, log_u, ex_op(e, IR_add, shape, f64(e, i), NULL), NULL), NULL);
	}
	return sum;
}

/* Bailey 1994 (Mathematics of Computation 62, pages 779 to 781): Box and Muller's normal number is R cos(angle), this is sqrt(df (exp(R^2 / df) - 1))
 * cos(angle), exactly. The uniform number of the same key gives R. */
static Ex *draw_student_t(const Draw *d) {
	Elab *e = d->e;
	Ex *less = ex_op(e, IR_neg, random_number(e, IR_random_uniform, d->name, d->key, d->number), NULL, NULL);
	Ex *r_squared = ex_op(e, IR_mul, f64(e, -2), ex_op(e, IR_log1p, less, NULL, NULL), NULL);
	Ex *w = ex_op(e, IR_div, r_squared, argument(d, d->a, 1), NULL);
	Ex *apart = ex_op(e, IR_gt, w, f64(e, 1e-300), NULL);
	Ex *safe = ex_op(e, IR_where, apart, w, f64(e, 1));
	Ex *ratio = ex_op(e, IR_div, ex_op(e, IR_expm1, safe, NULL, NULL), safe, NULL);
	ratio = ex_op(e, IR_where, apart, ex_op(e, IR_sqrt, ratio, NULL, NULL), f64(e, 1));
	return ex_convert(e, ex_op(e, IR_mul, d->u, ratio, NULL), e->real);
}

static Ex *draw_gamma(const Draw *d) {
	Elab *e = d->e;
	Ex *log_drawn = draw_log_gamma(d, d->u, argument(d, d->a, 1), "");
	Ex *drawn = ex_op(e, IR_exp, log_drawn, NULL, NULL);
	return ex_convert(e, ex_op(e, IR_div, drawn, argument(d, d->b, 1), NULL), e->real);
}

/* G / (G + H) of gamma numbers, by their logarithms: they may be very small. */
static Ex *draw_beta(const Draw *d) {
	Elab *e = d->e;
	Ex *g = draw_log_gamma(d, d->u, argument(d, d->a, 1), "");
	Ex *h = draw_log_gamma(d, further(d, IR_random_normal, "other"), argument(d, d->b, 1), "other");
	return ex_convert(e, ex_op(e, IR_sigmoid, ex_op(e, IR_sub, g, h, NULL), NULL, NULL), e->real);
}

/* ---- counts and categories: elab_draw_counts.c ---- */

static Ex *draw_poisson(const Draw *d) {
	return elab_draw_poisson(d);
}

static Ex *draw_binomial(const Draw *d) {
	return elab_draw_binomial(d);
}

static Ex *draw_categorical(const Draw *d) {
	return elab_draw_categorical(d);
}

static const struct {
	IrOpcode random;
	Ex *(*draw)(const Draw *d);
} makers[DISTRIBUTION_COUNT] = {
#define DISTRIBUTION(name, count, optional, draws, number, ...)                                                        \
	[DISTRIBUTION_##name] = {IR_random_##number, draw_##name},
#include "frontend/distributions.def"
};

/* Arguments that only a run knows: what they cannot be gives NaN, or no number. */
static Ex *guarded(const Draw *made, const Distribution *d, Scalar scalar, Ex *x) {
	Elab *e = made->e;
	Ex *a = made->a, *b = made->b;
	if (scalar == S_BOOL || d->id == DISTRIBUTION_categorical) /* which looks at all of its weights */
		return x;
	if (d->spread > 0 && scalar == S_INT && a->high < b->low && b->high - a->low <= (int64_t)d->spread)
		return x;
	Ex *none = elab_draw_none(e, d, made->span, scalar == S_INT);
	return ex_op(e, IR_where, elab_draw_condition(e, d, a, b), x, none);
}

/* The distribution that is called, if this version has it and it takes so many arguments; NULL with a diagnostic. */
static const Distribution *called_distribution(Elab *e, const AstExpr *draw) {
	const Distribution *d = find(e, draw);
	uint32_t count = draw->call.args.count;
	if (!d)
		return NULL;
	if (d->code) {
		diag_error(e->session, d->code, draw->span, "`%s` is part of the language, but not of this version", d->name);
		return NULL;
	}
	if (count == d->count || (d->optional && count == 0))
		return d;
	diag_error(e->session, 246, draw->span, "`%s` takes %s%u argument%s, not %u", d->name, d->optional ? "no or " : "",
	           (unsigned)d->count, d->count == 1 ? "" : "s", (unsigned)count);
	return NULL;
}

/* A real may be declared of any draw; an int or a bool only of what is drawn as such. */
static bool drawn_as_declared(Elab *e, const AstDeclare *d, const Distribution *dist, Scalar want) {
	Scalar scalar = scalar_of(dist);
	if (want == scalar || want == S_REAL)
		return true;
	Diag *diag = diag_error(e->session, 236, d->draw->span, "`%s` draws %s", dist->name,
	                        scalar == S_REAL  ? "real numbers"
	                        : scalar == S_INT ? "whole numbers"
	                                          : "truth values");
	diag_label(e->session, diag, d->type.span, "declared otherwise here");
	return false;
}

/* What the declaration says that it holds. */
static Scalar declared_scalar(const AstDeclare *d, Scalar drawn) {
	return d->type.span.file == 0          ? drawn
	       : d->type.scalar == AST_INT     ? S_INT
	       : d->type.scalar == AST_BOOLEAN ? S_BOOL
	                                       : S_REAL;
}

/* The elements that are drawn at once; INT64_MAX: of a size that is open, or too many: no permutation goes on that far. */
static int64_t element_count(const Value *v) {
	int64_t count = 1;
	for (int i = 0; i < v->rank; i++)
		if (v->dims[i] == DIM_X || __builtin_mul_overflow(count, v->dims[i], &count))
			return INT64_MAX;
	return count;
}

Value *elab_draw(Elab *e, const AstDeclare *d, DrawKey key) {
	const AstExpr *draw = d->draw;
	const Distribution *dist = draw->kind == AST_CALL ? called_distribution(e, draw) : NULL;
	if (!dist)
		return d->has_head ? value_bad(e) : elab_by_type(e, &d->type);
	Scalar scalar = scalar_of(dist), want = declared_scalar(d, scalar);
	Draw made = {.e = e, .name = d->drawn_as ? d->drawn_as : d->names.data[0].name, .key = key, .span = draw->span};
	DrawArguments args = {0};
	Value *v = elab_draw_shape(e, d, dist, &key, &args);
	if (!v)
		return d->has_head ? value_bad(e) : elab_by_type(e, &d->type);
	if (!drawn_as_declared(e, d, dist, want))
		return value_bad(e);
	v->scalar = scalar;
	made.args = args.values;
	made.category = args.category;
	made.check = args.check;
	made.number = elab_draw_number(e, v, &made.key);
	made.count = element_count(v);
	made.shape = v;
	if (makers[dist->id].random != IR_random_place)
		made.u = random_number(e, makers[dist->id].random, made.name, made.key, made.number);
	made.a = args.values[0] ? value_body(e, args.values[0]) : NULL;
	made.b = args.values[1] ? value_body(e, args.values[1]) : NULL;
	v->body = makers[dist->id].draw(&made);
	if (scalar == S_BOOL) { /* a real number has a NaN, a truth value has none */
		v = value_convert(e, v, want);
		scalar = want;
	}
	if (made.check == DRAW_UNKNOWN)
		v->body = guarded(&made, dist, scalar, v->body);
	return value_convert(e, v, want);
}
