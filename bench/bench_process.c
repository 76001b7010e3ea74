/* bench_process WHAT AGAINST LIMIT_MS COMMAND... -- PEER...: two commands in turns, from start to end. Times are of the wall
 * clock; the processor time of the first is printed too, next to the limit that it is to keep (0: none). */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"

extern char **environ;

static double spent_by_children(void) {
	struct rusage usage;
	getrusage(RUSAGE_CHILDREN, &usage);
	return (double)usage.ru_utime.tv_sec + 1e-6 * (double)usage.ru_utime.tv_usec + (double)usage.ru_stime.tv_sec +
	       1e-6 * (double)usage.ru_stime.tv_usec;
}

/* Seconds from start to end; *processor: of user and system. */
static double once(char **command, double *processor) {
	posix_spawn_file_actions_t quiet;
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
	double before = spent_by_children(), start = bench_now(true);
	pid_t child;
	int status = 0;
	if (posix_spawnp(&child, command[0], &quiet, NULL, command, environ) != 0 || waitpid(child, &status, 0) < 0 ||
	    status != 0) {
		fprintf(stderr, "bench_process: %s failed\n", command[0]);
		exit(1);
	}
	double seconds = bench_now(true) - start;
	*processor = spent_by_children() - before;
	posix_spawn_file_actions_destroy(&quiet);
	return seconds;
}

int main(int argc, char **argv) {
	int split = 4;
	while (split < argc && strcmp(argv[split], "--") != 0)
		split++;
	if (split + 1 >= argc || split == 4) {
		fprintf(stderr, "usage: bench_process WHAT AGAINST LIMIT_MS COMMAND... -- PEER...\n");
		return 2;
	}
	argv[split] = NULL;
	enum { ROUNDS = 15 };
	double ours[ROUNDS], peer[ROUNDS], mean = 0, other;
	once(argv + 4, &other); /* from disk to memory */
	for (int i = 0; i < ROUNDS; i++) {
		double processor;
		ours[i] = once(argv + 4, &processor);
		mean += processor / (double)ROUNDS;
		peer[i] = once(argv + split + 1, &other);
	}
	bench_print(argv[1], argv[2], bench_of_times(ours, peer, ROUNDS));
	double limit = atof(argv[3]);
	if (limit > 0) {
		printf("%46s processor time %.1f ms, of %.0f ms\n", "", 1e3 * mean, limit);
		return 1e3 * mean < limit ? 0 : 1;
	}
	return 0;
}
