/* Grids of rates, as both searches try them: sixteen at once, and where to go on from there if the best may lie outside. */
#include <math.h>

#include "runtime/search/stages.h"

double search_grid_rate(double first, double per_decade, int lane) {
	return first * pow(10, lane / per_decade);
}

double search_grid_beside(const double *rates, double per_decade, int way) {
	return way > 0 ? search_grid_rate(rates[IR_LANES - 1], per_decade, 1)
	               : search_grid_rate(rates[0], per_decade, -IR_LANES);
}

int search_grid_edge(const double *rates, const double *scores) {
	const int last = IR_LANES - 1;
	int best = -1;
	for (int lane = 0; lane < IR_LANES; lane++)
		if (isfinite(scores[lane]) && (best < 0 || scores[lane] < scores[best]))
			best = lane;
	if (best > 0 && best < last)
		return 0;
	/* Where the rule's own limit holds the last rates back, they are the same. */
	if (best == last)
		return rates[last] > rates[last - 1] ? 1 : 0;
	return rates[0] < rates[1] ? -1 : 0;
}

int search_grid_hopeless(const double *rates, const double *f0, const double *f) {
	bool unseen = true;
	for (int lane = 0; lane < IR_LANES; lane++)
		unseen = unseen && f[lane] == f0[lane];
	if (unseen)
		return 1;
	if (!isfinite(f0[0]))
		return 0;
	/* Uphill, f rises as the rate does where steps are small; it rises as its square, or faster, where they jump over a valley. */
	double rise = f[0] - f0[0], next = f[1] - f0[1];
	return !isfinite(rise) || next > rise * pow(rates[1] / rates[0], 1.5) ? -1 : 0;
}
