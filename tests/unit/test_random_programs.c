/* Random programs, from their text to value and gradient, held against an evaluation that shares nothing with Gradus.
 *
 * GRADUS_RANDOM_PROGRAMS=20000 makes more of them, GRADUS_RANDOM_FROM=n begins with another seed, GRADUS_RANDOM_SEED=n looks
 * at one alone and makes it smaller if it is wrong, GRADUS_RANDOM_SHRINK=n says how many of the wrong ones are made smaller. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "random_check.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROGRAMS = GRADUS_SANITIZED ? 60 : 400, PER_CHILD = 50, SECONDS = 20, CODE_EVERY = 4, MOST_FAILED = 10000 };

static long from_environment(const char *name, long otherwise) {
	const char *text = getenv(name);
	return text && *text ? strtol(text, NULL, 10) : otherwise;
}

/* Machine code is made for a share of the programs: it takes most of the time. */
static int ways_of(uint64_t seed) {
	return CHECK_RAW | CHECK_PASSES | (seed % CODE_EVERY == 0 ? CHECK_STRICT | CHECK_DEFAULT : 0);
}

/* What children tell their parent. */
typedef struct Shared {
	uint64_t at; /* the seed being looked at */
	int verdicts[CHECK_VERDICTS];
	int code; /* of a diagnostic */
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

static void quiet(void) {
	if (!loud && !freopen("/dev/null", "w", stderr))
		_exit(2);
}

static void child(uint64_t from, uint64_t to) {
	quiet();
	for (uint64_t seed = from; seed < to; seed++) {
		shared->at = seed;
		alarm(SECONDS);
		RpProgram *tree = rp_generate(seed);
		Verdict verdict = check_program(tree, ways_of(seed), loud ? stderr : NULL, NULL);
		shared->verdicts[verdict]++;
		if (verdict > CHECK_SKIPPED)
			failed(seed, verdict);
		rp_pool_free(tree->pool);
	}
	_exit(0);
}

/* In a child of its own, which may die. */
static Verdict check_apart(RpProgram *tree, int ways, bool speak) {
	fflush(stdout);
	fflush(stderr);
	pid_t pid = fork();
	if (pid == 0) {
		if (!speak)
			quiet();
		alarm(SECONDS);
		_exit((int)check_program(tree, ways, speak ? stderr : NULL, &shared->code));
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

static bool fails_alike(void *context, RpProgram *tree) {
	const Same *same = context;
	shared->code = 0;
	return check_apart(tree, same->ways, false) == same->verdict && shared->code == same->code;
}

static void shrink_alike(RpProgram *tree, Same *same, int tries) {
	shared->code = 0;
	check_apart(tree, same->ways, false);
	same->code = shared->code;
	rp_shrink(tree, fails_alike, same, tries);
}

static void show(uint64_t seed, Verdict verdict, bool shrink) {
	RpProgram *tree = rp_generate(seed);
	Same same = {.ways = ways_of(seed), .verdict = verdict};
	if (shrink)
		shrink_alike(tree, &same, 2000);
	fprintf(stderr, "---- seed %llu: %s%s\n", (unsigned long long)seed, check_names[verdict],
	        shrink ? ", made smaller" : "");
	rp_write(tree, stderr);
	check_apart(tree, same.ways, true);
	rp_pool_free(tree->pool);
}

static void look_at_one(uint64_t seed) {
	RpProgram *tree = rp_generate(seed);
	int ways = CHECK_RAW | CHECK_PASSES | CHECK_STRICT | CHECK_DEFAULT;
	rp_write(tree, stderr);
	Verdict verdict = check_apart(tree, ways, true);
	fprintf(stderr, "---- %s\n", check_names[verdict]);
	Same same = {.ways = ways, .verdict = verdict};
	if (verdict > CHECK_SKIPPED) {
		shrink_alike(tree, &same, 4000);
		rp_write(tree, stderr);
		check_apart(tree, ways, true);
	}
	rp_pool_free(tree->pool);
	cr_assert(verdict <= CHECK_SKIPPED);
}

Test(random_programs, mean_what_they_say, .timeout = 100000) {
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert(shared != MAP_FAILED);
	long one = from_environment("GRADUS_RANDOM_SEED", -1);
	if (one >= 0) {
		look_at_one((uint64_t)one);
		return;
	}
	uint64_t from = (uint64_t)from_environment("GRADUS_RANDOM_FROM", 1);
	uint64_t end = from + (uint64_t)from_environment("GRADUS_RANDOM_PROGRAMS", PROGRAMS);
	loud = from_environment("GRADUS_RANDOM_LOUD", 0) != 0;
	uint64_t start = from;
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
	fprintf(stderr, "random programs %llu to %llu:", (unsigned long long)start, (unsigned long long)end - 1);
	for (int i = 0; i < CHECK_VERDICTS; i++)
		if (shared->verdicts[i])
			fprintf(stderr, "  %d %s", shared->verdicts[i], check_names[i]);
	fprintf(stderr, "\n");
	long shrink = from_environment("GRADUS_RANDOM_SHRINK", 3);
	long only = from_environment("GRADUS_RANDOM_ONLY", 0); /* a verdict: only those are made smaller */
	for (int i = 0; i < shared->failed_count; i++) {
		Verdict verdict = shared->failed[i].verdict;
		cr_expect(false, "seed %llu: %s", (unsigned long long)shared->failed[i].seed, check_names[verdict]);
		if (shrink > 0 && (only == 0 || only == (long)verdict)) {
			show(shared->failed[i].seed, verdict, true);
			shrink--;
		}
	}
}
