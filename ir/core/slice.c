/* A piece of a function, from one value to another, as a function of its own.
 *
 *     %2 u[n] = for i:n { mul(%w[], %x[i]) } -> [i]          from %x to %4:
 *     %3 c[] = for { exp(%w[]) } -> []                        @piece(%x[n], %w[], %c[]) -> %s[]
 *     %4 s[] = for i:n { mul(%u[i], %c[]) } sum -> []             with what makes %2 and %4
 *
 * What does not depend on the first value is computed where it stands, and comes in as a further parameter. */
#include "ir/core/copy.h"

#include <string.h>

typedef struct Slicer {
	const IrFunc *from;
	const IrPlaceInside *place;
	bool *depends; /* per value: on where the piece starts, as far as ops tell */
	bool *open;    /* per value: carried by a loop that is not complete, and that began after the start was made */
	bool *needed;  /* per value: something of the piece reads it */
	IrMap map;
	IrBuilder b;
	Arena *scratch;
	IrValue start;
	IrSlice *out;
} Slicer;

typedef struct Reads {
	const Slicer *s;
	bool any;
} Reads;

static void see_reads(void *context, const IrBlock *block, IrOp *op) {
	Reads *reads = context;
	(void)block;
	for (IrUse use = ir_uses(op); ir_next_use(&use) && !reads->any;)
		reads->any = reads->s->depends[use.value];
}

static void mark_defs(void *context, const IrBlock *block, IrOp *op) {
	Slicer *s = context;
	(void)block;
	for (IrDef def = ir_defs(op); ir_next_def(&def);)
		s->depends[def.value] = true;
}

/* Values are numbered as they are made, so one with a smaller number does not depend on the start. */
static void mark_open(Slicer *s, const IrOp *loop) {
	for (uint32_t k = 0; loop && loop->loop.counter > s->start && k < loop->loop.carries.count; k++) {
		IrValue inner = loop->loop.carries.data[k].inner;
		s->depends[inner] = s->open[inner] = true;
	}
}

static void find_dependents(Slicer *s) {
	s->depends[s->start] = true;
	for (uint32_t i = 0; i < s->place->count; i++) {
		mark_open(s, s->place->loops[i]);
		const IrBlock *block = s->place->blocks[i];
		for (uint32_t o = 0; o < block->ops.count; o++) {
			IrOp *op = block->ops.data[o];
			Reads reads = {.s = s};
			ir_visit_op(op, see_reads, &reads);
			if (reads.any)
				ir_visit_op(op, mark_defs, s);
		}
	}
}

static void need_uses(void *context, const IrBlock *block, IrOp *op) {
	Slicer *s = context;
	(void)block;
	for (IrUse use = ir_uses(op); ir_next_use(&use);)
		s->needed[use.value] = true;
}

static bool makes_needed(const Slicer *s, const IrOp *op) {
	for (IrDef def = ir_defs(op); ir_next_def(&def);)
		if (def.block < 0 && def.value != s->start && s->needed[def.value] && s->depends[def.value])
			return true;
	return false;
}

static void find_needed(Slicer *s, IrValue end) {
	s->needed[end] = true;
	for (uint32_t i = s->place->count; i-- > 0;) {
		const IrBlock *block = s->place->blocks[i];
		for (uint32_t o = block->ops.count; o-- > 0;) {
			IrOp *op = block->ops.data[o];
			if (makes_needed(s, op))
				ir_visit_op(op, need_uses, s);
		}
		const IrOp *loop = s->place->loops[i];
		for (uint32_t k = 0; loop && k < loop->loop.carries.count; k++) {
			IrValue inner = loop->loop.carries.data[k].inner;
			if (s->open[inner] && s->needed[inner])
				s->out->open = inner;
		}
	}
}

static IrType own_type(const Slicer *s, IrFunc *to, IrValue value) {
	IrType type = ir_type(s->from, value);
	for (int i = 0; i < type.rank; i++)
		if (type.dims[i] < 0)
			type.dims[i] =
				ir_symbol(to, session_text(s->from->module->session, s->from->symbols.data[-1 - type.dims[i]]));
	return type;
}

static void take_in(Slicer *s, IrValue value) {
	IrFunc *to = s->out->func;
	ir_map_set(&s->map, value,
	           ir_param(to, ir_name_text(s->from, ir_info(s->from, value)->name), own_type(s, to, value)));
	vec_push(s->out->args.arena, &s->out->args.values, value);
}

static void take_in_uses(void *context, const IrBlock *block, IrOp *op) {
	Slicer *s = context;
	(void)block;
	for (IrUse use = ir_uses(op); ir_next_use(&use);)
		if (s->depends[use.value] || s->map.to.data[use.value])
			continue;
		else if (ir_table_of(s->from, use.value)) /* what is known of its numbers stays known */
			ir_copy_op(&s->b, s->from, ir_info(s->from, use.value)->def, &s->map);
		else
			take_in(s, use.value);
}

static void copy_piece(Slicer *s, IrValue end) {
	IrFunc *to = s->out->func;
	for (uint32_t i = 0; i < s->from->symbols.count; i++)
		ir_symbol(to, ir_name_text(s->from, s->from->symbols.data[i]));
	s->b = ir_builder(to);
	take_in(s, s->start);
	for (uint32_t i = 0; i < s->place->count; i++) {
		const IrBlock *block = s->place->blocks[i];
		for (uint32_t o = 0; o < block->ops.count; o++) {
			IrOp *op = block->ops.data[o];
			if (!makes_needed(s, op))
				continue;
			ir_visit_op(op, take_in_uses, s);
			ir_copy_op(&s->b, s->from, op, &s->map);
		}
	}
	ir_result(to, "slice", ir_map_get(&s->map, end));
}

IrSlice ir_slice(Arena *arena, const IrFunc *func, const IrPlaceInside *place, IrValue start, IrValue end) {
	IrSlice out = {.args.arena = arena};
	Slicer s = {.from = func, .place = place, .scratch = arena_new(), .start = start, .out = &out};
	uint32_t count = func->values.count;
	s.depends = ARENA_ARRAY(s.scratch, bool, count);
	s.open = ARENA_ARRAY(s.scratch, bool, count);
	s.needed = ARENA_ARRAY(s.scratch, bool, count);
	s.map = ir_map_new(s.scratch, func);
	find_dependents(&s);
	if (s.depends[end]) {
		find_needed(&s, end);
		if (!out.open) {
			out.func = ir_func_new(func->module, "slice");
			copy_piece(&s, end);
		}
	}
	arena_free(s.scratch);
	return out;
}
