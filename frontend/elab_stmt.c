/* Statements of all bodies: let, var, assignments, for, if, each, return. */
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
	if (v->rank + (int)found.count > IR_MAX_RANK) {
		diag_error(e->session, 208, d->value->span, "an array has at most %d axes", IR_MAX_RANK);
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
	return array;
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

/* ---- assignments ---- */

static bool mutable_target(Elab *e, const Binding *b, Span span) {
	if (b->kind == BIND_VAR || b->kind == BIND_STATE || b->kind == BIND_X)
		return true;
	const char *name = session_text(e->session, b->name);
	Diag *diag = diag_error(e->session, 223, span, "`%s` cannot be assigned", name);
	if (b->span.file)
		diag_label(e->session, diag, b->span, "it is made here");
	if (b->kind == BIND_LET)
		diag_help(e->session, diag, "declare it with `var`");
	return false;
}

static int x_axis(const Value *v) {
	for (int i = 0; i < v->rank; i++)
		if (v->dims[i] == DIM_X)
			return i;
	return -1;
}

static Value *as_scalar_type(Elab *e, const Binding *b, Value *v, Span span) {
	if (v->kind != VALUE_ARRAY) {
		if (!value_is_bad(v))
			diag_error(e->session, 224, span, "`%s` cannot hold %s", session_text(e->session, b->name),
			           type_text(e, v));
		return value_bad(e);
	}
	bool fits = v->scalar == b->scalar || (b->scalar == S_REAL && v->scalar != S_BOOL) ||
	            (b->scalar == S_INT && v->scalar == S_LITERAL) || (b->scalar == S_REAL && v->scalar == S_BOOL);
	if (fits)
		return value_convert(e, v, b->scalar);
	Diag *diag = diag_error(e->session, 224, span, "`%s` holds %s, not %s", session_text(e->session, b->name),
	                        b->scalar == S_INT    ? "whole numbers"
	                        : b->scalar == S_BOOL ? "truth values"
	                                              : "real numbers",
	                        type_text(e, v));
	diag_label(e->session, diag, b->span, "declared here");
	return value_bad(e);
}

/* The shape of a binding as a body of `each` sees it. */
static Value seen_shape(const Elab *e, const Value *v) {
	Value shape = {.kind = VALUE_ARRAY};
	int axis = e->coord ? x_axis(v) : -1;
	for (int i = 0; i < v->rank; i++)
		if (i != axis)
			shape.dims[shape.rank++] = v->dims[i];
	return shape;
}

static bool varies_inside(Elab *e, const Binding *b, const Ex *body, Span span) {
	if (!e->coord || b->coord == e->coord || x_axis(b->value) >= 0 || !ex_has(body, e->coord))
		return false;
	Diag *diag =
		diag_error(e->session, 267, span, "`%s` is one value for the tensor, but this differs between coordinates",
	               session_text(e->session, b->name));
	diag_label(e->session, diag, b->span, "declared here");
	diag_help(e->session, diag, "declare it like x (`state %s = 0`), or reduce with `mean[each](...)`",
	          session_text(e->session, b->name));
	return true;
}

static void assign_whole(Elab *e, Binding *b, Value *v, Span span) {
	if (value_is_bad(b->value) || value_is_bad(v)) {
		if (b->kind != BIND_X && b->kind != BIND_STATE)
			b->value = value_bad(e);
		return;
	}
	v = as_scalar_type(e, b, v, span);
	if (value_is_bad(v))
		return;
	Value seen = seen_shape(e, b->value);
	if (v->rank == 0)
		v = elab_broadcast(e, v, &seen);
	if (!value_same_shape(v, &seen)) {
		Diag *diag = diag_error(e->session, 224, span, "`%s` is %s, but this is %s", session_text(e->session, b->name),
		                        dims_text(e, seen.dims, seen.rank), dims_text(e, v->dims, v->rank));
		diag_label(e->session, diag, b->span, "declared here");
		return;
	}
	Ex *body = value_body(e, v);
	if (varies_inside(e, b, body, span))
		return;
	int axis = e->coord ? x_axis(b->value) : -1;
	if (axis >= 0) {
		/* The number at the coordinate, for all coordinates. */
		Value *all = value_array(e, b->scalar, b->value->rank, b->value->dims, span);
		Var *from[IR_MAX_RANK];
		Ex *to[IR_MAX_RANK];
		uint32_t count = 0;
		from[count] = e->coord;
		to[count++] = ex_var(e, all->vars[axis]);
		for (int i = 0, k = 0; i < all->rank; i++) {
			if (i == axis)
				continue;
			from[count] = v->vars[k++];
			to[count++] = ex_var(e, all->vars[i]);
		}
		all->body = ex_substitute(e, body, from, to, count, false);
		v = all;
	}
	b->value = settle(e, v, b->name, span);
}

static void assign_elements(Elab *e, Binding *b, const AstExpr *target, const AstExpr *value_expr, Value *given) {
	Value *v = b->value;
	if (value_is_bad(v))
		return;
	int axis = e->coord ? x_axis(v) : -1;
	uint32_t count = target->index.items.count;
	Value seen = seen_shape(e, v);
	if ((int)count > seen.rank) {
		diag_error(e->session, 208, target->span, "%u indices for %s", (unsigned)count,
		           dims_text(e, seen.dims, seen.rank));
		return;
	}
	Binding *scope = e->scope;
	uint32_t active = e->active.count;
	const AstItem *fresh[IR_MAX_RANK];
	AstItem *made;
	int64_t extents[IR_MAX_RANK];
	uint32_t fresh_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		const AstItem *item = &target->index.items.data[i];
		bool name =
			item->kind == AST_ITEM_EXPR && item->expr && item->expr->kind == AST_NAME &&
			!scope_find(e, item->expr->name) &&
			!(fe_find(e->program, item->expr->name) && fe_find(e->program, item->expr->name)->kind == AST_CONST);
		if (item->kind != AST_ITEM_INDEX && !name)
			continue;
		extents[fresh_count] = 0;
		if (item->kind == AST_ITEM_INDEX && item->high) {
			fresh[fresh_count++] = item;
			continue;
		}
		made = ARENA_NEW(e->arena, AstItem);
		*made = *item;
		if (name)
			made->name = (AstName){item->expr->name, item->expr->span};
		bool twice = false; /* h[i, i] <- e: the second is the first */
		for (uint32_t k = 0; k < fresh_count; k++)
			twice = twice || fresh[k]->name.name == made->name.name;
		if (twice)
			continue;
		extents[fresh_count] = seen.dims[i];
		fresh[fresh_count++] = made;
	}
	Indices found = {0};
	bool ok = bind_indices(e, fresh, fresh_count, NULL, 0, false, extents, &found);
	Value *r = given ? given : elab(e, value_expr);
	Ex *at[IR_MAX_RANK];
	Var *kept[IR_MAX_RANK];
	Value rest = {.kind = VALUE_ARRAY};
	bool guard = false;
	for (int i = 0, k = 0; i < v->rank; i++) {
		if (i == axis) {
			at[i] = ex_var(e, e->coord);
			continue;
		}
		const AstItem *item = k < (int)count ? &target->index.items.data[k] : NULL;
		k++;
		if (item && (item->kind == AST_ITEM_EXPR || item->kind == AST_ITEM_INDEX)) {
			AstExpr named = {.kind = AST_NAME, .span = item->span, .name = item->name.name};
			const AstExpr *position = item->kind == AST_ITEM_INDEX ? &named : item->expr;
			bool want = e->want_int;
			e->want_int = true;
			Value *p = elab(e, position);
			e->want_int = want;
			if (p->kind != VALUE_ARRAY || p->rank || p->scalar == S_REAL || p->scalar == S_BOOL) {
				if (!value_is_bad(p))
					diag_error(e->session, 211, item->span, "an index is a whole number, not %s", type_text(e, p));
				ok = false;
				continue;
			}
			at[i] = value_body(e, p);
			ok = position_in_bounds(e, at[i], v->dims[i], item->span, &guard) && ok;
			continue;
		}
		int64_t low = 0, high = v->dims[i];
		if (item && item->kind == AST_ITEM_SLICE) {
			ok = elab_static_int(e, item->low, "the start of a slice", &low) && ok;
			ok = elab_static_int(e, item->high, "the end of a slice", &high) && ok;
			if (ok && (low < 0 || high <= low || high > dim_ir(e, v->dims[i]))) {
				diag_error(e->session, 209, item->span, "slice %lld..%lld of an axis of extent %lld", (long long)low,
				           (long long)high, (long long)v->dims[i]);
				ok = false;
			}
		}
		rest.dims[rest.rank] = high - (high == DIM_X ? 0 : low);
		kept[rest.rank] = var_new(e, b->name, rest.dims[rest.rank], target->span);
		at[i] = ex_add_int(e, ex_var(e, kept[rest.rank]), ex_int(e, low));
		rest.rank++;
	}
	e->scope = scope;
	e->active.count = active;
	if (!ok || value_is_bad(r))
		return;
	r = as_scalar_type(e, b, r, target->span);
	if (value_is_bad(r))
		return;
	if (r->rank && !value_same_shape(r, &rest)) {
		diag_error(e->session, 224, target->span, "these elements are %s, but the value is %s",
		           dims_text(e, rest.dims, rest.rank), dims_text(e, r->dims, r->rank));
		return;
	}
	Ex *kept_at[IR_MAX_RANK];
	for (int i = 0; i < rest.rank; i++)
		kept_at[i] = ex_var(e, kept[i]);
	Ex *body = r->rank ? value_at(e, r, kept_at) : value_body(e, r);

	/* Everything around: what the old array, the new elements and the positions vary with. */
	Var *own[IR_MAX_INDICES], *outer[IR_MAX_RANK];
	uint32_t own_count = 0;
	if (axis >= 0)
		own[own_count++] = e->coord;
	for (uint32_t i = 0; i < found.count; i++)
		own[own_count++] = found.vars[i];
	for (int i = 0; i < rest.rank; i++)
		own[own_count++] = kept[i];
	Ex all = {.free = vars_union(e, body->free, NULL)};
	for (int i = 0; i < v->rank; i++)
		all.free = vars_union(e, all.free, at[i]->free);
	Var *ignored[IR_MAX_INDICES + IR_MAX_RANK];
	memcpy(ignored, own, sizeof(Var *) * own_count);
	memcpy(ignored + own_count, v->vars, sizeof(Var *) * (size_t)v->rank);
	all.free = vars_union(e, all.free, value_body(e, v)->free);
	uint32_t outer_count = outer_vars(e, &all, ignored, own_count + (uint32_t)v->rank, outer);
	if (varies_inside(e, b, body, target->span))
		return;
	IrValue into = whole(e, v, outer, outer_count, 0, target->span);
	IrType type = ir_type(e->builder->func, into);
	Emit m = emit_begin(e, target->span);
	IrAt places[IR_MAX_RANK];
	for (uint32_t i = 0; i < outer_count; i++) {
		emit_var(e, &m, outer[i]);
		places[i] = ir_at_index(e->module, i, 1);
	}
	for (uint32_t i = 0; i < own_count; i++)
		emit_var(e, &m, own[i]);
	for (int i = 0; i < v->rank; i++)
		places[outer_count + (uint32_t)i] = emit_at(e, &m, at[i]);
	uint32_t node = emit_ex(e, &m, body);
	e->builder->name = b->name;
	IrValue out = ir_put(&m.f, IR_PUT_NONE, node, type, places, into, guard);
	ir_for_end(&m.f);
	b->value = value_from_whole(e, out, b->scalar, v->rank, v->dims, outer, outer_count);
}

static void assign_one(Elab *e, const AstExpr *target, const AstExpr *value_expr, Value *given) {
	if (target->kind == AST_BAD) {
		if (!given)
			elab(e, value_expr);
		return;
	}
	const AstExpr *base = target->kind == AST_INDEX ? target->index.base : target;
	Binding *b = base->kind == AST_NAME ? scope_find(e, base->name) : NULL;
	if (!b) {
		if (base->kind == AST_NAME) {
			Diag *diag = elab_unknown(e, base->name, base->span);
			if (!diag->help)
				diag_help(e->session, diag, "new values are made with `let` or `var`");
		}
		if (!given && target->kind != AST_INDEX)
			elab(e, value_expr);
		return;
	}
	if (!mutable_target(e, b, base->span)) {
		if (!given && target->kind != AST_INDEX)
			elab(e, value_expr);
		return;
	}
	if (target->kind == AST_INDEX)
		assign_elements(e, b, target, value_expr, given);
	else
		assign_whole(e, b, given ? given : elab(e, value_expr), value_expr->span);
}

static void assign(Elab *e, const AstStmt *s) {
	if (s->assign.targets.count == 1) {
		assign_one(e, s->assign.targets.data[0], s->assign.value, NULL);
		return;
	}
	Value *v = elab(e, s->assign.value);
	bool fits = v->kind == VALUE_SEVERAL && v->parts.count == s->assign.targets.count;
	if (!fits && !value_is_bad(v))
		diag_error(e->session, 221, s->assign.value->span, "%u targets for %s", (unsigned)s->assign.targets.count,
		           v->kind == VALUE_SEVERAL ? type_text(e, v) : "one value");
	/* All are computed before the first is assigned. */
	for (uint32_t i = 0; fits && i < v->parts.count; i++)
		v->parts.data[i] = settle(e, v->parts.data[i], 0, s->span);
	for (uint32_t i = 0; i < s->assign.targets.count; i++)
		assign_one(e, s->assign.targets.data[i], s->assign.value, fits ? v->parts.data[i] : value_bad(e));
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
	case AST_ASSIGN: assign(e, s); break;
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
