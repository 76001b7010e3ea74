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

/* ---- the frame of a function ---- */

void rule_begin_function(RuleElab *r, IrBuilder *builder, const char *name, IrFunc **func) {
	Elab *e = &r->e;
	*func = ir_func_new(e->module, arena_printf(e->arena, "%s_%s", session_text(e->session, r->decl->name.name), name));
	*builder = ir_builder(*func);
	builder->span = r->decl->name.span;
	e->builder = builder;
	scope_back(e, (ScopeMark){0});
	e->indices_around.count = 0;
	e->tensor = NULL;
	e->coord = NULL;
	e->each_calls = NULL;
	e->lane = NULL;
	e->tensors = 1;
	e->x_rank = -1;
	e->by_shape = r->shape != NULL;
	e->coupled = false;
	e->path = typing_inside(e->typing, &e->typing->root, ++r->functions);
	if (r->symbolic)
		e->n = ir_symbol(*func, "n");
	else if (r->shape) {
		e->n = r->shape->n;
		e->x_rank = r->shape->type.rank;
		memcpy(e->x_dims, r->shape->type.dims, sizeof e->x_dims);
	} else {
		e->n = 0;
		for (uint32_t i = 0; i < r->target->count; i++)
			e->n += r->target->sizes[i];
	}
	if (r->decl->joint) {
		e->x_rank = 1;
		e->x_dims[0] = e->n;
	}
}

/* The tables of which coordinate belongs to which tensor. */
void rule_begin_tensors(RuleElab *r) {
	Elab *e = &r->e;
	if (r->shape && r->shape->count > 1) {
		e->lane = ex_var_new(e, session_name(e->session, "s"), r->shape->count, r->decl->name.span);
		vec_push(e->arena, &e->indices_around, e->lane);
	}
	if (r->shape || r->symbolic || r->decl->joint || r->target->count < 2)
		return;
	e->tensors = r->target->count;
	e->tensor = ex_var_new(e, session_name(e->session, "s"), e->tensors, r->decl->name.span);
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
	vec_push(e->arena, &e->indices_around, e->tensor);
}

Value *rule_like_x(RuleElab *r, IrValue value) {
	int64_t dim = DIM_X;
	return value_from_whole(&r->e, value, S_REAL, 1, &dim, &r->e.lane, r->e.lane ? 1 : 0);
}

IrType rule_x_type(RuleElab *r) {
	const IrDim n[] = {r->e.n}, lanes[] = {r->shape ? r->shape->count : 1, r->e.n};
	return r->shape && r->shape->count > 1 ? ir_tensor_type(r->e.real, 2, lanes) : ir_tensor_type(r->e.real, 1, n);
}

/* What a call asks for, in any of its forms. */
typedef struct RuleAsked {
	const FeCall *call;
	const FeTarget *target;
	IrScalar real;
	const Name *open;
	uint32_t open_count;
	bool searching; /* all alternatives of its choices are made */
	Typing *typing;
} RuleAsked;

static RuleElab *rule_new(FeProgram *program, IrModule *module, const RuleAsked *asked, Calls *calls) {
	RuleElab *r = ARENA_NEW(module->arena, RuleElab);
	r->program = program;
	r->call = asked->call;
	r->decl = asked->call->decl;
	r->names = resolve_decl(program, asked->call->decl);
	r->target = asked->target;
	r->open = asked->open;
	r->open_count = asked->open_count;
	r->searching = asked->searching;
	r->symbolic = asked->target->count == 0;
	r->appliers = "step."; /* no name of an objective begins so */
	r->e = elab_new(program, module, asked->real, asked->typing);
	r->asked = (ElabRule){.self = r,
	                      .whole_hyper = rule_whole_hyper,
	                      .over_tensors = rule_over_tensors,
	                      .evaluate = rule_evaluate,
	                      .derives = rule_derives,
	                      .vary = rule_vary,
	                      .apply = rule_apply,
	                      .applied = rule_applied,
	                      .state = rule_meet_state,
	                      .draw = rule_draw,
	                      .discover = rule_discover,
	                      .choose = rule_choose,
	                      .ask_axes = rule_ask_axes};
	r->e.rule = &r->asked;
	*calls = (Calls){.decl = asked->call->decl};
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
	r->residuals = NULL;
	r->within = r->place = 0;
	r->loops = r->written = r->arms = r->sized_arms = 0;
	r->learned.count = 0;
	r->varied = (Varied){0};
	r->functions = 0;
	FeRule *o = r->out = ARENA_NEW(r->e.arena, FeRule);
	o->decl = r->decl;
	o->module = r->e.module;
	o->real = r->e.real;
	o->draws = r->draws;
	rule_collect_choices(r, r->decl);
	rule_build_theta(r);
	rule_build_natural(r);
	r->shape = NULL;
	if (r->by_shape)
		rule_build_by_shape(r);
	else {
		rule_build_init(r);
		rule_build_step(r);
	}
}

/* Typed again whenever a hyperparameter turns out to be a whole number, which others may follow from. */
static RuleElab *type_functions(FeProgram *program, IrModule *module, const RuleAsked *asked, Calls *calls) {
	uint32_t complaints = program->session->complaints, funcs = module->funcs.count;
	RuleElab *r = rule_new(program, module, asked, calls);
	if (!rule_read_hypers(r))
		return NULL;
	mark_opened(r);
	DiagMark mark = diag_mark(program->session);
	do {
		r->more_ints = false;
		module->funcs.count = funcs;
		build_functions(r);
		if (!r->more_axes)
			continue;
		/* What was said does not hold where the axes are known. */
		diag_take_back(program->session, mark);
		typing_set_by_shape(asked->typing, asked->call->decl);
		r->more_axes = false;
		r->by_shape = r->more_ints = true;
	} while (r->more_ints && program->session->complaints == complaints);
	rule_check_opened(r);
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
	r->by_shape = typing_is_by_shape(asked->typing, asked->call->decl);
	r->draws = typing_draws(asked->typing, asked->call->decl);
	rule_read_hypers(r);
	mark_opened(r);
	for (uint32_t i = 0; i < r->hypers.count; i++)
		r->hypers.data[i].as_int = typing_is_whole(asked->typing, r->hypers.data[i].symbol);
	build_functions(r);
	return program->session->complaints == complaints ? r : NULL;
}

static FeRule *finish(RuleElab *r) {
	const Hyper *rate = rule_rate(r);
	r->out->rate = -1;
	for (uint32_t i = 0; i < r->hypers.count; i++) {
		const Hyper *h = &r->hypers.data[i];
		if (!rule_is_argument(h))
			continue;
		if (h == rate)
			r->out->rate = (int)r->out->hypers.count;
		FeHyper hyper = {.name = h->name,
		                 .value = h->value,
		                 .given = h->given,
		                 .has_range = h->has_range,
		                 .low = h->low,
		                 .high = h->high};
		vec_push(r->e.arena, &r->out->hypers, hyper);
	}
	rule_finish_choices(r);
	return r->out;
}

FeRule *rule_typed(FeProgram *program, IrModule *module, const FeCall *call, const FeTarget *target, IrScalar real,
                   const Name *open, uint32_t open_count, Typing *typing) {
	program = call->program ? call->program : program;
	RuleAsked asked = {call, target, real, open, open_count, false, typing};
	Calls calls;
	bool sound = resolve_is_sound(program, call->decl);
	DiagMark mark = diag_mark(program->session);
	RuleElab *r = type_functions(program, module, &asked, &calls);
	program_say_use(program->session, mark, call->span);
	return r && sound ? finish(r) : NULL;
}

static FeRule *rule_lowered(FeProgram *program, IrModule *module, const FeCall *call, const FeTarget *target,
                            IrScalar real, const Name *open, uint32_t open_count, bool searching) {
	program = call->program ? call->program : program;
	Calls calls[2];
	Arena *notes = arena_new();
	RuleAsked asked = {call, target, real, open, open_count, searching, typing_new(notes)};
	IrModule *scratch = ir_module_new(program->session);
	bool sound = resolve_is_sound(program, call->decl);
	DiagMark mark = diag_mark(program->session);
	sound = type_functions(program, scratch, &asked, &calls[0]) && sound;
	program_say_use(program->session, mark, call->span);
	ir_module_free(scratch);
	RuleElab *r = sound ? lower_functions(program, module, &asked, &calls[1]) : NULL;
	arena_free(notes);
	return r ? finish(r) : NULL;
}

FeRule *fe_rule(FeProgram *program, IrModule *module, const FeCall *call, const FeTarget *target, IrScalar real,
                const Name *open, uint32_t open_count) {
	FeRule *rule = rule_lowered(program, module, call, target, real, open, open_count, false);
	return rule && rule_is_closed(program->session, rule) ? rule : NULL;
}

FeRule *fe_rule_open(FeProgram *program, IrModule *module, const FeCall *call, const FeTarget *target, IrScalar real) {
	return rule_lowered(program, module, call, target, real, NULL, 0, false);
}

FeRule *fe_rule_fitted(FeProgram *program, IrModule *module, const FeCall *call, const FeTarget *target, IrScalar real,
                       const Name *open, uint32_t open_count) {
	FeRule *rule = rule_lowered(program, module, call, target, real, open, open_count, true);
	return rule && rule_is_closed(program->session, rule) ? rule : NULL;
}

FeRule *fe_rule_choosing(FeProgram *program, IrModule *module, const FeCall *call, const FeTarget *target,
                         IrScalar real) {
	return fe_rule_fitted(program, module, call, target, real, NULL, 0);
}

/* What is wrong with a rule by itself, which is said by whoever uses it. */
static Diags type_alone(FeProgram *program, const FeCall *call, const FeTarget *target, Typing *typing) {
	program = call->program ? call->program : program;
	IrModule *scratch = ir_module_new(program->session);
	DiagMark mark = diag_mark(program->session);
	rule_typed(program, scratch, call, target, IR_F64, NULL, 0, typing);
	Diags said = diag_take_back(program->session, mark);
	if (said.count)
		resolve_again(program);
	ir_module_free(scratch);
	return said;
}

/* Types a rule by itself, for one thing that it finds out. */
static bool typed_alone(FeProgram *program, const FeCall *call, bool (*finds)(const Typing *, const AstDecl *)) {
	Arena *notes = arena_new();
	Typing *typing = typing_new(notes);
	type_alone(program, call, &check_tensors, typing);
	bool found = finds(typing, call->decl);
	arena_free(notes);
	return found;
}

bool fe_needs_size(FeProgram *program, const FeCall *call, Span *place) {
	const FeTarget any = {.count = 0};
	*place = call->decl->name.span;
	if (fe_is_tied(call->program ? call->program : program, call->decl))
		return true;
	if (!call->decl->joint)
		return false;
	Arena *notes = arena_new();
	Diags said = type_alone(program, call, &any, typing_new(notes));
	bool needs = said.count > 0 && type_alone(program, call, &check_tensors, typing_new(notes)).count == 0;
	if (needs)
		*place = said.data[0]->labels.data[0].span;
	arena_free(notes);
	return needs;
}

bool fe_is_by_shape(FeProgram *program, const FeCall *call) {
	return typed_alone(program, call, typing_is_by_shape);
}

bool fe_rule_draws(FeProgram *program, const FeCall *call) {
	return typed_alone(program, call, typing_draws);
}
