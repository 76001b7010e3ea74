/* Which expressions go where another rule went? That rule's runs are gone through again with the rule that has the hole: in its place stands, in each
 * step, what takes x where the other one took it, so that operands and states are those that an imitation would have there. How well an expression
 * agrees with what stood there says how soon it is looked at, and nothing more: what decides is its score in runs of its own. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/search/stages.h"

/* What there is to agree with: situations of as many values as x has. */
typedef struct Lesson {
	Search *s;
	SearchMeanings meanings;
	int coordinates, rows; /* values of a situation; of all */
	double *leaves[SEARCH_MOST_LEAVES];
	double *moves, *weights; /* what stood in the place of the hole; of the problem that a value is of */
	double squares;          /* weighted, of all moves */
	double **scratch;        /* of each worker: [SEARCH_MOST_NODES][rows] */
	float *agreement;        /* by expression */
} Lesson;

/* ---- what is learned from ---- */

/* How many steps between two that are looked at, so that all of them have some so many values. */
static int stride_of(const SearchTeacher *teacher) {
	double values = (double)teacher->problems * teacher->steps * (double)teacher->size;
	int stride = (int)ceil(values / (double)SEARCH_TAUGHT_VALUES);
	return stride < 1 ? 1 : stride > teacher->steps ? teacher->steps : stride;
}

/* The mean square of a problem's moves counts as 1, so that no problem drowns the others. */
static void weigh(Lesson *lesson, int from, int to) {
	double sum = 0;
	for (int i = from; i < to; i++)
		sum += lesson->moves[i] * lesson->moves[i];
	for (int i = from; i < to; i++)
		lesson->weights[i] = sum > 0 && isfinite(sum) ? (to - from) / sum : 0;
	lesson->squares += sum > 0 && isfinite(sum) ? to - from : 0;
}

/* One problem: every `stride`th step of it. false: its step cannot be led. */
static bool add_problem(Lesson *lesson, const SearchTeacher *teacher, int problem, int stride) {
	Search *s = lesson->s;
	const SearchLab *lab = s->out->labs[0];
	size_t size = (size_t)teacher->size, steps = (size_t)teacher->steps;
	SearchFollowed followed = {.steps = teacher->steps, .horizon = s->experiment->horizon_high};
	followed.x = teacher->x + (size_t)problem * (steps + 1) * size;
	Arena *scratch = arena_new();
	followed.operands = ARENA_ARRAY(scratch, double, steps *SEARCH_MOST_LEAVES *size);
	bool ok = search_follow(lab, s->workers[0].benches[0], &s->train[0]->blocks[problem], &followed);
	int from = lesson->rows;
	for (size_t t = 0; t < steps && ok; t += (size_t)stride) {
		const double *x = followed.x + t * size;
		for (size_t i = 0; i < size; i++)
			lesson->moves[(size_t)lesson->rows + i] = x[i] - x[i + size];
		for (uint32_t leaf = 0; leaf < s->out->space.leaf_count; leaf++)
			memcpy(lesson->leaves[leaf] + lesson->rows, followed.operands + (t * SEARCH_MOST_LEAVES + leaf) * size,
			       size * sizeof(double));
		lesson->rows += (int)size;
	}
	weigh(lesson, from, lesson->rows);
	arena_free(scratch);
	return ok;
}

static bool learn(Lesson *lesson, const SearchTeacher *teacher) {
	Search *s = lesson->s;
	int stride = stride_of(teacher), threads = rt_pool_threads(s->rt->pool);
	size_t most =
		(size_t)teacher->problems * ((size_t)(teacher->steps - 1) / (size_t)stride + 1) * (size_t)teacher->size;
	lesson->coordinates = (int)teacher->size;
	lesson->moves = ARENA_ARRAY(s->arena, double, most);
	lesson->weights = ARENA_ARRAY(s->arena, double, most);
	for (uint32_t leaf = 0; leaf < s->out->space.leaf_count; leaf++)
		lesson->leaves[leaf] = ARENA_ARRAY(s->arena, double, most);
	for (int problem = 0; problem < teacher->problems; problem++)
		if (!add_problem(lesson, teacher, problem, stride))
			return false;
	lesson->scratch = ARENA_ARRAY(s->arena, double *, threads);
	for (int i = 0; i < threads; i++)
		lesson->scratch[i] = ARENA_ARRAY(s->arena, double, (size_t)lesson->rows *(SEARCH_MOST_NODES + 2));
	for (int i = 0; i < lesson->rows; i++) /* what an open number is before it is fitted */
		for (int k = 0; k < threads; k++) {
			lesson->scratch[k][i] = search_first_constant;
			lesson->scratch[k][(size_t)lesson->rows + (size_t)i] = search_first_share;
		}
	return lesson->squares > 0;
}

/* ---- how well an expression agrees ---- */

static const double *values_of(const Lesson *lesson, double *scratch, uint32_t expr, int *next) {
	const SearchTable *table = lesson->s->out->table;
	const SearchExpr *x = &table->exprs[expr];
	size_t rows = (size_t)lesson->rows;
	if (x->op == SEARCH_LEAF)
		return table->space->leaves[x->a].text ? lesson->leaves[x->a] : scratch;
	const double *operands[3] = {values_of(lesson, scratch, x->a, next), NULL, scratch + rows};
	if (fe_operators[x->op].arity > 1)
		operands[1] = values_of(lesson, scratch, x->b, next);
	double *out = scratch + rows * (size_t)(2 + (*next)++);
	search_apply(&lesson->meanings, (FeOperator)x->op, operands, lesson->rows, lesson->coordinates, out);
	return out;
}

/* The share of the moves' squares that the best positive multiple of the expression takes away. */
static float agreement_of(const Lesson *lesson, double *scratch, uint32_t expr) {
	int next = 0;
	const double *values = values_of(lesson, scratch, expr, &next);
	double both = 0, own = 0;
	for (int i = 0; i < lesson->rows; i++) {
		double weighted = lesson->weights[i] * values[i];
		both += weighted * lesson->moves[i];
		own += weighted * values[i];
	}
	double share = both * both / (own * lesson->squares);
	return both > 0 && isfinite(share) ? (float)share : 0;
}

static void agree_some(void *user, int item, int worker) {
	const Lesson *lesson = user;
	const Search *s = lesson->s;
	uint32_t from = (uint32_t)item * SEARCH_PER_ROUND;
	for (uint32_t i = from; i < from + SEARCH_PER_ROUND && i < s->count && !rt_interrupted(s->rt); i++)
		lesson->agreement[s->looks[i].expr] = agreement_of(lesson, lesson->scratch[worker], s->looks[i].expr);
}

/* ---- who is looked at ---- */

static int by_agreement(const void *a, const void *b) {
	float x = *(const float *)a, y = *(const float *)b;
	return (x < y) - (x > y);
}

/* The candidates that agree best, in the order that they had. */
static void keep_best(Lesson *lesson, SearchTaught *out) {
	static const float rounding = 1e-5F;
	Search *s = lesson->s;
	float *sorted = memory_new(sizeof *sorted * (s->count + 1));
	for (uint32_t i = 0; i < s->count; i++)
		sorted[i] = lesson->agreement[s->looks[i].expr];
	qsort(sorted, s->count, sizeof *sorted, by_agreement);
	for (uint32_t i = s->count; i-- > 0;)
		if (lesson->agreement[s->looks[i].expr] >= sorted[0] - rounding)
			out->closest = s->looks[i].expr;
	float least = s->count > SEARCH_TAUGHT ? sorted[SEARCH_TAUGHT - 1] : -1;
	uint32_t kept = 0;
	for (uint32_t i = 0; i < s->count && (least < 0 || kept < SEARCH_TAUGHT); i++)
		if (lesson->agreement[s->looks[i].expr] >= least)
			s->looks[kept++] = s->looks[i];
	free(sorted);
	out->asked = s->count;
	s->count = kept;
	out->kept = kept;
}

bool search_imitate(Search *s) {
	const SearchTeacher *teacher = s->options->teacher;
	SearchResult *out = s->out;
	if (!teacher)
		return true;
	Lesson lesson = {.s = s};
	SearchTaught *taught = ARENA_NEW(out->arena, SearchTaught);
	search_meanings(s->rt->session, &lesson.meanings);
	lesson.agreement = ARENA_ARRAY(out->arena, float, out->table->count + 1);
	*taught = (SearchTaught){.agreement = lesson.agreement};
	out->taught = taught;
	if (out->holes > 1 || out->kind != FE_SEARCH_ENUMERATE || !learn(&lesson, teacher)) {
		Diag *diag = diag_error(s->rt->session, 827, out->labs[0]->hole->span,
		                        "where another rule went cannot be gone with this open expression");
		diag_help(s->rt->session, diag, "write it as the step, alone: `x <- x - lr * discover(...)`");
		return false;
	}
	rt_pool_run(s->rt->pool, (int)((s->count + SEARCH_PER_ROUND - 1) / SEARCH_PER_ROUND), agree_some, &lesson);
	if (rt_interrupted(s->rt))
		return false;
	keep_best(&lesson, taught);
	return true;
}
