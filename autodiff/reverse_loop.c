/* The adjoint of a loop: the forward loop saves every carry that changes (saved.c) and what is costly (keep.c); a second
 * loop runs the other way, restores them, computes the rest of the body again and runs its adjoint.
 *
 *     %xT = loop %t < n carry (%x = %w) { ... yield %x' }
 *     %xT, %s = loop %t < n carry (%x = %w, %stack = zeros) { %stack' = push %x; ... yield %x', %stack' }
 *     %w~, %X~ = loop %u < n carry (%x~ = %xT~, %X~ = zeros) { %x = %s[n - 1 - %u]; ... yield <adjoint of the body> }
 *
 * Every active value that the body captures gets an accumulator among the carries. Stacks that nothing reads are dropped
 * when the result is simplified. */
#include "autodiff/ad.h"

static bool any_active(const Ad *ad, const IrLoop *loop) {
	for (uint32_t k = 0; k < loop->carries.count; k++)
		if (ad->facts.active[loop->carries.data[k].out])
			return true;
	return false;
}

/* The body once more; what is kept goes onto its stack next to the op that makes it, so that one loop does both. */
static void push_body(Ad *ad, const IrLoop *loop, AdKept kept, IrValue *yields) {
	uint32_t *place = ARENA_ARRAY(ad->scratch, uint32_t, ad->from->values.count); /* per old value: in `kept`, + 1 */
	for (uint32_t i = 0; i < kept.count; i++)
		place[kept.data[i].value] = i + 1;
	for (uint32_t o = 0; o < loop->body.ops.count; o++) {
		IrBlock one = {0};
		vec_push(ad->scratch, &one.ops, loop->body.ops.data[o]);
		ad_primal_block(ad, &one, false);
		for (IrDef def = ir_defs(loop->body.ops.data[o]); ir_next_def(&def);)
			if (place[def.value] > 0)
				yields[place[def.value] - 1] = ad_push(ad, loop, def.value, &kept.data[place[def.value] - 1].part);
	}
}

/* value + more; value 0: more */
static IrValue whole_number(Ad *ad, IrValue value, int64_t more) {
	IrForBuilder f = ir_for_begin(&ad->b);
	uint32_t sum = ir_int(&f, more);
	if (value)
		sum = ir_op2(&f, IR_add, ir_read_scalar(&f, value), sum);
	IrValue out = ir_put(&f, IR_PUT_NONE, sum, ir_scalar_type(IR_I64), NULL, 0, false);
	ir_for_end(&f);
	return out;
}

void ad_save_loop(Ad *ad, const IrOp *op) {
	const IrLoop *loop = &op->loop;
	uint32_t count = loop->carries.count, stacks = 0;
	bool active = any_active(ad, loop);
	AdSaved *saved = active ? ad_plan_saved(ad, loop) : ARENA_ARRAY(ad->scratch, AdSaved, count + 1);
	AdKept kept = active ? ad_plan_kept(ad, loop) : (AdKept){0};
	for (uint32_t k = 0; k < count; k++)
		stacks += saved[k].count;
	for (uint32_t i = 0; i < kept.count; i++)
		kept.data[i].part.stack = ad_stack(ad, loop, kept.data[i].value);
	bool ends_early = active && loop->goes;
	IrValue none = ends_early ? whole_number(ad, 0, 0) : 0;
	IrLoopCopy copy = {.b = &ad->b, .from = ad->from, .loop = loop, .map = &ad->map};
	ir_loop_copy_begin(&copy);
	ad->reversed[loop->counter] = false;
	for (uint32_t k = 0; k < count; k++)
		for (uint32_t i = 0; i < saved[k].count; i++)
			saved[k].data[i].stack = ir_loop_copy_carry(&copy, saved[k].data[i].stack);
	for (uint32_t i = 0; i < kept.count; i++)
		kept.data[i].part.stack = ir_loop_copy_carry(&copy, kept.data[i].part.stack);
	if (ends_early)
		ir_loop_copy_carry(&copy, none); /* the turns that are run, which are those that are taken back */
	IrValue *yields = ARENA_ARRAY(ad->scratch, IrValue, stacks + kept.count + 1);
	stacks = 0;
	for (uint32_t k = 0; k < count; k++)
		for (uint32_t i = 0; i < saved[k].count; i++)
			yields[stacks++] = ad_push(ad, loop, loop->carries.data[k].inner, &saved[k].data[i]);
	push_body(ad, loop, kept, yields + stacks);
	if (ends_early)
		yields[stacks + kept.count] = whole_number(ad, copy.made->loop.counter, 1);
	ad->b.span = op->span;
	ir_loop_copy_end(&copy, yields);
	stacks = 0;
	for (uint32_t k = 0; k < count; k++)
		for (uint32_t i = 0; i < saved[k].count; i++)
			saved[k].data[i].stack = ir_loop_copy_out(&copy, stacks++);
	for (uint32_t i = 0; i < kept.count; i++)
		kept.data[i].part.stack = ir_loop_copy_out(&copy, stacks++);
	if (ends_early)
		ad->turns[loop->counter] = ir_loop_copy_out(&copy, stacks);
	ad->saved[loop->counter] = saved;
	ad->kept[loop->counter] = kept;
}

/* What the backward loop carries. */
typedef struct Backward {
	Ad *ad;
	const IrLoop *loop;
	IrOp *made;
	bool *carried;         /* per carry of the source loop: has a cotangent */
	VEC(IrValue) captured; /* old values outside that the body's adjoint adds to */
	IrValue *captured_inits;
	IrValue *undone; /* per carry saved in parts: its value after the turn, then before it */
	IrValue turns;   /* the number of turns if it is not the limit */
} Backward;

static Backward plan(Ad *ad, const IrLoop *loop) {
	Backward w = {.ad = ad, .loop = loop};
	bool *need = ARENA_ARRAY(ad->scratch, bool, ad->from->values.count);
	bool *inside = ARENA_ARRAY(ad->scratch, bool, ad->from->values.count);
	w.carried = ARENA_ARRAY(ad->scratch, bool, loop->carries.count + 1);
	for (uint32_t k = 0; k < loop->carries.count; k++)
		need[loop->carries.data[k].out] = ad->linear[loop->carries.data[k].out] != 0;
	ad_need_inside(&ad->facts, loop, need);
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
	w->turns = w->loop->goes ? ad->turns[w->loop->counter] : clamped_trips(ad, w->loop);
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
	w->undone = ARENA_ARRAY(ad->scratch, IrValue, count + 1);
	for (uint32_t k = 0; k < count; k++)
		if (ad_in_parts(ad->saved[w->loop->counter][k]))
			w->undone[k] = ir_loop_carry(&ad->b, w->made, ir_map_get(&ad->map, w->loop->carries.data[k].out));
}

/* The body's values of the turn that is being taken back. */
static void restore(Backward *w) {
	Ad *ad = w->ad;
	const IrLoop *loop = w->loop;
	ir_map_set(&ad->map, loop->counter, w->made->loop.counter);
	ad->reversed[loop->counter] = true;
	ad->turns[loop->counter] = w->turns;
	ad->limit[loop->counter] = loop->limit;
	for (uint32_t k = 0; k < loop->carries.count; k++) {
		const IrCarry *c = &loop->carries.data[k];
		AdSaved saved = ad->saved[loop->counter][k];
		IrValue value = saved.count ? w->undone[k] : ir_map_get(&ad->map, c->init);
		for (uint32_t i = 0; i < saved.count; i++)
			value = ad_pop(ad, loop, c->inner, &saved.data[i], value);
		if (w->undone[k])
			w->undone[k] = value;
		ir_map_set(&ad->map, c->inner, value);
	}
	AdKept kept = ad->kept[loop->counter];
	for (uint32_t i = 0; i < kept.count; i++) {
		ad->stack[kept.data[i].value] = kept.data[i].part.stack;
		ad->home[kept.data[i].value] = loop;
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
	IrValue *yields = ARENA_ARRAY(ad->scratch, IrValue, 2 * count + w.captured.count + 1);
	uint32_t made = 0;
	for (uint32_t k = 0; k < count; k++) {
		IrValue inner = loop->carries.data[k].inner;
		if (w.carried[k])
			yields[made++] = ad->linear[inner] ? ad->linear[inner] : ad_zeros(ad, ir_type(ad->from, inner));
	}
	for (uint32_t i = 0; i < w.captured.count; i++)
		yields[made++] = ad->linear[w.captured.data[i]];
	for (uint32_t k = 0; k < count; k++)
		if (w.undone[k])
			yields[made++] = w.undone[k];
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
