/* Guided policy search: what it learns on a small problem, step by step, against numpy (tests/library/policy_search.table, written by
 * policy_search.py in other ways); its misfit's gradient against differences; the same bits on any number of threads and for problems
 * in lanes or alone. */
#include "files.h"
#include "rt_tasks.h"
#include "runtime/meta/meta.h"

/* As in policy_search.py. */
static const char program_text[] = "joint optimizer steer() {\n"
								   "  learn a = -2\n"
								   "  learn b = 0.1\n"
								   "  state m = 0\n"
								   "  m <- m / 2 + g\n"
								   "  x <- x - exp(a) * m - b * x\n"
								   "}\n"
								   "joint optimizer slow() {\n"
								   "  learn a = -6\n"
								   "  learn b = 0\n"
								   "  x <- x - exp(a) * g - b * x\n"
								   "}\n"
								   "objective dish() {\n"
								   "  param x : [2] = [1, -2]\n"
								   "  minimize 2 + x[0]^2 + x[0] * x[1] / 2 + 2 * x[1]^2 + 0.9 * sin(3 * x[0])\n"
								   "}\n"
								   "objective dishes() {\n"
								   "  given s : real ~ uniform(0.5, 1.5)\n"
								   "  param x : [3] ~ normal(0, 1)\n"
								   "  minimize 2 + sum(x^2) + s * x[0] * x[1] + 0.9 * sin(3 * x[2])\n"
								   "}\n";

typedef struct Lab {
	Session *session;
	Rt *rt;
	FeExperiment experiment;
	TrainOptions options;
	Training *training;
} Lab;

static Lab lab_new(const char *rule, const char *clauses, int threads, IrScalar real) {
	Lab lab = {.session = session_new()};
	FeProgram *program = fe_program_new(lab.session);
	const char *text =
		arena_printf(lab.session->arena, "%sexperiment e {\n  train %s()\n%s\n}\n", program_text, rule, clauses);
	fe_add_source(program, source_add(lab.session, "test.grad", text, strlen(text)));
	RtOptions options = {.engine = RT_JIT, .real = real, .threads = threads, .pipeline = {.verify = true}};
	lab.rt = rt_new(lab.session, program, &options);
	if (!fe_experiment(program, fe_find(program, session_name(lab.session, "e")), &lab.experiment)) {
		diag_print_all(lab.session, stderr, false);
		cr_assert(false, "%s", text);
	}
	return lab;
}

static void lab_begin(Lab *lab) {
	lab->training = train_new(lab->rt, &lab->experiment, &lab->options);
	if (!lab->training)
		diag_print_all(lab->session, stderr, false);
	cr_assert(lab->training);
}

static void lab_end(Lab *lab) {
	train_free(train_end(lab->training));
	rt_free(lab->rt);
	session_free(lab->session);
}

typedef struct Last {
	double theta[2];
} Last;

static void take_last(void *user, const TrainPiece *piece) {
	Last *last = user;
	if (strcmp(piece->name, "last") == 0)
		memcpy(last->theta, piece->data, sizeof last->theta);
}

enum { STEPS = 8 };

/* A line of the table: arguments; score; numbers. */
static void check_line(char *line) {
	char *score = strchr(line, ';');
	cr_assert(score, "%s", line);
	*score++ = 0;
	char *at = strchr(score, ';');
	cr_assert(at, "%s", score);
	*at++ = 0;
	char clauses[500];
	snprintf(clauses, sizeof clauses,
	         "  on dish\n  problems 1 train\n  horizon 3\n  score %s\n  estimate policy_search(%s)\n"
	         "  update gradient_descent(lr = 1e-4) for %d steps",
	         score, line, STEPS);
	double tolerance = strstr(line, "components") ? 1e-7 : 1e-9;
	for (int threads = 1; threads <= 2; threads++) {
		Lab lab = lab_new("steer", clauses, threads, IR_F64);
		lab_begin(&lab);
		char *next = at;
		for (int step = 0; step < STEPS; step++) {
			Last last;
			cr_assert(train_step(lab.training));
			train_visit(lab.training, take_last, &last);
			for (int i = 0; i < 2; i++) {
				double wanted = strtod(next, &next);
				cr_expect(fabs(last.theta[i] - wanted) <= tolerance,
				          "%s, %s: number %d after step %d is %.12g, not %.12g", line, score, i, step + 1,
				          last.theta[i], wanted);
			}
		}
		lab_end(&lab);
	}
}

Test(policy_search, as_numpy_has_it) {
	char *text = read_file(GRADUS_SOURCE_DIR "/tests/library/policy_search.table", NULL);
	cr_assert(text);
	int lines = 0;
	for (char *line = text, *end; *line; line = end + 1, lines++) {
		end = strchr(line, '\n');
		*end = 0;
		check_line(line);
	}
	cr_expect(lines == 12, "%d lines", lines);
	free(text);
}

/* ---- problems in lanes ---- */

static const char many[] = "  on dishes\n  problems %d train, 4 select\n  horizon %d\n"
						   "  estimate policy_search(trajectories = %d, outer = 2, inner = 3%s)\n"
						   "  update adam(lr = 0.02) for %d steps";

/* Bits of theta after all steps. */
static Last train_many(int problems, int horizon, int steps, const char *more, int threads, Trained **trained) {
	Session *scratch = session_new();
	Lab lab = lab_new(trained ? "slow" : "steer", arena_printf(scratch->arena, many, problems, horizon, 3, more, steps),
	                  threads, IR_F32);
	lab_begin(&lab);
	for (int i = 0; i < steps; i++)
		cr_assert(train_step(lab.training));
	Last last;
	train_visit(lab.training, take_last, &last);
	Trained *out = train_end(lab.training);
	if (trained) {
		*trained = NULL;
		cr_expect(out->nonfinite == 0 && out->pieces == (int64_t)problems * steps);
		cr_expect(out->best_score < out->start_score, "%g at the start, %g", out->start_score, out->best_score);
	}
	train_free(out);
	rt_free(lab.rt);
	session_free(lab.session);
	session_free(scratch);
	return last;
}

Test(policy_search, same_bits_on_any_number_of_threads) {
	static const int problems[] = {1, 3, 16, 35};
	static const char *const more[] = {"", ", multipliers = 0.1", ", components = 3"};
	for (size_t k = 0; k < sizeof problems / sizeof *problems; k++) {
		for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
			Last one = train_many(problems[k], 4, 7, more[i], 1, NULL);
			Last three = train_many(problems[k], 4, 7, more[i], 3, NULL);
			cr_expect(memcmp(&one, &three, sizeof one) == 0, "%d problems%s", problems[k], more[i]);
			cr_expect(isfinite(one.theta[0]) && isfinite(one.theta[1]));
		}
	}
}

/* Any number of outer steps: fewer than rounds, one, many. */
Test(policy_search, any_number_of_steps) {
	for (int steps = 1; steps <= 17; steps += 4)
		for (int horizon = 1; horizon <= 3; horizon++)
			train_many(5, horizon, steps, ", trust = 0.5", 1, NULL);
}

/* It learns: better on problems that it never saw than at the start. */
Test(policy_search, learns) {
	Trained *trained;
	train_many(20, 8, 120, "", 2, &trained);
	train_many(20, 8, 120, ", multipliers = 0.1", 2, &trained);
	train_many(20, 8, 120, ", components = 5", 2, &trained);
}
