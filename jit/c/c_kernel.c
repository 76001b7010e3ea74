/* One kernel as a C function. What runs in lanes becomes plain loops over l around scalar code: one loop per region, a region
 * being vector statements in a row; temps that live beyond their region are arrays. Tiles come as they are in the
 * loop IR, with their rows unrolled and accumulators named one by one: compilers keep those in registers, and not
 * an array of them. Values without a name that are used once stand where they are used, as far as c_may_nest allows. */
#include "jit/c/c_emit.h"

#include <inttypes.h>
#include <string.h>

enum { MOST_NESTED = 70 /* characters of an expression that may stand in another one */ };

typedef VEC(const LoopStmt *) Stmts;

typedef struct Region {
	Stmts stmts;
	VEC(const LoopCarry *) yields;
	uint32_t number;
} Region;

static void walk_block(CEmit *c, const LoopBlock *block, const LoopStmt *owner);

static bool is_vector(const CEmit *c, LoopTemp temp) {
	return temp != 0 && c->kernel->temps.data[temp].vector;
}

static const char *temp_type(const CEmit *c, LoopTemp temp) {
	return c_temp_type(c->kernel->temps.data[temp].type);
}

static void line(const CEmit *c) {
	for (int i = 0; i < c->depth; i++)
		text_char(c->out, '\t');
}

static uint64_t bit(uint32_t number) {
	return UINT64_C(1) << number % 64;
}

/* ---- names and expressions ---- */

static const char *variable_name(CEmit *c, LoopTemp temp) {
	CTemp *t = &c->temps[c->temps[temp].variable];
	if (!t->name)
		t->name = c_local(&c->locals, t->wanted);
	return t->name;
}

static void stop_waiting(CEmit *c, LoopTemp temp) {
	c->temps[temp].waiting = false;
	uint32_t kept = 0;
	for (uint32_t i = 0; i < c->waiting.count; i++) {
		if (c->waiting.data[i] != temp)
			c->waiting.data[kept++] = c->waiting.data[i];
	}
	c->waiting.count = kept;
}

/* The expression for a temp, where it is used. */
static CExpr value_of(CEmit *c, LoopTemp temp) {
	CTemp *t = &c->temps[temp];
	if (t->fixed)
		return t->value;
	if (t->waiting) {
		stop_waiting(c, temp);
		return t->value;
	}
	const char *name = variable_name(c, temp);
	bool array = is_vector(c, temp) && c->temps[t->variable].crosses;
	CExpr value = c_atom(array ? arena_printf(c->arena, "%s[l]", name) : name);
	value.mixes = c->temps[t->variable].value.mixes;
	return value;
}

void c_size(Text *out, LoopSize size, const char *const *symbols) {
	bool bare = size.factor == 1 && size.count > 0;
	if (!bare)
		text_printf(out, "%" PRId64, size.factor);
	for (uint32_t i = 0; i < size.count; i++)
		text_printf(out, "%s%s", i > 0 || !bare ? " * " : "", symbols[size.symbols[i]]);
}

static void add_facts(CExpr *into, const CExpr *from) {
	into->reads |= from->reads;
	into->mixes |= from->mixes;
	into->plain = into->plain && from->plain;
}

static bool is_unit(LoopSize coef) {
	return coef.count == 0 && (coef.factor == 1 || coef.factor == -1);
}

/* A term without its sign, "n", "i", "i * 6", and the sign. */
static CExpr term_expression(CEmit *c, LoopTerm term, bool *negative) {
	LoopSize coef = term.coef;
	*negative = coef.factor < 0;
	coef.factor = *negative ? -coef.factor : coef.factor;
	Text text = text_new(c->arena);
	if (term.temp == 0) {
		c_size(&text, coef, c->symbols);
		CExpr size = c_atom(text_cstr(&text));
		size.binds = coef.factor == 1 && coef.count == 1 ? C_ATOM : C_MULTIPLIES;
		return size;
	}
	CExpr value = value_of(c, term.temp);
	if (value.binds == C_UNARY && value.text[0] == '-') {
		*negative = !*negative;
		value.text++;
		value.binds = C_ATOM;
	}
	if (is_unit(coef))
		return value;
	text_printf(&text, "%s * ", c_wrapped(c->arena, &value, C_UNARY));
	c_size(&text, coef, c->symbols);
	value.text = text_cstr(&text);
	value.binds = C_MULTIPLIES;
	return value;
}

/* What is added first, then what is taken away: "i + 3 - p * 2". */
static CExpr affine_expression(CEmit *c, LoopAffine affine) {
	CExpr sum = c_atom(NULL), *terms = ARENA_ARRAY(c->arena, CExpr, affine.count + 1);
	bool *negative = ARENA_ARRAY(c->arena, bool, affine.count + 1);
	uint32_t count = affine.count, pieces = 0;
	for (uint32_t i = 0; i < count; i++) {
		terms[i] = term_expression(c, affine.terms[i], &negative[i]);
		add_facts(&sum, &terms[i]);
	}
	if (affine.offset != 0 || count == 0) {
		int64_t size = affine.offset < 0 ? -affine.offset : affine.offset;
		terms[count] = c_atom(arena_printf(c->arena, "%" PRId64, size));
		negative[count++] = affine.offset < 0;
	}
	Text text = text_new(c->arena);
	for (int sign = 0; sign < 2; sign++) {
		for (uint32_t i = 0; i < count; i++) {
			if (negative[i] != (sign == 1))
				continue;
			bool wrap = sign == 1 && terms[i].binds < C_MULTIPLIES;
			text_printf(&text, "%s", pieces > 0 ? sign ? " - " : " + " : sign ? "-" : "");
			text_printf(&text, wrap ? "(%s)" : "%s", terms[i].text);
			sum.binds = pieces++ > 0 ? C_ADDS : sign ? C_UNARY : terms[i].binds;
		}
	}
	sum.text = text_cstr(&text);
	return sum;
}

static CExpr address_expression(CEmit *c, const LoopAddress *address) {
	CExpr value = affine_expression(c, address->affine);
	Text text = text_new(c->arena);
	bool lanes = address->stride != 0 || address->index != 0;
	bool begun = !lanes || address->affine.count > 0 || address->affine.offset != 0;
	if (begun)
		text_printf(&text, "%s", value.text);
	if (address->stride != 0) {
		text_printf(&text, begun ? " + l" : "l");
		begun = true;
		if (address->stride != 1)
			text_printf(&text, " * %" PRId64, address->stride);
	}
	if (address->index != 0) {
		CExpr index = value_of(c, address->index);
		bool scaled = address->scale.factor != 1 || address->scale.count > 0;
		text_printf(&text, "%s%s", begun ? " + " : "", c_wrapped(c->arena, &index, scaled ? C_UNARY : C_ADDS));
		add_facts(&value, &index);
		if (scaled) {
			text_printf(&text, " * ");
			c_size(&text, address->scale, c->symbols);
		}
	}
	value.text = arena_printf(c->arena, "%s[%s]", c->formals[address->buffer], text_cstr(&text));
	value.reads |= bit(address->buffer);
	value.binds = C_ATOM;
	value.plain = false;
	return value;
}

/* `lanes`: of the loop that it stands in. */
static CExpr load_expression(CEmit *c, const LoopStmt *stmt, uint32_t lanes) {
	CExpr value = address_expression(c, &stmt->address);
	bool cut = stmt->lanes != 0 && stmt->lanes < lanes;
	if (stmt->mask == 0 && !cut)
		return value;
	CExpr zero = c_literal(c->arena, c->kernel->temps.data[stmt->out].type, 0, 0);
	const char *condition = cut ? arena_printf(c->arena, "l < %u", (unsigned)stmt->lanes) : NULL;
	if (stmt->mask != 0) {
		CExpr mask = value_of(c, stmt->mask);
		const char *inside = c_wrapped(c->arena, &mask, C_BITS);
		condition = cut ? arena_printf(c->arena, "%s && %s", condition, inside) : inside;
		add_facts(&value, &mask);
	}
	value.text = arena_printf(c->arena, "%s ? %s : %s", condition, value.text, zero.text);
	value.binds = C_TERNARY;
	return value;
}

static CExpr op_expression(CEmit *c, const LoopStmt *stmt) {
	CExpr args[IR_MAX_ARGS] = {0};
	IrScalar types[IR_MAX_ARGS] = {0};
	int arity = ir_op_info[stmt->opcode].arity;
	for (int i = 0; i < arity; i++) {
		args[i] = value_of(c, stmt->args[i]);
		types[i] = c->kernel->temps.data[stmt->args[i]].type;
	}
	if (ir_op_info[stmt->opcode].primitive)
		return c_op(c->file, stmt->opcode, types[0], args);
	CExpr value = {.binds = C_ATOM};
	Text text = text_new(c->arena);
	text_printf(&text, "%s(", c_math_function(c->file, stmt->opcode, types, c->fused));
	for (int i = 0; i < arity; i++) {
		text_printf(&text, "%s%s", i > 0 ? ", " : "", args[i].text);
		add_facts(&value, &args[i]);
	}
	text_char(&text, ')');
	value.text = text_cstr(&text);
	return value;
}

/* ---- what waits for its user ---- */

/* "const TYPE NAME = VALUE;", or "NAME[l] = VALUE;" for what lives in an array. */
static void print_value(CEmit *c, LoopTemp temp, const CExpr *value) {
	line(c);
	const char *name = variable_name(c, temp);
	if (is_vector(c, temp) && c->temps[temp].crosses)
		text_printf(c->out, "%s[l] = %s;\n", name, value->text);
	else
		text_printf(c->out, "const %s %s = %s;\n", temp_type(c, temp), name, value->text);
}

/* What waits and reads a formal of the set (or a variable of the set that the loop overwrites) is computed now. */
static void settle(CEmit *c, uint64_t reads, uint64_t mixes, bool vectors) {
	for (uint32_t i = 0; i < c->waiting.count;) {
		LoopTemp temp = c->waiting.data[i];
		CTemp *t = &c->temps[temp];
		if (is_vector(c, temp) != vectors || ((t->value.reads & reads) == 0 && (t->value.mixes & mixes) == 0)) {
			i++;
			continue;
		}
		stop_waiting(c, temp);
		print_value(c, temp, &t->value);
	}
}

/* The statement that uses a temp of one use, if it can hold an expression. */
static bool can_wait(CEmit *c, const LoopStmt *stmt, const CExpr *value) {
	LoopTemp temp = stmt->out;
	const CTemp *t = &c->temps[temp];
	bool known = c->kernel->temps.data[temp].name != 0;
	if (t->uses != 1 || known || t->crosses || t->block != t->user_block)
		return false;
	if (is_vector(c, temp) ? t->region != t->user_region : t->user_region != (uint32_t)C_NO_REGION)
		return false;
	const LoopStmt *user = t->user;
	if (!user || user->kind == LOOP_STORE)
		return true; /* all of a statement */
	if (strlen(value->text) > MOST_NESTED)
		return false;
	if (user->kind != LOOP_OP)
		return true;
	for (int i = 0; i < ir_op_info[user->opcode].arity; i++) {
		if (user->args[i] == temp)
			return !ir_op_info[user->opcode].primitive || c_may_nest(user->opcode, i, value);
	}
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
	CExpr value = value_of(c, stmt->value), place = address_expression(c, &stmt->address);
	settle(c, bit(stmt->address.buffer), 0, false);
	settle(c, bit(stmt->address.buffer), 0, true);
	line(c);
	if (stmt->lanes != 0 && stmt->lanes < lanes)
		text_printf(c->out, "if (l < %u) ", (unsigned)stmt->lanes);
	text_printf(c->out, truth ? "%s = (uint8_t)(%s);\n" : "%s = %s;\n", place.text, value.text);
}

static void print_simple(CEmit *c, const LoopStmt *stmt, uint32_t lanes) {
	if (stmt->out != 0 && (c->temps[stmt->out].uses == 0 || c->temps[stmt->out].fixed))
		return;
	CExpr value;
	switch (stmt->kind) {
	case LOOP_STORE: print_store(c, stmt, lanes); return;
	case LOOP_OP: value = op_expression(c, stmt); break;
	case LOOP_AFFINE:
		value = affine_expression(c, stmt->affine);
		if (is_vector(c, stmt->out)) {
			value.text = arena_printf(c->arena, "%s + l * %" PRId64, value.text, stmt->stride);
			value.binds = C_ADDS;
		}
		break;
	case LOOP_LOAD: value = load_expression(c, stmt, lanes); break;
	default: base_panic("c_print_kernel", "statement %d is not simple", (int)stmt->kind);
	}
	print_out(c, stmt, value);
}

/* The array of a vector that is only added up may be overwritten; NULL: it is read elsewhere, too. */
static const char *own_array(CEmit *c, const LoopStmt *stmt) {
	const CTemp *t = &c->temps[stmt->value];
	bool ours = !t->fixed && t->uses == 2 && c->temps[t->variable].crosses && c->temps[stmt->value].block == c->block;
	return ours && t->need == LOOP_LANES ? variable_name(c, stmt->value) : NULL;
}

static void print_tree(CEmit *c, const LoopStmt *stmt) {
	IrScalar type = c->kernel->temps.data[stmt->out].type;
	const char *type_name = c_temp_type(type), *name = variable_name(c, stmt->out), *lanes = own_array(c, stmt);
	if (!lanes) {
		lanes = c_local(&c->locals, arena_printf(c->arena, "%s_lanes", name));
		CExpr value = value_of(c, stmt->value);
		line(c);
		text_printf(c->out, "%s %s[%d];\n", type_name, lanes, LOOP_LANES);
		line(c);
		text_printf(c->out, "for (int l = 0; l < %d; l++)\n", LOOP_LANES);
		line(c);
		text_printf(c->out, "\t%s[l] = %s;\n", lanes, value.text);
	}
	line(c);
	text_printf(c->out, "for (int h = %d; h > 0; h /= 2)\n", LOOP_LANES / 2);
	line(c);
	text_printf(c->out, "\tfor (int l = 0; l < h; l++)\n");
	line(c);
	CExpr both = c_combine(c->file, stmt->opcode, type, c_atom(arena_printf(c->arena, "%s[l]", lanes)),
	                       c_atom(arena_printf(c->arena, "%s[l + h]", lanes)));
	text_printf(c->out, "\t\t%s[l] = %s;\n", lanes, both.text);
	line(c);
	text_printf(c->out, "const %s %s = %s[0];\n", type_name, name, lanes);
}

static void print_check(CEmit *c, const LoopStmt *stmt) {
	bool vector = is_vector(c, stmt->value);
	if (vector) {
		line(c);
		text_printf(c->out, "for (int l = 0; l < %u; l++) {\n", stmt->lanes != 0 ? stmt->lanes : (unsigned)LOOP_LANES);
		c->depth++;
	}
	CExpr value = value_of(c, stmt->value), limit = affine_expression(c, stmt->affine);
	const char *text = c_wrapped(c->arena, &value, C_ADDS);
	line(c);
	text_printf(c->out, "if (%s < 0 || %s >= %s)\n", text, text, limit.text);
	line(c);
	text_printf(c->out, "\treturn %" PRId64 ";\n", stmt->integer);
	if (vector) {
		c->depth--;
		line(c);
		text_printf(c->out, "}\n");
	}
}

/* ---- regions ---- */

/* Before the loop of a region: arrays for what lives beyond it, and what waits but reads where it stores. */
static void prepare_region(CEmit *c, const Region *region) {
	uint64_t stored = 0;
	for (uint32_t i = 0; i < region->stmts.count; i++) {
		const LoopStmt *stmt = region->stmts.data[i];
		if (stmt->kind == LOOP_STORE)
			stored |= bit(stmt->address.buffer);
	}
	settle(c, stored, 0, false);
	for (uint32_t i = 0; i < region->stmts.count; i++) {
		LoopTemp out = region->stmts.data[i]->out;
		const CTemp *t = &c->temps[out];
		if (out == 0 || !t->crosses || t->uses == 0 || t->fixed)
			continue;
		line(c);
		text_printf(c->out, "%s %s[%d]%s;\n", temp_type(c, out), variable_name(c, out), LOOP_LANES,
		            t->need < LOOP_LANES ? " = {0}" : "");
	}
}

static uint32_t carry_lanes(const CEmit *c, const LoopCarry *carry) {
	return c->temps[carry->inner].need;
}

static void print_yields(CEmit *c, const Region *region, uint32_t lanes, bool all) {
	uint64_t overwritten = 0;
	for (uint32_t i = 0; i < region->yields.count; i++)
		overwritten |= c->temps[region->yields.data[i]->inner].value.mixes;
	for (uint32_t i = 0; i < region->yields.count; i++) {
		const LoopCarry *carry = region->yields.data[i];
		if (!all && carry_lanes(c, carry) != lanes)
			continue;
		CTemp *t = &c->temps[carry->yield];
		uint64_t own = c->temps[carry->inner].value.mixes;
		if (t->waiting && (t->value.mixes & overwritten & ~own) != 0) {
			stop_waiting(c, carry->yield);
			print_value(c, carry->yield, &t->value);
		}
	}
	for (uint32_t i = 0; i < region->yields.count; i++) {
		const LoopCarry *carry = region->yields.data[i];
		if (!all && carry_lanes(c, carry) != lanes)
			continue;
		CExpr value = value_of(c, carry->yield);
		line(c);
		text_printf(c->out, "%s[l] = %s;\n", variable_name(c, carry->inner), value.text);
	}
}

/* The statements of a region that run in `lanes`; all: whatever they run in. */
static void print_lanes(CEmit *c, const Region *region, uint32_t lanes, bool all) {
	line(c);
	text_printf(c->out, "%s_LANES for (int l = 0; l < %u; l++) {\n", c->prefix, (unsigned)lanes);
	c->depth++;
	CScope scope = c_scope_begin(&c->locals);
	for (uint32_t i = 0; i < region->stmts.count; i++) {
		const LoopStmt *stmt = region->stmts.data[i];
		if (all || c_lanes(c, stmt) == lanes)
			print_simple(c, stmt, lanes);
	}
	print_yields(c, region, lanes, all);
	c_scope_end(&c->locals, scope);
	c->depth--;
	line(c);
	text_printf(c->out, "}\n");
}

/* Statements that run in different numbers of lanes share a loop only if one needs what another makes, or if they meet in memory. */
static bool is_separable(const CEmit *c, const Region *region) {
	for (uint32_t i = 0; i < region->stmts.count; i++) {
		const LoopStmt *a = region->stmts.data[i];
		uint32_t lanes = c_lanes(c, a);
		for (uint32_t k = 0; k < region->stmts.count; k++) {
			const LoopStmt *b = region->stmts.data[k];
			if (c_lanes(c, b) == lanes || (b->out != 0 && c->temps[b->out].uses == 0))
				continue;
			for (int arg = 0; arg < IR_MAX_ARGS; arg++) {
				if (a->out != 0 && b->args[arg] == a->out && !c->temps[a->out].fixed)
					return false;
			}
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

static void print_region(CEmit *c, const Region *region) {
	prepare_region(c, region);
	bool present[LOOP_LANES + 1] = {0};
	uint32_t kinds = 0;
	for (uint32_t i = 0; i < region->stmts.count + region->yields.count; i++) {
		bool yield = i >= region->stmts.count;
		if (!yield && region->stmts.data[i]->out != 0 &&
		    (c->temps[region->stmts.data[i]->out].fixed || c->temps[region->stmts.data[i]->out].uses == 0))
			continue;
		uint32_t lanes = yield ? carry_lanes(c, region->yields.data[i - region->stmts.count])
		                       : c_lanes(c, region->stmts.data[i]);
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

static void flush(CEmit *c, Region *region) {
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

static bool touches(const Region *region, uint32_t buffer) {
	for (uint32_t i = 0; i < region->stmts.count; i++) {
		const LoopStmt *stmt = region->stmts.data[i];
		if (stmt->kind == LOOP_STORE && stmt->address.buffer == buffer)
			return true;
	}
	return false;
}

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
	CExpr value = affine_expression(c, bound->affine);
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
		const char *name = variable_name(c, carry->inner);
		c->temps[carry->inner].value.mixes = bit(carry->inner);
		line(c);
		if (is_vector(c, carry->inner)) {
			text_printf(c->out, "%s %s[%d];\n", temp_type(c, carry->inner), name, LOOP_LANES);
			any = true;
		} else {
			text_printf(c->out, "%s %s = %s;\n", temp_type(c, carry->inner), name, value_of(c, carry->init).text);
		}
	}
	if (!any)
		return;
	line(c);
	text_printf(c->out, "for (int l = 0; l < %d; l++) {\n", LOOP_LANES);
	for (uint32_t i = 0; i < stmt->carries.count; i++) {
		const LoopCarry *carry = &stmt->carries.data[i];
		if (!is_vector(c, carry->inner))
			continue;
		line(c);
		text_printf(c->out, "\t%s[l] = %s;\n", variable_name(c, carry->inner), value_of(c, carry->init).text);
	}
	line(c);
	text_printf(c->out, "}\n");
}

/* Where a loop ends, in a variable if that is more than a sum. */
static const char *loop_end(CEmit *c, const LoopStmt *stmt) {
	const char *high = bounds_text(c, "min", stmt->high.data, stmt->high.count);
	if (stmt->low.count == 1 && stmt->high.count == 1 && stmt->high.data[0].div == 1)
		return high;
	const char *wanted = c->temps[stmt->out].wanted;
	const char *end = c_local(&c->locals, arena_printf(c->arena, "%s_end", wanted ? wanted : "i"));
	line(c);
	text_printf(c->out, "const int64_t %s = %s;\n", end, high);
	return end;
}

static void print_for_head(CEmit *c, const LoopStmt *stmt, const char *end) {
	const char *low = bounds_text(c, "max", stmt->low.data, stmt->low.count);
	const char *var = variable_name(c, stmt->out);
	line(c);
	if (stmt->step == 1)
		text_printf(c->out, "for (int64_t %s = %s; %s < %s; %s++) {\n", var, low, var, end, var);
	else
		text_printf(c->out, "for (int64_t %s = %s; %s + %" PRId64 " <= %s; %s += %" PRId64 ") {\n", var, low, var,
		            stmt->step, end, var, stmt->step);
}

static void walk_nested(CEmit *c, const LoopStmt *stmt) {
	CScope scope = {0};
	if (c->phase == C_COUNT) {
		c_look_carries(c, stmt);
	} else {
		settle(c, UINT64_MAX, 0, false); /* the loop may store where these read */
		print_carry_starts(c, stmt);
		const char *end = stmt->kind == LOOP_FOR ? loop_end(c, stmt) : NULL;
		scope = c_scope_begin(&c->locals);
		if (stmt->kind == LOOP_FOR) {
			print_for_head(c, stmt, end);
		} else {
			line(c);
			text_printf(c->out, "if (");
			for (uint32_t i = 0; i < stmt->conds.count; i++)
				text_printf(c->out, "%s%s >= 0", i > 0 ? " && " : "", affine_expression(c, stmt->conds.data[i]).text);
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
		line(c);
		text_printf(c->out, "}\n");
	}
}

static bool runs_in_lanes(const CEmit *c, const LoopStmt *stmt) {
	if (stmt->kind == LOOP_STORE)
		return stmt->address.stride != 0 || stmt->address.index != 0;
	return (stmt->kind == LOOP_OP || stmt->kind == LOOP_AFFINE || stmt->kind == LOOP_LOAD) && is_vector(c, stmt->out);
}

static void print_scalar_yields(CEmit *c, const LoopStmt *owner) {
	uint64_t overwritten = 0;
	for (uint32_t i = 0; i < owner->carries.count; i++)
		overwritten |= c->temps[owner->carries.data[i].inner].value.mixes;
	for (uint32_t i = 0; i < owner->carries.count; i++) {
		const LoopCarry *carry = &owner->carries.data[i];
		CTemp *t = &c->temps[carry->yield];
		if (t->waiting && (t->value.mixes & overwritten & ~c->temps[carry->inner].value.mixes) != 0) {
			stop_waiting(c, carry->yield);
			print_value(c, carry->yield, &t->value);
		}
	}
	for (uint32_t i = 0; i < owner->carries.count; i++) {
		const LoopCarry *carry = &owner->carries.data[i];
		if (is_vector(c, carry->inner) || c->temps[carry->yield].variable == carry->inner)
			continue;
		CExpr value = value_of(c, carry->yield);
		line(c);
		text_printf(c->out, "%s = %s;\n", variable_name(c, carry->inner), value.text);
	}
}

static void walk_yields(CEmit *c, Region *region, const LoopStmt *owner) {
	for (uint32_t i = 0; i < owner->carries.count; i++) {
		const LoopCarry *carry = &owner->carries.data[i];
		if (is_vector(c, carry->inner) && c->temps[carry->yield].variable != carry->inner)
			vec_push(c->arena, &region->yields, carry);
	}
	if (region->yields.count > 0)
		flush(c, region);
	if (c->phase == C_PRINT) {
		print_scalar_yields(c, owner);
		return;
	}
	for (uint32_t i = 0; i < owner->carries.count; i++) {
		const LoopCarry *carry = &owner->carries.data[i];
		if (!is_vector(c, carry->inner))
			c_look_use(c, carry->yield, (uint32_t)C_NO_REGION, 1);
	}
}

/* Literals, extents, numbers of lanes and tests of them, numbers that are passed as such, and short sums of counters: written out
 * at every use. */
static bool is_fixed(CEmit *c, const LoopStmt *stmt) {
	CTemp *t = &c->temps[stmt->out];
	if (stmt->kind == LOOP_CONST) {
		t->value = c_literal(c->arena, c->kernel->temps.data[stmt->out].type, stmt->real, stmt->integer);
	} else if (stmt->kind == LOOP_SYMBOL) {
		t->value = c_atom(c->symbols[stmt->symbol]);
	} else if (stmt->kind == LOOP_LOAD && c->by_value[stmt->address.buffer] && stmt->mask == 0) {
		t->value = c_atom(c->formals[stmt->address.buffer]);
		c->formal_used[stmt->address.buffer] = true;
	} else if (stmt->kind == LOOP_AFFINE && is_vector(c, stmt->out) && stmt->affine.count == 0 &&
	           stmt->affine.offset == 0 && stmt->stride == 1) {
		t->value = c_atom("l");
	} else if (stmt->kind == LOOP_OP && stmt->opcode == IR_lt && c->temps[stmt->args[0]].fixed &&
	           is_vector(c, stmt->args[0]) && c->temps[stmt->args[1]].fixed && !is_vector(c, stmt->args[1])) {
		CExpr args[2] = {c->temps[stmt->args[0]].value, c->temps[stmt->args[1]].value};
		if (c->phase == C_PRINT)
			t->value = c_op(c->file, IR_lt, IR_I64, args);
	} else if (stmt->kind == LOOP_AFFINE && !is_vector(c, stmt->out) && c_is_short(c, stmt)) {
		if (c->phase == C_PRINT)
			t->value = affine_expression(c, stmt->affine);
	} else {
		return false;
	}
	t->fixed = true;
	return true;
}

static void walk_simple(CEmit *c, Region *region, const LoopStmt *stmt) {
	if (runs_in_lanes(c, stmt)) {
		if (stmt->kind == LOOP_LOAD && touches(region, stmt->address.buffer))
			flush(c, region);
		if (c->phase == C_COUNT)
			c_look_op(c, stmt, region->number);
		vec_push(c->arena, &region->stmts, stmt);
		return;
	}
	if (stmt->kind == LOOP_TREE || stmt->kind == LOOP_CHECK || stmt->kind == LOOP_STORE ||
	    (stmt->kind == LOOP_LOAD && touches(region, stmt->address.buffer)))
		flush(c, region);
	if (c->phase == C_COUNT)
		c_look_op(c, stmt, (uint32_t)C_NO_REGION);
	else if (stmt->kind == LOOP_TREE)
		print_tree(c, stmt);
	else if (stmt->kind == LOOP_CHECK)
		print_check(c, stmt);
	else
		print_simple(c, stmt, 1);
}

static void walk_block(CEmit *c, const LoopBlock *block, const LoopStmt *owner) {
	Region region = {.number = ++c->region_count};
	for (uint32_t i = 0; i < block->stmts.count; i++) {
		const LoopStmt *stmt = block->stmts.data[i];
		if (stmt->kind == LOOP_FOR || stmt->kind == LOOP_IF) {
			flush(c, &region);
			walk_nested(c, stmt);
		} else if (!is_fixed(c, stmt)) {
			walk_simple(c, &region, stmt);
		}
	}
	if (owner)
		walk_yields(c, &region, owner);
	flush(c, &region);
}

/* ---- kernels ---- */

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
			text_printf(c->out, "%s *%s_RESTRICT %s", c_scalar(formal->type), c->prefix, c->formals[i]);
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

/* The users of temps that have one. */
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
	for (uint32_t i = 0; i < kernel->formals.count; i++) {
		if (!c->formal_used[i])
			text_printf(c->out, "\t(void)%s;\n", c->formals[i]);
	}
	walk_block(c, &kernel->body, NULL);
	if (kernel->can_fail)
		text_printf(c->out, "\treturn 0;\n");
	text_printf(c->out, "}\n");
}
