/* Several vectors, the lanes of each added up: what half of the steps do is common to two vectors, a quarter to four, and so on. Every
 * sum is that of LOOP_TREE, in its order:
 *
 *     a0 .. a15, b0 .. b15    becomes    a0 + a8, .., a7 + a15, b0 + b8, .., b7 + b15    and so on    and at last a, b      */
#include "jit/llvm/llvm_emit.h"

uint32_t llvm_tree_run(const LlvmEmit *e, const LoopBlock *block, uint32_t from) {
	const LoopStmt *first = block->stmts.data[from];
	uint32_t to = from;
	while (to < block->stmts.count && to - from < LOOP_LANES) {
		const LoopStmt *stmt = block->stmts.data[to];
		if (stmt->kind != LOOP_TREE || stmt->opcode != first->opcode || stmt->opcode == IR_or ||
		    e->kernel->temps.data[stmt->out].type != e->kernel->temps.data[first->out].type)
			break;
		to++;
	}
	return to - from;
}

/* Of runs of `run` lanes in two vectors, the first half or the second half of each. */
static LLVMValueRef halves(LlvmEmit *e, LLVMValueRef a, LLVMValueRef b, unsigned run, bool second) {
	LLVMValueRef from[LOOP_LANES];
	unsigned half = run / 2;
	for (unsigned l = 0; l < LOOP_LANES; l++)
		from[l] = e->api->ConstInt(e->i32, l / half * run + l % half + (second ? half : 0), false);
	return e->api->BuildShuffleVector(e->b, a, b, e->api->ConstVector(from, LOOP_LANES), "");
}

void llvm_trees(LlvmEmit *e, LoopStmt *const *stmts, uint32_t count, LLVMValueRef *sums) {
	IrScalar type = e->kernel->temps.data[stmts[0]->out].type;
	LLVMValueRef vectors[LOOP_LANES];
	e->lanes = LOOP_LANES;
	for (uint32_t i = 0; i < count; i++)
		vectors[i] = llvm_operand(e, stmts[i]->value, true);
	uint32_t left = count;
	for (unsigned run = LOOP_LANES; run > 1; run /= 2) {
		for (uint32_t i = 0; i < left; i += 2) {
			LLVMValueRef a = vectors[i], b = i + 1 < left ? vectors[i + 1] : e->api->GetPoison(e->api->TypeOf(a));
			LLVMValueRef args[IR_MAX_ARGS] = {halves(e, a, b, run, false), halves(e, a, b, run, true)};
			vectors[i / 2] = llvm_op(e, stmts[0]->opcode, (IrScalar[]){type, type}, type, true, args);
		}
		left = (left + 1) / 2;
	}
	for (uint32_t i = 0; i < count; i++)
		sums[i] = e->api->BuildExtractElement(e->b, vectors[0], llvm_int(e, i), "");
}
