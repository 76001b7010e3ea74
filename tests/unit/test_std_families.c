/* Every family of the library against numpy: where it starts, and its value there and at two points around, are what
 * tests/library/families.py, written from the published formulas, says (tests/library/families.table). Gradients against
 * differences: test_ad_library. Published minima are where they are said to be. */
#include "lower_instances.h"
#include "programs.h"

static const double tolerance = 1e-10;
enum { SEED = 7, INSTANCE = 3, POINTS = 3 };

static double moved(double start, int point, int64_t k) {
	double at = (double)k;
	return point == 0 ? start : start + (point == 1 ? 0.1 * sin(1.3 * at + 0.7) : 0.3 * cos(2.1 * at));
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
	double *x = ARENA_ARRAY(l.module->arena, double, o->size), worst = 0;
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
