/* Whole runs and their meta-gradients: strict machine code and the evaluator give the same bits, for every rule of the library
 * and of the examples, in one precision or both (program_goes). Hyperparameters are opened, so that nearly every rule has
 * something to learn. By default, machine code stays close: rounding grows along a run, so the bound is a relative one. */
#include "programs.h"
#include "runtime/meta/meta.h"

#include <math.h>

enum { T = 4, N = 2, MAX_OPEN = 8 };

/* What runs and estimates give, one after the other. */
typedef struct Numbers {
	VEC(double) all;
	uint32_t runs; /* of them that are not estimates */
} Numbers;

typedef struct Case {
	const char *rule, *objective;
	uint32_t index; /* of the rule among all */
	IrScalar real;
} Case;

static void check(const Session *session, const char *what) {
	if (session->error_count > 0) {
		diag_print_all(session, stderr, false);
		cr_assert_fail("%s", what);
	}
}

static void estimates(Rt *rt, Task *task, const double *theta, Arena *arena, Numbers *out) {
	static const MetaEstimate kinds[] = {
		{.kind = FE_BACKPROP, .horizon_low = T, .horizon_high = T},
		{.kind = FE_BACKPROP, .window = 3, .horizon_low = T, .horizon_high = T},
		{.kind = FE_FORWARD, .horizon_low = T, .horizon_high = T},
		{.kind = FE_PES, .window = 3, .sigma = 0.01, .particles = 3, .horizon_low = T, .horizon_high = T},
	};
	int64_t count = learned_count(task->rule);
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		if (kinds[k].kind == FE_FORWARD && count > 8) /* one run per number */
			continue;
		MetaStats stats;
		int problems = N;
		double *gradient = ARENA_ARRAY(arena, double, count);
		MetaEstimator *e = meta_estimator_new(rt, &task, 1, &problems, &kinds[k], 3);
		check(rt->session, "estimator");
		cr_assert(e && meta_estimate(e, theta, 0, gradient, &stats));
		vec_push(arena, &out->all, stats.score);
		for (int64_t p = 0; p < count; p++)
			vec_push(arena, &out->all, gradient[p]);
		meta_estimator_free(e);
	}
}

static Numbers run(const Case *c, RtEngine engine, bool strict, Arena *arena) {
	Session *session = session_new();
	ProgramDecl decl = programs_all(session, AST_OPTIMIZER).data[c->index];
	RtOptions options = {.engine = engine, .real = c->real, .strict = strict, .threads = 1, .seed = 1};
	Rt *rt = rt_new(session, decl.program, &options);
	FeCall objective;
	cr_assert(fe_call_text(decl.program, c->objective, AST_OBJECTIVE, &objective));
	FeScore score = {FE_SCORE_MEAN, FE_SCORE_F};
	Task *plain = task_new(rt, &objective, &decl.call, score, NULL, 0);
	check(session, c->rule);
	Name open[MAX_OPEN];
	uint32_t open_count = 0;
	for (uint32_t i = 0; i < plain->rule->hypers.count && open_count < MAX_OPEN; i++)
		open[open_count++] = plain->rule->hypers.data[i].name;
	task_free(plain);
	Task *task = task_new(rt, &objective, &decl.call, score, open, open_count);
	check(session, c->rule);
	int64_t count = learned_count(task->rule);
	double *theta = ARENA_ARRAY(arena, double, count + 1);
	cr_assert(count == 0 || learned_start(task->rt, task->rule, 3, theta));
	Problems *problems = problems_new(task, 1, PROBLEMS_TRAIN, N, false);
	Numbers out = {0};
	Runs runs;
	cr_assert(run_problems(task, problems, NULL, theta, T, true, arena, &runs));
	for (int i = 0; i < N * (T + 1); i++)
		vec_push(arena, &out.all, runs.f[i]);
	for (int64_t i = 0; i < N * task->objective->size; i++)
		vec_push(arena, &out.all, runs.x[i]);
	out.runs = out.all.count;
	if (count > 0)
		estimates(rt, task, theta, arena, &out);
	check(session, c->rule);
	problems_free(problems);
	task_free(task);
	rt_free(rt);
	session_free(session);
	return out;
}

static void check_case(const Case *c) {
	Arena *arena = arena_new();
	Numbers evaluated = run(c, RT_EVALUATOR, true, arena), strict = run(c, RT_JIT, true, arena);
	const char *real = ir_scalar_name(c->real);
	cr_assert(evaluated.all.count == strict.all.count);
	for (uint32_t i = 0; i < strict.all.count; i++) {
		double a = evaluated.all.data[i], b = strict.all.data[i];
		cr_expect(isfinite(a), "%s on %s, %s: number %u is %g", c->rule, c->objective, real, i, a);
		cr_assert(memcmp(&a, &b, sizeof a) == 0, "%s on %s, %s: %s %u: evaluator %.17g, machine code %.17g", c->rule,
		          c->objective, real, i < strict.runs ? "number" : "gradient", i, a, b);
	}
	Numbers fast = run(c, RT_JIT, false, arena);
	double scale = 0, off = 0;
	for (uint32_t i = 0; i < fast.all.count; i++) {
		scale = fmax(scale, fabs(strict.all.data[i]));
		off = fmax(off, fabs(strict.all.data[i] - fast.all.data[i]));
	}
	cr_expect(off <= scale * (c->real == IR_F32 ? 1e-4 : 1e-12), "%s on %s, %s: the default mode is off by %g of %g",
	          c->rule, c->objective, real, off, scale);
	if (getenv("GRADUS_TEST_SHOW"))
		fprintf(stderr, "%8.2g  %s on %s, %s\n", off / scale, c->rule, c->objective, real);
	arena_free(arena);
}

/* way: of two that entries of the library take turns in. */
static void check_all(IrScalar real, const char *objective, int way) {
	Session *session = session_new();
	ProgramDecls all = programs_all(session, AST_OPTIMIZER);
	uint32_t stride = GRADUS_SANITIZED ? 4 : 1;
	for (uint32_t i = 0; i < all.count; i += stride) {
		/* The Hessian of a network is singular, and most families have no residuals. */
		bool derives = program_says(&all.data[i], "grad(g, x)") || program_says(&all.data[i], " grad(dot("),
			 squares = program_says(&all.data[i], "residuals");
		const char *on = squares ? "michaelis_menten(n = 6)" : derives ? "poisson_regression(n = 8, d = 2)" : objective;
		if (program_goes(&all.data[i], i / stride, way, 2))
			check_case(&(Case){.rule = all.data[i].name, .objective = on, .index = i, .real = real});
	}
	session_free(session);
}

Test(agree_unrolls, f64_on_one_tensor, .timeout = 550) {
	check_all(IR_F64, "quadratic(n = 3)", 0);
}

Test(agree_unrolls, f32_on_four_tensors, .timeout = 550) {
	check_all(IR_F32, "small_net(n = 4)", 1);
}
