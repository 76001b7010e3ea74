/* What the tests of autodiff share: programs from text, random arguments, differences as the oracle. Reverse mode is
 * checked against central differences, forward mode against reverse mode, second order against differences of the
 * gradient, batching against 16 single runs. */
#ifndef GRADUS_TESTS_AD_DIFFERENCES_H
#define GRADUS_TESTS_AD_DIFFERENCES_H

#include "autodiff/autodiff.h"
#include "ir/eval/eval.h"
#include "ir/text/text.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

typedef struct Bench {
	const char *name; /* of the case, for messages */
	Session *session;
	IrModule *module;
	Arena *arena;
	double low, high; /* of real arguments */
	int64_t ints;     /* integer arguments lie in [0, ints) */
	uint64_t counter; /* of the random numbers */
} Bench;

static inline Bench bench_new(const char *name) {
	Bench b = {.name = name, .session = session_new(), .arena = arena_new(), .low = -1, .high = 1, .ints = 2};
	b.module = ir_module_new(b.session);
	return b;
}

static inline void bench_free(Bench *b) {
	ir_module_free(b->module);
	arena_free(b->arena);
	session_free(b->session);
}

static inline void bench_verify(Bench *b, const IrFunc *func) {
	const char *wrong = ir_verify(func);
	if (wrong) {
		Text text = text_new(b->arena);
		ir_print(func, &text);
		cr_assert(false, "%s: %s\n%s", b->name, wrong, text_cstr(&text));
	}
}

/* The last function of the text. */
static inline IrFunc *bench_parse(Bench *b, const char *text) {
	uint32_t source = source_add(b->session, "test.ir", text, strlen(text));
	if (!ir_parse(b->module, source))
		diag_print_all(b->session, stderr, false);
	cr_assert(b->session->error_count == 0, "%s does not parse", b->name);
	IrFunc *func = b->module->funcs.data[b->module->funcs.count - 1];
	bench_verify(b, func);
	return func;
}

static inline double bench_uniform(Bench *b, double low, double high) {
	uint64_t key[2] = {20, 26}, counter[2] = {b->counter++, 0}, out[2];
	random_threefry(key, counter, out);
	return low + (high - low) * (double)(out[0] >> 11) * 0x1p-53;
}

static inline IrTensor bench_tensor(Bench *b, IrType type) {
	IrTensor t = ir_tensor_new(b->arena, type, NULL);
	int64_t count = ir_type_elements(type, NULL);
	for (int64_t i = 0; i < count; i++)
		if (t.reals)
			t.reals[i] = bench_uniform(b, b->low, b->high);
		else
			t.integers[i] = (int64_t)bench_uniform(b, 0, (double)b->ints);
	return t;
}

static inline IrTensor *bench_args(Bench *b, const IrFunc *func) {
	IrTensor *args = ARENA_ARRAY(b->arena, IrTensor, func->params.count + 1);
	for (uint32_t p = 0; p < func->params.count; p++)
		args[p] = bench_tensor(b, ir_type(func, func->params.data[p].value));
	return args;
}

static inline IrTensor *bench_run(Bench *b, const IrFunc *func, const IrTensor *args) {
	IrTensor *results = ARENA_ARRAY(b->arena, IrTensor, func->results.count + 1);
	Span where;
	const char *wrong = ir_evaluate(func, b->arena, args, results, &where);
	cr_assert(wrong == NULL, "%s: @%s: %s", b->name, session_text(b->session, func->name), wrong);
	return results;
}

static inline bool bench_close(double a, double b, double tolerance) {
	return fabs(a - b) <= tolerance * (1 + fabs(a) + fabs(b)) || (isnan(a) && isnan(b)) || a == b;
}

static inline void bench_compare(Bench *b, const char *what, const IrTensor *x, const IrTensor *y, double tolerance) {
	int64_t count = ir_type_elements(x->type, NULL);
	cr_assert(count == ir_type_elements(y->type, NULL), "%s: %s: sizes differ", b->name, what);
	for (int64_t i = 0; i < count; i++) {
		double p = x->reals ? x->reals[i] : (double)x->integers[i];
		double q = y->reals ? y->reals[i] : (double)y->integers[i];
		cr_assert(bench_close(p, q, tolerance), "%s: %s: element %lld: %.12g and %.12g", b->name, what, (long long)i, p,
		          q);
	}
}

/* Parameters of a real type. */
static inline bool bench_is_real(const IrFunc *func, uint32_t p) {
	return ir_scalar_is_real(ir_type(func, func->params.data[p].value).scalar);
}

/* sum over results r of <weight r, result r> after moving the real arguments by h along `along`. */
static inline double bench_moved(Bench *b, const IrFunc *func, const IrTensor *args, const IrTensor *along, double h,
                                 const IrTensor *weights, uint32_t first) {
	IrTensor *moved = arena_copy(b->arena, args, sizeof(IrTensor) * func->params.count);
	uint32_t real = 0;
	for (uint32_t p = 0; p < func->params.count; p++) {
		if (!bench_is_real(func, p))
			continue;
		int64_t count = ir_type_elements(args[p].type, NULL);
		moved[p].reals = arena_copy(b->arena, args[p].reals, sizeof(double) * (size_t)count);
		for (int64_t i = 0; along[real].reals && i < count; i++)
			moved[p].reals[i] += h * along[real].reals[i];
		real++;
	}
	IrTensor *results = bench_run(b, func, moved);
	double total = 0;
	uint32_t weight = 0;
	for (uint32_t r = first; r < func->results.count; r++) {
		if (!results[r].reals)
			continue;
		int64_t count = ir_type_elements(results[r].type, NULL);
		for (int64_t i = 0; i < count; i++)
			total += weights[weight].reals[i] * results[r].reals[i];
		weight++;
	}
	return total;
}

/* Fourth-order central difference of the same along `along`. */
static inline double bench_difference(Bench *b, const IrFunc *func, const IrTensor *args, const IrTensor *along,
                                      const IrTensor *weights, uint32_t first, double h) {
	ArenaMark mark = arena_mark(b->arena);
	double near =
		bench_moved(b, func, args, along, h, weights, first) - bench_moved(b, func, args, along, -h, weights, first);
	double far = bench_moved(b, func, args, along, 2 * h, weights, first) -
	             bench_moved(b, func, args, along, -2 * h, weights, first);
	arena_release(b->arena, mark);
	return (8 * near - far) / (12 * h);
}

static inline double bench_dot(const IrTensor *x, const IrTensor *y) {
	double total = 0;
	int64_t count = ir_type_elements(x->type, NULL);
	for (int64_t i = 0; i < count; i++)
		total += x->reals[i] * y->reals[i];
	return total;
}

/* Random tensors of the types of the real results from `first` on (weights), or of the real parameters (directions). */
static inline IrTensor *bench_weights(Bench *b, const IrFunc *func, uint32_t first) {
	IrTensor *weights = ARENA_ARRAY(b->arena, IrTensor, func->results.count + 1);
	double low = b->low, high = b->high;
	uint32_t count = 0;
	b->low = -1, b->high = 1;
	for (uint32_t r = first; r < func->results.count; r++) {
		IrType type = ir_type(func, func->results.data[r].value);
		if (ir_scalar_is_real(type.scalar))
			weights[count++] = bench_tensor(b, type);
	}
	b->low = low, b->high = high;
	return weights;
}

static inline IrTensor *bench_directions(Bench *b, const IrFunc *func) {
	IrTensor *along = ARENA_ARRAY(b->arena, IrTensor, func->params.count + 1);
	double low = b->low, high = b->high;
	uint32_t count = 0;
	b->low = -1, b->high = 1;
	for (uint32_t p = 0; p < func->params.count; p++)
		if (bench_is_real(func, p))
			along[count++] = bench_tensor(b, ir_type(func, func->params.data[p].value));
	b->low = low, b->high = high;
	return along;
}

static inline IrTensor *bench_joined(Bench *b, const IrTensor *x, uint32_t x_count, const IrTensor *y,
                                     uint32_t y_count) {
	IrTensor *all = ARENA_ARRAY(b->arena, IrTensor, x_count + y_count + 1);
	memcpy(all, x, sizeof(IrTensor) * x_count);
	if (y_count)
		memcpy(all + x_count, y, sizeof(IrTensor) * y_count);
	return all;
}

static inline uint32_t bench_real_params(const IrFunc *func) {
	uint32_t count = 0;
	for (uint32_t p = 0; p < func->params.count; p++)
		count += bench_is_real(func, p);
	return count;
}

static inline uint32_t bench_real_results(const IrFunc *func) {
	uint32_t count = 0;
	for (uint32_t r = 0; r < func->results.count; r++)
		count += ir_scalar_is_real(ir_type(func, func->results.data[r].value).scalar);
	return count;
}

/* One order: reverse against differences (every coordinate), forward against reverse. Returns the reverse function. */
static inline IrFunc *bench_order(Bench *b, const IrFunc *func, const IrTensor *args, double tolerance) {
	IrFunc *reverse = ad_reverse(b->module, func, "reverse", NULL, NULL, false);
	IrFunc *forward = ad_forward(b->module, func, "forward", NULL, false);
	bench_verify(b, reverse);
	bench_verify(b, forward);
	uint32_t params = func->params.count, reals = bench_real_params(func);
	IrTensor *weights = bench_weights(b, func, 0);
	IrTensor *along = bench_directions(b, func);
	IrTensor *gradient = bench_run(b, reverse, bench_joined(b, args, params, weights, bench_real_results(func)));
	IrTensor *tangents = bench_run(b, forward, bench_joined(b, args, params, along, reals));
	double by_reverse = 0, by_forward = 0;
	for (uint32_t r = 0; r < reals; r++)
		by_reverse += bench_dot(&gradient[r], &along[r]);
	for (uint32_t r = 0; r < forward->results.count; r++)
		by_forward += bench_dot(&tangents[r], &weights[r]);
	cr_assert(bench_close(by_reverse, by_forward, 1e-10), "%s: reverse %.15g, forward %.15g", b->name, by_reverse,
	          by_forward);
	for (uint32_t r = 0; r < reals; r++) {
		int64_t count = ir_type_elements(gradient[r].type, NULL);
		for (int64_t i = 0; i < count && i < 24; i++) {
			ArenaMark mark = arena_mark(b->arena);
			IrTensor *unit = ARENA_ARRAY(b->arena, IrTensor, reals);
			for (uint32_t s = 0; s < reals; s++)
				unit[s] = ir_tensor_new(b->arena, gradient[s].type, NULL);
			unit[r].reals[i] = 1;
			/* a smaller step where a kink of a maximum is near */
			static const double steps[] = {1e-3, 1e-4, 1e-5};
			double difference = 0;
			bool close = false;
			for (int s = 0; s < 3 && !close; s++) {
				difference = bench_difference(b, func, args, unit, weights, 0, steps[s]);
				close = bench_close(gradient[r].reals[i], difference, tolerance);
			}
			arena_release(b->arena, mark);
			cr_assert(close, "%s: real parameter %u, element %lld: reverse %.12g, difference %.12g", b->name, r,
			          (long long)i, gradient[r].reals[i], difference);
		}
	}
	return reverse;
}

/* Batching with every second real parameter (and all integers if vary_ints) varying equals 16 runs. */
static inline void bench_batch(Bench *b, const IrFunc *func, bool odd, bool vary_ints) {
	uint32_t params = func->params.count;
	bool *varying = ARENA_ARRAY(b->arena, bool, params + 1);
	for (uint32_t p = 0; p < params; p++)
		varying[p] = bench_is_real(func, p) ? (p % 2 == 1) == odd || params == 1 : vary_ints;
	IrFunc *batched = ad_batch(b->module, func, "batched", varying, NULL);
	bench_verify(b, batched);
	IrTensor *args = bench_args(b, batched);
	IrTensor *results = bench_run(b, batched, args);
	for (int lane = 0; lane < IR_LANES; lane++) {
		IrTensor *single = arena_copy(b->arena, args, sizeof(IrTensor) * (params + 1));
		for (uint32_t p = 0; p < params; p++) {
			if (!varying[p])
				continue;
			single[p].type = ir_type(func, func->params.data[p].value);
			int64_t count = ir_type_elements(single[p].type, NULL);
			if (single[p].reals)
				single[p].reals += lane * count;
			else
				single[p].integers += lane * count;
		}
		IrTensor *alone = bench_run(b, func, single);
		for (uint32_t r = 0; r < func->results.count; r++) {
			IrTensor of_lane = results[r];
			if (of_lane.type.lanes) {
				int64_t count = ir_type_elements(alone[r].type, NULL);
				of_lane.type = alone[r].type;
				if (of_lane.reals)
					of_lane.reals += lane * count;
				else
					of_lane.integers += lane * count;
			}
			bench_compare(b, "batched and alone", &of_lane, &alone[r], 0);
		}
	}
}

#endif
