/* Operations as functions of the IR: bodies of operators.def over all coordinates, and rms as the language has it (elab_shape.c). */
#include "autodiff/autodiff.h"
#include "runtime/search/lab.h"

bool search_kernel_is_wide(FeOperator op, bool wide_a, bool wide_b) {
	return fe_operators[op].body && (wide_a || wide_b);
}

static IrType type_of(const SearchLab *lab, const SearchShape *shape, bool wide) {
	IrScalar real = lab->task->objective->real;
	return wide ? ir_tensor_type(real, 1, &shape->rows) : ir_scalar_type(real);
}

/* An op over the coordinates, or over nothing. */
static IrForBuilder over_rows(const SearchLab *lab, const SearchShape *shape, IrBuilder *b, bool wide, IrAt *at) {
	IrForBuilder f = ir_for_begin(b);
	if (wide)
		at[0] = ir_at_index(lab->task->module, ir_for_index(&f, 0, shape->rows), 1);
	return f;
}

static IrValue end_op(IrForBuilder *f, IrCombine combine, uint32_t node, IrType type, const IrAt *at) {
	IrValue out = ir_put(f, combine, node, type, at, 0, false);
	ir_for_end(f);
	return out;
}

static IrValue elementwise(const SearchLab *lab, const SearchShape *shape, IrBuilder *b, FeOperator op,
                           const IrValue *args, const bool *wide) {
	static const char *const names[] = {"a", "b", "c"};
	bool result = wide[0] || wide[1];
	IrAt at[1];
	IrForBuilder f = over_rows(lab, shape, b, result, at);
	uint32_t nodes[3] = {0};
	int count = 0;
	const char *given[3];
	for (int k = 0; k < 3; k++) {
		if (!args[k])
			continue;
		given[count] = names[k];
		nodes[count++] = wide[k] ? ir_read(&f, args[k], at, false) : ir_read_scalar(&f, args[k]);
	}
	uint32_t node = ir_expression(&f, fe_operators[op].body, lab->task->objective->real, given, nodes, count);
	return end_op(&f, IR_PUT_NONE, node, type_of(lab, shape, result), at);
}

/* s sqrt(mean (a / s)^2), s being a power of two close to the largest |a|. */
static IrValue rms(const SearchLab *lab, const SearchShape *shape, IrBuilder *b, IrValue a) {
	IrScalar real = lab->task->objective->real;
	IrType number = ir_scalar_type(real);
	IrAt at[1];
	IrForBuilder f = over_rows(lab, shape, b, true, at);
	IrValue largest = end_op(&f, IR_PUT_MAX, ir_op1(&f, IR_abs, ir_read(&f, a, at, false)), number, NULL);
	f = ir_for_begin(b);
	IrValue scale = end_op(&f, IR_PUT_NONE, ir_op1(&f, IR_binade, ir_read_scalar(&f, largest)), number, NULL);
	f = ir_for_begin(b);
	uint32_t inverse = ir_op2(&f, IR_div, ir_real(&f, real, 1), ir_read_scalar(&f, scale));
	IrValue unit = end_op(&f, IR_PUT_NONE, inverse, number, NULL);
	f = over_rows(lab, shape, b, true, at);
	uint32_t scaled = ir_op2(&f, IR_scaled, ir_read(&f, a, at, false), ir_read_scalar(&f, unit));
	IrValue sum = end_op(&f, IR_PUT_SUM, ir_op2(&f, IR_mul, scaled, scaled), number, NULL);
	f = ir_for_begin(b);
	uint32_t mean = ir_op2(&f, IR_div, ir_read_scalar(&f, sum), ir_real(&f, real, (double)shape->rows));
	uint32_t root = ir_op2(&f, IR_mul, ir_op1(&f, IR_sqrt, mean), ir_read_scalar(&f, scale));
	return end_op(&f, IR_PUT_NONE, root, number, NULL);
}

IrFunc *search_build_kernel(SearchLab *lab, const SearchShape *shape, FeOperator op, bool wide_a, bool wide_b) {
	IrModule *module = lab->task->module;
	IrFunc *func = ir_func_new(module, arena_printf(module->arena, "search_%s", fe_operators[op].word));
	IrBuilder b = ir_builder(func);
	const bool wide[3] = {wide_a, wide_b, false};
	const bool needed[3] = {true, fe_operators[op].arity > 1, fe_operator_has_constant(op)};
	static const char *const names[] = {"a", "b", "c"};
	IrValue args[3] = {0};
	bool varying[3];
	for (int k = 0; k < 3; k++) {
		varying[k] = true;
		if (needed[k])
			args[k] = ir_param_as(func, IR_ROLE_NONE, names[k], type_of(lab, shape, wide[k]));
	}
	IrValue out = fe_operators[op].body ? elementwise(lab, shape, &b, op, args, wide) : rms(lab, shape, &b, args[0]);
	ir_result_as(func, IR_ROLE_NONE, "out", out);
	return ad_batch(module, func, session_text(lab->rt->session, func->name), varying, NULL);
}
