/* The adjoint of a loop: the forward loop pushes every carry that changes on a stack; a second loop runs the other way,
 * reads the stacks, computes the body again and runs its adjoint.
 *
 *     %xT = loop %t < n carry (%x = %w) { ... yield %x' }
 *     %xT, %s = loop %t < n carry (%x = %w, %stack = zeros) { %stack' = push %x; ... yield %x', %stack' }
 *     %w~, %X~ = loop %u < n carry (%x~ = %xT~, %X~ = zeros) { %x = %s[n - 1 - %u]; ... yield <adjoint of the body> }
 *
 * Every active value that the body captures gets an accumulator among the carries. Stacks that nothing reads are dropped
 * when the result is simplified. */
#include "autodiff/ad.h"

static bool changes(const IrCarry *c) {
	return c->inner != c->yield;
}

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

/* An op over the elements of a value of `type`: `at` receives their positions, `slot_at` those in its stack with room
 * left at axis slot_at[lanes] for the turn. */
static IrForBuilder over_elements(Ad *ad, IrType type, IrAt *at, IrAt *slot_at) {
	IrForBuilder f = ir_for_begin(&ad->b);
	for (int k = 0; k < type.rank; k++) {
		uint32_t index = type.lanes && k == 0 ? ir_for_lane(&f) : ir_for_index(&f, 0, type.dims[k]);
		at[k] = ir_at_index(ad->module, index, 1);
		slot_at[k < type.lanes ? k : k + 1] = at[k];
	}
	return f;
}

static IrValue push(Ad *ad, IrValue stack, IrValue counter, IrValue value) {
	IrType type = ir_type(ad->b.func, value);
	IrAt at[IR_MAX_RANK], slot_at[IR_MAX_RANK + 1];
	IrForBuilder f = over_elements(ad, type, at, slot_at);
	slot_at[type.lanes] = ir_at_node(ad->module, ir_read_scalar(&f, counter), 1);
	uint32_t element = ir_read(&f, value, at, false);
	IrValue pushed = ir_put(&f, IR_PUT_NONE, element, ir_type(ad->b.func, stack), slot_at, stack, false);
	ir_for_end(&f);
	return pushed;
}

/* Slot turns - 1 - counter; `turns` is a value, or 0 for the number `limit`. */
static IrValue pop(Ad *ad, IrValue stack, IrType type, IrValue counter, IrValue turns, int64_t limit) {
	IrAt at[IR_MAX_RANK], slot_at[IR_MAX_RANK + 1];
	IrForBuilder f = over_elements(ad, type, at, slot_at);
	uint32_t count = turns ? ir_read_scalar(&f, turns) : ir_int(&f, limit);
	uint32_t last = ir_op2(&f, IR_sub, count, ir_int(&f, 1));
	uint32_t slot = ir_op2(&f, IR_sub, last, ir_read_scalar(&f, counter));
	slot_at[type.lanes] = ir_at_node(ad->module, slot, 1);
	IrValue value = ir_put(&f, IR_PUT_NONE, ir_read(&f, stack, slot_at, false), type, at, 0, false);
	ir_for_end(&f);
	return value;
}

static bool any_varied(const Ad *ad, const IrLoop *loop) {
	for (uint32_t k = 0; k < loop->carries.count; k++)
		if (ad->facts.varied[loop->carries.data[k].out])
			return true;
	return false;
}

void ad_primal_loop(Ad *ad, const IrOp *op) {
	const IrLoop *loop = &op->loop;
	uint32_t count = loop->carries.count;
	bool save = any_varied(ad, loop);
	IrValue *stacks = ARENA_ARRAY(ad->scratch, IrValue, count + 1);
	IrValue *yields = ARENA_ARRAY(ad->scratch, IrValue, 2 * count + 1);
	for (uint32_t k = 0; save && k < count; k++)
		if (changes(&loop->carries.data[k]))
			stacks[k] = ad_zeros(ad, stack_type(ir_type(ad->from, loop->carries.data[k].inner), loop->limit));
	IrBlock *outer = ad->b.block;
	IrOp *copy = ir_loop_begin(&ad->b, loop->limit, loop->trips ? ir_map_get(&ad->map, loop->trips) : 0);
	ir_map_set(&ad->map, loop->counter, copy->loop.counter);
	ad->reversed[loop->counter] = false;
	for (uint32_t k = 0; k < count; k++) {
		const IrCarry *c = &loop->carries.data[k];
		ad->b.name = ir_info(ad->from, c->inner)->name;
		ir_map_set(&ad->map, c->inner, ir_loop_carry(&ad->b, copy, ir_map_get(&ad->map, c->init)));
	}
	ad->b.name = 0;
	uint32_t pushed = count;
	for (uint32_t k = 0; k < count; k++)
		if (stacks[k])
			yields[pushed++] = ir_loop_carry(&ad->b, copy, stacks[k]);
	pushed = count;
	for (uint32_t k = 0; k < count; k++) {
		if (!stacks[k])
			continue;
		IrValue inner = ir_map_get(&ad->map, loop->carries.data[k].inner);
		yields[pushed] = push(ad, yields[pushed], copy->loop.counter, inner);
		pushed++;
	}
	ad_primal_block(ad, &loop->body, false);
	for (uint32_t k = 0; k < count; k++)
		yields[k] = ir_map_get(&ad->map, loop->carries.data[k].yield);
	ad->b.span = op->span;
	ir_loop_end(&ad->b, copy, yields, outer);
	pushed = count;
	for (uint32_t k = 0; k < count; k++) {
		ir_map_set(&ad->map, loop->carries.data[k].out, copy->loop.carries.data[k].out);
		if (stacks[k])
			stacks[k] = copy->loop.carries.data[pushed++].out;
	}
	ad->stacks[loop->counter] = stacks;
}

/* What the backward loop carries. */
typedef struct Backward {
	Ad *ad;
	const IrLoop *loop;
	IrOp *made;
	bool *carried;         /* per carry of the source loop: has a cotangent */
	VEC(IrValue) captured; /* old values outside that the body's adjoint adds to */
	IrValue *captured_inits;
	IrValue turns; /* the number of turns if it is not the limit */
} Backward;

static Backward plan(Ad *ad, const IrLoop *loop) {
	Backward w = {.ad = ad, .loop = loop};
	bool *need = ARENA_ARRAY(ad->scratch, bool, ad->from->values.count);
	bool *inside = ARENA_ARRAY(ad->scratch, bool, ad->from->values.count);
	w.carried = ARENA_ARRAY(ad->scratch, bool, loop->carries.count + 1);
	for (uint32_t k = 0; k < loop->carries.count; k++)
		need[loop->carries.data[k].out] = ad->linear[loop->carries.data[k].out] != 0;
	ad_need_loop(&ad->facts, loop, need);
	ad_mark_inside(loop, inside);
	for (uint32_t k = 0; k < loop->carries.count; k++) {
		const IrCarry *c = &loop->carries.data[k];
		w.carried[k] = need[c->out] || need[c->inner];
		need[c->out] = false;
	}
	for (IrValue v = 1; v < ad->from->values.count; v++)
		if (need[v] && !inside[v])
			vec_push(ad->scratch, &w.captured, v);
	return w;
}

/* The number of turns, between 0 and the limit. */
static IrValue clamped_trips(Ad *ad, const IrLoop *loop) {
	if (!loop->trips)
		return 0;
	IrForBuilder f = ir_for_begin(&ad->b);
	uint32_t trips = ir_read_scalar(&f, ir_map_get(&ad->map, loop->trips));
	uint32_t some = ir_op2(&f, IR_max, trips, ir_int(&f, 0));
	uint32_t most = ir_op2(&f, IR_min, some, ir_int(&f, loop->limit));
	IrValue turns = ir_put(&f, IR_PUT_NONE, most, ir_scalar_type(IR_I64), NULL, 0, false);
	ir_for_end(&f);
	return turns;
}

/* Starts the loop; the cotangents carried in become those of the outputs and of what is captured. */
static void begin_backward(Backward *w, IrValue *carried_in) {
	Ad *ad = w->ad;
	uint32_t count = w->loop->carries.count;
	w->turns = clamped_trips(ad, w->loop);
	IrValue *inits = ARENA_ARRAY(ad->scratch, IrValue, count + 1);
	w->captured_inits = ARENA_ARRAY(ad->scratch, IrValue, w->captured.count + 1);
	for (uint32_t k = 0; k < count; k++) {
		IrValue out = w->loop->carries.data[k].out;
		if (w->carried[k])
			inits[k] = ad->linear[out] ? ad->linear[out] : ad_zeros(ad, ir_type(ad->from, out));
	}
	for (uint32_t i = 0; i < w->captured.count; i++) {
		IrValue v = w->captured.data[i];
		w->captured_inits[i] = ad->linear[v] ? ad->linear[v] : ad_zeros(ad, ir_type(ad->from, v));
	}
	w->made = ir_loop_begin(&ad->b, w->loop->limit, w->turns);
	for (uint32_t k = 0; k < count; k++)
		if (w->carried[k])
			carried_in[k] = ir_loop_carry(&ad->b, w->made, inits[k]);
	for (uint32_t i = 0; i < w->captured.count; i++)
		ad->linear[w->captured.data[i]] = ir_loop_carry(&ad->b, w->made, w->captured_inits[i]);
}

/* The body's values of the turn that is being taken back. */
static void restore(Backward *w) {
	Ad *ad = w->ad;
	const IrLoop *loop = w->loop;
	IrValue counter = w->made->loop.counter;
	ir_map_set(&ad->map, loop->counter, counter);
	ad->reversed[loop->counter] = true;
	ad->turns[loop->counter] = w->turns;
	ad->limit[loop->counter] = loop->limit;
	for (uint32_t k = 0; k < loop->carries.count; k++) {
		const IrCarry *c = &loop->carries.data[k];
		IrValue stack = ad->stacks[loop->counter][k];
		IrValue value = stack ? pop(ad, stack, ir_type(ad->from, c->inner), counter, w->turns, loop->limit)
		                      : ir_map_get(&ad->map, c->init);
		ir_map_set(&ad->map, c->inner, value);
	}
	ad_primal_block(ad, &loop->body, true);
}

static void forget_block(Ad *ad, const IrLoop *loop) {
	bool *inside = ARENA_ARRAY(ad->scratch, bool, ad->from->values.count);
	ad_mark_inside(loop, inside);
	for (IrValue v = 0; v < ad->from->values.count; v++)
		if (inside[v])
			ad->linear[v] = 0;
}

void ad_reverse_loop(Ad *ad, const IrOp *op) {
	const IrLoop *loop = &op->loop;
	uint32_t count = loop->carries.count;
	Backward w = plan(ad, loop);
	bool any = false;
	for (uint32_t k = 0; k < count; k++)
		any = any || w.carried[k];
	if (!any)
		return;
	ad->b.span = op->span;
	IrBlock *outer = ad->b.block;
	IrValue *carried_in = ARENA_ARRAY(ad->scratch, IrValue, count + 1);
	begin_backward(&w, carried_in);
	restore(&w);
	forget_block(ad, loop);
	for (uint32_t k = 0; k < count; k++)
		if (w.carried[k])
			ad_contribute(ad, loop->carries.data[k].yield, carried_in[k]);
	ad_reverse_block(ad, &loop->body);
	ad->b.span = op->span;
	IrValue *yields = ARENA_ARRAY(ad->scratch, IrValue, count + w.captured.count + 1);
	uint32_t made = 0;
	for (uint32_t k = 0; k < count; k++) {
		IrValue inner = loop->carries.data[k].inner;
		if (w.carried[k])
			yields[made++] = ad->linear[inner] ? ad->linear[inner] : ad_zeros(ad, ir_type(ad->from, inner));
	}
	for (uint32_t i = 0; i < w.captured.count; i++)
		yields[made++] = ad->linear[w.captured.data[i]];
	ir_loop_end(&ad->b, w.made, yields, outer);
	forget_block(ad, loop);
	made = 0;
	for (uint32_t k = 0; k < count; k++)
		if (w.carried[k])
			carried_in[k] = w.made->loop.carries.data[made++].out;
	for (uint32_t i = 0; i < w.captured.count; i++)
		ad->linear[w.captured.data[i]] = w.made->loop.carries.data[made++].out;
	for (uint32_t k = 0; k < count; k++)
		if (w.carried[k])
			ad_contribute(ad, loop->carries.data[k].init, carried_in[k]);
}
