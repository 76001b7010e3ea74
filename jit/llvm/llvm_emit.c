/* Loop IR to LLVM: kernels and their loops. One function per kernel, SSA all through: no allocas, so that no
 * LLVM pass is needed before code generation. */
#include "jit/llvm/llvm_emit.h"

#include <string.h>

static void emit_block(LlvmEmit *e, const LoopBlock *block);

static void set(LlvmEmit *e, LoopTemp temp, LLVMValueRef value) {
	e->values[temp] = value;
	e->lanes = LOOP_LANES;
	if (e->kernel->temps.data[temp].splat)
		e->splats[temp] = llvm_splat(e, value, e->kernel->temps.data[temp].type);
}

LLVMBasicBlockRef llvm_block(LlvmEmit *e) {
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
	e->lanes = llvm_lanes_of(e, carry->inner);
	return llvm_operand(e, temp, e->kernel->temps.data[carry->inner].vector);
}

void llvm_incoming(LlvmEmit *e, LLVMValueRef node, LLVMValueRef value, LLVMBasicBlockRef from) {
	e->api->AddIncoming(node, &value, &from, 1);
}

static LLVMTypeRef carry_type(LlvmEmit *e, const LoopCarry *carry) {
	e->lanes = llvm_lanes_of(e, carry->inner);
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
			llvm_incoming(e, out, inits[c], around);
			llvm_incoming(e, out, yields[c], last);
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
	LLVMBasicBlockRef before = a->GetInsertBlock(e->b), body = llvm_block(e), after = llvm_block(e);
	if (known)
		a->BuildBr(e->b, body);
	else
		a->BuildCondBr(e->b, a->BuildICmp(e->b, LLVMIntSLE, low, last_start, ""), body, after);
	a->PositionBuilderAtEnd(e->b, body);
	LLVMValueRef var = a->BuildPhi(e->b, e->i64, "");
	llvm_incoming(e, var, low, before);
	for (uint32_t c = 0; c < stmt->carries.count; c++) {
		const LoopCarry *carry = &stmt->carries.data[c];
		e->values[carry->inner] = a->BuildPhi(e->b, carry_type(e, carry), "");
		llvm_incoming(e, e->values[carry->inner], inits[c], before);
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
	llvm_incoming(e, var, next, last);
	for (uint32_t c = 0; c < stmt->carries.count; c++)
		llvm_incoming(e, e->values[stmt->carries.data[c].inner], yields[c], last);
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
	LLVMBasicBlockRef before = a->GetInsertBlock(e->b), body = llvm_block(e), after = llvm_block(e);
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
	LLVMBasicBlockRef here = e->api->GetInsertBlock(e->b), block = llvm_block(e);
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
		LLVMTypeRef type = e->lanes == LOOP_LANES ? e->i16 : e->i8;
		LLVMValueRef bits = a->BuildBitCast(e->b, outside, type, "");
		if (llvm_counted(e, stmt) != 0)
			bits = a->BuildAnd(e->b, bits, a->ConstInt(type, (1u << stmt->lanes) - 1, false), "");
		outside = a->BuildICmp(e->b, LLVMIntNE, bits, a->ConstNull(type), "");
	}
	LLVMBasicBlockRef fine = llvm_block(e);
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
		for (int64_t l = 0; l < e->lanes; l++)
			lanes[l] = llvm_int(e, l * stmt->stride);
		value = e->api->BuildAdd(e->b, llvm_splat(e, value, IR_I64), e->api->ConstVector(lanes, e->lanes), "");
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

/* How many lanes a statement runs in. */
static unsigned lanes_of(const LlvmEmit *e, const LoopStmt *stmt) {
	if (stmt->kind == LOOP_STORE)
		return stmt->lanes != 0 && stmt->lanes <= LOOP_LANES / 2 ? LOOP_LANES / 2 : LOOP_LANES;
	if (stmt->kind == LOOP_CHECK)
		return llvm_lanes_of(e, stmt->value);
	return stmt->kind == LOOP_TREE ? (unsigned)LOOP_LANES : llvm_lanes_of(e, stmt->out);
}

static void emit_stmt(LlvmEmit *e, const LoopStmt *stmt) {
	e->lanes = lanes_of(e, stmt);
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

static void emit_trees(LlvmEmit *e, LoopStmt *const *stmts, uint32_t count) {
	LLVMValueRef sums[LOOP_LANES];
	llvm_trees(e, stmts, count, sums);
	for (uint32_t i = 0; i < count; i++)
		set(e, stmts[i]->out, sums[i]);
}

static void emit_block(LlvmEmit *e, const LoopBlock *block) {
	for (uint32_t i = 0, run; i < block->stmts.count; i += run) {
		run = llvm_tree_run(e, block, i);
		if (run > 1) {
			emit_trees(e, block->stmts.data + i, run);
		} else {
			run = 1;
			emit_stmt(e, block->stmts.data[i]);
		}
	}
}

/* ---- kernels ---- */

static void string_attribute(LlvmEmit *e, LLVMValueRef function, const char *name, const char *value) {
	LLVMAttributeRef attribute =
		e->api->CreateStringAttribute(e->context, name, (unsigned)strlen(name), value, (unsigned)strlen(value));
	e->api->AddAttributeAtIndex(function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, attribute);
}

void llvm_attributes(LlvmEmit *e, LLVMValueRef function) {
	const LlvmApi *a = e->api;
	/* One vector of 16 f32 is one register where the machine has such. */
	string_attribute(e, function, "prefer-vector-width", "512");
	string_attribute(e, function, "min-legal-vector-width", "512");
	unsigned kind = a->GetEnumAttributeKindForName("nounwind", strlen("nounwind"));
	a->AddAttributeAtIndex(function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
	                       a->CreateEnumAttribute(e->context, kind, 0));
}

/* The function lies where it lies in this process. */
static void emit_foreign(LlvmEmit *e, const LoopForeign *foreign, uint32_t formals) {
	const LlvmApi *a = e->api;
	uint32_t count = 0, all = 1 + foreign->buffers + 3;
	LLVMTypeRef *types = ARENA_ARRAY(e->arena, LLVMTypeRef, all);
	LLVMValueRef *args = ARENA_ARRAY(e->arena, LLVMValueRef, all);
	args[count++] = a->ConstIntToPtr(llvm_int(e, (int64_t)(uintptr_t)foreign->context), e->ptr);
	for (uint32_t i = 0; i < foreign->buffers; i++)
		args[count++] = i < formals ? a->GetParam(e->function, i) : a->ConstNull(e->ptr);
	for (uint32_t i = 0; i < 3; i++)
		args[count++] = llvm_int(e, foreign->numbers[i]);
	for (uint32_t i = 0; i < all; i++)
		types[i] = i < 1 + foreign->buffers ? e->ptr : e->i64;
	LLVMValueRef function = a->ConstIntToPtr(llvm_int(e, (int64_t)(uintptr_t)foreign->function), e->ptr);
	a->BuildCall2(e->b, a->FunctionType(e->none, types, all, false), function, args, all, "");
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
	llvm_attributes(e, e->function);
	e->symbols = ARENA_ARRAY(e->arena, LLVMValueRef, symbol_count + 1);
	for (uint32_t i = 0; i < symbol_count; i++)
		e->symbols[i] = a->GetParam(e->function, count + i);
	e->needs = loop_needs(e->arena, kernel);
	e->lanes = LOOP_LANES;
	e->values = ARENA_ARRAY(e->arena, LLVMValueRef, kernel->temps.count);
	e->splats = ARENA_ARRAY(e->arena, LLVMValueRef, kernel->temps.count);
	e->failures.count = e->failure_codes.count = 0;
	a->PositionBuilderAtEnd(e->b, llvm_block(e));
	if (kernel->foreign)
		emit_foreign(e, kernel->foreign, count);
	emit_block(e, &kernel->body);
	if (kernel->can_fail)
		a->BuildRet(e->b, a->ConstInt(e->i32, 0, false));
	else
		a->BuildRetVoid(e->b);
}

LLVMModuleRef llvm_emit_module(const LlvmApi *api, Arena *arena, LLVMContextRef context, const LoopFunc *func,
                               const char *name, bool permutes) {
	LlvmEmit emit = {.api = api, .arena = arena, .context = context, .func = func, .permutes = permutes};
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
	e->lanes = LOOP_LANES;
	llvm_schedule(e, name);
	api->DisposeBuilder(e->b);
	return e->module;
}
