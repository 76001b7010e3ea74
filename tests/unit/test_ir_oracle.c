/* The oracle of the passes: random functions, their vector-Jacobian products, and the meta-gradients of short unrolls that use
 * those, evaluated as they were built and again after each pass and after all of them.
 *
 * What a pass may change is rounding. How much of that a program can show is measured, not guessed: the same program in f32
 * differs from itself in f64 by some 2^29 times as much, up to chance, as long as that is not as far as it can go. That most
 * numbers leave digits to compare is asserted, too. What is not finite unoptimized may become anything; what is must stay so.
 *
 * Without more, the programs are the same in every run, from seed 1 on: a tree that passes goes on passing, and what fails was
 * changed by a commit. New ones are for campaigns (scripts/campaign.sh begins at another seed every time):
 * GRADUS_ORACLE=20000 looks at so many programs, GRADUS_ORACLE_SEED=n starts at that one. Which they were is printed. */
#include "autodiff/autodiff.h"
#include "ir/eval/eval.h"
#include "ir/pass/pass.h"
#include "ir/pass/rewrite.h"
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
enum { PROGRAMS = 700 };
#endif

enum { TURNS = 2, MOST_ELEMENTS = 400000 };

static const double wild_share = 1e-2; /* the share of the largest number by which f32 is off */

/* What was compared, over all programs; vague: tensors that f32 puts off by more than wild_share. */
typedef struct Tally {
	uint64_t compared, tensors, vague, errors, functions, excused;
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
			twin->func[k] = pass_remove_dead(o->module, twin->func[k]);
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
	IrFor *f = ir_as_for(op);
	(void)block;
	for (uint32_t n = 0; f && n < f->nodes.count; n++) {
		IrNode *node = &f->nodes.data[n];
		node->guarded =
			node->guarded || (node->kind == IR_NODE_READ &&
		                      pass_positions_may_fail(func, f, ir_type(func, node->value), node->at, false));
	}
	for (uint32_t p = 0; f && p < f->puts.count; p++) {
		IrPut *put = &f->puts.data[p];
		put->guarded = put->guarded || pass_positions_may_fail(func, f, ir_type(func, put->out), put->at, false);
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

/* The largest difference that f32 makes, as a share of the largest number; infinite if something is not finite. */
static double roughness(const IrTensor *fine, const IrTensor *rough) {
	int64_t count = ir_type_elements(fine->type, NULL);
	double spread = 0, largest = fine->reals ? largest_of(fine, count) : 0;
	for (int64_t i = 0; fine->reals && i < count; i++) {
		if (!isfinite(fine->reals[i]) || !isfinite(rough->reals[i]))
			return INFINITY;
		spread = fmax(spread, fabs(fine->reals[i] - rough->reals[i]));
	}
	return spread > 0 ? spread / largest : 0;
}

/* Arguments that are a little beside: ties and zeros are gone. */
static IrTensor *moved_arguments(Oracle *o, const Twin *twin) {
	const IrFunc *func = twin->func[0];
	IrTensor *args = arena_copy(o->arena, twin->args[0], sizeof(IrTensor) * (func->params.count + 1));
	RandomIr noise = {.state = o->seed};
	for (uint32_t p = 0; p < func->params.count; p++) {
		size_t count = (size_t)ir_type_elements(args[p].type, NULL);
		if (!args[p].reals)
			continue;
		args[p].reals = arena_copy(o->arena, args[p].reals, count * sizeof(double));
		for (size_t i = 0; i < count; i++)
			args[p].reals[i] += ((double)random_below(&noise, 2000) - 1000) * 1e-10;
	}
	return args;
}

/* All results and all values at top level of one of the twins; NULL where there is an error. */
static IrTensor *all_values(Oracle *o, const IrFunc *func, const IrTensor *args, uint32_t *count) {
	IrFunc *copy = ir_func_copy(o->module, func, "all_values");
	for (uint32_t i = 0; i < copy->body.ops.count; i++) {
		for (IrDef def = ir_defs(copy->body.ops.data[i]); ir_next_def(&def);)
			if (def.block < 0 && def.kind != IR_DEF_TABLE)
				ir_result(copy, NULL, def.value);
	}
	*count = copy->results.count;
	IrTensor *results = ARENA_ARRAY(o->arena, IrTensor, copy->results.count + 1);
	return ir_evaluate(copy, o->arena, args, results, NULL) ? NULL : results;
}

/* Whether on the way there is a value that is not finite (the maximum of nothing is -inf), where rounding decides between NaN and
 * not; or one that f32, or a step of 1e-7 beside, moves as far as it can go, as where a tie or the sign of a zero decides. Then
 * what the end should be within cannot be told. */
static bool is_wild(Oracle *o, const Twin *twin) {
	uint32_t count;
	const IrTensor *fine = all_values(o, twin->func[0], twin->args[0], &count);
	const IrTensor *others[2] = {all_values(o, twin->func[1], twin->args[1], &count),
	                             all_values(o, twin->func[0], moved_arguments(o, twin), &count)};
	for (int k = 0; k < 2; k++)
		for (uint32_t r = 0; r < count; r++)
			if (!fine || !others[k] || roughness(&fine[r], &others[k][r]) > wild_share)
				return true;
	return false;
}

typedef IrFunc *Rewrite(IrModule *module, IrFunc *func);

/* What came of a function, and how it was made. */
typedef struct After {
	IrFunc *func;
	Rewrite *rewrite;
	const IrTensor *results;
	const char *what, *pass;
} After;

/* How far f32 is off in the rewritten function, where that shows more than in the one it was made of: sub(x, x) is exactly 0
 * until the two go into sums of their own. What is wrong is wrong in f32, too, by as much. */
static double rewritten_spread(Oracle *o, const Twin *twin, const After *after, uint32_t r, int64_t i) {
	IrFunc *func = after->rewrite(o->module, twin->func[1]);
	IrTensor *results = ARENA_ARRAY(o->arena, IrTensor, func->results.count + 1);
	if (ir_evaluate(func, o->arena, twin->args[1], results, NULL))
		return 0;
	return fabs(results[r].reals[i] - twin->results[0][r].reals[i]);
}

static bool whole_agrees(const Twin *twin, const After *after, uint32_t r, int64_t i) {
	int64_t want = twin->results[0][r].integers[i];
	/* what comes from comparing reals may differ where f32 does, too */
	return want == after->results[r].integers[i] || want != twin->results[1][r].integers[i];
}

/* wild: see is_wild; this result itself is. */
static bool real_agrees(Oracle *o, const Twin *twin, const After *after, uint32_t r, int64_t i, double largest,
                        bool wild) {
	double want = twin->results[0][r].reals[i], rough = twin->results[1][r].reals[i], got = after->results[r].reals[i];
	double tolerance = 1e-12 * (1 + largest) + 1e-4 * fabs(want - rough);
	o->tally->compared++;
	if (!isfinite(want) || !isfinite(rough))
		return true;
	tolerance += wild ? 1e-3 * largest : 0;
	return fabs(want - got) <= tolerance ||
	       fabs(want - got) <= tolerance + 1e-4 * rewritten_spread(o, twin, after, r, i);
}

static void compare_tensor(Oracle *o, const Twin *twin, uint32_t r, const After *after) {
	const IrTensor *want = &twin->results[0][r], *rough = &twin->results[1][r];
	int64_t count = ir_type_elements(want->type, NULL);
	double largest = want->reals ? largest_of(want, count) : 0;
	bool wild = roughness(want, rough) > wild_share;
	o->tally->tensors++;
	o->tally->vague += wild;
	for (int64_t i = 0; i < count; i++) {
		if (want->reals ? real_agrees(o, twin, after, r, i, largest, wild) : whole_agrees(twin, after, r, i))
			continue;
		if (is_wild(o, twin) || (o->value != twin && is_wild(o, o->value))) {
			o->tally->excused++;
			return;
		}
		const char *message =
			want->reals ? arena_printf(o->arena, "result %u [%lld]: %.17g (f32: %.9g) became %.17g", r, (long long)i,
		                               want->reals[i], rough->reals[i], after->results[r].reals[i])
						: arena_printf(o->arena, "result %u [%lld]: %lld became %lld", r, (long long)i,
		                               (long long)want->integers[i], (long long)after->results[r].integers[i]);
		fail(o, after->what, after->pass, message, twin->func[0], after->func);
	}
}

/* What a pass promises besides. */
static void keeps_promise(Oracle *o, const Twin *twin, const IrPass *pass, const char *what) {
	if (!pass->after)
		return;
	IrFunc *func = pass->run(o->module, twin->func[0]);
	const char *wrong = pass->after(twin->func[0], func);
	if (wrong)
		fail(o, what, pass->name, wrong, twin->func[0], func);
}

static void compare_after(Oracle *o, Twin *twin, Rewrite *rewrite, const char *what, const char *pass) {
	IrFunc *func = rewrite(o->module, twin->func[0]);
	IrTensor *results = ARENA_ARRAY(o->arena, IrTensor, func->results.count + 1);
	const char *wrong = ir_verify(func);
	if (wrong)
		fail(o, what, pass, wrong, twin->func[0], func);
	wrong = ir_evaluate(func, o->arena, twin->args[0], results, NULL);
	if (wrong && !twin->error)
		fail(o, what, pass, wrong, twin->func[0], func);
	if (!wrong && twin->error && !twin->guarded)
		evaluate_guarded(o, twin);
	for (uint32_t r = 0; !wrong && r < func->results.count; r++)
		compare_tensor(o, twin, r, &(After){func, rewrite, results, what, pass});
}

static IrFunc *all_passes(IrModule *module, IrFunc *func) {
	return ir_optimize(module, func, &(IrPipeline){.verify = true});
}

static IrFunc *all_passes_twice(IrModule *module, IrFunc *func) {
	return all_passes(module, all_passes(module, func));
}

/* Each pass by itself, and the whole sequence. */
static void check_passes(Oracle *o, Twin *twin, const char *what, bool each) {
	for (size_t p = 0; each && p < ir_pass_count; p++)
		keeps_promise(o, twin, &ir_passes[p], what);
	for (size_t p = 0; each && p < ir_pass_count; p++)
		if (ir_passes[p].run != ir_pass_expand_math)
			compare_after(o, twin, ir_passes[p].run, what, ir_passes[p].name);
	compare_after(o, twin, all_passes, what, "all passes");
	compare_after(o, twin, all_passes_twice, what, "all passes twice");
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
	double vague = (double)tally.vague / (double)(tally.tensors + 1);
	fprintf(stderr,
	        "%llu functions, %llu end with an error, %llu excused as wild on the way; %.3g numbers compared, %.2g %% "
	        "of the tensors too rough to tell\n",
	        (unsigned long long)tally.functions, (unsigned long long)tally.errors, (unsigned long long)tally.excused,
	        (double)tally.compared, 100 * vague);
	cr_assert(tally.excused <= 5 + tally.functions / 200);
	cr_assert(vague < 0.03 || programs < 100);
	cr_assert((tally.errors > 0 && tally.errors < tally.functions / 10) || programs < 100);
}
