/* Loop IR to LLVM: kernels, loops and the schedule. One function per kernel, SSA all through: no allocas, so that no
 * LLVM pass is needed before code generation. */
#include "jit/llvm/llvm_emit.h"

#include <string.h>

static void emit_block(LlvmEmit *e, const LoopBlock *block);

static void set(LlvmEmit *e, LoopTemp temp, LLVMValueRef value) {
	e->values[temp] = value;
	if (e->kernel->temps.data[temp].splat)
		e->splats[temp] = llvm_splat(e, value, e->kernel->temps.data[temp].type);
}

static LLVMBasicBlockRef new_block(LlvmEmit *e) {
	return e->api->AppendBasicBlockInContext(e->context, e->function, "");
}

/* ---- bounds ---- */

static LLVMValueRef floor_divide(LlvmEmit *e, LLVMValueRef value, int64_t by) {
	const LlvmApi *a = e->api;
	if ((by & (by - 1)) == 0) {
		int64_t shift = 0;
		while (by >> shift != 1)
			shift++;
		return a->BuildAShr(e->b, value, llvm_int(e, shift), "");
	}
	LLVMValueRef quotient = a->BuildSDiv(e->b, value, llvm_int(e, by), "");
	LLVMValueRef rest = a->BuildSub(e->b, value, a->BuildMul(e->b, quotient, llvm_int(e, by), ""), "");
	LLVMValueRef negative = a->BuildICmp(e->b, LLVMIntSLT, rest, llvm_int(e, 0), "");
	return a->BuildSub(e->b, quotient, a->BuildZExt(e->b, negative, e->i64, ""), "");
}

static LLVMValueRef bound(LlvmEmit *e, const LoopBound *bounds, uint32_t count, bool largest) {
	const LlvmApi *a = e->api;
	LLVMValueRef result = NULL;
	for (uint32_t i = 0; i < count; i++) {
		LLVMValueRef value = llvm_affine(e, bounds[i].affine);
		if (bounds[i].div != 1)
			value = floor_divide(e, value, bounds[i].div);
		if (bounds[i].mul != 1)
			value = a->BuildMul(e->b, value, llvm_int(e, bounds[i].mul), "");
		if (!result) {
			result = value;
			continue;
		}
		LLVMValueRef better = a->BuildICmp(e->b, largest ? LLVMIntSGT : LLVMIntSLT, value, result, "");
		result = a->BuildSelect(e->b, better, value, result, "");
	}
	return result;
}

static bool constant_bound(const LoopBound *bounds, uint32_t count, int64_t *value) {
	if (count != 1 || bounds->affine.count > 0 || bounds->div != 1)
		return false;
	*value = bounds->affine.offset * bounds->mul;
	return true;
}

/* ---- loops and conditionals ---- */

static LLVMValueRef carried(LlvmEmit *e, const LoopCarry *carry, LoopTemp temp) {
	return llvm_operand(e, temp, e->kernel->temps.data[carry->inner].vector);
}

static void phi(LlvmEmit *e, LLVMValueRef node, LLVMValueRef value, LLVMBasicBlockRef from) {
	e->api->AddIncoming(node, &value, &from, 1);
}

static LLVMTypeRef carry_type(const LlvmEmit *e, const LoopCarry *carry) {
	const LoopTempInfo *info = &e->kernel->temps.data[carry->inner];
	return llvm_type(e, info->type, info->vector);
}

/* After the loop: what was carried, from the way around it and from its last turn. */
static void leave(LlvmEmit *e, const LoopStmt *stmt, LLVMValueRef *inits, LLVMBasicBlockRef around,
                  LLVMValueRef *yields, LLVMBasicBlockRef last) {
	for (uint32_t c = 0; c < stmt->carries.count; c++) {
		const LoopCarry *carry = &stmt->carries.data[c];
		if (around) {
			LLVMValueRef out = e->api->BuildPhi(e->b, carry_type(e, carry), "");
			phi(e, out, inits[c], around);
			phi(e, out, yields[c], last);
			e->values[carry->out] = out;
		} else {
			e->values[carry->out] = yields[c];
		}
	}
	for (uint32_t c = 0; c < stmt->carries.count; c++)
		set(e, stmt->carries.data[c].out, e->values[stmt->carries.data[c].out]);
}

static void emit_for(LlvmEmit *e, const LoopStmt *stmt) {
	const LlvmApi *a = e->api;
	LLVMValueRef *inits = ARENA_ARRAY(e->arena, LLVMValueRef, stmt->carries.count + 1);
	LLVMValueRef *yields = ARENA_ARRAY(e->arena, LLVMValueRef, stmt->carries.count + 1);
	for (uint32_t c = 0; c < stmt->carries.count; c++)
		inits[c] = carried(e, &stmt->carries.data[c], stmt->carries.data[c].init);
	int64_t known_low, known_high;
	bool known = constant_bound(stmt->low.data, stmt->low.count, &known_low) &&
	             constant_bound(stmt->high.data, stmt->high.count, &known_high);
	if (known && known_low + stmt->step > known_high) {
		leave(e, stmt, NULL, NULL, inits, NULL);
		return;
	}
	LLVMValueRef low = bound(e, stmt->low.data, stmt->low.count, true);
	LLVMValueRef high = bound(e, stmt->high.data, stmt->high.count, false);
	LLVMValueRef last_start = a->BuildSub(e->b, high, llvm_int(e, stmt->step), "");
	LLVMBasicBlockRef before = a->GetInsertBlock(e->b), body = new_block(e), after = new_block(e);
	if (known)
		a->BuildBr(e->b, body);
	else
		a->BuildCondBr(e->b, a->BuildICmp(e->b, LLVMIntSLE, low, last_start, ""), body, after);
	a->PositionBuilderAtEnd(e->b, body);
	LLVMValueRef var = a->BuildPhi(e->b, e->i64, "");
	phi(e, var, low, before);
	for (uint32_t c = 0; c < stmt->carries.count; c++) {
		const LoopCarry *carry = &stmt->carries.data[c];
		e->values[carry->inner] = a->BuildPhi(e->b, carry_type(e, carry), "");
		phi(e, e->values[carry->inner], inits[c], before);
	}
	set(e, stmt->out, var);
	for (uint32_t c = 0; c < stmt->carries.count; c++)
		set(e, stmt->carries.data[c].inner, e->values[stmt->carries.data[c].inner]);
	emit_block(e, &stmt->body);
	for (uint32_t c = 0; c < stmt->carries.count; c++)
		yields[c] = carried(e, &stmt->carries.data[c], stmt->carries.data[c].yield);
	LLVMValueRef next = a->BuildAdd(e->b, var, llvm_int(e, stmt->step), "");
	LLVMBasicBlockRef last = a->GetInsertBlock(e->b);
	a->BuildCondBr(e->b, a->BuildICmp(e->b, LLVMIntSLE, next, last_start, ""), body, after);
	phi(e, var, next, last);
	for (uint32_t c = 0; c < stmt->carries.count; c++)
		phi(e, e->values[stmt->carries.data[c].inner], yields[c], last);
	a->PositionBuilderAtEnd(e->b, after);
	leave(e, stmt, inits, known ? NULL : before, yields, last);
}

static void emit_if(LlvmEmit *e, const LoopStmt *stmt) {
	const LlvmApi *a = e->api;
	LLVMValueRef *inits = ARENA_ARRAY(e->arena, LLVMValueRef, stmt->carries.count + 1);
	LLVMValueRef *yields = ARENA_ARRAY(e->arena, LLVMValueRef, stmt->carries.count + 1);
	LLVMValueRef all = NULL;
	for (uint32_t i = 0; i < stmt->conds.count; i++) {
		LLVMValueRef one = a->BuildICmp(e->b, LLVMIntSGE, llvm_affine(e, stmt->conds.data[i]), llvm_int(e, 0), "");
		all = all ? a->BuildAnd(e->b, all, one, "") : one;
	}
	for (uint32_t c = 0; c < stmt->carries.count; c++) {
		inits[c] = carried(e, &stmt->carries.data[c], stmt->carries.data[c].init);
		set(e, stmt->carries.data[c].inner, inits[c]);
	}
	LLVMBasicBlockRef before = a->GetInsertBlock(e->b), body = new_block(e), after = new_block(e);
	a->BuildCondBr(e->b, all, body, after);
	a->PositionBuilderAtEnd(e->b, body);
	emit_block(e, &stmt->body);
	for (uint32_t c = 0; c < stmt->carries.count; c++)
		yields[c] = carried(e, &stmt->carries.data[c], stmt->carries.data[c].yield);
	LLVMBasicBlockRef last = a->GetInsertBlock(e->b);
	a->BuildBr(e->b, after);
	a->PositionBuilderAtEnd(e->b, after);
	leave(e, stmt, inits, before, yields, last);
}

/* ---- statements ---- */

static LLVMBasicBlockRef failure(LlvmEmit *e, int64_t code) {
	for (uint32_t i = 0; i < e->failures.count; i++)
		if (e->failure_codes.data[i] == code)
			return e->failures.data[i];
	LLVMBasicBlockRef here = e->api->GetInsertBlock(e->b), block = new_block(e);
	e->api->PositionBuilderAtEnd(e->b, block);
	e->api->BuildRet(e->b, e->api->ConstInt(e->i32, (unsigned long long)code, false));
	e->api->PositionBuilderAtEnd(e->b, here);
	vec_push(e->arena, &e->failures, block);
	vec_push(e->arena, &e->failure_codes, code);
	return block;
}

static void emit_check(LlvmEmit *e, const LoopStmt *stmt) {
	const LlvmApi *a = e->api;
	bool vector = e->kernel->temps.data[stmt->value].vector;
	LLVMValueRef limit = llvm_affine(e, stmt->affine);
	if (vector)
		limit = llvm_splat(e, limit, IR_I64);
	/* Unsigned: negative positions are large. */
	LLVMValueRef outside = a->BuildICmp(e->b, LLVMIntUGE, e->values[stmt->value], limit, "");
	if (vector) {
		LLVMValueRef bits = a->BuildBitCast(e->b, outside, e->i16, "");
		if (stmt->lanes != 0)
			bits = a->BuildAnd(e->b, bits, a->ConstInt(e->i16, (1u << stmt->lanes) - 1, false), "");
		outside = a->BuildICmp(e->b, LLVMIntNE, bits, a->ConstNull(e->i16), "");
	}
	LLVMBasicBlockRef fine = new_block(e);
	a->BuildCondBr(e->b, outside, failure(e, stmt->integer), fine);
	a->PositionBuilderAtEnd(e->b, fine);
}

static void emit_const(LlvmEmit *e, const LoopStmt *stmt) {
	IrScalar type = e->kernel->temps.data[stmt->out].type;
	LLVMTypeRef scalar = llvm_type(e, type, false);
	set(e, stmt->out,
	    ir_scalar_is_real(type) ? e->api->ConstReal(scalar, stmt->real)
	                            : e->api->ConstInt(scalar, (unsigned long long)stmt->integer, true));
}

static void emit_affine(LlvmEmit *e, const LoopStmt *stmt) {
	LLVMValueRef value = llvm_affine(e, stmt->affine);
	if (e->kernel->temps.data[stmt->out].vector) {
		LLVMValueRef lanes[LOOP_LANES];
		for (int64_t l = 0; l < LOOP_LANES; l++)
			lanes[l] = llvm_int(e, l * stmt->stride);
		value = e->api->BuildAdd(e->b, llvm_splat(e, value, IR_I64), e->api->ConstVector(lanes, LOOP_LANES), "");
	}
	set(e, stmt->out, value);
}

static void emit_op(LlvmEmit *e, const LoopStmt *stmt) {
	const LoopTempInfo *info = &e->kernel->temps.data[stmt->out];
	IrScalar types[IR_MAX_ARGS];
	LLVMValueRef args[IR_MAX_ARGS] = {0};
	for (int i = 0; i < ir_op_info[stmt->opcode].arity; i++) {
		types[i] = e->kernel->temps.data[stmt->args[i]].type;
		args[i] = llvm_operand(e, stmt->args[i], info->vector);
	}
	set(e, stmt->out, llvm_op(e, stmt->opcode, types, info->type, info->vector, args));
}

static void emit_stmt(LlvmEmit *e, const LoopStmt *stmt) {
	switch (stmt->kind) {
	case LOOP_CONST: emit_const(e, stmt); break;
	case LOOP_OP: emit_op(e, stmt); break;
	case LOOP_AFFINE: emit_affine(e, stmt); break;
	case LOOP_SYMBOL: set(e, stmt->out, e->symbols[stmt->symbol]); break;
	case LOOP_LOAD: set(e, stmt->out, llvm_load(e, stmt)); break;
	case LOOP_STORE: llvm_store(e, stmt); break;
	case LOOP_TREE:
		set(e, stmt->out,
		    llvm_tree(e, stmt->opcode, e->kernel->temps.data[stmt->out].type, llvm_operand(e, stmt->value, true)));
		break;
	case LOOP_CHECK: emit_check(e, stmt); break;
	case LOOP_FOR: emit_for(e, stmt); break;
	case LOOP_IF: emit_if(e, stmt); break;
	}
}

static void emit_block(LlvmEmit *e, const LoopBlock *block) {
	for (uint32_t i = 0; i < block->stmts.count; i++)
		emit_stmt(e, block->stmts.data[i]);
}

/* ---- kernels ---- */

static void string_attribute(LlvmEmit *e, LLVMValueRef function, const char *name, const char *value) {
	LLVMAttributeRef attribute =
		e->api->CreateStringAttribute(e->context, name, (unsigned)strlen(name), value, (unsigned)strlen(value));
	e->api->AddAttributeAtIndex(function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, attribute);
}

static void attributes(LlvmEmit *e, LLVMValueRef function) {
	const LlvmApi *a = e->api;
	/* One vector of 16 f32 is one register where the machine has such. */
	string_attribute(e, function, "prefer-vector-width", "512");
	string_attribute(e, function, "min-legal-vector-width", "512");
	unsigned kind = a->GetEnumAttributeKindForName("nounwind", strlen("nounwind"));
	a->AddAttributeAtIndex(function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
	                       a->CreateEnumAttribute(e->context, kind, 0));
}

static void emit_kernel(LlvmEmit *e, uint32_t number) {
	const LlvmApi *a = e->api;
	const LoopKernel *kernel = e->func->kernels.data[number];
	uint32_t symbol_count = e->func->ir->symbols.count, count = kernel->formals.count;
	LLVMTypeRef *types = ARENA_ARRAY(e->arena, LLVMTypeRef, count + symbol_count + 1);
	for (uint32_t i = 0; i < count; i++)
		types[i] = e->ptr;
	for (uint32_t i = 0; i < symbol_count; i++)
		types[count + i] = e->i64;
	e->kernel = kernel;
	e->kernel_types[number] = a->FunctionType(kernel->can_fail ? e->i32 : e->none, types, count + symbol_count, false);
	e->function =
		a->AddFunction(e->module, arena_printf(e->arena, "kernel%u", (unsigned)number), e->kernel_types[number]);
	e->kernels[number] = e->function;
	a->SetLinkage(e->function, LLVMInternalLinkage);
	attributes(e, e->function);
	e->symbols = ARENA_ARRAY(e->arena, LLVMValueRef, symbol_count + 1);
	for (uint32_t i = 0; i < symbol_count; i++)
		e->symbols[i] = a->GetParam(e->function, count + i);
	e->values = ARENA_ARRAY(e->arena, LLVMValueRef, kernel->temps.count);
	e->splats = ARENA_ARRAY(e->arena, LLVMValueRef, kernel->temps.count);
	e->failures.count = e->failure_codes.count = 0;
	a->PositionBuilderAtEnd(e->b, new_block(e));
	emit_block(e, &kernel->body);
	if (kernel->can_fail)
		a->BuildRet(e->b, a->ConstInt(e->i32, 0, false));
	else
		a->BuildRetVoid(e->b);
}

/* ---- the schedule ---- */

typedef struct Driver {
	LLVMValueRef *buffers; /* the address of each */
	LLVMBasicBlockRef fail;
	LLVMValueRef code; /* phi in `fail` */
} Driver;

static LLVMValueRef size_of(LlvmEmit *e, LoopSize size) {
	LoopAffine affine = loop_affine(0);
	loop_affine_add(e->arena, &affine, size, 0);
	return llvm_affine(e, affine);
}

static void emit_steps(LlvmEmit *e, Driver *d, const LoopSteps *steps);

static void emit_call(LlvmEmit *e, Driver *d, const LoopStep *step) {
	const LlvmApi *a = e->api;
	const LoopKernel *kernel = e->func->kernels.data[step->kernel];
	uint32_t symbol_count = e->func->ir->symbols.count, count = step->actuals.count;
	LLVMValueRef *args = ARENA_ARRAY(e->arena, LLVMValueRef, count + symbol_count + 1);
	for (uint32_t i = 0; i < count; i++)
		args[i] = d->buffers[step->actuals.data[i]];
	for (uint32_t i = 0; i < symbol_count; i++)
		args[count + i] = e->symbols[i];
	LLVMValueRef code =
		a->BuildCall2(e->b, e->kernel_types[step->kernel], e->kernels[step->kernel], args, count + symbol_count, "");
	if (!kernel->can_fail)
		return;
	LLVMBasicBlockRef here = a->GetInsertBlock(e->b), fine = new_block(e);
	phi(e, d->code, code, here);
	a->BuildCondBr(e->b, a->BuildICmp(e->b, LLVMIntEQ, code, a->ConstNull(e->i32), ""), fine, d->fail);
	a->PositionBuilderAtEnd(e->b, fine);
}

static void emit_repeat(LlvmEmit *e, Driver *d, const LoopStep *step) {
	const LlvmApi *a = e->api;
	LLVMValueRef limit = llvm_int(e, step->limit), zero = llvm_int(e, 0);
	if (step->trips != LOOP_NO_BUFFER) {
		LLVMValueRef trips = a->BuildLoad2(e->b, e->i64, d->buffers[step->trips], "");
		limit = a->BuildSelect(e->b, a->BuildICmp(e->b, LLVMIntSLT, trips, limit, ""), trips, limit, "");
	}
	LLVMBasicBlockRef before = a->GetInsertBlock(e->b), body = new_block(e), after = new_block(e);
	a->BuildCondBr(e->b, a->BuildICmp(e->b, LLVMIntSGT, limit, zero, ""), body, after);
	a->PositionBuilderAtEnd(e->b, body);
	LLVMValueRef counter = a->BuildPhi(e->b, e->i64, "");
	phi(e, counter, zero, before);
	a->BuildStore(e->b, counter, d->buffers[step->counter]);
	emit_steps(e, d, &step->body);
	LLVMValueRef next = a->BuildAdd(e->b, counter, llvm_int(e, 1), "");
	phi(e, counter, next, a->GetInsertBlock(e->b));
	a->BuildCondBr(e->b, a->BuildICmp(e->b, LLVMIntSLT, next, limit, ""), body, after);
	a->PositionBuilderAtEnd(e->b, after);
}

static void emit_steps(LlvmEmit *e, Driver *d, const LoopSteps *steps) {
	for (uint32_t i = 0; i < steps->steps.count; i++) {
		const LoopStep *step = steps->steps.data[i];
		if (step->kind == LOOP_CALL) {
			emit_call(e, d, step);
		} else if (step->kind == LOOP_REPEAT) {
			emit_repeat(e, d, step);
		} else if (step->kind == LOOP_EVALUATE) {
			base_panic("llvm_emit", "the function evaluates an objective that was not linked");
		} else {
			const LoopBuffer *to = &e->func->buffers.data[step->to];
			LLVMValueRef bytes = size_of(e, loop_size_mul(to->elements, loop_size((int64_t)ir_scalar_bytes(to->type))));
			unsigned alignment = (unsigned)ir_scalar_bytes(to->type);
			e->api->BuildMemCpy(e->b, d->buffers[step->to], alignment, d->buffers[step->from], alignment, bytes);
		}
	}
}

static LLVMValueRef at_pointer(LlvmEmit *e, LLVMValueRef array, uint32_t number) {
	LLVMValueRef index = llvm_int(e, number);
	return e->api->BuildLoad2(e->b, e->ptr, e->api->BuildGEP2(e->b, e->ptr, array, &index, 1, ""), "");
}

/* Every buffer's address, once, at the start. */
static void locate_buffers(LlvmEmit *e, Driver *d) {
	const LlvmApi *a = e->api;
	LLVMValueRef arena = a->GetParam(e->function, 3);
	LLVMValueRef *slots = ARENA_ARRAY(e->arena, LLVMValueRef, e->func->slots.count + 1);
	LLVMValueRef place = llvm_int(e, e->func->fixed_bytes);
	for (uint32_t i = 0; i < e->func->slots.count; i++) {
		slots[i] = place;
		LLVMValueRef bytes = a->BuildAdd(e->b, size_of(e, e->func->slots.data[i].bytes), llvm_int(e, 63), "");
		place = a->BuildAdd(e->b, place, a->BuildAnd(e->b, bytes, llvm_int(e, -64), ""), "");
	}
	uint32_t tables = 0;
	for (uint32_t i = 0; i < e->func->buffers.count; i++) {
		const LoopBuffer *buffer = &e->func->buffers.data[i];
		if (buffer->kind == LOOP_SCRATCH) {
			bool in_slot = buffer->elements.count > 0 && buffer->slot < e->func->slots.count;
			LLVMValueRef offset = in_slot ? slots[buffer->slot] : llvm_int(e, buffer->offset);
			d->buffers[i] = a->BuildGEP2(e->b, e->i8, arena, &offset, 1, "");
		} else {
			unsigned array = buffer->kind == LOOP_PARAM ? 0 : buffer->kind == LOOP_RESULT ? 1 : 2;
			d->buffers[i] = at_pointer(e, a->GetParam(e->function, array), array == 2 ? tables++ : buffer->number);
		}
	}
}

static void emit_driver(LlvmEmit *e, const char *name) {
	const LlvmApi *a = e->api;
	LLVMTypeRef types[5] = {e->ptr, e->ptr, e->ptr, e->ptr, e->ptr};
	e->function = a->AddFunction(e->module, name, a->FunctionType(e->i32, types, 5, false));
	attributes(e, e->function);
	a->PositionBuilderAtEnd(e->b, new_block(e));
	uint32_t symbol_count = e->func->ir->symbols.count;
	for (uint32_t i = 0; i < symbol_count; i++) {
		LLVMValueRef index = llvm_int(e, i);
		LLVMValueRef pointer = a->BuildGEP2(e->b, e->i64, a->GetParam(e->function, 4), &index, 1, "");
		e->symbols[i] = a->BuildLoad2(e->b, e->i64, pointer, "");
	}
	Driver d = {.buffers = ARENA_ARRAY(e->arena, LLVMValueRef, e->func->buffers.count + 1)};
	bool can_fail = false;
	for (uint32_t i = 0; i < e->func->kernels.count; i++)
		can_fail = can_fail || e->func->kernels.data[i]->can_fail;
	LLVMBasicBlockRef entry = a->GetInsertBlock(e->b);
	if (can_fail) {
		d.fail = new_block(e);
		a->PositionBuilderAtEnd(e->b, d.fail);
		d.code = a->BuildPhi(e->b, e->i32, "");
		a->BuildRet(e->b, d.code);
		a->PositionBuilderAtEnd(e->b, entry);
	}
	locate_buffers(e, &d);
	emit_steps(e, &d, &e->func->body);
	a->BuildRet(e->b, a->ConstInt(e->i32, 0, false));
}

LLVMModuleRef llvm_emit_module(const LlvmApi *api, Arena *arena, LLVMContextRef context, const LoopFunc *func,
                               const char *name) {
	LlvmEmit emit = {.api = api, .arena = arena, .context = context, .func = func};
	LlvmEmit *e = &emit;
	e->module = api->ModuleCreateWithNameInContext(name, context);
	e->b = api->CreateBuilderInContext(context);
	e->i1 = api->Int1TypeInContext(context);
	e->i8 = api->Int8TypeInContext(context);
	e->i16 = api->Int16TypeInContext(context);
	e->i32 = api->Int32TypeInContext(context);
	e->i64 = api->Int64TypeInContext(context);
	e->f32 = api->FloatTypeInContext(context);
	e->f64 = api->DoubleTypeInContext(context);
	e->ptr = api->PointerTypeInContext(context, 0);
	e->none = api->VoidTypeInContext(context);
	e->kernels = ARENA_ARRAY(arena, LLVMValueRef, func->kernels.count + 1);
	e->kernel_types = ARENA_ARRAY(arena, LLVMTypeRef, func->kernels.count + 1);
	e->symbols = ARENA_ARRAY(arena, LLVMValueRef, func->ir->symbols.count + 1);
	for (uint32_t i = 0; i < func->kernels.count; i++)
		emit_kernel(e, i);
	emit_driver(e, name);
	api->DisposeBuilder(e->b);
	return e->module;
}
