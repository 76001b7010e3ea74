/* Copying ops into another function, or to another place of the same one, with values renamed: as they are, or by the rules of
 * a transformation (copy.h). */
#include "ir/core/copy.h"

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

/* ---- what there is in an op ---- */

static Arena *arena_of(const IrCopier *c) {
	return c->b->func->module->arena;
}

static IrDim copy_dim(const IrCopier *c, IrDim dim) {
	if (dim >= 0 || c->b->func == c->from)
		return dim;
	if (c->map->symbols)
		return c->map->symbols[-1 - dim];
	return ir_symbol(c->b->func, session_text(c->from->module->session, c->from->symbols.data[-1 - dim]));
}

static IrType copy_type(const IrCopier *c, IrType type) {
	for (int i = 0; i < type.rank; i++)
		type.dims[i] = copy_dim(c, type.dims[i]);
	return type;
}

/* Defines the copy of a value. */
static IrValue copy_value(const IrCopier *c, IrValue value, IrOp *def) {
	const IrValueInfo info = *ir_info(c->from, value);
	IrValue copy = ir_value_new(c->b->func, copy_type(c, *info.type), info.name, def);
	ir_map_set(c->map, value, copy);
	return copy;
}

static IrAt *copy_ats(const IrCopier *c, const IrAt *at, uint32_t count) {
	IrAt *copy = arena_copy(arena_of(c), at, sizeof(IrAt) * count);
	if (c->b->func->module != c->from->module)
		for (uint32_t i = 0; i < count; i++)
			copy[i].terms = arena_copy(arena_of(c), at[i].terms, sizeof(IrTerm) * at[i].term_count);
	return copy;
}

/* ---- one rule for each kind ---- */

#define KIND(NAME, name) static void copy_##name(const IrCopier *c, const IrOp *op);
#include "ir/core/kinds.def"
#undef KIND

static void (*const copy_kind[IR_KIND_COUNT])(const IrCopier *c, const IrOp *op) = {
#define KIND(NAME, name) [IR_##NAME] = copy_##name,
#include "ir/core/kinds.def"
#undef KIND
};

/* An op of the same kind and span, in the block where the copier is. */
static IrOp *append_like(const IrCopier *c, const IrOp *op) {
	IrOp *copy = ARENA_NEW(arena_of(c), IrOp);
	copy->kind = op->kind;
	copy->span = op->span;
	vec_push(arena_of(c), &c->b->block->ops, copy);
	return copy;
}

static void copy_for(const IrCopier *c, const IrOp *op) {
	const IrFor *from = &op->f;
	IrOp *copy = append_like(c, op);
	IrFor *to = &copy->f;
	for (uint32_t i = 0; i < from->indices.count; i++) {
		IrIndex index = from->indices.data[i];
		index.extent = copy_dim(c, index.extent);
		vec_push(arena_of(c), &to->indices, index);
	}
	to->conds.data = from->conds.count ? copy_ats(c, from->conds.data, from->conds.count) : NULL;
	to->conds.count = to->conds.capacity = from->conds.count;
	to->nodes.data = arena_copy(arena_of(c), from->nodes.data, sizeof(IrNode) * from->nodes.count);
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
		vec_push(arena_of(c), &to->puts, put);
	}
	for (uint32_t i = 0; i < from->puts.count; i++) /* after all reads: the op must not see its own outputs */
		to->puts.data[i].out = copy_value(c, from->puts.data[i].out, copy);
}

static void copy_const(const IrCopier *c, const IrOp *op) {
	const IrConst *from = &op->constant;
	IrOp *copy = append_like(c, op);
	size_t count = (size_t)ir_type_elements(ir_type(c->from, from->out), NULL);
	copy->constant = *from;
	if (c->b->func->module != c->from->module) {
		if (from->reals)
			copy->constant.reals = arena_copy(arena_of(c), from->reals, sizeof(double) * count);
		if (from->integers)
			copy->constant.integers = arena_copy(arena_of(c), from->integers, sizeof(int64_t) * count);
	}
	copy->constant.out = copy_value(c, from->out, copy);
}

static void copy_loop(const IrCopier *c, const IrOp *op) {
	const Name name = c->b->name; /* these two are for what the caller makes next */
	const Span span = c->b->span;
	IrLoopCopy copy = {.b = c->b, .from = c->from, .loop = &op->loop, .map = c->map};
	c->b->span = op->span;
	ir_loop_copy_begin(&copy);
	if (c->block)
		c->block(c->context, &op->loop.body);
	else
		ir_copy_ops(c, &op->loop.body);
	ir_loop_copy_end(&copy, NULL);
	c->b->name = name;
	c->b->span = span;
}

static void copy_evaluate(const IrCopier *c, const IrOp *op) {
	IrOp *copy = append_like(c, op);
	copy->evaluate.at = ir_map_get(c->map, op->evaluate.at);
	copy->evaluate.when = op->evaluate.when ? ir_map_get(c->map, op->evaluate.when) : 0;
	copy->evaluate.f = copy_value(c, op->evaluate.f, copy);
	copy->evaluate.g = copy_value(c, op->evaluate.g, copy);
}

/* What it is of is no part of the function. */
static void copy_deferred(const IrCopier *c, const IrOp *op) {
	IrOp *copy = append_like(c, op);
	copy->deferred = op->deferred;
	copy->deferred.args.data = ARENA_ARRAY(arena_of(c), IrValue, op->deferred.args.count);
	for (uint32_t i = 0; i < op->deferred.args.count; i++)
		copy->deferred.args.data[i] = ir_map_get(c->map, op->deferred.args.data[i]);
	copy->deferred.when = op->deferred.when ? ir_map_get(c->map, op->deferred.when) : 0;
	copy->deferred.out = copy_value(c, op->deferred.out, copy);
}

/* ---- ops and blocks ---- */

void ir_copy_as_it_is(const IrCopier *c, const IrOp *op) {
	copy_kind[op->kind](c, op);
}

void ir_copy_ops(const IrCopier *c, const IrBlock *block) {
	for (uint32_t i = 0; i < block->ops.count; i++) {
		const IrOp *op = block->ops.data[i];
		IrCopyRule *rule = c->rules ? c->rules[op->kind] : NULL;
		if (c->rules)
			c->b->span = op->span;
		if (rule)
			rule(c->context, op);
		else
			ir_copy_as_it_is(c, op);
	}
}

IrOp *ir_copy_op(IrBuilder *b, const IrFunc *from, const IrOp *op, IrMap *map) {
	IrCopier c = {.from = from, .b = b, .map = map};
	ir_copy_as_it_is(&c, op);
	return b->block->ops.data[b->block->ops.count - 1];
}

/* ---- whole functions ---- */

const char *ir_name_text(const IrFunc *func, Name name) {
	return name ? session_text(func->module->session, name) : NULL;
}

void ir_copy_params(const IrFunc *func, IrFunc *out, IrMap *map) {
	for (uint32_t i = 0; i < func->symbols.count; i++)
		ir_symbol(out, ir_name_text(func, func->symbols.data[i]));
	for (uint32_t i = 0; i < func->params.count; i++) {
		IrParam param = func->params.data[i];
		ir_map_set(map, param.value,
		           ir_param_as(out, param.role, ir_name_text(func, param.name), ir_type(func, param.value)));
	}
}

IrFunc *ir_pass_begin(IrModule *module, const IrFunc *func, IrMap *map, IrBuilder *builder) {
	IrFunc *out = ir_func_new(module, ir_name_text(func, func->name));
	ir_copy_params(func, out, map);
	*builder = ir_builder(out);
	return out;
}

void ir_pass_end(const IrFunc *func, const IrMap *map, IrFunc *out) {
	for (uint32_t i = 0; i < func->results.count; i++) {
		IrResult result = func->results.data[i];
		ir_result_as(out, result.role, ir_name_text(func, result.name), ir_map_get(map, result.value));
	}
}

IrFunc *ir_copier_run(const IrCopier *c, IrModule *module) {
	IrFunc *out = ir_pass_begin(module, c->from, c->map, c->b);
	if (c->block)
		c->block(c->context, &c->from->body);
	else
		ir_copy_ops(c, &c->from->body);
	ir_pass_end(c->from, c->map, out);
	return out;
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
	ir_copy_ops(&(IrCopier){.from = callee, .b = b, .map = &map}, &callee->body);
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
