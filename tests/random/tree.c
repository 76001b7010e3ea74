/* Making and walking trees. */
#include "program.h"

#include <math.h>
#include <string.h>

const char *const rp_comparisons[6] = {"<", "<=", ">", ">=", "==", "!="};
const char *const rp_reductions[RP_REDUCTIONS] = {"sum",    "mean", "max", "min",      "prod", "logsumexp", "argmax",
                                                  "argmin", "any",  "all", "variance", "std",  "median"};
const char *const rp_constants[3] = {"pi", "epsilon", "inf"};

#define NAME(name) #name,
const char *const rp_words[RP_WORD_COUNT] = {RP_WORDS(NAME)};
const char *const rp_distributions[RP_DISTRIBUTION_COUNT] = {RP_DISTRIBUTIONS(NAME)};
#undef NAME

int rp_count(const RpShape *shape) {
	int count = 1;
	for (int i = 0; i < shape->rank; i++)
		count *= shape->dims[i];
	return count;
}

bool rp_same_shape(const RpShape *a, const RpShape *b) {
	return a->rank == b->rank && memcmp(a->dims, b->dims, sizeof(int) * (size_t)a->rank) == 0;
}

RpExpr *rp_expr(RpPool *pool, RpOp op, RpKind kind) {
	RpExpr *e = RP_NEW(pool, RpExpr);
	e->op = op;
	e->kind = kind;
	e->size = 1;
	return e;
}

RpExpr *rp_number(RpPool *pool, double number) {
	RpExpr *e = rp_expr(pool, RP_NUMBER, RP_REAL);
	e->number = number;
	e->size = fabs(number);
	return e;
}

RpExpr *rp_whole(RpPool *pool, int number) {
	RpExpr *e = rp_number(pool, number);
	e->kind = RP_INT;
	e->low = number;
	e->high = number + 1;
	return e;
}

RpExpr *rp_name(RpPool *pool, RpVar *var) {
	RpExpr *e = rp_expr(pool, RP_NAME, var->kind);
	e->var = var;
	e->shape = var->shape;
	e->low = var->low;
	e->high = var->high;
	e->size = var->size;
	return e;
}

RpExpr *rp_binary(RpPool *pool, RpOp op, RpKind kind, RpExpr *a, RpExpr *b) {
	RpExpr *e = rp_expr(pool, op, kind);
	e->arg[0] = a;
	e->arg[1] = b;
	e->args = b ? 2 : 1;
	e->shape = b && b->shape.rank > a->shape.rank ? b->shape : a->shape;
	return e;
}

void rp_each_below(RpExpr **place, RpVisit *visit, void *context) {
	if (!*place)
		return;
	visit(context, place);
	RpExpr *e = *place;
	for (int i = 0; i < e->conds; i++)
		rp_each_below(&e->cond[i], visit, context);
	for (int i = 0; i < e->args; i++)
		rp_each_below(&e->arg[i], visit, context);
	for (int i = 0; i < e->items; i++)
		rp_each_below(&e->item[i].at, visit, context);
}

void rp_each_of_block(RpBlock *block, RpVisit *visit, void *context) {
	for (int i = 0; i < block->count; i++) {
		RpStmt *s = block->data[i];
		for (int k = 0; k < s->items; k++)
			rp_each_below(&s->item[k].at, visit, context);
		for (int k = 0; k < s->values; k++)
			rp_each_below(&s->value[k], visit, context);
		rp_each_of_block(&s->yes, visit, context);
		rp_each_of_block(&s->no, visit, context);
	}
}

void rp_each_expr(RpProgram *program, RpVisit *visit, void *context) {
	rp_each_of_block(&program->body, visit, context);
	for (int i = 0; i < program->fns; i++)
		rp_each_of_block(&program->fn[i]->body, visit, context);
	rp_each_of_block(&program->consts, visit, context);
}

static void no_stop(void *context, RpExpr **place) {
	(void)context;
	if ((*place)->op == RP_FUNCTION && strcmp(rp_functions[(*place)->which].name, "stop_gradient") == 0)
		(*place)->which = 0;
}

void rp_remove_stops(RpProgram *program) {
	rp_each_expr(program, no_stop, NULL);
}

typedef struct Mention {
	const RpVar *var;
	bool found;
} Mention;

static void see(void *context, RpExpr **place) {
	Mention *m = context;
	m->found = m->found || ((*place)->op == RP_NAME && (*place)->var == m->var);
}

bool rp_mentions(const RpExpr *e, const RpVar *var) {
	Mention m = {var, false};
	RpExpr *top = (RpExpr *)(uintptr_t)e;
	rp_each_below(&top, see, &m);
	return m.found;
}

/* As the language types it: a whole literal goes with whatever it meets. */
static RpType joined_type(RpType a, RpType b) {
	if (a == RP_TYPE_REAL || b == RP_TYPE_REAL)
		return RP_TYPE_REAL;
	return a == RP_TYPE_LITERAL && b == RP_TYPE_LITERAL ? RP_TYPE_LITERAL : RP_TYPE_INT;
}

RpType rp_type(const RpExpr *e) {
	if (e->kind == RP_BOOL)
		return RP_TYPE_BOOL;
	switch (e->op) {
	case RP_NUMBER: return e->number == floor(e->number) ? RP_TYPE_LITERAL : RP_TYPE_REAL;
	case RP_NAME: return e->var->literal ? RP_TYPE_LITERAL : e->var->kind == RP_INT ? RP_TYPE_INT : RP_TYPE_REAL;
	case RP_ADD:
	case RP_SUB:
	case RP_MUL:
	case RP_FLOORDIV:
	case RP_MOD:
	case RP_MIN:
	case RP_MAX: return joined_type(rp_type(e->arg[0]), rp_type(e->arg[1]));
	case RP_WHERE:
	case RP_IF: return joined_type(rp_type(e->arg[1]), rp_type(e->arg[2]));
	case RP_CONCAT:
	case RP_STACK: {
		RpType type = RP_TYPE_LITERAL;
		for (int i = 0; i < e->args; i++)
			type = joined_type(type, rp_type(e->arg[i]));
		return type == RP_TYPE_LITERAL ? RP_TYPE_REAL : type;
	}
	case RP_NEG:
	case RP_READ:
	case RP_TRANSPOSE:
	case RP_RESHAPE:
	case RP_FLIP:
	case RP_CUMSUM: return rp_type(e->arg[0]);
	case RP_POWI: return e->which < 0 ? RP_TYPE_REAL : rp_type(e->arg[0]);
	case RP_FUNCTION: {
		const char *name = rp_functions[e->which].name;
		static const char *const keep[] = {"abs", "sign", "floor", "ceil", "trunc", "round", "stop_gradient"};
		bool keeps = false;
		for (size_t i = 0; i < sizeof keep / sizeof *keep; i++)
			keeps = keeps || strcmp(name, keep[i]) == 0;
		if (strcmp(name, "clip") == 0)
			return joined_type(joined_type(rp_type(e->arg[0]), rp_type(e->arg[1])), rp_type(e->arg[2]));
		return keeps ? rp_type(e->arg[0]) : RP_TYPE_REAL;
	}
	case RP_REDUCE:
	case RP_REDUCE_ALL:
		if (e->which == RP_ARGMAX || e->which == RP_ARGMIN)
			return RP_TYPE_INT;
		if (e->which == RP_MEAN || e->which >= RP_LOGSUMEXP)
			return RP_TYPE_REAL;
		if (rp_type(e->arg[0]) == RP_TYPE_BOOL)
			return RP_TYPE_INT;
		return rp_type(e->arg[0]) == RP_TYPE_INT ? RP_TYPE_INT : RP_TYPE_REAL;
	case RP_FILL: return e->which == 3 ? RP_TYPE_INT : RP_TYPE_REAL;
	case RP_WORD: return e->kind == RP_INT ? RP_TYPE_INT : RP_TYPE_REAL;
	default: return RP_TYPE_REAL;
	}
}
