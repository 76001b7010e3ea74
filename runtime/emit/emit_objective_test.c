/* What an emitted objective is tested against (the evaluator's numbers, on the functions that are printed as C), and the
 * files that use it: problem 0, the self-test, the example. */
#include <inttypes.h>
#include <string.h>

#include "runtime/emit/emit_objective.h"

/* ---- by the evaluator ---- */

static bool call(const ObjectivePack *o, IrFunc *func, const IrByRole *given, IrTensor *results) {
	const Pack *pack = o->pack;
	const IrPipeline pipeline = pack->rt->options.pipeline;
	IrModule *module = o->objective->module;
	bool ready = func == o->value || func == o->gradient;
	IrFunc *primitive = ir_expand_math(module, ready ? func : ir_optimize(module, func, &pipeline), false);
	IrTensor *args = ARENA_ARRAY(pack->arena, IrTensor, func->params.count + 1);
	ir_arguments(primitive, given, sizeof *args, args);
	Span where = {0};
	const char *error = ir_evaluate(primitive, pack->arena, args, results, &where);
	if (error) {
		diag_error(pack->session, 802, where, "%s", error);
	}
	return !error;
}

/* How far point p is from the start in coordinate k. */
static double offset(int p, int64_t k) {
	return p == 0 ? 0 : (double)((k * 37 + p * 11) % 64 - 32) / 64;
}

bool objective_golden(ObjectivePack *o) {
	const FeObjective *objective = o->objective;
	Arena *arena = o->pack->arena;
	uint32_t fixed = objective->fixed.count;
	int64_t n = objective->size;
	IrByRole given;
	ir_by_role(&given);
	IrTensor seed = ir_tensor_new(arena, ir_scalar_type(IR_I64), NULL);
	IrTensor instance = ir_tensor_new(arena, ir_scalar_type(IR_I64), NULL), point;
	seed.integers[0] = (int64_t)o->pack->rt->options.seed;
	ir_give(&given, IR_ROLE_SEED, &seed, 1);
	ir_give(&given, IR_ROLE_INSTANCE, &instance, 1);
	o->fixed = ARENA_ARRAY(arena, IrTensor, fixed + 1);
	ir_give(&given, IR_ROLE_FIXED, o->fixed, fixed);
	ir_give(&given, IR_ROLE_X, &point, 1);
	if (!call(o, objective->setup, &given, o->fixed) || !call(o, objective->start, &given, &o->start)) {
		return false;
	}
	o->values = ARENA_ARRAY(arena, double, GOLDEN_POINTS);
	o->alone = ARENA_ARRAY(arena, double, GOLDEN_POINTS);
	o->gradients = ARENA_ARRAY(arena, double, GOLDEN_POINTS *n + 1);
	for (int p = 0; p < GOLDEN_POINTS; p++) {
		point = ir_tensor_new(arena, o->start.type, NULL);
		for (int64_t k = 0; k < n; k++) {
			double sum = o->start.reals[k] + offset(p, k);
			point.reals[k] = p == 0 ? o->start.reals[k] : o->pack->real == IR_F32 ? (double)(float)sum : sum;
		}
		IrTensor both[2], alone;
		if (!call(o, o->gradient, &given, both) || !call(o, o->value, &given, &alone)) {
			return false;
		}
		const IrTensor *g = &both[ir_result_at(o->gradient, IR_ROLE_G)];
		o->values[p] = both[ir_result_at(o->gradient, IR_ROLE_F)].reals[0];
		o->alone[p] = alone.reals[0];
		memcpy(o->gradients + p * n, g->reals, sizeof(double) * (size_t)n);
	}
	return true;
}

/* ---- files ---- */

void objective_instance(ObjectivePack *o) {
	Pack *pack = o->pack;
	const FeObjective *objective = o->objective;
	if (!o->has_instance) {
		return;
	}
	Text *out = pack_source(pack, "@_instance.h", "problem 0 of the family, for the self-test and the example.");
	pack_put(pack, out,
	         "#ifndef @_instance_H_INCLUDED\n#define @_instance_H_INCLUDED\n\n#include \"@.h\"\n\n#include "
	         "<math.h>\n#include <string.h>\n");
	pack_number_macro(pack, out);
	text_char(out, '\n');
	for (uint32_t i = 0; i < objective->fixed.count; i++) {
		const IrTensor *value = &o->fixed[i];
		const char *head =
			arena_printf(pack->arena, "static const %s @_given_%s", pack_type(pack, value->type.scalar), o->fields[i]);
		pack_table(pack, out, head, value->type.scalar, value->reals, value->integers,
		           ir_type_elements(value->type, NULL));
	}
	pack_table(pack, out, "static const @_real @_instance_start", pack->real, o->start.reals, NULL, objective->size);
	pack_put(pack, out, "\nstatic void @_instance(@_data *data, @_real *x) {\n");
	for (uint32_t i = 0; i < objective->fixed.count; i++) {
		pack_printf(pack, out, "\tdata->%s = @_given_%s%s;\n", o->fields[i], o->fields[i],
		            objective->fixed.data[i].type.rank == 0 ? "[0]" : "");
	}
	if (objective->fixed.count == 0) {
		text_printf(out, "\tdata->nothing = 0;\n");
	}
	pack_put(pack, out, "\tmemcpy(x, @_instance_start, sizeof *x * @_N);\n}\n\n#endif\n");
}

static void put_begin(const ObjectivePack *o, Text *out) {
	pack_put(o->pack, out, o->has_instance ? "\t@_instance(&data, x);\n" : "\tdata.nothing = 0;\n\t@_start(x);\n");
}

static void put_include(const ObjectivePack *o, Text *out) {
	pack_put(o->pack, out, o->has_instance ? "#include \"@_instance.h\"\n\n" : "#include \"@.h\"\n\n");
}

void objective_test(ObjectivePack *o) {
	Pack *pack = o->pack;
	int64_t n = o->objective->size;
	Text *out =
		pack_source(pack, "@_test.c", "compares values and gradients with those that gradus computed, bit for bit.");
	put_include(o, out);
	pack_put(pack, out, "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n\n");
	pack_printf(pack, out,
	            "typedef %s @_bits;\n\nenum { POINTS = %d };\n\n/* At the start, and at points around it. */\n",
	            pack->real == IR_F32 ? "uint32_t" : "uint64_t", GOLDEN_POINTS);
	pack_bits(pack, out, "values", pack->real, o->values, GOLDEN_POINTS);
	pack_bits(pack, out, "alone", pack->real, o->alone, GOLDEN_POINTS);
	pack_bits(pack, out, "gradients", pack->real, o->gradients, GOLDEN_POINTS * n);
	pack_put(pack, out,
	         "\n/* The same bits; any NaN is like any other. */\n"
	         "static void compare(const @_real *found, const @_bits *wanted, size_t count, const char *what) {\n"
	         "\tsize_t i;\n"
	         "\tfor (i = 0; i < count; i++) {\n"
	         "\t\t@_bits bits;\n"
	         "\t\t@_real number;\n"
	         "\t\tmemcpy(&bits, &found[i], sizeof bits);\n"
	         "\t\tmemcpy(&number, &wanted[i], sizeof bits);\n"
	         "\t\tif (bits != wanted[i] && !(found[i] != found[i] && number != number)) {\n"
	         "\t\t\tprintf(\"%s: number %lu is %.17g, not %.17g\\n\", what, (unsigned long)i, (double)found[i], "
	         "(double)number);\n"
	         "\t\t\tprintf(\"FAIL: @: %s\\n\", what);\n"
	         "\t\t\texit(1);\n"
	         "\t\t}\n"
	         "\t}\n"
	         "}\n\n"
	         "int main(void) {\n"
	         "\tstatic @_real x[@_N], point[@_N], gradient[@_N];\n"
	         "\t@_data data;\n"
	         "\tunsigned char *work = (unsigned char *)malloc(@_work_size() + 8);\n"
	         "\tsize_t p, k;\n"
	         "\tif (!work)\n"
	         "\t\treturn 1;\n");
	put_begin(o, out);
	pack_put(pack, out,
	         "\tfor (p = 0; p < POINTS; p++) {\n"
	         "\t\t@_real value;\n"
	         "\t\tfor (k = 0; k < @_N; k++)\n"
	         "\t\t\tpoint[k] = p == 0 ? x[k] : x[k] + ((@_real)((k * 37 + p * 11) % 64) - 32) / 64;\n"
	         "\t\tvalue = @_value_gradient(&data, point, work + 8, gradient);\n"
	         "\t\tcompare(&value, values + p, 1, \"value with gradient\");\n"
	         "\t\tcompare(gradient, gradients + p * @_N, @_N, \"gradient\");\n"
	         "\t\tvalue = @_value(&data, point, work);\n"
	         "\t\tcompare(&value, alone + p, 1, \"value\");\n"
	         "\t}\n"
	         "\tfree(work);\n"
	         "\tprintf(\"PASS: @\\n\");\n"
	         "\treturn 0;\n"
	         "}\n");
}

void objective_example(ObjectivePack *o) {
	Pack *pack = o->pack;
	Text *out = pack_source(pack, "example.c", "gradient descent on @; a step that does not lead down is halved.");
	put_include(o, out);
	pack_put(pack, out,
	         "#include <stdio.h>\n"
	         "#include <stdlib.h>\n\n"
	         "enum { STEPS = 200 };\n\n"
	         "int main(void) {\n"
	         "\tstatic @_real x[@_N], next[@_N], gradient[@_N];\n"
	         "\t@_data data;\n"
	         "\t@_real rate = 1, value, lower;\n"
	         "\tint step;\n"
	         "\tsize_t k;\n"
	         "\tvoid *work = malloc(@_work_size());\n"
	         "\tif (!work)\n"
	         "\t\treturn 1;\n");
	put_begin(o, out);
	pack_put(pack, out,
	         "\tvalue = @_value_gradient(&data, x, work, gradient);\n"
	         "\tfor (step = 0; step < STEPS; step++) {\n"
	         "\t\tif (step % 20 == 0)\n"
	         "\t\t\tprintf(\"%4d  %.9g\\n\", step, (double)value);\n"
	         "\t\tfor (rate *= 2; rate > (@_real)1e-12; rate /= 2) {\n"
	         "\t\t\tfor (k = 0; k < @_N; k++)\n"
	         "\t\t\t\tnext[k] = x[k] - rate * gradient[k];\n"
	         "\t\t\tlower = @_value(&data, next, work);\n"
	         "\t\t\tif (lower < value)\n"
	         "\t\t\t\tbreak;\n"
	         "\t\t}\n"
	         "\t\tif (rate <= (@_real)1e-12)\n"
	         "\t\t\tbreak;\n"
	         "\t\tfor (k = 0; k < @_N; k++)\n"
	         "\t\t\tx[k] = next[k];\n"
	         "\t\tvalue = @_value_gradient(&data, x, work, gradient);\n"
	         "\t}\n"
	         "\tprintf(\"%4d  %.9g at (\", step, (double)value);\n"
	         "\tfor (k = 0; k < @_N && k < 8; k++)\n"
	         "\t\tprintf(k > 0 ? \", %.6g\" : \"%.6g\", (double)x[k]);\n"
	         "\tprintf(@_N > 8 ? \", ...)\\n\" : \")\\n\");\n"
	         "\tfree(work);\n"
	         "\treturn 0;\n"
	         "}\n");
}
