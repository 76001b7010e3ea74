/* From a program that fails to a small one that fails: statements go, expressions become one of their parts or a number, as
 * long as the program keeps failing. */
#include "program.h"

#include <string.h>

enum { PLACES = 6000 };

typedef struct Shrink {
	RpProgram *program;
	RpRule *rule;
	RpFails *fails;
	void *context;
	int tries;
	RpExpr **place[PLACES];
	int places;
} Shrink;

static bool still_fails(Shrink *s) {
	if (s->tries <= 0)
		return false;
	s->tries--;
	return s->fails(s->context, s->program, s->rule);
}

/* ---- expressions ---- */

static void collect(void *context, RpExpr **place) {
	Shrink *s = context;
	if (s->places < PLACES)
		s->place[s->places++] = place;
}

static RpExpr *simplest(Shrink *s, const RpExpr *e) {
	RpPool *pool = s->program->pool;
	if (e->op == RP_NUMBER || e->op == RP_FILL)
		return NULL;
	if (e->shape.rank > 0) {
		if (e->kind != RP_REAL || e->op == RP_NAME)
			return NULL;
		RpExpr *ones = rp_expr(pool, RP_FILL, RP_REAL);
		ones->which = 1;
		ones->shape = e->shape;
		return ones;
	}
	if (e->kind == RP_INT)
		return rp_whole(pool, e->low > 0 || e->high <= 0 ? e->low : 0);
	RpExpr *number = rp_number(pool, e->kind == RP_BOOL ? 1 : 0.5);
	number->kind = e->kind;
	return number;
}

static bool try_at(Shrink *s, RpExpr **place, RpExpr *smaller) {
	RpExpr *before = *place;
	if (!smaller || smaller == before)
		return false;
	*place = smaller;
	if (still_fails(s))
		return true;
	*place = before;
	return false;
}

static bool fits(const RpExpr *e, const RpExpr *part) {
	if (!part || part->kind != e->kind || !rp_same_shape(&part->shape, &e->shape))
		return false;
	for (int i = 0; i < e->indices; i++)
		if (rp_mentions(part, e->index[i]))
			return false;
	return true;
}

/* Fewer conditions and fewer indices. */
static bool shrink_reduction(Shrink *s, RpExpr *e) {
	for (int i = 0; i < e->conds; i++) {
		RpExpr before = *e;
		memmove(e->cond + i, e->cond + i + 1, sizeof *e->cond * (size_t)(e->conds - i - 1));
		e->conds--;
		if (still_fails(s))
			return true;
		*e = before;
	}
	for (int i = 0; i < e->indices && e->indices > 1; i++) {
		bool used = rp_mentions(e->arg[0], e->index[i]);
		for (int c = 0; c < e->conds; c++)
			used = used || rp_mentions(e->cond[c], e->index[i]);
		if (used)
			continue;
		RpExpr before = *e;
		memmove(e->index + i, e->index + i + 1, sizeof *e->index * (size_t)(e->indices - i - 1));
		memmove(e->stated + i, e->stated + i + 1, sizeof *e->stated * (size_t)(e->indices - i - 1));
		e->indices--;
		if (still_fails(s))
			return true;
		*e = before;
	}
	return false;
}

static bool shrink_expr(Shrink *s, RpExpr **place) {
	RpExpr *e = *place;
	if (try_at(s, place, simplest(s, e)))
		return true;
	for (int i = 0; i < e->args; i++)
		if (fits(e, e->arg[i]) && try_at(s, place, e->arg[i]))
			return true;
	for (int i = 0; i < e->indices; i++) {
		if (e->stated[i])
			continue;
		e->stated[i] = true;
		if (still_fails(s))
			return true;
		e->stated[i] = false;
	}
	return e->op == RP_REDUCE && shrink_reduction(s, e);
}

static void each_place(Shrink *s, RpVisit *visit, void *context) {
	if (s->rule) {
		rp_each_of_block(&s->rule->body, visit, context);
		for (int i = 0; i < s->rule->states; i++)
			rp_each_below(&s->rule->state_start[i], visit, context);
	}
	rp_each_expr(s->program, visit, context);
}

/* ---- statements ---- */

typedef struct Mentioned {
	const RpVar *var;
	bool found;
} Mentioned;

static void see(void *context, RpExpr **place) {
	Mentioned *m = context;
	m->found = m->found || ((*place)->op == RP_NAME && (*place)->var == m->var);
}

static bool assigned(const RpBlock *block, const RpVar *var) {
	for (int i = 0; i < block->count; i++) {
		const RpStmt *st = block->data[i];
		if ((st->kind == RP_ASSIGN && st->var[0] == var) || assigned(&st->yes, var) || assigned(&st->no, var))
			return true;
	}
	return false;
}

static bool needed(const Shrink *s, const RpStmt *st) {
	if (st->kind == RP_MINIMIZE || st->kind == RP_RETURN)
		return true;
	if (st->kind != RP_DEFINE && st->kind != RP_DRAW)
		return false;
	for (int i = 0; i < st->vars; i++) {
		Mentioned m = {st->var[i], false};
		each_place((Shrink *)(uintptr_t)s, see, &m);
		if (m.found || assigned(&s->program->body, st->var[i]))
			return true;
		for (int f = 0; f < s->program->fns; f++)
			if (assigned(&s->program->fn[f]->body, st->var[i]))
				return true;
	}
	return st->vars > 0 && st->var[0]->role == RP_PARAM && s->program->coordinates == rp_count(&st->var[0]->shape);
}

static bool drop(Shrink *s, RpBlock *block, int i) {
	RpStmt *st = block->data[i];
	if (needed(s, st))
		return false;
	RpBlock before = *block;
	bool param = st->vars && st->var[0]->role == RP_PARAM && st->kind != RP_ASSIGN;
	int count = param ? rp_count(&st->var[0]->shape) : 0;
	memmove(block->data + i, block->data + i + 1, sizeof *block->data * (size_t)(block->count - i - 1));
	block->count--;
	s->program->coordinates -= count;
	s->program->reports -= st->kind == RP_REPORT;
	int residuals = s->program->residuals;
	s->program->residuals = st->kind == RP_RESIDUALS_ARE ? 0 : residuals;
	if (still_fails(s))
		return true;
	*block = before;
	s->program->coordinates += count;
	s->program->reports += st->kind == RP_REPORT;
	s->program->residuals = residuals;
	return false;
}

/* A loop of one turn, a branch alone. */
static bool simplify(Shrink *s, RpStmt *st) {
	if (st->kind == RP_FOR && st->values == 0 && st->step >= 0 && st->to > st->from + 1) {
		int to = st->to;
		for (int turns = 1; turns < to - st->from; turns++) {
			st->to = st->from + turns;
			if (still_fails(s))
				return true;
		}
		st->to = to;
	}
	if (st->kind == RP_WHILE && st->to > 1) {
		st->to--;
		if (still_fails(s))
			return true;
		st->to++;
	}
	for (int i = 0; i < st->heads && st->kind == RP_DEFINE; i++) {
		if (st->stated[i])
			continue;
		st->stated[i] = true;
		if (still_fails(s))
			return true;
		st->stated[i] = false;
	}
	if (st->kind == RP_WHEN && st->no.count) {
		RpBlock no = st->no;
		st->no.count = 0;
		if (still_fails(s))
			return true;
		st->no = no;
	}
	return false;
}

static bool shrink_block(Shrink *s, RpBlock *block) {
	bool changed = false;
	for (int i = block->count; i-- > 0;) {
		if (drop(s, block, i)) {
			changed = true;
			continue;
		}
		RpStmt *st = block->data[i];
		changed = simplify(s, st) || changed;
		changed = shrink_block(s, &st->yes) || changed;
		changed = shrink_block(s, &st->no) || changed;
	}
	return changed;
}

static bool shrink_functions(Shrink *s) {
	bool changed = false;
	RpProgram *p = s->program;
	for (int i = p->fns; i-- > 0;) {
		changed = shrink_block(s, &p->fn[i]->body) || changed;
		RpProgram before = *p;
		memmove(p->fn + i, p->fn + i + 1, sizeof *p->fn * (size_t)(p->fns - i - 1));
		p->fns--;
		if (still_fails(s)) /* with a call of it, it is refused, and fails otherwise */
			changed = true;
		else
			*p = before;
	}
	return changed;
}

void rp_shrink(RpProgram *program, RpRule *rule, RpFails *fails, void *context, int tries) {
	Shrink *s = RP_NEW(program->pool, Shrink);
	*s = (Shrink){.program = program, .rule = rule, .fails = fails, .context = context, .tries = tries};
	for (bool changed = true; changed && s->tries > 0;) {
		changed = rule && shrink_block(s, &rule->body);
		changed = shrink_block(s, &program->body) || changed;
		changed = shrink_functions(s) || changed;
		changed = shrink_block(s, &program->consts) || changed;
		for (int i = 0;; i++) {
			s->places = 0;
			each_place(s, collect, s);
			if (i >= s->places)
				break;
			while (i < s->places && shrink_expr(s, s->place[i])) {
				changed = true;
				s->places = 0;
				each_place(s, collect, s);
			}
		}
	}
}
