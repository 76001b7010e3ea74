/* The axes of a parameter: rank, shape, matrix; x with its own axes, and back.
 *
 * x lies flat: one axis over all of its coordinates (DIM_X), whatever its shape. Most rules look at nothing else. Where a
 * rule does (`g[i, j]`, `transpose(g)`, `size(x, 0)`), it is made for one shape of x after the other, and what is like x is
 * unfolded: for x of [a, b] a read of coordinate c becomes one of b * i + j. An array that has the shape of x goes back into
 * what is like x by being put there. */
#include "frontend/meaning/elab.h"

#include <string.h>

bool elab_is_like_x(const Value *v) {
	return v->kind == VALUE_ARRAY && v->rank > 0 && v->dims[0] == DIM_X;
}

bool elab_knows_axes(Elab *e, Span span) {
	if (e->x_rank >= 0 || !e->rule)
		return true;
	e->rule->ask_axes(e->rule->self, span);
	return false;
}

/* ---- unfolding ---- */

/* `v` with axes dims[rank] in the place of its axis over coordinates, which is number `axis`. */
static Value *with_axes(Elab *e, Value *v, int axis, int rank, const int64_t *dims) {
	int64_t all[IR_MAX_RANK];
	int count = v->rank - 1 + rank;
	memcpy(all, v->dims, sizeof(int64_t) * (size_t)axis);
	memcpy(all + axis, dims, sizeof(int64_t) * (size_t)rank);
	memcpy(all + axis + rank, v->dims + axis + 1, sizeof(int64_t) * (size_t)(v->rank - axis - 1));
	Value *w = value_array(e, v->scalar, count, all, (Span){0});
	Ex *at[IR_MAX_RANK], *place = ex_int(e, 0);
	for (int i = 0; i < rank; i++) {
		if (dims[i] != 1)
			place = ex_op(e, IR_mul, place, ex_int(e, dims[i]), NULL);
		place = ex_add_int(e, place, ex_var(e, w->vars[axis + i]));
	}
	for (int i = 0; i < v->rank; i++)
		at[i] = i == axis ? place : ex_var(e, w->vars[i < axis ? i : i + rank - 1]);
	value_body(e, v);
	w->body = value_at(e, v, at);
	return w;
}

Value *elab_unfolded(Elab *e, Value *v) {
	if (e->x_rank < 0 || e->x_rank == 1 || !elab_is_like_x(v))
		return v;
	return with_axes(e, v, 0, e->x_rank, e->x_dims);
}

int elab_unfolded_dims(const Elab *e, int64_t *dims, int rank) {
	if (e->x_rank < 0 || e->x_rank == 1 || rank == 0 || dims[0] != DIM_X)
		return rank;
	memmove(dims + e->x_rank, dims + 1, sizeof *dims * (size_t)(rank - 1));
	memcpy(dims, e->x_dims, sizeof *dims * (size_t)e->x_rank);
	return rank - 1 + e->x_rank;
}

Value *elab_by_axes(Elab *e, Value *v, Span span) {
	if (!elab_is_like_x(v))
		return v;
	return elab_knows_axes(e, span) ? elab_unfolded(e, v) : value_bad(e);
}

Value *elab_along_axes(Elab *e, Value *v, Span span) {
	v = elab_by_axes(e, v, span);
	return e->by_shape && elab_is_like_x(v) ? with_axes(e, v, 0, e->x_rank, e->x_dims) : v;
}

/* ---- x as a matrix ---- */

/* Rows and columns: neighbouring axes are merged so that the matrix is as near to a square as they allow. A vector is a column. */
static void matrix_dims(int rank, const int64_t *dims, int64_t *out) {
	int64_t count = 1, rows = 1, least = INT64_MAX;
	for (int i = 0; i < rank; i++)
		count *= dims[i];
	out[0] = count;
	out[1] = 1;
	for (int i = 0; i + 1 < rank; i++) {
		rows *= dims[i];
		int64_t columns = count / rows, longer = rows > columns ? rows : columns;
		if (longer < least) {
			least = longer;
			out[0] = rows;
			out[1] = columns;
		}
	}
}

/* ---- shapes written out, and those that are like x ---- */

/* May arrays be met by shape? Those of the shape of matrix(x) in every rule whose x has a size; of that of x itself, where the rule is made
 * for one shape after the other. */
static bool meets_shapes(const Elab *e) {
	return e->by_shape || (e->x_rank == 1 && e->x_dims[0] >= 0);
}

/* The axes that x has where `full` says them in the place of the flat axis of `like`: its own, or those of matrix(x): how many; -1: neither. */
static int axes_in(const Elab *e, const Value *full, const Value *like, int64_t *axes) {
	int extra = like->rank - 1;
	for (int as_matrix = e->by_shape ? 0 : 1; as_matrix < 2; as_matrix++) {
		int rank = as_matrix ? 2 : e->x_rank;
		if (as_matrix)
			matrix_dims(e->x_rank, e->x_dims, axes);
		else
			memcpy(axes, e->x_dims, sizeof *axes * (size_t)rank);
		if (full->rank == rank + extra && memcmp(full->dims, axes, sizeof *axes * (size_t)rank) == 0 &&
		    memcmp(full->dims + rank, like->dims + 1, sizeof *axes * (size_t)extra) == 0)
			return rank;
	}
	return -1;
}

bool elab_meet(Elab *e, Value **values, uint32_t count) {
	if (!meets_shapes(e))
		return false;
	int64_t axes[IR_MAX_RANK];
	for (uint32_t k = 0; k < count; k++) {
		if (values[k]->rank == 0 || value_x_axis(values[k]) >= 0)
			continue;
		bool changed = false;
		for (uint32_t i = 0; i < count; i++) {
			int rank = elab_is_like_x(values[i]) ? axes_in(e, values[k], values[i], axes) : -1;
			if (rank >= 0)
				values[i] = with_axes(e, values[i], 0, rank, axes);
			changed = changed || rank >= 0;
		}
		if (changed)
			return true;
	}
	return false;
}

void elab_known_sizes(Elab *e, Value **compared, Span span) {
	int64_t known;
	for (int i = 0; e->by_shape && i < 2; i++) {
		const Value *size = compared[i], *other = compared[1 - i];
		if (size->scalar == S_INT && value_known_int(size, &known) && other->kind == VALUE_ARRAY && other->hyper)
			compared[1 - i] = e->rule->whole_hyper(e->rule->self, compared[1 - i], span);
	}
}

Value *elab_folded(Elab *e, Value *v, const Value *like, Span span) {
	return value_x_axis(v) >= 0 ? NULL : elab_folded_again(e, v, like, span);
}

Value *elab_folded_again(Elab *e, Value *v, const Value *like, Span span) {
	int64_t axes[IR_MAX_RANK];
	if (!meets_shapes(e) || !elab_is_like_x(like))
		return NULL;
	int rank = axes_in(e, v, like, axes);
	if (rank < 0)
		return NULL;
	/* One op over the axes of v, which writes to the flat place. */
	Ex *body = value_body(e, v);
	Var *outer[IR_MAX_RANK];
	uint32_t count = emit_outer_vars(e, body, v->vars, (uint32_t)v->rank, like->rank, outer);
	Emit m = emit_begin(e, span);
	IrType type = {.scalar = body->type};
	IrAt at[IR_MAX_RANK], place = ir_at_const(0);
	for (uint32_t o = 0; o < count; o++) {
		emit_var(e, &m, outer[o]);
		at[type.rank] = ir_at_index(e->module, o, 1);
		type.dims[type.rank++] = emit_dim(e, outer[o]->extent);
	}
	for (int i = 0; i < v->rank; i++)
		emit_var(e, &m, v->vars[i]);
	for (int i = 0; i < rank; i++)
		place = ir_at_add(e->module, ir_at_scale(e->module, place, v->dims[i]),
		                  ir_at_index(e->module, count + (uint32_t)i, 1));
	at[type.rank] = place;
	type.dims[type.rank++] = e->n;
	for (int i = rank; i < v->rank; i++) {
		at[type.rank] = ir_at_index(e->module, count + (uint32_t)i, 1);
		type.dims[type.rank++] = emit_dim(e, v->dims[i]);
	}
	uint32_t node = emit_ex(e, &m, body);
	IrValue out = emit_put(e, &m, IR_PUT_NONE, node, type, at, 0, false);
	return value_from_whole(e, out, v->scalar, like->rank, like->dims, outer, count);
}

/* ---- what programs ask ---- */

/* The argument itself, also inside of `each`; NULL: there is none, or what it depends on is not known. */
static Value *of_array(Elab *e, const AstExpr *x) {
	Var *coord = e->coord;
	e->coord = NULL;
	Value *v = elab_expr(e, x->call.args.data[0].value);
	e->coord = coord;
	if (value_is_bad(v) || v->kind != VALUE_ARRAY) {
		if (!value_is_bad(v))
			diag_error(e->session, 219, x->call.args.data[0].value->span, "a number or array was expected, not %s",
			           value_type_text(e, v));
		return NULL;
	}
	return !elab_is_like_x(v) || elab_knows_axes(e, x->span) ? v : NULL;
}

Value *elab_call_rank(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b, (void)args;
	Value *v = of_array(e, x);
	if (!v)
		return value_bad(e);
	return value_int(e, elab_is_like_x(v) && e->x_rank >= 0 ? v->rank - 1 + e->x_rank : v->rank);
}

Value *elab_call_shape(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b, (void)args;
	Value *v = of_array(e, x);
	if (!v)
		return value_bad(e);
	int64_t dims[IR_MAX_RANK];
	memcpy(dims, v->dims, sizeof dims);
	int rank = elab_unfolded_dims(e, dims, v->rank);
	if (rank == 0) {
		Diag *diag = diag_error(e->session, 208, x->span, "a number has no axes, and so no shape");
		diag_help(e->session, diag, "`rank(...)` tells: `if rank(x) > 0 { ... }`");
		return value_bad(e);
	}
	Value **parts = ARENA_ARRAY(e->arena, Value *, rank);
	for (int i = 0; i < rank; i++)
		parts[i] = dims[i] == DIM_X ? value_scalar(e, S_INT, ex_dim(e)) : value_int(e, dims[i]);
	return elab_make_stack(e, parts, (uint32_t)rank, x);
}

bool elab_is_shape(const Elab *e, const AstExpr *x) {
	const Symbol *symbol = x->kind == AST_CALL ? symbol_at(e->program, x->id) : NULL;
	return symbol && symbol->kind == SYMBOL_BUILTIN && symbol->builtin && symbol->builtin->id == BUILTIN_shape;
}

bool elab_shape_of(Elab *e, const AstExpr *x, int64_t *dims, int *rank) {
	const Value *v = of_array(e, x);
	if (!v)
		return false;
	*rank = v->rank;
	memcpy(dims, v->dims, sizeof v->dims);
	return true;
}

Value *elab_call_matrix(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	(void)b;
	Value *v = args[0];
	if (elab_is_like_x(v) && !elab_knows_axes(e, x->span))
		return value_bad(e);
	int64_t dims[2], shape[IR_MAX_RANK];
	memcpy(shape, v->dims, sizeof shape);
	int rank = elab_unfolded_dims(e, shape, v->rank);
	for (int i = 0; i < rank; i++) {
		shape[i] = emit_dim(e, shape[i]);
		if (shape[i] < 0) {
			diag_error(e->session, 265, x->span, "the size of x is not known here, so there is no matrix of it");
			return value_bad(e);
		}
	}
	matrix_dims(rank, shape, dims);
	if (v->rank == 1 && v->dims[0] == DIM_X)
		return with_axes(e, v, 0, 2, dims);
	return elab_reshape(e, elab_unfolded(e, v), 2, dims, x->span);
}
