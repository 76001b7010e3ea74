/* compare: rules side by side on the same problems, each tuned by the same grids. */
#ifndef GRADUS_COMPARE_H
#define GRADUS_COMPARE_H

#include "runtime/inner/inner.h"

/* ---- grid.c: tuning on training problems, the same grids for every rule ---- */

typedef struct TunedAxis {
	Name name;
	bool decay;         /* 0.5, 0.8, 0.9, 0.95, 0.99, longer when the best is at an end; else a logarithmic grid */
	bool edge;          /* the best is at the end of the allowed range */
	VEC(double) values; /* ascending, as they were tried */
} TunedAxis;

typedef struct Tuned {
	VEC(TunedAxis) axes; /* hyperparameters that were tuned */
	double *hypers;      /* the best, one per hyperparameter of the rule */
	double score;        /* of the best, on the training problems */
	int points;          /* grid points tried */
	int widened;         /* times a grid was made longer */
	int64_t evaluations; /* of the objective, in all */
	int64_t nonfinite;   /* runs that were not finite (their points are out) */
} Tuned;

/* Learning rates: 3 per decade over the stated range (1e-4 .. 10 and widening without one); decays: a list, widening; other
 * ranges: 1 per decade. What the call gives is left alone. The criterion is CompareOptions.score. */
bool compare_tune(Task *task, const Problems *problems, const double *theta, int steps, FeScore score, Arena *arena,
                  Tuned *out);

/* ---- compare.c ---- */

typedef struct Contender {
	const char *label;
	FeCall rule;
	const double *theta;          /* [P] or NULL: as it starts */
	int64_t training_evaluations; /* what meta-training cost; -1: not known */
	bool tune;                    /* hyperparameters that the call does not give are tuned */
} Contender;

typedef struct CompareOptions {
	int steps;
	int train_problems, test_problems;
	FeScore score;
	int subject;   /* whose margin of victory is computed; -1: none */
	int resamples; /* of the bootstrap; 0: COMPARE_RESAMPLES */
	bool longer;   /* runs of the horizons of limits.h as well */
	void (*progress)(void *user, const char *label, int done, int total);
	void *user;
} CompareOptions;

typedef struct CompareInterval {
	double mean, low, high; /* 95 % bootstrap over test problems */
} CompareInterval;

enum { COMPARE_TOLERANCES = 3, COMPARE_RATIOS = 8, COMPARE_HORIZONS = 3 }; /* of limits.h */

/* Runs of another length than those of the comparison. */
typedef struct CompareLong {
	int steps;
	double *end;              /* f at the end, by test problem */
	CompareInterval end_mean; /* of it */
	int ended_above, not_finite;
} CompareLong;

typedef struct Compared {
	const char *label;
	const char *call; /* adam(lr = 0.1, ...) as tuned */
	Tuned tuned;
	const FeRule *rule;
	int64_t training_evaluations, test_evaluations;
	CompareInterval score; /* of the criterion over test problems; not finite if a run is not */
	double median, q10, q25, q75, q90;
	int ended_above, not_finite;              /* test problems by how they end (run_end); both have diverged */
	double *per_problem;                      /* [test_problems] */
	double *mean, *median_curve, *low, *high; /* [steps + 1]: mean, median, 25 % and 75 % quantiles of finite f */
	double *f;                                /* [test_problems][steps + 1] */
	CompareInterval best;                     /* the criterion of the best f so far */
	/* Evaluations until a problem is solved, by test problem; 0: never. Solved: f is below the least f of any rule by at most the
	 * tolerance times what it was above that at the start. */
	int *solved[COMPARE_TOLERANCES];
	double performance[COMPARE_TOLERANCES]
					  [COMPARE_RATIOS];   /* shares solved in so many times the quickest rule's evaluations */
	CompareLong longer[COMPARE_HORIZONS]; /* where they are asked for */
	const char *holes;                    /* as learned_holes gives them, for a contender without theta */
	double seconds;
} Compared;

typedef struct Comparison {
	Session *session;
	Task **tasks; /* own the rules that are pointed to below */
	const char *objective;
	int steps, train_problems, test_problems;
	bool validates; /* "f" below is what the objective validates with */
	bool
		one_problem; /* nothing is drawn, by the objective or a rule: it was run once, whatever counts were asked for */
	FeScore score;
	uint32_t count;
	Compared *rules;
	int subject;
	CompareInterval *margin; /* [steps + 1]: mean over problems of (least f of the others) - (the subject's f) */
	CompareInterval *lead;   /* [count]: mean over problems of that rule's criterion - the subject's (paired) */
	double *win_share;       /* [steps + 1]: share of problems where the subject is below all others */
	bool longer;             /* there are runs of other lengths */
	/* [count]: how likely a difference from the subject as large as `lead` is by chance, and the same after Holm's adjustment for
	 * several rules; NaN for the subject, and where a run is not finite. NULL without a subject. */
	double *chance, *chance_holm;
	Arena *arena;
} Comparison;

/* Whether all these rules can run on the objective: what is wrong with any of them is reported, before anything is measured. */
bool compare_possible(Rt *rt, const FeCall *objective, const Contender *contenders, uint32_t count, FeScore score);
/* NULL with diagnostics. */
Comparison *compare_rules(Rt *rt, const FeCall *objective, const Contender *contenders, uint32_t count,
                          const CompareOptions *options);
void compare_free(Comparison *comparison);
/* The whole result as one JSON object; returns false if writing failed. curves: f of every problem as well. */
bool compare_json(const Comparison *comparison, bool curves, FILE *out);
/* 95 % percentile interval of the mean of values[count] (all finite), `resamples` times, by Threefry from `seed`. */
CompareInterval compare_bootstrap(const double *values, int count, int resamples, uint64_t seed);
double compare_quantile(const double *sorted, int count, double q); /* linear between order statistics */

/* profile.c */
void compare_profiles(Comparison *comparison); /* `solved` and `performance` of all rules */
/* Share of problems that a rule solves at a tolerance in so many evaluations. */
double compare_data_profile(const Comparison *comparison, const Compared *rule, int tolerance, int evaluations);
void compare_chances(Comparison *comparison, uint64_t seed);        /* where there is a subject */
void compare_best_so_far(const double *f, int steps, double *best); /* f, best: [steps + 1] */

/* spend.c: run_problems for as many steps as `evaluations` of them pay for (at least one). Entry k of out->f is where a run stands
 * that has spent k + 1: f where the step in progress began or, if that is less, the least value that it has looked at since; the last one
 * is where it ends. out->steps is `evaluations`. */
bool compare_run(Task *task, const Problems *problems, const double *hypers, const double *theta, int evaluations,
                 Arena *arena, Runs *out);

#endif
