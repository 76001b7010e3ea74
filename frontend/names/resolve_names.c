/* What names stand for where they are used: in the declaration, outside of it, in the language. */
#include "frontend/names/resolver.h"

Symbol *resolve_local(const Resolver *r, Name name) {
	return name_map_get(&r->newest, name);
}

/* What a name means that nothing in the declaration has. NULL: nothing. */
const AstDecl *resolve_declared(const Resolver *r, Name name, Span span) {
	const AstDecl *other = NULL, *decl = program_find(r->program, span.file, name, &other);
	if (other)
		program_say_ambiguous(r->program, span, decl, other);
	return decl;
}

Symbol *resolve_mentioned(Resolver *r, const AstDecl *decl) {
	if (r->out)
		vec_push(r->program->session->arena, &r->out->mentions, decl);
	vec_push(r->scratch, r->pending, decl);
	return symbol_of_decl(r->program, decl);
}

static bool is_residuals(const Resolver *r, Name name) {
	const Symbol *residuals = r->decl && r->decl->kind == AST_OPTIMIZER && r->out ? r->out->rule[RULE_RESIDUALS] : NULL;
	return residuals && residuals->name == name; /* the defaults of hyperparameters do not see it */
}

/* May a parameter hold a function? Not if it is used as a value, too; but an objective is both, `base` and `base(y)`. */
bool resolve_is_parameter(const Resolver *r, const Symbol *local) {
	return local && r->decl &&
	       (local->kind == SYMBOL_ARGUMENT || (local->kind == SYMBOL_HYPER && r->decl->kind != AST_OBJECTIVE));
}

/* What a name stands for where a value is needed; NULL: nothing. */
Symbol *resolve_named(Resolver *r, const AstExpr *x) {
	Symbol *local = resolve_local(r, x->name);
	if (resolve_is_parameter(r, local)) {
		local->is_value = true;
		if (local->call)
			resolve_report_value_called(r, local->call, local);
	}
	if (local)
		return local;
	const AstDecl *decl = resolve_declared(r, x->name, x->span);
	if (decl && decl->kind == AST_CONST)
		return resolve_mentioned(r, decl);
	Symbol *builtin = symbol_of_builtin(r->program, x->name, false);
	if (builtin && builtin->builtin->kind == BUILTIN_IS_CONSTANT)
		return builtin;
	if (decl && decl->kind == AST_OPTIMIZER)
		return resolve_mentioned(r, decl);
	if (!decl && is_residuals(r, x->name)) {
		r->out->reads_residuals = true;
		return r->out->rule[RULE_RESIDUALS];
	}
	if ((decl && decl->kind == AST_FN) || (!decl && builtin && !symbol_is_later(builtin)))
		resolve_report_function(r, x);
	else
		resolve_report_unknown(r, x->name, x->span);
	return NULL;
}

/* What is called like this outside of the declaration: functions of the program, but in the library its own. NULL: nothing. */
static const AstDecl *outside(const Resolver *r, Name name, Span span) {
	const AstDecl *own = r->decl && program_is_library(r->program->session, r->decl)
	                         ? program_find_library(r->program->session, r->program->library, name)
	                         : NULL;
	return own && own->kind == AST_FN ? own : resolve_declared(r, name, span);
}

/* What a call of this name calls; NULL: nothing. A parameter may hold a function, which its value tells. */
Symbol *resolve_called(Resolver *r, const AstExpr *x) {
	AstName name = x->call.callee;
	Symbol *local = resolve_local(r, name.name), *builtin = symbol_of_builtin(r->program, name.name, true);
	if (resolve_is_parameter(r, local)) {
		local->call = x;
		if (local->is_value)
			resolve_report_value_called(r, x, local);
		return local->is_value ? NULL : local;
	}
	if (local && local->kind == SYMBOL_HYPER)
		return local;
	const AstDecl *decl = outside(r, name.name, name.span);
	if (decl && decl->kind == AST_FN)
		return resolve_mentioned(r, decl);
	if (local) {
		resolve_report_value_called(r, x, local);
		return NULL;
	}
	bool rule = decl && decl->kind == AST_OPTIMIZER;
	if (builtin && !(rule && (symbol_is_later(builtin) || !builtin->builtin)))
		return builtin;
	if (rule)
		return resolve_mentioned(r, decl);
	resolve_report_unknown(r, name.name, name.span);
	return NULL;
}

/* The function whose name stands where an argument is given; NULL: it is something else. Values come first. */
Symbol *resolve_function_named(Resolver *r, const AstExpr *x) {
	if (!x || x->kind != AST_NAME || resolve_local(r, x->name))
		return NULL;
	const AstDecl *decl = outside(r, x->name, x->span);
	if (decl)
		return decl->kind == AST_FN ? resolve_mentioned(r, decl) : NULL;
	Symbol *builtin = symbol_of_builtin(r->program, x->name, false);
	return builtin && resolve_may_be_given(builtin->builtin) ? builtin : NULL;
}

/* The objective whose name, or call, stands there; NULL: it is something else. */
Symbol *resolve_objective_named(Resolver *r, const AstExpr *x) {
	if (!x || (x->kind != AST_NAME && x->kind != AST_CALL))
		return NULL;
	Name name = x->kind == AST_NAME ? x->name : x->call.callee.name;
	const AstDecl *first = resolve_declared(r, name, x->span); /* an experiment may have the name of an objective */
	bool hidden = first && first->kind != AST_OBJECTIVE && first->kind != AST_EXPERIMENT;
	const AstDecl *decl = hidden ? NULL : program_find_kind(r->program, x->span.file, name, AST_OBJECTIVE, NULL);
	return decl && decl->kind == AST_OBJECTIVE && !resolve_local(r, name) ? resolve_mentioned(r, decl) : NULL;
}
