/* Statements of all bodies: let, var, if, each, return; loops are in elab_loop.c, assignments in elab_assign.c. */
#include "frontend/meaning/elab.h"

#include <string.h>

/* ---- definitions ---- */

Value *elab_by_type(Elab *e, const AstType *type) {
	int64_t dims[IR_MAX_RANK];
	int rank;
	bool stated = type->dims.count && type->scalar != AST_INT && type->scalar != AST_BOOLEAN && !type->each;
	if (e->lowering || !e->builder || !stated || !elab_dims(e, type, dims, &rank, 0))
		return value_bad(e);
	for (int i = 0; i < rank; i++)
		if (dims[i] == DIM_X)
			return value_bad(e);
	return value_read(e, emit_fill(e, ir_tensor_type(e->real, rank, dims), 0), S_REAL, rank, dims);
}

/* Makes a value obey a written type: its scalar type, and its shape (one number fills an array). */
static Value *obey_type(Elab *e, const AstDeclare *d, Value *v, Name name) {
	const AstType *type = &d->type;
	if (type->span.file == 0)
		return v;
	if (value_is_bad(v))
		return elab_by_type(e, type);
	Scalar want = type->scalar == AST_INT ? S_INT : type->scalar == AST_BOOLEAN ? S_BOOL : S_REAL;
	bool fits = v->kind == VALUE_ARRAY && (v->scalar == want || v->scalar == S_LITERAL || want == S_REAL) &&
	            (want != S_BOOL || v->scalar == S_BOOL);
	if (!fits) {
		Diag *diag = diag_error(e->session, 236, d->value ? d->value->span : type->span,
		                        "`%s` is declared %s, but this is %s", session_text(e->session, name),
		                        want == S_INT    ? "int"
		                        : want == S_BOOL ? "bool"
		                                         : "real",
		                        value_type_text(e, v));
		diag_label(e->session, diag, type->span, "declared here");
		return value_bad(e);
	}
	v = value_convert(e, v, want);
	Value shape = {.kind = VALUE_ARRAY};
	if (!elab_dims(e, type, shape.dims, &shape.rank, 0))
		return value_bad(e);
	if (v->rank == 0)
		return elab_broadcast(e, v, &shape);
	if (value_same_shape(v, &shape))
		return v;
	Diag *diag = diag_error(e->session, 236, d->value ? d->value->span : type->span,
	                        "`%s` is declared %s, but this is %s", session_text(e->session, name),
	                        value_dims_text(e, shape.dims, shape.rank), value_dims_text(e, v->dims, v->rank));
	diag_label(e->session, diag, type->span, "declared here");
	return value_bad(e);
}

/* Where an int is declared, the value is asked for as a whole number. */
static Value *declared_value(Elab *e, const AstDeclare *d, Name name) {
	bool want = e->want_int;
	e->want_int = d->type.span.file != 0 && d->type.scalar == AST_INT;
	Value *v = elab_expr(e, d->value);
	e->want_int = want;
	return obey_type(e, d, v, name);
}

Value *elab_headed(Elab *e, const AstDeclare *d, Name name) {
	if (!d->value)
		return value_bad(e);
	if (!d->has_head)
		return declared_value(e, d, name);
	ScopeMark scope = scope_mark(e);
	uint32_t active = e->indices_around.count;
	Indices found;
	bool ok = elab_bind_head(e, &d->head, d->value, &found);
	Value *v = declared_value(e, d, name);
	scope_back(e, scope);
	e->indices_around.count = active;
	if (!ok || value_is_bad(v))
		return value_bad(e);
	if (v->kind != VALUE_ARRAY) {
		diag_error(e->session, 219, d->value->span, "the elements of an array are numbers, not %s",
		           value_type_text(e, v));
		return value_bad(e);
	}
	if (v->rank + (int)found.count > IR_USER_RANK) {
		diag_error(e->session, 208, d->value->span, "an array has at most %d axes", IR_USER_RANK);
		return value_bad(e);
	}
	Value *array = ARENA_NEW(e->arena, Value);
	array->kind = VALUE_ARRAY;
	array->scalar = v->scalar;
	array->body = value_body(e, v);
	for (uint32_t i = 0; i < found.count; i++) {
		array->vars[array->rank] = found.vars[i];
		array->dims[array->rank++] = found.vars[i]->extent;
	}
	for (int i = 0; i < v->rank; i++) {
		array->vars[array->rank] = v->vars[i];
		array->dims[array->rank++] = v->dims[i];
	}
	return elab_fits(e, d->value->span, array->dims, array->rank) ? array : value_bad(e);
}

static void several(Elab *e, const AstStmt *s) {
	const AstDeclare *d = &s->declare;
	Value *v = elab_expr(e, d->value);
	bool fits = v->kind == VALUE_SEVERAL && v->parts.count == d->names.count;
	if (!fits && !value_is_bad(v))
		diag_error(e->session, 221, d->value->span, "%u names for %s", (unsigned)d->names.count,
		           v->kind == VALUE_SEVERAL ? value_type_text(e, v) : "one value");
	for (uint32_t i = 0; i < d->names.count; i++) {
		const Symbol *symbol = symbol_at(e->program, d->names.data[i].id);
		if (!symbol || symbol->name_taken)
			continue;
		Value *part = fits ? value_reusable(e, v->parts.data[i], d->names.data[i].name, s->span) : value_bad(e);
		Binding *b = scope_add(e, symbol, part);
		b->scalar = part->scalar == S_LITERAL ? S_REAL : part->scalar;
	}
}

static bool in_function(const Elab *e) {
	return e->alone || (e->calls && e->calls->decl->kind == AST_FN);
}

/* A draw belongs to a problem or to a step, which only objectives and rules have. */
static void misplaced_draw(Elab *e, const AstStmt *s) {
	const AstName *name = &s->declare.names.data[0];
	Diag *diag;
	if (in_function(e)) {
		diag = diag_error(e->session, 297, s->declare.draw->span,
		                  "a function draws nothing: it is a function of its arguments");
		diag_help(e->session, diag, "draw where it is called, and hand over what was drawn");
		return;
	}
	diag = diag_error(e->session, 297, s->declare.draw->span, "`let` computes: in an objective it cannot draw");
	diag_help(e->session, diag, "`given %s ~ ...` is drawn once for each problem, `batch %s ~ ...` anew at every step",
	          session_text(e->session, name->name), session_text(e->session, name->name));
}

static void define(Elab *e, const AstStmt *s) {
	const AstDeclare *d = &s->declare;
	if (d->names.count == 0)
		return;
	if (d->draw && e->rule && !in_function(e)) {
		e->rule->draw(e->rule->self, s);
		return;
	}
	if (d->draw)
		misplaced_draw(e, s);
	if (!d->value) {
		for (uint32_t i = 0; i < d->names.count; i++)
			scope_add_name(e, d->names.data[i], value_bad(e));
		return;
	}
	if (d->names.count > 1) {
		several(e, s);
		return;
	}
	AstName name = d->names.data[0];
	Value *v = elab_headed(e, d, name.name);
	if (v->kind == VALUE_SEVERAL) {
		diag_error(e->session, 221, d->value->span, "one name for %s", value_type_text(e, v));
		v = value_bad(e);
	}
	if (s->kind == AST_VAR && v->kind == VALUE_ARRAY && v->scalar == S_LITERAL)
		v = value_convert(e, v, S_REAL);
	v = value_reusable(e, v, name.name, s->span);
	Binding *b = scope_add_name(e, name, v);
	b->scalar = v->scalar;
}

/* ---- the others ---- */

static void give_back(Elab *e, const AstStmt *s) {
	if (s->results.count == 0)
		return;
	if (s->results.count == 1) {
		e->returned = elab_expr(e, s->results.data[0]);
		return;
	}
	Value *v = ARENA_NEW(e->arena, Value);
	v->kind = VALUE_SEVERAL;
	for (uint32_t i = 0; i < s->results.count; i++) {
		Value *part = elab_expr(e, s->results.data[i]);
		vec_push(e->arena, &v->parts, part);
	}
	e->returned = v;
}

static void apply(Elab *e, const AstStmt *s) {
	if (e->rule)
		e->rule->apply(e->rule->self, s);
}

void elab_stmt(Elab *e, const AstStmt *s) {
	e->place = ++e->places;
	switch (s->kind) {
	case AST_LET:
	case AST_VAR: define(e, s); break;
	case AST_ASSIGN: elab_assign(e, s); break;
	case AST_FOR: elab_loop(e, s); break;
	case AST_WHILE: elab_loop(e, s); break;
	case AST_WHEN: elab_when(e, s, s->when.condition, &s->when.yes, &s->when.no); break;
	case AST_EACH: elab_each(e, s); break;
	case AST_APPLY: apply(e, s); break;
	case AST_RETURN: give_back(e, s); break;
	case AST_STATE: /* those that stand directly in the rule were made before the step */
		if (e->rule)
			e->rule->state(e->rule->self, s);
		break;
	default: break; /* param, given, learn and the like: decl/ makes them */
	}
}

void elab_block(Elab *e, const AstBlock *block) {
	for (uint32_t i = 0; i < block->count && !e->returned; i++)
		elab_stmt(e, block->data[i]);
}

void elab_scoped_block(Elab *e, const AstBlock *block) {
	ScopeMark scope = scope_mark(e);
	elab_block(e, block);
	scope_back(e, scope);
}
