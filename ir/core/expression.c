/* Small expressions in body syntax, such as the derivative column of ops.def: "mul(r, sub(1, r))".
 *
 *     expr = number | name | "true" | "false" | "real" "(" expr ")" | op "(" expr,* ")"
 *
 * A number takes the type of a sibling operand if that is an integer, else the type given to ir_expression. */
#include "ir/build.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef struct Reader {
	IrForBuilder *f;
	const char *text, *at;
	IrScalar type;
	const char *const *names;
	const uint32_t *nodes;
	int count;
} Reader;

/* A number stays open until its type is known. */
typedef struct Part {
	bool is_number;
	double number;
	uint32_t node;
} Part;

static void malformed(const Reader *r, const char *what) {
	base_panic("ir_expression", "%s in `%s` at `%s`", what, r->text, r->at);
}

static void skip_blanks(Reader *r) {
	while (isspace((unsigned char)*r->at))
		r->at++;
}

static bool take(Reader *r, char c) {
	skip_blanks(r);
	if (*r->at != c)
		return false;
	r->at++;
	return true;
}

static uint32_t closed(Reader *r, Part part, IrScalar type) {
	if (!part.is_number)
		return part.node;
	if (ir_scalar_is_real(type))
		return ir_real(r->f, type, part.number);
	return ir_constant(r->f, type, 0, (int64_t)part.number);
}

/* The type that numbers among the operands take. */
static IrScalar number_type(const Reader *r, const IrOpInfo *info, const Part *parts) {
	if (info->typing == IR_T_RANDOM)
		return IR_I64;
	for (int i = info->typing == IR_T_WHERE ? 1 : 0; i < info->arity; i++) {
		if (parts[i].is_number)
			continue;
		IrScalar type = ir_node_type(r->f, parts[i].node);
		if (ir_scalar_is_int(type))
			return type;
	}
	return r->type;
}

static Part expression(Reader *r);

static Part call(Reader *r, const char *name, size_t length) {
	Part parts[IR_MAX_ARGS] = {0};
	int count = 0;
	do {
		if (count == IR_MAX_ARGS)
			malformed(r, "too many operands");
		parts[count++] = expression(r);
	} while (take(r, ','));
	if (!take(r, ')'))
		malformed(r, "`)` is missing");
	if (length == 4 && memcmp(name, "real", 4) == 0 && count == 1) {
		uint32_t node = closed(r, parts[0], IR_I64);
		return (Part){.node = ir_op1(r->f, r->type == IR_F32 ? IR_to_f32 : IR_to_f64, node)};
	}
	IrOpcode opcode;
	if (!ir_opcode_find(name, length, &opcode) || ir_op_info[opcode].arity != count)
		malformed(r, "unknown operation");
	const IrOpInfo *info = &ir_op_info[opcode];
	IrScalar type = number_type(r, info, parts);
	uint32_t args[IR_MAX_ARGS];
	for (int i = 0; i < count; i++)
		args[i] = closed(r, parts[i], info->typing == IR_T_POWI ? (i == 0 ? r->type : IR_I64) : type);
	return (Part){.node = ir_op(r->f, opcode, args)};
}

static Part expression(Reader *r) {
	skip_blanks(r);
	const char *start = r->at;
	if (isalpha((unsigned char)*start)) {
		while (isalnum((unsigned char)*r->at) || *r->at == '_')
			r->at++;
		size_t length = (size_t)(r->at - start);
		if (take(r, '('))
			return call(r, start, length);
		for (int i = 0; i < r->count; i++)
			if (strlen(r->names[i]) == length && memcmp(r->names[i], start, length) == 0)
				return (Part){.node = r->nodes[i]};
		if (length == 4 && memcmp(start, "true", 4) == 0)
			return (Part){.node = ir_bool(r->f, true)};
		if (length == 5 && memcmp(start, "false", 5) == 0)
			return (Part){.node = ir_bool(r->f, false)};
		malformed(r, "unknown name");
	}
	char *end;
	double number = strtod(start, &end);
	if (end == start)
		malformed(r, "an expression is missing");
	r->at = end;
	return (Part){.is_number = true, .number = number};
}

uint32_t ir_expression(IrForBuilder *f, const char *text, IrScalar type, const char *const *names,
                       const uint32_t *nodes, int count) {
	Reader r = {.f = f, .text = text, .at = text, .type = type, .names = names, .nodes = nodes, .count = count};
	uint32_t node = closed(&r, expression(&r), type);
	skip_blanks(&r);
	if (*r.at)
		malformed(&r, "text is left over");
	return node;
}
