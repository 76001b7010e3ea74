/* limits: the grids of tuning, and how often means are drawn anew. Chosen, not measured. */
#ifndef GRADUS_COMPARE_LIMITS_H
#define GRADUS_COMPARE_LIMITS_H

/* Decays; the grid begins with TUNE_DECAY_FIRST .. TUNE_DECAY_LAST of them, and goes on at the end where the best is. */
static const double tune_decays[] = {0,    0.02, 0.05,  0.1,   0.2,    0.5,    0.8,     0.9,
                                     0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99995, 0.99999};

/* profile.c: tolerances at which problems count as solved; by how much slower than the quickest rule; and the horizons of --long, in
 * those of the comparison. */
static const double compare_tolerances[] = {1e-1, 1e-3, 1e-5}, compare_ratios[] = {1, 1.5, 2, 3, 5, 10, 20, 50},
					compare_horizons[] = {1, 2.5, 25};

enum {
	TUNE_DECAYS = sizeof tune_decays / sizeof *tune_decays,
	TUNE_DECAY_FIRST = 5,
	TUNE_DECAY_LAST = 9,
	/* of learning rates and of other ranges: points per decade of a logarithmic grid, and the decades that it never leaves */
	TUNE_RATES_PER_DECADE = 3,
	TUNE_OTHERS_PER_DECADE = 1,
	TUNE_LOWEST_DECADE = -12,
	TUNE_HIGHEST_DECADE = 6,
	/* where it begins without a stated range */
	TUNE_FIRST_DECADE = -4,
	TUNE_LAST_DECADE = 1,
	/* points of a product of grids: hyperparameters beyond keep their defaults; times that grids are made longer */
	TUNE_MOST_POINTS = 20000,
	TUNE_MOST_ROUNDS = 8,
	/* compare.c: of the bootstrap, unless the caller says */
	COMPARE_RESAMPLES = 2000,
	/* profile.c: up to so many problems a difference is held against all signs, and beyond against so many random ones, of which
	 * there are then more: no chance is below the least that there is, 2^(1 - problems) */
	COMPARE_EXACT_SIGNS = 16,
	COMPARE_SIGN_DRAWS = 9999
};

#endif
