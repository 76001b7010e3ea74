/* limits: of what a page shows. Chosen by looking at pages, not measured. */
#ifndef GRADUS_REPORT_LIMITS_H
#define GRADUS_REPORT_LIMITS_H

enum {
	REPORT_TIMES = 4,        /* learned.c: steps of a run whose response is shown */
	REPORT_BINS = 12,        /* learned.c: lengths of gradients, into as many groups of equal size */
	REPORT_PAIRS = 20000,    /* learned.c: gradients and steps looked at for one time */
	REPORT_SLICES = 64,      /* learned.c: longest axis that is taken apart */
	REPORT_ABLATIONS = 200,  /* learned.c: runs without something, in all */
	REPORT_ABLATED_ROWS = 25 /* learned.c: rows of the table of them */
};

#endif
