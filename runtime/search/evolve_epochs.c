/* Rounds of evolution in the archive. All that evolution draws has a key, so what it does is a function of the scores that it asks for: an epoch keeps
 * those that were asked for in it, and a search that goes on plays the rounds again, with the scores that are known, in a small part of the time
 * that they took. What a played round asks for is held against what is there. */
#include <math.h>
#include <string.h>

#include "runtime/search/evolve.h"
#include "runtime/search/stages.h"

struct SearchLog {
	Search *search;
	SearchSeen *known; /* by tuple; NULL: there are none */
	VEC(uint64_t) tuples;
	VEC(float) scores;                 /* asked for in this epoch */
	int64_t generated, distinct, hits; /* at its begin */
	int64_t evaluations;               /* at its begin, of an objective */
};

enum { EVOLVING_STAGE = -1 }; /* of these epochs */

/* Forms of one expression are told apart here: their scores may differ in the last digits. */
static uint64_t key_of(const SearchTuple *tuple, int holes) {
	uint64_t key = 0;
	for (int h = 0; h < holes; h++) {
		const SearchTree *tree = &tuple->trees[h];
		key = hash_bytes(&tree->count, sizeof tree->count, key);
		key = hash_bytes(tree->codes, tree->count, key);
	}
	return key ? key : 1;
}

/* Keys, then scores. */
static void read_scores(SearchLog *log, const SearchArchiveEpoch *epoch) {
	size_t count = epoch->state_bytes / (sizeof(uint64_t) + sizeof(float));
	const char *bytes = epoch->state;
	for (size_t i = 0; i < count; i++) {
		uint64_t key;
		float score;
		memcpy(&key, bytes + i * sizeof key, sizeof key);
		memcpy(&score, bytes + count * sizeof key + i * sizeof score, sizeof score);
		search_seen_put(log->known, key ? key : 1, score, 0);
	}
}

static bool see_epoch(void *user, const SearchArchiveRow *row) {
	if (row->epoch.stage != EVOLVING_STAGE)
		return false;
	read_scores(user, &row->epoch);
	return true;
}

SearchLog *search_log_new(Search *s, uint64_t most) {
	if (s->options->resumes && !search_open_archive(s))
		return NULL;
	SearchLog *log = ARENA_NEW(s->arena, SearchLog);
	*log = (SearchLog){.search = s, .evaluations = search_evaluations(s)};
	if (!s->archive || search_archive_epochs(s->archive) == 0)
		return log;
	log->known = search_seen_new(most);
	if (search_archive_each(s->archive, SEARCH_ARCHIVE_EPOCH, see_epoch, log))
		return log;
	search_log_free(log);
	return NULL;
}

void search_log_free(SearchLog *log) {
	if (log)
		search_seen_free(log->known);
}

bool search_log_find(const SearchLog *log, const SearchTuple *tuple, int holes, float *score) {
	int size;
	bool played = log->known && log->search->epoch < search_archive_epochs(log->search->archive);
	return played && search_seen_find(log->known, key_of(tuple, holes), score, &size);
}

void search_log_add(SearchLog *log, const SearchTuple *tuple, int holes, float score) {
	vec_push(log->search->arena, &log->tuples, key_of(tuple, holes));
	vec_push(log->search->arena, &log->scores, score);
}

/* What is there already has to be what this search does. */
static bool is_same(Search *s, const SearchArchiveEpoch *epoch) {
	Arena *scratch = arena_new();
	SearchArchiveEpoch there = {0};
	bool same = search_archive_find_epoch(s->archive, s->epoch, scratch, &there) && there.stage == epoch->stage &&
	            there.state_bytes == epoch->state_bytes &&
	            (!there.state_bytes || memcmp(there.state, epoch->state, there.state_bytes) == 0);
	if (same)
		s->out->evaluations += there.evaluations;
	else
		search_say_changed(s);
	arena_free(scratch);
	return same;
}

static bool put_epoch(SearchLog *log, SearchArchiveEpoch *epoch) {
	Search *s = log->search;
	if (s->epoch < search_archive_epochs(s->archive))
		return is_same(s, epoch);
	s->out->evaluations += epoch->evaluations;
	if (!s->out->archive_lost && !search_archive_commit(s->archive, epoch))
		s->out->archive_lost = true;
	return true;
}

bool search_log_end_epoch(SearchLog *log, const SearchEvolved *so_far) {
	Search *s = log->search;
	uint32_t count = log->tuples.count;
	bool later = s->options->archive && !s->archive; /* the first epoch ends when there is something to keep */
	if (!isfinite(so_far->best_score) || count == 0 || later)
		return true;
	SearchArchiveEpoch epoch = {.n = s->epoch,
	                            .stage = EVOLVING_STAGE,
	                            .generated = so_far->generated - log->generated,
	                            .distinct = so_far->distinct - log->distinct,
	                            .hits = so_far->known - log->hits,
	                            .evaluations = search_evaluations(s) - log->evaluations,
	                            .best = (double)so_far->best_score};
	Arena *scratch = arena_new();
	size_t keys = sizeof(uint64_t) * count, scores = sizeof(float) * count;
	char *state = arena_alloc(scratch, keys + scores);
	memcpy(state, log->tuples.data, keys);
	memcpy(state + keys, log->scores.data, scores);
	for (uint32_t i = 0; i < count; i++)
		epoch.aborted += !isfinite(log->scores.data[i]);
	epoch.state = state;
	epoch.state_bytes = keys + scores;
	bool ok = true;
	if (s->archive)
		ok = put_epoch(log, &epoch);
	else
		s->out->evaluations += epoch.evaluations;
	s->epoch += s->archive != NULL;
	arena_free(scratch);
	log->tuples.count = log->scores.count = 0;
	log->generated = so_far->generated;
	log->distinct = so_far->distinct;
	log->hits = so_far->known;
	log->evaluations = search_evaluations(s);
	return ok;
}

void search_log_begin(SearchLog *log) {
	log->generated = log->distinct = log->hits = 0;
	log->evaluations = search_evaluations(log->search);
}

void search_log_exclude(SearchLog *log, int64_t evaluations) {
	log->evaluations += evaluations;
}
