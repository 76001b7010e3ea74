/* First-order meta-gradients: the gradient that the rule reads is a constant. On f = a x^2 / 2 everything is known: by hand. */
#include "runtime/meta/meta.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { STEPS = 7 };
static const double curvature = 1.3, rate = 0.2, keep = 0.6, start = 1.7;

static void estimate(FeEstimator kind, int window, int order, double *gradient) {
	Session *session = session_new();
	FeProgram *program = fe_program_new(session);
	const char *text = arena_printf(session->arena,
	                                "objective bowl() {\n  param x : real = %.17g\n  minimize %.17g * x^2 / 2\n}\n"
	                                "optimizer heavy() {\n  learn rate = %.17g\n  learn keep = %.17g\n  state m = 0\n"
	                                "  m <- keep * m + g\n  x <- x - rate * m\n}\n"
	                                "experiment e {\n  train heavy\n  on bowl\n  problems 1 train\n  horizon %d\n"
	                                "  score final(f)\n}\n",
	                                start, curvature, rate, keep, STEPS);
	fe_add_source(program, source_add(session, "test.grad", text, strlen(text)));
	RtOptions options = {.engine = RT_JIT, .real = IR_F64, .threads = 1};
	Rt *rt = rt_new(session, program, &options);
	FeExperiment experiment;
	cr_assert(fe_experiment(program, fe_find(program, session_name(session, "e")), &experiment));
	Task *task = task_new(rt, &experiment.on.data[0], &experiment.train, experiment.score, NULL, 0);
	MetaEstimate how = {.kind = kind, .window = window, .order = order, .horizon_low = STEPS, .horizon_high = STEPS};
	int problems = 1;
	MetaEstimator *e = meta_estimator_new(rt, &task, 1, &problems, &how, 0);
	const double theta[2] = {rate, keep};
	MetaStats stats;
	cr_assert(e && meta_estimate(e, theta, 0, gradient, &stats));
	meta_estimator_free(e);
	task_free(task);
	rt_free(rt);
	session_free(session);
}

/* The derivatives of the last f, with those of g with respect to x taken `share` times, and the state cut every `window` steps. */
static void by_hand(double share, int window, double *gradient) {
	double x = start, m = 0, x_dot[2] = {0}, m_dot[2] = {0};
	for (int t = 0; t < STEPS; t++) {
		for (int p = 0; p < 2 && t % window == 0; p++)
			x_dot[p] = m_dot[p] = 0;
		double g = curvature * x, before = m;
		m = keep * m + g;
		for (int p = 0; p < 2; p++) {
			m_dot[p] = keep * m_dot[p] + (p == 1 ? before : 0) + share * curvature * x_dot[p];
			x_dot[p] -= rate * m_dot[p] + (p == 0 ? m : 0);
		}
		x -= rate * m;
	}
	for (int p = 0; p < 2; p++)
		gradient[p] = curvature * x * x_dot[p];
}

Test(order, first_order_is_by_hand) {
	static const FeEstimator kinds[] = {FE_BACKPROP, FE_FORWARD};
	static const int windows[] = {0, 3};
	for (int k = 0; k < 8; k++) {
		int order = 1 + k / 2 % 2, window = windows[k / 4];
		double found[2], expected[2];
		estimate(kinds[k % 2], window, order, found);
		by_hand(order - 1, window ? window : STEPS, expected);
		for (int p = 0; p < 2; p++)
			cr_expect(fabs(found[p] - expected[p]) < 1e-13 * fabs(expected[p]), "kind %d, order %d, window %d: %g %g",
			          k % 2, order, window, found[p], expected[p]);
	}
}
