/* Values: arrays as functions of index variables; and the values of names. */
#include "frontend/value/value.h"

#include <string.h>

Value *value_bad(Elab *e) {
	return ARENA_NEW(e->arena, Value);
}

bool value_is_bad(const Value *v) {
	return v->kind == VALUE_BAD;
}

IrScalar value_ir_scalar(const Elab *e, Scalar s) {
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
	static const char *const names[IR_USER_RANK] = {"i", "j", "k", "l", "m", "n", "o", "p"};
	Value *v = ARENA_NEW(e->arena, Value);
	v->kind = VALUE_ARRAY;
	v->scalar = scalar;
	v->rank = rank;
	for (int i = 0; i < rank; i++) {
		v->dims[i] = dims[i];
		v->vars[i] = ex_var_new(e, session_name(e->session, names[i]), dims[i], span);
	}
	return v;
}

Value *value_read(Elab *e, IrValue value, Scalar scalar, int rank, const int64_t *dims) {
	return value_from_whole(e, value, scalar, rank, dims, NULL, 0);
}

/* Numbers that are known, and stacks of such. */
bool value_known_throughout(const Value *v) {
	bool known = v->parts.count ? true : value_known(v);
	for (uint32_t i = 0; i < v->parts.count && known; i++)
		known = value_known_throughout(v->parts.data[i]);
	return known;
}

/* The numbers of a stack that is known throughout, row-major. */
typedef struct Table {
	double *reals;
	int64_t *integers, low, high;
	size_t count;
} Table;

static void table_fill(Elab *e, Value *v, IrScalar scalar, Table *table) {
	for (uint32_t i = 0; i < v->parts.count; i++)
		table_fill(e, v->parts.data[i], scalar, table);
	if (v->parts.count)
		return;
	const Ex *x = value_ex(e, v, scalar);
	table->reals[table->count] = x->real;
	table->integers[table->count++] = x->integer;
	table->low = x->integer < table->low ? x->integer : table->low;
	table->high = x->integer > table->high ? x->integer : table->high;
}

static Ex *table_body(Elab *e, Value *v, IrScalar scalar) {
	IrType type = ir_tensor_type(scalar, v->rank, v->dims);
	size_t size = (size_t)ir_type_elements(type, NULL);
	Table table = {ARENA_ARRAY(e->arena, double, size), ARENA_ARRAY(e->arena, int64_t, size), INT64_MAX, INT64_MIN, 0};
	table_fill(e, v, scalar, &table);
	IrValue value = emit_table(e, type, table.reals, table.integers);
	Ex *at[IR_MAX_RANK];
	for (int i = 0; i < v->rank; i++)
		at[i] = ex_var(e, v->vars[i]);
	Ex *read = ex_read(e, value, at, (uint32_t)v->rank, false);
	if (!ir_scalar_is_real(scalar)) {
		read->low = table.low;
		read->high = table.high;
	}
	return read;
}

/* The elements of a part of a stack, over the axes of the stack but the first. */
static Ex *part_body(Elab *e, const Value *stack, uint32_t part) {
	Ex *rest[IR_MAX_RANK];
	for (int r = 1; r < stack->rank; r++)
		rest[r - 1] = ex_var(e, stack->vars[r]);
	return value_at(e, stack->parts.data[part], rest);
}

/* One of the parts by the position along the first axis: truth values have no sums. */
static Ex *chosen_part(Elab *e, const Value *v) {
	Ex *k = ex_var(e, v->vars[0]), *body = NULL;
	for (uint32_t i = v->parts.count; i-- > 0;) {
		Ex *x = part_body(e, v, i);
		Value so_far = *v;
		so_far.parts.count = 0;
		so_far.body = body ? ex_op(e, IR_where, ex_op(e, IR_eq, k, ex_int(e, i), NULL), x, body) : x;
		body = value_limit_depth(e, &so_far, e->builder->span)->body;
	}
	return body;
}

/* Zeros, then every part added into its place (`sum into`, whose adjoint costs nothing). */
static Ex *added_parts(Elab *e, const Value *v, IrScalar scalar) {
	uint32_t count = v->parts.count;
	Ex **bodies = ARENA_ARRAY(e->arena, Ex *, count), all = {0};
	for (uint32_t i = 0; i < count; i++) {
		bodies[i] = ex_convert(e, part_body(e, v, i), scalar);
		all.free = ex_vars_union(e, all.free, bodies[i]->free);
	}
	Var *outer[IR_MAX_RANK];
	uint32_t outer_count = emit_outer_vars(e, &all, v->vars, (uint32_t)v->rank, v->rank, outer);
	Value zero = *v;
	zero.parts.count = 0;
	zero.body = scalar == IR_I64 ? ex_int(e, 0) : ex_real(e, 0);
	Span span = e->builder->span;
	IrValue into = emit_whole(e, &zero, outer, outer_count, 0, span);
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
		into = emit_put(e, &m, IR_PUT_SUM, node, type, places, into, false);
	}
	Ex *at[IR_MAX_RANK];
	for (uint32_t o = 0; o < outer_count; o++)
		at[o] = ex_var(e, outer[o]);
	for (int r = 0; r < v->rank; r++)
		at[outer_count + (uint32_t)r] = ex_var(e, v->vars[r]);
	return ex_read(e, into, at, outer_count + (uint32_t)v->rank, false);
}

/* A stack as one array. */
static Ex *stack_body(Elab *e, Value *v) {
	IrScalar scalar = value_ir_scalar(e, v->scalar);
	if (value_known_throughout(v))
		return table_body(e, v, scalar);
	if (v->parts.count == 1)
		return ex_convert(e, part_body(e, v, 0), scalar);
	return scalar == IR_BOOL ? chosen_part(e, v) : added_parts(e, v, scalar);
}

Ex *value_body(Elab *e, Value *v) {
	if (!v->body)
		v->body = stack_body(e, v);
	return v->body;
}

Ex *value_at(Elab *e, Value *v, Ex *const *at) {
	if (v->parts.count && ex_is_const(at[0]) && at[0]->integer >= 0 && at[0]->integer < (int64_t)v->parts.count)
		return ex_convert(e, value_at(e, v->parts.data[at[0]->integer], at + 1), value_ir_scalar(e, v->scalar));
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
		c->body = value_ex(e, v, value_ir_scalar(e, scalar));
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

int value_x_axis(const Value *v) {
	for (int i = 0; i < v->rank; i++)
		if (v->dims[i] == DIM_X)
			return i;
	return -1;
}

const char *value_dims_text(Elab *e, const int64_t *dims, int rank) {
	if (rank == 0 || (rank == 1 && dims[0] == DIM_X && e->by_shape && e->x_rank == 0))
		return "a scalar";
	Text text = text_new(e->arena);
	const char *between = "";
	text_char(&text, '[');
	for (int i = 0; i < rank; i++) {
		bool axes = e->by_shape && dims[i] == DIM_X; /* those of x */
		for (int k = 0; k < (axes ? e->x_rank : 1); k++, between = ", ")
			if (dims[i] == DIM_X && !axes)
				text_printf(&text, "%ssize(x)", between);
			else
				text_printf(&text, "%s%lld", between, (long long)(axes ? e->x_dims[k] : dims[i]));
	}
	text_char(&text, ']');
	return text_cstr(&text);
}

const char *value_type_text(Elab *e, const Value *v) {
	if (v->kind == VALUE_TEXT)
		return "text";
	if (v->kind == VALUE_SEVERAL)
		return arena_printf(e->arena, "%u values", (unsigned)v->parts.count);
	if (v->kind == VALUE_CALL)
		return v->call->decl->kind == AST_OBJECTIVE ? "an objective" : "a rule";
	if (v->kind == VALUE_FUNCTION)
		return arena_printf(e->arena, "the function `%s`", session_text(e->session, v->function->name));
	const char *scalar = v->scalar == S_INT ? "int" : v->scalar == S_BOOL ? "bool" : "real";
	return v->rank ? arena_printf(e->arena, "%s%s", scalar, value_dims_text(e, v->dims, v->rank)) : scalar;
}

void value_help_rule(Elab *e, Diag *diag, const Value *v) {
	if (v->kind == VALUE_CALL)
		diag_help(e->session, diag, "a rule is no value: `apply adam(lr = 0.1)` takes a step of it");
}

/* For people: with what is known of a number. */
static const char *value_text(Elab *e, const Value *v, bool changes) {
	const char *type =
		v->kind == VALUE_ARRAY && v->scalar == S_LITERAL && v->rank == 0 ? "number" : value_type_text(e, v);
	double real;
	if (changes)
		return type;
	if (value_known_real(v, &real))
		return arena_printf(e->arena, "%s = %.12g", type, real);
	bool ranged = v->kind == VALUE_ARRAY && v->rank == 0 && v->scalar == S_INT && v->body &&
	              v->body->low > -EX_MOST_ELEMENTS && v->body->high < EX_MOST_ELEMENTS - 1;
	if (ranged)
		return arena_printf(e->arena, "%s in %lld..%lld", type, (long long)v->body->low, (long long)v->body->high + 1);
	return type;
}

void value_note_type(Elab *e, NameMap *types, uint32_t number, const Value *v, const Symbol *symbol) {
	if (v && !value_is_bad(v))
		typing_note(e->typing, types, number, value_text(e, v, symbol && symbol_may_change(symbol)));
}
