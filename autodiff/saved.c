/* What a loop's adjoint needs of the carries: all of a carry on a stack, or, where a turn only overwrites elements at known
 * places, only what was there.
 *
 *     %h' = for { f(%h[%t[] - 1]) } -> [%t[]] into %h                         (in the loop)
 *     %old' = for { %h[%t[]] } -> [%t[]] into %old                            push: n elements in all, not n * n
 *     %h = for { %old[n - 1 - %u[]] } -> [n - 1 - %u[]] into %h'              pop: h' becomes h again, in place    */
#include "autodiff/ad.h"

#include <math.h>

bool ad_in_parts(AdSaved saved) {
	return saved.count > 0 && saved.data[0].put != NULL;
}

/* ---- which way ---- */

/* Per node: it depends on the counter and on what is outside of the loop alone. */
static bool *known_ahead(const Ad *ad, const IrFor *op, const IrLoop *loop, const bool *inside) {
	bool *known = ARENA_ARRAY(ad->scratch, bool, op->nodes.count + 1);
	for (uint32_t n = 0; n < op->nodes.count; n++) {
		const IrNode *node = &op->nodes.data[n];
		known[n] = node->kind != IR_NODE_READ || node->value == loop->counter || !inside[node->value];
		for (IrOperand part = ir_operands(node); ir_next_operand(&part);)
			known[n] = known[n] && known[part.node];
	}
	return known;
}

/* Whether a put overwrites elements at places that depend on the counter and on what is outside of the loop alone. */
static bool overwrites(const Ad *ad, const IrFor *op, const IrPut *put, const IrLoop *loop, const bool *inside) {
	if (put->combine != IR_PUT_NONE || put->into == 0 || op->conds.count != 0 || op->indices.count >= IR_MAX_RANK)
		return false;
	const bool *known = known_ahead(ad, op, loop, inside);
	for (IrOperand part = ir_at_operands(put->at, ir_type(ad->from, put->out).rank); ir_next_operand(&part);)
		if (!known[part.node])
			return false;
	return true;
}

/* The puts that lead from the carry's value to its yield, if there is nothing else and they are few elements. */
static AdSaved find_parts(Ad *ad, const IrLoop *loop, const bool *inside, uint32_t k) {
	const IrCarry *c = &loop->carries.data[k];
	IrType type = ir_type(ad->from, c->inner);
	AdSaved parts = {0};
	double saved = 0, whole = 1;
	for (uint32_t axis = 0; axis < type.rank; axis++)
		whole *= type.dims[axis] >= 0 ? (double)type.dims[axis] : 0;
	for (IrValue v = c->yield; v != c->inner;) {
		const IrOp *def = inside[v] ? ir_info(ad->from, v)->def : NULL;
		const IrPut *put = def ? ir_put_of(ad->from, v, NULL) : NULL;
		if (!put || !overwrites(ad, &def->f, put, loop, inside))
			return (AdSaved){0};
		vec_push(ad->scratch, &parts, ((AdPart){.op = def, .put = put}));
		saved += ir_points(&def->f, ~0u, (double)INFINITY);
		v = put->into;
	}
	return 2 * saved <= whole ? parts : (AdSaved){0};
}

/* A stack of tensors of `type`: the turn is its first axis, behind the lanes. */
static IrType stack_type(IrType type, int64_t limit) {
	int lanes = type.lanes;
	if (type.rank == IR_MAX_RANK)
		base_panic("autodiff", "a loop carries a value of rank %d: no axis is left for its stack", IR_MAX_RANK);
	for (int k = type.rank; k > lanes; k--)
		type.dims[k] = type.dims[k - 1];
	type.dims[lanes] = limit;
	type.rank++;
	return type;
}

/* What is saved in one turn. */
static IrType part_type(IrType carry, const AdPart *part) {
	if (!part->put)
		return carry;
	IrType type = {.scalar = carry.scalar};
	for (uint32_t i = 0; i < part->op->f.indices.count; i++) {
		type.lanes = type.lanes || part->op->f.indices.data[i].lane;
		type.dims[type.rank++] = part->op->f.indices.data[i].extent;
	}
	return type;
}

static AdSaved plan_carry(Ad *ad, const IrLoop *loop, const bool *inside, uint32_t k) {
	const IrCarry *c = &loop->carries.data[k];
	AdSaved saved = {0};
	if (c->inner == c->yield)
		return saved;
	IrType type = ir_type(ad->from, c->inner);
	saved = find_parts(ad, loop, inside, k);
	if (saved.count == 0)
		vec_push(ad->scratch, &saved, (AdPart){0});
	for (uint32_t i = 0; i < saved.count; i++)
		saved.data[i].stack = ad_zeros(ad, stack_type(part_type(type, &saved.data[i]), loop->limit));
	return saved;
}

AdSaved *ad_plan_saved(Ad *ad, const IrLoop *loop) {
	AdSaved *saved = ARENA_ARRAY(ad->scratch, AdSaved, loop->carries.count + 1);
	bool *inside = ARENA_ARRAY(ad->scratch, bool, ad->from->values.count);
	ad_mark_inside(loop, inside);
	for (uint32_t k = 0; k < loop->carries.count; k++)
		saved[k] = plan_carry(ad, loop, inside, k);
	return saved;
}

/* ---- push and pop ---- */

/* An op over what is saved in one turn: where its elements are in the carry, and where on the stack. */
typedef struct Slots {
	IrForBuilder *f;
	IrAt carry_at[IR_MAX_RANK], stack_at[IR_MAX_RANK];
	bool guarded;
} Slots;

static Slots over_part(Ad *ad, IrType carry, const AdPart *part) {
	Slots s = {0};
	IrType type = part_type(carry, part);
	if (part->put) {
		AdEmit *e = ad_emit_same_domain(ad, part->op);
		s.f = &e->f;
		for (uint32_t k = 0; k < carry.rank; k++)
			s.carry_at[k] = ir_rewrite_at(&e->body, part->put->at[k]);
		s.guarded = part->put->guarded;
	} else {
		s.f = ARENA_NEW(ad->scratch, IrForBuilder);
		*s.f = ir_for_begin(&ad->b);
		for (uint32_t k = 0; k < carry.rank; k++) {
			uint32_t index = carry.lanes && k == 0 ? ir_for_lane(s.f) : ir_for_index(s.f, 0, carry.dims[k]);
			s.carry_at[k] = ir_at_index(ad->module, index, 1);
		}
	}
	for (uint32_t k = 0; k < type.rank; k++)
		s.stack_at[k < type.lanes ? k : k + 1] = ir_at_index(ad->module, k, 1);
	return s;
}

IrValue ad_stack(Ad *ad, const IrLoop *loop, IrValue value) {
	return ad_zeros(ad, stack_type(ir_type(ad->from, value), loop->limit));
}

IrValue ad_push(Ad *ad, const IrLoop *loop, IrValue value, const AdPart *part) {
	IrValue inner = ir_map_get(&ad->map, value);
	IrType type = ir_type(ad->b.func, part->stack);
	Slots s = over_part(ad, ir_type(ad->b.func, inner), part);
	s.stack_at[type.lanes] = ir_at_node(ad->module, ad_emit_counter(ad, s.f, loop->counter), 1);
	uint32_t element = ir_read(s.f, inner, s.carry_at, s.guarded);
	IrValue pushed = ir_put(s.f, IR_PUT_NONE, element, type, s.stack_at, part->stack, false);
	ir_for_end(s.f);
	return pushed;
}

IrValue ad_pop(Ad *ad, const IrLoop *loop, IrValue value, const AdPart *part, IrValue after) {
	IrType type = ir_type(ad->from, value);
	Slots s = over_part(ad, type, part);
	int lanes = ir_type(ad->b.func, part->stack).lanes;
	s.stack_at[lanes] = ir_at_node(ad->module, ad_emit_counter(ad, s.f, loop->counter), 1);
	uint32_t element = ir_read(s.f, part->stack, s.stack_at, false);
	IrValue before = ir_put(s.f, IR_PUT_NONE, element, type, s.carry_at, part->put ? after : 0, s.guarded);
	ir_for_end(s.f);
	return before;
}
