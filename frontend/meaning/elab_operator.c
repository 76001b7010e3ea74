/* Operators: arithmetic, comparisons, logic, element by element; and the shapes that their operands agree on. */
#include "frontend/meaning/elab.h"

#include <string.h>

/* ---- shapes ---- */

bool elab_unify(Elab *e, Value **values, uint32_t count, Scalar *scalar) {
	(void)e;
	Scalar common = S_LITERAL;
	bool bools = true, any_bool = false;
	for (uint32_t i = 0; i < count; i++) {
		Scalar s = values[i]->scalar;
		bools = bools && s == S_BOOL;
		any_bool = any_bool || s == S_BOOL;
		if (s == S_REAL)
			common = S_REAL;
		else if ((s == S_INT || s == S_BOOL) && common == S_LITERAL)
			common = S_INT;
	}
	*scalar = bools ? S_BOOL : common;
	return !any_bool || bools;
}

Value *elab_broadcast(Elab *e, Value *v, const Value *shape) {
	if (v->rank || shape->rank == 0)
		return v;
	Value *b = value_array(e, v->scalar, shape->rank, shape->dims, (Span){0});
	b->body = value_body(e, v);
	return b;
}

static const AstExpr *part_of(const AstExpr *x, uint32_t i) {
	if (!x)
		return NULL;
	switch (x->kind) {
	case AST_UNARY: return x->unary.operand;
	case AST_BINARY: return i == 0 ? x->binary.left : x->binary.right;
	case AST_CALL: return i < x->call.args.count ? x->call.args.data[i].value : NULL;
	case AST_IF: return i == 0 ? x->choice.condition : i == 1 ? x->choice.yes : x->choice.no;
	default: return NULL;
	}
}

/* [n, 1] beside [n] */
static bool is_column(const Value *a, const Value *b) {
	return a->rank == b->rank + 1 && a->dims[a->rank - 1] == 1 &&
	       memcmp(a->dims, b->dims, sizeof *a->dims * (size_t)b->rank) == 0;
}

/* The shape that elementwise operands agree on; NULL with a diagnostic. */
static Value *common_shape(Elab *e, Value **args, uint32_t count, Span span, const char *what, const AstExpr *x) {
	Value *shape = args[0];
	uint32_t which = 0;
	for (uint32_t i = 1; i < count; i++) {
		if (args[i]->rank == 0)
			continue;
		if (shape->rank == 0) {
			shape = args[i];
			which = i;
			continue;
		}
		if (value_same_shape(shape, args[i]))
			continue;
		bool arms = x && x->kind == AST_IF;
		Diag *diag =
			diag_error(e->session, 207, span, "shapes of %s%s%s differ: %s and %s", arms ? "" : "`",
		               arms ? "the arms of `if`" : what, arms ? "" : "`", value_dims_text(e, shape->dims, shape->rank),
		               value_dims_text(e, args[i]->dims, args[i]->rank));
		const AstExpr *first = part_of(x, which), *second = part_of(x, i);
		if (first)
			diag_label(e->session, diag, first->span, "%s", value_dims_text(e, shape->dims, shape->rank));
		if (second)
			diag_label(e->session, diag, second->span, "%s", value_dims_text(e, args[i]->dims, args[i]->rank));
		if (strcmp(what, "*") == 0 && shape->rank == 2 && shape->dims[1] == args[i]->dims[0])
			diag_help(e->session, diag, "for a matrix product write `@`; for one index each, `a[i, j] * b[j]`");
		else if (arms)
			diag_help(e->session, diag, "both arms have one shape, or one of them is a number");
		else if (is_column(shape, args[i]) || is_column(args[i], shape))
			diag_help(e->session, diag, "an axis of extent 1 is an axis, too: read it away, as in `a[:, 0]`");
		else
			diag_help(e->session, diag,
			          "there is no silent broadcasting: say which index is which, as in `a[i, j] %s b[j]`",
			          strlen(what) <= 2 ? what : "+");
		return NULL;
	}
	return shape;
}

static const char *op_word(IrOpcode opcode, const AstExpr *x) {
	if (x && x->kind == AST_BINARY)
		return ast_op_text(x->binary.op);
	if (x && x->kind == AST_COMPARE)
		return ast_op_text(x->compare.ops[0]);
	if (x && x->kind == AST_CALL)
		return NULL;
	return ir_op_info[opcode].name;
}

/* Whether an operation on known whole numbers gives none: 2^61 or more in magnitude. */
static bool known_overflow(Value *const *args, uint32_t count, IrOpcode opcode) {
	int64_t numbers[2] = {0};
	for (uint32_t i = 0; i < count; i++)
		if (count > 2 || !value_known_int(args[i], &numbers[i]))
			return false;
	return ex_whole_has(opcode) && !ex_whole_fits(opcode, numbers[0], numbers[1]);
}

/* Literals are real where nothing asks for a whole number. */
static bool may_be_real(const Elab *e, Value *const *args, uint32_t count) {
	for (uint32_t i = 0; i < count; i++)
		if (args[i]->scalar != S_LITERAL)
			return false;
	return !e->want_int && !e->in_dimension;
}

static Value *overflow(Elab *e, Span span, const char *word) {
	Diag *diag = diag_error(e->session, 239, span, "`%s` of these whole numbers gives 2^61 or more in magnitude", word);
	diag_help(e->session, diag, "write a factor as a real number, as in `2.0`, if a rounded result will do");
	return value_bad(e);
}

Value *elab_apply(Elab *e, IrOpcode opcode, Scalar to, Scalar result, Value *const *given, uint32_t count, Span span,
                  const AstExpr *x) {
	const char *word = op_word(opcode, x);
	if (!word)
		word = session_text(e->session, x->call.callee.name);
	for (uint32_t i = 0; i < count; i++)
		if (value_is_bad(given[i]))
			return given[i];
	Value *args[3] = {0};
	for (uint32_t i = 0; i < count; i++)
		args[i] = value_limit_depth(e, given[i], span);
	for (uint32_t i = 0; i < count; i++)
		if (args[i]->parts.count && !(opcode == IR_where && i == 0))
			args[i] = value_convert(e, args[i], to);
	elab_meet(e, args, count);
	Value *shape = common_shape(e, args, count, span, word, x);
	if (!shape)
		return value_bad(e);
	if ((to == S_INT || to == S_LITERAL) && known_overflow(args, count, opcode)) {
		if (may_be_real(e, args, count))
			return elab_apply(e, opcode, S_REAL, S_REAL, args, count, span, x);
		return overflow(e, span, word);
	}
	Value *v = ARENA_NEW(e->arena, Value);
	v->kind = VALUE_ARRAY;
	v->scalar = result;
	v->rank = shape->rank;
	memcpy(v->dims, shape->dims, sizeof v->dims);
	memcpy(v->vars, shape->vars, sizeof v->vars);
	Ex *bodies[3] = {0}, *at[IR_MAX_RANK];
	for (int i = 0; i < v->rank; i++)
		at[i] = ex_var(e, v->vars[i]);
	for (uint32_t i = 0; i < count; i++) {
		Ex *body = args[i] == shape || args[i]->rank == 0 ? value_body(e, args[i]) : value_at(e, args[i], at);
		bool keep = opcode == IR_where && i == 0;
		bodies[i] = ex_convert(e, body, keep ? IR_BOOL : value_ir_scalar(e, to));
	}
	bool whole = value_ir_scalar(e, to) == IR_I64 && count <= 2 && ex_whole_has(opcode);
	v->body = whole ? ex_whole(e, opcode, bodies[0], bodies[1]) : ex_op(e, opcode, bodies[0], bodies[1], bodies[2]);
	return v;
}

/* ---- operators ---- */

bool elab_need_array(Elab *e, Value *v, const AstExpr *x) {
	if (v->kind == VALUE_ARRAY)
		return true;
	if (!value_is_bad(v))
		value_help_rule(
			e, diag_error(e->session, 219, x->span, "a number or array was expected, not %s", value_type_text(e, v)),
			v);
	return false;
}

/* A power of whole numbers: whole, and exact. */
static Value *whole_power_of(Elab *e, Span span, Value **args, const AstExpr *x) {
	int64_t base, exponent, result;
	if (value_known_int(args[0], &base) && value_known_int(args[1], &exponent)) {
		Scalar s = args[0]->scalar == S_LITERAL && args[1]->scalar == S_LITERAL ? S_LITERAL : S_INT;
		if (ex_power_of_numbers(base, exponent, &result))
			return value_scalar(e, s, ex_int(e, result));
		return may_be_real(e, args, 1) ? NULL : overflow(e, span, "^");
	}
	elab_meet(e, args, 2);
	Value *r = elab_apply(e, IR_add, S_REAL, S_REAL, args, 2, span, x);
	if (value_is_bad(r))
		return r;
	Ex *at[IR_MAX_RANK];
	for (int i = 0; i < r->rank; i++)
		at[i] = ex_var(e, r->vars[i]);
	Ex *parts[2];
	for (int i = 0; i < 2; i++)
		parts[i] = ex_convert(e, args[i]->rank ? value_at(e, args[i], at) : value_body(e, args[i]), IR_I64);
	r->body = ex_whole_power(e, parts[0], parts[1]);
	r->scalar = S_INT;
	return r;
}

static Value *power(Elab *e, Span span, Value *a, Value *b, const AstExpr *x) {
	Value *args[2] = {a, b};
	int64_t k;
	bool known = value_known_int(b, &k);
	if (elab_meet(e, args, 2)) {
		a = args[0];
		b = args[1];
	}
	bool whole = b->scalar == S_INT || b->scalar == S_LITERAL;
	bool base_int = a->scalar == S_INT || (a->scalar == S_LITERAL && (known || e->want_int));
	if (base_int && whole && (known ? k >= 0 : e->want_int)) {
		Value *r = whole_power_of(e, span, args, x);
		if (r)
			return r;
	}
	if (known && k == 2 && a->scalar != S_LITERAL) {
		Value *both[2] = {a, a};
		Scalar s = a->scalar == S_BOOL ? S_INT : a->scalar;
		return elab_apply(e, IR_mul, s, s, both, 2, span, NULL);
	}
	if (whole) {
		Value *r = elab_apply(e, IR_add, S_REAL, S_REAL, args, 2, span, x);
		if (value_is_bad(r))
			return r;
		Ex *at[IR_MAX_RANK];
		for (int i = 0; i < r->rank; i++)
			at[i] = ex_var(e, r->vars[i]);
		Ex *base_ex = a->rank ? value_at(e, a, at) : value_body(e, a);
		Ex *power_ex = b->rank ? value_at(e, b, at) : value_body(e, b);
		r->body = ex_op(e, IR_powi, ex_convert(e, base_ex, e->real), power_ex, NULL);
		return r;
	}
	return elab_apply(e, IR_pow, S_REAL, S_REAL, args, 2, span, x);
}

static Value *divide_exactly(Elab *e, Span span, Value *a, Value *b) {
	int64_t p, q;
	if (!value_known_int(a, &p) || !value_known_int(b, &q)) {
		elab_needs_known(e, a->body);
		elab_needs_known(e, b->body);
		Diag *diag =
			diag_error(e->session, 212, span, "a dimension or range has to be a whole number that is known now");
		elab_note_not_known(e, diag);
		return value_bad(e);
	}
	if (q == 0 || p % q != 0) {
		Diag *diag = diag_error(e->session, 213, span, "%lld / %lld is not a whole number", (long long)p, (long long)q);
		diag_help(e->session, diag, "`//` rounds down");
		return value_bad(e);
	}
	return value_scalar(e, S_LITERAL, ex_int(e, p / q));
}

static Value *floor_divide(Elab *e, AstOp op, Span span, Value *a, Value *b, const AstExpr *x) {
	Value *args[2] = {a, b};
	int64_t q;
	if (value_known_int(b, &q) && q == 0) {
		diag_error(e->session, 238, span, "division by zero");
		return value_bad(e);
	}
	if (a->scalar != S_REAL && b->scalar != S_REAL) {
		Scalar s = a->scalar == S_LITERAL && b->scalar == S_LITERAL ? S_LITERAL : S_INT;
		return elab_apply(e, op == AST_MOD ? IR_imod : IR_idiv, s, s, args, 2, span, x);
	}
	return elab_apply(e, op == AST_MOD ? IR_floor_mod : IR_floor_div, S_REAL, S_REAL, args, 2, span, x);
}

Value *elab_need_bool(Elab *e, Value *v, const AstExpr *x) {
	if (value_is_bad(v))
		return v;
	if (v->kind == VALUE_ARRAY && v->scalar == S_BOOL)
		return v;
	Diag *diag = diag_error(e->session, 210, x->span, "a condition was expected, found %s", value_type_text(e, v));
	if (v->kind == VALUE_ARRAY)
		diag_help(e->session, diag, "compare it with something, as in `... != 0`");
	return value_bad(e);
}

Value *elab_binary(Elab *e, const AstExpr *x) {
	AstOp op = x->binary.op;
	Span span = x->binary.op_span;
	bool saved = e->want_int;
	if (op == AST_FLOORDIV || op == AST_MOD)
		e->want_int = true;
	else if (op == AST_DIV || op == AST_MATMUL)
		e->want_int = false;
	Value *a = elab_expr(e, x->binary.left);
	Value *b = elab_expr(e, x->binary.right);
	e->want_int = saved;
	if (!elab_need_array(e, a, x->binary.left) || !elab_need_array(e, b, x->binary.right))
		return value_bad(e);
	Value *args[2] = {a, b};
	Scalar s;
	switch (op) {
	case AST_AND:
	case AST_OR:
		args[0] = elab_need_bool(e, a, x->binary.left);
		args[1] = elab_need_bool(e, b, x->binary.right);
		return elab_apply(e, op == AST_AND ? IR_and : IR_or, S_BOOL, S_BOOL, args, 2, span, x);
	case AST_DIV:
		if (e->in_dimension)
			return divide_exactly(e, span, a, b);
		return elab_apply(e, IR_div, S_REAL, S_REAL, args, 2, span, x);
	case AST_FLOORDIV:
	case AST_MOD: return floor_divide(e, op, span, a, b, x);
	case AST_POW: return power(e, span, a, b, x);
	case AST_MATMUL: return elab_matrix_product(e, a, b, x);
	default:
		elab_unify(e, args, 2, &s);
		if (s == S_BOOL)
			s = S_INT;
		return elab_apply(e, op == AST_ADD ? IR_add : op == AST_SUB ? IR_sub : IR_mul, s, s, args, 2, span, x);
	}
}

Value *elab_unary(Elab *e, const AstExpr *x) {
	Value *v = elab_expr(e, x->unary.operand);
	if (!elab_need_array(e, v, x->unary.operand))
		return value_bad(e);
	if (x->unary.op == AST_NOT) {
		v = elab_need_bool(e, v, x->unary.operand);
		return elab_apply(e, IR_not, S_BOOL, S_BOOL, &v, 1, x->span, NULL);
	}
	Scalar s = v->scalar == S_BOOL ? S_INT : v->scalar;
	return elab_apply(e, IR_neg, s, s, &v, 1, x->span, NULL);
}

Value *elab_compare(Elab *e, const AstExpr *x) {
	static const IrOpcode opcodes[] = {
		[AST_LT] = IR_lt, [AST_LE] = IR_le, [AST_GT] = IR_gt, [AST_GE] = IR_ge, [AST_EQ] = IR_eq, [AST_NE] = IR_ne};
	Value *result = NULL, *previous = NULL;
	bool saved = e->want_int;
	e->want_int = false;
	for (uint32_t i = 0; i < x->compare.operands.count; i++) {
		const AstExpr *operand = x->compare.operands.data[i];
		Value *v = elab_expr(e, operand);
		if (!elab_need_array(e, v, operand))
			v = value_bad(e);
		if (previous) {
			Value *args[2] = {previous, v};
			elab_known_sizes(e, args, x->compare.op_spans[i - 1]);
			AstOp op = x->compare.ops[i - 1];
			Scalar s = S_REAL;
			if (!value_is_bad(previous) && !value_is_bad(v))
				elab_unify(e, args, 2, &s);
			if (s == S_BOOL && op != AST_EQ && op != AST_NE)
				s = S_INT;
			Value *one = elab_apply(e, opcodes[op], s, S_BOOL, args, 2, x->compare.op_spans[i - 1], x);
			Value *both[2] = {result, one};
			result = result ? elab_apply(e, IR_and, S_BOOL, S_BOOL, both, 2, x->span, NULL) : one;
		}
		previous = v;
	}
	e->want_int = saved;
	return result;
}
