/* Assignments: `x <- e` makes a new value that the name stands for from then on; `h[k, j] <- e` one with some elements
 * replaced. Inside `each`, what is shaped like x is assigned at the coordinate, for all coordinates in lockstep. */
#include "frontend/meaning/elab.h"

#include <string.h>

/* The `let` of this binding, where it is a statement of the block or of an `each` in it; NULL if it is none. */
static const AstStmt *let_in(const AstBlock *block, const Binding *b) {
	for (uint32_t i = 0; i < block->count; i++) {
		const AstStmt *s = block->data[i];
		const AstStmt *inner = s->kind == AST_EACH ? let_in(&s->each.body, b) : NULL;
		if (inner)
			return inner;
		if (s->kind == AST_LET && s->declare.names.count == 1 &&
		    memcmp(&s->declare.names.data[0].span, &b->span, sizeof b->span) == 0)
			return s;
	}
	return NULL;
}

/* A name that a state may start from. */
static bool known_at_start(Elab *e, Name name) {
	const Binding *b = scope_find(e, name);
	const AstDecl *decl = b ? NULL : fe_find(e->program, name);
	return b ? b->kind == BIND_HYPER || b->kind == BIND_LEARNED : decl && decl->kind == AST_CONST;
}

typedef struct StartSeen {
	Elab *e;
	bool later;
} StartSeen;

static void see_start(Name name, Span span, void *context) {
	StartSeen *seen = context;
	(void)span;
	seen->later = seen->later || !known_at_start(seen->e, name);
}

/* What is assigned has to be declared otherwise. In a rule `var` starts anew in every step: what starts from a number
 * and is assigned is more often meant to last, which is what `state` does. */
static void help_assign_let(Elab *e, const Binding *b, Diag *diag) {
	enum { LONGEST_SHOWN = 40 };
	bool in_rule = e->rule && e->calls && e->calls->decl->kind == AST_OPTIMIZER;
	const AstStmt *let = in_rule ? let_in(&e->calls->decl->body, b) : NULL;
	StartSeen seen = {.e = e};
	if (let && !let->declare.value)
		let = NULL; /* a draw, or what could not be read */
	if (let)
		expr_names(let->declare.value, see_start, &seen);
	if (!let || let->declare.has_head || seen.later) {
		diag_help(e->session, diag, "declare it with `var`");
		return;
	}
	const char *name = session_text(e->session, b->name);
	const Span value = let->declare.value->span;
	const char *text = e->session->sources.data[value.file]->text + value.start;
	int length = (int)(value.end - value.start);
	bool shown = length <= LONGEST_SHOWN && !memchr(text, '\n', (size_t)length);
	diag_help(e->session, diag, "`state %s = %.*s`%s lasts from step to step; `var` starts anew in every step", name,
	          shown ? length : 3, shown ? text : "...", e->coord ? " before the `each`" : "");
}

static bool mutable_target(Elab *e, const Binding *b, Span span) {
	if (b->kind == BIND_VAR || b->kind == BIND_STATE || b->kind == BIND_X)
		return true;
	const char *name = session_text(e->session, b->name);
	Diag *diag = diag_error(e->session, 223, span, "`%s` cannot be assigned", name);
	if (b->span.file)
		diag_label(e->session, diag, b->span, "it is made here");
	if (b->kind == BIND_LET)
		help_assign_let(e, b, diag);
	return false;
}

int x_axis(const Value *v) {
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
	ScopeMark scope = scope_mark(e);
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
	bool guard = false, open = false;
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
			ok = position_in_bounds(e, at[i], v->dims[i], item->span, &guard, &open) && ok;
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
	scope_back(e, scope);
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
	uint32_t outer_count = outer_vars(e, &all, ignored, own_count + (uint32_t)v->rank, v->rank, outer);
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

/* `y = 3`, which was reported when it was read: more likely a definition without `let` than an assignment to nothing. */
static bool meant_let(const Elab *e, Span arrow) {
	for (uint32_t i = 0; i < e->session->diags.count; i++) {
		const Diag *diag = e->session->diags.data[i];
		if (diag->code == 115 && diag->labels.data[0].span.file == arrow.file &&
		    diag->labels.data[0].span.start == arrow.start)
			return true;
	}
	return false;
}

static void assign_one(Elab *e, const AstExpr *target, const AstExpr *value_expr, Value *given, Span arrow) {
	if (target->kind == AST_BAD) {
		if (!given)
			elab(e, value_expr);
		return;
	}
	const AstExpr *base = target->kind == AST_INDEX ? target->index.base : target;
	Binding *b = base->kind == AST_NAME ? scope_find(e, base->name) : NULL;
	if (!b && base->kind == AST_NAME && meant_let(e, arrow)) {
		if (!given)
			elab(e, value_expr);
		scope_add(e, BIND_LET, (AstName){base->name, base->span}, value_bad(e));
		return;
	}
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

void elab_assign(Elab *e, const AstStmt *s) {
	if (s->assign.targets.count == 1) {
		assign_one(e, s->assign.targets.data[0], s->assign.value, NULL, s->keyword);
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
		assign_one(e, s->assign.targets.data[i], s->assign.value, fits ? v->parts.data[i] : value_bad(e), s->keyword);
}
