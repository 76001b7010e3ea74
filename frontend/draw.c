/* Random draws: every number is a function of the seed, the problem's number, the name, and the element's number. */
#include "frontend/elab.h"

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

static Ex *drawn(Elab *e, const Distribution *d, Value **args, uint32_t count, Name name, DrawKey key, Ex *number) {
	bool normal = d->name[0] == 'n';
	Ex *u = random_number(e, normal ? IR_random_normal : IR_random_uniform, name, key, number);
	Ex *a = count > 0 ? value_body(e, args[0]) : NULL, *b = count > 1 ? value_body(e, args[1]) : NULL;
	if (normal) { /* drawn in f64, rounded, then scaled */
		Ex *scaled = ex_op(e, IR_mul, ex_convert(e, u, e->real), ex_convert(e, b, e->real), NULL);
		double mean;
		return value_known_real(args[0], &mean) && mean == 0
		           ? scaled
		           : ex_op(e, IR_add, ex_convert(e, a, e->real), scaled, NULL);
	}
	a = a ? ex_convert(e, a, IR_F64) : NULL;
	b = b ? ex_convert(e, b, IR_F64) : NULL;
	if (d->scalar == S_BOOL)
		return ex_op(e, IR_lt, u, a, NULL);
	if (d->scalar == S_INT) {
		Ex *low = value_body(e, args[0]), *high = value_body(e, args[1]);
		Ex *steps = ex_op(e, IR_to_int, ex_op(e, IR_mul, u, ex_op(e, IR_sub, b, a, NULL), NULL), NULL, NULL);
		steps->low = 0;
		steps->high = high->high - low->low - 1;
		return ex_add_int(e, low, steps);
	}
	Ex *r;
	if (d->name[0] == 'e') {
		Ex *minus_log = ex_op(e, IR_neg, ex_op(e, IR_log1p, ex_op(e, IR_neg, u, NULL, NULL), NULL, NULL), NULL, NULL);
		r = a ? ex_op(e, IR_div, minus_log, a, NULL) : minus_log;
	} else {
		bool logs = d->name[0] == 'l';
		Ex *low = a ? a : f64(e, 0), *high = b ? b : f64(e, 1);
		if (logs) {
			low = ex_op(e, IR_log, low, NULL, NULL);
			high = ex_op(e, IR_log, high, NULL, NULL);
		}
		r = ex_op(e, IR_add, low, ex_op(e, IR_mul, u, ex_op(e, IR_sub, high, low, NULL), NULL), NULL);
		if (logs)
			r = ex_op(e, IR_exp, r, NULL, NULL);
	}
	return ex_convert(e, r, e->real);
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
	return value_convert(e, v, want);
}
