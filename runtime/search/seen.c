/* Scores of expressions by their hashes. The table doubles until it has all the places that it may have; then a newcomer takes the place of the worst
 * of the eight that it would stand among. So it keeps what is worth coming back to, and forgets what is quickly found hopeless again. */
#include <stdlib.h>

#include "runtime/search/evolve.h"

enum { BUCKET = 8 };

struct SearchSeen {
	uint64_t places, most;
	uint64_t *hashes; /* 0: free */
	float *scores;
	uint8_t *sizes;
	int64_t dropped;
};

static void make_places(SearchSeen *seen, uint64_t places) {
	seen->places = places;
	seen->hashes = memory_new(places * sizeof *seen->hashes);
	seen->scores = memory_new(places * sizeof *seen->scores);
	seen->sizes = memory_new(places * sizeof *seen->sizes);
}

static void free_places(SearchSeen *seen) {
	free(seen->hashes);
	free(seen->scores);
	free(seen->sizes);
}

SearchSeen *search_seen_new(uint64_t most) {
	static const uint64_t first = 1 << 12;
	SearchSeen *seen = memory_new(sizeof *seen);
	*seen = (SearchSeen){.most = most < BUCKET ? BUCKET : most};
	make_places(seen, seen->most < first ? seen->most : first);
	return seen;
}

void search_seen_free(SearchSeen *seen) {
	if (!seen)
		return;
	free_places(seen);
	free(seen);
}

static uint64_t bucket_of(const SearchSeen *seen, uint64_t hash) {
	return (hash & (seen->places / BUCKET - 1)) * BUCKET;
}

bool search_seen_find(const SearchSeen *seen, uint64_t hash, float *score, int *size) {
	uint64_t first = bucket_of(seen, hash);
	for (uint64_t i = first; i < first + BUCKET; i++) {
		if (seen->hashes[i] != hash)
			continue;
		*score = seen->scores[i];
		*size = seen->sizes[i];
		return true;
	}
	return false;
}

static void set(SearchSeen *seen, uint64_t at, uint64_t hash, float score, int size) {
	seen->hashes[at] = hash;
	seen->scores[at] = score;
	seen->sizes[at] = (uint8_t)size;
}

static void grow(SearchSeen *seen) {
	SearchSeen old = *seen;
	make_places(seen, 2 * old.places);
	for (uint64_t i = 0; i < old.places; i++)
		if (old.hashes[i])
			search_seen_put(seen, old.hashes[i], old.scores[i], old.sizes[i]);
	free_places(&old);
}

void search_seen_put(SearchSeen *seen, uint64_t hash, float score, int size) {
	uint64_t first = bucket_of(seen, hash), worst = first;
	for (uint64_t i = first; i < first + BUCKET; i++) {
		if (!seen->hashes[i] || seen->hashes[i] == hash) {
			set(seen, i, hash, score, size);
			return;
		}
		if (seen->scores[i] > seen->scores[worst])
			worst = i;
	}
	if (seen->places < seen->most) {
		grow(seen);
		search_seen_put(seen, hash, score, size);
		return;
	}
	seen->dropped++;
	set(seen, worst, hash, score, size);
}

int64_t search_seen_dropped(const SearchSeen *seen) {
	return seen->dropped;
}
