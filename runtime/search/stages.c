/* A stage of the funnel for one candidate: sixteen points at a time, the best of which it keeps.
 *
 * In the first stages the points are rates, so many to a decade: relative to the first step's size at first, then around the rate that was best.
 * Later they are drawn around the best point so far, rate and constants together, with a spread that narrows: an evolution strategy whose
 * population is the lanes of one call. Draws are keyed by the number of the point alone, so a score is a function of the candidate. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/search/stages.h"

const char *const search_stage_words[SEARCH_STAGES + 1] = {"first look", "second look", "fitting", "last round",
                                                           "select problems"};

int search_problems_of(const FeExperiment *experiment, int stage, int labs) {
	int wanted = search_stages[stage].problems ? search_stages[stage].problems : SEARCH_LAST_PROBLEMS;
	int each = (wanted + labs - 1) / labs;
	return each < experiment->train_problems ? each : experiment->train_problems;
}

static int problems_of_stage(const Search *s, int stage) {
	return search_problems_of(s->experiment, stage, s->out->lab_count);
}

/* Mean scores of all points over so many problems of every lab. false: hopeless, not finite anywhere, or interrupted. */
static bool score_points(const Search *s, const SearchWorker *worker, SearchRun *run, SearchPoints *points,
                         int problems, double *mean) {
	int count = 0;
	for (int lane = 0; lane < IR_LANES; lane++)
		mean[lane] = 0;
	for (int k = 0; k < s->out->lab_count; k++) {
		for (int i = 0; i < problems; i++) {
			double score[IR_LANES];
			if (rt_interrupted(s->rt) ||
			    !search_run(s->out->labs[k], worker->benches[k], &s->train[k]->blocks[i], run, points, score))
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

static bool keep_best(SearchFound *found, int learned, const SearchProgram *program, const SearchPoints *points,
                      const double *mean) {
	bool better = false;
	for (int lane = 0; lane < IR_LANES; lane++) {
		if (!(mean[lane] < found->score))
			continue;
		better = true;
		found->score = mean[lane];
		found->rate = points->rates[lane];
		for (int k = 0; k < program->constants; k++)
			found->constants[k] = points->constants[k][lane];
		for (int k = 0; k < learned; k++)
			found->learned[k] = points->learned[k][lane];
	}
	return better;
}

/* ---- points ---- */

static void same_constants(const SearchLab *lab, const SearchProgram *program, const SearchFound *found,
                           SearchPoints *points) {
	for (int k = 0; k < program->constants; k++)
		for (int lane = 0; lane < IR_LANES; lane++)
			points->constants[k][lane] = found->constants[k];
	for (int k = 0; k < lab->learned; k++)
		for (int lane = 0; lane < IR_LANES; lane++)
			points->learned[k][lane] = found->learned[k];
}

static void set_grid(const SearchLab *lab, double per_decade, double first, SearchPoints *points) {
	for (int lane = 0; lane < IR_LANES; lane++)
		points->rates[lane] = search_lab_rate(lab, search_grid_rate(first, per_decade, lane));
}

/* From 1e-4 of the size of x on: relative, as search_run makes them absolute. */
static void set_first_grid(double per_decade, SearchPoints *points) {
	for (int lane = 0; lane < IR_LANES; lane++)
		points->rates[lane] = search_grid_rate(1e-4, per_decade, lane);
}

/* A constant, moved by so much in its own coordinate. */
static double moved(double constant, bool is_share, double by) {
	if (!is_share)
		return constant * exp(by);
	double odds = constant / (1 - constant) * exp(by);
	return odds / (1 + odds);
}

/* The best point so far, and fifteen around it. */
static void spread(const SearchLab *lab, const SearchProgram *program, const SearchFound *found, int round,
                   double width, SearchPoints *points) {
	for (int lane = 0; lane < IR_LANES; lane++) {
		bool centre = lane == 0;
		double by = centre ? 0 : width * search_rate_spread * search_normal(round, lane, 0);
		points->rates[lane] = search_lab_rate(lab, found->rate * exp(by));
		for (int k = 0; k < program->constants; k++) {
			bool share = program->is_share[k];
			by = width * (share ? search_share_spread : search_constant_spread) * search_normal(round, lane, 1 + k);
			points->constants[k][lane] = moved(found->constants[k], share, centre ? 0 : by);
		}
		for (int k = 0; k < lab->learned; k++) {
			double trained = search_learned_trained(lab->limits[k], found->learned[k]);
			by = centre ? 0
			            : width * search_learned_spread(lab->limits[k], trained) *
			                  search_normal(round, lane, 1 + SEARCH_MOST_CONSTANTS + k);
			points->learned[k][lane] =
				centre ? found->learned[k] : search_learned_natural(lab->limits[k], trained + by);
		}
	}
}

/* ---- a stage ---- */

static void start_constants(const SearchLab *lab, const SearchProgram *program, SearchFound *found) {
	for (int k = 0; k < program->constants; k++)
		found->constants[k] = program->is_share[k] ? search_first_share : search_first_constant;
	for (int k = 0; k < lab->learned; k++)
		found->learned[k] = search_learned_natural(lab->limits[k], lab->theta[k]);
}

static void fit(const Search *s, const SearchWorker *worker, int stage, const SearchProgram *program, SearchRun *run,
                SearchFound *found) {
	double mean[IR_LANES], width = 1;
	SearchPoints points;
	for (int round = 0; round < search_stages[stage].fits; round++) {
		spread(s->out->labs[0], program, found, round + stage * search_stages[stage].fits, width, &points);
		if (round == 0)
			found->score = INFINITY; /* that of the stage before was on other problems */
		if (!score_points(s, worker, run, &points, problems_of_stage(s, stage), mean))
			return;
		keep_best(found, s->out->labs[0]->learned, program, &points, mean);
		width *= search_narrower;
	}
}

/* The best of a grid of rates, and of those beside it as long as the best is its last one. */
static void try_rates(const Search *s, const SearchWorker *worker, int stage, SearchRun *run,
                      const SearchProgram *program, SearchPoints *points, SearchFound *found) {
	double mean[IR_LANES];
	found->score = INFINITY;
	for (int turn = 0, way = 0; turn <= SEARCH_MOST_WIDENED; turn++) {
		run->beyond = 0;
		bool scored = score_points(s, worker, run, points, problems_of_stage(s, stage), mean);
		bool better = scored && keep_best(found, s->out->labs[0]->learned, program, points, mean);
		int beyond = scored ? search_grid_edge(points->rates, mean) : run->beyond;
		if (beyond == 0 || (turn > 0 && (beyond != way || (isfinite(found->score) && !better))))
			break;
		way = beyond;
		double per_decade = search_stages[stage].per_decade;
		set_grid(s->out->labs[0], per_decade, search_grid_beside(points->rates, per_decade, way), points);
	}
	if (isfinite(found->score))
		found->end = SEARCH_CAME_DOWN;
}

void search_try(const Search *s, const SearchWorker *worker, int stage, SearchFound *found) {
	const SearchStage *how = &search_stages[stage];
	int horizon = s->experiment->horizon_high, steps = how->steps && how->steps < horizon ? how->steps : horizon;
	SearchProgram program;
	SearchPoints points;
	search_program(s->out->table, found->expr, &program);
	SearchRun run = {.program = &program,
	                 .steps = steps,
	                 .horizon = horizon,
	                 .hopeless = how->hopeless,
	                 .relative = stage == 0,
	                 .end = &found->end};
	if (stage == 0)
		start_constants(s->out->labs[0], &program, found);
	if (how->fits > 0) {
		fit(s, worker, stage, &program, &run, found);
		return;
	}
	same_constants(s->out->labs[0], &program, found, &points);
	if (stage == 0)
		set_first_grid(how->per_decade, &points);
	else
		set_grid(s->out->labs[0], how->per_decade, search_grid_rate(found->rate, how->per_decade, -IR_LANES / 2),
		         &points);
	try_rates(s, worker, stage, &run, &program, &points, found);
}

void search_look_again(const Search *s, const SearchLook *look, SearchFound *found) {
	SearchProgram program;
	search_program(s->out->table, look->expr, &program);
	*found = (SearchFound){.expr = look->expr, .score = look->score, .rate = look->rate};
	start_constants(s->out->labs[0], &program, found);
}

void search_round(const Search *s, const SearchWorker *worker, SearchFound *found) {
	int last = SEARCH_STAGES - 1, horizon = s->experiment->horizon_high, chosen = 0;
	const SearchLab *lab = s->out->labs[0];
	SearchProgram program;
	SearchPoints points;
	double mean[IR_LANES];
	search_program(s->out->table, found->expr, &program);
	for (int lane = 0; lane < IR_LANES; lane++) {
		int kept = search_digits_of(lane);
		points.rates[lane] = search_lab_rate(s->out->labs[0], search_rounded_to(found->rate, kept));
		for (int k = 0; k < program.constants; k++)
			points.constants[k][lane] = search_rounded_to(found->constants[k], kept);
		for (int k = 0; k < lab->learned; k++)
			points.learned[k][lane] = search_learned_rounded(lab->limits[k], found->learned[k], kept);
	}
	SearchRun run = {.program = &program, .steps = horizon, .horizon = horizon};
	if (score_points(s, worker, &run, &points, problems_of_stage(s, last), mean))
		chosen = search_fewest_digits(mean);
	found->rate = points.rates[chosen];
	for (int k = 0; k < program.constants; k++)
		found->constants[k] = points.constants[k][chosen];
	for (int k = 0; k < lab->learned; k++)
		found->learned[k] = points.learned[k][chosen];
}

void search_score_each(const Search *s, const SearchWorker *worker, Problems *const *problems, const SearchFound *found,
                       double *out) {
	int horizon = s->experiment->horizon_high;
	SearchProgram program;
	SearchPoints points;
	search_program(s->out->table, found->expr, &program);
	SearchRun run = {.program = &program, .steps = horizon, .horizon = horizon};
	same_constants(s->out->labs[0], &program, found, &points);
	for (int lane = 0; lane < IR_LANES; lane++)
		points.rates[lane] = found->rate;
	for (int k = 0; k < s->out->lab_count; k++) {
		for (int i = 0; i < problems[k]->count; i++) {
			double score[IR_LANES];
			search_run(s->out->labs[k], worker->benches[k], &problems[k]->blocks[i], &run, &points, score);
			*out++ = score[0];
		}
	}
}
