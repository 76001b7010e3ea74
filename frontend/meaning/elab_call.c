/* Calls: of what the language gives (builtins.def), and of functions of the program, which are inlined. */
#include "frontend/meaning/elab.h"

#include <string.h>

/* Of the rows of builtins.def that are scalar operations element by element: becomes [BUILTIN_exp] = IR_exp, ... */
static const IrOpcode opcodes[BUILTIN_COUNT] = {
#define ELEMENTWISE(name, ...) [BUILTIN_##name] = IR_##name,
#include "frontend/builtins.def"
	[BUILTIN_max] = IR_max,
	[BUILTIN_min] = IR_min,
};

/* ---- what the language gives ---- */

static Value *build_elementwise(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	Scalar given = args[0]->scalar, s = S_REAL;
	if (b->gives == GIVES_SAME && given != S_REAL)
		return args[0]; /* the operation changes no whole number */
	if (b->gives == GIVES_NUMBER)
		s = given == S_BOOL ? S_INT : given;
	return elab_apply(e, opcodes[b->id], s, s, args, b->least, x->span, x);
}

/* op(op(a, b), c) ... */
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

static Value *build_reduction(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	uint32_t count = x->call.args.count;
	return count > 1 ? fold_pairs(e, opcodes[b->id], args, count, x)
	                 : elab_reduce_all(e, b->reduction, args[0], x->span);
}

Value *elab_call_clip(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b;
	Value *v = fold_pairs(e, IR_max, args, 2, x);
	Value *pair[2] = {v, args[2]};
	return value_is_bad(v) ? v : fold_pairs(e, IR_min, pair, 2, x);
}

Value *elab_call_where(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b;
	if (args[0]->scalar != S_BOOL) {
		diag_error(e->session, 210, x->call.args.data[0].value->span, "a condition was expected, found %s",
		           value_type_text(e, args[0]));
		return value_bad(e);
	}
	return elab_select(e, args[0], args[1], args[2], x);
}

Value *elab_call_real(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b, (void)x;
	return value_convert(e, args[0], S_REAL);
}

/* Combines one value per parameter tensor over all of them. */
static Value *over_tensors(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	if (e->alone)
		return value_bad(e);
	if (e->rule && e->rule->in_step)
		return e->rule->over_tensors(e->rule->self, b, args[0], x->span);
	diag_error(e->session, 264, x->span, "`%s` combines parameter tensors: it stands in the step of an optimizer",
	           b->name);
	return value_bad(e);
}

Value *elab_call_all_sum(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	return over_tensors(e, b, args, x);
}

Value *elab_call_all_mean(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	return over_tensors(e, b, args, x);
}

Value *elab_call_all_max(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	return over_tensors(e, b, args, x);
}

/* value(y), gradient(y): the objective at another place than x. */
static Value *evaluation(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	if (e->alone)
		return value_bad(e);
	if (e->rule && e->rule->in_step)
		return e->rule->evaluate(e->rule->self, b, args[0], x->span);
	diag_error(e->session, 281, x->span, "`%s` stands in the step of an optimizer", b->name);
	return value_bad(e);
}

Value *elab_call_value(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	return evaluation(e, b, args, x);
}

Value *elab_call_gradient(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	return evaluation(e, b, args, x);
}

/* What says where a base of the objective starts is written out before the objective is elaborated. */
Value *elab_call_start(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)args;
	const AstExpr *base = x->call.args.data[0].value;
	const Symbol *symbol = base->kind == AST_NAME ? symbol_at(e->program, base->id) : NULL;
	const Binding *known = symbol ? scope_find(e, symbol) : NULL;
	if ((symbol && symbol->no_value) || (known && value_is_bad(known->value))) /* complained about already */
		return value_bad(e);
	Diag *diag =
		diag_error(e->session, 298, x->span, "`%s` is of an objective that is a parameter of this one", b->name);
	diag_help(
		e->session, diag,
		"as in `objective scaled(base = rosenbrock)`, where `start(base)` is the vector that the base starts from");
	return value_bad(e);
}

static Value *build_later(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)args;
	diag_error(e->session, b->code, x->span, "%s, `%s(...)`, is part of the language, but not of this version",
	           b->about, b->name);
	return value_bad(e);
}

static Value *build_constant(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)args;
	Diag *diag = diag_error(e->session, 231, x->call.callee.span, "`%s` is a value, not a function", b->name);
	diag_help(e->session, diag, "for a product write `%s * (...)`", b->name);
	return value_bad(e);
}

static BuildCall *const builders[BUILTIN_COUNT] = {
#define CONSTANT(name, ...) [BUILTIN_##name] = build_constant,
#define ELEMENTWISE(name, ...) [BUILTIN_##name] = build_elementwise,
#define REDUCTION(id, name, ...) [BUILTIN_##name] = build_reduction,
#define STATISTIC(id, name, ...) [BUILTIN_##name] = build_reduction,
#define FUNCTION(name, ...) [BUILTIN_##name] = elab_call_##name,
#define LATER(name, ...) [BUILTIN_##name] = build_later,
#include "frontend/builtins.def"
};

/* A call of a row of builtins.def. */
static Value *builtin_call(Elab *e, const Builtin *b, const AstExpr *x) {
	bool called = b->kind != BUILTIN_IS_CONSTANT && b->kind != BUILTIN_IS_LATER, ok = true;
	uint32_t count = x->call.args.count;
	uint32_t values = b->reads == READS_NOTHING || !called ? 0 : b->reads == READS_FIRST && count ? 1 : count;
	Value **args = ARENA_ARRAY(e->arena, Value *, values + 1);
	bool want = e->want_int, dimension = e->in_dimension;
	uint64_t place = e->place;
	uint32_t errors = e->session->error_count;
	if (b->reads != READS_AS_ASKED)
		e->want_int = e->in_dimension = false;
	const Symbol *by = symbol_differentiated_by(e->program, x);
	bool by_x = by && by->kind == SYMBOL_X && e->rule && e->rule->in_step;
	for (uint32_t i = 0; i < values; i++) {
		if (by_x && i == 0) {
			e->rule->vary(e->rule->self, by, x->call.args.data[0].value, true);
			e->place = ++e->places; /* x means something else */
		}
		args[i] = elab_expr(e, x->call.args.data[i].value);
		if (by_x && i == 1) {
			e->rule->vary(e->rule->self, by, x->call.args.data[0].value, false);
			e->place = place;
		}
		if (args[i]->kind != VALUE_ARRAY && !value_is_bad(args[i]))
			diag_error(e->session, 219, x->call.args.data[i].value->span, "a number or array was expected, not %s",
			           value_type_text(e, args[i]));
		ok = ok && args[i]->kind == VALUE_ARRAY;
	}
	e->want_int = want;
	e->in_dimension = dimension;
	if (by_x && e->session->error_count > errors) /* of the derivative itself: nothing follows from it */
		return value_bad(e);
	return ok ? builders[b->id](e, b, args, x) : value_bad(e);
}

/* ---- functions of the program ---- */

/* The body, with the arguments as its names; NULL: by default. want, dimension: what is asked of its result. */
static Value *write_out(Elab *e, const AstDecl *fn, Value **args, bool want, bool dimension) {
	ScopeMark scope = scope_apart(e);
	Value *returned = e->returned, *result = NULL;
	bool may_have_returned = e->may_have_returned;
	Calls calls = {.decl = fn, .outer = e->calls, .args = args};
	e->calls = &calls;
	e->returned = NULL;
	e->may_have_returned = false;
	for (uint32_t i = 0; i < fn->params.count; i++) {
		const AstParam *p = &fn->params.data[i];
		if (!args[i])
			args[i] = elab_expr(e, p->value);
		scope_add_name(e, p->name, args[i]);
	}
	if (fn->value) {
		e->want_int = want;
		e->in_dimension = dimension;
		result = elab_expr(e, fn->value);
	} else {
		uint32_t errors = e->session->error_count;
		elab_block(e, &fn->body);
		result = e->returned;
		if (!result && !e->may_have_returned && errors == e->session->error_count)
			elab_note_not_known(e, diag_error(e->session, 225, fn->name.span, "`%s` ends without `return`",
			                                  session_text(e->session, fn->name.name)));
	}
	scope_back(e, scope);
	e->returned = returned;
	e->may_have_returned = may_have_returned;
	e->calls = calls.outer;
	return result ? result : value_bad(e);
}

/* A function that is being written out is called again. A ring of functions is said once, whichever of them is met first. */
static void calls_itself(Elab *e, const AstDecl *fn, const AstExpr *x) {
	NameMap *rings = &e->program->recursions;
	if (diag_say_again(e->session, name_map_get(rings, fn->name.id)))
		return;
	const AstDecl *inner = e->calls->decl;
	const char *name = session_text(e->session, fn->name.name), *through = session_text(e->session, inner->name.name);
	Diag *diag = inner == fn
	                 ? diag_error(e->session, 220, x->span, "`%s` calls itself, which functions here cannot", name)
	                 : diag_error(e->session, 220, x->span,
	                              "`%s` calls itself through `%s`, which functions here cannot", name, through);
	diag_label(e->session, diag, fn->name.span, "defined here");
	diag_help(e->session, diag, "write a `for` loop");
	for (const Calls *c = e->calls; c; c = c->decl == fn ? NULL : c->outer)
		*name_map_place(e->session->arena, rings, c->decl->name.id) = diag;
}

/* A function that is given another function than where it is being written out is another one: it ends, as there are only so many. */
static bool goes_round(const Calls *around, const AstDecl *fn, Value *const *args) {
	if (around->decl != fn)
		return false;
	for (uint32_t i = 0; around->args && i < fn->params.count; i++) {
		const Value *outer = around->args[i], *inner = args[i];
		if (outer && inner && outer->kind == VALUE_FUNCTION && inner->kind == VALUE_FUNCTION &&
		    outer->function != inner->function)
			return false;
	}
	return true;
}

static bool is_recursion(Elab *e, const AstDecl *fn, Value *const *args, const AstExpr *x) {
	for (const Calls *c = e->calls; c; c = c->outer) {
		if (!goes_round(c, fn, args))
			continue;
		calls_itself(e, fn, x);
		return true;
	}
	return false;
}

/* given: the arguments in the order of its parameters; NULL: by default. */
static Value *call_of_function(Elab *e, const AstDecl *fn, const AstExpr *const *given, const AstExpr *x) {
	uint32_t params = fn->params.count;
	Value **args = ARENA_ARRAY(e->arena, Value *, params + 1);
	bool want = e->want_int, dimension = e->in_dimension;
	e->want_int = e->in_dimension = false;
	for (uint32_t i = 0; i < x->call.args.count; i++) {
		const AstExpr *arg = x->call.args.data[i].value;
		Value *v = elab_expr(e, arg);
		for (uint32_t k = 0; k < params; k++)
			if (given[k] == arg)
				args[k] = value_reusable(e, v, fn->params.data[k].name.name, arg->span);
	}
	e->want_int = want;
	e->in_dimension = dimension;
	if (fe_is_learner(fn))
		return elab_call_learner(e, fn, args, given, x);
	/* A function that is called where another one is typed alone is typed by itself as well. */
	if (is_recursion(e, fn, args, x) || e->alone)
		return value_bad(e);
	if (!elab_enter_call(e, x->span)) {
		elab_leave_call(e);
		return value_bad(e);
	}
	e->want_int = e->in_dimension = false;
	Path *path = e->path;
	e->path = typing_inside(e->typing, path, x->id);
	elab_copy_begin(e, x->span);
	*name_map_place(e->session->arena, &e->program->written_out, fn->name.id) = e;
	DiagMark mark = diag_mark(e->session);
	Value *result = write_out(e, fn, args, want, dimension);
	program_say_use(e->session, mark, x->span);
	elab_copy_end(e);
	elab_leave_call(e);
	e->path = path;
	e->want_int = want;
	e->in_dimension = dimension;
	return result;
}

void elab_type_function(FeProgram *program, IrModule *module, const AstDecl *fn, Typing *typing) {
	resolve_decl(program, fn);
	Elab e = elab_new(program, module, IR_F64, typing);
	IrBuilder builder = ir_builder(ir_func_new(module, "alone"));
	Value **args = ARENA_ARRAY(e.arena, Value *, fn->params.count + 1);
	e.builder = &builder;
	e.alone = true;
	for (uint32_t i = 0; i < fn->params.count; i++) {
		if (fn->params.data[i].value)
			elab_expr(&e, fn->params.data[i].value);
		args[i] = value_bad(&e);
	}
	write_out(&e, fn, args, false, false);
}

/* What cannot be called, or not with these arguments: reported. The arguments may have mistakes of their own. */
static Value *call_of_nothing(Elab *e, const AstExpr *x) {
	for (uint32_t i = 0; i < x->call.args.count; i++)
		elab_expr(e, x->call.args.data[i].value);
	return value_bad(e);
}

/* A call of what a parameter holds: a function, or something that is none. */
static Value *call_of_parameter(Elab *e, const Symbol *symbol, const AstExpr *x) {
	const Binding *b = scope_find(e, symbol);
	const Value *v = b ? b->value : NULL;
	if (!v || value_is_bad(v))
		return call_of_nothing(e, x);
	if (v->kind != VALUE_FUNCTION) {
		Diag *diag =
			diag_error(e->session, 231, x->call.callee.span, "`%s` is called here, so it has to be a function, not %s",
		               session_text(e->session, symbol->name), value_type_text(e, v));
		diag_label(e->session, diag, symbol->span, "this parameter");
		if (e->copying)
			diag_label(e->session, diag, e->copied, "written out for this call");
		return call_of_nothing(e, x);
	}
	const Builtin *builtin = v->function->builtin;
	if (builtin)
		return resolve_fits(e->program, builtin, x) ? builtin_call(e, builtin, x) : value_bad(e);
	const AstDecl *fn = v->function->decl;
	const AstExpr *const *given = resolve_arguments_of(e->program, fn, x);
	return given ? call_of_function(e, fn, given, x) : value_bad(e);
}

static Value *call_of_rule(Elab *e, const AstExpr *x) {
	FeCall *call = ARENA_NEW(e->arena, FeCall);
	Value *v = ARENA_NEW(e->arena, Value);
	if (!program_call(e->program, x, symbol_at(e->program, x->id)->decl->kind, call))
		return value_bad(e);
	v->kind = VALUE_CALL;
	v->call = call;
	return v;
}

Value *elab_call(Elab *e, const AstExpr *x) {
	const char *name = session_text(e->session, x->call.callee.name);
	const Symbol *symbol = symbol_at(e->program, x->id);
	if (!symbol)
		base_panic("elab_call", "`%s` was not resolved", name);
	if (symbol->kind == SYMBOL_DECL)
		return symbol->decl->kind == AST_FN ? call_of_function(e, symbol->decl, resolve_arguments(e->program, x), x)
		                                    : call_of_rule(e, x);
	if (symbol->kind == SYMBOL_ARGUMENT || symbol->kind == SYMBOL_HYPER)
		return call_of_parameter(e, symbol, x);
	if (symbol->kind != SYMBOL_BUILTIN)
		return call_of_nothing(e, x);
	if (symbol->builtin)
		return builtin_call(e, symbol->builtin, x);
	Diag *diag = diag_error(e->session, 248, x->span, "random draws stand after `~` only");
	diag_help(e->session, diag, "in an objective: `given name : [...] ~ %s(...)`", name);
	return value_bad(e);
}
