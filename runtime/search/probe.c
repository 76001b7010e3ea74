/* Probes: what stands for the operands while expressions are told apart.
 *
 * A situation has a scale s = e^N(0, 1) of its own, which an operand of degree d has d times, so that what has another degree is another
 * expression. Drawn by Threefry with the number of the operand and of the row as its key: the same for every search. */
#include <math.h>
#include <string.h>

#include "runtime/search/probe.h"

typedef enum Draw { DRAW_SCALE, DRAW_NORMAL, DRAW_UNIFORM } Draw;

/* Two uniform numbers in (0, 1]. */
static void draw(Draw what, uint32_t leaf, int row, double out[2]) {
	const uint64_t key[2] = {UINT64_C(0x70726f6265), (uint64_t)what}; /* "probe" */
	uint64_t bits[2];
	random_threefry(key, (const uint64_t[]){leaf, (uint64_t)row}, bits);
	for (int k = 0; k < 2; k++)
		out[k] = ((double)(bits[k] >> 11) + 1) / 9007199254740992.0;
}

static double normal(Draw what, uint32_t leaf, int row) {
	static const double turn = 6.283185307179586;
	double u[2];
	draw(what, leaf, row, u);
	return sqrt(-2 * log(u[0])) * cos(turn * u[1]);
}

/* One number of an operand: of a tensor's coordinates each its own if it is like x. */
static double leaf_value(const SearchLeaf *leaf, uint32_t number, int row, int coordinates) {
	int situation = row / coordinates, at = leaf->like_x ? row : situation;
	double degree = (double)leaf->degree / (double)FE_DEGREE_ONE, u[2];
	if (!leaf->text)
		return search_probed_constant;
	if (leaf->known)
		return leaf->value;
	draw(DRAW_UNIFORM, number, at, u);
	if (leaf->schedule)
		return u[0];
	double scale = exp(degree * normal(DRAW_SCALE, 0, situation));
	if (degree == 2)
		return scale * (0.3 + u[0]) * (0.3 + u[0]);
	double value = scale * normal(DRAW_NORMAL, number, at);
	return leaf->positive ? fabs(value) : value;
}

SearchProbes *search_probes_new(const SearchSpace *space, Arena *arena) {
	SearchProbes *probes = ARENA_NEW(arena, SearchProbes);
	bool together = space->operators >> FE_OPERATOR_RMS & 1;
	probes->space = space;
	probes->coordinates = together ? SEARCH_COORDINATES : 1;
	probes->rows = SEARCH_SITUATIONS * probes->coordinates;
	Session *session = session_new();
	search_meanings(session, &probes->meanings);
	session_free(session);
	size_t rows = (size_t)probes->rows;
	probes->leaves = ARENA_ARRAY(arena, double, rows * space->leaf_count + 1);
	probes->constants = ARENA_ARRAY(arena, double, rows *SEARCH_MOST_CONSTANTS);
	probes->scratch = ARENA_ARRAY(arena, double, rows *(SEARCH_MOST_NODES + 1));
	for (uint32_t i = 0; i < space->leaf_count; i++)
		for (size_t row = 0; row < rows; row++)
			probes->leaves[i * rows + row] = leaf_value(&space->leaves[i], i, (int)row, probes->coordinates);
	for (size_t k = 0; k < SEARCH_MOST_CONSTANTS; k++) {
		double value = search_probed_constant + (double)k * search_probed_step;
		for (size_t row = 0; row < rows; row++)
			probes->constants[k * rows + row] = value - floor(value);
	}
	return probes;
}

const double *search_leaf_values(const SearchProbes *probes, uint32_t leaf) {
	return probes->leaves + (size_t)leaf * (size_t)probes->rows;
}

const double *search_constant_values(const SearchProbes *probes, int number) {
	return probes->constants + (size_t)number * (size_t)probes->rows;
}

/* The values of a piece of the expression, as row `next` of the scratch; constants are numbered in the order of the text. */
static const double *piece(const SearchProbes *probes, const SearchTable *table, const SearchExpr *x, int *next,
                           int *constants) {
	if (x->op == SEARCH_LEAF)
		return probes->space->leaves[x->a].text ? search_leaf_values(probes, x->a)
		                                        : search_constant_values(probes, (*constants)++);
	const double *operands[3] = {0};
	operands[0] = piece(probes, table, &table->exprs[x->a], next, constants);
	if (fe_operator_has_constant((FeOperator)x->op))
		operands[2] = search_constant_values(probes, (*constants)++);
	if (fe_operators[x->op].arity > 1)
		operands[1] = piece(probes, table, &table->exprs[x->b], next, constants);
	double *out = probes->scratch + (size_t)(*next)++ * (size_t)probes->rows;
	search_apply(&probes->meanings, (FeOperator)x->op, operands, probes->rows, probes->coordinates, out);
	return out;
}

void search_values_apart(const SearchProbes *probes, const SearchTable *table, const SearchExpr *x, double *out) {
	int next = 0, constants = 0;
	memcpy(out, piece(probes, table, x, &next, &constants), sizeof *out * (size_t)probes->rows);
}

uint64_t search_hash(const SearchProbes *probes, const double *values) {
	return search_hash_values(values, probes->rows, probes->space->merge);
}

uint64_t search_hash_values(const double *values, int rows, bool merge) {
	const int dropped = 52 - SEARCH_HASH_BITS;
	double sum = 0;
	for (int i = 0; i < rows; i++)
		sum += fabs(values[i]);
	if (!(sum >= search_least_sum && sum <= search_most_sum)) /* NaN, too */
		return 0;
	double scale = merge ? (double)rows / sum : 1;
	uint64_t hash = 0;
	for (int i = 0; i < rows; i++) {
		double value = values[i] * scale;
		uint64_t bits;
		memcpy(&bits, &value, sizeof bits);
		bits = (bits + (UINT64_C(1) << (dropped - 1))) >> dropped;
		if (bits << (dropped + 1) == 0) /* -0 is 0 */
			bits = 0;
		hash = (hash ^ bits) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return hash ? hash : 1;
}
