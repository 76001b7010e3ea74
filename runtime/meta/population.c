/* Searches that ask what candidates are worth and are told, instead of following a gradient: what they have alike. Candidates run on
 * the training problems as particles do, two of them as one pair. Which there are: cma.c, searches.c. */
#include <math.h>
#include <string.h>

#include "runtime/meta/estimator.h"

bool meta_is_better(Worth a, Worth b) {
	bool finite = isfinite(a.score);
	if (finite != (bool)isfinite(b.score))
		return finite;
	return a.lost != b.lost ? a.lost < b.lost : a.score < b.score;
}

double meta_population_bytes(const MetaEstimator *e) {
	double candidates = 2.0 * e->how.particles;
	return meta_particles_bytes(e) + candidates * (8.0 * (double)e->count + sizeof(Worth));
}

void meta_population_allocate(MetaEstimator *e) {
	meta_particles_allocate(e);
	e->candidates = ARENA_ARRAY(e->arena, double, 2 * e->how.particles * e->count);
	e->method->start(e);
}

/* Those that are new come first; the rest of the places repeats one of them, and is not told. */
bool meta_population_estimate(MetaEstimator *e, double *next, MetaStats *stats) {
	size_t count = (size_t)e->count;
	memcpy(next, e->theta, sizeof *next * count);
	int asked = e->method->ask(e, e->candidates);
	if (asked == 0) {
		*stats = (MetaStats){.score = (double)NAN};
		return true;
	}
	for (int i = asked; i < 2 * e->how.particles; i++)
		memcpy(e->candidates + (size_t)i * count, e->candidates, sizeof *next * count);
	Arena *scratch = arena_new();
	Worth *worth = ARENA_ARRAY(scratch, Worth, 2 * e->how.particles);
	bool ok = meta_particles_score(e, worth, stats);
	double sum = 0;
	int finite = 0;
	for (int i = 0; ok && i < asked; i++) {
		finite += isfinite(worth[i].score);
		sum += isfinite(worth[i].score) ? worth[i].score : 0;
	}
	stats->score = ok && finite ? sum / finite : (double)NAN;
	if (ok)
		e->method->tell(e, e->candidates, worth, asked, next);
	arena_free(scratch);
	return ok;
}
