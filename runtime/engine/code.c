/* A function that can be called, by the machine code of jit/ or by the evaluator of ir/. Both see the same memory. */
#include <stdlib.h>
#include <string.h>

#include "ir/build.h"
#include "ir/eval/eval.h"
#include "ir/pass/pass.h"
#include "runtime/engine/engine.h"

void rt_write_reals(IrScalar scalar, void *to, size_t stride, const double *from, size_t count) {
	for (size_t i = 0; i < count; i++) {
		size_t at = i * stride;
		switch (scalar) {
		case IR_F64: ((double *)to)[at] = from[i]; break;
		case IR_F32: ((float *)to)[at] = (float)from[i]; break;
		case IR_I64: ((int64_t *)to)[at] = (int64_t)from[i]; break;
		case IR_I32: ((int32_t *)to)[at] = (int32_t)from[i]; break;
		case IR_BOOL: ((uint8_t *)to)[at] = from[i] != 0; break;
		}
	}
}

void rt_read_reals(IrScalar scalar, const void *from, size_t stride, double *to, size_t count) {
	for (size_t i = 0; i < count; i++) {
		size_t at = i * stride;
		switch (scalar) {
		case IR_F64: to[i] = ((const double *)from)[at]; break;
		case IR_F32: to[i] = (double)((const float *)from)[at]; break;
		case IR_I64: to[i] = (double)((const int64_t *)from)[at]; break;
		case IR_I32: to[i] = ((const int32_t *)from)[at]; break;
		case IR_BOOL: to[i] = ((const uint8_t *)from)[at]; break;
		}
	}
}

void *rt_aligned(Arena *arena, size_t bytes) {
	uintptr_t start = (uintptr_t)arena_alloc(arena, bytes + 64);
	return (void *)((start + 63) & ~(uintptr_t)63);
}

/* ---- the evaluator behind the interface of machine code ---- */

/* Between lane-innermost memory and the evaluator's lane-outermost tensors. */
static void tensor_exchange(IrTensor *tensor, void *memory, bool to_memory) {
	if (tensor->type.storage) {
		tensor->stored = memory; /* only read */
		return;
	}
	size_t total = (size_t)ir_type_elements(tensor->type, NULL);
	size_t lanes = tensor->type.lanes ? IR_LANES : 1;
	size_t each = total / lanes;
	IrScalar scalar = tensor->type.scalar;
	size_t width = ir_scalar_bytes(scalar);
	for (size_t lane = 0; lane < lanes; lane++) {
		char *first = (char *)memory + lane * width;
		if (ir_scalar_is_real(scalar)) {
			double *reals = tensor->reals + lane * each;
			if (to_memory)
				rt_write_reals(scalar, first, lanes, reals, each);
			else
				rt_read_reals(scalar, first, lanes, reals, each);
			continue;
		}
		for (size_t e = 0; e < each; e++) {
			int64_t *integer = &tensor->integers[lane * each + e];
			char *at = first + e * lanes * width;
			if (scalar == IR_BOOL) {
				if (to_memory)
					*(uint8_t *)at = *integer != 0;
				else
					*integer = *(uint8_t *)at;
			} else if (scalar == IR_I32) {
				int32_t narrow = (int32_t)*integer;
				memcpy(to_memory ? (void *)at : (void *)&narrow, to_memory ? (const void *)&narrow : (const void *)at,
				       sizeof narrow);
				*integer = narrow;
			} else {
				memcpy(to_memory ? (void *)at : (void *)integer, to_memory ? (const void *)integer : (const void *)at,
				       sizeof *integer);
			}
		}
	}
}

static IrTensor *tensors_of(const IrFunc *func, Arena *arena, void *const *params) {
	IrTensor *args = ARENA_ARRAY(arena, IrTensor, func->params.count + 1);
	for (uint32_t i = 0; i < func->params.count; i++) {
		args[i] = ir_tensor_new(arena, ir_type(func, func->params.data[i].value), NULL);
		tensor_exchange(&args[i], params[i], false);
	}
	return args;
}

static bool say_failure(Session *session, IrFailure failure) {
	static const char *const why[IR_CALLEE_COUNT] = {
		[IR_CALL_cholesky] = "is not positive definite",
		[IR_CALL_cholesky_pull] = "is not positive definite",
		[IR_CALL_lu] = "is singular, or has factors out of range",
		[IR_CALL_solve_lower] = "has a 0 on its diagonal, or the solution is out of range",
		[IR_CALL_solve_lower_transposed] = "has a 0 on its diagonal, or the solution is out of range",
		[IR_CALL_lu_solve] = "is singular",
		[IR_CALL_lu_solve_transposed] = "is singular",
	};
	if (failure.place) {
		const SessionPlace *place = &session->places.data[failure.place];
		Diag *diag = diag_warning(session, 819, place->span, "NaN comes from here: %s", place->said);
		diag_help(session, diag, "%s", place->help);
	} else if (failure.call) {
		const IrOp *op = failure.call;
		diag_warning(session, 818, op->span, "NaN comes from here: the matrix %s", why[op->call.callee]);
	}
	return failure.place || failure.call;
}

void rt_say_failure(const RtCode *code, void *const *params) {
	Arena *arena = arena_new();
	say_failure(code->rt->session, ir_find_failure(code->func, arena, tensors_of(code->func, arena, params)));
	arena_free(arena);
}

/* A position that follows from no number, perhaps by a known distance: whole numbers are less than 2^61 in magnitude. */
static bool is_no_number(int64_t position) {
	const int64_t most = INT64_C(1) << 61;
	return position >= most || position <= -most;
}

void rt_say_outside(const RtCode *code, void *const *params, Span otherwise) {
	Arena *arena = arena_new();
	IrOutside outside;
	Session *session = code->rt->session;
	if (ir_find_outside(code->func, arena, tensors_of(code->func, arena, params), &outside)) {
		Span where = outside.where.file ? outside.where : otherwise;
		if (is_no_number(outside.position)) {
			Diag *diag = diag_error(session, 802, where, "an index is no number, on an axis of extent %lld",
			                        (long long)outside.extent);
			diag_help(session, diag,
			          "a whole number was divided by 0, left the range of whole numbers, or was drawn with arguments "
			          "that cannot be");
			if (outside.place)
				diag_label(session, diag, session->places.data[outside.place].span, "%s",
				           session->places.data[outside.place].said);
		} else {
			Diag *diag =
				diag_error(session, 802, where, "an index left its range: position %lld of an axis of extent %lld",
			               (long long)outside.position, (long long)outside.extent);
			diag_help(session, diag, "positions count from 0; labels that count from 1 are used as `label[i] - 1`");
		}
	} else {
		diag_error(session, 802, otherwise, "an index left its range");
	}
	arena_free(arena);
}

static int call_evaluator(const RtCode *code, void *const *params, void *const *results) {
	const IrFunc *func = code->func;
	Arena *arena = arena_new();
	const IrTensor *args = tensors_of(func, arena, params);
	Rt *rt = code->rt;
	if (rt->explains && say_failure(rt->session, ir_find_failure(func, arena, args)))
		rt->explains = false;
	IrTensor *outs = ARENA_ARRAY(arena, IrTensor, func->results.count + 1);
	Span where = {0};
	const char *error = ir_evaluate(func, arena, args, outs, &where);
	for (uint32_t i = 0; !error && i < func->results.count; i++)
		tensor_exchange(&outs[i], results[i], true);
	arena_free(arena);
	return error ? 1 : 0;
}

/* ---- compiling and calling ---- */

static bool engine_ready(Rt *rt) {
	if (rt->options.engine == RT_EVALUATOR || rt->engine)
		return true;
	if (rt->failed_engine)
		return false;
	const char *error = NULL;
	rt->engine = jit_engine_new(rt->session, &error);
	if (!rt->engine) {
		diag_error(rt->session, 803, (Span){0}, "%s", error ? error : "LLVM cannot be loaded");
		rt->failed_engine = true;
	} else {
		jit_engine_cache(rt->engine, rt->options.cache);
	}
	return rt->engine != NULL;
}

static size_t *value_sizes(Arena *arena, const IrFunc *func, bool of_params) {
	uint32_t count = of_params ? func->params.count : func->results.count;
	size_t *sizes = ARENA_ARRAY(arena, size_t, count + 1);
	for (uint32_t i = 0; i < count; i++) {
		IrType type = ir_type(func, of_params ? func->params.data[i].value : func->results.data[i].value);
		sizes[i] = (size_t)ir_type_elements(type, NULL) * ir_element_bytes(type);
	}
	return sizes;
}

/* In the form of the lines that ir_run_passes prints. */
static void print_times(FILE *out, const JitCode *code, const char *name) {
	double lower, llvm;
	jit_code_times(code, &lower, &llvm);
	fprintf(out, "%-12s %8.3f ms  %s\n%-12s %8.3f ms  %s\n", "lower", 1e3 * lower, name, "llvm", 1e3 * llvm, name);
}

RtCode *rt_compile(Rt *rt, IrModule *module, IrFunc *func) {
	if (!engine_ready(rt))
		return NULL;
	double started = rt_seconds();
	if (rt->options.busy) {
		const char *name = session_text(rt->session, func->name);
		rt->options.busy(rt->options.busy_user, arena_printf(rt->arena, "compiling %s", name));
	}
	const IrPipeline pipeline = rt->options.pipeline;
	RtCode *code = ARENA_NEW(rt->arena, RtCode);
	code->rt = rt;
	code->func = ir_optimize(module, func, &pipeline);
	code->param_bytes = value_sizes(rt->arena, code->func, true);
	code->result_bytes = value_sizes(rt->arena, code->func, false);
	code->param_order = ARENA_ARRAY(rt->arena, IrPlace, code->func->params.count + 1);
	code->result_order = ARENA_ARRAY(rt->arena, IrPlace, code->func->results.count + 1);
	ir_param_order(code->func, code->param_order);
	ir_result_order(code->func, code->result_order);
	if (rt->options.engine == RT_JIT) {
		JitOptions options = {.strict = rt->options.strict};
		code->jit = jit_compile(rt->engine, code->func, &options);
		code->arena_bytes = jit_arena_bytes(code->jit, NULL);
		if (pipeline.time)
			print_times(pipeline.time, code->jit, session_text(rt->session, code->func->name));
	} else {
		code->func = ir_expand_math(module, code->func, false); /* the same operations that strict machine code runs */
	}
	rt->compile_seconds += rt_seconds() - started;
	return code;
}

RtCode *rt_compile_exact(Rt *rt, IrFunc *func) {
	if (rt->options.engine != RT_JIT)
		return NULL;
	const char *error = NULL;
	if (!rt->engine && !rt->failed_engine && (rt->engine = jit_engine_new(rt->session, &error)) != NULL)
		jit_engine_cache(rt->engine, rt->options.cache);
	if (!rt->engine)
		return NULL;
	double started = rt_seconds();
	const JitOptions options = {.strict = true};
	RtCode *code = ARENA_NEW(rt->arena, RtCode);
	code->rt = rt;
	code->func = func;
	code->jit = jit_compile(rt->engine, func, &options);
	code->arena_bytes = jit_arena_bytes(code->jit, NULL);
	rt->compile_seconds += rt_seconds() - started;
	return code;
}

bool rt_call_tensors(const RtCode *code, Arena *results_arena, const IrTensor *args, IrTensor *results) {
	const IrFunc *func = code->func;
	Arena *arena = arena_new();
	void **params = ARENA_ARRAY(arena, void *, func->params.count + 1);
	void **places = ARENA_ARRAY(arena, void *, func->results.count + 1);
	for (uint32_t i = 0; i < func->params.count; i++) {
		IrType type = ir_type(func, func->params.data[i].value);
		if (type.storage) {
			params[i] = (void *)(uintptr_t)args[i].stored; /* read only */
			continue;
		}
		params[i] = rt_aligned(arena, (size_t)ir_type_elements(type, NULL) * ir_element_bytes(type));
		IrTensor arg = args[i];
		tensor_exchange(&arg, params[i], true);
	}
	for (uint32_t i = 0; i < func->results.count; i++) {
		IrType type = ir_type(func, func->results.data[i].value);
		places[i] = rt_aligned(arena, (size_t)ir_type_elements(type, NULL) * ir_element_bytes(type));
	}
	bool ok = jit_call(code->jit, params, places, rt_aligned(arena, code->arena_bytes), NULL) == 0;
	for (uint32_t i = 0; ok && i < func->results.count; i++) {
		results[i] = ir_tensor_new(results_arena, ir_type(func, func->results.data[i].value), NULL);
		tensor_exchange(&results[i], places[i], false);
	}
	arena_free(arena);
	return ok;
}

void rt_code_free(RtCode *code) {
	if (code && code->jit) {
		jit_code_free(code->jit);
		code->jit = NULL;
	}
}

int rt_call(const RtCode *code, void *const *params, void *const *results, void *arena) {
	if (code->jit)
		return jit_call(code->jit, params, results, arena, NULL);
	return call_evaluator(code, params, results);
}

int rt_call_by_role(const RtCode *code, const IrByRole *given, const IrByRole *places, void **pointers, void *arena) {
	uint32_t params = code->func->params.count, results = code->func->results.count;
	ir_take_addresses(code->func, code->param_order, params, given, pointers);
	ir_take_addresses(code->func, code->result_order, results, places, pointers + params);
	return rt_call(code, pointers, pointers + params, arena);
}

static double evaluated_bytes(const IrFunc *func, IrValue value, const int64_t *symbols) {
	IrType type = ir_type(func, value);
	double bytes = type.storage ? 0 : sizeof(double);
	for (int i = 0; i < type.rank; i++)
		bytes *= (double)ir_dim_value(type.dims[i], symbols);
	return bytes * (type.lanes ? IR_LANES : 1);
}

double rt_evaluation_bytes(const IrFunc *func, int64_t size) {
	Arena *arena = arena_new();
	int64_t *symbols = ARENA_ARRAY(arena, int64_t, func->symbols.count + 1);
	for (uint32_t i = 0; i < func->symbols.count; i++)
		symbols[i] = size;
	double bytes = 0, largest = 0;
	for (uint32_t i = 0; i < func->params.count; i++)
		bytes += 2 * evaluated_bytes(func, func->params.data[i].value, symbols);
	for (uint32_t i = 0; i < func->results.count; i++)
		bytes += 2 * evaluated_bytes(func, func->results.data[i].value, symbols);
	for (IrValue value = 1; value < func->values.count; value++) {
		double own = evaluated_bytes(func, value, symbols);
		largest = own > largest ? own : largest;
	}
	arena_free(arena);
	return bytes + largest;
}

/* ---- what is computed once ---- */

/* From so many results on, compiling (some 15 ms) costs less than evaluating (some 2 us each). */
enum { COMPILED_FROM = 20000 };

static int64_t result_elements(const IrFunc *func) {
	int64_t count = 0;
	for (uint32_t i = 0; i < func->results.count; i++)
		count += ir_type_elements(ir_type(func, func->results.data[i].value), NULL);
	return count;
}

/* As strict machine code: the bits of the evaluator. 0, or 1 + the number of the gather that left its range. */
static int call_once(Rt *rt, IrFunc *func, const void *const *from, double **results) {
	JitOptions options = {.strict = true};
	JitCode *code = jit_compile(rt->engine, func, &options);
	Arena *arena = arena_new();
	void **params = ARENA_ARRAY(arena, void *, func->params.count + 1);
	void **places = ARENA_ARRAY(arena, void *, func->results.count + 1);
	for (uint32_t i = 0; i < func->params.count; i++) {
		IrType type = ir_type(func, func->params.data[i].value);
		size_t count = (size_t)ir_type_elements(type, NULL);
		params[i] = rt_aligned(arena, count * ir_element_bytes(type));
		if (ir_scalar_is_real(type.scalar))
			rt_write_reals(type.scalar, params[i], 1, from[i], count);
		else
			memcpy(params[i], from[i], sizeof(int64_t));
	}
	for (uint32_t i = 0; i < func->results.count; i++) {
		IrType type = ir_type(func, func->results.data[i].value);
		places[i] = rt_aligned(arena, (size_t)ir_type_elements(type, NULL) * ir_element_bytes(type));
	}
	int failed = jit_call(code, params, places, rt_aligned(arena, jit_arena_bytes(code, NULL)), NULL);
	for (uint32_t i = 0; !failed && i < func->results.count; i++) {
		IrType type = ir_type(func, func->results.data[i].value);
		rt_read_reals(type.scalar, places[i], 1, results[i], (size_t)ir_type_elements(type, NULL));
	}
	arena_free(arena);
	jit_code_free(code);
	return failed;
}

static const char *evaluate_once(IrFunc *func, const void *const *from, double **results, Span *where) {
	Arena *arena = arena_new();
	func = ir_expand_math(func->module, func, false); /* no C library has a say */
	IrTensor *args = ARENA_ARRAY(arena, IrTensor, func->params.count + 1);
	IrTensor *outs = ARENA_ARRAY(arena, IrTensor, func->results.count + 1);
	for (uint32_t i = 0; i < func->params.count; i++) {
		IrType type = ir_type(func, func->params.data[i].value);
		args[i] = ir_tensor_new(arena, type, NULL);
		const double *reals = from[i];
		for (int64_t e = 0; args[i].reals && e < ir_type_elements(type, NULL); e++)
			args[i].reals[e] = type.scalar == IR_F32 ? (double)(float)reals[e] : reals[e];
		if (!args[i].reals)
			args[i].integers[0] = *(const int64_t *)from[i];
	}
	const char *error = ir_evaluate(func, arena, args, outs, where);
	for (uint32_t i = 0; !error && i < func->results.count; i++)
		for (int64_t e = 0; e < ir_type_elements(outs[i].type, NULL); e++)
			results[i][e] = outs[i].reals ? outs[i].reals[e] : (double)outs[i].integers[e];
	arena_free(arena);
	return error;
}

bool rt_evaluate_once(Rt *rt, const IrFunc *func, const IrByRole *given, double **results) {
	if (!rt_memory_allows(rt, rt_evaluation_bytes(func, 0), "what is learned"))
		return false;
	IrFunc *once = ir_func_copy(func->module, func, "once");
	const void **from = ARENA_ARRAY(func->module->arena, const void *, func->params.count + 1);
	ir_arguments(func, given, sizeof *from, from);
	Span where = {0};
	const char *error = NULL;
	if (rt->options.engine == RT_JIT && result_elements(func) >= COMPILED_FROM) {
		if (!engine_ready(rt))
			return false;
		error = call_once(rt, once, from, results) ? "an index left its range" : NULL;
	} else {
		error = evaluate_once(once, from, results, &where);
	}
	if (error)
		diag_error(rt->session, 802, where, "%s", error);
	return !error;
}
