/* A call as a step: its kernel, made by the function of its row, or one that is like it. */
#include "jit/lapack/lapack.h"
#include "jit/nest/nest.h"
#include "jit/nest/nest_call.h"

#include <string.h>

static NestArray array_of(IrType type, const IrCallPart *part) {
	NestArray array = {.lanes = type.lanes, .type = type.scalar, .formal = LOOP_NO_BUFFER};
	array.cols = array.elements = loop_size(1);
	for (int k = 0; k < part->rank; k++)
		array.elements = loop_size_mul(array.elements, loop_size_dim(type.dims[type.rank - part->rank + k]));
	if (part->rank == 2)
		array.cols = loop_size_dim(type.dims[type.rank - 1]);
	return array;
}

typedef void Make(NestCall *c);

static Make *const makers[IR_CALLEE_COUNT] = {
#define CALLEE(name, ...) [IR_CALL_##name] = nest_call_##name,
#include "ir/core/calls.def"
#undef CALLEE
};

/* The axes in front, as a number of problems. */
static void make(NestCall *c, IrCallee callee, IrType type, int outer) {
	LoopSize problems = loop_size(1);
	for (int k = 0; k < outer; k++)
		problems = loop_size_mul(problems, loop_size_dim(type.dims[type.lanes + k]));
	if (outer == 0) {
		makers[callee](c);
		return;
	}
	NestTurn turn = nest_call_for(c, loop_affine(0), nest_call_size(c, problems, 0));
	c->problem = turn.var;
	makers[callee](c);
	nest_call_end(c, &turn);
}

/* By LAPACK, where that is faster: matrices of known size, of one problem or of problems one behind the other. */
static bool make_foreign(NestCall *c, const IrFunc *ir, const IrCall *call, const JitOptions *options) {
	const IrCalleeInfo info = ir_callee_info(call->callee);
	const IrCallSize size = ir_call_size(ir, call);
	const IrType type = ir_type(ir, call->outs[0]);
	int64_t problems = 1;
	if (!options->lapack || options->strict || c->lanes || size.n < 0 || size.m < 0)
		return false;
	for (int k = 0; k < size.outer; k++) {
		if (type.dims[k] < 0)
			return false;
		problems *= type.dims[k];
	}
	LapackRun *run = lapack_for(call->callee, c->real, size.n, size.m);
	if (!run)
		return false;
	LoopForeign *foreign = ARENA_NEW(c->arena, LoopForeign);
	*foreign =
		(LoopForeign){.context = options->lapack, .buffers = LAPACK_BUFFERS, .numbers = {size.n, size.m, problems}};
	foreign->name = arena_printf(c->arena, "lapack %s %s", info.name, ir_scalar_name(c->real));
	memcpy(&foreign->function, &run, sizeof run);
	c->kernel->foreign = foreign;
	for (uint32_t i = 0; i < info.arg_count; i++)
		nest_call_touch(c, &c->args[i]);
	for (uint32_t i = 0; i < info.out_count; i++)
		c->kernel->formals.data[nest_call_touch(c, &c->outs[i])].written = true;
	return true;
}

void nest_lower_call(LoopFunc *func, const IrOp *op, const uint32_t *buffer_of, const JitOptions *options,
                     LoopSteps *steps) {
	const IrCall *call = &op->call;
	const IrFunc *ir = func->ir;
	const IrCalleeInfo info = ir_callee_info(call->callee);
	const IrCallSize size = ir_call_size(ir, call);
	const IrType type = ir_type(ir, call->outs[0]);
	Arena *scratch = arena_new();
	NestCall c = {.arena = scratch,
	              .kernel = ARENA_NEW(scratch, LoopKernel),
	              .real = ir_type(ir, call->args[0]).scalar,
	              .lanes = type.lanes};
	c.fuse = !options->strict;
	c.n = loop_size_dim(size.n);
	c.m = loop_size_dim(size.m);
	c.block = &c.kernel->body;
	for (uint32_t i = 0; i < info.arg_count; i++)
		c.args[i] = array_of(ir_type(ir, call->args[i]), &info.args[i]);
	for (uint32_t i = 0; i < info.out_count; i++)
		c.outs[i] = array_of(ir_type(ir, call->outs[i]), &info.outs[i]);
	if (!make_foreign(&c, ir, call, options))
		make(&c, call->callee, type, size.outer);
	uint32_t *actuals = ARENA_ARRAY(scratch, uint32_t, c.touched.count + 1);
	for (uint32_t i = 0; i < info.arg_count; i++)
		if (c.args[i].formal != LOOP_NO_BUFFER)
			actuals[c.args[i].formal] = buffer_of[call->args[i]];
	for (uint32_t i = 0; i < info.out_count; i++)
		if (c.outs[i].formal != LOOP_NO_BUFFER)
			actuals[c.outs[i].formal] = buffer_of[call->outs[i]];
	loop_remove_dead(scratch, c.kernel); /* rows of no columns are read by nobody */
	c.kernel->symbolic = ir->symbols.count > 0;
	loop_finish_kernel(scratch, c.kernel);
	LoopKernel *called = nest_add_step(func, c.kernel, actuals, c.touched.count, steps);
	if (op->span.file != 0)
		vec_push(func->arena, &called->sources, op->span);
	arena_free(scratch);
}
