/* Values: arrays as functions of index variables; and the names in scope. */
#include "frontend/elab.h"

#include <string.h>

Value *value_bad(Elab *e) {
	return ARENA_NEW(e->arena, Value);
}

bool value_is_bad(const Value *v) {
	return v->kind == VALUE_BAD;
}

IrScalar ir_scalar_of(const Elab *e, Scalar s) {
	return s == S_REAL ? e->real : s == S_BOOL ? IR_BOOL : IR_I64;
}

Value *value_scalar(Elab *e, Scalar scalar, Ex *body) {
	Value *v = ARENA_NEW(e->arena, Value);
	v->kind = VALUE_ARRAY;
	v->scalar = scalar;
	v->body = body;
	return v;
}

Value *value_real(Elab *e, double value) {
	return value_scalar(e, S_REAL, ex_real(e, value));
}

Value *value_int(Elab *e, int64_t value) {
	return value_scalar(e, S_INT, ex_int(e, value));
}

Value *value_array(Elab *e, Scalar scalar, int rank, const int64_t *dims, Span span) {
	static const char *const names[IR_MAX_RANK] = {"i", "j", "k", "l", "m", "n", "o", "p"};
	Value *v = ARENA_NEW(e->arena, Value);
	v->kind = VALUE_ARRAY;
	v->scalar = scalar;
	v->rank = rank;
	for (int i = 0; i < rank; i++) {
		v->dims[i] = dims[i];
		v->vars[i] = var_new(e, session_name(e->session, names[i]), dims[i], span);
	}
	return v;
}

Value *value_read(Elab *e, IrValue value, Scalar scalar, int rank, const int64_t *dims) {
	return value_from_whole(e, value, scalar, rank, dims, NULL, 0);
}

/* A stack as one array: zeros, then every element added into its place (`sum into`, whose adjoint costs nothing). */
static Ex *stack_body(Elab *e, Value *v) {
	uint32_t count = v->parts.count;
	bool known = v->rank == 1;
	for (uint32_t i = 0; i < count; i++)
		known = known && value_known(v->parts.data[i]);
	Ex *at[IR_MAX_RANK];
	IrScalar scalar = ir_scalar_of(e, v->scalar);
	Ex *k = ex_var(e, v->vars[0]);
	if (known) {
		double *reals = ARENA_ARRAY(e->arena, double, count);
		int64_t *integers = ARENA_ARRAY(e->arena, int64_t, count), low = INT64_MAX, high = INT64_MIN;
		for (uint32_t i = 0; i < count; i++) {
			Ex *x = value_ex(e, v->parts.data[i], scalar);
			reals[i] = x->real;
			integers[i] = x->integer;
			low = integers[i] < low ? integers[i] : low;
			high = integers[i] > high ? integers[i] : high;
		}
		IrValue table = ir_table(e->builder, ir_tensor_type(scalar, 1, v->dims), reals, integers);
		at[0] = k;
		Ex *read = ex_read(e, table, at, 1, false);
		if (!ir_scalar_is_real(scalar)) {
			read->low = low;
			read->high = high;
		}
		return read;
	}
	if (count == 1) {
		Ex *rest[IR_MAX_RANK];
		for (int i = 1; i < v->rank; i++)
			rest[i - 1] = ex_var(e, v->vars[i]);
		return ex_convert(e, value_at(e, v->parts.data[0], rest), scalar);
	}
	if (scalar == IR_BOOL) { /* has no sums */
		Ex *body = NULL;
		for (uint32_t i = count; i-- > 0;) {
			Ex *rest[IR_MAX_RANK];
			for (int r = 1; r < v->rank; r++)
				rest[r - 1] = ex_var(e, v->vars[r]);
			Ex *x = value_at(e, v->parts.data[i], rest);
			body = body ? ex_op(e, IR_where, ex_op(e, IR_eq, k, ex_int(e, i), NULL), x, body) : x;
		}
		return body;
	}
	/* The variables around all the parts. */
	Ex *bodies[256], dummy = {0};
	if (count > sizeof bodies / sizeof *bodies)
		base_panic("stack_body", "a stack of %u", (unsigned)count);
	Ex *rest[IR_MAX_RANK];
	for (int r = 1; r < v->rank; r++)
		rest[r - 1] = ex_var(e, v->vars[r]);
	for (uint32_t i = 0; i < count; i++) {
		bodies[i] = ex_convert(e, value_at(e, v->parts.data[i], rest), scalar);
		dummy.free = vars_union(e, dummy.free, bodies[i]->free);
	}
	Var *outer[IR_MAX_RANK];
	uint32_t outer_count = outer_vars(e, &dummy, v->vars, (uint32_t)v->rank, outer);
	Value zero = *v;
	zero.parts.count = 0;
	zero.body = scalar == IR_I64 ? ex_int(e, 0) : ex_real(e, 0);
	Span span = e->builder->span;
	IrValue into = whole(e, &zero, outer, outer_count, 0, span);
	IrType type = ir_type(e->builder->func, into);
	for (uint32_t i = 0; i < count; i++) {
		Emit m = emit_begin(e, span);
		IrAt places[IR_MAX_RANK];
		for (uint32_t o = 0; o < outer_count; o++) {
			emit_var(e, &m, outer[o]);
			places[o] = ir_at_index(e->module, o, 1);
		}
		places[outer_count] = ir_at_const(i);
		for (int r = 1; r < v->rank; r++) {
			emit_var(e, &m, v->vars[r]);
			places[outer_count + (uint32_t)r] = ir_at_index(e->module, outer_count + (uint32_t)r - 1, 1);
		}
		uint32_t node = emit_ex(e, &m, bodies[i]);
		into = ir_put(&m.f, IR_PUT_SUM, node, type, places, into, false);
		ir_for_end(&m.f);
	}
	for (uint32_t o = 0; o < outer_count; o++)
		at[o] = ex_var(e, outer[o]);
	for (int r = 0; r < v->rank; r++)
		at[outer_count + (uint32_t)r] = ex_var(e, v->vars[r]);
	return ex_read(e, into, at, outer_count + (uint32_t)v->rank, false);
}

Ex *value_body(Elab *e, Value *v) {
	if (!v->body)
		v->body = stack_body(e, v);
	return v->body;
}

Ex *value_at(Elab *e, Value *v, Ex *const *at) {
	if (v->parts.count && ex_is_const(at[0]) && at[0]->integer >= 0 && at[0]->integer < (int64_t)v->parts.count)
		return ex_convert(e, value_at(e, v->parts.data[at[0]->integer], at + 1), ir_scalar_of(e, v->scalar));
	return ex_substitute(e, value_body(e, v), v->vars, at, (uint32_t)v->rank, false);
}

Ex *value_ex(Elab *e, Value *v, IrScalar type) {
	return ex_convert(e, value_body(e, v), type);
}

Value *value_convert(Elab *e, Value *v, Scalar scalar) {
	if (v->kind != VALUE_ARRAY || v->scalar == scalar)
		return v;
	Value *c = ARENA_NEW(e->arena, Value);
	*c = *v;
	c->scalar = scalar;
	c->is_size_x = v->is_size_x && scalar != S_REAL;
	if (v->parts.count) {
		c->parts.data = ARENA_ARRAY(e->arena, Value *, v->parts.count);
		for (uint32_t i = 0; i < v->parts.count; i++)
			c->parts.data[i] = value_convert(e, v->parts.data[i], scalar);
		c->body = NULL;
	} else
		c->body = value_ex(e, v, ir_scalar_of(e, scalar));
	return c;
}

bool value_known(const Value *v) {
	return v->kind == VALUE_ARRAY && v->rank == 0 && v->body && ex_is_const(v->body);
}

bool value_known_int(const Value *v, int64_t *out) {
	if (!value_known(v) || v->scalar == S_REAL || v->scalar == S_BOOL)
		return false;
	*out = v->body->integer;
	return true;
}

bool value_known_real(const Value *v, double *out) {
	if (!value_known(v) || v->scalar == S_BOOL)
		return false;
	*out = v->scalar == S_REAL ? v->body->real : (double)v->body->integer;
	return true;
}

bool value_same_shape(const Value *a, const Value *b) {
	if (a->rank != b->rank)
		return false;
	for (int i = 0; i < a->rank; i++)
		if (a->dims[i] != b->dims[i])
			return false;
	return true;
}

const char *dims_text(Elab *e, const int64_t *dims, int rank) {
	if (rank == 0)
		return "a scalar";
	Text text = text_new(e->arena);
	text_char(&text, '[');
	for (int i = 0; i < rank; i++) {
		text_printf(&text, i ? ", " : "");
		if (dims[i] == DIM_X)
			text_printf(&text, "size(x)");
		else
			text_printf(&text, "%lld", (long long)dims[i]);
	}
	text_char(&text, ']');
	return text_cstr(&text);
}

const char *type_text(Elab *e, const Value *v) {
	if (v->kind == VALUE_TEXT)
		return "text";
	if (v->kind == VALUE_SEVERAL)
		return arena_printf(e->arena, "%u values", (unsigned)v->parts.count);
	if (v->kind == VALUE_CALL)
		return "a rule";
	const char *scalar = v->scalar == S_INT ? "int" : v->scalar == S_BOOL ? "bool" : "real";
	return v->rank ? arena_printf(e->arena, "%s%s", scalar, dims_text(e, v->dims, v->rank)) : scalar;
}

Binding *scope_add(Elab *e, BindKind kind, AstName name, Value *value) {
	Binding *b = ARENA_NEW(e->arena, Binding);
	*b = (Binding){.kind = kind, .name = name.name, .span = name.span, .value = value, .outer = e->scope};
	b->active = e->active.count;
	b->coord = e->coord;
	e->scope = b;
	return b;
}

Binding *scope_find(Elab *e, Name name) {
	for (Binding *b = e->scope; b; b = b->outer)
		if (b->name == name)
			return b;
	return NULL;
}
