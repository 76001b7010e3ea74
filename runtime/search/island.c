/* One island: its members, and a round of children. All that it draws has a key of its own (seed, island, round, child), and all that it reads of
 * others is what was told before the round, so a round gives the same on any thread, whatever the others do meanwhile. */
#include <math.h>
#include <string.h>

#include "runtime/search/evolve.h"

/* Does a come before b? What is as good as the other but for search_tie gives way to what is smaller. */
static bool is_better(const SearchIndividual *a, const SearchIndividual *b) {
	float larger = fabsf(a->score) > fabsf(b->score) ? fabsf(a->score) : fabsf(b->score);
	bool same = a->score == b->score || fabsf(a->score - b->score) <= (float)search_tie * larger;
	if (same && isfinite(larger) && a->size != b->size)
		return a->size < b->size;
	return a->score < b->score;
}

SearchIsland *search_islands_new(const SearchEvolution *evolution, Arena *arena) {
	const FeSearch *how = &evolution->how;
	SearchIsland *islands = ARENA_ARRAY(arena, SearchIsland, how->islands);
	for (int i = 0; i < how->islands; i++) {
		islands[i] = (SearchIsland){.evolution = evolution, .number = i};
		islands[i].members = ARENA_ARRAY(arena, SearchIndividual, how->population);
		islands[i].noted = ARENA_ARRAY(arena, SearchIndividual, SEARCH_MOST_NOTED);
	}
	return islands;
}

static void join(SearchIsland *island, const SearchIndividual *child) {
	int population = island->evolution->how.population;
	if (island->count < population) {
		island->members[island->count++] = *child;
		return;
	}
	island->members[island->oldest] = *child;
	island->oldest = (island->oldest + 1) % population;
}

void search_island_receive(SearchIsland *island, const SearchIndividual *child) {
	join(island, child);
}

const SearchIndividual *search_island_best(const SearchIsland *island) {
	const SearchIndividual *best = &island->members[0];
	for (int i = 1; i < island->count; i++)
		if (is_better(&island->members[i], best))
			best = &island->members[i];
	return best;
}

/* ---- scores ---- */

static const SearchIndividual *find_noted(const SearchIsland *island, uint64_t hash) {
	for (int i = island->noted_count - 1; i >= 0; i--)
		if (island->noted[i].hash == hash)
			return &island->noted[i];
	return NULL;
}

/* The score of a child, from memory or anew. What is known already is noted if this form of it is smaller. */
static void give_score(SearchIsland *island, int worker, const SearchSeen *seen, SearchIndividual *child) {
	const SearchEvolution *e = island->evolution;
	const SearchIndividual *noted = find_noted(island, child->hash);
	int size = 0;
	child->size = (uint8_t)search_tuple_size(&e->grammar, &child->tuple);
	if (noted) {
		child->score = noted->score;
		size = noted->size;
	} else if (!seen || !search_seen_find(seen, child->hash, &child->score, &size)) {
		child->score = e->score(e->user, worker, &child->tuple);
		child->known = false;
		island->scored++;
		island->noted[island->noted_count++] = *child;
		return;
	}
	child->known = true;
	island->known++;
	if (child->size < size)
		island->noted[island->noted_count++] = *child;
}

/* false: it is no candidate. */
static bool admit(SearchIsland *island, int worker, const SearchSeen *seen, SearchIndividual *child) {
	const SearchEvolution *e = island->evolution;
	for (int h = 0; h < e->grammar.holes && !e->grammar.learner; h++)
		search_tree_order(&child->tuple.trees[h]);
	child->hash = e->hash(e->user, worker, &child->tuple);
	if (child->hash == 0)
		return false;
	give_score(island, worker, seen, child);
	return true;
}

static bool is_interrupted(const SearchIsland *island) {
	const SearchEvolution *e = island->evolution;
	return e->interrupted && e->interrupted(e->user);
}

/* ---- the beginning ---- */

void search_island_begin(SearchIsland *island, int worker) {
	const SearchEvolution *e = island->evolution;
	for (uint32_t i = (uint32_t)island->number; i < e->starter_count; i += (uint32_t)e->how.islands) {
		SearchIndividual child = {.tuple = e->starters[i]};
		if (is_interrupted(island))
			return;
		if (search_tuple_is_valid(&e->grammar, &child.tuple))
			admit(island, worker, NULL, &child);
	}
}

void search_island_populate(SearchIsland *island, int worker, const SearchSeen *seen, const SearchIndividual *scored,
                            uint32_t count, int64_t most_scored) {
	const SearchEvolution *e = island->evolution;
	int64_t until = island->scored + most_scored;
	for (int slot = 0; slot < e->how.population && island->scored < until && !is_interrupted(island); slot++) {
		SearchDraws draws = search_draws(e->seed, (uint64_t)island->number, 0, (uint64_t)slot);
		if (count > 0) {
			const SearchIndividual *best = &scored[search_draw_below(&draws, count)];
			for (int k = 1; k < e->how.tournament; k++) {
				const SearchIndividual *other = &scored[search_draw_below(&draws, count)];
				best = is_better(other, best) ? other : best;
			}
			join(island, best);
			continue;
		}
		SearchIndividual child = {.score = 0};
		if (island->noted_count == SEARCH_MOST_NOTED)
			return;
		island->generated++;
		if (search_fresh(&e->grammar, &draws, &child.tuple) && admit(island, worker, seen, &child))
			join(island, &child);
	}
}

/* ---- a round ---- */

static const SearchIndividual *draw_parent(const SearchIsland *island, SearchDraws *draws) {
	const SearchIndividual *best = NULL;
	for (int k = 0; k < island->evolution->how.tournament; k++) {
		const SearchIndividual *one = &island->members[search_draw_below(draws, (uint32_t)island->count)];
		best = !best || is_better(one, best) ? one : best;
	}
	return best;
}

/* false: nothing was made of these parents. */
static bool make_child(const SearchIsland *island, SearchDraws *draws, SearchTuple *out) {
	const SearchEvolution *e = island->evolution;
	if (e->how.kind == FE_SEARCH_RANDOM || island->count == 0)
		return search_fresh(&e->grammar, draws, out);
	const SearchIndividual *parent = draw_parent(island, draws);
	if (search_draw_unit(draws) >= search_crossings)
		return search_mutated(&e->grammar, draws, &parent->tuple, out);
	return search_crossed(&e->grammar, draws, &parent->tuple, &draw_parent(island, draws)->tuple, out);
}

void search_island_round(SearchIsland *island, int worker, const SearchSeen *seen, int64_t round, int64_t most_scored) {
	const SearchEvolution *e = island->evolution;
	int64_t until = island->scored + most_scored;
	for (int child = 0; child < SEARCH_CHILDREN && island->scored < until && !is_interrupted(island); child++) {
		SearchDraws draws = search_draws(e->seed, (uint64_t)island->number, (uint64_t)round, (uint64_t)child);
		SearchIndividual made = {.score = 0};
		island->generated++;
		if (make_child(island, &draws, &made.tuple) && admit(island, worker, seen, &made) &&
		    e->how.kind != FE_SEARCH_RANDOM)
			join(island, &made);
	}
}
