/* Rules that evaluate the objective at other places than x, against the same rules written out here by hand: runs on two tensors
 * and on batches, by the evaluator and by machine code; counts of evaluations; meta-gradients against differences. */
#include "rt_rules.h"

enum { N = 7, STEPS = 12 };

static const char source[] = "objective bent(n = 5) {\n"
							 "  param a[i in n] = 1 + 0.1 * real(i)\n"
							 "  param b[i in 2] = 2 - real(i)\n"
							 "  minimize sum[i](real(i + 1) * (a[i] - b[0])^2) / 2 + (b[1] - 0.5)^4 + b[0]^2\n"
							 "}\n"
							 "optimizer extragradient(lr = 0.05) {\n"
							 "  learn scale = 1.0\n"
							 "  x <- x - lr * scale * gradient(x - lr * g)\n"
							 "}\n"
							 "optimizer sam(lr = 0.05, radius = 0.05, beta = 0.9) {\n"
							 "  learn scale = 1.0\n"
							 "  state m = 0\n"
							 "  let n = sqrt(all_sum(sum(g^2))) + 1e-12\n"
							 "  m <- beta * m + gradient(x + scale * radius * g / n)\n"
							 "  x <- x - lr * m\n"
							 "}\n"
							 "joint optimizer halves(lr = 1.0) {\n"
							 "  learn scale = 1.0\n"
							 "  var step = lr\n"
							 "  for k in 0..20 {\n"
							 "    let enough = value(x - step * g) <= f - 1e-4 * step * dot(g, g)\n"
							 "    step <- if enough then step else step / 2\n"
							 "  }\n"
							 "  x <- x - scale * step * g\n"
							 "}\n"
							 "joint optimizer several(lr = 0.05) {\n"
							 "  learn scale = 1.0\n"
							 "  state m = 0\n"
							 "  let y = x - lr * g\n"
							 "  let there = gradient(y)\n"
							 "  let bent = value(y)\n"
							 "  let again = gradient(x - lr * g)\n"
							 "  m <- 0.5 * m + scale * gradient(y - lr * there * bent / (1 + abs(bent))) + again\n"
							 "  x <- x - lr * m\n"
							 "}\n"
							 "joint optimizer until(lr = 1.0) {\n"
							 "  learn scale = 1.0\n"
							 "  var step = lr\n"
							 "  var enough = false\n"
							 "  while not enough limit 30 {\n"
							 "    enough <- value(x - step * g) <= f - 1e-4 * step * dot(g, g)\n"
							 "    if not enough { step <- step / 2 }\n"
							 "  }\n"
							 "  x <- x - scale * step * g\n"
							 "}\n"
							 "joint optimizer asks(lr = 1.0) {\n"
							 "  learn scale = 1.0\n"
							 "  var step = lr\n"
							 "  while value(x - step * g) > f - 1e-4 * step * dot(g, g) limit 30 {\n"
							 "    step <- step / 2\n"
							 "  }\n"
							 "  x <- x - scale * step * g\n"
							 "}\n"
							 "joint optimizer stubborn(lr = 0.2) {\n"
							 "  learn scale = 1.0\n"
							 "  var step = lr\n"
							 "  while value(x - step * g) > -1 limit 6 {\n"
							 "    step <- step / 2\n"
							 "  }\n"
							 "  x <- x - scale * step * g\n"
							 "}\n"
							 "optimizer blind(lr = 0.05) {\n"
							 "  learn scale = 1.0\n"
							 "  x <- x - lr * scale * gradient(0.9 * x)\n"
							 "}\n";

static double value_at(const double *z) {
	double sum = pow(z[6] - 0.5, 4) + z[5] * z[5];
	for (int i = 0; i < 5; i++)
		sum += (i + 1) * (z[i] - z[5]) * (z[i] - z[5]) / 2;
	return sum;
}

static void gradient_at(const double *z, double *g) {
	g[5] = 2 * z[5];
	g[6] = 4 * pow(z[6] - 0.5, 3);
	for (int i = 0; i < 5; i++) {
		g[i] = (i + 1) * (z[i] - z[5]);
		g[5] -= g[i];
	}
}

/* y = a + s b */
static void along(const double *a, double s, const double *b, double *y) {
	for (int i = 0; i < N; i++)
		y[i] = a[i] + s * b[i];
}

static double dot(const double *a, const double *b) {
	double sum = 0;
	for (int i = 0; i < N; i++)
		sum += a[i] * b[i];
	return sum;
}

static void extragradient(double *x, double *m, double scale) {
	double g[N], y[N];
	(void)m;
	gradient_at(x, g);
	along(x, -0.05, g, y);
	gradient_at(y, g);
	along(x, -0.05 * scale, g, x);
}

static void sam(double *x, double *m, double scale) {
	double g[N], y[N];
	gradient_at(x, g);
	along(x, scale * 0.05 / (sqrt(dot(g, g)) + 1e-12), g, y);
	gradient_at(y, g);
	along(g, 0.9, m, m);
	along(x, -0.05, m, x);
}

static int searched; /* evaluations of the last line search */

static void until(double *x, double *m, double scale) {
	double g[N], y[N], step = 1;
	(void)m;
	gradient_at(x, g);
	for (searched = 1; searched <= 30; searched++) {
		along(x, -step, g, y);
		if (value_at(y) <= value_at(x) - 1e-4 * step * dot(g, g))
			break;
		step /= 2;
	}
	along(x, -scale * step, g, x);
}

/* A search that never ends before its limit. */
static void stubborn(double *x, double *m, double scale) {
	double g[N];
	(void)m;
	gradient_at(x, g);
	along(x, -scale * 0.2 / 64, g, x);
}

static void halves(double *x, double *m, double scale) {
	double g[N], y[N], step = 1;
	(void)m;
	gradient_at(x, g);
	for (int k = 0; k < 20; k++) {
		along(x, -step, g, y);
		if (!(value_at(y) <= value_at(x) - 1e-4 * step * dot(g, g)))
			step /= 2;
	}
	along(x, -scale * step, g, x);
}

static void several(double *x, double *m, double scale) {
	double g[N], y[N], there[N], last[N];
	gradient_at(x, g);
	along(x, -0.05, g, y);
	gradient_at(y, there);
	double bent = value_at(y);
	along(y, -0.05 * bent / (1 + fabs(bent)), there, y);
	gradient_at(y, last);
	for (int i = 0; i < N; i++)
		m[i] = 0.5 * m[i] + scale * last[i] + there[i];
	along(x, -0.05, m, x);
}

static void blind(double *x, double *m, double scale) {
	double g[N], y[N];
	(void)m;
	along(x, -0.1, x, y);
	gradient_at(y, g);
	along(x, -0.05 * scale, g, x);
}

static const struct {
	const char *name;
	void (*step)(double *x, double *m, double scale);
	int evaluations; /* a step; 0: as many as the search takes, and one */
} rules[] = {
	{"extragradient", extragradient, 2},
	{"sam", sam, 2},
	{"halves", halves, 21},
	{"until", until, 0},
	{"asks", until, 0},
	{"stubborn", stubborn, 7},
	{"several", several, 3},
	{"blind", blind, 1},
};

static int spent[STEPS + 1];

static double simulate(size_t rule, double scale, double *f) {
	double x[N] = {1, 1.1, 1.2, 1.3, 1.4, 2, 1}, m[N] = {0}, sum = 0;
	f[0] = value_at(x);
	for (int t = 1; t <= STEPS; t++) {
		rules[rule].step(x, m, scale);
		f[t] = value_at(x);
		spent[t] = spent[t - 1] + (rules[rule].evaluations ? rules[rule].evaluations : searched + 1);
		sum += f[t];
	}
	return sum / (double)STEPS;
}

Test(rt_evaluate, runs_are_those_of_the_rules_written_out) {
	const RtOptions ways[] = {{.engine = RT_EVALUATOR, .real = IR_F64, .threads = 1},
	                          {.engine = RT_JIT, .real = IR_F64, .threads = 1},
	                          {.engine = RT_JIT, .real = IR_F64, .threads = 1, .strict = true}};
	for (size_t r = 0; r < sizeof rules / sizeof *rules; r++) {
		double want[STEPS + 1], theta = 1.25;
		simulate(r, theta, want);
		for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
			Bench b = bench(source, &ways[w]);
			Task *task = new_task(&b, "bent", rules[r].name);
			Problems *problems = problems_new(task, 1, PROBLEMS_TRAIN, 1, false);
			Runs runs;
			cr_assert(run_problems(task, problems, NULL, &theta, STEPS, false, b.arena, &runs));
			cr_expect(distance(runs.f, want, STEPS + 1) < 1e-12, "%s, way %zu: %g", rules[r].name, w,
			          distance(runs.f, want, STEPS + 1));
			for (int t = 0; t <= STEPS; t++)
				cr_expect(runs.spent[t] == spent[t], "%s: %lld after step %d, not %d", rules[r].name,
				          (long long)runs.spent[t], t, spent[t]);
			cr_expect(runs.evaluations == spent[STEPS]);
			problems_free(problems);
			task_free(task);
			bench_free(&b);
		}
	}
}

Test(rt_evaluate, as_many_steps_as_evaluations_pay_for) {
	const RtOptions options = {.engine = RT_EVALUATOR, .real = IR_F64, .threads = 1};
	for (size_t r = 0; r < sizeof rules / sizeof *rules; r++) {
		double want[STEPS + 1], theta = 1;
		simulate(r, theta, want);
		Bench b = bench(source, &options);
		Task *task = new_task(&b, "bent", rules[r].name);
		Problems *problems = problems_new(task, 1, PROBLEMS_TRAIN, 1, false);
		for (int evaluations = 1; evaluations <= STEPS; evaluations++) {
			Runs runs;
			cr_assert(compare_run(task, problems, NULL, &theta, evaluations, b.arena, &runs));
			cr_expect(runs.steps == evaluations);
			for (int k = 0; k <= evaluations; k++) {
				int t = 0; /* steps that are done when k evaluations are spent; at the end, that have spent them all */
				while (k == evaluations ? spent[t] < k : spent[t + 1] <= k)
					t++;
				double at = want[t];
				cr_expect(distance(&runs.f[k], &at, 1) < 1e-12, "%s: %d of %d", rules[r].name, k, evaluations);
			}
		}
		problems_free(problems);
		task_free(task);
		bench_free(&b);
	}
}

Test(rt_evaluate, meta_gradients_are_those_of_differences) {
	const RtOptions options = {.engine = RT_JIT, .real = IR_F64, .threads = 1};
	const MetaEstimate kinds[] = {{.kind = FE_BACKPROP, .horizon_low = STEPS, .horizon_high = STEPS},
	                              {.kind = FE_FORWARD, .horizon_low = STEPS, .horizon_high = STEPS}};
	for (size_t r = 0; r < sizeof rules / sizeof *rules; r++) {
		double f[STEPS + 1], theta = 0.9, h = 1e-5;
		double want = (8 * (simulate(r, theta + h, f) - simulate(r, theta - h, f)) -
		               (simulate(r, theta + 2 * h, f) - simulate(r, theta - 2 * h, f))) /
		              (12 * h);
		for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
			Bench b = bench(source, &options);
			Task *task = new_task(&b, "bent", rules[r].name);
			int problems = 1;
			double gradient;
			MetaStats stats;
			MetaEstimator *e = meta_estimator_new(b.rt, &task, 1, &problems, &kinds[k], 3);
			cr_assert(e && meta_estimate(e, &theta, 0, &gradient, &stats));
			cr_expect(fabs(gradient - want) < 1e-7 * (1 + fabs(want)), "%s: %g, not %g", rules[r].name, gradient, want);
			/* f and g at x are one a turn, and there is one at the start */
			int all = rules[r].evaluations ? rules[r].evaluations : 31;
			int elsewhere = all - (strcmp(rules[r].name, "blind") != 0);
			cr_expect(stats.evaluations == STEPS * (1 + elsewhere) + 1, "%s: %lld", rules[r].name,
			          (long long)stats.evaluations);
			meta_estimator_free(e);
			task_free(task);
			bench_free(&b);
		}
	}
}

/* On mini-batches, what a step evaluates sees the batch of its g: with y = x, the two are equal at every step. */
Test(rt_evaluate, sees_the_batch_of_its_step) {
	static const char text[] =
		"objective drawn(n = 50) {\n"
		"  given a : [n] ~ normal(0, 1)\n"
		"  batch pick : int[4] ~ integer(0, n)\n"
		"  param w : [3] = 1\n"
		"  minimize mean[k](sum[i]((w[i] * a[pick[k]] - real(i))^2))\n"
		"}\n"
		"optimizer here(lr = 0.05) { x <- x - lr * g }\n"
		"optimizer there(lr = 0.05) { x <- x - lr * gradient(x) }\n"
		"optimizer both(lr = 0.05) { x <- x - lr * g - abs(gradient(x) - g) - abs(value(x) - f) }\n";
	const RtOptions options = {.engine = RT_JIT, .real = IR_F64, .threads = 1, .strict = true};
	static const char *const names[] = {"here", "there", "both"};
	double f[3][5 * (STEPS + 1)];
	for (int r = 0; r < 3; r++) {
		Bench b = bench(text, &options);
		Task *task = new_task(&b, "drawn", names[r]);
		Problems *problems = problems_new(task, 1, PROBLEMS_TRAIN, 5, false);
		Runs runs;
		cr_assert(run_problems(task, problems, NULL, NULL, STEPS, false, b.arena, &runs));
		memcpy(f[r], runs.f, sizeof f[r]);
		problems_free(problems);
		task_free(task);
		bench_free(&b);
	}
	cr_expect(memcmp(f[0], f[1], sizeof f[0]) == 0 && memcmp(f[0], f[2], sizeof f[0]) == 0);
	cr_expect(f[0][1] != f[0][0]);
}
