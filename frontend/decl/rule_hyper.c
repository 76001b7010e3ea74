/* Hyperparameters of a rule: read once, as constants; then, in every function, real ones as arguments. */
#include "frontend/decl/rule.h"

#include <math.h>

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
	Diag *diag = diag_error(e->session, 211, h->at, "`%s` has to be a whole number, not %g",
	                        session_text(e->session, h->name), h->value);
	diag_label(e->session, diag, span, "a dimension here");
	return value_bad(e);
}

/* ---- hyperparameters ---- */

bool rule_limits(RuleElab *r, const AstLimits *limits, double *low, double *high) {
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
		           .given = args[i] != NULL};
		Value *v = value_bad(e);
		if (!x) {
			Diag *diag = diag_error(e->session, 269, r->call->span, "`%s` needs a value for `%s`",
			                        session_text(e->session, decl->name.name), session_text(e->session, p->name.name));
			diag_label(e->session, diag, p->name.span, "declared here");
			ok = false;
		} else {
			ScopeMark scope = scope_apart(e);
			v = elab_expr(e, x);
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
		h.has_range = rule_limits(r, &p->limits, &h.low, &h.high);
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
void rule_bind_hypers(RuleElab *r, IrFunc *func) {
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
