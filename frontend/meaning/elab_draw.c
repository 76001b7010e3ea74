/* Random draws: every number is a function of the seed, the problem's number, the name, and the element's number. */
#include "frontend/meaning/elab.h"

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

/* Number `number` of those that a name draws. */
static Ex *keyed(Elab *e, IrOpcode opcode, Name name, DrawKey key, Ex *number) {
	const char *text = session_text(e->session, name);
	uint64_t hash = hash_bytes(text, strlen(text), 0);
	int64_t bits;
	memcpy(&bits, &hash, sizeof bits);
	return ex_ops(e, opcode, (Ex *[IR_MAX_ARGS]){key.seed, ex_int(e, bits), key.instance, number});
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

typedef struct Draw {
	Elab *e;
	Value **args;
	Ex *a, *b; /* the bodies of the arguments; NULL: left out */
	Ex *u;     /* the random number, f64; NULL: the distribution makes its own */
	Name name;
	DrawKey key;
	Ex *number;    /* of the element */
	int64_t count; /* of elements */
} Draw;

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

/* Entries go through one order after another, row-major and then from step to step: entry k is at place k mod n of order k div n. */
static Ex *draw_permutation(const Draw *d) {
	Elab *e = d->e;
	Ex *entry = d->number, *n = d->a;
	if (d->key.step) {
		Ex *steps = ex_op(e, IR_sub, d->key.step, ex_int(e, 1), NULL);
		entry = ex_op(e, IR_add, ex_op(e, IR_mul, steps, ex_int(e, d->count), NULL), entry, NULL);
	}
	Ex *u = keyed(e, IR_random_uniform, d->name, d->key, ex_op(e, IR_idiv, entry, n, NULL));
	Ex *order = ex_op(e, IR_to_int, ex_op(e, IR_mul, u, f64(e, 0x1p53), NULL), NULL, NULL);
	Ex *place = ex_ops(e, IR_random_place, (Ex *[IR_MAX_ARGS]){ex_op(e, IR_imod, entry, n, NULL), n, order});
	Ex *drawn = ex_op(e, IR_to_int, place, NULL, NULL);
	drawn->low = 0;
	drawn->high = n->high - 1;
	return drawn;
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
static Ex *guarded(Elab *e, const Distribution *d, Ex *a, Ex *b, Ex *x) {
	Scalar scalar = scalar_of(d);
	if (scalar == S_BOOL)
		return x;
	if (scalar == S_INT && b && a->high < b->low && b->high - a->low <= (int64_t)d->spread)
		return x;
	Ex *none = scalar == S_INT ? ex_int(e, INT64_MIN) : ex_real(e, NAN);
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

/* The indices of the head, and the arguments for each of their values. false with diagnostics. */
static bool read_arguments(Elab *e, const AstDeclare *d, const Distribution *dist, Indices *found, Value **args) {
	const AstExpr *draw = d->draw;
	ScopeMark scope = scope_mark(e);
	uint32_t indices_around = e->indices_around.count;
	AstItems none = {0};
	bool ok = elab_bind_head(e, d->has_head ? &d->head : &none, draw, found);
	for (uint32_t i = 0; i < draw->call.args.count; i++) {
		if (draw->call.args.data[i].name.name)
			diag_error(e->session, 216, draw->call.args.data[i].name.span,
			           "distributions take their arguments by position");
		args[i] = elab_scalar(e, draw->call.args.data[i].value, "the argument of a distribution");
		ok = ok && !value_is_bad(args[i]);
		if (ok && scalar_of(dist) == S_INT && (args[i]->scalar == S_REAL || args[i]->scalar == S_BOOL)) {
			diag_error(e->session, 211, draw->call.args.data[i].value->span, "`%s` %s, not %s", dist->name,
			           dist->count > 1 ? "draws between whole numbers" : "takes a whole number",
			           value_type_text(e, args[i]));
			ok = false;
		}
	}
	scope_back(e, scope);
	e->indices_around.count = indices_around;
	return ok;
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

Value *elab_draw(Elab *e, const AstDeclare *d, DrawKey key) {
	const AstExpr *draw = d->draw;
	Name name = d->drawn_as ? d->drawn_as : d->names.data[0].name;
	const Distribution *dist = draw->kind == AST_CALL ? called_distribution(e, draw) : NULL;
	if (!dist)
		return value_bad(e);
	Scalar scalar = scalar_of(dist);
	uint32_t count = draw->call.args.count;
	Indices found;
	Value *args[2] = {0};
	bool ok = read_arguments(e, d, dist, &found, args);
	DrawCheck check = ok ? elab_draw_check(e, dist, draw, args, &found) : DRAW_IMPOSSIBLE;
	ok = ok && check != DRAW_IMPOSSIBLE;
	int64_t dims[IR_MAX_RANK];
	int rank = 0;
	for (uint32_t i = 0; i < found.count; i++)
		dims[rank++] = found.vars[i]->extent;
	ok = elab_dims(e, &d->type, dims, &rank, rank) && ok;
	Scalar want = d->type.span.file == 0          ? scalar
	              : d->type.scalar == AST_INT     ? S_INT
	              : d->type.scalar == AST_BOOLEAN ? S_BOOL
	                                              : S_REAL;
	if (!ok || !drawn_as_declared(e, d, dist, want))
		return value_bad(e);
	Value *v = value_array(e, scalar, rank, dims, draw->span);
	Ex *number = ex_int(e, 0);
	for (int i = 0; i < rank; i++) {
		if (i < (int)found.count)
			v->vars[i] = found.vars[i];
		Ex *extent = dims[i] == DIM_X ? ex_dim(e) : ex_int(e, dims[i]);
		number = ex_add_int(e, ex_op(e, IR_mul, number, extent, NULL), ex_var(e, v->vars[i]));
	}
	Draw made = {.e = e, .args = args, .name = name, .key = key, .number = number, .count = 1};
	for (int i = 0; i < rank; i++)
		if (dims[i] == DIM_X || __builtin_mul_overflow(made.count, dims[i], &made.count))
			made.count = INT64_MAX; /* of a size that is open, or too many: no permutation goes on that far */
	if (makers[dist->id].random != IR_random_place)
		made.u = random_number(e, makers[dist->id].random, name, key, number);
	made.a = count > 0 ? value_body(e, args[0]) : NULL;
	made.b = count > 1 ? value_body(e, args[1]) : NULL;
	v->body = makers[dist->id].draw(&made);
	if (check == DRAW_UNKNOWN)
		v->body = guarded(e, dist, made.a, made.b, v->body);
	return value_convert(e, v, want);
}
