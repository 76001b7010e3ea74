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

bool pack_objective_golden(ObjectivePack *o) {
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
	double bytes = rt_evaluation_bytes(objective->setup, 0) + rt_evaluation_bytes(objective->start, 0) +
	               rt_evaluation_bytes(o->gradient, 0);
	if (!rt_memory_allows(o->pack->rt, bytes, "the self-test of this objective")) {
		return false;
	}
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

void pack_objective_instance(ObjectivePack *o) {
	Pack *pack = o->pack;
	const FeObjective *objective = o->objective;
	if (!o->has_instance) {
		return;
	}
	Text *out = pack_source(pack, "@_instance.h", "problem 0 of the family, for the self-test and the example.");
	Text tables = text_new(pack->arena), body = text_new(pack->arena);
	for (uint32_t i = 0; i < objective->fixed.count; i++) {
		const IrTensor *value = &o->fixed[i];
		const char *head =
			arena_printf(pack->arena, "static const %s @_given_%s", pack_type(pack, value->type.scalar), o->fields[i]);
		pack_table(pack, &tables, head, value->type.scalar, value->reals, value->integers,
		           ir_type_elements(value->type, NULL));
	}
	pack_table(pack, &tables, "static const @_real @_instance_start", pack->real, o->start.reals, NULL,
	           objective->size);
	PackScope *scope = pack_scope(pack, o->scope);
	pack_set(pack, scope, "tables", text_cstr(&tables));
	pack_fill(pack, out, "objective_instance_head.h", scope);
	pack_fill(pack, &body, "objective_instance.h", scope);
	pack_tables(pack, out, text_cstr(&body));
}

void pack_objective_test(ObjectivePack *o) {
	Pack *pack = o->pack;
	PackScope *scope = pack_scope(pack, o->scope);
	Text tables = text_new(pack->arena);
	pack_bits(pack, &tables, "values", pack->real, o->values, GOLDEN_POINTS);
	pack_bits(pack, &tables, "alone", pack->real, o->alone, GOLDEN_POINTS);
	pack_bits(pack, &tables, "gradients", pack->real, o->gradients, GOLDEN_POINTS * o->objective->size);
	pack_set(pack, scope, "tables", text_cstr(&tables));
	pack_number(pack, scope, "points", GOLDEN_POINTS);
	const char *purpose = "compares values and gradients with those that gradus computed, bit for bit.";
	pack_fill(pack, pack_source(pack, "@_test.c", purpose), "objective_test.c", scope);
}

void pack_objective_example(ObjectivePack *o) {
	const char *purpose = "gradient descent on @; a step that does not lead down is halved.";
	pack_fill(o->pack, pack_source(o->pack, "example.c", purpose), "objective_example.c", o->scope);
}
