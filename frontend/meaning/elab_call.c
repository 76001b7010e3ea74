/* Calls: the built-in elementwise functions, and functions of the program, which are inlined. */
#include "frontend/meaning/elab.h"

#include <string.h>

typedef struct Elementwise {
	const char *name;
	IrOpcode opcode;
	int arity;
	bool keeps_int;
} Elementwise;

static const Elementwise elementwise[] = {
	{"exp", IR_exp, 1, false},
	{"log", IR_log, 1, false},
	{"log1p", IR_log1p, 1, false},
	{"expm1", IR_expm1, 1, false},
	{"sqrt", IR_sqrt, 1, false},
	{"abs", IR_abs, 1, true},
	{"sign", IR_sign, 1, true},
	{"sin", IR_sin, 1, false},
	{"cos", IR_cos, 1, false},
	{"tan", IR_tan, 1, false},
	{"atan", IR_atan, 1, false},
	{"atan2", IR_atan2, 2, false},
	{"tanh", IR_tanh, 1, false},
	{"sigmoid", IR_sigmoid, 1, false},
	{"softplus", IR_softplus, 1, false},
	{"relu", IR_relu, 1, false},
	{"elu", IR_elu, 1, false},
	{"gelu", IR_gelu, 1, false},
	{"erf", IR_erf, 1, false},
	{"lgamma", IR_lgamma, 1, false},
	{"digamma", IR_digamma, 1, false},
	{"floor", IR_floor, 1, false},
	{"stop_gradient", IR_stop_gradient, 1, true},
};

typedef struct Later {
	const char *name;
	int code;
	const char *what;
} Later;

static const Later later[] = {
	{"value", 393, "evaluating the objective elsewhere"},
	{"gradient", 393, "evaluating the gradient elsewhere"},
	{"grad", 394, "a gradient inside a program"},
	{"cholesky", 395, "matrix decompositions"},
	{"solve", 395, "solving linear systems"},
	{"logdet", 395, "determinants"},
	{"shape", 396, "the shape as a value"},
	{"rank", 396, "the rank of a parameter"},
	{"matrix", 396, "a parameter as a matrix"},
};

bool is_later_name(const char *name) {
	for (size_t i = 0; i < sizeof later / sizeof *later; i++)
		if (strcmp(name, later[i].name) == 0)
			return true;
	return false;
}

static bool is_distribution(const char *name) {
	static const char *const names[] = {"normal",      "uniform",    "bernoulli",  "integer",
	                                    "exponential", "loguniform", "permutation"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static bool numbers(Elab *e, Value **args, uint32_t count, const AstExpr *x) {
	bool ok = true;
	for (uint32_t i = 0; i < count; i++) {
		if (args[i]->kind != VALUE_ARRAY && !value_is_bad(args[i]))
			diag_error(e->session, 219, x->call.args.data[i].value->span, "a number or array was expected, not %s",
			           type_text(e, args[i]));
		ok = ok && args[i]->kind == VALUE_ARRAY;
	}
	return ok;
}

static Value *apply_elementwise(Elab *e, const Elementwise *f, Value **args, const AstExpr *x) {
	Scalar s = S_REAL;
	if (f->keeps_int && args[0]->scalar != S_REAL)
		s = args[0]->scalar == S_BOOL ? S_INT : args[0]->scalar;
	if (f->opcode == IR_floor && args[0]->scalar != S_REAL)
		return args[0];
	return elab_apply(e, f->opcode, s, s, args, (uint32_t)f->arity, x->span, x);
}

static Value *fold_pairs(Elab *e, IrOpcode opcode, Value **args, uint32_t count, const AstExpr *x) {
	Scalar s;
	elab_unify(e, args, count, &s);
	if (s == S_BOOL)
		s = S_INT;
	Value *v = args[0];
	for (uint32_t i = 1; i < count; i++) {
		Value *pair[2] = {v, args[i]};
		v = elab_apply(e, opcode, s, s, pair, 2, x->span, x);
	}
	return v;
}

static bool expect_count(Elab *e, const AstExpr *x, uint32_t low, uint32_t high) {
	uint32_t count = x->call.args.count;
	bool named = false;
	for (uint32_t i = 0; i < count; i++) {
		const AstArg *arg = &x->call.args.data[i];
		if (arg->name.name) {
			diag_error(e->session, 216, arg->name.span, "`%s` takes no argument by name",
			           session_text(e->session, x->call.callee.name));
			named = true;
		}
	}
	if (count >= low && count <= high)
		return !named;
	const char *name = session_text(e->session, x->call.callee.name);
	if (low == high)
		diag_error(e->session, 215, x->span, "`%s` takes %u argument%s, not %u", name, (unsigned)low,
		           low == 1 ? "" : "s", (unsigned)count);
	else
		diag_error(e->session, 215, x->span, "`%s` takes %u argument%s or more, not %u", name, (unsigned)low,
		           low == 1 ? "" : "s", (unsigned)count);
	return false;
}

static Value *elab_where(Elab *e, Value **args, const AstExpr *x) {
	if (args[0]->scalar != S_BOOL) {
		diag_error(e->session, 210, x->call.args.data[0].value->span, "a condition was expected, found %s",
		           type_text(e, args[0]));
		return value_bad(e);
	}
	return elab_select(e, args[0], args[1], args[2], x);
}

static Value *builtin(Elab *e, const char *name, const AstExpr *x, bool *known) {
	const Elementwise *f = NULL;
	AstReduction op;
	*known = true;
	for (size_t i = 0; i < sizeof elementwise / sizeof *elementwise && !f; i++)
		if (strcmp(name, elementwise[i].name) == 0)
			f = &elementwise[i];
	bool reduction = ast_reduction(name, &op);
	bool two = strcmp(name, "min") == 0 || strcmp(name, "max") == 0;
	bool clip = strcmp(name, "clip") == 0, where = strcmp(name, "where") == 0;
	bool real = strcmp(name, "real") == 0;
	if (!f && !reduction && !clip && !where && !real) {
		*known = false;
		return NULL;
	}
	uint32_t low = f ? (uint32_t)f->arity : clip || where ? 3 : 1, high = two ? UINT32_MAX : low;
	bool ok = expect_count(e, x, low, high);
	uint32_t count = x->call.args.count;
	Value **args = ARENA_ARRAY(e->arena, Value *, count);
	bool want = e->want_int, dimension = e->in_dimension;
	e->want_int = want && (two || clip);
	e->in_dimension = e->in_dimension && (two || clip);
	for (uint32_t i = 0; i < count; i++)
		args[i] = elab(e, x->call.args.data[i].value);
	e->want_int = want;
	e->in_dimension = dimension;
	if (!ok || !numbers(e, args, count, x))
		return value_bad(e);
	if (f)
		return apply_elementwise(e, f, args, x);
	if (where)
		return elab_where(e, args, x);
	if (real)
		return value_convert(e, args[0], S_REAL);
	if (clip) {
		Value *v = fold_pairs(e, IR_max, args, 2, x);
		Value *pair[2] = {v, args[2]};
		return value_is_bad(v) ? v : fold_pairs(e, IR_min, pair, 2, x);
	}
	if (two && count > 1)
		return fold_pairs(e, op == AST_REDUCE_MAX ? IR_max : IR_min, args, count, x);
	return reduce_all(e, op, args[0], x->span);
}

/* ---- functions of the program ---- */

static Value *inline_call(Elab *e, const AstDecl *fn, const AstExpr *x) {
	const char *name = session_text(e->session, fn->name.name);
	for (const Calls *c = e->calls; c; c = c->outer) {
		if (c->decl != fn)
			continue;
		Diag *diag = diag_error(e->session, 220, x->span, "`%s` calls itself, which functions here cannot", name);
		diag_label(e->session, diag, fn->name.span, "defined here");
		diag_help(e->session, diag, "write a `for` loop");
		return value_bad(e);
	}
	uint32_t params = fn->params.count;
	Value **args = ARENA_ARRAY(e->arena, Value *, params + 1);
	bool ok = true;
	uint32_t position = 0;
	NameMap places = {0};
	bool want = e->want_int, dimension = e->in_dimension;
	e->want_int = e->in_dimension = false;
	for (uint32_t i = 0; i < x->call.args.count; i++) {
		const AstArg *arg = &x->call.args.data[i];
		Value *v = elab(e, arg->value);
		uint32_t at = params;
		if (arg->name.name) {
			at = param_place(fn, &places, e->arena, arg->name.name);
			if (at == params) {
				Diag *diag = diag_error(e->session, 216, arg->name.span, "`%s` has no parameter `%s`", name,
				                        session_text(e->session, arg->name.name));
				Name near = nearest_param(e->session, fn, arg->name.name);
				if (near)
					diag_help(e->session, diag, "did you mean `%s`?", session_text(e->session, near));
				ok = false;
				continue;
			}
		} else {
			at = position++;
			if (at >= params) {
				Diag *diag = diag_error(e->session, 215, arg->value->span, "`%s` takes %u argument%s", name,
				                        (unsigned)params, params == 1 ? "" : "s");
				diag_label(e->session, diag, fn->name.span, "defined here");
				ok = false;
				continue;
			}
		}
		if (args[at]) {
			diag_error(e->session, 218, arg->value->span, "`%s` is given twice",
			           session_text(e->session, fn->params.data[at].name.name));
			ok = false;
		}
		args[at] = settle(e, v, fn->params.data[at].name.name, arg->value->span);
	}
	if (!call_begin(e, x->span)) {
		call_end(e);
		e->want_int = want;
		e->in_dimension = dimension;
		return value_bad(e);
	}
	ScopeMark scope = scope_hide(e);
	Value *returned = e->returned;
	bool in_fn = e->in_fn;
	Calls calls = {fn, e->calls};
	e->calls = &calls;
	copy_begin(e, x->span);
	e->returned = NULL;
	e->in_fn = true;
	for (uint32_t i = 0; i < params; i++) {
		const AstParam *p = &fn->params.data[i];
		if (!args[i] && p->value)
			args[i] = elab(e, p->value);
		if (!args[i]) {
			Diag *diag = diag_error(e->session, 217, x->span, "`%s` needs its argument `%s`", name,
			                        session_text(e->session, p->name.name));
			diag_label(e->session, diag, p->name.span, "declared here");
			ok = false;
			args[i] = value_bad(e);
		}
		scope_add(e, BIND_LET, p->name, args[i]);
	}
	Value *result = value_bad(e);
	if (ok && fn->value) {
		e->want_int = want;
		e->in_dimension = dimension;
		result = elab(e, fn->value);
	} else if (ok) {
		uint32_t errors = e->session->error_count;
		elab_block(e, &fn->body);
		if (e->returned)
			result = e->returned;
		else if (errors == e->session->error_count)
			diag_error(e->session, 225, fn->name.span, "`%s` ends without `return`", name);
	}
	copy_end(e);
	call_end(e);
	scope_back(e, scope);
	e->returned = returned;
	e->in_fn = in_fn;
	e->calls = calls.outer;
	e->want_int = want;
	e->in_dimension = dimension;
	return result;
}

Value *elab_call(Elab *e, const AstExpr *x) {
	const char *name = session_text(e->session, x->call.callee.name);
	const Binding *b = scope_find(e, x->call.callee.name);
	const AstDecl *decl = fe_find(e->program, x->call.callee.name);
	if (b && !(decl && decl->kind == AST_FN)) {
		Diag *diag = diag_error(e->session, 231, x->call.callee.span, "`%s` is a value, not a function", name);
		diag_label(e->session, diag, b->span, "it is this one");
		diag_help(e->session, diag, "elements are read with brackets: `%s[...]`", name);
		return value_bad(e);
	}
	bool known;
	if (!decl || decl->kind != AST_FN) {
		Value *v = builtin(e, name, x, &known);
		if (known)
			return v;
		v = shape_call(e, name, x, &known);
		if (known)
			return v;
	}
	if (decl && decl->kind == AST_FN)
		return inline_call(e, decl, x);
	if (decl && decl->kind == AST_OPTIMIZER) {
		FeCall *call = ARENA_NEW(e->arena, FeCall);
		Value *v = ARENA_NEW(e->arena, Value);
		if (!fe_call(e->program, x, AST_OPTIMIZER, call))
			return value_bad(e);
		v->kind = VALUE_CALL;
		v->call = call;
		return v;
	}
	for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
		if (strcmp(name, later[i].name) != 0)
			continue;
		diag_error(e->session, later[i].code, x->span,
		           "%s, `%s(...)`, is part of the language, but not of this version", later[i].what, name);
		return value_bad(e);
	}
	if (is_distribution(name)) {
		Diag *diag = diag_error(e->session, 248, x->span, "random draws stand after `~` only");
		diag_help(e->session, diag, "in an objective: `given name : [...] ~ %s(...)`", name);
		return value_bad(e);
	}
	elab_unknown(e, x->call.callee.name, x->call.callee.span);
	for (uint32_t i = 0; i < x->call.args.count; i++)
		elab(e, x->call.args.data[i].value);
	return value_bad(e);
}
