/* simplify: constants, copies, common operations, neutral accumulations, constant carries; then dead code.
 *
 *     %3 = for i:n { 1 } -> [i];  %4 = for i:n { mul(%3[i], %x[i]) } -> [i]   becomes   %4 is %x
 *     %5 = for i:n { f(%x[i]) } -> [i];  %6 = for i:n { f(%x[i]) } -> [i]     becomes   %6 is %5
 *     sum -> [i] over nothing, without into                                    becomes   -> [i]
 *
 * Requires a verified function; keeps meaning up to the sign of zeros. */
#include "ir/pass/limits.h"
#include "ir/pass/pass.h"
#include "ir/pass/rewrite.h"

#include <math.h>
#include <string.h>

typedef struct Known { /* every element of the value is this number */
	bool is;
	double real;
	int64_t integer;
} Known;

typedef struct Entry {
	uint64_t hash;
	const IrOp *op;
	uint32_t next; /* number of the entry before it with the same slot, + 1; 0: none */
} Entry;

typedef struct Simplify {
	const IrFunc *func; /* old */
	IrBuilder b;        /* new */
	IrMap map;
	IrCopier copier;
	Arena *scratch;
	VEC(Known) known; /* by new value */
	VEC(Entry) seen;  /* operations of the blocks around, innermost last */
	uint32_t *slots;  /* by hash: the last entry, + 1 */
} Simplify;

static void set_known(Simplify *s, IrValue value, Known known) {
	while (s->known.count <= value)
		vec_push(s->scratch, &s->known, (Known){0});
	s->known.data[value] = known;
}

static Known get_known(const Simplify *s, IrValue value) {
	return value < s->known.count ? s->known.data[value] : (Known){0};
}

/* An IrReplace: a read of a value that is the same number everywhere is that number. */
static uint32_t replace_known(void *context, IrRewrite *rewrite, uint32_t number) {
	const Simplify *s = context;
	const IrNode *node = &rewrite->from->nodes.data[number];
	if (node->kind != IR_NODE_READ || node->guarded)
		return IR_NO_NODE;
	Known known = get_known(s, ir_map_get(&s->map, node->value));
	IrType type = ir_type(s->func, node->value);
	if (known.is && pass_positions_may_fail(s->func, rewrite->from, type, node->at, false))
		return IR_NO_NODE; /* the check when it runs would be lost */
	return known.is ? ir_constant(rewrite->to, node->type, known.real, known.integer) : IR_NO_NODE;
}

static bool is_zero(const Simplify *s, IrValue value) {
	Known known = get_known(s, value);
	return known.is && known.real == 0 && !signbit(known.real) && known.integer == 0;
}

/* A sum over nothing is a plain put. The base stays where it is read in place: the value carried by a loop. */
static void emit_put(Simplify *s, IrRewrite *rewrite, const IrPut *put) {
	IrForBuilder *f = rewrite->to;
	const IrValueInfo *info = ir_info(s->func, put->out);
	IrCombine combine = put->combine;
	IrValue into = put->into ? ir_map_get(&s->map, put->into) : 0;
	IrAt *at = ir_rewrite_positions(rewrite, put->at, info->type->rank);
	uint32_t node = ir_rewrite_node(rewrite, put->node);
	bool permutation = pass_put_is_permutation(s->func, rewrite->from, put);
	if (combine == IR_PUT_SUM && into && is_zero(s, into))
		into = 0;
	if (combine == IR_PUT_NONE && into && permutation)
		into = 0;
	if (combine == IR_PUT_SUM && permutation) {
		if (!into) {
			combine = IR_PUT_NONE;
		} else if (ir_put_of(s->b.func, into, NULL)) {
			node = ir_op2(f, IR_add, ir_read(f, into, at, false), node);
			combine = IR_PUT_NONE;
			into = 0;
		}
	}
	s->b.name = info->name;
	ir_map_set(&s->map, put->out, ir_put(f, combine, node, *info->type, at, into, put->guarded));
}

/* The value that the operation merely copies, or 0. */
static IrValue copied_value(const IrFunc *func, const IrFor *f) {
	if (f->puts.count != 1 || f->puts.data[0].combine != IR_PUT_NONE || f->puts.data[0].into)
		return 0;
	const IrPut *put = &f->puts.data[0];
	const IrNode *node = &f->nodes.data[put->node];
	if (node->kind != IR_NODE_READ || node->guarded || !pass_put_is_permutation(func, f, put))
		return 0;
	if (!ir_type_equal(ir_type(func, node->value), ir_type(func, put->out)))
		return 0;
	for (uint32_t k = 0; k < node->at_count; k++)
		if (!ir_at_equal(node->at[k], put->at[k]))
			return 0;
	return node->value;
}

static const IrOp *find_same(const Simplify *s, const IrOp *op, uint64_t hash) {
	for (uint32_t i = s->slots[hash % PASS_SEEN_SLOTS]; i > 0; i = s->seen.data[i - 1].next)
		if (s->seen.data[i - 1].hash == hash && s->seen.data[i - 1].op->kind == IR_FOR &&
		    pass_for_equal(s->b.func, &s->seen.data[i - 1].op->f, &op->f))
			return s->seen.data[i - 1].op;
	return NULL;
}

static void see(Simplify *s, const IrOp *op, uint64_t hash) {
	uint32_t *slot = &s->slots[hash % PASS_SEEN_SLOTS];
	vec_push(s->scratch, &s->seen, ((Entry){hash, op, *slot}));
	*slot = s->seen.count;
}

/* The operations of a block are not visible behind it. */
static void forget(Simplify *s, uint32_t count) {
	while (s->seen.count > count) {
		const Entry *last = &s->seen.data[--s->seen.count];
		s->slots[last->hash % PASS_SEEN_SLOTS] = last->next;
	}
}

/* The operation with known values in place; false: it cannot be proved to be in order (a gather has become a position). */
static bool emit_for(Simplify *s, const IrFor *from, IrForBuilder *f, IrReplace *replace) {
	*f = ir_for_begin(&s->b);
	IrRewrite rewrite = ir_rewrite_same_domain(s->scratch, f, from, &s->map);
	rewrite.replace = replace;
	rewrite.context = s;
	for (uint32_t p = 0; p < from->puts.count; p++) {
		const IrPut *put = &from->puts.data[p];
		if (ir_put_is_arg(put)) {
			s->b.name = ir_info(s->func, put->out)->name;
			ir_map_set(&s->map, put->out,
			           ir_put_arg(f, ir_map_get(&s->map, from->puts.data[put->arg_of].out), put->arg_index));
		} else {
			emit_put(s, &rewrite, put);
		}
	}
	s->b.name = 0;
	return ir_for_try_end(f);
}

static void simplify_for(void *context, const IrOp *old) {
	Simplify *s = context;
	const IrFor *from = &old->f;
	IrForBuilder f;
	if (!emit_for(s, from, &f, replace_known) && !emit_for(s, from, &f, NULL))
		ir_for_end(&f); /* says what is wrong */
	IrOp *op = f.op;
	IrValue copy = copied_value(s->b.func, &op->f);
	uint64_t hash = pass_for_hash(s->b.func, &op->f);
	const IrOp *same = copy ? NULL : find_same(s, op, hash);
	if (copy)
		ir_map_set(&s->map, from->puts.data[0].out, copy);
	else if (same)
		for (uint32_t p = 0; p < from->puts.count; p++)
			ir_map_set(&s->map, from->puts.data[p].out, same->f.puts.data[p].out);
	if (copy || same) {
		s->b.block->ops.count--;
		return;
	}
	see(s, op, hash);
	for (uint32_t p = 0; p < op->f.puts.count; p++) {
		const IrPut *put = &op->f.puts.data[p];
		const IrNode *node = ir_put_is_arg(put) ? NULL : &op->f.nodes.data[put->node];
		if (node && node->kind == IR_NODE_CONST && put->combine == IR_PUT_NONE && !put->into)
			set_known(s, put->out, (Known){true, node->real, node->integer});
	}
}

/* A carry that every turn passes on is what it starts from. */
static void simplify_loop(void *context, const IrOp *op) {
	Simplify *s = context;
	const IrLoop *loop = &op->loop;
	uint32_t seen = s->seen.count;
	bool *keep = ARENA_ARRAY(s->scratch, bool, loop->carries.count + 1);
	for (uint32_t i = 0; i < loop->carries.count; i++) {
		const IrCarry *carry = &loop->carries.data[i];
		keep[i] = carry->yield != carry->inner;
		if (keep[i])
			continue;
		ir_map_set(&s->map, carry->inner, ir_map_get(&s->map, carry->init));
		ir_map_set(&s->map, carry->out, ir_map_get(&s->map, carry->init));
	}
	IrLoopCopy copy = {.b = &s->b, .from = s->func, .loop = loop, .map = &s->map, .keep = keep};
	ir_loop_copy_begin(&copy);
	ir_copy_ops(&s->copier, &loop->body);
	forget(s, seen);
	ir_loop_copy_end(&copy, NULL);
}

/* What is evaluated at one place is evaluated once: where the first counts always, or under the same condition. */
static void simplify_evaluate(void *context, const IrOp *old) {
	Simplify *s = context;
	IrValue at = ir_map_get(&s->map, old->evaluate.at);
	IrValue when = old->evaluate.when ? ir_map_get(&s->map, old->evaluate.when) : 0;
	for (uint32_t i = s->slots[at % PASS_SEEN_SLOTS]; i > 0; i = s->seen.data[i - 1].next) {
		const IrOp *same = s->seen.data[i - 1].op;
		bool covers = same->kind == IR_EVALUATE && (same->evaluate.when == 0 || same->evaluate.when == when);
		if (!covers || same->evaluate.at != at)
			continue;
		ir_map_set(&s->map, old->evaluate.f, same->evaluate.f);
		ir_map_set(&s->map, old->evaluate.g, same->evaluate.g);
		return;
	}
	ir_copy_as_it_is(&s->copier, old);
	see(s, s->b.block->ops.data[s->b.block->ops.count - 1], at);
}

/* The same function of the same values. */
static void simplify_call(void *context, const IrOp *old) {
	Simplify *s = context;
	IrValue args[IR_MAX_ARGS] = {0};
	for (IrUse use = ir_uses(old); ir_next_use(&use);)
		args[use.number] = ir_map_get(&s->map, use.value);
	uint64_t hash = hash_bytes(args, sizeof args, old->call.callee);
	for (uint32_t i = s->slots[hash % PASS_SEEN_SLOTS]; i > 0; i = s->seen.data[i - 1].next) {
		const IrOp *same = s->seen.data[i - 1].op;
		if (same->kind != IR_CALL || same->call.callee != old->call.callee ||
		    memcmp(same->call.args, args, sizeof args) != 0)
			continue;
		for (IrDef def = ir_defs(old); ir_next_def(&def);)
			ir_map_set(&s->map, def.value, same->call.outs[def.number]);
		return;
	}
	ir_copy_as_it_is(&s->copier, old);
	see(s, s->b.block->ops.data[s->b.block->ops.count - 1], hash);
}

static IrCopyRule *const rules[IR_KIND_COUNT] = {
	[IR_FOR] = simplify_for, [IR_LOOP] = simplify_loop, [IR_EVALUATE] = simplify_evaluate, [IR_CALL] = simplify_call};

IrFunc *ir_pass_simplify(IrModule *module, IrFunc *func) {
	func = pass_remove_dead(module, func);
	Arena *scratch = arena_new();
	Simplify s = {.func = func, .scratch = scratch, .map = ir_map_new(scratch, func)};
	s.slots = ARENA_ARRAY(scratch, uint32_t, PASS_SEEN_SLOTS);
	s.copier = (IrCopier){.from = func, .b = &s.b, .map = &s.map, .rules = rules, .context = &s};
	IrFunc *out = ir_copier_run(&s.copier, module);
	arena_free(scratch);
	return pass_remove_dead(module, out);
}
