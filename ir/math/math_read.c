/* Reading math.def: each entry becomes a list of steps when it is first needed; putting it into a body is a walk over the
 * steps.
 *
 *     s = mad(x, y, 1.0) * z;     becomes     #3 = real 1.0;  #4 = mad #0 #1 #3;  #5 = mul #4 #2 */
#include "ir/math/math_read.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OPERANDS = IR_MATH_MAX_OPERANDS, MAX_RESULTS = IR_MATH_MAX_RESULTS, MAX_LIST = 32, MAX_SLOTS = 256 };

typedef enum When { WHEN_any, WHEN_fused, WHEN_strict } When;

typedef struct Entry {
	const char *name;
	IrScalar type;
	When when;
	const char *params, *text;
} Entry;

static const Entry entries[] = {
#define MATH(name, type, when, params, ...) {#name, IR_##type, WHEN_##when, #params, #__VA_ARGS__},
#include "ir/math/math.def"
#undef MATH
};

enum { ENTRY_COUNT = sizeof entries / sizeof entries[0] };

typedef struct Binding {
	const char *name;
	size_t length;
	uint32_t slot;
} Binding;

struct IrMath {
	Arena *arena;
	IrMathProgram *programs[ENTRY_COUNT];
};

IrMath *ir_math_new(Arena *arena) {
	IrMath *math = ARENA_NEW(arena, IrMath);
	math->arena = arena;
	return math;
}

/* ---- reading ---- */

typedef struct Reader {
	Arena *arena;
	const Entry *entry;
	const char *at;
	IrMathProgram *program;
	VEC(Binding) bindings;
} Reader;

static BASE_NORETURN void malformed(const Reader *r, const char *what) {
	base_panic("math.def", "%s: %s at `%.40s`", r->entry->name, what, r->at);
}

static bool take(Reader *r, char c) {
	while (isspace((unsigned char)*r->at))
		r->at++;
	if (*r->at != c)
		return false;
	r->at++;
	return true;
}

static void expect(Reader *r, char c) {
	if (!take(r, c))
		malformed(r, (char[]){'`', c, '`', ' ', 'e', 'x', 'p', 'e', 'c', 't', 'e', 'd', 0});
}

static size_t name_length(Reader *r) {
	while (isspace((unsigned char)*r->at))
		r->at++;
	size_t length = 0;
	if (isalpha((unsigned char)*r->at))
		while (isalnum((unsigned char)r->at[length]) || r->at[length] == '_')
			length++;
	return length;
}

static bool is_word(const char *at, size_t length, const char *word) {
	return strlen(word) == length && memcmp(at, word, length) == 0;
}

static void bind(Reader *r, const char *name, size_t length, uint32_t slot) {
	for (uint32_t i = 0; i < r->bindings.count; i++)
		if (r->bindings.data[i].length == length && memcmp(r->bindings.data[i].name, name, length) == 0)
			malformed(r, "a name is defined twice");
	vec_push(r->arena, &r->bindings, ((Binding){name, length, slot}));
	r->program->names[slot] = arena_printf(r->arena, "%.*s", (int)length, name);
}

static uint32_t new_slots(Reader *r, uint32_t count) {
	uint32_t slot = r->program->slot_count;
	r->program->slot_count += count;
	if (r->program->slot_count > MAX_SLOTS)
		malformed(r, "too long");
	return slot;
}

static uint32_t add_step(Reader *r, IrMathStep step) {
	step.result = new_slots(r, 1);
	step.result_count = 1;
	vec_push(r->arena, &r->program->steps, step);
	return step.result;
}

static uint32_t add_op(Reader *r, IrOpcode opcode, uint32_t a, uint32_t b) {
	return add_step(
		r, (IrMathStep){.kind = IR_MATH_OP, .opcode = opcode, .args = {a, b}, .arg_count = opcode == IR_neg ? 1 : 2});
}

static uint32_t add_mad(Reader *r, uint32_t a, uint32_t b, uint32_t c) {
	return add_step(r, (IrMathStep){.kind = IR_MATH_MAD, .args = {a, b, c}, .arg_count = 3});
}

/* A number with a point or a binary exponent is real. */
static uint32_t number(Reader *r) {
	size_t length = 0;
	while (isalnum((unsigned char)r->at[length]) || r->at[length] == '.' ||
	       ((r->at[length] == '-' || r->at[length] == '+') && strchr("pe", r->at[length - 1]) &&
	        (r->at[length - 1] == 'p' || r->at[1] != 'x')))
		length++;
	bool hex = r->at[1] == 'x';
	bool real = memchr(r->at, '.', length) || memchr(r->at, hex ? 'p' : 'e', length);
	char *end;
	IrMathStep step = {.kind = real ? IR_MATH_REAL : IR_MATH_INTEGER};
	if (real)
		step.real = strtod(r->at, &end);
	else
		step.integer = (int64_t)strtoull(r->at, &end, 0);
	if (length == 0 || end != r->at + length)
		malformed(r, "not a number");
	r->at = end;
	return add_step(r, step);
}

static uint32_t expression(Reader *r);

static uint32_t call(Reader *r, const char *name, size_t length) {
	uint32_t list[MAX_LIST];
	uint32_t count = 0;
	do {
		if (count == MAX_LIST)
			malformed(r, "too many operands");
		list[count++] = expression(r);
	} while (take(r, ','));
	expect(r, ')');
	if (is_word(name, length, "poly") && count >= 2) {
		uint32_t sum = list[count - 1];
		for (uint32_t i = count - 1; i > 1; i--)
			sum = add_mad(r, sum, list[0], list[i - 1]);
		return sum;
	}
	if (is_word(name, length, "mad") && count == 3)
		return add_mad(r, list[0], list[1], list[2]);
	IrMathStep step = {.kind = IR_MATH_CALL, .arg_count = count};
	if (count > MAX_OPERANDS)
		malformed(r, "too many operands");
	memcpy(step.args, list, sizeof(uint32_t) * count);
	IrOpcode opcode;
	if (ir_opcode_find(name, length, &opcode) && ir_op_info[opcode].primitive) {
		step.kind = IR_MATH_OP;
		step.opcode = opcode;
		if (ir_op_info[opcode].arity != (int)count)
			malformed(r, "wrong number of operands");
		return add_step(r, step);
	}
	while (step.callee < ENTRY_COUNT && !is_word(name, length, entries[step.callee].name))
		step.callee++;
	if (step.callee == ENTRY_COUNT)
		malformed(r, "unknown function");
	return add_step(r, step);
}

static uint32_t primary(Reader *r) {
	if (take(r, '(')) {
		uint32_t slot = expression(r);
		expect(r, ')');
		return slot;
	}
	if (take(r, '-'))
		return add_op(r, IR_neg, primary(r), 0);
	size_t length = name_length(r);
	if (length == 0)
		return number(r);
	const char *name = r->at;
	r->at += length;
	if (take(r, '('))
		return call(r, name, length);
	for (uint32_t i = 0; i < r->bindings.count; i++)
		if (r->bindings.data[i].length == length && memcmp(r->bindings.data[i].name, name, length) == 0)
			return r->bindings.data[i].slot;
	if (is_word(name, length, "inf"))
		return add_step(r, (IrMathStep){.kind = IR_MATH_REAL, .real = INFINITY});
	if (is_word(name, length, "nan"))
		return add_step(r, (IrMathStep){.kind = IR_MATH_REAL, .real = NAN});
	r->at = name;
	malformed(r, "unknown name");
}

static uint32_t product(Reader *r) {
	uint32_t slot = primary(r);
	for (;;)
		if (take(r, '*'))
			slot = add_op(r, IR_mul, slot, primary(r));
		else if (take(r, '/'))
			slot = add_op(r, IR_div, slot, primary(r));
		else
			return slot;
}

static uint32_t expression(Reader *r) {
	uint32_t slot = product(r);
	for (;;)
		if (take(r, '+'))
			slot = add_op(r, IR_add, slot, product(r));
		else if (take(r, '-'))
			slot = add_op(r, IR_sub, slot, product(r));
		else
			return slot;
}

/* `x = e;` or `x, y = helper(...);` or `return e, f;`: false after a return. */
static bool statement(Reader *r) {
	size_t length = name_length(r);
	if (is_word(r->at, length, "return")) {
		r->at += length;
		do {
			if (r->program->result_count == MAX_RESULTS)
				malformed(r, "too many results");
			r->program->results[r->program->result_count++] = expression(r);
		} while (take(r, ','));
		expect(r, ';');
		return false;
	}
	const char *names[MAX_RESULTS];
	size_t lengths[MAX_RESULTS];
	uint32_t count = 0;
	do {
		if (count == MAX_RESULTS)
			malformed(r, "too many names");
		lengths[count] = name_length(r);
		names[count] = r->at;
		r->at += lengths[count];
		if (lengths[count++] == 0)
			malformed(r, "a name expected");
	} while (take(r, ','));
	expect(r, '=');
	uint32_t slot = expression(r);
	expect(r, ';');
	if (count > 1) {
		IrMathStep *last = &r->program->steps.data[r->program->steps.count - 1];
		if (last->kind != IR_MATH_CALL || last->result != slot)
			malformed(r, "several names for one result");
		new_slots(r, count - 1);
		last->result_count = count;
	}
	for (uint32_t i = 0; i < count; i++)
		bind(r, names[i], lengths[i], slot + i);
	return true;
}

static IrMathProgram *read_entry(Arena *arena, const Entry *entry) {
	IrMathProgram *program = ARENA_NEW(arena, IrMathProgram);
	*program = (IrMathProgram){.name = entry->name, .type = entry->type, .paired = entry->when != WHEN_any};
	program->names = ARENA_ARRAY(arena, const char *, MAX_SLOTS);
	Reader r = {.arena = arena, .entry = entry, .at = entry->params, .program = program};
	expect(&r, '(');
	do {
		size_t length = name_length(&r);
		bind(&r, r.at, length, new_slots(&r, 1));
		r.at += length;
		program->param_count++;
	} while (take(&r, ','));
	expect(&r, ')');
	r.at = entry->text;
	while (statement(&r))
		continue;
	return program;
}

/* ---- putting into a body ---- */

typedef struct Emitter {
	IrMath *math;
	IrForBuilder *f;
	bool fused;
} Emitter;

uint32_t ir_math_choose(uint32_t first, const IrScalar *types, uint32_t count, bool fused) {
	uint32_t real = 0;
	while (real < count && !ir_scalar_is_real(types[real]))
		real++;
	for (uint32_t i = first; i < ENTRY_COUNT; i++) {
		if (entries[i].when == (fused ? WHEN_strict : WHEN_fused) || strcmp(entries[i].name, entries[first].name) != 0)
			continue;
		if (real == count || entries[i].type == types[real])
			return i;
	}
	base_panic("math.def", "no entry of `%s` takes %s", entries[first].name, ir_scalar_name(types[real]));
}

uint32_t ir_math_find(const char *name) {
	uint32_t first = 0;
	while (first < ENTRY_COUNT && strcmp(entries[first].name, name) != 0)
		first++;
	if (first == ENTRY_COUNT)
		base_panic("math.def", "there is no entry `%s`", name);
	return first;
}

const IrMathProgram *ir_math_program(IrMath *math, uint32_t entry) {
	if (!math->programs[entry])
		math->programs[entry] = read_entry(math->arena, &entries[entry]);
	return math->programs[entry];
}

/* The entry named like number `first` that fits the operands. */
static uint32_t choose(const Emitter *e, uint32_t first, const uint32_t *args, uint32_t count) {
	IrScalar types[MAX_OPERANDS];
	for (uint32_t i = 0; i < count; i++)
		types[i] = ir_node_type(e->f, args[i]);
	return ir_math_choose(first, types, count, e->fused);
}

static void emit_entry(const Emitter *e, uint32_t number, const uint32_t *args, uint32_t count, uint32_t *results,
                       uint32_t result_count);

static void emit_step(const Emitter *e, IrScalar type, const IrMathStep *step, uint32_t *slots) {
	uint32_t args[MAX_OPERANDS] = {0};
	uint32_t *result = &slots[step->result];
	for (uint32_t i = 0; i < step->arg_count; i++)
		args[i] = slots[step->args[i]];
	switch (step->kind) {
	case IR_MATH_REAL: *result = ir_real(e->f, type, step->real); break;
	case IR_MATH_INTEGER: *result = ir_constant(e->f, type == IR_F32 ? IR_I32 : IR_I64, 0, step->integer); break;
	case IR_MATH_OP: *result = ir_op(e->f, step->opcode, args); break;
	case IR_MATH_MAD:
		*result = e->fused ? ir_op(e->f, IR_fma, args)
		                   : ir_op2(e->f, IR_add, ir_op2(e->f, IR_mul, args[0], args[1]), args[2]);
		break;
	case IR_MATH_CALL:
		emit_entry(e, choose(e, step->callee, args, step->arg_count), args, step->arg_count, result,
		           step->result_count);
		break;
	}
}

static void emit_entry(const Emitter *e, uint32_t number, const uint32_t *args, uint32_t count, uint32_t *results,
                       uint32_t result_count) {
	const IrMathProgram *program = ir_math_program(e->math, number);
	if (program->param_count != count || program->result_count != result_count)
		base_panic("math.def", "`%s` has %u parameters and %u results", entries[number].name,
		           (unsigned)program->param_count, (unsigned)program->result_count);
	uint32_t slots[MAX_SLOTS];
	memcpy(slots, args, sizeof(uint32_t) * count);
	for (uint32_t i = 0; i < program->steps.count; i++)
		emit_step(e, entries[number].type, &program->steps.data[i], slots);
	for (uint32_t i = 0; i < result_count; i++)
		results[i] = slots[program->results[i]];
}

uint32_t ir_math_entry(IrMath *math, IrForBuilder *f, const char *name, const uint32_t *args, int count, bool fused) {
	uint32_t first = ir_math_find(name);
	Emitter e = {.math = math, .f = f, .fused = fused};
	uint32_t result;
	emit_entry(&e, choose(&e, first, args, (uint32_t)count), args, (uint32_t)count, &result, 1);
	return result;
}

uint32_t ir_math_row(IrMath *math, IrForBuilder *f, IrOpcode opcode, const uint32_t *args, bool fused) {
	return ir_math_entry(math, f, ir_op_info[opcode].name, args, ir_op_info[opcode].arity, fused);
}
