/* What expressions are made of, from what the frontend knows of the hole; how many of a size there will be. */
#include "runtime/search/search.h"

void search_space_of(const FeHole *hole, bool together, SearchSpace *out) {
	*out = (SearchSpace){.operators = hole->operators,
	                     .size = hole->size,
	                     .constants = hole->constants,
	                     .like_x = hole->like_x,
	                     .homogeneous = hole->homogeneous,
	                     .merge = hole->rate_in_front};
	if (!together)
		out->operators &= ~(1u << FE_OPERATOR_RMS);
	if (hole->operands.count >= SEARCH_MOST_LEAVES)
		base_panic("search_space_of", "a hole of %u operands", (unsigned)hole->operands.count);
	for (uint32_t i = 0; i < hole->operands.count; i++) {
		const FeOperand *operand = &hole->operands.data[i];
		out->leaves[out->leaf_count++] = (SearchLeaf){.text = operand->text,
		                                              .level = operand->level,
		                                              .like_x = operand->like_x,
		                                              .known = operand->known,
		                                              .schedule = operand->schedule,
		                                              .positive = operand->positive,
		                                              .value = operand->value,
		                                              .degree = operand->degree};
	}
	if (hole->constants > 0)
		out->leaves[out->leaf_count++] = (SearchLeaf){.text = NULL, .level = FE_LEVEL_ATOM};
}

static double count_of(const SearchTable *table, int size) {
	return size < 1 ? 0 : (double)table->first[size + 1] - (double)table->first[size];
}

/* Operations of all kinds on operands that are there, of whatever degrees. */
static double pairs(const SearchTable *table, int size) {
	double count = 0;
	for (int op = 0; op < FE_OPERATORS; op++) {
		if (!(table->space->operators >> op & 1))
			continue;
		if (fe_operators[op].arity == 1)
			count += count_of(table, size - 1);
		for (int left = 1; fe_operators[op].arity == 2 && left < size - 1; left++)
			count += count_of(table, left) * count_of(table, size - 1 - left) / (fe_operators[op].commutes ? 2 : 1);
	}
	return count;
}

bool search_is_too_many(const SearchTable *table, int size) {
	double made = 0, kept = 0; /* of the two sizes before: with binary operations alone, one of them has none */
	for (int before = size - 2; before < size; before++) {
		made += before > 1 ? pairs(table, before) : 0;
		kept += before > 1 ? count_of(table, before) : 0;
	}
	double expected = table->first[size] + (made > 0 ? pairs(table, size) * kept / made : 0);
	return expected > (size <= table->space->size - 2 ? SEARCH_MOST_PROBED : SEARCH_MOST_DISTINCT);
}
