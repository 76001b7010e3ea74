/* What the arguments of distributions have to be. Those that are known, or follow from the indices of the declaration, are
 * looked at here, for every value of the indices (up to a limit); for the others a condition is made that the draw is
 * guarded by. */
#include "frontend/meaning/elab.h"
#include "ir/core/marks.h"
#include "ir/core/walk.h"

#include <math.h>
#include <string.h>

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

static bool one_is_possible(const Distribution *d, uint32_t which, double v) {
	const DrawLimits *l = &distribution_limits[d->limits[which]];
	return (v > l->low || (l->low_allowed && v == l->low)) && (v < l->high || (l->high_allowed && v == l->high));
}

/* Whole numbers are compared as such: reals do not tell large ones apart. */
static bool pair_is_possible(const Distribution *d, const double *real, const int64_t *whole) {
	if (d->spread == 0)
		return true;
	if (d->draws == GIVES_WHOLE)
		return whole[0] < whole[1] && whole[1] - whole[0] <= (int64_t)d->spread;
	return real[0] < real[1] && real[1] - real[0] <= d->spread;
}

static const char *place_text(const Points *p) {
	Text text = text_new(p->e->arena);
	for (uint32_t i = 0; i < p->indices->count; i++)
		text_printf(&text, "%s%s = %lld", i ? ", " : " at ", session_text(p->e->session, p->indices->vars[i]->name),
		            (long long)p->at[i]);
	return text_cstr(&text);
}

static void impossible(const Points *p, const Distribution *d, const AstExpr *draw, uint32_t which, const double *v,
                       bool pair) {
	Elab *e = p->e;
	Span span = pair ? draw->span : draw->call.args.data[which].value->span;
	bool varies = p->indices->count > 0;
	Diag *diag;
	if (pair)
		diag = diag_error(e->session, 251, span, "`%s` cannot draw between %.9g and %.9g%s", d->name, v[0], v[1],
		                  varies ? place_text(p) : "");
	else
		diag = diag_error(e->session, 251, span, "`%s` cannot have the argument %.*g%s", d->name,
		                  d->draws == GIVES_WHOLE ? 17 : 9, v[which], varies ? place_text(p) : "");
	if (pair)
		diag_help(e->session, diag, "of the two arguments of `%s`, %s", d->name, d->together);
	else
		diag_help(e->session, diag, "the %s argument of `%s` is %s",
		          which                       ? "second"
		          : draw->call.args.count > 1 ? "first"
		                                      : "only",
		          d->name, distribution_limits[d->limits[which]].about);
}

/* Weights, of which none is to blame by itself. */
static void impossible_sum(const Points *p, const Distribution *d, const AstExpr *draw, double sum) {
	Elab *e = p->e;
	Indices rows = *p->indices; /* without that of the weights */
	rows.count--;
	Points row = *p;
	row.indices = &rows;
	Diag *diag = diag_error(e->session, 251, draw->call.args.data[0].value->span, "the weights of `%s` sum to %g%s",
	                        d->name, sum, rows.count ? place_text(&row) : "");
	diag_help(e->session, diag, "the argument of `%s` is %s", d->name, distribution_limits[d->limits[0]].about);
}

static bool ends_weights(const Points *p) {
	uint32_t last = p->indices->count - 1;
	return p->at[last] == p->indices->vars[last]->extent - 1;
}

DrawCheck elab_draw_check(Elab *e, const Distribution *d, const AstExpr *draw, Value **args, const Indices *indices) {
	uint32_t count = draw->call.args.count;
	Points p = {.e = e, .indices = indices};
	bool known = true, weights = d->limits[0] == LIMITS_WEIGHTS;
	double sum = 0; /* of the weights so far */
	for (int tried = 0; count > 0; tried++) {
		double v[2] = {0};
		int64_t whole[2] = {0};
		bool all = true;
		for (uint32_t i = 0; i < count; i++) {
			IrNumber number;
			Ex *body = value_body(e, args[i]);
			if (!evaluate(&p, body, &number)) {
				all = false;
				continue;
			}
			v[i] = as_real(body, number);
			whole[i] = ir_scalar_is_real(body->type) ? 0 : number.integer;
			if (!one_is_possible(d, i, v[i])) {
				impossible(&p, d, draw, i, v, false);
				return DRAW_IMPOSSIBLE;
			}
		}
		known = known && all;
		if (all && count == 2 && !pair_is_possible(d, v, whole)) {
			impossible(&p, d, draw, 0, v, true);
			return DRAW_IMPOSSIBLE;
		}
		sum += v[0];
		if (weights && known && ends_weights(&p)) {
			if (sum == 0 || isinf(sum)) {
				impossible_sum(&p, d, draw, sum);
				return DRAW_IMPOSSIBLE;
			}
			sum = 0;
		}
		if (!next_point(&p))
			return known ? DRAW_POSSIBLE : DRAW_UNKNOWN;
		if (tried == ELAB_MOST_POINTS)
			return DRAW_UNKNOWN;
	}
	return DRAW_POSSIBLE;
}

static Ex *f64(Elab *e, double value) {
	Ex *x = ex_real(e, value);
	x->type = IR_F64;
	return x;
}

Ex *elab_draw_condition(Elab *e, const Distribution *d, Ex *a, Ex *b) {
	Ex *args[2] = {ex_convert(e, a, IR_F64), b ? ex_convert(e, b, IR_F64) : NULL}, *all = ex_bool(e, true);
	for (int i = 0; i < 2 && args[i]; i++) {
		const DrawLimits *l = &distribution_limits[d->limits[i]];
		Ex *above = ex_op(e, l->low_allowed ? IR_ge : IR_gt, args[i], f64(e, l->low), NULL);
		Ex *beneath = ex_op(e, l->high_allowed ? IR_le : IR_lt, args[i], f64(e, l->high), NULL);
		all = ex_op(e, IR_and, all, ex_op(e, IR_and, above, beneath, NULL), NULL);
	}
	if (d->spread == 0)
		return all;
	bool whole = d->draws == GIVES_WHOLE;
	Ex *low = whole ? a : args[0], *high = whole ? b : args[1];
	Ex *spread = whole ? ex_int(e, (int64_t)d->spread) : f64(e, d->spread);
	/* Plain: what ranges show to be impossible is told where it is drawn, too. */
	Ex *apart = ex_op(e, IR_le, ex_op(e, IR_sub, high, low, NULL), spread, NULL);
	return ex_op(
		e, IR_and, all,
		ex_op(e, IR_and, whole ? ex_plain(e, IR_lt, low, high) : ex_op(e, IR_lt, low, high, NULL), apart, NULL), NULL);
}

Ex *elab_draw_none(Elab *e, const Distribution *d, Span draw, bool whole) {
	Arena *arena = e->session->arena;
	Text help = text_new(arena);
	text_printf(&help, "of `%s(%s)`", d->name, d->arguments);
	for (uint32_t i = 0; i < d->count; i++)
		text_printf(&help, "%s the %s is %s", i ? "," : "",
		            i              ? "second"
		            : d->count > 1 ? "first"
		                           : "argument",
		            distribution_limits[d->limits[i]].about);
	if (d->spread > 0)
		text_printf(&help, ", and %s", d->together);
	const char *said = arena_printf(arena, "`%s` draws with an argument that it cannot have", d->name);
	uint32_t place = session_place(e->session, (SessionPlace){draw, said, text_cstr(&help)});
	if (whole)
		return ex_int(e, ir_mark_whole(place));
	Ex *none = ex_real(e, NAN);
	none->real = ir_mark_real(place); /* ex_real makes all NaN alike */
	return none;
}
