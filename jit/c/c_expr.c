/* The expressions of a kernel: names of variables, positions, addresses, loads, operations. */
#include "jit/c/c_emit.h"

#include <inttypes.h>
#include <string.h>

bool c_is_vector(const CEmit *c, LoopTemp temp) {
	return temp != 0 && c->kernel->temps.data[temp].vector;
}

const char *c_type_of(const CEmit *c, LoopTemp temp) {
	return c_temp_type(c->kernel->temps.data[temp].type);
}

void c_line(const CEmit *c) {
	for (int i = 0; i < c->depth; i++)
		text_char(c->out, '\t');
}

uint64_t c_bit(uint32_t number) {
	return UINT64_C(1) << number % 64;
}

const char *c_variable(CEmit *c, LoopTemp temp) {
	CTemp *t = &c->temps[c->temps[temp].variable];
	if (!t->name)
		t->name = c_local(&c->locals, t->wanted);
	return t->name;
}

void c_stop_waiting(CEmit *c, LoopTemp temp) {
	c->temps[temp].waiting = false;
	uint32_t kept = 0;
	for (uint32_t i = 0; i < c->waiting.count; i++)
		if (c->waiting.data[i] != temp)
			c->waiting.data[kept++] = c->waiting.data[i];
	c->waiting.count = kept;
}

/* The expression for a temp, where it is used. */
CExpr c_value(CEmit *c, LoopTemp temp) {
	CTemp *t = &c->temps[temp];
	if (t->fixed)
		return t->value;
	if (t->waiting) {
		c_stop_waiting(c, temp);
		return t->value;
	}
	const char *name = c_variable(c, temp);
	bool array = c_is_vector(c, temp) && c->temps[t->variable].crosses;
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
	CExpr value = c_value(c, term.temp);
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
CExpr c_affine(CEmit *c, LoopAffine affine) {
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

/* The part of a flat parameter in which an address begins; -1: none. Wherever it ends, part and rest make the same address. */
int64_t c_part_of(const CEmit *c, const LoopAddress *address) {
	int64_t found = -1;
	for (uint32_t i = 0; c->parts_of[address->buffer] && i < c->part_count; i++)
		if (strcmp(c->parts[i].of, c->parts_of[address->buffer]) == 0 && c->parts[i].offset <= address->affine.offset &&
		    c->parts[i].offset <= INT32_MAX)
			found = i;
	return found;
}

CExpr c_address(CEmit *c, const LoopAddress *whole) {
	LoopAddress in_part = *whole, *address = &in_part;
	int64_t part = c_part_of(c, whole);
	in_part.affine.offset -= part < 0 ? 0 : c->parts[part].offset;
	CExpr value = c_affine(c, address->affine);
	Text text = text_new(c->arena);
	bool lanes = address->stride != 0 || address->index != 0;
	bool more = address->affine.count > 0 || address->affine.offset != 0;
	bool begun = part >= 0 || !lanes || more;
	if (part >= 0)
		text_printf(&text, "%s%s%s", c->part_names[part], more ? " + " : "",
		            !more ? "" : c_wrapped(c->arena, &value, value.binds == C_UNARY ? C_ATOM : C_ADDS));
	else if (begun)
		text_printf(&text, "%s", value.text);
	if (address->stride != 0) {
		text_printf(&text, begun ? " + l" : "l");
		begun = true;
		if (address->stride != 1)
			text_printf(&text, " * %" PRId64, address->stride);
	}
	if (address->index != 0) {
		CExpr index = c_value(c, address->index);
		bool scaled = address->scale.factor != 1 || address->scale.count > 0;
		text_printf(&text, "%s%s", begun ? " + " : "", c_wrapped(c->arena, &index, scaled ? C_UNARY : C_ADDS));
		add_facts(&value, &index);
		if (scaled) {
			text_printf(&text, " * ");
			c_size(&text, address->scale, c->symbols);
		}
	}
	value.text = arena_printf(c->arena, "%s[%s]", c->formals[address->buffer], text_cstr(&text));
	value.reads |= c_bit(address->buffer);
	value.binds = C_ATOM;
	value.plain = false;
	return value;
}

/* `lanes`: of the loop that it stands in. */
CExpr c_load(CEmit *c, const LoopStmt *stmt, uint32_t lanes) {
	CExpr value = c_address(c, &stmt->address);
	/* What is stored otherwise becomes its scalar here, before anything around it could convert it in another way. */
	if (c->kernel->formals.data[stmt->address.buffer].storage) {
		bool truth = c->kernel->temps.data[stmt->out].type == IR_BOOL;
		value.text =
			truth ? arena_printf(c->arena, "%s != 0", value.text)
				  : arena_printf(c->arena, "(%s)%s", c_scalar(c->kernel->temps.data[stmt->out].type), value.text);
		value.binds = truth ? C_COMPARES : C_UNARY;
	}
	bool cut = stmt->lanes != 0 && stmt->lanes < lanes;
	if (stmt->mask == 0 && !cut)
		return value;
	CExpr zero = c_literal(c->arena, c->kernel->temps.data[stmt->out].type, 0, 0);
	const char *condition = cut ? arena_printf(c->arena, "l < %u", (unsigned)stmt->lanes) : NULL;
	if (stmt->mask != 0) {
		CExpr mask = c_value(c, stmt->mask);
		const char *inside = c_wrapped(c->arena, &mask, C_COMPARES); /* clang warns of a & b ? c : d */
		condition = cut ? arena_printf(c->arena, "%s && %s", condition, inside) : inside;
		add_facts(&value, &mask);
	}
	value.text = arena_printf(c->arena, "%s ? %s : %s", condition, value.text, zero.text);
	value.binds = C_TERNARY;
	return value;
}

CExpr c_operation(CEmit *c, const LoopStmt *stmt) {
	CExpr args[IR_MAX_ARGS] = {0};
	IrScalar types[IR_MAX_ARGS] = {0};
	int arity = ir_op_info[stmt->opcode].arity;
	for (int i = 0; i < arity; i++) {
		args[i] = c_value(c, stmt->args[i]);
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
