/* From expressions to ops: bodies of FOR ops, whole values, reductions.
 *
 *     λ i. mul(g[i], 2)   becomes   %v[n] = for i:n { mul(%g[i], 2) } -> [i],   and the value reads %v[i] from then on
 */
#include "frontend/value/value.h"

#include <string.h>

IrDim emit_dim(const Elab *e, int64_t dim) {
	return dim == DIM_X ? e->n : dim;
}

Emit emit_begin(Elab *e, Span span) {
	e->builder->span = span;
	if (!e->lowering)
		return (Emit){0};
	return (Emit){.f = ir_for_begin(e->builder), .epoch = ++*e->epoch};
}

void emit_var(Elab *e, Emit *m, Var *var) {
	if (m->count == IR_MAX_INDICES)
		base_panic("emit_var", "more than %d indices", IR_MAX_INDICES);
	if (e->lowering)
		ir_for_index(&m->f, var->name, var->tensor ? e->tensors : emit_dim(e, var->extent));
	m->vars[m->count++] = var;
	if (var->coord && !m->coord)
		m->coord = var;
}

static int index_of(const Emit *m, const Var *var) {
	for (uint32_t i = 0; i < m->count; i++)
		if (m->vars[i] == var)
			return (int)i;
	return -1;
}

static uint32_t emit_var_value(Elab *e, Emit *m, const Var *var) {
	if (!e->lowering)
		return 0;
	int index = index_of(m, var);
	if (index >= 0)
		return ir_index_value(&m->f, ir_at_index(e->module, (uint32_t)index, 1));
	if (e->too_many_axes) /* reported; what is made is thrown away */
		return ir_int(&m->f, 0);
	if (!var->tensor || !m->coord)
		base_panic("emit_ex", "index `%s` is not of this op", session_text(e->session, var->name));
	IrAt at = ir_at_index(e->module, (uint32_t)index_of(m, m->coord), 1);
	return ir_read(&m->f, e->segments, &at, false);
}

IrAt emit_at(Elab *e, Emit *m, Ex *x) {
	if (x->kind == EX_CONST)
		return ir_at_const(x->integer);
	int index = x->kind == EX_VAR ? index_of(m, x->var) : -1;
	if (index >= 0)
		return ir_at_index(e->module, (uint32_t)index, 1);
	uint32_t node = emit_ex(e, m, x);
	return e->lowering ? ir_at_node(e->module, node, 1) : ir_at_const(0);
}

Ex *value_place(Elab *e, const Value *v) {
	Ex *place = ex_int(e, 0);
	for (int i = 0; i < v->rank; i++) {
		Ex *row = ex_op(e, IR_mul, place, ex_int(e, emit_dim(e, v->dims[i])), NULL);
		place = ex_add_int(e, row, ex_var(e, v->vars[i]));
	}
	return place;
}

IrAt emit_place(Elab *e, Emit *m, const Value *v) {
	IrAt place = ir_at_const(0);
	for (int i = 0; i < v->rank; i++) {
		uint32_t index = m->count;
		emit_var(e, m, v->vars[i]);
		place = ir_at_add(e->module, ir_at_scale(e->module, place, emit_dim(e, v->dims[i])),
		                  ir_at_index(e->module, index, 1));
	}
	return place;
}

/* A value that typing does not compute. */
static IrValue not_made(Elab *e, IrType type, const Exs *read) {
	IrValue value = ir_value_new(e->builder->func, type, 0, NULL);
	e->builder->name = 0;
	/* only counters of loops are looked for, and what derivatives are of */
	if (read && (e->loops.count || e->program->differentiates))
		*name_map_place(e->arena, &e->sources, value) = arena_copy(e->arena, read, sizeof *read);
	return value;
}

/* Of a value that typing does not compute: it depends on `value`. */
static void read_of(Elab *e, Exs *read, IrValue value) {
	vec_push(e->arena, read, ex_read(e, value, (Ex *[]){ex_int(e, 0)}, 1, false));
}

IrValue emit_put(Elab *e, Emit *m, IrCombine combine, uint32_t node, IrType type, const IrAt *at, IrValue into,
                 bool guarded) {
	if (!e->lowering) {
		if (into)
			read_of(e, &m->read, into);
		return not_made(e, type, &m->read);
	}
	IrValue out = ir_put(&m->f, combine, node, type, at, into, guarded);
	ir_for_end(&m->f);
	return out;
}

static IrValue put_arg(Elab *e, Emit *m, IrCombine combine, uint32_t node, IrType type, const IrAt *at,
                       uint32_t index) {
	if (!e->lowering) {
		type.scalar = IR_I64;
		return not_made(e, type, &m->read);
	}
	IrValue out = ir_put_arg(&m->f, ir_put(&m->f, combine, node, type, at, 0, false), index);
	ir_for_end(&m->f);
	return out;
}

/* Typing makes tables, too, where it has their numbers: what a distribution is given is looked up in them. */
IrValue emit_table(Elab *e, IrType type, const double *reals, const int64_t *integers) {
	return e->lowering || reals || integers ? ir_table(e->builder, type, reals, integers) : not_made(e, type, NULL);
}

IrValue emit_fill(Elab *e, IrType type, double number) {
	return e->lowering ? ir_fill(e->builder, type, number) : not_made(e, type, NULL);
}

void emit_evaluate(Elab *e, IrValue at, IrValue when, IrValue *f, IrValue *g) {
	if (e->lowering) {
		const IrOp *op = ir_evaluation(e->builder, at, when);
		*f = op->evaluate.f;
		*g = op->evaluate.g;
		return;
	}
	Exs read = {0};
	read_of(e, &read, at);
	*f = not_made(e, ir_scalar_type(e->real), &read);
	*g = not_made(e, ir_type(e->builder->func, at), &read);
	*name_map_place(e->arena, &e->evaluated, *f) = *name_map_place(e->arena, &e->evaluated, *g) = e;
}

IrValue emit_residuals(Elab *e, IrValue at, int64_t count) {
	IrType type = ir_tensor_type(e->real, 1, &count);
	if (e->lowering) {
		IrDeferred residuals = {.what = IR_DEFERRED_RESIDUALS};
		residuals.args.data = &at;
		residuals.args.count = 1;
		return ir_deferred(e->builder, &residuals, type);
	}
	Exs read = {0};
	read_of(e, &read, at);
	IrValue value = not_made(e, type, &read);
	*name_map_place(e->arena, &e->evaluated, value) = e;
	return value;
}

IrValue emit_not_made(Elab *e, IrType type, const Exs *read) {
	return not_made(e, type, read);
}

void emit_call(Elab *e, IrCallee callee, const IrValue *args, IrValue *results, Span span) {
	const IrCalleeInfo info = ir_callee_info(callee);
	IrCall call = {.callee = callee};
	e->builder->span = span;
	const IrOp *op = e->lowering ? ir_call(e->builder, callee, args) : NULL;
	Exs read = {0};
	for (uint32_t i = 0; i < info.arg_count; i++) {
		call.args[i] = args[i];
		read_of(e, &read, args[i]);
	}
	for (uint32_t i = 0; i < info.out_count; i++)
		results[i] = op ? op->call.outs[i] : not_made(e, ir_call_type(e->builder->func, &call, i), &read);
}

static uint32_t emit_read(Elab *e, Emit *m, Ex *x) {
	IrAt at[IR_MAX_RANK];
	IrType type = ir_type(e->builder->func, x->value);
	bool guarded = x->guarded;
	for (uint32_t i = 0; i < x->at_count; i++)
		at[i] = emit_at(e, m, x->at[i]);
	if (guarded) {
		/* The conditions of the op may prove what a condition in the program did. */
		bool proved = true;
		for (uint32_t i = 0; i < x->at_count && proved; i++)
			proved = ir_in_bounds(e->builder->func, &m->f.op->f, at[i], type.dims[i]);
		guarded = !proved;
	}
	return ir_read(&m->f, x->value, at, guarded);
}

uint32_t emit_ex(Elab *e, Emit *m, Ex *x) {
	if (!e->lowering) {
		vec_push(e->arena, &m->read, x);
		return 0;
	}
	if (x->epoch == m->epoch)
		return x->node;
	uint32_t node = 0;
	switch (x->kind) {
	case EX_CONST:
		if (ir_scalar_is_real(x->type))
			node = ir_real(&m->f, x->type, x->type == IR_F32 ? (double)(float)x->real : x->real);
		else
			node = ir_constant(&m->f, x->type, 0, x->integer);
		break;
	case EX_VAR: node = emit_var_value(e, m, x->var); break;
	case EX_DIM: node = ir_dim(&m->f, e->n); break;
	case EX_READ: node = emit_read(e, m, x); break;
	case EX_OP: {
		uint32_t args[IR_MAX_ARGS] = {0};
		for (int i = 0; i < ir_op_info[x->opcode].arity; i++)
			args[i] = emit_ex(e, m, x->args[i]);
		node = ir_op(&m->f, x->opcode, args);
		break;
	}
	}
	x->epoch = m->epoch;
	x->node = node;
	return node;
}

static bool among(const Var *var, Var *const *vars, uint32_t count) {
	for (uint32_t i = 0; i < count; i++)
		if (vars[i] == var)
			return true;
	return false;
}

static bool any_coord(Var *const *vars, uint32_t count) {
	for (uint32_t i = 0; i < count; i++)
		if (vars[i]->coord)
			return true;
	return false;
}

static void too_many_axes(Elab *e) {
	e->too_many_axes = true;
	if (!diag_say_again(e->session, e->said_many_axes))
		e->said_many_axes =
			diag_error(e->session, 208, e->builder->span,
		               "an array has at most %d axes, and this takes one for each index around it", IR_USER_RANK);
}

uint32_t emit_outer_vars(Elab *e, const Ex *body, Var *const *own, uint32_t own_count, int axes, Var **out) {
	uint32_t count = 0;
	bool coord = any_coord(own, own_count);
	for (uint32_t i = 0; body->free && i < body->free->count; i++)
		coord = coord || body->free->vars[i]->coord;
	for (uint32_t i = 0; body->free && i < body->free->count; i++) {
		Var *var = body->free->vars[i];
		if (among(var, own, own_count) || (var->tensor && coord))
			continue;
		if (count + (uint32_t)axes == IR_USER_RANK) {
			too_many_axes(e);
			break;
		}
		out[count++] = var;
	}
	return count;
}

static IrType type_over(Elab *e, IrScalar scalar, Var *const *leading, uint32_t leading_count, const Value *shape) {
	IrType type = {.scalar = scalar};
	if (leading_count + (uint32_t)shape->rank > IR_MAX_RANK)
		base_panic("type_over", "an array of more than %d axes", IR_MAX_RANK);
	for (uint32_t i = 0; i < leading_count; i++)
		type.dims[type.rank++] = leading[i]->tensor ? e->tensors : emit_dim(e, leading[i]->extent);
	for (int i = 0; i < shape->rank; i++)
		type.dims[type.rank++] = emit_dim(e, shape->dims[i]);
	return type;
}

/* Which of the leading variables an array with these axes has: not the one over tensors beside one over coordinates, from which the tensor follows. */
static uint32_t kept_leading(Elab *e, Var *const *leading, uint32_t count, const Value *shape, Var **out) {
	uint32_t kept = 0;
	bool coord = any_coord(leading, count);
	for (int i = 0; i < shape->rank; i++)
		coord = coord || shape->dims[i] == DIM_X;
	for (uint32_t i = 0; i < count; i++) {
		if (leading[i]->tensor && coord)
			continue;
		if (kept + (uint32_t)shape->rank == IR_USER_RANK) {
			too_many_axes(e);
			break;
		}
		out[kept++] = leading[i];
	}
	return kept;
}

static IrValue put_whole(Elab *e, Value *v, Ex *body, Var *const *leading, uint32_t count, Name name, Span span) {
	Emit m = emit_begin(e, span);
	IrType type = type_over(e, body->type, leading, count, v);
	IrAt at[IR_MAX_RANK];
	for (uint32_t i = 0; i < count; i++)
		emit_var(e, &m, leading[i]);
	for (int i = 0; i < v->rank; i++)
		emit_var(e, &m, v->vars[i]);
	for (uint32_t i = 0; i < m.count; i++)
		at[i] = ir_at_index(e->module, i, 1);
	uint32_t node = emit_ex(e, &m, body);
	e->builder->name = name;
	return emit_put(e, &m, IR_PUT_NONE, node, type, at, 0, false);
}

IrValue emit_whole(Elab *e, Value *v, Var *const *leading, uint32_t leading_count, Name name, Span span) {
	Var *kept[IR_MAX_RANK];
	uint32_t count = kept_leading(e, leading, leading_count, v, kept);
	Ex *body = value_body(e, v);
	/* An expression that only reads this very array needs no op. */
	if (body->kind == EX_READ && !body->guarded && body->at_count == count + (uint32_t)v->rank) {
		IrType type = type_over(e, body->type, kept, count, v);
		bool same = ir_type_equal(ir_type(e->builder->func, body->value), type);
		for (uint32_t i = 0; i < body->at_count && same; i++) {
			const Var *want = i < count ? kept[i] : v->vars[i - count];
			same =
				body->at[i]->kind == EX_VAR ? body->at[i]->var == want : want->extent == 1 && ex_is_const(body->at[i]);
		}
		if (same)
			return body->value;
	}
	return put_whole(e, v, body, kept, count, name, span);
}

Value *value_from_whole(Elab *e, IrValue value, Scalar scalar, int rank, const int64_t *dims, Var *const *leading,
                        uint32_t leading_count) {
	Var *kept[IR_MAX_RANK];
	Value *v = value_array(e, scalar, rank, dims, (Span){0});
	uint32_t count = kept_leading(e, leading, leading_count, v, kept);
	Ex *at[IR_MAX_RANK];
	for (uint32_t i = 0; i < count; i++)
		at[i] = ex_var(e, kept[i]);
	for (int i = 0; i < rank; i++)
		at[count + (uint32_t)i] = ex_var(e, v->vars[i]);
	v->body = ex_read(e, value, at, count + (uint32_t)rank, false);
	return v;
}

Value *value_materialize(Elab *e, Value *v, Name name, Span span) {
	if (v->kind != VALUE_ARRAY)
		return v;
	Ex *body = value_body(e, v);
	Var *outer[IR_MAX_RANK];
	uint32_t count = emit_outer_vars(e, body, v->vars, (uint32_t)v->rank, v->rank, outer);
	IrValue value = put_whole(e, v, body, outer, count, name, span);
	Ex *at[IR_MAX_RANK];
	for (uint32_t i = 0; i < count; i++)
		at[i] = ex_var(e, outer[i]);
	for (int i = 0; i < v->rank; i++)
		at[count + (uint32_t)i] = ex_var(e, v->vars[i]);
	Value *read = ARENA_NEW(e->arena, Value);
	*read = *v;
	read->body = ex_read(e, value, at, count + (uint32_t)v->rank, false);
	read->body->low = body->low;
	read->body->high = body->high;
	return read;
}

static bool cheap(const Ex *x) {
	if (x->size > VALUE_MOST_CHEAP)
		return false;
	switch (x->kind) {
	case EX_CONST:
	case EX_VAR:
	case EX_DIM: return true;
	case EX_READ:
		for (uint32_t i = 0; i < x->at_count; i++)
			if (!cheap(x->at[i]))
				return false;
		return true;
	case EX_OP:
		if (x->type != IR_I64 && x->opcode != IR_to_f32 && x->opcode != IR_to_f64)
			return false;
		for (int i = 0; i < ir_op_info[x->opcode].arity; i++)
			if (x->args[i]->kind == EX_OP && x->opcode != IR_add && x->opcode != IR_sub)
				return false;
			else if (!cheap(x->args[i]))
				return false;
		return true;
	}
	return false;
}

Value *value_reusable(Elab *e, Value *v, Name name, Span span) {
	if (v->kind == VALUE_SEVERAL) {
		for (uint32_t i = 0; i < v->parts.count; i++)
			v->parts.data[i] = value_reusable(e, v->parts.data[i], name, span);
		return v;
	}
	if (v->kind != VALUE_ARRAY)
		return v;
	return cheap(value_body(e, v)) ? v : value_materialize(e, v, name, span);
}

Value *value_limit_depth(Elab *e, Value *v, Span span) {
	return v->kind == VALUE_ARRAY && v->body && v->body->depth > VALUE_MOST_DEPTH ? value_materialize(e, v, 0, span)
	                                                                              : v;
}

static bool is_arg(IrCombine combine) {
	return combine == IR_PUT_ARGMAX || combine == IR_PUT_ARGMIN;
}

/* The shape of a result as a tensor, where a point of the op is put in it, and how it is read back. */
typedef struct ReducedPlace {
	IrType type;
	IrAt at[IR_MAX_RANK];
	Ex *back[IR_MAX_RANK];
} ReducedPlace;

/* `count`: of the variables of `m`, those that are kept. `by_tensor`: x is reduced tensor by tensor, which is an axis in front. */
static ReducedPlace reduced_place(Elab *e, Emit *m, uint32_t count, IrScalar scalar, bool by_tensor) {
	ReducedPlace place = {.type = {.scalar = scalar}};
	IrType *type = &place.type;
	if (by_tensor) {
		type->dims[0] = e->tensors;
		place.back[0] = ex_var(e, e->tensor);
		place.at[0] = e->lowering ? ir_at_node(e->module, emit_var_value(e, m, e->tensor), 1) : ir_at_const(0);
		type->rank = 1;
	}
	for (uint32_t i = 0; i < count; i++) {
		Var *var = m->vars[i];
		if (type->rank == IR_MAX_RANK)
			base_panic("reduce", "a result of more than %d axes", IR_MAX_RANK);
		place.at[type->rank] = ir_at_index(e->module, i, 1);
		place.back[type->rank] = ex_var(e, var);
		type->dims[type->rank++] = var->tensor ? e->tensors : emit_dim(e, var->extent);
	}
	return place;
}

/* Sets between which limits the whole numbers lie that a reduction gives. */
static void set_reduced_range(Ex *result, IrCombine combine, const Ex *body, Var *const *over, uint32_t cond_count) {
	if (is_arg(combine)) {
		result->low = -1;
		result->high = over[0]->extent < 0 ? result->high : over[0]->extent - 1;
	} else if (body->type == IR_I64 && (combine == IR_PUT_MAX || combine == IR_PUT_MIN) && cond_count == 0) {
		result->low = body->low;
		result->high = body->high;
	}
}

Value *emit_reduce(Elab *e, IrCombine combine, Value *shape, Ex *body, Var *const *over, uint32_t over_count,
                   Ex *const *conds, uint32_t cond_count, Span span) {
	Var *own[IR_MAX_INDICES], *outer[IR_MAX_RANK];
	uint32_t own_count = 0;
	for (int i = 0; i < shape->rank; i++)
		own[own_count++] = shape->vars[i];
	for (uint32_t i = 0; i < over_count; i++)
		own[own_count++] = over[i];
	/* The variables that conditions mention are outer ones too. */
	const VarSet *free = body->free;
	for (uint32_t i = 0; i < cond_count; i++)
		free = ex_vars_union(e, free, conds[i]->free);
	uint32_t outer_count = emit_outer_vars(e, &(Ex){.free = free}, own, own_count, shape->rank, outer);
	uint32_t kept_count = outer_count + (uint32_t)shape->rank;
	bool over_x = any_coord(over, over_count);
	bool by_tensor =
		over_x && e->tensor && !any_coord(outer, outer_count) && !any_coord(shape->vars, (uint32_t)shape->rank);
	if (over_x)
		e->coupled = true;
	if (by_tensor && kept_count == IR_MAX_RANK) {
		too_many_axes(e);
		by_tensor = false;
	}

	Emit m = emit_begin(e, span);
	for (uint32_t i = 0; i < outer_count; i++)
		emit_var(e, &m, outer[i]);
	for (uint32_t i = 0; i < own_count; i++)
		emit_var(e, &m, own[i]);
	for (uint32_t i = 0; i < cond_count; i++) {
		IrAt cond = emit_at(e, &m, conds[i]);
		if (e->lowering)
			ir_for_cond(&m.f, cond);
	}
	uint32_t node = emit_ex(e, &m, body);
	ReducedPlace place = reduced_place(e, &m, kept_count, body->type, by_tensor);
	IrValue out = is_arg(combine) ? put_arg(e, &m, combine == IR_PUT_ARGMAX ? IR_PUT_MAX : IR_PUT_MIN, node, place.type,
	                                        place.at, kept_count)
	                              : emit_put(e, &m, combine, node, place.type, place.at, 0, false);

	Value *v = ARENA_NEW(e->arena, Value);
	*v = *shape;
	v->kind = VALUE_ARRAY;
	v->body = ex_read(e, out, place.back, place.type.rank, false);
	set_reduced_range(v->body, combine, body, over, cond_count);
	return v;
}
