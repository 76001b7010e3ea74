/* Values and nodes that a derivative surely reaches: some way from them to the result passes no selection.
 *
 *     y = for i:n { where(c[i], f(u[i]), 0) } -> [i]        u's cotangent is 0 where c is false
 *     s = for i:n { add(y[i], mul(u[i], u[i])) } sum -> []  but this way it gets a part everywhere
 *
 * Where that is so, a cotangent of 0 is none that a selection made: leaving the other ways out would give the same, so
 * 0 need not win over NaN and infinity. The elements of a value may be reached in parts, as those of a concatenation are. */
#include "autodiff/ad.h"
#include "autodiff/limits.h"

#include <string.h>

/* Elements that are reached: all those between `low` and `high` (excluded) along one axis. */
typedef struct Slab Slab;
struct Slab {
	uint32_t axis;
	int64_t low, high;
	Slab *next;
};

typedef struct Reach {
	const AdFacts *facts;
	bool *values;  /* per value */
	Slab **slabs;  /* per value, as long as it is not reached as a whole */
	bool *assumed; /* per value of a carry at the start of a turn: whether it is taken to be reached in the next turn */
	uint32_t
		*scope; /* per value: the loop in whose body it is, if that may not run at all; else that of the block around */
	uint32_t scopes;
} Reach;

bool *ad_reached_nodes(const AdFacts *facts, const bool *values, const IrFor *op) {
	bool *reached = ARENA_ARRAY(facts->scratch, bool, op->nodes.count + 1);
	for (uint32_t p = 0; p < op->puts.count; p++)
		if (op->puts.data[p].combine == IR_PUT_MAX || op->puts.data[p].combine == IR_PUT_MIN)
			return reached; /* the adjoints of an extreme and of the other puts are ops of their own */
	for (uint32_t p = 0; p < op->puts.count; p++) {
		const IrPut *put = &op->puts.data[p];
		if (values[put->out] && !put->guarded && (put->combine == IR_PUT_NONE || put->combine == IR_PUT_SUM))
			reached[put->node] = true;
	}
	for (uint32_t n = op->nodes.count; n-- > 0;) {
		const IrNode *node = &op->nodes.data[n];
		if (!reached[n] || node->kind != IR_NODE_OP || ir_op_selects(node->opcode))
			continue;
		for (int i = 0; i < ir_op_info[node->opcode].arity; i++)
			if (ad_differentiable(node->opcode, i))
				reached[node->args[i]] = true;
	}
	return reached;
}

/* The slab that a read covers; an axis of AD_NONE: all of the value. Returns false if it covers none that is known. */
static bool read_slab(const IrFunc *func, const IrFor *op, const IrNode *node, Slab *slab) {
	uint32_t seen = 0;
	if (node->guarded || op->conds.count != 0)
		return false;
	for (uint32_t i = 0; i < op->indices.count; i++)
		if (op->indices.data[i].extent == 0)
			return false;
	*slab = (Slab){.axis = AD_NONE};
	for (uint32_t k = 0; k < node->at_count; k++) {
		IrAt at = node->at[k];
		IrDim extent = 1, dim = ir_type(func, node->value).dims[k];
		if (at.term_count > 1 || (at.term_count == 1 && (at.terms[0].is_node || at.terms[0].coef != 1)))
			return false;
		if (at.term_count == 1) {
			uint32_t index = at.terms[0].ref;
			extent = op->indices.data[index].extent;
			if (seen >> index & 1)
				return false;
			seen |= UINT32_C(1) << index;
		}
		if (at.offset == 0 && extent == dim)
			continue;
		if (slab->axis != AD_NONE || extent < 0)
			return false;
		*slab = (Slab){.axis = k, .low = at.offset, .high = at.offset + extent};
	}
	return true;
}

/* Adds a slab, which swallows those it touches. */
static void reach_slab(Reach *reach, IrValue value, Slab slab) {
	for (Slab **at = &reach->slabs[value]; slab.axis != AD_NONE && *at;) {
		const Slab *other = *at;
		if (other->axis != slab.axis || other->low > slab.high || other->high < slab.low) {
			at = &(*at)->next;
			continue;
		}
		slab.low = other->low < slab.low ? other->low : slab.low;
		slab.high = other->high > slab.high ? other->high : slab.high;
		*at = other->next;
	}
	IrDim dim = slab.axis == AD_NONE ? 0 : ir_type(reach->facts->func, value).dims[slab.axis];
	if (slab.axis == AD_NONE || (slab.low <= 0 && dim >= 0 && slab.high >= dim)) {
		reach->values[value] = true;
		return;
	}
	Slab *kept = ARENA_NEW(reach->facts->scratch, Slab);
	*kept = slab;
	kept->next = reach->slabs[value];
	reach->slabs[value] = kept;
}

/* One rule for each kind of op: what its outputs, which are reached in `reach`, let be reached of what it uses. */
#define KIND(NAME, name) static void reach_##name(Reach *reach, const IrOp *op, uint32_t scope);
#include "ir/core/kinds.def"
#undef KIND

static void (*const reach_kind[IR_KIND_COUNT])(Reach *reach, const IrOp *op, uint32_t scope) = {
#define KIND(NAME, name) [IR_##NAME] = reach_##name,
#include "ir/core/kinds.def"
#undef KIND
};

static void reach_block(Reach *reach, const IrBlock *block, uint32_t scope) {
	for (uint32_t o = block->ops.count; o-- > 0;)
		reach_kind[block->ops.data[o]->kind](reach, block->ops.data[o], scope);
}

static void reach_for(Reach *reach, const IrOp *whole, uint32_t scope) {
	const AdFacts *facts = reach->facts;
	const IrFor *op = &whole->f;
	const bool *nodes = ad_reached_nodes(facts, reach->values, op);
	for (uint32_t p = 0; p < op->puts.count; p++) {
		const IrPut *put = &op->puts.data[p];
		if (put->into && put->combine == IR_PUT_SUM && reach->values[put->out] && reach->scope[put->into] == scope)
			reach->values[put->into] = true;
	}
	for (uint32_t n = 0; n < op->nodes.count; n++) {
		const IrNode *node = &op->nodes.data[n];
		Slab slab;
		if (nodes[n] && node->kind == IR_NODE_READ && reach->scope[node->value] == scope &&
		    !reach->values[node->value] && read_slab(facts->func, op, node, &slab))
			reach_slab(reach, node->value, slab);
	}
}

static void reach_const(Reach *reach, const IrOp *op, uint32_t scope) {
	(void)reach;
	(void)op;
	(void)scope;
}

static void reach_evaluate(Reach *reach, const IrOp *op, uint32_t scope) {
	(void)reach;
	(void)op;
	(void)scope;
	ad_not_linked();
}

static void reach_deferred(Reach *reach, const IrOp *op, uint32_t scope) {
	(void)reach;
	(void)op;
	(void)scope;
	ad_not_linked();
}

static void find_scopes(Reach *reach, const IrBlock *block, uint32_t scope) {
	for (uint32_t o = 0; o < block->ops.count; o++) {
		const IrOp *op = block->ops.data[o];
		const IrBlock *body = ir_block_of(op, 0);
		uint32_t inside = body && !ir_block_runs(op, 0) ? ++reach->scopes : scope;
		for (IrDef def = ir_defs(op); ir_next_def(&def);)
			reach->scope[def.value] = def.block < 0 ? scope : inside;
		for (int k = 0; (body = ir_block_of(op, k)) != NULL; k++)
			find_scopes(reach, body, inside);
	}
}

static void reach_loop(Reach *reach, const IrOp *op, uint32_t scope) {
	const IrLoop *loop = &op->loop;
	uint32_t inside = loop->carries.count > 0 ? reach->scope[loop->carries.data[0].inner] : scope;
	for (uint32_t k = 0; k < loop->carries.count; k++) {
		const IrCarry *c = &loop->carries.data[k];
		if (reach->scope[c->yield] == inside && reach->values[c->out] && reach->assumed[c->inner])
			reach->values[c->yield] = true;
	}
	reach_block(reach, &loop->body, inside);
	for (uint32_t k = 0; k < loop->carries.count; k++) {
		const IrCarry *c = &loop->carries.data[k];
		if (reach->values[c->inner] && (reach->values[c->out] || ir_block_runs(op, 0)))
			reach->values[c->init] = true;
	}
}

/* Takes back what was assumed of carries and has not come true; returns whether there was such a carry. */
static bool take_back(Reach *reach, bool all) {
	bool any = false;
	for (uint32_t v = 0; v < reach->facts->func->values.count; v++) {
		any = any || (reach->assumed[v] && !reach->values[v]);
		reach->assumed[v] = reach->assumed[v] && reach->values[v] && !all;
	}
	return any;
}

/* A carry is assumed to be reached at the start of the next turn, and then has to be at the start of this one. In the last
 * turn its being reached after the loop takes the place of that, so what comes true of every turn holds, from the last one
 * backwards. */
bool *ad_reached(const AdFacts *facts, IrValue result) {
	uint32_t count = facts->func->values.count;
	Reach reach = {.facts = facts};
	reach.values = ARENA_ARRAY(facts->scratch, bool, count);
	if (!result)
		return reach.values;
	ArenaMark mark = arena_mark(facts->scratch);
	reach.assumed = ARENA_ARRAY(facts->scratch, bool, count);
	reach.scope = ARENA_ARRAY(facts->scratch, uint32_t, count);
	reach.slabs = ARENA_ARRAY(facts->scratch, Slab *, count);
	find_scopes(&reach, &facts->func->body, 0);
	memset(reach.assumed, true, sizeof(bool) * count);
	uint32_t rounds = 0;
	do {
		ArenaMark round = arena_mark(facts->scratch);
		memset(reach.values, false, sizeof(bool) * count);
		memset(reach.slabs, 0, sizeof(Slab *) * count);
		reach.values[result] = true;
		reach_block(&reach, &facts->func->body, 0);
		arena_release(facts->scratch, round);
	} while (take_back(&reach, ++rounds == AD_REACHED_ROUNDS));
	arena_release(facts->scratch, mark);
	return reach.values;
}
