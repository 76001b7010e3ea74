/* Scalar expressions over index variables: making them, folding constants, substituting for variables. */
#include "frontend/value/value.h"

#include <math.h>
#include <string.h>

static int64_t clamp(int64_t v) {
	return v > EX_FAR ? EX_FAR : v < -EX_FAR ? -EX_FAR : v;
}

static int64_t times(int64_t a, int64_t b) {
	int64_t product;
	if (__builtin_mul_overflow(a, b, &product))
		return (a < 0) == (b < 0) ? EX_FAR : -EX_FAR;
	return clamp(product);
}

Var *ex_var_new(Elab *e, Name name, int64_t extent, Span span) {
	Var *var = ARENA_NEW(e->arena, Var);
	*var = (Var){.name = name, .id = (*e->next_var)++, .extent = extent, .coord = extent == DIM_X, .span = span};
	return var;
}

const VarSet *ex_vars_union(Elab *e, const VarSet *a, const VarSet *b) {
	if (!a || a == b)
		return b;
	if (!b)
		return a;
	VarSet *set = arena_alloc(e->arena, sizeof *set + sizeof(Var *) * (a->count + b->count));
	uint32_t i = 0, j = 0;
	while (i < a->count || j < b->count) {
		Var *x = i < a->count ? a->vars[i] : NULL, *y = j < b->count ? b->vars[j] : NULL;
		Var *next = !y || (x && x->id <= y->id) ? x : y;
		i += x == next;
		j += y == next;
		set->vars[set->count++] = next;
	}
	return set->count == a->count ? a : set->count == b->count ? b : set;
}

static Ex *ex_new(Elab *e, ExKind kind, IrScalar type) {
	Ex *x = ARENA_NEW(e->arena, Ex);
	x->kind = kind;
	x->type = type;
	x->size = x->depth = 1;
	x->low = type == IR_BOOL ? 0 : -EX_FAR;
	x->high = type == IR_BOOL ? 1 : EX_FAR;
	return x;
}

static void has_part(Ex *x, const Ex *part) {
	x->size = x->size + part->size < EX_HUGE ? x->size + part->size : EX_HUGE;
	x->depth = part->depth + 1 > x->depth ? part->depth + 1 : x->depth;
}

Ex *ex_real(Elab *e, double value) {
	Ex *x = ex_new(e, EX_CONST, e->real);
	x->real = value == value ? value : NAN; /* a NaN has no sign: people would read it in messages */
	return x;
}

static Ex *real_const(Elab *e, IrScalar type, double value) {
	Ex *x = ex_real(e, value);
	x->type = type;
	return x;
}

static Ex *whole_const(Elab *e, IrScalar type, int64_t value) {
	Ex *x = ex_new(e, EX_CONST, type);
	x->integer = value;
	x->low = x->high = clamp(value);
	return x;
}

Ex *ex_int(Elab *e, int64_t value) {
	return whole_const(e, IR_I64, value);
}

Ex *ex_bool(Elab *e, bool value) {
	return whole_const(e, IR_BOOL, value);
}

Ex *ex_var(Elab *e, Var *var) {
	if (var->extent == 1)
		return ex_int(e, 0);
	Ex *x = ex_new(e, EX_VAR, IR_I64);
	x->var = var;
	x->low = 0;
	int64_t extent = var->extent != DIM_X ? var->extent : e->tensor ? -1 : e->n;
	x->high = extent < 0 ? EX_MOST_ELEMENTS - 1 : extent - 1;
	VarSet *set = arena_alloc(e->arena, sizeof *set + sizeof(Var *));
	set->count = 1;
	set->vars[0] = var;
	x->free = set;
	return x;
}

Ex *ex_dim(Elab *e) {
	if (e->n >= 0)
		return ex_int(e, e->n);
	Ex *x = ex_new(e, EX_DIM, IR_I64);
	x->low = 1;
	x->high = EX_MOST_ELEMENTS;
	return x;
}

Ex *ex_read(Elab *e, IrValue value, Ex *const *at, uint32_t count, bool guarded) {
	IrType type = ir_type(e->builder->func, value);
	Ex *x = ex_new(e, EX_READ, type.scalar);
	x->value = value;
	x->guarded = guarded;
	x->at_count = count;
	x->at = arena_copy(e->arena, at, sizeof(Ex *) * count);
	for (uint32_t i = 0; i < count; i++) {
		x->free = ex_vars_union(e, x->free, at[i]->free);
		has_part(x, at[i]);
	}
	return x;
}

bool ex_is_const(const Ex *x) {
	return x->kind == EX_CONST;
}

bool ex_has(const Ex *x, const Var *var) {
	for (uint32_t i = 0; x->free && i < x->free->count; i++)
		if (x->free->vars[i] == var)
			return true;
	return false;
}

/* ---- sameness ----
 *
 * What was found to be the same is remembered: parts that are used often are compared once. A comparison that fails ends at
 * the first difference, and so needs no memory. */

static Ex *first_same(const Ex *x) {
	Ex *first = (Ex *)(uintptr_t)x; /* only the memory of this walk is written */
	while (first->same) {
		if (first->same->same)
			first->same = first->same->same;
		first = first->same;
	}
	return first;
}

static bool same_free(const Ex *a, const Ex *b) {
	return a->free == b->free || (a->free && b->free && a->free->count == b->free->count);
}

static bool same_parts(Ex *const *a, Ex *const *b, uint32_t count) {
	for (uint32_t i = 0; i < count; i++)
		if (!ex_same(a[i], b[i]))
			return false;
	return true;
}

bool ex_same(const Ex *a, const Ex *b) {
	if (a == b)
		return true;
	if (a->size != b->size || a->depth != b->depth || a->kind != b->kind || a->type != b->type || !same_free(a, b))
		return false;
	bool same = false;
	switch (a->kind) {
	case EX_CONST: return a->integer == b->integer && memcmp(&a->real, &b->real, sizeof a->real) == 0;
	case EX_VAR: return a->var == b->var;
	case EX_DIM: return true;
	case EX_READ:
		if (a->value != b->value || a->guarded != b->guarded)
			return false;
		break;
	case EX_OP:
		if (a->opcode != b->opcode)
			return false;
		break;
	}
	Ex *p = first_same(a), *q = first_same(b);
	if (p == q)
		return true;
	if (a->kind == EX_READ)
		same = same_parts(a->at, b->at, a->at_count);
	else
		same = same_parts(a->args, b->args, (uint32_t)ir_op_info[a->opcode].arity);
	if (same)
		first_same(q)->same = first_same(p);
	return same;
}

/* ---- operations ---- */

static void range_of_product(const Ex *a, const Ex *b, int64_t *low, int64_t *high) {
	int64_t p[4] = {times(a->low, b->low), times(a->low, b->high), times(a->high, b->low), times(a->high, b->high)};
	*low = *high = p[0];
	for (int i = 1; i < 4; i++) {
		*low = p[i] < *low ? p[i] : *low;
		*high = p[i] > *high ? p[i] : *high;
	}
}

static void set_range(Ex *x) {
	const Ex *a = x->args[0], *b = x->args[1], *c = x->args[2];
	int64_t low = -EX_FAR, high = EX_FAR;
	switch (x->opcode) {
	case IR_add:
		low = a->low + b->low;
		high = a->high + b->high;
		break;
	case IR_sub:
		low = a->low - b->high;
		high = a->high - b->low;
		break;
	case IR_neg:
		low = -a->high;
		high = -a->low;
		break;
	case IR_mul: range_of_product(a, b, &low, &high); break;
	case IR_imod:
		if (b->low > 0) {
			low = 0;
			high = b->high - 1;
		}
		break;
	case IR_idiv:
		if (b->low > 0 && a->low >= 0) {
			low = a->low / b->high;
			high = a->high / b->low;
		}
		break;
	case IR_min:
		low = a->low < b->low ? a->low : b->low;
		high = a->high < b->high ? a->high : b->high;
		break;
	case IR_max:
		low = a->low > b->low ? a->low : b->low;
		high = a->high > b->high ? a->high : b->high;
		break;
	case IR_where:
		low = b->low < c->low ? b->low : c->low;
		high = b->high > c->high ? b->high : c->high;
		break;
	case IR_to_int:
		if (a->type == IR_BOOL) {
			low = 0;
			high = 1;
		}
		break;
	default: break;
	}
	x->low = x->high = 0;
	x->low = clamp(low);
	x->high = clamp(high);
}

/* The constant that an operation on constants gives; NULL where it cannot be told now. Reals stay in double: a constant
 * expression is rounded once, to the precision of the program; but for remainders and neighbours, which rounding would
 * take out of their range. */
static Ex *fold_constants(Elab *e, IrOpcode opcode, IrScalar result, Ex *const *args, int arity) {
	bool stepped = opcode == IR_floor_mod || opcode == IR_floor_div || opcode == IR_before;
	IrScalar types[IR_MAX_ARGS];
	IrNumber numbers[IR_MAX_ARGS];
	for (int i = 0; i < arity; i++) {
		if (!ex_is_const(args[i]))
			return NULL;
		types[i] = args[i]->type == IR_F32 && !stepped ? IR_F64 : args[i]->type;
		if (ir_scalar_is_real(types[i]))
			numbers[i].real = types[i] == IR_F32 ? (double)(float)args[i]->real : args[i]->real;
		else
			numbers[i].integer = args[i]->integer;
	}
	if (opcode == IR_to_f32)
		opcode = IR_to_f64;
	if (opcode == IR_to_f64 && types[0] == IR_F64)
		return real_const(e, result, numbers[0].real);
	IrNumber value = ir_eval_scalar(opcode, types, numbers);
	if (ir_scalar_is_real(result))
		return real_const(e, result, value.real);
	return whole_const(e, result, value.integer);
}

static bool is_int(const Ex *x, int64_t value) {
	return x->kind == EX_CONST && !ir_scalar_is_real(x->type) && x->integer == value;
}

static bool is_real(const Ex *x, double value) {
	return x->kind == EX_CONST && ir_scalar_is_real(x->type) && memcmp(&x->real, &value, sizeof value) == 0;
}

/* What a comparison of whole numbers gives if their limits decide it; else NULL. */
static Ex *known_comparison(Elab *e, IrOpcode opcode, const Ex *a, const Ex *b) {
	if (opcode == IR_gt || opcode == IR_ge)
		return known_comparison(e, opcode == IR_gt ? IR_lt : IR_le, b, a);
	if (opcode == IR_lt && (a->high < b->low || a->low >= b->high))
		return ex_bool(e, a->high < b->low);
	if (opcode == IR_le && (a->high <= b->low || a->low > b->high))
		return ex_bool(e, a->high <= b->low);
	if ((opcode == IR_eq || opcode == IR_ne) && (a->high < b->low || a->low > b->high))
		return ex_bool(e, opcode == IR_ne);
	return NULL;
}

/* What is exactly the same and simpler; NULL: nothing. */
static Ex *simpler(Elab *e, IrOpcode opcode, IrScalar result, Ex *a, Ex *b, Ex *c) {
	bool whole = !ir_scalar_is_real(result);
	switch (opcode) {
	case IR_add:
		if (whole && is_int(b, 0))
			return a;
		return whole && is_int(a, 0) ? b : NULL;
	case IR_sub:
		if (whole && ex_same(a, b))
			return ex_int(e, 0);
		return whole && is_int(b, 0) ? a : NULL;
	case IR_mul:
		if (whole && (is_int(a, 0) || is_int(b, 0)))
			return ex_int(e, 0);
		if (whole ? is_int(b, 1) : is_real(b, 1))
			return a;
		return (whole ? is_int(a, 1) : is_real(a, 1)) ? b : NULL;
	case IR_div: return is_real(b, 1) ? a : NULL;
	case IR_idiv: return is_int(b, 1) ? a : NULL;
	case IR_imod:
		if (b->low > 0 && a->low >= 0 && a->high < b->low)
			return a;
		return NULL;
	case IR_where:
		if (ex_is_const(a))
			return a->integer ? b : c;
		return ex_same(b, c) ? b : NULL;
	case IR_and:
		if (ex_is_const(a))
			return a->integer ? b : a;
		return ex_is_const(b) ? (b->integer ? a : b) : NULL;
	case IR_or:
		if (ex_is_const(a))
			return a->integer ? a : b;
		return ex_is_const(b) ? (b->integer ? b : a) : NULL;
	case IR_lt:
	case IR_le:
	case IR_gt:
	case IR_ge:
	case IR_eq:
	case IR_ne: return a->type == IR_I64 ? known_comparison(e, opcode, a, b) : NULL;
	default: return NULL;
	}
}

Ex *ex_op(Elab *e, IrOpcode opcode, Ex *a, Ex *b, Ex *c) {
	return ex_ops(e, opcode, (Ex *[IR_MAX_ARGS]){a, b, c});
}

Ex *ex_ops(Elab *e, IrOpcode opcode, Ex *const *args) {
	IrScalar types[IR_MAX_ARGS] = {0}, result;
	int arity = ir_op_info[opcode].arity;
	for (int i = 0; i < arity; i++)
		types[i] = args[i]->type;
	if (!ir_op_type(opcode, types, &result))
		base_panic("ex_op", "%s of %s, %s", ir_op_info[opcode].name, ir_scalar_name(types[0]),
		           arity > 1 ? ir_scalar_name(types[1]) : "nothing");
	Ex *folded = fold_constants(e, opcode, result, args, arity);
	if (!folded && arity <= 3)
		folded = simpler(e, opcode, result, args[0], arity > 1 ? args[1] : NULL, arity > 2 ? args[2] : NULL);
	if (folded)
		return folded;
	Ex *x = ex_new(e, EX_OP, result);
	x->opcode = opcode;
	for (int i = 0; i < arity; i++) {
		x->args[i] = args[i];
		x->free = ex_vars_union(e, x->free, args[i]->free);
		has_part(x, args[i]);
	}
	if (result == IR_I64)
		set_range(x);
	return x;
}

Ex *ex_plain(Elab *e, IrOpcode opcode, Ex *a, Ex *b) {
	Ex *x = ex_new(e, EX_OP, IR_BOOL);
	x->opcode = opcode;
	x->args[0] = a;
	x->args[1] = b;
	x->free = ex_vars_union(e, a->free, b->free);
	has_part(x, a);
	has_part(x, b);
	return x;
}

Ex *ex_add_int(Elab *e, Ex *a, Ex *b) {
	return ex_op(e, IR_add, a, b, NULL);
}

Ex *ex_convert(Elab *e, Ex *x, IrScalar type) {
	if (x->type == type)
		return x;
	if (ir_scalar_is_real(type) && is_int(x, INT64_MIN))
		return real_const(e, type, NAN);
	if (ir_scalar_is_real(type) && ex_is_wide(x) && !ex_is_const(x)) {
		Ex *real = ex_op(e, type == IR_F32 ? IR_to_f32 : IR_to_f64, x, NULL, NULL);
		return ex_op(e, IR_where, ex_is_number(e, x), real, real_const(e, type, NAN));
	}
	switch (type) {
	case IR_F32: return ex_op(e, IR_to_f32, x, NULL, NULL);
	case IR_F64: return ex_op(e, IR_to_f64, x, NULL, NULL);
	case IR_I64: return ex_op(e, IR_to_int, x, NULL, NULL);
	default: return ex_op(e, IR_ne, x, ir_scalar_is_real(x->type) ? ex_real(e, 0) : ex_int(e, 0), NULL);
	}
}

/* ---- substitution ---- */

typedef struct Substitution {
	Elab *e;
	Var *const *from;
	Ex *const *to;
	uint32_t count;
	bool guard;
	uint64_t epoch;
} Substitution;

static bool touches(const Substitution *s, const Ex *x) {
	for (uint32_t i = 0; i < s->count; i++)
		if (ex_has(x, s->from[i]))
			return true;
	return false;
}

static Ex *walk(Substitution *s, Ex *x) {
	if (!x->free || !touches(s, x))
		return x;
	if (x->epoch == s->epoch)
		return x->image;
	Ex *image = x;
	switch (x->kind) {
	case EX_VAR:
		for (uint32_t i = 0; i < s->count; i++)
			if (s->from[i] == x->var)
				image = s->to[i];
		break;
	case EX_READ: {
		Ex **at = ARENA_ARRAY(s->e->arena, Ex *, x->at_count);
		for (uint32_t i = 0; i < x->at_count; i++)
			at[i] = walk(s, x->at[i]);
		image = ex_read(s->e, x->value, at, x->at_count, x->guarded || s->guard);
		image->low = x->low;
		image->high = x->high;
		break;
	}
	case EX_OP: {
		Ex *args[IR_MAX_ARGS] = {0};
		for (int i = 0; i < ir_op_info[x->opcode].arity; i++)
			args[i] = walk(s, x->args[i]);
		image = ex_ops(s->e, x->opcode, args);
		break;
	}
	default: break;
	}
	x->epoch = s->epoch;
	x->image = image;
	return image;
}

Ex *ex_substitute(Elab *e, Ex *x, Var *const *from, Ex *const *to, uint32_t count, bool guard) {
	if (count == 0)
		return x;
	Substitution s = {e, from, to, count, guard, ++*e->epoch};
	return walk(&s, x);
}
