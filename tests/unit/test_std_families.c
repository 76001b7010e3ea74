/* Every family of the library against numpy: where it starts, and its value there and at two points around, are what
 * tests/library/families.py, written from the published formulas, says (tests/library/families.table). Gradients against
 * differences: test_ad_library. Published minima are where they are said to be. */
#include "ir/eval/eval.h"
#include "lower_instances.h"
#include "programs.h"

static const double tolerance = 1e-10;
enum { SEED = 7, INSTANCE = 3, POINTS = 3 };

static double moved(double start, int point, int64_t k) {
	double at = (double)k;
	return point == 0 ? start : start + (point == 1 ? 0.1 * sin(1.3 * at + 0.7) : 0.3 * cos(2.1 * at));
}

/* f is a fixed share of the sum of squared residuals: that of the first point. */
static void check_residuals(Lower *l, const FeObjective *o, const IrTensor *values, const char *name, double f,
                            double *share) {
	IrTensor results[16];
	lower_run(l, o->value, values, results);
	const double *r = results[ir_result_at(o->value, IR_ROLE_RESIDUALS)].reals;
	double squares = 0;
	for (int64_t i = 0; i < o->residuals; i++)
		squares += r[i] * r[i];
	*share = *share > 0 ? *share : f / squares;
	cr_expect(fabs(f - *share * squares) <= 1e-9 * f, "%s: f is %.17g, and residuals give %.17g", name, f,
	          *share * squares);
}

static void check_line(char *line) {
	char *numbers = strstr(line, " | ");
	cr_assert(numbers != NULL, "%s", line);
	*numbers = '\0';
	numbers += 3;
	Lower l = lower_new(NULL);
	FeObjective *o = lower_objective(&l, line);
	IrTensor values[64];
	lower_problem(&l, o, SEED, INSTANCE, values);
	double *start = arena_copy(l.module->arena, values[o->fixed.count].reals, sizeof(double) * (size_t)o->size);
	double *x = ARENA_ARRAY(l.module->arena, double, o->size), worst = 0, share = 0;
	for (int point = 0; point < POINTS; point++) {
		char *end;
		double expected = strtod(numbers, &end), scale = fmax(1e-3, fabs(expected));
		cr_assert(end > numbers, "%s: too few numbers", line);
		numbers = end;
		for (int64_t k = 0; k < o->size; k++)
			x[k] = moved(start[k], point, k);
		double f = lower_value_at(&l, o, values, x);
		cr_expect(fabs(f - expected) <= tolerance * scale, "%s at point %d is %.17g, not %.17g", line, point, f,
		          expected);
		if (o->residuals)
			check_residuals(&l, o, values, line, f, &share);
		worst = fmax(worst, fabs(f - expected) / scale);
	}
	if (getenv("GRADUS_TEST_SHOW"))
		fprintf(stderr, "%8.1e %s\n", worst, line);
	lower_free(&l);
}

Test(std_families, values_are_those_of_numpy, .timeout = 300) {
	FILE *file = fopen(GRADUS_SOURCE_DIR "/tests/library/families.table", "r");
	cr_assert_not_null(file);
	static char line[2000], seen[400][64];
	int count = 0;
	while (fgets(line, sizeof line, file)) {
		cr_assert(count < 400);
		snprintf(seen[count++], sizeof *seen, "%.*s", (int)strcspn(line, "("), line);
		check_line(line);
	}
	fclose(file);
	Session *session = session_new();
	ProgramDecls all = programs_all(session, AST_OBJECTIVE);
	for (uint32_t i = 0; i < all.count; i++) {
		bool there = all.data[i].path != NULL;
		for (int k = 0; k < count && !there; k++)
			there = strcmp(seen[k], strstr(all.data[i].name, ": ") + 2) == 0;
		cr_expect(there, "%s is not in tests/library/families.table", all.data[i].name);
	}
	session_free(session);
}

/* An entry of the library calls the library's functions, not those of a file that has the same name. */
Test(std_families, functions_are_their_own) {
	double f[2];
	for (int k = 0; k < 2; k++) {
		Lower l = lower_new(k ? "fn lotka_volterra(u, r) = 0 * u\n" : NULL);
		FeObjective *o = lower_objective(&l, "predator_prey");
		IrTensor values[64];
		lower_problem(&l, o, SEED, INSTANCE, values);
		f[k] = lower_value(&l, o, values);
		lower_free(&l);
	}
	cr_expect(f[0] == f[1], "%g and %g", f[0], f[1]);
}

/* Minima as they were published, to as many digits. */
static const struct {
	const char *call;
	double x[18];
	int n;
	double f, digits;
} minima[] = {
	{"griewank", {0, 0}, 2, 0, 1e-15},
	{"schwefel", {420.968746, 420.968746}, 2, 0, 1e-4},
	{"levy", {1, 1, 1}, 3, 0, 1e-15},
	{"zakharov", {0, 0, 0}, 3, 0, 0},
	{"dixon_price", {1, 0.70710678118654752, 0.59460355750136053, 0.54525386633262884}, 4, 0, 1e-15},
	{"himmelblau", {3, 2}, 2, 0, 0},
	{"himmelblau", {-2.805118, 3.131312}, 2, 0, 1e-10},
	{"three_hump_camel", {0, 0}, 2, 0, 0},
	{"six_hump_camel", {0.089842, -0.712656}, 2, -1.031628, 1e-6},
	{"goldstein_price", {0, -1}, 2, 3, 1e-12},
	{"easom", {3.14159265358979, 3.14159265358979}, 2, -1, 1e-12},
	{"hartmann", {0.1145888709, 0.5556488948, 0.8525469840}, 3, -3.86278, 1e-5},
	{"trid", {4, 6, 6, 4}, 4, -16, 1e-12},
	{"bohachevsky", {0, 0}, 2, 0, 1e-15},
	{"freudenstein_roth", {5, 4}, 2, 0, 0},
	{"freudenstein_roth", {11.412779, -0.896805}, 2, 48.9842, 1e-4},
	{"powell_badly_scaled", {1.098159e-5, 9.106146738}, 2, 0, 1e-8},
	{"brown_badly_scaled", {1e6, 2e-6}, 2, 0, 1e-15},
	{"jennrich_sampson", {0.2578252, 0.2578252}, 2, 124.362, 1e-3},
	{"helical_valley", {1, 0, 0}, 3, 0, 1e-15},
	{"bard", {0.0824105603, 1.1330360871, 2.3436951844}, 3, 8.21487e-3, 1e-8},
	{"gaussian", {0.3989561378, 1.0000190845, 0}, 3, 1.12793e-8, 1e-13},
	{"meyer", {0.00560963660801918, 6181.346325996884, 345.2236339432309}, 3, 87.9458, 1e-4},
	{"box_three", {1, 10, 1}, 3, 0, 1e-15},
	{"powell_singular", {0, 0, 0, 0}, 4, 0, 0},
	{"wood", {1, 1, 1, 1}, 4, 0, 0},
	{"kowalik_osborne", {0.1928069345, 0.1912823293, 0.1230565048, 0.1360623314}, 4, 3.07505e-4, 1e-9},
	{"brown_dennis", {-11.59443993575, 13.20363006368, -0.40343949407, 0.23677878404}, 4, 85822.2, 0.1},
	{"biggs_exponentials", {1, 10, 1, 5, 4, 3}, 6, 0, 1e-15},
	{"penalty_function", {0.2500075080, 0.2500074954, 0.2500075010, 0.2500074940}, 4, 2.24997e-5, 1e-10},
	{"variably_dimensioned", {1, 1, 1, 1, 1, 1}, 6, 0, 0},
	{"gulf_research", {50, 25, 1.5}, 3, 0, 1e-15},
	{"osborne_exponentials", {0.37541005, 1.93584691, -1.46468714, 0.0128675346, 0.0221226997}, 5, 5.46489e-5, 1e-9},
	{"osborne_bells",
     {1.3099771, 0.4315538, 0.6336617, 0.5994305, 0.7541832, 0.9042886, 1.3658118, 4.8236988, 2.3986848, 4.5688746,
      5.6753415},
     11,
     4.01377e-2,
     1e-7},
	{"watson", {-0.015725087, 1.012434870, -0.232991630, 1.260430078, -1.513728899, 0.992996430}, 6, 2.28767e-3, 1e-8},
	{"brown_almost_linear", {1, 1, 1, 1, 1}, 5, 0, 0},
	{"brown_almost_linear", {0, 0, 0, 0, 6}, 5, 1, 1e-15},
	{"chebyquad", {0.0668765909, 0.3666822992, 0.2887406731, 0.7112593269, 0.6333177008, 0.9331234091}, 6, 0, 1e-15},
	/* octahedra */
	{"lennard_jones",
     {0.790144, 0, 0, -0.790144, 0, 0, 0, 0.790144, 0, 0, -0.790144, 0, 0, 0, 0.790144, 0, 0, -0.790144},
     18,
     -12.712,
     1e-3},
	{"thomson", {1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1}, 18, 9.985, 1e-3},
};

Test(std_families, minima_are_the_published_ones) {
	for (size_t i = 0; i < sizeof minima / sizeof *minima; i++) {
		Lower l = lower_new(NULL);
		FeObjective *o = lower_objective(&l, minima[i].call);
		IrTensor values[64];
		cr_assert_eq(o->size, minima[i].n, "%s", minima[i].call);
		lower_problem(&l, o, SEED, INSTANCE, values);
		double f = lower_value_at(&l, o, values, minima[i].x);
		cr_expect(fabs(f - minima[i].f) <= minima[i].digits, "%s is %.17g, not %g", minima[i].call, f, minima[i].f);
		lower_free(&l);
	}
}
