/* Numbers in order. */
#include "base/base.h"

#include <math.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;
	if (isnan(x) || isnan(y))
		return isnan(x) - isnan(y);
	return (x > y) - (x < y);
}

void sort_reals(double *values, size_t count) {
	if (count > 0)
		qsort(values, count, sizeof *values, by_value);
}
