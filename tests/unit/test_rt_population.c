/* Searches that move the learned numbers themselves, where what candidates are worth is known in closed form: the objective is x, and
 * one step of the rule puts a function of its numbers there. */
#include "runtime/meta/meta.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

typedef struct Lab {
	Session *session;
	Rt *rt;
	Trained *trained;
} Lab;

/* numbers: `learn w0 = .., w1 = ..`; what stands at x after the one step */
static Lab train(const char *numbers, const char *value, const char *estimate, int steps, int threads) {
	Lab lab = {.session = session_new()};
	FeProgram *program = fe_program_new(lab.session);
	const char *text =
		arena_printf(lab.session->arena,
	                 "objective plain() {\n  param x : real = 0\n  minimize x\n}\n"
	                 "optimizer put() {\n%s  x <- %s\n}\n"
	                 "experiment e {\n  train put\n  on plain\n  problems 1 train\n  horizon 1\n  score final(f)\n"
	                 "  estimate %s\n  update adam(lr = 0.1) for %d steps\n  seed 5\n}\n",
	                 numbers, value, estimate, steps);
	fe_add_source(program, source_add(lab.session, "test.grad", text, strlen(text)));
	RtOptions options = {.engine = RT_JIT, .real = IR_F64, .threads = threads};
	lab.rt = rt_new(lab.session, program, &options);
	FeExperiment *experiment = ARENA_NEW(lab.session->arena, FeExperiment);
	bool well = fe_experiment(program, fe_find(program, session_name(lab.session, "e")), experiment);
	lab.trained = well ? train_experiment(lab.rt, experiment, &(TrainOptions){0}) : NULL;
	return lab;
}

static void end(Lab *lab) {
	train_free(lab->trained);
	rt_free(lab->rt);
	session_free(lab->session);
}

static Lab trained(const char *numbers, const char *value, const char *estimate, int steps, int threads) {
	Lab lab = train(numbers, value, estimate, steps, threads);
	if (!lab.trained)
		diag_print_all(lab.session, stderr, false);
	cr_assert(lab.trained);
	return lab;
}

static const char *array(Arena *arena, int count) {
	return arena_printf(arena, "  learn w : [%d] = 1\n", count);
}

/* Functions on which CMA-ES is measured: least values of 0 that it has to reach in about as many evaluations as are published for it
 * (Hansen's tutorial and its codes: some 100 n on the sphere, 1e3 to 1e4 on the others for few numbers). */
Test(population, cma_reaches_known_minima) {
	static const struct {
		const char *value;
		int count, generations;
		double at, least;
	} cases[] = {
		{"sum[i in 1](w[i]^2)", 1, 200, 0, 1e-12},
		{"sum[i in 10](w[i]^2)", 10, 200, 0, 1e-10},
		{"sum[i in 6](exp(13.8 * i / 5) * (w[i] - 3)^2)", 6, 450, 3, 1e-9}, /* axes of condition 1e6 */
		/* the same turned: the covariance has to be learned off its diagonal */
		{"sum[i in 6](exp(13.8 * i / 5) * (w[i] - 3 - sum[j in 6]((w[j] - 3) / 3))^2)", 6, 450, 3, 1e-9},
		{"sum[i in 5](100 * (w[i + 1] - w[i]^2)^2 + (w[i] - 1)^2) + 0 * w[0]", 6, 900, 1, 1e-9},
	};
	for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
		Arena *arena = arena_new();
		const char *numbers =
			k == 4 ? arena_printf(arena, "  learn w : [%d] = 0\n", cases[k].count) : array(arena, cases[k].count);
		Lab lab = trained(numbers, cases[k].value, "cma_es(spread = 0.5)", cases[k].generations, 1);
		double worst = 0;
		for (int i = 0; i < cases[k].count; i++)
			worst = fmax(worst, fabs(lab.trained->theta[i] - cases[k].at));
		cr_expect(worst < sqrt(cases[k].least) * 10, "%s: off by %g", cases[k].value, worst);
		int lambda = 4 + (int)floor(3 * log(cases[k].count));
		lambda += lambda % 2;
		cr_expect(lab.trained->pieces == (int64_t)lambda * cases[k].generations);
		end(&lab);
		arena_free(arena);
	}
}

/* Above 200 numbers the covariance is diagonal: no matrix of 210 x 210 is planned, and scales of coordinates are still learned. */
Test(population, cma_of_many_numbers_is_separable) {
	double bytes[2];
	for (int k = 0; k < 2; k++) {
		int count = k ? 201 : 200;
		Arena *arena = arena_new();
		const char *value = arena_printf(arena, "sum[i in %d]((1 + 99 * (i / %d)) * w[i]^2)", count, count - 1);
		Lab lab = trained(array(arena, count), value, "cma_es(population = 20)", k ? 1500 : 3, 1);
		bytes[k] = lab.trained->memory_bytes;
		double sum = 0;
		for (int i = 0; i < count; i++)
			sum += lab.trained->theta[i] * lab.trained->theta[i];
		if (k)
			cr_expect(sum < 1e-2 * count, "%g", sum);
		end(&lab);
		arena_free(arena);
	}
	cr_expect(bytes[0] - bytes[1] > 3 * 8 * 200 * 200, "%g and %g bytes", bytes[0], bytes[1]);
}

/* By hand: the least of a function over the same draws, and over the same grid. */
Test(population, random_search_keeps_the_best_draw) {
	enum { STEPS = 7, POPULATION = 6 };
	Lab lab =
		trained("  learn a = 0.5\n  learn b = 0 - 1\n", "(a - 1)^2 + (b + a)^2", "random_search(0.7, 6)", STEPS, 2);
	double best[2] = {0.5, -1}, least = (double)INFINITY;
	for (int step = 0; step < STEPS; step++) {
		for (int i = 0; i < POPULATION; i++) {
			double z[2];
			meta_noise(5, step, i, z, 2);
			double spread = step || i ? 0.7 : 0, a = 0.5 + spread * z[0], b = -1 + spread * z[1];
			double value = (a - 1) * (a - 1) + (b + a) * (b + a);
			if (value < least) {
				least = value;
				best[0] = a;
				best[1] = b;
			}
		}
	}
	cr_expect(memcmp(best, lab.trained->theta, sizeof best) == 0, "%g %g", lab.trained->theta[0],
	          lab.trained->theta[1]);
	end(&lab);
}

Test(population, grid_search_sees_every_point_once) {
	/* 4 x 4 points around (0, 0), of which (1/3, -1) is the best; the last outer steps have nothing left to ask. */
	Lab lab = trained("  learn a = 0\n  learn b = 0\n", "(a - 0.4)^2 + (b + 2)^2", "grid_search(1, 4, 6)", 5, 1);
	cr_expect(fabs(lab.trained->theta[0] - 1.0 / 3) < 1e-15 && lab.trained->theta[1] == -1);
	cr_expect(lab.trained->pieces == 18, "%lld", (long long)lab.trained->pieces); /* the last pair repeats one */
	end(&lab);
	Lab large = train("  learn w : [40] = 0\n", "sum[i in 40](w[i]^2)", "grid_search()", 5, 1);
	cr_expect(!large.trained && large.session->error_count == 1);
	end(&large);
}

/* Runs that are not finite count before scores. */
Test(population, lost_runs_are_the_worst) {
	static const char *const searches[] = {"cma_es(spread = 1)", "random_search(spread = 1)",
	                                       "grid_search(spread = 1, points = 21)"};
	for (size_t k = 0; k < sizeof searches / sizeof *searches; k++) {
		Lab lab = trained("  learn a = 0.3\n", "log(a) + (if a < 0 then 0 - 1e9 else 0)", searches[k], 60, 1);
		cr_expect(lab.trained->theta[0] > 0 && lab.trained->theta[0] < 0.3, "%s: %g", searches[k],
		          lab.trained->theta[0]);
		cr_expect(lab.trained->nonfinite > 0 && lab.trained->nonfinite < lab.trained->pieces);
		end(&lab);
	}
}

/* Generations of which no run is finite are told as well: a grid goes on behind them, and theta stays at its start until then. */
Test(population, what_is_lost_as_a_whole_is_passed) {
	Lab lab = trained("  learn a = 0\n", "if a < 3.5 then log(0 - 1) else a", "grid_search(4, 9, 2)", 5, 1);
	cr_expect(lab.trained->theta[0] == 4, "%g", lab.trained->theta[0]);
	cr_expect(lab.trained->pieces == 10 && lab.trained->nonfinite == 8, "%lld", (long long)lab.trained->nonfinite);
	end(&lab);
	static const char *const searches[] = {"cma_es()", "random_search()", "grid_search()"};
	for (size_t k = 0; k < sizeof searches / sizeof *searches; k++) {
		Lab lost = trained("  learn a = 0.25\n", "log(0 - 1) + 0 * a", searches[k], 3, 1);
		cr_expect(lost.trained->theta[0] == 0.25, "%s: %g", searches[k], lost.trained->theta[0]);
		end(&lost);
	}
}

/* Ranking 100,000 candidates takes a moment, not a time that grows as their square. */
Test(population, large_generations_are_ranked, .timeout = 20) {
	Lab lab = trained("  learn a = 1\n", "a^2", "cma_es(1, 200000)", 2, 1);
	cr_expect(fabs(lab.trained->theta[0]) < 0.05, "%g", lab.trained->theta[0]);
	end(&lab);
}

Test(population, same_bits_on_any_number_of_threads) {
	static const char *const searches[] = {"cma_es()", "random_search()", "grid_search(points = 9)"};
	for (size_t k = 0; k < sizeof searches / sizeof *searches; k++) {
		Lab one = trained("  learn w : [3] = 1\n", "sum[i in 3]((i + 1) * w[i]^2)", searches[k], 12, 1);
		Lab three = trained("  learn w : [3] = 1\n", "sum[i in 3]((i + 1) * w[i]^2)", searches[k], 12, 3);
		cr_expect(memcmp(one.trained->theta, three.trained->theta, 3 * sizeof(double)) == 0, "%s", searches[k]);
		end(&one);
		end(&three);
	}
}
