/* The builder of FOR ops: indices, conditions, positions, nodes (hash-consed), puts, and the sweep at the end. Folding is
 * in fold.c. */
#include "ir/build.h"
#include "ir/core/walk.h"

#include <stdlib.h>
#include <string.h>

static IrModule *module_of(const IrForBuilder *f) {
	return f->builder->func->module;
}

static Arena *arena_of(const IrForBuilder *f) {
	return module_of(f)->arena;
}

IrForBuilder ir_for_begin(IrBuilder *builder) {
	IrOp *op = ARENA_NEW(builder->func->module->arena, IrOp);
	op->kind = IR_FOR;
	op->span = builder->span;
	return (IrForBuilder){.builder = builder, .op = op};
}

static uint32_t add_index(IrForBuilder *f, IrIndex index) {
	if (f->op->f.indices.count == IR_MAX_INDICES)
		base_panic("ir_for_index", "more than %d indices", IR_MAX_INDICES);
	vec_push(arena_of(f), &f->op->f.indices, index);
	return f->op->f.indices.count - 1;
}

uint32_t ir_for_index(IrForBuilder *f, Name name, IrDim extent) {
	return add_index(f, (IrIndex){.name = name, .extent = extent});
}

uint32_t ir_for_lane(IrForBuilder *f) {
	if (f->op->f.indices.count)
		base_panic("ir_for_lane", "the lane index must be the first");
	return add_index(f, (IrIndex){.name = session_name(module_of(f)->session, "l"), .extent = IR_LANES, .lane = true});
}

/* ---- positions ---- */

static const IrNode *node_at(const IrForBuilder *f, uint32_t node) {
	if (node >= f->op->f.nodes.count)
		base_panic("ir_for", "node %u of %u", (unsigned)node, (unsigned)f->op->f.nodes.count);
	return &f->op->f.nodes.data[node];
}

/* Integer nodes that are still to be taken apart, each with its coefficient. */
typedef struct Pending {
	VEC(IrTerm) terms;
} Pending;

static void pend(const IrForBuilder *f, Pending *pending, uint32_t node, int64_t coef) {
	for (uint32_t i = 0; i < pending->terms.count; i++) {
		if (pending->terms.data[i].ref == node) {
			pending->terms.data[i].coef = ir_wrap_add(pending->terms.data[i].coef, coef);
			return;
		}
	}
	vec_push(arena_of(f), &pending->terms, ((IrTerm){coef, node, true}));
}

/* The pending node with the largest number: all that use it are taken apart already. */
static IrTerm take_last(Pending *pending) {
	uint32_t last = 0;
	for (uint32_t i = 1; i < pending->terms.count; i++)
		if (pending->terms.data[i].ref > pending->terms.data[last].ref)
			last = i;
	IrTerm term = pending->terms.data[last];
	pending->terms.data[last] = pending->terms.data[--pending->terms.count];
	return term;
}

/* Takes one node apart: sums, differences and multiples into what they are made of; all else is a gather atom. */
static IrAt take_apart(const IrForBuilder *f, Pending *pending, IrTerm term) {
	const IrNode *node = node_at(f, term.ref);
	IrModule *module = module_of(f);
	if (node->type == IR_I64 && node->kind == IR_NODE_CONST)
		return ir_at_const(ir_wrap_mul(node->integer, term.coef));
	if (node->kind == IR_NODE_INDEX)
		return ir_at_scale(module, node->at[0], term.coef);
	if (node->kind != IR_NODE_OP || node->type != IR_I64)
		return ir_at_node(module, term.ref, term.coef);
	uint32_t a = node->args[0], b = node->args[1];
	switch (node->opcode) {
	case IR_sub:
	case IR_add:
		pend(f, pending, a, term.coef);
		pend(f, pending, b, node->opcode == IR_add ? term.coef : ir_wrap_mul(term.coef, -1));
		return ir_at_const(0);
	case IR_neg: pend(f, pending, a, ir_wrap_mul(term.coef, -1)); return ir_at_const(0);
	case IR_mul:
		if (node_at(f, a)->kind == IR_NODE_CONST)
			pend(f, pending, b, ir_wrap_mul(term.coef, node_at(f, a)->integer));
		else if (node_at(f, b)->kind == IR_NODE_CONST)
			pend(f, pending, a, ir_wrap_mul(term.coef, node_at(f, b)->integer));
		else
			break;
		return ir_at_const(0);
	default: break;
	}
	return ir_at_node(module, term.ref, term.coef);
}

/* The affine form of an integer node. Every node is taken apart once, however often it is used. */
static IrAt affine_of(const IrForBuilder *f, uint32_t number) {
	Pending pending = {0};
	IrAt sum = ir_at_const(0);
	for (pend(f, &pending, number, 1); pending.terms.count > 0;)
		sum = ir_at_add(module_of(f), sum, take_apart(f, &pending, take_last(&pending)));
	return sum;
}

/* The same position with every atom that is affine taken apart. */
static IrAt canonical_at(const IrForBuilder *f, IrAt at) {
	IrAt sum = ir_at_const(at.offset);
	bool changed = false;
	for (uint32_t i = 0; i < at.term_count; i++) {
		IrTerm term = at.terms[i];
		IrAt part = {.term_count = 1, .terms = &at.terms[i]};
		if (term.is_node) {
			IrAt affine = affine_of(f, term.ref);
			if (affine.term_count != 1 || !affine.terms[0].is_node || affine.terms[0].ref != term.ref) {
				part = ir_at_scale(module_of(f), affine, term.coef);
				changed = true;
			}
		}
		sum = ir_at_add(module_of(f), sum, part);
	}
	return changed ? sum : at;
}

IrAt *ir_canonical_ats(const IrForBuilder *f, const IrAt *at, uint32_t count) {
	IrAt *copy = ARENA_ARRAY(arena_of(f), IrAt, count);
	for (uint32_t i = 0; i < count; i++)
		copy[i] = canonical_at(f, at[i]);
	return copy;
}

void ir_for_cond(IrForBuilder *f, IrAt at_least_zero) {
	IrAt cond = canonical_at(f, at_least_zero);
	if (cond.term_count == 0 && cond.offset >= 0)
		return;
	for (uint32_t i = 0; i < f->op->f.conds.count; i++)
		if (ir_at_equal(f->op->f.conds.data[i], cond))
			return;
	vec_push(arena_of(f), &f->op->f.conds, cond);
}

/* ---- nodes ---- */

static uint64_t mix(uint64_t hash, uint64_t value) {
	hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
	return hash ^ hash >> 29;
}

static uint64_t hash_node(const IrNode *node) {
	uint64_t hash = mix((uint64_t)node->kind, (uint64_t)node->type);
	hash = mix(hash, (uint64_t)node->opcode);
	for (int i = 0; node->kind == IR_NODE_OP && i < IR_MAX_ARGS; i++)
		hash = mix(hash, node->args[i]);
	hash = mix(hash, (uint64_t)node->integer);
	if (node->kind == IR_NODE_READ)
		hash = mix(hash, (uint64_t)node->value << 1 | node->guarded);
	for (uint32_t i = 0; i < node->at_count; i++) {
		hash = mix(hash, (uint64_t)node->at[i].offset);
		for (uint32_t j = 0; j < node->at[i].term_count; j++)
			hash = mix(mix(hash, (uint64_t)node->at[i].terms[j].coef), node->at[i].terms[j].ref);
	}
	return hash;
}

static bool same_node(const IrNode *a, const IrNode *b) {
	if (a->kind != b->kind || a->type != b->type || a->opcode != b->opcode || a->integer != b->integer ||
	    a->guarded != b->guarded || a->at_count != b->at_count)
		return false;
	if (a->kind == IR_NODE_OP)
		return memcmp(a->args, b->args, sizeof a->args) == 0;
	if (a->kind == IR_NODE_READ && a->value != b->value)
		return false;
	for (uint32_t i = 0; i < a->at_count; i++)
		if (!ir_at_equal(a->at[i], b->at[i]))
			return false;
	return true;
}

static uint32_t *slot_of(IrForBuilder *f, const IrNode *node) {
	uint32_t mask = f->slot_count - 1;
	uint32_t at = (uint32_t)hash_node(node) & mask;
	while (f->slots[at] && !same_node(&f->op->f.nodes.data[f->slots[at] - 1], node))
		at = (at + 1) & mask;
	return &f->slots[at];
}

/* ---- workrooms ----
 * An array that grows in an arena leaves all its smaller forms behind. The nodes of a body and their hash table grow
 * elsewhere, and what is kept of them goes into the arena at the end; the next body of the module grows in the same
 * place. Sanitized builds give every body a place of its own, and so see who keeps a pointer to it. */

struct IrWorkroom {
	bool taken;
	IrNode *nodes;
	uint32_t *slots;
	uint32_t capacity, slot_count;
};

static void *memory_grown(void *memory, size_t bytes) {
	void *grown = realloc(memory, bytes);
	if (!grown)
		base_no_memory(bytes);
	return grown;
}

static void take_workroom(IrForBuilder *f) {
	IrModule *module = module_of(f);
	for (uint32_t i = 0; i < module->workrooms.count && !f->room; i++)
		if (!module->workrooms.data[i]->taken)
			f->room = module->workrooms.data[i];
	if (!f->room) {
		f->room = memory_new(sizeof *f->room);
		vec_push(module->arena, &module->workrooms, f->room);
	}
	f->room->taken = true;
}

static void make_room_for_node(IrForBuilder *f) {
	IrFor *op = &f->op->f;
	if (op->nodes.count < op->nodes.capacity)
		return;
	if (!f->room)
		take_workroom(f);
	IrWorkroom *room = f->room;
	if (op->nodes.count >= room->capacity) {
		room->capacity = op->nodes.count < 64 ? 64 : 2 * op->nodes.count;
		room->nodes = memory_grown(room->nodes, room->capacity * sizeof(IrNode));
	}
	op->nodes.data = room->nodes;
	op->nodes.capacity = room->capacity;
}

static void make_slots(IrForBuilder *f) {
	if (!f->room)
		take_workroom(f);
	f->slot_count = f->slot_count ? f->slot_count * 4 : 32;
	f->hashed = 0;
	if (f->room->slot_count < f->slot_count) {
		f->room->slot_count = f->slot_count;
		f->room->slots = memory_grown(f->room->slots, f->slot_count * sizeof *f->room->slots);
	}
	f->slots = f->room->slots;
	memset(f->slots, 0, f->slot_count * sizeof *f->slots);
}

/* What is kept of a body goes into the arena, and its workroom is free for another. */
static void leave_workroom(IrForBuilder *f) {
	IrFor *op = &f->op->f;
	if (!f->room)
		return;
	op->nodes.data = arena_copy(arena_of(f), op->nodes.data, op->nodes.count * sizeof(IrNode));
	op->nodes.capacity = op->nodes.count;
#ifdef BASE_SANITIZED
	free(f->room->nodes);
	free(f->room->slots);
	*f->room = (IrWorkroom){0};
#endif
	f->room->taken = false;
	f->room = NULL;
	f->slots = NULL;
	f->slot_count = 0;
}

void ir_workrooms_free(IrModule *module) {
	for (uint32_t i = 0; i < module->workrooms.count; i++) {
		free(module->workrooms.data[i]->nodes);
		free(module->workrooms.data[i]->slots);
		free(module->workrooms.data[i]);
	}
}

/* A node as it is, unless the same one is there already. */
static uint32_t add_node(IrForBuilder *f, const IrNode *node) {
	if (!f->slots || f->slot_count < 2 * (f->op->f.nodes.count + 1))
		make_slots(f);
	for (; f->hashed < f->op->f.nodes.count; f->hashed++)
		*slot_of(f, &f->op->f.nodes.data[f->hashed]) = f->hashed + 1;
	uint32_t *slot = slot_of(f, node);
	if (*slot)
		return *slot - 1;
	IrNode added = *node; /* it may be one of those that move */
	make_room_for_node(f);
	f->op->f.nodes.data[f->op->f.nodes.count++] = added;
	*slot = ++f->hashed;
	return f->op->f.nodes.count - 1;
}

uint32_t ir_constant(IrForBuilder *f, IrScalar type, double real, int64_t integer) {
	IrNode node = {.kind = IR_NODE_CONST, .type = type};
	switch (type) {
	case IR_F32: node.real = (double)(float)real; break;
	case IR_F64: node.real = real; break;
	case IR_BOOL: node.integer = integer != 0; break;
	case IR_I32: node.integer = (int64_t)(int32_t)(uint32_t)(uint64_t)integer; break;
	case IR_I64: node.integer = integer; break;
	}
	return add_node(f, &node);
}

uint32_t ir_real(IrForBuilder *f, IrScalar type, double value) {
	if (!ir_scalar_is_real(type))
		base_panic("ir_real", "type %s is not real", ir_scalar_name(type));
	return ir_constant(f, type, value, 0);
}

uint32_t ir_int(IrForBuilder *f, int64_t value) {
	return ir_constant(f, IR_I64, 0, value);
}

uint32_t ir_bool(IrForBuilder *f, bool value) {
	return ir_constant(f, IR_BOOL, 0, value);
}

uint32_t ir_dim(IrForBuilder *f, IrDim dim) {
	if (dim >= 0)
		return ir_int(f, dim);
	return add_node(f, &(IrNode){.kind = IR_NODE_DIM, .type = IR_I64, .dim = dim});
}

uint32_t ir_index_value(IrForBuilder *f, IrAt at) {
	IrAt form = canonical_at(f, at);
	if (form.term_count == 0)
		return ir_int(f, form.offset);
	if (form.term_count == 1 && form.offset == 0 && form.terms[0].coef == 1 && form.terms[0].is_node)
		return form.terms[0].ref;
	IrNode node = {.kind = IR_NODE_INDEX, .type = IR_I64, .at_count = 1};
	node.at = arena_copy(arena_of(f), &form, sizeof form);
	return add_node(f, &node);
}

uint32_t ir_read(IrForBuilder *f, IrValue value, const IrAt *at, bool guarded) {
	IrType type = ir_type(f->builder->func, value);
	IrNode node = {
		.kind = IR_NODE_READ, .type = type.scalar, .value = value, .guarded = guarded, .at_count = type.rank};
	node.at = ir_canonical_ats(f, at, type.rank);
	return add_node(f, &node);
}

uint32_t ir_read_scalar(IrForBuilder *f, IrValue value) {
	if (ir_type(f->builder->func, value).rank != 0)
		base_panic("ir_read_scalar", "%%%u is not a scalar", (unsigned)value);
	return ir_read(f, value, NULL, false);
}

uint32_t ir_op(IrForBuilder *f, IrOpcode opcode, const uint32_t *args) {
	IrNode node = {.kind = IR_NODE_OP, .opcode = opcode};
	int arity = ir_op_info[opcode].arity;
	IrScalar types[IR_MAX_ARGS] = {0};
	for (int i = 0; i < arity; i++) {
		node.args[i] = args[i];
		types[i] = node_at(f, args[i])->type;
	}
	bool converts_nothing = (opcode == IR_to_f32 && types[0] == IR_F32) ||
	                        (opcode == IR_to_f64 && types[0] == IR_F64) || (opcode == IR_to_int && types[0] == IR_I64);
	if (converts_nothing)
		return args[0];
	if (!ir_op_type(opcode, types, &node.type))
		base_panic("ir_op", "`%s` does not take (%s%s%s%s%s)", ir_op_info[opcode].name, ir_scalar_name(types[0]),
		           arity > 1 ? ", " : "", arity > 1 ? ir_scalar_name(types[1]) : "", arity > 2 ? ", " : "",
		           arity > 2 ? ir_scalar_name(types[2]) : "");
	uint32_t folded;
	if (ir_fold(f, &node, &folded))
		return folded;
	if (ir_op_commutes(opcode) && node.args[0] != node.args[1] && f->slots) {
		IrNode swapped = node;
		swapped.args[0] = node.args[1];
		swapped.args[1] = node.args[0];
		uint32_t known = *slot_of(f, &swapped);
		if (known)
			return known - 1;
	}
	return add_node(f, &node);
}

void ir_node_origin(IrForBuilder *f, uint32_t node, Name name, Span span) {
	IrNode *known = &f->op->f.nodes.data[node];
	if (known->kind != IR_NODE_OP)
		return;
	if (known->name == 0)
		known->name = name;
	if (known->span.file == 0)
		known->span = span;
}

uint32_t ir_op1(IrForBuilder *f, IrOpcode opcode, uint32_t a) {
	return ir_op(f, opcode, (uint32_t[IR_MAX_ARGS]){a});
}

uint32_t ir_op2(IrForBuilder *f, IrOpcode opcode, uint32_t a, uint32_t b) {
	return ir_op(f, opcode, (uint32_t[IR_MAX_ARGS]){a, b});
}

uint32_t ir_op3(IrForBuilder *f, IrOpcode opcode, uint32_t a, uint32_t b, uint32_t c) {
	return ir_op(f, opcode, (uint32_t[IR_MAX_ARGS]){a, b, c});
}

IrScalar ir_node_type(const IrForBuilder *f, uint32_t node) {
	return node_at(f, node)->type;
}

/* ---- puts ---- */

static Name take_name(IrBuilder *b) {
	Name name = b->name;
	b->name = 0;
	return name;
}

IrValue ir_put(IrForBuilder *f, IrCombine combine, uint32_t node, IrType type, const IrAt *at, IrValue into,
               bool guarded) {
	node_at(f, node);
	IrPut put = {.combine = combine, .guarded = guarded, .node = node, .into = into};
	put.at = ir_canonical_ats(f, at, type.rank);
	put.out = ir_value_new(f->builder->func, type, take_name(f->builder), f->op);
	vec_push(arena_of(f), &f->op->f.puts, put);
	return put.out;
}

IrValue ir_put_arg(IrForBuilder *f, IrValue of, uint32_t index) {
	for (uint32_t i = 0; i < f->op->f.puts.count; i++) {
		const IrPut *chosen = &f->op->f.puts.data[i];
		if (chosen->out != of)
			continue;
		IrPut put = {.combine = chosen->combine == IR_PUT_MAX ? IR_PUT_ARGMAX : IR_PUT_ARGMIN,
		             .guarded = chosen->guarded};
		put.arg_of = i;
		put.arg_index = index;
		put.at = chosen->at;
		IrType type = ir_type(f->builder->func, of);
		type.scalar = IR_I64;
		put.out = ir_value_new(f->builder->func, type, take_name(f->builder), f->op);
		vec_push(arena_of(f), &f->op->f.puts, put);
		return put.out;
	}
	base_panic("ir_put_arg", "%%%u is not a put of this op", (unsigned)of);
}

bool ir_put_is_arg(const IrPut *put) {
	return put->combine == IR_PUT_ARGMAX || put->combine == IR_PUT_ARGMIN;
}

/* ---- the sweep: only nodes that something uses stay ---- */

static void use_all(IrOperand parts, bool *used) {
	while (ir_next_operand(&parts))
		used[parts.node] = true;
}

static IrAt renumbered(Arena *arena, IrAt at, const uint32_t *to) {
	bool same = true;
	for (uint32_t i = 0; i < at.term_count; i++)
		same = same && (!at.terms[i].is_node || to[at.terms[i].ref] == at.terms[i].ref);
	if (same)
		return at;
	at.terms = arena_copy(arena, at.terms, sizeof(IrTerm) * at.term_count);
	for (uint32_t i = 0; i < at.term_count; i++) /* numbers keep their order, so terms stay sorted */
		if (at.terms[i].is_node)
			at.terms[i].ref = to[at.terms[i].ref];
	return at;
}

static void renumber_ats(Arena *arena, IrAt **at, uint32_t count, const uint32_t *to) {
	if (count == 0)
		return;
	*at = arena_copy(arena, *at, sizeof(IrAt) * count);
	for (uint32_t i = 0; i < count; i++)
		(*at)[i] = renumbered(arena, (*at)[i], to);
}

void ir_for_set_nodes(const IrFunc *func, IrFor *f, IrNode *nodes, uint32_t count, const uint32_t *to) {
	Arena *arena = func->module->arena;
	for (uint32_t i = 0; i < count; i++)
		renumber_ats(arena, &nodes[i].at, nodes[i].at_count, to);
	for (uint32_t i = 0; i < f->conds.count; i++)
		f->conds.data[i] = renumbered(arena, f->conds.data[i], to);
	for (uint32_t i = 0; i < f->puts.count; i++) {
		IrPut *put = &f->puts.data[i];
		put->node = ir_put_is_arg(put) ? 0 : to[put->node];
		renumber_ats(arena, &put->at, ir_type(func, put->out).rank, to);
	}
	f->nodes.data = nodes;
	f->nodes.count = f->nodes.capacity = count;
}

void ir_for_sweep(IrFunc *func, IrFor *f) {
	Arena *arena = func->module->arena;
	uint32_t count = f->nodes.count, kept = 0;
	bool used_small[64] = {0}, *used = count <= 64 ? used_small : ARENA_ARRAY(arena, bool, count);
	use_all(ir_at_operands(f->conds.data, f->conds.count), used);
	for (uint32_t i = 0; i < f->puts.count; i++)
		use_all(ir_put_operands(&f->puts.data[i], ir_type(func, f->puts.data[i].out).rank), used);
	for (uint32_t i = count; i-- > 0;) {
		if (!used[i])
			continue;
		kept++;
		use_all(ir_operands(&f->nodes.data[i]), used);
	}
	if (kept == count)
		return;
	uint32_t *to = ARENA_ARRAY(arena, uint32_t, count);
	kept = 0;
	for (uint32_t i = 0; i < count; i++) {
		IrNode node = f->nodes.data[i];
		if (!used[i])
			continue;
		to[i] = kept;
		for (int k = 0; node.kind == IR_NODE_OP && k < ir_op_info[node.opcode].arity; k++)
			node.args[k] = to[node.args[k]];
		f->nodes.data[kept++] = node;
	}
	ir_for_set_nodes(func, f, f->nodes.data, kept, to);
}

void ir_for_end(IrForBuilder *f) {
	ir_for_sweep(f->builder->func, &f->op->f);
	leave_workroom(f);
	ir_append_checked(f->builder, f->builder->block, f->op, "ir_for_end");
}

bool ir_for_try_end(IrForBuilder *f) {
	ir_for_sweep(f->builder->func, &f->op->f);
	leave_workroom(f);
	if (ir_check_op(f->builder->func, f->op))
		return false;
	vec_push(arena_of(f), &f->builder->block->ops, f->op);
	return true;
}
