/* Optimizers: theta, natural, init and step of a rule.
 *
 * A rule works on one flat vector x of N coordinates. With more than one parameter tensor a constant table tells the tensor
 * of every coordinate; what a rule computes once per tensor then has a leading axis over the tensors (the variable
 * `tensor`), and what it computes per coordinate reads it through the table.
 *
 * Which hyperparameters have to be whole numbers is found while typing: the first time that one is needed as such, it is
 * marked, and the rule is typed again with it as a constant, until no other turns up. It is lowered once. */
#include "frontend/decl/rule.h"

#include <math.h>
#include <string.h>

Value *hyper_as_int(Elab *e, Value *v, Span span) {
	Hyper *h = &e->rule->hypers.data[v->hyper - 1];
	if (!h->as_int) {
		typing_set_whole(e->typing, h->symbol);
		h->as_int = true;
		e->rule->more_ints = true;
	}
	if (h->learned) /* reported when all is read */
		return value_bad(e);
	if (v->as_int->scalar != S_REAL || !e->in_dimension)
		return v->as_int;
	Diag *diag = diag_error(e->session, 211, h->at, "`%s` has to be a whole number, not %g",
	                        session_text(e->session, h->name), h->value);
	diag_label(e->session, diag, span, "a dimension here");
	return value_bad(e);
}

/* ---- hyperparameters ---- */

bool limits_of(RuleElab *r, const AstLimits *limits, double *low, double *high) {
	Elab *e = &r->e;
	if (limits->span.file == 0 || !limits->low || !limits->high)
		return false;
	if (!elab_number(e, limits->low, "a limit", low) || !elab_number(e, limits->high, "a limit", high))
		return false;
	if (*low < *high)
		return true;
	diag_error(e->session, 262, limits->span, "these limits leave no room: %g is not below %g", *low, *high);
	return false;
}

static bool read_hypers(RuleElab *r) {
	Elab *e = &r->e;
	const AstDecl *decl = r->decl;
	const AstExpr **args = ARENA_ARRAY(e->arena, const AstExpr *, decl->params.count + 1);
	bool ok = call_arguments(r->program, r->call, args);
	IrBuilder scratch = ir_builder(ir_func_new(e->module, "constants"));
	e->builder = &scratch;
	for (uint32_t i = 0; i < decl->params.count; i++) {
		const AstParam *p = &decl->params.data[i];
		const AstExpr *x = args[i] ? args[i] : p->value;
		Hyper h = {.name = p->name.name,
		           .symbol = symbol_at(e->program, p->name.id),
		           .span = p->name.span,
		           .given = args[i] != NULL};
		Value *v = value_bad(e);
		if (!x) {
			Diag *diag = diag_error(e->session, 269, r->call->span, "`%s` needs a value for `%s`",
			                        session_text(e->session, decl->name.name), session_text(e->session, p->name.name));
			diag_label(e->session, diag, p->name.span, "declared here");
			ok = false;
		} else {
			ScopeMark scope = scope_apart(e);
			v = elab(e, x);
			scope_back(e, scope);
			h.known = value_known_real(v, &h.value);
			if (!h.known && v->kind == VALUE_ARRAY && !(v->scalar == S_BOOL && value_known(v))) {
				diag_error(e->session, 212, x->span, "a hyperparameter has to be a number that is known now");
				v = value_bad(e);
			}
		}
		h.constant = v;
		h.at = x ? x->span : p->name.span;
		h.from = x;
		h.limits = &p->limits;
		h.has_range = limits_of(r, &p->limits, &h.low, &h.high);
		if (h.known && isnan(h.value)) {
			diag_error(e->session, 212, h.at, "`%s` has to be a number, and this is none (NaN)",
			           session_text(e->session, h.name));
			ok = false;
		}
		if (h.has_range && h.known && (h.value < h.low || h.value > h.high)) {
			Diag *diag = diag_warning(e->session, 270, x->span, "`%s` is thought to lie between %g and %g, not at %g",
			                          session_text(e->session, h.name), h.low, h.high, h.value);
			diag_label(e->session, diag, p->limits.span, "stated here");
		}
		vec_push(e->arena, &r->hypers, h);
		scope_add(e, h.symbol, v);
	}
	for (uint32_t i = 0; i < r->open_count; i++) {
		bool found = false;
		for (uint32_t k = 0; k < r->hypers.count; k++)
			found = found || (r->hypers.data[k].name == r->open[i] &&
			                  (r->hypers.data[k].known || value_is_bad(r->hypers.data[k].constant)));
		if (!found) {
			diag_error(e->session, 216, r->call->span, "`%s` has no hyperparameter `%s` that could be learned",
			           session_text(e->session, decl->name.name), session_text(e->session, r->open[i]));
			ok = false;
		}
	}
	e->module->funcs.count--;
	e->builder = NULL;
	return ok;
}

/* The hyperparameters as the function being built sees them: `func` NULL as constants; else as parameters of it, but for
 * whole numbers and those that are learned (bound later). */
void bind_hypers(RuleElab *r, IrFunc *func) {
	Elab *e = &r->e;
	for (uint32_t i = 0; i < r->hypers.count; i++) {
		Hyper *h = &r->hypers.data[i];
		Value *v = h->constant;
		bool whole_number = h->known && h->value == floor(h->value) && fabs(h->value) < 9e15;
		Value *as_int = whole_number ? value_scalar(e, S_LITERAL, ex_int(e, (int64_t)h->value)) : v;
		if (h->known && h->as_int)
			v = as_int;
		else if (h->known && (!func || !h->learned)) {
			IrValue param =
				func ? ir_param_as(func, IR_ROLE_HYPER, session_text(e->session, h->name), ir_scalar_type(e->real)) : 0;
			v = func ? value_scalar(e, S_REAL, ex_read(e, param, NULL, 0, false)) : value_real(e, h->value);
			v->hyper = (int)i + 1;
			v->as_int = as_int;
		} else if (h->learned)
			continue;
		scope_add(e, h->symbol, v);
	}
}

/* ---- the frame of a function ---- */

void begin_function(RuleElab *r, IrBuilder *builder, const char *name, IrFunc **func) {
	Elab *e = &r->e;
	*func = ir_func_new(e->module, arena_printf(e->arena, "%s_%s", session_text(e->session, r->decl->name.name), name));
	*builder = ir_builder(*func);
	builder->span = r->decl->name.span;
	e->builder = builder;
	scope_back(e, (ScopeMark){0});
	e->active.count = 0;
	e->tensor = NULL;
	e->coord = NULL;
	e->tensors = 1;
	e->coupled = false;
	e->path = path_inside(e->typing, &e->typing->root, ++r->functions);
	if (r->symbolic)
		e->n = ir_symbol(*func, "n");
	else {
		e->n = 0;
		for (uint32_t i = 0; i < r->target->count; i++)
			e->n += r->target->sizes[i];
	}
}

/* The tables of which coordinate belongs to which tensor. */
void begin_tensors(RuleElab *r) {
	Elab *e = &r->e;
	if (r->symbolic || r->decl->joint || r->target->count < 2)
		return;
	e->tensors = r->target->count;
	e->tensor = var_new(e, session_name(e->session, "s"), e->tensors, r->decl->name.span);
	e->tensor->tensor = true;
	int64_t *segment = e->lowering ? ARENA_ARRAY(e->arena, int64_t, e->n) : NULL, at = 0;
	for (uint32_t i = 0; segment && i < r->target->count; i++)
		for (int64_t k = 0; k < r->target->sizes[i]; k++)
			segment[at++] = i;
	IrDim n = e->n, s = e->tensors;
	e->builder->name = session_name(e->session, "segment");
	e->segments = emit_table(e, ir_tensor_type(IR_I64, 1, &n), NULL, segment);
	e->builder->name = session_name(e->session, "sizes");
	e->sizes = emit_table(e, ir_tensor_type(IR_I64, 1, &s), NULL, r->target->sizes);
	vec_push(e->arena, &e->active, e->tensor);
}

static Value *like_x(RuleElab *r, IrValue value) {
	int64_t dim = DIM_X;
	return value_read(&r->e, value, S_REAL, 1, &dim);
}

static IrType x_type(RuleElab *r) {
	IrDim n = r->e.n;
	return ir_tensor_type(r->e.real, 1, &n);
}

/* ---- states ---- */

/* The value that a state starts from, in its full shape: like x, per coordinate, or as typed. */
static Value *state_start(RuleElab *r, const AstStmt *s, bool *each) {
	Elab *e = &r->e;
	const AstDeclare *d = &s->declare;
	Value shape = {.kind = VALUE_ARRAY};
	*each = true;
	Value *v;
	if (d->type.each) {
		AstDeclare plain = *d;
		plain.type.span.file = 0;
		v = elab_headed(e, &plain, d->names.data[0].name);
		shape.dims[0] = DIM_X;
		if (!elab_dims(e, &d->type, shape.dims, &shape.rank, 1))
			return value_bad(e);
		if (v->kind == VALUE_ARRAY && v->rank && v->rank == shape.rank - 1 && !value_is_bad(v)) {
			Value *all = value_array(e, v->scalar, shape.rank, shape.dims, s->span);
			Ex *at[IR_MAX_RANK];
			for (int i = 1; i < shape.rank; i++)
				at[i - 1] = ex_var(e, all->vars[i]);
			if (memcmp(v->dims, shape.dims + 1, sizeof(int64_t) * (size_t)v->rank) == 0) {
				all->body = value_at(e, v, at);
				v = all;
			}
		}
	} else {
		v = elab_headed(e, d, d->names.data[0].name);
		if (d->type.span.file == 0 && !d->has_head && v->kind == VALUE_ARRAY && v->rank == 0) {
			shape.rank = 1;
			shape.dims[0] = DIM_X;
		} else {
			shape.rank = v->rank;
			memcpy(shape.dims, v->dims, sizeof v->dims);
		}
		*each = shape.rank > 0 && shape.dims[0] == DIM_X;
	}
	if (value_is_bad(v))
		return v;
	if (v->kind != VALUE_ARRAY) {
		diag_error(e->session, 249, s->span, "a state is made of numbers, not %s", type_text(e, v));
		return value_bad(e);
	}
	if (v->scalar == S_LITERAL)
		v = value_convert(e, v, S_REAL);
	v = elab_broadcast(e, v, &shape);
	if (value_same_shape(v, &shape))
		return v;
	diag_error(e->session, 236, d->value->span, "`%s` is declared %s, but this is %s",
	           session_text(e->session, d->names.data[0].name), dims_text(e, shape.dims, shape.rank),
	           dims_text(e, v->dims, v->rank));
	return value_bad(e);
}

void init_states(RuleElab *r, const AstDecl *decl, const char *prefix) {
	Elab *e = &r->e;
	FeRule *o = r->out;
	for (uint32_t i = 0; i < decl->body.count; i++) {
		const AstStmt *s = decl->body.data[i];
		if (s->kind != AST_STATE || s->declare.names.count == 0)
			continue;
		AstName name = s->declare.names.data[0];
		bool each = false;
		Value *v = state_start(r, s, &each);
		const char *text = arena_printf(e->arena, "%s%s", prefix, session_text(e->session, name.name));
		FeSlot slot = {.name = session_name(e->session, text), .span = name.span};
		if (!value_is_bad(v)) {
			IrValue value = whole(e, v, &e->tensor, e->tensor ? 1 : 0, slot.name, s->span);
			slot.type = ir_type(o->init, value);
			bool known = true;
			for (int k = 0; k < slot.type.rank; k++)
				known = known && slot.type.dims[k] >= 0;
			slot.count = known ? ir_type_elements(slot.type, NULL) : 0;
			ir_result_as(o->init, IR_ROLE_STATE, text, value);
		}
		vec_push(e->arena, &o->states, slot);
		vec_push(e->arena, &o->state_each, each);
		vec_push(e->arena, &r->states, v);
	}
	if (!prefix[0])
		r->own_states = o->states.count;
	for (uint32_t i = 0; i < decl->body.count; i++)
		if (decl->body.data[i]->kind == AST_APPLY)
			init_applied(r, decl->body.data[i], prefix);
}

static void build_init(RuleElab *r) {
	Elab *e = &r->e;
	FeRule *o = r->out;
	IrBuilder builder;
	begin_function(r, &builder, "init", &o->init);
	IrValue x = ir_param_as(o->init, IR_ROLE_X, "x", x_type(r));
	bind_hypers(r, o->init);
	begin_tensors(r);
	bind_learned(r, o->init);
	scope_add(e, r->names->rule[RULE_X], like_x(r, x));
	init_states(r, r->decl, "");
}

/* ---- the step ---- */

static Value *scalar_param(RuleElab *r, IrRole role, const char *name, IrScalar type) {
	Elab *e = &r->e;
	return value_scalar(e, type == IR_I64 ? S_INT : S_REAL,
	                    ex_read(e, ir_param_as(r->out->step, role, name, ir_scalar_type(type)), NULL, 0, false));
}

/* One value per tensor, combined over all of them. */
static Value *collective(Elab *e, const char *name, IrCombine combine, bool mean, Value *v, Span span) {
	RuleElab *r = e->rule;
	if (!r || !r->in_step) {
		diag_error(e->session, 264, span, "`%s` combines parameter tensors: it stands in the step of an optimizer",
		           name);
		return value_bad(e);
	}
	if (e->coord || e->cond_if) {
		diag_error(e->session, 264, span, "`%s` may not stand %s", name,
		           e->coord ? "inside `each`" : "under a condition that may differ between tensors");
		return value_bad(e);
	}
	for (int i = 0; i < v->rank; i++) {
		if (v->dims[i] != DIM_X)
			continue;
		Diag *diag = diag_error(e->session, 264, span,
		                        "`%s` combines one value per tensor, but this has one per coordinate", name);
		diag_help(e->session, diag, "reduce it first, as in `%s(sum(...))`", name);
		return value_bad(e);
	}
	e->coupled = true;
	v = settle(e, value_convert(e, v, S_REAL), 0, span);
	if (r->symbolic && !r->decl->joint) {
		if (v->rank || e->builder->block != &r->out->step->body) {
			Diag *diag =
				diag_error(e->session, 397, span,
			               "for tensors of any size this version has `%s` of one number only, outside of loops", name);
			if (v->rank)
				diag_help(e->session, diag, "this is %s: combine its elements one by one, as in `%s(v[0])`",
				          type_text(e, v), name);
			else
				diag_help(e->session, diag, "combine before the loop, or what the loop has made behind it");
			return value_bad(e);
		}
		Value *share[2] = {v, value_real(e, 1)}, *total[2];
		for (int i = 0; i < (mean ? 2 : 1); i++) {
			IrValue value = whole(e, share[i], NULL, 0, 0, span);
			vec_push(e->arena, &r->shares, value);
			vec_push(e->module->arena, &r->out->largest, combine == IR_PUT_MAX);
			const char *param = arena_printf(e->arena, "all%u", (unsigned)r->shares.count);
			total[i] = scalar_param(r, IR_ROLE_SUM, param, e->real);
		}
		return mean ? elab_apply(e, IR_div, S_REAL, S_REAL, total, 2, span, NULL) : total[0];
	}
	if (!e->tensor)
		return v;
	Var *other = var_new(e, e->tensor->name, e->tensors, span);
	other->tensor = true;
	Ex *to = ex_var(e, other);
	Ex *body = ex_substitute(e, value_body(e, v), &e->tensor, &to, 1, false);
	Value *sum = reduce(e, combine, v, body, &other, 1, NULL, 0, span);
	Value *parts[2] = {sum, value_real(e, (double)e->tensors)};
	return mean ? elab_apply(e, IR_div, S_REAL, S_REAL, parts, 2, span, NULL) : sum;
}

Value *elab_call_all_sum(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	return collective(e, b->name, IR_PUT_SUM, false, args[0], x->span);
}

Value *elab_call_all_mean(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	return collective(e, b->name, IR_PUT_SUM, true, args[0], x->span);
}

Value *elab_call_all_max(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	return collective(e, b->name, IR_PUT_MAX, false, args[0], x->span);
}

/* What a state of the rule itself is called; NULL: one of a rule that it applies, which is bound there. */
static const Symbol *slot_symbol(const RuleElab *r, uint32_t state) {
	for (uint32_t i = 0; i < r->decl->body.count && state < r->own_states; i++) {
		const AstStmt *s = r->decl->body.data[i];
		if (s->kind == AST_STATE && s->declare.names.count && state-- == 0)
			return symbol_at(r->program, s->declare.names.data[0].id);
	}
	return NULL;
}

static void build_step(RuleElab *r) {
	Elab *e = &r->e;
	FeRule *o = r->out;
	IrBuilder builder;
	begin_function(r, &builder, "step", &o->step);
	IrValue x = ir_param_as(o->step, IR_ROLE_X, "x", x_type(r)), g = ir_param_as(o->step, IR_ROLE_G, "g", x_type(r));
	Value *f = scalar_param(r, IR_ROLE_F, "f", e->real), *t = scalar_param(r, IR_ROLE_T, "t", IR_I64),
		  *horizon = scalar_param(r, IR_ROLE_HORIZON, "horizon", IR_I64);
	t->body->low = horizon->body->low = 1;
	t->body->high = horizon->body->high = ex_most_elements;
	bind_hypers(r, o->step);
	begin_tensors(r);
	bind_learned(r, o->step);
	Symbol *const *names = r->names->rule;
	Binding *bound_x = scope_add(e, names[RULE_X], like_x(r, x));
	bound_x->scalar = S_REAL;
	Binding *bound_g = scope_add(e, names[RULE_G], like_x(r, g));
	Binding *bound_f = scope_add(e, names[RULE_F], f);
	scope_add(e, names[RULE_T], t);
	Binding *bound_horizon = scope_add(e, names[RULE_HORIZON], horizon);
	bool all_each = true;
	for (uint32_t i = 0; i < o->states.count; i++) {
		const FeSlot *slot = &o->states.data[i];
		const Value *start = r->states.data[i];
		Value *v = value_bad(e);
		if (start->kind == VALUE_ARRAY) {
			IrType type = slot->type;
			for (int k = 0; k < type.rank; k++)
				type.dims[k] = type.dims[k] < 0 ? e->n : type.dims[k];
			IrValue param = ir_param_as(o->step, IR_ROLE_STATE, session_text(e->session, slot->name), type);
			v = value_from_whole(e, param, start->scalar, start->rank, start->dims, &e->tensor, e->tensor ? 1 : 0);
		}
		all_each = all_each && o->state_each.data[i];
		Binding *b = scope_add(e, slot_symbol(r, i), v);
		b->scalar = start->scalar;
		vec_push(e->arena, &r->bound, b);
	}
	r->in_step = true;
	r->next_state = r->own_states;
	for (uint32_t i = 0; i < r->decl->body.count; i++) {
		const AstStmt *s = r->decl->body.data[i];
		if (s->kind != AST_LEARN && s->kind != AST_STATE)
			elab_stmt(e, s);
	}
	r->in_step = false;
	if (!value_is_bad(bound_x->value))
		ir_result_as(o->step, IR_ROLE_X, "x",
		             whole(e, bound_x->value, NULL, 0, names[RULE_X]->name, r->decl->name.span));
	for (uint32_t i = 0; i < r->bound.count; i++) {
		Value *v = r->bound.data[i]->value;
		const FeSlot *slot = &o->states.data[i];
		if (!value_is_bad(v))
			ir_result_as(o->step, IR_ROLE_STATE, session_text(e->session, slot->name),
			             whole(e, v, &e->tensor, e->tensor ? 1 : 0, slot->name, slot->span));
	}
	for (uint32_t i = 0; i < r->shares.count; i++)
		ir_result_as(o->step, IR_ROLE_SHARE, arena_printf(e->arena, "share%u", (unsigned)i + 1), r->shares.data[i]);
	o->collectives = r->shares.count;
	o->reads_f = bound_f->used;
	o->reads_g = bound_g->used;
	o->reads_horizon = bound_horizon->used;
	o->elementwise = !e->coupled && all_each && !r->decl->joint;
}

/* What a call asks for, in any of its forms. */
typedef struct RuleAsked {
	const FeCall *call;
	const FeTarget *target;
	IrScalar real;
	const Name *open;
	uint32_t open_count;
	Typing *typing;
} RuleAsked;

static RuleElab *rule_new(FeProgram *program, IrModule *module, const RuleAsked *asked, Calls *calls) {
	RuleElab *r = ARENA_NEW(module->arena, RuleElab);
	r->program = program;
	r->call = asked->call;
	r->decl = asked->call->decl;
	r->names = resolve(program, asked->call->decl);
	r->target = asked->target;
	r->open = asked->open;
	r->open_count = asked->open_count;
	r->symbolic = asked->target->count == 0;
	r->e = elab_new(program, module, asked->real, asked->typing);
	r->e.rule = r;
	*calls = (Calls){asked->call->decl, NULL};
	r->e.calls = calls;
	return r;
}

static void mark_opened(RuleElab *r) {
	for (uint32_t i = 0; i < r->hypers.count; i++)
		for (uint32_t k = 0; k < r->open_count; k++)
			if (r->open[k] == r->hypers.data[i].name)
				r->hypers.data[i].learned = 1;
}

static void build_functions(RuleElab *r) {
	r->shares.count = r->states.count = r->bound.count = r->applied = r->functions = 0;
	FeRule *o = r->out = ARENA_NEW(r->e.arena, FeRule);
	o->decl = r->decl;
	o->module = r->e.module;
	o->real = r->e.real;
	build_theta(r);
	build_natural(r);
	build_init(r);
	build_step(r);
}

/* Typed again whenever a hyperparameter turns out to be a whole number, which others may follow from. */
static RuleElab *type_functions(FeProgram *program, IrModule *module, const RuleAsked *asked, Calls *calls) {
	uint32_t complaints = program->session->complaints, funcs = module->funcs.count;
	RuleElab *r = rule_new(program, module, asked, calls);
	if (!read_hypers(r))
		return NULL;
	mark_opened(r);
	do {
		r->more_ints = false;
		module->funcs.count = funcs;
		build_functions(r);
	} while (r->more_ints && program->session->complaints == complaints);
	for (uint32_t i = 0; i < r->hypers.count; i++)
		if (r->hypers.data[i].learned && r->hypers.data[i].as_int)
			diag_error(program->session, 272, r->hypers.data[i].span, "`%s` is a whole number, which cannot be learned",
			           session_text(program->session, r->hypers.data[i].name));
	return program->session->complaints == complaints && !program->broken ? r : NULL;
}

static RuleElab *lower_functions(FeProgram *program, IrModule *module, const RuleAsked *asked, Calls *calls) {
	uint32_t complaints = program->session->complaints;
	RuleElab *r = rule_new(program, module, asked, calls);
	r->e.lowering = true;
	read_hypers(r);
	mark_opened(r);
	for (uint32_t i = 0; i < r->hypers.count; i++)
		r->hypers.data[i].as_int = typing_is_whole(asked->typing, r->hypers.data[i].symbol);
	build_functions(r);
	return program->session->complaints == complaints ? r : NULL;
}

static FeRule *finish(RuleElab *r) {
	for (uint32_t i = 0; i < r->hypers.count; i++) {
		const Hyper *h = &r->hypers.data[i];
		if (!h->known || h->as_int || h->learned)
			continue;
		FeHyper hyper = {.name = h->name,
		                 .value = h->value,
		                 .given = h->given,
		                 .has_range = h->has_range,
		                 .low = h->low,
		                 .high = h->high};
		vec_push(r->e.arena, &r->out->hypers, hyper);
	}
	return r->out;
}

FeRule *type_rule(FeProgram *program, IrModule *module, const FeCall *call, const FeTarget *target, IrScalar real,
                  const Name *open, uint32_t open_count, Typing *typing) {
	program = call->program ? call->program : program;
	RuleAsked asked = {call, target, real, open, open_count, typing};
	Calls calls;
	bool sound = names_are_sound(program, call->decl);
	RuleElab *r = type_functions(program, module, &asked, &calls);
	return r && sound ? finish(r) : NULL;
}

FeRule *fe_rule(FeProgram *program, IrModule *module, const FeCall *call, const FeTarget *target, IrScalar real,
                const Name *open, uint32_t open_count) {
	program = call->program ? call->program : program;
	Calls calls[2];
	Arena *notes = arena_new();
	RuleAsked asked = {call, target, real, open, open_count, typing_new(notes)};
	IrModule *scratch = ir_module_new(program->session);
	bool sound = names_are_sound(program, call->decl);
	sound = type_functions(program, scratch, &asked, &calls[0]) && sound;
	ir_module_free(scratch);
	RuleElab *r = sound ? lower_functions(program, module, &asked, &calls[1]) : NULL;
	arena_free(notes);
	return r ? finish(r) : NULL;
}
