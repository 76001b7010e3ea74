/* The text form of one FOR: indices, conditions, body, puts. The grammar is at the top of print.c. */
#include "ir/text/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct Binding {
	Name name;
	uint32_t node;
} Binding;

typedef struct Body {
	Parser *p;
	IrForBuilder f;
	VEC(Binding) bindings;
} Body;

/* A number stays open until the place says which type it has. */
typedef struct Part {
	bool is_number;
	bool negative;
	Token token;
	uint32_t node;
} Part;

static uint32_t nothing(Body *b) {
	return ir_int(&b->f, 0);
}

static uint32_t number_node(Body *b, Part part, IrScalar type) {
	char text[64];
	if (part.token.length >= sizeof text - 1) {
		read_error(b->p, "a number this long");
		return nothing(b);
	}
	memcpy(text + 1, part.token.text, part.token.length);
	text[part.token.length + 1] = '\0';
	text[0] = part.negative ? '-' : '+';
	char *end;
	if (ir_scalar_is_real(type))
		return ir_real(&b->f, type, strtod(text, NULL));
	errno = 0;
	long long integer = strtoll(text, &end, 10);
	if (*end || errno || type == IR_BOOL)
		read_error(b->p, "`%s` where a value of type %s is needed", text + !part.negative, ir_scalar_name(type));
	return ir_constant(&b->f, type, 0, integer);
}

static uint32_t closed(Body *b, Part part, IrScalar type) {
	return part.is_number && !b->p->failed ? number_node(b, part, type) : part.is_number ? nothing(b) : part.node;
}

static Part expression(Body *b, IrScalar hint);
static IrAt parse_at(Body *b);

static int find_index(const Body *b, Name name) {
	for (uint32_t i = 0; i < b->f.op->f.indices.count; i++)
		if (b->f.op->f.indices.data[i].name == name)
			return (int)i;
	return -1;
}

static bool find_binding(const Body *b, Name name, uint32_t *node) {
	for (uint32_t i = 0; i < b->bindings.count; i++) {
		if (b->bindings.data[i].name == name) {
			*node = b->bindings.data[i].node;
			return true;
		}
	}
	return false;
}

/* "[" at,* "]" with one position per axis. */
static void parse_ats(Body *b, IrAt *at, uint32_t rank) {
	uint32_t count = 0;
	read_expect(b->p, "[");
	while (!b->p->failed && !read_is(b->p, "]")) {
		IrAt one = parse_at(b);
		if (count < rank)
			at[count] = one;
		count++;
		if (!read_take(b->p, ","))
			break;
	}
	if (!b->p->failed && count != rank)
		read_error(b->p, "%u positions for a value of rank %u", (unsigned)count, (unsigned)rank);
	read_expect(b->p, "]");
}

static uint32_t parse_read(Body *b) {
	IrAt at[IR_MAX_RANK] = {0};
	IrValue value = read_value(b->p);
	if (b->p->failed)
		return nothing(b);
	parse_ats(b, at, ir_type(b->p->func, value).rank);
	if (b->p->failed)
		return nothing(b);
	return ir_read(&b->f, value, at, read_take(b->p, "?"));
}

/* The type of numbers among the operands: that of an operand beside them, else what the place hints at. */
static IrScalar sibling_type(const Body *b, const IrOpInfo *info, const Part *parts, IrScalar hint) {
	if (info->typing == IR_T_RANDOM)
		return IR_I64;
	for (int i = info->typing == IR_T_WHERE ? 1 : 0; i < info->arity; i++)
		if (!parts[i].is_number)
			return ir_node_type(&b->f, parts[i].node);
	return info->typing == IR_T_ARITH || info->typing == IR_T_REAL || info->typing == IR_T_WHERE ? hint : IR_F64;
}

static uint32_t parse_op(Body *b, Token name, IrScalar hint) {
	IrOpcode opcode;
	Part parts[IR_MAX_ARGS] = {0};
	int count = 0;
	do {
		if (count == IR_MAX_ARGS) {
			read_error(b->p, "too many operands");
			return nothing(b);
		}
		parts[count++] = expression(b, hint);
	} while (read_take(b->p, ","));
	read_expect(b->p, ")");
	if (b->p->failed)
		return nothing(b);
	if (!ir_opcode_find(name.text, name.length, &opcode) || ir_op_info[opcode].arity != count) {
		read_error(b->p, "no operation `%.*s` of %d operands", (int)name.length, name.text, count);
		return nothing(b);
	}
	const IrOpInfo *info = &ir_op_info[opcode];
	IrScalar type = sibling_type(b, info, parts, hint), types[IR_MAX_ARGS] = {0}, result;
	uint32_t args[IR_MAX_ARGS] = {0};
	for (int i = 0; i < count; i++) {
		args[i] = closed(b, parts[i], info->typing == IR_T_POWI && i == 1 ? IR_I64 : type);
		types[i] = ir_node_type(&b->f, args[i]);
	}
	bool same = (opcode == IR_to_f32 && types[0] == IR_F32) || (opcode == IR_to_f64 && types[0] == IR_F64) ||
	            (opcode == IR_to_int && types[0] == IR_I64);
	if (!b->p->failed && !same && !ir_op_type(opcode, types, &result))
		read_error(b->p, "the operands of `%s` have types that do not fit", info->name);
	return b->p->failed ? nothing(b) : ir_op(&b->f, opcode, args);
}

/* A word: a binding, a truth value, idx, dim, or an operation. */
static Part parse_named(Body *b, IrScalar hint) {
	Token name = b->p->token;
	Part part = {0};
	if (read_take(b->p, "true") || read_take(b->p, "false")) {
		part.node = ir_bool(&b->f, name.length == 4);
		return part;
	}
	if (read_take(b->p, "nan") || read_take(b->p, "inf"))
		return (Part){.is_number = true, .token = name};
	read_next(b->p);
	if (!read_take(b->p, "(")) {
		Name bound = name_intern(b->p->module->session->names, name.text, name.length);
		if (!find_binding(b, bound, &part.node)) {
			read_error(b->p, "`%.*s` is not a name of this body", (int)name.length, name.text);
			part.node = nothing(b);
		}
		return part;
	}
	if (name.length == 3 && memcmp(name.text, "idx", 3) == 0) {
		IrAt at = parse_at(b);
		part.node = b->p->failed ? nothing(b) : ir_index_value(&b->f, at);
		read_expect(b->p, ")");
	} else if (name.length == 3 && memcmp(name.text, "dim", 3) == 0) {
		part.node = ir_dim(&b->f, read_dim(b->p));
		read_expect(b->p, ")");
	} else {
		part.node = parse_op(b, name, hint);
	}
	return part;
}

static Part expression(Body *b, IrScalar hint) {
	Part part = {0};
	bool negative = read_take(b->p, "-"), typed;
	Token token = b->p->token;
	if (token.kind == T_NUMBER) {
		read_next(b->p);
		part = (Part){.is_number = true, .token = token};
	} else if (token.kind == T_VALUE) {
		part.node = parse_read(b);
	} else if (token.kind == T_WORD) {
		part = parse_named(b, hint);
	} else {
		read_error(b->p, "an expression is needed");
		part.node = nothing(b);
	}
	if (!part.is_number) {
		if (negative)
			read_error(b->p, "only numbers have a sign");
		return part;
	}
	part.negative = negative;
	IrScalar type = read_scalar_name(b->p, &typed);
	if (typed) {
		part.node = closed(b, part, type);
		part.is_number = false;
	}
	return part;
}

/* ---- positions ---- */

static IrAt parse_atom(Body *b, int64_t coef) {
	Parser *p = b->p;
	if (p->token.kind == T_WORD) {
		int index = find_index(b, name_intern(p->module->session->names, p->token.text, p->token.length));
		if (index >= 0) {
			read_next(p);
			return ir_at_index(p->module, (uint32_t)index, coef);
		}
	}
	uint32_t node = closed(b, expression(b, IR_I64), IR_I64);
	if (!p->failed && ir_node_type(&b->f, node) != IR_I64)
		read_error(p, "a position is made of integers");
	return p->failed ? ir_at_const(0) : ir_at_node(p->module, node, coef);
}

static IrAt parse_at(Body *b) {
	Parser *p = b->p;
	IrAt sum = ir_at_const(0);
	int64_t sign = read_take(p, "-") ? -1 : 1;
	do {
		IrAt part;
		if (p->token.kind == T_NUMBER) {
			int64_t number = read_integer(p);
			part = read_take(p, "*") ? parse_atom(b, sign * number) : ir_at_const(sign * number);
		} else {
			part = parse_atom(b, sign);
		}
		sum = ir_at_add(p->module, sum, part);
		sign = read_is(p, "-") ? -1 : 1;
	} while (!p->failed && (read_take(p, "+") || read_take(p, "-")));
	return sum;
}

/* at < at, at <= at, and chains of them */
static void parse_condition(Body *b) {
	Parser *p = b->p;
	IrAt left = parse_at(b);
	int steps = 0;
	while (!p->failed && (read_is(p, "<") || read_is(p, "<="))) {
		bool strict = read_is(p, "<");
		read_next(p);
		IrAt right = parse_at(b);
		IrAt difference = ir_at_add(p->module, right, ir_at_scale(p->module, left, -1));
		if (strict)
			difference = ir_at_add(p->module, difference, ir_at_const(-1));
		if (!p->failed)
			ir_for_cond(&b->f, difference);
		left = right;
		steps++;
	}
	if (steps == 0)
		read_error(p, "a condition is a comparison with < or <=");
}

/* ---- puts ---- */

static IrCombine parse_combine(Parser *p) {
	static const char *const words[] = {"sum", "max", "min", "prod", "argmax", "argmin"};
	for (int i = 0; i < 6; i++)
		if (read_take(p, words[i]))
			return (IrCombine)(IR_PUT_SUM + i);
	return IR_PUT_NONE;
}

/* argmax c of 0: the index, and the put it belongs to, which is else the nearest before it */
static void parse_argument(Body *b, IrPut *put) {
	Parser *p = b->p;
	int index = find_index(b, read_word(p, "an index"));
	if (index < 0) {
		read_error(p, "an argument names an index of the domain");
		return;
	}
	put->arg_index = (uint32_t)index;
	IrCombine kind = put->combine == IR_PUT_ARGMAX ? IR_PUT_MAX : IR_PUT_MIN;
	uint32_t of = b->f.op->f.puts.count;
	while (of > 0 && b->f.op->f.puts.data[of - 1].combine != kind)
		of--;
	put->arg_of = of - 1;
	if (read_take(p, "of"))
		put->arg_of = (uint32_t)read_integer(p);
	if (!p->failed && put->arg_of >= b->f.op->f.puts.count)
		read_error(p, "there is no put that this is an argument of");
}

static void parse_put(Body *b, IrValue out, IrType type, const Part *parts, uint32_t part_count, uint32_t *used) {
	Parser *p = b->p;
	IrPut put = {.combine = parse_combine(p), .out = out};
	IrAt at[IR_MAX_RANK] = {0};
	if (put.combine == IR_PUT_ARGMAX || put.combine == IR_PUT_ARGMIN)
		parse_argument(b, &put);
	else if (*used < part_count)
		put.node = closed(b, parts[(*used)++], type.scalar);
	else
		read_error(p, "there are more puts than expressions");
	read_expect(p, "->");
	parse_ats(b, at, type.rank);
	put.guarded = read_take(p, "?");
	if (read_take(p, "into"))
		put.into = read_value(p);
	if (p->failed)
		return;
	put.at = ir_canonical_ats(&b->f, at, type.rank);
	vec_push(p->module->arena, &b->f.op->f.puts, put);
}

static void parse_indices(Body *b) {
	Parser *p = b->p;
	while (p->token.kind == T_WORD && !read_is(p, "if")) {
		Name name = read_word(p, "an index");
		read_expect(p, ":");
		if (p->failed)
			return;
		if (b->f.op->f.indices.count == IR_MAX_INDICES) {
			read_error(p, "more than %d indices", IR_MAX_INDICES);
		} else if (read_take(p, "lanes")) {
			if (b->f.op->f.indices.count) {
				read_error(p, "the lane index must be the first");
				return;
			}
			ir_for_lane(&b->f);
			b->f.op->f.indices.data[0].name = name;
		} else {
			ir_for_index(&b->f, name, read_dim(p));
		}
	}
}

/* name = expr; as long as a word is followed by = */
static void parse_bindings(Body *b) {
	Parser *p = b->p;
	while (!p->failed && p->token.kind == T_WORD) {
		Token token = p->token;
		const char *at = p->at;
		read_next(p);
		if (!read_take(p, "=")) {
			p->token = token;
			p->at = at;
			return;
		}
		Binding binding = {.name = name_intern(p->module->session->names, token.text, token.length)};
		binding.node = closed(b, expression(b, IR_F64), IR_F64);
		vec_push(p->scratch, &b->bindings, binding);
		read_expect(p, ";");
	}
}

void read_for(Parser *p, const IrValue *outs, const IrType *types, uint32_t out_count, IrOp *op) {
	Body b = {.p = p, .f = {.builder = &p->builder, .op = op}};
	VEC(Part) parts = {0};
	parse_indices(&b);
	if (read_take(p, "if")) {
		do
			parse_condition(&b);
		while (read_take(p, ","));
	}
	read_expect(p, "{");
	parse_bindings(&b);
	do
		vec_push(p->scratch, &parts, expression(&b, out_count ? types[0].scalar : IR_F64));
	while (read_take(p, ","));
	read_expect(p, "}");
	uint32_t used = 0;
	for (uint32_t i = 0; i < out_count && !p->failed; i++) {
		if (i)
			read_expect(p, ",");
		parse_put(&b, outs[i], types[i], parts.data, parts.count, &used);
	}
	if (!p->failed && used != parts.count)
		read_error(p, "there are more expressions than puts");
	if (!p->failed)
		ir_for_sweep(p->func, &op->f);
}
