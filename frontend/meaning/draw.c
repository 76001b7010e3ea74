/* Random draws: every number is a function of the seed, the problem's number, the name, and the element's number. */
#include "frontend/meaning/elab.h"

#include <math.h>
#include <string.h>

typedef struct Distribution {
	const char *name;
	uint32_t low, high; /* arguments */
	Scalar scalar;
} Distribution;

static const Distribution distributions[] = {
	{"normal", 2, 2, S_REAL},      {"uniform", 0, 2, S_REAL},    {"bernoulli", 1, 1, S_BOOL},  {"integer", 2, 2, S_INT},
	{"exponential", 0, 1, S_REAL}, {"loguniform", 2, 2, S_REAL}, {"permutation", 1, 1, S_INT},
};

bool is_distribution(const char *name) {
	for (size_t i = 0; i < sizeof distributions / sizeof *distributions; i++)
		if (strcmp(name, distributions[i].name) == 0)
			return true;
	return false;
}

static const Distribution *find(Elab *e, const AstExpr *draw) {
	Name names[16];
	uint32_t count = 0;
	const char *name = session_text(e->session, draw->call.callee.name);
	for (size_t i = 0; i < sizeof distributions / sizeof *distributions; i++) {
		if (strcmp(name, distributions[i].name) == 0)
			return &distributions[i];
		names[count++] = session_name(e->session, distributions[i].name);
	}
	Diag *diag = diag_error(e->session, 245, draw->call.callee.span, "`%s` is not a distribution", name);
	Name near = name_nearest(e->session->names, draw->call.callee.name, names, count);
	if (near)
		diag_help(e->session, diag, "did you mean `%s`?", session_text(e->session, near));
	else
		diag_help(e->session, diag, "there are normal, uniform, bernoulli, integer, exponential, loguniform");
	return NULL;
}

static Ex *random_number(Elab *e, IrOpcode opcode, Name name, DrawKey key, Ex *number) {
	const char *text = session_text(e->session, name);
	uint64_t hash = hash_bytes(text, strlen(text), 0);
	int64_t bits;
	memcpy(&bits, &hash, sizeof bits);
	return ex_ops(e, opcode, (Ex *[IR_MAX_ARGS]){key.seed, ex_int(e, bits), key.instance, number});
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

static Ex *draw_normal(Elab *e, Ex *u, Value **args, Ex *a, Ex *b) { /* drawn in f64, rounded, then scaled */
	Ex *scaled = ex_op(e, IR_mul, ex_convert(e, u, e->real), ex_convert(e, b, e->real), NULL);
	double mean;
	return value_known_real(args[0], &mean) && mean == 0 ? scaled
	                                                     : ex_op(e, IR_add, ex_convert(e, a, e->real), scaled, NULL);
}

static Ex *draw_integer(Elab *e, Ex *u, Ex *low, Ex *high) {
	Ex *a = ex_convert(e, low, IR_F64), *b = ex_convert(e, high, IR_F64);
	Ex *steps = ex_op(e, IR_to_int, ex_op(e, IR_mul, u, ex_op(e, IR_sub, b, a, NULL), NULL), NULL, NULL);
	steps->low = 0;
	steps->high = high->high - low->low - 1;
	return ex_add_int(e, low, steps);
}

static Ex *draw_between(Elab *e, bool logs, Ex *u, Ex *low, Ex *high) {
	Ex *a = logs ? ex_op(e, IR_log, low, NULL, NULL) : low, *b = logs ? ex_op(e, IR_log, high, NULL, NULL) : high;
	Ex *r = ex_op(e, IR_add, a, ex_op(e, IR_mul, u, ex_op(e, IR_sub, b, a, NULL), NULL), NULL);
	if (logs)
		r = ex_op(e, IR_max, ex_op(e, IR_exp, r, NULL, NULL), low, NULL);
	return below(e, r, high);
}

static Ex *drawn(Elab *e, const Distribution *d, Value **args, uint32_t count, Name name, DrawKey key, Ex *number) {
	bool normal = d->name[0] == 'n';
	Ex *u = random_number(e, normal ? IR_random_normal : IR_random_uniform, name, key, number);
	Ex *a = count > 0 ? value_body(e, args[0]) : NULL, *b = count > 1 ? value_body(e, args[1]) : NULL;
	if (normal)
		return draw_normal(e, u, args, a, b);
	if (d->scalar == S_INT)
		return draw_integer(e, u, a, b);
	a = a ? ex_convert(e, a, IR_F64) : NULL;
	b = b ? ex_convert(e, b, IR_F64) : NULL;
	if (d->scalar == S_BOOL)
		return ex_op(e, IR_lt, u, a, NULL);
	if (d->name[0] != 'e')
		return draw_between(e, d->name[0] == 'l', u, a ? a : f64(e, 0), b ? b : f64(e, 1));
	Ex *minus_log = ex_op(e, IR_neg, ex_op(e, IR_log1p, ex_op(e, IR_neg, u, NULL, NULL), NULL, NULL), NULL, NULL);
	return ex_convert(e, a ? ex_op(e, IR_div, minus_log, a, NULL) : minus_log, e->real);
}

/* Arguments that only a run knows: what they cannot be gives NaN, or no number. */
static Ex *guarded(Elab *e, const Distribution *d, Value **args, uint32_t count, Ex *x) {
	if (d->scalar == S_BOOL)
		return x;
	Ex *a = value_body(e, args[0]), *b = count > 1 ? value_body(e, args[1]) : NULL;
	if (d->scalar == S_INT && a->high < b->low && b->high - a->low <= INT64_C(1) << 53)
		return x;
	Ex *possible = draw_condition(e, d->name, ex_convert(e, a, IR_F64), b ? ex_convert(e, b, IR_F64) : NULL);
	Ex *none = d->scalar == S_INT ? ex_int(e, INT64_MIN) : ex_real(e, NAN);
	return ex_op(e, IR_where, possible, x, none);
}

Value *elab_draw(Elab *e, const AstDeclare *d, DrawKey key) {
	const AstExpr *draw = d->draw;
	Name name = d->names.data[0].name;
	if (draw->kind != AST_CALL)
		return value_bad(e);
	const Distribution *dist = find(e, draw);
	if (!dist)
		return value_bad(e);
	if (strcmp(dist->name, "permutation") == 0) {
		diag_error(e->session, 391, draw->span, "`permutation` is part of the language, but not of this version");
		return value_bad(e);
	}
	uint32_t count = draw->call.args.count;
	if (count < dist->low || count > dist->high || (strcmp(dist->name, "uniform") == 0 && count == 1)) {
		diag_error(e->session, 246, draw->span, "`%s` takes %s%u argument%s, not %u", dist->name,
		           dist->low < dist->high ? "no or " : "", (unsigned)dist->high, dist->high == 1 ? "" : "s",
		           (unsigned)count);
		return value_bad(e);
	}
	ScopeMark scope = scope_mark(e);
	uint32_t active = e->active.count;
	Indices found;
	AstItems none = {0};
	bool ok = bind_head(e, d->has_head ? &d->head : &none, draw, &found);
	Value *args[2] = {0};
	for (uint32_t i = 0; i < count; i++) {
		if (draw->call.args.data[i].name.name)
			diag_error(e->session, 216, draw->call.args.data[i].name.span,
			           "distributions take their arguments by position");
		args[i] = elab_scalar(e, draw->call.args.data[i].value, "the argument of a distribution");
		ok = ok && !value_is_bad(args[i]);
		if (ok && dist->scalar == S_INT && (args[i]->scalar == S_REAL || args[i]->scalar == S_BOOL)) {
			diag_error(e->session, 211, draw->call.args.data[i].value->span,
			           "`integer` draws between whole numbers, not %s", type_text(e, args[i]));
			ok = false;
		}
	}
	scope_back(e, scope);
	e->active.count = active;
	DrawCheck check = ok ? draw_check(e, draw, args, &found) : DRAW_IMPOSSIBLE;
	ok = ok && check != DRAW_IMPOSSIBLE;
	int64_t dims[IR_MAX_RANK];
	int rank = 0;
	for (uint32_t i = 0; i < found.count; i++)
		dims[rank++] = found.vars[i]->extent;
	ok = elab_dims(e, &d->type, dims, &rank, rank) && ok;
	if (!ok)
		return value_bad(e);
	Scalar want = d->type.span.file == 0          ? dist->scalar
	              : d->type.scalar == AST_INT     ? S_INT
	              : d->type.scalar == AST_BOOLEAN ? S_BOOL
	                                              : S_REAL;
	if (want != dist->scalar && !(want == S_REAL)) {
		Diag *diag = diag_error(e->session, 236, draw->span, "`%s` draws %s", dist->name,
		                        dist->scalar == S_REAL  ? "real numbers"
		                        : dist->scalar == S_INT ? "whole numbers"
		                                                : "truth values");
		diag_label(e->session, diag, d->type.span, "declared otherwise here");
		return value_bad(e);
	}
	Value *v = value_array(e, dist->scalar, rank, dims, draw->span);
	Ex *number = ex_int(e, 0);
	for (int i = 0; i < rank; i++) {
		if (i < (int)found.count)
			v->vars[i] = found.vars[i];
		number = ex_add_int(e, ex_op(e, IR_mul, number, ex_int(e, dims[i]), NULL), ex_var(e, v->vars[i]));
	}
	v->body = drawn(e, dist, args, count, name, key, number);
	if (check == DRAW_UNKNOWN)
		v->body = guarded(e, dist, args, count, v->body);
	return value_convert(e, v, want);
}
