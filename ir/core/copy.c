/* Copying ops into another function, or to another place of the same one, with values renamed. */
#include "ir/ir.h"

IrMap ir_map_new(Arena *scratch, const IrFunc *from) {
	IrMap map = {.arena = scratch};
	map.to.data = ARENA_ARRAY(scratch, IrValue, from->values.count);
	map.to.count = map.to.capacity = from->values.count;
	return map;
}

void ir_map_set(IrMap *map, IrValue from, IrValue to) {
	while (map->to.count <= from)
		vec_push(map->arena, &map->to, 0);
	map->to.data[from] = to;
}

IrValue ir_map_get(const IrMap *map, IrValue from) {
	if (from >= map->to.count || map->to.data[from] == 0)
		base_panic("ir_map_get", "%%%u is not mapped", (unsigned)from);
	return map->to.data[from];
}

/* One copying: where to, where from. */
typedef struct Copier {
	IrFunc *to;
	Arena *arena;
	const IrFunc *from;
	IrMap *map;
} Copier;

static IrDim copy_dim(const Copier *c, IrDim dim) {
	if (dim >= 0 || c->to == c->from)
		return dim;
	if (c->map->symbols)
		return c->map->symbols[-1 - dim];
	return ir_symbol(c->to, session_text(c->from->module->session, c->from->symbols.data[-1 - dim]));
}

static IrType copy_type(const Copier *c, IrType type) {
	for (int i = 0; i < type.rank; i++)
		type.dims[i] = copy_dim(c, type.dims[i]);
	return type;
}

/* Defines the copy of a value. */
static IrValue copy_value(const Copier *c, IrValue value, IrOp *def) {
	const IrValueInfo info = *ir_info(c->from, value);
	IrValue copy = ir_value_new(c->to, copy_type(c, info.type), info.name, def);
	ir_map_set(c->map, value, copy);
	return copy;
}

static IrAt *copy_ats(const Copier *c, const IrAt *at, uint32_t count) {
	IrAt *copy = arena_copy(c->arena, at, sizeof(IrAt) * count);
	if (c->to->module != c->from->module)
		for (uint32_t i = 0; i < count; i++)
			copy[i].terms = arena_copy(c->arena, at[i].terms, sizeof(IrTerm) * at[i].term_count);
	return copy;
}

static void copy_for(const Copier *c, const IrFor *from, IrOp *op) {
	IrFor *to = &op->f;
	for (uint32_t i = 0; i < from->indices.count; i++) {
		IrIndex index = from->indices.data[i];
		index.extent = copy_dim(c, index.extent);
		vec_push(c->arena, &to->indices, index);
	}
	to->conds.data = from->conds.count ? copy_ats(c, from->conds.data, from->conds.count) : NULL;
	to->conds.count = to->conds.capacity = from->conds.count;
	to->nodes.data = arena_copy(c->arena, from->nodes.data, sizeof(IrNode) * from->nodes.count);
	to->nodes.count = to->nodes.capacity = from->nodes.count;
	for (uint32_t i = 0; i < to->nodes.count; i++) {
		IrNode *node = &to->nodes.data[i];
		if (node->kind == IR_NODE_READ)
			node->value = ir_map_get(c->map, node->value);
		if (node->kind == IR_NODE_DIM) {
			IrDim dim = copy_dim(c, node->dim);
			*node = (IrNode){.kind = dim < 0 ? IR_NODE_DIM : IR_NODE_CONST, .type = IR_I64};
			if (dim < 0)
				node->dim = dim;
			else
				node->integer = dim;
		}
		if (node->at_count)
			node->at = copy_ats(c, node->at, node->at_count);
	}
	for (uint32_t i = 0; i < from->puts.count; i++) {
		IrPut put = from->puts.data[i];
		put.into = put.into ? ir_map_get(c->map, put.into) : 0;
		put.at = copy_ats(c, put.at, ir_type(c->from, put.out).rank);
		vec_push(c->arena, &to->puts, put);
	}
	for (uint32_t i = 0; i < from->puts.count; i++) /* after all reads: the op must not see its own outputs */
		to->puts.data[i].out = copy_value(c, from->puts.data[i].out, op);
}

static void copy_constant(const Copier *c, const IrConst *from, IrOp *op) {
	size_t count = (size_t)ir_type_elements(ir_type(c->from, from->out), NULL);
	op->constant = *from;
	if (c->to->module != c->from->module) {
		if (from->reals)
			op->constant.reals = arena_copy(c->arena, from->reals, sizeof(double) * count);
		if (from->integers)
			op->constant.integers = arena_copy(c->arena, from->integers, sizeof(int64_t) * count);
	}
	op->constant.out = copy_value(c, from->out, op);
}

static IrOp *copy_op(const Copier *c, IrBuilder *b, const IrOp *op);

static void copy_loop(const Copier *c, IrBuilder *b, const IrLoop *from, IrOp *op) {
	IrLoop *to = &op->loop;
	to->limit = from->limit;
	to->trips = from->trips ? ir_map_get(c->map, from->trips) : 0;
	to->counter = copy_value(c, from->counter, op);
	for (uint32_t i = 0; i < from->carries.count; i++) {
		const IrCarry *carry = &from->carries.data[i];
		IrCarry copy = {.init = ir_map_get(c->map, carry->init)};
		copy.inner = copy_value(c, carry->inner, op);
		vec_push(c->arena, &to->carries, copy);
	}
	IrBlock *outer = b->block;
	b->block = &to->body;
	for (uint32_t i = 0; i < from->body.ops.count; i++)
		copy_op(c, b, from->body.ops.data[i]);
	b->block = outer;
	for (uint32_t i = 0; i < from->carries.count; i++) {
		to->carries.data[i].yield = ir_map_get(c->map, from->carries.data[i].yield);
		to->carries.data[i].out = copy_value(c, from->carries.data[i].out, op);
	}
}

static IrOp *copy_op(const Copier *c, IrBuilder *b, const IrOp *op) {
	IrOp *copy = ARENA_NEW(c->arena, IrOp);
	copy->kind = op->kind;
	copy->span = op->span;
	switch (op->kind) {
	case IR_FOR: copy_for(c, &op->f, copy); break;
	case IR_CONST: copy_constant(c, &op->constant, copy); break;
	case IR_LOOP: copy_loop(c, b, &op->loop, copy); break;
	}
	vec_push(c->arena, &b->block->ops, copy);
	return copy;
}

IrOp *ir_copy_op(IrBuilder *b, const IrFunc *from, const IrOp *op, IrMap *map) {
	Copier c = {.to = b->func, .arena = b->func->module->arena, .from = from, .map = map};
	return copy_op(&c, b, op);
}

/* What the callee's symbols are, from the types of the arguments; else the caller's symbols of the same names. */
static IrDim *bind_symbols(IrFunc *caller, const IrFunc *callee, const IrValue *args, Arena *scratch) {
	IrDim *symbols = ARENA_ARRAY(scratch, IrDim, callee->symbols.count + 1);
	bool *bound = ARENA_ARRAY(scratch, bool, callee->symbols.count + 1);
	for (uint32_t i = 0; i < callee->params.count; i++) {
		IrType formal = ir_type(callee, callee->params.data[i].value), actual = ir_type(caller, args[i]);
		if (formal.rank != actual.rank || formal.scalar != actual.scalar || formal.lanes != actual.lanes)
			base_panic("ir_inline", "argument %u of @%s has another type", (unsigned)i,
			           session_text(callee->module->session, callee->name));
		for (int axis = 0; axis < formal.rank; axis++) {
			IrDim dim = formal.dims[axis];
			if (dim >= 0 ? dim != actual.dims[axis] : bound[-1 - dim] && symbols[-1 - dim] != actual.dims[axis])
				base_panic("ir_inline", "argument %u of @%s has another extent on axis %d", (unsigned)i,
				           session_text(callee->module->session, callee->name), axis);
			if (dim < 0) {
				symbols[-1 - dim] = actual.dims[axis];
				bound[-1 - dim] = true;
			}
		}
	}
	for (uint32_t i = 0; i < callee->symbols.count; i++)
		if (!bound[i])
			symbols[i] = ir_symbol(caller, session_text(callee->module->session, callee->symbols.data[i]));
	return symbols;
}

void ir_inline(IrBuilder *b, const IrFunc *callee, const IrValue *args, IrValue *results) {
	Arena *scratch = arena_new();
	IrMap map = ir_map_new(scratch, callee);
	map.symbols = bind_symbols(b->func, callee, args, scratch);
	for (uint32_t i = 0; i < callee->params.count; i++)
		ir_map_set(&map, callee->params.data[i].value, args[i]);
	for (uint32_t i = 0; i < callee->body.ops.count; i++)
		ir_copy_op(b, callee, callee->body.ops.data[i], &map);
	for (uint32_t i = 0; i < callee->results.count; i++)
		results[i] = ir_map_get(&map, callee->results.data[i].value);
	arena_free(scratch);
}

IrFunc *ir_func_copy(IrModule *module, const IrFunc *func, const char *name) {
	Arena *scratch = arena_new();
	IrFunc *copy = ir_func_new(module, name);
	const Session *session = func->module->session;
	IrMap map = ir_map_new(scratch, func);
	for (uint32_t i = 0; i < func->symbols.count; i++)
		ir_symbol(copy, session_text(session, func->symbols.data[i]));
	for (uint32_t i = 0; i < func->params.count; i++) {
		const IrParam *param = &func->params.data[i];
		IrValue value = ir_param_as(copy, param->role, session_text(session, param->name), ir_type(func, param->value));
		copy->params.data[i].name = param->name;
		ir_map_set(&map, param->value, value);
	}
	IrBuilder b = ir_builder(copy);
	for (uint32_t i = 0; i < func->body.ops.count; i++)
		ir_copy_op(&b, func, func->body.ops.data[i], &map);
	for (uint32_t i = 0; i < func->results.count; i++)
		vec_push(module->arena, &copy->results,
		         ((IrResult){ir_map_get(&map, func->results.data[i].value), func->results.data[i].name,
		                     func->results.data[i].role}));
	arena_free(scratch);
	return copy;
}
