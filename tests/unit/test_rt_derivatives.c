/* Rules that differentiate the objective again: products with its Hessian and with the Jacobian of its residuals. Runs against the
 * same rules written out here by hand, with derivatives worked out by hand; what they count as; problems in lanes against one by one;
 * meta-gradients of whole runs against differences. */
#include "rt_rules.h"

enum { N = 4, M = 6, STEPS = 6 };

static const char source[] = "objective bent(n = 4) {\n"
							 "  param x[i in n] = 1 + 0.2 * i\n"
							 "  let r[i] = (i + 1) * (x[i]^2 - 0.5) / 2\n"
							 "  let parts = concat(r, [x[0] * x[1], x[2] * x[3]^2])\n"
							 "  minimize sum(parts^2) / 2\n"
							 "  residuals parts\n"
							 "}\n"
							 "joint optimizer hessian() {\n"
							 "  learn scale = 1.0\n"
							 "  let H = grad(g, x)\n"
							 "  x <- x - 0.0005 * scale * (H @ g)\n"
							 "}\n"
							 "joint optimizer product() {\n"
							 "  learn scale = 1.0\n"
							 "  x <- x - 0.0005 * scale * grad(dot(gradient(x), g), x)\n"
							 "}\n"
							 "optimizer forward() {\n"
							 "  learn scale = 1.0\n"
							 "  x <- x - 0.0005 * scale * jvp(gradient(x), x, g)\n"
							 "}\n"
							 "joint optimizer twice() {\n"
							 "  learn scale = 1.0\n"
							 "  var p = g\n"
							 "  for k in 0..6 {\n"
							 "    p <- grad(dot(gradient(x), p), x) / 60\n"
							 "  }\n"
							 "  x <- x - 0.0005 * scale * p\n"
							 "}\n"
							 "joint optimizer gauss() {\n"
							 "  learn scale = 1.0\n"
							 "  let J = jacobian(residuals, x)\n"
							 "  let q = transpose(J) @ residuals\n"
							 "  x <- x - 0.0005 * scale * (transpose(J) @ (J @ q))\n"
							 "}\n"
							 "joint optimizer gauss_free() {\n"
							 "  learn scale = 1.0\n"
							 "  let c = residuals\n"
							 "  let q = grad(dot(residuals, c), x)\n"
							 "  let u = jvp(residuals, x, q)\n"
							 "  x <- x - 0.0005 * scale * grad(dot(residuals, u), x)\n"
							 "}\n"
							 "joint optimizer third() {\n"
							 "  learn scale = 1.0\n"
							 "  let u = cos(5 * x)\n"
							 "  x <- x - 0.001 * scale * grad(dot(grad(dot(gradient(x), u), x), u), x)\n"
							 "}\n";

/* Residuals, their Jacobian, and sum over k of c[k] times the Hessian of residual k. */
static void residuals_at(const double *x, double *r) {
	for (int i = 0; i < 4; i++)
		r[i] = (i + 1) * (x[i] * x[i] - 0.5) / 2;
	r[4] = x[0] * x[1];
	r[5] = x[2] * x[3] * x[3];
}

static void jacobian_at(const double *x, double J[M][N]) {
	memset(J, 0, sizeof(double) * M * N);
	for (int i = 0; i < 4; i++)
		J[i][i] = (i + 1) * x[i];
	J[4][0] = x[1];
	J[4][1] = x[0];
	J[5][2] = x[3] * x[3];
	J[5][3] = 2 * x[2] * x[3];
}

static double value_at(const double *x) {
	double r[M], sum = 0;
	residuals_at(x, r);
	for (int k = 0; k < M; k++)
		sum += r[k] * r[k] / 2;
	return sum;
}

static void transposed(double J[M][N], const double *c, double *out) {
	for (int i = 0; i < N; i++) {
		out[i] = 0;
		for (int k = 0; k < M; k++)
			out[i] += J[k][i] * c[k];
	}
}

static void times(double J[M][N], const double *u, double *out) {
	for (int k = 0; k < M; k++) {
		out[k] = 0;
		for (int i = 0; i < N; i++)
			out[k] += J[k][i] * u[i];
	}
}

static void gradient_at(const double *x, double *g) {
	double r[M], J[M][N];
	residuals_at(x, r);
	jacobian_at(x, J);
	transposed(J, r, g);
}

/* H u = J^T J u + sum over k of r[k] H[k] u */
static void hessian_times(const double *x, const double *u, double *out) {
	double r[M], J[M][N], Ju[M];
	residuals_at(x, r);
	jacobian_at(x, J);
	times(J, u, Ju);
	transposed(J, Ju, out);
	for (int i = 0; i < 4; i++)
		out[i] += r[i] * (i + 1) * u[i];
	out[0] += r[4] * u[1];
	out[1] += r[4] * u[0];
	out[2] += r[5] * 2 * x[3] * u[3];
	out[3] += r[5] * (2 * x[3] * u[2] + 2 * x[2] * u[3]);
}

static void step(double *x, const double *p, double by) {
	for (int i = 0; i < N; i++)
		x[i] -= by * p[i];
}

static void hessian(double *x, double scale) {
	double g[N], p[N];
	gradient_at(x, g);
	hessian_times(x, g, p);
	step(x, p, 0.0005 * scale);
}

static void twice(double *x, double scale) {
	double p[N], q[N];
	gradient_at(x, p);
	for (int k = 0; k < 6; k++) {
		hessian_times(x, p, q);
		for (int i = 0; i < N; i++)
			p[i] = q[i] / 60;
	}
	step(x, p, 0.0005 * scale);
}

static void gauss(double *x, double scale) {
	double r[M], J[M][N], q[N], u[M], p[N];
	residuals_at(x, r);
	jacobian_at(x, J);
	transposed(J, r, q);
	times(J, q, u);
	transposed(J, u, p);
	step(x, p, 0.0005 * scale);
}

/* The gradient of u^T H u by differences: the third derivatives are not worked out by hand. */
static void third(double *x, double scale) {
	const double h = 1e-3;
	double p[N], u[N];
	for (int i = 0; i < N; i++)
		u[i] = cos(5 * x[i]);
	for (int i = 0; i < N; i++) {
		double part[4];
		for (int k = 0; k < 4; k++) {
			double at[N], Hu[N];
			memcpy(at, x, sizeof at);
			at[i] += (double[]){h, -h, 2 * h, -2 * h}[k];
			hessian_times(at, u, Hu);
			part[k] = 0;
			for (int j = 0; j < N; j++)
				part[k] += u[j] * Hu[j];
		}
		p[i] = (8 * (part[0] - part[1]) - (part[2] - part[3])) / (12 * h);
	}
	step(x, p, 0.001 * scale);
}

static const struct {
	const char *name;
	void (*step)(double *x, double scale);
	int evaluations; /* what a step counts as */
	double allowed;
} rules[] = {
	{"hessian", hessian, 1 + 2 * N, 1e-12},
	{"product", hessian, 3, 1e-12},
	{"forward", hessian, 3, 1e-12},
	{"twice", twice, 13, 1e-12},
	{"gauss", gauss, 1 + N, 1e-12},
	{"gauss_free", gauss, 4, 1e-12},
	{"third", third, 4, 1e-9},
};

static double simulate(size_t rule, double scale, double *f) {
	double x[N] = {1, 1.2, 1.4, 1.6}, sum = 0;
	f[0] = value_at(x);
	for (int t = 1; t <= STEPS; t++) {
		rules[rule].step(x, scale);
		f[t] = value_at(x);
		sum += f[t];
	}
	return sum / (double)STEPS;
}

Test(rt_derivatives, runs_are_those_of_the_rules_written_out) {
	const RtOptions ways[] = {{.engine = RT_EVALUATOR, .real = IR_F64, .threads = 1},
	                          {.engine = RT_JIT, .real = IR_F64, .threads = 1},
	                          {.engine = RT_JIT, .real = IR_F64, .threads = 1, .strict = true}};
	for (size_t r = 0; r < sizeof rules / sizeof *rules; r++) {
		double want[STEPS + 1], theta = 1.25;
		simulate(r, theta, want);
		cr_assert(fabs(want[STEPS] - want[0]) > 1e-3 * want[0] && isfinite(want[STEPS]), "%s: %g to %g", rules[r].name,
		          want[0], want[STEPS]);
		for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
			Bench b = bench(source, &ways[w]);
			Task *task = new_task(&b, "bent", rules[r].name);
			Problems *problems = problems_new(task, 1, PROBLEMS_TRAIN, 1, false);
			Runs runs;
			cr_assert(run_problems(task, problems, NULL, &theta, STEPS, false, b.arena, &runs));
			cr_expect(distance(runs.f, want, STEPS + 1) < rules[r].allowed, "%s, way %zu: %g", rules[r].name, w,
			          distance(runs.f, want, STEPS + 1));
			cr_expect(runs.spent[STEPS] == STEPS * rules[r].evaluations, "%s: %lld after %d steps", rules[r].name,
			          (long long)runs.spent[STEPS], STEPS);
			problems_free(problems);
			task_free(task);
			bench_free(&b);
		}
	}
}

Test(rt_derivatives, meta_gradients_are_those_of_differences) {
	const RtOptions options = {.engine = RT_JIT, .real = IR_F64, .threads = 1};
	const MetaEstimate kinds[] = {{.kind = FE_BACKPROP, .horizon_low = STEPS, .horizon_high = STEPS},
	                              {.kind = FE_FORWARD, .horizon_low = STEPS, .horizon_high = STEPS}};
	for (size_t r = 0; r < sizeof rules / sizeof *rules; r++) {
		double f[STEPS + 1], theta = 0.9, h = 1e-4;
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
			meta_estimator_free(e);
			task_free(task);
			bench_free(&b);
		}
	}
}

/* Problems that differ, in lanes of one block and one by one, on mini-batches: the products see the batch of their step. */
Test(rt_derivatives, lanes_are_problems) {
	static const char text[] =
		"objective drawn(n = 20) {\n"
		"  given a : [n] ~ normal(0, 1)\n"
		"  batch pick : int[4] ~ integer(0, n)\n"
		"  param w : [3] ~ normal(0, 1)\n"
		"  let r[k] = tanh(a[pick[k]] * w[0]) + w[1]^2 - w[2]\n"
		"  minimize sum(r^2) / 2\n"
		"  residuals r\n"
		"}\n"
		"joint optimizer checked() {\n"
		"  let J = jacobian(residuals, x)\n"
		"  let off = norm(grad(dot(residuals, stop_gradient(residuals)), x) - g) + norm(transpose(J) @ residuals - g)\n"
		"  let p = grad(dot(gradient(x), g), x)\n"
		"  x <- x - 0.1 * p / (1 + norm(p)) + 1e6 * off\n"
		"}\n";
	enum { PROBLEMS = 16 };
	double f[2][PROBLEMS * (STEPS + 1)];
	for (int one = 0; one < 2; one++) {
		const RtOptions options = {.engine = RT_JIT, .real = IR_F64, .threads = 1, .strict = true};
		Bench b = bench(text, &options);
		Task *task = new_task(&b, "drawn", "checked");
		if (one)
			task_choose_lanes(task, 1);
		Problems *problems = problems_new(task, 1, PROBLEMS_TRAIN, PROBLEMS, false);
		Runs runs;
		cr_assert(run_problems(task, problems, NULL, NULL, STEPS, false, b.arena, &runs));
		memcpy(f[one], runs.f, sizeof f[one]);
		problems_free(problems);
		task_free(task);
		bench_free(&b);
	}
	cr_expect(distance(f[0], f[1], PROBLEMS * (STEPS + 1)) < 1e-6);
	for (int i = 0; i < PROBLEMS * (STEPS + 1); i++)
		cr_expect(f[0][i] < 1e3, "%g: the products are not those of this batch", f[0][i]);
}
