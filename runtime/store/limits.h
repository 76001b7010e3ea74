/* limits: of what a run folder takes and of what is read from one. Chosen, not measured. */
#ifndef GRADUS_STORE_LIMITS_H
#define GRADUS_STORE_LIMITS_H

enum {
	/* runread.c: bytes of run.json and result.json */
	STORE_MOST_JSON = 64000000,
	/* runsources.c, E0811: bytes of a file of weights. A rule reads no more of it than it declares; the copy is of all of it, and a
	 * run holds it in memory */
	STORE_MOST_WEIGHTS = 1000000000,
	/* runfolder.c: bytes held for result.json, and for what a folder takes for names */
	STORE_FOR_RESULT = 16384
};

/* runfolder.c: seconds at most between a step and its line on the disk */
static const double store_metric_every = 1;

#endif
