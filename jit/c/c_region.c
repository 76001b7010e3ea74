/* The statements of a kernel, and what runs in lanes: one loop over l per region, a region being vector statements in a row; temps that
 * live beyond their region are arrays. Values without a name that are used once stand where they are used, as far as
 * c_may_nest allows. */
#include "jit/c/c_emit.h"

#include <inttypes.h>
#include <string.h>

/* ---- expressions that wait: not printed yet, as each is to stand where its only user is ---- */

/* "const TYPE NAME = VALUE;", or "NAME[l] = VALUE;" for what lives in an array. */
static void print_value(CEmit *c, LoopTemp temp, const CExpr *value) {
	c_line(c);
	const char *name = c_variable(c, temp);
	if (c_is_vector(c, temp) && c->temps[temp].crosses)
		text_printf(c->out, "%s[l] = %s;\n", name, value->text);
	else
		text_printf(c->out, "const %s %s = %s;\n", c_type_of(c, temp), name, value->text);
}

/* Prints as statements those that wait and read a formal of the set `reads`, which is about to be written, or a variable of the set
 * `mixes`, which the loop is about to overwrite. */
void c_settle(CEmit *c, uint64_t reads, uint64_t mixes, bool vectors) {
	for (uint32_t i = 0; i < c->waiting.count;) {
		LoopTemp temp = c->waiting.data[i];
		CTemp *t = &c->temps[temp];
		if (c_is_vector(c, temp) != vectors || ((t->value.reads & reads) == 0 && (t->value.mixes & mixes) == 0)) {
			i++;
			continue;
		}
		c_stop_waiting(c, temp);
		print_value(c, temp, &t->value);
	}
}

/* Whether a value may wait: its only user is in the same block and can hold an expression in its place. */
static bool can_wait(CEmit *c, const LoopStmt *stmt, const CExpr *value) {
	LoopTemp temp = stmt->out;
	const CTemp *t = &c->temps[temp];
	bool known = c->kernel->temps.data[temp].name != 0;
	if (t->uses != 1 || known || t->crosses || t->block != t->user_block)
		return false;
	if (c_is_vector(c, temp) ? t->region != t->user_region : t->user_region != (uint32_t)C_NO_REGION)
		return false;
	const LoopStmt *user = t->user;
	if (!user || user->kind == LOOP_STORE)
		return true; /* all of a statement */
	if (strlen(value->text) > C_NESTED)
		return false;
	if (user->kind != LOOP_OP)
		return true;
	for (int i = 0; i < ir_op_info[user->opcode].arity; i++)
		if (user->args[i] == temp)
			return !ir_op_info[user->opcode].primitive || c_may_nest(user->opcode, i, value);
	return true;
}

static void print_out(CEmit *c, const LoopStmt *stmt, CExpr value) {
	CTemp *t = &c->temps[stmt->out];
	if (!can_wait(c, stmt, &value)) {
		print_value(c, stmt->out, &value);
		return;
	}
	t->value = value;
	t->waiting = true;
	vec_push(c->arena, &c->waiting, stmt->out);
}

/* ---- simple statements ---- */

static void print_store(CEmit *c, const LoopStmt *stmt, uint32_t lanes) {
	bool truth = c->kernel->formals.data[stmt->address.buffer].type == IR_BOOL;
	CExpr value = c_value(c, stmt->value), place = c_address(c, &stmt->address);
	c_settle(c, c_bit(stmt->address.buffer), 0, false);
	c_settle(c, c_bit(stmt->address.buffer), 0, true);
	c_line(c);
	if (stmt->lanes != 0 && stmt->lanes < lanes)
		text_printf(c->out, "if (l < %u) ", (unsigned)stmt->lanes);
	text_printf(c->out, truth ? "%s = (uint8_t)(%s);\n" : "%s = %s;\n", place.text, value.text);
}

void c_print_simple(CEmit *c, const LoopStmt *stmt, uint32_t lanes) {
	if (stmt->out != 0 && (c->temps[stmt->out].uses == 0 || c->temps[stmt->out].fixed))
		return;
	CExpr value;
	switch (stmt->kind) {
	case LOOP_STORE: print_store(c, stmt, lanes); return;
	case LOOP_OP: value = c_operation(c, stmt); break;
	case LOOP_AFFINE:
		value = c_affine(c, stmt->affine);
		if (c_is_vector(c, stmt->out)) {
			value.text = arena_printf(c->arena, "%s + l * %" PRId64, value.text, stmt->stride);
			value.binds = C_ADDS;
		}
		break;
	case LOOP_LOAD: value = c_load(c, stmt, lanes); break;
	default: base_panic("c_print_kernel", "statement %d is not simple", (int)stmt->kind);
	}
	print_out(c, stmt, value);
}

/* The array of a vector that is only added up may be overwritten; NULL: it is read elsewhere, too. */
static const char *own_array(CEmit *c, const LoopStmt *stmt) {
	const CTemp *t = &c->temps[stmt->value];
	bool ours = !t->fixed && t->uses == 2 && c->temps[t->variable].crosses && c->temps[stmt->value].block == c->block;
	return ours && t->need == LOOP_LANES ? c_variable(c, stmt->value) : NULL;
}

void c_print_tree(CEmit *c, const LoopStmt *stmt) {
	IrScalar type = c->kernel->temps.data[stmt->out].type;
	const char *type_name = c_temp_type(type), *name = c_variable(c, stmt->out), *lanes = own_array(c, stmt);
	if (!lanes) {
		lanes = c_local(&c->locals, arena_printf(c->arena, "%s_lanes", name));
		CExpr value = c_value(c, stmt->value);
		c_line(c);
		text_printf(c->out, "%s %s[%d];\n", type_name, lanes, LOOP_LANES);
		c_line(c);
		text_printf(c->out, "for (int l = 0; l < %d; l++)\n", LOOP_LANES);
		c_line(c);
		text_printf(c->out, "\t%s[l] = %s;\n", lanes, value.text);
	}
	c_line(c);
	text_printf(c->out, "for (int h = %d; h > 0; h /= 2)\n", LOOP_LANES / 2);
	c_line(c);
	text_printf(c->out, "\tfor (int l = 0; l < h; l++)\n");
	c_line(c);
	CExpr both = c_combine(c->file, stmt->opcode, type, c_atom(arena_printf(c->arena, "%s[l]", lanes)),
	                       c_atom(arena_printf(c->arena, "%s[l + h]", lanes)));
	text_printf(c->out, "\t\t%s[l] = %s;\n", lanes, both.text);
	c_line(c);
	text_printf(c->out, "const %s %s = %s[0];\n", type_name, name, lanes);
}

void c_print_check(CEmit *c, const LoopStmt *stmt) {
	bool vector = c_is_vector(c, stmt->value);
	if (vector) {
		c_line(c);
		text_printf(c->out, "for (int l = 0; l < %u; l++) {\n", stmt->lanes != 0 ? stmt->lanes : (unsigned)LOOP_LANES);
		c->depth++;
	}
	CExpr value = c_value(c, stmt->value), limit = c_affine(c, stmt->affine);
	const char *text = c_wrapped(c->arena, &value, C_ADDS);
	c_line(c);
	text_printf(c->out, "if (%s < 0 || %s >= %s)\n", text, text, limit.text);
	c_line(c);
	text_printf(c->out, "\treturn %" PRId64 ";\n", stmt->integer);
	if (vector) {
		c->depth--;
		c_line(c);
		text_printf(c->out, "}\n");
	}
}

/* ---- regions ---- */

/* Before the loop of a region: arrays for what lives beyond it, and what waits but reads where it stores. */
static void prepare_region(CEmit *c, const CRegion *region) {
	uint64_t stored = 0;
	for (uint32_t i = 0; i < region->stmts.count; i++) {
		const LoopStmt *stmt = region->stmts.data[i];
		if (stmt->kind == LOOP_STORE)
			stored |= c_bit(stmt->address.buffer);
	}
	c_settle(c, stored, 0, false);
	for (uint32_t i = 0; i < region->stmts.count; i++) {
		LoopTemp out = region->stmts.data[i]->out;
		const CTemp *t = &c->temps[out];
		if (out == 0 || !t->crosses || t->uses == 0 || t->fixed)
			continue;
		c_line(c);
		text_printf(c->out, "%s %s[%d]%s;\n", c_type_of(c, out), c_variable(c, out), LOOP_LANES,
		            t->need < LOOP_LANES ? " = {0}" : "");
	}
}

static uint32_t carry_lanes(const CEmit *c, const LoopCarry *carry) {
	return c->temps[carry->inner].need;
}

void c_settle_yield(CEmit *c, const LoopCarry *carry, uint64_t overwritten) {
	CTemp *t = &c->temps[carry->yield];
	uint64_t own = c->temps[carry->inner].value.mixes;
	if (!t->waiting || (t->value.mixes & overwritten & ~own) == 0)
		return;
	c_stop_waiting(c, carry->yield);
	print_value(c, carry->yield, &t->value);
}

static void print_yields(CEmit *c, const CRegion *region, uint32_t lanes, bool all) {
	uint64_t overwritten = 0;
	for (uint32_t i = 0; i < region->yields.count; i++)
		overwritten |= c->temps[region->yields.data[i]->inner].value.mixes;
	for (uint32_t i = 0; i < region->yields.count; i++) {
		const LoopCarry *carry = region->yields.data[i];
		if (!all && carry_lanes(c, carry) != lanes)
			continue;
		c_settle_yield(c, carry, overwritten);
	}
	for (uint32_t i = 0; i < region->yields.count; i++) {
		const LoopCarry *carry = region->yields.data[i];
		if (!all && carry_lanes(c, carry) != lanes)
			continue;
		CExpr value = c_value(c, carry->yield);
		c_line(c);
		text_printf(c->out, "%s[l] = %s;\n", c_variable(c, carry->inner), value.text);
	}
}

/* One loop over lanes, with those statements of a region that run in so many; all: with every statement. */
static void print_lanes(CEmit *c, const CRegion *region, uint32_t lanes, bool all) {
	c_line(c);
	/* The pragma asks for vectors: of all lanes only, as compilers make better code of fewer by unrolling them. */
	const char *pragma = lanes == LOOP_LANES ? arena_printf(c->arena, "%s_LANES ", c->prefix) : "";
	text_printf(c->out, "%sfor (int l = 0; l < %u; l++) {\n", pragma, (unsigned)lanes);
	c->depth++;
	CScope scope = c_scope_begin(&c->locals);
	for (uint32_t i = 0; i < region->stmts.count; i++) {
		const LoopStmt *stmt = region->stmts.data[i];
		if (all || c_lanes(c, stmt) == lanes)
			c_print_simple(c, stmt, lanes);
	}
	print_yields(c, region, lanes, all);
	c_scope_end(&c->locals, scope);
	c->depth--;
	c_line(c);
	text_printf(c->out, "}\n");
}

/* Statements that run in different numbers of lanes share a loop only if one needs what another makes, or if they meet in memory. */
static bool is_separable(const CEmit *c, const CRegion *region) {
	for (uint32_t i = 0; i < region->stmts.count; i++) {
		const LoopStmt *a = region->stmts.data[i];
		uint32_t lanes = c_lanes(c, a);
		for (uint32_t k = 0; k < region->stmts.count; k++) {
			const LoopStmt *b = region->stmts.data[k];
			if (c_lanes(c, b) == lanes || (b->out != 0 && c->temps[b->out].uses == 0))
				continue;
			for (int arg = 0; arg < IR_MAX_ARGS; arg++)
				if (a->out != 0 && b->args[arg] == a->out && !c->temps[a->out].fixed)
					return false;
			if (a->out != 0 && (b->value == a->out || b->mask == a->out || b->address.index == a->out))
				return false;
			bool meet = a->kind == LOOP_STORE && b->kind == LOOP_LOAD && a->address.buffer == b->address.buffer;
			if (meet)
				return false;
		}
		for (uint32_t k = 0; k < region->yields.count; k++) {
			const LoopCarry *carry = region->yields.data[k];
			if (carry->yield == a->out && a->out != 0 && carry_lanes(c, carry) != lanes)
				return false;
		}
	}
	return true;
}

static void print_region(CEmit *c, const CRegion *region) {
	prepare_region(c, region);
	bool present[LOOP_LANES + 1] = {0};
	uint32_t kinds = 0;
	for (uint32_t i = 0; i < region->stmts.count + region->yields.count; i++) {
		bool yield = i >= region->stmts.count;
		if (!yield && region->stmts.data[i]->out != 0 &&
		    (c->temps[region->stmts.data[i]->out].fixed || c->temps[region->stmts.data[i]->out].uses == 0))
			continue;
		uint32_t lanes =
			yield ? carry_lanes(c, region->yields.data[i - region->stmts.count]) : c_lanes(c, region->stmts.data[i]);
		kinds += lanes > 0 && !present[lanes];
		present[lanes] = true;
	}
	bool apart = kinds > 1 && is_separable(c, region);
	for (uint32_t lanes = LOOP_LANES; lanes > 0; lanes--) {
		if (!present[lanes])
			continue;
		print_lanes(c, region, lanes, !apart);
		if (!apart)
			break;
	}
}

void c_flush(CEmit *c, CRegion *region) {
	if (region->stmts.count == 0 && region->yields.count == 0)
		return;
	if (c->phase == C_PRINT) {
		print_region(c, region);
	} else {
		for (uint32_t i = 0; i < region->yields.count; i++) {
			const LoopCarry *carry = region->yields.data[i];
			c_look_use(c, carry->yield, region->number, 1);
			c->temps[c->temps[carry->inner].variable].crosses = true;
		}
	}
	region->stmts.count = region->yields.count = 0;
	region->number = ++c->region_count;
}

/* Lane by lane, two stores give the same as one whole store after the other: no two lanes meet, or each meets only itself. */
static bool stores_commute(const LoopStmt *a, const LoopStmt *b) {
	LoopAddress p = a->address, q = b->address;
	int64_t stride = p.stride, distance = q.affine.offset - p.affine.offset;
	q.affine.offset = p.affine.offset;
	if (p.index != 0 || q.index != 0 || stride == 0 || stride != q.stride || !loop_affine_equal(p.affine, q.affine))
		return false;
	if (distance == 0)
		return a->lanes == b->lanes;
	return distance % stride != 0 || distance / stride >= LOOP_LANES || distance / stride <= -LOOP_LANES;
}

bool c_overwrites(const CRegion *region, const LoopStmt *store) {
	for (uint32_t i = 0; i < region->stmts.count; i++) {
		const LoopStmt *stmt = region->stmts.data[i];
		if (stmt->kind == LOOP_STORE && stmt->address.buffer == store->address.buffer && !stores_commute(stmt, store))
			return true;
	}
	return false;
}

bool c_touches(const CRegion *region, uint32_t buffer) {
	for (uint32_t i = 0; i < region->stmts.count; i++) {
		const LoopStmt *stmt = region->stmts.data[i];
		if (stmt->kind == LOOP_STORE && stmt->address.buffer == buffer)
			return true;
	}
	return false;
}
