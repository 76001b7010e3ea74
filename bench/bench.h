/* What the benchmarks share: two ways of doing one thing are measured in turns, a short slice each, and what is reported is
 * the ratio of their times: the median over all pairs of slices, the least and the largest. On a machine that others use
 * as well, times say little and such ratios still say something. */
#ifndef GRADUS_BENCH_H
#define GRADUS_BENCH_H

#include <stdbool.h>
#include <stddef.h>

typedef void BenchRun(void *user);

typedef struct BenchSide {
	BenchRun *run;
	void *user;
} BenchSide;

typedef struct BenchHow {
	double seconds;   /* in all; 0: 1 */
	double slice;     /* at least so long per slice; 0: 2 ms */
	bool wall;        /* wall clock, for several threads; else the processor time of this thread */
	int rounds_least; /* 0: 9 */
} BenchHow;

typedef struct BenchRatio {
	double median, low, high; /* time of `ours` / time of `peer` */
	double ours, peer;        /* shortest mean time of one call, seconds */
	int rounds;
} BenchRatio;

double bench_now(bool wall); /* seconds */
BenchRatio bench_ratio(BenchSide ours, BenchSide peer, BenchHow how);
/* The same from times that were taken elsewhere: ours[i] and peer[i] belong together. Sorts in place. */
BenchRatio bench_of_times(const double *ours, const double *peer, int rounds);
/* One line. what: "Adam over 10 M floats"; against: what the peer is. */
void bench_print(const char *what, const char *against, BenchRatio ratio);
/* Zeroed, aligned to 64, never NULL; freed with free(). */
void *bench_memory(size_t bytes);
/* Uniform in [0, 1), the same sequence in every run. */
double bench_random(unsigned long long *state);

#endif
