/* How many lanes of every vector are asked for: what stores, checks and sums over lanes ask for, and from there on backwards. */
#include "jit/loop/loop.h"

typedef struct Needs {
	Arena *arena;
	const LoopKernel *kernel;
	uint8_t *of;                 /* per temp */
	VEC(const LoopStmt *) stmts; /* all, in order */
} Needs;

static void list_stmts(Needs *needs, const LoopBlock *block) {
	for (uint32_t i = 0; i < block->stmts.count; i++) {
		vec_push(needs->arena, &needs->stmts, block->stmts.data[i]);
		list_stmts(needs, &block->stmts.data[i]->body);
	}
}

/* True if that is more than was known. */
static bool raise(Needs *needs, LoopTemp temp, uint8_t lanes) {
	if (!needs->kernel->temps.data[temp].vector || needs->of[temp] >= lanes)
		return false;
	needs->of[temp] = lanes;
	return true;
}

static bool raise_carry(Needs *needs, const LoopCarry *carry) {
	uint8_t lanes = needs->of[carry->inner] > needs->of[carry->out] ? needs->of[carry->inner] : needs->of[carry->out];
	const LoopTemp held[] = {carry->init, carry->inner, carry->yield, carry->out};
	bool more = false;
	for (size_t i = 0; i < sizeof held / sizeof *held; i++)
		more = raise(needs, held[i], lanes) || more;
	return more;
}

/* Notes in how many lanes the operands of a statement are needed; true if that is more than was known. */
static bool pass_need(Needs *needs, const LoopStmt *stmt) {
	uint8_t need = needs->of[stmt->out];
	if (stmt->kind == LOOP_STORE || stmt->kind == LOOP_CHECK)
		need = (uint8_t)(stmt->lanes != 0 ? stmt->lanes : LOOP_LANES);
	else if (stmt->kind == LOOP_TREE)
		need = LOOP_LANES;
	bool more = raise(needs, stmt->value, need);
	more = raise(needs, stmt->mask, need) || more;
	more = raise(needs, stmt->address.index, need) || more;
	for (int i = 0; i < IR_MAX_ARGS; i++)
		more = raise(needs, stmt->args[i], need) || more;
	for (uint32_t i = 0; i < stmt->carries.count; i++)
		more = raise_carry(needs, &stmt->carries.data[i]) || more;
	return more;
}

const uint8_t *loop_needs(Arena *arena, const LoopKernel *kernel) {
	Needs needs = {.arena = arena, .kernel = kernel, .of = ARENA_ARRAY(arena, uint8_t, kernel->temps.count + 1)};
	list_stmts(&needs, &kernel->body);
	for (bool more = true; more;) {
		more = false;
		for (uint32_t i = needs.stmts.count; i-- > 0;)
			more = pass_need(&needs, needs.stmts.data[i]) || more;
	}
	for (LoopTemp temp = 1; temp < kernel->temps.count; temp++)
		if (kernel->temps.data[temp].vector && needs.of[temp] == 0)
			needs.of[temp] = LOOP_LANES; /* carried on, but never asked for */
	return needs.of;
}
