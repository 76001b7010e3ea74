/* What the arguments of distributions have to be. Those that are known, or follow from the indices of the declaration, are
 * looked at here, for every value of the indices (up to a limit); for the others a condition is made that the draw is
 * guarded by. */
#include "frontend/meaning/elab.h"
#include "ir/core/walk.h"

#include <math.h>
#include <string.h>

enum { MOST_POINTS = 4096 };

typedef struct Points {
	Elab *e;
	const Indices *indices;
	int64_t at[IR_MAX_INDICES];
} Points;

/* The value of an expression at a point; false if it is not known before the program runs. */
static bool evaluate(const Points *p, const Ex *x, IrNumber *out) {
	IrNumber numbers[IR_MAX_ARGS];
	IrScalar types[IR_MAX_ARGS];
	switch (x->kind) {
	case EX_CONST:
		if (ir_scalar_is_real(x->type))
			out->real = x->real;
		else
			out->integer = x->integer;
		return true;
	case EX_VAR:
		for (uint32_t i = 0; i < p->indices->count; i++) {
			if (p->indices->vars[i] == x->var) {
				out->integer = p->at[i];
				return true;
			}
		}
		return false;
	case EX_OP:
		for (int i = 0; i < ir_op_info[x->opcode].arity; i++) {
			if (!evaluate(p, x->args[i], &numbers[i]))
				return false;
			types[i] = x->args[i]->type == IR_F32 ? IR_F64 : x->args[i]->type;
		}
		if (ir_op_info[x->opcode].typing == IR_T_RANDOM)
			return false;
		*out = ir_eval_scalar(x->opcode, types, numbers);
		return true;
	case EX_READ: {
		const IrConst *table = ir_table_of(p->e->builder->func, x->value);
		if (!table)
			return false;
		IrType type = ir_type(p->e->builder->func, x->value);
		int64_t place = 0;
		for (uint32_t i = 0; i < x->at_count; i++) {
			IrNumber at;
			if (!evaluate(p, x->at[i], &at) || at.integer < 0 || at.integer >= type.dims[i])
				return false;
			place = place * type.dims[i] + at.integer;
		}
		if (ir_scalar_is_real(type.scalar))
			out->real = table->reals[place];
		else
			out->integer = table->integers[place];
		return true;
	}
	case EX_DIM: return false;
	}
	return false;
}

static double as_real(const Ex *x, IrNumber number) {
	return ir_scalar_is_real(x->type) ? number.real : (double)number.integer;
}

/* The next point; false after the last one. */
static bool next_point(Points *p) {
	for (uint32_t i = p->indices->count; i-- > 0;) {
		if (++p->at[i] < p->indices->vars[i]->extent)
			return true;
		p->at[i] = 0;
	}
	return false;
}

typedef struct Law {
	const char *name;
	const char *wanted[2]; /* of each argument */
	const char *together;  /* of both */
} Law;

static const Law laws[] = {
	{"normal", {"a finite number", "a finite number that is not negative"}, NULL},
	{"uniform", {"a finite number", "a finite number"}, "the first is less than the second, by a finite amount"},
	{"loguniform", {"a positive finite number", "a positive finite number"}, "the first is less than the second"},
	{"exponential", {"a positive finite number", NULL}, NULL},
	{"bernoulli", {"a number from 0 to 1", NULL}, NULL},
	{"integer", {"a whole number", "a whole number"}, "the first is less than the second, by at most 2^53"},
};

static const Law *law_of(const char *name) {
	for (size_t i = 0; i < sizeof laws / sizeof *laws; i++)
		if (strcmp(laws[i].name, name) == 0)
			return &laws[i];
	return NULL;
}

static bool one_is_possible(const char *name, uint32_t which, double v) {
	if (name[0] == 'b')
		return v >= 0 && v <= 1;
	if (name[0] == 'e' || name[0] == 'l')
		return v > 0 && v < INFINITY;
	if (name[0] == 'n' && which == 1)
		return v >= 0 && v < INFINITY;
	return isfinite(v) && v != (double)INT64_MIN;
}

static bool pair_is_possible(const char *name, double a, double b) {
	if (name[0] == 'n')
		return true;
	if (name[0] == 'i')
		return a < b && b - a <= 0x1p53;
	return a < b && b - a < INFINITY;
}

static const char *place_text(const Points *p) {
	Text text = text_new(p->e->arena);
	for (uint32_t i = 0; i < p->indices->count; i++)
		text_printf(&text, "%s%s = %lld", i ? ", " : " at ", session_text(p->e->session, p->indices->vars[i]->name),
		            (long long)p->at[i]);
	return text_cstr(&text);
}

static void impossible(const Points *p, const Law *law, const AstExpr *draw, uint32_t which, const double *v,
                       bool pair) {
	Elab *e = p->e;
	Span span = pair ? draw->span : draw->call.args.data[which].value->span;
	bool varies = p->indices->count > 0;
	Diag *diag;
	if (pair)
		diag = diag_error(e->session, 251, span, "`%s` cannot draw between %.9g and %.9g%s", law->name, v[0], v[1],
		                  varies ? place_text(p) : "");
	else
		diag = diag_error(e->session, 251, span, "`%s` cannot have the argument %.9g%s", law->name, v[which],
		                  varies ? place_text(p) : "");
	if (pair)
		diag_help(e->session, diag, "of the two arguments of `%s`, %s", law->name, law->together);
	else
		diag_help(e->session, diag, "the %s argument of `%s` is %s",
		          which                       ? "second"
		          : draw->call.args.count > 1 ? "first"
		                                      : "only",
		          law->name, law->wanted[which]);
}

DrawCheck draw_check(Elab *e, const AstExpr *draw, Value **args, const Indices *indices) {
	uint32_t count = draw->call.args.count;
	const Law *law = law_of(session_text(e->session, draw->call.callee.name));
	Points p = {.e = e, .indices = indices};
	bool known = true;
	for (int tried = 0; law && count > 0; tried++) {
		double v[2] = {0};
		bool all = true;
		for (uint32_t i = 0; i < count; i++) {
			IrNumber number;
			Ex *body = value_body(e, args[i]);
			if (!evaluate(&p, body, &number)) {
				all = false;
				continue;
			}
			v[i] = as_real(body, number);
			if (!one_is_possible(law->name, i, v[i])) {
				impossible(&p, law, draw, i, v, false);
				return DRAW_IMPOSSIBLE;
			}
		}
		known = known && all;
		if (all && count == 2 && !pair_is_possible(law->name, v[0], v[1])) {
			impossible(&p, law, draw, 0, v, true);
			return DRAW_IMPOSSIBLE;
		}
		if (!next_point(&p))
			return known ? DRAW_POSSIBLE : DRAW_UNKNOWN;
		if (tried == MOST_POINTS)
			return DRAW_UNKNOWN;
	}
	return DRAW_POSSIBLE;
}

Ex *draw_condition(Elab *e, const char *name, Ex *a, Ex *b) {
	Ex *zero = ex_convert(e, ex_int(e, 0), IR_F64), *top = ex_real(e, INFINITY);
	top->type = IR_F64;
	Ex *last = b ? b : a;
	Ex *finite = ex_op(e, IR_lt, last, top, NULL);
	switch (name[0]) {
	case 'n': return ex_op(e, IR_and, ex_op(e, IR_ge, b, zero, NULL), finite, NULL);
	case 'e': return ex_op(e, IR_and, ex_op(e, IR_gt, a, zero, NULL), finite, NULL);
	case 'l':
		return ex_op(e, IR_and, ex_op(e, IR_gt, a, zero, NULL),
		             ex_op(e, IR_and, ex_op(e, IR_lt, a, b, NULL), finite, NULL), NULL);
	default:
		return ex_op(e, IR_and, ex_op(e, IR_lt, a, b, NULL), ex_op(e, IR_lt, ex_op(e, IR_sub, b, a, NULL), top, NULL),
		             NULL);
	}
}
