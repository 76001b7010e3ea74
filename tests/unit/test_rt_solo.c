/* One problem a block against 16 problems in lanes: the same bits with --strict for runs and meta-gradients, on any number
 * of threads and by the evaluator; nearly the same by default. */
#include "rt_tasks.h"
#include "runtime/meta/meta.h"

typedef struct Pair {
	const char *objective, *rule, *open;
} Pair;

static const Pair pairs[] = {
	{"robust_regression(n = 20, d = 3)", "adam(lr = 0.1)", "lr"},
	{"quadratic(n = 5)", "momentum(lr = 0.05, beta = 0.8)", "beta"},
	{"rosenbrock()", "gradient_descent(lr = 0.001)", "lr"},
	{"network", "adam(lr = 0.02)", "lr"},
	{"quadratic(n = 5)", "mlp_lopt(hidden = 2)", NULL},
	{"network", "policy(hidden = 2)", NULL},
};
enum { PAIRS = sizeof pairs / sizeof *pairs };

/* Contractions forwards and backwards, a gather, a bias that is broadcast, and sizes that are no multiple of 16. */
static const char network[] = "objective network(n = 37, d = 21, hidden = 19) {\n"
							  "  given X : [n, d] ~ normal(0, 1)\n"
							  "  given label : int[n] ~ integer(0, 5)\n"
							  "  param W1 : [d, hidden] ~ normal(0, sqrt(2 / d))\n"
							  "  param b1 : [hidden] = 0\n"
							  "  param W2 : [hidden, 5] ~ normal(0, sqrt(1 / hidden))\n"
							  "  let h[i, j] = relu(sum[k](X[i, k] * W1[k, j]) + b1[j])\n"
							  "  let z[i, c] = sum[j](h[i, j] * W2[j, c])\n"
							  "  minimize mean[i](logsumexp[c](z[i, c]) - z[i, label[i]])\n"
							  "}\n";

enum { STEPS = 9, PROBLEMS = 3 };

/* What one way of running gives. */
typedef struct Outcome {
	int64_t size, learned;
	double *f, *x, *gradients, *mean, score; /* gradients: of every problem */
} Outcome;

typedef struct Way {
	const char *name;
	RtEngine engine;
	bool strict;
	int threads, lanes;
} Way;

static const Way ways[] = {
	{"lanes", RT_JIT, true, 1, IR_LANES},
	{"solo", RT_JIT, true, 1, 1},
	{"solo on two threads", RT_JIT, true, 2, 1},
	{"solo, evaluated", RT_EVALUATOR, true, 1, 1},
	{"lanes by default", RT_JIT, false, 1, IR_LANES},
	{"solo by default", RT_JIT, false, 2, 1},
};
enum { WAYS = sizeof ways / sizeof *ways };

/* The whole unroll's gradient of every problem: [PROBLEMS][P]. */
static void gradients(Task *task, const Problems *problems, const double *theta, Arena *arena, double *out) {
	IrScalar real = task->objective->real;
	size_t count = (size_t)learned_count(task->rule), lanes = (size_t)task->lanes, width = ir_scalar_bytes(real);
	cr_assert(task_need(task, TASK_GRADIENT, &(TaskPlan){.window = 4, .steps = STEPS, .fixed = true}));
	const RtCode *code = task->code[TASK_GRADIENT][TASK_SHARED];
	void *stored = rt_aligned(arena, 8 * count), *scratch = rt_aligned(arena, code->arena_bytes);
	const void *given_theta = stored;
	rt_write_reals(real, stored, 1, theta, count);
	void *results[] = {rt_aligned(arena, 8 * IR_LANES), rt_aligned(arena, 8 * IR_LANES * count)};
	IrByRole places;
	ir_by_role(&places);
	ir_give(&places, IR_ROLE_SCORE, &results[0], 1);
	ir_give(&places, ir_role_tilde(IR_ROLE_THETA), &results[1], 1);
	for (int k = 0; k < problems->block_count; k++) {
		void *pointers[64];
		double hypers[16];
		int64_t horizon = STEPS;
		IrByRole given;
		ir_by_role(&given);
		problems_give(task, &given, &problems->blocks[k]);
		run_give_rule(task, &given, NULL, hypers, &given_theta);
		ir_give_addresses(&given, IR_ROLE_HORIZON, &horizon, sizeof horizon, 1);
		cr_assert(rt_call_by_role(code, &given, &places, pointers, scratch) == 0);
		for (size_t lane = 0; lane < lanes && (size_t)k * lanes + lane < PROBLEMS; lane++) {
			const char *first = (const char *)results[1] + lane * width;
			rt_read_reals(real, first, lanes, out + ((size_t)k * lanes + lane) * count, count);
		}
	}
}

static Outcome run_way(const Pair *pair, const Way *way, IrScalar real, Arena *arena) {
	Session *session = session_new();
	FeProgram *program = fe_program_new(session);
	fe_add_source(program, source_add(session, "test.grad", network, strlen(network)));
	RtOptions options = {
		.engine = way->engine, .real = real, .strict = way->strict, .threads = way->threads, .seed = 3};
	Rt *rt = rt_new(session, program, &options);
	FeCall objective, rule;
	cr_assert(fe_call_text(program, pair->objective, AST_OBJECTIVE, &objective));
	cr_assert(fe_call_text(program, pair->rule, AST_OPTIMIZER, &rule));
	Name open = pair->open ? session_name(session, pair->open) : (Name){0};
	Task *task = task_new(rt, &objective, &rule, (FeScore){FE_SCORE_MEAN, FE_SCORE_F}, &open, pair->open ? 1 : 0);
	if (!task)
		diag_print_all(session, stderr, false);
	cr_assert_not_null(task, "%s on %s", pair->rule, pair->objective);
	Outcome out = {.size = task->objective->size, .learned = learned_count(task->rule)};
	double *theta = ARENA_ARRAY(arena, double, out.learned + 1);
	out.mean = ARENA_ARRAY(arena, double, out.learned + 1);
	out.gradients = ARENA_ARRAY(arena, double, PROBLEMS *out.learned + 1);
	cr_assert(learned_start(task->rt, task->rule, 5, theta));
	task_set_lanes(task, way->lanes);
	Problems *problems = problems_new(task, 3, 0, PROBLEMS, false);
	Runs runs;
	cr_assert(run_problems(task, problems, NULL, theta, STEPS, true, arena, &runs));
	out.f = runs.f;
	out.x = runs.x;
	gradients(task, problems, theta, arena, out.gradients);
	if (way->lanes == 1) {
		MetaEstimate how = {.kind = FE_BACKPROP, .window = 4, .horizon_low = STEPS, .horizon_high = STEPS};
		int count = PROBLEMS;
		MetaStats stats;
		MetaEstimator *e = meta_estimator_new(rt, &task, 1, &count, &how, 1);
		cr_assert(e && meta_estimate(e, theta, 0, out.mean, &stats));
		cr_assert(task->lanes == 1 && stats.pieces == PROBLEMS && stats.nonfinite == 0);
		out.score = stats.score;
		meta_estimator_free(e);
	}
	problems_free(problems);
	task_free(task);
	rt_free(rt);
	session_free(session);
	return out;
}

static void same(const char *what, const Pair *pair, const Way *way, const double *a, const double *b, int64_t count,
                 double tolerance) {
	if (tolerance == 0) {
		cr_expect(memcmp(a, b, sizeof *a * (size_t)count) == 0, "%s of %s on %s: %s", what, pair->rule, pair->objective,
		          way->name);
	} else {
		double off = rt_bench_distance(a, b, count);
		cr_expect(off <= tolerance, "%s of %s on %s: %s is off by %g", what, pair->rule, pair->objective, way->name,
		          off);
	}
}

Test(rt_solo, blocks_of_one_are_blocks_of_16, .timeout = 300) {
	for (int k = 0; k < PAIRS; k++) {
		const Pair *pair = &pairs[k];
		IrScalar real = k % 2 == 0 ? IR_F64 : IR_F32;
		Arena *arena = arena_new();
		Outcome outcome[WAYS];
		for (int w = 0; w < WAYS; w++) {
			const Way *way = &ways[w];
			outcome[w] = run_way(pair, way, real, arena);
			double tolerance = way->strict ? 0 : real == IR_F64 ? 1e-9 : 1e-2;
			const Outcome *lanes = &outcome[0], *solo = &outcome[1], *this = &outcome[w];
			same("f", pair, way, lanes->f, this->f, (int64_t)PROBLEMS * (STEPS + 1), tolerance);
			same("x", pair, way, lanes->x, this->x, PROBLEMS * lanes->size, tolerance);
			same("gradients", pair, way, lanes->gradients, this->gradients, PROBLEMS * lanes->learned, tolerance);
			if (w > 1 && way->lanes == 1) {
				same("mean gradient", pair, way, solo->mean, this->mean, solo->learned, tolerance);
				same("score", pair, way, &solo->score, &this->score, 1, tolerance);
			}
		}
		arena_free(arena);
	}
}

typedef struct Plan {
	const char *objective;
	int problems, lanes;
} Plan;

static const Plan plans[] = {
	{"rosenbrock()", 1, 1},
	{"rosenbrock()", 3, 1},
	{"rosenbrock()", 4, IR_LANES},
	{"quadratic(n = 40)", 4, 1},
	{"quadratic(n = 40)", 8, IR_LANES},
	{"quadratic(n = 100)", 11, 1},
	{"quadratic(n = 100)", 12, IR_LANES},
	{"quadratic(n = 300)", 1000, 1},
};

Test(rt_solo, few_or_large_problems_run_one_by_one) {
	Session *session = session_new();
	FeProgram *program = fe_program_new(session);
	RtOptions options = {.real = IR_F32, .threads = 1};
	Rt *rt = rt_new(session, program, &options);
	for (size_t k = 0; k < sizeof plans / sizeof *plans; k++) {
		const Plan *plan = &plans[k];
		FeCall objective;
		cr_assert(fe_call_text(program, plan->objective, AST_OBJECTIVE, &objective));
		Task *task = task_new(rt, &objective, NULL, (FeScore){FE_SCORE_MEAN, FE_SCORE_F}, NULL, 0);
		cr_assert_not_null(task);
		task_choose_lanes(task, plan->problems);
		cr_expect(task->lanes == plan->lanes, "%d of %s: %d", plan->problems, plan->objective, task->lanes);
		task_free(task);
	}
	rt_free(rt);
	session_free(session);
}
