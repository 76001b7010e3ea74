/* What stands below the rows of ops.def about their derivatives, against the derivatives themselves: evaluated at awkward operands. */
#include "autodiff/ad.h"
#include "ir/eval/eval.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

static const double awkward[] = {0,   -0.0, 1,       -1,       0.5,     -0.5,     3,      -3,       1e-200,    -1e-200,
                                 710, -710, DBL_MIN, -DBL_MIN, DBL_MAX, -DBL_MAX, 5e-324, INFINITY, -INFINITY, NAN};
enum { AWKWARD = sizeof awkward / sizeof *awkward };

/* A function of three reals: the row's result, and its derivative with respect to an operand. */
typedef struct Row {
	Session *session;
	IrModule *module;
	IrFunc *func;
	Arena *arena;
	uint32_t node; /* of the body: the row itself */
} Row;

static bool takes_reals(IrOpcode opcode) {
	const IrOpInfo *info = &ir_op_info[opcode];
	return (info->typing == IR_T_REAL || info->typing == IR_T_ARITH) && info->arity <= 3;
}

static Row row_new(IrOpcode opcode, int operand) {
	Row row = {.session = session_new(), .arena = arena_new()};
	row.module = ir_module_new(row.session);
	row.func = ir_func_new(row.module, "row");
	static const char *const names[] = {"a", "b", "c", "r"};
	IrValue values[3];
	for (int i = 0; i < 3; i++)
		values[i] = ir_param(row.func, names[i], ir_scalar_type(IR_F64));
	IrBuilder b = ir_builder(row.func);
	IrForBuilder f = ir_for_begin(&b);
	uint32_t nodes[4];
	for (int i = 0; i < 3; i++)
		nodes[i] = ir_read_scalar(&f, values[i]);
	nodes[3] = ir_op(&f, opcode, nodes);
	uint32_t slope = ir_expression(&f, ir_op_info[opcode].derivative[operand], IR_F64, names, nodes, 4);
	ir_result(row.func, "value", ir_put(&f, IR_PUT_NONE, nodes[3], ir_scalar_type(IR_F64), NULL, 0, false));
	ir_result(row.func, "slope", ir_put(&f, IR_PUT_NONE, slope, ir_scalar_type(IR_F64), NULL, 0, false));
	ir_for_end(&f);
	row.node = f.op->f.puts.data[0].node;
	return row;
}

static void row_free(Row *row) {
	ir_module_free(row->module);
	arena_free(row->arena);
	session_free(row->session);
}

static void row_run(Row *row, const double *operands, double *value, double *slope) {
	IrTensor args[3], results[2];
	for (int i = 0; i < 3; i++) {
		args[i] = ir_tensor_new(row->arena, ir_scalar_type(IR_F64), NULL);
		args[i].reals[0] = operands[i];
	}
	cr_assert_null(ir_evaluate(row->func, row->arena, args, results, NULL));
	*value = results[0].reals[0];
	*slope = results[1].reals[0];
}

static void next_operands(uint32_t number, double *operands) {
	for (int i = 0; i < 3; i++, number /= AWKWARD)
		operands[i] = awkward[number % AWKWARD];
}

/* Of a row as the body holds it: of operands that are below `limit` in magnitude. */
static bool is_finite_within(const Row *row, int operand, double limit) {
	const IrFor *f = &row->func->body.ops.data[0]->f;
	double bounds[16];
	cr_assert(f->nodes.count <= 16);
	for (uint32_t n = 0; n < f->nodes.count; n++)
		bounds[n] = limit;
	return ad_derivative_is_finite(f, bounds, row->node, operand);
}

Test(ops_table, steep_rows_are_finite_where_their_value_is) {
	uint32_t checked = 0;
	for (int opcode = 0; opcode < IR_OPCODE_COUNT; opcode++) {
		for (int i = 0; i < 3; i++) {
			if (!ir_op_is_steep((IrOpcode)opcode, i))
				continue;
			cr_assert(takes_reals((IrOpcode)opcode) && ir_op_info[opcode].derivative[i]);
			Row row = row_new((IrOpcode)opcode, i);
			uint32_t points = (uint32_t)pow(AWKWARD, ir_op_info[opcode].arity);
			for (uint32_t point = 0; point < points; point++) {
				double operands[3], value, slope;
				next_operands(point, operands);
				row_run(&row, operands, &value, &slope);
				/* the chain rule divides by b and does not multiply with 1 / b, so a denormal b does no harm */
				bool excused = opcode == IR_div && fabs(operands[1]) < 4 / DBL_MAX;
				cr_expect(isfinite(slope) || !isfinite(value) || excused, "%s, operand %d: %g %g %g gives %g and %g",
				          ir_op_info[opcode].name, i, operands[0], operands[1], operands[2], value, slope);
			}
			checked++;
			row_free(&row);
		}
	}
	cr_expect(checked >= 8);
}

/* That a derivative is finite is read off its text. */
Test(ops_table, derivatives_said_to_be_finite_are) {
	uint32_t always = 0, bounded = 0;
	for (int opcode = 0; opcode < IR_OPCODE_COUNT; opcode++) {
		for (int i = 0; takes_reals((IrOpcode)opcode) && i < ir_op_info[opcode].arity; i++) {
			if (!ir_op_info[opcode].derivative[i])
				continue;
			Row row = row_new((IrOpcode)opcode, i);
			for (int way = 0; way < 2; way++) {
				double limit = way == 0 ? (double)INFINITY : 3;
				if (!is_finite_within(&row, i, limit))
					continue;
				*(way == 0 ? &always : &bounded) += 1;
				uint32_t points = (uint32_t)pow(AWKWARD, ir_op_info[opcode].arity);
				for (uint32_t point = 0; point < points; point++) {
					double operands[3], value, slope;
					next_operands(point, operands);
					bool inside =
						way == 0 || (fabs(operands[0]) <= 3 && fabs(operands[1]) <= 3 && fabs(operands[2]) <= 3);
					if (!inside)
						continue;
					row_run(&row, operands, &value, &slope);
					cr_expect(isfinite(slope), "%s, operand %d: %g %g %g gives %g", ir_op_info[opcode].name, i,
					          operands[0], operands[1], operands[2], slope);
				}
			}
			row_free(&row);
		}
	}
	cr_expect(always >= 8 && bounded >= always + 6, "%u always, %u where operands are", always, bounded);
}

Test(ops_table, selections_and_slopes_say_so_in_their_derivatives) {
	uint32_t selections = 0, slopes = 0;
	for (int opcode = 0; opcode < IR_OPCODE_COUNT; opcode++) {
		IrOpcode slope;
		bool chooses = opcode == IR_mulz; /* which chooses between 0 and the product */
		for (int i = 0; i < 3; i++) {
			const char *text = ir_op_info[opcode].derivative[i];
			size_t length = text ? strlen(text) : 0;
			chooses |= length > 7 && strncmp(text, "where(", 6) == 0 &&
			           (strcmp(text + length - 7, ", 1, 0)") == 0 || strcmp(text + length - 7, ", 0, 1)") == 0);
		}
		cr_expect_eq(ir_op_selects((IrOpcode)opcode), chooses, "%s", ir_op_info[opcode].name);
		selections += chooses;
		if (!ir_op_slope((IrOpcode)opcode, &slope))
			continue;
		char text[64];
		snprintf(text, sizeof text, "%s(a)", ir_op_info[slope].name);
		cr_expect_str_eq(text, ir_op_info[opcode].derivative[0]);
		slopes++;
	}
	cr_expect(selections == 5 && slopes == 2);
}
