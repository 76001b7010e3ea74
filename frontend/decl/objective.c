/* Objectives: three or four functions out of one list of statements.
 *
 *     given, and what depends only on givens      setup(data..., seed, instance) -> fixed...
 *     what parameters start from                  start(data..., seed, instance, fixed...) -> x
 *     what depends on parameters, the rest        value(data..., fixed..., x) -> f, reports...
 *     the same with other data                    validate(data..., fixed..., x) -> valid
 *
 * Statements that depend on neither are computed wherever they are needed. */
#include "frontend/decl/compose.h"
#include "frontend/meaning/reduce.h"

#include <math.h>
#include <string.h>

/* ---- hyperparameters ---- */

static bool bind_hypers(ObjectiveBuilding *b, const FeCall *call) {
	Elab *e = &b->e;
	const AstDecl *decl = b->decl;
	const AstExpr **args = ARENA_ARRAY(e->arena, const AstExpr *, decl->params.count + 1);
	bool ok = program_arguments(e->program, call, args);
	b->args = args;
	IrBuilder scratch = ir_builder(ir_func_new(e->module, "constants"));
	e->builder = &scratch;
	for (uint32_t i = 0; i < decl->params.count; i++) {
		const AstParam *p = &decl->params.data[i];
		const AstExpr *x = args[i] ? args[i] : p->value;
		Value *v = hyper_constant(e, call, p, x);
		int64_t whole_number;
		double real;
		if (value_known_int(v, &whole_number))
			v = value_scalar(e, S_LITERAL, ex_int(e, whole_number));
		else if (value_known_real(v, &real) && args[i] && fabs(real) < (double)EX_FAR &&
		         real == (double)(int64_t)real && x->kind == AST_NUMBER && x->number.whole)
			v = value_scalar(e, S_LITERAL, ex_int(e, (int64_t)real));
		scope_add_name(e, p->name, v);
		ok = x && ok;
	}
	e->module->funcs.count--; /* the scratch function: it made nothing that is used */
	b->hypers = scope_mark(e);
	return ok;
}

/* ---- the three functions ---- */

static void see_param(const Symbol *symbol, Span span, void *context) {
	ObjectiveBuilding *b = context;
	b->unknown = b->unknown || symbol->kind == SYMBOL_UNKNOWN;
	const StageName *known = stages_name(&b->stages, symbol);
	if (!known || known->stage < STAGE_VALUE || b->reported)
		return;
	if (b->unknown) { /* told; what an unknown function makes of its arguments nobody knows */
		b->reported = true;
		return;
	}
	Diag *diag =
		diag_error(b->e.session, 247, span, "this is fixed before there are parameters, so it cannot depend on `%s`",
	               session_text(b->e.session, symbol->name));
	diag_help(b->e.session, diag,
	          symbol->kind == SYMBOL_BATCH
	              ? "what depends on a batch is computed at every step: `let`"
	              : "what depends on parameters is computed at every evaluation: `let`; a start sees what is given");
	b->reported = true;
}

static bool independent(ObjectiveBuilding *b, const AstStmt *s) {
	b->reported = b->unknown = false;
	symbol_visit_stmt(b->e.program, s, see_param, b);
	return !b->reported;
}

static Value *given_value(ObjectiveBuilding *b, const AstStmt *s, DrawKey key) {
	Elab *e = &b->e;
	const AstDeclare *d = &s->declare;
	if (!independent(b, s))
		return value_bad(e);
	Value *v = d->draw ? elab_draw(e, d, key) : elab_headed(e, d, d->names.data[0].name);
	if (v->kind == VALUE_ARRAY && v->scalar == S_LITERAL)
		v = value_convert(e, v, S_REAL);
	return value_is_bad(v) ? v : value_materialize(e, v, d->names.data[0].name, s->span);
}

static DrawKey start_function(ObjectiveBuilding *b, IrBuilder *builder, const char *name, IrFunc **func) {
	Elab *e = &b->e;
	*func = ir_func_new(e->module, arena_printf(e->arena, "%s_%s", session_text(e->session, b->decl->name.name), name));
	*builder = ir_builder(*func);
	builder->span = b->decl->name.span;
	e->builder = builder;
	scope_back(e, b->hypers);
	e->path = typing_inside(e->typing, &e->typing->root, ++b->functions);
	objective_add_data(b);
	DrawKey key = {0};
	bool value = strcmp(name, "setup") != 0 && strcmp(name, "start") != 0;
	if (!value || b->out->batches || b->drawing) {
		key.seed = ex_read(e, ir_param_as(*func, IR_ROLE_SEED, "seed", ir_scalar_type(IR_I64)), NULL, 0, false);
		key.instance =
			ex_read(e, ir_param_as(*func, IR_ROLE_INSTANCE, "instance", ir_scalar_type(IR_I64)), NULL, 0, false);
		if (value)
			key.step = ex_read(e, ir_param_as(*func, IR_ROLE_STEP, "step", ir_scalar_type(IR_I64)), NULL, 0, false);
	}
	return key;
}

static void build_setup(ObjectiveBuilding *b) {
	Elab *e = &b->e;
	IrBuilder builder;
	DrawKey key = start_function(b, &builder, "setup", &b->out->setup);
	for (uint32_t i = 0; i < b->decl->body.count; i++) {
		const AstStmt *s = b->decl->body.data[i];
		if (stages_is_computation(s) && b->stages.stmts[i].stage < STAGE_VALUE)
			elab_stmt(e, s);
		objective_meet_data(b, i);
		if (s->kind == AST_GIVEN && s->declare.names.count && objective_name_free(e, s->declare.names.data[0])) {
			Value *v = given_value(b, s, key);
			scope_add_name(e, s->declare.names.data[0], v);
		}
	}
	for (uint32_t i = 0; i < b->stages.names.count; i++) {
		if (!b->stages.names.data[i]->needed)
			continue;
		const Symbol *symbol = b->stages.names.data[i]->symbol;
		const Binding *bound = scope_find(e, symbol);
		if (!bound)
			continue;
		Value *v = bound->value;
		vec_push(e->arena, &b->fixed_symbols, symbol);
		if (v->kind != VALUE_ARRAY) {
			vec_push(e->arena, &b->fixed, v);
			vec_push(e->arena, &b->out->fixed, ((FeSlot){.name = symbol->name, .span = symbol->span}));
			continue;
		}
		if (v->scalar == S_LITERAL)
			v = value_convert(e, v, S_REAL);
		IrValue value = emit_whole(e, v, NULL, 0, symbol->name, symbol->span);
		IrType type = ir_type(b->out->setup, value);
		FeSlot slot = {.name = symbol->name, .type = type, .count = ir_type_elements(type, NULL), .span = symbol->span};
		vec_push(e->arena, &b->out->fixed, slot);
		vec_push(e->arena, &b->fixed, v);
		ir_result_as(b->out->setup, IR_ROLE_FIXED, session_text(e->session, symbol->name), value);
	}
}

/* Names of what setup made, as parameters of the function being built. */
static void bind_fixed(ObjectiveBuilding *b, IrFunc *func) {
	Elab *e = &b->e;
	for (uint32_t i = 0; i < b->out->fixed.count; i++) {
		const FeSlot *slot = &b->out->fixed.data[i];
		Value *made = b->fixed.data[i], *v = made;
		if (made->kind == VALUE_ARRAY) {
			IrValue param = ir_param_as(func, IR_ROLE_FIXED, session_text(e->session, slot->name), slot->type);
			v = value_read(e, param, made->scalar, made->rank, made->dims);
			v->body->low = made->body->low;
			v->body->high = made->body->high;
		}
		scope_add(e, b->fixed_symbols.data[i], v);
	}
}

/* The shape of a parameter, and its value at the start if `value` is not NULL. */
static bool param_start(ObjectiveBuilding *b, const AstStmt *s, DrawKey key, Value **value, int64_t *dims, int *rank) {
	Elab *e = &b->e;
	const AstDeclare *d = &s->declare;
	const char *name = session_text(e->session, d->names.data[0].name);
	if (!independent(b, s))
		return false;
	Value *v = d->draw ? elab_draw(e, d, key) : elab_headed(e, d, d->names.data[0].name);
	if (value_is_bad(v))
		return false;
	if (v->kind != VALUE_ARRAY || v->scalar == S_BOOL || (d->type.span.file && d->type.scalar != AST_REAL)) {
		diag_error(e->session, 249, s->span, "a parameter is made of real numbers: `%s` cannot be %s", name,
		           value_type_text(e, v));
		return false;
	}
	v = value_convert(e, v, S_REAL);
	memcpy(dims, v->dims, sizeof v->dims);
	*rank = v->rank;
	*value = v;
	return true;
}

static bool draws(const AstStmt *s) {
	return s->declare.draw != NULL;
}

static void see_fixed(const Symbol *symbol, Span span, void *context) {
	(void)span;
	ObjectiveBuilding *b = context;
	const StageName *known = stages_name(&b->stages, symbol);
	if (known && known->stage == STAGE_SETUP)
		b->out->random_start = true;
}

static void build_start(ObjectiveBuilding *b) {
	Elab *e = &b->e;
	FeObjective *o = b->out;
	IrBuilder builder;
	stages_want(&b->stages, true);
	DrawKey key = start_function(b, &builder, "start", &o->start);
	bind_fixed(b, o->start);
	VEC(Value *) starts = {0};
	for (uint32_t i = 0; i < b->decl->body.count; i++) {
		const AstStmt *s = b->decl->body.data[i];
		objective_meet_data(b, i);
		if (stages_is_computation(s) && b->stages.stmts[i].stage == STAGE_CONST && stages_wanted(&b->stages, i))
			elab_stmt(e, s);
		if (s->kind != AST_PARAM || s->declare.names.count == 0)
			continue;
		Value *v = NULL;
		int64_t dims[IR_MAX_RANK];
		int rank = 0;
		FeSlot slot = {.name = s->declare.names.data[0].name,
		               .span = s->declare.names.data[0].span,
		               .offset = o->size,
		               .count = 0};
		if (param_start(b, s, key, &v, dims, &rank) && objective_param_limits(b, &s->declare, v, &slot.limits)) {
			slot.type = ir_tensor_type(e->real, rank, dims);
			slot.count = ir_type_elements(slot.type, NULL);
		} else {
			v = NULL;
			b->ok = false;
		}
		o->random_start = o->random_start || draws(s);
		symbol_visit_stmt(e->program, s, see_fixed, b);
		o->size += slot.count;
		vec_push(e->arena, &o->arrays, slot);
		objective_add_params(b, &s->declare, slot);
		vec_push(e->arena, &b->param_symbols, symbol_at(e->program, s->declare.names.data[0].id));
		vec_push(e->arena, &starts, v);
	}
	if (o->size > 0)
		ir_result_as(o->start, IR_ROLE_X, "x", objective_flat_start(b, starts.data));
}

/* What a result is where it stands; 0 after an error. */
static IrValue result(ObjectiveBuilding *b, const char *name, const AstExpr *x, const char *what) {
	Elab *e = &b->e;
	Value *v = elab_scalar(e, x, what);
	if (value_is_bad(v))
		return 0;
	if (v->scalar == S_BOOL && strcmp(name, "f") == 0) {
		Diag *diag = diag_error(e->session, 210, x->span, "what is minimized is a number, not a condition");
		diag_help(e->session, diag, "its gradient would be 0 everywhere: minimize what is compared");
		return 0;
	}
	v = value_convert(e, v, S_REAL);
	return emit_whole(e, v, NULL, 0, session_name(e->session, name), x->span);
}

/* Drawn anew at every step, and so a part of what is evaluated. One that depends on no parameter is data, as what is given, and as in
 * C, where it is the caller's: no derivative leads through it. */
static Value *batch_value(ObjectiveBuilding *b, uint32_t at, DrawKey key) {
	Elab *e = &b->e;
	const AstStmt *s = b->decl->body.data[at];
	if (!s->declare.draw) /* reported when it was read */
		return value_bad(e);
	Value *v = elab_draw(e, &s->declare, key);
	if (!value_is_bad(v) && v->scalar == S_REAL && !stages_moves(&b->stages, at))
		v = elab_with_body(e, v, S_REAL, ex_op(e, IR_stop_gradient, value_body(e, v), NULL, NULL));
	return value_is_bad(v) ? v : value_materialize(e, v, s->declare.names.data[0].name, s->span);
}

/* Parameters for what is drawn elsewhere. */
static void add_batch(ObjectiveBuilding *b, IrFunc *func) {
	uint32_t count = b->batch->slots.count;
	b->batch_values = ARENA_ARRAY(b->e.arena, IrValue, count + 1);
	for (uint32_t i = 0; i < count; i++) {
		const FeSlot *slot = &b->batch->slots.data[i];
		b->batch_values[i] = ir_param_as(func, IR_ROLE_BATCH, session_text(b->e.session, slot->name), slot->type);
	}
}

/* A batch that the caller gives: nothing is known of its numbers. */
static Value *given_batch(ObjectiveBuilding *b, AstName name) {
	for (uint32_t i = 0; i < b->batch->slots.count; i++) {
		const FeSlot *slot = &b->batch->slots.data[i];
		IrScalar scalar = slot->type.scalar;
		if (slot->name == name.name)
			return value_read(&b->e, b->batch_values[i],
			                  scalar == IR_I64    ? S_INT
			                  : scalar == IR_BOOL ? S_BOOL
			                                      : S_REAL,
			                  slot->type.rank, slot->type.dims);
	}
	return value_bad(&b->e);
}

/* One more result of the function that draws. */
static void note_batch(ObjectiveBuilding *b, AstName name, Value *v) {
	if (value_is_bad(v))
		return;
	IrValue value = emit_whole(&b->e, v, NULL, 0, name.name, name.span);
	IrType type = ir_type(b->e.builder->func, value);
	FeSlot slot = {.name = name.name, .type = type, .count = ir_type_elements(type, NULL), .span = name.span};
	vec_push(b->e.arena, &b->batch->slots, slot);
	ir_result_as(b->e.builder->func, IR_ROLE_BATCH, session_text(b->e.session, name.name), value);
}

/* (data..., key or batch..., fixed..., x), and their names. */
static DrawKey start_evaluation(ObjectiveBuilding *b, IrBuilder *builder, const char *name, IrFunc **func) {
	FeObjective *o = b->out;
	stages_want(&b->stages, false);
	DrawKey key = start_function(b, builder, name, func);
	bind_fixed(b, *func);
	if (b->batch && !b->drawing)
		add_batch(b, *func);
	IrValue x = o->size ? ir_param_as(*func, IR_ROLE_X, "x", ir_tensor_type(b->e.real, 1, &o->size)) : 0;
	for (uint32_t i = 0; i < o->arrays.count; i++)
		objective_bind_param(b, x, &o->arrays.data[i], b->param_symbols.data[i]);
	return key;
}

/* What a statement is to an evaluation: data, a draw, something to compute. */
static void evaluate_stmt(ObjectiveBuilding *b, uint32_t at, DrawKey key) {
	Elab *e = &b->e;
	const AstStmt *s = b->decl->body.data[at];
	Stage stage = b->stages.stmts[at].stage;
	objective_meet_data(b, at);
	if (s->kind == AST_BATCH && s->declare.names.count && objective_name_free(e, s->declare.names.data[0])) {
		AstName name = s->declare.names.data[0];
		Value *v = b->batch && !b->drawing ? given_batch(b, name) : batch_value(b, at, key);
		if (b->drawing)
			note_batch(b, name, v);
		scope_add_name(e, name, v);
	}
	if (stages_is_computation(s) &&
	    (stage == STAGE_VALUE || b->stages.stmts[at].again || (stage == STAGE_CONST && stages_wanted(&b->stages, at))))
		elab_stmt(e, s);
}

/* The batches of an evaluation, which ends before the statement `end`, and the function that draws them. */
static void build_draw(ObjectiveBuilding *b, FeBatch *batch, const char *name, const AstStmt *end) {
	IrBuilder builder;
	b->batch = batch;
	b->drawing = true;
	DrawKey key = start_evaluation(b, &builder, name, &batch->draw);
	for (uint32_t i = 0; i < b->decl->body.count && b->decl->body.data[i] != end; i++)
		evaluate_stmt(b, i, key);
	b->drawing = false;
}

static bool one_validate(ObjectiveBuilding *b, const AstStmt *s) {
	if (!b->validate) {
		b->validate = s;
		return true;
	}
	Diag *diag = diag_error(b->e.session, 280, s->keyword, "an objective is validated by one thing");
	diag_label(b->e.session, diag, b->validate->keyword, "already here");
	return false;
}

/* Residuals of any shape, as one vector in row-major order; 0 after an error. */
static IrValue residual_vector(ObjectiveBuilding *b, const AstExpr *x) {
	Elab *e = &b->e;
	Value *v = elab_expr(e, x);
	if (value_is_bad(v))
		return 0;
	if (v->kind != VALUE_ARRAY || v->scalar == S_BOOL) {
		diag_error(e->session, 295, x->span, "residuals are real numbers, not %s", value_type_text(e, v));
		return 0;
	}
	v = value_convert(e, v, S_REAL);
	Ex *body = value_body(e, v);
	Emit m = emit_begin(e, x->span);
	IrAt place = ir_at_const(0);
	int64_t count = 1;
	for (int k = 0; k < v->rank; k++) {
		emit_var(e, &m, v->vars[k]);
		place = ir_at_add(e->module, ir_at_scale(e->module, place, v->dims[k]), ir_at_index(e->module, (uint32_t)k, 1));
		count *= v->dims[k];
	}
	uint32_t node = emit_ex(e, &m, body);
	IrType type = ir_tensor_type(e->real, 1, &count);
	b->out->residuals = count;
	e->builder->name = session_name(e->session, "residuals");
	return emit_put(e, &m, IR_PUT_NONE, node, type, &place, 0, false);
}

static bool one_residuals(ObjectiveBuilding *b, const AstStmt *s, const AstStmt **first) {
	if (!*first) {
		*first = s;
		return true;
	}
	Diag *diag = diag_error(b->e.session, 295, s->keyword, "an objective says once what its residuals are");
	diag_label(b->e.session, diag, (*first)->keyword, "already here");
	return false;
}
/* Whether what was given for a parameter was complained about: it may have been a base, whose parameters are missing now. So may be the name
 * by which a base is used. */
static bool lost_a_value(const ObjectiveBuilding *b) {
	bool lost = b->decl->params.count > 0 && !resolve_is_sound(b->e.program, b->decl);
	for (uint32_t i = 0; i < b->decl->params.count && !lost; i++) {
		const Symbol *symbol = symbol_at(b->e.program, b->decl->params.data[i].name.id);
		const Binding *bound = symbol ? scope_find(&b->e, symbol) : NULL;
		lost = !bound || value_is_bad(bound->value);
	}
	return lost;
}

/* Figures are told apart by their names. */
static bool one_report(const ObjectiveBuilding *b, const AstStmt *s) {
	for (uint32_t i = 0; b->decl->body.data[i] != s; i++) {
		const AstStmt *before = b->decl->body.data[i];
		if (before->kind != AST_REPORT || before->report.name.name != s->report.name.name)
			continue;
		Session *session = b->e.session;
		Diag *diag = diag_error(session, 202, s->report.name.span, "there is a report `%s` already",
		                        session_text(session, s->report.name.name));
		diag_label(session, diag, before->report.name.span, "first here");
		return false;
	}
	return true;
}

static void build_value(ObjectiveBuilding *b) {
	Elab *e = &b->e;
	FeObjective *o = b->out;
	IrBuilder builder;
	DrawKey key = start_evaluation(b, &builder, "value", &o->value);
	const AstStmt *minimize = NULL, *residuals = NULL;
	IrValue f = 0, r = 0;
	VEC(IrValue) figures = {0};
	for (uint32_t i = 0; i < b->decl->body.count; i++) {
		const AstStmt *s = b->decl->body.data[i];
		evaluate_stmt(b, i, key);
		if (s->kind == AST_VALIDATE && !one_validate(b, s))
			continue;
		if (s->kind == AST_REPORT && s->report.value && one_report(b, s)) {
			vec_push(e->arena, &o->reports, s->report.name.name);
			const char *name = session_text(e->session, s->report.name.name);
			vec_push(e->arena, &figures, result(b, name, s->report.value, "a report"));
		}
		if (s->kind == AST_RESIDUALS && one_residuals(b, s, &residuals))
			r = residual_vector(b, s->residuals);
		if (s->kind != AST_MINIMIZE)
			continue;
		if (minimize) {
			Diag *diag = diag_error(e->session, 241, s->keyword, "an objective minimizes one thing");
			diag_label(e->session, diag, minimize->keyword, "already here");
			diag_help(e->session, diag, "`report name = ...` gives further figures");
			continue;
		}
		minimize = s;
		f = result(b, "f", s->minimize, "what is minimized");
	}
	if (f)
		ir_result_as(o->value, IR_ROLE_F, "f", f);
	for (uint32_t i = 0; i < figures.count; i++)
		if (figures.data[i])
			ir_result_as(o->value, IR_ROLE_REPORT, session_text(e->session, o->reports.data[i]), figures.data[i]);
	if (r)
		ir_result_as(o->value, IR_ROLE_RESIDUALS, "residuals", r);
	const char *name = session_text(e->session, b->decl->name.name);
	if (b->decl->unread)
		return;
	if (!minimize) {
		Diag *diag =
			diag_error(e->session, 240, b->decl->name.span, "objective `%s` does not say what to minimize", name);
		diag_help(e->session, diag, "end it with `minimize ...`");
	}
	if (o->params.count == 0 && !lost_a_value(b)) {
		Diag *diag =
			diag_error(e->session, 243, b->decl->name.span, "objective `%s` has no parameter to optimize", name);
		bool given = b->decl->params.count && !b->decl->params.data[0].value;
		diag_help(e->session, diag,
		          given ? "declare one; or, if a parameter is an objective, say so by its default: `base = rosenbrock`"
		                : "declare one: `param w : [3] ~ normal(0, 1)`");
	}
}

/* The same statements again, with other data in the place of some. */
static void build_validate(ObjectiveBuilding *b) {
	IrBuilder builder;
	const AstStmt *s = b->validate;
	if (!objective_substitutes(b))
		return;
	b->substitute = true;
	if (b->batch)
		build_draw(b, &b->out->validate_batch, "validate_draw", s);
	DrawKey key = start_evaluation(b, &builder, "validate", &b->out->validate);
	for (uint32_t i = 0; i < b->decl->body.count && b->decl->body.data[i] != s; i++)
		evaluate_stmt(b, i, key);
	IrValue value = result(b, "validate", s->validate.value, "what validates");
	if (value)
		ir_result_as(b->out->validate, IR_ROLE_VALID, "validate", value);
}

typedef enum Form {
	FORM_USUAL,
	FORM_APART,   /* batches are drawn by functions of their own */
	FORM_DECLARED /* x is as declared */
} Form;

/* All of it, typed or lowered; NULL with diagnostics. */
static FeObjective *build(FeProgram *program, IrModule *module, const FeCall *call, IrScalar real, Typing *typing,
                          bool lowering, Form form) {
	uint32_t complaints = program->session->complaints;
	ObjectiveBuilding b = {.e = elab_new(program, module, real, typing), .decl = call->decl, .ok = true};
	b.e.lowering = lowering;
	b.declared = form == FORM_DECLARED;
	b.out = ARENA_NEW(module->arena, FeObjective);
	b.out->decl = call->decl;
	b.out->module = module;
	b.out->real = real;
	Calls calls = {.decl = call->decl};
	b.e.calls = &calls;
	if (!bind_hypers(&b, call))
		return NULL;
	stages_find(&b.stages, program, module->arena, &call->decl->body);
	stages_want(&b.stages, true);
	stages_want(&b.stages, false);
	for (uint32_t i = 0; i < call->decl->body.count; i++)
		b.out->batches = b.out->batches || call->decl->body.data[i]->kind == AST_BATCH;
	objective_find_data(&b);
	build_setup(&b);
	build_start(&b);
	objective_build_natural(&b);
	if (form == FORM_APART && b.out->batches) {
		b.out->batches = false;
		build_draw(&b, &b.out->batch, "draw", NULL);
	}
	build_value(&b);
	if (b.validate && program->session->complaints == complaints)
		build_validate(&b);
	return program->session->complaints == complaints && b.ok && !program->broken ? b.out : NULL;
}

FeObjective *objective_typed_alone(FeProgram *program, IrModule *module, const AstDecl *decl) {
	FeCall call = {.decl = decl, .span = decl->name.span, .program = program};
	return build(program, module, &call, IR_F64, typing_new(module->arena), false, FORM_USUAL);
}

FeObjective *objective_typed(FeProgram *program, IrModule *module, const FeCall *call, IrScalar real, Typing *typing) {
	FeCall written_out;
	program = call->program ? call->program : program;
	uint32_t complaints = program->session->complaints;
	DiagMark mark = diag_mark(program->session);
	call = objective_written_out(program, call, &written_out);
	if (!call)
		return NULL;
	bool sound = resolve_is_sound(program, call->decl);
	FeObjective *typed = build(program, module, call, real, typing, false, FORM_USUAL);
	program_say_use(program->session, mark, call->span);
	return sound && program->session->complaints == complaints ? typed : NULL;
}

/* From notes of the same functions. */
static FeObjective *lower(FeProgram *program, IrModule *module, const FeCall *call, IrScalar real, Form form) {
	FeCall written_out;
	program = call->program ? call->program : program;
	uint32_t complaints = program->session->complaints;
	call = objective_written_out(program, call, &written_out);
	if (!call)
		return NULL;
	IrModule *scratch = ir_module_new(program->session);
	Arena *notes = arena_new();
	Typing *typing = typing_new(notes);
	bool sound = objective_typed(program, scratch, call, real, typing) != NULL;
	if (form == FORM_APART && sound) {
		typing = typing_new(notes);
		sound = build(program, scratch, call, real, typing, false, form) != NULL;
	}
	ir_module_free(scratch);
	sound = sound && program->session->complaints == complaints;
	FeObjective *objective = sound ? build(program, module, call, real, typing, true, form) : NULL;
	arena_free(notes);
	return objective;
}

FeObjective *fe_objective(FeProgram *program, IrModule *module, const FeCall *call, IrScalar real) {
	return lower(program, module, call, real, FORM_USUAL);
}

FeObjective *fe_objective_apart(FeProgram *program, IrModule *module, const FeCall *call, IrScalar real) {
	return lower(program, module, call, real, FORM_APART);
}

FeObjective *fe_objective_declared(FeProgram *program, IrModule *module, const FeCall *call, IrScalar real) {
	return lower(program, module, call, real, FORM_DECLARED);
}

FeTarget fe_target(const FeObjective *objective, Arena *arena) {
	uint32_t count = objective->params.count;
	int64_t *sizes = ARENA_ARRAY(arena, int64_t, count + 1);
	IrType *types = ARENA_ARRAY(arena, IrType, count + 1);
	for (uint32_t i = 0; i < count; i++) {
		sizes[i] = objective->params.data[i].count;
		types[i] = objective->params.data[i].type;
	}
	return (FeTarget){.sizes = sizes, .count = count, .types = types, .type_count = count, .objective = objective};
}
