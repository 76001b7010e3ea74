/* The scalars of a body. Each is computed at the outermost loop level where its operands are known, once per copy of the
 * indices it depends on; that is the whole of loop-invariant motion and of the sharing within register tiles. */
#include "jit/nest/nest.h"

#include <string.h>

bool nest_is_vector(const Nest *n, LoopTemp temp) {
	return temp != 0 && n->kernel->temps.data[temp].vector;
}

uint32_t nest_level(const Nest *n, LoopTemp temp) {
	return temp == 0 ? 0 : n->places.data[temp].level;
}

LoopTemp nest_new(Nest *n, IrScalar type, bool vector, uint32_t level) {
	if (n->places.count == 0)
		vec_push(n->arena, &n->places, (NestPlace){0});
	LoopTemp temp = loop_temp(n->arena, n->kernel, type, vector);
	NestPlace place = {level, n->levels[level].id};
	vec_push(n->arena, &n->places, place);
	return temp;
}

LoopStmt *nest_stmt(Nest *n, LoopKind kind, LoopTemp out, uint32_t level) {
	return loop_stmt(n->arena, n->levels[level].block, kind, out);
}

LoopTemp nest_const(Nest *n, IrScalar type, double real, int64_t integer) {
	bool is_real = ir_scalar_is_real(type);
	for (uint32_t i = 0; i < n->consts.count; i++) {
		const LoopStmt *known = n->kernel->body.stmts.data[n->consts.data[i]];
		if (n->kernel->temps.data[known->out].type == type &&
		    (is_real ? memcmp(&known->real, &real, sizeof real) == 0 : known->integer == integer))
			return known->out;
	}
	LoopTemp out = nest_new(n, type, false, 0);
	LoopStmt *stmt = nest_stmt(n, LOOP_CONST, out, 0);
	stmt->real = is_real ? real : 0;
	stmt->integer = is_real ? 0 : integer;
	vec_push(n->arena, &n->consts, n->kernel->body.stmts.count - 1);
	return out;
}

LoopTemp nest_op(Nest *n, IrOpcode opcode, IrScalar type, const LoopTemp *args, int count) {
	uint32_t level = 0;
	bool vector = false;
	for (int i = 0; i < count; i++) {
		uint32_t own = nest_level(n, args[i]);
		level = own > level ? own : level;
		vector = vector || nest_is_vector(n, args[i]);
	}
	LoopTemp out = nest_new(n, type, vector, level);
	LoopStmt *stmt = nest_stmt(n, LOOP_OP, out, level);
	stmt->opcode = opcode;
	for (int i = 0; i < count; i++)
		stmt->args[i] = args[i];
	return out;
}

static LoopTemp and_masks(Nest *n, LoopTemp a, LoopTemp b) {
	return a == 0 ? b : nest_op(n, IR_and, IR_BOOL, (LoopTemp[]){a, b}, 2);
}

static LoopTemp dim_temp(Nest *n, IrDim dim) {
	if (dim >= 0)
		return nest_const(n, IR_I64, 0, dim);
	LoopTemp out = nest_new(n, IR_I64, false, 0);
	nest_stmt(n, LOOP_SYMBOL, out, 0)->symbol = (uint32_t)(-1 - dim);
	return out;
}

static LoopTemp inside(Nest *n, LoopTemp mask, IrAt at, IrDim dim) {
	LoopTemp position = nest_position(n, at), zero = nest_const(n, IR_I64, 0, 0);
	mask = and_masks(n, mask, nest_op(n, IR_ge, IR_BOOL, (LoopTemp[]){position, zero}, 2));
	return and_masks(n, mask, nest_op(n, IR_lt, IR_BOOL, (LoopTemp[]){position, dim_temp(n, dim)}, 2));
}

static void check(Nest *n, IrAt at, IrDim dim) {
	LoopTemp position = nest_position(n, at);
	uint32_t level = nest_level(n, position);
	level = n->cond_level > level ? n->cond_level : level;
	LoopStmt *stmt = nest_stmt(n, LOOP_CHECK, 0, level);
	stmt->value = position;
	stmt->lanes = nest_is_vector(n, position) ? nest_lanes(n) : 0;
	loop_affine_add(n->arena, &stmt->affine, loop_size_dim(dim), 0);
	stmt->integer = ++n->in->func->check_count;
}

/* The lanes in which a position counts that differs by lane, or 0 for all. */
static LoopTemp live_lanes_of(Nest *n, IrAt at) {
	bool differs = n->op->vector >= 0 && nest_at_deps(n, at) >> n->op->vector & 1;
	return differs ? nest_live_lanes(n) : 0;
}

/* as: the type of the node, or what whole numbers of few bytes become at once. */
static LoopTemp read(Nest *n, const IrNode *node, IrScalar as) {
	IrType type = ir_type(n->ir, node->value);
	uint32_t level = 0;
	LoopTemp mask = 0, known = node->guarded ? 0 : nest_forwarded(n, node->value, node->at);
	if (known != 0)
		return known;
	for (uint32_t a = 0; a < type.rank; a++) {
		IrAt at = node->at[a];
		if (nest_in_box(n, at, type.dims[a]))
			continue;
		level = n->cond_level > level ? n->cond_level : level;
		if (n->op->f->conds.count > 0 && ir_in_bounds(n->ir, n->op->f, at, type.dims[a])) {
			LoopTemp live = live_lanes_of(n, at);
			mask = live != 0 ? and_masks(n, mask, live) : mask;
			continue;
		}
		if (node->guarded)
			mask = inside(n, mask, at, type.dims[a]);
		else
			check(n, at, type.dims[a]);
	}
	LoopAddress address = nest_address(n, node->value, node->at, &level);
	uint32_t mask_level = nest_level(n, mask);
	level = mask_level > level ? mask_level : level;
	bool vector = address.stride != 0 || address.index != 0 || nest_is_vector(n, mask);
	LoopTemp out = nest_new(n, as, vector, level);
	LoopStmt *stmt = nest_stmt(n, LOOP_LOAD, out, level);
	stmt->address = address;
	stmt->mask = mask;
	stmt->lanes = vector ? nest_lanes(n) : 0;
	return out;
}

static LoopTemp operation(Nest *n, const IrNode *node) {
	LoopTemp args[IR_MAX_ARGS];
	if (node->opcode == IR_stop_gradient)
		return nest_node(n, node->args[0]);
	/* to_f32 of an int that is stored as u8: lanes of 64 bits in between would cost more than the rest. */
	const IrNode *first = &n->op->f->nodes.data[node->args[0]];
	if ((node->opcode == IR_to_f32 || node->opcode == IR_to_f64) && first->kind == IR_NODE_READ &&
	    first->type == IR_I64 && ir_type(n->ir, first->value).storage)
		return read(n, first, node->type);
	int arity = ir_op_info[node->opcode].arity;
	for (int i = 0; i < arity; i++)
		args[i] = nest_node(n, node->args[i]);
	return nest_op(n, node->opcode, node->type, args, arity);
}

LoopTemp nest_node(Nest *n, uint32_t number) {
	const IrNode *node = &n->op->f->nodes.data[number];
	uint32_t key = 0, instances = 1;
	for (uint32_t i = 0; i < n->op->index_count; i++) {
		if (n->op->deps[number] >> i & 1) {
			key = key * n->op->index[i].copies + n->op->at[i];
			instances *= n->op->index[i].copies;
		}
	}
	NestMemo *memo = &n->op->memo[number];
	if (memo->count < instances) {
		memo->temps = ARENA_ARRAY(n->arena, LoopTemp, instances);
		memo->count = instances;
	}
	LoopTemp known = memo->temps[key];
	if (known != 0) {
		NestPlace place = n->places.data[known];
		if (place.level <= n->depth && n->levels[place.level].id == place.id)
			return known;
	}
	LoopTemp out = 0;
	switch (node->kind) {
	case IR_NODE_CONST: out = nest_const(n, node->type, node->real, node->integer); break;
	case IR_NODE_READ: out = read(n, node, node->type); break;
	case IR_NODE_INDEX: out = nest_position(n, node->at[0]); break;
	case IR_NODE_DIM: out = dim_temp(n, node->dim); break;
	case IR_NODE_OP: out = operation(n, node); break;
	}
	if (node->name != 0 && n->kernel->temps.data[out].name == 0)
		n->kernel->temps.data[out].name = node->name;
	memo->temps[key] = out;
	return out;
}
