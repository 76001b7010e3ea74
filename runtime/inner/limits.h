/* limits: how runs are divided into blocks and calls; how much is shown of what is learned.
 *
 * task_lanes_from was measured by the times per step that stand beside it. The others are chosen, not measured. */
#ifndef GRADUS_INNER_LIMITS_H
#define GRADUS_INNER_LIMITS_H

/* From how many problems on lanes go across problems, by the bytes of one problem (its data and x). A block of 16 costs
 * the same however full it is: what 3 to 5 small problems cost that run one by one with lanes inside (100 points in 3
 * dimensions: 1.7 against 0.4 us a step), what 6 to 15 middling ones cost, whose tiles stay in registers, and what 25 cost
 * of 300 KB (a network of 784-32-10 on 64 images: 2100 against 83 us), 16 of which are in no cache. */
static const struct {
	double bytes;
	int problems;
} task_lanes_from[] = {{4 << 10, 4}, {32 << 10, 8}, {256 << 10, 12}};

enum {
	/* driver.c: steps of one call: longer runs go through several, so that they can be interrupted and their curves stay small */
	TASK_MAX_SEGMENT = 256,
	/* driver.c: evaluations of one step whose values are told apart: what comes behind them counts as the last of these */
	TASK_MOST_LOOKS = 256,
	/* problems.c: fixed values and files of an objective */
	PROBLEMS_MOST_FIXED = 255,
	/* minimize.c: figures that an objective may report */
	RUN_MOST_REPORTS = 256,
	/* learned.c: names that are listed of what no run fills, and characters of what one starts from */
	LEARNED_SHOWN = 8,
	LEARNED_SHOWN_START = 40
};

/* minimize.c: seconds of the steps that run between two looks at Ctrl-C, which is answered within a second; and of reports, above
 * which those of a run that was interrupted are not evaluated once more */
static const double run_short_piece = 0.05, run_short_look = 0.25;

#endif
