/* Tensor IR to loop IR: every value gets a buffer, every FOR becomes a kernel call, every LOOP a repeat of the schedule.
 *
 * A put with `into` runs in place where the base is not needed again; a loop carry lives in one buffer for the whole loop,
 * and what a turn yields is computed right there where the old value is no longer needed, else copied at the end of
 * the turn. So writing one row of a stack in a loop costs one row. */
#include "jit/nest/lower.h"
#include "ir/build.h"
#include "ir/core/walk.h"
#include "ir/pass/pass.h"
#include "jit/nest/limits.h"
#include "jit/nest/nest.h"

typedef struct OuterUses {
	VEC(IrValue) values;
	uint32_t end;
} OuterUses;

typedef struct Lower {
	LoopFunc *out;
	Arena *arena;
	const IrFunc *ir;
	const JitOptions *options;
	uint32_t *buffer_of; /* per value */
	uint32_t *target;    /* per value: the buffer it should be computed in, or LOOP_NO_BUFFER */
	uint32_t *first;     /* per value: the position that defines it */
	uint32_t *last;      /* ... and the last that uses it */
	uint32_t *depth;     /* ... and in how many loops it is defined */
	uint32_t *init_uses; /* how many carries start from it */
	uint32_t *uses;      /* ... and how many uses it has */
	const ArithProducts *products;
	uint32_t for_count; /* FORs lowered so far */
	uint32_t position;
	/* FORs in a row that become one kernel: per position, where its group begins and (at the beginning) ends */
	VEC(uint32_t) group_begin;
	VEC(uint32_t) group_end;
	VEC(const IrOp *) pending; /* of the group being lowered */
	Arena *scratch;            /* of the kernel being made */
	uint32_t *inside;          /* per value: uses by the ops of this kernel; 0 between kernels */
	bool *escapes;             /* ... and whether it has others, of values that they define */
	VEC(OuterUses *) loops;    /* the loops around, while numbering */
	VEC(uint32_t) ends;        /* the end position of each loop, in order of their beginnings */
	uint32_t next_end;
	uint32_t now_depth;
} Lower;

/* ---- positions and lifetimes ---- */

static void touch(Lower *l, IrValue value) {
	if (l->depth[value] < l->loops.count)
		vec_push(l->arena, &l->loops.data[l->depth[value]]->values, value);
	else if (l->last[value] < l->position)
		l->last[value] = l->position;
}

static void use(Lower *l, IrValue value) {
	if (value == 0)
		return;
	l->uses[value]++;
	touch(l, value);
}

static void next_position(Lower *l) {
	l->position++;
	vec_push(l->arena, &l->group_begin, l->position);
	vec_push(l->arena, &l->group_end, l->position);
}

static void define(Lower *l, IrValue value) {
	l->first[value] = l->position;
	l->last[value] = l->position;
	l->depth[value] = l->loops.count;
}

/* FORs in a row that become one kernel, so far. */
typedef struct Group {
	uint32_t begin; /* position of the first; 0: none */
	uint32_t size;  /* nodes and puts */
} Group;

/* ---- one rule of each sort for each kind of op: number_ says when its values live, lower_ makes steps of it ---- */

#define KIND(NAME, name)                                                                                               \
	static void number_##name(Lower *l, const IrOp *op, Group *group);                                                 \
	static void lower_##name(Lower *l, const IrOp *op, LoopSteps *steps);
#include "ir/core/kinds.def"
#undef KIND

typedef struct LowerRules {
	void (*number)(Lower *l, const IrOp *op, Group *group);
	void (*lower)(Lower *l, const IrOp *op, LoopSteps *steps);
} LowerRules;

static const LowerRules rules[IR_KIND_COUNT] = {
#define KIND(NAME, name) [IR_##NAME] = {number_##name, lower_##name},
#include "ir/core/kinds.def"
#undef KIND
};

static void number_block(Lower *l, const IrBlock *block) {
	Group group = {0};
	for (uint32_t i = 0; i < block->ops.count; i++) {
		next_position(l);
		rules[block->ops.data[i]->kind].number(l, block->ops.data[i], &group);
	}
}

static void number_const(Lower *l, const IrOp *op, Group *group) {
	(void)group;
	define(l, op->constant.out);
}

static void number_evaluate(Lower *l, const IrOp *op, Group *group) {
	use(l, op->evaluate.at);
	use(l, op->evaluate.when);
	define(l, op->evaluate.f);
	define(l, op->evaluate.g);
	group->begin = 0;
}

static void number_call(Lower *l, const IrOp *op, Group *group) {
	for (IrUse one = ir_uses(op); ir_next_use(&one);)
		use(l, one.value);
	for (IrDef def = ir_defs(op); ir_next_def(&def);)
		define(l, def.value);
	group->begin = 0;
}

static void number_deferred(Lower *l, const IrOp *op, Group *group) {
	(void)l;
	(void)op;
	(void)group;
	base_panic("lower", "the function has a derivative of an objective that was not linked");
}

static void number_loop(Lower *l, const IrOp *op, Group *group) {
	const IrLoop *loop = &op->loop;
	use(l, loop->trips);
	for (uint32_t i = 0; i < loop->carries.count; i++) {
		use(l, loop->carries.data[i].init);
		l->init_uses[loop->carries.data[i].init]++;
	}
	OuterUses *uses = ARENA_NEW(l->arena, OuterUses);
	vec_push(l->arena, &l->loops, uses);
	uint32_t number = l->ends.count;
	vec_push(l->arena, &l->ends, 0);
	define(l, loop->counter);
	for (uint32_t i = 0; i < loop->carries.count; i++)
		define(l, loop->carries.data[i].inner);
	number_block(l, &loop->body);
	next_position(l);
	for (uint32_t i = 0; i < loop->carries.count; i++)
		use(l, loop->carries.data[i].yield);
	l->ends.data[number] = l->position;
	l->loops.count--;
	for (uint32_t i = 0; i < uses->values.count; i++)
		touch(l, uses->values.data[i]);
	for (uint32_t i = 0; i < loop->carries.count; i++)
		define(l, loop->carries.data[i].out);
	group->begin = 0;
}

/* A reduction long enough to be a kernel of its own, which then other places may share. */
static bool is_long(const Lower *l, const IrFor *f) {
	for (uint32_t p = 0; p < f->puts.count; p++) {
		const IrPut *put = &f->puts.data[p];
		uint32_t named = 0;
		for (uint32_t a = 0; a < ir_type(l->ir, put->out).rank; a++)
			for (uint32_t t = 0; t < put->at[a].term_count; t++)
				named |= put->at[a].terms[t].is_node ? 0 : 1u << put->at[a].terms[t].ref;
		int64_t turns = 1;
		for (uint32_t i = 0; i < f->indices.count; i++) {
			const IrIndex *index = &f->indices.data[i];
			if (!(named >> i & 1) && !index->lane)
				turns = index->extent < 0 || turns > NEST_LONG_REDUCTION ? NEST_LONG_REDUCTION : turns * index->extent;
		}
		if (turns >= NEST_LONG_REDUCTION)
			return true;
	}
	return false;
}

static void number_for(Lower *l, const IrOp *op, Group *group) {
	for (IrUse one = ir_uses(op); ir_next_use(&one);)
		use(l, one.value);
	for (IrDef def = ir_defs(op); ir_next_def(&def);)
		define(l, def.value);
	uint32_t size = op->f.puts.count;
	for (uint32_t k = 0; k < op->f.nodes.count; k++)
		size += loop_node_weight(&op->f.nodes.data[k]);
	bool alone = l->options->no_fusion || is_long(l, &op->f);
	if (group->begin == 0 || alone || group->size + size > NEST_MAX_KERNEL)
		*group = (Group){.begin = l->position};
	group->size += size;
	l->group_begin.data[l->position] = group->begin;
	l->group_end.data[group->begin] = l->position;
	if (alone)
		group->begin = 0;
}

/* ---- buffers ---- */

/* Ops of one kernel run as one, so what one of them needs must not share its place with what another makes. */
static uint32_t group_first(const Lower *l, uint32_t position) {
	return position < l->group_begin.count ? l->group_begin.data[position] : position;
}

static uint32_t group_last(const Lower *l, uint32_t position) {
	return position < l->group_begin.count ? l->group_end.data[l->group_begin.data[position]] : position;
}

static uint32_t new_buffer(Lower *l, LoopBufferKind kind, IrType type, Name name) {
	LoopBuffer buffer = {
		.kind = kind, .type = type.scalar, .storage = type.storage, .name = name, .elements = loop_elements(type)};
	buffer.first = group_first(l, l->position);
	buffer.last = group_last(l, l->position);
	vec_push(l->arena, &l->out->buffers, buffer);
	return l->out->buffers.count - 1;
}

static void place(Lower *l, IrValue value, uint32_t buffer) {
	LoopBuffer *b = &l->out->buffers.data[buffer];
	l->buffer_of[value] = buffer;
	uint32_t first = group_first(l, l->first[value]), last = group_last(l, l->last[value]);
	b->first = first < b->first ? first : b->first;
	b->last = last > b->last ? last : b->last;
}

static void add_copy(Lower *l, LoopSteps *steps, uint32_t to, uint32_t from) {
	if (to == from)
		return;
	LoopStep *step = ARENA_NEW(l->arena, LoopStep);
	step->kind = LOOP_COPY;
	step->to = to;
	step->from = from;
	vec_push(l->arena, &steps->steps, step);
}

static bool same_places(const IrAt *a, const IrAt *b, uint32_t rank) {
	for (uint32_t i = 0; i < rank; i++)
		if (!ir_at_equal(a[i], b[i]))
			return false;
	return true;
}

/* Whether `put` may write where `base` lies while its op reads `base`: only elements that the same point writes. */
static bool may_overwrite(const Lower *l, const IrOp *op, const IrPut *put, IrValue base) {
	IrType type = ir_type(l->ir, put->out);
	if (!ir_type_equal(type, ir_type(l->ir, base)))
		return false;
	bool reads = false;
	for (uint32_t i = 0; i < op->f.nodes.count; i++) {
		const IrNode *node = &op->f.nodes.data[i];
		if (node->kind != IR_NODE_READ || node->value != base)
			continue;
		reads = true;
		if (node->guarded || !same_places(node->at, put->at, type.rank))
			return false;
	}
	for (uint32_t i = 0; i < op->f.puts.count; i++) {
		const IrPut *other = &op->f.puts.data[i];
		if (other != put && other->into == base)
			return false;
		if (reads && (other != put || put->combine != IR_PUT_NONE) && other->combine != IR_PUT_NONE &&
		    op->f.puts.count > 1)
			return false;
	}
	if (!reads)
		return true;
	if (put->combine == IR_PUT_NONE)
		return put->into == 0 || put->into == base;
	uint32_t set;
	return put->into == base && ir_ats_plain(put->at, type.rank, &set);
}

/* Whether code of ours makes the value: it is no parameter and no table, whose buffers are not ours to write. */
static bool is_computed(const Lower *l, IrValue value) {
	IrDefKind kind = ir_def_of(l->ir, value).kind;
	return kind != IR_DEF_PARAM && kind != IR_DEF_TABLE;
}

/* The base of an `into` chain is gone after this op and lies at the same depth. */
static bool dies_at(const Lower *l, IrValue value, uint32_t position, uint32_t depth) {
	return is_computed(l, value) && l->last[value] == position && l->depth[value] == depth;
}

/* The value whose buffer `value` could continue in: the base of an `into` that dies, or the start of a loop that does. */
static IrValue continues(const Lower *l, IrValue value) {
	IrDef def = ir_def_of(l->ir, value);
	if (def.kind == IR_DEF_PUT) {
		const IrPut *put = &def.op->f.puts.data[def.number];
		bool dies = put->into && dies_at(l, put->into, l->first[value], l->depth[value]);
		return dies && may_overwrite(l, def.op, put, put->into) ? put->into : 0;
	}
	if (def.kind != IR_DEF_OUT)
		return 0;
	IrValue init = def.op->loop.carries.data[def.number].init;
	uint32_t begin = l->first[def.op->loop.counter];
	return l->init_uses[init] == 1 && dies_at(l, init, begin, l->depth[value]) ? init : 0;
}

/* A carry inside its loop. Its buffer is promised to what the turn yields for it, so that only a chain that ends there
 * (set_target) may go on in it: anything else may still be read when that yield is computed. */
static bool is_carry(const Lower *l, IrValue value) {
	return ir_def_of(l->ir, value).kind == IR_DEF_INNER;
}

/* Wants `value`, and what it continues, in `buffer`. */
static void set_target(Lower *l, IrValue value, uint32_t buffer) {
	while (value != 0 && l->target[value] == LOOP_NO_BUFFER && l->buffer_of[value] == LOOP_NO_BUFFER) {
		l->target[value] = buffer;
		value = continues(l, value);
	}
}

/* ---- ops ---- */

static void lower_block(Lower *l, const IrBlock *block, LoopSteps *steps);

/* The pending ops as one kernel. */
static void flush(Lower *l, LoopSteps *steps) {
	if (l->pending.count == 0)
		return;
	for (uint32_t i = 0; i < l->pending.count; i++)
		for (IrUse one = ir_uses(l->pending.data[i]); ir_next_use(&one);)
			l->inside[one.value]++;
	for (uint32_t i = 0; i < l->pending.count; i++)
		for (IrDef def = ir_defs(l->pending.data[i]); ir_next_def(&def);)
			l->escapes[def.value] = l->inside[def.value] != l->uses[def.value];
	NestKernel nest = {
		.func = l->out, .ops = l->pending.data, .op_count = l->pending.count, .strict = l->options->strict};
	nest.one_block = l->options->one_block;
	nest.registers = l->options->registers ? l->options->registers : NEST_REGISTERS;
	nest.explain = l->options->explain;
	nest.buffer_of = l->buffer_of;
	nest.escapes = l->escapes;
	nest.scratch = l->scratch;
	nest.products = l->products ? &l->products->data[l->for_count - l->pending.count] : NULL;
	nest_lower_kernel(&nest, steps);
	for (uint32_t i = 0; i < l->pending.count; i++)
		for (IrUse one = ir_uses(l->pending.data[i]); ir_next_use(&one);)
			l->inside[one.value] = 0;
	l->pending.count = 0;
}

static void lower_for(Lower *l, const IrOp *op, LoopSteps *steps) {
	bool copies = false;
	for (uint32_t i = 0; i < op->f.puts.count; i++) {
		const IrPut *put = &op->f.puts.data[i];
		const IrValueInfo *info = ir_info(l->ir, put->out);
		uint32_t buffer = l->target[put->out];
		if (buffer == LOOP_NO_BUFFER && continues(l, put->out) && !is_carry(l, put->into))
			buffer = l->buffer_of[put->into];
		if (buffer == LOOP_NO_BUFFER)
			buffer = new_buffer(l, LOOP_SCRATCH, *info->type, info->name);
		place(l, put->out, buffer);
		copies = copies || (put->into && l->buffer_of[put->into] != buffer);
	}
	/* A copy comes before the kernel, and so after all that its source depends on. */
	if (copies || l->group_begin.data[l->position] == l->position)
		flush(l, steps);
	vec_push(l->arena, &l->pending, op);
	l->for_count++;
}

/* Where the op that defines a value begins: with what it defines in its blocks, if there are any. */
static uint32_t start_of(const Lower *l, IrDef def) {
	for (IrDef other = ir_defs(def.op); ir_next_def(&other);)
		if (other.block >= 0)
			return l->first[other.value];
	return l->first[def.value];
}

/* Whether the yield of a carry may be computed where the carry lies: nothing reads the old value after that starts. */
static bool yield_in_place(const Lower *l, const IrCarry *carry, uint32_t depth) {
	IrValue value = carry->yield;
	if (l->depth[value] != depth || l->buffer_of[value] != LOOP_NO_BUFFER || l->target[value] != LOOP_NO_BUFFER)
		return false;
	for (IrValue before; (before = continues(l, value)) != 0; value = before) {
		if (before == carry->inner)
			return true;
		if (l->buffer_of[before] != LOOP_NO_BUFFER || l->target[before] != LOOP_NO_BUFFER)
			return false;
	}
	IrDef def = ir_def_of(l->ir, value);
	if (!is_computed(l, value))
		return false;
	uint32_t start = start_of(l, def);
	if (l->last[carry->inner] < start)
		return true;
	if (def.kind != IR_DEF_PUT || l->last[carry->inner] != start)
		return false;
	const IrPut *put = &def.op->f.puts.data[def.number];
	return put->into == 0 && put->combine == IR_PUT_NONE && may_overwrite(l, def.op, put, carry->inner);
}

static void lower_yields(Lower *l, const IrLoop *loop, LoopSteps *steps) {
	Arena *arena = l->arena;
	uint32_t *from = ARENA_ARRAY(arena, uint32_t, loop->carries.count + 1);
	for (uint32_t i = 0; i < loop->carries.count; i++)
		from[i] = l->buffer_of[loop->carries.data[i].yield];
	/* A carry that is overwritten by one copy and read by a later one goes through a third place. */
	for (uint32_t i = 0; i < loop->carries.count; i++) {
		uint32_t to = l->buffer_of[loop->carries.data[i].inner];
		bool overwritten = from[i] != to, read = false;
		for (uint32_t k = i + 1; k < loop->carries.count; k++)
			read = read || from[k] == to;
		if (!overwritten || !read)
			continue;
		const IrValueInfo *info = ir_info(l->ir, loop->carries.data[i].inner);
		uint32_t saved = new_buffer(l, LOOP_SCRATCH, *info->type, 0);
		add_copy(l, steps, saved, to);
		for (uint32_t k = i + 1; k < loop->carries.count; k++)
			if (from[k] == to)
				from[k] = saved;
	}
	for (uint32_t i = 0; i < loop->carries.count; i++)
		add_copy(l, steps, l->buffer_of[loop->carries.data[i].inner], from[i]);
}

static void lower_loop(Lower *l, const IrOp *op, LoopSteps *steps) {
	const IrLoop *loop = &op->loop;
	flush(l, steps);
	uint32_t end = l->ends.data[l->next_end++];
	for (uint32_t i = 0; i < loop->carries.count; i++) {
		const IrCarry *carry = &loop->carries.data[i];
		const IrValueInfo *info = ir_info(l->ir, carry->out);
		uint32_t buffer = l->target[carry->out];
		if (buffer == LOOP_NO_BUFFER && continues(l, carry->out) && !is_carry(l, carry->init))
			buffer = l->buffer_of[carry->init];
		if (buffer == LOOP_NO_BUFFER)
			buffer = new_buffer(l, LOOP_SCRATCH, *info->type, info->name);
		place(l, carry->inner, buffer);
		place(l, carry->out, buffer);
		add_copy(l, steps, buffer, l->buffer_of[carry->init]);
	}
	LoopStep *step = ARENA_NEW(l->arena, LoopStep);
	step->kind = LOOP_REPEAT;
	step->limit = loop->limit;
	step->trips = loop->trips ? l->buffer_of[loop->trips] : LOOP_NO_BUFFER;
	step->goes = loop->goes ? l->buffer_of[loop->goes] : LOOP_NO_BUFFER;
	step->counter = new_buffer(l, LOOP_SCRATCH, ir_scalar_type(IR_I64), ir_info(l->ir, loop->counter)->name);
	place(l, loop->counter, step->counter);
	l->out->buffers.data[step->counter].last = end;
	l->now_depth++;
	for (uint32_t i = 0; i < loop->carries.count; i++)
		if (yield_in_place(l, &loop->carries.data[i], l->now_depth))
			set_target(l, loop->carries.data[i].yield, l->buffer_of[loop->carries.data[i].inner]);
	lower_block(l, &loop->body, &step->body);
	l->position++;
	lower_yields(l, loop, &step->body);
	l->now_depth--;
	vec_push(l->arena, &steps->steps, step);
}

static void lower_const(Lower *l, const IrOp *op, LoopSteps *steps) {
	uint32_t buffer = new_buffer(l, LOOP_TABLE, ir_type(l->ir, op->constant.out), 0);
	(void)steps;
	l->out->buffers.data[buffer].table = &op->constant;
	l->buffer_of[op->constant.out] = buffer;
}

static void lower_call(Lower *l, const IrOp *op, LoopSteps *steps) {
	flush(l, steps);
	for (IrDef def = ir_defs(op); ir_next_def(&def);) {
		const IrValueInfo *info = ir_info(l->ir, def.value);
		uint32_t buffer = l->target[def.value];
		place(l, def.value, buffer != LOOP_NO_BUFFER ? buffer : new_buffer(l, LOOP_SCRATCH, *info->type, info->name));
	}
	nest_lower_call(l->out, op, l->buffer_of, l->options, steps);
}

/* The place for what an evaluation gives; LOOP_NO_BUFFER if nobody reads it. */
static uint32_t place_evaluated(Lower *l, IrValue value) {
	if (l->uses[value] == 0)
		return LOOP_NO_BUFFER;
	const IrValueInfo *info = ir_info(l->ir, value);
	uint32_t buffer = l->target[value];
	if (buffer == LOOP_NO_BUFFER)
		buffer = new_buffer(l, LOOP_SCRATCH, *info->type, info->name);
	place(l, value, buffer);
	return buffer;
}

static void lower_evaluate(Lower *l, const IrOp *op, LoopSteps *steps) {
	flush(l, steps);
	LoopStep *step = ARENA_NEW(l->arena, LoopStep);
	step->kind = LOOP_EVALUATE;
	step->evaluate.at = l->buffer_of[op->evaluate.at];
	step->evaluate.when = op->evaluate.when ? l->buffer_of[op->evaluate.when] : LOOP_NO_BUFFER;
	step->evaluate.f = place_evaluated(l, op->evaluate.f);
	step->evaluate.g = place_evaluated(l, op->evaluate.g);
	vec_push(l->arena, &steps->steps, step);
}

static void lower_deferred(Lower *l, const IrOp *op, LoopSteps *steps) {
	(void)op;
	flush(l, steps);
	base_panic("lower", "the function has a derivative of an objective that was not linked");
}

static void lower_block(Lower *l, const IrBlock *block, LoopSteps *steps) {
	for (uint32_t i = 0; i < block->ops.count; i++) {
		l->position++;
		rules[block->ops.data[i]->kind].lower(l, block->ops.data[i], steps);
	}
	flush(l, steps);
}

/* ---- functions ---- */

static uint32_t *per_value(Lower *l, uint32_t start) {
	uint32_t *array = ARENA_ARRAY(l->arena, uint32_t, l->ir->values.count);
	for (uint32_t i = 0; i < l->ir->values.count; i++)
		array[i] = start;
	return array;
}

/* `func` has only primitive ops, unless it is for C. products: NULL if nothing may be fused. */
static LoopFunc *lower(IrModule *module, IrFunc *func, const JitOptions *options, const ArithProducts *products) {
	Lower lower = {.arena = module->arena, .ir = func, .options = options, .products = products};
	Lower *l = &lower;
	l->scratch = arena_new();
	l->inside = ARENA_ARRAY(l->scratch, uint32_t, func->values.count);
	l->escapes = ARENA_ARRAY(l->scratch, bool, func->values.count);
	l->out = ARENA_NEW(l->arena, LoopFunc);
	*l->out = (LoopFunc){.arena = l->arena, .ir = func, .session = module->session};
	l->buffer_of = per_value(l, LOOP_NO_BUFFER);
	l->target = per_value(l, LOOP_NO_BUFFER);
	l->first = per_value(l, 0);
	l->last = per_value(l, 0);
	l->depth = per_value(l, 0);
	l->init_uses = per_value(l, 0);
	l->uses = per_value(l, 0);
	vec_push(l->arena, &l->group_begin, 0);
	vec_push(l->arena, &l->group_end, 0);
	number_block(l, &func->body);
	next_position(l);
	for (uint32_t i = 0; i < func->results.count; i++)
		use(l, func->results.data[i].value);
	l->position = 0;
	for (uint32_t i = 0; i < func->params.count; i++) {
		const IrParam *param = &func->params.data[i];
		uint32_t buffer = new_buffer(l, LOOP_PARAM, ir_type(func, param->value), param->name);
		l->out->buffers.data[buffer].number = i;
		l->buffer_of[param->value] = buffer;
	}
	uint32_t *result_buffers = ARENA_ARRAY(l->arena, uint32_t, func->results.count + 1);
	for (uint32_t i = 0; i < func->results.count; i++) {
		const IrResult *result = &func->results.data[i];
		result_buffers[i] = new_buffer(l, LOOP_RESULT, ir_type(func, result->value), result->name);
		l->out->buffers.data[result_buffers[i]].number = i;
		if (is_computed(l, result->value))
			set_target(l, result->value, result_buffers[i]);
	}
	lower_block(l, &func->body, &l->out->body);
	for (uint32_t i = 0; i < func->results.count; i++)
		add_copy(l, &l->out->body, result_buffers[i], l->buffer_of[func->results.data[i].value]);
	loop_plan_buffers(l->out);
	arena_free(l->scratch);
	return l->out;
}

static LoopFunc *lower_copy(IrModule *module, IrFunc *func, const JitOptions *options, bool calls) {
	IrScope scope;
	ir_scope_enter(&scope, "lower", func);
	IrFunc *copy = ir_func_copy(module, func, session_text(module->session, func->name));
	ArithProducts products = {0};
	if (!options->strict)
		arith_contract(copy, &products);
	copy = calls ? ir_expand_powers(module, copy) : ir_expand_math(module, copy, !options->strict);
	LoopFunc *lowered = lower(module, copy, options, options->strict ? NULL : &products);
	ir_scope_leave(&scope);
	return lowered;
}

LoopFunc *nest_function(IrModule *module, IrFunc *func, const JitOptions *options) {
	return lower_copy(module, func, options, false);
}

LoopFunc *nest_function_for_c(IrModule *module, IrFunc *func, const JitOptions *options) {
	return lower_copy(module, func, options, true);
}
