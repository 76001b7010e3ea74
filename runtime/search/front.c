/* The best so far of a search: of each size the best that its stage has scored, of which those that beat all smaller ones are the front. */
#include <math.h>
#include <string.h>

#include "runtime/search/stages.h"

bool search_is_before(const SearchTable *table, double score, uint32_t expr, double other_score, uint32_t other) {
	const SearchExpr *x = &table->exprs[expr], *y = &table->exprs[other];
	if (score < other_score || other_score < score)
		return score < other_score;
	if (x->size != y->size)
		return x->size < y->size;
	return x->cost != y->cost ? x->cost < y->cost : expr < other;
}

void search_see_best(Search *s, const SearchRound *round) {
	const SearchTable *table = s->out->table;
	for (uint32_t i = 0; i < round->count; i++) {
		const SearchFound *found = &round->found[i];
		SearchFound *best = &s->best_of[table->exprs[found->expr].size];
		if (isfinite(found->score) &&
		    (!isfinite(best->score) || search_is_before(table, found->score, found->expr, best->score, best->expr)))
			*best = *found;
	}
}

bool search_is_worse(double score, double best) {
	return score > best + search_tie * fabs(best);
}

void search_make_front(Search *s, int stage) {
	SearchResult *out = s->out;
	double best = (double)INFINITY;
	bool any = false;
	for (int size = 1; size <= SEARCH_MOST_SIZE; size++)
		any = any || isfinite(s->best_of[size].score);
	if (!any)
		return;
	out->stage = stage;
	out->front_count = out->winner = 0;
	for (int size = 1; size <= SEARCH_MOST_SIZE; size++) {
		if (!(s->best_of[size].score < best))
			continue;
		best = s->best_of[size].score;
		out->front[out->front_count++] = s->best_of[size];
	}
	/* The last of them, or a smaller one that is as good. */
	while (out->winner + 1 < out->front_count && search_is_worse(out->front[out->winner].score, best))
		out->winner++;
}

static uint64_t hash_of_front(const SearchResult *result) {
	uint64_t hash = (uint64_t)result->stage;
	for (uint32_t i = 0; i < result->front_count; i++) {
		const SearchFound *found = &result->front[i];
		const double numbers[] = {found->score, found->rate};
		hash = hash_bytes(&found->expr, sizeof found->expr, hash);
		hash = hash_bytes(numbers, sizeof numbers, hash);
		hash = hash_bytes(found->constants, sizeof found->constants, hash);
	}
	return hash;
}

bool search_tell_best(Search *s) {
	bool first = s->told == 0;
	if (s->archive && s->epoch < search_archive_epochs(s->archive))
		return true; /* what was known before is on the disk, and better */
	if (!s->options->best || s->out->front_count == 0 || (!first && rt_seconds() - s->told < search_told_every))
		return true;
	uint64_t what = hash_of_front(s->out);
	if (!first && what == s->told_what)
		return true;
	bool ok = s->options->best(s->options->user, s->out);
	s->told = rt_seconds();
	s->told_what = what;
	return ok;
}
