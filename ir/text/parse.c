/* The text form, read: functions, constant tables, loops. token.c reads words, parse_body.c bodies; the grammar is at the top of
 * print.c. Numbers of values are kept, so that what was printed gets its numbers back; spans are not. */
#include "ir/text/parse.h"
#include "ir/core/walk.h"
#include "ir/text/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- values ---- */

static bool is_numbered(Token token) {
	for (uint32_t i = 0; i < token.length; i++)
		if (!isdigit((unsigned char)token.text[i]))
			return false;
	return true;
}

enum { MAX_VALUES = 1 << 24 };

/* A function has room for every number up to its largest. What passes drop leaves gaps, so a text may skip as many numbers as
 * this, and one more for each of its bytes; a few bytes can then not ask for all memory. */
enum { SKIPPED_NUMBERS = 1 << 16 };

static IrValue value_number(Token token) {
	uint32_t number = 0;
	for (uint32_t i = 0; i < token.length && number < MAX_VALUES; i++)
		number = number * 10 + (uint32_t)(token.text[i] - '0');
	return number;
}

static void need_values(Parser *p, IrValue value) {
	while (p->func->values.count <= value)
		vec_push(p->module->arena, &p->func->values,
		         (IrValueInfo){.type = ir_shared_type(p->module, ir_scalar_type(IR_F64))});
	while (p->defined.count <= value)
		vec_push(p->scratch, &p->defined, false);
}

static void need_name(Parser *p, Name name) {
	while (p->by_name.count <= name)
		vec_push(p->scratch, &p->by_name, 0);
}

/* The value a token stands for; 0 if it is a name without one. */
static IrValue find_value(Parser *p, Token token) {
	if (is_numbered(token))
		return value_number(token);
	Name name = name_intern(p->module->session->names, token.text, token.length);
	need_name(p, name);
	return p->by_name.data[name];
}

IrValue read_value(Parser *p) {
	Token token = p->token;
	if (token.kind != T_VALUE) {
		read_error(p, "a value is needed");
		return 0;
	}
	IrValue value = find_value(p, token);
	if (value == 0 || value >= p->defined.count || !p->defined.data[value]) {
		read_error(p, "%%%.*s is not defined", (int)token.length, token.text);
		return 0;
	}
	read_next(p);
	return value;
}

static IrStorage read_storage(Parser *p) {
	for (int i = IR_STORED_PLAIN + 1; i < IR_STORAGE_COUNT; i++)
		if (read_take(p, ir_storage_name((IrStorage)i)))
			return (IrStorage)i;
	read_error(p, "a storage is needed: u8, i8, ...");
	return IR_STORED_PLAIN;
}

static IrType parse_type(Parser *p) {
	IrType type = {.scalar = IR_F64};
	bool found;
	if (read_take(p, ":")) {
		type.scalar = read_scalar_name(p, &found);
		if (!found)
			read_error(p, "a scalar type is needed");
		if (read_take(p, "as"))
			type.storage = read_storage(p);
	}
	read_expect(p, "[");
	while (!p->failed && !read_is(p, "]")) {
		if (type.rank == IR_MAX_RANK) {
			read_error(p, "more than %d axes", IR_MAX_RANK);
			break;
		}
		if (type.rank == 0 && read_take(p, "lanes")) {
			type.lanes = true;
			type.dims[type.rank++] = IR_LANES;
		} else {
			type.dims[type.rank++] = read_dim(p);
		}
		if (!read_take(p, ","))
			break;
	}
	read_expect(p, "]");
	return type;
}

/* What one definition says, before the value is made known: the op may not see its own outputs. */
typedef struct Def {
	IrValue value;
	Name name;
	IrType type;
	bool by_name;
} Def;

static Def parse_label(Parser *p) {
	Def def = {0};
	Token token = p->token;
	if (token.kind != T_VALUE) {
		read_error(p, "a value to define is needed");
		return def;
	}
	if (is_numbered(token)) {
		def.value = value_number(token);
		if (def.value == 0 || def.value >= MAX_VALUES)
			read_error(p, "values are numbered from 1");
		else if (def.value < p->defined.count && p->defined.data[def.value])
			read_error(p, "%%%u is defined twice", (unsigned)def.value);
	} else {
		def.by_name = true;
		def.name = read_name(p);
		need_name(p, def.name);
		if (p->by_name.data[def.name])
			read_error(p, "%%%.*s is defined twice", (int)token.length, token.text);
		while (p->next_free < p->taken_count && p->taken[p->next_free])
			p->next_free++;
		def.value = p->next_free++;
	}
	read_next(p);
	return def;
}

static Def parse_def(Parser *p) {
	Def def = parse_label(p);
	if (!def.by_name && p->token.kind == T_WORD)
		def.name = read_word(p, "a name");
	def.type = parse_type(p);
	return def;
}

static void define(Parser *p, Def def, IrOp *op) {
	if (p->failed)
		return;
	need_values(p, def.value);
	p->func->values.data[def.value] = (IrValueInfo){ir_shared_type(p->module, def.type), def.name, op};
	p->defined.data[def.value] = true;
	if (def.by_name)
		p->by_name.data[def.name] = def.value;
}

/* ---- ops ---- */

typedef VEC(Def) Defs;

/* One rule for each kind of op: it reads what stands behind the word of the kind, given the outputs before it. */
#define KIND(NAME, name) static void parse_##name(Parser *p, const Defs *outs, IrOp *op);
#include "ir/core/kinds.def"
#undef KIND

typedef struct ParseRule {
	const char *word;
	void (*parse)(Parser *p, const Defs *outs, IrOp *op);
} ParseRule;

static const ParseRule parse_kind[IR_KIND_COUNT] = {
#define KIND(NAME, name) [IR_##NAME] = {#name, parse_##name},
#include "ir/core/kinds.def"
#undef KIND
};

static const char needed[] = "an op is needed: for, const, loop or evaluate";

static void parse_const(Parser *p, const Defs *outs, IrOp *op) {
	if (outs->count != 1) {
		read_error(p, "%s", needed);
		return;
	}
	const Def *def = &outs->data[0];
	VEC(double) reals = {0};
	VEC(int64_t) integers = {0};
	bool is_real = ir_scalar_is_real(def->type.scalar);
	int64_t count = 1, seen = 0;
	for (int i = 0; i < def->type.rank; i++)
		if (def->type.dims[i] < 0)
			read_error(p, "the extents of a table are numbers");
		else if (__builtin_mul_overflow(count, def->type.dims[i], &count))
			read_error(p, "a table this large");
	read_expect(p, "[");
	while (!p->failed && !read_is(p, "]")) {
		if (!is_real) {
			vec_push(p->scratch, &integers, read_integer(p));
		} else {
			double sign = read_take(p, "-") ? -1 : 1;
			if (p->token.kind != T_NUMBER && !read_is(p, "inf") && !read_is(p, "nan"))
				read_error(p, "a number is needed");
			vec_push(p->scratch, &reals, sign * (p->failed ? 0 : strtod(p->token.text, NULL)));
			read_next(p);
		}
		seen++;
		if (!read_take(p, ","))
			break;
	}
	if (!p->failed && seen != count)
		read_error(p, "%lld numbers for a table of %lld", (long long)seen, (long long)count);
	read_expect(p, "]");
	if (p->failed)
		return;
	ir_const_fill(p->module->arena, &op->constant, def->type, reals.data, integers.data);
	op->constant.out = def->value;
	define(p, *def, op);
}

static void parse_evaluate(Parser *p, const Defs *outs, IrOp *op) {
	op->evaluate.at = read_value(p);
	if (read_take(p, "if"))
		op->evaluate.when = read_value(p);
	if (!p->failed && outs->count != 2)
		read_error(p, "an evaluation gives two values: the objective and its gradient");
	if (p->failed)
		return;
	op->evaluate.f = outs->data[0].value;
	op->evaluate.g = outs->data[1].value;
	define(p, outs->data[0], op);
	define(p, outs->data[1], op);
}

static void parse_deferred(Parser *p, const Defs *outs, IrOp *op) {
	(void)outs;
	(void)op;
	read_error(p, "what is put off until an objective is known has no text");
}

static void parse_block(Parser *p, IrBlock *block);

static void parse_loop(Parser *p, const Defs *outs, IrOp *op) {
	IrLoop *loop = &op->loop;
	Defs inner = {0};
	Def counter = parse_label(p);
	counter.type = ir_scalar_type(IR_I64);
	read_expect(p, "<");
	loop->limit = read_integer(p);
	if (read_take(p, "trips"))
		loop->trips = read_value(p);
	read_expect(p, "carry");
	read_expect(p, "(");
	while (!p->failed && p->token.kind == T_VALUE) {
		Def def = parse_def(p);
		read_expect(p, "=");
		IrCarry carry = {.init = read_value(p), .inner = def.value};
		vec_push(p->module->arena, &loop->carries, carry);
		vec_push(p->scratch, &inner, def);
		if (!read_take(p, ","))
			break;
	}
	read_expect(p, ")");
	if (!p->failed && outs->count != inner.count)
		read_error(p, "%u carried values and %u results of a loop", (unsigned)inner.count, (unsigned)outs->count);
	define(p, counter, op);
	loop->counter = counter.value;
	for (uint32_t i = 0; i < inner.count; i++)
		define(p, inner.data[i], op);
	if (read_take(p, "while"))
		loop->goes = read_value(p);
	read_expect(p, "{");
	parse_block(p, &loop->body);
	read_expect(p, "yield");
	for (uint32_t i = 0; i < inner.count && !p->failed; i++) {
		if (i)
			read_expect(p, ",");
		loop->carries.data[i].yield = read_value(p);
	}
	read_expect(p, "}");
	for (uint32_t i = 0; i < inner.count && !p->failed; i++) {
		loop->carries.data[i].out = outs->data[i].value;
		define(p, outs->data[i], op);
	}
}

static void parse_for(Parser *p, const Defs *outs, IrOp *op) {
	if (outs->count == 0) {
		read_error(p, "%s", needed);
		return;
	}
	IrValue *values = ARENA_ARRAY(p->scratch, IrValue, outs->count);
	IrType *types = ARENA_ARRAY(p->scratch, IrType, outs->count);
	for (uint32_t i = 0; i < outs->count; i++) {
		values[i] = outs->data[i].value;
		types[i] = outs->data[i].type;
		need_values(p, values[i]);
		p->func->values.data[values[i]].type = ir_shared_type(p->module, types[i]); /* the sweep asks for the rank */
	}
	read_for(p, values, types, outs->count, op);
	for (uint32_t i = 0; i < outs->count; i++)
		define(p, outs->data[i], op);
}

static void parse_op(Parser *p, IrBlock *block) {
	IrOp *op = ARENA_NEW(p->module->arena, IrOp);
	Defs outs = {0};
	while (p->token.kind == T_VALUE) {
		Def def = parse_def(p);
		for (uint32_t i = 0; i < outs.count && !p->failed; i++)
			if (outs.data[i].value == def.value ||
			    (def.by_name && outs.data[i].by_name && outs.data[i].name == def.name))
				read_error(p, "%%%u is defined twice", (unsigned)def.value);
		vec_push(p->scratch, &outs, def);
		if (!read_take(p, ","))
			break;
	}
	if (outs.count)
		read_expect(p, "=");
	uint32_t kind = 0;
	while (kind < IR_KIND_COUNT && !read_take(p, parse_kind[kind].word))
		kind++;
	if (kind == IR_KIND_COUNT) {
		read_error(p, "%s", needed);
	} else {
		op->kind = (IrOpKind)kind;
		parse_kind[kind].parse(p, &outs, op);
	}
	if (read_take(p, "@")) { /* a place in some other source: the line and column are for people */
		read_integer(p);
		read_expect(p, ":");
		read_integer(p);
	}
	vec_push(p->module->arena, &block->ops, op);
}

static void parse_block(Parser *p, IrBlock *block) {
	IrBlock *outer = p->builder.block;
	p->builder.block = block;
	while (!p->failed && (p->token.kind == T_VALUE || read_is(p, "loop")))
		parse_op(p, block);
	p->builder.block = outer;
}

/* ---- functions ---- */

/* Which numbers of values the function mentions, so that named values get others: those they had when printed. The largest one
 * is remembered as the token to point at if it is too large. */
static void find_numbers(Parser *p) {
	Parser look = *p;
	Token largest = p->token;
	uint32_t most = 0;
	for (int pass = 0; pass < 2; pass++) {
		look.at = p->at;
		look.token = p->token;
		while (look.token.kind != T_END && !read_is(&look, "func")) {
			IrValue number = look.token.kind == T_VALUE && is_numbered(look.token) ? value_number(look.token) : 0;
			if (number >= MAX_VALUES)
				number = 0;
			if (pass == 1) {
				p->taken[number] = true;
			} else if (number > most) {
				most = number;
				largest = look.token;
			}
			read_next(&look);
		}
		if (most > p->numbers_left) {
			p->token = largest;
			read_error(p, "the number %u of a value, in a text this short", (unsigned)most);
			return;
		}
		if (pass == 0) {
			p->taken_count = most + 1;
			p->taken = ARENA_ARRAY(p->scratch, bool, p->taken_count);
		}
	}
	p->numbers_left -= most;
	p->next_free = 1;
	if (most)
		need_values(p, most);
}

static void parse_results(Parser *p, IrType *types) {
	while (!p->failed && !read_is(p, ")")) {
		IrResult result = {0};
		if (p->token.kind == T_WORD)
			result.name = read_word(p, "a name");
		types[p->func->results.count] = parse_type(p);
		vec_push(p->module->arena, &p->func->results, result);
		if (p->func->results.count == 4096)
			read_error(p, "more than 4095 results");
		if (!read_take(p, ","))
			break;
	}
}

static void parse_func(Parser *p) {
	IrType *types = ARENA_ARRAY(p->scratch, IrType, 4096);
	read_expect(p, "@");
	Name name = read_word(p, "the function's name");
	if (p->failed)
		return;
	p->func = ir_func_new(p->module, session_text(p->module->session, name));
	p->builder = ir_builder(p->func);
	find_numbers(p);
	if (read_take(p, "<")) {
		do
			read_dim(p);
		while (read_take(p, ","));
		read_expect(p, ">");
	}
	read_expect(p, "(");
	while (!p->failed && p->token.kind == T_VALUE) {
		Def def = parse_def(p);
		define(p, def, NULL);
		vec_push(p->module->arena, &p->func->params, ((IrParam){def.value, def.name, IR_ROLE_NONE}));
		if (!read_take(p, ","))
			break;
	}
	read_expect(p, ")");
	read_expect(p, "->");
	read_expect(p, "(");
	parse_results(p, types);
	read_expect(p, ")");
	read_expect(p, "{");
	parse_block(p, &p->func->body);
	read_expect(p, "return");
	for (uint32_t i = 0; i < p->func->results.count && !p->failed; i++) {
		if (i)
			read_expect(p, ",");
		IrValue value = read_value(p);
		p->func->results.data[i].value = value;
		if (!p->failed && !ir_type_equal(ir_type(p->func, value), types[i]))
			read_error(p, "result %u has another type than the function says", (unsigned)i + 1);
	}
	read_expect(p, "}");
}

bool ir_parse(IrModule *module, uint32_t source) {
	const Source *text = module->session->sources.data[source];
	Parser p = {.module = module, .source = source, .start = text->text, .at = text->text};
	p.numbers_left = text->length < MAX_VALUES ? SKIPPED_NUMBERS + (uint32_t)text->length : MAX_VALUES;
	uint32_t before = module->funcs.count;
	while (!p.failed) {
		p.scratch = arena_new();
		p.defined.data = NULL;
		p.defined.count = p.defined.capacity = 0;
		p.by_name.data = NULL;
		p.by_name.count = p.by_name.capacity = 0;
		if (p.at == p.start)
			read_next(&p);
		bool more = p.token.kind != T_END;
		if (more) {
			read_expect(&p, "func");
			if (!p.failed)
				parse_func(&p);
		}
		arena_free(p.scratch);
		if (!more)
			break;
	}
	if (p.failed)
		module->funcs.count = before;
	return !p.failed;
}
