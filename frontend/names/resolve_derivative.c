/* What derivatives are by: the second argument of `grad` and its like is the name of a value that is defined around the call. It is
 * marked, so that everything computed from it can be found from the place where it is defined. */
#include "frontend/names/resolver.h"

static const char *text_of(const Resolver *r, Name name) {
	return session_text(r->program->session, name);
}

static bool takes_derivative(const Builtin *b) {
	return b->id == BUILTIN_grad || b->id == BUILTIN_jacobian || b->id == BUILTIN_jvp;
}

/* Why there is no derivative by what this name stands for; NULL: there is one. */
static const char *not_by(const Symbol *symbol) {
	switch (symbol->kind) {
	case SYMBOL_DECL: return "a constant of the program";
	case SYMBOL_BUILTIN: return "a constant of the language";
	case SYMBOL_HYPER: return "a hyperparameter";
	case SYMBOL_DATA: return "data of a file";
	case SYMBOL_EXTENT: return "a size";
	case SYMBOL_INDEX: return "an index";
	case SYMBOL_COUNTER: return "the counter of a loop";
	case SYMBOL_STEP: return "given to a step";
	default: return NULL;
	}
}

static void by_no_name(Resolver *r, const Builtin *b, const AstExpr *by) {
	Diag *diag =
		diag_error(r->program->session, 290, by->span, "`%s` takes derivatives by what a name stands for", b->name);
	const AstExpr *base = by->kind == AST_INDEX ? by->index.base : NULL;
	if (base && base->kind == AST_NAME)
		diag_help(r->program->session, diag, "take the element of the derivative by all of `%s`",
		          text_of(r, base->name));
	else
		diag_help(r->program->session, diag,
		          "give it a name with `let`, and compute what is differentiated from that name");
}

const Symbol *symbol_differentiated_by(const FeProgram *program, const AstExpr *x) {
	const Symbol *called = x->kind == AST_CALL ? symbol_at(program, x->id) : NULL;
	if (!called || !called->builtin || !takes_derivative(called->builtin) || x->call.args.count < 2)
		return NULL;
	const AstExpr *by = x->call.args.data[1].value;
	return by && by->kind == AST_NAME ? symbol_at(program, by->id) : NULL;
}

void resolve_mark_derivative(Resolver *r, const Builtin *b, const AstExpr *call) {
	Session *session = r->program->session;
	if (!b || !takes_derivative(b) || call->call.args.count < 2)
		return;
	const AstExpr *by = call->call.args.data[1].value;
	if (!by || by->kind == AST_BAD)
		return;
	if (by->kind != AST_NAME) {
		by_no_name(r, b, by);
		return;
	}
	Symbol *symbol = symbol_at(r->program, by->id);
	if (!symbol || symbol->kind == SYMBOL_UNKNOWN)
		return;
	const char *what = not_by(symbol);
	if (what) {
		Diag *diag = diag_error(session, 290, by->span, "`%s` is %s: nothing is differentiated by it",
		                        text_of(r, by->name), what);
		diag_help(session, diag, "give it a name of its own, `let v = real(%s)`, and compute with that",
		          text_of(r, by->name));
		return;
	}
	symbol->differentiates = true;
	r->program->differentiates = true;
}
