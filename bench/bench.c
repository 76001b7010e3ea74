/* Measuring in turns; see bench.h. */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_ROUNDS = 1000 };

double bench_now(bool wall) {
	struct timespec time;
	clock_gettime(wall ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID, &time);
	return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Mean time of one call over `calls`. */
static double slice(BenchSide side, int calls, bool wall) {
	double start = bench_now(wall);
	for (int i = 0; i < calls; i++)
		side.run(side.user);
	return (bench_now(wall) - start) / calls;
}

/* How many calls take at least `least` seconds. */
static int calls_for(BenchSide side, double least, bool wall) {
	int calls = 1;
	for (;;) {
		double each = slice(side, calls, wall);
		if (each * calls >= least || calls >= 1 << 24)
			return calls;
		double wanted = each > 0 ? least / each * 1.1 : calls * 8.0;
		calls = wanted > calls * 8.0 ? calls * 8 : (int)wanted + 1;
	}
}

BenchRatio bench_ratio(BenchSide ours, BenchSide peer, BenchHow how) {
	double seconds = how.seconds > 0 ? how.seconds : 1, least = how.slice > 0 ? how.slice : 2e-3;
	int rounds_least = how.rounds_least > 0 ? how.rounds_least : 9;
	int our_calls = calls_for(ours, least, how.wall), peer_calls = calls_for(peer, least, how.wall);
	static double our_times[MAX_ROUNDS], peer_times[MAX_ROUNDS];
	double start = bench_now(true);
	int rounds = 0;
	while (rounds < MAX_ROUNDS && (rounds < rounds_least || bench_now(true) - start < seconds)) {
		/* Who goes first changes from round to round. */
		if (rounds % 2 == 0)
			our_times[rounds] = slice(ours, our_calls, how.wall);
		peer_times[rounds] = slice(peer, peer_calls, how.wall);
		if (rounds % 2 == 1)
			our_times[rounds] = slice(ours, our_calls, how.wall);
		rounds++;
	}
	return bench_of_times(our_times, peer_times, rounds);
}

static int ascending(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

BenchRatio bench_of_times(const double *ours, const double *peer, int rounds) {
	BenchRatio out = {.ours = ours[0], .peer = peer[0], .rounds = rounds};
	double *ratios = bench_memory(sizeof *ratios * (size_t)rounds);
	for (int i = 0; i < rounds; i++) {
		ratios[i] = ours[i] / peer[i];
		out.ours = ours[i] < out.ours ? ours[i] : out.ours;
		out.peer = peer[i] < out.peer ? peer[i] : out.peer;
	}
	qsort(ratios, (size_t)rounds, sizeof *ratios, ascending);
	out.median = (ratios[(rounds - 1) / 2] + ratios[rounds / 2]) / 2;
	out.low = ratios[0];
	out.high = ratios[rounds - 1];
	free(ratios);
	return out;
}

static const char *time_text(double seconds, char text[32]) {
	if (seconds < 1e-6)
		snprintf(text, 32, "%.3g ns", 1e9 * seconds);
	else if (seconds < 1e-3)
		snprintf(text, 32, "%.3g us", 1e6 * seconds);
	else
		snprintf(text, 32, "%.3g ms", 1e3 * seconds);
	return text;
}

void bench_print(const char *what, const char *against, BenchRatio ratio) {
	char ours[32], peer[32];
	printf("%-46s %6.2f x  [%.2f, %.2f]  %s against %s: %s\n", what, ratio.median, ratio.low, ratio.high,
	       time_text(ratio.ours, ours), time_text(ratio.peer, peer), against);
	fflush(stdout);
}

void *bench_memory(size_t bytes) {
	size_t rounded = (bytes + 64) & ~(size_t)63;
	void *memory = aligned_alloc(64, rounded);
	if (!memory) {
		fprintf(stderr, "out of memory\n");
		exit(1);
	}
	memset(memory, 0, rounded);
	return memory;
}

double bench_random(unsigned long long *state) {
	*state += 0x9e3779b97f4a7c15u;
	unsigned long long z = *state;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}
