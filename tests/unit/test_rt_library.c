/* Meta-gradients of every rule of the library: back-propagation through the whole run and forward mode agree, and for those that
 * others are built like central differences of the score, too; training and its result are the same bits on one thread and on two; a trained rule is
 * a file that reads back as itself. */
#include "programs.h"
#include "rt_tasks.h"
#include "runtime/store/store.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Rule {
	const char *call, *open[3];
	double tolerance; /* of differences: networks and signs bend more */
} Rule;

static const Rule rules[] = {
	{"gradient_descent(lr = 0.05)", {"lr"}, 1e-6},
	{"momentum(lr = 0.05, beta = 0.8)", {"lr", "beta"}, 1e-6},
	{"nesterov(lr = 0.05, beta = 0.8)", {"lr", "beta"}, 1e-6},
	{"adagrad(lr = 0.1)", {"lr"}, 1e-6},
	{"rmsprop(lr = 0.05)", {"lr"}, 1e-6},
	{"adam(lr = 0.1)", {"lr", "beta1", "beta2"}, 1e-6},
	{"adamw(lr = 0.1, decay = 0.1)", {"lr", "beta1", "decay"}, 1e-6},
	{"lion(lr = 0.03)", {"lr"}, 1e-6},
	{"policy(hidden = 2)", {NULL}, 1e-6},
	{"mlp_lopt(hidden = 2)", {NULL}, 1e-5},
};

static const char *const problems[] = {"robust_regression()", "quadratic(n = 3)"};
enum { OF_RESIDUALS = 1 };

typedef struct Lab {
	Session *session;
	FeProgram *program;
	Rt *rt;
	Arena *arena;
} Lab;

static Lab lab_new(int threads, IrScalar real, const char *text) {
	Lab lab = {.session = session_new(), .arena = arena_new()};
	lab.program = fe_program_new(lab.session);
	store_use_weights(lab.session, lab.program);
	if (text)
		fe_add_source(lab.program, source_add(lab.session, "test.grad", text, strlen(text)));
	RtOptions options = {.real = real, .threads = threads, .seed = 1};
	lab.rt = rt_new(lab.session, lab.program, &options);
	return lab;
}

static void lab_check(const Lab *lab) {
	if (lab->session->error_count > 0) {
		diag_print_all(lab->session, stderr, false);
		cr_assert(false, "diagnostics");
	}
}

static void lab_free(Lab *lab) {
	lab_check(lab);
	rt_free(lab->rt);
	arena_free(lab->arena);
	session_free(lab->session);
}

static double score_of(Lab *lab, Task *task, const Problems *instances, const double *theta, int steps) {
	Runs runs;
	ArenaMark mark = arena_mark(lab->arena);
	cr_assert(run_problems(task, instances, NULL, theta, steps, false, lab->arena, &runs));
	double sum = 0;
	for (int i = 0; i < runs.problems; i++)
		sum += runs.score[i] / runs.problems;
	arena_release(lab->arena, mark);
	return sum;
}

/* engine: the evaluator compiles nothing, which makes it the faster one for a few steps. */
static void check_rule(const Rule *rule, const char *problem, RtEngine engine) {
	enum { T = 6, N = 3 };
	Lab lab = lab_new(2, IR_F64, NULL);
	lab.rt->options.engine = engine;
	FeCall objective, method;
	cr_assert(fe_call_text(lab.program, problem, AST_OBJECTIVE, &objective));
	cr_assert(fe_call_text(lab.program, rule->call, AST_OPTIMIZER, &method));
	Name open[3];
	uint32_t open_count = 0;
	while (open_count < 3 && rule->open[open_count]) {
		open[open_count] = session_name(lab.session, rule->open[open_count]);
		open_count++;
	}
	Task *task = task_new(lab.rt, &objective, &method, (FeScore){FE_SCORE_MEAN, FE_SCORE_F}, open, open_count);
	lab_check(&lab);
	int64_t count = learned_count(task->rule);
	cr_assert(count > 0, "%s", rule->call);
	double *theta = ARENA_ARRAY(lab.arena, double, count), *whole = ARENA_ARRAY(lab.arena, double, count);
	double *forward = ARENA_ARRAY(lab.arena, double, count), *differences = ARENA_ARRAY(lab.arena, double, count);
	cr_assert(learned_start(task->rt, task->rule, 5, theta));
	double *nudge = ARENA_ARRAY(lab.arena, double, count); /* no relu stands exactly at its corner */
	meta_noise(9, 0, 0, nudge, count);
	for (int64_t p = 0; p < count; p++)
		theta[p] += 0.01 * nudge[p];
	MetaEstimate how = {.kind = FE_BACKPROP, .horizon_low = T, .horizon_high = T};
	double *gradients[] = {whole, forward};
	for (int k = 0; k < 2; k++) {
		int instances = N;
		MetaStats stats;
		how.kind = k == 0 ? FE_BACKPROP : FE_FORWARD;
		MetaEstimator *e = meta_estimator_new(lab.rt, &task, 1, &instances, &how, 0);
		lab_check(&lab);
		cr_assert(meta_estimate(e, theta, 0, gradients[k], &stats));
		cr_expect(stats.nonfinite == 0, "%s on %s", rule->call, problem);
		meta_estimator_free(e);
	}
	Problems *instances = problems_new(task, 1, PROBLEMS_TRAIN, N, false);
	for (int64_t p = 0; p < count && rule->tolerance > 0; p++) {
		const double h = 1e-5, at = theta[p];
		theta[p] = at + h;
		double up = score_of(&lab, task, instances, theta, T);
		theta[p] = at - h;
		differences[p] = (up - score_of(&lab, task, instances, theta, T)) / (2 * h);
		theta[p] = at;
	}
	double off = rt_bench_distance(whole, forward, count);
	/* Without differences it is not known how much cancels: what Adam makes of a clipped gradient hardly depends on the limit. */
	cr_expect(off < (rule->tolerance > 0 ? 1e-10 : 1e-8), "%s on %s: forward mode is off by %g", rule->call, problem,
	          off);
	off = rule->tolerance > 0 ? rt_bench_distance(whole, differences, count) : 0;
	cr_expect(off <= rule->tolerance, "%s on %s: differences are off by %g", rule->call, problem, off);
	problems_free(instances);
	task_free(task);
	lab_free(&lab);
}

Test(rt_library, meta_gradients, .timeout = 300) {
	for (size_t r = 0; r < sizeof rules / sizeof *rules; r++)
		for (size_t k = 0; k < sizeof problems / sizeof *problems; k++)
			check_rule(&rules[r], problems[k], RT_JIT);
}

static bool in_table(const char *name) {
	for (size_t r = 0; r < sizeof rules / sizeof *rules; r++)
		if (strcspn(rules[r].call, "(") == strlen(name) && strncmp(rules[r].call, name, strlen(name)) == 0)
			return true;
	return false;
}

/* All others, with what tuning looks for first opened where they learn nothing; differences are test_ad_library's. */
Test(rt_library, meta_gradients_of_all_others, .timeout = 300) {
	Session *session = session_new();
	ProgramDecls all = programs_all(session, AST_OPTIMIZER);
	int tried = 0;
	for (uint32_t i = 0; i < all.count; i++) {
		const AstDecl *decl = all.data[i].decl;
		const char *name = session_text(session, decl->name.name);
		if (all.data[i].path || in_table(name))
			continue;
		Rule rule = {.call = program_call(session, &all.data[i])};
		bool learns = false;
		for (uint32_t k = 0; k < decl->body.count; k++)
			learns = learns || decl->body.data[k]->kind == AST_LEARN;
		for (uint32_t k = 0; k < decl->params.count && !learns && !rule.open[0]; k++) {
			bool ranged = decl->params.data[k].limits.low != NULL;
			rule.open[0] = ranged ? session_text(session, decl->params.data[k].name.name) : NULL;
		}
		if (learns || rule.open[0]) {
			check_rule(&rule, problems[program_says(&all.data[i], "residuals") ? OF_RESIDUALS : i % 2], RT_EVALUATOR);
			tried++;
		}
	}
	session_free(session);
	cr_expect(tried > 70, "%d", tried);
}

/* ---- training ---- */

static const char experiment_text[] = "fn bend(v) = tanh(v)\n"
									  "optimizer small(width = 2, speed = 0.1 in (1e-4, 1)) {\n"
									  "  learn W : [width, 2] ~ normal(0, 0.5)  # the first layer\n"
									  "  learn v : [width] = 0.1\n"
									  "  learn decay = 0.5 in (0, 1)\n"
									  "  learn gain = 0.3 in (0, inf)\n"
									  "  state m = 0\n"
									  "  m <- decay * m + (1 - decay) * g\n"
									  "  each {\n"
									  "    let h = bend(W @ [m, g])\n"
									  "    x <- x - speed * (gain * m + sum[i](v[i] * h[i]))\n"
									  "  }\n"
									  "}\n"
									  "experiment go {\n"
									  "  train    small(width = 3)\n"
									  "  on       quadratic(n = 3), robust_regression()\n"
									  "  problems 20 train, 10 select, 10 test\n"
									  "  horizon  8\n"
									  "  score    mean(f)\n"
									  "  estimate backprop(window = 4)\n"
									  "  update   adam(lr = 0.05) for 25 steps\n"
									  "  clip     1\n"
									  "  learn    small.speed\n"
									  "  seed     3\n"
									  "}\n";

static Trained *train(Lab *lab, const char *dir, FeExperiment *experiment) {
	const AstDecl *decl = fe_find(lab->program, session_name(lab->session, "go"));
	lab_check(lab);
	cr_assert(decl && fe_experiment(lab->program, decl, experiment));
	Trained *trained = train_experiment(lab->rt, experiment, &(TrainOptions){.select_every = 5});
	lab_check(lab);
	cr_assert(trained != NULL);
	if (dir) {
		StoreFolder *folder = store_folder_new(lab->rt, dir, experiment, "gradus train");
		cr_assert(folder && store_folder_result(folder, trained, &(bool){false}));
		store_folder_close(folder);
	}
	return trained;
}

Test(rt_library, training_is_the_same_on_any_number_of_threads, .timeout = 200) {
	double kept[2][64];
	int64_t count = 0;
	for (int threads = 1; threads <= 2; threads++) {
		Lab lab = lab_new(threads, IR_F32, experiment_text);
		FeExperiment experiment;
		Trained *trained = train(&lab, NULL, &experiment);
		count = trained->count;
		cr_assert(count == 3 * 2 + 3 + 3 && trained->steps == 25 && trained->nonfinite == 0);
		cr_expect(trained->best_score < trained->start_score);
		cr_expect(trained->select_count == 6);
		memcpy(kept[threads - 1], trained->theta, sizeof(double) * (size_t)count);
		train_free(trained);
		lab_free(&lab);
	}
	cr_expect(memcmp(kept[0], kept[1], sizeof(double) * (size_t)count) == 0);
}

/* Strict code and the evaluator do the same operations: training by either ends with the same bits. */
Test(rt_library, strict_training_is_the_same_by_the_evaluator, .timeout = 200) {
	for (int wide = 0; wide < 2; wide++) {
		double kept[2][64];
		int64_t count = 0;
		for (int k = 0; k < 2; k++) {
			Lab lab = lab_new(2, wide ? IR_F64 : IR_F32, experiment_text);
			lab.rt->options.strict = true;
			lab.rt->options.engine = k == 0 ? RT_JIT : RT_EVALUATOR;
			FeExperiment experiment;
			const AstDecl *decl = fe_find(lab.program, session_name(lab.session, "go"));
			cr_assert(decl && fe_experiment(lab.program, decl, &experiment));
			experiment.outer_steps = 3;
			experiment.train_problems = experiment.select_problems = 5;
			Trained *trained = train_experiment(lab.rt, &experiment, &(TrainOptions){.select_every = 1});
			lab_check(&lab);
			count = trained->count;
			memcpy(kept[k], trained->last, sizeof(double) * (size_t)count);
			train_free(trained);
			lab_free(&lab);
		}
		cr_expect(memcmp(kept[0], kept[1], sizeof(double) * (size_t)count) == 0, "%s: %g", wide ? "f64" : "f32",
		          rt_bench_distance(kept[0], kept[1], count));
	}
}

/* Reading and running what a run folder holds gives the scores that training saw, to the last bit. */
Test(rt_library, a_trained_rule_reads_back_as_itself, .timeout = 200) {
	char dir[] = "/tmp/gradus-run-XXXXXX";
	cr_assert(mkdtemp(dir) != NULL && rmdir(dir) == 0);
	Lab lab = lab_new(1, IR_F64, experiment_text);
	FeExperiment experiment;
	Trained *trained = train(&lab, dir, &experiment);
	Problems *instances = problems_new(trained->tasks[0], 1, PROBLEMS_TEST, 10, false);
	double expected = score_of(&lab, trained->tasks[0], instances, trained->theta, 8);
	double learned[64];
	memcpy(learned, trained->natural, sizeof(double) * (size_t)trained->count);
	cr_assert(store_folder_new(lab.rt, dir, &experiment, "again") == NULL, "a run folder was overwritten");
	cr_expect(lab.session->error_count == 1);
	lab.session->error_count = 0;
	problems_free(instances);
	train_free(trained);
	lab_free(&lab);

	Lab again = lab_new(1, IR_F64, NULL);
	StoreInfo info;
	cr_assert(store_folder_read(again.rt, dir, &info));
	cr_assert(info.training_evaluations > 0 && strcmp(info.rule_name, "small") == 0);
	cr_assert(fe_add_file(again.program, info.rule_path));
	FeCall objective, method;
	cr_assert(fe_call_text(again.program, "quadratic(n = 3)", AST_OBJECTIVE, &objective));
	cr_assert(fe_call_text(again.program, info.rule_name, AST_OPTIMIZER, &method));
	Task *task = task_new(again.rt, &objective, &method, (FeScore){FE_SCORE_MEAN, FE_SCORE_F}, NULL, 0);
	lab_check(&again);
	cr_assert(learned_count(task->rule) == 11); /* the opened speed is a hyperparameter again */
	double theta[64], natural[64];
	cr_assert(learned_start(task->rt, task->rule, 99, theta) && learned_natural(task->rt, task->rule, theta, natural));
	cr_expect(rt_bench_distance(natural, learned, 9) == 0);
	cr_expect(rt_bench_distance(natural, learned, 11) < 1e-14);
	instances = problems_new(task, 1, PROBLEMS_TEST, 10, false);
	double score = score_of(&again, task, instances, theta, 8);
	cr_expect(fabs(score - expected) < 1e-12 * fabs(expected), "%.17g %.17g", score, expected);
	problems_free(instances);
	task_free(task);
	lab_free(&again);
	char command[100];
	snprintf(command, sizeof command, "rm -r %s", dir);
	cr_assert(system(command) == 0);
}

Test(rt_library, memory_is_refused_before_anything_runs) {
	Lab lab = lab_new(1, IR_F64, experiment_text);
	lab.rt->options.memory = 20000;
	FeExperiment experiment;
	cr_assert(fe_experiment(lab.program, fe_find(lab.program, session_name(lab.session, "go")), &experiment));
	cr_expect(train_experiment(lab.rt, &experiment, &(TrainOptions){0}) == NULL);
	cr_expect(lab.session->error_count == 1 && lab.session->diags.data[0]->code == 801);
	lab.session->error_count = 0;
	lab_free(&lab);
}
