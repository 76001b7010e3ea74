/* Names: the values that symbols have at a place. */
#include "frontend/meaning/elab.h"

Value *elab_at_coordinate(Elab *e, Value *v) {
	int axis = -1;
	for (int i = 0; i < v->rank && axis < 0; i++)
		if (v->dims[i] == DIM_X)
			axis = i;
	if (!e->coord || axis < 0)
		return v;
	Value *c = ARENA_NEW(e->arena, Value);
	c->kind = VALUE_ARRAY;
	c->scalar = v->scalar;
	Var *from = v->vars[axis];
	Ex *to = elab_coordinate(e);
	c->body = ex_substitute(e, value_body(e, v), &from, &to, 1, false);
	for (int i = 0; i < v->rank; i++) {
		if (i == axis)
			continue;
		c->dims[c->rank] = v->dims[i];
		c->vars[c->rank++] = v->vars[i];
	}
	return c;
}

static Value *rule_as_value(Elab *e, const FeCall *call) {
	Value *v = ARENA_NEW(e->arena, Value);
	v->kind = VALUE_CALL;
	v->call = arena_copy(e->arena, call, sizeof *call);
	return v;
}

static Value *function_as_value(Elab *e, const Symbol *symbol) {
	Value *v = ARENA_NEW(e->arena, Value);
	v->kind = VALUE_FUNCTION;
	v->function = symbol;
	return v;
}

/* What a declaration or a word of the language is worth. */
static Value *elab_global(Elab *e, const Symbol *symbol, Span span) {
	bool builtin = symbol->kind == SYMBOL_BUILTIN;
	if (builtin ? symbol->builtin->kind != BUILTIN_IS_CONSTANT : symbol->decl->kind == AST_FN)
		return function_as_value(e, symbol);
	if (builtin)
		return value_real(e, symbol->builtin->constant[e->real == IR_F64]);
	if (symbol->decl->kind == AST_OPTIMIZER || symbol->decl->kind == AST_OBJECTIVE)
		return rule_as_value(e, &(FeCall){.decl = symbol->decl, .span = span});
	return elab_constant(e, symbol->decl);
}

/* Reported once; the other places where it is used are added to the message. */
static Value *known_later(Elab *e, const Symbol *symbol, Span span) {
	void **place = name_map_place(e->arena, &e->said_later, symbol->number);
	Diag *diag = *place;
	if (diag_say_again(e->session, diag)) {
		if (diag->labels.count < SHOWN_PLACES && diag->labels.data[0].span.start != span.start)
			diag_label(e->session, diag, span, "and here");
		return value_bad(e);
	}
	*place = diag = diag_error(e->session, 250, span, "`%s` is not known here", session_text(e->session, symbol->name));
	if (symbol->span.file)
		diag_label(e->session, diag, symbol->span, "it is made at a later stage");
	if (e->rule)
		diag_help(e->session, diag, "what a run starts from sees x, hyperparameters and learned values");
	return value_bad(e);
}

Value *elab_name(Elab *e, const AstExpr *x) {
	const Symbol *symbol = symbol_at(e->program, x->id);
	if (!symbol)
		base_panic("elab_name", "`%s` was not resolved", session_text(e->session, x->name));
	if (symbol->no_value)
		return value_bad(e);
	if (!symbol_is_local(symbol))
		return elab_global(e, symbol, x->span);
	Binding *b = scope_find(e, symbol);
	if (!b || !b->value)
		return known_later(e, symbol, x->span);
	b->used = true;
	Value *v = b->value;
	if (v->kind != VALUE_ARRAY)
		return v;
	if (v->hyper && (e->in_dimension || e->want_int))
		return e->rule->whole_hyper(e->rule->self, v, x->span);
	return elab_at_coordinate(e, v);
}
