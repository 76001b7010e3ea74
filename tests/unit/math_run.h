/* Rows of mathematics, expanded and run over many points by the evaluator; points, and errors in units of the last place. */
#ifndef MATH_RUN_H
#define MATH_RUN_H

#include "ir/build.h"
#include "ir/eval/eval.h"
#include "ir/pass/pass.h"
#include "tests/unit/drawn.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { POINTS = GRADUS_SANITIZED ? 3000 : 24000 };

/* ---- points and errors ---- */

static const double edges[] = {
	0,
	-0.0,
	INFINITY,
	-INFINITY,
	NAN,
	1,
	-1,
	2,
	-2,
	3,
	-3,
	0.5,
	-0.5,
	1.5,
	-1.5,
	4.5,
	0x1p-149,
	-0x1p-149,
	0x1p-126,
	1e-40,
	-1e-40,
	0x1.fffffep127,
	-0x1.fffffep127,
	0x1p-1074,
	-0x1p-1074,
	0x1p-1022,
	1e-310,
	-1e-310,
	0x1.fffffffffffffp1023,
	-0x1.fffffffffffffp1023,
	88.72283,
	88.72284,
	-87.4,
	-103.97,
	-103.98,
	-104.1,
	709.782712893384,
	709.7827128933841,
	-708.4,
	-745.13,
	-745.14,
	5e7,
	-5e7,
	5.0000004e7,
	1e300,
	-1e300,
	1e-300,
	1e30,
	-1e30,
	1e-30,
	0x1p53,
	-0x1p53,
	0x1p53 - 1,
	0x1p24,
	1 + 0x1p-52,
	1 - 0x1p-53,
	0x1p-53 - 1,
	1 + 0x1p-23,
	1 - 0x1p-24,
	1.4616321449683623,
	2.7182818284590451,
};
enum { EDGE_COUNT = sizeof edges / sizeof edges[0] };

static inline double ulps(double got, long double wanted, long double scale, IrScalar type) {
	double rounded = type == IR_F32 ? (double)(float)wanted : (double)wanted;
	long double largest = type == IR_F32 ? 0x1.fffffep127L : 0x1.fffffffffffffp1023L;
	if (isnan(wanted) || isnan(got))
		return isnan(wanted) && isnan(got) ? 0 : INFINITY;
	if (isinf(wanted) || isinf(got) || (wanted == 0 && scale == 0)) {
		bool at_the_brink = fabsl(wanted) > largest * 0.9999999L && fabs(got) > (double)largest * 0.9999999;
		return got == rounded && !signbit(got) == !signbit(rounded) ? 0 : at_the_brink ? 1 : INFINITY;
	}
	int exponent, digits = type == IR_F32 ? 24 : 53, lowest = type == IR_F32 ? -125 : -1021;
	frexpl(fmaxl(fabsl(wanted), scale), &exponent);
	return (double)(fabsl(got - wanted) / ldexpl(1, (exponent < lowest ? lowest : exponent) - digits));
}

/* ---- running ---- */

typedef struct Fixture {
	Session *session;
	IrModule *module;
	Arena *arena;
} Fixture;

static inline Fixture begin(void) {
	Session *session = session_new();
	return (Fixture){session, ir_module_new(session), arena_new()};
}

static inline void end(Fixture *x) {
	ir_module_free(x->module);
	session_free(x->session);
	arena_free(x->arena);
}

/* y[n] = for i:n { opcode(%a[i], %b[i], ...) } -> [i] */
static inline IrFunc *row_func(Fixture *x, IrOpcode opcode, IrScalar type, int64_t n) {
	const IrOpInfo *info = &ir_op_info[opcode];
	IrFunc *func = ir_func_new(x->module, info->name);
	IrBuilder b = ir_builder(func);
	IrValue params[IR_MAX_ARGS];
	uint32_t nodes[IR_MAX_ARGS] = {0};
	for (int k = 0; k < info->arity; k++) {
		bool integer = info->typing == IR_T_RANDOM || (info->typing == IR_T_POWI && k == 1);
		params[k] = ir_param(func, (char[]){(char)('a' + k), 0}, ir_tensor_type(integer ? IR_I64 : type, 1, &n));
	}
	IrForBuilder f = ir_for_begin(&b);
	IrAt at = ir_at_index(x->module, ir_for_index(&f, session_name(x->session, "i"), n), 1);
	for (int k = 0; k < info->arity; k++)
		nodes[k] = ir_read(&f, params[k], &at, false);
	uint32_t node = ir_op(&f, opcode, nodes);
	IrValue out = ir_put(&f, IR_PUT_NONE, node, ir_tensor_type(ir_node_type(&f, node), 1, &n), &at, 0, false);
	ir_for_end(&f);
	ir_result(func, "y", out);
	return func;
}

static inline int count_nodes(const IrFunc *func, IrOpcode opcode) {
	int count = 0;
	const IrFor *f = &func->body.ops.data[0]->f;
	for (uint32_t i = 0; i < f->nodes.count; i++)
		count += f->nodes.data[i].kind == IR_NODE_OP && f->nodes.data[i].opcode == opcode;
	return count;
}

static inline IrFunc *expanded(Fixture *x, IrFunc *func, bool allow_fma) {
	IrFunc *out = ir_expand_math(x->module, func, allow_fma);
	const char *wrong = ir_verify(out);
	cr_assert_null(wrong, "%s", wrong);
	for (int opcode = 0; opcode < IR_OPCODE_COUNT; opcode++)
		cr_assert(ir_op_info[opcode].primitive || count_nodes(out, (IrOpcode)opcode) == 0, "%s is left",
		          ir_op_info[opcode].name);
	if (!allow_fma)
		cr_expect_eq(count_nodes(out, IR_fma), 0);
	return out;
}

static const double *run(Fixture *x, const IrFunc *func, const IrTensor *args) {
	IrTensor *result = ARENA_NEW(x->arena, IrTensor);
	Span where;
	const char *error = ir_evaluate(func, x->arena, args, result, &where);
	cr_assert_null(error, "%s", error);
	return result->reals;
}

static inline IrTensor tensor(Fixture *x, IrScalar type, int64_t n) {
	return ir_tensor_new(x->arena, ir_tensor_type(type, 1, &n), NULL);
}

#endif
