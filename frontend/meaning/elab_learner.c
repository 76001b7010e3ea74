/* Calls of open learners: one stands where a parameter of an objective starts, so that the value of the objective there is how good the learner
 * is. Typed, it is as many numbers as there are rows to predict; there is nothing to lower. */
#include "frontend/meaning/elab.h"

/* Does this call say, alone, where a parameter of the objective around it starts? */
static const AstStmt *param_of(const Elab *e, const AstExpr *x) {
	const AstDecl *decl = e->calls ? e->calls->decl : NULL;
	for (uint32_t i = 0; decl && decl->kind == AST_OBJECTIVE && i < decl->body.count; i++) {
		const AstStmt *s = decl->body.data[i];
		if (s->kind == AST_PARAM && s->declare.value == x)
			return s;
	}
	return NULL;
}

static bool is_real(const Value *v, int rank) {
	return v->kind == VALUE_ARRAY && v->scalar == S_REAL && v->rank == rank;
}

static bool have_shapes(Elab *e, Value *const *args, const AstExpr *const *given) {
	static const struct {
		int rank;
		const char *what;
	} wanted[] = {{2, "the features of examples are a matrix, a row for each"},
	              {1, "the labels of examples are a vector, a number for each"},
	              {2, "what is to be predicted are rows of features, a matrix"}};
	for (int i = 0; i < 3; i++) {
		if (is_real(args[i], wanted[i].rank))
			continue;
		diag_error(e->session, 346, given[i]->span, "%s; this is %s", wanted[i].what, value_type_text(e, args[i]));
		return false;
	}
	if (args[0]->dims[0] == args[1]->dims[0] && args[0]->dims[1] == args[2]->dims[1])
		return true;
	diag_error(e->session, 346, given[2]->span, "these are %s with %s, and then %s: rows or columns do not agree",
	           value_type_text(e, args[0]), value_type_text(e, args[1]), value_type_text(e, args[2]));
	return false;
}

Value *elab_call_learner(Elab *e, const AstDecl *fn, Value *const *args, const AstExpr *const *given,
                         const AstExpr *x) {
	for (uint32_t i = 0; i < fn->params.count; i++)
		if (!args[i] || value_is_bad(args[i]))
			return value_bad(e);
	if (fn->params.count != 3) /* which is said where it is declared */
		return value_bad(e);
	const AstStmt *param = param_of(e, x);
	const char *name = session_text(e->session, fn->name.name);
	if (!param || param->declare.has_head || param->declare.type.span.file || param->declare.limits.span.file) {
		Diag *diag =
			diag_error(e->session, 346, x->span, "an open learner says where a parameter starts, and nothing else");
		diag_help(e->session, diag, "in an objective: `param predicted = %s(...)`, without a type or limits", name);
		return value_bad(e);
	}
	if (!have_shapes(e, args, given))
		return value_bad(e);
	if (e->lowering) {
		Diag *diag = diag_error(e->session, 333, x->span, "`%s` is open: there is nothing to run yet", name);
		diag_label(e->session, diag, fn->name.span, "declared here");
		diag_help(e->session, diag, "`gradus train` searches for it, in an experiment with `train %s`", name);
		return value_bad(e);
	}
	Value *v = value_array(e, S_REAL, 1, args[2]->dims, x->span);
	v->body = ex_real(e, 0);
	return v;
}
