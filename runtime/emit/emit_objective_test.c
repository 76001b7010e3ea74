/* What an emitted objective is tested against (the evaluator's numbers, on the functions that are printed as C), and the
 * files that use it: problem 0, the self-test, the example. */
#include <inttypes.h>
#include <string.h>

#include "ir/eval/eval.h"
#include "ir/pass/pass.h"
#include "runtime/emit/emit_objective.h"

/* ---- by the evaluator ---- */

/* Strict machine code of a function that takes the evaluator long; NULL of any other. */
static const RtCode *exact_of(ObjectivePack *o, IrFunc *func) {
	const double least = (double)GOLDEN_COMPILED / (double)GOLDEN_POINTS;
	if (ir_cost(func, NULL).flops < least)
		return NULL;
	for (uint32_t i = 0; i < o->exact.count; i++)
		if (o->exact.data[i].func == func)
			return o->exact.data[i].code;
	const ExactCode made = {func, rt_compile_exact(o->pack->rt, func)};
	vec_push(o->pack->arena, &o->exact, made);
	return made.code;
}

static bool call(ObjectivePack *o, IrFunc *func, const IrByRole *given, IrTensor *results) {
	const Pack *pack = o->pack;
	IrModule *module = o->objective->module;
	const IrPipeline pipeline = pack->rt->options.pipeline;
	bool fresh = func == o->objective->setup || func == o->objective->start;
	IrTensor *args = ARENA_ARRAY(pack->arena, IrTensor, func->params.count + 1);
	const RtCode *exact = fresh ? NULL : exact_of(o, func);
	if (exact) {
		ir_arguments(func, given, sizeof *args, args);
		if (rt_call_tensors(exact, pack->arena, args, results))
			return true;
	}
	IrFunc *primitive = ir_expand_math(module, fresh ? ir_optimize(module, func, &pipeline) : func, false);
	ir_arguments(primitive, given, sizeof *args, args);
	Span where = {0};
	const char *error = ir_evaluate(primitive, pack->arena, args, results, &where);
	if (error)
		diag_error(pack->session, 802, where, "%s", error);
	return !error;
}

/* Data as the evaluator takes them: elements of files as they are, others as numbers. */
static IrTensor *data_of(const ObjectivePack *o) {
	const FeObjective *objective = o->objective;
	IrTensor *data = ARENA_ARRAY(o->pack->arena, IrTensor, objective->data.count + 1);
	for (uint32_t i = 0; i < objective->data.count; i++) {
		const FeData *from = &objective->data.data[i];
		size_t count = (size_t)ir_type_elements(from->type, NULL);
		if (from->type.storage) {
			data[i] = (IrTensor){.type = from->type, .stored = from->found.elements};
			continue;
		}
		data[i] = ir_tensor_new(o->pack->arena, from->type, NULL);
		if (data[i].reals)
			rt_read_reals(from->type.scalar, from->found.elements, 1, data[i].reals, count);
		else
			memcpy(data[i].integers, from->found.elements, sizeof(int64_t) * count); /* of 64 bits: others are stored */
	}
	return data;
}

static IrTensor count_of(const ObjectivePack *o, int64_t number) {
	IrTensor count = ir_tensor_new(o->pack->arena, ir_scalar_type(IR_I64), NULL);
	count.integers[0] = number;
	return count;
}

/* How far point p is from the start in coordinate k. */
static double offset(int p, int64_t k) {
	return p == 0 ? 0 : (double)((k * 37 + p * 11) % 64 - 32) / 64;
}

static IrTensor point_of(const ObjectivePack *o, int p) {
	IrTensor point = ir_tensor_new(o->pack->arena, o->start.type, NULL);
	for (int64_t k = 0; k < o->objective->size; k++) {
		double sum = o->start.reals[k] + offset(p, k);
		point.reals[k] = p == 0 ? o->start.reals[k] : o->pack->real == IR_F32 ? (double)(float)sum : sum;
	}
	return point;
}

/* Over the bits of numbers, as the self-test adds them up. */
static uint64_t sum_of(IrScalar scalar, const IrTensor *drawn, uint64_t sum) {
	for (int64_t i = 0; i < ir_type_elements(drawn->type, NULL); i++) {
		uint64_t bits = drawn->integers ? (uint64_t)drawn->integers[i] : 0;
		if (scalar == IR_F32) {
			float single = (float)drawn->reals[i];
			uint32_t word;
			memcpy(&word, &single, sizeof word);
			bits = word;
		} else if (scalar == IR_F64) {
			memcpy(&bits, &drawn->reals[i], sizeof bits);
		}
		sum = (sum ^ bits) * UINT64_C(0x100000001b3);
		sum ^= sum >> 29;
	}
	return sum;
}

/* The batch of point p, from there on what its role has. */
static bool draw(ObjectivePack *o, BatchPack *b, int p, IrByRole *given) {
	uint32_t count = b->batch->slots.count;
	if (count == 0)
		return true;
	IrTensor step = count_of(o, p + 1);
	ir_give(given, IR_ROLE_STEP, &step, 1);
	if (!call(o, b->draw, given, b->drawn))
		return false;
	for (uint32_t i = 0; i < count; i++)
		b->sums[p] = sum_of(b->batch->slots.data[i].type.scalar, &b->drawn[i], b->sums[p]);
	ir_give(given, IR_ROLE_BATCH, b->drawn, count);
	return true;
}

static bool evaluate(ObjectivePack *o, int p, IrByRole *given) {
	int64_t n = o->objective->size;
	IrTensor both[2], alone, valid, point = point_of(o, p);
	ir_give(given, IR_ROLE_X, &point, 1);
	if (!draw(o, &o->batch, p, given) || !call(o, o->gradient, given, both) || !call(o, o->value, given, &alone))
		return false;
	o->values[p] = both[ir_result_at(o->gradient, IR_ROLE_F)].reals[0];
	o->alone[p] = alone.reals[0];
	memcpy(o->gradients + p * n, both[ir_result_at(o->gradient, IR_ROLE_G)].reals, sizeof(double) * (size_t)n);
	if (o->validate) {
		if (!draw(o, &o->validate_batch, p, given) || !call(o, o->validate, given, &valid))
			return false;
		o->valid[p] = valid.reals[0];
	}
	return true;
}

static int points_of(const ObjectivePack *o) {
	const double most = GOLDEN_OPERATIONS, each = 2 * ir_cost(o->gradient, NULL).flops + 1;
	return each * (double)GOLDEN_POINTS <= most ? GOLDEN_POINTS : each * 2 <= most ? 2 : 1;
}

static void make_room(const ObjectivePack *o, BatchPack *b) {
	b->drawn = ARENA_ARRAY(o->pack->arena, IrTensor, b->batch->slots.count + 1);
	b->sums = ARENA_ARRAY(o->pack->arena, uint64_t, o->points);
}

bool pack_objective_golden(ObjectivePack *o) {
	const FeObjective *objective = o->objective;
	Arena *arena = o->pack->arena;
	IrByRole given;
	ir_by_role(&given);
	IrTensor seed = count_of(o, (int64_t)o->pack->rt->options.seed), instance = count_of(o, 0);
	ir_give(&given, IR_ROLE_SEED, &seed, 1);
	ir_give(&given, IR_ROLE_INSTANCE, &instance, 1);
	double bytes = rt_evaluation_bytes(objective->setup, 0) + rt_evaluation_bytes(objective->start, 0) +
	               rt_evaluation_bytes(o->gradient, 0);
	if (!rt_memory_allows(o->pack->rt, bytes, "the self-test of this objective"))
		return false;
	o->data = data_of(o);
	ir_give(&given, IR_ROLE_DATA, o->data, objective->data.count);
	o->fixed = ARENA_ARRAY(arena, IrTensor, objective->fixed.count + 1);
	ir_give(&given, IR_ROLE_FIXED, o->fixed, objective->fixed.count);
	if (!call(o, objective->setup, &given, o->fixed) || !call(o, objective->start, &given, &o->start))
		return false;
	o->points = points_of(o);
	make_room(o, &o->batch);
	make_room(o, &o->validate_batch);
	o->values = ARENA_ARRAY(arena, double, o->points);
	o->alone = ARENA_ARRAY(arena, double, o->points);
	o->valid = ARENA_ARRAY(arena, double, o->points);
	o->gradients = ARENA_ARRAY(arena, double, o->points * objective->size + 1);
	bool ok = true;
	for (int p = 0; ok && p < o->points; p++)
		ok = evaluate(o, p, &given);
	for (uint32_t i = 0; i < o->exact.count; i++)
		rt_code_free(o->exact.data[i].code);
	return ok;
}

/* ---- files ---- */

void pack_objective_instance(ObjectivePack *o) {
	Pack *pack = o->pack;
	const FeObjective *objective = o->objective;
	if (!o->has_instance && objective->data.count == 0)
		return;
	Text *out = pack_source(
		pack, "@_instance.h",
		objective->data.count == 0 ? "problem 0 of the family, for the self-test and the example."
		: o->has_instance ? "the data of the files, and problem 0 of the family, for the self-test and the example."
						  : "the data of the files, for the self-test and the example.");
	Text tables = text_new(pack->arena), body = text_new(pack->arena);
	for (uint32_t i = 0; i < objective->fixed.count; i++) {
		const IrTensor *value = &o->fixed[i];
		const char *head =
			arena_printf(pack->arena, "static const %s @_given_%s", pack_type(pack, value->type.scalar), o->fields[i]);
		pack_table(pack, &tables, head, value->type.scalar, value->reals, value->integers,
		           ir_type_elements(value->type, NULL));
	}
	if (o->has_instance) {
		pack_table(pack, &tables, "static const @_real @_instance_start", pack->real, o->start.reals, NULL,
		           objective->size);
	}
	PackScope *scope = pack_scope(pack, o->scope);
	pack_set(pack, scope, "tables", text_cstr(&tables));
	pack_fill(pack, out, "objective_instance_head.h", scope);
	pack_fill(pack, &body, "objective_instance.h", scope);
	pack_tables(pack, out, text_cstr(&body));
}

static void put_sums(Text *out, const char *name, const BatchPack *b, int points) {
	if (b->batch->slots.count == 0)
		return;
	text_printf(out, "static const uint64_t %s[%d] = {\n\t", name, points);
	for (int p = 0; p < points; p++)
		text_printf(out, "%sUINT64_C(0x%016" PRIx64 ")", p > 0 ? ", " : "", b->sums[p]);
	text_printf(out, "};\n");
}

void pack_objective_test(ObjectivePack *o) {
	Pack *pack = o->pack;
	PackScope *scope = pack_scope(pack, o->scope);
	Text tables = text_new(pack->arena);
	pack_bits(pack, &tables, "values", pack->real, o->values, o->points);
	pack_bits(pack, &tables, "alone", pack->real, o->alone, o->points);
	if (o->validate)
		pack_bits(pack, &tables, "valid", pack->real, o->valid, o->points);
	put_sums(&tables, "drawn", &o->batch, o->points);
	if (o->validate)
		put_sums(&tables, "validate_drawn", &o->validate_batch, o->points);
	pack_bits(pack, &tables, "gradients", pack->real, o->gradients, o->points * o->objective->size);
	pack_set(pack, scope, "tables", text_cstr(&tables));
	pack_number(pack, scope, "points", o->points);
	const char *purpose = "compares values and gradients with those that gradus computed, bit for bit.";
	pack_fill(pack, pack_source(pack, "@_test.c", purpose), "objective_test.c", scope);
}

void pack_objective_example(ObjectivePack *o) {
	const char *purpose = "gradient descent on @; a step that does not lead down is halved.";
	pack_fill(o->pack, pack_source(o->pack, "example.c", purpose), "objective_example.c", o->scope);
}
