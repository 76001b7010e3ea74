/* Random search and grid search: candidates around where theta started, of which the best is kept. Their runs all have the longest
 * length that the horizon allows, so that candidates of different outer steps can be compared. */
#include <math.h>
#include <string.h>

#include "runtime/meta/estimator.h"
#include "runtime/meta/limits.h"

typedef struct Search {
	int64_t begun; /* 1 once the origin is known */
	int64_t asked; /* candidates so far */
	double *origin;
	int64_t lost; /* of the best, and its score */
	double score;
} Search;

static void search_settle(MetaEstimator *e) {
	e->how.particles = (e->how.population ? e->how.population : (int)META_SEARCH_POPULATION) / 2;
	e->how.horizon_low = e->how.horizon_high;
}

static double search_bytes(const MetaEstimator *e) {
	return meta_population_bytes(e) + 8 * (double)e->count;
}

static void search_start(MetaEstimator *e) {
	Search *s = ARENA_NEW(e->arena, Search);
	*s = (Search){.origin = ARENA_ARRAY(e->arena, double, e->count), .lost = INT64_MAX, .score = (double)INFINITY};
	memset(s->origin, 0, sizeof(double) * (size_t)e->count);
	e->own = s;
}

static Search *search_of(MetaEstimator *e) {
	Search *s = e->own;
	if (!s->begun)
		memcpy(s->origin, e->theta, sizeof(double) * (size_t)e->count);
	s->begun = 1;
	return s;
}

static void search_tell(MetaEstimator *e, const double *candidates, const Worth *worth, int count, double *next) {
	Search *s = e->own;
	for (int i = 0; i < count; i++) {
		if (!isfinite(worth[i].score) || !meta_is_better(worth[i], (Worth){s->lost, s->score}))
			continue;
		s->lost = worth[i].lost;
		s->score = worth[i].score;
		memcpy(next, candidates + i * e->count, sizeof(double) * (size_t)e->count);
	}
	s->asked += count;
}

/* The start itself is the first. */
static int random_ask(MetaEstimator *e, double *candidates) {
	const Search *s = search_of(e);
	int count = 2 * e->how.particles;
	for (int i = 0; i < count; i++) {
		double *x = candidates + i * e->count;
		meta_noise(e->seed, e->step, i, x, e->count);
		double spread = s->asked + i == 0 ? 0 : e->how.spread;
		for (int64_t p = 0; p < e->count; p++)
			x[p] = s->origin[p] + spread * x[p];
	}
	return count;
}

/* The number of points, points^P; where it is more than can be counted, 0. */
static int64_t grid_size(const MetaEstimator *e) {
	int64_t size = 1;
	for (int64_t p = 0; p < e->count; p++) {
		if (size > (int64_t)META_MOST_GRID / e->how.points)
			return 0;
		size *= e->how.points;
	}
	return size;
}

static bool grid_fits(const MetaEstimator *e, const Task *task) {
	if (grid_size(e) > 0)
		return true;
	Session *session = e->rt->session;
	Diag *diag = diag_error(session, 806, task->rule->decl->name.span,
	                        "a grid of %d points for each of %lld learned numbers has more than %d points",
	                        e->how.points, (long long)e->count, (int)META_MOST_GRID);
	diag_help(session, diag, "grids are for a few numbers: estimate cma_es() or random_search()");
	return false;
}

static int grid_ask(MetaEstimator *e, double *candidates) {
	const Search *s = search_of(e);
	int64_t left = grid_size(e) - s->asked, most = 2 * (int64_t)e->how.particles;
	int count = (int)(left < most ? left : most);
	for (int i = 0; i < count; i++) {
		int64_t point = s->asked + i;
		for (int64_t p = 0; p < e->count; p++) {
			double at = 2.0 * (double)(point % e->how.points) / (e->how.points - 1) - 1; /* -1 .. 1 */
			candidates[i * e->count + p] = s->origin[p] + e->how.spread * at;
			point /= e->how.points;
		}
	}
	return count;
}

static void search_visit(MetaEstimator *e, TrainVisit *visit, void *user) {
	Search *s = e->own;
	visit(user, &(TrainPiece){"search.begun", IR_I64, &s->begun, 1});
	visit(user, &(TrainPiece){"search.asked", IR_I64, &s->asked, 1});
	visit(user, &(TrainPiece){"search.origin", IR_F64, s->origin, (size_t)e->count});
	visit(user, &(TrainPiece){"search.lost", IR_I64, &s->lost, 1});
	visit(user, &(TrainPiece){"search.score", IR_F64, &s->score, 1});
}

static bool random_sound(const MetaEstimator *e) {
	const Search *s = e->own;
	return (s->begun == 0 || s->begun == 1) && s->asked >= 0;
}

static bool grid_sound(const MetaEstimator *e) {
	const Search *s = e->own;
	return random_sound(e) && s->asked <= grid_size(e);
}

const EstimatorMethod meta_random = {
	.uses = meta_particles_uses,
	.bytes = search_bytes,
	.settle = search_settle,
	.allocate = meta_population_allocate,
	.estimate = meta_population_estimate,
	.visit = search_visit,
	.is_sound = random_sound,
	.whole = true,
	.start = search_start,
	.ask = random_ask,
	.tell = search_tell,
};

const EstimatorMethod meta_grid = {
	.uses = meta_particles_uses,
	.bytes = search_bytes,
	.fits = grid_fits,
	.settle = search_settle,
	.allocate = meta_population_allocate,
	.estimate = meta_population_estimate,
	.visit = search_visit,
	.is_sound = grid_sound,
	.whole = true,
	.start = search_start,
	.ask = grid_ask,
	.tell = search_tell,
};
