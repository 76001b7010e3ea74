/* Random programs, from their text to value and gradient, held against an evaluation that shares nothing with Gradus.
 *
 * Without more, the programs are the same in every run; scripts/campaign.sh begins at another seed every time.
 * GRADUS_RANDOM_PROGRAMS=20000 makes more of them, GRADUS_RANDOM_FROM=n begins with another seed, GRADUS_RANDOM_SEED=n looks
 * at one alone and makes it smaller if it is wrong, GRADUS_RANDOM_SHRINK=n says how many of the wrong ones are made smaller. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "ir/pass/pass.h"
#include "random_check.h"

#include "random_check_run.h"

#include "files.h"

#include "jit_three_ways.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	PROGRAMS = GRADUS_SANITIZED ? 60 : 400,
	RUNS = GRADUS_SANITIZED ? 8 : 30,
	EMITTED = GRADUS_SANITIZED ? 2 : 10,
	PER_CHILD = 50,
	SECONDS = 20,
	CODE_EVERY = 4,
	SINGLE_EVERY = 3, /* in f32 */
	DERIVATIVE_EVERY = 2,
	MOST_FAILED = 10000
};

/* Machine code is made for a share of the programs: it takes most of the time. */
static int ways_of(uint64_t seed) {
	return CHECK_RAW | CHECK_PASSES | (seed % CODE_EVERY == 0 ? CHECK_STRICT | CHECK_DEFAULT : 0);
}

/* What children tell their parent. */
typedef struct Shared {
	uint64_t at; /* the seed being looked at */
	int verdicts[CHECK_VERDICTS];
	int code; /* of a diagnostic */
	struct {
		const char *why; /* the same in all processes: a literal */
		int times;
	} skipped[12];
	int failed_count;
	struct {
		uint64_t seed;
		Verdict verdict;
	} failed[MOST_FAILED];
} Shared;

static bool loud; /* GRADUS_RANDOM_LOUD=1: what every program says */
static Shared *shared;

static void failed(uint64_t seed, Verdict verdict) {
	if (shared->failed_count < MOST_FAILED) {
		shared->failed[shared->failed_count].seed = seed;
		shared->failed[shared->failed_count++].verdict = verdict;
	}
}

static void skipped(const char *why) {
	for (size_t i = 0; i < sizeof shared->skipped / sizeof *shared->skipped; i++) {
		if (shared->skipped[i].why && shared->skipped[i].why != why)
			continue;
		shared->skipped[i].why = why;
		shared->skipped[i].times++;
		return;
	}
}

static void quiet(void) {
	if (!loud && !freopen("/dev/null", "w", stderr))
		_exit(2);
}

/* Seconds of this process, whatever else the machine is doing. */
static void limit_time(void) {
	signal(SIGPROF, SIG_DFL);
	setitimer(ITIMER_PROF, &(struct itimerval){.it_value.tv_sec = SECONDS}, NULL);
}

/* A seed stands for a program, or for a program and a rule. */
typedef struct Made {
	RpProgram *tree;
	RpRule *rule;
} Made;

static bool with_rules;

static Made make(uint64_t seed) {
	Made made = {rp_generate(seed), NULL};
	if (with_rules)
		made.rule = rp_generate_rule(made.tree, seed);
	else if (seed % DERIVATIVE_EVERY == 0)
		rp_add_derivative(made.tree, seed);
	return made;
}

static Verdict check(const Made *made, int ways, FILE *say, int *code) {
	return made->rule
	           ? check_run_of(made->tree, made->rule, ways, say, code)
	           : check_program(made->tree, made->tree->seed % SINGLE_EVERY == 1 ? IR_F32 : IR_F64, ways, say, code);
}

static void child(uint64_t from, uint64_t to) {
	quiet();
	for (uint64_t seed = from; seed < to; seed++) {
		shared->at = seed;
		limit_time();
		Made made = make(seed);
		Verdict verdict = check(&made, ways_of(seed), loud ? stderr : NULL, NULL);
		shared->verdicts[verdict]++;
		if (verdict == CHECK_SKIPPED)
			skipped(check_why);
		if (verdict > CHECK_SKIPPED)
			failed(seed, verdict);
		rp_pool_free(made.tree->pool);
	}
	_exit(0);
}

/* In a child of its own, which may die. */
static Verdict check_apart(const Made *made, int ways, bool speak) {
	fflush(stdout);
	fflush(stderr);
	pid_t pid = fork();
	if (pid == 0) {
		if (!speak)
			quiet();
		limit_time();
		_exit((int)check(made, ways, speak ? stderr : NULL, &shared->code));
	}
	int status = 0;
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) < CHECK_DIED ? (Verdict)WEXITSTATUS(status) : CHECK_DIED;
}

typedef struct Same {
	int ways;
	Verdict verdict;
	int code;
} Same;

static bool fails_alike(void *context, RpProgram *tree, RpRule *rule) {
	const Same *same = context;
	shared->code = 0;
	Made made = {tree, rule};
	return check_apart(&made, same->ways, false) == same->verdict && shared->code == same->code;
}

static void put(const Made *made) {
	char *text = rp_text(made->tree, made->rule);
	fputs(text, stderr);
	free(text);
}

static void shrink_alike(const Made *made, Same *same, int tries) {
	shared->code = 0;
	check_apart(made, same->ways, false);
	same->code = shared->code;
	rp_shrink(made->tree, made->rule, fails_alike, same, tries);
}

static void show(uint64_t seed, Verdict verdict, bool shrink) {
	Made made = make(seed);
	Same same = {.ways = ways_of(seed), .verdict = verdict};
	if (shrink)
		shrink_alike(&made, &same, 2000);
	fprintf(stderr, "---- seed %llu: %s%s\n", (unsigned long long)seed, check_names[verdict],
	        shrink ? ", made smaller" : "");
	put(&made);
	check_apart(&made, same.ways, true);
	rp_pool_free(made.tree->pool);
}

static void look_at_one(uint64_t seed) {
	Made made = make(seed);
	int ways = CHECK_RAW | CHECK_PASSES | CHECK_STRICT | CHECK_DEFAULT;
	put(&made);
	Verdict verdict = check_apart(&made, ways, true);
	fprintf(stderr, "---- %s\n", check_names[verdict]);
	Same same = {.ways = ways, .verdict = verdict};
	if (verdict > CHECK_SKIPPED) {
		shrink_alike(&made, &same, 4000);
		put(&made);
		check_apart(&made, ways, true);
	}
	rp_pool_free(made.tree->pool);
	cr_assert(verdict <= CHECK_SKIPPED);
}

static void look_at_all(const char *what, long count) {
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert(shared != MAP_FAILED);
	long one = from_environment("GRADUS_RANDOM_SEED", -1);
	if (one >= 0) {
		look_at_one((uint64_t)one);
		return;
	}
	loud = from_environment("GRADUS_RANDOM_LOUD", 0) != 0;
	uint64_t from = (uint64_t)from_environment("GRADUS_RANDOM_FROM", 1), start = from, end = from + (uint64_t)count;
	while (from < end) {
		uint64_t to = from + PER_CHILD < end ? from + PER_CHILD : end;
		fflush(stdout);
		fflush(stderr);
		pid_t pid = fork();
		if (pid == 0)
			child(from, to);
		int status = 0;
		waitpid(pid, &status, 0);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
			from = to;
			continue;
		}
		failed(shared->at, CHECK_DIED);
		shared->verdicts[CHECK_DIED]++;
		from = shared->at + 1;
	}
	fprintf(stderr, "%s %llu to %llu:", what, (unsigned long long)start, (unsigned long long)end - 1);
	for (int i = 0; i < CHECK_VERDICTS; i++)
		if (shared->verdicts[i])
			fprintf(stderr, "  %d %s", shared->verdicts[i], check_names[i]);
	for (int i = 0; shared->skipped[i].why; i++)
		fprintf(stderr, "%s%d: %s", i ? ", " : "  (", shared->skipped[i].times, shared->skipped[i].why);
	fprintf(stderr, "%s\n", shared->skipped[0].why ? ")" : "");
	if (count >= 30)
		cr_expect(shared->verdicts[CHECK_AGREES] >= count / 3, "too few of the %s can be compared", what);
	long shrink = from_environment("GRADUS_RANDOM_SHRINK", 3);
	long only = from_environment("GRADUS_RANDOM_ONLY", 0); /* a verdict: only those are made smaller */
	for (int i = 0; i < shared->failed_count; i++) {
		Verdict verdict = shared->failed[i].verdict;
		cr_expect(false, "%s: seed %llu: %s", what, (unsigned long long)shared->failed[i].seed, check_names[verdict]);
		if (shrink > 0 && (only == 0 || only == (long)verdict)) {
			show(shared->failed[i].seed, verdict, true);
			shrink--;
		}
	}
}

Test(random_programs, mean_what_they_say, .timeout = 100000) {
	look_at_all("random programs", from_environment("GRADUS_RANDOM_PROGRAMS", PROGRAMS));
}

Test(random_programs, are_trained_as_they_run, .timeout = 100000) {
	with_rules = true;
	look_at_all("random runs", from_environment("GRADUS_RANDOM_RUNS", RUNS));
}

/* ---- emitted C ---- */

/* The function behind the passes in one C file for all, and its answer by the compiled file. */
static void emit_one(JitTestC *c, Check *check, JitTestRun *run) {
	IrFunc *value = ir_optimize(check->module, ir_func_copy(check->module, check->objective->value, "value"), NULL);
	*run = (JitTestRun){.module = check->module};
	run->func = ir_optimize(check->module, check_gradient(check, value), NULL);
	IrTensor args[90];
	check_arguments(check, args);
	memcpy(run->args, args, sizeof *run->args * run->func->params.count);
	jit_test_c_add(c, run, check->tree->seed % 2 == 0);
}

static void run_one(const JitTestC *c, uint32_t number, Check *check, const JitTestRun *run) {
	void *params[JIT_TEST_MAX], *results[JIT_TEST_MAX];
	jit_test_pointers(run, check->module->arena, params, results);
	cr_assert_eq(jit_test_c_call(c, number, run, check->module->arena, params, results), 0);
	double reports[8];
	for (int k = 0; k < check->tree->reports; k++)
		memcpy(&reports[k], results[1 + k], sizeof reports[k]);
	int rest = 1 + check->tree->reports + (check->objective->residuals > 0);
	double value, gradient[RP_COORDINATES];
	memcpy(&value, results[0], sizeof value);
	memcpy(gradient, results[rest], sizeof(double) * (size_t)check->tree->coordinates);
	check->say = stderr;
	bool good = check_numbers(check, "emitted C", value, gradient, reports);
	cr_expect(good, "seed %llu: wrong in emitted C\n%s", (unsigned long long)check->tree->seed, check->text);
}

Test(random_programs, are_emitted_as_they_mean, .timeout = 100000) {
	enum { MOST = 200 };
	static Check checks[MOST];
	static JitTestRun runs[MOST];
	long wanted = from_environment("GRADUS_RANDOM_EMITTED", EMITTED);
	Session *session = session_new();
	JitTestC c;
	uint32_t count = 0;
	jit_test_c_begin(&c, session->arena);
	for (uint64_t seed = (uint64_t)from_environment("GRADUS_RANDOM_FROM", 1); count < (uint32_t)wanted && count < MOST;
	     seed++) {
		RpProgram *tree = rp_generate(seed);
		checks[count] = check_new(tree, IR_F64, NULL, NULL);
		if (check_prepare(&checks[count]) == CHECK_AGREES && checks[count].objective->fixed.count + 4 < JIT_TEST_MAX) {
			emit_one(&c, &checks[count], &runs[count]);
			count++;
			continue;
		}
		check_free(&checks[count]);
		rp_pool_free(tree->pool);
	}
	if (count)
		jit_test_c_compile(&c, GRADUS_TEST_CC, "-std=c99 -O1");
	for (uint32_t i = 0; i < count; i++) {
		run_one(&c, i, &checks[i], &runs[i]);
		RpPool *pool = checks[i].tree->pool;
		check_free(&checks[i]);
		rp_pool_free(pool);
	}
	if (count)
		dlclose(c.library);
	session_free(session);
}
