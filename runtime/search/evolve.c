/* Islands side by side. Between rounds, on one thread and in the order of the islands, what each has found is told to all: scores go into one table,
 * the best of each size into a hall. Every SEARCH_ROUNDS rounds the best of an island goes to the next. Random search is the same with children that
 * have no parents. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/search/evolve.h"

typedef struct Hall {
	SearchIndividual of[SEARCH_HALL];
	int count, worst;
} Hall;

typedef struct Run {
	const SearchEvolution *evolution;
	SearchEvolved *out;
	SearchIsland *islands;
	SearchSeen *seen;
	Hall *halls; /* by size */
	int64_t round, most_scored;
	const SearchIndividual *scored; /* starters */
	uint32_t scored_count;
	SearchIndividual *migrants; /* one of each island */
	SearchTuple so_far;
	Arena *arena;
} Run;

enum { LARGEST = SEARCH_MOST_SIZE };

/* ---- the hall ---- */

static void find_worst(Hall *hall) {
	hall->worst = 0;
	for (int i = 1; i < hall->count; i++)
		if (hall->of[i].score > hall->of[hall->worst].score)
			hall->worst = i;
}

static void enter_hall(Hall *hall, const SearchIndividual *one) {
	if (hall->count < SEARCH_HALL)
		hall->of[hall->count++] = *one;
	else if (one->score < hall->of[hall->worst].score)
		hall->of[hall->worst] = *one;
	else
		return;
	find_worst(hall);
}

static void leave_hall(Hall *hall, uint64_t hash) {
	for (int i = 0; i < hall->count; i++) {
		if (hall->of[i].hash != hash)
			continue;
		hall->of[i] = hall->of[--hall->count];
		find_worst(hall);
		return;
	}
}

static int by_score(const void *a, const void *b) {
	const SearchIndividual *x = a, *y = b;
	if (x->score < y->score || y->score < x->score)
		return x->score < y->score ? -1 : 1;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

static void gather(Run *run) {
	SearchEvolved *out = run->out;
	for (int size = 0; size <= LARGEST; size++)
		out->count += (uint32_t)run->halls[size].count;
	SearchIndividual *best = ARENA_ARRAY(run->arena, SearchIndividual, out->count + 1);
	out->best = best;
	out->count = 0;
	for (int size = 0; size <= LARGEST; size++)
		for (int i = 0; i < run->halls[size].count; i++)
			best[out->count++] = run->halls[size].of[i];
	qsort(best, out->count, sizeof *best, by_score);
	out->so_far = out->count > 0 ? &best[0].tuple : NULL;
}

/* ---- between rounds ---- */

static void tell_one(Run *run, const SearchIndividual *one) {
	const SearchEvolution *e = run->evolution;
	float score;
	int size;
	if (e->scored && !one->known)
		e->scored(e->user, one);
	bool there = search_seen_find(run->seen, one->hash, &score, &size);
	if (there && one->size >= size) /* two islands have found it in one round */
		return;
	SearchIndividual told = *one;
	told.score = there ? score : one->score;
	told.known = false;
	if (!there && one->known) /* forgotten since the round began */
		return;
	if (there)
		leave_hall(&run->halls[size], one->hash);
	else
		run->out->distinct++;
	search_seen_put(run->seen, told.hash, told.score, told.size);
	if (isfinite(told.score))
		enter_hall(&run->halls[told.size], &told);
	if (told.score < run->out->best_score) {
		run->out->best_score = told.score;
		run->so_far = told.tuple;
		run->out->so_far = &run->so_far;
		SearchImprovement better = {.scored = run->out->scored, .score = told.score};
		vec_push(run->arena, &run->out->course, better);
	}
}

/* What all islands have noted; counts are those of the end of the round. */
static void tell_all(Run *run) {
	SearchEvolved *out = run->out;
	int islands = run->evolution->how.islands;
	out->generated = out->known = out->scored = 0;
	for (int i = 0; i < islands; i++) {
		out->generated += run->islands[i].generated;
		out->known += run->islands[i].known;
		out->scored += run->islands[i].scored;
	}
	for (int i = 0; i < islands; i++) {
		for (int k = 0; k < run->islands[i].noted_count; k++)
			tell_one(run, &run->islands[i].noted[k]);
		run->islands[i].noted_count = 0;
	}
	out->dropped = search_seen_dropped(run->seen);
	out->rounds = run->round;
}

static void migrate(Run *run) {
	int islands = run->evolution->how.islands;
	for (int i = 0; i < islands; i++)
		if (run->islands[i].count > 0)
			run->migrants[i] = *search_island_best(&run->islands[i]);
	for (int i = 0; i < islands && islands > 1; i++)
		if (run->islands[i].count > 0)
			search_island_receive(&run->islands[(i + 1) % islands], &run->migrants[i]);
}

/* ---- rounds ---- */

static void begin(void *user, int item, int worker) {
	Run *run = user;
	search_island_begin(&run->islands[item], worker);
}

static void populate(void *user, int item, int worker) {
	Run *run = user;
	search_island_populate(&run->islands[item], worker, run->seen, run->scored, run->scored_count, run->most_scored);
}

static void one_round(void *user, int item, int worker) {
	Run *run = user;
	search_island_round(&run->islands[item], worker, run->seen, run->round, run->most_scored);
}

static bool goes_on(const Run *run) {
	const SearchEvolution *e = run->evolution;
	return !(e->interrupted && e->interrupted(e->user)) && (!e->goes_on || e->goes_on(e->user, run->out));
}

/* How many each island may score in the next round, so that in the end there are about as many as wanted. */
static int64_t share(const Run *run) {
	int64_t left = run->evolution->how.candidates - run->out->scored;
	return (left + run->evolution->how.islands - 1) / run->evolution->how.islands;
}

/* Starters are scored first, as they are or by their best; then each island has its members. */
static void start(Run *run, RtPool *pool) {
	int islands = run->evolution->how.islands;
	rt_pool_run(pool, islands, begin, run);
	tell_all(run);
	SearchIndividual *scored = ARENA_ARRAY(run->arena, SearchIndividual, run->evolution->starter_count + 1);
	for (int size = 0; size <= LARGEST; size++)
		for (int i = 0; i < run->halls[size].count; i++)
			scored[run->scored_count++] = run->halls[size].of[i];
	run->scored = scored;
	if (run->evolution->how.kind == FE_SEARCH_RANDOM)
		return;
	run->most_scored = share(run);
	rt_pool_run(pool, islands, populate, run);
	tell_all(run);
}

static void evolve(Run *run, RtPool *pool) {
	int islands = run->evolution->how.islands, idle = 0;
	start(run, pool);
	while (run->out->scored < run->evolution->how.candidates && goes_on(run)) {
		int64_t before = run->out->distinct;
		run->round++;
		run->most_scored = share(run);
		rt_pool_run(pool, islands, one_round, run);
		tell_all(run);
		idle = run->out->distinct > before ? 0 : idle + 1;
		run->out->exhausted = idle >= SEARCH_IDLE_ROUNDS;
		if (run->out->exhausted)
			return;
		if (run->round % SEARCH_ROUNDS == 0)
			migrate(run);
	}
}

SearchEvolved *search_evolve(const SearchEvolution *evolution, RtPool *pool, Arena *arena) {
	Run run = {.evolution = evolution, .arena = arena};
	run.out = ARENA_NEW(arena, SearchEvolved);
	*run.out = (SearchEvolved){.best_score = INFINITY};
	run.seen = search_seen_new(evolution->most_seen);
	run.halls = memory_new(sizeof *run.halls * (LARGEST + 1));
	Arena *scratch = arena_new();
	run.islands = search_islands_new(evolution, scratch);
	run.migrants = ARENA_ARRAY(scratch, SearchIndividual, evolution->how.islands);
	evolve(&run, pool);
	gather(&run);
	arena_free(scratch);
	free(run.halls);
	search_seen_free(run.seen);
	return run.out;
}

int64_t search_evolved_reached(const SearchEvolved *evolved, float score) {
	for (uint32_t i = 0; i < evolved->course.count; i++)
		if (evolved->course.data[i].score <= score)
			return evolved->course.data[i].scored;
	return 0;
}
