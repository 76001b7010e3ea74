/* What is drawn as an array: its shape, its arguments element by element, and the numbers that its elements have in the key.
 *
 *     given y[i in n] : [d] ~ normal(m[i], s)     s: a number, or [d]
 *     let e ~ normal(0, 1)                        in a rule: like x; in `each` one number for the coordinate */
#include "frontend/meaning/elab.h"

#include <string.h>

/* ---- the shape ---- */

static bool states_shape(const AstDeclare *d) {
	return d->has_head || d->type.span.file != 0;
}

/* The axes of the head, then those of the type; in a rule those of x where neither is there. false with diagnostics. */
static bool drawn_dims(Elab *e, const AstDeclare *d, const DrawKey *key, const Indices *found, int64_t *dims,
                       int *rank) {
	*rank = 0;
	for (uint32_t i = 0; i < found->count; i++)
		dims[(*rank)++] = found->vars[i]->extent;
	bool like_x = key->within && !e->coord && (!states_shape(d) || d->type.each);
	if (like_x)
		dims[(*rank)++] = DIM_X;
	if (!elab_dims(e, &d->type, dims, rank, *rank))
		return false;
	bool open = false;
	for (int i = 0; i < *rank; i++)
		open = open || dims[i] == DIM_X;
	if (!open || !e->coord)
		return true;
	diag_error(e->session, 297, d->draw->span, "inside `each` every coordinate would draw as many numbers as x has");
	return false;
}

static Ex *next_axis(Elab *e, Ex *number, const Value *v, int i) {
	Ex *extent = v->dims[i] == DIM_X ? ex_dim(e) : ex_int(e, v->dims[i]);
	return ex_add_int(e, ex_op(e, IR_mul, number, extent, NULL), ex_var(e, v->vars[i]));
}

Ex *elab_draw_number(Elab *e, const Value *v, DrawKey *key) {
	int axis = key->within && !e->coord ? value_x_axis(v) : -1;
	Ex *number = ex_int(e, 0);
	if (axis >= 0 || (key->within && e->coord)) {
		Ex *coordinate = axis >= 0 ? ex_var(e, v->vars[axis]) : elab_coordinate(e);
		number = ex_add_int(e, key->first, coordinate);
		key->tensor = ex_int(e, 0);
	}
	for (int i = 0; i < v->rank; i++)
		if (i != axis)
			number = next_axis(e, number, v, i);
	return number;
}

/* ---- the arguments ---- */

static bool takes_weights(const Distribution *dist) {
	return dist->limits[0] == LIMITS_WEIGHTS;
}

static bool is_whole_enough(Elab *e, const Distribution *dist, uint32_t number, const Value *v, Span span) {
	DrawLimitsId limits = dist->limits[number];
	bool whole = limits == LIMITS_INTEGER || limits == LIMITS_COUNT || limits == LIMITS_TRIALS;
	if (!whole || (v->scalar != S_REAL && v->scalar != S_BOOL))
		return true;
	diag_error(e->session, 211, span, "`%s` %s, not %s", dist->name,
	           limits == LIMITS_INTEGER ? "draws between whole numbers"
	           : dist->count > 1        ? "takes a whole number first"
	                                    : "takes a whole number",
	           value_type_text(e, v));
	return false;
}

/* The indices of the head, and the arguments for each of their values. false with diagnostics. */
static bool read_arguments(Elab *e, const AstDeclare *d, const Distribution *dist, Indices *found, Value **args) {
	const AstExpr *draw = d->draw;
	ScopeMark scope = scope_mark(e);
	uint32_t indices_around = e->indices_around.count;
	AstItems none = {0};
	bool ok = elab_bind_head(e, d->has_head ? &d->head : &none, draw, found);
	for (uint32_t i = 0; i < draw->call.args.count; i++) {
		const AstArg *arg = &draw->call.args.data[i];
		if (arg->name.name)
			diag_error(e->session, 216, arg->name.span, "distributions take their arguments by position");
		args[i] = elab_expr(e, arg->value);
		ok = elab_need_array(e, args[i], arg->value) && ok;
		ok = ok && is_whole_enough(e, dist, i, args[i], arg->value->span);
	}
	scope_back(e, scope);
	e->indices_around.count = indices_around;
	return ok;
}

/* The axes of `v` behind those of the head. */
static Value trailing(const Value *v, uint32_t head) {
	Value shape = {.kind = VALUE_ARRAY, .rank = v->rank - (int)head};
	for (int i = 0; i < shape.rank; i++) {
		shape.dims[i] = v->dims[head + (uint32_t)i];
		shape.vars[i] = v->vars[head + (uint32_t)i];
	}
	return shape;
}

static void says_shape(Elab *e, Diag *diag, const Value *arg, const Value *shape, uint32_t head) {
	if (shape->rank)
		diag_help(e->session, diag, "what is drawn is %s", value_dims_text(e, shape->dims, shape->rank));
	else if (head)
		diag_help(e->session, diag, "with an index in the head, take the element at it, as in `m[i]`");
	else
		diag_help(e->session, diag, "what is drawn is one number: state its shape, as in `name : %s ~ ...`",
		          value_dims_text(e, arg->dims, arg->rank));
}

/* An argument as it is for an element of `shape`: an array has that shape. NULL with a diagnostic. */
static Value *fit_argument(Elab *e, const Distribution *dist, Value *arg, const Value *shape, uint32_t head,
                           Span span) {
	if (arg->rank == 0)
		return arg;
	bool one_number = dist->id == DISTRIBUTION_permutation;
	Value *fitting = value_same_shape(arg, shape) ? arg : elab_folded(e, arg, shape, span);
	if (!fitting && elab_is_like_x(arg)) {
		Value *unfolded = elab_unfolded(e, arg);
		fitting = value_same_shape(unfolded, shape) ? unfolded : NULL;
	}
	if (fitting && !one_number) {
		Ex *at[IR_MAX_RANK];
		for (int i = 0; i < shape->rank; i++)
			at[i] = ex_var(e, shape->vars[i]);
		value_body(e, fitting);
		return value_scalar(e, arg->scalar, value_at(e, fitting, at));
	}
	Diag *diag = diag_error(e->session, 246, span, "an argument of `%s` is one number%s, but this is %s", dist->name,
	                        one_number ? "" : ", or has the shape of what is drawn", value_type_text(e, arg));
	if (!one_number)
		says_shape(e, diag, arg, shape, head);
	return NULL;
}

/* Weight number *category of those for an element of `shape`: one vector of them, or an array of that shape with one more axis. NULL
 * with a diagnostic. */
static Value *fit_weights(Elab *e, const Distribution *dist, Value *arg, const Value *shape, Span span,
                          Var **category) {
	Value front = *arg;
	front.rank = arg->rank - 1;
	bool one = arg->rank == 1, fits = one || (arg->rank > 1 && value_same_shape(&front, shape));
	if (!fits || arg->dims[arg->rank - 1] == DIM_X || arg->scalar == S_BOOL) {
		Diag *diag = diag_error(e->session, 246, span, "`%s` takes a vector of weights, not %s", dist->name,
		                        value_type_text(e, arg));
		if (arg->rank > 1)
			diag_help(e->session, diag,
			          "an array of weights has the shape of what is drawn, which is %s, and one axis more",
			          value_dims_text(e, shape->dims, shape->rank));
		else
			diag_help(e->session, diag, "as in `%s([0.2, 0.3, 0.5])`", dist->name);
		return NULL;
	}
	Ex *at[IR_MAX_RANK];
	for (int i = 0; i < arg->rank - 1; i++)
		at[i] = ex_var(e, shape->vars[i]);
	*category = ex_var_new(e, session_name(e->session, "weight"), arg->dims[arg->rank - 1], span);
	at[arg->rank - 1] = ex_var(e, *category);
	value_body(e, arg);
	return value_scalar(e, arg->scalar, value_at(e, arg, at));
}

/* The variables of all axes that an argument may follow. */
static Indices all_indices(const Value *v, const Indices *head, Var *category, bool arrays) {
	Indices all = *head;
	for (int i = (int)head->count; i < v->rank && arrays; i++)
		if (v->dims[i] != DIM_X)
			all.vars[all.count++] = v->vars[i];
	if (category)
		all.vars[all.count++] = category;
	return all;
}

Value *elab_draw_shape(Elab *e, const AstDeclare *d, const Distribution *dist, const DrawKey *key,
                       DrawArguments *args) {
	const AstArgs *given = &d->draw->call.args;
	Indices found;
	int64_t dims[IR_MAX_RANK];
	int rank;
	bool ok = read_arguments(e, d, dist, &found, args->values), arrays = false;
	ok = drawn_dims(e, d, key, &found, dims, &rank) && ok;
	if (!ok)
		return NULL;
	Value *v = value_array(e, S_REAL, rank, dims, d->draw->span);
	for (uint32_t i = 0; i < found.count; i++)
		v->vars[i] = found.vars[i];
	Value shape = trailing(v, found.count);
	for (uint32_t i = 0; i < given->count; i++) {
		Value *arg = args->values[i];
		Span span = given->data[i].value->span;
		arrays = arrays || arg->rank > takes_weights(dist);
		args->values[i] = takes_weights(dist) ? fit_weights(e, dist, arg, &shape, span, &args->category)
		                                      : fit_argument(e, dist, arg, &shape, found.count, span);
		ok = ok && args->values[i];
	}
	if (!ok)
		return NULL;
	Indices all = all_indices(v, &found, args->category, arrays);
	args->check = elab_draw_check(e, dist, d->draw, args->values, &all);
	return args->check == DRAW_IMPOSSIBLE ? NULL : v;
}
