/* The elaborator's start, how much it does and how deep it goes, and which kind of expression is whose. */
#include "frontend/meaning/elab.h"

#include <stdlib.h>

Elab elab_new(FeProgram *program, IrModule *module, IrScalar real, Typing *typing) {
	Elab e = {.program = program,
	          .session = program->session,
	          .module = module,
	          .arena = module->arena,
	          .real = real,
	          .n = -1,
	          .x_rank = -1,
	          .tensors = 1};
	e.typing = typing;
	e.path = &typing->root;
	e.epoch = ARENA_NEW(e.arena, uint64_t);
	e.next_var = ARENA_NEW(e.arena, uint32_t);
	return e;
}

/* ---- how much and how deep ---- */

void elab_report_copies(Elab *e, Span span) {
	Diag *diag = diag_error(e->session, 140, span,
	                        "written out, this takes more than %d expressions, which is all that one program may have",
	                        (int)ELAB_MOST_COPIES);
	diag_help(
		e->session, diag,
		"functions are written out at every call, and loops that need to know their counter at every turn: give what "
		"is used twice a name with `let`");
}

void elab_copy_begin(Elab *e, Span span) {
	if (e->copying++ == 0)
		e->copied = span;
}

void elab_copy_end(Elab *e) {
	e->copying--;
}

bool elab_enter_call(Elab *e, Span span) {
	if (e->call_depth++ < ELAB_MOST_CALLS)
		return true;
	Diag *diag = diag_error(e->session, 140, span, "functions and constants are nested more than %d deep here",
	                        (int)ELAB_MOST_CALLS);
	diag_help(e->session, diag, "let a `for` loop repeat, or give parts names with `let`");
	return false;
}

void elab_leave_call(Elab *e) {
	e->call_depth--;
}

static bool may_go_on(Elab *e, const AstExpr *x) {
	e->session->elaborated++;
	if (e->out_of_budget)
		return false;
	if (e->copying && ++e->copies > ELAB_MOST_COPIES) {
		e->out_of_budget = true;
		if (!e->attempts)
			elab_report_copies(e, e->copied);
		return false;
	}
	if (e->nesting < ELAB_MOST_NESTING)
		return true;
	if (diag_say_again(e->session, e->said_deep))
		return false;
	e->said_deep = diag_error(e->session, 140, x->span, "this is more than %d expressions deep, functions included",
	                          (int)ELAB_MOST_NESTING);
	diag_help(e->session, e->said_deep, "give parts of it names with `let`");
	return false;
}

/* ---- everything ---- */

static Value *elab_kind(Elab *e, const AstExpr *x);

Value *elab_expr(Elab *e, const AstExpr *x) {
	if (!x) /* left out, and reported */
		return value_bad(e);
	Value *v = elab_tried_value(e, x);
	if (v)
		return v;
	if (!may_go_on(e, x))
		return value_bad(e);
	e->nesting++;
	v = elab_kind(e, x);
	e->nesting--;
	if (e->typing->wants_types)
		value_note_type(e, &e->typing->types, x->id, v, x->kind == AST_NAME ? symbol_at(e->program, x->id) : NULL);
	return value_limit_depth(e, v, x->span);
}

static Value *elab_kind(Elab *e, const AstExpr *x) {
	switch (x->kind) {
	case AST_BAD: return value_bad(e);
	case AST_NUMBER:
		if (x->number.whole && !ex_whole_is_number(x->number.integer) && (e->want_int || e->in_dimension)) {
			diag_error(e->session, 239, x->span, "a whole number is less than 2^61 in magnitude");
			return value_bad(e);
		}
		if (x->number.whole && ex_whole_is_number(x->number.integer))
			return value_scalar(e, S_LITERAL, ex_int(e, x->number.integer));
		return value_real(e,
		                  e->real == IR_F32 && x->number.text ? (double)strtof(x->number.text, NULL) : x->number.value);
	case AST_BOOL: return value_scalar(e, S_BOOL, ex_bool(e, x->truth));
	case AST_TEXT: {
		Value *v = ARENA_NEW(e->arena, Value);
		v->kind = VALUE_TEXT;
		v->text = x->text;
		return v;
	}
	case AST_NAME: return elab_name(e, x);
	case AST_UNARY: return elab_unary(e, x);
	case AST_BINARY: return elab_binary(e, x);
	case AST_COMPARE: return elab_compare(e, x);
	case AST_IF: return elab_if(e, x);
	case AST_CALL: return elab_call(e, x);
	case AST_REDUCE: return elab_reduce(e, x);
	case AST_INDEX: return elab_index(e, x);
	case AST_ARRAY: {
		uint32_t count = x->elements.count;
		Value **parts = ARENA_ARRAY(e->arena, Value *, count);
		bool saved = e->want_int;
		e->want_int = false;
		for (uint32_t i = 0; i < count; i++)
			parts[i] = elab_expr(e, x->elements.data[i]);
		e->want_int = saved;
		return elab_make_stack(e, parts, count, x);
	}
	case AST_CHOOSE:
		if (e->rule)
			return e->rule->choose(e->rule->self, x);
		diag_error(e->session, 336, x->span, "`choose` stands in the body of an optimizer, and nowhere else");
		return value_bad(e);
	case AST_DISCOVER:
		if (e->rule)
			return e->rule->discover(e->rule->self, x);
		diag_error(e->session, 330, x->span, "`discover` stands in the step of an optimizer, and nowhere else");
		return value_bad(e);
	}
	return value_bad(e);
}

Value *elab_scalar(Elab *e, const AstExpr *x, const char *what) {
	Value *v = elab_expr(e, x);
	if (value_is_bad(v))
		return v;
	if (v->kind != VALUE_ARRAY || v->rank) {
		bool truths = v->kind == VALUE_ARRAY && v->scalar == S_BOOL;
		Diag *diag = diag_error(e->session, 214, x->span, "%s has to be one %s, not %s", what,
		                        truths ? "truth value" : "number", value_type_text(e, v));
		if (truths)
			diag_help(e->session, diag, "`any(c)` and `all(c)` make one of several");
		else if (v->kind == VALUE_ARRAY)
			diag_help(e->session, diag, "reduce it with `sum`, `mean` or the like, or read one element");
		return value_bad(e);
	}
	return v;
}
