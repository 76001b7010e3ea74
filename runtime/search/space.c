/* What expressions are made of, from what the frontend knows of the hole; how many of a size there will be. */
#include "ir/core/walk.h"
#include "runtime/search/search.h"

/* ---- where the value of a hole goes ---- */

typedef struct Followed {
	bool *marked; /* values that depend on the hole */
	bool met;
} Followed;

static void see_uses(void *context, const IrBlock *block, IrOp *op) {
	Followed *f = context;
	(void)block;
	for (IrUse use = ir_uses(op); ir_next_use(&use);)
		f->met = f->met || f->marked[use.value];
}

/* Does a state depend on hole number `number` of the step? Ops are taken as a whole, so the answer may be too often yes. */
static bool becomes_state(const FeRule *rule, uint32_t number) {
	const IrFunc *step = rule->step;
	Arena *arena = arena_new();
	Followed f = {.marked = ARENA_ARRAY(arena, bool, step->values.count + 1)};
	f.marked[step->params.data[ir_params_of(step, IR_ROLE_HOLE).first + number].value] = true;
	for (uint32_t i = 0; i < step->body.ops.count; i++) {
		IrOp *op = step->body.ops.data[i];
		f.met = false;
		ir_visit_op(op, see_uses, &f);
		for (IrDef def = ir_defs(op); f.met && ir_next_def(&def);)
			f.marked[def.value] = true;
	}
	bool state = false;
	for (uint32_t i = 0; i < step->results.count; i++)
		state = state || (step->results.data[i].role == IR_ROLE_STATE && f.marked[step->results.data[i].value]);
	arena_free(arena);
	return state;
}

/* ---- spaces ---- */

void search_space_of(const FeRule *rule, const FeHole *hole, bool together, SearchSpace *out) {
	uint32_t number = 0;
	for (const FeHole *before = rule->hole; before != hole; before = before->next)
		number++;
	bool state = becomes_state(rule, number);
	*out = (SearchSpace){.operators = hole->operators,
	                     .size = hole->size,
	                     .constants = hole->constants,
	                     .like_x = hole->like_x,
	                     .homogeneous = hole->homogeneous,
	                     .bound = hole->homogeneous && state,
	                     .degree = hole->degree,
	                     /* multiples of a state are not those of a step */
	                     .merge = hole->rate_in_front && !state};
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

void search_space_join(const SearchSpace *spaces, int holes, SearchSpace *out) {
	*out = spaces[0];
	for (int h = 1; h < holes; h++) {
		out->size += spaces[h].size;
		out->constants += spaces[h].constants;
		out->operators |= spaces[h].operators;
		for (uint32_t i = 0; i < spaces[h].leaf_count; i++)
			out->leaves[h * SEARCH_MOST_LEAVES + (int)i] = spaces[h].leaves[i];
	}
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
