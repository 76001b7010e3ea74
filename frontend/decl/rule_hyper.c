/* Hyperparameters of a rule: read once, as constants; then, in every function, real ones as arguments. */
#include "frontend/decl/rule.h"

#include <math.h>
#include <string.h>

Value *rule_whole_hyper(RuleElab *r, Value *v, Span span) {
	Elab *e = &r->e;
	Hyper *h = &r->hypers.data[v->hyper - 1];
	if (!h->as_int) {
		typing_set_whole(e->typing, h->symbol);
		h->as_int = true;
		r->more_ints = true;
	}
	if (h->learned) /* reported when all is read */
		return value_bad(e);
	if (v->as_int->scalar != S_REAL || !e->in_dimension)
		return v->as_int;
	Diag *diag = diag_error(e->session, 211, h->at, "`%s` has to be a whole number, not %s",
	                        session_text(e->session, h->name), text_of_number(e->arena, h->value));
	diag_label(e->session, diag, span, "a dimension here");
	return value_bad(e);
}

/* ---- hyperparameters ---- */

/* false with a diagnostic if it is NaN. A number outside of the stated range is warned of. */
static bool check_hyper(Elab *e, const Hyper *h) {
	if (!h->known)
		return true;
	if (isnan(h->value)) {
		diag_error(e->session, 212, h->at, "`%s` has to be a number, and this is none (NaN)",
		           session_text(e->session, h->name));
		return false;
	}
	if (h->has_range && (h->value < h->low || h->value > h->high)) {
		Diag *diag = diag_warning(e->session, 270, h->at, "`%s` is thought to lie between %s and %s, not at %s",
		                          session_text(e->session, h->name), text_of_number(e->arena, h->low),
		                          text_of_number(e->arena, h->high), text_of_number(e->arena, h->value));
		diag_label(e->session, diag, h->limits->span, "stated here");
	}
	return true;
}

/* Whether it is a hyperparameter with a number, or with a mistake that was reported. */
static bool can_be_learned(const RuleElab *r, Name name) {
	for (uint32_t k = 0; k < r->hypers.count; k++) {
		const Hyper *h = &r->hypers.data[k];
		if (h->name == name && (h->known || value_is_bad(h->constant)))
			return true;
	}
	return false;
}

/* Those of a rule that is a parameter, as base.lr, where its call leaves them as they are. */
static void read_base_hypers(RuleElab *r, const Hyper *of) {
	Elab *e = &r->e;
	const FeCall *base = of->constant->call;
	const AstDecl *decl = base->decl;
	const AstExpr **args = ARENA_ARRAY(e->arena, const AstExpr *, decl->params.count + 1);
	if (!program_arguments(r->program, base, args))
		return;
	for (uint32_t i = 0; i < decl->params.count; i++) {
		const AstParam *p = &decl->params.data[i];
		if (args[i] || !p->value)
			continue;
		Hyper h = {.symbol = symbol_at(e->program, p->name.id),
		           .span = p->name.span,
		           .at = p->value->span,
		           .from = p->value,
		           .limits = &p->limits};
		h.name = session_name(e->session, arena_printf(e->arena, "%s.%s", session_text(e->session, of->name),
		                                               session_text(e->session, p->name.name)));
		h.constant = hyper_constant(e, base, p, p->value);
		h.known = value_known_real(h.constant, &h.value);
		h.has_range = limits_stated(e, &p->limits, &h.low, &h.high);
		if (h.known)
			vec_push(e->arena, &r->hypers, h);
	}
}

bool rule_read_hypers(RuleElab *r) {
	Elab *e = &r->e;
	const AstDecl *decl = r->decl;
	const AstExpr **args = ARENA_ARRAY(e->arena, const AstExpr *, decl->params.count + 1);
	bool ok = program_arguments(r->program, r->call, args);
	IrBuilder scratch = ir_builder(ir_func_new(e->module, "constants"));
	e->builder = &scratch;
	for (uint32_t i = 0; i < decl->params.count; i++) {
		const AstParam *p = &decl->params.data[i];
		const AstExpr *x = args[i] ? args[i] : p->value;
		Hyper h = {.name = p->name.name,
		           .symbol = symbol_at(e->program, p->name.id),
		           .span = p->name.span,
		           .at = x ? x->span : p->name.span,
		           .given = args[i] != NULL,
		           .from = x,
		           .limits = &p->limits};
		h.constant = hyper_constant(e, r->call, p, x);
		h.known = value_known_real(h.constant, &h.value);
		h.has_range = limits_stated(&r->e, &p->limits, &h.low, &h.high);
		ok = x && check_hyper(e, &h) && ok;
		vec_push(e->arena, &r->hypers, h);
		scope_add(e, h.symbol, h.constant);
	}
	for (uint32_t i = 0; i < decl->params.count && ok && r->call->exposes; i++) {
		const Hyper h = r->hypers.data[i];
		if (h.constant->kind == VALUE_CALL && h.constant->call->decl->kind == AST_OPTIMIZER)
			read_base_hypers(r, &h);
	}
	for (uint32_t i = 0; i < r->open_count; i++) {
		if (can_be_learned(r, r->open[i]) || strchr(session_text(e->session, r->open[i]), '.'))
			continue; /* of a rule that is a parameter: rule_check_opened */
		diag_error(e->session, 216, r->call->span, "`%s` has no hyperparameter `%s` that could be learned",
		           session_text(e->session, decl->name.name), session_text(e->session, r->open[i]));
		ok = false;
	}
	e->module->funcs.count--;
	e->builder = NULL;
	return ok;
}

bool rule_is_argument(const Hyper *hyper) {
	return hyper->known && !hyper->as_int && !hyper->learned;
}

const Hyper *rule_rate(const RuleElab *r) {
	for (uint32_t i = 0; i < r->hypers.count; i++) {
		const Hyper *h = &r->hypers.data[i];
		if (rule_is_argument(h) && !h->given && fe_is_rate(session_text(r->e.session, h->name)))
			return h;
	}
	return NULL;
}

/* The hyperparameters as the function being built sees them: `func` NULL as constants; else as parameters of it, but for
 * whole numbers and those that are learned (bound later). */
void rule_bind_hypers(RuleElab *r, IrFunc *func) {
	Elab *e = &r->e;
	for (uint32_t i = 0; i < r->hypers.count; i++) {
		Hyper *h = &r->hypers.data[i];
		Value *v = h->constant;
		bool whole_number = h->known && h->value == floor(h->value) && fabs(h->value) < fe_most_whole;
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
		h->bound = v;
		if (!strchr(session_text(e->session, h->name), '.'))
			scope_add(e, h->symbol, v);
	}
	rule_bind_choices(r, func);
}
