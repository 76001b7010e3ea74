/* Assignments: `x <- e` makes a new value that the name stands for from then on; `h[k, j] <- e` one with some elements
 * replaced. Inside `each`, what is shaped like x is assigned at the coordinate, for all coordinates in lockstep. */
#include "frontend/meaning/elements.h"

#include <string.h>

static Value *as_scalar_type(Elab *e, const Binding *b, Value *v, Span span) {
	if (v->kind != VALUE_ARRAY) {
		if (!value_is_bad(v))
			value_help_rule(e,
			                diag_error(e->session, 224, span, "`%s` cannot hold %s",
			                           session_text(e->session, b->symbol->name), value_type_text(e, v)),
			                v);
		return value_bad(e);
	}
	bool fits = v->scalar == b->scalar || (b->scalar == S_REAL && v->scalar != S_BOOL) ||
	            (b->scalar == S_INT && v->scalar == S_LITERAL) || (b->scalar == S_REAL && v->scalar == S_BOOL);
	if (fits)
		return value_convert(e, v, b->scalar);
	Diag *diag = diag_error(e->session, 224, span, "`%s` holds %s, not %s", session_text(e->session, b->symbol->name),
	                        b->scalar == S_INT    ? "whole numbers"
	                        : b->scalar == S_BOOL ? "truth values"
	                                              : "real numbers",
	                        value_type_text(e, v));
	diag_label(e->session, diag, b->symbol->span, "declared here");
	return value_bad(e);
}

/* The shape of a binding as a body of `each` sees it. */
static Value seen_shape(const Elab *e, const Value *v) {
	Value shape = {.kind = VALUE_ARRAY};
	int axis = e->coord ? value_x_axis(v) : -1;
	for (int i = 0; i < v->rank; i++)
		if (i != axis)
			shape.dims[shape.rank++] = v->dims[i];
	return shape;
}

bool elab_varies_inside(Elab *e, const Binding *b, const Ex *body, Span span) {
	if (!e->coord || b->coord == e->coord || value_x_axis(b->value) >= 0 || !elab_differs(e, body))
		return false;
	/* States of a rule that is applied are called otherwise than they are written. */
	const char *name = source_excerpt(e->session, e->arena, b->symbol->span);
	Diag *diag = diag_error(e->session, 267, span,
	                        "`%s` is one value for the tensor, but this differs between coordinates", name);
	diag_label(e->session, diag, b->symbol->span, "declared here");
	if (strcmp(name, session_text(e->session, b->symbol->name)) == 0)
		diag_help(e->session, diag, "declare it like x (`state %s = 0`), or reduce with `mean[each](...)`", name);
	else
		diag_help(e->session, diag, "apply a rule that has such states to all coordinates, or to none");
	return true;
}

static void assign_whole(Elab *e, Binding *b, Value *v, Span span) {
	if (value_is_bad(b->value) || value_is_bad(v)) {
		if (b->symbol->kind == SYMBOL_VAR)
			b->value = value_bad(e);
		return;
	}
	v = as_scalar_type(e, b, v, span);
	if (value_is_bad(v))
		return;
	Value seen = seen_shape(e, b->value);
	if (v->rank == 0)
		v = elab_broadcast(e, v, &seen);
	Value *folded = value_same_shape(v, &seen) ? NULL : elab_folded(e, v, &seen, span);
	if (folded)
		v = folded;
	else if (elab_is_like_x(v) && !value_same_shape(v, &seen)) {
		Value *both[2] = {b->value, v};
		elab_meet(e, both, 2);
		v = both[1];
	}
	if (!value_same_shape(v, &seen)) {
		Diag *diag =
			diag_error(e->session, 224, span, "`%s` is %s, but this is %s", session_text(e->session, b->symbol->name),
		               value_dims_text(e, seen.dims, seen.rank), value_dims_text(e, v->dims, v->rank));
		diag_label(e->session, diag, b->symbol->span, "declared here");
		if (b->symbol->kind == SYMBOL_VAR) {
			diag_help(e->session, diag,
			          "a `var` keeps the shape that it starts with; a number starts as many: `var %s : [n] = 0`",
			          session_text(e->session, b->symbol->name));
			b->value = value_bad(e);
		} else if (b->symbol->kind == SYMBOL_STATE && seen.rank == 0 && elab_is_like_x(v))
			diag_help(e->session, diag, "declared like x, `state %s = 0`, it has one number for each coordinate",
			          session_text(e->session, b->symbol->name));
		return;
	}
	Ex *body = value_body(e, v);
	if (elab_varies_inside(e, b, body, span))
		return;
	if (e->coord && value_x_axis(b->value) >= 0)
		v = elab_for_all(e, v, b->value, span);
	b->value =
		b->symbol->differentiates ? value_of_its_own(e, v, b->symbol) : value_reusable(e, v, b->symbol->name, span);
}

/* In `h[k, j] <- e` a name that is declared by standing there runs over its axis. */
static bool is_fresh_name(const Elab *e, const AstExpr *x) {
	const Symbol *symbol = x && x->kind == AST_NAME ? symbol_at(e->program, x->id) : NULL;
	return symbol && symbol->kind == SYMBOL_INDEX && symbol->span.file == x->span.file &&
	       symbol->span.start == x->span.start;
}

/* Indices that are declared between the brackets. */
typedef struct Fresh {
	Elab *e;
	uint32_t count;
	const AstItem **items;
	int64_t *extents; /* of their axes; 0: of those inside of a position, which other uses tell */
} Fresh;

static void add_fresh(Fresh *fresh, const AstItem *like, const AstExpr *name, int64_t extent) {
	AstItem *made = ARENA_NEW(fresh->e->arena, AstItem);
	*made = *like;
	if (name) {
		made->kind = extent ? AST_ITEM_INDEX : AST_ITEM_EXPR; /* the latter inside of a position */
		made->name = (AstName){name->name, name->span, name->id};
	}
	fresh->extents[fresh->count] = extent;
	fresh->items[fresh->count++] = made;
}

static bool see_fresh(const AstExpr *x, void *context) {
	Fresh *fresh = context;
	if (is_fresh_name(fresh->e, x))
		add_fresh(fresh, &(AstItem){.span = x->span}, x, 0);
	return ast_any_part(x, see_fresh, fresh);
}

static bool count_names(const AstExpr *x, void *context) {
	*(uint32_t *)context += x && x->kind == AST_NAME;
	return ast_any_part(x, count_names, context);
}

/* Makes variables for the indices that are declared between the brackets. value: the right side, where their ranges may follow from;
 * NULL: it does not see them. */
static bool bind_fresh(Elab *e, Elements *to, const Value *seen, AstExpr *value) {
	uint32_t names = to->items->count;
	for (uint32_t i = 0; i < to->items->count; i++)
		count_names(to->items->data[i].expr, &names);
	Fresh fresh = {e, 0, ARENA_ARRAY(e->arena, const AstItem *, names), ARENA_ARRAY(e->arena, int64_t, names)};
	for (uint32_t i = 0; i < to->items->count; i++) {
		const AstItem *item = &to->items->data[i];
		if (item->kind == AST_ITEM_INDEX)
			add_fresh(&fresh, item, NULL, item->high ? 0 : seen->dims[i]);
		else if (item->kind == AST_ITEM_EXPR && is_fresh_name(e, item->expr))
			add_fresh(&fresh, item, item->expr, seen->dims[i]);
		else {
			uint32_t before = fresh.count;
			see_fresh(item->expr, &fresh);
			see_fresh(item->low, &fresh);
			see_fresh(item->high, &fresh);
			to->inside = to->inside || fresh.count > before;
		}
	}
	AstExpr *parts[] = {(AstExpr *)(uintptr_t)to->target, value};
	AstExpr *both = ARENA_NEW(e->arena, AstExpr);
	*both = (AstExpr){.kind = AST_ARRAY, .span = to->span};
	for (uint32_t i = 0; i < (value ? 2 : 1); i++)
		vec_push(e->arena, &both->elements, parts[i]);
	const AstExpr *bodies[] = {both};
	return elab_bind_indices(e, fresh.items, fresh.count, bodies, to->inside, false, fresh.extents, &to->found);
}

static void report_index(Elab *e, const AstItem *item, const Value *p) {
	Diag *diag = diag_error(e->session, 211, item->span, "an index is a whole number, not %s", value_type_text(e, p));
	if (p->kind == VALUE_ARRAY && p->rank && p->scalar == S_INT)
		diag_help(e->session, diag, "with an index of its own: `s[target[e]] <- x[e]`");
}

/* The position along one axis; NULL with a diagnostic. */
static Ex *element_position(Elab *e, Elements *to, const AstItem *item, int64_t extent) {
	AstExpr named = {.kind = AST_NAME, .span = item->span, .name = item->name.name, .id = item->name.id};
	const AstExpr *position = item->kind == AST_ITEM_INDEX ? &named : item->expr;
	bool want = e->want_int, open = false;
	e->want_int = true;
	Value *p = elab_expr(e, position);
	e->want_int = want;
	if (p->kind != VALUE_ARRAY || p->rank || p->scalar == S_REAL || p->scalar == S_BOOL) {
		if (!value_is_bad(p))
			report_index(e, item, p);
		return NULL;
	}
	Ex *at = value_body(e, p);
	return elab_in_bounds(e, at, extent, item->span, &to->guard, &open) ? at : NULL;
}

/* A slice, or a whole axis where `item` is none: an axis of what is assigned. false with a diagnostic. */
static bool keep_axis(Elab *e, Elements *to, const AstItem *item, int i) {
	int64_t extent = to->bound->value->dims[i], low = 0, high = extent;
	bool ok = true, open = false;
	Value *rest = &to->rest;
	Var **kept = &to->kept[rest->rank];
	Name name = to->bound->symbol->name;
	to->kept_axis[rest->rank] = i;
	Ex *from = NULL;
	if (item && item->kind == AST_ITEM_SLICE) {
		ok = elab_slice(e, item, &low, &high, &from);
		if (ok && !from && (low < 0 || high <= low || high > emit_dim(e, extent))) {
			diag_error(e->session, 209, item->span, "slice %lld..%lld of an axis of extent %lld", (long long)low,
			           (long long)high, (long long)extent);
			ok = false;
		}
	}
	rest->dims[rest->rank] = high - (high == DIM_X ? 0 : low);
	*kept = ex_var_new(e, name, rest->dims[rest->rank], to->span);
	to->kept_low[rest->rank] = from ? from : ex_int(e, low);
	to->at[i] = ex_add_int(e, ex_var(e, *kept), to->kept_low[rest->rank]);
	rest->rank++;
	return ok && (!from || elab_in_bounds(e, to->at[i], extent, item->span, &to->guard, &open));
}

static bool find_elements(Elab *e, Elements *to) {
	const Value *v = to->bound->value;
	bool ok = true;
	for (int i = 0, k = 0; i < v->rank; i++) {
		if (i == to->axis) {
			to->at[i] = elab_coordinate(e);
			continue;
		}
		const AstItem *item = k < (int)to->items->count ? &to->items->data[k] : NULL;
		k++;
		if (item && (item->kind == AST_ITEM_EXPR || item->kind == AST_ITEM_INDEX)) {
			to->at[i] = element_position(e, to, item, v->dims[i]);
			ok = ok && to->at[i];
		} else
			ok = keep_axis(e, to, item, i) && ok;
	}
	return ok;
}

bool elab_place_elements(Elab *e, const Elements *to, Ex *body, Placing *out) {
	const Value *v = to->bound->value;
	*out = (Placing){0};
	if (to->axis >= 0)
		out->own_count = elab_coordinate_vars(e, out->own);
	for (uint32_t i = 0; i < to->found.count; i++)
		out->own[out->own_count++] = to->found.vars[i];
	for (int i = 0; i < to->rest.rank; i++)
		out->own[out->own_count++] = to->kept[i];
	/* Everything around: what the old array, the new elements and the positions vary with. */
	Ex all = {.free = ex_vars_union(e, body->free, NULL)};
	for (int i = 0; i < v->rank; i++)
		all.free = ex_vars_union(e, all.free, to->at[i]->free);
	Var *ignored[IR_MAX_INDICES + IR_MAX_RANK];
	memcpy(ignored, out->own, sizeof(Var *) * out->own_count);
	memcpy(ignored + out->own_count, v->vars, sizeof(Var *) * (size_t)v->rank);
	all.free = ex_vars_union(e, all.free, value_body(e, to->bound->value)->free);
	out->outer_count = emit_outer_vars(e, &all, ignored, out->own_count + (uint32_t)v->rank, v->rank, out->outer);
	return !elab_varies_inside(e, to->bound, body, to->span);
}

IrValue elab_put_elements(Elab *e, const Elements *to, const Placing *p, IrCombine combine, Ex *body, IrValue into) {
	IrType type = ir_type(e->builder->func, into);
	Emit m = emit_begin(e, to->span);
	IrAt places[IR_MAX_RANK];
	for (uint32_t i = 0; i < p->outer_count; i++) {
		emit_var(e, &m, p->outer[i]);
		places[i] = ir_at_index(e->module, i, 1);
	}
	for (uint32_t i = 0; i < p->own_count; i++)
		emit_var(e, &m, p->own[i]);
	for (int i = 0; i < to->bound->value->rank; i++)
		places[p->outer_count + (uint32_t)i] = emit_at(e, &m, to->at[i]);
	uint32_t node = emit_ex(e, &m, body);
	e->builder->name = to->bound->symbol->name;
	return emit_put(e, &m, combine, node, type, places, into, to->guard);
}

Ex *elab_element_body(Elab *e, const Elements *to, Value *r) {
	r = as_scalar_type(e, to->bound, r, to->span);
	if (value_is_bad(r))
		return NULL;
	if (r->rank && !value_same_shape(r, &to->rest)) {
		diag_error(e->session, 224, to->span, "these elements are %s, but the value is %s",
		           value_dims_text(e, to->rest.dims, to->rest.rank), value_dims_text(e, r->dims, r->rank));
		return NULL;
	}
	Ex *kept_at[IR_MAX_RANK];
	for (int i = 0; i < to->rest.rank; i++)
		kept_at[i] = ex_var(e, to->kept[i]);
	return r->rank ? value_at(e, r, kept_at) : value_body(e, r);
}

void elab_replace_elements(Elab *e, const Elements *to, Value *r) {
	Binding *b = to->bound;
	const Value *v = b->value;
	Ex *body = elab_element_body(e, to, r);
	Placing p;
	if (!body || !elab_place_elements(e, to, body, &p))
		return;
	IrValue into = emit_whole(e, b->value, p.outer, p.outer_count, 0, to->span);
	IrValue out = elab_put_elements(e, to, &p, IR_PUT_NONE, body, into);
	b->value = value_from_whole(e, out, b->scalar, v->rank, v->dims, p.outer, p.outer_count);
}

/* given: the value, if it is one of several; NULL: that of value_expr. */
static void assign_elements(Elab *e, Binding *b, const AstExpr *target, AstExpr *value_expr, Value *given) {
	Value *v = b->value;
	if (value_is_bad(v))
		return;
	Value *like = v;
	if (!e->coord && elab_is_like_x(v)) {
		v = elab_by_axes(e, v, target->span);
		if (value_is_bad(v))
			return;
	}
	Elements to = {
		.bound = b, .target = target, .items = &target->index.items, .span = target->span, .rest.kind = VALUE_ARRAY};
	to.axis = e->coord ? value_x_axis(v) : -1;
	Value seen = seen_shape(e, v);
	if ((int)to.items->count > seen.rank) {
		unsigned count = to.items->count;
		Diag *diag = diag_error(e->session, 208, target->span, "%u %s for %s", count, count == 1 ? "index" : "indices",
		                        value_dims_text(e, seen.dims, seen.rank));
		if (e->coord && value_x_axis(v) >= 0)
			diag_help(e->session, diag,
			          "inside `each`, `%s` is the number at this coordinate: write it without an index",
			          session_text(e->session, b->symbol->name));
		return;
	}
	ScopeMark scope = scope_mark(e);
	uint32_t indices_around = e->indices_around.count;
	bool ok = bind_fresh(e, &to, &seen, given ? NULL : value_expr);
	bool may_repeat = ok && to.inside; /* then the right side may be read in another way */
	Value *r = given || may_repeat ? given : elab_expr(e, value_expr);
	b->value = v;
	ok = find_elements(e, &to) && ok;
	if (may_repeat && ok)
		elab_scatter(e, &to, value_expr, given);
	else if (may_repeat && !given)
		elab_expr(e, value_expr);
	scope_back(e, scope);
	e->indices_around.count = indices_around;
	if (!may_repeat && ok && !value_is_bad(r))
		elab_replace_elements(e, &to, r);
	if (v != like)
		b->value = b->value == v ? like : elab_folded_again(e, b->value, like, target->span);
}

static void assign_one(Elab *e, const AstExpr *target, AstExpr *value_expr, Value *given) {
	const AstExpr *base = target->kind == AST_INDEX ? target->index.base : target;
	const Symbol *symbol = base->kind == AST_NAME ? symbol_at(e->program, base->id) : NULL;
	Binding *b = symbol && symbol_may_change(symbol) ? scope_find(e, symbol) : NULL;
	if (!b) { /* reported */
		if (!given && target->kind != AST_INDEX)
			elab_expr(e, value_expr);
		return;
	}
	if (target->kind == AST_INDEX)
		assign_elements(e, b, target, value_expr, given);
	else
		assign_whole(e, b, given ? given : elab_expr(e, value_expr), value_expr->span);
}

void elab_assign(Elab *e, const AstStmt *s) {
	if (s->assign.targets.count == 1) {
		assign_one(e, s->assign.targets.data[0], s->assign.value, NULL);
		return;
	}
	Value *v = elab_expr(e, s->assign.value);
	bool fits = v->kind == VALUE_SEVERAL && v->parts.count == s->assign.targets.count;
	if (!fits && !value_is_bad(v))
		diag_error(e->session, 221, s->assign.value->span, "%u targets for %s", (unsigned)s->assign.targets.count,
		           v->kind == VALUE_SEVERAL ? value_type_text(e, v) : "one value");
	/* All are computed before the first is assigned. */
	for (uint32_t i = 0; fits && i < v->parts.count; i++)
		v->parts.data[i] = value_reusable(e, v->parts.data[i], 0, s->span);
	for (uint32_t i = 0; i < s->assign.targets.count; i++)
		assign_one(e, s->assign.targets.data[i], s->assign.value, fits ? v->parts.data[i] : value_bad(e));
}
