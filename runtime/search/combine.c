/* What may be made of what: degrees, constants, and what is known of the result. Enumeration and evolution make expressions by this alone. */
#include "runtime/search/search.h"

SearchExpr search_leaf(const SearchSpace *space, uint32_t number) {
	const SearchLeaf *leaf = &space->leaves[number];
	return (SearchExpr){.a = number,
	                    .op = SEARCH_LEAF,
	                    .size = 1,
	                    .degree = (int16_t)leaf->degree,
	                    .constants = !leaf->text,
	                    .like_x = leaf->like_x,
	                    .fixed = !leaf->text || leaf->known,
	                    .not_negative = leaf->known && leaf->value >= 0};
}

static bool degree_of(const SearchSpace *space, FeOperator op, int a, int b, int *out) {
	bool equal = !space->homogeneous || a == b, bare = !space->homogeneous || a == 0;
	switch (fe_operators[op].degree) {
	case FE_DEGREE_EQUAL: *out = a; return equal;
	case FE_DEGREE_SUM: *out = a + b; break;
	case FE_DEGREE_DIFFERENCE: *out = a - b; break;
	case FE_DEGREE_HALF: *out = a / 2; return !space->homogeneous || a % FE_DEGREE_ONE == 0; /* halves, and no less */
	case FE_DEGREE_DOUBLE: *out = 2 * a; break;
	case FE_DEGREE_SAME: *out = a; break;
	case FE_DEGREE_NONE: *out = 0; break;
	case FE_DEGREE_BARE: *out = 0; return bare;
	}
	return *out >= INT16_MIN && *out <= INT16_MAX;
}

static bool result_is_positive(FeOperator op, const SearchExpr *a, const SearchExpr *b) {
	FeSignRule rule = fe_operators[op].not_negative;
	return rule == FE_SIGN_ALWAYS || (rule == FE_SIGN_ALL && a->not_negative && (!b || b->not_negative));
}

bool search_combine(const SearchSpace *space, const SearchMeanings *meanings, FeOperator op, const SearchExpr *x,
                    const SearchExpr *y, SearchExpr *out) {
	int degree = 0, own = fe_operator_has_constant(op), constants = x->constants + (y ? y->constants : 0) + own;
	bool reduces = !fe_operators[op].body;
	bool fixed = x->fixed && (!y || y->fixed); /* a number, which the rate takes in where multiples are merged */
	if (constants > space->constants || (fixed && space->merge) || (reduces && !x->like_x))
		return false;
	if (!degree_of(space, op, x->degree, y ? y->degree : 0, &degree))
		return false;
	*out = (SearchExpr){.op = (uint8_t)op,
	                    .size = (uint8_t)(1 + x->size + (y ? y->size : 0)),
	                    .degree = (int16_t)degree,
	                    .constants = (uint8_t)constants,
	                    .cost = (uint16_t)(x->cost + (y ? y->cost : 0) + meanings->of[op].cost),
	                    .fixed = fixed,
	                    .like_x = !reduces && (x->like_x || (y && y->like_x)),
	                    .not_negative = result_is_positive(op, x, y)};
	return true;
}

bool search_may_stand(const SearchSpace *space, const SearchExpr *x) {
	return x->like_x == space->like_x && !x->fixed && (!space->bound || x->degree == space->degree);
}
