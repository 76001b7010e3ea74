/* Scalar operations as C expressions, and the helpers they call. Each operation is one statement of its own, so that no
 * compiler can fuse a product into a sum; integers wrap through unsigned types; bits go through memcpy. */
#include "jit/c/c_emit.h"

#include <inttypes.h>
#include <math.h>

static const char *const prelude[] = {
	"#if defined(__GNUC__)\n"
	"#define @UNUSED __attribute__((unused))\n"
	"#else\n"
	"#define @UNUSED\n"
	"#endif\n"
	"#if defined(__cplusplus)\n"
	"#if defined(__GNUC__)\n"
	"#define @RESTRICT __restrict__\n"
	"#else\n"
	"#define @RESTRICT\n"
	"#endif\n"
	"#else\n"
	"#define @RESTRICT restrict\n"
	"#endif\n"
	"/* Clang would unroll the lanes first, and then make vectors of the loop around them by gathering. */\n"
	"#if defined(__clang__)\n"
	"#define @LANES _Pragma(\"clang loop unroll(disable)\")\n"
	"#else\n"
	"#define @LANES\n"
	"#endif\n"
	"\n"
	"/* NaN wins; of equals the first is kept. */\n"
	"@UNUSED static inline float @min_f32(float a, float b) {\n\treturn b < a || b != b ? b : a;\n}\n"
	"@UNUSED static inline float @max_f32(float a, float b) {\n\treturn b > a || b != b ? b : a;\n}\n"
	"@UNUSED static inline double @min_f64(double a, double b) {\n\treturn b < a || b != b ? b : a;\n}\n"
	"@UNUSED static inline double @max_f64(double a, double b) {\n\treturn b > a || b != b ? b : a;\n}\n"
	"@UNUSED static inline int64_t @min_i64(int64_t a, int64_t b) {\n\treturn b < a ? b : a;\n}\n"
	"@UNUSED static inline int64_t @max_i64(int64_t a, int64_t b) {\n\treturn b > a ? b : a;\n}\n"
	"@UNUSED static inline int32_t @min_i32(int32_t a, int32_t b) {\n\treturn b < a ? b : a;\n}\n"
	"@UNUSED static inline int32_t @max_i32(int32_t a, int32_t b) {\n\treturn b > a ? b : a;\n}\n"
	"@UNUSED static inline int @min_bool(int a, int b) {\n\treturn a & b;\n}\n"
	"@UNUSED static inline int @max_bool(int a, int b) {\n\treturn a | b;\n}\n"
	"@UNUSED static inline float @sign_f32(float a) {\n\treturn a > 0 ? 1.0f : a < 0 ? -1.0f : a;\n}\n"
	"@UNUSED static inline double @sign_f64(double a) {\n\treturn a > 0 ? 1.0 : a < 0 ? -1.0 : a;\n}\n"
	"/* 0 if either factor is 0, whatever the other is. */\n"
	"@UNUSED static inline float @mulz_f32(float a, float b) {\n\treturn a == 0 || b == 0 ? 0.0f : a * b;\n}\n"
	"@UNUSED static inline double @mulz_f64(double a, double b) {\n\treturn a == 0 || b == 0 ? 0.0 : a * b;\n}\n",
	"/* Integers wrap. */\n"
	"@UNUSED static inline int64_t @add_i64(int64_t a, int64_t b) {\n\treturn (int64_t)((uint64_t)a + "
	"(uint64_t)b);\n}\n"
	"@UNUSED static inline int64_t @sub_i64(int64_t a, int64_t b) {\n\treturn (int64_t)((uint64_t)a - "
	"(uint64_t)b);\n}\n"
	"@UNUSED static inline int64_t @mul_i64(int64_t a, int64_t b) {\n\treturn (int64_t)((uint64_t)a * "
	"(uint64_t)b);\n}\n"
	"@UNUSED static inline int64_t @neg_i64(int64_t a) {\n\treturn (int64_t)(0 - (uint64_t)a);\n}\n"
	"@UNUSED static inline int64_t @abs_i64(int64_t a) {\n\treturn a < 0 ? @neg_i64(a) : a;\n}\n"
	"@UNUSED static inline int64_t @sign_i64(int64_t a) {\n\treturn (a > 0) - (a < 0);\n}\n"
	"@UNUSED static inline int32_t @add_i32(int32_t a, int32_t b) {\n\treturn (int32_t)((uint32_t)a + "
	"(uint32_t)b);\n}\n"
	"@UNUSED static inline int32_t @sub_i32(int32_t a, int32_t b) {\n\treturn (int32_t)((uint32_t)a - "
	"(uint32_t)b);\n}\n"
	"@UNUSED static inline int32_t @mul_i32(int32_t a, int32_t b) {\n\treturn (int32_t)((uint32_t)a * "
	"(uint32_t)b);\n}\n"
	"@UNUSED static inline int32_t @neg_i32(int32_t a) {\n\treturn (int32_t)(0 - (uint32_t)a);\n}\n"
	"@UNUSED static inline int32_t @abs_i32(int32_t a) {\n\treturn a < 0 ? @neg_i32(a) : a;\n}\n"
	"@UNUSED static inline int32_t @sign_i32(int32_t a) {\n\treturn (a > 0) - (a < 0);\n}\n"
	"/* Rounds down; by 0 it gives 0. */\n"
	"@UNUSED static inline int64_t @idiv_i64(int64_t a, int64_t b) {\n"
	"\tif (b == 0)\n\t\treturn 0;\n\tif (b == -1)\n\t\treturn @neg_i64(a);\n"
	"\treturn a / b - (a % b != 0 && (a < 0) != (b < 0));\n}\n"
	"@UNUSED static inline int64_t @imod_i64(int64_t a, int64_t b) {\n"
	"\tconst int64_t rest = b == 0 || b == -1 ? 0 : a % b;\n"
	"\treturn rest != 0 && (a < 0) != (b < 0) ? rest + b : rest;\n}\n"
	"@UNUSED static inline int32_t @idiv_i32(int32_t a, int32_t b) {\n\treturn (int32_t)@idiv_i64(a, b);\n}\n"
	"@UNUSED static inline int32_t @imod_i32(int32_t a, int32_t b) {\n\treturn (int32_t)@imod_i64(a, b);\n}\n"
	"@UNUSED static inline int64_t @shl_i64(int64_t a, int64_t b) {\n\treturn (int64_t)((uint64_t)a << (b & 63));\n}\n"
	"@UNUSED static inline int64_t @shr_i64(int64_t a, int64_t b) {\n\treturn (int64_t)((uint64_t)a >> (b & 63));\n}\n"
	"@UNUSED static inline int32_t @shl_i32(int32_t a, int32_t b) {\n\treturn (int32_t)((uint32_t)a << (b & 31));\n}\n"
	"@UNUSED static inline int32_t @shr_i32(int32_t a, int32_t b) {\n\treturn (int32_t)((uint32_t)a >> (b & 31));\n}\n"
	"/* Towards zero; NaN gives 0, what is out of range the nearest integer. */\n"
	"@UNUSED static inline int64_t @to_int_f64(double a) {\n"
	"\tif (a != a)\n\t\treturn 0;\n\tif (a >= 9223372036854775808.0)\n\t\treturn INT64_MAX;\n"
	"\treturn a < -9223372036854775808.0 ? INT64_MIN : (int64_t)a;\n}\n"
	"@UNUSED static inline int64_t @to_int_f32(float a) {\n\treturn @to_int_f64((double)a);\n}\n"
	"@UNUSED static inline int32_t @bits_f32(float a) {\n\tint32_t b;\n\tmemcpy(&b, &a, sizeof b);\n\treturn b;\n}\n"
	"@UNUSED static inline int64_t @bits_f64(double a) {\n\tint64_t b;\n\tmemcpy(&b, &a, sizeof b);\n\treturn b;\n}\n"
	"@UNUSED static inline float @float_i32(int32_t a) {\n\tfloat b;\n\tmemcpy(&b, &a, sizeof b);\n\treturn b;\n}\n"
	"@UNUSED static inline double @float_i64(int64_t a) {\n\tdouble b;\n\tmemcpy(&b, &a, sizeof b);\n\treturn b;\n}\n",
};

void jit_c_prelude(Text *out, const char *prefix) {
	for (size_t i = 0; i < sizeof prelude / sizeof *prelude; i++) {
		for (const char *at = prelude[i]; *at; at++) {
			if (*at == '@')
				text_printf(out, "%s_", prefix);
			else
				text_char(out, *at);
		}
	}
}

static const char *const suffixes[] = {"bool", "i32", "i64", "f32", "f64"};

void c_literal(Text *out, IrScalar type, double real, int64_t integer) {
	switch (type) {
	case IR_BOOL: text_printf(out, "%d", integer != 0); return;
	case IR_I32:
		if (integer == INT32_MIN)
			text_printf(out, "INT32_MIN");
		else
			text_printf(out, integer < 0 ? "(%" PRId64 ")" : "%" PRId64, integer);
		return;
	case IR_I64:
		if (integer == INT64_MIN)
			text_printf(out, "INT64_MIN");
		else
			text_printf(out, integer < 0 ? "(INT64_C(%" PRId64 "))" : "INT64_C(%" PRId64 ")", integer);
		return;
	case IR_F32:
	case IR_F64: break;
	}
	bool narrow = type == IR_F32;
	if (isnan(real) || isinf(real)) {
		text_printf(out, "%s%s", narrow ? "" : "(double)", isnan(real) ? "NAN" : real > 0 ? "INFINITY" : "(-INFINITY)");
		return;
	}
	Text digits = text_new(out->arena);
	text_real(&digits, real, narrow);
	bool whole = true;
	for (const char *at = text_cstr(&digits); *at; at++)
		whole = whole && *at != '.' && *at != 'e';
	bool negative = text_cstr(&digits)[0] == '-';
	text_printf(out, "%s%s%s%s%s", negative ? "(" : "", text_cstr(&digits), whole ? ".0" : "", narrow ? "f" : "",
	            negative ? ")" : "");
}

static const char *infix(IrOpcode opcode) {
	switch (opcode) {
	case IR_add: return "+";
	case IR_sub: return "-";
	case IR_mul: return "*";
	case IR_div: return "/";
	case IR_lt: return "<";
	case IR_le: return "<=";
	case IR_gt: return ">";
	case IR_ge: return ">=";
	case IR_eq: return "==";
	case IR_ne: return "!=";
	case IR_and:
	case IR_iand: return "&";
	case IR_or:
	case IR_ior: return "|";
	case IR_ixor: return "^";
	default: return NULL;
	}
}

void c_print_combine(Text *out, const char *prefix, IrOpcode opcode, IrScalar type, const char *a, const char *b) {
	if ((ir_scalar_is_real(type) || opcode == IR_or) && infix(opcode))
		text_printf(out, "%s %s %s", a, infix(opcode), b);
	else
		text_printf(out, "%s_%s_%s(%s, %s)", prefix, ir_op_info[opcode].name, suffixes[type], a, b);
}

void c_print_op(const CEmit *c, const LoopStmt *stmt, const char *const *a) {
	Text *out = c->out;
	IrScalar type = c->kernel->temps.data[stmt->args[0]].type;
	bool real = ir_scalar_is_real(type);
	const char *narrow = type == IR_F32 ? "f" : "";
	switch (stmt->opcode) {
	case IR_add:
	case IR_sub:
	case IR_mul: c_print_combine(out, c->prefix, stmt->opcode, type, a[0], a[1]); return;
	case IR_neg:
		if (real)
			text_printf(out, "-%s", a[0]);
		else
			text_printf(out, "%s_neg_%s(%s)", c->prefix, suffixes[type], a[0]);
		return;
	case IR_div:
	case IR_lt:
	case IR_le:
	case IR_gt:
	case IR_ge:
	case IR_eq:
	case IR_ne:
	case IR_and:
	case IR_or:
	case IR_iand:
	case IR_ior:
	case IR_ixor: text_printf(out, "%s %s %s", a[0], infix(stmt->opcode), a[1]); return;
	case IR_not: text_printf(out, "!%s", a[0]); return;
	case IR_where: text_printf(out, "%s ? %s : %s", a[0], a[1], a[2]); return;
	case IR_fmod: text_printf(out, "fmod%s(%s, %s)", narrow, a[0], a[1]); return;
	case IR_fma: text_printf(out, "fma%s(%s, %s, %s)", narrow, a[0], a[1], a[2]); return;
	case IR_floor:
	case IR_sqrt: text_printf(out, "%s%s(%s)", ir_op_info[stmt->opcode].name, narrow, a[0]); return;
	case IR_to_f32: text_printf(out, "(float)%s", a[0]); return;
	case IR_to_f64: text_printf(out, "(double)%s", a[0]); return;
	case IR_to_int:
		if (real)
			text_printf(out, "%s_to_int_%s(%s)", c->prefix, suffixes[type], a[0]);
		else
			text_printf(out, "(int64_t)%s", a[0]);
		return;
	case IR_abs:
		if (real) {
			text_printf(out, "fabs%s(%s)", narrow, a[0]);
			return;
		}
		break;
	default: break;
	}
	text_printf(out, "%s_%s_%s(%s", c->prefix, ir_op_info[stmt->opcode].name, suffixes[type], a[0]);
	for (int i = 1; i < ir_op_info[stmt->opcode].arity; i++)
		text_printf(out, ", %s", a[i]);
	text_char(out, ')');
}
