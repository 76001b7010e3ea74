/* Batches: what is drawn at every step is the counter-based number of its key, the same by every engine, in lanes and alone, in
 * segments and windows; and meta-gradients go through the steps that it was drawn for. */
#include "runtime/meta/meta.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static const char program[] =
	"objective numbers(n = 1000) {\n"
	"  batch pick : int[2] ~ integer(0, n)\n"
	"  batch u[i in 3] ~ uniform(i, i + 1)\n"
	"  param w : real = 1\n"
	"  minimize pick[0] + 1000 * pick[1] + u[2] + 0 * w\n"
	"}\n"
	"objective regression(n = 30, size = 5) {\n"
	"  given X : [n, 3] ~ normal(0, 1)\n"
	"  given y : [n] ~ normal(0, 1)\n"
	"  batch pick : int[size] ~ integer(0, n)\n"
	"  batch noise : [3] ~ normal(0, 0.1)\n"
	"  param w : [3] = 0.3\n"
	"  let r[i] = sum[j](X[pick[i], j] * (w[j] + noise[j])) - y[pick[i]]\n"
	"  minimize mean[i](r[i]^2)\n"
	"}\n"
	"objective validated(n = 30) {\n"
	"  given X : [n, 3] ~ normal(0, 1)\n"
	"  given y : [n] ~ normal(0, 1)\n"
	"  batch pick : int[5] ~ integer(0, n)\n"
	"  param w : [3] = 0.3\n"
	"  let r[i in n] = sum[j](X[i, j] * w[j]) - y[i]\n"
	"  minimize mean[i](r[pick[i]]^2)\n"
	"  validate mean[i](abs(r[i])^3) + 0.1 * sum(w^4) * (1 + r[pick[0]])\n"
	"}\n"
	"objective orders() {\n"
	"  batch pick : int[4] ~ permutation(7)\n"
	"  param w : real = 1\n"
	"  minimize pick[0] + 8 * pick[1] + 64 * pick[2] + 512 * pick[3] + 0 * w\n"
	"}\n"
	"objective epochs(n = 12) {\n"
	"  given X : [n, 3] ~ normal(0, 1)\n"
	"  given y : [n] ~ normal(0, 1)\n"
	"  given weight : int[n] ~ permutation(n)\n"
	"  batch pick : int[5] ~ permutation(n)\n"
	"  param w : [3] = 0.3\n"
	"  let r[i] = sum[j](X[pick[i], j] * w[j]) - y[pick[i]]\n"
	"  minimize mean[i](weight[pick[i]] * r[i]^2) / n\n"
	"}\n"
	"optimizer slow(rate = 0.1) {\n  learn rates = 0.05\n  learn decay = 0.8 in (0, 1)\n  state m = 0\n"
	"  m <- decay * m + g\n  x <- x - rates * m * tanh(f)\n}\n";

typedef struct Lab {
	Session *session;
	Rt *rt;
	Task *task;
} Lab;

static Lab lab_new(const char *objective_text, RtEngine engine, int threads, int lanes) {
	Lab lab = {.session = session_new()};
	FeProgram *p = fe_program_new(lab.session);
	fe_add_source(p, source_add(lab.session, "test.grad", program, strlen(program)));
	RtOptions options = {.engine = engine, .real = IR_F64, .strict = true, .threads = threads, .seed = 11};
	lab.rt = rt_new(lab.session, p, &options);
	FeCall objective, rule;
	cr_assert(fe_call_text(p, objective_text, AST_OBJECTIVE, &objective));
	cr_assert(fe_call_text(p, "slow", AST_OPTIMIZER, &rule));
	lab.task = task_new(lab.rt, &objective, &rule, (FeScore){FE_SCORE_MEAN, FE_SCORE_F}, NULL, 0);
	if (!lab.task)
		diag_print_all(lab.session, stderr, false);
	cr_assert_not_null(lab.task);
	task_set_lanes(lab.task, lanes);
	return lab;
}

static void lab_free(Lab *lab) {
	task_free(lab->task);
	rt_free(lab->rt);
	session_free(lab->session);
}

/* Curves of `problems` problems, [steps + 1] each, and the mean score. */
static double run(const Lab *lab, const double *theta, int problems, int steps, double *f) {
	Arena *arena = arena_new();
	Problems *made = problems_new(lab->task, 11, 3, problems, false);
	cr_assert_not_null(made);
	cr_assert(task_need_forward(lab->task, steps, TASK_SHARED));
	Runs runs;
	cr_assert(run_problems(lab->task, made, NULL, theta, steps, false, arena, &runs));
	memcpy(f, runs.f, sizeof *f * (size_t)(problems * (steps + 1)));
	double mean = 0;
	for (int k = 0; k < problems; k++)
		mean += runs.score[k] / problems;
	problems_free(made);
	arena_free(arena);
	return mean;
}

/* The number of a draw between 0 and 1, from the key as docs/language.md has it. */
static double uniform(const char *name, uint64_t instance, uint64_t step, uint64_t element) {
	uint64_t key[2] = {11, hash_bytes(name, strlen(name), 0)}, out[2];
	uint64_t counter[2] = {instance, (step << 40) + element};
	random_threefry(key, counter, out);
	return (double)(out[0] >> 11) * 0x1p-53;
}

enum { PROBLEMS = 19, STEPS = 300 };

Test(rt_batch, is_the_number_of_its_key, .timeout = 120) {
	static double f[PROBLEMS * (STEPS + 1)];
	double theta[2] = {0.05, 1};
	static const int lanes[] = {1, IR_LANES, IR_LANES};
	for (int way = 0; way < 3; way++) {
		int steps = way == 2 ? 20 : STEPS; /* longer than a segment */
		Lab lab = lab_new("numbers", way == 2 ? RT_EVALUATOR : RT_JIT, 2, lanes[way]);
		run(&lab, theta, PROBLEMS, steps, f);
		for (int k = 0; k < PROBLEMS; k++) {
			for (int t = 0; t <= steps; t++) {
				uint64_t instance = (uint64_t)(3 + k), step = (uint64_t)t + 1;
				double want = floor(uniform("pick", instance, step, 0) * 1000) +
				              1000 * floor(uniform("pick", instance, step, 1) * 1000) +
				              (2 + uniform("u", instance, step, 2));
				double got = f[k * (steps + 1) + t];
				cr_assert(fabs(got - want) <= 1e-9 * want, "way %d, problem %d, after step %d: %.17g, not %.17g", way,
				          k, t, got, want);
			}
		}
		lab_free(&lab);
	}
}

/* Every 7 picks in a row are 0 to 6: epochs without replacement, in batches of 4, each in an order of its own. */
Test(rt_batch, permutations_are_epochs, .timeout = 120) {
	static double f[PROBLEMS * (STEPS + 1)];
	double theta[2] = {0.05, 1};
	static const int lanes[] = {1, IR_LANES, IR_LANES};
	for (int way = 0; way < 3; way++) {
		int steps = way == 2 ? 20 : STEPS, same = 0, epochs = 0;
		Lab lab = lab_new("orders", way == 2 ? RT_EVALUATOR : RT_JIT, 2, lanes[way]);
		run(&lab, theta, PROBLEMS, steps, f);
		for (int k = 0; k < PROBLEMS; k++) {
			int seen = 0, picks = 0;
			long order = 0, before = -1;
			for (int t = 0; t <= steps; t++) {
				int four = (int)f[k * (steps + 1) + t];
				for (int i = 0; i < 4; i++, four /= 8) {
					seen |= 1 << four % 8;
					order = order * 8 + four % 8;
					if (++picks % 7 != 0)
						continue;
					cr_assert_eq(seen, 127, "way %d, problem %d, step %d: an epoch of %lo", way, k, t + 1, order);
					same += order == before;
					epochs++;
					before = order;
					seen = 0;
					order = 0;
				}
			}
		}
		cr_expect(same <= 5, "way %d: of %d epochs, one in 5040 of which should be as the one before, %d are", way,
		          epochs, same);
		lab_free(&lab);
	}
}

static const char *const same_ways[] = {"regression", "epochs"};

Test(rt_batch, every_way_is_the_same, .timeout = 120) {
	enum { SHORT = 40 };
	double first[PROBLEMS * (SHORT + 1)], f[PROBLEMS * (SHORT + 1)], theta[2] = {0.03, 0.5};
	for (size_t which = 0; which < sizeof same_ways / sizeof *same_ways; which++) {
		const char *name = same_ways[which];
		for (int way = 0; way < 6; way++) {
			Lab lab = lab_new(name, way & 4 ? RT_EVALUATOR : RT_JIT, way & 1 ? 3 : 1, way & 2 ? 1 : IR_LANES);
			run(&lab, theta, PROBLEMS, SHORT, way ? f : first);
			cr_expect(way == 0 || memcmp(first, f, sizeof f) == 0, "%s: way %d", name, way);
			lab_free(&lab);
		}
		cr_expect(first[0] != first[1] && first[1] != first[2] && first[0] != first[SHORT + 1], "%s", name);
	}
}

static const char *const trained_on[] = {"regression", "validated", "epochs"};

/* Whole unrolls, against differences; forward mode in every window against backward mode. */
Test(rt_batch, meta_gradients, .timeout = 200) {
	enum { RUN = 12, FEW = 5 };
	double theta[2] = {0.04, 0.7};
	for (int way = 0; way < 6; way++) {
		int lanes = way & 1 ? IR_LANES : 1;
		Lab lab = lab_new(trained_on[way / 2], RT_JIT, 1, lanes);
		double gradients[4][2];
		static const MetaEstimate hows[] = {{.kind = FE_BACKPROP},
		                                    {.kind = FE_FORWARD},
		                                    {.kind = FE_BACKPROP, .window = 5},
		                                    {.kind = FE_FORWARD, .window = 5}};
		for (int k = 0; k < 4; k++) {
			MetaEstimate how = hows[k];
			how.horizon_low = how.horizon_high = RUN;
			int count = FEW;
			MetaStats stats;
			MetaEstimator *e = meta_estimator_new(lab.rt, &lab.task, 1, &count, &how, 11);
			cr_assert(e && meta_estimate(e, theta, 0, gradients[k], &stats));
			cr_assert(stats.nonfinite == 0);
			meta_estimator_free(e);
		}
		lab_free(&lab);
		/* The training problems are 0, 1, ...: `run` takes those from 3 on, so they are made here. */
		lab = lab_new(trained_on[way / 2], RT_JIT, 1, lanes);
		Problems *made = problems_of(lab.task, 11, PROBLEMS_TRAIN, FEW, false);
		cr_assert(made && task_need_forward(lab.task, RUN, TASK_SHARED));
		for (int p = 0; p < 2; p++) {
			double difference = 0, h = 1e-5;
			for (int side = -1; side <= 1; side += 2) {
				double moved[2] = {theta[0], theta[1]};
				moved[p] += side * h;
				Arena *arena = arena_new();
				Runs runs;
				cr_assert(run_problems(lab.task, made, NULL, moved, RUN, false, arena, &runs));
				for (int k = 0; k < FEW; k++)
					for (int t = 1; t <= RUN; t++)
						difference += side * runs.f[k * (RUN + 1) + t] / (RUN * FEW) / (2 * h);
				arena_free(arena);
			}
			for (int k = 0; k < 2; k++)
				cr_expect(fabs(gradients[k][p] - difference) <= 1e-7 * (1 + fabs(difference)),
				          "theta %d, estimate %d: %.12g, differences say %.12g", p, k, gradients[k][p], difference);
			cr_expect(fabs(gradients[2][p] - gradients[3][p]) <= 1e-10 * (1 + fabs(gradients[2][p])),
			          "windows: %.12g, %.12g", gradients[2][p], gradients[3][p]);
		}
		problems_free(made);
		lab_free(&lab);
	}
}
