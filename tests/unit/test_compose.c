/* Every family of the library as a base of another one: as a value, at its parameters as one vector, and around itself, it starts where
 * it starts by itself, has the same values there and at other places, and the same reports. */
#include "lower_instances.h"
#include "programs.h"

static const char families[] = "objective as_value(base = bowl) {\n  minimize base\n}\n"
							   "objective at_a_place(base = bowl) {\n  param z = start(base)\n  minimize base(z)\n}\n"
							   "objective doubled(base = bowl) {\n  param z = start(base) / 2\n  var f = 0\n"
							   "  for k in 0..2 {\n    f <- f + base(2 * z)\n  }\n  minimize f / 2\n}\n";

enum { SEED = 7, INSTANCE = 3, STEP = 2, POINTS = 3, MOST = 64 };

typedef struct Problem {
	FeObjective *o;
	IrTensor values[MOST]; /* what setup makes, then x */
	double *start;
} Problem;

static Problem problem_of(Lower *l, const char *call) {
	Problem p = {.o = lower_objective(l, call)};
	cr_assert(p.o->fixed.count + 4 < MOST, "%s", call);
	lower_problem(l, p.o, SEED, INSTANCE, p.values);
	p.start = arena_copy(l->module->arena, p.values[p.o->fixed.count].reals, sizeof(double) * (size_t)p.o->size);
	return p;
}

/* f and the reports; how many there are. */
static uint32_t figures(Lower *l, Problem *p, const double *x, double *out) {
	IrTensor args[MOST + 3] = {lower_int(l, SEED), lower_int(l, INSTANCE), lower_int(l, STEP)}, results[16];
	uint32_t first = p->o->batches ? 0 : 3, count = 1 + p->o->reports.count;
	p->values[p->o->fixed.count] = lower_vector(l, x, p->o->size);
	memcpy(args + 3, p->values, sizeof *args * (p->o->fixed.count + 1));
	lower_run(l, p->o->value, args + first, results);
	for (uint32_t i = 0; i < count; i++)
		out[i] = results[i].reals[0];
	return count;
}

static double place(const double *start, int point, int64_t k) {
	return start[k] + (point == 0 ? 0 : point == 1 ? 0.1 * sin(1.3 * (double)k + 0.7) : 0.3 * cos(2.1 * (double)k));
}

/* scale: what x of the family is of that of its base. */
static void check_base(Lower *l, const char *name, const char *family, double scale, bool reports) {
	char call[200];
	snprintf(call, sizeof call, "%s(base = %s)", family, name);
	Problem alone = problem_of(l, name), made = problem_of(l, call);
	int64_t n = alone.o->size;
	cr_assert(made.o->size == n, "%s has %lld numbers", call, (long long)made.o->size);
	cr_expect(!reports || made.o->reports.count == alone.o->reports.count, "%s: reports", call);
	double *x = ARENA_ARRAY(l->module->arena, double, n), *z = ARENA_ARRAY(l->module->arena, double, n);
	for (int point = 0; point < POINTS; point++) {
		double expected[16], found[16];
		for (int64_t k = 0; k < n; k++) {
			x[k] = place(alone.start, point, k);
			z[k] = scale * x[k];
			cr_expect(point || made.start[k] == scale * alone.start[k], "%s: x[%lld]", call, (long long)k);
		}
		uint32_t count = figures(l, &alone, x, expected);
		figures(l, &made, z, found);
		for (uint32_t i = 0; i < (reports ? count : 1); i++) {
			bool same = fabs(found[i] - expected[i]) <= 1e-12 * (1 + fabs(expected[i])) ||
			            (isnan(found[i]) && isnan(expected[i])) || found[i] == expected[i];
			cr_expect(same, "%s at point %d: figure %u is %.17g, not %.17g", call, point, i, found[i], expected[i]);
		}
	}
}

Test(compose, every_family_is_a_base, .timeout = 500) {
	Session *session = session_new();
	ProgramDecls all = programs_all(session, AST_OBJECTIVE);
	int count = 0;
	for (uint32_t i = 0; i < all.count; i++) {
		if (all.data[i].path) /* of an example */
			continue;
		const char *name = strstr(all.data[i].name, ": ") + 2;
		Lower l = lower_new(families);
		check_base(&l, name, "as_value", 1, true);
		check_base(&l, name, "at_a_place", 1, true);
		check_base(&l, name, "doubled", 0.5, false);
		lower_free(&l);
		count++;
	}
	session_free(session);
	cr_expect(count > 80, "%d families", count);
}
