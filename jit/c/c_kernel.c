/* One kernel as a C function. What runs in lanes becomes plain loops over l around scalar code: one loop per region, a region
 * being vector statements in a row; temps that live beyond their region are arrays. Tiles come as they are in the
 * loop IR, with their rows unrolled and accumulators named one by one: compilers keep those in registers, and not
 * an array of them. */
#include "jit/c/c_emit.h"

#include <inttypes.h>
#include <string.h>

typedef struct Region {
	VEC(const LoopStmt *) stmts;
	VEC(const LoopCarry *) yields;
	uint32_t number;
} Region;

static void walk_block(CEmit *c, const LoopBlock *block, const LoopStmt *owner);

const char *c_scalar(IrScalar type) {
	static const char *const names[] = {"uint8_t", "int32_t", "int64_t", "float", "double"};
	return names[type];
}

const char *c_element(IrScalar type, IrStorage storage) {
	static const char *const names[IR_STORAGE_COUNT] = {
		NULL,
#define STORAGE(id, word, width, ctype) [IR_STORED_##id] = #ctype, /* becomes: [IR_STORED_U8] = "uint8_t", */
#include "ir/core/storage.def"
#undef STORAGE
	};
	return storage ? names[storage] : c_scalar(type);
}

/* A truth value is an int while it is computed with. */
static const char *temp_type(IrScalar type) {
	return type == IR_BOOL ? "int" : c_scalar(type);
}

static bool is_vector(const CEmit *c, LoopTemp temp) {
	return temp != 0 && c->kernel->temps.data[temp].vector;
}

static void line(const CEmit *c) {
	for (int i = 0; i < c->depth; i++)
		text_char(c->out, '\t');
}

/* ---- names and expressions ---- */

static const char *name_of(const CEmit *c, LoopTemp temp) {
	const LoopStmt *literal = c->literal[temp];
	if (literal) {
		Text text = text_new(c->arena);
		c_literal(&text, c->kernel->temps.data[temp].type, literal->real, literal->integer);
		return text_cstr(&text);
	}
	LoopTemp variable = c->variable[temp];
	if (is_vector(c, temp) && c->crosses[variable])
		return arena_printf(c->arena, "t%u[l]", (unsigned)variable);
	return arena_printf(c->arena, "t%u", (unsigned)variable);
}

void c_size(Text *out, LoopSize size, const char *const *symbols) {
	bool bare = size.factor == 1 && size.count > 0;
	if (!bare)
		text_printf(out, "%" PRId64, size.factor);
	for (uint32_t i = 0; i < size.count; i++) {
		text_printf(out, "%s", i > 0 || !bare ? " * " : "");
		if (symbols)
			text_printf(out, "%s", symbols[size.symbols[i]]);
		else
			text_printf(out, "(int64_t)n%u", (unsigned)size.symbols[i]);
	}
}

static void print_affine(const CEmit *c, LoopAffine affine) {
	bool first = true;
	for (uint32_t i = 0; i < affine.count; i++) {
		LoopTerm term = affine.terms[i];
		bool unit = term.coef.factor == 1 && term.coef.count == 0;
		text_printf(c->out, "%s", first ? "" : " + ");
		first = false;
		if (term.temp == 0 || !unit)
			c_size(c->out, term.coef, NULL);
		if (term.temp != 0)
			text_printf(c->out, "%s%s", unit ? "" : " * ", name_of(c, term.temp));
	}
	if (first)
		text_printf(c->out, "%" PRId64, affine.offset);
	else if (affine.offset != 0)
		text_printf(c->out, " %c %" PRId64, affine.offset < 0 ? '-' : '+',
		            affine.offset < 0 ? -affine.offset : affine.offset);
}

static void print_address(const CEmit *c, const LoopAddress *address) {
	text_printf(c->out, "b%u[", (unsigned)address->buffer);
	LoopAffine affine = address->affine;
	bool lanes = address->stride != 0 || address->index != 0;
	if (!lanes || affine.count > 0 || affine.offset != 0)
		print_affine(c, affine);
	bool first = lanes && affine.count == 0 && affine.offset == 0;
	if (address->stride != 0) {
		text_printf(c->out, first ? "l" : " + l");
		first = false;
		if (address->stride != 1)
			text_printf(c->out, " * %" PRId64, address->stride);
	}
	if (address->index != 0) {
		text_printf(c->out, "%s%s", first ? "" : " + ", name_of(c, address->index));
		if (address->scale.factor != 1 || address->scale.count > 0) {
			text_printf(c->out, " * ");
			c_size(c->out, address->scale, NULL);
		}
	}
	text_char(c->out, ']');
}

/* "TYPE NAME = ", or "NAME[l] = " for what lives in an array. */
static void print_target(const CEmit *c, LoopTemp temp) {
	line(c);
	IrScalar type = c->kernel->temps.data[temp].type;
	if (is_vector(c, temp) && c->crosses[temp])
		text_printf(c->out, "t%u[l] = ", (unsigned)temp);
	else
		text_printf(c->out, "const %s t%u = ", temp_type(type), (unsigned)temp);
}

static void print_load(const CEmit *c, const LoopStmt *stmt) {
	IrScalar type = c->kernel->temps.data[stmt->out].type;
	if (stmt->lanes != 0)
		text_printf(c->out, "l < %u%s", (unsigned)stmt->lanes, stmt->mask != 0 ? " && " : " ? ");
	if (stmt->mask != 0)
		text_printf(c->out, "%s ? ", name_of(c, stmt->mask));
	/* Narrow elements become the scalar here, before a choice could convert them otherwise. */
	IrStorage storage = c->kernel->formals.data[stmt->address.buffer].storage;
	if (storage && type == IR_BOOL)
		text_printf(c->out, "0 != ");
	else if (storage)
		text_printf(c->out, "(%s)", c_scalar(type));
	print_address(c, &stmt->address);
	if (stmt->mask != 0 || stmt->lanes != 0) {
		text_printf(c->out, " : ");
		c_literal(c->out, type, 0, 0);
	}
}

/* ---- simple statements ---- */

static void print_simple(CEmit *c, const LoopStmt *stmt) {
	if (stmt->out != 0) {
		if (c->uses[stmt->out] == 0)
			return;
		print_target(c, stmt->out);
	}
	switch (stmt->kind) {
	case LOOP_OP: {
		const char *args[IR_MAX_ARGS] = {0};
		for (int i = 0; i < ir_op_info[stmt->opcode].arity; i++)
			args[i] = name_of(c, stmt->args[i]);
		c_print_op(c, stmt, args);
		break;
	}
	case LOOP_AFFINE:
		print_affine(c, stmt->affine);
		if (is_vector(c, stmt->out))
			text_printf(c->out, " + l * %" PRId64, stmt->stride);
		break;
	case LOOP_SYMBOL: text_printf(c->out, "(int64_t)n%u", (unsigned)stmt->symbol); break;
	case LOOP_LOAD: print_load(c, stmt); break;
	case LOOP_STORE: {
		line(c);
		if (stmt->lanes != 0)
			text_printf(c->out, "if (l < %u) ", (unsigned)stmt->lanes);
		print_address(c, &stmt->address);
		bool truth = c->kernel->formals.data[stmt->address.buffer].type == IR_BOOL;
		text_printf(c->out, truth ? " = (uint8_t)(%s)" : " = %s", name_of(c, stmt->value));
		break;
	}
	default: base_panic("c_print_kernel", "statement %d is not simple", (int)stmt->kind);
	}
	text_printf(c->out, ";\n");
}

static void print_tree(CEmit *c, const LoopStmt *stmt) {
	IrScalar type = c->kernel->temps.data[stmt->out].type;
	const char *type_name = temp_type(type);
	unsigned out = (unsigned)stmt->out;
	line(c);
	text_printf(c->out, "%s s%u[%d];\n", type_name, out, LOOP_LANES);
	line(c);
	text_printf(c->out, "for (int l = 0; l < %d; l++)\n", LOOP_LANES);
	line(c);
	text_printf(c->out, "\ts%u[l] = %s;\n", out, name_of(c, stmt->value));
	line(c);
	text_printf(c->out, "for (int h = %d; h > 0; h /= 2)\n", LOOP_LANES / 2);
	line(c);
	text_printf(c->out, "\tfor (int l = 0; l < h; l++)\n");
	line(c);
	text_printf(c->out, "\t\ts%u[l] = ", out);
	c_print_combine(c->out, c->prefix, stmt->opcode, type, arena_printf(c->arena, "s%u[l]", out),
	                arena_printf(c->arena, "s%u[l + h]", out));
	text_printf(c->out, ";\n");
	line(c);
	text_printf(c->out, "const %s t%u = s%u[0];\n", type_name, out, out);
}

static void print_check(CEmit *c, const LoopStmt *stmt) {
	bool vector = is_vector(c, stmt->value);
	if (vector) {
		line(c);
		text_printf(c->out, "for (int l = 0; l < %u; l++) {\n", stmt->lanes != 0 ? stmt->lanes : (unsigned)LOOP_LANES);
		c->depth++;
	}
	line(c);
	const char *value = name_of(c, stmt->value);
	text_printf(c->out, "if (%s < 0 || %s >= ", value, value);
	print_affine(c, stmt->affine);
	text_printf(c->out, ")\n");
	line(c);
	text_printf(c->out, "\treturn %" PRId64 ";\n", stmt->integer);
	if (vector) {
		c->depth--;
		line(c);
		text_printf(c->out, "}\n");
	}
}

/* ---- regions ---- */

static void mark_use(CEmit *c, LoopTemp temp, uint32_t region) {
	if (temp == 0)
		return;
	c->uses[temp]++;
	LoopTemp variable = c->variable[temp];
	if (is_vector(c, temp) && c->region[temp] != region)
		c->crosses[variable] = true;
}

static void mark_affine(CEmit *c, LoopAffine affine) {
	for (uint32_t i = 0; i < affine.count; i++) {
		mark_use(c, affine.terms[i].temp, 0);
		for (uint32_t s = 0; s < affine.terms[i].coef.count; s++)
			c->symbol_used[affine.terms[i].coef.symbols[s]] = true;
	}
}

static void mark_uses(CEmit *c, const LoopStmt *stmt, uint32_t region) {
	for (int i = 0; i < IR_MAX_ARGS; i++)
		mark_use(c, stmt->args[i], region);
	mark_use(c, stmt->value, region);
	mark_use(c, stmt->mask, region);
	mark_use(c, stmt->address.index, region);
	for (uint32_t s = 0; s < stmt->address.scale.count; s++)
		c->symbol_used[stmt->address.scale.symbols[s]] = true;
	mark_affine(c, stmt->address.affine);
	mark_affine(c, stmt->affine);
	if (stmt->kind == LOOP_SYMBOL)
		c->symbol_used[stmt->symbol] = true;
	if (stmt->kind == LOOP_LOAD || stmt->kind == LOOP_STORE)
		c->formal_used[stmt->address.buffer] = true;
}

static void flush(CEmit *c, Region *region) {
	if (region->stmts.count == 0 && region->yields.count == 0)
		return;
	if (c->dry) {
		for (uint32_t i = 0; i < region->yields.count; i++) {
			const LoopCarry *carry = region->yields.data[i];
			mark_use(c, carry->yield, region->number);
			c->crosses[c->variable[carry->inner]] = true;
		}
	} else {
		for (uint32_t i = 0; i < region->stmts.count; i++) {
			LoopTemp out = region->stmts.data[i]->out;
			if (out == 0 || !c->crosses[out] || c->uses[out] == 0)
				continue;
			line(c);
			text_printf(c->out, "%s t%u[%d];\n", temp_type(c->kernel->temps.data[out].type), (unsigned)out, LOOP_LANES);
		}
		line(c);
		text_printf(c->out, "%s_LANES for (int l = 0; l < %d; l++) {\n", c->prefix, LOOP_LANES);
		c->depth++;
		for (uint32_t i = 0; i < region->stmts.count; i++)
			print_simple(c, region->stmts.data[i]);
		for (uint32_t i = 0; i < region->yields.count; i++) {
			const LoopCarry *carry = region->yields.data[i];
			line(c);
			text_printf(c->out, "t%u[l] = %s;\n", (unsigned)c->variable[carry->inner], name_of(c, carry->yield));
		}
		c->depth--;
		line(c);
		text_printf(c->out, "}\n");
	}
	region->stmts.count = region->yields.count = 0;
	region->number = ++c->region_count;
}

static bool touches(const Region *region, uint32_t buffer, bool stores_only) {
	for (uint32_t i = 0; i < region->stmts.count; i++) {
		const LoopStmt *stmt = region->stmts.data[i];
		bool access = stmt->kind == LOOP_STORE || (stmt->kind == LOOP_LOAD && !stores_only);
		if (access && stmt->address.buffer == buffer)
			return true;
	}
	return false;
}

/* ---- loops and conditionals ---- */

static void print_bound(const CEmit *c, const LoopBound *bound) {
	bool divided = bound->div != 1;
	if (divided)
		text_printf(c->out, "%s_idiv_i64(", c->prefix);
	print_affine(c, bound->affine);
	if (divided)
		text_printf(c->out, ", %" PRId64 ")", bound->div);
	if (bound->mul != 1)
		text_printf(c->out, " * %" PRId64, bound->mul);
}

static void print_bounds(const CEmit *c, const char *helper, const LoopBound *bounds, uint32_t count) {
	for (uint32_t i = 0; i + 1 < count; i++) {
		text_printf(c->out, "%s_%s_i64(", c->prefix, helper);
		print_bound(c, &bounds[i]);
		text_printf(c->out, ", ");
	}
	print_bound(c, &bounds[count - 1]);
	for (uint32_t i = 0; i + 1 < count; i++)
		text_char(c->out, ')');
}

static void print_carry_starts(CEmit *c, const LoopStmt *stmt) {
	for (uint32_t i = 0; i < stmt->carries.count; i++) {
		const LoopCarry *carry = &stmt->carries.data[i];
		const LoopTempInfo *info = &c->kernel->temps.data[carry->inner];
		line(c);
		if (!info->vector) {
			text_printf(c->out, "%s t%u = %s;\n", temp_type(info->type), (unsigned)carry->inner,
			            name_of(c, carry->init));
			continue;
		}
		text_printf(c->out, "%s t%u[%d];\n", temp_type(info->type), (unsigned)carry->inner, LOOP_LANES);
	}
	bool any = false;
	for (uint32_t i = 0; i < stmt->carries.count; i++) {
		const LoopCarry *carry = &stmt->carries.data[i];
		if (!is_vector(c, carry->inner))
			continue;
		if (!any) {
			line(c);
			text_printf(c->out, "for (int l = 0; l < %d; l++) {\n", LOOP_LANES);
		}
		any = true;
		line(c);
		text_printf(c->out, "\tt%u[l] = %s;\n", (unsigned)carry->inner, name_of(c, carry->init));
	}
	if (any) {
		line(c);
		text_printf(c->out, "}\n");
	}
}

static void walk_nested(CEmit *c, const LoopStmt *stmt) {
	if (c->dry) {
		for (uint32_t i = 0; i < stmt->carries.count; i++) {
			const LoopCarry *carry = &stmt->carries.data[i];
			c->variable[carry->out] = carry->inner;
			mark_use(c, carry->init, UINT32_MAX);
			c->uses[carry->inner]++;
			c->crosses[carry->inner] = true;
		}
		for (uint32_t i = 0; i < stmt->low.count; i++)
			mark_affine(c, stmt->low.data[i].affine);
		for (uint32_t i = 0; i < stmt->high.count; i++)
			mark_affine(c, stmt->high.data[i].affine);
		for (uint32_t i = 0; i < stmt->conds.count; i++)
			mark_affine(c, stmt->conds.data[i]);
		walk_block(c, &stmt->body, stmt);
		return;
	}
	print_carry_starts(c, stmt);
	line(c);
	if (stmt->kind == LOOP_FOR) {
		unsigned var = (unsigned)stmt->out;
		if (stmt->low.count > 1 || stmt->high.count > 1 || stmt->high.data[0].div != 1) {
			text_printf(c->out, "const int64_t e%u = ", var);
			print_bounds(c, "min", stmt->high.data, stmt->high.count);
			text_printf(c->out, ";\n");
			line(c);
			text_printf(c->out, "for (int64_t t%u = ", var);
			print_bounds(c, "max", stmt->low.data, stmt->low.count);
			text_printf(c->out, "; t%u + %" PRId64 " <= e%u; t%u += %" PRId64 ") {\n", var, stmt->step, var, var,
			            stmt->step);
		} else {
			text_printf(c->out, "for (int64_t t%u = ", var);
			print_bounds(c, "max", stmt->low.data, stmt->low.count);
			if (stmt->step == 1) {
				text_printf(c->out, "; t%u < ", var);
				print_bounds(c, "min", stmt->high.data, stmt->high.count);
				text_printf(c->out, "; t%u++) {\n", var);
			} else {
				text_printf(c->out, "; t%u + %" PRId64 " <= ", var, stmt->step);
				print_bounds(c, "min", stmt->high.data, stmt->high.count);
				text_printf(c->out, "; t%u += %" PRId64 ") {\n", var, stmt->step);
			}
		}
	} else {
		text_printf(c->out, "if (");
		for (uint32_t i = 0; i < stmt->conds.count; i++) {
			text_printf(c->out, "%s", i > 0 ? " && " : "");
			print_affine(c, stmt->conds.data[i]);
			text_printf(c->out, " >= 0");
		}
		text_printf(c->out, ") {\n");
	}
	c->depth++;
	walk_block(c, &stmt->body, stmt);
	c->depth--;
	line(c);
	text_printf(c->out, "}\n");
}

static bool runs_in_lanes(const CEmit *c, const LoopStmt *stmt) {
	if (stmt->kind == LOOP_STORE)
		return stmt->address.stride != 0 || stmt->address.index != 0;
	return (stmt->kind == LOOP_OP || stmt->kind == LOOP_AFFINE || stmt->kind == LOOP_LOAD) && is_vector(c, stmt->out);
}

static void walk_yields(CEmit *c, Region *region, const LoopStmt *owner) {
	bool in_lanes = false;
	for (uint32_t i = 0; i < owner->carries.count; i++) {
		const LoopCarry *carry = &owner->carries.data[i];
		if (!is_vector(c, carry->inner) || c->variable[carry->yield] == carry->inner)
			continue;
		vec_push(c->arena, &region->yields, carry);
		in_lanes = true;
	}
	if (in_lanes)
		flush(c, region);
	for (uint32_t i = 0; i < owner->carries.count; i++) {
		const LoopCarry *carry = &owner->carries.data[i];
		if (is_vector(c, carry->inner))
			continue;
		if (c->dry) {
			mark_use(c, carry->yield, UINT32_MAX);
			continue;
		}
		if (c->variable[carry->yield] == carry->inner)
			continue;
		line(c);
		text_printf(c->out, "t%u = %s;\n", (unsigned)carry->inner, name_of(c, carry->yield));
	}
}

static void walk_block(CEmit *c, const LoopBlock *block, const LoopStmt *owner) {
	Region region = {.number = ++c->region_count};
	for (uint32_t i = 0; i < block->stmts.count; i++) {
		const LoopStmt *stmt = block->stmts.data[i];
		if (stmt->kind == LOOP_CONST) {
			c->literal[stmt->out] = stmt;
			continue;
		}
		if (runs_in_lanes(c, stmt)) {
			if (stmt->kind == LOOP_LOAD && touches(&region, stmt->address.buffer, true))
				flush(c, &region);
			if (c->dry) {
				c->region[stmt->out] = region.number;
				mark_uses(c, stmt, region.number);
			}
			vec_push(c->arena, &region.stmts, stmt);
			continue;
		}
		bool nested = stmt->kind == LOOP_FOR || stmt->kind == LOOP_IF;
		if (nested || stmt->kind == LOOP_TREE || stmt->kind == LOOP_CHECK || stmt->kind == LOOP_STORE ||
		    (stmt->kind == LOOP_LOAD && touches(&region, stmt->address.buffer, true)))
			flush(c, &region);
		if (nested) {
			walk_nested(c, stmt);
			continue;
		}
		if (c->dry) {
			mark_uses(c, stmt, UINT32_MAX);
			continue;
		}
		if (stmt->kind == LOOP_TREE)
			print_tree(c, stmt);
		else if (stmt->kind == LOOP_CHECK)
			print_check(c, stmt);
		else
			print_simple(c, stmt);
	}
	if (owner)
		walk_yields(c, &region, owner);
	flush(c, &region);
}

/* ---- kernels ---- */

static void symbols_of(const LoopBlock *block, uint64_t *seen);

static void symbols_in(LoopAffine affine, uint64_t *seen) {
	for (uint32_t i = 0; i < affine.count; i++) {
		for (uint32_t s = 0; s < affine.terms[i].coef.count; s++)
			*seen |= UINT64_C(1) << affine.terms[i].coef.symbols[s];
	}
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

void c_print_kernel(CEmit *c, const LoopKernel *kernel) {
	Arena *arena = c->arena;
	uint32_t count = kernel->temps.count;
	c->kernel = kernel;
	c->uses = ARENA_ARRAY(arena, uint32_t, count);
	c->region = ARENA_ARRAY(arena, uint32_t, count);
	c->crosses = ARENA_ARRAY(arena, bool, count);
	c->variable = ARENA_ARRAY(arena, LoopTemp, count);
	c->literal = ARENA_ARRAY(arena, const LoopStmt *, count);
	c->formal_used = ARENA_ARRAY(arena, bool, kernel->formals.count + 1);
	c->symbol_used = ARENA_ARRAY(arena, bool, c->func->ir->symbols.count + 1);
	for (uint32_t i = 0; i < count; i++)
		c->variable[i] = i;
	c->region_count = 0;
	c->dry = true;
	walk_block(c, &kernel->body, NULL);
	c->region_count = 0;
	c->dry = false;
	text_printf(c->out, "static %s %s_%s_k%u(", kernel->can_fail ? "int" : "void", c->prefix, c->name,
	            (unsigned)kernel->number);
	for (uint32_t i = 0; i < kernel->formals.count; i++) {
		const LoopFormal *formal = &kernel->formals.data[i];
		text_printf(c->out, "%s%s%s *%s_RESTRICT b%u", i > 0 ? ", " : "", formal->written ? "" : "const ",
		            c_element(formal->type, formal->storage), c->prefix, (unsigned)i);
	}
	uint64_t symbols = c_kernel_symbols(kernel);
	for (uint32_t i = 0; i < c->func->ir->symbols.count; i++) {
		if (symbols >> i & 1)
			text_printf(c->out, "%sptrdiff_t n%u",
			            kernel->formals.count > 0 || (symbols & ((UINT64_C(1) << i) - 1)) ? ", " : "", (unsigned)i);
	}
	if (kernel->formals.count == 0 && symbols == 0)
		text_printf(c->out, "void");
	text_printf(c->out, ") {\n");
	c->depth = 1;
	for (uint32_t i = 0; i < kernel->formals.count; i++) {
		if (!c->formal_used[i])
			text_printf(c->out, "\t(void)b%u;\n", (unsigned)i);
	}
	walk_block(c, &kernel->body, NULL);
	if (kernel->can_fail)
		text_printf(c->out, "\treturn 0;\n");
	text_printf(c->out, "}\n\n");
}
