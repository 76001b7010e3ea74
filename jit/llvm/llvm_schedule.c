/* The schedule: the external function of a module, which calls the kernels and copies buffers. */
#include "jit/llvm/limits.h"
#include "jit/llvm/llvm_emit.h"

/* A function of the schedule. */
typedef struct Driver {
	LLVMValueRef *buffers; /* the address of each that it uses */
	LLVMBasicBlockRef fail;
	LLVMValueRef code; /* phi in `fail` */
} Driver;

static LLVMValueRef size_of(LlvmEmit *e, LoopSize size) {
	LoopAffine affine = loop_affine(0);
	loop_affine_add(e->arena, &affine, size, 0);
	return llvm_affine(e, affine);
}

static void emit_steps(LlvmEmit *e, Driver *d, const LoopSteps *steps);

static void leave_unless_fine(LlvmEmit *e, Driver *d, LLVMValueRef code) {
	const LlvmApi *a = e->api;
	LLVMBasicBlockRef fine = llvm_block(e);
	llvm_incoming(e, d->code, code, a->GetInsertBlock(e->b));
	a->BuildCondBr(e->b, a->BuildICmp(e->b, LLVMIntEQ, code, a->ConstNull(e->i32), ""), fine, d->fail);
	a->PositionBuilderAtEnd(e->b, fine);
}

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
	if (kernel->can_fail)
		leave_unless_fine(e, d, code);
}

/* Goes on only if one of the truth values holds: those of 16 lanes are two words. */
static void emit_end_unless(LlvmEmit *e, Driver *d, uint32_t truths, LLVMBasicBlockRef after) {
	const LlvmApi *a = e->api;
	LLVMTypeRef type = e->i8;
	LLVMValueRef all;
	if (e->func->buffers.data[truths].elements.factor == LOOP_LANES) {
		LLVMValueRef one = llvm_int(e, 1), second = a->BuildGEP2(e->b, e->i64, d->buffers[truths], &one, 1, "");
		type = e->i64;
		all = a->BuildOr(e->b, a->BuildLoad2(e->b, type, d->buffers[truths], ""), a->BuildLoad2(e->b, type, second, ""),
		                 "");
	} else {
		all = a->BuildLoad2(e->b, type, d->buffers[truths], "");
	}
	LLVMBasicBlockRef turn = llvm_block(e);
	a->BuildCondBr(e->b, a->BuildICmp(e->b, LLVMIntEQ, all, a->ConstNull(type), ""), after, turn);
	a->PositionBuilderAtEnd(e->b, turn);
}

static void emit_repeat(LlvmEmit *e, Driver *d, const LoopStep *step) {
	const LlvmApi *a = e->api;
	LLVMValueRef limit = llvm_int(e, step->limit), zero = llvm_int(e, 0);
	if (step->trips != LOOP_NO_BUFFER) {
		LLVMValueRef trips = a->BuildLoad2(e->b, e->i64, d->buffers[step->trips], "");
		limit = a->BuildSelect(e->b, a->BuildICmp(e->b, LLVMIntSLT, trips, limit, ""), trips, limit, "");
	}
	LLVMBasicBlockRef before = a->GetInsertBlock(e->b), body = llvm_block(e), after = llvm_block(e);
	a->BuildCondBr(e->b, a->BuildICmp(e->b, LLVMIntSGT, limit, zero, ""), body, after);
	a->PositionBuilderAtEnd(e->b, body);
	LLVMValueRef counter = a->BuildPhi(e->b, e->i64, "");
	llvm_incoming(e, counter, zero, before);
	if (step->goes != LOOP_NO_BUFFER)
		emit_end_unless(e, d, step->goes, after);
	a->BuildStore(e->b, counter, d->buffers[step->counter]);
	emit_steps(e, d, &step->body);
	LLVMValueRef next = a->BuildAdd(e->b, counter, llvm_int(e, 1), "");
	llvm_incoming(e, counter, next, a->GetInsertBlock(e->b));
	a->BuildCondBr(e->b, a->BuildICmp(e->b, LLVMIntSLT, next, limit, ""), body, after);
	a->PositionBuilderAtEnd(e->b, after);
}

static void emit_step(LlvmEmit *e, Driver *d, const LoopStep *step) {
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

static LLVMValueRef at_pointer(LlvmEmit *e, LLVMValueRef array, uint32_t number) {
	LLVMValueRef index = llvm_int(e, number);
	return e->api->BuildLoad2(e->b, e->ptr, e->api->BuildGEP2(e->b, e->ptr, array, &index, 1, ""), "");
}

/* Marks the buffers that a function uses which does these steps: not those of its parts. */
static void mark_buffers(const LoopSteps *steps, bool *used) {
	for (uint32_t i = 0; steps->steps.count <= LLVM_PART_STEPS && i < steps->steps.count; i++) {
		LoopStep step = *steps->steps.data[i], *alone = &step;
		mark_buffers(&step.body, used);
		step.body.steps.count = 0;
		loop_mark_buffers(&(LoopSteps){.steps = {.data = &alone, .count = 1}}, used);
	}
}

/* The address of every buffer that the steps use, once, at the start. */
static void locate_buffers(LlvmEmit *e, Driver *d, const LoopSteps *steps) {
	const LlvmApi *a = e->api;
	LLVMValueRef arena = a->GetParam(e->function, 3);
	LLVMValueRef *slots = ARENA_ARRAY(e->arena, LLVMValueRef, e->func->slots.count + 1);
	LLVMValueRef place = llvm_int(e, e->func->fixed_bytes);
	for (uint32_t i = 0; i < e->func->slots.count; i++) {
		slots[i] = place;
		LLVMValueRef bytes = a->BuildAdd(e->b, size_of(e, e->func->slots.data[i].bytes), llvm_int(e, 63), "");
		place = a->BuildAdd(e->b, place, a->BuildAnd(e->b, bytes, llvm_int(e, -64), ""), "");
	}
	bool *used = ARENA_ARRAY(e->arena, bool, e->func->buffers.count + 1);
	mark_buffers(steps, used);
	uint32_t tables = 0;
	for (uint32_t i = 0; i < e->func->buffers.count; i++) {
		const LoopBuffer *buffer = &e->func->buffers.data[i];
		uint32_t number = buffer->kind == LOOP_TABLE ? tables++ : buffer->number;
		if (!used[i])
			continue;
		if (buffer->kind == LOOP_SCRATCH) {
			bool in_slot = buffer->elements.count > 0 && buffer->slot < e->func->slots.count;
			LLVMValueRef offset = in_slot ? slots[buffer->slot] : llvm_int(e, buffer->offset);
			d->buffers[i] = a->BuildGEP2(e->b, e->i8, arena, &offset, 1, "");
		} else {
			unsigned array = buffer->kind == LOOP_PARAM ? 0 : buffer->kind == LOOP_RESULT ? 1 : 2;
			d->buffers[i] = at_pointer(e, a->GetParam(e->function, array), number);
		}
	}
}

enum { ARGUMENTS = 5 }; /* params, results, tables, arena, symbols */

static LLVMTypeRef function_type(LlvmEmit *e) {
	LLVMTypeRef types[ARGUMENTS] = {e->ptr, e->ptr, e->ptr, e->ptr, e->ptr};
	return e->api->FunctionType(e->i32, types, ARGUMENTS, false);
}

static bool can_fail(const LoopFunc *func) {
	for (uint32_t i = 0; i < func->kernels.count; i++)
		if (func->kernels.data[i]->can_fail)
			return true;
	return false;
}

/* A function that does these steps: the whole schedule, or a part. */
static LLVMValueRef emit_function(LlvmEmit *e, const char *name, const LoopSteps *steps) {
	const LlvmApi *a = e->api;
	LLVMValueRef function = a->AddFunction(e->module, name, function_type(e));
	e->function = function;
	llvm_attributes(e, function);
	a->PositionBuilderAtEnd(e->b, llvm_block(e));
	uint32_t symbol_count = e->func->ir->symbols.count;
	e->symbols = ARENA_ARRAY(e->arena, LLVMValueRef, symbol_count + 1);
	for (uint32_t i = 0; i < symbol_count; i++) {
		LLVMValueRef index = llvm_int(e, i);
		LLVMValueRef pointer = a->BuildGEP2(e->b, e->i64, a->GetParam(function, 4), &index, 1, "");
		e->symbols[i] = a->BuildLoad2(e->b, e->i64, pointer, "");
	}
	Driver d = {.buffers = ARENA_ARRAY(e->arena, LLVMValueRef, e->func->buffers.count + 1)};
	LLVMBasicBlockRef entry = a->GetInsertBlock(e->b);
	if (can_fail(e->func)) {
		d.fail = llvm_block(e);
		a->PositionBuilderAtEnd(e->b, d.fail);
		d.code = a->BuildPhi(e->b, e->i32, "");
		a->BuildRet(e->b, d.code);
		a->PositionBuilderAtEnd(e->b, entry);
	}
	locate_buffers(e, &d, steps);
	emit_steps(e, &d, steps);
	a->BuildRet(e->b, a->ConstInt(e->i32, 0, false));
	return function;
}

/* A function of their own for some steps of the function at hand, and the call of it. */
static void emit_part(LlvmEmit *e, Driver *d, const LoopSteps *steps) {
	const LlvmApi *a = e->api;
	LLVMBasicBlockRef here = a->GetInsertBlock(e->b);
	LLVMValueRef outer = e->function, *symbols = e->symbols, args[ARGUMENTS];
	LLVMValueRef part = emit_function(e, "part", steps);
	a->SetLinkage(part, LLVMInternalLinkage);
	e->function = outer;
	e->symbols = symbols;
	a->PositionBuilderAtEnd(e->b, here);
	for (unsigned i = 0; i < ARGUMENTS; i++)
		args[i] = a->GetParam(outer, i);
	LLVMValueRef code = a->BuildCall2(e->b, function_type(e), part, args, ARGUMENTS, "");
	if (d->fail)
		leave_unless_fine(e, d, code);
}

/* Many steps in a row become several functions. */
static void emit_steps(LlvmEmit *e, Driver *d, const LoopSteps *steps) {
	uint32_t count = steps->steps.count;
	for (uint32_t i = 0; count <= LLVM_PART_STEPS && i < count; i++)
		emit_step(e, d, steps->steps.data[i]);
	for (uint32_t i = 0; count > LLVM_PART_STEPS && i < count; i += LLVM_PART_STEPS) {
		LoopSteps part = *steps;
		part.steps.data += i;
		part.steps.count = count - i < LLVM_PART_STEPS ? count - i : LLVM_PART_STEPS;
		emit_part(e, d, &part);
	}
}

void llvm_schedule(LlvmEmit *e, const char *name) {
	emit_function(e, name, &e->func->body);
}
