/* Pieces that training is made of: sets of problems that have no instance in common, norms whose squares leave the range
 * of f64, and how a run ends. */
#include "rt_tasks.h"
#include "runtime/meta/meta.h"

Test(rt_training, sets_of_problems_are_disjoint) {
	static const ProblemSet sets[] = {PROBLEMS_TRAIN, PROBLEMS_SELECT, PROBLEMS_TEST};
	/* Ordinary counts are numbered on from the first of the set. */
	for (int s = 0; s < 3; s++)
		for (int k = 0; k < 1000000; k += k < 1000 || k > 998000 ? 1 : 999)
			cr_assert(problems_instance(sets[s], k) == (int64_t)sets[s] + k, "%d of set %d", k, s);
	/* Behind that, every number belongs to one set and one place in it: the numbering can be turned round. */
	static const int counts[] = {1000000, 1000001, 1000002, 1999999, 2000000, 3000000, 3000001, 999999999, 1000000000};
	for (int s = 0; s < 3; s++) {
		for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
			int64_t number = problems_instance(sets[s], counts[c]);
			cr_expect(number >= 3000000 && number % 3 == s && number / 3 == counts[c], "%d of set %d is %lld",
			          counts[c], s, (long long)number);
		}
	}
	/* The problems themselves follow it. */
	RtBench b = rt_bench(RT_EVALUATOR, 1);
	Task *task = rt_bench_task(&b, &rt_toy, &rt_linear_rate, (FeScore){FE_SCORE_MEAN, FE_SCORE_F});
	task_set_lanes(task, IR_LANES);
	enum { COUNT = 1000003 };
	Problems *problems = problems_of(task, 0, PROBLEMS_SELECT, COUNT, false);
	for (int k = COUNT - 100; k < COUNT; k++) {
		int64_t number = problems->blocks[k / IR_LANES].instance[k % IR_LANES];
		cr_expect(number == problems_instance(PROBLEMS_SELECT, k));
	}
	problems_free(problems);
	task_free(task);
	rt_bench_free(&b);
}

Test(rt_training, norms) {
	static const double scales[] = {0, 5e-324, 1e-310, 1e-200, 1e-160, 1e-140, 1, 1e140, 1e154, 1e160, 1e200, 3e307};
	for (size_t k = 0; k < sizeof scales / sizeof *scales; k++) {
		/* 2, 3, 6, 0: the norm is 7 */
		double s = scales[k] / 7, values[] = {2 * s, -3 * s, 6 * s, 0}, unit;
		if (scales[k] < 1e-300) { /* exact in subnormals, too */
			s = scales[k];
			double exact[] = {2 * s, -3 * s, 6 * s, 0};
			memcpy(values, exact, sizeof values);
		}
		double norm = meta_norm(values, 4, &unit), expected = scales[k] < 1e-300 ? 7 * s : scales[k];
		cr_expect(fabs(norm * unit - expected) <= 1e-14 * expected, "%g: %g times %g", scales[k], norm, unit);
	}
	double values[] = {1, NAN}, unit;
	cr_expect(isnan(meta_norm(values, 2, &unit)));
	values[1] = INFINITY;
	cr_expect(isinf(meta_norm(values, 2, &unit) * unit));
	cr_expect(meta_norm(values, 0, &unit) == 0);
	double many[1000];
	for (int i = 0; i < 1000; i++)
		many[i] = 1e308;
	double norm = meta_norm(many, 1000, &unit); /* the norm itself overflows, its two factors do not */
	cr_expect(unit == 1e308 && fabs(norm - sqrt(1000)) < 1e-12, "%g %g", norm, unit);
}

Test(rt_training, how_runs_end) {
	const struct {
		double f[4];
		RunEnd end;
	} runs[] = {
		{{3, 2, 1, 0}, RUN_ENDED_BELOW},         {{3, 9, 9, 3}, RUN_ENDED_BELOW},
		{{3, 2, 1, 3.0000001}, RUN_ENDED_ABOVE}, {{0.1, 0, 0, 0.9}, RUN_ENDED_ABOVE},
		{{-3, -4, -4, -2.9}, RUN_ENDED_ABOVE},   {{3, NAN, 1, 0}, RUN_NOT_FINITE},
		{{3, INFINITY, 1, 0}, RUN_NOT_FINITE},   {{3, 2, 1, -INFINITY}, RUN_NOT_FINITE},
		{{NAN, 2, 1, 0}, RUN_NOT_FINITE},        {{1e300, 1e300, 1, 0}, RUN_ENDED_BELOW},
		{{0, 0, 0, 5e-324}, RUN_ENDED_ABOVE},
	};
	for (size_t k = 0; k < sizeof runs / sizeof *runs; k++)
		cr_expect(run_end(runs[k].f, 3) == runs[k].end, "run %zu", k);
	cr_expect(run_end(runs[0].f, 0) == RUN_ENDED_BELOW);
}

/* A clip of the whole gradient and of one problem's, where squares overflow and where they vanish: the step has the length
 * of the limit. */
Test(rt_training, clips_of_any_size) {
	static const double scales[] = {1e-170, 1e-150, 1, 1e150, 1e170};
	for (size_t k = 0; k < sizeof scales / sizeof *scales; k++) {
		RtBench b = rt_bench(RT_EVALUATOR, 1);
		Task *task = rt_bench_task(&b, &rt_first_coordinate, &rt_linear_system, (FeScore){FE_SCORE_MEAN, FE_SCORE_F});
		double theta = scales[k] > 1 ? scales[k] : 0.5; /* the gradient grows with theta */
		MetaEstimate how = {.kind = FE_BACKPROP, .horizon_low = 4, .horizon_high = 4, .clip = scales[k] / 10};
		int problems = 1;
		MetaEstimator *e = meta_estimator_new(b.rt, &task, 1, &problems, &how, 0);
		double gradient;
		MetaStats stats;
		cr_assert(e && meta_estimate(e, &theta, 0, &gradient, &stats));
		if (scales[k] <= 1e150) { /* f itself is the square of theta, and has to be finite */
			cr_expect(stats.clipped == 1 && fabs(fabs(gradient) - how.clip) <= 1e-14 * how.clip, "%g: %g", scales[k],
			          gradient);
		} else {
			cr_expect(stats.nonfinite == 1);
		}
		meta_estimator_free(e);
		task_free(task);
		rt_bench_free(&b);
	}
}

/* What a training is said to compile (and `show` prints) is what it has compiled: for every estimator, whole and in windows, with
 * few problems and many, with and without selection. */
Test(rt_training, compiles_what_is_said) {
	static const char *const windows[] = {"", "window = 3"};
	for (int k = 0; k < FE_ESTIMATORS * 8; k++) {
		int train = k / 2 % 2 ? 20 : 3, select = k / 4 % 2 ? 4 : 0;
		FeEstimator estimator = (FeEstimator)(k / 8);
		Session *session = session_new();
		FeProgram *program = fe_program_new(session);
		const char *text =
			arena_printf(session->arena,
		                 "optimizer r() {\n  learn rate = 0.1 in (0, 1)\n  x <- x - rate * g\n}\n"
		                 "experiment e {\n  train r\n  on rosenbrock\n  problems %d train, %d select\n  horizon 6\n"
		                 "  estimate %s(%s)\n  update gradient_descent(lr = 0.1) for 1 steps\n}\n",
		                 train, select, fe_estimator_name(estimator),
		                 fe_has_option(estimator, FE_OPTION_WINDOW) ? windows[k % 2] : "");
		fe_add_source(program, source_add(session, "test.grad", text, strlen(text)));
		RtOptions options = {.engine = RT_EVALUATOR, .real = IR_F64, .threads = 1};
		Rt *rt = rt_new(session, program, &options);
		FeExperiment experiment;
		bool well = fe_experiment(program, fe_find(program, session_name(session, "e")), &experiment);
		Trained *trained = well ? train_experiment(rt, &experiment, &(TrainOptions){0}) : NULL;
		if (!trained)
			diag_print_all(session, stderr, false);
		cr_assert(trained);
		Task *task = trained->tasks[0];
		MetaUse uses[META_MOST_USES];
		int count = train_uses(&experiment, task, uses), made = 0;
		for (int i = 0; i < count; i++) {
			const TaskPlan *plan = &uses[i].plan, *of = &task->plan[uses[i].stage][plan->variant];
			cr_expect(task->code[uses[i].stage][plan->variant] && of->window == plan->window &&
			              of->steps == plan->steps && of->fixed == plan->fixed,
			          "stage %d is not made as it is said", (int)uses[i].stage);
		}
		for (int stage = 0; stage < TASK_STAGES; stage++)
			made += (task->code[stage][TASK_SHARED] != NULL) + (task->code[stage][TASK_PER_LANE] != NULL);
		cr_expect(made == count, "%d functions are made, and %d said:\n%s", made, count, text);
		train_free(trained);
		rt_free(rt);
		session_free(session);
	}
}
