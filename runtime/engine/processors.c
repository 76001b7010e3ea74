/* How many processors a process may use: those it is bound to, and of these as many as the quotas of its control groups
 * amount to; of those that ranks of one mpirun share, its part. More threads than that would only wait for one another. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/engine/engine.h"

static int bound_to(void) {
#ifdef CPU_COUNT
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
		return CPU_COUNT(&set);
#endif
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	return online > 0 && online < 4096 ? (int)online : 1;
}

static double number_in(const char *folder, const char *name) {
	char path[4300];
	double value = (double)NAN;
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "r");
	if (file) {
		if (fscanf(file, "%lf", &value) != 1)
			value = (double)NAN;
		fclose(file);
	}
	return value;
}

/* Processors that a control group may use; inf without a limit. Version 2 has cpu.max, "150000 100000" or "max 100000";
 * version 1 has two files, and -1 for no limit. */
static double quota_of(const char *folder) {
	char path[4300];
	double quota = number_in(folder, "cpu.cfs_quota_us"), period = number_in(folder, "cpu.cfs_period_us");
	snprintf(path, sizeof path, "%s/cpu.max", folder);
	FILE *file = fopen(path, "r");
	if (file) {
		if (fscanf(file, "%lf %lf", &quota, &period) != 2)
			quota = (double)NAN;
		fclose(file);
	}
	return quota > 0 && period > 0 ? quota / period : (double)INFINITY;
}

/* The smallest quota of a group and of those above it. `root`: where its hierarchy is mounted. */
static double quota_up(const char *root, char *group) {
	double least = (double)INFINITY;
	for (;;) {
		char folder[4200];
		snprintf(folder, sizeof folder, "%s%s", root, group);
		least = fmin(least, quota_of(folder));
		char *slash = strrchr(group, '/');
		if (!slash)
			return least;
		*slash = '\0';
	}
}

/* By the groups that /proc/self/cgroup names: "0::/user/x" (version 2), "4:cpu,cpuacct:/x" (version 1). */
static double group_quota(void) {
	char line[4096];
	double least = (double)INFINITY;
	FILE *file = fopen("/proc/self/cgroup", "r");
	while (file && fgets(line, sizeof line, file)) {
		line[strcspn(line, "\n")] = '\0';
		char *kinds = strchr(line, ':'), *group = kinds ? strchr(kinds + 1, ':') : NULL;
		if (!group)
			continue;
		*group++ = '\0';
		if (kinds[1] == '\0')
			least = fmin(least, quota_up("/sys/fs/cgroup", group));
		for (char *kind = strtok(kinds + 1, ","); kind; kind = strtok(NULL, ","))
			least = strcmp(kind, "cpu") == 0 ? fmin(least, quota_up("/sys/fs/cgroup/cpu", group)) : least;
	}
	if (file)
		fclose(file);
	return least;
}

int rt_processors(void) {
	int count = bound_to(), online = (int)sysconf(_SC_NPROCESSORS_ONLN);
	if (count >= online && rt_ranks_beside() > 1) /* mpirun has not bound this process to its share */
		count = count > rt_ranks_beside() ? count / rt_ranks_beside() : 1;
	double quota = ceil(group_quota());
	return quota < count ? (int)fmax(quota, 1) : count;
}
