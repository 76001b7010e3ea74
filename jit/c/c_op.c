/* Scalar operations as C expressions. Integers wrap, through helpers with unsigned types; bits go through memcpy. Which operations
 * may share a statement, c_may_nest says. */
#include "jit/c/c_emit.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

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

const char *c_temp_type(IrScalar type) {
	return type == IR_BOOL ? "int" : c_scalar(type);
}

const char *c_suffix(IrScalar type) {
	static const char *const suffixes[] = {"bool", "i32", "i64", "f32", "f64"};
	return suffixes[type];
}

CExpr c_atom(const char *text) {
	return (CExpr){.text = text, .binds = C_ATOM, .plain = true};
}

const char *c_wrapped(Arena *arena, const CExpr *value, CBinds least) {
	return value->binds < least ? arena_printf(arena, "(%s)", value->text) : value->text;
}

/* ---- literals ---- */

static CExpr integer_literal(Arena *arena, IrScalar type, int64_t integer) {
	CExpr value = c_atom(NULL);
	if (type == IR_I32)
		integer = (int32_t)(uint32_t)(uint64_t)integer;
	if (integer == (type == IR_I32 ? INT32_MIN : INT64_MIN)) {
		value.text = type == IR_I32 ? "INT32_MIN" : "INT64_MIN";
		return value;
	}
	value.binds = integer < 0 ? C_UNARY : C_ATOM;
	if (integer > INT32_MAX || integer < -INT32_MAX)
		value.text = arena_printf(arena, integer < 0 ? "INT64_C(%" PRId64 ")" : "INT64_C(0x%" PRIx64 ")", integer);
	else
		value.text = arena_printf(arena, integer > 0xfffff ? "0x%" PRIx64 : "%" PRId64, integer);
	return value;
}

CExpr c_literal(Arena *arena, IrScalar type, double real, int64_t integer) {
	if (type == IR_BOOL)
		return c_atom(integer != 0 ? "1" : "0");
	if (!ir_scalar_is_real(type))
		return integer_literal(arena, type, integer);
	bool narrow = type == IR_F32;
	CExpr value = c_atom(NULL);
	if (isnan(real) || isinf(real)) {
		value.text = arena_printf(arena, "%s%s%s", narrow ? "" : "(double)", real < 0 ? "-" : "",
		                          isnan(real) ? "NAN" : "INFINITY");
		value.binds = narrow && !(real < 0) ? C_ATOM : C_UNARY;
		return value;
	}
	Text digits = text_new(arena);
	text_real(&digits, real, narrow);
	bool whole = true;
	for (const char *at = text_cstr(&digits); *at; at++)
		whole = whole && *at != '.' && *at != 'e';
	value.text = arena_printf(arena, "%s%s%s", text_cstr(&digits), whole ? ".0" : "", narrow ? "f" : "");
	value.binds = text_cstr(&digits)[0] == '-' ? C_UNARY : C_ATOM;
	return value;
}

/* ---- operations ---- */

/* What is written between two operands, and how strongly it binds; no sign: the operation is written otherwise. */
typedef struct Infix {
	const char *sign;
	CBinds binds;
} Infix;

static const Infix infix[IR_OPCODE_COUNT] = {
	[IR_add] = {"+", C_ADDS},       [IR_sub] = {"-", C_ADDS},     [IR_mul] = {"*", C_MULTIPLIES},
	[IR_div] = {"/", C_MULTIPLIES}, [IR_lt] = {"<", C_COMPARES},  [IR_le] = {"<=", C_COMPARES},
	[IR_gt] = {">", C_COMPARES},    [IR_ge] = {">=", C_COMPARES}, [IR_eq] = {"==", C_COMPARES},
	[IR_ne] = {"!=", C_COMPARES},   [IR_and] = {"&", C_BITS},     [IR_iand] = {"&", C_BITS},
	[IR_or] = {"|", C_BITS},        [IR_ior] = {"|", C_BITS},     [IR_ixor] = {"^", C_BITS},
};

/* What an expression takes over from its operands. */
static CExpr made_of(const CExpr *args, int count) {
	CExpr value = {.plain = true};
	for (int i = 0; i < count; i++) {
		value.reads |= args[i].reads;
		value.mixes |= args[i].mixes;
		value.plain = value.plain && args[i].plain;
	}
	return value;
}

static CExpr in_between(const JitCFile *file, IrOpcode opcode, const CExpr *args) {
	CExpr value = made_of(args, 2);
	CBinds own = infix[opcode].binds;
	bool chains = own == C_ADDS || own == C_MULTIPLIES; /* a + b + c: compilers warn of the others */
	const char *a = c_wrapped(file->arena, &args[0], chains ? own : C_UNARY);
	const char *b = c_wrapped(file->arena, &args[1], chains ? own + 1 : C_UNARY);
	if (own == C_ADDS && args[1].binds == C_UNARY)
		b = arena_printf(file->arena, "(%s)", args[1].text);
	value.text = arena_printf(file->arena, "%s %s %s", a, infix[opcode].sign, b);
	value.binds = own;
	return value;
}

static CExpr call(const JitCFile *file, const char *function, const CExpr *args, int count) {
	CExpr value = made_of(args, count);
	Text text = text_new(file->arena);
	text_printf(&text, "%s(", function);
	for (int i = 0; i < count; i++)
		text_printf(&text, "%s%s", i > 0 ? ", " : "", args[i].text);
	text_char(&text, ')');
	value.text = text_cstr(&text);
	value.binds = C_ATOM;
	value.plain = false;
	return value;
}

static CExpr helper(const JitCFile *file, IrOpcode opcode, IrScalar type, const CExpr *args) {
	const char *name = arena_printf(file->arena, "%s_%s_%s", file->prefix, ir_op_info[opcode].name, c_suffix(type));
	return call(file, name, args, ir_op_info[opcode].arity);
}

static CExpr prefixed(const JitCFile *file, const char *sign, const CExpr *arg) {
	CExpr value = made_of(arg, 1);
	bool twice = sign[0] == arg->text[0] && arg->binds == C_UNARY; /* - -x is not --x */
	value.text =
		arena_printf(file->arena, "%s%s", sign,
	                 twice ? arena_printf(file->arena, "(%s)", arg->text) : c_wrapped(file->arena, arg, C_UNARY));
	value.binds = C_UNARY;
	return value;
}

static CExpr choice(const JitCFile *file, const CExpr *args) {
	CExpr value = made_of(args, 3);
	value.text = arena_printf(file->arena, "%s ? %s : %s", c_wrapped(file->arena, &args[0], C_UNARY),
	                          c_wrapped(file->arena, &args[1], C_ADDS), c_wrapped(file->arena, &args[2], C_ADDS));
	value.binds = C_TERNARY;
	return value;
}

CExpr c_combine(const JitCFile *file, IrOpcode opcode, IrScalar type, CExpr a, CExpr b) {
	CExpr args[IR_MAX_ARGS] = {a, b};
	if (infix[opcode].sign && (ir_scalar_is_real(type) || type == IR_BOOL))
		return in_between(file, opcode, args);
	return helper(file, opcode, type, args);
}

/* Compilers warn of x < x and the like, so that x - x < 0 is written. But x != x asks of a real whether it is NaN. */
static CExpr compared(const JitCFile *file, IrOpcode opcode, bool real, const CExpr *args) {
	if (strcmp(args[0].text, args[1].text) != 0 || (real && opcode != IR_lt && opcode != IR_gt))
		return in_between(file, opcode, args);
	const char *x = c_wrapped(file->arena, &args[0], C_UNARY);
	CExpr difference = made_of(args, 2);
	difference.text = arena_printf(file->arena, "%s - %s", x, x);
	return in_between(file, opcode, (CExpr[]){difference, c_atom("0")});
}

/* Functions of <math.h> that compilers replace by an instruction. */
static CExpr library(const JitCFile *file, const char *name, IrScalar type, const CExpr *args, int count) {
	return call(file, arena_printf(file->arena, "%s%s", name, type == IR_F32 ? "f" : ""), args, count);
}

CExpr c_op(const JitCFile *file, IrOpcode opcode, IrScalar type, const CExpr *args) {
	bool real = ir_scalar_is_real(type);
	CExpr value;
	switch (opcode) {
	case IR_add:
	case IR_sub:
	case IR_mul:
		value = c_combine(file, opcode, type, args[0], args[1]);
		value.product = real && opcode == IR_mul;
		value.plain = value.plain && !real;
		return value;
	case IR_div:
		value = in_between(file, opcode, args);
		value.plain = false;
		return value;
	case IR_lt:
	case IR_le:
	case IR_gt:
	case IR_ge:
	case IR_eq:
	case IR_ne: return compared(file, opcode, real, args);
	case IR_and:
	case IR_or:
	case IR_iand:
	case IR_ior:
	case IR_ixor: return in_between(file, opcode, args);
	case IR_neg: return real ? prefixed(file, "-", args) : helper(file, opcode, type, args);
	case IR_not:
		value = prefixed(file, "!", args);
		value.binds = C_COMPARES; /* !a | b: compilers warn */
		return value;
	case IR_where: return choice(file, args);
	case IR_to_f32: return prefixed(file, "(float)", args);
	case IR_to_f64: return prefixed(file, "(double)", args);
	case IR_to_int: return real ? helper(file, opcode, type, args) : prefixed(file, "(int64_t)", args);
	case IR_abs: return real ? library(file, "fabs", type, args, 1) : helper(file, opcode, type, args);
	case IR_floor:
	case IR_sqrt: return library(file, ir_op_info[opcode].name, type, args, 1);
	case IR_fmod: return library(file, "fmod", type, args, 2);
	case IR_fma: return library(file, "fma", type, args, 3);
	default: return helper(file, opcode, type, args);
	}
}

bool c_may_nest(IrOpcode user, int at, const CExpr *value) {
	if (user == IR_where && at > 0)
		return value->plain;
	/* Clang warns of & and | on comparisons, should one of them call something. */
	if (user == IR_and || user == IR_or)
		return value->plain;
	bool sums = user == IR_add || user == IR_sub || user == IR_neg || user == IR_to_f32 || user == IR_to_f64;
	return !(value->product && (sums || user == IR_where));
}
