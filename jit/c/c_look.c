/* The first walk over a kernel, before anything is printed: who uses what and where, how many lanes count, and what is passed
 * as a number. */
#include "jit/c/c_emit.h"

void c_look_use(CEmit *c, LoopTemp temp, uint32_t region, uint32_t times) {
	if (temp == 0)
		return;
	CTemp *t = &c->temps[temp];
	t->uses += times;
	t->user_block = c->block;
	t->user_region = region;
	if (c_is_vector(c, temp) && t->region != region)
		c->temps[t->variable].crosses = true;
}

static void look_affine(CEmit *c, LoopAffine affine, uint32_t region) {
	for (uint32_t i = 0; i < affine.count; i++)
		c_look_use(c, affine.terms[i].temp, region, 1);
}

/* A value that is loaded or stored is called like its place, if it has no name of its own. */
static void want_name(CEmit *c, LoopTemp temp, const LoopAddress *address) {
	CTemp *t = &c->temps[c->temps[temp].variable];
	int64_t part = c_part_of(c, address);
	if (temp != 0 && !t->wanted)
		t->wanted = arena_printf(c->arena, "%s_i", part < 0 ? c->formals[address->buffer] : c->parts[part].name);
}

void c_look_op(CEmit *c, const LoopStmt *stmt, uint32_t region) {
	vec_push(c->arena, &c->stmts, stmt);
	if (stmt->out != 0) {
		c->temps[stmt->out].block = c->block;
		c->temps[stmt->out].region = region;
	}
	for (int i = 0; i < IR_MAX_ARGS; i++)
		c_look_use(c, stmt->args[i], region, 1);
	/* A check names its value twice; what a tree adds up, and masks, are named by themselves. */
	bool alone = stmt->kind == LOOP_CHECK || stmt->kind == LOOP_TREE;
	c_look_use(c, stmt->value, alone && !c_is_vector(c, stmt->value) ? (uint32_t)C_NOT_NESTED : region, alone ? 2 : 1);
	c_look_use(c, stmt->mask, region, 1);
	c_look_use(c, stmt->address.index, region, 1);
	look_affine(c, stmt->address.affine, region);
	look_affine(c, stmt->affine, region);
	if (stmt->kind == LOOP_LOAD || stmt->kind == LOOP_STORE)
		c->formal_used[stmt->address.buffer] = true;
	if (stmt->kind == LOOP_STORE)
		want_name(c, stmt->value, &stmt->address);
	if (stmt->kind == LOOP_LOAD)
		want_name(c, stmt->out, &stmt->address);
}

void c_look_carries(CEmit *c, const LoopStmt *stmt) {
	vec_push(c->arena, &c->stmts, stmt);
	if (stmt->kind == LOOP_FOR) {
		c->temps[stmt->out].terms = 1;
		if (!c->temps[stmt->out].wanted)
			c->temps[stmt->out].wanted = "i";
	}
	for (uint32_t i = 0; i < stmt->carries.count; i++) {
		const LoopCarry *carry = &stmt->carries.data[i];
		c->temps[carry->out].variable = carry->inner;
		c_look_use(c, carry->init, (uint32_t)C_NOT_NESTED, 1);
		c->temps[carry->inner].uses++;
		c->temps[carry->inner].crosses = true;
	}
	for (uint32_t i = 0; i < stmt->low.count; i++)
		look_affine(c, stmt->low.data[i].affine, (uint32_t)C_NOT_NESTED);
	for (uint32_t i = 0; i < stmt->high.count; i++)
		look_affine(c, stmt->high.data[i].affine, (uint32_t)C_NOT_NESTED);
	for (uint32_t i = 0; i < stmt->conds.count; i++)
		look_affine(c, stmt->conds.data[i], (uint32_t)C_NOT_NESTED);
}

bool c_is_short(CEmit *c, const LoopStmt *stmt) {
	uint32_t terms = 0;
	for (uint32_t i = 0; i < stmt->affine.count; i++) {
		const LoopTerm *term = &stmt->affine.terms[i];
		uint32_t own = term->temp == 0 ? 1 : c->temps[term->temp].terms;
		if (own == 0 || (own > 1 && (term->coef.count > 0 || term->coef.factor != 1)))
			return false;
		terms += own;
	}
	if (terms > C_SHORT_SUM)
		return false;
	c->temps[stmt->out].terms = terms > 0 ? terms : 1;
	return true;
}

/* ---- lanes ---- */

void c_look_needs(CEmit *c) {
	const uint8_t *needs = loop_needs(c->arena, c->kernel);
	for (LoopTemp temp = 1; temp < c->kernel->temps.count; temp++)
		c->temps[temp].need = needs[temp];
}

uint32_t c_lanes(const CEmit *c, const LoopStmt *stmt) {
	if (stmt->kind == LOOP_STORE)
		return stmt->lanes != 0 ? stmt->lanes : LOOP_LANES;
	return c->temps[stmt->out].need;
}

/* ---- formals that are numbers ---- */

static bool is_element_0(const LoopAddress *address) {
	return address->affine.count == 0 && address->affine.offset == 0 && address->stride == 0 && address->index == 0;
}

static void rule_out(const LoopBlock *block, bool *by_value) {
	for (uint32_t i = 0; i < block->stmts.count; i++) {
		const LoopStmt *stmt = block->stmts.data[i];
		bool one = stmt->kind == LOOP_LOAD && stmt->mask == 0 && is_element_0(&stmt->address);
		if (stmt->kind == LOOP_STORE || (stmt->kind == LOOP_LOAD && !one))
			by_value[stmt->address.buffer] = false;
		rule_out(&stmt->body, by_value);
	}
}

const bool *c_by_value(Arena *arena, const LoopKernel *kernel) {
	bool *by_value = ARENA_ARRAY(arena, bool, kernel->formals.count + 1);
	for (uint32_t i = 0; i < kernel->formals.count; i++)
		by_value[i] = !kernel->formals.data[i].storage; /* what is stored otherwise is converted where it is read */
	rule_out(&kernel->body, by_value);
	return by_value;
}
