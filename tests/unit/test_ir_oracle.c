/* The oracle of the passes: random functions, their vector-Jacobian products, and the meta-gradients of short unrolls that use
 * those, evaluated as they were built and again after each pass and after all of them.
 *
 * What a pass may change is rounding. How much of that a program can show is measured, not guessed: the same program in f32
 * differs from itself in f64 by some 2^29 times as much, up to chance. An element counts only where that leaves digits to
 * compare; that most do is asserted, too. What is not finite unoptimized may become anything; what is must stay so.
 *
 * GRADUS_ORACLE=20000 runs a campaign of so many programs, GRADUS_ORACLE_SEED=n starts at that one. */
#include "autodiff/autodiff.h"
#include "ir/rewrite.h"
#include "ir_random.h"

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if GRADUS_SANITIZED
enum { PROGRAMS = 60 };
#else
enum { PROGRAMS = 1200 };
#endif

enum { TURNS = 2, MOST_ELEMENTS = 400000 };

/* How much of the reals were compared, over all programs. */
typedef struct Tally {
	uint64_t compared, vague, errors, functions, excused;
} Tally;

/* One function in both precisions, with arguments of equal values and what came of them. */
typedef struct Twin {
	IrFunc *func[2]; /* f64, f32 */
	IrTensor *args[2], *results[2];
	const char *error;
	bool swept;   /* without what no result needs */
	bool guarded; /* there is an error, and the results are those that come of it if nothing notices */
} Twin;

typedef struct Oracle {
	uint64_t seed;
	Session *session;
	IrModule *module;
	Arena *arena;
	Tally *tally;
	const Twin *value; /* the function that this one is derived from */
} Oracle;

static const char *printed(const Oracle *o, const IrFunc *func) {
	Text text = text_new(o->arena);
	ir_print(func, &text);
	return text_cstr(&text);
}

static void fail(const Oracle *o, const char *what, const char *pass, const char *message, const IrFunc *before,
                 const IrFunc *after) {
	cr_assert_fail("seed %llu, %s after %s: %s\nbefore:\n%s\nafter:\n%s\n", (unsigned long long)o->seed, what, pass,
	               message, printed(o, before), printed(o, after));
}

/* Reals of derived parameters are small and the same in both precisions. */
static void fill_arguments(Oracle *o, Twin *twin, uint64_t salt) {
	for (int k = 0; k < 2; k++) {
		IrFunc *func = twin->func[k];
		twin->args[k] = ARENA_ARRAY(o->arena, IrTensor, func->params.count + 1);
		twin->results[k] = ARENA_ARRAY(o->arena, IrTensor, func->results.count + 1);
		random_arguments(func, o->arena, o->seed + salt, twin->args[k]);
	}
}

static void evaluate_twin(Oracle *o, Twin *twin, const char *what) {
	for (int k = 0; k < 2; k++) {
		const char *wrong = ir_verify(twin->func[k]);
		if (wrong)
			fail(o, what, "nothing", wrong, twin->func[k], twin->func[k]);
	}
	twin->error = ir_evaluate(twin->func[0], o->arena, twin->args[0], twin->results[0], NULL);
	if (twin->error &&
	    !twin->swept) { /* what no result needs may go, and with it what it would have complained about */
		for (int k = 0; k < 2; k++)
			twin->func[k] = ir_remove_dead(o->module, twin->func[k]);
		twin->swept = true;
		evaluate_twin(o, twin, what);
		return;
	}
	const char *error = ir_evaluate(twin->func[1], o->arena, twin->args[1], twin->results[1], NULL);
	cr_assert((error == NULL) == (twin->error == NULL), "seed %llu", (unsigned long long)o->seed);
	o->tally->functions++;
	o->tally->errors += error != NULL;
}

static void guard_op(void *context, const IrBlock *block, IrOp *op) {
	const IrFunc *func = context;
	(void)block;
	for (uint32_t n = 0; op->kind == IR_FOR && n < op->f.nodes.count; n++) {
		IrNode *node = &op->f.nodes.data[n];
		node->guarded =
			node->guarded || (node->kind == IR_NODE_READ &&
		                      ir_positions_may_fail(func, &op->f, ir_type(func, node->value), node->at, false));
	}
	for (uint32_t p = 0; op->kind == IR_FOR && p < op->f.puts.count; p++) {
		IrPut *put = &op->f.puts.data[p];
		put->guarded = put->guarded || ir_positions_may_fail(func, &op->f, ir_type(func, put->out), put->at, false);
	}
}

/* What the function gives if all that leaves its range is 0: what it has to give where it does not notice, as no result needs
 * the element that would have complained. */
static void evaluate_guarded(Oracle *o, Twin *twin) {
	for (int k = 0; k < 2; k++) {
		IrFunc *copy = ir_func_copy(o->module, twin->func[k], "guarded");
		ir_visit_ops(&copy->body, guard_op, copy);
		const char *error = ir_evaluate(copy, o->arena, twin->args[k], twin->results[k], NULL);
		cr_assert_null(error);
	}
	twin->guarded = true;
}

static double largest_of(const IrTensor *tensor, int64_t count) {
	double largest = 0;
	for (int64_t i = 0; i < count; i++)
		largest = fmax(largest, isfinite(tensor->reals[i]) ? fabs(tensor->reals[i]) : 0);
	return largest;
}

/* Whether a value on the way is not finite (the maximum of nothing is -inf): then rounding may decide between NaN and not. */
static bool has_infinities(Oracle *o, const Twin *twin) {
	IrFunc *copy = ir_func_copy(o->module, twin->func[0], "all_values");
	for (uint32_t i = 0; i < copy->body.ops.count; i++) {
		const IrOp *op = copy->body.ops.data[i];
		for (uint32_t p = 0; op->kind == IR_FOR && p < op->f.puts.count; p++)
			ir_result(copy, NULL, op->f.puts.data[p].out);
	}
	IrTensor *results = ARENA_ARRAY(o->arena, IrTensor, copy->results.count + 1);
	if (ir_evaluate(copy, o->arena, twin->args[0], results, NULL))
		return true;
	for (uint32_t r = 0; r < copy->results.count; r++)
		for (int64_t i = 0; results[r].reals && i < ir_type_elements(results[r].type, NULL); i++)
			if (!isfinite(results[r].reals[i]))
				return true;
	return false;
}

static void compare_tensor(Oracle *o, const Twin *twin, uint32_t r, const IrTensor *got, const IrFunc *after,
                           const char *what, const char *pass) {
	const IrTensor *want = &twin->results[0][r], *rough = &twin->results[1][r];
	int64_t count = ir_type_elements(want->type, NULL);
	double largest = want->reals ? largest_of(want, count) : 0;
	for (int64_t i = 0; i < count; i++) {
		if (!want->reals) {
			/* whole numbers that come from comparing reals may differ where f32 does, too */
			bool same = want->integers[i] == got->integers[i] || want->integers[i] != rough->integers[i];
			if (!same)
				fail(o, what, pass,
				     arena_printf(o->arena, "result %u [%lld]: %lld became %lld", r, (long long)i,
				                  (long long)want->integers[i], (long long)got->integers[i]),
				     twin->func[0], after);
			continue;
		}
		double w = want->reals[i], g = got->reals[i], spread = fabs(w - rough->reals[i]);
		double tolerance = 1e-12 * (1 + largest) + 1e-4 * spread;
		o->tally->compared++;
		if (!isfinite(w) || !isfinite(spread) || tolerance > 0.01 * (fabs(w) + 0.01 * largest)) {
			o->tally->vague += w != 0;
			if (!isfinite(w) || !isfinite(spread))
				continue;
		}
		if (fabs(w - g) <= tolerance)
			continue;
		if (has_infinities(o, twin) || (o->value != twin && has_infinities(o, o->value))) {
			o->tally->excused++;
			return;
		}
		fail(o, what, pass,
		     arena_printf(o->arena, "result %u [%lld]: %.17g (f32: %.9g) became %.17g", r, (long long)i, w,
		                  rough->reals[i], g),
		     twin->func[0], after);
	}
}

static void compare_after(Oracle *o, Twin *twin, IrFunc *after, const char *what, const char *pass) {
	IrTensor *results = ARENA_ARRAY(o->arena, IrTensor, after->results.count + 1);
	const char *wrong = ir_verify(after);
	if (wrong)
		fail(o, what, pass, wrong, twin->func[0], after);
	wrong = ir_evaluate(after, o->arena, twin->args[0], results, NULL);
	if (wrong && !twin->error)
		fail(o, what, pass, wrong, twin->func[0], after);
	if (!wrong && twin->error && !twin->guarded)
		evaluate_guarded(o, twin);
	for (uint32_t r = 0; !wrong && r < after->results.count; r++)
		compare_tensor(o, twin, r, &results[r], after, what, pass);
}

/* Each pass by itself, and the whole sequence. */
static void check_passes(Oracle *o, Twin *twin, const char *what, bool each) {
	for (size_t p = 0; each && p < ir_pass_count; p++)
		if (ir_passes[p].run != ir_pass_expand_math)
			compare_after(o, twin, ir_passes[p].run(o->module, twin->func[0]), what, ir_passes[p].name);
	IrFunc *best = ir_optimize(o->module, twin->func[0], &(IrPipeline){.verify = true});
	compare_after(o, twin, best, what, "all passes");
	compare_after(o, twin, ir_optimize(o->module, best, &(IrPipeline){.verify = true}), what, "all passes twice");
}

static bool is_small(const IrFunc *func) {
	int64_t elements = 0;
	for (uint32_t v = 1; v < func->values.count; v++)
		elements += ir_type_elements(ir_type(func, v), NULL);
	return elements < MOST_ELEMENTS;
}

/* TURNS steps against the cotangent of the first parameter, which the results then depend on. */
static IrFunc *unroll(IrModule *module, const IrFunc *vjp, uint32_t params) {
	IrFunc *func = ir_func_new(module, "unroll");
	IrBuilder b = ir_builder(func);
	IrValue *args = ARENA_ARRAY(module->arena, IrValue, vjp->params.count + 1), start;
	IrValue *results = ARENA_ARRAY(module->arena, IrValue, vjp->results.count + 1), next;
	for (uint32_t i = 0; i < vjp->params.count; i++) {
		IrType type = ir_type(vjp, vjp->params.data[i].value);
		const char *name = vjp->params.data[i].name ? session_text(module->session, vjp->params.data[i].name) : NULL;
		args[i] = i < params ? ir_param(func, name, type) : ir_fill(&b, type, i % 2 ? 0.5 : -0.25);
	}
	IrBlock *outer = b.block;
	start = args[0];
	IrOp *loop = ir_loop_begin(&b, TURNS, 0);
	args[0] = ir_loop_carry(&b, loop, start);
	ir_inline(&b, vjp, args, results);
	IrType type = ir_type(func, start);
	IrForBuilder f = ir_for_begin(&b);
	IrAt at[IR_MAX_RANK];
	for (int k = 0; k < type.rank; k++)
		at[k] = ir_at_index(module, ir_for_index(&f, 0, type.dims[k]), 1);
	uint32_t move = ir_op1(&f, IR_tanh, ir_read(&f, results[0], at, false));
	move = ir_op2(&f, IR_mul, ir_real(&f, type.scalar, 0.125), move);
	next = ir_put(&f, IR_PUT_NONE, ir_op2(&f, IR_sub, ir_read(&f, args[0], at, false), move), type, at, 0, false);
	ir_for_end(&f);
	ir_loop_end(&b, loop, &next, outer);
	ir_result(func, "end", loop->loop.carries.data[0].out);
	return func;
}

static uint32_t real_results(const IrFunc *func) {
	uint32_t count = 0;
	for (uint32_t i = 0; i < func->results.count; i++)
		count += ir_scalar_is_real(ir_type(func, func->results.data[i].value).scalar);
	return count;
}

/* Value, gradient, meta-gradient; gradients in lanes now and then. */
static void check_program(Oracle *o) {
	bool lanes = o->seed % 4 == 0;
	Twin value = {0};
	value.func[0] = random_ir(o->module, o->seed, IR_F64, lanes);
	value.func[1] = random_ir(o->module, o->seed, IR_F32, lanes);
	o->value = &value;
	fill_arguments(o, &value, 0);
	evaluate_twin(o, &value, "value");
	check_passes(o, &value, "value", true);
	if (lanes || real_results(value.func[0]) == 0)
		return;
	Twin gradient = {0}, meta = {0}, batch = {0};
	for (int k = 0; k < 2; k++)
		gradient.func[k] = ad_reverse(o->module, value.func[k], "vjp", NULL, NULL, false);
	if (!is_small(gradient.func[0]))
		return;
	fill_arguments(o, &gradient, 0);
	evaluate_twin(o, &gradient, "gradient");
	check_passes(o, &gradient, "gradient", o->seed % 3 == 0);
	if (o->seed % 4 == 1) {
		for (int k = 0; k < 2; k++) {
			bool *varying = ARENA_ARRAY(o->arena, bool, gradient.func[k]->params.count + 1);
			varying[o->seed / 4 % 2] = true;
			batch.func[k] = ad_batch(o->module, gradient.func[k], "batch", varying, NULL);
		}
		fill_arguments(o, &batch, 0);
		evaluate_twin(o, &batch, "batched gradient");
		check_passes(o, &batch, "batched gradient", false);
	}
	if (o->seed % 4 != 2)
		return;
	for (int k = 0; k < 2; k++) {
		uint32_t params = value.func[k]->params.count;
		IrFunc *whole = unroll(o->module, gradient.func[k], params);
		meta.func[k] = ad_reverse(o->module, whole, "meta", NULL, NULL, true);
	}
	if (!is_small(meta.func[0]))
		return;
	fill_arguments(o, &meta, 0);
	evaluate_twin(o, &meta, "meta-gradient");
	check_passes(o, &meta, "meta-gradient", false);
}

/* The seed, where a panic ends the run. */
static char seed_text[64];

static void say_seed(int signal_number) {
	ssize_t written = write(2, seed_text, strlen(seed_text));
	(void)written;
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static void run_program(uint64_t seed, Tally *tally) {
	snprintf(seed_text, sizeof seed_text, "this was seed %llu\n", (unsigned long long)seed);
	Oracle o = {.seed = seed, .session = session_new(), .arena = arena_new(), .tally = tally};
	o.module = ir_module_new(o.session);
	check_program(&o);
	ir_module_free(o.module);
	arena_free(o.arena);
	session_free(o.session);
}

Test(ir_oracle, passes_keep_values_gradients_and_meta_gradients) {
	const char *count = getenv("GRADUS_ORACLE"), *first = getenv("GRADUS_ORACLE_SEED");
	uint64_t programs = count ? strtoull(count, NULL, 10) : PROGRAMS, seed = first ? strtoull(first, NULL, 10) : 1;
	fprintf(stderr, "random functions %llu to %llu (GRADUS_ORACLE=count, GRADUS_ORACLE_SEED=first)\n",
	        (unsigned long long)seed, (unsigned long long)(seed + programs - 1));
	signal(SIGABRT, say_seed);
	signal(SIGSEGV, say_seed);
	Tally tally = {0};
	for (uint64_t i = 0; i < programs; i++) {
		run_program(seed + i, &tally);
		if (count && i % 1000 == 999)
			fprintf(stderr, "%llu\n", (unsigned long long)(i + 1));
	}
	double vague = (double)tally.vague / (double)(tally.compared + 1);
	fprintf(
		stderr,
		"%llu functions, %llu end with an error, %llu excused for infinities; %.3g numbers compared, %.2g %% of them "
		"too rough to tell\n",
		(unsigned long long)tally.functions, (unsigned long long)tally.errors, (unsigned long long)tally.excused,
		(double)tally.compared, 100 * vague);
	cr_assert(tally.excused <= 1 + tally.functions / 1000);
	cr_assert(vague < 0.02 || programs < 100);
	cr_assert((tally.errors > 0 && tally.errors < tally.functions / 10) || programs < 100);
}
