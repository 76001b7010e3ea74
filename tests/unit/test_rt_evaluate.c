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
							 "joint optimizer asks_there(lr = 1.0) {\n"
							 "  learn scale = 1.0\n"
							 "  var step = lr\n"
							 "  var y = x - scale * step * g\n"
							 "  while value(y) > f - 1e-4 * step * dot(g, g) limit 30 {\n"
							 "    step <- step / 2\n"
							 "    y <- x - scale * step * g\n"
							 "  }\n"
							 "  x <- y\n"
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
							 "}\n"
							 "joint optimizer takes(lr = 0.05) {\n"
							 "learn scale = 1.0\n"
							 "state m = 0\n"
							 "let y = x - lr * scale * (g + 0.3 * m)\n"
							 "m <- gradient(y) * (1 + 0.1 * tanh(value(y)))\n"
							 "x <- y\n"
							 "}\n"
							 "joint optimizer evaluates_anew(lr = 0.05) {\n"
							 "learn scale = 1.0\n"
							 "state m = 0\n"
							 "let y = x - lr * scale * (g + 0.3 * m)\n"
							 "m <- gradient(y) * (1 + 0.1 * tanh(value(y)))\n"
							 "x <- y + 0 * g\n"
							 "}\n"
							 "joint optimizer takes_sometimes(lr = 0.05) {\n"
							 "learn scale = 1.0\n"
							 "state m = 0\n"
							 "let y = x - lr * scale * (g + 0.3 * m)\n"
							 "m <- gradient(y) * (1 + 0.1 * tanh(value(y)))\n"
							 "x <- if t % 3 == 0 then y + 0 * g else y\n"
							 "}\n"
							 "optimizer takes_tensors(lr = 0.05) {\n"
							 "learn scale = 1.0\n"
							 "state m = 0\n"
							 "let y = x - lr * scale * (g + 0.3 * m)\n"
							 "m <- gradient(y) * (1 + 0.1 * tanh(value(y)))\n"
							 "x <- y\n"
							 "}\n"
							 "joint optimizer trusts(lr = 0.02) {\n"
							 "learn scale = 1.0\n"
							 "state rate : real = lr\n"
							 "let y = x - rate * scale * g\n"
							 "let better = value(y) < f\n"
							 "x <- if better then y else x\n"
							 "rate <- if better then 3 * rate else rate / 4\n"
							 "}\n"
							 "joint optimizer keeps(lr = 0.02) {\n"
							 "learn scale = 1.0\n"
							 "state rate : real = lr\n"
							 "state m = 0\n"
							 "let y = x - rate * scale * (g + 0.1 * m)\n"
							 "let there = gradient(y)\n"
							 "let better = value(y) < f\n"
							 "if better {\n"
							 " x <- y\n"
							 " m <- there\n"
							 "}\n"
							 "rate <- if better then 3 * rate else rate / 4\n"
							 "}\n"
							 "joint optimizer brackets(lr = 0.8) {\n"
							 "learn scale = 1.0\n"
							 "let d = -scale * g\n"
							 "let slope = dot(g, d)\n"
							 "var step = lr\n"
							 "var low = 0.0\n"
							 "var f_low = f\n"
							 "var high = -1.0\n"
							 "var y_low = x\n"
							 "var done = false\n"
							 "while not done limit 20 {\n"
							 " let y = x + step * d\n"
							 " let f_y = value(y)\n"
							 " let slope_y = dot(gradient(y), d)\n"
							 " if f_y > f + 1e-4 * step * slope or (low > 0 and f_y >= f_low) {\n"
							 " high <- step\n"
							 " } else {\n"
							 " done <- abs(slope_y) <= -0.1 * slope\n"
							 " if not done and slope_y * (if high < 0 then 1 else high - low) >= 0 { high <- low }\n"
							 " low <- step\n"
							 " f_low <- f_y\n"
							 " y_low <- y\n"
							 " }\n"
							 " if not done { step <- if high < 0 then 2 * step else (low + high) / 2 }\n"
							 "}\n"
							 "x <- y_low\n"
							 "}\n"
							 "joint optimizer drifts(lr = 0.1) {\n"
							 "learn scale = 1.0\n"
							 "state rate : real = lr\n"
							 "let y = x - rate * scale * (x - 0.3)\n"
							 "let better = value(y) < f\n"
							 "x <- if better then y else x\n"
							 "rate <- if better then rate else -rate / 2\n"
							 "}\n"
							 "joint optimizer wanders(lr = 0.05) {\n"
							 "learn scale = 1.0\n"
							 "state m = 0\n"
							 "let y = 0.95 * x - lr * scale * m\n"
							 "m <- gradient(y)\n"
							 "x <- y\n"
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

/* What the evaluations of a step elsewhere than at x have shown so far: the least value of those whose value the rule reads. */
static double shown[64], least;
static int shown_count;

static void show(double value) {
	least = value < least ? value : least;
	shown[shown_count++] = least;
}

/* The value there, for a rule that reads it. */
static double look(const double *z) {
	double value = value_at(z);
	show(value);
	return value;
}

/* The gradient there, for a rule that does not. */
static void slope_of(const double *z, double *g) {
	gradient_at(z, g);
	show(INFINITY);
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
	slope_of(y, g);
	along(x, -0.05 * scale, g, x);
}

static void sam(double *x, double *m, double scale) {
	double g[N], y[N];
	gradient_at(x, g);
	along(x, scale * 0.05 / (sqrt(dot(g, g)) + 1e-12), g, y);
	slope_of(y, g);
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
		if (look(y) <= value_at(x) - 1e-4 * step * dot(g, g))
			break;
		step /= 2;
	}
	along(x, -scale * step, g, x);
}

static void asks_there(double *x, double *m, double scale) {
	double g[N], y[N], step = 1;
	(void)m;
	gradient_at(x, g);
	for (searched = 1; searched <= 30; searched++) {
		along(x, -scale * step, g, y);
		if (look(y) <= value_at(x) - 1e-4 * step * dot(g, g))
			break;
		step /= 2;
	}
	memcpy(x, y, sizeof y);
}

/* A search that never ends before its limit. */
static void stubborn(double *x, double *m, double scale) {
	double g[N], y[N];
	(void)m;
	gradient_at(x, g);
	for (int k = 0; k < 6; k++) {
		along(x, -0.2 / (1 << k), g, y);
		look(y);
	}
	along(x, -scale * 0.2 / 64, g, x);
}

static void halves(double *x, double *m, double scale) {
	double g[N], y[N], step = 1;
	(void)m;
	gradient_at(x, g);
	for (int k = 0; k < 20; k++) {
		along(x, -step, g, y);
		if (!(look(y) <= value_at(x) - 1e-4 * step * dot(g, g)))
			step /= 2;
	}
	along(x, -scale * step, g, x);
}

static void several(double *x, double *m, double scale) {
	double g[N], y[N], there[N], last[N];
	gradient_at(x, g);
	along(x, -0.05, g, y);
	gradient_at(y, there);
	double bent = look(y);
	along(y, -0.05 * bent / (1 + fabs(bent)), there, y);
	slope_of(y, last);
	for (int i = 0; i < N; i++)
		m[i] = 0.5 * m[i] + scale * last[i] + there[i];
	along(x, -0.05, m, x);
}

static void blind(double *x, double *m, double scale) {
	double g[N], y[N];
	(void)m;
	along(x, -0.1, x, y);
	slope_of(y, g);
	along(x, -0.05 * scale, g, x);
}

/* ---- rules that end where they have evaluated: `searched` are all evaluations of a step, that at its end included ---- */

static double rate; /* a state of the run */
static int turn;    /* its step */

static void takes(double *x, double *m, double scale) {
	double g[N];
	gradient_at(x, g);
	for (int i = 0; i < N; i++)
		x[i] -= 0.05 * scale * (g[i] + 0.3 * m[i]);
	gradient_at(x, m);
	double value = look(x);
	for (int i = 0; i < N; i++)
		m[i] *= 1 + 0.1 * tanh(value);
	searched = 1;
}

static void takes_sometimes(double *x, double *m, double scale) {
	takes(x, m, scale);
	searched = turn % 3 == 0 ? 2 : 1;
	if (searched == 2)
		look(x);
}

/* with: the share of m in the direction */
static bool moves_down(double *x, double *m, double scale, double with) {
	double g[N], y[N];
	gradient_at(x, g);
	for (int i = 0; i < N; i++)
		y[i] = x[i] - rate * scale * (g[i] + with * m[i]);
	bool better = look(y) < value_at(x);
	if (better)
		memcpy(x, y, sizeof y);
	if (better && with != 0)
		gradient_at(y, m);
	rate = better ? 3 * rate : rate / 4;
	return better;
}

static void trusts(double *x, double *m, double scale) {
	moves_down(x, m, scale, 0);
	searched = 1;
}

static void keeps(double *x, double *m, double scale) {
	moves_down(x, m, scale, 0.1);
	searched = 1;
}

static void brackets(double *x, double *m, double scale) {
	double g[N], d[N] = {0}, y[N], gy[N], best[N], step = 0.8, low = 0, high = -1;
	(void)m;
	gradient_at(x, g);
	along(d, -scale, g, d);
	double slope = dot(g, d), f = value_at(x), f_low = f;
	bool done = false;
	memcpy(best, x, sizeof best);
	for (searched = 0; !done && searched < 20; searched++) {
		along(x, step, d, y);
		gradient_at(y, gy);
		double f_y = look(y), slope_y = dot(gy, d);
		if (f_y > f + 1e-4 * step * slope || (low > 0 && f_y >= f_low)) {
			high = step;
		} else {
			done = fabs(slope_y) <= -0.1 * slope;
			if (!done && slope_y * (high < 0 ? 1 : high - low) >= 0)
				high = low;
			low = step;
			f_low = f_y;
			memcpy(best, y, sizeof best);
		}
		if (!done)
			step = high < 0 ? 2 * step : (low + high) / 2;
	}
	memcpy(x, best, sizeof best);
}

static void drifts(double *x, double *m, double scale) {
	double y[N];
	(void)m;
	for (int i = 0; i < N; i++)
		y[i] = x[i] - rate * scale * (x[i] - 0.3);
	bool better = look(y) < value_at(x);
	if (better)
		memcpy(x, y, sizeof y);
	rate = better ? rate : -rate / 2;
	searched = 1;
}

static void wanders(double *x, double *m, double scale) {
	for (int i = 0; i < N; i++)
		x[i] = 0.95 * x[i] - 0.05 * scale * m[i];
	gradient_at(x, m);
	look(x);
	searched = 1;
}

static const struct {
	const char *name;
	void (*step)(double *x, double *m, double scale);
	int evaluations; /* a step; 0: as many as the search takes, and one; of a rule that hands on: at the start of a run */
	int most;        /* of a rule that hands on: a step; 0: it does not */
	double rate;     /* that it begins with */
} rules[] = {
	{"extragradient", extragradient, 2, 0, 0},
	{"sam", sam, 2, 0, 0},
	{"halves", halves, 21, 0, 0},
	{"until", until, 0, 0, 0},
	{"asks", until, 0, 0, 0},
	{"stubborn", stubborn, 7, 0, 0},
	{"several", several, 3, 0, 0},
	{"blind", blind, 1, 0, 0},
	{"evaluates_anew", takes, 2, 0, 0},
	{"takes", takes, 1, 1, 0},
	{"takes_sometimes", takes_sometimes, 1, 2, 0},
	{"takes_tensors", takes, 1, 1, 0},
	{"trusts", trusts, 1, 1, 0.02},
	{"asks_there", asks_there, 0, 0, 0},
	{"keeps", keeps, 1, 1, 0.02},
	{"brackets", brackets, 1, 20, 0},
	{"drifts", drifts, 1, 1, 0.1},
	{"wanders", wanders, 0, 1, 0},
};

/* Evaluations of the step that has just been made. */
static int step_spent(size_t rule) {
	if (rules[rule].most)
		return searched + (turn == 1 ? rules[rule].evaluations : 0);
	return rules[rule].evaluations ? rules[rule].evaluations : searched + 1;
}

static int spent[STEPS + 1];
static double stands[64 * STEPS]; /* where the run stands after every evaluation */

/* The evaluations of a step from f0 to f1: one at x, if it counts, and those elsewhere. The one that is handed on has ended the step. */
static void add_stands(size_t rule, int t, double f0, double f1) {
	int own = spent[t] - spent[t - 1] - shown_count;
	cr_assert(own == 0 || own == 1, "%s: %d evaluations at x", rules[rule].name, own);
	if (own)
		stands[spent[t - 1]] = f0;
	memcpy(stands + spent[t - 1] + own, shown, (size_t)shown_count * sizeof *shown);
	if (rules[rule].most)
		stands[spent[t] - 1] = f1;
}

static double simulate(size_t rule, double scale, double *f) {
	double x[N] = {1, 1.1, 1.2, 1.3, 1.4, 2, 1}, m[N] = {0}, sum = 0;
	f[0] = value_at(x);
	rate = rules[rule].rate;
	for (int t = 1; t <= STEPS; t++) {
		turn = t;
		shown_count = 0;
		least = f[t - 1];
		rules[rule].step(x, m, scale);
		f[t] = value_at(x);
		spent[t] = spent[t - 1] + step_spent(rule);
		add_stands(rule, t, f[t - 1], f[t]);
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
			cr_expect(task->hands_on == (rules[r].most > 0), "%s", rules[r].name);
			problems_free(problems);
			task_free(task);
			bench_free(&b);
		}
	}
}

Test(rt_evaluate, every_evaluation_shows_where_the_run_stands) {
	const RtOptions options = {.engine = RT_EVALUATOR, .real = IR_F64, .threads = 1};
	for (size_t r = 0; r < sizeof rules / sizeof *rules; r++) {
		double want[STEPS + 1], theta = 1;
		simulate(r, theta, want);
		Bench b = bench(source, &options);
		Task *task = new_task(&b, "bent", rules[r].name);
		Problems *problems = problems_new(task, 1, PROBLEMS_TRAIN, 1, false);
		for (int evaluations = 1; evaluations <= 3 * STEPS && evaluations <= spent[STEPS]; evaluations++) {
			Runs runs;
			cr_assert(compare_run(task, problems, NULL, &theta, evaluations, b.arena, &runs));
			cr_expect(runs.steps == evaluations);
			int t = 0; /* steps that have spent them all */
			while (spent[t] < evaluations)
				t++;
			for (int k = 0; k <= evaluations; k++) {
				double at = k == evaluations ? want[t] : stands[k];
				cr_expect(distance(&runs.f[k], &at, 1) < 1e-12, "%s: %d of %d: %.17g, not %.17g", rules[r].name, k,
				          evaluations, runs.f[k], at);
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
			int turn_spends = rules[r].most ? rules[r].most : 1 + elsewhere;
			cr_expect(stats.evaluations == STEPS * turn_spends + 1, "%s: %lld", rules[r].name,
			          (long long)stats.evaluations);
			meta_estimator_free(e);
			task_free(task);
			bench_free(&b);
		}
	}
}

/* The same whether an evaluation is handed on, always or sometimes, or made anew: the bits of runs, and what every estimator makes of them. */
Test(rt_evaluate, what_is_handed_on_is_what_would_be_evaluated) {
	const RtOptions options = {.engine = RT_JIT, .real = IR_F64, .threads = 1, .strict = true};
	static const char *const names[] = {"evaluates_anew", "takes", "takes_sometimes"};
	const MetaEstimate kinds[] = {
		{.kind = FE_BACKPROP, .horizon_low = STEPS, .horizon_high = STEPS},
		{.kind = FE_BACKPROP, .window = 5, .horizon_low = STEPS, .horizon_high = STEPS},
		{.kind = FE_FORWARD, .window = 5, .horizon_low = STEPS, .horizon_high = STEPS},
		{.kind = FE_ES, .sigma = 0.1, .particles = 4, .horizon_low = STEPS, .horizon_high = STEPS},
		{.kind = FE_PES, .sigma = 0.1, .particles = 4, .window = 5, .horizon_low = STEPS, .horizon_high = STEPS}};
	enum { KINDS = sizeof kinds / sizeof *kinds };
	double f[3][STEPS + 1], gradient[3][KINDS], theta = 0.9;
	for (int r = 0; r < 3; r++) {
		Bench b = bench(source, &options);
		Task *task = new_task(&b, "bent", names[r]);
		Problems *problems = problems_new(task, 1, PROBLEMS_TRAIN, 1, false);
		Runs runs;
		cr_assert(run_problems(task, problems, NULL, &theta, STEPS, false, b.arena, &runs));
		memcpy(f[r], runs.f, sizeof f[r]);
		cr_expect(memcmp(f[r], f[0], sizeof f[r]) == 0, "%s", names[r]);
		problems_free(problems);
		task_free(task);
		for (int k = 0; k < KINDS; k++) {
			task = new_task(&b, "bent", names[r]);
			int count = 1;
			MetaStats stats;
			MetaEstimator *e = meta_estimator_new(b.rt, &task, 1, &count, &kinds[k], 3);
			cr_assert(e && meta_estimate(e, &theta, 0, &gradient[r][k], &stats));
			cr_expect(distance(&gradient[r][k], &gradient[0][k], 1) < 1e-12 && gradient[r][k] != 0,
			          "%s, %d: %g, not %g", names[r], k, gradient[r][k], gradient[0][k]);
			meta_estimator_free(e);
			task_free(task);
		}
		bench_free(&b);
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
		"optimizer both(lr = 0.05) { x <- x - lr * g - abs(gradient(x) - g) - abs(value(x) - f) }\n"
		"optimizer ends(lr = 0.05) {\n state m = 0\n let y = x - lr * (g + 0 * m)\n m <- gradient(y)\n x <- y\n}\n";
	const RtOptions options = {.engine = RT_JIT, .real = IR_F64, .threads = 1, .strict = true};
	static const char *const names[] = {"here", "there", "both", "ends"};
	enum { RULES = sizeof names / sizeof *names };
	double f[RULES][5 * (STEPS + 1)];
	for (int r = 0; r < RULES; r++) {
		Bench b = bench(text, &options);
		Task *task = new_task(&b, "drawn", names[r]);
		Problems *problems = problems_new(task, 1, PROBLEMS_TRAIN, 5, false);
		Runs runs;
		cr_assert(run_problems(task, problems, NULL, NULL, STEPS, false, b.arena, &runs));
		memcpy(f[r], runs.f, sizeof f[r]);
		/* the next step has another batch, so nothing is handed on */
		cr_expect(!task->hands_on && runs.evaluations == 5 * STEPS * (r == RULES - 1 ? 2 : 1), "%s", names[r]);
		problems_free(problems);
		task_free(task);
		bench_free(&b);
	}
	for (int r = 1; r < RULES; r++)
		cr_expect(memcmp(f[0], f[r], sizeof f[0]) == 0, "%s", names[r]);
	cr_expect(f[0][1] != f[0][0]);
}
