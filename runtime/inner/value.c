/* An objective at a point. */
#include <math.h>
#include <string.h>

#include "runtime/inner/frame.h"

static const FeScore plain_score = {FE_SCORE_MEAN, FE_SCORE_F};

static bool all_finite(const double *values, int64_t count) {
	for (int64_t i = 0; i < count; i++)
		if (!isfinite(values[i]))
			return false;
	return true;
}

/* Whether an objective, its gradient, or a start, which code gave, is not finite. */
static bool is_lost(const RtCode *code, double *const *out) {
	static const IrRole roles[] = {IR_ROLE_F, IR_ROLE_G, IR_ROLE_VALID, IR_ROLE_X};
	for (size_t k = 0; k < sizeof roles / sizeof *roles; k++) {
		IrRange found = ir_results_of(code->func, roles[k]);
		for (uint32_t i = found.first; i < found.first + found.count; i++)
			if (!all_finite(out[i], ir_type_elements(ir_type(code->func, code->func->results.data[i].value), NULL)))
				return true;
	}
	return false;
}

/* Calls once with typed memory; reals in and out as double. */
static bool call_once(Task *task, IrFunc *func, int64_t instance, const double *x, double *const *out) {
	Rt *rt = task->rt;
	RtCode *code = rt_compile(rt, task->module, func);
	if (!code)
		return false;
	double bytes = 8.0 * (double)task->objective->size + (double)code->arena_bytes;
	for (uint32_t i = 0; i < code->func->results.count; i++)
		bytes += (double)code->result_bytes[i];
	if (!rt_memory_allows(rt, bytes, "this evaluation")) {
		rt_code_free(code);
		return false;
	}
	Arena *scratch = arena_new();
	int64_t seed = (int64_t)rt->options.seed;
	IrScalar real = task->objective->real;
	size_t size = (size_t)task->objective->size;
	IrByRole given;
	ir_by_role(&given);
	ir_give(&given, IR_ROLE_DATA, task->data, task->count[IR_ROLE_DATA]);
	ir_give_addresses(&given, IR_ROLE_SEED, &seed, sizeof seed, 1);
	ir_give_addresses(&given, IR_ROLE_INSTANCE, &instance, sizeof instance, 1);
	if (x) {
		void *stored = rt_aligned(scratch, size * 8);
		rt_write_reals(real, stored, 1, x, size);
		ir_give_addresses(&given, IR_ROLE_X, stored, size, 1);
	}
	void **params = ARENA_ARRAY(scratch, void *, code->func->params.count + 1);
	ir_arguments(code->func, &given, sizeof *params, params);
	uint32_t count = code->func->results.count;
	void **results = ARENA_ARRAY(scratch, void *, count + 1);
	for (uint32_t i = 0; i < count; i++)
		results[i] = rt_aligned(scratch, code->result_bytes[i]);
	int error = rt_call(code, params, results, rt_aligned(scratch, code->arena_bytes));
	for (uint32_t i = 0; i < count; i++) {
		IrType type = ir_type(code->func, code->func->results.data[i].value);
		rt_read_reals(type.scalar, results[i], 1, out[i], (size_t)ir_type_elements(type, NULL));
	}
	if (error)
		rt_say_outside(code, params, task->objective->decl->name.span);
	else if (is_lost(code, out))
		rt_say_failure(code, params);
	arena_free(scratch);
	rt_code_free(code);
	return !error;
}

/* Whether parameters lie inside of their limits; false with a diagnostic. */
static bool is_inside(Rt *rt, const FeObjective *objective, const double *x) {
	for (uint32_t i = 0; i < objective->params.count; i++) {
		const FeSlot *slot = &objective->params.data[i];
		for (int64_t k = 0; k < slot->count; k++) {
			double value = x[slot->offset + k];
			if (!slot->limits.limited || (value > slot->limits.low && value < slot->limits.high))
				continue;
			Text text = text_new(rt->session->arena);
			text_real(&text, value, objective->real == IR_F32);
			Diag *diag = diag_error(rt->session, 262, slot->span, "`%s` is %s here, which is not inside its limits",
			                        session_text(rt->session, slot->name), text_cstr(&text));
			diag_help(rt->session, diag, "they are %g and %g", slot->limits.low, slot->limits.high);
			return false;
		}
	}
	return true;
}

bool run_eval(Rt *rt, const FeCall *objective, int64_t instance, const double *x, RunEval *out) {
	Task *task = task_declared(rt, objective, plain_score);
	if (!task)
		return false;
	*out = (RunEval){.size = task->objective->size};
	if (!rt_memory_allows(rt, 16.0 * (double)out->size, "a point and its gradient")) {
		task_free(task);
		return false;
	}
	out->x = ARENA_ARRAY(rt->arena, double, out->size + 1);
	out->gradient = ARENA_ARRAY(rt->arena, double, out->size + 1);
	bool ok = true;
	if (x)
		memcpy(out->x, x, sizeof *x * (size_t)out->size);
	else
		ok = call_once(task, task_build_instance_start(task), instance, NULL, &out->x);
	ok = ok && is_inside(rt, task->objective, out->x);
	IrFunc *value = ok ? task_build_instance_value(task) : NULL;
	if (value) {
		IrRange reports = ir_results_of(value, IR_ROLE_REPORT);
		out->report_count = reports.count;
		out->report_names = ARENA_ARRAY(rt->arena, const char *, reports.count + 1);
		out->reports = ARENA_ARRAY(rt->arena, double, reports.count + 1);
		double **places = ARENA_ARRAY(rt->arena, double *, value->results.count);
		places[ir_result_at(value, IR_ROLE_F)] = &out->value;
		out->validates = task->validate != NULL;
		if (out->validates)
			places[ir_result_at(value, IR_ROLE_VALID)] = &out->valid;
		places[ir_result_at(value, IR_ROLE_G)] = out->gradient;
		for (uint32_t i = 0; i < reports.count; i++) {
			const char *name = session_text(rt->session, task->objective->reports.data[i]);
			out->report_names[i] = arena_strdup(rt->arena, name);
			places[reports.first + i] = &out->reports[i];
		}
		ok = call_once(task, value, instance, out->x, places);
	}
	task_free(task);
	return ok;
}
