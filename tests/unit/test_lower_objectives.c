/* The library's objectives, evaluated, against formulas written down independently; random draws against their laws. */
#include "ir/eval/eval.h"
#include "lower_instances.h"

static const double pi = 3.14159265358979323846;

static double rosenbrock(const double *x, int n) {
	double f = 0;
	for (int i = 0; i + 1 < n; i++)
		f += 100 * pow(x[i + 1] - x[i] * x[i], 2) + pow(1 - x[i], 2);
	return f;
}

static double ackley(const double *x, int n) {
	double squares = 0, cosines = 0;
	for (int i = 0; i < n; i++) {
		squares += x[i] * x[i];
		cosines += cos(2 * pi * x[i]);
	}
	return -20 * exp(-0.2 * sqrt(squares / n)) - exp(cosines / n) + 20 + exp(1);
}

static double beale(const double *x, int n) {
	(void)n;
	double a = x[0], b = x[1];
	return pow(1.5 - a + a * b, 2) + pow(2.25 - a + a * b * b, 2) + pow(2.625 - a + a * b * b * b, 2);
}

static double booth(const double *x, int n) {
	(void)n;
	return pow(x[0] + 2 * x[1] - 7, 2) + pow(2 * x[0] + x[1] - 5, 2);
}

static double branin(const double *x, int n) {
	(void)n;
	double b = 5.1 / (4 * pi * pi), c = 5 / pi, t = 1 / (8 * pi);
	return pow(x[1] - b * x[0] * x[0] + c * x[0] - 6, 2) + 10 * (1 - t) * cos(x[0]) + 10;
}

static double matyas(const double *x, int n) {
	(void)n;
	return 0.26 * (x[0] * x[0] + x[1] * x[1]) - 0.48 * x[0] * x[1];
}

static double michalewicz(const double *x, int n) {
	double f = 0;
	for (int i = 0; i < n; i++)
		f -= sin(x[i]) * pow(sin((i + 1) * x[i] * x[i] / pi), 20);
	return f;
}

static double styblinski_tang(const double *x, int n) {
	double f = 0;
	for (int i = 0; i < n; i++)
		f += pow(x[i], 4) - 16 * x[i] * x[i] + 5 * x[i];
	return f / 2;
}

static double rastrigin(const double *x, int n) {
	double f = 10.0 * n;
	for (int i = 0; i < n; i++)
		f += x[i] * x[i] - 10 * cos(2 * pi * x[i]);
	return f;
}

static double bowl(const double *x, int n) {
	double f = 0;
	for (int i = 0; i < n; i++)
		f += pow(100, (double)i / (n - 1)) * x[i] * x[i] / 2;
	return f;
}

static const struct {
	const char *call;
	double (*formula)(const double *x, int n);
	int n;
} classics[] = {
	{"rosenbrock()", rosenbrock, 2},
	{"rosenbrock(n = 7)", rosenbrock, 7},
	{"ackley()", ackley, 2},
	{"ackley(n = 5)", ackley, 5},
	{"beale()", beale, 2},
	{"booth", booth, 2},
	{"branin", branin, 2},
	{"matyas", matyas, 2},
	{"michalewicz()", michalewicz, 2},
	{"michalewicz(n = 4)", michalewicz, 4},
	{"styblinski_tang()", styblinski_tang, 2},
	{"rastrigin(n = 3)", rastrigin, 3},
	{"bowl(n = 6)", bowl, 6},
};

Test(lower_objectives, classics) {
	Lower l = lower_new(NULL);
	for (size_t c = 0; c < sizeof classics / sizeof *classics; c++) {
		FeObjective *o = lower_objective(&l, classics[c].call);
		IrTensor values[64];
		cr_assert_eq(o->size, classics[c].n);
		lower_problem(&l, o, 3, 5, values);
		lower_close(lower_value(&l, o, values), classics[c].formula(values[o->fixed.count].reals, classics[c].n), 1e-13,
		            classics[c].call);
		for (int trial = 0; trial < 20; trial++) {
			double x[16];
			for (int i = 0; i < classics[c].n; i++)
				x[i] = 3 * sin(1.7 * trial + 2.3 * i);
			lower_close(lower_value_at(&l, o, values, x), classics[c].formula(x, classics[c].n), 1e-12,
			            classics[c].call);
		}
	}
	lower_free(&l);
}

static const struct {
	const char *call;
	double x[4];
	int n;
	double f, tolerance;
} minima[] = {
	{"rosenbrock()", {1, 1}, 2, 0, 0},
	{"beale()", {3, 0.5}, 2, 0, 0},
	{"booth()", {1, 3}, 2, 0, 0},
	{"matyas()", {0, 0}, 2, 0, 0},
	{"ackley()", {0, 0}, 2, 0, 1e-14},
	{"rastrigin()", {0, 0}, 2, 0, 0},
	{"branin()", {3.14159265358979, 2.275}, 2, 0.397887357729738, 1e-12},
	{"styblinski_tang()", {-2.903534027771177, -2.903534027771177}, 2, -78.33233140754282, 1e-13},
	{"michalewicz()", {2.20290552014618, 1.57079632679490}, 2, -1.80130341009855, 1e-12},
};

/* Published minima, and the customary start of Rosenbrock's function. */
Test(lower_objectives, published_minima) {
	Lower l = lower_new(NULL);
	for (size_t c = 0; c < sizeof minima / sizeof *minima; c++) {
		FeObjective *o = lower_objective(&l, minima[c].call);
		IrTensor values[8];
		lower_problem(&l, o, 0, 0, values);
		lower_close(lower_value_at(&l, o, values, minima[c].x), minima[c].f, minima[c].tolerance, minima[c].call);
	}
	FeObjective *o = lower_objective(&l, "rosenbrock()");
	IrTensor values[8];
	lower_problem(&l, o, 0, 0, values);
	cr_expect_eq(values[0].reals[0], -1.2);
	cr_expect_eq(values[0].reals[1], 1.0);
	lower_close(lower_value(&l, o, values), 24.2, 1e-15, "start of rosenbrock");
	lower_free(&l);
}

Test(lower_objectives, logistic) {
	Lower l = lower_new(NULL);
	FeObjective *o = lower_objective(&l, "logistic()");
	IrTensor values[64];
	lower_problem(&l, o, 1, 7, values);
	const double *X = lower_fixed(&l, o, values, "X")->reals, *x = values[o->fixed.count].reals;
	double f = 0;
	int right = 0;
	for (int i = 0; i < 100; i++) {
		double z = x[3], y = i % 2;
		for (int j = 0; j < 3; j++)
			z += X[3 * i + j] * x[j];
		f -= y == 1 ? log(1 / (1 + exp(-z))) : log(1 - 1 / (1 + exp(-z)));
		right += (z > 0) == (y == 1);
	}
	f = f / 100 + 5e-4 / 2 * (x[0] * x[0] + x[1] * x[1] + x[2] * x[2]);
	IrTensor results[4];
	lower_run(&l, o->value, values, results);
	lower_close(results[0].reals[0], f, 1e-13, "logistic");
	lower_close(results[1].reals[0], right / 100.0, 1e-15, "accuracy");
	cr_expect_eq(o->reports.count, 1);
	cr_expect_eq(o->params.count, 2);
	cr_expect_eq(o->size, 4);
	lower_free(&l);
}

Test(lower_objectives, robust_regression) {
	Lower l = lower_new(NULL);
	FeObjective *o = lower_objective(&l, "robust_regression()");
	IrTensor values[64];
	lower_problem(&l, o, 1, 7, values);
	const double *X = lower_fixed(&l, o, values, "X")->reals, *y = lower_fixed(&l, o, values, "y")->reals;
	const double *x = values[o->fixed.count].reals;
	double f = 0;
	for (int i = 0; i < 100; i++) {
		double r = X[3 * i] * x[0] + X[3 * i + 1] * x[1] + X[3 * i + 2] * x[2] + x[3] - y[i];
		f += r * r / (1 + r * r) / 100;
	}
	lower_close(lower_value(&l, o, values), f, 1e-13, "robust_regression");
	lower_free(&l);
}

Test(lower_objectives, small_net) {
	Lower l = lower_new(NULL);
	FeObjective *o = lower_objective(&l, "small_net()");
	bool seen[2][4] = {0};
	for (int64_t instance = 0; instance < 50; instance++) {
		IrTensor values[64];
		lower_problem(&l, o, 9, instance, values);
		const double *X = lower_fixed(&l, o, values, "X")->reals, *x = values[o->fixed.count].reals;
		const int64_t *label = lower_fixed(&l, o, values, "label")->integers;
		double f = 0;
		int ones = 0;
		for (int i = 0; i < 100; i++) {
			double h[2], z[2];
			cr_assert(label[i] == label[i % 4] && (label[i] == 0 || label[i] == 1));
			for (int j = 0; j < 2; j++)
				h[j] = fmax(0, x[2 * j] * X[2 * i] + x[2 * j + 1] * X[2 * i + 1] + x[4 + j]);
			for (int j = 0; j < 2; j++)
				z[j] = x[6 + 2 * j] * h[0] + x[6 + 2 * j + 1] * h[1] + x[10 + j];
			f += (log(exp(z[0]) + exp(z[1])) - z[label[i]]) / 100;
			if (i < 4) {
				ones += (int)label[i];
				seen[label[i]][i] = true;
			}
		}
		cr_expect(ones > 0 && ones < 4, "all labels are equal");
		for (int k = 0; k < 4; k++)
			f += 5e-4 / 2 * (x[k] * x[k] + x[6 + k] * x[6 + k]);
		lower_close(lower_value(&l, o, values), f, 1e-12, "small_net");
	}
	for (int k = 0; k < 4; k++)
		cr_expect(seen[0][k] && seen[1][k]);
	lower_free(&l);
}

Test(lower_objectives, quadratic_and_log_sum_exp) {
	Lower l = lower_new(NULL);
	FeObjective *o = lower_objective(&l, "quadratic()");
	IrTensor values[64];
	lower_problem(&l, o, 1, 7, values);
	const double *W = lower_fixed(&l, o, values, "W")->reals, *y = lower_fixed(&l, o, values, "y")->reals;
	const double *x = values[o->fixed.count].reals;
	double f = 0;
	for (int i = 0; i < 10; i++) {
		double r = -y[i];
		for (int j = 0; j < 10; j++)
			r += W[10 * i + j] * x[j];
		f += r * r;
	}
	lower_close(lower_value(&l, o, values), f, 1e-13, "quadratic");
	o = lower_objective(&l, "log_sum_exp()");
	lower_problem(&l, o, 1, 7, values);
	const double *A = lower_fixed(&l, o, values, "A")->reals, *b = lower_fixed(&l, o, values, "b")->reals;
	x = values[o->fixed.count].reals;
	double total = 0;
	for (int k = 0; k < 50; k++) {
		double z = b[k];
		for (int j = 0; j < 10; j++)
			z += A[10 * k + j] * x[j];
		total += exp(z);
	}
	lower_close(lower_value(&l, o, values), log(total), 1e-13, "log_sum_exp");
	lower_free(&l);
}

/* Moments of every distribution over many draws; the same numbers again; other numbers for other names and problems. */
Test(lower_objectives, draws) {
	Lower l = lower_new(
		"objective draws(n = 4000) {\n"
		"  given a : [n] ~ normal(2, 3)\n  given b : [n] ~ uniform(-1, 3)\n  given c : [n] ~ bernoulli(0.3)\n"
		"  given d : int[n] ~ integer(-2, 3)\n  given e : [n] ~ exponential(2)\n  given h : [n] ~ loguniform(0.1, 10)\n"
		"  given u : [n] ~ uniform()\n  given m : [n] ~ normal(0, 1)\n  given z[i in n] ~ normal(m[i], 0.5)\n"
		"  param x : [2] = 0\n  minimize sum(x^2) + sum(a) + sum(b) + sum(c) + sum(d) + sum(e) + sum(h) + sum(u) + "
		"sum(m) + sum(z)\n}\n");
	FeObjective *o = lower_objective(&l, "draws()");
	static const struct {
		const char *name;
		double mean, variance, low, high;
	} laws[] = {{"a", 2, 9, -1e9, 1e9},     {"b", 1, 16.0 / 12, -1, 3}, {"c", 0.3, 0.21, 0, 1},
	            {"d", 0, 2, -2, 2},         {"e", 0.5, 0.25, 0, 1e9},   {"h", 2.149757685421139, 6.235, 0.1, 10},
	            {"u", 0.5, 1.0 / 12, 0, 1}, {"m", 0, 1, -1e9, 1e9},     {"z", 0, 1.25, -1e9, 1e9}};
	IrTensor first[64], again[64], other[64];
	lower_problem(&l, o, 1, 7, first);
	lower_problem(&l, o, 1, 7, again);
	lower_problem(&l, o, 1, 8, other);
	for (size_t k = 0; k < sizeof laws / sizeof *laws; k++) {
		const IrTensor *t = lower_fixed(&l, o, first, laws[k].name), *t2 = lower_fixed(&l, o, again, laws[k].name);
		const IrTensor *t3 = lower_fixed(&l, o, other, laws[k].name);
		double sum = 0, squares = 0;
		int same = 0;
		for (int i = 0; i < 4000; i++) {
			double v = t->reals ? t->reals[i] : (double)t->integers[i];
			cr_assert(v >= laws[k].low && v <= laws[k].high, "%s drew %g", laws[k].name, v);
			cr_assert(v == (t2->reals ? t2->reals[i] : (double)t2->integers[i]));
			same += v == (t3->reals ? t3->reals[i] : (double)t3->integers[i]);
			sum += v;
			squares += v * v;
		}
		double mean = sum / 4000, variance = squares / 4000 - mean * mean, error = sqrt(laws[k].variance / 4000);
		cr_expect(fabs(mean - laws[k].mean) < 4 * error, "%s: mean %g", laws[k].name, mean);
		cr_expect(fabs(variance - laws[k].variance) < 0.15 * laws[k].variance, "%s: variance %g", laws[k].name,
		          variance);
		cr_expect(same < 3000, "%s repeats in another problem", laws[k].name);
	}
	lower_free(&l);
}

/* f32 programs: the same problems and values, rounded. */
Test(lower_objectives, single_precision) {
	static const char *const calls[] = {"logistic()",    "robust_regression()", "small_net()",   "quadratic()",
	                                    "log_sum_exp()", "ackley(n = 4)",       "michalewicz()", "branin()"};
	Lower l = lower_new(NULL);
	for (size_t k = 0; k < sizeof calls / sizeof *calls; k++) {
		FeCall call;
		IrTensor narrow[64], wide[64];
		FeObjective *o64 = lower_objective(&l, calls[k]);
		cr_assert(fe_call_text(l.program, calls[k], AST_OBJECTIVE, &call));
		FeObjective *o32 = fe_objective(l.program, l.module, &call, IR_F32);
		lower_no_errors(&l);
		lower_verified(o32->setup);
		lower_verified(o32->start);
		lower_verified(o32->value);
		lower_problem(&l, o64, 2, 3, wide);
		lower_problem(&l, o32, 2, 3, narrow);
		cr_expect_eq(narrow[o32->fixed.count].type.scalar, IR_F32);
		for (int64_t i = 0; i < o32->size; i++)
			lower_close(narrow[o32->fixed.count].reals[i], (float)wide[o64->fixed.count].reals[i], 3e-7, calls[k]);
		lower_close(lower_value(&l, o32, narrow), lower_value(&l, o64, wide), 2e-5, calls[k]);
	}
	lower_free(&l);
}
