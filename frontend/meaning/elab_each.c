/* `each { }`, which speaks of one coordinate of x, and `each i, j { }`, which names it by its axes.
 *
 *     each { m <- 0.9 * m + g }          m[c] becomes 0.9 m[c] + g[c], for all c at once
 *     each i, j { x <- x - r[i] * g }    the same with c = b * i + j for x of [a, b]; i and j are numbers of the body */
#include "frontend/meaning/elab.h"

#include <string.h>

Ex *elab_coordinate(Elab *e) {
	if (!e->each_count)
		return ex_var(e, e->coord);
	Ex *place = ex_int(e, 0);
	for (uint32_t i = 0; i < e->each_count; i++) {
		if (e->x_dims[i] != 1)
			place = ex_op(e, IR_mul, place, ex_int(e, e->x_dims[i]), NULL);
		place = ex_add_int(e, place, ex_var(e, e->each[i]));
	}
	return place;
}

uint32_t elab_coordinate_vars(const Elab *e, Var **out) {
	if (!e->each_count) {
		out[0] = e->coord;
		return 1;
	}
	memcpy(out, e->each, sizeof *out * e->each_count);
	return e->each_count;
}

bool elab_differs(const Elab *e, const Ex *x) {
	Var *vars[IR_MAX_RANK];
	uint32_t count = elab_coordinate_vars(e, vars);
	for (uint32_t i = 0; i < count; i++)
		if (ex_has(x, vars[i]))
			return true;
	return false;
}

/* `v` with its first axis as number `to`. */
static Value *moved_axis(Elab *e, Value *v, int to) {
	Value *m = ARENA_NEW(e->arena, Value);
	*m = *v;
	for (int i = 0; i < v->rank; i++) {
		int from = i == to ? 0 : i < to ? i + 1 : i;
		m->dims[i] = v->dims[from];
		m->vars[i] = v->vars[from];
	}
	return m;
}

Value *elab_for_all(Elab *e, Value *v, const Value *like, Span span) {
	int axis = value_x_axis(like);
	Ex *body = value_body(e, v);
	if (e->each_count) {
		Value first = *like; /* with the axis over coordinates in front */
		memmove(first.dims + 1, first.dims, sizeof *first.dims * (size_t)axis);
		first.dims[0] = DIM_X;
		/* an array over i, j, and put where it belongs */
		Value *full = ARENA_NEW(e->arena, Value);
		full->kind = VALUE_ARRAY;
		full->scalar = v->scalar;
		full->body = body;
		for (uint32_t i = 0; i < e->each_count; i++) {
			full->vars[full->rank] = e->each[i];
			full->dims[full->rank++] = e->x_dims[i];
		}
		for (int i = 0; i < v->rank; i++) {
			full->vars[full->rank] = v->vars[i];
			full->dims[full->rank++] = v->dims[i];
		}
		return moved_axis(e, elab_folded(e, full, &first, span), axis);
	}
	Value *all = value_array(e, v->scalar, like->rank, like->dims, span);
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
	return all;
}

/* The names of the axes, as indices of the body; false with a diagnostic. */
static bool name_axes(Elab *e, const AstStmt *s) {
	uint32_t count = s->each.names.count;
	Span span = s->each.names.data[0].span;
	if (!elab_knows_axes(e, span))
		return false;
	if (count != (uint32_t)e->x_rank) {
		const char *shape = e->x_rank == 0     ? "one number"
		                    : e->x_dims[0] < 0 ? "a vector"
		                                       : value_dims_text(e, e->x_dims, e->x_rank);
		Diag *diag = diag_error(e->session, 208, span, "`each` names %u %s, but x has %d: it is %s", (unsigned)count,
		                        count == 1 ? "axis" : "axes", e->x_rank, shape);
		diag_help(e->session, diag,
		          "a condition tells: `if rank(x) == %u { ... }`; `each { }` without names serves any rank",
		          (unsigned)count);
		return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		AstName name = s->each.names.data[i];
		Var *var = count == 1 ? e->coord : ex_var_new(e, name.name, e->x_dims[i], name.span);
		if (count > 1) {
			vec_push(e->arena, &e->indices_around, var);
			e->each[e->each_count++] = var;
		}
		scope_add_name(e, name, value_scalar(e, S_INT, ex_var(e, var)));
	}
	return true;
}

void elab_each(Elab *e, const AstStmt *s) {
	if (!e->rule) {
		diag_error(e->session, 263, s->keyword, "`each` speaks of the coordinates of x: it stands in an optimizer");
		return;
	}
	if (e->coord && e->calls != e->each_calls &&
	    s->each.names.count == 0) { /* of a rule that is applied to this coordinate */
		elab_scoped_block(e, &s->each.body);
		return;
	}
	if (e->coord) {
		diag_error(e->session, 263, s->keyword, "`each` inside `each`");
		return;
	}
	ScopeMark scope = scope_mark(e);
	uint32_t around = e->indices_around.count;
	Name name = s->each.names.count == 1 ? s->each.names.data[0].name : session_name(e->session, "c");
	e->coord = ex_var_new(e, name, DIM_X, s->keyword);
	e->each_calls = e->calls;
	if (s->each.names.count < 2)
		vec_push(e->arena, &e->indices_around, e->coord);
	if (s->each.names.count == 0 || name_axes(e, s))
		elab_scoped_block(e, &s->each.body);
	e->indices_around.count = around;
	e->each_count = 0;
	e->coord = NULL;
	scope_back(e, scope);
}
