/* Statements of all bodies: let, var, for, if, each, return; assignments are in elab_assign.c. */
#include "frontend/elab.h"

#include <string.h>

enum { UNROLL = 4 }; /* loops of so few turns are written out, so that their positions stay plain numbers */

/* ---- definitions ---- */

static bool new_name(Elab *e, AstName name) {
	const Binding *b = scope_find(e, name.name);
	if (!b || !name.name)
		return true;
	Diag *diag = diag_error(e->session, 202, name.span, "`%s` is there already", session_text(e->session, name.name));
	if (b->span.file)
		diag_label(e->session, diag, b->span, "first here");
	if (b->kind == BIND_VAR || b->kind == BIND_STATE || b->kind == BIND_X)
		diag_help(e->session, diag, "to change it, write `%s <- ...`", session_text(e->session, name.name));
	return false;
}

/* Makes a value obey a written type: its scalar type, and its shape (one number fills an array). */
static Value *obey_type(Elab *e, const AstDeclare *d, Value *v, Name name) {
	const AstType *type = &d->type;
	if (value_is_bad(v) || type->span.file == 0)
		return v;
	Scalar want = type->scalar == AST_INT ? S_INT : type->scalar == AST_BOOLEAN ? S_BOOL : S_REAL;
	bool fits = v->kind == VALUE_ARRAY && (v->scalar == want || v->scalar == S_LITERAL || want == S_REAL) &&
	            (want != S_BOOL || v->scalar == S_BOOL);
	if (!fits) {
		Diag *diag = diag_error(e->session, 236, d->value ? d->value->span : type->span,
		                        "`%s` is declared %s, but this is %s", session_text(e->session, name),
		                        want == S_INT    ? "int"
		                        : want == S_BOOL ? "bool"
		                                         : "real",
		                        type_text(e, v));
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
	                        dims_text(e, shape.dims, shape.rank), dims_text(e, v->dims, v->rank));
	diag_label(e->session, diag, type->span, "declared here");
	return value_bad(e);
}

Value *elab_headed(Elab *e, const AstDeclare *d, Name name) {
	if (!d->value)
		return value_bad(e);
	if (!d->has_head)
		return obey_type(e, d, elab(e, d->value), name);
	Binding *scope = e->scope;
	uint32_t active = e->active.count;
	const AstItem *items[IR_MAX_RANK + 1];
	uint32_t count = 0;
	for (uint32_t i = 0; i < d->head.count && count <= IR_MAX_RANK; i++)
		items[count++] = &d->head.data[i];
	Indices found;
	const AstExpr *body = d->value;
	bool ok = bind_indices(e, items, count, &body, 1, true, NULL, &found);
	Value *v = obey_type(e, d, elab(e, d->value), name);
	e->scope = scope;
	e->active.count = active;
	if (!ok || value_is_bad(v))
		return value_bad(e);
	if (v->kind != VALUE_ARRAY) {
		diag_error(e->session, 219, d->value->span, "the elements of an array are numbers, not %s", type_text(e, v));
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

static void several(Elab *e, const AstStmt *s, BindKind kind) {
	const AstDeclare *d = &s->declare;
	Value *v = elab(e, d->value);
	bool fits = v->kind == VALUE_SEVERAL && v->parts.count == d->names.count;
	if (!fits && !value_is_bad(v))
		diag_error(e->session, 221, d->value->span, "%u names for %s", (unsigned)d->names.count,
		           v->kind == VALUE_SEVERAL ? type_text(e, v) : "one value");
	for (uint32_t i = 0; i < d->names.count; i++) {
		if (!new_name(e, d->names.data[i]))
			continue;
		Value *part = fits ? settle(e, v->parts.data[i], d->names.data[i].name, s->span) : value_bad(e);
		Binding *b = scope_add(e, kind, d->names.data[i], part);
		b->scalar = part->scalar == S_LITERAL ? S_REAL : part->scalar;
	}
}

static void define(Elab *e, const AstStmt *s, BindKind kind) {
	const AstDeclare *d = &s->declare;
	if (d->names.count == 0)
		return;
	if (d->draw) {
		diag_error(e->session, 392, s->span, "draws inside a body are part of the language, but not of this version");
		for (uint32_t i = 0; i < d->names.count; i++)
			scope_add(e, kind, d->names.data[i], value_bad(e));
		return;
	}
	if (!d->value) {
		for (uint32_t i = 0; i < d->names.count; i++)
			scope_add(e, kind, d->names.data[i], value_bad(e));
		return;
	}
	if (d->names.count > 1) {
		several(e, s, kind);
		return;
	}
	AstName name = d->names.data[0];
	Value *v = elab_headed(e, d, name.name);
	if (v->kind == VALUE_SEVERAL) {
		diag_error(e->session, 221, d->value->span, "one name for %s", type_text(e, v));
		v = value_bad(e);
	}
	if (kind == BIND_VAR && v->kind == VALUE_ARRAY && v->scalar == S_LITERAL)
		v = value_convert(e, v, S_REAL);
	v = settle(e, v, name.name, s->span);
	if (!new_name(e, name))
		return;
	Binding *b = scope_add(e, kind, name, v);
	b->scalar = v->scalar;
}

/* ---- loops and branches ---- */

static void add_name(Name name, Name *names, uint32_t *count, uint32_t limit) {
	for (uint32_t i = 0; i < *count; i++)
		if (names[i] == name)
			return;
	if (*count < limit)
		names[(*count)++] = name;
}

void assigned_names(const AstBlock *block, Name *names, uint32_t *count, uint32_t limit) {
	for (uint32_t i = 0; i < block->count; i++) {
		const AstStmt *s = block->data[i];
		switch (s->kind) {
		case AST_ASSIGN:
			for (uint32_t k = 0; k < s->assign.targets.count; k++) {
				const AstExpr *t = s->assign.targets.data[k];
				if (t->kind == AST_INDEX)
					t = t->index.base;
				if (t->kind == AST_NAME)
					add_name(t->name, names, count, limit);
			}
			break;
		case AST_FOR: assigned_names(&s->loop.body, names, count, limit); break;
		case AST_WHILE: assigned_names(&s->repeat.body, names, count, limit); break;
		case AST_WHEN:
			assigned_names(&s->when.yes, names, count, limit);
			assigned_names(&s->when.no, names, count, limit);
			break;
		case AST_EACH: assigned_names(&s->each.body, names, count, limit); break;
		default: break;
		}
	}
}

/* The bindings around a block that it assigns. */
static uint32_t assigned_outside(Elab *e, const AstBlock *block, Binding **out, uint32_t limit) {
	Name names[256];
	uint32_t count = 0, found = 0;
	assigned_names(block, names, &count, 256);
	for (uint32_t i = 0; i < count && found < limit; i++) {
		Binding *b = scope_find(e, names[i]);
		if (b && (b->kind == BIND_VAR || b->kind == BIND_STATE || b->kind == BIND_X) && b->value &&
		    !value_is_bad(b->value))
			out[found++] = b;
	}
	return found;
}

static void scoped_block(Elab *e, const AstBlock *block) {
	Binding *scope = e->scope;
	elab_block(e, block);
	e->scope = scope;
}

static void one_turn(Elab *e, const AstStmt *s, Ex *counter, int64_t low) {
	Binding *scope = e->scope;
	if (new_name(e, s->loop.name))
		scope_add(e, BIND_LOOP, s->loop.name, value_scalar(e, S_INT, ex_add_int(e, counter, ex_int(e, low))));
	elab_block(e, &s->loop.body);
	e->scope = scope;
}

static void loop(Elab *e, const AstStmt *s) {
	int64_t low = 0, high = 0;
	if (!s->loop.range.high ||
	    (s->loop.range.low && !elab_static_int(e, s->loop.range.low, "the start of a loop", &low)) ||
	    !elab_static_int(e, s->loop.range.high, "the end of a loop", &high))
		return;
	int64_t turns = high - low;
	if (turns <= 0)
		return;
	if (turns <= UNROLL) {
		for (int64_t i = 0; i < turns; i++)
			one_turn(e, s, ex_int(e, i), low);
		return;
	}
	Binding *carried[64];
	uint32_t count = assigned_outside(e, &s->loop.body, carried, 64);
	Value *before[64];
	IrValue inits[64], yields[64];
	Var *const *around = e->active.data;
	for (uint32_t i = 0; i < count; i++) {
		before[i] = carried[i]->value;
		inits[i] = whole(e, value_convert(e, before[i], carried[i]->scalar), around, carried[i]->active,
		                 carried[i]->name, s->span);
	}
	IrBlock *outer = e->builder->block;
	e->builder->span = s->span;
	e->builder->name = s->loop.name.name;
	IrOp *op = ir_loop_begin(e->builder, turns, 0);
	e->builder->name = 0;
	for (uint32_t i = 0; i < count; i++) {
		e->builder->name = carried[i]->name;
		yields[i] = ir_loop_carry(e->builder, op, inits[i]);
		e->builder->name = 0;
		carried[i]->value = value_from_whole(e, yields[i], carried[i]->scalar, before[i]->rank, before[i]->dims, around,
		                                     carried[i]->active);
	}
	Ex *counter = ex_read(e, op->loop.counter, NULL, 0, false);
	counter->low = 0;
	counter->high = turns - 1;
	one_turn(e, s, counter, low);
	for (uint32_t i = 0; i < count; i++)
		if (!value_is_bad(carried[i]->value))
			yields[i] = whole(e, carried[i]->value, e->active.data, carried[i]->active, carried[i]->name, s->span);
	ir_loop_end(e->builder, op, yields, outer);
	for (uint32_t i = 0; i < count; i++)
		carried[i]->value = value_from_whole(e, op->loop.carries.data[i].out, carried[i]->scalar, before[i]->rank,
		                                     before[i]->dims, e->active.data, carried[i]->active);
}

static void branch(Elab *e, const AstBlock *block, Ex *cond, bool truth) {
	Ex *forms[16];
	uint32_t count = 0, saved = e->conds.count;
	cond_forms(e, cond, truth, forms, &count, 16);
	for (uint32_t i = 0; i < count; i++)
		vec_push(e->arena, &e->conds, (const Ex *)forms[i]);
	e->cond_if++;
	scoped_block(e, block);
	e->cond_if--;
	e->conds.count = saved;
}

static void when(Elab *e, const AstStmt *s) {
	Value *cond = elab_scalar(e, s->when.condition, "the condition of `if`");
	if (!value_is_bad(cond) && cond->scalar != S_BOOL) {
		diag_error(e->session, 210, s->when.condition->span, "a condition was expected, found %s", type_text(e, cond));
		cond = value_bad(e);
	}
	if (value_is_bad(cond)) /* which branch would be checked is not known */
		return;
	if (value_known(cond)) {
		scoped_block(e, cond->body->integer ? &s->when.yes : &s->when.no);
		return;
	}
	cond = settle(e, cond, 0, s->when.condition->span);
	Binding *changed[128];
	uint32_t count = assigned_outside(e, &s->when.yes, changed, 64);
	Binding *more[64];
	uint32_t extra = assigned_outside(e, &s->when.no, more, 64);
	for (uint32_t i = 0; i < extra; i++) {
		bool there = false;
		for (uint32_t k = 0; k < count; k++)
			there = there || changed[k] == more[i];
		if (!there)
			changed[count++] = more[i];
	}
	Value *before[128], *yes[128];
	for (uint32_t i = 0; i < count; i++)
		before[i] = changed[i]->value;
	Value *returned = e->returned;
	branch(e, &s->when.yes, cond->body, true);
	for (uint32_t i = 0; i < count; i++) {
		yes[i] = changed[i]->value;
		changed[i]->value = before[i];
	}
	branch(e, &s->when.no, cond->body, false);
	if (e->returned != returned) {
		Diag *diag = diag_error(e->session, 225, s->span,
		                        "`return` under a condition that is not known when the program is instantiated");
		diag_help(e->session, diag, "assign to a `var` in both branches, and return it at the end");
	}
	for (uint32_t i = 0; i < count; i++) {
		Value *no = changed[i]->value;
		if (yes[i] == no)
			continue;
		int axis = e->coord && !value_is_bad(no) ? x_axis(no) : -1;
		Value *c = cond;
		if (axis >= 0 && ex_has(cond->body, e->coord)) {
			/* Element by element: the condition at the coordinate of each. */
			Ex *to = ex_var(e, yes[i]->vars[axis]);
			c = value_array(e, S_BOOL, yes[i]->rank, yes[i]->dims, s->span);
			Ex *body = ex_substitute(e, cond->body, &e->coord, &to, 1, false);
			Var *from = yes[i]->vars[axis];
			Ex *own = ex_var(e, c->vars[axis]);
			c->body = ex_substitute(e, body, &from, &own, 1, false);
		}
		changed[i]->value = settle(e, elab_select(e, c, yes[i], no, NULL), changed[i]->name, s->span);
	}
}

static void each(Elab *e, const AstStmt *s) {
	if (!e->rule) {
		diag_error(e->session, 263, s->keyword, "`each` speaks of the coordinates of x: it stands in an optimizer");
		return;
	}
	if (e->coord) {
		diag_error(e->session, 263, s->keyword, "`each` inside `each`");
		return;
	}
	if (s->each.names.count) {
		diag_error(e->session, 396, s->each.names.data[0].span,
		           "naming the coordinates is part of the language, but not of this version");
		return;
	}
	e->coord = var_new(e, session_name(e->session, "c"), DIM_X, s->keyword);
	vec_push(e->arena, &e->active, e->coord);
	scoped_block(e, &s->each.body);
	e->active.count--;
	e->coord = NULL;
}

static void give_back(Elab *e, const AstStmt *s) {
	if (s->results.count == 0)
		return;
	if (s->results.count == 1) {
		e->returned = elab(e, s->results.data[0]);
		return;
	}
	Value *v = ARENA_NEW(e->arena, Value);
	v->kind = VALUE_SEVERAL;
	for (uint32_t i = 0; i < s->results.count; i++) {
		Value *part = elab(e, s->results.data[i]);
		vec_push(e->arena, &v->parts, part);
	}
	e->returned = v;
}

void elab_stmt(Elab *e, const AstStmt *s) {
	switch (s->kind) {
	case AST_LET: define(e, s, BIND_LET); break;
	case AST_VAR: define(e, s, BIND_VAR); break;
	case AST_ASSIGN: elab_assign(e, s); break;
	case AST_FOR: loop(e, s); break;
	case AST_WHILE:
		diag_error(e->session, 392, s->keyword, "`while` is part of the language, but not of this version");
		break;
	case AST_WHEN: when(e, s); break;
	case AST_EACH: each(e, s); break;
	case AST_APPLY: rule_apply(e, s); break;
	case AST_RETURN: give_back(e, s); break;
	case AST_STATE: /* those that stand directly in the rule were made before the step */
		diag_error(e->session, 392, s->keyword,
		           "`state` inside of a block is part of the language, but not of this version");
		for (uint32_t i = 0; i < s->declare.names.count; i++)
			scope_add(e, BIND_STATE, s->declare.names.data[i], value_bad(e));
		break;
	default: break; /* declarations of objectives and rules are their owners' */
	}
}

void elab_block(Elab *e, const AstBlock *block) {
	for (uint32_t i = 0; i < block->count && !e->returned; i++)
		elab_stmt(e, block->data[i]);
}
