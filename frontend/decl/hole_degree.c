/* Degrees: how what a rule computes changes where the objective is multiplied by s: g and f as s (degree 1), x, t and horizon not at all
 * (0), g^2 as s^2. Found by a walk over the statements, repeated until the degrees of states do not change any more. Numbers and
 * hyperparameters are whatever they are added to: an `eps` beside sqrt(v) has the degree of that.
 *
 * What is not known counts as 0, and `gradus show space` says so.
 *
 * The same walk finds out whether a rate stands in front of the open expression: whether it is all the same to x if the expression is multiplied
 * by s, and the rate divided by it. Then the expression has degree 1, the rate -1 (or 0, as in `lr * sign(discover(...))`), and everything else,
 * numbers too, 0. */
#include "frontend/decl/hole_read.h"

#include <string.h>

/* NONE: nothing was met yet; MIXED: there is none, as with g + x */
typedef enum Kind { DEGREE_NONE, DEGREE_ANY, DEGREE_SOME, DEGREE_UNKNOWN, DEGREE_MIXED } Kind;

typedef struct Degree {
	Kind kind;
	int at; /* SOME: in FE_DEGREE_ONE */
} Degree;

typedef struct Walk {
	RuleElab *r;
	Arena *arena;
	NameMap of; /* Degree, by the numbers of symbols */
	bool changed;
	const Symbol *rate; /* NULL: degrees in the scale of the objective */
	int rate_at;        /* its degree */
	const FeHole *hole; /* that the rate is asked of; others are numbers to it */
} Walk;

static const Degree unknown = {DEGREE_UNKNOWN, 0}, any = {DEGREE_ANY, 0}, zero = {DEGREE_SOME, 0},
					mixed = {DEGREE_MIXED, 0};

static Degree some(int at) {
	return (Degree){DEGREE_SOME, at};
}

static Degree joined(Degree a, Degree b) {
	if (a.kind == DEGREE_MIXED || b.kind == DEGREE_MIXED)
		return mixed;
	if (a.kind == DEGREE_NONE || b.kind == DEGREE_UNKNOWN)
		return b;
	if (b.kind == DEGREE_NONE || a.kind == DEGREE_UNKNOWN)
		return a;
	if (a.kind == DEGREE_ANY || b.kind == DEGREE_ANY)
		return a.kind == DEGREE_ANY ? b : a;
	return a.at == b.at ? a : mixed;
}

/* a^p b^q */
static Degree combined(Degree a, int p, Degree b, int q) {
	if (a.kind == DEGREE_MIXED || b.kind == DEGREE_MIXED)
		return mixed;
	if (a.kind == DEGREE_UNKNOWN || b.kind == DEGREE_UNKNOWN)
		return unknown;
	if (a.kind == DEGREE_NONE || b.kind == DEGREE_NONE)
		return (Degree){DEGREE_NONE, 0};
	if (a.kind == DEGREE_ANY && b.kind == DEGREE_ANY)
		return any;
	return some(p * a.at + q * b.at);
}

static Degree bare(Degree a) {
	return a.kind == DEGREE_SOME && a.at != 0 ? mixed : a.kind == DEGREE_ANY ? zero : a;
}

static Degree of_expr(Walk *w, const AstExpr *x);

static Degree of_symbol(Walk *w, const Symbol *symbol) {
	Symbol *const *names = w->r->names->rule;
	if (!symbol)
		return unknown;
	if (w->rate && symbol == w->rate)
		return some(w->rate_at);
	if (symbol == names[RULE_G] || symbol == names[RULE_F])
		return w->rate ? zero : some(FE_DEGREE_ONE);
	if (symbol == names[RULE_X] || symbol == names[RULE_T] || symbol == names[RULE_HORIZON])
		return zero;
	switch (symbol->kind) {
	case SYMBOL_HYPER:
	case SYMBOL_LEARNED:
	case SYMBOL_BUILTIN:
	case SYMBOL_DECL: return w->rate ? zero : any;
	case SYMBOL_INDEX:
	case SYMBOL_COUNTER: return zero;
	case SYMBOL_LET:
	case SYMBOL_VAR:
	case SYMBOL_STATE: {
		const Degree *known = name_map_get(&w->of, symbol->number);
		return known ? *known : (Degree){DEGREE_NONE, 0};
	}
	default: return unknown;
	}
}

/* a^k for a whole k */
static Degree of_power(Degree base, const AstExpr *exponent) {
	if (base.kind != DEGREE_SOME || base.at == 0)
		return base;
	static const int most = 16; /* of a moment that anybody would take */
	bool whole = exponent->kind == AST_NUMBER && exponent->number.whole && exponent->number.integer <= most;
	return whole ? some(base.at * (int)exponent->number.integer) : unknown;
}

/* Nothing, whatever it is multiplied with: `var d = 0 * x`. */
static bool is_zero(const AstExpr *x) {
	return x->kind == AST_NUMBER && (x->number.whole ? x->number.integer == 0 : x->number.value == 0);
}

static Degree of_binary(Walk *w, const AstExpr *x) {
	Degree a = of_expr(w, x->binary.left), b = of_expr(w, x->binary.right);
	switch (x->binary.op) {
	case AST_ADD:
	case AST_SUB:
	case AST_MOD: return joined(a, b);
	case AST_MUL:
	case AST_MATMUL: return is_zero(x->binary.left) || is_zero(x->binary.right) ? any : combined(a, 1, b, 1);
	case AST_DIV: return combined(a, 1, b, -1);
	case AST_POW: return of_power(a, x->binary.right);
	case AST_AND:
	case AST_OR: return zero;
	default: return unknown;
	}
}

/* What a call of a builtin does to degrees. BARE: what it takes has to have none, as `exp`. */
typedef enum Scaling {
	SCALES_BARE,
	SCALES_SAME,      /* that of the first argument */
	SCALES_ALIKE,     /* all arguments have one, and so has the result */
	SCALES_PRODUCT,   /* of two */
	SCALES_ROOT,      /* half of it */
	SCALES_SQUARE,    /* twice */
	SCALES_BRANCHES,  /* where(c, a, b) */
	SCALES_NOTHING,   /* none, whatever it takes */
	SCALES_EVALUATION /* that of the objective */
} Scaling;

static const uint8_t scalings[BUILTIN_COUNT] = {
	[BUILTIN_abs] = SCALES_SAME,         [BUILTIN_relu] = SCALES_SAME,
	[BUILTIN_real] = SCALES_SAME,        [BUILTIN_stop_gradient] = SCALES_SAME,
	[BUILTIN_transpose] = SCALES_SAME,   [BUILTIN_reshape] = SCALES_SAME,
	[BUILTIN_flip] = SCALES_SAME,        [BUILTIN_cumsum] = SCALES_SAME,
	[BUILTIN_sort] = SCALES_SAME,        [BUILTIN_quantile] = SCALES_SAME,
	[BUILTIN_rms] = SCALES_SAME,         [BUILTIN_norm] = SCALES_SAME,
	[BUILTIN_matrix] = SCALES_SAME,      [BUILTIN_like] = SCALES_SAME,
	[BUILTIN_sum] = SCALES_SAME,         [BUILTIN_mean] = SCALES_SAME,
	[BUILTIN_median] = SCALES_SAME,      [BUILTIN_std] = SCALES_SAME,
	[BUILTIN_variance] = SCALES_SQUARE,  [BUILTIN_all_sum] = SCALES_SAME,
	[BUILTIN_all_mean] = SCALES_SAME,    [BUILTIN_all_max] = SCALES_SAME,
	[BUILTIN_min] = SCALES_ALIKE,        [BUILTIN_max] = SCALES_ALIKE,
	[BUILTIN_clip] = SCALES_ALIKE,       [BUILTIN_concat] = SCALES_ALIKE,
	[BUILTIN_stack] = SCALES_ALIKE,      [BUILTIN_hypot] = SCALES_ALIKE,
	[BUILTIN_dot] = SCALES_PRODUCT,      [BUILTIN_outer] = SCALES_PRODUCT,
	[BUILTIN_sqrt] = SCALES_ROOT,        [BUILTIN_where] = SCALES_BRANCHES,
	[BUILTIN_sign] = SCALES_NOTHING,     [BUILTIN_size] = SCALES_NOTHING,
	[BUILTIN_rank] = SCALES_NOTHING,     [BUILTIN_zeros] = SCALES_NOTHING,
	[BUILTIN_ones] = SCALES_NOTHING,     [BUILTIN_eye] = SCALES_NOTHING,
	[BUILTIN_iota] = SCALES_NOTHING,     [BUILTIN_argsort] = SCALES_NOTHING,
	[BUILTIN_isnan] = SCALES_NOTHING,    [BUILTIN_isfinite] = SCALES_NOTHING,
	[BUILTIN_value] = SCALES_EVALUATION, [BUILTIN_gradient] = SCALES_EVALUATION,
};

static Degree of_root(Degree square) {
	if (square.kind != DEGREE_SOME)
		return square;
	return square.at % FE_DEGREE_ONE ? unknown : some(square.at / 2);
}

static Degree of_call(Walk *w, const AstExpr *x) {
	const char *name = session_text(w->r->e.session, x->call.callee.name);
	const AstArgs *args = &x->call.args;
	const Builtin *builtin = builtin_find(name);
	if (fe_find(w->r->program, x->call.callee.name) && !builtin)
		return unknown; /* a function */
	Scaling scaling = builtin ? (Scaling)scalings[builtin->id] : SCALES_BARE;
	if (scaling == SCALES_NOTHING || args->count == 0)
		return zero;
	if (scaling == SCALES_EVALUATION && !w->rate)
		return some(FE_DEGREE_ONE);
	Degree first = of_expr(w, args->data[0].value), all = first;
	for (uint32_t i = 1; i < args->count; i++)
		all = joined(all, of_expr(w, args->data[i].value));
	switch (scaling) {
	case SCALES_SAME: return first;
	case SCALES_ALIKE: return all;
	case SCALES_ROOT: return of_root(first);
	case SCALES_SQUARE: return combined(first, 1, first, 1);
	case SCALES_PRODUCT: return args->count == 2 ? combined(first, 1, of_expr(w, args->data[1].value), 1) : bare(all);
	case SCALES_BRANCHES:
		return args->count == 3 ? joined(of_expr(w, args->data[1].value), of_expr(w, args->data[2].value)) : bare(all);
	default: return bare(all);
	}
}

/* What an open expression is taken for: the first of its operands that has a degree. */
static Degree of_open(Walk *w, const AstExpr *x) {
	Degree all = {DEGREE_NONE, 0};
	for (uint32_t i = 0; i < x->call.args.count && all.kind != DEGREE_SOME; i++)
		if (!x->call.args.data[i].name.name) {
			Degree one = of_expr(w, x->call.args.data[i].value);
			all = one.kind == DEGREE_SOME || all.kind == DEGREE_NONE ? one : all;
		}
	return all;
}

static Degree of_expr(Walk *w, const AstExpr *x) {
	switch (x->kind) {
	case AST_NUMBER: return w->rate && !is_zero(x) ? zero : any;
	case AST_BOOL:
	case AST_COMPARE: return zero;
	case AST_DISCOVER:
		if (!w->rate)
			return of_open(w, x);
		return x->span.start == w->hole->span.start ? some(FE_DEGREE_ONE) : zero;
	case AST_NAME: return of_symbol(w, symbol_at(w->r->program, x->id));
	case AST_UNARY: return of_expr(w, x->unary.operand);
	case AST_BINARY: return of_binary(w, x);
	case AST_IF: return joined(of_expr(w, x->choice.yes), of_expr(w, x->choice.no));
	case AST_CALL: return of_call(w, x);
	case AST_INDEX: return of_expr(w, x->index.base);
	case AST_ARRAY: {
		Degree all = {DEGREE_NONE, 0};
		for (uint32_t i = 0; i < x->elements.count; i++)
			all = joined(all, of_expr(w, x->elements.data[i]));
		return all;
	}
	case AST_REDUCE:
		switch (x->reduce.op) {
		case AST_REDUCE_SUM:
		case AST_REDUCE_MEAN:
		case AST_REDUCE_MAX:
		case AST_REDUCE_MIN: return of_expr(w, x->reduce.body);
		default: return bare(of_expr(w, x->reduce.body));
		}
	default: return unknown;
	}
}

/* ---- statements ---- */

static void note(Walk *w, const Symbol *symbol, Degree degree) {
	if (!symbol)
		return;
	void **place = name_map_place(w->arena, &w->of, symbol->number);
	Degree before = *place ? *(const Degree *)*place : (Degree){DEGREE_NONE, 0}, now = joined(before, degree);
	if (*place && before.kind == now.kind && before.at == now.at)
		return;
	*place = arena_copy(w->arena, &now, sizeof now);
	w->changed = true;
}

static void in_block(Walk *w, const AstBlock *block);

static bool is_hole(const AstExpr *x, void *context) {
	return x && (x->kind == AST_DISCOVER || ast_any_part(x, is_hole, context));
}

static bool has_hole(const AstBlock *block) {
	for (uint32_t i = 0; i < block->count; i++)
		if (ast_any_expr(block->data[i], is_hole, NULL))
			return true;
	return false;
}

static void in_assignment(Walk *w, const AstStmt *s) {
	for (uint32_t i = 0; i < s->assign.targets.count; i++) {
		const AstExpr *target = s->assign.targets.data[i];
		const AstExpr *name = target->kind == AST_INDEX ? target->index.base : target;
		if (name->kind == AST_NAME)
			note(w, symbol_at(w->r->program, name->id),
			     s->assign.targets.count == 1 ? of_expr(w, s->assign.value) : unknown);
	}
}

static void in_stmt(Walk *w, const AstStmt *s) {
	switch (s->kind) {
	case AST_LET:
	case AST_VAR:
	case AST_STATE:
		for (uint32_t i = 0; i < s->declare.names.count; i++) {
			bool one = s->declare.names.count == 1 && s->declare.value;
			note(w, symbol_at(w->r->program, s->declare.names.data[i].id),
			     one ? of_expr(w, s->declare.value) : unknown);
		}
		return;
	case AST_ASSIGN: in_assignment(w, s); return;
	case AST_FOR: in_block(w, &s->loop.body); return;
	case AST_WHILE: in_block(w, &s->repeat.body); return;
	case AST_EACH: in_block(w, &s->each.body); return;
	case AST_WHEN:
		/* The arm with the open expression is the one that is taken: its condition is known. */
		if (!w->rate || !has_hole(&s->when.no))
			in_block(w, &s->when.yes);
		if (!w->rate || !has_hole(&s->when.yes))
			in_block(w, &s->when.no);
		return;
	default: return;
	}
}

static void in_block(Walk *w, const AstBlock *block) {
	for (uint32_t i = 0; i < block->count; i++)
		in_stmt(w, block->data[i]);
}

/* A symbol's degree changes at most four times (NONE, ANY, SOME, UNKNOWN, MIXED), so this ends. */
static void walk(Walk *w) {
	do {
		w->changed = false;
		in_block(w, &w->r->decl->body);
	} while (w->changed);
}

void hole_find_degrees(RuleElab *r, const AstExpr *x, FeHole *hole) {
	Walk w = {.r = r, .arena = arena_new()};
	walk(&w);
	for (uint32_t i = 0; i < hole->operands.count; i++) {
		FeOperand *operand = &hole->operands.data[i];
		Degree degree = of_expr(&w, operand->expr);
		operand->degree_known = degree.kind == DEGREE_SOME || degree.kind == DEGREE_ANY;
		operand->degree = degree.kind == DEGREE_SOME ? degree.at : 0;
	}
	Degree own = of_open(&w, x);
	hole->degree = own.kind == DEGREE_SOME ? own.at : 0;
	arena_free(w.arena);
}

/* ---- the rate ---- */

static bool may_be_zero(Degree degree) {
	return degree.kind != DEGREE_MIXED && (degree.kind != DEGREE_SOME || degree.at == 0);
}

/* Neither x nor what the expression is made of sees it if the rate has this degree. What is not known is not held against it. */
static bool goes_unseen(RuleElab *r, const FeHole *hole, const Symbol *rate, int degree) {
	Walk w = {.r = r, .arena = arena_new(), .rate = rate, .rate_at = degree, .hole = hole};
	walk(&w);
	const Degree *x = name_map_get(&w.of, r->names->rule[RULE_X]->number);
	bool unseen = !x || may_be_zero(*x);
	for (uint32_t i = 0; unseen && i < hole->operands.count; i++)
		unseen = may_be_zero(of_expr(&w, hole->operands.data[i].expr));
	arena_free(w.arena);
	return unseen;
}

void hole_find_rate(RuleElab *r, FeHole *hole) {
	const Hyper *rate = rule_rate(r);
	for (uint32_t k = 0; k < r->hypers.count && !rate && !hole->fixed_rate; k++) {
		const Hyper *h = &r->hypers.data[k];
		if (rule_is_argument(h) && fe_is_rate(session_text(r->e.session, h->name)))
			hole->fixed_rate = h->name;
	}
	hole->rate = rate ? rate->name : 0;
	hole->rate_in_front =
		rate && (goes_unseen(r, hole, rate->symbol, -FE_DEGREE_ONE) || goes_unseen(r, hole, rate->symbol, 0));
}
