/* What lies on a line between numbers (quantile, linspace, the quantiles of a comparison), where these are infinite, far apart, tiny
 * or equal: values against long doubles, which have room for every difference; derivatives against closed forms. */
#include "autodiff/autodiff.h"
#include "lower_instances.h"
#include "runtime/compare/compare.h"

enum { MOST = 5 };

static const double numbers[] = {-INFINITY, -0x1.8p1023, -3, -0x1p-1070, 0, 0x1p-1030, 2, 0x1.8p1023, INFINITY};
static const double shares[] = {0, 0.1, 0.25, 1.0 / 3, 0.5, 0.625, 0.75, 0.999, 1};
enum { NUMBERS = sizeof numbers / sizeof *numbers, SHARES = sizeof shares / sizeof *shares };

typedef struct Place {
	int low, high;
	double part; /* of the way from low to high */
} Place;

static Place place_of(double q, int n) {
	double h = q * (n - 1);
	int low = (int)h;
	return (Place){low, low + 1 < n ? low + 1 : low, h - low};
}

static double on_line(double a, double b, double part) {
	if (part == 0 || a == b)
		return a;
	return (double)((1 - (long double)part) * a + (long double)part * b);
}

/* Up to roundings of numbers of that size. */
static bool close_to(double found, double expected, double size) {
	if (isnan(expected) || isinf(expected) || isinf(found))
		return isnan(expected) ? isnan(found) : found == expected;
	return fabs(found / 8 - expected / 8) <= 0x1p-52 * fabs(size) + 0x1p-1070;
}

static bool same(double found, double expected) {
	return close_to(found, expected, expected);
}

/* Numbers in order whose indices count up; false after the last. */
static bool next_choice(int *at, int n) {
	for (int i = n; i-- > 0;)
		if (++at[i] < NUMBERS) {
			for (int k = i + 1; k < n; k++)
				at[k] = at[i];
			return true;
		}
	return false;
}

static void check_quantile(Lower *l, const IrFunc *gradient, const double *x, int n, double q) {
	double given[MOST + 1];
	for (int i = 0; i < n; i++)
		given[i] = x[(i + 2) % n];
	given[n] = q;
	IrTensor at = lower_vector(l, given, n + 1), results[4];
	lower_run(l, gradient, &at, results);
	Place p = place_of(q, n);
	double a = x[p.low], b = x[p.high], expected = on_line(a, b, p.part), found = results[0].reals[0];
	cr_expect(same(found, expected), "%g of %g %g %g %g %g (of %d): %.17g, not %.17g", q, x[0], x[1], x[2], x[3], x[4],
	          n, found, expected);
	/* It goes from the lower end, whatever is nearer. */
	cr_expect(close_to(compare_quantile(x, n, q), expected, fmax(fabs(a), fabs(b))), "a comparison's %g of %g, %g: %g",
	          q, a, b, compare_quantile(x, n, q));
	if (isnan(expected))
		return;
	double slope = a == b ? 0 : (n - 1) * (b - a), found_slope = results[1].reals[n];
	cr_expect(same(found_slope, slope), "the slope at %g between %g and %g: %g, not %g", q, a, b, found_slope, slope);
	double total = 0;
	for (int i = 0; i < n; i++)
		total += results[1].reals[i];
	cr_expect(same(total, 1), "shares of the derivative at %g between %g and %g: %g in all", q, a, b, total);
}

Test(line, quantiles_are_exact_at_their_ends_and_finite_between_finite_numbers, .timeout = 60) {
	for (int n = 1; n <= MOST; n++) {
		Arena *arena = arena_new();
		Lower l = lower_new(arena_printf(arena,
		                                 "objective o() {\n param x : [%d] = 0\n param q : real = 0\n "
		                                 "minimize quantile(x, q)\n}",
		                                 n));
		FeObjective *o = lower_objective(&l, "o");
		IrFunc *gradient = ad_gradient(l.module, o->value, "gradient", 0, NULL, true, false);
		int at[MOST] = {0};
		do {
			double x[MOST] = {0};
			for (int i = 0; i < n; i++)
				x[i] = numbers[at[i]];
			for (int s = 0; s < SHARES; s++)
				check_quantile(&l, gradient, x, n, shares[s]);
		} while (next_choice(at, n));
		lower_free(&l);
		arena_free(arena);
	}
}

Test(line, the_quantile_in_the_middle_is_the_median_to_the_bit) {
	for (int n = 1; n <= MOST; n++) {
		Arena *arena = arena_new();
		Lower l = lower_new(arena_printf(arena,
		                                 "objective o() {\n param x : [%d] = 0\n let a = quantile(x, 0.5)\n let b = "
		                                 "median(x)\n minimize a\n report b = b\n}",
		                                 n));
		FeObjective *o = lower_objective(&l, "o");
		int at[MOST] = {0};
		do {
			double x[MOST];
			for (int i = 0; i < n; i++)
				x[i] = isinf(numbers[at[i]]) ? numbers[at[i]] : numbers[at[i]] * (1 - 0.01 * i);
			IrTensor given = lower_vector(&l, x, n), results[4];
			lower_run(&l, o->value, &given, results);
			double a = results[0].reals[0], b = results[1].reals[0];
			cr_expect(a == b || (isnan(a) && isnan(b)), "%.17g and %.17g", a, b);
		} while (next_choice(at, n));
		lower_free(&l);
		arena_free(arena);
	}
}

Test(line, linspace_has_its_ends_and_what_is_between_them) {
	Arena *arena = arena_new();
	Lower l =
		lower_new("objective o() {\n param x : [2] = 0\n let y = linspace(x[0], x[1], 5)\n minimize y[0]\n report a = "
	              "y[1]\n report b = y[2]\n report c = y[3]\n report d = y[4]\n}");
	FeObjective *o = lower_objective(&l, "o");
	for (int i = 0; i < NUMBERS * NUMBERS; i++) {
		double x[2] = {numbers[i / NUMBERS], numbers[i % NUMBERS]};
		IrTensor given = lower_vector(&l, x, 2), results[8];
		lower_run(&l, o->value, &given, results);
		for (int k = 0; k < 5; k++) {
			double expected = k == 4 ? x[1] : on_line(x[0], x[1], k / 4.0);
			cr_expect(same(results[k].reals[0], expected), "%d quarters from %g to %g: %.17g, not %.17g", k, x[0], x[1],
			          results[k].reals[0], expected);
		}
	}
	lower_free(&l);
	arena_free(arena);
}

/* Constants are folded in double precision: 6e38 is none in f32. */
Test(line, ends_that_are_known_are_far_apart_in_the_precision_of_the_program) {
	Lower l = lower_new("objective o() {\n param x = 0\n let y = linspace(-3e38, 3e38, 5)\n minimize x + "
	                    "sum[i](isfinite(y[i])) + 10 * isfinite(quantile([-3e38, 3e38], 0.3))\n}");
	FeCall call;
	cr_assert(fe_call_text(l.program, "o", AST_OBJECTIVE, &call));
	FeObjective *o = fe_objective(l.program, l.module, &call, IR_F32);
	lower_no_errors(&l);
	IrTensor x = ir_tensor_new(l.module->arena, ir_tensor_type(IR_F32, 1, (IrDim[]){1}), NULL), results[2];
	x.reals[0] = 0;
	lower_run(&l, o->value, &x, results);
	cr_expect_eq(results[0].reals[0], 15);
	lower_free(&l);
}
