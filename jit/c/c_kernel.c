/* One kernel as a C function: its head, its loops and conditionals, and in them the statements of c_region.c. Tiles come as they are in
 * the loop IR, with their rows unrolled and accumulators named one by one: compilers keep those in registers, and not an
 * array of them. */
#include "jit/c/c_emit.h"

#include <inttypes.h>
#include <string.h>

static void walk_block(CEmit *c, const LoopBlock *block, const LoopStmt *owner);

/* ---- loops and conditionals ---- */

/* Of extents alone, and so never negative: C's own division rounds down. */
static bool is_size(LoopAffine affine) {
	bool size = affine.offset >= 0;
	for (uint32_t i = 0; i < affine.count; i++)
		size = size && affine.terms[i].temp == 0 && affine.terms[i].coef.factor > 0;
	return size;
}

static const char *bound_text(CEmit *c, const LoopBound *bound) {
	bool size = is_size(bound->affine);
	if (size && bound->affine.count == 0)
		return arena_printf(c->arena, "%" PRId64, bound->affine.offset / bound->div * bound->mul);
	CExpr value = c_affine(c, bound->affine);
	if (bound->div == 1 && bound->mul == 1)
		return value.text;
	const char *text = c_wrapped(c->arena, &value, C_UNARY);
	if (bound->div != 1 && size)
		text = arena_printf(c->arena, "%s / %" PRId64, text, bound->div);
	else if (bound->div != 1)
		text = arena_printf(c->arena, "%s_idiv_i64(%s, %" PRId64 ")", c->prefix, value.text, bound->div);
	return bound->mul != 1 ? arena_printf(c->arena, "%s * %" PRId64, text, bound->mul) : text;
}

static const char *bounds_text(CEmit *c, const char *helper, const LoopBound *bounds, uint32_t count) {
	const char *text = bound_text(c, &bounds[count - 1]);
	for (uint32_t i = count - 1; i-- > 0;)
		text = arena_printf(c->arena, "%s_%s_i64(%s, %s)", c->prefix, helper, bound_text(c, &bounds[i]), text);
	return text;
}

static void print_carry_starts(CEmit *c, const LoopStmt *stmt) {
	bool any = false;
	for (uint32_t i = 0; i < stmt->carries.count; i++) {
		const LoopCarry *carry = &stmt->carries.data[i];
		const char *name = c_variable(c, carry->inner);
		c->temps[carry->inner].value.mixes = c_bit(carry->inner);
		c_line(c);
		if (c_is_vector(c, carry->inner)) {
			text_printf(c->out, "%s %s[%d];\n", c_type_of(c, carry->inner), name, LOOP_LANES);
			any = true;
		} else {
			text_printf(c->out, "%s %s = %s;\n", c_type_of(c, carry->inner), name, c_value(c, carry->init).text);
		}
	}
	if (!any)
		return;
	c_line(c);
	text_printf(c->out, "for (int l = 0; l < %d; l++) {\n", LOOP_LANES);
	for (uint32_t i = 0; i < stmt->carries.count; i++) {
		const LoopCarry *carry = &stmt->carries.data[i];
		if (!c_is_vector(c, carry->inner))
			continue;
		c_line(c);
		text_printf(c->out, "\t%s[l] = %s;\n", c_variable(c, carry->inner), c_value(c, carry->init).text);
	}
	c_line(c);
	text_printf(c->out, "}\n");
}

/* Where a loop ends, in a variable if that is more than a sum. */
static const char *loop_end(CEmit *c, const LoopStmt *stmt) {
	const char *high = bounds_text(c, "min", stmt->high.data, stmt->high.count);
	if (stmt->low.count == 1 && stmt->high.count == 1 && stmt->high.data[0].div == 1)
		return high;
	const char *wanted = c->temps[stmt->out].wanted;
	const char *end = c_local(&c->locals, arena_printf(c->arena, "%s_end", wanted ? wanted : "i"));
	c_line(c);
	text_printf(c->out, "const int64_t %s = %s;\n", end, high);
	return end;
}

static void print_for_head(CEmit *c, const LoopStmt *stmt, const char *end) {
	const char *low = bounds_text(c, "max", stmt->low.data, stmt->low.count);
	const char *var = c_variable(c, stmt->out);
	c_line(c);
	if (stmt->step == 1)
		text_printf(c->out, "for (int64_t %s = %s; %s < %s; %s++) {\n", var, low, var, end, var);
	else
		text_printf(c->out, "for (int64_t %s = %s; %s + %" PRId64 " <= %s; %s += %" PRId64 ") {\n", var, low, var,
		            stmt->step, end, var, stmt->step);
}

/* affine >= 0, with the number on the other side: "i >= 3", "i <= 20". */
static const char *condition_text(CEmit *c, LoopAffine affine) {
	LoopAffine rest = affine;
	rest.offset = 0;
	CExpr value = c_affine(c, rest);
	bool negative = value.binds == C_UNARY && value.text[0] == '-';
	return arena_printf(c->arena, "%s %s %" PRId64, value.text + negative,
	                    negative ? "<=" : ">=", negative ? affine.offset : -affine.offset);
}

static void walk_nested(CEmit *c, const LoopStmt *stmt) {
	CScope scope = {0};
	if (c->phase == C_COUNT) {
		c_look_carries(c, stmt);
	} else {
		c_settle(c, UINT64_MAX, 0, false); /* the loop may store where these read */
		print_carry_starts(c, stmt);
		const char *end = stmt->kind == LOOP_FOR ? loop_end(c, stmt) : NULL;
		scope = c_scope_begin(&c->locals);
		if (stmt->kind == LOOP_FOR) {
			print_for_head(c, stmt, end);
		} else {
			c_line(c);
			text_printf(c->out, "if (");
			for (uint32_t i = 0; i < stmt->conds.count; i++)
				text_printf(c->out, "%s%s", i > 0 ? " && " : "", condition_text(c, stmt->conds.data[i]));
			text_printf(c->out, ") {\n");
		}
		c->depth++;
	}
	uint32_t outer = c->block;
	c->block = ++c->block_count;
	walk_block(c, &stmt->body, stmt);
	c->block = outer;
	if (c->phase == C_PRINT) {
		c_scope_end(&c->locals, scope);
		c->depth--;
		c_line(c);
		text_printf(c->out, "}\n");
	}
}

static bool runs_in_lanes(const CEmit *c, const LoopStmt *stmt) {
	if (stmt->kind == LOOP_STORE)
		return stmt->address.stride != 0 || stmt->address.index != 0;
	return (stmt->kind == LOOP_OP || stmt->kind == LOOP_AFFINE || stmt->kind == LOOP_LOAD) && c_is_vector(c, stmt->out);
}

static void print_scalar_yields(CEmit *c, const LoopStmt *owner) {
	uint64_t overwritten = 0;
	for (uint32_t i = 0; i < owner->carries.count; i++)
		overwritten |= c->temps[owner->carries.data[i].inner].value.mixes;
	for (uint32_t i = 0; i < owner->carries.count; i++) {
		const LoopCarry *carry = &owner->carries.data[i];
		c_settle_yield(c, carry, overwritten);
	}
	for (uint32_t i = 0; i < owner->carries.count; i++) {
		const LoopCarry *carry = &owner->carries.data[i];
		if (c_is_vector(c, carry->inner) || c->temps[carry->yield].variable == carry->inner)
			continue;
		CExpr value = c_value(c, carry->yield);
		c_line(c);
		text_printf(c->out, "%s = %s;\n", c_variable(c, carry->inner), value.text);
	}
}

static void walk_yields(CEmit *c, CRegion *region, const LoopStmt *owner) {
	for (uint32_t i = 0; i < owner->carries.count; i++) {
		const LoopCarry *carry = &owner->carries.data[i];
		if (c_is_vector(c, carry->inner) && c->temps[carry->yield].variable != carry->inner)
			vec_push(c->arena, &region->yields, carry);
	}
	if (region->yields.count > 0)
		c_flush(c, region);
	if (c->phase == C_PRINT) {
		print_scalar_yields(c, owner);
		return;
	}
	for (uint32_t i = 0; i < owner->carries.count; i++) {
		const LoopCarry *carry = &owner->carries.data[i];
		if (!c_is_vector(c, carry->inner))
			c_look_use(c, carry->yield, (uint32_t)C_NO_REGION, 1);
	}
}

/* What gets no variable, as it is written out at every use: literals, extents, lane numbers and comparisons of them with a number, parameters
 * that are passed by value, and short sums of counters. */
static bool is_fixed(CEmit *c, const LoopStmt *stmt) {
	CTemp *t = &c->temps[stmt->out];
	if (stmt->kind == LOOP_CONST) {
		t->value = c_literal(c->arena, c->kernel->temps.data[stmt->out].type, stmt->real, stmt->integer);
	} else if (stmt->kind == LOOP_SYMBOL) {
		t->value = c_atom(c->symbols[stmt->symbol]);
	} else if (stmt->kind == LOOP_LOAD && c->by_value[stmt->address.buffer] && stmt->mask == 0) {
		t->value = c_atom(c->formals[stmt->address.buffer]);
		c->formal_used[stmt->address.buffer] = true;
	} else if (stmt->kind == LOOP_AFFINE && c_is_vector(c, stmt->out) && stmt->affine.count == 0 &&
	           stmt->affine.offset == 0 && stmt->stride == 1) {
		t->value = c_atom("l");
	} else if (stmt->kind == LOOP_OP && stmt->opcode == IR_lt && c->temps[stmt->args[0]].fixed &&
	           c_is_vector(c, stmt->args[0]) && c->temps[stmt->args[1]].fixed && !c_is_vector(c, stmt->args[1])) {
		CExpr args[2] = {c->temps[stmt->args[0]].value, c->temps[stmt->args[1]].value};
		if (c->phase == C_PRINT)
			t->value = c_op(c->file, IR_lt, IR_I64, args);
	} else if (stmt->kind == LOOP_AFFINE && !c_is_vector(c, stmt->out) && c_is_short(c, stmt)) {
		if (c->phase == C_PRINT)
			t->value = c_affine(c, stmt->affine);
	} else {
		return false;
	}
	t->fixed = true;
	return true;
}

static void walk_simple(CEmit *c, CRegion *region, const LoopStmt *stmt) {
	if (runs_in_lanes(c, stmt)) {
		if ((stmt->kind == LOOP_LOAD && c_touches(region, stmt->address.buffer)) ||
		    (stmt->kind == LOOP_STORE && c_overwrites(region, stmt)))
			c_flush(c, region);
		if (c->phase == C_COUNT)
			c_look_op(c, stmt, region->number);
		vec_push(c->arena, &region->stmts, stmt);
		return;
	}
	if (stmt->kind == LOOP_TREE || stmt->kind == LOOP_CHECK || stmt->kind == LOOP_STORE ||
	    (stmt->kind == LOOP_LOAD && c_touches(region, stmt->address.buffer)))
		c_flush(c, region);
	if (c->phase == C_COUNT)
		c_look_op(c, stmt, (uint32_t)C_NO_REGION);
	else if (stmt->kind == LOOP_TREE)
		c_print_tree(c, stmt);
	else if (stmt->kind == LOOP_CHECK)
		c_print_check(c, stmt);
	else
		c_print_simple(c, stmt, 1);
}

static void walk_block(CEmit *c, const LoopBlock *block, const LoopStmt *owner) {
	CRegion region = {.number = ++c->region_count};
	for (uint32_t i = 0; i < block->stmts.count; i++) {
		const LoopStmt *stmt = block->stmts.data[i];
		if (stmt->kind == LOOP_FOR || stmt->kind == LOOP_IF) {
			c_flush(c, &region);
			walk_nested(c, stmt);
		} else if (!is_fixed(c, stmt)) {
			walk_simple(c, &region, stmt);
		}
	}
	if (owner)
		walk_yields(c, &region, owner);
	c_flush(c, &region);
}

/* ---- kernels ---- */

static void symbols_in(LoopAffine affine, uint64_t *seen) {
	for (uint32_t i = 0; i < affine.count; i++)
		for (uint32_t s = 0; s < affine.terms[i].coef.count; s++)
			*seen |= UINT64_C(1) << affine.terms[i].coef.symbols[s];
}

static void symbols_of(const LoopBlock *block, uint64_t *seen) {
	for (uint32_t i = 0; i < block->stmts.count; i++) {
		const LoopStmt *stmt = block->stmts.data[i];
		if (stmt->kind == LOOP_SYMBOL)
			*seen |= UINT64_C(1) << stmt->symbol;
		symbols_in(stmt->affine, seen);
		symbols_in(stmt->address.affine, seen);
		for (uint32_t s = 0; s < stmt->address.scale.count; s++)
			*seen |= UINT64_C(1) << stmt->address.scale.symbols[s];
		for (uint32_t k = 0; k < stmt->low.count; k++)
			symbols_in(stmt->low.data[k].affine, seen);
		for (uint32_t k = 0; k < stmt->high.count; k++)
			symbols_in(stmt->high.data[k].affine, seen);
		for (uint32_t k = 0; k < stmt->conds.count; k++)
			symbols_in(stmt->conds.data[k], seen);
		symbols_of(&stmt->body, seen);
	}
}

uint64_t c_kernel_symbols(const LoopKernel *kernel) {
	uint64_t seen = 0;
	symbols_of(&kernel->body, &seen);
	return seen;
}

static void name_formals(CEmit *c, const CKernelNames *names) {
	const LoopKernel *kernel = c->kernel;
	uint32_t symbol_count = c->func->ir->symbols.count;
	const char **symbols = ARENA_ARRAY(c->arena, const char *, symbol_count + 1);
	const char **formals = ARENA_ARRAY(c->arena, const char *, kernel->formals.count + 1);
	for (uint32_t i = 0; i < symbol_count; i++)
		symbols[i] = c_local(&c->locals, names->symbols[i]);
	for (uint32_t i = 0; i < kernel->formals.count; i++) {
		const char *wanted = names->formals[i] ? names->formals[i] : kernel->formals.data[i].written ? "out" : "in";
		formals[i] = c_local(&c->locals, wanted);
	}
	c->formals = formals;
	c->parts_of = names->of;
	c->part_names = ARENA_ARRAY(c->arena, const char *, c->part_count + 1);
	c->symbols = (const char *const *)symbols;
	for (uint32_t i = 1; i < kernel->temps.count; i++) {
		Name name = kernel->temps.data[i].name;
		c->temps[i].variable = i;
		c->temps[i].wanted = name ? session_text(c->func->session, name) : NULL;
	}
}

static void print_head(CEmit *c) {
	const LoopKernel *kernel = c->kernel;
	const char *comma = "";
	text_printf(c->out, "static %s %s_%s_k%u(", kernel->can_fail ? "int" : "void", c->prefix, c->name,
	            (unsigned)kernel->number);
	for (uint32_t i = 0; i < kernel->formals.count; i++) {
		const LoopFormal *formal = &kernel->formals.data[i];
		text_printf(c->out, "%s%s", comma, formal->written || c->by_value[i] ? "" : "const ");
		if (c->by_value[i])
			text_printf(c->out, "%s %s", c_scalar(formal->type), c->formals[i]);
		else
			text_printf(c->out, "%s *%s_RESTRICT %s", c_element(formal->type, formal->storage), c->prefix,
			            c->formals[i]);
		comma = ", ";
	}
	uint64_t symbols = c_kernel_symbols(kernel);
	for (uint32_t i = 0; i < c->func->ir->symbols.count; i++) {
		if (symbols >> i & 1) {
			text_printf(c->out, "%sint64_t %s", comma, c->symbols[i]);
			comma = ", ";
		}
	}
	text_printf(c->out, "%s) {\n", comma[0] ? "" : "void");
}

/* "enum { W1 = 192 };": where each named part of a flat vector begins, of those that the kernel reads or writes, so that it says
 * theta[W1 + k]. A pointer to the part, W1[k], would read better. But the kernel's parameters are `restrict`, and clang 19 makes
 * slower code where an access goes through another pointer that was computed from such a parameter. */
static void print_parts(CEmit *c) {
	const char *before = "\tenum { ";
	for (uint32_t i = 0; i < c->stmts.count; i++) {
		const LoopStmt *stmt = c->stmts.data[i];
		bool memory = stmt->kind == LOOP_LOAD || stmt->kind == LOOP_STORE;
		int64_t part = memory ? c_part_of(c, &stmt->address) : -1;
		if (part < 0 || c->part_names[part])
			continue;
		c->part_names[part] = c_local(&c->locals, c->parts[part].name);
		text_printf(c->out, "%s%s = %" PRId64, before, c->part_names[part], c->parts[part].offset);
		before = ", ";
	}
	text_printf(c->out, "%s", before[0] == ',' ? " }; /* where they begin */\n" : "");
}

/* Notes the statement that uses each temp: the last one, where several do. */
static void find_users(CEmit *c) {
	for (uint32_t i = 0; i < c->stmts.count; i++) {
		const LoopStmt *stmt = c->stmts.data[i];
		for (int k = 0; k < IR_MAX_ARGS; k++)
			c->temps[stmt->args[k]].user = stmt;
		c->temps[stmt->value].user = c->temps[stmt->mask].user = c->temps[stmt->address.index].user = stmt;
	}
}

void c_print_kernel(CEmit *c, const LoopKernel *kernel, const CKernelNames *names) {
	c->kernel = kernel;
	c->temps = ARENA_ARRAY(c->arena, CTemp, kernel->temps.count + 1);
	c->formal_used = ARENA_ARRAY(c->arena, bool, kernel->formals.count + 1);
	c->locals = c_locals(c->arena, c->prefix);
	c->by_value = c_by_value(c->arena, kernel);
	c->stmts.count = c->waiting.count = 0;
	name_formals(c, names);
	c->region_count = c->block_count = c->block = 0;
	c->phase = C_COUNT;
	walk_block(c, &kernel->body, NULL);
	c_look_needs(c);
	find_users(c);
	c->region_count = c->block_count = c->block = 0;
	c->phase = C_PRINT;
	print_head(c);
	c->depth = 1;
	for (uint32_t i = 0; i < kernel->formals.count; i++)
		if (!c->formal_used[i])
			text_printf(c->out, "\t(void)%s;\n", c->formals[i]);
	print_parts(c);
	walk_block(c, &kernel->body, NULL);
	if (kernel->can_fail)
		text_printf(c->out, "\treturn 0;\n");
	text_printf(c->out, "}\n");
}
