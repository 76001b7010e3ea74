/* How many processors a process may use: those it is bound to, and of these as many as the quotas of its control groups
 * amount to. More threads than that would only wait for one another. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/runtime.h"

static int bound_to(void) {
#ifdef CPU_COUNT
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) {
		return CPU_COUNT(&set);
	}
#endif
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	return online > 0 && online < 4096 ? (int)online : 1;
}

/* "150000 100000" is 1.5 processors, "max 100000" no limit. inf where there is no such file. */
static double quota_in(const char *path) {
	FILE *file = fopen(path, "r");
	double quota, period;
	bool limited = file && fscanf(file, "%lf %lf", &quota, &period) == 2 && quota > 0 && period > 0;
	if (file) {
		fclose(file);
	}
	return limited ? quota / period : (double)INFINITY;
}

/* The smallest quota of the control group (version 2) that /proc/self/cgroup names, and of those above it. */
static double group_quota(void) {
	char group[4096] = "", path[4200];
	FILE *file = fopen("/proc/self/cgroup", "r");
	bool found = false;
	while (file && !found && fgets(group, sizeof group, file)) {
		found = strncmp(group, "0::/", 4) == 0;
	}
	if (file) {
		fclose(file);
	}
	if (!found) {
		return (double)INFINITY;
	}
	group[strcspn(group, "\n")] = '\0';
	double least = (double)INFINITY;
	for (;;) {
		snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", group + 3);
		least = fmin(least, quota_in(path));
		char *slash = strrchr(group + 3, '/');
		if (!slash) {
			return least;
		}
		*slash = '\0';
	}
}

int rt_processors(void) {
	int count = bound_to();
	double quota = ceil(group_quota());
	return quota < count ? (int)fmax(quota, 1) : count;
}
