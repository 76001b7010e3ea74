/* The builder of functions, constant tables and loops. */
#include "ir/build.h"

#include <math.h>
#include <string.h>

IrFunc *ir_func_new(IrModule *module, const char *name) {
	IrFunc *func = ARENA_NEW(module->arena, IrFunc);
	func->module = module;
	func->name = session_name(module->session, name);
	vec_push(module->arena, &func->values, (IrValueInfo){.type = ir_shared_type(module, (IrType){0})});
	vec_push(module->arena, &module->funcs, func);
	return func;
}

IrBuilder ir_builder(IrFunc *func) {
	return (IrBuilder){.func = func, .block = &func->body};
}

IrValue ir_value_new(IrFunc *func, IrType type, Name name, IrOp *def) {
	if (type.lanes && (type.rank == 0 || type.dims[0] != IR_LANES))
		base_panic("ir_value_new", "a type with lanes needs axis 0 of extent %d", IR_LANES);
	const IrType *shared = ir_shared_type(func->module, type);
	vec_push(func->module->arena, &func->values, ((IrValueInfo){shared, name, def}));
	return func->values.count - 1;
}

static Name take_name(IrBuilder *b) {
	Name name = b->name;
	b->name = 0;
	return name;
}

IrValue ir_param_as(IrFunc *func, IrRole role, const char *name, IrType type) {
	Name interned = name ? session_name(func->module->session, name) : 0;
	IrValue value = ir_value_new(func, type, interned, NULL);
	vec_push(func->module->arena, &func->params, ((IrParam){value, interned, role}));
	return value;
}

IrValue ir_param(IrFunc *func, const char *name, IrType type) {
	return ir_param_as(func, IR_ROLE_NONE, name, type);
}

IrDim ir_symbol(IrFunc *func, const char *name) {
	Name interned = session_name(func->module->session, name);
	for (uint32_t i = 0; i < func->symbols.count; i++)
		if (func->symbols.data[i] == interned)
			return -1 - (IrDim)i;
	vec_push(func->module->arena, &func->symbols, interned);
	return -(IrDim)func->symbols.count;
}

void ir_result_as(IrFunc *func, IrRole role, const char *name, IrValue value) {
	ir_info(func, value);
	Name interned = name ? session_name(func->module->session, name) : 0;
	vec_push(func->module->arena, &func->results, ((IrResult){value, interned, role}));
}

void ir_result(IrFunc *func, const char *name, IrValue value) {
	ir_result_as(func, IR_ROLE_NONE, name, value);
}

/* Ends the making of an op: what breaks the rules is our own mistake. */
void ir_append_checked(IrBuilder *b, IrBlock *block, IrOp *op, const char *who) {
	const char *wrong = ir_check_op(b->func, op);
	if (wrong) {
		Text text = text_new(b->func->module->arena);
		ir_print_op(b->func, op, &text);
		base_panic(who, "%s, in @%s:\n%s", wrong, session_text(b->func->module->session, b->func->name),
		           text_cstr(&text));
	}
	vec_push(b->func->module->arena, &block->ops, op);
}

void ir_const_fill(Arena *arena, IrConst *table, IrType type, const double *reals, const int64_t *integers) {
	size_t count = (size_t)ir_type_elements(type, NULL);
	table->low = 1;
	if (ir_scalar_is_real(type.scalar)) {
		table->reals = ARENA_ARRAY(arena, double, count);
		for (size_t i = 0; i < count; i++)
			table->reals[i] = type.scalar == IR_F32 ? (double)(float)reals[i] : reals[i];
		return;
	}
	table->integers = ARENA_ARRAY(arena, int64_t, count);
	for (size_t i = 0; i < count; i++) {
		int64_t v = table->integers[i] = integers[i];
		table->low = i == 0 || v < table->low ? v : table->low;
		table->high = i == 0 || v > table->high ? v : table->high;
	}
}

IrValue ir_table(IrBuilder *b, IrType type, const double *reals, const int64_t *integers) {
	IrOp *op = ARENA_NEW(b->func->module->arena, IrOp);
	op->kind = IR_CONST;
	op->span = b->span;
	ir_const_fill(b->func->module->arena, &op->constant, type, reals, integers);
	op->constant.out = ir_value_new(b->func, type, take_name(b), op);
	ir_append_checked(b, b->block, op, "ir_table");
	return op->constant.out;
}

IrOp *ir_evaluation(IrBuilder *b, IrValue at, IrValue when) {
	IrOp *op = ARENA_NEW(b->func->module->arena, IrOp);
	const IrType type = ir_type(b->func, at);
	const Name name = take_name(b);
	op->kind = IR_EVALUATE;
	op->span = b->span;
	op->evaluate.at = at;
	op->evaluate.when = when;
	op->evaluate.f = ir_value_new(b->func, ir_scalar_type(type.scalar), name, op);
	op->evaluate.g = ir_value_new(b->func, type, name, op);
	ir_append_checked(b, b->block, op, "ir_evaluation");
	return op;
}

IrValue ir_deferred(IrBuilder *b, const IrDeferred *what, IrType type) {
	IrOp *op = ARENA_NEW(b->func->module->arena, IrOp);
	op->kind = IR_DEFERRED;
	op->span = b->span;
	op->deferred = *what;
	op->deferred.args.data = arena_copy(b->func->module->arena, what->args.data, sizeof(IrValue) * what->args.count);
	op->deferred.args.capacity = what->args.count;
	op->deferred.out = ir_value_new(b->func, type, take_name(b), op);
	ir_append_checked(b, b->block, op, "ir_deferred");
	return op->deferred.out;
}

IrOp *ir_loop_begin(IrBuilder *b, int64_t limit, IrValue trips) {
	IrOp *op = ARENA_NEW(b->func->module->arena, IrOp);
	op->kind = IR_LOOP;
	op->span = b->span;
	op->loop.limit = limit;
	op->loop.trips = trips;
	op->loop.counter = ir_value_new(b->func, ir_scalar_type(IR_I64), take_name(b), op);
	b->block = &op->loop.body;
	return op;
}

IrValue ir_loop_carry(IrBuilder *b, IrOp *loop, IrValue init) {
	const IrValueInfo *info = ir_info(b->func, init);
	IrType type = *info->type;
	Name name = take_name(b);
	IrValue inner = ir_value_new(b->func, type, name ? name : info->name, loop);
	vec_push(b->func->module->arena, &loop->loop.carries, ((IrCarry){.init = init, .inner = inner}));
	return inner;
}

void ir_loop_end(IrBuilder *b, IrOp *loop, const IrValue *yields, IrBlock *outer) {
	if (b->block != &loop->loop.body)
		base_panic("ir_loop_end", "the builder is not inside this loop");
	for (uint32_t i = 0; i < loop->loop.carries.count; i++) {
		IrCarry *carry = &loop->loop.carries.data[i];
		const IrValueInfo inner = *ir_info(b->func, carry->inner);
		carry->yield = yields[i];
		carry->out = ir_value_new(b->func, *inner.type, inner.name, loop);
	}
	b->block = outer;
	ir_append_checked(b, outer, loop, "ir_loop_end");
}
