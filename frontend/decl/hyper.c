/* Hyperparameters, of objectives and rules alike. */
#include "frontend/decl/decl.h"

Value *hyper_constant(Elab *e, const FeCall *call, const AstParam *p, const AstExpr *x) {
	if (!x) {
		Diag *diag =
			diag_error(e->session, 269, call->span, "`%s` needs a value for `%s`",
		               session_text(e->session, call->decl->name.name), session_text(e->session, p->name.name));
		diag_label(e->session, diag, p->name.span, "declared here");
		return value_bad(e);
	}
	resolve_given_still(e->program, x);
	ScopeMark scope = scope_apart(e);
	Value *v = elab_expr(e, x);
	scope_back(e, scope);
	if (v->kind != VALUE_ARRAY || value_known(v))
		return v;
	Diag *diag = diag_error(e->session, 212, x->span, "a hyperparameter has to be a number that is known now");
	if (x->kind == AST_ARRAY)
		diag_help(e->session, diag, "arrays are declared in the body, or by `const` above it");
	return value_bad(e);
}
