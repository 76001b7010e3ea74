/* What expressions are made of, from what the frontend knows of the hole. */
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
