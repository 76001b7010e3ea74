/* A stage of the funnel for one combination: sixteen points at a time, the best of which it keeps. Points are rates, so many to a decade, at
 * first relative to the size of the first step; later they are drawn around the best so far, the rate together with what is learned. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/search/choose.h"
#include "runtime/search/stages.h"

static int problems_of_stage(const Choosing *c, int stage) {
	return search_problems_of(c->experiment, stage, c->lab_count);
}

/* Mean scores of all points over so many problems of every lab. false: hopeless, or interrupted. */
static bool score_points(const Choosing *c, const ChooseWorker *worker, ChooseRun *run, const ChoosePoints *points,
                         int problems, double *mean) {
	int count = 0;
	for (int lane = 0; lane < IR_LANES; lane++)
		mean[lane] = 0;
	for (int k = 0; k < c->lab_count; k++) {
		for (int i = 0; i < problems; i++) {
			double score[IR_LANES];
			if (rt_interrupted(c->rt))
				return false;
			if (!search_choose_run(c->labs[k], worker->benches[k], &c->train[k]->blocks[i], run, points, score))
				return false;
			for (int lane = 0; lane < IR_LANES; lane++)
				mean[lane] += score[lane];
			count++;
		}
	}
	for (int lane = 0; lane < IR_LANES; lane++)
		mean[lane] /= count;
	return true;
}

static bool keep_best(const Choosing *c, ChooseFound *found, const ChoosePoints *points, const double *mean) {
	bool better = false;
	for (int lane = 0; lane < IR_LANES; lane++) {
		if (!(mean[lane] < found->score))
			continue;
		better = true;
		found->score = mean[lane];
		found->rate = points->rates[lane];
		for (int k = 0; k < c->learned; k++)
			found->theta[k] = points->theta[k][lane];
	}
	return better;
}

/* ---- points ---- */

/* Within what the rule says of its rate. */
static double in_range(const Choosing *c, double rate) {
	int number = search_choose_lab_rule(c->labs[0])->rate;
	const FeHyper *hyper = number >= 0 ? &search_choose_lab_rule(c->labs[0])->hypers.data[number] : NULL;
	return !hyper || !hyper->has_range ? rate : fmin(fmax(rate, hyper->low), hyper->high);
}

static void alike(const Choosing *c, const ChooseFound *found, ChoosePoints *points) {
	for (int lane = 0; lane < IR_LANES; lane++) {
		points->rates[lane] = found->rate;
		for (int k = 0; k < c->learned; k++)
			points->theta[k][lane] = found->theta[k];
	}
}

/* How far a learned number is moved in the coordinate that it is trained in: log-odds, a logarithm, or as it is. */
static double spread_of(const FeRule *rule, int number, double at) {
	for (uint32_t i = 0; i < rule->learned.count; i++) {
		const FeSlot *slot = &rule->learned.data[i].slot;
		if (number < slot->offset || number >= slot->offset + slot->count)
			continue;
		return search_learned_spread(&slot->limits, at);
	}
	return 0;
}

/* The best point so far, and fifteen around it. */
static void spread(const Choosing *c, const ChooseFound *found, int round, double width, ChoosePoints *points) {
	const FeRule *rule = search_choose_lab_rule(c->labs[0]);
	alike(c, found, points);
	for (int lane = 1; lane < IR_LANES; lane++) {
		points->rates[lane] =
			in_range(c, found->rate * exp(width * search_rate_spread * search_normal(round, lane, 0)));
		for (int k = 0; k < c->learned; k++)
			points->theta[k][lane] += width * spread_of(rule, k, found->theta[k]) * search_normal(round, lane, 1 + k);
	}
}

static void set_grid(const Choosing *c, double per_decade, double first, ChoosePoints *points) {
	for (int lane = 0; lane < IR_LANES; lane++)
		points->rates[lane] = in_range(c, search_grid_rate(first, per_decade, lane));
}

/* Where a stage's grid begins: at 1e-4 of what moves x by its own size, or around the best; where no first step is that large, around what
 * the rule says. */
static double first_rate(const Choosing *c, const ChooseWorker *worker, const ChooseRun *run, int stage,
                         const ChooseFound *found, const ChoosePoints *points) {
	double size = 0;
	if (stage == 0)
		size = search_choose_rate_of_size(c->labs[0], worker->benches[0], &c->train[0]->blocks[0], run, points);
	return size > 0 ? 1e-4 * size : search_grid_rate(found->rate, search_stages[stage].per_decade, -IR_LANES / 2);
}

/* ---- a stage ---- */

static void start(const Choosing *c, ChooseFound *found) {
	const FeRule *rule = search_choose_lab_rule(c->labs[0]);
	int rate = search_choose_lab_rule(c->labs[0])->rate;
	double by_itself = rate >= 0 ? rule->hypers.data[rate].value : 1;
	found->rate = by_itself > 0 ? by_itself : 1;
	for (int k = 0; k < c->learned; k++)
		found->theta[k] = search_choose_lab_theta(c->labs[0])[k];
}

static void fit(const Choosing *c, const ChooseWorker *worker, int stage, ChooseRun *run, ChooseFound *found) {
	double mean[IR_LANES], width = 1;
	ChoosePoints points;
	for (int round = 0; round < search_stages[stage].fits; round++) {
		spread(c, found, round + stage * search_stages[stage].fits, width, &points);
		if (round == 0)
			found->score = INFINITY; /* that of the stage before was on other problems */
		if (!score_points(c, worker, run, &points, problems_of_stage(c, stage), mean))
			return;
		keep_best(c, found, &points, mean);
		width *= search_narrower;
	}
}

/* The best of a grid of rates, and of those beside it as long as the best is its last one. */
static void try_rates(const Choosing *c, const ChooseWorker *worker, int stage, ChooseRun *run, ChoosePoints *points,
                      ChooseFound *found) {
	double mean[IR_LANES], per_decade = search_stages[stage].per_decade;
	set_grid(c, per_decade, first_rate(c, worker, run, stage, found, points), points);
	found->score = INFINITY;
	for (int turn = 0, way = 0; turn <= SEARCH_MOST_WIDENED; turn++) {
		run->beyond = 0;
		bool scored = score_points(c, worker, run, points, problems_of_stage(c, stage), mean);
		bool better = scored && keep_best(c, found, points, mean);
		int beyond = scored ? search_grid_edge(points->rates, mean) : run->beyond;
		if (beyond == 0 || (turn > 0 && (beyond != way || (isfinite(found->score) && !better))))
			break;
		way = beyond;
		set_grid(c, per_decade, search_grid_beside(points->rates, per_decade, way), points);
	}
}

void search_choose_try(const Choosing *c, const ChooseWorker *worker, int stage, ChooseFound *found) {
	const SearchStage *how = &search_stages[stage];
	int horizon = c->experiment->horizon_high, steps = how->steps && how->steps < horizon ? how->steps : horizon;
	Arena *scratch = arena_new();
	int *picks = ARENA_ARRAY(scratch, int, c->out->space.count + 1);
	double mean[IR_LANES];
	ChoosePoints points;
	search_choose_picks(&c->out->space, found->combination, picks);
	ChooseRun run = {.picks = picks, .steps = steps, .horizon = horizon, .hopeless = how->hopeless};
	if (stage == 0)
		start(c, found);
	if (how->fits > 0) {
		fit(c, worker, stage, &run, found);
	} else {
		alike(c, found, &points);
		if (search_choose_lab_rule(c->labs[0])->rate >= 0) {
			try_rates(c, worker, stage, &run, &points, found);
		} else {
			spread(c, found, stage, 1, &points);
			found->score = INFINITY;
			if (score_points(c, worker, &run, &points, problems_of_stage(c, stage), mean))
				keep_best(c, found, &points, mean);
		}
	}
	search_choose_see_natural(c, found);
	arena_free(scratch);
}

static const FeLimits *limits_of(const Choosing *c, int number) {
	const FeRule *rule = search_choose_lab_rule(c->labs[0]);
	for (uint32_t i = 0; i < rule->learned.count; i++)
		if (rule->learned.data[i].slot.offset == number)
			return &rule->learned.data[i].slot.limits;
	return NULL;
}

/* A learned number with so many digits, as the rule uses it, unless that is on a limit. */
static double written(const Choosing *c, int number, double theta, int digits) {
	const FeLimits *limits = limits_of(c, number);
	return limits ? search_learned_rounded(limits, search_learned_natural(limits, theta), digits) : theta;
}

void search_choose_see_natural(const Choosing *c, ChooseFound *found) {
	for (int k = 0; k < c->learned; k++) {
		const FeLimits *limits = limits_of(c, k);
		found->natural[k] = limits ? search_learned_natural(limits, found->theta[k]) : found->theta[k];
	}
}

static double trained(const Choosing *c, int number, double natural) {
	const FeLimits *limits = limits_of(c, number);
	return limits ? search_learned_trained(limits, natural) : natural;
}

void search_choose_round(const Choosing *c, const ChooseWorker *worker, ChooseFound *found) {
	int horizon = c->experiment->horizon_high, chosen = 0;
	Arena *scratch = arena_new();
	int *picks = ARENA_ARRAY(scratch, int, c->out->space.count + 1);
	double mean[IR_LANES], natural[CHOOSE_MOST_LEARNED][IR_LANES];
	ChoosePoints points;
	search_choose_picks(&c->out->space, found->combination, picks);
	for (int lane = 0; lane < IR_LANES; lane++) {
		int kept = search_digits_of(lane);
		points.rates[lane] = in_range(c, search_rounded_to(found->rate, kept));
		for (int k = 0; k < c->learned; k++) {
			natural[k][lane] = written(c, k, found->theta[k], kept);
			points.theta[k][lane] = trained(c, k, natural[k][lane]);
		}
	}
	ChooseRun run = {.picks = picks, .steps = horizon, .horizon = horizon};
	if (score_points(c, worker, &run, &points, problems_of_stage(c, SEARCH_STAGES - 1), mean))
		chosen = search_fewest_digits(mean);
	found->rate = points.rates[chosen];
	for (int k = 0; k < c->learned; k++) {
		found->theta[k] = points.theta[k][chosen];
		found->natural[k] = natural[k][chosen];
	}
	arena_free(scratch);
}

void search_choose_score_each(const Choosing *c, const ChooseWorker *worker, Problems *const *problems,
                              const ChooseFound *found, double *out) {
	int horizon = c->experiment->horizon_high;
	Arena *scratch = arena_new();
	int *picks = ARENA_ARRAY(scratch, int, c->out->space.count + 1);
	ChoosePoints points;
	search_choose_picks(&c->out->space, found->combination, picks);
	alike(c, found, &points);
	ChooseRun run = {.picks = picks, .steps = horizon, .horizon = horizon};
	for (int k = 0; k < c->lab_count; k++) {
		for (int i = 0; i < problems[k]->count; i++) {
			double score[IR_LANES];
			search_choose_run(c->labs[k], worker->benches[k], &problems[k]->blocks[i], &run, &points, score);
			*out++ = score[0];
		}
	}
	arena_free(scratch);
}
